/* Links, codes and sheets: shown, read out, copied, printed. */
import { useEffect, useId, useRef, useState } from "preact/hooks";
import { useComputed } from "@preact/signals";
import type { Id, Role } from "../core/protocol.ts";
import { change } from "../state/change.ts";
import { invite, inviteGuest, newPatient } from "../state/invite.ts";
import { tree, type MadeLink } from "../state/tree.ts";
import { go } from "../state/effects.ts";
import { w } from "../words.ts";
import { Alert, Button, Buttons, Field, Loading, Title } from "./parts.tsx";
import { Qr } from "./qr.tsx";

export function NewPatientScreen() {
    const making = tree.making.value, link = tree.link.value;
    const online = tree.home.value.state === "here" && tree.home.value.value.online.log;
    return (
        <>
            <Title of={`new-patient-${link ? "link" : making ? "making" : "form"}`}>{w.invite.new_patient}</Title>
            {link
                ? <>
                    <LinkView made={link} />
                    <Buttons><Button kind="other" onClick={() => go({ at: "home" })}>{w.invite.to_patients}</Button></Buttons>
                </>
                : making
                    ? online
                        ? <Loading text={w.invite.making} />
                        : <Alert kind="warning" title={w.line.offline_short} live><p>{w.invite.making_offline}</p></Alert>
                    : <>
                        <p class="lead">{w.invite.new_patient_what}</p>
                        <NameForm label={w.invite.patient_name} button={w.invite.make} onName={(name) => void newPatient(name)} />
                    </>}
        </>
    );
}

export function NameForm({ label, button, onName }: {
    label: string; button: string; onName: (name: string) => void;
}) {
    const [name, setName] = useState("");
    const [missing, setMissing] = useState(false);
    const id = useId();
    return (
        <form onSubmit={(event) => {
            event.preventDefault();
            setMissing(name.trim() === "");
            if (name.trim() !== "")
                onName(name.trim());
            else
                document.getElementById(id)?.focus();
        }}>
            <Field id={id} label={label} {...(missing ? { error: w.invite.name_first } : {})}>
                <input id={id} class="usa-input" type="text" autocomplete="off" maxLength={200} value={name}
                    aria-invalid={missing} aria-describedby={missing ? `${id}-error` : undefined}
                    onInput={(event) => setName(event.currentTarget.value)} />
            </Field>
            <Buttons><Button type="submit">{button}</Button></Buttons>
        </form>
    );
}

/** Whom one may invite into a chart; a form for the one that was picked. */
export function InviteForm({ roles, chart }: { roles: Role[]; chart?: Id }) {
    const [role, setRole] = useState<Role>(roles[0] ?? "patient");
    const id = useId();
    return (
        <>
            {roles.length > 1 && (
                <fieldset class="usa-fieldset">
                    <legend class="usa-legend">{w.invite.whom}</legend>
                    {roles.map((one) => (
                        <div class="usa-radio" key={one}>
                            <input class="usa-radio__input" type="radio" id={`${id}-${one}`} name={id} checked={role === one}
                                onChange={() => setRole(one)} />
                            <label class="usa-radio__label" for={`${id}-${one}`}>{w.role[one]}</label>
                        </div>
                    ))}
                </fieldset>
            )}
            {role === "interpreter" && chart
                ? <InviteGuest chart={chart} />
                : <NameForm label={w.invite.their_name} button={w.invite.make}
                    onName={(name) => void invite(role, name, chart)} />}
        </>
    );
}

/** To a visit, not to the chart; so there is no name to be given. */
function InviteGuest({ chart }: { chart: Id }) {
    const charts = tree.charts.value;
    const open = charts.state === "here" && charts.value.some((one) => one.chart === chart && one.visit);
    return (
        <>
            <p>{w.invite.guest_what}</p>
            {open
                ? <Buttons><Button onClick={() => void inviteGuest(chart)}>{w.invite.make}</Button></Buttons>
                : <p role="status">{w.invite.guest_no_visit}</p>}
        </>
    );
}

/** What is typed from paper: the secret, in fours. The spaces are taken out again, the address is put before. */
const inFours = (link: string): string => new URL(link).hash.slice(1).replace(/(.{4})/g, "$1 ").trim();

export function LinkView({ made }: { made: MadeLink }) {
    const [copied, setCopied] = useState<"" | "copied" | "failed">("");
    const ready = useComputed(() => tree.link.value?.ready ?? false);
    const heading = useRef<HTMLHeadingElement>(null);
    useEffect(() => {
        heading.current?.focus();
        heading.current?.scrollIntoView({ block: "nearest" });
    }, [made.link]);
    const copy = () => {
        navigator.clipboard.writeText(made.link)
            .then(() => setCopied("copied"), () => setCopied("failed"));
    };
    const sheet = made.purpose === "sheet";
    return (
        <section class={`made-link${sheet ? " sheet" : ""}`} aria-label={w.link.title[made.purpose]}>
            <h2 ref={heading} tabIndex={-1}>{w.link.title[made.purpose]}{made.name ? `: ${made.name}` : ""}</h2>
            <ol class="steps">
                {w.link.steps[made.purpose].map((step) => <li key={step}>{step}</li>)}
            </ol>
            <div class="qr-and-words">
                <Qr text={made.link} />
                <div>
                    <p id="link-label" class="usa-label">{sheet ? w.link.by_hand(new URL(made.link).host) : w.link.the_link}</p>
                    <p class="link-text" aria-labelledby="link-label">{sheet ? inFours(made.link) : made.link}</p>
                </div>
            </div>
            {made.purpose === "invitation" && (
                <div class="read-out">
                    <h3>{w.link.read_out}</h3>
                    <blockquote>{w.link.sentence(made.name, new URL(made.link).host)}</blockquote>
                </div>
            )}
            <p role="status" class="no-print">
                {copied === "copied" ? w.link.copied : copied === "failed" ? w.link.not_copied : ""}
                {!ready.value && ` ${w.link.not_ready}`}
            </p>
            <Buttons>
                {!sheet && <Button onClick={copy}>{w.link.copy}</Button>}
                {sheet && <Button onClick={() => print()}>{w.link.print}</Button>}
                <Button kind="other" onClick={() => change({ do: "link-made", link: null })}>{w.link.done}</Button>
            </Buttons>
            <p>{w.link.valid[made.purpose]}</p>
        </section>
    );
}
