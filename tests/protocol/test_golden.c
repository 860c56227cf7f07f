/*
 * The bytes of keys, ids, signatures and seals, as a second implementation of PROTOCOL.md gives them
 * (tests/vectors/make_golden.py). What fails here would no longer open what is stored.
 */
#include "galen/hpke.h"
#include "vectors/golden.h"

#include <criterion/criterion.h>
#include <string.h>

#define BYTES(array) ((struct galen_bytes){array, sizeof(array)})
#define EXPECT_SAME(got, golden)                                                                   \
    do {                                                                                           \
        cr_assert_eq(sizeof(got), sizeof(golden));                                                 \
        cr_expect(memcmp(got, golden, sizeof(golden)) == 0);                                       \
    } while (0)

/* first, first + 1, … */
static void count_up(uint8_t *out, size_t n, unsigned first)
{
    for (size_t i = 0; i < n; i++)
        out[i] = (uint8_t)(first + i);
}

static struct galen_device_secrets device(void)
{
    struct galen_device_secrets secrets;
    uint8_t material[32];
    count_up(material, sizeof material, 0);
    galen_device_secrets_derive(material, &secrets);
    return secrets;
}

Test(golden, device_keys)
{
    struct galen_device_secrets secrets = device();
    EXPECT_SAME(secrets.sign_seed, golden_sign_seed);
    EXPECT_SAME(secrets.sign_public, golden_sign_public);
    EXPECT_SAME(secrets.seal_secret, golden_seal_secret);
    EXPECT_SAME(secrets.seal_public, golden_seal_public);
}

Test(golden, invitation_keys)
{
    struct galen_device_secrets secrets;
    struct galen_id practice;
    uint8_t link_secret[GALEN_INVITATION_SECRET_BYTES];
    count_up(practice.bytes, sizeof practice.bytes, 100);
    count_up(link_secret, sizeof link_secret, 0);
    galen_device_secrets_invitation(link_secret, &practice, &secrets);
    EXPECT_SAME(secrets.sign_public, golden_invitation_sign_public);
    EXPECT_SAME(secrets.seal_public, golden_invitation_seal_public);
}

Test(golden, labelled_hash_signature_and_expansion)
{
    struct galen_device_secrets secrets = device();
    const struct galen_bytes keys[] = {BYTES(secrets.sign_public), BYTES(secrets.seal_public)};
    uint8_t id[32];
    uint8_t signature[64];
    uint8_t epoch_key[32];
    uint8_t context[100];
    uint8_t expanded[48];
    galen_hash_labelled(galen_sodium_primitives(), GALEN_ID_OF_DEVICE, keys, 2, id);
    EXPECT_SAME(id, golden_device_id);
    galen_sign(&secrets, GALEN_SIGN_ENTRY,
               (struct galen_bytes){(const uint8_t *)"entry header", 12}, signature);
    EXPECT_SAME(signature, golden_signature);
    count_up(epoch_key, sizeof epoch_key, 200);
    count_up(context, sizeof context, 0);
    galen_expand(epoch_key, "entry", BYTES(context), expanded, sizeof expanded);
    EXPECT_SAME(expanded, golden_expanded);
}

Test(golden, sealed_key)
{
    struct galen_device_secrets secrets = device();
    struct galen_sealed_key sealed;
    struct galen_id recipient;
    uint8_t epoch_key[32];
    uint8_t opened[32];
    const struct galen_bytes info = {(const uint8_t *)"epoch, chart, 3", 15};
    count_up(epoch_key, sizeof epoch_key, 200);
    memcpy(recipient.bytes, golden_device_id, sizeof recipient.bytes);
    cr_assert_eq(galen_seal_key(epoch_key, secrets.seal_public, &recipient, info, &sealed),
                 GALEN_OK);
    EXPECT_SAME(sealed.bytes, golden_sealed_key);
    cr_assert_eq(galen_open_key(&sealed, secrets.seal_secret, secrets.seal_public, info, opened),
                 GALEN_OK);
    EXPECT_SAME(opened, epoch_key);
}
