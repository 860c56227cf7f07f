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

/* More than a draft may hold: 200 lines, of which each is known by its number. */
const LINES = Array.from({ length: 200 }, (_, i) => `${i + 1}. dizzy in the morning, and again on getting up from the sofa`);

/** The caret at the end of this line. */
async function caretInLine(person, n) {
    await area(person).focus();
    await area(person).evaluate((one, at) => one.setSelectionRange(at, at), LINES.slice(0, n).join("\n").length);
}
const lineOf = (person, n) => area(person).evaluate((one, n) => one.value.split("\n")[n - 1], n);
const ownLine = (person) => area(person).evaluate((one) => one.value.slice(0, one.selectionStart).split("\n").length);
/** In which line they see the caret of the other. */
const seenLine = (person) => person.page.locator(".carets").evaluate((one) => {
    const range = document.createRange();
    range.setStart(one, 0);
    range.setEndBefore(one.querySelector(".caret"));
    return range.toString().split("\n").length;
});
const seen = (person) => person.page.locator("[data-field=effects] .typing").innerText();

story("in a long note both type at once, and each sees the other's words and caret before any pause", async () => {
    await area(ben).fill(LINES.join("\n"));
    await bothRead(LINES.join("\n"));
    await caretInLine(ben, 40);
    await caretInLine(paula, 160);
    for (const [person, line, name] of [[paula, 40, "Ben Pharm"], [ben, 160, "Paula Pharm"]]) {
        await until("a caret that only moved is seen", async () => (await person.page.locator(".carets").count()) === 1 && (await seenLine(person)) === line);
        assert.equal(await person.page.locator(".caret-name").innerText(), name);
        assert.equal(await person.page.locator(".typing").count(), 0, "nothing is typed");
    }
    const before = text();
    const typing = Promise.all([paula.type(", since she takes the new pills", 90), ben.type(" before breakfast on most days", 90)]);
    await until("each sees the other's words grow", async () => / before br/.test(await seen(paula).catch(() => "")) && /, since sh/.test(await seen(ben).catch(() => "")));
    assert.equal(text(), before, "nobody has paused yet");
    assert.deepEqual([await lineOf(paula, 40), await lineOf(ben, 160)], [LINES[39], LINES[159]], "nothing is put into the text but what is written");
    assert.deepEqual([await seenLine(paula), await seenLine(ben)], [40, 160]);
    await typing;
    assert.deepEqual([await ownLine(paula), await ownLine(ben)], [160, 40], "each is where they were");
    const both = LINES.map((one, i) => one + (i === 39 ? " before breakfast on most days" : i === 159 ? ", since she takes the new pills" : ""));
    await bothRead(both.join("\n"));
    await until("nothing is typed any more", async () => (await paula.page.locator(".typing").count()) + (await ben.page.locator(".typing").count()) === 0);
    assert.deepEqual([await ownLine(paula), await ownLine(ben)], [160, 40]);
    await until("and each is seen there", async () => (await seenLine(paula)) === 40 && (await seenLine(ben)) === 160);
});

story("a line put in above moves the carets of both along", async () => {
    await caret(ben, "front");
    await ben.type("Read on 4 May:\n");
    await until("it is there", () => text().startsWith("Read on 4 May:\n1. "));
    await until("in front of Paula's, too", async () => (await ownLine(paula)) === 161);
    await until("and Ben sees her there", async () => (await seenLine(ben)) === 161);
    await caret(ben, "end");
    await area(paula).blur();
    await until("who has left is not seen", async () => (await ben.page.locator(".carets").count()) === 0);
    await area(ben).fill("dizzy");
    await bothRead("dizzy");
});

story("what is written without a connection is carried over to what the text says then", async () => {
    line.cut();
    await caret(paula, "end");
    await paula.type(" Since May.");
    await caret(ben, "front");
    await ben.type("very ");
    await until("Ben's is there", () => text() === "very dizzy");
    line.mend();
    await bothRead("very dizzy Since May.");
    assert.deepEqual([...paula.trouble, ...ben.trouble], []);
});
