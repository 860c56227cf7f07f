/* protocol/include/galen/sframe.h, sframe_header.h: RFC 9605 against the working group's vectors. */
#include "galen/crypto.h"
#include "galen/sframe.h"
#include "support/primitives.h"
#include "support/vectors.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define BYTES(array) ((struct galen_bytes){array, sizeof(array)})
#define TEXT(text)   ((struct galen_bytes){(const uint8_t *)(text), strlen(text)})

static const struct galen_bytes nothing = {0};
static const uint8_t base_key[GALEN_KEY_BYTES] = {1, 2, 3, 4, 5};

static void expect_bytes(const char *what, const void *at, size_t n, struct galen_bytes expected)
{
    cr_assert_eq(n, expected.size, "%s: %zu bytes, expected %zu", what, n, expected.size);
    cr_assert(memcmp(at, expected.at, n) == 0, "%s differs", what);
}

/* --- header ------------------------------------------------------------------------------------ */

/** The number after `"name":`, read as 64 bits, which cJSON cannot hold. */
static uint64_t number_after(const char **at, const char *name)
{
    const char *found = strstr(*at, name);
    cr_assert_not_null(found, "no %s", name);
    char *end;
    uint64_t v = strtoull(found + strlen(name), &end, 10);
    *at = end;
    return v;
}

Test(sframe, headers_are_those_of_the_working_group)
{
    char *text = vectors_text("sframe/test-vectors.json");
    cJSON *json = vectors_json("sframe/test-vectors.json");
    const cJSON *rows = cJSON_GetObjectItemCaseSensitive(json, "header"), *row;
    const char *at = strstr(text, "\"header\"");
    cr_assert_not_null(at);
    int seen = 0;
    cJSON_ArrayForEach(row, rows)
    {
        struct galen_sframe_header header = {.key_id = number_after(&at, "\"kid\":")}, read;
        header.counter = number_after(&at, "\"ctr\":");
        uint8_t out[GALEN_SFRAME_HEADER_MAX];
        size_t size = galen_sframe_header_write(&header, out), taken;
        struct galen_bytes expected = vectors_hex(row, "encoded");
        expect_bytes("header", out, size, expected);
        cr_assert_eq(galen_sframe_header_read(expected, &read, &taken), GALEN_OK);
        cr_assert_eq(taken, expected.size);
        cr_assert_eq(read.key_id, header.key_id);
        cr_assert_eq(read.counter, header.counter);
        for (size_t cut = 0; cut < expected.size; cut++)
            cr_assert_eq(
                galen_sframe_header_read((struct galen_bytes){expected.at, cut}, &read, &taken),
                GALEN_ERR_FORMAT, "cut to %zu", cut);
        seen++;
    }
    cr_assert_eq(seen, 289);
    cJSON_Delete(json);
    free(text);
}

Test(sframe, a_header_has_one_encoding)
{
    static const struct {
        const char *name;
        uint8_t bytes[10];
        size_t size;
    } cases[] = {
        {"key id 7 in a byte", {0x80, 0x07}, 2},
        {"counter 0 in a byte", {0x08, 0x00}, 2},
        {"key id 8 in two bytes", {0x90, 0x00, 0x08}, 3},
        {"counter 255 in two bytes", {0x09, 0x00, 0xff}, 3},
        {"counter in eight bytes with a zero first", {0x0f, 0, 1, 2, 3, 4, 5, 6, 7}, 9},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct galen_sframe_header header;
        size_t size;
        cr_assert_eq(galen_sframe_header_read((struct galen_bytes){cases[i].bytes, cases[i].size},
                                              &header, &size),
                     GALEN_ERR_FORMAT, "%s", cases[i].name);
    }
}

Test(sframe, key_ids_say_generation_participant_and_stream)
{
    struct galen_call_key_id id = {0x1234, 0xabcd, 0xe}, read;
    cr_assert_eq(galen_call_key_id_pack(id), 0x1234abcdeull);
    cr_assert_eq(galen_call_key_id_unpack(0x1234abcdeull, &read), GALEN_OK);
    cr_assert_eq(read.generation, 0x1234);
    cr_assert_eq(read.participant, 0xabcd);
    cr_assert_eq(read.stream, 0xe);
    cr_assert_eq(galen_call_key_id_unpack(0x11234abcdeull << 4, &read), GALEN_ERR_FORMAT,
                 "37 bits");
    cr_assert_eq(galen_call_key_id_unpack(0xabcde, &read), GALEN_ERR_FORMAT, "generation 0");
    cr_assert_eq(galen_call_key_id_unpack(0x123400000eull >> 0, &read), GALEN_ERR_FORMAT,
                 "participant 0 and too long");
    cr_assert_eq(galen_call_key_id_unpack(0x12340000eull, &read), GALEN_ERR_FORMAT,
                 "participant 0");
}

/* --- key schedule, with OpenSSL for the suites that Galen does not use ------------------------- */

static void extract_256(struct galen_bytes key, uint8_t *secret)
{
    cr_assert(test_hkdf(TEST_HKDF_EXTRACT, "SHA256", key, nothing, nothing, secret, 32));
}

static void expand_256(const uint8_t *secret, struct galen_bytes info, uint8_t *out, size_t size)
{
    struct galen_bytes key = {secret, 32};
    cr_assert(test_hkdf(TEST_HKDF_EXPAND, "SHA256", key, nothing, info, out, size));
}

static void extract_512(struct galen_bytes key, uint8_t *secret)
{
    cr_assert(test_hkdf(TEST_HKDF_EXTRACT, "SHA512", key, nothing, nothing, secret, 64));
}

static void expand_512(const uint8_t *secret, struct galen_bytes info, uint8_t *out, size_t size)
{
    struct galen_bytes key = {secret, 64};
    cr_assert(test_hkdf(TEST_HKDF_EXPAND, "SHA512", key, nothing, info, out, size));
}

/* RFC 9605 table 2 */
static const struct {
    struct galen_sframe_suite suite;
    size_t tag;
} suites[] = {
    {{1, 32, 48, extract_256, expand_256}, 10}, {{2, 32, 48, extract_256, expand_256}, 8},
    {{3, 32, 48, extract_256, expand_256}, 4},  {{4, 32, 16, extract_256, expand_256}, 16},
    {{5, 64, 32, extract_512, expand_512}, 16},
};

static void put_u64(uint8_t *out, size_t v)
{
    for (int i = 0; i < 8; i++)
        out[i] = (uint8_t)((uint64_t)v >> (56 - 8 * i));
}

/** Section 4.5.1: AES-CTR, then HMAC over the lengths, nonce, associated data and ciphertext. */
static size_t ctr_hmac(const uint8_t *key, const uint8_t *nonce, size_t tag, struct galen_bytes aad,
                       struct galen_bytes plain, uint8_t *out)
{
    uint8_t iv[16] = {0}, mac[32], message[256];
    memcpy(iv, nonce, 12);
    struct galen_bytes aes_key = {key, 16}, mac_key = {key + 16, 32};
    size_t n = test_encrypt("aes-128-ctr", aes_key, BYTES(iv), nothing, plain, out), at = 24;
    put_u64(message, aad.size);
    put_u64(message + 8, n);
    put_u64(message + 16, tag);
    memcpy(message + at, nonce, 12);
    memcpy(message + at + 12, aad.at, aad.size);
    memcpy(message + at + 12 + aad.size, out, n);
    test_hmac_sha256(mac_key, (struct galen_bytes){message, at + 12 + aad.size + n}, mac);
    memcpy(out + n, mac, tag);
    return n + tag;
}

static void check_suite(const cJSON *row, const struct galen_sframe_suite *suite, size_t tag)
{
    uint8_t secret[64], key[64], salt[12], nonce[12], frame[256], aad[128];
    struct galen_sframe_header header = {(uint64_t)vectors_number(row, "kid"),
                                         (uint64_t)vectors_number(row, "ctr")};
    galen_sframe_derive(suite, vectors_hex(row, "base_key"), header.key_id, secret, key, salt);
    expect_bytes("secret", secret, suite->secret_bytes, vectors_hex(row, "sframe_secret"));
    expect_bytes("key", key, suite->key_bytes, vectors_hex(row, "sframe_key"));
    expect_bytes("salt", salt, sizeof salt, vectors_hex(row, "sframe_salt"));
    galen_sframe_nonce(salt, header.counter, nonce);
    expect_bytes("nonce", nonce, sizeof nonce, vectors_hex(row, "nonce"));

    size_t n = galen_sframe_header_write(&header, frame);
    struct galen_bytes metadata = vectors_hex(row, "metadata"), plain = vectors_hex(row, "pt");
    memcpy(aad, frame, n);
    memcpy(aad + n, metadata.at, metadata.size);
    struct galen_bytes associated = {aad, n + metadata.size};
    expect_bytes("aad", aad, associated.size, vectors_hex(row, "aad"));
    const char *gcm = suite->key_bytes == 16 ? "aes-128-gcm" : "aes-256-gcm";
    struct galen_bytes gcm_key = {key, suite->key_bytes};
    n += suite->key_bytes == 48
             ? ctr_hmac(key, nonce, tag, associated, plain, frame + n)
             : test_encrypt(gcm, gcm_key, BYTES(nonce), associated, plain, frame + n);
    expect_bytes("frame", frame, n, vectors_hex(row, "ct"));
}

Test(sframe, key_schedule_is_that_of_the_working_group)
{
    cJSON *json = vectors_json("sframe/test-vectors.json");
    const cJSON *row;
    size_t seen = 0;
    cJSON_ArrayForEach(row, cJSON_GetObjectItemCaseSensitive(json, "sframe"))
    {
        for (size_t i = 0; i < sizeof suites / sizeof suites[0]; i++) {
            if (suites[i].suite.number != (uint16_t)vectors_number(row, "cipher_suite"))
                continue;
            check_suite(row, &suites[i].suite, suites[i].tag);
            seen++;
        }
    }
    cr_assert_eq(seen, 5);
    cJSON_Delete(json);
}

Test(sframe, our_suite_is_that_schedule_with_chacha20_poly1305)
{
    struct galen_sframe_suite by_openssl = {GALEN_SFRAME_SUITE, 32, 32, extract_256, expand_256};
    struct galen_sframe_sender sender;
    uint8_t key[32], salt[12], nonce[12], frame[64], expected[64];
    size_t size;
    galen_sframe_sender_init(&sender, base_key, 0x100010, 300);
    cr_assert_eq(
        galen_sframe_seal(&sender, TEXT("meta"), TEXT("spoken"), frame, sizeof frame, &size),
        GALEN_OK);
    galen_sframe_derive(&by_openssl, BYTES(base_key), 0x100010, NULL, key, salt);
    galen_sframe_nonce(salt, 300, nonce);
    uint8_t aad[] = {0xa9, 0x10, 0x00, 0x10, 0x01, 0x2c, 'm', 'e', 't', 'a'};
    memcpy(expected, aad, 6);
    struct galen_bytes aead_key = {key, sizeof base_key};
    cr_assert_eq(test_encrypt("chacha20-poly1305", aead_key, BYTES(nonce), BYTES(aad),
                              TEXT("spoken"), expected + 6),
                 22);
    expect_bytes("frame", frame, size, (struct galen_bytes){expected, 28});
}

/* --- frames ------------------------------------------------------------------------------------ */

struct line {
    struct galen_sframe_sender sender;
    struct galen_sframe_receiver receiver;
    uint8_t frame[128], plain[128];
    size_t size, opened;
    uint64_t counter;
};

static struct line line_from(uint64_t first)
{
    struct line line = {0};
    galen_sframe_sender_init(&line.sender, base_key, 0x100010, first);
    galen_sframe_receiver_init(&line.receiver, base_key, 0x100010);
    return line;
}

static void seal(struct line *line)
{
    cr_assert_eq(galen_sframe_seal(&line->sender, nothing, TEXT("voice"), line->frame,
                                   sizeof line->frame, &line->size),
                 GALEN_OK);
}

static enum galen_err open(struct line *line)
{
    return galen_sframe_open(&line->receiver, nothing,
                             (struct galen_bytes){line->frame, line->size}, line->plain,
                             sizeof line->plain, &line->opened, &line->counter);
}

/** Seals the frame with this counter. */
static void seal_number(struct line *line, uint64_t counter)
{
    galen_sframe_sender_init(&line->sender, base_key, 0x100010, counter);
    seal(line);
}

Test(sframe, frames_come_back_with_their_counter)
{
    struct line line = line_from(5);
    for (uint64_t i = 5; i < 300; i++) {
        seal(&line);
        cr_assert_eq(open(&line), GALEN_OK);
        cr_assert_eq(line.counter, i);
        cr_assert_eq(line.opened, 5);
        cr_assert_arr_eq(line.plain, "voice", 5);
    }
    galen_sframe_skip(&line.sender);
    seal(&line);
    cr_assert_eq(open(&line), GALEN_OK);
    cr_assert_eq(line.counter, 301, "a skipped frame leaves its number out");
}

Test(sframe, every_changed_bit_is_noticed)
{
    struct line line = line_from(1000);
    seal(&line);
    for (size_t bit = 0; bit < line.size * 8; bit++) {
        line.frame[bit / 8] ^= (uint8_t)(1 << bit % 8);
        cr_assert_neq(open(&line), GALEN_OK, "bit %zu", bit);
        line.frame[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    size_t size = line.size;
    for (line.size = 0; line.size < size; line.size++)
        cr_assert_neq(open(&line), GALEN_OK, "cut to %zu", line.size);
    cr_assert_eq(open(&line), GALEN_OK, "nothing of that moved the window");
}

Test(sframe, metadata_is_bound)
{
    struct line line = line_from(0);
    cr_assert_eq(galen_sframe_seal(&line.sender, TEXT("a"), TEXT("x"), line.frame,
                                   sizeof line.frame, &line.size),
                 GALEN_OK);
    cr_assert_eq(galen_sframe_open(&line.receiver, TEXT("b"),
                                   (struct galen_bytes){line.frame, line.size}, line.plain, 128,
                                   &line.opened, &line.counter),
                 GALEN_ERR_SEAL);
}

Test(sframe, a_replayed_frame_is_refused)
{
    struct line line = line_from(0);
    seal(&line);
    cr_assert_eq(open(&line), GALEN_OK);
    cr_assert_eq(open(&line), GALEN_ERR_REPLAY);
}

/* A model that remembers everything, beside the window, over frames in a wild order. */
Test(sframe, the_replay_window_forgets_nothing_it_should_know)
{
    enum { NUMBERS = 4000 };
    static bool accepted[NUMBERS];
    struct line line = line_from(0);
    uint64_t highest = 0, middle = 0;
    uint32_t random = 1;
    for (int i = 0; i < 20000; i++) {
        random = random * 1664525u + 1013904223u;
        uint32_t draw = random >> 8;
        middle += draw % 7 == 0;
        middle += draw % 1001 == 0 ? 150 : 0;
        uint64_t number = middle + (draw >> 10) % 200;
        if (number >= NUMBERS)
            break;
        bool known = highest >= number && highest - number >= GALEN_SFRAME_WINDOW;
        enum galen_err expected = known || accepted[number] ? GALEN_ERR_REPLAY : GALEN_OK;
        seal_number(&line, number);
        cr_assert_eq(open(&line), expected, "frame %" PRIu64 ", highest %" PRIu64, number, highest);
        accepted[number] = true;
        highest = number > highest ? number : highest;
    }
    cr_assert_gt(highest, 2000);
}

Test(sframe, a_forged_frame_does_not_move_the_window)
{
    struct line line = line_from(10);
    seal(&line);
    uint8_t kept[128];
    size_t size = line.size;
    memcpy(kept, line.frame, size);
    seal_number(&line, UINT64_MAX - 1);
    line.frame[line.size - 1] ^= 1;
    cr_assert_eq(open(&line), GALEN_ERR_SEAL);
    memcpy(line.frame, kept, size);
    line.size = size;
    cr_assert_eq(open(&line), GALEN_OK);
}

Test(sframe, another_key_id_and_small_buffers_are_named)
{
    struct line line = line_from(0);
    seal(&line);
    galen_sframe_receiver_init(&line.receiver, base_key, 0x100020);
    cr_assert_eq(open(&line), GALEN_ERR_EPOCH);
    galen_sframe_receiver_init(&line.receiver, base_key, 0x100010);
    cr_assert_eq(galen_sframe_open(&line.receiver, nothing,
                                   (struct galen_bytes){line.frame, line.size}, line.plain, 4,
                                   &line.opened, &line.counter),
                 GALEN_ERR_TOO_LARGE);
    cr_assert_eq(open(&line), GALEN_OK, "the frame is still good for a larger buffer");
    uint64_t next = line.sender.next;
    for (size_t room = 0; room < line.size; room++)
        cr_assert_eq(
            galen_sframe_seal(&line.sender, nothing, TEXT("voice"), line.frame, room, &line.size),
            GALEN_ERR_TOO_LARGE);
    cr_assert_eq(line.sender.next, next, "no counter was used");
}

Test(sframe, the_last_counter_is_used_once)
{
    struct line line = line_from(UINT64_MAX);
    seal(&line);
    cr_assert_eq(open(&line), GALEN_OK);
    cr_assert_eq(line.counter, UINT64_MAX);
    cr_assert_eq(galen_sframe_seal(&line.sender, nothing, TEXT("x"), line.frame, 128, &line.size),
                 GALEN_ERR_LIMIT);
}
