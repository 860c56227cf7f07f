/**
 * A visit as the people in it see it, on a real server over TLS: Paula, a pharmacist, and Rosa, her patient, each in a
 * browser of their own; Ben, another pharmacist, uses `galen`. Rosa's line can be cut, go silent, and hold things up.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before } from "node:test";
import { ears } from "./_ears.mjs";
import { Line } from "./_lines.mjs";
import { top, until } from "./_load.mjs";
import { Person, storyOf } from "./_people.mjs";
import { missing, Scene } from "./_scene.mjs";

const skip = missing() ?? false;
const CUT_MS = 20_000;
const SOON_MS = 1000;
const BACK_MS = 3000;
const DEVICE = "On this device, not sent yet", SERVER = "With the server";
const THEIRS = { rosa: "Verified on the device of Paula Pharm", paula: "Verified on the device of Rosalind Example" };
let scene, line, chart, paula, rosa, browsers;

before(async () => {
    if (skip) return;
    scene = new Scene();
    await scene.serve(scene.site(join(top, "web-client/src/main.tsx")));
    chart = scene.practice("Rosalind Example");
    line = await Line.to(scene.port);
    await openBrowsers();
});
after(async () => {
    line?.close();
    await scene?.end();
});

async function openBrowsers() {
    browsers = { paula: await scene.browser("paula"), rosa: await scene.browser("rosa") };
    for (const { context } of Object.values(browsers)) await context.addInitScript(ears);
}
const story = storyOf(skip, () => [paula, rosa]);
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
/** A colleague who was invited is added to the patient's chart. */
const addToChart = (name) => {
    const { account } = scene.lines("desk", ["chart", "members", "practice"]).find((m) => m.name === name && m.purpose === "device");
    scene.galen("desk", ["chart", "add", chart, account]);
};
const medicines = (home) => scene.lines(home, ["doc", "get", chart, "pmr"]);
const part = { paula: { messages: /^Messages/, pmr: "Medicines" }, rosa: { messages: /^Messages/, pmr: /^My medicines/ } };
async function rosaGoes(to) {
    await rosa.press("Home");
    await rosa.press(part.rosa[to]);
}
const paulaGoes = (to) => paula.press(part.paula[to]);

/** Every mark that stands below a message from now on, in order. */
async function marksOf(person, text) {
    await person.page.evaluate((wanted) => {
        const seen = ((globalThis.marks ??= {})[wanted] = []);
        new MutationObserver(() => {
            const item = [...document.querySelectorAll("li")].find((li) => li.textContent.includes(wanted));
            const mark = item?.querySelector(".marks")?.textContent.replace(/^\W+/, "");
            if (mark && mark !== seen.at(-1)) seen.push(mark);
        }).observe(document.body, { subtree: true, childList: true, characterData: true });
    }, text);
    return () => person.page.evaluate((wanted) => marks[wanted], text);
}

/** Both have read the same entries to the last one, and each has the other's signed word for it. */
async function allEqual() {
    const checked = async (person) => {
        await person.press("Check now");
        const [line] = await person.page.getByText(/All is right: \d+ entries/).allTextContents();
        const [, size] = /All is right: (\d+)/.exec(line ?? "") ?? [];
        const [, complete] = /nothing is missing up to entry (\d+)/.exec(line ?? "") ?? [];
        return size && size === complete ? size : undefined;
    };
    await paula.press("Log");
    await rosa.press("Home");
    await rosa.press(/^What was done here/);
    await until("both have all, and say so", async () => {
        const [hers, his] = [await checked(paula), await checked(rosa)];
        return hers && hers === his;
    }, 30_000);
}
const texts = (person) => person.page.getByRole("log").locator(".text").allTextContents();

/* -- before the visit ------------------------------------------------------------------------------------ */

story("both open their links; Ben comes in by `galen`", async () => {
    paula = await Person.joins(browsers.paula, scene.invite("pharmacist", null, "Paula Pharm"));
    await paula.isAt("Patients");
    scene.galen("ben", ["join"], scene.invite("pharmacist", null, "Ben Pharm"));
    await until("Paula's name is known", () => (addToChart("Paula Pharm"), true));
    addToChart("Ben Pharm");
    await paula.isAt("Rosalind Example");
    rosa = await Person.joins(browsers.rosa, scene.invite("patient", chart, "Rosalind Example"), line.url);
    await rosa.isAt(/^(Hello, Rosalind Example|My chart)$/);
    assert.equal(new URL(rosa.page.url()).hash, "", "the secret does not stay in the address");
});

story("messages both ways: with the server, then verified on theirs", async () => {
    await rosa.press(/^Messages/);
    const text = "I feel dizzy since the new tablets.";
    const marks = await marksOf(rosa, text);
    await rosa.fill("Write a message", text);
    await rosa.press("Send");
    const theirs = "Verified on the device of a pharmacist"; // names stand in the record
    await rosa.marked(text, theirs);
    const seen = await marks(), order = [DEVICE, SERVER, theirs];
    assert.deepEqual(seen, order.filter((m) => seen.includes(m)), "forward only");
    await paula.sees("1 new message");
    await paula.press("Open Rosalind Example");
    await paula.sees(text);
    await paula.fill("Write a message", "Let us talk about them in a minute.");
    await paula.press("Send");
    await rosa.sees("Let us talk about them in a minute.");
    await paula.marked("Let us talk about them in a minute.", THEIRS.paula);
});

/* -- in the visit ------------------------------------------------------------------------------------------ */

story("Rosa knocks; the signal repeats until she is let in", async (t) => {
    await paula.press("Start a visit");
    await paula.sees("Visit: nobody else is here yet.");
    await rosa.press("Home");
    await rosa.press("Go to the visit");
    await rosa.press("Turn on my microphone");
    await rosa.press("Knock");
    await rosa.isAt("You are in the waiting room");
    await paula.sees(/Rosalind Example \(patient\) is waiting to be let in/);
    const rings = await until("it is heard a second time", async () => {
        const begins = await paula.page.evaluate(() => ears.begins());
        return begins.length > 1 && begins;
    }, 20_000);
    t.diagnostic(`the signal repeats after ${Math.round(rings[1] - rings[0])} ms`);
    assert.equal(await paula.page.title(), "(1) waiting – Galen");
    assert.equal(await rosa.inVisit(), 0);
    await paula.press("Let Rosalind Example in");
    await rosa.isAt("You are in the visit");
    await rosa.sees("Visit with a pharmacist");
    await paula.sees("Visit with Rosalind Example");
    assert.deepEqual([await paula.inVisit(), await rosa.inVisit()], [2, 2]);
    await paula.hears("Rosalind Example");
    await rosa.hears("a pharmacist");
});

story("the record opens for Rosa when her identity was checked", async () => {
    await rosaGoes("pmr");
    await rosa.sees("This opens after your pharmacist has checked who you are");
    await paula.press("Check identity of Rosalind Example");
    await paula.press("Yes, both are right");
    await paula.sees("At least two things must be right.");
    await paula.check("name");
    await paula.check("date of birth");
    await paula.press("Yes, both are right");
    await rosa.sees("No medicines are on your list yet");
    await rosa.sees("Visit with Paula Pharm");
    await paula.page.getByRole("dialog").waitFor({ state: "detached" }); // Rosa's screen may be the first
});

story("a medicine that Paula saves stands on Rosa's screen within a second", async (t) => {
    await paulaGoes("pmr");
    await paula.press("Add a medicine");
    await paula.fill("Drug", "Metformin");
    await paula.fill("Strength", "500 mg");
    await paula.fill("Frequency", "twice a day");
    const hint = "This is one value, saved as a whole.";
    const [saved, there] = [await paula.notes(hint, true), await rosa.notes("Metformin 500 mg")];
    await paula.press("Add to the record");
    const added = (await there()) - (await saved());

    await rosa.press("See or change Metformin 500 mg");
    await paula.press("Open Metformin 500 mg");
    await paula.fill("Frequency", "with breakfast and supper");
    const [written, read] = [await paula.notes("Not sent yet.", true), await rosa.notes("with breakfast and supper")];
    await paula.press("Save");
    const changed = (await read()) - (await written());
    t.diagnostic(`added ${Math.round(added)} ms, changed ${Math.round(changed)} ms after the end of the save`);
    assert.ok(added <= SOON_MS && changed <= SOON_MS, `${added} ms, ${changed} ms`);
});

story("what Rosa types is seen while she types", async () => {
    await rosa.press(/Tell us.*How I really take it/);
    await rosa.type("I take one ");
    const field = paula.field("As really taken");
    await field.getByText("Rosalind Example is writing:").waitFor();
    await rosa.type("in the morning");
    await field.getByText("I take one in the morning").waitFor();
    await rosa.press("Done");
    await rosa.field("How I really take it").getByText(THEIRS.rosa).waitFor();
    await until("it is in Paula's field", async () =>
        (await paula.page.getByLabel("As really taken").inputValue()) === "I take one in the morning");
});

story("both change “as really taken” at once: both see both, and one is chosen", async () => {
    await rosa.press(/Change.*How I really take it/);
    const write = async (person, label, text) => {
        await person.begin(label);
        await person.page.keyboard.press("Control+A");
        await person.type(text, 120);
    };
    const holdWhenSeen = async () => {
        await paula.field("As really taken").getByText("Rosalind Example is writing:").waitFor();
        await rosa.field("How I really take it").getByText("Paula Pharm is writing:").waitFor();
        line.hold(); // so that what they write crosses on the way
    };
    await Promise.all([
        write(rosa, "How I really take it", "Only in the evening"), write(paula, "As really taken", "Not on Sundays"),
        holdWhenSeen(),
    ]);
    await Promise.all([rosa.press("Done"), paula.leaves()]);
    await rosa.field("How I really take it").getByText(DEVICE).waitFor();
    await paula.field("As really taken").getByText(SERVER).waitFor();
    line.mend();
    for (const [person, title] of [[paula, "As really taken"], [rosa, "How I really take it"]]) {
        const conflict = person.page.getByRole("group", { name: `Two different answers: ${title}` });
        await conflict.getByText("Only in the evening").first().waitFor();
        await conflict.getByText("Not on Sundays").first().waitFor();
    }
    await rosa.press(/Use this one.*Only in the evening/);
    await rosa.seesNo(/Two different answers/);
    await paula.seesNo(/Two different answers/);
    await until("it is in Paula's field", async () =>
        (await paula.page.getByLabel("As really taken").inputValue()) === "Only in the evening");
});

story("two pharmacists change the regimen at once: all see both, one is chosen, all have it", async () => {
    const [{ record }] = medicines("ben");
    const bens = "drug=Metformin; strength=1000 mg; frequency=once a day; as_needed=no";
    assert.throws(() => scene.galen("ben", ["doc", "set", chart, "pmr", record, "--offline"], `regimen=${bens}`), /offline/);
    await paula.fill("Strength", "850 mg");
    await paula.press("Save");
    await paula.field("Regimen").getByText(THEIRS.paula).waitFor();
    await until("Ben's change is sent", () => scene.lines("ben", ["chart", "list"]).every((c) => c.waiting === 0), 20_000);
    const values = ["Metformin 1000 mg: once a day", "Metformin 850 mg: with breakfast and supper"];
    for (const [person, title] of [[paula, "Regimen"], [rosa, "How I take it"]]) {
        const conflict = person.page.getByRole("group", { name: `Two different answers: ${title}` });
        for (const value of values) await conflict.getByText(value, { exact: true }).first().waitFor();
    }
    assert.equal(medicines("ben")[0].fields.regimen.values.length, 2);
    assert.equal(await rosa.page.getByRole("button", { name: /Use this one/ }).count(), 0, "Rosa does not decide this");
    await paula.press(/Use this one.*850 mg/);
    await paula.seesNo(/Two different answers/);
    await rosa.field("How I take it").getByText(values[1]).waitFor();
    await rosa.seesNo(/Two different answers/);
    await until("Ben has it", () => {
        const { values: [only, ...more] } = medicines("ben")[0].fields.regimen;
        return more.length === 0 && only.value.includes("850 mg");
    });
});

story("a medicine that Rosa adds waits until Paula accepts it", async () => {
    await rosa.press(/All my medicines/);
    await rosa.press("Add a medicine");
    await rosa.fill("Name of the medicine", "St. John’s wort");
    await rosa.press("Send it to my pharmacist");
    await rosa.sees("Waits for your pharmacist");
    await paula.press(/All medicines/);
    await paula.sees("Suggested, to be accepted or declined");
    await paula.press("Open St. John’s wort");
    await paula.press("Accept");
    await rosa.seesNo("Waits for your pharmacist");
    await paula.press(/All medicines/);
    await paula.seesNo("Suggested, to be accepted or declined");
    await allEqual();
});

/* -- bad lines ---------------------------------------------------------------------------------------------- */

for (const [how, breakIt] of [["closed", () => line.cut()], ["silent", () => line.goSilent()]])
    story(`Rosa's line is ${how} for 20 s: both write on, and nothing is lost`, async (t) => {
        const hers = `Rosa, while the line was ${how}`, his = `Paula, while the line was ${how}`;
        await rosaGoes("messages");
        await paulaGoes("messages");
        breakIt();
        const begun = Date.now();
        const marks = await marksOf(rosa, hers);
        await rosa.fill("Write a message", hers);
        await rosa.press("Send");
        await paula.fill("Write a message", his);
        await paula.press("Send");
        await rosa.marked(hers, DEVICE);
        await paula.marked(his, SERVER);
        if (how === "closed") await rosa.sees("No connection");
        await rosaGoes("pmr");
        await rosa.press("See or change Metformin 850 mg");
        await rosa.press(/Side effects I noticed/);
        await rosa.fill("Side effects I noticed", `noted while ${how}`);
        await rosa.press("Done");
        await rosa.field("Side effects I noticed").getByText(DEVICE).waitFor();
        await paulaGoes("pmr");
        await paula.press("Open Metformin 850 mg");
        await paula.fill("Watch for", `told while ${how}`);
        await paula.leaves();
        await paula.field("Watch for").getByText(SERVER).waitFor();
        await rosaGoes("messages");
        await paulaGoes("messages");
        await pause(CUT_MS - (Date.now() - begun));
        assert.equal(await rosa.page.getByText(his).count(), 0);
        assert.equal(await paula.page.getByText(hers).count(), 0);
        await rosa.marked(hers, DEVICE);
        await paula.marked(his, SERVER);

        line.mend();
        const mended = Date.now();
        await rosa.sees(his);
        await paula.sees(hers);
        const after = Date.now() - mended;
        await rosa.marked(hers, THEIRS.rosa);
        await paula.marked(his, THEIRS.paula);
        const seen = await marks(), order = [DEVICE, SERVER, THEIRS.rosa];
        assert.equal(seen[0], DEVICE);
        assert.deepEqual(seen, order.filter((m) => seen.includes(m)), "forward only");
        await rosa.sees("Visit with Paula Pharm");
        await paula.sees("Visit with Rosalind Example");
        await until("two are in the visit", async () => (await paula.inVisit()) === 2 && (await rosa.inVisit()) === 2);
        t.diagnostic(`the messages are there ${after} ms after the line was mended, the call after ${Date.now() - mended} ms`);
        await paula.hears("Rosalind Example");
        await rosa.hears("Paula Pharm");
        await paulaGoes("pmr");
        await paula.press("Open Metformin 850 mg");
        await until("what Rosa noted is there", async () =>
            (await paula.page.getByLabel("Side effects noticed").inputValue()) === `noted while ${how}`);
        await rosaGoes("pmr");
        await rosa.press("See or change Metformin 850 mg");
        await rosa.sees(`told while ${how}`);
        await allEqual();
    });

/* -- loaded again --------------------------------------------------------------------------------------------- */

/** Everything that the bar says about who is there, from now on. */
const watchVisit = (person) => person.page.evaluate(() => {
    globalThis.inVisit = [];
    new MutationObserver(() => {
        const there = [...document.querySelectorAll(".visit-bar .voices li")].length;
        const waits = document.querySelectorAll(".visit-bar .knocking").length;
        if (there !== inVisit.at(-1)?.there || waits !== inVisit.at(-1)?.waits) inVisit.push({ there, waits });
    }).observe(document.body, { subtree: true, childList: true });
});

/** Loads the page anew; how long until both see each other in the visit again: ms. */
async function loadedAgain(person, other, withName, asName) {
    await watchVisit(other);
    const begun = Date.now();
    await person.page.reload({ waitUntil: "commit" });
    await person.sees(`Visit with ${withName}`);
    await until(`${asName} is there for the other`, async () => (await other.inVisit()) === 2);
    const took = Date.now() - begun;
    const seen = await other.page.evaluate(() => inVisit);
    assert.ok(seen.every(({ there, waits }) => there <= 2 && waits === 0), `a ghost: ${JSON.stringify(seen)}`);
    await until("two are in the visit", async () => (await person.inVisit()) === 2);
    assert.equal(await person.page.getByText("Your microphone is off").count(), 0, "the microphone is on again");
    await person.hears(withName);
    return took;
}

story("Rosa loads the page again and is back in the call within three seconds, muted as before", async (t) => {
    await rosa.press("Mute me");
    await paula.sees("Rosalind Example is muted.");
    const took = await loadedAgain(rosa, paula, "Paula Pharm", "Rosa");
    t.diagnostic(`${took} ms`);
    await rosa.sees("You are muted: nobody hears you.");
    await paula.sees("Rosalind Example is muted.");
    await rosa.press("Unmute me");
    await paula.seesNo("Rosalind Example is muted.");
    await paula.hears("Rosalind Example");
    assert.ok(took <= BACK_MS, `${took} ms`);
});

story("so does Paula, who opened the visit", async (t) => {
    const took = await loadedAgain(paula, rosa, "Rosalind Example", "Paula");
    t.diagnostic(`${took} ms`);
    await rosa.hears("Paula Pharm");
    assert.ok(took <= BACK_MS, `${took} ms`);
    await allEqual();
});

/* -- afterwards ------------------------------------------------------------------------------------------------ */

story("the visit ends for both, and who loads the page again stays out", async () => {
    await paula.press("End the visit");
    await paula.page.getByRole("dialog").getByRole("button", { name: "End the visit" }).click();
    await rosa.press("Home");
    await rosa.sees("No visit is open now.");
    await rosa.press("Try my sound");
    await rosa.sees("The visit has ended.");
    await paula.press(/^Messages/);
    await paula.press("Start a visit");
    await rosa.isAt("Before the visit");
    await rosa.seesNo("The visit has ended.");
    await rosa.page.reload();
    await rosa.isAt("Before the visit");
    assert.equal(await rosa.page.getByRole("region", { name: "Visit" }).count(), 0);
    await paula.press("End the visit");
    await paula.page.getByRole("dialog").getByRole("button", { name: "End the visit" }).click();
    await rosa.sees("No visit is open now.");
    assert.deepEqual([...paula.trouble, ...rosa.trouble], []);
});

story("both browsers are closed and opened again: everything is there", async () => {
    await rosaGoes("messages");
    await paulaGoes("messages");
    await until("all messages", async () => (await texts(rosa)).length === 6);
    const before = await texts(rosa);
    assert.deepEqual(before, scene.messages(chart));
    for (const browser of Object.values(browsers)) await browser.close();
    await openBrowsers();
    paula = new Person(await browsers.paula.open("/"));
    rosa = new Person(await browsers.rosa.open("/", { by: line.url }));
    await paula.press("Open Rosalind Example");
    await rosa.press(/^Messages/);
    for (const person of [paula, rosa]) {
        await until("all messages", async () => (await texts(person)).length === before.length);
        assert.deepEqual(await texts(person), before);
    }
    await rosaGoes("pmr");
    await rosa.press("See or change Metformin 850 mg");
    for (const text of ["Only in the evening", "noted while silent", "told while silent"]) await rosa.sees(text);
    await paulaGoes("pmr");
    await paula.isAt("St. John’s wort");
    await allEqual();
});
