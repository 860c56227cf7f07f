/* What the safety aids found, from which list, and what was not checked. Each becomes a problem or is set aside. */
import { useId, useState } from "preact/hooks";
import type { Finding, SafetySource } from "../core/protocol.ts";
import { change } from "../state/change.ts";
import { go, refresh } from "../state/effects.ts";
import { here, setAside, takeAsProblem } from "../state/flow.ts";
import { tree } from "../state/tree.ts";
import { w } from "../words.ts";
import { Section, type FlowProps } from "./flow.tsx";
import { recordName } from "./names.ts";
import { Alert, Button, Buttons, Field, Of, Tag } from "./parts.tsx";
import { Folded } from "./records.tsx";

export function FindingsPanel(props: FlowProps) {
    return (
        <Section title={w.finding.title}>
            <Of part={props.open.findings} again={() => void refresh("findings")} loading={w.finding.loading}>
                {({ findings, checked, not_checked, data }) => {
                    const open = findings.filter((one) => one.status === "open"), answered = findings.filter((one) => one.status !== "open");
                    return (
                        <>
                            <p role="status">{w.finding.found(open.length, answered.length)}</p>
                            <ul class="cards">{open.map((one) => <FindingCard key={one.key} {...props} finding={one} />)}</ul>
                            {answered.length > 0 && (
                                <Folded title={w.finding.answered(answered.length)}>
                                    <ul class="cards">{answered.map((one) => <FindingCard key={one.key} {...props} finding={one} />)}</ul>
                                </Folded>
                            )}
                            <div class="not-checked">
                                <h4>{w.finding.not_checked}</h4>
                                <ul>{not_checked.map((one) => <li key={one.what}>{one.what}</li>)}</ul>
                            </div>
                            <Folded title={w.finding.checked(data.version, data.date)}>
                                <ul>{checked.map((one) => <li key={one.what}>{one.what} <Source source={one.source} /></li>)}</ul>
                            </Folded>
                        </>
                    );
                }}
            </Of>
        </Section>
    );
}

const Source = ({ source }: { source: SafetySource }) => <span class="said">{w.finding.source(source.list, source.version, source.date)}</span>;

function FindingCard({ finding, ...props }: FlowProps & { finding: Finding }) {
    const { chart } = props;
    const id = useId();
    /* What was begun is there again when one comes back from looking at the medicine. */
    const begun = `${chart.chart} ${finding.key}`, text = tree.composing.value[begun], reason = text ?? "";
    const [asking, setAsking] = useState(Boolean(text));
    const compose = (words: string) => change({ do: "compose", chart: begun, text: words });
    const [missing, setMissing] = useState(false);
    const [sent, setSent] = useState(false);
    const medicines = here("pmr").filter((r) => finding.records.includes(r.record));
    const names = medicines.map((r) => recordName("pmr", r)).join(", ");
    const answer = (asked: Promise<unknown>) => {
        setSent(true);
        setAsking(false);
        void asked.then((ok) => {
            setSent(Boolean(ok));
            setAsking(!ok && reason !== "");
            if (ok)
                compose("");
        });
    };
    return (
        <li class="card finding">
            <h4>{finding.title}</h4>
            <p class="tags">
                <Tag kind={finding.severity === "high" ? "attention" : "plain"}>{w.finding.severity[finding.severity]}</Tag>
                {finding.status !== "open" && <Tag kind="good">{w.finding.status[finding.status]}</Tag>}
            </p>
            <p>{finding.why}</p>
            <p><strong>{w.finding.do}</strong> {finding.do}</p>
            <p><Source source={finding.source} /></p>
            <Buttons>
                {finding.status === "open" && !sent && (
                    <>
                        <Button onClick={() => answer(takeAsProblem(chart.chart, finding, names))}>{w.finding.take}<span class="usa-sr-only">: {finding.title}</span></Button>
                        {!asking && <Button kind="other" onClick={() => setAsking(true)}>{w.finding.set_aside}<span class="usa-sr-only">: {finding.title}</span></Button>}
                    </>
                )}
                {finding.dtp && (
                    <Button kind="other" onClick={() => go({ at: "chart", chart: chart.chart, part: "dtp", record: finding.dtp as string, back: props.here })}>
                        {w.finding.to_problem}<span class="usa-sr-only">: {finding.title}</span>
                    </Button>
                )}
                {medicines.map((r) => (
                    <Button key={r.record} kind="quiet" onClick={() => go({ at: "chart", chart: chart.chart, part: "pmr", record: r.record, back: props.here })}>
                        {recordName("pmr", r)}
                    </Button>
                ))}
            </Buttons>
            {asking && finding.status === "open" && (
                <form onSubmit={(event) => {
                    event.preventDefault();
                    setMissing(reason.trim() === "");
                    if (reason.trim() !== "")
                        answer(setAside(chart.chart, finding, names, reason.trim()));
                }}>
                    {missing && <Alert kind="error" title={w.finding.reason_first} live />}
                    <Field id={id} label={w.finding.reason}>
                        <textarea id={id} class="usa-textarea short" value={reason} onInput={(event) => compose(event.currentTarget.value)} />
                    </Field>
                    <Buttons>
                        <Button type="submit">{w.finding.set_aside_now}</Button>
                        <Button kind="other" onClick={() => {
                            compose("");
                            setAsking(false);
                        }}>{w.field.cancel}</Button>
                    </Buttons>
                </form>
            )}
        </li>
    );
}
