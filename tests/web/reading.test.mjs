/** A new device reads a long chart over a slow line: who waits sees how far it is. */
import assert from "node:assert/strict";
import test from "node:test";
import { join } from "node:path";
import { fill } from "../bench/_web_practice.mjs";
import { Line } from "./_lines.mjs";
import { top } from "./_load.mjs";
import { missing, Scene } from "./_scene.mjs";

const ENTRIES = 800; /* in seven pages */
const BYTES_PER_S = 120_000;

/* In the page: everything that was shown of the progress, and under which heading. */
function watch() {
    globalThis.shown = [];
    new MutationObserver(() => {
        const bar = document.querySelector("progress");
        if (bar) globalThis.shown.push({ at: document.querySelector("h1").textContent, said: bar.labels[0]?.textContent, done: bar.value, of: bar.max });
    }).observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
}

test("while a device joins, it shows how much of the chart it has read", { skip: missing() ?? false }, async (t) => {
    const scene = new Scene();
    t.after(() => scene.end());
    await scene.serve(join(top, "build/web"));
    await fill(scene, ENTRIES);
    const line = await Line.to(scene.port);
    t.after(() => line.close());
    const browser = await scene.browser();
    const link = new URL(scene.galen("paula", ["device", "add"]).link);
    const page = await browser.open(link.pathname + link.hash, { by: line.url, before: (page) => page.addInitScript(watch) });
    await page.getByRole("button", { name: "Open my chart" }).waitFor();
    line.beSlow(BYTES_PER_S);
    await page.getByRole("button", { name: "Open my chart" }).click();
    await page.getByRole("heading", { name: "Patients" }).waitFor({ timeout: 60_000 });
    const shown = (await page.evaluate(() => globalThis.shown)).filter(({ at }) => at === "Opening your chart");
    const done = [...new Set(shown.map((one) => one.done))];
    assert.ok(done.length >= 3, `shown: ${done}`);
    assert.deepEqual(done, [...done].sort((a, b) => a - b), "it goes forward only");
    for (const { of, said } of shown) {
        assert.ok(of >= ENTRIES, `of ${of}`);
        assert.match(said, /^Read so far: [\d,]+ of [\d,]+ entries$/);
    }
});
