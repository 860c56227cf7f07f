/** How far a chart has been read, for those who wait longer than a second for it. */
import type { Id, Told } from "./protocol.ts";

/* The head of an `entries` frame (PROTOCOL.md, "Frames"): type, chart, first, size. */
const FRAME_ENTRIES = 17;
const FIRST_AT = 33;
const SIZE_AT = 41;
const HEAD_BYTES = 49;

const PATIENT_MS = 1000;
const EVERY_MS = 250;

interface Progress {
    since: number;
    told: number;
}

export class Reading {
    private readonly charts = new Map<Id, Progress>();

    /** The engine took this frame of the log. What to tell, if anything. */
    took(frame: Uint8Array, now: number): Told | undefined {
        if (frame[0] !== FRAME_ENTRIES || frame.length < HEAD_BYTES) return undefined;
        const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
        const chart = Array.from(frame.subarray(1, FIRST_AT), (b) => b.toString(16).padStart(2, "0")).join("");
        const done = Number(view.getBigUint64(FIRST_AT));
        const of = Number(view.getBigUint64(SIZE_AT));
        let progress = this.charts.get(chart);
        if (!progress) this.charts.set(chart, (progress = { since: now, told: now + PATIENT_MS - EVERY_MS }));
        if (done >= of || now - progress.told < EVERY_MS) return undefined;
        progress.told = now;
        return { event: "reading", chart, done, of };
    }

    /** The chart has been read up to its end, or the line is gone. */
    ended(chart?: Id): void {
        if (chart === undefined) this.charts.clear();
        else this.charts.delete(chart);
    }
}
