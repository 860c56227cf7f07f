#include "support/primitives.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>

static void demand(int ok, const char *what)
{
    if (ok == 1)
        return;
    fprintf(stderr, "OpenSSL: %s failed\n", what);
    abort();
}

static void sha256(const struct galen_bytes *parts, size_t count, uint8_t out[GALEN_HASH_BYTES])
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    demand(EVP_DigestInit_ex(ctx, EVP_sha256(), NULL), "init");
    for (size_t i = 0; i < count; i++)
        demand(EVP_DigestUpdate(ctx, parts[i].at, parts[i].size), "update");
    demand(EVP_DigestFinal_ex(ctx, out, NULL), "final");
    EVP_MD_CTX_free(ctx);
}

static bool ed25519_verify(const uint8_t key[GALEN_SIGN_KEY_BYTES], struct galen_bytes message,
                           const uint8_t signature[GALEN_SIGNATURE_BYTES])
{
    EVP_PKEY *pkey = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, key, GALEN_SIGN_KEY_BYTES);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool holds =
        pkey && EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, pkey) == 1 &&
        EVP_DigestVerify(ctx, signature, GALEN_SIGNATURE_BYTES, message.at, message.size) == 1;
    EVP_MD_CTX_free(ctx);
    EVP_PKEY_free(pkey);
    return holds;
}

const struct galen_primitives test_primitives = {.sha256 = sha256,
                                                 .ed25519_verify = ed25519_verify};

static void public_key(int kind, const uint8_t secret[32], uint8_t key[32])
{
    EVP_PKEY *pkey = EVP_PKEY_new_raw_private_key(kind, NULL, secret, 32);
    size_t size = 32;
    demand(pkey && EVP_PKEY_get_raw_public_key(pkey, key, &size) == 1, "public key");
    EVP_PKEY_free(pkey);
}

void test_sign_key(const uint8_t seed[32], uint8_t key[GALEN_SIGN_KEY_BYTES])
{
    public_key(EVP_PKEY_ED25519, seed, key);
}

void test_seal_key(const uint8_t secret[32], uint8_t key[GALEN_SEAL_KEY_BYTES])
{
    public_key(EVP_PKEY_X25519, secret, key);
}

void test_sign(const uint8_t seed[32], struct galen_bytes message,
               uint8_t signature[GALEN_SIGNATURE_BYTES])
{
    EVP_PKEY *pkey = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, 32);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    size_t size = GALEN_SIGNATURE_BYTES;
    demand(pkey && EVP_DigestSignInit(ctx, NULL, NULL, NULL, pkey) == 1, "sign init");
    demand(EVP_DigestSign(ctx, signature, &size, message.at, message.size), "sign");
    EVP_MD_CTX_free(ctx);
    EVP_PKEY_free(pkey);
}
