#include "text_history.h"

#include "text_store.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

void history_wipe(struct history *history)
{
    free(history->spans);
    free(history->as_of);
    free(history->bytes);
    memset(history, 0, sizeof *history);
}

static bool grow(void **array, size_t *room, size_t wanted, size_t size)
{
    if (wanted <= *room)
        return true;
    size_t more = *room + *room / 2 + 8;
    if (more < wanted)
        more = wanted;
    if (more > SIZE_MAX / 2 / size)
        return false;
    void *at = realloc(*array, more * size);
    if (at == NULL)
        return false;
    *array = at;
    *room = more;
    return true;
}

bool history_reserve(struct history *h, const struct galen_edit *edit, size_t bytes)
{
    size_t splices = edit->count == 0 ? 1 : edit->count;
    return grow((void **)&h->spans, &h->room, h->count + splices, sizeof *h->spans) &&
           grow((void **)&h->bytes, &h->size_room, h->size + bytes, 1) &&
           (!edit->as_of ||
            grow((void **)&h->as_of, &h->as_of_room, h->as_of_count + 1, sizeof *h->as_of));
}

uint32_t span_edits(const struct span *span)
{
    switch (span->shape) {
    case SPAN_TYPED:
        return span->inserted;
    case SPAN_RUBBED:
    case SPAN_DELETED:
        return span->deleted;
    default:
        return (span->flags & SPAN_GOES_ON) == 0;
    }
}

bool history_is_plain(const struct history *h, const struct galen_edit *edit)
{
    if (edit->as_of)
        return edit->author_seen >= h->edits;
    return edit->seen >= h->edits ||
           (edit->device == h->last_device && edit->seen >= h->last_start);
}

/* Makes the last span longer by an edit of one code point, where it goes on regularly. */
static bool extend(struct history *h, const struct galen_edit *edit, bool plain, uint32_t inserted)
{
    if (h->count == 0 || edit->count != 1 || edit->as_of)
        return false;
    struct span *last = &h->spans[h->count - 1];
    const struct galen_splice *splice = &edit->splices[0];
    bool same_past = last->seen == last->first ? plain : edit->seen == last->seen;
    if (last->device != edit->device || !same_past || last->flags != 0)
        return false;
    if (inserted == 1 && splice->deleted == 0 && last->deleted == 0 &&
        (last->shape == SPAN_TYPED || last->inserted == 1) &&
        splice->at == last->at + last->inserted) {
        last->shape = SPAN_TYPED;
        last->inserted++;
        return true;
    }
    if (inserted != 0 || splice->deleted != 1 || last->inserted != 0 ||
        (last->shape == SPAN_ONE && last->deleted != 1))
        return false;
    if (last->shape != SPAN_DELETED && splice->at + last->deleted == last->at)
        last->shape = SPAN_RUBBED;
    else if (last->shape != SPAN_RUBBED && splice->at == last->at)
        last->shape = SPAN_DELETED;
    else
        return false;
    last->deleted++;
    return true;
}

static void add_splice(struct history *h, const struct galen_edit *edit, size_t i, bool plain,
                       uint32_t length)
{
    struct galen_splice splice = {0};
    if (i < edit->count)
        splice = edit->splices[i];
    uint32_t inserted = (uint32_t)utf8_points(splice.inserted.at, splice.inserted.size);
    size_t bytes = h->size;
    if (splice.inserted.size > 0)
        memcpy(h->bytes + h->size, splice.inserted.at, splice.inserted.size);
    h->size += splice.inserted.size;
    if (i == 0 && extend(h, edit, plain, inserted))
        return;
    assert(h->count < h->room);
    h->spans[h->count++] = (struct span){
        .first = h->edits,
        .device = edit->device,
        .seen = plain         ? h->edits
                : edit->as_of ? edit->author_seen
                              : edit->seen,
        .at = splice.at,
        .deleted = splice.deleted,
        .inserted = inserted,
        .bytes = (uint32_t)bytes,
        .length = length,
        .flags = (uint8_t)((i > 0 ? SPAN_GOES_ON : 0) | (edit->as_of ? SPAN_AS_OF : 0)),
    };
}

void history_add(struct history *h, const struct galen_edit *edit, uint32_t length)
{
    bool plain = history_is_plain(h, edit);
    for (size_t i = 0; i < edit->count || i == 0; i++)
        add_splice(h, edit, i, plain, length);
    if (edit->as_of)
        h->as_of[h->as_of_count++] = (struct as_of){h->edits, edit->author, edit->own, edit->seen};
    if (h->edits == 0 || edit->device != h->last_device) {
        h->last_device = edit->device;
        h->last_start = h->edits;
    }
    h->edits++;
}

/* The number behind its last edit. What goes on ends with the edit that it belongs to. */
static uint32_t span_end(const struct span *span)
{
    uint32_t edits = span_edits(span);
    return span->first + (edits == 0 ? 1 : edits);
}

uint32_t history_critical(const struct history *h, uint32_t seen, uint32_t *length)
{
    uint32_t critical = seen;
    size_t i = h->count;
    while (i > 0 && span_end(&h->spans[i - 1]) > critical) {
        const struct span *span = &h->spans[i - 1];
        if (span->seen < span->first && span->seen < critical)
            critical = span->seen;
        i--;
    }
    *length = 0;
    if (i < h->count) {
        /* Only spans whose edits had seen everything are begun in the middle. */
        const struct span *span = &h->spans[i];
        uint32_t done = critical - span->first;
        *length = span->shape == SPAN_TYPED ? span->length + done : span->length - done;
    }
    return critical;
}

void history_walk(const struct history *h, uint32_t from, struct history_walk *walk)
{
    size_t low = 0, high = h->count;
    while (low < high) { /* the first span that ends behind `from` */
        size_t middle = low + (high - low) / 2;
        if (span_end(&h->spans[middle]) > from)
            high = middle;
        else
            low = middle + 1;
    }
    *walk = (struct history_walk){.history = h, .span = low};
    if (low < h->count)
        walk->offset = from - h->spans[low].first;
    while (walk->as_of < h->as_of_count && h->as_of[walk->as_of].edit < from)
        walk->as_of++;
}

/* Leaves the edit that was given last. */
static void go_on(struct history_walk *walk)
{
    if (walk->steps == 0)
        return;
    const struct span *span = &walk->history->spans[walk->span];
    if (span->shape == SPAN_ONE) {
        walk->span += walk->steps;
    } else if (++walk->offset == span_edits(span)) {
        walk->span++;
        walk->offset = 0;
    }
    walk->steps = 0;
}

bool history_next(struct history_walk *walk, uint32_t *number, struct galen_edit *edit)
{
    const struct history *h = walk->history;
    go_on(walk);
    if (walk->span >= h->count)
        return false;
    const struct span *span = &h->spans[walk->span];
    *number = span->first + walk->offset;
    *edit = (struct galen_edit){
        .device = span->device,
        .seen = span->seen == span->first ? *number : span->seen,
    };
    if (span->flags & SPAN_AS_OF) {
        const struct as_of *as_of = &h->as_of[walk->as_of++];
        edit->as_of = true;
        edit->author = as_of->author;
        edit->author_seen = edit->seen;
        edit->own = as_of->own;
        edit->seen = as_of->seen;
    }
    for (walk->steps = 1;
         walk->span + walk->steps < h->count && (span[walk->steps].flags & SPAN_GOES_ON) != 0;)
        walk->steps++;
    edit->count = walk->steps;
    return true;
}

struct step history_step(const struct history_walk *walk, size_t i)
{
    assert(i < walk->steps);
    const struct span *span = &walk->history->spans[walk->span + i];
    switch (span->shape) {
    case SPAN_TYPED:
        return (struct step){span->at + walk->offset, 0, 1};
    case SPAN_RUBBED:
        return (struct step){span->at - walk->offset, 1, 0};
    case SPAN_DELETED:
        return (struct step){span->at, 1, 0};
    default:
        return (struct step){span->at, span->deleted, span->inserted};
    }
}
