/*
 * What a chart's log says: all documents of one chart, computed from its operations in log order, by
 * every reader in the same way (PROTOCOL.md, "Documents"; rules D1 to D3, L2, L3). No clock, no
 * random source. Memory: all of it, history included, lives as long as the state.
 */
#ifndef GALEN_DOC_H
#define GALEN_DOC_H

#include "galen/schema.h"

struct galen_docs;     /* opaque: the documents of one chart */
struct galen_record;   /* opaque: one record; lives as long as its docs */
struct galen_proposal; /* opaque: one proposal; lives as long as its docs */

#define GALEN_NO_ENTRY UINT64_MAX

/** NULL: out of memory. */
struct galen_docs *galen_docs_new(void);
void galen_docs_free(struct galen_docs *docs);

/** Where an operation stood, and who its author was at that place (D3). */
struct galen_docs_entry {
    uint64_t index; /* place in the log, from 0 */
    struct galen_id device;
    struct galen_id account;
    uint8_t role;         /* enum galen_role */
    uint8_t purpose;      /* enum galen_purpose */
    uint64_t received_ms; /* server's clock */
    uint64_t head_size;   /* the head in the entry's header */
};

/** What became of an operation. */
struct galen_verdict {
    enum galen_err err;   /* OK; or why it, or the first of its fields that is void, is void */
    bool counts;          /* false: the whole operation is void */
    uint64_t void_fields; /* WRITE, PROPOSE: bit i: the i-th field of the write is void */
};

/**
 * Takes in the operation of the next entry, whatever its kind: all of them count for L2 and L3. To be
 * called once an entry, ascending by index, for entries that are not void by the rules of the log and
 * whose plaintext galen_op_read gave as OK or UNKNOWN_KIND. Copies what it keeps.
 *
 * OK: taken in, `verdict` says what it did. MEMORY: nothing changed, it may be called again. STATE:
 * an index that is not above the last one; nothing changed.
 *
 * Verdicts that void the whole operation: FORMAT (galen_op_check refuses it), ROLE (the author may not
 * write this kind, or this record is not there and the author may only propose it; purpose not
 * device), DUPLICATE (L2), BASE (L3; or the answered proposal is not in the answer's past), VALUE (the
 * answered entry is no proposal that counts; or the record is not the one that its document has); for a
 * sign-off (D4): BEHIND, CONFLICT, VALUE (no such visit), SIGNED (the hash is not that of the documents
 * at its base). Verdicts that void single fields: ROLE (D2), VALUE. FULL voids either: the history of a text.
 * UNKNOWN_KIND: a kind, document, field or option of a newer version: the operation counts for L2 and
 * L3, known fields take effect, and nobody signs off.
 */
GALEN_MUST_USE enum galen_err galen_docs_apply(struct galen_docs *docs,
                                               const struct galen_docs_entry *entry,
                                               const struct galen_op *op,
                                               struct galen_verdict *verdict);

/**
 * The documents as they were when the log had `size` entries: a state of its own, to be freed, equal to
 * one that only those entries were given to. NULL: out of memory.
 */
struct galen_docs *galen_docs_as_of(const struct galen_docs *docs, uint64_t size);

/** The base of a new operation must not be below this (L3): that of the device's last, void or not, of which the base
 *  was no lie; or 0. */
uint64_t galen_docs_last_base(const struct galen_docs *docs, const struct galen_id *device);
/** Did an operation with this id of this account count? Its entry, or GALEN_NO_ENTRY. */
uint64_t galen_docs_find_op(const struct galen_docs *docs, const struct galen_id *account,
                            const uint8_t id[GALEN_OP_ID_BYTES]);

/**
 * Splits a write into what this role writes itself and what it proposes (D2). Either may come out
 * with count 0. A record that is not there yet is proposed as a whole by those who may not add it. Borrows the values.
 * OK; ROLE: a field that the role may neither write nor propose, or a document it may not; VALUE and
 * UNKNOWN_KIND: a field that does not take its value, or is not known; FORMAT.
 */
GALEN_MUST_USE enum galen_err galen_docs_split(const struct galen_docs *docs, enum galen_role role,
                                               const struct galen_write *write,
                                               struct galen_write *direct,
                                               struct galen_write *propose);
/** May this role answer proposals? */
bool galen_docs_may_answer(enum galen_role role);
/** May this role sign off? Pharmacists may. */
bool galen_docs_may_sign(enum galen_role role);

/* --- Records ----------------------------------------------------------------------------------- */

enum galen_record_state {
    GALEN_RECORD_PRESENT = 1,  /* written by who may add it, or accepted */
    GALEN_RECORD_PROPOSED = 2, /* stands in proposals only, of which one waits for an answer */
    GALEN_RECORD_DECLINED = 3, /* stands in proposals only, and all of them were declined */
    GALEN_RECORD_EMPTY = 4,    /* was added, and everything in it was cleared or taken back */
};

/** Records of a document in any state, in order: by their order field, else by their first entry. */
size_t galen_docs_record_count(const struct galen_docs *docs, uint8_t doc);
const struct galen_record *galen_docs_record_at(const struct galen_docs *docs, uint8_t doc,
                                                size_t i);
/** NULL: no operation that counts named it. */
const struct galen_record *galen_docs_record(const struct galen_docs *docs, uint8_t doc,
                                             const uint8_t id[GALEN_RECORD_ID_BYTES]);
const uint8_t *galen_record_id(const struct galen_record *record); /* 16 bytes */
uint8_t galen_record_doc(const struct galen_record *record);
enum galen_record_state galen_record_state(const struct galen_record *record);
/** Is it part of the record of the patient: present or proposed? The rest is history. */
bool galen_record_stands(const struct galen_record *record);
/** The entry that first named it. */
uint64_t galen_record_first_entry(const struct galen_record *record);
/** Its place among the document's records: what its order field says, else first entry + 1 in the
 *  upper bits (<< 20), so that there is room for a position between any two. */
uint64_t galen_record_position(const struct galen_record *record);

/** One thing somebody said: a write, or a proposal's value that somebody accepted. */
struct galen_said {
    struct galen_bytes value; /* encoded; empty: cleared. Borrowed from the docs. */
    uint64_t index;           /* the entry: of the write, or of the answer that accepted */
    const struct galen_docs_entry *entry; /* author, role, time of that entry; borrowed */
    uint64_t clock_ms;                    /* its author's own clock */
    uint64_t proposal; /* the proposal's entry; GALEN_NO_ENTRY: written directly */
    const struct galen_docs_entry *proposer; /* who proposed it; NULL: written directly */
    bool current;                            /* not replaced, not taken back */
};

/**
 * The values a field has now. A text has one, which everybody's edits make together, and never conflicts:
 * its value is the whole text, and who is given for it edited it last. Else 0: nobody said anything; 1: settled (perhaps as cleared); more: a
 * conflict, until somebody who saw them writes one (D1). Equal values are one: the first of them in
 * the log is given. Ordered by entry. A position never conflicts: the last in the log is given.
 */
size_t galen_record_value_count(const struct galen_record *record, uint16_t field);
/** The i-th, i < galen_record_value_count (asserted). */
struct galen_said galen_record_value(const struct galen_record *record, uint16_t field, size_t i);
/** Everything that was ever said for the field, in log order. Of a text: its edits. Only the last that counts
 *  has a value, which is what the text says now; for the others see galen_record_text_history. */
size_t galen_record_history_count(const struct galen_record *record, uint16_t field);
struct galen_said galen_record_history(const struct galen_record *record, uint16_t field, size_t i);
/** Was a prescriber's answer given by somebody who had not read what is recommended now? (SCHEMA.md, dtp) */
bool galen_record_answer_outdated(const struct galen_record *record);
/** The last entry that can have changed what the field says: something was said for it, or an answer took that in or
 *  back. GALEN_NO_ENTRY: there is none. */
uint64_t galen_record_changed(const struct galen_record *record, uint16_t field);

/** One place that an edit changed, for everybody: at this code point, what went and what came instead. */
struct galen_text_part {
    uint32_t at;
    struct galen_bytes gone, came;
};
/** What the i-th of a text's history came to: one part after the other, each in what those before it left.
 *  Borrowed for the visit. */
typedef void (*galen_text_visit)(void *user, size_t i, const struct galen_text_part *parts,
                                 size_t count);
/** Visits all of a text's history, in log order: about as much work as there was to write it. OK; MEMORY. */
GALEN_MUST_USE enum galen_err galen_record_text_history(const struct galen_record *record,
                                                        uint16_t field, galen_text_visit visit,
                                                        void *user);

/** An edit of a text that is not in the log yet: its base and its splices. */
struct galen_unsent {
    uint64_t base;
    struct galen_bytes value;
};
/**
 * Appends what a text says for this device, whose edits `unsent` will follow what is in the log. The record
 * need not be there. OK; MEMORY.
 */
GALEN_MUST_USE enum galen_err galen_docs_text(const struct galen_docs *docs, uint8_t doc,
                                              const uint8_t id[GALEN_RECORD_ID_BYTES],
                                              uint16_t field, const struct galen_id *device,
                                              const struct galen_unsent *unsent, size_t count,
                                              struct galen_writer *w);
/** What a text said; true: this was looked for. */
typedef bool (*galen_text_said)(void *user, struct galen_bytes text);
/**
 * Visits what a text said to a device before others' last edit came, their last two, … at most their last `most`: what
 * lies before them in the log, and all that the device has written itself. About as much work as there was to write
 * it; nothing is visited where that was more than GALEN_DRAFT_HISTORY_MAX splices. OK; MEMORY; FORMAT.
 */
GALEN_MUST_USE enum galen_err galen_docs_text_past(const struct galen_docs *docs, uint8_t doc,
                                                   const uint8_t id[GALEN_RECORD_ID_BYTES],
                                                   uint16_t field, const struct galen_id *device,
                                                   size_t most, galen_text_said visit, void *user);
/**
 * The last of the edits `with` was made after those before it. Appends its splices (galen/text.h) for one that
 * is made after `without` instead, on the same base: what it inserted stays, what it deleted goes if it is
 * still there. OK; MEMORY.
 */
GALEN_MUST_USE enum galen_err galen_docs_text_without(const struct galen_docs *docs, uint8_t doc,
                                                      const uint8_t id[GALEN_RECORD_ID_BYTES],
                                                      uint16_t field, const struct galen_id *device,
                                                      const struct galen_unsent *with, size_t count,
                                                      const struct galen_unsent *without,
                                                      size_t without_count, struct galen_writer *w);

/* --- Conflicts --------------------------------------------------------------------------------- */

/** Fields with more than one value, and proposals with contradicting answers. */
size_t galen_record_conflict_count(const struct galen_record *record);
/** Of all records that stand: nobody has to decide in one that was declined. */
size_t galen_docs_conflict_count(const struct galen_docs *docs);
/** Operations that this version understands only in part, or not at all: they bar sign-off (L8). */
size_t galen_docs_newer_count(const struct galen_docs *docs);

/* --- Proposals --------------------------------------------------------------------------------- */

enum galen_proposal_state {
    GALEN_PROPOSAL_PENDING = 1, /* nobody answered */
    GALEN_PROPOSAL_REPLACED =
        2, /* nobody answered, and its account proposed anew for all its fields */
    GALEN_PROPOSAL_ACCEPTED = 3,
    GALEN_PROPOSAL_DECLINED = 4,
    GALEN_PROPOSAL_CONTESTED = 5, /* accepted and declined at the same time: a conflict */
};

size_t galen_docs_pending_count(const struct galen_docs *docs);
/** All proposals for this record, in log order, whatever their state. */
size_t galen_record_proposal_count(const struct galen_record *record);
const struct galen_proposal *galen_record_proposal(const struct galen_record *record, size_t i);
/** NULL: that entry is no proposal that counts. */
const struct galen_proposal *galen_docs_proposal(const struct galen_docs *docs, uint64_t index);
enum galen_proposal_state galen_proposal_state(const struct galen_proposal *proposal);
uint64_t galen_proposal_index(const struct galen_proposal *proposal);
const struct galen_docs_entry *galen_proposal_entry(const struct galen_proposal *proposal);
uint64_t galen_proposal_clock_ms(const struct galen_proposal *proposal);
const struct galen_record *galen_proposal_record(const struct galen_proposal *proposal);
/** The base it was written against. */
uint64_t galen_proposal_base(const struct galen_proposal *proposal);
/** Its fields that count, ascending by number, as they were proposed: of a text its splices (galen/text.h).
 *  Borrowed from the docs, and there as long as they are. */
size_t galen_proposal_field_count(const struct galen_proposal *proposal);
struct galen_write_field galen_proposal_field(const struct galen_proposal *proposal, size_t i);
/**
 * Appends what the i-th of its fields would say if the proposal were accepted now, or says, if it is: of a text all
 * of it, worked out here and kept nowhere. That costs about the text's length, and for an author who had not seen all its
 * edits up to its history since then: who shows many sets a limit. OK; MEMORY; FULL: the history of the text.
 */
GALEN_MUST_USE enum galen_err galen_proposal_preview(const struct galen_proposal *proposal,
                                                     size_t i, struct galen_writer *w);
/** All its answers in log order. `current`: not replaced by a later one. */
struct galen_answer {
    uint64_t index;
    const struct galen_docs_entry *entry;
    uint64_t clock_ms;
    bool accepted;
    bool current;
};
size_t galen_proposal_answer_count(const struct galen_proposal *proposal);
struct galen_answer galen_proposal_answer(const struct galen_proposal *proposal, size_t i);

/* --- Sign-off (D4) ----------------------------------------------------------------------------- */

/** One version: a sign-off that counts. Borrowed from the docs. */
struct galen_version {
    uint32_t number;                      /* 1, 2, 3 … in log order */
    uint64_t index;                       /* its entry */
    const struct galen_docs_entry *entry; /* who signed, in which role, when */
    uint64_t clock_ms;                    /* the signer's own clock */
    uint64_t base;                        /* the documents as of this log size were signed */
    uint8_t meaning;                      /* enum galen_sign_meaning */
    uint16_t schema;
    const uint8_t *visit;         /* record id, 16 bytes; NULL: none named */
    const uint8_t *hash;          /* 32 bytes: galen_docs_hash of the documents as of `base` */
    struct galen_bytes assertion; /* a passkey's; empty: asserted */
    uint64_t superseded; /* the first entry after `base` that changed the record; GALEN_NO_ENTRY */
};

/** What stands before the documents in what is signed. */
#define GALEN_SIGNED_MAGIC "galen documents"

size_t galen_docs_version_count(const struct galen_docs *docs);
/** Version i + 1; i < galen_docs_version_count (asserted). */
struct galen_version galen_docs_version_at(const struct galen_docs *docs, size_t i);
/**
 * Why nobody could sign these documents as they are: OK; UNKNOWN_KIND: something in them is of a newer
 * version (L8); CONFLICT.
 */
enum galen_err galen_docs_sign_bar(const struct galen_docs *docs);
/* After a hospital stay (SCHEMA.md): a medicine as one line of a visit. */
enum galen_line {
    GALEN_LINE_NONE,      /* it was not taken any more when the visit began */
    GALEN_LINE_UNDECIDED, /* nobody has said since what becomes of it, or its status says otherwise */
    GALEN_LINE_LEFT_OPEN, /* it is not decided, on purpose, and it says why */
    GALEN_LINE_DECIDED,
};
enum galen_line galen_docs_line(const struct galen_record *visit,
                                const struct galen_record *medicine);
bool galen_docs_is_discharge(const struct galen_record *visit);
/**
 * The visit whose lines a signature has to do with: the named one, if it is after a hospital stay or the meaning says
 * so; where none is named, the last such visit that nobody signed. NULL: none.
 */
const struct galen_record *galen_docs_reconciled_in(const struct galen_docs *docs,
                                                    const uint8_t *visit, uint8_t meaning);
/** How many of its lines are UNDECIDED; of NULL none. */
size_t galen_docs_undecided(const struct galen_docs *docs, const struct galen_record *visit);
/** Does a change of this document supersede a version? */
bool galen_docs_supersedes(uint8_t doc);
/**
 * The first entry from `size` on that changes the record, as what supersedes a version does, and that another
 * device than this one wrote; GALEN_NO_ENTRY: none.
 */
uint64_t galen_docs_changed_since(const struct galen_docs *docs, uint64_t size,
                                  const struct galen_id *device);
/** Appends what a sign-off is about (PROTOCOL.md, "Sign-off"). False: out of memory. */
GALEN_MUST_USE bool galen_docs_write_signed(const struct galen_docs *docs, struct galen_writer *w);
/** SHA-256 of it. False: out of memory. */
GALEN_MUST_USE bool galen_docs_hash(const struct galen_docs *docs, uint8_t hash[GALEN_HASH_BYTES]);

/* --- By entry ---------------------------------------------------------------------------------- */

/** What stands at an entry that galen_docs_apply took in. */
struct galen_docs_item {
    const struct galen_docs_entry *entry;
    uint16_t kind;
    uint64_t base;
    uint64_t clock_ms;
    struct galen_verdict verdict;
    const struct galen_record *record; /* WRITE, PROPOSE, ANSWER that count; else NULL */
};
/** False: no operation was taken in at this index. */
bool galen_docs_item(const struct galen_docs *docs, uint64_t index, struct galen_docs_item *item);

/**
 * Appends one document in a form that is equal, byte for byte, for all who read the same log:
 * records by id with their state, fields with all current values and who said them, proposals with
 * their answers. For comparing and hashing. False: out of memory.
 */
GALEN_MUST_USE bool galen_docs_write_canonical(const struct galen_docs *docs, uint8_t doc,
                                               struct galen_writer *w);

#endif
