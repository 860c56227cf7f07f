/*
 * What embeds, overrides or isolates a direction of writing is in no text of a chart (PROTOCOL.md, "Verdicts"): a dose must
 * read as it is written. It comes along unseen with what is pasted, and is taken out before any screen's code sees it.
 */

const TURNS = /[\u202a-\u202e\u2066-\u2069]/g;

export function keepStraight(): void {
    document.addEventListener("input", ({ target }) => {
        if (!(target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement))
            return;
        const { value, selectionEnd } = target, straight = value.replace(TURNS, "");
        if (straight === value)
            return;
        target.value = straight;
        if (selectionEnd !== null) {
            const caret = value.slice(0, selectionEnd).replace(TURNS, "").length;
            target.setSelectionRange(caret, caret);
        }
    }, true);
}
