/**
 * One AudioContext with the worklet in it: microphone → worklet → loudspeaker, and made tones beside it.
 * Holds for browsers that give another rate than 48 kHz, cannot pass a compiled module to a worklet, or
 * choose a loudspeaker for elements only.
 */
import type { FromWorklet, ToWorklet, WorkletOptions } from "./messages.ts";
import { RATE } from "./talk.ts";

const READY_MS = 4000;

export interface Worklet {
    /** address of the bundled worklet.ts */
    script: string;
    /** the bytes of talk.wasm; asked for once */
    wasm(): Promise<ArrayBuffer>;
}
type Look = Extract<FromWorklet, { kind: "look" }>;

/* Not in every browser, nor in every list of types. */
type Sinks = { setSinkId?(id: string): Promise<void> };

export const canChooseSpeaker = (): boolean =>
    "setSinkId" in AudioContext.prototype || "setSinkId" in HTMLMediaElement.prototype;

export class Graph {
    readonly out: GainNode;
    private node: AudioWorkletNode | undefined;
    private source: MediaStreamAudioSourceNode | undefined;
    private element: { audio: HTMLAudioElement; stream: MediaStreamAudioDestinationNode } | undefined;

    private constructor(
        readonly context: AudioContext,
        private readonly looked: (look: Look) => void,
        private readonly failed: (why: string) => void,
    ) {
        this.out = context.createGain();
        this.out.connect(context.destination);
    }

    /** To be called in a press of a button, or it may stay silent until the next one. `rate` 0: the system's. */
    static async open(
        worklet: Worklet,
        rate: 0 | typeof RATE,
        looked: (look: Look) => void,
        failed: (why: string) => void,
    ): Promise<Graph> {
        const options: AudioContextOptions = { latencyHint: "interactive" };
        if (rate !== 0) options.sampleRate = rate;
        const context = new AudioContext(options);
        context.resume().catch(() => {}); // tried again with the next press
        try {
            const graph = new Graph(context, looked, failed);
            const [bytes] = await Promise.all([worklet.wasm(), context.audioWorklet.addModule(worklet.script)]);
            await graph.begin(bytes);
            return graph;
        } catch (thrown) {
            void context.close();
            throw thrown;
        }
    }

    tell(message: ToWorklet, transfer: Transferable[] = []): void {
        this.node?.port.postMessage(message, transfer);
    }

    /** NotSupportedError: this browser wants the stream's own rate. */
    hear(stream: MediaStream | undefined): void {
        this.source?.disconnect();
        this.source = undefined;
        if (!stream || !this.node) return;
        this.source = this.context.createMediaStreamSource(stream);
        this.source.connect(this.node);
    }

    /** "": the system's choice. Fails where that loudspeaker is gone. */
    async speakThrough(id: string): Promise<void> {
        const context = this.context as AudioContext & Sinks;
        if (context.setSinkId) {
            await context.setSinkId(id);
            return;
        }
        if (!this.element && id === "") return;
        this.element ??= this.throughElement();
        await (this.element.audio as HTMLAudioElement & Sinks).setSinkId?.(id);
    }

    async close(): Promise<void> {
        this.tell({ kind: "end" });
        this.hear(undefined);
        this.element?.audio.pause();
        await this.context.close().catch(() => {});
    }

    private async begin(bytes: ArrayBuffer): Promise<void> {
        const module = await WebAssembly.compile(bytes);
        const node = (await this.make({ module })) ?? (await this.make({ bytes }));
        if (!node) throw new Error("the sound part does not start");
        this.node = node;
        node.connect(this.out);
    }

    /* undefined: it could not be made of this. */
    private make(processorOptions: WorkletOptions): Promise<AudioWorkletNode | undefined> {
        return new Promise((resolve) => {
            let node: AudioWorkletNode;
            try {
                node = new AudioWorkletNode(this.context, "galen-talk", {
                    numberOfInputs: 1,
                    numberOfOutputs: 1,
                    outputChannelCount: [1],
                    channelCount: 1,
                    channelCountMode: "explicit",
                    channelInterpretation: "speakers",
                    processorOptions,
                });
            } catch {
                resolve(undefined);
                return;
            }
            let begun = false;
            const ends = (why: string): void => {
                if (begun) this.failed(why);
                else resolve(undefined);
            };
            node.onprocessorerror = () => ends("processorerror");
            node.port.onmessage = (event: MessageEvent<FromWorklet>) => {
                const message = event.data;
                if (message.kind === "look") this.looked(message);
                else if (message.kind === "failed") ends(message.why);
                else {
                    begun = true;
                    resolve(node);
                }
            };
            setTimeout(() => {
                if (!begun) resolve(undefined);
            }, READY_MS);
        });
    }

    private throughElement(): { audio: HTMLAudioElement; stream: MediaStreamAudioDestinationNode } {
        const stream = this.context.createMediaStreamDestination();
        const audio = new Audio();
        audio.srcObject = stream.stream;
        this.out.disconnect();
        this.out.connect(stream);
        audio.play().catch(() => {}); // it plays with the next press, as the context does
        return { audio, stream };
    }
}
