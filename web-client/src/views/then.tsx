/* The chart as it was: only to look at, and never to be taken for the present. */
import { useEffect, useState } from "preact/hooks";
import type { Id, Member, Questions, RecordView } from "../core/protocol.ts";
import { failureOf } from "../state/core.ts";
import { ask, go } from "../state/effects.ts";
import { isStaff } from "../state/marks.ts";
import { loading, recordDocs, tree, type Part, type RecordDoc, type Screen } from "../state/tree.ts";
import { shownProposals } from "../state/values.ts";
import { w } from "../words.ts";
import { isHidden } from "./layouts.ts";
import { fieldWords, labelOf, recordName, schemaOf } from "./names.ts";
import { Alert, Button, Buttons, Empty, Later, Of, nameOf, Title, When } from "./parts.tsx";

const AT_ONCE = 50;
type Then = Questions["then"]["answer"];

/** From the log or a field's history: to the chart as it was just after that entry. */
export function ShowThen({ chart, index, ms }: { chart: Id; index: number; ms: number }) {
    return (
        <Button kind="quiet" onClick={() => go({ at: "then", chart, before: index + 1, back: tree.screen.value })}>
            {w.then.show}<span class="usa-sr-only">: {w.when(ms)}</span>
        </Button>
    );
}

export function ThenScreen({ screen }: { screen: Extract<Screen, { at: "then" }> }) {
    const [then, setThen] = useState<Part<Then>>(loading);
    const { chart, before } = screen;
    const load = () => {
        setThen(loading);
        ask("then", { chart, before }).then(
            (value) => setThen({ state: "here", value }), (thrown: unknown) => setThen({ state: "failed", failure: failureOf(thrown) }));
    };
    useEffect(load, [chart, before]);
    const back = <Buttons><Button onClick={() => go(screen.back, true)}>← {w.then.back}</Button></Buttons>;
    return (
        <>
            <Title of={`then ${chart} ${before}`}>{w.then.title}</Title>
            {then.state !== "here" && back}
            <Of part={then} again={load} loading={w.then.loading}>
                {(value) => (
                    <>
                        <div class="then">
                            <Alert kind="warning" title={w.then.banner(value.time_ms)} live>
                                <p class="usa-alert__text">{w.then.banner_what}</p>
                                {back}
                            </Alert>
                        </div>
                        <Parts then={value} />
                        {back}
                    </>
                )}
            </Of>
        </>
    );
}

/** What was part of the record then. */
const stood = (record: RecordView): boolean => record.state === "present" || record.state === "proposed";

function Parts({ then }: { then: Then }) {
    const home = tree.home.value.state === "here" ? tree.home.value.value : null;
    const members = tree.open.value?.members.state === "here" ? tree.open.value.members.value : [];
    const plain = !isStaff(home?.role ?? "") && home?.role !== "prescriber";
    const parts = recordDocs.map((doc) => ({ doc, records: then.records[doc].filter(stood) })).filter(({ records }) => records.length > 0);
    if (parts.length === 0)
        return <Empty><p>{w.then.none}</p></Empty>;
    return <>{parts.map(({ doc, records }) => <OnePart key={doc} doc={doc} records={records} members={members} plain={plain} then={then} />)}</>;
}

function OnePart({ records, ...rest }: { doc: RecordDoc; records: RecordView[]; members: Member[]; plain: boolean; then: Then }) {
    const { doc, plain } = rest;
    const [count, setCount] = useState(AT_ONCE);
    return (
        <section class="then-part">
            <h2>{w.part[plain ? "plain" : "clinical"][doc]}</h2>
            <ul class="cards">
                {records.slice(0, count).map((record) => (
                    <li class="card" key={record.record}>
                        <h3>{recordName(doc, record, plain)}</h3>
                        <Values {...rest} record={record} />
                    </li>
                ))}
            </ul>
            {records.length > count && (
                <Buttons><Button kind="other" onClick={() => setCount(count + AT_ONCE)}>{w.then.more(records.length - count)}</Button></Buttons>
            )}
        </section>
    );
}

function Values({ doc, record, members, plain, then }: { doc: RecordDoc; record: RecordView; members: Member[]; plain: boolean; then: Then }) {
    const fields = (schemaOf(doc)?.fields ?? []).filter((f) => !isHidden(doc, f));
    const words = (name: string, value: string) => {
        const field = fields.find((f) => f.name === name);
        return value === "" || !field ? w.field.cleared : fieldWords(value, field, plain, (of) => then.records[of]);
    };
    return (
        <>
            <dl class="brief">
                {fields.map((field) => {
                    const values = record.fields[field.name]?.values ?? [];
                    return values.some((said) => said.value !== "") && (
                        <div key={field.name}>
                            <dt>{labelOf(field, plain)}</dt>
                            {values.map((said, i) => (
                                <dd key={said.number}>{i > 0 && <em>{w.record.or} </em>}{words(field.name, said.value)}</dd>
                            ))}
                        </div>
                    );
                })}
            </dl>
            {shownProposals(record).map((p) => (
                <div class="proposal" key={p.index}>
                    <p class="proposal-title">{w.then.suggested(nameOf(p.account, members))}, <When ms={p.time_ms} /></p>
                    <dl>
                        {Object.entries(p.fields).map(([name, value]) => {
                            const field = fields.find((f) => f.name === name);
                            return field && <div key={name}><dt>{labelOf(field, plain)}</dt><dd>{words(name, value)}</dd></div>;
                        })}
                    </dl>
                </div>
            ))}
            <Later record={record} />
        </>
    );
}
