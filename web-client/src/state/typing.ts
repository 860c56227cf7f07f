/*
 * Fields while they are typed in. What is typed goes out live at once (a draft, stored nowhere), and into
 * the log after a pause or when the field is left. If somebody else writes the field meanwhile, nothing is
 * written before the person has said which: their text would replace the other one unseen. Of a text that
 * several people write together, what comes meanwhile is merged into what is typed, where they see it.
 */
import type { DocName, Id, Merged, RecordView } from "../core/protocol.ts";
import { change } from "./change.ts";
import { failureOf } from "./core.ts";
import { ask, newsComes, refresh } from "./effects.ts";
import { editKey, isRecordDoc, tree } from "./tree.ts";
import { valueKey } from "./values.ts";

/** Drafts of one field are so far apart at least. */
export const DRAFT_EVERY_MS = 40;
export const PAUSE_MS = 1000;

export interface Place {
    chart: Id;
    doc: DocName;
    record: Id;
    field: string;
}

/** How an edit ends: by itself, or only when the person says so (a whole regimen, a suggestion). */
export type Ending = "pause" | "asked";

const pauses = new Map<string, { timer: number; place: Place }>();
const drafting = new Set<string>();

const keyOf = (p: Place): string => editKey(p.chart, p.doc, p.record, p.field);

/** `value` null: what stands in the field is no value (yet). `was`: of a text, what it said before. */
export function typed(place: Place, value: string | null, base: string, ending: Ending, raw?: string, was?: string): void {
    const key = keyOf(place);
    change({ do: "typed", key, text: value ?? raw ?? "", base, now: baseOf(place), wrong: value === null, was });
    if (value !== null && was === undefined)
        void draftWhileTyped(key, place);
    window.clearTimeout(pauses.get(key)?.timer);
    if (ending === "pause")
        pauses.set(key, { place, timer: window.setTimeout(() => void settle(place), PAUSE_MS) });
}

/** What forms of new records began with, by field, and messages, by chart: nobody typed that. */
const begun = new Map<string, string>();

/** What a new record begins with stands in its form, unless something was typed there before; what another one began with does not. */
export function beginWith(chart: Id, doc: DocName, fields: Record<string, string>): void {
    for (const [key, text] of begun)
        if (key.startsWith(editKey(chart, doc, "new", "")) && tree.edits.value[key]?.text === text)
            change({ do: "edit-dropped", key });
    for (const [field, text] of Object.entries(fields)) {
        const key = editKey(chart, doc, "new", field);
        begun.set(key, text);
        if (!tree.edits.value[key])
            change({ do: "typed", key, text, base: "", now: "", wrong: false });
    }
}

/** A message begins with what it is about, unless something stands there. */
export function beginMessage(chart: Id, text: string): void {
    if ((tree.composing.value[chart] ?? "").trim() !== "")
        return;
    begun.set(chart, text);
    change({ do: "compose", chart, text });
}

/** The form is done with: nothing of it is there for the next one. */
export function endNew(chart: Id, doc: DocName): void {
    for (const key of Object.keys(tree.edits.value))
        if (key.startsWith(editKey(chart, doc, "new", "")))
            change({ do: "edit-dropped", key });
}

/** The field is left: no need to wait for the pause. */
export function left(place: Place): void {
    const key = keyOf(place);
    if (pauses.has(key))
        void settle(place);
    tags.delete(key);
    if (spots.delete(key) && !tree.edits.value[key])
        void sendDraft(place, "");
}

/** Where somebody is in a text that several write: what it `was` when they began, what they made of it, and the selection. */
export interface Spot {
    was: string;
    made: string;
    /** in the control's own units */
    caret: number;
    end: number;
}

const spots = new Map<string, Spot>();
const tags = new Map<string, { was: string; tag: string }>();
/** What is put in at one place; more is compared in the core, which says less of it. */
const INSERTED_MAX = 2000;

/** They type there, or only moved the caret. */
export function isAt(place: Place, spot: Spot): void {
    const key = keyOf(place);
    spots.set(key, spot);
    void paced(key, () => spots.get(key), (one, other) => one.was === other.was && one.made === other.made && one.caret === other.caret && one.end === other.end,
        (one) => sendSpot(key, place, one));
}

async function sendSpot(key: string, place: Place, { was, made, caret, end }: Spot): Promise<void> {
    if (place.record === "new")
        return;
    const where = { ...place, caret: pointsIn(made, caret), end: pointsIn(made, end) };
    const known = tags.get(key), change = between(was, made);
    const splice = known?.was === was && change.inserted.length <= INSERTED_MAX && {
        tag: known.tag, at: pointsIn(was, change.at), deleted: pointsIn(was, change.at + change.deleted, change.at), inserted: change.inserted,
    };
    const answer = await ask("draft", splice ? { ...where, ...splice } : { ...where, was, made }).catch(() => undefined);
    if (answer?.tag)
        tags.set(key, { was, tag: answer.tag });
}

/* The first goes out at once; then, again and again, what stands there when the line has taken the one before. */
async function paced<T>(key: string, now: () => T | undefined, same: (one: T, other: T) => boolean, send: (one: T) => Promise<unknown>): Promise<void> {
    if (drafting.has(key))
        return;
    drafting.add(key);
    for (let sent: T | undefined, one = now(); one !== undefined && !(sent !== undefined && same(one, sent)); one = now()) {
        sent = one;
        await Promise.all([send(one), new Promise((resolve) => setTimeout(resolve, DRAFT_EVERY_MS))]);
    }
    drafting.delete(key);
}

const draftWhileTyped = (key: string, place: Place): Promise<void> => paced(key, () => {
    const edit = tree.edits.value[key];
    return edit && edit.stage !== "wrong" ? edit.text : undefined;
}, (one, other) => one === other, (text) => sendDraft(place, text));

/* Nobody misses a draft that did not go out: the line is down, or the record is not there yet. */
async function sendDraft(place: Place, text: string): Promise<void> {
    if (place.record !== "new")
        await ask("draft", { ...place, text }).catch(() => undefined);
}

function forget(key: string): void {
    window.clearTimeout(pauses.get(key)?.timer);
    pauses.delete(key);
}

async function settle(place: Place): Promise<void> {
    const key = keyOf(place);
    const edit = tree.edits.value[key];
    window.clearTimeout(pauses.get(key)?.timer);
    pauses.delete(key);
    if (!edit || edit.stage !== "typing")
        return;
    if (edit.was === undefined ? edit.text === edit.base && waitingValue(place) === undefined : edit.text === edit.was)
        return drop(place);
    await write(place);
}

/** Writes the field as it is typed now. Answers whether the core took it. */
export async function write(place: Place): Promise<boolean> {
    const key = keyOf(place);
    const edit = tree.edits.value[key];
    if (!edit)
        return true;
    forget(key);
    /* Nobody writes over what the core has and they have not been shown yet. */
    if (edit.was === undefined && newsComes()) {
        await newsComes();
        const now = tree.edits.value[key];
        if (!now || (now.stage === "undecided" && now.base !== edit.base))
            return !now;
    }
    const text = tree.edits.value[key]?.text ?? edit.text;
    change({ do: "edit", key, stage: "writing" });
    try {
        const { chart, doc, record, field } = place;
        await ask("write", { chart, doc, record, fields: { [field]: text }, ...(edit.was === undefined ? {} : { was: edit.was }) });
        await refresh("waiting");
        change({ do: "written", key, text, base: baseOf(place) });
        if (!tree.edits.value[key] && !spots.has(key))
            void sendDraft(place, "");
        return true;
    } catch (thrown) {
        const failure = failureOf(thrown);
        change({ do: "edit", key, stage: pauses.has(key) ? "typing" : failure.error === "bad-value" ? "wrong" : "refused" });
        if (failure.error !== "bad-value")
            change({ do: "problem", failure, chart: place.chart, text });
        return false;
    }
}

/**
 * What others wrote comes into a text while it is typed in: `put` puts it into the control, if what was `made`
 * there still stands there. Nothing of it while the core has the text in hand: what comes back is merged then.
 */
export async function mergeIn(place: Place, shown: string, stands: string, put: (made: string, merged: Merged) => boolean): Promise<void> {
    const key = keyOf(place);
    const edit = tree.edits.value[key];
    if (edit?.stage === "writing")
        return;
    const made = edit?.text ?? stands;
    const merged = await ask("merge", { was: edit?.was ?? stands, made, shown }).catch(() => undefined);
    if (!merged || tree.edits.value[key] !== edit || !put(made, merged))
        return;
    if (edit)
        change({ do: "merged", key, from: edit, text: merged.text, shown });
}

/** Where a place in a text, in the control's own units, stands after the changes; what comes just there comes behind it. */
export function moved(text: string, place: number, { text: now, changes }: Merged): number {
    let point = pointsIn(text, place);
    for (const { at, deleted, inserted } of changes)
        if (point > at)
            point = point >= at + deleted ? point - deleted + inserted : at + inserted;
    return unitsOf(now, point);
}

/* -- code points: strings have units of 16 bits, of which two may be one -- */

const isHigh = (unit: number): boolean => (unit & 0xfc00) === 0xd800;
const isLow = (unit: number): boolean => (unit & 0xfc00) === 0xdc00;

export function pointsIn(text: string, to: number, from = 0): number {
    let points = to - from;
    for (let i = from; i < to; i++)
        if (isLow(text.charCodeAt(i)))
            points--;
    return points;
}

export function unitsOf(text: string, points: number): number {
    let unit = 0;
    for (; points > 0 && unit < text.length; points--)
        unit += isHigh(text.charCodeAt(unit)) ? 2 : 1;
    return unit;
}

/** What makes one text of another: whole code points, at one place. */
export function between(was: string, made: string): { at: number; deleted: number; inserted: string } {
    const least = Math.min(was.length, made.length);
    let at = 0, behind = 0;
    if (was !== made) {
        while (at < least && was.charCodeAt(at) === made.charCodeAt(at))
            at++;
        if (at > 0 && isHigh(was.charCodeAt(at - 1)))
            at--;
        while (behind < least - at && was.charCodeAt(was.length - 1 - behind) === made.charCodeAt(made.length - 1 - behind))
            behind++;
        if (behind > 0 && isLow(was.charCodeAt(was.length - behind)))
            behind--;
    } else
        at = least;
    return { at, deleted: was.length - at - behind, inserted: made.slice(at, made.length - behind) };
}

/** Where a place in one text stands in the other. */
export function through(was: string, made: string, place: number): number {
    const { at, deleted, inserted } = between(was, made);
    if (place <= at)
        return place;
    return place >= at + deleted ? place - deleted + inserted.length : at + Math.min(place - at, inserted.length);
}

/** What this device wrote for the field and the log does not have yet. */
export function waitingValue(place: Place): string | undefined {
    const open = tree.open.value;
    const list = open?.chart === place.chart ? open.waiting : [];
    return list.filter((w) => w.kind === "write" && w.doc === place.doc && w.record === place.record)
        .map((w) => w.fields?.[place.field])
        .filter((value) => value !== undefined)
        .at(-1);
}

/** What stands in the field for this person: what they typed, else what they wrote, else what the record says. */
export function shownValue(place: Place): string {
    const edit = tree.edits.value[keyOf(place)];
    return edit && edit.stage !== "wrong" ? edit.text : waitingValue(place) ?? recordOf(place)?.fields[place.field]?.value ?? "";
}

/** Put there by a press: written at once, and what is pressed next builds on it. */
export function press(place: Place, value: string): void {
    typed(place, value, baseOf(place), "pause");
    left(place);
}

function recordOf(place: Place): RecordView | undefined {
    const records = isRecordDoc(place.doc) ? tree.open.value?.records[place.doc] : undefined;
    return records?.state === "here" ? records.value.find((r) => r.record === place.record) : undefined;
}

const baseOf = (place: Place): string => valueKey(recordOf(place)?.fields[place.field]);

/** What was typed is given up; the field shows what is in the record. */
export function drop(place: Place): void {
    forget(keyOf(place));
    change({ do: "edit-dropped", key: keyOf(place) });
    if (!spots.has(keyOf(place)))
        void sendDraft(place, "");
}

/** All that waits for its pause is written now: the page may be gone in a moment. */
export async function flushEdits(): Promise<void> {
    await Promise.all([...pauses.values()].map(({ place }) => settle(place)));
}

/** Something was typed that nothing but the person may send: it would be gone with the page. */
export const hasUnsaved = (): boolean => Object.entries(tree.edits.value).some(([key, edit]) => edit.stage !== "writing" && edit.text !== begun.get(key)) ||
    Object.entries(tree.composing.value).some(([key, text]) => text.trim() !== "" && text !== begun.get(key));
