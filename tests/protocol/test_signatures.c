/* Labelled signatures (rule K2) and the two key pairs of a device. */
#include "galen/crypto.h"
#include "support/primitives.h"
#include "verify.h"

#include <criterion/criterion.h>
#include <string.h>

static const uint8_t message[] = "entry header";
static const struct galen_bytes content = {message, sizeof message};

static struct galen_device_secrets device(uint8_t n)
{
    uint8_t material[32] = {n};
    struct galen_device_secrets keys;
    galen_device_secrets_derive(material, &keys);
    return keys;
}

static bool verify_both(const char *label, const uint8_t key[32], struct galen_bytes what,
                        const uint8_t signature[64])
{
    bool server = galen_verify(verify_openssl(), label, key, what, signature);
    bool client = galen_verify(galen_sodium_primitives(), label, key, what, signature);
    cr_assert_eq(server, client, "the libraries disagree");
    return server;
}

Test(signatures, hold_for_their_label_key_and_message_only)
{
    struct galen_device_secrets keys = device(1);
    struct galen_device_secrets other = device(2);
    uint8_t signature[64];
    galen_sign(&keys, GALEN_SIGN_ENTRY, content, signature);
    cr_expect(verify_both(GALEN_SIGN_ENTRY, keys.sign_public, content, signature));
    cr_expect(!verify_both(GALEN_SIGN_HEAD, keys.sign_public, content, signature));
    cr_expect(!verify_both(GALEN_SIGN_ENTRY, other.sign_public, content, signature));
    cr_expect(!verify_both(GALEN_SIGN_ENTRY, keys.sign_public,
                           (struct galen_bytes){message, sizeof message - 1}, signature));
}

Test(signatures, every_flipped_bit_of_signature_key_and_message_is_refused)
{
    struct galen_device_secrets keys = device(1);
    uint8_t signature[64];
    uint8_t altered[sizeof message];
    galen_sign(&keys, GALEN_SIGN_ENTRY, content, signature);
    for (size_t i = 0; i < 64 * 8; i++) {
        signature[i / 8] ^= (uint8_t)(1 << i % 8);
        cr_expect(!verify_both(GALEN_SIGN_ENTRY, keys.sign_public, content, signature),
                  "signature bit %zu", i);
        signature[i / 8] ^= (uint8_t)(1 << i % 8);
    }
    for (size_t i = 0; i < 32 * 8; i++) {
        uint8_t key[32];
        memcpy(key, keys.sign_public, 32);
        key[i / 8] ^= (uint8_t)(1 << i % 8);
        cr_expect(!verify_both(GALEN_SIGN_ENTRY, key, content, signature), "key bit %zu", i);
    }
    for (size_t i = 0; i < sizeof message; i++) {
        memcpy(altered, message, sizeof message);
        altered[i] ^= 1;
        cr_expect(!verify_both(GALEN_SIGN_ENTRY, keys.sign_public,
                               (struct galen_bytes){altered, sizeof altered}, signature),
                  "message byte %zu", i);
    }
}

/* S + L verifies with a careless library: the same signature in other bytes. */
Test(signatures, have_one_form)
{
    static const uint8_t group_order[32] = {0xed, 0xd3, 0xf5, 0x5c, 0x1a,       0x63,
                                            0x12, 0x58, 0xd6, 0x9c, 0xf7,       0xa2,
                                            0xde, 0xf9, 0xde, 0x14, [31] = 0x10};
    struct galen_device_secrets keys = device(1);
    uint8_t signature[64];
    galen_sign(&keys, GALEN_SIGN_ENTRY, content, signature);
    unsigned carry = 0;
    for (size_t i = 0; i < 32; i++) {
        carry += (unsigned)signature[32 + i] + group_order[i];
        signature[32 + i] = (uint8_t)carry;
        carry >>= 8;
    }
    cr_expect(!galen_signature_ok(signature));
    cr_expect(!verify_both(GALEN_SIGN_ENTRY, keys.sign_public, content, signature));
}

/*
 * The bytes that are signed, written out with the codec and verified by OpenSSL on its own: label
 * with its length, then SHA-256 of the message.
 */
Test(signatures, cover_the_label_and_the_hash_of_the_message)
{
    struct galen_device_secrets keys = device(3);
    uint8_t signature[64];
    uint8_t digest[32];
    struct galen_writer w;
    galen_writer_init(&w);
    galen_write_vector(&w, (struct galen_bytes){(const uint8_t *)"galen head", 10});
    test_primitives.sha256(&content, 1, digest);
    galen_write(&w, digest, sizeof digest);
    galen_sign(&keys, GALEN_SIGN_HEAD, content, signature);
    cr_expect(test_primitives.ed25519_verify(keys.sign_public, galen_written(&w), signature));
    galen_writer_wipe(&w);
}

Test(signatures, of_long_and_empty_messages)
{
    static uint8_t megabyte[1 << 20];
    struct galen_device_secrets keys = device(4);
    uint8_t signature[64];
    struct galen_bytes whole = {megabyte, sizeof megabyte};
    galen_sign(&keys, GALEN_SIGN_ENTRY, whole, signature);
    cr_expect(verify_both(GALEN_SIGN_ENTRY, keys.sign_public, whole, signature));
    megabyte[sizeof megabyte - 1] ^= 1;
    cr_expect(!verify_both(GALEN_SIGN_ENTRY, keys.sign_public, whole, signature));
    galen_sign(&keys, GALEN_SIGN_ENTRY, (struct galen_bytes){0}, signature);
    cr_expect(verify_both(GALEN_SIGN_ENTRY, keys.sign_public, (struct galen_bytes){0}, signature));
}

Test(signatures, from_the_seed_alone_are_the_same)
{
    struct galen_device_secrets keys = device(5);
    uint8_t a[64];
    uint8_t b[64];
    galen_sign(&keys, GALEN_SIGN_STATEMENT, content, a);
    galen_sign_seed(keys.sign_seed, GALEN_SIGN_STATEMENT, content, b);
    cr_expect(memcmp(a, b, 64) == 0);
}

Test(device_secrets, public_halves_are_what_openssl_computes)
{
    for (uint8_t n = 0; n < 20; n++) {
        struct galen_device_secrets keys = device(n);
        uint8_t computed[32];
        test_sign_key(keys.sign_seed, computed);
        cr_expect(memcmp(computed, keys.sign_public, 32) == 0);
        test_seal_key(keys.seal_secret, computed);
        cr_expect(memcmp(computed, keys.seal_public, 32) == 0);
        cr_expect(memcmp(keys.sign_seed, keys.seal_secret, 32) != 0);
    }
}

Test(device_secrets, are_the_same_each_time_and_differ_with_the_material)
{
    struct galen_device_secrets a = device(1);
    struct galen_device_secrets b = device(1);
    cr_expect(memcmp(&a, &b, sizeof a) == 0);
    b = device(2);
    cr_expect(memcmp(a.sign_seed, b.sign_seed, 32) != 0);
    cr_expect(memcmp(a.seal_secret, b.seal_secret, 32) != 0);
}

Test(device_secrets, of_an_invitation_depend_on_secret_and_practice)
{
    const uint8_t secret[16] = {1, 2, 3};
    const uint8_t other_secret[16] = {1, 2, 4};
    const struct galen_id practice = {{5}};
    const struct galen_id other_practice = {{6}};
    struct galen_device_secrets a;
    struct galen_device_secrets b;
    galen_device_secrets_invitation(secret, &practice, &a);
    galen_device_secrets_invitation(secret, &practice, &b);
    cr_expect(memcmp(&a, &b, sizeof a) == 0);
    galen_device_secrets_invitation(other_secret, &practice, &b);
    cr_expect(memcmp(a.sign_public, b.sign_public, 32) != 0);
    cr_expect(memcmp(a.seal_public, b.seal_public, 32) != 0);
    galen_device_secrets_invitation(secret, &other_practice, &b);
    cr_expect(memcmp(a.sign_public, b.sign_public, 32) != 0);
    cr_expect(memcmp(a.seal_public, b.seal_public, 32) != 0);
}

Test(device_secrets, wipe_leaves_zeros)
{
    static const struct galen_device_secrets zeros;
    struct galen_device_secrets keys = device(1);
    galen_device_secrets_wipe(&keys);
    galen_device_secrets_wipe(&keys);
    cr_expect(memcmp(&keys, &zeros, sizeof keys) == 0);
}
