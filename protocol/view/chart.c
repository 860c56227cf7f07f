/* Charts, their members, and requests on their way. */
#include "view.h"

#include <string.h>

size_t people_count(const struct galen_rules *rules)
{
    size_t count = 0;
    for (size_t i = 0; i < galen_rules_member_count(rules); i++) {
        bool again = false;
        for (size_t k = 0; k < i && !again; k++)
            again = galen_id_equal(&galen_rules_member_at(rules, k)->account,
                                   &galen_rules_member_at(rules, i)->account);
        count += again ? 0 : 1;
    }
    return count;
}

/* -- the list of charts ----------------------------------------------------------------------------- */

/* The operation of an entry that counts. False: not open to this device, or not one. */
static bool opened(const struct galen_engine *engine, const struct galen_id *chart,
                   const struct galen_read *read, struct galen_op *op)
{
    struct galen_bytes record, plain;
    struct galen_docs_item item;
    return read->state == GALEN_READ_OPEN &&
           galen_engine_entry(engine, chart, read->index, &record, &plain) &&
           galen_op_read(plain, read->class, op) == GALEN_OK &&
           galen_docs_item(galen_engine_docs(engine, chart), read->index, &item) &&
           item.verdict.err == GALEN_OK;
}

static void add_last(const struct galen_engine *engine, const struct galen_id *chart, cJSON *object)
{
    char name[NAME_TEXT_MAX];
    struct galen_op op;
    const struct galen_log *log = galen_engine_log(engine, chart);
    for (uint64_t i = galen_log_size(log); i-- > 0;) {
        const struct galen_read *read = galen_log_read(log, i);
        if (read->class != GALEN_CLASS_MESSAGE || !opened(engine, chart, read, &op))
            continue;
        cJSON *last = cJSON_CreateObject();
        json_number(last, "index", i);
        json_time(last, "time", read->received_ms);
        json_id(last, "account", &read->account);
        name_of(engine, chart, &read->account, name);
        cJSON_AddStringToObject(last, "name", name);
        cJSON_AddStringToObject(last, "role", galen_role_name(read->role));
        json_text(last, "text", op.content.message);
        json_put(object, "last", last);
        return;
    }
}

static void add_visit(const struct galen_engine *engine, const struct galen_id *chart,
                      cJSON *object)
{
    struct galen_id visit = galen_engine_visit(engine, chart);
    struct galen_id host = galen_engine_visit_host(engine, chart);
    if (galen_id_is_none(&visit))
        return;
    cJSON *open = cJSON_CreateObject();
    json_id(open, "visit", &visit);
    json_id(open, "host", &host);
    json_put(object, "visit", open);
}

/* A time on which everybody agrees; 0: none, or more than one. */
static uint64_t time_said(const struct galen_record *visit, uint16_t number)
{
    struct galen_value value;
    const struct galen_field *field = galen_field(galen_document(GALEN_DOC_VISIT), number);
    if (galen_record_value_count(visit, number) != 1 ||
        galen_value_read(field, galen_record_value(visit, number, 0).value, &value) != GALEN_OK ||
        value.kind != GALEN_VALUE_TIME)
        return 0;
    return value.as.time_ms;
}

static void add_planned_at(cJSON **list, cJSON *object, uint64_t time_ms)
{
    if (time_ms == 0)
        return;
    if (!*list)
        *list = cJSON_AddArrayToObject(object, "planned_ms");
    json_append(*list, cJSON_CreateNumber((double)time_ms));
}

/* When visits are planned, past ones too: a visit that has not begun, and what was agreed on for the next. */
static void add_planned(const struct galen_docs *docs, cJSON *object)
{
    cJSON *list = NULL;
    for (size_t i = 0; i < galen_docs_record_count(docs, GALEN_DOC_VISIT); i++) {
        const struct galen_record *visit = galen_docs_record_at(docs, GALEN_DOC_VISIT, i);
        if (galen_record_state(visit) != GALEN_RECORD_PRESENT)
            continue;
        if (galen_record_value_count(visit, GALEN_VISIT_FIELD_STARTED) == 0)
            add_planned_at(&list, object, time_said(visit, GALEN_VISIT_FIELD_SCHEDULED));
        add_planned_at(&list, object, time_said(visit, GALEN_VISIT_FIELD_NEXT_AT));
    }
}

/* Whose devices were copied, by their own word: also who has none here any more and is to be invited anew. */
static void add_copied(const struct galen_engine *engine, const struct galen_id *chart,
                       cJSON *object)
{
    char name[NAME_TEXT_MAX];
    struct galen_copied copied;
    cJSON *list = NULL;
    for (size_t i = 0; galen_engine_copied_at(engine, chart, i, &copied); i++) {
        cJSON *one = cJSON_CreateObject();
        json_id(one, "device", &copied.device);
        json_id(one, "account", &copied.account);
        name_of(engine, chart, &copied.account, name);
        cJSON_AddStringToObject(one, "name", name);
        cJSON_AddStringToObject(one, "role", galen_role_name(copied.role));
        json_time(one, "since", copied.since_ms);
        cJSON_AddBoolToObject(one, "out", copied.out);
        cJSON_AddBoolToObject(one, "back", copied.back);
        if (!list)
            list = cJSON_AddArrayToObject(object, "copied");
        json_append(list, one);
    }
}

static void add_person(const struct galen_engine *engine, const struct galen_id *chart,
                       const struct galen_id *account, cJSON *object)
{
    static const struct {
        const char *name;
        uint16_t field;
    } lines[] = {{"phone", GALEN_PEOPLE_PHONE}, {"hours", GALEN_PEOPLE_HOURS}};
    char text[NAME_TEXT_MAX];
    name_of(engine, chart, account, text);
    cJSON_AddStringToObject(object, "name", text);
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        person_says(engine, chart, account, lines[i].field, text);
        if (text[0])
            cJSON_AddStringToObject(object, lines[i].name, text);
    }
}

/* Whom to call: of the staff who belong to the chart those who say where, once each. */
static void add_reach(const struct galen_engine *engine, const struct galen_id *chart,
                      const struct galen_rules *rules, cJSON *object)
{
    char phone[NAME_TEXT_MAX];
    cJSON *list = NULL;
    for (size_t i = 0; i < galen_rules_member_count(rules); i++) {
        const struct galen_member *m = galen_rules_member_at(rules, i);
        bool again = false;
        for (size_t k = 0; k < i && !again; k++)
            again = galen_id_equal(&galen_rules_member_at(rules, k)->account, &m->account);
        if (again || !galen_role_is_staff(m->role))
            continue;
        person_says(engine, chart, &m->account, GALEN_PEOPLE_PHONE, phone);
        if (!phone[0])
            continue;
        cJSON *one = cJSON_CreateObject();
        json_id(one, "account", &m->account);
        add_person(engine, chart, &m->account, one);
        cJSON_AddStringToObject(one, "role", galen_role_name(m->role));
        if (!list)
            list = cJSON_AddArrayToObject(object, "reach");
        json_append(list, one);
    }
}

/* When any device of somebody else's was last heard. 0: never. */
static uint64_t others_heard(const struct galen_engine *engine, const struct galen_log *log)
{
    uint64_t heard = 0;
    const struct galen_rules *rules = galen_log_rules(log);
    for (size_t i = 0; i < galen_rules_member_count(rules); i++) {
        const struct galen_member *m = galen_rules_member_at(rules, i);
        const struct galen_head *head = galen_log_head_of(log, &m->device);
        if (head && !galen_id_equal(&m->account, galen_engine_account(engine)) &&
            head->clock_ms > heard)
            heard = head->clock_ms;
    }
    return heard;
}

/* The name of a chart stands in its people document under the chart's own id. */
cJSON *chart_json(const struct galen_engine *engine, const struct galen_id *chart)
{
    char name[NAME_TEXT_MAX];
    const struct galen_log *log = galen_engine_log(engine, chart);
    const struct galen_docs *docs = galen_engine_docs(engine, chart);
    const struct galen_rules *rules = galen_log_rules(log);
    enum galen_err stopped = galen_engine_stopped(engine, chart);
    uint64_t withheld = galen_engine_withheld(engine, chart);
    cJSON *object = cJSON_CreateObject();
    json_id(object, "chart", chart);
    name_of(engine, chart, chart, name);
    cJSON_AddStringToObject(object, "name", name);
    cJSON_AddBoolToObject(object, "practice",
                          galen_id_equal(chart, galen_engine_practice_chart(engine)));
    json_number(object, "entries", galen_log_size(log));
    json_number(object, "server_entries", galen_engine_server_size(engine, chart));
    json_number(object, "epoch", galen_rules_epoch(rules));
    json_number(object, "people", people_count(rules));
    json_number(object, "devices", galen_rules_member_count(rules));
    cJSON_AddBoolToObject(object, "member", galen_rules_member(rules, galen_log_self(log)) != NULL);
    cJSON_AddBoolToObject(object, "holder", galen_log_is_holder(log));
    cJSON_AddBoolToObject(object, "current", galen_engine_current(engine, chart));
    json_number(object, "waiting", galen_engine_waiting(engine, chart));
    json_number(object, "conflicts", galen_docs_conflict_count(docs));
    json_number(object, "proposals", galen_docs_pending_count(docs));
    if (stopped != GALEN_OK)
        cJSON_AddStringToObject(object, "stopped", galen_err_name(stopped));
    if (withheld != GALEN_NO_ENTRY)
        json_number(object, "withheld", withheld);
    add_visit(engine, chart, object);
    add_planned(docs, object);
    add_reach(engine, chart, rules, object);
    add_last(engine, chart, object);
    json_ms(object, "heard_ms", others_heard(engine, log));
    if (galen_engine_link_again(engine, chart, NULL) > 0)
        json_time(object, "link_again", galen_engine_link_again(engine, chart, NULL));
    add_copied(engine, chart, object);
    return object;
}

/* -- members ---------------------------------------------------------------------------------------- */

cJSON *member_json(const struct galen_engine *engine, const struct galen_id *chart,
                   const struct galen_member *m)
{
    const struct galen_head *head = galen_log_head_of(galen_engine_log(engine, chart), &m->device);
    cJSON *object = cJSON_CreateObject();
    json_id(object, "chart", chart);
    json_id(object, "device", &m->device);
    json_id(object, "account", &m->account);
    add_person(engine, chart, &m->account, object);
    cJSON_AddStringToObject(object, "role", galen_role_name(m->role));
    cJSON_AddStringToObject(object, "purpose", purpose_name(m->purpose));
    cJSON_AddBoolToObject(object, "holder", m->holder);
    cJSON_AddBoolToObject(object, "self", galen_id_equal(&m->device, galen_engine_device(engine)));
    json_number(object, "since_epoch", m->since_epoch);
    json_time(object, "expires",
              m->purpose == GALEN_PURPOSE_DEVICE ? m->not_after_ms : m->issues_until_ms);
    if (head) {
        json_number(object, "verified", head->size);
        json_time(object, "heard", head->clock_ms);
    }
    uint64_t again = galen_engine_link_again(engine, chart, &m->account);
    if (again > 0)
        json_time(object, "link_again", again);
    return object;
}

/* -- requests that are not in the log yet ------------------------------------------------------------ */

cJSON *waiting_json(const struct galen_engine *engine, const struct galen_waiting *waiting)
{
    struct galen_op op;
    cJSON *object = cJSON_CreateObject();
    json_hex(object, "token", waiting->token, GALEN_OP_ID_BYTES);
    json_id(object, "chart", &waiting->chart);
    cJSON_AddBoolToObject(object, "held", waiting->held);
    json_ms(object, "composed_ms", waiting->composed_ms);
    if (waiting->class == GALEN_CLASS_EPOCH)
        cJSON_AddStringToObject(object, "kind", "members");
    else if (galen_op_read(waiting->plain, waiting->class, &op) == GALEN_OK) {
        struct waiting_in in = {engine, &waiting->chart, op.kind == GALEN_KIND_PROPOSE};
        operation_json(object, &op, &in);
    } else
        cJSON_AddStringToObject(object, "kind", "unknown");
    return object;
}
