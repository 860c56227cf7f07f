/* Writing evidence (PROTOCOL.md, "Evidence"). */
#include "evidence_file.h"
#include "state.h"

#include <string.h>

struct writing {
    const struct galen_log *log;
    const struct galen_evidence_source *source;
    const struct galen_evidence_options *options;
    struct galen_writer *out;
    const struct galen_tree *tree;
    uint64_t size;
    uint64_t until;       /* clear entries before this index are shown */
    uint32_t epoch_shown; /* the last epoch that one of those begins */
};

static enum galen_err fetch(const struct writing *w, uint64_t index, struct galen_entry *entry)
{
    const struct galen_primitives *primitives = galen_sodium_primitives();
    uint8_t leaf[GALEN_HASH_BYTES];
    enum galen_err err = w->source->entry(w->source->context, index, entry);
    if (err != GALEN_OK)
        return err;
    galen_entry_leaf(primitives, entry, leaf);
    if (memcmp(leaf, galen_tree_leaf(w->tree, index), sizeof leaf) != 0)
        return GALEN_ERR_HEAD;
    galen_entry_settle_body(primitives, entry);
    if (entry->body_state == GALEN_BODY_PRESENT)
        return GALEN_OK;
    entry->body_state = GALEN_BODY_WITHHELD; /* why it is missing, nobody could check */
    return galen_class_is_clear(entry->header.class) ? GALEN_ERR_WITHHELD : GALEN_OK;
}

static enum galen_err write_item(const struct writing *w, uint64_t index)
{
    struct galen_entry entry;
    enum galen_err err = fetch(w, index, &entry);
    if (err != GALEN_OK)
        return err;
    galen_write_u64(w->out, index);
    size_t mark = galen_write_begin(w->out);
    if (w->options->only)
        err = galen_tree_prove_inclusion(w->tree, index, w->size, w->out);
    galen_write_end(w->out, mark);
    mark = galen_write_begin(w->out);
    galen_entry_write(w->out, &entry);
    galen_write_end(w->out, mark);
    return err;
}

/* The index behind the entry that began an epoch, or the log's size. */
static uint64_t behind_epoch(const struct galen_log *log, uint32_t epoch)
{
    for (size_t i = 0; i < log->read_count; i++) {
        const struct galen_read *read = &log->reads[i];
        if (read->class == GALEN_CLASS_EPOCH && read->state == GALEN_READ_CLEAR &&
            read->epoch + 1 == epoch)
            return i + 1;
    }
    return log->read_count;
}

/*
 * One entry needs every clear entry before it, which show who was a member then (V2). A sealed one also
 * gets those that show that this device is one, for its head; a clear one stands last, as it would not
 * be known from the others.
 */
static void choose_shown(struct writing *w)
{
    const struct galen_member *self = galen_rules_ever_member(w->log->rules, &w->log->self_id);
    w->until = w->options->only ? w->options->index + 1 : w->size;
    if (w->options->only && self && !galen_class_is_clear(w->log->reads[w->options->index].class)) {
        uint64_t admitted = behind_epoch(w->log, self->since_epoch);
        w->until = admitted > w->until ? admitted : w->until;
    }
    for (uint64_t i = 0; i < w->until; i++) {
        const struct galen_read *read = &w->log->reads[i];
        if (read->class == GALEN_CLASS_EPOCH && read->state == GALEN_READ_CLEAR)
            w->epoch_shown = read->epoch + 1;
    }
}

static bool wanted(const struct writing *w, uint64_t index)
{
    return !w->options->only || index == w->options->index ||
           (index < w->until && galen_class_is_clear(w->log->reads[index].class));
}

static enum galen_err write_items(const struct writing *w)
{
    enum galen_err err = GALEN_OK;
    size_t mark = galen_write_begin(w->out);
    for (uint64_t i = 0; i < w->size && err == GALEN_OK; i++) {
        if (wanted(w, i))
            err = write_item(w, i);
    }
    galen_write_end(w->out, mark);
    return err;
}

/* Heads of those who are not shown to be members would say nothing. */
static enum galen_err write_head(const struct writing *w, const struct galen_head *head)
{
    const struct galen_member *signer = galen_rules_ever_member(w->log->rules, &head->device);
    enum galen_err err = GALEN_OK;
    if (!signer || signer->since_epoch > w->epoch_shown)
        return GALEN_OK;
    galen_head_write(w->out, head);
    size_t mark = galen_write_begin(w->out);
    if (w->options->only)
        err = galen_tree_prove_consistency(w->tree, head->size, w->size, w->out);
    galen_write_end(w->out, mark);
    return err;
}

static enum galen_err write_heads(const struct writing *w)
{
    struct galen_head own;
    galen_log_sign_head(w->log, w->options->clock_ms, &own);
    size_t mark = galen_write_begin(w->out);
    enum galen_err err = write_head(w, &own);
    for (size_t i = 0; i < w->log->head_count && err == GALEN_OK; i++) {
        const struct galen_head *head = &w->log->heads[i].checked;
        if (head->size > 0 && !galen_id_equal(&head->device, &own.device))
            err = write_head(w, head);
    }
    /* The fork shows where all entries are; beside a single one it would say nothing. */
    if (w->log->forked && !w->options->only && err == GALEN_OK)
        err = write_head(w, &w->log->fork);
    galen_write_end(w->out, mark);
    return err;
}

static enum galen_err write_disclosures(const struct writing *w)
{
    const struct galen_evidence_options *options = w->options;
    enum galen_err err = GALEN_OK;
    size_t mark = galen_write_begin(w->out);
    for (size_t i = 0; i < options->open_count && err == GALEN_OK; i++) {
        uint64_t index = options->open[i];
        struct galen_entry entry;
        uint8_t secret[GALEN_KEY_BYTES];
        if (index >= w->size || !wanted(w, index))
            return GALEN_ERR_STATE;
        if (i > 0 && index <= options->open[i - 1])
            return GALEN_ERR_FORMAT;
        err = fetch(w, index, &entry);
        if (err == GALEN_OK && !galen_log_entry_secret(w->log, &entry.header, secret))
            err = GALEN_ERR_SEAL;
        if (err != GALEN_OK)
            continue;
        galen_write_u64(w->out, index);
        galen_write(w->out, secret, sizeof secret);
        galen_wipe(secret, sizeof secret);
    }
    galen_write_end(w->out, mark);
    return err;
}

static enum galen_err write_documents(const struct writing *w)
{
    const struct galen_evidence_options *options = w->options;
    struct galen_writer documents;
    enum galen_err err = GALEN_OK;
    size_t mark = galen_write_begin(w->out);
    galen_writer_init(&documents);
    for (size_t i = 0; w->source->documents && i < options->open_count && err == GALEN_OK; i++) {
        galen_writer_clear(&documents);
        err = w->source->documents(w->source->context, options->open[i], &documents);
        if (err == GALEN_OK && documents.failed)
            err = GALEN_ERR_MEMORY;
        if (err != GALEN_OK || documents.size == 0)
            continue;
        galen_write_u64(w->out, options->open[i]);
        galen_write_vector(w->out, galen_written(&documents));
    }
    galen_writer_wipe(&documents);
    galen_write_end(w->out, mark);
    return err;
}

static enum galen_err write_all(const struct writing *w, const struct galen_public_keys *practice)
{
    uint8_t root[GALEN_HASH_BYTES];
    if (!galen_tree_root_at(w->tree, w->size, root))
        return GALEN_ERR_HEAD;
    galen_write(w->out, EVIDENCE_MAGIC, strlen(EVIDENCE_MAGIC));
    galen_write_u8(w->out, GALEN_EVIDENCE_VERSION);
    galen_write_bool(w->out, !w->options->only);
    galen_write(w->out, practice->sign, sizeof practice->sign);
    galen_write(w->out, practice->seal, sizeof practice->seal);
    galen_write_id(w->out, galen_rules_chart(w->log->rules));
    galen_write_u64(w->out, w->size);
    galen_write(w->out, root, sizeof root);
    enum galen_err err = write_items(w);
    if (err == GALEN_OK)
        err = write_heads(w);
    if (err == GALEN_OK)
        err = write_disclosures(w);
    return err == GALEN_OK ? write_documents(w) : err;
}

enum galen_err galen_evidence_write(const struct galen_log *log,
                                    const struct galen_public_keys *practice,
                                    const struct galen_evidence_source *source,
                                    const struct galen_evidence_options *options,
                                    struct galen_writer *out)
{
    const struct galen_tree *tree = galen_rules_tree(log->rules);
    struct writing w = {.log = log,
                        .source = source,
                        .options = options,
                        .out = out,
                        .tree = tree,
                        .size = galen_tree_size(tree)};
    size_t start = out->size;
    if (galen_id_is_none(galen_rules_chart(log->rules)))
        return GALEN_ERR_CHART;
    if (options->only && options->index >= w.size)
        return GALEN_ERR_STATE;
    choose_shown(&w);
    enum galen_err err = write_all(&w, practice);
    if (out->failed)
        err = GALEN_ERR_MEMORY;
    if (err != GALEN_OK && out->size > start) {
        galen_wipe(out->at + start, out->size - start);
        out->size = start;
    }
    return err;
}
