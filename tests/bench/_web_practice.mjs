/** A practice whose one chart has a long past, written by three homes of `galen` as people would. */
import { spawn } from "node:child_process";
import { join } from "node:path";

const DRUGS = ["Metformin", "Lisinopril", "Atorvastatin", "Levothyroxine", "Apixaban", "Omeprazole", "Sertraline", "Salbutamol"];
const SAYINGS = [
    "I take it with breakfast now, and my stomach is better.", "Did the pharmacy send the new box?",
    "Please measure your blood pressure before you get up, three days in a row, and write the figures here.",
    "142/88, 139/85, 144/90", "Thank you. We leave the dose as it is until we talk on Thursday.",
    "I forgot the evening tablet twice last week.", "The swelling is gone since Monday.",
];
/** Requests of one home that wait for the server. */
const AT_ONCE = 24;
const BIN = process.env.GALEN_BUILD;

/** `galen agent` on a home: commands in, answers and events out. */
class Agent {
    #asked = new Map(); // by number
    #waiting = new Map(); // by token
    #last = 0;
    #rest = "";
    #read;
    #current = new Promise((resolve) => (this.#read = resolve));

    constructor(scene, home, chart) {
        this.chart = chart;
        const words = ["agent", "--home", join(scene.folder, "homes", home), "--no-live", "--timeout", "60"];
        this.process = spawn(join(BIN, "galen"), words, {
            stdio: ["pipe", "pipe", "inherit"], env: { ...process.env, GALEN_CA: join(scene.certs, "ca.pem") },
        });
        this.process.stdout.setEncoding("utf8").on("data", (text) => this.#hear(text));
        this.process.on("exit", (status) => {
            for (const { reject } of [...this.#asked.values(), ...this.#waiting.values()])
                reject(new Error(`galen agent ended with status ${status}`));
        });
    }

    /** Kept when the entry is in the log. */
    async write(command) {
        await this.#current;
        const id = ++this.#last;
        return new Promise((resolve, reject) => {
            this.#asked.set(id, { resolve, reject });
            this.process.stdin.write(JSON.stringify({ id, ...command }) + "\n");
        });
    }

    async end() {
        const gone = new Promise((resolve) => this.process.once("exit", resolve));
        this.process.stdin.end();
        await gone;
    }

    #hear(text) {
        const lines = (this.#rest + text).split("\n");
        this.#rest = lines.pop();
        for (const line of lines) {
            if (!line.startsWith("{")) continue;
            const said = JSON.parse(line);
            if (said.event === "current" && said.chart === this.chart) this.#read();
            if (said.event === "answer") this.#answered(said);
            else if (["done", "failed", "held"].includes(said.event)) this.#ended(said);
        }
    }

    /* What was asked for has a name from now on, under which its end is told. */
    #answered(said) {
        const waiting = this.#asked.get(said.id);
        this.#asked.delete(said.id);
        if (said.ok) this.#waiting.set(said.token, waiting);
        else waiting.reject(new Error(JSON.stringify(said)));
    }
    #ended(said) {
        const waiting = this.#waiting.get(said.token);
        this.#waiting.delete(said.token);
        if (said.event === "done") waiting?.resolve();
        else waiting?.reject(new Error(JSON.stringify(said)));
    }
}

/* What the n-th entry of a home is: four messages, then a change of the record that this role may make. */
function nth(chart, records, staff, n) {
    if (n % 5 !== 4) return { do: "send", chart, text: `${SAYINGS[n % SAYINGS.length]} (${n})` };
    const record = records[n % records.length];
    const fields = staff ? { instructions: `Take with food; change ${n}` } : { taken_as: `As I said on day ${n}` };
    return { do: "doc set", chart, doc: "pmr", record, fields };
}

async function writeAll(agent, next) {
    await Promise.all(Array.from({ length: AT_ONCE }, async () => {
        for (let command = next(); command; command = next()) await agent.write(command);
    }));
    await agent.end();
}

/** Founds the practice, and fills its one chart up to `entries` at least. Returns the chart's id and its records. */
export async function fill(scene, entries) {
    const chart = scene.practice("Rosalind Example");
    const join_ = (home, link) => scene.galen(home, ["join"], link + "\n");
    const account = (where, role) => scene.lines("desk", ["chart", "members", where])
        .find((m) => m.role === role && m.purpose === "device").account;
    join_("paula", scene.invite("pharmacist", null, "Paula Pharm"));
    scene.galen("desk", ["chart", "add", chart, account("practice", "pharmacist")]);
    join_("rosa", scene.invite("patient", chart, "Rosalind Example"));
    scene.galen("desk", ["visit", "identify", chart, account(chart, "patient")], "name and date of birth\n");
    for (const drug of DRUGS)
        scene.galen("desk", ["doc", "set", chart, "pmr", "new"], `regimen=drug=${drug}; strength=10 mg\nstatus=active\n`);
    const records = scene.lines("desk", ["doc", "get", chart, "pmr"]).map((r) => r.record).filter(Boolean);
    let left = entries - scene.lines("desk", ["chart", "log", chart]).length;
    await Promise.all(["desk", "paula", "rosa"].map((home) => {
        let n = 0;
        scene.lines(home, ["doc", "get", chart, "pmr"]); // all is read, and the record open
        return writeAll(new Agent(scene, home, chart), () => (left-- > 0 ? nth(chart, records, home !== "rosa", n++) : undefined));
    }));
    return { chart, records };
}
