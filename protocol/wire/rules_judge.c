/* Rules 1 to 10 of PROTOCOL.md, "Judging an entry". The epoch entries' table is in rules_epoch.c. */
#include "rules_state.h"

#include "galen/keys.h"
#include "galen/mutation.h"

#include <stdlib.h>
#include <string.h>

/* What is being judged. The author is a member, or one that a first entry brings. */
struct judged {
    const struct galen_rules *rules;
    const struct galen_entry *entry;
    const struct galen_header *header;
    struct epoch_change *change; /* epoch entries only */
    const struct galen_member *author;
};

/* 1 */
static enum galen_err judge_shape(const struct judged *j)
{
    struct galen_header header;
    struct galen_reader r;
    galen_reader_init(&r, j->entry->signed_header);
    if (j->entry->signed_header.size != GALEN_SIGNED_HEADER_BYTES)
        return GALEN_ERR_FORMAT;
    enum galen_err err = galen_header_read(&r, &header);
    if (err != GALEN_OK)
        return err;
    if (j->entry->body_state == GALEN_BODY_PRESENT)
        return !GALEN_CHECKED(BODY_HASH) || galen_entry_has_its_body(j->rules->p, j->entry)
                   ? GALEN_OK
                   : GALEN_ERR_FORMAT;
    return galen_class_is_clear(header.class) ? GALEN_ERR_WITHHELD : GALEN_OK;
}

/* 2 */
static enum galen_err judge_place(const struct judged *j)
{
    const struct galen_header *header = j->header;
    if (j->rules->begun)
        return galen_id_equal(&header->chart, &j->rules->chart) ? GALEN_OK : GALEN_ERR_CHART;
    uint8_t empty[GALEN_HASH_BYTES];
    j->rules->p->sha256(NULL, 0, empty);
    bool first = galen_tree_size(&j->rules->tree) == 0 && galen_id_is_none(&header->chart) &&
                 header->class == GALEN_CLASS_EPOCH && header->epoch == 0 && header->number == 1 &&
                 header->head_size == 0 && memcmp(header->head_root, empty, sizeof empty) == 0;
    return first ? GALEN_OK : GALEN_ERR_CHART;
}

/* 3: in a first entry, the author is among those who come, and is staff. */
static enum galen_err judge_author(struct judged *j)
{
    const struct galen_rules *rules = j->rules;
    if (rules->begun) {
        j->author = galen_rules_member(rules, &j->header->author);
        return j->author ? GALEN_OK : GALEN_ERR_NOT_MEMBER;
    }
    enum galen_err err = rules_epoch_derive(rules, j->entry, j->change);
    if (err != GALEN_OK)
        return err;
    j->author =
        rules_find_member(j->change->members, j->change->body.member_count, &j->header->author);
    return j->author && galen_role_is_staff((enum galen_role)j->author->role)
               ? GALEN_OK
               : GALEN_ERR_NOT_MEMBER;
}

/* 4 */
static enum galen_err judge_signature(const struct judged *j)
{
    struct galen_bytes signed_bytes = {j->entry->signed_header.at, GALEN_HEADER_BYTES};
    bool holds = galen_verify(j->rules->p, GALEN_SIGN_ENTRY, j->author->keys.sign, signed_bytes,
                              j->entry->signature);
    return GALEN_CHECKED(ENTRY_SIGNATURE) && !holds ? GALEN_ERR_SIGNATURE : GALEN_OK;
}

/* 5 */
static enum galen_err judge_epoch(const struct judged *j)
{
    return GALEN_CHECKED(EPOCH) && j->header->epoch != j->rules->epoch ? GALEN_ERR_EPOCH : GALEN_OK;
}

/* 6 */
static enum galen_err judge_number(const struct judged *j)
{
    const struct galen_author *author = galen_rules_author(j->rules, &j->header->author);
    uint32_t last = author ? author->last_number : 0;
    bool next = rules_number_follows(j->rules, j->header->number, last);
    return GALEN_CHECKED(NUMBER) && !next ? GALEN_ERR_NUMBER : GALEN_OK;
}

/* 7 */
static enum galen_err judge_head(const struct judged *j)
{
    const struct galen_header *header = j->header;
    const struct galen_author *author = galen_rules_author(j->rules, &header->author);
    uint8_t root[GALEN_HASH_BYTES];
    bool ours = j->rules->gaps || (galen_tree_root_at(&j->rules->tree, header->head_size, root) &&
                                   memcmp(root, header->head_root, sizeof root) == 0);
    if (GALEN_CHECKED(HEAD) && !ours)
        return GALEN_ERR_HEAD;
    bool sinks = author && header->head_size < author->last_head_size;
    return GALEN_CHECKED(HEAD_SINKS) && sinks ? GALEN_ERR_HEAD : GALEN_OK;
}

/* 8: a certificate entry renews, so rule 10 judges what it brings instead. */
static enum galen_err judge_times(const struct judged *j)
{
    const struct galen_member *author = j->author;
    uint64_t at_ms = j->entry->received_ms;
    bool renews = j->header->class == GALEN_CLASS_CERTIFICATE;
    bool expired = galen_role_is_staff((enum galen_role)author->role) && !renews &&
                   at_ms > author->not_after_ms;
    bool late = author->purpose != GALEN_PURPOSE_DEVICE && at_ms > author->issues_until_ms;
    return GALEN_CHECKED(EXPIRY) && (expired || late) ? GALEN_ERR_EXPIRED : GALEN_OK;
}

/* 9 */
static enum galen_err judge_purpose(const struct judged *j)
{
    bool may = j->author->purpose == GALEN_PURPOSE_DEVICE || j->header->class == GALEN_CLASS_EPOCH;
    return GALEN_CHECKED(PURPOSE) && !may ? GALEN_ERR_ROLE : GALEN_OK;
}

/* 10 */
static enum galen_err judge_certificate(const struct judged *j)
{
    const struct galen_member *author = j->author;
    struct galen_chain chain;
    struct galen_reader r;
    if (!galen_role_is_staff((enum galen_role)author->role))
        return GALEN_ERR_ROLE;
    galen_reader_init(&r, j->entry->body);
    enum galen_err err = galen_chain_read(&r, &chain);
    if (err != GALEN_OK)
        return err;
    if (!galen_reader_done(&r) || chain.count == 0)
        return GALEN_ERR_FORMAT;
    const struct galen_cert *last = &chain.certs[chain.count - 1];
    struct galen_member renewed = rules_member_from_cert(j->rules->p, last);
    if (!galen_id_equal(&renewed.device, &author->device) ||
        !galen_id_equal(&renewed.account, &author->account) || renewed.role != author->role ||
        renewed.purpose != author->purpose || renewed.scope_kind != author->scope_kind ||
        renewed.not_after_ms < author->not_after_ms)
        return GALEN_ERR_CERTIFICATE;
    return rules_chain_check(j->rules, NULL, &chain, j->entry->received_ms);
}

/* 11, with the table of its own */
static enum galen_err judge_change(const struct judged *j)
{
    if (j->rules->begun) {
        enum galen_err err = rules_epoch_derive(j->rules, j->entry, j->change);
        if (err != GALEN_OK)
            return err;
    }
    return rules_epoch_judge(j->rules, j->entry, j->author, j->change);
}

static enum galen_err judge_all(struct judged *j)
{
    enum galen_err err = judge_place(j);
    if (err == GALEN_OK)
        err = judge_author(j);
    if (err == GALEN_OK)
        err = judge_signature(j);
    if (err == GALEN_OK)
        err = judge_epoch(j);
    if (err == GALEN_OK)
        err = judge_number(j);
    if (err == GALEN_OK)
        err = judge_head(j);
    if (err == GALEN_OK)
        err = judge_times(j);
    if (err == GALEN_OK)
        err = judge_purpose(j);
    if (err == GALEN_OK && j->header->class == GALEN_CLASS_CERTIFICATE)
        err = judge_certificate(j);
    if (err == GALEN_OK && j->header->class == GALEN_CLASS_EPOCH)
        err = judge_change(j);
    return err;
}

enum galen_err galen_rules_judge(const struct galen_rules *rules, const struct galen_entry *entry)
{
    struct judged j = {.rules = rules, .entry = entry, .header = &entry->header};
    enum galen_err err = judge_shape(&j);
    if (err != GALEN_OK)
        return err;
    if (entry->header.class == GALEN_CLASS_EPOCH) {
        j.change = malloc(sizeof *j.change);
        if (!j.change)
            return GALEN_ERR_MEMORY;
    }
    err = judge_all(&j);
    free(j.change);
    return err;
}
