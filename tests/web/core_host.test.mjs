/** The engine's host: what goes out in which order, whatever the disk and the line do meanwhile. */
import assert from "node:assert/strict";
import test from "node:test";
import { source, until } from "./_load.mjs";

const { Host } = await source("core/host.ts");
const LOG = 1, LIVE = 2, MEDIA = 45;
const bytes = (...b) => new Uint8Array(b);
const save = (name, value = "v") => ({
    kind: "save", key: new TextEncoder().encode(name), value: new TextEncoder().encode(value),
});
const commit = { kind: "commit" };
const send = (...frame) => ({ kind: "send", purpose: LOG, frame: bytes(...frame) });

/** A host whose engine puts out what the test says, and whose disk is finished when the test says. */
class Stage {
    outputs = [];
    did = [];
    disk = [];
    reads = [];
    away = new Set(); /* what is on the disk only */
    answers = {};
    onReceived = () => {};
    next_tick = Infinity;
    soon = [];

    constructor() {
        const stage = this;
        const core = {
            start() {},
            next: () => stage.outputs.shift(),
            connected: (now, purpose) => stage.did.push(`connected ${purpose}`),
            received(now, purpose, frame) {
                stage.did.push(`given ${purpose}:${frame[0]}`);
                stage.onReceived(purpose, frame);
            },
            disconnected: (now, purpose) => stage.did.push(`disconnected ${purpose}`),
            tick: () => stage.next_tick,
            awake: () => stage.did.push("awake"),
            ask(now, question) {
                if (question.do === "home") return { host: "practice.example:8443" };
                stage.outputs.push(...(stage.answers[question.do] ?? []));
                if (stage.away.size > 0) {
                    stage.did.push(`asked ${question.do}`);
                    throw new CoreError({ error: "not-loaded", help: "It lies on the disk still." });
                }
                return { answered: question.do };
            },
            load(key, value) {
                const name = new TextDecoder().decode(key);
                stage.did.push(`loaded ${name}`);
                if (value.length === 0) throw new CoreError({ error: "bad-format", help: "It is damaged." });
                stage.away.delete(name);
            },
            speak: (now, packet) => stage.outputs.push({ ...send(MEDIA, packet[0]), purpose: LIVE }),
        };
        this.host = new Host({
            core,
            commit: (pairs) =>
                new Promise((resolve, reject) => {
                    stage.did.push(`commit ${pairs.map((p) => new TextDecoder().decode(p.key)).join("+")}`);
                    stage.disk.push({ resolve, reject, pairs });
                }),
            load: (key) =>
                new Promise((resolve, reject) => {
                    stage.did.push(`load ${new TextDecoder().decode(key)}`);
                    stage.reads.push({ resolve, reject });
                }),
            sockets: {
                open: (purpose, host) => stage.did.push(`open ${purpose} ${host}`),
                close: (purpose) => stage.did.push(`close ${purpose}`),
                send: (purpose, frame) => stage.did.push(`send ${frame[0]}`),
            },
            tell: (told) => stage.did.push(`told ${told.event}`),
            voice: (out) => stage.did.push(`voice ${out.packet[0]}`),
            broken: (error) => stage.did.push(`broken ${error.error}`),
            unixMs: () => 1_800_000_000_000,
            evenMs: () => performance.now(),
            soon: (what) => setImmediate(what),
        });
    }
    async written() {
        this.disk.shift().resolve();
        await new Promise((resolve) => setImmediate(resolve));
    }
    async settle() {
        for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve));
    }
}

/* The host's own class of errors: what another copy of that file throws would be nobody's. */
const CoreError = await (() => {
    const { host } = new Stage();
    host.stop();
    return host.ask({ do: "home" }).catch((error) => error.constructor);
})();

test("nothing behind a commit is carried out before it is durable", async (t) => {
    const stage = new Stage();
    t.after(() => stage.host.stop());
    stage.outputs = [save("a"), commit, send(18), { kind: "event", told: { event: "done" } }];
    stage.host.start();
    await stage.settle();
    assert.deepEqual(stage.did, ["commit a"]);
    await stage.written();
    assert.deepEqual(stage.did, ["commit a", "send 18", "told done"]);
});

test("changes that are whole while one is written become one, with what lies between carried out after both", async (t) => {
    const stage = new Stage();
    t.after(() => stage.host.stop());
    stage.outputs = [save("a"), commit, send(1)];
    stage.host.start();
    stage.onReceived = (_, frame) => stage.outputs.push(save(`b${frame[0]}`), commit, send(frame[0]));
    for (const n of [10, 11, 12]) stage.host.received(LOG, bytes(n));
    await stage.settle();
    assert.deepEqual(stage.did.filter((d) => /^(commit|send)/.test(d)), ["commit a"]);
    await stage.written();
    assert.deepEqual(stage.did.filter((d) => /^(commit|send)/.test(d)), ["commit a", "send 1", "commit b10+b11+b12"]);
    await stage.written();
    assert.deepEqual(stage.did.slice(-3), ["send 10", "send 11", "send 12"]);
});

test("of one key the last value of a change is written", async (t) => {
    const stage = new Stage();
    t.after(() => stage.host.stop());
    stage.outputs = [save("a", "old"), save("a", ""), commit];
    stage.host.start();
    assert.deepEqual(stage.disk[0].pairs.map((p) => p.value.length), [0]);
});

test("what is told behind an answer does not overtake it, on however many promises that stands", async (t) => {
    const stage = new Stage();
    t.after(() => stage.host.stop());
    stage.outputs = [save("a"), commit, { kind: "event", told: { event: "before" } }];
    stage.host.start();
    stage.onReceived = () => stage.outputs.push({ kind: "event", told: { event: "behind" } });
    let asked = stage.host.ask({ do: "members" });
    for (let i = 0; i < 20; i++) asked = asked.then((answer) => answer);
    void asked.then(() => stage.did.push("answered"));
    stage.host.received(LOG, bytes(18));
    await stage.settle();
    const said = () => stage.did.filter((d) => /^(told|answered)/.test(d));
    assert.deepEqual(said(), []);
    await stage.written();
    await stage.settle();
    assert.deepEqual(said(), ["told before", "answered", "told behind"]);
});

test("a question is answered when what it changed is durable", async (t) => {
    const stage = new Stage();
    t.after(() => stage.host.stop());
    stage.host.start();
    stage.answers.message = [save("outbox"), commit, send(18)];
    let answer;
    void stage.host.ask({ do: "message" }).then((a) => (answer = a));
    await stage.settle();
    assert.equal(answer, undefined);
    await stage.written();
    await stage.settle();
    assert.deepEqual(answer, { answered: "message" });
});

/* A question about two pairs that are on the disk only, while something else is being written. */
function askForAway(stage) {
    stage.host.start();
    stage.away = new Set(["record/1", "record/2"]);
    const key = (name) => ({ kind: "load", key: new TextEncoder().encode(name) });
    stage.answers.evidence = [save("a"), commit, key("record/1"), key("record/2")];
    const asked = stage.host.ask({ do: "evidence" });
    stage.answers.evidence = [];
    return asked;
}

test("what lies on the disk is read after what was written before, and then the question is asked again", async (t) => {
    const stage = new Stage();
    t.after(() => stage.host.stop());
    let answer;
    void askForAway(stage).then((a) => (answer = a));
    await stage.settle();
    assert.deepEqual(stage.did, ["asked evidence", "commit a"]);
    await stage.written();
    assert.deepEqual(stage.did.slice(2), ["load record/1", "load record/2"]);
    stage.host.received(LIVE, bytes(33)); // and nobody waits for that
    stage.reads[1].resolve(bytes(2));
    await stage.settle();
    assert.deepEqual(stage.did.slice(4), ["given 2:33"]);
    stage.reads[0].resolve(bytes(1));
    await stage.settle();
    assert.deepEqual(stage.did.slice(5), ["loaded record/1", "loaded record/2"]);
    assert.deepEqual(answer, { answered: "evidence" });
});

test("a pair that is gone, or does not come, ends it: damaged, or the disk's failure", async () => {
    for (const [read, error] of [
        [(r) => r.resolve(bytes()), "storage-damaged"],
        [(r) => r.reject(CoreError.own("storage-failed")), "storage-failed"],
    ]) {
        const stage = new Stage();
        const asked = askForAway(stage);
        await stage.settle();
        await stage.written();
        read(stage.reads[0]);
        await assert.rejects(asked, (failure) => failure.error === error);
        assert.ok(stage.did.includes(`broken ${error}`));
        stage.reads[1].resolve(bytes(2));
        await stage.settle();
        assert.ok(!stage.did.includes("loaded record/2"));
    }
});

test("voice overtakes what waits for the disk, both ways; nothing else does", async (t) => {
    const stage = new Stage();
    t.after(() => stage.host.stop());
    stage.outputs = [save("a"), commit, send(18)];
    stage.host.start();
    stage.onReceived = (_, frame) => {
        if (frame[0] === MEDIA) stage.outputs.push({ kind: "voice", out: { device: "d", number: 1, packet: bytes(7) } });
        else stage.outputs.push(send(frame[0]));
    };
    stage.host.received(LIVE, bytes(33));
    stage.host.received(LIVE, bytes(MEDIA));
    stage.host.speak(bytes(5));
    await stage.settle();
    assert.deepEqual(stage.did.filter((d) => !d.startsWith("given")), ["commit a", "voice 7", "send 45"]);
    await stage.written();
    assert.deepEqual(stage.did.slice(-2), ["send 18", "send 33"]);
});

test("a long log is taken in slices, and voice is heard between them", async (t) => {
    const stage = new Stage();
    t.after(() => stage.host.stop());
    stage.host.start();
    stage.onReceived = (purpose) => {
        if (purpose !== LOG) return;
        for (const end = performance.now() + 5; performance.now() < end; );
    };
    for (let i = 0; i < 40; i++) stage.host.received(LOG, bytes(17));
    const timer = setInterval(() => stage.host.received(LIVE, bytes(MEDIA)), 10);
    t.after(() => clearInterval(timer));
    await until("the log is read", () => stage.did.filter((d) => d === "given 1:17").length === 40);
    const places = stage.did.flatMap((d, i) => (d === "given 2:45" ? [i] : []));
    assert.ok(places.filter((i) => i < stage.did.lastIndexOf("given 1:17")).length >= 5, stage.did.join());
});

test("while the disk is behind, the log is not read on; questions are", async (t) => {
    const stage = new Stage();
    t.after(() => stage.host.stop());
    stage.host.start();
    const large = "x".repeat(1024 * 1024);
    let n = 0;
    stage.onReceived = () => stage.outputs.push(save(`k${n++}`, large), commit);
    for (let i = 0; i < 30; i++) stage.host.received(LOG, bytes(17));
    await stage.settle();
    await stage.settle();
    const given = () => stage.did.filter((d) => d === "given 1:17").length;
    assert.ok(given() >= 5 && given() <= 10, `${given()} frames`);
    void stage.host.ask({ do: "charts" });
    for (let i = 0; i < 40 && given() < 30; i++) {
        await until("a commit", () => stage.disk.length > 0);
        await stage.written();
        await stage.settle();
    }
    assert.equal(given(), 30);
});

test("a log that comes faster than it can be read costs the connection, not the memory", async (t) => {
    const stage = new Stage();
    t.after(() => stage.host.stop());
    stage.host.start();
    const large = new Uint8Array(512 * 1024).fill(17);
    for (let i = 0; i < 65; i++) stage.host.received(LOG, large);
    assert.ok(stage.did.includes("close 1"));
});

test("a change that cannot be written ends everything behind it, and fails the questions", async (t) => {
    const stage = new Stage();
    t.after(() => stage.host.stop());
    stage.outputs = [save("a"), commit, send(18)];
    stage.host.start();
    const asked = assert.rejects(stage.host.ask({ do: "charts" }));
    stage.disk.shift().reject(new Error("no room"));
    await asked;
    await stage.settle();
    assert.deepEqual(stage.did, ["commit a", "close 1", "close 2", "broken core-failed"]);
    stage.outputs.push(send(19));
    stage.host.received(LIVE, bytes(33));
    assert.equal(stage.did.length, 4);
});

test("connections: asked for with the home's host, told once closed", async (t) => {
    const stage = new Stage();
    t.after(() => stage.host.stop());
    stage.outputs = [{ kind: "connect", purpose: LIVE }];
    stage.host.start();
    stage.outputs.push({ kind: "disconnect", purpose: LIVE });
    stage.host.opened(LIVE);
    await stage.settle();
    assert.deepEqual(stage.did, ["open 2 practice.example:8443", "connected 2", "close 2", "disconnected 2"]);
});

test("the timer calls when something is due, and who is awake has its line tried at once", async (t) => {
    const stage = new Stage();
    t.after(() => stage.host.stop());
    stage.next_tick = 1_800_000_000_000 + 30;
    stage.host.start();
    stage.outputs.push(send(5));
    await until("the tick's ping", () => stage.did.includes("send 5"));
    stage.next_tick = Infinity;
    stage.outputs.push(send(6));
    stage.host.awake();
    assert.deepEqual(stage.did.slice(-2), ["awake", "send 6"]);
});

test("a live line that brings more than the engine takes is given up", async (t) => {
    const stage = new Stage();
    t.after(() => stage.host.stop());
    let given = 0;
    stage.host.opened(LIVE);
    stage.onReceived = () => {
        given++;
        /* While this one is worked on, the line brings more without end. */
        if (given === 1) for (let i = 0; i < 12; i++) stage.host.received(LIVE, new Uint8Array(512 * 1024));
    };
    stage.host.received(LIVE, bytes(33));
    await stage.settle();
    assert.equal(given, 1 + 8);
    assert.equal(stage.did.filter((did) => did === `close ${LIVE}`).length, 4);
    assert.ok(stage.did.includes(`disconnected ${LIVE}`));
    stage.host.received(LIVE, bytes(33));
    await stage.settle();
    assert.equal(given, 1 + 8 + 1);
});
