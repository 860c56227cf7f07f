#include "galen/sframe.h"

#include <assert.h>
#include <string.h>

#include "galen/crypto.h"
#include "galen/mutation.h"

#define KEY_LABEL  "SFrame 1.0 Secret key "
#define SALT_LABEL "SFrame 1.0 Secret salt "
#define INFO_MAX   (sizeof SALT_LABEL - 1 + 8 + 2)

_Static_assert(GALEN_SFRAME_TAG_BYTES == GALEN_TAG_BYTES, "the whole tag, never a shorter one");
_Static_assert(GALEN_SFRAME_NONCE_BYTES == GALEN_NONCE_BYTES, "one nonce size");
_Static_assert(GALEN_SFRAME_WINDOW % 64 == 0, "the window is whole words");

static void extract(struct galen_bytes base_key, uint8_t *secret)
{
    galen_hkdf_extract((struct galen_bytes){0}, base_key, secret);
}

static void expand(const uint8_t *secret, struct galen_bytes info, uint8_t *out, size_t size)
{
    galen_hkdf_expand(secret, info, out, size);
}

const struct galen_sframe_suite galen_sframe_suite = {
    .number = GALEN_SFRAME_SUITE,
    .secret_bytes = GALEN_HASH_BYTES,
    .key_bytes = GALEN_KEY_BYTES,
    .extract = extract,
    .expand = expand,
};

/** label ‖ key id (8 bytes) ‖ suite (2 bytes), as section 4.4.2 puts them together. */
static struct galen_bytes label_info(const char *label, uint64_t key_id, uint16_t suite,
                                     uint8_t out[INFO_MAX])
{
    size_t size = strlen(label);
    memcpy(out, label, size);
    for (int shift = 56; shift >= 0; shift -= 8)
        out[size++] = (uint8_t)(key_id >> shift);
    out[size++] = (uint8_t)(suite >> 8);
    out[size++] = (uint8_t)suite;
    return (struct galen_bytes){out, size};
}

void galen_sframe_derive(const struct galen_sframe_suite *suite, struct galen_bytes base_key,
                         uint64_t key_id, uint8_t *secret, uint8_t *key,
                         uint8_t salt[GALEN_SFRAME_NONCE_BYTES])
{
    assert(suite->secret_bytes <= GALEN_SFRAME_SECRET_MAX);
    uint8_t own[GALEN_SFRAME_SECRET_MAX], info[INFO_MAX];
    suite->extract(base_key, own);
    suite->expand(own, label_info(KEY_LABEL, key_id, suite->number, info), key, suite->key_bytes);
    suite->expand(own, label_info(SALT_LABEL, key_id, suite->number, info), salt,
                  GALEN_SFRAME_NONCE_BYTES);
    if (secret)
        memcpy(secret, own, suite->secret_bytes);
    galen_wipe(own, sizeof own);
}

void galen_sframe_nonce(const uint8_t salt[GALEN_SFRAME_NONCE_BYTES], uint64_t counter,
                        uint8_t nonce[GALEN_SFRAME_NONCE_BYTES])
{
    memcpy(nonce, salt, GALEN_SFRAME_NONCE_BYTES);
    for (size_t i = 0; i < 8; i++)
        nonce[GALEN_SFRAME_NONCE_BYTES - 1 - i] ^= (uint8_t)(counter >> 8 * i);
}

void galen_sframe_sender_init(struct galen_sframe_sender *sender,
                              const uint8_t base_key[GALEN_KEY_BYTES], uint64_t key_id,
                              uint64_t first)
{
    *sender = (struct galen_sframe_sender){.key_id = key_id, .next = first};
    galen_sframe_derive(&galen_sframe_suite, (struct galen_bytes){base_key, GALEN_KEY_BYTES},
                        key_id, NULL, sender->key, sender->salt);
}

void galen_sframe_sender_wipe(struct galen_sframe_sender *sender)
{
    galen_wipe(sender, sizeof *sender);
}

void galen_sframe_skip(struct galen_sframe_sender *sender)
{
    if (sender->next == UINT64_MAX)
        sender->exhausted = true;
    else
        sender->next++;
}

/*
 * Header and metadata, as the AEAD's associated data (section 4.4.3). Metadata is short: it names
 * what a frame belongs to and never carries content.
 */
#define AAD_MAX (GALEN_SFRAME_HEADER_MAX + GALEN_SFRAME_METADATA_MAX)

static struct galen_bytes associate(struct galen_bytes header, struct galen_bytes metadata,
                                    uint8_t out[AAD_MAX])
{
    assert(metadata.size <= GALEN_SFRAME_METADATA_MAX);
    memcpy(out, header.at, header.size);
    if (metadata.size > 0)
        memcpy(out + header.size, metadata.at, metadata.size);
    return (struct galen_bytes){out, header.size + metadata.size};
}

enum galen_err galen_sframe_seal(struct galen_sframe_sender *sender, struct galen_bytes metadata,
                                 struct galen_bytes plain, uint8_t *out, size_t room, size_t *size)
{
    if (sender->exhausted)
        return GALEN_ERR_LIMIT;
    uint8_t header[GALEN_SFRAME_HEADER_MAX], nonce[GALEN_SFRAME_NONCE_BYTES], aad[AAD_MAX];
    struct galen_sframe_header fields = {sender->key_id, sender->next};
    size_t header_size = galen_sframe_header_write(&fields, header);
    if (room < header_size + GALEN_SFRAME_TAG_BYTES ||
        plain.size > room - header_size - GALEN_SFRAME_TAG_BYTES)
        return GALEN_ERR_TOO_LARGE;
    memcpy(out, header, header_size);
    galen_sframe_nonce(sender->salt, sender->next, nonce);
    galen_aead_seal(sender->key, nonce,
                    associate((struct galen_bytes){header, header_size}, metadata, aad), plain,
                    out + header_size);
    *size = header_size + plain.size + GALEN_SFRAME_TAG_BYTES;
    galen_sframe_skip(sender);
    return GALEN_OK;
}

void galen_sframe_receiver_init(struct galen_sframe_receiver *receiver,
                                const uint8_t base_key[GALEN_KEY_BYTES], uint64_t key_id)
{
    *receiver = (struct galen_sframe_receiver){.key_id = key_id};
    galen_sframe_derive(&galen_sframe_suite, (struct galen_bytes){base_key, GALEN_KEY_BYTES},
                        key_id, NULL, receiver->key, receiver->salt);
}

void galen_sframe_receiver_wipe(struct galen_sframe_receiver *receiver)
{
    galen_wipe(receiver, sizeof *receiver);
}

/** True when the counter was accepted before, or is too far back to know. */
static bool replayed(const struct galen_sframe_receiver *receiver, uint64_t counter)
{
    if (!receiver->any || counter > receiver->highest)
        return false;
    uint64_t behind = receiver->highest - counter;
    return behind >= GALEN_SFRAME_WINDOW || (receiver->seen[behind / 64] >> (behind % 64) & 1) != 0;
}

/** Moves the window up by `by` places. */
static void advance(struct galen_sframe_receiver *receiver, uint64_t by)
{
    const size_t words = GALEN_SFRAME_WINDOW / 64;
    uint64_t moved[GALEN_SFRAME_WINDOW / 64] = {0};
    if (by < GALEN_SFRAME_WINDOW) {
        size_t whole = (size_t)by / 64, bits = (size_t)by % 64;
        for (size_t i = whole; i < words; i++) {
            moved[i] = receiver->seen[i - whole] << bits;
            if (bits > 0 && i > whole)
                moved[i] |= receiver->seen[i - whole - 1] >> (64 - bits);
        }
    }
    memcpy(receiver->seen, moved, sizeof moved);
}

static void accept(struct galen_sframe_receiver *receiver, uint64_t counter)
{
    if (!receiver->any || counter > receiver->highest) {
        advance(receiver, receiver->any ? counter - receiver->highest : GALEN_SFRAME_WINDOW);
        receiver->highest = counter;
        receiver->any = true;
    }
    uint64_t behind = receiver->highest - counter;
    if (behind < GALEN_SFRAME_WINDOW)
        receiver->seen[behind / 64] |= (uint64_t)1 << (behind % 64);
}

enum galen_err galen_sframe_open(struct galen_sframe_receiver *receiver,
                                 struct galen_bytes metadata, struct galen_bytes frame,
                                 uint8_t *out, size_t room, size_t *size, uint64_t *counter)
{
    struct galen_sframe_header header;
    size_t header_size;
    enum galen_err err = galen_sframe_header_read(frame, &header, &header_size);
    if (err)
        return err;
    struct galen_bytes sealed = {frame.at + header_size, frame.size - header_size};
    if (sealed.size < GALEN_SFRAME_TAG_BYTES)
        return GALEN_ERR_FORMAT;
    if (header.key_id != receiver->key_id)
        return GALEN_ERR_EPOCH;
    if (GALEN_CHECKED(REPLAY_WINDOW) && replayed(receiver, header.counter))
        return GALEN_ERR_REPLAY;
    if (sealed.size - GALEN_SFRAME_TAG_BYTES > room)
        return GALEN_ERR_TOO_LARGE;
    uint8_t nonce[GALEN_SFRAME_NONCE_BYTES], aad[AAD_MAX];
    galen_sframe_nonce(receiver->salt, header.counter, nonce);
    if (!galen_aead_open(receiver->key, nonce,
                         associate((struct galen_bytes){frame.at, header_size}, metadata, aad),
                         sealed, out))
        return GALEN_ERR_SEAL;
    accept(receiver, header.counter);
    *size = sealed.size - GALEN_SFRAME_TAG_BYTES;
    *counter = header.counter;
    return GALEN_OK;
}
