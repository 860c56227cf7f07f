/* Tasks: messages and documents; and how a command names charts, people and records. */
#include "tasks.h"

#include <string.h>

const char *text_in(const struct task *t, const char *name)
{
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(t->in, name));
}

struct galen_bytes bytes_in(const struct task *t, const char *name)
{
    const char *text = text_in(t, name);
    return (struct galen_bytes){(const uint8_t *)text, text ? strlen(text) : 0};
}

int number_in(const struct task *t, const char *name, uint64_t *out)
{
    const cJSON *number = cJSON_GetObjectItemCaseSensitive(t->in, name);
    bool counts = cJSON_IsNumber(number) && number->valuedouble >= 0 && number->valuedouble <= 9e15;
    *out = counts ? (uint64_t)number->valuedouble : 0;
    if (!counts || (double)*out != number->valuedouble)
        return cli_fail(t->cli, GALEN_ERR_USAGE, "\"%s\" should be a whole number.", name);
    return CLI_OK;
}

int chart_in(struct task *t, struct galen_id *chart)
{
    const char *text = text_in(t, "chart");
    if (!text && !galen_id_is_none(&t->stay->chart)) {
        *chart = t->stay->chart; /* of the call or visit in hand */
        return CLI_OK;
    }
    if (!text)
        return cli_fail(t->cli, GALEN_ERR_USAGE, "\"chart\" should name the chart.");
    return find_id(t->cli, text, ID_CHART, NULL, chart);
}

int member_in(struct task *t, const char *name, unsigned kind, const struct galen_id *chart,
              struct galen_id *out)
{
    const char *text = text_in(t, name);
    if (!text)
        return cli_fail(t->cli, GALEN_ERR_USAGE, "\"%s\" should name one.", name);
    return find_id(t->cli, text, kind, chart, out);
}

int document_in(struct task *t, const struct galen_document **document)
{
    const char *name = text_in(t, "doc");
    char names[DOC_NAMES_MAX];
    *document = name ? galen_document_named(name) : NULL;
    if (*document)
        return CLI_OK;
    document_names(names);
    return cli_fail(t->cli, GALEN_ERR_USAGE, "\"doc\" should be one of %s.", names);
}

int record_in(struct task *t, const struct galen_id *chart, const struct galen_document *document,
              uint8_t record[GALEN_RECORD_ID_BYTES])
{
    const char *text = text_in(t, "record");
    if (!text)
        return cli_fail(t->cli, GALEN_ERR_USAGE, "\"record\" should name one, or be \"new\".");
    return record_named(t->cli, text, chart, document, record);
}

int outcome(struct task *t, enum galen_err err)
{
    return err == GALEN_OK ? CLI_OK : cli_fail(t->cli, err, NULL);
}

int requested(struct task *t, enum galen_err err)
{
    t->has_token = err == GALEN_OK;
    return outcome(t, err);
}

/* -- messages and documents ------------------------------------------------------------------------- */

int do_send(struct task *t)
{
    struct galen_id chart;
    int status = chart_in(t, &chart);
    if (status != CLI_OK)
        return status;
    enum galen_err err =
        galen_engine_message(t->cli->engine, clock_ms(), &chart, bytes_in(t, "text"), t->token);
    return err == GALEN_ERR_FORMAT ? cli_fail(t->cli, err, MESSAGE_HELP, GALEN_MESSAGE_MAX)
                                   : requested(t, err);
}

int do_doc_set(struct task *t)
{
    struct galen_id chart;
    const struct galen_document *document = NULL;
    uint8_t record[GALEN_RECORD_ID_BYTES];
    char why[DOC_WHY_MAX];
    bool proposed = false;
    struct galen_writer write;
    galen_writer_init(&write);
    int status = chart_in(t, &chart);
    if (status == CLI_OK)
        status = document_in(t, &document);
    if (status == CLI_OK)
        status = record_in(t, &chart, document, record);
    if (status == CLI_OK) {
        const cJSON *fields = cJSON_GetObjectItemCaseSensitive(t->in, "fields");
        enum galen_err err = fields_from_json(document, record, fields, &write, why);
        if (err != GALEN_OK)
            status = cli_fail_as(t->cli, CLI_USAGE, err, "%s", why);
    }
    if (status == CLI_OK)
        status = requested(t, galen_engine_write(t->cli->engine, clock_ms(), &chart,
                                                 galen_written(&write), NULL, &proposed, t->token));
    if (status == CLI_OK) {
        json_hex(t->answer, "record", record, sizeof record);
        cJSON_AddBoolToObject(t->answer, "proposed", proposed);
    }
    galen_writer_wipe(&write);
    return status;
}

static int answer_proposal(struct task *t, bool accepted)
{
    struct galen_id chart;
    uint64_t proposal;
    int status = chart_in(t, &chart);
    if (status == CLI_OK)
        status = number_in(t, "index", &proposal);
    return status != CLI_OK ? status
                            : requested(t, galen_engine_answer(t->cli->engine, clock_ms(), &chart,
                                                               proposal, accepted, t->token));
}

int do_accept(struct task *t)
{
    return answer_proposal(t, true);
}

int do_decline(struct task *t)
{
    return answer_proposal(t, false);
}

/* A program names the value by the entry that said it: that never means another one. */
int do_choose(struct task *t)
{
    struct galen_id chart;
    const struct galen_document *document = NULL;
    struct galen_write write = {.count = 1};
    uint64_t index;
    bool proposed;
    int status = chart_in(t, &chart);
    if (status == CLI_OK)
        status = document_in(t, &document);
    if (status == CLI_OK)
        status = record_in(t, &chart, document, write.record);
    if (status == CLI_OK)
        status = number_in(t, "index", &index);
    if (status != CLI_OK)
        return status;
    const char *name = text_in(t, "field");
    const struct galen_field *field = name ? galen_field_named(document, name) : NULL;
    const struct galen_record *record =
        galen_docs_record(galen_engine_docs(t->cli->engine, &chart), document->id, write.record);
    size_t count = field && record ? galen_record_value_count(record, field->number) : 0, i = 0;
    while (i < count && galen_record_value(record, field->number, i).index != index)
        i++;
    if (i == count)
        return cli_fail(t->cli, GALEN_ERR_VALUE,
                        "That entry said no value that this field has now.");
    struct galen_writer w;
    galen_writer_init(&w);
    write.doc = document->id;
    write.fields[0] = (struct galen_write_field){
        field->number, galen_record_value(record, field->number, i).value};
    galen_write_encode(&w, &write);
    status = requested(t, galen_engine_write(t->cli->engine, clock_ms(), &chart, galen_written(&w),
                                             NULL, &proposed, t->token));
    galen_writer_wipe(&w);
    return status;
}

int do_sign(struct task *t)
{
    struct galen_id chart;
    uint8_t visit[GALEN_RECORD_ID_BYTES];
    char help[SIGN_HELP_MAX];
    uint64_t seen = 0;
    const char *record = text_in(t, "visit");
    uint8_t meaning = meaning_named(text_in(t, "meaning"));
    if (meaning == 0)
        return cli_fail(t->cli, GALEN_ERR_USAGE, MEANING_HELP);
    int status = chart_in(t, &chart);
    if (status == CLI_OK)
        status = number_in(t, "seen", &seen);
    if (status == CLI_OK && record)
        status = find_record(t->cli, record, &chart, GALEN_DOC_VISIT, visit);
    if (status != CLI_OK)
        return status;
    enum galen_err err = galen_engine_sign(t->cli->engine, clock_ms(), &chart, seen,
                                           record ? visit : NULL, meaning, t->token);
    if (err == GALEN_OK || err == GALEN_ERR_VALUE)
        return requested(t, err);
    sign_help(t->cli->engine, &chart, record ? visit : NULL, meaning, err, help);
    return cli_fail(t->cli, err, "%s", help);
}

int do_undoable(struct task *t)
{
    struct galen_id chart;
    enum galen_err err;
    int status = chart_in(t, &chart);
    if (status != CLI_OK)
        return status;
    cJSON *undoable = undo_json(t->cli->engine, &chart, &galen_words_en, &err);
    if (!undoable)
        return cli_fail(t->cli, err, NULL);
    json_put(t->answer, "undoable", undoable);
    return CLI_OK;
}

int do_undo(struct task *t)
{
    struct galen_id chart;
    const char *token = text_in(t, "token");
    int status = chart_in(t, &chart);
    if (status != CLI_OK)
        return status;
    if (!token || hex_read(token, t->token, sizeof t->token) != 2 * (int)sizeof t->token)
        return cli_fail(t->cli, GALEN_ERR_USAGE,
                        "\"token\" should be that of a change in the answer to `doc undoable`.");
    return requested(t, galen_engine_undo(t->cli->engine, clock_ms(), &chart, t->token));
}

int do_doc_get(struct task *t)
{
    struct galen_id chart;
    const struct galen_document *document = NULL;
    int status = chart_in(t, &chart);
    if (status == CLI_OK)
        status = document_in(t, &document);
    if (status != CLI_OK)
        return status;
    const struct galen_docs *docs = galen_engine_docs(t->cli->engine, &chart);
    for (size_t i = 0; i < galen_docs_record_count(docs, document->id); i++) {
        cJSON *record =
            record_json(t->cli->engine, &chart, galen_docs_record_at(docs, document->id, i));
        cJSON_AddStringToObject(record, "event", "record");
        print_json(record);
    }
    json_number(t->answer, "size", galen_log_size(galen_engine_log(t->cli->engine, &chart)));
    return CLI_OK;
}

int do_log(struct task *t)
{
    struct galen_id chart;
    uint64_t from = 0;
    int status = chart_in(t, &chart);
    if (status == CLI_OK && cJSON_GetObjectItemCaseSensitive(t->in, "from"))
        status = number_in(t, "from", &from);
    if (status != CLI_OK)
        return status;
    cJSON *entry;
    for (uint64_t i = from; (entry = entry_json(t->cli->engine, &chart, i)) != NULL; i++) {
        cJSON_AddStringToObject(entry, "event", "entry");
        print_json(entry);
    }
    return CLI_OK;
}

int do_draft(struct task *t)
{
    struct galen_id chart;
    const struct galen_document *document = NULL;
    uint8_t record[GALEN_RECORD_ID_BYTES];
    int status = chart_in(t, &chart);
    if (status == CLI_OK)
        status = document_in(t, &document);
    if (status == CLI_OK)
        status = record_in(t, &chart, document, record);
    if (status != CLI_OK)
        return status;
    const char *name = text_in(t, "field");
    const struct galen_field *field = name ? galen_field_named(document, name) : NULL;
    if (!field)
        return cli_fail(t->cli, GALEN_ERR_USAGE, "\"field\" should name one of the document's.");
    return outcome(t, galen_engine_draft(t->cli->engine, &chart, document->id, record,
                                         field->number, bytes_in(t, "text")));
}
