/* Every command of galen: what it takes, what it does, how it is explained. */
#include "cli.h"

#define ROW(words, args, least, most, options, run, summary, help)                                 \
    {                                                                                              \
        words, args, least, most, options, run, summary, help                                      \
    }
#define O(id) OPTION_BIT(id)

/* A line of help is a line here. */
/* clang-format off */
const struct command commands[] = {
    /* -- beginning ------------------------------------------------------------------------------ */
    ROW("practice init", "", 0, 0, O(TOKEN_FILE), command_practice_init,
        "founds a practice on a new server; reads the first administrator's name",
        "The server is given the practice's key together with the set-up token that galend wrote into its\n"
        "data folder. This home becomes the first administrator. Two secrets are made in HOME/offline: move\n"
        "each to a safe place that is not connected to anything. After a crash, run it again: it goes on.\n"
        "\nExample:\n"
        "  galen practice init --server https://galen.example --token-file /var/lib/galen/setup-token\n"
        "\nJSON: practice (its fingerprint), device, account, chart (the practice's), role, practice_secret,\n"
        "custodian_secret (paths).\n"),
    ROW("invite", "", 0, 0, O(ROLE) | O(CHART), command_invite,
        "invites a person; reads the name, prints one link",
        "Whoever opens the link first is that person, so give it to nobody else. It is good for seven days,\n"
        "once. Colleagues are invited to the practice (and put into charts with `galen chart add`); patients,\n"
        "caregivers and prescribers to one chart. An interpreter is invited to the visit that is open in a chart:\n"
        "no name is read, the link is good for a day, and it opens the call and nothing else.\n"
        "\nExamples:\n"
        "  galen invite --role pharmacist <<< 'Paula Pharm' > paula.link\n"
        "  galen invite --role patient --chart 3f2a91c0 <<< 'Pat Patient' > pat.link\n"
        "  galen invite --role interpreter --chart 3f2a91c0 > interpreter.link\n"
        "\nJSON: link, device, account, role, name, chart, expires.\n"),
    ROW("join", "", 0, 0, O(LOST), command_join,
        "becomes the device that a link, a code or a sheet makes room for; reads the link",
        "The link works once; afterwards this home has keys of its own. With a recovery sheet, the devices\n"
        "that are lost are removed: --lost all, none, or some of them; on a terminal you are asked.\n"
        "After an interruption, run it again, with or without the link.\n"
        "\nExamples:\n"
        "  galen join < pat.link\n"
        "  galen join --home new-phone --lost all < sheet.link\n"
        "\nJSON: device, account, role, practice, charts.\n"),
    ROW("device add", "", 0, 0, 0, command_device_add,
        "prints a code for this person's next device",
        "The code is a link that is good for ten minutes, once: on the other device, `galen join`.\n"
        "\nJSON: link, device, purpose, expires.\n"),
    ROW("device remove", "DEVICE", 1, 1, 0, command_device_remove,
        "removes a device of this person from all charts", "JSON: removed.\n"),
    ROW("device shut-out", "", 0, 0, 0, command_device_shut_out,
        "says that this device's keys were copied: nobody gets in with them any more",
        "For when `galen` says that somebody else writes with this device's keys, or when you know that\n"
        "they were copied. It cannot be taken back. The server lets nobody in with them from then on; the\n"
        "next device of staff takes the device out of every chart, with what a copy has let in. Until\n"
        "the server has heard it, the next command with a connection says it again. Afterwards `galen join`\n"
        "in the same home takes a new link, a code or a sheet.\n"
        "\nJSON: shut_out.\n"),
    ROW("device list", "", 0, 0, 0, command_device_list, "lists this person's devices",
        "JSON, one a line: device, purpose (device, code, sheet), self, charts, expires.\n"),
    ROW("sheet", "", 0, 0, 0, command_sheet,
        "prints a recovery sheet, which replaces the one before",
        "Keep it on paper. Typed into `galen join` on an empty home, it brings all charts back and removes\n"
        "the devices that were lost.\n"
        "\nExample:\n"
        "  galen sheet | lp\n"
        "\nJSON: link, device, purpose.\n"),
    /* -- charts --------------------------------------------------------------------------------- */
    ROW("chart new", "", 0, 0, 0, command_chart_new, "begins a patient's chart; reads the name",
        "Staff only. The patient is invited afterwards: galen invite --role patient --chart CHART.\n"
        "\nJSON: chart.\n"),
    ROW("chart list", "", 0, 0, 0, command_chart_list, "lists the charts of this home",
        "JSON, one a line: chart, name, practice, entries, server_entries, epoch, people, devices, member,\n"
        "holder, current, waiting (requests not yet sent), conflicts, proposals, heard_ms (anybody else); and\n"
        "where there is one: last (message: index, time, account, name, role, text), visit (visit, host),\n"
        "planned_ms (when visits are or were planned), reach (staff to call: account, name, role, phone, hours),\n"
        "stopped, withheld (the first entry whose body the server holds back).\n"),
    ROW("chart members", "CHART", 1, 1, 0, command_chart_members,
        "lists the devices that belong to a chart, and whose they are",
        "JSON, one a line: chart, device, account, name, role, purpose, holder (may read the record), self,\n"
        "since_epoch, expires, verified and heard (the head it signed last), phone, hours.\n"),
    ROW("chart add", "CHART PERSON", 2, 2, 0, command_chart_add,
        "adds a colleague of the practice to a chart",
        "PERSON is the account's id; `galen chart members practice` lists the colleagues.\n"
        "\nJSON: chart, account, index, epoch.\n"),
    ROW("chart remove", "CHART PERSON", 2, 2, 0, command_chart_remove,
        "removes a person from a chart",
        "Staff remove anybody, others themselves. What is written from then on is closed to them.\n"
        "\nJSON: chart, account, index, epoch.\n"),
    ROW("chart renew", "CHART", 1, 1, 0, command_chart_renew,
        "begins a fresh key with unchanged members", "JSON: chart, index, epoch.\n"),
    ROW("chart log", "CHART", 1, 1, O(FOLLOW) | O(FROM), command_chart_log,
        "prints a chart's entries in their order",
        "Each with its number, time, author, kind, and whether it counts: `void` with the reason, `locked`\n"
        "(not open to this device), `withheld` (held back by the server). The ticks: with the server, and\n"
        "verified by how many others.\n"
        "\nExamples:\n"
        "  galen chart log .\n"
        "  galen chart log 3f2a91c0 --follow --json | jq -r 'select(.kind==\"message\").text'\n"
        "\nJSON, one a line: chart, index, time, device, account, name, role, number, epoch, class, state, why,\n"
        "kind (message, write, propose, answer, identity, visit), token, base, clock, and what it says: text;\n"
        "doc, record, fields; proposal, accepted; subject; visit, visit_event; members, added; verified_by\n"
        "(accounts). With --follow also {\"event\":\"verified\"} and {\"event\":\"reopened\"}.\n"),
    ROW("send", "CHART", 1, 1, 0, command_send, "sends a message; reads its text",
        "Example:\n"
        "  galen send . <<< 'I feel dizzy since the new tablet.'\n"
        "\nJSON: chart, index, token.\n"),
    /* -- documents ------------------------------------------------------------------------------ */
    ROW("doc get", "CHART [DOC]", 1, 2, O(AT), command_doc_get,
        "shows a document: pmr (medicines), map (what to do), profile …; or all of them",
        "DOC is pmr (medicines), map (what to do), people, profile, dtp (problems), journal, allergies, visit or\n"
        "checkin; `galen doc set --help` lists their fields.\n"
        "Every value with who said it and when. Where two people wrote at the same time, all values are shown,\n"
        "numbered, until somebody chooses one (galen doc choose). Proposals stand beside the values until staff\n"
        "accept or decline them.\n"
        "With --at the document as it was: after an entry (`galen chart log` numbers them, and each value says its\n"
        "own with --json), or at the end of a day. It is only shown: nothing changes.\n"
        "\nExamples:\n"
        "  galen doc get . pmr\n"
        "  galen doc get .                          all documents, before signing\n"
        "  galen doc get . pmr --at 17              after entry 17\n"
        "  galen doc get . pmr --at 2026-03-14      as it was when that day ended\n"
        "\nJSON, one record a line: chart, doc, record, state (present, proposed, declined, empty), conflicts, fields\n"
        "{name: {value (if there is one only), conflict, outdated (an answer to what was recommended before), values\n"
        "[{number, value, index, account, device, name, role, time, proposal, proposed_by}]}}, proposals [{index,\n"
        "state, account, name, role, time, fields, answers}].\n"),
    ROW("doc findings", "CHART", 1, 1, 0, command_doc_findings,
        "shows what a second look at the medicines finds, and what it did not look at",
        "Looks for interactions (a short list), allergies, the same ingredient or kind twice, a short treatment\n"
        "beside an anticoagulant, age 65 and over, several pharmacies, and writing that is easily misread. It is\n"
        "computed here, from tables with a source a row, over all medicines that are not stopped. A finding is a\n"
        "reason to look and blocks nothing. No finding is no clearance: what was not checked is printed too.\n"
        "A problem of the list (galen doc set CHART dtp) answers a finding by its key in `finding`.\n"
        "\nExample:\n"
        "  galen doc findings . --json | jq -r '.findings[] | select(.severity==\"high\").title'\n"
        "\nJSON: findings [{key, kind, severity, records, allergies, title, why, do, plain {title, why, do}, source\n"
        "{key, list, version, date}, status (open, problem, set-aside), dtp}], checked [{kind, what, source}],\n"
        "not_checked [{what, records}], data {version, date}.\n"),
    ROW("doc set", "CHART DOC RECORD|new", 3, 3, 0, command_doc_set,
        "sets fields of a record; reads `name=value` lines or a JSON object",
        "Written against what this home has read: what others wrote since stays beside it, as a conflict,\n"
        "instead of being overwritten. What your role may not write becomes a proposal. An empty value clears\n"
        "a field. A regimen is one value and is given whole. In a record that is only proposed staff write nothing\n"
        "before they answered the proposal (galen doc accept).\n"
        "\nExamples:\n"
        "  printf 'kind=prescription\\nregimen=drug=Metformin; strength=500 mg; dose=1; unit=tablet;\n"
        "  frequency=twice a day\\nstatus=active\\n' | galen doc set . pmr new        (the regimen on one line)\n"
        "  echo '{\"regimen\":{\"drug\":\"Metformin\",\"strength\":\"500 mg\"},\"status\":\"active\"}' |\n"
        "      galen doc set . pmr new\n"
        "  galen doc set . pmr 5b1c <<< 'taken_as=only in the morning'\n"
        "\nJSON: chart, doc, record, proposed (whether it, or a part, became a proposal), index.\n"),
    ROW("doc propose", "CHART DOC RECORD|new", 3, 3, 0, command_doc_set,
        "the same as doc set: what your role may not write is proposed", ""),
    ROW("doc accept", "CHART INDEX", 2, 2, 0, command_doc_accept,
        "accepts the proposal of that entry (staff)", "JSON: chart, proposal, accepted, index.\n"),
    ROW("doc decline", "CHART INDEX", 2, 2, 0, command_doc_decline,
        "declines the proposal of that entry (staff), or withdraws your own",
        "Who is no staff withdraws what they proposed, until it is answered.\n"
        "\nJSON: chart, proposal, accepted, index.\n"),
    ROW("doc undo", "CHART", 1, 1, O(AGAIN) | O(BEFORE) | O(LOOK), command_doc_undo,
        "takes back your own last change of the documents",
        "The last thing you changed, proposed or answered in this chart, from whichever of your devices; again, and\n"
        "it is the one before. It is written as a change like any other, so the history keeps both, and a signed\n"
        "version is superseded. What somebody else wrote since stays as it is, and so does a field that you chose\n"
        "between two values for. A record that you added is taken away again, unless somebody wrote in it or it was\n"
        "signed. A proposal is withdrawn until it is answered; an accept becomes a decline; neither, if that would take\n"
        "away a record in which somebody wrote, or that was signed.\n"
        "If your last change cannot be taken back, nothing is: --before passes it over.\n"
        "--again makes what you took back last stand again, as long as you changed nothing since.\n"
        "\nExamples:\n"
        "  galen doc undo . --look                  what would it be?\n"
        "  galen doc undo .\n"
        "  galen doc undo . --again\n"
        "\nJSON: with --look undo, redo, passed (the newest change that stays, and why); else the change that was taken\n"
        "back, and index. A change: token, index, time, kind, again, adds, accepted, doc, record, title, what, why,\n"
        "by, fields [{field, label, goes, why, by, now, then}].\n"),
    ROW("doc choose", "CHART DOC RECORD FIELD N", 5, 5, 0, command_doc_choose,
        "settles a conflict: writes the value with that number",
        "N is the number that `galen doc get` showed in this home. If the field changed since, nothing is\n"
        "written and you are asked to look again.\n"
        "\nExample:\n"
        "  galen doc choose . pmr 5b1c regimen 2\n"
        "\nJSON: chart, doc, record, proposed, index.\n"),
    ROW("doc sign", "CHART MEANING", 2, 2, O(VISIT), command_doc_sign,
        "signs the documents as they are now, which makes the next version (pharmacists)",
        "MEANING: reviewed-with-patient, reviewed-alone or discharge-reconciled. What is signed is what\n"
        "`galen doc get` showed last in this home, and what you wrote here: nothing is signed when others changed\n"
        "the record since, while values are in conflict, or while something you wrote is still on its way. Look\n"
        "at it and sign again. After a hospital stay each medicine is decided first (discharge), or it says why not\n"
        "(discharge=not-decided, discharge_why), which then stands on the papers. Later changes supersede the version; it\n"
        "can be shown as it was for good.\n"
        "\nExample:\n"
        "  galen doc get .\n"
        "  galen doc sign . reviewed-with-patient\n"
        "\nJSON: as `galen doc versions`, of the new one.\n"),
    ROW("doc versions", "CHART", 1, 1, 0, command_doc_versions,
        "lists the signed versions",
        "Also says whether you could sign now, or else what stands in the way.\n"
        "\nJSON: versions [{version, index, time, account, name, role, meaning, base, schema, hash, asserted, visit,\n"
        "superseded, superseded_by, superseded_at}], ready, or error and help.\n"),
    ROW("chart papers", "CHART", 1, 1, O(TO) | O(VERSION) | O(LIST) | O(PAPER), command_chart_papers,
        "writes the papers to take home, one HTML file each; or the list for another pharmacy",
        "Cover letter, recommended to-do list and medication list, laid out after CMS-10396. Open and print them with\n"
        "any browser. Without --version they are of the newest signed version; where nothing was signed, and with\n"
        "--version 0, of the record as it is now, marked as NOT SIGNED. --list writes the current list instead: of\n"
        "the newest version, or of the record as it is now once that is superseded. Names of files hold nothing\n"
        "personal; an existing file is never replaced.\n"
        "\nExamples:\n"
        "  galen chart papers . --to papers\n"
        "  galen chart papers . --list --paper a4 --to .\n"
        "\nJSON: chart, signed, version, superseded, files.\n"),
    /* -- visits --------------------------------------------------------------------------------- */
    ROW("visit open", "CHART", 1, 1, O(ADMIT), command_visit_open,
        "opens a visit, without voice, and stays until it ends (staff)",
        "A visit has a host as long as a process of staff is connected, so this command stays: Ctrl-C, `end` on\n"
        "standard input or `galen visit end` end it. Who knocks is told; let them in by typing `admit DEVICE`\n"
        "or {\"do\":\"admit\",\"device\":\"…\"}, or beforehand with --admit. To speak as well, use `galen call`.\n"
        "Standard input takes all commands of `galen agent`.\n"
        "\nJSON: one event a line, as `galen agent`.\n"),
    ROW("visit admit", "CHART DEVICE", 2, 2, 0, command_visit_admit,
        "lets in who waits at the visit, from another staff device",
        "The device that holds the visit does it on its standard input; this is for a second one.\n"
        "\nJSON: chart, admitted.\n"),
    ROW("visit identify", "CHART PERSON", 2, 2, 0, command_visit_identify,
        "records that two identifiers were checked; opens the record to that person (staff)",
        "Reads from standard input which two were checked. It cannot be taken back: what a person has read\n"
        "they have read.\n"
        "\nExample:\n"
        "  galen visit identify . 9c03 <<< 'date of birth and address, read out by herself'\n"
        "\nJSON: chart, account, holder.\n"),
    ROW("visit end", "CHART", 1, 1, 0, command_visit_end, "ends the open visit (staff)",
        "JSON: chart, ended (the visit).\n"),
    ROW("call", "[CHART]", 0, 1, O(IN) | O(OUT) | O(SECONDS) | O(MUTE) | O(ADMIT), command_call,
        "the voice of a visit: speaks a WAV file, keeps what is heard in another",
        "Staff open the visit if it is not; everybody else waits until staff let them in (--timeout is how long\n"
        "to wait for the visit to be opened; being let in has no limit). From then on 20 ms of --in are spoken\n"
        "each 20 ms; after its end there is silence for a second, then it hangs up, unless --seconds says how\n"
        "long. --out begins with that same moment, so that its samples are the call's clock. It is a whole WAV\n"
        "file at any time. An interpreter names no chart. Standard input takes `admit DEVICE`, `refuse DEVICE`, `mute`, `unmute`, `hang up`,\n"
        "`end`, and the JSON commands of `galen agent`.\n"
        "\nExamples:\n"
        "  galen call . --in question.wav --out answer.wav\n"
        "  galen call 3f2a91c0 --admit all --out visit.wav --seconds 1800      (staff)\n"
        "\nJSON, one event a line: those of `galen agent`; {\"event\":\"voice\"} with first_captured_ms and\n"
        "first_played_ms; each second {\"event\":\"call-stats\"}, and at the end {\"event\":\"call-ended\"}, both\n"
        "with seconds, participants, sent, received, concealed, concealed_share, discarded, late, refused,\n"
        "left_out, delay_ms, delay_max_ms, muted. The event call has the devices that are muted.\n"),
    ROW("agent", "", 0, 0, O(ADMIT) | O(NO_LIVE), command_agent,
        "stays connected: prints one JSON event a line, takes one JSON command a line",
        "For scripts and pharmacy systems. Ends at the end of standard input (after what was asked for is with\n"
        "the server) or at SIGTERM.\n"
        "\nEvents: online, offline, refused, chart, current, entry, reopened, withheld, done, failed, held, verified,\n"
        "fork, cloned, shut-out, link-again, charts-full, clock, presence, draft, visit, knock, waiting, admitted, call,\n"
        "visit-ended, call-failed, voice, call-stats, call-ended, record, answer. An entry has what `galen chart log` shows.\n"
        "\nCommands: an object with \"do\"; an \"id\" of yours comes back in the answer. The answer says ok or\n"
        "error and message; what takes time has a token, which comes again in done, failed or held.\n"
        "  {\"do\":\"send\",\"chart\":\"…\",\"text\":\"…\"}\n"
        "  {\"do\":\"doc set\",\"chart\":\"…\",\"doc\":\"pmr\",\"record\":\"new\",\"fields\":{\"status\":"
        "\"active\"}}\n"
        "  {\"do\":\"doc accept\",\"chart\":\"…\",\"index\":12}          also doc decline\n"
        "  {\"do\":\"doc choose\",\"chart\":\"…\",\"doc\":\"pmr\",\"record\":\"…\",\"field\":\"regimen\",\"index\":"
        "17}\n"
        "      (index: of the entry that said the value)\n"
        "  {\"do\":\"doc sign\",\"chart\":\"…\",\"seen\":41,\"meaning\":\"reviewed-with-patient\"}   also \"visit\"\n"
        "      (seen: how many entries the chart had that the person was shown: the size that doc get answers)\n"
        "  {\"do\":\"doc undoable\",\"chart\":\"…\"}      answers undoable, as `galen doc undo --look --json`\n"
        "  {\"do\":\"doc undo\",\"chart\":\"…\",\"token\":\"…\"}         of the undo or redo in it\n"
        "  {\"do\":\"doc get\",\"chart\":\"…\",\"doc\":\"pmr\"}             record events, then the answer, with size\n"
        "  {\"do\":\"log\",\"chart\":\"…\",\"from\":0}                  entry events, then the answer\n"
        "  {\"do\":\"draft\",\"chart\":\"…\",\"doc\":\"pmr\",\"record\":\"…\",\"field\":\"reason\","
        "\"text\":\"…\"}\n"
        "      (all that is typed so far; \"\": no more. The event draft has the text, or how it changes one: changes,\n"
        "      with what stands before and behind, and the caret; or stopped)\n"
        "  {\"do\":\"visit open\",\"chart\":\"…\"}   visit end, knock, leave; admit and refuse with \"device\"\n"
        "  {\"do\":\"identify\",\"chart\":\"…\",\"account\":\"…\",\"text\":\"which two identifiers\"}\n"
        "  {\"do\":\"call\",\"chart\":\"…\",\"in\":\"a.wav\",\"out\":\"b.wav\"}   also \"seconds\" and \"muted\":true;\n"
        "      mute, unmute, hang up\n"
        "  {\"do\":\"chart new\",\"name\":\"…\"}   chart add and chart remove with \"account\"\n"
        "  {\"do\":\"invite\",\"role\":\"patient\",\"chart\":\"…\",\"name\":\"…\"}   an interpreter: no name\n"
        "  {\"do\":\"release\",\"token\":\"…\",\"send\":true}             what is held because somebody joined;\n"
        "      false: it is dropped\n"
        "What a command does not have, or of another type, is refused by name, and nothing is done.\n"),
    /* -- evidence ------------------------------------------------------------------------------- */
    ROW("export", "CHART", 1, 1, O(TO) | O(ONLY) | O(OPEN), command_export,
        "writes evidence of a chart for others: what is in it, and who verified it",
        "Sealed: the file shows who wrote what when, not what it says. With --open, whoever has the file reads\n"
        "what is disclosed: with --only that entry (of a sign-off the whole record as it was signed, too), else all\n"
        "that this device can read. That cannot be taken back. An existing file is never replaced.\n"
        "\nExamples:\n"
        "  galen export . --to chart.evidence\n"
        "  galen export . --only 17 --open --to message-17.evidence\n"
        "\nJSON: chart, file, size, opened, bytes.\n"),
    ROW("verify", "FILE [FILE]", 1, 2, O(PRACTICE), command_verify,
        "checks evidence, offline; compares two members' views",
        "Needs nothing but the practice's fingerprint, which must come by another way than the file: the\n"
        "practice tells it, `galen practice init` printed it, each home knows it. Each claim is judged for\n"
        "itself, and what is wrong is named. Status 1: something does not hold; 5: two histories.\n"
        "\nExamples:\n"
        "  galen verify chart.evidence --practice 3b0c…\n"
        "  galen verify mine.evidence theirs.evidence\n"
        "\nJSON, one a file: file, holds, claims {practice, order, authorship, membership, completeness, heads,\n"
        "bodies, contents: holds, fails or not-shown}, whole, practice, chart, size, root, shown, last,\n"
        "complete_to, withheld, opened, findings [{claim, problem, index, device}], heads, contents; with two\n"
        "files also: relation (same, prefix, forked, unrelated, not-shown), index, size_a, size_b, signed_a,\n"
        "signed_b.\n"),
    ROW("client verify", "URL", 1, 1, O(MANIFEST), command_client_verify,
        "checks the web client that a host serves; needs no home",
        "Code that a browser loads is only as honest as the host it comes from. This gets manifest.json and every\n"
        "file it lists, in each form that browsers are given, and what / and /join open; checks each SHA-256, that\n"
        "the page refers to nothing else, and its integrity attributes. With --manifest, a file that came with the\n"
        "release, by another way than from the host, it also says whether this is that release. A host can show\n"
        "different people different files: check from where the people are, and more than once.\n"
        "Status 1: the host's files are not what it lists; 5: they are not the release, or its certificate does\n"
        "not hold.\n"
        "\nExamples:\n"
        "  galen client verify https://galen.example\n"
        "  galen client verify https://galen.example --manifest galen-0.2.manifest.json --json\n"
        "\nJSON: host, holds, manifest (SHA-256 of the host's), compared (with a release), files, bytes, problems\n"
        "[{file, problem, coding}].\n"),
};
/* clang-format on */

const size_t command_count = sizeof commands / sizeof *commands;
