/*
 * OpenSSL's word on everything that Galen computes, for tests: the libraries under test are not asked
 * to judge themselves. In WebAssembly it is the OpenSSL of node (tests/wasm/primitives.c).
 */
#ifndef TESTS_PRIMITIVES_H
#define TESTS_PRIMITIVES_H

#include "galen/primitives.h"

extern const struct galen_primitives test_primitives;

/** The Ed25519 public key of a 32-byte seed. */
void test_sign_key(const uint8_t seed[32], uint8_t key[GALEN_SIGN_KEY_BYTES]);
/** Plain Ed25519, without labels. */
void test_sign(const uint8_t seed[32], struct galen_bytes message,
               uint8_t signature[GALEN_SIGNATURE_BYTES]);
/** The X25519 public key of a 32-byte secret. */
void test_seal_key(const uint8_t secret[32], uint8_t key[GALEN_SEAL_KEY_BYTES]);
/** X25519; false where the result would be zero. */
bool test_shared_secret(const uint8_t secret[32], const uint8_t public_key[32], uint8_t out[32]);

enum test_hkdf { TEST_HKDF_WHOLE, TEST_HKDF_EXTRACT, TEST_HKDF_EXPAND };
/** HKDF, or its half, with "SHA256" or "SHA512"; false where `n` is more than it can give. */
bool test_hkdf(enum test_hkdf what, const char *digest, struct galen_bytes key,
               struct galen_bytes salt, struct galen_bytes info, uint8_t *out, size_t n);
void test_hmac_sha256(struct galen_bytes key, struct galen_bytes message, uint8_t out[32]);

/** A cipher by OpenSSL's name; an AEAD (a nonce of 12 bytes) appends its tag of 16. Returns the size. */
size_t test_encrypt(const char *cipher, struct galen_bytes key, struct galen_bytes nonce,
                    struct galen_bytes aad, struct galen_bytes plain, uint8_t *out);
/** Opens what an AEAD sealed; false where it is not that. */
bool test_decrypt(const char *cipher, struct galen_bytes key, struct galen_bytes nonce,
                  struct galen_bytes aad, struct galen_bytes sealed, uint8_t *out);

#endif
