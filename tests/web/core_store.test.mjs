/** The store where the browser's database does not do as it should; core_browser.test.mjs has a real one. */
import assert from "node:assert/strict";
import test from "node:test";
import { source, timers } from "./_load.mjs";

const { Store, OPEN_MS } = await source("core/store.ts");

test("a database that does not open and says nothing is given up", async (t) => {
    const time = timers(t);
    const request = {};
    globalThis.indexedDB = { open: () => request };
    t.after(() => delete globalThis.indexedDB);
    const opened = Store.open("galen", "a", () => {});
    const said = assert.rejects(opened, { error: "storage-failed" });
    time.tick(OPEN_MS);
    await said;
});
