/*
 * After a hospital stay: what was taken before beside what is taken from now on. Each line is decided: continue, new,
 * changed or stopped; the counter says how many are not, and the decisions are the record.
 */
import { useEffect, useState } from "preact/hooks";
import type { RecordView } from "../core/protocol.ts";
import { ask, go } from "../state/effects.ts";
import { beganMs, changedAsBefore, decision, lineIn, reconciledIn, toReconcile } from "../state/flow.ts";
import { writeFields } from "../state/invite.ts";
import { shownFields, valueOf } from "../state/values.ts";
import { valueWords, w } from "../words.ts";
import { Section, type FlowProps } from "./flow.tsx";
import { fieldOf, recordName, schemaOf } from "./names.ts";
import { Button, Buttons, Tag, ToTop } from "./parts.tsx";
import { FieldOf, isUnanswered, NotNow, Proposals } from "./records.tsx";

export function Reconcile(props: FlowProps) {
    const { visit, staff, chart } = props;
    const lines = toReconcile(visit);
    const left = lines.filter((r) => !reconciledIn(visit, r)).length;
    return (
        <Section title={w.reconcile.title[staff ? "clinical" : "plain"]}>
            <p class={`lead count-left${left === 0 ? " none" : ""}`} role="status">{w.reconcile.left(left, lines.length, !staff)}</p>
            <ol class="plain-list">{lines.map((r) => <Line key={r.record} {...props} medicine={r} />)}</ol>
            {staff && (
                <Buttons>
                    <Button kind="other" onClick={() => go({
                        at: "chart", chart: chart.chart, part: "pmr", record: "new", back: props.here,
                        begin: { discharge: "new", status: "active", source: "discharge-letter" },
                    })}>{w.reconcile.add}</Button>
                    <ToTop />
                </Buttons>
            )}
        </Section>
    );
}

function Line(props: FlowProps & { medicine: RecordView }) {
    const { medicine, visit, staff, plain, chart } = props;
    const name = recordName("pmr", medicine, plain);
    const [before, again] = useBefore(props);
    const regimen = fieldOf("pmr", "regimen"), discharge = fieldOf("pmr", "discharge"), schema = schemaOf("pmr");
    const words = (text: string) => regimen ? valueWords(text, regimen, plain) : text;
    const now = lineIn(visit, medicine), undecided = !reconciledIn(visit, medicine);
    const decide = async (as: string) => {
        const status = valueOf(medicine, "status");
        const was = status !== "stopped" ? status :
            await ask("history", { chart: chart.chart, doc: "pmr", record: medicine.record, field: "status" })
                .then((said) => said.filter((one) => one.value !== "stopped").at(-1)?.value ?? "", () => "");
        await writeFields(chart.chart, "pmr", medicine.record, decision(visit, medicine, as, was));
    };
    /* What was not there before cannot go on, and what was there is not new. */
    const choices = (discharge?.options ?? []).filter((o) => before === "" ? ["new", "stopped", "not-decided"].includes(o.name) : o.name !== "new");
    return (
        <li class={`card reconcile${undecided ? " undecided" : ""}`} aria-label={name}>
            <h4>{name} {undecided && <Tag kind="attention">{w.reconcile.not_decided}</Tag>}</h4>
            <div class="two">
                <div>
                    <p class="sentence-label">{w.reconcile.before}</p>
                    <p>{before === undefined ? w.loading : before === null ? w.not_opened : before === "" ? w.reconcile.not_before : words(before)}</p>
                </div>
                <div>
                    <p class="sentence-label">{w.reconcile.after}</p>
                    <p>
                        {now === "stopped" ? <strong>{w.reconcile.no_longer}</strong>
                            : medicine.fields["regimen"]?.conflict ? w.record.conflicts_plain(1) : words(shownFields(medicine)["regimen"] ?? "")}{" "}
                        <NotNow medicine={medicine} plain={plain} />
                    </p>
                </div>
            </div>
            {before === null && <Buttons><Button kind="other" onClick={again}>{w.try_again}</Button></Buttons>}
            {staff && schema && isUnanswered(medicine) && <Proposals {...props} doc="pmr" schema={schema} record={medicine} />}
            {staff && typeof before === "string" && !isUnanswered(medicine) && (
                <div class="choices" role="group" aria-label={w.reconcile.decide(name)}>
                    {choices.map((o) => (
                        <button key={o.name} type="button" class={`usa-button${now === o.name ? "" : " usa-button--outline"}`} aria-pressed={now === o.name}
                            onClick={() => void decide(o.name)}>
                            {now === o.name && <span aria-hidden="true">✓ </span>}{o.clinical}
                        </button>
                    ))}
                </div>
            )}
            {!staff && now !== "" && <p>{discharge ? valueWords(now, discharge, plain) : now}</p>}
            {staff && changedAsBefore(visit, medicine) && <p><Tag kind="attention">{w.reconcile.as_before}</Tag></p>}
            {staff && (now === "changed" || now === "new") && <FieldOf {...props} doc="pmr" record={medicine} name="regimen" />}
            {staff && now === "not-decided" && <FieldOf {...props} doc="pmr" record={medicine} name="discharge_why" />}
            {staff && now === "stopped" && <FieldOf {...props} doc="pmr" record={medicine} name="stop_reason" />}
        </li>
    );
}

/** The regimen as it was when the visit began; "" if the medicine was not there, undefined while that is asked, null: no answer. */
function useBefore({ medicine, visit, chart }: FlowProps & { medicine: RecordView }): [string | null | undefined, () => void] {
    const field = medicine.fields["regimen"];
    const from = beganMs(visit);
    const same = field !== undefined && !field.conflict && (field.values.at(-1)?.time_ms ?? 0) < from ? field.value : undefined;
    const [asked, setAsked] = useState<string | null>(), [times, setTimes] = useState(0);
    const newest = field?.values.at(-1)?.index;
    useEffect(() => {
        if (same !== undefined)
            return;
        ask("history", { chart: chart.chart, doc: "pmr", record: medicine.record, field: "regimen" })
            .then((said) => setAsked(said.filter((one) => one.time_ms < from).at(-1)?.value ?? ""), () => setAsked(null)); // not known is not "was not there"
    }, [same, newest, from, times]);
    return [same ?? asked, () => setTimes(times + 1)];
}
