#include "galen/keys.h"

#include <assert.h>
#include <string.h>

#include "galen/codec.h"
#include "galen/mutation.h"

/* All numbers here are little-endian, as on the wire. */

/* p = 2^255 - 19, the field of both curves. */
static const uint8_t field_prime[32] = {
    0xed, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f};

/* L = 2^252 + 27742317777372353535851937790883648493, the order of the base point. */
static const uint8_t group_order[32] = {
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x10};

/* The y of all points of edwards25519 whose order divides 8; each stands for x and -x. */
static const uint8_t small_order_y[][32] = {
    /* 0: order 4 */
    {0x00},
    /* 1: the neutral element */
    {0x01},
    /* order 8 */
    {0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4,
     0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6,
     0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05},
    /* order 8 */
    {0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b,
     0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39,
     0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a},
    /* p - 1: order 2 */
    {0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
};

/* The u of all points of small order on curve25519 and on its twist. */
static const uint8_t small_order_u[][32] = {
    /* 0: order 2 on both */
    {0x00},
    /* 1: order 4 on the curve */
    {0x01},
    /* order 8 on the curve */
    {0xe0, 0xeb, 0x7a, 0x7c, 0x3b, 0x41, 0xb8, 0xae, 0x16, 0x56, 0xe3,
     0xfa, 0xf1, 0x9f, 0xc4, 0x6a, 0xda, 0x09, 0x8d, 0xeb, 0x9c, 0x32,
     0xb1, 0xfd, 0x86, 0x62, 0x05, 0x16, 0x5f, 0x49, 0xb8, 0x00},
    /* order 8 on the curve */
    {0x5f, 0x9c, 0x95, 0xbc, 0xa3, 0x50, 0x8c, 0x24, 0xb1, 0xd0, 0xb1,
     0x55, 0x9c, 0x83, 0xef, 0x5b, 0x04, 0x44, 0x5c, 0xc4, 0x58, 0x1c,
     0x8e, 0x86, 0xd8, 0x22, 0x4e, 0xdd, 0xd0, 0x9f, 0x11, 0x57},
    /* p - 1: order 4 on the twist */
    {0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
};

#define COUNT(table) (sizeof(table) / sizeof(table)[0])

static bool below(const uint8_t a[32], const uint8_t b[32])
{
    for (size_t i = 32; i-- > 0;) {
        if (a[i] != b[i])
            return a[i] < b[i];
    }
    return false;
}

static bool listed(const uint8_t (*table)[32], size_t count, const uint8_t number[32])
{
    for (size_t i = 0; i < count; i++) {
        if (memcmp(table[i], number, 32) == 0)
            return true;
    }
    return false;
}

/* The high bit of a point's encoding is the sign of x; the rest is y (RFC 8032 section 5.1.2). */
static bool point_ok(const uint8_t point[32])
{
    uint8_t y[32];
    memcpy(y, point, sizeof y);
    y[31] &= 0x7f;
    return below(y, field_prime) && !listed(small_order_y, COUNT(small_order_y), y);
}

bool galen_sign_key_ok(const uint8_t key[GALEN_SIGN_KEY_BYTES])
{
    return !GALEN_CHECKED(SMALL_ORDER) || point_ok(key);
}

bool galen_seal_key_ok(const uint8_t key[GALEN_SEAL_KEY_BYTES])
{
    if (!GALEN_CHECKED(SMALL_ORDER))
        return true;
    return below(key, field_prime) && !listed(small_order_u, COUNT(small_order_u), key);
}

bool galen_signature_ok(const uint8_t signature[GALEN_SIGNATURE_BYTES])
{
    if (!GALEN_CHECKED(SMALL_ORDER))
        return true;
    return point_ok(signature) && below(signature + 32, group_order);
}

static size_t label_size(const char *label)
{
    size_t n = strlen(label);
    assert(n > 0 && n <= GALEN_LABEL_MAX);
    return n;
}

size_t galen_signed_bytes(const struct galen_primitives *primitives, const char *label,
                          struct galen_bytes message, uint8_t out[GALEN_SIGNED_MAX])
{
    size_t n = label_size(label);
    out[0] = (uint8_t)n;
    memcpy(out + 1, label, n);
    primitives->sha256(&message, 1, out + 1 + n);
    return 1 + n + GALEN_HASH_BYTES;
}

bool galen_verify(const struct galen_primitives *primitives, const char *label,
                  const uint8_t key[GALEN_SIGN_KEY_BYTES], struct galen_bytes message,
                  const uint8_t signature[GALEN_SIGNATURE_BYTES])
{
    if (!galen_sign_key_ok(key) || !galen_signature_ok(signature))
        return false;
    uint8_t content[GALEN_SIGNED_MAX];
    size_t n = galen_signed_bytes(primitives, label, message, content);
    return !GALEN_CHECKED(SIGNATURE) ||
           primitives->ed25519_verify(key, (struct galen_bytes){content, n}, signature);
}

void galen_hash_labelled(const struct galen_primitives *primitives, const char *label,
                         const struct galen_bytes *parts, size_t count,
                         uint8_t out[GALEN_HASH_BYTES])
{
    assert(count <= GALEN_HASHED_PARTS_MAX);
    uint8_t lengths[1 + GALEN_HASHED_PARTS_MAX][4];
    struct galen_bytes hashed[2 * (1 + GALEN_HASHED_PARTS_MAX)];
    size_t n = 0;
    for (size_t i = 0; i <= count; i++) {
        struct galen_bytes part = {(const uint8_t *)label, label_size(label)};
        if (i > 0)
            part = parts[i - 1];
        assert(part.size <= GALEN_VECTOR_MAX);
        hashed[n++] = (struct galen_bytes){lengths[i], galen_vector_length(part.size, lengths[i])};
        hashed[n++] = part;
    }
    primitives->sha256(hashed, n, out);
}
