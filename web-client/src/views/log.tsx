/* What is in the chart's log, in words; what was verified; evidence. */
import { useState } from "preact/hooks";
import type { Entry, Member } from "../core/protocol.ts";
import { loadEarlier, refresh } from "../state/effects.ts";
import { checkNow, saveEvidence } from "../state/invite.ts";
import { markOf, people, verifiedByAll } from "../state/marks.ts";
import { problemWords, reasonWords, w } from "../words.ts";
import type { ChartProps } from "./chart.tsx";
import { entryLabel } from "./names.ts";
import { ShowThen } from "./then.tsx";
import { Alert, Button, Buttons, Empty, Failed, MarkView, me, nameOf, Of, Tag, When } from "./parts.tsx";

const AT_ONCE = 20;

export function LogPart(props: ChartProps) {
    const { open } = props;
    const [count, setCount] = useState(AT_ONCE);
    const members = open.members.state === "here" ? open.members.value : [];
    return (
        <>
            <Verified {...props} members={members} />
            <h2>{w.log.list}</h2>
            <Of part={open.entries} again={() => void refresh("entries")} loading={w.log.loading}>
                {(entries) => {
                    const shown = entries.slice(-count).reverse();
                    return (
                        <>
                            {entries.length === 0 && <Empty><p>{w.log.none}</p></Empty>}
                            <ol class="log" reversed start={shown[0] ? shown[0].index + 1 : 1}>
                                {shown.map((entry) => <LogLine key={entry.index} {...props} entry={entry} members={members} />)}
                            </ol>
                            {(entries.length > count || open.from > 0) && (
                                <Buttons>
                                    <Button kind="other" onClick={() => {
                                        setCount(count + AT_ONCE);
                                        if (entries.length <= count + AT_ONCE)
                                            void loadEarlier();
                                    }}>{open.earlier ? w.loading : w.log.earlier}</Button>
                                </Buttons>
                            )}
                        </>
                    );
                }}
            </Of>
        </>
    );
}

function Verified({ open, chart, members, plain }: ChartProps & { members: Member[] }) {
    const [saved, setSaved] = useState(false);
    const upTo = verifiedByAll(members);
    const others = people(members).filter((p) => !p.self && p.joined && p.role !== "custodian");
    const { checked } = open;
    return (
        <section class="verified">
            {open.members.state === "here" && (
                <p class="lead">
                    {upTo === null ? w.log.nobody_else
                        : upTo >= chart.entries ? w.log.all_verified(chart.entries)
                            : w.log.verified_up_to(upTo, chart.entries)}
                </p>
            )}
            {others.length > 0 && (
                <ul>
                    {others.map((p) => (
                        <li key={p.account}>
                            {w.log.person_verified(nameOf(p.account, members), p.verified, chart.entries)}{" "}
                            {p.heard_ms > 0 ? <>{w.people.heard} <When ms={p.heard_ms} />.</> : w.people.never}
                        </li>
                    ))}
                </ul>
            )}
            <Buttons>
                <Button onClick={() => void checkNow(chart.chart)}>{w.log.check}</Button>
                <Button kind="other" onClick={() => void saveEvidence(chart.chart).then(setSaved)}>{w.log.evidence}</Button>
            </Buttons>
            <div role="status">
                {checked?.state === "loading" && <p>{w.log.checking}</p>}
                {checked?.state === "here" && checked.value.holds && (
                    <p class="checked"><span aria-hidden="true">✓ </span>{w.log.checked(checked.value.size)} <When ms={checked.value.at_ms} />. {w.log.complete(checked.value.complete_to)}</p>
                )}
                {checked?.state === "here" && !plain && <p class="root">{w.log.root} <code>{checked.value.root.match(/.{8}/g)?.join(" ")}</code></p>}
                {saved && <p>{w.log.saved}</p>}
            </div>
            {checked?.state === "here" && !checked.value.holds && (
                <Alert kind="error" title={w.log.broken} live>
                    <p class="usa-alert__text">{w.log.broken_what_to_do}</p>
                    <ul>
                        {checked.value.findings.map((f) => (
                            <li key={`${f.claim} ${f.index}`}>{w.log.finding(f.index, problemWords(f.problem))}</li>
                        ))}
                    </ul>
                </Alert>
            )}
            {checked?.state === "failed" && <Failed failure={checked.failure} again={() => void checkNow(chart.chart)} />}
            <p>{plain ? w.log.what_plain : w.log.what}</p>
        </section>
    );
}

function LogLine({ entry, members, plain }: ChartProps & { entry: Entry; members: Member[] }) {
    const mine = entry.account === me();
    const who = mine ? w.you : entry.name || w.person("", entry.role ?? "");
    return (
        <li value={entry.index + 1} class={entry.state === "void" ? "void" : ""}>
            <p><strong>{who}</strong> {w.log.what_happened(entry, entryLabel(entry, plain), mine)}</p>
            <p class="said">
                <When ms={entry.time_ms} />{" "}
                {entry.state === "void"
                    ? <Tag kind="attention">{w.log.void(entry.why ? reasonWords(entry.why) : "")}</Tag>
                    : <MarkView mark={markOf(entry.index, entry.account, me(), members, entry)} members={members} />}
            </p>
            {entry.class === "record" && entry.state === "open" && <ShowThen chart={entry.chart} index={entry.index} ms={entry.time_ms} />}
        </li>
    );
}
