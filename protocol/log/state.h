/* What a log keeps, for the files of this folder. */
#ifndef LOG_STATE_H
#define LOG_STATE_H

#include "galen/hpke.h"
#include "galen/log.h"

#define NO_PAIR SIZE_MAX

/** What every seal of one epoch entry binds (K4). */
struct seal_place {
    struct galen_id chart; /* as in the header: none in a first entry */
    uint32_t epoch;        /* the one that begins */
    struct galen_id author;
    uint64_t head_size;
    uint8_t head_root[GALEN_HASH_BYTES];
};

/** A history pair that an accepted entry named (E1). */
struct history_pair {
    uint8_t key[GALEN_SEAL_KEY_BYTES];
    uint8_t secret[GALEN_KEY_BYTES]; /* if `known` */
    bool known;
    bool weak;    /* somebody who is no holder may know the secret */
    bool damaged; /* a seal of the secret to a holder is wrong */
    bool linked;  /* whoever has the present pair's secret gets this one's as well */
};

enum epoch_state {
    EPOCH_LOCKED = 1, /* no key yet */
    EPOCH_OPEN = 2,   /* we have the key, and everybody else got the same */
    EPOCH_UNUSABLE = 3,
};

struct epoch_link {
    struct galen_history_link link;
    size_t old_pair; /* NO_PAIR until it was opened and is right */
};

/** What is kept of an epoch entry, so that keys can be learned from it later. */
struct log_epoch {
    uint8_t state; /* enum epoch_state */
    bool swept;    /* the history pair was used on it */
    uint8_t key[GALEN_KEY_BYTES];
    size_t pair; /* the history pair it names */
    struct seal_place place;
    uint8_t commitment[GALEN_HASH_BYTES];
    struct galen_seal history_seal;
    size_t member_count;
    struct galen_epoch_member *members; /* owned */
    size_t link_count;
    struct epoch_link *links; /* owned */
};

struct device_head {
    struct galen_id device;
    struct galen_head checked; /* the latest that fits; size 0 and no chart: none */
    struct galen_head waiting; /* larger than our log; size 0: none */
};

/** What a log was told of its keys, while its entries come again. All zeros: nothing, or all is used. */
struct kept_keys {
    uint8_t *bytes; /* owned; secret */
    size_t size;
    size_t pair_count, epoch_count;
    struct galen_bytes pairs;   /* of PAIR_BYTES each */
    struct galen_reader epochs; /* the next that is to come */
};

struct galen_log {
    struct galen_device_secrets self;
    struct galen_id self_id;
    struct galen_rules *rules;
    struct galen_read *reads; /* as many as the tree has leaves */
    size_t read_count, read_room;
    struct log_epoch *epochs; /* epoch n is at n - 1 */
    size_t epoch_count, epoch_room;
    struct history_pair *pairs; /* in the order in which they were named */
    size_t pair_count, pair_room;
    size_t pair; /* the present one; NO_PAIR in an empty log */
    struct device_head *heads;
    size_t head_count, head_room;
    struct galen_head fork;
    bool forked;
    struct kept_keys kept;
};

/**
 * Makes room for one element more than `count`, of `size` bytes each. What moves is wiped where it
 * was. False: out of memory, nothing changed.
 */
GALEN_MUST_USE bool log_grow(void **at, size_t *room, size_t count, size_t size);

/* -- sealed.c: seals and bodies ------------------------------------------------------------------ */

struct seal_place seal_place_of(const struct galen_header *header);
/** Seals `key` for `purpose` ("epoch", "history") to the recipient. KEY: its key is not acceptable. */
GALEN_MUST_USE enum galen_err seal_to(const struct seal_place *place, const char *purpose,
                                      const uint8_t key[GALEN_KEY_BYTES],
                                      const uint8_t seal_key[GALEN_SEAL_KEY_BYTES],
                                      const struct galen_id *recipient, struct galen_seal *out);
GALEN_MUST_USE bool seal_open(const struct seal_place *place, const char *purpose,
                              const struct galen_seal *seal, const uint8_t secret[GALEN_KEY_BYTES],
                              const uint8_t seal_key[GALEN_SEAL_KEY_BYTES],
                              const struct galen_id *recipient, uint8_t key[GALEN_KEY_BYTES]);
/** Whether it is the very seal that seal_to makes of `key`. */
GALEN_MUST_USE bool seal_matches(const struct seal_place *place, const char *purpose,
                                 const struct galen_seal *seal, const uint8_t key[GALEN_KEY_BYTES],
                                 const uint8_t seal_key[GALEN_SEAL_KEY_BYTES],
                                 const struct galen_id *recipient);
/** The id that stands for a history key as a recipient: its bytes. */
struct galen_id seal_history_recipient(const uint8_t history_key[GALEN_SEAL_KEY_BYTES]);
void epoch_commitment(const uint8_t key[GALEN_KEY_BYTES], const struct galen_id *chart,
                      uint32_t epoch, uint8_t out[GALEN_HASH_BYTES]);
void entry_secret(const uint8_t epoch_key[GALEN_KEY_BYTES], const struct galen_header *header,
                  uint8_t secret[GALEN_KEY_BYTES]);
/** Whether the class's bodies are sealed. */
bool class_is_sealed(uint8_t class);

/* -- draft.c: what all entries of our own have in common ----------------------------------------- */

/** Fills in everything but commitment and body: this log's chart, epoch and head. */
void draft_header(const struct galen_log *log, uint8_t class, uint32_t number,
                  const uint8_t salt[GALEN_KEY_BYTES], struct galen_header *header);
/** Completes the header, signs it, and appends header, signature, body<V>. MEMORY: nothing appended. */
GALEN_MUST_USE enum galen_err draft_write(const struct galen_log *log, struct galen_header *header,
                                          struct galen_bytes body, struct galen_writer *entry);

/* -- epochs.c: which keys this device has ------------------------------------------------------- */

/** Keeps of an accepted epoch entry what is needed later. MEMORY. */
GALEN_MUST_USE enum galen_err epoch_read(const struct galen_entry *entry, struct log_epoch *epoch,
                                         uint8_t history_key[GALEN_SEAL_KEY_BYTES]);
void epoch_wipe(struct log_epoch *epoch);
/**
 * Adds an epoch, for which there is room, and learns what can be learned from it. `weak`: its author
 * is no holder. Never fails. Takes the epoch over.
 */
void epoch_begin(struct galen_log *log, const struct log_epoch *epoch,
                 const uint8_t history_key[GALEN_SEAL_KEY_BYTES], bool weak);
/** Adds an unusable epoch, for which there is room. */
void epoch_begin_void(struct galen_log *log);
/** Whether the next epoch is one that the log was told the keys of. */
bool keys_are_kept(const struct galen_log *log);
/** Whether what is kept for the next epoch fits an entry with so many links. */
bool keys_fit(const struct galen_log *log, size_t link_count);
void keys_wipe(struct kept_keys *kept);
/** NULL: there was no such epoch. */
const struct log_epoch *epoch_at(const struct galen_log *log, uint32_t number);

/* -- heads.c ------------------------------------------------------------------------------------ */

/** Checks the heads that waited for the log to get where it is now. */
void heads_catch_up(struct galen_log *log);

#endif
