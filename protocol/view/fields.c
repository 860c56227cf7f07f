/* Fields as a person or a program writes them: `name=value` lines, or a JSON object. */
#include "view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A write that is being put together; values stand one after another in `values`. */
struct draft {
    const struct galen_document *document;
    size_t count;
    struct {
        uint16_t field;
        size_t from, size;
    } fields[GALEN_WRITE_FIELDS_MAX];
    struct galen_writer values;
    char *why;
};

/* -- what a field takes ----------------------------------------------------------------------------- */

static void options_text(const struct galen_field *field, char *out, size_t room)
{
    size_t used = 0;
    out[0] = 0;
    for (size_t i = 0; i < field->option_count; i++) {
        int n = snprintf(out + used, room - used, "%s%s", i ? " | " : "", field->options[i].name);
        if (n < 0 || (size_t)n >= room - used)
            return;
        used += (size_t)n;
    }
}

void field_takes(const struct galen_field *field, char *out, size_t room)
{
    char options[400];
    switch ((enum galen_value_kind)field->kind) {
    case GALEN_VALUE_TEXT:
        snprintf(out, room, "text");
        return;
    case GALEN_VALUE_LINE:
        snprintf(out, room, "one line of text");
        return;
    case GALEN_VALUE_CHOICE:
        options_text(field, options, sizeof options);
        snprintf(out, room, "%s", options);
        return;
    case GALEN_VALUE_SET:
        options_text(field, options, sizeof options);
        snprintf(out, room, "any of %s, with commas between", options);
        return;
    case GALEN_VALUE_DATE:
        snprintf(out, room, "a date: 2026-03-14, 2026-03 or 2026");
        return;
    case GALEN_VALUE_TIME:
        snprintf(out, room, "a time: 2026-03-14T09:26:53.589Z");
        return;
    case GALEN_VALUE_YES_NO:
        snprintf(out, room, "yes | no");
        return;
    case GALEN_VALUE_REGIMEN:
        snprintf(out, room,
                 "drug=…; strength=…; form=…; dose=…; unit=…; route=…; frequency=…; as_needed=no");
        return;
    case GALEN_VALUE_ACCOUNT:
        snprintf(out, room, "an account's 64 digits");
        return;
    case GALEN_VALUE_RECORD:
        snprintf(out, room, "a document's number, a slash and a record's 32 digits");
        return;
    case GALEN_VALUE_POSITION:
        snprintf(out, room, "a place in the order: a number");
        return;
    }
    snprintf(out, room, "what a newer version knows");
}

/* -- putting a write together ----------------------------------------------------------------------- */

static void no_such_field(struct draft *d, const char *name)
{
    int n =
        snprintf(d->why, DOC_WHY_MAX, "`%s` has no field `%s`. It has: ", d->document->name, name);
    size_t used = n > 0 ? (size_t)n : 0;
    for (size_t i = 0; i < d->document->field_count && used < DOC_WHY_MAX; i++) {
        n = snprintf(d->why + used, DOC_WHY_MAX - used, "%s%s", i ? ", " : "",
                     d->document->fields[i].name);
        used += n > 0 ? (size_t)n : 0;
    }
}

static bool add_field(struct draft *d, const char *name, size_t name_size, struct galen_bytes text)
{
    char copy[64], takes[512];
    if (name_size == 0 || name_size >= sizeof copy) {
        snprintf(d->why, DOC_WHY_MAX, "A field has no name, or a very long one.");
        return false;
    }
    memcpy(copy, name, name_size);
    copy[name_size] = 0;
    const struct galen_field *field = galen_field_named(d->document, copy);
    if (!field) {
        no_such_field(d, copy);
        return false;
    }
    for (size_t i = 0; i < d->count; i++)
        if (d->fields[i].field == field->number) {
            snprintf(d->why, DOC_WHY_MAX, "The field `%s` is given twice.", copy);
            return false;
        }
    if (d->count == GALEN_WRITE_FIELDS_MAX) {
        snprintf(d->why, DOC_WHY_MAX, "At most %d fields at a time.", GALEN_WRITE_FIELDS_MAX);
        return false;
    }
    size_t from = d->values.size;
    if (galen_value_parse(&d->values, field, text) != GALEN_OK) {
        field_takes(field, takes, sizeof takes);
        snprintf(d->why, DOC_WHY_MAX, "`%s` does not take that value. It takes: %s", copy, takes);
        return false;
    }
    size_t i = d->count++;
    for (; i > 0 && d->fields[i - 1].field > field->number; i--)
        d->fields[i] = d->fields[i - 1];
    d->fields[i].field = field->number;
    d->fields[i].from = from;
    d->fields[i].size = d->values.size - from;
    return true;
}

static bool finish(struct draft *d, const uint8_t record[16], struct galen_writer *out)
{
    struct galen_write write = {.doc = d->document->id, .count = d->count};
    memcpy(write.record, record, sizeof write.record);
    if (d->count == 0) {
        snprintf(d->why, DOC_WHY_MAX, "No field is given. Write lines like `status=active`.");
        return false;
    }
    for (size_t i = 0; i < d->count; i++)
        write.fields[i] = (struct galen_write_field){
            d->fields[i].field, {d->values.at + d->fields[i].from, d->fields[i].size}};
    galen_write_encode(out, &write);
    if (out->failed)
        snprintf(d->why, DOC_WHY_MAX, "These fields are too much at once.");
    return !out->failed;
}

bool fields_from_text(const struct galen_document *document, const uint8_t record[16],
                      struct galen_bytes text, struct galen_writer *write, char why[DOC_WHY_MAX])
{
    struct draft d = {.document = document, .why = why};
    bool ok = true;
    galen_writer_init(&d.values);
    while (ok && text.size > 0) {
        const uint8_t *end = memchr(text.at, '\n', text.size);
        size_t size = end ? (size_t)(end - text.at) : text.size;
        struct galen_bytes line = {text.at, size};
        text.at += size + (end ? 1 : 0);
        text.size -= size + (end ? 1 : 0);
        if (line.size > 0 && line.at[line.size - 1] == '\r')
            line.size--;
        if (line.size == 0)
            continue;
        const uint8_t *equals = memchr(line.at, '=', line.size);
        if (!equals) {
            snprintf(why, DOC_WHY_MAX,
                     "A line is not like name=value: `%.*s`. A text of several lines "
                     "goes into a JSON object.",
                     (int)(line.size < 60 ? line.size : 60), (const char *)line.at);
            ok = false;
            break;
        }
        size_t name = (size_t)(equals - line.at);
        while (name > 0 && line.at[name - 1] == ' ')
            name--;
        ok =
            add_field(&d, (const char *)line.at, name,
                      (struct galen_bytes){equals + 1, line.size - (size_t)(equals + 1 - line.at)});
    }
    ok = ok && finish(&d, record, write);
    galen_writer_wipe(&d.values);
    return ok;
}

/* -- JSON ------------------------------------------------------------------------------------------- */

static void write_text(struct galen_writer *w, const char *text)
{
    galen_write(w, text, strlen(text));
}

/* One part of a regimen: `\` before what would end it. */
static void write_part(struct galen_writer *w, const char *name, const char *text)
{
    write_text(w, name);
    write_text(w, "=");
    for (; *text; text++) {
        if (*text == ';' || *text == '\\')
            galen_write(w, "\\", 1);
        galen_write(w, text, 1);
    }
    write_text(w, "; ");
}

/* The plain text form of a JSON value: false for what has none. */
static bool json_value_text(const cJSON *value, struct galen_writer *out)
{
    const cJSON *one;
    if (cJSON_IsString(value)) {
        write_text(out, value->valuestring);
        return true;
    }
    if (cJSON_IsBool(value)) {
        write_text(out, cJSON_IsTrue(value) ? "yes" : "no");
        return true;
    }
    if (cJSON_IsNumber(value) && value->valuedouble >= 0 && value->valuedouble < 9e15) {
        char digits[32];
        snprintf(digits, sizeof digits, "%.0f", value->valuedouble);
        write_text(out, digits);
        return true;
    }
    if (cJSON_IsArray(value)) {
        cJSON_ArrayForEach(one, value)
        {
            if (!cJSON_IsString(one))
                return false;
            write_text(out, one == value->child ? "" : ", ");
            write_text(out, one->valuestring);
        }
        return true;
    }
    if (cJSON_IsObject(value)) {
        cJSON_ArrayForEach(one, value)
        {
            if (cJSON_IsString(one) && one->valuestring[0])
                write_part(out, one->string, one->valuestring);
            else if (cJSON_IsBool(one))
                write_part(out, one->string, cJSON_IsTrue(one) ? "yes" : "no");
            else if (!cJSON_IsString(one) && !cJSON_IsNull(one))
                return false;
        }
        if (out->size >= 2)
            out->size -= 2; /* the last "; " */
        return true;
    }
    return cJSON_IsNull(value);
}

bool fields_from_json(const struct galen_document *document, const uint8_t record[16],
                      const cJSON *object, struct galen_writer *write, char why[DOC_WHY_MAX])
{
    struct draft d = {.document = document, .why = why};
    const cJSON *item;
    bool ok = cJSON_IsObject(object);
    if (!ok)
        snprintf(why, DOC_WHY_MAX, "The fields should be a JSON object.");
    galen_writer_init(&d.values);
    struct galen_writer text;
    galen_writer_init(&text);
    for (item = ok ? object->child : NULL; ok && item; item = item->next) {
        galen_writer_clear(&text);
        ok = json_value_text(item, &text);
        if (!ok)
            snprintf(why, DOC_WHY_MAX,
                     "The value of `%.40s` should be text, a list of words, true or "
                     "false, or null.",
                     item->string);
        else
            ok = add_field(&d, item->string, strlen(item->string), galen_written(&text));
    }
    ok = ok && finish(&d, record, write);
    galen_writer_wipe(&text);
    galen_writer_wipe(&d.values);
    return ok;
}
