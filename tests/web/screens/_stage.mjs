/** Serves the screens on a scripted core as galend would, and opens them in Chromium. */
import { execFile } from "node:child_process";
import { createServer } from "node:http";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import { promisify } from "node:util";
import { require, top } from "../_load.mjs";
import { NOW, practice } from "./_practice.mjs";

const types = { ".html": "text/html; charset=utf-8", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml" };
/* What galend sends with the page: whoever breaks it breaks the screens. */
const policy = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self'; " +
    "connect-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; " +
    "require-trusted-types-for 'script'; trusted-types galen-worker";

export async function openStage() {
    const folder = await mkdtemp(join(tmpdir(), "galen-screens-"));
    for (const name of ["galen.wasm", "talk.wasm"]) await writeFile(join(folder, name), "\0asm");
    await promisify(execFile)(process.execPath, [
        join(top, "web-client/build.mjs"), "--modules", folder,
        "--page", join(top, "tests/web/screens/_page.ts"), "--out", join(folder, "site"),
    ]);
    const server = createServer(async (request, response) => {
        const path = new URL(request.url, "http://x").pathname;
        const name = extname(path) ? path : "/index.html";
        try {
            const body = await readFile(join(folder, "site", name));
            response.writeHead(200, { "content-type": types[extname(name)] ?? "", "content-security-policy": policy });
            response.end(body);
        } catch {
            response.writeHead(404).end();
        }
    });
    await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { chromium } = require("playwright-core");
    const browser = await chromium.launch({
        executablePath: process.env.GALEN_CHROMIUM ?? "/usr/bin/chromium",
        args: ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
               "--disable-background-networking", "--disable-component-update", "--disable-sync"],
    });
    const origin = `http://127.0.0.1:${server.address().port}`;
    return {
        browser,
        async close() {
            await browser.close();
            await new Promise((resolve) => server.close(resolve));
            await rm(folder, { recursive: true, force: true });
        },
        context: (width, height, dark = false) => browser.newContext({
            viewport: { width, height }, colorScheme: dark ? "dark" : "light", locale: "en-US", timezoneId: "UTC", reducedMotion: "reduce",
        }),
        /** Opens a state of `_practice.mjs`; `alter` changes its script first. */
        async open(context, [name, who, at, change = () => {}, presses = [], address = "/"], alter = () => {}) {
            const page = await context.newPage();
            page.trouble = [];
            page.on("pageerror", (error) => page.trouble.push(`${name}: ${error.message}`));
            page.on("console", (said) => {
                if (said.type() === "error") page.trouble.push(`${name}: ${said.text()}`);
            });
            const script = practice(join(top, "protocol/doc/schema.c"), who);
            change(script);
            alter(script);
            await page.clock.install({ time: NOW });
            await page.addInitScript(prepare, { script, at, fragment: address.includes("#") ? address : null });
            await page.goto(origin + (address === "/" ? "/" : new URL(address).pathname + new URL(address).hash));
            await page.waitForSelector("h1");
            await settle(page);
            for (const label of presses) {
                if (label.open) // what is folded
                    await page.locator(label.open).first().click();
                else if (label.radio)
                    await page.locator("label", { hasText: label.radio }).click();
                else if (typeof label !== "number")
                    await page.getByRole("button", { name: label, exact: typeof label === "string" }).first().click();
                await settle(page, typeof label === "number" ? label : 400);
            }
            return page;
        },
    };
}

/* In the page, before its own script. */
function prepare({ script, at }) {
    globalThis.script = script;
    if (script.visit_before) sessionStorage.setItem("galen-visit", JSON.stringify(script.visit_before));
    if (at && history.state === null) history.replaceState(at, "");
}

/** Lets what was asked be answered and drawn. */
export async function settle(page, ms = 400) {
    for (let i = 0; i < 4; i++) {
        await page.clock.runFor(ms / 4);
        await page.evaluate(() => new Promise((resolve) => queueMicrotask(resolve)));
    }
}
