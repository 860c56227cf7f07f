import { useEffect, useId, useRef, useState } from "preact/hooks";
import type { Entry, Member, Waiting } from "../core/protocol.ts";
import { change } from "../state/change.ts";
import { loadEarlier, refresh } from "../state/effects.ts";
import { release, sendMessage } from "../state/invite.ts";
import { markOf } from "../state/marks.ts";
import { tree, type OpenChart } from "../state/tree.ts";
import { byteLength } from "../state/values.ts";
import { w } from "../words.ts";
import type { ChartProps } from "./chart.tsx";
import { Alert, Button, Buttons, Empty, Field, MarkView, me, Of, When } from "./parts.tsx";

const MESSAGE_BYTES = 16 * 1024;
/** so many are on the screen at first, and more for each press */
const AT_ONCE = 20;

const membersOf = (open: OpenChart): Member[] => (open.members.state === "here" ? open.members.value : []);

export function MessagesPart({ chart, open, plain }: ChartProps) {
    const [count, setCount] = useState(AT_ONCE);
    const end = useRef<HTMLDivElement>(null);
    const here = open.entries.state === "here";
    useEffect(() => {
        if (here)
            end.current?.scrollIntoView({ block: "end" });
    }, [here]);
    const unsent = open.waiting.filter((one) => one.kind === "message");
    return (
        <>
            <Of part={open.entries} again={() => void refresh("entries")} loading={w.messages.loading}>
                {(entries) => {
                    const all = entries.filter((e) => e.class === "message" && (e.kind === "message" || e.state !== "open"));
                    const shown = all.slice(-count);
                    const more = all.length > shown.length || open.from > 0;
                    return (
                        <>
                            {more && (
                                <Buttons>
                                    <Button kind="other" onClick={() => {
                                        setCount(count + AT_ONCE);
                                        if (all.length <= count + AT_ONCE)
                                            void loadEarlier();
                                    }}>{open.earlier ? w.loading : w.messages.earlier}</Button>
                                </Buttons>
                            )}
                            {all.length === 0 && unsent.length === 0 && open.from === 0 && chart.entries >= chart.server_entries &&
                                <Empty><p>{plain ? w.messages.none_mine : w.messages.none}</p></Empty>}
                            <div role="log" aria-label={w.messages.list}>
                                <ol class="messages">
                                    {shown.map((entry) => <Message key={entry.index} entry={entry} open={open} />)}
                                </ol>
                            </div>
                            {unsent.length > 0 && (
                                <ul class="messages" aria-label={w.messages.unsent}>
                                    {unsent.map((one) => one.held
                                        ? <Held key={one.token} waiting={one} entries={entries} open={open} />
                                        : <Unsent key={one.token} waiting={one} open={open} stopped={Boolean(chart.stopped)} />)}
                                </ul>
                            )}
                        </>
                    );
                }}
            </Of>
            {chart.member && !chart.stopped && <Composer chart={chart.chart} plain={plain} />}
            <div ref={end} />
        </>
    );
}

function Message({ entry, open }: { entry: Entry; open: OpenChart }) {
    const members = membersOf(open);
    const mine = entry.account === me();
    const who = mine ? w.you : entry.name || w.person("", entry.role ?? "");
    return (
        <li class={`message${mine ? " mine" : ""}`}>
            <p class="by"><strong>{who}</strong>{entry.role && entry.name && !mine ? ` (${w.role[entry.role]})` : ""}, <When ms={entry.time_ms} /></p>
            {entry.state === "open" && entry.text !== undefined
                ? <p class="text">{entry.text}</p>
                : <p class="text closed">{w.messages.state[entry.state]}</p>}
            {entry.state === "open" && (
                <p class="marks"><MarkView mark={markOf(entry.index, entry.account, me(), members, entry)} members={members} /></p>
            )}
        </li>
    );
}

function Unsent({ waiting, open, stopped }: { waiting: Waiting; open: OpenChart; stopped: boolean }) {
    return (
        <li class="message mine">
            <p class="by"><strong>{w.you}</strong>, <When ms={waiting.composed_ms} /></p>
            <p class="text">{waiting.text}</p>
            <p class="marks">
                {stopped ? <strong>{w.messages.not_sent}</strong> : <MarkView mark={{ at: "device" }} members={membersOf(open)} />}
            </p>
        </li>
    );
}

/* Rule L4: what was written before somebody joined is not shown to them unasked. */
function Held({ waiting, entries, open }: { waiting: Waiting; entries: Entry[]; open: OpenChart }) {
    const members = membersOf(open);
    const joined = entries
        .filter((e) => e.class === "epoch" && e.time_ms >= waiting.composed_ms)
        .flatMap((e) => e.added ?? [])
        .map((one) => members.find((m) => m.account === one.account && !m.self))
        .filter((m) => m !== undefined);
    const names = [...new Set(joined.map((m) => w.person(m.name, m.role)))];
    return (
        <li class="message mine held">
            <p class="text">{waiting.text}</p>
            <Alert kind="warning" title={w.messages.held(names)} live>
                <p class="usa-alert__text">{w.messages.held_ask}</p>
                <Buttons>
                    <Button onClick={() => void release(waiting.chart, waiting.token, true)}>{w.messages.send_now}</Button>
                    <Button kind="other" onClick={() => void release(waiting.chart, waiting.token, false)}>{w.messages.drop}</Button>
                </Buttons>
            </Alert>
        </li>
    );
}

function Composer({ chart, plain }: { chart: string; plain: boolean }) {
    const id = useId();
    const text = tree.composing.value[chart] ?? "";
    const long = byteLength(text) > MESSAGE_BYTES;
    const [empty, setEmpty] = useState(false);
    const send = () => {
        setEmpty(text.trim() === "");
        if (text.trim() === "")
            document.getElementById(id)?.focus();
        else if (!long)
            void sendMessage(chart);
    };
    const error = long ? w.messages.too_long : empty && text.trim() === "" ? w.messages.write_first : undefined;
    return (
        <form class="composer" onSubmit={(event) => { event.preventDefault(); send(); }}>
            <Field id={id} label={w.messages.write} hint={plain ? w.messages.hint_mine : w.messages.hint}
                {...(error ? { error } : {})}>
                <textarea id={id} class="usa-textarea" value={text} aria-invalid={Boolean(error)}
                    aria-describedby={`${id}-hint${error ? ` ${id}-error` : ""}`}
                    onInput={(event) => change({ do: "compose", chart, text: event.currentTarget.value })}
                    onKeyDown={(event) => {
                        if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && !event.repeat) {
                            event.preventDefault();
                            send();
                        }
                    }} />
            </Field>
            <Buttons><Button type="submit">{w.messages.send}</Button></Buttons>
        </form>
    );
}
