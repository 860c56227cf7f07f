/*
 * What libgalen_wire needs from a crypto library. The server hands in OpenSSL (server/verify.c), the
 * client libsodium (protocol/crypto), so that both judge by the same code.
 */
#ifndef GALEN_PRIMITIVES_H
#define GALEN_PRIMITIVES_H

#include "galen/base.h"

struct galen_primitives {
    /** SHA-256 over the parts, one after another. Cannot fail. */
    void (*sha256)(const struct galen_bytes *parts, size_t count, uint8_t out[GALEN_HASH_BYTES]);
    /**
     * Plain Ed25519 verification (RFC 8032 section 5.1.7, cofactorless). Callers have already
     * refused what galen_keys.h refuses, so that both libraries agree on every input.
     */
    bool (*ed25519_verify)(const uint8_t key[GALEN_SIGN_KEY_BYTES], struct galen_bytes message,
                           const uint8_t signature[GALEN_SIGNATURE_BYTES]);
};

#endif
