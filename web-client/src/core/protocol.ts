/**
 * What the page and the core say to each other. The core is one Worker: it owns the WASM module, the
 * keys, the sockets and the stored state. The page asks (`Asked`), is answered (`Answers`) and is told
 * (`Told`); nothing else passes between them but the voice, on a port of its own (`VoiceIn`, `VoiceOut`).
 *
 * Ids are hexadecimal text: 64 digits for a chart, device, account, visit or practice, 32 for a record or
 * a token. Times are Unix milliseconds. Views are what `galen --json` prints too; `protocol/view/` makes
 * both. Where a time is of more use to a reader than to a program it comes as text besides, under its name
 * without `_ms`.
 */

export type Id = string;
export type Token = string;
export type Role =
    | "administrator" | "pharmacist" | "technician" | "patient" | "caregiver" | "prescriber" | "interpreter";
/** A name of `enum galen_err`, or of what only a browser can meet. */
export type ErrorName = string;

/** What went wrong, for a program (`error`) and for a person (`help`: one sentence that says what to do). */
export interface Failure {
    error: ErrorName;
    help: string;
}

/* -- views ---------------------------------------------------------------------------------------- */

/** Who this browser is. */
export interface Home {
    state: "empty" | "founding" | "joining" | "member" | "guest";
    host: string;
    device: Id;
    account: Id;
    role: Role | "";
    /** "" until it was read */
    name: string;
    /** the practice's fingerprint; "" until it is known */
    practice: Id;
    /** the practice's own chart; "" for others than staff */
    practice_chart: Id;
    online: { log: boolean; live: boolean };
    /** this device's person said that it was copied; "known": the server has that, and a link may be joined anew */
    shut_out?: "said" | "known";
    /** an interpreter's home: one visit's call and nothing else, until then; `open`: the server says so now */
    guest?: { visit: Id; open: boolean; until_ms: number };
    /** storage the browser may not clear by itself */
    persistent: boolean;
    /** this tab holds the state; others ask it */
    holds: boolean;
}

/** One line of the list of charts. */
export interface ChartSummary {
    chart: Id;
    name: string;
    practice: boolean;
    entries: number;
    /** what the server has, as last heard: more than `entries` while it is being read */
    server_entries: number;
    epoch: number;
    people: number;
    devices: number;
    /** whether this device belongs to it now, and may read the record */
    member: boolean;
    holder: boolean;
    /** everything that the server had was read */
    current: boolean;
    /** requests of this device that are not with the server yet */
    waiting: number;
    conflicts: number;
    proposals: number;
    /** writing stopped for good: "forked" or "keys-cloned"; absent otherwise */
    stopped?: ErrorName;
    /** the first entry whose body the server holds back */
    withheld?: number;
    /** the open visit, if any, and the device that hosts it */
    visit?: { visit: Id; host: Id };
    /** when visits are or were planned; absent: none are, or the record is not open to this device */
    planned_ms?: number[];
    /** staff who can be called about this chart */
    reach?: { account: Id; name: string; role: Role; phone: string; hours?: string }[];
    /** the last message that this device can read */
    last?: { index: number; time_ms: number; account: Id; name: string; role: Role; text: string };
    /** messages of others after what this person has had on the screen (Asked.seen) */
    unread: number;
    /** when any other person's device was last heard; 0: never */
    heard_ms: number;
    /** when somebody last opened a used link of this chart (told to staff); absent: never */
    link_again_ms?: number;
    /** devices that were copied, by their person's word; `out`: of this chart; `back`: that person has another device here */
    copied?: { device: Id; account: Id; name: string; role: Role; since_ms: number; out: boolean; back: boolean }[];
}

export interface Member {
    device: Id;
    account: Id;
    name: string;
    /** where and when this person can be called, if their record says */
    phone?: string;
    hours?: string;
    role: Role | "custodian";
    purpose: "device" | "invitation" | "code" | "sheet";
    holder: boolean;
    self: boolean;
    since_epoch: number;
    expires_ms: number;
    /** entries of the chart that it said it has verified, and when it said so; absent: never */
    verified?: number;
    heard_ms?: number;
    /** when somebody last opened this person's used link (told to staff); absent: never */
    link_again_ms?: number;
}

export type EntryState = "clear" | "open" | "locked" | "withheld" | "void";

/** One entry of a chart's log. */
export interface Entry {
    chart: Id;
    index: number;
    time_ms: number;
    device: Id;
    account: Id;
    name: string;
    role?: Role;
    number: number;
    epoch: number;
    class: "epoch" | "certificate" | "message" | "record" | "visit" | "unknown";
    state: EntryState;
    /** why it is void, or counts for nothing */
    why?: ErrorName;
    /** accounts other than the author's of which a device has verified it: "verified on theirs" */
    verified_by: Id[];
    /* epoch entries */
    members?: number;
    added?: { account: Id; role: Role; purpose: Member["purpose"] }[];
    /* what was opened */
    kind?: "message" | "write" | "propose" | "answer" | "identity" | "visit" | "sign" | "unknown";
    token?: Token;
    /** a sign-off: what it means; the version that it made, if it counts */
    meaning?: Meaning;
    version?: number;
    base?: number;
    clock_ms?: number;
    text?: string;
    doc?: DocName;
    record?: Id;
    /** fields in their plain text form */
    fields?: Record<string, string>;
    proposal?: number;
    accepted?: boolean;
    subject?: Id;
    visit?: Id;
    visit_event?: "opened" | "ended";
    /** it takes that entry back, or makes it stand again */
    undoes?: number;
    redoes?: number;
}

/** A request of this device that is not in the log yet: "on this device". */
export interface Waiting {
    token: Token;
    chart: Id;
    /** a person joined since it was written: it waits for Asked.release (rule L4) */
    held: boolean;
    /** 0: a change of members, which has no time */
    composed_ms: number;
    kind: "message" | "write" | "propose" | "answer" | "identity" | "visit" | "sign" | "members" | "unknown";
    meaning?: Meaning;
    text?: string;
    doc?: DocName;
    record?: Id;
    fields?: Record<string, string>;
    proposal?: number;
    accepted?: boolean;
    subject?: Id;
    visit?: Id;
    visit_event?: "opened" | "ended";
}

export type DocName =
    | "pmr" | "map" | "people" | "profile" | "dtp" | "journal" | "allergies" | "visit" | "checkin";

export interface Said {
    /** from 1 */
    number: number;
    /** plain text form; "" is cleared */
    value: string;
    index: number;
    account: Id;
    device: Id;
    name: string;
    role: Role;
    time_ms: number;
    proposal?: number;
    proposed_by?: Id;
}
/** What was said before: a value, or of a text what an edit changed in it, from code point `at` on. */
export interface Earlier extends Omit<Said, "value"> {
    value?: string;
    changes?: { at: number; gone: string; came: string }[];
    current: boolean;
}
export interface FieldView {
    /** there if there is no conflict */
    value?: string;
    conflict: boolean;
    /** a prescriber's answer: what is recommended was changed since */
    outdated?: boolean;
    values: Said[];
}
export interface ProposalAnswer {
    index: number; accepted: boolean; current: boolean;
    account: Id; device: Id; name: string; role: Role; time_ms: number;
}
export interface Proposal {
    index: number;
    state: "pending" | "accepted" | "declined" | "contested";
    /** it waits behind more than are shown at once: what it says is worked out when those have an answer */
    later?: boolean;
    account: Id; device: Id; name: string; role: Role; time_ms: number;
    /** of a text: while it is to be shown, what it would say; else how it would change */
    fields: Record<string, string>;
    answers: ProposalAnswer[];
}
/** One medicine, or one action. */
export interface RecordView {
    chart: Id;
    doc: DocName;
    record: Id;
    /** "empty": it was added, and everything in it was taken back; like "declined" it is history */
    state: "present" | "proposed" | "declined" | "empty";
    conflicts: number;
    /** only fields that somebody said something for */
    fields: Record<string, FieldView>;
    proposals: Proposal[];
}

export type ValueKind =
    | "text" | "wording" | "line" | "choice" | "set" | "date" | "time" | "yes-no" | "regimen" | "record"
    | "position" | "number";
/** What this person's role may do. */
export type Access = "none" | "propose" | "direct";
export interface SchemaField {
    number: number;
    name: string;
    kind: ValueKind;
    access: Access;
    /** a patient or caregiver writes it directly */
    theirs: boolean;
    /** what its plain text form is like, in words */
    takes: string;
    plain: string;
    clinical: string;
    /** one short sentence for patients */
    help: string;
    /** of a number: its bounds */
    min?: number;
    max?: number;
    /** of a record: the document that it stands in */
    refers?: DocName;
    options: { name: string; plain: string; clinical: string }[];
}
export interface SchemaDocument {
    id: number;
    name: DocName;
    plain: string;
    clinical: string;
    help: string;
    /** how this person's role adds a record */
    adds: Access;
    /** it has this one record and no other; `write` without a record writes that one */
    record?: Id;
    fields: SchemaField[];
}

export type Meaning = "reviewed-with-patient" | "reviewed-alone" | "discharge-reconciled" | "unknown";
/** One signed version of the record. */
export interface Version {
    chart: Id;
    /** from 1, in log order */
    version: number;
    index: number;
    time_ms: number;
    account: Id; device: Id; name: string; role: Role;
    meaning: Meaning;
    /** the log size that was signed, and the hash of the documents there */
    base: number;
    schema: number;
    hash: string;
    /** signed in without a passkey's word */
    asserted: boolean;
    /** record of the visit that it belongs to */
    visit?: Id;
    /** the record changed since; by the entry `superseded_by` */
    superseded: boolean;
    superseded_by?: number;
    superseded_at_ms?: number;
}
/** All versions, and whether this person could sign now, or else why not and what to do. */
export interface Versions {
    versions: Version[];
    ready: boolean;
    error?: ErrorName;
    help?: string;
}

export interface CallView {
    /** admitted to the call; "waiting": in the waiting room; "none": not in it */
    state: "none" | "waiting" | "admitted";
    /** these three are "" in state "none" */
    chart: Id;
    visit: Id;
    host: Id;
    /** `role` interpreter: a guest, who has no account and no name; to a guest, nobody has either, nor a role ("") */
    participants: { device: Id; account: Id; name: string; role: Role | ""; muted: boolean; self: boolean }[];
    /** devices that wait to be let in (told to staff) */
    knocking: { device: Id; account: Id; name: string; role: Role | ""; since_ms: number }[];
    muted: boolean;
}

/** What a check of a chart's whole log found, as `galen verify` says it. */
export interface Check {
    /** something was shown, and nothing fails */
    holds: boolean;
    claims: Record<
        "practice" | "order" | "authorship" | "membership" | "completeness" | "heads" | "bodies" | "contents",
        "holds" | "fails" | "not-shown"
    >;
    size: number;
    root: string;
    /** the largest size that a member's signed head confirms */
    complete_to: number;
    withheld: number;
    findings: { claim: string; problem: ErrorName; index?: number; device?: Id }[];
    /** who signed to have verified this history, and when they were heard */
    verified: { device: Id; account: Id; name: string; size: number; heard_ms: number }[];
}

/* -- safety aids -------------------------------------------------------------------------------- */

/** A list by which a row of the tables can be checked (protocol/safety/SOURCES.md). */
export interface SafetySource { key: string; list: string; version: string; date: string }
export type Severity = "low" | "moderate" | "high";
/** A reason to look, never an order; it blocks nothing. Words: plain for patients and caregivers, else clinical. */
export interface Finding {
    /** the same as long as the same medicines are concerned; a problem of the list answers it by its `finding` */
    key: string;
    kind: "interaction" | "allergy" | "short-term" | "ingredient" | "class" | "age" | "pharmacies" | "writing";
    severity: Severity;
    /** medicines concerned; of kind "writing" it may be an action of the plan */
    records: Id[];
    allergies: Id[];
    title: string;
    why: string;
    /** what could be done */
    do: string;
    /** the same in plain words, whoever asks */
    plain: { title: string; why: string; do: string };
    source: SafetySource;
    status: "open" | "problem" | "set-aside";
    /** the record of the problem list that answers it */
    dtp?: Id;
}
export interface Findings {
    /** the gravest first */
    findings: Finding[];
    checked: { kind: Finding["kind"]; what: string; source: SafetySource }[];
    /** always to be shown beside: a short list is no clearance */
    not_checked: { what: string; records: Id[] }[];
    /** of the tables as a whole */
    data: { version: string; date: string };
}
/** A place in a text that is easily misread. Suggest it, never rewrite by yourself. */
export interface Writing {
    /** code points */
    at: number;
    size: number;
    text: string;
    rule: string;
    /** high: do not write it; low: better not */
    severity: Severity;
    title: string;
    why: string;
    /** what could stand there instead */
    suggestion: string;
    source: SafetySource;
}

/* -- taking back ------------------------------------------------------------------------------------ */

/** Why a change, or a field of it, stays as it is. */
export type Stays = "written-since" | "choice" | "same" | "role" | "used" | "signed" | "answered" | "open-before" | "too-long";
/** Something this person wrote, proposed or answered, by whichever of their devices. */
export interface Change {
    /** for `undo`, and of the entry that comes of it */
    token: Token;
    /** its entry, if it is in the log */
    index?: number;
    time_ms: number;
    kind: "write" | "propose" | "answer";
    /** it was taken back, and would stand again */
    again: boolean;
    /** it added the record */
    adds: boolean;
    /** of an answer */
    accepted?: boolean;
    doc: DocName;
    record: Id;
    /** what the record is called */
    title: string;
    /** "Special directions – Metformin", in the words of this person's role */
    what: string;
    why?: Stays;
    by?: { account: Id; name: string; role: Role };
    fields: {
        field: string; label: string; goes: boolean;
        why?: Stays; by?: { account: Id; name: string; role: Role };
        now?: string; then?: string;
    }[];
}
export interface Undoable {
    undo: Change | null;
    redo: Change | null;
    /** the newest change that stands and cannot be taken back; it is passed over */
    passed: Change | null;
    /** there is no undo, or it cannot be done now (`not-sent-yet`) */
    error?: ErrorName;
    help?: string;
}

/* -- what is asked ---------------------------------------------------------------------------------- */

/**
 * Every question with its answer. Those that change something answer at once with a `token`, and `done`,
 * `failed` or `held` is told later; they are kept through crashes and offline times.
 */
/** A text, and how it came of what somebody had made: in code points, one change after the other. */
export interface Merged {
    text: string;
    changes: { at: number; deleted: number; inserted: number }[];
}

/**
 * What somebody types: `text` as a whole; or how it changes a text, by parts of at most 60 code points around each change,
 * and where they are in what it says here, of so many `points`. None of it: the text that they began from is not here.
 */
export interface Drafted {
    stopped?: true;
    text?: string | undefined;
    changes?: { before: string; deleted: string; inserted: string; behind: string }[] | undefined;
    caret?: number | undefined;
    end?: number | undefined;
    points?: number | undefined;
}

export interface Questions {
    home: { ask: object; answer: Home };
    /** in the words of a language, "en" if none is named */
    schema: { ask: { language?: string }; answer: SchemaDocument[] };
    charts: { ask: object; answer: ChartSummary[] };
    members: { ask: { chart: Id }; answer: Member[] };
    /**
     * At most 256 at a time, ascending: the first `count` from `from` on, or the last `count` before
     * `before`. `class` leaves out others, which then do not count.
     */
    entries: {
        ask: { chart: Id; count: number; class?: Entry["class"] } & ({ from: number } | { before: number });
        answer: Entry[];
    };
    records: { ask: { chart: Id; doc: DocName }; answer: RecordView[] };
    /** everything that was ever said for one field, in log order */
    history: { ask: { chart: Id; doc: DocName; record: Id; field: string }; answer: Earlier[] };
    /** all documents as they were when the log had `before` entries; `record-not-open` for who may not read them */
    then: {
        ask: { chart: Id; before: number };
        answer: { size: number; time_ms: number; records: Record<DocName, RecordView[]> };
    };
    /** what this person could take back of what they wrote, or make stand again */
    undoable: { ask: { chart: Id; language?: string }; answer: Undoable };
    /** what a second look at the medicines finds, and what it did not look at; "today" is this device's */
    findings: { ask: { chart: Id }; answer: Findings };
    /** while somebody types; `field` is a field's name, or "regimen.dose" and the like for one part of a regimen */
    writing: { ask: { doc: DocName; field: string; text: string }; answer: Writing[] };
    /** what somebody `made` of a text that `was` so, now that it is `shown` otherwise */
    merge: { ask: { was: string; made: string; shown: string }; answer: Merged };
    waiting: { ask: { chart: Id }; answer: Waiting[] };
    versions: { ask: { chart: Id }; answer: Versions };
    /**
     * The three papers to take home, or the current list for another pharmacy: each a whole HTML document
     * without script. Of the version with this number; without one, of the newest (the list: if it is not
     * superseded); 0, or where nothing was signed: of the record as it is, marked as not signed.
     */
    papers: {
        ask: { chart: Id; version?: number; list?: boolean; paper?: "letter" | "a4"; zone?: string };
        answer: {
            signed: boolean; version?: number; superseded?: boolean;
            papers: { name: "cover-letter" | "to-do-list" | "medication-list" | "current-list"; title: string; html: string }[];
        };
    };
    call: { ask: object; answer: CallView };

    /**
     * What a link, code or sheet says, without using it: all three look alike. `device` is what the link
     * is; of an invitation it is the new person's account, too. `guest_until_ms`: it is an interpreter's.
     */
    look: { ask: { link: string }; answer: { host: string; practice: Id; device: Id; guest_until_ms?: number } };
    /** the name was given by whoever invites */
    join: { ask: { link: string }; answer: object };
    /** after `lost-asked` */
    lost: { ask: { devices: Id[] }; answer: object };

    chart_new: { ask: { name: string }; answer: { token: Token; chart: Id } };
    invite: { ask: { role: Role; chart?: Id; name: string }; answer: { token: Token; link: string; account: Id } };
    /** staff: for an interpreter, to the visit that is open in the chart; works at once, and is written nowhere */
    invite_guest: { ask: { chart: Id }; answer: { link: string; until_ms: number } };
    further_device: { ask: { purpose: "code" | "sheet" }; answer: { token: Token; link: string; device: Id } };
    remove_device: { ask: { device: Id }; answer: { token: Token } };
    /** this device was copied, and is out for good; the event "shut-out" says when the server knows */
    shut_out: { ask: object; answer: object };
    add_member: { ask: { chart: Id; account: Id }; answer: { token: Token } };
    remove_member: { ask: { chart: Id; account: Id }; answer: { token: Token } };
    renew: { ask: { chart: Id }; answer: { token: Token } };
    identify: { ask: { chart: Id; account: Id; check: string }; answer: { token: Token } };
    message: { ask: { chart: Id; text: string }; answer: { token: Token } };
    /** fields in their plain text form; "" clears. Without `record`: a new one, answered. `was`, for one text alone: what it
     *  said when the person began, so that what came meanwhile stays. */
    write: {
        ask: { chart: Id; doc: DocName; record?: Id; fields: Record<string, string>; was?: string };
        answer: { token: Token; record: Id; proposed: boolean };
    };
    answer: { ask: { chart: Id; proposal: number; accepted: boolean }; answer: { token: Token } };
    /** takes back, or makes stand again, the change that `undoable` gave with this token; `not-up-to-date`: it would
     *  be another one by now. What was never sent is dropped, and `done` comes for its own token. */
    undo: { ask: { chart: Id; token: Token }; answer: { token: Token } };
    /**
     * pharmacists: signs the record as it is here. `seen`: how many entries the chart had that this person was shown;
     * changed-meanwhile: others changed the record since. `failed` not-up-to-date: something came in between
     */
    sign: { ask: { chart: Id; seen: number; meaning: Exclude<Meaning, "unknown">; visit?: Id }; answer: { token: Token } };
    release: { ask: { token: Token; send: boolean }; answer: object };
    /** this person has had the chart on the screen up to (not including) this entry */
    seen: { ask: { chart: Id; size: number }; answer: object };
    /** checks all that was read of a chart anew, as if somebody else had given it: every signature and head */
    check: { ask: { chart: Id }; answer: Check };
    /** sealed evidence of the chart for `galen verify` */
    evidence: { ask: { chart: Id }; answer: { bytes: Uint8Array } };

    /** the live line: presence, drafts, visits */
    live: { ask: { on: boolean }; answer: object };
    /**
     * What this person is typing, as a whole; "" when they stopped. In a text: what they `made` of what it `was`, which
     * answers the `tag` of that; or how to change the one with that tag. `caret` and the selection's other `end`, and
     * `at` and `deleted`, are code points.
     */
    draft: {
        ask: { chart: Id; doc: DocName; record: Id; field: string } & ({ text: string }
            | ({ caret: number; end: number } & ({ was: string; made: string } | { tag: string; at: number; deleted: number; inserted: string })));
        answer: { tag?: string };
    };
    visit_open: { ask: { chart: Id }; answer: { visit: Id } };
    visit_end: { ask: { chart: Id }; answer: object };
    /** a guest names no chart */
    knock: { ask: { chart?: Id }; answer: object };
    admit: { ask: { device: Id; admitted: boolean }; answer: object };
    leave: { ask: object; answer: object };
    mute: { ask: { muted: boolean }; answer: object };
    /** hands over the port on which the voice passes (a transferred MessagePort) */
    voice: { ask: { port: MessagePort }; answer: object };
}
export type QuestionName = keyof Questions;
export type Asked<N extends QuestionName = QuestionName> = { id: number; do: N; with: Questions[N]["ask"] };
export type Answered =
    | { id: number; ok: true; answer: unknown }
    | { id: number; ok: false; failure: Failure };

/* -- what is told ----------------------------------------------------------------------------------- */

/** Events of the engine (`galen agent --json` prints the same), and of the browser's own. */
export type Told =
    | { event: "ready" }                                            /* the core answers from now on */
    | { event: "online" | "offline"; line: "log" | "live"; error?: ErrorName }
    | { event: "refused"; error: ErrorName; help: string; used_ms?: number }
    | { event: "joined"; device: Id; account: Id }
    | { event: "lost-asked"; devices: Id[] }
    | { event: "chart"; chart: Id; epoch: number }
    | { event: "current"; chart: Id; size: number }
    | { event: "reopened"; chart: Id }
    | { event: "withheld"; chart: Id; index: number }
    | { event: "fork" | "cloned" | "charts-full"; chart: Id; error: ErrorName; help: string }
    | ({ event: "entry" } & Entry)
    | { event: "done"; token: Token; chart: Id; index?: number }
    /** `failed`, with what the person wrote, which nothing else has any more */
    | { event: "failed" | "held"; token: Token; chart: Id; error: ErrorName; help: string; text?: string }
    | { event: "verified"; chart: Id; device: Id; account: Id; size: number }
    | { event: "link-again"; chart: Id; device: Id; account: Id; at_ms: number }
    /** without a chart: this device's own word is with the server */
    | { event: "shut-out"; chart?: Id; device: Id; account: Id; name?: string; at_ms: number }
    | { event: "clock"; off_ms: number }
    | { event: "presence"; chart: Id; device: Id; account: Id; name: string; here: boolean }
    | ({ event: "draft"; chart: Id; device: Id; account: Id; name: string; doc: DocName; record: Id; field: string } & Drafted)
    | { event: "visit" | "visit-ended"; chart: Id; visit: Id }
    | { event: "knock"; chart: Id; visit: Id; device: Id; account: Id; name: string }
    | { event: "waiting"; chart: Id; visit: Id }
    | { event: "admitted"; chart: Id; visit: Id; admitted: boolean }
    | { event: "call"; chart: Id; visit: Id; participants: number } /* ask `call` */
    | { event: "call-failed"; error: ErrorName; help: string }
    | { event: "seen"; chart: Id; size: number }                    /* `unread` is less now, maybe by another tab */
    | { event: "held-elsewhere" }                                   /* another tab answers now */
    | { event: "storage-lost" }                                     /* the browser cleared the state: get back in */
    | { event: "broken"; failure: Failure };                        /* the core cannot go on: load again */

/* -- the voice -------------------------------------------------------------------------------------- */

/** From the sound part to the core: one packet of 20 ms, every 20 ms. */
export type VoiceIn = { packet: Uint8Array };
/** From the core to the sound part: somebody's packet; or somebody left. `number` counts their 20 ms. */
export type VoiceOut = { device: Id; number: number; packet: Uint8Array } | { gone: Id };
