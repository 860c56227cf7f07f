/** The schema as the core answers it, read from the tables of protocol/doc/schema.c and words_en.c. */
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";

const kinds = {
    TEXT: "text", LINE: "line", CHOICE: "choice", SET: "set", DATE: "date", TIME: "time", YES_NO: "yes-no",
    REGIMEN: "regimen", ACCOUNT: "account", RECORD: "record", POSITION: "position", NUMBER: "number",
};
const accesses = { STAFF: "propose", STAFF_ALONE: "none", THEIRS: "direct", PRESCRIBERS: "propose" };

function wordsOf(file) {
    const rows = readFileSync(file, "utf8").matchAll(/\{"([\w.-]+)", "(.*?)", "(.*?)",\s+(NULL|"(.*)")\},/g);
    return new Map([...rows].map(([, name, plain, clinical, , help]) =>
        [name, { plain, clinical, ...(help === undefined ? {} : { help: help.replaceAll('\\"', '"') }) }]));
}

/** For staff, or for the patient. */
export function schema(file, staff) {
    const text = readFileSync(file, "utf8");
    const words = wordsOf(join(dirname(file), "words_en.c"));
    const optionsOf = (array, field) => {
        const body = new RegExp(`const ${array}\\[\\] = \\{([^}]*)\\};`).exec(text)[1];
        return [...body.matchAll(/"(.*?)"/g)].map(([, name]) => ({ name, ...words.get(`${field}.${name}`) }));
    };
    const fieldOf = (document, m, k) => {
        const [, name, kind, who, takes] = m;
        const full = `${document}.${name}`, inside = /\((.*)\)/.exec(takes)?.[1];
        const [min, max] = kind === "NUMBER" ? inside.split(", ").map(Number) : [];
        return {
            number: k + 1, name, kind: kinds[kind], access: staff ? "direct" : accesses[who], theirs: who === "THEIRS",
            takes: "", ...words.get(full), ...(kind === "NUMBER" ? { min, max } : {}),
            ...(kind === "RECORD" ? { refers: /GALEN_DOC_(\w+)/.exec(inside)[1].toLowerCase() } : {}),
            options: takes.startsWith("OPTIONS") ? optionsOf(inside, full) : [],
        };
    };
    const documents = text.matchAll(/\{GALEN_DOC_\w+,\s*"(\w+)",\s*\w+,\s*(true|false),\s*(\w+),\s*FIELDS/g);
    return [...documents].map(([, name, single, adders], i) => {
        const body = new RegExp(`galen_field ${name}_fields\\[\\] = \\{([\\s\\S]*?)\\n\\};`).exec(text)[1];
        const rows = body.matchAll(/\{GALEN_\w+,\s*"(\w+)",\s*GALEN_VALUE_(\w+),\s*(\w+),\s*(.*)\},/g);
        return {
            id: i + 1, name, ...words.get(name), adds: staff ? "direct" : accesses[adders],
            ...(single === "true" ? { record: "1".padStart(32, "0") } : {}),
            fields: [...rows].map((m, k) => fieldOf(name, m, k)),
        };
    });
}
