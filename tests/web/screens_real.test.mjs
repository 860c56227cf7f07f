/** The screens on the real core and a real server: a pharmacist and a patient, each in a browser of their own. */
import assert from "node:assert/strict";
import { join } from "node:path";
import test, { after, before } from "node:test";
import { top } from "./_load.mjs";
import { missing, Scene } from "./_scene.mjs";

const skip = missing() ?? false;
const WAIT = { timeout: 30_000 };
let scene, chart, paula, rosa;

before(async () => {
    if (skip) return;
    scene = new Scene();
    await scene.serve(scene.site(join(top, "web-client/src/main.tsx")));
    chart = scene.practice("Rosalind Example");
});
after(() => scene?.end());

/** Opens a link as a person does: the address, then the button. */
async function join_(profile, link) {
    const browser = await scene.browser(profile);
    const page = await browser.open(new URL(link).pathname + new URL(link).hash);
    page.setDefaultTimeout(WAIT.timeout);
    page.trouble = [];
    page.on("pageerror", (error) => page.trouble.push(error.message));
    page.press = (name) => page.getByRole("button", { name }).first().click();
    await page.press("Open my chart");
    return page;
}

test("a pharmacist and a patient come in by their links", { skip }, async () => {
    paula = await join_("paula", scene.invite("pharmacist", null, "Paula Pharm"));
    await paula.getByRole("heading", { name: "Patients" }).waitFor();
    await paula.getByText("There are no patients yet").waitFor();
    const people = scene.lines("desk", ["chart", "members", "practice"]);
    const account = people.find((m) => m.name === "Paula Pharm" && m.purpose === "device")?.account ??
        people.find((m) => m.role === "pharmacist").account;
    scene.galen("desk", ["chart", "add", chart, account]);
    await paula.getByRole("heading", { name: "Rosalind Example" }).waitFor();

    rosa = await join_("rosa", scene.invite("patient", chart, "Rosalind Example"));
    await rosa.getByRole("heading", { name: /^(Hello, Rosalind Example|My chart)$/ }).waitFor();
    assert.equal(new URL(rosa.url()).hash, "");
});

test("a message goes to the server, and is verified on the pharmacist's device", { skip }, async () => {
    await rosa.press(/^Messages/);
    await rosa.getByLabel("Write a message").fill("I feel dizzy since the new tablets.");
    await rosa.press("Send");
    await rosa.getByText(/Verified on the device of a pharmacist/).waitFor();
    await paula.getByText("1 new message").waitFor();
    await paula.press("Open Rosalind Example");
    await paula.getByText("I feel dizzy since the new tablets.").waitFor();
    assert.deepEqual(scene.messages(chart), ["I feel dizzy since the new tablets."]);
});

test("the record opens after the identity check, and grows on both screens", { skip }, async () => {
    await rosa.press("Home");
    await rosa.press(/^My medicines/);
    await rosa.getByText("This opens after your pharmacist has checked who you are").waitFor();
    await paula.press("People and devices");
    await paula.press("Check identity of Rosalind Example");
    await paula.getByLabel("name", { exact: true }).check();
    await paula.getByLabel("date of birth").check();
    await paula.press("Yes, both are right");
    await rosa.getByText("No medicines are on your list yet").waitFor();

    await paula.press("Medicines");
    await paula.press("Add a medicine");
    await paula.getByLabel("Drug").fill("Metformin");
    await paula.getByLabel("Strength").fill("500 mg");
    await paula.getByLabel("Frequency").fill("twice a day");
    await paula.press("Add to the record");
    await rosa.press("See or change Metformin 500 mg");
    await paula.press("Open Metformin 500 mg");
});

test("what the patient types is on the pharmacist's screen at once, and in the record after a pause", { skip }, async () => {
    await rosa.press(/Tell us.*How I really take it/);
    await rosa.keyboard.type("Only in the evening", { delay: 20 });
    await paula.getByText(/is writing:/).waitFor();
    await paula.locator("[data-field=taken_as] .said").getByText("Rosalind Example").waitFor();
    assert.equal(await paula.getByLabel("As really taken").inputValue(), "Only in the evening");
    await rosa.locator("[data-field=taken_as]").getByText("Verified on the device of Paula Pharm").waitFor();
});

test("a suggestion is accepted", { skip }, async () => {
    await rosa.press(/Suggest a change.*How I take it/);
    await rosa.getByLabel("How often").fill("once a day");
    await rosa.press("Send my suggestion");
    await paula.press("Accept");
    await rosa.locator("[data-field=regimen]").getByText("once a day").waitFor();
    await rosa.getByText("You suggested it, Paula Pharm accepted it").waitFor();
});

test("the log is verified by both, and holds", { skip }, async () => {
    await paula.press("Log");
    await paula.press("Check now");
    await paula.getByText(/^✓?\s*All is right/).waitFor();
});

test("the patient knocks, is let in, and both see each other in the visit", { skip }, async () => {
    await paula.press("Start a visit");
    await paula.getByText("Visit: nobody else is here yet.").waitFor();
    await rosa.press("Home");
    await rosa.press("Go to the visit");
    await rosa.press("Turn on my microphone");
    await rosa.press("Knock");
    await rosa.getByRole("heading", { name: "You are in the waiting room" }).waitFor();
    await paula.press("Let Rosalind Example in");
    await rosa.getByRole("heading", { name: "You are in the visit" }).waitFor();
    await rosa.getByText("Visit with Paula Pharm").waitFor();
    await rosa.press("Mute me");
    await paula.getByText("Rosalind Example is muted.").waitFor();
    await paula.press("End the visit");
    await paula.getByRole("dialog").getByRole("button", { name: "End the visit" }).click();
    await rosa.getByText("The visit has ended.").waitFor();
    assert.deepEqual([...paula.trouble, ...rosa.trouble], []);
});
