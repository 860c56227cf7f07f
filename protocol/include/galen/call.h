/*
 * What participants of a call sign and the server reads (PROTOCOL.md, "Calls"; rules R1 to R4): the
 * hello, which brings an ephemeral key; the admission, by which staff let a device in or send it away;
 * and the host's roster, which says who is in and seals the call secret to each. libc only. What holds
 * the keys is in galen/call_keys.h.
 */
#ifndef GALEN_CALL_H
#define GALEN_CALL_H

#include "galen/codec.h"
#include "galen/limits.h"
#include "galen/primitives.h"

#define GALEN_CALL_NONCE_BYTES 32
#define GALEN_CALL_SEAL_BYTES  80 /* HPKE: 32 bytes enc, 48 bytes ciphertext */

#define GALEN_CALL_HELLO_MAX                                                                       \
    (3 * GALEN_ID_BYTES + GALEN_SEAL_KEY_BYTES + GALEN_CALL_NONCE_BYTES + 1 + 8 +                  \
     GALEN_HASH_BYTES + GALEN_SIGNATURE_BYTES)
#define GALEN_CALL_ADMISSION_BYTES (4 * GALEN_ID_BYTES + 4 + 1 + GALEN_SIGNATURE_BYTES)
#define GALEN_CALL_PLACE_BYTES                                                                     \
    (2 + 1 + 2 * GALEN_ID_BYTES + GALEN_SEAL_KEY_BYTES + GALEN_CALL_SEAL_BYTES)
#define GALEN_CALL_ROSTER_MAX                                                                      \
    (3 * GALEN_ID_BYTES + 2 + 2 + GALEN_PARTICIPANTS_MAX * GALEN_CALL_PLACE_BYTES +                \
     GALEN_SIGNATURE_BYTES)

/** Signed by a device for one connection to one visit (R1). */
struct galen_call_hello {
    struct galen_id chart;
    struct galen_id visit;  /* the call id: 32 random bytes of whoever opened the visit */
    struct galen_id device; /* the sender */
    uint8_t key[GALEN_SEAL_KEY_BYTES];     /* ephemeral X25519 public key */
    uint8_t nonce[GALEN_CALL_NONCE_BYTES]; /* the host's, from the VISIT frame */
    bool has_head; /* members add the head they have verified, guests do not */
    uint64_t head_size;
    uint8_t head_root[GALEN_HASH_BYTES];
    uint8_t signature[GALEN_SIGNATURE_BYTES]; /* label GALEN_SIGN_CALL_HELLO, over all before it */
};

void galen_call_hello_write(struct galen_writer *w, const struct galen_call_hello *hello);
/** All but the signature: what is signed. */
void galen_call_hello_write_unsigned(struct galen_writer *w, const struct galen_call_hello *hello);
/** Reads exactly one hello. FORMAT: anything else; KEY: an ephemeral key that K1 refuses. */
GALEN_MUST_USE enum galen_err galen_call_hello_read(struct galen_bytes in,
                                                    struct galen_call_hello *hello);
/** OK, SIGNATURE, or MEMORY. `sign_key` is the device's, which the caller looked up. */
GALEN_MUST_USE enum galen_err galen_call_hello_verify(const struct galen_primitives *p,
                                                      const struct galen_call_hello *hello,
                                                      const uint8_t sign_key[GALEN_SIGN_KEY_BYTES]);
/** The labelled hash of a whole hello, by which the roster names it. */
struct galen_id galen_call_hello_id(const struct galen_primitives *p, struct galen_bytes hello);

/** The word of a staff device on whether another device may be in a visit (R1). */
struct galen_call_admission {
    struct galen_id chart;
    struct galen_id visit;
    struct galen_id device; /* whom it is about */
    struct galen_id staff;  /* whose word it is */
    uint32_t count;         /* from 1; rising with each word about the device in this visit */
    bool admitted;          /* false: sent away */
    uint8_t signature[GALEN_SIGNATURE_BYTES]; /* label GALEN_SIGN_ADMIT, over all before it */
};

void galen_call_admission_write(struct galen_writer *w,
                                const struct galen_call_admission *admission);
void galen_call_admission_write_unsigned(struct galen_writer *w,
                                         const struct galen_call_admission *admission);
/** Reads exactly one. FORMAT: anything else, also a count of 0. */
GALEN_MUST_USE enum galen_err galen_call_admission_read(struct galen_bytes in,
                                                        struct galen_call_admission *admission);
/** OK, SIGNATURE, or MEMORY. `staff_key` is the staff device's, which the caller looked up. */
GALEN_MUST_USE enum galen_err
galen_call_admission_verify(const struct galen_primitives *p,
                            const struct galen_call_admission *admission,
                            const uint8_t staff_key[GALEN_SIGN_KEY_BYTES]);
/**
 * Whether a word replaces the one that is known about the same device and visit (NULL: none): the higher
 * count does, and of two with one count, which two staff devices may sign at once, "sent away".
 */
bool galen_call_admission_outdoes(const struct galen_call_admission *word,
                                  const struct galen_call_admission *known);

/** One admitted hello. */
struct galen_call_place {
    uint16_t number; /* from 1; a hello's for good, never given again (R3) */
    bool guest;      /* no member of the chart, who hears and speaks and nothing else */
    struct galen_id device;
    struct galen_id hello; /* galen_call_hello_id */
    uint8_t
        key[GALEN_SEAL_KEY_BYTES]; /* the hello's, so that everybody can check every seal (K4) */
    uint8_t seal[GALEN_CALL_SEAL_BYTES]; /* the call secret, sealed to `key` */
};

/** Signed by the host: who is in the call, and a call secret of its own for each generation. */
struct galen_call_roster {
    struct galen_id chart;
    struct galen_id visit;
    struct galen_id host; /* device; among the places */
    uint16_t generation;  /* from 1, rising strictly (R2) */
    size_t count;
    struct galen_call_place places[GALEN_PARTICIPANTS_MAX]; /* ascending by number */
    uint8_t signature[GALEN_SIGNATURE_BYTES]; /* by the host, label GALEN_SIGN_CALL_ROSTER */
};

void galen_call_roster_write(struct galen_writer *w, const struct galen_call_roster *roster);
void galen_call_roster_write_unsigned(struct galen_writer *w,
                                      const struct galen_call_roster *roster);
/**
 * Reads exactly one roster. FORMAT: anything else, also numbers that do not ascend, a device or hello
 * listed twice, or a host that is not among the places. KEY: a key that K1 refuses.
 */
GALEN_MUST_USE enum galen_err galen_call_roster_read(struct galen_bytes in,
                                                     struct galen_call_roster *roster);
/** OK, SIGNATURE, or MEMORY. */
GALEN_MUST_USE enum galen_err
galen_call_roster_verify(const struct galen_primitives *p, const struct galen_call_roster *roster,
                         const uint8_t host_key[GALEN_SIGN_KEY_BYTES]);

/** The place with this number, or of this device; NULL. Borrowed from the roster. */
const struct galen_call_place *galen_call_place_numbered(const struct galen_call_roster *roster,
                                                         uint16_t number);
const struct galen_call_place *galen_call_place_of(const struct galen_call_roster *roster,
                                                   const struct galen_id *device);

/**
 * Who becomes the host when the roster's host is gone (R2): the longest-present staff device, which
 * is the lowest number among them. NULL: nobody, the call ends. `is_staff` is asked about devices.
 */
const struct galen_call_place *
galen_call_successor(const struct galen_call_roster *roster,
                     bool (*is_staff)(void *context, const struct galen_id *device), void *context);

/** The HPKE info of a place's seal: "galen call seal"<V> ‖ chart ‖ visit ‖ generation ‖ host ‖ hello id. */
void galen_call_seal_info(struct galen_writer *w, const struct galen_call_roster *roster,
                          const struct galen_id *hello);

#endif
