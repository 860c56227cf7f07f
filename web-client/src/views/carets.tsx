/*
 * Where others are in a text: the same text lies over the control, unseen, with a mark at each place, so that it wraps
 * and grows as the control's does.
 */
import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import type { Typing } from "../state/tree.ts";
import { pointsIn, through, unitsOf } from "../state/typing.ts";

/** A mark, in the control's own units. */
interface Caret {
    name: string;
    from: number;
    to: number;
    at: number;
}

/** What stands in the control was made of `was`, which the core's text `behind` may have left by now. */
export interface Stands {
    value: string;
    was: string;
    behind: string;
}

/** Those that are of another text than `behind` stay where they were until that comes. */
function useCarets(list: Typing[], nameOf: (one: Typing) => string, stands: Stands): Caret[] {
    const last = useRef<{ value: string; at: Map<string, [number, number]> }>({ value: "", at: new Map() });
    const { value, was, behind } = stands, points = list.length ? pointsIn(behind, behind.length) : 0;
    const at = new Map<string, [number, number]>();
    for (const { device, caret, end, ...one } of list) {
        const before = last.current.at.get(device);
        const place = (p: number): number => through(was, value, through(behind, was, unitsOf(behind, p)));
        if (caret !== undefined && end !== undefined && one.points === points)
            at.set(device, [place(caret), place(end)]);
        else if (before)
            at.set(device, [through(last.current.value, value, before[0]), through(last.current.value, value, before[1])]);
    }
    last.current = { value, at };
    return list.flatMap((one) => {
        const place = at.get(one.device);
        return place ? [{ name: nameOf(one), at: place[0], from: Math.min(...place), to: Math.max(...place) }] : [];
    });
}

/** As a flag: above its line, or below the first; to the side that has room. */
function turn(mark: HTMLElement, within: HTMLElement): void {
    const flag = mark.lastElementChild as HTMLElement;
    mark.classList.toggle("below", mark.offsetTop - within.scrollTop < flag.offsetHeight);
    mark.classList.toggle("leftward", mark.offsetLeft + flag.offsetWidth > within.clientWidth);
}

export function Carets({ list, nameOf, control, stands }: {
    list: Typing[]; nameOf: (one: Typing) => string; control: { current: HTMLTextAreaElement | null }; stands: Stands;
}) {
    const carets = useCarets(list, nameOf, stands), layer = useRef<HTMLDivElement>(null), shown = carets.length > 0;
    /* The control may have a bar to scroll by, has been scrolled, or was made larger. */
    const follow = (): void => {
        const element = control.current, over = layer.current;
        if (!element || !over)
            return;
        over.style.width = `${element.clientWidth + element.clientLeft * 2}px`;
        over.style.height = `${element.offsetHeight}px`;
        over.scrollTop = element.scrollTop;
        for (const mark of over.querySelectorAll<HTMLElement>(".caret"))
            turn(mark, over);
    };
    useLayoutEffect(() => {
        const element = control.current;
        if (!element || !shown)
            return undefined;
        const sizes = new ResizeObserver(follow);
        sizes.observe(element);
        element.addEventListener("scroll", follow);
        return () => { sizes.disconnect(); element.removeEventListener("scroll", follow); };
    }, [shown]);
    useLayoutEffect(follow);
    if (!shown)
        return null;
    const pieces: ComponentChildren[] = [];
    const cuts = [...new Set(carets.flatMap(({ from, to }) => [from, to]))].sort((a, b) => a - b);
    cuts.forEach((cut, i) => {
        const before = cuts[i - 1] ?? 0, text = stands.value.slice(before, cut);
        const one = carets.findIndex(({ from, to }) => from <= before && to >= cut && from < to);
        pieces.push(one < 0 || i === 0 ? text : <span class={`chosen who-${one % 4}`}>{text}</span>);
        carets.forEach(({ name, at }, n) => {
            if (at === cut)
                pieces.push(<span key={n} class={`caret who-${n % 4}`}><span class="caret-name">{name}</span></span>);
        });
    });
    return <div ref={layer} class="usa-textarea carets" aria-hidden="true">{pieces}{stands.value.slice(cuts.at(-1))}{"\u200b"}</div>;
}
