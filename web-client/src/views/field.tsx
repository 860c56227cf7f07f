/*
 * One field of a record: its value with who and when, what others type in it now, a conflict, and the
 * control that changes it. While somebody is in a text field nothing is put into it but what they type.
 */
import { useId, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { ComponentChildren } from "preact";
import type { Earlier, FieldView, Member, Merged, Said, SchemaField } from "../core/protocol.ts";
import { ask } from "../state/effects.ts";
import { here } from "../state/flow.ts";
import { writeFields } from "../state/invite.ts";
import { markOf } from "../state/marks.ts";
import { editKey, isRecordDoc, tree, type RecordDoc, type Typing } from "../state/tree.ts";
import { drop, isAt, left, mergeIn, moved, pointsIn, typed, waitingValue, write, type Ending, type Place } from "../state/typing.ts";
import {
    emptyRegimen, linkTo, linked, localTime, printDate, printRegimen, readDate, readRegimen, readSet, regimenParts, timeOf, timeText, valueKey,
    type DateParts, type Regimen,
} from "../state/values.ts";
import { w } from "../words.ts";
import { Carets } from "./carets.tsx";
import { isAhead } from "./layouts.ts";
import { fieldWords, labelOf, recordName, schemaOf } from "./names.ts";
import { ShowThen } from "./then.tsx";
import { Alert, Button, Buttons, MarkView, me, nameOf, When } from "./parts.tsx";
import { WritingHints } from "./writing.tsx";

export interface FieldProps {
    chart: string;
    doc: RecordDoc;
    /** "new": not there yet; the form as a whole is sent */
    record: string;
    field: SchemaField;
    view: FieldView | undefined;
    members: Member[];
    plain: boolean;
    /** all choices are in sight */
    radios?: boolean;
}

const placeOf = (p: FieldProps): Place => ({ chart: p.chart, doc: p.doc, record: p.record, field: p.field.name });
const endingOf = (p: FieldProps): Ending =>
    p.record === "new" || p.field.access === "propose" || p.field.kind === "regimen" ? "asked" : "pause";
const editOf = (p: FieldProps) => tree.edits.value[editKey(p.chart, p.doc, p.record, p.field.name)];

/** What stands in the field: what is typed, else what was written here, else what the record says. */
function shownIn(p: FieldProps): string {
    return editOf(p)?.text ?? waitingValue(placeOf(p)) ?? p.view?.value ?? "";
}

/* -- around the control ------------------------------------------------------------------------------- */

/** The control with everything that belongs to the field. */
export function FieldEditor(props: FieldProps & { onDone?: () => void; focus?: boolean }) {
    const edit = editOf(props);
    const place = placeOf(props);
    const asked = endingOf(props) === "asked" && props.record !== "new";
    const suggest = props.field.access === "propose";
    const done = () => { props.onDone?.(); };
    const around = useRef<HTMLDivElement>(null);
    const [asks, setAsks] = useState(Boolean(props.focus));
    useLayoutEffect(() => {
        const control = asks ? around.current?.querySelector<HTMLInputElement>("input, textarea, select, button") : null;
        control?.focus();
        if (control?.matches("textarea, [type=text]"))
            control.setSelectionRange(control.value.length, control.value.length);
    }, [asks]);
    /* Folded or not, the control is the same: it never goes from under the hands of who types in it. */
    const folded = props.view?.conflict && !edit && !asks && !around.current?.contains(document.activeElement);
    return (
        <div data-field={props.field.name} class={`field${edit?.stage === "undecided" ? " undecided" : ""}`}>
            <Conflict {...props} />
            {folded && <Buttons><Button kind="other" onClick={() => setAsks(true)}>{w.field.conflict_other}</Button></Buttons>}
            <div ref={around} hidden={folded}><Control {...props} /></div>
            {edit?.stage === "wrong" && <p class={`usa-error-message wrong-${props.field.kind}`} role="alert">{w.field.wrong[props.field.kind] ?? w.field.wrong_any}</p>}
            <Undecided {...props} />
            {asked && (edit || props.onDone) && (
                <Buttons>
                    {edit && edit.stage !== "undecided" && (
                        <Button onClick={() => void write(place).then((ok) => ok && done())}>
                            {suggest ? w.field.suggest_send : w.field.save}
                        </Button>
                    )}
                    <Button kind="other" onClick={() => { drop(place); done(); }}>{w.field.cancel}</Button>
                </Buttons>
            )}
            {!asked && props.onDone && <Buttons><Button kind="other" onClick={done}>{w.field.done}</Button></Buttons>}
            <Others {...props} />
            <Status {...props} />
        </div>
    );
}

/** Who says so, since when, and where it has got to. */
export function Status(props: FieldProps) {
    const { view, members } = props;
    const waits = waitingValue(placeOf(props));
    const edit = editOf(props);
    if (edit && edit.stage !== "wrong" && props.record !== "new")
        return (
            <>
                <p class="said">{edit.stage === "undecided" ? w.field.not_saved : endingOf(props) === "asked" ? w.field.not_sent : edit.stage === "refused" ? w.field.not_kept : w.field.typing}</p>
                {edit.stage === "refused" && endingOf(props) === "pause" && <Buttons><Button onClick={() => void write(placeOf(props))}>{w.try_again}</Button></Buttons>}
            </>
        );
    if (waits !== undefined)
        return <p class="said"><MarkView mark={{ at: "device" }} members={members} /></p>;
    const last = view && !view.conflict ? view.values.at(-1) : undefined;
    if (!last)
        return null;
    return props.record === "new" ? <p class="said"><SaidBy said={last} members={members} /></p> : (
        <>
            {view?.outdated && <p class="conflict-title"><span aria-hidden="true">⚠ </span>{w.field.outdated}</p>}
            <History {...props} last={last} />
        </>
    );
}

function SaidBy({ said, members }: { said: Said; members: Member[] }) {
    const by = said.proposed_by && said.proposed_by !== said.account
        ? w.field.proposed_by(nameOf(said.proposed_by, members), nameOf(said.account, members))
        : nameOf(said.account, members);
    return (
        <>
            {by}, <When ms={said.time_ms} />{" "}
            <MarkView mark={markOf(said.index, said.account, me(), members)} members={members} />
        </>
    );
}

/** The line that says who and when unfolds into what was said before. */
function History({ chart, doc, record, field, members, plain, last }: FieldProps & { last: Said }) {
    const [list, setList] = useState<Earlier[] | "loading" | "failed" | null>(null);
    return (
        <details class="said" onToggle={(event) => {
            if (!event.currentTarget.open)
                return;
            setList("loading");
            ask("history", { chart, doc, record, field: field.name }).then(setList, () => setList("failed"));
        }}>
            <summary>
                <SaidBy said={last} members={members} />
                <span class="usa-sr-only">. {w.field.history}: {labelOf(field, plain)}</span>
            </summary>
            {list === "loading" && <p role="status">{w.loading}</p>}
            {list === "failed" && <p role="status">{w.field.no_history}</p>}
            {Array.isArray(list) && (
                <>
                    <p>{w.field.history}</p>
                    <ol class="history">
                        {list.map((said) => (
                            <li key={said.index}>
                                {said.changes
                                    ? said.changes.map((c) => w.field.changed(c.gone, c.came)).join(" … ") || "–"
                                    : said.value ? fieldWords(said.value, field, plain) : w.field.cleared}
                                {" – "}{nameOf(said.account, members)}, <When ms={said.time_ms} />, {w.field.device(said.device)}
                                {said.current ? ` (${w.field.current})` : ""}
                                {!said.current && <ShowThen chart={chart} index={said.index} ms={said.time_ms} />}
                            </li>
                        ))}
                    </ol>
                </>
            )}
        </details>
    );
}

const typingIn = (p: FieldProps) => tree.typing.value[editKey(p.chart, p.doc, p.record, p.field.name)] ?? [];
const whoTypes = (p: FieldProps) => (one: Typing): string => one.name || nameOf(one.account, p.members);

/** Of a text only what changes is said, and this much around it. */
const AROUND = 60, GONE = 200;
const cut = (text: string, most: number): boolean => pointsIn(text, text.length) >= most;

/** What others type in this field now. It stands below, never in the field. */
export function Others(props: FieldProps) {
    return (
        <>
            {typingIn(props).filter(({ text, changes }) => text !== undefined || changes?.length !== 0).map((one) => (
                <p key={one.device} class="typing">
                    <strong>{w.field.is_writing(whoTypes(props)(one))}</strong>
                    {one.text !== undefined && ` ${fieldWords(one.text, props.field, props.plain)}`}
                    {one.changes?.map(({ before, deleted, inserted, behind }) => (
                        <>
                            {" "}{cut(before, AROUND) && "… "}{before}
                            {deleted && <del>{deleted}{cut(deleted, GONE) && " …"}</del>}{inserted && <ins>{inserted}</ins>}
                            {behind}{cut(behind, AROUND) && " …"}
                        </>
                    ))}
                </p>
            ))}
        </>
    );
}

/** Several values at once: all of them, and for those who may decide, the choice. */
export function Conflict({ chart, doc, record, field, view, members, plain }: FieldProps) {
    const id = useId();
    if (!view?.conflict)
        return null;
    const may = field.access === "direct";
    return (
        <div class="conflict" role="group" aria-labelledby={id}>
            <p id={id} class="conflict-title"><span aria-hidden="true">⚠ </span>{w.field.conflict(labelOf(field, plain))}</p>
            <p>{may ? w.field.conflict_choose : w.field.conflict_wait}</p>
            <ul>
                {view.values.map((said) => (
                    <li key={said.number}>
                        <p class="value">{said.value === "" ? w.field.cleared : fieldWords(said.value, field, plain)}</p>
                        <p><SaidBy said={said} members={members} /></p>
                        {may && (
                            <Buttons>
                                <Button kind="other" onClick={() => void writeFields(chart, doc, record, { [field.name]: said.value })}>
                                    {w.field.choose}<span class="usa-sr-only">: {fieldWords(said.value, field, plain)}</span>
                                </Button>
                            </Buttons>
                        )}
                    </li>
                ))}
            </ul>
        </div>
    );
}

function Undecided(props: FieldProps) {
    const edit = editOf(props);
    const { view, members, field, plain } = props;
    if (edit?.stage !== "undecided")
        return null;
    const who = nameOf(view?.values.at(-1)?.account ?? "", members);
    const theirs = view?.values.map((said) => said.value === "" ? w.field.cleared : fieldWords(said.value, field, plain)).join(" / ") ?? "";
    return (
        <Alert kind="warning" title={w.field.meanwhile(who)} live="now">
            <p class="value">{theirs}</p>
            <Buttons>
                <Button onClick={() => void write(placeOf(props))}>{w.field.keep_mine}</Button>
                <Button kind="other" onClick={() => drop(placeOf(props))}>{w.field.take_theirs}</Button>
            </Buttons>
        </Alert>
    );
}

/* -- the controls ---------------------------------------------------------------------------------------- */

function Control(props: FieldProps) {
    switch (props.field.kind) {
    case "text": return <SharedText {...props} />;
    case "wording":
    case "line": return <TextControl {...props} />;
    case "choice": return props.plain || props.radios ? <ChoiceRadios {...props} /> : <ChoiceSelect {...props} />;
    case "yes-no": return <ChoiceRadios {...props} />;
    case "set": return <SetControl {...props} />;
    case "date": return <DateControl {...props} />;
    case "time": return <TimeControl {...props} />;
    case "record": return <RecordControl {...props} />;
    case "number": return <NumberControl {...props} />;
    case "regimen": return <RegimenControl {...props} />;
    default: return null;
    }
}

/** What the schema says about the field, to patients. */
function Help({ field, plain, id }: FieldProps & { id: string }) {
    return plain && field.help ? <span class="usa-hint" id={id}>{field.help}</span> : null;
}
const described = (p: FieldProps, id: string) => (p.plain && p.field.help ? { "aria-describedby": id } : {});

/** What is shown anew when a field is left moves what stands below: whoever left it by a press has let go by then. */
const PRESS_MS = 300;

function TextControl(props: FieldProps) {
    const id = useId();
    const control = useRef<HTMLInputElement & HTMLTextAreaElement>(null);
    /** the record's value that stands in the control: what the person had in front of them */
    const base = useRef(valueKey(props.view));
    const shown = shownIn(props), now = valueKey(props.view), edit = editOf(props);
    const [news, setNews] = useState(false);
    const [blurs, setBlurs] = useState(0);
    /* Given once: the browser puts a new default into a control that nobody has typed in yet. */
    const first = useRef(shown);
    const place = placeOf(props);
    useLayoutEffect(() => {
        const element = control.current;
        if (!element || edit)
            return setNews(false);
        if (document.activeElement === element && element.value !== shown) {
            setNews(true);
            return;
        }
        if (element.value !== shown)
            element.value = shown;
        base.current = now;
        setNews(false);
    }, [shown, now, Boolean(edit), blurs]);
    const common = {
        id, ref: control, defaultValue: first.current, "aria-invalid": edit?.stage === "wrong", ...described(props, `${id}-hint`),
        onInput: () => typed(place, control.current?.value ?? "", base.current, endingOf(props)),
        onBlur: () => {
            left(place);
            if (news)
                setTimeout(() => setBlurs(blurs + 1), PRESS_MS);
        },
    };
    return (
        <div class="usa-form-group">
            <label class="usa-label" for={id}>{labelOf(props.field, props.plain)}</label>
            <Help {...props} id={`${id}-hint`} />
            {props.field.kind === "wording"
                ? <textarea class="usa-textarea" rows={Math.min(10, Math.max(2, Math.ceil(shown.length / 40)))} {...common} />
                : <input class="usa-input" type="text" autocomplete="off" maxLength={500} {...common} />}
            {news && (
                <p class="typing" role="status">
                    <strong>{w.field.changed_to}</strong> {shown === "" ? w.field.cleared : shown}
                </p>
            )}
            {!props.plain && <WritingHints doc={props.doc} field={props.field.name} text={shown} typing={Boolean(edit)} onTake={putInto(control, common.onInput)} />}
        </div>
    );
}

/** So long has what others wrote to stand before it comes into a text in which somebody types. */
const SETTLED_MS = 150;

/** A text that several people write: what the others wrote comes into it, and one goes on where one was. */
function SharedText(props: FieldProps) {
    const id = useId();
    const control = useRef<HTMLTextAreaElement>(null);
    const shown = shownIn(props), edit = editOf(props), place = placeOf(props), others = typingIn(props);
    const first = useRef(shown);
    /** what stood in the control before the person typed in it */
    const stands = useRef(shown);
    const composes = useRef(false);
    const put = (made: string, merged: Merged): boolean => {
        const element = control.current;
        if (!element || element.value !== made || composes.current)
            return false;
        const { selectionStart: from, selectionEnd: to, selectionDirection: way } = element;
        element.value = merged.text;
        if (document.activeElement === element)
            element.setSelectionRange(moved(made, from, merged), moved(made, to, merged), way);
        if (!tree.edits.value[editKey(props.chart, props.doc, props.record, props.field.name)])
            stands.current = merged.text;
        return true;
    };
    const say = () => {
        const element = control.current;
        if (!element || document.activeElement !== element)
            return;
        const { value, selectionStart, selectionEnd, selectionDirection } = element, back = selectionDirection === "backward";
        const was = tree.edits.value[editKey(props.chart, props.doc, props.record, props.field.name)]?.was ?? stands.current;
        isAt(place, { was, made: value, caret: back ? selectionStart : selectionEnd, end: back ? selectionEnd : selectionStart });
    };
    useLayoutEffect(() => {
        const element = control.current;
        if (element && !edit)
            stands.current = element.value;
        else if (element && edit && element.value !== edit.text)
            element.value = edit.text;
        say();
    }, [edit?.text, edit?.was, Boolean(edit)]);
    useLayoutEffect(() => {
        document.addEventListener("selectionchange", say);
        return () => document.removeEventListener("selectionchange", say);
    }, [props.record]);
    /* A word that the keyboard is still making of letters would stand there twice. With the end of it, the text is typed in. */
    useLayoutEffect(() => {
        for (const [event, on] of [["compositionstart", true], ["compositionend", false]] as const)
            control.current?.addEventListener(event, () => { composes.current = on; });
    }, []);
    const behind = waitingValue(place) ?? props.view?.value ?? "";
    useLayoutEffect(() => {
        const element = control.current;
        if (!element || (edit ? edit.was ?? behind : element.value) === behind)
            return undefined;
        if (!edit && document.activeElement !== element) {
            element.value = stands.current = behind;
            return undefined;
        }
        const timer = setTimeout(() => void mergeIn(place, behind, stands.current, put), SETTLED_MS);
        return () => clearTimeout(timer);
    }, [behind, edit]);
    const type = () => typed(place, control.current?.value ?? "", valueKey(props.view), endingOf(props), undefined, stands.current);
    return (
        <div class="usa-form-group">
            <label class="usa-label" for={id}>{labelOf(props.field, props.plain)}</label>
            <Help {...props} id={`${id}-hint`} />
            <div class="with-carets">
                <textarea class="usa-textarea" rows={Math.min(10, Math.max(2, Math.ceil(shown.length / 40)))} id={id} ref={control}
                    defaultValue={first.current} {...described(props, `${id}-hint`)} onInput={type} onFocus={say} onBlur={() => left(place)} />
                <Carets list={others} nameOf={whoTypes(props)} control={control}
                    stands={{ value: edit?.text ?? control.current?.value ?? shown, was: edit?.was ?? stands.current, behind }} />
            </div>
            <p class="usa-sr-only" role="status">{others.map((one) => w.field.is_in_it(whoTypes(props)(one))).join(" ")}</p>
            {!props.plain && <WritingHints doc={props.doc} field={props.field.name} text={shown} typing={Boolean(edit)} onTake={putInto(control, type)} />}
        </div>
    );
}

/** A suggestion is put there as if it were typed, and one goes on behind it. */
const putInto = (control: { current: HTMLInputElement | HTMLTextAreaElement | null }, typed: () => void) => (text: string, caret: number) => {
    if (!control.current)
        return;
    control.current.value = text;
    control.current.focus();
    control.current.setSelectionRange(caret, caret);
    typed();
};

function Choices({ props, options, value, many }: {
    props: FieldProps; options: { name: string; label: string }[]; value: string[]; many: boolean;
}) {
    const id = useId();
    const place = placeOf(props), base = valueKey(props.view);
    const kind = many ? "checkbox" : "radio";
    const pick = (name: string, on: boolean) => {
        const next = many ? options.map((o) => o.name).filter((o) => (o === name ? on : value.includes(o))) : [name];
        typed(place, next.join(", "), base, endingOf(props));
    };
    return (
        <fieldset class="usa-fieldset" onFocusOut={(event) => {
            if (!(event.relatedTarget instanceof Node && event.currentTarget.contains(event.relatedTarget)))
                left(place);
        }}>
            <legend class="usa-legend">{labelOf(props.field, props.plain)}</legend>
            <Help {...props} id={`${id}-hint`} />
            {many && <span class="usa-hint">{w.field.several}</span>}
            {options.map(({ name, label }) => (
                <div class={`usa-${kind}`} key={name}>
                    <input class={`usa-${kind}__input`} type={kind} id={`${id}-${name}`} name={id} checked={value.includes(name)}
                        onChange={(event) => pick(name, event.currentTarget.checked)} />
                    <label class={`usa-${kind}__label`} for={`${id}-${name}`}>{label}</label>
                </div>
            ))}
        </fieldset>
    );
}

function ChoiceRadios(props: FieldProps) {
    const options = props.field.kind === "yes-no"
        ? [{ name: "yes", label: w.yes }, { name: "no", label: w.no }]
        : props.field.options.map((o) => ({ name: o.name, label: props.plain ? o.plain : o.clinical }));
    return <Choices props={props} options={options} value={[shownIn(props)]} many={false} />;
}

function SetControl(props: FieldProps) {
    const options = props.field.options.map((o) => ({ name: o.name, label: props.plain ? o.plain : o.clinical }));
    return <Choices props={props} options={options} value={readSet(shownIn(props))} many />;
}

function Select({ props, options }: { props: FieldProps; options: { name: string; label: string }[] }) {
    const id = useId();
    const place = placeOf(props);
    return (
        <div class="usa-form-group">
            <label class="usa-label" for={id}>{labelOf(props.field, props.plain)}</label>
            <select id={id} class="usa-select" value={shownIn(props)}
                onChange={(event) => typed(place, event.currentTarget.value, valueKey(props.view), endingOf(props))}
                onBlur={() => left(place)}>
                <option value="">{w.field.not_said}</option>
                {options.map(({ name, label }) => <option key={name} value={name}>{label}</option>)}
            </select>
        </div>
    );
}

function ChoiceSelect(props: FieldProps) {
    return <Select props={props} options={props.field.options.map((o) => ({ name: o.name, label: o.clinical }))} />;
}

/** A record of another document, by its name. */
function RecordControl(props: FieldProps) {
    const doc = props.field.refers;
    const value = shownIn(props);
    const options = isRecordDoc(doc) ? here(doc).filter((r) => r.state === "present" || r.state === "proposed" || r.record === linked(value))
        .map((r) => ({ name: linkTo(schemaOf(doc), r.record), label: recordName(doc, r, props.plain) })) : [];
    return <Select props={props} options={options} />;
}

/* What is no number of the field's is kept as it was typed, with a `?` before it. */
function NumberControl(props: FieldProps) {
    const id = useId();
    const place = placeOf(props);
    const text = shownIn(props).replace(/^\?/, "");
    const { min = 0, max = Number.MAX_SAFE_INTEGER } = props.field;
    const put = (given: string) => {
        const value = given.trim();
        const good = value === "" || (/^[0-9]{1,9}$/.test(value) && Number(value) >= min && Number(value) <= max);
        typed(place, good ? value : null, valueKey(props.view), endingOf(props), `?${value}`);
    };
    return (
        <div class="usa-form-group">
            <label class="usa-label" for={id}>{labelOf(props.field, props.plain)}</label>
            <Help {...props} id={`${id}-hint`} />
            <input class="usa-input short" id={id} type="text" inputMode="numeric" maxLength={9} autocomplete="off" value={text}
                aria-invalid={editOf(props)?.stage === "wrong"} onInput={(event) => put(event.currentTarget.value)} onBlur={() => left(place)}
                {...described(props, `${id}-hint`)} />
        </div>
    );
}

/* A date may be the year alone. What is no date yet is kept as it was typed, with a `?` before it. */
function DateControl(props: FieldProps) {
    const id = useId();
    const text = shownIn(props);
    const parts = readDate(text.replace(/^\?/, ""));
    const place = placeOf(props);
    const wrong = editOf(props)?.stage === "wrong";
    const put = (part: Partial<DateParts>) => {
        const next = { ...parts, ...part };
        typed(place, printDate(next), valueKey(props.view), endingOf(props), `?${next.year}-${next.month}-${next.day}`);
    };
    const number = (part: "day" | "year", label: string, length: number) => (
        <div class={`usa-form-group usa-form-group--${part}`}>
            <label class="usa-label" for={`${id}-${part}`}>{label}</label>
            <input class="usa-input" id={`${id}-${part}`} type="text" inputMode="numeric" maxLength={length} autocomplete="off"
                value={parts[part].replace(/^0(?=.)/, "")} aria-invalid={wrong} onInput={(event) => put({ [part]: event.currentTarget.value.trim() })} />
        </div>
    );
    return (
        <fieldset class="usa-fieldset" onFocusOut={(event) => {
            if (!(event.relatedTarget instanceof Node && event.currentTarget.contains(event.relatedTarget)))
                left(place);
        }}>
            <legend class="usa-legend">{labelOf(props.field, props.plain)}</legend>
            <Help {...props} id={`${id}-hint`} />
            {props.doc === "pmr" && !props.plain && <span class="usa-hint">{w.field.date_hint}</span>}
            <div class="usa-memorable-date">
                <div class="usa-form-group usa-form-group--month">
                    <label class="usa-label" for={`${id}-month`}>{w.field.month}</label>
                    <select class="usa-select" id={`${id}-month`} value={parts.month ? String(Number(parts.month)) : ""}
                        onChange={(event) => put({ month: event.currentTarget.value })}>
                        <option value="">{w.field.not_known}</option>
                        {w.months().map((name, i) => <option key={name} value={String(i + 1)}>{name}</option>)}
                    </select>
                </div>
                {number("day", w.field.day, 2)}
                {number("year", w.field.year, 4)}
            </div>
        </fieldset>
    );
}

function TimeControl(props: FieldProps) {
    const id = useId();
    const text = shownIn(props);
    const place = placeOf(props);
    const label = labelOf(props.field, props.plain);
    const put = (value: string | null, raw = "") => typed(place, value, valueKey(props.view), endingOf(props), raw);
    const press = (value: string) => { put(value); left(place); };
    const wrong = editOf(props)?.stage === "wrong";
    /* While its parts are typed there is none yet, or one in the year 2. */
    const type = ({ value, validity }: HTMLInputElement) =>
        validity.badInput || (value !== "" && value < "1900") ? put(null, value) : put(timeText(value));
    return (
        <div class="usa-form-group">
            <label class="usa-label" for={id}>{label}</label>
            <Help {...props} id={`${id}-hint`} />
            <input class="usa-input short" id={id} type="datetime-local" value={wrong ? text : localTime(text)} aria-invalid={wrong}
                onInput={(event) => type(event.currentTarget)} onBlur={() => left(place)}
                {...described(props, `${id}-hint`)} />
            <Buttons>
                {!isAhead(props.doc, props.field) && <Button kind="other" onClick={() => press(timeOf(Date.now()))}>{w.field.now}<span class="usa-sr-only">: {label}</span></Button>}
                {(text || wrong) && <Button kind="quiet" onClick={() => press("")}>{w.field.clear}<span class="usa-sr-only">: {label}</span></Button>}
            </Buttons>
        </div>
    );
}

/**
 * How a medicine is taken is one value: it is saved as a whole, and on purpose. While somebody is in it, it
 * stays as they found it, so that they never complete a regimen that they have not read.
 */
function RegimenControl(props: FieldProps) {
    const id = useId();
    const [found, setFound] = useState<{ text: string; key: string } | null>(null);
    const edit = editOf(props);
    const text = edit || !found ? shownIn(props) : found.text;
    const key = found?.key ?? valueKey(props.view);
    const regimen = text ? readRegimen(text) : emptyRegimen;
    const words = w.regimen[props.plain ? "plain" : "clinical"];
    const put = (part: Partial<Regimen>) =>
        typed(placeOf(props), printRegimen({ ...regimen, ...part }), key, "asked");
    return (
        <fieldset class="usa-fieldset regimen"
            onFocusIn={() => setFound(found ?? { text: shownIn(props), key: valueKey(props.view) })}
            onFocusOut={(event) => {
                if (!(event.relatedTarget instanceof Node && event.currentTarget.contains(event.relatedTarget)))
                    setFound(null);
            }}>
            <legend class="usa-legend">{labelOf(props.field, props.plain)}</legend>
            <span class="usa-hint">{props.plain ? w.field.regimen_hint_plain : w.field.regimen_hint}</span>
            <div class="regimen-parts">
                {regimenParts.map((part) => (
                    <RegimenPartInput key={part} id={`${id}-${part}`} label={words[part]} part={props.plain ? undefined : part}
                        typing={Boolean(edit)} value={regimen[part]} onValue={(value) => put({ [part]: value })} />
                ))}
            </div>
            <div class="usa-checkbox">
                <input class="usa-checkbox__input" type="checkbox" id={`${id}-needed`} checked={regimen.as_needed}
                    onChange={(event) => put({ as_needed: event.currentTarget.checked })} />
                <label class="usa-checkbox__label" for={`${id}-needed`}>{words.as_needed}</label>
            </div>
            {found && !edit && shownIn(props) !== found.text && (
                <p class="typing" role="status">
                    <strong>{w.field.changed_to}</strong> {fieldWords(shownIn(props), props.field, props.plain)}
                </p>
            )}
        </fieldset>
    );
}

/* Parts are trimmed when they are put together; what is typed stays as it is until the input is left. */
function RegimenPartInput({ id, label, part, value, typing, onValue }: {
    id: string; label: ComponentChildren; part: string | undefined; value: string; typing: boolean; onValue: (value: string) => void;
}) {
    const input = useRef<HTMLInputElement>(null);
    const first = useRef(value);
    useLayoutEffect(() => {
        if (input.current && document.activeElement !== input.current && input.current.value !== value)
            input.current.value = value;
    });
    return (
        <div class="usa-form-group">
            <label class="usa-label" for={id}>{label}</label>
            <input ref={input} class="usa-input" id={id} type="text" maxLength={500} autocomplete="off" defaultValue={first.current}
                onInput={(event) => onValue(event.currentTarget.value)} />
            {part && <WritingHints doc="pmr" field={`regimen.${part}`} text={value} typing={typing} onTake={putInto(input, () => onValue(input.current?.value ?? ""))} />}
        </div>
    );
}
