/*
 * The visit: the waiting room, the call's sound, the signal that repeats until somebody answers, and the way
 * back in when the page was loaded again.
 */
import { effect } from "@preact/signals";
import type { Id, Told } from "../core/protocol.ts";
import { change } from "./change.ts";
import { failureOf } from "./core.ts";
import { ask, refresh, sound } from "./effects.ts";
import { tree } from "./tree.ts";

export const RING_EVERY_MS = 6000;

async function tried(what: () => Promise<unknown>): Promise<boolean> {
    try {
        await what();
        await refresh("call", "charts");
        return true;
    } catch (thrown) {
        change({ do: "call-end", why: failureOf(thrown) });
        return false;
    }
}

/** The microphone opens before anybody waits for us, so that the browser's question is answered by then. */
export const openSound = (): Promise<boolean> => tried(() => sound().open());

/* The core knows whether we are muted, also where it lives in another tab and this page is new. */
async function carry(): Promise<void> {
    sound().mute((await ask("call", {})).muted);
    const port = await sound().carry();
    await ask("voice", { port }, [port]);
}

/* Without a microphone one still hears the others: that is better than no visit. */
async function openAndCarry(): Promise<void> {
    if (tree.sound.value.microphone !== "on")
        await sound().open().catch(() => undefined);
    await carry();
}

export const openVisit = (chart: Id): Promise<boolean> => {
    change({ do: "call-end", why: null });
    return tried(async () => {
        await openAndCarry();
        await ask("visit_open", { chart });
    });
};

/** A guest has one visit and names no chart. */
const isGuest = (): boolean => tree.home.value.state === "here" && tree.home.value.value.state === "guest";
const at = (chart: Id): { chart?: Id } => isGuest() ? {} : { chart };

export const knock = (chart: Id): Promise<boolean> => {
    change({ do: "call-end", why: null });
    return tried(async () => {
        await openAndCarry();
        await ask("knock", at(chart));
    });
};

export const chooseSound = (kind: "microphone" | "speaker", id: string): Promise<boolean> =>
    tried(() => sound().choose(kind, id));
export const testSound = (): Promise<boolean> => tried(() => sound().test());

function over(): void {
    keep(null);
    sound().close();
}

export const endVisit = (chart: Id): Promise<boolean> => tried(async () => {
    await ask("visit_end", { chart });
    over();
});

export const leave = (): Promise<boolean> => tried(async () => {
    await ask("leave", {});
    over();
});

export const admit = (device: Id, admitted: boolean): Promise<boolean> =>
    tried(() => ask("admit", { device, admitted }));

export const mute = (muted: boolean): Promise<boolean> => tried(async () => {
    /* Nothing is said aloud while others believe it muted. */
    if (muted) sound().mute(true);
    await ask("mute", { muted });
    sound().mute(muted);
});

export function callTold(told: Told): void {
    if (told.event === "visit-ended" || (told.event === "admitted" && !told.admitted) || told.event === "call-failed")
        over();
}

/* -- a page that is loaded again in mid-visit ---------------------------------------------------------- */

/** The visit that this tab is in, in its session's storage: gone with the tab, and of no other tab's business. */
const KEPT = "galen-visit";
type Kept = { chart: Id; visit: Id; muted: boolean };

/* Storage may be forbidden; then the person presses the button again. */
function keep(kept: Kept | null): void {
    try {
        if (kept)
            sessionStorage.setItem(KEPT, JSON.stringify(kept));
        else
            sessionStorage.removeItem(KEPT);
    } catch {
        /* as above */
    }
}

function keptBefore(): Kept | null {
    try {
        return JSON.parse(sessionStorage.getItem(KEPT) ?? "null") as Kept | null;
    } catch {
        return null;
    }
}

/* Who was muted stays so; and the browser is not made to ask about the microphone before somebody presses. */
async function goBack({ chart, muted }: Kept): Promise<void> {
    change({ do: "coming-back", on: true });
    await tried(async () => {
        await ask("mute", { muted });
        const inside = ask("knock", at(chart));
        if (await sound().allowed())
            await sound().open().catch(() => undefined);
        await carry();
        await inside;
    });
    change({ do: "coming-back", on: false });
}

/** The visit that is open where this tab was in one. */
function openIn({ chart }: Kept): Id | undefined {
    const home = tree.home.value, charts = tree.charts.value;
    if (home.state === "here" && home.value.guest)
        return home.value.guest.open ? home.value.guest.visit : undefined;
    return charts.state === "here" ? charts.value.find((one) => one.chart === chart)?.visit?.visit : undefined;
}

/** Keeps in which visit this tab is; was it in one before it was loaded, it goes back in when that is still open. */
export function stayInVisit(): void {
    let before = keptBefore();
    effect(() => {
        const call = tree.call.value, open = before ? openIn(before) : undefined;
        if (!call)
            return;
        if (call.state !== "none")
            return keep({ chart: call.chart, visit: call.visit, muted: call.muted });
        if (!before || !open)
            return;
        const kept = before;
        before = null;
        if (open === kept.visit)
            void goBack(kept);
        else
            keep(null);
    });
}

/* -- the waiting room's signal -------------------------------------------------------------------------- */

/** Somebody in the waiting room is heard again and again until they are let in or refused. */
export function ringWhileSomebodyWaits(): void {
    let timer = 0;
    effect(() => {
        const waits = (tree.call.value?.knocking.length ?? 0) > 0;
        if (waits && timer === 0) {
            sound().ring();
            timer = window.setInterval(() => sound().ring(), RING_EVERY_MS);
        } else if (!waits) {
            window.clearInterval(timer);
            timer = 0;
        }
    });
}
