/* Taking back what one wrote, and making it stand again. */
import type { Change, Id } from "../core/protocol.ts";
import { w } from "../words.ts";
import { change } from "./change.ts";
import { failureOf } from "./core.ts";
import { ask, refresh } from "./effects.ts";
import { once } from "./invite.ts";
import { flushEdits } from "./typing.ts";

/** What is taken back is what was on the screen, or nothing. */
export const takeBack = (chart: Id, what: Change): Promise<void | null> => once(what.token, async () => {
    await flushEdits();
    try {
        await ask("undo", { chart, token: what.token });
        change({ do: "say", text: what.again ? w.undo.done_again(what.what) : w.undo.done(what.what) });
    } catch (thrown) {
        const failure = failureOf(thrown);
        if (failure.error === "not-up-to-date" || failure.error === "nothing-to-undo")
            change({ do: "say", text: w.undo.changed });
        else
            change({ do: "problem", failure, chart });
    }
    await refresh("undoable", "waiting", "charts");
});
