/* Links, codes and statements: who was let in once, and who is let in no more. */
#include "support/primitives.h"
#include "support/stage.h"

#include <criterion/criterion.h>
#include <string.h>

static struct stage s;
#define CAST s.scene

static void begin(void)
{
    stage_begin(&s);
}

static void end(void)
{
    stage_end(&s);
}

TestSuite(links, .init = begin, .fini = end);

static const uint8_t LOG = GALEN_CONNECTION_LOG;

/* -- links -------------------------------------------------------------------------------------- */

static void add_invitation(void)
{
    struct line *pharmacist = stage_log(&s, &CAST.pharmacist);
    scene_draft_epoch(&CAST, &CAST.pharmacist);
    scene_add(&CAST, &CAST.invitation, true, false);
    stage_append(&s, pharmacist);
    stage_disconnect(&s, pharmacist);
}

/* The caregiver's fresh device takes the invitation's place. */
static void draft_redemption(void)
{
    party_certify(&CAST.caregiver, &CAST.invitation, GALEN_ROLE_CAREGIVER, GALEN_PURPOSE_DEVICE,
                  stage_chart(&s));
    scene_draft_epoch(&CAST, &CAST.invitation);
    scene_add(&CAST, &CAST.caregiver, true, false);
    scene_drop(&CAST, &CAST.invitation);
    scene_state(&CAST, &CAST.invitation, GALEN_STATEMENT_REPLACED, &CAST.invitation,
                &CAST.caregiver, false);
}

Test(links, a_used_link_says_when_and_staff_are_told)
{
    add_invitation();
    struct line *pharmacist = stage_log(&s, &CAST.pharmacist);
    struct line *patient = stage_log(&s, &CAST.patient);
    struct line *link = stage_log(&s, &CAST.invitation);
    draft_redemption();
    stage_append(&s, link);
    stage_disconnect(&s, link);
    struct line *fresh = stage_log(&s, &CAST.caregiver);
    stage_pass(&s, 5000);
    stage_forget(patient);

    struct line *thief = stage_connect(&s, "elsewhere");
    struct galen_frame frame;
    stage_sign_in_frame(thief, &CAST.invitation, LOG, false, &frame);
    cr_assert_eq(stage_refuse_sign_in(&s, thief, &frame, GALEN_ERR_REPLACED), SCENE_NOW_MS,
                 "when it was used");
    struct galen_frame notice = stage_expect(pharmacist, GALEN_FRAME_NOTICE);
    cr_assert_eq(notice.as.notice.kind, GALEN_NOTICE_LINK_OPENED_AGAIN);
    cr_assert_eq(notice.as.notice.at_ms, CAST.now_ms);
    cr_assert(galen_id_equal(&notice.as.notice.device, &CAST.invitation.id));
    cr_assert_eq(patient->inbox_count, 0u, "it is for staff alone");
    cr_assert_not_null(fresh->connection);

    stage_restart(&s); /* staff who were not there find it when they open the chart */
    pharmacist = stage_log(&s, &CAST.pharmacist);
    patient = stage_log(&s, &CAST.patient);
    stage_open(&s, pharmacist, 0, NULL);
    stage_open(&s, patient, 0, NULL);
    cr_assert_eq(stage_expect(pharmacist, GALEN_FRAME_NOTICE).as.notice.at_ms, CAST.now_ms);
    cr_assert_eq(stage_count(patient, GALEN_FRAME_NOTICE), 0u);
}

Test(links, a_thief_who_opens_the_link_first_is_found_out)
{
    add_invitation();
    struct line *thief = stage_log(&s, &CAST.invitation);
    struct line *late = stage_connect(&s, "home");
    cr_assert_eq(stage_open(&s, thief, 0, NULL), 3u);
    draft_redemption();
    stage_append(&s, thief);
    /* What the thief had open as the link ends with the entry that dropped the link. */
    stage_expect_refused(thief, GALEN_ERR_NOT_MEMBER);
    stage_forget(thief);
    struct line *pharmacist = stage_log(&s, &CAST.pharmacist);
    stage_say(&s, pharmacist);
    cr_assert_eq(stage_count(thief, GALEN_FRAME_ENTRIES), 0u);
    /* The one it was meant for comes second: told when it was used, and staff are told too. */
    struct galen_frame frame;
    stage_sign_in_frame(late, &CAST.invitation, LOG, false, &frame);
    cr_assert_eq(stage_refuse_sign_in(&s, late, &frame, GALEN_ERR_REPLACED), SCENE_NOW_MS);
    stage_expect(pharmacist, GALEN_FRAME_NOTICE);
}

/* The link was redeemed, and `thief` has signed in with it again: what the disk does is the test's. */
static struct line *open_used_link(const char *from)
{
    struct line *thief = stage_connect(&s, from);
    struct galen_frame frame;
    stage_sign_in_frame(thief, &CAST.invitation, LOG, false, &frame);
    stage_send(&s, thief, &frame);
    return thief;
}

static void use_link(void)
{
    add_invitation();
    struct line *link = stage_log(&s, &CAST.invitation);
    draft_redemption();
    stage_append(&s, link);
    stage_disconnect(&s, link);
    stage_pass(&s, 5000);
}

/* Else a server that dies in between has told the thief, and staff never hear of it. */
Test(links, I4_a_used_link_is_refused_once_the_notice_is_durable)
{
    use_link();
    struct line *pharmacist = stage_log(&s, &CAST.pharmacist);
    s.holds_batches = true;
    struct line *thief = open_used_link("elsewhere");
    cr_assert_eq(stage_count(thief, GALEN_FRAME_REFUSED), 0u, "answered before it is on the disk");
    cr_assert_eq(stage_count(pharmacist, GALEN_FRAME_NOTICE), 0u,
                 "told of what a crash takes back");
    stage_commit(&s);
    stage_expect_closed(thief, GALEN_ERR_REPLACED);
    stage_expect(pharmacist, GALEN_FRAME_NOTICE);
    s.holds_batches = false;
    stage_restart(&s);
    pharmacist = stage_log(&s, &CAST.pharmacist);
    stage_open(&s, pharmacist, 0, NULL);
    stage_expect(pharmacist, GALEN_FRAME_NOTICE);
}

Test(links, I4_who_leaves_before_the_notice_is_durable_is_told_of_all_the_same)
{
    use_link();
    struct line *pharmacist = stage_log(&s, &CAST.pharmacist);
    s.holds_batches = true;
    stage_disconnect(&s, open_used_link("elsewhere"));
    struct line *hasty = open_used_link("elsewhere");
    struct galen_frame frame;
    stage_sign_in_frame(hasty, &CAST.caregiver, LOG, false, &frame);
    stage_send(&s, hasty, &frame); /* nobody becomes another while the answer waits */
    stage_expect_closed(hasty, GALEN_ERR_STATE);
    stage_commit(&s);
    cr_assert_eq(stage_count(pharmacist, GALEN_FRAME_NOTICE), 2u);
}

Test(links, I4_a_notice_that_cannot_be_stored_is_asked_for_again)
{
    use_link();
    struct line *pharmacist = stage_log(&s, &CAST.pharmacist);
    s.next_commit = GALEN_ERR_DISK_FULL;
    struct line *thief = open_used_link("elsewhere");
    stage_expect_closed(thief, GALEN_ERR_DISK_FULL);
    cr_assert_eq(stage_count(pharmacist, GALEN_FRAME_NOTICE), 0u);
    thief = open_used_link("elsewhere"); /* disk-full is no last word: a home tries again */
    cr_assert_eq(stage_expect_refused(thief, GALEN_ERR_REPLACED).detail, SCENE_NOW_MS);
    stage_expect(pharmacist, GALEN_FRAME_NOTICE);
}

static void draft_code(const struct party *code, struct party *fresh)
{
    party_certify(fresh, code, GALEN_ROLE_PHARMACIST, GALEN_PURPOSE_DEVICE, NULL);
    scene_draft_epoch(&CAST, code);
    scene_add(&CAST, fresh, true, true);
    scene_drop(&CAST, code);
    scene_state(&CAST, code, GALEN_STATEMENT_REPLACED, code, fresh, false);
    scene_encode(&CAST);
}

/* A pharmacist's next device comes by a code that stands in two charts. Used in one of them, it still
 * signs in for the other, and lets nobody but the same device in there. */
Test(links, a_code_used_in_one_chart_admits_the_same_device_in_the_other)
{
    struct party code, fresh, thief;
    struct line *pharmacist = stage_log(&s, &CAST.pharmacist);
    party_make(&code, 500);
    party_make(&fresh, 501);
    party_make(&thief, 502);
    party_certify(&code, &CAST.pharmacist, GALEN_ROLE_PHARMACIST, GALEN_PURPOSE_CODE, NULL);
    scene_draft_epoch(&CAST, &CAST.pharmacist);
    scene_add(&CAST, &code, true, true);
    stage_append(&s, pharmacist);
    struct galen_rules *first = CAST.rules;
    CAST.rules = galen_rules_new(&test_primitives, &CAST.practice.keys);
    stage_draft_chart(&s);
    stage_append(&s, pharmacist);
    scene_draft_epoch(&CAST, &CAST.pharmacist);
    scene_add(&CAST, &code, true, true);
    stage_append(&s, pharmacist);

    struct galen_rules *second = CAST.rules;
    CAST.rules = first;
    struct line *line = stage_log(&s, &code);
    draft_code(&code, &fresh);
    stage_append(&s, line);
    stage_disconnect(&s, line);
    CAST.rules = second;
    line = stage_log(&s, &code);
    draft_code(&code, &thief);
    stage_send_entry(&s, line);
    stage_expect_refused(line, GALEN_ERR_REPLACED);
    draft_code(&code, &fresh);
    stage_append(&s, line);
    stage_disconnect(&s, line);
    struct galen_frame frame;
    line = stage_connect(&s, "office");
    stage_sign_in_frame(line, &code, LOG, false, &frame);
    stage_refuse_sign_in(&s, line, &frame, GALEN_ERR_REPLACED);
    stage_log(&s, &fresh);
    galen_rules_free(first);
}

Test(links, an_expired_link_is_named_and_reads_nothing)
{
    CAST.invitation.cert.not_after_ms = CAST.invitation.cert.issues_until_ms = CAST.now_ms + 60000;
    party_certify_again(&CAST.invitation);
    add_invitation();
    struct line *early = stage_log(&s, &CAST.invitation);
    stage_disconnect(&s, early);
    stage_pass(&s, 60001);
    struct line *line = stage_connect(&s, "home");
    struct galen_frame frame;
    stage_sign_in_frame(line, &CAST.invitation, LOG, false, &frame);
    stage_refuse_sign_in(&s, line, &frame, GALEN_ERR_EXPIRED);
}

Test(links, a_foreign_link_belongs_nowhere)
{
    struct party link;
    party_make(&link, 300);
    struct line *line = stage_connect(&s, "home");
    struct galen_frame frame;
    stage_sign_in_frame(line, &link, LOG, false, &frame);
    stage_refuse_sign_in(&s, line, &frame, GALEN_ERR_NOT_MEMBER);
}

/* -- statements --------------------------------------------------------------------------------- */

static void send_statement(struct line *line, const struct party *signer, uint8_t kind,
                           const struct party *subject, const struct party *successor)
{
    struct galen_frame frame = {.type = GALEN_FRAME_STATEMENT};
    frame.as.statement.request = ++s.request;
    party_state(signer, kind, subject, successor, &frame.as.statement.statement);
    if (signer->issuer)
        party_chain(signer, false, &frame.as.statement.chain);
    stage_send(&s, line, &frame);
}

Test(links, a_revoked_device_is_closed_and_stays_out)
{
    struct line *office = stage_sign_in(&s, &CAST.administrator, LOG);
    struct line *pharmacist = stage_log(&s, &CAST.pharmacist);
    struct line *patient = stage_log(&s, &CAST.patient);
    struct line *live = stage_live(&s, &CAST.patient);
    stage_open(&s, pharmacist, 0, NULL);
    send_statement(office, &CAST.administrator, GALEN_STATEMENT_REVOKED, &CAST.patient, NULL);
    stage_expect(office, GALEN_FRAME_DONE);
    stage_expect_closed(patient, GALEN_ERR_REVOKED);
    stage_expect_closed(live, GALEN_ERR_REVOKED);
    struct galen_frame told = stage_expect(pharmacist, GALEN_FRAME_STATEMENT);
    cr_assert(galen_id_equal(&told.as.statement.statement.subject, &CAST.patient.id));
    cr_assert_eq(told.as.statement.chain.count, 1u);
    send_statement(office, &CAST.administrator, GALEN_STATEMENT_REVOKED, &CAST.patient, NULL);
    stage_expect(office, GALEN_FRAME_DONE);
    cr_assert_eq(stage_count(pharmacist, GALEN_FRAME_STATEMENT), 0u, "it is told once");
    stage_restart(&s);
    struct line *line = stage_connect(&s, "home");
    struct galen_frame frame;
    stage_sign_in_frame(line, &CAST.patient, LOG, false, &frame);
    stage_refuse_sign_in(&s, line, &frame, GALEN_ERR_REVOKED);
    pharmacist = stage_log(&s, &CAST.pharmacist);
    stage_open(&s, pharmacist, 0, NULL);
    stage_expect(pharmacist, GALEN_FRAME_STATEMENT);
}

Test(links, who_may_revoke_whom)
{
    struct line *pharmacist = stage_log(&s, &CAST.pharmacist);
    struct line *patient = stage_log(&s, &CAST.patient);
    scene_draft_epoch(&CAST, &CAST.patient);
    scene_add(&CAST, &CAST.patient_second, true, false);
    stage_append(&s, patient);
    const struct {
        const struct party *by, *whom;
        enum galen_err err;
    } cases[] = {
        {&CAST.pharmacist, &CAST.patient, GALEN_ERR_ROLE}, /* staff drop, administrators revoke */
        {&CAST.patient, &CAST.pharmacist, GALEN_ERR_ROLE},
        {&CAST.patient, &CAST.stranger, GALEN_ERR_ROLE},
        {&CAST.stranger, &CAST.patient, GALEN_ERR_ROLE},
        {&CAST.administrator, &CAST.custodian, GALEN_ERR_CUSTODIAN},
        {&CAST.administrator, &CAST.practice, GALEN_ERR_ROLE},
        {&CAST.practice, &CAST.other_pharmacist, GALEN_OK},
        {&CAST.patient, &CAST.patient_second, GALEN_OK},  /* one's own lost device */
        {&CAST.stranger, &CAST.stranger, GALEN_ERR_ROLE}, /* belongs to no chart here */
        {&CAST.custodian, &CAST.custodian, GALEN_ERR_CUSTODIAN},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        stage_forget(pharmacist);
        send_statement(pharmacist, cases[i].by, GALEN_STATEMENT_REVOKED, cases[i].whom, NULL);
        if (cases[i].err == GALEN_OK)
            stage_expect(pharmacist, GALEN_FRAME_DONE);
        else
            stage_expect_refused(pharmacist, cases[i].err);
    }
    struct line *line = stage_connect(&s, "home");
    struct galen_frame frame;
    stage_sign_in_frame(line, &CAST.patient_second, LOG, false, &frame);
    stage_refuse_sign_in(&s, line, &frame, GALEN_ERR_REVOKED);
    line = stage_connect(&s, "office");
    stage_sign_in_frame(line, &CAST.other_pharmacist, LOG, true, &frame);
    stage_refuse_sign_in(&s, line, &frame, GALEN_ERR_REVOKED);
}

Test(links, a_forged_statement_is_refused)
{
    struct line *pharmacist = stage_log(&s, &CAST.pharmacist);
    struct galen_frame frame = {.type = GALEN_FRAME_STATEMENT};
    frame.as.statement.request = ++s.request;
    party_state(&CAST.stranger, GALEN_STATEMENT_REVOKED, &CAST.patient, NULL,
                &frame.as.statement.statement);
    frame.as.statement.statement.signer = CAST.practice.id;
    stage_send(&s, pharmacist, &frame);
    stage_expect_refused(pharmacist, GALEN_ERR_SIGNATURE);
    /* Only the device itself says that it was replaced: there is no such frame. */
    send_statement(pharmacist, &CAST.patient, GALEN_STATEMENT_REPLACED, &CAST.pharmacist,
                   &CAST.stranger);
    stage_expect_closed(pharmacist, GALEN_ERR_FORMAT);
}

/* Anybody can certify a stranger's keys into their own account. Their word about them stays theirs. */
Test(links, nobody_revokes_a_stranger_by_taking_them_into_their_account)
{
    struct party captured = CAST.other_pharmacist;
    struct line *patient = stage_log(&s, &CAST.patient);
    party_certify(&captured, &CAST.patient, GALEN_ROLE_PATIENT, GALEN_PURPOSE_DEVICE,
                  stage_chart(&s));
    scene_draft_epoch(&CAST, &CAST.patient);
    scene_add(&CAST, &captured, true, false);
    stage_append(&s, patient);
    send_statement(patient, &CAST.patient, GALEN_STATEMENT_REVOKED, &captured, NULL);
    stage_expect(patient, GALEN_FRAME_DONE);
    stage_log(&s, &CAST.other_pharmacist); /* signs in with their own chain as ever */
}

/* The keys of a device were copied, and it says so: nobody signs in with them any more. */
Test(links, L6_a_copied_device_shuts_itself_out)
{
    struct line *pharmacist = stage_log(&s, &CAST.pharmacist);
    struct line *patient = stage_log(&s, &CAST.patient);
    struct line *live = stage_live(&s, &CAST.patient);
    stage_open(&s, pharmacist, 0, NULL);
    send_statement(patient, &CAST.patient, GALEN_STATEMENT_REVOKED, &CAST.patient, NULL);
    stage_expect(patient, GALEN_FRAME_DONE);
    stage_expect_closed(patient, GALEN_ERR_REVOKED);
    stage_expect_closed(live, GALEN_ERR_REVOKED);
    struct galen_frame told = stage_expect(pharmacist, GALEN_FRAME_STATEMENT);
    cr_assert(galen_id_equal(&told.as.statement.statement.signer, &CAST.patient.id));
    stage_restart(&s);
    struct line *line = stage_connect(&s, "home");
    struct galen_frame frame;
    stage_sign_in_frame(line, &CAST.patient, LOG, false, &frame);
    stage_refuse_sign_in(&s, line, &frame, GALEN_ERR_REVOKED);
    pharmacist = stage_log(&s, &CAST.pharmacist);
    stage_open(&s, pharmacist, 0, NULL);
    stage_expect(pharmacist, GALEN_FRAME_STATEMENT);
}

Test(links, L6_nobody_is_shut_out_by_a_word_that_is_not_theirs)
{
    struct line *caregiver = stage_log(&s, &CAST.pharmacist);
    struct galen_frame frame = {.type = GALEN_FRAME_STATEMENT};
    frame.as.statement.request = ++s.request;
    party_state(&CAST.pharmacist, GALEN_STATEMENT_REVOKED, &CAST.patient, NULL,
                &frame.as.statement.statement);
    frame.as.statement.statement.signer = CAST.patient.id;
    stage_send(&s, caregiver, &frame);
    stage_expect_refused(caregiver, GALEN_ERR_SIGNATURE);
    stage_log(&s, &CAST.patient);
    /* Who overhears the true word may hand it in; it says what it says. */
    send_statement(caregiver, &CAST.patient, GALEN_STATEMENT_REVOKED, &CAST.patient, NULL);
    stage_expect(caregiver, GALEN_FRAME_DONE);
}

Test(links, a_replaced_device_says_so_itself)
{
    struct line *patient = stage_log(&s, &CAST.patient);
    send_statement(patient, &CAST.patient, GALEN_STATEMENT_REPLACED, &CAST.patient,
                   &CAST.patient_second);
    stage_expect(patient, GALEN_FRAME_DONE);
    stage_disconnect(&s, patient);
    /* It still belongs to the chart, where its successor has yet to take its place. */
    patient = stage_log(&s, &CAST.patient);
    struct line *pharmacist = stage_log(&s, &CAST.pharmacist);
    scene_draft_epoch(&CAST, &CAST.pharmacist);
    scene_drop(&CAST, &CAST.patient);
    stage_append(&s, pharmacist);
    stage_disconnect(&s, patient);
    struct line *line = stage_connect(&s, "home");
    struct galen_frame frame;
    stage_sign_in_frame(line, &CAST.patient, LOG, false, &frame);
    stage_refuse_sign_in(&s, line, &frame, GALEN_ERR_REPLACED);
}
