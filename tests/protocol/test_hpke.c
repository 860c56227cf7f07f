/* protocol/include/galen/hpke.h: RFC 9180 in base mode, and the seals of rule K4. */
#include "galen/hpke.h"
#include "support/allocator.h"
#include "support/vectors.h"

#include <criterion/criterion.h>
#include <string.h>

#define BYTES(array) ((struct galen_bytes){array, sizeof(array)})

static const struct galen_bytes none = {0};
static const struct galen_id recipient_id = {{7, 7, 7}};

/* A pair of keys that depends on `n` only. */
struct pair {
    uint8_t secret[32];
    uint8_t public_key[32];
};

static struct pair pair(uint8_t n)
{
    struct pair made;
    uint8_t ikm[32];
    memset(ikm, n, sizeof ikm);
    galen_hpke_derive_key_pair(BYTES(ikm), made.secret, made.public_key);
    return made;
}

static void expect_bytes(const char *what, const void *at, size_t n, struct galen_bytes expected)
{
    cr_assert_eq(n, expected.size, "%s: %zu bytes, expected %zu", what, n, expected.size);
    cr_assert(memcmp(at, expected.at, n) == 0, "%s differs", what);
}

static void expect_context(const struct galen_hpke *hpke, const cJSON *setup)
{
    expect_bytes("key", hpke->key, sizeof hpke->key, vectors_hex(setup, "key"));
    expect_bytes("base nonce", hpke->base_nonce, sizeof hpke->base_nonce,
                 vectors_hex(setup, "base_nonce"));
    expect_bytes("exporter secret", hpke->exporter_secret, sizeof hpke->exporter_secret,
                 vectors_hex(setup, "exporter_secret"));
}

static void expect_pair(const cJSON *setup, const char *ikm, const char *secret,
                        const char *public_key)
{
    struct pair made;
    galen_hpke_derive_key_pair(vectors_hex(setup, ikm), made.secret, made.public_key);
    expect_bytes(secret, made.secret, 32, vectors_hex(setup, secret));
    expect_bytes(public_key, made.public_key, 32, vectors_hex(setup, public_key));
}

/* Seals and opens nothing until both contexts stand at `sequence`. */
static void advance(struct galen_hpke *sender, struct galen_hpke *receiver, uint64_t sequence)
{
    uint8_t sealed[GALEN_TAG_BYTES];
    uint8_t nothing;
    while (sender->sequence < sequence) {
        cr_assert_eq(galen_hpke_context_seal(sender, none, none, sealed), GALEN_OK);
        cr_assert_eq(galen_hpke_context_open(receiver, none, BYTES(sealed), &nothing), GALEN_OK);
    }
    cr_assert_eq(sender->sequence, sequence);
    cr_assert_eq(receiver->sequence, sequence);
}

static void expect_encryption(struct galen_hpke *sender, struct galen_hpke *receiver,
                              const cJSON *encryption)
{
    uint8_t sealed[256];
    uint8_t opened[256];
    struct galen_bytes plaintext = vectors_hex(encryption, "pt");
    struct galen_bytes aad = vectors_hex(encryption, "aad");
    struct galen_bytes ciphertext = vectors_hex(encryption, "ct");
    cr_assert_leq(ciphertext.size, sizeof sealed);
    cr_assert_eq(galen_hpke_context_seal(sender, aad, plaintext, sealed), GALEN_OK);
    expect_bytes("ciphertext", sealed, plaintext.size + GALEN_TAG_BYTES, ciphertext);
    cr_assert_eq(galen_hpke_context_open(receiver, aad, ciphertext, opened), GALEN_OK);
    expect_bytes("plaintext", opened, ciphertext.size - GALEN_TAG_BYTES, plaintext);
}

Test(hpke, rfc_9180_appendix_a_2_1)
{
    cJSON *json = vectors_json("hpke/base-x25519-sha256-chacha20poly1305.json");
    const cJSON *setup = cJSON_GetObjectItem(json, "setup");
    expect_pair(setup, "ikmE", "skEm", "pkEm");
    expect_pair(setup, "ikmR", "skRm", "pkRm");

    struct galen_hpke sender;
    struct galen_hpke receiver;
    uint8_t enc[GALEN_HPKE_ENC_BYTES];
    cr_assert_eq(galen_hpke_setup_sender(&sender, vectors_hex(setup, "ikmE"),
                                         vectors_hex(setup, "pkRm").at, vectors_hex(setup, "info"),
                                         enc),
                 GALEN_OK);
    expect_bytes("enc", enc, sizeof enc, vectors_hex(setup, "enc"));
    expect_context(&sender, setup);
    cr_assert_eq(galen_hpke_setup_receiver(&receiver, enc, vectors_hex(setup, "skRm").at,
                                           vectors_hex(setup, "pkRm").at,
                                           vectors_hex(setup, "info")),
                 GALEN_OK);
    expect_context(&receiver, setup);

    int encryptions = 0;
    const cJSON *item;
    cJSON_ArrayForEach(item, cJSON_GetObjectItem(json, "encryptions"))
    {
        advance(&sender, &receiver, (uint64_t)vectors_number(item, "sequence number"));
        expect_encryption(&sender, &receiver, item);
        encryptions++;
    }
    cr_assert_eq(encryptions, 6);

    int exports = 0;
    cJSON_ArrayForEach(item, cJSON_GetObjectItem(json, "exports"))
    {
        uint8_t exported[64];
        size_t n = (size_t)vectors_number(item, "L");
        cr_assert_leq(n, sizeof exported);
        galen_hpke_export(&receiver, vectors_hex(item, "exporter_context"), exported, n);
        expect_bytes("export", exported, n, vectors_hex(item, "exported_value"));
        exports++;
    }
    cr_assert_eq(exports, 3);
    cJSON_Delete(json);
}

/* One sealed message, with everything that opens it. */
struct sealed {
    struct pair recipient;
    uint8_t info[40];
    uint8_t aad[17];
    uint8_t enc[GALEN_HPKE_ENC_BYTES];
    struct galen_writer ciphertext;
};

static struct sealed seal(struct galen_bytes plaintext)
{
    struct sealed s = {.recipient = pair(2), .info = "who this is for", .aad = "goes along"};
    const uint8_t ikm[32] = {1};
    galen_writer_init(&s.ciphertext);
    cr_assert_eq(galen_hpke_seal(BYTES(ikm), s.recipient.public_key, BYTES(s.info), BYTES(s.aad),
                                 plaintext, s.enc, &s.ciphertext),
                 GALEN_OK);
    cr_assert_eq(s.ciphertext.size, plaintext.size + GALEN_TAG_BYTES);
    return s;
}

static enum galen_err open_sealed(const struct sealed *s, struct galen_bytes ciphertext,
                                  struct galen_writer *out)
{
    return galen_hpke_open(s->enc, s->recipient.secret, s->recipient.public_key, BYTES(s->info),
                           BYTES(s->aad), ciphertext, out);
}

Test(hpke, what_is_sealed_opens_at_every_size)
{
    static uint8_t plaintext[600];
    for (size_t i = 0; i < sizeof plaintext; i++)
        plaintext[i] = (uint8_t)(i * 31);
    for (size_t n = 0; n <= sizeof plaintext; n++) {
        struct sealed s = seal((struct galen_bytes){plaintext, n});
        struct galen_writer opened;
        galen_writer_init(&opened);
        galen_write_u8(&opened, 0xaa);
        cr_assert_eq(open_sealed(&s, galen_written(&s.ciphertext), &opened), GALEN_OK);
        cr_assert_eq(opened.size, 1 + n);
        cr_assert_eq(opened.at[0], 0xaa);
        cr_assert(memcmp(opened.at + 1, plaintext, n) == 0);
        galen_writer_wipe(&opened);
        galen_writer_wipe(&s.ciphertext);
    }
}

static void expect_refused(const struct sealed *s, struct galen_bytes ciphertext, const char *what,
                           size_t at)
{
    struct galen_writer opened;
    galen_writer_init(&opened);
    galen_write_u8(&opened, 0xaa);
    enum galen_err err = open_sealed(s, ciphertext, &opened);
    cr_expect(err == GALEN_ERR_SEAL || err == GALEN_ERR_KEY, "%s changed at %zu: %s", what, at,
              galen_err_name(err));
    cr_expect_eq(opened.size, 1, "%s changed at %zu leaves bytes behind", what, at);
    galen_writer_wipe(&opened);
}

static void flip_each(struct sealed *s, uint8_t *at, size_t n, const char *what)
{
    for (size_t i = 0; i < n * 8; i++) {
        at[i / 8] ^= (uint8_t)(1 << i % 8);
        expect_refused(s, galen_written(&s->ciphertext), what, i);
        at[i / 8] ^= (uint8_t)(1 << i % 8);
    }
}

Test(hpke, every_flipped_bit_and_every_truncation_is_refused)
{
    const uint8_t plaintext[] = "take one tablet in the morning";
    struct sealed s = seal(BYTES(plaintext));
    flip_each(&s, s.enc, sizeof s.enc, "enc");
    flip_each(&s, s.info, sizeof s.info, "info");
    flip_each(&s, s.aad, sizeof s.aad, "aad");
    flip_each(&s, s.ciphertext.at, s.ciphertext.size, "ciphertext");
    for (size_t n = 0; n < s.ciphertext.size; n++)
        expect_refused(&s, (struct galen_bytes){s.ciphertext.at, n}, "length", n);
    s.recipient = pair(3);
    expect_refused(&s, galen_written(&s.ciphertext), "recipient", 0);
    galen_writer_wipe(&s.ciphertext);
}

Test(hpke, a_message_out_of_order_is_refused_and_the_right_one_still_opens)
{
    const uint8_t ikm[32] = {9};
    struct pair to = pair(4);
    struct galen_hpke sender;
    struct galen_hpke receiver;
    uint8_t enc[32];
    uint8_t first[5 + GALEN_TAG_BYTES];
    uint8_t second[6 + GALEN_TAG_BYTES];
    uint8_t out[6];
    cr_assert_eq(galen_hpke_setup_sender(&sender, BYTES(ikm), to.public_key, none, enc), GALEN_OK);
    cr_assert_eq(galen_hpke_setup_receiver(&receiver, enc, to.secret, to.public_key, none),
                 GALEN_OK);
    cr_assert_eq(galen_hpke_context_seal(&sender, none,
                                         (struct galen_bytes){(const uint8_t *)"first", 5}, first),
                 GALEN_OK);
    cr_assert_eq(galen_hpke_context_seal(
                     &sender, none, (struct galen_bytes){(const uint8_t *)"second", 6}, second),
                 GALEN_OK);
    cr_assert_eq(galen_hpke_context_open(&receiver, none, BYTES(second), out), GALEN_ERR_SEAL);
    cr_assert_eq(galen_hpke_context_open(&receiver, none, BYTES(first), out), GALEN_OK);
    cr_assert_eq(galen_hpke_context_open(&receiver, none, BYTES(first), out), GALEN_ERR_SEAL);
    cr_assert_eq(galen_hpke_context_open(&receiver, none, BYTES(second), out), GALEN_OK);
    cr_assert(memcmp(out, "second", 6) == 0);
}

Test(hpke, the_last_sequence_number_is_never_used)
{
    struct galen_hpke hpke = {.sequence = UINT64_MAX};
    uint8_t sealed[GALEN_TAG_BYTES] = {0};
    uint8_t nothing;
    cr_assert_eq(galen_hpke_context_seal(&hpke, none, none, sealed), GALEN_ERR_LIMIT);
    cr_assert_eq(galen_hpke_context_open(&hpke, none, BYTES(sealed), &nothing), GALEN_ERR_LIMIT);
}

Test(hpke, wipe_leaves_zeros)
{
    static const struct galen_hpke zeros;
    struct galen_hpke hpke;
    uint8_t enc[32];
    const uint8_t ikm[32] = {5};
    cr_assert_eq(galen_hpke_setup_sender(&hpke, BYTES(ikm), pair(6).public_key, none, enc),
                 GALEN_OK);
    galen_hpke_wipe(&hpke);
    cr_assert(memcmp(&hpke, &zeros, sizeof hpke) == 0);
}

/* A neutral point, and p + 9, which is the base point written in a second way. */
static const uint8_t refused_keys[][32] = {
    {0x01},
    {0xf6, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
};

Test(hpke, keys_of_small_order_and_second_writings_are_refused_on_both_sides)
{
    const uint8_t ikm[32] = {1};
    const uint8_t sealed[GALEN_TAG_BYTES] = {0};
    struct pair own = pair(1);
    struct galen_writer out;
    galen_writer_init(&out);
    for (size_t i = 0; i < sizeof refused_keys / sizeof refused_keys[0]; i++) {
        uint8_t enc[32];
        struct galen_sealed_key key;
        uint8_t opened[32];
        cr_expect_eq(galen_hpke_seal(BYTES(ikm), refused_keys[i], none, none, none, enc, &out),
                     GALEN_ERR_KEY);
        cr_expect_eq(galen_hpke_open(refused_keys[i], own.secret, own.public_key, none, none,
                                     BYTES(sealed), &out),
                     GALEN_ERR_KEY);
        cr_expect_eq(galen_seal_key(ikm, refused_keys[i], &recipient_id, none, &key),
                     GALEN_ERR_KEY);
        memcpy(key.bytes, refused_keys[i], 32);
        cr_expect_eq(galen_open_key(&key, own.secret, own.public_key, none, opened), GALEN_ERR_KEY);
        cr_expect(!galen_sealed_key_matches(&key, ikm, refused_keys[i], &recipient_id, none));
        cr_expect_eq(out.size, 0);
    }
    galen_writer_wipe(&out);
}

Test(hpke, out_of_memory_is_named)
{
    const uint8_t plaintext[100] = {1};
    const uint8_t ikm[32] = {1};
    struct sealed s = seal(BYTES(plaintext));
    struct galen_writer out;
    uint8_t enc[32];
    size_t failures = 0;
    for (size_t nth = 1;; nth++) {
        galen_writer_init(&out);
        allocator_fail(nth);
        enum galen_err err = galen_hpke_seal(BYTES(ikm), s.recipient.public_key, none, none,
                                             BYTES(plaintext), enc, &out);
        bool failed = allocator_failed();
        allocator_fail(0);
        cr_expect_eq(err, failed ? GALEN_ERR_MEMORY : GALEN_OK);
        galen_writer_wipe(&out);
        if (!failed)
            break;
        failures++;
    }
    for (size_t nth = 1;; nth++) {
        galen_writer_init(&out);
        allocator_fail(nth);
        enum galen_err err = open_sealed(&s, galen_written(&s.ciphertext), &out);
        bool failed = allocator_failed();
        allocator_fail(0);
        cr_expect_eq(err, failed ? GALEN_ERR_MEMORY : GALEN_OK);
        galen_writer_wipe(&out);
        if (!failed)
            break;
        failures++;
    }
    cr_expect_gt(failures, 1);
    galen_writer_wipe(&s.ciphertext);
}

static const uint8_t epoch_key[32] = {0xe9, 0x0c, 0x88};
static const uint8_t info[] = "epoch, chart, 3, author, head, recipient";

Test(seals, the_recipient_opens_and_everybody_can_recompute)
{
    struct pair to = pair(11);
    struct galen_sealed_key sealed;
    uint8_t opened[32];
    cr_assert_eq(galen_seal_key(epoch_key, to.public_key, &recipient_id, BYTES(info), &sealed),
                 GALEN_OK);
    cr_assert_eq(galen_open_key(&sealed, to.secret, to.public_key, BYTES(info), opened), GALEN_OK);
    cr_assert(memcmp(opened, epoch_key, 32) == 0);
    cr_assert(galen_sealed_key_matches(&sealed, opened, to.public_key, &recipient_id, BYTES(info)));
}

/* K4, step by step: the bytes that every reader must get. */
Test(seals, are_hpke_with_the_ephemeral_pair_of_rule_k4)
{
    struct pair to = pair(11);
    struct galen_sealed_key sealed;
    uint8_t ikm[32];
    uint8_t enc[32];
    struct galen_writer ciphertext;
    galen_writer_init(&ciphertext);
    galen_expand(epoch_key, "seal", BYTES(recipient_id.bytes), ikm, sizeof ikm);
    cr_assert_eq(galen_hpke_seal(BYTES(ikm), to.public_key, BYTES(info), none, BYTES(epoch_key),
                                 enc, &ciphertext),
                 GALEN_OK);
    cr_assert_eq(galen_seal_key(epoch_key, to.public_key, &recipient_id, BYTES(info), &sealed),
                 GALEN_OK);
    expect_bytes("enc", sealed.bytes, 32, BYTES(enc));
    expect_bytes("ciphertext", sealed.bytes + 32, 48, galen_written(&ciphertext));
    galen_writer_wipe(&ciphertext);
}

Test(seals, every_flipped_bit_is_noticed_by_the_recipient_and_by_the_others)
{
    struct pair to = pair(11);
    struct galen_sealed_key sealed;
    uint8_t opened[32];
    cr_assert_eq(galen_seal_key(epoch_key, to.public_key, &recipient_id, BYTES(info), &sealed),
                 GALEN_OK);
    for (size_t i = 0; i < sizeof sealed.bytes * 8; i++) {
        struct galen_sealed_key bad = sealed;
        bad.bytes[i / 8] ^= (uint8_t)(1 << i % 8);
        enum galen_err err = galen_open_key(&bad, to.secret, to.public_key, BYTES(info), opened);
        cr_expect(err == GALEN_ERR_SEAL || err == GALEN_ERR_KEY, "bit %zu opens", i);
        cr_expect(
            !galen_sealed_key_matches(&bad, epoch_key, to.public_key, &recipient_id, BYTES(info)));
    }
}

Test(seals, another_key_for_one_member_is_noticed_by_the_others)
{
    /* The recipient can open it; whoever was given the true key sees that it is another. */
    const uint8_t another[32] = {0xba, 0xd0};
    struct pair to = pair(12);
    struct galen_sealed_key sealed;
    cr_assert_eq(galen_seal_key(another, to.public_key, &recipient_id, BYTES(info), &sealed),
                 GALEN_OK);
    cr_expect(
        !galen_sealed_key_matches(&sealed, epoch_key, to.public_key, &recipient_id, BYTES(info)));
    cr_expect(
        galen_sealed_key_matches(&sealed, another, to.public_key, &recipient_id, BYTES(info)));
}

Test(seals, are_bound_to_recipient_and_info)
{
    const struct galen_id another_id = {{8}};
    const uint8_t another_info[] = "history, chart, 3, author, head, recipient";
    struct pair to = pair(11);
    struct galen_sealed_key sealed;
    struct galen_sealed_key other;
    uint8_t opened[32];
    static const uint8_t zeros[32];
    cr_assert_eq(galen_seal_key(epoch_key, to.public_key, &recipient_id, BYTES(info), &sealed),
                 GALEN_OK);
    cr_expect_eq(galen_open_key(&sealed, to.secret, to.public_key, BYTES(another_info), opened),
                 GALEN_ERR_SEAL);
    cr_expect(memcmp(opened, zeros, 32) == 0);
    cr_expect(
        !galen_sealed_key_matches(&sealed, epoch_key, to.public_key, &another_id, BYTES(info)));
    cr_assert_eq(galen_seal_key(epoch_key, to.public_key, &another_id, BYTES(info), &other),
                 GALEN_OK);
    cr_expect(memcmp(sealed.bytes, other.bytes, 32) != 0, "two recipients share an ephemeral key");
}
