/*
 * Edits become changes to plain text: as they are while each author had everything in front of them, else
 * through a replay of the stretch in which edits did not know each other.
 */
#include "galen/mutation.h"
#include "galen/text.h"

#include "text_history.h"
#include "text_replay.h"
#include "text_state.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct galen_text *galen_text_new(void)
{
    return calloc(1, sizeof(struct galen_text));
}

static void forget_replay(struct galen_text *text)
{
    replay_free(text->replay);
    text->replay = NULL;
}

void galen_text_free(struct galen_text *text)
{
    if (text == NULL)
        return;
    forget_replay(text);
    store_wipe(&text->store);
    history_wipe(&text->history);
    free(text->packed.at);
    free(text->changes.at);
    free(text->steps);
    free(text);
}

bool steps_reserve(struct step **steps, size_t *room, size_t count)
{
    if (count <= *room)
        return true;
    if (count > SIZE_MAX / 2 / sizeof **steps)
        return false;
    struct step *at = realloc(*steps, 2 * count * sizeof *at);
    if (at == NULL)
        return false;
    *steps = at;
    *room = 2 * count;
    return true;
}

/* ---- The replay ---------------------------------------------------------------------------------- */

enum galen_err replay_history(struct replay *replay, const struct history *history, uint32_t from,
                              struct step **steps, size_t *room)
{
    struct history_walk walk;
    struct galen_edit edit;
    uint32_t number;
    enum galen_err err = GALEN_OK;
    history_walk(history, from, &walk);
    while (err == GALEN_OK && history_next(&walk, &number, &edit)) {
        if (!steps_reserve(steps, room, edit.count))
            return GALEN_ERR_MEMORY;
        for (size_t i = 0; i < edit.count; i++)
            (*steps)[i] = history_step(&walk, i);
        err = replay_edit(replay, number, &edit, *steps, NULL);
    }
    return err;
}

/* Begins a replay at the last edit that everything from `seen` on knows of, and catches up. */
static enum galen_err begin_replay(struct galen_text *text, uint32_t seen)
{
    uint32_t length;
    uint32_t critical = history_critical(&text->history, seen, &length);
    text->replay = replay_new(length);
    if (text->replay == NULL)
        return GALEN_ERR_MEMORY;
    text->from = critical;
    text->plain_in_a_row = 0;
    return replay_history(text->replay, &text->history, critical, &text->steps, &text->step_room);
}

/*
 * Whether this edit goes through a replay. One is begun when an edit did not know all before it, and is kept
 * for at least as many edits as it took to make: so that a device which is always late cannot have the same
 * stretch replayed for each of its edits.
 */
static enum galen_err choose_replay(struct galen_text *text, const struct galen_edit *edit,
                                    bool plain)
{
    if (plain) {
        if (text->replay != NULL && ++text->plain_in_a_row > replay_work(text->replay))
            forget_replay(text);
        return GALEN_OK;
    }
    uint32_t seen = edit->as_of ? edit->author_seen : edit->seen;
    if (text->replay != NULL && seen < text->from)
        forget_replay(text);
    text->plain_in_a_row = 0;
    return text->replay == NULL ? begin_replay(text, seen) : GALEN_OK;
}

/* ---- Applying ------------------------------------------------------------------------------------ */

/* Are all splices in a text of this length? */
static enum galen_err measure(const struct galen_edit *edit, uint32_t length, uint32_t limit,
                              size_t *bytes)
{
    if (limit == 0 || limit > GALEN_TEXT_LENGTH_MAX)
        limit = GALEN_TEXT_LENGTH_MAX;
    *bytes = 0;
    for (size_t i = 0; i < edit->count; i++) {
        const struct galen_splice *splice = &edit->splices[i];
        if (GALEN_CHECKED(SPLICE_BOUNDS) &&
            (splice->at > length || splice->deleted > length - splice->at))
            return GALEN_ERR_VALUE;
        if (splice->inserted.size > GALEN_TEXT_HISTORY_MAX - *bytes)
            return GALEN_ERR_VALUE;
        *bytes += splice->inserted.size;
        length = length - splice->deleted +
                 (uint32_t)utf8_points(splice->inserted.at, splice->inserted.size);
    }
    return length > limit ? GALEN_ERR_VALUE : GALEN_OK;
}

/* What the edit comes to, as the next one. `replay`: of all before it, which takes it in; NULL: none is needed. */
static enum galen_err find_changes(struct galen_text *text, const struct galen_edit *edit,
                                   struct replay *replay, struct changes *changes)
{
    changes->count = 0;
    if (!steps_reserve(&text->steps, &text->step_room, edit->count))
        return GALEN_ERR_MEMORY;
    for (size_t i = 0; i < edit->count; i++) {
        struct galen_bytes inserted = edit->splices[i].inserted;
        text->steps[i] = (struct step){edit->splices[i].at, edit->splices[i].deleted,
                                       (uint32_t)utf8_points(inserted.at, inserted.size)};
    }
    if (replay != NULL)
        return replay_edit(replay, text->history.edits, edit, text->steps, changes);
    for (size_t i = 0; i < edit->count; i++) {
        const struct step *step = &text->steps[i];
        if ((step->deleted > 0 || step->inserted > 0) &&
            !changes_add(changes, step->at, step->deleted, step->inserted))
            return GALEN_ERR_MEMORY;
    }
    return GALEN_OK;
}

static enum galen_err reserve(struct galen_text *text, const struct galen_edit *edit, size_t bytes)
{
    const struct changes *changes = &text->changes;
    bool simple = changes->count == 1 && changes->at[0].deleted == 0;
    bool ok = history_reserve(&text->history, edit, bytes) &&
              store_reserve(&text->store, simple ? changes->at[0].at : 0,
                            simple ? 1 : changes->count + 1, bytes);
    return ok ? GALEN_OK : GALEN_ERR_MEMORY;
}

/* The length of what the author had in front of them; also chooses the replay. */
static enum galen_err find_length(struct galen_text *text, const struct galen_edit *edit,
                                  uint32_t *length)
{
    bool plain = history_is_plain(&text->history, edit);
    enum galen_err err = choose_replay(text, edit, plain);
    *length = text->store.points;
    if (err == GALEN_OK && text->replay != NULL)
        err = replay_length(text->replay, edit, length);
    return err;
}

static enum galen_err check(struct galen_text *text, const struct galen_edit *edit, uint32_t limit,
                            size_t *bytes)
{
    uint32_t length;
    enum galen_err err = text_unpack(text);
    if (err != GALEN_OK)
        return err;
    if (!galen_text_has_room(text, 0))
        return GALEN_ERR_FULL;
    if (edit->as_of && (edit->author_seen > edit->seen ||
                        (edit->own > edit->seen && edit->author != edit->device)))
        return GALEN_ERR_VALUE;
    err = find_length(text, edit, &length);
    if (err != GALEN_OK) {
        forget_replay(text);
        return err;
    }
    err = measure(edit, length, limit, bytes);
    if (err == GALEN_OK && !galen_text_has_room(text, *bytes))
        err = GALEN_ERR_FULL;
    return err;
}

enum galen_err galen_text_check(struct galen_text *text, const struct galen_edit *edit,
                                uint32_t limit)
{
    size_t bytes;
    return text == NULL ? measure(edit, 0, limit, &bytes) : check(text, edit, limit, &bytes);
}

enum galen_err galen_text_prepare(struct galen_text *text, const struct galen_edit *edit,
                                  uint32_t limit)
{
    size_t bytes;
    assert(!text->staged);
    enum galen_err err = check(text, edit, limit, &bytes);
    if (err != GALEN_OK)
        return err;
    err = find_changes(text, edit, text->replay, &text->changes);
    if (err == GALEN_OK)
        err = reserve(text, edit, bytes);
    if (err != GALEN_OK) {
        galen_text_abort(text);
        return err;
    }
    text->edit = *edit;
    text->staged = true;
    return GALEN_OK;
}

void galen_text_abort(struct galen_text *text)
{
    text->staged = false;
    text->changes.count = 0;
    forget_replay(text);
}

/* The next that is inserted by a splice. */
static struct galen_bytes next_inserted(const struct galen_edit *edit, size_t *splice)
{
    while (edit->splices[*splice].inserted.size == 0)
        (*splice)++;
    return edit->splices[(*splice)++].inserted;
}

/* Copies what an edit comes to, with what it inserts. */
static bool copy_changes(const struct changes *changes, const struct galen_edit *edit,
                         struct making *making)
{
    size_t splice = 0;
    for (size_t i = 0; i < changes->count; i++) {
        const struct galen_text_change *change = &changes->at[i];
        struct galen_bytes inserted = {NULL, 0};
        if (change->inserted > 0)
            inserted = next_inserted(edit, &splice);
        if (!making_add(making, change->at, change->deleted, inserted))
            return false;
    }
    return true;
}

void galen_text_commit(struct galen_text *text, struct galen_writer *gone)
{
    size_t splice = 0;
    assert(text->staged);
    history_add(&text->history, &text->edit, text->store.points);
    for (size_t i = 0; i < text->changes.count; i++) {
        const struct galen_text_change *change = &text->changes.at[i];
        struct galen_bytes inserted = {NULL, 0};
        if (change->inserted > 0)
            inserted = next_inserted(&text->edit, &splice);
        if (gone != NULL)
            store_read(&text->store, change->at, change->deleted, gone);
        store_splice(&text->store, change->at, change->deleted, inserted);
    }
    store_settle(&text->store);
    text->staged = false;
}

enum galen_err galen_text_apply(struct galen_text *text, const struct galen_edit *edit,
                                uint32_t limit)
{
    enum galen_err err = galen_text_prepare(text, edit, limit);
    if (err == GALEN_OK)
        galen_text_commit(text, NULL);
    return err;
}

enum galen_err galen_text_preview(struct galen_text *text, const struct galen_edit *edit,
                                  struct galen_splices *out)
{
    struct making making = {0};
    struct changes changes = {0};
    struct replay *replay = NULL;
    size_t bytes;
    enum galen_err err = check(text, edit, 0, &bytes);
    if (err == GALEN_OK && text->replay != NULL) {
        replay = replay_copy(text->replay);
        err = replay == NULL ? GALEN_ERR_MEMORY : GALEN_OK;
    }
    if (err == GALEN_OK)
        err = find_changes(text, edit, replay, &changes);
    if (err == GALEN_OK && !copy_changes(&changes, edit, &making))
        err = GALEN_ERR_MEMORY;
    replay_free(replay);
    free(changes.at);
    return making_end(&making, err, out);
}

/* ---- Looking ------------------------------------------------------------------------------------- */

bool galen_text_has_room(const struct galen_text *text, size_t bytes)
{
    size_t size = text->packed.at != NULL ? text->packed.inserted : text->history.size;
    return text->history.edits < GALEN_TEXT_EDITS_MAX && size <= GALEN_TEXT_HISTORY_MAX &&
           bytes <= GALEN_TEXT_HISTORY_MAX - size;
}

uint32_t galen_text_edits(const struct galen_text *text)
{
    return text->history.edits;
}

uint32_t galen_text_length(const struct galen_text *text)
{
    return text->store.points;
}

size_t galen_text_size(const struct galen_text *text)
{
    return text->store.size;
}

void galen_text_say(const struct galen_text *text, struct galen_writer *w)
{
    store_write(&text->store, w);
}

const struct galen_text_change *galen_text_changes(const struct galen_text *text, size_t *count)
{
    *count = text->changes.count;
    return text->changes.at;
}

uint32_t galen_text_move(uint32_t position, bool stays_behind,
                         const struct galen_text_change *changes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct galen_text_change *change = &changes[i];
        if (position > change->at + change->deleted)
            position = position - change->deleted + change->inserted;
        else if (position > change->at || (position == change->at && stays_behind))
            position = change->at + (stays_behind ? change->inserted : 0);
    }
    return position;
}
