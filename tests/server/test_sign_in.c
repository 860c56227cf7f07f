/* Who gets in, who does not, and what they are told. */
#include "galen/keys.h"
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

TestSuite(sign_in, .init = begin, .fini = end);
TestSuite(set_up, .fini = end);

static const uint8_t LOG = GALEN_CONNECTION_LOG, LIVE = GALEN_CONNECTION_LIVE;

/* Sends a sign-in, and expects to be refused so. */
static uint64_t refused(struct line *line, const struct galen_frame *frame, enum galen_err err)
{
    uint64_t before = stage_refused(&s, err);
    stage_send(&s, line, frame);
    struct galen_frame_refused answer = stage_expect_refused(line, err);
    cr_assert(line->closed_by_hub);
    cr_assert_eq(stage_refused(&s, err), before + 1);
    cr_assert_eq(stage_count(line, GALEN_FRAME_WELCOME), 0u);
    return answer.detail;
}

/* -- set-up ------------------------------------------------------------------------------------- */

static void sign_setup(const struct line *line, const struct party *by, struct galen_frame *frame)
{
    uint8_t signed_bytes[GALEN_SIGNED_MAX];
    struct galen_writer w;
    galen_writer_init(&w);
    galen_setup_message(&w, line->nonce, frame->as.setup.token, &frame->as.setup.practice);
    size_t size =
        galen_signed_bytes(&test_primitives, GALEN_SIGN_SETUP, galen_written(&w), signed_bytes);
    test_sign(by->seed, (struct galen_bytes){signed_bytes, size}, frame->as.setup.signature);
    galen_writer_wipe(&w);
}

static struct galen_frame setup_frame(const struct line *line, const char *token)
{
    struct galen_frame frame = {.type = GALEN_FRAME_SETUP};
    frame.as.setup.token = (struct galen_bytes){(const uint8_t *)token, strlen(token)};
    frame.as.setup.practice = CAST.practice.keys;
    sign_setup(line, &CAST.practice, &frame);
    return frame;
}

Test(set_up, only_the_token_makes_a_practice)
{
    static const char *const wrong[] = {"", "0", "0123456789abcdef0123456789abcdee",
                                        "0123456789abcdef0123456789abcdef0",
                                        "1123456789abcdef0123456789abcdef"};
    stage_begin_bare(&s);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct line *line = stage_connect(&s, "office");
        struct galen_frame frame = setup_frame(line, wrong[i]);
        refused(line, &frame, GALEN_ERR_TOKEN);
    }
    struct line *line = stage_connect(&s, "office");
    static const struct galen_public_keys none;
    cr_assert_arr_eq(&line->practice, &none, sizeof none);
    struct galen_frame frame = setup_frame(line, STAGE_TOKEN);
    stage_send(&s, line, &frame);
    stage_expect(line, GALEN_FRAME_DONE);
    /* The same line signs in now, and the next is shown the practice. */
    stage_sign_in_frame(line, &CAST.pharmacist, LOG, true, &frame);
    stage_send(&s, line, &frame);
    stage_expect(line, GALEN_FRAME_WELCOME);
    struct line *next = stage_connect(&s, "office");
    cr_assert_arr_eq(&next->practice, &CAST.practice.keys, sizeof none);
    frame = setup_frame(next, STAGE_TOKEN);
    refused(next, &frame, GALEN_ERR_TOKEN); /* a token is used once */
    stage_restart(&s);
    next = stage_connect(&s, "office");
    cr_assert_arr_eq(&next->practice, &CAST.practice.keys, sizeof none);
    frame = setup_frame(next, STAGE_TOKEN);
    refused(next, &frame, GALEN_ERR_TOKEN);
}

Test(set_up, the_practice_key_itself_has_to_sign)
{
    stage_begin_bare(&s);
    struct line *line = stage_connect(&s, "office");
    struct galen_frame frame = setup_frame(line, STAGE_TOKEN);
    sign_setup(line, &CAST.stranger, &frame);
    refused(line, &frame, GALEN_ERR_SIGNATURE);
    struct line *other = stage_connect(&s, "office");
    frame = setup_frame(line, STAGE_TOKEN); /* of another line: another nonce */
    refused(other, &frame, GALEN_ERR_SIGNATURE);
}

Test(set_up, nobody_signs_in_before)
{
    stage_begin_bare(&s);
    struct line *line = stage_connect(&s, "office");
    struct galen_frame frame;
    stage_sign_in_frame(line, &CAST.pharmacist, LOG, true, &frame);
    refused(line, &frame, GALEN_ERR_STATE);
}

Test(set_up, a_server_without_a_token_takes_none)
{
    stage_begin_bare(&s);
    s.config.token = NULL;
    stage_restart_hub(&s);
    struct line *line = stage_connect(&s, "office");
    struct galen_frame frame = setup_frame(line, "");
    refused(line, &frame, GALEN_ERR_TOKEN);
}

Test(set_up, while_the_disk_is_full_it_can_be_tried_again)
{
    stage_begin_bare(&s);
    struct line *line = stage_connect(&s, "office");
    struct galen_frame frame = setup_frame(line, STAGE_TOKEN);
    s.next_commit = GALEN_ERR_DISK_FULL;
    stage_send(&s, line, &frame);
    stage_expect_refused(line, GALEN_ERR_DISK_FULL);
    stage_send(&s, line, &frame);
    stage_expect(line, GALEN_FRAME_DONE);
}

/* -- names, versions, signatures ---------------------------------------------------------------- */

Test(sign_in, the_host_has_to_be_one_of_ours)
{
    static const struct {
        const char *host;
        bool ours;
    } cases[] = {{"galen.example", true},  {"GALEN.Example", true},
                 {"other.example", true},  {"galen.exampl", false},
                 {"galen.examplf", false}, {"galen.example.", false},
                 {"evil.example", false},  {"", false}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct line *line = stage_connect(&s, "home");
        struct galen_frame frame;
        stage_sign_in_frame(line, &CAST.patient, LOG, false, &frame);
        frame.as.sign_in.host =
            (struct galen_bytes){(const uint8_t *)cases[i].host, strlen(cases[i].host)};
        stage_sign_sign_in(line, &CAST.patient, &frame);
        if (!cases[i].ours) {
            refused(line, &frame, GALEN_ERR_SIGN_IN);
            continue;
        }
        stage_send(&s, line, &frame);
        stage_expect(line, GALEN_FRAME_WELCOME);
    }
}

Test(sign_in, welcome_lists_the_charts)
{
    struct line *line = stage_connect(&s, "home");
    struct galen_frame frame;
    stage_sign_in_frame(line, &CAST.patient, LOG, false, &frame);
    stage_send(&s, line, &frame);
    struct galen_frame welcome = stage_expect(line, GALEN_FRAME_WELCOME);
    cr_assert_eq(welcome.as.welcome.clock_ms, CAST.now_ms);
    cr_assert_eq(welcome.as.welcome.charts.size, (size_t)GALEN_ID_BYTES);
    cr_assert_arr_eq(welcome.as.welcome.charts.at, stage_chart(&s)->bytes, GALEN_ID_BYTES);
}

Test(sign_in, another_version_is_named)
{
    struct line *line = stage_connect(&s, "home");
    struct galen_frame frame;
    stage_sign_in_frame(line, &CAST.patient, LOG, false, &frame);
    frame.as.sign_in.version = GALEN_VERSION + 1;
    refused(line, &frame, GALEN_ERR_VERSION);
}

Test(sign_in, a_purpose_is_log_or_live)
{
    static const uint8_t wrong[] = {0, 3, 255};
    for (size_t i = 0; i < sizeof wrong; i++) {
        struct line *line = stage_connect(&s, "home");
        struct galen_frame frame;
        stage_sign_in_frame(line, &CAST.patient, wrong[i], false, &frame);
        refused(line, &frame, GALEN_ERR_FORMAT);
    }
}

/* Everything that is signed, changed after signing. */
Test(sign_in, every_part_of_it_is_signed)
{
    for (int part = 0; part < 4; part++) {
        struct line *line = stage_connect(&s, "home");
        struct galen_frame frame;
        stage_sign_in_frame(line, &CAST.patient, LOG, false, &frame);
        if (part == 0)
            frame.as.sign_in.purpose = LIVE;
        else if (part == 1)
            frame.as.sign_in.nonce[31] ^= 1;
        else if (part == 2)
            frame.as.sign_in.host = (struct galen_bytes){(const uint8_t *)"other.example", 13};
        else
            frame.as.sign_in.signature[40] ^= 1;
        refused(line, &frame, GALEN_ERR_SIGNATURE);
    }
}

Test(sign_in, a_sign_in_overheard_is_worth_nothing)
{
    struct line *victim = stage_connect(&s, "home");
    struct galen_frame frame;
    stage_sign_in_frame(victim, &CAST.patient, LOG, false, &frame);
    struct line *thief = stage_connect(&s, "elsewhere");
    refused(thief, &frame, GALEN_ERR_SIGNATURE);
}

Test(sign_in, a_stolen_chain_without_its_key_is_worth_nothing)
{
    struct line *line = stage_connect(&s, "elsewhere");
    struct galen_frame frame;
    stage_sign_in_frame(line, &CAST.pharmacist, LOG, true, &frame);
    stage_sign_sign_in(line, &CAST.stranger, &frame); /* the pharmacist's keys, the thief's hand */
    refused(line, &frame, GALEN_ERR_SIGNATURE);

    line = stage_connect(&s, "elsewhere");
    stage_sign_in_frame(line, &CAST.stranger, LOG, false, &frame);
    party_chain(&CAST.pharmacist, false, &frame.as.sign_in.chain);
    stage_sign_sign_in(line, &CAST.stranger, &frame); /* the thief's own keys, the stolen chain */
    refused(line, &frame, GALEN_ERR_CERTIFICATE);
}

/* Raw bytes, since a correct encoder writes no such key. */
Test(sign_in, small_order_keys_are_refused)
{
    struct line *line = stage_connect(&s, "elsewhere");
    struct galen_frame frame;
    struct galen_writer w;
    stage_sign_in_frame(line, &CAST.patient, LOG, false, &frame);
    memset(frame.as.sign_in.keys.sign, 0, sizeof frame.as.sign_in.keys.sign);
    frame.as.sign_in.keys.sign[0] = 1;
    galen_writer_init(&w);
    galen_frame_write(&w, &frame);
    stage_send_bytes(&s, line, galen_written(&w));
    galen_writer_wipe(&w);
    stage_expect_closed(line, GALEN_ERR_KEY);
}

/* -- who belongs -------------------------------------------------------------------------------- */

Test(sign_in, a_stranger_belongs_nowhere)
{
    struct line *line = stage_connect(&s, "elsewhere");
    struct galen_frame frame;
    stage_sign_in_frame(line, &CAST.stranger, LOG, false, &frame);
    refused(line, &frame, GALEN_ERR_NOT_MEMBER);
}

Test(sign_in, staff_come_in_by_their_chain_others_do_not)
{
    struct line *line = stage_connect(&s, "office");
    struct galen_frame frame;
    stage_sign_in_frame(line, &CAST.other_pharmacist, LOG, true, &frame);
    stage_send(&s, line, &frame);
    cr_assert_eq(stage_expect(line, GALEN_FRAME_WELCOME).as.welcome.charts.size, 0u);

    line = stage_connect(&s, "home");
    stage_sign_in_frame(line, &CAST.caregiver, LOG, true, &frame); /* certified, but no member */
    refused(line, &frame, GALEN_ERR_NOT_MEMBER);
}

Test(sign_in, a_chain_of_another_practice_leads_nowhere)
{
    struct party practice, administrator;
    party_make(&practice, 200);
    party_make(&administrator, 201);
    party_certify(&administrator, &practice, GALEN_ROLE_ADMINISTRATOR, GALEN_PURPOSE_DEVICE, NULL);
    struct line *line = stage_connect(&s, "elsewhere");
    struct galen_frame frame;
    stage_sign_in_frame(line, &administrator, LOG, true, &frame);
    refused(line, &frame, GALEN_ERR_CERTIFICATE);
}

Test(sign_in, an_expired_chain_is_named)
{
    CAST.other_pharmacist.cert.not_after_ms = CAST.now_ms - 1;
    CAST.other_pharmacist.cert.issues_until_ms = CAST.now_ms - 1;
    party_certify_again(&CAST.other_pharmacist);
    struct line *line = stage_connect(&s, "office");
    struct galen_frame frame;
    stage_sign_in_frame(line, &CAST.other_pharmacist, LOG, true, &frame);
    refused(line, &frame, GALEN_ERR_EXPIRED);
}

Test(sign_in, the_newer_connection_displaces_the_older)
{
    struct line *log = stage_log(&s, &CAST.patient);
    struct line *live = stage_live(&s, &CAST.patient);
    struct line *bystander = stage_log(&s, &CAST.pharmacist);
    struct line *newer = stage_log(&s, &CAST.patient);
    stage_expect_closed(log, GALEN_ERR_DISPLACED);
    cr_assert_not_null(live->connection);
    cr_assert_not_null(bystander->connection);
    cr_assert_eq(stage_open(&s, newer, 0, NULL), 2u);
    cr_assert_eq(stage_counter(&s, "galen_displaced_total"), 1u);
    cr_assert_eq(stage_counter(&s, "galen_devices"), 2u);
}

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

Test(sign_in, a_used_link_says_when_and_staff_are_told)
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
    cr_assert_eq(refused(thief, &frame, GALEN_ERR_REPLACED), SCENE_NOW_MS, "when it was used");
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

Test(sign_in, a_thief_who_opens_the_link_first_is_found_out)
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
    cr_assert_eq(refused(late, &frame, GALEN_ERR_REPLACED), SCENE_NOW_MS);
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
Test(sign_in, a_code_used_in_one_chart_admits_the_same_device_in_the_other)
{
    struct party code, fresh, thief;
    struct line *pharmacist = stage_log(&s, &CAST.pharmacist);
    uint8_t secret[32] = {9};
    party_make(&code, 500);
    party_make(&fresh, 501);
    party_make(&thief, 502);
    party_certify(&code, &CAST.pharmacist, GALEN_ROLE_PHARMACIST, GALEN_PURPOSE_CODE, NULL);
    scene_draft_epoch(&CAST, &CAST.pharmacist);
    scene_add(&CAST, &code, true, true);
    stage_append(&s, pharmacist);
    struct galen_rules *first = CAST.rules;
    CAST.rules = galen_rules_new(&test_primitives, &CAST.practice.keys);
    scene_draft_epoch(&CAST, &CAST.pharmacist);
    scene_add(&CAST, &CAST.pharmacist, false, true);
    scene_add(&CAST, &CAST.custodian, false, true);
    test_seal_key(secret, CAST.body->history_key);
    CAST.header.salt[5] = 77;
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
    refused(line, &frame, GALEN_ERR_REPLACED);
    stage_log(&s, &fresh);
    galen_rules_free(first);
}

Test(sign_in, an_expired_link_is_named_and_reads_nothing)
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
    refused(line, &frame, GALEN_ERR_EXPIRED);
}

Test(sign_in, a_foreign_link_belongs_nowhere)
{
    struct party link;
    party_make(&link, 300);
    struct line *line = stage_connect(&s, "home");
    struct galen_frame frame;
    stage_sign_in_frame(line, &link, LOG, false, &frame);
    refused(line, &frame, GALEN_ERR_NOT_MEMBER);
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

Test(sign_in, a_revoked_device_is_closed_and_stays_out)
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
    refused(line, &frame, GALEN_ERR_REVOKED);
    pharmacist = stage_log(&s, &CAST.pharmacist);
    stage_open(&s, pharmacist, 0, NULL);
    stage_expect(pharmacist, GALEN_FRAME_STATEMENT);
}

Test(sign_in, who_may_revoke_whom)
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
        {&CAST.patient, &CAST.patient_second, GALEN_OK}, /* one's own lost device */
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
    refused(line, &frame, GALEN_ERR_REVOKED);
    line = stage_connect(&s, "office");
    stage_sign_in_frame(line, &CAST.other_pharmacist, LOG, true, &frame);
    refused(line, &frame, GALEN_ERR_REVOKED);
}

Test(sign_in, a_forged_statement_is_refused)
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
Test(sign_in, nobody_revokes_a_stranger_by_taking_them_into_their_account)
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

Test(sign_in, a_replaced_device_says_so_itself)
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
    refused(line, &frame, GALEN_ERR_REPLACED);
}

/* -- limits ------------------------------------------------------------------------------------- */

Test(sign_in, an_address_may_try_so_often)
{
    s.config.limits.sign_ins_per_minute = 3;
    stage_restart_hub(&s);
    struct galen_frame frame;
    for (int i = 0; i < 5; i++) {
        struct line *line = stage_connect(&s, "elsewhere");
        stage_sign_in_frame(line, &CAST.stranger, LOG, false, &frame);
        refused(line, &frame, i < 3 ? GALEN_ERR_NOT_MEMBER : GALEN_ERR_LIMIT);
    }
    struct line *other = stage_connect(&s, "home");
    stage_sign_in_frame(other, &CAST.patient, LOG, false, &frame);
    stage_send(&s, other, &frame);
    stage_expect(other, GALEN_FRAME_WELCOME); /* another address is not concerned */
    stage_pass(&s, 20000);
    struct line *again = stage_connect(&s, "elsewhere");
    stage_sign_in_frame(again, &CAST.stranger, LOG, false, &frame);
    refused(again, &frame, GALEN_ERR_NOT_MEMBER);
}

Test(sign_in, connections_are_bounded_in_all_and_for_an_address)
{
    enum galen_err err;
    s.config.limits.connections = 4;
    s.config.limits.connections_per_address = 2;
    stage_restart_hub(&s);
    struct line *first = stage_connect(&s, "a");
    stage_connect(&s, "a");
    cr_assert_null(stage_try_connect(&s, "a", &err));
    cr_assert_eq(err, GALEN_ERR_LIMIT);
    stage_connect(&s, "b");
    stage_connect(&s, "c");
    cr_assert_null(stage_try_connect(&s, "d", &err));
    cr_assert_eq(err, GALEN_ERR_LIMIT);
    cr_assert_eq(stage_refused(&s, GALEN_ERR_LIMIT), 2u);
    stage_disconnect(&s, first);
    stage_connect(&s, "a");
}

Test(sign_in, who_does_not_sign_in_is_closed)
{
    struct line *quiet = stage_connect(&s, "elsewhere");
    struct line *patient = stage_log(&s, &CAST.patient);
    stage_pass(&s, 9999);
    cr_assert_not_null(quiet->connection);
    stage_pass(&s, 1001);
    stage_expect_closed(quiet, GALEN_ERR_TIMEOUT);
    cr_assert_not_null(patient->connection);
}

Test(sign_in, who_is_silent_is_closed)
{
    struct line *patient = stage_log(&s, &CAST.patient);
    struct line *pharmacist = stage_log(&s, &CAST.pharmacist);
    struct galen_frame ping = {.type = GALEN_FRAME_PING, .as.ping = {77}};
    for (int i = 0; i < 5; i++) {
        stage_pass(&s, 10000);
        stage_send(&s, pharmacist, &ping);
        cr_assert_eq(stage_expect(pharmacist, GALEN_FRAME_PONG).as.ping.token, 77u);
    }
    stage_expect_closed(patient, GALEN_ERR_TIMEOUT);
    cr_assert_not_null(pharmacist->connection);
}

Test(sign_in, a_stopping_server_says_so)
{
    enum galen_err err;
    struct line *patient = stage_log(&s, &CAST.patient);
    hub_stop(s.hub, CAST.now_ms);
    stage_settle(&s);
    stage_expect_closed(patient, GALEN_ERR_SHUTDOWN);
    cr_assert_null(stage_try_connect(&s, "home", &err));
    cr_assert_eq(err, GALEN_ERR_SHUTDOWN);
}
