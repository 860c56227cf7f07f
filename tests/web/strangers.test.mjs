/** Who has no business in a chart: what they are told on the screen, what staff see of it, and what reaches them. */
import assert from "node:assert/strict";
import { cpSync } from "node:fs";
import { join } from "node:path";
import test, { after, before } from "node:test";
import { entriesIn, watchSockets } from "./_frames.mjs";
import { top, until } from "./_load.mjs";
import { missing, Scene } from "./_scene.mjs";
import { lookAt } from "./screens/_look.mjs";

const skip = missing() ?? false;
const WAIT = { timeout: 20_000 };
const DAY_S = 24 * 60 * 60;
let scene, other, web, server, chart, second, theirs, paula, rosa, rosaLink, number = 0;

/** A browser of its own, at this address. */
async function arrive(path, profile = `stranger-${++number}`) {
    const browser = await scene.browser(profile);
    let frames;
    const page = await browser.open(path, { before: (page) => { frames = watchSockets(page); } });
    page.setDefaultTimeout(WAIT.timeout);
    page.press = (name) => page.getByRole("button", { name }).first().click();
    return Object.assign(page, { frames, profile, chromium: browser, words: () => page.locator("main").innerText() });
}
const pathOf = (link) => new URL(link).pathname + new URL(link).hash;
async function joined(link, profile) {
    const page = await arrive(pathOf(link), profile);
    await page.press("Open my chart");
    await page.getByRole("heading", { name: /^(Hello|My chart|Patients)/ }).waitFor();
    return page;
}
async function refused(path, title) {
    const page = await arrive(path);
    await page.press("Open my chart");
    await page.getByRole("heading", { name: title }).waitFor();
    return page;
}

/** No entry of Rosalind's chart reached this page: not as *entries*, nor inside anything else. */
function assertNothingOfHers(page) {
    const hers = entriesIn(rosa.frames, chart);
    assert.ok(hers.length > 5 && hers.some((e) => e.body.length > 250), `only ${hers.length} entries to look for`);
    assert.deepEqual(entriesIn(page.frames, chart), []);
    for (const frame of page.frames)
        for (const entry of hers) {
            assert.equal(frame.includes(entry.signature), false, "an entry's signature");
            assert.equal(entry.body.length > 0 && frame.includes(entry.body.subarray(0, 32)), false, "an entry's body");
        }
}

before(async () => {
    if (skip) return;
    scene = new Scene();
    web = scene.site(join(top, "web-client/src/main.tsx"));
    server = await scene.serve(web);
    chart = scene.practice("Rosalind Example");
    second = scene.galen("desk", ["chart", "new"], "Albert Quiet\n").chart;
    paula = await joined(scene.invite("pharmacist", null, "Paula Pharm"), "paula");
    const account = scene.lines("desk", ["chart", "members", "practice"]).find((m) => m.role === "pharmacist").account;
    for (const one of [chart, second]) scene.galen("desk", ["chart", "add", one, account]);
    rosaLink = scene.invite("patient", chart, "Rosalind Example");
    rosa = await joined(rosaLink, "rosa");
    await rosa.press(/^Messages/);
    await rosa.getByLabel("Write a message").fill("I feel dizzy since the new tablets.");
    await rosa.press("Send");
    await rosa.getByText(/Verified on the device of a pharmacist/).waitFor();
});
after(async () => {
    await scene?.end();
    await other?.end();
});

test("who comes without a link is told how to get one", { skip }, async () => {
    const page = await arrive("/");
    await page.getByRole("heading", { name: "Welcome to Galen" }).waitFor();
    assert.match(await page.words(), /Your practice gives you a link or a code to get in/);
    assertNothingOfHers(page);
    assert.deepEqual(page.frames, [], "nobody is there to sign in");
    await page.chromium.close();
});

test("a broken link is named as such, and there is a place for the whole one", { skip }, async () => {
    const page = await arrive(pathOf(rosaLink).slice(0, -5));
    await page.getByRole("heading", { name: "This link is not complete" }).waitFor();
    assert.match(await page.words(), /Copy the whole link again/);
    await page.getByLabel("Your link or code").waitFor();
    assert.equal(new URL(page.url()).hash, "");
    assertNothingOfHers(page);
    await page.chromium.close();
});

test("a used link: when it was used and whom to call; staff see that it was tried again, also after a reload", { skip }, async () => {
    const page = await refused(pathOf(rosaLink), "This link was used before");
    assert.match(await page.words(), /It was used today, \d/);
    assert.match(await page.words(), /call your practice now/);
    assert.deepEqual(await lookAt(page), []);
    assertNothingOfHers(page);
    await page.chromium.close();
    await paula.getByText("A used link was tried again").waitFor();
    await paula.press("Open Rosalind Example");
    await paula.press("People and devices");
    await paula.getByText(/Somebody tried to use this person’s link again today, \d/).waitFor();
    await paula.getByText(/Call Rosalind Example and ask whether it was they/).waitFor();
    assert.deepEqual(await lookAt(paula), []);
    await paula.reload();
    await paula.getByText(/Somebody tried to use this person’s link again today, \d/).waitFor();
    await paula.press("Home");
});

test("a member of another chart gets nothing of this one, whatever their program asks", { skip }, async () => {
    const albert = await joined(scene.invite("patient", second, "Albert Quiet"), "albert");
    const [worker] = albert.workers();
    await worker.evaluate(() => {
        const send = WebSocket.prototype.send;
        WebSocket.prototype.send = function (frame) {
            self.line = this;
            send.call(this, frame);
        };
    });
    await albert.press(/^Messages/);
    await albert.getByLabel("Write a message").fill("Hello");
    await albert.press("Send");
    await until("a frame of albert's", () => worker.evaluate(() => self.line !== undefined), WAIT.timeout);
    const before = albert.frames.length;
    await worker.evaluate((chart) => {
        const ask = (type, request, numbers) => {
            const frame = new Uint8Array(1 + 4 + 32 + 8 * numbers.length), view = new DataView(frame.buffer);
            frame[0] = type;
            view.setUint32(1, request);
            chart.match(/../g).forEach((two, i) => { frame[5 + i] = parseInt(two, 16); });
            numbers.forEach((n, i) => view.setBigUint64(37 + 8 * i, BigInt(n)));
            self.line.send(frame);
        };
        ask(16, 900_001, [0]);      /* open */
        ask(22, 900_002, [0, 100]); /* bodies */
    }, chart);
    /* refused: request, error, chart */
    const answers = () => albert.frames.slice(before).filter((f) => f[0] === 4).map((f) => [f.readUInt32BE(1), f.readUInt16BE(5)]);
    await until("both are refused", () => answers().length >= 2, WAIT.timeout);
    assert.deepEqual(answers(), [[900_001, 14], [900_002, 14]], "not-a-member");
    assert.ok(entriesIn(albert.frames, second).length > 1, "his own chart is read");
    assertNothingOfHers(albert);
    await albert.chromium.close();
});

test("a link of another practice, under this one’s address, is refused by the practice’s fingerprint", { skip }, async () => {
    other = new Scene();
    await other.serve(web);
    theirs = other.practice("Somebody Else");
    const link = other.invite("patient", theirs, "Somebody Else");
    const page = await refused(`/join${new URL(link).hash}`, "This link is not from this practice");
    assert.match(await page.words(), /Look whether the address is the one that came with the link/);
    assertNothingOfHers(page);
    await page.chromium.close();
});

test("a link to another address is not tried here: the screen says where it belongs", { skip }, async () => {
    const link = other.invite("patient", theirs, "Somebody Else");
    const page = await arrive("/");
    await page.getByLabel("Your link or code").fill(link);
    await page.press("Go on");
    await page.getByRole("heading", { name: "This link belongs to another address" }).waitFor();
    assert.match(await page.words(), new RegExp(`localhost:${other.port}`));
    assert.deepEqual(page.frames, []);
    await page.press("Use another link or code");
    await page.getByRole("heading", { name: "Welcome to Galen" }).waitFor();
    await page.chromium.close();
});

test("after a refusal the browser takes another link, also when the page was loaded again", { skip }, async () => {
    const page = await refused(pathOf(rosaLink), "This link was used before");
    await page.reload();
    await page.getByRole("heading", { name: "This link was used before" }).waitFor();
    await page.press("Use another link or code");
    await page.getByLabel("Your link or code").fill(scene.invite("caregiver", chart, "Karl Carer"));
    await page.press("Go on");
    await page.press("Open my chart");
    await page.getByRole("heading", { name: /^(Hello|My chart)/ }).waitFor();
    await page.chromium.close();
});

test("a copied browser is recognised when both have written: writing stops there, and both are told what to do", { skip }, async () => {
    await rosa.chromium.close();
    cpSync(rosa.chromium.folder, join(scene.folder, "rosa-copied"), { recursive: true });
    rosa = Object.assign(await arrive("/", "rosa"), { frames: rosa.frames });
    await rosa.press(/^Messages/);
    await rosa.getByText(/Connected$/).waitFor();
    const copy = await arrive("/", "rosa-copied");
    await copy.press(/^Messages/);
    await rosa.getByText("This same device is open somewhere else.").waitFor();
    assert.match(await rosa.words(), /somebody may have taken a copy of your keys: call the practice now/);
    await copy.getByLabel("Write a message").fill("Written by the copy.");
    await copy.press("Send");
    await until("what the copy wrote is with the server", () => scene.messages(chart).includes("Written by the copy."), 20_000);
    await rosa.getByLabel("Write a message").fill("Written by Rosalind.");
    await rosa.press("Send");
    await rosa.bringToFront();
    await rosa.evaluate(() => dispatchEvent(new Event("online"))); // as when the network comes back: at once, not in a while
    await rosa.getByText("Writing has stopped in this chart.").waitFor();
    assert.match(await rosa.words(), /There is a copy of this device, and the copy has written here/);
    assert.match(await rosa.words(), /Shut this device out, so that the copy gets in nowhere any more, and call the practice/);
    assert.equal(await rosa.getByLabel("Write a message").count(), 0);
    await rosa.getByText("It will not be sent: writing has stopped here.").waitFor();
    assert.deepEqual(await lookAt(rosa), []);
    await copy.getByText("This same device is open somewhere else.").waitFor();
    await rosa.reload();
    await rosa.getByText("Writing has stopped in this chart.").waitFor();
    assert.ok(!scene.messages(chart).includes("Written by Rosalind."));
    await copy.chromium.close();
});

test("who was copied shuts the device out: the copy gets in nowhere, staff are told, and a new link brings her back", { skip }, async () => {
    await rosa.press("Shut this device out");
    assert.match(await rosa.locator("dialog").innerText(), /no copy of it, and not this browser/);
    assert.deepEqual(await lookAt(rosa), []);
    await rosa.press("Shut it out");
    await rosa.getByText("You shut this device out. Your home screen says how you get back in.").waitFor();
    await rosa.press("Home");
    await rosa.getByText("This device is shut out, and every copy of it.").waitFor();
    assert.equal(await rosa.getByText("This device was removed.").count(), 0, "she did it herself");
    assert.deepEqual(await lookAt(rosa), []);

    await paula.press("Home");
    await paula.getByText("A device was copied and shut out").waitFor();
    await paula.press("Open Rosalind Example");
    await paula.getByText("A device of Rosalind Example was copied. It was shut out.").waitFor();
    await paula.getByText("It is being taken out of this chart.").waitFor({ state: "detached" });
    await paula.getByText("Call Rosalind Example, make sure that it is them, and invite them anew.").waitFor();
    assert.deepEqual(await lookAt(paula), []);
    const devices = scene.lines("desk", ["chart", "members", chart]).filter((m) => m.role === "patient");
    assert.deepEqual(devices, [], "nobody of hers is left in the chart");

    scene.galen("desk", ["send", chart], "Not for the copy.\n");
    const copy = await arrive("/", "rosa-copied");
    await copy.getByText("This device was removed.").waitFor();
    assert.deepEqual(entriesIn(copy.frames, chart), [], "nothing of the chart reaches it");
    await copy.press(/^Messages/);
    await copy.getByLabel("Write a message").fill("Written by the copy once more.");
    await copy.press("Send");
    await copy.evaluate(() => dispatchEvent(new Event("online")));

    await rosa.getByLabel("Your link or code").fill(scene.invite("patient", chart, "Rosalind Example"));
    await rosa.press("Go on");
    await rosa.press("Open my chart");
    await rosa.getByRole("heading", { name: /^(Hello|My chart)/ }).waitFor();
    assert.equal(await rosa.getByText("This device is shut out, and every copy of it.").count(), 0);
    await rosa.press(/^Messages/);
    await rosa.getByLabel("Write a message").fill("I am back.");
    await rosa.press("Send");
    await until("she writes again", () => scene.messages(chart).includes("I am back."), 20_000);
    assert.ok(!scene.messages(chart).includes("Written by the copy once more."));
    await copy.chromium.close();
    await paula.press("Home");
});

test("an expired link is too old, whether staff have dropped it or not", { skip }, async () => {
    const [early, late] = ["Early Bird", "Late Bird"].map((name) => scene.invite("caregiver", second, name));
    await paula.chromium.close(); // nobody of the staff is awake to drop it
    await server.stop();
    server = await scene.serve(web, { later: 8 * DAY_S });
    const page = await refused(pathOf(early), "This link is too old");
    assert.match(await page.words(), /A link works for seven days, a code for ten minutes\. Ask your practice/);
    assertNothingOfHers(page);
    await page.chromium.close();
    paula = await arrive("/", "paula");
    await paula.press("Open Albert Quiet");
    await paula.press("People and devices");
    await paula.getByRole("heading", { name: "Late Bird" }).waitFor({ state: "detached" });
    const after = await refused(pathOf(late), /^This link (is too old|does not work any more)$/);
    assert.match(await after.words(), /[Aa]sk (your practice|for a new link)/);
    assertNothingOfHers(after);
    await after.chromium.close();
    await server.stop();
    server = await scene.serve(web);
});
