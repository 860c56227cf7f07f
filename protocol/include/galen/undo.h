/*
 * Taking back what one wrote (PROTOCOL.md, "Undo"): from the documents, and who asks, the operation to write. It is
 * an operation like any other, judged by readers as such, and never changes what somebody else wrote.
 */
#ifndef GALEN_UNDO_H
#define GALEN_UNDO_H

#include "galen/doc.h"

/** Whose changes: a person's, by whichever of their devices. */
struct galen_undo_author {
    struct galen_id account;
    enum galen_role role; /* what they may write now */
};

/** What becomes of a change, or of one of its fields. */
enum galen_undo_why {
    GALEN_UNDO_GOES = 0,          /* it goes back */
    GALEN_UNDO_WRITTEN_SINCE = 1, /* `by` wrote there since, and that stays */
    GALEN_UNDO_CHOICE = 2, /* several values stood there before: one cannot be chosen for you */
    GALEN_UNDO_SAME = 3,   /* it would say the same as now */
    GALEN_UNDO_ROLE = 4,   /* the role may not write it any more */
    GALEN_UNDO_USED =
        5, /* the record would go, in which, or of which, `by` wrote: a part would be left, or lost */
    GALEN_UNDO_SIGNED = 6,   /* it added a record that stands in a signed version */
    GALEN_UNDO_ANSWERED = 7, /* a proposal that `by` answered */
    GALEN_UNDO_OPEN = 8,     /* an answer to what was open before: answer it again */
    GALEN_UNDO_TOO_LONG = 9, /* the text would be longer than it may */
};

struct galen_undo_field {
    uint16_t field;
    uint8_t why;                       /* enum galen_undo_why */
    const struct galen_docs_entry *by; /* NULL: nobody */
    /* encoded, of a text the whole text; what it says now if that is one value, and what it says then */
    struct galen_bytes now, then;
};

/** A change, and what takes it back. Borrows from the docs; galen_undo_wipe frees the rest. */
struct galen_undo {
    uint64_t index; /* the entry of the change; GALEN_NO_ENTRY: there is none */
    const struct galen_docs_entry *entry;
    uint64_t clock_ms; /* its author's own clock */
    uint16_t kind;     /* WRITE, PROPOSE or ANSWER: the change's */
    bool again;        /* it was taken back, and comes again */
    bool adds;         /* the change added the record */
    bool accepted;     /* ANSWER: it accepted */
    const struct galen_record *record;
    uint8_t why;                       /* enum galen_undo_why, of the whole */
    const struct galen_docs_entry *by; /* NULL: nobody */
    size_t count;                      /* fields of the change; of an answer, of what it answered */
    struct galen_undo_field fields[GALEN_WRITE_FIELDS_MAX];
    /* To be written by any device of the author's, with all of the documents as its past. Its id is set, its base and
     * clock are not. */
    struct galen_op op;
    uint8_t *owned[2 * GALEN_WRITE_FIELDS_MAX];
    size_t owned_count;
};

/**
 * The author's last change that stands and can be taken back; with `again` the change that they took back last,
 * while they changed nothing since. Writes, proposals and answers are changes; what a program wrote about a visit
 * itself and who is who are none. OK; MEMORY; NOTHING: there is none. `passed`, if not NULL: the newest change that
 * stands and cannot be taken back, and why (index GALEN_NO_ENTRY: none); to be wiped, too.
 */
GALEN_MUST_USE enum galen_err galen_docs_undo(const struct galen_docs *docs,
                                              const struct galen_undo_author *author, bool again,
                                              struct galen_undo *undo, struct galen_undo *passed);
void galen_undo_wipe(struct galen_undo *undo);

/**
 * The entry that an operation at `index` takes back, or makes stand again: the change itself. GALEN_NO_ENTRY: it is no
 * such operation. `again`: it makes it stand again.
 */
uint64_t galen_docs_undone(const struct galen_docs *docs, uint64_t index, bool *again);
/** The id of the operation that takes back the one with this id. */
void galen_undo_id(const uint8_t id[GALEN_OP_ID_BYTES], uint8_t out[GALEN_OP_ID_BYTES]);

#endif
