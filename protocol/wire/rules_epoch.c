/* Rules 11a to 11i of PROTOCOL.md, "Judging an entry": what epoch entries may change. */
#include "rules_state.h"

#include "galen/keys.h"
#include "galen/mutation.h"

#include <stdlib.h>
#include <string.h>

/* What an epoch entry is judged with. */
struct judged {
    const struct galen_rules *rules;
    struct epoch_change *change;
    const struct galen_header *header;
    const struct galen_member *author; /* before the change; in a first entry, after it */
    uint64_t at_ms;
};

static bool is_staff(const struct galen_member *member)
{
    return galen_role_is_staff((enum galen_role)member->role);
}

static bool is_custodian(const struct galen_member *member)
{
    return member->role == GALEN_ROLE_CUSTODIAN;
}

static const struct galen_member *find_new(const struct epoch_change *change,
                                           const struct galen_id *device)
{
    return rules_find_member(change->members, change->body.member_count, device);
}

/* -------------------------------------------------------------------------------------- deriving */

enum galen_err rules_epoch_derive(const struct galen_rules *rules, const struct galen_entry *entry,
                                  struct epoch_change *change)
{
    struct galen_epoch_body *body = &change->body;
    enum galen_err err = galen_epoch_body_read(entry->body, body);
    if (err != GALEN_OK)
        return err;
    change->newcomer_count = 0;
    for (size_t i = 0; i < body->member_count; i++) {
        const struct galen_member *old = galen_rules_member(rules, &body->members[i].device);
        struct galen_member *member = &change->members[i];
        if (old) {
            *member = *old;
        } else {
            if (change->newcomer_count == body->chain_count)
                return GALEN_ERR_FORMAT;
            const struct galen_chain *chain = &body->chains[change->newcomer_count];
            *member = rules_member_from_cert(rules->p, &chain->certs[chain->count - 1]);
            member->since_epoch = body->epoch;
            if (!galen_id_equal(&member->device, &body->members[i].device))
                return GALEN_ERR_FORMAT;
            change->newcomers[change->newcomer_count++] = i;
        }
        member->holder = body->members[i].holder;
    }
    return GALEN_OK;
}

/* ------------------------------------------------------------------------------------- statements */

/* Whether a statement counts for devices of this account. */
static bool counts_for(const struct galen_rules *rules, const struct galen_statement *statement,
                       const struct galen_id *account)
{
    struct galen_id of = galen_rules_statement_account(rules, statement);
    return galen_id_is_none(&of) || galen_id_equal(&of, account);
}

/* What is known of a device of this account: an enclosed statement that holds, or one of the log; NULL:
   nothing. Revoked outweighs replaced. */
static const struct galen_statement *known_of(const struct galen_rules *rules,
                                              const struct epoch_change *change,
                                              const struct galen_id *device,
                                              const struct galen_id *account)
{
    const struct galen_statement *known = galen_rules_statement(rules, device, account);
    for (size_t i = 0; change && i < change->body.statement_count; i++) {
        const struct galen_statement *enclosed = &change->body.statements[i];
        if (change->statement_errs[i] == GALEN_OK && galen_id_equal(&enclosed->subject, device) &&
            counts_for(rules, enclosed, account) &&
            (!known || enclosed->kind == GALEN_STATEMENT_REVOKED))
            known = enclosed;
    }
    return known;
}

/* May nothing more be done with this device, except for what names `successor` (or NULL)? */
static enum galen_err known_err(const struct galen_rules *rules, const struct epoch_change *change,
                                const struct galen_id *device, const struct galen_id *account,
                                const struct galen_id *successor)
{
    const struct galen_statement *known = known_of(rules, change, device, account);
    if (!GALEN_CHECKED(REVOKED) || !known)
        return GALEN_OK;
    if (known->kind == GALEN_STATEMENT_REVOKED)
        return GALEN_ERR_REVOKED;
    return successor && galen_id_equal(&known->successor, successor) ? GALEN_OK
                                                                     : GALEN_ERR_REPLACED;
}

static struct galen_issuer issuer_from_member(const struct galen_member *member)
{
    struct galen_issuer issuer = {
        .device = member->device,
        .role = member->role,
        .purpose = member->purpose,
        .scope_kind = member->scope_kind,
        .scope = member->scope,
        .account = member->account,
        .not_after_ms = member->not_after_ms,
        .issues_until_ms = member->issues_until_ms,
    };
    memcpy(issuer.sign_key, member->keys.sign, sizeof issuer.sign_key);
    return issuer;
}

enum galen_err rules_chain_check(const struct galen_rules *rules, const struct epoch_change *change,
                                 const struct galen_chain *chain, uint64_t at_ms)
{
    struct galen_issuer root = rules->practice;
    if (!galen_id_equal(&chain->certs[0].issuer, &rules->practice.device)) {
        const struct galen_member *member = galen_rules_member(rules, &chain->certs[0].issuer);
        if (!member)
            return GALEN_ERR_CERTIFICATE;
        root = issuer_from_member(member);
    }
    enum galen_err err = galen_chain_check(rules->p, &root, chain, at_ms);
    for (size_t i = 0; err == GALEN_OK && i < chain->count; i++) {
        struct galen_id subject = galen_device_id(rules->p, &chain->certs[i].keys);
        const struct galen_id *account = i > 0 ? &chain->certs[i - 1].account : &root.account;
        err = known_err(rules, change, &chain->certs[i].issuer, account, &subject);
    }
    return err;
}

enum galen_err galen_rules_judge_guest(const struct galen_rules *rules,
                                       const struct galen_chain *chain,
                                       const struct galen_id *visit, uint64_t at_ms)
{
    const struct galen_cert *own = chain->count > 0 ? &chain->certs[chain->count - 1] : NULL;
    bool ours = own && own->scope_kind == GALEN_SCOPE_VISIT && galen_id_equal(&own->scope, visit);
    return ours ? rules_chain_check(rules, NULL, chain, at_ms) : GALEN_ERR_CERTIFICATE;
}

/* Who signed a statement: a member, or somebody whose chain stands behind the newcomers'. */
static enum galen_err find_signer(const struct judged *j, const struct galen_statement *statement,
                                  size_t *chain_next, struct galen_member *signer)
{
    const struct galen_rules *rules = j->rules;
    const struct galen_member *known = galen_rules_member(rules, &statement->signer);
    if (!known && statement->kind == GALEN_STATEMENT_REPLACED)
        known = galen_rules_ever_member(rules, &statement->signer);
    if (known) {
        *signer = *known;
        return GALEN_OK;
    }
    if (*chain_next == j->change->body.chain_count)
        return GALEN_ERR_ROLE;
    const struct galen_chain *chain = &j->change->body.chains[(*chain_next)++];
    *signer = rules_member_from_cert(rules->p, &chain->certs[chain->count - 1]);
    if (!galen_id_equal(&signer->device, &statement->signer))
        return GALEN_ERR_ROLE;
    return rules_chain_check(rules, NULL, chain, j->at_ms);
}

/* Whether the signer of a revocation may say so: an administrator about anybody, and a present member
   about its own account. Whoever was dropped, or only redeems, has no word about others. */
static enum galen_err judge_revoker(const struct judged *j, const struct galen_member *signer,
                                    const struct galen_member *subject)
{
    bool own = subject && galen_id_equal(&signer->account, &subject->account) &&
               galen_rules_member(j->rules, &signer->device) &&
               (signer->purpose == GALEN_PURPOSE_DEVICE || signer->purpose == GALEN_PURPOSE_SHEET);
    if (own)
        return GALEN_OK;
    if (signer->role != GALEN_ROLE_ADMINISTRATOR || signer->purpose != GALEN_PURPOSE_DEVICE)
        return GALEN_ERR_ROLE;
    if (GALEN_CHECKED(EXPIRY) && j->at_ms > signer->not_after_ms)
        return GALEN_ERR_EXPIRED;
    return known_err(j->rules, NULL, &signer->device, &signer->account, NULL);
}

/* 11i, one statement. */
static enum galen_err judge_statement(const struct judged *j,
                                      const struct galen_statement *statement, size_t *chain_next)
{
    const struct galen_rules *rules = j->rules;
    struct galen_member signer;
    const struct galen_member *subject = galen_rules_ever_member(rules, &statement->subject);
    if (galen_id_equal(&statement->signer, &rules->practice.device)) {
        memcpy(signer.keys.sign, rules->practice.sign_key, sizeof signer.keys.sign);
    } else {
        enum galen_err err = find_signer(j, statement, chain_next, &signer);
        if (err == GALEN_OK && statement->kind == GALEN_STATEMENT_REVOKED)
            err = judge_revoker(j, &signer, subject);
        if (err != GALEN_OK)
            return err;
    }
    if (!subject)
        return GALEN_ERR_ROLE;
    enum galen_err err = galen_statement_check(rules->p, statement, signer.keys.sign);
    return GALEN_CHECKED(STATEMENT) || err == GALEN_ERR_MEMORY ? err : GALEN_OK;
}

enum galen_err galen_rules_judge_statement(const struct galen_rules *rules,
                                           const struct galen_statement *statement,
                                           const struct galen_chain *chain, uint64_t at_ms)
{
    struct epoch_change *change = calloc(1, sizeof *change);
    size_t chain_next = 0;
    if (!change)
        return GALEN_ERR_MEMORY;
    if (chain->count > 0)
        change->body.chains[change->body.chain_count++] = *chain;
    struct judged j = {.rules = rules, .change = change, .at_ms = at_ms};
    enum galen_err err = judge_statement(&j, statement, &chain_next);
    free(change);
    return err;
}

/* Fills in what every enclosed statement is worth. FORMAT: a chain stands there for nothing. */
static enum galen_err judge_statements(const struct judged *j)
{
    struct epoch_change *change = j->change;
    size_t chain_next = change->newcomer_count;
    for (size_t i = 0; i < change->body.statement_count; i++) {
        change->statement_errs[i] = judge_statement(j, &change->body.statements[i], &chain_next);
        if (change->statement_errs[i] == GALEN_ERR_MEMORY)
            return GALEN_ERR_MEMORY;
    }
    return chain_next == change->body.chain_count ? GALEN_OK : GALEN_ERR_FORMAT;
}

/* ------------------------------------------------------------------------------------- the table */

/* 11a */
static enum galen_err judge_counts(const struct judged *j)
{
    const struct galen_epoch_body *body = &j->change->body;
    if (j->header->epoch == UINT32_MAX || body->epoch != j->header->epoch + 1)
        return GALEN_ERR_FORMAT;
    size_t others = 0;
    for (size_t i = 0; i < body->member_count; i++) {
        const struct galen_member *member = &j->change->members[i];
        size_t of_account = 0;
        for (size_t k = 0; k < body->member_count; k++)
            of_account += galen_id_equal(&member->account, &j->change->members[k].account);
        if (GALEN_CHECKED(MEMBERS_LIMIT) && of_account > GALEN_ACCOUNT_DEVICES_MAX)
            return GALEN_ERR_MEMBERS;
        others += !is_staff(member) && !is_custodian(member);
    }
    return GALEN_CHECKED(MEMBERS_LIMIT) && others > GALEN_MEMBERS_OTHERS_MAX ? GALEN_ERR_MEMBERS
                                                                             : GALEN_OK;
}

static bool practice_revokes(const struct judged *j, const struct galen_id *device)
{
    const struct galen_epoch_body *body = &j->change->body;
    for (size_t i = 0; i < body->statement_count; i++)
        if (j->change->statement_errs[i] == GALEN_OK &&
            body->statements[i].kind == GALEN_STATEMENT_REVOKED &&
            galen_id_equal(&body->statements[i].subject, device) &&
            galen_id_equal(&body->statements[i].signer, &j->rules->practice.device))
            return true;
    return false;
}

/* 11b */
static enum galen_err judge_custodian(const struct judged *j)
{
    const struct galen_rules *rules = j->rules;
    size_t listed = 0, added = 0, dropped = 0;
    for (size_t i = 0; i < j->change->body.member_count; i++)
        listed += is_custodian(&j->change->members[i]);
    for (size_t i = 0; i < j->change->newcomer_count; i++)
        added += is_custodian(&j->change->members[j->change->newcomers[i]]);
    for (size_t i = 0; i < rules->member_count; i++) {
        const struct galen_member *old = &rules->members[i];
        if (!is_custodian(old) || find_new(j->change, &old->device))
            continue;
        dropped++;
        if (GALEN_CHECKED(CUSTODIAN) && !practice_revokes(j, &old->device))
            return GALEN_ERR_CUSTODIAN;
    }
    bool kept = listed > 0 && (!rules->begun || added <= dropped);
    return GALEN_CHECKED(CUSTODIAN) && !kept ? GALEN_ERR_CUSTODIAN : GALEN_OK;
}

/* An account has one role in a chart, then and now. */
static bool account_has_role(const struct judged *j, const struct galen_member *member)
{
    for (size_t i = 0; i < j->change->body.member_count; i++) {
        const struct galen_member *other = &j->change->members[i];
        if (galen_id_equal(&other->account, &member->account) && other->role != member->role)
            return false;
    }
    for (size_t i = 0; i < j->rules->ever.count; i++) {
        const struct galen_member *other =
            (const struct galen_member *)(const void *)j->rules->ever.rows + i;
        if (galen_id_equal(&other->account, &member->account) && other->role != member->role)
            return false;
    }
    return true;
}

/* 11c, one newcomer. */
static enum galen_err judge_newcomer(const struct judged *j, const struct galen_member *member,
                                     const struct galen_chain *chain)
{
    enum galen_err err = rules_chain_check(j->rules, j->change, chain, j->at_ms);
    if (err != GALEN_OK)
        return err;
    bool here = member->scope_kind == GALEN_SCOPE_ANY ||
                (member->scope_kind == GALEN_SCOPE_CHART && j->rules->begun &&
                 galen_id_equal(&member->scope, &j->rules->chart));
    if (GALEN_CHECKED(SCOPE) && !here)
        return GALEN_ERR_CERTIFICATE;
    return account_has_role(j, member) ? GALEN_OK : GALEN_ERR_CERTIFICATE;
}

/* 11c */
static enum galen_err judge_listed(const struct judged *j)
{
    const struct epoch_change *change = j->change;
    for (size_t i = 0; i < change->body.member_count; i++) {
        const struct galen_member *listed = &change->members[i];
        enum galen_err err = known_err(j->rules, change, &listed->device, &listed->account, NULL);
        if (err != GALEN_OK)
            return err;
    }
    for (size_t i = 0; i < change->newcomer_count; i++) {
        enum galen_err err =
            judge_newcomer(j, &change->members[change->newcomers[i]], &change->body.chains[i]);
        if (err != GALEN_OK)
            return err;
    }
    return GALEN_OK;
}

/* 11d: a chain through an invitation, a code or a sheet that is a member here is that device's own
   doing, with nobody between it and the newcomer. */
static enum galen_err judge_redeemed(const struct judged *j)
{
    for (size_t i = 0; i < j->change->newcomer_count; i++) {
        const struct galen_chain *chain = &j->change->body.chains[i];
        for (size_t k = 0; k < chain->count; k++) {
            const struct galen_member *issuer =
                galen_rules_member(j->rules, &chain->certs[k].issuer);
            if (!issuer || issuer->purpose == GALEN_PURPOSE_DEVICE)
                continue;
            if (GALEN_CHECKED(REDEEM) &&
                (k + 1 < chain->count || !galen_id_equal(&issuer->device, &j->author->device)))
                return GALEN_ERR_ROLE;
        }
    }
    return GALEN_OK;
}

static bool encloses_replacement(const struct judged *j, const struct galen_id *successor)
{
    const struct galen_statement *known =
        known_of(j->rules, j->change, &j->author->device, &j->author->account);
    return known && known->kind == GALEN_STATEMENT_REPLACED &&
           galen_id_equal(&known->successor, successor);
}

/* 11d and 11e: what an author of purpose invitation, code or sheet must do, and nothing else. */
static enum galen_err judge_redeeming(const struct judged *j)
{
    const struct galen_rules *rules = j->rules;
    const struct galen_member *author = j->author;
    if (author->purpose == GALEN_PURPOSE_DEVICE || !GALEN_CHECKED(REDEEM))
        return GALEN_OK;
    if (!rules->begun || j->change->newcomer_count != 1)
        return GALEN_ERR_ROLE;
    const struct galen_member *successor = &j->change->members[j->change->newcomers[0]];
    if (!galen_id_equal(&successor->issuer, &author->device) || successor->holder != author->holder)
        return GALEN_ERR_ROLE;
    bool stays = find_new(j->change, &author->device) != NULL;
    bool sheet = author->purpose == GALEN_PURPOSE_SHEET;
    if (!sheet && (stays || !encloses_replacement(j, &successor->device)))
        return GALEN_ERR_ROLE;
    for (size_t i = 0; i < rules->member_count; i++) {
        const struct galen_member *old = &rules->members[i];
        const struct galen_member *listed = find_new(j->change, &old->device);
        bool own = galen_id_equal(&old->account, &author->account);
        bool self = galen_id_equal(&old->device, &author->device);
        if (listed ? listed->holder != old->holder : !self && !(sheet && own))
            return GALEN_ERR_ROLE;
    }
    return GALEN_OK;
}

/* 11f */
static enum galen_err judge_who(const struct judged *j)
{
    const struct galen_rules *rules = j->rules;
    if (is_staff(j->author) || !GALEN_CHECKED(ROLE))
        return GALEN_OK;
    for (size_t i = 0; i < j->change->newcomer_count; i++) {
        const struct galen_member *added = &j->change->members[j->change->newcomers[i]];
        if (!galen_id_equal(&added->account, &j->author->account))
            return GALEN_ERR_ROLE;
    }
    for (size_t i = 0; i < rules->member_count; i++) {
        const struct galen_member *old = &rules->members[i];
        if (find_new(j->change, &old->device) || galen_id_equal(&old->account, &j->author->account))
            continue;
        const struct galen_statement *known =
            known_of(rules, j->change, &old->device, &old->account);
        if (!known || known->kind != GALEN_STATEMENT_REVOKED)
            return GALEN_ERR_ROLE;
    }
    return GALEN_OK;
}

/* 11g */
static enum galen_err judge_holders(const struct judged *j)
{
    for (size_t i = 0; GALEN_CHECKED(HOLDER) && i < j->change->body.member_count; i++) {
        const struct galen_member *member = &j->change->members[i];
        const struct galen_member *old = galen_rules_member(j->rules, &member->device);
        bool always = is_staff(member) || is_custodian(member);
        if (!member->holder) {
            if (always || (old && old->holder))
                return GALEN_ERR_ROLE;
            continue;
        }
        if (always || (old && old->holder))
            continue;
        bool own = galen_id_equal(&member->account, &j->author->account);
        if (member->purpose == GALEN_PURPOSE_INVITATION ||
            (!is_staff(j->author) && !(own && j->author->holder)))
            return GALEN_ERR_ROLE;
    }
    return GALEN_OK;
}

/* Whether somebody is dropped who has the secret of the history key. */
static bool history_is_known_outside(const struct judged *j)
{
    for (size_t i = 0; i < j->rules->member_count; i++) {
        const struct galen_member *old = &j->rules->members[i];
        if (!find_new(j->change, &old->device) &&
            (old->holder || galen_id_equal(&old->device, &j->rules->history_author)))
            return true;
    }
    return false;
}

/* 11h */
static enum galen_err judge_history(const struct judged *j)
{
    const struct galen_rules *rules = j->rules;
    const struct galen_epoch_body *body = &j->change->body;
    bool changes = memcmp(body->history_key, rules->history_key, sizeof body->history_key) != 0;
    bool must = history_is_known_outside(j);
    if (!GALEN_CHECKED(HISTORY))
        return GALEN_OK;
    if (!galen_seal_key_ok(body->history_key))
        return GALEN_ERR_KEY;
    if (must && !changes)
        return GALEN_ERR_FORMAT;
    if ((changes && !must && !j->author->holder && rules->begun) ||
        (body->link_count > 0 && !j->author->holder))
        return GALEN_ERR_ROLE;
    for (size_t i = 0; i < body->member_count; i++) {
        const struct galen_member *member = &j->change->members[i];
        const struct galen_member *old = galen_rules_member(rules, &member->device);
        bool wanted = member->holder && (changes || !old || !old->holder);
        if (body->members[i].has_history != wanted)
            return GALEN_ERR_FORMAT;
    }
    return GALEN_OK;
}

/* 11i */
static enum galen_err judge_enclosed(const struct judged *j)
{
    for (size_t i = 0; i < j->change->body.statement_count; i++)
        if (j->change->statement_errs[i] != GALEN_OK)
            return j->change->statement_errs[i];
    return GALEN_OK;
}

enum galen_err rules_epoch_judge(const struct galen_rules *rules, const struct galen_entry *entry,
                                 const struct galen_member *author, struct epoch_change *change)
{
    static enum galen_err (*const rows[])(const struct judged *) = {
        judge_statements, /* what they are worth, before any row relies on them */
        judge_counts,     judge_custodian, judge_listed,  judge_redeemed, judge_redeeming,
        judge_who,        judge_holders,   judge_history, judge_enclosed,
    };
    struct judged j = {rules, change, &entry->header, author, entry->received_ms};
    enum galen_err err = GALEN_OK;
    for (size_t i = 0; err == GALEN_OK && i < sizeof rows / sizeof rows[0]; i++)
        err = rows[i](&j);
    return err;
}
