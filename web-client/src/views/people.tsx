/* Who belongs to the chart, with which devices; inviting; one's own devices and recovery sheet. */
import { useId, useState } from "preact/hooks";
import type { Home, Id, Member, Role } from "../core/protocol.ts";
import { ask, refresh } from "../state/effects.ts";
import { addMember, furtherDevice, identify, removeDevice, removeMember, writeFields } from "../state/invite.ts";
import { isStaff, people, type Person } from "../state/marks.ts";
import { tree, type Part } from "../state/tree.ts";
import { w } from "../words.ts";
import type { ChartProps } from "./chart.tsx";
import { InviteForm, LinkView } from "./invite.tsx";
import { Alert, Button, Buttons, Dialog, Field, Of, Tag, When } from "./parts.tsx";

export function PeoplePart(props: ChartProps) {
    const { home, chart, open } = props;
    const link = tree.link.value;
    const staff = isStaff(home.role);
    return (
        <>
            {link && <LinkView made={link} />}
            <Of part={open.members} again={() => void refresh("members")} loading={w.people.loading}>
                {(members) => {
                    const all = people(members);
                    const me = all.find((p) => p.self);
                    return (
                        <>
                            {me && <MyDevices {...props} me={me} />}
                            {me && staff && chart.member && <MyReach chart={chart.chart} practice={chart.practice} me={me} />}
                            <section>
                                <h2>{w.people.others}</h2>
                                {all.length <= (me ? 1 : 0) && <p>{w.people.nobody}</p>}
                                <ul class="cards">
                                    {all.filter((p) => !p.self).map((p) => <PersonCard key={p.account} {...props} person={p} />)}
                                </ul>
                            </section>
                            {staff && chart.member && !link && <Inviting {...props} all={all} />}
                        </>
                    );
                }}
            </Of>
        </>
    );
}

/* -- others ----------------------------------------------------------------------------------------- */

function PersonCard({ person, chart, home, plain }: ChartProps & { person: Person }) {
    const [asking, setAsking] = useState<"" | "identify" | "remove">("");
    const staff = isStaff(home.role);
    const patientSide = !isStaff(person.role) && person.role !== "custodian";
    const name = person.name || w.a_role(person.role);
    const invited = person.devices.find((d) => d.purpose === "invitation");
    const check = staff && patientSide && person.joined && !person.holder && !chart.practice;
    return (
        <li class="card">
            <h3>{name}</h3>
            <p class="tags">
                {person.role !== "custodian" && <Tag kind="plain">{w.role[person.role]}</Tag>}
                {!person.joined && invited && <Tag kind="plain">{w.people.invited}</Tag>}
                {patientSide && person.joined && (person.holder
                    ? <Tag kind="good">{w.people.checked}</Tag>
                    : <Tag kind="attention">{w.people.not_checked}</Tag>)}
            </p>
            {person.role === "custodian" && <p>{w.people.custodian}</p>}
            {person.phone && <Call phone={person.phone} hours={person.hours} />}
            {person.link_again_ms > 0 && (
                <Alert kind="warning" title={w.people.used_again(person.link_again_ms)}>
                    <p class="usa-alert__text">{w.people.used_again_what_to_do(name)}</p>
                </Alert>
            )}
            {person.joined && person.role !== "custodian" && (
                <p>
                    {w.people.devices(person.devices.filter((d) => d.purpose === "device").length)}{" "}
                    {person.heard_ms > 0 ? <>{w.people.heard} <When ms={person.heard_ms} />.</> : w.people.never}{" "}
                    {staff && person.verified > 0 && w.people.verified(person.verified)}
                </p>
            )}
            {!person.joined && invited && invited.expires_ms > 0 &&
                <p>{w.people.link_until} <When ms={invited.expires_ms} />.</p>}
            {staff && person.role !== "custodian" && (
                <Buttons>
                    {check && <Button onClick={() => setAsking("identify")}>{w.identify.button(name)}</Button>}
                    <Button kind="other" onClick={() => setAsking("remove")}>{w.people.remove(name)}</Button>
                </Buttons>
            )}
            {asking === "identify" &&
                <IdentityDialog chart={chart.chart} account={person.account} name={name} onClose={() => setAsking("")} />}
            {asking === "remove" && (
                <Dialog title={w.people.remove_title(name)} onClose={() => setAsking("")}>
                    <p>{plain ? "" : w.people.remove_what}</p>
                    <Buttons>
                        <Button kind="danger" onClick={() => {
                            setAsking("");
                            void removeMember(chart.chart, person.account);
                        }}>{w.people.remove_yes}</Button>
                        <Button kind="other" onClick={() => setAsking("")}>{w.field.cancel}</Button>
                    </Buttons>
                </Dialog>
            )}
        </li>
    );
}

/** A number to call: a telephone dials it, whatever else stands beside it is text. */
export function Call({ phone, hours, whom }: { phone: string; hours?: string | undefined; whom?: string }) {
    const number = phone.replace(/[^+0-9]/g, "");
    return (
        <p>
            {w.people.call(whom ?? "")}{" "}
            {number ? <a class="call" href={`tel:${number}`}>{phone}</a> : phone}
            {hours ? `, ${hours}` : ""}
        </p>
    );
}

/** Two identifiers, compared with what the practice knows: after that the record opens for them. */
export function IdentityDialog({ chart, account, name, known, onClose, onChecked }: {
    chart: Id; account: Id; name: string; onClose: () => void;
    /** the record is open for them already: it is only written down that they were asked */
    known?: boolean;
    onChecked?: (check: string) => void;
}) {
    const id = useId();
    const [checked, setChecked] = useState<string[]>([]);
    const [other, setOther] = useState("");
    const [few, setFew] = useState(false);
    const found = other.trim() ? [...checked, other.trim()] : checked;
    return (
        <Dialog title={w.identify.title(name)} onClose={onClose}>
            <p>{known ? w.identify.what_known : w.identify.what}</p>
            {few && found.length < 2 && <Alert kind="error" title={w.identify.two} live />}
            <form onSubmit={(event) => {
                event.preventDefault();
                setFew(found.length < 2);
                if (found.length < 2)
                    return;
                const check = found.join(", ");
                void (known ? Promise.resolve(true) : identify(chart, account, check)).then((ok) => {
                    if (!ok)
                        return;
                    onChecked?.(check);
                    onClose();
                });
            }}>
                <fieldset class="usa-fieldset">
                    <legend class="usa-legend">{w.identify.which}</legend>
                    {w.identify.identifiers.map((one, i) => (
                        <div class="usa-checkbox" key={one}>
                            <input class="usa-checkbox__input" type="checkbox" id={`${id}-${i}`} checked={checked.includes(one)}
                                onChange={(event) => setChecked(event.currentTarget.checked
                                    ? [...checked, one] : checked.filter((c) => c !== one))} />
                            <label class="usa-checkbox__label" for={`${id}-${i}`}>{one}</label>
                        </div>
                    ))}
                </fieldset>
                <Field id={`${id}-other`} label={w.identify.other} hint={w.identify.other_hint}>
                    <input class="usa-input" id={`${id}-other`} type="text" maxLength={200} autocomplete="off" value={other}
                        aria-describedby={`${id}-other-hint`} onInput={(event) => setOther(event.currentTarget.value)} />
                </Field>
                <Buttons>
                    <Button type="submit">{known ? w.identify.yes_known : w.identify.yes}</Button>
                    <Button kind="other" onClick={onClose}>{known ? w.field.cancel : w.identify.no}</Button>
                </Buttons>
            </form>
        </Dialog>
    );
}

function Inviting({ home, chart, all }: ChartProps & { all: Person[] }) {
    const has = (role: Role) => all.some((p) => p.role === role);
    const roles: Role[] = chart.practice
        ? home.role === "administrator" ? ["pharmacist", "technician"] : []
        : has("patient") ? ["caregiver", "prescriber", "interpreter"] : ["patient", "caregiver", "prescriber", "interpreter"];
    return (
        <>
            {roles.length > 0 && (
                <section>
                    <h2>{chart.practice ? w.invite.colleague : w.invite.into_chart}</h2>
                    <InviteForm roles={roles} {...(chart.practice ? {} : { chart: chart.chart })} />
                </section>
            )}
            {!chart.practice && home.practice_chart && <AddColleague home={home} chart={chart.chart} all={all} />}
        </>
    );
}

/** Colleagues are known from the practice's own chart, and are added to patients' charts one by one. */
function AddColleague({ home, chart, all }: { home: Home; chart: Id; all: Person[] }) {
    const [known, setKnown] = useState<Part<Member[]> | null>(null);
    const load = () => {
        setKnown({ state: "loading" });
        ask("members", { chart: home.practice_chart }).then(
            (value) => setKnown({ state: "here", value }),
            (failure) => setKnown({ state: "failed", failure }));
    };
    return (
        <section>
            <h2>{w.people.add_colleague}</h2>
            <p>{w.people.add_colleague_what}</p>
            {!known && <Buttons><Button kind="other" onClick={load}>{w.people.show_colleagues}</Button></Buttons>}
            {known && (
                <Of part={known} again={load}>
                    {(members) => {
                        const missing = people(members).filter((p) =>
                            isStaff(p.role) && p.joined && !all.some((one) => one.account === p.account));
                        return missing.length === 0
                            ? <p role="status">{w.people.all_here}</p>
                            : <ul class="plain-list">{missing.map((p) => (
                                <li key={p.account}>
                                    <Button kind="other" onClick={() => void addMember(chart, p.account)}>
                                        {w.people.add(w.person(p.name, p.role))}
                                    </Button>
                                </li>
                            ))}</ul>;
                    }}
                </Of>
            )}
        </section>
    );
}

/* Staff say for themselves where they can be called; of the practice's chart it goes along into others. */
function MyReach({ me, chart, practice }: { me: Person; chart: Id; practice: boolean }) {
    const [phone, setPhone] = useState(me.phone);
    const [hours, setHours] = useState(me.hours);
    const [saved, setSaved] = useState(false);
    const id = useId(), online = tree.home.value.state === "here" && tree.home.value.value.online.log;
    const line = (name: "phone" | "hours", value: string, set: (value: string) => void) => (
        <Field id={`${id}-${name}`} label={w.people.reach[name]} hint={w.people.reach[`${name}_hint`]}>
            <input id={`${id}-${name}`} class="usa-input" type="text" inputMode={name === "phone" ? "tel" : "text"} autocomplete="off" maxLength={100}
                value={value} aria-describedby={`${id}-${name}-hint`}
                onInput={(event) => {
                    setSaved(false);
                    set(event.currentTarget.value);
                }} />
        </Field>
    );
    return (
        <section>
            <h2>{w.people.reach.title}</h2>
            <p>{practice ? w.people.reach.what_practice : w.people.reach.what}</p>
            <form onSubmit={(event) => {
                event.preventDefault();
                const fields = { phone: phone.trim(), hours: hours.trim() };
                void writeFields(chart, "people", me.account.slice(0, 32), fields).then((ok) => {
                    setSaved(ok);
                    void refresh("members");
                });
            }}>
                {line("phone", phone, setPhone)}
                {line("hours", hours, setHours)}
                <Buttons><Button type="submit">{w.people.reach.save}</Button></Buttons>
                <p role="status">{saved ? online ? w.people.reach.saved : w.mark.device : ""}</p>
            </form>
        </section>
    );
}

/* -- one's own ------------------------------------------------------------------------------------------ */

function MyDevices({ me, home, plain }: ChartProps & { me: Person }) {
    const [removing, setRemoving] = useState<Member | null>(null);
    const mine = [...me.devices].sort((a, b) => Number(b.self) - Number(a.self));
    const sheet = mine.some((d) => d.purpose === "sheet");
    return (
        <section>
            <h2>{w.devices.title}</h2>
            <ul class="cards">
                {mine.map((d, i) => (
                    <li class="card" key={d.device}>
                        <h3>{d.device === home.device ? w.devices.this : w.devices.purpose(d.purpose, i + 1)}</h3>
                        <p>
                            {w.devices.id(d.device)}{" "}
                            {d.heard_ms && d.device !== home.device ? <>{w.people.heard} <When ms={d.heard_ms} />.</> : ""}
                        </p>
                        {d.device !== home.device && (
                            <Buttons>
                                <Button kind="other" onClick={() => setRemoving(d)}>
                                    {w.devices.remove}<span class="usa-sr-only">: {w.devices.id(d.device)}</span>
                                </Button>
                            </Buttons>
                        )}
                    </li>
                ))}
            </ul>
            {!home.persistent && <p>{w.devices.not_persistent}</p>}
            {!sheet && <Alert kind="info" title={w.devices.no_sheet}><p class="usa-alert__text">{w.devices.no_sheet_why}</p></Alert>}
            {!tree.link.value && (
                <Buttons>
                    <Button onClick={() => void furtherDevice("code")}>{w.devices.add}</Button>
                    <Button kind={sheet ? "other" : "main"} onClick={() => void furtherDevice("sheet")}>
                        {sheet ? w.devices.new_sheet : w.devices.make_sheet}
                    </Button>
                </Buttons>
            )}
            {removing && (
                <Dialog title={w.devices.remove_title(w.devices.id(removing.device))} onClose={() => setRemoving(null)}>
                    <p>{w.devices.remove_what}</p>
                    {plain && <p>{w.devices.remove_lost}</p>}
                    <Buttons>
                        <Button kind="danger" onClick={() => {
                            void removeDevice(removing.device);
                            setRemoving(null);
                        }}>{w.devices.remove_yes}</Button>
                        <Button kind="other" onClick={() => setRemoving(null)}>{w.devices.keep}</Button>
                    </Buttons>
                </Dialog>
            )}
        </section>
    );
}
