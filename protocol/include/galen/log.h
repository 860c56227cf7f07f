/*
 * One chart's log as one device reads and writes it: the clear rules (galen/rules.h), the epoch keys
 * this device has, sealed bodies, heads. No storage, clock or random source: entries and random bytes
 * come in, entries go out.
 */
#ifndef GALEN_LOG_H
#define GALEN_LOG_H

#include "galen/crypto.h"
#include "galen/rules.h"

struct galen_log;

/**
 * A chart of the practice with these public keys, read by the device with these secrets (copied, and
 * wiped when freed). NULL: out of memory.
 */
struct galen_log *galen_log_new(const struct galen_public_keys *practice,
                                const struct galen_device_secrets *self);
void galen_log_free(struct galen_log *log);

const struct galen_rules *galen_log_rules(const struct galen_log *log);
const struct galen_id *galen_log_self(const struct galen_log *log); /* own device id */

/** What became of an entry for this reader. */
enum galen_read_state {
    GALEN_READ_CLEAR = 1,    /* an accepted epoch or certificate entry */
    GALEN_READ_OPEN = 2,     /* opened: the plaintext was handed out */
    GALEN_READ_LOCKED = 3,   /* this device has no key for it, or not its body, yet */
    GALEN_READ_WITHHELD = 4, /* the body should be there and is not (L9) */
    GALEN_READ_VOID = 5,     /* against the rules: `why` names the first one broken (L5) */
};

/** What stays known of each entry. */
struct galen_read {
    uint64_t index;
    uint64_t received_ms;
    struct galen_id author;
    uint32_t number;
    uint32_t epoch;
    uint64_t head_size;
    uint8_t class;
    uint8_t state;   /* enum galen_read_state */
    uint16_t why;    /* enum galen_err; OK unless VOID */
    uint16_t judged; /* enum galen_err: the verdict of galen_rules_judge alone */
    /* the author's facts at the entry's place (D3); zeros if not a member then */
    struct galen_id account;
    uint8_t role, purpose;
};

/**
 * Takes the next entry (index = size so far): judges it, learns keys from it, opens it. After
 * GALEN_OK `*read` says what became of it, and for GALEN_READ_OPEN the padded-off plaintext was
 * appended to `plain`. MEMORY: nothing changed, `plain` may hold less than all. WITHHELD: the clear
 * body of an epoch or certificate entry is missing, or is not the one that its header names; nothing
 * changed, and without it no later entry can be judged: stop here and name it (L9). Nothing else
 * fails: what a peer did wrong is in `read`. A sealed body that is not the one its signed header names
 * counts as withheld: its author did not write that, so somebody on the way took the true one away.
 *
 * Adding may complete a check of a head that was kept aside: look at galen_log_fork afterwards.
 */
GALEN_MUST_USE enum galen_err galen_log_add(struct galen_log *log, const struct galen_entry *entry,
                                            struct galen_read *read, struct galen_writer *plain);
/**
 * Takes the next entry again that this device judged before: `judged` is what galen_log_add put into
 * `read` then; `opened`: it was OPEN at last, and its plaintext is kept: it is not opened again, and
 * `plain` not touched. For one's own saved state, which nobody else can have changed; everything else
 * goes through galen_log_add. The rest as there; STATE: not a verdict that galen_log_add gives, or one
 * that no plaintext goes with; FORMAT: not the entry that galen_log_restore_keys has heard of.
 */
GALEN_MUST_USE enum galen_err galen_log_restore(struct galen_log *log,
                                                const struct galen_entry *entry, uint16_t judged,
                                                bool opened, struct galen_read *read,
                                                struct galen_writer *plain);
/**
 * The same for an entry that was OPEN, by its leaf alone: `was` is what galen_log_read gave of it, of
 * which this looks at time, author, number, epoch, head and class. STATE: a class without a sealed body,
 * or the first entry. MEMORY, LIMIT: nothing changed.
 */
GALEN_MUST_USE enum galen_err galen_log_restore_opened(struct galen_log *log,
                                                       const struct galen_read *was,
                                                       const uint8_t leaf[GALEN_HASH_BYTES],
                                                       struct galen_read *read);
/**
 * Appends what this log has found out about the keys of its epochs, for one's own saved state: to open and
 * compare every seal of a chart anew takes longer than all else. It changes with epoch entries only. Secret.
 */
void galen_log_write_keys(const struct galen_log *log, struct galen_writer *w);
/**
 * Tells an empty log what galen_log_write_keys has said: the entries that begin these epochs (their
 * number comes back) then are restored without opening a seal. FORMAT; STATE: not empty, or told before;
 * MEMORY: nothing changed.
 */
GALEN_MUST_USE enum galen_err galen_log_restore_keys(struct galen_log *log, struct galen_bytes keys,
                                                     uint32_t *epochs);
/** Whether every epoch that galen_log_restore_keys was told of has come. */
bool galen_log_restored_keys(const struct galen_log *log);
/**
 * Opens an entry of the log again: one that was LOCKED or WITHHELD, now that a key or its body has come,
 * or one that was OPEN, for its plaintext. `entry` must be the same (its signed header is compared by
 * the tree's leaf: HEAD if not; STATE if the log has no such index). Updates what galen_log_read gives;
 * entries that are CLEAR or VOID stay so, and an OPEN one without its body stays OPEN with nothing
 * appended. MEMORY: nothing changed.
 */
GALEN_MUST_USE enum galen_err galen_log_open_again(struct galen_log *log, uint64_t index,
                                                   const struct galen_entry *entry,
                                                   struct galen_read *read,
                                                   struct galen_writer *plain);
/** What is known of the entry at `index`; NULL past the end. Borrowed until the next add. */
const struct galen_read *galen_log_read(const struct galen_log *log, uint64_t index);
uint64_t galen_log_size(const struct galen_log *log);

/** Whether this device is a member that holds the secret of the present history pair. */
bool galen_log_is_holder(const struct galen_log *log);
/** What is wrong with the current epoch: OK; UNUSABLE (E3: renew before writing); NOT_MEMBER. */
enum galen_err galen_log_epoch_state(const struct galen_log *log);
/**
 * True when this device is a holder and a renewal by it (galen_log_draft_epoch without changes) would
 * mend the history: a seal of the history secret to a holder is wrong or ours is missing, an older
 * secret that we have is not linked to the present pair, or somebody who is no holder made that pair.
 */
bool galen_log_history_needs_care(const struct galen_log *log);
/** The key of an epoch; NULL if this device does not have it. For drafts, and for opening evidence. */
const uint8_t *galen_log_epoch_key(const struct galen_log *log, uint32_t epoch);

/* -- writing ------------------------------------------------------------------------------------ */

/** Random bytes for one epoch entry; wiped by the caller. */
struct galen_epoch_random {
    uint8_t epoch_key[GALEN_KEY_BYTES];
    uint8_t history_secret[GALEN_KEY_BYTES]; /* used if the pair changes */
    uint8_t salt[GALEN_KEY_BYTES];
};

struct galen_newcomer {
    const struct galen_chain *chain; /* its last certificate is the device's */
    bool holder;
};

/** A change of members. All arrays may be empty: that renews the key (`galen chart renew`). */
struct galen_epoch_change {
    const struct galen_newcomer *add;
    size_t add_count;
    const struct galen_id *drop; /* devices */
    size_t drop_count;
    const struct galen_id *make_holder; /* devices */
    size_t make_holder_count;
    const struct galen_statement *statements;
    size_t statement_count;
    /* Chains of those who signed a statement; taken where the signer is no member. Any order. */
    const struct galen_chain *signer_chains;
    size_t signer_chain_count;
    bool new_history; /* a new pair though no holder leaves */
};

/**
 * Makes the epoch entry that changes the members, against the current state, with the author's number
 * `number`. Appends header ‖ signature ‖ body<V> to `entry` (what an APPEND frame carries). The
 * result has been judged by the same rules as any entry, at `now_ms`: the error is the rule it would
 * break, and nothing was appended. STATE: the log is empty. NOT_HOLDER: the change makes somebody a
 * holder and this device has no history secret to give. NOT_MEMBER: a device to drop or to make a
 * holder does not belong to the chart. DUPLICATE: one to add belongs to it already. FORK: see
 * galen_log_fork. MEMORY.
 *
 * What needs no asking is done by itself: staff, custodians and successors of holders become holders;
 * a new history pair is made when a holder is dropped, and by a holder when the present pair needs it
 * (galen_log_history_needs_care); older history secrets that are not linked are.
 */
GALEN_MUST_USE enum galen_err galen_log_draft_epoch(const struct galen_log *log, uint64_t now_ms,
                                                    uint32_t number,
                                                    const struct galen_epoch_change *change,
                                                    const struct galen_epoch_random *random,
                                                    struct galen_writer *entry);
/** A chart's first entry, by staff: `add` holds the author, the custodian and whoever comes at once. */
GALEN_MUST_USE enum galen_err
galen_log_draft_first(const struct galen_public_keys *practice,
                      const struct galen_device_secrets *self, uint64_t now_ms,
                      const struct galen_newcomer *add, size_t add_count,
                      const struct galen_epoch_random *random, struct galen_writer *entry);
/** A certificate entry: the author's own device, certified anew. */
GALEN_MUST_USE enum galen_err galen_log_draft_certificate(const struct galen_log *log,
                                                          uint64_t now_ms, uint32_t number,
                                                          const struct galen_chain *chain,
                                                          const uint8_t salt[GALEN_KEY_BYTES],
                                                          struct galen_writer *entry);
/**
 * Seals a plaintext (padded here) under the current epoch, with the head this log has now. UNUSABLE or
 * NOT_MEMBER: see galen_log_epoch_state. TOO_LARGE: more than GALEN_PLAIN_MAX. CLASS: not a class with
 * a sealed body. FORK: see galen_log_fork. MEMORY.
 */
GALEN_MUST_USE enum galen_err galen_log_seal(const struct galen_log *log, uint8_t class,
                                             uint32_t number, struct galen_bytes plain,
                                             const uint8_t salt[GALEN_KEY_BYTES],
                                             struct galen_writer *entry);

/* -- heads -------------------------------------------------------------------------------------- */

/** Signs what this log has verified. */
void galen_log_sign_head(const struct galen_log *log, uint64_t clock_ms, struct galen_head *head);
/**
 * Takes another device's head (H1): OK (kept as its latest), STATE (larger than our log: kept aside
 * and checked when we get there), HEAD (contradicts: a fork, both kept; see galen_log_fork),
 * NOT_MEMBER, SIGNATURE, CHART, MEMORY (nothing changed). One that shrinks is ignored: OK.
 */
GALEN_MUST_USE enum galen_err galen_log_take_head(struct galen_log *log,
                                                  const struct galen_head *head);
/** The latest checked head of a device; NULL: none. */
const struct galen_head *galen_log_head_of(const struct galen_log *log,
                                           const struct galen_id *device);
/** One of its heads is larger than this log yet. */
bool galen_log_head_waits(const struct galen_log *log, const struct galen_id *device);
/** The first head that contradicted this log; NULL: none did. From then on nothing is sealed or drafted
 *  here: FORK (H2). */
const struct galen_head *galen_log_fork(const struct galen_log *log);

/* -- disclosing one entry ------------------------------------------------------------------------ */

/**
 * The secret that opens the entry with this header alone (K3). False: this device has no key for its
 * epoch, or its class has no sealed body.
 */
GALEN_MUST_USE bool galen_log_entry_secret(const struct galen_log *log,
                                           const struct galen_header *header,
                                           uint8_t secret[GALEN_KEY_BYTES]);
/**
 * Opens a body with its entry's secret: OK with the plaintext appended; WITHHELD (no body),
 * COMMITMENT (another entry's secret), SEAL, FORMAT (padding), TOO_LARGE, MEMORY.
 */
GALEN_MUST_USE enum galen_err galen_entry_open(const struct galen_entry *entry,
                                               const uint8_t secret[GALEN_KEY_BYTES],
                                               struct galen_writer *plain);

#endif
