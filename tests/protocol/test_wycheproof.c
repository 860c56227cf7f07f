/*
 * Wycheproof's vectors for everything that both libraries do here. The server (OpenSSL) and the core
 * (libsodium) must agree with each other and with the verdict of the file on every case.
 */
#include "galen/crypto.h"
#include "support/primitives.h"
#include "support/vectors.h"
#include "verify.h"

#include <criterion/criterion.h>
#include <sodium.h>
#include <string.h>

typedef void one_case(const cJSON *group, const cJSON *test, int id);

/* Calls `run` on every case; the number of cases is known, so that none is passed over. */
static void each_case(const char *name, one_case *run, int expected)
{
    cJSON *json = vectors_json(name);
    const cJSON *group;
    const cJSON *test;
    int count = 0;
    cJSON_ArrayForEach(group, cJSON_GetObjectItem(json, "testGroups"))
    {
        cJSON_ArrayForEach(test, cJSON_GetObjectItem(group, "tests"))
        {
            run(group, test, (int)vectors_number(test, "tcId"));
            count++;
        }
    }
    cr_expect_eq(count, expected, "%d cases", count);
    cJSON_Delete(json);
}

static bool result_is(const cJSON *test, const char *result)
{
    return strcmp(cJSON_GetStringValue(cJSON_GetObjectItem(test, "result")), result) == 0;
}

static bool flagged(const cJSON *test, const char *flag)
{
    const cJSON *item;
    cJSON_ArrayForEach(item, cJSON_GetObjectItem(test, "flags"))
    {
        if (strcmp(item->valuestring, flag) == 0)
            return true;
    }
    return false;
}

/* As galen_verify does it, over the plain message of the vector. */
static bool verify(const struct galen_primitives *primitives, struct galen_bytes key,
                   struct galen_bytes message, struct galen_bytes signature)
{
    return key.size == 32 && signature.size == 64 && galen_sign_key_ok(key.at) &&
           galen_signature_ok(signature.at) &&
           primitives->ed25519_verify(key.at, message, signature.at);
}

static void ed25519_case(const cJSON *group, const cJSON *test, int id)
{
    struct galen_bytes key = vectors_hex(cJSON_GetObjectItem(group, "publicKey"), "pk");
    struct galen_bytes message = vectors_hex(test, "msg");
    struct galen_bytes signature = vectors_hex(test, "sig");
    bool server = verify(verify_openssl(), key, message, signature);
    bool client = verify(galen_sodium_primitives(), key, message, signature);
    cr_expect_eq(server, result_is(test, "valid"), "OpenSSL, case %d", id);
    cr_expect_eq(client, result_is(test, "valid"), "libsodium, case %d", id);
}

Test(wycheproof, ed25519)
{
    each_case("wycheproof/ed25519_test.json", ed25519_case, 151);
}

static void x25519_case(const cJSON *group, const cJSON *test, int id)
{
    (void)group;
    struct galen_bytes public_key = vectors_hex(test, "public");
    struct galen_bytes secret = vectors_hex(test, "private");
    struct galen_bytes shared = vectors_hex(test, "shared");
    cr_assert(public_key.size == 32 && secret.size == 32 && shared.size == 32, "case %d", id);
    uint8_t ours[32];
    uint8_t theirs[32];
    bool client = crypto_scalarmult_curve25519(ours, secret.at, public_key.at) == 0;
    bool server = test_shared_secret(secret.at, public_key.at, theirs);
    cr_expect_eq(client, server, "case %d", id);
    bool refused = flagged(test, "LowOrderPublic") || flagged(test, "NonCanonicalPublic") ||
                   flagged(test, "ZeroSharedSecret");
    cr_expect_eq(galen_seal_key_ok(public_key.at), !refused, "K1, case %d", id);
    cr_expect(!refused || result_is(test, "acceptable"), "K1 refuses a valid key, case %d", id);
    if (refused)
        return;
    cr_expect(client, "case %d", id);
    cr_expect(memcmp(ours, shared.at, 32) == 0, "libsodium, case %d", id);
    cr_expect(memcmp(theirs, shared.at, 32) == 0, "OpenSSL, case %d", id);
}

Test(wycheproof, x25519)
{
    each_case("wycheproof/x25519_test.json", x25519_case, 518);
}

enum { AEAD_MAX = 4096 };

struct aead_parts {
    struct galen_bytes key, nonce, aad, message, ciphertext, tag;
};

static void aead_case(const cJSON *group, const cJSON *test, int id)
{
    (void)group;
    struct aead_parts p = {vectors_hex(test, "key"), vectors_hex(test, "iv"),
                           vectors_hex(test, "aad"), vectors_hex(test, "msg"),
                           vectors_hex(test, "ct"),  vectors_hex(test, "tag")};
    if (p.nonce.size != GALEN_NONCE_BYTES) {
        cr_expect(result_is(test, "invalid"), "a nonce of %zu, case %d", p.nonce.size, id);
        return;
    }
    cr_assert(p.key.size == 32 && p.tag.size == 16 && p.ciphertext.size < AEAD_MAX, "case %d", id);
    uint8_t sealed[AEAD_MAX + 16];
    uint8_t ours[AEAD_MAX];
    uint8_t theirs[AEAD_MAX];
    memcpy(sealed, p.ciphertext.at, p.ciphertext.size);
    memcpy(sealed + p.ciphertext.size, p.tag.at, 16);
    struct galen_bytes whole = {sealed, p.ciphertext.size + 16};
    bool client = galen_aead_open(p.key.at, p.nonce.at, p.aad, whole, ours);
    cr_expect_eq(client, result_is(test, "valid"), "libsodium, case %d", id);
    cr_expect_eq(client, test_decrypt("chacha20-poly1305", p.key, p.nonce, p.aad, whole, theirs),
                 "OpenSSL, case %d", id);
    if (!client)
        return;
    cr_expect(memcmp(ours, p.message.at, p.message.size) == 0, "case %d", id);
    cr_expect(memcmp(theirs, p.message.at, p.message.size) == 0, "case %d", id);
    uint8_t again[AEAD_MAX + 16];
    galen_aead_seal(p.key.at, p.nonce.at, p.aad, p.message, again);
    cr_expect(memcmp(again, sealed, whole.size) == 0, "sealed again, case %d", id);
}

Test(wycheproof, chacha20_poly1305)
{
    each_case("wycheproof/chacha20_poly1305_test.json", aead_case, 325);
}

static void hkdf_case(const cJSON *group, const cJSON *test, int id)
{
    (void)group;
    static uint8_t ours[GALEN_HKDF_MAX];
    static uint8_t theirs[GALEN_HKDF_MAX + 64];
    struct galen_bytes ikm = vectors_hex(test, "ikm");
    struct galen_bytes salt = vectors_hex(test, "salt");
    struct galen_bytes info = vectors_hex(test, "info");
    struct galen_bytes okm = vectors_hex(test, "okm");
    size_t n = (size_t)vectors_number(test, "size");
    cr_expect_eq(result_is(test, "valid"), n <= GALEN_HKDF_MAX, "case %d asks for %zu", id, n);
    cr_assert_leq(n, sizeof theirs, "case %d", id);
    cr_expect_eq(test_hkdf(TEST_HKDF_WHOLE, "SHA256", ikm, salt, info, theirs, n),
                 n <= GALEN_HKDF_MAX, "case %d", id);
    if (n > GALEN_HKDF_MAX)
        return;
    uint8_t prk[GALEN_KEY_BYTES];
    galen_hkdf_extract(salt, ikm, prk);
    galen_hkdf_expand(prk, info, ours, n);
    cr_assert_eq(okm.size, n);
    cr_expect(memcmp(ours, okm.at, n) == 0, "HMAC by libsodium, case %d", id);
    cr_expect(memcmp(theirs, okm.at, n) == 0, "OpenSSL, case %d", id);
}

Test(wycheproof, hkdf_sha256)
{
    each_case("wycheproof/hkdf_sha256_test.json", hkdf_case, 86);
}
