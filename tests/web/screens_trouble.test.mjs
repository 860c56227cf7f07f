/** What goes wrong, on the real core and a real server: what the screen says, and how it looks then. */
import assert from "node:assert/strict";
import { cpSync, rmSync } from "node:fs";
import { join } from "node:path";
import test, { after, before } from "node:test";
import { top, until } from "./_load.mjs";
import { missing, Scene } from "./_scene.mjs";
import { lookAt } from "./screens/_look.mjs";

const skip = missing() ?? false;
let scene, web, server, chart, chromium, page;

before(async () => {
    if (skip) return;
    scene = new Scene();
    web = scene.site(join(top, "web-client/src/main.tsx"));
    server = await scene.serve(web);
    chart = scene.practice("Rosalind Example");
    const link = new URL(scene.invite("patient", chart, "Rosalind Example"));
    chromium = await scene.browser();
    page = await chromium.open(link.pathname + link.hash);
    page.setDefaultTimeout(20_000);
    page.press = (name) => page.getByRole("button", { name }).first().click();
    await page.press("Open my chart");
    await page.getByRole("heading", { name: /^(Hello|My chart)/ }).waitFor();
});
after(() => scene?.end());

const words = () => page.locator("main").innerText();
/* As when the network comes back: at once, not in a while. */
const lineIsBack = () => page.evaluate(() => dispatchEvent(new Event("online")));
async function write(text) {
    await page.getByLabel("Write a message").fill(text);
    await page.press("Send");
}

test("offline: the home says so, and what is written is kept and sent later", { skip }, async () => {
    await server.stop();
    await page.getByText("There is no connection now.").waitFor();
    assert.match(await words(), /You can go on\. What you write is kept on this device/);
    assert.deepEqual(await lookAt(page), []);
    await page.press(/^Messages/);
    await write("Written without a line.");
    await page.getByText("On this device, not sent yet").waitFor();
    await page.getByText(/1 thing is kept on this device/).waitFor();
    assert.deepEqual(await lookAt(page), []);
    server = await scene.serve(web);
    await lineIsBack();
    await page.getByText("With the server").waitFor();
    await until("it is there", () => scene.messages(chart).includes("Written without a line."), 20_000);
});

test("fork: a server put back from an old copy is noticed, nothing more is written, and it is said what to do", { skip }, async () => {
    const data = join(scene.folder, "server"), copy = join(scene.folder, "copy");
    await server.stop();
    cpSync(data, copy, { recursive: true });
    server = await scene.serve(web);
    await lineIsBack();
    await write("Written after the copy was made.");
    await page.locator(".message").filter({ hasText: "after the copy" }).getByText("With the server").waitFor();
    await server.stop();
    rmSync(data, { recursive: true });
    cpSync(copy, data, { recursive: true });
    server = await scene.serve(web);
    for (const text of ["Another history.", "Longer than hers.", "By some entries."]) scene.galen("desk", ["send", chart], text);
    await lineIsBack();
    await until("a head of another member contradicts", async () => {
        scene.messages(chart); // reads, and signs what it has verified
        return await page.getByText("Writing has stopped in this chart.").count() > 0;
    }, 20_000);
    assert.match(await words(), /The server shows different histories/);
    assert.match(await words(), /Save the evidence .* and call the practice/);
    assert.equal(await page.getByText("Writing has stopped in this chart.").count(), 1);
    assert.equal(await page.getByLabel("Write a message").count(), 0);
    assert.doesNotMatch(await words(), /Another history/);
    assert.deepEqual(await lookAt(page), []);
    await page.press("Check the log and save evidence");
    const [file] = await Promise.all([page.waitForEvent("download"), page.press("Save evidence")]);
    assert.match(file.suggestedFilename(), /^galen-[0-9a-f]{8}\.evidence$/);
    await page.press("Home");
    await page.getByText("Writing has stopped in this chart.").waitFor();
    assert.deepEqual(await lookAt(page), []);
});

test("storage cleared by the browser: it is said that the chart is safe, and how to get back in", { skip }, async () => {
    const cdp = await chromium.context.newCDPSession(page);
    await page.goto("about:blank");
    await cdp.send("Storage.clearDataForOrigin", { origin: scene.url, storageTypes: "indexeddb" });
    await page.goto(scene.url);
    await page.getByRole("heading", { name: "This browser no longer has your chart" }).waitFor();
    assert.match(await words(), /Your chart itself is safe\. Get back in with your recovery sheet/);
    assert.deepEqual(await lookAt(page), []);
    await page.getByLabel("Your link or code").fill(scene.invite("caregiver", chart, "Karl Carer"));
    await page.press("Go on");
    await page.press("Open my chart");
    await page.getByRole("heading", { name: /^(Hello|My chart)/ }).waitFor();
});
