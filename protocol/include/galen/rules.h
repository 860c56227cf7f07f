/*
 * A chart's clear state: who belongs to it, which epoch it is in, whose number is next, and the tree
 * of everything so far. The server refuses by these rules; every reader judges by them again.
 */
#ifndef GALEN_RULES_H
#define GALEN_RULES_H

#include "galen/entry.h"
#include "galen/tree.h"

/** A device that belongs to the chart now. */
struct galen_member {
    struct galen_id device;
    struct galen_id account;
    struct galen_id issuer;
    struct galen_public_keys keys;
    uint8_t role, purpose, scope_kind;
    struct galen_id scope;
    bool holder;
    uint64_t not_after_ms;
    uint64_t issues_until_ms;
    uint32_t since_epoch; /* the first epoch it was listed in without a break */
};

/** A device that ever wrote here; kept after it is dropped. */
struct galen_author {
    struct galen_id device;
    uint32_t last_number;
    uint64_t last_head_size;
};

struct galen_rules; /* opaque: members, authors, epoch, tree, statements */

/** An empty chart of the practice with these keys. NULL: out of memory. Borrows `p` for its life. */
struct galen_rules *galen_rules_new(const struct galen_primitives *p,
                                    const struct galen_public_keys *practice);
void galen_rules_free(struct galen_rules *rules);
/**
 * For evidence that shows some of a chart's entries only: from now on an author's number has to be
 * higher than its last, but not the next, and the root in a header is not compared. Where the entries
 * stand must be shown otherwise; the tree is that of the entries shown.
 */
void galen_rules_allow_gaps(struct galen_rules *rules);

/**
 * Judges an entry that would come next, at `entry->received_ms`. GALEN_OK or the first rule broken,
 * in the order of PROTOCOL.md ("Judging an entry"). Changes nothing. A sealed body that is not PRESENT
 * is judged by its header (readers without the right to it); a clear one that is not is WITHHELD. Readers
 * call galen_entry_settle_body first. MEMORY.
 */
GALEN_MUST_USE enum galen_err galen_rules_judge(const struct galen_rules *rules,
                                                const struct galen_entry *entry);
/**
 * Makes the entry the next leaf. `verdict` is what galen_rules_judge said of it in this state: after
 * GALEN_OK everything in it takes effect; otherwise the entry is void (L5): a leaf, and if its signature
 * holds under a member's key at that member's next number, that number is used; a void epoch entry of
 * this kind begins an unusable epoch with unchanged members. MEMORY: nothing changed. WITHHELD, also as
 * a verdict: nothing changed, as nothing behind this entry can be judged without its clear body. LIMIT:
 * the tree is full.
 */
GALEN_MUST_USE enum galen_err galen_rules_apply(struct galen_rules *rules,
                                                const struct galen_entry *entry,
                                                enum galen_err verdict);

/**
 * Makes an entry the next leaf that this reader accepted before, of a class with a sealed body: its leaf,
 * and what its author has used up with it. For one's own saved state. STATE: no chart has begun; MEMORY,
 * LIMIT as above; nothing changed.
 */
GALEN_MUST_USE enum galen_err galen_rules_restore(struct galen_rules *rules,
                                                  const struct galen_author *author,
                                                  const uint8_t leaf[GALEN_HASH_BYTES]);

const struct galen_id *galen_rules_chart(const struct galen_rules *rules);
uint32_t galen_rules_epoch(const struct galen_rules *rules);
/** True while the current epoch began with a void entry. */
bool galen_rules_epoch_void(const struct galen_rules *rules);
const uint8_t *galen_rules_history_key(const struct galen_rules *rules); /* 32 bytes */
/** The device that made the present history pair, and so knows its secret; it may be no holder. */
const struct galen_id *galen_rules_history_author(const struct galen_rules *rules);
size_t galen_rules_member_count(const struct galen_rules *rules);
/** Members ascending by device id; borrowed until the next apply. */
const struct galen_member *galen_rules_member_at(const struct galen_rules *rules, size_t i);
const struct galen_member *galen_rules_member(const struct galen_rules *rules,
                                              const struct galen_id *device); /* NULL: none */
/** What a device that ever wrote has used up; NULL: it never wrote. */
const struct galen_author *galen_rules_author(const struct galen_rules *rules,
                                              const struct galen_id *device);
/** A former or present member's certificate facts, for reading old entries; NULL: never was one. */
const struct galen_member *galen_rules_ever_member(const struct galen_rules *rules,
                                                   const struct galen_id *device);
const struct galen_tree *galen_rules_tree(const struct galen_rules *rules);
/**
 * The statement by which a device that stands for `account` was replaced or revoked, where one is in
 * this log; NULL: none. A revocation by a device's own account counts only for that account: anybody
 * can certify a stranger's public keys into an account of theirs, and must not speak for the stranger.
 */
const struct galen_statement *galen_rules_statement(const struct galen_rules *rules,
                                                    const struct galen_id *subject,
                                                    const struct galen_id *account);
/**
 * For which account a statement that holds speaks, if it stands here: none for the practice's, an
 * administrator's, a device's about itself and *replaced*, which count for everybody.
 */
struct galen_id galen_rules_statement_account(const struct galen_rules *rules,
                                              const struct galen_statement *statement);
/**
 * What 11i says of this statement, if it stood in an epoch entry at `at_ms`; `chain` is its signer's, empty
 * where none came. OK, or what is wrong with it; MEMORY.
 */
GALEN_MUST_USE enum galen_err galen_rules_judge_statement(const struct galen_rules *rules,
                                                          const struct galen_statement *statement,
                                                          const struct galen_chain *chain,
                                                          uint64_t at_ms);

/**
 * Judges the chain of a guest of `visit`, who belongs to no chart and stands in no entry (C8): an interpreter's,
 * by staff that are members here now, or by the practice's. OK; CERTIFICATE: not for this visit; or what is
 * wrong with the chain, as in 11c. Whose word opened a link (*replaced*) the server knows. MEMORY.
 */
GALEN_MUST_USE enum galen_err galen_rules_judge_guest(const struct galen_rules *rules,
                                                      const struct galen_chain *chain,
                                                      const struct galen_id *visit, uint64_t at_ms);

/**
 * Checks a signed head against the tree (H1): OK; CHART, not about this chart; NOT_MEMBER, by a device
 * that never was one; SIGNATURE; HEAD, it contradicts our root at that size; STATE, it is larger than
 * our tree: wait; MEMORY.
 */
GALEN_MUST_USE enum galen_err galen_rules_check_head(const struct galen_rules *rules,
                                                     const struct galen_head *head);

#endif
