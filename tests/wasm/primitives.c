/* tests/support/primitives.h by the OpenSSL of node (openssl.mjs), which knows nothing of this module. */
#include "support/primitives.h"
#include "verify.h"

#define IMPORT(name) __attribute__((import_module("openssl"), import_name(name)))

/* A struct galen_bytes arrives in JavaScript as the address of its two words. */
IMPORT("sha256") void openssl_sha256(const struct galen_bytes *parts, size_t count, uint8_t *out);
IMPORT("ed25519_verify")
bool openssl_verify(const uint8_t *key, struct galen_bytes message, const uint8_t *signature);
IMPORT("ed25519_sign")
void openssl_sign(const uint8_t *seed, struct galen_bytes message, uint8_t *signature);
IMPORT("ed25519_public") void openssl_sign_key(const uint8_t *seed, uint8_t *key);
IMPORT("x25519_public") void openssl_seal_key(const uint8_t *secret, uint8_t *key);
IMPORT("x25519")
bool openssl_shared_secret(const uint8_t *secret, const uint8_t *public_key, uint8_t *out);
IMPORT("hkdf")
bool openssl_hkdf(int what, const char *digest, struct galen_bytes key, struct galen_bytes salt,
                  struct galen_bytes info, uint8_t *out, size_t n);
IMPORT("hmac_sha256")
void openssl_hmac_sha256(struct galen_bytes key, struct galen_bytes message, uint8_t *out);
IMPORT("encrypt")
size_t openssl_encrypt(const char *cipher, struct galen_bytes key, struct galen_bytes nonce,
                       struct galen_bytes aad, struct galen_bytes plain, uint8_t *out);
IMPORT("decrypt")
bool openssl_decrypt(const char *cipher, struct galen_bytes key, struct galen_bytes nonce,
                     struct galen_bytes aad, struct galen_bytes sealed, uint8_t *out);

static void sha256(const struct galen_bytes *parts, size_t count, uint8_t out[GALEN_HASH_BYTES])
{
    openssl_sha256(parts, count, out);
}

static bool ed25519_verify(const uint8_t key[GALEN_SIGN_KEY_BYTES], struct galen_bytes message,
                           const uint8_t signature[GALEN_SIGNATURE_BYTES])
{
    return openssl_verify(key, message, signature);
}

const struct galen_primitives test_primitives = {sha256, ed25519_verify};

/* The server's own is not in the module; both are the same functions of the same library. */
const struct galen_primitives *verify_openssl(void)
{
    return &test_primitives;
}

void test_sign_key(const uint8_t seed[32], uint8_t key[GALEN_SIGN_KEY_BYTES])
{
    openssl_sign_key(seed, key);
}

void test_sign(const uint8_t seed[32], struct galen_bytes message,
               uint8_t signature[GALEN_SIGNATURE_BYTES])
{
    openssl_sign(seed, message, signature);
}

void test_seal_key(const uint8_t secret[32], uint8_t key[GALEN_SEAL_KEY_BYTES])
{
    openssl_seal_key(secret, key);
}

bool test_shared_secret(const uint8_t secret[32], const uint8_t public_key[32], uint8_t out[32])
{
    return openssl_shared_secret(secret, public_key, out);
}

bool test_hkdf(enum test_hkdf what, const char *digest, struct galen_bytes key,
               struct galen_bytes salt, struct galen_bytes info, uint8_t *out, size_t n)
{
    return openssl_hkdf((int)what, digest, key, salt, info, out, n);
}

void test_hmac_sha256(struct galen_bytes key, struct galen_bytes message, uint8_t out[32])
{
    openssl_hmac_sha256(key, message, out);
}

size_t test_encrypt(const char *cipher, struct galen_bytes key, struct galen_bytes nonce,
                    struct galen_bytes aad, struct galen_bytes plain, uint8_t *out)
{
    return openssl_encrypt(cipher, key, nonce, aad, plain, out);
}

bool test_decrypt(const char *cipher, struct galen_bytes key, struct galen_bytes nonce,
                  struct galen_bytes aad, struct galen_bytes sealed, uint8_t *out)
{
    return openssl_decrypt(cipher, key, nonce, aad, sealed, out);
}
