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
    /** A busy machine may be late. */
    page.wrote = async (count) => {
        for (let i = 0; i < 20 && (await page.writes()).length < count; i++) await settle(page, 500);
        return page.writes();
    };
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
    await day.blur();
    await settle(page);
    assert.deepEqual([await day.inputValue(), (await page.wrote(1)).at(-1)], ["12", { due: "2026-12-12" }]);
    await page.close();
});

test("what is added for one medicine is not about another for which a form was opened before", async () => {
    const page = await on("flow-assess-staff"), about = page.getByLabel("Medicine in the record");
    const said = () => about.evaluate((one) => one.selectedOptions[0].text);
    await page.press(/^Add a problem with Metformin/);
    assert.match(await said(), /^Metformin/);
    await page.goBack();
    await settle(page);
    await page.press(/^Add a problem with Lisinopril/);
    assert.match(await said(), /^Lisinopril/);
    await page.goBack();
    await settle(page);
    await page.press(/^Add a problem that is not treated/);
    assert.equal(await said(), "Not said yet");
    await about.selectOption({ label: "Metformin 500 mg tablet" });
    await page.goBack();
    await settle(page);
    await page.press(/^Add a problem with Lisinopril/);
    assert.match(await said(), /^Metformin/, "what was chosen stays");
    await page.close();
});

test("a hand that trembles presses twice, and it is done once", async () => {
    for (const [where, button, what, fill] of [
        ["medicine-new-patient", "Send it to my pharmacist", "write", ["Name of the medicine", "Fish oil"]],
        ["messages-patient", "Send", "message", ["Write a message", "Hello"]],
        ["visits-staff-none", "Start a visit without a call", "write"],
        ["medicine-proposed", "Accept", "answer"],
        ["messages-held", "Send it now", "release"],
        ["messages-staff", "Start a visit", "visit_open"],
        ["flow-sign-done", "Sign", "sign"],
        ["undo-staff-accepted", /^Undo my last change/, "undo"],
    ]) {
        const page = await on(where, (s) => { s.records[CHART].pmr = s.records[CHART].pmr.filter((r) => r.conflicts === 0); });
        if (fill) await page.getByLabel(fill[0]).fill(fill[1]);
        await page.getByRole("button", { name: button, exact: true }).first().dblclick();
        await settle(page, 1000);
        assert.equal((await page.heard(what)).length, 1, what);
        assert.equal(await page.getByText(/Something has changed|That did not work/).count(), 0, what);
        await page.close();
    }
});

test("what is typed while a message is on its way to the core stays in the box", async () => {
    const page = await on("messages-patient"), box = page.getByLabel("Write a message");
    await box.fill("Good morning.");
    await box.press("Control+Enter");
    await page.keyboard.type(" One more thing");
    await settle(page);
    assert.deepEqual((await page.heard("message")).map((m) => m.text), ["Good morning."]);
    assert.equal(await box.inputValue(), " One more thing");
    await page.close();
});

const offline = (s) => { s.home.online = { log: false, live: false }; };

test("without a connection a press is seen to be done: a suggestion, a line of a discharge, a consent", async () => {
    const proposed = await on("medicine-proposed", offline);
    await proposed.press("Accept");
    assert.match(await proposed.locator(".proposal").innerText(), /You accepted it\. ○ On this device, not sent yet/);
    assert.equal(await proposed.getByRole("button", { name: /^(Accept|Decline)/ }).count(), 0);
    await proposed.close();

    const discharge = await on("flow-collect-discharge", offline), line = discharge.locator(".reconcile", { hasText: "Metformin" });
    for (const as of ["Stopped", "Continue"]) {
        await line.getByRole("button", { name: as }).click();
        await settle(discharge);
        assert.match(await line.locator("[aria-pressed=true]").innerText(), new RegExp(as));
    }
    assert.deepEqual((await discharge.writes()).at(-1), { discharge: "continue", status: "active", stop: "" }, "and what waits is taken back with it");
    await discharge.close();

    const start = await on("flow-start-staff", offline);
    await start.press("The talk is over");
    assert.match(await start.locator(".minutes").innerText(), /The visit took 12 minutes/);
    assert.equal(await start.getByRole("button", { name: "The talk is over" }).count(), 0);
    await start.press("Yes, consent was given");
    assert.match(await start.locator("main").innerText(), /By Rosalind Example-Featherstonehaugh \(the patient\), for audio, text 1/);
    assert.equal(await start.getByRole("button", { name: "Yes, consent was given" }).count(), 0);
    await start.close();
});

test("a consent is in the name of the person who was chosen, though another has the same", async () => {
    const page = await on("flow-start-staff", (s) => {
        for (const m of s.members[CHART]) if (m.role === "patient" || m.role === "caregiver") m.name = "John Example";
    });
    await page.locator("select", { has: page.locator("option", { hasText: "caregiver" }) }).selectOption({ label: "John Example (caregiver)" });
    await page.getByLabel("Relation of the consenting person").fill("his son");
    await page.press("Yes, consent was given");
    const [{ consent_by, consent_relation }] = await page.writes();
    assert.deepEqual([consent_by, consent_relation], ["John Example", "his son"]);
    await page.close();
});

test("who is the only one to consent is named, though the people come late", async () => {
    const page = await on("flow-start-staff", (s) => {
        s.members.later = s.members[CHART];
        s.members[CHART] = [];
    });
    await page.evaluate((chart) => {
        globalThis.script.members[chart] = globalThis.script.members.later;
        globalThis.tell({ event: "current", chart, size: 15 });
    }, CHART);
    await settle(page, 1000);
    await page.press("Yes, consent was given");
    assert.equal((await page.writes())[0].consent_by, "Rosalind Example-Featherstonehaugh");
    await page.close();
});

test("a medicine that is stopped in the evening is stopped on the day that it is there", async () => {
    const evening = await stage.browser.newContext({ timezoneId: "Pacific/Honolulu", reducedMotion: "reduce" });
    const page = await on("flow-collect-discharge", undefined, evening);
    await page.clock.setSystemTime(Date.UTC(2026, 10, 26, 5)); // seven in the evening of the 25th
    await page.locator(".reconcile", { hasText: "Metformin" }).getByRole("button", { name: "Stopped" }).click();
    await settle(page);
    assert.equal((await page.writes())[0].stop, "2026-11-25");
    await evening.close();
});

test("a time whose parts are typed slowly is written when it is whole, and its year is not 2 before", async () => {
    const page = await on("visit-planned"), field = page.getByLabel("Scheduled");
    await field.focus();
    for (const key of ["ArrowRight", "ArrowRight"]) await page.keyboard.press(key);
    for (const key of "2027") {
        await page.keyboard.type(key);
        await settle(page, 1500);
    }
    assert.deepEqual(await page.wrote(1), [{ scheduled: "2027-12-01T10:00:00Z" }]);
    await page.keyboard.press("Backspace");
    await settle(page, 1500);
    assert.equal(await page.getByRole("alert").count(), 0, "nobody is interrupted in the middle of it");
    await page.getByLabel("Type").focus();
    await settle(page, 1500);
    assert.equal((await page.writes()).length, 1, "half of it is not none");
    assert.match(await page.getByRole("alert").innerText(), /not a whole date and time/);
    await page.press(/^Clear/);
    assert.deepEqual((await page.wrote(2)).at(-1), { scheduled: "" });
    await page.close();
});

test("what the core did not take is said not to be saved, and is tried again", async () => {
    const page = await on("medicine-staff", (s) => { s.failing.write = { error: "limit-reached", help: "Too much at once. Wait a little and try again." }; });
    const field = page.locator("[data-field=watch_for]");
    await page.getByLabel("Watch for").fill("Rash");
    await page.getByLabel("Instructions").focus();
    await settle(page, 2000);
    assert.match(await field.innerText(), /This was not saved/);
    assert.doesNotMatch(await field.innerText(), /Saved when you pause/);
    await page.evaluate(() => { globalThis.script.failing = {}; });
    await field.getByRole("button", { name: "Try again" }).click();
    assert.deepEqual((await page.wrote(2)).at(-1), { watch_for: "Rash" });
    await settle(page, 1000);
    assert.match(await field.innerText(), /You, /);
    await page.close();
});

test("what somebody else wrote in the same moment is not written over before it was on the screen", async () => {
    const page = await on("medicine-staff"), theirs = "drug=Metformin; strength=1000 mg; dose=1; as_needed=no";
    await page.getByLabel("Dose").fill("2");
    await page.evaluate(([chart, record, regimen]) => {
        globalThis.others({
            chart, index: globalThis.script.entries[chart].length, time_ms: globalThis.script.now_ms, device: "d4".repeat(32), account: "a4".repeat(32),
            name: "Tom Tech", role: "technician", number: 99, epoch: 1, class: "record", state: "open", verified_by: [], kind: "write", doc: "pmr", record, fields: { regimen },
        });
        [...document.querySelectorAll("[data-field=regimen] button")].find((one) => one.textContent === "Save").click();
    }, [CHART, record(1), theirs]);
    await settle(page, 1000);
    assert.deepEqual(await page.writes(), []);
    assert.match(await page.locator("[data-field=regimen]").getByRole("alert").innerText(), /Tom Tech changed this while you were writing[\s\S]*1000 mg/);
    await page.press("Keep what I wrote");
    assert.match((await page.writes())[0].regimen, /dose=2;/);
    await page.close();
});

test("whoever loads the page again is asked before a message goes that was begun and not sent", async () => {
    const page = await on("messages-patient");
    const asked = () => page.evaluate(() => !dispatchEvent(new Event("beforeunload", { cancelable: true })));
    assert.equal(await asked(), false);
    await page.press("Home");
    await page.press(/^My medicines/);
    await page.press(/^Ask about it ?: Metformin/);
    assert.equal(await page.getByLabel("Write a message").inputValue(), "About Metformin 500 mg tablet: ");
    assert.equal(await asked(), false, "nobody typed that");
    await page.getByLabel("Write a message").fill("I feel dizzy");
    assert.equal(await asked(), true);
    await page.close();
});

test("a medicine that was stopped and is not decided after all is on the list again", async () => {
    const page = await on("flow-collect-discharge"), line = page.locator(".reconcile", { hasText: "Omeprazole" });
    await line.getByRole("button", { name: "Not decided yet" }).click();
    await settle(page);
    assert.deepEqual(await page.writes(), [{ discharge: "not-decided", status: "active", stop: "" }]);
    await page.close();
});

test("a reason that was begun is there again after a look at the medicine, until it is given", async () => {
    const page = await on("flow-assess-staff"), reason = page.getByLabel("Why nothing needs to be done");
    await page.press(/^Set it aside ?: Metformin/);
    await reason.fill("Kidneys were checked");
    await page.press(/^Metformin 500 mg tablet/);
    await page.goBack();
    await settle(page);
    assert.equal(await reason.inputValue(), "Kidneys were checked");
    await page.press("Set aside with this reason");
    assert.equal((await page.writes())[0].set_aside_reason, "Kidneys were checked");
    assert.equal(await reason.count(), 0);
    await page.close();
});

test("what waits for the line has its name, and what the server refused later is shown with what was written", async () => {
    const page = await on("journal-new", offline);
    await page.getByLabel("The upper number").fill("148");
    await page.getByLabel("The lower number").fill("86");
    await page.press("Keep this");
    assert.match(await page.locator(".cards .card", { hasText: "not sent yet" }).innerText(), /^Blood pressure: 148\/86/);
    const token = await page.evaluate((chart) => globalThis.script.waiting[chart][0].token, CHART);
    await page.evaluate(([told]) => globalThis.tell(told), [{ event: "failed", token, chart: CHART, error: "role-may-not", help: "" }]);
    await settle(page);
    assert.match(await page.getByRole("alert").innerText(), /Your role may not do this[\s\S]*blood pressure\n[\s\S]*: 148\n[\s\S]*: 86/);
    await page.close();
});

test("of a form that is done with nothing is left, and what it began with is nobody's typing", async () => {
    const page = await on("flow-assess-staff");
    const asked = () => page.evaluate(() => !dispatchEvent(new Event("beforeunload", { cancelable: true })));
    await page.press(/^Add a problem with Metformin/);
    assert.equal(await asked(), false, "nothing was typed");
    await page.getByLabel("Condition").fill("Dizzy");
    assert.equal(await asked(), true);
    await page.press("Add to the problems");
    assert.equal((await page.writes())[0].condition, "Dizzy");
    assert.equal(await asked(), false);
    await page.close();
});

test("what could not be asked is said, with a button that asks again", async () => {
    const page = await on("flow-collect-discharge", (s) => { s.failing.history = { error: "no-answer", help: "" }; });
    const line = page.locator(".reconcile", { hasText: "Metformin" });
    assert.match(await line.innerText(), /There was no answer in time/);
    assert.equal(await line.getByRole("button", { name: "Continue" }).count(), 0, "not known is not decided");
    await page.evaluate(() => { globalThis.script.failing = {}; });
    await line.getByRole("button", { name: "Try again" }).click();
    await settle(page);
    assert.match(await line.innerText(), /Before the hospital\s+Metformin 500 mg/);
    await page.close();
    const list = await on("medicines-patient", (s) => { s.failing.schema = { error: "no-answer", help: "" }; });
    await list.evaluate(() => { globalThis.script.failing = {}; });
    await list.press("Try again");
    assert.equal(await list.locator(".card").filter({ hasText: "Metformin" }).count(), 1);
    await list.close();
});

test("the evening before yesterday is not yesterday, also when the clocks were changed in between", async () => {
    const home = await stage.browser.newContext({ locale: "en-US", timezoneId: "America/New_York", reducedMotion: "reduce" });
    const page = await on("messages-patient", (s) => { s.entries[CHART][14].time_ms = Date.UTC(2027, 2, 14, 4, 30); }, home);
    await page.clock.setSystemTime(Date.UTC(2027, 2, 15, 15));
    await page.evaluate((chart) => globalThis.tell({ event: "current", chart, size: 15 }), CHART);
    await settle(page, 1000);
    assert.match(await page.locator(".messages li").last().innerText(), /Sat, Mar 13, 11:30\sPM/);
    await home.close();
});

test("a word that the keyboard makes of letters stands there once, though others write in the text meanwhile", async () => {
    const page = await on("medicine-staff"), keyboard = await page.context().newCDPSession(page);
    await page.getByLabel("Side effects noticed").focus();
    await keyboard.send("Input.imeSetComposition", { text: "にほ", selectionStart: 2, selectionEnd: 2 });
    await page.evaluate(([chart, record]) => globalThis.others({
        chart, index: globalThis.script.entries[chart].length, time_ms: globalThis.script.now_ms, device: "d4".repeat(32), account: "a4".repeat(32),
        name: "Tom Tech", role: "technician", number: 99, epoch: 1, class: "record", state: "open", verified_by: [], kind: "write", doc: "pmr", record, fields: { effects: "dizzy" },
    }), [CHART, record(1)]);
    await settle(page, 500);
    await keyboard.send("Input.insertText", { text: "日本" });
    await settle(page, 2500);
    assert.equal(await page.getByLabel("Side effects noticed").inputValue(), "日本dizzy");
    await page.close();
});

test("what was typed and can no longer be written stays in sight, and is not taken for what counts", async () => {
    const page = await on("medicine-staff");
    await page.getByLabel("Dose").fill("2");
    await page.evaluate((chart) => {
        globalThis.script.charts.find((one) => one.chart === chart).stopped = "forked";
        globalThis.tell({ event: "fork", chart, error: "forked", help: "" });
    }, CHART);
    await settle(page, 1000);
    const said = await page.locator("[data-field=regimen]").innerText();
    assert.match(said, /1 tablet by mouth twice a day, with meals\s+What you wrote was not saved: Metformin 500 mg tablet: 2 tablet/);
    assert.doesNotMatch(said, /Not sent yet/);
    await page.close();
});

test("an allergy that somebody suggested is still open until it is answered, not only a medicine", async () => {
    const page = await on("flow-collect-staff");
    assert.match(await page.locator(".still-open").innerText(), /1 entry has a suggestion without an answer/);
    await page.close();
    const sign = await on("flow-sign-done");
    assert.match(await sign.locator(".open-step", { hasText: "Go to: Collect" }).innerText(), /1 entry has a suggestion/);
    await sign.close();
});

test("nobody is told that a date is wrong while they are still giving its parts", async () => {
    const page = await on("medicine-new-staff"), date = page.locator("[data-field=start]"), alerts = date.getByRole("alert");
    await page.getByLabel("Drug").fill("Aspirin");
    await date.getByLabel("Month").selectOption("3");
    await date.getByLabel("Month").focus();
    await settle(page, 1500);
    assert.equal(await alerts.count(), 0);
    await date.getByLabel("Year").focus();
    await page.keyboard.type("20");
    assert.equal(await alerts.count(), 0);
    await page.keyboard.press("Enter");
    await settle(page);
    assert.match(await alerts.innerText(), /Give at least the year/);
    assert.deepEqual(await page.writes(), []);
    await date.getByLabel("Year").fill("2024");
    await page.getByLabel("Drug").focus();
    await settle(page);
    assert.equal(await alerts.count(), 0);
    await page.close();
});

test("a suggestion that was begun and left is said in the list not to be sent", async () => {
    const page = await on("medicines-patient"), card = page.locator(".card", { hasText: "Metformin" }).first();
    await page.press(/^See or change Metformin/);
    await page.press(/^Suggest a change.*Why I use it/);
    await page.keyboard.type(" And for my heart.");
    await page.goBack();
    await settle(page, 1500);
    assert.match(await card.innerText(), /What I wrote is not sent yet/);
    await page.press(/^See or change Metformin/);
    await page.press("Send my suggestion");
    await page.goBack();
    await settle(page);
    assert.doesNotMatch(await card.innerText(), /not sent yet/);
    await page.close();
});
