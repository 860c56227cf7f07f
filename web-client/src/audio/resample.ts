/**
 * From one sample rate to another, for sound cards and browsers that do not give 48 kHz: a windowed sinc,
 * piece by piece. 512 places between two samples; the error is 45 dB below what is said, and less.
 */
const TAPS = 32; /* and more where the other rate is lower, so that the filter keeps its edge */
const PLACES = 512;
const EDGE = 0.95; /* of the lower of the two bands */
const PIECE_MAX = 1024;

function kernels(cutoff: number, taps: number): Float32Array {
    const table = new Float32Array((PLACES + 1) * taps);
    for (let place = 0; place <= PLACES; place++) {
        let sum = 0;
        for (let tap = 0; tap < taps; tap++) {
            const x = tap - (taps / 2 - 1) - place / PLACES;
            const window = 0.42 + 0.5 * Math.cos((2 * Math.PI * x) / taps) + 0.08 * Math.cos((4 * Math.PI * x) / taps);
            const sinc = x === 0 ? cutoff : Math.sin(Math.PI * cutoff * x) / (Math.PI * x);
            const weight = Math.abs(x) < taps / 2 ? sinc * window : 0;
            table[place * taps + tap] = weight;
            sum += weight;
        }
        for (let tap = 0; tap < taps; tap++) table[place * taps + tap]! /= sum;
    }
    return table;
}

export class Resampler {
    private readonly step: number;
    private readonly taps: number;
    private readonly table: Float32Array;
    private readonly kept: Float32Array;
    private have: number; /* samples in `kept`, silence at first */
    private at = 0; /* of the next output, in samples of `kept` */

    constructor(from: number, to: number) {
        this.step = from / to;
        this.taps = 2 * Math.ceil((TAPS / 2) * Math.max(1, this.step));
        this.table = kernels(EDGE * Math.min(1, to / from), this.taps);
        this.kept = new Float32Array(PIECE_MAX + this.taps + Math.ceil(this.step) + 1);
        this.have = this.taps;
    }

    /** How many samples at most come out for `count` that go in. */
    static most(count: number, from: number, to: number): number {
        return Math.ceil(((count + 1) * to) / from) + 1;
    }

    /** At most 1024 samples go in; what comes out is written to `out`. Returns how many. */
    run(input: Float32Array, out: Float32Array): number {
        this.kept.set(input, this.have);
        this.have += input.length;
        const { taps, table, kept } = this;
        let made = 0;
        for (; this.at + taps <= this.have; this.at += this.step) {
            const whole = Math.floor(this.at);
            const row = Math.round((this.at - whole) * PLACES) * taps;
            let sum = 0;
            for (let tap = 0; tap < taps; tap++) sum += kept[whole + tap]! * table[row + tap]!;
            out[made++] = sum;
        }
        const done = Math.min(Math.floor(this.at), this.have);
        this.kept.copyWithin(0, done, this.have);
        this.have -= done;
        this.at -= done;
        return made;
    }
}
