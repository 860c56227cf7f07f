/**
 * The page's side of the core: makes the Worker, asks, is answered and told. Questions may be asked at any
 * time; those from before `ready` wait for it.
 */
import { files, load } from "../files.ts";
import { CoreError } from "./error.ts";
import type { FromWorker, ToWorker } from "./messages.ts";
import type { Answered, Asked, QuestionName, Questions, Told } from "./protocol.ts";

/** A question that was not answered after this time fails with `no-answer`. */
const ANSWER_MS = 60_000;
/** A Worker that gave no sign of life after this time is broken. */
const ALIVE_MS = 30_000;
/** Says in localStorage that this browser has had a home: IndexedDB that is empty then was cleared. */
const HOME_MARK = "galen-home";

type Listener = (told: Told) => void;

export interface Client {
    /** Fails with CoreError only, which is a Failure. `transfer` holds the port of `voice`. */
    ask<N extends QuestionName>(
        name: N,
        what: Questions[N]["ask"],
        transfer?: Transferable[],
    ): Promise<Questions[N]["answer"]>;
    /** Calls back for every event; the result ends that. */
    on(listener: Listener): () => void;
}

interface Pending {
    resolve(answer: unknown): void;
    reject(error: CoreError): void;
    timer: ReturnType<typeof setTimeout> | undefined;
}

/* The one place that makes a script's address; the policy's name stands in the server's CSP. */
function scriptAddress(url: string): string {
    const types = (globalThis as { trustedTypes?: { createPolicy(name: string, rules: object): unknown } })
        .trustedTypes;
    if (!types) return url;
    const policy = types.createPolicy("galen-worker", {
        createScriptURL(given: string) {
            if (given !== files.worker.url) throw new TypeError("not a script of this build");
            return given;
        },
    }) as { createScriptURL(url: string): string };
    return policy.createScriptURL(url);
}

/* Reading and writing the mark may be forbidden; then there is none. */
function hadHome(): boolean {
    try {
        return localStorage.getItem(HOME_MARK) !== null;
    } catch {
        return false;
    }
}
function markHome(): void {
    try {
        localStorage.setItem(HOME_MARK, "1");
    } catch {
        /* nothing is lost but the words for a browser that clears its storage */
    }
}

class WorkerClient implements Client {
    private worker: Worker | undefined;
    private unsent: { message: ToWorker; transfer: Transferable[] }[] = [];
    private lastId = 0;
    private readonly pending = new Map<number, Pending>();
    private readonly listeners = new Set<Listener>();
    private ready = false;
    private broken: CoreError | undefined;
    private aliveTimer: ReturnType<typeof setTimeout> | undefined;
    private persistAsked = false;

    constructor() {
        this.begin().catch((thrown: unknown) => this.break(CoreError.of(thrown)));
        addEventListener("online", () => this.post({ kind: "awake" }));
        addEventListener("pageshow", () => this.post({ kind: "awake" }));
        document.addEventListener("visibilitychange", () => {
            if (document.visibilityState === "visible") this.post({ kind: "awake" });
        });
        addEventListener("storage", (event) => {
            if (event.key === HOME_MARK) this.post({ kind: "had-home", hadHome: event.newValue !== null });
        });
    }

    ask<N extends QuestionName>(
        name: N,
        what: Questions[N]["ask"],
        transfer: Transferable[] = [],
    ): Promise<Questions[N]["answer"]> {
        if (this.broken) return Promise.reject(this.broken);
        const asked: Asked<N> = { id: ++this.lastId, do: name, with: what };
        return new Promise((resolve, reject) => {
            const pending: Pending = { resolve: resolve as Pending["resolve"], reject, timer: undefined };
            this.pending.set(asked.id, pending);
            if (this.ready) this.beginWait(asked.id, pending);
            this.post({ kind: "ask", asked: asked as Asked }, transfer);
        });
    }

    on(listener: Listener): () => void {
        this.listeners.add(listener);
        return () => void this.listeners.delete(listener);
    }

    /* Compiled here, while the Worker is not there yet. */
    private async compile(): Promise<void> {
        try {
            this.post({ kind: "module", module: await WebAssembly.compileStreaming(load(files.wasm)) });
        } catch (thrown) {
            throw CoreError.own("core-not-loaded", thrown);
        }
    }

    /* A worker script has no integrity attribute: what the browser keeps under its address is looked at first. */
    private async begin(): Promise<void> {
        if (!("locks" in navigator) || !("indexedDB" in globalThis) || !("subtle" in (crypto ?? {})))
            throw CoreError.own("browser-too-old");
        this.compile().catch((thrown: unknown) => this.break(CoreError.of(thrown)));
        const persisted = navigator.storage?.persisted?.();
        try {
            const script = await load(files.worker);
            if (!script.ok) throw new TypeError(`status ${script.status}`);
            await script.arrayBuffer();
        } catch (thrown) {
            throw CoreError.own("core-not-loaded", thrown);
        }
        const persistent = (await persisted) ?? false;
        this.aliveTimer = setTimeout(() => this.break(CoreError.own("core-failed")), ALIVE_MS);
        const worker = new Worker(scriptAddress(files.worker.url), { type: "module", name: "galen" });
        worker.onmessage = (event: MessageEvent<FromWorker>) => this.take(event.data);
        worker.onerror = (event) => this.break(CoreError.own("core-failed", event.message));
        worker.onmessageerror = () => this.break(CoreError.own("core-failed"));
        this.worker = worker;
        const unsent = this.unsent;
        this.unsent = [];
        this.post({ kind: "start", hadHome: hadHome(), persistent });
        for (const { message, transfer } of unsent) this.post(message, transfer);
    }

    private post(message: ToWorker, transfer: Transferable[] = []): void {
        if (this.broken) return;
        if (this.worker) this.worker.postMessage(message, transfer);
        else if (message.kind === "ask" || message.kind === "module") this.unsent.push({ message, transfer });
    }

    private take(message: FromWorker): void {
        switch (message.kind) {
            case "alive":
                clearTimeout(this.aliveTimer);
                break;
            case "answered":
                this.answered(message.answered);
                break;
            case "told":
                for (const told of message.told) this.tell(told);
                break;
            case "home-kept":
                markHome();
                void this.persist();
                break;
        }
    }

    private answered(answered: Answered): void {
        const pending = this.pending.get(answered.id);
        if (!pending) return;
        this.pending.delete(answered.id);
        clearTimeout(pending.timer);
        if (answered.ok) pending.resolve(answered.answer);
        else pending.reject(new CoreError(answered.failure));
    }

    private tell(told: Told): void {
        if (told.event === "ready" && !this.ready) {
            this.ready = true;
            for (const [id, pending] of this.pending) this.beginWait(id, pending);
        }
        if (told.event === "broken") this.fail(new CoreError(told.failure));
        for (const listener of [...this.listeners]) listener(told);
    }

    private beginWait(id: number, pending: Pending): void {
        pending.timer = setTimeout(() => {
            this.pending.delete(id);
            pending.reject(CoreError.own("no-answer"));
        }, ANSWER_MS);
    }

    /* Whoever keeps a chart here does not want it cleared for want of room. The browser may ask the person. */
    private async persist(): Promise<void> {
        if (this.persistAsked) return;
        this.persistAsked = true;
        const persistent = await navigator.storage?.persist?.().catch(() => false);
        this.post({ kind: "persistent", persistent: persistent ?? false });
    }

    private fail(error: CoreError): void {
        this.broken = error;
        this.worker?.terminate();
        clearTimeout(this.aliveTimer);
        for (const pending of this.pending.values()) {
            clearTimeout(pending.timer);
            pending.reject(error);
        }
        this.pending.clear();
    }

    private break(error: CoreError): void {
        if (!this.broken) this.tell({ event: "broken", failure: error.failure });
    }
}

/** One for the page's life. */
export function openClient(): Client {
    return new WorkerClient();
}
