/* HKDF-SHA256 (RFC 5869), labelled expansion, and the small tools beside them. */
#include "galen/crypto.h"
#include "support/primitives.h"

#include <criterion/criterion.h>
#include <string.h>

static struct galen_bytes text(const char *t)
{
    return (struct galen_bytes){(const uint8_t *)t, strlen(t)};
}

/* RFC 5869 appendix A.1: the one vector kept here, for machines without the folder of vectors. */
Test(hkdf, rfc_5869_appendix_a_1)
{
    const uint8_t ikm[22] = {0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b,
                             0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b};
    const uint8_t salt[13] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
    const uint8_t info[10] = {0xf0, 0xf1, 0xf2, 0xf3, 0xf4, 0xf5, 0xf6, 0xf7, 0xf8, 0xf9};
    const uint8_t expected_prk[32] = {0x07, 0x77, 0x09, 0x36, 0x2c, 0x2e, 0x32, 0xdf,
                                      0x0d, 0xdc, 0x3f, 0x0d, 0xc4, 0x7b, 0xba, 0x63,
                                      0x90, 0xb6, 0xc7, 0x3b, 0xb5, 0x0f, 0x9c, 0x31,
                                      0x22, 0xec, 0x84, 0x4a, 0xd7, 0xc2, 0xb3, 0xe5};
    const uint8_t expected[42] = {0x3c, 0xb2, 0x5f, 0x25, 0xfa, 0xac, 0xd5, 0x7a, 0x90, 0x43, 0x4f,
                                  0x64, 0xd0, 0x36, 0x2f, 0x2a, 0x2d, 0x2d, 0x0a, 0x90, 0xcf, 0x1a,
                                  0x5a, 0x4c, 0x5d, 0xb0, 0x2d, 0x56, 0xec, 0xc4, 0xc5, 0xbf, 0x34,
                                  0x00, 0x72, 0x08, 0xd5, 0xb8, 0x87, 0x18, 0x58, 0x65};
    uint8_t prk[32];
    uint8_t okm[42];
    galen_hkdf_extract((struct galen_bytes){salt, sizeof salt},
                       (struct galen_bytes){ikm, sizeof ikm}, prk);
    cr_expect(memcmp(prk, expected_prk, 32) == 0);
    galen_hkdf_expand(prk, (struct galen_bytes){info, sizeof info}, okm, sizeof okm);
    cr_expect(memcmp(okm, expected, sizeof okm) == 0);
}

Test(hkdf, parts_are_taken_one_after_another)
{
    const uint8_t bytes[] = "abcdef";
    const struct galen_bytes parts[] = {{bytes, 1}, {NULL, 0}, {bytes + 1, 4}, {bytes + 5, 1}};
    uint8_t a[100];
    uint8_t b[100];
    galen_hkdf_extract(text("salt"), text("abcdef"), a);
    galen_hkdf_extract_parts(text("salt"), parts, 4, b);
    cr_assert(memcmp(a, b, 32) == 0);
    galen_hkdf_expand(a, text("abcdef"), a, sizeof a);
    galen_hkdf_expand_parts(b, parts, 4, b, sizeof b);
    cr_expect(memcmp(a, b, sizeof a) == 0);
}

Test(hkdf, a_shorter_output_is_the_beginning_of_a_longer_one)
{
    const uint8_t prk[32] = {4};
    static uint8_t whole[GALEN_HKDF_MAX];
    static uint8_t part[GALEN_HKDF_MAX];
    galen_hkdf_expand(prk, text("info"), whole, sizeof whole);
    for (size_t n = 0; n < 200; n++) {
        memset(part, 0xcc, sizeof part);
        galen_hkdf_expand(prk, text("info"), part, n);
        cr_expect(memcmp(part, whole, n) == 0, "%zu", n);
        cr_expect_eq(part[n], 0xcc, "%zu bytes asked for, more written", n);
    }
}

/* OpenSSL's HKDF-Expand, over an info that the codec writes. */
static void expand_by_openssl(const uint8_t secret[32], const char *full_label,
                              struct galen_bytes context, uint8_t *out, size_t n)
{
    struct galen_writer info;
    galen_writer_init(&info);
    galen_write_u16(&info, (uint16_t)n);
    galen_write_vector(&info, text(full_label));
    galen_write_vector(&info, context);
    cr_assert(test_hkdf(TEST_HKDF_EXPAND, "SHA256", (struct galen_bytes){secret, 32},
                        (struct galen_bytes){0}, galen_written(&info), out, n));
    galen_writer_wipe(&info);
}

Test(hkdf, a_labelled_expansion_covers_length_label_and_context)
{
    static const size_t contexts[] = {0, 1, 63, 64, 200, 600};
    static const size_t outputs[] = {1, 12, 16, 32, 33, 64, 100};
    static uint8_t context[600];
    const uint8_t secret[32] = {1, 2, 3};
    memset(context, 0x5a, sizeof context);
    for (size_t i = 0; i < sizeof contexts / sizeof contexts[0]; i++) {
        for (size_t k = 0; k < sizeof outputs / sizeof outputs[0]; k++) {
            uint8_t got[100];
            uint8_t expected[100];
            struct galen_bytes c = {context, contexts[i]};
            galen_expand(secret, "entry key", c, got, outputs[k]);
            expand_by_openssl(secret, "galen entry key", c, expected, outputs[k]);
            cr_expect(memcmp(got, expected, outputs[k]) == 0, "context of %zu, %zu bytes",
                      contexts[i], outputs[k]);
        }
    }
}

Test(hkdf, a_labelled_expansion_may_write_over_its_secret)
{
    uint8_t secret[32] = {1};
    uint8_t separate[32];
    galen_expand(secret, "next", text("c"), separate, 32);
    galen_expand(secret, "next", text("c"), secret, 32);
    cr_expect(memcmp(secret, separate, 32) == 0);
}

Test(hkdf, labels_contexts_and_lengths_separate)
{
    const uint8_t secret[32] = {1};
    uint8_t a[32];
    uint8_t b[64];
    galen_expand(secret, "entry key", text("x"), a, 32);
    galen_expand(secret, "entry ke", text("yx"), b, 32);
    cr_expect(memcmp(a, b, 32) != 0);
    galen_expand(secret, "entry key", text("y"), b, 32);
    cr_expect(memcmp(a, b, 32) != 0);
    galen_expand(secret, "entry key", text("x"), b, 64);
    cr_expect(memcmp(a, b, 32) != 0, "a longer key begins with a shorter one");
}

#ifndef NDEBUG
#include <signal.h>

/* Our own mistakes are caught while developing; see also the two cases of Wycheproof that ask for it. */
Test(hkdf, more_than_the_hash_can_give_is_our_own_mistake, .signal = SIGABRT)
{
    static uint8_t out[GALEN_HKDF_MAX + 1];
    const uint8_t prk[32] = {1};
    galen_hkdf_expand(prk, text(""), out, sizeof out);
}
#endif

Test(tools, same_compares_all_bytes)
{
    uint8_t a[40] = {0};
    uint8_t b[40] = {0};
    cr_expect(galen_same(a, b, sizeof a));
    cr_expect(galen_same(a, b, 0));
    cr_expect(galen_same(NULL, NULL, 0));
    for (size_t i = 0; i < sizeof a * 8; i++) {
        b[i / 8] ^= (uint8_t)(1 << i % 8);
        cr_expect(!galen_same(a, b, sizeof a));
        cr_expect(galen_same(a, b, i / 8));
        b[i / 8] ^= (uint8_t)(1 << i % 8);
    }
}

Test(tools, wipe_zeroes_what_it_was_given_and_no_more)
{
    uint8_t a[4] = {1, 2, 3, 4};
    galen_wipe(a + 1, 2);
    cr_expect(memcmp(a, (uint8_t[]){1, 0, 0, 4}, 4) == 0);
    galen_wipe(NULL, 0);
}

Test(tools, start_may_be_called_again)
{
    cr_expect(galen_crypto_start());
    cr_expect(galen_crypto_start());
}

Test(aead, opens_in_place_and_refuses_every_flipped_bit)
{
    const uint8_t key[32] = {1};
    const uint8_t nonce[12] = {2};
    uint8_t buffer[20 + GALEN_TAG_BYTES] = "to be kept in place";
    uint8_t sealed[sizeof buffer];
    uint8_t out[20];
    static const uint8_t zeros[20];
    galen_aead_seal(key, nonce, text("aad"), (struct galen_bytes){buffer, 20}, buffer);
    memcpy(sealed, buffer, sizeof sealed);
    cr_assert(galen_aead_open(key, nonce, text("aad"), (struct galen_bytes){buffer, sizeof buffer},
                              buffer));
    cr_expect_str_eq((const char *)buffer, "to be kept in place");
    for (size_t i = 0; i < sizeof sealed * 8; i++) {
        sealed[i / 8] ^= (uint8_t)(1 << i % 8);
        memset(out, 0, sizeof out);
        cr_expect(!galen_aead_open(key, nonce, text("aad"),
                                   (struct galen_bytes){sealed, sizeof sealed}, out));
        cr_expect(memcmp(out, zeros, sizeof out) == 0, "plaintext after a refusal");
        sealed[i / 8] ^= (uint8_t)(1 << i % 8);
    }
    for (size_t n = 0; n < sizeof sealed; n++)
        cr_expect(!galen_aead_open(key, nonce, text("aad"), (struct galen_bytes){sealed, n}, out));
    cr_expect(!galen_aead_open(key, nonce, text("aae"), (struct galen_bytes){sealed, sizeof sealed},
                               out));
}
