/* What a prescriber is asked, and their answers. */
import { useEffect, useRef } from "preact/hooks";
import type { Id, RecordView } from "../core/protocol.ts";
import { go, want } from "../state/effects.ts";
import { countOf } from "../state/flow.ts";
import { linked, valueOf } from "../state/values.ts";
import { w } from "../words.ts";
import type { ChartProps } from "./chart.tsx";
import { recordName, wordsOf } from "./names.ts";
import { Button, Buttons, Empty } from "./parts.tsx";
import { FieldOf, Folded } from "./records.tsx";

/** Not answered, or to be answered anew. */
const isOpen = (r: RecordView): boolean => ["", "none-yet"].includes(valueOf(r, "answer")) || Boolean(r.fields["answer"]?.outdated);

export function AnswersPart(props: ChartProps) {
    const { chart } = props;
    useEffect(() => want("dtp", "pmr"), [chart.chart]);
    const asked = countOf("dtp").filter((r) => valueOf(r, "recommendation") !== "");
    const open = asked.filter(isOpen);
    /* Whoever has just answered may have a word to add: it stays in place as long as they are here. */
    const came = useRef(new Set<Id>()).current;
    for (const r of open)
        came.add(r.record);
    const shown = asked.filter((r) => came.has(r.record)), answered = asked.filter((r) => !came.has(r.record));
    const card = (r: RecordView) => <Question key={r.record} {...props} problem={r} />;
    return (
        <>
            <p class="lead" role="status">{w.answers.open(open.length)}</p>
            {asked.length === 0 && <Empty><p>{w.answers.none}</p></Empty>}
            <ul class="cards">{shown.map(card)}</ul>
            {answered.length > 0 && <Folded title={w.answers.answered(answered.length)}><ul class="cards">{answered.map(card)}</ul></Folded>}
        </>
    );
}

function Question({ problem, ...props }: ChartProps & { problem: RecordView }) {
    const medicine = linked(valueOf(problem, "medicine"));
    const about = [wordsOf("dtp", problem, "medicines", false), wordsOf("dtp", problem, "category", false), wordsOf("dtp", problem, "severity", false)];
    return (
        <li class="card">
            <h2>{recordName("dtp", problem)}</h2>
            <p>{about.filter((part) => part).join(" – ")}</p>
            {valueOf(problem, "note") && <p class="value">{valueOf(problem, "note")}</p>}
            <p class="sentence-label">{w.answers.asks}</p>
            <blockquote>{valueOf(problem, "recommendation")}</blockquote>
            <FieldOf {...props} doc="dtp" record={problem} name="answer" radios />
            <FieldOf {...props} doc="dtp" record={problem} name="answer_note" />
            <Buttons>
                {medicine && (
                    <Button kind="other" onClick={() => go({
                        at: "chart", chart: props.chart.chart, part: "pmr", record: medicine, back: { at: "chart", chart: props.chart.chart, part: "dtp" },
                    })}>{w.answers.medicine}<span class="usa-sr-only">: {recordName("dtp", problem)}</span></Button>
                )}
            </Buttons>
        </li>
    );
}
