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
const TOPICS = ["Blood pressure at home", "Dizziness", "Walking", "A pill box for the week"];
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
    read = 0; // entries, as far as was told

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

    /** Kept when the entry is in the log: its index. */
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
            if (said.event === "entry" && said.chart === this.chart) this.read = said.index + 1;
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
        if (said.event === "done") waiting?.resolve(said.index);
        else waiting?.reject(new Error(JSON.stringify(said)));
    }
}

const isProposed = ({ fields }) => fields && ["watch_for", "pharmacy", "action"].some((name) => name in fields);

/* What the n-th entry of a home is: of twenty, eleven messages, five writes to a medicine, two to an action, an identity
 * check as at the beginning of a visit, and an answer; where a patient may do neither, proposals. */
function nth({ chart, patient, medicines, actions, proposals }, staff, read, n) {
    const medicine = { chart, doc: "pmr", record: medicines[n % medicines.length] };
    const action = { chart, doc: "map", record: actions[n % actions.length] };
    const set = (where, fields) => ({ do: "doc set", ...where, fields });
    switch (n % 20) {
    case 2: return set(medicine, staff ? { instructions: `Take with food; change ${n}` } : { taken_as: `As I said on day ${n}` });
    case 5: return set(medicine, { effects: `Some dizziness in the morning, less than before (${n})` });
    case 8: return set(medicine, { adherence: ["as-meant", "mostly", "sometimes"][n % 3], barriers: "forgets" });
    case 11: return set(action, { progress: `Walked ${n % 50} minutes after supper`, status: "doing" });
    case 13: return set(medicine, { satisfaction: `It helps; I can climb the stairs again. ${n}` });
    case 15: return set(action, staff ? { topic: `Blood pressure at home, week ${n}` } : { goal: `Below 140/90 in week ${n}` });
    case 16: return set(medicine, { watch_for: `Swelling of the face or tongue; week ${n}` });
    case 18:
        if (staff && proposals[0] < read) return { do: n % 3 ? "doc accept" : "doc decline", chart, index: proposals.shift() };
        return set(medicine, { pharmacy: `Pharmacy number ${n}` });
    case 19:
        if (staff) return { do: "identify", chart, account: patient, text: "name and date of birth" };
        return set(action, { action: `Measure before breakfast instead, ${n} times` });
    default: return { do: "send", chart, text: `${SAYINGS[n % SAYINGS.length]} (${n})` };
    }
}

async function writeAll(agent, next, written) {
    await Promise.all(Array.from({ length: AT_ONCE }, async () => {
        for (let command = next(agent); command; command = next(agent)) written(command, await agent.write(command));
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
    const patient = account(chart, "patient");
    scene.galen("desk", ["visit", "identify", chart, patient], "name and date of birth\n");
    for (const drug of DRUGS)
        scene.galen("desk", ["doc", "set", chart, "pmr", "new"], `regimen=drug=${drug}; strength=10 mg\nstatus=active\n`);
    for (const topic of TOPICS)
        scene.galen("desk", ["doc", "set", chart, "map", "new"], `topic=${topic}\naction=See what we wrote\nstatus=open\n`);
    const records = (doc) => scene.lines("desk", ["doc", "get", chart, doc]).map((r) => r.record).filter(Boolean);
    /* `proposals`: the patient's that staff have not answered yet, as places in the log. */
    const parts = { chart, patient, medicines: records("pmr"), actions: records("map"), proposals: [] };
    let left = entries - scene.lines("desk", ["chart", "log", chart]).length;
    await Promise.all(["desk", "paula", "rosa"].map((home) => {
        let n = 0;
        const staff = home !== "rosa";
        const next = ({ read }) => (left-- > 0 ? nth(parts, staff, read, n++) : undefined);
        const written = (command, index) => void (!staff && isProposed(command) && parts.proposals.push(index));
        scene.lines(home, ["doc", "get", chart, "pmr"]); // all is read, and the record open
        return writeAll(new Agent(scene, home, chart), next, written);
    }));
    return { chart, records: parts.medicines };
}
