/**
 * Every screen in every state on a scripted core: as it looks to poor eyes, and what it does. GALEN_SCREENS
 * names the states that are looked at (a regular expression), while one works on them.
 */
import assert from "node:assert/strict";
import test, { after, before, describe } from "node:test";
import { lookAt } from "./screens/_look.mjs";
import { CHART, NOW, states } from "./screens/_practice.mjs";
import { openStage, settle } from "./screens/_stage.mjs";

let stage, narrow, wide;

before(async () => {
    stage = await openStage();
    narrow = await stage.context(320, 640);
    wide = await stage.context(1280, 900);
});
after(() => stage?.close());

const state = (name) => states.find(([one]) => one === name) ?? assert.fail(`no state ${name}`);
const DAY = 86_400_000;
const inFull = (ms) => new Intl.DateTimeFormat("en-US", { dateStyle: "full", timeStyle: "short", timeZone: "UTC" }).format(ms);
const record = (n) => n.toString(16).padStart(32, "0");

describe("looked at", () => {
    for (const one of states.filter(([name]) => new RegExp(process.env.GALEN_SCREENS ?? "").test(name)))
        test(one[0], async () => {
            const page = await stage.open(narrow, one);
            const found = await lookAt(page);
            found.push(...page.trouble);
            await page.close();
            assert.deepEqual(found, []);
        });
});

/* -- what it does -------------------------------------------------------------------------------------- */

/** A page in a state, and what its core heard. */
async function on(name, alter) {
    const page = await stage.open(wide, state(name), alter);
    page.heard = (what) => page.evaluate((one) => globalThis.heard.filter(([name]) => name === one).map(([, given]) => given), what);
    page.tell = async (told) => { await page.evaluate((one) => globalThis.tell(one), told); await settle(page); };
    page.press = async (label) => { await page.getByRole("button", { name: label }).first().click(); await settle(page); };
    page.writes = async () => (await page.heard("write")).map((w) => w.fields);
    return page;
}
/** From now on time goes by only where a test says so; `goOn` before the page is closed: all pages of a context have one clock. */
const standStill = async (page) => page.clock.pauseAt(await page.evaluate(() => Date.now() + 1000));
const goOn = (page) => page.clock.resume();
/** An entry by Tom, a colleague, that the core has just verified. */
const byTom = (page, more) => page.evaluate(([chart, given]) => globalThis.others({
    chart, index: globalThis.script.entries[chart].length, time_ms: globalThis.script.now_ms, device: "d4".repeat(32), account: "a4".repeat(32),
    name: "Tom Tech", role: "technician", number: 99, epoch: 1, class: "record", state: "open", verified_by: [], kind: "write", doc: "pmr", ...given,
}), [CHART, more]).then(() => settle(page));

test("a link is taken out of the address first, and used by a press only", async () => {
    const page = await on("join");
    assert.equal(new URL(page.url()).pathname + new URL(page.url()).hash, "/");
    assert.equal((await page.heard("look")).length, 1);
    assert.match((await page.heard("look"))[0].link, /\/join#AQ/);
    assert.equal((await page.heard("join")).length, 0);
    await page.press("Open my chart");
    assert.deepEqual(await page.heard("join"), await page.heard("look"));
    await page.close();
});

test("what is on a sheet may be typed with spaces and without the address", async () => {
    const page = await on("welcome");
    await page.getByLabel("Your link or code").fill(`AQAb CdEf ${"GhIj ".repeat(14)}`);
    await page.press("Go on");
    assert.match((await page.heard("look"))[0].link, /^https:\/\/127\.0\.0\.1:\d+\/join#AQAbCdEf(GhIj){14}$/);
    await page.close();
});

for (const [name, heading] of [["join-reading", "Opening your chart"], ["home-patient-reading", "Hello, Rosalind"],
                               ["messages-reading", "Messages"]])
    test(`reading that takes over a second shows how far it is: ${name}`, async () => {
        const [, who, at, alter] = state(name);
        const context = await stage.context(1280, 900);
        await context.addInitScript(() => {
            globalThis.since = {}; // when each was first on the screen
            new MutationObserver(() => {
                for (const what of [".loading, .ways, .composer", ".reading progress"])
                    if (document.querySelector(what)) globalThis.since[what] ??= Date.now();
            }).observe(document, { subtree: true, childList: true });
        });
        const page = await stage.open(context, [name, who, at, alter]);
        const bar = page.locator(".reading progress");
        const read = async (entries) => {
            await page.evaluate(([chart, n]) => Object.assign(globalThis.script.charts.find((c) => c.chart === chart), { entries: n, current: n === 5000 }), [CHART, entries]);
            await page.evaluate((chart) => globalThis.tell({ event: "current", chart, size: 0 }), CHART);
            await settle(page);
        };
        assert.equal(await page.locator("h1").innerText(), heading);
        await settle(page, 1200);
        const [begun, shown] = Object.values(await page.evaluate(() => globalThis.since));
        assert.ok(shown - begun >= 500, `after ${shown - begun} ms`); // of a second; the clock here goes in jumps
        assert.equal(await page.getByText("Read so far: 2,250 of 5,000 entries").count(), 1);
        assert.deepEqual(await bar.evaluate((one) => [one.value, one.max]), [2340, 5000]);
        await read(4100);
        assert.equal(await page.getByText("Read so far: 4,000 of 5,000 entries").count(), 1);
        await read(5000);
        assert.equal(await bar.count(), 0, "all is read");
        await context.close();
    });

test("without a connection nobody knocks; who wanted to is knocked for when it is back and the visit open", async () => {
    const page = await on("visit-patient-offline");
    const online = async (log, told) => {
        await page.evaluate((on) => { globalThis.script.home.online = { log: on, live: on }; }, log);
        await page.tell(told);
    };
    const visit = async (it, told) => {
        await page.evaluate(([chart, it]) => { globalThis.script.charts.find((c) => c.chart === chart).visit = it; }, [CHART, it]);
        await page.tell(told);
    };
    assert.equal(await page.getByRole("button", { name: "Knock", exact: true }).count(), 0);
    await page.press("Knock as soon as I am connected");
    await page.getByText("As soon as the connection is back, this page knocks for you").waitFor();
    await visit(undefined, { event: "online", line: "log" });
    await online(true, { event: "online", line: "live" });
    await page.getByText("As soon as your visit is open, this page knocks for you").waitFor();
    assert.equal((await page.heard("knock")).length, 0);
    await visit({ visit: "ee".repeat(32), host: "d1".repeat(32) }, { event: "visit", chart: CHART, visit: "ee".repeat(32) });
    assert.deepEqual(await page.heard("knock"), [{ chart: CHART }]);
    assert.equal(await page.locator("h1").innerText(), "You are in the waiting room");
    await page.close();
});

test("who has thought better of it is not knocked for, and staff start nothing without a connection", async () => {
    const page = await on("visit-patient-offline-knocks-later");
    await page.press("Do not knock");
    await page.evaluate(() => { globalThis.script.home.online = { log: true, live: true }; });
    await page.tell({ event: "online", line: "live" });
    assert.equal((await page.heard("knock")).length, 0);
    assert.equal(await page.getByRole("button", { name: "Knock", exact: true }).count(), 1);
    await page.close();
    const staff = await on("visit-staff-offline");
    assert.equal(await staff.getByRole("button", { name: /visit$/ }).count(), 0);
    await staff.close();
});

test("a code that was made is where one looks, and a log that is not here yet says nothing of others", async () => {
    const page = await on("people-patient");
    await page.press("Add another device");
    assert.equal(await page.evaluate(() => document.activeElement.textContent), "Code for another device");
    assert.ok(await page.evaluate(() => document.activeElement.getBoundingClientRect().top >= 0));
    await page.close();
    const log = await on("log-loading", (s) => { s.failing.members = "never"; });
    assert.equal(await log.getByText("Nobody else has a device").count(), 0);
    await log.close();
    const reading = await on("messages-reading", (s) => { s.entries[CHART] = []; s.charts[0].entries = 0; });
    assert.equal(await reading.getByText("No messages yet").count(), 0);
    await reading.close();
});

test("ids stand in no address, and Back goes back", async () => {
    const page = await on("home-staff");
    await page.press("Open Rosalind");
    await page.press("Medicines");
    assert.equal(new URL(page.url()).pathname, "/");
    assert.equal(new URL(page.url()).hash, "");
    assert.doesNotMatch(await page.title(), /Rosalind/);
    await page.goBack();
    await settle(page);
    assert.match(await page.locator("h1").innerText(), /Messages/);
    await page.close();
});

test("the focus goes to where a new screen begins; on one that comes back, to where it was", async () => {
    const page = await on("home-patient");
    const focus = async () => {
        await settle(page);
        return page.evaluate(() => [document.activeElement.localName, document.activeElement.innerText.trim().replace(/\s+/g, " ")]);
    };
    await settle(page, 4000);
    await page.press("My medicines");
    assert.deepEqual(await focus(), ["h1", "My medicines"]);
    await page.press("See or change Metformin");
    assert.deepEqual(await focus(), ["h2", "Metformin 500 mg tablet"]);
    for (const back of [() => page.press("← All my medicines"), () => page.goBack().then(() => page.goBack())]) {
        await back();
        assert.deepEqual(await focus(), ["button", "See or change Metformin 500 mg tablet"]);
    }
    await page.press("Home");
    await page.press("My medicines");
    assert.deepEqual(await focus(), ["h1", "My medicines"]);
    await page.close();
});

test("everything of a patient's is two presses away", async () => {
    for (const [way, heading] of [["Messages", "Messages"], ["My medicines", "My medicines"], ["My plan", "My plan"],
                                  ["My visits", "My visits"], ["My papers", "My papers"], ["About me", "About me"],
                                  ["My journal", "My journal"], ["My allergies", "My allergies"], ["How it is going", "How it is going"],
                                  ["People and devices", "People and devices"], ["What was done here", "What was done here"]]) {
        const page = await on("home-patient");
        await page.press(way);
        assert.equal(await page.locator("h1").innerText(), heading);
        await page.close();
    }
});

test("before anybody knows who they are, a record is not open, and a message is one press away", async () => {
    const page = await on("medicines-not-open");
    await page.press("Write a message");
    assert.equal(await page.locator("h1").innerText(), "Messages");
    await page.close();
});

test("on a phone the chart's parts are behind the name of the one that is here", async () => {
    const page = await on("medicines-staff");
    const parts = page.getByRole("navigation", { name: "Parts of this chart" });
    assert.equal(await parts.getByRole("button").count(), 12, "in a row where there is room");
    await page.setViewportSize({ width: 390, height: 800 });
    assert.equal(await parts.getByRole("button").count(), 1);
    assert.ok((await parts.boundingBox()).height < 100);
    await page.press(/^Parts of this chart: Medicines/);
    assert.equal(await parts.getByRole("button").count(), 13);
    assert.deepEqual(await lookAt(page), []);
    await page.setViewportSize({ width: 390, height: 800 });
    await page.press("Problems");
    assert.match(await page.locator("h1").textContent(), /Problems/);
    assert.equal(await parts.getByRole("button").count(), 1);
    await page.close();
});

test("home says when the next visit is: of those that are planned the first, also while it is a little late", async () => {
    const at = (page) => page.getByText(/next visit: /i).allInnerTexts();
    for (const [name, words] of [["home-patient", "Your next visit: "], ["home-staff", "Next visit: "]]) {
        const page = await on(name);
        const said = await at(page);
        assert.equal(said.length, 1);
        assert.ok(said[0].startsWith(words) && said[0].includes(inFull(NOW + 3 * DAY)), said[0]);
        await page.close();
    }
    const late = await on("home-patient", (s) => { s.charts[0].planned_ms = [NOW - DAY, NOW - 30 * 60_000]; });
    assert.ok((await at(late))[0].includes(inFull(NOW - 30 * 60_000)));
    await late.close();
    const past = await on("home-patient", (s) => { s.charts[0].planned_ms = [NOW - DAY]; });
    assert.deepEqual(await at(past), []);
    await past.close();
});

test("staff say where they can be called, and it stands where a patient looks for it", async () => {
    const staff = await on("people-staff");
    assert.equal(await staff.getByLabel("Phone", { exact: true }).inputValue(), "555-0100");
    await staff.getByLabel("Phone", { exact: true }).fill(" 555-0111 ");
    await staff.getByLabel("Hours", { exact: true }).fill("");
    await staff.press("Save phone and hours");
    const [written] = await staff.heard("write");
    assert.deepEqual(written.fields, { phone: "555-0111", hours: "" });
    assert.equal(written.doc, "people");
    assert.match(written.record, /^[0-9a-f]{32}$/);
    await staff.getByText("Saved.", { exact: true }).waitFor();
    await staff.close();
    for (const name of ["home-patient", "people-patient"]) {
        const patient = await on(name);
        const number = patient.getByRole("link", { name: "555-0100" });
        assert.equal(await number.getAttribute("href"), "tel:5550100");
        assert.match(await number.locator("..").innerText(), /Monday to Friday, 9 to 5/);
        await patient.close();
    }
    const odd = await on("home-patient", (s) => { s.charts[0].reach[0].phone = "javascript:alert(1)"; });
    assert.equal(await odd.getByRole("link", { name: /javascript/ }).getAttribute("href"), "tel:1");
    await odd.close();
});

test("what somebody writes is text, whatever it looks like", async () => {
    const page = await on("messages-staff", (s) => {
        s.entries[CHART][14].text = "<img src=x onerror=\"document.title='ran'\"> https://evil.example";
    });
    assert.equal(await page.getByText("<img src=x onerror", { exact: false }).count(), 1);
    assert.equal(await page.locator("main a:not(.usa-skipnav), main img").count(), 0);
    await page.close();
});

test("a message goes from this device to the server to theirs, in words", async () => {
    const page = await on("messages-staff", (s) => { s.server_ms = 20_000; });
    const last = page.locator(".messages li").last();
    await page.getByLabel("Write a message").fill("Good morning");
    await page.getByRole("button", { name: "Send" }).click();
    await page.getByText("On this device, not sent yet").waitFor();
    await settle(page, 30_000);
    assert.match(await last.innerText(), /Good morning\s+◐ With the server/);
    await page.tell({ event: "verified", chart: CHART, device: "d2".repeat(32), account: "a2".repeat(32), size: 16 });
    assert.match(await last.innerText(), /Verified on the device of Rosalind/);
    assert.equal(await page.getByLabel("Write a message").inputValue(), "");
    await page.close();
});

test("what was written before somebody joined is sent or thrown away, as the person says", async () => {
    for (const [label, send] of [["Send it now", true], ["Throw it away", false]]) {
        const page = await on("messages-held");
        assert.match(await page.locator(".held").innerText(), /Sam Carer \(caregiver\) joined since you wrote this/);
        await page.press(label);
        assert.deepEqual(await page.heard("release"), [{ token: record(77), send }]);
        assert.equal(await page.locator(".held").count(), 0);
        await page.close();
    }
});

test("a message that could not be sent stays in the box", async () => {
    const page = await on("messages-patient", (s) => { s.failing.message = { error: "limit-reached", help: "Too much at once. Wait a little and try again." }; });
    await page.getByLabel("Write a message").fill("Important");
    await page.press("Send");
    assert.equal(await page.getByLabel("Write a message").inputValue(), "Important");
    assert.match(await page.getByRole("alert").innerText(), /Wait a little/);
    await page.close();
});

describe("a text field", () => {
    test("in a text that others write, what they wrote comes in around the caret and what is chosen", async () => {
        const page = await on("medicine-staff"), field = page.getByLabel("Side effects noticed");
        const chosen = () => field.evaluate((one) => one.value.slice(one.selectionStart, one.selectionEnd) + ["", " <"][+(one.selectionDirection === "backward")]);
        await byTom(page, { record: record(1), fields: { effects: "one two three" } });
        await field.focus();
        await field.evaluate((one) => one.setSelectionRange(4, 7, "backward"));
        await byTom(page, { record: record(1), fields: { effects: "zero 𝄞 one two three" } });
        await settle(page);
        assert.equal(await field.inputValue(), "zero 𝄞 one two three");
        assert.equal(await chosen(), "two <", "what was chosen before it was typed in");
        await field.evaluate((one) => one.setSelectionRange(one.value.length, one.value.length));
        await standStill(page); // what is typed is not written before the end
        await page.keyboard.type(" four");
        await byTom(page, { record: record(1), fields: { effects: "zero 𝄞𝄞 one two three" } });
        assert.equal(await field.inputValue(), "zero 𝄞𝄞 one two three four");
        assert.equal(await field.evaluate((one) => one.selectionStart), "zero 𝄞𝄞 one two three four".length);
        await page.keyboard.press("Shift+Control+ArrowLeft");
        await byTom(page, { record: record(1), fields: { effects: "zero one two three" } });
        assert.equal(await chosen(), "four <", "and while it is typed in");
        assert.equal(await field.inputValue(), "zero one two three four");
        await goOn(page);
        await page.close();
    });

    test("says where one is in a text, as one splice against what it was, and only where one is when nothing is typed", async () => {
        const page = await on("medicine-staff"), field = page.getByLabel("Side effects noticed");
        const last = async () => { const { chart, doc, record: _, field: __, ...said } = (await page.heard("draft")).at(-1); return said; };
        await byTom(page, { record: record(1), fields: { effects: "𝄞 one two" } });
        await field.focus();
        await field.evaluate((one) => one.setSelectionRange(3, 6));
        await settle(page);
        const [{ was, made }] = await page.heard("draft");
        assert.deepEqual([was, made], ["𝄞 one two", "𝄞 one two"]);
        assert.deepEqual(await last(), { tag: "0123456789abcdef", at: 9, deleted: 0, inserted: "", caret: 5, end: 2 });
        await page.keyboard.press("End");
        await settle(page);
        assert.deepEqual(await last(), { tag: "0123456789abcdef", at: 9, deleted: 0, inserted: "", caret: 9, end: 9 });
        await page.keyboard.type(" three");
        await settle(page, 100);
        assert.deepEqual(await last(), { tag: "0123456789abcdef", at: 9, deleted: 0, inserted: " three", caret: 15, end: 15 });
        await settle(page, 1200);
        assert.deepEqual(await page.writes(), [{ effects: "𝄞 one two three" }]);
        assert.deepEqual(await last(), { was: "𝄞 one two three", made: "𝄞 one two three", caret: 15, end: 15 }, "one is still there");
        await page.getByLabel("Instructions").focus();
        await settle(page);
        assert.deepEqual(await last(), { text: "" });
        await page.close();
    });

    test("others' carets stand in the text where it stands, also when it is wrapped, scrolled, larger or typed in", async () => {
        const page = await on("medicine-two-carets"), field = page.getByLabel("Side effects noticed");
        const over = page.locator("[data-field=effects] .carets");
        /* The same boxes and the same lines: else a mark would be elsewhere. */
        const lined = async (when) => {
            const boxes = () => field.evaluate((one) => [one, one.parentElement.querySelector(".carets")].map((e) => {
                const { x, y } = e.getBoundingClientRect(), style = getComputedStyle(e);
                const look = Object.keys(style).filter((one) => /^(font|letter|word|text(Indent|Transform)|tab|line|white|overflowWrap|hyphens|padding|direction)/.test(one));
                return [x, y, e.clientWidth, e.clientHeight, e.scrollHeight, e.scrollTop, ...look.map((one) => `${one}: ${style[one]}`)].join("; ");
            }));
            await settle(page, 100);
            let [text, layer] = await boxes();
            for (let i = 0; i < 20 && layer !== text; i++) { // the layer follows with the next frame, which a busy machine has late
                await settle(page, 100);
                [text, layer] = await boxes();
            }
            assert.equal(layer, text, when);
        };
        const before = (name) => over.evaluate((one, name) => {
            const range = document.createRange();
            range.setStart(one, 0);
            range.setEndBefore([...one.querySelectorAll(".caret")].find((mark) => mark.textContent === name));
            const copy = range.cloneContents();
            for (const flag of copy.querySelectorAll(".caret")) flag.remove();
            return copy.textContent.split("\n").at(-1);
        }, name);
        for (const width of [320, 390, 700, 1280]) {
            await page.setViewportSize({ width, height: 800 });
            await lined(`${width} px`);
        }
        await page.evaluate(() => { document.documentElement.style.fontSize = "200%"; });
        await lined("twice as large");
        await page.evaluate(() => { document.documentElement.style.fontSize = ""; });
        await field.evaluate((one) => { one.scrollTop = 150; });
        await lined("scrolled");
        const sofa = "1. Felt dizzy in the morning, and again on getting up from the ";
        assert.equal(await before("Tom Tech"), sofa);
        assert.equal(await over.locator(".chosen").innerText(), "and again on getting up from the sofa after lunch; it passed");
        await field.focus();
        await page.keyboard.press("Control+Home");
        await page.keyboard.type("On 4 May:\n");
        await page.keyboard.type("She ");
        await lined("typed in");
        assert.equal(await before("Tom Tech"), "She " + sofa, "and what is typed here moves it along");
        assert.equal(await over.evaluate((one) => getComputedStyle(one).pointerEvents), "none");
        assert.equal(await over.getAttribute("aria-hidden"), "true");
        await page.close();
    });

    test("a screen reader hears once who is in a text, and not each key", async () => {
        const page = await on("medicine-staff"), status = page.locator("[data-field=effects] [role=status].usa-sr-only");
        await byTom(page, { record: record(1), fields: { effects: "dizzy" } });
        await status.evaluate((one) => {
            globalThis.spoken = [];
            new MutationObserver(() => globalThis.spoken.push(one.textContent)).observe(one, { childList: true, subtree: true, characterData: true });
        });
        const tom = (more) => page.tell({ event: "draft", chart: CHART, device: "d4".repeat(32), account: "a4".repeat(32), name: "Tom Tech", doc: "pmr",
                                          record: record(1), field: "effects", ...more });
        const typing = page.locator("[data-field=effects] .typing");
        for (const inserted of ["", " n", " no", " now"])
            await tom({ changes: inserted ? [{ before: "dizzy", deleted: "", inserted, behind: "" }] : [], caret: 5, end: 5, points: 5 });
        assert.equal(await typing.innerText(), "Tom Tech is writing: dizzy now");
        await byTom(page, { record: record(1), fields: { effects: "dizzy now" } });
        await tom({});
        assert.equal(await typing.innerText(), "Tom Tech is writing:", "what it was made of is not here");
        assert.equal(await page.locator("[data-field=effects] .caret").count(), 1, "the mark stays where it was");
        await tom({ changes: [], caret: 9, end: 9, points: 9 });
        assert.equal(await typing.count(), 0);
        assert.deepEqual(await page.evaluate(() => globalThis.spoken), ["Tom Tech is in this text, too."]);
        await tom({ stopped: true });
        assert.equal(await page.locator("[data-field=effects] .caret").count(), 0);
        assert.equal(await status.innerText(), "");
        await page.close();
    });

    test("sends drafts while typing, from the first key on and at most every 40 ms, and writes once after a pause", async () => {
        const page = await on("medicine-staff");
        await page.getByLabel("Watch for").focus();
        await standStill(page);
        await page.keyboard.type("S");
        assert.deepEqual((await page.heard("draft")).map((d) => d.text), ["S"]);
        for (const letter of "welling") {
            await page.keyboard.type(letter);
            await page.clock.runFor(10);
        }
        await page.clock.runFor(40);
        const drafts = await page.heard("draft");
        assert.ok(drafts.length >= 2 && drafts.length <= 4, `${drafts.length} drafts in 110 ms`);
        assert.equal(drafts.at(-1).text, "Swelling");
        assert.deepEqual(await page.writes(), []);
        await page.clock.runFor(900);
        assert.deepEqual(await page.writes(), []);
        await page.clock.runFor(200);
        await settle(page);
        assert.deepEqual(await page.writes(), [{ watch_for: "Swelling" }]);
        assert.equal((await page.heard("draft")).at(-1).text, "", "others are told that the typing has ended");
        await goOn(page);
        await page.close();
    });

    test("is written when it is left, and when the page is hidden", async () => {
        const page = await on("medicine-staff");
        await page.getByLabel("Watch for").fill("Rash");
        await page.getByRole("textbox", { name: "Pharmacy" }).focus();
        await settle(page, 100); // no pause of a second
        await page.getByRole("textbox", { name: "Pharmacy" }).fill("Corner");
        await page.evaluate(() => {
            Object.defineProperty(document, "visibilityState", { value: "hidden", configurable: true });
            document.dispatchEvent(new Event("visibilitychange"));
        });
        await settle(page, 100);
        assert.deepEqual(await page.writes(), [{ watch_for: "Rash" }, { pharmacy: "Corner" }]);
        await page.close();
    });

    test("shows what others type below, and neither text nor caret moves", async () => {
        const page = await on("medicine-staff");
        const field = page.getByLabel("Instructions");
        await field.focus();
        await page.evaluate(() => document.activeElement.setSelectionRange(7, 7));
        await page.tell({ event: "draft", chart: CHART, device: "d4".repeat(32), account: "a4".repeat(32), name: "Tom Tech", doc: "pmr",
                          record: record(1), field: "instructions", text: "Never chew" });
        await byTom(page, { record: record(1), fields: { instructions: "Never chew it" } });
        assert.equal(await field.inputValue(), "Swallow whole, with a glass of water.");
        assert.equal(await page.evaluate(() => document.activeElement.selectionStart), 7);
        assert.match(await page.locator("[data-field=instructions]").innerText(), /Changed meanwhile to: Never chew it/);
        await page.getByLabel("Watch for").focus();
        await settle(page);
        assert.equal(await field.inputValue(), "Never chew it");
        assert.deepEqual(await page.writes(), []);
        await page.close();
    });

    test("that is left by a press lets the press be done before it shows what others wrote", async () => {
        const page = await on("medicine-staff");
        await page.getByLabel("Instructions").focus();
        await byTom(page, { record: record(1), fields: { instructions: "Theirs" } });
        const below = page.getByLabel("Watch for");
        const at = await below.boundingBox();
        await page.mouse.move(at.x + at.width / 2, at.y + 10);
        await page.mouse.down();
        await page.clock.runFor(100);
        assert.deepEqual(await below.boundingBox(), at, "nothing moves under the finger");
        await page.mouse.up();
        await settle(page, 1000);
        assert.equal(await page.getByLabel("Instructions").inputValue(), "Theirs");
        assert.equal(await page.getByText("Changed meanwhile to:").count(), 0);
        await page.close();
    });

    test("that somebody else wrote meanwhile is not written before the person has said which", async () => {
        for (const [label, value, written] of [["Keep what I wrote", "Mine", [{ instructions: "Mine" }]], ["Use the other one", "Theirs", []]]) {
            const page = await on("medicine-staff");
            const field = page.getByLabel("Instructions");
            await field.fill("Mine");
            await byTom(page, { record: record(1), fields: { instructions: "Theirs" } });
            await page.getByLabel("Watch for").focus();
            await settle(page, 3000);
            assert.deepEqual(await page.writes(), []);
            assert.equal(await field.inputValue(), "Mine");
            await page.press(label);
            assert.deepEqual(await page.writes(), written);
            assert.equal(await field.inputValue(), value);
            await page.close();
        }
    });

    test("that changed while one was in it is not overwritten by the first letter typed then", async () => {
        const page = await on("medicine-staff");
        await page.getByLabel("Instructions").focus();
        await byTom(page, { record: record(1), fields: { instructions: "Theirs" } });
        await page.keyboard.type("!");
        await settle(page, 3000);
        assert.deepEqual(await page.writes(), []);
        assert.match(await page.locator("[data-field=instructions]").innerText(), /Tom Tech changed this while you were writing/);
        await page.close();
    });

    test("keeps what was typed when one looks at something else", async () => {
        const page = await on("medicine-new-staff");
        await page.getByLabel("Drug").fill("Aspirin");
        await page.press("Messages");
        await page.goBack();
        await settle(page);
        assert.equal(await page.getByLabel("Drug").inputValue(), "Aspirin");
        await page.close();
    });
});

describe("writing that is easily misread", () => {
    test("is said below the field, and one press puts there what is better; it keeps nobody from writing", async () => {
        const page = await on("medicine-staff");
        const field = page.getByLabel("Instructions");
        await field.fill("🙂 One QD, then D/C.");
        await settle(page, 100);
        assert.equal(await page.locator(".hint").count(), 0, "nobody is interrupted in the middle of a word");
        await settle(page, 2000);
        assert.deepEqual(await page.writes(), [{ instructions: "🙂 One QD, then D/C." }]);
        const hints = page.locator("[data-field=instructions] .hint");
        assert.deepEqual(await hints.locator("strong").allInnerTexts(), ["“QD” is easily misread.", "“D/C” is easily misread."]);
        assert.match(await hints.first().innerText(), /People read something else in it/);
        assert.deepEqual(await lookAt(page), []);
        await page.press("Write “daily”");
        assert.equal(await field.inputValue(), "🙂 One daily, then D/C.");
        assert.deepEqual(await page.evaluate(() => [document.activeElement.localName, document.activeElement.selectionStart]), ["textarea", "🙂 One daily".length]);
        await settle(page, 2000);
        assert.deepEqual((await page.writes()).at(-1), { instructions: "🙂 One daily, then D/C." });
        await page.press("Write “discharge”");
        assert.equal(await field.inputValue(), "🙂 One daily, then discharge.");
        await settle(page, 2000);
        assert.equal(await hints.count(), 0);
        await page.close();
    });

    test("in a part of a regimen is asked about as that part, and saved only on purpose", async () => {
        const page = await on("medicine-staff");
        await page.getByLabel("Frequency").fill("QD");
        await settle(page, 1000);
        assert.deepEqual((await page.heard("writing")).find((one) => one.text === "QD"), { doc: "pmr", field: "regimen.frequency", text: "QD" });
        await page.press("Write “daily”");
        assert.equal(await page.getByLabel("Frequency").inputValue(), "daily");
        await settle(page, 2000);
        assert.deepEqual(await page.writes(), []);
        await page.press("Save");
        assert.match((await page.writes())[0].regimen, /frequency=daily;/);
        await page.close();
    });

    test("is not looked for in what stood there before, nor in patients' own words", async () => {
        const page = await on("medicine-staff");
        await settle(page, 2000);
        assert.deepEqual(await page.heard("writing"), []);
        await page.close();
        const patient = await on("medicine-patient");
        await patient.press(/Tell us.*Side effects I noticed/);
        await patient.keyboard.type("Dizzy QD");
        await settle(patient, 2000);
        assert.deepEqual(await patient.heard("writing"), []);
        await patient.close();
    });
});

describe("a regimen", () => {
    test("is saved as a whole, and only on purpose", async () => {
        const page = await on("medicine-staff");
        await page.getByLabel("Dose").fill("2");
        await page.getByLabel("Frequency").fill("once; at night");
        await page.getByLabel("Watch for").focus();
        await settle(page, 3000);
        assert.deepEqual(await page.writes(), []);
        await page.press("Save");
        assert.deepEqual(await page.writes(), [{
            regimen: "drug=Metformin; strength=500 mg; form=tablet; dose=2; unit=tablet; route=by mouth; frequency=once\\; at night; as_needed=no",
        }]);
        await page.close();
    });

    test("is never completed with parts that somebody else changed meanwhile", async () => {
        const page = await on("medicine-staff");
        await page.getByLabel("Dose").focus();
        await byTom(page, { record: record(1), fields: { regimen: "drug=Metformin; strength=1000 mg; dose=1; as_needed=no" } });
        assert.equal(await page.getByLabel("Strength").inputValue(), "500 mg");
        await page.keyboard.type("2");
        await settle(page, 3000);
        assert.equal(await page.getByRole("button", { name: "Save", exact: true }).count(), 0);
        assert.match(await page.locator("[data-field=regimen]").innerText(), /Tom Tech changed this/);
        assert.deepEqual(await page.writes(), []);
        await page.close();
    });
});

describe("a record of any document", () => {
    test("asks only for what goes with what was chosen, and is kept at once when it is one's own to say", async () => {
        const page = await on("journal-patient");
        await page.press("Write something down");
        assert.equal(await page.getByLabel("The upper number").count(), 0);
        await page.getByLabel("blood pressure").check({ force: true });
        await page.getByLabel("The upper number").fill("1480");
        await settle(page);
        assert.match(await page.getByRole("alert").innerText(), /not a number that fits/);
        await page.press("Keep this");
        assert.deepEqual(await page.writes(), []);
        await page.getByLabel("The upper number").fill("148");
        await page.getByLabel("The lower number").fill("86");
        await page.press("Keep this");
        assert.deepEqual(await page.writes(), [{ kind: "blood-pressure", systolic: "148", diastolic: "86" }]);
        await settle(page);
        assert.match(await page.locator(".cards").innerText(), /Blood pressure: 148\/86/);
        await page.close();
    });

    test("points at another one by its name", async () => {
        const page = await on("problem-staff");
        const choice = page.getByLabel("Medicine in the record");
        assert.equal(await choice.evaluate((one) => one.selectedOptions[0].text), "Lisinopril");
        await choice.selectOption({ label: "Metformin 500 mg tablet" });
        await settle(page, 2000);
        assert.deepEqual(await page.writes(), [{ medicine: `1/${record(1)}` }]);
        await page.close();
    });

    test("that there is only one of is written to before anybody has said something", async () => {
        const page = await on("profile-nothing-said");
        await page.press(/^Tell us ?: What matters most to me/);
        await page.getByLabel("What matters most to me").fill("To sleep.");
        await page.press("Done");
        await settle(page);
        assert.deepEqual(await page.heard("write"), [{ chart: CHART, doc: "profile", record: record(1), fields: { goals: "To sleep." }, was: "" }]);
        await page.close();
    });

    test("in which a prescriber accepted what is recommended otherwise by now says so, and waits for an answer", async () => {
        const page = await on("answers-outdated");
        assert.match(await page.locator("main").innerText(), /1 question waits for an answer.*What is recommended was changed after this answer\./s);
        await page.close();
    });

    test("that a caregiver suggests names the caregiver as its source", async () => {
        const page = await on("allergies-caregiver");
        await page.evaluate((chart) => { history.pushState({ at: "chart", chart, part: "pmr", record: "new" }, ""); dispatchEvent(new PopStateEvent("popstate", { state: history.state })); }, CHART);
        await settle(page);
        await page.getByLabel("Name of the medicine").fill("Fish oil");
        await page.press("Send it to my pharmacist");
        assert.equal((await page.writes())[0].source, "caregiver");
        await page.close();
    });

    test("a time is typed as the clock on the wall says it", async () => {
        const page = await on("visit-new");
        await page.getByLabel("Type").selectOption("tmr");
        await page.getByLabel("Scheduled").fill("2026-12-01T09:30");
        await page.press("Plan it");
        assert.deepEqual(await page.writes(), [{ type: "tmr", scheduled: "2026-12-01T09:30:00Z" }]);
        await page.close();
    });
});

describe("a visit", () => {
    test("is where its step says, for whoever looks on; who goes on takes the others along only if they press", async () => {
        const staff = await on("flow-start-staff");
        await staff.press("Collect →");
        assert.deepEqual(await staff.writes(), []); // it is there already
        await staff.press("Assess →");
        assert.deepEqual(await staff.writes(), [{ step: "assess" }]);
        assert.equal(await staff.locator("#step").innerText(), "Assess");
        await staff.close();
        const patient = await on("flow-start-patient");
        await patient.press("Go there");
        assert.deepEqual(await patient.heard("write"), []);
        assert.equal(await patient.locator("#step").innerText(), "What I take");
        await patient.close();
    });

    test("keeps what was typed when one goes to another step and comes back", async () => {
        const page = await on("flow-start-staff");
        await page.getByLabel("Patient's location").fill("Springfield");
        await page.press("Collect →");
        await settle(page);
        assert.deepEqual(await page.writes(), [{ place: "Springfield" }]);
        await page.press("Add: vitamin/mineral");
        await page.getByLabel("Drug").fill("Calcium");
        await page.press("Messages");
        await page.goBack();
        await settle(page);
        assert.equal(await page.getByLabel("Drug").inputValue(), "Calcium");
        await page.press("Add to the record");
        const [, made] = await page.heard("write");
        assert.equal(made.fields.kind, "vitamin");
        assert.equal(made.fields.status, "active");
        assert.equal(await page.locator("#step").innerText(), "Collect", "and is where one was");
        await page.close();
    });

    test("without a call is begun with its time, and ends with its minutes", async () => {
        const page = await on("visits-staff-none");
        await page.press("Start a visit without a call");
        const [begun] = await page.writes();
        assert.deepEqual([begun.step, begun.started.slice(0, 15)], ["start", "2026-11-25T15:3"]);
        await page.clock.runFor(12 * 60_000);
        await page.press("The talk is over");
        assert.equal((await page.writes()).at(-1).minutes, "12");
        await page.close();
    });

    test("with a call has the call's own record, and there is one only", async () => {
        const page = await on("messages-staff", (s) => { s.records[CHART].visit = []; });
        await page.press("Start a visit");
        await settle(page);
        const [made] = await page.heard("write");
        assert.equal(made.record, "ee".repeat(16));
        assert.equal(await page.locator("#step").innerText(), "Start");
        await page.close();
        const again = await on("messages-staff");
        await again.press("Start a visit");
        await settle(again);
        assert.deepEqual(await again.heard("write"), [], "one is going on");
        await again.close();
    });

    test("consent is one statement: who, to what, which text, when", async () => {
        const page = await on("flow-start-staff");
        await page.press("Yes, consent was given");
        const [said] = await page.writes();
        assert.deepEqual({ ...said, consent_at: said.consent_at.slice(0, 10) }, {
            consent: "given", consent_text: "1 (2026)", consent_mode: "audio", consent_by: "Rosalind Example-Featherstonehaugh", consent_relation: "the patient",
            consent_at: "2026-11-25", revoked_at: "",
        });
        await page.press("It was taken back");
        assert.equal((await page.writes()).at(-1).consent, "revoked");
        assert.match(await page.locator(".usa-alert--warning").first().innerText(), /The consent was taken back/);
        await page.close();
    });

    test("who is known already is asked all the same, and only that is written", async () => {
        const page = await on("flow-start-identity");
        await page.getByRole("dialog").getByLabel("name", { exact: true }).check({ force: true });
        await page.getByRole("dialog").getByLabel("date of birth").check({ force: true });
        await page.getByRole("dialog").getByRole("button", { name: "Both are right" }).click();
        await settle(page);
        assert.deepEqual(await page.heard("identify"), []);
        assert.deepEqual(await page.writes(), [{ identity: "name, date of birth" }]);
        await page.close();
    });

    test("says which kinds of medicines were asked about, also of those that are not taken", async () => {
        const page = await on("flow-collect-staff");
        assert.match(await page.locator(".still-open").innerText(), /5 kinds of medicines were not asked about/);
        await page.press("Asked: none is taken (vitamin/mineral)");
        assert.deepEqual(await page.writes(), [{ asked: "vitamin" }]);
        await page.press(/^Asked: that is all \(prescription/);
        assert.deepEqual((await page.writes()).at(-1), { asked: "prescription, vitamin" });
        assert.match(await page.locator(".still-open").innerText(), /3 kinds/);
        await page.close();
    });

    test("what was said back is written with its time", async () => {
        const page = await on("flow-agree-staff");
        await page.press(/^Said back in their own words ?: Metformin/);
        const [said] = await page.writes();
        assert.deepEqual([said.teach_back, said.explained_at.slice(0, 10)], ["yes", "2026-11-25"]);
        await page.close();
    });
});

test("a prescriber answers what was asked, in their own name", async () => {
    const page = await on("home-prescriber");
    await page.press("Questions to me");
    assert.match(await page.locator("main").innerText(), /1 question waits[\s\S]*10 mg in the evening/);
    await page.getByLabel("Accepted with changes").check({ force: true });
    await settle(page, 1500);
    assert.match(await page.locator("main").innerText(), /No question waits/);
    await page.getByLabel("Prescriber's note").fill("5 mg, please.", { timeout: 5_000 }); // it has not gone from under their hands
    await page.getByLabel("Prescriber's note").blur();
    await settle(page, 1500);
    assert.deepEqual(await page.writes(), [{ answer: "changed" }, { answer_note: "5 mg, please." }]);
    assert.match(await page.locator("main").innerText(), /No question waits/);
    await page.close();
});

test("how a medicine is taken, why and what to watch for are sentences, each ended once; barriers are said apart", async () => {
    const agreed = await on("flow-agree-patient");
    assert.match(await agreed.locator(".flow").innerText(), /with meals\. For blood sugar \(diabetes\)\. Feeling sick or very tired\.\n/);
    await agreed.close();
    const page = await on("flow-assess-staff");
    const tags = page.locator(".medicine-line", { hasText: "Metformin 500 mg tablet" }).locator(".tags");
    assert.deepEqual((await tags.locator(".usa-tag").allInnerTexts()).slice(-2), ["Forgets", "Confusing directions"]);
    await page.close();
});

test("a finding becomes a problem, or is set aside with a reason", async () => {
    const page = await on("flow-assess-staff");
    await page.press(/^Take it as a problem ?: Lisinopril/);
    const [taken] = await page.writes();
    assert.deepEqual([taken.finding, taken.status, taken.medicine, taken.severity], ["interaction:1", "open", `1/${record(2)}`, "high"]);
    await page.press(/^Set it aside ?: Metformin/);
    await page.press("Set aside with this reason");
    assert.equal((await page.writes()).length, 1, "not without a reason");
    await page.getByLabel("Why nothing needs to be done").fill("Kidneys were looked at in August.");
    await page.press("Set aside with this reason");
    const [, aside] = await page.writes();
    assert.deepEqual([aside.finding, aside.status, aside.set_aside_reason], ["age:1", "set-aside", "Kidneys were looked at in August."]);
    await settle(page);
    assert.match(await page.locator(".flow").innerText(), /Nothing is open\. 2 answered\./);
    assert.match(await page.locator(".not-checked").innerText(), /not recognized/);
    await page.close();
});

test("what is paused is not shown as taken, where it is read back, gone through or decided", async () => {
    const paused = (s) => Object.assign(s.records[CHART].pmr.find((r) => r.record === record(1)).fields.status, { value: "on-hold" });
    for (const [name, words, where] of [["flow-agree-staff", "paused", ".card"], ["flow-collect-staff", "On hold", ".medicine-line"], ["flow-collect-discharge", "On hold", ".reconcile"]]) {
        const page = await on(name, paused);
        const tags = page.locator(where).filter({ hasText: "Metformin" }).first().locator(".usa-tag");
        assert.ok((await tags.allInnerTexts()).includes(words), `${name}: ${await tags.allInnerTexts()}`);
        await page.close();
    }
});

test("no line of a discharge is forgotten, and what was there before is shown beside", async () => {
    const page = await on("flow-collect-discharge");
    const lines = page.locator(".reconcile");
    assert.match(await page.locator(".count-left").innerText(), /^2 of 5 lines are not decided/);
    assert.match(await lines.first().innerText(), /Before the hospital\s+Metformin 500 mg[\s\S]*From now on\s+Metformin 850 mg/);
    const wort = lines.filter({ hasText: "St. John's wort" });
    assert.match(await wort.innerText(), /From now on\s+St\. John's wort/, "what is suggested only is said, too");
    await lines.filter({ hasText: "Lisinopril" }).getByRole("button", { name: "Stopped" }).click();
    await settle(page);
    assert.deepEqual(await page.writes(), [{ discharge: "stopped", status: "stopped", stop: "2026-11-25" }]);
    assert.match(await page.locator(".count-left").innerText(), /^1 of 5/);
    const lisinopril = lines.filter({ hasText: "Lisinopril" });
    await lisinopril.getByRole("button", { name: "Changed" }).click();
    await settle(page);
    assert.deepEqual((await page.writes()).at(-1), { discharge: "changed", status: "active", stop: "" });
    assert.match(await lisinopril.innerText(), /Changed, but written as it was before/);
    await page.close();
});

test("a discharge is not signed, whatever the meaning, while a line is left without a word", async () => {
    const page = await on("flow-sign-done", (s) => {
        s.records[CHART].visit.find((r) => r.record.endsWith("34")).fields.type.value = "discharge";
        s.records[CHART].pmr = s.records[CHART].pmr.filter((r) => r.conflicts === 0 && r.state === "present").slice(0, 1);
    });
    for (const meaning of ["Gone through together with the patient.", "Reviewed without the patient.", "Reconciled after a hospital stay."]) {
        await page.getByLabel(meaning).check({ force: true });
        assert.equal(await page.getByRole("button", { name: "Sign", exact: true }).count(), 0);
    }
    assert.match(await page.locator(".usa-alert").filter({ hasText: "not decided yet" }).innerText(), /1 of 1[\s\S]*Metformin 500 mg/);
    await page.getByRole("button", { name: "Go to: Collect" }).last().click();
    await settle(page);
    const line = page.locator(".reconcile");
    await line.getByRole("button", { name: "Not decided yet" }).click();
    await settle(page);
    assert.match(await page.locator(".count-left").innerText(), /^1 of 1/, "it has to say why");
    await line.getByLabel("Why not decided").fill("The hospital is asked.");
    await line.getByLabel("Why not decided").blur();
    await settle(page);
    assert.match(await page.locator(".count-left").innerText(), /^All 1/);
    await page.locator(".usa-step-indicator button").last().click();
    await settle(page);
    assert.match(await page.locator(".flow").innerText(), /the papers say so, with why[\s\S]*The hospital is asked\./);
    await page.getByLabel("Gone through together with the patient.").check({ force: true });
    await page.getByRole("button", { name: "Sign", exact: true }).click();
    await settle(page);
    assert.deepEqual((await page.heard("sign")).map(({ meaning, visit }) => [meaning, visit]), [["reviewed-with-patient", record(52)]]);
    assert.match(await page.locator(".flow").innerText(), /Version 1[\s\S]*Signed by you/);
    await page.close();
});

const ready = (s) => { s.records[CHART].pmr = s.records[CHART].pmr.filter((r) => r.conflicts === 0); };
const signButton = (page) => page.getByRole("button", { name: "Sign", exact: true });

test("what others change while somebody is about to sign is named, and looked at before", async () => {
    const page = await on("flow-sign-done", ready);
    await byTom(page, { doc: "visit", record: record(52), fields: { notes: "" } });
    await byTom(page, { device: "d1".repeat(32), account: "a1".repeat(32), record: record(1), fields: { watch_for: "Tiredness" } });
    assert.equal(await signButton(page).count(), 1, "what is in no version, and one's own, is no news");
    await byTom(page, { record: record(1), fields: { instructions: "With food" } });
    assert.equal(await signButton(page).count(), 0);
    const news = page.locator(".usa-alert").filter({ hasText: "This changed while you were here" });
    assert.match(await news.innerText(), /Tom Tech[\s\S]*Instructions/);
    await page.press("Look at Metformin 500 mg");
    assert.match(await page.locator(".record-name").innerText(), /Metformin/);
    await page.press("← Back to where I was");
    assert.equal(await signButton(page).count(), 1, "it was looked at");
    await byTom(page, { record: record(1), fields: { instructions: "With milk" } });
    await page.press("I have looked at it");
    await signButton(page).click();
    await settle(page);
    assert.deepEqual((await page.heard("sign")).map(({ seen }) => seen), [19]);
    await page.close();
});

test("what came in the moment before is not signed unseen", async () => {
    const page = await on("flow-sign-done", ready);
    const late = { record: record(1), fields: { instructions: "With food" } };
    await page.evaluate(([chart]) => globalThis.script.entries[chart].push({ device: "d4".repeat(32), doc: "pmr" }), [CHART]);
    await signButton(page).click();
    await settle(page);
    assert.equal(await signButton(page).count(), 0);
    assert.equal(await page.locator(".usa-alert--error").count(), 0, "it is no failure");
    await page.evaluate(([chart]) => globalThis.script.entries[chart].pop(), [CHART]);
    await byTom(page, late);
    assert.match(await page.locator(".flow").innerText(), /This changed while you were here[\s\S]*Tom Tech[\s\S]*Instructions/);
    await page.press("I have looked at it");
    await signButton(page).click();
    await settle(page);
    assert.deepEqual((await page.heard("sign")).map(({ seen }) => seen), [15, 16]);
    assert.match(await page.locator(".flow").innerText(), /Version 1[\s\S]*Signed by you/);
    await page.close();
});

test("a conflict holds up the signature, with the way there and back", async () => {
    const page = await on("flow-sign-conflict");
    assert.equal(await page.getByRole("button", { name: "Sign", exact: true }).count(), 0);
    await page.press("Decide: Lisinopril");
    assert.equal(await page.locator(".conflict").count(), 1);
    await page.press("← Back to where I was");
    assert.equal(await page.locator("#step").innerText(), "Sign");
    await page.close();
});

describe("a paper", () => {
    test("is drawn as text in its own sheet, whatever stands in it, and printed alone", async () => {
        const page = await on("paper-version", (s) => {
            s.papers.papers[0].html = s.papers.papers[0].html.replace("<p>Dear", "<img src=\"x\" onerror=\"document.title='ran'\"><script>document.title='ran'</script><p>Dear");
        });
        const inside = await page.locator(".paper-host").evaluate((host) => ({
            text: host.shadowRoot.querySelector(".body").textContent, bad: host.shadowRoot.querySelectorAll("img, script, style").length,
            size: getComputedStyle(host.shadowRoot.querySelector("p")).fontSize,
        }));
        assert.match(inside.text, /Dear Rosalind & Sam <b>/);
        assert.doesNotMatch(inside.text, /ran/);
        assert.deepEqual([inside.bad, parseFloat(inside.size) >= 18.6], [0, true]);
        await page.emulateMedia({ media: "print" });
        assert.equal(await page.locator("main > :not(.paper-host)").evaluateAll((all) => all.filter((one) => one.checkVisibility()).length), 0);
        assert.equal(await page.locator(".paper-host").isVisible(), true);
        await page.close();
    });

    test("the current list is one press away from home", async () => {
        const page = await on("home-patient");
        await page.press("My list of medicines");
        assert.deepEqual((await page.heard("papers")).map(({ list, chart, version }) => [list, chart, version]), [[true, CHART, undefined]]);
        assert.equal(await page.locator(".paper-host").count(), 1);
        await page.close();
    });
});

test("what was said before in a field is said with who, when and on which device", async () => {
    const page = await on("medicine-staff");
    await page.locator("[data-field=reason] summary").click();
    await settle(page);
    assert.match(await page.locator("[data-field=reason] .history").innerText(),
        /removed “For sugar”, wrote “For blood sugar \(diabetes\)\.” – You, .*, device D1D1 \(counts now\)/);
    await page.locator("[data-field=status] summary").click();
    await settle(page);
    assert.match(await page.locator("[data-field=status] .history").innerText(), /^[^“”]* – .*\(counts now\)/);
    await page.close();
});

test("what waits behind the suggestions that are shown is counted, and comes when those have an answer", async () => {
    const page = await on("medicine-staff", (s) => {
        const [first] = s.records[CHART].pmr[0].proposals;
        s.records[CHART].pmr[0].proposals.unshift({ ...first, index: 8, later: true, fields: { reason: "@4 -1 +Later" } }, { ...first, index: 9, later: true });
    });
    assert.equal(await page.locator("main .proposal").count(), 1);
    assert.match(await page.locator("main").innerText(), /2 more suggestions wait behind these\./);
    assert.doesNotMatch(await page.locator("main").innerText(), /Later/);
    await page.close();
    const none = await on("medicine-staff");
    assert.doesNotMatch(await none.locator("main").innerText(), /behind these/);
    await none.close();
});

test("of two values staff choose one, and that is written", async () => {
    const page = await on("medicine-conflict-staff");
    assert.match(await page.locator(".conflict").innerText(), /10 mg[\s\S]*Tom Tech[\s\S]*|Tom Tech[\s\S]*10 mg/);
    await page.press(/Use this one.*20 mg/);
    assert.deepEqual(await page.writes(), [{
        regimen: "drug=Lisinopril; strength=20 mg; form=tablet; dose=0.5; unit=tablet; route=by mouth; frequency=every morning; as_needed=no",
    }]);
    assert.equal(await page.locator(".conflict").count(), 0);
    await page.close();
});

test("of two values patients choose none", async () => {
    const page = await on("medicine-conflict-patient");
    assert.equal(await page.getByRole("button", { name: /Use this one/ }).count(), 0);
    assert.match(await page.locator(".conflict").innerText(), /Your pharmacist will decide[\s\S]*not sure what to do until then, call your practice/);
    await page.close();
});

test("a dose reads as it is written, whatever direction the letters beside it run in", async () => {
    const page = await on("medicine-staff");
    const box = page.getByLabel("Instructions");
    await box.fill("Take \u202e05\u202c mg, \u2066never\u2069 more");
    await box.blur();
    await settle(page);
    assert.equal(await box.inputValue(), "Take 05 mg, never more");
    assert.equal((await page.writes()).at(-1).instructions, "Take 05 mg, never more");
    await page.close();
    /* Where each piece stands on the screen, from left to right. */
    const hebrew = "\u05d0\u05e7\u05de\u05d5\u05dc";
    const shown = await on("medicine-patient", (s) => {
        s.records[CHART].pmr[0].fields.regimen.value = s.records[CHART].pmr[0].fields.regimen.values[0].value =
            `drug=${hebrew}; strength=500 mg; form=; dose=2; unit=x; route=; frequency=3 a day; as_needed=no`;
    });
    const place = await shown.locator('[data-field="regimen"] .value').evaluate((element) => {
        const node = element.firstChild, text = node.textContent;
        const left = (words) => {
            const range = document.createRange(), at = text.indexOf(words);
            range.setStart(node, at);
            range.setEnd(node, at + words.length);
            return range.getBoundingClientRect().left;
        };
        return ["500", "mg", "2", "3"].map((words) => left(words));
    });
    assert.deepEqual(place, [...place].sort((a, b) => a - b), "500 mg, then 2, then 3");
    await shown.close();
});

test("a suggestion is accepted or declined by staff, and only shown to patients", async () => {
    for (const [label, accepted] of [["Accept", true], ["Decline", false]]) {
        const page = await on("medicine-staff");
        await page.press(label);
        assert.deepEqual(await page.heard("answer"), [{ chart: CHART, proposal: 10, accepted }]);
        assert.equal(await page.locator(".proposal").count(), 0);
        await page.close();
    }
    const page = await on("medicine-patient");
    assert.equal(await page.getByRole("button", { name: /Accept|Decline/ }).count(), 0);
    await page.close();
});

test("staff answer what is only suggested before they change anything in it", async () => {
    const page = await on("medicine-proposed");
    assert.equal(await page.locator("article input, article textarea, article select").count(), 0);
    assert.match(await page.locator("article").innerText(), /Answer what is suggested[\s\S]*Suggested by[\s\S]*I sleep better/);
    await page.press("Accept, then change it");
    assert.deepEqual(await page.heard("answer"), [{ chart: CHART, proposal: 10, accepted: true }]);
    assert.equal(await page.evaluate(() => document.activeElement.closest(".field")?.getAttribute("data-field")), "regimen");
    await page.getByLabel("Instructions").fill("At night");
    await page.close();
    const declined = await on("medicine-proposed");
    await declined.press("Decline");
    assert.equal(await declined.locator("article input, article textarea, article select").count(), 0, "declined, it is not written in either");
    assert.equal(await declined.getByRole("button", { name: "Decline" }).count(), 0);
    await declined.press("Accept");
    assert.deepEqual((await declined.heard("answer")).map(({ accepted }) => accepted), [false, true]);
    assert.ok(await declined.locator("article input").count() > 0);
    await declined.close();
    const flow = await on("flow-collect-discharge");
    const wort = flow.locator(".reconcile").filter({ hasText: "St. John's wort" });
    assert.equal(await wort.locator(".choices").count(), 0);
    await wort.getByRole("button", { name: "Accept", exact: true }).click();
    await settle(flow);
    assert.deepEqual(await wort.locator(".choices button").allInnerTexts(), ["New", "Stopped", "Not decided yet"], "then it is decided");
    await flow.close();
});

test("a patient says what is theirs at once, and suggests the rest", async () => {
    const page = await on("medicine-patient");
    await page.press(/Tell us.*Side effects I noticed/);
    await page.keyboard.type("Dizzy");
    await settle(page, 2000);
    assert.deepEqual(await page.writes(), [{ effects: "Dizzy" }]);
    await page.press(/Suggest a change.*Why I use it/);
    await page.keyboard.type("Sugar");
    await settle(page, 3000);
    assert.equal((await page.writes()).length, 1, "a suggestion is sent by its button");
    await page.press("Send my suggestion");
    assert.deepEqual((await page.writes()).at(-1), { reason: "For blood sugar (diabetes).Sugar" });
    await page.close();
});

test("who waits is signalled again and again until somebody answers", async () => {
    const page = await on("visit-staff-knocking");
    const rings = () => page.evaluate(() => globalThis.rings());
    const first = await rings();
    assert.ok(first >= 1);
    await page.clock.runFor(20_000);
    assert.ok(await rings() >= first + 3);
    assert.match(await page.title(), /^\(1\) waiting/);
    await page.press(/^Let Rosalind/);
    assert.deepEqual(await page.heard("admit"), [{ device: "d2".repeat(32), admitted: true }]);
    const last = await rings();
    await page.clock.runFor(20_000);
    assert.equal(await rings(), last);
    assert.doesNotMatch(await page.title(), /waiting/);
    await page.close();
});

test("a patient knocks, waits, and leaves", async () => {
    const page = await on("visit-patient-open");
    await page.press("Knock");
    assert.equal((await page.heard("voice")).length, 1);
    assert.deepEqual(await page.heard("knock"), [{ chart: CHART }]);
    assert.match(await page.locator("h1").innerText(), /waiting room/);
    await page.press("Leave the waiting room");
    assert.equal((await page.heard("leave")).length, 1);
    await page.close();
});

test("mute is done here and told to the others", async () => {
    const page = await on("visit-patient-in");
    await page.press("Mute me");
    const order = () => page.evaluate(() => globalThis.heard.filter(([name]) => /mute$/.test(name)).map(([name, given]) => [name, given.muted ?? given]));
    assert.deepEqual((await order()).slice(0, 2), [["sound.mute", true], ["mute", true]]);
    assert.match(await page.locator(".visit-bar").innerText(), /You are muted/);
    const before = (await order()).length;
    await page.press("Unmute me");
    assert.deepEqual((await order()).slice(before), [["mute", false], ["sound.mute", false]], "who speaks again tells the others first");
    await page.close();
});

describe("an interpreter", () => {
    const bar = (page) => page.locator(".visit-bar").innerText();

    test("opens a link that says what it is, and gives no name", async () => {
        const page = await on("guest-invited");
        const words = await page.locator("main").innerText();
        assert.match(words, /Nothing of anybody’s medical record is shown to you/);
        assert.match(words, /You need not give your name/);
        assert.equal(await page.locator("input, textarea").count(), 0);
        await page.press("Go on as the interpreter");
        assert.equal((await page.heard("join")).length, 1);
        await page.close();
    });

    test("knocks at its one visit, and names no chart", async () => {
        const page = await on("guest-before");
        await page.press("Knock");
        assert.deepEqual(await page.heard("knock"), [{}]);
        assert.deepEqual([await page.heard("records"), await page.heard("entries"), await page.heard("members")], [[], [], []]);
        await page.getByRole("heading", { name: "You are in the waiting room" }).waitFor();
        await page.close();
    });

    test("hears people without names, can mute and leave, and nothing else", async () => {
        const page = await on("guest-in");
        assert.match(await bar(page), /Visit with the pharmacy and another person/);
        assert.deepEqual(await page.locator(".visit-bar button").allInnerTexts(), ["Mute me", "Leave"]);
        assert.equal(await page.locator("header button, .emergency").count(), 0);
        assert.doesNotMatch(await page.locator("body").innerText(), /Rosalind|Paula|Metformin/);
        await page.close();
    });

    test("whose visit is over is told that nothing more is to be done", async () => {
        const page = await on("guest-in");
        await page.evaluate(() => {
            globalThis.script.call = { ...globalThis.script.call, state: "none", participants: [], chart: "", visit: "", host: "" };
            globalThis.script.home.guest.open = false;
        });
        await page.tell({ event: "visit-ended", chart: CHART, visit: "ee".repeat(32) });
        await page.tell({ event: "refused", error: "no-visit", help: "There is no visit." });
        assert.match(await page.locator("main").innerText(), /Your access|your access with it/);
        assert.equal(await page.getByRole("button", { name: "Knock" }).count(), 0);
        assert.deepEqual(await lookAt(page), []);
        await page.close();
    });

    test("is invited by staff while a visit is open, without a name", async () => {
        const page = await on("people-invite-interpreter");
        assert.equal(await page.getByLabel("Their name").count(), 0);
        await page.press("Make the link");
        assert.deepEqual(await page.heard("invite_guest"), [{ chart: CHART }]);
        await page.getByRole("heading", { name: "Link for the interpreter" }).waitFor();
        assert.match(await page.locator(".made-link").innerText(), /never sees anything of the record/);
        assert.deepEqual(await lookAt(page), []);
        await page.close();
        const none = await on("people-invite-interpreter-no-visit");
        assert.equal(await none.getByRole("button", { name: "Make the link" }).count(), 0);
        await none.close();
    });

    test("is let in and sent away by staff, who are offered to write down who it is", async () => {
        const page = await on("visit-staff-interpreter-knocks");
        assert.match(await bar(page), /an interpreter is waiting to be let in/i);
        await page.press("Let the interpreter in");
        assert.deepEqual(await page.heard("admit"), [{ device: "d8".repeat(32), admitted: true }]);
        await page.close();
        const inside = await on("visit-staff-interpreter", (s) => {
            s.records[CHART].visit.find((r) => r.record.endsWith("34")).fields.interpreter = undefined;
        });
        assert.match(await bar(inside), /Interpreter/);
        await inside.press("Write it into the visit");
        assert.equal((await inside.evaluate(() => history.state)).step, "start");
        await inside.press("Send the interpreter away");
        assert.deepEqual(await inside.heard("admit"), [{ device: "d8".repeat(32), admitted: false }]);
        await inside.close();
    });

    test("is named to patients in plain words", async () => {
        const page = await on("visit-patient-interpreter");
        assert.match(await bar(page), /Interpreter \(hears this call, sees nothing of your record\)/);
        await page.close();
    });
});

test("the visit's bar stays while one reads", async () => {
    const page = await on("visit-patient-in");
    await page.press("My medicines");
    assert.match(await page.locator(".visit-bar").innerText(), /Visit with Paula Pharm/);
    await page.close();
});

test("an identity is checked by two things, not by one", async () => {
    const page = await on("people-staff");
    await page.press("Check identity of Sam Carer");
    await page.getByLabel("date of birth").check();
    await page.press("Yes, both are right");
    assert.deepEqual(await page.heard("identify"), []);
    await page.getByLabel("phone number").check();
    await page.press("Yes, both are right");
    assert.deepEqual(await page.heard("identify"), [{ chart: CHART, account: "a3".repeat(32), check: "date of birth, phone number" }]);
    assert.equal(await page.getByText("Identity not checked yet").count(), 0);
    await page.close();
});

test("a device is removed after its consequences were read", async () => {
    const page = await on("people-remove-device");
    assert.match(await page.locator("dialog").innerText(), /gets nothing new/);
    assert.deepEqual(await page.heard("remove_device"), []);
    await page.press("Remove it");
    assert.deepEqual(await page.heard("remove_device"), [{ device: "d5".repeat(32) }]);
    await page.close();
});

test("a device is shut out after its consequences were read, once", async () => {
    const page = await on("messages-shut-out-asked");
    assert.match(await page.locator("dialog").innerText(), /Nobody gets into your charts with the keys of this device any more/);
    assert.deepEqual(await page.heard("shut_out"), []);
    await page.press("Shut it out");
    assert.deepEqual(await page.heard("shut_out"), [{}]);
    await page.getByText("You shut this device out. Your home screen says how you get back in.").waitFor();
    assert.equal(await page.getByRole("button", { name: "Shut this device out" }).count(), 0);
    await page.close();
});

test("a new patient's link is made when the chart is with the server", async () => {
    const page = await on("new-patient");
    await page.getByLabel("The patient’s name").fill("Ada");
    await page.press("Make the link");
    assert.deepEqual(await page.heard("invite"), []);
    await page.tell({ event: "done", token: record(1), chart: "c9".repeat(32), index: 0 });
    assert.deepEqual(await page.heard("invite"), [{ role: "patient", name: "Ada", chart: "c9".repeat(32) }]);
    assert.equal(await page.getByRole("img", { name: "QR code of the link" }).count(), 1);
    assert.match(await page.locator("blockquote").innerText(), /galen\.practice\.example/);
    await page.close();
});

test("evidence is saved under a name that says nothing about anybody", async () => {
    const page = await on("log-staff");
    const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "Save evidence" }).click()]);
    assert.equal(download.suggestedFilename(), "galen-c1c1c1c1.evidence");
    await page.close();
});

test("messages count as seen when they were on the screen, not before", async () => {
    const home = await on("home-staff");
    assert.deepEqual(await home.heard("seen"), []);
    await home.press("Open Rosalind");
    assert.deepEqual((await home.heard("seen")).at(-1), { chart: CHART, size: 15 });
    await home.close();
    const medicines = await on("medicines-staff");
    assert.deepEqual(await medicines.heard("seen"), []);
    await medicines.close();
});

test("a page that is loaded again in mid-visit goes back in, muted as before, and asks nobody about the microphone", async () => {
    const page = await on("visit-patient-coming-back", (s) => { s.sound = { microphone: "refused" }; delete s.failing.knock; });
    assert.deepEqual(await page.heard("mute"), [{ muted: true }]);
    assert.deepEqual(await page.heard("knock"), [{ chart: CHART }]);
    assert.equal((await page.heard("voice")).length, 1, "and hears the others");
    assert.deepEqual(await page.heard("sound.open"), []);
});

test("who was in another visit, or in one that is over, stays where they are", async () => {
    const page = await on("visit-patient-coming-back", (s) => { s.visit_before.visit = "0".repeat(32); });
    assert.deepEqual(await page.heard("knock"), []);
    await page.getByRole("button", { name: "Knock" }).waitFor();
    assert.equal(await page.evaluate(() => sessionStorage.length), 0);
});

test("the focus comes back to where it was on a device that is slow, too", async () => {
    const page = await on("flow-collect-staff"), at = () => page.evaluate(() => document.activeElement.textContent);
    const late = async () => { // all that waits is due at once
        await page.clock.fastForward(500);
        await settle(page);
    };
    await standStill(page);
    await page.getByRole("button", { name: "Add: prescription" }).click();
    await late();
    assert.equal(await page.getByLabel("Drug").count(), 1);
    await page.getByRole("button", { name: "Cancel" }).click();
    await late();
    assert.equal(await at(), "Add: prescription");
    await goOn(page);
    await page.close();
});

test("the focus goes to the heading above when its button has done its work", async () => {
    const page = await on("visit-staff-knocking");
    await page.getByRole("button", { name: /^Let .* in$/ }).first().focus();
    await page.keyboard.press("Enter");
    await settle(page);
    assert.notEqual(await page.evaluate(() => document.activeElement.localName), "body");
});

test("the keyboard reaches everything, and the focus is seen", async () => {
    const page = await on("medicine-staff");
    await page.keyboard.press("Tab");
    assert.equal(await page.evaluate(() => document.activeElement.textContent), "Skip to the main part");
    await page.keyboard.press("Enter");
    assert.equal(await page.evaluate(() => document.activeElement.id), "main");
    const reached = new Set();
    for (let i = 0, last = -1; i < 200; i++) {
        await page.keyboard.press("Tab");
        const at = await page.evaluate(() => {
            const one = document.activeElement;
            if (one === document.body) return null;
            const framed = /^(checkbox|radio)$/.test(one.type) ? one.nextElementSibling : one;
            const all = [...document.querySelectorAll("*")];
            return { index: all.indexOf(one), what: `${one.localName} ${one.id}`, outline: getComputedStyle(framed).outlineStyle };
        });
        if (at && at.index === last) continue; // a time has parts, each with a stop
        if (!at || reached.has(at.index)) break;
        reached.add(last = at.index);
        assert.equal(at.outline, "solid", at.what);
    }
    const wanted = await page.evaluate(() => [...document.querySelectorAll("main button, main summary, main input:not([type=radio]), main select, main textarea")]
        .filter((one) => one.checkVisibility()).length);
    assert.ok(reached.size >= wanted, `${reached.size} of ${wanted}`);
    await page.close();
});

test("one's own last change is taken back and put back, by the button that was on the screen", async () => {
    const page = await on("undo-patient");
    const said = () => page.getByRole("region", { name: "Your last change" }).innerText();
    assert.match(await said(), /You changed: How I really take it – Metformin, today/);
    await page.press(/^Undo my last change/);
    await settle(page, 1000);
    assert.deepEqual(await page.heard("undo"), [{ chart: CHART, token: "12".repeat(16) }]);
    assert.match(await said(), /You took back: How I really take it – Metformin/);
    assert.equal(await page.getByRole("button", { name: /^Undo my last change/ }).count(), 0);
    assert.equal(await page.locator("[data-field=taken_as] .value").innerText(), "Mornings only.");
    assert.equal(await page.locator("[role=status]").last().innerText(), "Taken back: How I really take it – Metformin");
    assert.equal(await page.evaluate(() => document.activeElement.getAttribute("aria-label")), "Your last change", "the button is gone");
    await page.press(/^Put it back/);
    await settle(page, 1000);
    assert.deepEqual((await page.heard("undo")).at(-1), { chart: CHART, token: "ef".repeat(16) });
    assert.match(await said(), /You changed: How I really take it/);
    await page.close();
});

test("what would be another change by now is not taken back, and the person is told", async () => {
    const page = await on("undo-staff", (s) => { s.failing.undo = { error: "not-up-to-date", help: "" }; });
    await page.press(/^Undo that, too ?: Instructions, Prescriber – Metformin/);
    assert.match(await page.locator("[role=status]").last().innerText(), /Something has changed in the meantime/);
    assert.equal(await page.locator(".usa-alert--error").count(), 0);
    assert.match(await page.locator(".undo-what").innerText(), /Prescriber stays as it is. Tom Tech changed it since./);
    await page.close();
    const old = await on("undo-patient", (s) => { s.undoable.undo.time_ms -= 2 * DAY; });
    assert.equal(await old.getByRole("button", { name: /^Undo/ }).count(), 0, "it is not offered for what was long ago, but in the log");
    await old.close();
});

test("the chart as it was is looked at from the log and from a field's history, and the way back leads there", async () => {
    const page = await on("log-staff");
    await page.press(/^Show the chart as it was then/);
    assert.equal(await page.locator("h1").innerText(), "The chart as it was");
    assert.deepEqual(await page.heard("then"), [{ chart: CHART, before: 11 }]);
    assert.match(await page.locator(".then").innerText(), /This is how the chart was on Sunday, November 22, 2026.*It is not how it is now/s);
    assert.equal(await page.locator("main").locator("input, textarea, select").count(), 0, "nothing can be changed");
    assert.deepEqual(await page.locator("main button").allInnerTexts(), ["← Back to the chart as it is now", "← Back to the chart as it is now"]);
    await page.press(/^← Back to the chart/);
    assert.match(await page.locator("h1").innerText(), /Log/);
    await page.close();
    const history = await on("medicine-staff", (s) => {
        s.earlier[`${record(1)}/reason`] = [{ ...s.records[CHART].pmr[0].fields.reason.values[0], value: "For sugar.", index: 3 }];
    });
    await history.locator("[data-field=reason] summary").click();
    await settle(history);
    await history.locator("[data-field=reason]").getByRole("button", { name: /^Show the chart as it was then/ }).click();
    await settle(history);
    assert.deepEqual(await history.heard("then"), [{ chart: CHART, before: 4 }]);
    await history.press(/^← Back to the chart/);
    assert.equal(await history.locator("[data-field=reason]").count(), 1);
    await history.close();
});

test("of a long chart as it was, a part is on the screen at a time", async () => {
    const page = await on("then-staff", (s) => {
        s.records_then = { pmr: Array.from({ length: 500 }, (_, i) => ({ ...s.records[s.charts[1].chart].pmr[0], record: i.toString(16).padStart(32, "0") })) };
    });
    assert.equal(await page.locator(".then-part .card").count(), 50);
    await page.press("Show 450 more");
    assert.equal(await page.locator(".then-part .card").count(), 100);
    await page.close();
});

describe("it says", () => {
    for (const [what, name, where, said, unsaid] of [
        ["a patient that medicines, not lines, are not decided", "flow-collect-discharge-patient", ".count-left", /^2 of 5 medicines are not decided/],
        ["the plan back in the words of whoever reads it", "flow-agree-patient", ".flow", /The plan, in my words/, /the patient’s words/],
        ["the plan back to staff as the patient's", "flow-agree-staff", ".flow", /The plan, in the patient’s words/],
        ["what was signed in a patient's words", "papers-patient", ".cards", /Gone through together in a visit\./, /with the patient/],
        ["that an own entry does not fit, and blames nobody", "log-patient", ".log", /You sent something that does not fit in here/, /breaks the rules/],
        ["in the log the names that the parts have", "log-staff", ".log", /wrote in Medicines: Regimen/, /Personal medication record/],
        ["to suggest an answer where there is none to change", "flow-start-patient", ".flow", /Did I agree to the visit\s+Not said yet\s+Suggest an answer/],
        ["a patient that a suggestion waits", "medicines-patient", ".cards", /1 suggestion waits/],
        ["staff that a suggestion is to answer", "medicines-staff", ".cards", /1 suggestion to answer/],
        ["to a patient until when to answer", "checkin-patient", "h2", /^To answer by November 26, 2026/],
        ["to a caregiver whose chart it is", "allergies-caregiver", ".chart-top", /This is the chart of Rosalind Example-Featherstonehaugh/],
        ["to a caregiver at home, too", "home-caregiver", "main", /This is the chart of Rosalind Example-Featherstonehaugh/],
        ["to a patient nothing of whose chart it is", "medicines-patient", "main", /My medicines/, /This is the chart of/],
        ["to a prescriber whose chart it is", "home-prescriber", "main", /Rosalind Example-Featherstonehaugh/],
        ["of a reading once what it was", "journal-patient", ".cards", /How I feel: 4 of 10/, /The upper number|How bad it is/],
        ["of what could not be read nothing about its being done", "medicines-error", "main", /There was no answer in time\. Look at your connection, then try again/, /Look whether it was done/],
        ["of one's own signature that it is one's own", "flow-sign-conflict", ".cards", /Signed by you, /],
        ["of a consent in one sentence what it was and when", "flow-start-revoked", "main", /the patient\), for audio, text 1 \(2026\), today, 3:20 PM\./],
        ["that a year will do where it will", "medicine-new-staff", "main", /The year alone will do/],
        ["nothing of a year for a date of birth", "profile-staff", "main", /Date of birth/, /The year alone will do/],
        ["nothing of now for a time that is to come", "visit-new", "main", /Scheduled/, /Set to now/],
        ["the lines of a text as lines, and you in a sentence", "then-patient", "main", /Corner pharmacy\nThe big one at the mall[\s\S]*Suggested by Sam/, /Suggested by You/],
        ["of a link in the chart as it was the name that it had", "then-patient", "main", /The medicine on my list\s+Lisinopril/, /Medicine without a name/],
    ])
        test(what, async () => {
            const page = await on(name);
            const text = await page.locator(where).first().innerText();
            assert.match(text, said);
            if (unsaid)
                assert.doesNotMatch(text, unsaid);
            await page.close();
        });
});

test("a problem that is solved is folded away from the patient, and no longer says how much it matters", async () => {
    const page = await on("flow-assess-patient");
    assert.match(await page.locator(".flow-section").first().innerText(), /^Problems to solve 1\s+High blood pressure[\s\S]*should be solved soon[\s\S]*Solved \(1\)/);
    await page.getByText("Solved (1)").click();
    const solved = page.locator("details .card", { hasText: "Pain in the knee" });
    assert.match(await solved.innerText(), /solved/);
    assert.doesNotMatch(await solved.innerText(), /needs care now/);
    await page.close();
});

test("a heading that is the field's label stands there once", async () => {
    const page = await on("flow-start-patient");
    assert.equal(await page.locator(".sentence-label", { hasText: /^(What I want to talk about|Notes we write together)$/ }).count(), 0);
    assert.equal(await page.locator(".sentence-label", { hasText: "Where I am now" }).count(), 1);
    await page.close();
});

test("at a desk a new record's fields stand side by side", async () => {
    const page = await on("medicine-new-staff");
    const at = (label) => page.getByLabel(label, { exact: true }).boundingBox();
    assert.equal((await at("Kind")).y, (await at("Status")).y);
    assert.equal((await at("Drug")).y, (await at("Dose")).y);
    assert.ok((await at("Frequency")).width > (await at("Route")).width * 1.9, "how often has room for a sentence");
    await page.close();
});

test("at twice the size no word of the steps and the parts is broken", async () => {
    const phone = await stage.context(390, 844);
    const page = await stage.open(phone, state("flow-sign-done"));
    await page.evaluate(() => { document.documentElement.style.fontSize = "225%"; });
    const broken = await page.locator(".step button, .unfold").evaluateAll((buttons) => buttons.flatMap((button) => {
        const texts = document.createTreeWalker(button, NodeFilter.SHOW_TEXT), found = [];
        for (let text = texts.nextNode(); text; text = texts.nextNode())
            if (!text.parentElement.closest(".usa-sr-only"))
                for (const { 0: word, index } of text.data.matchAll(/\S+/g)) {
                    const range = document.createRange();
                    range.setStart(text, index);
                    range.setEnd(text, index + word.length);
                    if (new Set([...range.getClientRects()].map((one) => Math.round(one.top))).size > 1)
                        found.push(word);
                }
        return found;
    }));
    assert.deepEqual(broken, []);
    await phone.close();
});
