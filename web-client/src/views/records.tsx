/* The records of every document: one mechanism, driven by the schema. */
import { useEffect, useId, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { ComponentChildren } from "preact";
import type { Id, Member, Proposal, RecordView, SchemaDocument, SchemaField, Waiting } from "../core/protocol.ts";
import { go, refresh, want } from "../state/effects.ts";
import { addRecord, answerProposal } from "../state/invite.ts";
import { editKey, isRecordDoc, tree, type ChartPlace, type RecordDoc } from "../state/tree.ts";
import { beginMessage, beginWith, endNew } from "../state/typing.ts";
import { readRegimen, shownFields, shownProposals } from "../state/values.ts";
import { w } from "../words.ts";
import type { ChartProps } from "./chart.tsx";
import { Conflict, FieldEditor, Others, Status } from "./field.tsx";
import { goesWith, isHidden, isOver, layouts } from "./layouts.ts";
import { fieldWords, labelOf, recordName, schemaOf, wordsOf } from "./names.ts";
import { Alert, Button, Buttons, Empty, Failed, Later, MarkView, nameOf, Of, Tag, ToTop, Ways, When } from "./parts.tsx";

export type RecordProps = ChartProps & { doc: RecordDoc; back?: ChartPlace | undefined };
type Props = RecordProps;

export function RecordsPart(props: Props & { record: string | undefined; begin?: Record<string, string> | undefined }) {
    const { open, doc, chart, record } = props;
    const schema = tree.schema.value.find((d) => d.name === doc);
    useEffect(() => want(doc, ...(schema?.fields ?? []).map((f) => f.refers).filter(isRecordDoc)), [doc, chart.chart, schema]);
    if (!chart.holder)
        return <NotOpen {...props} />;
    return (
        <Of part={open.records[doc]} again={() => void refresh(doc)} loading={w.record.loading[doc]}>
            {(records) => {
                if (!schema) // it is asked for before
                    return <Failed failure={{ error: "no-answer", help: "" }} again={() => void refresh("home")} />;
                if (record === "new" && !schema.record)
                    return <NewRecord {...props} schema={schema} />;
                const one = schema.record ? theOne(chart.chart, doc, schema.record, records) : records.find((r) => r.record === record);
                return one
                    ? <OneRecord {...props} schema={schema} record={one} />
                    : <RecordList {...props} schema={schema} records={records} missing={record !== undefined} />;
            }}
        </Of>
    );
}

/** Nothing of the record is here yet: why, and what can be done until then. */
export function NotOpen({ plain, staff, chart }: ChartProps) {
    return (
        <Empty>
            <p>{plain ? w.record.opens_later : staff ? w.record.opens_later_staff : w.record.opens_later_prescriber}</p>
            {!staff && <Buttons><Button onClick={() => go({ at: "chart", chart: chart.chart, part: "messages" })}>{w.record.write_to_us}</Button></Buttons>}
        </Empty>
    );
}

/** There is one, also before anybody has said something for it. */
export const theOne = (chart: string, doc: RecordDoc, record: Id, records: RecordView[]): RecordView =>
    records.find((r) => r.record === record) ??
    { chart, doc, record, state: "present", conflicts: 0, fields: {}, proposals: [] };

export const membersOf = (props: ChartProps): Member[] =>
    props.open.members.state === "here" ? props.open.members.value : [];

/** It stands in suggestions only. Whatever staff wrote in it would make it part of the record, so they answer first. */
export const isUnanswered = (record: RecordView): boolean =>
    (record.state === "proposed" || record.state === "declined") && isRecordDoc(record.doc) && !schemaOf(record.doc)?.record;

/* -- the list --------------------------------------------------------------------------------------- */

function RecordList(props: Props & { schema: SchemaDocument; records: RecordView[]; missing: boolean }) {
    const { doc, chart, records, plain, open, schema } = props;
    const words = plain ? w.record.plain : w.record.clinical;
    const shown = records.filter((r) => r.state === "present" || r.state === "proposed");
    if (layouts[doc].newest)
        shown.reverse();
    const now = shown.filter((r) => !isOver(doc, r, (field) => shownFields(r)[field] ?? ""));
    const over = shown.filter((r) => !now.includes(r));
    const declined = records.filter((r) => r.state === "declined");
    const added = open.waiting.filter((one) =>
        one.doc === doc && one.record && !records.some((r) => r.record === one.record));
    const add = () => go({ at: "chart", chart: chart.chart, part: doc, record: "new" });
    const mayAdd = chart.member && !chart.stopped && schema.adds !== "none";
    const card = (r: RecordView) => <RecordCard key={r.record} {...props} record={r} />;
    return (
        <>
            {mayAdd && <Buttons><Button onClick={add}>{words.add[doc]}</Button></Buttons>}
            {shown.length === 0 && added.length === 0 && <Empty><p>{words.none[doc]}</p></Empty>}
            <ul class="cards">
                {now.map(card)}
                {added.map((one) => (
                    <li class="card" key={one.token}>
                        <h2>{recordName(doc, asRecord(doc, one), plain)}</h2>
                        <p><MarkView mark={{ at: one.held ? "held" : "device" }} members={membersOf(props)} /></p>
                    </li>
                ))}
            </ul>
            {over.length > 0 && <Folded title={words.over[doc](over.length)}><ul class="cards">{over.map(card)}</ul></Folded>}
            {declined.length > 0 &&
                <Folded title={words.declined(declined.length)}><ul class="cards">{declined.map(card)}</ul></Folded>}
        </>
    );
}

/** What was added and is not in the log yet, as what it will be. */
const asRecord = (doc: RecordDoc, { chart, record = "", fields = {} }: Waiting): RecordView => ({
    chart, doc, record, state: "present", conflicts: 0, proposals: [],
    fields: Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, { value, conflict: false, values: [] }])),
});

export function Folded({ title, children }: { title: string; children: ComponentChildren }) {
    return <details class="folded"><summary>{title}</summary>{children}</details>;
}

const typingIn = (chart: string, doc: RecordDoc, record: string): string[] => {
    const begin = `${chart}/${doc}/${record}/`;
    const names = Object.entries(tree.typing.value)
        .filter(([key]) => key.startsWith(begin))
        .flatMap(([, list]) => list.map((t) => t.name || w.somebody));
    return [...new Set(names)];
};

/** A medicine that is paused, or not begun: how it is taken would say otherwise. */
export function NotNow({ medicine, plain }: { medicine: RecordView; plain: boolean }) {
    return ["on-hold", "proposed"].includes(shownFields(medicine)["status"] ?? "") &&
        <Tag kind="attention">{wordsOf("pmr", medicine, "status", plain)}</Tag>;
}

/** Something is typed in it that only a press of this person sends. */
const isBegun = (chart: string, doc: RecordDoc, record: string): boolean =>
    Object.entries(tree.edits.value).some(([key, edit]) => key.startsWith(editKey(chart, doc, record, "")) && edit.stage !== "writing");

export function RecordCard(props: Props & { schema: SchemaDocument; record: RecordView; level?: 2 | 4 }) {
    const { chart, doc, record, schema, plain } = props;
    const fields = shownFields(record);
    const name = recordName(doc, record, plain);
    const pending = record.proposals.filter((p) => p.state === "pending").length;
    const typing = typingIn(chart.chart, doc, record.record);
    const { named = [], pressing = [] } = layouts[doc];
    const without = plain && isOver(doc, record, (field) => fields[field] ?? "") ? [...named, ...pressing] : named;
    return (
        <li class="card beside">
            {props.level === 4 ? <h4>{name}</h4> : <h2>{name}</h2>}
            <p class="tags">
                {record.conflicts > 0 && <Tag kind="attention">{(plain ? w.record.conflicts_plain : w.record.conflicts)(record.conflicts)}</Tag>}
                {record.state === "proposed" && <Tag kind="attention">{plain ? w.record.proposed_mine : w.record.proposed}</Tag>}
                {record.state !== "proposed" && pending > 0 && <Tag kind="attention">{(plain ? w.record.pending_plain : w.record.pending)(pending)}</Tag>}
                {typing.length > 0 && <Tag kind="plain">{w.record.editing(typing)}</Tag>}
                {isBegun(chart.chart, doc, record.record) && <Tag kind="attention">{w.record.begun}</Tag>}
            </p>
            <dl class="brief">
                {layouts[doc].brief.map((one) => {
                    const field = schema.fields.find((f) => f.name === one);
                    if (!field)
                        return null;
                    const view = record.fields[one];
                    if (without.includes(one) && !view?.conflict)
                        return null;
                    const values = view?.conflict ? view.values.map((said) => said.value) : fields[one] ? [fields[one]] : [];
                    return values.length > 0 && (
                        <div key={one}>
                            <dt>{labelOf(field, plain)}</dt>
                            {values.map((value, i) => (
                                <dd key={i}>
                                    {i > 0 && <em>{w.record.or} </em>}
                                    {value === "" ? w.field.cleared : fieldWords(value, field, plain)}
                                </dd>
                            ))}
                        </div>
                    );
                })}
            </dl>
            <Buttons>
                <Button onClick={() => go({ at: "chart", chart: chart.chart, part: doc, record: record.record, ...(props.back ? { back: props.back } : {}) })}>
                    {(plain ? w.record.plain : w.record.clinical).open}<span class="usa-sr-only"> {name}</span>
                </Button>
                {plain && <AskAbout chart={chart.chart} name={name} />}
            </Buttons>
        </li>
    );
}

/** A message is begun about it; the person goes on writing. */
function AskAbout({ chart, name }: { chart: string; name: string }) {
    return (
        <Button kind="other" onClick={() => {
            beginMessage(chart, w.record.about(name));
            go({ at: "chart", chart, part: "messages" });
        }}>{w.record.ask}<span class="usa-sr-only">: {name}</span></Button>
    );
}

/* -- one record ---------------------------------------------------------------------------------------- */

/** The form's sections. A field that is named nowhere stands in the last one. */
function sectionsOf(doc: RecordDoc, schema: SchemaDocument): { title: string; fields: SchemaField[] }[] {
    const shown = schema.fields.filter((f) => !isHidden(doc, f));
    const { sections } = layouts[doc];
    const named = sections.map(([title, names]) => ({
        title: w.record.section[title],
        fields: names.map((n) => shown.find((f) => f.name === n)).filter((f) => f !== undefined),
    }));
    const known = new Set(sections.flatMap(([, names]) => names));
    const rest = shown.filter((f) => !known.has(f.name));
    return rest.length > 0 ? [...named, { title: w.record.section.other, fields: rest }] : named;
}

const onlyShown = (field: SchemaField): SchemaField => ({ ...field, access: "none" });

function OneRecord(props: Props & { schema: SchemaDocument; record: RecordView }) {
    const { chart, doc, record, schema, plain, staff, back } = props;
    const members = membersOf(props);
    const name = recordName(doc, record, plain);
    const words = plain ? w.record.plain : w.record.clinical;
    const ours = layouts[doc].ours ?? [];
    const said = shownFields(record);
    const typed = (field: string) => tree.edits.value[editKey(chart.chart, doc, record.record, field)]?.text ?? said[field] ?? "";
    const fixed = !chart.member || Boolean(chart.stopped);
    const unanswered = staff && isUnanswered(record);
    const [edit, setEdit] = useState(false);
    /* Patients see what was said, and what is theirs to say; the rest is folded away. */
    const rest = plain ? schema.fields.filter((f) =>
        !isHidden(doc, f) && !record.fields[f.name] && f.access !== "direct" && !ours.includes(f.name) && goesWith(doc, f.name, typed)) : [];
    const one = (field: SchemaField) => {
        const of = {
            chart: chart.chart, doc, record: record.record, field: unanswered ? onlyShown(field) : field, view: record.fields[field.name], members, plain,
        };
        return !staff || of.field.access === "none" || fixed
            ? <Sentence key={field.name} {...of} fixed={fixed || (plain && ours.includes(field.name))} />
            : <FieldEditor key={field.name} {...of} focus={edit && field.name === layouts[doc].needed} />;
    };
    return (
        <article aria-label={name}>
            <Buttons>
                {(back || !schema.record) && (
                    <Button kind="quiet" onClick={() => go(back ?? { at: "chart", chart: chart.chart, part: doc }, true)}>
                        ← {back ? w.record.back : words.all[doc]}
                    </Button>
                )}
                {plain && !schema.record && <AskAbout chart={chart.chart} name={name} />}
            </Buttons>
            {!schema.record && <h2 class="record-name" tabIndex={-1} data-begin>{name}</h2>}
            {staff && !schema.record && <Ways title={w.record.ways} />}
            {record.state === "proposed" && <Tag kind="attention">{plain ? w.record.proposed_mine : w.record.proposed}</Tag>}
            {unanswered && <p>{w.proposal.answer_first}</p>}
            <Proposals {...props} onEdit={() => setEdit(true)} />
            <Later record={record} />
            {props.open.waiting.filter((one) => one.kind === "propose" && one.record === record.record).map((one) => (
                <div class="proposal" key={one.token}>
                    <p class="proposal-title">{w.proposal.mine}</p>
                    <Suggested fields={one.fields ?? {}} schema={schema} plain={plain} record={record} />
                    <p><MarkView mark={{ at: one.held ? "held" : "device" }} members={members} /></p>
                </div>
            ))}
            {sectionsOf(doc, schema).map(({ title, fields }) => {
                const shown = fields.filter((f) =>
                    !rest.includes(f) && goesWith(doc, f.name, typed) && (record.fields[f.name] || (!unanswered && f.access !== "none" && !(plain && ours.includes(f.name)))));
                return shown.length > 0 && (
                    <section key={title}>
                        {schema.record ? <h2>{title}</h2> : <h3>{title}</h3>}
                        <div class="fields">{shown.map(one)}</div>
                    </section>
                );
            })}
            {rest.length > 0 && (
                <Folded title={w.record.plain.more}><div class="fields">{rest.map(one)}</div></Folded>
            )}
            <Answered proposals={record.proposals} members={members} />
            {staff && !schema.record && <Buttons><ToTop /></Buttons>}
        </article>
    );
}

/** One field of a record, as it stands in any screen. `sentence`: it is changed elsewhere; `under`: the heading above it. */
export function FieldOf(props: ChartProps & { doc: RecordDoc; record: RecordView; name: string; sentence?: boolean; radios?: boolean; under?: string | undefined }) {
    const { chart, doc, record, name, plain, staff, sentence, radios } = props;
    const known = tree.schema.value.find((d) => d.name === doc)?.fields.find((f) => f.name === name);
    if (!known)
        return null;
    const field = staff && isUnanswered(record) ? onlyShown(known) : known;
    const of = {
        chart: chart.chart, doc, record: record.record, field, view: record.fields[name], members: membersOf(props), plain,
        ...(radios ? { radios } : {}),
    };
    const fixed = !chart.member || Boolean(chart.stopped) || Boolean(sentence);
    if (plain && !of.view && (layouts[doc].ours ?? []).includes(name))
        return null;
    return (staff ? field.access !== "none" : !plain && field.access === "direct") && !fixed
        ? <FieldEditor {...of} />
        : <Sentence {...of} under={props.under} fixed={fixed || (plain && Boolean(layouts[doc].ours?.includes(name)))} />;
}

/** A plain sentence, and a button where the person may say something. */
function Sentence(props: Parameters<typeof FieldEditor>[0] & { fixed: boolean; under?: string | undefined }) {
    const { field, view, plain, fixed } = props;
    const [editing, setEditing] = useState(false);
    const around = useRef<HTMLDivElement>(null);
    /** the button that began it takes the focus when it is there again */
    const back = useRef(false);
    const key = editKey(props.chart, props.doc, props.record, field.name);
    const done = () => {
        setEditing(false);
        back.current = true;
    };
    useLayoutEffect(() => {
        if (!back.current || !around.current)
            return; // what was typed is still on its way into the record
        back.current = false;
        if (document.activeElement === document.body)
            around.current.querySelector<HTMLElement>(":scope > .buttons button")?.focus();
    });
    const edit = tree.edits.value[key];
    if (!fixed && field.access !== "none" && (editing || edit))
        return <FieldEditor {...props} focus={editing} onDone={done} />;
    const waits = tree.open.value?.waiting.filter((one) => one.kind === "write" && one.record === props.record)
        .map((one) => one.fields?.[field.name]).filter((v) => v !== undefined).at(-1);
    const value = waits ?? view?.value ?? "";
    const label = labelOf(field, plain);
    const verb = value === "" ? w.field.say : w.field.change;
    return (
        <div class="field sentence" data-field={field.name} ref={around}>
            <Conflict {...props} />
            {!view?.conflict && (
                <>
                    <p class={label === props.under ? "usa-sr-only" : "sentence-label"}>{label}</p>
                    <p class={value === "" ? "value none" : "value"}>
                        {value === "" ? w.field.not_said : fieldWords(value, field, plain)}
                    </p>
                </>
            )}
            <Others {...props} />
            {edit ? <p class="said" role="status">{w.field.not_kept_but(fieldWords(edit.text, field, plain))}</p> : <Status {...props} />}
            {!fixed && field.access !== "none" && (
                <Buttons>
                    <Button kind="other" onClick={() => setEditing(true)}>
                        {field.access === "propose" ? w.field.suggest(value === "" && !view?.conflict) : verb}
                        <span class="usa-sr-only">: {label}</span>
                    </Button>
                </Buttons>
            )}
        </div>
    );
}

/* -- proposals ------------------------------------------------------------------------------------------- */

type ProposalProps = Props & { schema: SchemaDocument; record: RecordView; onEdit?: () => void };

/** Those that wait for an answer. One that was declined, and the record with it, can be accepted after all. */
export function Proposals(props: ProposalProps) {
    const { record, staff } = props;
    return (
        <>
            {[...shownProposals(record), ...(staff && isUnanswered(record) ? record.proposals.filter((p) => p.state === "declined" && !p.later) : [])].map((proposal) => (
                <ProposalView key={proposal.index} {...props} proposal={proposal} />
            ))}
        </>
    );
}

function ProposalView({ proposal, schema, record, home, chart, plain, onEdit, ...rest }: ProposalProps & { proposal: Proposal }) {
    const id = useId();
    const accept = () => answerProposal(chart.chart, proposal.index, true);
    const members = membersOf({ proposal, schema, record, home, chart, plain, ...rest } as ChartProps);
    const mine = proposal.account === home.account;
    const who = nameOf(proposal.account, members);
    const waits = rest.open.waiting.find((one) => one.kind === "answer" && one.proposal === proposal.index);
    return (
        <div class="proposal" role="group" aria-labelledby={id}>
            <p id={id} class="proposal-title">{mine ? w.proposal.mine : w.proposal.by(who)}, <When ms={proposal.time_ms} /></p>
            <Suggested fields={proposal.fields} schema={schema} plain={plain} record={record} />
            {proposal.state === "contested" && (
                <>
                    <p>{w.proposal.contested}</p>
                    <ul>{proposal.answers.filter((a) => a.current).map((a) => (
                        <li key={a.index}>{w.proposal.answered(a.accepted, nameOf(a.account, members))}, <When ms={a.time_ms} /></li>
                    ))}</ul>
                </>
            )}
            {waits ? <p role="status">{w.proposal.mine_is(Boolean(waits.accepted))} <MarkView mark={{ at: waits.held ? "held" : "device" }} members={members} /></p> : !rest.staff
                ? <p>{mine ? w.proposal.waits_mine : w.proposal.waits}</p>
                : (
                    <Buttons>
                        <Button onClick={() => void accept()}>{w.proposal.accept}</Button>
                        {proposal.state !== "declined" && (
                            <Button kind="other" onClick={() => void answerProposal(chart.chart, proposal.index, false)}>{w.proposal.decline}</Button>
                        )}
                        {onEdit && isUnanswered(record) && <Button kind="other" onClick={() => { onEdit(); void accept(); }}>{w.proposal.edit}</Button>}
                    </Buttons>
                )}
        </div>
    );
}

function Suggested({ fields, schema, record, plain }: {
    fields: Record<string, string>; schema: SchemaDocument; record: RecordView; plain: boolean;
}) {
    return (
        <dl>
            {Object.entries(fields).map(([name, value]) => {
                const field = schema.fields.find((f) => f.name === name);
                const now = record.fields[name]?.value ?? "";
                return field && (
                    <div key={name}>
                        <dt>{labelOf(field, plain)}</dt>
                        <dd>
                            <span class="value">{value === "" ? w.field.cleared : fieldWords(value, field, plain)}</span>
                            {now !== "" && <span class="now"> {w.proposal.now} {fieldWords(now, field, plain)}</span>}
                        </dd>
                    </div>
                );
            })}
        </dl>
    );
}

function Answered({ proposals, members }: { proposals: Proposal[]; members: Member[] }) {
    const over = proposals.filter((p) => p.state === "accepted" || p.state === "declined");
    if (over.length === 0)
        return null;
    return (
        <details class="folded">
            <summary>{w.proposal.earlier(over.length)}</summary>
            <ul>
                {over.map((p) => {
                    const answer = p.answers.filter((a) => a.current).at(-1);
                    return (
                        <li key={p.index}>
                            {w.proposal.by(nameOf(p.account, members))}, <When ms={p.time_ms} />:{" "}
                            {answer ? <>{w.proposal.answered(answer.accepted, nameOf(answer.account, members))}, <When ms={answer.time_ms} /></> : ""}
                        </li>
                    );
                })}
            </ul>
        </details>
    );
}

/* -- a new one --------------------------------------------------------------------------------------------- */

/** The rest is said on the record's own page, when it is there. */
function NewRecord(props: Props & { schema: SchemaDocument; begin?: Record<string, string> | undefined }) {
    const { chart, doc, schema, plain, home } = props;
    const { first, needed } = layouts[doc];
    /* Whoever suggests a medicine is where it comes from. */
    const begin: Record<string, string> =
        { ...(doc === "pmr" && (home.role === "patient" || home.role === "caregiver") ? { source: home.role } : {}), ...props.begin };
    const [missing, setMissing] = useState(false);
    const members = membersOf(props);
    const words = plain ? w.record.plain : w.record.clinical;
    const typed = (name: string) => tree.edits.value[editKey(chart.chart, doc, "new", name)]?.text ?? "";
    const fields = first.map((n) => schema.fields.find((f) => f.name === n))
        .filter((f) => f !== undefined && f.access !== "none" && !(plain && f.name === "status") && goesWith(doc, f.name, typed));
    const sent = plain && schema.adds === "direct" ? w.record.plain.add_mine : words.add_now[doc];
    useLayoutEffect(() => beginWith(chart.chart, doc, begin), []);
    const editOf = (field: SchemaField) => tree.edits.value[editKey(chart.chart, doc, "new", field.name)];
    const back = () => {
        endNew(chart.chart, doc);
        go(props.back ?? { at: "chart", chart: chart.chart, part: doc }, true);
    };
    const add = async () => {
        const values: Record<string, string> = { ...begin };
        let wrong = false;
        for (const field of fields) {
            const edit = field && editOf(field);
            wrong ||= edit?.stage === "wrong";
            if (field && edit)
                values[field.name] = edit.text;
        }
        for (const name of Object.keys(values).filter((one) => values[one] === ""))
            delete values[name];
        const main = values[needed] ?? "";
        const nameless = doc === "pmr" ? readRegimen(main).drug === "" : main.trim() === "";
        setMissing(nameless);
        if (wrong && document.activeElement instanceof HTMLElement)
            document.activeElement.blur(); // so that it is said what is wrong with what is typed there
        if (nameless || wrong)
            return;
        if (await addRecord(chart.chart, doc, values))
            back();
    };
    return (
        <form class="new-record" onSubmit={(event) => { event.preventDefault(); void add(); }}>
            <h2 tabIndex={-1} data-begin>{words.add[doc]}</h2>
            {plain && w.record.plain.add_what[doc] && <p>{w.record.plain.add_what[doc]}</p>}
            {missing && <Alert kind="error" title={w.record.name_first[doc]} live />}
            <div class="fields">
                {fields.map((field) => field && (
                    <FieldEditor key={field.name} chart={chart.chart} doc={doc} record="new" field={field} view={undefined}
                        members={members} plain={plain} />
                ))}
            </div>
            <Buttons>
                <Button type="submit">{sent}</Button>
                <Button kind="other" onClick={back}>{w.field.cancel}</Button>
            </Buttons>
        </form>
    );
}
