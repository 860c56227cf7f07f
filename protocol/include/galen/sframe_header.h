/*
 * The SFrame header (RFC 9605 section 4.3) and what Galen's key ids say (PROTOCOL.md, "Calls"; rule
 * R3). libc only: the server reads the key id to see that the sender's number is its connection's.
 */
#ifndef GALEN_SFRAME_HEADER_H
#define GALEN_SFRAME_HEADER_H

#include "galen/base.h"

#define GALEN_SFRAME_HEADER_MAX 17 /* config byte, two numbers of eight bytes */

struct galen_sframe_header {
    uint64_t key_id;
    uint64_t counter;
};

/** Writes the shortest encoding and returns its size, 1 to GALEN_SFRAME_HEADER_MAX. */
size_t galen_sframe_header_write(const struct galen_sframe_header *header,
                                 uint8_t out[GALEN_SFRAME_HEADER_MAX]);

/**
 * Reads the header that `frame` begins with; `*size` becomes its length. GALEN_ERR_FORMAT when it is
 * cut short or not the shortest encoding (section 4.3: "the minimum number of bytes").
 */
GALEN_MUST_USE enum galen_err galen_sframe_header_read(struct galen_bytes frame,
                                                       struct galen_sframe_header *header,
                                                       size_t *size);

/** What a frame is for. The rest of the 16 stream numbers is kept free. */
enum galen_stream {
    GALEN_STREAM_VOICE = 0,
    GALEN_STREAM_VIDEO = 1,
    GALEN_STREAM_SELF = 2, /* what a guest says of itself */
};
#define GALEN_STREAMS 3

/** Key id = generation ‖ participant ‖ stream, 16 + 16 + 4 bits (R3). */
struct galen_call_key_id {
    uint16_t generation;  /* of the roster, from 1 */
    uint16_t participant; /* number in the roster, from 1 */
    uint8_t stream;       /* below 16 */
};

uint64_t galen_call_key_id_pack(struct galen_call_key_id id); /* asserts stream < 16 */
/** GALEN_ERR_FORMAT: more than 36 bits, or generation or participant 0. */
GALEN_MUST_USE enum galen_err galen_call_key_id_unpack(uint64_t key_id,
                                                       struct galen_call_key_id *id);

#endif
