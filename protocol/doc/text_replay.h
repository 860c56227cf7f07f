/*
 * The temporary state by which edits that did not know each other are merged. Private to protocol/doc.
 *
 * It is a list of runs: what was in the text when the replay began, and what each edit inserted, dead or
 * alive, in an order that depends on edits and their pasts alone. Each device has a view: which runs are there,
 * and which of them shown, in the past of its next edit. Since a device's past only ever grows (L3), a view only
 * ever moves on, and nothing is taken back and done again when devices take turns: each edit passes each view
 * once.
 *
 * Runs form a tree (Fugue: Weidner and Kleppmann, "The Art of the Fugue", 2023). What is inserted behind a code
 * point that has nothing to its right yet, in the view of who inserts, hangs to the right of it; else to the
 * left of the next one. Of several at the same place the earlier in the log stands first. So a run's place
 * is in front of the first one behind its left neighbour that either is there in the author's view, or does not
 * hang below that neighbour. A label per run, the least depth of the subtrees that begin there, tells the latter.
 */
#ifndef GALEN_DOC_TEXT_REPLAY_H
#define GALEN_DOC_TEXT_REPLAY_H

#include "text_history.h"

struct replay; /* opaque */

/** A replay that begins with `length` code points of which nothing more is known. NULL: out of memory. */
struct replay *replay_new(uint32_t length);
void replay_free(struct replay *replay);
/** The same once more, to try an edit on. NULL: out of memory. */
struct replay *replay_copy(const struct replay *replay);

/* Changes to the text as everybody sees it, as they come out of a replay. All zeros is none. */
struct changes {
    struct galen_text_change *at;
    size_t count, room;
};
GALEN_MUST_USE bool changes_add(struct changes *changes, uint32_t at, uint32_t deleted,
                                uint32_t inserted);

/** The length of the text that the author of this edit had. MEMORY: only replay_free is left. */
GALEN_MUST_USE enum galen_err replay_length(struct replay *replay, const struct galen_edit *edit,
                                            uint32_t *length);
/**
 * The next edit; its steps are within what its author had. Appends what it comes to (`out` NULL: nobody
 * asks). MEMORY: only replay_free is left.
 */
GALEN_MUST_USE enum galen_err replay_edit(struct replay *replay, uint32_t number,
                                          const struct galen_edit *edit, const struct step *steps,
                                          struct changes *out);
/** How much there is in it, for weighing whether to keep it. */
uint32_t replay_work(const struct replay *replay);

/* A run, for going through all of them in order. */
struct run_seen {
    bool begun_with;   /* in the text when the replay began */
    uint32_t edit;     /* else: which one inserted it */
    uint32_t inserted; /* and the number of its first code point among all that were inserted */
    uint32_t length;
    uint32_t deletions; /* for replay_deletion */
};
typedef bool (*replay_visit)(void *user, const struct replay *replay, const struct run_seen *run);
/** In the order of the text; ends early, with false, when a visit says false. */
bool replay_each(const struct replay *replay, replay_visit visit, void *user);
/** Goes through the edits that deleted a run. False: no more. */
bool replay_deletion(const struct replay *replay, uint32_t *deletions, uint32_t *edit);

#endif
