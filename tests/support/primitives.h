/*
 * SHA-256 and Ed25519 by OpenSSL, for tests of libgalen_wire: the libraries under test are not
 * asked to judge themselves.
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

#endif
