/** Hands that are slow, tremble, press twice or write at the same time as others: on the screens with a scripted core. */
import assert from "node:assert/strict";
import test, { after, before } from "node:test";
import { CHART, states } from "./screens/_practice.mjs";
import { openStage, settle } from "./screens/_stage.mjs";

let stage, wide;

before(async () => {
    stage = await openStage();
    wide = await stage.context(1280, 900);
});
after(() => stage?.close());

const record = (n) => n.toString(16).padStart(32, "0");

/** A page in a state, and what its core heard. */
async function on(name, alter, context = wide) {
    const page = await stage.open(context, states.find(([one]) => one === name) ?? assert.fail(`no state ${name}`), alter);
    page.heard = (what) => page.evaluate((one) => globalThis.heard.filter(([name]) => name === one).map(([, given]) => given), what);
    page.press = async (label) => { await page.getByRole("button", { name: label }).first().click(); await settle(page); };
    page.writes = async () => (await page.heard("write")).map((w) => w.fields);
    page.hasFocus = () => page.evaluate(() => document.querySelector(`label[for="${document.activeElement.id}"]`)?.textContent);
    return page;
}

test("who writes what is right instead of two answers stays in the field, and all of it stands there", async () => {
    const page = await on("medicine-conflict-staff");
    await page.press("Or write what is right instead");
    assert.equal(await page.hasFocus(), "Drug");
    await page.getByLabel("Frequency").focus();
    await page.keyboard.type("every evening");
    await settle(page);
    assert.equal(await page.hasFocus(), "Frequency");
    assert.equal(await page.getByLabel("Frequency").inputValue(), "every evening");
    await page.close();
});

test("two answers that come while somebody is in a field leave them there", async () => {
    const page = await on("medicine-staff");
    await page.getByLabel("Watch for", { exact: true }).focus();
    await page.evaluate(([chart, record]) => {
        const medicine = globalThis.script.records[chart].pmr.find((r) => r.record === record), [said] = medicine.fields.reason.values;
        medicine.conflicts = 1;
        medicine.fields.watch_for = { conflict: true, values: ["Rash", "Swelling"].map((value, i) => ({ ...said, value, number: 90 + i })) };
        globalThis.tell({ event: "current", chart, size: 15 });
    }, [CHART, record(1)]);
    await settle(page, 1000);
    assert.equal(await page.locator("[data-field=watch_for] .conflict").count(), 1);
    await page.keyboard.type("Both");
    assert.equal(await page.hasFocus(), "Watch for");
    assert.equal(await page.getByLabel("Watch for", { exact: true }).inputValue(), "Both");
    await page.close();
});

test("the day of a date is corrected by typing it", async () => {
    const page = await on("action-staff"), day = page.locator("[data-field=due]").getByLabel("Day");
    assert.equal(await day.inputValue(), "5");
    await day.fill("");
    await page.keyboard.type("12");
    await settle(page, 1500);
    assert.deepEqual([await day.inputValue(), await page.writes()], ["12", [{ due: "2026-12-12" }]]);
    await page.close();
});
