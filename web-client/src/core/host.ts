/**
 * The engine's host (galen/engine.h): gives it what comes in, and carries out what it puts out, strictly
 * in order: nothing behind a commit before that is durable. Answers to questions stand in the same order, so
 * that nobody is told what a crash could take back.
 *
 * Two queues lead in. The urgent one (the live line, questions, the timer) is emptied first; the log, which
 * may bring a whole chart, is taken in slices between which the Worker hears its ports and sockets. Voice
 * depends on nothing that is saved: it alone overtakes.
 */
import { CoreError } from "./error.ts";
import type { Told, VoiceOut } from "./protocol.ts";
import type { Pair } from "./store.ts";
import { isMedia, LIVE, LOG, type Bytes, type Core, type Output, type Purpose, type Question } from "./wasm.ts";

const SLICE_MS = 8; /* less than half a voice packet */
/** Bytes that wait for commits; above it the log is not read on. */
const HELD_MAX = 4 * 1024 * 1024;
/** Bytes of a line that wait for the engine; above it the connection is given up, and tried again later. */
const INPUT_MAX: Record<Purpose, number> = { 1: 32 * 1024 * 1024, 2: 4 * 1024 * 1024 };
const TIMER_MAX_MS = 60_000;
/** A clock that is off by more was set; less is drift, which time inside does not follow. */
const CLOCK_STEP_MS = 2000;

export interface HostParts {
    core: Core;
    commit(pairs: Pair[]): Promise<void>;
    /** a pair that was committed; empty: there is none */
    load(key: Bytes): Promise<Bytes>;
    sockets: {
        open(purpose: Purpose, host: string): void;
        close(purpose: Purpose): void;
        send(purpose: Purpose, frame: Bytes): void;
    };
    tell(told: Told): void;
    voice(out: VoiceOut): void;
    /** called once: nothing is carried out any more */
    broken(error: CoreError): void;
    /** the clocks, and the event loop's next turn */
    unixMs(): number;
    evenMs(): number;
    soon(what: () => void): void;
}

type Action =
    | Exclude<Output, { kind: "voice" }>
    | { kind: "answer"; give: () => void }
    /** when what was to be loaded is */
    | { kind: "again"; give: Input["give"] };
interface Input {
    size: number;
    /** voice: what is due when does not depend on it */
    media: boolean;
    give: (now: number) => void;
}

const keyText = (key: Uint8Array): string => String.fromCharCode(...key);

export class Host {
    private readonly urgent: Input[] = [];
    private readonly log: Input[] = [];
    private readonly inputBytes: Record<Purpose, number> = { 1: 0, 2: 0 };
    private actions: Action[] = [];
    private heldBytes = 0;
    private readonly change = new Map<string, Pair>();
    private readonly asked = new Set<(error: CoreError) => void>();
    private loading: Promise<void> = Promise.resolve();
    private committing = false;
    private carrying = false;
    private answering = false;
    private turning = false;
    private turnAsked = false;
    private stopped = false;
    private timer: ReturnType<typeof setTimeout> | undefined;
    private begun = 0; /* Unix time when the even clock was 0 */

    constructor(private readonly parts: HostParts) {}

    /** After everything that was kept is loaded. */
    start(): void {
        this.guarded(() => this.parts.core.start(this.now()));
        this.turn();
    }

    /** Ends without a word: another holds the state now, or the tab closes. */
    stop(error: CoreError = CoreError.own("no-answer")): void {
        this.stopped = true;
        clearTimeout(this.timer);
        for (const fail of this.asked) fail(error);
        this.asked.clear();
        this.parts.sockets.close(LOG);
        this.parts.sockets.close(LIVE);
    }

    opened(purpose: Purpose): void {
        this.put(purpose, (now) => this.parts.core.connected(now, purpose));
    }
    received(purpose: Purpose, frame: Uint8Array): void {
        if (this.inputBytes[purpose] + frame.length > INPUT_MAX[purpose]) {
            this.parts.sockets.close(purpose);
            this.closed(purpose);
            return;
        }
        const give = (now: number): void => this.parts.core.received(now, purpose, frame);
        this.put(purpose, give, frame.length, isMedia(frame));
    }
    closed(purpose: Purpose): void {
        this.put(purpose, (now) => this.parts.core.disconnected(now, purpose));
    }
    /** The network is back, or the tab is looked at again. */
    awake(): void {
        this.put(LIVE, () => this.parts.core.awake());
    }

    /** Kept when everything that the question changed is durable. */
    ask(question: Question): Promise<unknown> {
        return new Promise((resolve, reject) => {
            if (this.stopped) return reject(CoreError.own("no-answer"));
            this.asked.add(reject);
            const answer = (give: () => void): Action => ({
                kind: "answer",
                give: () => {
                    this.asked.delete(reject);
                    give();
                },
            });
            const attempt = (now: number): void => {
                let next: Action;
                try {
                    const found = this.parts.core.ask(now, question);
                    next = answer(() => resolve(found));
                } catch (thrown) {
                    const error = CoreError.of(thrown);
                    if (error.error === "core-failed") throw error;
                    if (error.error === "not-loaded") next = { kind: "again", give: attempt };
                    else next = answer(() => reject(error));
                }
                this.drain();
                this.actions.push(next);
            };
            this.put(LIVE, attempt);
        });
    }

    /** One packet of 20 ms of this person's voice. */
    speak(packet: Uint8Array): void {
        if (this.stopped) return;
        this.guarded(() => {
            this.parts.core.speak(this.now(), packet);
            this.drain();
        });
        this.carryOut();
    }

    /* -- what comes in -- */

    private put(purpose: Purpose, give: Input["give"], size = 0, media = false): void {
        if (this.stopped) return;
        const input = { size, media, give };
        this.inputBytes[purpose] += size;
        if (purpose === LOG) {
            this.log.push(input);
            this.turnSoon();
        } else {
            this.urgent.push(input);
            this.turn();
        }
    }

    private turnSoon(): void {
        if (this.turnAsked) return;
        this.turnAsked = true;
        this.parts.soon(() => {
            this.turnAsked = false;
            this.turn();
        });
    }

    /* Gives the engine what is there, for a slice of time. */
    private turn(): void {
        if (this.stopped) return;
        if (this.turning || this.carrying) return this.turnSoon();
        this.turning = true;
        this.guarded(() => {
            const until = this.parts.evenMs() + SLICE_MS;
            let onlyMedia = this.urgent.length > 0;
            for (let input = this.take(); input; input = this.take()) {
                onlyMedia &&= input.media;
                input.give(this.now());
                this.drain();
                if (this.parts.evenMs() > until || this.heldBytes > HELD_MAX) break;
            }
            if (!onlyMedia) this.tick();
        });
        this.turning = false;
        this.carryOut();
        if (this.urgent.length > 0 || (this.log.length > 0 && !this.isFull())) this.turnSoon();
    }

    /* Commits are behind: what they will make durable has a bound. */
    private isFull(): boolean {
        return this.committing && this.heldBytes > HELD_MAX;
    }

    private take(): Input | undefined {
        const urgent = this.urgent.shift();
        this.inputBytes[LIVE] -= urgent?.size ?? 0;
        if (urgent || this.isFull()) return urgent;
        const input = this.log.shift();
        this.inputBytes[LOG] -= input?.size ?? 0;
        return input;
    }

    private tick(): void {
        const now = this.now();
        const next = this.parts.core.tick(now);
        this.drain();
        clearTimeout(this.timer);
        const wait = Math.min(Math.max(next - this.now(), 1), TIMER_MAX_MS);
        this.timer = setTimeout(() => this.turn(), wait);
    }

    /* Runs evenly between steps of the system's clock. */
    private now(): number {
        const unix = this.parts.unixMs();
        const even = this.parts.evenMs();
        if (Math.abs(unix - this.begun - even) > CLOCK_STEP_MS) this.begun = unix - even;
        return Math.round(this.begun + even);
    }

    /* -- what goes out -- */

    private drain(): void {
        for (let output = this.parts.core.next(); output; output = this.parts.core.next()) {
            if (output.kind === "voice") this.parts.voice(output.out);
            else if (output.kind === "send" && isMedia(output.frame))
                this.parts.sockets.send(output.purpose, output.frame);
            else {
                if (output.kind === "save") this.heldBytes += output.value.length;
                this.actions.push(output);
            }
        }
    }

    private carryOut(): void {
        if (this.carrying) return;
        this.carrying = true;
        while (!this.committing && !this.answering && this.actions.length > 0 && !this.stopped) {
            const actions = this.actions;
            const found = actions.findIndex((action) => action.kind === "commit" || action.kind === "answer");
            const end = found < 0 ? actions.length : found;
            this.actions = actions.slice(end);
            for (const action of actions.slice(0, end)) this.carry(action);
            if (this.stopped || found < 0) continue;
            if (actions[found]?.kind === "answer") this.answer();
            else this.commit();
        }
        this.carrying = false;
    }

    /* It has gone out by the loop's next turn: what is told behind it does not overtake it, and is not undone by it. */
    private answer(): void {
        this.carry(this.actions.shift() as Action);
        this.answering = true;
        this.parts.soon(() => {
            this.answering = false;
            this.carryOut();
        });
    }

    private carry(action: Action): void {
        if (this.stopped) return;
        switch (action.kind) {
            case "save":
                this.change.set(keyText(action.key), action);
                break;
            case "connect":
                this.connect(action.purpose);
                break;
            case "disconnect":
                this.parts.sockets.close(action.purpose);
                this.closed(action.purpose);
                break;
            case "send":
                this.parts.sockets.send(action.purpose, action.frame);
                break;
            case "event":
                if (action.told.event === "broken") this.break(new CoreError(action.told.failure));
                else this.parts.tell(action.told);
                break;
            case "answer":
                action.give();
                break;
            case "load":
                this.load(action.key);
                break;
            case "again":
                void this.loading.then(() => this.put(LIVE, action.give));
                break;
        }
    }

    /* What is on the disk does not hold up what goes out. */
    private load(key: Bytes): void {
        const found = this.parts.load(key);
        this.loading = this.loading.then(async () => {
            try {
                const value = await found;
                if (!this.stopped) this.parts.core.load(key, value);
            } catch (thrown) {
                const error = CoreError.of(thrown);
                const own = error.error === "core-failed" || error.error === "storage-failed";
                this.break(own ? error : CoreError.own("storage-damaged", error));
            }
        });
        found.catch(() => {}); // it is told above
    }

    private connect(purpose: Purpose): void {
        this.guarded(() => {
            const home = this.parts.core.ask(this.now(), { do: "home" }) as { host: string };
            this.parts.sockets.open(purpose, home.host);
        });
    }

    /* The changes that are whole by now become one: what lies between them is carried out after both. */
    private commit(): void {
        let last = this.actions.length - 1;
        while (this.actions[last]?.kind !== "commit") last--;
        const between: Action[] = [];
        for (const action of this.actions.slice(0, last + 1))
            if (action.kind === "save") this.change.set(keyText(action.key), action);
            else if (action.kind !== "commit") between.push(action);
        this.actions = [...between, ...this.actions.slice(last + 1)];
        const pairs = [...this.change.values()];
        this.change.clear();
        this.heldBytes = 0;
        this.committing = true;
        for (const action of this.actions) if (action.kind === "save") this.heldBytes += action.value.length;
        this.parts.commit(pairs).then(
            () => {
                this.committing = false;
                this.carryOut();
                this.turn();
            },
            (thrown: unknown) => this.break(CoreError.of(thrown)),
        );
    }

    /* -- the end -- */

    private guarded(what: () => void): void {
        try {
            what();
        } catch (thrown) {
            this.break(CoreError.of(thrown));
        }
    }

    private break(error: CoreError): void {
        if (this.stopped) return;
        this.stop(error);
        this.parts.broken(error);
    }
}
