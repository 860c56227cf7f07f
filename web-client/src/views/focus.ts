/*
 * The focus of those who use the keyboard or hear the screen read. When what has it goes from the screen, as a button
 * does that has done its work, the focus moves to the nearest heading above that is still there, instead of to nowhere.
 * A screen that comes has it where it begins; one that comes back, where it was left.
 */

const HEADINGS = "h1, h2, h3, h4, .visit-title";
/** A new screen takes the focus itself; this is for when nobody has. */
const PATIENCE_MS = 100;

const headings = (): HTMLElement[] => [...document.querySelectorAll<HTMLElement>(HEADINGS)].filter((one) => one.checkVisibility());

/** From the nearest one upwards. */
const above = (element: Element): HTMLElement[] => headings()
    .filter((one) => one.compareDocumentPosition(element) & Node.DOCUMENT_POSITION_FOLLOWING)
    .reverse();

/** A count at the end changes while one is away. */
const words = (element: Element): string => (element.textContent ?? "").replace(/\s*\d+$/, "");

/** On this screen, and on those that were left: the words of what had the focus, then of the headings above it. */
let had: string[] = [];
const left = new Map<string, string[]>();
let screen = "";
/** A page that was just loaded begins at its top: the focus is moved only after somebody did something. */
let touched = false;

function find([own, ...over]: string[]): HTMLElement | undefined {
    const same = [...document.querySelectorAll<HTMLElement>("main button, main summary")]
        .filter((one) => one.checkVisibility() && own !== "" && words(one) === own);
    const near = same.find((one) => above(one).some((heading, i) => i === 0 && words(heading) === over[0]));
    return near ?? same[0] ?? over.map((text) => headings().find((one) => words(one) === text)).find((one) => one);
}

export function focusOn(heading: HTMLElement, options?: FocusOptions): void {
    if (heading.matches(HEADINGS))
        heading.tabIndex = -1;
    heading.focus(options);
}

/** The screen of that name has come; `back`: again. */
export function comeTo(name: string, title: HTMLElement, back: boolean): void {
    if (screen !== "")
        left.set(screen, had);
    screen = name;
    if (!touched)
        return;
    const was = back ? find(left.get(name) ?? []) : undefined;
    const begin = was ?? document.querySelector<HTMLElement>("[data-begin]");
    focusOn(begin ?? title, { preventScroll: !begin });
    was?.scrollIntoView({ block: "center" });
}

export function keepFocus(): void {
    let has: Element | null = null, around: HTMLElement[] = [], front: (HTMLElement | null)[] = [], keys = false;
    /** What stands in front of the screen does not hide where somebody is. A mouse has nothing moved below it. */
    const reveal = (): void => {
        if (keys && has instanceof HTMLElement && has.tabIndex >= 0)
            has.scrollIntoView({ block: "nearest" });
    };
    const measure = (): void => {
        const room = (at: number): string =>
            front[at] && getComputedStyle(front[at]).position === "sticky" ? `${front[at].offsetHeight + 8}px` : "";
        document.documentElement.style.scrollPaddingBlock = `${room(0) || "auto"} ${room(1) || "auto"}`;
        reveal();
    };
    const grows = new ResizeObserver(measure);
    addEventListener("resize", measure);
    const comeBack = (to: HTMLElement[]): void => {
        if (document.activeElement !== document.body)
            return;
        const heading = to.find((one) => one.isConnected) ?? headings()[0];
        if (heading)
            focusOn(heading);
    };
    for (const [event, by] of [["keydown", true], ["pointerdown", false]] as const)
        addEventListener(event, () => {
            keys = by;
            touched = true;
        }, { capture: true });
    document.addEventListener("focusin", ({ target }) => {
        has = target instanceof Element ? target : null;
        around = has ? above(has) : [];
        if (has)
            had = [has, ...around].map(words);
        reveal(); // the browser is content when the caret is in sight
    });
    new MutationObserver(() => {
        const now = [".visit-bar", ".undo-near"].map((one) => document.querySelector<HTMLElement>(one));
        if (now.some((one, i) => one !== front[i])) {
            front = now;
            grows.disconnect();
            for (const one of now)
                if (one)
                    grows.observe(one);
            measure();
        }
        if (!has || has.isConnected)
            return;
        const to = around;
        has = null;
        setTimeout(() => comeBack(to), PATIENCE_MS);
    }).observe(document.body, { subtree: true, childList: true });
}
