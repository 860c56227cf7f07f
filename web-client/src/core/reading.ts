/** How far charts have been read, for those who wait longer than a second for it. */
import type { ChartSummary, Id, Told } from "./protocol.ts";

const PATIENT_MS = 1000;
const EVERY_MS = 250;

interface Progress {
    since: number;
    told: number;
    /** entries that there are, as last heard */
    of: number;
    asking: boolean;
}

export class Reading {
    private readonly charts = new Map<Id, Progress>();

    constructor(
        private readonly ask: () => Promise<Pick<ChartSummary, "chart" | "server_entries">[]>,
        private readonly tell: (told: Told) => void,
    ) {}

    /** Everything the engine tells passes here, with the time. */
    told(told: Told, now: number): void {
        if (told.event === "current") this.charts.delete(told.chart);
        if (told.event === "offline" && told.line === "log") this.charts.clear();
        if (told.event === "entry") this.read(told.chart, told.index + 1, now);
    }

    private read(chart: Id, done: number, now: number): void {
        const progress = this.charts.get(chart) ?? { since: now, told: 0, of: 0, asking: false };
        this.charts.set(chart, progress);
        if (now - progress.since < PATIENT_MS || now - progress.told < EVERY_MS) return;
        if (done < progress.of) {
            progress.told = now;
            this.tell({ event: "reading", chart, done, of: progress.of });
        } else if (!progress.asking) {
            progress.asking = true;
            this.ask().then(
                (charts) => {
                    progress.asking = false;
                    progress.of = charts.find((c) => c.chart === chart)?.server_entries ?? 0;
                    if (done >= progress.of) this.charts.delete(chart); // it was read while nobody looked
                },
                () => this.charts.delete(chart),
            );
        }
    }
}
