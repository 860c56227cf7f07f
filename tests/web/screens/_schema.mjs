/** The schema as the core answers it, read from the tables of protocol/doc: schema.c, and the words in words_en.c. */
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";

const kinds = {
    TEXT: "text", WORDING: "wording", LINE: "line", CHOICE: "choice", SET: "set", DATE: "date", TIME: "time", YES_NO: "yes-no",
    REGIMEN: "regimen", RECORD: "record", POSITION: "position", NUMBER: "number",
};
const unquoted = (text) => text.replace(/"\s*"/g, "").replace(/\\"/g, '"');

function wordsOf(file) {
    const rows = readFileSync(file, "utf8").matchAll(/\{"((?:[^"\\]|\\.)*)", "((?:[^"\\]|\\.)*)", "((?:[^"\\]|\\.)*)",\s*(?:NULL|"((?:[^"\\]|\\.|"\s+")*)")\}/g);
    const words = new Map([...rows].map(([, key, plain, clinical, help]) =>
        [key, { plain: unquoted(plain), clinical: unquoted(clinical), ...(help ? { help: unquoted(help) } : {}) }]));
    return (key) => words.get(key) ?? (() => { throw new Error(`no words for ${key}`); })();
}

/** As somebody of this role sees it. */
export function schema(file, role) {
    const text = readFileSync(file, "utf8"), words = wordsOf(join(dirname(file), "words_en.c"));
    const writers = { THEIRS: ["patient", "caregiver"], PRESCRIBERS: ["prescriber"], STAFF: [], STAFF_ALONE: [] };
    const staff = ["administrator", "pharmacist", "technician"].includes(role);
    const access = (who) => staff || writers[who].includes(role) ? "direct" : who === "STAFF_ALONE" ? "none" : "propose";
    const optionsOf = (array) => [...new RegExp(`char \\*const ${array}\\[\\] = \\{([\\s\\S]*?)\\};`).exec(text)[1].matchAll(/"(.*?)"/g)].map(([, name]) => name);
    const documents = [...text.matchAll(/\{GALEN_DOC_(\w+),\s*"(\w+)",\s*\w+,\s*(true|false),\s*(\w+),\s*FIELDS\((\w+)\)\}/g)];
    const numbered = new Map(documents.map(([, constant, name]) => [`GALEN_DOC_${constant}`, name]));
    return documents.map(([, , name, single, who, array], i) => {
        const body = new RegExp(`galen_field ${array}\\[\\] = \\{([\\s\\S]*?)\\n\\};`).exec(text)[1];
        const rows = [...body.matchAll(/\{GALEN_\w+,\s*"(\w+)",\s*GALEN_VALUE_(\w+),\s*(\w+),\s*(\w+)(?:\((.*?)\))?\}/g)];
        const fields = rows.map(([, field, kind, writer, what, given], k) => ({
            number: k + 1, name: field, kind: kinds[kind], access: access(writer), takes: "", theirs: writer === "THEIRS",
            ...words(`${name}.${field}`),
            options: what === "OPTIONS" ? optionsOf(given).map((option) => ({ name: option, ...words(`${name}.${field}.${option}`) })) : [],
            ...(what === "BOUNDS" ? { min: Number(given.split(",")[0]), max: Number(given.split(",")[1]) } : {}),
            ...(what === "REFERS" ? { refers: numbered.get(given) } : {}),
        }));
        return { id: i + 1, name, ...words(name), adds: access(who), ...(single === "true" ? { record: "1".padStart(32, "0") } : {}), fields };
    });
}
