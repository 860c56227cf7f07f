/* Fields as a person or a program writes them: `name=value` lines, or a JSON object. */
#include "view.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
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
    enum galen_err err; /* of the first thing that went wrong; `why` has the words */
    char *why;
};

/* -- what a field takes ----------------------------------------------------------------------------- */

static void options_text(const struct galen_field *field, char *out, size_t room)
{
    size_t used = 0;
    out[0] = 0;
    for (size_t i = 0; i < field->option_count; i++) {
        int n = snprintf(out + used, room - used, "%s%s", i ? " | " : "", field->options[i]);
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
    case GALEN_VALUE_WORDING:
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
    case GALEN_VALUE_RECORD:
        snprintf(out, room, "%u/ and the 32 digits of a record of `%s`", field->refers,
                 galen_document(field->refers)->name);
        return;
    case GALEN_VALUE_POSITION:
        snprintf(out, room, "a place in the order: a number");
        return;
    case GALEN_VALUE_NUMBER:
        snprintf(out, room, "a whole number from %" PRIu32 " to %" PRIu32, field->least,
                 field->most);
        return;
    }
    snprintf(out, room, "what a newer version knows");
}

void document_names(char out[DOC_NAMES_MAX])
{
    size_t used = 0;
    out[0] = 0;
    for (size_t i = 0; i < galen_document_count && used < DOC_NAMES_MAX - 1; i++) {
        snprintf(out + used, DOC_NAMES_MAX - used, "%s%s", i ? ", " : "", galen_documents[i].name);
        used += strlen(out + used);
    }
}

/* -- putting a write together ----------------------------------------------------------------------- */

static void refuse(struct draft *d, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void refuse(struct draft *d, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    vsnprintf(d->why, DOC_WHY_MAX, format, list);
    va_end(list);
    d->err = GALEN_ERR_VALUE;
}

static void out_of_memory(struct draft *d)
{
    refuse(d, "%s", galen_err_help(GALEN_ERR_MEMORY));
    d->err = GALEN_ERR_MEMORY;
}

static void no_such_field(struct draft *d, const char *name)
{
    refuse(d, "`%s` has no field `%s`. It has: ", d->document->name, name);
    size_t used = strlen(d->why);
    for (size_t i = 0; i < d->document->field_count && used < DOC_WHY_MAX - 1; i++) {
        snprintf(d->why + used, DOC_WHY_MAX - used, "%s%s", i ? ", " : "",
                 d->document->fields[i].name);
        used += strlen(d->why + used);
    }
}

static bool is_given(const struct draft *d, uint16_t number)
{
    for (size_t i = 0; i < d->count; i++)
        if (d->fields[i].field == number)
            return true;
    return false;
}

static void add_value(struct draft *d, const struct galen_field *field, struct galen_bytes text)
{
    char takes[512];
    enum galen_err err = galen_value_parse(&d->values, field, text);
    if (err == GALEN_ERR_MEMORY) {
        out_of_memory(d);
    } else if (err != GALEN_OK) {
        field_takes(field, takes, sizeof takes);
        refuse(d, "`%s` does not take that value. It takes: %s", field->name, takes);
    }
}

static void add_field(struct draft *d, const char *name, size_t name_size, struct galen_bytes text)
{
    char copy[64];
    if (name_size == 0 || name_size >= sizeof copy) {
        refuse(d, "A field has no name, or a very long one.");
        return;
    }
    memcpy(copy, name, name_size);
    copy[name_size] = 0;
    const struct galen_field *field = galen_field_named(d->document, copy);
    size_t from = d->values.size;
    if (!field) {
        no_such_field(d, copy);
        return;
    }
    if (is_given(d, field->number))
        refuse(d, "The field `%s` is given twice.", copy);
    else if (d->count == GALEN_WRITE_FIELDS_MAX)
        refuse(d, "At most %d fields at a time.", GALEN_WRITE_FIELDS_MAX);
    else
        add_value(d, field, text);
    if (d->err != GALEN_OK)
        return;
    size_t i = d->count++;
    for (; i > 0 && d->fields[i - 1].field > field->number; i--)
        d->fields[i] = d->fields[i - 1];
    d->fields[i].field = field->number;
    d->fields[i].from = from;
    d->fields[i].size = d->values.size - from;
}

/* Puts together what was added, and says what became of it. */
static enum galen_err finish(struct draft *d, const uint8_t record[16], struct galen_writer *out)
{
    struct galen_write write = {.doc = d->document->id, .count = d->count};
    memcpy(write.record, record, sizeof write.record);
    if (d->err == GALEN_OK && d->count == 0)
        refuse(d, "No field is given. Write lines like `status=active`.");
    for (size_t i = 0; i < d->count; i++)
        write.fields[i] = (struct galen_write_field){
            d->fields[i].field, {d->values.at + d->fields[i].from, d->fields[i].size}};
    if (d->err == GALEN_OK)
        galen_write_encode(out, &write);
    if (out->failed)
        out_of_memory(d);
    galen_writer_wipe(&d->values);
    return d->err;
}

static void begin(struct draft *d, const struct galen_document *document, char *why)
{
    *d = (struct draft){.document = document, .why = why};
    why[0] = 0;
    galen_writer_init(&d->values);
}

/* One line, without its end. */
static void add_line(struct draft *d, struct galen_bytes line)
{
    const uint8_t *equals = memchr(line.at, '=', line.size);
    if (!equals) {
        refuse(d,
               "A line is not like name=value: `%.*s`. A text of several lines goes into a JSON "
               "object.",
               (int)(line.size < 60 ? line.size : 60), (const char *)line.at);
        return;
    }
    size_t name = (size_t)(equals - line.at);
    struct galen_bytes value = {equals + 1, line.size - name - 1};
    while (name > 0 && line.at[name - 1] == ' ')
        name--;
    add_field(d, (const char *)line.at, name, value);
}

enum galen_err fields_from_text(const struct galen_document *document, const uint8_t record[16],
                                struct galen_bytes text, struct galen_writer *write,
                                char why[DOC_WHY_MAX])
{
    struct draft d;
    begin(&d, document, why);
    while (d.err == GALEN_OK && text.size > 0) {
        const uint8_t *end = memchr(text.at, '\n', text.size);
        size_t size = end ? (size_t)(end - text.at) : text.size;
        struct galen_bytes line = {text.at, size};
        text.at += size + (end ? 1 : 0);
        text.size -= size + (end ? 1 : 0);
        if (line.size > 0 && line.at[line.size - 1] == '\r')
            line.size--;
        if (line.size > 0)
            add_line(&d, line);
    }
    return finish(&d, record, write);
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
        uint64_t whole = (uint64_t)value->valuedouble;
        snprintf(digits, sizeof digits, "%" PRIu64, whole);
        write_text(out, digits);
        return (double)whole == value->valuedouble; /* 6.4 is not about 6 */
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

/* Only a regimen has parts, and only a set several words. */
static bool is_of_kind(const struct galen_document *document, const cJSON *item)
{
    const struct galen_field *field = galen_field_named(document, item->string);
    return !field || (cJSON_IsObject(item)  ? field->kind == GALEN_VALUE_REGIMEN
                      : cJSON_IsArray(item) ? field->kind == GALEN_VALUE_SET
                                            : true);
}

enum galen_err fields_from_json(const struct galen_document *document, const uint8_t record[16],
                                const cJSON *object, struct galen_writer *write,
                                char why[DOC_WHY_MAX])
{
    struct draft d;
    struct galen_writer text;
    begin(&d, document, why);
    galen_writer_init(&text);
    if (!cJSON_IsObject(object))
        refuse(&d, "The fields should be a JSON object.");
    for (const cJSON *item = object ? object->child : NULL; d.err == GALEN_OK && item;
         item = item->next) {
        galen_writer_clear(&text);
        if (!is_of_kind(document, item) || !json_value_text(item, &text))
            refuse(&d,
                   "The value of `%.40s` should be text, a whole number, true or false, or null; a "
                   "list "
                   "of words or an object where the field is one. A number with a decimal point is "
                   "text: \"6.4\".",
                   item->string);
        else if (text.failed) /* not the empty text, which would clear the field */
            out_of_memory(&d);
        else
            add_field(&d, item->string, strlen(item->string), galen_written(&text));
    }
    galen_writer_wipe(&text);
    return finish(&d, record, write);
}
