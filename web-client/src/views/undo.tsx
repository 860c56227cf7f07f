/* The notice that says what one changed last, with the button that takes it back. */
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import type { Change, Member, SchemaField } from "../core/protocol.ts";
import { want } from "../state/effects.ts";
import { isRecordDoc } from "../state/tree.ts";
import { takeBack } from "../state/undo.ts";
import { w } from "../words.ts";
import type { ChartProps } from "./chart.tsx";
import { fieldWords, schemaOf } from "./names.ts";
import { Button, Buttons, nameOf, When } from "./parts.tsx";

const DAY_MS = 86_400_000;
const SHOWN_MAX = 160;

/** `always`: also what was changed longer ago than a day. Else it stays in sight below what one reads, which it never
 *  moves. */
export function UndoNotice({ chart, open, plain, always }: ChartProps & { always?: boolean }) {
    useEffect(() => want("undoable"), [chart.chart]);
    const around = useRef<HTMLElement>(null);
    const pressed = useRef(false);
    /* The button that was pressed may be gone: then what it did is where the focus goes. */
    useLayoutEffect(() => {
        if (pressed.current && document.activeElement === document.body)
            around.current?.focus();
    });
    if (open.undoable.state !== "here" || !chart.member || chart.stopped)
        return null;
    const members = open.members.state === "here" ? open.members.value : [];
    const recent = (one: Change | null) => (one && (always || Date.now() - one.time_ms < DAY_MS) ? one : null);
    const { error } = open.undoable.value;
    const undo = recent(open.undoable.value.undo), redo = recent(open.undoable.value.redo), passed = recent(open.undoable.value.passed);
    const press = (what: Change) => {
        pressed.current = true;
        void takeBack(chart.chart, what);
    };
    if (!undo && !redo && !passed)
        return null;
    return (
        <>
            {(redo || undo) && (
                <section class={`undo${always ? "" : " undo-near"}`} ref={around} tabIndex={-1} aria-label={w.undo.label}>
                    {redo && <p><strong>{w.undo.undone}</strong> {redo.what}</p>}
                    {undo && (
                        <p><strong>{(redo ? w.undo.before : w.undo.did)[undo.kind](undo)}</strong> {undo.what}, <When ms={undo.time_ms} /></p>
                    )}
                    {undo && error === "not-sent-yet" && <p>{w.undo.waits}</p>}
                    <Buttons>
                        {undo && error !== "not-sent-yet" && (
                            <Button kind={redo ? "other" : "main"} onClick={() => press(undo)}>
                                <span aria-hidden="true">↩ </span>{redo ? w.undo.button_before : w.undo.button}
                                <span class="usa-sr-only">: {undo.what}</span>
                            </Button>
                        )}
                        {redo && (
                            <Button kind="other" onClick={() => press(redo)}>
                                <span aria-hidden="true">↪ </span>{w.undo.again}<span class="usa-sr-only">: {redo.what}</span>
                            </Button>
                        )}
                    </Buttons>
                </section>
            )}
            <details class="folded undo-what">
                <summary>{undo ? w.undo.what_happens : passed ? w.undo.what_stays : w.undo.what_happened}</summary>
                {undo && <Fields of={undo} members={members} plain={plain} />}
                {passed && <p>{w.undo.stays(passed.what, whyWords(passed, members))}</p>}
                {!undo && !passed && <p>{w.undo.kept}</p>}
            </details>
        </>
    );
}

/* What it will say then, and what stays. */
function Fields({ of, members, plain }: { of: Change; members: Member[]; plain: boolean }) {
    if (of.kind !== "write")
        return <p>{of.kind === "propose" ? w.undo.withdrawn : of.accepted ? w.undo.accepted_back : w.undo.declined_back}</p>;
    const fields = isRecordDoc(of.doc) ? schemaOf(of.doc)?.fields ?? [] : [];
    const stays = of.fields.filter((one) => !one.goes);
    const shown = of.fields.map((one) => ({ one, field: fields.find((f) => f.name === one.field) }))
        .filter(({ one, field }) => one.goes && field && field.kind !== "position");
    return (
        <>
            {of.adds ? <p>{w.undo.taken_off}</p> : (
                <dl class="brief">
                    {shown.map(({ one, field }) => field && (
                        <div key={one.field}>
                            <dt>{of.fields.length > 1 ? w.undo.then_of(one.label) : w.undo.then}</dt>
                            <dd>{thenWords(one.then ?? "", field, plain)}</dd>
                        </div>
                    ))}
                </dl>
            )}
            {stays.map((one) => <p key={one.field}>{w.undo.stays(one.label, whyWords(one, members))}</p>)}
        </>
    );
}

function thenWords(value: string, field: SchemaField, plain: boolean): string {
    const words = value === "" ? w.field.cleared : fieldWords(value, field, plain);
    return words.length > SHOWN_MAX ? `${words.slice(0, SHOWN_MAX)}…` : words;
}

const whyWords = ({ why, by }: Pick<Change, "why" | "by">, members: Member[]): string =>
    why ? w.undo.why[why](by ? by.name || nameOf(by.account, members) : w.somebody) : "";
