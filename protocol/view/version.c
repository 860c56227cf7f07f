/* Signed versions, and what stands in the way of the next one. */
#include "view.h"

#include <stdio.h>
#include <string.h>

static const char *const meanings[] = {
    [GALEN_SIGN_WITH_PATIENT] = "reviewed-with-patient",
    [GALEN_SIGN_ALONE] = "reviewed-alone",
    [GALEN_SIGN_DISCHARGE] = "discharge-reconciled",
};
#define MEANING_COUNT (sizeof meanings / sizeof *meanings)

const char *meaning_name(uint8_t meaning)
{
    return meaning < MEANING_COUNT && meanings[meaning] ? meanings[meaning] : "unknown";
}

uint8_t meaning_named(const char *name)
{
    for (uint8_t i = 0; i < MEANING_COUNT; i++)
        if (meanings[i] && strcmp(meanings[i], name) == 0)
            return i;
    return 0;
}

cJSON *version_json(const struct galen_engine *engine, const struct galen_id *chart,
                    const struct galen_version *version)
{
    char name[NAME_TEXT_MAX];
    struct galen_docs_item changed;
    cJSON *object = cJSON_CreateObject();
    json_id(object, "chart", chart);
    json_number(object, "version", version->number);
    json_number(object, "index", version->index);
    json_time(object, "time", version->entry->received_ms);
    json_time(object, "clock", version->clock_ms);
    json_id(object, "account", &version->entry->account);
    json_id(object, "device", &version->entry->device);
    name_of(engine, chart, &version->entry->account, name);
    cJSON_AddStringToObject(object, "name", name);
    cJSON_AddStringToObject(object, "role", galen_role_name(version->entry->role));
    cJSON_AddStringToObject(object, "meaning", meaning_name(version->meaning));
    json_number(object, "base", version->base);
    json_number(object, "schema", version->schema);
    json_hex(object, "hash", version->hash, GALEN_HASH_BYTES);
    cJSON_AddBoolToObject(object, "asserted", version->assertion.size == 0);
    if (version->visit)
        json_hex(object, "visit", version->visit, GALEN_RECORD_ID_BYTES);
    cJSON_AddBoolToObject(object, "superseded", version->superseded != GALEN_NO_ENTRY);
    if (galen_docs_item(galen_engine_docs(engine, chart), version->superseded, &changed)) {
        json_number(object, "superseded_by", version->superseded);
        json_time(object, "superseded_at", changed.entry->received_ms);
    }
    return object;
}

cJSON *versions_json(const struct galen_engine *engine, const struct galen_id *chart)
{
    char help[SIGN_HELP_MAX];
    const struct galen_docs *docs = galen_engine_docs(engine, chart);
    enum galen_err bar = galen_engine_sign_bar(engine, chart);
    cJSON *object = cJSON_CreateObject(), *versions = cJSON_CreateArray();
    for (size_t i = 0; i < galen_docs_version_count(docs); i++) {
        struct galen_version version = galen_docs_version_at(docs, i);
        json_append(versions, version_json(engine, chart, &version));
    }
    json_put(object, "versions", versions);
    cJSON_AddBoolToObject(object, "ready", bar == GALEN_OK);
    if (bar != GALEN_OK) {
        sign_help(engine, chart, NULL, 0, bar, help);
        cJSON_AddStringToObject(object, "error", galen_err_name(bar));
        cJSON_AddStringToObject(object, "help", help);
    }
    return object;
}

/* ---- What stands in the way ---------------------------------------------------------------------- */

enum { TITLE_SHOWN = 90 }; /* bytes: so what to do stands behind the longest titles, too */

static void title_of(const struct galen_record *record, char out[NAME_TEXT_MAX])
{
    if (!record_title(record, out))
        snprintf(out, NAME_TEXT_MAX, "%s", galen_document(galen_record_doc(record))->name);
    size_t size = TITLE_SHOWN;
    if (strlen(out) <= size)
        return;
    while ((out[size] & 0xc0) == 0x80) /* a code point is not cut */
        size--;
    strcpy(out + size, "…");
}

/* Appends what fits, and all does. */
static void add(char out[SIGN_HELP_MAX], const char *format, const char *a, const char *b)
{
    size_t used = strlen(out);
    snprintf(out + used, SIGN_HELP_MAX - used, format, a, b);
}

static void add_conflict(char out[SIGN_HELP_MAX], size_t nth, const char *what, const char *of)
{
    enum { SHOWN = 3 };
    if (nth < SHOWN)
        add(out, nth == 0 ? "Still in conflict: %s of %s" : "; %s of %s", what, of);
    else if (nth == SHOWN)
        add(out, "%s%s", "; and more", "");
}

static size_t add_conflicts_of(char out[SIGN_HELP_MAX], size_t nth,
                               const struct galen_record *record)
{
    char title[NAME_TEXT_MAX];
    if (!galen_record_stands(record))
        return nth;
    const struct galen_document *document = galen_document(galen_record_doc(record));
    title_of(record, title);
    for (size_t i = 0; i < document->field_count; i++)
        if (galen_record_value_count(record, document->fields[i].number) > 1)
            add_conflict(out, nth++, document->fields[i].name, title);
    for (size_t i = 0; i < galen_record_proposal_count(record); i++)
        if (galen_proposal_state(galen_record_proposal(record, i)) == GALEN_PROPOSAL_CONTESTED)
            add_conflict(out, nth++, "the answer to a proposal", title);
    return nth;
}

/* The lines of a discharge that nobody decided. */
static void add_undecided(char out[SIGN_HELP_MAX], const struct galen_docs *docs,
                          const uint8_t *visit, uint8_t meaning)
{
    enum { SHOWN = 5 };
    const struct galen_record *in = galen_docs_reconciled_in(docs, visit, meaning);
    size_t nth = 0;
    for (size_t i = 0; in && i < galen_docs_record_count(docs, GALEN_DOC_PMR); i++) {
        const struct galen_record *medicine = galen_docs_record_at(docs, GALEN_DOC_PMR, i);
        char title[NAME_TEXT_MAX];
        if (galen_docs_line(in, medicine) != GALEN_LINE_UNDECIDED)
            continue;
        title_of(medicine, title);
        if (nth++ < SHOWN)
            add(out, "%s%s", nth == 1 ? "Not decided after the hospital stay: " : "; ", title);
    }
    add(out, "%s%s", nth > SHOWN ? "; and more" : "",
        ". Say what becomes of each in `discharge`, and in `status` where it is stopped; or "
        "not-decided, "
        "and why in `discharge_why`. "
        "Then sign.");
}

void sign_help(const struct galen_engine *engine, const struct galen_id *chart,
               const uint8_t *visit, uint8_t meaning, enum galen_err err, char out[SIGN_HELP_MAX])
{
    const struct galen_docs *docs = galen_engine_docs(engine, chart);
    size_t nth = 0;
    out[0] = 0;
    if (err == GALEN_ERR_CONFLICT) {
        for (size_t d = 0; d < galen_document_count; d++)
            for (size_t i = 0; i < galen_docs_record_count(docs, galen_documents[d].id); i++)
                nth = add_conflicts_of(out, nth,
                                       galen_docs_record_at(docs, galen_documents[d].id, i));
        add(out, "%s%s", ". Choose what is right, then sign.", "");
    } else if (err == GALEN_ERR_UNDECIDED) {
        add_undecided(out, docs, visit, meaning);
    } else if (err == GALEN_ERR_ROLE) {
        add(out, "%s%s", "A pharmacist signs. Ask one of the practice to look at it with you.", "");
    } else if (err == GALEN_ERR_OFFLINE) {
        add(out, "%s%s", "There is no connection now. Sign when everything is here.", "");
    } else if (err == GALEN_ERR_UNKNOWN_KIND) {
        add(out, "%s%s",
            "Something in this chart needs a newer version of Galen. Update it here, then sign.",
            "");
    } else {
        add(out, "%s%s", galen_err_help(err), "");
    }
}
