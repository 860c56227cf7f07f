/**
 * What tests in a browser stand on: a real server with a practice, homes of `galen`, and Chromium with a
 * profile of its own. What a scene started ends with it. GALEN_BUILD names the build folder.
 */
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { createHash, X509Certificate } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { require, top, until } from "./_load.mjs";

const { chromium } = require("playwright-core");
const build = process.env.GALEN_BUILD ?? join(top, "build/release");
const CHROMIUM = "/usr/bin/chromium";
const FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream",
];

/** Why this test cannot run here; undefined: it can. */
export function missing() {
    if (!existsSync(CHROMIUM)) return "there is no /usr/bin/chromium (server/install tests)";
    for (const file of [join(build, "galend"), join(build, "galen"), join(top, "build/wasm/galen.wasm"), join(top, "build/wasm/talk.wasm")])
        if (!existsSync(file)) return `${file} is not built`;
    return undefined;
}

export class Scene {
    folder = mkdtempSync(join(tmpdir(), "galen-web-"));
    certs = join(this.folder, "certs");
    port = 0;
    /** So many seconds from now it is for whatever is started next: server, homes and browsers. */
    later = 0;
    #ends = [];

    constructor() {
        execFileSync(join(top, "certs/make-certs"), [this.certs], { stdio: "ignore" });
    }

    /** Builds the web client with this file as its page's script. */
    site(page) {
        const out = join(this.folder, "web");
        execFileSync(process.execPath, [join(top, "web-client/build.mjs"), "--modules", join(top, "build/wasm"), "--page", page, "--out", out]);
        return out;
    }

    /** Starts galend; again: on the same data and port. `later`: by its clock alone. */
    async serve(web, { later = this.later, data = "server" } = {}) {
        const log = join(this.folder, `${data}.log`);
        const before = existsSync(log) ? readFileSync(log).length : 0;
        const words = [
            "--data", join(this.folder, data), "--listen", `127.0.0.1:${this.port}`, "--web", web,
            "--cert", join(this.certs, "server.pem"), "--key", join(this.certs, "server.key"),
            "--limit", "sign_ins_per_minute=100000",
        ];
        mkdirSync(join(this.folder, data), { recursive: true });
        const file = openSync(log, "a");
        const server = spawn(join(build, "galend"), words, { stdio: ["ignore", file, file], env: this.#clock(later) });
        this.#ends.push(() => server.kill("SIGKILL"));
        const line = await until("galend listens", () => {
            if (server.exitCode !== null) throw new Error(readFileSync(log, "utf8"));
            return readFileSync(log, "utf8").slice(before).split("\n").find((l) => l.includes('"listening"'));
        });
        this.port = JSON.parse(line).port;
        return { stop: () => this.#end(server, "SIGTERM") };
    }
    #clock(later = this.later) {
        return later ? { ...process.env, LD_PRELOAD: this.#laterClock(), GALEN_TEST_LATER: String(later) } : process.env;
    }
    #laterClock() {
        const library = join(this.folder, "later.so");
        if (!existsSync(library))
            execFileSync("cc", ["-shared", "-fPIC", "-o", library, join(top, "tests/web/later.c"), "-ldl"]);
        return library;
    }
    get url() {
        return `https://localhost:${this.port}`;
    }

    /** A command of `galen` in this home; its last JSON object. */
    galen(home, words, input = "") {
        const lines = this.lines(home, words, input);
        return lines[lines.length - 1] ?? {};
    }
    lines(home, words, input = "") {
        mkdirSync(join(this.folder, "homes"), { recursive: true });
        const out = execFileSync(join(build, "galen"), [...words, "--home", join(this.folder, "homes", home), "--json"], {
            input, encoding: "utf8", timeout: 60_000, env: this.#env(),
        });
        return out.split("\n").filter((l) => l.startsWith("{")).map((l) => JSON.parse(l));
    }
    /** A practice with a front desk `desk` and one patient's chart, which is returned. */
    practice(patient = "Rosalind Example") {
        const token = join(this.folder, "server/setup-token");
        this.galen("desk", ["practice", "init", "--server", this.url, "--token-file", token], "Desk\n");
        return this.galen("desk", ["chart", "new"], patient + "\n").chart;
    }
    invite(role, chart, name) {
        return this.galen("desk", ["invite", "--role", role, ...(chart ? ["--chart", chart] : [])], name + "\n").link;
    }
    /** The same, but it goes on; `until(what, found)` waits for a line. */
    start(home, words) {
        const args = [...words, "--home", join(this.folder, "homes", home), "--json"];
        const process = spawn(join(build, "galen"), args, { stdio: ["ignore", "pipe", "pipe"], env: this.#env() });
        this.#ends.push(() => process.kill("SIGKILL"));
        let said = "", wrong = "";
        process.stdout.on("data", (text) => (said += text));
        process.stderr.on("data", (text) => (wrong += text));
        const over = new Promise((resolve) => process.once("close", resolve));
        const lines = () => said.split("\n").slice(0, -1).map((line) => JSON.parse(line));
        return {
            lines,
            until: (what, found, ms = 30_000) => until(`${home}: ${what}\n${wrong}`, () => lines().find(found), ms),
            ended: async () => ((await over) === 0 ? lines() : assert.fail(`${home}: ${wrong}`)),
        };
    }
    #env() {
        return { ...this.#clock(), GALEN_CA: join(this.certs, "ca.pem") };
    }
    /** The texts of a chart's messages, as `galen chart log` shows them. */
    messages(chart) {
        return this.lines("desk", ["chart", "log", chart]).filter((e) => e.kind === "message").map((e) => e.text);
    }

    /** Starts Chromium on the profile of that name, with more flags. */
    async browser(profile = "profile", flags = []) {
        const folder = join(this.folder, profile);
        const spki = new X509Certificate(readFileSync(join(this.certs, "server.pem"))).publicKey
            .export({ type: "spki", format: "der" });
        const trusted = createHash("sha256").update(spki).digest("base64");
        const process = spawn(
            CHROMIUM,
            [...FLAGS, ...flags, `--user-data-dir=${folder}`, "--remote-debugging-port=0",
             `--ignore-certificate-errors-spki-list=${trusted}`, "about:blank"],
            { stdio: ["ignore", "ignore", "pipe"], detached: true, env: this.#clock() },
        );
        let said = "";
        process.stderr.on("data", (text) => (said += text));
        this.#ends.push(() => killAll(process));
        const address = await until("Chromium is there", () => /DevTools listening on (\S+)/.exec(said)?.[1], 30_000);
        const browser = await chromium.connectOverCDP(address);
        const [context] = browser.contexts();
        return {
            context,
            browser,
            folder,
            /** `by`: another way to the server than the straight one; `before`: what is done with the page first */
            open: async (path, { by = this.url, before = () => {} } = {}) => {
                const page = await context.newPage();
                await letWorkletsRun(page);
                await before(page);
                await page.goto(by + path);
                return page;
            },
            /** as a person closes it: everything is on the disk */
            close: async () => {
                const gone = new Promise((resolve) => process.once("exit", resolve));
                await (await browser.newBrowserCDPSession()).send("Browser.close").catch(() => {});
                await gone;
            },
            /** as when the machine's power fails, but for what the system still writes */
            kill: async () => {
                const gone = new Promise((resolve) => process.once("exit", resolve));
                killAll(process);
                await gone;
            },
        };
    }

    async end() {
        for (const end of this.#ends.reverse()) end();
        for (let i = 0; i < 20; i++)
            try {
                return rmSync(this.folder, { recursive: true, force: true });
            } catch {
                await new Promise((resolve) => setTimeout(resolve, 50)); // Chromium still writes
            }
    }

    async #end(process, signal) {
        if (process.exitCode !== null || process.signalCode !== null) return;
        const gone = new Promise((resolve) => process.once("exit", resolve));
        process.kill(signal);
        await gone;
    }
}

/* playwright-core has worklets wait for a debugger, and lets go of them without a word. */
async function letWorkletsRun(page) {
    const session = await page.context().newCDPSession(page);
    const message = JSON.stringify({ id: 1, method: "Runtime.runIfWaitingForDebugger" });
    session.on("Target.attachedToTarget", ({ sessionId }) =>
        session.send("Target.sendMessageToTarget", { sessionId, message }).catch(() => {}),
    );
    await session.send("Target.setAutoAttach", { autoAttach: true, waitForDebuggerOnStart: false, flatten: false });
}

function killAll(process) {
    try {
        globalThis.process.kill(-process.pid, "SIGKILL");
    } catch {
        /* gone already */
    }
}
