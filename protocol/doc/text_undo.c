/* Taking edits back, against what the text says now. */
#include "galen/text.h"

#include "text_state.h"

#include <stdlib.h>
#include <string.h>

enum { MARK_EVERY = 256 };

/* Goes through everything that was ever in the text, and makes splices of what changes. */
struct undo {
    const struct galen_text *text;
    struct galen_text_choice choice;
    struct galen_splices *out;
    size_t room;
    size_t *marks; /* where each 256th code point that was inserted begins */
    struct galen_writer inserted;
    uint32_t at, behind; /* in the text that comes out: here; the end of the last splice */
};

static bool is_chosen(const struct undo *undo, uint32_t edit)
{
    return edit < undo->choice.count && undo->choice.chosen[edit];
}

static struct galen_bytes find_bytes(const struct undo *undo, const struct run_seen *run)
{
    const uint8_t *bytes = undo->text->history.bytes;
    const uint8_t *from = bytes + undo->marks[run->inserted / MARK_EVERY];
    from += utf8_skip(from, run->inserted % MARK_EVERY);
    return (struct galen_bytes){from, utf8_skip(from, run->length)};
}

/* Appends a splice, or makes the last one longer. What it inserts is found when all of it is there. */
static bool add_splice(struct undo *undo, uint32_t deleted, struct galen_bytes inserted)
{
    struct galen_splices *out = undo->out;
    if (out->count == 0 || undo->behind != undo->at) {
        if (out->count == undo->room) {
            size_t room = undo->room * 2 + 4;
            struct galen_splice *at = realloc(out->at, room * sizeof *at);
            if (at == NULL)
                return false;
            out->at = at;
            undo->room = room;
        }
        out->at[out->count++] = (struct galen_splice){undo->at, 0, {NULL, 0}};
    }
    struct galen_splice *last = &out->at[out->count - 1];
    last->deleted += deleted;
    last->inserted.size += inserted.size;
    galen_write(&undo->inserted, inserted.at, inserted.size);
    undo->at += (uint32_t)utf8_points(inserted.at, inserted.size);
    undo->behind = undo->at;
    return !undo->inserted.failed;
}

static void find_inserted(struct undo *undo)
{
    struct galen_splices *out = undo->out;
    const uint8_t *at = out->bytes = undo->inserted.at;
    undo->inserted = (struct galen_writer){0};
    for (size_t i = 0; i < out->count; i++) {
        out->at[i].inserted.at = at;
        if (at != NULL)
            at += out->at[i].inserted.size;
    }
}

static bool visit(void *user, const struct replay *replay, const struct run_seen *run)
{
    struct undo *undo = user;
    uint32_t deletions = run->deletions, edit;
    bool deleted = false, by_others = false;
    while (replay_deletion(replay, &deletions, &edit)) {
        deleted = true;
        by_others |= !is_chosen(undo, edit);
    }
    bool was_inserted = is_chosen(undo, run->edit);
    if (was_inserted && !deleted)
        return add_splice(undo, run->length, (struct galen_bytes){NULL, 0});
    if (!was_inserted && deleted && !by_others)
        return add_splice(undo, 0, find_bytes(undo, run));
    if (!deleted)
        undo->at += run->length;
    return true;
}

static size_t *make_marks(const struct history *history)
{
    size_t points = utf8_points(history->bytes, history->size), at = 0;
    size_t *marks = malloc((points / MARK_EVERY + 1) * sizeof *marks);
    for (size_t i = 0; marks != NULL && i <= points / MARK_EVERY; i++) {
        marks[i] = at;
        if (i < points / MARK_EVERY)
            at += utf8_skip(history->bytes + at, MARK_EVERY);
    }
    return marks;
}

enum galen_err galen_text_undo(const struct galen_text *text, struct galen_text_choice choice,
                               struct galen_splices *out)
{
    struct undo undo = {.text = text, .choice = choice, .out = out};
    struct step *steps = NULL;
    size_t room = 0;
    enum galen_err err = GALEN_ERR_MEMORY;
    memset(out, 0, sizeof *out);
    struct replay *replay = replay_new(0);
    undo.marks = make_marks(&text->history);
    if (replay != NULL && undo.marks != NULL)
        err = replay_history(replay, &text->history, 0, &steps, &room);
    if (err == GALEN_OK && !replay_each(replay, visit, &undo))
        err = GALEN_ERR_MEMORY;
    find_inserted(&undo);
    replay_free(replay);
    free(undo.marks);
    free(steps);
    if (err != GALEN_OK)
        galen_splices_free(out);
    return err;
}
