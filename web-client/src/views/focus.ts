/*
 * The focus of those who use the keyboard or hear the screen read. When what has it goes from the screen, as a button
 * does that has done its work, the focus moves to the nearest heading above that is still there, instead of to nowhere.
 */

const HEADINGS = "h1, h2, h3, .visit-title";
/** A new screen takes the focus itself; this is for when nobody has. */
const PATIENCE_MS = 100;

const headings = (): HTMLElement[] => [...document.querySelectorAll<HTMLElement>(HEADINGS)];

/** From the nearest one upwards. */
const above = (element: Element): HTMLElement[] => headings()
    .filter((one) => one.compareDocumentPosition(element) & Node.DOCUMENT_POSITION_FOLLOWING)
    .reverse();

export function keepFocus(): void {
    let has: Element | null = null, around: HTMLElement[] = [];
    const comeBack = (to: HTMLElement[]): void => {
        if (document.activeElement !== document.body)
            return;
        const heading = to.find((one) => one.isConnected) ?? headings()[0];
        if (heading && !heading.hasAttribute("tabindex"))
            heading.tabIndex = -1;
        heading?.focus();
    };
    document.addEventListener("focusin", ({ target }) => {
        has = target instanceof Element ? target : null;
        around = has ? above(has) : [];
    });
    new MutationObserver(() => {
        if (!has || has.isConnected)
            return;
        const to = around;
        has = null;
        setTimeout(() => comeBack(to), PATIENCE_MS);
    }).observe(document.body, { subtree: true, childList: true });
}
