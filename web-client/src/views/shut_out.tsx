/* A device whose keys were copied: its person shuts it out, and gets back in; the others are told. */
import { useState } from "preact/hooks";
import type { ChartSummary, Home } from "../core/protocol.ts";
import { go } from "../state/effects.ts";
import { shutOut } from "../state/invite.ts";
import { isStaff } from "../state/marks.ts";
import { tree } from "../state/tree.ts";
import { w } from "../words.ts";
import { PasteLink } from "./join.tsx";
import { Alert, Button, Buttons, Dialog } from "./parts.tsx";

const own = (): Home | null => tree.home.value.state === "here" ? tree.home.value.value : null;

/** Where a copy was noticed: the person says the word, having read what follows from it. */
export function ShutOutButton() {
    const [asking, setAsking] = useState(false);
    if (own()?.shut_out)
        return null;
    return (
        <>
            <Button kind="danger" onClick={() => setAsking(true)}>{w.shut_out.button}</Button>
            {asking && (
                <Dialog title={w.shut_out.title} onClose={() => setAsking(false)}>
                    <p>{w.shut_out.what}</p>
                    <p>{w.shut_out.back}</p>
                    <p><strong>{w.shut_out.for_good}</strong></p>
                    <Buttons>
                        <Button kind="danger" onClick={() => { setAsking(false); void shutOut(); }}>{w.shut_out.yes}</Button>
                        <Button kind="other" onClick={() => setAsking(false)}>{w.field.cancel}</Button>
                    </Buttons>
                </Dialog>
            )}
        </>
    );
}

/** The word was said: whether it has arrived, and the ways back in. */
export function ShutOut({ home }: { home: Home }) {
    if (!home.shut_out)
        return null;
    if (home.shut_out === "said")
        return (
            <Alert kind="warning" title={w.shut_out.said} live>
                <p class="usa-alert__text">{w.shut_out.said_what_to_do}</p>
            </Alert>
        );
    return (
        <>
            <Alert kind="warning" title={w.shut_out.known} live>
                <p class="usa-alert__text">{w.shut_out.known_what}</p>
            </Alert>
            <section>
                <h2>{w.shut_out.get_back}</h2>
                <ul>{w.shut_out.ways.map((way) => <li key={way}>{way}</li>)}</ul>
                <p>{w.shut_out.cleared}</p>
                <PasteLink />
            </section>
        </>
    );
}

/** Whose devices were copied, and who has none in this chart any more. */
export function Copied({ chart, home, plain }: { chart: ChartSummary; home: Home; plain: boolean }) {
    const screen = tree.screen.value;
    const at_people = screen.at === "chart" && screen.part === "people";
    return (
        <>
            {copiedIn(chart, home).map((one) => {
                const mine = one.account === home.account;
                const name = one.name || w.a_role(one.role);
                return (
                    <Alert key={one.device} kind="warning" title={mine ? w.shut_out.mine : w.shut_out.theirs(name)} live>
                        <p class="usa-alert__text">
                            {mine ? w.shut_out.mine_what_to_do : one.back ? w.shut_out.is_back(name) : w.shut_out.invite(name)}
                            {!one.out && ` ${w.shut_out.not_yet_out}`}
                        </p>
                        {!mine && !one.back && !at_people && !plain && (
                            <Buttons>
                                <Button kind="other" onClick={() => go({ at: "chart", chart: chart.chart, part: "people" })}>
                                    {w.shut_out.to_people}
                                </Button>
                            </Buttons>
                        )}
                    </Alert>
                );
            })}
        </>
    );
}

/** It is said until that person has another device here, and for some days then. */
const SAID_FOR_MS = 7 * 24 * 60 * 60_000;
export const copiedIn = (chart: ChartSummary, home: Home): NonNullable<ChartSummary["copied"]> =>
    (chart.copied ?? []).filter((one) => (isStaff(home.role) || one.account === home.account) &&
        (!one.back || !one.out || Date.now() - one.since_ms < SAID_FOR_MS));
