/* The visit: the waiting room, the call's sound, and the signal that repeats until somebody answers. */
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

export const knock = (chart: Id): Promise<boolean> => {
    change({ do: "call-end", why: null });
    return tried(async () => {
        await openAndCarry();
        await ask("knock", { chart });
    });
};

export const chooseSound = (kind: "microphone" | "speaker", id: string): Promise<boolean> =>
    tried(() => sound().choose(kind, id));
export const testSound = (): Promise<boolean> => tried(() => sound().test());

export const endVisit = (chart: Id): Promise<boolean> => tried(async () => {
    await ask("visit_end", { chart });
    sound().close();
});

export const leave = (): Promise<boolean> => tried(async () => {
    await ask("leave", {});
    sound().close();
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
        sound().close();
}

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
