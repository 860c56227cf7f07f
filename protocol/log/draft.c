/*
 * Entries of our own in clear: epochs and certificates (PROTOCOL.md, "Epochs"). What is drafted is
 * judged by the rules for everybody's entries before it is given out.
 */
#include "state.h"

#include "galen/mutation.h"

#include <stdlib.h>
#include <string.h>

/* -- what all entries have in common ------------------------------------------------------------- */

void draft_header(const struct galen_log *log, uint8_t class, uint32_t number,
                  const uint8_t salt[GALEN_KEY_BYTES], struct galen_header *header)
{
    const struct galen_tree *tree = galen_rules_tree(log->rules);
    *header = (struct galen_header){.class = class,
                                    .epoch = galen_rules_epoch(log->rules),
                                    .author = log->self_id,
                                    .number = number,
                                    .head_size = galen_tree_size(tree)};
    if (header->head_size > 0)
        header->chart = *galen_rules_chart(log->rules);
    (void)!galen_tree_root_at(tree, header->head_size, header->head_root);
    memcpy(header->salt, salt, sizeof header->salt);
}

enum galen_err draft_write(const struct galen_log *log, struct galen_header *header,
                           struct galen_bytes body, struct galen_writer *entry)
{
    uint8_t signature[GALEN_SIGNATURE_BYTES];
    size_t start = entry->size;
    header->body_size = (uint32_t)body.size;
    galen_sha256(&body, 1, header->body_hash);
    galen_header_write(entry, header);
    if (!entry->failed) {
        struct galen_bytes message = {entry->at + start, GALEN_HEADER_BYTES};
        galen_sign(&log->self, GALEN_SIGN_ENTRY, message, signature);
    }
    galen_write(entry, signature, entry->failed ? 0 : sizeof signature);
    galen_write_vector(entry, body);
    if (!entry->failed)
        return GALEN_OK;
    entry->size = entry->size > start ? start : entry->size;
    return GALEN_ERR_MEMORY;
}

/* Judges what was appended since `start`; takes it back if it breaks a rule. */
static enum galen_err judge(const struct galen_log *log, uint64_t now_ms, size_t start,
                            struct galen_writer *entry)
{
    struct galen_reader r;
    struct galen_entry drafted;
    galen_reader_init(&r, (struct galen_bytes){entry->at + start, entry->size - start});
    enum galen_err err = galen_entry_read_new(&r, &drafted);
    drafted.received_ms = now_ms;
    if (err == GALEN_OK)
        err = galen_rules_judge(log->rules, &drafted);
    if (err != GALEN_OK)
        entry->size = start;
    return err;
}

static enum galen_err finish(const struct galen_log *log, uint64_t now_ms,
                             struct galen_header *header, struct galen_bytes body,
                             struct galen_writer *entry)
{
    size_t start = entry->size;
    enum galen_err err = draft_write(log, header, body, entry);
    return err == GALEN_OK ? judge(log, now_ms, start, entry) : err;
}

enum galen_err galen_log_draft_certificate(const struct galen_log *log, uint64_t now_ms,
                                           uint32_t number, const struct galen_chain *chain,
                                           const uint8_t salt[GALEN_KEY_BYTES],
                                           struct galen_writer *entry)
{
    if (log->forked)
        return GALEN_ERR_FORK;
    struct galen_header header;
    struct galen_writer body;
    galen_writer_init(&body);
    draft_header(log, GALEN_CLASS_CERTIFICATE, number, salt, &header);
    galen_chain_write(&body, chain);
    enum galen_err err = GALEN_ERR_MEMORY;
    if (!body.failed)
        err = finish(log, now_ms, &header, galen_written(&body), entry);
    galen_writer_wipe(&body);
    return err;
}

/* -- who belongs to the next epoch --------------------------------------------------------------- */

struct place {
    struct galen_id device;
    const uint8_t *seal_key;         /* borrowed */
    const struct galen_chain *chain; /* of a new member; NULL for a present one */
    bool holder;
    bool new_holder;
};

/* What an epoch entry is made from. */
struct draft {
    const struct galen_log *log;
    const struct galen_member *author; /* NULL in a first entry */
    const struct galen_epoch_change *change;
    const struct galen_epoch_random *random;
    bool new_pair;
    const uint8_t *history_secret; /* of the pair named; NULL: not ours to give */
    uint8_t history_key[GALEN_SEAL_KEY_BYTES];
    struct seal_place seals;
    size_t count;
    struct place places[GALEN_MEMBERS_MAX]; /* ascending by device */
};

static bool among(const struct galen_id *ids, size_t count, const struct galen_id *id)
{
    for (size_t i = 0; i < count; i++) {
        if (galen_id_equal(&ids[i], id))
            return true;
    }
    return false;
}

static enum galen_err put(struct draft *draft, const struct place *place)
{
    size_t at = draft->count;
    if (draft->count == GALEN_MEMBERS_MAX)
        return GALEN_ERR_MEMBERS;
    while (at > 0 && galen_id_compare(&draft->places[at - 1].device, &place->device) > 0)
        at--;
    if (at > 0 && galen_id_equal(&draft->places[at - 1].device, &place->device))
        return GALEN_ERR_DUPLICATE;
    memmove(&draft->places[at + 1], &draft->places[at],
            (draft->count - at) * sizeof draft->places[0]);
    draft->places[at] = *place;
    draft->count++;
    return GALEN_OK;
}

static enum galen_err put_present(struct draft *draft)
{
    const struct galen_epoch_change *change = draft->change;
    const struct galen_rules *rules = draft->log->rules;
    enum galen_err err = GALEN_OK;
    for (size_t i = 0; i < galen_rules_member_count(rules) && err == GALEN_OK; i++) {
        const struct galen_member *member = galen_rules_member_at(rules, i);
        if (among(change->drop, change->drop_count, &member->device)) {
            /* Who made the pair knows its secret, holder or not. */
            draft->new_pair |= member->holder ||
                               galen_id_equal(&member->device, galen_rules_history_author(rules));
            continue;
        }
        struct place place = {.device = member->device, .seal_key = member->keys.seal};
        place.holder = member->holder ||
                       among(change->make_holder, change->make_holder_count, &member->device);
        place.new_holder = place.holder && !member->holder;
        err = put(draft, &place);
    }
    return err;
}

/* Holders without asking: staff, the custodian, and who takes a holder's place (11d, 11g). */
static bool holds_at_once(const struct draft *draft, const struct galen_cert *cert)
{
    const struct galen_member *author = draft->author;
    return galen_role_is_staff((enum galen_role)cert->role) || cert->role == GALEN_ROLE_CUSTODIAN ||
           (author && author->purpose != GALEN_PURPOSE_DEVICE && author->holder);
}

static enum galen_err put_new(struct draft *draft)
{
    enum galen_err err = GALEN_OK;
    for (size_t i = 0; i < draft->change->add_count && err == GALEN_OK; i++) {
        const struct galen_newcomer *newcomer = &draft->change->add[i];
        if (newcomer->chain->count == 0 || newcomer->chain->count > GALEN_CHAIN_MAX)
            return GALEN_ERR_CERTIFICATE;
        const struct galen_cert *cert = &newcomer->chain->certs[newcomer->chain->count - 1];
        struct place place = {.device = galen_device_id(galen_sodium_primitives(), &cert->keys),
                              .seal_key = cert->keys.seal,
                              .chain = newcomer->chain};
        place.holder = newcomer->holder || holds_at_once(draft, cert);
        place.new_holder = place.holder;
        err = put(draft, &place);
    }
    return err;
}

static bool all_members(const struct draft *draft, const struct galen_id *ids, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!galen_rules_member(draft->log->rules, &ids[i]))
            return false;
    }
    return true;
}

static enum galen_err list_members(struct draft *draft)
{
    const struct galen_epoch_change *change = draft->change;
    if (!all_members(draft, change->drop, change->drop_count) ||
        !all_members(draft, change->make_holder, change->make_holder_count))
        return GALEN_ERR_NOT_MEMBER;
    enum galen_err err = put_present(draft);
    return err == GALEN_OK ? put_new(draft) : err;
}

/* -- the history pair ---------------------------------------------------------------------------- */

/* A holder mends the history whenever it writes an epoch; an invitation changes nothing else (11e). */
static bool pair_needs_mending(const struct draft *draft)
{
    const struct galen_log *log = draft->log;
    const struct history_pair *present = &log->pairs[log->pair];
    return draft->author->holder && draft->author->purpose == GALEN_PURPOSE_DEVICE &&
           (!present->known || present->damaged || (GALEN_CHECKED(WEAK_PAIR) && present->weak));
}

static enum galen_err choose_pair(struct draft *draft)
{
    const struct galen_log *log = draft->log;
    bool first = log->pair == NO_PAIR;
    if (first || draft->change->new_history || pair_needs_mending(draft))
        draft->new_pair = true;
    if (draft->new_pair) {
        draft->history_secret = draft->random->history_secret;
        galen_seal_public(draft->history_secret, draft->history_key);
        return GALEN_OK;
    }
    const struct history_pair *present = &log->pairs[log->pair];
    memcpy(draft->history_key, present->key, sizeof draft->history_key);
    if (present->known)
        draft->history_secret = present->secret;
    for (size_t i = 0; i < draft->count; i++) {
        if (draft->places[i].new_holder && !draft->history_secret)
            return GALEN_ERR_NOT_HOLDER;
    }
    return GALEN_OK;
}

/* Seals the older secrets that cannot be reached from the pair named, the latest first (E1). */
static enum galen_err link_pairs(const struct draft *draft, struct galen_epoch_body *body)
{
    const struct galen_log *log = draft->log;
    struct galen_id recipient = seal_history_recipient(draft->history_key);
    bool links = draft->author && draft->author->holder && draft->history_secret;
    enum galen_err err = GALEN_OK;
    for (size_t i = log->pair_count; links && err == GALEN_OK && i-- > 0;) {
        const struct history_pair *old = &log->pairs[i];
        bool reached = old->linked && (i != log->pair || !draft->new_pair);
        /* With a new pair the present one alone leads to all that were linked to it. */
        if (!old->known || reached || body->link_count == GALEN_LINKS_MAX)
            continue;
        struct galen_history_link *link = &body->links[body->link_count++];
        memcpy(link->old_key, old->key, sizeof link->old_key);
        err = seal_to(&draft->seals, "history", old->secret, draft->history_key, &recipient,
                      &link->seal);
    }
    return err;
}

/* -- the body ------------------------------------------------------------------------------------ */

static enum galen_err fill_members(const struct draft *draft, struct galen_epoch_body *body)
{
    enum galen_err err = GALEN_OK;
    body->member_count = draft->count;
    for (size_t i = 0; i < draft->count && err == GALEN_OK; i++) {
        const struct place *place = &draft->places[i];
        struct galen_epoch_member *member = &body->members[i];
        *member = (struct galen_epoch_member){.device = place->device, .holder = place->holder};
        member->has_history = draft->new_pair ? place->holder : place->new_holder;
        err = seal_to(&draft->seals, "epoch", draft->random->epoch_key, place->seal_key,
                      &place->device, &member->epoch_key);
        if (member->has_history && err == GALEN_OK)
            err = seal_to(&draft->seals, "history", draft->history_secret, place->seal_key,
                          &place->device, &member->history);
        if (place->chain)
            body->chains[body->chain_count++] = *place->chain;
    }
    return err;
}

static const struct galen_chain *chain_of(const struct galen_epoch_change *change,
                                          const struct galen_id *signer)
{
    for (size_t i = 0; i < change->signer_chain_count; i++) {
        const struct galen_chain *chain = &change->signer_chains[i];
        if (chain->count == 0 || chain->count > GALEN_CHAIN_MAX)
            continue;
        struct galen_id last =
            galen_device_id(galen_sodium_primitives(), &chain->certs[chain->count - 1].keys);
        if (galen_id_equal(&last, signer))
            return chain;
    }
    return NULL;
}

/* Behind the newcomers' chains stand those of signers who are no members (11i). */
static enum galen_err fill_statements(const struct draft *draft, struct galen_epoch_body *body)
{
    const struct galen_epoch_change *change = draft->change;
    const struct galen_rules *rules = draft->log->rules;
    if (change->statement_count > GALEN_STATEMENTS_MAX)
        return GALEN_ERR_LIMIT;
    body->statement_count = change->statement_count;
    for (size_t i = 0; i < change->statement_count; i++) {
        const struct galen_statement *statement = &change->statements[i];
        const struct galen_chain *chain = chain_of(change, &statement->signer);
        bool known = galen_rules_member(rules, &statement->signer) ||
                     (statement->kind == GALEN_STATEMENT_REPLACED &&
                      galen_rules_ever_member(rules, &statement->signer));
        body->statements[i] = *statement;
        if (chain && !known && body->chain_count < GALEN_CHAINS_MAX)
            body->chains[body->chain_count++] = *chain;
    }
    return GALEN_OK;
}

static enum galen_err fill_body(const struct draft *draft, struct galen_epoch_body *body)
{
    struct galen_id recipient = seal_history_recipient(draft->history_key);
    body->suite = GALEN_SUITE_X25519_SHA256_CHACHA20POLY1305;
    body->epoch = draft->seals.epoch;
    epoch_commitment(draft->random->epoch_key, &draft->seals.chart, body->epoch, body->commitment);
    memcpy(body->history_key, draft->history_key, sizeof body->history_key);
    enum galen_err err = seal_to(&draft->seals, "epoch", draft->random->epoch_key,
                                 draft->history_key, &recipient, &body->history_seal);
    if (err == GALEN_OK)
        err = fill_members(draft, body);
    if (err == GALEN_OK)
        err = fill_statements(draft, body);
    return err == GALEN_OK ? link_pairs(draft, body) : err;
}

static enum galen_err write_epoch(struct draft *draft, struct galen_header *header, uint64_t now_ms,
                                  struct galen_writer *entry)
{
    struct galen_epoch_body *body = calloc(1, sizeof *body);
    struct galen_writer encoded;
    galen_writer_init(&encoded);
    draft->seals = seal_place_of(header);
    enum galen_err err = body ? fill_body(draft, body) : GALEN_ERR_MEMORY;
    if (err == GALEN_OK) {
        galen_epoch_body_write(&encoded, body);
        err = encoded.failed ? GALEN_ERR_MEMORY
                             : finish(draft->log, now_ms, header, galen_written(&encoded), entry);
    }
    galen_writer_wipe(&encoded);
    free(body);
    return err;
}

static enum galen_err draft_epoch(const struct galen_log *log, uint64_t now_ms, uint32_t number,
                                  const struct galen_epoch_change *change,
                                  const struct galen_epoch_random *random,
                                  struct galen_writer *entry)
{
    struct draft draft = {.log = log,
                          .author = galen_rules_member(log->rules, &log->self_id),
                          .change = change,
                          .random = random};
    enum galen_err err = list_members(&draft);
    if (err == GALEN_OK)
        err = choose_pair(&draft);
    if (err == GALEN_OK) {
        struct galen_header header;
        draft_header(log, GALEN_CLASS_EPOCH, number, random->salt, &header);
        err = write_epoch(&draft, &header, now_ms, entry);
    }
    return err;
}

enum galen_err galen_log_draft_epoch(const struct galen_log *log, uint64_t now_ms, uint32_t number,
                                     const struct galen_epoch_change *change,
                                     const struct galen_epoch_random *random,
                                     struct galen_writer *entry)
{
    if (log->forked)
        return GALEN_ERR_FORK;
    if (log->pair == NO_PAIR)
        return GALEN_ERR_STATE;
    if (!galen_rules_member(log->rules, &log->self_id))
        return GALEN_ERR_NOT_MEMBER;
    return draft_epoch(log, now_ms, number, change, random, entry);
}

enum galen_err galen_log_draft_first(const struct galen_public_keys *practice,
                                     const struct galen_device_secrets *self, uint64_t now_ms,
                                     const struct galen_newcomer *add, size_t add_count,
                                     const struct galen_epoch_random *random,
                                     struct galen_writer *entry)
{
    const struct galen_epoch_change change = {.add = add, .add_count = add_count};
    struct galen_log *log = galen_log_new(practice, self);
    if (!log)
        return GALEN_ERR_MEMORY;
    enum galen_err err = draft_epoch(log, now_ms, 1, &change, random, entry);
    galen_log_free(log);
    return err;
}
