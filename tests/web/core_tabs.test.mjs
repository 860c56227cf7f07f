/** Several tabs on one state: who answers, and what becomes of questions when that one goes. */
import assert from "node:assert/strict";
import test from "node:test";
import { source, timers, until } from "./_load.mjs";

const { Tabs, PATIENCE_MS, CALL_MS } = await source("core/tabs.ts");

/** What browsers do: one holder a name, the others in a row, and stealing. */
class World {
    locks = new Map();
    channels = new Set();
    tabs = [];

    request(owner, name, options, held) {
        return new Promise((resolve, reject) => {
            const row = this.locks.get(name) ?? [];
            this.locks.set(name, row);
            const place = { owner, held, resolve, reject };
            options.signal?.addEventListener("abort", () => {
                const at = row.indexOf(place);
                if (at > 0 || !place.granted) {
                    row.splice(at, 1);
                    reject(new DOMException("given up", "AbortError"));
                }
            });
            if (options.steal) {
                const robbed = row.shift();
                const tell = () => robbed.reject(new DOMException("stolen", "AbortError"));
                if (robbed?.owner.frozen) robbed.owner.onThaw = tell;
                else if (robbed) tell();
                row.unshift(place);
                this.grant(name);
            } else {
                row.push(place);
                if (row.length === 1) this.grant(name);
            }
        });
    }
    grant(name) {
        const row = this.locks.get(name);
        const place = row[0];
        if (!place) return;
        place.granted = true;
        queueMicrotask(() =>
            place.held().then(() => {
                if (row[0] !== place) return;
                row.shift();
                place.resolve();
                this.grant(name);
            }),
        );
    }

    open(name, options = {}) {
        const world = this;
        const tab = { name, told: [], answers: [], did: [], voice: [], frozen: false, closed: false };
        const channel = {
            onmessage: null,
            postMessage(message) {
                if (tab.frozen || tab.closed) return;
                for (const [other, c] of world.channels)
                    if (other !== tab && !other.frozen && !other.closed)
                        setImmediate(() => c.onmessage?.({ data: structuredClone(message) }));
            },
        };
        this.channels.add([tab, channel]);
        tab.tabs = new Tabs({
            self: name,
            locks: { request: (n, o, h) => world.request(tab, n, o, h) },
            channel,
            async hold() {
                tab.did.push("hold");
                await options.hold?.();
                return {
                    async ask(from, asked) {
                        tab.did.push(`${asked.do} of ${from}`);
                        if (options.silent || tab.frozen) return new Promise(() => {});
                        if (asked.do === "renew") throw new Error("no");
                        return { by: name };
                    },
                    speak: (from, packet) => tab.did.push(`voice ${packet[0]} of ${from}`),
                    awake: () => tab.did.push("awake"),
                    gone: (from) => tab.did.push(`gone ${from}`),
                    stop: () => tab.did.push("stop"),
                };
            },
            answered: (a) => tab.answers.push(a),
            told: (told) => tab.told.push(...told.map((t) => t.event)),
            voice: (out) => tab.voice.push(out),
        });
        tab.tabs.start();
        this.tabs.push(tab);
        return tab;
    }

    /** The browser ends a tab: its locks are given on. */
    close(tab) {
        tab.closed = true;
        for (const [name, row] of this.locks) {
            const was = row[0];
            this.locks.set(name, row.filter((place) => place.owner !== tab));
            if (was?.owner === tab) this.grant(name);
        }
    }
}
const settle = async () => {
    for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
};
let id = 0;
const ask = (tab, name) => (tab.tabs.ask({ id: ++id, do: name, with: {} }), id);
const answerOf = (tab, number) => tab.answers.find((a) => a.id === number);

test("whichever tab learns that the network is back, the one with the lines tries them at once", async () => {
    const world = new World();
    const a = world.open("a");
    await settle();
    const b = world.open("b");
    await settle();
    b.tabs.awake();
    await settle();
    assert.deepEqual(a.did, ["hold", "awake"]);
    a.tabs.awake();
    assert.deepEqual([a.did, b.did], [["hold", "awake", "awake"], []]);
    world.close(a);
    await settle();
    b.tabs.awake();
    assert.deepEqual(b.did, ["hold", "awake"]);
});

test("the first tab holds the state, the second asks it and hears its events", async () => {
    const world = new World();
    const a = world.open("a");
    await settle();
    const b = world.open("b");
    await settle();
    assert.deepEqual([a.told, b.told], [["ready"], ["held-elsewhere", "ready"]]);
    const number = ask(b, "charts");
    ask(a, "home");
    await settle();
    assert.deepEqual(answerOf(b, number), { id: number, ok: true, answer: { by: "a" } });
    a.tabs.tell([{ event: "joined" }]);
    await settle();
    assert.deepEqual([a.told.at(-1), b.told.at(-1)], ["joined", "joined"]);
    assert.deepEqual([b.did, a.did.slice(1).sort()], [[], ["charts of b", "home of a"]]);
});

test("questions from before the state is loaded wait for it", async () => {
    const world = new World();
    let loaded;
    const a = world.open("a", { hold: () => new Promise((resolve) => (loaded = resolve)) });
    const b = world.open("b");
    const [first, second] = [ask(a, "message"), ask(b, "message")];
    await settle();
    assert.deepEqual([a.answers, b.answers, a.told, b.told], [[], [], [], ["held-elsewhere"]]);
    loaded();
    await settle();
    assert.deepEqual([answerOf(a, first).answer, answerOf(b, second).answer], [{ by: "a" }, { by: "a" }]);
});

test("a failure passes as one", async () => {
    const world = new World();
    world.open("a");
    const b = world.open("b");
    await settle();
    const number = ask(b, "renew");
    await settle();
    assert.equal(answerOf(b, number).failure.error, "core-failed");
});

test("when the holder closes, the next loads the state; what may be repeated is asked again, what may not is failed", async () => {
    const world = new World();
    const a = world.open("a", { silent: true });
    await settle();
    const b = world.open("b");
    const c = world.open("c");
    await settle();
    const [look, write, other] = [ask(b, "charts"), ask(b, "message"), ask(c, "charts")];
    await settle();
    assert.deepEqual(b.answers, []);
    world.close(a);
    await settle();
    assert.deepEqual(b.did, ["hold", "charts of b", "charts of c"]);
    assert.deepEqual(answerOf(b, look).answer, { by: "b" });
    assert.equal(answerOf(b, write).failure.error, "no-answer");
    assert.deepEqual(answerOf(c, other).answer, { by: "b" });
    assert.deepEqual(b.told, ["held-elsewhere", "ready", "ready"]);
    assert.deepEqual(c.told, ["held-elsewhere", "ready", "held-elsewhere", "ready"]);
    assert.equal(b.tabs.holds, true);
});

test("a holder that does not answer any more is replaced, and stops when it wakes", async (t) => {
    const world = new World();
    const a = world.open("a");
    await settle();
    const b = world.open("b");
    await settle();
    const time = timers(t);
    a.frozen = true;
    const number = ask(b, "charts");
    await settle();
    time.tick(PATIENCE_MS);
    await settle();
    assert.equal(b.tabs.holds, false);
    time.tick(CALL_MS);
    await settle();
    assert.deepEqual(answerOf(b, number).answer, { by: "b" });
    a.frozen = false;
    a.onThaw();
    await settle();
    assert.equal(a.did.at(-1), "stop");
    const again = ask(a, "charts");
    await settle();
    assert.deepEqual(answerOf(a, again).answer, { by: "b" });
    assert.deepEqual([a.tabs.holds, a.told.slice(-2)], [false, ["held-elsewhere", "ready"]]);
});

test("a holder that works long but is alive keeps the state", async (t) => {
    const world = new World();
    world.open("a", { silent: true });
    await settle();
    const b = world.open("b");
    await settle();
    const time = timers(t);
    const number = ask(b, "check");
    t.after(() => b.tabs.take({ kind: "answered", from: "a", to: "b", answered: { id: number, ok: true } }));
    for (let i = 0; i < 8; i++) {
        await settle();
        time.tick(CALL_MS);
    }
    await settle();
    assert.equal(b.tabs.holds, false);
});

test("a tab that lost the state while it loaded, and got it again, holds it once", async () => {
    const world = new World();
    const loads = [];
    const a = world.open("a", { hold: () => new Promise((resolve) => loads.push(resolve)) });
    await settle();
    let release;
    void world.request({}, "galen", { steal: true }, () => new Promise((resolve) => (release = resolve)));
    await settle();
    release();
    await until("the second load", () => loads.length === 2);
    loads[0]();
    await settle();
    assert.deepEqual([a.tabs.holds, a.told, a.did], [false, [], ["hold", "hold", "stop"]]);
    loads[1]();
    await settle();
    assert.deepEqual([a.tabs.holds, a.told, a.did], [true, ["ready"], ["hold", "hold", "stop"]]);
});

test("a tab whose core broke lets another try", async () => {
    const world = new World();
    const a = world.open("a", {
        hold: () => {
            throw new Error("damaged");
        },
    });
    await settle();
    assert.deepEqual(a.told, ["broken"]);
    const b = world.open("b");
    await settle();
    assert.deepEqual(b.told, ["ready"]);
    assert.equal(a.told.length, 1);
});

test("voice of another tab passes both ways, and the holder learns when that tab is gone", async () => {
    const world = new World();
    const a = world.open("a");
    await settle();
    const b = world.open("b");
    await settle();
    ask(b, "voice");
    b.tabs.speak(new Uint8Array([9]));
    await settle();
    a.tabs.voiceTo("b", { gone: "x" });
    a.tabs.voiceTo("a", { gone: "y" });
    await settle();
    assert.ok(a.did.includes("voice 9 of b"));
    assert.deepEqual([a.voice, b.voice], [[{ gone: "y" }], [{ gone: "x" }]]);
    world.close(b);
    await until("the tab's end", () => a.did.includes("gone b"));
});
