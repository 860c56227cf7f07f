/**
 * The sound of a call in Chromium, whose microphone plays a file in which somebody speaks: as good as it was
 * spoken, soon, silent when muted, and what happens when devices and lines go. The files come from galend, under
 * its policy; nothing else of a server is needed.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import test, { after, before } from "node:test";
import { top, until } from "./_load.mjs";
import { missing, Scene } from "./_scene.mjs";
import { addRecorder, goFirst, missingSound, PHARMACIST, speak, tool, wav } from "./_sound.mjs";

const NEAR = "aa".repeat(32);
const skip = missing() ?? missingSound() ?? false;
let scene, chromium, page, recordings = 0;

before(async () => {
    if (skip) return;
    goFirst();
    scene = new Scene();
    const microphone = speak(scene.folder, "microphone", "en-us+f3", PHARMACIST);
    const web = scene.site(join(top, "tests/web/audio_page.ts"));
    addRecorder(web);
    await scene.serve(web);
    chromium = await scene.browser("profile", [
        `--use-file-for-fake-audio-capture=${microphone}`, "--autoplay-policy=no-user-gesture-required",
    ]);
    page = await chromium.open("/");
});
after(() => scene?.end());

/* -- what is measured -- */

async function record(ms, from = "near", at = "far") {
    const { rate, said, heard } = await page.evaluate(([f, a, m]) => stage.record(f, a, m), [from, at, ms]);
    recordings++;
    const path = (name) => join(scene.folder, `${name}-${recordings}.wav`);
    return { said: wav(path("said"), rate, said), heard: wav(path("heard"), rate, heard) };
}

/** Each second that was said: how like it is, and how late. To begin a recording disturbs the sound itself. */
async function compare(ms) {
    const { said, heard } = await record(ms);
    const seconds = tool("compare", said, heard, 0, 600).seconds.filter((s) => s.at >= 3 && s.at < ms / 1000 - 2);
    const sorted = (name) => seconds.map((s) => s[name]).sort((a, b) => a - b);
    const like = sorted("likeness"), late = sorted("delay_ms");
    return {
        seconds: seconds.length, median: like[Math.floor(like.length / 2)], least: like[0],
        delay: late[Math.floor(late.length / 2)], latest: late[late.length - 1],
    };
}

/**
 * Up to three stretches, of which one has to be good: this machine may have other work to do just now, which is
 * heard, but says nothing of the sound part.
 */
async function compared(t, ms, least) {
    let result;
    for (let stretch = 0; stretch < 3; stretch++) {
        result = await compare(ms);
        t.diagnostic(JSON.stringify(result));
        if (result.seconds >= least && result.median >= 0.9 && result.least >= 0.6 && result.latest <= 200) break;
    }
    assert.ok(result.seconds >= least, JSON.stringify(result));
    assert.ok(result.median >= 0.9 && result.least >= 0.6, JSON.stringify(result));
    assert.ok(result.delay > 5 && result.latest <= 200, JSON.stringify(result));
}

const now = (name) => page.evaluate((n) => stage.ears[n].now, name);
const becomes = (name, what, is, ms = 10_000) =>
    until(`${what} of ${name} is ${is}`, async () => (await now(name))[what] === is, ms);

/** Two sounds, joined: what near says is heard at far. */
async function begin(rate = 0) {
    await page.evaluate(async ([device, r]) => {
        for (const ear of Object.values(stage.ears)) ear.sound.close();
        Object.assign(stage, { loss: 0, rate: r, refuse: undefined });
        for (const name of ["near", "far"]) {
            const ear = stage.make(name);
            if (name === "near") await ear.sound.open();
            ear.port = await ear.sound.carry();
            ear.context = contexts.at(-1);
        }
        stage.join("near", "far", device);
    }, [NEAR, rate]);
    await becomes("far", "line", "good");
}

/* -- the call -- */

test("what is said is heard, as it was spoken and soon", { skip }, async (t) => {
    await begin();
    await compared(t, 13_000, 6);
});

test("the microphone is asked for one voice, without echo and noise", { skip }, async () => {
    const [asked] = await page.evaluate(() => stage.asked);
    assert.deepEqual(asked, {
        audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true, channelCount: 1 },
        video: false,
    });
});

test("packets are of one size and come every 20 ms, with a microphone and without", { skip }, async () => {
    await page.evaluate(() => stage.join("far", "near", "bb".repeat(32)));
    for (const name of ["near", "far"]) {
        await page.evaluate((n) => void (stage.ears[n].packets = []), name);
        const packets = await until("packets", () =>
            page.evaluate((n) => stage.ears[n].packets.length > 300 && stage.ears[n].packets, name), 15_000);
        assert.deepEqual([...new Set(packets.map((p) => p.size))], [80]);
        const pace = (packets.at(-1).at - packets[0].at) / (packets.length - 1);
        assert.ok(Math.abs(pace - 20) < 0.5, `one every ${pace} ms`);
    }
});

test("levels are of both directions, and no more than 15 a second", { skip }, async () => {
    await page.evaluate(() => void ((stage.ears.near.levels = []), (stage.ears.far.levels = [])));
    const levels = await until("levels", () =>
        page.evaluate(() => stage.ears.far.levels.length > 40 && { near: stage.ears.near.levels, far: stage.ears.far.levels }));
    for (const all of Object.values(levels)) {
        const perSecond = (1000 * (all.length - 1)) / (all.at(-1).at - all[0].at);
        assert.ok(perSecond > 8 && perSecond <= 15, `${perSecond} a second`);
    }
    const loudest = (all, of) => Math.max(...all.map(of));
    assert.ok(loudest(levels.near, (l) => l.mine) > 0.3);
    assert.equal(loudest(levels.far, (l) => l.mine), 0, "it has no microphone");
    assert.ok(levels.far.every((l) => l.voices.every((v) => v.device === NEAR)));
    assert.ok(loudest(levels.far, (l) => l.voices[0]?.level ?? 0) > 0.3);
});

test("muted is silence at the same size and pace; the own level still moves", { skip }, async (t) => {
    await page.evaluate(() => stage.ears.near.sound.mute(true));
    await page.evaluate(() => new Promise((r) => setTimeout(r, 500)));
    await page.evaluate(() => void ((stage.ears.near.packets = []), (stage.ears.near.levels = [])));
    const { said, heard } = await record(4000);
    const level = tool("level", heard, 0, 60).dbfs;
    t.diagnostic(`${level} dBFS`);
    assert.ok(tool("level", said, 0, 60).dbfs > -40, "something was said");
    assert.ok(level < -60, `${level} dBFS`);
    const { packets, levels } = await page.evaluate(() => stage.ears.near);
    assert.ok(packets.length > 150 && packets.every((p) => p.size === 80));
    assert.ok(Math.max(...levels.map((l) => l.mine)) > 0.3);
    await page.evaluate(() => stage.ears.near.sound.mute(false));
    assert.ok(tool("level", (await record(3000)).heard, 1, 60).dbfs > -40, "unmuted it is heard again");
});

test("who was muted when a call ended is muted in the next one", { skip }, async () => {
    const loudest = await page.evaluate(async () => {
        const ear = stage.make("again");
        await ear.sound.open();
        ear.sound.mute(true);
        ear.sound.close();
        ear.context = undefined;
        await ear.sound.open();
        const port = await ear.sound.carry();
        stage.ears.far.port.postMessage({ gone: "cc".repeat(32) });
        let number = 0;
        port.onmessage = ({ data }) =>
            stage.ears.far.port.postMessage({ device: "cc".repeat(32), number: number++, packet: data.packet });
        await new Promise((r) => setTimeout(r, 1000));
        stage.ears.far.levels = [];
        await new Promise((r) => setTimeout(r, 2500));
        ear.sound.close();
        port.onmessage = null; // as the core does, which opens nothing more of somebody who has left
        stage.ears.far.port.postMessage({ gone: "cc".repeat(32) });
        const of = (levels, device) => levels.voices.find((v) => v.device === device)?.level;
        return { muted: Math.max(...stage.ears.far.levels.map((l) => of(l, "cc".repeat(32)) ?? 1)),
                 mine: Math.max(...ear.levels.map((l) => l.mine)) };
    });
    assert.ok(loudest.mine > 0.3, "something was said");
    assert.equal(loudest.muted, 0);
});

test("the line is good, poor, lost, and none when nobody is there", { skip }, async () => {
    await becomes("far", "line", "good");
    await page.evaluate(() => void (stage.loss = 0.3));
    await becomes("far", "line", "poor");
    await until("what was lost is made up", async () => (await now("far")).concealed > 0.08);
    await page.evaluate(() => void (stage.loss = 1));
    await becomes("far", "line", "lost");
    await page.evaluate(() => void (stage.loss = 0));
    await becomes("far", "line", "good", 15_000);
    await page.evaluate((gone) => void ((stage.loss = 1), stage.ears.far.port.postMessage({ gone })), NEAR);
    await becomes("far", "line", "none");
    assert.ok(tool("level", (await record(2500)).heard, 0, 60).dbfs < -90, "nobody is heard");
});

test("a sound card of 44.1 kHz is as good", { skip }, async (t) => {
    await begin(44100);
    assert.equal(await page.evaluate(() => stage.ears.far.context.sampleRate), 44100);
    await compared(t, 11_000, 4);
});

test("a browser that passes no compiled module to a worklet compiles it there", { skip }, async () => {
    await page.evaluate(() => {
        const Real = AudioWorkletNode;
        globalThis.AudioWorkletNode = class extends Real {
            constructor(context, name, options) {
                if (options?.processorOptions?.module) throw new DOMException("not here", "DataCloneError");
                super(context, name, options);
            }
        };
    });
    try {
        await begin();
    } finally {
        await page.evaluate(() => void (globalThis.AudioWorkletNode = Object.getPrototypeOf(AudioWorkletNode)));
    }
});

/* -- devices -- */

test("a microphone that is pulled out is replaced, and it is said", { skip }, async () => {
    await begin();
    const before = await page.evaluate(() => stage.microphones.length);
    await page.evaluate(() => {
        const [track] = stage.microphones.at(-1).getAudioTracks();
        track.stop();
        track.dispatchEvent(new Event("ended"));
    });
    await until("it is told", async () => (await now("near")).said !== "");
    const then = await now("near");
    assert.equal(then.microphone, "on");
    assert.match(then.said, /unplugged/);
    assert.equal(await page.evaluate(() => stage.microphones.length), before + 1);
    assert.ok(tool("level", (await record(3000)).heard, 1, 60).dbfs > -40, "and is heard");
    assert.ok((await page.evaluate(() => stage.ears.near.past.map((p) => p.microphone))).includes("lost"));
});

test("without another one the person is told, and still hears", { skip }, async () => {
    await page.evaluate(() => {
        stage.refuse = "NotFoundError";
        const [track] = stage.microphones.at(-1).getAudioTracks();
        track.stop();
        track.dispatchEvent(new Event("ended"));
    });
    await becomes("near", "microphone", "lost");
    const then = await now("near");
    assert.match(then.help, /Plug it in/);
    const packets = await page.evaluate(() => stage.ears.near.packets.length);
    await until("silence is sent on", async () => (await page.evaluate(() => stage.ears.near.packets.length)) > packets + 50);
});

test("why there is no microphone, in words for this browser", { skip }, async () => {
    const cases = [
        ["NotAllowedError", "refused", "microphone-refused", /address/],
        ["NotFoundError", "missing", "microphone-missing", /No microphone was found/],
        ["NotReadableError", "missing", "microphone-busy", /Another program/],
    ];
    for (const [name, state, error, help] of cases) {
        const thrown = await page.evaluate(async (refuse) => {
            stage.refuse = refuse;
            const ear = stage.make("other");
            const failure = await ear.sound.open().then(() => undefined, (e) => e.failure);
            const { microphone, help } = ear.now;
            ear.sound.close();
            stage.refuse = undefined;
            return { failure, microphone, help };
        }, name);
        assert.equal(thrown.microphone, state, name);
        assert.equal(thrown.failure.error, error, name);
        assert.match(thrown.failure.help, help, name);
        assert.equal(thrown.help, thrown.failure.help, name);
    }
});

test("the choice of a device is remembered by its id alone, and one that is gone is passed over", { skip }, async () => {
    const found = await page.evaluate(async () => {
        const ear = stage.make("chooser");
        await ear.sound.open();
        const { microphones } = ear.now;
        await ear.sound.choose("microphone", microphones[0].id);
        const kept = { ...localStorage };
        ear.sound.close();
        localStorage.setItem("galen-microphone", "0".repeat(64)); // of another day
        const next = stage.make("next");
        await next.sound.open();
        const state = next.now.microphone;
        await next.sound.choose("microphone", "");
        next.sound.close();
        return { id: microphones[0].id, kept, asked: stage.asked.slice(-3), state, after: { ...localStorage } };
    });
    assert.deepEqual(found.kept, { "galen-microphone": found.id });
    assert.deepEqual(found.asked[0].audio.deviceId, { exact: "0".repeat(64) });
    assert.equal(found.asked[1].audio.deviceId, undefined);
    assert.equal(found.state, "on");
    assert.deepEqual(found.after, {});
});

test("the test sound is a tone on the loudspeaker, and leaves nothing open", { skip }, async () => {
    const done = page.evaluate(async () => {
        const ear = stage.make("tester");
        const before = contexts.length;
        const ended = ear.sound.test();
        while (contexts.length === before) await new Promise((r) => setTimeout(r, 5));
        ear.context = contexts.at(-1);
        const analyser = ear.context.createAnalyser();
        ear.context.tap.connect(analyser);
        const samples = new Float32Array(analyser.fftSize);
        let loudest = 0, over = false;
        ended.finally(() => (over = true));
        while (!over) {
            analyser.getFloatTimeDomainData(samples);
            for (const v of samples) loudest = Math.max(loudest, Math.abs(v));
            await new Promise((r) => setTimeout(r, 20));
        }
        await ended;
        await new Promise((r) => setTimeout(r, 200));
        return { loudest, state: ear.context.state };
    });
    const { loudest, state } = await done;
    assert.ok(loudest > 0.1 && loudest < 0.5, `${loudest}`);
    assert.equal(state, "closed");
});

test("nothing of it breaks the policy of the page", { skip }, async () => {
    assert.deepEqual(await page.evaluate(() => stage.violations), []);
});
