/* Seals of keys, and the sealed bodies of entries (PROTOCOL.md, "Epochs" and "Sealed bodies"). */
#include "state.h"

#include "galen/mutation.h"

#include <string.h>

/* Writes into a caller's array without allocating, so that learning keys cannot fail half-way. */
struct packer {
    uint8_t *at;
    size_t size;
};

static void pack(struct packer *p, const void *bytes, size_t n)
{
    memcpy(p->at + p->size, bytes, n);
    p->size += n;
}

static void pack_number(struct packer *p, uint64_t v, size_t width)
{
    for (size_t i = width; i-- > 0;)
        p->at[p->size++] = (uint8_t)(v >> (8 * i));
}

bool class_is_sealed(uint8_t class)
{
    return class == GALEN_CLASS_MESSAGE || class == GALEN_CLASS_RECORD ||
           class == GALEN_CLASS_VISIT;
}

/* -- seals -------------------------------------------------------------------------------------- */

#define PURPOSE_MAX   7
#define SEAL_INFO_MAX (1 + PURPOSE_MAX + 32 + 4 + 32 + 8 + 32 + 32)

_Static_assert(sizeof(struct galen_seal) == GALEN_SEALED_KEY_BYTES, "one seal, two views of it");

struct seal_place seal_place_of(const struct galen_header *header)
{
    struct seal_place place = {.chart = header->chart,
                               .epoch = header->epoch + 1,
                               .author = header->author,
                               .head_size = header->head_size};
    memcpy(place.head_root, header->head_root, sizeof place.head_root);
    return place;
}

static struct galen_bytes seal_info(const struct seal_place *place, const char *purpose,
                                    const struct galen_id *recipient, uint8_t out[SEAL_INFO_MAX])
{
    struct packer p = {out, 0};
    size_t length = strlen(purpose);
    pack_number(&p, length, 1);
    pack(&p, purpose, length);
    pack(&p, place->chart.bytes, sizeof place->chart.bytes);
    pack_number(&p, place->epoch, 4);
    pack(&p, place->author.bytes, sizeof place->author.bytes);
    pack_number(&p, place->head_size, 8);
    pack(&p, place->head_root, sizeof place->head_root);
    pack(&p, recipient->bytes, sizeof recipient->bytes);
    return (struct galen_bytes){out, p.size};
}

static struct galen_sealed_key joined(const struct galen_seal *seal)
{
    struct galen_sealed_key sealed;
    memcpy(sealed.bytes, seal->enc, sizeof seal->enc);
    memcpy(sealed.bytes + sizeof seal->enc, seal->sealed, sizeof seal->sealed);
    return sealed;
}

enum galen_err seal_to(const struct seal_place *place, const char *purpose,
                       const uint8_t key[GALEN_KEY_BYTES],
                       const uint8_t seal_key[GALEN_SEAL_KEY_BYTES],
                       const struct galen_id *recipient, struct galen_seal *out)
{
    uint8_t info[SEAL_INFO_MAX];
    struct galen_sealed_key sealed;
    enum galen_err err = galen_seal_key(key, seal_key, recipient,
                                        seal_info(place, purpose, recipient, info), &sealed);
    memcpy(out->enc, sealed.bytes, sizeof out->enc);
    memcpy(out->sealed, sealed.bytes + sizeof out->enc, sizeof out->sealed);
    return err;
}

bool seal_open(const struct seal_place *place, const char *purpose, const struct galen_seal *seal,
               const uint8_t secret[GALEN_KEY_BYTES], const uint8_t seal_key[GALEN_SEAL_KEY_BYTES],
               const struct galen_id *recipient, uint8_t key[GALEN_KEY_BYTES])
{
    uint8_t info[SEAL_INFO_MAX];
    struct galen_sealed_key sealed = joined(seal);
    return galen_open_key(&sealed, secret, seal_key, seal_info(place, purpose, recipient, info),
                          key) == GALEN_OK;
}

bool seal_matches(const struct seal_place *place, const char *purpose,
                  const struct galen_seal *seal, const uint8_t key[GALEN_KEY_BYTES],
                  const uint8_t seal_key[GALEN_SEAL_KEY_BYTES], const struct galen_id *recipient)
{
    uint8_t info[SEAL_INFO_MAX];
    struct galen_sealed_key sealed = joined(seal);
    return galen_sealed_key_matches(&sealed, key, seal_key, recipient,
                                    seal_info(place, purpose, recipient, info));
}

struct galen_id seal_history_recipient(const uint8_t history_key[GALEN_SEAL_KEY_BYTES])
{
    struct galen_id id;
    memcpy(id.bytes, history_key, sizeof id.bytes);
    return id;
}

void epoch_commitment(const uint8_t key[GALEN_KEY_BYTES], const struct galen_id *chart,
                      uint32_t epoch, uint8_t out[GALEN_HASH_BYTES])
{
    uint8_t context[32 + 4];
    struct packer p = {context, 0};
    pack(&p, chart->bytes, sizeof chart->bytes);
    pack_number(&p, epoch, 4);
    galen_expand(key, "epoch commitment", (struct galen_bytes){context, p.size}, out,
                 GALEN_HASH_BYTES);
}

/* -- bodies ------------------------------------------------------------------------------------- */

/* The signed header up to and without body size and body hash: the body's associated data. */
#define HEADER_BEFORE_BODY (GALEN_HEADER_BYTES - 4 - GALEN_HASH_BYTES)

static const uint8_t zero_nonce[GALEN_NONCE_BYTES]; /* each key is used once (K3) */
static const struct galen_bytes nothing;

void entry_secret(const uint8_t epoch_key[GALEN_KEY_BYTES], const struct galen_header *header,
                  uint8_t secret[GALEN_KEY_BYTES])
{
    uint8_t extracted[GALEN_KEY_BYTES];
    uint8_t context[32 + 4 + 32 + 4];
    struct packer p = {context, 0};
    pack(&p, header->chart.bytes, sizeof header->chart.bytes);
    pack_number(&p, header->epoch, 4);
    pack(&p, header->author.bytes, sizeof header->author.bytes);
    pack_number(&p, header->number, 4);
    galen_hkdf_extract((struct galen_bytes){header->salt, sizeof header->salt},
                       (struct galen_bytes){epoch_key, GALEN_KEY_BYTES}, extracted);
    galen_expand(extracted, "entry", (struct galen_bytes){context, p.size}, secret,
                 GALEN_KEY_BYTES);
    galen_wipe(extracted, sizeof extracted);
}

bool galen_log_entry_secret(const struct galen_log *log, const struct galen_header *header,
                            uint8_t secret[GALEN_KEY_BYTES])
{
    const uint8_t *key = galen_log_epoch_key(log, header->epoch);
    memset(secret, 0, GALEN_KEY_BYTES);
    if (!key || !class_is_sealed(header->class))
        return false;
    entry_secret(key, header, secret);
    return true;
}

/* Decrypts at the writer's end and takes the padding off. */
static enum galen_err open_body(const struct galen_entry *entry, const uint8_t key[GALEN_KEY_BYTES],
                                struct galen_writer *plain)
{
    size_t start = plain->size;
    struct galen_bytes aad = {entry->signed_header.at, HEADER_BEFORE_BODY};
    if (entry->body.size < GALEN_TAG_BYTES)
        return GALEN_ERR_SEAL;
    galen_write(plain, entry->body.at, entry->body.size);
    if (plain->failed)
        return GALEN_ERR_MEMORY;
    uint8_t *at = plain->at + start;
    size_t size = entry->body.size - GALEN_TAG_BYTES;
    struct galen_bytes found;
    enum galen_err err = GALEN_OK;
    if (!galen_aead_open(key, zero_nonce, aad, entry->body, at))
        err = GALEN_ERR_SEAL;
    else if (!galen_unpad((struct galen_bytes){at, size}, &found))
        err = GALEN_ERR_FORMAT;
    else if (found.size > GALEN_PLAIN_MAX)
        err = GALEN_ERR_TOO_LARGE;
    size_t kept = err == GALEN_OK ? found.size : 0;
    galen_wipe(at + kept, entry->body.size - kept);
    plain->size = start + kept;
    return err;
}

enum galen_err galen_entry_open(const struct galen_entry *entry,
                                const uint8_t secret[GALEN_KEY_BYTES], struct galen_writer *plain)
{
    uint8_t key[GALEN_KEY_BYTES], commitment[GALEN_HASH_BYTES];
    if (entry->body_state != GALEN_BODY_PRESENT)
        return GALEN_ERR_WITHHELD;
    galen_expand(secret, "entry commitment", nothing, commitment, sizeof commitment);
    if (GALEN_CHECKED(COMMITMENT) &&
        !galen_same(commitment, entry->header.commitment, sizeof commitment))
        return GALEN_ERR_COMMITMENT;
    galen_expand(secret, "entry key", nothing, key, sizeof key);
    enum galen_err err = open_body(entry, key, plain);
    galen_wipe(key, sizeof key);
    return err;
}

/* What can be sealed now, or why not. */
static enum galen_err may_seal(const struct galen_log *log, uint8_t class, struct galen_bytes plain)
{
    if (log->forked)
        return GALEN_ERR_FORK;
    if (!class_is_sealed(class))
        return GALEN_ERR_CLASS;
    if (plain.size > GALEN_PLAIN_MAX)
        return GALEN_ERR_TOO_LARGE;
    return galen_log_epoch_state(log);
}

static enum galen_err seal_body(const struct galen_header *header,
                                const uint8_t key[GALEN_KEY_BYTES], struct galen_bytes plain,
                                struct galen_writer *body)
{
    static const uint8_t tag[GALEN_TAG_BYTES];
    struct galen_writer start;
    galen_writer_init(&start);
    galen_header_write(&start, header);
    galen_write(body, plain.at, plain.size);
    galen_pad(body, 0);
    size_t padded = body->size;
    galen_write(body, tag, sizeof tag);
    bool ok = !start.failed && !body->failed;
    if (ok)
        galen_aead_seal(key, zero_nonce, (struct galen_bytes){start.at, HEADER_BEFORE_BODY},
                        (struct galen_bytes){body->at, padded}, body->at);
    galen_writer_wipe(&start);
    return ok ? GALEN_OK : GALEN_ERR_MEMORY;
}

enum galen_err galen_log_seal(const struct galen_log *log, uint8_t class, uint32_t number,
                              struct galen_bytes plain, const uint8_t salt[GALEN_KEY_BYTES],
                              struct galen_writer *entry)
{
    enum galen_err err = may_seal(log, class, plain);
    if (err != GALEN_OK)
        return err;
    struct galen_header header;
    draft_header(log, class, number, salt, &header);
    uint8_t secret[GALEN_KEY_BYTES], key[GALEN_KEY_BYTES];
    struct galen_writer body;
    galen_writer_init(&body);
    entry_secret(epoch_at(log, header.epoch)->key, &header, secret);
    galen_expand(secret, "entry commitment", nothing, header.commitment, sizeof header.commitment);
    galen_expand(secret, "entry key", nothing, key, sizeof key);
    err = seal_body(&header, key, plain, &body);
    if (err == GALEN_OK)
        err = draft_write(log, &header, galen_written(&body), entry);
    galen_writer_wipe(&body);
    galen_wipe(secret, sizeof secret);
    galen_wipe(key, sizeof key);
    return err;
}
