/**
 * The sound module, talk.wasm (protocol/wasm/galen_talk_wasm.h): the only file here that knows its ABI. It
 * runs in an AudioWorklet, where there is no crypto, no TextDecoder and no clock but the sound's own.
 */

/** samples in a packet of 20 ms, and at most in one `take` */
export const PACKET_SAMPLES = 960;
export const PACKET_BYTES = 80;
/** what packets are coded at */
export const RATE = 48000;

const DEVICE_BYTES = 32;
const SPEAKERS_MAX = 16;
/* struct galen_talk_io */
const AT_PACKET = PACKET_SAMPLES * 4;
const AT_DEVICE = AT_PACKET + PACKET_BYTES;
const AT_LOOK = AT_DEVICE + DEVICE_BYTES;
const AT_LEVELS = AT_LOOK + 8 * 4;
const AT_DEVICES = AT_LEVELS + SPEAKERS_MAX * 4;
const IO_BYTES = AT_DEVICES + SPEAKERS_MAX * DEVICE_BYTES;

/** Sums since the beginning; delays of those who speak now. */
export interface LineFigures {
    speakers: number;
    delayMs: number;
    targetMs: number;
    received: number;
    concealedMs: number;
    discarded: number;
    late: number;
}
/** Root mean squares of samples, 0 to 32767, since they were looked at last. */
export interface Loudness {
    own: number;
    voices: { device: string; level: number }[];
}

interface Exports {
    memory: WebAssembly.Memory;
    _initialize(): void;
    galen_talk_open(): number;
    galen_talk_io(): number;
    galen_talk_mute(muted: number): number;
    galen_talk_encode(): number;
    galen_talk_put(now: number, number: number): number;
    galen_talk_gone(): number;
    galen_talk_take(now: number, count: number): number;
    galen_talk_look(): number;
}

const ENOSYS = 52;
/* Nothing here asks for randomness or files. */
const wasi = {
    fd_write: () => ENOSYS,
    fd_seek: () => ENOSYS,
    fd_close: () => ENOSYS,
};

export class Talk {
    private readonly c: Exports;
    private readonly io: number;
    private buffer: ArrayBuffer | undefined;
    private floats = new Float32Array();
    private bytes = new Uint8Array();
    private words = new DataView(new ArrayBuffer(0));

    constructor(module: WebAssembly.Module) {
        const instance = new WebAssembly.Instance(module, { wasi_snapshot_preview1: wasi });
        this.c = instance.exports as unknown as Exports;
        this.c._initialize();
        must(this.c.galen_talk_open());
        this.io = this.c.galen_talk_io();
    }

    mute(muted: boolean): void {
        must(this.c.galen_talk_mute(muted ? 1 : 0));
    }

    /** 20 ms of the microphone, at 48 kHz. A packet of its own. */
    encode(samples: Float32Array): Uint8Array<ArrayBuffer> {
        this.view();
        this.floats.set(samples);
        must(this.c.galen_talk_encode());
        this.view();
        return this.bytes.slice(AT_PACKET, AT_PACKET + PACKET_BYTES);
    }

    /** `device` in hexadecimal. What came twice, too late or of another size is not heard; so is the 17th. */
    put(now: number, device: string, number: number, packet: Uint8Array): void {
        if (packet.length !== PACKET_BYTES || !this.name(device)) return;
        this.bytes.set(packet, AT_PACKET);
        this.c.galen_talk_put(now, number);
    }

    gone(device: string): void {
        if (this.name(device)) this.c.galen_talk_gone();
    }

    /** Fills `out`, at most 960 samples at 48 kHz, that are heard from `now` on (ms). */
    take(now: number, out: Float32Array): void {
        must(this.c.galen_talk_take(now, out.length));
        this.view();
        out.set(this.floats.subarray(0, out.length));
    }

    look(): { figures: LineFigures; loudness: Loudness } {
        must(this.c.galen_talk_look());
        this.view();
        const word = (i: number): number => this.words.getUint32(AT_LOOK + 4 * i, true);
        const voices: Loudness["voices"] = [];
        for (let i = 0; i < word(0); i++) {
            const at = AT_DEVICES + i * DEVICE_BYTES;
            const device = hex(this.bytes.subarray(at, at + DEVICE_BYTES));
            voices.push({ device, level: this.words.getUint32(AT_LEVELS + 4 * i, true) });
        }
        return {
            figures: {
                speakers: word(0),
                delayMs: word(1),
                targetMs: word(2),
                received: word(3),
                concealedMs: word(4),
                discarded: word(5),
                late: word(6),
            },
            loudness: { own: word(7), voices },
        };
    }

    /* Any call may have moved the module's memory. */
    private view(): void {
        const buffer = this.c.memory.buffer;
        if (buffer === this.buffer) return;
        this.buffer = buffer;
        this.floats = new Float32Array(buffer, this.io, PACKET_SAMPLES);
        this.bytes = new Uint8Array(buffer, this.io, IO_BYTES);
        this.words = new DataView(buffer, this.io, IO_BYTES);
    }

    private name(device: string): boolean {
        if (device.length !== 2 * DEVICE_BYTES) return false;
        this.view();
        for (let i = 0; i < DEVICE_BYTES; i++)
            this.bytes[AT_DEVICE + i] = parseInt(device.slice(2 * i, 2 * i + 2), 16);
        return true;
    }
}

function must(error: number): void {
    if (error !== 0) throw new Error(`the sound part failed (${error})`);
}

function hex(bytes: Uint8Array): string {
    let text = "";
    for (const b of bytes) text += (b < 16 ? "0" : "") + b.toString(16);
    return text;
}
