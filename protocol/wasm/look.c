/* Answers that change nothing. */
#include "ask.h"

#include "galen/text.h"

#include <stdio.h>
#include <string.h>

/* -- the home ----------------------------------------------------------------------------------------- */

enum galen_err ask_home(struct asked *a)
{
    a->answer = home_json(a->engine);
    return GALEN_OK;
}

/* NULL: there are no words in it, and `help` says so. */
static const struct galen_language *asked_language(struct asked *a)
{
    const char *code = a->language ? a->language : "en";
    const struct galen_language *language = galen_language(code);
    if (!language)
        snprintf(a->help, sizeof a->help, "There are no words in the language `%s`.", code);
    return language;
}

enum galen_err ask_schema(struct asked *a)
{
    const struct galen_language *language = asked_language(a);
    if (!language)
        return GALEN_ERR_VALUE;
    a->answer = schema_json(language, galen_engine_role(a->engine));
    return GALEN_OK;
}

enum galen_err ask_call(struct asked *a)
{
    a->answer = call_json(a->engine);
    return GALEN_OK;
}

enum galen_err ask_look(struct asked *a)
{
    struct galen_link link;
    enum galen_err err = galen_link_look(a->link, &link);
    if (err != GALEN_OK)
        return err;
    a->answer = cJSON_CreateObject();
    json_text(a->answer, "host", link.host);
    json_id(a->answer, "practice", &link.practice);
    json_id(a->answer, "device", &link.device);
    if (link.guest)
        json_ms(a->answer, "guest_until_ms", link.until_ms);
    return GALEN_OK;
}

/* -- charts ------------------------------------------------------------------------------------------- */

enum galen_err ask_charts(struct asked *a)
{
    a->answer = cJSON_CreateArray();
    for (size_t i = 0; i < galen_engine_chart_count(a->engine); i++)
        json_append(a->answer, chart_json(a->engine, galen_engine_chart_at(a->engine, i)));
    return GALEN_OK;
}

enum galen_err ask_members(struct asked *a)
{
    const struct galen_rules *rules = galen_log_rules(galen_engine_log(a->engine, &a->chart));
    a->answer = cJSON_CreateArray();
    for (size_t i = 0; i < galen_rules_member_count(rules); i++)
        json_append(a->answer, member_json(a->engine, &a->chart, galen_rules_member_at(rules, i)));
    return GALEN_OK;
}

static bool is_asked_for(const struct asked *a, const struct galen_log *log, uint64_t index)
{
    return !(a->given & ASK_BIT(ASK_CLASS)) || galen_log_read(log, index)->class == a->class;
}

enum galen_err ask_entries(struct asked *a)
{
    const struct galen_log *log = galen_engine_log(a->engine, &a->chart);
    uint64_t size = galen_log_size(log), from = a->from, left = a->count;
    bool backwards = a->given & ASK_BIT(ASK_BEFORE);
    if (backwards == ((a->given & ASK_BIT(ASK_FROM)) != 0)) {
        strcpy(a->help, "`entries` needs one of the fields `from` and `before`.");
        return GALEN_ERR_USAGE;
    }
    if (backwards) { /* the last `count` before it: find where they begin */
        from = a->before < size ? a->before : size;
        size = from;
        for (uint64_t i = from; i-- > 0 && left > 0;)
            if (is_asked_for(a, log, i)) {
                from = i;
                left--;
            }
        left = a->count;
    }
    a->answer = cJSON_CreateArray();
    for (uint64_t i = from; i < size && left > 0; i++)
        if (is_asked_for(a, log, i)) {
            json_append(a->answer, entry_json(a->engine, &a->chart, i));
            left--;
        }
    return GALEN_OK;
}

enum galen_err ask_waiting(struct asked *a)
{
    struct galen_waiting waiting;
    a->answer = cJSON_CreateArray();
    for (size_t i = 0; galen_engine_waiting_at(a->engine, &a->chart, i, &waiting); i++)
        json_append(a->answer, waiting_json(a->engine, &waiting));
    return GALEN_OK;
}

/* -- documents ---------------------------------------------------------------------------------------- */

enum galen_err ask_records(struct asked *a)
{
    const struct galen_docs *docs = galen_engine_docs(a->engine, &a->chart);
    a->answer = cJSON_CreateArray();
    for (size_t i = 0; i < galen_docs_record_count(docs, a->document->id); i++)
        json_append(a->answer, record_json(a->engine, &a->chart,
                                           galen_docs_record_at(docs, a->document->id, i)));
    return GALEN_OK;
}

enum galen_err ask_history(struct asked *a)
{
    const struct galen_field *field = ask_field_named(a);
    const struct galen_record *record =
        galen_docs_record(galen_engine_docs(a->engine, &a->chart), a->document->id, a->record);
    if (!field)
        return GALEN_ERR_USAGE;
    a->answer =
        record ? history_json(a->engine, &a->chart, record, field->number) : cJSON_CreateArray();
    return GALEN_OK;
}

enum galen_err ask_then(struct asked *a)
{
    enum galen_err err;
    a->answer = then_json(a->engine, &a->chart, a->before, &err);
    if (err == GALEN_ERR_VALUE)
        strcpy(a->help,
               "`before` should be the number of an entry's successor, at most the log's size.");
    return err;
}

enum galen_err ask_undoable(struct asked *a)
{
    const struct galen_language *language = asked_language(a);
    enum galen_err err = GALEN_ERR_VALUE;
    if (language)
        a->answer = undo_json(a->engine, &a->chart, language, &err);
    return err;
}

/* -- safety aids -------------------------------------------------------------------------------------- */

enum galen_err ask_findings(struct asked *a)
{
    enum galen_err err;
    a->answer = findings_json(galen_engine_docs(a->engine, &a->chart), a->now_ms,
                              galen_engine_role(a->engine), &err);
    return err;
}

enum galen_err ask_writing(struct asked *a)
{
    if (writing_json(a->document, a->field, a->text, &a->answer))
        return GALEN_OK;
    snprintf(a->help, sizeof a->help, "`%s` has no such field.", a->document->name);
    return GALEN_ERR_USAGE;
}

/* What somebody made of what a text was, when it shows something else by now; and how that changes what they made. */
enum galen_err ask_merge(struct asked *a)
{
    struct galen_writer merged;
    struct galen_splices ours = {0}, changes = {0};
    galen_writer_init(&merged);
    enum galen_err err = GALEN_ERR_VALUE;
    if (galen_text_ok(a->was) && galen_text_ok(a->made) && galen_text_ok(a->shown))
        err = galen_text_merge(a->was, a->made, a->shown, &ours);
    if (err == GALEN_OK)
        err = galen_text_spliced(a->shown, &ours, &merged);
    if (err == GALEN_OK)
        err = galen_text_difference(a->made, galen_written(&merged), &changes);
    if (err == GALEN_OK) {
        a->answer = cJSON_CreateObject();
        json_text(a->answer, "text", galen_written(&merged));
        cJSON *list = cJSON_AddArrayToObject(a->answer, "changes");
        for (size_t i = 0; i < changes.count; i++) {
            cJSON *one = cJSON_CreateObject();
            json_number(one, "at", changes.at[i].at);
            json_number(one, "deleted", changes.at[i].deleted);
            json_number(one, "inserted", galen_text_points(changes.at[i].inserted));
            json_append(list, one);
        }
    }
    galen_splices_free(&ours);
    galen_splices_free(&changes);
    galen_writer_wipe(&merged);
    return err;
}

enum galen_err ask_versions(struct asked *a)
{
    a->answer = versions_json(a->engine, &a->chart);
    return GALEN_OK;
}

enum galen_err ask_papers(struct asked *a)
{
    enum galen_err err;
    struct papers_asked asked = {
        .version = a->given & ASK_BIT(ASK_VERSION) ? a->version : PAPERS_NEWEST,
        .list = a->list,
        .a4 = a->a4,
        .zone_minutes = a->zone_minutes,
    };
    a->answer = papers_json(a->engine, &a->chart, &asked, a->now_ms, &err);
    if (err == GALEN_ERR_VALUE)
        strcpy(a->help, "There is no such version. Ask `versions` which there are.");
    return err;
}

/* -- evidence ----------------------------------------------------------------------------------------- */

enum galen_err ask_evidence(struct asked *a)
{
    struct galen_evidence_options options = {.clock_ms = a->now_ms};
    return galen_engine_evidence(a->engine, &a->chart, &options, &a->file);
}

/* Who has signed that they verified this history, and up to where. */
static void add_verified(struct asked *a)
{
    char name[NAME_TEXT_MAX];
    const struct galen_log *log = galen_engine_log(a->engine, &a->chart);
    const struct galen_rules *rules = galen_log_rules(log);
    cJSON *verified = cJSON_CreateArray();
    for (size_t i = 0; i < galen_rules_member_count(rules); i++) {
        const struct galen_member *m = galen_rules_member_at(rules, i);
        const struct galen_head *head = galen_log_head_of(log, &m->device);
        if (!head)
            continue;
        cJSON *one = cJSON_CreateObject();
        json_id(one, "device", &m->device);
        json_id(one, "account", &m->account);
        name_of(a->engine, &a->chart, &m->account, name);
        cJSON_AddStringToObject(one, "name", name);
        json_number(one, "size", head->size);
        json_time(one, "heard", head->clock_ms);
        json_append(verified, one);
    }
    json_put(a->answer, "verified", verified);
}

/* What this device holds is checked as if somebody else had given it. */
enum galen_err ask_check(struct asked *a)
{
    struct galen_evidence_report report;
    enum galen_err err = ask_evidence(a);
    if (err == GALEN_OK)
        a->answer =
            evidence_json(galen_written(&a->file), galen_engine_practice(a->engine), &report, &err);
    if (a->answer)
        add_verified(a);
    galen_writer_wipe(&a->file);
    return err;
}
