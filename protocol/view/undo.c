/* What somebody could take back of what they wrote, in words. */
#include "view.h"

#include <stdio.h>
#include <string.h>

enum { TITLES_TRIED_MAX = 8 }; /* proposals that are looked at for one, the newest first */

/* ---- What a record is called --------------------------------------------------------------------- */

/* The field by which people call the records of a document. */
static uint16_t title_field(uint8_t doc)
{
    return doc == GALEN_DOC_PMR         ? GALEN_PMR_REGIMEN
           : doc == GALEN_DOC_MAP       ? GALEN_MAP_TOPIC
           : doc == GALEN_DOC_DTP       ? GALEN_DTP_CONDITION
           : doc == GALEN_DOC_ALLERGIES ? GALEN_ALLERGIES_SUBSTANCE
           : doc == GALEN_DOC_PEOPLE    ? GALEN_PEOPLE_NAME
                                        : 0;
}

/* Its first line, if it is not long. */
static bool put_title(struct galen_bytes text, char out[NAME_TEXT_MAX])
{
    size_t size = 0;
    while (size < text.size && size < NAME_TEXT_MAX - 1 && text.at[size] != '\n')
        size++;
    while (size > 0 && size < text.size && (text.at[size] & 0xc0) == 0x80)
        size--;
    if (size > 0)
        memcpy(out, text.at, size);
    out[size] = 0;
    return size > 0;
}

bool value_title(const struct galen_document *document, uint16_t field, struct galen_bytes value,
                 char out[NAME_TEXT_MAX])
{
    struct galen_value read;
    if (value.size == 0 || field == 0 || field != title_field(document->id))
        return false;
    const struct galen_field *row = galen_field(document, field);
    if (row->kind == GALEN_VALUE_TEXT)
        return put_title(value, out);
    if (galen_value_read(row, value, &read) != GALEN_OK)
        return false;
    return put_title(row->kind == GALEN_VALUE_REGIMEN ? read.as.regimen.parts[GALEN_REGIMEN_DRUG]
                                                      : read.as.text,
                     out);
}

/* What the i-th field of a proposal, which is the title, would say. */
static bool proposed_title(const struct galen_document *document,
                           const struct galen_proposal *proposal, size_t i, char out[NAME_TEXT_MAX])
{
    struct galen_writer text;
    galen_writer_init(&text);
    bool is =
        galen_proposal_preview(proposal, i, &text) == GALEN_OK &&
        value_title(document, galen_proposal_field(proposal, i).field, galen_written(&text), out);
    galen_writer_wipe(&text);
    return is;
}

bool record_title(const struct galen_record *record, char out[NAME_TEXT_MAX])
{
    const struct galen_document *document = galen_document(galen_record_doc(record));
    uint16_t field = title_field(document->id);
    if (field != 0 && galen_record_value_count(record, field) > 0 &&
        value_title(document, field, galen_record_value(record, field, 0).value, out))
        return true;
    size_t tried = 0;
    for (size_t i = galen_record_proposal_count(record); i > 0 && tried < TITLES_TRIED_MAX; i--) {
        const struct galen_proposal *proposal = galen_record_proposal(record, i - 1);
        for (size_t k = 0; k < galen_proposal_field_count(proposal); k++) {
            if (galen_proposal_field(proposal, k).field != field)
                continue;
            tried++;
            if (proposed_title(document, proposal, k, out))
                return true;
        }
    }
    return false;
}

/* ---- Changes ------------------------------------------------------------------------------------- */

/* Whose home, whose chart, in which words. */
struct telling {
    const struct galen_engine *engine;
    const struct galen_id *chart;
    const struct galen_language *language;
    bool plain;
    uint64_t size; /* of the log */
};

static const char *worded(const struct telling *t, const struct galen_words *words)
{
    return t->plain ? words->plain : words->clinical;
}

static const char *why_name(uint8_t why)
{
    static const char *const names[] = {
        [GALEN_UNDO_GOES] = "goes",        [GALEN_UNDO_WRITTEN_SINCE] = "written-since",
        [GALEN_UNDO_CHOICE] = "choice",    [GALEN_UNDO_SAME] = "same",
        [GALEN_UNDO_ROLE] = "role",        [GALEN_UNDO_USED] = "used",
        [GALEN_UNDO_SIGNED] = "signed",    [GALEN_UNDO_ANSWERED] = "answered",
        [GALEN_UNDO_OPEN] = "open-before", [GALEN_UNDO_TOO_LONG] = "too-long",
    };
    return names[why];
}

static void add_by(const struct telling *t, cJSON *object, const struct galen_docs_entry *by)
{
    char name[NAME_TEXT_MAX];
    if (!by)
        return;
    cJSON *one = cJSON_CreateObject();
    name_of(t->engine, t->chart, &by->account, name);
    json_id(one, "account", &by->account);
    cJSON_AddStringToObject(one, "name", name);
    cJSON_AddStringToObject(one, "role", galen_role_name(by->role));
    json_put(object, "by", one);
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

static cJSON *field_json(const struct telling *t, const struct galen_document *document,
                         const struct galen_undo *undo, const struct galen_undo_field *f)
{
    cJSON *object = cJSON_CreateObject();
    const struct galen_field *field = galen_field(document, f->field);
    bool goes = f->why == GALEN_UNDO_GOES;
    cJSON_AddStringToObject(object, "field", field->name);
    cJSON_AddStringToObject(object, "label",
                            worded(t, galen_field_words(t->language, document, field)));
    cJSON_AddBoolToObject(object, "goes", goes && undo->why == GALEN_UNDO_GOES);
    if (!goes) {
        cJSON_AddStringToObject(object, "why", why_name(f->why));
        add_by(t, object, f->by);
    } else if (undo->op.kind == GALEN_KIND_WRITE) {
        add_value(object, "now", document, f->field, f->now);
        add_value(object, "then", document, f->field, f->then);
    }
    return object;
}

/* What the record is called now, or was before, or will be again. */
static void title_of(const struct telling *t, const struct galen_document *document,
                     const struct galen_undo *undo, char out[NAME_TEXT_MAX])
{
    if (record_title(undo->record, out))
        return;
    for (size_t i = 0; i < undo->count; i++)
        if (value_title(document, undo->fields[i].field, undo->fields[i].then, out))
            return;
    snprintf(out, NAME_TEXT_MAX, "%s", worded(t, galen_document_words(t->language, document)));
}

/* "Special directions – Metformin"; of a record that was added its name alone. */
static void add_what(const struct telling *t, cJSON *object, const struct galen_document *document,
                     const struct galen_undo *undo, const char *title)
{
    struct galen_writer w;
    galen_writer_init(&w);
    for (size_t i = 0; i < undo->count && !undo->adds; i++) {
        const char *label =
            worded(t, galen_field_words(t->language, document,
                                        galen_field(document, undo->fields[i].field)));
        if (document->order == undo->fields[i].field && undo->count > 1)
            continue;
        if (w.size > 0)
            galen_write(&w, ", ", 2);
        galen_write(&w, label, strlen(label));
    }
    if (w.size > 0)
        galen_write(&w, " – ", strlen(" – "));
    galen_write(&w, title, strlen(title));
    json_written(object, "what", &w);
    galen_writer_wipe(&w);
}

static cJSON *change_json(const struct telling *t, const struct galen_undo *undo)
{
    if (undo->index == GALEN_NO_ENTRY)
        return cJSON_CreateNull();
    const struct galen_document *document = galen_document(galen_record_doc(undo->record));
    char title[NAME_TEXT_MAX];
    cJSON *object = cJSON_CreateObject(), *fields = cJSON_CreateArray();
    json_hex(object, "token", undo->op.id, sizeof undo->op.id);
    if (undo->index < t->size)
        json_number(object, "index", undo->index);
    json_time(object, "time", undo->clock_ms);
    cJSON_AddStringToObject(object, "kind", galen_kind_name(undo->kind));
    cJSON_AddBoolToObject(object, "again", undo->again);
    cJSON_AddBoolToObject(object, "adds", undo->adds);
    if (undo->kind == GALEN_KIND_ANSWER)
        cJSON_AddBoolToObject(object, "accepted", undo->accepted);
    cJSON_AddStringToObject(object, "doc", document->name);
    json_hex(object, "record", galen_record_id(undo->record), GALEN_RECORD_ID_BYTES);
    title_of(t, document, undo, title);
    cJSON_AddStringToObject(object, "title", title);
    add_what(t, object, document, undo, title);
    if (undo->why != GALEN_UNDO_GOES) {
        cJSON_AddStringToObject(object, "why", why_name(undo->why));
        add_by(t, object, undo->by);
    }
    for (size_t i = 0; i < undo->count; i++)
        json_append(fields, field_json(t, document, undo, &undo->fields[i]));
    json_put(object, "fields", fields);
    return object;
}

cJSON *undo_json(const struct galen_engine *engine, const struct galen_id *chart,
                 const struct galen_language *language, enum galen_err *err)
{
    struct galen_undo_look look;
    *err = galen_engine_undo_look(engine, chart, &look);
    if (*err != GALEN_OK)
        return NULL;
    struct telling t = {.engine = engine,
                        .chart = chart,
                        .language = language,
                        .plain = !galen_role_is_staff(galen_engine_role(engine)),
                        .size = galen_log_size(galen_engine_log(engine, chart))};
    cJSON *object = cJSON_CreateObject();
    json_put(object, "undo", change_json(&t, &look.undo));
    json_put(object, "redo", change_json(&t, &look.redo));
    json_put(object, "passed", change_json(&t, &look.passed));
    if (look.undo_err != GALEN_OK) {
        cJSON_AddStringToObject(object, "error", galen_err_name(look.undo_err));
        cJSON_AddStringToObject(object, "help", galen_err_help(look.undo_err));
    }
    galen_undo_look_wipe(&look);
    return object;
}
