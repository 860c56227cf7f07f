/*
 * What the server and every client must judge alike about keys and signatures (PROTOCOL.md, "Keys
 * and encodings"): which public keys and signatures are refused by their bytes alone, what exactly
 * a signature covers, and how ids are hashed. libc only; the crypto library comes in as functions.
 */
#ifndef GALEN_KEYS_H
#define GALEN_KEYS_H

#include "galen/base.h"
#include "galen/primitives.h"

/*
 * Every signature has a label of its own (K2), and so has every hash that becomes an id. Labels for
 * HKDF stand in galen/crypto.h.
 */
#define GALEN_SIGN_ENTRY       "galen entry"
#define GALEN_SIGN_HEAD        "galen head"
#define GALEN_SIGN_CERTIFICATE "galen certificate"
#define GALEN_SIGN_STATEMENT   "galen statement"
#define GALEN_SIGN_SIGN_IN     "galen sign-in"
#define GALEN_SIGN_CALL_HELLO  "galen call hello"
#define GALEN_SIGN_CALL_ROSTER "galen call roster"
#define GALEN_SIGN_ADMIT       "galen admit"
#define GALEN_SIGN_LIVE_HELLO  "galen live hello"
#define GALEN_SIGN_SETUP       "galen set-up"

#define GALEN_ID_OF_DEVICE     "galen device id"
#define GALEN_ID_OF_CHART      "galen chart id"
#define GALEN_ID_OF_CALL_HELLO "galen call hello id"

#define GALEN_LABEL_MAX        63 /* bytes; a label's length always takes one byte */
#define GALEN_SIGNED_MAX       (1 + GALEN_LABEL_MAX + GALEN_HASH_BYTES)
#define GALEN_HASHED_PARTS_MAX 16

/**
 * True for an Ed25519 public key that is canonical (y < p) and not of small order (K1). Whether the
 * bytes are a point of the curve at all is left to the library: both answer that alike.
 */
GALEN_MUST_USE bool galen_sign_key_ok(const uint8_t key[GALEN_SIGN_KEY_BYTES]);

/** True for an X25519 public key that is canonical (u < p, high bit clear) and not of small order. */
GALEN_MUST_USE bool galen_seal_key_ok(const uint8_t key[GALEN_SEAL_KEY_BYTES]);

/** True when R is canonical and not of small order, and S < L (RFC 8032 section 5.1.7). */
GALEN_MUST_USE bool galen_signature_ok(const uint8_t signature[GALEN_SIGNATURE_BYTES]);

/**
 * The bytes that Ed25519 signs, for signer and verifier alike:
 *
 *     struct { opaque label<V>; opaque message_hash[32]; } Signed;    message_hash = SHA-256(message)
 *
 * The message is hashed and not copied, so a long entry costs no memory. Writes at most
 * GALEN_SIGNED_MAX bytes to `out` and returns how many. `label` is one of GALEN_SIGN_….
 */
size_t galen_signed_bytes(const struct galen_primitives *primitives, const char *label,
                          struct galen_bytes message, uint8_t out[GALEN_SIGNED_MAX]);

/**
 * Checks the bytes of key and signature (K1), then the signature over galen_signed_bytes. Every
 * signature of the protocol is verified through here. `label` is one of GALEN_SIGN_….
 */
GALEN_MUST_USE bool galen_verify(const struct galen_primitives *primitives, const char *label,
                                 const uint8_t key[GALEN_SIGN_KEY_BYTES],
                                 struct galen_bytes message,
                                 const uint8_t signature[GALEN_SIGNATURE_BYTES]);

/**
 * SHA-256(opaque label<V> ‖ opaque part<V> …): every part with its length, so that no two lists of
 * parts hash alike. At most GALEN_HASHED_PARTS_MAX parts of at most GALEN_VECTOR_MAX bytes each.
 * `label` is one of GALEN_ID_OF_….
 */
void galen_hash_labelled(const struct galen_primitives *primitives, const char *label,
                         const struct galen_bytes *parts, size_t count,
                         uint8_t out[GALEN_HASH_BYTES]);

#endif
