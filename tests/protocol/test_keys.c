/*
 * protocol/include/galen/keys.h, rule K1: which keys and signatures are refused by their bytes. What
 * each library does with the same bytes is asked too, because K1 exists to make them agree.
 */
#include "galen/keys.h"
#include "support/primitives.h"
#include "verify.h"

#include "galen/crypto.h"

#include <criterion/criterion.h>
#include <sodium.h>
#include <string.h>

#define FF15                                                                                       \
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff
#define FF30 FF15, FF15

struct key_case {
    const char *name;
    uint8_t bytes[32];
};

/*
 * All fourteen encodings of points of small order that a lenient decoder takes: "Taming the many
 * EdDSAs" (Chalkias, Garillot, Nikolaenko 2020), table 1 in its appendix.
 */
static const struct key_case small_order_points[] = {
    {"y = 1, the neutral element", {0x01}},
    {"y = 1, x = -0", {0x01, [31] = 0x80}},
    {"y = p + 1", {0xee, FF30, 0x7f}},
    {"y = p + 1, x = -0", {0xee, FF30, 0xff}},
    {"y = -1, order 2", {0xec, FF30, 0x7f}},
    {"y = -1, x = -0", {0xec, FF30, 0xff}},
    {"y = 0, order 4", {0x00}},
    {"y = 0, order 4, other x", {0x00, [31] = 0x80}},
    {"y = p", {0xed, FF30, 0x7f}},
    {"y = p, other x", {0xed, FF30, 0xff}},
    {"order 8, first y", {0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4,
                          0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6,
                          0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05}},
    {"order 8, first y, other x", {0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4,
                                   0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6,
                                   0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x85}},
    {"order 8, second y", {0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b,
                           0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39,
                           0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a}},
    {"order 8, second y, other x",
     {0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b,
      0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39,
      0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0xfa}},
};

/* The list at cr.yp.to/ecdh.html, "validation": with these, every secret gives one of a few results. */
static const struct key_case small_order_us[] = {
    {"u = 0", {0x00}},
    {"u = 1", {0x01}},
    {"order 8, first u", {0xe0, 0xeb, 0x7a, 0x7c, 0x3b, 0x41, 0xb8, 0xae, 0x16, 0x56, 0xe3,
                          0xfa, 0xf1, 0x9f, 0xc4, 0x6a, 0xda, 0x09, 0x8d, 0xeb, 0x9c, 0x32,
                          0xb1, 0xfd, 0x86, 0x62, 0x05, 0x16, 0x5f, 0x49, 0xb8, 0x00}},
    {"order 8, second u", {0x5f, 0x9c, 0x95, 0xbc, 0xa3, 0x50, 0x8c, 0x24, 0xb1, 0xd0, 0xb1,
                           0x55, 0x9c, 0x83, 0xef, 0x5b, 0x04, 0x44, 0x5c, 0xc4, 0x58, 0x1c,
                           0x8e, 0x86, 0xd8, 0x22, 0x4e, 0xdd, 0xd0, 0x9f, 0x11, 0x57}},
    {"u = p - 1", {0xec, FF30, 0x7f}},
    {"u = p", {0xed, FF30, 0x7f}},
    {"u = p + 1", {0xee, FF30, 0x7f}},
    {"p + first u of order 8", {0xcd, 0xeb, 0x7a, 0x7c, 0x3b, 0x41, 0xb8, 0xae, 0x16, 0x56, 0xe3,
                                0xfa, 0xf1, 0x9f, 0xc4, 0x6a, 0xda, 0x09, 0x8d, 0xeb, 0x9c, 0x32,
                                0xb1, 0xfd, 0x86, 0x62, 0x05, 0x16, 0x5f, 0x49, 0xb8, 0x80}},
    {"p + second u of order 8", {0x4c, 0x9c, 0x95, 0xbc, 0xa3, 0x50, 0x8c, 0x24, 0xb1, 0xd0, 0xb1,
                                 0x55, 0x9c, 0x83, 0xef, 0x5b, 0x04, 0x44, 0x5c, 0xc4, 0x58, 0x1c,
                                 0x8e, 0x86, 0xd8, 0x22, 0x4e, 0xdd, 0xd0, 0x9f, 0x11, 0xd7}},
    {"u = 2p - 1", {0xd9, FF30, 0xff}},
    {"u = 2p", {0xda, FF30, 0xff}},
    {"u = 2p + 1", {0xdb, FF30, 0xff}},
};

#define COUNT(table) (sizeof(table) / sizeof(table)[0])

Test(keys, every_encoding_of_a_small_order_point_is_refused)
{
    for (size_t i = 0; i < COUNT(small_order_points); i++) {
        const struct key_case *c = &small_order_points[i];
        uint8_t signature[64] = {0};
        memcpy(signature, c->bytes, 32);
        cr_expect(!galen_sign_key_ok(c->bytes), "key: %s", c->name);
        cr_expect(!galen_signature_ok(signature), "R: %s", c->name);
    }
}

Test(keys, every_small_order_u_is_refused)
{
    for (size_t i = 0; i < COUNT(small_order_us); i++) {
        const struct key_case *c = &small_order_us[i];
        uint8_t with_high_bit[32];
        memcpy(with_high_bit, c->bytes, 32);
        with_high_bit[31] |= 0x80;
        cr_expect(!galen_seal_key_ok(c->bytes), "%s", c->name);
        cr_expect(!galen_seal_key_ok(with_high_bit), "%s with the high bit", c->name);
    }
}

/* p + k for k in 0..18, and 2^255 + k: the same numbers once more. */
Test(keys, second_writings_of_a_number_are_refused)
{
    for (unsigned k = 0; k < 19; k++) {
        uint8_t number[32] = {(uint8_t)(0xed + k), FF30, 0x7f};
        uint8_t signature[64] = {0};
        memcpy(signature, number, 32);
        cr_expect(!galen_sign_key_ok(number), "y = p + %u", k);
        cr_expect(!galen_seal_key_ok(number), "u = p + %u", k);
        cr_expect(!galen_signature_ok(signature), "R: y = p + %u", k);
        number[31] = 0xff;
        cr_expect(!galen_sign_key_ok(number), "y = p + %u, x odd", k);
        cr_expect(!galen_seal_key_ok(number), "u = 2^255 + p + %u", k);
    }
    const uint8_t high_bit[32] = {9, [31] = 0x80};
    cr_expect(!galen_seal_key_ok(high_bit));
}

Test(keys, the_numbers_next_to_the_refused_ones_are_taken)
{
    const uint8_t base_u[32] = {9};
    const uint8_t below_minus_one[32] = {0xeb, FF30, 0x7f};
    const uint8_t two[32] = {2};
    const uint8_t two_odd[32] = {2, [31] = 0x80};
    cr_expect(galen_seal_key_ok(base_u));
    cr_expect(galen_seal_key_ok(two));
    cr_expect(galen_seal_key_ok(below_minus_one));
    cr_expect(galen_sign_key_ok(two));
    cr_expect(galen_sign_key_ok(two_odd));
    cr_expect(galen_sign_key_ok(below_minus_one));
}

Test(keys, one_bit_away_from_order_8_is_another_number)
{
    for (size_t bit = 0; bit < 255; bit++) {
        uint8_t y[32];
        uint8_t u[32];
        memcpy(y, small_order_points[10].bytes, 32);
        memcpy(u, small_order_us[2].bytes, 32);
        cr_assert(!galen_sign_key_ok(y) && !galen_seal_key_ok(u));
        y[bit / 8] ^= (uint8_t)(1 << bit % 8);
        u[bit / 8] ^= (uint8_t)(1 << bit % 8);
        cr_expect(galen_sign_key_ok(y), "bit %zu", bit);
        cr_expect(galen_seal_key_ok(u), "bit %zu", bit);
    }
}

/* L, from RFC 8032 section 5.1. */
static const uint8_t group_order[32] = {0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58,       0xd6,
                                        0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, [31] = 0x10};

Test(keys, s_is_below_the_group_order)
{
    uint8_t signature[64] = {2};
    memcpy(signature + 32, group_order, 32);
    cr_expect(!galen_signature_ok(signature), "S = L");
    signature[32]--;
    cr_expect(galen_signature_ok(signature), "S = L - 1");
    signature[32] += 2;
    cr_expect(!galen_signature_ok(signature), "S = L + 1");
    memset(signature + 32, 0, 32);
    cr_expect(galen_signature_ok(signature), "S = 0");
    for (unsigned bit = 253; bit < 256; bit++) {
        memset(signature + 32, 0, 32);
        signature[63] = (uint8_t)(1 << (bit - 248));
        cr_expect(!galen_signature_ok(signature), "S = 2^%u", bit);
    }
}

Test(keys, honest_keys_and_signatures_are_taken)
{
    for (unsigned i = 0; i < 500; i++) {
        uint8_t material[32] = {(uint8_t)i, (uint8_t)(i >> 8), 1};
        uint8_t signature[64];
        struct galen_device_secrets keys;
        galen_device_secrets_derive(material, &keys);
        galen_sign(&keys, GALEN_SIGN_HEAD, (struct galen_bytes){material, 32}, signature);
        cr_expect(galen_sign_key_ok(keys.sign_public));
        cr_expect(galen_seal_key_ok(keys.seal_public));
        cr_expect(galen_signature_ok(signature));
    }
}

/*
 * What K1 is for. With the neutral element as key, R = S·B is a signature of any message: OpenSSL 3.0
 * takes it and libsodium does not. Behind galen_verify both refuse.
 */
Test(keys, a_small_order_key_signs_anything_for_openssl_and_nothing_behind_k1)
{
    const uint8_t neutral[32] = {1};
    const uint8_t base_point[32] = {0x58, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66,
                                    0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66,
                                    0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66,
                                    0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66};
    const uint8_t message[] = "the patient is no longer allergic to penicillin";
    uint8_t forged[64] = {0};
    memcpy(forged, base_point, 32);
    forged[32] = 1; /* S = 1, so R = B */
    struct galen_bytes content = {message, sizeof message};
    cr_expect(verify_openssl()->ed25519_verify(neutral, content, forged));
    cr_expect(!galen_sodium_primitives()->ed25519_verify(neutral, content, forged));
    cr_expect(!galen_verify(verify_openssl(), GALEN_SIGN_ENTRY, neutral, content, forged));
    cr_expect(!galen_verify(galen_sodium_primitives(), GALEN_SIGN_ENTRY, neutral, content, forged));
}

/* The same with an honest key and R = the neutral element, S = hash · secret. */
Test(keys, a_small_order_r_is_taken_by_openssl_and_refused_behind_k1)
{
    uint8_t material[32] = {77};
    struct galen_device_secrets keys;
    galen_device_secrets_derive(material, &keys);
    uint8_t expanded[64];
    crypto_hash_sha512(expanded, keys.sign_seed, 32);
    expanded[0] &= 248;
    expanded[31] &= 127;
    expanded[31] |= 64;
    uint8_t wide[64] = {0};
    uint8_t secret[32];
    memcpy(wide, expanded, 32);
    crypto_core_ed25519_scalar_reduce(secret, wide);

    uint8_t message[GALEN_SIGNED_MAX];
    size_t n = galen_signed_bytes(galen_sodium_primitives(), GALEN_SIGN_ENTRY,
                                  (struct galen_bytes){material, 32}, message);
    uint8_t signature[64] = {1}; /* R = the neutral element */
    crypto_hash_sha512_state hash;
    uint8_t digest[64];
    uint8_t challenge[32];
    crypto_hash_sha512_init(&hash);
    crypto_hash_sha512_update(&hash, signature, 32);
    crypto_hash_sha512_update(&hash, keys.sign_public, 32);
    crypto_hash_sha512_update(&hash, message, n);
    crypto_hash_sha512_final(&hash, digest);
    crypto_core_ed25519_scalar_reduce(challenge, digest);
    crypto_core_ed25519_scalar_mul(signature + 32, challenge, secret);

    struct galen_bytes content = {message, n};
    cr_expect(verify_openssl()->ed25519_verify(keys.sign_public, content, signature));
    cr_expect(!galen_sodium_primitives()->ed25519_verify(keys.sign_public, content, signature));
    content = (struct galen_bytes){material, 32};
    cr_expect(
        !galen_verify(verify_openssl(), GALEN_SIGN_ENTRY, keys.sign_public, content, signature));
    cr_expect(!galen_verify(galen_sodium_primitives(), GALEN_SIGN_ENTRY, keys.sign_public, content,
                            signature));
}

/*
 * Both libraries give an error for the all-zero result. They mask the high bit first (RFC 7748 section
 * 5), so for them the rows that have it are other numbers, which K1 refuses as second writings.
 */
Test(keys, with_a_small_order_u_neither_library_has_a_secret)
{
    const uint8_t secret[32] = {0x40, 1, 2, 3};
    for (size_t i = 0; i < COUNT(small_order_us); i++) {
        uint8_t shared[32];
        int expected = small_order_us[i].bytes[31] & 0x80 ? 0 : -1;
        cr_expect_eq(crypto_scalarmult_curve25519(shared, secret, small_order_us[i].bytes),
                     expected, "%s", small_order_us[i].name);
        bool derived = test_shared_secret(secret, small_order_us[i].bytes, shared);
        cr_expect_eq(derived, expected == 0, "%s", small_order_us[i].name);
    }
}

static void hash(const char *label, const struct galen_bytes *parts, size_t count, uint8_t out[32])
{
    galen_hash_labelled(galen_sodium_primitives(), label, parts, count, out);
    uint8_t again[32];
    galen_hash_labelled(verify_openssl(), label, parts, count, again);
    cr_assert(memcmp(out, again, 32) == 0, "the libraries hash differently");
}

/* The expected bytes are written by the codec and hashed by OpenSSL as one part. */
Test(keys, a_labelled_hash_covers_label_and_parts_with_their_lengths)
{
    static const size_t sizes[] = {0, 1, 63, 64, 16383, 16384, 70000};
    static uint8_t bytes[70000];
    memset(bytes, 0x5a, sizeof bytes);
    struct galen_bytes parts[GALEN_HASHED_PARTS_MAX];
    struct galen_writer w;
    galen_writer_init(&w);
    galen_write_u8(&w, 15);
    galen_write(&w, "galen device id", 15);
    for (size_t count = 0; count <= GALEN_HASHED_PARTS_MAX; count++) {
        uint8_t got[32];
        uint8_t expected[32];
        hash(GALEN_ID_OF_DEVICE, parts, count, got);
        struct galen_bytes whole = galen_written(&w);
        test_primitives.sha256(&whole, 1, expected);
        cr_assert(memcmp(got, expected, 32) == 0, "%zu parts", count);
        if (count == GALEN_HASHED_PARTS_MAX)
            break;
        parts[count] = (struct galen_bytes){bytes, sizes[count % COUNT(sizes)]};
        galen_write_vector(&w, parts[count]);
    }
    galen_writer_wipe(&w);
}

Test(keys, a_labelled_hash_does_not_confuse_where_parts_end)
{
    const uint8_t abc[] = "abc";
    const struct galen_bytes one[] = {{abc, 2}, {abc + 2, 1}};
    const struct galen_bytes two[] = {{abc, 1}, {abc + 1, 2}};
    uint8_t a[32];
    uint8_t b[32];
    hash(GALEN_ID_OF_DEVICE, one, 2, a);
    hash(GALEN_ID_OF_DEVICE, two, 2, b);
    cr_expect(memcmp(a, b, 32) != 0);
    hash(GALEN_ID_OF_CHART, one, 2, b);
    cr_expect(memcmp(a, b, 32) != 0);
}
