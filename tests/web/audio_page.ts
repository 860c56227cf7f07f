/**
 * A page with two sounds on it, for tests: what `near` says goes to `far` as the core would pass it, packet by
 * packet. What leaves the microphone and what comes out of a loudspeaker is recorded on one clock.
 */
import { makeSound, type Levels, type Sound, type SoundNow } from "../../web-client/src/audio/sound.ts";
import type { VoiceIn, VoiceOut } from "../../web-client/src/core/protocol.ts";
import { files, load } from "../../web-client/src/files.ts";

interface Ear {
    sound: Sound;
    now: SoundNow;
    past: SoundNow[];
    levels: (Levels & { at: number })[];
    context?: Tapped;
    port?: MessagePort;
    /** `at`: ms of the sound's own clock, which stands still where the machine does not get round to it */
    packets: { at: number; size: number }[];
}
interface Stage {
    ears: Record<string, Ear>;
    /** what getUserMedia was asked for */
    asked: MediaStreamConstraints[];
    microphones: MediaStream[];
    /** an error that getUserMedia gives instead */
    refuse: string | undefined;
    /** of contexts made from now on; 0: what the sound part asks for */
    rate: number;
    /** share of packets that the line loses; 1: it is cut */
    loss: number;
    violations: string[];
    make(name: string): Ear;
    join(from: string, to: string, device: string): void;
    record(from: string, at: string, ms: number): Promise<{ rate: number; said: string; heard: string }>;
}

/* What would go to the loudspeaker can be recorded on the way. */
class Tapped extends AudioContext {
    private tapped: GainNode | undefined;
    constructor(options?: AudioContextOptions) {
        super(stage.rate === 0 ? options : { ...options, sampleRate: stage.rate });
        made.push(this);
    }
    override get destination(): AudioDestinationNode {
        return this.tap as unknown as AudioDestinationNode;
    }
    get tap(): GainNode {
        if (!this.tapped) {
            this.tapped = this.createGain();
            this.tapped.connect(super.destination);
        }
        return this.tapped;
    }
}
const made: Tapped[] = [];

/* The microphone plays a file: what the platform does to a voice is not looked at here. */
const real = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
navigator.mediaDevices.getUserMedia = async (constraints = {}) => {
    stage.asked.push(constraints);
    if (stage.refuse !== undefined) throw new DOMException("as the test wants it", stage.refuse);
    const given = constraints.audio as MediaTrackConstraints;
    const plain = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };
    const stream = await real({ ...constraints, audio: { ...given, ...plain } });
    stage.microphones.push(stream);
    return stream;
};

function base64(parts: Float32Array[]): string {
    let text = "";
    for (const part of parts)
        for (let i = 0; i < part.length; i += 128)
            text += String.fromCharCode(...new Uint8Array(part.buffer, part.byteOffset + 4 * i, 4 * Math.min(128, part.length - i)));
    return btoa(text);
}

const stage: Stage = {
    ears: {},
    asked: [],
    microphones: [],
    refuse: undefined,
    rate: 0,
    loss: 0,
    violations: [],

    make(name) {
        const sound = makeSound({ script: files.worklet.url, wasm: async () => (await load(files.talk)).arrayBuffer() });
        const ear: Ear = { sound, now: undefined as unknown as SoundNow, past: [], levels: [], packets: [] };
        sound.on(
            (now) => void ear.past.push((ear.now = now)),
            (levels) => void ear.levels.push({ ...levels, at: performance.now() }),
        );
        return (this.ears[name] = ear);
    },

    join(from, to, device) {
        const [a, b] = [this.ears[from]!, this.ears[to]!];
        let number = 0;
        a.port!.onmessage = (event: MessageEvent<VoiceIn>) => {
            const { packet } = event.data;
            a.packets.push({ at: 1000 * a.context!.currentTime, size: packet.length });
            const out: VoiceOut = { device, number: number++, packet };
            if (Math.random() >= this.loss) b.port!.postMessage(out);
        };
    },

    async record(from, at, ms) {
        const context = this.ears[at]!.context!;
        await context.audioWorklet.addModule("/recorder.js");
        const recorder = new AudioWorkletNode(context, "recorder", { numberOfInputs: 2, outputChannelCount: [1] });
        const parts: { said: Float32Array; heard: Float32Array }[] = [];
        recorder.port.onmessage = (event) => void parts.push(event.data);
        context.createMediaStreamSource(this.microphones.at(-1)!).connect(recorder, 0, 0);
        context.tap.connect(recorder, 0, 1);
        recorder.connect(context.tap);
        await new Promise((resolve) => setTimeout(resolve, ms));
        recorder.disconnect();
        recorder.port.onmessage = null;
        context.tap.disconnect(recorder);
        return { rate: context.sampleRate, said: base64(parts.map((p) => p.said)), heard: base64(parts.map((p) => p.heard)) };
    },
};

globalThis.AudioContext = Tapped;
document.addEventListener("securitypolicyviolation", (event) =>
    stage.violations.push(`${event.violatedDirective}: ${event.blockedURI}`),
);
Object.assign(globalThis, { stage, contexts: made });
