/* The home's data key and what it seals (see home_store.h). */
#ifndef GALEN_CLI_HOME_KEY_H
#define GALEN_CLI_HOME_KEY_H

#include "galen/codec.h"
#include "home_store.h"

#define HOME_KEY_BYTES  32
#define SEAL_OVERHEAD   (24 + 16) /* nonce and tag */
#define HOME_LOCK_BYTES (1 + 1 + 16 + 8 + 8 + HOME_KEY_BYTES + SEAL_OVERHEAD)

/**
 * A fresh data key, and the record that gives it back to whoever has the key file or passphrase:
 * version u8, kind u8 (1 key file, 2 passphrase), salt 16, Argon2id operations u64 and memory u64, the
 * sealed data key. False: see `failure`.
 */
GALEN_MUST_USE bool home_key_make(const char *home, const struct store_keys *keys,
                                  uint8_t data_key[HOME_KEY_BYTES], uint8_t record[HOME_LOCK_BYTES],
                                  struct store_failure *failure);
GALEN_MUST_USE bool home_key_open(const char *home, const struct store_keys *keys,
                                  struct galen_bytes record, uint8_t data_key[HOME_KEY_BYTES],
                                  struct store_failure *failure);

/** Appends nonce ‖ sealed value; `name` is associated data. */
void home_seal(const uint8_t data_key[HOME_KEY_BYTES], struct galen_bytes name,
               struct galen_bytes value, struct galen_writer *out);
/** Appends the value. SEAL: changed, or under another name or key; MEMORY. */
GALEN_MUST_USE enum galen_err home_open(const uint8_t data_key[HOME_KEY_BYTES],
                                        struct galen_bytes name, struct galen_bytes sealed,
                                        struct galen_writer *out);

#endif
