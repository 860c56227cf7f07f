/*
 * What only clients can do: derive, sign, seal, open, pad. libsodium underneath. Nothing here draws
 * random bytes or allocates, except galen_pad and galen_pair_…, which grow the caller's writer.
 */
#ifndef GALEN_CRYPTO_H
#define GALEN_CRYPTO_H

#include "galen/codec.h"
#include "galen/keys.h"

#define GALEN_NONCE_BYTES             12
#define GALEN_TAG_BYTES               16
#define GALEN_INVITATION_SECRET_BYTES 16
#define GALEN_HKDF_MAX                (255 * 32) /* RFC 5869 section 2.3 */
#define GALEN_PAD_MIN                 256

/**
 * Prepares libsodium (picks the fastest code for this processor). Once a process, at its edge; may be
 * called again. False: the machine gives no random bytes, and nothing should be started.
 */
GALEN_MUST_USE bool galen_crypto_start(void);

/** SHA-256 and Ed25519 verification by libsodium, for what libgalen_wire checks. Static. */
const struct galen_primitives *galen_sodium_primitives(void);

/** SHA-256 over the parts, one after another. */
void galen_sha256(const struct galen_bytes *parts, size_t count, uint8_t out[GALEN_HASH_BYTES]);

/** Compares in a time that depends on `n` only. */
GALEN_MUST_USE bool galen_same(const void *a, const void *b, size_t n);
/** Zeroes in a way the compiler does not leave out. */
void galen_wipe(void *at, size_t n);

/** HKDF-SHA256-Extract (RFC 5869 section 2.2). */
void galen_hkdf_extract(struct galen_bytes salt, struct galen_bytes ikm,
                        uint8_t out[GALEN_KEY_BYTES]);
/** The same with the input key material in parts, which are taken one after another. */
void galen_hkdf_extract_parts(struct galen_bytes salt, const struct galen_bytes *ikm, size_t count,
                              uint8_t out[GALEN_KEY_BYTES]);
/** HKDF-SHA256-Expand (RFC 5869 section 2.3). `n` is at most GALEN_HKDF_MAX (asserted). */
void galen_hkdf_expand(const uint8_t prk[GALEN_KEY_BYTES], struct galen_bytes info, uint8_t *out,
                       size_t n);
/** The same with `info` in parts, which are taken one after another. */
void galen_hkdf_expand_parts(const uint8_t prk[GALEN_KEY_BYTES], const struct galen_bytes *info,
                             size_t count, uint8_t *out, size_t n);

/**
 * HKDF-Expand with info = struct { uint16 length = n; opaque label<V> = "galen " + label; opaque
 * context<V>; }, after RFC 9420 section 8. Every key of the protocol comes from here, each with a
 * label of its own (K2): pass `label` without the "galen ", at most 57 bytes. `out` may be `secret`.
 */
void galen_expand(const uint8_t secret[GALEN_KEY_BYTES], const char *label,
                  struct galen_bytes context, uint8_t *out, size_t n);

/** ChaCha20-Poly1305 (RFC 8439). Writes plaintext.size + GALEN_TAG_BYTES; `out` may be the plaintext. */
void galen_aead_seal(const uint8_t key[GALEN_KEY_BYTES], const uint8_t nonce[GALEN_NONCE_BYTES],
                     struct galen_bytes aad, struct galen_bytes plaintext, uint8_t *out);
/**
 * Writes sealed.size - GALEN_TAG_BYTES; `out` may be the sealed bytes. False: forged, damaged, or
 * under another key; what stands in `out` is then zeros or the sealed bytes, never plaintext.
 */
GALEN_MUST_USE bool galen_aead_open(const uint8_t key[GALEN_KEY_BYTES],
                                    const uint8_t nonce[GALEN_NONCE_BYTES], struct galen_bytes aad,
                                    struct galen_bytes sealed, uint8_t *out);

/** The two key pairs of a device. Made anew from 32 secret bytes, so only those need storing. */
struct galen_device_secrets {
    uint8_t sign_seed[32];
    uint8_t sign_public[GALEN_SIGN_KEY_BYTES];
    uint8_t seal_secret[32];
    uint8_t seal_public[GALEN_SEAL_KEY_BYTES];
};

/** From 32 random bytes. */
void galen_device_secrets_derive(const uint8_t material[GALEN_KEY_BYTES],
                                 struct galen_device_secrets *out);
/**
 * The device that an invitation, a device code or a recovery sheet is (I1): from its 16 random bytes
 * and the fingerprint of the practice it belongs to.
 */
void galen_device_secrets_invitation(const uint8_t secret[GALEN_INVITATION_SECRET_BYTES],
                                     const struct galen_id *practice,
                                     struct galen_device_secrets *out);
void galen_device_secrets_wipe(struct galen_device_secrets *keys);

/** An X25519 pair, as for a history key or a call, from 32 random bytes (which become the secret). */
void galen_seal_public(const uint8_t secret[32], uint8_t out[GALEN_SEAL_KEY_BYTES]);

/** Signs galen_signed_bytes(label, message) with Ed25519. `label` is one of GALEN_SIGN_…. */
void galen_sign(const struct galen_device_secrets *keys, const char *label,
                struct galen_bytes message, uint8_t out[GALEN_SIGNATURE_BYTES]);
/** The same from the seed alone (RFC 8032 section 5.1.5); slower, as it computes the public key. */
void galen_sign_seed(const uint8_t seed[32], const char *label, struct galen_bytes message,
                     uint8_t out[GALEN_SIGNATURE_BYTES]);

/**
 * The size of a plaintext of `n` bytes once padded: one marker byte more, then up to GALEN_PAD_MIN or
 * to the next Padmé size (Nikitin et al. 2019, section 4: at most 12 % more, and the size says only
 * its magnitude). 0 when the result would be above GALEN_VECTOR_MAX.
 */
size_t galen_padded_size(size_t n);
/** Pads what was written since `start`: 0x80, then zeros (ISO/IEC 7816-4). Fails the writer if too long. */
void galen_pad(struct galen_writer *w, size_t start);
/**
 * Finds the plaintext within padded bytes; borrowed from them. The time depends on the size only.
 * False: no marker, or not the one size that galen_pad would have chosen.
 */
GALEN_MUST_USE bool galen_unpad(struct galen_bytes padded, struct galen_bytes *plain);

/*
 * A device's saved pairs (galen/engine.h, SAVE): each value is sealed under a key of the host's, with the
 * pair's name as associated data, so that none can stand in another's place. XChaCha20-Poly1305.
 */
#define GALEN_PAIR_NONCE_BYTES 24
#define GALEN_PAIR_OVERHEAD    (GALEN_PAIR_NONCE_BYTES + 16)

/** Appends nonce ‖ sealed value. `nonce`: fresh random bytes for each. */
void galen_pair_seal(const uint8_t key[GALEN_KEY_BYTES],
                     const uint8_t nonce[GALEN_PAIR_NONCE_BYTES], struct galen_bytes name,
                     struct galen_bytes value, struct galen_writer *out);
/** Appends the value. SEAL: changed, or under another name or key; MEMORY. */
GALEN_MUST_USE enum galen_err galen_pair_open(const uint8_t key[GALEN_KEY_BYTES],
                                              struct galen_bytes name, struct galen_bytes sealed,
                                              struct galen_writer *out);

#endif
