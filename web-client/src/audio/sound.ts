/**
 * The sound of a call, as the page uses it: microphone and loudspeaker, their choice and their test, mute,
 * levels, and how good the line is. What is said and heard passes between the worklet and the core's Worker
 * on a port of their own; the page sees none of it.
 */
import { CoreError } from "../core/error.ts";
import type { Id } from "../core/protocol.ts";
import { canChooseSpeaker, Graph, type Worklet } from "./graph.ts";
import { type DeviceKind, type SoundDevice, chosen, devices, microphoneAllowed, remember, wanted } from "./devices.ts";
import { w } from "../words.ts";
import { browserAt } from "./browser.ts";
import { type Line, LineQuality } from "./quality.ts";
import { type Loudness, RATE } from "./talk.ts";
import { RING, TEST, play } from "./tones.ts";

export type { SoundDevice } from "./devices.ts";

export interface SoundNow {
    microphone: "off" | "asking" | "on" | "refused" | "missing" | "lost";
    /** "none" while no voice is expected */
    line: Line;
    /** of the last seconds: what was made up where nothing came, 0 to 1; and how late the voices are played */
    concealed: number;
    delay_ms: number;
    microphones: SoundDevice[];
    /** empty where the browser lets nobody choose */
    speakers: SoundDevice[];
    /** "" is what the system chooses */
    microphone_chosen: string;
    speaker_chosen: string;
    /** what to do about the microphone; "" */
    help: string;
    /** what happened by itself, until the next press; "" */
    said: string;
}

export interface Levels {
    /** 0 to 1; of the microphone, muted or not */
    mine: number;
    voices: { device: Id; level: number }[];
}

export interface Sound {
    /** Fetches what a visit needs and the first screen does not, so that nobody waits for it then. */
    prepare(): void;
    /** Opens the microphone: the browser may ask the person. Called from a press of a button. CoreError. */
    open(): Promise<void>;
    /** Whether `open` would ask nobody, so that no press is needed. */
    allowed(): Promise<boolean>;
    /** Sends and plays voice from now on; the answer is the port that the core speaks on. */
    carry(): Promise<MessagePort>;
    /** Ends what `open` and `carry` began. */
    close(): void;
    /** What is sent is silence from now on, in calls to come too. The others are told by the core. */
    mute(muted: boolean): void;
    choose(kind: DeviceKind, id: string): Promise<void>;
    /** A short sound on the chosen loudspeaker, to hear whether it works. Ends with it. */
    test(): Promise<void>;
    /** The signal that somebody waits to be let in. Once; who asks for it repeats it. */
    ring(): void;
    on(now: (now: SoundNow) => void, levels: (levels: Levels) => void): void;
}

const QUIET_DB = -60;
const LOUD_DB = -10;

/** From a root mean square of 0 to 32767 to what a meter shows, 0 to 1. */
export function shown(level: number): number {
    const db = 20 * Math.log10(Math.max(level, 1) / 32767);
    return Math.min(1, Math.max(0, (db - QUIET_DB) / (LOUD_DB - QUIET_DB)));
}

/* Safari: a call is not music. */
function session(type: "play-and-record" | "auto"): void {
    const own = (navigator as { audioSession?: { type: string } }).audioSession;
    if (own) own.type = type;
}

class PageSound implements Sound {
    private now: SoundNow = {
        microphone: "off",
        line: "none",
        concealed: 0,
        delay_ms: 0,
        microphones: [],
        speakers: [],
        microphone_chosen: chosen("microphone"),
        speaker_chosen: chosen("speaker"),
        help: "",
        said: "",
    };
    private readonly browser = browserAt(navigator.userAgent, navigator.maxTouchPoints ?? 0);
    private tellNow: (now: SoundNow) => void = () => {};
    private tellLevels: (levels: Levels) => void = () => {};
    private graph: Promise<Graph> | undefined;
    private stream: MediaStream | undefined;
    private quality = new LineQuality();
    private carrying = false;
    private muted = false;
    private turn = 0; /* what was begun in an earlier one is not wanted any more */
    private bytes: Promise<ArrayBuffer> | undefined;

    constructor(private readonly worklet: Worklet) {
        navigator.mediaDevices?.addEventListener?.("devicechange", () => void this.devicesChanged());
        for (const press of ["pointerup", "keydown", "touchend"])
            addEventListener(press, () => this.wake(), { capture: true, passive: true });
        document.addEventListener("visibilitychange", () => this.wake());
        void this.refresh();
    }

    on(now: (now: SoundNow) => void, levels: (levels: Levels) => void): void {
        this.tellNow = now;
        this.tellLevels = levels;
        now(this.now);
    }

    prepare(): void {
        void this.module().catch(() => {}); // asked for again when it is needed
    }

    async open(): Promise<void> {
        const turn = this.turn;
        this.change({ said: "", help: "" });
        session("play-and-record");
        const graph = this.begun(); // in the press itself
        graph.catch(() => {});
        if (!navigator.mediaDevices?.getUserMedia)
            throw this.without("missing", isSecureContext ? w.sound.help.old : w.sound.help.insecure);
        this.change({ microphone: "asking" });
        const stream = await this.ask(this.now.microphone_chosen).catch((thrown: unknown) => {
            throw turn === this.turn ? this.noMicrophone(thrown) : thrown;
        });
        if (turn !== this.turn) {
            stop(stream);
            return;
        }
        await this.listenTo(await graph.catch((thrown: unknown) => this.noGraph(thrown, stream)), stream, turn);
    }

    allowed(): Promise<boolean> {
        return microphoneAllowed();
    }

    async carry(): Promise<MessagePort> {
        const turn = this.turn;
        const graph = await this.begun().catch((thrown: unknown) => this.noGraph(thrown));
        const { port1, port2 } = new MessageChannel();
        if (turn !== this.turn) return port1;
        this.carrying = true;
        this.quality = new LineQuality();
        graph.tell({ kind: "carry", port: port2 }, [port2]);
        return port1;
    }

    close(): void {
        this.turn++;
        this.carrying = false;
        stop(this.stream);
        this.stream = undefined;
        this.graph?.then((graph) => graph.close()).catch(() => {});
        this.graph = undefined;
        session("auto");
        this.change({ microphone: "off", line: "none", concealed: 0, delay_ms: 0, help: "", said: "" });
        this.tellLevels({ mine: 0, voices: [] });
    }

    mute(muted: boolean): void {
        this.muted = muted;
        this.graph?.then((graph) => graph.tell({ kind: "mute", muted })).catch(() => {});
    }

    async choose(kind: DeviceKind, id: string): Promise<void> {
        if (kind === "speaker") {
            if (this.graph) await (await this.graph).speakThrough(id);
            remember(kind, id);
            this.change({ speaker_chosen: id, said: "" });
            return;
        }
        if (this.stream) {
            const turn = this.turn;
            const stream = await this.ask(id).catch((thrown: unknown) => {
                throw this.failure(thrown);
            });
            if (turn !== this.turn) {
                stop(stream);
                return;
            }
            await this.listenTo(await this.begun(), stream, turn);
        }
        remember(kind, id);
        this.change({ microphone_chosen: id, said: "" });
    }

    async test(): Promise<void> {
        await this.sounds(TEST);
    }
    ring(): void {
        this.sounds(RING).catch(() => {}); // the screen says it too
    }

    /* -- the graph -- */

    private begun(): Promise<Graph> {
        if (!this.graph) {
            this.graph = this.make(this.browser.name === "firefox" ? 0 : RATE);
            this.graph.catch(() => (this.graph = undefined));
        }
        this.wake();
        return this.graph;
    }

    private module(): Promise<ArrayBuffer> {
        if (!this.bytes) {
            this.bytes = this.worklet.wasm();
            this.bytes.catch(() => (this.bytes = undefined));
        }
        return this.bytes;
    }

    private async make(rate: 0 | typeof RATE): Promise<Graph> {
        const graph = await Graph.open(
            { script: this.worklet.script, wasm: () => this.module() },
            rate,
            (look) => this.looked(look.figures, look.loudness),
            (why) => this.graphFailed(why),
        );
        graph.tell({ kind: "mute", muted: this.muted });
        graph.context.onstatechange = () => this.stateChanged(graph.context);
        if (this.now.speaker_chosen !== "")
            await graph.speakThrough(this.now.speaker_chosen).catch(() => {}); // until it is plugged in again
        return graph;
    }

    /* A tone does not need the worklet; but it is played where voices are. */
    private async sounds(notes: Parameters<typeof play>[2]): Promise<void> {
        const idle = !this.graph;
        const turn = this.turn;
        const graph = await this.begun().catch((thrown: unknown) => this.noGraph(thrown));
        await play(graph.context, graph.out, notes);
        /* nobody has begun anything meanwhile */
        if (idle && turn === this.turn && !this.stream && !this.carrying && this.now.microphone !== "asking") this.close();
    }

    private wake(): void {
        void this.graph
            ?.then(({ context }) => (context.state === "running" || context.state === "closed" ? undefined : context.resume()))
            .catch(() => {});
    }

    private stateChanged(context: AudioContext): void {
        if (context.state === "running") this.change({ said: this.now.said === w.sound.by_itself.asleep ? "" : this.now.said });
        else if (context.state !== "closed") {
            this.change({ said: w.sound.by_itself.asleep });
            this.wake();
        }
    }

    private graphFailed(why: string): void {
        console.error("sound:", why);
        this.close();
        this.change({ help: w.sound.help.failed });
    }

    private noGraph(thrown: unknown, stream?: MediaStream): never {
        stop(stream);
        this.change({ microphone: "off", help: w.sound.help.failed });
        throw new CoreError({ error: "sound-failed", help: w.sound.help.failed }, thrown);
    }

    /* -- the microphone -- */

    /* What was chosen may be at home today. */
    private async ask(id: string): Promise<MediaStream> {
        try {
            return await navigator.mediaDevices.getUserMedia(wanted(id));
        } catch (thrown) {
            if (id === "" || !["OverconstrainedError", "NotFoundError", "NotReadableError"].includes(nameOf(thrown)))
                throw thrown;
            return navigator.mediaDevices.getUserMedia(wanted(""));
        }
    }

    private async listenTo(graph: Graph, stream: MediaStream, turn: number): Promise<void> {
        try {
            graph.hear(stream);
        } catch (thrown) {
            if (nameOf(thrown) !== "NotSupportedError" || this.carrying) this.noGraph(thrown, stream);
            await graph.close();
            this.graph = this.make(0);
            graph = await this.graph.catch((again: unknown) => this.noGraph(again, stream));
            graph.hear(stream);
        }
        if (turn !== this.turn) {
            stop(stream);
            return;
        }
        stop(this.stream);
        this.stream = stream;
        const [track] = stream.getAudioTracks();
        track?.addEventListener("ended", () => void this.trackEnded(stream));
        this.change({ microphone: "on", help: "" });
        await this.refresh(); // now the browser tells names
    }

    private async trackEnded(stream: MediaStream): Promise<void> {
        if (stream !== this.stream) return;
        const turn = this.turn;
        this.stream = undefined;
        this.change({ microphone: "lost", help: w.sound.help.lost });
        const graph = await this.begun().catch(() => undefined);
        graph?.hear(undefined);
        const other = await navigator.mediaDevices.getUserMedia(wanted("")).catch(() => undefined);
        if (turn !== this.turn || this.stream || !other || !graph) {
            stop(other);
            return;
        }
        await this.listenTo(graph, other, turn);
        this.change({ said: w.sound.by_itself.otherMicrophone(other.getAudioTracks()[0]?.label ?? "") });
    }

    private noMicrophone(thrown: unknown): CoreError {
        const failure = this.failure(thrown);
        const refused = failure.error === "microphone-refused";
        return this.without(refused ? "refused" : "missing", failure.help, failure.error, thrown);
    }

    private without(
        microphone: SoundNow["microphone"],
        help: string,
        error = "microphone-missing",
        cause?: unknown,
    ): CoreError {
        this.change({ microphone, help });
        return new CoreError({ error, help }, cause);
    }

    private failure(thrown: unknown): CoreError {
        const named = nameOf(thrown);
        if (named === "NotAllowedError" || named === "SecurityError")
            return new CoreError({ error: "microphone-refused", help: w.sound.help.refused(this.browser) }, thrown);
        const busy = named === "NotReadableError" || named === "AbortError";
        return new CoreError(
            busy ? { error: "microphone-busy", help: w.sound.help.busy } : { error: "microphone-missing", help: w.sound.help.missing },
            thrown,
        );
    }

    /* -- what is shown -- */

    private looked(figures: Parameters<LineQuality["add"]>[1], loudness: Loudness): void {
        const line = this.quality.add(performance.now(), figures);
        if (this.carrying && (line.line !== this.now.line || Math.abs(line.delayMs - this.now.delay_ms) >= 20 ||
            Math.abs(line.concealed - this.now.concealed) >= 0.01))
            this.change({ line: line.line, concealed: line.concealed, delay_ms: line.delayMs });
        this.tellLevels({
            mine: this.stream ? shown(loudness.own) : 0,
            voices: loudness.voices.map(({ device, level }) => ({ device, level: shown(level) })),
        });
    }

    private async devicesChanged(): Promise<void> {
        const before = this.now.speakers;
        await this.refresh();
        const chosen = this.now.speaker_chosen;
        const there = (list: SoundDevice[]): boolean => list.some((d) => d.id === chosen);
        if (chosen === "" || !this.graph) return;
        const graph = await this.graph.catch(() => undefined);
        if (there(this.now.speakers)) await graph?.speakThrough(chosen).catch(() => {});
        else if (there(before)) {
            await graph?.speakThrough("").catch(() => {});
            this.change({ said: w.sound.by_itself.otherSpeaker });
        }
    }

    private async refresh(): Promise<void> {
        const microphones = await devices("microphone").catch(() => []);
        const speakers = canChooseSpeaker() ? await devices("speaker").catch(() => []) : [];
        this.change({ microphones, speakers });
    }

    private change(what: Partial<SoundNow>): void {
        this.now = { ...this.now, ...what };
        this.tellNow(this.now);
    }
}

function stop(stream: MediaStream | undefined): void {
    for (const track of stream?.getTracks() ?? []) track.stop();
}

function nameOf(thrown: unknown): string {
    return thrown instanceof Error || thrown instanceof DOMException ? thrown.name : "";
}

/** One for the page's life. Nothing is loaded and nobody is asked before it is used. */
export function makeSound(worklet: Worklet): Sound {
    return new PageSound(worklet);
}
