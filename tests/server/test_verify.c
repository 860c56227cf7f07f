/* server/verify.h: what OpenSSL does for the server, alone and beside libsodium. */
#include "galen/crypto.h"
#include "verify.h"

#include <criterion/criterion.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct sha_case {
    const char *name;
    const char *parts[4];
    size_t count;
    uint8_t expected[32];
};

/* FIPS 180-4's examples (NIST CSRC, "Examples with intermediate values") and the empty message. */
static const struct sha_case sha_cases[] = {
    {"nothing", {NULL}, 0, {0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4,
                            0xc8, 0x99, 0x6f, 0xb9, 0x24, 0x27, 0xae, 0x41, 0xe4, 0x64, 0x9b,
                            0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55}},
    {"abc", {"abc"}, 1, {0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea, 0x41, 0x41, 0x40,
                         0xde, 0x5d, 0xae, 0x22, 0x23, 0xb0, 0x03, 0x61, 0xa3, 0x96, 0x17,
                         0x7a, 0x9c, 0xb4, 0x10, 0xff, 0x61, 0xf2, 0x00, 0x15, 0xad}},
    {"abc in parts", {"a", NULL, "", "bc"}, 4, {0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea,
                                                0x41, 0x41, 0x40, 0xde, 0x5d, 0xae, 0x22, 0x23,
                                                0xb0, 0x03, 0x61, 0xa3, 0x96, 0x17, 0x7a, 0x9c,
                                                0xb4, 0x10, 0xff, 0x61, 0xf2, 0x00, 0x15, 0xad}},
    {"two blocks",
     {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"},
     1,
     {0x24, 0x8d, 0x6a, 0x61, 0xd2, 0x06, 0x38, 0xb8, 0xe5, 0xc0, 0x26,
      0x93, 0x0c, 0x3e, 0x60, 0x39, 0xa3, 0x3c, 0xe4, 0x59, 0x64, 0xff,
      0x21, 0x67, 0xf6, 0xec, 0xed, 0xd4, 0x19, 0xdb, 0x06, 0xc1}},
};

Test(verify, sha256_over_parts)
{
    for (size_t i = 0; i < sizeof sha_cases / sizeof sha_cases[0]; i++) {
        const struct sha_case *c = &sha_cases[i];
        struct galen_bytes parts[4];
        uint8_t out[32];
        for (size_t k = 0; k < 4; k++)
            parts[k] = (struct galen_bytes){(const uint8_t *)c->parts[k],
                                            c->parts[k] ? strlen(c->parts[k]) : 0};
        verify_openssl()->sha256(parts, c->count, out);
        cr_expect(memcmp(out, c->expected, 32) == 0, "OpenSSL, %s", c->name);
        galen_sodium_primitives()->sha256(parts, c->count, out);
        cr_expect(memcmp(out, c->expected, 32) == 0, "libsodium, %s", c->name);
    }
}

/* RFC 8032 section 7.1, test 2: a message of one byte. */
static const uint8_t rfc_key[32] = {
    0x3d, 0x40, 0x17, 0xc3, 0xe8, 0x43, 0x89, 0x5a, 0x92, 0xb7, 0x0a, 0xa7, 0x4d, 0x1b, 0x7e, 0xbc,
    0x9c, 0x98, 0x2c, 0xcf, 0x2e, 0xc4, 0x96, 0x8c, 0xc0, 0xcd, 0x55, 0xf1, 0x2a, 0xf4, 0x66, 0x0c};
static const uint8_t rfc_message[1] = {0x72};
static const uint8_t rfc_signature[64] = {
    0x92, 0xa0, 0x09, 0xa9, 0xf0, 0xd4, 0xca, 0xb8, 0x72, 0x0e, 0x82, 0x0b, 0x5f, 0x64, 0x25, 0x40,
    0xa2, 0xb2, 0x7b, 0x54, 0x16, 0x50, 0x3f, 0x8f, 0xb3, 0x76, 0x22, 0x23, 0xeb, 0xdb, 0x69, 0xda,
    0x08, 0x5a, 0xc1, 0xe4, 0x3e, 0x15, 0x99, 0x6e, 0x45, 0x8f, 0x36, 0x13, 0xd0, 0xf1, 0x1d, 0x8c,
    0x38, 0x7b, 0x2e, 0xae, 0xb4, 0x30, 0x2a, 0xee, 0xb0, 0x0d, 0x29, 0x16, 0x12, 0xbb, 0x0c, 0x00};

Test(verify, ed25519_of_rfc_8032_and_nothing_else)
{
    const struct galen_primitives *openssl = verify_openssl();
    struct galen_bytes message = {rfc_message, 1};
    cr_expect(openssl->ed25519_verify(rfc_key, message, rfc_signature));
    cr_expect(!openssl->ed25519_verify(rfc_key, (struct galen_bytes){0}, rfc_signature));
    for (size_t i = 0; i < 64 * 8; i++) {
        uint8_t signature[64];
        memcpy(signature, rfc_signature, 64);
        signature[i / 8] ^= (uint8_t)(1 << i % 8);
        cr_expect(!openssl->ed25519_verify(rfc_key, message, signature), "bit %zu", i);
    }
}

static size_t allocations_until_failure; /* 0: none fails */

static bool allocation_fails(void)
{
    return allocations_until_failure > 0 && --allocations_until_failure == 0;
}

static void *failing_malloc(size_t n, const char *file, int line)
{
    (void)file, (void)line;
    return allocation_fails() ? NULL : malloc(n);
}

static void *failing_realloc(void *at, size_t n, const char *file, int line)
{
    (void)file, (void)line;
    return allocation_fails() ? NULL : realloc(at, n);
}

static void plain_free(void *at, const char *file, int line)
{
    (void)file, (void)line;
    free(at);
}

static bool allocations_can_fail;

/* OpenSSL takes this only before its first allocation. */
__attribute__((constructor)) static void take_over_allocation(void)
{
    allocations_can_fail =
        CRYPTO_set_mem_functions(failing_malloc, failing_realloc, plain_free) == 1;
}

/*
 * Out of memory at every allocation that OpenSSL makes: refused, never taken for good. And nothing may
 * stay in the thread's queue of errors, or SSL_get_error would end the next connection with it.
 */
Test(verify, out_of_memory_refuses_and_leaves_no_error_behind)
{
    cr_assert(allocations_can_fail);
    struct galen_bytes message = {rfc_message, 1};
    cr_assert(verify_openssl()->ed25519_verify(rfc_key, message, rfc_signature));
    size_t refused = 0;
    for (size_t nth = 1;; nth++) {
        ERR_raise(ERR_LIB_USER, 7);
        allocations_until_failure = nth;
        bool good = verify_openssl()->ed25519_verify(rfc_key, message, rfc_signature);
        bool failed = allocations_until_failure == 0;
        allocations_until_failure = 0;
        cr_expect(good || failed, "allocation %zu", nth);
        cr_expect_eq(ERR_GET_REASON(ERR_get_error()), 7, "allocation %zu", nth);
        cr_expect_eq(ERR_peek_error(), 0, "allocation %zu", nth);
        ERR_clear_error();
        refused += !good;
        if (!failed)
            break;
    }
    cr_expect_gt(refused, 2);
}

/* A plain xorshift, so that a failing round can be had again. */
static uint64_t next(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static void fill(uint64_t *state, uint8_t *out, size_t n)
{
    for (size_t i = 0; i < n; i++)
        out[i] = (uint8_t)next(state);
}

/* Keys and signatures that nobody made, half-made ones and honest ones: one verdict for both. */
Test(verify, agrees_with_libsodium_on_made_up_input)
{
    uint64_t state = 0x9e3779b97f4a7c15;
    unsigned taken = 0;
    for (unsigned round = 0; round < 3000; round++) {
        uint8_t key[32];
        uint8_t signature[64];
        uint8_t message[40];
        fill(&state, key, sizeof key);
        fill(&state, signature, sizeof signature);
        fill(&state, message, sizeof message);
        struct galen_bytes content = {message, sizeof message};
        if (round % 2 == 0) {
            struct galen_device_secrets keys;
            galen_device_secrets_derive(key, &keys);
            memcpy(key, keys.sign_public, 32);
            galen_sign(&keys, GALEN_SIGN_ENTRY, content, signature);
        }
        if (round % 4 == 2)
            signature[next(&state) % 64] ^= (uint8_t)(1u << next(&state) % 8);
        if (round % 4 == 1)
            signature[63] &= 0x0f; /* so that S is below L */
        bool server = galen_verify(verify_openssl(), GALEN_SIGN_ENTRY, key, content, signature);
        bool client =
            galen_verify(galen_sodium_primitives(), GALEN_SIGN_ENTRY, key, content, signature);
        cr_expect_eq(server, client, "round %u", round);
        cr_expect_eq(server, round % 4 == 0, "round %u", round);
        taken += server;
    }
    cr_expect_eq(taken, 750);
}

enum { THREADS = 4, ROUNDS = 200 };

static void *verify_many(void *failures)
{
    for (unsigned i = 0; i < ROUNDS; i++) {
        uint8_t signature[64];
        uint8_t out[32];
        struct galen_bytes message = {rfc_message, 1};
        memcpy(signature, rfc_signature, 64);
        signature[i % 64] ^= (uint8_t)(i % 2);
        bool good = verify_openssl()->ed25519_verify(rfc_key, message, signature);
        verify_openssl()->sha256(&message, 1, out);
        if (good != (i % 2 == 0))
            ++*(unsigned *)failures;
    }
    return NULL;
}

Test(verify, from_several_threads)
{
    pthread_t threads[THREADS];
    unsigned failures[THREADS] = {0};
    for (size_t i = 0; i < THREADS; i++)
        cr_assert_eq(pthread_create(&threads[i], NULL, verify_many, &failures[i]), 0);
    for (size_t i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        cr_expect_eq(failures[i], 0, "thread %zu", i);
    }
}
