/** The parts of the sound that need no browser: rates, the module's sound part, the line in a word, help in words. */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { source, top } from "./_load.mjs";

const { Resampler } = await source("audio/resample.ts");
const { LineQuality } = await source("audio/quality.ts");
const { browserAt } = await source("audio/browser.ts");
const { w } = await source("words.ts");
const { refused, ...others } = w.sound.help;
const { PACKET_SAMPLES, RATE, Talk } = await source("audio/talk.ts");

/* -- rates -- */

const sine = (hz, rate, count) => Float32Array.from({ length: count }, (_, i) => 0.5 * Math.sin((2 * Math.PI * hz * i) / rate));

/** Through the resampler in pieces of 128, as a worklet gets them. */
function through(input, from, to) {
    const resampler = new Resampler(from, to), piece = new Float32Array(Resampler.most(128, from, to)), out = [];
    for (let at = 0; at + 128 <= input.length; at += 128) {
        const count = resampler.run(input.subarray(at, at + 128), piece);
        assert.ok(count <= piece.length, "no more than was promised");
        out.push(...piece.subarray(0, count));
    }
    return Float32Array.from(out);
}

/** What is left when the sine of this frequency is taken out, in dB below it; and how loud that is. */
function fit(samples, hz, rate) {
    let re = 0, im = 0;
    const count = samples.length;
    const angle = (i) => (2 * Math.PI * hz * i) / rate;
    samples.forEach((v, i) => ((re += (2 / count) * v * Math.cos(angle(i))), (im += (2 / count) * v * Math.sin(angle(i)))));
    let rest = 0;
    samples.forEach((v, i) => (rest += (v - re * Math.cos(angle(i)) - im * Math.sin(angle(i))) ** 2));
    const loud = Math.hypot(re, im);
    return { loud, rest: 10 * Math.log10(rest / count / (loud ** 2 / 2)) };
}

for (const rate of [8000, 16000, 32000, 44100, 96000, 192000])
    test(`speech goes from ${rate} to 48000 and back as it was`, () => {
        for (const [from, to] of [[rate, RATE], [RATE, rate]])
            for (const hz of [110, 440, 1000, Math.min(3000, 0.35 * rate)]) {
                const out = through(sine(hz, from, 2 * from), from, to);
                assert.ok(Math.abs(out.length - 2 * to) <= 128 * Math.max(1, to / from) + 40, `${out.length} of ${2 * to}`);
                /* whole periods, behind the beginning */
                const count = Math.floor(Math.floor((0.5 * to * hz) / to) * (to / hz));
                const { loud, rest } = fit(out.subarray(to / 2, to / 2 + count), hz, to);
                assert.ok(Math.abs(loud - 0.5) < 0.02, `${from} to ${to}, ${hz} Hz: as loud (${loud})`);
                assert.ok(rest < -45, `${from} to ${to}, ${hz} Hz: ${rest} dB`);
            }
    });

test("what a lower rate cannot carry is not folded into what is heard", () => {
    const out = through(sine(20000, 96000, 96000), 96000, 16000);
    assert.ok(Math.max(...out.subarray(1000).map(Math.abs)) < 0.01);
});

/* -- the module's sound part -- */

const WASM = join(top, "build/wasm/talk.wasm");
const skip = existsSync(WASM) ? false : `${WASM} is not built`;
const AA = "aa".repeat(32), BB = "bb".repeat(32);
const rms = (samples) => Math.sqrt(samples.reduce((sum, v) => sum + v * v, 0) / samples.length);

function converse(mouth, ear, pieces, device = AA, said = sine(440, RATE, PACKET_SAMPLES)) {
    const heard = new Float32Array(128);
    const all = [];
    for (let i = 0; i < pieces; i++) {
        ear.put(1000 + i * 20, device, i, mouth.encode(said));
        for (let k = 0; k < PACKET_SAMPLES; k += 128) {
            ear.take(1000 + i * 20 + k / 48, heard);
            all.push(...heard);
        }
    }
    return Float32Array.from(all);
}
const module = skip ? undefined : new WebAssembly.Module(readFileSync(WASM));

test("a voice through the module: packets of 80 bytes, heard again, with levels and figures", { skip }, () => {
    const mouth = new Talk(module), ear = new Talk(module);
    const heard = converse(mouth, ear, 100);
    assert.ok(Math.abs(rms(heard.subarray(heard.length / 2)) - 0.354) < 0.05);
    const { figures, loudness } = ear.look();
    assert.deepEqual([figures.speakers, figures.received, figures.late], [1, 100, 0]);
    assert.ok(figures.delayMs > 0 && figures.delayMs < 120, `${figures.delayMs}`);
    assert.deepEqual(loudness.voices.map((v) => v.device), [AA]);
    assert.ok(loudness.voices[0].level > 8000 && loudness.own === 0);
    assert.ok(mouth.look().loudness.own > 11000);
    assert.equal(mouth.encode(new Float32Array(PACKET_SAMPLES)).length, 80);
});

test("muted it is silence of the same size, and the own level stays", { skip }, () => {
    const mouth = new Talk(module), ear = new Talk(module);
    mouth.mute(true);
    const heard = converse(mouth, ear, 50);
    assert.ok(rms(heard) < 0.0005);
    assert.ok(mouth.look().loudness.own > 11000);
    mouth.mute(false);
    assert.ok(rms(converse(mouth, new Talk(module), 50)) > 0.1);
});

test("two voices are mixed; one that goes is heard no more", { skip }, () => {
    const ear = new Talk(module);
    converse(new Talk(module), ear, 20, AA);
    converse(new Talk(module), ear, 20, BB);
    assert.equal(ear.look().figures.speakers, 2);
    ear.gone(AA);
    ear.gone(BB);
    const heard = new Float32Array(960);
    ear.take(3000, heard);
    assert.equal(rms(heard), 0);
    assert.equal(ear.look().figures.received, 40, "what was is still counted");
});

test("what is no packet or no device is let pass, and so is sound that is no number", { skip }, () => {
    const ear = new Talk(module), mouth = new Talk(module);
    ear.put(1, "xyz", 0, new Uint8Array(80));
    ear.put(1, AA, 0, new Uint8Array(79));
    ear.put(1, AA, 0, new Uint8Array(81));
    ear.gone("");
    assert.equal(ear.look().figures.speakers, 0);
    for (let i = 0; i < 20; i++) ear.put(1, i.toString(16).padStart(64, "0"), 0, new Uint8Array(80));
    assert.equal(ear.look().figures.speakers, 16, "no more than can be in a call");
    assert.equal(mouth.encode(new Float32Array(PACKET_SAMPLES).fill(NaN)).length, 80);
    assert.equal(mouth.look().loudness.own, 0);
    mouth.encode(new Float32Array(PACKET_SAMPLES).fill(1e30));
    assert.equal(mouth.look().loudness.own, 32767);
    mouth.encode(new Float32Array(PACKET_SAMPLES).fill(-1e30));
    assert.equal(mouth.look().loudness.own, 32767);
});

/* -- the line in a word -- */

const figures = (more) => ({ speakers: 1, delayMs: 80, targetMs: 60, received: 0, concealedMs: 0, discarded: 0, late: 0, ...more });

/** Ten seconds of a line, looked at ten times a second. */
function lived(quality, from, perSecond) {
    let last;
    for (let i = 1; i <= 100; i++) {
        const s = i / 10;
        last = quality.add((from + s) * 1000, figures({ received: 50 * s, concealedMs: 0, ...perSecond(s) }));
    }
    return last;
}

test("a good line is good; what is made up or late makes it fair and poor", () => {
    assert.equal(lived(new LineQuality(), 0, () => ({})).line, "good");
    const line = (share, delayMs) => lived(new LineQuality(), 0, (s) => ({ concealedMs: share * s * 1000, delayMs })).line;
    assert.deepEqual([line(0.01, 80), line(0.04, 80), line(0.2, 80)], ["good", "fair", "poor"]);
    assert.deepEqual([line(0, 240), line(0, 300), line(0, 500)], ["good", "fair", "poor"]);
    const { concealed } = lived(new LineQuality(), 0, (s) => ({ concealedMs: 100 * s }));
    assert.ok(Math.abs(concealed - 0.1) < 0.001, `${concealed}`);
});

test("shares are of everybody who speaks, and of the last seconds only", () => {
    const two = lived(new LineQuality(), 0, (s) => ({ speakers: 2, concealedMs: 60 * s }));
    assert.ok(Math.abs(two.concealed - 0.03) < 0.001);
    const healed = new LineQuality();
    lived(healed, 0, (s) => ({ concealedMs: 300 * s }));
    const after = lived(healed, 10, (s) => ({ received: 500 + 50 * s, concealedMs: 3000 }));
    assert.deepEqual([after.line, after.concealed], ["good", 0]);
});

test("nothing that comes is a lost line, whatever is made up; nobody there is none", () => {
    const quality = new LineQuality();
    lived(quality, 0, () => ({}));
    assert.equal(quality.add(12000, figures({ received: 500 })).line, "good");
    assert.equal(quality.add(12600, figures({ received: 500 })).line, "lost");
    assert.equal(quality.add(12700, figures({ speakers: 0, received: 500 })).line, "none");
    assert.equal(quality.add(30000, figures({ received: 501 })).line, "good", "somebody new");
});

/* -- help in words -- */

const AGENTS = {
    "chrome desktop": ["Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36", 0],
    "chrome android": ["Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Mobile Safari/537.36", 5],
    "edge desktop": ["Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36 Edg/130.0.0.0", 0],
    "firefox desktop": ["Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:131.0) Gecko/20100101 Firefox/131.0", 0],
    "firefox android": ["Mozilla/5.0 (Android 14; Mobile; rv:131.0) Gecko/131.0 Firefox/131.0", 5],
    "safari mac": ["Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/605.1.15", 0],
    "safari ios": ["Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1", 5],
    "chrome ios": ["Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/130.0.0.0 Mobile/15E148 Safari/604.1", 5],
    "firefox ios": ["Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) FxiOS/131.0 Mobile/15E148 Safari/605.1.15", 5],
    "edge android": ["Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Mobile Safari/537.36 EdgA/130.0.0.0", 5],
};

test("browsers are told apart, and an iPad from a Mac", () => {
    for (const [name, [agent, touch]] of Object.entries(AGENTS)) {
        const { name: browser, system } = browserAt(agent, touch);
        assert.equal(`${browser} ${system}`, name);
    }
    assert.equal(browserAt(AGENTS["safari mac"][0], 5).system, "ios");
});

test("help is a sentence for each of them, and says what to touch", () => {
    const said = Object.values(AGENTS).map(([agent, touch]) => refused(browserAt(agent, touch)));
    for (const help of [...said, ...Object.values(others)]) assert.match(help, /^[A-Z].*\.$/s);
    for (const help of said) assert.match(help, /(Click|Tap|Choose|Open) .*[Mm]icrophone/s);
    assert.match(refused(browserAt(...AGENTS["chrome ios"])), /Settings, then Chrome/);
    assert.match(refused({ name: "chrome", system: "mac" }), /Privacy & Security/);
});
