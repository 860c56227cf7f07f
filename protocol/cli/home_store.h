/*
 * A home on disk: a folder that only its owner may enter, used by one process at a time, with the pairs
 * that the engine saves in one SQLite file. Values are sealed with XChaCha20-Poly1305 under the home's
 * data key (the pair's key is associated data); the data key itself is sealed under a key that comes
 * from a key file or a passphrase. Keys of pairs (ids and places) stand in clear.
 */
#ifndef GALEN_CLI_HOME_STORE_H
#define GALEN_CLI_HOME_STORE_H

#include "galen/codec.h"

#define STORE_VALUE_MAX  (1024u * 1024)
#define STORE_KEY_MAX    512
#define STORE_SECRET_MAX 4096 /* bytes of a key file or a passphrase */
#define STORE_SECRET_MIN 32   /* bytes of a key file */

/** Where the key comes from. Both NULL: HOME/key, which is made at first use. */
struct store_keys {
    const char *key_file; /* at least STORE_SECRET_MIN bytes; made at first use of the home */
    const char *passphrase_file; /* first line; Argon2id */
};

/** Why it failed, for a person; `text` says what to do. */
struct store_failure {
    enum galen_err err;
    char text[768];
};

struct home_store;

/**
 * Opens the home, making it if `make`. Waits at most `wait_ms` for another process to leave it.
 * NULL: see `failure` (LIMIT: another process uses it; CHART: there is none; KEY: not its key; IO).
 */
struct home_store *home_store_open(const char *home, const struct store_keys *keys, bool make,
                                   unsigned wait_ms, struct store_failure *failure);
void home_store_close(struct home_store *store);
const char *home_store_home(const struct home_store *store);

/** Hands out all pairs whose keys come before `before`, ascending; stops at the first error of `take`, and
 *  gives it. SEAL: a value was changed on the disk. IO. */
GALEN_MUST_USE enum galen_err home_store_each(
    struct home_store *store, const char *before, void *context,
    enum galen_err (*take)(void *context, struct galen_bytes key, struct galen_bytes value));
/** Appends the value of one pair; nothing if there is none. SEAL, IO. */
GALEN_MUST_USE enum galen_err home_store_load(struct home_store *store, struct galen_bytes key,
                                              struct galen_writer *value);
/** Part of the change that the next home_store_commit makes durable; an empty value removes the pair. IO. */
GALEN_MUST_USE enum galen_err home_store_save(struct home_store *store, struct galen_bytes key,
                                              struct galen_bytes value);
/** All or nothing, and durable when it returns. IO, DISK_FULL. */
GALEN_MUST_USE enum galen_err home_store_commit(struct home_store *store);

/** Small numbers that this program keeps for itself beside the engine's pairs (durable at once). */
GALEN_MUST_USE enum galen_err home_store_note(struct home_store *store, const char *name,
                                              uint64_t value);
/** 0 if there is none. */
uint64_t home_store_noted(struct home_store *store, const char *name);

#endif
