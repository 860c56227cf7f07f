import { render } from "preact";
import type { Core } from "./state/core.ts";
import { start } from "./state/effects.ts";
import type { Sound } from "./audio/sound.ts";
import { App } from "./views/app.tsx";
import { keepFocus } from "./views/focus.ts";
import { keepStraight } from "./views/turns.ts";

/** The page, on a core and a sound part: those of the browser, or scripted ones in tests. */
export function begin(core: Core, sound: Sound): void {
    start(core, sound);
    keepFocus();
    keepStraight();
    render(<App />, document.getElementById("app") as HTMLElement);
}
