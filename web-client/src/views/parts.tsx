/* What all screens are made of. */
import type { ComponentChildren } from "preact";
import { useEffect, useId, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { ChartSummary, Failure, Id, Member, RecordView } from "../core/protocol.ts";
import { cameBack } from "../state/effects.ts";
import { isStaff, type Mark } from "../state/marks.ts";
import { tree, type Part } from "../state/tree.ts";
import { helpFor, w } from "../words.ts";
import { comeTo, focusOn } from "./focus.ts";

/** The screen's one first heading. With a new screen the focus comes to it, or to where what is new begins. */
export function Title({ children, of, place = of }: { children: ComponentChildren; of: string; place?: string }) {
    const heading = useRef<HTMLHeadingElement>(null);
    useLayoutEffect(() => { // at once: later, what had the focus is gone, and nothing is known of it
        if (heading.current)
            comeTo(place, heading.current, cameBack);
    }, [of]);
    return <h1 ref={heading} tabIndex={-1} class="title">{children}</h1>;
}

/** The first stop before what is on many screens: past it. */
export function SkipLink({ to, children }: { to: string; children: ComponentChildren }) {
    return (
        <a class="usa-skipnav" href={`#${to}`} onClick={(event) => {
            event.preventDefault();
            document.getElementById(to)?.focus();
        }}>{children}</a>
    );
}

/** To each part of a long screen, and to the bar of the visit that is above it. */
export function Ways({ title }: { title: string }) {
    const around = useRef<HTMLDetailsElement>(null);
    const [parts, setParts] = useState<HTMLElement[]>([]);
    return (
        <details class="folded ways-in" ref={around} onToggle={() => setParts([
            ...document.querySelectorAll<HTMLElement>(".visit-bar .visit-title"),
            ...around.current?.parentElement?.querySelectorAll<HTMLElement>("section > h3") ?? [],
        ])}>
            <summary>{title}</summary>
            <ul class="choices">
                {parts.map((heading) => (
                    <li key={heading.textContent}>
                        <Button kind="other" onClick={() => {
                            around.current?.removeAttribute("open");
                            focusOn(heading);
                            heading.scrollIntoView();
                        }}>{heading.textContent}</Button>
                    </li>
                ))}
            </ul>
        </details>
    );
}

/** From the end of a long screen to where it begins. */
export function ToTop() {
    return (
        <button type="button" class="usa-button quiet to-top" onClick={() => document.querySelector<HTMLElement>("[data-begin]")?.focus()}>
            ↑ {w.to_top}
        </button>
    );
}

type ButtonProps = {
    kind?: "main" | "other" | "danger" | "quiet";
    big?: boolean;
    id?: string;
    onClick?: () => void;
    children: ComponentChildren;
    type?: "button" | "submit";
};

const buttonClass = { main: "", other: " usa-button--outline", danger: " usa-button--secondary", quiet: " quiet" };

export function Button({ kind = "main", big, onClick, children, type = "button", id }: ButtonProps) {
    return (
        <button type={type} class={`usa-button${buttonClass[kind]}${big ? " usa-button--big" : ""}`}
            {...(onClick ? { onClick } : {})} {...(id ? { id } : {})}>
            {children}
        </button>
    );
}

/** Buttons beside each other, or below each other where there is no room. */
export function Buttons({ children }: { children: ComponentChildren }) {
    return <div class="buttons">{children}</div>;
}

type AlertProps = {
    kind: "info" | "success" | "warning" | "error";
    title?: string;
    children?: ComponentChildren;
    /** said by screen readers when it appears; "now": in the middle of what they say */
    live?: boolean | "now";
};

export function Alert({ kind, title, children, live }: AlertProps) {
    const role = live ? { role: kind === "error" || live === "now" ? "alert" as const : "status" as const } : {};
    return (
        <div class={`usa-alert usa-alert--${kind}`} {...role}>
            <div class="usa-alert__body">
                <p class="usa-alert__heading"><span class="kind">{w.alert[kind]}</span> {title}</p>
                {children}
            </div>
        </div>
    );
}

export function Loading({ text = w.loading }: { text?: string }) {
    return <p class="loading" role="status"><span class="dots" aria-hidden="true" />{text}</p>;
}

/** Waiting that takes longer is shown how far it has got. */
const PATIENT_MS = 1000;

/** How much of the charts has been read, once that takes over a second; `wait` stands there until then. */
export function Reading({ charts, wait }: { charts: ChartSummary[]; wait?: ComponentChildren }) {
    const id = useId();
    const [late, setLate] = useState(false);
    const read = charts.filter((chart) => !chart.stopped && chart.withheld === undefined);
    const total = (of: (chart: ChartSummary) => number) => read.reduce((sum, chart) => sum + of(chart), 0);
    const done = total((chart) => chart.entries), of = total((chart) => chart.server_entries);
    const waits = wait !== undefined || done < of;
    useEffect(() => {
        setLate(false);
        if (!waits)
            return undefined;
        const timer = setTimeout(() => setLate(true), PATIENT_MS);
        return () => clearTimeout(timer);
    }, [waits]);
    if (!late || done >= of)
        return <>{wait}</>;
    return (
        <div class="reading">
            <p role="status">{w.reading}</p>
            <label for={id}>{w.read_so_far(done, of)}</label>
            <progress id={id} max={of} value={done} />
        </div>
    );
}

/** What was only to be read is not here: nothing was done that could be looked for. */
export function Failed({ failure, again }: { failure: Failure; again?: () => void }) {
    return (
        <Alert kind={failure.error === "offline" ? "warning" : "error"} title={w.did_not_work} live>
            <p class="usa-alert__text">{failure.error === "no-answer" ? w.not_opened : helpFor(failure)}</p>
            {again && <Buttons><Button kind="other" onClick={again}>{w.try_again}</Button></Buttons>}
        </Alert>
    );
}

/** A part of the tree: what it is like while it is not here. */
export function Of<T>({ part, again, loading, children }: {
    part: Part<T>; again?: () => void; loading?: string; children: (value: T) => ComponentChildren;
}) {
    if (part.state === "loading")
        return <Loading {...(loading ? { text: loading } : {})} />;
    if (part.state === "failed")
        return <Failed failure={part.failure} {...(again ? { again } : {})} />;
    return <>{children(part.value)}</>;
}

/** Nothing here yet, and what to do about it. */
export function Empty({ children }: { children: ComponentChildren }) {
    return <div class="empty">{children}</div>;
}

export function When({ ms }: { ms: number }) {
    return <time dateTime={new Date(ms).toISOString()}>{w.when(ms)}</time>;
}

/** This person's account. */
export const me = (): Id => (tree.home.value.state === "here" ? tree.home.value.value.account : "");

export const nameOf = (account: Id, members: Member[]): string => {
    const member = members.find((m) => m.account === account);
    return account === me() ? w.you : member?.name || w.person("", member?.role ?? "");
};

const markSign = { device: "○", held: "‖", server: "◐", theirs: "●", here: "●" };

/** How many of a record's suggestions wait behind those that are shown. */
export function Later({ record }: { record: RecordView }) {
    const later = record.proposals.filter((p) => p.later).length;
    return later > 0 ? <p>{w.proposal.later(later)}</p> : null;
}

/** On this device → with the server → verified on theirs: always in words. */
export function MarkView({ mark, members }: { mark: Mark; members: Member[] }) {
    const home = tree.home.value;
    /* Nothing is shown that was not verified here; that is worth a line to staff only. */
    if (mark.at === "here" && home.state === "here" && !isStaff(home.value.role))
        return null;
    const text = mark.at === "theirs"
        ? w.mark.theirs(mark.accounts.map((account) => nameOf(account, members)))
        : w.mark[mark.at];
    return (
        <span class={`mark mark-${mark.at}`}>
            <span aria-hidden="true">{markSign[mark.at]} </span>{text}
        </span>
    );
}

export function Tag({ kind, children }: { kind: "attention" | "plain" | "good"; children: ComponentChildren }) {
    return <span class={`usa-tag tag-${kind}`}>{children}</span>;
}

/** A native dialog: the browser keeps the focus inside. It goes back to what opened it, if that is still there. */
export function Dialog({ title, onClose, children }: {
    title: string; onClose: () => void; children: ComponentChildren;
}) {
    const dialog = useRef<HTMLDialogElement>(null);
    const id = useId();
    useEffect(() => {
        const opener = document.activeElement;
        dialog.current?.showModal();
        return () => void setTimeout(() => {
            if (document.activeElement === document.body && opener instanceof HTMLElement)
                opener.focus();
        });
    }, []);
    return (
        <dialog ref={dialog} aria-labelledby={id} onCancel={(event) => { event.preventDefault(); onClose(); }}>
            <h2 id={id}>{title}</h2>
            {children}
        </dialog>
    );
}

/** Level in words for those who hear it read, as a bar for those who see it. */
export function Meter({ label, level }: { label: string; level: number }) {
    const id = useId();
    return (
        <div class="meter">
            <label for={id}>{label}</label>
            <meter id={id} min={0} max={1} value={level}>{w.level(level)}</meter>
        </div>
    );
}

export function Field({ label, hint, error, children, id }: {
    label: string; hint?: string; error?: string; id: string; children: ComponentChildren;
}) {
    return (
        <div class={`usa-form-group${error ? " usa-form-group--error" : ""}`}>
            <label class="usa-label" for={id}>{label}</label>
            {hint && <span class="usa-hint" id={`${id}-hint`}>{hint}</span>}
            {error && <span class="usa-error-message" id={`${id}-error`}>{error}</span>}
            {children}
        </div>
    );
}
