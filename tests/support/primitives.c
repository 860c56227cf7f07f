#include "support/primitives.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

bool test_shared_secret(const uint8_t secret[32], const uint8_t public_key[32], uint8_t out[32])
{
    size_t size = 32;
    EVP_PKEY *own = EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, NULL, secret, 32);
    EVP_PKEY *other = EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, NULL, public_key, 32);
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(own, NULL);
    bool derived = EVP_PKEY_derive_init(ctx) == 1 && EVP_PKEY_derive_set_peer(ctx, other) == 1 &&
                   EVP_PKEY_derive(ctx, out, &size) == 1 && size == 32;
    EVP_PKEY_CTX_free(ctx);
    EVP_PKEY_free(other);
    EVP_PKEY_free(own);
    return derived;
}

bool test_hkdf(enum test_hkdf what, const char *digest, struct galen_bytes key,
               struct galen_bytes salt, struct galen_bytes info, uint8_t *out, size_t n)
{
    static const int modes[] = {EVP_KDF_HKDF_MODE_EXTRACT_AND_EXPAND,
                                EVP_KDF_HKDF_MODE_EXTRACT_ONLY, EVP_KDF_HKDF_MODE_EXPAND_ONLY};
    static const char *const names[] = {OSSL_KDF_PARAM_KEY, OSSL_KDF_PARAM_SALT,
                                        OSSL_KDF_PARAM_INFO};
    const struct galen_bytes given[] = {key, salt, info};
    uint8_t room[3][1024];
    char digest_room[8];
    int mode = modes[what];
    snprintf(digest_room, sizeof digest_room, "%s", digest);
    OSSL_PARAM params[6] = {
        OSSL_PARAM_construct_int(OSSL_KDF_PARAM_MODE, &mode),
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest_room, 0)};
    for (size_t i = 0; i < 3; i++) {
        demand(given[i].size <= sizeof room[i], "room for HKDF");
        if (given[i].size > 0)
            memcpy(room[i], given[i].at, given[i].size);
        params[2 + i] = OSSL_PARAM_construct_octet_string(names[i], room[i], given[i].size);
    }
    params[5] = OSSL_PARAM_construct_end();
    EVP_KDF *kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
    EVP_KDF_CTX *ctx = EVP_KDF_CTX_new(kdf);
    bool derived = EVP_KDF_derive(ctx, out, n, params) == 1;
    EVP_KDF_CTX_free(ctx);
    EVP_KDF_free(kdf);
    return derived;
}

void test_hmac_sha256(struct galen_bytes key, struct galen_bytes message, uint8_t out[32])
{
    unsigned size = 32;
    demand(HMAC(EVP_sha256(), key.at, (int)key.size, message.at, message.size, out, &size) != NULL,
           "HMAC");
}

size_t test_encrypt(const char *cipher, struct galen_bytes key, struct galen_bytes nonce,
                    struct galen_bytes aad, struct galen_bytes plain, uint8_t *out)
{
    bool is_aead = nonce.size == 12;
    int n = 0, end = 0;
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    demand(EVP_EncryptInit_ex(ctx, EVP_get_cipherbyname(cipher), NULL, key.at, nonce.at), cipher);
    if (is_aead)
        demand(EVP_EncryptUpdate(ctx, NULL, &n, aad.at, (int)aad.size), "associated data");
    demand(EVP_EncryptUpdate(ctx, out, &n, plain.at, (int)plain.size), "encryption");
    demand(EVP_EncryptFinal_ex(ctx, out + n, &end), "end of encryption");
    if (is_aead)
        demand(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, 16, out + n), "tag");
    EVP_CIPHER_CTX_free(ctx);
    return (size_t)n + (is_aead ? 16 : 0);
}

bool test_decrypt(const char *cipher, struct galen_bytes key, struct galen_bytes nonce,
                  struct galen_bytes aad, struct galen_bytes sealed, uint8_t *out)
{
    uint8_t tag[16];
    int n = 0, end = 0;
    size_t size = sealed.size - sizeof tag;
    memcpy(tag, sealed.at + size, sizeof tag);
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    bool good =
        EVP_DecryptInit_ex(ctx, EVP_get_cipherbyname(cipher), NULL, key.at, nonce.at) == 1 &&
        EVP_DecryptUpdate(ctx, NULL, &n, aad.at, (int)aad.size) == 1 &&
        EVP_DecryptUpdate(ctx, out, &n, sealed.at, (int)size) == 1 &&
        EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, sizeof tag, tag) == 1 &&
        EVP_DecryptFinal_ex(ctx, out + size, &end) == 1;
    EVP_CIPHER_CTX_free(ctx);
    return good;
}
