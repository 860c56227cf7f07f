/* protocol/log: epochs, members and the history key (rules E1, E2, E4, C4), by scenario with real keys. */
#include "support/visit.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

Test(epoch, E2_E4_an_invitation_is_redeemed_with_nobody_awake)
{
    struct visit v = visit_new(1);
    uint64_t hello = chart_say(v.chart, v.patient, "hello");
    visit_all_say(&v, hello, GALEN_READ_OPEN, GALEN_OK);
    cr_assert_eq(galen_rules_epoch(galen_log_rules(v.patient->log)), 3);
    cr_assert(galen_log_is_holder(v.pharmacist->log));
    cr_assert(galen_log_is_holder(v.chart->custodian->log));
    cr_assert_not(galen_log_is_holder(v.patient->log));
    cr_assert_not(visit_member(&v, v.patient)->holder);
    chart_free(v.chart);
}

Test(epoch, E1_newcomers_read_from_now_on_and_holders_everything)
{
    struct visit v = visit_new(2);
    uint64_t before = chart_say(v.chart, v.pharmacist, "before she came");
    struct chart_device *caregiver =
        chart_person(v.chart, "caregiver", GALEN_ROLE_CAREGIVER, v.pharmacist);
    struct chart_device *colleague =
        chart_person(v.chart, "colleague", GALEN_ROLE_PHARMACIST, v.chart->admin);
    chart_add(v.chart, v.pharmacist, caregiver, false);
    chart_add(v.chart, v.pharmacist, colleague, false);
    uint64_t after = chart_say(v.chart, v.patient, "after she came");
    chart_read_all(v.chart);
    cr_assert_eq(chart_state(caregiver, before), GALEN_READ_LOCKED);
    cr_assert_eq(chart_state(caregiver, after), GALEN_READ_OPEN);
    cr_assert_null(galen_log_epoch_key(caregiver->log, 3));
    /* Staff are holders whatever the caller said. What came first is asked for again. */
    cr_assert(galen_log_is_holder(colleague->log));
    chart_read_again(v.chart, colleague);
    cr_assert_eq(chart_state(colleague, before), GALEN_READ_OPEN);
    chart_free(v.chart);
}

Test(epoch, E2_after_the_identity_check_the_record_opens)
{
    struct visit v = visit_new(3);
    uint64_t record = chart_say(v.chart, v.pharmacist, "lisinopril 10 mg");
    chart_renew(v.chart, v.pharmacist);
    struct chart_device *late =
        chart_person(v.chart, "caregiver", GALEN_ROLE_CAREGIVER, v.pharmacist);
    chart_add(v.chart, v.pharmacist, late, false);
    chart_read(v.chart, late);
    cr_assert_eq(chart_state(late, record), GALEN_READ_LOCKED);
    chart_make_holder(v.chart, v.pharmacist, late);
    chart_read(v.chart, late);
    cr_assert(galen_log_is_holder(late->log));
    chart_read_again(v.chart, late);
    cr_assert_eq(chart_state(late, record), GALEN_READ_OPEN);
    cr_assert_eq(late->opened, 1);
    chart_free(v.chart);
}

Test(epoch, E1_a_removed_member_reads_nothing_new)
{
    struct visit v = visit_new(4);
    uint64_t known = chart_say(v.chart, v.pharmacist, "known to both");
    chart_read_all(v.chart);
    chart_drop(v.chart, v.pharmacist, v.patient);
    uint64_t secret = chart_say(v.chart, v.pharmacist, "not for the removed");
    chart_read(v.chart, v.patient);
    cr_assert_eq(chart_state(v.patient, known), GALEN_READ_OPEN);
    cr_assert_eq(chart_state(v.patient, secret), GALEN_READ_LOCKED);
    cr_assert_null(galen_log_epoch_key(v.patient->log, 4));
    cr_assert_eq(galen_log_epoch_state(v.patient->log), GALEN_ERR_NOT_MEMBER);
    struct galen_writer entry;
    galen_writer_init(&entry);
    cr_assert_eq(galen_log_seal(v.patient->log, GALEN_CLASS_MESSAGE, 2, (struct galen_bytes){0},
                                v.patient->secrets.sign_seed, &entry),
                 GALEN_ERR_NOT_MEMBER);
    cr_assert_eq(entry.size, 0);
    chart_free(v.chart);
}

Test(epoch, E1_dropping_a_holder_changes_the_pair_and_links_the_old_one)
{
    struct visit v = visit_new(5);
    struct chart_device *gone =
        chart_person(v.chart, "leaving", GALEN_ROLE_PHARMACIST, v.chart->admin);
    uint64_t first = chart_say(v.chart, v.pharmacist, "in the first pair's time");
    chart_add(v.chart, v.pharmacist, gone, true);
    uint8_t old_key[GALEN_SEAL_KEY_BYTES];
    memcpy(old_key, galen_rules_history_key(v.chart->rules), sizeof old_key);
    chart_drop(v.chart, v.pharmacist, gone);
    cr_assert_neq(memcmp(old_key, galen_rules_history_key(v.chart->rules), sizeof old_key), 0);
    uint64_t after = chart_say(v.chart, v.pharmacist, "after they left");
    /* Who was dropped kept the old secret and gets nothing by it. */
    chart_read_again(v.chart, gone);
    cr_assert_eq(chart_state(gone, after), GALEN_READ_LOCKED);
    cr_assert_null(galen_log_epoch_key(gone->log, galen_rules_epoch(v.chart->rules)));
    /* Who becomes a holder now reads through the link. */
    struct chart_device *new_staff =
        chart_person(v.chart, "new staff", GALEN_ROLE_TECHNICIAN, v.chart->admin);
    chart_add(v.chart, v.pharmacist, new_staff, false);
    chart_read_again(v.chart, new_staff);
    cr_assert_eq(chart_state(new_staff, first), GALEN_READ_OPEN);
    cr_assert_eq(chart_state(new_staff, after), GALEN_READ_OPEN);
    cr_assert_not(galen_log_history_needs_care(new_staff->log));
    chart_free(v.chart);
}

Test(epoch, E1_a_new_holder_reads_through_many_pairs)
{
    struct visit v = visit_new(6);
    uint64_t said[12];
    for (size_t i = 0; i < 12; i++) {
        said[i] = chart_say(v.chart, v.pharmacist, "in this pair's time");
        chart_change(v.chart, v.pharmacist, &(struct galen_epoch_change){.new_history = true});
    }
    struct chart_device *late =
        chart_person(v.chart, "late", GALEN_ROLE_PHARMACIST, v.chart->admin);
    chart_add(v.chart, v.pharmacist, late, true);
    chart_read_again(v.chart, late);
    for (size_t i = 0; i < 12; i++)
        cr_assert_eq(chart_state(late, said[i]), GALEN_READ_OPEN, "%zu", i);
    chart_free(v.chart);
}

Test(epoch, E1_who_is_no_holder_cannot_drop_one_and_so_learn_the_past)
{
    struct visit v = visit_new(7);
    chart_make_holder(v.chart, v.pharmacist, v.patient);
    struct chart_device *caregiver =
        chart_person(v.chart, "caregiver", GALEN_ROLE_CAREGIVER, v.pharmacist);
    uint64_t past = chart_say(v.chart, v.patient, "before the caregiver");
    chart_add(v.chart, v.pharmacist, caregiver, false);
    /* The patient's device was revoked; the caregiver, awake alone, drops it with the proof. */
    struct galen_statement revoked =
        chart_statement(v.chart, GALEN_STATEMENT_REVOKED, NULL, v.patient, NULL);
    const struct galen_epoch_change drop = {
        .drop = &v.patient->id, .drop_count = 1, .statements = &revoked, .statement_count = 1};
    struct galen_epoch_random known_to_caregiver = chart_epoch_random(v.chart);
    struct galen_header header;
    struct galen_epoch_body *body = malloc(sizeof *body);
    chart_draft(v.chart, caregiver, &drop, &known_to_caregiver, &header, body);
    cr_assert_eq(body->link_count, 0);
    cr_assert_eq(chart_append_epoch(v.chart, caregiver, &header, body), GALEN_OK);
    /* The pharmacist will not link the past to a pair whose secret the caregiver knows. */
    chart_read_all(v.chart);
    cr_assert(galen_log_history_needs_care(v.pharmacist->log));
    cr_assert_not(galen_log_history_needs_care(caregiver->log));
    uint8_t made_by_caregiver[GALEN_SEAL_KEY_BYTES];
    memcpy(made_by_caregiver, galen_rules_history_key(v.chart->rules), sizeof made_by_caregiver);
    struct galen_epoch_random random = chart_epoch_random(v.chart);
    chart_draft(v.chart, v.pharmacist, &(struct galen_epoch_change){0}, &random, &header, body);
    cr_assert_neq(memcmp(body->history_key, made_by_caregiver, sizeof made_by_caregiver), 0);
    cr_assert_eq(body->link_count, 2);
    cr_assert_eq(chart_append_epoch(v.chart, v.pharmacist, &header, body), GALEN_OK);
    chart_read_all(v.chart);
    cr_assert_not(galen_log_history_needs_care(v.pharmacist->log));
    chart_read_again(v.chart, caregiver);
    cr_assert_eq(chart_state(caregiver, past), GALEN_READ_LOCKED);
    /* Nothing of the past is lost for those it belongs to. */
    struct chart_device *late =
        chart_person(v.chart, "late", GALEN_ROLE_PHARMACIST, v.chart->admin);
    chart_add(v.chart, v.pharmacist, late, true);
    chart_read_again(v.chart, late);
    cr_assert_eq(chart_state(late, past), GALEN_READ_OPEN);
    free(body);
    chart_free(v.chart);
}

Test(epoch, C4_any_member_drops_a_device_that_an_administrator_revoked)
{
    struct visit v = visit_new(13);
    struct chart_device *thief =
        chart_person(v.chart, "stolen phone", GALEN_ROLE_PHARMACIST, v.chart->admin);
    chart_add(v.chart, v.pharmacist, thief, true);
    struct galen_statement revoked =
        chart_statement(v.chart, GALEN_STATEMENT_REVOKED, v.chart->admin, thief, NULL);
    struct galen_epoch_change drop = {
        .drop = &thief->id, .drop_count = 1, .statements = &revoked, .statement_count = 1};
    /* The administrator is no member here: without its chain nobody can tell who signed. */
    struct galen_epoch_random random = chart_epoch_random(v.chart);
    struct galen_writer entry;
    galen_writer_init(&entry);
    chart_read(v.chart, v.patient);
    cr_assert_eq(galen_log_draft_epoch(v.patient->log, v.chart->now_ms,
                                       chart_number(v.chart, v.patient), &drop, &random, &entry),
                 GALEN_ERR_ROLE);
    struct galen_chain chains[] = {thief->chain, v.chart->admin->chain};
    drop.signer_chains = chains;
    drop.signer_chain_count = 2;
    chart_change(v.chart, v.patient, &drop);
    cr_assert_null(galen_rules_member(v.chart->rules, &thief->id));
    visit_all_say(&v, chart_say(v.chart, v.patient, "gone"), GALEN_READ_OPEN, GALEN_OK);
    galen_writer_wipe(&entry);
    chart_free(v.chart);
}

Test(epoch, C6_the_sixty_fifth_device_is_refused)
{
    struct visit v = visit_new(16);
    enum { MORE = GALEN_MEMBERS_MAX - 3 + 1 };
    struct galen_newcomer add[MORE];
    struct galen_chain *chains = calloc(MORE, sizeof *chains);
    for (size_t i = 0; i < MORE; i++) {
        /* The same place for each: only the last one's keys stay known, which is enough here. */
        struct chart_device *one =
            chart_person(v.chart, "one of many", GALEN_ROLE_TECHNICIAN, v.chart->admin);
        chains[i] = one->chain;
        galen_log_free(one->log);
        memset(one, 0, sizeof *one);
        v.chart->device_count--;
        add[i] = (struct galen_newcomer){&chains[i], true};
    }
    struct galen_epoch_random random = chart_epoch_random(v.chart);
    struct galen_writer entry;
    galen_writer_init(&entry);
    struct galen_epoch_change change = {.add = add, .add_count = MORE};
    chart_read(v.chart, v.pharmacist);
    cr_assert_eq(galen_log_draft_epoch(v.pharmacist->log, v.chart->now_ms,
                                       chart_number(v.chart, v.pharmacist), &change, &random,
                                       &entry),
                 GALEN_ERR_MEMBERS);
    change.add_count--;
    cr_assert_eq(galen_log_draft_epoch(v.pharmacist->log, v.chart->now_ms,
                                       chart_number(v.chart, v.pharmacist), &change, &random,
                                       &entry),
                 GALEN_OK);
    cr_assert_lt(entry.size, GALEN_BODY_MAX);
    cr_assert_eq(chart_append(v.chart, galen_written(&entry)), GALEN_OK);
    galen_writer_wipe(&entry);
    visit_all_say(&v, chart_say(v.chart, v.patient, "a full house"), GALEN_READ_OPEN, GALEN_OK);
    free(chains);
    chart_free(v.chart);
}

Test(epoch, a_stranger_s_secrets_open_nothing)
{
    struct visit v = visit_new(12);
    struct chart_device *stranger =
        chart_person(v.chart, "stranger", GALEN_ROLE_PHARMACIST, v.chart->admin);
    uint64_t said = chart_say(v.chart, v.pharmacist, "private");
    for (uint64_t i = 0; i < v.chart->size; i++) {
        struct galen_entry entry = chart_entry_at(v.chart, i);
        struct galen_read read;
        struct galen_writer plain;
        galen_writer_init(&plain);
        cr_assert_eq(galen_log_add(stranger->log, &entry, &read, &plain), GALEN_OK);
        cr_assert_eq(plain.size, 0);
    }
    cr_assert_eq(chart_state(stranger, said), GALEN_READ_LOCKED);
    for (uint32_t epoch = 0; epoch < 6; epoch++)
        cr_assert_null(galen_log_epoch_key(stranger->log, epoch));
    cr_assert_eq(galen_log_epoch_state(stranger->log), GALEN_ERR_NOT_MEMBER);
    chart_free(v.chart);
}
