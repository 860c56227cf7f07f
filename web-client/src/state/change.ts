/* The one function that changes the tree. It asks nobody and waits for nothing: effects do. */
import { batch, type Signal } from "@preact/signals";
import type {
    CallView, ChartSummary, Entry, Failure, Findings, Home, Id, Member, Questions, RecordView, SchemaDocument, Told, Token,
    Undoable, Versions, Waiting,
} from "../core/protocol.ts";
import type { Levels, SoundNow } from "../audio/sound.ts";
import {
    editKey, loading, recordDocs, tree, type Edit, type MadeLink, type OpenChart, type Part, type RecordDoc, type Screen, type Typing, type Wantable,
} from "./tree.ts";
import { valueKey } from "./values.ts";

export type Change =
    | { do: "told"; told: Told }
    | { do: "home"; home: Part<Home> }
    | { do: "schema"; schema: SchemaDocument[] }
    | { do: "charts"; charts: Part<ChartSummary[]> }
    | { do: "go"; screen: Screen }
    | { do: "members"; chart: Id; members: Part<Member[]> }
    | { do: "entries"; chart: Id; from: number; entries: Part<Entry[]> }
    | { do: "shown"; chart: Id; size: number }
    | { do: "earlier"; chart: Id }
    | { do: "waiting"; chart: Id; waiting: Waiting[] }
    | { do: "records"; chart: Id; doc: RecordDoc; records: Part<RecordView[]> }
    | { do: "want"; what: Wantable[] }
    | { do: "findings"; chart: Id; findings: Part<Findings> }
    | { do: "versions"; chart: Id; versions: Part<Versions> }
    | { do: "undoable"; chart: Id; undoable: Part<Undoable> }
    | { do: "checked"; chart: Id; checked: OpenChart["checked"] }
    | { do: "compose"; chart: Id; text: string }
    | { do: "typed"; key: string; text: string; base: string; now: string; wrong: boolean; was?: string | undefined }
    | { do: "merged"; key: string; from: Edit; text: string; shown: string }
    | { do: "edit"; key: string; stage: Edit["stage"] }
    | { do: "written"; key: string; text: string; base: string }
    | { do: "edit-dropped"; key: string }
    | { do: "call"; call: CallView }
    | { do: "call-end"; why: "ended" | "not-admitted" | Failure | null }
    | { do: "coming-back"; on: boolean }
    | { do: "sound"; now: SoundNow }
    | { do: "levels"; levels: Levels }
    | { do: "link-found"; link: string }
    | { do: "looked"; look: Part<Questions["look"]["answer"]> }
    | { do: "joining" }
    | { do: "refused"; failure: Failure }
    | { do: "join-dropped" }
    | { do: "lost-answered" }
    | { do: "link-made"; link: MadeLink | null }
    | { do: "making"; making: { token: Token; chart: Id; name: string } | null }
    | { do: "problem"; failure: Failure; chart?: Id; text?: string }
    | { do: "dismiss"; number: number }
    | { do: "say"; text: string }
    | { do: "find"; text: string };

type Of<N extends Change["do"]> = Extract<Change, { do: N }>;

let problems = 0;

/** What is said politely; the same words twice are heard twice. */
function say(text: string): void {
    tree.said.value = text === tree.said.value ? text + "\u00a0" : text;
}

function ofOpen(chart: Id, update: (open: OpenChart) => Partial<OpenChart>): void {
    const open = tree.open.value;
    if (open && open.chart === chart)
        tree.open.value = { ...open, ...update(open) };
}

/** A part that was here stays on the screen while it is asked for again, and if that fails. */
function kept<T>(was: Part<T>, now: Part<T>): Part<T> {
    return was.state === "here" && now.state !== "here" ? was : now;
}

function without<T>(from: Record<string, T>, key: string): Record<string, T> {
    const left = { ...from };
    delete left[key];
    return left;
}

function opened(chart: Id): OpenChart {
    return {
        chart, members: loading, entries: loading, from: 0, shown: 0, earlier: false, waiting: [],
        records: Object.fromEntries(recordDocs.map((doc) => [doc, loading])) as OpenChart["records"],
        findings: loading, versions: loading, undoable: loading, wanted: [], checked: null,
    };
}

function go(screen: Screen): void {
    const chart = "chart" in screen ? screen.chart : null;
    const before = tree.screen.value;
    tree.screen.value = screen;
    if (chart !== (tree.open.value?.chart ?? null))
        tree.open.value = chart ? opened(chart) : null;
    if (before.at !== screen.at || screen.at !== "chart" || before.at !== "chart" || before.part !== screen.part)
        tree.link.value = null;
}

function problem(failure: Failure, chart?: Id, text?: string): void {
    const same = (p: { failure: Failure; text?: string | undefined }) =>
        p.failure.error === failure.error && p.text === text;
    if (tree.problems.value.some(same))
        return;
    tree.problems.value = [
        ...tree.problems.value,
        { number: ++problems, failure, ...(chart ? { chart } : {}), ...(text ? { text } : {}) },
    ];
}

/* Entries come once each and in order; one that is known replaces what was known of it. */
function entryCame(entry: Entry): void {
    ofOpen(entry.chart, (open) => {
        if (open.entries.state !== "here")
            return {};
        const list = open.entries.value;
        const at = entry.index - open.from;
        if (at < 0 || at > list.length)
            return {};
        const value = [...list.slice(0, at), entry, ...list.slice(at + 1)];
        return { entries: { state: "here", value } };
    });
    if (entry.doc && entry.record)
        for (const field of Object.keys(entry.fields ?? {}))
            typingEnds(editKey(entry.chart, entry.doc, entry.record, field), entry.device, true);
}

/* Who writes in a text stays in it, until the core says otherwise. */
function typingEnds(key: string, device: Id, wrote = false): void {
    const list = tree.typing.value[key];
    const ends = (t: Typing): boolean => t.device === device && !(wrote && t.text === undefined);
    if (!list || !list.some(ends))
        return;
    const left = list.filter((t) => !ends(t));
    tree.typing.value = left.length ? { ...tree.typing.value, [key]: left } : without(tree.typing.value, key);
}

/** In so many fields a device types at once; of more, what it said of the first goes. */
const DRAFTED_MAX = 16;

function drafted(told: Extract<Told, { event: "draft" }>): void {
    const key = editKey(told.chart, told.doc, told.record, told.field);
    if (told.stopped)
        return typingEnds(key, told.device);
    const [first, ...more] = Object.keys(tree.typing.value)
        .filter((one) => one !== key && tree.typing.value[one]?.some((t) => t.device === told.device));
    if (first !== undefined && more.length + 1 >= DRAFTED_MAX)
        typingEnds(first, told.device);
    const { device, account, name, text, changes, caret, end, points } = told;
    const list = tree.typing.value[key] ?? [], before = list.find((t) => t.device === device);
    const now = text !== undefined ? { text } : changes ? { changes, caret, end, points } : { ...before, changes: undefined };
    tree.typing.value = { ...tree.typing.value, [key]: [...list.filter((t) => t !== before), { ...now, device, account, name }] };
}

function present(told: Extract<Told, { event: "presence" }>): void {
    const { device, chart, account, name } = told;
    const others = tree.present.value.filter((p) => p.device !== device || p.chart !== chart);
    tree.present.value = told.here ? [...others, { device, chart, account, name }] : others;
    if (!told.here)
        for (const key of Object.keys(tree.typing.value))
            if (key.startsWith(chart + "/"))
                typingEnds(key, device);
}

function verified(told: Extract<Told, { event: "verified" }>): void {
    ofOpen(told.chart, (open) => {
        if (open.members.state !== "here")
            return {};
        const value = open.members.value.map((m) =>
            m.device === told.device ? { ...m, verified: told.size, heard_ms: Date.now() } : m);
        return { members: { state: "here", value } };
    });
}

/* While a field is being edited somebody else's value may come: then the person decides. */
function recordsCame(chart: Id, doc: RecordDoc, records: Part<RecordView[]>): void {
    ofOpen(chart, (open) => ({ records: { ...open.records, [doc]: kept(open.records[doc], records) } }));
    if (records.state !== "here")
        return;
    const me = tree.home.value.state === "here" ? tree.home.value.value.device : "";
    for (const record of records.value)
        for (const [name, field] of Object.entries(record.fields)) {
            const key = editKey(chart, doc, record.record, name);
            const edit = tree.edits.value[key];
            const now = valueKey(field);
            if (!edit || now === edit.base)
                continue;
            if (edit.was !== undefined) {
                tree.edits.value = { ...tree.edits.value, [key]: { ...edit, base: now } };
                continue;
            }
            const settled = !field.conflict && (field.value ?? "") === edit.text;
            const mine = field.values.length > 0 && field.values.every((v) => v.device === me);
            tree.edits.value = settled && edit.stage !== "typing"
                ? without(tree.edits.value, key)
                : { ...tree.edits.value, [key]: { ...edit, base: now, stage: mine || settled ? edit.stage : "undecided" } };
        }
}

function told(event: Told): void {
    switch (event.event) {
    case "ready": tree.core.value = "ready"; break;
    case "broken": tree.core.value = "broken"; tree.broken.value = event.failure; break;
    case "storage-lost": tree.cleared.value = true; break;
    case "refused": refused(event); break;
    case "joined": tree.joining.value = null; break;
    case "lost-asked": tree.lost.value = event.devices; break;
    case "fork":
    case "cloned": problem({ error: event.error, help: event.help }, event.chart); break;
    case "entry": entryCame(event); break;
    case "verified": verified(event); break;
    case "presence": present(event); break;
    case "draft": drafted(event); break;
    case "clock": tree.clock_off.value = event.off_ms; break;
    case "done":
        if (tree.link.value?.token === event.token)
            tree.link.value = { ...tree.link.value, ready: true };
        break;
    case "call-failed": tree.call_end.value = { error: event.error, help: event.help }; break;
    case "visit": if (tree.call_end.value === "ended") tree.call_end.value = null; break;
    case "visit-ended": if (tree.call.value && tree.call.value.state !== "none") tree.call_end.value = "ended"; break;
    case "admitted": tree.call_end.value = event.admitted ? null : "not-admitted"; break;
    default: break;
    }
}

function refused(event: Extract<Told, { event: "refused" }>): void {
    const joining = tree.joining.value;
    const failure = {
        error: event.error, help: event.help, ...(event.used_ms ? { used_ms: event.used_ms } : {}),
    };
    const home = tree.home.value;
    /* A guest's screen says itself that the visit is not open. */
    const said = home.state === "here" && home.value.state === "guest" && failure.error === "no-visit";
    if (joining)
        tree.joining.value = { ...joining, stage: "refused", refused: failure };
    else if (!said)
        problem(failure);
    homeJoins();
}

/* A page that was loaded again goes on joining, with the link that the core has; it may be refused before
 * the page knows that. */
function homeJoins(): void {
    const home = tree.home.value, last = tree.problems.value.at(-1);
    if (home.state !== "here" || home.value.state !== "joining" || tree.joining.value || !last)
        return;
    tree.joining.value = { link: "", look: loading, stage: "refused", refused: last.failure };
    tree.problems.value = [];
}

/* `base` was on the screen when they began; `now` is what the record says: it may have come while they were
 * in the field, where it was not shown to them in place. */
function typed(c: Of<"typed">): void {
    const before = tree.edits.value[c.key];
    const was = before ? before.was : c.was;
    if (was !== undefined) {
        tree.edits.value = { ...tree.edits.value, [c.key]: { text: c.text, base: c.now, was, stage: "typing" } };
        return;
    }
    const unseen = before ? before.stage === "undecided" : c.base !== c.now;
    const stage = unseen ? "undecided" : c.wrong ? "wrong" : "typing";
    tree.edits.value = { ...tree.edits.value, [c.key]: { text: c.text, base: before?.base ?? c.now, stage } };
}

/* Handed to the core. If the person typed on meanwhile, what they typed is the next edit. */
function written(c: Of<"written">): void {
    const edit = tree.edits.value[c.key];
    if (edit && edit.text === c.text)
        tree.edits.value = without(tree.edits.value, c.key);
    else if (edit)
        tree.edits.value = {
            ...tree.edits.value,
            [c.key]: { ...edit, base: c.base, stage: "typing", ...(edit.was === undefined ? {} : { was: c.text }) },
        };
}

/* What others wrote into the text stands in it now, too. */
function merged(c: Of<"merged">): void {
    if (tree.edits.value[c.key] === c.from)
        tree.edits.value = { ...tree.edits.value, [c.key]: { ...c.from, text: c.text, was: c.shown } };
}

function editStage(c: Of<"edit">): void {
    const edit = tree.edits.value[c.key];
    if (edit)
        tree.edits.value = { ...tree.edits.value, [c.key]: { ...edit, stage: c.stage } };
}

function set<T>(at: Signal<T>, value: T): void {
    at.value = value;
}

/* One row a change. */
const rows: { [N in Change["do"]]: (c: Of<N>) => void } = {
    told: (c) => told(c.told),
    home: (c) => {
        set(tree.home, kept(tree.home.value, c.home));
        homeJoins();
    },
    schema: (c) => set(tree.schema, c.schema),
    charts: (c) => set(tree.charts, kept(tree.charts.value, c.charts)),
    go: (c) => go(c.screen),
    members: (c) => ofOpen(c.chart, (open) => ({ members: kept(open.members, c.members) })),
    entries: (c) => ofOpen(c.chart, (open) =>
        c.entries.state === "here" || open.entries.state !== "here"
            ? { entries: c.entries, from: c.from, earlier: false }
            : { earlier: false }),
    shown: (c) => ofOpen(c.chart, () => ({ shown: c.size })),
    earlier: (c) => ofOpen(c.chart, () => ({ earlier: true })),
    waiting: (c) => ofOpen(c.chart, () => ({ waiting: c.waiting })),
    records: (c) => recordsCame(c.chart, c.doc, c.records),
    want: (c) => tree.open.value &&
        ofOpen(tree.open.value.chart, (open) => ({ wanted: [...new Set([...open.wanted, ...c.what])] })),
    findings: (c) => ofOpen(c.chart, (open) => ({ findings: kept(open.findings, c.findings) })),
    versions: (c) => ofOpen(c.chart, (open) => ({ versions: kept(open.versions, c.versions) })),
    undoable: (c) => ofOpen(c.chart, (open) => ({ undoable: kept(open.undoable, c.undoable) })),
    checked: (c) => ofOpen(c.chart, () => ({ checked: c.checked })),
    compose: (c) => set(tree.composing, { ...tree.composing.value, [c.chart]: c.text }),
    typed,
    edit: editStage,
    written,
    merged,
    "edit-dropped": (c) => set(tree.edits, without(tree.edits.value, c.key)),
    call: (c) => set(tree.call, c.call),
    "call-end": (c) => set(tree.call_end, c.why),
    "coming-back": (c) => set(tree.coming_back, c.on),
    sound: (c) => set(tree.sound, c.now),
    levels: (c) => set(tree.levels, c.levels),
    "link-found": (c) => set(tree.joining, { link: c.link, look: loading, stage: "asked" as const }),
    looked: (c) => tree.joining.value && set(tree.joining, { ...tree.joining.value, look: c.look }),
    joining: () => {
        if (tree.joining.value) {
            const { link, look } = tree.joining.value;
            set(tree.joining, { link, look, stage: "joining" as const });
        }
    },
    refused: (c) => tree.joining.value &&
        set(tree.joining, { ...tree.joining.value, stage: "refused" as const, refused: c.failure }),
    /* A link that was begun with stays begun in the core until another one is taken. */
    "join-dropped": () => set(tree.joining, tree.home.value.state === "here" && tree.home.value.value.state === "joining"
        ? { link: "", look: loading, stage: "another" as const } : null),
    "lost-answered": () => set(tree.lost, []),
    "link-made": (c) => set(tree.link, c.link),
    making: (c) => set(tree.making, c.making),
    problem: (c) => problem(c.failure, c.chart, c.text),
    dismiss: (c) => set(tree.problems, tree.problems.value.filter((p) => p.number !== c.number)),
    say: (c) => say(c.text),
    find: (c) => set(tree.find, c.text),
};

export function change(c: Change): void {
    batch(() => (rows[c.do] as (c: Change) => void)(c));
}
