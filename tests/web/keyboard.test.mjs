/**
 * The main path of a visit by keyboard alone, by people who use Tab, Enter, Space, arrows and letters and see where the
 * focus is at every stop: both come in, write, meet, and work on the record together.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before } from "node:test";
import { Line } from "./_lines.mjs";
import { top, until } from "./_load.mjs";
import { Typist, storyOf } from "./_people.mjs";
import { missing, Scene } from "./_scene.mjs";

const skip = missing() ?? false;
let scene, line, chart, paula, rosa;

before(async () => {
    if (skip) return;
    scene = new Scene();
    await scene.serve(scene.site(join(top, "web-client/src/main.tsx")));
    chart = scene.practice("Rosalind Example");
    line = await Line.to(scene.port);
});
after(async () => {
    line?.close();
    await scene?.end();
});

const story = storyOf(skip, () => [paula, rosa]);

story("both open their links; the screen's heading has the focus", async () => {
    paula = await Typist.joins(await scene.browser("paula"), scene.invite("pharmacist", null, "Paula Pharm"));
    await paula.focusIsAt("Patients");
    const { account } = scene.lines("desk", ["chart", "members", "practice"]).find((m) => m.name === "Paula Pharm" && m.purpose === "device");
    scene.galen("desk", ["chart", "add", chart, account]);
    await paula.isAt("Rosalind Example");
    rosa = await Typist.joins(await scene.browser("rosa"), scene.invite("patient", chart, "Rosalind Example"), line.url);
    await rosa.focusIsAt(/^(Hello, Rosalind Example|My chart)$/);
});

story("the first stop leads past what is on every screen", async () => {
    await rosa.page.reload();
    await rosa.isAt(/^(Hello, Rosalind Example|My chart)$/);
    await rosa.page.keyboard.press("Tab");
    await rosa.focusIsAt("Skip to the main part");
    await rosa.page.keyboard.press("Enter");
    await rosa.page.keyboard.press("Tab");
    await rosa.focusIsAt("Try my sound");
});

story("messages: the box is empty again and keeps the focus near", async () => {
    await rosa.press(/^Messages/);
    await rosa.focusIsAt("Messages");
    await rosa.begin("Write a message");
    await rosa.type("Good morning");
    await rosa.page.keyboard.press("Control+Enter");
    await rosa.sees(/Verified on the device of a pharmacist/);
    await rosa.focusIsAt("Write a message");
    await paula.press("Open Rosalind Example");
    await paula.focusIsAt(/Rosalind Example – Messages/);
    await paula.sees("Good morning");
    await paula.fill("Write a message", "Good morning, Rosa");
    await paula.press("Send");
    await rosa.sees("Good morning, Rosa");
});

story("the waiting room: who was let in is named where the button was", async () => {
    await paula.press("Start a visit");
    await paula.sees("Visit: nobody else is here yet.");
    await rosa.press("Home");
    await rosa.press("Go to the visit");
    await rosa.focusIsAt("Before the visit");
    await rosa.press("Turn on my microphone");
    await rosa.press("Knock");
    await rosa.focusIsAt("You are in the waiting room");
    await paula.press("Let Rosalind Example in");
    await rosa.focusIsAt("You are in the visit");
    await paula.focusIsAt("Visit with Rosalind Example");
});

story("the identity check: the dialog takes the focus, keeps it, and gives it back", async () => {
    await paula.press("Check identity of Rosalind Example");
    await until("the focus is in the dialog", () => paula.page.evaluate(() => !!document.activeElement.closest("dialog")));
    await paula.page.keyboard.press("Escape");
    await paula.focusIsAt("Check identity of Rosalind Example");
    await paula.page.keyboard.press("Enter");
    await paula.check("name");
    await paula.check("date of birth");
    await paula.press("Yes, both are right");
    await until("the dialog is closed", async () => (await paula.page.getByRole("dialog").count()) === 0);
    await paula.focusIsAt("Visit with Rosalind Example");
    await rosa.press("Home");
    await rosa.press(/^My medicines/);
    await rosa.sees("No medicines are on your list yet");
});

story("the visit's start: what kind it is, where the patient is, and consent", async () => {
    await paula.choose("Type", "Comprehensive");
    await paula.fill("Patient's location", "Springfield");
    await paula.press("Yes, consent was given");
    const [visit] = await until("it is written", () => {
        const all = scene.lines("desk", ["doc", "get", chart, "visit"]);
        return all[0]?.fields.consent?.value === "given" && all[0]?.fields.place?.value === "Springfield" ? all : undefined;
    });
    assert.equal(visit.fields.type.value, "cmr");
    await paula.press("Collect →");
    await paula.focusIsAt(/Rosalind Example – Visits/);
    await paula.sees(/^5 kinds of medicines were not asked about/);
    await paula.press(/of 6: Start/);
    await paula.focusIsAt(/Rosalind Example – Visits/);
});

story("a medicine is added, and told how it is really taken", async () => {
    await paula.press("Medicines");
    await paula.press("Add a medicine");
    await paula.focusIsAt(/Rosalind Example – Medicines/);
    await paula.fill("Drug", "Metformin");
    await paula.fill("Strength", "500 mg");
    await paula.fill("Frequency", "twice a day");
    await paula.choose("Status", "Active");
    await paula.press("Add to the record");
    await paula.focusIsAt(/Rosalind Example – Medicines/);
    await rosa.press("See or change Metformin 500 mg");
    await rosa.press(/Tell us.*How I really take it/);
    await rosa.focusIsAt("How I really take it");
    await rosa.type("Only in the evening");
    await rosa.press("Done");
    await rosa.focusIsAt(/^Change: How I really take it/);
    await paula.press("Open Metformin 500 mg");
    await until("it is in Paula's field", async () =>
        (await paula.page.getByLabel("As really taken").inputValue()) === "Only in the evening");
});

story("choices by arrows, several by Space", async () => {
    await rosa.press(/Tell us.*How often I take it as I was told/);
    await rosa.page.keyboard.press("Space");
    await rosa.page.keyboard.press("ArrowDown");
    await rosa.press("Done");
    await rosa.field("How often I take it as I was told").getByText("Verified on the device of Paula Pharm").waitFor();
});

story("a suggestion is sent and accepted; the focus stays with the medicine", async () => {
    await rosa.press(/Suggest a change.*How I take it/);
    await rosa.fill("How often, such as twice a day", "once a day");
    await rosa.press("Send my suggestion");
    await rosa.focusIsAt(/^Suggest a change: How I take it/);
    await paula.press("Accept");
    await paula.focusIsAt("Metformin 500 mg");
    await rosa.field("How I take it").getByText("once a day").waitFor();
});

story("two different answers: one is chosen", async () => {
    await rosa.press(/Change.*How I really take it/);
    line.hold(); // so that what they write crosses on the way
    await rosa.fill("How I really take it", "Never");
    await paula.fill("As really taken", "Always");
    await Promise.all([rosa.page.keyboard.press("Tab"), paula.page.keyboard.press("Tab")]);
    await rosa.field("How I really take it").getByText("On this device, not sent yet").waitFor();
    await paula.field("As really taken").getByText("With the server").waitFor();
    line.mend();
    await paula.press("Visits");
    await paula.press(/^Go on/);
    await paula.press(/Sign/);
    await paula.button(/^Decide: Metformin/).waitFor();
    assert.equal(await paula.page.getByRole("button", { name: "Sign", exact: true }).count(), 0, "it holds up the signature");
    await paula.press(/^Decide: Metformin/);
    await paula.press(/Use this one.*Never/);
    await paula.seesNo(/Two different answers: /);
    await rosa.seesNo(/Two different answers: /);
    await paula.focusIsAt("How it really goes");
    await paula.press("← Back to where I was");
    await paula.focusIsAt(/Rosalind Example – Visits/);
});

story("mute, and the end of the visit", async () => {
    await rosa.press("Mute me");
    await rosa.focusIsAt("Unmute me");
    await paula.sees("Rosalind Example is muted.");
    await paula.press("End the visit");
    await paula.reach(paula.page.getByRole("dialog").getByRole("button", { name: "End the visit" }), "the dialog's button");
    await paula.page.keyboard.press("Enter");
    await rosa.seesNo("Visit with Paula Pharm");
    await paula.focusIsAt(/Rosalind Example – Visits/);
});

story("the signature, and the papers of it", async () => {
    await paula.pick(paula.page.getByLabel("Reviewed without the patient."), "the meaning");
    await paula.pressAt(paula.page.getByRole("button", { name: "Sign", exact: true }), "Sign");
    await paula.sees("Version 1");
    await paula.press(/^Show the papers/);
    await paula.focusIsAt("The papers");
    await paula.press("Medication list");
    await until("the list is drawn", () => paula.page.locator(".paper-host").evaluate((host) => host.shadowRoot?.textContent.includes("Metformin 500 mg")));
    await paula.press("← Back to where I was");
    await paula.focusIsAt(/Rosalind Example – Visits/);
    await rosa.press("Home");
    await rosa.press(/^My papers/);
    await rosa.press(/^Show the papers/);
    await rosa.focusIsAt("The papers");
    await until("the letter is drawn", () => rosa.page.locator(".paper-host").evaluate((host) => host.shadowRoot?.textContent.includes("Dear Rosalind")));
    assert.deepEqual([...paula.trouble, ...rosa.trouble], []);
});
