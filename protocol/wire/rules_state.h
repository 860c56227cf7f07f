/* What rules*.c share: the chart's clear state, and what an epoch entry would make of it. */
#ifndef WIRE_RULES_STATE_H
#define WIRE_RULES_STATE_H

#include "galen/rules.h"

/** Rows that begin with a struct galen_id, ascending by it. */
struct id_table {
    char *rows;
    size_t count, room, width;
};

/** Makes room for `more` rows. False: out of memory, nothing changed. */
bool id_table_reserve(struct id_table *table, size_t more) GALEN_MUST_USE;
/** NULL: there is none. */
void *id_table_find(const struct id_table *table, const struct galen_id *id);
/** The row of `id`, made of zeros if there was none; the room was reserved. */
void *id_table_put(struct id_table *table, const struct galen_id *id);

/**
 * The weightiest statement about a device that this log holds: revoked outweighs replaced, and the
 * first *replaced* stands. What a device's own account says of it has a row of its own.
 */
struct known_statement {
    struct galen_id about; /* the subject, or statement_key of the subject and the account */
    struct galen_statement statement;
};

struct galen_rules {
    const struct galen_primitives *p;
    struct galen_issuer practice;
    bool begun; /* the first entry was accepted */
    bool epoch_void;
    bool gaps; /* galen_rules_allow_gaps */
    uint32_t epoch;
    struct galen_id chart;
    uint8_t history_key[GALEN_SEAL_KEY_BYTES];
    struct galen_id
        history_author; /* the device that made the history pair and so knows its secret */
    size_t member_count;
    struct galen_member *members; /* ascending by device id; as many as there are */
    struct id_table ever;         /* struct galen_member */
    struct id_table authors;      /* struct galen_author */
    struct id_table statements;   /* struct known_statement */
    struct galen_tree tree;
};

/** What an epoch entry says, and the members it would leave the chart with. Allocated. */
struct epoch_change {
    struct galen_epoch_body body;
    size_t newcomer_count;
    size_t newcomers[GALEN_MEMBERS_MAX]; /* places in `members`; the i-th has chain i */
    struct galen_member members[GALEN_MEMBERS_MAX];
    enum galen_err statement_errs[GALEN_STATEMENTS_MAX];
};

/** In `members`, which ascend by device id; NULL: none. */
const struct galen_member *rules_find_member(const struct galen_member *members, size_t count,
                                             const struct galen_id *device);

/**
 * Reads an epoch entry's body and derives the members that follow from it. Looks at no signature.
 * FORMAT, MEMBERS or KEY where the body says nothing that could be derived.
 */
enum galen_err rules_epoch_derive(const struct galen_rules *rules, const struct galen_entry *entry,
                                  struct epoch_change *change) GALEN_MUST_USE;
/** Rules 11a to 11i, for what rules_epoch_derive gave. `author` is a member, or to be one. */
enum galen_err rules_epoch_judge(const struct galen_rules *rules, const struct galen_entry *entry,
                                 const struct galen_member *author,
                                 struct epoch_change *change) GALEN_MUST_USE;
/**
 * Whether a chain leads from the practice or a present member to its last device, at `at_ms`, through
 * nobody that this log, or an enclosed statement that holds, calls revoked or replaced by another.
 * `change` may be NULL.
 */
enum galen_err rules_chain_check(const struct galen_rules *rules, const struct epoch_change *change,
                                 const struct galen_chain *chain, uint64_t at_ms) GALEN_MUST_USE;

/** Whether an author whose last number is `last` may write this one. */
bool rules_number_follows(const struct galen_rules *rules, uint32_t number, uint32_t last);

/** The facts of a member from its certificate. */
struct galen_member rules_member_from_cert(const struct galen_primitives *p,
                                           const struct galen_cert *cert);

#endif
