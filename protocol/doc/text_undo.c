/* Taking edits back, against what the text says now. */
#include "galen/text.h"

#include "text_state.h"

#include <stdlib.h>
#include <string.h>

enum { MARK_EVERY = 256 };

/* Everything that was ever in the text. */
struct galen_text_past {
    const struct history *history;
    struct replay *replay;
    size_t *marks; /* where each 256th code point that was inserted begins */
};

/* Goes through all of it, and makes splices of what changes. */
struct undo {
    const struct galen_text_past *past;
    struct galen_text_choice choice;
    struct making making;
    uint32_t at; /* in the text that comes out */
};

static bool is_chosen(const struct undo *undo, uint32_t edit)
{
    return edit < undo->choice.count && undo->choice.chosen[edit];
}

static struct galen_bytes find_bytes(const struct undo *undo, const struct run_seen *run)
{
    const struct galen_text_past *past = undo->past;
    const uint8_t *from = past->history->bytes + past->marks[run->inserted / MARK_EVERY];
    from += utf8_skip(from, run->inserted % MARK_EVERY);
    return (struct galen_bytes){from, utf8_skip(from, run->length)};
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
        return making_add(&undo->making, undo->at, run->length, (struct galen_bytes){NULL, 0});
    bool comes_back = !was_inserted && deleted && !by_others;
    if (comes_back && !making_add(&undo->making, undo->at, 0, find_bytes(undo, run)))
        return false;
    if (!deleted || comes_back)
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

void galen_text_past_free(struct galen_text_past *past)
{
    if (past == NULL)
        return;
    replay_free(past->replay);
    free(past->marks);
    free(past);
}

enum galen_err galen_text_past_new(struct galen_text *text, size_t most,
                                   struct galen_text_past **out)
{
    struct step *steps = NULL;
    size_t room = 0;
    *out = NULL;
    enum galen_err err = text_unpack(text);
    if (err == GALEN_OK && text->history.count > most)
        err = GALEN_ERR_FULL;
    if (err != GALEN_OK)
        return err;
    struct galen_text_past *past = calloc(1, sizeof *past);
    if (past == NULL)
        return GALEN_ERR_MEMORY;
    past->history = &text->history;
    past->replay = replay_new(0);
    past->marks = make_marks(&text->history);
    err = GALEN_ERR_MEMORY;
    if (past->replay != NULL && past->marks != NULL)
        err = replay_history(past->replay, &text->history, 0, &steps, &room);
    free(steps);
    if (err == GALEN_OK)
        *out = past;
    else
        galen_text_past_free(past);
    return err;
}

enum galen_err galen_text_past_undo(const struct galen_text_past *past,
                                    struct galen_text_choice choice, struct galen_splices *out)
{
    struct undo undo = {.past = past, .choice = choice};
    bool ok = replay_each(past->replay, visit, &undo);
    return making_end(&undo.making, ok ? GALEN_OK : GALEN_ERR_MEMORY, out);
}

enum galen_err galen_text_undo(struct galen_text *text, struct galen_text_choice choice,
                               struct galen_splices *out)
{
    struct galen_text_past *past;
    memset(out, 0, sizeof *out);
    enum galen_err err = galen_text_past_new(text, SIZE_MAX, &past);
    if (err == GALEN_OK)
        err = galen_text_past_undo(past, choice, out);
    galen_text_past_free(past);
    return err;
}
