/* Padding: 0x80, zeros, to 256 bytes and then to Padmé sizes. */
#include "galen/crypto.h"
#include "support/allocator.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SIZES = 5000 };

/* Padmé as its paper writes it (Nikitin et al. 2019, algorithm 1), in floating point. */
static size_t padme_by_the_paper(size_t length)
{
    unsigned e = (unsigned)floor(log2((double)length));
    unsigned s = (unsigned)floor(log2((double)e)) + 1;
    unsigned last_bits = e - s;
    size_t mask = ((size_t)1 << last_bits) - 1;
    return (length + mask) & ~mask;
}

static struct galen_writer padded(size_t n)
{
    struct galen_writer w;
    galen_writer_init(&w);
    for (size_t i = 0; i < n; i++)
        galen_write_u8(&w, (uint8_t)(i * 7 + n));
    galen_pad(&w, 0);
    cr_assert(!w.failed);
    return w;
}

Test(padding, sizes_are_256_and_then_padme)
{
    for (size_t n = 0; n <= 300000; n++) {
        size_t expected = n + 1 <= 256 ? 256 : padme_by_the_paper(n + 1);
        cr_assert_eq(galen_padded_size(n), expected, "%zu", n);
        cr_assert_gt(galen_padded_size(n), n);
        cr_assert(n < 256 || (double)galen_padded_size(n) <= 1.12 * (double)(n + 1), "%zu", n);
    }
}

Test(padding, few_sizes_are_seen)
{
    size_t seen = 0;
    for (size_t n = 1; n <= 262144; n++)
        seen += galen_padded_size(n) != galen_padded_size(n - 1);
    cr_expect_leq(seen, 200, "%zu sizes up to 256 KiB", seen);
}

Test(padding, what_is_too_large_for_a_vector_has_no_size)
{
    cr_expect_eq(galen_padded_size(GALEN_VECTOR_MAX), 0);
    cr_expect_eq(galen_padded_size(GALEN_VECTOR_MAX - 1), 0);
    cr_expect_eq(galen_padded_size(SIZE_MAX), 0);
    cr_expect_eq(galen_padded_size(0x3e000000 - 1), 0x3e000000);
}

Test(padding, every_size_comes_back)
{
    for (size_t n = 0; n <= SIZES; n++) {
        struct galen_writer w = padded(n);
        struct galen_bytes plain;
        cr_assert_eq(w.size, galen_padded_size(n), "%zu", n);
        cr_assert(galen_unpad(galen_written(&w), &plain), "%zu", n);
        cr_assert_eq(plain.size, n);
        cr_assert_eq(plain.at, w.at);
        for (size_t i = 0; i < n; i++)
            cr_assert_eq(plain.at[i], (uint8_t)(i * 7 + n));
        galen_writer_wipe(&w);
    }
}

Test(padding, plaintexts_that_look_like_padding_come_back)
{
    static const uint8_t tails[][4] = {{0, 0, 0, 0}, {0x80, 0, 0, 0}, {0x80, 0x80, 0x80, 0x80}};
    for (size_t i = 0; i < sizeof tails / sizeof tails[0]; i++) {
        struct galen_writer w;
        struct galen_bytes plain;
        galen_writer_init(&w);
        galen_write(&w, tails[i], 4);
        galen_pad(&w, 0);
        cr_assert(galen_unpad(galen_written(&w), &plain));
        cr_expect(galen_bytes_equal(plain, (struct galen_bytes){tails[i], 4}));
        galen_writer_wipe(&w);
    }
}

Test(padding, only_what_stands_behind_start_is_padded)
{
    struct galen_writer w;
    struct galen_bytes plain;
    galen_writer_init(&w);
    galen_write(&w, "header", 6);
    galen_write(&w, "body", 4);
    galen_pad(&w, 6);
    cr_assert_eq(w.size, 6 + 256);
    cr_assert(galen_unpad((struct galen_bytes){w.at + 6, 256}, &plain));
    cr_expect(galen_bytes_equal(plain, (struct galen_bytes){(const uint8_t *)"body", 4}));
    galen_writer_wipe(&w);
}

Test(padding, every_truncation_is_refused)
{
    static const size_t sizes[] = {0, 1, 100, 254, 255, 256, 257, 271, 272, 1000, 5000};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct galen_writer w = padded(sizes[i]);
        for (size_t cut = 0; cut < w.size; cut++) {
            struct galen_bytes plain = {w.at, 1};
            struct galen_bytes shorter = {w.at, cut};
            bool taken = galen_unpad(shorter, &plain);
            /* Cut within the plaintext, its own bytes may happen to end like padding does. */
            bool ends_like_padding = taken && cut <= sizes[i];
            cr_expect(!taken || ends_like_padding, "%zu cut to %zu", sizes[i], cut);
            if (!taken)
                cr_expect_eq(plain.size, 0);
        }
        galen_writer_wipe(&w);
    }
}

Test(padding, a_byte_changed_in_the_padding_is_refused)
{
    static const size_t sizes[] = {0, 10, 255, 256, 300, 4000};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct galen_writer w = padded(sizes[i]);
        for (size_t at = sizes[i]; at < w.size; at++) {
            struct galen_bytes plain;
            w.at[at] ^= 0x41;
            cr_expect(!galen_unpad(galen_written(&w), &plain), "%zu, byte %zu", sizes[i], at);
            w.at[at] ^= 0x41;
        }
        galen_writer_wipe(&w);
    }
}

Test(padding, every_size_but_the_one_is_refused)
{
    /* The marker stands where it should, and the zeros go on for another length. */
    static const size_t sizes[] = {0, 200, 255, 256, 270, 1000};
    static uint8_t bytes[3000];
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        size_t n = sizes[i];
        memset(bytes, 0, sizeof bytes);
        memset(bytes, 'x', n);
        bytes[n] = 0x80;
        for (size_t size = n + 1; size <= sizeof bytes; size++) {
            struct galen_bytes plain;
            bool taken = galen_unpad((struct galen_bytes){bytes, size}, &plain);
            cr_expect_eq(taken, size == galen_padded_size(n), "%zu in %zu", n, size);
        }
    }
}

Test(padding, without_a_marker_nothing_is_found)
{
    static const uint8_t zeros[512];
    struct galen_bytes plain;
    cr_expect(!galen_unpad((struct galen_bytes){0}, &plain));
    cr_expect(!galen_unpad((struct galen_bytes){zeros, 256}, &plain));
    cr_expect(!galen_unpad((struct galen_bytes){zeros, 512}, &plain));
}

Test(padding, a_writer_that_cannot_grow_fails)
{
    struct galen_writer w;
    galen_writer_init(&w);
    w.max = 255;
    galen_write(&w, "body", 4);
    galen_pad(&w, 0);
    cr_expect(w.failed);
    galen_writer_wipe(&w);
    galen_writer_init(&w);
    allocator_fail(1);
    galen_pad(&w, 0);
    allocator_fail(0);
    cr_expect(w.failed);
    galen_writer_wipe(&w);
}
