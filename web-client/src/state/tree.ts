/* Everything the screens show: one tree of signals. Only `change` (change.ts) sets them. */
import { signal } from "@preact/signals";
import type {
    CallView, ChartSummary, DocName, Drafted, Entry, Failure, Findings, Home, Id, Member, Questions, RecordView, Role, SchemaDocument,
    Token, Undoable, Versions, Waiting,
} from "../core/protocol.ts";
import type { Levels, SoundNow } from "../audio/sound.ts";
import { silent } from "./sound.ts";

/** What is asked of the core: under way, failed, or here. */
export type Part<T> =
    | { state: "loading" }
    | { state: "failed"; failure: Failure }
    | { state: "here"; value: T };

export const loading = { state: "loading" } as const;

/** Documents that have screens of their own; `people` stands in the list of members. */
export type RecordDoc = Exclude<DocName, "people">;
export const recordDocs: RecordDoc[] = ["pmr", "map", "profile", "dtp", "journal", "allergies", "visit", "checkin"];
export const isRecordDoc = (doc: DocName | undefined): doc is RecordDoc => doc !== undefined && doc !== "people";
/** What is asked of an open chart only when a screen wants it. */
export type Wantable = RecordDoc | "findings" | "versions" | "undoable";
export type ChartPart = "papers" | "messages" | RecordDoc | "people" | "log";
/** The steps of a visit, in the order of the care process. They are the options of `visit.step`. */
export const steps = ["start", "collect", "assess", "plan", "agree", "sign"] as const;
export type Step = (typeof steps)[number];

/** Where the person is. It stands in `history.state`, never in the address. */
export type Screen =
    | { at: "home" }
    | { at: "new-patient" }
    | ChartPlace
    | { at: "paper"; chart: Id; back: Screen; list?: boolean; version?: number }
    /** the chart as it was when its log had `before` entries */
    | { at: "then"; chart: Id; before: number; back: Screen }
    | { at: "visit"; chart: Id };

export interface ChartPlace {
    at: "chart";
    chart: Id;
    part: ChartPart;
    record?: Id;
    /** of a visit: which step is on the screen; without it, the one that the visit is at */
    step?: Step;
    /** where the person came from and wants to go back to */
    back?: ChartPlace;
    /** what a new record begins with */
    begin?: Record<string, string>;
}

export interface OpenChart {
    chart: Id;
    members: Part<Member[]>;
    /** the entries from `from` on, without a gap */
    entries: Part<Entry[]>;
    from: number;
    /** so many entries the chart had when all that is on the screen was asked for last */
    shown: number;
    /** earlier ones are being fetched */
    earlier: boolean;
    waiting: Waiting[];
    records: Record<RecordDoc, Part<RecordView[]>>;
    /** what follows from the documents: findings of the safety aids, signed versions */
    findings: Part<Findings>;
    versions: Part<Versions>;
    /** what this person could take back */
    undoable: Part<Undoable>;
    /** what a screen has wanted so far: it is kept up to date */
    wanted: Wantable[];
    checked: Part<Questions["check"]["answer"] & { at_ms: number }> | null;
}

export interface Present {
    device: Id;
    chart: Id;
    account: Id;
    name: string;
}

/** What somebody else is typing now. */
export interface Typing extends Drafted {
    device: Id;
    account: Id;
    name: string;
}

/** What this person changes in a field and has not written yet. */
export interface Edit {
    text: string;
    /** the value that was on the screen when they began (`valueKey`) */
    base: string;
    /** of a text that several people write together: what it said when they began; what comes meanwhile is merged in */
    was?: string;
    /**
     * "typing": written after a pause. "writing": handed to the core. "undecided": somebody else wrote
     * the field meanwhile, so the person says which. "wrong": not a value the field takes. "refused": the core
     * did not take it, and it is written when the person says so, or types on.
     */
    stage: "typing" | "writing" | "undecided" | "wrong" | "refused";
}

export interface Joining {
    link: string;
    look: Part<Questions["look"]["answer"]>;
    /** "another": they want to put in another one */
    stage: "asked" | "joining" | "refused" | "another";
    refused?: Failure & { used_ms?: number };
}

/** A link, code or sheet that was just made. */
export interface MadeLink {
    purpose: "invitation" | "code" | "sheet" | "guest";
    role: Role;
    name: string;
    link: string;
    made_ms: number;
    /** the server does not have it yet, so it does not work yet */
    token: Token;
    ready: boolean;
}

/** Something that went wrong and needs the person; stays until they dismiss it. */
export interface Problem {
    number: number;
    failure: Failure;
    chart?: Id;
    /** what would be lost otherwise */
    text?: string;
}

export const tree = {
    core: signal<"starting" | "ready" | "broken">("starting"),
    /** the browser had a home and cleared it */
    cleared: signal(false),
    broken: signal<Failure | null>(null),
    home: signal<Part<Home>>(loading),
    schema: signal<SchemaDocument[]>([]),
    charts: signal<Part<ChartSummary[]>>(loading),
    screen: signal<Screen>({ at: "home" }),
    open: signal<OpenChart | null>(null),
    present: signal<Present[]>([]),
    typing: signal<Record<string, Typing[]>>({}),
    edits: signal<Record<string, Edit>>({}),
    call: signal<CallView | null>(null),
    /** why the last visit ended or was refused, until the next one */
    call_end: signal<"ended" | "not-admitted" | Failure | null>(null),
    /** the page was loaded again in mid-visit and is on its way back in */
    coming_back: signal(false),
    sound: signal<SoundNow>(silent),
    levels: signal<Levels>({ mine: 0, voices: [] }),
    joining: signal<Joining | null>(null),
    lost: signal<Id[]>([]),
    link: signal<MadeLink | null>(null),
    /** a new patient's chart that is not with the server yet; then the invitation is made */
    making: signal<{ token: Token; chart: Id; name: string } | null>(null),
    problems: signal<Problem[]>([]),
    /** messages begun and not sent yet, by chart; reasons why a finding is nothing, by chart and finding */
    composing: signal<Record<Id, string>>({}),
    /** read out by screen readers, politely */
    said: signal(""),
    clock_off: signal(0),
    /** what is in other words under the finder on the staff's home */
    find: signal(""),
};

export const editKey = (chart: Id, doc: DocName, record: Id, field: string): string =>
    `${chart}/${doc}/${record}/${field}`;
