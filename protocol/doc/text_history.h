/*
 * What was done to a text, edit by edit, kept as short as typing is regular. Private to protocol/doc.
 */
#ifndef GALEN_DOC_TEXT_HISTORY_H
#define GALEN_DOC_TEXT_HISTORY_H

#include "galen/text.h"

enum span_shape {
    SPAN_ONE = 0,     /* one edit, or with SPAN_GOES_ON the next splice of the edit before */
    SPAN_TYPED = 1,   /* edits that insert a code point each, at `at`, `at` + 1 … */
    SPAN_RUBBED = 2,  /* edits that delete a code point each, at `at`, `at` - 1 … */
    SPAN_DELETED = 3, /* edits that delete a code point each, all at `at` */
};
enum {
    SPAN_GOES_ON = 1,
    SPAN_AS_OF = 2,
};

/* One splice, or edits of one device that follow one another regularly. */
struct span {
    uint32_t first; /* number of its first edit */
    uint32_t device;
    uint32_t seen; /* what all of its edits had seen; == first: everything before each */
    uint32_t at, deleted, inserted;
    uint32_t bytes;  /* where what is inserted begins in history->bytes */
    uint32_t length; /* of the text before it */
    uint8_t shape, flags;
};

/* Whose eyes an edit with SPAN_AS_OF was made with; its span's `seen` is theirs. `seen` is its device's. */
struct as_of {
    uint32_t edit, author, own, seen;
};

struct history {
    struct span *spans;
    size_t count, room;
    struct as_of *as_of; /* ascending by edit */
    size_t as_of_count, as_of_room;
    uint8_t *bytes; /* all that was ever inserted, in order */
    size_t size, size_room;
    uint32_t edits;
    uint32_t last_device, last_start; /* who made the edits at the end, and from which one on */
};

void history_wipe(struct history *history);
/** Makes room for one edit. */
GALEN_MUST_USE bool history_reserve(struct history *history, const struct galen_edit *edit,
                                    size_t bytes);
/** Adds the edit to the history. `length`: of the text before it. Room was made. */
void history_add(struct history *history, const struct galen_edit *edit, uint32_t length);
/** Has the author of this edit, which would be the next, seen all edits before it? */
bool history_is_plain(const struct history *history, const struct galen_edit *edit);
/** How many edits a span holds; 0 with SPAN_GOES_ON. */
uint32_t span_edits(const struct span *span);
/**
 * The latest number, at most `seen`, before which every edit from it on had seen everything. `length`:
 * of the text then.
 */
uint32_t history_critical(const struct history *history, uint32_t seen, uint32_t *length);

/* One splice in numbers, applied to what those before it left. */
struct step {
    uint32_t at, deleted, inserted;
};
/* Goes through edits one by one. */
struct history_walk {
    const struct history *history;
    size_t span, steps;
    uint32_t offset; /* which edit of the span */
    size_t as_of;
};
void history_walk(const struct history *history, uint32_t from, struct history_walk *walk);
/** The next edit: who, when, and how many splices. False: it was the last. */
bool history_next(struct history_walk *walk, uint32_t *number, struct galen_edit *edit);
/** The i-th splice of that edit. */
struct step history_step(const struct history_walk *walk, size_t i);

#endif
