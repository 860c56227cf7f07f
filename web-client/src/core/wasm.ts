/**
 * The only file that knows the C ABI (protocol/wasm/galen_wasm.h). Views of the module's memory are made
 * anew after every call, because any call may move it; what comes out is copied.
 */
import { CoreError } from "./error.ts";
import type { Failure, Told, VoiceOut } from "./protocol.ts";

export type Bytes = Uint8Array<ArrayBuffer>;
/** One of protocol.ts with its name: {do: NAME, …fields of Questions[NAME].ask} */
export type Question = { do: string; [field: string]: unknown };

/** enum galen_connection_purpose */
export type Purpose = 1 | 2;
export const LOG: Purpose = 1;
export const LIVE: Purpose = 2;

/** enum galen_frame_type: the one whose frames may be left out, and may overtake */
const FRAME_MEDIA = 45;
export const isMedia = (frame: Uint8Array): boolean => frame[0] === FRAME_MEDIA;

/** Pairs with keys that begin so stand last, and are not loaded before `start` (GALEN_LOADED_LATER). */
export const LOADED_LATER: Bytes = new TextEncoder().encode("record/");

/** What the engine puts out: to be carried out in order, and nothing behind a commit before it is durable. */
export type Output =
    /** an empty value removes the pair */
    | { kind: "save"; key: Bytes; value: Bytes }
    | { kind: "commit" }
    /** the pair is to be given to `load` */
    | { kind: "load"; key: Bytes }
    | { kind: "connect" | "disconnect"; purpose: Purpose }
    | { kind: "send"; purpose: Purpose; frame: Bytes }
    | { kind: "event"; told: Told }
    | { kind: "voice"; out: VoiceOut };

/** One engine. Times are Unix milliseconds. Every call fails with CoreError. */
export interface Core {
    /** before `start`, or when it was asked for; nothing `sealed`: there is no such pair */
    load(key: Uint8Array, sealed: Uint8Array): void;
    start(now: number): void;
    next(): Output | undefined;
    connected(now: number, purpose: Purpose): void;
    received(now: number, purpose: Purpose, frame: Uint8Array): void;
    disconnected(now: number, purpose: Purpose): void;
    /** the time at which to call again, at the latest */
    tick(now: number): number;
    /** what waits for its next try is due */
    awake(): void;
    ask(now: number, question: Question): unknown;
    speak(now: number, packet: Uint8Array): void;
}

/** Addresses are u32. */
interface Exports {
    memory: WebAssembly.Memory;
    _initialize(): void;
    galen_alloc(size: number): number;
    galen_release(at: number): void;
    galen_open(storeKey: number): number;
    galen_load(key: number, keySize: number, sealed: number, sealedSize: number): number;
    galen_start(now: number): number;
    galen_next(): number;
    galen_connected(now: number, purpose: number): void;
    galen_received(now: number, purpose: number, frame: number, size: number): void;
    galen_disconnected(now: number, purpose: number): void;
    galen_tick(now: number): number;
    galen_awake(): void;
    galen_ask(now: number, json: number, size: number): number;
    galen_speak(now: number, packet: number, size: number): number;
    galen_failure(error: number): number;
}

const OUT_SAVE = 1;
const OUT_COMMIT = 2;
const OUT_CONNECT = 3;
const OUT_DISCONNECT = 4;
const OUT_SEND = 5;
const OUT_EVENT = 6;
const OUT_VOICE = 7;
const OUT_LOAD = 8;

const RANDOM_MAX = 65536; /* what crypto.getRandomValues gives at once */
const WASI_SUCCESS = 0;
const WASI_BADF = 8;

/** What the module imports of WASI: randomness; it has no files. */
function wasi(memory: () => WebAssembly.Memory): WebAssembly.ModuleImports {
    return {
        random_get(at: number, size: number): number {
            for (let done = 0; done < size; done += RANDOM_MAX) {
                const part = new Uint8Array(memory().buffer, at + done, Math.min(RANDOM_MAX, size - done));
                crypto.getRandomValues(part);
            }
            return WASI_SUCCESS;
        },
        fd_write: () => WASI_BADF,
        fd_seek: () => WASI_BADF,
        fd_close: () => WASI_BADF,
    };
}

const hex = (bytes: Uint8Array): string => Array.from(bytes, (b) => b.toString(16).padStart(2, "0")).join("");

/* An empty packet: the device speaks no more. */
function voice(device: Uint8Array, packet: Uint8Array, number: number): VoiceOut {
    return packet.length > 0 ? { device: hex(device), number, packet } : { gone: hex(device) };
}

export class WasmCore implements Core {
    private readonly encoder = new TextEncoder();
    private readonly decoder = new TextDecoder("utf-8", { fatal: true });

    private constructor(private readonly c: Exports) {}

    /** `storeKey`: what the values of `save` are sealed under. */
    static async open(module: WebAssembly.Module, storeKey: Uint8Array): Promise<WasmCore> {
        try {
            let memory: WebAssembly.Memory | undefined;
            const imports = { wasi_snapshot_preview1: wasi(() => memory as WebAssembly.Memory) };
            const instance = await WebAssembly.instantiate(module, imports);
            const c = instance.exports as unknown as Exports;
            memory = c.memory;
            c._initialize();
            const core = new WasmCore(c);
            core.must(core.lend([storeKey], (at) => c.galen_open(at)));
            return core;
        } catch (thrown) {
            throw CoreError.of(thrown);
        }
    }

    load(key: Uint8Array, sealed: Uint8Array): void {
        this.must(this.lend([key, sealed], (k, s) => this.c.galen_load(k, key.length, s, sealed.length)));
    }
    start(now: number): void {
        this.must(this.call(() => this.c.galen_start(now)));
    }
    connected(now: number, purpose: Purpose): void {
        this.call(() => this.c.galen_connected(now, purpose));
    }
    received(now: number, purpose: Purpose, frame: Uint8Array): void {
        this.lend([frame], (at) => this.c.galen_received(now, purpose, at, frame.length));
    }
    disconnected(now: number, purpose: Purpose): void {
        this.call(() => this.c.galen_disconnected(now, purpose));
    }
    tick(now: number): number {
        return this.call(() => this.c.galen_tick(now));
    }
    awake(): void {
        this.call(() => this.c.galen_awake());
    }
    speak(now: number, packet: Uint8Array): void {
        this.lend([packet], (at) => this.c.galen_speak(now, at, packet.length));
    }

    ask(now: number, question: Question): unknown {
        const json = this.encoder.encode(JSON.stringify(question));
        const reply = this.lend([json], (at) => this.reply(this.c.galen_ask(now, at, json.length)));
        if (reply.error !== 0) throw new CoreError(this.parse(reply.bytes) as Failure);
        return question.do === "evidence" ? { bytes: reply.bytes } : this.parse(reply.bytes);
    }

    next(): Output | undefined {
        const at = this.call(() => this.c.galen_next());
        if (at === 0) return undefined;
        const view = new DataView(this.c.memory.buffer);
        const u32 = (i: number): number => view.getUint32(at + 4 * i, true);
        const purpose = u32(1) as Purpose;
        const key = (): Bytes => this.copy(u32(2), u32(3));
        const value = (): Bytes => this.copy(u32(4), u32(5));
        switch (u32(0)) {
            case OUT_SAVE:
                return { kind: "save", key: key(), value: value() };
            case OUT_COMMIT:
                return { kind: "commit" };
            case OUT_CONNECT:
                return { kind: "connect", purpose };
            case OUT_DISCONNECT:
                return { kind: "disconnect", purpose };
            case OUT_SEND:
                return { kind: "send", purpose, frame: value() };
            case OUT_EVENT:
                return { kind: "event", told: this.parse(value()) as Told };
            case OUT_LOAD:
                return { kind: "load", key: key() };
            case OUT_VOICE:
                return { kind: "voice", out: voice(key(), value(), u32(6) + u32(7) * 2 ** 32) };
            default:
                throw CoreError.own("core-failed");
        }
    }

    /* A trap leaves the module in no known state: whoever meets one gives it up. */
    private call<T>(what: () => T): T {
        try {
            return what();
        } catch (thrown) {
            throw CoreError.of(thrown);
        }
    }

    /* Lends copies of `inputs` to the module for one call. */
    private lend<T>(inputs: Uint8Array[], what: (...at: number[]) => T): T {
        return this.call(() => {
            const lent: number[] = [];
            try {
                for (const bytes of inputs) {
                    const at = this.c.galen_alloc(Math.max(bytes.length, 1));
                    if (at === 0) throw new RangeError("out of memory");
                    lent.push(at);
                    new Uint8Array(this.c.memory.buffer).set(bytes, at);
                }
                return what(...lent);
            } finally {
                for (const at of lent) this.c.galen_release(at);
            }
        });
    }

    private must(error: number): void {
        if (error === 0) return;
        const reply = this.call(() => this.reply(this.c.galen_failure(error)));
        throw new CoreError(this.parse(reply.bytes) as Failure);
    }

    private reply(at: number): { error: number; bytes: Bytes } {
        const view = new DataView(this.c.memory.buffer);
        const u32 = (i: number): number => view.getUint32(at + 4 * i, true);
        return { error: u32(0), bytes: this.copy(u32(1), u32(2)) };
    }

    private copy(at: number, size: number): Bytes {
        return new Uint8Array(this.c.memory.buffer).slice(at, at + size);
    }

    private parse(json: Uint8Array): unknown {
        return this.call(() => JSON.parse(this.decoder.decode(json)));
    }
}
