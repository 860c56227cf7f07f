#include "galen/crypto.h"

#include <sodium.h>

bool galen_crypto_start(void)
{
    return sodium_init() >= 0;
}

void galen_sha256(const struct galen_bytes *parts, size_t count, uint8_t out[GALEN_HASH_BYTES])
{
    crypto_hash_sha256_state hash;
    crypto_hash_sha256_init(&hash);
    for (size_t i = 0; i < count; i++) {
        if (parts[i].size > 0)
            crypto_hash_sha256_update(&hash, parts[i].at, parts[i].size);
    }
    crypto_hash_sha256_final(&hash, out);
    sodium_memzero(&hash, sizeof hash);
}

static bool ed25519_verify(const uint8_t key[GALEN_SIGN_KEY_BYTES], struct galen_bytes message,
                           const uint8_t signature[GALEN_SIGNATURE_BYTES])
{
    return crypto_sign_ed25519_verify_detached(signature, message.at, message.size, key) == 0;
}

const struct galen_primitives *galen_sodium_primitives(void)
{
    static const struct galen_primitives primitives = {galen_sha256, ed25519_verify};
    return &primitives;
}

bool galen_same(const void *a, const void *b, size_t n)
{
    return n == 0 || sodium_memcmp(a, b, n) == 0;
}

void galen_wipe(void *at, size_t n)
{
    if (n > 0)
        sodium_memzero(at, n);
}

void galen_aead_seal(const uint8_t key[GALEN_KEY_BYTES], const uint8_t nonce[GALEN_NONCE_BYTES],
                     struct galen_bytes aad, struct galen_bytes plaintext, uint8_t *out)
{
    crypto_aead_chacha20poly1305_ietf_encrypt(out, NULL, plaintext.at, plaintext.size, aad.at,
                                              aad.size, NULL, nonce, key);
}

bool galen_aead_open(const uint8_t key[GALEN_KEY_BYTES], const uint8_t nonce[GALEN_NONCE_BYTES],
                     struct galen_bytes aad, struct galen_bytes sealed, uint8_t *out)
{
    if (sealed.size < GALEN_TAG_BYTES)
        return false;
    return crypto_aead_chacha20poly1305_ietf_decrypt(out, NULL, NULL, sealed.at, sealed.size,
                                                     aad.at, aad.size, nonce, key) == 0;
}
