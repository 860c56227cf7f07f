/** Two write in one text at the same time, in two browsers and at a real server: nothing is lost, and nobody is asked. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before } from "node:test";
import { top, until } from "./_load.mjs";
import { Line } from "./_lines.mjs";
import { Person, storyOf } from "./_people.mjs";
import { missing, Scene } from "./_scene.mjs";

const skip = missing() ?? false;
const LABEL = "Side effects noticed";
let scene, chart, line, paula, ben, record;

before(async () => {
    if (skip) return;
    scene = new Scene();
    await scene.serve(scene.site(join(top, "web-client/src/main.tsx")));
    chart = scene.practice("Rosalind Example");
    const fields = { regimen: { drug: "Metformin", strength: "500 mg" }, status: "active", effects: "dizzy" };
    record = scene.galen("desk", ["doc", "set", chart, "pmr", "new"], JSON.stringify(fields)).record;
});
after(async () => {
    line?.close();
    await scene?.end();
});

const text = () => scene.lines("desk", ["doc", "get", chart, "pmr"]).find((r) => r.record === record).fields.effects.value;
const area = (person) => person.page.getByLabel(LABEL, { exact: true });
const bothRead = async (wanted) => {
    await until(`the text says “${wanted}”`, () => text() === wanted);
    for (const person of [paula, ben])
        await until(`a screen says “${wanted}”`, async () => (await area(person).inputValue()) === wanted);
};
const story = storyOf(skip, () => [paula, ben]);

async function colleague(name, by) {
    const person = await Person.joins(await scene.browser(name), scene.invite("pharmacist", null, name), by);
    await person.isAt("Patients");
    const { account } = scene.lines("desk", ["chart", "members", "practice"]).find((m) => m.name === name && m.purpose === "device");
    scene.galen("desk", ["chart", "add", chart, account]);
    await person.press("Open Rosalind Example");
    await person.press("Medicines");
    await person.press(/^Open.*Metformin/);
    await area(person).waitFor();
    return person;
}

/** Puts the caret there, as a press would. */
async function caret(person, at) {
    await area(person).click();
    await person.page.keyboard.press(at === "front" ? "Control+Home" : "Control+End");
}

story("two type in one text, one in front and one at the end: both stand there, each in one piece", async () => {
    line = await Line.to(scene.port);
    paula = await colleague("Paula Pharm", line.url);
    ben = await colleague("Ben Pharm");
    await caret(paula, "end");
    await caret(ben, "front");
    await Promise.all([
        paula.type(" in the morning, and again when she gets up from the sofa", 60),
        ben.type("Says that she is ", 150),
    ]);
    await bothRead("Says that she is dizzy in the morning, and again when she gets up from the sofa");
    assert.equal(await paula.page.getByRole("button", { name: "Keep mine" }).count(), 0, "nobody is asked which");
});

story("who goes on goes on where they were, though the text before them has changed", async () => {
    await paula.type("!");
    await ben.type("very ");
    await bothRead("Says that she is very dizzy in the morning, and again when she gets up from the sofa!");
});

story("what is written without a connection is carried over to what the text says then", async () => {
    line.cut();
    await paula.type(" Since May.");
    await ben.type("very ");
    await until("Ben's is there", () => text().includes("very very"));
    line.mend();
    await bothRead("Says that she is very very dizzy in the morning, and again when she gets up from the sofa! Since May.");
    assert.deepEqual([...paula.trouble, ...ben.trouble], []);
});
