/*
 * How each document is laid out: which fields stand together, which come first, which only with others. What a
 * field is, who writes it and what it is called stands in the schema; a field that is named nowhere here still
 * has its place, in the last section.
 */
import type { RecordView, SchemaField } from "../core/protocol.ts";
import type { RecordDoc } from "../state/tree.ts";
import type { w } from "../words.ts";

export interface Layout {
    sections: [keyof typeof w.record.section, string[]][];
    /** what a card shows of it */
    brief: string[];
    /** what a new one is asked for; the rest is said on its own page */
    first: string[];
    /** without this there is no new one */
    needed: string;
    /** it is over when this field has one of these values, or any, if none are named */
    over?: [string, string[]];
    /** the newest stands first */
    newest?: boolean;
    /** a field that is shown only while another has one of these values */
    only?: Record<string, [string, string[]]>;
    /** what staff say about their own work: nobody suggests a change to that, and patients see it only when it was said */
    ours?: string[];
    /** stands in no form: the place in the list, keys of the machine */
    hidden?: string[];
    /** what its name says already: a card does not say it again */
    named?: string[];
    /** what frightens and no longer counts when it is over: a patient's card does not say it then */
    pressing?: string[];
    /** times that are to come: nobody sets them to now */
    ahead?: string[];
}

export const layouts: Record<RecordDoc, Layout> = {
    pmr: {
        sections: [
            ["what", ["regimen", "kind", "status", "reason", "instructions", "watch_for"]],
            ["really", ["taken_as", "adherence", "barriers", "effects", "satisfaction"]],
            ["from", ["prescriber", "pharmacy", "start", "stop", "stop_reason", "discharge", "discharge_why", "source"]],
            ["checked", ["verified_at", "explained_at", "teach_back", "technique"]],
        ],
        brief: ["regimen", "reason", "status"],
        first: ["regimen", "kind", "status", "reason", "instructions", "prescriber", "start"],
        needed: "regimen",
        over: ["status", ["stopped"]],
        only: { discharge_why: ["discharge", ["not-decided"]] },
        ours: ["discharge_why", "verified_at", "explained_at", "teach_back", "technique", "source"],
    },
    map: {
        sections: [["plan", ["topic", "action", "owner", "due", "goal", "dtp"]], ["progress", ["status", "progress", "done_at"]]],
        brief: ["action", "owner", "due", "status"],
        first: ["topic", "action", "owner", "due", "goal", "dtp"],
        needed: "topic",
        over: ["status", ["done", "dropped"]],
        ours: ["dtp"],
    },
    profile: {
        sections: [
            ["who", ["name", "birth_date", "phone", "language", "emergency_contact"]],
            ["health", ["allergies_known", "conditions", "pregnancy", "kidney_function", "weight", "labs", "vaccinations"]],
            ["goals", ["goals", "why_now"]],
            ["care", ["primary_care", "pharmacies", "referred_by", "programme"]],
        ],
        brief: ["conditions", "goals"],
        first: [],
        needed: "name",
        ours: ["programme"],
    },
    dtp: {
        sections: [
            ["problem", ["condition", "medicine", "medicines", "axis", "category", "severity", "note"]],
            ["done_about_it", ["intervention", "status", "set_aside_reason"]],
            ["prescriber", ["recommendation", "to", "answer", "answer_note"]],
        ],
        brief: ["medicines", "category", "severity", "status", "recommendation", "answer"],
        first: ["condition", "medicine", "category", "severity", "intervention", "note"],
        needed: "condition",
        over: ["status", ["resolved", "set-aside"]],
        only: { set_aside_reason: ["status", ["set-aside"]] },
        ours: ["finding", "set_aside_reason", "intervention"],
        hidden: ["finding"],
        pressing: ["severity"],
    },
    journal: {
        sections: [["entry", ["kind", "at", "symptom", "systolic", "diastolic", "value", "note"]]],
        brief: ["symptom", "systolic", "diastolic", "value", "note", "at"],
        first: ["kind", "symptom", "systolic", "diastolic", "value", "note", "at"],
        needed: "kind",
        newest: true,
        only: {
            symptom: ["kind", ["symptom"]], systolic: ["kind", ["blood-pressure"]], diastolic: ["kind", ["blood-pressure"]],
            value: ["kind", ["glucose", "weight"]],
        },
        named: ["symptom", "systolic", "diastolic", "value"],
    },
    allergies: {
        sections: [["allergy", ["substance", "kind", "reaction", "severity", "status"]]],
        brief: ["kind", "reaction", "severity", "status"],
        first: ["substance", "kind", "reaction", "severity"],
        needed: "substance",
        over: ["status", ["resolved", "entered-in-error"]],
    },
    visit: {
        sections: [
            ["appointment", ["type", "delivery", "scheduled", "place", "interpreter", "agenda"]],
            ["consent", ["identity", "consent", "consent_mode", "consent_by", "consent_relation", "consent_text", "consent_at", "revoked_at"]],
            ["talk", ["asked", "brown_bag", "notes", "assessment", "read_back", "questions"]],
            ["after", ["started", "ended", "minutes", "summary_sent_at", "summary_how", "next_at", "next_none", "recurrence"]],
        ],
        brief: ["scheduled", "delivery", "started", "minutes"],
        first: ["type", "delivery", "scheduled", "interpreter"],
        needed: "type",
        over: ["ended", []],
        newest: true,
        only: {
            consent_relation: ["consent", ["given", "refused", "revoked"]], revoked_at: ["consent", ["revoked"]],
        },
        ours: ["identity", "consent_text", "assessment", "minutes", "asked", "brown_bag", "read_back", "step"],
        hidden: ["step"],
        ahead: ["scheduled", "next_at"],
    },
    checkin: {
        sections: [["checkin", ["due", "got_new", "taking", "trouble", "questions", "answered_at"]]],
        brief: ["due", "got_new", "taking", "trouble", "questions", "answered_at"],
        first: ["due", "visit"],
        needed: "due",
        over: ["answered_at", []],
        named: ["due"],
        ours: ["visit"],
    },
};

/** Fields that stand in no form. */
export const isHidden = (doc: RecordDoc, field: SchemaField): boolean =>
    field.kind === "position" || Boolean(layouts[doc].hidden?.includes(field.name));

/** Times that are to come. */
export const isAhead = (doc: RecordDoc, field: SchemaField): boolean => Boolean(layouts[doc].ahead?.includes(field.name));

/** Whether the field has a place beside what the others say. */
export function goesWith(doc: RecordDoc, name: string, value: (field: string) => string): boolean {
    const only = layouts[doc].only?.[name];
    return !only || only[1].includes(value(only[0])) || value(name) !== "";
}

export function isOver(doc: RecordDoc, record: RecordView, value: (field: string) => string): boolean {
    const over = layouts[doc].over;
    if (!over || record.conflicts > 0)
        return false;
    const now = value(over[0]);
    return over[1].length > 0 ? over[1].includes(now) : now !== "";
}
