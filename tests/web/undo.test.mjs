/**
 * A pharmacist takes back what she wrote last, by keyboard, puts it back, leaves alone what a colleague wrote since, and
 * looks at the chart as it was: with a real server.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before } from "node:test";
import { top, until } from "./_load.mjs";
import { Typist, storyOf } from "./_people.mjs";
import { missing, Scene } from "./_scene.mjs";

const skip = missing() ?? false;
let scene, chart, paula, record;

before(async () => {
    if (skip) return;
    scene = new Scene();
    await scene.serve(scene.site(join(top, "web-client/src/main.tsx")));
    chart = scene.practice("Rosalind Example");
    record = set("new", { regimen: { drug: "Metformin", strength: "500 mg" }, status: "active", instructions: "With meals." });
});
after(() => scene?.end());

const set = (which, fields) => scene.galen("desk", ["doc", "set", chart, "pmr", which], JSON.stringify(fields)).record;
const directions = (more = []) => scene.lines("desk", ["doc", "get", chart, "pmr", ...more]).find((r) => r.record === record).fields.instructions.value;
const says = (what) => until(`the directions say “${what}”`, () => directions() === what);
const story = storyOf(skip, () => [paula]);

story("what she writes last is named, and one press takes it back", async () => {
    paula = await Typist.joins(await scene.browser("paula"), scene.invite("pharmacist", null, "Paula Pharm"));
    await paula.focusIsAt("Patients");
    const { account } = scene.lines("desk", ["chart", "members", "practice"]).find((m) => m.name === "Paula Pharm" && m.purpose === "device");
    scene.galen("desk", ["chart", "add", chart, account]);
    await paula.press("Open Rosalind Example");
    await paula.press("Medicines");
    await paula.press(/^Open.*Metformin/);
    assert.equal(await paula.button(/^Undo my last change/).count(), 0, "nothing of hers is there yet");
    await paula.fill("Instructions", "Before meals.");
    await paula.leaves();
    await says("Before meals.");
    await paula.sees("You changed:");
    await paula.press(/^Undo my last change ?: Instructions – Metformin/);
    await says("With meals.");
    await paula.sees("You took back:");
});

story("it is put back; and what a colleague wrote since stays", async () => {
    await paula.press(/^Put it back ?: Instructions – Metformin/);
    await says("Before meals.");
    set(record, { instructions: "After meals." });
    await paula.button(/^Undo my last change/).waitFor({ state: "detached" });
    await paula.press(paula.page.locator(".undo-what summary"));
    await paula.sees("Instructions – Metformin stays as it is. Desk changed it since.");
    assert.equal(directions(), "After meals.");
});

story("from the log she looks at the chart as it was, and comes back", async () => {
    await paula.press("Log");
    const line = paula.page.getByRole("listitem").filter({ hasText: "put back your own change" });
    await paula.press(line.getByRole("button"));
    await paula.isAt("The chart as it was");
    await paula.sees("It is not how it is now.");
    await paula.sees("Before meals.");
    await paula.seesNo("After meals.");
    await paula.press(/^← Back to the chart/);
    await paula.focusIsAt(/^Show the chart as it was then/); // which she had pressed
    assert.deepEqual(paula.trouble, []);
});
