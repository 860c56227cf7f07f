/* The first screen: patients for staff, one's own chart for everybody else. */
import { useId } from "preact/hooks";
import type { ChartSummary, Home } from "../core/protocol.ts";
import { change } from "../state/change.ts";
import { go, refresh } from "../state/effects.ts";
import { isStaff } from "../state/marks.ts";
import { tree, type ChartPart } from "../state/tree.ts";
import { problemWords, w } from "../words.ts";
import { Stopped } from "./chart.tsx";
import { Alert, Button, Buttons, Empty, Field, Of, Reading, Tag, Title, When } from "./parts.tsx";
import { Call } from "./people.tsx";
import { Copied, copiedIn, ShutOut } from "./shut_out.tsx";

export function HomeScreen({ home }: { home: Home }) {
    return isStaff(home.role) ? <StaffHome home={home} /> : <MyHome home={home} />;
}

function Line({ home }: { home: Home }) {
    if (home.shut_out)
        return null;
    return home.online.log ? <Reading charts={tree.charts.value.state === "here" ? tree.charts.value.value : []} /> : (
        <Alert kind="warning" title={w.line.offline_short}>
            <p class="usa-alert__text">{w.line.offline_kept}</p>
        </Alert>
    );
}

/* -- staff ------------------------------------------------------------------------------------------ */

const knockingIn = (chart: string): number =>
    tree.call.value?.chart === chart ? tree.call.value.knocking.length : 0;

const toLookAt = (c: ChartSummary): number => c.conflicts + c.proposals;

/** Somebody opened a used link within the last days; later it is said of the person only. */
const TRIED_AGAIN_MS = 7 * 24 * 60 * 60_000;
const isTriedAgain = (c: ChartSummary): boolean => Date.now() - (c.link_again_ms ?? 0) < TRIED_AGAIN_MS;

/** A visit that is late is still the next one for a while. */
const LATE_MS = 60 * 60_000;
const nextVisit = (c: ChartSummary): number | undefined =>
    c.planned_ms?.filter((ms) => ms > Date.now() - LATE_MS).sort((a, b) => a - b)[0];

/* Whoever waits comes first, then what is new, then what is to be decided, then the latest. */
function byUrgency(a: ChartSummary, b: ChartSummary): number {
    return knockingIn(b.chart) - knockingIn(a.chart) ||
        Number(Boolean(b.stopped)) - Number(Boolean(a.stopped)) ||
        Number(Boolean(b.copied?.some((c) => !c.back))) - Number(Boolean(a.copied?.some((c) => !c.back))) ||
        Number(isTriedAgain(b)) - Number(isTriedAgain(a)) ||
        Number(b.unread > 0) - Number(a.unread > 0) ||
        Number(toLookAt(b) > 0) - Number(toLookAt(a) > 0) ||
        (b.last?.time_ms ?? 0) - (a.last?.time_ms ?? 0) ||
        a.name.localeCompare(b.name);
}

const plainly = (text: string): string => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();

function StaffHome({ home }: { home: Home }) {
    const id = useId();
    const wanted = plainly(tree.find.value.trim());
    return (
        <>
            <Title of="home">{w.home.patients}</Title>
            <ShutOut home={home} />
            <Line home={home} />
            <Buttons>
                <Button onClick={() => go({ at: "new-patient" })}>{w.home.new_patient}</Button>
                {home.practice_chart && (
                    <Button kind="other" onClick={() => go({ at: "chart", chart: home.practice_chart, part: "people" })}>
                        {home.role === "administrator" ? w.home.colleagues_invite : w.home.colleagues}
                    </Button>
                )}
            </Buttons>
            <Of part={tree.charts.value} again={() => void refresh("charts")} loading={w.home.loading}>
                {(charts) => {
                    const patients = charts.filter((c) => !c.practice);
                    const found = patients.filter((c) => plainly(c.name).includes(wanted)).sort(byUrgency);
                    if (patients.length === 0)
                        return <Empty><p>{w.home.no_patients}</p></Empty>;
                    return (
                        <>
                            <Field id={id} label={w.home.find}>
                                <input id={id} class="usa-input" type="search" autocomplete="off" value={tree.find.value}
                                    onInput={(event) => change({ do: "find", text: event.currentTarget.value })} />
                            </Field>
                            <p role="status" class="count">{w.home.found(found.length, patients.length)}</p>
                            <ul class="cards">
                                {found.map((chart) => <PatientCard key={chart.chart} chart={chart} home={home} />)}
                            </ul>
                        </>
                    );
                }}
            </Of>
        </>
    );
}

function PatientCard({ chart, home }: { chart: ChartSummary; home: Home }) {
    const waits = knockingIn(chart.chart);
    const planned = nextVisit(chart);
    const open = (part: ChartPart) => go({ at: "chart", chart: chart.chart, part });
    return (
        <li class="card beside">
            <h2>{chart.name || w.no_name}</h2>
            <p class="tags">
                {waits > 0 && <Tag kind="attention">{w.home.waits(waits)}</Tag>}
                {chart.visit && waits === 0 && <Tag kind="good">{w.home.visit_open}</Tag>}
                {chart.stopped && <Tag kind="attention">{problemWords(chart.stopped)}</Tag>}
                {chart.withheld !== undefined && <Tag kind="attention">{w.home.withheld}</Tag>}
                {copiedIn(chart, home).length > 0 && <Tag kind="attention">{w.home.copied}</Tag>}
                {isTriedAgain(chart) && <Tag kind="attention">{w.home.link_again}</Tag>}
                {chart.unread > 0 && <Tag kind="attention">{w.home.unread(chart.unread)}</Tag>}
                {chart.conflicts > 0 && <Tag kind="attention">{w.home.conflicts(chart.conflicts)}</Tag>}
                {chart.proposals > 0 && <Tag kind="plain">{w.home.proposals(chart.proposals)}</Tag>}
                {chart.waiting > 0 && <Tag kind="plain">{w.home.unsent(chart.waiting)}</Tag>}
                {!chart.current && <Tag kind="plain">{w.home.reading}</Tag>}
            </p>
            {chart.last && (
                <p class="preview">{w.home.last(chart.last.name)} <When ms={chart.last.time_ms} />: {chart.last.text}</p>
            )}
            {planned !== undefined && !chart.visit && <p>{w.visit.planned_staff(planned)}</p>}
            <p class="heard">
                {chart.heard_ms > 0 ? <>{w.home.heard} <When ms={chart.heard_ms} /></> : w.home.never_heard}
            </p>
            <Buttons>
                <Button onClick={() => open("messages")}>
                    {w.home.open}<span class="usa-sr-only"> {chart.name || w.no_name}</span>
                </Button>
                {toLookAt(chart) > 0 && (
                    <Button kind="other" onClick={() => open("pmr")}>
                        {w.home.look_at}<span class="usa-sr-only">: {chart.name || w.no_name}</span>
                    </Button>
                )}
            </Buttons>
        </li>
    );
}

/* -- everybody else ----------------------------------------------------------------------------------- */

function MyHome({ home }: { home: Home }) {
    return (
        <>
            <Title of="home">{home.name ? w.home.hello(home.name) : w.home.my_chart}</Title>
            <ShutOut home={home} />
            <Line home={home} />
            <Of part={tree.charts.value} again={() => void refresh("charts")} loading={w.home.loading_mine}>
                {(charts) => charts.length === 0
                    ? <Empty><p>{w.home.no_chart}</p></Empty>
                    : charts.map((chart) => <MyChart key={chart.chart} chart={chart} home={home} named={charts.length > 1 || home.role !== "patient"} />)}
            </Of>
        </>
    );
}

function MyChart({ chart, home, named }: { chart: ChartSummary; home: Home; named: boolean }) {
    const planned = nextVisit(chart), doctor = home.role === "prescriber";
    const to = (part: ChartPart) => go({ at: "chart", chart: chart.chart, part });
    const ways: [ChartPart, string, string][] = doctor ? [
        ["dtp", w.answers.title, chart.holder ? w.answers.hint : w.home.opens_later],
        ["messages", w.part.clinical.messages, chart.unread > 0 ? w.home.unread(chart.unread) : w.home.no_unread],
        ["pmr", w.part.clinical.pmr, w.answers.pmr_hint],
        ["map", w.part.clinical.map, w.answers.map_hint],
        ["profile", w.part.clinical.profile, w.answers.profile_hint],
        ["papers", w.part.clinical.papers, w.answers.papers_hint],
        ["people", w.part.clinical.people, w.answers.people_hint],
        ["log", w.part.clinical.log, w.answers.log_hint],
    ] : [
        ["messages", w.part.plain.messages, chart.unread > 0 ? w.home.unread(chart.unread) : w.home.no_unread],
        ["pmr", w.part.plain.pmr, chart.holder ? w.home.pmr_hint : w.home.opens_later],
        ["map", w.part.plain.map, chart.holder ? w.home.map_hint : w.home.opens_later],
        ["visit", w.part.plain.visit, w.home.visit_hint],
        ["checkin", w.part.plain.checkin, w.home.checkin_hint],
        ["papers", w.part.plain.papers, w.home.papers_hint],
        ["journal", w.part.plain.journal, w.home.journal_hint],
        ["profile", w.part.plain.profile, w.home.profile_hint],
        ["allergies", w.part.plain.allergies, w.home.allergies_hint],
        ["people", w.part.plain.people, w.home.people_hint],
        ["log", w.part.plain.log, w.home.log_hint],
    ];
    return (
        <section>
            {named && <h2>{chart.name || w.no_name}</h2>}
            {home.role === "caregiver" && chart.name && <p>{w.chart.of(chart.name)}</p>}
            <Stopped chart={chart} />
            <Copied chart={chart} home={home} plain />
            <div class={`next-visit${chart.visit ? " is-open" : ""}`}>
                {chart.visit
                    ? <>
                        <p class="lead">{w.visit.is_open}</p>
                        <Buttons>
                            <Button big onClick={() => go({ at: "visit", chart: chart.chart })}>{w.visit.go}</Button>
                        </Buttons>
                    </>
                    : <>
                        {planned !== undefined && <p class="lead">{(doctor ? w.visit.planned_staff : w.visit.planned)(planned)}</p>}
                        <p>{doctor ? w.visit.none_open_prescriber : w.visit.none_open}</p>
                        <Buttons>
                            <Button kind="other" onClick={() => go({ at: "visit", chart: chart.chart })}>
                                {w.visit.try_sound}
                            </Button>
                        </Buttons>
                    </>}
            </div>
            {chart.reach?.map((one) => <Call key={one.account} phone={one.phone} hours={one.hours} whom={w.person(one.name, one.role)} />)}
            <ul class="ways">
                {chart.holder && !doctor && (
                    <li>
                        <button type="button" class="way" onClick={() => go({ at: "paper", chart: chart.chart, list: true, back: { at: "home" } })}>
                            <span class="way-name">{w.home.list_now}</span>
                            <span class="way-hint">{w.home.list_hint}</span>
                        </button>
                    </li>
                )}
                {ways.map(([part, label, hint]) => (
                    <li key={part}>
                        <button type="button" class="way" onClick={() => to(part)}>
                            <span class="way-name">{label}</span>
                            <span class={`way-hint${part === "messages" && chart.unread > 0 ? " new" : ""}`}>{hint}</span>
                        </button>
                    </li>
                ))}
            </ul>
        </section>
    );
}
