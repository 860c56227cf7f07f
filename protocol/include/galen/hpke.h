/*
 * HPKE (RFC 9180), base mode, with DHKEM(X25519, HKDF-SHA256), HKDF-SHA256 and ChaCha20-Poly1305,
 * and on top of it the seals that hand one key to one device (PROTOCOL.md, "Seals"; rule K4).
 *
 * The ephemeral key always comes in: nothing here draws random bytes.
 */
#ifndef GALEN_HPKE_H
#define GALEN_HPKE_H

#include "galen/crypto.h"

#define GALEN_HPKE_ENC_BYTES 32 /* the sender's ephemeral public key */

/** One direction of an HPKE context (RFC 9180 section 5.2). Wipe after use. */
struct galen_hpke {
    uint8_t key[GALEN_KEY_BYTES];
    uint8_t base_nonce[GALEN_NONCE_BYTES];
    uint8_t exporter_secret[GALEN_KEY_BYTES];
    uint64_t sequence;
};

/** DeriveKeyPair (RFC 9180 section 7.1.3). `ikm` must hold 32 bytes or more of entropy. */
void galen_hpke_derive_key_pair(struct galen_bytes ikm, uint8_t secret[32],
                                uint8_t public_key[GALEN_SEAL_KEY_BYTES]);

/**
 * SetupBaseS (section 5.1.1) with the ephemeral pair DeriveKeyPair(ikm_e). Writes the encapsulated
 * key to `enc`. GALEN_ERR_KEY: the recipient's key is refused by K1 or gives an all-zero secret.
 */
GALEN_MUST_USE enum galen_err galen_hpke_setup_sender(struct galen_hpke *hpke,
                                                      struct galen_bytes ikm_e,
                                                      const uint8_t recipient[GALEN_SEAL_KEY_BYTES],
                                                      struct galen_bytes info,
                                                      uint8_t enc[GALEN_HPKE_ENC_BYTES]);
/** SetupBaseR. `public_key` belongs to `secret`. GALEN_ERR_KEY as above, for `enc`. */
GALEN_MUST_USE enum galen_err
galen_hpke_setup_receiver(struct galen_hpke *hpke, const uint8_t enc[GALEN_HPKE_ENC_BYTES],
                          const uint8_t secret[32], const uint8_t public_key[GALEN_SEAL_KEY_BYTES],
                          struct galen_bytes info);
void galen_hpke_wipe(struct galen_hpke *hpke);

/**
 * ContextS.Seal (section 5.2): writes plaintext.size + GALEN_TAG_BYTES to `out`, which may be the
 * plaintext. GALEN_ERR_LIMIT when all sequence numbers are used.
 */
GALEN_MUST_USE enum galen_err galen_hpke_context_seal(struct galen_hpke *hpke,
                                                      struct galen_bytes aad,
                                                      struct galen_bytes plaintext, uint8_t *out);
/**
 * ContextR.Open: writes sealed.size - GALEN_TAG_BYTES. GALEN_ERR_SEAL: forged or out of order; the
 * sequence number then stays, so that the right message can still be opened.
 */
GALEN_MUST_USE enum galen_err galen_hpke_context_open(struct galen_hpke *hpke,
                                                      struct galen_bytes aad,
                                                      struct galen_bytes sealed, uint8_t *out);
/** Context.Export (section 5.3). `n` is at most GALEN_HKDF_MAX (asserted). */
void galen_hpke_export(const struct galen_hpke *hpke, struct galen_bytes exporter_context,
                       uint8_t *out, size_t n);

/** Single-shot SealBase (section 6.1). Appends the ciphertext to `out`; GALEN_ERR_KEY, GALEN_ERR_MEMORY. */
GALEN_MUST_USE enum galen_err
galen_hpke_seal(struct galen_bytes ikm_e, const uint8_t recipient[GALEN_SEAL_KEY_BYTES],
                struct galen_bytes info, struct galen_bytes aad, struct galen_bytes plaintext,
                uint8_t enc[GALEN_HPKE_ENC_BYTES], struct galen_writer *out);
/** Single-shot OpenBase. Appends the plaintext to `out`; GALEN_ERR_KEY, GALEN_ERR_SEAL, GALEN_ERR_MEMORY. */
GALEN_MUST_USE enum galen_err galen_hpke_open(const uint8_t enc[GALEN_HPKE_ENC_BYTES],
                                              const uint8_t secret[32],
                                              const uint8_t public_key[GALEN_SEAL_KEY_BYTES],
                                              struct galen_bytes info, struct galen_bytes aad,
                                              struct galen_bytes sealed, struct galen_writer *out);

#define GALEN_SEALED_KEY_BYTES (GALEN_HPKE_ENC_BYTES + GALEN_KEY_BYTES + GALEN_TAG_BYTES)

/** One 32-byte key sealed to one device: `enc`, then the 48 bytes of ciphertext. */
struct galen_sealed_key {
    uint8_t bytes[GALEN_SEALED_KEY_BYTES];
};

/**
 * Seals a key (an epoch key, a history secret, a call secret) to one device (K4). The ephemeral pair
 * is DeriveKeyPair(galen_expand(key, "seal", recipient id)), so whoever holds `key` gets the
 * very same bytes. `key` must be secret and random. `info` is purpose ‖ chart ‖ epoch ‖ author ‖
 * head ‖ recipient. GALEN_ERR_KEY: `seal_key` is not one to seal to.
 */
GALEN_MUST_USE enum galen_err galen_seal_key(const uint8_t key[GALEN_KEY_BYTES],
                                             const uint8_t seal_key[GALEN_SEAL_KEY_BYTES],
                                             const struct galen_id *recipient,
                                             struct galen_bytes info, struct galen_sealed_key *out);
/**
 * Opens a seal with the recipient's seal pair. GALEN_ERR_KEY: its ephemeral key is refused;
 * GALEN_ERR_SEAL: it is not for these keys and this `info`. Says nothing about other seals: see
 * galen_sealed_key_matches.
 */
GALEN_MUST_USE enum galen_err galen_open_key(const struct galen_sealed_key *sealed,
                                             const uint8_t seal_secret[32],
                                             const uint8_t seal_public[GALEN_SEAL_KEY_BYTES],
                                             struct galen_bytes info, uint8_t key[GALEN_KEY_BYTES]);
/** Whether `sealed` is byte for byte what galen_seal_key gives: so everybody checks everybody's seal. */
GALEN_MUST_USE bool galen_sealed_key_matches(const struct galen_sealed_key *sealed,
                                             const uint8_t key[GALEN_KEY_BYTES],
                                             const uint8_t seal_key[GALEN_SEAL_KEY_BYTES],
                                             const struct galen_id *recipient,
                                             struct galen_bytes info);

#endif
