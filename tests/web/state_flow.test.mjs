/** What a visit still has to decide: no line of a discharge is forgotten, and nobody's proposal takes one away. */
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
        contents: `export { changedAsBefore, decision, medicinesNow, reconciledIn, toReconcile } from "./state/flow.ts"; export { tree } from "./state/tree.ts";`,
        resolveDir: `${top}web-client/src`,
    },
    bundle: true, write: false, format: "esm", target: "es2022", logLevel: "warning",
});
const { changedAsBefore, decision, medicinesNow, reconciledIn, toReconcile, tree } =
    await import("data:text/javascript;base64," + Buffer.from(outputFiles[0].contents).toString("base64"));

const began = Date.parse("2026-03-14T10:00:00Z");
const said = (value, time_ms = began - 86_400_000, index = 1) => ({ value, conflict: false, values: [{ value, time_ms, index }] });
const record = (name, fields, more = {}) => ({ record: name, state: "present", conflicts: 0, proposals: [], fields, ...more });
/* The device that began the visit is a quarter of an hour ahead of the server. */
const visit = record("v", { started: said("2026-03-14T10:15:00Z", began) });
const pmr = (...value) => { tree.open.value = { waiting: [], records: { pmr: { state: "here", value } } }; };
const names = (records) => records.map((r) => r.record);

test("what was stopped elsewhere during the visit is a line still", () => {
    pmr(record("taken", {}), record("long ago", { status: said("stopped") }),
        record("meanwhile", { status: said("stopped", began + 60_000) }),
        record("decided", { status: said("stopped", began + 60_000), discharge: said("stopped", began + 60_000) }));
    assert.deepEqual(names(toReconcile(visit)), ["taken", "meanwhile", "decided"]);
    assert.deepEqual(names(toReconcile(visit).filter((r) => !reconciledIn(visit, r))), ["taken", "meanwhile"]);
});

test("a decision counts though the clock that began the visit is ahead", () => {
    const medicine = record("m", { discharge: said("continue", began + 60_000) });
    assert.ok(reconciledIn(visit, medicine));
    assert.ok(!reconciledIn(visit, record("m", { discharge: said("continue") })));
});

test("a decision that the list says otherwise is none", () => {
    const later = began + 60_000, is = (fields) => reconciledIn(visit, record("m", fields));
    assert.ok(!is({ discharge: said("stopped", later) }));
    assert.ok(!is({ status: said("active"), discharge: said("stopped", later, 2) }));
    assert.ok(!is({ status: said("stopped", later, 2), discharge: said("continue", later, 3) }));
    assert.ok(is({ status: said("stopped", later, 2), discharge: said("stopped", later, 2) }));
    assert.ok(is({ status: said("stopped", later, 3), discharge: said("continue", later, 2) }), "stopped later is another matter");
});

test("who only proposes that a medicine is stopped has not stopped it", () => {
    pmr(record("added", {}, { state: "proposed", proposals: [
        { state: "pending", fields: { regimen: "drug=Aleve" } }, { state: "pending", fields: { status: "stopped" } },
    ] }), record("two answers", { status: { conflict: true, values: [] } }), record("stopped", { status: said("stopped") }));
    assert.deepEqual(names(medicinesNow()), ["added", "two answers"]);
    assert.deepEqual(names(toReconcile(visit)), ["added", "two answers"]);
});

test("what is stopped in the evening is stopped that day, and what was stopped before keeps its day", () => {
    const evening = Date.parse("2026-03-15T01:30:00Z"); // the 14th in New York
    assert.deepEqual(decision(visit, record("m", { status: said("active") }), "stopped", "", evening),
        { discharge: "stopped", status: "stopped", stop: "2026-03-14" });
    assert.deepEqual(decision(visit, record("m", { status: said("stopped"), stop: said("2026-03-10") }), "stopped", "", evening),
        { discharge: "stopped", status: "stopped" });
});

test("who takes a stop back takes all of it back", () => {
    const stopped = record("m", { status: said("stopped", began + 60_000), stop: said("2026-03-14"), discharge: said("stopped", began + 60_000) });
    assert.deepEqual(decision(visit, stopped, "not-decided", "active"), { discharge: "not-decided", status: "active", stop: "" });
    assert.deepEqual(decision(visit, stopped, "continue", "on-hold"), { discharge: "continue", status: "on-hold", stop: "" }, "what was paused is paused");
    const elsewhere = record("m", { status: said("stopped", began + 60_000), stop: said("2026-03-14") });
    assert.deepEqual(decision(visit, elsewhere, "not-decided", "active"), { discharge: "not-decided" }, "whoever stopped it elsewhere had a reason");
    assert.deepEqual(decision(visit, record("m", { status: said("on-hold") }), "continue", ""), { discharge: "continue" });
});

test("said to be changed, and nothing of it changed, is named", () => {
    const later = began + 60_000, regimen = said("drug=Metformin; dose=1");
    const is = (fields) => changedAsBefore(visit, record("m", fields));
    assert.ok(is({ regimen, discharge: said("changed", later) }));
    assert.ok(!is({ regimen: said("drug=Metformin; dose=2", later), discharge: said("changed", later) }));
    assert.ok(!is({ regimen, instructions: said("With food", later), discharge: said("changed", later) }));
    assert.ok(!is({ regimen, status: said("on-hold"), discharge: said("changed", later) }), "it is paused");
    assert.ok(!is({ regimen, discharge: said("continue", later) }));
    assert.ok(!is({ regimen, discharge: said("changed") }), "at another stay");
});
