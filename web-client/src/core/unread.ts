/**
 * Which messages a person has not had on the screen yet. How far they have looked is the Worker's own note,
 * kept beside the engine's state; it never leaves this device.
 */
import type { ChartSummary, Entry, Id, Told } from "./protocol.ts";

const AT_ONCE = 256;

export interface UnreadParts {
    /** the first `count` messages from this index on, ascending */
    messages(chart: Id, from: number, count: number): Promise<Entry[]>;
    note(chart: Id, size: number): Promise<void>;
}

export class Unread {
    /** indexes of unread messages, ascending; only of charts that were counted once */
    private readonly counted = new Map<Id, number[]>();

    constructor(
        private readonly parts: UnreadParts,
        private readonly seen: Map<Id, number>,
        private readonly self: () => Promise<Id>,
    ) {}

    /** Fills in `unread` of each. */
    async fill(charts: ChartSummary[]): Promise<void> {
        for (const chart of charts) chart.unread = (await this.of(chart.chart)).length;
    }

    /** Everything the engine tells passes here. */
    async told(told: Told): Promise<void> {
        if (told.event === "reopened") this.counted.delete(told.chart);
        if (told.event !== "entry") return;
        const unread = this.counted.get(told.chart);
        const last = unread?.[unread.length - 1] ?? -1;
        if (unread && told.index > last && isUnread(told, this.from(told.chart), await this.self()))
            unread.push(told.index);
    }

    /** This person has had the chart on the screen up to (not including) `size`. Whether that is news. */
    async see(chart: Id, size: number): Promise<boolean> {
        if (size <= this.from(chart)) return false;
        this.seen.set(chart, size);
        const unread = this.counted.get(chart);
        const left = unread?.filter((index) => index >= size);
        if (left) this.counted.set(chart, left);
        await this.parts.note(chart, size);
        return left?.length !== unread?.length;
    }

    private from(chart: Id): number {
        return this.seen.get(chart) ?? 0;
    }

    private async of(chart: Id): Promise<number[]> {
        const known = this.counted.get(chart);
        if (known) return known;
        const unread: number[] = [];
        this.counted.set(chart, unread); // what comes meanwhile is pushed behind
        const self = await this.self();
        const found: number[] = [];
        for (let from = this.from(chart), more = true; more; ) {
            const entries = await this.parts.messages(chart, from, AT_ONCE);
            for (const entry of entries) if (isUnread(entry, this.from(chart), self)) found.push(entry.index);
            from = (entries[entries.length - 1]?.index ?? 0) + 1;
            more = entries.length === AT_ONCE;
        }
        const last = found[found.length - 1] ?? -1;
        unread.splice(0, unread.length, ...found, ...unread.filter((index) => index > last));
        return unread;
    }
}

function isUnread(entry: Entry, from: number, self: Id): boolean {
    return entry.kind === "message" && entry.state === "open" && entry.index >= from && entry.account !== self;
}
