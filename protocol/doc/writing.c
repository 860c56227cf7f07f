#include "writing.h"

#include "text_store.h"

#include "galen/mutation.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* From here on are the numbers of edits that are nobody's own. */
#define NOBODYS 0x80000000u

enum { UTF8_MAX = 4 }; /* bytes of a code point */

_Static_assert(GALEN_TEXT_EDITS_MAX <= UINT32_MAX - NOBODYS, "each has a number");

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

void writing_free(struct writing *writing)
{
    if (writing == NULL)
        return;
    galen_text_free(writing->text);
    free(writing->whole);
    galen_splices_free(&writing->splices);
    for (size_t i = 0; i < writing->owned.count; i++)
        free(writing->owned.at[i]);
    free(writing->owned.at);
    free(writing);
}

/* Room for what the text says after this edit, so that looking at it cannot fail. */
static bool reserve_whole(struct writing *writing, const struct galen_edit *edit)
{
    size_t size = galen_text_size(writing->text) + 1;
    for (size_t i = 0; i < edit->count; i++)
        size += edit->splices[i].inserted.size;
    if (size <= writing->room)
        return true;
    size += size / 2;
    uint8_t *whole = realloc(writing->whole, size);
    if (whole == NULL)
        return false;
    writing->whole = whole;
    writing->room = size;
    return true;
}

bool writing_says(const struct writing *writing)
{
    return galen_text_size(writing->text) > 0;
}

struct galen_bytes writing_whole(struct writing *writing)
{
    struct galen_writer w = {.at = writing->whole, .room = writing->room, .max = writing->room};
    if (!writing->looked)
        galen_text_say(writing->text, &w);
    assert(!w.failed && w.at == writing->whole);
    writing->looked = true;
    return (struct galen_bytes){writing->whole, galen_text_size(writing->text)};
}

bool writing_has_room(const struct reg *reg, struct galen_bytes value)
{
    struct galen_reader r;
    size_t inserted = 0, deleted = 0;
    if (reg->writing == NULL)
        return true;
    galen_reader_init(&r, value);
    while (r.left > 0 && !r.failed) { /* splices, which were checked */
        (void)galen_read_u32(&r);
        deleted += (size_t)galen_read_u32(&r) * UTF8_MAX;
        inserted += galen_read_vector(&r, GALEN_PLAIN_MAX).size;
    }
    return galen_text_has_room(reg->writing->text, inserted > deleted ? inserted : deleted);
}

static bool stage(struct reg *reg, const struct saying *saying, struct galen_splices *splices)
{
    struct writing *writing = reg->writing;
    struct galen_edit edit = edit_of(reg, reg->count, saying);
    edit.splices = splices->at;
    edit.count = splices->count;
    assert(!writing->staged);
    enum galen_err err = GALEN_ERR_MEMORY;
    if (reg_reserve(reg, 1) && reserve_whole(writing, &edit))
        err = galen_text_prepare(writing->text, &edit, 0);
    assert(err == GALEN_OK || err == GALEN_ERR_MEMORY); /* it was checked */
    if (err != GALEN_OK) {
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
    galen_text_commit(writing->text, NULL);
    writing->looked = false;
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
    writing->staged = false;
}

/* ---- Looking ------------------------------------------------------------------------------------- */

/* Prepares the n-th edit of a text that has those before it; `splices` are the caller's, also after an error. */
static enum galen_err prepare_saying(struct galen_text *text, const struct reg *reg, size_t n,
                                     const struct saying *saying, struct galen_splices *splices)
{
    enum galen_err err = galen_splices_read(saying->value, splices);
    if (err != GALEN_OK)
        return err;
    struct galen_edit edit = edit_of(reg, n, saying);
    edit.splices = splices->at;
    edit.count = splices->count;
    return galen_text_prepare(text, &edit, 0);
}

static enum galen_err apply_saying(struct galen_text *text, const struct reg *reg, size_t n,
                                   const struct saying *saying)
{
    struct galen_splices splices;
    enum galen_err err = prepare_saying(text, reg, n, saying, &splices);
    if (err == GALEN_OK)
        galen_text_commit(text, NULL);
    galen_splices_free(&splices);
    return err;
}

static enum galen_err replay_all(struct galen_text *text, const struct reg *reg)
{
    enum galen_err err = GALEN_OK;
    for (size_t i = 0; i < reg->count && err == GALEN_OK; i++)
        err = apply_saying(text, reg, i, &reg->said[i]);
    return err;
}

enum galen_err writing_preview(const struct reg *reg, const struct saying *saying,
                               struct galen_writer *w)
{
    struct galen_splices splices, merged = {0};
    enum galen_err err = galen_splices_read(saying->value, &splices);
    if (err != GALEN_OK)
        return err;
    struct galen_edit edit = edit_of(reg, reg->count, saying);
    edit.splices = splices.at;
    edit.count = splices.count;
    if (reg->writing == NULL) {
        err = galen_text_spliced((struct galen_bytes){NULL, 0}, &splices, w);
    } else {
        err = galen_text_preview(reg->writing->text, &edit, &merged);
        if (err == GALEN_OK)
            err = galen_text_spliced(writing_whole(reg->writing), &merged, w);
    }
    galen_splices_free(&merged);
    galen_splices_free(&splices);
    return err;
}

/* Tells what the edit that was taken in last came to; `gone` is what it deleted, `parts` has room. */
static void tell(const struct galen_text *text, const struct galen_splices *splices,
                 struct galen_bytes gone, struct galen_text_part *parts, size_t *count)
{
    const struct galen_text_change *changes = galen_text_changes(text, count);
    size_t splice = 0;
    for (size_t i = 0; i < *count; i++) {
        size_t size = utf8_skip(gone.at, changes[i].deleted);
        parts[i] = (struct galen_text_part){.at = changes[i].at, .gone = {gone.at, size}};
        while (changes[i].inserted > 0 && parts[i].came.size == 0)
            parts[i].came = splices->at[splice++].inserted;
        gone.at += size;
    }
}

static enum galen_err visit_saying(struct galen_text *text, const struct reg *reg, size_t i,
                                   struct galen_writer *gone, galen_text_visit visit, void *user)
{
    struct galen_splices splices;
    struct galen_text_part *parts = NULL;
    size_t count = 0;
    enum galen_err err = prepare_saying(text, reg, i, &reg->said[i], &splices);
    if (err == GALEN_OK) {
        (void)galen_text_changes(text, &count);
        parts = calloc(count + 1, sizeof *parts);
        galen_writer_clear(gone);
        galen_text_commit(text, gone);
        err = parts == NULL || gone->failed ? GALEN_ERR_MEMORY : GALEN_OK;
    }
    if (err == GALEN_OK) {
        struct galen_bytes bytes =
            gone->size == 0 ? (struct galen_bytes){(const uint8_t *)"", 0} : galen_written(gone);
        tell(text, &splices, bytes, parts, &count);
        visit(user, i, parts, count);
    }
    free(parts);
    galen_splices_free(&splices);
    return err;
}

enum galen_err galen_record_text_history(const struct galen_record *record, uint16_t field,
                                         galen_text_visit visit, void *user)
{
    struct galen_text *text = galen_text_new();
    const struct reg *reg = &record->fields[field - 1];
    struct galen_writer gone;
    enum galen_err err = text == NULL ? GALEN_ERR_MEMORY : GALEN_OK;
    assert(field_is_text(record, field));
    galen_writer_init(&gone);
    for (size_t i = 0; i < reg->count && err == GALEN_OK; i++)
        err = visit_saying(text, reg, i, &gone, visit, user);
    galen_writer_wipe(&gone);
    galen_text_free(text);
    return err;
}

/* Applies an edit of this device's that is to follow what is in the text, of which it had seen so many edits. */
static enum galen_err apply_unsent(struct galen_text *text, uint32_t device, uint32_t seen,
                                   const struct galen_unsent *unsent)
{
    struct galen_splices splices;
    enum galen_err err = galen_splices_read(unsent->value, &splices);
    if (err != GALEN_OK)
        return err;
    struct galen_edit edit = {
        .device = device, .seen = seen, .splices = splices.at, .count = splices.count};
    err = galen_text_apply(text, &edit, 0);
    galen_splices_free(&splices);
    return err == GALEN_ERR_VALUE ? GALEN_OK
                                  : err; /* it will be void, or was: it changes nothing */
}

/* Makes the text that edits on this base, and later ones, are made to: if all before it was seen, then what the
 * text says is enough, as the one edit that there is. */
static enum galen_err begin_unsent(struct galen_text *text, const struct reg *reg, uint64_t base,
                                   bool *has_seen_all)
{
    *has_seen_all = edits_before(reg, base) == reg->count;
    if (!*has_seen_all)
        return replay_all(text, reg);
    struct galen_splice whole = {.inserted = writing_whole(reg->writing)};
    struct galen_edit edit = {
        .device = NOBODYS, .splices = &whole, .count = whole.inserted.size > 0};
    return galen_text_apply(text, &edit, 0);
}

enum galen_err galen_docs_text(const struct galen_docs *docs, uint8_t doc,
                               const uint8_t id[GALEN_RECORD_ID_BYTES], uint16_t field,
                               const struct galen_id *device, const struct galen_unsent *unsent,
                               size_t count, struct galen_writer *w)
{
    const struct galen_record *record = docs_record(docs, doc, id);
    const struct reg *reg = record == NULL ? NULL : &record->fields[field - 1];
    if (reg != NULL && reg->writing == NULL)
        reg = NULL;
    if (count == 0) { /* what is there says it */
        if (reg != NULL)
            galen_text_say(reg->writing->text, w);
        return w->failed ? GALEN_ERR_MEMORY : GALEN_OK;
    }
    bool has_seen_all = false;
    struct galen_text *text = galen_text_new();
    enum galen_err err = text == NULL ? GALEN_ERR_MEMORY : GALEN_OK;
    if (err == GALEN_OK && reg != NULL)
        err = begin_unsent(text, reg, unsent[0].base, &has_seen_all);
    for (size_t i = 0; i < count && err == GALEN_OK; i++) {
        uint32_t seen = reg == NULL || has_seen_all ? 1 : edits_before(reg, unsent[i].base);
        err = apply_unsent(text, docs_device(docs, device), seen, &unsent[i]);
    }
    if (err == GALEN_OK)
        galen_text_say(text, w);
    galen_text_free(text);
    return err == GALEN_OK && w->failed ? GALEN_ERR_MEMORY : err;
}

static enum galen_err show_past(const struct galen_text_past *past, struct galen_text_choice choice,
                                struct galen_bytes whole, galen_text_said visit, void *user,
                                bool *found)
{
    struct galen_splices splices;
    struct galen_writer w;
    galen_writer_init(&w);
    enum galen_err err = galen_text_past_undo(past, choice, &splices);
    if (err == GALEN_OK)
        err = galen_text_spliced(whole, &splices, &w);
    if (err == GALEN_OK)
        *found = visit(user, galen_written(&w));
    galen_splices_free(&splices);
    galen_writer_wipe(&w);
    return err;
}

enum galen_err galen_docs_text_past(const struct galen_docs *docs, uint8_t doc,
                                    const uint8_t id[GALEN_RECORD_ID_BYTES], uint16_t field,
                                    const struct galen_id *device, size_t most,
                                    galen_text_said visit, void *user)
{
    const struct galen_record *record = docs_record(docs, doc, id);
    const struct reg *reg = record == NULL ? NULL : &record->fields[field - 1];
    struct galen_text_past *past = NULL;
    uint32_t own = docs_device(docs, device);
    bool found = false;
    if (reg == NULL || reg->writing == NULL)
        return GALEN_OK;
    bool *chosen = calloc(reg->count, sizeof *chosen);
    enum galen_err err =
        chosen == NULL ? GALEN_ERR_MEMORY
                       : galen_text_past_new(reg->writing->text, GALEN_DRAFT_HISTORY_MAX, &past);
    for (size_t i = reg->count; i-- > 0 && most > 0 && err == GALEN_OK && !found;) {
        if (edit_of(reg, i, &reg->said[i]).device == own)
            continue;
        chosen[i] = true;
        most--;
        err = show_past(past, (struct galen_text_choice){chosen, reg->count},
                        writing_whole(reg->writing), visit, user, &found);
    }
    galen_text_past_free(past);
    free(chosen);
    return err == GALEN_ERR_FULL ? GALEN_OK : err;
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
    for (size_t i = 0; i < count && err == GALEN_OK; i++)
        err = apply_unsent(text, own, reg == NULL ? 0 : edits_before(reg, unsent[i].base),
                           &unsent[i]);
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
