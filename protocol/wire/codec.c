#include "galen/codec.h"
#include "galen/mutation.h"

#include <stdlib.h>
#include <string.h>

void galen_reader_init(struct galen_reader *r, struct galen_bytes in)
{
    *r = (struct galen_reader){in.at, in.size, false};
}

struct galen_bytes galen_take(struct galen_reader *r, size_t n)
{
    if (r->failed || n > r->left) {
        r->failed = true;
        return (struct galen_bytes){0};
    }
    struct galen_bytes taken = {r->at, n};
    if (n > 0)
        r->at += n;
    r->left -= n;
    return taken;
}

static uint64_t read_number(struct galen_reader *r, size_t n)
{
    struct galen_bytes taken = galen_take(r, n);
    uint64_t v = 0;
    for (size_t i = 0; i < taken.size; i++)
        v = v << 8 | taken.at[i];
    return v;
}

uint8_t galen_read_u8(struct galen_reader *r)
{
    return (uint8_t)read_number(r, 1);
}

uint16_t galen_read_u16(struct galen_reader *r)
{
    return (uint16_t)read_number(r, 2);
}

uint32_t galen_read_u32(struct galen_reader *r)
{
    return (uint32_t)read_number(r, 4);
}

uint64_t galen_read_u64(struct galen_reader *r)
{
    return read_number(r, 8);
}

bool galen_read_bool(struct galen_reader *r)
{
    uint8_t v = galen_read_u8(r);
    if (v > 1)
        r->failed = true;
    return v == 1;
}

static size_t read_length(struct galen_reader *r)
{
    if (r->left < 1)
        return (size_t)galen_read_u8(r);
    switch (r->at[0] >> 6) {
    case 0:
        return galen_read_u8(r);
    case 1: {
        size_t n = galen_read_u16(r) & 0x3fff;
        if (GALEN_CHECKED(SHORTEST_LENGTH) && n < 0x40)
            r->failed = true;
        return n;
    }
    case 2: {
        size_t n = galen_read_u32(r) & GALEN_VECTOR_MAX;
        if (GALEN_CHECKED(SHORTEST_LENGTH) && n < 0x4000)
            r->failed = true;
        return n;
    }
    default:
        r->failed = true;
        return 0;
    }
}

struct galen_bytes galen_read_vector(struct galen_reader *r, size_t max)
{
    size_t n = read_length(r);
    if (n > max)
        r->failed = true;
    return galen_take(r, n);
}

void galen_read_nested(struct galen_reader *r, size_t max, struct galen_reader *inner)
{
    galen_reader_init(inner, galen_read_vector(r, max));
    inner->failed = r->failed;
}

void galen_read_into(struct galen_reader *r, uint8_t *out, size_t n)
{
    struct galen_bytes taken = galen_take(r, n);
    memset(out, 0, n);
    if (taken.size > 0)
        memcpy(out, taken.at, taken.size);
}

struct galen_id galen_read_id(struct galen_reader *r)
{
    struct galen_id id;
    galen_read_into(r, id.bytes, sizeof id.bytes);
    return id;
}

bool galen_reader_done(const struct galen_reader *r)
{
    return !r->failed && (!GALEN_CHECKED(TRAILING_BYTES) || r->left == 0);
}

void galen_writer_init(struct galen_writer *w)
{
    *w = (struct galen_writer){0};
}

static void zero(void *at, size_t n)
{
    volatile uint8_t *p = at;
    while (n-- > 0)
        *p++ = 0;
}

void galen_writer_wipe(struct galen_writer *w)
{
    if (w->at)
        zero(w->at, w->room);
    free(w->at);
    size_t max = w->max;
    *w = (struct galen_writer){.max = max};
}

void galen_writer_clear(struct galen_writer *w)
{
    w->size = 0;
    w->failed = false;
}

struct galen_bytes galen_written(const struct galen_writer *w)
{
    if (w->failed)
        return (struct galen_bytes){0};
    return (struct galen_bytes){w->at, w->size};
}

/* Grows without realloc, so that what a secret leaves behind is zeroed. */
static bool grow(struct galen_writer *w, size_t n)
{
    if (w->failed || n > SIZE_MAX / 2 - w->size || (w->max > 0 && n > w->max - w->size)) {
        w->failed = true;
        return false;
    }
    if (n <= w->room - w->size)
        return true;
    size_t room = w->room < 64 ? 64 : w->room;
    while (room - w->size < n)
        room *= 2;
    uint8_t *at = malloc(room);
    if (!at) {
        w->failed = true;
        return false;
    }
    if (w->at) {
        memcpy(at, w->at, w->size);
        zero(w->at, w->room);
        free(w->at);
    }
    w->at = at;
    w->room = room;
    return true;
}

void galen_write(struct galen_writer *w, const void *bytes, size_t n)
{
    if (n == 0 || !grow(w, n))
        return;
    memcpy(w->at + w->size, bytes, n);
    w->size += n;
}

static void write_number(struct galen_writer *w, uint64_t v, size_t n)
{
    uint8_t bytes[8];
    for (size_t i = 0; i < n; i++)
        bytes[i] = (uint8_t)(v >> (8 * (n - 1 - i)));
    galen_write(w, bytes, n);
}

void galen_write_u8(struct galen_writer *w, uint8_t v)
{
    write_number(w, v, 1);
}

void galen_write_u16(struct galen_writer *w, uint16_t v)
{
    write_number(w, v, 2);
}

void galen_write_u32(struct galen_writer *w, uint32_t v)
{
    write_number(w, v, 4);
}

void galen_write_u64(struct galen_writer *w, uint64_t v)
{
    write_number(w, v, 8);
}

void galen_write_bool(struct galen_writer *w, bool v)
{
    galen_write_u8(w, v ? 1 : 0);
}

void galen_write_id(struct galen_writer *w, const struct galen_id *id)
{
    galen_write(w, id->bytes, sizeof id->bytes);
}

size_t galen_vector_length(size_t n, uint8_t out[4])
{
    size_t size = 4;
    if (GALEN_CHECKED(SHORTEST_LENGTH) && n < 0x4000)
        size = n < 0x40 ? 1 : 2;
    if (n > GALEN_VECTOR_MAX)
        return 0;
    static const uint8_t marks[] = {0, 0x00, 0x40, 0, 0x80};
    for (size_t i = 0; i < size; i++)
        out[i] = (uint8_t)(n >> (8 * (size - 1 - i)));
    out[0] |= marks[size];
    return size;
}

static void write_length(struct galen_writer *w, size_t n)
{
    uint8_t length[4];
    size_t size = galen_vector_length(n, length);
    if (size == 0)
        w->failed = true;
    galen_write(w, length, size);
}

void galen_write_vector(struct galen_writer *w, struct galen_bytes v)
{
    write_length(w, v.size);
    galen_write(w, v.at, v.size);
}

size_t galen_write_begin(struct galen_writer *w)
{
    return w->size;
}

void galen_write_end(struct galen_writer *w, size_t mark)
{
    if (w->failed)
        return;
    size_t n = w->size - mark;
    write_length(w, n);
    size_t prefix = w->size - mark - n;
    if (w->failed)
        return;
    uint8_t length[4];
    memcpy(length, w->at + mark + n, prefix);
    memmove(w->at + mark + prefix, w->at + mark, n);
    memcpy(w->at + mark, length, prefix);
}
