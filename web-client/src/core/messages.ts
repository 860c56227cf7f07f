/** What the page and its Worker post to each other: the contract of protocol.ts in envelopes. */
import type { Answered, Asked, Told } from "./protocol.ts";

export type ToWorker =
    /** the first message; `hadHome`: this browser has had a home (kept outside IndexedDB) */
    | { kind: "start"; hadHome: boolean; persistent: boolean }
    /** comes once, when it is compiled */
    | { kind: "module"; module: WebAssembly.Module }
    | { kind: "ask"; asked: Asked }
    /** the tab is looked at again, or the network is back */
    | { kind: "awake" }
    /** another tab found out, or the browser decided */
    | { kind: "had-home"; hadHome: boolean }
    | { kind: "persistent"; persistent: boolean };

export type FromWorker =
    | { kind: "alive" }
    | { kind: "answered"; answered: Answered }
    | { kind: "told"; told: Told[] }
    /** a home is kept here from now on */
    | { kind: "home-kept" };
