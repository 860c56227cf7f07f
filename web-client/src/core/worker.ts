/** The Worker: puts the parts of the core together. One for each tab; one of them holds the state. */
import { CoreError } from "./error.ts";
import { Host } from "./host.ts";
import type { FromWorker, ToWorker } from "./messages.ts";
import type { Asked, ChartSummary, Entry, Home, Told, VoiceIn, VoiceOut } from "./protocol.ts";
import { Sockets, type Socket } from "./sockets.ts";
import { Store } from "./store.ts";
import { Tabs, type Channel, type Held, type Locks } from "./tabs.ts";
import { Unread } from "./unread.ts";
import { LIVE, LOADED_LATER, WasmCore } from "./wasm.ts";

declare const self: DedicatedWorkerGlobalScope;

const STORE = "galen";
const CHANNEL = "galen";
const SEEN = "seen ";
/** Events in one message to the page, at most. */
const TOLD_MAX = 256;

const name = crypto.randomUUID();
const post = (message: FromWorker): void => self.postMessage(message);
let hadHome = false;
let persistent = false;
let voicePort: MessagePort | undefined;

/* -- the event loop's next turn: sooner than a timer, and behind what is there already -- */

const turns: (() => void)[] = [];
const turnChannel = new MessageChannel();
turnChannel.port1.onmessage = () => turns.shift()?.();
function soon(what: () => void): void {
    turns.push(what);
    turnChannel.port2.postMessage(0);
}

/* -- events, many in one message -- */

let untold: Told[] = [];
function tell(told: Told): void {
    untold.push(told);
    if (untold.length === 1) queueMicrotask(tellAll);
    else if (untold.length >= TOLD_MAX) tellAll();
}
function tellAll(): void {
    if (untold.length === 0) return;
    const told = untold;
    untold = [];
    tabs.tell(told);
}

/* -- holding -- */

let takeModule: (module: WebAssembly.Module) => void;
const compiled = new Promise<WebAssembly.Module>((resolve) => (takeModule = resolve));

async function loaded(store: Store): Promise<WasmCore> {
    const key = await store.storeKey();
    const core = await WasmCore.open(await compiled, key);
    key.fill(0);
    let damaged: unknown;
    const count = await store.each(LOADED_LATER, ({ key, value }) => {
        try {
            if (damaged === undefined) core.load(key, value);
        } catch (thrown) {
            damaged = thrown;
        }
    });
    if (damaged !== undefined) throw CoreError.own("storage-damaged", damaged);
    if (count > 0) post({ kind: "home-kept" });
    else if (hadHome) tell({ event: "storage-lost" });
    return core;
}

let turn = 0; /* of holding: each writes a name of its own into the store */
async function hold(holds: () => boolean): Promise<Held> {
    const broken = (error: CoreError): void => {
        if (holds()) tabs.giveUp(error);
    };
    const store = await Store.open(STORE, `${name} ${++turn}`, () => broken(CoreError.own("storage-failed")));
    const core = await loaded(store);
    let voiceTab: string | undefined;
    const sockets: Sockets = new Sockets(
        {
            opened: (purpose) => now.opened(purpose),
            received: (purpose, frame) => now.received(purpose, frame),
            closed: (purpose) => now.closed(purpose),
        },
        (address, protocol) => new WebSocket(address, protocol) as Socket,
    );
    const now = new Host({
        core,
        async commit(pairs) {
            await store.commit(pairs);
            if (!hadHome) post({ kind: "home-kept" });
            hadHome = true;
        },
        load: (key) => store.load(key),
        sockets,
        tell(told) {
            void unread.told(told);
            tell(told);
        },
        voice(out) {
            if (voiceTab !== undefined) tabs.voiceTo(voiceTab, out);
        },
        broken,
        unixMs: () => Date.now(),
        evenMs: () => performance.now(),
        soon,
    });
    const charts = () => now.ask({ do: "charts" }) as Promise<ChartSummary[]>;
    const unread = new Unread(
        {
            messages: (chart, from, count) =>
                now.ask({ do: "entries", chart, from, count, class: "message" }) as Promise<Entry[]>,
            note: (chart, size) => store.note(SEEN + chart, size),
        },
        await store.notes(SEEN),
        async () => ((await now.ask({ do: "home" })) as Home).account,
    );

    async function ask(from: string, asked: Asked): Promise<unknown> {
        switch (asked.do) {
            case "home": {
                const home = (await now.ask({ do: "home" })) as Home;
                return { ...home, persistent, holds: from === name };
            }
            case "charts": {
                const all = await charts();
                await unread.fill(all);
                return all;
            }
            case "seen": {
                const { chart, size } = asked.with as { chart: string; size: number };
                if (await unread.see(chart, size)) tell({ event: "seen", chart, size });
                return {};
            }
            case "voice":
                voiceTab = from;
                return {};
            case "draft": {
                const answer = await now.ask({ ...asked.with, do: "draft" });
                await sockets.taken(LIVE); // so no more drafts are made than the line takes
                return answer;
            }
            default:
                return now.ask({ ...asked.with, do: asked.do });
        }
    }
    if (!holds()) {
        store.close();
        throw CoreError.own("taken-over");
    }
    now.start();
    return {
        ask,
        speak(from, packet) {
            if (from === voiceTab) now.speak(packet);
        },
        awake: () => now.awake(),
        gone(from) {
            if (from !== voiceTab) return;
            voiceTab = undefined;
            now.ask({ do: "leave" }).catch(() => {}); // there is no call any more
        },
        stop() {
            now.stop();
            store.close();
        },
    };
}

/* -- the page -- */

const tabs = new Tabs({
    self: name,
    locks: navigator.locks as Locks,
    channel: new BroadcastChannel(CHANNEL) as Channel,
    hold,
    answered: (answered) => post({ kind: "answered", answered }),
    told: (told) => post({ kind: "told", told }),
    voice: (out: VoiceOut) => voicePort?.postMessage(out),
});

function takeVoice(port: MessagePort): void {
    voicePort?.close();
    voicePort = port;
    port.onmessage = (event: MessageEvent<VoiceIn>) => tabs.speak(event.data.packet);
}

self.onmessage = (event: MessageEvent<ToWorker>) => {
    const message = event.data;
    switch (message.kind) {
        case "start":
            ({ hadHome, persistent } = message);
            tabs.start();
            break;
        case "module":
            takeModule(message.module);
            break;
        case "ask":
            if (message.asked.do === "voice") {
                takeVoice((message.asked.with as { port: MessagePort }).port);
                message.asked.with = {};
            }
            tabs.ask(message.asked);
            break;
        case "awake":
            tabs.awake();
            break;
        case "had-home":
            hadHome = message.hadHome;
            break;
        case "persistent":
            persistent = message.persistent;
            break;
    }
};
post({ kind: "alive" });
