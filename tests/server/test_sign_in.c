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
        stage_refuse_sign_in(&s, line, &frame, GALEN_ERR_TOKEN);
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
    stage_refuse_sign_in(&s, next, &frame, GALEN_ERR_TOKEN); /* a token is used once */
    stage_restart(&s);
    next = stage_connect(&s, "office");
    cr_assert_arr_eq(&next->practice, &CAST.practice.keys, sizeof none);
    frame = setup_frame(next, STAGE_TOKEN);
    stage_refuse_sign_in(&s, next, &frame, GALEN_ERR_TOKEN);
}

Test(set_up, the_practice_key_itself_has_to_sign)
{
    stage_begin_bare(&s);
    struct line *line = stage_connect(&s, "office");
    struct galen_frame frame = setup_frame(line, STAGE_TOKEN);
    sign_setup(line, &CAST.stranger, &frame);
    stage_refuse_sign_in(&s, line, &frame, GALEN_ERR_SIGNATURE);
    struct line *other = stage_connect(&s, "office");
    frame = setup_frame(line, STAGE_TOKEN); /* of another line: another nonce */
    stage_refuse_sign_in(&s, other, &frame, GALEN_ERR_SIGNATURE);
}

Test(set_up, nobody_signs_in_before)
{
    stage_begin_bare(&s);
    struct line *line = stage_connect(&s, "office");
    struct galen_frame frame;
    stage_sign_in_frame(line, &CAST.pharmacist, LOG, true, &frame);
    stage_refuse_sign_in(&s, line, &frame, GALEN_ERR_STATE);
}

Test(set_up, a_server_without_a_token_takes_none)
{
    stage_begin_bare(&s);
    s.config.token = NULL;
    stage_restart_hub(&s);
    struct line *line = stage_connect(&s, "office");
    struct galen_frame frame = setup_frame(line, "");
    stage_refuse_sign_in(&s, line, &frame, GALEN_ERR_TOKEN);
}

Test(set_up, while_the_disk_is_full_it_can_be_tried_again)
{
    stage_begin_bare(&s);
    struct line *line = stage_connect(&s, "office");
    struct galen_frame frame = setup_frame(line, STAGE_TOKEN);
    s.next_commit = GALEN_ERR_DISK_FULL;
    stage_send(&s, line, &frame);
    stage_expect_closed(line, GALEN_ERR_DISK_FULL); /* what is refused ends the connection */
    line = stage_connect(&s, "office");
    frame = setup_frame(line, STAGE_TOKEN);
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
            stage_refuse_sign_in(&s, line, &frame, GALEN_ERR_SIGN_IN);
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
    stage_refuse_sign_in(&s, line, &frame, GALEN_ERR_VERSION);
}

Test(sign_in, a_purpose_is_log_or_live)
{
    static const uint8_t wrong[] = {0, 3, 255};
    for (size_t i = 0; i < sizeof wrong; i++) {
        struct line *line = stage_connect(&s, "home");
        struct galen_frame frame;
        stage_sign_in_frame(line, &CAST.patient, wrong[i], false, &frame);
        stage_refuse_sign_in(&s, line, &frame, GALEN_ERR_FORMAT);
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
        stage_refuse_sign_in(&s, line, &frame, GALEN_ERR_SIGNATURE);
    }
}

Test(sign_in, a_sign_in_overheard_is_worth_nothing)
{
    struct line *victim = stage_connect(&s, "home");
    struct galen_frame frame;
    stage_sign_in_frame(victim, &CAST.patient, LOG, false, &frame);
    struct line *thief = stage_connect(&s, "elsewhere");
    stage_refuse_sign_in(&s, thief, &frame, GALEN_ERR_SIGNATURE);
}

Test(sign_in, a_stolen_chain_without_its_key_is_worth_nothing)
{
    struct line *line = stage_connect(&s, "elsewhere");
    struct galen_frame frame;
    stage_sign_in_frame(line, &CAST.pharmacist, LOG, true, &frame);
    stage_sign_sign_in(line, &CAST.stranger, &frame); /* the pharmacist's keys, the thief's hand */
    stage_refuse_sign_in(&s, line, &frame, GALEN_ERR_SIGNATURE);

    line = stage_connect(&s, "elsewhere");
    stage_sign_in_frame(line, &CAST.stranger, LOG, false, &frame);
    party_chain(&CAST.pharmacist, false, &frame.as.sign_in.chain);
    stage_sign_sign_in(line, &CAST.stranger, &frame); /* the thief's own keys, the stolen chain */
    stage_refuse_sign_in(&s, line, &frame, GALEN_ERR_CERTIFICATE);
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
    stage_refuse_sign_in(&s, line, &frame, GALEN_ERR_NOT_MEMBER);
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
    stage_refuse_sign_in(&s, line, &frame, GALEN_ERR_NOT_MEMBER);
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
    stage_refuse_sign_in(&s, line, &frame, GALEN_ERR_CERTIFICATE);
}

Test(sign_in, an_expired_chain_is_named)
{
    CAST.other_pharmacist.cert.not_after_ms = CAST.now_ms - 1;
    CAST.other_pharmacist.cert.issues_until_ms = CAST.now_ms - 1;
    party_certify_again(&CAST.other_pharmacist);
    struct line *line = stage_connect(&s, "office");
    struct galen_frame frame;
    stage_sign_in_frame(line, &CAST.other_pharmacist, LOG, true, &frame);
    stage_refuse_sign_in(&s, line, &frame, GALEN_ERR_EXPIRED);
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

/* -- limits ------------------------------------------------------------------------------------- */

Test(sign_in, an_address_may_try_so_often)
{
    s.config.limits.sign_ins_per_minute = 3;
    stage_restart_hub(&s);
    struct galen_frame frame;
    for (int i = 0; i < 5; i++) {
        struct line *line = stage_connect(&s, "elsewhere");
        stage_sign_in_frame(line, &CAST.stranger, LOG, false, &frame);
        stage_refuse_sign_in(&s, line, &frame, i < 3 ? GALEN_ERR_NOT_MEMBER : GALEN_ERR_LIMIT);
    }
    struct line *other = stage_connect(&s, "home");
    stage_sign_in_frame(other, &CAST.patient, LOG, false, &frame);
    stage_send(&s, other, &frame);
    stage_expect(other, GALEN_FRAME_WELCOME); /* another address is not concerned */
    stage_pass(&s, 20000);
    struct line *again = stage_connect(&s, "elsewhere");
    stage_sign_in_frame(again, &CAST.stranger, LOG, false, &frame);
    stage_refuse_sign_in(&s, again, &frame, GALEN_ERR_NOT_MEMBER);
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
