/*
 * SFrame (RFC 9605): each media frame encrypted end to end under its sender's key. One suite from the
 * private-use range: ChaCha20-Poly1305 with its whole 16-byte tag and HKDF-SHA256, because libsodium
 * has it on every target. There is no way here to send or accept a frame in the clear.
 */
#ifndef GALEN_SFRAME_H
#define GALEN_SFRAME_H

#include "galen/base.h"
#include "galen/sframe_header.h"

#define GALEN_SFRAME_SUITE        0xf001 /* private use: section 8.1 keeps 0xF000–0xFFFF free */
#define GALEN_SFRAME_TAG_BYTES    16
#define GALEN_SFRAME_NONCE_BYTES  12
#define GALEN_SFRAME_OVERHEAD     (GALEN_SFRAME_HEADER_MAX + GALEN_SFRAME_TAG_BYTES)
#define GALEN_SFRAME_WINDOW       128 /* counters behind the highest that are still accepted */
#define GALEN_SFRAME_METADATA_MAX 64  /* bytes */
#define GALEN_SFRAME_SECRET_MAX   64  /* Nh of the largest suite */
#define GALEN_SFRAME_KEY_MAX      64

/**
 * A cipher suite as the key schedule (section 4.4.2) sees it. Galen uses `galen_sframe_suite`; other
 * rows exist so that tests can hold the schedule against the published vectors.
 */
struct galen_sframe_suite {
    uint16_t number;
    size_t secret_bytes; /* Nh */
    size_t key_bytes;    /* Nk, with the authentication key of the CTR suites */
    /** HKDF-Extract with an empty salt. */
    void (*extract)(struct galen_bytes base_key, uint8_t *secret);
    /** HKDF-Expand. */
    void (*expand)(const uint8_t *secret, struct galen_bytes info, uint8_t *out, size_t size);
};
extern const struct galen_sframe_suite galen_sframe_suite;

/**
 * Section 4.4.2. Writes suite->secret_bytes, suite->key_bytes and GALEN_SFRAME_NONCE_BYTES. `secret`
 * may be NULL.
 */
void galen_sframe_derive(const struct galen_sframe_suite *suite, struct galen_bytes base_key,
                         uint64_t key_id, uint8_t *secret, uint8_t *key,
                         uint8_t salt[GALEN_SFRAME_NONCE_BYTES]);
/** Section 4.4.3: the salt with the counter XORed into its end. */
void galen_sframe_nonce(const uint8_t salt[GALEN_SFRAME_NONCE_BYTES], uint64_t counter,
                        uint8_t nonce[GALEN_SFRAME_NONCE_BYTES]);

/** What one sender encrypts with. Lives in the caller's memory; wipe after use. */
struct galen_sframe_sender {
    uint8_t key[GALEN_KEY_BYTES];
    uint8_t salt[GALEN_SFRAME_NONCE_BYTES];
    uint64_t key_id;
    uint64_t next;  /* counter of the next frame */
    bool exhausted; /* the last counter there is was used */
};

/**
 * `base_key` must be used for this sender and stream alone. `first` is the counter of the first
 * frame: it goes on from generation to generation, as it is also the frame's number for playout.
 */
void galen_sframe_sender_init(struct galen_sframe_sender *sender,
                              const uint8_t base_key[GALEN_KEY_BYTES], uint64_t key_id,
                              uint64_t first);
void galen_sframe_sender_wipe(struct galen_sframe_sender *sender);
/** Leaves out the next counter: a frame was captured but is not sent. */
void galen_sframe_skip(struct galen_sframe_sender *sender);

/**
 * Encrypts `plain` as the next frame: header ‖ ciphertext ‖ tag in `out`, at most plain.size +
 * GALEN_SFRAME_OVERHEAD bytes; `*size` says how many. `metadata`, at most
 * GALEN_SFRAME_METADATA_MAX bytes (asserted), is authenticated and not sent.
 * TOO_LARGE: `room` is too small, nothing was used. LIMIT: no counters left.
 */
GALEN_MUST_USE enum galen_err galen_sframe_seal(struct galen_sframe_sender *sender,
                                                struct galen_bytes metadata,
                                                struct galen_bytes plain, uint8_t *out, size_t room,
                                                size_t *size);

/** What one receiver knows of one sender's key. Lives in the caller's memory; wipe after use. */
struct galen_sframe_receiver {
    uint8_t key[GALEN_KEY_BYTES];
    uint8_t salt[GALEN_SFRAME_NONCE_BYTES];
    uint64_t key_id;
    bool any;                                /* a frame was accepted */
    uint64_t highest;                        /* accepted counter */
    uint64_t seen[GALEN_SFRAME_WINDOW / 64]; /* bit i: counter highest - i was accepted */
};

void galen_sframe_receiver_init(struct galen_sframe_receiver *receiver,
                                const uint8_t base_key[GALEN_KEY_BYTES], uint64_t key_id);
void galen_sframe_receiver_wipe(struct galen_sframe_receiver *receiver);

/**
 * Decrypts one frame into `out`, which may not overlap it; `*size` and `*counter` are set when it
 * holds. FORMAT: bad header, too short. EPOCH: another key id. REPLAY: this counter came before, or
 * is GALEN_SFRAME_WINDOW or more behind. SEAL: forged or damaged. TOO_LARGE: `room` is too small.
 * Only a frame that holds moves the window.
 */
GALEN_MUST_USE enum galen_err galen_sframe_open(struct galen_sframe_receiver *receiver,
                                                struct galen_bytes metadata,
                                                struct galen_bytes frame, uint8_t *out, size_t room,
                                                size_t *size, uint64_t *counter);

#endif
