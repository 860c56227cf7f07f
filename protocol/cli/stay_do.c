/* The commands that are given to a running galen on standard input. */
#include "stay.h"

#include <ctype.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One command that is being carried out, and what is answered. */
struct task {
    struct stay *stay;
    struct cli *cli;
    const cJSON *in;
    cJSON *answer;
    galen_token token;
    bool has_token;
};

static const char *text_in(const struct task *t, const char *name)
{
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(t->in, name));
}

static struct galen_bytes bytes_in(const struct task *t, const char *name)
{
    const char *text = text_in(t, name);
    return (struct galen_bytes){(const uint8_t *)text, text ? strlen(text) : 0};
}

static int number_in(const struct task *t, const char *name, uint64_t *out)
{
    const cJSON *number = cJSON_GetObjectItemCaseSensitive(t->in, name);
    if (!cJSON_IsNumber(number) || number->valuedouble < 0 || number->valuedouble > 9e15)
        return cli_fail(t->cli, GALEN_ERR_USAGE, "\"%s\" should be a number.", name);
    *out = (uint64_t)number->valuedouble;
    return CLI_OK;
}

static int chart_in(struct task *t, struct galen_id *chart)
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

static int member_in(struct task *t, const char *name, unsigned kind, const struct galen_id *chart,
                     struct galen_id *out)
{
    const char *text = text_in(t, name);
    if (!text)
        return cli_fail(t->cli, GALEN_ERR_USAGE, "\"%s\" should name one.", name);
    return find_id(t->cli, text, kind, chart, out);
}

static int document_in(struct task *t, const struct galen_document **document)
{
    const char *name = text_in(t, "doc");
    *document = name ? galen_document_named(name) : NULL;
    return *document ? CLI_OK
                     : cli_fail(t->cli, GALEN_ERR_USAGE, "\"doc\" should be pmr, map or people.");
}

static int record_in(struct task *t, const struct galen_id *chart,
                     const struct galen_document *document, uint8_t record[GALEN_RECORD_ID_BYTES])
{
    const char *text = text_in(t, "record");
    if (!text)
        return cli_fail(t->cli, GALEN_ERR_USAGE, "\"record\" should name one, or be \"new\".");
    if (strcmp(text, "new") != 0)
        return find_record(t->cli, text, chart, document->id, record);
    randombytes_buf(record, GALEN_RECORD_ID_BYTES);
    return CLI_OK;
}

static int outcome(struct task *t, enum galen_err err)
{
    return err == GALEN_OK ? CLI_OK : cli_fail(t->cli, err, NULL);
}

static int requested(struct task *t, enum galen_err err)
{
    t->has_token = err == GALEN_OK;
    return outcome(t, err);
}

/* -- messages and documents ------------------------------------------------------------------------- */

static int do_send(struct task *t)
{
    struct galen_id chart;
    int status = chart_in(t, &chart);
    return status != CLI_OK ? status
                            : requested(t, galen_engine_message(t->cli->engine, clock_ms(), &chart,
                                                                bytes_in(t, "text"), t->token));
}

static int do_doc_set(struct task *t)
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
    if (status == CLI_OK &&
        !fields_from_json(document, record, cJSON_GetObjectItemCaseSensitive(t->in, "fields"),
                          &write, why))
        status = cli_fail_as(t->cli, CLI_USAGE, GALEN_ERR_VALUE, "%s", why);
    if (status == CLI_OK)
        status = requested(t, galen_engine_write(t->cli->engine, clock_ms(), &chart,
                                                 galen_written(&write), &proposed, t->token));
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

static int do_accept(struct task *t)
{
    return answer_proposal(t, true);
}

static int do_decline(struct task *t)
{
    return answer_proposal(t, false);
}

/* A program names the value by the entry that said it: that never means another one. */
static int do_choose(struct task *t)
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
                                             &proposed, t->token));
    galen_writer_wipe(&w);
    return status;
}

static int do_doc_get(struct task *t)
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
        cJSON *record = record_json(t->cli, &chart, galen_docs_record_at(docs, document->id, i));
        cJSON_AddStringToObject(record, "event", "record");
        print_json(record);
    }
    return CLI_OK;
}

static int do_log(struct task *t)
{
    struct galen_id chart;
    uint64_t from = 0;
    int status = chart_in(t, &chart);
    if (status == CLI_OK && cJSON_GetObjectItemCaseSensitive(t->in, "from"))
        status = number_in(t, "from", &from);
    if (status != CLI_OK)
        return status;
    cJSON *entry;
    for (uint64_t i = from; (entry = entry_json(t->cli, &chart, i)) != NULL; i++) {
        cJSON_AddStringToObject(entry, "event", "entry");
        print_json(entry);
    }
    return CLI_OK;
}

static int do_draft(struct task *t)
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
    return outcome(t, galen_engine_draft(t->cli->engine, clock_ms(), &chart, document->id, record,
                                         field->number, bytes_in(t, "text")));
}

/* -- people ----------------------------------------------------------------------------------------- */

static int do_identify(struct task *t)
{
    struct galen_id chart, account;
    int status = chart_in(t, &chart);
    if (status == CLI_OK)
        status = member_in(t, "account", ID_ACCOUNT, &chart, &account);
    return status != CLI_OK
               ? status
               : requested(t, galen_engine_identify(t->cli->engine, clock_ms(), &chart, &account,
                                                    bytes_in(t, "text"), t->token));
}

static int do_add(struct task *t)
{
    struct galen_id chart, account;
    int status = chart_in(t, &chart);
    if (status == CLI_OK)
        status = member_in(t, "account", ID_ACCOUNT, galen_engine_practice_chart(t->cli->engine),
                           &account);
    return status != CLI_OK ? status
                            : requested(t, galen_engine_add_member(t->cli->engine, clock_ms(),
                                                                   &chart, &account, t->token));
}

static int do_remove(struct task *t)
{
    struct galen_id chart, account;
    int status = chart_in(t, &chart);
    if (status == CLI_OK)
        status = member_in(t, "account", ID_ACCOUNT, &chart, &account);
    return status != CLI_OK ? status
                            : requested(t, galen_engine_remove_member(t->cli->engine, clock_ms(),
                                                                      &chart, &account, t->token));
}

static int do_chart_new(struct task *t)
{
    struct galen_id chart;
    enum galen_err err =
        galen_engine_chart_new(t->cli->engine, clock_ms(), bytes_in(t, "name"), &chart, t->token);
    if (err == GALEN_OK)
        json_id(t->answer, "chart", &chart);
    return requested(t, err);
}

static int do_invite(struct task *t)
{
    struct galen_id chart;
    const char *role = text_in(t, "role");
    bool named = text_in(t, "chart") != NULL;
    int status = named ? chart_in(t, &chart) : CLI_OK;
    if (status != CLI_OK)
        return status;
    struct galen_writer link;
    galen_writer_init(&link);
    enum galen_err err = galen_engine_invite(
        t->cli->engine, clock_ms(), role ? galen_role_named(role) : (enum galen_role)0,
        named ? &chart : NULL, bytes_in(t, "name"), &link, t->token);
    if (err == GALEN_OK)
        json_text(t->answer, "link", galen_written(&link));
    galen_writer_wipe(&link);
    return requested(t, err);
}

static int do_release(struct task *t)
{
    galen_token token;
    const char *text = text_in(t, "token");
    if (!text || hex_read(text, token, sizeof token) != 2 * (int)sizeof token)
        return cli_fail(t->cli, GALEN_ERR_USAGE, "\"token\" should be the one of the held event.");
    return outcome(
        t, galen_engine_release(t->cli->engine, clock_ms(), token,
                                cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(t->in, "send"))));
}

/* -- visits ----------------------------------------------------------------------------------------- */

static int do_visit_open(struct task *t)
{
    struct galen_id chart, visit;
    int status = chart_in(t, &chart);
    if (status != CLI_OK)
        return status;
    enum galen_err err = galen_engine_visit_open(t->cli->engine, clock_ms(), &chart, &visit);
    if (err == GALEN_OK)
        json_id(t->answer, "visit", &visit);
    return outcome(t, err);
}

static int do_knock(struct task *t)
{
    struct galen_id chart;
    int status = chart_in(t, &chart);
    return status != CLI_OK ? status
                            : outcome(t, galen_engine_knock(t->cli->engine, clock_ms(), &chart));
}

static int admit(struct task *t, bool admitted)
{
    struct galen_id device;
    int status = member_in(t, "device", ID_DEVICE, NULL, &device);
    return status != CLI_OK
               ? status
               : outcome(t, galen_engine_admit(t->cli->engine, clock_ms(), &device, admitted));
}

static int do_admit(struct task *t)
{
    return admit(t, !cJSON_IsFalse(cJSON_GetObjectItemCaseSensitive(t->in, "admitted")));
}

static int do_refuse(struct task *t)
{
    return admit(t, false);
}

static int do_leave(struct task *t)
{
    galen_engine_leave(t->cli->engine, clock_ms());
    t->stay->over = !galen_id_is_none(&t->stay->chart);
    return CLI_OK;
}

static int do_visit_end(struct task *t)
{
    struct galen_id chart;
    int status = chart_in(t, &chart);
    return status != CLI_OK
               ? status
               : outcome(t, galen_engine_visit_end(t->cli->engine, clock_ms(), &chart));
}

static int do_call(struct task *t)
{
    struct galen_id chart;
    struct stay *s = t->stay;
    int status = chart_in(t, &chart);
    if (status != CLI_OK)
        return status;
    if (s->voice)
        return cli_fail(t->cli, GALEN_ERR_STATE, "There is a call already. Hang up first.");
    struct voice_config config = {
        .in = text_in(t, "in"),
        .out = text_in(t, "out"),
        .mute = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(t->in, "muted"))};
    if (cJSON_GetObjectItemCaseSensitive(t->in, "seconds"))
        status = number_in(t, "seconds", &config.seconds);
    if (status != CLI_OK)
        return status;
    s->voice = voice_new(t->cli, &config);
    s->voice_told = false;
    if (!s->voice)
        return CLI_FAILED; /* said already */
    enum galen_err err = galen_engine_knock(t->cli->engine, clock_ms(), &chart);
    if (err != GALEN_OK) {
        (void)voice_free(s->voice);
        s->voice = NULL;
    }
    return outcome(t, err);
}

static int do_mute(struct task *t)
{
    bool mute = !cJSON_IsFalse(cJSON_GetObjectItemCaseSensitive(t->in, "muted"));
    if (!t->stay->voice)
        return cli_fail(t->cli, GALEN_ERR_STATE, "There is no call.");
    voice_mute(t->stay->voice, mute);
    return CLI_OK;
}

static int do_unmute(struct task *t)
{
    if (!t->stay->voice)
        return cli_fail(t->cli, GALEN_ERR_STATE, "There is no call.");
    voice_mute(t->stay->voice, false);
    return CLI_OK;
}

static int do_hang_up(struct task *t)
{
    struct stay *s = t->stay;
    if (!s->voice)
        return cli_fail(t->cli, GALEN_ERR_STATE, "There is no call.");
    if (!galen_id_is_none(&s->chart)) {
        s->over = true;
        return CLI_OK;
    }
    stay_tell_voice(s);
    galen_engine_leave(t->cli->engine, clock_ms());
    int status = voice_free(s->voice);
    s->voice = NULL;
    return status;
}

/* -- the table -------------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    int (*run)(struct task *t);
    const char *word; /* what a second word means, where a person types words */
} tasks[] = {
    {"send", do_send, "text"},         {"doc set", do_doc_set, NULL},
    {"doc propose", do_doc_set, NULL}, {"doc accept", do_accept, NULL},
    {"doc decline", do_decline, NULL}, {"doc choose", do_choose, NULL},
    {"doc get", do_doc_get, NULL},     {"log", do_log, NULL},
    {"draft", do_draft, NULL},         {"identify", do_identify, NULL},
    {"chart new", do_chart_new, NULL}, {"chart add", do_add, NULL},
    {"chart remove", do_remove, NULL}, {"invite", do_invite, NULL},
    {"release", do_release, NULL},     {"visit open", do_visit_open, NULL},
    {"visit end", do_visit_end, NULL}, {"end", do_visit_end, NULL},
    {"knock", do_knock, NULL},         {"admit", do_admit, "device"},
    {"refuse", do_refuse, "device"},   {"leave", do_leave, NULL},
    {"call", do_call, NULL},           {"mute", do_mute, NULL},
    {"unmute", do_unmute, NULL},       {"hang up", do_hang_up, NULL},
};
#define TASK_COUNT (sizeof tasks / sizeof *tasks)

/* Names are alike with spaces, hyphens and underscores. */
static bool is_named(const char *name, const char *typed)
{
    for (; *name && *typed; name++, typed++)
        if (*name != *typed && !(*name == ' ' && (*typed == '-' || *typed == '_')))
            return false;
    return *name == 0 && *typed == 0;
}

static size_t find_task(const char *typed)
{
    for (size_t i = 0; i < TASK_COUNT; i++)
        if (typed && is_named(tasks[i].name, typed))
            return i;
    return TASK_COUNT;
}

/* "admit 1a2b" as {"do":"admit","device":"1a2b"}. */
static cJSON *from_words(const char *line, size_t size)
{
    char words[512];
    if (size == 0 || size >= sizeof words)
        return NULL;
    memcpy(words, line, size);
    words[size] = 0;
    while (size > 0 && isspace((unsigned char)words[size - 1]))
        words[--size] = 0;
    if (find_task(words) < TASK_COUNT)
        return json_new("do", words);
    char *space = strchr(words, ' ');
    if (!space)
        return json_new("do", words);
    *space = 0;
    size_t i = find_task(words);
    cJSON *object = json_new("do", words);
    if (i < TASK_COUNT && tasks[i].word)
        cJSON_AddStringToObject(object, tasks[i].word, space + 1);
    return object;
}

static void answer(struct task *t, int status, const struct captured *failure)
{
    cJSON_AddBoolToObject(t->answer, "ok", status == CLI_OK);
    if (status != CLI_OK) {
        cJSON_AddStringToObject(t->answer, "error", galen_err_name(failure->err));
        cJSON_AddStringToObject(t->answer, "message", failure->text);
    }
    if (t->has_token)
        json_hex(t->answer, "token", t->token, sizeof t->token);
    if (t->cli->json) {
        print_json(t->answer);
        return;
    }
    if (status != CLI_OK)
        fprintf(stderr, "galen: %s\n", failure->text);
    cJSON_Delete(t->answer);
}

void stay_do(struct stay *s, const char *line, size_t size)
{
    struct task t = {.stay = s, .cli = s->cli};
    struct captured failure = {0};
    while (size > 0 && isspace((unsigned char)*line)) {
        line++;
        size--;
    }
    if (size == 0)
        return;
    cJSON *in = *line == '{' ? cJSON_ParseWithLength(line, size) : from_words(line, size);
    t.in = in;
    t.answer = json_new("event", "answer");
    const char *what = in ? text_in(&t, "do") : NULL;
    size_t i = find_task(what);
    if (what)
        cJSON_AddStringToObject(t.answer, "do", what);
    if (in && cJSON_GetObjectItemCaseSensitive(in, "id"))
        cJSON_AddItemToObject(t.answer, "id",
                              cJSON_Duplicate(cJSON_GetObjectItemCaseSensitive(in, "id"), true));
    s->cli->captured = &failure;
    int status;
    if (!in)
        status = cli_fail(s->cli, GALEN_ERR_USAGE, "This line is not a JSON object.");
    else if (i == TASK_COUNT)
        status = cli_fail(s->cli, GALEN_ERR_USAGE,
                          "\"do\" should name a command; `galen agent --help` lists them.");
    else
        status = tasks[i].run(&t);
    s->cli->captured = NULL;
    answer(&t, status, &failure);
    cJSON_Delete(in);
}
