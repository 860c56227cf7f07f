/*
 * Stories of entries by seed, good and bad, from members and others. After each entry the chart must
 * have kept what the rules promise, said here in another way than wire/rules*.c does; and whoever
 * reads the whole story again comes to the same.
 */
#include "galen/rules.h"
#include "support/primitives.h"
#include "support/scene.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

enum { SEEDS = 60, STEPS = 50, CAST = 11 };

static uint64_t next_random(uint64_t *state) /* splitmix64 */
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static size_t below(uint64_t *state, size_t n)
{
    return (size_t)(next_random(state) % n);
}

/* A scene, what was told so far as stored records, and what was true before the last entry. */
struct tale {
    struct scene scene;
    uint64_t random;
    const struct party *cast[CAST];
    struct party redeemed, restored; /* what invitation and sheet certify */
    struct galen_writer records;
    struct galen_member before[GALEN_MEMBERS_MAX];
    size_t before_count;
    uint8_t before_history[32];
    size_t accepted;
};

static void record(struct tale *t)
{
    galen_entry_write(&t->records, &t->scene.entry);
}

static void begin(struct tale *t, uint64_t seed)
{
    struct scene *s = &t->scene;
    t->random = seed;
    t->accepted = 0;
    galen_writer_init(&t->records);
    scene_begin_empty(s);
    scene_accept(s);
    record(t);
    const struct galen_id *chart = galen_rules_chart(s->rules);
    party_certify(&s->patient, &s->pharmacist, GALEN_ROLE_PATIENT, GALEN_PURPOSE_DEVICE, chart);
    party_certify(&s->caregiver, &s->pharmacist, GALEN_ROLE_CAREGIVER, GALEN_PURPOSE_DEVICE, chart);
    party_certify(&s->invitation, &s->pharmacist, GALEN_ROLE_CAREGIVER, GALEN_PURPOSE_INVITATION,
                  chart);
    party_certify(&s->patient_second, &s->patient, GALEN_ROLE_PATIENT, GALEN_PURPOSE_DEVICE, chart);
    party_certify(&s->sheet, &s->patient, GALEN_ROLE_PATIENT, GALEN_PURPOSE_SHEET, chart);
    party_make(&t->redeemed, 50);
    party_make(&t->restored, 51);
    party_certify(&t->redeemed, &s->invitation, GALEN_ROLE_CAREGIVER, GALEN_PURPOSE_DEVICE, chart);
    party_certify(&t->restored, &s->sheet, GALEN_ROLE_PATIENT, GALEN_PURPOSE_DEVICE, chart);
    const struct party *cast[CAST] = {&s->custodian,      &s->administrator, &s->pharmacist,
                                      &s->patient,        &s->caregiver,     &s->other_pharmacist,
                                      &s->patient_second, &s->invitation,    &s->sheet,
                                      &t->redeemed,       &t->restored};
    memcpy(t->cast, cast, sizeof cast);
}

static const struct party *anybody(struct tale *t)
{
    return t->cast[below(&t->random, CAST)];
}

/* Mostly somebody who may write. */
static const struct party *some_author(struct tale *t)
{
    for (int i = 0; i < 20; i++) {
        const struct party *party = anybody(t);
        if (galen_rules_member(t->scene.rules, &party->id))
            return party;
    }
    return anybody(t);
}

static bool listed(struct tale *t, const struct party *party)
{
    return scene_listed(&t->scene, party) != NULL;
}

/* What a well-meaning invitation or sheet would write, else a few changes at random. */
static void draft_change(struct tale *t, const struct party *author)
{
    struct scene *s = &t->scene;
    scene_draft_epoch(s, author);
    bool redeems = below(&t->random, 4) > 0 && listed(t, author);
    if (redeems && author == &s->invitation && !listed(t, &t->redeemed)) {
        scene_drop(s, author);
        scene_add(s, &t->redeemed, true, false);
        scene_state(s, author, GALEN_STATEMENT_REPLACED, author, &t->redeemed, false);
        return;
    }
    if (redeems && author == &s->sheet && !listed(t, &t->restored)) {
        scene_add(s, &t->restored, true, scene_listed(s, author)->holder);
        return;
    }
    for (size_t changes = below(&t->random, 3) + 1; changes > 0; changes--) {
        const struct party *party = anybody(t);
        bool staff = galen_role_is_staff((enum galen_role)party->cert.role) ||
                     party->cert.role == GALEN_ROLE_CUSTODIAN;
        if (!listed(t, party) && !galen_rules_member(s->rules, &party->id) &&
            !s->body->statement_count)
            scene_add(s, party, party->issuer != &s->administrator && party->issuer->issuer,
                      staff != (below(&t->random, 12) == 0));
        else if (listed(t, party) && galen_rules_member(s->rules, &party->id) &&
                 below(&t->random, 2))
            scene_drop(s, party);
        else if (listed(t, party))
            scene_set_holder(s, party, !scene_listed(s, party)->holder || below(&t->random, 4));
    }
    if (below(&t->random, 6) == 0) {
        const struct party *subject = anybody(t);
        scene_state(s, below(&t->random, 2) ? &s->practice : anybody(t), GALEN_STATEMENT_REVOKED,
                    subject, NULL, false);
        if (listed(t, subject) && galen_rules_member(s->rules, &subject->id) &&
            below(&t->random, 4))
            scene_drop(s, subject);
    }
}

static void draft(struct tale *t)
{
    struct scene *s = &t->scene;
    const struct party *author = some_author(t);
    if (below(&t->random, 3) == 0)
        scene_draft(s, author, (uint8_t)(GALEN_CLASS_MESSAGE + below(&t->random, 3)));
    else
        draft_change(t, author);
    switch (below(&t->random, 12)) {
    case 0:
        s->header.epoch--;
        break;
    case 1:
        s->header.number += (uint32_t)below(&t->random, 3);
        break;
    case 2:
        s->header.head_root[0] ^= 1;
        break;
    case 3:
        s->author = anybody(t);
        break;
    default:
        break;
    }
    scene_encode(s);
}

/* ----------------------------------------------------------------------------------- the promises */

static const struct galen_member *was(const struct tale *t, const struct galen_id *device)
{
    for (size_t i = 0; i < t->before_count; i++)
        if (galen_id_equal(&t->before[i].device, device))
            return &t->before[i];
    return NULL;
}

static bool staff_or_custodian(const struct galen_member *member)
{
    return galen_role_is_staff((enum galen_role)member->role) ||
           member->role == GALEN_ROLE_CUSTODIAN;
}

static void check_members(const struct tale *t)
{
    const struct galen_rules *rules = t->scene.rules;
    size_t custodians = 0, others = 0;
    for (size_t i = 0; i < galen_rules_member_count(rules); i++) {
        const struct galen_member *member = galen_rules_member_at(rules, i);
        custodians += member->role == GALEN_ROLE_CUSTODIAN;
        others += !staff_or_custodian(member);
        cr_assert(!staff_or_custodian(member) || member->holder);
        cr_assert_null(galen_rules_statement(rules, &member->device, &member->account), "C3");
        cr_assert_not_null(galen_rules_ever_member(rules, &member->device));
    }
    cr_assert_geq(custodians, 1, "C5");
    cr_assert_leq(others, GALEN_MEMBERS_OTHERS_MAX, "C6");
}

/* What an accepted epoch entry by `author` made of the members before. */
static void check_change(const struct tale *t, const struct galen_member *author)
{
    const struct galen_rules *rules = t->scene.rules;
    bool staff = galen_role_is_staff((enum galen_role)author->role);
    bool secret_left = false;
    for (size_t i = 0; i < t->before_count; i++) {
        const struct galen_member *old = &t->before[i];
        const struct galen_member *now = galen_rules_member(rules, &old->device);
        bool own = galen_id_equal(&old->account, &author->account);
        if (now) {
            cr_assert(now->holder || !old->holder, "E2: nobody stops being a holder");
            continue;
        }
        const struct galen_statement *known =
            galen_rules_statement(rules, &old->device, &old->account);
        bool revoked = known && known->kind == GALEN_STATEMENT_REVOKED;
        cr_assert(staff || own || revoked, "C5: dropped by another account");
        cr_assert_neq(old->role, GALEN_ROLE_CUSTODIAN, "no practice statement replaces one here");
        cr_assert(author->purpose == GALEN_PURPOSE_DEVICE || own, "I3");
        secret_left = secret_left || old->holder;
    }
    size_t added = 0;
    for (size_t i = 0; i < galen_rules_member_count(rules); i++) {
        const struct galen_member *now = galen_rules_member_at(rules, i);
        const struct galen_member *old = was(t, &now->device);
        bool own = galen_id_equal(&now->account, &author->account);
        added += !old;
        cr_assert(old || staff || own, "C5: added by another account");
        if (now->holder && !staff_or_custodian(now) && !(old && old->holder))
            cr_assert(staff || (own && author->holder), "E2: made a holder by one who may not");
    }
    if (author->purpose != GALEN_PURPOSE_DEVICE)
        cr_assert_eq(added, 1, "I3");
    if (secret_left)
        cr_assert_arr_neq(galen_rules_history_key(rules), t->before_history, 32, "E1");
}

static void tell(struct tale *t)
{
    struct scene *s = &t->scene;
    uint32_t epoch = galen_rules_epoch(s->rules);
    uint64_t size = galen_tree_size(galen_rules_tree(s->rules));
    t->before_count = galen_rules_member_count(s->rules);
    for (size_t i = 0; i < t->before_count; i++)
        t->before[i] = *galen_rules_member_at(s->rules, i);
    memcpy(t->before_history, galen_rules_history_key(s->rules), 32);
    enum galen_err verdict = galen_rules_judge(s->rules, &s->entry);
    cr_assert_eq(galen_rules_apply(s->rules, &s->entry, verdict), GALEN_OK);
    record(t);
    cr_assert_eq(galen_tree_size(galen_rules_tree(s->rules)), size + 1);
    check_members(t);
    bool is_epoch = s->header.class == GALEN_CLASS_EPOCH;
    if (verdict == GALEN_OK) {
        t->accepted++;
        const struct galen_member *author = was(t, &s->header.author);
        cr_assert_not_null(author, "only members are heard");
        cr_assert_eq(galen_rules_epoch(s->rules), epoch + is_epoch);
        if (is_epoch)
            check_change(t, author);
        return;
    }
    cr_assert_leq(galen_rules_epoch(s->rules), epoch + is_epoch);
    cr_assert_eq(galen_rules_member_count(s->rules), t->before_count);
    for (size_t i = 0; i < t->before_count; i++)
        cr_assert(
            galen_id_equal(&galen_rules_member_at(s->rules, i)->device, &t->before[i].device));
    cr_assert_arr_eq(galen_rules_history_key(s->rules), t->before_history, 32);
}

static void read_again(const struct tale *t)
{
    const struct galen_rules *rules = t->scene.rules;
    struct galen_rules *again = galen_rules_new(&test_primitives, &t->scene.practice.keys);
    struct galen_reader r;
    struct galen_entry entry;
    galen_reader_init(&r, galen_written(&t->records));
    while (r.left > 0) {
        cr_assert_eq(galen_entry_read(&r, &entry), GALEN_OK);
        galen_entry_settle_body(&test_primitives, &entry);
        enum galen_err verdict = galen_rules_judge(again, &entry);
        cr_assert_eq(galen_rules_apply(again, &entry, verdict), GALEN_OK);
    }
    uint8_t root[32], other[32];
    uint64_t size = galen_tree_size(galen_rules_tree(rules));
    cr_assert(galen_tree_root_at(galen_rules_tree(rules), size, root));
    cr_assert(galen_tree_root_at(galen_rules_tree(again), size, other));
    cr_assert_arr_eq(root, other, 32);
    cr_assert_eq(galen_rules_epoch(rules), galen_rules_epoch(again));
    cr_assert_eq(galen_rules_epoch_void(rules), galen_rules_epoch_void(again));
    cr_assert_eq(galen_rules_member_count(rules), galen_rules_member_count(again));
    for (size_t i = 0; i < galen_rules_member_count(rules); i++) {
        const struct galen_member *a = galen_rules_member_at(rules, i);
        const struct galen_member *b = galen_rules_member_at(again, i);
        cr_assert(galen_id_equal(&a->device, &b->device) && a->holder == b->holder &&
                  a->since_epoch == b->since_epoch);
    }
    cr_assert_arr_eq(galen_rules_history_key(rules), galen_rules_history_key(again), 32);
    galen_rules_free(again);
}

Test(rules_random, promises_are_kept_whatever_is_written)
{
    size_t accepted = 0, redeemed = 0, restored = 0;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct tale *t = calloc(1, sizeof *t);
        begin(t, seed);
        for (int step = 0; step < STEPS; step++) {
            draft(t);
            tell(t);
        }
        read_again(t);
        accepted += t->accepted;
        redeemed += galen_rules_ever_member(t->scene.rules, &t->redeemed.id) != NULL;
        restored += galen_rules_ever_member(t->scene.rules, &t->restored.id) != NULL;
        galen_writer_wipe(&t->records);
        scene_end(&t->scene);
        free(t);
    }
    /* Stories in which hardly anything is accepted would show nothing. */
    cr_assert_gt(accepted, SEEDS * STEPS / 4, "%zu of %d", accepted, SEEDS * STEPS);
    cr_assert_lt(accepted, SEEDS * STEPS * 9 / 10, "%zu of %d", accepted, SEEDS * STEPS);
    cr_assert_gt(redeemed, 5, "%zu invitations", redeemed);
    cr_assert_gt(restored, 2, "%zu sheets", restored);
}
