#include "galen/crypto.h"

#include <sodium.h>
#include <string.h>

void galen_seal_public(const uint8_t secret[32], uint8_t out[GALEN_SEAL_KEY_BYTES])
{
    crypto_scalarmult_curve25519_base(out, secret);
}

void galen_device_secrets_derive(const uint8_t material[GALEN_KEY_BYTES],
                                 struct galen_device_secrets *out)
{
    const struct galen_bytes none = {0};
    uint8_t pair[crypto_sign_ed25519_SECRETKEYBYTES];
    galen_expand(material, "device sign", none, out->sign_seed, sizeof out->sign_seed);
    crypto_sign_ed25519_seed_keypair(out->sign_public, pair, out->sign_seed);
    sodium_memzero(pair, sizeof pair);
    galen_expand(material, "device seal", none, out->seal_secret, sizeof out->seal_secret);
    galen_seal_public(out->seal_secret, out->seal_public);
}

void galen_device_secrets_invitation(const uint8_t secret[GALEN_INVITATION_SECRET_BYTES],
                                     const struct galen_id *practice,
                                     struct galen_device_secrets *out)
{
    const struct galen_bytes fingerprint = {practice->bytes, sizeof practice->bytes};
    uint8_t extracted[GALEN_KEY_BYTES];
    uint8_t material[GALEN_KEY_BYTES];
    galen_hkdf_extract(fingerprint, (struct galen_bytes){secret, GALEN_INVITATION_SECRET_BYTES},
                       extracted);
    galen_expand(extracted, "invitation", fingerprint, material, sizeof material);
    galen_device_secrets_derive(material, out);
    sodium_memzero(material, sizeof material);
    sodium_memzero(extracted, sizeof extracted);
}

void galen_device_secrets_wipe(struct galen_device_secrets *keys)
{
    sodium_memzero(keys, sizeof *keys);
}

void galen_sign(const struct galen_device_secrets *keys, const char *label,
                struct galen_bytes message, uint8_t out[GALEN_SIGNATURE_BYTES])
{
    uint8_t content[GALEN_SIGNED_MAX];
    size_t n = galen_signed_bytes(galen_sodium_primitives(), label, message, content);
    uint8_t pair[crypto_sign_ed25519_SECRETKEYBYTES];
    memcpy(pair, keys->sign_seed, 32);
    memcpy(pair + 32, keys->sign_public, 32);
    crypto_sign_ed25519_detached(out, NULL, content, n, pair);
    sodium_memzero(pair, sizeof pair);
}

void galen_sign_seed(const uint8_t seed[32], const char *label, struct galen_bytes message,
                     uint8_t out[GALEN_SIGNATURE_BYTES])
{
    struct galen_device_secrets keys = {0};
    uint8_t pair[crypto_sign_ed25519_SECRETKEYBYTES];
    crypto_sign_ed25519_seed_keypair(keys.sign_public, pair, seed);
    memcpy(keys.sign_seed, seed, sizeof keys.sign_seed);
    galen_sign(&keys, label, message, out);
    sodium_memzero(pair, sizeof pair);
    galen_device_secrets_wipe(&keys);
}
