/** How good the line is, in a word, from what the playout had to make up and how late it plays. */
import type { LineFigures } from "./talk.ts";

export type Line = "none" | "good" | "fair" | "poor" | "lost";

export interface LineNow {
    line: Line;
    /** of what was heard lately, 0 to 1 */
    concealed: number;
    delayMs: number;
}

const WINDOW_MS = 4000;
/** Nothing came for so long: the line is lost, whatever the playout makes up. */
const LOST_MS = 2500;
const FAIR = { concealed: 0.02, delayMs: 250 };
const POOR = { concealed: 0.08, delayMs: 400 };

export class LineQuality {
    private past: { at: number; figures: LineFigures }[] = [];
    private cameAt = 0;

    /** `now`: ms of any clock that goes forward. */
    add(now: number, figures: LineFigures): LineNow {
        const last = this.past.at(-1)?.figures;
        if (!last || figures.received !== last.received || figures.speakers > last.speakers) this.cameAt = now;
        /* who came or went changes what a share is of */
        if (last && last.speakers !== figures.speakers) this.past = [];
        this.past.push({ at: now, figures });
        while (this.past.length > 1 && now - this.past[0]!.at > WINDOW_MS) this.past.shift();
        const first = this.past[0]!;
        const heardMs = (now - first.at) * figures.speakers;
        const madeUp = figures.concealedMs - first.figures.concealedMs;
        const concealed = heardMs > 0 ? Math.min(1, madeUp / heardMs) : 0;
        return { line: this.word(now, figures, concealed), concealed, delayMs: figures.delayMs };
    }

    private word(now: number, figures: LineFigures, concealed: number): Line {
        if (figures.speakers === 0) return "none";
        if (now - this.cameAt >= LOST_MS) return "lost";
        const beyond = (limit: typeof FAIR): boolean =>
            concealed > limit.concealed || figures.delayMs > limit.delayMs;
        return beyond(POOR) ? "poor" : beyond(FAIR) ? "fair" : "good";
    }
}
