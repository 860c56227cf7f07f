/* The interpreter's only screen: one visit's call. There is no chart here to show. */
import type { Home } from "../core/protocol.ts";
import { tree } from "../state/tree.ts";
import { knock, leave } from "../state/visit.ts";
import { helpFor, w } from "../words.ts";
import { PasteLink } from "./join.tsx";
import { Alert, Button, Buttons, Loading, Title } from "./parts.tsx";
import { SoundCheck, SoundChoice } from "./visit.tsx";

export function GuestScreen({ home }: { home: Home }) {
    const call = tree.call.value;
    if (call?.state === "admitted")
        return (
            <>
                <Title of="guest-in">{w.guest.in_call}</Title>
                <p class="lead">{w.guest.in_hint}</p>
                <p>{w.guest.what}</p>
                <SoundChoice />
            </>
        );
    if (call?.state === "waiting")
        return (
            <>
                <Title of="guest-waiting">{w.visit.waiting_room}</Title>
                <div role="status"><p class="lead">{w.guest.waiting}</p></div>
                <p>{w.visit.waiting_hint}</p>
                <Buttons><Button kind="other" onClick={() => void leave()}>{w.visit.leave_room}</Button></Buttons>
                <SoundChoice />
            </>
        );
    if (tree.coming_back.value)
        return <><Title of="guest-back">{w.guest.title}</Title><Loading text={w.visit.coming_back} /></>;
    return <Before home={home} />;
}

function Before({ home }: { home: Home }) {
    const over = tree.call_end.value === "ended", open = home.guest?.open ?? false;
    return (
        <>
            <Title of={over ? "guest-over" : "guest"}>{w.guest.title}</Title>
            <Ended />
            {!over && <p class="lead">{w.guest.what}</p>}
            {!over && home.guest && <p>{w.guest.until(home.guest.until_ms)}</p>}
            {!over && open && (
                <>
                    <SoundCheck />
                    <p class="lead">{w.guest.ready}</p>
                    <Buttons><Button big onClick={() => void knock("")}>{w.visit.knock}</Button></Buttons>
                </>
            )}
            {!over && !open && <p role="status">{w.guest.not_open}</p>}
            {!open && <PasteLink />}
        </>
    );
}

function Ended() {
    const why = tree.call_end.value;
    if (!why)
        return null;
    if (why === "ended")
        return <Alert kind="info" title={w.visit.ended} live><p class="usa-alert__text">{w.guest.ended}</p></Alert>;
    if (why === "not-admitted")
        return <Alert kind="warning" title={w.visit.not_admitted} live><p class="usa-alert__text">{w.guest.not_admitted}</p></Alert>;
    return <Alert kind="error" title={w.problem(why.error)} live><p class="usa-alert__text">{helpFor(why)}</p></Alert>;
}
