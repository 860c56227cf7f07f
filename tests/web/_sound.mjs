/** What tests of sound stand on: somebody who speaks, a recorder for the page, and `voice-tool`, which compares. */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { setPriority } from "node:os";
import { join } from "node:path";
import { top } from "./_load.mjs";

const TOOL = join(process.env.GALEN_BUILD ?? join(top, "build/release"), "e2e/voice-tool");
const CHUNK = 4096;
/** Two inputs, said and heard; `at` and `unix`: the sound's clock (s) and Unix time (ms) when the chunk began. */
const RECORDER = `registerProcessor("recorder", class extends AudioWorkletProcessor {
    said = new Float32Array(${CHUNK}); heard = new Float32Array(${CHUNK}); have = 0;
    process([said, heard]) {
        if (this.have === 0) {
            this.at = currentTime;
            this.unix = Date.now();
        }
        this.said.fill(0, this.have, this.have + 128); this.heard.fill(0, this.have, this.have + 128);
        if (said[0]) this.said.set(said[0], this.have);
        if (heard[0]) this.heard.set(heard[0], this.have);
        this.have += 128;
        if (this.have === ${CHUNK}) {
            this.port.postMessage({ at: this.at, unix: this.unix, said: this.said.slice(), heard: this.heard.slice() });
            this.have = 0;
        }
        return true;
    }
});`;

export const PHARMACIST = `Good morning, this is your pharmacist speaking. Today we go through all of your medicines together.
 Please bring every box and bottle to the table, also what you bought without a prescription. Let us begin with
 metformin. How many tablets do you take, and at what time of the day? Have you ever left one out, because you felt
 dizzy, or because your stomach was upset?`;
export const PATIENT = `Hello, I can hear you well. My boxes are all here in front of me, eleven of them. The white ones I take with
 breakfast and again with supper, except on Sundays, when my daughter visits and we eat late. Sometimes my hands shake
 a little in the afternoon, but that goes away after some juice. Could you please look that up for me?`;

/** Why sound cannot be compared here; undefined: it can. */
export function missingSound() {
    if (!existsSync(TOOL)) return `${TOOL} is not built`;
    try {
        execFileSync("espeak-ng", ["--version"], { stdio: "ignore" });
    } catch {
        return "there is no espeak-ng";
    }
    return undefined;
}

/** Voice is measured against the clock: other work on this machine is to wait, where we may ask for that. */
export function goFirst() {
    try {
        setPriority(-10);
    } catch {
        /* then it has to do as it is */
    }
}

export const tool = (...words) => JSON.parse(execFileSync(TOOL, words.map(String), { encoding: "utf8" }) || "{}");

/** A WAV file of 48 kHz in which somebody says the words. */
export function speak(folder, name, voice, words) {
    const spoken = join(folder, `${name}.espeak.wav`), path = join(folder, `${name}.wav`);
    execFileSync("espeak-ng", ["-v", voice, "-s", "165", "-w", spoken, words]);
    tool("resample", spoken, path);
    return path;
}

/** The recorder as one more file of the build, which the page may load under its policy. */
export function addRecorder(web) {
    const path = join(web, "manifest.json");
    const manifest = JSON.parse(readFileSync(path, "utf8"));
    manifest["recorder.js"] = createHash("sha256").update(RECORDER).digest("base64");
    writeFileSync(join(web, "recorder.js"), RECORDER);
    writeFileSync(path, JSON.stringify(manifest));
    for (const form of [".br", ".gz"]) rmSync(path + form, { force: true }); // of the manifest before
}

/** Writes samples, floats in base64, as a WAV file. */
export function wav(path, rate, base64) {
    const floats = new Float32Array(new Uint8Array(Buffer.from(base64, "base64")).buffer);
    const bytes = Buffer.alloc(44 + 2 * floats.length);
    bytes.write("RIFF", 0);
    bytes.writeUInt32LE(36 + 2 * floats.length, 4);
    bytes.write("WAVEfmt ", 8);
    [16, 0x10001, rate, 2 * rate, 0x100002].forEach((v, i) => bytes.writeUInt32LE(v, 16 + 4 * i));
    bytes.write("data", 36);
    bytes.writeUInt32LE(2 * floats.length, 40);
    floats.forEach((v, i) => bytes.writeInt16LE(Math.round(Math.max(-1, Math.min(1, v)) * 32767), 44 + 2 * i));
    writeFileSync(path, bytes);
    return path;
}

const middle = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];

/**
 * A recording on the world's clock. The sound's own clock stands still where the machine does not get round to it, so
 * each chunk has its own Unix time; a chunk alone may be late, so it is the middle of its neighbours that counts.
 */
export function onClock(path, rate, clock) {
    const chunkMs = (1000 * CHUNK) / rate;
    const offsets = clock.map((unix, i) => unix - i * chunkMs);
    const near = offsets.map((_, i) => middle(offsets.slice(Math.max(0, i - 2), i + 3)));
    const unix = (ms) => ms + near[Math.min(near.length - 1, Math.max(0, Math.floor(ms / chunkMs)))];
    return { path, unix, begun: unix(0), ended: unix(clock.length * chunkMs) };
}
/** A file that began at this time and ran evenly. */
export const evenly = (path, begun) => ({ path, begun, unix: (ms) => begun + ms, ended: Infinity });

const SETTLED_MS = 3000; // to begin a recording disturbs the sound itself
const LATEST_MS = 1500;

/** Each second that was said while it was heard and recorded: how like it is, and how late. */
export function compare(said, heard) {
    const ahead = said.begun - heard.begun;
    const { seconds } = tool("compare", said.path, heard.path, ahead - 100, ahead + LATEST_MS);
    const found = seconds
        .map(({ at, likeness, delay_ms }) => {
            const saidAt = said.unix(1000 * at);
            return { saidAt, like: likeness, late: heard.unix(1000 * at + delay_ms) - saidAt };
        })
        .filter((s) => s.like > -1 && s.saidAt >= heard.begun + SETTLED_MS && s.saidAt <= heard.ended - 2000);
    const like = found.map((s) => s.like).sort((a, b) => a - b), late = found.map((s) => s.late).sort((a, b) => a - b);
    const round = (v, to) => Math.round(v * to) / to;
    return {
        seconds: found.length, median: round(middle(like), 1000), least: round(like[0], 1000),
        delay: Math.round(middle(late)), p95: Math.round(late[Math.min(late.length - 1, Math.floor(late.length * 0.95))]),
    };
}
