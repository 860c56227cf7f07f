/* The home's data key and what it seals (see home_store.h). */
#ifndef GALEN_CLI_HOME_KEY_H
#define GALEN_CLI_HOME_KEY_H

#include "galen/crypto.h"
#include "home_store.h"

#define HOME_KEY_BYTES  32
#define HOME_LOCK_BYTES (1 + 1 + 16 + 8 + 8 + HOME_KEY_BYTES + GALEN_PAIR_OVERHEAD)

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

/** galen_pair_seal with a fresh nonce; galen_pair_open opens it. */
void home_seal(const uint8_t data_key[HOME_KEY_BYTES], struct galen_bytes name,
               struct galen_bytes value, struct galen_writer *out);

#endif
