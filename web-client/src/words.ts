/*
 * Everything a person reads, in one place: a second language is a second object of this shape. Words for
 * patients are short and plain; staff read their own. The schema's labels and options come from the core.
 */
import type {
    Change, Entry, EntryState, ErrorName, Failure, Id, Member, Role, SchemaField, Stays, ValueKind,
} from "./core/protocol.ts";
import type { Browser } from "./audio/browser.ts";
import type { OwnErrorName } from "./core/error.ts";
import type { Open } from "./state/flow.ts";
import type { Screen, Step } from "./state/tree.ts";
import { medicineName, readDate, readRegimen, readSet, type RegimenPart } from "./state/values.ts";

const locale = "en-US";

const clock = new Intl.DateTimeFormat(locale, { hour: "numeric", minute: "2-digit" });
const inFull = new Intl.DateTimeFormat(locale, {
    weekday: "long", month: "long", day: "numeric", year: "numeric", hour: "numeric", minute: "2-digit",
});
const dayAndMonth = new Intl.DateTimeFormat(locale, { weekday: "short", month: "short", day: "numeric" });
const wholeDate = new Intl.DateTimeFormat(locale, { year: "numeric", month: "short", day: "numeric" });
const monthName = new Intl.DateTimeFormat(locale, { month: "long", timeZone: "UTC" });
const count = new Intl.NumberFormat(locale);
const listing = new Intl.ListFormat(locale, { type: "conjunction" });

const several = (n: number, one: string, more: string): string => `${n} ${n === 1 ? one : more}`;
const list = (items: string[]): string => listing.format(items);
/** a name that may be "You", within a sentence */
const within = (who: string): string => (who === w.you ? "you" : who);

function when(ms: number, now = Date.now()): string {
    const that = new Date(ms), today = new Date(now);
    /* A day has 23 hours, or 25, when the clocks are changed. */
    const midnight = (days: number): number => new Date(today.getFullYear(), today.getMonth(), today.getDate() + days).getTime();
    const time = clock.format(that);
    if (ms >= midnight(0) && ms < midnight(1))
        return `today, ${time}`;
    if (ms >= midnight(-1) && ms < midnight(0))
        return `yesterday, ${time}`;
    const sameYear = that.getFullYear() === today.getFullYear();
    return `${(sameYear ? dayAndMonth : wholeDate).format(that)}, ${time}`;
}

const role: Record<Role | "custodian", string> = {
    administrator: "administrator", pharmacist: "pharmacist", technician: "pharmacy technician", patient: "patient",
    caregiver: "caregiver", prescriber: "prescriber", interpreter: "interpreter", custodian: "the practice’s safe copy",
};

const person = (name: string, of: Role | "custodian" | ""): string =>
    name && of ? `${name} (${role[of]})` : name || (of ? `${/^[aeiou]/.test(role[of]) ? "an" : "a"} ${role[of]}` : "somebody");

const part = {
    plain: {
        messages: "Messages", pmr: "My medicines", map: "My plan", people: "People and devices", log: "What was done here",
        profile: "About me", dtp: "Problems to solve", journal: "My journal", allergies: "My allergies", visit: "My visits", papers: "My papers",
        checkin: "How it is going",
    },
    clinical: {
        messages: "Messages", pmr: "Medicines", map: "Action plan", people: "People and devices", log: "Log",
        profile: "Patient", dtp: "Problems", journal: "Journal", allergies: "Allergies", visit: "Visits", checkin: "Check-ins", papers: "Papers",
    },
};

export const w = {
    name: "Galen",
    the_interpreter: "the interpreter",
    skip: "Skip to the main part",
    loading: "Loading…",
    starting: "Galen is starting…",
    reading: "The chart is being read. This can take some minutes if the connection is slow.",
    /** in steps that can be read before the next one comes */
    read_so_far: (done: number, of: number): string => {
        const step = Math.ceil(of / 20);
        return `Read so far: ${count.format(Math.floor(done / step) * step)} of ${count.format(of)} entries`;
    },
    did_not_work: "That did not work.",
    not_opened: "There was no answer in time. Look at your connection, then try again.",
    try_again: "Try again",
    close_note: "Close this note",
    you: "You",
    yes: "Yes",
    no: "No",
    somebody: "somebody",
    no_name: "Name not known yet",
    role, person, part, when,
    /** as a heading, where there is no name */
    a_role: (of: Role | "custodian"): string => role[of].charAt(0).toUpperCase() + role[of].slice(1),
    months: (): string[] => Array.from({ length: 12 }, (_, i) => monthName.format(Date.UTC(2024, i, 1))),
    alert: { info: "Note:", success: "Done:", warning: "Attention:", error: "Problem:" },

    title: {
        knocking: (n: number): string => `(${n}) waiting – Galen`,
        of: (screen: Screen): string => {
            if (screen.at === "chart")
                return `${part.clinical[screen.part]} – Galen`;
            return screen.at === "visit" ? "Visit – Galen" : "Galen";
        },
    },
    to_top: "Back to the top",
    nav: { main: "Galen", home: "Home", chart: "Parts of this chart", all_parts: "All parts", skip_parts: "Skip the parts of this chart" },
    line: {
        online: "Connected",
        offline: "No connection",
        offline_short: "There is no connection now.",
        offline_kept: "You can go on. What you write is kept on this device and sent when the connection is back.",
        offline_unsent: (n: number): string =>
            `${several(n, "thing is", "things are")} kept on this device and will be sent when the connection is back. Keep this page open, or open it again later.`,
    },
    emergency: {
        label: "In an emergency",
        not: "This is not for emergencies.",
        what_to_do: "In an emergency, call 911. If you cannot wait for an answer, call your practice.",
    },
    broken: {
        title: "Galen has to start again",
        stopped: "Galen met an error and stopped.",
        reload: "Load the page again",
    },

    join: {
        welcome: "Welcome to Galen",
        need_a_link: "Your practice gives you a link or a code to get in. Open it on this device, or put it in below.",
        cleared: "This browser no longer has your chart",
        cleared_what_to_do:
            "The browser cleared what was kept here. Your chart itself is safe. Get back in with your recovery sheet, with a code from your other device, or with a new link from your practice.",
        paste: "Your link or code",
        paste_hint: "Paste the link, or type what is on your sheet. Spaces do not matter; capital letters do.",
        paste_first: "Put in your link or code first.",
        go_on: "Go on",
        looking: "Looking at your link…",
        invited: "Open your chart on this device",
        by: (host: string): string => `This link comes from the practice at ${host}.`,
        invited_for: [
            "Write messages to your pharmacist",
            "Talk with your pharmacist in a visit",
            "See your list of medicines and your plan",
        ],
        open: "Open my chart",
        guest: "You are invited as an interpreter",
        guest_for: [
            "You hear one visit and speak in it, so that people understand each other",
            "Nothing of anybody’s medical record is shown to you, and nothing is kept here",
            "You need not give your name or anything else",
        ],
        guest_until: (ms: number): string => `The link works once. Your access ends with the visit, at the latest ${when(ms)}.`,
        guest_open: "Go on as the interpreter",
        own_device: "Do this on your own phone or computer. This device will keep your keys.",
        check_address: (host: string): string =>
            `Is ${host} not the address your practice told you? Then do not go on, and call your practice.`,
        under_way: "Opening your chart",
        opening: "One moment. Your keys are made and your chart is opened…",
        offline: "Your link was not used up. As soon as the connection is back, this goes on by itself.",
        keep_page: "Please keep this page open until your chart is here.",
        refused: (error: ErrorName): string => ({
            "already-used": "This link was used before", expired: "This link is too old",
            revoked: "This link was taken back", offline: "There is no connection now",
            "bad-format": "This is not a whole link", "bad-certificate": "This link is not from this practice",
            "no-visit": "There is no visit open for this link", "not-a-member": "This link does not work any more", "sign-in-failed": "This link does not work any more",
        } as Record<string, string>)[error] ?? "The link did not work",
        nothing_opened: "Nothing was opened.",
        used_when: (ms: number): string => `It was used ${when(ms)}.`,
        refused_what_to_do: (error: ErrorName): string => ({
            "already-used":
                "A link works once. If you used it on another device, go on there. You can add this device from there, too.",
            expired: "A link works for seven days, a code for ten minutes. Ask your practice, or your other device, for a new one.",
            revoked: "Call your practice and ask for a new link.",
            "bad-certificate":
                "Look whether the address is the one that came with the link. If it is, call your practice before you go on.",
            "not-a-member": "It is too old, or the practice took it back. Call your practice and ask for a new link.",
            "sign-in-failed": "It is too old, or the practice took it back. Call your practice and ask for a new link.",
            "no-visit": "The visit that this link belongs to is not open. If it is over, there is nothing more to do. If it should be open now, try again in a minute, or call the practice.",
            offline: "Look at your Wi-Fi or your phone’s connection. Then try again: your link was not used up.",
            "bad-format": "Part of the link is missing or has a typing mistake. Copy the whole link, or ask for a new one.",
        } as Record<string, string>)[error] ?? "",
        not_me: "If it was not you who used it, call your practice now. The number is on your medicine’s label.",
        other_link: "Use another link or code",
        wrong: "This link is not complete",
        wrong_what_to_do: "Part of it is missing or has a typing mistake. Copy the whole link again, or put it in here.",
        elsewhere: "This link belongs to another address",
        elsewhere_what_to_do: (host: string): string =>
            `It is a link of the practice at ${host}. Open it there: press it in the message it came with, or copy all of it into the address line of your browser.`,
        elsewhere_here: (here: string): string => `This page belongs to ${here}. If you expected the link to belong here, do not go on, and call your practice.`,
        try_here: "Try it here all the same",
        already: "This browser already has a chart",
        already_what_to_do: (name: string): string =>
            `It belongs to ${name || "somebody"}. A new link for somebody else has to be opened on their own device. Your link was not used up.`,
        to_my_chart: "Go to the chart that is here",
    },
    lost: {
        title: "You are back in",
        why: "You came in with your recovery sheet. If an old device was lost or stolen, remove it, so that nobody can read your chart with it.",
        which: "Which of these devices do you no longer have?",
        device: (n: number, id: Id): string => `Device ${n} (its number begins with ${id.slice(0, 4).toUpperCase()})`,
        remove: (n: number): string => `Remove ${several(n, "device", "devices")} and go on`,
        none: "I still have all of them",
    },

    home: {
        patients: "Patients",
        practice: "Our practice",
        new_patient: "New patient",
        colleagues: "Colleagues",
        colleagues_invite: "Colleagues: see and invite",
        loading: "Opening the list of patients…",
        loading_mine: "Opening your chart…",
        no_patients: "There are no patients yet. Press “New patient”: you get a link to hand over or read out.",
        find: "Find a patient by name",
        found: (n: number, of: number): string =>
            n === of ? several(n, "patient", "patients") : n === 0 ? "No patient has this name. Look at the spelling." : `${n} of ${several(of, "patient", "patients")}`,
        waits: (n: number): string => n === 1 ? "Waiting to be let in" : `${n} waiting to be let in`,
        visit_open: "Visit is open",
        unread: (n: number): string => several(n, "new message", "new messages"),
        no_unread: "No new messages",
        new_short: (n: number): string => `${n} new`,
        conflicts: (n: number): string => several(n, "conflict to decide", "conflicts to decide"),
        proposals: (n: number): string => several(n, "suggestion to answer", "suggestions to answer"),
        unsent: (n: number): string => `${n} not sent yet`,
        withheld: "Part is held back by the server",
        reading: "Still reading",
        last: (name: string): string => `${name || "Somebody"},`,
        link_again: "A used link was tried again",
        copied: "A device was copied and shut out",
        heard: "Last heard from anybody else:",
        never_heard: "Nobody else has been heard here yet.",
        open: "Open",
        look_at: "See what is to decide",
        hello: (name: string): string => `Hello, ${name}`,
        my_chart: "My chart",
        no_chart: "There is no chart here yet. Call your practice and ask for a link.",
        pmr_hint: "What I take, how and why",
        map_hint: "What I want to do next",
        opens_later: "Opens in your first visit",
        papers_hint: "What was signed, to read or print",
        list_now: "My list of medicines",
        list_hint: "To show or print: for another pharmacy, a doctor or a hospital",
        visit_hint: "What we talk about, and what comes next",
        checkin_hint: "Short questions from my pharmacist, and my answers",
        journal_hint: "How I feel and what I measure",
        profile_hint: "My doctors, my health, what matters to me",
        allergies_hint: "What I must not take",
        people_hint: "Who can read my chart; my phone and computer",
        log_hint: "Everything that was done in my chart",
    },

    chart: {
        opening: "Opening the chart…",
        gone: "This chart is no longer on this device.",
        here: (names: string[]): string => `Here now: ${list(names)}`,
        of: (name: string): string => `This is the chart of ${name}. Where it says “I” or “my”, it speaks of them.`,
        stopped: "Writing has stopped in this chart.",
        to_log: "Check the log and save evidence",
        withheld: (entry: number): string => `The server holds back part of this chart, from entry ${entry + 1} on.`,
        withheld_what_to_do: "What you see may not be all. If this stays for more than some minutes, call the practice.",
        not_member: "This device no longer belongs to this chart.",
        not_member_what_to_do: "You can read what was here before. Ask the staff of the practice to add you again.",
        clock: "This device’s clock is wrong.",
        clock_what_to_do: (plain: boolean): string => plain
            ? "Set the date and time of your phone or computer to “automatic”."
            : "Set this device’s clock to network time: what you write would carry the wrong time.",
    },

    shut_out: {
        button: "Shut this device out",
        title: "Shut this device out, and every copy of it?",
        what: "Nobody gets into your charts with the keys of this device any more: no copy of it, and not this browser. Your practice is told.",
        back: "Then you get back in: with a new link from your practice, a code from another device of yours, or your recovery sheet.",
        for_good: "This cannot be undone.",
        yes: "Shut it out",
        said: "You shut this device out. The server does not know yet.",
        said_what_to_do: "Leave this page open, and see that this device is connected. Until the server knows, a copy can still get in. If this stays, call your practice.",
        known: "This device is shut out, and every copy of it.",
        known_what: "Nobody gets in with its keys any more, and your practice was told. What is here can still be read.",
        get_back: "Get back in",
        ways: [
            "With a new link: call your practice and ask for one.",
            "With a code, if you have another phone or computer here: make it there, under people and devices.",
            "With your recovery sheet, if you made it before the copy was noticed.",
        ],
        cleared: "When you go on, what this browser kept until now is cleared. It comes back with your chart; what was never sent does not.",
        here: "You shut this device out. Your home screen says how you get back in.",
        mine: "One of your devices was copied. It was shut out.",
        mine_what_to_do: "If it was not you who did that, call your practice. Look at your list of devices for one that you do not know.",
        theirs: (name: string): string => `A device of ${name} was copied. It was shut out.`,
        invite: (name: string): string => `Call ${name}, make sure that it is them, and invite them anew.`,
        is_back: (name: string): string => `${name} has another device here. Call them, and look whether they know it.`,
        not_yet_out: "It is being taken out of this chart.",
        to_people: "Invite anew",
    },

    mark: {
        device: "On this device, not sent yet",
        held: "On this device, waits for your answer",
        server: "With the server",
        theirs: (names: string[]): string => names.length > 2
            ? `Verified on the devices of ${names[0]} and ${names.length - 1} others`
            : `Verified on the device of ${list(names)}`,
        here: "Verified on this device",
    },

    messages: {
        list: "Messages",
        unsent: "Messages not sent yet",
        loading: "Opening the messages…",
        none: "No messages yet. Write the first one below.",
        none_mine: "No messages yet. Write to your pharmacist below: a question, or how you are.",
        earlier: "Show earlier messages",
        write: "Write a message",
        hint: "All members of this chart can read it. Ctrl and Enter sends.",
        hint_mine: "The people of your chart can read it. It is answered when your practice is open.",
        send: "Send",
        write_first: "Write something first.",
        too_long: "This is too long for one message. Send it in two parts.",
        state: {
            clear: "(no text)",
            open: "This kind of message needs a newer version of Galen.",
            locked: "This was written before you came, and is not open to you.",
            withheld: "The server holds this back. If that stays, call the practice.",
            void: "This does not count: it breaks the rules of the chart.",
        } satisfies Record<EntryState, string>,
        not_sent: "It will not be sent: writing has stopped here.",
        held: (names: string[]): string =>
            `${names.length > 0 ? list(names) : "Somebody"} joined since you wrote this. It was not sent.`,
        held_ask: "If you send it, they can read it too. You can ask them first who they are.",
        send_now: "Send it now",
        drop: "Throw it away",
    },

    field: {
        wrong: {
            date: "This is not a date. Give at least the year with four digits.",
            time: "This is not a whole date and time. Fill in each part.",
            line: "This is too long.",
            text: "This is too long.",
            wording: "This is too long.",
            regimen: "One part is too long.",
            number: "This is not a number that fits here. Use digits only.",
        } as Partial<Record<ValueKind, string>>,
        wrong_any: "This cannot be written here. Look at it again.",
        suggest: (empty: boolean): string => (empty ? "Suggest an answer" : "Suggest a change"),
        suggest_send: "Send my suggestion",
        save: "Save",
        cancel: "Cancel",
        done: "Done",
        change: "Change",
        say: "Tell us",
        not_saved: "Not saved yet: choose above.",
        not_sent: "Not sent yet.",
        typing: "Saved when you pause.",
        not_kept: "This was not saved.",
        not_kept_but: (text: string): string => `What you wrote was not saved: ${text || "(nothing)"}`,
        proposed_by: (who: string, by: string): string => `${who} suggested it, ${within(by)} accepted it`,
        history: "Earlier values",
        changed: (gone: string, came: string): string =>
            [gone && `removed “${gone}”`, came && `wrote “${came}”`].filter((s) => s).join(", "),
        device: (id: Id): string => `device ${id.slice(0, 4).toUpperCase()}`,
        no_history: "The earlier values cannot be shown now. Close and open this again.",
        cleared: "(nothing)",
        current: "counts now",
        is_writing: (who: string): string => `${who} is writing:`,
        is_in_it: (who: string): string => `${who} is in this text, too.`,
        conflict: (label: string): string => `Two different answers: ${label}`,
        conflict_choose: "Both were written at the same time. Choose the right one: it is written as yours.",
        outdated: "What is recommended was changed after this answer.",
        conflict_wait: "Both were written at the same time. Your pharmacist will decide. If you know which is right, write a message. If you are not sure what to do until then, call your practice.",
        conflict_other: "Or write what is right instead",
        choose: "Use this one",
        meanwhile: (who: string): string => `${who} changed this while you were writing.`,
        keep_mine: "Keep what I wrote",
        take_theirs: "Use the other one",
        changed_to: "Changed meanwhile to:",
        several: "You can choose more than one.",
        not_said: "Not said yet",
        not_known: "Not known",
        date_hint: "The year alone will do.",
        month: "Month",
        day: "Day",
        year: "Year",
        now: "Set to now",
        clear: "Clear",
        regimen_hint: "This is one value, saved as a whole.",
        regimen_hint_plain: "Copy it from the label, if you have it at hand.",
    },
    regimen: {
        plain: {
            drug: "Name of the medicine", strength: "Strength, such as 500 mg", form: "Form, such as tablet",
            dose: "How much at a time, such as 1", unit: "Of what, such as tablet", route: "Where, such as by mouth",
            frequency: "How often, such as twice a day", as_needed: "Only when I need it",
        },
        clinical: {
            drug: "Drug", strength: "Strength", form: "Form", dose: "Dose", unit: "Unit", route: "Route",
            frequency: "Frequency", as_needed: "As needed",
        },
    } satisfies Record<"plain" | "clinical", Record<RegimenPart | "as_needed", string>>,

    record: {
        loading: {
            pmr: "Opening the medicines…", map: "Opening the plan…", profile: "Opening what is known…", dtp: "Opening the problems…",
            journal: "Opening the journal…", allergies: "Opening the allergies…", visit: "Opening the visits…",
            checkin: "Opening the questions…",
        },
        unnamed: {
            pmr: "Medicine without a name", map: "Action without a name", profile: "Nothing said yet", dtp: "Problem without a name",
            journal: "Entry", allergies: "Substance without a name", visit: "Visit", checkin: "Check-in",
        },
        pressure: (systolic: string, diastolic: string): string => `${systolic}/${diastolic || "?"}`,
        of_ten: (n: string): string => `${n} of 10`,
        due: (date: string, plain: boolean): string => `${plain ? "To answer by" : "Due"} ${date}`,
        back: "Back to where I was",
        ways: "Go to a part of this record",
        opens_later:
            "This opens after your pharmacist has checked who you are, in your first visit. Until then you can write messages and talk.",
        opens_later_prescriber: "This opens after the pharmacist has checked who you are. Until then you can write messages.",
        write_to_us: "Write a message",
        opens_later_staff: "The record is not open on this device. Ask a colleague who has it to add you to this chart.",
        conflicts: (n: number): string => several(n, "conflict to decide", "conflicts to decide"),
        conflicts_plain: (n: number): string => n === 1 ? "Two different answers" : `Two different answers, ${n} times`,
        or: "or",
        proposed: "Suggested, to be accepted or declined",
        proposed_mine: "Waits for your pharmacist",
        pending: (n: number): string => several(n, "suggestion to answer", "suggestions to answer"),
        pending_plain: (n: number): string => several(n, "suggestion waits", "suggestions wait"),
        editing: (names: string[]): string => `${list(names)} ${names.length === 1 ? "is" : "are"} here now`,
        begun: "What I wrote is not sent yet",
        about: (name: string): string => `About ${name}: `,
        ask: "Ask about it",
        name_first: {
            pmr: "Give the name of the medicine first.", map: "Say what it is about first.", profile: "Give the name first.",
            dtp: "Say what the problem is first.", journal: "Say first what you want to write down.",
            allergies: "Say first which substance it is.", visit: "Say first what kind of visit it is.",
            checkin: "Say first when it is due.",
        },
        plain: {
            add: {
                pmr: "Add a medicine", map: "Suggest something for my plan", profile: "", dtp: "Tell us about a problem",
                journal: "Write something down", allergies: "Add an allergy", visit: "Ask for a visit", checkin: "Tell us how it is going",
            },
            add_mine: "Keep this",
            add_what: {
                pmr: "Tell us about anything you take: also vitamins, herbs and what you buy without a prescription. Your pharmacist looks at it.",
                map: "Tell us what you would like to do. Your pharmacist looks at it.",
                profile: "", dtp: "Your pharmacist looks at it.",
                journal: "It is yours. The people of your chart can read it; nobody watches it day and night.",
                allergies: "Your pharmacist looks at it.", visit: "Your pharmacist answers.", checkin: "",
            },
            add_now: {
                pmr: "Send it to my pharmacist", map: "Send it to my pharmacist", profile: "", dtp: "Send it to my pharmacist",
                journal: "Send it to my pharmacist", allergies: "Send it to my pharmacist", visit: "Send it to my pharmacist",
                checkin: "Send it to my pharmacist",
            },
            none: {
                profile: "", dtp: "There are no problems to solve.",
                journal: "Nothing is written down yet. Note how you feel, or what you measure.",
                allergies: "No allergies are on your list. If you have one, add it.",
                visit: "No visit is planned yet. Your pharmacist plans it with you.",
                checkin: "There are no questions for you now.",
                pmr: "No medicines are on your list yet. Press “Add a medicine” and tell us what you take.",
                map: "There is nothing in your plan yet. You and your pharmacist make it in your visit.",
            },
            over: {
                pmr: (n: number): string => `No longer taken (${n})`,
                map: (n: number): string => `Done or given up (${n})`,
                profile: String, dtp: (n: number): string => `Solved (${n})`, journal: String,
                allergies: (n: number): string => `No longer (${n})`, visit: (n: number): string => `Earlier visits (${n})`,
                checkin: (n: number): string => `Answered (${n})`,
            },
            declined: (n: number): string => `Not taken over (${n})`,
            open: "See or change",
            all: {
                pmr: "All my medicines", map: "All of my plan", profile: "About me", dtp: "All problems", journal: "All of my journal",
                allergies: "All my allergies", visit: "All my visits", checkin: "All questions",
            },
            more: "More that can be said about it",
        },
        clinical: {
            add: {
                pmr: "Add a medicine", map: "Add an action", profile: "", dtp: "Add a problem", journal: "Add an entry",
                allergies: "Add an allergy", visit: "Plan a visit", checkin: "Plan a check-in",
            },
            add_now: {
                pmr: "Add to the record", map: "Add to the plan", profile: "", dtp: "Add to the problems", journal: "Add to the journal",
                allergies: "Add to the allergies", visit: "Plan it", checkin: "Plan it",
            },
            none: {
                pmr: "No medicines are recorded yet. Press “Add a medicine”.",
                map: "No actions are planned yet. Press “Add an action”.",
                profile: "", dtp: "No problems are recorded yet. Press “Add a problem”.", journal: "The patient has written nothing down yet.",
                allergies: "No allergies are recorded. Say under “Patient” whether that was asked.",
                visit: "There was no visit yet. Start one, or plan one.", checkin: "No check-ins are planned.",
            },
            over: {
                pmr: (n: number): string => `Stopped (${n})`, map: (n: number): string => `Done or dropped (${n})`, profile: String,
                dtp: (n: number): string => `Resolved or set aside (${n})`, journal: String,
                allergies: (n: number): string => `Resolved or entered in error (${n})`,
                visit: (n: number): string => `Ended (${n})`, checkin: (n: number): string => `Answered (${n})`,
            },
            declined: (n: number): string => `Declined (${n})`,
            open: "Open",
            all: {
                pmr: "All medicines", map: "Whole plan", profile: "Patient", dtp: "All problems", journal: "Whole journal",
                allergies: "All allergies", visit: "All visits", checkin: "All check-ins",
            },
        },
        section: {
            what: "What it is and how it is taken", really: "How it really goes", from: "Where it comes from and since when",
            checked: "Checked and explained", plan: "The plan", progress: "How it goes", other: "Other",
            who: "Who", health: "Health", goals: "What matters", care: "Who else takes care", problem: "The problem",
            done_about_it: "What is done about it", prescriber: "Question to the prescriber", entry: "Written down", allergy: "The allergy",
            appointment: "The appointment", consent: "Identity and consent", talk: "The talk", after: "Afterwards", checkin: "Questions",
        },
    },

    writing: {
        instead: (words: string): string => `Write “${words}”`,
    },
    proposal: {
        by: (who: string): string => `Suggested by ${within(who)}`,
        mine: "You suggested",
        now: "Now:",
        accept: "Accept",
        decline: "Decline",
        edit: "Accept, then change it",
        answer_first: "This is not in the record yet. Answer what is suggested; then it can be changed.",
        waits_mine: "Your pharmacist will look at it and answer.",
        waits: "Your pharmacist decides.",
        contested: "It was accepted and declined at the same time. Decide again:",
        answered: (accepted: boolean, who: string): string => `${accepted ? "accepted" : "declined"} by ${within(who)}`,
        mine_is: (accepted: boolean): string => `You ${accepted ? "accepted" : "declined"} it.`,
        earlier: (n: number): string => `Answered suggestions (${n})`,
        later: (n: number): string => `${several(n, "more suggestion waits", "more suggestions wait")} behind these.`,
    },

    people: {
        loading: "Opening the list of people…",
        others: "Who else belongs to this chart",
        nobody: "Nobody else yet.",
        call: (whom: string): string => (whom ? `Call ${whom}:` : "Phone:"),
        reach: {
            title: "How patients reach me",
            what: "Patients see this in the app and on their papers.",
            what_practice: "Patients see this in the app and on their papers. It goes along into every chart you are added to from now on.",
            phone: "Phone",
            phone_hint: "The number to call with a question about the medicines.",
            hours: "Hours",
            hours_hint: "Such as: Monday to Friday, 9 to 5.",
            save: "Save phone and hours",
            saved: "Saved.",
        },
        invited: "Invited, has not come yet",
        checked: "Identity checked",
        not_checked: "Identity not checked yet",
        custodian:
            "Kept offline by the practice, to open the chart when everything else is lost. It is part of every chart.",
        used_again: (ms: number): string => `Somebody tried to use this person’s link again ${when(ms)}.`,
        used_again_what_to_do: (name: string): string =>
            `The link let nobody in. Call ${name} and ask whether it was they. If not, somebody else has seen the link: ask how it was sent.`,
        devices: (n: number): string => `${several(n, "device", "devices")}.`,
        heard: "Last heard",
        never: "Not heard yet.",
        verified: (n: number): string => `Has verified ${several(n, "entry", "entries")}.`,
        link_until: "Their link works until",
        remove: (name: string): string => `Remove ${name}`,
        remove_title: (name: string): string => `Remove ${name} from this chart?`,
        remove_what:
            "From now on none of their devices gets anything new of this chart. What they have read before stays with them.",
        remove_yes: "Remove from this chart",
        add_colleague: "Add a colleague",
        add_colleague_what: "A colleague who is added can read this chart from its beginning.",
        show_colleagues: "Show colleagues",
        all_here: "All colleagues of the practice already belong to this chart.",
        add: (who: string): string => `Add ${who}`,
    },
    flow: {
        begin: "Start a visit without a call",
        begin_planned: "Start this visit now",
        going_on: "A visit is going on:",
        going_on_plain: "We are in this visit:",
        go_on: { plain: "See what we are doing", clinical: "Go on with the visit" },
        to_sign: "This visit is over and not signed yet:",
        to_sign_go: "Go on to the signature",
        steps: "Steps of the visit",
        ways: "Go to a part of this step",
        other_steps: "To the other steps",
        of: (n: number): string => `of ${n}`,
        open_count: (n: number): string => `${n} open`,
        nothing_open: "nothing is open",
        here: "we are here",
        runs: (n: number): string => `The visit has run for ${several(n, "minute", "minutes")}.`,
        took: (n: number): string => `The visit took ${several(n, "minute", "minutes")}.`,
        finish: "The talk is over",
        we_are_at: (title: string): string => `Your pharmacist is now at: ${title}`,
        go_there: "Go there",
        revoked: "The consent was taken back.",
        revoked_what_to_do: "End the talk, or ask again and write down the answer under “Start”.",
        notes: "Notes we write together",
        still_open_here: "Still open at this step",
        nothing_open_here: "Nothing is open at this step",
        still_open_all: "Still open in this visit",
        to_step: (title: string): string => `Go to: ${title}`,
        not_begun: "This visit has not begun yet.",
        step: {
            plain: {
                start: { title: "Getting ready", short: "Ready", what: "We make sure that it is you, and what you want to talk about." },
                collect: { title: "What I take", short: "I take", what: "We go through all you take, one thing after another. Is it right? Change it, add what is missing, or ask." },
                assess: { title: "What could be better", short: "Better", what: "Your pharmacist looks at whether everything fits together. Say what worries you." },
                plan: { title: "What to do", short: "To do", what: "We agree on a few steps, and who does them." },
                agree: { title: "Saying it back", short: "Say back", what: "Read the plan aloud, and say in your own words how you take each medicine." },
                sign: { title: "My papers", short: "Papers", what: "Your pharmacist signs. Then you get your papers." },
            },
            clinical: {
                start: { title: "Start", short: "Start", what: "" },
                collect: { title: "Collect", short: "Collect", what: "Ask kind by kind. Go by what is in the house, not by what is in the list." },
                assess: { title: "Assess", short: "Assess", what: "" },
                plan: { title: "Plan", short: "Plan", what: "" },
                agree: { title: "Agree", short: "Agree", what: "The patient reads the plan back. The words here are theirs." },
                sign: { title: "Sign", short: "Sign", what: "" },
            },
        } satisfies Record<"plain" | "clinical", Record<Step, { title: string; short: string; what: string }>>,
        open: {
            type: () => "What kind of visit it is is not said.",
            place: () => "Where the patient is now is not said.",
            identity: () => "How the identity was checked is not said.",
            consent: () => "There is no consent to this visit.",
            kinds: (n: number) => `${several(n, "kind of medicine was", "kinds of medicines were")} not asked about.`,
            taken: (n: number) => `How ${several(n, "medicine is", "medicines are")} really taken is not said.`,
            allergies: () => "Whether there are allergies was not asked.",
            brown_bag: () => "Whether all that is in the house was shown is not said.",
            reconcile: (n: number) => `${several(n, "line", "lines")} of the discharge ${n === 1 ? "is" : "are"} not decided.`,
            findings: (n: number) => `${several(n, "finding is", "findings are")} neither a problem nor set aside.`,
            proposals: (n: number) => `${several(n, "entry has a suggestion", "entries have suggestions")} without an answer.`,
            unanswered: (n: number) => `For ${several(n, "problem", "problems")} nothing is planned yet.`,
            actions: (n: number) => `${several(n, "action has", "actions have")} no owner or no date.`,
            next: () => "There is no next appointment, and no reason for none.",
            read_back: () => "The plan was not read back.",
            teach_back: (n: number) => `How to take ${several(n, "medicine", "medicines")} was not said back.`,
            ended: () => "The talk is not over yet.",
            signature: () => "Nobody has signed yet, or the record changed since.",
        } satisfies Record<Open, (n: number) => string>,
        appointment: "The appointment",
        identity: "Who is there",
        consent: "Consent",
        consent_version: "1 (2026)",
        consent_read: "Read this aloud, or let the patient read it:",
        consent_text:
            "“We talk about your health and your medicines. The call is not recorded unless you allow that too. What we write down stands in your chart; only the people of your chart can read it. You can say no, and you can stop at any time. Do you agree?”",
        consent_given: "Yes, consent was given",
        consent_refused: "No, it was refused",
        consent_revoke: "It was taken back",
        consent_again: "Ask again",
        consent_was: (who: string, relation: string, modes: string, text: string): string =>
            `By ${who}${relation ? ` (${relation})` : ""}${modes ? `, for ${modes.toLowerCase()}` : ""}${text ? `, text ${text}` : ""}`,
        the_patient: "the patient",
        agenda: "What the patient wants to talk about",
        agenda_plain: "What I want to talk about",
        kind: (kind: string): string => kind.charAt(0).toUpperCase() + kind.slice(1),
        kind_not_said: "Medicines whose kind is not said",
        kind_ask: {
            prescription: "All doctors, also specialists; also drops, creams, inhalers, patches, injections, and what is taken once a week.",
            "over-the-counter": "For pain, colds, sleep, stomach, allergy, skin: bought at a shop, also only now and then.",
            vitamin: "Vitamins and minerals, also in drinks and multivitamins.",
            supplement: "Fish oil, glucosamine, protein, diet and energy products.",
            herbal: "Teas, drops, remedies from home, what others gave.",
        } as Record<string, string>,
        add_kind: (kind: string): string => `Add: ${kind.toLowerCase()}`,
        kind_done: (kind: string, n: number): string => n === 0 ? `Asked: none is taken (${kind.toLowerCase()})` : `Asked: that is all (${kind.toLowerCase()})`,
        kind_not_done: (kind: string): string => `✓ Asked about ${kind.toLowerCase()}. Not asked after all?`,
        taken_ask: "How is it really taken?",
        taken_said: "How it is really taken",
        in_the_house: "All that is in the house",
        brown_bag_ask: "Let the patient fetch everything from the kitchen, the bathroom, the bedside and the bag, and show one thing after another.",
        brown_bag_plain: "Bring all bottles and boxes and show one after another, also what you no longer take.",
        all_profile: { plain: "More about me", clinical: "Whole profile" },
        per_medicine: "Each medicine: needed, working, safe, taken?",
        no_medicine: "Problems without a medicine of the list",
        add_problem_of: (name: string): string => `Add a problem with ${name}`,
        add_untreated: "Add a problem that is not treated",
        assessment: "All in all",
        problems_left: "Problems for which nothing is planned",
        add_action_of: (name: string): string => `Add an action: ${name}`,
        ask_prescriber: "Ask a prescriber",
        recommendations: { plain: "What we ask my doctor", clinical: "Questions to prescribers" },
        next: "What comes next",
        plan_in_words: { plain: "The plan, in my words", clinical: "The plan, in the patient’s words" },
        action_words: (owner: string, due: string, goal: string): string =>
            [owner && `Who: ${owner}.`, due && `Until: ${due}.`, goal && `So that: ${goal}`].filter((part) => part).join(" "),
        teach_back: { plain: "How I take each medicine", clinical: "Teach-back for each medicine" },
        teach_back_ask: "“So that I know I explained it well: how will you take this one?”",
        taught: { plain: "I said it in my own words.", clinical: "Said back in this visit." },
        taught_now: "Said back in their own words",
        technique: "Device technique",
        questions: "Questions that are left",
        after: "Afterwards",
    },
    answers: {
        title: "Questions to me",
        hint: "What the pharmacist recommends, and my answer",
        open: (n: number): string => n === 0 ? "No question waits for an answer." : `${several(n, "question waits", "questions wait")} for an answer.`,
        none: "Nothing was asked yet.",
        answered: (n: number): string => `Answered (${n})`,
        asks: "The pharmacist recommends:",
        medicine: "See the medicine",
        pmr_hint: "What the patient takes, how and why",
        map_hint: "What was agreed with the patient",
        profile_hint: "Conditions, kidney function, allergies",
        papers_hint: "What was signed",
        people_hint: "Who can read this chart; my devices",
        log_hint: "Everything that was done in this chart",
    },
    finding: {
        title: "What the safety aids found",
        loading: "The medicines are looked through…",
        found: (open: number, answered: number): string =>
            `${open === 0 ? "Nothing is open." : `${several(open, "finding", "findings")} to answer.`}${answered > 0 ? ` ${answered} answered.` : ""}`,
        answered: (n: number): string => `Answered (${n})`,
        not_checked: "What was not checked",
        checked: (version: string, date: string): string => `What was checked (tables ${version}, ${date})`,
        source: (list: string, version: string, date: string): string => `From: ${[list, version, date].filter((part) => part).join(", ")}`,
        severity: { low: "Low", moderate: "Moderate", high: "High" },
        status: { problem: "Taken as a problem", "set-aside": "Set aside" },
        do: "What could be done:",
        take: "Take it as a problem",
        set_aside: "Set it aside",
        set_aside_now: "Set aside with this reason",
        reason: "Why nothing needs to be done",
        reason_first: "Give the reason first.",
        to_problem: "Open the problem",
    },
    papers: {
        title: "The papers",
        list_title: "The current list of medicines",
        list: { plain: "Show or print my list of medicines", clinical: "Current list for another pharmacy" },
        loading: "The papers are made…",
        none: { plain: "There are no papers yet. You get them when your pharmacist has signed.", clinical: "Nothing has been signed yet." },
        version: (n: number): string => `Version ${n}`,
        valid: "Still as it was signed",
        superseded: "Changed since",
        superseded_long: "The record was changed after this was signed. There may be a newer version.",
        changed: "The record was changed",
        not_signed: "This is the record as it is now. It is not signed.",
        signed: (who: string): string => `Signed by ${within(who)},`,
        open: "Show the papers",
        which: "The papers of this version",
        print: "Print, or keep as PDF",
        save: "Save as a file",
        size: (now: "letter" | "a4"): string => now === "letter" ? "Make it for A4 paper" : "Make it for letter paper",
        meaning: {
            plain: {
                "reviewed-with-patient": "Gone through together in a visit.", "reviewed-alone": "Looked through without a visit.",
                "discharge-reconciled": "Looked through after a hospital stay.", unknown: "",
            },
            clinical: {
                "reviewed-with-patient": "Gone through together with the patient.", "reviewed-alone": "Reviewed without the patient.",
                "discharge-reconciled": "Reconciled after a hospital stay.", unknown: "",
            },
        },
    },
    sign: {
        title: "Signature",
        meaning: "What your signature says",
        conflicts: "Two different answers stand in these. Decide first:",
        decide: (name: string): string => `Decide: ${name}`,
        not_now: "It cannot be signed just now.",
        changed: "This changed while you were here. Look at it before you sign:",
        look: (name: string): string => `Look at ${name}`,
        looked: "I have looked at it",
        lines_first: "Decide each of them, or say “Not decided yet” and why: then that stands on the papers.",
        left_open: "Not decided yet after the hospital stay; the papers say so, with why:",
        what: (who: string): string => `${who} signs all that stands in this chart now. A later change makes the next version.`,
        now: "Sign",
    },
    reconcile: {
        title: { plain: "After the hospital", clinical: "Discharge: line by line" },
        left: (n: number, of: number, plain = false): string => {
            const them = plain ? several(of, "medicine", "medicines") : several(of, "line", "lines");
            return n === 0 ? `All ${them} ${of === 1 ? "is" : "are"} decided.` : `${n} of ${them} ${n === 1 ? "is" : "are"} not decided yet.`;
        },
        before: "Before the hospital",
        after: "From now on",
        not_before: "Not on the list",
        no_longer: "No longer taken",
        not_decided: "Not decided",
        as_before: "Changed, but written as it was before",
        decide: (name: string): string => `What becomes of ${name}`,
        add: "Add what is in the letter and not here",
    },
    identify: {
        what_known: "Ask for two things and compare them with what the practice knows. It is written into the visit.",
        yes_known: "Both are right",
        button: (name: string): string => `Check identity of ${name}`,
        title: (name: string): string => `Is this ${name}?`,
        what: "Ask for two things and compare them with what the practice knows. Then the record opens for them.",
        which: "What they told you correctly",
        identifiers: ["name", "date of birth", "phone number", "home address", "a medicine on the practice’s label"],
        other: "Something else",
        other_hint: "Say what was compared, not the answer.",
        two: "At least two things must be right.",
        yes: "Yes, both are right: open the record",
        no: "Not sure: do not open it",
    },
    devices: {
        title: "My devices",
        this: "This device",
        purpose: (purpose: Member["purpose"], n: number): string => ({
            device: `Another device (${n})`, invitation: "A link that was not used yet",
            code: "A code that was not used yet", sheet: "My recovery sheet",
        })[purpose],
        id: (id: Id): string => `Number ${id.slice(0, 4).toUpperCase()}.`,
        add: "Add another device",
        make_sheet: "Make my recovery sheet",
        new_sheet: "Make a new recovery sheet",
        no_sheet: "You have no recovery sheet yet.",
        no_sheet_why:
            "It is a sheet of paper that lets you back in when your phone or computer is lost. Print it and keep it like a key to your home.",
        not_persistent:
            "This browser may clear what it keeps when it runs out of room. A recovery sheet or another device lets you back in.",
        remove: "Remove",
        remove_title: (id: string): string => `Remove this device? ${id}`,
        remove_what:
            "From now on it gets nothing new, and what it added is removed with it. What is already on it stays readable there until it is erased.",
        remove_lost: "Do this when a device was lost, stolen, sold or given away.",
        remove_yes: "Remove it",
        keep: "Keep it",
    },

    invite: {
        new_patient: "New patient",
        new_patient_what: "Galen makes a chart and a link. With the link the patient gets in, on their own device.",
        patient_name: "The patient’s name",
        their_name: "Their name",
        name_first: "Give the name first.",
        make: "Make the link",
        making: "The chart is being made…",
        making_offline: "The chart is kept on this device. The link is made when the connection is back; keep this page open.",
        to_patients: "Back to the patients",
        whom: "Whom do you invite?",
        into_chart: "Invite somebody into this chart",
        colleague: "Invite a colleague",
        guest_what: "An interpreter hears the visit that is open and speaks in it. They see nothing of the record and are no member of the chart. You let them in when they knock.",
        guest_no_visit: "Start the visit first: an interpreter is invited to a visit that is open.",
    },
    /** the interpreter's screen, which knows nobody's name */
    guest: {
        title: "You are the interpreter",
        what: "You hear this visit and speak in it. Nothing of anybody’s medical record is shown to you, and nothing is kept here.",
        until: (ms: number): string => `Your access ends with the visit, at the latest ${when(ms)}.`,
        ready: "When you hear and are heard, knock. The pharmacy lets you in.",
        not_open: "The visit is not open. If it is over, your access has ended, and you can close this page. If it should be open now, keep this page open: it looks again by itself.",
        offline: "There is no connection. Look at your Wi-Fi; this page tries again by itself.",
        waiting: "The pharmacy has been told that you are here. Please wait.",
        ended: "The visit has ended, and your access with it. You can close this page.",
        not_admitted: "You were not let in. Call the practice that invited you.",
        in_call: "You are in the call",
        in_hint: "Speak when the others pause. Say so if you cannot hear somebody well.",
        people: "In the call",
        pharmacy: "The pharmacy",
        other: (n: number): string => n > 1 ? `Person ${n}` : "Another person",
        leave_what: "You can come back while the visit is open.",
    },
    link: {
        qr: "QR code of the link",
        title: { invitation: "Invitation", code: "Code for another device", sheet: "Recovery sheet", guest: "Link for the interpreter" },
        steps: {
            invitation: [
                "Let them point their phone’s camera at the square, or send them the link in the way you agreed.",
                "They press “Open my chart”.",
                "Check who they are in the first visit: then the record opens for them.",
            ],
            guest: [
                "Send the interpreter the link in the way you agreed, or let them point their phone’s camera at the square.",
                "They press “Go on as the interpreter”, and then “Knock”.",
                "Make sure that it is they who wait, and let them in.",
            ],
            code: [
                "On the other device, point the camera at the square. Or open the same address there and type the link.",
                "Press “Open my chart” there.",
            ],
            sheet: [
                "Print this sheet, or copy the text by hand.",
                "Keep it where you keep your important papers. Show it to nobody.",
                "When your device is lost: point a new phone’s camera at the square, or go to the address below and type the text.",
            ],
        },
        the_link: "The link",
        by_hand: (host: string): string => `To type by hand at ${host}; the spaces do not matter`,
        read_out: "To say on the phone",
        sentence: (name: string, host: string): string =>
            `“${name ? `Hello ${name}. ` : ""}You are getting a link from us. Its address begins with ${host}. Open it on your own phone or computer, press ‘Open my chart’, and write us a first message. The link works once, for seven days. We will never ask you for it.”`,
        copy: "Copy the link",
        copied: "Copied.",
        not_copied: "The browser did not allow copying. Mark the link and copy it by hand.",
        print: "Print the sheet",
        done: "Done, hide it",
        not_ready: "It works as soon as the server has it. That takes a moment.",
        valid: {
            invitation: "It works once, for seven days. Whoever has it can get in: give it to this person only.",
            guest: "It works once, for this visit and no other. Whoever has it can knock at the visit, and never sees anything of the record.",
            code: "It works once, for ten minutes.",
            sheet: "It works until you use it or remove it. Whoever has it can read your chart.",
        },
    },

    log: {
        list: "Everything, the newest first",
        loading: "Opening the log…",
        none: "There is nothing in the log yet.",
        earlier: "Show earlier entries",
        nobody_else: "Nobody else has a device in this chart yet, so only this device has verified it.",
        all_verified: (n: number): string => `Verified by all, up to the latest entry (${n}).`,
        verified_up_to: (n: number, of: number): string => `Verified by all up to entry ${n} of ${of}.`,
        person_verified: (who: string, n: number, of: number): string =>
            n >= of ? `${who}: everything.` : n === 0 ? `${who}: nothing yet.` : `${who}: up to entry ${n}.`,
        check: "Check now",
        checking: "The whole chart is read and checked again. This takes a moment…",
        checked: (n: number): string => `All is right: ${several(n, "entry", "entries")}, every signature and every place in the order. Checked`,
        complete: (n: number): string => `Others have signed that nothing is missing up to entry ${n}.`,
        broken: "Something in this chart is not right.",
        broken_what_to_do: "Do not go on writing here. Save the evidence and call the practice.",
        finding: (index: number | undefined, what: string): string =>
            index === undefined ? what : `Entry ${index + 1}: ${what}`,
        root: "Fingerprint of this history, to compare by phone:",
        evidence: "Save evidence",
        saved: "Saved with your downloads. It is sealed: it shows order, authors and times, and no content.",
        what: "Each entry is signed and stands in one order. If the server showed two members different histories, this check and their devices would find it.",
        what_plain: "Every message and every change is signed and kept in order. If one were changed or taken out, your device would notice and say so.",
        void: (why: string): string => `Does not count${why ? `: ${why}` : ""}`,
        what_happened: (entry: Entry, what: string, mine: boolean): string => happened(entry, what, mine),
    },

    undo: {
        label: "Your last change",
        did: {
            write: (c: Change): string => c.adds ? "You added:" : "You changed:",
            propose: (): string => "You suggested:",
            answer: (c: Change): string => c.accepted ? "You accepted a suggestion:" : "You declined a suggestion:",
        } satisfies Record<Change["kind"], (c: Change) => string>,
        before: {
            write: (c: Change): string => c.adds ? "Before that you added:" : "Before that you changed:",
            propose: (): string => "Before that you suggested:",
            answer: (c: Change): string => c.accepted ? "Before that you accepted a suggestion:" : "Before that you declined a suggestion:",
        } satisfies Record<Change["kind"], (c: Change) => string>,
        what_happens: "What happens if I undo it?",
        what_stays: "What I changed and cannot undo",
        what_happened: "What became of it?",
        kept: "It no longer counts. The history of the chart keeps both: that you wrote it, and that you took it back.",
        then: "It says again",
        then_of: (label: string): string => `${label}: it says again`,
        taken_off: "It is taken off the list again.",
        withdrawn: "Your suggestion is taken back.",
        accepted_back: "What it said before stands again. The suggestion then counts as declined; it can still be accepted.",
        declined_back: "The suggestion counts again.",
        button: "Undo my last change",
        button_before: "Undo that, too",
        waits: "It is on its way to the server. In a moment you can undo it.",
        undone: "You took back:",
        again: "Put it back",
        done: (what: string): string => `Taken back: ${what}`,
        done_again: (what: string): string => `Put back: ${what}`,
        changed: "Something has changed in the meantime. Look again, then press the button.",
        stays: (what: string, why: string): string => `${what} stays as it is. ${why}`,
        why: {
            "written-since": (who: string) => `${who} changed it since.`,
            choice: () => "It settled what was written in two ways. Choose again in the record.",
            same: () => "It would say the same as now.",
            role: () => "You may not change it any more.",
            used: (who: string) => `${who} wrote in it or about it. Ask for it to be stopped instead.`,
            signed: () => "It was signed. It can be stopped, with a reason.",
            answered: (who: string) => `${who} answered your suggestion.`,
            "open-before": () => "It was open before. Answer the suggestion again in the record.",
            "too-long": () => "The text would be too long.",
        } satisfies Record<Stays, (who: string) => string>,
    },
    then: {
        show: "Show the chart as it was then",
        title: "The chart as it was",
        banner: (ms: number): string => `This is how the chart was on ${inFull.format(ms)}. It is not how it is now.`,
        banner_what: "You can look at it here. Nothing can be changed, and no papers are made from it.",
        back: "Back to the chart as it is now",
        loading: "Going back in the chart. With a long chart this takes a few seconds…",
        none: "Nothing was written in the chart yet.",
        suggested: (who: string): string => `Suggested by ${within(who)}, not decided then`,
        more: (n: number): string => `Show ${n} more`,
    },

    visit: {
        title: "Visit",
        bar: "Visit",
        is_open: "Your visit is open now.",
        go: "Go to the visit",
        planned: (ms: number): string => `Your next visit: ${inFull.format(ms)}`,
        planned_staff: (ms: number): string => `Next visit: ${inFull.format(ms)}`,
        none_open: "No visit is open now. Your pharmacist opens it at the time you agreed; this page then shows a big button.",
        none_open_prescriber: "No visit is open now. When one is, this page shows a big button with which you join it.",
        try_sound: "Try my sound",
        start: "Start a visit",
        start_call: "Start the call of this visit",
        before: "Before the visit",
        ready: "When you hear and are heard, knock. Your pharmacist lets you in.",
        open_staff: "The visit is open.",
        join: "Join the visit",
        knock: "Knock",
        knock_later: "Knock as soon as I am connected",
        knocks_later: "As soon as the connection is back, this page knocks for you if your visit is open. Keep it open.",
        knocks_when_open: "You are connected. As soon as your visit is open, this page knocks for you. Keep it open.",
        knock_not: "Do not knock",
        offline_staff: "You can start or join a visit here as soon as the connection is back.",
        back: "Back",
        offline: "A visit needs a connection. Look at your Wi-Fi, or go to where your phone has better signal.",
        waiting_room: "You are in the waiting room",
        waiting: "Your pharmacist has been told that you are here. Please wait.",
        waiting_hint: "You need not do anything. You are heard only after you are let in.",
        to_waiting_room: "To the waiting room",
        leave_room: "Leave the waiting room",
        coming_back: "You are going back into your visit…",
        you_are_in: "You are in the visit",
        in_hint: "The visit goes on while you read and write.",
        ended: "The visit has ended.",
        ended_hint: "What was agreed is in the plan. Questions? Write a message.",
        not_admitted: "You were not let in this time.",
        not_admitted_hint: "Write a message to your pharmacist, or call your practice.",
        knocks: (who: string): string => `${who} is waiting to be let in.`,
        since: (minutes: number): string => minutes < 1 ? "Just now." : `For ${several(minutes, "minute", "minutes")}.`,
        admit: (name: string): string => `Let ${name} in`,
        refuse: "Do not let in",
        alone: "Visit: nobody else is here yet.",
        with: (names: string[]): string => `Visit with ${list(names)}`,
        muted: (name: string, self: boolean): string =>
            self ? "You are muted: nobody hears you." : `${name} is muted.`,
        mute: "Mute me",
        unmute: "Unmute me",
        end: "End the visit",
        leave: "Leave",
        stay: "Stay",
        interpreter_knocks: "An interpreter is waiting to be let in.",
        interpreter: "Interpreter",
        an_interpreter: "an interpreter",
        interpreter_plain: "Interpreter (hears this call, sees nothing of your record)",
        invite_interpreter: "Invite an interpreter",
        send_away: "Send the interpreter away",
        who_translates: "An interpreter is in the call. Write into the visit who translates, and which language.",
        write_it: "Write it into the visit",
        end_title: "End the visit for everybody?",
        end_what: "All are told that the visit has ended. Messages and the record stay open.",
        leave_title: "Leave the visit?",
        leave_what: "You can come back while the visit is open.",
        leave_what_staff: "The visit stays open for a colleague who is in it. If nobody is, it ends after a minute.",
    },
    sound: {
        check: "Try your sound",
        check_hint: "The browser asks whether it may use your microphone. Press “Allow”.",
        try: "Turn on my microphone",
        asking: "The browser asks about your microphone. Press “Allow”.",
        say_something: "Say something: does the bar move?",
        microphone: "Microphone",
        speaker: "Speaker",
        system: "The usual one",
        unnamed: (kind: "microphone" | "speaker", n: number): string => `${kind === "microphone" ? "Microphone" : "Speaker"} ${n}`,
        test: "Play a sound: do I hear it?",
        settings: "Sound",
        not_heard: "Your microphone is off: nobody hears you.",
        trouble: {
            refused: "The browser may not use the microphone.",
            missing: "No microphone was found.",
            lost: "The microphone is gone.",
        },
        trouble_what_to_do:
            "Look at the sign beside the address and allow the microphone, or plug one in. Then try again. Without it you still hear the others.",
        /** how the sound can be had; `refused`: the person, or the browser by itself, said no */
        help: {
            refused: (browser: Browser): string => microphoneRefused(browser),
            missing: "No microphone was found. Plug one in, or connect your headset, then press the button again. You can still listen.",
            busy: "Another program holds the microphone. Close other calls and meetings, then press the button again. You can still listen.",
            insecure: "This page may not use a microphone, because its address does not begin with https. Use the link that you were given.",
            old: "This browser cannot make calls. Update it, or use another one.",
            lost: "The microphone was unplugged, and there is no other. Plug it in, then press the button again. You can still listen.",
            failed: "The sound could not be started. Load the page again.",
        },
        /** what happened by itself */
        by_itself: {
            otherMicrophone: (label: string): string => `The microphone was unplugged. You are heard through ${label || "another one"} now.`,
            otherSpeaker: "The loudspeaker was unplugged. You hear through the one that the system chose.",
            asleep: "The sound is paused by the browser. Touch or click anywhere on this page to go on.",
        },
    },
    quality: {
        none: "", good: "The line is good.", fair: "The line is fair.",
        poor: "The line is poor. Words may be missing: speak in short sentences.",
        lost: "The line is lost. It comes back by itself; please wait.",
    },
    level: (level: number): string => level < 0.02 ? "silent" : level < 0.2 ? "quiet" : level < 0.8 ? "good" : "loud",

    problem: (error: ErrorName): string => problemWords(error),
};

/* -- what an entry did -------------------------------------------------------------------------------- */

const opened: Record<EntryState, string> = {
    clear: "", open: "wrote something that needs a newer version of Galen.",
    locked: "wrote something that is not open to you.",
    withheld: "wrote something that the server holds back.",
    void: "sent something that does not fit in here.",
};

function happened(entry: Entry, what: string, mine: boolean): string {
    if (entry.class === "epoch") {
        const added = (entry.added ?? []).map((one) => ({
            invitation: `an invitation for a ${role[one.role]}`, code: "a code for another device",
            sheet: "a recovery sheet", device: `a device of a ${role[one.role]}`,
        })[one.purpose]);
        return added.length > 0 ? `added ${list(added)}.` : "changed the members or renewed the keys.";
    }
    if (entry.class === "certificate")
        return `renewed ${mine ? "your" : "their"} certificate.`;
    if (entry.undoes !== undefined)
        return `took back ${mine ? "your" : "their"} own change of entry ${entry.undoes + 1}.`;
    if (entry.redoes !== undefined)
        return `put back ${mine ? "your" : "their"} own change of entry ${entry.redoes + 1}.`;
    switch (entry.kind) {
    case "message": return "wrote a message.";
    case "write": return what ? `wrote in ${what}.` : opened.open;
    case "propose": return what ? `suggested in ${what}.` : opened.open;
    case "answer": return `${entry.accepted ? "accepted" : "declined"} a suggestion.`;
    case "identity": return `checked an identity${entry.text ? ` by ${entry.text}` : ""}. The record opened.`;
    case "visit": return entry.visit_event === "ended" ? "ended a visit." : "opened a visit.";
    default: return opened[entry.state] || opened.open;
    }
}

/* -- the microphone, in words for the browser at hand ----------------------------------------------------- */

const APP = { chrome: "Chrome", edge: "Edge", firefox: "Firefox", safari: "Safari" };

function microphoneRefused({ name, system }: Browser): string {
    if (system === "ios")
        return name === "safari"
            ? "Tap the button at the left of the address bar, then Website Settings, Microphone, Allow. " +
                  "Then press the button here again."
            : `Open this device's Settings, then ${APP[name]}, and switch Microphone on. Then open this page again.`;
    if (system === "android")
        return name === "firefox"
            ? "Tap the lock beside the address, then Microphone, and allow it. Then press the button here again."
            : "Tap the symbol beside the address, then Permissions, and allow Microphone. Then press the button here again.";
    const also = system === "mac" ? ` If that changes nothing: System Settings, Privacy & Security, Microphone, ${APP[name]}.` : "";
    switch (name) {
        case "firefox":
            return "Click the crossed-out microphone at the left of the address and remove the block. Then press the button here again." + also;
        case "safari":
            return "Choose Safari in the menu bar, then Settings for This Website, Microphone, Allow. Then press the button here again." + also;
        case "edge":
        case "chrome":
            return "Click the symbol at the left of the address and switch Microphone on. Then press the button here again." + also;
    }
}

/* -- what went wrong ------------------------------------------------------------------------------------ */

/** The problem in a few words, by its name. */
const problems: Record<string, string> = {
    offline: "There is no connection now.",
    forked: "The server shows different histories.",
    "keys-cloned": "There is a copy of this device, and the copy has written here.",
    withheld: "The server holds back part of the chart.",
    "already-used": "A link or code was used before.",
    expired: "This has expired.",
    revoked: "This device was removed.",
    "not-a-member": "This device does not belong to the chart.",
    "role-may-not": "Your role may not do this.",
    "too-large": "This is too large.",
    "too-many-devices": "The chart is full.",
    "bad-certificate": "The certificates do not lead to the practice.",
    "bad-signature": "A signature does not hold.",
    "wrong-number": "It is not the author’s next entry.",
    "wrong-head": "It names a history that this chart does not have.",
    "stale-epoch": "The members had changed.",
    "wrong-base": "It builds on something its author cannot have had.",
    "unusable-epoch": "The keys of that stretch are bad.",
    "limit-reached": "Too much at once.",
    "text-full": "This text was changed as often as it can be.",
    "no-visit": "No visit is open.",
    "in-waiting-room": "You have not been let in yet.",
    "signed-in-elsewhere": "This same device is open somewhere else.",
    "record-not-open": "The record is not open yet.",
    "bad-value": "The field does not take this.",
    "no-answer": "There was no answer.",
    "core-changed": "Galen has a new version.",
    "browser-too-old": "This browser is too old.",
    "storage-failed": "The browser could not store this.",
    "storage-damaged": "What this browser kept is damaged.",
    "disk-full": "The server’s disk is full.",
};

/** What to do about what only a browser meets. */
const ownHelps: Record<OwnErrorName, string> = {
    "no-answer": "There was no answer in time. Look whether it was done, then try again.",
    "core-failed": "Load the page again. What was sent or marked as kept is safe.",
    "core-not-loaded": "Galen's files did not come as this page names them. Check the line, then load the page again.",
    "browser-too-old": "This browser lacks what Galen needs. Update it, or use another one.",
    "taken-over": "Another tab has Galen now. Load this page again.",
    "storage-failed": "The browser could not store this. Make room on this device, then load the page again.",
    "storage-damaged":
        "What this browser kept is damaged. Get back in with your recovery sheet or a new invitation.",
};

/** What to do, where the core's own sentence is not for people in front of a screen. */
const helps: Record<string, string> = {
    ...ownHelps,
    offline: "What you wrote is kept on this device and sent when the connection is back.",
    forked:
        "Two histories of this chart contradict each other: the server was put back from an old copy, or somebody shows people different things. Do not rely on what is new here. Save the evidence (under “Log”, or “What was done here”) and call the practice.",
    withheld: "Try again in some minutes. If it stays, call the practice.",
    "keys-cloned":
        "This happens when a phone, a computer or a browser was copied or put back from a backup, or when somebody took its keys. Shut this device out, so that the copy gets in nowhere any more, and call the practice: they give you a new link. What is here can still be read.",
    "signed-in-elsewhere":
        "Did you copy this browser, or put it back from a backup? Then use one of the two only, and clear the other. If you did not, somebody may have taken a copy of your keys: call the practice now.",
    "no-visit": "Wait until your pharmacist has opened the visit.",
    "bad-format": "Galen did not understand this. Load the page again; if it stays, call the practice.",
    usage: "Load the page again; if it stays, call the practice.",
    "io-failed": "Look whether this device has room left, then try again.",
};

/** Why an entry does not count, if there are words for it. */
export const reasonWords = (error: ErrorName): string => problems[error] ?? error;
export const problemWords = (error: ErrorName): string => problems[error] ?? w.did_not_work;
export const helpFor = (failure: Failure): string =>
    helps[failure.error] ?? (failure.help || "Try again. If it stays, call the practice.");
/** The problem and what to do, where there is no sentence of the core. */
export const failureWords = (error: ErrorName): string =>
    [problems[error], helps[error]].filter((words) => words).join(" ") || w.did_not_work;

/* -- values --------------------------------------------------------------------------------------------- */

function dateWords(text: string): string {
    const { year, month, day } = readDate(text.replace(/^\?/, ""));
    if (!year || !/^[0-9]+$/.test(year))
        return text.replace(/^\?/, "");
    const name = month ? monthName.format(Date.UTC(2024, Number(month) - 1, 1)) : "";
    return day ? `${name} ${Number(day)}, ${year}` : name ? `${name} ${year}` : year;
}

/** A part in letters that run from right to left keeps to itself: beside it, "5 mg" stays "5 mg" (only to be shown). */
const apart = (part: string): string => /[\u0590-\u08ff\u200e\u200f\ufb1d-\ufefc]/.test(part) ? `\u2068${part}\u2069` : part;

function regimenWords(text: string): string {
    const whole = readRegimen(text);
    const regimen = { ...whole, drug: apart(whole.drug), strength: apart(whole.strength), form: apart(whole.form), dose: apart(whole.dose),
                      unit: apart(whole.unit), route: apart(whole.route), frequency: apart(whole.frequency) };
    const how = [regimen.dose, regimen.unit, regimen.route, regimen.frequency].filter((p) => p !== "").join(" ");
    const needed = regimen.as_needed ? "only when needed" : "";
    return [medicineName(regimen), [how, needed].filter((p) => p !== "").join(", ")].filter((p) => p !== "").join(": ");
}

/** A value's plain text form as a person reads it. */
export function valueWords(text: string, field: SchemaField, plain: boolean): string {
    const option = (name: string): string => {
        const found = field.options.find((o) => o.name === name);
        return found ? (plain ? found.plain : found.clinical) : name;
    };
    switch (field.kind) {
    case "choice": return option(text);
    case "set": return list(readSet(text).map(option));
    case "date": return dateWords(text);
    case "time": return Number.isNaN(Date.parse(text)) ? text : when(Date.parse(text));
    case "yes-no": return text === "yes" ? w.yes : text === "no" ? w.no : text;
    case "regimen": return regimenWords(text);
    default: return text;
    }
}

