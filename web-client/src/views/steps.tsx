/* The screens of a visit's steps. What stands in a field is shown and changed as everywhere (records.tsx). */
import { useEffect, useId, useState } from "preact/hooks";
import type { RecordView } from "../core/protocol.ts";
import { go, refresh } from "../state/effects.ts";
import {
    changedAsBefore, changedSince, conflicted, countOf, here, kindsLeft, medicinesNow, placeOf, lineIn, problemsLeft, reconciledIn, sign, taughtIn, toReconcile, toStep,
} from "../state/flow.ts";
import { writeFields } from "../state/invite.ts";
import { people } from "../state/marks.ts";
import { isRecordDoc, type RecordDoc } from "../state/tree.ts";
import { press, shownValue } from "../state/typing.ts";
import { linked, linkTo, readSet, sentences, shownFields, timeOf, valueOf } from "../state/values.ts";
import { helpFor, valueWords, w } from "../words.ts";
import { FindingsPanel } from "./findings.tsx";
import { kindsOf, OpenSteps, Section, type FlowProps } from "./flow.tsx";
import { isOver } from "./layouts.ts";
import { entryLabel, fieldOf, fieldWords, recordName, schemaOf, wordsOf } from "./names.ts";
import { Alert, Button, Buttons, Empty, nameOf, Of, Tag, When } from "./parts.tsx";
import { VersionList } from "./papers.tsx";
import { IdentityDialog } from "./people.tsx";
import { Reconcile } from "./reconcile.tsx";
import { FieldOf, Folded, membersOf, NotNow, RecordCard, theOne } from "./records.tsx";

/** Patients are not asked why there is no next visit. */
const of = (props: FlowProps, names: string[], under?: string) => (
    <div class="fields">
        {names.filter((name) => name !== "next_none" || props.staff || valueOf(props.visit, name) !== "").map((name) => <FieldOf key={name} {...props} doc="visit" record={props.visit} name={name} under={under} />)}
    </div>
);

/** The records as cards that open and come back. */
function Cards({ doc, records, ...props }: FlowProps & { doc: RecordDoc; records: RecordView[] }) {
    const schema = schemaOf(doc);
    return schema && records.length > 0
        ? <ul class="cards">{records.map((r) => <RecordCard key={r.record} {...props} doc={doc} schema={schema} record={r} level={4} back={props.here} />)}</ul>
        : null;
}

function Add({ doc, begin, label, ...props }: FlowProps & { doc: RecordDoc; begin?: Record<string, string>; label: string }) {
    return (
        <Button kind="other" onClick={() => go({
            at: "chart", chart: props.chart.chart, part: doc, record: "new", back: props.here, ...(begin ? { begin } : {}),
        })}>{label}</Button>
    );
}

/* -- start ------------------------------------------------------------------------------------------------ */

export function Start(props: FlowProps) {
    const { staff } = props;
    return staff
        ? <>
            <Section title={w.flow.appointment}>{of(props, ["type", "delivery", "place", "interpreter"])}</Section>
            <Section title={w.flow.identity}><Identity {...props} /></Section>
            <Section title={w.flow.consent}><Consent {...props} /></Section>
            <Section title={w.flow.agenda}>{of(props, ["agenda"])}</Section>
        </>
        : <>
            <Section title={w.flow.agenda_plain}>{of(props, ["agenda", "place"], w.flow.agenda_plain)}</Section>
            <Section title={w.flow.consent}>{of(props, ["consent", "consent_mode", "type", "delivery"])}</Section>
        </>;
}

function Identity(props: FlowProps) {
    const [asking, setAsking] = useState(false);
    const someone = people(membersOf(props)).find((p) => p.role === "patient" && p.joined) ??
        people(membersOf(props)).find((p) => p.role === "caregiver" && p.joined);
    const write = (check: string) => void writeFields(props.chart.chart, "visit", props.visit.record, { identity: check });
    return (
        <>
            <FieldOf {...props} doc="visit" record={props.visit} name="identity" />
            {someone && (
                <Buttons><Button onClick={() => setAsking(true)}>{w.identify.button(someone.name || w.role[someone.role])}</Button></Buttons>
            )}
            {someone && asking && (
                <IdentityDialog chart={props.chart.chart} account={someone.account} name={someone.name || w.role[someone.role]}
                    known={someone.holder} onClose={() => setAsking(false)} onChecked={write} />
            )}
        </>
    );
}

/** What was agreed to is written as one: who, to what, which text, when. */
function Consent(props: FlowProps) {
    const { visit, chart } = props;
    const id = useId();
    const members = membersOf(props);
    const may = people(members).filter((p) => p.role === "patient" || p.role === "caregiver");
    const [picked, setModes] = useState<string[]>();
    const [account, setBy] = useState("");
    const by = may.find((p) => p.account === account) ?? may[0];
    const [relation, setRelation] = useState("");
    const [again, setAgain] = useState(false);
    /* What waits for the line was said, too. */
    const said = (field: string) => shownValue({ chart: chart.chart, doc: "visit", record: visit.record, field });
    const modes = picked ?? (said("delivery") === "video" ? ["audio", "video"] : ["audio"]);
    const state = said("consent");
    const options = fieldOf("visit", "consent_mode")?.options ?? [];
    const write = (fields: Record<string, string>) => {
        setAgain(false);
        void writeFields(chart.chart, "visit", visit.record, fields);
    };
    const answer = (consent: string) => write({
        consent, consent_text: w.flow.consent_version, consent_mode: modes.join(", "), ...(by ? { consent_by: by.name || w.role[by.role] } : {}),
        consent_relation: by?.role === "patient" ? w.flow.the_patient : relation,
        consent_at: timeOf(Date.now()), revoked_at: "",
    });
    if (state !== "" && !again || visit.fields["consent"]?.conflict) {
        const at = Date.parse(said("consent_at"));
        const field = fieldOf("visit", "consent_mode");
        return (
            <>
                <FieldOf {...props} doc="visit" record={visit} name="consent" sentence />
                <p>
                    {w.flow.consent_was(said("consent_by") || w.somebody, said("consent_relation"),
                        field ? valueWords(said("consent_mode"), field, false) : "", said("consent_text"))}
                    {!Number.isNaN(at) && <>, <When ms={at} /></>}.
                </p>
                <Buttons>
                    {state === "given" && <Button kind="other" onClick={() => write({ consent: "revoked", revoked_at: timeOf(Date.now()) })}>{w.flow.consent_revoke}</Button>}
                    <Button kind="other" onClick={() => setAgain(true)}>{w.flow.consent_again}</Button>
                </Buttons>
            </>
        );
    }
    return (
        <>
            <p>{w.flow.consent_read}</p>
            <blockquote>{w.flow.consent_text}</blockquote>
            <fieldset class="usa-fieldset">
                <legend class="usa-legend">{fieldOf("visit", "consent_mode")?.clinical}</legend>
                {options.map((option) => (
                    <div class="usa-checkbox" key={option.name}>
                        <input class="usa-checkbox__input" type="checkbox" id={`${id}-${option.name}`} checked={modes.includes(option.name)}
                            onChange={(event) => setModes(event.currentTarget.checked ? [...modes, option.name] : modes.filter((m) => m !== option.name))} />
                        <label class="usa-checkbox__label" for={`${id}-${option.name}`}>{option.clinical}</label>
                    </div>
                ))}
            </fieldset>
            <div class="usa-form-group">
                <label class="usa-label" for={`${id}-by`}>{fieldOf("visit", "consent_by")?.clinical}</label>
                <select class="usa-select" id={`${id}-by`} value={by?.account ?? ""} onChange={(event) => setBy(event.currentTarget.value)}>
                    {may.map((p) => <option key={p.account} value={p.account}>{w.person(p.name, p.role)}</option>)}
                </select>
            </div>
            {by?.role === "caregiver" && (
                <div class="usa-form-group">
                    <label class="usa-label" for={`${id}-relation`}>{fieldOf("visit", "consent_relation")?.clinical}</label>
                    <input class="usa-input" id={`${id}-relation`} type="text" maxLength={200} value={relation}
                        onInput={(event) => setRelation(event.currentTarget.value)} />
                </div>
            )}
            <Buttons>
                <Button onClick={() => answer("given")}>{w.flow.consent_given}</Button>
                <Button kind="other" onClick={() => answer("refused")}>{w.flow.consent_refused}</Button>
            </Buttons>
        </>
    );
}

/* -- collect ----------------------------------------------------------------------------------------------- */

export function Collect(props: FlowProps) {
    const { staff, visit, plain, chart } = props;
    const profile = schemaOf("profile");
    const one = profile?.record ? theOne(chart.chart, "profile", profile.record, here("profile")) : undefined;
    const journal = countOf("journal").slice(-3).reverse();
    return (
        <>
            {valueOf(visit, "type") === "discharge" && <Reconcile {...props} />}
            <Medicines {...props} />
            <Section title={w.part[plain ? "plain" : "clinical"].allergies} count={countOf("allergies").length}>
                {one && <FieldOf {...props} doc="profile" record={one} name="allergies_known" radios />}
                <Cards {...props} doc="allergies" records={countOf("allergies")} />
                <Buttons><Add {...props} doc="allergies" label={w.record[plain ? "plain" : "clinical"].add.allergies} /></Buttons>
            </Section>
            <Section title={w.flow.in_the_house}>
                <p>{staff ? w.flow.brown_bag_ask : w.flow.brown_bag_plain}</p>
                <FieldOf {...props} doc="visit" record={visit} name="brown_bag" />
            </Section>
            {one && (
                <Section title={w.part[plain ? "plain" : "clinical"].profile}>
                    <div class="fields">
                        {(staff ? ["conditions", "kidney_function", "weight", "pregnancy", "goals"] : ["goals", "conditions"])
                            .map((name) => <FieldOf key={name} {...props} doc="profile" record={one} name={name} />)}
                    </div>
                    <Buttons>
                        <Button kind="other" onClick={() => go({ at: "chart", chart: chart.chart, part: "profile", back: props.here })}>{w.flow.all_profile[plain ? "plain" : "clinical"]}</Button>
                    </Buttons>
                </Section>
            )}
            <Section title={w.part[plain ? "plain" : "clinical"].journal} count={countOf("journal").length}>
                <Cards {...props} doc="journal" records={journal} />
                <Buttons><Add {...props} doc="journal" label={w.record[plain ? "plain" : "clinical"].add.journal} /></Buttons>
            </Section>
        </>
    );
}

/** One kind after the other, so that none is forgotten; those whose kind nobody has said stand first. */
function Medicines(props: FlowProps) {
    const { staff, plain, visit, chart } = props;
    const kinds = kindsOf();
    const medicines = medicinesNow();
    const kindOf = (r: RecordView) => shownFields(r)["kind"] ?? "";
    const asked = fieldOf("visit", "asked");
    const left = kindsLeft(visit, kinds.map((k) => k.name));
    const ask = (kind: string, on: boolean) => press({ chart: chart.chart, doc: "visit", record: visit.record, field: "asked" },
        kinds.map((k) => k.name).filter((k) => (k === kind ? on : !left.includes(k))).join(", "));
    const other = medicines.filter((r) => !kinds.some((k) => k.name === kindOf(r)));
    return (
        <>
            {other.length > 0 && <Section title={w.flow.kind_not_said} count={other.length}><MedicineList {...props} medicines={other} /></Section>}
            {kinds.map((kind) => {
                const these = medicines.filter((r) => kindOf(r) === kind.name);
                return (
                    <Section key={kind.name} title={w.flow.kind(plain ? kind.plain : kind.clinical)} count={these.length}>
                        {staff && <p>{w.flow.kind_ask[kind.name] ?? ""}</p>}
                        <MedicineList {...props} medicines={these} />
                        <Buttons>
                            <Add {...props} doc="pmr" begin={{ kind: kind.name, ...(staff ? { status: "active" } : {}) }}
                                label={w.flow.add_kind(plain ? kind.plain : kind.clinical)} />
                            {staff && asked && (
                                <Button kind={left.includes(kind.name) ? "main" : "quiet"} onClick={() => ask(kind.name, left.includes(kind.name))}>
                                    {(left.includes(kind.name) ? w.flow.kind_done : w.flow.kind_not_done)(kind.clinical, these.length)}
                                </Button>
                            )}
                        </Buttons>
                    </Section>
                );
            })}
        </>
    );
}

const reallyTaken = ["taken_as", "adherence", "barriers", "effects"];

function MedicineList({ medicines, ...props }: FlowProps & { medicines: RecordView[] }) {
    if (!props.staff)
        return <Cards {...props} doc="pmr" records={medicines} />;
    return (
        <ul class="cards">
            {medicines.map((r) => (
                <li class="card" key={r.record}>
                    <MedicineLine {...props} medicine={r} />
                    <Folded title={reallyTaken.slice(0, 2).some((name) => r.fields[name]) ? w.flow.taken_said : w.flow.taken_ask}>
                        <div class="fields">{reallyTaken.map((name) => <FieldOf key={name} {...props} doc="pmr" record={r} name={name} />)}</div>
                    </Folded>
                </li>
            ))}
        </ul>
    );
}

/** Its name, how it is taken and why, what is to decide, and the way to all of it. */
export function MedicineLine({ medicine, ...props }: FlowProps & { medicine: RecordView }) {
    const { plain, staff } = props;
    const name = recordName("pmr", medicine, plain);
    const fields = shownFields(medicine);
    const pending = medicine.proposals.filter((p) => p.state === "pending").length;
    const barriers = readSet(fields["barriers"] ?? "");
    return (
        <div class="medicine-line">
            <h4>{name}</h4>
            <p>{sentences(medicine.conflicts > 0 ? "" : wordsOf("pmr", medicine, "regimen", plain), fields["reason"] ?? "")}</p>
            <p class="tags">
                <NotNow medicine={medicine} plain={plain} />
                {medicine.conflicts > 0 && <Tag kind="attention">{(plain ? w.record.conflicts_plain : w.record.conflicts)(medicine.conflicts)}</Tag>}
                {medicine.state === "proposed" && <Tag kind="attention">{plain ? w.record.proposed_mine : w.record.proposed}</Tag>}
                {medicine.state !== "proposed" && pending > 0 && <Tag kind="attention">{(plain ? w.record.pending_plain : w.record.pending)(pending)}</Tag>}
                {staff && barriers.map((one) => <Tag key={one} kind="attention">{fieldWords(one, fieldOf("pmr", "barriers")!, plain)}</Tag>)}
            </p>
            <Buttons>
                <Button kind="other" onClick={() => go({ at: "chart", chart: props.chart.chart, part: "pmr", record: medicine.record, back: props.here })}>
                    {(plain ? w.record.plain : w.record.clinical).open}<span class="usa-sr-only"> {name}</span>
                </Button>
            </Buttons>
        </div>
    );
}

/* -- assess -------------------------------------------------------------------------------------------------- */

export function Assess(props: FlowProps) {
    const { staff, plain } = props;
    const problems = countOf("dtp");
    const about = (r: RecordView) => linked(shownFields(r)["medicine"] ?? "");
    const medicines = medicinesNow();
    if (!staff) {
        const solved = problems.filter((r) => isOver("dtp", r, (field) => shownFields(r)[field] ?? ""));
        const open = problems.filter((r) => !solved.includes(r));
        return (
            <>
                <Section title={w.part[plain ? "plain" : "clinical"].dtp} count={open.length}>
                    {open.length === 0 && <p>{w.record.plain.none.dtp}</p>}
                    <Cards {...props} doc="dtp" records={open} />
                    {solved.length > 0 && <Folded title={w.record.plain.over.dtp(solved.length)}><Cards {...props} doc="dtp" records={solved} /></Folded>}
                </Section>
                <Section title={w.flow.agenda_plain}>{of(props, ["agenda", "questions"], w.flow.agenda_plain)}</Section>
            </>
        );
    }
    return (
        <>
            <FindingsPanel {...props} />
            <Section title={w.flow.per_medicine}>
                <ul class="cards">
                    {medicines.map((r) => (
                        <li class="card" key={r.record}>
                            <MedicineLine {...props} medicine={r} />
                            <Cards {...props} doc="dtp" records={problems.filter((p) => about(p) === r.record)} />
                            <Buttons>
                                <Add {...props} doc="dtp" begin={{ medicine: linkTo(schemaOf("pmr"), r.record), medicines: recordName("pmr", r), status: "open" }}
                                    label={w.flow.add_problem_of(recordName("pmr", r))} />
                            </Buttons>
                        </li>
                    ))}
                </ul>
            </Section>
            <Section title={w.flow.no_medicine}>
                <Cards {...props} doc="dtp" records={problems.filter((p) => !medicines.some((r) => r.record === about(p)))} />
                <Buttons><Add {...props} doc="dtp" begin={{ status: "open" }} label={w.flow.add_untreated} /></Buttons>
            </Section>
            <Section title={w.flow.assessment}>{of(props, ["assessment"])}</Section>
        </>
    );
}

/* -- plan ---------------------------------------------------------------------------------------------------- */

export function Plan(props: FlowProps) {
    const { staff, plain, chart } = props;
    const actions = countOf("map"), asked = countOf("dtp").filter((r) => valueOf(r, "recommendation") !== "");
    return (
        <>
            {staff && problemsLeft().length > 0 && (
                <Section title={w.flow.problems_left} count={problemsLeft().length}>
                    <ul class="cards">
                        {problemsLeft().map((r) => (
                            <li class="card" key={r.record}>
                                <h4>{recordName("dtp", r)}</h4>
                                <p>{[wordsOf("dtp", r, "medicines", false), wordsOf("dtp", r, "category", false)].filter((one) => one).join(": ")}</p>
                                <Buttons>
                                    <Add {...props} doc="map" begin={{ topic: recordName("dtp", r), dtp: linkTo(schemaOf("dtp"), r.record), status: "open" }} label={w.flow.add_action_of(recordName("dtp", r))} />
                                    <Button kind="other" onClick={() => go({ at: "chart", chart: chart.chart, part: "dtp", record: r.record, back: props.here })}>
                                        {w.flow.ask_prescriber}<span class="usa-sr-only">: {recordName("dtp", r)}</span>
                                    </Button>
                                </Buttons>
                            </li>
                        ))}
                    </ul>
                </Section>
            )}
            <Section title={w.part[plain ? "plain" : "clinical"].map} count={actions.length}>
                {actions.length === 0 && <p>{w.record[plain ? "plain" : "clinical"].none.map}</p>}
                <Cards {...props} doc="map" records={actions} />
                <Buttons><Add {...props} doc="map" {...(staff ? { begin: { status: "open" } } : {})} label={w.record[plain ? "plain" : "clinical"].add.map} /></Buttons>
            </Section>
            {asked.length > 0 && (
                <Section title={w.flow.recommendations[plain ? "plain" : "clinical"]} count={asked.length}>
                    <Cards {...props} doc="dtp" records={asked} />
                </Section>
            )}
            <Section title={w.flow.next}>{of(props, ["next_at", "next_none", "recurrence"])}</Section>
        </>
    );
}

/* -- agree --------------------------------------------------------------------------------------------------- */

/** In the words of the patient, whoever reads: this is what is read back. */
export function Agree(props: FlowProps) {
    const { staff, visit, chart } = props;
    const actions = countOf("map").filter((r) => r.state === "present" && !["done", "dropped"].includes(valueOf(r, "status")));
    const medicines = medicinesNow().filter((r) => r.state === "present");
    const taught = (r: RecordView) => void writeFields(chart.chart, "pmr", r.record, { teach_back: "yes", explained_at: timeOf(Date.now()) });
    return (
        <>
            <Section title={w.flow.plan_in_words[staff ? "clinical" : "plain"]}>
                {actions.length === 0 && <Empty><p>{w.record.plain.none.map}</p></Empty>}
                <ol class="read-back">
                    {actions.map((r) => (
                        <li key={r.record}>
                            <p class="lead">{valueOf(r, "action") || recordName("map", r, true)}</p>
                            <p>{w.flow.action_words(wordsOf("map", r, "owner", true), wordsOf("map", r, "due", true), valueOf(r, "goal"))}</p>
                        </li>
                    ))}
                </ol>
                <FieldOf {...props} doc="visit" record={visit} name="read_back" />
            </Section>
            <Section title={w.flow.teach_back[staff ? "clinical" : "plain"]}>
                {staff && <p>{w.flow.teach_back_ask}</p>}
                <ul class="cards">
                    {medicines.map((r) => {
                        const name = recordName("pmr", r, true);
                        return (
                            <li class="card" key={r.record}>
                                <h4>{name} <NotNow medicine={r} plain /></h4>
                                {r.conflicts > 0
                                    ? <p class="tags"><Tag kind="attention">{w.record.conflicts_plain(r.conflicts)}</Tag></p>
                                    : <p>{sentences(wordsOf("pmr", r, "regimen", true), valueOf(r, "reason"), valueOf(r, "watch_for"))}</p>}
                                {taughtIn(visit, r)
                                    ? <p><span aria-hidden="true">✓ </span>{w.flow.taught[staff ? "clinical" : "plain"]}</p>
                                    : staff && <Buttons><Button onClick={() => taught(r)}>{w.flow.taught_now}<span class="usa-sr-only">: {name}</span></Button></Buttons>}
                                {staff && <Folded title={w.flow.technique}><FieldOf {...props} doc="pmr" record={r} name="technique" /></Folded>}
                            </li>
                        );
                    })}
                </ul>
            </Section>
            <Section title={w.flow.questions}>{of(props, ["questions"])}</Section>
        </>
    );
}

/* -- sign ---------------------------------------------------------------------------------------------------- */

export function Sign(props: FlowProps) {
    const { staff, visit, plain, open } = props;
    const mine = open.versions.state === "here" ? open.versions.value.versions.filter((one) => one.visit === visit.record || !staff) : [];
    const made = mine.length > 0
        ? <VersionList {...props} versions={mine} level={4} />
        : <p>{w.papers.none[plain ? "plain" : "clinical"]}</p>;
    if (!staff)
        return (
            <>
                <Section title={w.part.plain.papers}>{made}</Section>
                <Section title={w.flow.after}>{of(props, ["next_at", "next_none", "summary_sent_at", "summary_how"])}</Section>
            </>
        );
    return (
        <>
            <Section title={w.flow.still_open_all}><OpenSteps {...props} /></Section>
            <Section title={w.sign.title}><Signature {...props} /></Section>
            <Section title={w.part.clinical.papers}>{made}</Section>
            <Section title={w.flow.after}>{of(props, ["minutes", "summary_sent_at", "summary_how"])}</Section>
        </>
    );
}

const meanings = ["reviewed-with-patient", "reviewed-alone", "discharge-reconciled"] as const;

/** What is signed, what it means, and what has to be done first. */
function Signature(props: FlowProps) {
    const { chart, open, visit, home } = props;
    const id = useId();
    const discharge = valueOf(visit, "type") === "discharge";
    const [meaning, setMeaning] = useState<(typeof meanings)[number]>(discharge ? "discharge-reconciled" : "reviewed-with-patient");
    const lines = discharge || meaning === "discharge-reconciled" ? toReconcile(visit) : [];
    const left = lines.filter((r) => !reconciledIn(visit, r)), open_lines = lines.filter((r) => lineIn(visit, r) === "not-decided" && !left.includes(r));
    const as_before = lines.filter((r) => changedAsBefore(visit, r));
    const conflicts = conflicted();
    /* What stood there when this was opened was seen on the way here; what others change from then on is named. */
    const [seen, setSeen] = useState(open.shown), [refused, setRefused] = useState(false);
    const from = seen || open.shown;
    useEffect(() => setSeen(from), [from]);
    const news = from > 0 ? changedSince(from) : [];
    return (
        <Of part={open.versions} again={() => void refresh("versions")} loading={w.papers.loading}>
            {({ ready, error, help }) => (
                <>
                    {conflicts.length > 0 && (
                        <Alert kind="warning" title={w.sign.conflicts}>
                            <ul class="plain-list">
                                {conflicts.map(({ doc, record }) => (
                                    <li key={record.record}>
                                        <Button kind="other" onClick={() => go(placeOf(chart.chart, doc, record.record, props.here))}>{w.sign.decide(recordName(doc, record))}</Button>
                                    </li>
                                ))}
                            </ul>
                        </Alert>
                    )}
                    {!ready && conflicts.length === 0 && (
                        <Alert kind="warning" title={w.sign.not_now}><p class="usa-alert__text">{helpFor({ error: error ?? "", help: help ?? "" })}</p></Alert>
                    )}
                    {(news.length > 0 || refused) && (
                        <Alert kind="warning" title={w.sign.changed} live>
                            <ul class="plain-list">
                                {news.map(({ entry, doc, record }) => {
                                    const of = isRecordDoc(doc) ? here(doc).find((r) => r.record === record) : undefined;
                                    return (
                                        <li key={entry.index}>
                                            <p><strong>{nameOf(entry.account, membersOf(props))}</strong> {w.log.what_happened(entry, entryLabel(entry, false), false)} <When ms={entry.time_ms} /></p>
                                            {of && isRecordDoc(doc) && (
                                                <Button kind="other" onClick={() => go(placeOf(chart.chart, doc, of.record, props.here))}>{w.sign.look(recordName(doc, of))}</Button>
                                            )}
                                        </li>
                                    );
                                })}
                            </ul>
                            <Buttons>
                                <Button onClick={() => {
                                    setSeen(open.shown);
                                    setRefused(false);
                                }}>{w.sign.looked}</Button>
                            </Buttons>
                        </Alert>
                    )}
                    <fieldset class="usa-fieldset">
                        <legend class="usa-legend">{w.sign.meaning}</legend>
                        {meanings.map((one) => (
                            <div class="usa-radio" key={one}>
                                <input class="usa-radio__input" type="radio" id={`${id}-${one}`} name={id} checked={meaning === one} onChange={() => setMeaning(one)} />
                                <label class="usa-radio__label" for={`${id}-${one}`}>{w.papers.meaning.clinical[one]}</label>
                            </div>
                        ))}
                    </fieldset>
                    {open_lines.length > 0 && (
                        <>
                            <p>{w.sign.left_open}</p>
                            <ul>{open_lines.map((r) => <li key={r.record}>{recordName("pmr", r)}: {valueOf(r, "discharge_why")}</li>)}</ul>
                        </>
                    )}
                    {as_before.length > 0 && (
                        <Alert kind="warning" title={w.reconcile.as_before}><ul>{as_before.map((r) => <li key={r.record}>{recordName("pmr", r)}</li>)}</ul></Alert>
                    )}
                    {left.length > 0
                        ? (
                            <Alert kind="warning" title={w.reconcile.left(left.length, lines.length)}>
                                <ul>{left.map((r) => <li key={r.record}>{recordName("pmr", r)}</li>)}</ul>
                                <p class="usa-alert__text">{w.sign.lines_first}</p>
                                <Buttons><Button kind="other" onClick={() => toStep(chart.chart, visit, "collect", false)}>{w.flow.to_step(w.flow.step.clinical.collect.title)}</Button></Buttons>
                            </Alert>
                        ) : ready && from > 0 && news.length === 0 && !refused && (
                            <>
                                <p>{w.sign.what(home.name || w.role[home.role || "pharmacist"])}</p>
                                <Buttons><Button big onClick={() => void sign(chart.chart, from, meaning, visit.record).then((done) => setRefused(!done))}>{w.sign.now}</Button></Buttons>
                            </>
                        )}
                </>
            )}
        </Of>
    );
}
