/* galen doc get, findings, set, propose, accept, decline, sign, versions, choose */
#include "cli.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

struct edit {
    struct galen_id chart;
    const struct galen_document *document;
    uint8_t record[GALEN_RECORD_ID_BYTES];
    struct galen_writer write;
    bool proposed;
    uint64_t proposal;
    bool accepted;
    galen_token token;
};

static int document_argument(struct cli *cli, size_t i, struct edit *edit)
{
    char names[DOC_NAMES_MAX];
    edit->document = galen_document_named(cli->args.words[i]);
    if (edit->document)
        return CLI_OK;
    document_names(names);
    return cli_fail(cli, GALEN_ERR_USAGE, "There is no document `%s`. There are: %s.",
                    cli->args.words[i], names);
}

/* Up to where this home's person has seen a document; for `doc choose` and `doc sign`. */
static void shown_name_of(const struct galen_id *chart, const struct galen_document *document,
                          char out[128])
{
    char id[HEX_ID];
    id_text(chart, id);
    snprintf(out, 128, "shown/%s/%s", id, document->name);
}

/* -- get -------------------------------------------------------------------------------------------- */

static const char *text_of(const cJSON *object, const char *name)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
    return text ? text : "";
}

static void print_by(const cJSON *said)
{
    char time[TIME_TEXT];
    const cJSON *at = cJSON_GetObjectItemCaseSensitive(said, "time_ms");
    local_time_text((uint64_t)at->valuedouble, time);
    printf("   — %s (%s), %s\n", text_of(said, "name")[0] ? text_of(said, "name") : "?",
           text_of(said, "role"), time);
}

static void print_field(const cJSON *field)
{
    const cJSON *values = cJSON_GetObjectItemCaseSensitive(field, "values"), *said;
    bool conflict = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(field, "conflict"));
    if (conflict)
        printf("  %s  CONFLICT: choose one with `galen doc choose`\n", field->string);
    cJSON_ArrayForEach(said, values)
    {
        const char *value = text_of(said, "value");
        if (conflict)
            printf("    %d) ", cJSON_GetObjectItemCaseSensitive(said, "number")->valueint);
        else
            printf("  %s = ", field->string);
        print_said(value[0] ? value : "(cleared)");
        print_by(said);
    }
    if (cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(field, "outdated")))
        printf("    OUTDATED: what is recommended was changed after this answer\n");
}

static void print_proposal(const cJSON *proposal)
{
    const cJSON *fields = cJSON_GetObjectItemCaseSensitive(proposal, "fields"), *field;
    const char *state = text_of(proposal, "state");
    if (strcmp(state, "pending") != 0 && strcmp(state, "contested") != 0)
        return;
    printf("  proposal %d (%s)", cJSON_GetObjectItemCaseSensitive(proposal, "index")->valueint,
           state);
    print_by(proposal);
    cJSON_ArrayForEach(field, fields)
    {
        printf("    %s = ", field->string);
        print_said(field->valuestring[0] ? field->valuestring : "(cleared)");
        printf("\n");
    }
}

static void print_record(cJSON *record)
{
    const cJSON *one;
    const char *state = text_of(record, "state");
    printf("%s %.8s%s%s\n", text_of(record, "doc"), text_of(record, "record"),
           strcmp(state, "present") == 0 ? "" : "  ", strcmp(state, "present") == 0 ? "" : state);
    cJSON_ArrayForEach(one, cJSON_GetObjectItemCaseSensitive(record, "fields")) print_field(one);
    cJSON_ArrayForEach(one, cJSON_GetObjectItemCaseSensitive(record, "proposals"))
        print_proposal(one);
    cJSON_Delete(record);
}

static void show_record(const struct cli *cli, cJSON *record)
{
    if (cli->json)
        print_json(record);
    else
        print_record(record);
}

/* The end of a local day ("2026-03-14"); false: that is no day. */
static bool day_end(const char *text, uint64_t *ms)
{
    struct tm tm = {.tm_hour = 23, .tm_min = 59, .tm_sec = 59, .tm_isdst = -1};
    const char *end = strptime(text, "%Y-%m-%d", &tm);
    tm.tm_hour = 23;
    tm.tm_min = tm.tm_sec = 59;
    time_t seconds = end && *end == 0 ? mktime(&tm) : -1;
    *ms = (uint64_t)(seconds < 0 ? 0 : seconds) * 1000 + 999;
    return seconds >= 0;
}

/* How many entries the log had then; 0: `when` says nothing that there was. */
static uint64_t size_then(const struct galen_log *log, const char *when)
{
    uint64_t index, ms;
    if (number_read(when, UINT32_MAX, &index))
        return index < galen_log_size(log) ? index + 1 : 0;
    return day_end(when, &ms) ? size_at(log, ms) : 0;
}

/* Nothing is noted: what was shown is not what `doc choose` would choose from. */
static int show_then(struct cli *cli, const struct edit *edit)
{
    enum galen_err err;
    char time[TIME_TEXT];
    const char *when = cli->args.value[OPTION_AT];
    const struct galen_log *log = galen_engine_log(cli->engine, &edit->chart);
    uint64_t size = size_then(log, when);
    if (size == 0)
        return cli_fail(cli, GALEN_ERR_VALUE,
                        "The chart has no entry %s and did not begin before the end of such a day. "
                        "Give an entry's "
                        "number, as `galen chart log` shows it, or a day like 2026-03-14.",
                        when);
    cJSON *then = then_json(cli->engine, &edit->chart, size, &err), *record;
    if (!then)
        return cli_fail(cli, err, NULL);
    local_time_text(galen_log_read(log, size - 1)->received_ms, time);
    if (!cli->json)
        printf("As it was on %s, after entry %llu; not as it is now.\n", time,
               (unsigned long long)(size - 1));
    cJSON *records = cJSON_GetObjectItemCaseSensitive(then, "records");
    for (size_t i = 0; i < galen_document_count; i++) {
        const struct galen_document *document = &galen_documents[i];
        cJSON *list = cJSON_GetObjectItemCaseSensitive(records, document->name);
        if (edit->document && edit->document != document)
            continue;
        while ((record = cJSON_DetachItemFromArray(list, 0)) != NULL)
            show_record(cli, record);
    }
    cJSON_Delete(then);
    return CLI_OK;
}

static void show_document(struct cli *cli, const struct galen_id *chart,
                          const struct galen_document *document)
{
    char note[128];
    const struct galen_docs *docs = galen_engine_docs(cli->engine, chart);
    for (size_t i = 0; i < galen_docs_record_count(docs, document->id); i++)
        show_record(cli,
                    record_json(cli->engine, chart, galen_docs_record_at(docs, document->id, i)));
    shown_name_of(chart, document, note);
    if (home_store_note(cli->store, note, galen_log_size(galen_engine_log(cli->engine, chart))) !=
        GALEN_OK)
        cli_warn(cli, "What was shown could not be noted in the home; `doc choose` and `doc sign` "
                      "will ask to look again.");
}

/* Of one document, or of all. */
int command_doc_get(struct cli *cli)
{
    struct edit edit = {0};
    bool one = cli->args.word_count > 1;
    size_t count = 0;
    int status = one ? document_argument(cli, 1, &edit) : CLI_OK;
    if (status == CLI_OK)
        status = cli_open(cli, OPEN_MEMBER);
    if (status == CLI_OK)
        status = chart_argument(cli, 0, &edit.chart);
    if (status != CLI_OK)
        return status;
    status = cli_sync_to_show(cli, &edit.chart);
    const struct galen_docs *docs = galen_engine_docs(cli->engine, &edit.chart);
    const struct galen_log *log = galen_engine_log(cli->engine, &edit.chart);
    for (size_t i = 0; i < galen_document_count; i++)
        if (!one || edit.document == &galen_documents[i])
            count += galen_docs_record_count(docs, galen_documents[i].id);
    if (status == CLI_OK && count == 0 && !galen_log_is_holder(log))
        return cli_fail(cli, GALEN_ERR_NOT_HOLDER, NULL);
    if (cli->args.given[OPTION_AT]) {
        int shown = show_then(cli, &edit);
        return shown != CLI_OK ? shown : status;
    }
    for (size_t i = 0; i < galen_document_count; i++)
        if (!one || edit.document == &galen_documents[i])
            show_document(cli, &edit.chart, &galen_documents[i]);
    return status;
}

/* -- findings --------------------------------------------------------------------------------------- */

static void print_source(const cJSON *object)
{
    const cJSON *source = cJSON_GetObjectItemCaseSensitive(object, "source");
    printf("%s, %s", text_of(source, "list"), text_of(source, "version"));
    if (text_of(source, "date")[0])
        printf(", %s", text_of(source, "date"));
}

static void print_finding(const cJSON *finding)
{
    printf("[%s] %s", text_of(finding, "severity"), text_of(finding, "title"));
    if (strcmp(text_of(finding, "status"), "open") != 0)
        printf("  (%s, %.8s)", text_of(finding, "status"), text_of(finding, "dtp"));
    printf("\n  why: %s\n  do: %s\n  list: ", text_of(finding, "why"), text_of(finding, "do"));
    print_source(finding);
    printf("\n  key: %s\n", text_of(finding, "key"));
}

static void print_findings(const cJSON *all)
{
    const cJSON *one, *data = cJSON_GetObjectItemCaseSensitive(all, "data");
    const cJSON *findings = cJSON_GetObjectItemCaseSensitive(all, "findings");
    if (cJSON_GetArraySize(findings) == 0)
        printf("Nothing was found by what was checked.\n");
    cJSON_ArrayForEach(one, findings) print_finding(one);
    printf("\nChecked, by tables of version %s, %s:\n", text_of(data, "version"),
           text_of(data, "date"));
    cJSON_ArrayForEach(one, cJSON_GetObjectItemCaseSensitive(all, "checked"))
    {
        printf("- %s: ", text_of(one, "what"));
        print_source(one);
        printf("\n");
    }
    printf("\nNot checked:\n");
    cJSON_ArrayForEach(one, cJSON_GetObjectItemCaseSensitive(all, "not_checked"))
        printf("- %s\n", text_of(one, "what"));
}

int command_doc_findings(struct cli *cli)
{
    struct galen_id chart;
    enum galen_err err;
    int status = cli_open(cli, OPEN_MEMBER);
    if (status == CLI_OK)
        status = chart_argument(cli, 0, &chart);
    if (status != CLI_OK)
        return status;
    status = cli_sync_to_show(cli, &chart);
    if (status == CLI_OK && !galen_log_is_holder(galen_engine_log(cli->engine, &chart)))
        return cli_fail(cli, GALEN_ERR_NOT_HOLDER, NULL);
    cJSON *all = findings_json(galen_engine_docs(cli->engine, &chart), clock_ms(),
                               galen_engine_role(cli->engine), &err);
    if (!all)
        return cli_fail(cli, err, NULL);
    if (cli->json) {
        print_json(all);
    } else {
        print_findings(all);
        cJSON_Delete(all);
    }
    return status;
}

/* -- set, propose ----------------------------------------------------------------------------------- */

static enum galen_err make_write(struct cli *cli, void *context)
{
    struct edit *edit = context;
    return galen_engine_write(cli->engine, clock_ms(), &edit->chart, galen_written(&edit->write),
                              NULL, &edit->proposed, edit->token);
}

static int show_written(struct cli *cli, struct edit *edit)
{
    uint64_t index = GALEN_NO_ENTRY;
    int status = cli_finish(cli, &edit->chart, edit->token, &index);
    if (status != CLI_OK)
        return status;
    if (cli->json) {
        cJSON *object = cJSON_CreateObject();
        json_id(object, "chart", &edit->chart);
        cJSON_AddStringToObject(object, "doc", edit->document->name);
        json_hex(object, "record", edit->record, sizeof edit->record);
        cJSON_AddBoolToObject(object, "proposed", edit->proposed);
        json_number(object, "index", index);
        print_json(object);
        return CLI_OK;
    }
    char record[2 * GALEN_RECORD_ID_BYTES + 1];
    hex_text(edit->record, sizeof edit->record, record);
    if (edit->proposed)
        printf("%.8s  Proposed: entry %llu. Everybody sees it now, marked as yours; it counts when "
               "staff "
               "accept it.\n",
               record, (unsigned long long)index);
    else
        printf("%.8s  Written: entry %llu.\n", record, (unsigned long long)index);
    return CLI_OK;
}

/* The record stands in proposals only: they are looked at first, by their numbers. */
static int answer_first(struct cli *cli, const struct edit *edit)
{
    char list[128] = "";
    size_t used = 0;
    const struct galen_record *record = galen_docs_record(
        galen_engine_docs(cli->engine, &edit->chart), edit->document->id, edit->record);
    for (size_t i = 0; record && i < galen_record_proposal_count(record); i++) {
        const struct galen_proposal *proposal = galen_record_proposal(record, i);
        if (galen_proposal_state(proposal) == GALEN_PROPOSAL_REPLACED)
            continue;
        int n = snprintf(list + used, sizeof list - used, "%s%llu", used > 0 ? ", " : "",
                         (unsigned long long)galen_proposal_index(proposal));
        if (n < 0 || (size_t)n >= sizeof list - used) { /* half a number would be another entry's */
            list[used] = 0;
            break;
        }
        used += (size_t)n;
    }
    return cli_fail(
        cli, GALEN_ERR_PROPOSED,
        "This record is only proposed so far (entry %s), and writing to it would accept it. "
        "Look at it with `galen doc get`, accept what is right with `galen doc accept`, then "
        "write.",
        list);
}

/* What is not known here somebody else may have begun meanwhile, or only proposed. */
static void read_of_record(struct cli *cli, const struct edit *edit)
{
    const struct galen_docs *docs = galen_engine_docs(cli->engine, &edit->chart);
    if (strcmp(cli->args.words[2], "new") != 0 &&
        !galen_docs_record(docs, edit->document->id, edit->record))
        (void)cli_sync(
            cli, &edit->chart); /* without a connection it waits, and is judged where it stands */
}

static int write_fields(struct cli *cli, struct edit *edit)
{
    enum galen_err err = cli_request(cli, edit, make_write);
    if (err == GALEN_ERR_PROPOSED)
        return answer_first(cli, edit);
    if (err == GALEN_ERR_ROLE)
        return cli_fail(cli, err, "As %s you may neither write nor propose one of these fields.",
                        galen_role_name(galen_engine_role(cli->engine)));
    return err != GALEN_OK ? cli_fail(cli, err, NULL) : show_written(cli, edit);
}

static int read_fields(struct cli *cli, struct edit *edit, struct galen_bytes text)
{
    char why[DOC_WHY_MAX];
    enum galen_err err;
    size_t skip = 0;
    while (skip < text.size && (text.at[skip] == ' ' || text.at[skip] == '\n'))
        skip++;
    if (skip < text.size && text.at[skip] == '{') {
        cJSON *object = json_object(text);
        if (!object)
            return cli_fail(cli, GALEN_ERR_USAGE,
                            "Standard input begins like a JSON object, and is not one object of "
                            "UTF-8 text without \\u0000, with nothing behind it.");
        err = fields_from_json(edit->document, edit->record, object, &edit->write, why);
        cJSON_Delete(object);
    } else {
        err = fields_from_text(edit->document, edit->record, text, &edit->write, why);
    }
    return err == GALEN_OK ? CLI_OK : cli_fail_as(cli, CLI_USAGE, err, "%s", why);
}

int command_doc_set(struct cli *cli)
{
    struct edit edit = {0};
    struct galen_writer text;
    galen_writer_init(&text);
    galen_writer_init(&edit.write);
    int status = document_argument(cli, 1, &edit);
    if (status == CLI_OK)
        status = read_input(cli, "the fields, one name=value a line", &text);
    if (status == CLI_OK)
        status = cli_open(cli, OPEN_MEMBER);
    if (status == CLI_OK)
        status = chart_argument(cli, 0, &edit.chart);
    if (status == CLI_OK)
        status = record_named(cli, cli->args.words[2], &edit.chart, edit.document, edit.record);
    if (status == CLI_OK)
        status = read_fields(cli, &edit, galen_written(&text));
    if (status == CLI_OK) {
        read_of_record(cli, &edit);
        status = write_fields(cli, &edit);
    }
    galen_writer_wipe(&text);
    galen_writer_wipe(&edit.write);
    return status;
}

/* -- accept, decline -------------------------------------------------------------------------------- */

static enum galen_err make_answer(struct cli *cli, void *context)
{
    struct edit *edit = context;
    return galen_engine_answer(cli->engine, clock_ms(), &edit->chart, edit->proposal,
                               edit->accepted, edit->token);
}

static int answer(struct cli *cli, bool accepted)
{
    struct edit edit = {.accepted = accepted};
    uint64_t index = GALEN_NO_ENTRY;
    if (!number_read(cli->args.words[1], UINT32_MAX, &edit.proposal))
        return cli_fail(cli, GALEN_ERR_USAGE,
                        "Give the proposal's entry number, as `galen doc get` shows "
                        "it.");
    int status = cli_open(cli, OPEN_MEMBER);
    if (status == CLI_OK)
        status = chart_argument(cli, 0, &edit.chart);
    if (status != CLI_OK)
        return status;
    enum galen_err err = cli_request(cli, &edit, make_answer);
    if (err == GALEN_ERR_VALUE)
        return cli_fail(cli, err, "Entry %s is no proposal. `galen doc get` shows those that wait.",
                        cli->args.words[1]);
    if (err == GALEN_ERR_ROLE)
        return cli_fail(cli, err,
                        "Staff accept and decline; others withdraw what they proposed themselves "
                        "(galen doc decline), until it is answered.");
    status = err != GALEN_OK ? cli_fail(cli, err, NULL)
                             : cli_finish(cli, &edit.chart, edit.token, &index);
    if (status != CLI_OK)
        return status;
    if (cli->json) {
        cJSON *object = cJSON_CreateObject();
        json_id(object, "chart", &edit.chart);
        json_number(object, "proposal", edit.proposal);
        cJSON_AddBoolToObject(object, "accepted", accepted);
        json_number(object, "index", index);
        print_json(object);
    } else {
        printf("%s.\n", accepted ? "Accepted; it counts now"
                        : galen_docs_may_answer(galen_engine_role(cli->engine)) ? "Declined"
                                                                                : "Withdrawn");
    }
    return CLI_OK;
}

int command_doc_accept(struct cli *cli)
{
    return answer(cli, true);
}

int command_doc_decline(struct cli *cli)
{
    return answer(cli, false);
}

/* -- sign ------------------------------------------------------------------------------------------- */

struct signing {
    struct galen_id chart;
    uint8_t meaning;
    uint8_t visit[GALEN_RECORD_ID_BYTES];
    bool has_visit;
    galen_token token;
};

/* Up to where this home's person has seen all that a signature is about. */
static uint64_t seen_of(struct cli *cli, const struct galen_id *chart)
{
    char note[128];
    const struct galen_docs *docs = galen_engine_docs(cli->engine, chart);
    uint64_t seen = galen_log_size(galen_engine_log(cli->engine, chart));
    for (size_t i = 0; i < galen_document_count; i++) {
        const struct galen_document *document = &galen_documents[i];
        if (!galen_docs_supersedes(document->id) ||
            galen_docs_record_count(docs, document->id) == 0)
            continue;
        shown_name_of(chart, document, note);
        uint64_t shown = home_store_noted(cli->store, note);
        seen = shown < seen ? shown : seen;
    }
    return seen;
}

static enum galen_err make_sign(struct cli *cli, void *context)
{
    struct signing *signing = context;
    return galen_engine_sign(
        cli->engine, clock_ms(), &signing->chart, seen_of(cli, &signing->chart),
        signing->has_visit ? signing->visit : NULL, signing->meaning, signing->token);
}

/* The version that an entry made; 0: none. */
static uint32_t version_made(const struct galen_docs *docs, uint64_t index,
                             struct galen_version *version)
{
    for (size_t i = galen_docs_version_count(docs); i > 0; i--) {
        *version = galen_docs_version_at(docs, i - 1);
        if (version->index == index)
            return version->number;
    }
    return 0;
}

static int show_signed(struct cli *cli, struct signing *signing)
{
    struct galen_version version;
    uint64_t index = GALEN_NO_ENTRY;
    int status = cli_finish(cli, &signing->chart, signing->token, &index);
    if (status != CLI_OK)
        return status;
    if (!version_made(galen_engine_docs(cli->engine, &signing->chart), index, &version))
        return cli_fail(cli, GALEN_ERR_BEHIND, NULL);
    if (cli->json)
        print_json(version_json(cli->engine, &signing->chart, &version));
    else
        printf("Signed: version %u, entry %llu.\n%s", version.number, (unsigned long long)index,
               version.superseded == GALEN_NO_ENTRY
                   ? ""
                   : "The record changed meanwhile: this version is superseded already.\n");
    return CLI_OK;
}

int command_doc_sign(struct cli *cli)
{
    struct signing signing = {0};
    char help[SIGN_HELP_MAX];
    const char *visit = cli->args.value[OPTION_VISIT];
    signing.meaning = meaning_named(cli->args.words[1]);
    if (signing.meaning == 0)
        return cli_fail(cli, GALEN_ERR_USAGE, MEANING_HELP);
    int status = cli_open(cli, OPEN_MEMBER);
    if (status == CLI_OK)
        status = chart_argument(cli, 0, &signing.chart);
    if (status == CLI_OK) { /* what is signed has to be all that there is */
        enum wait_end end = cli_sync(cli, &signing.chart);
        status = end == WAIT_DONE ? CLI_OK : cli_wait_failed(cli, end);
    }
    if (status == CLI_OK && visit) {
        signing.has_visit = true;
        status = find_record(cli, visit, &signing.chart, GALEN_DOC_VISIT, signing.visit);
    }
    if (status != CLI_OK)
        return status;
    enum galen_err err = make_sign(cli, &signing);
    if (err == GALEN_OK)
        return show_signed(cli, &signing);
    if (err == GALEN_ERR_CHANGED)
        return cli_fail(cli, err,
                        "Others changed the record since it was last shown here. Look at it with "
                        "`galen doc get %s`, then sign again.",
                        cli->args.words[0]);
    sign_help(cli->engine, &signing.chart, visit ? signing.visit : NULL, signing.meaning, err,
              help);
    return cli_fail(cli, err, "%s", help);
}

static void print_version(const cJSON *version)
{
    char time[TIME_TEXT];
    local_time_text((uint64_t)cJSON_GetObjectItemCaseSensitive(version, "time_ms")->valuedouble,
                    time);
    printf("version %d  %s  %s (%s)  %s%s\n",
           cJSON_GetObjectItemCaseSensitive(version, "version")->valueint, time,
           text_of(version, "name")[0] ? text_of(version, "name") : "?", text_of(version, "role"),
           text_of(version, "meaning"),
           cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(version, "superseded")) ? "  superseded"
                                                                                 : "");
}

int command_doc_versions(struct cli *cli)
{
    struct galen_id chart;
    const cJSON *version;
    int status = cli_open(cli, OPEN_MEMBER);
    if (status == CLI_OK)
        status = chart_argument(cli, 0, &chart);
    if (status != CLI_OK)
        return status;
    status = cli_sync_to_show(cli, &chart);
    cJSON *all = versions_json(cli->engine, &chart);
    if (cli->json) {
        print_json(all);
        return status;
    }
    cJSON_ArrayForEach(version, cJSON_GetObjectItemCaseSensitive(all, "versions"))
        print_version(version);
    if (cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(all, "versions")) == 0)
        printf("Nothing was signed yet.\n");
    if (cJSON_IsFalse(cJSON_GetObjectItemCaseSensitive(all, "ready")))
        printf("%s\n", text_of(all, "help"));
    cJSON_Delete(all);
    return status;
}

/* -- choose ----------------------------------------------------------------------------------------- */

/* The numbers are those of the last `doc get`. If the field changed since, they could mean another
 * value: in a medication record that must not happen. */
static int choose(struct cli *cli, struct edit *edit, const struct galen_field *field, uint64_t n)
{
    char note[128];
    const struct galen_record *record = galen_docs_record(
        galen_engine_docs(cli->engine, &edit->chart), edit->document->id, edit->record);
    if (!record)
        return cli_fail(cli, GALEN_ERR_VALUE,
                        "There is no such record. `galen doc get` lists them.");
    shown_name_of(&edit->chart, edit->document, note);
    uint64_t shown = home_store_noted(cli->store, note);
    uint64_t changed = galen_record_changed(record, field->number);
    if (changed != GALEN_NO_ENTRY && changed >= shown)
        return cli_fail(cli, GALEN_ERR_BASE,
                        "`%s` changed since it was last shown here. Look at it with "
                        "`galen doc get` and choose again.",
                        field->name);
    size_t count = galen_record_value_count(record, field->number);
    if (n == 0 || n > count)
        return cli_fail(cli, GALEN_ERR_VALUE, "`%s` has %zu value%s to choose from.", field->name,
                        count, count == 1 ? "" : "s");
    struct galen_write write = {.doc = edit->document->id, .count = 1};
    memcpy(write.record, edit->record, sizeof write.record);
    write.fields[0] = (struct galen_write_field){
        field->number, galen_record_value(record, field->number, (size_t)n - 1).value};
    galen_write_encode(&edit->write, &write);
    return edit->write.failed ? cli_fail(cli, GALEN_ERR_MEMORY, NULL) : write_fields(cli, edit);
}

int command_doc_choose(struct cli *cli)
{
    struct edit edit = {0};
    uint64_t n = 0;
    int status = document_argument(cli, 1, &edit);
    if (status != CLI_OK)
        return status;
    const struct galen_field *field = galen_field_named(edit.document, cli->args.words[3]);
    if (!field)
        return cli_fail(cli, GALEN_ERR_USAGE,
                        "`%s` has no field `%s`. `galen doc set --help` lists them.",
                        edit.document->name, cli->args.words[3]);
    if (!number_read(cli->args.words[4], UINT32_MAX, &n))
        return cli_fail(cli, GALEN_ERR_USAGE,
                        "Give the value's number, as `galen doc get` shows it.");
    galen_writer_init(&edit.write);
    status = cli_open(cli, OPEN_MEMBER);
    if (status == CLI_OK)
        status = chart_argument(cli, 0, &edit.chart);
    if (status == CLI_OK)
        status = find_record(cli, cli->args.words[2], &edit.chart, edit.document->id, edit.record);
    if (status == CLI_OK)
        status = choose(cli, &edit, field, n);
    galen_writer_wipe(&edit.write);
    return status;
}
