/** Measures for `web`; prints the bench's object. */
import { execFileSync, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { loadavg } from "node:os";
import { join } from "node:path";
import { Line } from "../web/_lines.mjs";
import { top, until } from "../web/_load.mjs";
import { missing, Scene } from "../web/_scene.mjs";
import { fill } from "./_web_practice.mjs";

const ENTRIES = 5000;
const LOADS = 3;
const REOPENS = 7;
const READS = 3;
const KEYS = 300;
const KEY_MS = 70; /* between two keys, on the average: quick typing */
const SLOWER = 4;
const SLOW_BYTES_PER_S = 500_000; /* a phone at the edge of its network */
const NEWEST = "This is the newest message.";
const WAIT = { timeout: 60_000 };

const note = (text) => process.stderr.write(`  ${text}\n`);
const round = (x) => Math.round(x * 10) / 10;
function quantile(list, q) {
    const sorted = [...list].sort((a, b) => a - b);
    return round(sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))]);
}
const median = (list) => quantile(list, 0.5);

/* -- in the page: `measured.NAME` is kept with the time since the navigation, at the frame that shows it -- */

function watchPage({ button, newest, chart }) {
    const times = (window.measured = {});
    const named = (name) => [...document.querySelectorAll("button")].find((b) => b.textContent.trim() === name && !b.disabled);
    const found = {
        join: () => named(button),
        chart: () => document.querySelector(".chart-top"),
        newest: () => [...document.querySelectorAll(".message .text")].some((p) => p.textContent === newest),
    };
    window.progress = [];
    const look = () => {
        for (const [name, there] of Object.entries(found))
            if (!(name in times) && there()) times[name] = performance.now();
        const reading = document.querySelector("progress");
        if (reading) window.progress.push(reading.value);
        if (chart && !document.querySelector(".chart-top"))
            [...document.querySelectorAll("main button")].find((b) => (b.ariaLabel ?? b.textContent).startsWith(chart))?.click();
        if (!("newest" in times)) requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
}
const measured = (page, name) =>
    until(`${name} on the screen`, () => page.evaluate((n) => window.measured[n], name), WAIT.timeout);

/* -- the first load -- */

/* Counts what comes over the line, for the page and its Worker. */
async function countBytes(page) {
    const count = { bytes: 0, requests: 0 };
    const session = await page.context().newCDPSession(page);
    const finished = ({ encodedDataLength }) => {
        count.bytes += encodedDataLength;
        count.requests += encodedDataLength > 0 ? 1 : 0;
    };
    session.on("Network.loadingFinished", finished);
    await session.send("Network.enable");
    const inWorker = (sessionId, id, method) =>
        session.send("Target.sendMessageToTarget", { sessionId, message: JSON.stringify({ id, method }) });
    session.on("Target.receivedMessageFromTarget", ({ message }) => {
        const { method, params } = JSON.parse(message);
        if (method === "Network.loadingFinished") finished(params);
    });
    session.on("Target.attachedToTarget", async ({ sessionId }) => {
        await inWorker(sessionId, 1, "Network.enable");
        await inWorker(sessionId, 2, "Runtime.runIfWaitingForDebugger");
    });
    await session.send("Target.setAutoAttach", { autoAttach: true, waitForDebuggerOnStart: true, flatten: false });
    await session.send("Emulation.setCPUThrottlingRate", { rate: SLOWER });
    return count;
}

async function loadFirst(scene, profile, path) {
    const browser = await scene.browser(profile);
    const page = await browser.context.newPage();
    await page.addInitScript(watchPage, { button: "Open my chart", newest: NEWEST });
    const count = await countBytes(page);
    await page.goto(scene.url + path, { waitUntil: "commit" });
    const ms = await measured(page, "join");
    await new Promise((resolve) => setTimeout(resolve, 300)); // what still comes is counted
    await browser.kill();
    return { kb: round(count.bytes / 1000), requests: count.requests, ms: round(ms) };
}

/* A page that loads as much as the client and does nothing but show the button. */
function emptySite(scene) {
    const weigh = (pattern) => readdirSync(join(top, "build/web")).filter((n) => pattern.test(n))
        .reduce((sum, n) => sum + statSync(join(top, "build/web", n)).size, 0);
    const filler = randomBytes(Math.floor(weigh(/^(main|worker)-.*\.js\.br$/))).toString("base64");
    const file = join(scene.folder, "empty.ts");
    writeFileSync(file, `import { files, load } from "${top}web-client/src/files.ts";
        (globalThis as unknown as { filler: string }).filler = "${filler}";
        void load(files.wasm).then((answer) => answer.arrayBuffer()).then(() => {
            const button = document.createElement("button");
            button.textContent = "Open my chart";
            document.body.append(button);
        });`);
    return scene.site(file);
}

async function measureLoads(scene, path) {
    const runs = [];
    for (let i = 0; i < LOADS; i++) runs.push(await loadFirst(scene, `first-${i}`, path));
    note(`first load ${JSON.stringify(runs)}`);
    return runs;
}

async function measureEmpty() {
    const scene = new Scene();
    try {
        await scene.serve(emptySite(scene));
        return await measureLoads(scene, "/join");
    } finally {
        await scene.end();
    }
}

/* -- a long chart -- */

/* What leads from the home screen to the messages. */
const TO_MESSAGES = { paula: "Open Rosalind Example", rosa: "Messages" };

async function openAs(scene, profile, home, by = scene.url) {
    const link = scene.galen(home, ["device", "add"]).link;
    const browser = await scene.browser(profile, ["--disable-features=LocalNetworkAccessChecks"]); // for the bare relay
    const page = await browser.context.newPage();
    page.setDefaultTimeout(WAIT.timeout);
    await page.addInitScript(watchPage, { button: "Open my chart", newest: NEWEST, chart: TO_MESSAGES[home] });
    const url = new URL(link);
    await page.goto(by + url.pathname + url.hash);
    await measured(page, "join");
    return { page, browser };
}

/* A new device: from the button until the newest of 5,000 is there. */
async function readWhole(scene, profile, home, line) {
    const device = await openAs(scene, profile, home, line?.url);
    const { page } = device;
    line?.beSlow(SLOW_BYTES_PER_S);
    await page.evaluate((name) => {
        window.pressed = performance.now();
        [...document.querySelectorAll("button")].find((b) => b.textContent.trim() === name).click();
    }, "Open my chart");
    const ms = (await measured(page, "newest")) - (await page.evaluate(() => window.pressed));
    const progress = await page.evaluate(() => new Set(window.progress).size);
    return { ...device, ms: round(ms), progress };
}

/* Over a line that takes much longer than a second for it: how often what is shown of the progress changes. */
async function readSlowly(scene) {
    const line = await Line.to(scene.port);
    const { browser, ms, progress } = await readWhole(scene, "paula-slow", "paula", line);
    await browser.kill();
    line.close();
    note(`read whole over ${SLOW_BYTES_PER_S / 1000} kB/s ${JSON.stringify({ ms, progress })}`);
    return { ms, progress, kb_per_s: SLOW_BYTES_PER_S / 1000 };
}

async function measureReads(scene) {
    const runs = [];
    for (let i = 0; i < READS; i++) {
        const run = await readWhole(scene, `paula-${i}`, "paula");
        runs.push(run);
        if (i < READS - 1) await run.browser.kill();
    }
    note(`read whole ${JSON.stringify(runs.map(({ ms, progress }) => ({ ms, progress })))}`);
    return { runs: runs.map((r) => r.ms), ...runs[READS - 1] };
}

async function measureReopens(page) {
    const runs = [];
    for (let i = 0; i < REOPENS; i++) {
        await page.reload({ waitUntil: "commit" });
        runs.push(round(await measured(page, "newest")));
        await new Promise((resolve) => setTimeout(resolve, 1500)); // the server is there again, and nothing is asked
    }
    note(`reopen ${JSON.stringify(runs)}`);
    return runs;
}

function nativeTimes(scene) {
    const read = [], reopen = [];
    for (let i = 0; i < READS; i++) {
        const link = scene.galen("paula", ["device", "add"]).link;
        const timed = (words, input) => {
            const begun = performance.now();
            scene.galen(`native-${i}`, words, input);
            return performance.now() - begun;
        };
        read.push(round(timed(["join"], link + "\n") + timed(["doc", "get", ".", "pmr"])));
        reopen.push(round(timed(["doc", "get", ".", "pmr", "--offline"])));
    }
    note(`galen reads whole ${JSON.stringify(read)}, reopens ${JSON.stringify(reopen)}`);
    return { read, reopen };
}

/* -- keystrokes -- */

const press = (page, name) => page.getByRole("button", { name }).first().click();

/* Types into the field with that label on `from`; when each length was first seen on `to`, by one clock. */
async function typing(from, fromField, to, toText) {
    await from.evaluate((name) => {
        const keys = (window.keys = []);
        window.stopKeys?.abort(); // what was typed before was measured by its own
        window.stopKeys = new AbortController();
        const options = { capture: true, signal: window.stopKeys.signal };
        addEventListener("keydown", () => keys.push(performance.timeOrigin + performance.now()), options);
        document.getElementById(name)?.focus();
    }, fromField);
    await to.evaluate(([field, text]) => {
        const seen = (window.seen = []);
        const look = () => {
            if (window.seen !== seen) return;
            const at = document.querySelector(field);
            const value = at?.value ?? at?.textContent ?? "";
            const mark = value.indexOf(text);
            const length = mark < 0 ? 0 : value.length - mark - text.length;
            while (seen.length < length) seen.push(performance.timeOrigin + performance.now());
            requestAnimationFrame(look);
        };
        requestAnimationFrame(look);
    }, toText);
    for (let i = 0; i < KEYS; i++) {
        const begun = performance.now();
        await from.keyboard.press("abcdefghijklmnopqrstuvwxyz"[i % 26]);
        const pause = KEY_MS * (0.5 + ((i * 7) % 11) / 10) - (performance.now() - begun);
        if (pause > 0) await new Promise((resolve) => setTimeout(resolve, pause));
    }
    const seen = await until("all keys are seen", () => to.evaluate((n) => window.seen.length >= n && window.seen, KEYS), 10_000);
    const keys = await from.evaluate(() => window.keys);
    const times = seen.slice(0, KEYS).map((at, i) => at - keys[keys.length - KEYS + i]);
    const result = { p50: median(times), p99: quantile(times, 0.99), worst: round(Math.max(...times)), keys: times.length };
    note(`keystroke ${JSON.stringify(result)}`);
    return result;
}

async function measureKeys(scene, paula, rosa) {
    await rosa.evaluate(() => window.scrollTo(0, 0));
    await press(rosa, "Home");
    await press(rosa, /^My medicines/);
    await press(rosa, "See or change Metformin 10 mg");
    await press(rosa, /How I really take it/);
    await press(paula, "Medicines");
    await press(paula, "Open Metformin 10 mg");
    await paula.getByLabel("As really taken").waitFor();
    await rosa.keyboard.type("! ");
    await paula.locator("[data-field=taken_as] .typing").getByText("!").waitFor();
    return typing(rosa, undefined, paula, ["[data-field=taken_as] .typing", "! "]);
}

/* The same in a note of 60 kB, with both in it. What is typed stands in the middle of a part of it. */
async function measureLongKeys(scene, chart, paula, rosa) {
    const line = "Felt dizzy in the morning, and again on getting up from the sofa.\n";
    const medicine = scene.lines("desk", ["doc", "get", chart, "pmr"]).find((r) => r.fields.regimen?.value.includes("Metformin"));
    scene.galen("desk", ["doc", "set", chart, "pmr", medicine.record], JSON.stringify({ effects: line.repeat(60_000 / line.length) }));
    await rosa.locator("[data-field=taken_as] textarea").blur();
    await press(rosa, /Side effects I notice/);
    const notes = [paula.getByLabel("Side effects noticed"), rosa.locator("[data-field=effects] textarea")];
    for (const note of notes)
        await until("the note is there", () => note.evaluate((one) => one.value.length > 59_000), 20_000);
    for (const note of notes) {
        await note.focus();
        await note.evaluate((one) => one.setSelectionRange(one.value.length, one.value.length));
    }
    await paula.locator(".carets .caret").waitFor();
    await rosa.keyboard.type("! ");
    await paula.locator("[data-field=effects] .typing ins").getByText("!").waitFor();
    return typing(rosa, undefined, paula, ["[data-field=effects] .typing ins", "! "]);
}

/* The same two browsers, with nothing between but a relay of epoll and OpenSSL. */
async function measureBareKeys(scene, paula, rosa) {
    const program = join(process.env.GALEN_BUILD, "bench/bare-relay");
    const relay = spawn(program, [join(scene.certs, "server.pem"), join(scene.certs, "server.key")], { stdio: ["ignore", "pipe", "inherit"] });
    try {
        const port = await new Promise((resolve) => relay.stdout.once("data", (text) => resolve(Number(text))));
        const pages = [];
        for (const browser of [rosa.browser, paula.browser]) {
            const page = await browser.context.newPage();
            pages.push(page);
            await page.goto("about:blank"); // its policy forbids no address
            await page.evaluate(async (address) => {
                const field = document.createElement("input");
                field.id = "field";
                document.body.replaceChildren(field);
                const socket = new WebSocket(address, "galen.1");
                socket.binaryType = "arraybuffer";
                field.addEventListener("input", () => socket.send(new TextEncoder().encode(field.value)));
                socket.onmessage = ({ data }) => (field.value = new TextDecoder().decode(data));
                await new Promise((resolve, reject) => Object.assign(socket, { onopen: resolve, onerror: reject }));
                field.focus();
            }, `wss://localhost:${port}/1`);
        }
        return await typing(pages[0], "field", pages[1], ["#field", ""]);
    } finally {
        relay.kill("SIGKILL");
    }
}

/* -- all of it -- */

async function measure(scene) {
    await scene.serve(join(top, "build/web"));
    const begun = performance.now();
    const { chart } = await fill(scene, ENTRIES);
    scene.galen("desk", ["send", chart], NEWEST);
    note(`${ENTRIES} entries written in ${Math.round((performance.now() - begun) / 1000)} s`);
    const link = new URL(scene.galen("rosa", ["device", "add"]).link);
    const loads = await measureLoads(scene, link.pathname + link.hash);
    const empty = await measureEmpty();
    const native = nativeTimes(scene);
    const read = await measureReads(scene);
    const slowly = await readSlowly(scene);
    const reopens = await measureReopens(read.page);
    const rosa = await readWhole(scene, "rosa", "rosa");
    const keys = await measureKeys(scene, read.page, rosa.page);
    const longKeys = await measureLongKeys(scene, chart, read.page, rosa.page);
    const bareKeys = await measureBareKeys(scene, read, rosa);
    const load = loadavg().map(round);
    return {
        bench: "web",
        ours: { loads, keys, long_keys: longKeys, reopens, reads: read.runs, read_slowly: slowly, entries: ENTRIES, load_average: load },
        beside: { empty_page: empty, bare_websocket: bareKeys, galen_reads: native.read, galen_reopens: native.reopen },
        ratios: {
            first_load_kb: median(loads.map((l) => l.kb)),
            interactive_ms: median(loads.map((l) => l.ms)),
            interactive_vs_empty: round(median(loads.map((l) => l.ms)) / median(empty.map((l) => l.ms))),
            keystroke_p50_ms: keys.p50,
            keystroke_p99_ms: keys.p99,
            keystroke_long_p50_ms: longKeys.p50,
            keystroke_long_p99_ms: longKeys.p99,
            keystroke_p50_vs_bare: round(keys.p50 / bareKeys.p50),
            reopen_ms: median(reopens),
            reopen_vs_galen: round(median(reopens) / median(native.reopen)),
            read_whole_ms: median(read.runs),
            read_whole_vs_galen: round(median(read.runs) / median(native.read)),
            progress_shown: slowly.progress,
        },
    };
}

export {
    fill, measureBareKeys, measured, measureEmpty, measureKeys, measureLoads, measureLongKeys, measureReads, measureReopens, median, nativeTimes, NEWEST, note,
    readSlowly, readWhole, round,
};

if (process.argv[1]?.endsWith("_web.mjs")) {
    const lacking = missing();
    if (lacking) throw new Error(lacking);
    const scene = new Scene();
    for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => scene.end().then(() => process.exit(1)));
    try {
        console.log(JSON.stringify(await measure(scene)));
    } finally {
        await scene.end();
    }
    process.exit(0);
}
