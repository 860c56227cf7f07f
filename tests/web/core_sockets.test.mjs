/** The two WebSockets: what is sent, left out, given up. */
import assert from "node:assert/strict";
import test from "node:test";
import { source, timers } from "./_load.mjs";

const { Sockets, UNSENT_MAX, MEDIA_UNSENT_MAX } = await source("core/sockets.ts");
const LOG = 1, LIVE = 2;
const media = new Uint8Array(110).fill(45);
const frame = new Uint8Array(100).fill(18);

function stage() {
    const made = [], did = [];
    const sockets = new Sockets(
        {
            opened: (p) => did.push(`opened ${p}`),
            received: (p, f) => did.push(`received ${p}:${f.length}`),
            closed: (p) => did.push(`closed ${p}`),
        },
        (address, protocol) => {
            if (address.includes(" ")) throw new SyntaxError("no address");
            const socket = {
                address, protocol, readyState: 0, bufferedAmount: 0, sent: [], closes: 0,
                send: (b) => socket.sent.push(b),
                close() {
                    socket.closes++;
                    socket.readyState = 3;
                },
                open() {
                    socket.readyState = 1;
                    socket.onopen();
                },
            };
            made.push(socket);
            return socket;
        },
    );
    return { sockets, made, did, settle: () => new Promise((resolve) => setImmediate(resolve)) };
}

test("dials wss, the path and the subprotocol", (t) => {
    const s = stage();
    s.sockets.open(LOG, "practice.example:8443");
    t.after(() => s.made[0].onclose());
    assert.equal(s.made[0].address, "wss://practice.example:8443/galen");
    assert.equal(s.made[0].protocol, "galen.1");
    assert.equal(s.made[0].binaryType, "arraybuffer");
    s.made[0].open();
    s.made[0].onmessage({ data: new ArrayBuffer(9) });
    assert.deepEqual(s.did, ["opened 1", "received 1:9"]);
});

test("voice is left out while 100 ms of it are unsent; other frames wait", () => {
    const s = stage();
    s.sockets.open(LIVE, "h:1");
    s.made[0].open();
    s.made[0].bufferedAmount = MEDIA_UNSENT_MAX * media.length;
    s.sockets.send(LIVE, media);
    assert.equal(s.made[0].sent.length, 1);
    s.made[0].bufferedAmount++;
    s.sockets.send(LIVE, media);
    s.sockets.send(LIVE, frame);
    assert.deepEqual(s.made[0].sent, [media, frame]);
    assert.equal(s.sockets.leftOut, 1);
});

test("a line that takes nothing any more is given up", async () => {
    const s = stage();
    s.sockets.open(LOG, "h:1");
    s.made[0].open();
    s.made[0].bufferedAmount = UNSENT_MAX;
    s.sockets.send(LOG, frame);
    await s.settle();
    assert.deepEqual(s.did, ["opened 1", "closed 1"]);
    assert.equal(s.made[0].sent.length, 0);
});

test("what is no frame ends the connection", async () => {
    for (const data of ["text", new ArrayBuffer(512 * 1024 + 1)]) {
        const s = stage();
        s.sockets.open(LOG, "h:1");
        s.made[0].open();
        s.made[0].onmessage({ data });
        s.made[0].onmessage({ data: new ArrayBuffer(5) });
        await s.settle();
        assert.deepEqual(s.did, ["opened 1", "closed 1"]);
        assert.ok(s.made[0].closes > 0);
    }
});

test("nobody is told of a connection that was replaced or given up", async () => {
    const s = stage();
    s.sockets.open(LOG, "h:1");
    s.sockets.open(LOG, "h:1");
    s.made[0].open();
    s.made[0].onmessage({ data: new ArrayBuffer(1) });
    s.made[0].onclose();
    s.made[1].open();
    s.sockets.close(LOG);
    s.made[1].onclose();
    await s.settle();
    assert.deepEqual(s.did, ["opened 1"]);
});

test("an address that is none is closed at once", async () => {
    const s = stage();
    s.sockets.open(LOG, "no host");
    await s.settle();
    assert.deepEqual(s.did, ["closed 1"]);
});

test("a connection that does not open is given up", async (t) => {
    const time = timers(t);
    const s = stage();
    s.sockets.open(LOG, "h:1");
    time.tick(15_000);
    await s.settle();
    assert.deepEqual(s.did, ["closed 1"]);
});

test("who sends can wait until the line has taken it, or is gone", async (t) => {
    const time = timers(t);
    const s = stage();
    let taken = 0;
    const wait = () => s.sockets.taken(LIVE).then(() => taken++);
    s.sockets.open(LIVE, "h:1");
    s.made[0].open();
    await wait();
    assert.equal(taken, 1, "nothing is unsent");
    s.made[0].bufferedAmount = 100;
    void wait();
    time.tick(1000);
    await s.settle();
    assert.equal(taken, 1);
    s.made[0].bufferedAmount = 0;
    time.tick(1000);
    await s.settle();
    assert.equal(taken, 2);
    s.made[0].bufferedAmount = 100;
    void wait();
    s.sockets.close(LIVE);
    time.tick(1000);
    await s.settle();
    assert.equal(taken, 3);
});
