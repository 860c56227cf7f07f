/* What a person calls a record, and what stands in it, whichever document it belongs to. */
import type { Entry, RecordView, SchemaField } from "../core/protocol.ts";
import { here } from "../state/flow.ts";
import { isRecordDoc, tree, type RecordDoc } from "../state/tree.ts";
import { linked, medicineName, readRegimen, shownFields, type Regimen } from "../state/values.ts";
import { valueWords, w } from "../words.ts";

export const schemaOf = (doc: RecordDoc) => tree.schema.value.find((d) => d.name === doc);
export const fieldOf = (doc: RecordDoc, name: string): SchemaField | undefined =>
    schemaOf(doc)?.fields.find((f) => f.name === name);
export const labelOf = (field: SchemaField, plain: boolean): string => (plain ? field.plain : field.clinical);

/** What the record says in a field, in words; "" if it says nothing. */
export function wordsOf(doc: RecordDoc, record: RecordView, name: string, plain: boolean): string {
    const field = fieldOf(doc, name), value = shownFields(record)[name] ?? "";
    return field && value !== "" ? fieldWords(value, field, plain) : "";
}

/** A value as a person reads it; a link to another record is that one's name, `among` those of now or of another time. */
export function fieldWords(text: string, field: SchemaField, plain: boolean, among: (doc: RecordDoc) => RecordView[] = here): string {
    const doc = field.refers;
    if (field.kind !== "record" || !isRecordDoc(doc))
        return valueWords(text, field, plain);
    const record = among(doc).find((r) => r.record === linked(text));
    return record ? recordName(doc, record, plain) : w.record.unnamed[doc];
}

/** What an entry says something for: the document and its fields, in the words of the schema; the values stand in the record. */
export function entryLabel(entry: Entry, plain: boolean): string {
    const schema = tree.schema.value.find((d) => d.name === entry.doc);
    if (!schema)
        return "";
    const label = (name: string) => {
        const field = schema.fields.find((f) => f.name === name);
        return field ? labelOf(field, plain) : name;
    };
    const fields = Object.keys(entry.fields ?? {}).map(label).join(", ");
    const part = isRecordDoc(schema.name) ? w.part[plain ? "plain" : "clinical"][schema.name] : plain ? schema.plain : schema.clinical;
    return `${part}${fields ? `: ${fields}` : ""}`;
}

/** A choice's words, where a name begins with them. */
const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
const firstLine = (text: string | undefined): string => text?.split("\n")[0] ?? "";

function medicine(record: RecordView, fields: Record<string, string>): string {
    const regimens = record.fields["regimen"]?.values ?? [];
    /* Of several regimens at once none is the name: only what they have in common, else all of them. */
    const texts = fields["regimen"] !== undefined ? [fields["regimen"]] : regimens.map((said) => said.value);
    const names = (of: (regimen: Regimen) => string) => [...new Set(texts.map((text) => of(readRegimen(text))))];
    const whole = names(medicineName), drugs = names((regimen) => regimen.drug);
    return (whole.length > 1 && drugs.length === 1 ? drugs : whole).filter((name) => name !== "").join(" / ");
}

function reading(record: RecordView, fields: Record<string, string>, plain: boolean): string {
    const kind = capital(wordsOf("journal", record, "kind", plain));
    const value = fields["systolic"] ? w.record.pressure(fields["systolic"], fields["diastolic"] ?? "")
        : fields["symptom"] ? w.record.of_ten(fields["symptom"]) : fields["value"] ?? firstLine(fields["note"]);
    return [kind, value].filter((part) => part).join(": ");
}

export function recordName(doc: RecordDoc, record: RecordView, plain = false): string {
    const fields = shownFields(record);
    const names: Record<RecordDoc, () => string> = {
        pmr: () => medicine(record, fields),
        map: () => firstLine(fields["topic"]) || firstLine(fields["action"]),
        profile: () => w.part[plain ? "plain" : "clinical"].profile,
        dtp: () => firstLine(fields["condition"]) || wordsOf(doc, record, "category", plain),
        journal: () => reading(record, fields, plain),
        allergies: () => firstLine(fields["substance"]),
        visit: () => [capital(wordsOf(doc, record, "type", plain)),
                      wordsOf(doc, record, fields["started"] ? "started" : "scheduled", plain)].filter((part) => part).join(", "),
        checkin: () => fields["due"] ? w.record.due(wordsOf(doc, record, "due", plain), plain) : "",
    };
    return names[doc]() || w.record.unnamed[doc];
}
