/* Saved pairs: XChaCha20-Poly1305, whose nonces are long enough to be drawn. */
#include "galen/crypto.h"
#include "galen/mutation.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(GALEN_PAIR_NONCE_BYTES == crypto_aead_xchacha20poly1305_ietf_NPUBBYTES, "nonce");
_Static_assert(GALEN_PAIR_OVERHEAD ==
                   GALEN_PAIR_NONCE_BYTES + crypto_aead_xchacha20poly1305_ietf_ABYTES,
               "nonce and tag");
_Static_assert(GALEN_KEY_BYTES == crypto_aead_xchacha20poly1305_ietf_KEYBYTES, "key");

/* How much of the name is associated data. */
static size_t bound(struct galen_bytes name)
{
    return GALEN_CHECKED(PAIR_NAME) ? name.size : 0;
}

void galen_pair_seal(const uint8_t key[GALEN_KEY_BYTES],
                     const uint8_t nonce[GALEN_PAIR_NONCE_BYTES], struct galen_bytes name,
                     struct galen_bytes value, struct galen_writer *out)
{
    size_t size = value.size + GALEN_PAIR_OVERHEAD;
    uint8_t *sealed = malloc(size);
    if (!sealed) {
        out->failed = true;
        return;
    }
    memcpy(sealed, nonce, GALEN_PAIR_NONCE_BYTES);
    crypto_aead_xchacha20poly1305_ietf_encrypt(sealed + GALEN_PAIR_NONCE_BYTES, NULL, value.at,
                                               value.size, name.at, bound(name), NULL, nonce, key);
    galen_write(out, sealed, size);
    free(sealed);
}

enum galen_err galen_pair_open(const uint8_t key[GALEN_KEY_BYTES], struct galen_bytes name,
                               struct galen_bytes sealed, struct galen_writer *out)
{
    if (sealed.size < GALEN_PAIR_OVERHEAD)
        return GALEN_ERR_SEAL;
    size_t size = sealed.size - GALEN_PAIR_OVERHEAD;
    uint8_t *value = malloc(size + 1);
    if (!value)
        return GALEN_ERR_MEMORY;
    enum galen_err err = GALEN_ERR_SEAL;
    if (crypto_aead_xchacha20poly1305_ietf_decrypt(
            value, NULL, NULL, sealed.at + GALEN_PAIR_NONCE_BYTES,
            sealed.size - GALEN_PAIR_NONCE_BYTES, name.at, bound(name), sealed.at, key) == 0) {
        galen_write(out, value, size);
        err = out->failed ? GALEN_ERR_MEMORY : GALEN_OK;
    }
    sodium_memzero(value, size);
    free(value);
    return err;
}
