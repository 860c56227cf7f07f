/* Which screen, and what is around every screen. */
import { useSignalEffect } from "@preact/signals";
import type { Home } from "../core/protocol.ts";
import { change } from "../state/change.ts";
import { go } from "../state/effects.ts";
import { isStaff } from "../state/marks.ts";
import { tree, type Problem } from "../state/tree.ts";
import { helpFor, w } from "../words.ts";
import { ChartScreen } from "./chart.tsx";
import { GuestScreen } from "./guest.tsx";
import { HomeScreen } from "./home.tsx";
import { JoinScreen, LostScreen, WelcomeScreen } from "./join.tsx";
import { NewPatientScreen } from "./invite.tsx";
import { PaperScreen } from "./papers.tsx";
import { Alert, Button, Buttons, Loading, SkipLink, Title } from "./parts.tsx";
import { ThenScreen } from "./then.tsx";
import { VisitBar, VisitScreen } from "./visit.tsx";

export function App() {
    useSignalEffect(() => {
        const waits = tree.call.value?.knocking.length ?? 0;
        document.title = waits > 0 ? w.title.knocking(waits) : w.title.of(tree.screen.value);
    });
    const home = tree.home.value.state === "here" ? tree.home.value.value : null;
    const ready = tree.core.value === "ready";
    const member = home?.state === "member" && ready, guest = home?.state === "guest" && ready;
    return (
        <>
            <SkipLink to="main">{w.skip}</SkipLink>
            <Header home={member || guest ? home : null} />
            {!(home && (isStaff(home.role) || home.state === "guest")) && <Emergency />}
            {(member || guest) && <VisitBar home={home} />}
            <main id="main" tabIndex={-1}>
                {member && <Problems />}
                <Screen home={home} />
            </main>
            <div class="usa-sr-only" role="status">{tree.said.value}</div>
        </>
    );
}

function Header({ home }: { home: Home | null }) {
    const there = tree.screen.value.at === "home";
    return (
        <header class="top">
            <nav aria-label={w.nav.main}>
                {home?.state === "member"
                    ? <button type="button" class="brand" aria-current={there ? "page" : undefined}
                        onClick={() => go({ at: "home" })}>{w.nav.home}</button>
                    : <span class="brand">{w.name}</span>}
            </nav>
            {home && <Line home={home} />}
        </header>
    );
}

function Line({ home }: { home: Home }) {
    const online = home.state === "guest" ? home.online.live : home.online.log;
    const state = online ? "online" : "offline";
    return (
        <p class={`line line-${state}`} role="status">
            <span aria-hidden="true">{online ? "● " : "▲ "}</span>{w.line[state]}
        </p>
    );
}

/** Always on the screen of those who are not staff. */
function Emergency() {
    return (
        <aside class="emergency" aria-label={w.emergency.label}>
            <p><strong>{w.emergency.not}</strong> {w.emergency.what_to_do}</p>
        </aside>
    );
}

/* A chart in which writing has stopped says so itself, where it is shown; so does a device that was shut out by its
 * own person. */
function isSaidBelow({ failure, chart }: Problem): boolean {
    const screen = tree.screen.value, home = tree.home.value, charts = tree.charts.value;
    if (failure.error === "revoked" && home.state === "here" && home.value.shut_out)
        return true;
    const shown = screen.at === "chart" ? screen.chart === chart
        : screen.at === "home" && home.state === "here" && !isStaff(home.value.role);
    return shown && charts.state === "here" && charts.value.some((c) => c.chart === chart && c.stopped === failure.error);
}

function Problems() {
    return (
        <>
            {tree.problems.value.filter((one) => !isSaidBelow(one)).map((problem) => (
                <Alert key={problem.number} kind="error" title={w.problem(problem.failure.error)} live>
                    <p class="usa-alert__text">{helpFor(problem.failure)}</p>
                    {problem.text && <blockquote>{problem.text}</blockquote>}
                    <Buttons>
                        <Button kind="other" onClick={() => change({ do: "dismiss", number: problem.number })}>
                            {w.close_note}
                        </Button>
                    </Buttons>
                </Alert>
            ))}
        </>
    );
}

function Screen({ home }: { home: Home | null }) {
    if (tree.core.value === "broken")
        return <Broken />;
    if (tree.core.value === "starting" || !home)
        return <Starting />;
    if (tree.joining.value || home.state === "joining")
        return <JoinScreen home={home} />;
    if (home.state === "guest")
        return <GuestScreen home={home} />;
    if (home.state !== "member")
        return <WelcomeScreen lost={tree.cleared.value} />;
    if (tree.lost.value.length > 0)
        return <LostScreen />;
    const screen = tree.screen.value;
    switch (screen.at) {
    case "home": return <HomeScreen home={home} />;
    case "new-patient": return <NewPatientScreen />;
    case "chart": return <ChartScreen home={home} screen={screen} />;
    case "paper": return <PaperScreen key={`${screen.chart} ${screen.version}`} screen={screen} />;
    case "then": return <ThenScreen screen={screen} />;
    case "visit": return <VisitScreen home={home} chart={screen.chart} />;
    }
}

function Starting() {
    const failed = tree.home.value.state === "failed" ? tree.home.value.failure : null;
    return (
        <>
            <Title of="starting">{w.name}</Title>
            {failed
                ? <Alert kind="error" title={w.did_not_work} live><p>{helpFor(failed)}</p></Alert>
                : <Loading text={w.starting} />}
        </>
    );
}

function Broken() {
    const failure = tree.broken.value ?? { error: "core-failed", help: "" };
    return (
        <>
            <Title of="broken">{w.broken.title}</Title>
            <Alert kind="error" title={w.broken.stopped} live>
                <p class="usa-alert__text">{helpFor(failure)}</p>
                <Buttons><Button onClick={() => location.reload()}>{w.broken.reload}</Button></Buttons>
            </Alert>
        </>
    );
}
