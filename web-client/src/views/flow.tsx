/*
 * A visit along the care process: start, collect, assess, plan, agree, sign. Each step is a screen; one can leave it
 * and come back, and what was typed stays. Patients see the same steps in plain words.
 */
import { useEffect, useState } from "preact/hooks";
import type { ComponentChildren } from "preact";
import type { RecordView, SchemaField } from "../core/protocol.ts";
import { go, refresh, want } from "../state/effects.ts";
import {
    beginVisit, countOf, finishVisit, flowWants, leftIn, minutesOf, startedMs, stepOf, toStep, visitNow, visitToSign, type Left,
} from "../state/flow.ts";
import { steps, type ChartPlace, type RecordDoc, type Step } from "../state/tree.ts";
import { shownValue } from "../state/typing.ts";
import { valueOf } from "../state/values.ts";
import { w } from "../words.ts";
import type { ChartProps } from "./chart.tsx";
import { fieldOf, recordName } from "./names.ts";
import { Alert, Button, Buttons, Of, Tag, ToTop, Ways } from "./parts.tsx";
import { FieldOf, isUnanswered, NotOpen, RecordsPart } from "./records.tsx";
import { Agree, Assess, Collect, Plan, Sign, Start } from "./steps.tsx";

export interface FlowProps extends ChartProps {
    visit: RecordView;
    /** this step, to come back to */
    here: ChartPlace;
}

type PartProps = ChartProps & { screen: ChartPlace };

export const kindsOf = (): SchemaField["options"] => fieldOf("pmr", "kind")?.options ?? [];
const left = (step: Step, visit: RecordView): Left[] => leftIn(step, visit, kindsOf().map((k) => k.name));

export function VisitPart(props: PartProps) {
    const { screen, chart, open, plain, staff } = props;
    useEffect(() => want(...flowWants), [chart.chart]);
    if (!chart.holder)
        return <NotOpen {...props} />;
    const form = <RecordsPart {...props} doc="visit" record={screen.record} back={screen.back} begin={screen.begin} />;
    if (screen.record === "new" || (!screen.record && open.records.visit.state !== "here"))
        return form;
    return (
        <Of part={open.records.visit} again={() => void refresh("visit")} loading={w.record.loading.visit}>
            {(visits) => {
                const visit = visits.find((r) => r.record === screen.record);
                if (visit && (startedMs(visit) > 0 || !staff))
                    return <Flow key={visit.record} {...props} visit={visit} />;
                if (visit)
                    return (
                        <>
                            {staff && !isUnanswered(visit) && <Buttons><Button onClick={() => void beginVisit(chart.chart, { planned: visit.record })}>{w.flow.begin_planned}</Button></Buttons>}
                            {form}
                        </>
                    );
                const now = visitNow(), unsigned = staff && !now ? visitToSign() : undefined, box = now ?? unsigned;
                return (
                    <>
                        {box && (
                            <div class="next-visit is-open">
                                <p class="lead">{unsigned ? w.flow.to_sign : plain ? w.flow.going_on_plain : w.flow.going_on} {recordName("visit", box, plain)}</p>
                                <Buttons>
                                    <Button onClick={() => go({ at: "chart", chart: chart.chart, part: "visit", record: box.record })}>
                                        {unsigned ? w.flow.to_sign_go : w.flow.go_on[plain ? "plain" : "clinical"]}
                                    </Button>
                                </Buttons>
                            </div>
                        )}
                        {staff && !now && chart.member && !chart.stopped && (
                            <Buttons><Button kind="other" onClick={() => void beginVisit(chart.chart, { live: chart.visit?.visit })}>{w.flow.begin}</Button></Buttons>
                        )}
                        {form}
                    </>
                );
            }}
        </Of>
    );
}

/* -- around every step --------------------------------------------------------------------------------- */

const screens = { start: Start, collect: Collect, assess: Assess, plan: Plan, agree: Agree, sign: Sign };

function Flow(props: PartProps & { visit: RecordView }) {
    const { visit, screen, chart, plain, staff } = props;
    /* Where the visit was when one came: the screen does not change under somebody's hands. */
    const [came] = useState(stepOf(visit));
    const step = screen.step ?? came;
    const now = stepOf(visit);
    const there: ChartPlace = { at: "chart", chart: chart.chart, part: "visit", record: visit.record, step };
    const Screen = screens[step];
    const at = steps.indexOf(step);
    const words = w.flow.step[plain ? "plain" : "clinical"];
    const to = (one: Step) => toStep(chart.chart, visit, one, staff && valueOf(visit, "ended") === "");
    const before = steps[at - 1], after = steps[at + 1];
    return (
        <div class="flow">
            <Indicator {...props} step={step} to={to} />
            <h2 class="record-name" id="step" tabIndex={-1} data-begin>{words[step].title}</h2>
            {words[step].what && <p>{words[step].what}</p>}
            <Ways title={w.flow.ways} />
            {staff && <Minutes visit={visit} chart={chart.chart} />}
            {!staff && now !== step && valueOf(visit, "ended") === "" && (
                <Alert kind="info" title={w.flow.we_are_at(words[now].title)} live>
                    <Buttons><Button kind="other" onClick={() => to(now)}>{w.flow.go_there}</Button></Buttons>
                </Alert>
            )}
            {staff && valueOf(visit, "consent") === "revoked" && (
                <Alert kind="warning" title={w.flow.revoked}><p class="usa-alert__text">{w.flow.revoked_what_to_do}</p></Alert>
            )}
            <Screen {...props} here={there} />
            {step !== "sign" && (
                <section>
                    <h3>{w.flow.notes}</h3>
                    <FieldOf {...props} doc="visit" record={visit} name="notes" under={w.flow.notes} />
                </section>
            )}
            {staff && <StillOpen visit={visit} step={step} />}
            <nav class="buttons" aria-label={w.flow.other_steps}>
                {before && <Button kind="other" onClick={() => to(before)}>← {words[before].title}</Button>}
                {after && <Button onClick={() => to(after)}>{words[after].title} →</Button>}
                <ToTop />
            </nav>
        </div>
    );
}

/** USWDS's step indicator; each part of it is a button. */
function Indicator({ visit, step, to, plain, staff }: ChartProps & { visit: RecordView; step: Step; to: (step: Step) => void }) {
    const words = w.flow.step[plain ? "plain" : "clinical"];
    const now = stepOf(visit);
    return (
        <nav class="usa-step-indicator" aria-label={w.flow.steps}>
            <ol class="usa-step-indicator__segments">
                {steps.map((one, i) => {
                    const open = staff ? left(one, visit).length : 0;
                    return (
                        <li key={one} class="step">
                            <button type="button" aria-current={one === step ? "step" : undefined} onClick={() => to(one)}>
                                <span class="step-number">{i + 1}<span class="usa-sr-only"> {w.flow.of(steps.length)}: </span></span>
                                <span class="step-name">{words[one].short}</span>
                                {staff
                                    ? <span class="step-open">{open === 0 ? <><span aria-hidden="true">✓</span><span class="usa-sr-only">, {w.flow.nothing_open}</span></>
                                        : w.flow.open_count(open)}</span>
                                    : one === now && <span class="step-open">{w.flow.here}</span>}
                            </button>
                        </li>
                    );
                })}
            </ol>
        </nav>
    );
}

function Minutes({ visit, chart }: { visit: RecordView; chart: string }) {
    const [now, setNow] = useState(Date.now());
    useEffect(() => {
        const timer = setInterval(() => setNow(Date.now()), 20_000);
        return () => clearInterval(timer);
    }, []);
    const over = shownValue({ chart, doc: "visit", record: visit.record, field: "ended" }) !== "";
    return (
        <div class="minutes">
            <p><span aria-hidden="true">◷ </span>{(over ? w.flow.took : w.flow.runs)(minutesOf(visit, now))}</p>
            {!over && <Button kind="other" onClick={() => void finishVisit(chart, visit)}>{w.flow.finish}</Button>}
        </div>
    );
}

export function StillOpen({ visit, step }: { visit: RecordView; step: Step }) {
    const list = left(step, visit);
    return (
        <section class={`still-open${list.length === 0 ? " none" : ""}`}>
            <h3>{list.length === 0 ? w.flow.nothing_open_here : w.flow.still_open_here}</h3>
            {list.length > 0 && <ul>{list.map((one) => <li key={one.what}>{w.flow.open[one.what](one.count)}</li>)}</ul>}
        </section>
    );
}

/** All steps, for the last one: what is open, with the way there. */
export function OpenSteps({ visit, chart, staff }: FlowProps) {
    const words = w.flow.step.clinical;
    return (
        <ul class="plain-list">
            {steps.filter((step) => left(step, visit).length > 0).map((step) => (
                <li key={step} class="open-step">
                    <ul>{left(step, visit).map((one) => <li key={one.what}>{w.flow.open[one.what](one.count)}</li>)}</ul>
                    {step !== "sign" && (
                        <Button kind="other" onClick={() => toStep(chart.chart, visit, step, staff)}>{w.flow.to_step(words[step].title)}</Button>
                    )}
                </li>
            ))}
        </ul>
    );
}

/** Cards that open and come back here. */
export function Section({ title, count, children }: { title: string; count?: number; children: ComponentChildren }) {
    return (
        <section class="flow-section">
            <h3>{title}{count !== undefined && <> <Tag kind="plain">{String(count)}</Tag></>}</h3>
            {children}
        </section>
    );
}

export const listed = (doc: RecordDoc): RecordView[] => countOf(doc);
