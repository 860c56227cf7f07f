/* Sign-off (PROTOCOL.md, "Sign-off"; rule D4): what is signed, when it counts, what supersedes it. */
#include "galen/crypto.h"
#include "galen/mutation.h"
#include "state.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* ---- What is signed ------------------------------------------------------------------------------ */

bool galen_docs_write_signed(const struct galen_docs *docs, struct galen_writer *w)
{
    galen_write(w, GALEN_SIGNED_MAGIC, sizeof GALEN_SIGNED_MAGIC - 1);
    galen_write_u16(w, GALEN_SCHEMA_VERSION);
    for (unsigned id = 1; id <= UINT8_MAX; id++) {
        if (galen_docs_record_count(docs, (uint8_t)id) == 0)
            continue; /* a document of a later schema changes nothing until it is written in */
        size_t mark = galen_write_begin(w);
        if (!galen_docs_write_canonical(docs, (uint8_t)id, w))
            return false;
        galen_write_end(w, mark);
    }
    return !w->failed;
}

bool galen_docs_hash(const struct galen_docs *docs, uint8_t hash[GALEN_HASH_BYTES])
{
    struct galen_writer w;
    galen_writer_init(&w);
    bool written = galen_docs_write_signed(docs, &w);
    if (written) {
        struct galen_bytes bytes = galen_written(&w);
        galen_sha256(&bytes, 1, hash);
    }
    galen_writer_wipe(&w);
    return written;
}

/* ---- What counts --------------------------------------------------------------------------------- */

static bool changes_documents(const struct item *item)
{
    return (item->newer && item->kind != GALEN_KIND_SIGN) ||
           (item->verdict.counts &&
            (item->kind == GALEN_KIND_WRITE || item->kind == GALEN_KIND_PROPOSE ||
             item->kind == GALEN_KIND_ANSWER));
}

bool galen_docs_supersedes(uint8_t doc)
{
    switch (doc) {
    case GALEN_DOC_PEOPLE:
    case GALEN_DOC_JOURNAL:
    case GALEN_DOC_VISIT:
    case GALEN_DOC_CHECKIN:
        return false;
    default:
        return true;
    }
}

bool item_supersedes(const struct item *item)
{
    if (!changes_documents(item))
        return false;
    /* of a newer version: nobody here can tell what it changed */
    return item->record == NULL || galen_docs_supersedes(item->record->document->id);
}

uint64_t galen_docs_changed_since(const struct galen_docs *docs, uint64_t size,
                                  const struct galen_id *device)
{
    uint64_t first = GALEN_NO_ENTRY;
    for (size_t i = docs->items.count; i > 0; i--) {
        const struct item *item = docs->items.at[i - 1];
        if (item->entry.index < size)
            break;
        if (item_supersedes(item) && !galen_id_equal(&item->entry.device, device))
            first = item->entry.index;
    }
    return first;
}

/* The state that a sign-off with this base is about: the present one, if nothing changed it since; else
 * one made for the purpose, which is the caller's. NULL: out of memory. */
static const struct galen_docs *state_at(const struct galen_docs *docs, uint64_t base,
                                         struct galen_docs **made)
{
    *made = NULL;
    for (size_t i = docs->items.count; i > 0; i--) {
        const struct item *item = docs->items.at[i - 1];
        if (item->entry.index < base)
            break;
        if (changes_documents(item))
            return *made = galen_docs_as_of(docs, base);
    }
    return docs;
}

/* Did the author's device write anything between what it signs and the sign-off? */
static bool wrote_since(const struct galen_docs *docs, const struct galen_id *device, uint64_t base)
{
    for (size_t i = docs->items.count; i > 0; i--) {
        const struct item *item = docs->items.at[i - 1];
        if (item->entry.index < base)
            return false;
        if (galen_id_equal(&item->entry.device, device))
            return true;
    }
    return false;
}

static bool is_none(const uint8_t id[GALEN_RECORD_ID_BYTES])
{
    static const uint8_t none[GALEN_RECORD_ID_BYTES];
    return memcmp(id, none, sizeof none) == 0;
}

enum galen_err galen_docs_sign_bar(const struct galen_docs *docs)
{
    if (docs->newer > 0)
        return GALEN_ERR_UNKNOWN_KIND;
    if (GALEN_CHECKED(SIGN_CONFLICT) && galen_docs_conflict_count(docs) > 0)
        return GALEN_ERR_CONFLICT;
    return GALEN_OK;
}

/* What the documents at its base say of it. MEMORY is no verdict. */
static enum galen_err judge_signed(const struct galen_docs *then, const struct galen_op *op)
{
    uint8_t hash[GALEN_HASH_BYTES];
    enum galen_err err = galen_docs_sign_bar(then);
    if (err != GALEN_OK)
        return err;
    if (!is_none(op->content.sign.visit) &&
        docs_record(then, GALEN_DOC_VISIT, op->content.sign.visit) == NULL)
        return GALEN_ERR_VALUE;
    if (!galen_docs_hash(then, hash))
        return GALEN_ERR_MEMORY;
    if (GALEN_CHECKED(SIGN_HASH) && memcmp(hash, op->content.sign.hash, sizeof hash) != 0)
        return GALEN_ERR_SIGNED;
    return GALEN_OK;
}

enum galen_err judge_sign(const struct galen_docs *docs, const struct galen_docs_entry *entry,
                          const struct galen_op *op, struct plan *plan)
{
    enum galen_err err = GALEN_ERR_BEHIND;
    bool known = op->content.sign.schema <= GALEN_SCHEMA_VERSION &&
                 op->content.sign.meaning <= GALEN_SIGN_DISCHARGE;
    if (op->base == entry->head_size && !wrote_since(docs, &entry->device, op->base))
        err = known ? GALEN_OK : GALEN_ERR_UNKNOWN_KIND;
    if (err == GALEN_OK) {
        struct galen_docs *made;
        const struct galen_docs *then = state_at(docs, op->base, &made);
        err = then == NULL ? GALEN_ERR_MEMORY : judge_signed(then, op);
        galen_docs_free(made);
    }
    if (err == GALEN_ERR_MEMORY)
        return err;
    plan->verdict.err = err;
    plan->signs = err == GALEN_OK;
    plan->newer = err == GALEN_ERR_UNKNOWN_KIND;
    plan->verdict.counts = plan->signs || plan->newer;
    return GALEN_OK;
}

/* ---- Versions ------------------------------------------------------------------------------------ */

struct sign *sign_new(const struct item *item, const struct galen_op *op)
{
    struct galen_bytes assertion = op->content.sign.assertion;
    struct sign *sign = calloc(1, sizeof *sign + assertion.size);
    if (sign == NULL)
        return NULL;
    sign->item = item;
    memcpy(sign->visit, op->content.sign.visit, sizeof sign->visit);
    sign->meaning = op->content.sign.meaning;
    sign->schema = op->content.sign.schema;
    memcpy(sign->hash, op->content.sign.hash, sizeof sign->hash);
    sign->superseded = GALEN_NO_ENTRY;
    sign->assertion = (struct galen_bytes){sign->bytes, assertion.size};
    if (assertion.size > 0)
        memcpy(sign->bytes, assertion.at, assertion.size);
    return sign;
}

void sign_add(struct galen_docs *docs, struct sign *sign)
{
    for (size_t i = docs->items.count; i > 0; i--) {
        const struct item *item = docs->items.at[i - 1];
        if (item->entry.index < sign->item->base)
            break;
        if (item_supersedes(item))
            sign->superseded = item->entry.index;
    }
    docs->standing += sign->superseded == GALEN_NO_ENTRY;
    list_add(&docs->signs, sign);
}

void signs_supersede(struct galen_docs *docs, const struct item *item)
{
    if (docs->standing == 0 || !item_supersedes(item))
        return;
    for (size_t i = 0; i < docs->signs.count; i++) {
        struct sign *sign = docs->signs.at[i];
        if (sign->superseded == GALEN_NO_ENTRY)
            sign->superseded = item->entry.index;
    }
    docs->standing = 0;
}

size_t galen_docs_version_count(const struct galen_docs *docs)
{
    return docs->signs.count;
}

struct galen_version galen_docs_version_at(const struct galen_docs *docs, size_t i)
{
    assert(i < docs->signs.count);
    const struct sign *sign = docs->signs.at[i];
    return (struct galen_version){
        .number = (uint32_t)i + 1,
        .index = sign->item->entry.index,
        .entry = &sign->item->entry,
        .clock_ms = sign->item->clock_ms,
        .base = sign->item->base,
        .meaning = sign->meaning,
        .schema = sign->schema,
        .visit = is_none(sign->visit) ? NULL : sign->visit,
        .hash = sign->hash,
        .assertion = sign->assertion,
        .superseded = sign->superseded,
    };
}
