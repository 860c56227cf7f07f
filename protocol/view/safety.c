/* What the safety aids find, as JSON. */
#include "view.h"

#include <string.h>

/* -- findings ----------------------------------------------------------------------------------------- */

static cJSON *ids_json(const uint8_t (*records)[GALEN_RECORD_ID_BYTES], size_t count)
{
    cJSON *list = cJSON_CreateArray();
    for (size_t i = 0; i < count; i++) {
        char text[2 * GALEN_RECORD_ID_BYTES + 1];
        hex_text(records[i], GALEN_RECORD_ID_BYTES, text);
        json_append(list, cJSON_CreateString(text));
    }
    return list;
}

static cJSON *source_json(const struct galen_safety_source *source)
{
    cJSON *object = json_new("key", source->key);
    cJSON_AddStringToObject(object, "list", source->name);
    cJSON_AddStringToObject(object, "version", source->version);
    cJSON_AddStringToObject(object, "date", source->date);
    return object;
}

/* In the words of whoever asks, with the plain ones beside, for saying it to a patient. */
static cJSON *finding_json(const struct galen_safety_finding *f, bool plain)
{
    static const uint8_t none[GALEN_RECORD_ID_BYTES];
    cJSON *object = json_new("key", f->key), *words = cJSON_CreateObject();
    cJSON_AddStringToObject(object, "kind", galen_safety_finding_kind_name(f->kind));
    cJSON_AddStringToObject(object, "severity", galen_severity_name(f->severity));
    json_put(object, "records", ids_json(f->records, f->medicine_count));
    json_put(object, "allergies",
             ids_json(f->records + f->medicine_count, f->record_count - f->medicine_count));
    cJSON_AddStringToObject(object, "title", plain ? f->plain_title : f->title);
    cJSON_AddStringToObject(object, "why", plain ? f->plain_why : f->why);
    cJSON_AddStringToObject(object, "do", plain ? f->plain_advice : f->advice);
    cJSON_AddStringToObject(words, "title", f->plain_title);
    cJSON_AddStringToObject(words, "why", f->plain_why);
    cJSON_AddStringToObject(words, "do", f->plain_advice);
    json_put(object, "plain", words);
    json_put(object, "source", source_json(f->source));
    cJSON_AddStringToObject(object, "status", galen_safety_finding_status_name(f->status));
    if (memcmp(f->dtp, none, sizeof none) != 0)
        json_hex(object, "dtp", f->dtp, sizeof f->dtp);
    return object;
}

static cJSON *checked_json(const struct galen_safety_checked *checked, bool plain)
{
    cJSON *object = json_new("kind", galen_safety_finding_kind_name(checked->kind));
    cJSON_AddStringToObject(object, "what", plain ? checked->plain : checked->what);
    json_put(object, "source", source_json(checked->source));
    return object;
}

static cJSON *gap_json(const struct galen_safety_gap *gap, bool plain)
{
    cJSON *object = json_new("what", plain ? gap->plain : gap->what);
    json_put(object, "records", ids_json(gap->records, gap->record_count));
    return object;
}

cJSON *findings_json(const struct galen_docs *docs, uint64_t now_ms, enum galen_role role,
                     enum galen_err *err)
{
    bool plain = role == GALEN_ROLE_PATIENT || role == GALEN_ROLE_CAREGIVER;
    struct galen_safety_findings *findings = galen_safety_check(docs, galen_safety_day(now_ms));
    *err = findings ? GALEN_OK : GALEN_ERR_MEMORY;
    if (!findings)
        return NULL;
    cJSON *object = cJSON_CreateObject(), *list = cJSON_CreateArray(), *data = cJSON_CreateObject();
    cJSON *checked = cJSON_CreateArray(), *gaps = cJSON_CreateArray();
    for (size_t i = 0; i < findings->count; i++)
        json_append(list, finding_json(&findings->at[i], plain));
    for (size_t i = 0; i < findings->checked_count; i++)
        json_append(checked, checked_json(&findings->checked[i], plain));
    for (size_t i = 0; i < findings->gap_count; i++)
        json_append(gaps, gap_json(&findings->gaps[i], plain));
    json_put(object, "findings", list);
    json_put(object, "checked", checked);
    json_put(object, "not_checked", gaps);
    cJSON_AddStringToObject(data, "version", galen_safety_data_version);
    cJSON_AddStringToObject(data, "date", galen_safety_data_date);
    json_put(object, "data", data);
    galen_safety_findings_free(findings);
    return object;
}

/* -- writing ------------------------------------------------------------------------------------------- */

static size_t points(struct galen_bytes text, size_t size)
{
    size_t n = 0;
    for (size_t i = 0; i < size; i++)
        n += (text.at[i] & 0xc0) != 0x80;
    return n;
}

static void add_writings(cJSON *list, struct galen_bytes text, size_t from, size_t size,
                         uint8_t place)
{
    struct galen_writing found[GALEN_SAFETY_WRITINGS_MAX];
    struct galen_bytes part = {text.at + from, size};
    size_t count = galen_safety_writing(part, place, found, GALEN_SAFETY_WRITINGS_MAX);
    for (size_t i = 0; i < count && i < GALEN_SAFETY_WRITINGS_MAX; i++) {
        struct galen_bytes written = {part.at + found[i].at, found[i].size};
        cJSON *object = cJSON_CreateObject();
        json_number(object, "at", points(text, from + found[i].at));
        json_number(object, "size", points(written, written.size));
        json_text(object, "text", written);
        cJSON_AddStringToObject(object, "rule", found[i].rule);
        cJSON_AddStringToObject(object, "severity", galen_severity_name(found[i].severity));
        cJSON_AddStringToObject(object, "title", found[i].title);
        cJSON_AddStringToObject(object, "why", found[i].why);
        cJSON_AddStringToObject(object, "suggestion", found[i].suggestion);
        json_put(object, "source", source_json(found[i].source));
        json_append(list, object);
    }
}

/* Each part of "drug=…; dose=…" by itself. */
static void add_parts(cJSON *list, struct galen_bytes text)
{
    for (size_t i = 0; i < text.size;) {
        size_t end = i, from = i;
        while (end < text.size && text.at[end] != ';')
            end += text.at[end] == '\\' && end + 1 < text.size ? 2 : 1;
        while (from < end && text.at[from] != '=')
            from++;
        from = from < end ? from + 1 : i;
        add_writings(list, text, from, end - from, GALEN_WRITING_DOSE);
        i = end + 1;
    }
}

bool writing_json(const struct galen_document *document, const char *name, struct galen_bytes text,
                  cJSON **out)
{
    static const char regimen[] = "regimen.";
    const struct galen_field *field = galen_field_named(document, name);
    bool part = false;
    for (size_t i = 0; !field && i < GALEN_REGIMEN_PARTS; i++)
        part = part || (strncmp(name, regimen, sizeof regimen - 1) == 0 &&
                        strcmp(name + sizeof regimen - 1, galen_regimen_part_names[i]) == 0);
    part = part && galen_field_named(document, "regimen");
    if (!field && !part)
        return false;
    *out = cJSON_CreateArray();
    if (part)
        add_writings(*out, text, 0, text.size, GALEN_WRITING_DOSE);
    else if (field->kind == GALEN_VALUE_REGIMEN)
        add_parts(*out, text);
    else
        add_writings(*out, text, 0, text.size, galen_writing_place(document, field));
    return true;
}
