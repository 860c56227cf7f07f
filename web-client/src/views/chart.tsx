/* One chart: its parts, who is here, what is wrong with it. */
import { useState } from "preact/hooks";
import type { ChartSummary, Home } from "../core/protocol.ts";
import { go, refresh } from "../state/effects.ts";
import { visitNow } from "../state/flow.ts";
import { isStaff } from "../state/marks.ts";
import { recordDocs, tree, type ChartPart, type OpenChart, type Screen, type Step } from "../state/tree.ts";
import { failureWords, w } from "../words.ts";
import { AnswersPart } from "./answers.tsx";
import { VisitPart } from "./flow.tsx";
import { LogPart } from "./log.tsx";
import { MessagesPart } from "./messages.tsx";
import { Alert, Button, Buttons, Failed, Loading, nameOf, Reading, SkipLink, Title } from "./parts.tsx";
import { PapersPart } from "./papers.tsx";
import { PeoplePart } from "./people.tsx";
import { RecordsPart } from "./records.tsx";
import { Copied, ShutOutButton } from "./shut_out.tsx";
import { UndoNotice } from "./undo.tsx";
import { startVisit } from "./visit.tsx";

export interface ChartProps {
    home: Home;
    open: OpenChart;
    chart: ChartSummary;
    /** the words for patients, instead of those for staff */
    plain: boolean;
    /** whose word counts at once, and who answers suggestions */
    staff: boolean;
}

export function ChartScreen({ home, screen }: { home: Home; screen: Extract<Screen, { at: "chart" }> }) {
    const open = tree.open.value;
    const charts = tree.charts.value;
    if (charts.state === "failed")
        return <Failed failure={charts.failure} again={() => void refresh("charts")} />;
    const chart = charts.state === "here" ? charts.value.find((c) => c.chart === screen.chart) : undefined;
    if (charts.state === "here" && !chart)
        return (
            <>
                <Title of="no-chart">{w.chart.gone}</Title>
                <Buttons><Button onClick={() => go({ at: "home" })}>{w.nav.home}</Button></Buttons>
            </>
        );
    if (!chart || !open)
        return <><Title of="chart-loading">{w.chart.opening}</Title><Loading /></>;
    const staff = isStaff(home.role);
    const props = { home, open, chart, plain: !staff && home.role !== "prescriber", staff };
    return (
        <>
            <ChartTop {...props} part={screen.part} record={screen.record} step={screen.step} />
            <Trouble {...props} />
            {screen.part === "log" && !chart.practice && <UndoNotice {...props} always />}
            <div id="part" tabIndex={-1}><PartOf {...props} screen={screen} /></div>
            {recordDocs.some((doc) => doc === screen.part) && <UndoNotice {...props} />}
        </>
    );
}

function PartOf({ screen, ...props }: ChartProps & { screen: Extract<Screen, { at: "chart" }> }) {
    switch (screen.part) {
    case "messages": return <MessagesPart key={screen.chart} {...props} />;
    case "people": return <PeoplePart {...props} />;
    case "dtp": return props.home.role === "prescriber" && !screen.record
        ? <AnswersPart {...props} />
        : <RecordsPart key={screen.record ?? ""} {...props} doc="dtp" record={screen.record} back={screen.back} begin={screen.begin} />;
    case "visit": return <VisitPart key={`${screen.record ?? ""} ${screen.step ?? ""}`} {...props} screen={screen} />;
    case "papers": return <PapersPart {...props} here={screen} />;
    case "log": return <LogPart {...props} />;
    default: return (
        <RecordsPart key={`${screen.part} ${screen.record ?? ""}`} {...props} doc={screen.part} record={screen.record} back={screen.back} begin={screen.begin} />
    );
    }
}

const partsOf = (chart: ChartSummary, staff: boolean): ChartPart[] =>
    chart.practice ? ["people", "messages", "log"]
        : staff ? ["messages", "visit", "pmr", "dtp", "map", "profile", "allergies", "journal", "checkin", "papers", "people", "log"]
            : ["messages", "dtp", "pmr", "map", "profile", "allergies", "papers", "people", "log"];

/* Patients go by way of their home: two presses, and no row of buttons above what they came for. */
function ChartTop({ chart, home, plain, staff, open, part, record, step }: ChartProps & { part: ChartPart; record: string | undefined; step: Step | undefined }) {
    const words = plain ? w.part.plain : w.part.clinical;
    const here = tree.present.value.filter((p) => p.chart === chart.chart);
    const others = here.filter((p) => open.members.state !== "here" ||
        open.members.value.some((m) => m.device === p.device && !m.self));
    const members = open.members.state === "here" ? open.members.value : [];
    const names = [...new Set(others.map((p) => p.name || nameOf(p.account, members)))];
    const inVisit = tree.call.value?.chart === chart.chart && tree.call.value.state !== "none";
    return (
        <div class="chart-top">
            <Title of={`${chart.chart} ${part} ${record ?? ""} ${step ?? ""}`} place={`${chart.chart} ${part} ${record ?? ""}`}>
                {plain ? words[part] : <>{chart.practice ? w.home.practice : chart.name || w.no_name}
                    <span class="part-name"> – {words[part]}</span></>}
            </Title>
            {home.role === "caregiver" && chart.name && <p>{w.chart.of(chart.name)}</p>}
            <p class="here" role="status">{names.length > 0 ? w.chart.here(names) : ""}</p>
            {staff && !chart.practice && !inVisit && (
                <Buttons>
                    {chart.visit
                        ? <Button onClick={() => go({ at: "visit", chart: chart.chart })}>{w.visit.go}</Button>
                        : home.online.live && <Button onClick={() => void startVisit(chart.chart)}>{visitNow() ? w.visit.start_call : w.visit.start}</Button>}
                </Buttons>
            )}
            {!plain && (
                <PartsRow key={`${part} ${record ?? ""} ${step ?? ""}`} chart={chart} part={part} list={partsOf(chart, staff)} />
            )}
        </div>
    );
}

/** The chart's parts in a row; where there is no room for one, behind the name of the part that is here. */
function PartsRow({ chart, part, list }: { chart: ChartSummary; part: ChartPart; list: ChartPart[] }) {
    const [open, setOpen] = useState(false);
    const words = w.part.clinical;
    const unread = chart.unread > 0 && <span class="badge"> ({w.home.new_short(chart.unread)})</span>;
    return (
        <nav aria-label={w.nav.chart} class={`parts folds${open ? " is-open" : ""}`}>
            <button type="button" class="unfold" aria-expanded={open} onClick={() => setOpen(!open)}>
                <span><span class="usa-sr-only">{w.nav.chart}: </span>{words[part]}</span>
                <span class="unfold-sign">
                    {chart.unread > 0 ? <strong>{w.home.unread(chart.unread)}</strong> : w.nav.all_parts}
                    <span aria-hidden="true"> {open ? "▴" : "▾"}</span>
                </span>
            </button>
            <SkipLink to="part">{w.nav.skip_parts}</SkipLink>
            <ul>
                {list.map((one) => (
                    <li key={one}>
                        <button type="button" aria-current={one === part ? "page" : undefined}
                            onClick={() => { setOpen(false); go({ at: "chart", chart: chart.chart, part: one }); }}>
                            {words[one]}{one === "messages" && unread}
                        </button>
                    </li>
                ))}
            </ul>
        </nav>
    );
}

/** Nothing more is written here: why, and what to do. */
export function Stopped({ chart }: { chart: ChartSummary }) {
    const screen = tree.screen.value;
    const there = screen.at === "chart" && screen.part === "log";
    const isOut = tree.home.value.state === "here" && tree.home.value.value.shut_out;
    return chart.stopped ? (
        <Alert kind="error" title={w.chart.stopped} live>
            <p class="usa-alert__text">{isOut ? w.shut_out.here : failureWords(chart.stopped)}</p>
            <Buttons>
                {chart.stopped === "keys-cloned" && <ShutOutButton />}
                {!there && <Button kind="other" onClick={() => go({ at: "chart", chart: chart.chart, part: "log" })}>{w.chart.to_log}</Button>}
            </Buttons>
        </Alert>
    ) : null;
}

/* What a person has to know before they believe what is on the screen. */
function Trouble({ chart, home, plain }: ChartProps) {
    return (
        <>
            <Stopped chart={chart} />
            <Copied chart={chart} home={home} plain={plain} />
            {chart.withheld !== undefined && (
                <Alert kind="warning" title={w.chart.withheld(chart.withheld)}>
                    <p class="usa-alert__text">{w.chart.withheld_what_to_do}</p>
                </Alert>
            )}
            {!chart.member && (
                <Alert kind="warning" title={w.chart.not_member}>
                    <p class="usa-alert__text">{w.chart.not_member_what_to_do}</p>
                </Alert>
            )}
            {!home.online.log && !home.shut_out && (
                <Alert kind="warning" title={w.line.offline_short}>
                    <p class="usa-alert__text">{chart.waiting > 0 ? w.line.offline_unsent(chart.waiting) : w.line.offline_kept}</p>
                </Alert>
            )}
            {home.online.log && <Reading charts={[chart]} />}
            {Math.abs(tree.clock_off.value) > 10 * 60_000 && (
                <Alert kind="warning" title={w.chart.clock}>
                    <p class="usa-alert__text">{w.chart.clock_what_to_do(plain)}</p>
                </Alert>
            )}
        </>
    );
}
