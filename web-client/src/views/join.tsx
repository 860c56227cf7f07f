/* Becoming somebody's device: by a link, a code or a sheet. */
import { useEffect, useId, useState } from "preact/hooks";
import type { Home } from "../core/protocol.ts";
import { change } from "../state/change.ts";
import { answerLost, join, lookAt } from "../state/invite.ts";
import { tree, type Joining } from "../state/tree.ts";
import { helpFor, w } from "../words.ts";
import { Alert, Button, Buttons, Failed, Field, Loading, Reading, Title } from "./parts.tsx";

/** A line that is not there by then is missing. */
const LINE_EXPECTED_MS = 5000;

/** Nobody's browser yet, or one that was cleared. */
export function WelcomeScreen({ lost }: { lost?: boolean }) {
    return (
        <>
            <Title of="welcome">{lost ? w.join.cleared : w.join.welcome}</Title>
            <p class="lead">{lost ? w.join.cleared_what_to_do : w.join.need_a_link}</p>
            <PasteLink />
        </>
    );
}

export function PasteLink() {
    const [text, setText] = useState("");
    const [missing, setMissing] = useState(false);
    const id = useId();
    return (
        <form onSubmit={(event) => {
            event.preventDefault();
            setMissing(text.trim() === "");
            if (text.trim() !== "")
                void lookAt(text);
        }}>
            <Field id={id} label={w.join.paste} hint={w.join.paste_hint} {...(missing ? { error: w.join.paste_first } : {})}>
                <textarea id={id} class="usa-textarea short" value={text} autocomplete="off" autocapitalize="off"
                    spellcheck={false} aria-describedby={`${id}-hint${missing ? ` ${id}-error` : ""}`}
                    aria-invalid={missing} onInput={(event) => setText(event.currentTarget.value)} />
            </Field>
            <Buttons><Button type="submit">{w.join.go_on}</Button></Buttons>
        </form>
    );
}

export function JoinScreen({ home }: { home: Home }) {
    const joining = tree.joining.value;
    if ((home.state === "member" && home.shut_out !== "known") || home.state === "founding")
        return <AlreadySomebody home={home} />;
    if (joining?.stage === "refused")
        return <Refused joining={joining} />;
    if (joining?.stage === "another")
        return <WelcomeScreen />;
    if (!joining || joining.stage === "joining")
        return <UnderWay home={home} />;
    return <Invited joining={joining} />;
}

function AlreadySomebody({ home }: { home: Home }) {
    return (
        <>
            <Title of="join-member">{w.join.already}</Title>
            <p class="lead">{w.join.already_what_to_do(home.name)}</p>
            <Buttons><Button onClick={() => change({ do: "join-dropped" })}>{w.join.to_my_chart}</Button></Buttons>
        </>
    );
}

function UnderWay({ home }: { home: Home }) {
    const [late, setLate] = useState(false);
    useEffect(() => {
        const timer = setTimeout(() => setLate(true), LINE_EXPECTED_MS);
        return () => clearTimeout(timer);
    }, []);
    const charts = tree.charts.value;
    const waits = home.online.log || home.online.live || (!late && tree.joining.value?.stage === "joining");
    return (
        <>
            <Title of="join-under-way">{w.join.under_way}</Title>
            {waits
                ? <Reading charts={charts.state === "here" ? charts.value : []} wait={<Loading text={w.join.opening} />} />
                : <Alert kind="warning" title={w.line.offline_short} live><p>{w.join.offline}</p></Alert>}
            <p>{w.join.keep_page}</p>
            {!waits && (
                <Buttons>
                    <Button kind="other" onClick={() => change({ do: "join-dropped" })}>{w.join.other_link}</Button>
                </Buttons>
            )}
        </>
    );
}

/** Trying again would say the same. */
const isFinal = (error: string): boolean =>
    ["already-used", "revoked", "expired", "bad-certificate", "not-a-member", "sign-in-failed"].includes(error);

function Refused({ joining }: { joining: Joining }) {
    const failure = joining.refused ?? { error: "bad-format", help: "" };
    const used = failure.error === "already-used" || failure.error === "revoked";
    return (
        <>
            <Title of="join-refused">{w.join.refused(failure.error)}</Title>
            <Alert kind={failure.error === "offline" ? "warning" : "error"} live
                title={failure.used_ms ? w.join.used_when(failure.used_ms) : w.join.nothing_opened}>
                <p class="usa-alert__text">{w.join.refused_what_to_do(failure.error) || helpFor(failure)}</p>
                {used && <p class="usa-alert__text"><strong>{w.join.not_me}</strong></p>}
            </Alert>
            <Buttons>
                {joining.link && !isFinal(failure.error) &&
                    <Button onClick={() => void join()}>{w.try_again}</Button>}
                <Button kind="other" onClick={() => change({ do: "join-dropped" })}>{w.join.other_link}</Button>
            </Buttons>
        </>
    );
}

function Invited({ joining }: { joining: Joining }) {
    const { look } = joining;
    if (look.state === "loading")
        return <><Title of="join-look">{w.join.invited}</Title><Loading text={w.join.looking} /></>;
    if (look.state === "failed")
        return (
            <>
                <Title of="join-wrong">{w.join.wrong}</Title>
                {look.failure.error === "bad-format"
                    ? <p class="lead">{w.join.wrong_what_to_do}</p>
                    : <Failed failure={look.failure} />}
                <PasteLink />
            </>
        );
    const { host, guest_until_ms } = look.value;
    if (host !== location.host)
        return <Elsewhere host={host} />;
    if (guest_until_ms)
        return (
            <>
                <Title of="join-guest">{w.join.guest}</Title>
                <p class="lead">{w.join.by(host)}</p>
                <ul class="what-for">
                    {w.join.guest_for.map((line) => <li key={line}>{line}</li>)}
                </ul>
                <Buttons><Button big onClick={() => void join()}>{w.join.guest_open}</Button></Buttons>
                <p>{w.join.guest_until(guest_until_ms)}</p>
                <p><strong>{w.join.check_address(host)}</strong></p>
            </>
        );
    return (
        <>
            <Title of="join">{w.join.invited}</Title>
            <p class="lead">{w.join.by(host)}</p>
            <ul class="what-for">
                {w.join.invited_for.map((line) => <li key={line}>{line}</li>)}
            </ul>
            <Buttons><Button big onClick={() => void join()}>{w.join.open}</Button></Buttons>
            <p>{w.join.own_device}</p>
            <p><strong>{w.join.check_address(host)}</strong></p>
        </>
    );
}

/* A page may speak with its own server only, unless whoever serves it allows more. */
function Elsewhere({ host }: { host: string }) {
    return (
        <>
            <Title of="join-elsewhere">{w.join.elsewhere}</Title>
            <p class="lead">{w.join.elsewhere_what_to_do(host)}</p>
            <p>{w.join.elsewhere_here(location.host)}</p>
            <Buttons>
                <Button onClick={() => change({ do: "join-dropped" })}>{w.join.other_link}</Button>
                <Button kind="other" onClick={() => void join()}>{w.join.try_here}</Button>
            </Buttons>
        </>
    );
}

/** After a recovery sheet: which of the old devices are gone. */
export function LostScreen() {
    const devices = tree.lost.value;
    const [gone, setGone] = useState<string[]>([]);
    const toggle = (device: string) =>
        setGone(gone.includes(device) ? gone.filter((d) => d !== device) : [...gone, device]);
    return (
        <>
            <Title of="lost">{w.lost.title}</Title>
            <p class="lead">{w.lost.why}</p>
            <form onSubmit={(event) => { event.preventDefault(); void answerLost(gone); }}>
                <fieldset class="usa-fieldset">
                    <legend class="usa-legend">{w.lost.which}</legend>
                    {devices.map((device, i) => (
                        <div class="usa-checkbox" key={device}>
                            <input class="usa-checkbox__input" id={`lost-${i}`} type="checkbox"
                                checked={gone.includes(device)} onChange={() => toggle(device)} />
                            <label class="usa-checkbox__label" for={`lost-${i}`}>{w.lost.device(i + 1, device)}</label>
                        </div>
                    ))}
                </fieldset>
                <Buttons>
                    <Button type="submit" kind={gone.length ? "danger" : "main"}>
                        {gone.length ? w.lost.remove(gone.length) : w.lost.none}
                    </Button>
                </Buttons>
            </form>
        </>
    );
}
