/**
 * By keyboard alone, beside the story of a chart (chart_by_keyboard.test.mjs): where the focus comes to by itself, in the
 * waiting room, in dialogs, in fields that open and close; and that nothing but keys is let pass.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before } from "node:test";
import { top, until } from "./_load.mjs";
import { Typist, storyOf } from "./_people.mjs";
import { missing, Scene } from "./_scene.mjs";

const skip = missing() ?? false;
let scene, chart, paula, rosa;

before(async () => {
    if (skip) return;
    scene = new Scene();
    await scene.serve(scene.site(join(top, "web-client/src/main.tsx")));
    chart = scene.practice("Rosalind Example");
    scene.galen("desk", ["doc", "set", chart, "pmr", "new"], JSON.stringify({ regimen: { drug: "Metformin", strength: "500 mg" }, status: "active" }));
});
after(() => scene?.end());

const story = storyOf(skip, () => [paula, rosa]);

story("both open their links; the screen's heading has the focus", async () => {
    paula = await Typist.joins(await scene.browser("paula"), scene.invite("pharmacist", null, "Paula Pharm"));
    await paula.focusIsAt("Patients");
    const { account } = scene.lines("desk", ["chart", "members", "practice"]).find((m) => m.name === "Paula Pharm" && m.purpose === "device");
    scene.galen("desk", ["chart", "add", chart, account]);
    await paula.isAt("Rosalind Example");
    rosa = await Typist.joins(await scene.browser("rosa"), scene.invite("patient", chart, "Rosalind Example"));
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
    await rosa.sees("Metformin 500 mg");
});

story("a field that opens takes the focus, and gives it back to its button", async () => {
    await paula.press("Medicines");
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

story("mute, and the end of the visit", async () => {
    await rosa.press("Mute me");
    await rosa.focusIsAt("Unmute me");
    await paula.sees("Rosalind Example is muted.");
    await paula.press("End the visit");
    await paula.press(paula.page.getByRole("dialog").getByRole("button", { name: "End the visit" }));
    await rosa.seesNo("Visit with Paula Pharm");
    await paula.focusIsAt(/Rosalind Example – Medicines/);
});

story("whoever uses anything but keys, or cannot see where they are, is found out", async () => {
    const { page, trouble } = paula;
    const foundOut = async (does, by) => {
        await does();
        await until(`it is told: ${by}`, () => trouble.some((one) => by.test(one)));
        await page.evaluate(() => new Promise((resolve) => setTimeout(resolve))); // a key that is let go is over then
        trouble.length = 0;
    };
    const field = page.getByLabel("Indication"), choice = page.getByLabel("Status", { exact: true });
    await foundOut(() => field.click(), /mousedown on TEXTAREA Indication/);
    await foundOut(() => choice.focus(), /no key has moved the focus to SELECT Status/);
    await foundOut(() => field.press("a"), /no key has moved the focus to TEXTAREA Indication/);
    await foundOut(() => field.fill("b"), /no key has changed TEXTAREA Indication/);
    await foundOut(() => choice.selectOption({ index: 1 }), /no key has changed SELECT Status/);
    await foundOut(() => page.evaluate(() => document.activeElement.blur()), /the focus is nowhere/);
    await page.evaluate(() => {
        const plain = new CSSStyleSheet();
        plain.replaceSync("* { outline: none !important; }");
        document.adoptedStyleSheets = [plain];
    });
    await foundOut(() => page.keyboard.press("Tab"), /the focus is not marked/);
});
