#include "galen/sframe_header.h"

#include <assert.h>

/*
 *  0 1 2 3 4 5 6 7
 * +-+-+-+-+-+-+-+-+------------+------------+
 * |X|  K  |Y|  C  |   KID...   |   CTR...   |      RFC 9605 section 4.3
 * +-+-+-+-+-+-+-+-+------------+------------+
 *
 * X = 0: K is the key id itself, 0 to 7; X = 1: K + 1 is its length in bytes. Y and C likewise.
 */
#define INLINE_MAX 7
#define LONG_FORM  8

static size_t number_size(uint64_t v)
{
    size_t n = 0;
    for (; v > 0; v >>= 8)
        n++;
    return n;
}

/** Writes the number's bytes at `out`, if it has any, and returns its four bits of the config byte. */
static uint8_t write_number(uint64_t v, uint8_t *out, size_t *size)
{
    if (v <= INLINE_MAX)
        return (uint8_t)v;
    size_t n = number_size(v);
    for (size_t i = 0; i < n; i++)
        out[*size + i] = (uint8_t)(v >> 8 * (n - 1 - i));
    *size += n;
    return (uint8_t)(LONG_FORM | (n - 1));
}

size_t galen_sframe_header_write(const struct galen_sframe_header *header,
                                 uint8_t out[GALEN_SFRAME_HEADER_MAX])
{
    size_t size = 1;
    uint8_t key_id = write_number(header->key_id, out, &size);
    uint8_t counter = write_number(header->counter, out, &size);
    out[0] = (uint8_t)(key_id << 4 | counter);
    return size;
}

static bool read_number(uint8_t bits, struct galen_bytes frame, size_t *at, uint64_t *v)
{
    if (!(bits & LONG_FORM)) {
        *v = bits;
        return true;
    }
    size_t n = (size_t)(bits & INLINE_MAX) + 1;
    if (n > frame.size - *at)
        return false;
    *v = 0;
    for (size_t i = 0; i < n; i++)
        *v = *v << 8 | frame.at[*at + i];
    *at += n;
    return *v > INLINE_MAX && number_size(*v) == n;
}

enum galen_err galen_sframe_header_read(struct galen_bytes frame,
                                        struct galen_sframe_header *header, size_t *size)
{
    if (frame.size < 1)
        return GALEN_ERR_FORMAT;
    size_t at = 1;
    uint8_t config = frame.at[0];
    if (!read_number(config >> 4, frame, &at, &header->key_id) ||
        !read_number(config & 0x0f, frame, &at, &header->counter))
        return GALEN_ERR_FORMAT;
    *size = at;
    return GALEN_OK;
}

#define STREAM_BITS      4
#define PARTICIPANT_BITS 16
#define GENERATION_BITS  16

uint64_t galen_call_key_id_pack(struct galen_call_key_id id)
{
    assert(id.stream < 1u << STREAM_BITS);
    return (uint64_t)id.generation << (PARTICIPANT_BITS + STREAM_BITS) |
           (uint64_t)id.participant << STREAM_BITS | id.stream;
}

enum galen_err galen_call_key_id_unpack(uint64_t key_id, struct galen_call_key_id *id)
{
    if (key_id >> (GENERATION_BITS + PARTICIPANT_BITS + STREAM_BITS))
        return GALEN_ERR_FORMAT;
    id->stream = key_id & ((1u << STREAM_BITS) - 1);
    id->participant = (uint16_t)(key_id >> STREAM_BITS);
    id->generation = (uint16_t)(key_id >> (PARTICIPANT_BITS + STREAM_BITS));
    return id->generation > 0 && id->participant > 0 ? GALEN_OK : GALEN_ERR_FORMAT;
}
