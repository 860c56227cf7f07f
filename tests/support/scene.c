#include "support/scene.h"

#include "galen/keys.h"
#include "support/primitives.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#define HOUR_MS (60u * 60 * 1000)

static void sign_labelled(const uint8_t seed[32], const char *label, struct galen_bytes message,
                          uint8_t signature[GALEN_SIGNATURE_BYTES])
{
    uint8_t signed_bytes[GALEN_SIGNED_MAX];
    size_t size = galen_signed_bytes(&test_primitives, label, message, signed_bytes);
    test_sign(seed, (struct galen_bytes){signed_bytes, size}, signature);
}

/* ----------------------------------------------------------------------------------------- people */

void party_make(struct party *party, unsigned number)
{
    uint8_t secret[32];
    memset(party, 0, sizeof *party);
    memset(party->seed, 0x51, sizeof party->seed);
    memset(secret, 0x52, sizeof secret);
    party->seed[0] = secret[0] = (uint8_t)number;
    party->seed[1] = secret[1] = (uint8_t)(number >> 8);
    test_sign_key(party->seed, party->keys.sign);
    test_seal_key(secret, party->keys.seal);
    party->id = galen_device_id(&test_primitives, &party->keys);
}

void party_certify_again(struct party *subject)
{
    struct galen_writer w;
    galen_writer_init(&w);
    galen_cert_write_unsigned(&w, &subject->cert);
    sign_labelled(subject->issuer->seed, GALEN_SIGN_CERTIFICATE, galen_written(&w),
                  subject->cert.signature);
    galen_writer_wipe(&w);
}

void party_certify(struct party *subject, const struct party *issuer, uint8_t role, uint8_t purpose,
                   const struct galen_id *scope)
{
    bool own = issuer->issuer && issuer->cert.role == role;
    bool any = galen_role_is_staff((enum galen_role)role) || role == GALEN_ROLE_CUSTODIAN;
    subject->issuer = issuer;
    subject->cert = (struct galen_cert){
        .role = role,
        .purpose = purpose,
        .scope_kind = any ? GALEN_SCOPE_ANY : GALEN_SCOPE_CHART,
        .not_before_ms = SCENE_NOW_MS - HOUR_MS,
        .not_after_ms = SCENE_NOW_MS + 80 * GALEN_DAY_MS,
        .issues_until_ms = SCENE_NOW_MS + 80 * GALEN_DAY_MS,
        .account = own ? issuer->cert.account : subject->id,
        .keys = subject->keys,
        .issuer = issuer->id,
    };
    if (!any)
        subject->cert.scope = *scope;
    party_certify_again(subject);
}

void party_chain(const struct party *party, bool from_member, struct galen_chain *chain)
{
    const struct party *steps[GALEN_CHAIN_MAX];
    size_t count = 0;
    for (; party->issuer && count < GALEN_CHAIN_MAX; party = party->issuer) {
        steps[count++] = party;
        if (from_member)
            break;
    }
    chain->count = count;
    for (size_t i = 0; i < count; i++)
        chain->certs[i] = steps[count - 1 - i]->cert;
}

void party_state(const struct party *signer, uint8_t kind, const struct party *subject,
                 const struct party *successor, struct galen_statement *statement)
{
    *statement = (struct galen_statement){
        .kind = kind, .at_ms = SCENE_NOW_MS, .subject = subject->id, .signer = signer->id};
    if (successor)
        statement->successor = successor->id;
    struct galen_writer w;
    galen_writer_init(&w);
    galen_statement_write_unsigned(&w, statement);
    sign_labelled(signer->seed, GALEN_SIGN_STATEMENT, galen_written(&w), statement->signature);
    galen_writer_wipe(&w);
}

void party_sign_head(const struct party *signer, struct galen_head *head)
{
    struct galen_writer w;
    galen_writer_init(&w);
    galen_head_write_unsigned(&w, head);
    sign_labelled(signer->seed, GALEN_SIGN_HEAD, galen_written(&w), head->signature);
    galen_writer_wipe(&w);
}

/* ---------------------------------------------------------------------------------------- drafting */

void scene_draft(struct scene *s, const struct party *author, uint8_t class)
{
    const struct galen_author *before = galen_rules_author(s->rules, &author->id);
    const struct galen_tree *tree = galen_rules_tree(s->rules);
    s->author = author;
    s->history_by_hand = false;
    s->header = (struct galen_header){
        .class = class,
        .chart = *galen_rules_chart(s->rules),
        .epoch = galen_rules_epoch(s->rules),
        .author = author->id,
        .number = before ? before->last_number + 1 : 1,
        .head_size = galen_tree_size(tree),
    };
    cr_assert(galen_tree_root_at(tree, s->header.head_size, s->header.head_root));
    memset(s->header.salt, 0x33, sizeof s->header.salt);
    s->header.salt[0] = (uint8_t)s->header.head_size;
    galen_writer_clear(&s->clear);
    if (galen_class_is_clear(class))
        return;
    memset(s->header.commitment, 0x44, sizeof s->header.commitment);
    for (int i = 0; i < 256 + 16; i++)
        galen_write_u8(&s->clear, (uint8_t)i);
}

void scene_draft_epoch(struct scene *s, const struct party *author)
{
    scene_draft(s, author, GALEN_CLASS_EPOCH);
    memset(s->body, 0, sizeof *s->body);
    s->body->suite = GALEN_SUITE_X25519_SHA256_CHACHA20POLY1305;
    s->body->epoch = s->header.epoch + 1;
    memset(s->body->commitment, 0x55, sizeof s->body->commitment);
    memcpy(s->body->history_key, galen_rules_history_key(s->rules), GALEN_SEAL_KEY_BYTES);
    s->body->member_count = galen_rules_member_count(s->rules);
    for (size_t i = 0; i < s->body->member_count; i++) {
        const struct galen_member *member = galen_rules_member_at(s->rules, i);
        s->body->members[i].device = member->device;
        s->body->members[i].holder = member->holder;
    }
}

struct galen_epoch_member *scene_listed(struct scene *s, const struct party *party)
{
    for (size_t i = 0; i < s->body->member_count; i++)
        if (galen_id_equal(&s->body->members[i].device, &party->id))
            return &s->body->members[i];
    return NULL;
}

/* Chains stand in the order of the newcomers, who ascend by id. */
void scene_add(struct scene *s, const struct party *party, bool from_member, bool holder)
{
    struct galen_epoch_body *body = s->body;
    size_t at = 0, chain = 0;
    for (; at < body->member_count; at++) {
        if (galen_id_compare(&body->members[at].device, &party->id) > 0)
            break;
        if (!galen_rules_member(s->rules, &body->members[at].device))
            chain++;
    }
    cr_assert_lt(body->member_count, GALEN_MEMBERS_MAX);
    memmove(&body->members[at + 1], &body->members[at],
            (body->member_count - at) * sizeof body->members[0]);
    memset(&body->members[at], 0, sizeof body->members[at]);
    body->members[at].device = party->id;
    body->members[at].holder = holder;
    body->member_count++;
    memmove(&body->chains[chain + 1], &body->chains[chain],
            (body->chain_count - chain) * sizeof body->chains[0]);
    party_chain(party, from_member, &body->chains[chain]);
    body->chain_count++;
}

void scene_drop(struct scene *s, const struct party *party)
{
    struct galen_epoch_member *member = scene_listed(s, party);
    cr_assert_not_null(member);
    size_t at = (size_t)(member - s->body->members);
    memmove(member, member + 1, (--s->body->member_count - at) * sizeof *member);
}

void scene_set_holder(struct scene *s, const struct party *party, bool holder)
{
    struct galen_epoch_member *member = scene_listed(s, party);
    cr_assert_not_null(member);
    member->holder = holder;
}

void scene_state(struct scene *s, const struct party *signer, uint8_t kind,
                 const struct party *subject, const struct party *successor, bool with_chain)
{
    cr_assert_lt(s->body->statement_count, GALEN_STATEMENTS_MAX);
    party_state(signer, kind, subject, successor, &s->body->statements[s->body->statement_count++]);
    if (with_chain)
        party_chain(signer, false, &s->body->chains[s->body->chain_count++]);
}

/* A new history pair if somebody who has the secret leaves; the secret for whoever needs it. */
static void settle_history(struct scene *s)
{
    bool changes =
        memcmp(s->body->history_key, galen_rules_history_key(s->rules), GALEN_SEAL_KEY_BYTES) != 0;
    for (size_t i = 0; i < galen_rules_member_count(s->rules); i++) {
        const struct galen_member *member = galen_rules_member_at(s->rules, i);
        struct party gone = {.id = member->device};
        bool knows =
            member->holder || galen_id_equal(&member->device, galen_rules_history_author(s->rules));
        if (knows && !scene_listed(s, &gone))
            changes = true;
    }
    if (changes) {
        uint8_t secret[32] = {7, (uint8_t)s->header.head_size};
        test_seal_key(secret, s->body->history_key);
    }
    for (size_t i = 0; i < s->body->member_count; i++) {
        struct galen_epoch_member *member = &s->body->members[i];
        const struct galen_member *old = galen_rules_member(s->rules, &member->device);
        member->has_history = member->holder && (changes || !old || !old->holder);
    }
}

void scene_sign(struct scene *s)
{
    galen_writer_clear(&s->bytes);
    galen_header_write(&s->bytes, &s->header);
    sign_labelled(s->author->seed, GALEN_SIGN_ENTRY, galen_written(&s->bytes), s->entry.signature);
    galen_write(&s->bytes, s->entry.signature, sizeof s->entry.signature);
    s->entry.header = s->header;
    s->entry.signed_header = galen_written(&s->bytes);
}

void scene_encode(struct scene *s)
{
    if (s->header.class == GALEN_CLASS_EPOCH) {
        if (!s->history_by_hand)
            settle_history(s);
        galen_writer_clear(&s->clear);
        galen_epoch_body_write(&s->clear, s->body);
    }
    s->entry.body = galen_written(&s->clear);
    s->entry.body_state = GALEN_BODY_PRESENT;
    s->entry.received_ms = s->now_ms;
    s->header.body_size = (uint32_t)s->entry.body.size;
    test_primitives.sha256(&s->entry.body, 1, s->header.body_hash);
    scene_sign(s);
}

enum galen_err scene_judge(struct scene *s)
{
    scene_encode(s);
    return galen_rules_judge(s->rules, &s->entry);
}

void scene_accept(struct scene *s)
{
    enum galen_err err = scene_judge(s);
    cr_assert_eq(err, GALEN_OK, "refused: %s", galen_err_name(err));
    cr_assert_eq(galen_rules_apply(s->rules, &s->entry, GALEN_OK), GALEN_OK);
}

void scene_add_member(struct scene *s, const struct party *author, const struct party *party,
                      bool from_member, bool holder)
{
    scene_draft_epoch(s, author);
    scene_add(s, party, from_member, holder);
    scene_accept(s);
}

void scene_drop_member(struct scene *s, const struct party *author, const struct party *party)
{
    scene_draft_epoch(s, author);
    scene_drop(s, party);
    scene_accept(s);
}

/* ---------------------------------------------------------------------------------------- the cast */

void scene_begin_empty(struct scene *s)
{
    memset(s, 0, sizeof *s);
    galen_writer_init(&s->clear);
    galen_writer_init(&s->bytes);
    s->now_ms = SCENE_NOW_MS;
    s->body = calloc(1, sizeof *s->body);
    cr_assert_not_null(s->body);
    struct party *all[] = {&s->practice,   &s->custodian,        &s->administrator,
                           &s->pharmacist, &s->other_pharmacist, &s->patient,
                           &s->caregiver,  &s->patient_second,   &s->invitation,
                           &s->sheet,      &s->stranger};
    for (unsigned i = 0; i < sizeof all / sizeof all[0]; i++)
        party_make(all[i], i + 1);
    party_certify(&s->custodian, &s->practice, GALEN_ROLE_CUSTODIAN, GALEN_PURPOSE_DEVICE, NULL);
    party_certify(&s->administrator, &s->practice, GALEN_ROLE_ADMINISTRATOR, GALEN_PURPOSE_DEVICE,
                  NULL);
    party_certify(&s->pharmacist, &s->administrator, GALEN_ROLE_PHARMACIST, GALEN_PURPOSE_DEVICE,
                  NULL);
    party_certify(&s->other_pharmacist, &s->administrator, GALEN_ROLE_PHARMACIST,
                  GALEN_PURPOSE_DEVICE, NULL);
    s->rules = galen_rules_new(&test_primitives, &s->practice.keys);
    cr_assert_not_null(s->rules);
    scene_draft_epoch(s, &s->pharmacist);
    uint8_t secret[32] = {9};
    test_seal_key(secret, s->body->history_key);
    scene_add(s, &s->pharmacist, false, true);
    scene_add(s, &s->custodian, false, true);
}

void scene_begin(struct scene *s)
{
    scene_begin_empty(s);
    scene_accept(s);
    const struct galen_id *chart = galen_rules_chart(s->rules);
    party_certify(&s->patient, &s->pharmacist, GALEN_ROLE_PATIENT, GALEN_PURPOSE_DEVICE, chart);
    party_certify(&s->caregiver, &s->pharmacist, GALEN_ROLE_CAREGIVER, GALEN_PURPOSE_DEVICE, chart);
    party_certify(&s->invitation, &s->pharmacist, GALEN_ROLE_CAREGIVER, GALEN_PURPOSE_INVITATION,
                  chart);
    party_certify(&s->patient_second, &s->patient, GALEN_ROLE_PATIENT, GALEN_PURPOSE_DEVICE, chart);
    party_certify(&s->sheet, &s->patient, GALEN_ROLE_PATIENT, GALEN_PURPOSE_SHEET, chart);
    scene_add_member(s, &s->pharmacist, &s->patient, true, false);
}

void scene_end(struct scene *s)
{
    galen_rules_free(s->rules);
    galen_writer_wipe(&s->clear);
    galen_writer_wipe(&s->bytes);
    free(s->body);
    memset(s, 0, sizeof *s);
}
