/**
 * An interpreter comes into a visit by a link, on a real server over TLS: Paula, a pharmacist, in one browser, the
 * interpreter in another. They hear each other; what is in the record is nowhere in the interpreter's browser.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before } from "node:test";
import { ears } from "./_ears.mjs";
import { top, until } from "./_load.mjs";
import { Person, storyOf } from "./_people.mjs";
import { missing, Scene } from "./_scene.mjs";
import { lookAt } from "./screens/_look.mjs";

const skip = missing() ?? false;
const CANARY = "Canaryol forte";
let scene, chart, paula, guest, link, browsers;

before(async () => {
    if (skip) return;
    scene = new Scene();
    await scene.serve(scene.site(join(top, "web-client/src/main.tsx")));
    chart = scene.practice("Rosalind Example");
    scene.galen("desk", ["doc", "set", chart, "pmr", "new"], `regimen=drug=${CANARY}; dose=1\n`);
    browsers = { paula: await scene.browser("paula"), guest: await scene.browser("guest") };
    for (const { context } of Object.values(browsers)) await context.addInitScript(ears);
});
after(() => scene?.end());
const story = storyOf(skip, () => [paula, guest]);

/* Everything that the page shows and all that the browser keeps for it. */
const kept = (page) => page.evaluate(async () => {
    const texts = [document.documentElement.outerHTML, JSON.stringify({ ...localStorage }), JSON.stringify({ ...sessionStorage })];
    for (const { name, version } of await indexedDB.databases()) {
        const base = await new Promise((resolve, reject) => {
            const open = indexedDB.open(name, version);
            open.onsuccess = () => resolve(open.result);
            open.onerror = () => reject(open.error);
        });
        for (const store of base.objectStoreNames) {
            const all = base.transaction(store).objectStore(store).getAllKeys();
            const keys = await new Promise((resolve) => { all.onsuccess = () => resolve(all.result); });
            texts.push(...keys.map((key) => typeof key === "string" ? key : new TextDecoder().decode(key)));
        }
        base.close();
    }
    return texts.join("\n");
});

story("Paula starts a visit and makes a link for an interpreter", async () => {
    paula = await Person.joins(browsers.paula, scene.invite("pharmacist", null, "Paula Pharm"));
    await paula.isAt("Patients");
    await until("Paula is put into the chart", () => {
        const known = scene.lines("desk", ["chart", "members", "practice"]).find((m) => m.name === "Paula Pharm" && m.purpose === "device");
        return known && scene.galen("desk", ["chart", "add", chart, known.account]);
    });
    await paula.press("Open Rosalind Example");
    await paula.press("Start a visit");
    await paula.isAt("The appointment");
    await paula.press("Invite an interpreter");
    await paula.page.locator("label", { hasText: "interpreter" }).click();
    await paula.press("Make the link");
    await paula.isAt("Link for the interpreter");
    link = await paula.page.locator(".link-text").textContent();
});

story("the interpreter opens it, reads what it is for, and knocks", async () => {
    const page = await browsers.guest.open(new URL(link).pathname + new URL(link).hash);
    guest = new Person(page);
    await guest.isAt("You are invited as an interpreter");
    assert.equal(new URL(page.url()).hash, "", "the secret does not stay in the address");
    await guest.press("Go on as the interpreter");
    await guest.isAt("You are the interpreter");
    await guest.press("Knock");
    await guest.isAt("You are in the waiting room");
    await paula.sees("An interpreter is waiting to be let in.");
    assert.equal(await guest.inVisit(), 0);
});

story("is let in: each hears the other, and Paula is offered to write down who it is", async () => {
    await paula.press("Let the interpreter in");
    await guest.isAt("You are in the call");
    await paula.sees("Visit with an interpreter");
    await guest.sees("Visit with the pharmacy");
    assert.deepEqual([await paula.inVisit(), await guest.inVisit()], [2, 2]);
    await paula.hears("Interpreter");
    await guest.hears("The pharmacy");
    await paula.press("Write it into the visit");
    await paula.page.getByRole("textbox", { name: "Interpreter" }).fill("Mei Lin, number 4711, Mandarin");
    await paula.leaves();
    await until("it is in the record", () =>
        scene.lines("desk", ["doc", "get", chart, "visit"]).some((r) => r.fields?.interpreter?.value?.includes("4711")));
    await paula.seesNo("Write into the visit who translates");
});

story("nothing of the record is in the interpreter's browser, and the page is right for everybody's eyes", async () => {
    assert.match(await kept(paula.page), /^log\//m, "this search finds whose charts a browser keeps");
    const found = await kept(guest.page);
    for (const word of [CANARY, "Rosalind", "Paula", "4711", "log/", "record/"])
        assert.ok(!found.includes(word), `the interpreter's browser holds ${word}`);
    assert.deepEqual(await lookAt(guest.page), []);
    await guest.page.setViewportSize({ width: 1280, height: 800 });
});

story("a page that is loaded again goes back in; the link opens nothing twice", async () => {
    await guest.page.reload();
    await guest.isAt("You are in the call");
    const thief = new Person(await (await scene.browser("thief")).open(new URL(link).pathname + new URL(link).hash));
    await thief.press("Go on as the interpreter");
    await thief.isAt("This link was used before");
});

story("with the visit the access is over", async () => {
    await paula.press("End the visit");
    await paula.page.getByRole("dialog").getByRole("button", { name: "End the visit" }).click();
    await guest.sees("The visit has ended, and your access with it.");
    await guest.page.reload();
    await guest.sees("The visit is not open.");
    assert.equal(await guest.button("Knock").count(), 0);
});
