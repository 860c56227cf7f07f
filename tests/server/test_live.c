/* What is live: drafts between members, the waiting room, the call's frames, and who presides. */
#include "galen/call.h"
#include "galen/keys.h"
#include "galen/sframe_header.h"
#include "support/primitives.h"
#include "support/stage.h"

#include <criterion/criterion.h>
#include <string.h>

static struct stage s;
static struct galen_id visit;
static uint8_t nonce[32];
#define CAST s.scene

static void begin(void)
{
    stage_begin(&s);
    memset(visit.bytes, 0x51, sizeof visit.bytes);
    memset(nonce, 0x4e, sizeof nonce);
}

static void end(void)
{
    stage_end(&s);
}

TestSuite(live, .init = begin, .fini = end);

static void add(const struct party *party, bool from_member, bool holder)
{
    struct line *log = stage_log(&s, &CAST.pharmacist);
    scene_draft_epoch(&CAST, &CAST.pharmacist);
    scene_add(&CAST, party, from_member, holder);
    stage_append(&s, log);
    stage_disconnect(&s, log);
}

static void drop(const struct party *party)
{
    struct line *log = stage_log(&s, &CAST.pharmacist);
    scene_draft_epoch(&CAST, &CAST.pharmacist);
    scene_drop(&CAST, party);
    stage_append(&s, log);
    stage_disconnect(&s, log);
}

/* -- drafts and presence ------------------------------------------------------------------------ */

static void send_relay(struct line *line, const struct party *as, uint8_t n)
{
    struct galen_frame frame = {.type = GALEN_FRAME_RELAY};
    frame.as.relay.chart = *stage_chart(&s);
    frame.as.relay.device = as->id;
    frame.as.relay.sealed = (struct galen_bytes){&n, 1};
    stage_send(&s, line, &frame);
}

Test(live, drafts_go_to_the_other_members_who_are_here)
{
    add(&CAST.other_pharmacist, false, true);
    struct line *patient = stage_live(&s, &CAST.patient);
    struct line *pharmacist = stage_live(&s, &CAST.pharmacist);
    struct line *elsewhere = stage_sign_in(&s, &CAST.other_pharmacist, GALEN_CONNECTION_LIVE);
    struct line *log = stage_log(&s, &CAST.pharmacist);
    stage_forget(log);
    send_relay(patient, &CAST.patient, 7);
    struct galen_frame frame = stage_expect(pharmacist, GALEN_FRAME_RELAY);
    cr_assert(galen_id_equal(&frame.as.relay.device, &CAST.patient.id));
    cr_assert_eq(frame.as.relay.sealed.at[0], 7);
    cr_assert_eq(stage_count(patient, GALEN_FRAME_RELAY), 0u);
    cr_assert_eq(stage_count(elsewhere, GALEN_FRAME_RELAY), 0u, "it did not open the chart");
    cr_assert_eq(log->inbox_count, 0u);
}

Test(live, a_draft_says_whose_it_is)
{
    struct line *patient = stage_live(&s, &CAST.patient);
    struct line *pharmacist = stage_live(&s, &CAST.pharmacist);
    send_relay(patient, &CAST.pharmacist, 7);
    struct galen_frame_refused no = stage_expect_refused(patient, GALEN_ERR_SENDER);
    cr_assert(galen_id_equal(&no.chart, stage_chart(&s)), "the connection goes on");
    struct line *other = stage_sign_in(&s, &CAST.other_pharmacist, GALEN_CONNECTION_LIVE);
    send_relay(other, &CAST.other_pharmacist, 8);
    stage_expect_refused(other, GALEN_ERR_NOT_MEMBER);
    struct galen_frame open = {.type = GALEN_FRAME_LIVE_OPEN,
                               .as.live_open = {3, *stage_chart(&s)}};
    stage_send(&s, other, &open);
    cr_assert_eq(stage_expect_refused(other, GALEN_ERR_NOT_MEMBER).request, 3u);
    cr_assert_eq(stage_count(pharmacist, GALEN_FRAME_RELAY), 0u);
}

Test(live, who_is_dropped_hears_no_more_drafts)
{
    struct line *patient = stage_live(&s, &CAST.patient);
    struct line *pharmacist = stage_live(&s, &CAST.pharmacist);
    drop(&CAST.patient);
    stage_expect_refused(patient, GALEN_ERR_NOT_MEMBER);
    send_relay(pharmacist, &CAST.pharmacist, 7);
    cr_assert_eq(stage_count(patient, GALEN_FRAME_RELAY), 0u);
    send_relay(patient, &CAST.patient, 7);
    stage_expect_refused(patient, GALEN_ERR_NOT_MEMBER);
    cr_assert_eq(stage_count(pharmacist, GALEN_FRAME_RELAY), 0u);
}

Test(live, of_drafts_the_oldest_go)
{
    s.config.limits.relay_ring = 5;
    stage_restart_hub(&s);
    struct line *patient = stage_live(&s, &CAST.patient);
    struct line *slow = stage_live(&s, &CAST.pharmacist);
    slow->is_slow = true;
    for (uint8_t n = 1; n <= 20; n++)
        send_relay(patient, &CAST.patient, n);
    slow->is_slow = false;
    stage_settle(&s);
    cr_assert_eq(stage_count(slow, GALEN_FRAME_RELAY), 5u);
    cr_assert_eq(stage_expect(slow, GALEN_FRAME_RELAY).as.relay.sealed.at[0], 16);
    cr_assert_eq(stage_counter(&s, "galen_relay_lost_total"), 15u);
}

/* -- visits ------------------------------------------------------------------------------------- */

static uint32_t send_open(struct line *line)
{
    struct galen_frame frame = {.type = GALEN_FRAME_VISIT_OPEN};
    frame.as.visit_open.request = ++s.request;
    frame.as.visit_open.chart = *stage_chart(&s);
    frame.as.visit_open.visit = visit;
    memcpy(frame.as.visit_open.nonce, nonce, sizeof nonce);
    stage_send(&s, line, &frame);
    return s.request;
}

static void open_visit(struct line *line)
{
    uint32_t request = send_open(line);
    cr_assert_eq(stage_expect(line, GALEN_FRAME_DONE).as.done.request, request);
}

static void sign_hello(const struct party *by, struct galen_call_hello *hello)
{
    uint8_t signed_bytes[GALEN_SIGNED_MAX];
    struct galen_writer w;
    galen_writer_init(&w);
    galen_call_hello_write_unsigned(&w, hello);
    size_t size = galen_signed_bytes(&test_primitives, GALEN_SIGN_CALL_HELLO, galen_written(&w),
                                     signed_bytes);
    test_sign(by->seed, (struct galen_bytes){signed_bytes, size}, hello->signature);
    galen_writer_wipe(&w);
}

static struct galen_call_hello make_hello(const struct party *party)
{
    struct galen_call_hello hello = {
        .chart = *stage_chart(&s), .visit = visit, .device = party->id};
    memcpy(hello.key, party->keys.seal, sizeof hello.key);
    memcpy(hello.nonce, nonce, sizeof hello.nonce);
    sign_hello(party, &hello);
    return hello;
}

static uint32_t send_hello(struct line *line, const struct galen_call_hello *hello)
{
    struct galen_frame frame = {.type = GALEN_FRAME_KNOCK};
    struct galen_writer w;
    galen_writer_init(&w);
    galen_call_hello_write(&w, hello);
    frame.as.knock.request = ++s.request;
    frame.as.knock.visit = visit;
    frame.as.knock.hello = galen_written(&w);
    stage_send(&s, line, &frame);
    galen_writer_wipe(&w);
    return s.request;
}

/* Knocks, and gives what the server says of it. */
static struct galen_frame_admitted knock(struct line *line)
{
    struct galen_call_hello hello = make_hello(line->party);
    uint32_t request = send_hello(line, &hello);
    cr_assert_eq(stage_expect(line, GALEN_FRAME_DONE).as.done.request, request);
    return stage_expect(line, GALEN_FRAME_ADMITTED).as.admitted;
}

static void send_admit(struct line *line, const struct party *whom, bool admitted)
{
    struct galen_frame frame = {.type = GALEN_FRAME_ADMIT};
    frame.as.admit.request = ++s.request;
    frame.as.admit.visit = visit;
    frame.as.admit.device = whom->id;
    frame.as.admit.admitted = admitted;
    stage_send(&s, line, &frame);
}

static void send_visit_id(struct line *line, uint8_t type)
{
    struct galen_frame frame = {.type = type};
    frame.as.visit_id.request = ++s.request;
    frame.as.visit_id.visit = visit;
    stage_send(&s, line, &frame);
}

static void send_media(struct line *line, uint16_t number, uint8_t n)
{
    uint8_t bytes[1 + GALEN_SFRAME_HEADER_MAX + 20] = {GALEN_FRAME_MEDIA};
    struct galen_call_key_id id = {.generation = 1, .participant = number};
    struct galen_sframe_header header = {galen_call_key_id_pack(id), n};
    size_t size = 1 + galen_sframe_header_write(&header, bytes + 1);
    memset(bytes + size, n, 20);
    stage_send_bytes(&s, line, (struct galen_bytes){bytes, size + 20});
}

/* A visit with the pharmacist (1) presiding and the patient (2) let in. */
struct call {
    struct line *pharmacist, *patient;
};

static struct call begin_call(void)
{
    struct call call = {stage_live(&s, &CAST.pharmacist), stage_live(&s, &CAST.patient)};
    open_visit(call.pharmacist);
    cr_assert_eq(knock(call.pharmacist).number, 1u);
    cr_assert_eq(knock(call.patient).number, 2u);
    send_admit(call.pharmacist, &CAST.patient, true);
    cr_assert(stage_expect(call.patient, GALEN_FRAME_ADMITTED).as.admitted.admitted);
    stage_forget(call.pharmacist);
    stage_forget(call.patient);
    return call;
}

Test(live, a_visit_is_known_to_the_members_on_all_their_lines)
{
    struct line *lines[] = {stage_live(&s, &CAST.pharmacist), stage_log(&s, &CAST.pharmacist),
                            stage_live(&s, &CAST.patient), stage_log(&s, &CAST.patient),
                            stage_log(&s, &CAST.other_pharmacist)};
    open_visit(lines[0]);
    for (size_t i = 0; i < 4; i++) {
        struct galen_frame frame = stage_expect(lines[i], GALEN_FRAME_VISIT);
        cr_assert(galen_id_equal(&frame.as.visit.visit, &visit));
        cr_assert(galen_id_equal(&frame.as.visit.host, &CAST.pharmacist.id));
        cr_assert_arr_eq(frame.as.visit.nonce, nonce, sizeof nonce);
    }
    cr_assert_eq(stage_count(lines[4], GALEN_FRAME_VISIT), 0u);
    /* Who comes later hears of it too: on connecting, and when put into the chart. */
    struct line *later = stage_log(&s, &CAST.patient);
    stage_expect(later, GALEN_FRAME_VISIT);
    add(&CAST.other_pharmacist, false, true);
    stage_expect(lines[4], GALEN_FRAME_VISIT);
    cr_assert_eq(stage_counter(&s, "galen_visits"), 1u);
}

Test(live, a_visit_is_opened_by_staff_alone)
{
    struct line *patient = stage_live(&s, &CAST.patient);
    struct line *pharmacist = stage_live(&s, &CAST.pharmacist);
    struct line *other = stage_sign_in(&s, &CAST.other_pharmacist, GALEN_CONNECTION_LIVE);
    send_open(patient);
    stage_expect_refused(patient, GALEN_ERR_ROLE);
    send_open(other);
    stage_expect_refused(other, GALEN_ERR_NOT_MEMBER);
    memset(nonce, 0, sizeof nonce);
    send_open(pharmacist);
    stage_expect_refused(pharmacist, GALEN_ERR_FORMAT); /* zeros ask somebody to preside */
    memset(nonce, 1, sizeof nonce);
    open_visit(pharmacist);
    visit.bytes[0]++;
    send_open(pharmacist);
    stage_expect_refused(pharmacist, GALEN_ERR_LIMIT); /* one visit a chart */
    cr_assert_eq(stage_count(patient, GALEN_FRAME_VISIT), 1u);
}

Test(live, the_waiting_room)
{
    struct line *pharmacist = stage_live(&s, &CAST.pharmacist);
    struct line *patient = stage_live(&s, &CAST.patient);
    struct galen_call_hello hello = make_hello(&CAST.patient);
    send_hello(patient, &hello);
    stage_expect_refused(patient, GALEN_ERR_NO_VISIT);
    open_visit(pharmacist);
    struct galen_frame_admitted waiting = knock(patient);
    cr_assert_not(waiting.admitted);
    cr_assert_eq(waiting.number, 1u);
    struct galen_frame knocked = stage_expect(pharmacist, GALEN_FRAME_KNOCKED);
    cr_assert_eq(knocked.as.knocked.number, 1u);
    cr_assert_not(knocked.as.knocked.admitted);
    cr_assert_eq(knocked.as.knocked.chain.count, 0u);
    struct galen_call_hello heard;
    cr_assert_eq(galen_call_hello_read(knocked.as.knocked.hello, &heard), GALEN_OK);
    cr_assert(galen_id_equal(&heard.device, &CAST.patient.id));
    /* Staff are in when they knock, and hear of those who were there before them. */
    struct galen_frame_admitted in = knock(pharmacist);
    cr_assert(in.admitted);
    cr_assert_eq(in.number, 2u);
    cr_assert_eq(stage_expect(pharmacist, GALEN_FRAME_KNOCKED).as.knocked.number, 2u);
    cr_assert_eq(stage_expect(pharmacist, GALEN_FRAME_KNOCKED).as.knocked.number, 1u);
    /* Neither a frame of theirs nor one to them before they are let in. */
    send_media(patient, 1, 7);
    struct galen_frame_refused no = stage_expect_refused(patient, GALEN_ERR_WAITING);
    cr_assert(galen_id_equal(&no.chart, stage_chart(&s)));
    send_media(pharmacist, 2, 8);
    cr_assert_eq(stage_count(pharmacist, GALEN_FRAME_MEDIA), 0u);
    cr_assert_eq(stage_count(patient, GALEN_FRAME_MEDIA), 0u);
    send_admit(pharmacist, &CAST.patient, true);
    cr_assert(stage_expect(pharmacist, GALEN_FRAME_KNOCKED).as.knocked.admitted);
    cr_assert(stage_expect(patient, GALEN_FRAME_ADMITTED).as.admitted.admitted);
    send_media(patient, 1, 9);
    send_media(pharmacist, 2, 10);
    cr_assert_eq(stage_count(pharmacist, GALEN_FRAME_MEDIA), 1u);
    cr_assert_eq(stage_count(patient, GALEN_FRAME_MEDIA), 1u);
    cr_assert_not_null(patient->connection);
}

Test(live, who_is_sent_away_waits_again)
{
    struct call call = begin_call();
    send_admit(call.pharmacist, &CAST.patient, false);
    struct galen_frame_admitted away = stage_expect(call.patient, GALEN_FRAME_ADMITTED).as.admitted;
    cr_assert_not(away.admitted);
    cr_assert_eq(away.number, 0u);
    cr_assert_eq(stage_expect(call.pharmacist, GALEN_FRAME_LEFT).as.left.number, 2u);
    send_media(call.patient, 2, 1); /* a frame that was on its way */
    struct galen_frame_refused late = stage_expect_refused(call.patient, GALEN_ERR_NO_VISIT);
    cr_assert(galen_id_equal(&late.chart, stage_chart(&s)));
    cr_assert_eq(stage_count(call.pharmacist, GALEN_FRAME_MEDIA), 0u);
    struct galen_frame_admitted again = knock(call.patient);
    cr_assert_not(again.admitted);
    cr_assert_eq(again.number, 3u, "a number is never given again");
}

Test(live, only_staff_admit_and_end)
{
    struct call call = begin_call();
    add(&CAST.caregiver, true, false);
    struct line *caregiver = stage_live(&s, &CAST.caregiver);
    cr_assert_not(knock(caregiver).admitted);
    send_admit(call.patient, &CAST.caregiver, true);
    stage_expect_refused(call.patient, GALEN_ERR_ROLE);
    send_visit_id(call.patient, GALEN_FRAME_VISIT_END);
    stage_expect_refused(call.patient, GALEN_ERR_ROLE);
    struct line *other = stage_sign_in(&s, &CAST.other_pharmacist, GALEN_CONNECTION_LIVE);
    send_admit(other, &CAST.caregiver, true);
    stage_expect_refused(other, GALEN_ERR_NO_VISIT);
    send_visit_id(other, GALEN_FRAME_VISIT_END);
    stage_expect_refused(other, GALEN_ERR_NO_VISIT);
    struct galen_call_hello hello = make_hello(&CAST.other_pharmacist);
    send_hello(other, &hello);
    stage_expect_refused(other, GALEN_ERR_NOT_MEMBER);
    send_admit(call.pharmacist, &CAST.stranger, true);
    stage_expect_refused(call.pharmacist, GALEN_ERR_NOT_MEMBER);
}

Test(live, a_knock_is_ones_own_and_for_this_host)
{
    struct line *pharmacist = stage_live(&s, &CAST.pharmacist);
    struct line *patient = stage_live(&s, &CAST.patient);
    open_visit(pharmacist);
    struct galen_call_hello hello = make_hello(&CAST.pharmacist);
    send_hello(patient, &hello);
    stage_expect_refused(patient, GALEN_ERR_SENDER);
    hello = make_hello(&CAST.patient);
    hello.signature[7] ^= 1;
    send_hello(patient, &hello);
    stage_expect_refused(patient, GALEN_ERR_SIGNATURE);
    hello = make_hello(&CAST.patient);
    hello.nonce[0] ^= 1;
    sign_hello(&CAST.patient, &hello);
    send_hello(patient, &hello);
    stage_expect_refused(patient, GALEN_ERR_VALUE);
    hello = make_hello(&CAST.patient);
    hello.chart.bytes[0] ^= 1;
    sign_hello(&CAST.patient, &hello);
    send_hello(patient, &hello);
    stage_expect_refused(patient, GALEN_ERR_CHART);
    cr_assert_eq(stage_count(pharmacist, GALEN_FRAME_KNOCKED), 0u);
    cr_assert_eq(knock(patient).number, 1u);
}

Test(live, a_frame_carries_its_senders_number)
{
    struct call call = begin_call();
    static const uint16_t wrong[] = {1, 3, 500, 65535};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        stage_pass(&s, 1500);
        send_media(call.patient, wrong[i], 1);
        stage_expect_refused(call.patient, GALEN_ERR_SENDER);
    }
    cr_assert_eq(stage_count(call.pharmacist, GALEN_FRAME_MEDIA), 0u);
    send_media(call.patient, 2, 1);
    cr_assert_eq(stage_count(call.pharmacist, GALEN_FRAME_MEDIA), 1u);
    cr_assert_eq(stage_refused(&s, GALEN_ERR_SENDER), 4u);
}

Test(live, refused_media_is_counted_and_not_answered_each_time)
{
    struct call call = begin_call();
    for (int i = 0; i < 50; i++)
        send_media(call.patient, 9, 1);
    cr_assert_eq(stage_refused(&s, GALEN_ERR_SENDER), 50u);
    cr_assert_eq(stage_count(call.patient, GALEN_FRAME_REFUSED), 1u);
    stage_pass(&s, 1000);
    send_media(call.patient, 9, 1);
    cr_assert_eq(stage_count(call.patient, GALEN_FRAME_REFUSED), 2u);
}

Test(live, media_goes_to_all_others_as_it_is)
{
    add(&CAST.caregiver, true, false);
    struct call call = begin_call();
    struct line *caregiver = stage_live(&s, &CAST.caregiver);
    cr_assert_eq(knock(caregiver).number, 3u);
    send_admit(call.pharmacist, &CAST.caregiver, true);
    stage_forget(caregiver);
    stage_forget(call.pharmacist);
    stage_forget(call.patient);
    for (uint8_t n = 1; n <= 5; n++)
        send_media(caregiver, 3, n);
    struct line *others[] = {call.pharmacist, call.patient};
    for (size_t i = 0; i < 2; i++) {
        for (uint8_t n = 1; n <= 5; n++) {
            struct galen_frame frame = stage_expect(others[i], GALEN_FRAME_MEDIA);
            cr_assert_eq(frame.as.media.sframe.at[frame.as.media.sframe.size - 1], n);
        }
    }
    cr_assert_eq(caregiver->inbox_count, 0u, "nobody hears themselves");
}

Test(live, who_is_slow_hears_the_newest)
{
    struct call call = begin_call();
    call.pharmacist->is_slow = true;
    for (uint8_t n = 1; n <= 100; n++)
        send_media(call.patient, 2, n);
    struct galen_frame ping = {.type = GALEN_FRAME_PING, .as.ping = {5}};
    stage_send(&s, call.pharmacist, &ping);
    call.pharmacist->is_slow = false;
    stage_settle(&s);
    size_t ring = s.config.limits.live_ring;
    cr_assert_eq(stage_count(call.pharmacist, GALEN_FRAME_MEDIA), ring);
    cr_assert_eq(stage_counter(&s, "galen_media_lost_total"), 100 - ring);
    struct galen_frame frame = stage_expect(call.pharmacist, GALEN_FRAME_MEDIA);
    cr_assert_eq(frame.as.media.sframe.at[frame.as.media.sframe.size - 1], 100 - ring + 1);
    cr_assert_eq(stage_expect(call.pharmacist, GALEN_FRAME_PONG).as.ping.token, 5u);
}

Test(live, media_has_a_rate)
{
    s.config.limits.media_per_second = 50;
    stage_restart_hub(&s);
    struct call call = begin_call();
    for (int i = 0; i < 300; i++)
        send_media(call.patient, 2, 1);
    cr_assert_eq(stage_count(call.pharmacist, GALEN_FRAME_MEDIA), 100u, "a burst of two seconds");
    stage_expect_refused(call.patient, GALEN_ERR_LIMIT);
    cr_assert_eq(stage_refused(&s, GALEN_ERR_LIMIT), 200u);
    stage_pass(&s, 1000);
    stage_forget(call.pharmacist);
    for (int i = 0; i < 300; i++)
        send_media(call.patient, 2, 1);
    cr_assert_eq(stage_count(call.pharmacist, GALEN_FRAME_MEDIA), 50u);
}

Test(live, a_reconnect_needs_no_second_knock_at_the_door)
{
    struct call call = begin_call();
    struct line *again = stage_live(&s, &CAST.patient); /* from Wi-Fi to the mobile network */
    stage_expect_closed(call.patient, GALEN_ERR_DISPLACED);
    cr_assert_eq(stage_expect(call.pharmacist, GALEN_FRAME_LEFT).as.left.number, 2u);
    struct galen_frame_admitted in = knock(again);
    cr_assert(in.admitted);
    cr_assert_eq(in.number, 3u);
    struct galen_frame knocked = stage_expect(call.pharmacist, GALEN_FRAME_KNOCKED);
    cr_assert(knocked.as.knocked.admitted);
    send_media(again, 2, 1); /* the number of the line that is gone */
    stage_expect_refused(again, GALEN_ERR_SENDER);
    send_media(again, 3, 1);
    cr_assert_eq(stage_count(call.pharmacist, GALEN_FRAME_MEDIA), 1u);
}

Test(live, a_new_hello_on_the_same_line_takes_over)
{
    struct call call = begin_call();
    cr_assert_eq(knock(call.patient).number, 3u);
    cr_assert_eq(stage_count(call.pharmacist, GALEN_FRAME_LEFT), 0u, "nobody left");
    send_media(call.patient, 2, 1); /* until the next roster has come */
    send_media(call.patient, 3, 2);
    cr_assert_eq(stage_count(call.pharmacist, GALEN_FRAME_MEDIA), 2u);
    stage_pass(&s, 5000);
    send_media(call.patient, 2, 3);
    stage_expect_refused(call.patient, GALEN_ERR_SENDER);
    cr_assert_eq(stage_count(call.pharmacist, GALEN_FRAME_MEDIA), 2u);
}

Test(live, nobody_uses_the_numbers_of_a_visit_up)
{
    struct call call = begin_call();
    struct galen_call_hello hello = make_hello(&CAST.patient);
    for (int i = 0; i < 20; i++)
        send_hello(call.patient, &hello);
    cr_assert_eq(stage_count(call.patient, GALEN_FRAME_ADMITTED), 9u, "ten with the first");
    stage_expect_refused(call.patient, GALEN_ERR_LIMIT);
    stage_pass(&s, 1000);
    stage_forget(call.patient);
    cr_assert_eq(knock(call.patient).number, 12u);
}

Test(live, leaving)
{
    struct call call = begin_call();
    send_visit_id(call.patient, GALEN_FRAME_LEAVE);
    stage_expect(call.patient, GALEN_FRAME_DONE);
    struct galen_frame left = stage_expect(call.pharmacist, GALEN_FRAME_LEFT);
    cr_assert_eq(left.as.left.number, 2u);
    cr_assert(galen_id_equal(&left.as.left.device, &CAST.patient.id));
    send_visit_id(call.patient, GALEN_FRAME_LEAVE);
    stage_expect_refused(call.patient, GALEN_ERR_NO_VISIT);
    send_media(call.pharmacist, 1, 1);
    cr_assert_eq(stage_count(call.patient, GALEN_FRAME_MEDIA), 0u);
    cr_assert(knock(call.patient).admitted, "the door stays open for them");
}

Test(live, who_is_dropped_from_the_chart_is_out_of_the_call)
{
    struct call call = begin_call();
    drop(&CAST.patient);
    struct galen_frame_admitted away = stage_expect(call.patient, GALEN_FRAME_ADMITTED).as.admitted;
    cr_assert_eq(away.number, 0u);
    stage_expect(call.pharmacist, GALEN_FRAME_LEFT);
    send_media(call.pharmacist, 1, 1);
    send_media(call.patient, 2, 1);
    cr_assert_eq(stage_count(call.patient, GALEN_FRAME_MEDIA), 0u);
    cr_assert_eq(stage_count(call.pharmacist, GALEN_FRAME_MEDIA), 0u);
    stage_expect_refused(call.patient, GALEN_ERR_NO_VISIT);
    struct galen_call_hello hello = make_hello(&CAST.patient);
    send_hello(call.patient, &hello);
    stage_expect_refused(call.patient, GALEN_ERR_NOT_MEMBER);
}

/* -- rosters and hosts -------------------------------------------------------------------------- */

static void send_roster(struct line *line, uint8_t n)
{
    struct galen_frame frame = {.type = GALEN_FRAME_ROSTER};
    frame.as.roster.visit = visit;
    frame.as.roster.roster = (struct galen_bytes){&n, 1};
    stage_send(&s, line, &frame);
}

Test(live, the_roster_is_the_hosts)
{
    add(&CAST.caregiver, true, false);
    struct call call = begin_call();
    struct line *caregiver = stage_live(&s, &CAST.caregiver);
    knock(caregiver);
    stage_forget(caregiver);
    send_roster(call.pharmacist, 9);
    cr_assert_eq(stage_expect(call.patient, GALEN_FRAME_ROSTER).as.roster.roster.at[0], 9);
    stage_expect(call.pharmacist, GALEN_FRAME_ROSTER); /* the host takes its own, too */
    cr_assert_eq(caregiver->inbox_count, 0u, "who waits gets no keys");
    send_roster(call.patient, 8);
    struct galen_frame_refused no = stage_expect_refused(call.patient, GALEN_ERR_ROLE);
    cr_assert(galen_id_equal(&no.chart, &visit));
    cr_assert_eq(stage_count(call.pharmacist, GALEN_FRAME_ROSTER), 0u);
    cr_assert_not_null(call.patient->connection);
}

Test(live, when_the_host_goes_the_longest_present_staff_is_asked)
{
    add(&CAST.other_pharmacist, false, true);
    add(&CAST.administrator, false, true);
    struct call call = begin_call();
    struct line *second = stage_live(&s, &CAST.other_pharmacist);
    struct line *third = stage_live(&s, &CAST.administrator);
    cr_assert_eq(knock(second).number, 3u);
    cr_assert_eq(knock(third).number, 4u);
    uint8_t old[32];
    memcpy(old, nonce, sizeof old);
    memset(nonce, 0x22, sizeof nonce);
    send_open(second);
    stage_expect_refused(second, GALEN_ERR_STATE); /* nobody pushes the host aside */
    stage_forget(second);
    stage_forget(third);
    stage_forget(call.patient);
    stage_disconnect(&s, call.pharmacist);
    struct galen_frame asked = stage_expect(second, GALEN_FRAME_VISIT);
    static const uint8_t zeros[32];
    cr_assert_arr_eq(asked.as.visit.nonce, zeros, sizeof zeros);
    cr_assert(galen_id_equal(&asked.as.visit.host, &CAST.other_pharmacist.id));
    cr_assert_eq(stage_count(third, GALEN_FRAME_VISIT), 0u);
    send_media(call.patient, 2, 1); /* the call goes on meanwhile */
    cr_assert_eq(stage_count(second, GALEN_FRAME_MEDIA), 1u);
    /* It goes too, before it answered: the next is asked. */
    stage_disconnect(&s, second);
    stage_expect(third, GALEN_FRAME_VISIT);
    stage_forget(call.patient);
    open_visit(third);
    struct galen_frame now = stage_expect(call.patient, GALEN_FRAME_VISIT);
    cr_assert(galen_id_equal(&now.as.visit.host, &CAST.administrator.id));
    cr_assert_arr_eq(now.as.visit.nonce, nonce, sizeof nonce);
    cr_assert_eq(knock(third).number, 5u);
    cr_assert(knock(call.patient).admitted, "no second knock at the door");
    send_roster(third, 3);
    stage_expect(call.patient, GALEN_FRAME_ROSTER);
}

Test(live, a_host_who_comes_back_presides_again)
{
    struct call call = begin_call();
    stage_disconnect(&s, call.pharmacist);
    stage_expect(call.patient, GALEN_FRAME_LEFT);
    stage_pass(&s, 30000);
    struct galen_frame ping = {.type = GALEN_FRAME_PING};
    stage_send(&s, call.patient, &ping);
    struct line *back = stage_sign_in(&s, &CAST.pharmacist, GALEN_CONNECTION_LIVE);
    stage_expect(back, GALEN_FRAME_VISIT); /* so that it knows which visit that was */
    memset(nonce, 0x33, sizeof nonce);
    open_visit(back);
    stage_pass(&s, 40000);
    stage_send(&s, call.patient, &ping);
    cr_assert_eq(stage_counter(&s, "galen_visits"), 1u);
    cr_assert(knock(call.patient).admitted);
}

Test(live, a_visit_without_staff_ends)
{
    struct call call = begin_call();
    struct line *log = stage_log(&s, &CAST.patient);
    stage_disconnect(&s, call.pharmacist);
    struct galen_frame ping = {.type = GALEN_FRAME_PING};
    for (int i = 0; i < 2; i++) {
        cr_assert_eq(stage_counter(&s, "galen_visits"), 1u);
        stage_pass(&s, 30000);
        if (log->connection)
            stage_send(&s, log, &ping);
        if (call.patient->connection)
            stage_send(&s, call.patient, &ping);
    }
    stage_expect(call.patient, GALEN_FRAME_VISIT_ENDED);
    stage_expect(log, GALEN_FRAME_VISIT_ENDED);
    cr_assert_eq(stage_counter(&s, "galen_visits"), 0u);
    send_media(call.patient, 2, 1);
    stage_expect_refused(call.patient, GALEN_ERR_NO_VISIT);
}

Test(live, ending_a_visit)
{
    struct call call = begin_call();
    send_visit_id(call.pharmacist, GALEN_FRAME_VISIT_END);
    stage_expect(call.pharmacist, GALEN_FRAME_DONE);
    stage_expect(call.pharmacist, GALEN_FRAME_VISIT_ENDED);
    stage_expect(call.patient, GALEN_FRAME_VISIT_ENDED);
    send_visit_id(call.pharmacist, GALEN_FRAME_VISIT_END);
    stage_expect_refused(call.pharmacist, GALEN_ERR_NO_VISIT);
    struct line *later = stage_log(&s, &CAST.patient);
    cr_assert_eq(stage_count(later, GALEN_FRAME_VISIT), 0u);
    visit.bytes[3] = 1; /* and the next one can be opened */
    open_visit(call.pharmacist);
}

/* -- guests ------------------------------------------------------------------------------------- */

static void make_guest(struct party *guest, unsigned number)
{
    party_make(guest, number);
    party_certify(guest, &CAST.pharmacist, GALEN_ROLE_INTERPRETER, GALEN_PURPOSE_DEVICE, &visit);
    guest->cert.scope_kind = GALEN_SCOPE_VISIT;
    guest->cert.not_before_ms = CAST.now_ms;
    guest->cert.not_after_ms = CAST.now_ms + 1000u * 60 * 60;
    guest->cert.issues_until_ms = guest->cert.not_before_ms;
    party_certify_again(guest);
}

Test(live, an_interpreter_is_a_guest_of_one_open_visit)
{
    struct party guest;
    struct galen_frame frame;
    make_guest(&guest, 400);
    struct line *early = stage_connect(&s, "elsewhere");
    stage_sign_in_frame(early, &guest, GALEN_CONNECTION_LIVE, true, &frame);
    stage_send(&s, early, &frame);
    stage_expect_closed(early, GALEN_ERR_NO_VISIT);

    struct call call = begin_call();
    struct line *line = stage_connect(&s, "elsewhere");
    stage_sign_in_frame(line, &guest, GALEN_CONNECTION_LIVE, true, &frame);
    stage_send(&s, line, &frame);
    cr_assert_eq(stage_expect(line, GALEN_FRAME_WELCOME).as.welcome.charts.size, 0u);
    frame = stage_expect(line, GALEN_FRAME_VISIT);
    cr_assert(galen_id_equal(&frame.as.visit.visit, &visit));
    line->party = &guest;
    /* No member of the chart: nothing of it is theirs. */
    struct galen_frame open = {.type = GALEN_FRAME_LIVE_OPEN,
                               .as.live_open = {3, *stage_chart(&s)}};
    stage_send(&s, line, &open);
    stage_expect_refused(line, GALEN_ERR_NOT_MEMBER);
    cr_assert_not(knock(line).admitted);
    struct galen_frame knocked = stage_expect(call.pharmacist, GALEN_FRAME_KNOCKED);
    cr_assert_eq(knocked.as.knocked.chain.count, 3u, "so that staff see who it is");
    send_admit(call.pharmacist, &guest, true);
    stage_expect(line, GALEN_FRAME_ADMITTED);
    send_media(line, 3, 5);
    cr_assert_eq(stage_count(call.patient, GALEN_FRAME_MEDIA), 1u);
    send_visit_id(call.pharmacist, GALEN_FRAME_VISIT_END);
    stage_expect(line, GALEN_FRAME_VISIT_ENDED);
    stage_expect_closed(line, GALEN_ERR_NO_VISIT);
}

Test(live, a_guest_of_another_visit_stays_outside)
{
    struct party guest;
    struct galen_frame frame;
    visit.bytes[9] ^= 1;
    make_guest(&guest, 401);
    visit.bytes[9] ^= 1;
    begin_call();
    struct line *line = stage_connect(&s, "elsewhere");
    stage_sign_in_frame(line, &guest, GALEN_CONNECTION_LIVE, true, &frame);
    stage_send(&s, line, &frame);
    stage_expect_closed(line, GALEN_ERR_NO_VISIT);
}

/* -- bounds ------------------------------------------------------------------------------------- */

Test(live, the_waiting_room_and_the_visits_are_bounded)
{
    s.config.limits.waiting = 1;
    s.config.limits.visits = 1;
    stage_restart_hub(&s);
    add(&CAST.caregiver, true, false);
    struct line *pharmacist = stage_live(&s, &CAST.pharmacist);
    struct line *patient = stage_live(&s, &CAST.patient);
    struct line *caregiver = stage_live(&s, &CAST.caregiver);
    open_visit(pharmacist);
    cr_assert_not(knock(patient).admitted);
    struct galen_call_hello hello = make_hello(&CAST.caregiver);
    send_hello(caregiver, &hello);
    stage_expect_refused(caregiver, GALEN_ERR_LIMIT);
    cr_assert_not(knock(patient).admitted, "again at the same place");
    send_admit(pharmacist, &CAST.patient, true);
    cr_assert_eq(knock(caregiver).number, 3u);
    visit.bytes[0]++;
    send_open(pharmacist);
    stage_expect_refused(pharmacist, GALEN_ERR_LIMIT);
}
