/* What is live and not stored: drafts between members, and the frames of a call. */
#include "support/stage_call.h"

#include <criterion/criterion.h>
#include <string.h>

static struct stage s;
#define CAST s.scene

static void begin(void)
{
    stage_begin_visits(&s);
}

static void end(void)
{
    stage_end(&s);
}

TestSuite(live, .init = begin, .fini = end);

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
    stage_add(&s, &CAST.other_pharmacist, false, true);
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
    stage_drop(&s, &CAST.patient);
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

/* -- media -------------------------------------------------------------------------------------- */

Test(live, a_frame_carries_its_senders_number)
{
    struct stage_call call = stage_begin_call(&s);
    static const uint16_t wrong[] = {1, 3, 500, 65535};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        stage_pass(&s, 1500);
        stage_send_media(&s, call.patient, wrong[i], 1);
        stage_expect_refused(call.patient, GALEN_ERR_SENDER);
    }
    cr_assert_eq(stage_count(call.pharmacist, GALEN_FRAME_MEDIA), 0u);
    stage_send_media(&s, call.patient, 2, 1);
    cr_assert_eq(stage_count(call.pharmacist, GALEN_FRAME_MEDIA), 1u);
    cr_assert_eq(stage_refused(&s, GALEN_ERR_SENDER), 4u);
}

Test(live, refused_media_is_counted_and_not_answered_each_time)
{
    struct stage_call call = stage_begin_call(&s);
    for (int i = 0; i < 50; i++)
        stage_send_media(&s, call.patient, 9, 1);
    cr_assert_eq(stage_refused(&s, GALEN_ERR_SENDER), 50u);
    cr_assert_eq(stage_count(call.patient, GALEN_FRAME_REFUSED), 1u);
    stage_pass(&s, 1000);
    stage_send_media(&s, call.patient, 9, 1);
    cr_assert_eq(stage_count(call.patient, GALEN_FRAME_REFUSED), 2u);
}

Test(live, media_goes_to_all_others_as_it_is)
{
    stage_add(&s, &CAST.caregiver, true, false);
    struct stage_call call = stage_begin_call(&s);
    struct line *caregiver = stage_live(&s, &CAST.caregiver);
    cr_assert_eq(stage_knock(&s, caregiver).number, 3u);
    stage_send_admit(&s, call.pharmacist, &CAST.caregiver, true);
    stage_forget(caregiver);
    stage_forget(call.pharmacist);
    stage_forget(call.patient);
    for (uint8_t n = 1; n <= 5; n++)
        stage_send_media(&s, caregiver, 3, n);
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
    struct stage_call call = stage_begin_call(&s);
    call.pharmacist->is_slow = true;
    for (uint8_t n = 1; n <= 100; n++)
        stage_send_media(&s, call.patient, 2, n);
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
    struct stage_call call = stage_begin_call(&s);
    for (int i = 0; i < 300; i++)
        stage_send_media(&s, call.patient, 2, 1);
    cr_assert_eq(stage_count(call.pharmacist, GALEN_FRAME_MEDIA), 100u, "a burst of two seconds");
    stage_expect_refused(call.patient, GALEN_ERR_LIMIT);
    cr_assert_eq(stage_refused(&s, GALEN_ERR_LIMIT), 200u);
    stage_pass(&s, 1000);
    stage_forget(call.pharmacist);
    for (int i = 0; i < 300; i++)
        stage_send_media(&s, call.patient, 2, 1);
    cr_assert_eq(stage_count(call.pharmacist, GALEN_FRAME_MEDIA), 50u);
}

Test(live, a_new_hello_on_the_same_line_takes_over)
{
    struct stage_call call = stage_begin_call(&s);
    cr_assert_eq(stage_knock(&s, call.patient).number, 3u);
    cr_assert_eq(stage_count(call.pharmacist, GALEN_FRAME_LEFT), 0u, "nobody left");
    stage_send_media(&s, call.patient, 2, 1); /* until the next roster has come */
    stage_send_media(&s, call.patient, 3, 2);
    cr_assert_eq(stage_count(call.pharmacist, GALEN_FRAME_MEDIA), 2u);
    stage_pass(&s, 5000);
    stage_send_media(&s, call.patient, 2, 3);
    stage_expect_refused(call.patient, GALEN_ERR_SENDER);
    cr_assert_eq(stage_count(call.pharmacist, GALEN_FRAME_MEDIA), 2u);
}
