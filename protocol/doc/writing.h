/* Text fields: edits in place of values. Private to protocol/doc. */
#ifndef GALEN_DOC_WRITING_H
#define GALEN_DOC_WRITING_H

#include "galen/text.h"
#include "state.h"

/*
 * The text of a field. What was said for it are its edits, in the same order: written, taken over from a
 * proposal that somebody accepted, or taking such a one back. The latter two are nobody's own: they lie in
 * the past of those who had them before their base.
 */
struct writing {
    struct galen_text *text;
    uint8_t *whole;    /* what it says, once somebody looked; owned */
    size_t room;       /* of it: enough for what the text says */
    bool looked;       /* nothing changed since */
    struct list owned; /* splices that no item holds */
    bool staged;       /* an edit is prepared: */
    struct saying saying;
    struct galen_splices splices;
};

bool field_is_text(const struct galen_record *record, uint16_t number);
/** What an edit with this base, by this device, does: OK; VALUE; MEMORY. `reg` NULL: an empty text. */
GALEN_MUST_USE enum galen_err writing_check(const struct reg *reg, uint32_t device, uint64_t base,
                                            struct galen_bytes value);
/** Prepares what a saying does. False: out of memory, and nothing changed. */
GALEN_MUST_USE bool writing_stage(struct reg *reg, const struct saying *saying);
/** Prepares to take back what was accepted of this proposal. False: out of memory. */
GALEN_MUST_USE bool writing_stage_taking_back(struct reg *reg, const struct item *answer,
                                              const struct item *proposal);
/** Takes in what was prepared, if anything was. */
void writing_commit(struct reg *reg);
void writing_abort(struct reg *reg);
void writing_free(struct writing *writing);
/** Would its history hold what this proposal's splices insert, or taking them back inserts? `reg` may be empty. */
bool writing_has_room(const struct reg *reg, struct galen_bytes value);
/** Does it say anything? */
bool writing_says(const struct writing *writing);
/** What it says; borrowed until the next edit. */
struct galen_bytes writing_whole(struct writing *writing);
/** Appends what the text would say with this as its next edit. OK; MEMORY; FULL. */
GALEN_MUST_USE enum galen_err writing_preview(const struct reg *reg, const struct saying *saying,
                                              struct galen_writer *w);

#endif
