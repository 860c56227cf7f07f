#include "evidence_file.h"

#include <string.h>

bool evidence_next_item(struct galen_reader *items, struct evidence_item *item)
{
    struct galen_reader record;
    if (items->failed || items->left == 0)
        return false;
    item->index = galen_read_u64(items);
    item->proof = galen_read_vector(items, EVIDENCE_PROOF_MAX);
    galen_read_nested(items, EVIDENCE_RECORD_MAX, &record);
    if (galen_entry_read(&record, &item->entry) != GALEN_OK || !galen_reader_done(&record) ||
        item->entry.body_state == GALEN_BODY_NOT_YOURS)
        items->failed = true;
    return !items->failed;
}

bool evidence_next_head(struct galen_reader *heads, struct evidence_head *head)
{
    if (heads->failed || heads->left == 0)
        return false;
    if (galen_head_read(heads, &head->head) != GALEN_OK)
        heads->failed = true;
    head->proof = galen_read_vector(heads, EVIDENCE_PROOF_MAX);
    return !heads->failed;
}

bool evidence_next_disclosure(struct galen_reader *disclosures, struct evidence_disclosure *out)
{
    if (disclosures->failed || disclosures->left == 0)
        return false;
    out->index = galen_read_u64(disclosures);
    galen_read_into(disclosures, out->secret, sizeof out->secret);
    return !disclosures->failed;
}

bool evidence_next_documents(struct galen_reader *documents, struct evidence_documents *out)
{
    if (documents->failed || documents->left == 0)
        return false;
    out->index = galen_read_u64(documents);
    out->documents = galen_read_vector(documents, GALEN_VECTOR_MAX);
    return !documents->failed;
}

static bool walk_documents(struct galen_reader documents)
{
    struct evidence_documents one;
    uint64_t last = 0;
    for (bool first = true; evidence_next_documents(&documents, &one); first = false) {
        if (!first && one.index <= last)
            return false;
        last = one.index;
    }
    return galen_reader_done(&documents);
}

/* Whether the lists can be stepped through to their ends. Finds the entry in question. */
static bool walk_lists(struct evidence_file *file)
{
    struct galen_reader items = file->items, heads = file->heads, disclosures = file->disclosures;
    struct evidence_item item;
    struct evidence_head head;
    struct evidence_disclosure disclosure;
    uint64_t last = 0;
    size_t sealed = 0;
    while (evidence_next_item(&items, &item)) {
        if (file->whole && item.proof.size > 0)
            return false;
        bool clear = galen_class_is_clear(item.entry.header.class);
        if (!file->whole && (!clear || sealed == 0))
            file->index = item.index;
        sealed += !clear;
    }
    if (!file->whole && sealed > 1)
        return false;
    while (evidence_next_head(&heads, &head)) {
        if (file->whole && head.proof.size > 0)
            return false;
    }
    for (bool first = true; evidence_next_disclosure(&disclosures, &disclosure); first = false) {
        if (!first && disclosure.index <= last)
            return false;
        last = disclosure.index;
    }
    return galen_reader_done(&items) && galen_reader_done(&heads) &&
           galen_reader_done(&disclosures) && walk_documents(file->documents);
}

enum galen_err evidence_read(struct galen_bytes in, struct evidence_file *file)
{
    struct galen_reader r;
    galen_reader_init(&r, in);
    struct galen_bytes magic = galen_take(&r, strlen(EVIDENCE_MAGIC));
    if (r.failed || memcmp(magic.at, EVIDENCE_MAGIC, magic.size) != 0)
        return GALEN_ERR_FORMAT;
    uint8_t version = galen_read_u8(&r);
    if (!r.failed && version != GALEN_EVIDENCE_VERSION)
        return GALEN_ERR_VERSION;
    file->whole = galen_read_bool(&r);
    file->index = 0;
    galen_read_into(&r, file->practice.sign, sizeof file->practice.sign);
    galen_read_into(&r, file->practice.seal, sizeof file->practice.seal);
    file->chart = galen_read_id(&r);
    file->size = galen_read_u64(&r);
    galen_read_into(&r, file->root, sizeof file->root);
    galen_read_nested(&r, GALEN_VECTOR_MAX, &file->items);
    galen_read_nested(&r, GALEN_VECTOR_MAX, &file->heads);
    galen_read_nested(&r, GALEN_VECTOR_MAX, &file->disclosures);
    galen_read_nested(&r, GALEN_VECTOR_MAX, &file->documents);
    if (!galen_reader_done(&r) || file->size == 0 || file->items.left == 0)
        return GALEN_ERR_FORMAT;
    return walk_lists(file) ? GALEN_OK : GALEN_ERR_FORMAT;
}
