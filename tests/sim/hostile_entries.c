#include "hostile_entries.h"

#include "galen/text.h"

#include "support/any_value.h"

#include <stdlib.h>
#include <string.h>

#include "log/state.h"

const struct attack_rule attack_rules[ATTACK_KINDS] = {
    [ATTACK_SIGNATURE] = {"bad signature", SERVER, GALEN_ERR_SIGNATURE},
    [ATTACK_AUTHOR] = {"another's name", SERVER, GALEN_ERR_SENDER},
    [ATTACK_NUMBER_AGAIN] = {"number again", SERVER, GALEN_ERR_NUMBER},
    [ATTACK_NUMBER_SKIPPED] = {"number skipped", SERVER, GALEN_ERR_NUMBER},
    [ATTACK_OLD_HEAD] = {"old head", SERVER, GALEN_ERR_HEAD},
    [ATTACK_WRONG_ROOT] = {"wrong root", SERVER, GALEN_ERR_HEAD},
    [ATTACK_HEAD_AHEAD] = {"head ahead", SERVER, GALEN_ERR_HEAD},
    [ATTACK_EPOCH] = {"another epoch", SERVER, GALEN_ERR_EPOCH},
    [ATTACK_BODY] = {"body exchanged", SERVER, GALEN_ERR_FORMAT},
    [ATTACK_CHART] = {"another chart", SERVER, GALEN_ERR_CHART},
    [ATTACK_CLASS] = {"unknown class", SERVER, GALEN_ERR_UNKNOWN_KIND},
    [ATTACK_CERTIFICATE] = {"certificate entry", SERVER, GALEN_ERR_ROLE},
    [ATTACK_FORGED_ROLE] = {"forged role", SERVER, GALEN_ERR_ROLE},
    [ATTACK_DROP_OTHER] = {"drops another", SERVER, GALEN_ERR_ROLE},
    [ATTACK_DROP_CUSTODIAN] = {"drops custodian", SERVER, GALEN_ERR_CUSTODIAN},
    [ATTACK_SEAL] = {"bad seal for one", READER, GALEN_OK},
    [ATTACK_HISTORY_SEAL] = {"bad history seal", READER, GALEN_OK},
    [ATTACK_EPOCH_COMMITMENT] = {"bad epoch promise", READER, GALEN_OK},
    [ATTACK_COMMITMENT] = {"bad commitment", READER, GALEN_ERR_COMMITMENT},
    [ATTACK_SALT] = {"another salt", READER, GALEN_ERR_COMMITMENT},
    [ATTACK_ANOTHERS] = {"another's entry", READER, GALEN_ERR_COMMITMENT},
    [ATTACK_SEALED_BODY] = {"bad sealed body", READER, GALEN_ERR_SEAL},
    [ATTACK_PADDING] = {"bad padding", READER, GALEN_ERR_FORMAT},
    [ATTACK_OPERATION_AGAIN] = {"operation again", DOCUMENTS, GALEN_ERR_DUPLICATE},
    [ATTACK_OTHERS_OPERATION] = {"another's op id", DOCUMENTS, GALEN_OK},
    [ATTACK_BASE_AHEAD] = {"base ahead", DOCUMENTS, GALEN_ERR_BASE},
    [ATTACK_BASE_SUNK] = {"base sunk", DOCUMENTS, GALEN_ERR_BASE},
    [ATTACK_FIELD] = {"field not theirs", DOCUMENTS, GALEN_ERR_ROLE},
    [ATTACK_SPLICE] = {"beyond a text", DOCUMENTS, GALEN_ERR_VALUE},
    [ATTACK_REGIMEN] = {"half a regimen", DOCUMENTS, GALEN_ERR_VALUE},
    [ATTACK_ANSWER] = {"answer not theirs", DOCUMENTS, GALEN_ERR_ROLE},
    [ATTACK_SIGN] = {"sign", DOCUMENTS, GALEN_ERR_ROLE},
    [ATTACK_SIGN_HASH] = {"sign-hash", DOCUMENTS, GALEN_ERR_SIGNED},
    [ATTACK_SIGN_BEHIND] = {"sign-behind", DOCUMENTS, GALEN_ERR_BEHIND},
    [ATTACK_IDENTITY] = {"identity check", DOCUMENTS, GALEN_ERR_ROLE},
    [ATTACK_KIND_CLASS] = {"kind in class", DOCUMENTS, GALEN_ERR_CLASS},
    [ATTACK_TEXT] = {"text not UTF-8", DOCUMENTS, GALEN_ERR_FORMAT},
    [ATTACK_NEWER] = {"newer kind", DOCUMENTS, GALEN_ERR_UNKNOWN_KIND},
};
/* -- making entries ----------------------------------------------------------------------------- */

bool find_forge(struct world *world, struct node *node, struct forge *f)
{
    *f = (struct forge){.world = world, .node = node};
    galen_writer_init(&f->body);
    galen_writer_init(&f->whole);
    f->chart = node->engine ? chart_find(node->engine, &world->chart) : NULL;
    if (!f->chart)
        return false;
    f->log = f->chart->log;
    f->me = galen_rules_member(galen_log_rules(f->log), &node->device);
    const struct galen_author *author = galen_rules_author(galen_log_rules(f->log), &node->device);
    f->number = author ? author->last_number + 1 : 1;
    return f->me && galen_log_epoch_state(f->log) == GALEN_OK;
}

void forge_wipe(struct forge *f)
{
    galen_writer_wipe(&f->body);
    galen_writer_wipe(&f->whole);
}

static bool is_staff(const struct forge *f)
{
    return galen_role_is_staff(f->me->role);
}

/* Takes an honest entry's bytes apart. */
static bool take(struct forge *f, struct galen_bytes bytes)
{
    struct galen_reader r;
    struct galen_entry entry;
    galen_reader_init(&r, bytes);
    if (galen_entry_read_new(&r, &entry) != GALEN_OK)
        return false;
    f->header = entry.header;
    galen_writer_clear(&f->body);
    galen_write(&f->body, entry.body.at, entry.body.size);
    return true;
}

static bool take_sealed(struct forge *f, uint8_t class, struct galen_bytes plain)
{
    struct galen_writer bytes;
    uint8_t salt[GALEN_KEY_BYTES];
    galen_writer_init(&bytes);
    chance_fill(&f->world->chance, salt, sizeof salt);
    bool ok = galen_log_seal(f->log, class, f->number, plain, salt, &bytes) == GALEN_OK &&
              take(f, galen_written(&bytes));
    galen_writer_wipe(&bytes);
    return ok;
}

static void forged_op(const struct forge *f, struct galen_op *op, uint16_t kind)
{
    *op = (struct galen_op){.kind = kind, .base = galen_log_size(f->log), .clock_ms = 1};
    chance_fill(&f->world->chance, op->id, sizeof op->id);
    op->content.message = story_text("what I should not have said");
    if (kind == GALEN_KIND_MESSAGE)
        return;
    memset(&op->content, 0, sizeof op->content);
}

static bool take_op(struct forge *f, const struct galen_op *op, uint8_t class)
{
    struct galen_writer plain;
    galen_writer_init(&plain);
    galen_op_write(&plain, op);
    bool ok = !plain.failed && take_sealed(f, class, galen_written(&plain));
    galen_writer_wipe(&plain);
    return ok;
}

static bool take_message(struct forge *f)
{
    struct galen_op op;
    forged_op(f, &op, GALEN_KIND_MESSAGE);
    return take_op(f, &op, GALEN_CLASS_MESSAGE);
}

static bool take_epoch(struct forge *f, struct galen_epoch_body *body)
{
    struct galen_epoch_change change = {0};
    struct galen_epoch_random random;
    struct galen_writer bytes;
    galen_writer_init(&bytes);
    chance_fill(&f->world->chance, &random, sizeof random);
    bool ok = galen_log_draft_epoch(f->log, f->world->now_ms, f->number, &change, &random,
                                    &bytes) == GALEN_OK &&
              take(f, galen_written(&bytes)) &&
              galen_epoch_body_read(galen_written(&f->body), body) == GALEN_OK;
    galen_writer_wipe(&bytes);
    return ok;
}

static void give_epoch(struct forge *f, const struct galen_epoch_body *body)
{
    galen_writer_clear(&f->body);
    galen_epoch_body_write(&f->body, body);
}

/* Signs what the header says now; the body's size and hash too, unless they are the attack. */
static void seal_up(struct forge *f, bool true_body)
{
    uint8_t signature[GALEN_SIGNATURE_BYTES];
    struct galen_bytes body = galen_written(&f->body);
    if (true_body) {
        f->header.body_size = (uint32_t)body.size;
        galen_sha256(&body, 1, f->header.body_hash);
    }
    galen_writer_clear(&f->whole);
    galen_header_write(&f->whole, &f->header);
    galen_sign(&f->node->engine->me.secrets, GALEN_SIGN_ENTRY, galen_written(&f->whole), signature);
    if (f->spoil_signature)
        signature[chance_below(&f->world->chance, 32)] ^= 4;
    galen_write(&f->whole, signature, sizeof signature);
    galen_write_vector(&f->whole, body);
}

/* -- what the server sees ----------------------------------------------------------------------- */

static const struct galen_member *somebody_else(const struct forge *f, uint8_t role)
{
    const struct galen_rules *of = galen_log_rules(f->log);
    for (size_t i = 0; i < galen_rules_member_count(of); i++) {
        const struct galen_member *m = galen_rules_member_at(of, i);
        if (!galen_id_equal(&m->account, &f->me->account) &&
            (role == 0 ? m->role != GALEN_ROLE_CUSTODIAN : m->role == role))
            return m;
    }
    return NULL;
}

static bool change_header(struct forge *f, uint8_t kind)
{
    struct galen_header *h = &f->header;
    const struct galen_author *author =
        galen_rules_author(galen_log_rules(f->log), &f->node->device);
    const struct galen_member *other;
    switch ((enum attack_kind)kind) {
    case ATTACK_SIGNATURE:
        f->spoil_signature = true;
        return true;
    case ATTACK_AUTHOR:
        other = somebody_else(f, 0);
        if (other)
            h->author = other->device;
        return other != NULL;
    case ATTACK_NUMBER_AGAIN:
        h->number--;
        return h->number > 0;
    case ATTACK_NUMBER_SKIPPED:
        h->number += 1 + (uint32_t)chance_below(&f->world->chance, 3);
        return true;
    case ATTACK_OLD_HEAD:
        if (!author || author->last_head_size < 2)
            return false;
        h->head_size = author->last_head_size - 1;
        return galen_tree_root_at(galen_rules_tree(galen_log_rules(f->log)), h->head_size,
                                  h->head_root);
    case ATTACK_WRONG_ROOT:
        h->head_root[0] ^= 1;
        return true;
    case ATTACK_HEAD_AHEAD:
        h->head_size += 1000;
        return true;
    case ATTACK_EPOCH:
        h->epoch += chance_in(&f->world->chance, 500) ? 1 : (uint32_t)-1;
        return true;
    case ATTACK_CHART:
        h->chart.bytes[5] ^= 1;
        return true;
    case ATTACK_CLASS:
        h->class = 9;
        return true;
    default:
        return false;
    }
}

static bool drop_member(struct forge *f, const struct galen_member *whom)
{
    struct galen_epoch_body *body = calloc(1, sizeof *body);
    bool ok = whom && body && take_epoch(f, body);
    for (size_t i = 0; ok && i < body->member_count; i++) {
        if (!galen_id_equal(&body->members[i].device, &whom->device))
            continue;
        body->member_count--;
        memmove(body->members + i, body->members + i + 1,
                (body->member_count - i) * sizeof body->members[0]);
        break;
    }
    if (ok)
        give_epoch(f, body);
    free(body);
    return ok;
}

/* A newcomer whose certificate gives a role that the hostile member cannot give. */
static bool forge_role(struct forge *f)
{
    struct galen_epoch_body *body = calloc(1, sizeof *body);
    bool ok = body && take_epoch(f, body) && body->member_count < GALEN_MEMBERS_MAX;
    if (ok) {
        struct galen_device_secrets fresh;
        uint8_t material[32];
        struct galen_cert *cert = &body->chains[0].certs[0];
        chance_fill(&f->world->chance, material, sizeof material);
        galen_device_secrets_derive(material, &fresh);
        *cert = (struct galen_cert){.role = is_staff(f) ? GALEN_ROLE_ADMINISTRATOR
                                                        : GALEN_ROLE_PHARMACIST,
                                    .purpose = GALEN_PURPOSE_DEVICE,
                                    .not_before_ms = f->world->now_ms,
                                    .not_after_ms = f->world->now_ms + GALEN_DAY_MS,
                                    .issues_until_ms = f->world->now_ms,
                                    .issuer = f->node->device};
        public_keys(&fresh, &cert->keys);
        cert->account = device_of(f->node->engine, &fresh);
        certify(f->node->engine, &f->node->engine->me.secrets, cert);
        body->chains[0].count = 1;
        body->chain_count = 1;
        struct galen_epoch_member newcomer = body->members[0];
        newcomer.device = cert->account;
        newcomer.holder = true;
        newcomer.has_history = true;
        size_t at = 0;
        while (at < body->member_count &&
               galen_id_compare(&body->members[at].device, &newcomer.device) < 0)
            at++;
        memmove(body->members + at + 1, body->members + at,
                (body->member_count - at) * sizeof newcomer);
        body->members[at] = newcomer;
        body->member_count++;
        give_epoch(f, body);
    }
    free(body);
    return ok;
}

static bool make_certificate(struct forge *f)
{
    struct galen_chain chain = {.count = 1};
    const struct known_cert *known = f->node->engine->certs;
    if (is_staff(f) || f->node->engine->cert_count == 0 || !take_message(f))
        return false;
    chain.certs[0] = known[0].cert;
    f->header.class = GALEN_CLASS_CERTIFICATE;
    memset(f->header.commitment, 0, sizeof f->header.commitment);
    galen_writer_clear(&f->body);
    galen_chain_write(&f->body, &chain);
    return true;
}

/* -- what readers see --------------------------------------------------------------------------- */

static bool spoil_epoch(struct forge *f, uint8_t kind)
{
    struct galen_epoch_body *body = calloc(1, sizeof *body);
    bool ok = body && take_epoch(f, body);
    if (ok) {
        size_t i = (size_t)chance_below(&f->world->chance, body->member_count);
        if (kind == ATTACK_SEAL)
            body->members[i].epoch_key.sealed[chance_below(&f->world->chance, 48)] ^= 1;
        else if (kind == ATTACK_HISTORY_SEAL)
            body->history_seal.sealed[3] ^= 1;
        else
            body->commitment[3] ^= 1;
        give_epoch(f, body);
    }
    free(body);
    return ok;
}

/* Salt, commitment and body of somebody else's entry, under one's own name. */
static bool take_anothers(struct forge *f)
{
    struct galen_header mine;
    uint32_t epoch = galen_rules_epoch(galen_log_rules(f->log));
    if (!take_message(f))
        return false;
    mine = f->header;
    for (uint64_t i = galen_log_size(f->log); i-- > 0;) {
        struct galen_bytes record, plain;
        struct galen_reader r;
        struct galen_entry entry;
        const struct galen_read *read = galen_log_read(f->log, i);
        if (read->state != GALEN_READ_OPEN || read->epoch != epoch ||
            galen_id_equal(&read->author, &f->node->device) ||
            !galen_engine_entry(f->node->engine, &f->world->chart, i, &record, &plain))
            continue;
        galen_reader_init(&r, record);
        if (galen_entry_read(&r, &entry) != GALEN_OK || entry.body_state != GALEN_BODY_PRESENT)
            continue;
        f->header = mine;
        f->header.class = entry.header.class;
        memcpy(f->header.salt, entry.header.salt, sizeof mine.salt);
        memcpy(f->header.commitment, entry.header.commitment, sizeof mine.commitment);
        galen_writer_clear(&f->body);
        galen_write(&f->body, entry.body.at, entry.body.size);
        return true;
    }
    return false;
}

/* A true seal of a plaintext whose padding is longer than it should be. */
static bool pad_badly(struct forge *f)
{
    static const uint8_t nonce[GALEN_NONCE_BYTES];
    uint8_t secret[GALEN_KEY_BYTES], key[GALEN_KEY_BYTES];
    uint8_t padded[2 * GALEN_PAD_MIN + GALEN_TAG_BYTES] = {1, 0x80};
    uint8_t head[GALEN_HEADER_BYTES];
    struct galen_writer w;
    if (!take_message(f) || !galen_log_entry_secret(f->log, &f->header, secret))
        return false;
    galen_expand(secret, "entry key", (struct galen_bytes){0}, key, sizeof key);
    galen_writer_init(&w);
    galen_header_write(&w, &f->header);
    memcpy(head, w.at, sizeof head);
    galen_writer_wipe(&w);
    galen_aead_seal(key, nonce,
                    (struct galen_bytes){head, GALEN_HEADER_BYTES - 4 - GALEN_HASH_BYTES},
                    (struct galen_bytes){padded, 2 * GALEN_PAD_MIN}, padded);
    galen_writer_clear(&f->body);
    galen_write(&f->body, padded, sizeof padded);
    return true;
}

static bool make_for_readers(struct forge *f, uint8_t kind)
{
    switch ((enum attack_kind)kind) {
    case ATTACK_SEAL:
    case ATTACK_HISTORY_SEAL:
    case ATTACK_EPOCH_COMMITMENT:
        return spoil_epoch(f, kind);
    case ATTACK_ANOTHERS:
        return take_anothers(f);
    case ATTACK_PADDING:
        return pad_badly(f);
    default:
        break;
    }
    if (!take_message(f))
        return false;
    if (kind == ATTACK_COMMITMENT)
        f->header.commitment[7] ^= 1;
    else if (kind == ATTACK_SALT)
        f->header.salt[7] ^= 1;
    else
        f->body.at[7] ^= 1;
    return true;
}

/* -- what the documents see --------------------------------------------------------------------- */

/* The id of an operation in the log: one's own, or another account's. */
static bool find_op(const struct forge *f, bool own, uint8_t id[GALEN_OP_ID_BYTES])
{
    for (uint64_t i = 0; i < galen_log_size(f->log); i++) {
        struct galen_bytes record, plain;
        struct galen_op op;
        struct galen_docs_item item;
        const struct galen_read *read = galen_log_read(f->log, i);
        if (read->state != GALEN_READ_OPEN ||
            galen_id_equal(&read->account, &f->me->account) != own ||
            !galen_docs_item(f->chart->docs, i, &item) || !item.verdict.counts ||
            !galen_engine_entry(f->node->engine, &f->world->chart, i, &record, &plain) ||
            galen_op_read(plain, read->class, &op) != GALEN_OK)
            continue;
        memcpy(id, op.id, GALEN_OP_ID_BYTES);
        return own || galen_docs_find_op(f->chart->docs, &f->me->account, id) == GALEN_NO_ENTRY;
    }
    return false;
}

/* A field that this role may not write, or not even propose: any of the whole schema. */
static bool pick_forbidden(struct forge *f, uint16_t kind, const struct galen_document **document,
                           const struct galen_field **field)
{
    enum galen_access needed =
        kind == GALEN_KIND_WRITE ? GALEN_ACCESS_DIRECT : GALEN_ACCESS_PROPOSE;
    struct chance *chance = &f->world->chance;
    for (int tries = 0; tries < 200; tries++) {
        *document = &galen_documents[chance_below(chance, galen_document_count)];
        *field = &(*document)->fields[chance_below(chance, (*document)->field_count)];
        if (galen_field_access(*field, (enum galen_role)f->me->role) < needed)
            return true;
    }
    return false;
}

static bool make_write(struct forge *f)
{
    struct galen_op op;
    struct galen_writer encoded;
    const struct galen_document *document;
    const struct galen_field *field;
    char text[ANY_VALUE_MAX];
    uint16_t kind = chance_in(&f->world->chance, 750) ? GALEN_KIND_WRITE : GALEN_KIND_PROPOSE;
    if (is_staff(f) || !pick_forbidden(f, kind, &document, &field))
        return false;
    forged_op(f, &op, kind);
    galen_writer_init(&encoded);
    any_value(field, (uint32_t)chance_below(&f->world->chance, 1000), text);
    bool ok = galen_value_parse(&encoded, field, story_text(text)) == GALEN_OK;
    op.content.write = (struct galen_write){.doc = document->id, .count = 1};
    memset(op.content.write.record, 1, sizeof op.content.write.record);
    if (galen_document_single(document))
        memcpy(op.content.write.record, galen_document_single(document),
               sizeof op.content.write.record);
    op.content.write.fields[0] = (struct galen_write_field){field->number, galen_written(&encoded)};
    ok = ok && take_op(f, &op, GALEN_CLASS_RECORD);
    galen_writer_wipe(&encoded);
    return ok;
}

/* A value of a medicine that its field does not take. */
static bool make_value(struct forge *f, uint8_t kind)
{
    struct galen_op op;
    struct galen_writer encoded;
    const uint16_t number = kind == ATTACK_SPLICE ? GALEN_PMR_EFFECTS : GALEN_PMR_REGIMEN;
    const struct galen_field *field = galen_field(galen_document(GALEN_DOC_PMR), number);
    const struct galen_splice splice = {.at = 1000000, .inserted = story_text("beyond")};
    char text[ANY_VALUE_MAX];
    forged_op(f, &op, is_staff(f) ? GALEN_KIND_WRITE : GALEN_KIND_PROPOSE);
    galen_writer_init(&encoded);
    any_value(field, (uint32_t)chance_below(&f->world->chance, 1000), text);
    bool ok =
        kind == ATTACK_SPLICE || galen_value_parse(&encoded, field, story_text(text)) == GALEN_OK;
    if (kind == ATTACK_SPLICE)
        galen_splices_write(&encoded, &splice, 1);
    else if (ok)
        encoded.size -= 1 + chance_below(&f->world->chance, encoded.size - 1);
    op.content.write = (struct galen_write){.doc = GALEN_DOC_PMR, .count = 1};
    memset(op.content.write.record, (int)(1 + chance_below(&f->world->chance, 3)),
           sizeof op.content.write.record);
    op.content.write.fields[0] = (struct galen_write_field){number, galen_written(&encoded)};
    ok = ok && take_op(f, &op, GALEN_CLASS_RECORD);
    galen_writer_wipe(&encoded);
    return ok;
}

/* A plaintext that galen_op_write would not write. */
static bool make_raw(struct forge *f, uint16_t kind, uint8_t class, struct galen_bytes content,
                     bool vector)
{
    struct galen_op op;
    struct galen_writer plain;
    forged_op(f, &op, GALEN_KIND_MESSAGE);
    galen_writer_init(&plain);
    galen_write_u8(&plain, GALEN_OP_VERSION);
    galen_write_u16(&plain, kind);
    galen_write(&plain, op.id, sizeof op.id);
    galen_write_u64(&plain, op.base);
    galen_write_u64(&plain, op.clock_ms);
    if (vector)
        galen_write_vector(&plain, content);
    else
        galen_write(&plain, content.at, content.size);
    bool ok = take_sealed(f, class, galen_written(&plain));
    galen_writer_wipe(&plain);
    return ok;
}

/* By somebody who may not; of something else than what is there; of less than its author has seen. */
static bool make_sign(struct forge *f, uint8_t kind)
{
    struct galen_op op;
    bool may = galen_docs_may_sign(f->me->role);
    if (may != (kind != ATTACK_SIGN) || (may && galen_docs_sign_bar(f->chart->docs) != GALEN_OK))
        return false;
    forged_op(f, &op, GALEN_KIND_SIGN);
    op.content.sign.meaning = GALEN_SIGN_ALONE;
    op.content.sign.schema = GALEN_SCHEMA_VERSION;
    if (!galen_docs_hash(f->chart->docs, op.content.sign.hash))
        return false;
    if (kind == ATTACK_SIGN_HASH)
        op.content.sign.hash[chance_below(&f->world->chance, GALEN_HASH_BYTES)] ^= 1;
    if (kind == ATTACK_SIGN_BEHIND &&
        (op.base == 0 || --op.base < galen_docs_last_base(f->chart->docs, &f->node->device)))
        return false;
    return take_op(f, &op, GALEN_CLASS_RECORD);
}

static bool make_for_documents(struct forge *f, uint8_t kind)
{
    struct galen_op op;
    forged_op(f, &op, GALEN_KIND_MESSAGE);
    switch ((enum attack_kind)kind) {
    case ATTACK_OPERATION_AGAIN:
        return find_op(f, true, op.id) && take_op(f, &op, GALEN_CLASS_MESSAGE);
    case ATTACK_OTHERS_OPERATION:
        return find_op(f, false, op.id) && take_op(f, &op, GALEN_CLASS_MESSAGE);
    case ATTACK_BASE_AHEAD:
        op.base += 1 + chance_below(&f->world->chance, 100);
        return take_op(f, &op, GALEN_CLASS_MESSAGE);
    case ATTACK_BASE_SUNK:
        op.base = galen_docs_last_base(f->chart->docs, &f->node->device);
        return op.base-- > 0 && take_op(f, &op, GALEN_CLASS_MESSAGE);
    case ATTACK_FIELD:
        return make_write(f);
    case ATTACK_SPLICE:
    case ATTACK_REGIMEN:
        return make_value(f, kind);
    case ATTACK_ANSWER:
        forged_op(f, &op, GALEN_KIND_ANSWER);
        op.content.answer.accepted = true;
        return !is_staff(f) && take_op(f, &op, GALEN_CLASS_RECORD);
    case ATTACK_SIGN:
    case ATTACK_SIGN_HASH:
    case ATTACK_SIGN_BEHIND:
        return make_sign(f, kind);
    case ATTACK_IDENTITY:
        forged_op(f, &op, GALEN_KIND_IDENTITY);
        op.content.identity.account = f->me->account;
        op.content.identity.check = story_text("trust me");
        return !is_staff(f) && take_op(f, &op, GALEN_CLASS_VISIT);
    case ATTACK_KIND_CLASS:
        return make_raw(f, GALEN_KIND_MESSAGE, GALEN_CLASS_RECORD, story_text("elsewhere"), true);
    case ATTACK_TEXT:
        return make_raw(f, GALEN_KIND_MESSAGE, GALEN_CLASS_MESSAGE, story_text("\xc3\x28"), true);
    case ATTACK_NEWER:
        return make_raw(f, 99, GALEN_CLASS_MESSAGE, story_text("of tomorrow"), false);
    default:
        return false;
    }
}

bool forge_entry(struct forge *f, uint8_t kind)
{
    bool made;
    if (attack_rules[kind].who == DOCUMENTS)
        made = make_for_documents(f, kind);
    else if (attack_rules[kind].who == READER)
        made = make_for_readers(f, kind);
    else if (kind == ATTACK_FORGED_ROLE)
        made = forge_role(f);
    else if (kind == ATTACK_DROP_OTHER)
        made = !is_staff(f) && drop_member(f, somebody_else(f, 0));
    else if (kind == ATTACK_DROP_CUSTODIAN)
        made = drop_member(f, somebody_else(f, GALEN_ROLE_CUSTODIAN));
    else if (kind == ATTACK_CERTIFICATE)
        made = make_certificate(f);
    else
        made = take_message(f) && (kind == ATTACK_BODY || change_header(f, kind));
    if (!made)
        return false;
    seal_up(f, true);
    if (kind == ATTACK_BODY)
        f->whole.at[f->whole.size - 1] ^= 1;
    return !f->whole.failed;
}
