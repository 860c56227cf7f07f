/**
 * The shared chart as two people make it in a first visit, on a real server over TLS: Paula, a pharmacist, and Rosa, her
 * patient, each in a browser of their own; a doctor answers. From consent to the papers, printed and read back, and a change
 * that supersedes them. Three weeks later Rosa comes home from a hospital, and Sam, who cares for her, answers.
 * It is told by `One`: people with a mouse, or people with a keyboard alone.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before } from "node:test";
import { top, until } from "./_load.mjs";
import { storyOf, together } from "./_people.mjs";
import { printed, unreadable } from "./_printed.mjs";
import { missing, Scene } from "./_scene.mjs";
import { axeSays } from "./screens/_look.mjs";

export function tell(One, how) {
    const skip = missing() ?? unreadable() ?? false;
    const WEEK_S = 7 * 86_400;
    let scene, server, site, chart, paula, rosa, doctor, sam, browsers = {};

    before(async () => {
        if (skip) return;
        scene = new Scene();
        site = scene.site(join(top, "web-client/src/main.tsx"));
        server = await scene.serve(site);
        chart = scene.practice("Rosalind Example");
        for (const name of ["paula", "rosa", "doctor"]) browsers[name] = await scene.browser(name);
    });
    after(() => scene?.end());

    const everybody = () => [paula, rosa, doctor, sam].filter(Boolean);
    const story = ((chapter) => (name, tells) => chapter(`${name} (${how})`, tells))(storyOf(skip, everybody, axeSays));
    const TWICE = "Ibuprofen and Naproxen: two NSAIDs", TOGETHER = "Warfarin and Naproxen: anticoagulant with an NSAID or aspirin";
    const records = (doc, home = "desk") => scene.lines(home, ["doc", "get", chart, doc]);
    const valueOf = (record, field) => record.fields[field]?.value ?? "";
    const named = (drug) => records("pmr").find((r) => valueOf(r, "regimen").includes(`drug=${drug};`));
    /** To a step of the visit, by the button that names it. */
    const step = (person, name) => person.press(person.page.getByRole("navigation", { name: "Steps of the visit" }).getByRole("button", { name }));
    const signs = () => paula.page.getByRole("button", { name: "Sign", exact: true });
    const section = (person, title) => person.page.locator(".flow-section").filter({ has: person.page.getByRole("heading", { name: title }) });
    const pressIn = (person, title, name) => person.press(section(person, title).getByRole("button", { name }).first());

    /** The paper of that name on Paula's screen, printed and read back; `blocks` are on one page each. */
    async function reads(name, look, blocks = [], state = "Version 1") {
        await paula.press(new RegExp(name, "i"));
        const pages = await printed(paula.page, join(scene.folder, "paper.pdf"), { each: ["Rosalind Example", "Laid out after CMS-10396.", state], whole: blocks });
        look?.(pages);
        return pages;
    }

    /** A medicine of this kind, from the step in which it is asked for, and back there. */
    async function adds(kind, drug, more = {}, corrects = async () => {}) {
        await pressIn(paula, new RegExp(`^${kind}`), `Add: ${kind.toLowerCase()}`);
        await paula.fill("Drug", drug);
        for (const [label, text] of Object.entries(more)) await paula.fill(label, text);
        await corrects();
        await paula.press("Add to the record");
        await paula.focusIsAt(`Add: ${kind.toLowerCase()}`);
        await section(paula, new RegExp(`^${kind}`)).getByRole("heading", { name: new RegExp(drug) }).waitFor();
    }

    story("both come in, and the visit begins with its record", async () => {
        paula = await One.joins(browsers.paula, scene.invite("pharmacist", null, "Paula Pharm"));
        await paula.isAt("Patients");
        const { account } = await until("Paula is known", () =>
            scene.lines("desk", ["chart", "members", "practice"]).find((m) => m.name === "Paula Pharm" && m.purpose === "device"));
        scene.galen("desk", ["chart", "add", chart, account]);
        await paula.isAt("Rosalind Example");
        rosa = await One.joins(browsers.rosa, scene.invite("patient", chart, "Rosalind Example"));
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
        await paula.check(dialog.getByLabel("name", { exact: true }));
        await paula.check(dialog.getByLabel("date of birth"));
        await paula.press(/^Yes, both are right/);
        await dialog.waitFor({ state: "detached" });
        await paula.choose("Type", "Comprehensive medication review");
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
        await paula.focusIsAt("Collect");
        await rosa.press("Go there");
        await rosa.isAt("What I take");
        for (const [drug, strength, frequency] of [["Lisinopril", "10 mg", "every morning"], ["Warfarin", "5 mg", "every evening"],
                                                   ["Simvastatin", "20 mg", "at night"], ["Metformin", "500 mg", "twice a day"]])
            await adds("Prescription", drug, { Strength: strength, Frequency: frequency, Indication: "as the doctor said" });
        await adds("Over-the-counter", "Ibuprofen", { Strength: "400 mg" });
        await adds("Over-the-counter", "Naproxen", { Strength: "220 mg" });
        await adds("Vitamin/mineral", "Vitamin D");
        await adds("Supplement", "Fish oil", { Frequency: "QD" }, async () => {
            await paula.sees("“QD” is easily misread.");
            await paula.press("Write “daily”");
        });
        await adds("Herbal", "St. John's wort");
        for (const kind of ["prescription", "over-the-counter", "vitamin/mineral", "supplement", "herbal"])
            await paula.press(new RegExp(`^Asked: that is all \\(${kind}`));
        await rosa.sees("Naproxen 220 mg");
        await pressIn(paula, /^Allergies/, "Add an allergy");
        await paula.fill("Substance", "Penicillin");
        await paula.fill("Reaction", "Rash");
        await paula.press("Add to the allergies");
        await paula.isAt(/^Collect/);
        await paula.check(section(paula, /^Allergies/).getByLabel("Listed"));
        await rosa.press("See or change Lisinopril 10 mg");
        await rosa.press(/^Tell us ?: How I really take it/);
        await rosa.fill("How I really take it", "Half of it, at noon");
        await rosa.press("Done");
        await rosa.press("← Back to where I was");
        await rosa.isAt("What I take");
        await until("nine medicines", () => records("pmr").filter((r) => r.state === "present").length === 9);
        await until("as Rosa takes it", () => valueOf(named("Lisinopril"), "taken_as") === "Half of it, at noon");
        assert.deepEqual(["prescription", "over-the-counter", "vitamin", "supplement", "herbal"].map((kind) => records("pmr").filter((r) => valueOf(r, "kind") === kind).length),
                         [4, 2, 1, 1, 1]);
        assert.match(valueOf(named("Fish oil"), "regimen"), /frequency=daily;/);
        assert.equal(named("Lisinopril").fields.taken_as.values[0].role, "patient");
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

    story("both type in one note, key by key", async () => {
        const note = { paula: paula.page.getByLabel("Shared notes"), rosa: rosa.page.getByLabel("Notes we write together") };
        const bothRead = (what, reads) => until(what, async () => {
            const [hers, theirs] = await Promise.all([note.paula.inputValue(), note.rosa.inputValue()]);
            return hers === theirs && reads.every((one) => hers.includes(one)) && hers;
        });
        await paula.begin("Shared notes");
        await rosa.press(/^Tell us ?: Notes we write together/);
        await rosa.focusIsAt("Notes we write together");
        await together([paula, "Paula: tablets before noon"], [rosa, "Rosa: with a glass of water"]);
        await bothRead("each reads what the other types, and is in it still", ["Paula: tablets before noon", "Rosa: with a glass of water"]);
        await together([paula, ", please. "], [rosa, ", always. "]);
        const text = await bothRead("one text of both, each in one piece", ["Paula: tablets before noon, please. ", "Rosa: with a glass of water, always. "]);
        await rosa.press("Done");
        await paula.leaves();
        await until("it is in the record", () => valueOf(records("visit")[0], "notes") === text);
    });

    story("assess: a duplicate and an interaction are found; one becomes a problem, one is set aside", async () => {
        await paula.press("Assess →");
        await paula.sees(/findings to answer/);
        await paula.sees("What was not checked");
        const found = () => Object.fromEntries(scene.galen("desk", ["doc", "findings", chart]).findings.map((one) => [one.title, [one.kind, one.status]]));
        assert.deepEqual([found()[TWICE], found()[TOGETHER]], [["class", "open"], ["interaction", "open"]]);
        const pressOn = (title, name) => paula.press(paula.page.locator(".finding")
            .filter({ has: paula.page.getByRole("heading", { name: title, exact: true }) }).getByRole("button", { name }));
        await pressOn(TWICE, /^Take it as a problem/);
        await until("it is on the list", () => records("dtp").some((r) => valueOf(r, "finding") !== "" && valueOf(r, "status") === "open"));
        await pressOn(TOGETHER, /^Set it aside/);
        await paula.press("Set aside with this reason");
        await paula.sees("Give the reason first.");
        await paula.fill("Why nothing needs to be done", "Looked at with the doctor last month.");
        await paula.press("Set aside with this reason");
        await until("both are answered", () => found()[TWICE][1] === "problem" && found()[TOGETHER][1] === "set-aside");
        assert.equal(valueOf(records("dtp").find((r) => valueOf(r, "status") === "set-aside"), "set_aside_reason"), "Looked at with the doctor last month.");
        await paula.sees(/2 answered\.$/);
    });

    story("plan: three actions, a question to the doctor, the next visit", async () => {
        await paula.press("Plan →");
        for (const [topic, action] of [["Two pain tablets", "Take one kind only"], ["Dizzy", "Get up slowly"], ["Blood", "Have the blood checked"]]) {
            await pressIn(paula, /^Action plan/, "Add an action");
            await paula.fill("Topic", topic);
            await paula.fill("Action", action);
            await paula.choose("Owner", "Patient");
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
        doctor = await One.joins(browsers.doctor, scene.invite("prescriber", chart, "Dr. Hartmann"));
        await doctor.isAt(/Dr\. Hartmann|My chart/);
        const { account } = await until("the doctor is there", () =>
            scene.lines("desk", ["chart", "members", chart]).find((m) => m.role === "prescriber" && m.purpose === "device"));
        scene.galen("desk", ["visit", "identify", chart, account], "license number, phone\n");
        await doctor.press("Questions to me");
        await doctor.sees("Acetaminophen instead of both, please.");
        await doctor.check("Accepted");
        await until("the answer is there", () => records("dtp").some((r) => valueOf(r, "answer") === "accepted"));
        assert.equal(records("dtp").find((r) => valueOf(r, "answer") === "accepted").fields.answer.values[0].role, "prescriber");
        await doctor.sees("No question waits for an answer.");
        await section(paula, "Questions to prescribers").getByText("Accepted", { exact: true }).waitFor();
    });

    story("agree: Rosa reads the plan back and says how she takes each medicine", async () => {
        await paula.press("Agree →");
        await rosa.sees("Your pharmacist is now at: Saying it back");
        await rosa.press("Go there");
        await rosa.isAt("Saying it back");
        await rosa.sees("Get up slowly");
        await paula.check(paula.page.locator("[data-field=read_back]").getByLabel("Yes"));
        const said = paula.page.getByRole("button", { name: /^Said back in their own words/ });
        for (let left = 10; left > 0; left--) {
            await until(`${left} are left`, async () => (await said.count()) === left);
            await paula.press(said.first());
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
        await paula.button(/^Decide: Warfarin/).waitFor();
        assert.equal(await signs().count(), 0);
        await paula.press(/^Decide: Warfarin/);
        await paula.focusIsAt(/^Warfarin/);
        await paula.press(/Use this one.*4 mg/);
        await paula.focusIsAt("What it is and how it is taken");
        await paula.press("← Back to where I was");
        await paula.focusIsAt("Signature");
    });

    story("sign: the first version, and its papers for both", async () => {
        await paula.press(signs());
        await paula.sees("Version 1");
        await paula.sees("Still as it was signed");
        await paula.press(/^Show the papers/);
        await reads("About your medicines", (pages) => assert.match(pages.join(" "), /signed by Paula Pharm, pharmacist .*Dear Rosalind Example,.*December 20, 2026/));
        await reads("to-do", (pages) => {
            for (const words of ["Take one kind only", "Get up slowly", "Have the blood checked"]) assert.ok(pages.join(" ").includes(words), words);
        });
        const list = await reads("Medication list", undefined, [["Lisinopril 10 mg", "as the doctor said"], ["Warfarin 4 mg", "as the doctor said"],
                                                              ["Simvastatin 20 mg", "as the doctor said"], ["Metformin 500 mg", "as the doctor said"]]);
        for (const words of ["every morning", "at night", "twice a day", "Ibuprofen", "Naproxen", "Vitamin D", "Fish oil", "St. John's wort", "Calcium", "Penicillin", "Rash"])
            assert.ok(list.join(" ").includes(words), words);
        assert.doesNotMatch(list.join(" "), /Warfarin [25] mg|Moon dust|NOT SIGNED|SUPERSEDED/);
        await rosa.press("Home");
        await rosa.press(/^My papers/);
        await rosa.sees("Version 1");
        await rosa.press(/^Show the papers/);
        assert.match((await printed(rosa.page, join(scene.folder, "hers.pdf"), { each: ["Rosalind Example", "Version 1"] })).join(" "), /Dear Rosalind Example/);
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
        await rosa.press(/^Show the papers/);
        await printed(rosa.page, join(scene.folder, "old.pdf"), { each: ["Rosalind Example", "SUPERSEDED"] });
        assert.deepEqual(everybody().flatMap((one) => one.trouble), []);
    });

    /* -- three weeks later ------------------------------------------------------------------------------------------- */

    story("three weeks later: Sam is there for Rosa, who was in the hospital", async () => {
        for (const name of Object.keys(browsers)) await browsers[name].close();
        await server.stop();
        scene.later = 3 * WEEK_S;
        server = await scene.serve(site);
        for (const name of ["paula", "sam"]) browsers[name] = await scene.browser(name);
        [paula, rosa, doctor] = [await One.opens(browsers.paula), undefined, undefined];
        sam = await One.joins(browsers.sam, scene.invite("caregiver", chart, "Sam Carer"));
        await paula.press("Open Rosalind Example");
        await paula.press("People");
        await paula.press("Check identity of Sam Carer");
        const dialog = paula.page.getByRole("dialog");
        await paula.check(dialog.getByLabel("name", { exact: true }));
        await paula.check(dialog.getByLabel("phone number"));
        await paula.press(/^Yes, both are right/);
        await paula.press("Visits");
        await paula.press("Start a visit without a call");
        await paula.isAt(/^Start$/);
        await paula.choose("Type", "Discharge check-in");
        await paula.choose("Consent given by", "Sam Carer (caregiver)");
        await paula.fill("Relation of the consenting person", "her son");
        await paula.press("Yes, consent was given");
        const visit = () => records("visit").find((r) => valueOf(r, "type") === "discharge");
        await until("Sam's consent", () => visit() && valueOf(visit(), "consent") === "given");
        assert.equal(valueOf(visit(), "consent_relation"), "her son");
        assert.equal(valueOf(visit(), "consent_by"), "Sam Carer");
        assert.ok(Date.parse(valueOf(visit(), "started")) > Date.now() + 2 * WEEK_S * 1000);
    });

    story("Sam answers for her, and is named as who said it", async () => {
        await paula.press("Collect →");
        await sam.press("Home");
        await sam.press(/^My visits|^Visits/);
        await sam.press("See what we are doing");
        await sam.isAt("What I take");
        await pressIn(sam, /^Prescribed by a doctor/, /^Add/);
        await sam.fill("Name of the medicine", "Amoxicillin");
        await sam.press("Send it to my pharmacist");
        await sam.isAt("What I take");
        await sam.press("See or change Simvastatin 20 mg");
        await sam.press(/^(Tell us|Change) ?: How I really take it/);
        await sam.fill("How I really take it", "She has not taken it since Monday.");
        await sam.press("Done");
        await paula.press("Open Amoxicillin");
        await paula.sees("Suggested by Sam Carer");
        await paula.press("Accept");
        await until("it counts, and Sam is its source", () => named("Amoxicillin") && valueOf(named("Amoxicillin"), "source") === "caregiver");
        await paula.press("← Back to where I was");
        const [said] = named("Simvastatin").fields.taken_as.values;
        assert.deepEqual([said.value, said.name, said.role], ["She has not taken it since Monday.", "Sam Carer", "caregiver"]);
    });

    story("before and after stand side by side, and no line is forgotten", async () => {
        const line = (drug) => paula.page.locator(".reconcile").filter({ has: paula.page.getByRole("heading", { name: new RegExp(drug) }) });
        const decides = async (drug, what) => {
            await paula.press(line(drug).getByRole("button", { name: what, exact: true }));
            await line(drug).getByRole("button", { name: what, pressed: true }).waitFor();
        };
        await paula.sees("11 of 11 lines are not decided yet.");
        assert.deepEqual(await line("Amoxicillin").locator(".choices button").allInnerTexts(), ["New", "Stopped", "Not decided yet"]);
        const decisions = { Lisinopril: "Continue", Warfarin: "Stopped", Simvastatin: "Continue", Ibuprofen: "Stopped", Naproxen: "Continue", "Vitamin D": "Continue",
                            "Fish oil": "Continue", "St. John's wort": "Stopped", Calcium: "Continue", Amoxicillin: "New" };
        for (const [drug, what] of Object.entries(decisions)) await decides(drug, what);
        await step(paula, /Sign/);
        await paula.check("Reconciled after a hospital stay.");
        await paula.sees("1 of 11 lines is not decided yet.");
        assert.equal(await signs().count(), 0);
        await step(paula, /Collect/);
        await decides("Metformin", "Changed");
        await paula.fill(line("Metformin").getByLabel("Strength"), "850 mg");
        await paula.press(line("Metformin").getByRole("button", { name: "Save", exact: true }));
        await until("the new strength", () => valueOf(named("Metformin"), "regimen").includes("strength=850 mg"));
        await paula.fill(line("Warfarin").getByLabel("Reason for stopping"), "Bleeding from the stomach.");
        await paula.leaves();
        await paula.sees("All 11 lines are decided.");
        const [was, is] = await Promise.all(["Before the hospital", "From now on"].map((words) => line("Metformin").locator(".two > div").filter({ hasText: words }).boundingBox()));
        assert.ok(Math.abs(was.y - is.y) < 1 && was.x + was.width <= is.x, "beside each other");
        assert.match(await line("Metformin").innerText(), /Before the hospital\s+Metformin 500 mg[\s\S]*From now on\s+Metformin 850 mg/);
        assert.match(await line("Warfarin").innerText(), /Before the hospital\s+Warfarin 4 mg[\s\S]*From now on\s+No longer taken/);
    });

    story("the result is the new record, signed as the second version", async () => {
        await paula.press("The talk is over");
        await step(paula, /Sign/);
        await paula.check("Reconciled after a hospital stay.");
        await paula.press(signs());
        await paula.sees("Version 2");
        const stopped = records("pmr").filter((r) => valueOf(r, "status") === "stopped").map((r) => /drug=([^;]*)/.exec(valueOf(r, "regimen"))[1]);
        assert.deepEqual(stopped.sort(), ["Ibuprofen", "St. John's wort", "Warfarin"]);
        assert.equal(valueOf(named("Warfarin"), "stop_reason"), "Bleeding from the stomach.");
        await paula.press(/^Show the papers ?: Version 2/);
        const list = (await reads("Medication list", undefined, [["Amoxicillin", "Amoxicillin"]], "Version 2")).join(" ");
        const [taken, gone, more] = list.split(/Stopped\s+in\s+the\s+last\s+six\s+months/);
        assert.equal(more, undefined);
        assert.match(taken, /Metformin 850 mg/);
        assert.match(taken, /Amoxicillin/);
        assert.doesNotMatch(taken, /Warfarin|Ibuprofen|St\. John|Metformin 500/);
        assert.match(gone, /Do\s+not\s+take\s+these\s+any\s+more/);
        for (const drug of ["Warfarin", "Ibuprofen", "St. John's wort"]) assert.ok(gone.includes(drug), drug);
        assert.doesNotMatch(gone, /Metformin 500/);
        assert.deepEqual(everybody().flatMap((one) => one.trouble), []);
    });
}
