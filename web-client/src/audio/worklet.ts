/**
 * The thread that has the sound: microphone → packets → the core's port, and back to the speaker. Always
 * one packet of 20 ms every 20 ms, muted or not, with or without a microphone.
 */
import type { VoiceOut } from "../core/protocol.ts";
import type { FromWorklet, ToWorklet, WorkletOptions } from "./messages.ts";
import { Resampler } from "./resample.ts";
import { PACKET_SAMPLES, RATE, Talk } from "./talk.ts";

const LOOKS_A_SECOND = 14;
const TAKE_SAMPLES = 128;

/* Samples of any rate into pieces of 20 ms at 48 kHz. */
class Capture {
    private readonly resampler = sampleRate === RATE ? undefined : new Resampler(sampleRate, RATE);
    private readonly piece = new Float32Array(PACKET_SAMPLES);
    private readonly made = new Float32Array(Resampler.most(1024, sampleRate, RATE));
    private filled = 0;

    constructor(private readonly whole: (piece: Float32Array) => void) {}

    push(input: Float32Array): void {
        if (!this.resampler) {
            this.fill(input);
            return;
        }
        const count = this.resampler.run(input, this.made);
        this.fill(this.made.subarray(0, count));
    }

    private fill(samples: Float32Array): void {
        for (let from = 0; from < samples.length; ) {
            const n = Math.min(samples.length - from, PACKET_SAMPLES - this.filled);
            this.piece.set(samples.subarray(from, from + n), this.filled);
            this.filled += n;
            from += n;
            if (this.filled < PACKET_SAMPLES) continue;
            this.filled = 0;
            this.whole(this.piece);
        }
    }
}

/* What is to be heard, at any rate, in pieces of any size. */
class Playout {
    private readonly resampler = sampleRate === RATE ? undefined : new Resampler(RATE, sampleRate);
    private readonly taken = new Float32Array(TAKE_SAMPLES);
    private readonly rest = new Float32Array(Resampler.most(TAKE_SAMPLES, RATE, sampleRate) + 1024);
    private left = 0;

    constructor(private readonly talk: Talk) {}

    /** `now` (ms): when the first sample of `out` is heard. */
    pull(now: number, out: Float32Array): void {
        if (!this.resampler) {
            this.talk.take(now, out);
            return;
        }
        while (this.left < out.length) {
            this.talk.take(now + (this.left * 1000) / sampleRate, this.taken);
            this.left += this.resampler.run(this.taken, this.rest.subarray(this.left));
        }
        out.set(this.rest.subarray(0, out.length));
        this.rest.copyWithin(0, out.length, this.left);
        this.left -= out.length;
    }
}

class GalenTalk extends AudioWorkletProcessor {
    private talk: Talk | undefined;
    private capture: Capture | undefined;
    private playout: Playout | undefined;
    private voice: MessagePort | undefined;
    private silence = new Float32Array(TAKE_SAMPLES);
    private ended = false;
    private sinceLook = 0;

    constructor(options?: { processorOptions?: WorkletOptions }) {
        super();
        this.port.onmessage = (event: MessageEvent<ToWorklet>) => this.told(event.data);
        try {
            const given = options?.processorOptions ?? {};
            const module = given.module ?? new WebAssembly.Module(given.bytes ?? new ArrayBuffer(0));
            this.talk = new Talk(module);
            this.capture = new Capture((piece) => this.speak(piece));
            this.playout = new Playout(this.talk);
            this.post({ kind: "ready" });
        } catch (thrown) {
            this.fail(thrown);
        }
    }

    process(inputs: Float32Array[][], outputs: Float32Array[][]): boolean {
        const out = outputs[0]?.[0];
        if (this.ended || !out || !this.capture || !this.playout) return !this.ended;
        try {
            this.capture.push(inputs[0]?.[0] ?? this.quiet(out.length));
            this.playout.pull(currentTime * 1000, out);
            this.sinceLook += out.length;
            if (this.sinceLook * LOOKS_A_SECOND >= sampleRate) this.look();
        } catch (thrown) {
            this.fail(thrown);
        }
        return !this.ended;
    }

    private quiet(samples: number): Float32Array {
        if (this.silence.length !== samples) this.silence = new Float32Array(samples);
        return this.silence;
    }

    private speak(piece: Float32Array): void {
        const packet = this.talk!.encode(piece);
        this.voice?.postMessage({ packet }, [packet.buffer]);
    }

    private heard(out: VoiceOut): void {
        if ("gone" in out) this.talk?.gone(out.gone);
        else this.talk?.put(currentTime * 1000, out.device, out.number, out.packet);
    }

    private look(): void {
        this.sinceLook = 0;
        this.post({ kind: "look", ...this.talk!.look() });
    }

    private told(message: ToWorklet): void {
        switch (message.kind) {
            case "carry":
                this.voice?.close();
                this.voice = message.port;
                this.voice.onmessage = (event: MessageEvent<VoiceOut>) => this.heard(event.data);
                break;
            case "mute":
                this.talk?.mute(message.muted);
                break;
            case "end":
                this.ended = true;
                this.voice?.close();
                break;
        }
    }

    private fail(thrown: unknown): void {
        this.ended = true;
        this.post({ kind: "failed", why: String(thrown) });
    }

    private post(message: FromWorklet): void {
        this.port.postMessage(message);
    }
}

registerProcessor("galen-talk", GalenTalk);
