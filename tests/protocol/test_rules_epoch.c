/* PROTOCOL.md, "Judging an entry": the table of epoch entries, 11a to 11e. */
#include "galen/rules.h"
#include "support/primitives.h"
#include "support/scene.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static void expect(struct scene *s, enum galen_err wanted, const char *what)
{
    enum galen_err got = scene_judge(s);
    cr_assert_eq(got, wanted, "%s: %s, not %s", what, galen_err_name(got), galen_err_name(wanted));
}

static const struct galen_id *chart_of(const struct scene *s)
{
    return galen_rules_chart(s->rules);
}

/* A further caregiver with a number of its own, certified for the chart. */
static void newcomer(struct scene *s, struct party *party, unsigned number)
{
    party_make(party, number);
    party_certify(party, &s->pharmacist, GALEN_ROLE_CAREGIVER, GALEN_PURPOSE_DEVICE, chart_of(s));
}

/* ------------------------------------------------------------------------------------------ 11a */

Test(rules_epoch, rule_11a_the_body_has_its_shape)
{
    struct scene s;
    scene_begin(&s);
    scene_draft_epoch(&s, &s.pharmacist);
    expect(&s, GALEN_OK, "as it should be");
    scene_draft_epoch(&s, &s.pharmacist);
    s.body->suite = 2;
    expect(&s, GALEN_ERR_FORMAT, "an unknown suite");
    scene_draft_epoch(&s, &s.pharmacist);
    s.body->epoch++;
    expect(&s, GALEN_ERR_FORMAT, "an epoch left out");
    s.body->epoch -= 2;
    expect(&s, GALEN_ERR_FORMAT, "the same epoch again");
    scene_draft_epoch(&s, &s.pharmacist);
    s.body->member_count = 0;
    expect(&s, GALEN_ERR_FORMAT, "nobody");
    scene_draft_epoch(&s, &s.pharmacist);
    struct galen_epoch_member first = s.body->members[0];
    s.body->members[0] = s.body->members[1];
    s.body->members[1] = first;
    expect(&s, GALEN_ERR_FORMAT, "members out of order");
    s.body->members[1] = s.body->members[0];
    expect(&s, GALEN_ERR_FORMAT, "a member twice");
    scene_end(&s);
}

Test(rules_epoch, rule_11a_a_body_cut_anywhere_is_refused)
{
    struct scene s;
    scene_begin(&s);
    scene_draft_epoch(&s, &s.pharmacist);
    scene_add(&s, &s.caregiver, true, false);
    scene_state(&s, &s.administrator, GALEN_STATEMENT_REVOKED, &s.patient, NULL, true);
    scene_drop(&s, &s.patient);
    s.body->link_count = 1;
    expect(&s, GALEN_OK, "whole");
    struct galen_bytes whole = s.entry.body;
    for (size_t cut = 0; cut < whole.size; cut++) {
        s.entry.body.size = cut;
        s.header.body_size = (uint32_t)cut;
        test_primitives.sha256(&s.entry.body, 1, s.header.body_hash);
        scene_sign(&s);
        cr_assert_neq(galen_rules_judge(s.rules, &s.entry), GALEN_OK, "cut to %zu", cut);
    }
    scene_end(&s);
}

Test(rules_epoch, rule_11a_chains_and_newcomers_match)
{
    struct scene s;
    scene_begin(&s);
    scene_draft_epoch(&s, &s.pharmacist);
    scene_add(&s, &s.caregiver, true, false);
    s.body->chain_count = 0;
    expect(&s, GALEN_ERR_FORMAT, "a newcomer without a chain");
    scene_draft_epoch(&s, &s.pharmacist);
    scene_add(&s, &s.caregiver, true, false);
    party_chain(&s.other_pharmacist, false, &s.body->chains[0]);
    expect(&s, GALEN_ERR_FORMAT, "another's chain");
    scene_draft_epoch(&s, &s.pharmacist);
    scene_add(&s, &s.caregiver, true, false);
    party_chain(&s.other_pharmacist, false, &s.body->chains[1]);
    s.body->chain_count = 2;
    expect(&s, GALEN_ERR_FORMAT, "a chain too many");
    scene_draft_epoch(&s, &s.pharmacist);
    party_chain(&s.pharmacist, false, &s.body->chains[0]);
    s.body->chain_count = 1;
    expect(&s, GALEN_ERR_FORMAT, "a chain for a member");
    scene_end(&s);
}

Test(rules_epoch, C6_eight_devices_an_account)
{
    struct scene s;
    struct party more[GALEN_ACCOUNT_DEVICES_MAX];
    scene_begin(&s);
    scene_draft_epoch(&s, &s.patient);
    for (unsigned i = 0; i < GALEN_ACCOUNT_DEVICES_MAX; i++) {
        party_make(&more[i], 100 + i);
        party_certify(&more[i], &s.patient, GALEN_ROLE_PATIENT, GALEN_PURPOSE_DEVICE, chart_of(&s));
        if (i == GALEN_ACCOUNT_DEVICES_MAX - 1)
            expect(&s, GALEN_OK, "eight");
        scene_add(&s, &more[i], true, false);
    }
    expect(&s, GALEN_ERR_MEMBERS, "nine");
    scene_end(&s);
}

Test(rules_epoch, C6_sixteen_places_are_kept_for_staff)
{
    struct scene s;
    struct party person[GALEN_MEMBERS_MAX];
    scene_begin(&s);
    scene_draft_epoch(&s, &s.pharmacist);
    for (unsigned i = 0; i < GALEN_MEMBERS_OTHERS_MAX; i++) { /* the patient is one already */
        newcomer(&s, &person[i], 100 + i);
        if (i == GALEN_MEMBERS_OTHERS_MAX - 1)
            expect(&s, GALEN_OK, "48 with the patient");
        scene_add(&s, &person[i], true, false);
    }
    expect(&s, GALEN_ERR_MEMBERS, "49");
    scene_end(&s);
}

Test(rules_epoch, C6_sixty_four_devices_a_chart)
{
    struct scene s;
    struct party person[GALEN_MEMBERS_MAX];
    scene_begin(&s);
    scene_draft_epoch(&s, &s.pharmacist);
    for (unsigned i = 0; i < GALEN_MEMBERS_OTHERS_MAX - 1; i++) {
        newcomer(&s, &person[i], 100 + i);
        scene_add(&s, &person[i], true, false);
    }
    for (unsigned i = 0; s.body->member_count < GALEN_MEMBERS_MAX; i++) {
        struct party *staff = &person[GALEN_MEMBERS_OTHERS_MAX - 1 + i];
        party_make(staff, 200 + i);
        party_certify(staff, &s.administrator, GALEN_ROLE_TECHNICIAN, GALEN_PURPOSE_DEVICE, NULL);
        scene_add(&s, staff, false, true);
    }
    scene_accept(&s);
    cr_assert_eq(galen_rules_member_count(s.rules), GALEN_MEMBERS_MAX);
    /* One more member does not fit struct galen_epoch_body, so it is spliced into the bytes. */
    scene_draft_epoch(&s, &s.pharmacist);
    scene_encode(&s);
    struct galen_writer longer;
    galen_writer_init(&longer);
    galen_write(&longer, s.entry.body.at, 2 + 4 + 32 + 32 + 80);
    size_t mark = galen_write_begin(&longer);
    for (size_t i = 0; i <= GALEN_MEMBERS_MAX; i++) {
        struct galen_id id = {{0}};
        id.bytes[0] = (uint8_t)i;
        galen_write_id(&longer, &id);
        galen_write_u8(&longer, 0);
        for (int b = 0; b < 80; b++)
            galen_write_u8(&longer, 0);
        galen_write_u8(&longer, 0);
    }
    galen_write_end(&longer, mark);
    galen_write_u8(&longer, 0);
    galen_write_u8(&longer, 0);
    galen_write_u8(&longer, 0);
    s.entry.body = galen_written(&longer);
    s.header.body_size = (uint32_t)longer.size;
    test_primitives.sha256(&s.entry.body, 1, s.header.body_hash);
    scene_sign(&s);
    cr_assert_eq(galen_rules_judge(s.rules, &s.entry), GALEN_ERR_MEMBERS);
    galen_writer_wipe(&longer);
    scene_end(&s);
}

/* ------------------------------------------------------------------------------------------ 11b */

Test(rules_epoch, K5_a_chart_begins_with_a_custodian)
{
    struct scene s;
    scene_begin_empty(&s);
    scene_draft_epoch(&s, &s.pharmacist);
    scene_add(&s, &s.pharmacist, false, true);
    test_seal_key((uint8_t[32]){9}, s.body->history_key);
    expect(&s, GALEN_ERR_CUSTODIAN, "no custodian");
    scene_end(&s);
}

Test(rules_epoch, C5_nobody_drops_the_custodian)
{
    struct scene s;
    scene_begin(&s);
    scene_draft_epoch(&s, &s.pharmacist);
    scene_drop(&s, &s.custodian);
    expect(&s, GALEN_ERR_CUSTODIAN, "staff");
    scene_draft_epoch(&s, &s.custodian);
    scene_drop(&s, &s.custodian);
    expect(&s, GALEN_ERR_CUSTODIAN, "itself");
    scene_draft_epoch(&s, &s.pharmacist);
    scene_drop(&s, &s.custodian);
    scene_state(&s, &s.administrator, GALEN_STATEMENT_REVOKED, &s.custodian, NULL, true);
    expect(&s, GALEN_ERR_CUSTODIAN, "staff with an administrator's word");
    scene_draft_epoch(&s, &s.pharmacist);
    scene_drop(&s, &s.custodian);
    scene_state(&s, &s.custodian, GALEN_STATEMENT_REVOKED, &s.custodian, NULL, false);
    expect(&s, GALEN_ERR_CUSTODIAN, "with its own word");
    scene_end(&s);
}

Test(rules_epoch, C5_nobody_adds_a_custodian)
{
    struct scene s;
    scene_begin(&s);
    party_certify(&s.stranger, &s.practice, GALEN_ROLE_CUSTODIAN, GALEN_PURPOSE_DEVICE, NULL);
    scene_draft_epoch(&s, &s.pharmacist);
    scene_add(&s, &s.stranger, false, true);
    expect(&s, GALEN_ERR_CUSTODIAN, "a second");
    party_certify(&s.stranger, &s.custodian, GALEN_ROLE_CUSTODIAN, GALEN_PURPOSE_SHEET, NULL);
    scene_draft_epoch(&s, &s.custodian);
    scene_add(&s, &s.stranger, true, true);
    expect(&s, GALEN_ERR_CUSTODIAN, "a device of its own");
    scene_end(&s);
}

Test(rules_epoch, C5_the_practice_key_replaces_a_custodian)
{
    struct scene s;
    scene_begin(&s);
    party_certify(&s.stranger, &s.practice, GALEN_ROLE_CUSTODIAN, GALEN_PURPOSE_DEVICE, NULL);
    scene_draft_epoch(&s, &s.pharmacist);
    scene_drop(&s, &s.custodian);
    scene_state(&s, &s.practice, GALEN_STATEMENT_REVOKED, &s.custodian, NULL, false);
    expect(&s, GALEN_ERR_CUSTODIAN, "one must remain");
    scene_draft_epoch(&s, &s.patient);
    scene_drop(&s, &s.custodian);
    scene_add(&s, &s.stranger, false, true);
    scene_state(&s, &s.practice, GALEN_STATEMENT_REVOKED, &s.custodian, NULL, false);
    expect(&s, GALEN_ERR_ROLE, "but not by a patient");
    scene_draft_epoch(&s, &s.pharmacist);
    scene_drop(&s, &s.custodian);
    scene_add(&s, &s.stranger, false, true);
    scene_state(&s, &s.practice, GALEN_STATEMENT_REVOKED, &s.custodian, NULL, false);
    s.body->statements[0].signature[3] ^= 1;
    expect(&s, GALEN_ERR_CUSTODIAN, "a forged word has no weight");
    s.body->statements[0].signature[3] ^= 1;
    scene_accept(&s);
    cr_assert_not_null(galen_rules_member(s.rules, &s.stranger.id));
    cr_assert_null(galen_rules_member(s.rules, &s.custodian.id));
    scene_draft_epoch(&s, &s.pharmacist);
    scene_add(&s, &s.custodian, false, true);
    expect(&s, GALEN_ERR_CUSTODIAN, "the old one stays away");
    scene_end(&s);
}

/* ------------------------------------------------------------------------------------------ 11c */

Test(rules_epoch, C2_a_newcomers_chain_leads_to_the_practice_or_a_member)
{
    struct scene s;
    scene_begin(&s);
    scene_draft_epoch(&s, &s.pharmacist);
    scene_add(&s, &s.other_pharmacist, false, true);
    expect(&s, GALEN_OK, "from the practice");
    scene_draft_epoch(&s, &s.pharmacist);
    scene_add(&s, &s.other_pharmacist, true, true);
    expect(&s, GALEN_ERR_CERTIFICATE, "from an administrator who is no member");
    struct party other_practice;
    party_make(&other_practice, 99);
    party_certify(&s.administrator, &other_practice, GALEN_ROLE_ADMINISTRATOR, GALEN_PURPOSE_DEVICE,
                  NULL);
    scene_draft_epoch(&s, &s.pharmacist);
    scene_add(&s, &s.other_pharmacist, false, true);
    expect(&s, GALEN_ERR_CERTIFICATE, "from another practice");
    scene_draft_epoch(&s, &s.pharmacist);
    scene_add(&s, &s.caregiver, true, false);
    s.body->chains[0].certs[0].signature[9] ^= 1;
    expect(&s, GALEN_ERR_SIGNATURE, "a forged certificate");
    scene_end(&s);
}

Test(rules_epoch, C2_a_newcomers_chain_is_valid_now)
{
    struct scene s;
    scene_begin(&s);
    s.caregiver.cert.not_after_ms = SCENE_NOW_MS + 10;
    s.caregiver.cert.issues_until_ms = s.caregiver.cert.not_before_ms;
    party_certify_again(&s.caregiver);
    scene_draft_epoch(&s, &s.pharmacist);
    scene_add(&s, &s.caregiver, true, false);
    s.now_ms = SCENE_NOW_MS + 10;
    expect(&s, GALEN_OK, "in the last moment");
    s.now_ms++;
    expect(&s, GALEN_ERR_EXPIRED, "a moment later");
    s.now_ms = s.caregiver.cert.not_before_ms - GALEN_CLOCK_SKEW_MS;
    expect(&s, GALEN_OK, "a clock ten minutes ahead");
    s.now_ms--;
    expect(&s, GALEN_ERR_CERTIFICATE, "further ahead");
    scene_end(&s);
}

Test(rules_epoch, C1_the_scope_is_this_chart)
{
    struct scene s;
    struct galen_id elsewhere = {{1, 2, 3}};
    scene_begin(&s);
    party_certify(&s.caregiver, &s.pharmacist, GALEN_ROLE_CAREGIVER, GALEN_PURPOSE_DEVICE,
                  &elsewhere);
    scene_draft_epoch(&s, &s.pharmacist);
    scene_add(&s, &s.caregiver, true, false);
    expect(&s, GALEN_ERR_CERTIFICATE, "another chart");
    scene_end(&s);
    scene_begin_empty(&s);
    party_certify(&s.caregiver, &s.pharmacist, GALEN_ROLE_CAREGIVER, GALEN_PURPOSE_DEVICE,
                  &elsewhere);
    scene_add(&s, &s.caregiver, false, false);
    expect(&s, GALEN_ERR_CERTIFICATE, "a first entry knows no chart yet");
    scene_end(&s);
}

Test(rules_epoch, a_guest_is_never_a_member)
{
    struct scene s;
    scene_begin(&s);
    party_certify(&s.stranger, &s.pharmacist, GALEN_ROLE_INTERPRETER, GALEN_PURPOSE_DEVICE,
                  chart_of(&s));
    s.stranger.cert.scope_kind = GALEN_SCOPE_VISIT;
    s.stranger.cert.not_after_ms = s.stranger.cert.not_before_ms + GALEN_DAY_MS;
    s.stranger.cert.issues_until_ms = s.stranger.cert.not_before_ms;
    party_certify_again(&s.stranger);
    scene_draft_epoch(&s, &s.pharmacist);
    scene_add(&s, &s.stranger, true, false);
    expect(&s, GALEN_ERR_CERTIFICATE, "an interpreter");
    scene_end(&s);
}

Test(rules_epoch, C3_a_revoked_device_never_comes_back)
{
    struct scene s;
    scene_begin(&s);
    scene_draft_epoch(&s, &s.pharmacist);
    scene_state(&s, &s.administrator, GALEN_STATEMENT_REVOKED, &s.patient, NULL, true);
    expect(&s, GALEN_ERR_REVOKED, "revoked, and still listed");
    scene_drop(&s, &s.patient);
    scene_accept(&s);
    const struct galen_statement *known =
        galen_rules_statement(s.rules, &s.patient.id, &s.patient.cert.account);
    cr_assert_not_null(known);
    cr_assert_eq(known->kind, GALEN_STATEMENT_REVOKED);
    scene_draft_epoch(&s, &s.pharmacist);
    scene_add(&s, &s.patient, true, false);
    expect(&s, GALEN_ERR_REVOKED, "added again");
    scene_draft_epoch(&s, &s.pharmacist);
    scene_add(&s, &s.patient_second, false, false);
    expect(&s, GALEN_ERR_REVOKED, "nor whom it certified");
    scene_end(&s);
}

Test(rules_epoch, C3_a_chain_through_a_replaced_device_is_good_for_its_successor_only)
{
    struct scene s;
    scene_begin(&s);
    scene_draft_epoch(&s, &s.patient);
    scene_drop(&s, &s.patient);
    scene_add(&s, &s.patient_second, true, false);
    scene_state(&s, &s.patient, GALEN_STATEMENT_REPLACED, &s.patient, &s.patient_second, false);
    scene_accept(&s);
    scene_draft_epoch(&s, &s.pharmacist);
    scene_add(&s, &s.patient, true, false);
    expect(&s, GALEN_ERR_REPLACED, "the old device again");
    party_certify(&s.stranger, &s.patient, GALEN_ROLE_PATIENT, GALEN_PURPOSE_DEVICE, chart_of(&s));
    scene_draft_epoch(&s, &s.pharmacist);
    scene_add(&s, &s.stranger, false, false);
    expect(&s, GALEN_ERR_REPLACED, "another that the old device certified");
    scene_drop_member(&s, &s.pharmacist, &s.patient_second);
    scene_draft_epoch(&s, &s.pharmacist);
    scene_add(&s, &s.patient_second, false, false);
    expect(&s, GALEN_OK, "the successor, by the chain through the old device");
    scene_end(&s);
}

Test(rules_epoch, an_account_has_one_role)
{
    struct scene s;
    scene_begin(&s);
    /* An administrator vouches for the account of whom it certifies anew; not for a patient's. */
    s.other_pharmacist.cert.account = s.patient.id;
    party_certify_again(&s.other_pharmacist);
    scene_draft_epoch(&s, &s.pharmacist);
    scene_add(&s, &s.other_pharmacist, false, true);
    expect(&s, GALEN_ERR_CERTIFICATE, "a pharmacist of the patient's account");
    scene_drop_member(&s, &s.pharmacist, &s.patient);
    scene_draft_epoch(&s, &s.pharmacist);
    scene_add(&s, &s.other_pharmacist, false, true);
    expect(&s, GALEN_ERR_CERTIFICATE, "also after the patient left");
    scene_end(&s);
}

/* ------------------------------------------------------------------------------------- 11d, 11e */

/* The invitation of a caregiver is a member; `stranger` is the device that takes its place. */
static void begin_with_invitation(struct scene *s)
{
    scene_begin(s);
    scene_add_member(s, &s->pharmacist, &s->invitation, true, false);
    party_certify(&s->stranger, &s->invitation, GALEN_ROLE_CAREGIVER, GALEN_PURPOSE_DEVICE,
                  chart_of(s));
}

static void draft_redemption(struct scene *s)
{
    scene_draft_epoch(s, &s->invitation);
    scene_drop(s, &s->invitation);
    scene_add(s, &s->stranger, true, false);
    scene_state(s, &s->invitation, GALEN_STATEMENT_REPLACED, &s->invitation, &s->stranger, false);
}

Test(rules_epoch, I3_an_invitation_puts_one_device_in_its_place)
{
    struct scene s;
    begin_with_invitation(&s);
    draft_redemption(&s);
    scene_accept(&s);
    cr_assert_null(galen_rules_member(s.rules, &s.invitation.id));
    const struct galen_member *member = galen_rules_member(s.rules, &s.stranger.id);
    cr_assert_not_null(member);
    cr_assert(galen_id_equal(&member->account, &s.invitation.id), "the account goes on");
    scene_draft(&s, &s.stranger, GALEN_CLASS_MESSAGE);
    expect(&s, GALEN_OK, "and writes");
    scene_end(&s);
}

Test(rules_epoch, I3_an_invitation_adds_nobody_after_its_redemption)
{
    struct scene s;
    begin_with_invitation(&s);
    draft_redemption(&s);
    scene_accept(&s);
    struct party thief;
    party_make(&thief, 77);
    party_certify(&thief, &s.invitation, GALEN_ROLE_CAREGIVER, GALEN_PURPOSE_DEVICE, chart_of(&s));
    scene_draft_epoch(&s, &s.invitation);
    scene_add(&s, &thief, true, false);
    expect(&s, GALEN_ERR_NOT_MEMBER, "a second opening");
    scene_draft_epoch(&s, &s.pharmacist);
    scene_add(&s, &thief, false, false);
    expect(&s, GALEN_ERR_REPLACED, "even through staff");
    scene_end(&s);
}

Test(rules_epoch, I3_an_invitation_does_nothing_else)
{
    struct scene s;
    begin_with_invitation(&s);
    scene_draft_epoch(&s, &s.invitation);
    expect(&s, GALEN_ERR_ROLE, "a renewal");
    scene_draft_epoch(&s, &s.invitation);
    scene_add(&s, &s.stranger, true, false);
    scene_state(&s, &s.invitation, GALEN_STATEMENT_REPLACED, &s.invitation, &s.stranger, false);
    expect(&s, GALEN_ERR_REPLACED, "it stays, though it says it was replaced");
    scene_draft_epoch(&s, &s.invitation);
    scene_add(&s, &s.stranger, true, false);
    expect(&s, GALEN_ERR_ROLE, "it stays");
    scene_draft_epoch(&s, &s.invitation);
    scene_drop(&s, &s.invitation);
    scene_add(&s, &s.stranger, true, false);
    expect(&s, GALEN_ERR_ROLE, "without its statement");
    draft_redemption(&s);
    party_state(&s.invitation, GALEN_STATEMENT_REPLACED, &s.invitation, &s.caregiver,
                &s.body->statements[0]);
    expect(&s, GALEN_ERR_REPLACED, "a statement that names another");
    draft_redemption(&s);
    scene_drop(&s, &s.patient);
    expect(&s, GALEN_ERR_ROLE, "it drops somebody");
    struct party second;
    party_make(&second, 78);
    party_certify(&second, &s.invitation, GALEN_ROLE_CAREGIVER, GALEN_PURPOSE_DEVICE, chart_of(&s));
    scene_draft_epoch(&s, &s.invitation);
    scene_drop(&s, &s.invitation);
    scene_add(&s, &s.stranger, true, false);
    scene_add(&s, &second, true, false);
    expect(&s, GALEN_ERR_ROLE, "two newcomers");
    draft_redemption(&s);
    scene_set_holder(&s, &s.stranger, true);
    expect(&s, GALEN_ERR_ROLE, "a holder");
    draft_redemption(&s);
    scene_set_holder(&s, &s.patient, true);
    expect(&s, GALEN_ERR_ROLE, "the patient becomes a holder");
    scene_draft_epoch(&s, &s.invitation);
    scene_drop(&s, &s.invitation);
    scene_add(&s, &s.caregiver, true, false);
    scene_state(&s, &s.invitation, GALEN_STATEMENT_REPLACED, &s.invitation, &s.caregiver, false);
    expect(&s, GALEN_ERR_ROLE, "somebody else's newcomer");
    scene_end(&s);
}

Test(rules_epoch, rule_11d_nobody_else_uses_an_invitation)
{
    struct scene s;
    begin_with_invitation(&s);
    scene_draft_epoch(&s, &s.pharmacist);
    scene_add(&s, &s.stranger, true, false);
    expect(&s, GALEN_ERR_ROLE, "staff");
    struct party second;
    party_make(&second, 78);
    party_certify(&second, &s.stranger, GALEN_ROLE_CAREGIVER, GALEN_PURPOSE_DEVICE, chart_of(&s));
    scene_draft_epoch(&s, &s.pharmacist);
    scene_add(&s, &second, false, false);
    expect(&s, GALEN_ERR_ROLE, "with a device between");
    scene_end(&s);
}

Test(rules_epoch, an_invitation_begins_no_chart)
{
    struct scene s;
    scene_begin_empty(&s);
    s.pharmacist.cert.purpose = GALEN_PURPOSE_INVITATION;
    party_certify_again(&s.pharmacist);
    for (size_t i = 0; i < 2; i++)
        if (s.body->chains[i].certs[s.body->chains[i].count - 1].role == GALEN_ROLE_PHARMACIST)
            party_chain(&s.pharmacist, false, &s.body->chains[i]);
    expect(&s, GALEN_ERR_ROLE, "a pharmacist's invitation");
    scene_end(&s);
}

Test(rules_epoch, a_pharmacist_who_joined_by_invitation_is_added_elsewhere)
{
    struct scene s;
    scene_begin(&s);
    party_certify(&s.invitation, &s.administrator, GALEN_ROLE_PHARMACIST, GALEN_PURPOSE_INVITATION,
                  NULL);
    party_certify(&s.stranger, &s.invitation, GALEN_ROLE_PHARMACIST, GALEN_PURPOSE_DEVICE, NULL);
    scene_draft_epoch(&s, &s.pharmacist);
    scene_add(&s, &s.stranger, false, true);
    scene_accept(&s);
    const struct galen_member *member = galen_rules_member(s.rules, &s.stranger.id);
    cr_assert(galen_id_equal(&member->account, &s.invitation.id));
    scene_end(&s);
}

/* A pharmacist's invitation is a member and a holder, as staff are. */
Test(rules_epoch, rule_11e_the_successor_of_a_holder_is_one)
{
    struct scene s;
    scene_begin(&s);
    party_certify(&s.invitation, &s.administrator, GALEN_ROLE_PHARMACIST, GALEN_PURPOSE_INVITATION,
                  NULL);
    party_certify(&s.stranger, &s.invitation, GALEN_ROLE_PHARMACIST, GALEN_PURPOSE_DEVICE, NULL);
    scene_add_member(&s, &s.pharmacist, &s.invitation, false, true);
    draft_redemption(&s);
    expect(&s, GALEN_ERR_ROLE, "the successor loses the record");
    scene_set_holder(&s, &s.stranger, true);
    scene_accept(&s);
    cr_assert(galen_rules_member(s.rules, &s.stranger.id)->holder);
    scene_end(&s);
}

/* The patient is a holder with a sheet; `stranger` is the device restored from it. */
static void begin_with_sheet(struct scene *s)
{
    scene_begin(s);
    scene_draft_epoch(s, &s->pharmacist);
    scene_set_holder(s, &s->patient, true);
    scene_accept(s);
    scene_add_member(s, &s->patient, &s->sheet, true, true);
    party_certify(&s->stranger, &s->sheet, GALEN_ROLE_PATIENT, GALEN_PURPOSE_DEVICE, chart_of(s));
}

Test(rules_epoch, I6_a_sheet_restores_a_device_and_drops_the_lost_one)
{
    struct scene s;
    begin_with_sheet(&s);
    scene_draft_epoch(&s, &s.sheet);
    scene_add(&s, &s.stranger, true, true);
    expect(&s, GALEN_OK, "only restoring");
    scene_drop(&s, &s.patient);
    scene_accept(&s);
    cr_assert_null(galen_rules_member(s.rules, &s.patient.id));
    cr_assert_not_null(galen_rules_member(s.rules, &s.sheet.id));
    cr_assert(galen_rules_member(s.rules, &s.stranger.id)->holder);
    scene_draft_epoch(&s, &s.stranger);
    scene_drop(&s, &s.sheet);
    expect(&s, GALEN_OK, "and the sheet is put away");
    scene_end(&s);
}

Test(rules_epoch, I6_a_sheet_does_nothing_else)
{
    struct scene s;
    begin_with_sheet(&s);
    scene_draft_epoch(&s, &s.sheet);
    scene_drop(&s, &s.patient);
    expect(&s, GALEN_ERR_ROLE, "it drops without restoring");
    scene_draft_epoch(&s, &s.sheet);
    scene_add(&s, &s.stranger, true, true);
    scene_drop(&s, &s.pharmacist);
    expect(&s, GALEN_ERR_ROLE, "it drops somebody else's device");
    scene_draft_epoch(&s, &s.sheet);
    scene_add(&s, &s.stranger, true, false);
    expect(&s, GALEN_ERR_ROLE, "the restored device loses the record");
    scene_end(&s);
}

Test(rules_epoch, I6_a_sheet_restores_one_device)
{
    struct scene s;
    struct party second;
    begin_with_sheet(&s);
    party_make(&second, 78);
    party_certify(&second, &s.sheet, GALEN_ROLE_PATIENT, GALEN_PURPOSE_DEVICE, chart_of(&s));
    scene_draft_epoch(&s, &s.sheet);
    scene_add(&s, &s.stranger, true, true);
    scene_add(&s, &second, true, true);
    expect(&s, GALEN_ERR_ROLE, "two");
    scene_draft_epoch(&s, &s.sheet);
    expect(&s, GALEN_ERR_ROLE, "none");
    scene_end(&s);
}

Test(rules_epoch, I1_a_code_adds_a_device_and_drops_only_itself)
{
    struct scene s;
    struct party code;
    scene_begin(&s);
    party_make(&code, 79);
    party_certify(&code, &s.patient, GALEN_ROLE_PATIENT, GALEN_PURPOSE_CODE, chart_of(&s));
    party_certify(&s.stranger, &code, GALEN_ROLE_PATIENT, GALEN_PURPOSE_DEVICE, chart_of(&s));
    scene_add_member(&s, &s.patient, &code, true, false);
    scene_draft_epoch(&s, &code);
    scene_add(&s, &s.stranger, true, false);
    scene_drop(&s, &code);
    scene_state(&s, &code, GALEN_STATEMENT_REPLACED, &code, &s.stranger, false);
    expect(&s, GALEN_OK, "as it should be");
    scene_drop(&s, &s.patient);
    expect(&s, GALEN_ERR_ROLE, "whoever saw the code does not lock the owner out");
    scene_end(&s);
}
