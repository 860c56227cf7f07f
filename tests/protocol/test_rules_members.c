/* PROTOCOL.md, "Judging an entry": the table of epoch entries, 11f to 11i. */
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

/* The invitation of a caregiver is a member; `stranger` is the device that takes its place. */
static void begin_with_invitation(struct scene *s)
{
    scene_begin(s);
    scene_add_member(s, &s->pharmacist, &s->invitation, true, false);
    party_certify(&s->stranger, &s->invitation, GALEN_ROLE_CAREGIVER, GALEN_PURPOSE_DEVICE,
                  chart_of(s));
}

static const struct galen_statement *statement_about(const struct scene *s,
                                                     const struct party *party)
{
    return galen_rules_statement(s->rules, &party->id, &party->cert.account);
}

static void draft_redemption(struct scene *s)
{
    scene_draft_epoch(s, &s->invitation);
    scene_drop(s, &s->invitation);
    scene_add(s, &s->stranger, true, false);
    scene_state(s, &s->invitation, GALEN_STATEMENT_REPLACED, &s->invitation, &s->stranger, false);
}

/* ------------------------------------------------------------------------------------------ 11f */

Test(rules_members, C5_staff_add_and_drop_anybody)
{
    struct scene s;
    scene_begin(&s);
    scene_add_member(&s, &s.pharmacist, &s.other_pharmacist, false, true);
    scene_add_member(&s, &s.other_pharmacist, &s.caregiver, true, false);
    scene_drop_member(&s, &s.other_pharmacist, &s.patient);
    scene_drop_member(&s, &s.other_pharmacist, &s.pharmacist);
    cr_assert_eq(galen_rules_member_count(s.rules), 3);
    scene_end(&s);
}

Test(rules_members, C5_patient_may_not_add_another_account)
{
    struct scene s;
    scene_begin(&s);
    scene_draft_epoch(&s, &s.patient);
    scene_add(&s, &s.caregiver, true, false);
    expect(&s, GALEN_ERR_ROLE, "a caregiver");
    scene_draft_epoch(&s, &s.patient);
    scene_add(&s, &s.other_pharmacist, false, true);
    expect(&s, GALEN_ERR_ROLE, "staff");
    scene_end(&s);
}

Test(rules_members, C5_patient_may_not_drop_another_account)
{
    struct scene s;
    scene_begin(&s);
    scene_draft_epoch(&s, &s.patient);
    scene_drop(&s, &s.pharmacist);
    expect(&s, GALEN_ERR_ROLE, "the pharmacist");
    scene_draft_epoch(&s, &s.custodian);
    scene_drop(&s, &s.patient);
    expect(&s, GALEN_ERR_ROLE, "nor does the custodian");
    scene_end(&s);
}

Test(rules_members, C5_patient_adds_and_drops_own_devices)
{
    struct scene s;
    scene_begin(&s);
    scene_add_member(&s, &s.patient, &s.patient_second, true, false);
    scene_drop_member(&s, &s.patient_second, &s.patient);
    cr_assert_null(galen_rules_member(s.rules, &s.patient.id));
    scene_end(&s);
}

Test(rules_members, C5_anybody_renews)
{
    struct scene s;
    scene_begin(&s);
    const struct party *all[] = {&s.patient, &s.pharmacist, &s.custodian};
    for (size_t i = 0; i < 3; i++) {
        scene_draft_epoch(&s, all[i]);
        scene_accept(&s);
    }
    cr_assert_eq(galen_rules_epoch(s.rules), 5);
    scene_end(&s);
}

Test(rules_members, C4_anybody_drops_a_revoked_device)
{
    struct scene s;
    scene_begin(&s);
    scene_add_member(&s, &s.pharmacist, &s.caregiver, true, false);
    scene_draft_epoch(&s, &s.patient);
    scene_drop(&s, &s.caregiver);
    expect(&s, GALEN_ERR_ROLE, "without proof");
    scene_state(&s, &s.administrator, GALEN_STATEMENT_REVOKED, &s.caregiver, NULL, true);
    expect(&s, GALEN_OK, "with an administrator's statement");
    scene_draft_epoch(&s, &s.patient);
    scene_drop(&s, &s.caregiver);
    scene_state(&s, &s.caregiver, GALEN_STATEMENT_REVOKED, &s.caregiver, NULL, false);
    expect(&s, GALEN_OK, "with its own");
    scene_draft_epoch(&s, &s.patient);
    scene_drop(&s, &s.caregiver);
    scene_state(&s, &s.patient, GALEN_STATEMENT_REVOKED, &s.caregiver, NULL, false);
    expect(&s, GALEN_ERR_ROLE, "with one it made itself");
    scene_draft_epoch(&s, &s.patient);
    scene_drop(&s, &s.caregiver);
    scene_state(&s, &s.caregiver, GALEN_STATEMENT_REPLACED, &s.caregiver, &s.stranger, false);
    expect(&s, GALEN_ERR_ROLE, "replaced is not revoked");
    scene_end(&s);
}

/* ------------------------------------------------------------------------------------------ 11g */

Test(rules_members, E2_staff_and_custodian_are_holders)
{
    struct scene s;
    scene_begin(&s);
    scene_draft_epoch(&s, &s.pharmacist);
    scene_add(&s, &s.other_pharmacist, false, false);
    expect(&s, GALEN_ERR_ROLE, "staff who are no holders");
    scene_end(&s);
    scene_begin_empty(&s);
    scene_set_holder(&s, &s.custodian, false);
    expect(&s, GALEN_ERR_ROLE, "a custodian who is none");
    scene_end(&s);
}

Test(rules_members, I5_staff_make_holders_and_nobody_stops_being_one)
{
    struct scene s;
    scene_begin(&s);
    scene_draft_epoch(&s, &s.patient);
    scene_set_holder(&s, &s.patient, true);
    expect(&s, GALEN_ERR_ROLE, "the patient itself");
    scene_draft_epoch(&s, &s.pharmacist);
    scene_set_holder(&s, &s.patient, true);
    scene_accept(&s);
    cr_assert(galen_rules_member(s.rules, &s.patient.id)->holder);
    scene_draft_epoch(&s, &s.pharmacist);
    scene_set_holder(&s, &s.patient, false);
    expect(&s, GALEN_ERR_ROLE, "a holder stays one");
    scene_end(&s);
}

Test(rules_members, E2_a_holder_makes_own_devices_holders)
{
    struct scene s;
    scene_begin(&s);
    scene_draft_epoch(&s, &s.patient);
    scene_add(&s, &s.patient_second, true, true);
    expect(&s, GALEN_ERR_ROLE, "by a device that is none");
    scene_draft_epoch(&s, &s.pharmacist);
    scene_set_holder(&s, &s.patient, true);
    scene_accept(&s);
    scene_draft_epoch(&s, &s.patient);
    scene_add(&s, &s.patient_second, true, true);
    scene_accept(&s);
    scene_add_member(&s, &s.pharmacist, &s.caregiver, true, false);
    scene_draft_epoch(&s, &s.patient);
    scene_set_holder(&s, &s.caregiver, true);
    expect(&s, GALEN_ERR_ROLE, "another account's");
    scene_end(&s);
}

Test(rules_members, I5_an_invitation_is_no_holder)
{
    struct scene s;
    scene_begin(&s);
    scene_draft_epoch(&s, &s.pharmacist);
    scene_add(&s, &s.invitation, true, true);
    expect(&s, GALEN_ERR_ROLE, "a caregiver's invitation");
    scene_end(&s);
}

/* ------------------------------------------------------------------------------------------ 11h */

Test(rules_members, E1_a_new_history_pair_when_a_holder_leaves)
{
    struct scene s;
    scene_begin(&s);
    scene_add_member(&s, &s.pharmacist, &s.other_pharmacist, false, true);
    uint8_t before[32];
    memcpy(before, galen_rules_history_key(s.rules), 32);
    scene_draft_epoch(&s, &s.pharmacist);
    scene_drop(&s, &s.other_pharmacist);
    s.history_by_hand = true;
    expect(&s, GALEN_ERR_FORMAT, "the old pair");
    s.history_by_hand = false;
    scene_accept(&s);
    cr_assert_arr_neq(galen_rules_history_key(s.rules), before, 32);
    cr_assert(galen_id_equal(galen_rules_history_author(s.rules), &s.pharmacist.id));
    memcpy(before, galen_rules_history_key(s.rules), 32);
    scene_drop_member(&s, &s.pharmacist, &s.patient);
    cr_assert_arr_eq(galen_rules_history_key(s.rules), before, 32, "the patient was none");
    scene_end(&s);
}

Test(rules_members, E1_the_secret_is_sealed_to_exactly_those_who_need_it)
{
    struct scene s;
    scene_begin(&s);
    scene_draft_epoch(&s, &s.pharmacist);
    scene_add(&s, &s.other_pharmacist, false, true);
    scene_encode(&s);
    s.history_by_hand = true;
    for (size_t i = 0; i < s.body->member_count; i++) {
        s.body->members[i].has_history = !s.body->members[i].has_history;
        expect(&s, GALEN_ERR_FORMAT, "one too many or too few, the pair unchanged");
        s.body->members[i].has_history = !s.body->members[i].has_history;
    }
    expect(&s, GALEN_OK, "to the new holder only");
    test_seal_key((uint8_t[32]){88}, s.body->history_key);
    expect(&s, GALEN_ERR_FORMAT, "a new pair, and only the new holder gets it");
    s.history_by_hand = false;
    scene_encode(&s);
    s.history_by_hand = true;
    for (size_t i = 0; i < s.body->member_count; i++) {
        s.body->members[i].has_history = !s.body->members[i].has_history;
        expect(&s, GALEN_ERR_FORMAT, "one too many or too few, the pair new");
        s.body->members[i].has_history = !s.body->members[i].has_history;
    }
    expect(&s, GALEN_OK, "to every holder");
    scene_end(&s);
}

Test(rules_members, E1_the_history_key_is_acceptable)
{
    struct scene s;
    scene_begin(&s);
    scene_draft_epoch(&s, &s.pharmacist);
    memset(s.body->history_key, 0, 32);
    s.history_by_hand = true;
    expect(&s, GALEN_ERR_KEY, "a small-order key");
    scene_end(&s);
}

Test(rules_members, E1_only_holders_change_the_pair_without_need_or_link_the_past)
{
    struct scene s;
    scene_begin(&s);
    scene_draft_epoch(&s, &s.patient);
    test_seal_key((uint8_t[32]){88}, s.body->history_key);
    expect(&s, GALEN_ERR_ROLE, "a patient who is no holder");
    scene_draft_epoch(&s, &s.pharmacist);
    test_seal_key((uint8_t[32]){88}, s.body->history_key);
    expect(&s, GALEN_OK, "a holder");
    scene_draft_epoch(&s, &s.patient);
    s.body->link_count = 1;
    expect(&s, GALEN_ERR_ROLE, "a link by one who has no secret");
    scene_draft_epoch(&s, &s.pharmacist);
    s.body->link_count = GALEN_LINKS_MAX;
    expect(&s, GALEN_OK, "links by a holder");
    scene_end(&s);
}

Test(rules_members, E1_the_pair_changes_when_its_maker_leaves)
{
    struct scene s;
    scene_begin(&s);
    scene_add_member(&s, &s.pharmacist, &s.other_pharmacist, false, true);
    /* A patient, no holder, drops a revoked pharmacist, and so makes a pair whose secret it knows. */
    scene_draft_epoch(&s, &s.patient);
    scene_drop(&s, &s.other_pharmacist);
    scene_state(&s, &s.administrator, GALEN_STATEMENT_REVOKED, &s.other_pharmacist, NULL, true);
    scene_accept(&s);
    cr_assert(galen_id_equal(galen_rules_history_author(s.rules), &s.patient.id));
    scene_draft_epoch(&s, &s.pharmacist);
    scene_drop(&s, &s.patient);
    s.history_by_hand = true;
    expect(&s, GALEN_ERR_FORMAT, "it would read on");
    s.history_by_hand = false;
    scene_accept(&s);
    scene_end(&s);
}

/* ------------------------------------------------------------------------------------------ 11i */

Test(rules_members, rule_11i_enclosed_statements_hold)
{
    struct scene s;
    scene_begin(&s);
    scene_add_member(&s, &s.pharmacist, &s.caregiver, true, false);
    scene_draft_epoch(&s, &s.pharmacist);
    scene_drop(&s, &s.caregiver);
    scene_state(&s, &s.practice, GALEN_STATEMENT_REVOKED, &s.caregiver, NULL, false);
    expect(&s, GALEN_OK, "by the practice");
    s.body->statements[0].signature[0] ^= 1;
    expect(&s, GALEN_ERR_SIGNATURE, "forged");
    scene_draft_epoch(&s, &s.pharmacist);
    scene_drop(&s, &s.caregiver);
    scene_state(&s, &s.pharmacist, GALEN_STATEMENT_REVOKED, &s.caregiver, NULL, false);
    expect(&s, GALEN_ERR_ROLE, "by a pharmacist");
    scene_draft_epoch(&s, &s.pharmacist);
    scene_state(&s, &s.practice, GALEN_STATEMENT_REVOKED, &s.stranger, NULL, false);
    expect(&s, GALEN_ERR_ROLE, "about somebody who never was a member");
    scene_end(&s);
}

Test(rules_members, rule_11i_who_is_not_a_member_brings_a_chain)
{
    struct scene s;
    scene_begin(&s);
    scene_add_member(&s, &s.pharmacist, &s.caregiver, true, false);
    scene_draft_epoch(&s, &s.pharmacist);
    scene_drop(&s, &s.caregiver);
    scene_state(&s, &s.administrator, GALEN_STATEMENT_REVOKED, &s.caregiver, NULL, false);
    expect(&s, GALEN_ERR_ROLE, "an administrator without a chain");
    party_chain(&s.other_pharmacist, false, &s.body->chains[s.body->chain_count++]);
    expect(&s, GALEN_ERR_ROLE, "with another's chain");
    struct party another;
    party_make(&another, 60);
    party_certify(&another, &s.practice, GALEN_ROLE_ADMINISTRATOR, GALEN_PURPOSE_DEVICE, NULL);
    party_chain(&another, false, &s.body->chains[0]);
    expect(&s, GALEN_ERR_ROLE, "with another administrator's");
    party_chain(&s.administrator, false, &s.body->chains[0]);
    expect(&s, GALEN_OK, "with its own");
    s.body->chains[0].certs[0].signature[0] ^= 1;
    expect(&s, GALEN_ERR_SIGNATURE, "a forged chain");
    scene_draft_epoch(&s, &s.pharmacist);
    scene_drop(&s, &s.caregiver);
    scene_state(&s, &s.administrator, GALEN_STATEMENT_REVOKED, &s.caregiver, NULL, true);
    party_chain(&s.other_pharmacist, false, &s.body->chains[s.body->chain_count++]);
    expect(&s, GALEN_ERR_FORMAT, "a chain that stands there for nothing");
    scene_end(&s);
}

Test(rules_members, rule_11i_an_expired_administrator_revokes_nobody)
{
    struct scene s;
    scene_begin(&s);
    scene_add_member(&s, &s.pharmacist, &s.administrator, false, true);
    scene_draft_epoch(&s, &s.patient);
    scene_drop(&s, &s.pharmacist);
    scene_state(&s, &s.administrator, GALEN_STATEMENT_REVOKED, &s.pharmacist, NULL, false);
    s.now_ms = s.administrator.cert.not_after_ms;
    expect(&s, GALEN_OK, "in the last moment");
    s.now_ms++;
    expect(&s, GALEN_ERR_ROLE, "the statement has no weight, so the patient drops without proof");
    scene_draft_epoch(&s, &s.patient);
    scene_state(&s, &s.administrator, GALEN_STATEMENT_REVOKED, &s.caregiver, NULL, false);
    expect(&s, GALEN_ERR_EXPIRED, "and it is named");
    scene_end(&s);
}

Test(rules_members, rule_11i_revoked_outweighs_replaced)
{
    struct scene s;
    begin_with_invitation(&s);
    draft_redemption(&s);
    scene_accept(&s);
    cr_assert_eq(statement_about(&s, &s.invitation)->kind, GALEN_STATEMENT_REPLACED);
    scene_draft_epoch(&s, &s.pharmacist);
    scene_state(&s, &s.practice, GALEN_STATEMENT_REVOKED, &s.invitation, NULL, false);
    scene_accept(&s);
    cr_assert_eq(statement_about(&s, &s.invitation)->kind, GALEN_STATEMENT_REVOKED);
    scene_drop_member(&s, &s.pharmacist, &s.stranger);
    scene_draft_epoch(&s, &s.pharmacist);
    scene_add(&s, &s.stranger, false, false);
    expect(&s, GALEN_ERR_REVOKED, "then not even the successor comes back through it");
    scene_end(&s);
}

Test(rules_members, I3_who_kept_a_used_link_has_nobody_dropped)
{
    struct scene s;
    begin_with_invitation(&s);
    draft_redemption(&s);
    scene_accept(&s);
    scene_draft_epoch(&s, &s.patient);
    scene_drop(&s, &s.stranger);
    scene_state(&s, &s.invitation, GALEN_STATEMENT_REVOKED, &s.stranger, NULL, true);
    expect(&s, GALEN_ERR_ROLE, "the invitation's word, though it is of the same account");
    scene_end(&s);
}

Test(rules_members, rule_11i_a_dropped_device_has_no_word)
{
    struct scene s;
    scene_begin(&s);
    scene_add_member(&s, &s.pharmacist, &s.caregiver, true, false);
    scene_add_member(&s, &s.patient, &s.patient_second, true, false);
    scene_drop_member(&s, &s.pharmacist, &s.patient_second);
    scene_draft_epoch(&s, &s.caregiver);
    scene_drop(&s, &s.patient);
    scene_state(&s, &s.patient_second, GALEN_STATEMENT_REVOKED, &s.patient, NULL, true);
    expect(&s, GALEN_ERR_ROLE, "a dropped one's");
    scene_draft_epoch(&s, &s.caregiver);
    scene_drop(&s, &s.patient);
    scene_state(&s, &s.patient, GALEN_STATEMENT_REVOKED, &s.patient, NULL, false);
    expect(&s, GALEN_OK, "a member's about itself");
    scene_end(&s);
}

Test(rules_members, rule_11i_a_revoked_administrator_has_no_word)
{
    struct scene s;
    scene_begin(&s);
    scene_add_member(&s, &s.pharmacist, &s.administrator, false, true);
    scene_draft_epoch(&s, &s.pharmacist);
    scene_drop(&s, &s.administrator);
    scene_state(&s, &s.practice, GALEN_STATEMENT_REVOKED, &s.administrator, NULL, false);
    scene_accept(&s);
    scene_draft_epoch(&s, &s.pharmacist);
    scene_drop(&s, &s.patient);
    scene_state(&s, &s.administrator, GALEN_STATEMENT_REVOKED, &s.patient, NULL, true);
    expect(&s, GALEN_ERR_REVOKED, "about the patient");
    scene_end(&s);
}

Test(rules_members, rule_11i_a_sheet_has_a_word_about_its_account_and_a_link_has_none)
{
    struct scene s;
    scene_begin(&s);
    scene_add_member(&s, &s.patient, &s.sheet, true, false);
    scene_draft_epoch(&s, &s.pharmacist);
    scene_drop(&s, &s.patient);
    scene_state(&s, &s.sheet, GALEN_STATEMENT_REVOKED, &s.patient, NULL, false);
    expect(&s, GALEN_OK, "a sheet's");
    scene_add_member(&s, &s.pharmacist, &s.invitation, true, false);
    scene_draft_epoch(&s, &s.pharmacist);
    scene_drop(&s, &s.invitation);
    scene_state(&s, &s.invitation, GALEN_STATEMENT_REVOKED, &s.invitation, NULL, false);
    expect(&s, GALEN_ERR_ROLE, "an invitation's, even about itself");
    scene_end(&s);
}

Test(rules_members, rule_11i_an_administrators_sheet_has_no_word_about_others)
{
    struct scene s;
    scene_begin(&s);
    party_certify(&s.stranger, &s.administrator, GALEN_ROLE_ADMINISTRATOR, GALEN_PURPOSE_SHEET,
                  NULL);
    scene_draft_epoch(&s, &s.pharmacist);
    scene_drop(&s, &s.patient);
    scene_state(&s, &s.stranger, GALEN_STATEMENT_REVOKED, &s.patient, NULL, true);
    expect(&s, GALEN_ERR_ROLE, "a sheet's");
    scene_end(&s);
}

/* Public keys are in every chain. Who certifies somebody else's into an account of their own, and then
 * revokes that "device", must not shut out its owner, nor all whom the owner certified. */
Test(rules_members, rule_11i_nobody_speaks_for_a_strangers_keys)
{
    struct scene s;
    scene_begin(&s);
    struct party stolen = s.administrator;
    party_certify(&stolen, &s.patient, GALEN_ROLE_PATIENT, GALEN_PURPOSE_DEVICE, chart_of(&s));
    scene_add_member(&s, &s.patient, &stolen, true, false);
    scene_draft_epoch(&s, &s.patient);
    scene_drop(&s, &stolen);
    scene_state(&s, &s.patient, GALEN_STATEMENT_REVOKED, &stolen, NULL, false);
    scene_accept(&s);
    cr_assert_not_null(statement_about(&s, &stolen));
    cr_assert_null(statement_about(&s, &s.administrator));
    scene_draft_epoch(&s, &s.patient);
    scene_add(&s, &stolen, true, false);
    expect(&s, GALEN_ERR_REVOKED, "in the account that revoked it");
    scene_add_member(&s, &s.pharmacist, &s.other_pharmacist, false, true);
    scene_add_member(&s, &s.pharmacist, &s.administrator, false, true);
    scene_end(&s);
}

/* Whose keys were copied says so of themselves: it counts wherever they stand, whoever lists them. */
Test(rules_members, L6_a_devices_word_about_itself_counts_for_every_account)
{
    struct scene s;
    scene_begin(&s);
    scene_draft_epoch(&s, &s.pharmacist);
    scene_drop(&s, &s.patient);
    scene_state(&s, &s.patient, GALEN_STATEMENT_REVOKED, &s.patient, NULL, false);
    scene_accept(&s);
    cr_assert_not_null(galen_rules_statement(s.rules, &s.patient.id, &s.caregiver.id));
    struct party taken = s.patient;
    scene_add_member(&s, &s.pharmacist, &s.caregiver, true, false);
    party_certify(&taken, &s.caregiver, GALEN_ROLE_CAREGIVER, GALEN_PURPOSE_DEVICE, chart_of(&s));
    scene_draft_epoch(&s, &s.caregiver);
    scene_add(&s, &taken, true, false);
    expect(&s, GALEN_ERR_REVOKED, "in another account");
    scene_end(&s);
}

Test(rules_members, L6_what_a_statement_is_worth_is_judged_without_an_entry)
{
    struct scene s;
    struct galen_statement said;
    struct galen_chain none = {0}, chain;
    scene_begin(&s);
    const struct {
        const struct party *by, *about;
        enum galen_err err;
    } cases[] = {
        {&s.patient, &s.patient, GALEN_OK},
        {&s.practice, &s.patient, GALEN_OK},
        {&s.pharmacist, &s.patient, GALEN_ERR_ROLE},
        {&s.patient, &s.pharmacist, GALEN_ERR_ROLE},
        {&s.stranger, &s.stranger, GALEN_ERR_ROLE},
        {&s.administrator, &s.patient, GALEN_ERR_ROLE}, /* without a chain */
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        party_state(cases[i].by, GALEN_STATEMENT_REVOKED, cases[i].about, NULL, &said);
        cr_assert_eq(galen_rules_judge_statement(s.rules, &said, &none, s.now_ms), cases[i].err,
                     "case %zu", i);
    }
    party_chain(&s.administrator, false, &chain);
    cr_assert_eq(galen_rules_judge_statement(s.rules, &said, &chain, s.now_ms), GALEN_OK);
    party_state(&s.pharmacist, GALEN_STATEMENT_REVOKED, &s.patient, NULL, &said);
    said.signer = s.patient.id;
    cr_assert_eq(galen_rules_judge_statement(s.rules, &said, &none, s.now_ms), GALEN_ERR_SIGNATURE);
    scene_end(&s);
}

/* A used link's key is still with whoever kept the link: it must not name another successor. */
Test(rules_members, I3_a_used_link_names_no_second_successor)
{
    struct scene s;
    begin_with_invitation(&s);
    draft_redemption(&s);
    scene_accept(&s);
    scene_draft_epoch(&s, &s.patient);
    scene_state(&s, &s.invitation, GALEN_STATEMENT_REPLACED, &s.invitation, &s.sheet, false);
    scene_accept(&s);
    cr_assert(galen_id_equal(&statement_about(&s, &s.invitation)->successor, &s.stranger.id));
    scene_end(&s);
}

Test(rules_members, rule_11i_a_former_member_may_still_say_who_replaced_it)
{
    struct scene s;
    scene_begin(&s);
    scene_drop_member(&s, &s.pharmacist, &s.patient);
    scene_draft_epoch(&s, &s.pharmacist);
    scene_add(&s, &s.patient_second, false, false);
    scene_state(&s, &s.patient, GALEN_STATEMENT_REPLACED, &s.patient, &s.patient_second, false);
    scene_accept(&s);
    cr_assert(galen_id_equal(&statement_about(&s, &s.patient)->successor, &s.patient_second.id));
    scene_end(&s);
}

Test(rules_members, rule_11i_revoked_outweighs_replaced_within_one_entry)
{
    struct scene s;
    begin_with_invitation(&s);
    draft_redemption(&s);
    scene_accept(&s);
    scene_drop_member(&s, &s.pharmacist, &s.stranger);
    scene_draft_epoch(&s, &s.pharmacist);
    scene_add(&s, &s.stranger, false, false);
    expect(&s, GALEN_OK, "the successor, by the chain through the replaced one");
    scene_state(&s, &s.practice, GALEN_STATEMENT_REVOKED, &s.invitation, NULL, false);
    expect(&s, GALEN_ERR_REVOKED, "which this entry says is revoked");
    scene_end(&s);
}
