/* A visit as it goes along: which one, where it is, and what is still open at each step. */
import type { DocName, Entry, Finding, Findings, Id, Meaning, RecordView, Version, Versions } from "../core/protocol.ts";
import { go, refresh, ask } from "./effects.ts";
import { change } from "./change.ts";
import { failureOf } from "./core.ts";
import { addRecord, once, writeFields } from "./invite.ts";
import { shownValue, waitingValue } from "./typing.ts";
import { steps, tree, type ChartPlace, type RecordDoc, type Step, type Wantable } from "./tree.ts";
import { linked, linkTo, readSet, shownFields, timeOf, today, valueOf } from "./values.ts";

/** What a visit works on. */
export const flowWants: Wantable[] = ["visit", "pmr", "allergies", "profile", "dtp", "map", "journal", "findings", "versions"];

export const findings = (): Findings | undefined => {
    const part = tree.open.value?.findings;
    return part?.state === "here" ? part.value : undefined;
};
export const versions = (): Versions | undefined => {
    const part = tree.open.value?.versions;
    return part?.state === "here" ? part.value : undefined;
};
/** The last one; whether it still stands, it says itself. */
export const lastVersion = (): Version | undefined => versions()?.versions.at(-1);

export const here = (doc: RecordDoc): RecordView[] => {
    const part = tree.open.value?.records[doc];
    return part?.state === "here" ? part.value : [];
};
export const countOf = (doc: RecordDoc): RecordView[] => here(doc).filter((r) => r.state === "present" || r.state === "proposed");

/** What the patient takes now, or may take: all but what was stopped. Who only proposes that stops nothing. */
export const medicinesNow = (): RecordView[] => countOf("pmr").filter((r) => valueOf(r, "status") !== "stopped" || r.conflicts > 0);

const msOf = (record: RecordView, field: string): number => Date.parse(valueOf(record, field)) || 0;
export const startedMs = (visit: RecordView): number => msOf(visit, "started");
/** The same for what was said in it, which bears the server's time: the clock that began it may be ahead of that. */
export const beganMs = (visit: RecordView): number =>
    Math.min(startedMs(visit), visit.fields["started"]?.values.at(-1)?.time_ms ?? Infinity);

/** The visit that is going on: the last one that began and has not ended. */
export function visitNow(): RecordView | undefined {
    const begun = countOf("visit").filter((r) => startedMs(r) > 0 && valueOf(r, "ended") === "");
    return begun.reduce<RecordView | undefined>((last, r) => last && startedMs(last) > startedMs(r) ? last : r, undefined);
}

/** The last one that is over and that nobody has signed yet. */
export function visitToSign(): RecordView | undefined {
    const last = countOf("visit").filter((r) => startedMs(r) > 0 && valueOf(r, "ended") !== "")
        .reduce<RecordView | undefined>((one, r) => one && startedMs(one) > startedMs(r) ? one : r, undefined);
    const known = versions();
    return last && known && !known.versions.some((one) => one.visit === last.record) ? last : undefined;
}

export function stepOf(visit: RecordView): Step {
    const step = valueOf(visit, "step");
    return steps.find((one) => one === step) ?? "start";
}

/** Begun and not ended: up to now. */
export function minutesOf(visit: RecordView, now: number): number {
    const said = valueOf(visit, "minutes");
    if (said !== "")
        return Number(said);
    const from = startedMs(visit), to = msOf(visit, "ended") || now;
    return from === 0 ? 0 : Math.max(0, Math.round((to - from) / 60_000));
}

/** The record's id of a live visit: the first half of the visit's. */
const recordOfLive = (visit: Id): Id => visit.slice(0, 32);

/** Goes to the visit that is going on, or begins one; `planned`: that one. `live`: the call it belongs to. */
export const beginVisit = (chart: Id, { live, planned }: { live?: Id | undefined; planned?: Id } = {}): Promise<void | null> => once(`begin ${chart}`, async () => {
    await refresh("visit");
    const now = planned ? undefined : visitNow();
    const fields = { started: timeOf(Date.now()), step: "start" };
    const id = now?.record ?? planned ?? (live ? recordOfLive(live) : undefined);
    const record = now ? now.record
        : planned ? (await writeFields(chart, "visit", planned, fields), planned)
            : await addRecord(chart, "visit", { ...fields, ...(live ? { delivery: "audio" } : {}) }, id);
    if (record)
        go({ at: "chart", chart, part: "visit", record });
});

/** The step is everybody's: who looks on sees where the visit is. */
export function toStep(chart: Id, visit: RecordView, step: Step, ours: boolean): void {
    if (ours && stepOf(visit) !== step)
        void writeFields(chart, "visit", visit.record, { step });
    go({ at: "chart", chart, part: "visit", record: visit.record, step });
}

/** The minutes are those from the start to the end; whoever corrects them later writes the field. */
export const finishVisit = (chart: Id, visit: RecordView): Promise<boolean> => {
    const ended = Date.now();
    return writeFields(chart, "visit", visit.record, { ended: timeOf(ended), minutes: String(Math.min(1440, minutesOf(visit, ended))) });
};

/** When the call ends for everybody, so does the visit that it belonged to. */
export async function finishWithCall(chart: Id): Promise<void> {
    try {
        const records = await ask("records", { chart, doc: "visit" });
        const call = tree.call.value;
        const visit = records.find((r) => call && r.record === recordOfLive(call.visit));
        if (visit && valueOf(visit, "ended") === "" && startedMs(visit) > 0)
            await finishVisit(chart, visit);
    } catch (thrown) {
        change({ do: "problem", failure: failureOf(thrown), chart });
    }
}

/* -- what is still open ------------------------------------------------------------------------------- */

export type Open =
    | "type" | "place" | "identity" | "consent" | "kinds" | "taken" | "allergies" | "brown_bag" | "reconcile" | "findings" | "proposals"
    | "unanswered" | "actions" | "next" | "read_back" | "teach_back" | "ended" | "signature";
export interface Left {
    what: Open;
    count: number;
}

/** Kinds of medicines that nobody has asked about in this visit. */
export function kindsLeft(visit: RecordView, kinds: string[]): string[] {
    const asked = readSet(shownValue({ chart: visit.chart, doc: "visit", record: visit.record, field: "asked" }));
    return kinds.filter((kind) => !asked.includes(kind));
}

const saidSince = (record: RecordView, field: string, ms: number): boolean =>
    (record.fields[field]?.values ?? []).some((said) => said.time_ms >= ms && said.value !== "");

/** What was written here a moment ago counts, too: nobody presses twice. */
export const taughtIn = (visit: RecordView, medicine: RecordView): boolean =>
    waits(medicine, "teach_back") === "yes" ||
    (valueOf(medicine, "teach_back") === "yes" && saidSince(medicine, "teach_back", beganMs(visit)));

const waits = (medicine: RecordView, field: string) => waitingValue({ chart: medicine.chart, doc: "pmr", record: medicine.record, field });

/** What was said in this visit of what becomes of it; "": nothing. (protocol/doc/reconcile.c says the same of what is in the log.) */
export const lineIn = (visit: RecordView, medicine: RecordView): string =>
    waits(medicine, "discharge") ?? (saidSince(medicine, "discharge", beganMs(visit)) ? valueOf(medicine, "discharge") : "");
const lastSaid = (record: RecordView, field: string): number => Math.max(0, ...(record.fields[field]?.values ?? []).map((said) => said.index));
/** What was decided is not what the list says. What its status became afterwards is another matter. */
const againstStatus = (medicine: RecordView): boolean => lastSaid(medicine, "status") <= lastSaid(medicine, "discharge") &&
    (valueOf(medicine, "discharge") === "stopped") !== (valueOf(medicine, "status") === "stopped");
/** Decided in this visit, or left open with a reason. */
export const reconciledIn = (visit: RecordView, medicine: RecordView): boolean => {
    const open = lineIn(visit, medicine) === "not-decided", field = open ? "discharge_why" : "discharge";
    return Boolean(waits(medicine, field)) || (saidSince(medicine, field, beganMs(visit)) && (open || !againstStatus(medicine)));
};

/** Said to be changed, and it is taken as it was. */
export const changedAsBefore = (visit: RecordView, medicine: RecordView): boolean => lineIn(visit, medicine) === "changed" &&
    valueOf(medicine, "status") !== "on-hold" && !["regimen", "instructions"].some((field) => saidSince(medicine, field, beganMs(visit)));

/** What a decision writes; `was`: its status before it was stopped. Who takes a stop of this visit back takes all of it back. */
export function decision(visit: RecordView, medicine: RecordView, as: string, was: string, now = Date.now()): Record<string, string> {
    const said = (field: string) => waits(medicine, field) ?? valueOf(medicine, field), stopped = said("status") === "stopped";
    if (as === "stopped")
        return { discharge: as, status: as, ...(stopped && said("stop") !== "" ? {} : { stop: today(now) }) };
    return { discharge: as, ...(stopped && (as !== "not-decided" || lineIn(visit, medicine) === "stopped")
        ? { status: was === "on-hold" ? was : "active", stop: "" } : {}) };
}

/** What the hospital's letter has to be held against: all that was taken when the visit began, and what came since; so
 *  what was stopped elsewhere meanwhile, too. */
export const toReconcile = (visit: RecordView): RecordView[] => countOf("pmr").filter((r) =>
    valueOf(r, "status") !== "stopped" || saidSince(r, "discharge", beganMs(visit)) || saidSince(r, "status", beganMs(visit)));

const openProblems = (): RecordView[] =>
    countOf("dtp").filter((r) => !["resolved", "set-aside", "unresolved"].includes(shownFields(r)["status"] ?? ""));
export const isAnswered = (problem: RecordView): boolean =>
    valueOf(problem, "recommendation") !== "" || countOf("map").some((r) => linked(shownFields(r)["dtp"] ?? "") === problem.record);
/** Problems for which nothing is planned, and nobody is asked. */
export const problemsLeft = (): RecordView[] => openProblems().filter((r) => !isAnswered(r));

/** Only what staff say ends a step; nothing here keeps anybody from going on. */
export function leftIn(step: Step, visit: RecordView, kinds: string[]): Left[] {
    const not = (field: string) => Number(valueOf(visit, field) === "");
    const medicines = medicinesNow();
    const asked = (records: RecordView[]) => records.filter((r) => r.proposals.some((p) => p.state === "pending" || p.state === "contested")).length;
    const profile = here("profile")[0];
    const known = profile ? valueOf(profile, "allergies_known") : "";
    const all: Record<Step, Left[]> = {
        start: [
            { what: "type", count: not("type") }, { what: "place", count: not("place") }, { what: "identity", count: not("identity") },
            { what: "consent", count: Number(valueOf(visit, "consent") !== "given") },
        ],
        collect: [
            ...(valueOf(visit, "type") === "discharge"
                ? [{ what: "reconcile" as const, count: toReconcile(visit).filter((r) => !reconciledIn(visit, r)).length }] : []),
            { what: "kinds", count: kindsLeft(visit, kinds).length },
            { what: "taken", count: medicines.filter((r) => !r.fields["taken_as"] && !r.fields["adherence"]).length },
            { what: "allergies", count: Number(known === "" || known === "not-asked") },
            { what: "brown_bag", count: not("brown_bag") },
            { what: "proposals", count: asked([...countOf("allergies"), ...countOf("profile")]) },
        ],
        assess: [
            { what: "findings", count: findings()?.findings.filter((one) => one.status === "open").length ?? 0 },
            { what: "proposals", count: asked([...medicines, ...countOf("dtp")]) },
        ],
        plan: [
            { what: "unanswered", count: problemsLeft().length },
            { what: "proposals", count: asked(countOf("map")) },
            { what: "actions", count: countOf("map").filter((r) => r.state === "present" && (!shownFields(r)["owner"] || !shownFields(r)["due"])).length },
            { what: "next", count: Number(not("next_at") === 1 && not("next_none") === 1) },
        ],
        agree: [
            { what: "read_back", count: Number(valueOf(visit, "read_back") !== "yes") },
            { what: "teach_back", count: medicines.filter((r) => !taughtIn(visit, r)).length },
        ],
        sign: [
            { what: "ended", count: not("ended") },
            { what: "signature", count: Number(!versions()?.versions.some((one) => one.visit === visit.record && !one.superseded)) },
        ],
    };
    return all[step].filter((left) => left.count > 0);
}

/** What keeps a signature from being given: fields in which two answers stand. */
export const conflicted = (): { doc: RecordDoc; record: RecordView }[] =>
    (Object.keys(tree.open.value?.records ?? {}) as RecordDoc[])
        .flatMap((doc) => countOf(doc).filter((r) => r.conflicts > 0).map((record) => ({ doc, record })));

export const placeOf = (chart: Id, doc: RecordDoc, record: Id, back?: ChartPlace): ChartPlace =>
    ({ at: "chart", chart, part: doc, record, ...(back ? { back } : {}) });

/* -- findings ------------------------------------------------------------------------------------------ */

const categories: Partial<Record<Finding["kind"], string>> = {
    ingredient: "unnecessary-therapy", class: "unnecessary-therapy", pharmacies: "needs-monitoring-safety", "short-term": "needs-monitoring-safety",
    interaction: "adverse-reaction", allergy: "adverse-reaction", age: "adverse-reaction",
};

/** What the problem list begins with when a finding is taken into it. */
export function problemOf(finding: Finding, names: string): Record<string, string> {
    const category = categories[finding.kind];
    return {
        condition: finding.title, medicines: names, finding: finding.key, severity: finding.severity, status: "open", note: finding.why,
        ...(category ? { category, axis: category === "unnecessary-therapy" ? "indication" : "safety" } : {}),
        ...(finding.records[0] ? { medicine: linkTo(tree.schema.value.find((d) => d.name === "pmr"), finding.records[0]) } : {}),
    };
}

export const takeAsProblem = (chart: Id, finding: Finding, names: string): Promise<Id | null> =>
    addRecord(chart, "dtp", problemOf(finding, names));

export const setAside = (chart: Id, finding: Finding, names: string, reason: string): Promise<Id | null> =>
    addRecord(chart, "dtp", { ...problemOf(finding, names), status: "set-aside", set_aside_reason: reason });

/* -- signing --------------------------------------------------------------------------------------------- */

/** What changes in these is in no version, and supersedes none (PROTOCOL.md, "Sign-off"). */
const asides: (DocName | undefined)[] = ["people", "journal", "visit", "checkin"];

/** What others said of the record since the chart had so many entries, and where. */
export function changedSince(seen: number): { entry: Entry; doc?: DocName; record?: Id }[] {
    const open = tree.open.value, home = tree.home.value;
    const entries = open?.entries.state === "here" ? open.entries.value : [];
    const me = home.state === "here" ? home.value.device : "";
    return entries.filter((e) => e.index >= seen && e.device !== me && e.state === "open" && !e.why && ["write", "propose", "answer"].includes(e.kind ?? ""))
        .map((entry) => {
            const { doc, record } = entry.kind === "answer" ? entries.find((e) => e.index === entry.proposal) ?? {} : entry;
            return { entry, ...(doc ? { doc } : {}), ...(record ? { record } : {}) };
        })
        .filter(({ doc }) => !asides.includes(doc));
}

/**
 * Signs what was shown when the chart had `seen` entries; what was written here a moment ago is in the log first.
 * False: others changed the record since, and it is looked at first.
 */
export const sign = async (chart: Id, seen: number, meaning: Exclude<Meaning, "unknown">, visit: Id): Promise<boolean> => await once(`sign ${chart}`, async () => {
    try {
        await ask("sign", { chart, seen, meaning, visit });
        await refresh("waiting", "versions");
    } catch (thrown) {
        const failure = failureOf(thrown);
        if (failure.error === "changed-meanwhile")
            return false;
        change({ do: "problem", failure, chart });
    }
    return true;
}) ?? true;
