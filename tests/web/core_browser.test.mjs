/** The core in Chromium, against a real server: joining, writing, reloading, crashing, two tabs. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import test, { after, before } from "node:test";
import { top, until } from "./_load.mjs";
import { missing, Scene } from "./_scene.mjs";

const skip = missing() ?? false;
let scene, web, server, chart, chromium;

before(async () => {
    if (skip) return;
    scene = new Scene();
    web = scene.site(join(top, "tests/web/core_page.ts"));
    server = await scene.serve(web);
    chart = scene.practice();
    chromium = await scene.browser();
});
after(() => scene?.end());

const ask = (page, name, what = {}) => page.evaluate(([n, w]) => galen.ask(n, w), [name, what]);
const told = (page, event) => page.evaluate((e) => told.filter((t) => t.event === e), event);
const heard = (page, event, count = 1) =>
    until(`the event ${event}`, async () => {
        const all = await told(page, event);
        const broken = await told(page, "broken");
        if (event !== "broken" && broken.length > 0) throw new Error(JSON.stringify(broken));
        return all.length >= count && all;
    }, 20_000);
const current = (page) => until("the chart is read", async () => {
    const charts = await ask(page, "charts");
    return charts.find((c) => c.chart === chart && c.current);
}, 20_000);
const texts = async (page) =>
    (await ask(page, "entries", { chart, from: 0, count: 256, class: "message" })).map((e) => e.text);
const onServer = (text) => until(`"${text}" in galen chart log`, () => scene.messages(chart).includes(text), 20_000);

let page;

test("a browser joins with a link, writes, and `galen chart log` shows it", { skip }, async () => {
    const link = scene.invite("patient", chart, "Rosalind Example");
    page = await chromium.open("/join");
    await heard(page, "ready");
    assert.equal((await ask(page, "home")).state, "empty");
    assert.equal((await ask(page, "look", { link })).host, `localhost:${scene.port}`);
    await ask(page, "join", { link });
    await heard(page, "joined");
    const home = await ask(page, "home");
    assert.deepEqual([home.state, home.role, home.holds], ["member", "patient", true]);
    await current(page);
    const { token } = await ask(page, "message", { chart, text: "I feel dizzy since the new tablets." });
    const done = await until("done", async () => (await told(page, "done")).find((d) => d.token === token));
    assert.equal(done.chart, chart);
    await onServer("I feel dizzy since the new tablets.");
});

test("nothing on the page breaks its policy", { skip }, async () => {
    assert.deepEqual(await page.evaluate(() => violations), []);
});

test("after a reload it is the same home, and reads what was written", { skip }, async () => {
    const before = await ask(page, "home");
    await page.reload();
    await heard(page, "ready");
    const home = await ask(page, "home");
    assert.deepEqual([home.device, home.state, home.name], [before.device, "member", before.name]);
    assert.deepEqual(await texts(page), ["I feel dizzy since the new tablets."]);
    await heard(page, "online");
});

test("what is kept in the browser is sealed, under a key that it does not hand out", { skip }, async () => {
    const kept = await page.evaluate(async () => {
        const db = await new Promise((resolve) => {
            const request = indexedDB.open("galen");
            request.onsuccess = () => resolve(request.result);
        });
        const all = (part) =>
            new Promise((resolve) => {
                const request = db.transaction(part).objectStore(part).getAll();
                request.onsuccess = () => resolve(request.result);
            });
        const [pairs, [key]] = [await all("pairs"), await all("keys")];
        db.close();
        const text = pairs.map((p) => String.fromCharCode(...p)).join("\n");
        return {
            pairs: pairs.length,
            inClear: text.includes("dizzy") || text.includes("localhost"),
            extractable: key.wrapping.extractable,
            wrapped: key.wrapped.byteLength,
            exported: await crypto.subtle.exportKey("raw", key.wrapping).then(() => true, () => false),
        };
    });
    assert.ok(kept.pairs >= 2); // who it is, and a page of entries
    assert.deepEqual({ ...kept, pairs: 0 }, { pairs: 0, inClear: false, extractable: false, wrapped: 48, exported: false });
});

test("what others write is unread until it was on the screen, also after a reload", { skip }, async () => {
    scene.galen("desk", ["send", chart], "When do you take them?");
    const unread = async () => (await ask(page, "charts")).find((c) => c.chart === chart).unread;
    await until("one unread message", async () => (await unread()) === 1);
    const size = (await ask(page, "charts")).find((c) => c.chart === chart).entries;
    await ask(page, "seen", { chart, size });
    assert.equal(await unread(), 0);
    await page.reload();
    await heard(page, "ready");
    assert.equal(await unread(), 0);
    scene.galen("desk", ["send", chart], "In the morning?");
    await until("one unread message", async () => (await unread()) === 1);
});

test("a second tab works beside the first, and takes over when that closes", { skip }, async () => {
    const second = await chromium.open("/");
    await heard(second, "ready");
    assert.deepEqual([(await ask(page, "home")).holds, (await ask(second, "home")).holds], [true, false]);
    const entries = (await told(second, "entry")).length;
    await ask(second, "message", { chart, text: "From the second tab." });
    await onServer("From the second tab.");
    await until("its own entry told", async () => (await told(second, "entry")).length > entries);
    assert.ok((await texts(page)).includes("From the second tab."));
    await page.close();
    await heard(second, "ready", 2);
    assert.equal((await ask(second, "home")).holds, true);
    await ask(second, "message", { chart, text: "The first tab is closed." });
    await onServer("The first tab is closed.");
    page = second;
});

test("a tab whose lock was taken stops, and comes back when it is free", { skip }, async () => {
    await page.evaluate(() => {
        window.free = undefined;
        void navigator.locks.request("galen", { steal: true }, () => new Promise((resolve) => (window.free = resolve)));
    });
    await until("the lock is taken", () => page.evaluate(() => window.free !== undefined));
    const late = ask(page, "message", { chart, text: "Asked while nobody held it." });
    await page.evaluate(() => window.free());
    await late;
    await onServer("Asked while nobody held it.");
    assert.equal((await ask(page, "home")).holds, true);
});

test("a tab that was replaced while it slept changes nothing and sends nothing", { skip }, async () => {
    await page.evaluate(async () => {
        const db = await new Promise((resolve) => {
            const request = indexedDB.open("galen");
            request.onsuccess = () => resolve(request.result);
        });
        await new Promise((resolve) => {
            const transaction = db.transaction("notes", "readwrite");
            transaction.objectStore("notes").put("another tab", "holder");
            transaction.oncomplete = resolve;
        });
        db.close();
    });
    await assert.rejects(ask(page, "message", { chart, text: "From the past." }), /taken-over/);
    await heard(page, "broken");
    await page.reload();
    await heard(page, "ready");
    await heard(page, "online");
    assert.deepEqual(await ask(page, "waiting", { chart }), []);
    assert.ok(!(await texts(page)).includes("From the past."));
    assert.ok(!scene.messages(chart).includes("From the past."));
});

test("a browser that is killed while it writes loses nothing that was acknowledged", { skip }, async () => {
    await server.stop();
    await heard(page, "offline");
    const acknowledged = [];
    await page.exposeFunction("acknowledged", (text) => void acknowledged.push(text));
    await page.evaluate((chart) => {
        const write = async (n) => {
            await galen.ask("message", { chart, text: `offline ${n}` });
            await acknowledged(`offline ${n}`);
            void write(n + 4);
        };
        for (let n = 0; n < 4; n++) void write(n);
    }, chart);
    await until("some messages are kept", () => acknowledged.length >= 20, 20_000);
    await chromium.kill();
    const kept = [...acknowledged];
    chromium = await scene.browser();
    server = await scene.serve(web);
    page = await chromium.open("/");
    await heard(page, "ready");
    await until("all is with the server", async () => (await ask(page, "waiting", { chart })).length === 0, 30_000);
    const log = scene.messages(chart).filter((text) => text.startsWith("offline "));
    assert.deepEqual(kept.filter((text) => !log.includes(text)), [], "lost");
    assert.equal(new Set(log).size, log.length, "nothing twice");
});

test("a file that is not the one of this build is not run", { skip }, async () => {
    await page.close();
    for (const name of readdirSync(web).filter((n) => /^(worker|galen)-\w+\.(js|wasm)$/.test(n))) {
        page = await chromium.context.newPage();
        const body = readFileSync(join(web, name));
        body[body.length - 1] ^= 1;
        const contentType = name.endsWith(".js") ? "text/javascript" : "application/wasm";
        await chromium.context.route(`${scene.url}/${name}`, (route) => route.fulfill({ body, contentType }));
        await page.goto(scene.url);
        const [broken] = await heard(page, "broken");
        assert.equal(broken.failure.error, "core-not-loaded", name);
        await assert.rejects(ask(page, "home"), /core-not-loaded/);
        await chromium.context.unroute(`${scene.url}/${name}`);
        await page.close();
    }
    page = await chromium.context.newPage();
    await page.goto(scene.url);
    await heard(page, "ready");
});

test("a home whose storage the browser cleared is told so, and can join again", { skip }, async () => {
    const cdp = await chromium.context.newCDPSession(page);
    await page.goto("about:blank");
    await cdp.send("Storage.clearDataForOrigin", { origin: scene.url, storageTypes: "indexeddb" });
    await page.goto(scene.url);
    await heard(page, "storage-lost");
    await heard(page, "ready");
    assert.equal((await ask(page, "home")).state, "empty");
    await ask(page, "join", { link: scene.invite("caregiver", chart, "Karl Example") });
    await heard(page, "joined");
    await page.reload();
    await heard(page, "ready");
    assert.deepEqual(await told(page, "storage-lost"), []);
});

test("after a reload, evidence of a long chart is read from the disk, and is what it was", { skip }, async () => {
    const { link } = scene.galen("desk", ["device", "add"]);
    const long = await scene.browser("long");
    page = await long.open("/join");
    await heard(page, "ready");
    await ask(page, "join", { link });
    await heard(page, "joined");
    await current(page);
    for (let i = 0; i < 120; i++) await ask(page, "message", { chart, text: `How are you today? ${i}` });
    await heard(page, "done", 120);
    const claims = async () => (await ask(page, "check", { chart })).claims;
    const before = await claims();
    await page.reload();
    await heard(page, "ready");
    assert.deepEqual(await claims(), before);
    await page.reload();
    await heard(page, "ready");
    const gone = await page.evaluate(async () => {
        const request = indexedDB.open("galen");
        const db = await new Promise((resolve) => (request.onsuccess = () => resolve(request.result)));
        const pairs = db.transaction("pairs", "readwrite").objectStore("pairs");
        const bytes = (text) => new TextEncoder().encode(text);
        const range = IDBKeyRange.bound(bytes("record/"), bytes("record0"));
        const keys = await new Promise((resolve) => (pairs.getAllKeys(range).onsuccess = (e) => resolve(e.target.result)));
        await new Promise((resolve) => (pairs.delete(range).onsuccess = resolve));
        db.close();
        return keys.length;
    });
    assert.ok(gone > 0);
    const error = await page.evaluate((c) => galen.ask("check", { chart: c }).then(() => "", (e) => e.failure.error), chart);
    assert.equal(error, "storage-damaged");
    await long.kill();
});
