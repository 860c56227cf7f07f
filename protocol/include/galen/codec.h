/*
 * The TLS presentation language (RFC 8446 section 3) with the variable-length vectors of RFC 9420
 * section 2.1.2: big-endian numbers; a vector is its length in 1, 2 or 4 bytes (shortest form
 * only), then its bytes. One value has one encoding.
 */
#ifndef GALEN_CODEC_H
#define GALEN_CODEC_H

#include "galen/base.h"

#define GALEN_VECTOR_MAX 0x3fffffffu /* what a 4-byte length can say */

/** Reads from borrowed bytes. After a failure every read gives zeros and `failed` stays true. */
struct galen_reader {
    const uint8_t *at;
    size_t left;
    bool failed;
};

void galen_reader_init(struct galen_reader *r, struct galen_bytes in);
struct galen_bytes galen_take(struct galen_reader *r, size_t n); /* borrowed from the input */
uint8_t galen_read_u8(struct galen_reader *r);
uint16_t galen_read_u16(struct galen_reader *r);
uint32_t galen_read_u32(struct galen_reader *r);
uint64_t galen_read_u64(struct galen_reader *r);
bool galen_read_bool(struct galen_reader *r); /* any byte but 0 and 1 fails */
/** A vector of at most `max` bytes; borrowed. */
struct galen_bytes galen_read_vector(struct galen_reader *r, size_t max);
/** A vector whose contents are read by `inner`. A failed `r` gives a failed `inner`. */
void galen_read_nested(struct galen_reader *r, size_t max, struct galen_reader *inner);
void galen_read_into(struct galen_reader *r, uint8_t *out, size_t n);
struct galen_id galen_read_id(struct galen_reader *r);
/** True when nothing failed and nothing is left. */
bool galen_reader_done(const struct galen_reader *r);

/**
 * Appends to memory it grows itself. After a failure (out of memory, or a limit) every write does
 * nothing and `failed` stays true. `max` 0 means no limit. Wiped with galen_writer_wipe, which
 * zeroes what was written.
 */
struct galen_writer {
    uint8_t *at;
    size_t size;
    size_t room;
    size_t max;
    bool failed;
};

void galen_writer_init(struct galen_writer *w);
void galen_writer_wipe(struct galen_writer *w);
void galen_writer_clear(struct galen_writer *w); /* size 0, keeps the memory, clears `failed` */
struct galen_bytes galen_written(const struct galen_writer *w); /* borrowed; empty if failed */
void galen_write(struct galen_writer *w, const void *bytes, size_t n);
void galen_write_u8(struct galen_writer *w, uint8_t v);
void galen_write_u16(struct galen_writer *w, uint16_t v);
void galen_write_u32(struct galen_writer *w, uint32_t v);
void galen_write_u64(struct galen_writer *w, uint64_t v);
void galen_write_bool(struct galen_writer *w, bool v);
void galen_write_id(struct galen_writer *w, const struct galen_id *id);
void galen_write_vector(struct galen_writer *w, struct galen_bytes v);
/** The length that stands before a vector of `n` bytes, for those who hash one without writing it. Gives
 * its size: 1, 2 or 4; 0 when n is above GALEN_VECTOR_MAX. */
size_t galen_vector_length(size_t n, uint8_t out[4]);
/** Opens a vector; what is written until galen_write_end becomes its contents. May be nested. */
size_t galen_write_begin(struct galen_writer *w);
void galen_write_end(struct galen_writer *w, size_t mark);

#endif
