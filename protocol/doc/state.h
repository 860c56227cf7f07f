/* What the state of a chart's documents is made of. Private to protocol/doc. */
#ifndef GALEN_DOC_STATE_H
#define GALEN_DOC_STATE_H

#include "galen/doc.h"
#include "keyset.h"

/* A growing list of pointers. All zeros is an empty one. */
struct list {
    void **at;
    size_t count, room;
};

/** Makes room for one more, so that the next list_add or list_insert cannot fail. */
GALEN_MUST_USE bool list_reserve(struct list *list);
void list_add(struct list *list, void *what);
void list_insert(struct list *list, size_t place, void *what);
/** Takes out the one at `place`; those behind it move up. */
void list_remove(struct list *list, size_t place);

/* One operation as it was taken in. Fields that have no effect are not kept. */
struct item {
    struct galen_docs_entry entry;
    uint8_t id[GALEN_OP_ID_BYTES];
    uint32_t device; /* place among docs->devices */
    uint16_t kind;
    bool newer;        /* something in it is of a newer version */
    bool based;        /* its base is one, also if something else makes it void */
    bool accepted;     /* ANSWER */
    struct sign *sign; /* SIGN that counts as a version */
    uint64_t base, clock_ms;
    struct galen_verdict verdict;
    struct galen_record *record;
    struct galen_proposal *proposal; /* PROPOSE that counts: itself; ANSWER that counts: answered */
    /* A chain of undo and redo: what it begins with (NULL: this itself), where this stands in it, and, of what it
     * begins with, the last one (NULL: there is no other). */
    struct item *root, *top;
    const struct item *undoes; /* what this takes back */
    size_t depth;
    size_t field_count;
    struct galen_write_field fields[]; /* the values' bytes follow behind them */
};

/** Does `earlier` lie in the past of `later`: before its base, or by the same device (D1)? */
bool item_in_past(const struct item *earlier, const struct item *later);

/* One thing that was said for a register. */
struct saying {
    const struct item *item;   /* where it was said: a write or an answer */
    const struct item *source; /* the proposal whose value was accepted; NULL: written directly */
    struct galen_bytes value;  /* borrowed from an item */
    bool current;              /* nothing that counts replaced it */
    bool taken_back;           /* its answer was replaced: as if it had not been said */
    bool takes_back;           /* of a text: this takes back what was accepted of `source` */
};

/*
 * A register: everything said for it in log order, and which of that is current. Something is current
 * while nothing that counts has it in its past (D1). Pasts are transitive, since bases never decrease
 * (L3), so it is enough to look at what is current. A device has at most one current saying.
 */
struct reg {
    struct saying *said;
    uint32_t *current; /* places in `said`, ascending */
    size_t count, room, current_count;
    size_t different; /* how many different values are current */
    struct writing
        *writing; /* of a text: what its edits, which stand in `said`, come to; or NULL */
};

/** Makes room for `n` more. */
GALEN_MUST_USE bool reg_reserve(struct reg *reg, size_t n);
/** Says something later in the log than everything before. Room was made. */
void reg_say(struct reg *reg, const struct saying *saying);
/** Takes back what was said in `item`; what it had replaced comes back. */
void reg_take_back(struct reg *reg, const struct item *item);
/** The i-th of the different current values, in log order; i < reg->different. */
const struct saying *reg_value(const struct reg *reg, size_t i);
void reg_wipe(struct reg *reg);

struct galen_record {
    uint8_t id[GALEN_RECORD_ID_BYTES];
    const struct galen_document *document;
    const struct item *first;
    uint64_t position;
    bool added;       /* somebody who may add it wrote it */
    size_t accepted;  /* proposals with a current answer that accepts */
    size_t pending;   /* proposals that nobody answered or replaced */
    size_t conflicts; /* fields and proposals */
    struct list proposals;
    struct list live; /* those that are pending */
    struct reg fields[];
};

struct galen_proposal {
    const struct item *item;
    struct galen_record *record;
    uint64_t fields; /* bit n - 1: it holds field n */
    bool replaced;
    const struct item *answered; /* the first answer by staff, or NULL */
    struct reg answers;          /* values: one byte, 1 accepted, 0 declined */
};

/** Is it accepted, once `answer` (or NULL) has replaced the answers in its past? */
bool proposal_is_accepted(const struct galen_proposal *proposal, const struct item *answer);
/** What an answer does to the texts that a proposal is about. */
enum text_answer { TEXT_STAYS, TEXT_TAKES_IN, TEXT_TAKES_BACK };
enum text_answer proposal_answer_text(const struct galen_proposal *proposal,
                                      const struct item *answer, bool accepted);

/* A sign-off that counts. */
struct sign {
    const struct item *item;
    uint8_t visit[GALEN_RECORD_ID_BYTES];
    uint8_t meaning;
    uint16_t schema;
    uint8_t hash[GALEN_HASH_BYTES];
    uint64_t superseded; /* the first entry that changed the record; GALEN_NO_ENTRY: none */
    struct galen_bytes assertion; /* its bytes follow */
    uint8_t bytes[];
};

#define DOCUMENTS_MAX 16

struct galen_docs {
    struct list items;                /* in log order */
    struct keyset operations;         /* account and operation id → entry */
    struct keyset devices;            /* device → last base */
    struct keyset records;            /* document and record id → struct galen_record */
    struct list order[DOCUMENTS_MAX]; /* for each of galen_documents: its records in order */
    struct list signs;                /* version n at n - 1 */
    size_t standing;                  /* of these, how many nothing supersedes */
    size_t pending, newer;
};

/** NULL: no item has this index. */
struct item *docs_item(const struct galen_docs *docs, uint64_t index);
struct galen_record *docs_record(const struct galen_docs *docs, uint8_t doc,
                                 const uint8_t id[GALEN_RECORD_ID_BYTES]);
void record_key(uint8_t doc, const uint8_t id[GALEN_RECORD_ID_BYTES],
                uint8_t key[KEYSET_KEY_BYTES]);
void operation_key(const struct galen_id *account, const uint8_t id[GALEN_OP_ID_BYTES],
                   uint8_t key[KEYSET_KEY_BYTES]);
/** The number of a device; of one that wrote nothing yet, the next. */
uint32_t docs_device(const struct galen_docs *docs, const struct galen_id *device);
void device_key(const struct galen_id *device, uint8_t key[KEYSET_KEY_BYTES]);
/** Where a document's records stand in docs->order. */
struct list *docs_order(const struct galen_docs *docs, const struct galen_document *document);
/** More than one value, in a field where that is a conflict. */
bool field_conflicts(const struct galen_field *field, const struct reg *reg);

/* What an operation will do, decided before anything is changed (judge.c). */
struct plan {
    struct galen_verdict verdict;
    bool newer;                            /* something in it is of a newer version */
    bool based;                            /* its base is one: no later one is below it */
    uint64_t effective;                    /* WRITE, PROPOSE: bit i: the i-th field takes effect */
    const struct galen_document *document; /* WRITE, PROPOSE */
    struct galen_record *record;           /* NULL: it is not there yet */
    struct galen_proposal *proposal;       /* ANSWER */
    bool signs;                            /* SIGN: it makes a version */
};

/** OK; MEMORY. */
GALEN_MUST_USE enum galen_err judge(const struct galen_docs *docs,
                                    const struct galen_docs_entry *entry, const struct galen_op *op,
                                    struct plan *plan);
/** Takes in an operation that was judged. False: out of memory, and nothing changed. */
GALEN_MUST_USE bool docs_take(struct galen_docs *docs, const struct galen_docs_entry *entry,
                              const struct galen_op *op, const struct plan *plan);

/** The item counts: notes what it takes back, if it does (undo.c). */
void item_link(struct galen_docs *docs, struct item *item);

/* Sign-off (sign.c). */
/** Judges one whose author may write it. OK; MEMORY. */
GALEN_MUST_USE enum galen_err judge_sign(const struct galen_docs *docs,
                                         const struct galen_docs_entry *entry,
                                         const struct galen_op *op, struct plan *plan);
/** NULL: out of memory. */
struct sign *sign_new(const struct item *item, const struct galen_op *op);
/** Room for it was made. */
void sign_add(struct galen_docs *docs, struct sign *sign);
/** Does this operation change what a version is about? */
bool item_supersedes(const struct item *item);
/** The item was taken in: versions that stood until now are superseded. */
void signs_supersede(struct galen_docs *docs, const struct item *item);

#endif
