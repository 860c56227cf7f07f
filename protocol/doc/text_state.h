/* What a text is made of. Private to protocol/doc. */
#ifndef GALEN_DOC_TEXT_STATE_H
#define GALEN_DOC_TEXT_STATE_H

#include "text_history.h"
#include "text_replay.h"
#include "text_store.h"

/* A history as it was loaded, until it is needed. `at` NULL: there is none. */
struct packed {
    uint8_t *at;
    size_t size, inserted, spans;
};

struct galen_text {
    struct store store;
    struct packed packed;
    struct history history;
    struct replay *replay;   /* NULL: nothing is concurrent */
    uint32_t from;           /* the edit at which it began */
    uint32_t plain_in_a_row; /* edits since the last one that needed it */
    bool staged;
    struct galen_edit edit; /* staged */
    struct changes changes;
    struct step *steps;
    size_t step_room;
};

GALEN_MUST_USE bool steps_reserve(struct step **steps, size_t *room, size_t count);
/** Makes the history of what was loaded. OK; MEMORY; FORMAT. Neither changes anything. */
GALEN_MUST_USE enum galen_err text_unpack(struct galen_text *text);
/** Replays all edits from one on. */
GALEN_MUST_USE enum galen_err replay_history(struct replay *replay, const struct history *history,
                                             uint32_t from, struct step **steps, size_t *room);

/* Splices that are being made, one after the other, each at or behind the end of the last. All zeros is
 * none. What they insert is copied. */
struct making {
    struct galen_splice *at;
    size_t count, room;
    struct galen_writer inserted;
    uint32_t behind; /* the end of the last one */
};
/** At the end of the last one it becomes part of it. False: out of memory. */
GALEN_MUST_USE bool making_add(struct making *making, uint32_t at, uint32_t deleted,
                               struct galen_bytes inserted);
/** Hands over what was made, or with anything but OK drops it. Gives `err`. */
enum galen_err making_end(struct making *making, enum galen_err err, struct galen_splices *out);

#endif
