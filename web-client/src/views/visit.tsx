/* The visit: trying the sound, the waiting room, and the bar that stays while one reads and writes. */
import { useEffect, useId, useState } from "preact/hooks";
import type { CallView, Home, Id, Role } from "../core/protocol.ts";
import { go, want } from "../state/effects.ts";
import { beginVisit, finishWithCall, visitNow } from "../state/flow.ts";
import { once, writeFields } from "../state/invite.ts";
import { isStaff } from "../state/marks.ts";
import { tree } from "../state/tree.ts";
import { shownFields } from "../state/values.ts";
import { admit, endVisit, chooseSound, knock, leave, mute, openSound, openVisit, testSound } from "../state/visit.ts";
import { helpFor, w } from "../words.ts";
import { IdentityDialog } from "./people.tsx";
import { Alert, Button, Buttons, Dialog, Loading, Meter, Title } from "./parts.tsx";

/** The call, and with it the record of the visit: one that is going on, or a new one. */
export const startVisit = (chart: Id): Promise<void | null> => once(`start ${chart}`, async () => {
    if (await openVisit(chart))
        await beginVisit(chart, { live: tree.call.value?.visit });
});

/* -- before and in the waiting room ------------------------------------------------------------------ */

export function VisitScreen({ home, chart }: { home: Home; chart: Id }) {
    const charts = tree.charts.value;
    const summary = charts.state === "here" ? charts.value.find((c) => c.chart === chart) : undefined;
    const call = tree.call.value?.chart === chart ? tree.call.value : null;
    const staff = isStaff(home.role);
    const back = () => go(staff ? { at: "chart", chart, part: "messages" } : { at: "home" });
    if (charts.state === "loading")
        return <><Title of="visit-loading">{w.visit.title}</Title><Loading /></>;
    if (call?.state === "admitted")
        return (
            <>
                <Title of="visit-in">{w.visit.you_are_in}</Title>
                <p class="lead">{w.visit.in_hint}</p>
                <Buttons>
                    <Button big onClick={() => go({ at: "chart", chart, part: "visit" })}>
                        {staff ? w.flow.go_on.clinical : w.flow.go_on.plain}
                    </Button>
                    <Button kind="other" onClick={() => go({ at: "chart", chart, part: "pmr" })}>
                        {staff ? w.part.clinical.pmr : w.part.plain.pmr}
                    </Button>
                    <Button kind="other" onClick={() => go({ at: "chart", chart, part: "map" })}>
                        {staff ? w.part.clinical.map : w.part.plain.map}
                    </Button>
                </Buttons>
                <SoundChoice />
            </>
        );
    if (call?.state === "waiting")
        return (
            <>
                <Title of="visit-waiting">{w.visit.waiting_room}</Title>
                <div role="status"><p class="lead">{w.visit.waiting}</p></div>
                <p>{w.visit.waiting_hint}</p>
                <Buttons><Button kind="other" onClick={() => void leave().then(back)}>{w.visit.leave_room}</Button></Buttons>
                <SoundChoice />
            </>
        );
    if (tree.coming_back.value)
        return <><Title of="visit-back">{w.visit.title}</Title><Loading text={w.visit.coming_back} /></>;
    return (
        <>
            <Title of="visit">{summary?.visit ? w.visit.before : w.visit.title}</Title>
            <Ended />
            {!home.online.live && <Alert kind="warning" title={w.line.offline_short} live><p>{w.visit.offline}</p></Alert>}
            <SoundCheck />
            {staff
                ? <StaffDoor chart={chart} live={home.online.live} isOpen={Boolean(summary?.visit)} />
                : <PatientDoor key={chart} chart={chart} live={home.online.live} isOpen={Boolean(summary?.visit)} />}
            <Buttons><Button kind="quiet" onClick={back}>← {w.visit.back}</Button></Buttons>
        </>
    );
}

interface Door {
    chart: Id;
    /** the live line is there: without it nobody knows whether a visit is open, and nobody hears a knock */
    live: boolean;
    isOpen: boolean;
}

function StaffDoor({ chart, live, isOpen }: Door) {
    if (!live)
        return <p class="lead">{w.visit.offline_staff}</p>;
    return (
        <>
            {isOpen && <p class="lead">{w.visit.open_staff}</p>}
            <Buttons>
                <Button big onClick={() => void (isOpen ? knock(chart) : startVisit(chart))}>
                    {isOpen ? w.visit.join : w.visit.start}
                </Button>
            </Buttons>
        </>
    );
}

/* Who presses while there is no connection is not made to stand by and press again. */
function PatientDoor({ chart, live, isOpen }: Door) {
    const [later, setLater] = useState(false);
    useEffect(() => {
        if (!later || !live || !isOpen)
            return;
        setLater(false);
        void knock(chart);
    }, [later, live, isOpen]);
    if (later)
        return (
            <>
                <p class="lead" role="status">{live ? w.visit.knocks_when_open : w.visit.knocks_later}</p>
                <Buttons><Button kind="other" onClick={() => setLater(false)}>{w.visit.knock_not}</Button></Buttons>
            </>
        );
    if (!live)
        return <Buttons><Button big onClick={() => setLater(true)}>{w.visit.knock_later}</Button></Buttons>;
    if (!isOpen)
        return <p class="lead" role="status">{w.visit.none_open}</p>;
    return (
        <>
            <p class="lead">{w.visit.ready}</p>
            <Buttons><Button big onClick={() => void knock(chart)}>{w.visit.knock}</Button></Buttons>
        </>
    );
}

function Ended() {
    const why = tree.call_end.value;
    if (!why)
        return null;
    if (why === "ended")
        return <Alert kind="info" title={w.visit.ended} live><p class="usa-alert__text">{w.visit.ended_hint}</p></Alert>;
    if (why === "not-admitted")
        return <Alert kind="warning" title={w.visit.not_admitted} live><p class="usa-alert__text">{w.visit.not_admitted_hint}</p></Alert>;
    return <Alert kind="error" title={w.problem(why.error)} live><p class="usa-alert__text">{helpFor(why)}</p></Alert>;
}

export function SoundCheck() {
    const { microphone } = tree.sound.value;
    return (
        <section class="sound-check">
            <h2>{w.sound.check}</h2>
            {microphone === "off" && (
                <>
                    <p>{w.sound.check_hint}</p>
                    <Buttons><Button kind="other" onClick={() => void openSound()}>{w.sound.try}</Button></Buttons>
                </>
            )}
            {microphone !== "off" && <SoundChoice />}
        </section>
    );
}

/** Which microphone, which speaker, and whether they work: before the visit and in it. */
export function SoundChoice() {
    const id = useId();
    const now = tree.sound.value;
    const trouble = now.microphone === "refused" || now.microphone === "missing" || now.microphone === "lost";
    const choice = (kind: "microphone" | "speaker", label: string, chosen: string) => {
        const list = kind === "microphone" ? now.microphones : now.speakers;
        return list.length > 0 && (
            <div class="usa-form-group">
                <label class="usa-label" for={`${id}-${kind}`}>{label}</label>
                <select class="usa-select" id={`${id}-${kind}`} value={chosen}
                    onChange={(event) => void chooseSound(kind, event.currentTarget.value)}>
                    <option value="">{w.sound.system}</option>
                    {list.map((one, i) => <option key={one.id} value={one.id}>{one.label || w.sound.unnamed(kind, i + 1)}</option>)}
                </select>
            </div>
        );
    };
    return (
        <>
            {now.microphone === "asking" && <Loading text={w.sound.asking} />}
            {trouble && (
                <Alert kind="warning" title={w.sound.trouble[now.microphone as "refused" | "missing" | "lost"]} live>
                    <p class="usa-alert__text">{now.help || w.sound.trouble_what_to_do}</p>
                    <Buttons><Button kind="other" onClick={() => void openSound()}>{w.try_again}</Button></Buttons>
                </Alert>
            )}
            {now.said && <p role="status">{now.said}</p>}
            {now.microphone === "on" && (
                <>
                    <MyLevel label={w.sound.say_something} />
                    {choice("microphone", w.sound.microphone, now.microphone_chosen)}
                    {choice("speaker", w.sound.speaker, now.speaker_chosen)}
                    <Buttons><Button kind="other" onClick={() => void testSound()}>{w.sound.test}</Button></Buttons>
                </>
            )}
        </>
    );
}

function MyLevel({ label }: { label: string }) {
    return <Meter label={label} level={tree.levels.value.mine} />;
}

function VoiceLevel({ device, label }: { device: Id; label: string }) {
    return <Meter label={label} level={tree.levels.value.voices.find((v) => v.device === device)?.level ?? 0} />;
}

/** What somebody in the call, or at its door, is called here. */
function nameIn(call: CallView, p: { device: Id; name: string; role: Role | "" }, home: Home): string {
    const others = call.participants.filter((one) => !one.self && one.device !== call.host);
    if (home.state === "guest")
        return p.device === call.host ? w.guest.pharmacy
            : w.guest.other(others.length > 1 ? others.findIndex((one) => one.device === p.device) + 1 : 0);
    if (p.role === "interpreter")
        return isStaff(home.role) ? w.visit.interpreter : w.visit.interpreter_plain;
    return p.name || w.person("", p.role);
}

/** The same within a sentence. */
function shortIn(call: CallView, p: { device: Id; name: string; role: Role | "" }, home: Home): string {
    const name = nameIn(call, p, home);
    if (p.role === "interpreter")
        return w.visit.an_interpreter;
    return home.state === "guest" ? name.charAt(0).toLowerCase() + name.slice(1) : name;
}

/* -- the bar -------------------------------------------------------------------------------------------- */

export function VisitBar({ home }: { home: Home }) {
    const call = tree.call.value;
    if (tree.coming_back.value && call?.state !== "admitted")
        return (
            <section class="visit-bar" aria-label={w.visit.bar}>
                <p class="visit-title" role="status">{w.visit.coming_back}</p>
            </section>
        );
    if (!call || (call.state === "none" && call.knocking.length === 0))
        return null;
    if (call.state === "waiting")
        return tree.screen.value.at === "visit" || home.state === "guest" ? null : (
            <section class="visit-bar" aria-label={w.visit.bar}>
                <p class="visit-title" role="status">{w.visit.waiting}</p>
                <Buttons>
                    <Button onClick={() => go({ at: "visit", chart: call.chart })}>{w.visit.to_waiting_room}</Button>
                    <Button kind="other" onClick={() => void leave()}>{w.visit.leave_room}</Button>
                </Buttons>
            </section>
        );
    return (
        <section class="visit-bar" aria-label={w.visit.bar}>
            <WaitingRoom call={call} />
            {call.state === "admitted" && <InVisit home={home} call={call} />}
        </section>
    );
}

/** Stays, and repeats its signal, until somebody has answered each of them. */
function WaitingRoom({ call }: { call: CallView }) {
    const [answering, setAnswering] = useState<Id>("");
    return (
        <div role="alert">
            {call.knocking.map((one) => {
                const guest = one.role === "interpreter";
                const who = w.person(one.name, one.role);
                const answer = (admitted: boolean) => {
                    setAnswering(one.device);
                    void admit(one.device, admitted).then(() => setAnswering(""));
                };
                return (
                    <div class="knocking" key={one.device}>
                        <p class="visit-title"><span class="bell" aria-hidden="true">◉ </span>{guest ? w.visit.interpreter_knocks : w.visit.knocks(who)} <Since ms={one.since_ms} /></p>
                        <Buttons>
                            <Button onClick={() => answer(true)}>{answering === one.device ? w.loading : w.visit.admit(guest ? w.the_interpreter : one.name || w.somebody)}</Button>
                            <Button kind="other" onClick={() => answer(false)}>{w.visit.refuse}</Button>
                        </Buttons>
                    </div>
                );
            })}
        </div>
    );
}

/** Not read out again with each minute. */
function Since({ ms }: { ms: number }) {
    const [now, setNow] = useState(Date.now());
    useEffect(() => {
        const timer = setInterval(() => setNow(Date.now()), 10_000);
        return () => clearInterval(timer);
    }, []);
    return <span class="since" aria-hidden="true">{w.visit.since(Math.floor((now - ms) / 60_000))}</span>;
}

function InVisit({ home, call }: { home: Home; call: CallView }) {
    const [asking, setAsking] = useState<"" | "end" | "leave">("");
    const [identifying, setIdentifying] = useState<{ account: Id; name: string } | null>(null);
    const staff = isStaff(home.role);
    const open = tree.open.value;
    const members = open?.chart === call.chart && open.members.state === "here" ? open.members.value : [];
    const { microphone, line, said } = tree.sound.value;
    const unchecked = call.participants.filter((p) => staff && !p.self && !isStaff(p.role) &&
        members.some((m) => m.account === p.account && m.purpose === "device") &&
        !members.some((m) => m.account === p.account && m.holder));
    const others = call.participants.filter((p) => !p.self);
    const guests = others.filter((p) => staff && p.role === "interpreter");
    return (
        <>
            <p class="visit-title">{others.length === 0 ? w.visit.alone : w.visit.with(others.map((p) => shortIn(call, p, home)))}</p>
            <ul class="voices">
                {call.participants.map((p) => {
                    const name = p.self ? w.you : nameIn(call, p, home);
                    return (
                        <li key={p.device}>
                            {p.muted
                                ? <p class="muted"><span aria-hidden="true">⊘ </span>{w.visit.muted(name, p.self)}</p>
                                : p.self ? <MyLevel label={name} /> : <VoiceLevel device={p.device} label={name} />}
                        </li>
                    );
                })}
            </ul>
            <p class={`quality quality-${line}`} role="status">{w.quality[line]}</p>
            {said && <p role="status">{said}</p>}
            {guests.length > 0 && <WhoTranslates chart={call.chart} />}
            {microphone !== "on" && microphone !== "asking" && (
                <Alert kind="warning" title={w.sound.not_heard} live>
                    <Buttons><Button kind="other" onClick={() => void openSound()}>{w.sound.try}</Button></Buttons>
                </Alert>
            )}
            <Buttons>
                <Button kind={call.muted ? "main" : "other"} onClick={() => void mute(!call.muted)}>
                    {call.muted ? w.visit.unmute : w.visit.mute}
                </Button>
                {unchecked.map((p) => (
                    <Button key={p.account} onClick={() => setIdentifying({ account: p.account, name: p.name || w.person("", p.role) })}>
                        {w.identify.button(p.name || w.person("", p.role))}
                    </Button>
                ))}
                {guests.map((p) => (
                    <Button key={p.device} kind="other" onClick={() => void admit(p.device, false)}>{w.visit.send_away}</Button>
                ))}
                {staff && guests.length === 0 && (
                    <Button kind="other" onClick={() => go({ at: "chart", chart: call.chart, part: "people" })}>
                        {w.visit.invite_interpreter}
                    </Button>
                )}
                {tree.screen.value.at !== "visit" && home.state !== "guest" && (
                    <Button kind="other" onClick={() => go({ at: "visit", chart: call.chart })}>{w.sound.settings}</Button>
                )}
                {staff && <Button kind="danger" onClick={() => setAsking("end")}>{w.visit.end}</Button>}
                <Button kind={staff ? "other" : "danger"} onClick={() => setAsking("leave")}>{w.visit.leave}</Button>
            </Buttons>
            {identifying && (
                <IdentityDialog chart={call.chart} account={identifying.account} name={identifying.name}
                    onClose={() => setIdentifying(null)}
                    onChecked={(check) => {
                        const visit = visitNow();
                        if (visit && open?.chart === call.chart)
                            void writeFields(call.chart, "visit", visit.record, { identity: check });
                    }} />
            )}
            {asking !== "" && (
                <Dialog title={asking === "end" ? w.visit.end_title : w.visit.leave_title} onClose={() => setAsking("")}>
                    <p>{asking === "end" ? w.visit.end_what : staff ? w.visit.leave_what_staff : w.visit.leave_what}</p>
                    <Buttons>
                        <Button kind="danger" onClick={() => {
                            void (asking === "end" ? finishWithCall(call.chart).then(() => endVisit(call.chart)) : leave());
                            setAsking("");
                        }}>{asking === "end" ? w.visit.end : w.visit.leave}</Button>
                        <Button kind="other" onClick={() => setAsking("")}>{w.visit.stay}</Button>
                    </Buttons>
                </Dialog>
            )}
        </>
    );
}

/** Staff write down who translated; until they have, it is offered. */
function WhoTranslates({ chart }: { chart: Id }) {
    useEffect(() => want("visit"), [chart]);
    const open = tree.open.value?.chart === chart && tree.open.value.records.visit.state === "here";
    const visit = open ? visitNow() : undefined;
    if (!visit || shownFields(visit)["interpreter"])
        return null;
    const screen = tree.screen.value;
    const there = screen.at === "chart" && screen.part === "visit" && screen.step === "start";
    return (
        <div class="who-translates">
            <p>{w.visit.who_translates}</p>
            {!there && (
                <Buttons>
                    <Button kind="other" onClick={() => go({ at: "chart", chart, part: "visit", record: visit.record, step: "start" })}>
                        {w.visit.write_it}
                    </Button>
                </Buttons>
            )}
        </div>
    );
}
