/*
 * The keys of a call: what a participant needs to send and hear, and what the host needs to draw the
 * next roster (PROTOCOL.md, "Calls"; rules R1 to R4). Nothing of it is ever stored. No clock and no
 * random source: both come in.
 */
#ifndef GALEN_CALL_KEYS_H
#define GALEN_CALL_KEYS_H

#include "galen/call.h"
#include "galen/sframe.h"

#define GALEN_CALL_OVERLAP_MS 1000 /* how long frames of the last generation still pass (R3) */

/** One device in one visit on one connection. A reconnect makes a new one. */
struct galen_call;

struct galen_call_config {
    struct galen_id chart;
    struct galen_id visit;
    struct galen_id device;
    uint8_t sign_seed[32];        /* the device's Ed25519 seed */
    uint8_t ephemeral_secret[32]; /* random, for this connection alone */
};

/** Copies the config. NULL: out of memory. */
struct galen_call *galen_call_new(const struct galen_call_config *config);
void galen_call_free(struct galen_call *call); /* wipes first */

/**
 * Appends this connection's signed hello. `head_root` NULL: a guest, without head. The same hello may
 * be made again with the nonce of a next host; a roster then has to name the newest. MEMORY.
 */
GALEN_MUST_USE enum galen_err galen_call_make_hello(struct galen_call *call,
                                                    const uint8_t nonce[GALEN_CALL_NONCE_BYTES],
                                                    uint64_t head_size, const uint8_t *head_root,
                                                    struct galen_writer *out);

/**
 * Takes a roster. `host` is the device that the caller holds to be the host, with its signing key.
 *   OK         its keys are in use from now on
 *   FORMAT, KEY, CHART (another chart or visit), SENDER (another host), SIGNATURE: nothing changed
 *   DUPLICATE  the current roster once more; nothing changed
 *   REPLAY     an older generation; nothing changed
 *   WAITING    a newer generation without this hello: sending and hearing stop
 *   SEAL       it seals something else to somebody: sending and hearing stop
 *   FORK       another roster of the current generation: the call has ended, for good
 */
GALEN_MUST_USE enum galen_err galen_call_take_roster(struct galen_call *call, uint64_t now_ms,
                                                     struct galen_bytes roster,
                                                     const struct galen_id *host,
                                                     const uint8_t host_key[GALEN_SIGN_KEY_BYTES]);

/** Sending and hearing stop, until a newer roster is taken. */
void galen_call_stop(struct galen_call *call);

/** The roster in use; NULL before the first and after one without us. Borrowed until the next. */
const struct galen_call_roster *galen_call_roster(const struct galen_call *call);
uint16_t galen_call_number(const struct galen_call *call); /* ours; 0: none */

/**
 * Seals one frame of a stream as an SFrame, at most plain.size + GALEN_SFRAME_OVERHEAD bytes.
 * WAITING: no keys; FORK: the call has ended; TOO_LARGE; LIMIT; FORMAT: no such stream.
 */
GALEN_MUST_USE enum galen_err galen_call_seal(struct galen_call *call, enum galen_stream stream,
                                              struct galen_bytes plain, uint8_t *out, size_t room,
                                              size_t *size);
/** A frame was captured but will not be sent: its number is left out. */
void galen_call_skip(struct galen_call *call, enum galen_stream stream);

/** Who sent an opened frame. */
struct galen_call_opened {
    uint16_t participant;
    struct galen_id device;
    enum galen_stream stream;
    uint64_t counter; /* the frame's number in its stream */
    size_t size;      /* bytes of plaintext */
};

/**
 * Opens one SFrame. `out` must not overlap it. FORMAT; EPOCH: not the current generation, nor the last
 * one within its second; SENDER: our own number, one that is in no roster, or somebody removed;
 * REPLAY; SEAL; TOO_LARGE; WAITING; FORK. Nothing is ever taken in the clear.
 */
GALEN_MUST_USE enum galen_err galen_call_open(struct galen_call *call, uint64_t now_ms,
                                              struct galen_bytes frame, uint8_t *out, size_t room,
                                              struct galen_call_opened *opened);

/** The host's list of admitted hellos. The host is also a participant: it takes its own rosters. */
struct galen_call_host;

/**
 * `config` names the host's device; its ephemeral secret is not used. `generation` is that of the last
 * roster of this visit by anybody, or 0; `highest` the highest participant number in it, or 0. NULL:
 * out of memory.
 */
struct galen_call_host *galen_call_host_new(const struct galen_call_config *config,
                                            const uint8_t nonce[GALEN_CALL_NONCE_BYTES],
                                            uint16_t generation, uint16_t highest);
void galen_call_host_free(struct galen_call_host *host); /* wipes first */

/** Signs `admission` as a staff device and appends it whole. MEMORY. */
GALEN_MUST_USE enum galen_err
galen_call_make_admission(const uint8_t sign_seed[32], const struct galen_call_admission *admission,
                          struct galen_writer *out);

/**
 * Puts an admitted hello on the list, in place of its device's earlier one: without head as a guest's. Who is
 * admitted is the caller's decision, by role or by a galen_call_admission; so is `sign_key`, the device's. FORMAT, KEY, CHART, SIGNATURE; VALUE: not this
 * host's nonce; NUMBER: 0, not above `highest`, or given before (R3: not even to the same hello once it
 * was taken off); DUPLICATE: this very hello is listed; LIMIT: GALEN_PARTICIPANTS_MAX are in.
 */
GALEN_MUST_USE enum galen_err galen_call_host_admit(struct galen_call_host *host, uint16_t number,
                                                    struct galen_bytes hello,
                                                    const uint8_t sign_key[GALEN_SIGN_KEY_BYTES]);
/** Takes a number off the list. False: it was not there. */
bool galen_call_host_remove(struct galen_call_host *host, uint16_t number);
/** Takes a device off the list, whichever of its hellos stands there. False: none does. */
bool galen_call_host_dismiss(struct galen_call_host *host, const struct galen_id *device);
/** The list as it is now, of which the next roster is made; its generation is the last one's. */
const struct galen_call_roster *galen_call_host_list(const struct galen_call_host *host);

/**
 * Appends the next signed roster, with `secret`, 32 fresh random bytes, sealed to each on the list:
 * to be drawn whenever somebody came or went. STATE: the host itself is not on the list yet; LIMIT:
 * no generation left, a new visit must be opened; KEY; MEMORY.
 */
GALEN_MUST_USE enum galen_err galen_call_host_draw(struct galen_call_host *host,
                                                   const uint8_t secret[GALEN_KEY_BYTES],
                                                   struct galen_writer *out);

#endif
