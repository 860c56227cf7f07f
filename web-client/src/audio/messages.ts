/** What the page and the AudioWorklet post to each other. The voice itself has a port of its own. */
import type { LineFigures, Loudness } from "./talk.ts";

/** processorOptions. One of the two: a browser that cannot pass a compiled module compiles it there. */
export interface WorkletOptions {
    module?: WebAssembly.Module;
    bytes?: ArrayBuffer;
}

export type ToWorklet =
    /** the voice goes over this port from now on: VoiceIn, VoiceOut of core/protocol.ts */
    | { kind: "carry"; port: MessagePort }
    | { kind: "mute"; muted: boolean }
    /** for good */
    | { kind: "end" };

export type FromWorklet =
    | { kind: "ready" }
    | { kind: "failed"; why: string }
    /** at most 15 a second */
    | { kind: "look"; figures: LineFigures; loudness: Loudness };
