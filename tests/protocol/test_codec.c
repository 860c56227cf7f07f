/* protocol/include/galen/codec.h: RFC 8446 section 3, RFC 9420 section 2.1.2. */
#include "galen/codec.h"
#include "support/allocator.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static struct galen_reader reader(const void *at, size_t size)
{
    struct galen_reader r;
    galen_reader_init(&r, (struct galen_bytes){at, size});
    return r;
}

struct number_case {
    const char *name;
    uint64_t value;
    size_t width;
    uint8_t bytes[8];
};

static const struct number_case numbers[] = {
    {"zero in one byte", 0, 1, {0}},
    {"largest of one byte", 0xff, 1, {0xff}},
    {"two bytes are big-endian", 0x0102, 2, {1, 2}},
    {"largest of two bytes", 0xffff, 2, {0xff, 0xff}},
    {"four bytes are big-endian", 0x01020304, 4, {1, 2, 3, 4}},
    {"top bit of four bytes", 0x80000000, 4, {0x80, 0, 0, 0}},
    {"eight bytes are big-endian", 0x0102030405060708, 8, {1, 2, 3, 4, 5, 6, 7, 8}},
    {"largest of eight bytes", UINT64_MAX, 8, {255, 255, 255, 255, 255, 255, 255, 255}},
};

static uint64_t read_width(struct galen_reader *r, size_t width)
{
    switch (width) {
    case 1:
        return galen_read_u8(r);
    case 2:
        return galen_read_u16(r);
    case 4:
        return galen_read_u32(r);
    default:
        return galen_read_u64(r);
    }
}

static void write_width(struct galen_writer *w, uint64_t v, size_t width)
{
    switch (width) {
    case 1:
        galen_write_u8(w, (uint8_t)v);
        break;
    case 2:
        galen_write_u16(w, (uint16_t)v);
        break;
    case 4:
        galen_write_u32(w, (uint32_t)v);
        break;
    default:
        galen_write_u64(w, v);
    }
}

Test(codec, numbers_are_big_endian_both_ways)
{
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        const struct number_case *c = &numbers[i];
        struct galen_reader r = reader(c->bytes, c->width);
        cr_assert_eq(read_width(&r, c->width), c->value, "%s", c->name);
        cr_assert(galen_reader_done(&r), "%s", c->name);
        struct galen_writer w;
        galen_writer_init(&w);
        write_width(&w, c->value, c->width);
        cr_assert_eq(w.size, c->width, "%s", c->name);
        cr_assert_arr_eq(w.at, c->bytes, c->width, "%s", c->name);
        galen_writer_wipe(&w);
    }
}

Test(codec, numbers_cut_short_fail_and_give_zero)
{
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        const struct number_case *c = &numbers[i];
        for (size_t cut = 0; cut < c->width; cut++) {
            struct galen_reader r = reader(c->bytes, cut);
            cr_assert_eq(read_width(&r, c->width), 0, "%s cut to %zu", c->name, cut);
            cr_assert(r.failed, "%s cut to %zu", c->name, cut);
        }
    }
}

Test(codec, a_bool_is_zero_or_one)
{
    for (unsigned v = 0; v < 256; v++) {
        uint8_t byte = (uint8_t)v;
        struct galen_reader r = reader(&byte, 1);
        bool got = galen_read_bool(&r);
        cr_assert_eq(got, v == 1, "%u", v);
        cr_assert_eq(r.failed, v > 1, "%u", v);
    }
}

struct length_case {
    const char *name;
    size_t prefix_size;
    uint8_t prefix[4];
    size_t length; /* what it says, where it is allowed */
    bool allowed;
};

/* The bounds of RFC 9420 section 2.1.2, table 1, and RFC 9000 section 16's forms that it forbids. */
static const struct length_case lengths[] = {
    {"0 in one byte", 1, {0x00}, 0, true},
    {"1 in one byte", 1, {0x01}, 1, true},
    {"63, the most of one byte", 1, {0x3f}, 63, true},
    {"0 in two bytes is too long a form", 2, {0x40, 0x00}, 0, false},
    {"63 in two bytes is too long a form", 2, {0x40, 0x3f}, 63, false},
    {"64, the least of two bytes", 2, {0x40, 0x40}, 64, true},
    {"16383, the most of two bytes", 2, {0x7f, 0xff}, 16383, true},
    {"0 in four bytes is too long a form", 4, {0x80, 0, 0, 0}, 0, false},
    {"63 in four bytes is too long a form", 4, {0x80, 0, 0, 0x3f}, 63, false},
    {"16383 in four bytes is too long a form", 4, {0x80, 0, 0x3f, 0xff}, 16383, false},
    {"16384, the least of four bytes", 4, {0x80, 0, 0x40, 0}, 16384, true},
    {"70000 in four bytes", 4, {0x80, 0x01, 0x11, 0x70}, 70000, true},
    {"eight-byte form", 4, {0xc0, 0, 0, 0}, 0, false},
    {"eight-byte form, all ones", 4, {0xff, 0xff, 0xff, 0xff}, 0, false},
};

Test(codec, a_length_has_one_form)
{
    uint8_t *buffer = malloc(80000);
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        const struct length_case *c = &lengths[i];
        memset(buffer, 0xa5, 80000);
        memcpy(buffer, c->prefix, c->prefix_size);
        struct galen_reader r = reader(buffer, c->prefix_size + c->length);
        struct galen_bytes v = galen_read_vector(&r, GALEN_VECTOR_MAX);
        cr_assert_eq(!r.failed, c->allowed, "%s", c->name);
        cr_assert_eq(v.size, c->allowed ? c->length : 0, "%s", c->name);
        if (c->allowed) {
            cr_assert_eq(v.at, buffer + c->prefix_size, "%s", c->name);
            cr_assert(galen_reader_done(&r), "%s", c->name);
        }
    }
    free(buffer);
}

Test(codec, a_written_vector_has_the_shortest_length)
{
    static const uint8_t zeros[70000];
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        const struct length_case *c = &lengths[i];
        if (!c->allowed)
            continue;
        struct galen_writer w;
        galen_writer_init(&w);
        galen_write_vector(&w, (struct galen_bytes){zeros, c->length});
        cr_assert_eq(w.size, c->prefix_size + c->length, "%s", c->name);
        cr_assert_arr_eq(w.at, c->prefix, c->prefix_size, "%s", c->name);
        galen_writer_wipe(&w);

        size_t mark = galen_write_begin(&w);
        galen_write(&w, zeros, c->length);
        galen_write_end(&w, mark);
        cr_assert_eq(w.size, c->prefix_size + c->length, "%s, opened and closed", c->name);
        cr_assert_arr_eq(w.at, c->prefix, c->prefix_size, "%s, opened and closed", c->name);
        galen_writer_wipe(&w);
    }
}

Test(codec, a_vector_cut_anywhere_fails)
{
    static const size_t sizes[] = {1, 63, 64, 300};
    uint8_t content[300];
    memset(content, 7, sizeof content);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct galen_writer w;
        galen_writer_init(&w);
        galen_write_vector(&w, (struct galen_bytes){content, sizes[i]});
        for (size_t cut = 0; cut < w.size; cut++) {
            struct galen_reader r = reader(w.at, cut);
            struct galen_bytes v = galen_read_vector(&r, GALEN_VECTOR_MAX);
            cr_assert(r.failed, "%zu bytes cut to %zu", sizes[i], cut);
            cr_assert_eq(v.size, 0, "%zu bytes cut to %zu", sizes[i], cut);
        }
        galen_writer_wipe(&w);
    }
}

Test(codec, a_vector_longer_than_its_limit_fails)
{
    static const uint8_t bytes[] = {3, 'a', 'b', 'c'};
    for (size_t max = 0; max < 5; max++) {
        struct galen_reader r = reader(bytes, sizeof bytes);
        struct galen_bytes v = galen_read_vector(&r, max);
        cr_assert_eq(r.failed, max < 3, "%zu", max);
        cr_assert_eq(v.size, max < 3 ? 0 : 3, "%zu", max);
    }
}

Test(codec, a_length_far_beyond_the_input_fails)
{
    static const uint8_t bytes[] = {0xbf, 0xff, 0xff, 0xff, 'a', 'b'};
    struct galen_reader r = reader(bytes, sizeof bytes);
    struct galen_bytes v = galen_read_vector(&r, SIZE_MAX);
    cr_assert(r.failed);
    cr_assert_eq(v.size, 0);
}

/* vector { u16, vector { u8, vector { } }, id } in bytes written by hand. */
static size_t nested_example(uint8_t out[64])
{
    size_t n = 0;
    out[n++] = 2 + 3 + 32;
    out[n++] = 0x12;
    out[n++] = 0x34;
    out[n++] = 2; /* the second vector: one byte and an empty vector */
    out[n++] = 9;
    out[n++] = 0;
    for (unsigned i = 0; i < 32; i++)
        out[n++] = (uint8_t)(0xa0 + i);
    return n;
}

static bool read_nested_example(struct galen_bytes in)
{
    struct galen_reader r, outer, inner, innermost;
    galen_reader_init(&r, in);
    galen_read_nested(&r, 64, &outer);
    uint16_t number = galen_read_u16(&outer);
    galen_read_nested(&outer, 8, &inner);
    uint8_t byte = galen_read_u8(&inner);
    galen_read_nested(&inner, 0, &innermost);
    struct galen_id id = galen_read_id(&outer);
    return galen_reader_done(&r) && galen_reader_done(&outer) && galen_reader_done(&inner) &&
           galen_reader_done(&innermost) && number == 0x1234 && byte == 9 && id.bytes[0] == 0xa0 &&
           id.bytes[31] == 0xbf;
}

Test(codec, nested_vectors_read_and_write_alike)
{
    uint8_t bytes[64];
    size_t size = nested_example(bytes);
    cr_assert(read_nested_example((struct galen_bytes){bytes, size}));

    struct galen_id id;
    for (unsigned i = 0; i < 32; i++)
        id.bytes[i] = (uint8_t)(0xa0 + i);
    struct galen_writer w;
    galen_writer_init(&w);
    size_t outer = galen_write_begin(&w);
    galen_write_u16(&w, 0x1234);
    size_t inner = galen_write_begin(&w);
    galen_write_u8(&w, 9);
    galen_write_vector(&w, (struct galen_bytes){0});
    galen_write_end(&w, inner);
    galen_write_id(&w, &id);
    galen_write_end(&w, outer);
    cr_assert_eq(w.size, size);
    cr_assert_arr_eq(w.at, bytes, size);
    galen_writer_wipe(&w);
}

Test(codec, nested_vectors_cut_anywhere_fail)
{
    uint8_t bytes[64];
    size_t size = nested_example(bytes);
    for (size_t cut = 0; cut < size; cut++)
        cr_assert_not(read_nested_example((struct galen_bytes){bytes, cut}), "cut to %zu", cut);
}

Test(codec, nested_vectors_with_any_length_changed_fail)
{
    uint8_t bytes[64];
    size_t size = nested_example(bytes);
    static const size_t places[] = {0, 3, 5};
    for (size_t i = 0; i < 3; i++)
        for (unsigned v = 0; v < 256; v++) {
            uint8_t old = bytes[places[i]];
            bytes[places[i]] = (uint8_t)v;
            cr_assert_eq(read_nested_example((struct galen_bytes){bytes, size}), v == old,
                         "byte %zu set to %u", places[i], v);
            bytes[places[i]] = old;
        }
}

Test(codec, a_nested_reader_cannot_leave_its_vector)
{
    static const uint8_t bytes[] = {1, 'a', 'b', 'c'};
    struct galen_reader r = reader(bytes, sizeof bytes), inner;
    galen_read_nested(&r, 8, &inner);
    cr_assert_eq(galen_read_u16(&inner), 0);
    cr_assert(inner.failed);
    cr_assert_not(r.failed, "the outer reader goes on behind the vector");
    cr_assert_eq(galen_read_u8(&r), 'b');
}

Test(codec, after_a_failure_everything_reads_as_zero)
{
    static const uint8_t bytes[64] = {0xff, 1, 2, 3};
    struct galen_reader r = reader(bytes, sizeof bytes), inner;
    galen_read_vector(&r, 8);
    cr_assert(r.failed);
    cr_assert_eq(galen_read_u8(&r), 0);
    cr_assert_eq(galen_read_u16(&r), 0);
    cr_assert_eq(galen_read_u32(&r), 0);
    cr_assert_eq(galen_read_u64(&r), 0);
    cr_assert_not(galen_read_bool(&r));
    cr_assert_eq(galen_read_vector(&r, 8).size, 0);
    cr_assert_eq(galen_take(&r, 0).size, 0);
    struct galen_id id = galen_read_id(&r);
    cr_assert(galen_id_is_none(&id));
    uint8_t filled[4] = {9, 9, 9, 9};
    galen_read_into(&r, filled, 4);
    cr_assert_arr_eq(filled, ((uint8_t[]){0, 0, 0, 0}), 4);
    galen_read_nested(&r, 8, &inner);
    cr_assert(inner.failed);
    cr_assert_not(galen_reader_done(&r));
    cr_assert_not(galen_reader_done(&inner));
}

Test(codec, trailing_bytes_are_not_done)
{
    static const uint8_t bytes[] = {1, 2};
    struct galen_reader r = reader(bytes, sizeof bytes);
    galen_read_u8(&r);
    cr_assert_not(galen_reader_done(&r));
    galen_read_u8(&r);
    cr_assert(galen_reader_done(&r));
}

Test(codec, an_empty_input_without_address_is_done)
{
    struct galen_reader r = reader(NULL, 0);
    cr_assert(galen_reader_done(&r));
    cr_assert_eq(galen_take(&r, 0).size, 0);
    cr_assert(galen_reader_done(&r));
    galen_read_u8(&r);
    cr_assert(r.failed);
}

Test(codec, a_writer_stops_at_its_limit)
{
    struct galen_writer w;
    galen_writer_init(&w);
    w.max = 4;
    galen_write_u32(&w, 1);
    cr_assert_not(w.failed, "exactly the limit is allowed");
    galen_write(&w, "", 0);
    cr_assert_not(w.failed, "nothing more is allowed");
    galen_write_u8(&w, 1);
    cr_assert(w.failed);
    cr_assert_eq(galen_written(&w).size, 0, "a failed writer shows nothing");
    galen_writer_clear(&w);
    galen_write_vector(&w, (struct galen_bytes){(const uint8_t *)"abc", 3});
    cr_assert_eq(galen_written(&w).size, 4);
    galen_writer_clear(&w);
    size_t mark = galen_write_begin(&w);
    galen_write_u32(&w, 1);
    galen_write_end(&w, mark);
    cr_assert(w.failed, "the length itself counts");
    galen_writer_wipe(&w);
    cr_assert_eq(w.max, 4, "a limit outlives a wipe");
}

Test(codec, a_writer_refuses_sizes_that_would_wrap)
{
    static const uint8_t byte;
    struct galen_writer w;
    galen_writer_init(&w);
    galen_write_u8(&w, 1);
    galen_write(&w, &byte, SIZE_MAX);
    cr_assert(w.failed);
    galen_writer_clear(&w);
    galen_write_u8(&w, 1);
    galen_write(&w, &byte, SIZE_MAX / 2);
    cr_assert(w.failed);
    galen_writer_clear(&w);
    galen_write_vector(&w, (struct galen_bytes){&byte, (size_t)GALEN_VECTOR_MAX + 1});
    cr_assert(w.failed, "no length says more than GALEN_VECTOR_MAX");
    galen_writer_wipe(&w);
}

Test(codec, a_writer_grows_and_keeps_what_was_written)
{
    struct galen_writer w;
    galen_writer_init(&w);
    for (uint32_t i = 0; i < 5000; i++)
        galen_write_u32(&w, i * 2654435761u);
    struct galen_bytes written = galen_written(&w);
    cr_assert_eq(written.size, 20000);
    struct galen_reader r;
    galen_reader_init(&r, written);
    for (uint32_t i = 0; i < 5000; i++)
        cr_assert_eq(galen_read_u32(&r), i * 2654435761u);
    cr_assert(galen_reader_done(&r));
    galen_writer_wipe(&w);
    galen_writer_wipe(&w); /* a second time is allowed */
    cr_assert_null(w.at);
}

static void write_something(struct galen_writer *w)
{
    uint8_t block[200];
    memset(block, 3, sizeof block);
    size_t outer = galen_write_begin(w);
    for (int i = 0; i < 8; i++) {
        size_t inner = galen_write_begin(w);
        galen_write(w, block, sizeof block);
        galen_write_end(w, inner);
    }
    galen_write_end(w, outer);
}

Test(codec, each_allocation_of_a_writer_may_fail)
{
    size_t nth = 1;
    for (;; nth++) {
        struct galen_writer w;
        galen_writer_init(&w);
        allocator_fail(nth);
        write_something(&w);
        bool hit = allocator_failed();
        allocator_fail(0);
        cr_assert_eq(w.failed, hit);
        cr_assert_eq(galen_written(&w).size, hit ? 0 : 8 * 202 + 2);
        if (hit) { /* and once there is memory again it works from the start */
            galen_writer_clear(&w);
            write_something(&w);
            cr_assert_eq(galen_written(&w).size, 8 * 202 + 2);
        }
        galen_writer_wipe(&w);
        if (!hit)
            break;
    }
    cr_assert_gt(nth, 4, "the writer was expected to grow several times");
}
