/** A small practice for the screens' tests, and the states that they are looked at in. */
import { schema } from "./_schema.mjs";

export const NOW = Date.UTC(2026, 10, 25, 15, 30);
const MIN = 60_000, HOUR = 60 * MIN, DAY = 24 * HOUR;
const id = (two) => two.repeat(32);
const PAULA = { account: id("a1"), device: id("d1"), name: "Paula Pharm", role: "pharmacist" };
const ROSA = { account: id("a2"), device: id("d2"), name: "Rosalind Example-Featherstonehaugh", role: "patient" };
const SAM = { account: id("a3"), device: id("d3"), name: "Sam Carer", role: "caregiver" };
const TOM = { account: id("a4"), device: id("d4"), name: "Tom Tech", role: "technician" };
const HART = { account: id("a6"), device: id("d6"), name: "Dr. Doctor", role: "prescriber" };
const CUSTODIAN = { account: id("a0"), device: id("d0"), name: "", role: "custodian" };
export const CHART = id("c1"), PRACTICE = id("c0");
const VISIT = id("e1");
const rec = (n) => n.toString(16).padStart(32, "0");

const REACH = { phone: "555-0100", hours: "Monday to Friday, 9 to 5" };

const member = (who, self, more = {}) => ({
    device: who.device, account: who.account, name: who.name, role: who.role, purpose: "device", holder: true, self,
    since_epoch: 1, expires_ms: NOW + 90 * DAY, verified: 14, heard_ms: NOW - 3 * MIN, ...more,
});

function log() {
    const made = [];
    const add = (who, hours, more) => made.push({
        chart: CHART, index: made.length, time_ms: NOW - hours * HOUR, device: who.device, account: who.account, name: who.name,
        role: who.role, number: made.length + 1, epoch: 1, class: "message", state: "open", verified_by: [], ...more,
    });
    const message = (who, hours, text) => add(who, hours, { kind: "message", text });
    const write = (who, hours, record, fields) => add(who, hours, { class: "record", kind: "write", doc: "pmr", record, fields });
    add(PAULA, 800, { class: "epoch", state: "clear", members: 2, added: [] });
    add(PAULA, 800, { class: "epoch", state: "clear", members: 3, added: [{ account: ROSA.account, role: "patient", purpose: "invitation" }] });
    message(PAULA, 790, "Welcome! Here you can write to us whenever you like. We read messages on weekdays from 9 to 5.");
    message(ROSA, 700, "Thank you. I feel dizzy in the mornings since the new tablets. Is that normal? See https://example.org/dizzy");
    add(PAULA, 600, { class: "visit", kind: "visit", visit: VISIT, visit_event: "opened" });
    add(PAULA, 599, { class: "record", kind: "identity", subject: ROSA.account, text: "name, date of birth" });
    write(PAULA, 598, rec(1), { regimen: "", reason: "" });
    add(PAULA, 597, { class: "visit", kind: "visit", visit: VISIT, visit_event: "ended" });
    message(PAULA, 590, "Please get up slowly, and write down your blood pressure in the mornings.");
    write(ROSA, 100, rec(1), { taken_as: "" });
    add(ROSA, 80, { class: "record", kind: "propose", doc: "pmr", record: rec(1), fields: { regimen: "" } });
    message(ROSA, 30, "It is better now.\nMy sister asks whether she can see my list too.");
    add(ROSA, 29, { class: "message", state: "void", why: "wrong-number" });
    message(PAULA, 2, "Yes: I can invite her as a caregiver. Shall I?");
    message(ROSA, 0.2, "Please do!");
    return made;
}

const said = (who, index, value, hours, more = {}) => ({
    number: index, value, index, account: who.account, device: who.device, name: who.name, role: who.role, time_ms: NOW - hours * HOUR, ...more,
});
const settled = (who, index, value, hours, more) => ({ value, conflict: false, values: [said(who, index, value, hours, more)] });

function records() {
    const medicine = (n, fields, more = {}) => ({ chart: CHART, doc: "pmr", record: rec(n), state: "present", conflicts: 0, fields, proposals: [], ...more });
    const action = (n, fields, more = {}) => ({ ...medicine(n, fields, more), doc: "map" });
    /** All said by one person at one time. */
    const of = (doc, who, n, hours, fields, more = {}) => ({
        ...medicine(n, Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, settled(who, 6, value, hours)])), more), doc,
    });
    return {
        profile: [of("profile", PAULA, 1, 598, {
            name: ROSA.name, birth_date: "1948-05-17", phone: "555 0134", language: "English", allergies_known: "listed",
            conditions: "Diabetes\nHigh blood pressure", kidney_function: "eGFR 58 (August 2026)", pharmacies: "Corner pharmacy\nThe big one at the mall",
            goals: "To walk to the market by myself again.", why_now: "several-medicines",
        })],
        allergies: [
            of("allergies", PAULA, 31, 598, { substance: "Penicillin", kind: "allergy", reaction: "Rash all over, within an hour.", severity: "moderate", status: "active" }),
            of("allergies", SAM, 32, 90, {}, {
                state: "proposed",
                proposals: [{
                    index: 10, state: "pending", account: SAM.account, device: SAM.device, name: SAM.name, role: SAM.role, time_ms: NOW - 90 * HOUR,
                    fields: { substance: "Strawberries", kind: "intolerance", severity: "mild" }, answers: [],
                }],
            }),
        ],
        journal: [
            of("journal", ROSA, 41, 60, { kind: "blood-pressure", systolic: "148", diastolic: "86", at: "2026-11-23T07:30Z" }),
            of("journal", ROSA, 42, 30, { kind: "symptom", symptom: "4", note: "Dizzy after getting up.", at: "2026-11-24T08:00Z" }),
            of("journal", SAM, 43, 5, { kind: "note", note: "She slept well.", at: "2026-11-25T09:00Z" }),
        ],
        dtp: [
            of("dtp", PAULA, 21, 40, {
                condition: "High blood pressure", medicine: `1/${rec(2)}`, medicines: "Lisinopril", axis: "safety", category: "adverse-reaction", severity: "moderate",
                status: "open", intervention: "lower, monitor", note: "Dizzy in the mornings since the new tablets.",
                recommendation: "Please consider 10 mg in the evening instead of the morning.", to: "Dr. Doctor", answer: "none-yet",
            }),
            of("dtp", PAULA, 22, 400, {
                condition: "Pain in the knee", medicine: `1/${rec(4)}`, medicines: "Ibuprofen", axis: "safety", category: "adverse-reaction", severity: "high", status: "resolved",
            }),
        ],
        visit: [
            of("visit", PAULA, 51, 600, {
                type: "cmr", delivery: "audio", started: "2026-10-31T15:00Z", ended: "2026-10-31T15:40Z", minutes: "40", step: "sign", consent: "given",
            }),
            of("visit", PAULA, 52, 0.2, {
                type: "follow-up", delivery: "audio", started: "2026-11-25T15:18Z", step: "collect", agenda: "The dizziness. Do I need all of these?",
            }),
        ],
        checkin: [of("checkin", PAULA, 61, 50, { due: "2026-11-26", visit: `8/${rec(51)}` })],
        pmr: [
            medicine(1, {
                regimen: settled(PAULA, 6, "drug=Metformin; strength=500 mg; form=tablet; dose=1; unit=tablet; route=by mouth; frequency=twice a day, with meals; as_needed=no", 598),
                kind: settled(PAULA, 6, "prescription", 598), status: settled(PAULA, 6, "active", 598),
                reason: settled(PAULA, 6, "For blood sugar (diabetes).", 598),
                instructions: settled(PAULA, 6, "Swallow whole, with a glass of water.", 598),
                start: settled(PAULA, 6, "2024-03", 598), taken_as: settled(ROSA, 9, "Mornings always, evenings when I think of it.", 100),
                barriers: settled(ROSA, 9, "forgets, confusing-directions", 100), teach_back: settled(PAULA, 6, "yes", 598),
                verified_at: settled(PAULA, 6, "2026-10-31T15:30Z", 598),
            }, {
                proposals: [{
                    index: 10, state: "pending", account: ROSA.account, device: ROSA.device, name: ROSA.name, role: ROSA.role, time_ms: NOW - 80 * HOUR,
                    fields: { regimen: "drug=Metformin; strength=500 mg; form=tablet; dose=1; unit=tablet; route=by mouth; frequency=once a day; as_needed=no" },
                    answers: [],
                }],
            }),
            medicine(2, {
                regimen: {
                    conflict: true, values: [
                        said(PAULA, 7, "drug=Lisinopril; strength=10 mg; form=tablet; dose=1; unit=tablet; route=by mouth; frequency=every morning; as_needed=no", 50),
                        said(TOM, 8, "drug=Lisinopril; strength=20 mg; form=tablet; dose=0.5; unit=tablet; route=by mouth; frequency=every morning; as_needed=no", 50),
                    ],
                },
                status: settled(PAULA, 6, "active", 598), reason: settled(PAULA, 6, "For blood pressure.", 598),
            }, { conflicts: 1 }),
            medicine(3, {}, {
                state: "proposed",
                proposals: [{
                    index: 10, state: "pending", account: ROSA.account, device: ROSA.device, name: ROSA.name, role: ROSA.role, time_ms: NOW - 20 * HOUR,
                    fields: { regimen: "drug=St. John's wort; dose=1; unit=capsule; frequency=every evening; as_needed=no", reason: "I sleep better.", kind: "herbal" },
                    answers: [],
                }],
            }),
            medicine(4, {
                regimen: settled(PAULA, 6, "drug=Ibuprofen; strength=400 mg; form=tablet; dose=1; unit=tablet; route=by mouth; as_needed=yes", 598),
                status: settled(PAULA, 6, "stopped", 400), stop_reason: settled(PAULA, 6, "Not together with the blood pressure medicine.", 400),
            }),
        ],
        map: [
            action(11, {
                topic: settled(PAULA, 6, "Dizzy in the mornings", 590), action: settled(PAULA, 6, "Get up slowly. Write down blood pressure every morning.", 590),
                owner: settled(PAULA, 6, "patient", 590), due: settled(PAULA, 6, "2026-12-05", 590), status: settled(ROSA, 9, "doing", 100),
                progress: settled(ROSA, 9, "Four mornings so far.", 100),
            }),
            action(12, { topic: settled(PAULA, 6, "Ask the doctor about the dose", 590), owner: settled(PAULA, 6, "pharmacist", 590), status: settled(PAULA, 6, "done", 90) }),
        ],
    };
}

const list = { key: "x", list: "Phansalkar et al. 2012", version: "1", date: "2012-02-01" };
const findings = () => ({
    findings: [
        {
            key: "interaction:1", kind: "interaction", severity: "high", records: [rec(2), rec(3)], allergies: [], title: "Lisinopril and St. John's wort",
            why: "Made up for this test: the one changes how the other works.", do: "Ask whether it is still taken; think of another remedy for sleep.",
            plain: { title: "", why: "", do: "" }, source: list, status: "open",
        },
        {
            key: "age:1", kind: "age", severity: "low", records: [rec(1)], allergies: [], title: "Metformin and kidney function",
            why: "Made up for this test: the dose follows the kidneys.", do: "Look at the last value.", plain: { title: "", why: "", do: "" }, source: list, status: "open",
        },
    ],
    checked: [{ kind: "interaction", what: "Fifteen pairs of classes that should not be together", source: list }],
    not_checked: [{ what: "Interactions that are not on this list", records: [] }, { what: "St. John's wort: not recognized", records: [rec(3)] }],
    data: { version: "1", date: "2026-11-01" },
});
const version = (n, more = {}) => ({
    chart: CHART, version: n, index: 20 + n, time_ms: NOW - (30 - n) * DAY, account: PAULA.account, device: PAULA.device, name: PAULA.name, role: PAULA.role,
    meaning: "reviewed-with-patient", base: 20 + n, schema: 1, hash: "ab".repeat(32), asserted: true, superseded: false, visit: rec(52), ...more,
});
const twice = (s) => { s.versions.versions = [version(1, { superseded: true, superseded_by: 22, superseded_at_ms: NOW - 20 * DAY }), version(2)]; };
const paper = (name, title, inside) => ({
    name, title, html: `<!DOCTYPE html>\n<html lang="en">\n<head>\n<title>${title}</title>\n<style>\nhtml{font:14pt/1.45 Arial,sans-serif;color:#000;background:#fff}
body{margin:0 auto;max-width:190mm}\ndl{display:grid;grid-template-columns:50mm 1fr}\ntable.paper{width:100%;table-layout:fixed}\n@page{size:letter;margin:16mm}\n</style>\n</head>
<body>\n<table class="paper" role="presentation">\n<thead><tr><td><div class="head">\n<p><bdi>Rosalind Example</bdi></p></div></td></tr></thead>
<tbody><tr><td>\n<main>\n<h1>${title}</h1>\n${inside}</main>\n</td></tr></tbody>\n</table>\n</body>\n</html>\n`,
});
const papers = () => ({
    signed: true, version: 2, papers: [
        paper("cover-letter", "Cover letter", "<p>Dear <bdi>Rosalind &amp; Sam &lt;b&gt;</bdi></p>\n"),
        paper("to-do-list", "To-do list", "<h2>What we talked about</h2><p><bdi>Dizzy in the mornings</bdi></p>\n"),
        paper("medication-list", "Medication list", "<dl><dt>Medication</dt><dd><bdi>Metformin 500 mg</bdi></dd></dl>\n"),
        paper("current-list", "Current list of medicines", "<dl><dt>Medication</dt><dd><bdi>Metformin 500 mg</bdi></dd></dl>\n"),
    ],
});

const undoField = (field, label, now, then, more = {}) => ({ field, label, goes: true, now, then, ...more });
/** Somebody's change of a medicine, an hour ago. */
const changed = (fields, more = {}) => ({
    token: "12".repeat(16), index: 9, time_ms: NOW - HOUR, kind: "write", again: false, adds: false, doc: "pmr", record: rec(1),
    title: "Metformin", what: `${fields.map((f) => f.label).join(", ")} – Metformin`, fields, ...more,
});
const byTom = { account: TOM.account, name: TOM.name, role: TOM.role };
const undoes = (...args) => (s) => { s.undoable.undo = changed(...args); };
const takenAs = undoField("taken_as", "How I really take it", "Mornings always, evenings when I think of it.", "Mornings only.");
const directions = undoField("instructions", "Instructions", "Swallow whole, with a glass of water.", "");

const summary = (chart, name, more = {}) => ({
    chart, name, practice: false, entries: 15, server_entries: 15, epoch: 2, people: 3, devices: 5, member: true, holder: true, current: true,
    waiting: 0, conflicts: 0, proposals: 0, unread: 0, heard_ms: NOW - 3 * MIN, ...more,
});
const noCall = { state: "none", chart: "", visit: "", host: "", participants: [], knocking: [], muted: false };
const inCall = (who, muted = false) => ({ device: who.device, account: who.account, name: who.name, role: who.role, muted, self: false });

/** What the core of PAULA (staff), ROSA (patient), SAM (caregiver) or Dr. Doctor (prescriber) answers. */
export function practice(file, who) {
    const staff = who === "staff";
    const me = { staff: PAULA, patient: ROSA, caregiver: SAM, prescriber: HART }[who];
    const entries = log();
    return {
        now_ms: NOW, ready: true, then: [], failing: {}, earlier: {}, findings: findings(), versions: { versions: [], ready: true }, papers: papers(), undoable: { undo: null, redo: null, passed: null }, sound: {}, server_ms: 30, schema: schema(file, me.role), waiting: {}, call: noCall,
        home: {
            state: "member", host: "galen.practice.example", device: me.device, account: me.account, role: me.role, name: who === "patient" ? "Rosalind" : me.name,
            practice: id("aa"), practice_chart: staff ? PRACTICE : "", online: { log: true, live: true }, persistent: true, holds: true,
        },
        charts: staff
            ? [
                summary(PRACTICE, "Practice", { practice: true, entries: 4, server_entries: 4 }),
                summary(CHART, ROSA.name, {
                    unread: 2, conflicts: 1, proposals: 2, planned_ms: [NOW - 30 * DAY, NOW + 33 * DAY, NOW + 3 * DAY],
                    last: { index: 14, time_ms: entries[14].time_ms, account: ROSA.account, name: ROSA.name, role: ROSA.role, text: "Please do!" },
                }),
                summary(id("c2"), "Albert Quiet", { heard_ms: NOW - 20 * DAY }),
                summary(id("c3"), "", { entries: 2, server_entries: 2, heard_ms: 0, current: false, waiting: 1 }),
            ]
            : [summary(CHART, ROSA.name, { unread: 1, planned_ms: [NOW - 30 * DAY, NOW + 3 * DAY], reach: [{ ...REACH, account: PAULA.account, name: PAULA.name, role: PAULA.role }] })],
        members: {
            [CHART]: [
                member(PAULA, staff, REACH), member(ROSA, me === ROSA, { verified: 12 }), member({ ...ROSA, device: id("d5") }, me === ROSA, { heard_ms: NOW - 9 * DAY, verified: 8 }),
                member(TOM, false, { verified: 3, heard_ms: NOW - 2 * DAY }), member(SAM, me === SAM, { holder: me === SAM, verified: 2 }),
                member(CUSTODIAN, false, { verified: undefined, heard_ms: undefined }),
                member(HART, me === HART, me === HART ? {} :
                       { purpose: "invitation", holder: false, expires_ms: NOW + 5 * DAY, verified: undefined, heard_ms: undefined }),
            ],
            [PRACTICE]: [member(PAULA, staff), member(TOM, false), member({ account: id("a7"), device: id("d7"), name: "Nora New", role: "pharmacist" }, false)],
            [id("c2")]: [member(PAULA, staff)],
        },
        entries: { [CHART]: entries, [PRACTICE]: entries.slice(0, 1).map((e) => ({ ...e, chart: PRACTICE })), [id("c2")]: [] },
        records: { [CHART]: records(), [id("c2")]: { pmr: [], map: [] } },
    };
}

const chart = (part, record) => ({ at: "chart", chart: CHART, part, ...(record ? { record } : {}) });
const link = `https://galen.practice.example/join#AQ${"AbCdEfGhIjKlMnOpQrStUvWxYz0123456789".repeat(2).slice(0, 64)}`;
const draft = {
    event: "draft", chart: CHART, device: id("d4"), account: TOM.account, name: TOM.name, doc: "pmr", record: rec(1), field: "instructions",
    text: "Swallow whole, with a glass of wat",
};
/** Two in one long text: one changes a word, the other has chosen some. */
const NOTE = Array.from({ length: 14 }, (_, i) =>
    `${i + 1}. Felt dizzy in the morning, and again on getting up from the sofa after lunch; it passed within a minute or two.`).join("\n");
const inNote = (who, device, more) => ({
    event: "draft", chart: CHART, device: id(device), account: who.account, name: who.name, doc: "pmr", record: rec(1), field: "effects",
    points: NOTE.length, ...more,
});
const noted = (s) => {
    const [first] = s.records[CHART].pmr, [said] = Object.values(first.fields)[0].values;
    first.fields.effects = { value: NOTE, conflict: false, values: [{ ...said, value: NOTE }] };
    s.then = [
        inNote(TOM, "d4", {
            changes: [{ before: "and again on getting up from the ", deleted: "sofa", inserted: "old leather couch", behind: " after lunch; it passed" }],
            caret: NOTE.indexOf("sofa"), end: NOTE.indexOf("sofa"),
        }),
        inNote(ROSA, "d3", { changes: [], caret: NOTE.indexOf("5. ") + 90, end: NOTE.indexOf("5. ") + 30 }),
    ];
};
const presence = (who) => ({ event: "presence", chart: CHART, device: who.device, account: who.account, name: who.name, here: true });
const empty = (s) => { s.home = { ...s.home, state: "empty", role: "", name: "", account: "" }; };
const offline = (s) => { s.home.online = { log: false, live: false }; };
const shutOut = (how) => (s) => {
    offline(s);
    s.home.shut_out = how;
    for (const c of s.charts) c.stopped = "keys-cloned";
};
const copied = (back) => (s) => {
    s.charts.find((c) => c.chart === CHART).copied =
        [{ device: "d7".repeat(32), account: ROSA.account, name: ROSA.name, role: ROSA.role, since_ms: NOW - HOUR, out: back, back }];
};
const loadedAgain = (s) => { s.visit_before = { chart: CHART, visit: VISIT, muted: true }; };
const open = (s) => { s.charts.find((c) => c.chart === CHART).visit = { visit: VISIT, host: PAULA.device }; };
const inVisit = (who, more = {}) => (s) => {
    open(s);
    const self = who === "staff" ? PAULA : ROSA;
    s.sound = { microphone: "on", line: "good" };
    s.call = {
        ...noCall, state: "admitted", chart: CHART, visit: VISIT, host: PAULA.device,
        participants: [{ ...inCall(self), self: true }, inCall(who === "staff" ? ROSA : PAULA)], ...more,
    };
};
/** An interpreter: in somebody's call, or whose home this is. */
const GUEST = { device: id("d8"), account: "", name: "", role: "interpreter" };
const withGuest = (who) => (s) => { inVisit(who)(s); s.call.participants.push(inCall(GUEST)); };
const guest = (more = {}) => (s) => {
    s.home = {
        ...s.home, state: "guest", role: "interpreter", name: "", account: GUEST.account, device: GUEST.device, practice_chart: "",
        online: { log: false, live: true }, guest: { visit: VISIT, open: true, until_ms: NOW + 20 * HOUR },
    };
    Object.assign(s, { charts: [], members: {}, entries: {}, records: {}, ...more });
};
const guestCall = (state) => all(guest({ sound: { microphone: "on", line: "good" } }), (s) => {
    s.call = { ...noCall, state, chart: CHART, visit: VISIT, host: PAULA.device };
    if (state === "admitted")
        s.call.participants = [{ ...inCall(GUEST), self: true },
                               ...[PAULA, ROSA].map((one) => ({ ...inCall(one), account: "", name: "", role: "" }))];
});
const longToRead = (s) => { Object.assign(s.charts.find((c) => c.chart === CHART), { entries: 2340, server_entries: 5000, current: false }); };
const fails = (name, error, help = "") => (s) => { s.failing[name] = error === "never" ? "never" : { error, help }; };
const all = (...changes) => (s) => { for (const one of changes) one(s); };

const flow = (step, more = {}) => ({ ...chart("visit", rec(52)), step, ...more });
const say = (doc, n, who, hours, fields) => (s) => {
    const list = s.records[CHART][doc], record = list.find((r) => r.record === rec(n)) ?? list[list.push({
        chart: CHART, doc, record: rec(n), state: "present", conflicts: 0, fields: {}, proposals: [],
    }) - 1];
    for (const [name, value] of Object.entries(fields)) record.fields[name] = settled(who, 12, value, hours);
};
/** After a hospital stay: one line was changed, one stopped, one is new, the rest is not decided. */
const discharge = all(
    say("visit", 52, PAULA, 0.2, { type: "discharge" }),
    say("pmr", 1, PAULA, 0.1, { discharge: "changed", regimen: "drug=Metformin; strength=850 mg; form=tablet; dose=1; unit=tablet; route=by mouth; frequency=twice a day, with meals; as_needed=no" }),
    (s) => { s.earlier[`${rec(1)}/regimen`] = [said(PAULA, 6, "drug=Metformin; strength=500 mg; form=tablet; dose=1; unit=tablet; route=by mouth; frequency=twice a day, with meals; as_needed=no", 598)]; },
    say("pmr", 5, PAULA, 598, { regimen: "drug=Omeprazole; strength=20 mg; dose=1; unit=capsule; frequency=every morning; as_needed=no", status: "active", kind: "over-the-counter" }),
    say("pmr", 5, PAULA, 0.1, { discharge: "stopped", status: "stopped" }),
    say("pmr", 6, PAULA, 0.1, { regimen: "drug=Apixaban; strength=5 mg; dose=1; unit=tablet; frequency=twice a day; as_needed=no", status: "active", kind: "prescription", discharge: "new" }),
);
const done = all(
    say("visit", 52, PAULA, 0.1, {
        place: "Springfield, Illinois", identity: "name, date of birth", consent: "given", consent_mode: "audio", consent_by: ROSA.name,
        consent_relation: "the patient", consent_text: "1 (2026)", consent_at: "2026-11-25T15:20Z", asked: "prescription, over-the-counter, vitamin, supplement, herbal",
        brown_bag: "yes", notes: "Rosa: tablets in the evening are easier.", read_back: "yes", next_at: "2026-12-09T10:00Z", recurrence: "yearly", step: "sign",
        ended: "2026-11-25T15:29Z", minutes: "11",
    }),
    say("pmr", 1, PAULA, 0.1, { teach_back: "yes", watch_for: "Feeling sick or very tired." }),
);

/**
 * Every screen in every state: name, whose, where (the history's state), what differs, what is pressed
 * (names of buttons; `radio`: of one of several; a number: so many ms pass) and where the page was opened.
 */
export const states = [
    ["join", "patient", null, empty, [], link],
    ["join-looking", "patient", null, all(empty, fails("look", "never")), [], link],
    ["join-wrong-link", "patient", null, empty, [], link.slice(0, 60)],
    ["join-elsewhere", "patient", null, all(empty, (s) => { s.link_host = "galen.other.example"; }), [], link],
    ["join-under-way", "patient", null, (s) => { s.home.state = "joining"; }],
    ["join-reading", "patient", null, all((s) => { s.home.state = "joining"; }, longToRead), [1500]],
    ["join-offline", "patient", null, all((s) => { s.home.state = "joining"; }, offline)],
    ["join-used", "patient", null, all(empty, (s) => { s.then = [{ event: "refused", error: "already-used", help: "This link or code was used before. If it was not you, call the practice now.", used_ms: NOW - 5 * HOUR }]; }), [], link],
    ["join-used-after-reload", "patient", null, (s) => { s.home.state = "joining"; s.then = [{ event: "refused", error: "already-used", help: "", used_ms: NOW - 5 * HOUR }]; }],
    ["join-another", "patient", null, (s) => { s.home.state = "joining"; s.then = [{ event: "refused", error: "already-used", help: "", used_ms: NOW - 5 * HOUR }]; }, ["Use another link or code"]],
    ["join-wrong-practice", "patient", null, all(empty, (s) => { s.then = [{ event: "refused", error: "bad-certificate", help: "" }]; }), [], link],
    ["join-gone", "patient", null, all(empty, (s) => { s.then = [{ event: "refused", error: "not-a-member", help: "" }]; }), [], link],
    ["join-expired", "patient", null, all(empty, (s) => { s.then = [{ event: "refused", error: "expired", help: "This has expired. Ask the practice for a new one." }]; }), [], link],
    ["join-member", "patient", null, () => {}, [], link],
    ["welcome", "patient", null, empty],
    ["welcome-nothing-pasted", "patient", null, empty, ["Go on"]],
    ["storage-lost", "patient", null, all(empty, (s) => { s.then = [{ event: "storage-lost" }]; })],
    ["lost-devices", "patient", null, (s) => { s.then = [{ event: "lost-asked", devices: [id("d5"), id("d9")] }]; }],
    ["starting", "patient", null, (s) => { s.ready = false; }],
    ["broken", "patient", null, (s) => { s.then = [{ event: "broken", failure: { error: "core-failed", help: "" } }]; }],

    ["home-staff", "staff", { at: "home" }],
    ["home-staff-waiting", "staff", { at: "home" }, inVisit("staff", {
        participants: [{ ...inCall(PAULA), self: true }],
        knocking: [{ device: ROSA.device, account: ROSA.account, name: ROSA.name, role: ROSA.role, since_ms: NOW - 3 * MIN }],
    })],
    ["home-staff-empty", "staff", { at: "home" }, (s) => { s.charts = s.charts.slice(0, 1); }],
    ["home-staff-loading", "staff", { at: "home" }, fails("charts", "never")],
    ["home-staff-error", "staff", { at: "home" }, fails("charts", "no-answer", "There was no answer in time. Look whether it was done, then try again.")],
    ["home-staff-reading", "staff", { at: "home" }, longToRead, [1500]],
    ["home-staff-offline", "staff", { at: "home" }, offline],
    ["home-staff-link-again", "staff", { at: "home" }, (s) => { s.charts[2].link_again_ms = NOW - 2 * HOUR; }],
    ["people-link-again", "staff", chart("people"), (s) => { for (const m of s.members[CHART]) if (m.account === SAM.account) m.link_again_ms = NOW - 2 * HOUR; }],
    ["home-staff-copied", "staff", { at: "home" }, copied(false)],
    ["people-copied", "staff", chart("people"), copied(false)],
    ["messages-copied-back", "staff", chart("messages"), copied(true)],
    ["home-staff-stopped", "staff", { at: "home" }, (s) => { s.charts[1].stopped = "forked"; s.charts[2].withheld = 4; }],
    ["new-patient", "staff", { at: "new-patient" }],
    ["new-patient-no-name", "staff", { at: "new-patient" }, () => {}, ["Make the link"]],
    ["colleagues", "staff", { at: "chart", chart: PRACTICE, part: "people" }, (s) => { s.home.role = "administrator"; }],

    ["home-patient", "patient", { at: "home" }],
    ["home-patient-visit", "patient", { at: "home" }, open],
    ["home-patient-empty", "patient", { at: "home" }, (s) => { s.charts = []; }],
    ["home-patient-loading", "patient", { at: "home" }, fails("charts", "never")],
    ["home-patient-reading", "patient", { at: "home" }, longToRead, [1500]],
    ["home-patient-offline", "patient", { at: "home" }, offline],
    ["home-patient-stopped", "patient", { at: "home" }, (s) => { s.charts[0].stopped = "keys-cloned"; s.then = [{ event: "cloned", chart: CHART, error: "keys-cloned", help: "" }]; }],
    ["home-patient-shut-out-said", "patient", { at: "home" }, shutOut("said")],
    ["home-patient-shut-out", "patient", { at: "home" }, shutOut("known")],
    ["home-patient-elsewhere", "patient", { at: "home" }, (s) => { s.then = [{ event: "refused", error: "signed-in-elsewhere", help: "" }]; }],
    ["home-patient-problem", "patient", { at: "home" }, (s) => { s.then = [{ event: "failed", token: "f".repeat(32), chart: CHART, error: "too-many-devices", help: "The chart has as many devices as it may have. Remove one first." }]; }],

    ["messages-staff", "staff", chart("messages"), (s) => { s.then = [presence(ROSA)]; }],
    ["messages-patient", "patient", chart("messages")],
    ["messages-empty", "staff", { at: "chart", chart: id("c2"), part: "messages" }],
    ["messages-loading", "patient", chart("messages"), fails("entries", "never")],
    ["messages-error", "patient", chart("messages"), fails("entries", "no-answer", "There was no answer in time.")],
    ["messages-reading", "patient", chart("messages"), longToRead, [1500]],
    ["messages-offline", "patient", chart("messages"), all(offline, (s) => {
        s.waiting[CHART] = [{ token: rec(77), chart: CHART, held: false, composed_ms: NOW - MIN, kind: "message", text: "I am on the train." }];
    })],
    ["messages-held", "patient", chart("messages"), (s) => {
        s.entries[CHART].push({ ...s.entries[CHART][1], index: 15, time_ms: NOW - MIN, added: [{ account: SAM.account, role: "caregiver", purpose: "invitation" }] });
        s.charts[0].entries = 16;
        s.waiting[CHART] = [{ token: rec(77), chart: CHART, held: true, composed_ms: NOW - 5 * MIN, kind: "message", text: "Between us: I sometimes skip the evening tablet." }];
    }],
    ["messages-forked", "patient", chart("messages"), (s) => { s.charts[0].stopped = "forked"; s.charts[0].withheld = 9; }],
    ["messages-cloned", "patient", chart("messages"), (s) => {
        s.charts[0].stopped = "keys-cloned";
        s.waiting[CHART] = [{ token: rec(77), chart: CHART, held: false, composed_ms: NOW - MIN, kind: "message", text: "I am on the train." }];
    }],
    ["messages-shut-out-asked", "patient", chart("messages"), (s) => { s.charts[0].stopped = "keys-cloned"; }, ["Shut this device out"]],
    ["messages-shut-out", "patient", chart("messages"), shutOut("known")],
    ["messages-nothing-written", "patient", chart("messages"), () => {}, ["Send"]],

    ["medicines-staff", "staff", chart("pmr"), (s) => { s.then = [draft]; }],
    ["medicines-patient", "patient", chart("pmr")],
    ["medicines-empty", "staff", { at: "chart", chart: id("c2"), part: "pmr" }],
    ["medicines-empty-patient", "patient", chart("pmr"), (s) => { s.records[CHART].pmr = []; }],
    ["medicines-loading", "patient", chart("pmr"), fails("records", "never")],
    ["medicines-error", "patient", chart("pmr"), fails("records", "no-answer", "There was no answer in time.")],
    ["medicines-not-open", "patient", chart("pmr"), (s) => { s.charts[0].holder = false; }],
    ["medicine-staff", "staff", chart("pmr", rec(1)), (s) => { s.then = [draft, presence(TOM)]; }],
    ["medicine-two-carets", "staff", chart("pmr", rec(1)), noted],
    ["medicine-patient", "patient", chart("pmr", rec(1)), (s) => { s.then = [draft]; }],
    ["medicine-patient-change", "patient", chart("pmr", rec(1)), () => {}, [/^Change ?: How I really take it/, /^Suggest a change ?: How I take it/, /^Change ?: What makes it hard/]],
    ["medicine-conflict-staff", "staff", chart("pmr", rec(2))],
    ["medicine-conflict-patient", "patient", chart("pmr", rec(2))],
    ["medicine-proposed", "staff", chart("pmr", rec(3))],
    ["medicine-new-staff", "staff", chart("pmr", "new")],
    ["medicine-new-patient", "patient", chart("pmr", "new"), () => {}, ["Send it to my pharmacist"]],
    ["plan-staff", "staff", chart("map")],
    ["plan-patient", "patient", chart("map")],
    ["action-staff", "staff", chart("map", rec(11))],
    ["action-patient", "patient", chart("map", rec(11))],
    ["action-new", "staff", chart("map", "new")],

    ["profile-staff", "staff", chart("profile")],
    ["profile-patient", "patient", chart("profile")],
    ["profile-nothing-said", "patient", chart("profile"), (s) => { s.records[CHART].profile = []; }],
    ["allergies-staff", "staff", chart("allergies")],
    ["allergies-caregiver", "caregiver", chart("allergies")],
    ["allergy-staff", "staff", chart("allergies", rec(31))],
    ["problems-staff", "staff", chart("dtp")],
    ["problem-staff", "staff", chart("dtp", rec(21))],
    ["problem-new", "staff", chart("dtp", "new")],
    ["home-prescriber", "prescriber", { at: "home" }],
    ["home-caregiver", "caregiver", { at: "home" }],
    ["answers-prescriber", "prescriber", chart("dtp")],
    ["answers-outdated", "prescriber", chart("dtp"), (s) => { s.records[CHART].dtp[0].fields.answer = { ...settled(HART, 7, "accepted", 30), outdated: true }; }],
    ["answers-none", "prescriber", chart("dtp"), (s) => { s.records[CHART].dtp = []; }],
    ["problem-prescriber", "prescriber", chart("dtp", rec(21)), () => {}, [/^Tell us ?: Prescriber’s note|^Tell us ?: Prescriber's note/]],
    ["journal-patient", "patient", chart("journal")],
    ["journal-staff", "staff", chart("journal")],
    ["journal-new", "patient", { ...chart("journal", "new"), begin: { kind: "blood-pressure" } }],
    ["journal-entry", "patient", chart("journal", rec(41)), () => {}, [/^Change ?: The upper number/]],
    ["visits-staff", "staff", chart("visit")],
    ["visits-patient", "patient", chart("visit")],
    ["visits-staff-to-sign", "staff", chart("visit"), done],
    ["visits-staff-none", "staff", chart("visit"), (s) => { s.records[CHART].visit = []; }],
    ["visit-planned", "staff", chart("visit", rec(53)), say("visit", 53, PAULA, 1, { type: "cmr", scheduled: "2026-12-01T10:00Z" })],
    ["flow-start-staff", "staff", flow("start")],
    ["flow-start-done", "staff", flow("start"), done],
    ["flow-start-caregiver-consents", "staff", flow("start"), (s) => { s.members[CHART] = s.members[CHART].filter((m) => m.role !== "patient"); }],
    ["flow-start-identity", "staff", flow("start"), () => {}, [/^Check identity of Rosalind/]],
    ["flow-start-revoked", "staff", flow("start"), all(done, say("visit", 52, PAULA, 0, { consent: "revoked", ended: "" }))],
    ["flow-start-patient", "patient", flow("start")],
    ["flow-collect-staff", "staff", flow("collect")],
    ["flow-collect-patient", "patient", flow("collect")],
    ["flow-collect-discharge", "staff", flow("collect"), discharge],
    ["flow-collect-discharge-patient", "patient", flow("collect"), discharge],
    ["flow-assess-staff", "staff", flow("assess")],
    ["flow-assess-patient", "patient", flow("assess")],
    ["flow-plan-staff", "staff", flow("plan"), say("dtp", 23, PAULA, 1, { condition: "Sleeps badly", medicines: "St. John's wort", category: "adverse-reaction", status: "open" })],
    ["flow-plan-patient", "patient", flow("plan")],
    ["flow-agree-staff", "staff", flow("agree")],
    ["flow-agree-patient", "patient", flow("agree"), done],
    ["flow-sign-staff", "staff", flow("sign")],
    ["flow-sign-done", "staff", flow("sign"), done],
    ["flow-sign-patient", "patient", flow("sign"), done],
    ["flow-sign-conflict", "staff", flow("sign"), (s) => { s.versions = { versions: [version(1)], ready: false, error: "conflict", help: "Decide what stands in two ways first." }; }],
    ["flow-sign-not-ready", "staff", flow("sign"), all(done, (s) => { s.versions.ready = false; s.versions.help = "Wait until all is with the server."; s.records[CHART].pmr = s.records[CHART].pmr.filter((r) => r.conflicts === 0); })],
    ["flow-sign-changed", "staff", flow("sign"), all(done, (s) => {
        s.then = [{ event: "entry", chart: CHART, index: 15, time_ms: NOW - MIN, device: TOM.device, account: TOM.account, name: TOM.name, role: TOM.role, number: 3,
            epoch: 1, class: "record", state: "open", verified_by: [], kind: "write", doc: "pmr", record: rec(1), fields: { instructions: "With food" } }];
        s.records[CHART].pmr = s.records[CHART].pmr.filter((r) => r.conflicts === 0);
    })],
    ["flow-sign-twice", "staff", flow("sign"), all(done, twice)],
    ["flow-assess-set-aside", "staff", flow("assess"), () => {}, [/^Set it aside ?: Metformin/, "Set aside with this reason"]],
    ["papers-patient", "patient", chart("papers"), twice],
    ["papers-none", "patient", chart("papers")],
    ["paper-version", "patient", { at: "paper", chart: CHART, version: 1, back: { at: "home" } }, (s) => { s.papers.superseded = true; }],
    ["paper-list", "patient", { at: "paper", chart: CHART, list: true, back: { at: "home" } }],
    ["paper-not-signed", "staff", { at: "paper", chart: CHART, version: 0, back: { at: "home" } }, (s) => { s.papers.signed = false; }],
    ["paper-error", "patient", { at: "paper", chart: CHART, list: true, back: { at: "home" } }, fails("papers", "record-not-open", "The record is not open yet.")],
    ["flow-caregiver", "caregiver", flow("collect")],
    ["flow-in-call", "staff", flow("collect"), inVisit("staff")],
    ["visit-new", "staff", chart("visit", "new"), () => {}, ["Plan it"]],
    ["checkin-patient", "patient", chart("checkin", rec(61))],
    ["checkins-staff", "staff", chart("checkin")],

    ["people-staff", "staff", chart("people")],
    ["people-colleagues-to-add", "staff", chart("people"), () => {}, ["Show colleagues"]],
    ["people-patient", "patient", chart("people")],
    ["people-loading", "patient", chart("people"), fails("members", "never")],
    ["people-code", "patient", chart("people"), () => {}, ["Add another device"]],
    ["people-sheet", "patient", chart("people"), () => {}, ["Make my recovery sheet"]],
    ["people-remove-device", "patient", chart("people"), () => {}, [/^Remove ?: Number D5D5/]],
    ["people-identity", "staff", chart("people"), () => {}, ["Check identity of Sam Carer", "Yes, both are right: open the record"]],
    ["people-remove", "staff", chart("people"), () => {}, ["Remove Sam Carer"]],

    ["log-staff", "staff", chart("log"), () => {}, ["Check now"]],
    ["log-patient", "patient", chart("log")],
    ["log-loading", "patient", chart("log"), fails("entries", "never")],
    ["undo-patient", "patient", chart("pmr", rec(1)), undoes([takenAs])],
    ["undo-patient-opened", "patient", chart("pmr", rec(1)), undoes([takenAs]), [{ open: ".undo-what summary" }]],
    ["undo-patient-suggestion", "patient", chart("pmr"), undoes([undoField("regimen", "How I take it")], { kind: "propose" })],
    ["undo-staff", "staff", chart("pmr", rec(1)), (s) => {
        undoes([directions, undoField("prescriber", "Prescriber", "Kim", "Lee", { goes: false, why: "written-since", by: byTom })])(s);
        s.undoable.redo = changed([directions], { token: "34".repeat(16), again: true });
        s.undoable.passed = changed([undoField("regimen", "Regimen", "", "", { goes: false })], { why: "choice" });
    }, [{ open: ".undo-what summary" }]],
    ["undo-staff-added", "staff", chart("pmr"), undoes([directions], { adds: true, what: "Metformin" })],
    ["undo-staff-waits", "staff", chart("pmr"), (s) => {
        undoes([directions])(s);
        s.undoable.error = "not-sent-yet";
    }],
    ["undo-staff-accepted", "staff", chart("pmr"), undoes([undoField("regimen", "Regimen")], { kind: "answer", accepted: true })],
    ["undo-log", "patient", chart("log"), undoes([takenAs], { time_ms: NOW - 40 * DAY })],
    ["then-patient", "patient", { at: "then", chart: CHART, before: 7, back: chart("log") }],
    ["then-staff", "staff", { at: "then", chart: CHART, before: 7, back: chart("pmr", rec(1)) }],
    ["then-loading", "patient", { at: "then", chart: CHART, before: 7, back: chart("log") }, fails("then", "never")],
    ["then-not-open", "caregiver", { at: "then", chart: CHART, before: 7, back: chart("log") }, fails("then", "record-not-open", "The record opens after the pharmacist has checked who you are.")],
    ["then-nothing", "staff", { at: "then", chart: CHART, before: 1, back: chart("log") }, (s) => { s.records_then = {}; }],
    ["log-check-failed", "staff", chart("log"), fails("check", "withheld", "The server holds back part of the chart."), ["Check now"]],

    ["visit-staff", "staff", { at: "visit", chart: CHART }],
    ["visit-patient-none", "patient", { at: "visit", chart: CHART }],
    ["visit-patient-open", "patient", { at: "visit", chart: CHART }, open, ["Turn on my microphone"]],
    ["visit-patient-microphone-refused", "patient", { at: "visit", chart: CHART }, all(open, (s) => { s.sound = { microphone: "refused" }; })],
    ["visit-patient-offline", "patient", { at: "visit", chart: CHART }, all(open, offline)],
    ["visit-patient-offline-knocks-later", "patient", { at: "visit", chart: CHART }, all(open, offline), ["Knock as soon as I am connected"]],
    ["visit-staff-offline", "staff", { at: "visit", chart: CHART }, all(open, offline)],
    ["visit-patient-waiting", "patient", { at: "visit", chart: CHART }, (s) => { inVisit("patient")(s); s.call.state = "waiting"; s.call.participants = []; }],
    ["visit-patient-coming-back", "patient", { at: "visit", chart: CHART }, all(open, loadedAgain, (s) => { s.failing.knock = "never"; })],
    ["visit-patient-coming-back-reading", "patient", chart("pmr"), all(open, loadedAgain, (s) => { s.failing.knock = "never"; })],
    ["visit-patient-in", "patient", { at: "visit", chart: CHART }, inVisit("patient")],
    ["visit-patient-refused", "patient", { at: "visit", chart: CHART }, all(open, (s) => { s.then = [{ event: "admitted", chart: CHART, visit: VISIT, admitted: false }]; })],
    ["visit-patient-reading", "patient", chart("pmr"), (s) => { inVisit("patient", { muted: true })(s); s.call.participants[0].muted = true; s.sound.line = "poor"; }],
    ["visit-staff-knocking", "staff", chart("pmr", rec(1)), inVisit("staff", {
        participants: [{ ...inCall(PAULA), self: true }, inCall(SAM, true)],
        knocking: [{ device: ROSA.device, account: ROSA.account, name: ROSA.name, role: ROSA.role, since_ms: NOW - 3 * MIN }],
    })],
    ["guest-invited", "patient", null, all(empty, (s) => { s.guest_until_ms = NOW + 20 * HOUR; }), [], link],
    ["guest-no-visit", "patient", null, all(empty, (s) => {
        s.guest_until_ms = NOW + 20 * HOUR;
        s.then = [{ event: "refused", error: "no-visit", help: "" }];
    }), [], link],
    ["guest-before", "patient", null, guest()],
    ["guest-not-open", "patient", null, all(guest(), (s) => { s.home.guest.open = false; })],
    ["guest-waiting", "patient", null, guestCall("waiting")],
    ["guest-in", "patient", null, guestCall("admitted")],
    ["guest-sent-away", "patient", null, all(guest(), (s) => { s.then = [{ event: "admitted", chart: CHART, visit: VISIT, admitted: false }]; })],
    ["people-invite-interpreter", "staff", chart("people"), open, [{ radio: "interpreter" }]],
    ["people-invite-interpreter-no-visit", "staff", chart("people"), () => {}, [{ radio: "interpreter" }]],
    ["visit-staff-interpreter", "staff", chart("pmr", rec(1)), withGuest("staff")],
    ["visit-staff-interpreter-knocks", "staff", chart("pmr", rec(1)), inVisit("staff", {
        knocking: [{ ...GUEST, since_ms: NOW - 1 * MIN }],
    })],
    ["visit-patient-interpreter", "patient", { at: "visit", chart: CHART }, withGuest("patient")],
    ["visit-staff-end", "staff", chart("messages"), inVisit("staff"), ["End the visit"]],
];
