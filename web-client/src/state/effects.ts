/*
 * What happens besides the tree: questions to the core, and what it tells. Several events in a row make
 * one round of questions, and an answer for a chart that is no longer on the screen is dropped by `change`.
 */
import type { ChartSummary, Id, Questions, QuestionName, Role, Told, Waiting } from "../core/protocol.ts";
import { change } from "./change.ts";
import { failureOf, type Core } from "./core.ts";
import type { Sound } from "../audio/sound.ts";
import { valueWords } from "../words.ts";
import { isStaff } from "./marks.ts";
import { isRecordDoc, recordDocs, tree, type Screen, type Wantable } from "./tree.ts";
import { inviteNewPatient } from "./invite.ts";
import { flushEdits, hasUnsaved } from "./typing.ts";
import { callTold, ringWhileSomebodyWaits, stayInVisit } from "./visit.ts";

export const ENTRIES_AT_ONCE = 256;
/** So many messages are on the screen at first, if there are as many. */
const MESSAGES_AT_FIRST = 30;
/** and so far back they are looked for */
const WINDOWS_AT_FIRST = 8;
const GATHER_MS = 60;

/* Nothing that `refresh` asks may wait for `refresh`: that would be waiting for itself. */

let core: Core;
let soundPart: Sound;

export const ask = <N extends QuestionName>(
    name: N, what: Questions[N]["ask"], transfer?: Transferable[]): Promise<Questions[N]["answer"]> =>
    core.ask(name, what, transfer);
export const sound = (): Sound => soundPart;

/* -- asking again ----------------------------------------------------------------------------------- */

type Wanted = "home" | "charts" | "members" | "waiting" | Wantable | "call" | "entries";
const order: Wanted[] = ["home", "charts", "entries", ...recordDocs, "findings", "versions", "undoable", "members", "waiting", "call"];
const wanted = new Set<Wanted>();
let round: Promise<void> | null = null;
let news = false;

/** What somebody else wrote is on its way to the screen. */
export const newsComes = (): Promise<void> | null => (news ? round : null);

/** Asks for these soon; the promise is kept when all that was wanted has been answered. */
export function refresh(...what: Wanted[]): Promise<void> {
    for (const one of what)
        wanted.add(one);
    round ??= new Promise((resolve) => setTimeout(resolve, GATHER_MS)).then(askWanted);
    return round;
}

/** What the screen shows: asked for, and again whenever it may have changed. */
export function want(...what: Wantable[]): void {
    const fresh = what.filter((one) => tree.open.value && !tree.open.value.wanted.includes(one));
    if (fresh.length === 0)
        return;
    change({ do: "want", what: fresh });
    void refresh(...fresh);
}

/** What follows from all documents together. */
const derived = (wanted: Wantable[]): Wantable[] => wanted.filter((one) => one === "findings" || one === "versions" || one === "undoable");

async function askWanted(): Promise<void> {
    while (wanted.size > 0) {
        const now = order.filter((one) => wanted.has(one));
        wanted.clear();
        for (const one of now)
            await askOne(one);
    }
    round = null;
    news = false;
    /* What came after the charts were asked for is not counted: it may not be on the screen. */
    const chart = tree.open.value && summary(tree.open.value.chart);
    if (chart)
        change({ do: "shown", chart: chart.chart, size: chart.entries });
}

async function askOne(what: Wanted): Promise<void> {
    const open = tree.open.value?.chart;
    switch (what) {
    case "home":
        await part(ask("home", {}), (home) => change({ do: "home", home }));
        if (tree.home.value.state === "here" && tree.home.value.value.role)
            soundPart.prepare();
        return loadSchema();
    case "charts": return part(ask("charts", {}), (charts) => change({ do: "charts", charts }));
    case "call": return void await ask("call", {}).then((call) => change({ do: "call", call }), () => undefined);
    default: break;
    }
    if (!open)
        return;
    switch (what) {
    case "members":
        return part(ask("members", { chart: open }), (members) => change({ do: "members", chart: open, members }));
    case "waiting":
        return void await ask("waiting", { chart: open }).then((waiting) => {
            change({ do: "waiting", chart: open, waiting });
            undoMayBeOther(waiting.length);
        }, () => undefined);
    case "entries":
        return loadLatest(open);
    case "findings":
        return part(ask("findings", { chart: open }), (findings) => change({ do: "findings", chart: open, findings }));
    case "versions":
        return part(ask("versions", { chart: open }), (versions) => change({ do: "versions", chart: open, versions }));
    case "undoable":
        return part(ask("undoable", { chart: open }), (undoable) => change({ do: "undoable", chart: open, undoable }));
    default:
        return part(ask("records", { chart: open, doc: what }),
                    (records) => change({ do: "records", chart: open, doc: what, records }));
    }
}

/* What waits without a connection can be taken back, too; with one it is in the log in a moment, and an entry tells. */
function undoMayBeOther(waiting: number): void {
    const home = tree.home.value, offline = home.state === "here" && !home.value.online.log;
    if ((waiting === 0 || offline) && tree.open.value?.wanted.includes("undoable"))
        wanted.add("undoable");
}

/* What a role may do stands in the schema; who came by a link has a role only then. */
let schemaOf: Role | "" | undefined;

async function loadSchema(): Promise<void> {
    const home = tree.home.value;
    const role = home.state === "here" ? home.value.role : "";
    if (role === schemaOf)
        return;
    schemaOf = role;
    await ask("schema", {}).then((schema) => change({ do: "schema", schema }), () => { schemaOf = undefined; });
}

async function part<T>(
    answer: Promise<T>,
    put: (part: { state: "here"; value: T } | { state: "failed"; failure: ReturnType<typeof failureOf> }) => void,
): Promise<void> {
    try {
        put({ state: "here", value: await answer });
    } catch (thrown) {
        put({ state: "failed", failure: failureOf(thrown) });
    }
}

/* -- the log's entries ------------------------------------------------------------------------------- */

const summary = (chart: Id): ChartSummary | undefined =>
    tree.charts.value.state === "here" ? tree.charts.value.value.find((c) => c.chart === chart) : undefined;

/* The newest entries, and as many before them as it takes for some messages to be there. */
async function loadLatest(chart: Id): Promise<void> {
    try {
        let from = Math.max(0, (summary(chart)?.entries ?? 0) - ENTRIES_AT_ONCE);
        let list = await entriesBetween(chart, from, Number.MAX_SAFE_INTEGER);
        for (let i = 0; i < WINDOWS_AT_FIRST && from > 0; i++) {
            if (list.filter((e) => e.class === "message").length >= MESSAGES_AT_FIRST)
                break;
            const start = Math.max(0, from - ENTRIES_AT_ONCE);
            list = [...await entriesBetween(chart, start, from), ...list];
            from = start;
        }
        list.push(...await entriesBetween(chart, from + list.length, Number.MAX_SAFE_INTEGER)); // what came meanwhile
        change({ do: "entries", chart, from, entries: { state: "here", value: list } });
        void markSeen(chart);
    } catch (thrown) {
        change({ do: "entries", chart, from: 0, entries: { state: "failed", failure: failureOf(thrown) } });
    }
}

async function entriesBetween(chart: Id, from: number, end: number): Promise<Questions["entries"]["answer"]> {
    const list: Questions["entries"]["answer"] = [];
    for (;;) {
        const count = Math.min(ENTRIES_AT_ONCE, end - from);
        const some = count > 0 ? await ask("entries", { chart, from, count }) : [];
        list.push(...some);
        from += some.length;
        if (some.length < count || count <= 0)
            return list;
    }
}

export async function loadEarlier(): Promise<void> {
    const open = tree.open.value;
    if (!open || open.entries.state !== "here" || open.from === 0 || open.earlier)
        return;
    change({ do: "earlier", chart: open.chart });
    try {
        const start = Math.max(0, open.from - ENTRIES_AT_ONCE);
        const list = await entriesBetween(open.chart, start, open.from);
        const now = tree.open.value;
        if (now?.chart === open.chart && now.from === open.from && now.entries.state === "here")
            change({
                do: "entries", chart: open.chart, from: start,
                entries: { state: "here", value: [...list, ...now.entries.value] },
            });
    } catch (thrown) {
        change({ do: "problem", failure: failureOf(thrown), chart: open.chart });
        change({ do: "entries", chart: open.chart, from: open.from, entries: { state: "failed", failure: failureOf(thrown) } });
    }
}

/** Only what was on the screen counts: the messages, in a window that is looked at. */
async function markSeen(chart: Id): Promise<void> {
    const screen = tree.screen.value, open = tree.open.value;
    if (document.visibilityState !== "visible" || screen.at !== "chart" || screen.part !== "messages" ||
        screen.chart !== chart || open?.chart !== chart || open.entries.state !== "here")
        return;
    await ask("seen", { chart, size: open.from + open.entries.value.length }).then(() => void refresh("charts"), () => undefined);
}

/* -- what is told -------------------------------------------------------------------------------------- */

/* What to ask again after an event. */
const after: Partial<Record<Told["event"], Wanted[]>> = {
    ready: ["home", "charts", "call"],
    online: ["home", "charts", "waiting"],
    offline: ["home"],
    joined: ["home", "charts"],
    chart: ["home", "charts"],
    reopened: ["home", "charts", "entries", "members", "waiting", "call"],
    current: ["charts", "entries", "members", "waiting"],
    withheld: ["charts", "entries"],
    fork: ["charts"],
    cloned: ["charts"],
    "link-again": ["charts", "members"],
    "shut-out": ["home", "charts", "members"],
    verified: ["charts"],
    seen: ["charts"],
    refused: ["home"],
    visit: ["home", "charts", "call"],
    "visit-ended": ["home", "charts", "call"],
    knock: ["call"],
    waiting: ["call"],
    admitted: ["call"],
    call: ["call"],
    "held-elsewhere": ["home"],
    done: ["waiting", "charts"],
    failed: ["waiting", "charts"],
    held: ["waiting", "charts"],
};

function entryCame(told: Extract<Told, { event: "entry" }>): void {
    const open = tree.open.value;
    if (open?.chart === told.chart) {
        if (open.entries.state === "here" && told.index > open.from + open.entries.value.length)
            void refresh("entries");
        if (isRecordDoc(told.doc) && open.wanted.includes(told.doc))
            void refresh(told.doc);
        if (told.class === "record") {
            void refresh(...derived(open.wanted));
            news ||= tree.home.value.state === "here" && told.device !== tree.home.value.value.device;
        }
        if (told.kind === "answer" || told.kind === "identity" || told.class === "epoch" || told.kind === "unknown")
            void refresh(...open.wanted, "members");
        if (told.doc === "people")
            void refresh("members", "call");
        void refresh("waiting");
        if (told.class === "message")
            void markSeen(told.chart);
    }
    void refresh("charts");
}

/* What the person had written, in the words of this screen; in the core's where the chart is not open. */
function lostIn(lost: Waiting | undefined): string {
    const home = tree.home.value, staff = home.state === "here" && isStaff(home.value.role);
    return lost?.text ?? (tree.schema.value.find((d) => d.name === lost?.doc)?.fields ?? [])
        .filter((field) => lost?.fields?.[field.name])
        .map((field) => `${staff ? field.clinical : field.plain}: ${valueWords(lost?.fields?.[field.name] ?? "", field, !staff)}`).join("\n");
}

function hear(told: Told): void {
    if (told.event === "failed") {
        const text = lostIn(tree.open.value?.waiting.find((w) => w.token === told.token)) || told.text;
        change({ do: "problem", failure: { error: told.error, help: told.help }, chart: told.chart, ...(text ? { text } : {}) });
    }
    if (told.event === "entry")
        entryCame(told);
    change({ do: "told", told });
    callTold(told);
    if (told.event === "ready")
        void begin();
    if (told.event === "ready" || told.event === "joined")
        ask("live", { on: true }).catch((thrown: unknown) => change({ do: "problem", failure: failureOf(thrown) }));
    if (told.event === "done" && tree.making.value?.token === told.token)
        void inviteNewPatient();
    const again = after[told.event];
    if (again)
        void refresh(...again);
    if (told.event === "reopened" || told.event === "current")
        void refresh(...(tree.open.value?.wanted ?? []));
}

async function begin(): Promise<void> {
    const joining = tree.joining.value;
    if (joining && joining.look.state === "loading")
        await part(ask("look", { link: joining.link }), (look) => change({ do: "looked", look }));
}

/* -- where the person is ---------------------------------------------------------------------------------- */

function arrive(screen: Screen): void {
    const before = tree.open.value?.chart;
    change({ do: "go", screen });
    const chart = tree.open.value?.chart;
    if (chart && chart !== before)
        void refresh("charts", "entries", "members", "waiting");
    else if (chart && screen.at === "chart" && screen.part === "messages")
        void markSeen(chart);
}

/** The screen was left before, and whoever is here goes on where they were. */
export let cameBack = false;

/** The address stays as it is: ids of charts are nobody's business in a history or a referrer. */
export function go(screen: Screen, back = false): void {
    cameBack = back;
    void flushEdits();
    history.pushState(screen, "");
    arrive(screen);
    window.scrollTo(0, 0);
}

/** A link in the address is taken out of it before anything else happens. */
export function takeLink(): string | null {
    const { pathname, hash, href } = location;
    if (!pathname.endsWith("/join") || hash.length < 2)
        return null;
    history.replaceState(null, "", "/");
    return href;
}

export function start(with_core: Core, with_sound: Sound): void {
    const link = takeLink();
    core = with_core;
    soundPart = with_sound;
    if (link)
        change({ do: "link-found", link });
    const kept = history.state as Screen | null;
    void refresh("home", "charts");
    if (kept && typeof kept === "object" && "at" in kept)
        arrive(kept);
    window.addEventListener("popstate", (event) => {
        void flushEdits();
        cameBack = true;
        arrive((event.state as Screen | null) ?? { at: "home" });
    });
    document.addEventListener("visibilitychange", () => {
        if (document.visibilityState === "hidden")
            void flushEdits();
        else if (tree.open.value)
            void markSeen(tree.open.value.chart);
    });
    window.addEventListener("beforeunload", (event) => {
        void flushEdits();
        if (hasUnsaved())
            event.preventDefault();
    });
    soundPart.on((now) => change({ do: "sound", now }), (levels) => change({ do: "levels", levels }));
    ringWhileSomebodyWaits();
    stayInVisit();
    core.on(hear);
}
