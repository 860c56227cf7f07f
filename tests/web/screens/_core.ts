/*
 * A core for the screens' tests: what protocol.ts says, from a script. It keeps a small practice in memory,
 * answers as the real one does, and `tell` lets a test say what others do. Not part of what is built.
 */
import type {
    CallView, ChartSummary, DocName, Entry, Failure, Findings, Home, Id, Member, Proposal, QuestionName, Questions, RecordView,
    Role, Said, SchemaDocument, Told, Undoable, Versions, Waiting,
} from "../../../web-client/src/core/protocol.ts";
import type { Core } from "../../../web-client/src/state/core.ts";
import type { Levels, Sound, SoundNow } from "../../../web-client/src/audio/sound.ts";
import { silent } from "../../../web-client/src/state/sound.ts";
import { between, through } from "../../../web-client/src/state/typing.ts";

export interface Script {
    now_ms: number;
    schema: SchemaDocument[];
    home: Home;
    charts: ChartSummary[];
    members: Record<Id, Member[]>;
    entries: Record<Id, Entry[]>;
    records: Record<Id, Partial<Record<DocName, RecordView[]>>>;
    /** what was said before, by record and field */
    earlier: Record<string, Said[]>;
    waiting: Record<Id, Waiting[]>;
    findings: Findings;
    versions: Versions;
    papers: Questions["papers"]["answer"];
    call: CallView;
    undoable: Undoable;
    /** what there is to undo after that */
    undo_next?: Undoable["undo"];
    /** the records as they were */
    records_then?: Partial<Record<DocName, RecordView[]>>;
    /** that this tab was in when it was loaded again */
    visit_before?: { chart: Id; visit: Id; muted: boolean };
    /** questions that fail, or never answer */
    failing: Partial<Record<QuestionName, Failure | "never">>;
    /** where a link belongs; here, if it is not said */
    link_host?: string;
    /** the link is an interpreter's */
    guest_until_ms?: number;
    sound: Partial<SoundNow>;
    /** how long the server takes */
    server_ms: number;
    /** told after `ready` */
    then: Told[];
    ready: boolean;
}

const failure = (error: string): Failure => ({ error, help: "" });

export function scripted(script: Script): { core: Core; sound: Sound; heard: unknown[][]; rings: () => number; tell(t: Told): void } {
    let listener: (told: Told) => void = () => undefined;
    const heard: unknown[][] = [];
    let tokens = 0;
    const token = (): string => (++tokens).toString(16).padStart(32, "0");
    const tell = (told: Told): void => listener(told);
    const me = (chart: Id): Member | undefined => script.members[chart]?.find((m) => m.device === script.home.device);
    const list = (chart: Id): Entry[] => (script.entries[chart] ??= []);

    /* What is written is in the log a moment later, if there is a line. */
    const append = (chart: Id, made: Partial<Entry>): string => {
        const mine = token();
        const waiting: Waiting = {
            token: mine, chart, held: false, composed_ms: script.now_ms, kind: "message", ...made as Partial<Waiting>,
        };
        (script.waiting[chart] ??= []).push(waiting);
        if (script.home.online.log)
            setTimeout(() => {
                const index = list(chart).length;
                const entry: Entry = {
                    chart, index, time_ms: script.now_ms, device: script.home.device, account: script.home.account,
                    name: me(chart)?.name ?? script.home.name, role: script.home.role as Role, number: index + 1, epoch: 1,
                    class: made.kind === "message" ? "message" : made.kind === "visit" ? "visit" : "record", state: "open",
                    verified_by: [], token: mine, ...made,
                };
                list(chart).push(entry);
                script.waiting[chart] = (script.waiting[chart] ?? []).filter((w) => w.token !== mine);
                const summary = script.charts.find((c) => c.chart === chart);
                if (summary)
                    summary.entries = index + 1;
                apply(entry);
                tell({ event: "entry", ...entry });
                tell({ event: "done", token: mine, chart, index });
            }, script.server_ms);
        return mine;
    };

    const said = (e: Entry, value: string, more: Partial<Said> = {}): Said => ({
        number: e.index + 1, value, index: e.index, account: e.account, device: e.device, name: e.name, role: e.role as Role,
        time_ms: e.time_ms, ...more,
    });
    const recordOf = (chart: Id, doc: DocName, record: Id, state: RecordView["state"]): RecordView => {
        const all = ((script.records[chart] ??= {})[doc] ??= []);
        let found = all.find((r) => r.record === record);
        if (!found)
            all.push(found = { chart, doc, record, state, conflicts: 0, fields: {}, proposals: [] });
        return found;
    };
    const put = (record: RecordView, fields: Record<string, string>, e: Entry, more: Partial<Said> = {}): void => {
        record.state = "present";
        for (const [name, value] of Object.entries(fields)) {
            if (record.fields[name]?.conflict)
                record.conflicts--;
            record.fields[name] = { value, conflict: false, values: [said(e, value, more)] };
        }
    };
    function apply(e: Entry): void {
        if (e.kind === "write" && e.doc && e.record)
            put(recordOf(e.chart, e.doc, e.record, "present"), e.fields ?? {}, e);
        if (e.kind === "propose" && e.doc && e.record)
            recordOf(e.chart, e.doc, e.record, "proposed").proposals.push({
                index: e.index, state: "pending", account: e.account, device: e.device, name: e.name, role: e.role as Role,
                time_ms: e.time_ms, fields: e.fields ?? {}, answers: [],
            });
        if (e.kind === "answer")
            for (const record of Object.values(script.records[e.chart] ?? {}).flat())
                for (const p of record.proposals.filter((one: Proposal) => one.index === e.proposal)) {
                    p.state = e.accepted ? "accepted" : "declined";
                    p.answers.push({
                        index: e.index, accepted: Boolean(e.accepted), current: true, account: e.account, device: e.device,
                        name: e.name, role: e.role as Role, time_ms: e.time_ms,
                    });
                    if (e.accepted)
                        put(record, p.fields, e, { proposed_by: p.account });
                    else if (record.state === "proposed")
                        record.state = "declined";
                }
        if (e.kind === "identity")
            for (const m of script.members[e.chart] ?? [])
                if (m.account === e.subject)
                    m.holder = true;
    }
    /** What somebody else wrote, as `append` does for us. */
    const others = (e: Entry): void => {
        const summary = script.charts.find((c) => c.chart === e.chart);
        if (list(e.chart).push(e) && summary)
            summary.entries = e.index + 1;
        apply(e);
        tell({ event: "entry", ...e });
    };

    type Answers = { [N in QuestionName]: (ask: Questions[N]["ask"]) => Questions[N]["answer"] };
    const link = (n: number) => `https://galen.practice.example/join#AQ${"AbCdEfGhIjKlMnOpQrStUvWxYz012345".repeat(2).slice(0, 63)}${n}`;
    const answers: Answers = {
        home: () => ({ ...script.home }),
        schema: () => script.schema,
        charts: () => script.charts.map((c) => ({ ...c, waiting: script.waiting[c.chart]?.length ?? 0 })),
        members: ({ chart }) => (script.members[chart] ?? []).map((m) => ({ ...m })),
        entries: (ask) => "from" in ask
            ? list(ask.chart).slice(ask.from, ask.from + Math.min(256, ask.count))
            : list(ask.chart).slice(0, ask.before).slice(-Math.min(256, ask.count)),
        records: ({ chart, doc }) => structuredClone(script.records[chart]?.[doc] ?? []),
        history: ({ chart, doc, record, field }) => [
            ...(script.earlier[`${record}/${field}`] ?? []).map((one) => ({ ...one, current: false })),
            ...(script.records[chart]?.[doc]?.find((r) => r.record === record)?.fields[field]?.values ?? [])
                .map((one) => ({ ...one, current: true })),
        ].map(({ value, ...one }) => script.schema.find((d) => d.name === doc)?.fields.find((f) => f.name === field)?.kind === "text"
            ? { ...one, changes: [{ at: 0, gone: "For sugar", came: value }] } : { ...one, value }),
        /* A problem of the list that names the finding answers it. */
        findings: ({ chart }) => ({
            ...script.findings,
            findings: script.findings.findings.map((one) => {
                const answer = script.records[chart]?.dtp?.find((r) => r.fields["finding"]?.value === one.key);
                return answer ? { ...one, dtp: answer.record, status: answer.fields["status"]?.value === "set-aside" ? "set-aside" : "problem" } : one;
            }),
        }),
        writing: ({ text }) => [["QD", "daily"], ["D/C", "stop, or discharge"]].flatMap(([wrong = "", suggestion = ""]) => {
            const at = text.indexOf(wrong);
            return at < 0 ? [] : [{
                at: [...text.slice(0, at)].length, size: wrong.length, text: wrong, rule: wrong, severity: "high" as const, title: `“${wrong}” is easily misread.`,
                why: "People read something else in it.", suggestion, source: { key: "ismp", list: "A list", version: "1", date: "2026" },
            }];
        }),
        then: ({ chart, before }) => {
            const none = Object.fromEntries(script.schema.map((d) => [d.name, []])) as unknown as Record<DocName, RecordView[]>;
            return { size: before, time_ms: script.now_ms - 86_400_000 * 3, records: { ...none, ...structuredClone(script.records_then ?? script.records[chart]) } };
        },
        undoable: () => structuredClone(script.undoable),
        undo: ({ chart, token: which }) => {
            const { undo, redo } = script.undoable;
            if (which === undo?.token) {
                if (undo.kind === "write" && undo.index !== undefined)
                    append(chart, { kind: "write", doc: undo.doc, record: undo.record, fields: Object.fromEntries(undo.fields.map((f) => [f.field, f.then ?? ""])) });
                script.undoable = { undo: script.undo_next ?? null, redo: { ...undo, again: true, token: "ef".repeat(16) }, passed: null };
            } else if (which === redo?.token) {
                script.undoable = { undo: { ...redo, again: false, token: "ab".repeat(16) }, redo: null, passed: null };
            } else
                throw failure("not-up-to-date");
            return { token: which };
        },
        versions: () => structuredClone(script.versions),
        sign: ({ chart, seen, meaning, visit }) => {
            if (list(chart).slice(seen).some((e) => e.device !== script.home.device && e.doc === "pmr"))
                throw failure("changed-meanwhile");
            const made = append(chart, { kind: "sign", meaning } as Partial<Entry>);
            script.versions.versions.push({
                chart, version: script.versions.versions.length + 1, index: list(chart).length, time_ms: script.now_ms, account: script.home.account,
                device: script.home.device, name: script.home.name, role: script.home.role as Role, meaning, base: list(chart).length, schema: 1,
                hash: "ab".repeat(32), asserted: true, superseded: false, ...(visit ? { visit } : {}),
            });
            return { token: made };
        },
        papers: ({ list: current }) => ({
            ...script.papers, papers: script.papers.papers.filter((one) => (one.name === "current-list") === Boolean(current)),
        }),
        /* What changed lies at one place; who is behind it moves along. */
        merge: ({ was, made, shown }) => {
            const points = (text: string, to: number): number => [...text.slice(0, to)].length;
            const mine = between(was, made), at = through(was, shown, mine.at), end = through(was, shown, mine.at + mine.deleted);
            const text = shown.slice(0, at) + mine.inserted + shown.slice(Math.max(at, end));
            const change = between(made, text);
            return { text, changes: made === text ? [] : [{
                at: points(made, change.at), deleted: points(made, change.at + change.deleted) - points(made, change.at), inserted: [...change.inserted].length,
            }] };
        },
        waiting: ({ chart }) => [...(script.waiting[chart] ?? [])],
        call: () => structuredClone(script.call),
        look: ({ link: given }) => {
            if (!/^https?:\/\/[^/]+\/join#[\w-]{60,}$/.test(given))
                throw failure("bad-format");
            return { host: script.link_host ?? location.host, practice: "aa".repeat(32), device: "bb".repeat(32),
                     ...(script.guest_until_ms ? { guest_until_ms: script.guest_until_ms } : {}) };
        },
        join: () => { script.home.state = "joining"; return {}; },
        lost: () => ({}),
        chart_new: () => ({ token: token(), chart: "c9".repeat(32) }),
        invite: () => ({ token: token(), link: link(1), account: "a9".repeat(32) }),
        invite_guest: () => ({ link: link(3), until_ms: script.now_ms + 86_400_000 }),
        further_device: () => ({ token: token(), link: link(2), device: "d8".repeat(32) }),
        remove_device: () => ({ token: token() }),
        shut_out: () => { script.home.shut_out = "said"; return {}; },
        add_member: () => ({ token: token() }),
        remove_member: () => ({ token: token() }),
        renew: () => ({ token: token() }),
        identify: ({ chart, account, check }) => ({ token: append(chart, { kind: "identity", subject: account, text: check }) }),
        message: ({ chart, text }) => ({ token: append(chart, { kind: "message", text }) }),
        write: ({ chart, doc, record, fields }) => {
            const schema = script.schema.find((d) => d.name === doc);
            const proposed = Object.keys(fields).some((f) => schema?.fields.find((one) => one.name === f)?.access === "propose");
            const id = record ?? token();
            return { token: append(chart, { kind: proposed ? "propose" : "write", doc, record: id, fields }), record: id, proposed };
        },
        answer: ({ chart, proposal, accepted }) => ({ token: append(chart, { kind: "answer", proposal, accepted }) }),
        release: ({ token: which, send }) => {
            for (const [chart, all] of Object.entries(script.waiting)) {
                const one = all.find((w) => w.token === which);
                script.waiting[chart] = all.filter((w) => w !== one);
                if (one && send)
                    append(chart, { kind: "message", text: one.text ?? "" });
            }
            return {};
        },
        seen: ({ chart }) => {
            const summary = script.charts.find((c) => c.chart === chart);
            if (summary)
                summary.unread = 0;
            return {};
        },
        check: ({ chart }) => ({
            holds: true, size: list(chart).length, root: "0123456789abcdef".repeat(4), complete_to: list(chart).length, withheld: 0,
            findings: [], verified: [],
            claims: {
                practice: "holds", order: "holds", authorship: "holds", membership: "holds", completeness: "holds", heads: "holds",
                bodies: "holds", contents: "not-shown",
            },
        }),
        evidence: () => ({ bytes: new Uint8Array([1, 2, 3]) }),
        live: () => ({}),
        draft: (ask) => ("was" in ask ? { tag: "0123456789abcdef" } : {}),
        visit_open: ({ chart }) => {
            const visit = "ee".repeat(32);
            const summary = script.charts.find((c) => c.chart === chart);
            if (summary)
                summary.visit = { visit, host: script.home.device };
            script.call = {
                ...script.call, state: "admitted", chart, visit, host: script.home.device,
                participants: [{ device: script.home.device, account: script.home.account, name: script.home.name,
                                 role: script.home.role as Role, muted: false, self: true }],
            };
            return { visit };
        },
        visit_end: () => { script.call = { ...script.call, state: "none", participants: [], knocking: [] }; return {}; },
        knock: ({ chart }) => { script.call = { ...script.call, state: "waiting", chart: chart ?? "c1".repeat(32) }; return {}; },
        admit: ({ device, admitted }) => {
            const one = script.call.knocking.find((k) => k.device === device);
            script.call.knocking = script.call.knocking.filter((k) => k !== one);
            if (one && admitted)
                script.call.participants.push({ device, account: one.account, name: one.name, role: one.role, muted: false, self: false });
            return {};
        },
        leave: () => { script.call = { ...script.call, state: "none", participants: [] }; return {}; },
        mute: ({ muted }) => {
            script.call.muted = muted;
            for (const p of script.call.participants)
                if (p.self)
                    p.muted = muted;
            return {};
        },
        voice: () => ({}),
    };

    const core: Core = {
        ask: async (name, what) => {
            heard.push([name, what]);
            await Promise.resolve();
            const fails = script.failing[name];
            if (fails === "never")
                return new Promise(() => undefined);
            if (fails)
                throw fails;
            return answers[name](what as never) as never;
        },
        on: (given) => {
            listener = given;
            if (script.ready)
                setTimeout(() => {
                    tell({ event: "ready" });
                    for (const told of script.then)
                        setTimeout(() => tell(told), 20);
                }, 0);
        },
    };

    let rings = 0;
    let toldSound: (now: SoundNow) => void = () => undefined;
    let now: SoundNow = { ...silent, ...script.sound };
    const devices = { microphones: [{ id: "m1", label: "Built-in microphone" }, { id: "m2", label: "Headset" }], speakers: [{ id: "s1", label: "Speakers" }] };
    const sound: Sound = {
        prepare: () => undefined,
        open: async () => {
            heard.push(["sound.open"]);
            toldSound(now = { ...now, microphone: script.sound.microphone ?? "on", ...devices });
        },
        allowed: async () => script.sound.microphone !== "refused",
        carry: async () => {
            toldSound(now = { ...now, line: script.sound.line ?? "good" });
            return new MessageChannel().port1;
        },
        close: () => toldSound(now = { ...silent }),
        mute: (muted) => void heard.push(["sound.mute", muted]),
        choose: async (kind, id) => void heard.push(["sound.choose", kind, id]),
        test: async () => void heard.push(["sound.test"]),
        ring: () => { rings++; },
        on: (given, levels: (levels: Levels) => void) => {
            toldSound = given;
            if (script.sound.microphone)
                given(now = { ...now, ...devices });
            levels({ mine: 0.4, voices: [{ device: "d2".repeat(32), level: 0.6 }] });
        },
    };
    Object.assign(globalThis, { others });
    return { core, sound, heard, rings: () => rings, tell };
}
