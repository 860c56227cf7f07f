/*
 * What the server keeps: the practice's keys, the entries of each chart, who belongs to which chart,
 * the latest head of each device, statements, notices. One backend a file (store_sqlite.c).
 *
 * Two threads may use one store at the same time: one calls store_commit, the other everything else.
 * What store_commit has made durable is seen by the next read.
 */
#ifndef GALEN_SERVER_STORE_H
#define GALEN_SERVER_STORE_H

#include "galen/cert.h"
#include "galen/entry.h"

struct store;

/**
 * Opens the store in the file `path` and makes it if there is none. `vfs` names an SQLite VFS, for
 * tests; NULL is the system's. On OK `*out` is the caller's, to be closed. IO: the file cannot be
 * opened; VERSION: it was written by another version; DISK_FULL; STORE: it is damaged; MEMORY.
 */
GALEN_MUST_USE enum galen_err store_open(const char *path, const char *vfs, struct store **out);
void store_close(struct store *store); /* takes NULL; nobody may be using it */

/* -- writing ------------------------------------------------------------------------------------ */

enum store_change_kind {
    STORE_APPEND = 1,
    STORE_MEMBER = 2,
    STORE_HEAD = 3,
    STORE_STATEMENT = 4,
    STORE_NOTICE = 5,
    STORE_PRACTICE = 6,
};

/** The next entry of a chart. `entry` borrows its bytes; its body must be PRESENT. */
struct store_append {
    struct galen_id chart;
    uint64_t index; /* must be the chart's size so far, else the batch fails */
    struct galen_entry entry;
};

/** A device belongs to a chart from now on, or no longer. That it once did stays known. */
struct store_member {
    struct galen_id chart;
    struct galen_id device;
    bool present;
};

/**
 * A verified statement; the first with this subject, kind and signer stays. `account` is the account
 * of a signer who spoke for a device of their own account, and none for the practice, administrators
 * and the device itself. `chain` (borrowed, encoded, may be empty) is the signer's.
 */
struct store_statement {
    struct galen_statement statement;
    struct galen_id account;
    struct galen_bytes chain;
};

/** The link of `device`, which was used in `chart`, was opened again; the latest time stays. */
struct store_notice {
    struct galen_id chart;
    struct galen_id device;
    uint64_t at_ms;
};

/** One change, owned by the caller and linked by it. */
struct store_change {
    struct store_change *next;
    uint8_t kind; /* enum store_change_kind */
    union {
        struct store_append append;
        struct store_member member;
        struct galen_head head; /* a smaller size than the one kept changes nothing */
        struct store_statement statement;
        struct store_notice notice;
        struct galen_public_keys
            practice; /* only into a store that has none, else the batch fails */
    } as;
};

struct store_batch {
    struct store_change *first;
    size_t count;
};

/**
 * Makes all changes durable, in their order, or none of them. Blocks until the disk has them. OK;
 * DISK_FULL or STORE: nothing of it was kept, and it may be tried again. Reads the batch only.
 */
GALEN_MUST_USE enum galen_err store_commit(struct store *store, const struct store_batch *batch);

/* -- reading: STORE or DISK_FULL where something could not be read -------------------------------- */

/** STATE: the practice has not been set up. */
GALEN_MUST_USE enum galen_err store_practice(struct store *store, struct galen_public_keys *keys);
/** How many entries the chart has; 0 when there is no such chart. */
GALEN_MUST_USE enum galen_err store_chart_size(struct store *store, const struct galen_id *chart,
                                               uint64_t *size);

/** Gets each entry in order, borrowed for the call. False: no more are wanted. */
typedef bool (*store_entry_fn)(void *context, uint64_t index, const struct galen_entry *entry);
/** All entries, for following the rules: bodies of clear classes only, the others WITHHELD. */
GALEN_MUST_USE enum galen_err store_read_clear(struct store *store, const struct galen_id *chart,
                                               store_entry_fn each, void *context);
/** Entries [from, to) with their bodies. */
GALEN_MUST_USE enum galen_err store_read_entries(struct store *store, const struct galen_id *chart,
                                                 uint64_t from, uint64_t to, store_entry_fn each,
                                                 void *context);

/** Where an entry stands, and the bytes by which to know it again. */
struct store_place {
    uint64_t index;
    uint64_t received_ms;
    uint8_t signed_header[GALEN_SIGNED_HEADER_BYTES];
};
/** The entry that `author` wrote in `chart` under `number`. STATE: there is none. */
GALEN_MUST_USE enum galen_err store_find_entry(struct store *store, const struct galen_id *chart,
                                               const struct galen_id *author, uint32_t number,
                                               struct store_place *place);

typedef void (*store_head_fn)(void *context, const struct galen_head *head);
/** The latest head of each device in a chart, ascending by device. */
GALEN_MUST_USE enum galen_err store_heads(struct store *store, const struct galen_id *chart,
                                          store_head_fn each, void *context);

typedef void (*store_chart_fn)(void *context, const struct galen_id *chart);
/** The charts a device belongs to, or all it ever belonged to; at most `max`, ascending. */
GALEN_MUST_USE enum galen_err store_charts_of(struct store *store, const struct galen_id *device,
                                              bool ever, size_t max, store_chart_fn each,
                                              void *context);

typedef void (*store_statement_fn)(void *context, const struct store_statement *statement);
/** All statements about a device. What `each` gets is borrowed for the call. */
GALEN_MUST_USE enum galen_err store_statements_about(struct store *store,
                                                     const struct galen_id *subject,
                                                     store_statement_fn each, void *context);
/** All statements about devices that belong to a chart now. */
GALEN_MUST_USE enum galen_err store_statements_in(struct store *store, const struct galen_id *chart,
                                                  store_statement_fn each, void *context);

typedef void (*store_notice_fn)(void *context, const struct store_notice *notice);
/** All notices of a chart. */
GALEN_MUST_USE enum galen_err store_notices(struct store *store, const struct galen_id *chart,
                                            store_notice_fn each, void *context);

#endif
