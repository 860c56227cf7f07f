/** Measures for `chart`; prints the bench's object. */
import { loadavg } from "node:os";
import { join } from "node:path";
import { top } from "../web/_load.mjs";
import { missing, Scene } from "../web/_scene.mjs";
import { fill } from "./_web_practice.mjs";
import { median, measured, measureReads, nativeTimes, NEWEST, note, round } from "./_web.mjs";

const ENTRIES = Number(process.env.GALEN_CHART_ENTRIES ?? 20_000);
const FEW = 100;
const REOPENS = 9;

/* In the page: when the Worker was given the module, and what it said, by the page's clock. */
function watchWorker() {
    const at = (window.phases = { script: 0 });
    const first = (name) => (at[name] ??= performance.now());
    const Plain = window.Worker;
    window.Worker = class extends Plain {
        #names = new Map();
        constructor(...words) {
            super(...words);
            first("worker");
            this.addEventListener("message", ({ data }) => {
                if (data.kind === "alive") first("alive");
                if (data.kind === "told" && data.told.some((t) => t.event === "ready")) first("ready");
                if (data.kind === "answered") first(this.#names.get(data.answered.id));
            });
        }
        postMessage(message, ...more) {
            if (message.kind === "module") first("module");
            if (message.kind === "ask") this.#names.set(message.asked.id, message.asked.do);
            super.postMessage(message, ...more);
        }
    };
    at.script = performance.now();
}

const PHASES = ["script", "worker", "alive", "module", "ready", "home", "charts", "entries"];

async function reopen(page) {
    await page.reload({ waitUntil: "commit" });
    const ms = await measured(page, "newest");
    const phases = await page.evaluate(() => window.phases);
    await new Promise((resolve) => setTimeout(resolve, 1500)); // the server is there again, and nothing is asked
    const times = Object.fromEntries(PHASES.map((name) => [name, phases[name] === undefined ? null : round(phases[name])]));
    return { ms: round(ms), phases: { ...times, newest: round(ms) } };
}

async function measureReopens(page) {
    await page.addInitScript(watchWorker);
    const runs = [];
    for (let i = 0; i < REOPENS; i++) runs.push(await reopen(page));
    const ms = median(runs.map((r) => r.ms));
    const { phases } = runs.find((r) => r.ms === ms);
    note(`reopen ${JSON.stringify(runs.map((r) => r.ms))}, ${JSON.stringify(phases)}`);
    return { runs: runs.map((r) => r.ms), ms, phases };
}

/** A practice whose chart has so many entries, its new devices, and one of them opened again. */
async function measureChart(entries, beside = async () => ({})) {
    const scene = new Scene();
    try {
        await scene.serve(join(top, "build/web"));
        const begun = performance.now();
        const { chart } = await fill(scene, entries);
        scene.galen("desk", ["send", chart], NEWEST);
        note(`${entries} entries written in ${Math.round((performance.now() - begun) / 1000)} s`);
        const native = await beside(scene);
        const read = await measureReads(scene);
        const reopens = await measureReopens(read.page);
        return { read, reopens, native };
    } finally {
        await scene.end();
    }
}

async function measure() {
    const few = await measureChart(FEW);
    const { read, reopens, native } = await measureChart(ENTRIES, nativeTimes);
    return {
        bench: "chart",
        ours: {
            reopens: reopens.runs, phases: reopens.phases, reads: read.runs, progress_shown: read.progress,
            entries: ENTRIES, load_average: loadavg().map(round),
        },
        beside: {
            few_reopens: few.reopens.runs, few_phases: few.reopens.phases, few_reads: few.read.runs,
            galen_reads: native.read, galen_reopens: native.reopen,
        },
        ratios: {
            reopen_ms: reopens.ms,
            reopen_vs_few: round(reopens.ms / few.reopens.ms),
            reopen_vs_galen: round(reopens.ms / median(native.reopen)),
            read_whole_ms: median(read.runs),
            read_whole_vs_galen: round(median(read.runs) / median(native.read)),
        },
    };
}

export { measureReopens };

if (process.argv[1]?.endsWith("_chart.mjs")) {
    const lacking = missing();
    if (lacking) throw new Error(lacking);
    for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(1));
    console.log(JSON.stringify(await measure()));
    process.exit(0);
}
