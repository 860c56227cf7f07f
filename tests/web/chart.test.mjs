/**
 * The shared chart as two people make it in a first visit, on a real server over TLS: Paula, a pharmacist, and Rosa, her
 * patient, each in a browser of their own; Sam, who cares for Rosa, and a doctor come later. From consent to the papers.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before } from "node:test";
import { top, until } from "./_load.mjs";
import { Person, storyOf } from "./_people.mjs";
import { missing, Scene } from "./_scene.mjs";

const skip = missing() ?? false;
let scene, chart, paula, rosa, doctor, browsers = {};

before(async () => {
    if (skip) return;
    scene = new Scene();
    await scene.serve(scene.site(join(top, "web-client/src/main.tsx")));
    chart = scene.practice("Rosalind Example");
    for (const name of ["paula", "rosa", "doctor"]) browsers[name] = await scene.browser(name);
});
after(() => scene?.end());

const story = storyOf(skip, () => [paula, rosa, doctor]);
const records = (doc, home = "desk") => scene.lines(home, ["doc", "get", chart, doc]);
const valueOf = (record, field) => record.fields[field]?.value ?? "";
const named = (drug) => records("pmr").find((r) => valueOf(r, "regimen").includes(`drug=${drug};`));
/** To a step of the visit, by the button that names it. */
const step = (person, name) => person.page.getByRole("navigation", { name: "Steps of the visit" }).getByRole("button", { name }).click();
const section = (person, title) => person.page.locator(".flow-section").filter({ has: person.page.getByRole("heading", { name: title }) });
const pressIn = async (person, title, name) => section(person, title).getByRole("button", { name }).first().click();

/** A medicine of this kind, from the step in which it is asked for, and back there. */
async function adds(kind, drug, more = {}) {
    await pressIn(paula, new RegExp(`^${kind}`), `Add: ${kind.toLowerCase()}`);
    await paula.fill("Drug", drug);
    for (const [label, text] of Object.entries(more)) await paula.fill(label, text);
    await paula.press("Add to the record");
    await paula.isAt(/^Collect/);
    await section(paula, new RegExp(`^${kind}`)).getByRole("heading", { name: new RegExp(drug) }).waitFor();
}

story("both come in, and the visit begins with its record", async () => {
    paula = await Person.joins(browsers.paula, scene.invite("pharmacist", null, "Paula Pharm"));
    await paula.isAt("Patients");
    const { account } = await until("Paula is known", () =>
        scene.lines("desk", ["chart", "members", "practice"]).find((m) => m.name === "Paula Pharm" && m.purpose === "device"));
    scene.galen("desk", ["chart", "add", chart, account]);
    await paula.isAt("Rosalind Example");
    rosa = await Person.joins(browsers.rosa, scene.invite("patient", chart, "Rosalind Example"));
    await rosa.isAt(/^(Hello, Rosalind Example|My chart)$/);
    await paula.press("Open Rosalind Example");
    await paula.press("Start a visit");
    await paula.isAt(/^Start$/);
    await rosa.press("Go to the visit");
    await rosa.press("Knock");
    await paula.press("Let Rosalind Example in");
    await paula.sees("Visit with Rosalind Example");
    const [visit] = await until("the record of the visit", () => (records("visit").length === 1 ? records("visit") : undefined));
    assert.deepEqual([valueOf(visit, "step"), valueOf(visit, "delivery")], ["start", "audio"]);
});

story("start: identity, consent and the patient's place", async () => {
    await pressIn(paula, "Who is there", /^Check identity of Rosalind/);
    const dialog = paula.page.getByRole("dialog");
    await dialog.getByLabel("name", { exact: true }).check({ force: true });
    await dialog.getByLabel("date of birth").check({ force: true });
    await dialog.getByRole("button", { name: /^Yes, both are right/ }).click();
    await dialog.waitFor({ state: "detached" });
    await paula.choose("Type", "cmr");
    await paula.fill("Patient's location", "Springfield, Illinois");
    await paula.press("Yes, consent was given");
    await paula.sees("Nothing is open at this step");
    const [visit] = records("visit");
    assert.deepEqual(["consent", "consent_mode", "identity", "place", "type"].map((f) => valueOf(visit, f)),
                     ["given", "audio", "name, date of birth", "Springfield, Illinois", "cmr"]);
    await rosa.press("See what we are doing");
    await rosa.press("See what we are doing"); // the list of visits, with the one that is going on
    await rosa.isAt("Getting ready");
    await rosa.press(/^Tell us ?: What I want to talk about/);
    await rosa.fill("What I want to talk about", "I am dizzy in the mornings.");
    await rosa.press("Done");
    await until("Paula has it", async () => (await paula.page.getByLabel("Patient's agenda").inputValue()) === "I am dizzy in the mornings.");
});

story("collect: nine medicines of every kind, an allergy, and what is really taken", async () => {
    await paula.press("Collect →");
    await rosa.press("Go there");
    await rosa.isAt("What I take");
    for (const [drug, strength, frequency] of [["Lisinopril", "10 mg", "every morning"], ["Warfarin", "5 mg", "every evening"],
                                               ["Simvastatin", "20 mg", "at night"], ["Metformin", "500 mg", "twice a day"]])
        await adds("Prescription", drug, { Strength: strength, Frequency: frequency, Indication: "as the doctor said" });
    await adds("Over-the-counter", "Ibuprofen", { Strength: "400 mg" });
    await adds("Over-the-counter", "Naproxen", { Strength: "220 mg" });
    await adds("Vitamin/mineral", "Vitamin D");
    await adds("Supplement", "Fish oil");
    await adds("Herbal", "St. John's wort");
    for (const kind of ["prescription", "over-the-counter", "vitamin/mineral", "supplement", "herbal"])
        await paula.press(new RegExp(`^Asked: that is all \\(${kind}`));
    await rosa.sees("Naproxen 220 mg");
    await pressIn(paula, /^Allergies/, "Add an allergy");
    await paula.fill("Substance", "Penicillin");
    await paula.fill("Reaction", "Rash");
    await paula.press("Add to the allergies");
    await paula.isAt(/^Collect/);
    await section(paula, /^Allergies/).getByLabel("Listed").check({ force: true });
    await rosa.press("See or change Lisinopril 10 mg");
    await rosa.press(/^Tell us ?: How I really take it/);
    await rosa.fill("How I really take it", "Half of it, at noon");
    await rosa.press("Done");
    await rosa.press("← Back to where I was");
    await rosa.isAt("What I take");
    await until("nine medicines", () => records("pmr").filter((r) => r.state === "present").length === 9);
    await until("as Rosa takes it", () => valueOf(named("Lisinopril"), "taken_as") === "Half of it, at noon");
    assert.equal(valueOf(records("allergies")[0], "substance"), "Penicillin");
    assert.equal(valueOf(records("visit")[0], "asked").split(", ").length, 5);
});

story("a suggestion of Rosa's is accepted, and one is declined", async () => {
    for (const [drug, answer] of [["Calcium", "Accept"], ["Moon dust", "Decline"]]) {
        await pressIn(rosa, /^Vitamin or mineral/, /^Add/);
        await rosa.fill("Name of the medicine", drug);
        await rosa.press("Send it to my pharmacist");
        await rosa.isAt("What I take");
        await paula.press(`Open ${drug}`);
        await paula.press(answer);
        await paula.press("← Back to where I was");
    }
    await until("both are answered", () => {
        const state = (drug) => records("pmr").find((r) => r.proposals.some((p) => p.fields.regimen?.includes(drug)))?.state;
        return state("Calcium") === "present" && state("Moon dust") === "declined";
    });
});

story("both type in one note", async () => {
    await paula.fill("Shared notes", "Paula: tablets before noon. ");
    await paula.leaves();
    await rosa.sees("Paula: tablets before noon.");
    await rosa.press(/^Change ?: Notes we write together/);
    await rosa.page.getByLabel("Notes we write together").press("End");
    await rosa.type("Rosa: with a glass of water.");
    await rosa.press("Done");
    await until("one text of both", () => valueOf(records("visit")[0], "notes") === "Paula: tablets before noon. Rosa: with a glass of water.");
});

story("assess: a duplicate and an interaction are found; one becomes a problem, one is set aside", async () => {
    await paula.press("Assess →");
    await paula.sees(/findings to answer/);
    await paula.sees("What was not checked");
    const cards = paula.page.locator(".finding");
    const duplicate = cards.filter({ hasText: "Ibuprofen" }).filter({ hasText: "Naproxen" }).first();
    await duplicate.getByRole("button", { name: /^Take it as a problem/ }).click();
    await until("it is on the list", () => records("dtp").some((r) => valueOf(r, "finding") !== "" && valueOf(r, "status") === "open"));
    await cards.filter({ has: paula.page.getByRole("button", { name: /^Set it aside/ }) }).first().getByRole("button", { name: /^Set it aside/ }).click();
    await paula.press("Set aside with this reason");
    await paula.sees("Give the reason first.");
    await paula.fill("Why nothing needs to be done", "Looked at with the doctor last month.");
    await paula.press("Set aside with this reason");
    await until("it is set aside", () => records("dtp").some((r) => valueOf(r, "status") === "set-aside"));
});

story("plan: three actions, a question to the doctor, the next visit", async () => {
    await paula.press("Plan →");
    for (const [topic, action] of [["Two pain tablets", "Take one kind only"], ["Dizzy", "Get up slowly"], ["Blood", "Have the blood checked"]]) {
        await pressIn(paula, /^Action plan/, "Add an action");
        await paula.fill("Topic", topic);
        await paula.fill("Action", action);
        await paula.choose("Owner", "patient");
        await paula.fill("Year", "2027");
        await paula.press("Add to the plan");
        await paula.isAt(/^Plan$/);
    }
    await pressIn(paula, /^Problems for which nothing is planned/, /^Ask a prescriber/);
    await paula.fill("Recommendation to prescriber", "Acetaminophen instead of both, please.");
    await paula.fill("Recommended to", "Dr. Hartmann");
    await paula.leaves();
    await paula.press("← Back to where I was");
    await paula.fill("Next appointment", "2026-12-20T10:00");
    await paula.leaves();
    await paula.sees("Nothing is open at this step");
    assert.equal(records("map").length, 3);
});

story("the doctor answers", async () => {
    doctor = await Person.joins(browsers.doctor, scene.invite("prescriber", chart, "Dr. Hartmann"));
    await doctor.isAt(/Dr\. Hartmann|My chart/);
    const { account } = await until("the doctor is there", () =>
        scene.lines("desk", ["chart", "members", chart]).find((m) => m.role === "prescriber" && m.purpose === "device"));
    scene.galen("desk", ["visit", "identify", chart, account], "license number, phone\n");
    await doctor.press("Questions to me");
    await doctor.sees("Acetaminophen instead of both, please.");
    await doctor.page.getByLabel("Accepted", { exact: true }).check({ force: true });
    await until("the answer is there", () => records("dtp").some((r) => valueOf(r, "answer") === "accepted"));
    assert.equal(records("dtp").find((r) => valueOf(r, "answer") === "accepted").fields.answer.values[0].role, "prescriber");
});

story("agree: Rosa reads the plan back and says how she takes each medicine", async () => {
    await paula.press("Agree →");
    await rosa.sees("Your pharmacist is now at: Saying it back");
    await rosa.press("Go there");
    await rosa.isAt("Saying it back");
    await rosa.sees("Get up slowly");
    await paula.page.locator("[data-field=read_back]").getByLabel("Yes").check({ force: true });
    const said = paula.page.getByRole("button", { name: /^Said back in their own words/ });
    for (let left = 10; left > 0; left--) {
        await until(`${left} are left`, async () => (await said.count()) === left);
        await said.first().click();
    }
    await paula.sees("Nothing is open at this step");
});

story("two regimens at once hold up the signature until one is chosen", async () => {
    await paula.press("The talk is over");
    const { record } = named("Warfarin");
    const other = "drug=Warfarin; strength=2 mg; dose=1; frequency=every evening; as_needed=no";
    assert.throws(() => scene.galen("desk", ["doc", "set", chart, "pmr", record, "--offline"], `regimen=${other}`), /offline/);
    await paula.press("Medicines");
    await paula.press("Open Warfarin 5 mg");
    await paula.fill("Strength", "4 mg");
    await paula.press("Save");
    await paula.field("Regimen").getByText(/Verified on|With the server/).first().waitFor();
    await until("the other is sent", () => scene.lines("desk", ["chart", "list"]).every((c) => c.waiting === 0), 20_000);
    await paula.sees("Two different answers: Regimen");
    await paula.press("Visits");
    await paula.press("Go on to the signature");
    await step(paula, /Sign/);
    await paula.press(/^Decide: Warfarin/);
    await paula.press(/Use this one.*4 mg/);
    await paula.press("← Back to where I was");
});

story("sign: the first version, and its papers for both", async () => {
    await paula.page.getByRole("button", { name: "Sign", exact: true }).click();
    await paula.sees("Version 1");
    await paula.sees("Still as it was signed");
    await paula.press(/^Show the papers/);
    for (const person of [paula]) {
        const paper = person.page.locator(".paper-host");
        await until("the letter is drawn", () => paper.evaluate((host) => host.shadowRoot?.textContent.includes("Rosalind")));
        await person.press("Medication list");
        await until("all that is taken", () => paper.evaluate((host) => ["Lisinopril", "Calcium", "St. John"].every((name) => host.shadowRoot.textContent.includes(name))));
    }
    await rosa.press("Home");
    await rosa.press(/^My papers/);
    await rosa.sees("Version 1");
});

story("a later change supersedes it, for everybody", async () => {
    await rosa.press("Home");
    await rosa.press(/^My medicines/);
    await rosa.press("See or change Metformin 500 mg");
    await rosa.press(/^Tell us ?: Side effects I noticed/);
    await rosa.fill("Side effects I noticed", "None so far");
    await rosa.press("Done");
    await rosa.press("Home");
    await rosa.press(/^My papers/);
    await rosa.sees("Changed since");
    assert.deepEqual([...paula.trouble, ...rosa.trouble, ...doctor.trouble], []);
});
