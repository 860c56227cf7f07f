/**
 * From one sample rate to another, for sound cards and browsers that do not give 48 kHz: a windowed sinc,
 * piece by piece. 32 taps, 512 places between two samples; the error is below -60 dB for speech.
 */
const TAPS = 32;
const PLACES = 512;
const EDGE = 0.95; /* of the lower of the two bands */
const PIECE_MAX = 1024;

function kernels(cutoff: number): Float32Array {
    const table = new Float32Array((PLACES + 1) * TAPS);
    for (let place = 0; place <= PLACES; place++) {
        let sum = 0;
        for (let tap = 0; tap < TAPS; tap++) {
            const x = tap - (TAPS / 2 - 1) - place / PLACES;
            const window = 0.42 + 0.5 * Math.cos((2 * Math.PI * x) / TAPS) + 0.08 * Math.cos((4 * Math.PI * x) / TAPS);
            const sinc = x === 0 ? cutoff : Math.sin(Math.PI * cutoff * x) / (Math.PI * x);
            const weight = Math.abs(x) < TAPS / 2 ? sinc * window : 0;
            table[place * TAPS + tap] = weight;
            sum += weight;
        }
        for (let tap = 0; tap < TAPS; tap++) table[place * TAPS + tap]! /= sum;
    }
    return table;
}

export class Resampler {
    private readonly step: number;
    private readonly table: Float32Array;
    private readonly kept = new Float32Array(PIECE_MAX + TAPS);
    private have = TAPS; /* samples in `kept`, silence at first */
    private at = 0; /* of the next output, in samples of `kept` */

    constructor(from: number, to: number) {
        this.step = from / to;
        this.table = kernels(EDGE * Math.min(1, to / from));
    }

    /** How many samples at most come out for `count` that go in. */
    static most(count: number, from: number, to: number): number {
        return Math.ceil(((count + 1) * to) / from) + 1;
    }

    /** At most 1024 samples go in; what comes out is written to `out`. Returns how many. */
    run(input: Float32Array, out: Float32Array): number {
        this.kept.set(input, this.have);
        this.have += input.length;
        let made = 0;
        for (; this.at + TAPS <= this.have; this.at += this.step) {
            const whole = Math.floor(this.at);
            const row = Math.round((this.at - whole) * PLACES) * TAPS;
            let sum = 0;
            for (let tap = 0; tap < TAPS; tap++) sum += this.kept[whole + tap]! * this.table[row + tap]!;
            out[made++] = sum;
        }
        const done = Math.min(Math.floor(this.at), this.have);
        this.kept.copyWithin(0, done, this.have);
        this.have -= done;
        this.at -= done;
        return made;
    }
}
