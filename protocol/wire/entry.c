#include "galen/entry.h"

#include "galen/keys.h"
#include "galen/tree.h"

#include <assert.h>
#include <string.h>

_Static_assert(GALEN_HEADER_BYTES == 1 + 1 + GALEN_ID_BYTES + 4 + GALEN_ID_BYTES + 4 + 8 +
                                         GALEN_HASH_BYTES + GALEN_KEY_BYTES + GALEN_HASH_BYTES + 4 +
                                         GALEN_HASH_BYTES,
               "the header's fields");

bool galen_class_is_clear(uint8_t class)
{
    return class == GALEN_CLASS_EPOCH || class == GALEN_CLASS_CERTIFICATE;
}

void galen_header_write(struct galen_writer *w, const struct galen_header *header)
{
    galen_write_u8(w, GALEN_VERSION);
    galen_write_u8(w, header->class);
    galen_write_id(w, &header->chart);
    galen_write_u32(w, header->epoch);
    galen_write_id(w, &header->author);
    galen_write_u32(w, header->number);
    galen_write_u64(w, header->head_size);
    galen_write(w, header->head_root, sizeof header->head_root);
    galen_write(w, header->salt, sizeof header->salt);
    galen_write(w, header->commitment, sizeof header->commitment);
    galen_write_u32(w, header->body_size);
    galen_write(w, header->body_hash, sizeof header->body_hash);
}

enum galen_err galen_header_read(struct galen_reader *r, struct galen_header *header)
{
    static const uint8_t zeros[GALEN_HASH_BYTES];
    uint8_t version = galen_read_u8(r);
    header->class = galen_read_u8(r);
    header->chart = galen_read_id(r);
    header->epoch = galen_read_u32(r);
    header->author = galen_read_id(r);
    header->number = galen_read_u32(r);
    header->head_size = galen_read_u64(r);
    galen_read_into(r, header->head_root, sizeof header->head_root);
    galen_read_into(r, header->salt, sizeof header->salt);
    galen_read_into(r, header->commitment, sizeof header->commitment);
    header->body_size = galen_read_u32(r);
    galen_read_into(r, header->body_hash, sizeof header->body_hash);
    if (r->failed)
        return GALEN_ERR_FORMAT;
    if (version != GALEN_VERSION)
        return GALEN_ERR_UNKNOWN_KIND;
    if (header->class < GALEN_CLASS_EPOCH || header->class > GALEN_CLASS_VISIT)
        return GALEN_ERR_UNKNOWN_KIND;
    if (header->body_size > GALEN_BODY_MAX)
        return GALEN_ERR_TOO_LARGE;
    if (galen_class_is_clear(header->class) && memcmp(header->commitment, zeros, sizeof zeros) != 0)
        return GALEN_ERR_FORMAT;
    return GALEN_OK;
}

static void read_signed_header(struct galen_reader *r, struct galen_entry *entry)
{
    struct galen_reader header;
    entry->signed_header = galen_take(r, GALEN_SIGNED_HEADER_BYTES);
    galen_reader_init(&header, entry->signed_header);
    /* What the header says is judged later; here it only has to be there. */
    (void)galen_header_read(&header, &entry->header);
    galen_read_into(&header, entry->signature, sizeof entry->signature);
}

enum galen_err galen_entry_read(struct galen_reader *r, struct galen_entry *entry)
{
    entry->received_ms = galen_read_u64(r);
    read_signed_header(r, entry);
    entry->body_state = galen_read_u8(r);
    entry->body = galen_read_vector(r, GALEN_BODY_MAX);
    if (entry->body_state > GALEN_BODY_NOT_YOURS ||
        (entry->body_state != GALEN_BODY_PRESENT && entry->body.size > 0))
        r->failed = true;
    return r->failed ? GALEN_ERR_FORMAT : GALEN_OK;
}

enum galen_err galen_entry_read_new(struct galen_reader *r, struct galen_entry *entry)
{
    entry->received_ms = 0;
    read_signed_header(r, entry);
    entry->body_state = GALEN_BODY_PRESENT;
    entry->body = galen_read_vector(r, GALEN_BODY_MAX);
    return r->failed ? GALEN_ERR_FORMAT : GALEN_OK;
}

void galen_entry_write(struct galen_writer *w, const struct galen_entry *entry)
{
    assert(entry->signed_header.size == GALEN_SIGNED_HEADER_BYTES);
    galen_write_u64(w, entry->received_ms);
    galen_write(w, entry->signed_header.at, entry->signed_header.size);
    galen_write_u8(w, entry->body_state);
    galen_write_vector(w, entry->body_state == GALEN_BODY_PRESENT ? entry->body
                                                                  : (struct galen_bytes){0});
}

void galen_entry_write_new(struct galen_writer *w, const struct galen_entry *entry)
{
    assert(entry->signed_header.size == GALEN_SIGNED_HEADER_BYTES);
    galen_write(w, entry->signed_header.at, entry->signed_header.size);
    galen_write_vector(w, entry->body);
}

bool galen_entry_has_its_body(const struct galen_primitives *p, const struct galen_entry *entry)
{
    uint8_t hash[GALEN_HASH_BYTES];
    if (entry->body_state != GALEN_BODY_PRESENT || entry->body.size != entry->header.body_size)
        return false;
    p->sha256(&entry->body, 1, hash);
    return memcmp(hash, entry->header.body_hash, sizeof hash) == 0;
}

void galen_entry_settle_body(const struct galen_primitives *p, struct galen_entry *entry)
{
    if (entry->body_state != GALEN_BODY_PRESENT || galen_entry_has_its_body(p, entry))
        return;
    entry->body_state = GALEN_BODY_WITHHELD;
    entry->body = (struct galen_bytes){0};
}

void galen_entry_leaf(const struct galen_primitives *p, const struct galen_entry *entry,
                      uint8_t leaf[GALEN_HASH_BYTES])
{
    uint8_t received[8];
    for (unsigned i = 0; i < 8; i++)
        received[i] = (uint8_t)(entry->received_ms >> (56 - 8 * i));
    const struct galen_bytes parts[] = {{received, sizeof received}, entry->signed_header};
    galen_tree_hash_leaf(p, parts, 2, leaf);
}

struct galen_id galen_chart_id(const struct galen_primitives *p, struct galen_bytes signed_header)
{
    struct galen_id id;
    galen_hash_labelled(p, GALEN_ID_OF_CHART, &signed_header, 1, id.bytes);
    return id;
}

/* ------------------------------------------------------------------------------- epoch bodies */

enum {
    MEMBER_BYTES_MIN = GALEN_ID_BYTES + 1 + GALEN_SEAL_BYTES + 1,
    MEMBERS_BYTES_MAX = GALEN_MEMBERS_MAX * (MEMBER_BYTES_MIN + GALEN_SEAL_BYTES),
    LINK_BYTES = GALEN_SEAL_KEY_BYTES + GALEN_SEAL_BYTES,
};

_Static_assert(MEMBERS_BYTES_MAX + GALEN_CHAINS_MAX * (4 + GALEN_CHAIN_MAX * GALEN_CERT_BYTES) +
                       GALEN_STATEMENTS_MAX * GALEN_STATEMENT_BYTES + GALEN_LINKS_MAX * LINK_BYTES +
                       1024 <=
                   GALEN_BODY_MAX,
               "the largest epoch body fits an entry");

static void write_seal(struct galen_writer *w, const struct galen_seal *seal)
{
    galen_write(w, seal->enc, sizeof seal->enc);
    galen_write(w, seal->sealed, sizeof seal->sealed);
}

static void read_seal(struct galen_reader *r, struct galen_seal *seal)
{
    galen_read_into(r, seal->enc, sizeof seal->enc);
    galen_read_into(r, seal->sealed, sizeof seal->sealed);
}

static void write_member(struct galen_writer *w, const struct galen_epoch_member *member)
{
    galen_write_id(w, &member->device);
    galen_write_bool(w, member->holder);
    write_seal(w, &member->epoch_key);
    galen_write_bool(w, member->has_history);
    if (member->has_history)
        write_seal(w, &member->history);
}

static void read_member(struct galen_reader *r, struct galen_epoch_member *member)
{
    *member = (struct galen_epoch_member){.device = galen_read_id(r)};
    member->holder = galen_read_bool(r);
    read_seal(r, &member->epoch_key);
    member->has_history = galen_read_bool(r);
    if (member->has_history)
        read_seal(r, &member->history);
}

void galen_epoch_body_write(struct galen_writer *w, const struct galen_epoch_body *body)
{
    galen_write_u16(w, body->suite);
    galen_write_u32(w, body->epoch);
    galen_write(w, body->commitment, sizeof body->commitment);
    galen_write(w, body->history_key, sizeof body->history_key);
    write_seal(w, &body->history_seal);
    size_t mark = galen_write_begin(w);
    for (size_t i = 0; i < body->member_count; i++)
        write_member(w, &body->members[i]);
    galen_write_end(w, mark);
    mark = galen_write_begin(w);
    for (size_t i = 0; i < body->chain_count; i++)
        galen_chain_write(w, &body->chains[i]);
    galen_write_end(w, mark);
    mark = galen_write_begin(w);
    for (size_t i = 0; i < body->statement_count; i++)
        galen_statement_write(w, &body->statements[i]);
    galen_write_end(w, mark);
    mark = galen_write_begin(w);
    for (size_t i = 0; i < body->link_count; i++) {
        galen_write(w, body->links[i].old_key, sizeof body->links[i].old_key);
        write_seal(w, &body->links[i].seal);
    }
    galen_write_end(w, mark);
}

static enum galen_err read_members(struct galen_reader *r, struct galen_epoch_body *body)
{
    struct galen_reader members;
    galen_read_nested(r, GALEN_BODY_MAX, &members);
    body->member_count = 0;
    while (!members.failed && members.left > 0) {
        if (body->member_count == GALEN_MEMBERS_MAX)
            return GALEN_ERR_MEMBERS;
        struct galen_epoch_member *member = &body->members[body->member_count++];
        read_member(&members, member);
        if (member > body->members && galen_id_compare(&member[-1].device, &member->device) >= 0)
            members.failed = true;
    }
    return members.failed || body->member_count == 0 ? GALEN_ERR_FORMAT : GALEN_OK;
}

static enum galen_err read_chains(struct galen_reader *r, struct galen_epoch_body *body)
{
    struct galen_reader chains;
    enum galen_err err = GALEN_OK;
    galen_read_nested(r, GALEN_BODY_MAX, &chains);
    body->chain_count = 0;
    while (err == GALEN_OK && chains.left > 0) {
        if (body->chain_count == GALEN_CHAINS_MAX)
            return GALEN_ERR_FORMAT;
        struct galen_chain *chain = &body->chains[body->chain_count++];
        err = galen_chain_read(&chains, chain);
        if (err == GALEN_OK && chain->count == 0)
            err = GALEN_ERR_FORMAT;
    }
    return err == GALEN_OK && chains.failed ? GALEN_ERR_FORMAT : err;
}

static enum galen_err read_statements(struct galen_reader *r, struct galen_epoch_body *body)
{
    struct galen_reader statements;
    enum galen_err err = GALEN_OK;
    galen_read_nested(r, GALEN_STATEMENTS_MAX * GALEN_STATEMENT_BYTES, &statements);
    body->statement_count = 0;
    while (err == GALEN_OK && statements.left > 0)
        err = galen_statement_read(&statements, &body->statements[body->statement_count++]);
    return statements.failed ? GALEN_ERR_FORMAT : err;
}

static enum galen_err read_links(struct galen_reader *r, struct galen_epoch_body *body)
{
    struct galen_reader links;
    galen_read_nested(r, GALEN_LINKS_MAX * LINK_BYTES, &links);
    body->link_count = 0;
    while (!links.failed && links.left > 0) {
        struct galen_history_link *link = &body->links[body->link_count++];
        galen_read_into(&links, link->old_key, sizeof link->old_key);
        read_seal(&links, &link->seal);
    }
    return links.failed ? GALEN_ERR_FORMAT : GALEN_OK;
}

enum galen_err galen_epoch_body_read(struct galen_bytes in, struct galen_epoch_body *body)
{
    struct galen_reader r;
    galen_reader_init(&r, in);
    body->suite = galen_read_u16(&r);
    body->epoch = galen_read_u32(&r);
    galen_read_into(&r, body->commitment, sizeof body->commitment);
    galen_read_into(&r, body->history_key, sizeof body->history_key);
    read_seal(&r, &body->history_seal);
    if (r.failed || body->suite != GALEN_SUITE_X25519_SHA256_CHACHA20POLY1305)
        return GALEN_ERR_FORMAT;
    enum galen_err err = read_members(&r, body);
    if (err == GALEN_OK)
        err = read_chains(&r, body);
    if (err == GALEN_OK)
        err = read_statements(&r, body);
    if (err == GALEN_OK)
        err = read_links(&r, body);
    return err == GALEN_OK && !galen_reader_done(&r) ? GALEN_ERR_FORMAT : err;
}

/* --------------------------------------------------------------------------------------- heads */

_Static_assert(GALEN_HEAD_BYTES ==
                   2 * GALEN_ID_BYTES + 8 + GALEN_HASH_BYTES + 8 + GALEN_SIGNATURE_BYTES,
               "a head's fields");

void galen_head_write_unsigned(struct galen_writer *w, const struct galen_head *head)
{
    galen_write_id(w, &head->chart);
    galen_write_id(w, &head->device);
    galen_write_u64(w, head->size);
    galen_write(w, head->root, sizeof head->root);
    galen_write_u64(w, head->clock_ms);
}

void galen_head_write(struct galen_writer *w, const struct galen_head *head)
{
    galen_head_write_unsigned(w, head);
    galen_write(w, head->signature, sizeof head->signature);
}

enum galen_err galen_head_read(struct galen_reader *r, struct galen_head *head)
{
    head->chart = galen_read_id(r);
    head->device = galen_read_id(r);
    head->size = galen_read_u64(r);
    galen_read_into(r, head->root, sizeof head->root);
    head->clock_ms = galen_read_u64(r);
    galen_read_into(r, head->signature, sizeof head->signature);
    return r->failed ? GALEN_ERR_FORMAT : GALEN_OK;
}
