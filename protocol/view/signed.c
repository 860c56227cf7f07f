/* What was signed, as evidence shows it. */
#include "view.h"

#include "galen/signed.h"

#include <string.h>

/* `proposed`: of a text it is how it would change, against what its author had seen of the log. */
static void add_text(cJSON *array, const struct galen_document *document, uint16_t field,
                     struct galen_bytes value, bool proposed)
{
    struct galen_writer text;
    const struct galen_field *known = document ? galen_field(document, field) : NULL;
    galen_writer_init(&text);
    if (proposed && known && known->kind == GALEN_VALUE_TEXT)
        splices_text(value, &text);
    else
        value_text(document, field, value, &text);
    cJSON *holder = cJSON_CreateObject();
    json_written(holder, "value", &text);
    json_append(array, cJSON_DetachItemFromObjectCaseSensitive(holder, "value"));
    cJSON_Delete(holder);
    galen_writer_wipe(&text);
}

static cJSON *field_in(cJSON *fields, const struct galen_document *document, uint16_t number)
{
    char room[8];
    const char *name = field_name(document, number, room);
    cJSON *values = cJSON_GetObjectItemCaseSensitive(fields, name);
    if (values)
        return values;
    json_put(fields, name, cJSON_CreateArray());
    return cJSON_GetObjectItemCaseSensitive(fields, name);
}

/* Equal values that several people wrote are one. */
static bool is_there(const cJSON *values, const cJSON *value)
{
    const cJSON *one;
    cJSON_ArrayForEach(one, values)
    {
        if (one != value && cJSON_Compare(one, value, true))
            return true;
    }
    return false;
}

static void add_value(cJSON *fields, const struct galen_document *document, uint16_t field,
                      struct galen_bytes value, bool proposed)
{
    cJSON *values = field_in(fields, document, field);
    if (!values || value.size == 0)
        return;
    add_text(values, document, field, value, proposed);
    int last = cJSON_GetArraySize(values) - 1;
    if (last > 0 && is_there(values, cJSON_GetArrayItem(values, last)))
        cJSON_DeleteItemFromArray(values, last);
}

static void add_proposals(cJSON *object, const struct galen_document *document,
                          struct galen_signed_record *record)
{
    struct galen_signed_proposal proposal;
    struct galen_write_field field;
    cJSON *proposals = cJSON_CreateArray();
    while (galen_signed_next_proposal(record, &proposal)) {
        if (proposal.state != GALEN_PROPOSAL_PENDING)
            continue;
        cJSON *one = cJSON_CreateObject(), *fields = cJSON_CreateObject();
        json_number(one, "index", proposal.index);
        json_number(one, "base", proposal.base);
        while (galen_signed_next_field(&proposal, &field))
            add_value(fields, document, field.field, field.value, true);
        json_put(one, "fields", fields);
        json_append(proposals, one);
    }
    if (cJSON_GetArraySize(proposals) > 0)
        json_put(object, "proposals", proposals);
    else
        cJSON_Delete(proposals);
}

static cJSON *signed_record_json(struct galen_signed_record *record)
{
    const struct galen_document *document = galen_document(record->doc);
    struct galen_reader said = {0};
    struct galen_signed_value value;
    cJSON *object = cJSON_CreateObject(), *fields = cJSON_CreateObject();
    if (document)
        cJSON_AddStringToObject(object, "doc", document->name);
    else
        json_number(object, "doc", record->doc);
    json_hex(object, "record", record->id, sizeof record->id);
    cJSON_AddStringToObject(object, "state",
                            record->state == GALEN_RECORD_PRESENT    ? "present"
                            : record->state == GALEN_RECORD_PROPOSED ? "proposed"
                            : record->state == GALEN_RECORD_EMPTY    ? "empty"
                                                                     : "declined");
    while (galen_signed_next_value(record, &said, &value))
        add_value(fields, document, value.field, value.value, false);
    json_put(object, "fields", fields);
    add_proposals(object, document, record);
    return object;
}

cJSON *signed_json(struct galen_bytes documents)
{
    struct galen_signed in;
    struct galen_signed_record record;
    if (galen_signed_read(documents, &in) != GALEN_OK)
        return NULL;
    cJSON *object = cJSON_CreateObject(), *records = cJSON_CreateArray();
    json_number(object, "schema", in.schema);
    while (galen_signed_next(&in, &record))
        json_append(records, signed_record_json(&record));
    json_put(object, "records", records);
    return object;
}

bool signed_name(struct galen_bytes documents, const struct galen_id *account,
                 char out[NAME_TEXT_MAX])
{
    struct galen_signed in;
    struct galen_signed_record record;
    if (galen_signed_read(documents, &in) != GALEN_OK)
        return false;
    while (galen_signed_next(&in, &record)) {
        struct galen_reader said = {0};
        struct galen_signed_value value;
        if (record.doc != GALEN_DOC_PEOPLE || memcmp(record.id, account->bytes, sizeof record.id))
            continue;
        while (galen_signed_next_value(&record, &said, &value))
            if (value.field == GALEN_PEOPLE_NAME && value.value.size > 0 &&
                value.value.size < NAME_TEXT_MAX) {
                memcpy(out, value.value.at, value.value.size);
                out[value.value.size] = 0;
                return true;
            }
    }
    return false;
}
