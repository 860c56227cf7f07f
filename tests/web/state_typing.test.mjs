/** What is typed goes out live: at once, and no faster than the line takes it. */
import assert from "node:assert/strict";
import test from "node:test";
import { require, top, timers } from "./_load.mjs";

/* The parts share one tree, so they are one bundle. */
async function parts() {
    const { outputFiles } = await require("esbuild").build({
        stdin: {
            contents: `export { typed, drop, DRAFT_EVERY_MS } from "./state/typing.ts"; export { start } from "./state/effects.ts";
                export { change } from "./state/change.ts"; export { tree } from "./state/tree.ts";`,
            resolveDir: `${top}web-client/src`,
        },
        bundle: true, write: false, format: "esm", target: "es2022", logLevel: "warning",
    });
    return import("data:text/javascript;base64," + Buffer.from(outputFiles[0].contents).toString("base64"));
}

const quiet = { addEventListener() {} };
Object.assign(globalThis, {
    window: { ...quiet, setTimeout: (...a) => setTimeout(...a), clearTimeout: (n) => clearTimeout(n), setInterval, clearInterval },
    document: { ...quiet, visibilityState: "visible" },
    history: { state: null, replaceState() {} },
    location: { pathname: "/", hash: "", href: "https://practice.example/" },
});
const { typed, drop, start, change, tree, DRAFT_EVERY_MS } = await parts();

/* The core answers a draft when the test says that the line has taken it. */
const drafts = [];
start(
    {
        ask: (name, what) => new Promise((resolve) => name === "draft" && drafts.push({ text: what.text, taken: () => resolve({}) })),
        on: () => () => {},
    },
    { on() {}, ring() {} },
);
const sent = () => drafts.map((d) => d.text);
const settle = () => new Promise((resolve) => setImmediate(resolve));
const type = (place, text) => typed(place, text, "", "asked");
const place = (field) => ({ chart: "c", doc: "pmr", record: "r", field });

test("the first letter goes out at once, the next when the line has taken it and a moment has passed", async (t) => {
    const time = timers(t);
    drafts.length = 0;
    type(place("effects"), "d");
    assert.deepEqual(sent(), ["d"]);
    type(place("effects"), "di");
    drafts[0].taken();
    await settle();
    assert.deepEqual(sent(), ["d"], "too soon");
    time.tick(DRAFT_EVERY_MS);
    await settle();
    assert.deepEqual(sent(), ["d", "di"]);
    drafts[1].taken();
    time.tick(DRAFT_EVERY_MS);
    await settle();
    assert.deepEqual(sent(), ["d", "di"], "nothing new was typed");
    type(place("effects"), "diz");
    assert.deepEqual(sent(), ["d", "di", "diz"], "and at once again");
});

test("a line that takes nothing gets one draft, and then what stands there", async (t) => {
    const time = timers(t);
    drafts.length = 0;
    for (const text of ["n", "na", "nau", "naus"]) {
        type(place("reason"), text);
        time.tick(5 * DRAFT_EVERY_MS);
        await settle();
    }
    assert.deepEqual(sent(), ["n"]);
    drafts[0].taken();
    await settle();
    assert.deepEqual(sent(), ["n", "naus"]);
});

test("what was given up is said to be, and is not sent again", async (t) => {
    const time = timers(t);
    drafts.length = 0;
    type(place("goal"), "w");
    drop(place("goal"));
    for (const draft of drafts) draft.taken();
    time.tick(DRAFT_EVERY_MS);
    await settle();
    assert.deepEqual(sent(), ["w", ""]);
});

test("of somebody who says to type everywhere at once the last places are shown, and of others all", () => {
    const says = (device, record) => change({ do: "told", told: {
        event: "draft", chart: "c", doc: "pmr", record, field: "prescriber", device, account: device, name: device, text: "x",
    } });
    says("other", "0");
    for (let i = 0; i < 1000; i++)
        says("hostile", String(i % 500));
    const shown = Object.entries(tree.typing.value);
    assert.deepEqual(shown.flatMap(([, list]) => list.map((t) => t.device)).filter((d) => d === "other"), ["other"]);
    assert.deepEqual(shown.filter(([, list]) => list.some((t) => t.device === "hostile")).map(([key]) => key.split("/")[2]),
        Array.from({ length: 16 }, (_, i) => String(484 + i)));
});
