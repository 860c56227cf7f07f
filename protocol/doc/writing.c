#include "writing.h"

#include "galen/mutation.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* From here on are the numbers of edits that are nobody's own. */
#define NOBODYS 0x80000000u

bool field_is_text(const struct galen_record *record, uint16_t number)
{
    return galen_field(record->document, number)->kind == GALEN_VALUE_TEXT;
}

/* How many edits lie before this place in the log. */
static uint32_t edits_before(const struct reg *reg, uint64_t index)
{
    size_t from = 0, to = reg->count;
    while (from < to) {
        size_t middle = from + (to - from) / 2;
        if (reg->said[middle].item->entry.index < index)
            from = middle + 1;
        else
            to = middle;
    }
    return (uint32_t)from;
}

/* How many edits their author had in front of them, without their own. */
static uint32_t edits_seen(const struct reg *reg, uint64_t base)
{
    return GALEN_CHECKED(SPLICE_BASE) ? edits_before(reg, base) : (uint32_t)reg->count;
}

/* The n-th edit, without its splices. */
static struct galen_edit edit_of(const struct reg *reg, size_t n, const struct saying *saying)
{
    struct galen_edit edit = {.device = NOBODYS + (uint32_t)n, .seen = (uint32_t)n};
    if (saying->source == NULL) {
        edit.device = saying->item->device;
        edit.seen = edits_seen(reg, saying->item->base);
    } else if (!saying->takes_back) {
        edit.as_of = true;
        edit.author = saying->source->device;
        edit.author_seen = edits_before(reg, saying->source->base);
        edit.own = edits_before(reg, saying->source->entry.index);
    }
    return edit;
}

enum galen_err writing_check(const struct reg *reg, uint32_t device, uint64_t base,
                             struct galen_bytes value)
{
    struct galen_splices splices;
    struct galen_text *text = reg == NULL || reg->writing == NULL ? NULL : reg->writing->text;
    enum galen_err err = galen_splices_read(value, &splices);
    if (err != GALEN_OK)
        return err;
    struct galen_edit edit = {.device = device, .splices = splices.at, .count = splices.count};
    if (reg != NULL)
        edit.seen = edits_seen(reg, base);
    err = galen_text_check(text, &edit, GALEN_TEXT_POINTS_MAX);
    galen_splices_free(&splices);
    return err;
}

/* ---- Taking in ----------------------------------------------------------------------------------- */

static struct writing *writing_new(void)
{
    struct writing *writing = calloc(1, sizeof *writing);
    if (writing == NULL)
        return NULL;
    writing->text = galen_text_new();
    if (writing->text == NULL) {
        free(writing);
        return NULL;
    }
    return writing;
}

static void free_bytes(struct galen_bytes *bytes)
{
    free((uint8_t *)bytes->at);
    *bytes = (struct galen_bytes){NULL, 0};
}

void writing_free(struct writing *writing)
{
    if (writing == NULL)
        return;
    galen_text_free(writing->text);
    free_bytes(&writing->whole);
    free_bytes(&writing->next);
    galen_splices_free(&writing->splices);
    for (size_t i = 0; i < writing->owned.count; i++)
        free(writing->owned.at[i]);
    free(writing->owned.at);
    free(writing);
}

/* Room for what the text says after this edit. */
static bool reserve_next(struct writing *writing, const struct galen_edit *edit)
{
    size_t size = galen_text_size(writing->text);
    for (size_t i = 0; i < edit->count; i++)
        size += edit->splices[i].inserted.size;
    writing->next = (struct galen_bytes){malloc(size + 1), size};
    return writing->next.at != NULL;
}

static bool stage(struct reg *reg, const struct saying *saying, struct galen_splices *splices)
{
    struct writing *writing = reg->writing;
    struct galen_edit edit = edit_of(reg, reg->count, saying);
    edit.splices = splices->at;
    edit.count = splices->count;
    assert(!writing->staged);
    enum galen_err err = GALEN_ERR_MEMORY;
    if (reg_reserve(reg, 1) && reserve_next(writing, &edit))
        err = galen_text_prepare(writing->text, &edit, 0);
    assert(err != GALEN_ERR_VALUE && err != GALEN_ERR_LIMIT); /* it was checked */
    if (err != GALEN_OK) {
        free_bytes(&writing->next);
        galen_splices_free(splices);
        return false;
    }
    writing->splices = *splices;
    writing->saying = *saying;
    writing->staged = true;
    return true;
}

bool writing_stage(struct reg *reg, const struct saying *saying)
{
    struct galen_splices splices;
    if (reg->writing == NULL)
        reg->writing = writing_new();
    return reg->writing != NULL && galen_splices_read(saying->value, &splices) == GALEN_OK &&
           stage(reg, saying, &splices);
}

/* Keeps splices that stand in no item. */
static bool own(struct writing *writing, const struct galen_splices *splices,
                struct galen_bytes *value)
{
    struct galen_writer w;
    galen_writer_init(&w);
    galen_splices_write(&w, splices->at, splices->count);
    if (w.failed || !list_reserve(&writing->owned)) {
        galen_writer_wipe(&w);
        return false;
    }
    if (w.at != NULL)
        list_add(&writing->owned, w.at);
    *value = (struct galen_bytes){w.at, w.size};
    return true;
}

bool writing_stage_taking_back(struct reg *reg, const struct item *answer,
                               const struct item *proposal)
{
    struct saying saying = {.item = answer, .source = proposal, .takes_back = true};
    struct galen_splices splices = {0};
    bool *chosen = calloc(reg->count + 1, sizeof *chosen);
    enum galen_err err = chosen == NULL ? GALEN_ERR_MEMORY : GALEN_OK;
    for (size_t i = 0; i < reg->count && err == GALEN_OK; i++)
        chosen[i] =
            reg->said[i].source == proposal && !reg->said[i].takes_back && !reg->said[i].taken_back;
    if (err == GALEN_OK)
        err = galen_text_undo(reg->writing->text, (struct galen_text_choice){chosen, reg->count},
                              &splices);
    free(chosen);
    if (err == GALEN_OK && !own(reg->writing, &splices, &saying.value))
        err = GALEN_ERR_MEMORY;
    if (err == GALEN_OK)
        return stage(reg, &saying, &splices);
    galen_splices_free(&splices);
    return false;
}

void writing_commit(struct reg *reg)
{
    struct writing *writing = reg->writing;
    if (writing == NULL || !writing->staged)
        return;
    galen_text_commit(writing->text);
    struct galen_writer w = {.at = (uint8_t *)writing->next.at,
                             .room = writing->next.size + 1,
                             .max = writing->next.size + 1};
    galen_text_say(writing->text, &w);
    assert(!w.failed);
    free_bytes(&writing->whole);
    writing->whole = (struct galen_bytes){w.at, w.size};
    writing->next = (struct galen_bytes){NULL, 0};
    galen_splices_free(&writing->splices);
    writing->staged = false;
    for (size_t i = 0; writing->saying.takes_back && i < reg->count; i++)
        if (reg->said[i].source == writing->saying.source)
            reg->said[i].taken_back = true;
    reg->said[reg->count++] = writing->saying;
}

void writing_abort(struct reg *reg)
{
    struct writing *writing = reg->writing;
    if (writing == NULL || !writing->staged)
        return;
    galen_text_abort(writing->text);
    galen_splices_free(&writing->splices);
    free_bytes(&writing->next);
    writing->staged = false;
}

/* ---- Looking ------------------------------------------------------------------------------------- */

/* Applies the n-th edit to a text that has those before it. */
static enum galen_err apply_saying(struct galen_text *text, const struct reg *reg, size_t n,
                                   const struct saying *saying)
{
    struct galen_splices splices;
    enum galen_err err = galen_splices_read(saying->value, &splices);
    if (err != GALEN_OK)
        return err;
    struct galen_edit edit = edit_of(reg, n, saying);
    edit.splices = splices.at;
    edit.count = splices.count;
    err = galen_text_apply(text, &edit, 0);
    galen_splices_free(&splices);
    return err;
}

/* The whole text so far goes to `visit`, after each edit. */
static enum galen_err replay_all(struct galen_text *text, const struct reg *reg,
                                 galen_text_visit visit, void *user)
{
    enum galen_err err = GALEN_OK;
    struct galen_writer w;
    galen_writer_init(&w);
    for (size_t i = 0; reg != NULL && i < reg->count && err == GALEN_OK; i++) {
        err = apply_saying(text, reg, i, &reg->said[i]);
        if (err != GALEN_OK || visit == NULL)
            continue;
        galen_writer_clear(&w);
        galen_text_say(text, &w);
        if (w.failed)
            err = GALEN_ERR_MEMORY;
        else
            visit(user, i, galen_written(&w));
    }
    galen_writer_wipe(&w);
    return err;
}

static bool say(const struct galen_text *text, struct galen_bytes *whole)
{
    struct galen_writer w;
    galen_writer_init(&w);
    galen_text_say(text, &w);
    if (w.failed)
        galen_writer_wipe(&w);
    *whole = (struct galen_bytes){w.at, w.size};
    return !w.failed;
}

bool writing_preview(const struct reg *reg, const struct saying *saying, struct galen_bytes *whole)
{
    struct galen_text *text = galen_text_new();
    bool ok = text != NULL && replay_all(text, reg, NULL, NULL) == GALEN_OK &&
              apply_saying(text, reg, reg->count, saying) == GALEN_OK && say(text, whole);
    galen_text_free(text);
    return ok;
}

enum galen_err galen_record_text_history(const struct galen_record *record, uint16_t field,
                                         galen_text_visit visit, void *user)
{
    struct galen_text *text = galen_text_new();
    enum galen_err err = GALEN_ERR_MEMORY;
    assert(field_is_text(record, field));
    if (text != NULL)
        err = replay_all(text, &record->fields[field - 1], visit, user);
    galen_text_free(text);
    return err;
}

/* Applies an edit of this device's that is to follow what is in the text. */
static enum galen_err apply_unsent(struct galen_text *text, const struct galen_docs *docs,
                                   const struct reg *reg, const struct galen_id *device,
                                   const struct galen_unsent *unsent)
{
    struct galen_splices splices;
    enum galen_err err = galen_splices_read(unsent->value, &splices);
    if (err != GALEN_OK)
        return err;
    struct galen_edit edit = {
        .device = docs_device(docs, device), .splices = splices.at, .count = splices.count};
    if (reg != NULL)
        edit.seen = edits_before(reg, unsent->base);
    err = galen_text_apply(text, &edit, 0);
    galen_splices_free(&splices);
    return err;
}

enum galen_err galen_docs_text(const struct galen_docs *docs, uint8_t doc,
                               const uint8_t id[GALEN_RECORD_ID_BYTES], uint16_t field,
                               const struct galen_id *device, const struct galen_unsent *unsent,
                               size_t count, struct galen_writer *w)
{
    const struct galen_record *record = docs_record(docs, doc, id);
    const struct reg *reg = record == NULL ? NULL : &record->fields[field - 1];
    enum galen_err err = GALEN_OK;
    if (count == 0) { /* what is there says it */
        if (reg != NULL && reg->writing != NULL)
            galen_write(w, reg->writing->whole.at, reg->writing->whole.size);
        return w->failed ? GALEN_ERR_MEMORY : GALEN_OK;
    }
    struct galen_text *text = galen_text_new();
    if (text == NULL)
        return GALEN_ERR_MEMORY;
    err = replay_all(text, reg, NULL, NULL);
    for (size_t i = 0; i < count && err == GALEN_OK; i++) {
        err = apply_unsent(text, docs, reg, device, &unsent[i]);
        if (err == GALEN_ERR_VALUE)
            err = GALEN_OK; /* it will be void, and changes nothing */
    }
    galen_text_say(text, w);
    galen_text_free(text);
    return err == GALEN_OK && w->failed ? GALEN_ERR_MEMORY : err;
}

/* What the author of an edit made on this base had in front of them: what lay before it, and their own. */
static enum galen_err say_past(const struct galen_docs *docs, const struct reg *reg,
                               const struct galen_id *device, uint64_t base,
                               const struct galen_unsent *unsent, size_t count,
                               struct galen_writer *w)
{
    struct galen_text *text = galen_text_new();
    enum galen_err err = text == NULL ? GALEN_ERR_MEMORY : GALEN_OK;
    uint32_t seen = reg == NULL ? 0 : edits_before(reg, base), own = docs_device(docs, device);
    for (size_t i = 0; reg != NULL && i < reg->count && err == GALEN_OK; i++)
        if (i < seen || edit_of(reg, i, &reg->said[i]).device == own)
            err = apply_saying(text, reg, i, &reg->said[i]);
    for (size_t i = 0; i < count && err == GALEN_OK; i++) {
        err = apply_unsent(text, docs, reg, device, &unsent[i]);
        if (err == GALEN_ERR_VALUE)
            err = GALEN_OK; /* it would have been void */
    }
    if (err == GALEN_OK) {
        galen_text_say(text, w);
        err = w->failed ? GALEN_ERR_MEMORY : GALEN_OK;
    }
    galen_text_free(text);
    return err;
}

enum galen_err galen_docs_text_without(const struct galen_docs *docs, uint8_t doc,
                                       const uint8_t id[GALEN_RECORD_ID_BYTES], uint16_t field,
                                       const struct galen_id *device,
                                       const struct galen_unsent *with, size_t count,
                                       const struct galen_unsent *without, size_t without_count,
                                       struct galen_writer *w)
{
    const struct galen_record *record = docs_record(docs, doc, id);
    const struct reg *reg = record == NULL ? NULL : &record->fields[field - 1];
    struct galen_splices splices = {0};
    struct galen_writer before, after, now;
    galen_writer_init(&before);
    galen_writer_init(&after);
    galen_writer_init(&now);
    assert(count > 0);
    uint64_t base = with[count - 1].base;
    enum galen_err err = say_past(docs, reg, device, base, with, count - 1, &before);
    if (err == GALEN_OK)
        err = say_past(docs, reg, device, base, with, count, &after);
    if (err == GALEN_OK)
        err = say_past(docs, reg, device, base, without, without_count, &now);
    if (err == GALEN_OK)
        err = galen_text_merge(galen_written(&before), galen_written(&after), galen_written(&now),
                               &splices);
    if (err == GALEN_OK) {
        galen_splices_write(w, splices.at, splices.count);
        err = w->failed ? GALEN_ERR_MEMORY : GALEN_OK;
    }
    galen_splices_free(&splices);
    galen_writer_wipe(&before);
    galen_writer_wipe(&after);
    galen_writer_wipe(&now);
    return err;
}
