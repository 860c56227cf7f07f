/* One record of a document, with who said what, and what was said before. */
#include "view.h"

#include <stdio.h>
#include <string.h>

const char *field_name(const struct galen_document *document, uint16_t number, char room[8])
{
    const struct galen_field *field = document ? galen_field(document, number) : NULL;
    if (field)
        return field->name;
    snprintf(room, 8, "%u", number);
    return room;
}

void value_text(const struct galen_document *document, uint16_t number, struct galen_bytes value,
                struct galen_writer *out)
{
    static const char newer[] = "(needs a newer version)";
    const struct galen_field *field = document ? galen_field(document, number) : NULL;
    if (value.size == 0)
        return;
    if (!field || galen_value_print(out, field, value) != GALEN_OK)
        galen_write(out, newer, sizeof newer - 1);
}

static const char *record_state_name(enum galen_record_state state)
{
    return state == GALEN_RECORD_PRESENT    ? "present"
           : state == GALEN_RECORD_PROPOSED ? "proposed"
           : state == GALEN_RECORD_EMPTY    ? "empty"
                                            : "declined";
}

static const char *proposal_state_name(enum galen_proposal_state state)
{
    static const char *const names[] = {[GALEN_PROPOSAL_PENDING] = "pending",
                                        [GALEN_PROPOSAL_ACCEPTED] = "accepted",
                                        [GALEN_PROPOSAL_DECLINED] = "declined",
                                        [GALEN_PROPOSAL_CONTESTED] = "contested"};
    return names[state];
}

static void add_author(const struct galen_engine *engine, cJSON *object,
                       const struct galen_id *chart, const struct galen_docs_entry *entry)
{
    char name[NAME_TEXT_MAX];
    name_of(engine, chart, &entry->account, name);
    json_id(object, "account", &entry->account);
    json_id(object, "device", &entry->device);
    cJSON_AddStringToObject(object, "name", name);
    cJSON_AddStringToObject(object, "role", galen_role_name(entry->role));
    json_time(object, "time", entry->received_ms);
}

static void add_value(cJSON *object, const char *name, const struct galen_document *document,
                      uint16_t field, struct galen_bytes value)
{
    struct galen_writer text;
    galen_writer_init(&text);
    value_text(document, field, value, &text);
    json_written(object, name, &text);
    galen_writer_wipe(&text);
}

/* What somebody said, the `number`th from 1. */
static cJSON *said_json(const struct galen_engine *engine, const struct galen_id *chart,
                        const struct galen_record *record, uint16_t field, size_t number,
                        const struct galen_said *said)
{
    cJSON *value = cJSON_CreateObject();
    json_number(value, "number", number);
    add_value(value, "value", galen_document(galen_record_doc(record)), field, said->value);
    json_number(value, "index", said->index);
    add_author(engine, value, chart, said->entry);
    if (said->proposer) {
        json_number(value, "proposal", said->proposal);
        json_id(value, "proposed_by", &said->proposer->account);
    }
    return value;
}

/* What each edit of a text changed goes into the entries of its history. */
static void add_changes(void *user, size_t i, const struct galen_text_part *parts, size_t count)
{
    cJSON **next = user;
    cJSON *changes = cJSON_CreateArray();
    (void)i;
    if (*next == NULL) { /* there was no memory for it, which is known */
        cJSON_Delete(changes);
        return;
    }
    for (size_t k = 0; k < count; k++) {
        cJSON *part = cJSON_CreateObject();
        json_number(part, "at", parts[k].at);
        json_text(part, "gone", parts[k].gone);
        json_text(part, "came", parts[k].came);
        json_append(changes, part);
    }
    cJSON_DeleteItemFromObjectCaseSensitive(*next, "value");
    json_put(*next, "changes", changes);
    *next = (*next)->next;
}

cJSON *history_json(const struct galen_engine *engine, const struct galen_id *chart,
                    const struct galen_record *record, uint16_t field)
{
    cJSON *history = cJSON_CreateArray();
    for (size_t i = 0; i < galen_record_history_count(record, field); i++) {
        struct galen_said said = galen_record_history(record, field, i);
        cJSON *value = said_json(engine, chart, record, field, i + 1, &said);
        cJSON_AddBoolToObject(value, "current", said.current);
        json_append(history, value);
    }
    const struct galen_field *known = galen_field(galen_document(galen_record_doc(record)), field);
    cJSON *first = history ? history->child : NULL;
    if (known && known->kind == GALEN_VALUE_TEXT &&
        galen_record_text_history(record, field, add_changes, &first) != GALEN_OK) {
        cJSON_Delete(history);
        return NULL;
    }
    return history;
}

/* All values that a field has now, numbered from 1. */
static cJSON *field_json(const struct galen_engine *engine, const struct galen_id *chart,
                         const struct galen_record *record, uint16_t field)
{
    const struct galen_document *document = galen_document(galen_record_doc(record));
    size_t count = galen_record_value_count(record, field);
    cJSON *object = cJSON_CreateObject(), *values = cJSON_CreateArray();
    if (count == 1)
        add_value(object, "value", document, field, galen_record_value(record, field, 0).value);
    cJSON_AddBoolToObject(object, "conflict", count > 1);
    if (document->id == GALEN_DOC_DTP && field == GALEN_DTP_ANSWER &&
        galen_record_answer_outdated(record))
        cJSON_AddBoolToObject(object, "outdated", true);
    for (size_t i = 0; i < count; i++) {
        struct galen_said said = galen_record_value(record, field, i);
        json_append(values, said_json(engine, chart, record, field, i + 1, &said));
    }
    json_put(object, "values", values);
    return object;
}

static bool waits(const struct galen_proposal *proposal)
{
    enum galen_proposal_state state = galen_proposal_state(proposal);
    return state == GALEN_PROPOSAL_PENDING || state == GALEN_PROPOSAL_CONTESTED;
}

/* May it be accepted still? After it was declined: while the record is no part of the patient's. */
static bool is_open(const struct galen_proposal *proposal)
{
    return waits(proposal) ||
           (galen_proposal_state(proposal) == GALEN_PROPOSAL_DECLINED &&
            galen_record_state(galen_proposal_record(proposal)) != GALEN_RECORD_PRESENT);
}

/* What a field of a proposal would say, or with `shown` false how it changes a text. */
static void add_proposed(cJSON *fields, const struct galen_proposal *proposal, size_t i, bool shown)
{
    const struct galen_document *document =
        galen_document(galen_record_doc(galen_proposal_record(proposal)));
    struct galen_write_field given = galen_proposal_field(proposal, i);
    char room[8];
    const char *name = field_name(document, given.field, room);
    struct galen_writer text;
    if (galen_field(document, given.field)->kind != GALEN_VALUE_TEXT) {
        add_value(fields, name, document, given.field, given.value);
        return;
    }
    galen_writer_init(&text);
    enum galen_err err = shown ? galen_proposal_preview(proposal, i, &text) : GALEN_ERR_FULL;
    if (err == GALEN_ERR_FULL)
        splices_text(given.value, &text);
    if (err == GALEN_ERR_MEMORY)
        json_lost();
    json_written(fields, name, &text);
    galen_writer_wipe(&text);
}

static cJSON *proposal_json(const struct galen_engine *engine, const struct galen_id *chart,
                            const struct galen_proposal *proposal, bool shown)
{
    cJSON *object = cJSON_CreateObject(), *fields = cJSON_CreateObject();
    json_number(object, "index", galen_proposal_index(proposal));
    cJSON_AddStringToObject(object, "state", proposal_state_name(galen_proposal_state(proposal)));
    if (is_open(proposal) && !shown)
        cJSON_AddBoolToObject(object, "later", true);
    add_author(engine, object, chart, galen_proposal_entry(proposal));
    for (size_t i = 0; i < galen_proposal_field_count(proposal); i++)
        add_proposed(fields, proposal, i, shown);
    json_put(object, "fields", fields);
    cJSON *answers = cJSON_CreateArray();
    for (size_t i = 0; i < galen_proposal_answer_count(proposal); i++) {
        struct galen_answer answer = galen_proposal_answer(proposal, i);
        cJSON *one = cJSON_CreateObject();
        json_number(one, "index", answer.index);
        cJSON_AddBoolToObject(one, "accepted", answer.accepted);
        cJSON_AddBoolToObject(one, "current", answer.current);
        add_author(engine, one, chart, answer.entry);
        json_append(answers, one);
    }
    json_put(object, "answers", answers);
    return object;
}

cJSON *record_json(const struct galen_engine *engine, const struct galen_id *chart,
                   const struct galen_record *record)
{
    const struct galen_document *document = galen_document(galen_record_doc(record));
    cJSON *object = cJSON_CreateObject(), *fields = cJSON_CreateObject();
    cJSON *proposals = cJSON_CreateArray();
    size_t behind = 0; /* that are open */
    json_id(object, "chart", chart);
    cJSON_AddStringToObject(object, "doc", document ? document->name : "unknown");
    json_hex(object, "record", galen_record_id(record), GALEN_RECORD_ID_BYTES);
    cJSON_AddStringToObject(object, "state", record_state_name(galen_record_state(record)));
    json_number(object, "conflicts", galen_record_conflict_count(record));
    for (size_t i = 0; document && i < document->field_count; i++)
        if (galen_record_value_count(record, document->fields[i].number) > 0)
            json_put(fields, document->fields[i].name,
                     field_json(engine, chart, record, document->fields[i].number));
    json_put(object, "fields", fields);
    for (size_t i = 0; i < galen_record_proposal_count(record); i++)
        behind += is_open(galen_record_proposal(record, i));
    for (size_t i = 0; i < galen_record_proposal_count(record); i++) {
        const struct galen_proposal *proposal = galen_record_proposal(record, i);
        if (galen_proposal_state(proposal) == GALEN_PROPOSAL_REPLACED)
            continue;
        bool shown = is_open(proposal) && behind-- <= PROPOSALS_SHOWN_MAX;
        json_append(proposals, proposal_json(engine, chart, proposal, shown));
    }
    json_put(object, "proposals", proposals);
    return object;
}
