/**
 * Several tabs, one state. Every tab has a Worker; whichever holds the Web Lock has the engine, and the
 * others pass their questions to it and get its events. When it goes, the browser gives the lock to the
 * next, which loads what is kept and goes on. One that does not answer any more (a frozen tab) has the lock
 * taken away; should it wake, the store refuses its changes (store.ts).
 */
import { CoreError } from "./error.ts";
import type { Answered, Asked, QuestionName, Told, VoiceOut } from "./protocol.ts";

const LOCK = "galen";
/** each tab holds this with its name behind, so that others learn when it is gone */
const TAB_LOCK = "galen tab ";
/** A holder that was not heard for so long though it was asked something is called, */
export const PATIENCE_MS = 10_000;
/** and after this replaced. */
export const CALL_MS = 5_000;

/** Questions that may be asked again when nobody knows whether they were heard. */
const REPEATABLE: ReadonlySet<QuestionName> = new Set<QuestionName>([
    "home", "schema", "charts", "members", "entries", "records", "history", "waiting", "call", "look", "check",
    "evidence", "seen", "live", "draft", "mute", "leave",
]);

type Passed =
    | { kind: "who"; from: string }
    | { kind: "here"; from: string; ready: boolean }
    | { kind: "ask"; from: string; to: string; asked: Asked }
    | { kind: "answered"; from: string; to: string; answered: Answered }
    | { kind: "awake"; from: string; to: string }
    | { kind: "told"; from: string; told: Told[] }
    | { kind: "speak"; from: string; to: string; packet: Uint8Array }
    | { kind: "voice"; from: string; to: string; out: VoiceOut };

/** What the holder does for itself and for the others; `from` is the asking tab's name. */
export interface Held {
    ask(from: string, asked: Asked): Promise<unknown>;
    speak(from: string, packet: Uint8Array): void;
    /** a tab says that the network is back, or that somebody looks at it again */
    awake(): void;
    /** that tab is closed */
    gone(from: string): void;
    stop(): void;
}

export interface Channel {
    onmessage: ((event: { data: unknown }) => void) | null;
    postMessage(message: unknown): void;
}
export interface Locks {
    request(
        name: string,
        options: { steal?: boolean; signal?: AbortSignal },
        held: () => Promise<void>,
    ): Promise<void>;
}

export interface TabsParts {
    /** this tab's name, of its own */
    self: string;
    locks: Locks;
    channel: Channel;
    /** loads the state; rejects if that cannot be done. `holds`: whether it is still this one that should */
    hold(holds: () => boolean): Promise<Held>;
    /** to this tab's page */
    answered(answered: Answered): void;
    told(told: Told[]): void;
    voice(out: VoiceOut): void;
}

interface Question {
    asked: Asked;
    /** the holder that it was given to */
    to: string | undefined;
}

export class Tabs {
    private held: Held | undefined;
    private holder: string | undefined;
    private holderReady = false;
    private heard = false; /* the holder, since the patience with it began */
    private readonly questions = new Map<number, Question>();
    private readonly watched = new Set<string>();
    private release: (() => void) | undefined;
    private queued: AbortController | undefined;
    private over = false;
    private patience: ReturnType<typeof setTimeout> | undefined;

    constructor(private readonly parts: TabsParts) {}

    start(): void {
        this.parts.channel.onmessage = (event) => this.take(event.data as Passed);
        void this.parts.locks.request(TAB_LOCK + this.parts.self, {}, () => new Promise(() => {}));
        this.queue(false);
        this.post({ kind: "who", from: this.parts.self });
    }

    get holds(): boolean {
        return this.held !== undefined;
    }

    /** From this tab's page. */
    ask(asked: Asked): void {
        this.questions.set(asked.id, { asked, to: undefined });
        this.pass();
    }
    speak(packet: Uint8Array): void {
        if (this.held) this.held.speak(this.parts.self, packet);
        else if (this.holder) this.post({ kind: "speak", from: this.parts.self, to: this.holder, packet });
    }
    /* The holder may be in the background, and not be told so itself. */
    awake(): void {
        if (this.held) this.held.awake();
        else if (this.holder) this.post({ kind: "awake", from: this.parts.self, to: this.holder });
    }

    /** The holder's: to all tabs, to one. */
    tell(told: Told[]): void {
        this.parts.told(told);
        this.post({ kind: "told", from: this.parts.self, told });
    }
    voiceTo(tab: string, out: VoiceOut): void {
        if (tab === this.parts.self) this.parts.voice(out);
        else this.post({ kind: "voice", from: this.parts.self, to: tab, out });
    }

    /** The holder cannot go on: another tab may try. */
    giveUp(error: CoreError): void {
        if (this.over) return;
        this.over = true;
        this.queued?.abort();
        this.leave();
        this.parts.told([{ event: "broken", failure: error.failure }]);
    }

    /* -- the lock -- */

    private queue(steal: boolean): void {
        this.queued?.abort();
        const queued = (this.queued = new AbortController());
        const options = steal ? { steal } : { signal: queued.signal };
        this.parts.locks
            .request(LOCK, options, () => this.hold())
            .catch(() => {
                if (this.over || this.queued !== queued) return; // given up, or in favour of another request
                this.leave();
                this.queue(false);
                this.post({ kind: "who", from: this.parts.self });
            });
    }

    /* Holds the lock while the result is pending. */
    private async hold(): Promise<void> {
        const { self } = this.parts;
        this.endPatience();
        let release: () => void = () => {};
        const until = new Promise<void>((resolve) => (release = resolve));
        /* The lock may be lost while it loads, and got again: each turn has its own way out. */
        const holds = (): boolean => this.release === release;
        this.release = release;
        this.meet(self, false);
        this.post({ kind: "here", from: self, ready: false });
        try {
            const held = await this.parts.hold(holds);
            if (holds()) {
                this.held = held;
                this.meet(self, true);
                this.post({ kind: "here", from: self, ready: true });
            } else held.stop();
        } catch (thrown) {
            if (holds()) this.giveUp(CoreError.of(thrown));
        }
        await until;
    }

    private leave(): void {
        this.held?.stop();
        this.held = undefined;
        this.holder = undefined;
        this.holderReady = false;
        this.release?.();
        this.release = undefined;
    }

    /* -- questions on their way -- */

    private meet(holder: string, ready: boolean): void {
        const { self } = this.parts;
        this.heard = true;
        const isNew = holder !== this.holder;
        if (isNew && holder !== self) this.parts.told([{ event: "held-elsewhere" }]);
        if (ready && (isNew || !this.holderReady)) this.parts.told([{ event: "ready" }]);
        this.holder = holder;
        this.holderReady = ready;
        this.pass();
    }

    /* Gives the holder what it was not given; fails what another took with it. */
    private pass(): void {
        const { holder } = this;
        if (holder === undefined || !this.holderReady) return;
        for (const [id, question] of this.questions) {
            if (question.to === holder) continue;
            if (question.to !== undefined && !REPEATABLE.has(question.asked.do)) {
                this.answered({ id, ok: false, failure: CoreError.own("no-answer").failure });
                continue;
            }
            question.to = holder;
            const { asked } = question;
            if (this.held) void answer(this.held, this.parts.self, asked).then((a) => this.answered(a));
            else {
                this.post({ kind: "ask", from: this.parts.self, to: holder, asked });
                this.beginPatience();
            }
        }
    }

    private answered(answered: Answered): void {
        if (!this.questions.delete(answered.id)) return;
        if (this.questions.size === 0) this.endPatience();
        this.parts.answered(answered);
    }

    /* -- the others -- */

    private take(passed: Passed): void {
        const { self } = this.parts;
        if (this.over) return;
        if (passed.from === this.holder) this.heard = true;
        switch (passed.kind) {
            case "who":
                if (this.holder === self) this.post({ kind: "here", from: self, ready: this.held !== undefined });
                break;
            case "here":
                if (this.holder !== self) this.meet(passed.from, passed.ready);
                break;
            case "ask":
                if (passed.to === self && this.held) this.serve(this.held, passed.from, passed.asked);
                break;
            case "answered":
                if (passed.to === self) this.answered(passed.answered);
                break;
            case "told":
                if (passed.from === this.holder) this.parts.told(passed.told);
                break;
            case "speak":
                if (passed.to === self) this.held?.speak(passed.from, passed.packet);
                break;
            case "awake":
                if (passed.to === self) this.held?.awake();
                break;
            case "voice":
                if (passed.to === self) this.parts.voice(passed.out);
                break;
        }
    }

    private serve(held: Held, from: string, asked: Asked): void {
        const { self } = this.parts;
        this.watch(from);
        void answer(held, from, asked).then((answered) => this.post({ kind: "answered", from: self, to: from, answered }));
    }

    private watch(tab: string): void {
        if (this.watched.has(tab)) return;
        this.watched.add(tab);
        void this.parts.locks.request(TAB_LOCK + tab, {}, async () => {
            this.watched.delete(tab);
            this.held?.gone(tab);
        });
    }

    private beginPatience(): void {
        if (this.patience !== undefined) return;
        const waiting = (): boolean => !this.held && [...this.questions.values()].some((q) => q.to === this.holder);
        const after = (ms: number, silence: () => void): void => {
            this.heard = false;
            this.patience = setTimeout(() => {
                this.patience = undefined;
                if (!waiting()) return;
                if (this.heard) this.beginPatience();
                else silence();
            }, ms);
        };
        after(PATIENCE_MS, () => {
            this.post({ kind: "who", from: this.parts.self });
            after(CALL_MS, () => this.queue(true));
        });
    }

    private endPatience(): void {
        clearTimeout(this.patience);
        this.patience = undefined;
    }

    private post(passed: Passed): void {
        this.parts.channel.postMessage(passed);
    }
}

async function answer(held: Held, from: string, asked: Asked): Promise<Answered> {
    try {
        return { id: asked.id, ok: true, answer: await held.ask(from, asked) };
    } catch (thrown) {
        return { id: asked.id, ok: false, failure: CoreError.of(thrown).failure };
    }
}
