/** What the screens know and make of it: values taken apart, ticks, and what becomes of an edit when others write. */
import assert from "node:assert/strict";
import test from "node:test";
import { require, top } from "./_load.mjs";

process.env.TZ = "America/New_York";
Object.assign(globalThis, {
    window: { addEventListener() {} }, document: { addEventListener() {}, visibilityState: "visible" },
    history: { state: null, replaceState() {} }, location: { pathname: "/", hash: "", href: "https://practice.example/" },
});
const { outputFiles } = await require("esbuild").build({
    stdin: {
        contents: ["values", "marks", "change", "flow", "tree"].map((name) => `export * from "./state/${name}.ts";`).join("\n"),
        resolveDir: `${top}web-client/src`,
    },
    bundle: true, write: false, format: "esm", target: "es2022", logLevel: "warning",
});
const { change, changedSince, editKey, leftIn, localTime, markOf, printDate, printRegimen, readRegimen, shownFields, timeText, tree,
        valueKey, verifiedByAll, visitNow, visitToSign } =
    await import("data:text/javascript;base64," + Buffer.from(outputFiles[0].contents).toString("base64"));

const said = (value, more = {}) => ({ value, conflict: false, values: [{ value, device: "theirs", time_ms: 1, ...more }] });
const record = (name, fields = {}, more = {}) => ({ record: name, chart: "c", state: "present", conflicts: 0, proposals: [], fields, ...more });
const here = (value) => ({ state: "here", value });
const at = (field) => editKey("c", "pmr", "m", field);
function begin() {
    tree.home.value = here({ state: "member", device: "mine" });
    tree.edits.value = {};
    tree.typing.value = {};
    tree.problems.value = [];
    change({ do: "go", screen: { at: "home" } });
    change({ do: "go", screen: { at: "chart", chart: "c", part: "talk" } });
}
const come = (...records) => change({ do: "records", chart: "c", doc: "pmr", records: here(records) });
const type = (field, text, base, now = base) => change({ do: "typed", key: at(field), text, base, now, wrong: false });
const edit = (field) => tree.edits.value[at(field)];

test("a regimen keeps what is in its parts, whatever they hold", () => {
    const regimen = { ...readRegimen(""), drug: "A; B\\", strength: "5 mg = half", frequency: "at night; if needed", as_needed: true };
    assert.deepEqual(readRegimen(printRegimen(regimen)), regimen);
    assert.equal(printRegimen(readRegimen("")), "");
    assert.equal(readRegimen("drug=A; as_needed=no").as_needed, false);
});

test("a date may be a year, or a year and a month, and no other part of one", () => {
    const date = (year, month = "", day = "") => printDate({ year, month, day });
    assert.deepEqual([date(""), date("2024"), date("2024", "2"), date("2024", "2", "29")], ["", "2024", "2024-02", "2024-02-29"]);
    for (const wrong of [["24"], ["", "2"], ["2024", "", "1"], ["2023", "2", "29"], ["2024", "2", "0"], ["2024", "2", "x"]])
        assert.equal(date(...wrong), null, wrong.join());
    assert.equal(localTime("2026-03-15T01:30:00Z"), "2026-03-14T21:30");
    assert.equal(timeText("2026-03-14T21:30"), "2026-03-15T01:30:00Z");
});

test("of what is only proposed what waits is shown, and what stands beside nothing else", () => {
    const proposals = [{ state: "pending", fields: { kind: "herbal", reason: "sleep" } }, { state: "declined", fields: { kind: "vitamin" } },
        { state: "pending", later: true, fields: { kind: "supplement" } }];
    const fields = { reason: said("pain"), status: { conflict: true, values: [{ value: "active" }, { value: "stopped" }] } };
    assert.deepEqual(shownFields(record("m", fields, { state: "proposed", proposals })), { kind: "herbal", reason: "pain" });
    assert.deepEqual(shownFields(record("m", fields, { proposals })), { reason: "pain" });
    assert.notEqual(valueKey(fields.status), valueKey(said("active")));
});

test("verified on theirs is said of a person's own device, and not of the author's or the custodian's", () => {
    const member = (account, verified, more = {}) => ({ device: account + verified, account, name: account, role: "patient", purpose: "device", verified, ...more });
    const author = member("me", 9, { self: true }), keeper = member("custodian", 9, { role: "custodian" });
    assert.deepEqual(markOf(4, "pat", "me", [author]), { at: "here" });
    assert.deepEqual(markOf(4, "me", "me", [author, keeper, member("pat", 4)]), { at: "server" });
    assert.deepEqual(markOf(4, "me", "me", [author, keeper, member("pat", 4), member("pat", 5)]), { at: "theirs", accounts: ["pat"] });
    assert.equal(verifiedByAll([author, keeper, member("ann", 7), member("pat", 3), member("pat", 5), member("new", 0, { purpose: "invitation" })]), 5);
    assert.equal(verifiedByAll([author, keeper]), null);
});

test("entries stand once each, in order, and in the chart that they are of", () => {
    begin();
    change({ do: "entries", chart: "c", from: 3, entries: here([{ chart: "c", index: 3, text: "a" }]) });
    for (const entry of [{ chart: "c", index: 4, text: "b" }, { chart: "c", index: 4, text: "B" }, { chart: "c", index: 6, text: "?" },
                         { chart: "c", index: 2, text: "?" }, { chart: "d", index: 5, text: "?" }])
        change({ do: "told", told: { event: "entry", ...entry } });
    assert.deepEqual(tree.open.value.entries.value.map((e) => e.text), ["a", "B"]);
    change({ do: "entries", chart: "c", from: 0, entries: { state: "failed", failure: {} } });
    assert.equal(tree.open.value.entries.value.length, 2, "what is here stays when it cannot be had again");
});

test("what somebody else writes into a field that is typed in is for the person to decide", () => {
    begin();
    type("pharmacy", "Elm", "Oak");
    come(record("m", { pharmacy: said("Pine") }));
    assert.deepEqual(edit("pharmacy"), { text: "Elm", base: "Pine", stage: "undecided" });
    type("pharmacy", "Elm Street", "Oak", "Pine");
    assert.equal(edit("pharmacy").stage, "undecided", "typing on decides nothing");

    begin();
    type("pharmacy", "Elm", "Oak");
    come(record("m", { pharmacy: said("Elm S", { device: "mine" }) }));
    assert.deepEqual(edit("pharmacy"), { text: "Elm", base: "Elm S", stage: "typing" }, "one's own is no news");
    type("prescriber", "Lee", "Kim", "Roe");
    assert.equal(edit("prescriber").stage, "undecided", "it came while they were in the field, and was not shown");

    begin();
    type("pharmacy", "Elm", "Oak");
    change({ do: "edit", key: at("pharmacy"), stage: "writing" });
    come(record("m", { pharmacy: said("Elm") }));
    assert.equal(edit("pharmacy"), undefined, "it is written");

    begin();
    change({ do: "typed", key: at("reason"), text: "pain at night", base: "pain", now: "pain", wrong: false, was: "pain" });
    come(record("m", { reason: said("pain, mild") }));
    assert.deepEqual(edit("reason"), { text: "pain at night", base: "pain, mild", was: "pain", stage: "typing" }, "texts are merged");
});

test("what is typed on while it is being written is the next edit", () => {
    begin();
    type("pharmacy", "Elm Street", "");
    change({ do: "written", key: at("pharmacy"), text: "Elm", base: "Elm" });
    assert.deepEqual(edit("pharmacy"), { text: "Elm Street", base: "Elm", stage: "typing" });
    change({ do: "written", key: at("pharmacy"), text: "Elm Street", base: "Elm Street" });
    assert.equal(edit("pharmacy"), undefined);
});

test("who has gone, or has written a value, is not shown typing; who writes in a text stays in it", () => {
    const typing = (field, more) => change({ do: "told", told: { event: "draft", chart: "c", doc: "pmr", record: "m", field, device: "theirs", ...more } });
    const entry = (device) => change({ do: "told", told: { event: "entry", chart: "c", index: 0, device, doc: "pmr", record: "m", fields: { pharmacy: "", reason: "" } } });
    const places = () => Object.keys(tree.typing.value).map((key) => key.split("/")[3]);
    begin();
    typing("pharmacy", { text: "Elm" });
    typing("reason", { changes: [] });
    entry("another");
    assert.deepEqual(places(), ["pharmacy", "reason"]);
    entry("theirs");
    assert.deepEqual(places(), ["reason"]);
    typing("reason", { stopped: true });
    typing("status", { text: "a" });
    change({ do: "told", told: { event: "presence", chart: "d", device: "theirs", here: false } });
    assert.deepEqual(places(), ["status"]);
    change({ do: "told", told: { event: "presence", chart: "c", device: "theirs", here: false } });
    assert.deepEqual(places(), []);
});

test("a problem stays until it is dismissed, and is there once", () => {
    begin();
    for (const text of ["Hello", "Hello", "Goodbye"])
        change({ do: "problem", failure: { error: "too-large", help: "" }, chart: "c", text });
    assert.deepEqual(tree.problems.value.map((p) => p.text), ["Hello", "Goodbye"]);
    change({ do: "dismiss", number: tree.problems.value[0].number });
    assert.deepEqual(tree.problems.value.map((p) => p.text), ["Goodbye"]);
    begin();
    tree.home.value = here({ state: "guest" });
    change({ do: "told", told: { event: "refused", error: "no-visit", help: "" } });
    assert.equal(tree.problems.value.length, 0, "a guest's screen says so itself");
    change({ do: "told", told: { event: "refused", error: "expired", help: "" } });
    assert.equal(tree.problems.value.length, 1);
});

test("what others changed since it was shown is what a version would be superseded by", () => {
    begin();
    const entries = [
        { index: 0, device: "theirs", state: "open", kind: "propose", doc: "pmr", record: "m" },
        { index: 1, device: "theirs", state: "open", kind: "write", doc: "pmr", record: "seen" },
        { index: 2, device: "mine", state: "open", kind: "write", doc: "pmr", record: "own" },
        { index: 3, device: "theirs", state: "open", kind: "write", doc: "visit", record: "v" },
        { index: 4, device: "theirs", state: "open", kind: "write", doc: "pmr", record: "void", why: "role-may-not" },
        { index: 5, device: "theirs", state: "open", kind: "message", text: "Hello" },
        { index: 6, device: "theirs", state: "open", kind: "answer", proposal: 0 },
        { index: 7, device: "theirs", state: "open", kind: "write", doc: "map", record: "a" },
    ].map((e) => ({ chart: "c", ...e }));
    change({ do: "entries", chart: "c", from: 0, entries: here(entries) });
    assert.deepEqual(changedSince(2).map((one) => [one.entry.index, one.doc, one.record]), [[6, "pmr", "m"], [7, "map", "a"]]);
});

test("the visit that goes on is the last that began and has not ended; what is over and not signed is to be signed", () => {
    begin();
    const visit = (name, started, ended) => record(name, { ...(started ? { started: said(started) } : {}), ...(ended ? { ended: said(ended) } : {}) });
    change({ do: "records", chart: "c", doc: "visit", records: here([visit("b", "2026-03-14T12:00:00Z"), visit("a", "2026-03-14T10:00:00Z"),
        visit("over", "2026-03-14T13:00:00Z", "2026-03-14T14:00:00Z"), visit("planned")]) });
    assert.equal(visitNow().record, "b");
    assert.equal(visitToSign(), undefined, "nobody knows yet what was signed");
    change({ do: "versions", chart: "c", versions: here({ versions: [{ visit: "a" }] }) });
    assert.equal(visitToSign().record, "over");
    change({ do: "versions", chart: "c", versions: here({ versions: [{ visit: "over" }] }) });
    assert.equal(visitToSign(), undefined);
});

test("what is still open at a step is what nobody has said", () => {
    begin();
    const open = (step, visit) => Object.fromEntries(leftIn(step, visit, ["herbal", "vitamin"]).map((left) => [left.what, left.count]));
    const none = record("v"), refused = record("v", { type: said("cmr"), place: said("home"), identity: said("x"), consent: said("refused"), asked: said("herbal") });
    assert.deepEqual(open("start", none), { type: 1, place: 1, identity: 1, consent: 1 });
    assert.deepEqual(open("start", refused), { consent: 1 }, "a refusal is no consent");
    change({ do: "records", chart: "c", doc: "visit", records: here([refused]) });
    come(record("taken", { taken_as: said("as told") }), record("not asked", {}, { proposals: [{ state: "pending", fields: {} }] }),
         record("stopped", { status: said("stopped") }));
    assert.deepEqual(open("collect", refused), { kinds: 1, taken: 1, allergies: 1, brown_bag: 1 });
    assert.deepEqual(open("assess", refused), { proposals: 1 });
    assert.deepEqual(open("agree", refused), { read_back: 1, teach_back: 2 });
    assert.deepEqual(open("plan", record("v", { next_none: said("asked for none") })), {});
    change({ do: "versions", chart: "c", versions: here({ versions: [{ visit: "v", superseded: true }] }) });
    assert.deepEqual(open("sign", record("v", { ended: said("x") })), { signature: 1 });
});
