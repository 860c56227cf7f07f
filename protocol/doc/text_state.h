/* What a text is made of. Private to protocol/doc. */
#ifndef GALEN_DOC_TEXT_STATE_H
#define GALEN_DOC_TEXT_STATE_H

#include "text_history.h"
#include "text_replay.h"
#include "text_store.h"

struct galen_text {
    struct store store;
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
/** Replays all edits from one on. */
GALEN_MUST_USE enum galen_err replay_history(struct replay *replay, const struct history *history,
                                             uint32_t from, struct step **steps, size_t *room);

#endif
