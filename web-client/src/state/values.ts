/* The plain text forms of values (protocol/doc/SCHEMA.md, galen/schema.h), taken apart and put together. */
import type { FieldView, Id, Proposal, RecordView } from "../core/protocol.ts";

export const regimenParts = ["drug", "strength", "form", "dose", "unit", "route", "frequency"] as const;
export type RegimenPart = (typeof regimenParts)[number];
export type Regimen = Record<RegimenPart, string> & { as_needed: boolean };

export const emptyRegimen: Regimen = {
    drug: "", strength: "", form: "", dose: "", unit: "", route: "", frequency: "", as_needed: false,
};

/** `drug=…; strength=…; as_needed=no`; a `\` stands before a `;` or `\` that belongs to a part. */
export function readRegimen(text: string): Regimen {
    const regimen = { ...emptyRegimen };
    for (const part of text.match(/(?:\\[\s\S]|[^;\\])+/g) ?? []) {
        const equals = part.indexOf("=");
        const name = part.slice(0, equals).trim();
        const value = part.slice(equals + 1).trim().replace(/\\([;\\])/g, "$1");
        if (name === "as_needed")
            regimen.as_needed = value === "yes";
        else if ((regimenParts as readonly string[]).includes(name))
            regimen[name as RegimenPart] = value;
    }
    return regimen;
}

export function printRegimen(regimen: Regimen): string {
    const parts = regimenParts
        .filter((name) => regimen[name].trim() !== "")
        .map((name) => `${name}=${regimen[name].trim().replace(/[;\\]/g, "\\$&")}`);
    if (parts.length === 0 && !regimen.as_needed)
        return "";
    return [...parts, `as_needed=${regimen.as_needed ? "yes" : "no"}`].join("; ");
}

export const medicineName = (regimen: Regimen): string =>
    [regimen.drug, regimen.strength, regimen.form].filter((part) => part !== "").join(" ");

export const readSet = (text: string): string[] => text.split(",").map((name) => name.trim()).filter((name) => name);

export interface DateParts {
    year: string;
    month: string;
    day: string;
}

export function readDate(text: string): DateParts {
    const [year = "", month = "", day = ""] = text.split("-");
    return { year, month, day };
}

/** "" is cleared; null is no date. The year alone, or year and month, will do. */
export function printDate({ year, month, day }: DateParts): string | null {
    if (year === "" && month === "" && day === "")
        return "";
    if (!/^[0-9]{4}$/.test(year) || (day !== "" && month === ""))
        return null;
    if (month === "")
        return year;
    const m = Number(month);
    if (day === "")
        return `${year}-${month.padStart(2, "0")}`;
    const d = Number(day);
    const last = new Date(Date.UTC(Number(year), m, 0)).getUTCDate();
    if (!/^[0-9]{1,2}$/.test(day) || d < 1 || d > last)
        return null;
    return `${year}-${month.padStart(2, "0")}-${day.padStart(2, "0")}`;
}

/** A record's place as a field names it, `1/…` with the document's number, and the record of such a place. */
export const linkTo = (document: { id: number } | undefined, record: Id): string => document ? `${document.id}/${record}` : "";
export const linked = (text: string): Id => text.slice(text.indexOf("/") + 1);

/** A time's text (UTC) as a `datetime-local` control shows it here, and back; "" is none. */
export function localTime(text: string): string {
    const ms = Date.parse(text);
    return Number.isNaN(ms) ? ""
        : new Date(ms - new Date(ms).getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}
export function timeText(local: string): string {
    const ms = Date.parse(local);
    return Number.isNaN(ms) ? "" : timeOf(ms);
}
export const timeOf = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`;
/** The day it is where this device is. */
export const today = (now = Date.now()): string => localTime(timeOf(now)).slice(0, 10);

/** What a field holds, as one text that differs whenever a person would have to look again. */
export function valueKey(field: FieldView | undefined): string {
    if (!field || field.values.length === 0)
        return "";
    return field.conflict
        ? JSON.stringify(field.values.map((said) => said.value))
        : field.value ?? "";
}

export const valueOf = (record: RecordView | undefined, field: string): string => record?.fields[field]?.value ?? "";

/** Those that wait for an answer, as many as are shown at once. */
export const shownProposals = (record: RecordView): Proposal[] =>
    record.proposals.filter((p) => (p.state === "pending" || p.state === "contested") && !p.later);

/** What is written later in a proposal of a whole record counts as its value while it stands alone. */
export function shownFields(record: RecordView): Record<string, string> {
    const fields: Record<string, string> = {};
    if (record.state === "proposed")
        for (const proposal of record.proposals)
            if (proposal.state === "pending" && !proposal.later)
                Object.assign(fields, proposal.fields);
    for (const [name, field] of Object.entries(record.fields))
        if (!field.conflict && field.value !== undefined)
            fields[name] = field.value;
    return fields;
}

export const byteLength = (text: string): number => new TextEncoder().encode(text).length;

/** What was said, one after another, each ended once. */
export const sentences = (...said: string[]): string =>
    said.map((one) => one.trim()).filter((one) => one).map((one) => (/[.!?…]$/.test(one) ? one : `${one}.`)).join(" ");
