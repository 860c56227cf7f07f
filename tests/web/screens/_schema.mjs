/** The schema as the core answers it, read from the table of protocol/doc/schema.c. */
import { readFileSync } from "node:fs";

const kinds = {
    TEXT: "text", LINE: "line", CHOICE: "choice", SET: "set", DATE: "date", TIME: "time", YES_NO: "yes-no",
    REGIMEN: "regimen", ACCOUNT: "account", RECORD: "record", POSITION: "position",
};
const documents = [
    ["pmr", "My medicines", "Personal medication record"],
    ["map", "My action plan", "Medication-related action plan"],
    ["people", "Who is who", "People"],
];

export function schema(file, staff) {
    const text = readFileSync(file, "utf8");
    const optionsOf = (array) => {
        const body = new RegExp(`galen_option ${array}\\[\\] = \\{([\\s\\S]*?)\\n\\};`).exec(text)[1];
        return [...body.matchAll(/\{"(.*?)", "(.*?)", "(.*?)"\}/g)]
            .map(([, name, plain, clinical]) => ({ name, plain, clinical }));
    };
    return documents.map(([name, plain, clinical], i) => {
        const body = new RegExp(`galen_field ${name}_fields\\[\\] = \\{([\\s\\S]*?)\\n\\};`).exec(text)[1];
        const row = /\{GALEN_\w+,\s*"(\w+)",\s*GALEN_VALUE_(\w+),\s*(THEIRS|STAFF),\s*(OPTIONS\((\w+)\)|NO_OPTIONS),\s*"(.*?)",\s*"(.*?)"\}/g;
        const fields = [...body.matchAll(row)].map((m, k) => ({
            number: k + 1, name: m[1], kind: kinds[m[2]], access: staff || m[3] === "THEIRS" ? "direct" : "propose",
            takes: "", plain: m[6], clinical: m[7], options: m[5] ? optionsOf(m[5]) : [],
        }));
        return { id: i + 1, name, plain, clinical, fields };
    });
}
