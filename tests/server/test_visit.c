/* Visits: the waiting room, who presides, and how it all ends. */
#include "support/primitives.h"
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

TestSuite(visit, .init = begin, .fini = end);

Test(visit, a_visit_is_known_to_the_members_on_all_their_lines)
{
    struct line *lines[] = {stage_live(&s, &CAST.pharmacist), stage_log(&s, &CAST.pharmacist),
                            stage_live(&s, &CAST.patient), stage_log(&s, &CAST.patient),
                            stage_log(&s, &CAST.other_pharmacist)};
    stage_open_visit(&s, lines[0]);
    for (size_t i = 0; i < 4; i++) {
        struct galen_frame frame = stage_expect(lines[i], GALEN_FRAME_VISIT);
        cr_assert(galen_id_equal(&frame.as.visit.visit, &s.visit));
        cr_assert(galen_id_equal(&frame.as.visit.host, &CAST.pharmacist.id));
        cr_assert_arr_eq(frame.as.visit.nonce, s.nonce, sizeof s.nonce);
    }
    cr_assert_eq(stage_count(lines[4], GALEN_FRAME_VISIT), 0u);
    /* Who comes later hears of it too: on connecting, and when put into the chart. */
    struct line *later = stage_log(&s, &CAST.patient);
    stage_expect(later, GALEN_FRAME_VISIT);
    stage_add(&s, &CAST.other_pharmacist, false, true);
    stage_expect(lines[4], GALEN_FRAME_VISIT);
    cr_assert_eq(stage_counter(&s, "galen_visits"), 1u);
}

Test(visit, a_visit_is_opened_by_staff_alone)
{
    struct line *patient = stage_live(&s, &CAST.patient);
    struct line *pharmacist = stage_live(&s, &CAST.pharmacist);
    struct line *other = stage_sign_in(&s, &CAST.other_pharmacist, GALEN_CONNECTION_LIVE);
    stage_send_visit_open(&s, patient);
    stage_expect_refused(patient, GALEN_ERR_ROLE);
    stage_send_visit_open(&s, other);
    stage_expect_refused(other, GALEN_ERR_NOT_MEMBER);
    memset(s.nonce, 0, sizeof s.nonce);
    stage_send_visit_open(&s, pharmacist);
    stage_expect_refused(pharmacist, GALEN_ERR_FORMAT); /* zeros ask somebody to preside */
    memset(s.nonce, 1, sizeof s.nonce);
    stage_open_visit(&s, pharmacist);
    s.visit.bytes[0]++;
    stage_send_visit_open(&s, pharmacist);
    stage_expect_refused(pharmacist, GALEN_ERR_LIMIT); /* one visit a chart */
    cr_assert_eq(stage_count(patient, GALEN_FRAME_VISIT), 1u);
}

Test(visit, the_waiting_room)
{
    struct line *pharmacist = stage_live(&s, &CAST.pharmacist);
    struct line *patient = stage_live(&s, &CAST.patient);
    struct galen_call_hello hello = stage_make_hello(&s, &CAST.patient);
    stage_send_hello(&s, patient, &hello);
    stage_expect_refused(patient, GALEN_ERR_NO_VISIT);
    stage_open_visit(&s, pharmacist);
    struct galen_frame_admitted waiting = stage_knock(&s, patient);
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
    struct galen_frame_admitted in = stage_knock(&s, pharmacist);
    cr_assert(in.admitted);
    cr_assert_eq(in.number, 2u);
    cr_assert_eq(stage_expect(pharmacist, GALEN_FRAME_KNOCKED).as.knocked.number, 2u);
    cr_assert_eq(stage_expect(pharmacist, GALEN_FRAME_KNOCKED).as.knocked.number, 1u);
    /* Neither a frame of theirs nor one to them before they are let in. */
    stage_send_media(&s, patient, 1, 7);
    struct galen_frame_refused no = stage_expect_refused(patient, GALEN_ERR_WAITING);
    cr_assert(galen_id_equal(&no.chart, stage_chart(&s)));
    stage_send_media(&s, pharmacist, 2, 8);
    cr_assert_eq(stage_count(pharmacist, GALEN_FRAME_MEDIA), 0u);
    cr_assert_eq(stage_count(patient, GALEN_FRAME_MEDIA), 0u);
    stage_send_admit(&s, pharmacist, &CAST.patient, true);
    cr_assert(stage_expect(pharmacist, GALEN_FRAME_KNOCKED).as.knocked.admitted);
    cr_assert(stage_expect(patient, GALEN_FRAME_ADMITTED).as.admitted.admitted);
    stage_send_media(&s, patient, 1, 9);
    stage_send_media(&s, pharmacist, 2, 10);
    cr_assert_eq(stage_count(pharmacist, GALEN_FRAME_MEDIA), 1u);
    cr_assert_eq(stage_count(patient, GALEN_FRAME_MEDIA), 1u);
    cr_assert_not_null(patient->connection);
}

Test(visit, who_is_sent_away_waits_again)
{
    struct stage_call call = stage_begin_call(&s);
    stage_send_admit(&s, call.pharmacist, &CAST.patient, false);
    struct galen_frame_admitted away = stage_expect(call.patient, GALEN_FRAME_ADMITTED).as.admitted;
    cr_assert_not(away.admitted);
    cr_assert_eq(away.number, 0u);
    cr_assert_eq(stage_expect(call.pharmacist, GALEN_FRAME_LEFT).as.left.number, 2u);
    stage_send_media(&s, call.patient, 2, 1); /* a frame that was on its way */
    struct galen_frame_refused late = stage_expect_refused(call.patient, GALEN_ERR_NO_VISIT);
    cr_assert(galen_id_equal(&late.chart, stage_chart(&s)));
    cr_assert_eq(stage_count(call.pharmacist, GALEN_FRAME_MEDIA), 0u);
    struct galen_frame_admitted again = stage_knock(&s, call.patient);
    cr_assert_not(again.admitted);
    cr_assert_eq(again.number, 3u, "a number is never given again");
}

Test(visit, only_staff_admit_and_end)
{
    struct stage_call call = stage_begin_call(&s);
    stage_add(&s, &CAST.caregiver, true, false);
    struct line *caregiver = stage_live(&s, &CAST.caregiver);
    cr_assert_not(stage_knock(&s, caregiver).admitted);
    stage_send_admit(&s, call.patient, &CAST.caregiver, true);
    stage_expect_refused(call.patient, GALEN_ERR_ROLE);
    stage_send_visit_id(&s, call.patient, GALEN_FRAME_VISIT_END);
    stage_expect_refused(call.patient, GALEN_ERR_ROLE);
    struct line *other = stage_sign_in(&s, &CAST.other_pharmacist, GALEN_CONNECTION_LIVE);
    stage_send_admit(&s, other, &CAST.caregiver, true);
    stage_expect_refused(other, GALEN_ERR_NO_VISIT);
    stage_send_visit_id(&s, other, GALEN_FRAME_VISIT_END);
    stage_expect_refused(other, GALEN_ERR_NO_VISIT);
    struct galen_call_hello hello = stage_make_hello(&s, &CAST.other_pharmacist);
    stage_send_hello(&s, other, &hello);
    stage_expect_refused(other, GALEN_ERR_NOT_MEMBER);
    stage_send_admit(&s, call.pharmacist, &CAST.stranger, true);
    stage_expect_refused(call.pharmacist, GALEN_ERR_NOT_MEMBER);
}

/* What the knocked frame that came last says of the word of staff. */
static struct galen_call_admission word_in(const struct galen_frame *knocked)
{
    struct galen_call_admission word;
    cr_assert_eq(galen_call_admission_read(knocked->as.knocked.admission, &word), GALEN_OK);
    return word;
}

static void send_changed(const struct stage_call *call, struct galen_call_admission word,
                         enum galen_err err)
{
    stage_send_admission(&s, call->pharmacist, &word);
    stage_expect_refused(call->pharmacist, err);
}

Test(visit, R1_the_word_of_staff_is_signed_and_goes_to_all_staff)
{
    stage_add(&s, &CAST.other_pharmacist, false, true);
    struct stage_call call = stage_begin_call(&s);
    struct line *second = stage_live(&s, &CAST.other_pharmacist);
    stage_knock(&s, second);
    stage_expect(second, GALEN_FRAME_KNOCKED); /* its own, without a word: staff are in by role */
    struct galen_frame knocked = stage_expect(second, GALEN_FRAME_KNOCKED);
    cr_assert(knocked.as.knocked.admitted);
    cr_assert_eq(knocked.as.knocked.admission.size, 0u);
    knocked = stage_expect(second, GALEN_FRAME_KNOCKED);
    struct galen_call_admission word = word_in(&knocked);
    cr_assert(word.admitted && knocked.as.knocked.admitted);
    cr_assert(galen_id_equal(&word.device, &CAST.patient.id));
    cr_assert(galen_id_equal(&word.staff, &CAST.pharmacist.id));
    cr_assert_eq(galen_call_admission_verify(&test_primitives, &word, CAST.pharmacist.keys.sign),
                 GALEN_OK);
    /* Sending away goes to all staff before it happens, with the number that it is about. */
    stage_forget(call.pharmacist);
    stage_send_admit(&s, second, &CAST.patient, false);
    knocked = stage_expect(call.pharmacist, GALEN_FRAME_KNOCKED);
    word = word_in(&knocked);
    cr_assert_not(word.admitted || knocked.as.knocked.admitted);
    cr_assert_eq(knocked.as.knocked.number, 2u);
    cr_assert(galen_id_equal(&word.staff, &CAST.other_pharmacist.id));
    stage_expect(call.pharmacist, GALEN_FRAME_LEFT);
    /* It stands when they knock again. */
    cr_assert_not(stage_knock(&s, call.patient).admitted);
    knocked = stage_expect(call.pharmacist, GALEN_FRAME_KNOCKED);
    cr_assert_not(word_in(&knocked).admitted);
    cr_assert_eq(stage_counter(&s, "galen_admissions_total"), 2u);
}

Test(visit, R1_a_word_is_ones_own_and_for_this_visit)
{
    struct stage_call call = stage_begin_call(&s);
    const struct galen_call_admission good =
        stage_make_admission(&s, &CAST.pharmacist, &CAST.patient, false);
    struct galen_call_admission word = good;
    word.signature[5] ^= 1;
    send_changed(&call, word, GALEN_ERR_SIGNATURE);
    word = good;
    word.admitted = true;
    send_changed(&call, word, GALEN_ERR_SIGNATURE);
    word = good;
    word.visit.bytes[0] ^= 1;
    stage_sign_admission(&CAST.pharmacist, &word);
    send_changed(&call, word, GALEN_ERR_CHART);
    word = good;
    word.chart.bytes[0] ^= 1;
    stage_sign_admission(&CAST.pharmacist, &word);
    send_changed(&call, word, GALEN_ERR_CHART);
    word = stage_make_admission(&s, &CAST.other_pharmacist, &CAST.patient, false);
    send_changed(&call, word, GALEN_ERR_SENDER);
    word = good;
    word.count = 0;
    stage_sign_admission(&CAST.pharmacist, &word);
    send_changed(&call, word, GALEN_ERR_FORMAT);
    cr_assert_eq(stage_count(call.patient, GALEN_FRAME_ADMITTED), 0u);
    stage_send_admission(&s, call.pharmacist, &good);
    stage_expect(call.patient, GALEN_FRAME_ADMITTED);
}

Test(visit, R1_an_older_word_undoes_nothing)
{
    struct stage_call call = stage_begin_call(&s); /* a word with count 1 */
    struct galen_call_admission in, away, in_again;
    s.admissions = 0;
    in = stage_make_admission(&s, &CAST.pharmacist, &CAST.patient, true);
    away = stage_make_admission(&s, &CAST.pharmacist, &CAST.patient, false);
    send_changed(&call, in, GALEN_ERR_REPLAY);
    stage_send_admission(&s, call.pharmacist, &away);
    cr_assert_eq(stage_expect(call.patient, GALEN_FRAME_ADMITTED).as.admitted.number, 0u);
    cr_assert_not(stage_knock(&s, call.patient).admitted);
    send_changed(&call, in, GALEN_ERR_REPLAY);
    send_changed(&call, away, GALEN_ERR_REPLAY);
    in_again = in;
    in_again.count = away.count; /* said at once by two: sending away counts */
    stage_sign_admission(&CAST.pharmacist, &in_again);
    send_changed(&call, in_again, GALEN_ERR_REPLAY);
    cr_assert_eq(stage_count(call.patient, GALEN_FRAME_ADMITTED), 0u);
    in_again = stage_make_admission(&s, &CAST.pharmacist, &CAST.patient, true);
    stage_send_admission(&s, call.pharmacist, &in_again);
    cr_assert(stage_expect(call.patient, GALEN_FRAME_ADMITTED).as.admitted.admitted);
    away = in_again;
    away.admitted = false;
    stage_sign_admission(&CAST.pharmacist, &away);
    stage_send_admission(&s, call.pharmacist, &away);
    cr_assert_not(stage_expect(call.patient, GALEN_FRAME_ADMITTED).as.admitted.admitted);
}

Test(visit, R1_who_is_away_just_now_is_sent_away_all_the_same)
{
    struct stage_call call = stage_begin_call(&s);
    stage_disconnect(&s, call.patient);
    stage_send_admit(&s, call.pharmacist, &CAST.patient, true);
    stage_expect_refused(call.pharmacist, GALEN_ERR_NOT_MEMBER);
    stage_send_admit(&s, call.pharmacist, &CAST.patient, false);
    stage_expect(call.pharmacist, GALEN_FRAME_DONE);
    struct line *back = stage_live(&s, &CAST.patient);
    cr_assert_not(stage_knock(&s, back).admitted);
    stage_send_admit(&s, call.pharmacist, &CAST.stranger, false);
    stage_expect_refused(call.pharmacist, GALEN_ERR_NOT_MEMBER);
}

Test(visit, R1_the_word_of_somebody_dropped_lets_nobody_in_again)
{
    stage_add(&s, &CAST.other_pharmacist, false, true);
    struct stage_call call = stage_begin_call(&s);
    struct line *second = stage_live(&s, &CAST.other_pharmacist);
    stage_knock(&s, second);
    stage_send_admit(&s, second, &CAST.patient, true); /* the newest word is of the second */
    stage_drop(&s, &CAST.other_pharmacist);
    stage_send_media(&s, call.patient, 2, 1);
    cr_assert_eq(stage_count(call.pharmacist, GALEN_FRAME_MEDIA), 1u, "who is in stays in");
    stage_forget(call.patient);
    cr_assert_not(stage_knock(&s, call.patient).admitted);
}

Test(visit, R1_who_comes_back_into_the_chart_waits)
{
    stage_add(&s, &CAST.caregiver, true, false);
    struct stage_call call = stage_begin_call(&s);
    struct line *caregiver = stage_live(&s, &CAST.caregiver);
    stage_knock(&s, caregiver);
    stage_send_admit(&s, call.pharmacist, &CAST.caregiver, true);
    stage_drop(&s, &CAST.caregiver);
    stage_add(&s, &CAST.caregiver, true, false);
    stage_forget(caregiver);
    cr_assert_not(stage_knock(&s, caregiver).admitted);
    stage_send_admit(&s, call.pharmacist, &CAST.caregiver, true);
    cr_assert(stage_expect(caregiver, GALEN_FRAME_ADMITTED).as.admitted.admitted);
}

Test(visit, a_knock_is_ones_own_and_for_this_host)
{
    struct line *pharmacist = stage_live(&s, &CAST.pharmacist);
    struct line *patient = stage_live(&s, &CAST.patient);
    stage_open_visit(&s, pharmacist);
    struct galen_call_hello hello = stage_make_hello(&s, &CAST.pharmacist);
    stage_send_hello(&s, patient, &hello);
    stage_expect_refused(patient, GALEN_ERR_SENDER);
    hello = stage_make_hello(&s, &CAST.patient);
    hello.signature[7] ^= 1;
    stage_send_hello(&s, patient, &hello);
    stage_expect_refused(patient, GALEN_ERR_SIGNATURE);
    hello = stage_make_hello(&s, &CAST.patient);
    hello.nonce[0] ^= 1;
    stage_sign_hello(&CAST.patient, &hello);
    stage_send_hello(&s, patient, &hello);
    stage_expect_refused(patient, GALEN_ERR_VALUE);
    hello = stage_make_hello(&s, &CAST.patient);
    hello.chart.bytes[0] ^= 1;
    stage_sign_hello(&CAST.patient, &hello);
    stage_send_hello(&s, patient, &hello);
    stage_expect_refused(patient, GALEN_ERR_CHART);
    cr_assert_eq(stage_count(pharmacist, GALEN_FRAME_KNOCKED), 0u);
    cr_assert_eq(stage_knock(&s, patient).number, 1u);
}

Test(visit, a_reconnect_needs_no_second_knock_at_the_door)
{
    struct stage_call call = stage_begin_call(&s);
    struct line *again = stage_live(&s, &CAST.patient); /* from Wi-Fi to the mobile network */
    stage_expect_closed(call.patient, GALEN_ERR_DISPLACED);
    cr_assert_eq(stage_expect(call.pharmacist, GALEN_FRAME_LEFT).as.left.number, 2u);
    struct galen_frame_admitted in = stage_knock(&s, again);
    cr_assert(in.admitted);
    cr_assert_eq(in.number, 3u);
    struct galen_frame knocked = stage_expect(call.pharmacist, GALEN_FRAME_KNOCKED);
    cr_assert(knocked.as.knocked.admitted);
    stage_send_media(&s, again, 2, 1); /* the number of the line that is gone */
    stage_expect_refused(again, GALEN_ERR_SENDER);
    stage_send_media(&s, again, 3, 1);
    cr_assert_eq(stage_count(call.pharmacist, GALEN_FRAME_MEDIA), 1u);
}

Test(visit, nobody_uses_the_numbers_of_a_visit_up)
{
    struct stage_call call = stage_begin_call(&s);
    struct galen_call_hello hello = stage_make_hello(&s, &CAST.patient);
    for (int i = 0; i < 20; i++)
        stage_send_hello(&s, call.patient, &hello);
    cr_assert_eq(stage_count(call.patient, GALEN_FRAME_ADMITTED), 9u, "ten with the first");
    stage_expect_refused(call.patient, GALEN_ERR_LIMIT);
    stage_pass(&s, 1000);
    stage_forget(call.patient);
    cr_assert_eq(stage_knock(&s, call.patient).number, 12u);
}

Test(visit, leaving)
{
    struct stage_call call = stage_begin_call(&s);
    stage_send_visit_id(&s, call.patient, GALEN_FRAME_LEAVE);
    stage_expect(call.patient, GALEN_FRAME_DONE);
    struct galen_frame left = stage_expect(call.pharmacist, GALEN_FRAME_LEFT);
    cr_assert_eq(left.as.left.number, 2u);
    cr_assert(galen_id_equal(&left.as.left.device, &CAST.patient.id));
    stage_send_visit_id(&s, call.patient, GALEN_FRAME_LEAVE);
    stage_expect_refused(call.patient, GALEN_ERR_NO_VISIT);
    stage_send_media(&s, call.pharmacist, 1, 1);
    cr_assert_eq(stage_count(call.patient, GALEN_FRAME_MEDIA), 0u);
    cr_assert(stage_knock(&s, call.patient).admitted, "the door stays open for them");
}

Test(visit, who_is_dropped_from_the_chart_is_out_of_the_call)
{
    struct stage_call call = stage_begin_call(&s);
    stage_drop(&s, &CAST.patient);
    struct galen_frame_admitted away = stage_expect(call.patient, GALEN_FRAME_ADMITTED).as.admitted;
    cr_assert_eq(away.number, 0u);
    stage_expect(call.pharmacist, GALEN_FRAME_LEFT);
    stage_send_media(&s, call.pharmacist, 1, 1);
    stage_send_media(&s, call.patient, 2, 1);
    cr_assert_eq(stage_count(call.patient, GALEN_FRAME_MEDIA), 0u);
    cr_assert_eq(stage_count(call.pharmacist, GALEN_FRAME_MEDIA), 0u);
    stage_expect_refused(call.patient, GALEN_ERR_NO_VISIT);
    struct galen_call_hello hello = stage_make_hello(&s, &CAST.patient);
    stage_send_hello(&s, call.patient, &hello);
    stage_expect_refused(call.patient, GALEN_ERR_NOT_MEMBER);
}

/* -- rosters and hosts -------------------------------------------------------------------------- */

static void send_roster(struct line *line, uint8_t n)
{
    struct galen_frame frame = {.type = GALEN_FRAME_ROSTER};
    frame.as.roster.visit = s.visit;
    frame.as.roster.roster = (struct galen_bytes){&n, 1};
    stage_send(&s, line, &frame);
}

Test(visit, the_roster_is_the_hosts)
{
    stage_add(&s, &CAST.caregiver, true, false);
    struct stage_call call = stage_begin_call(&s);
    struct line *caregiver = stage_live(&s, &CAST.caregiver);
    stage_knock(&s, caregiver);
    stage_forget(caregiver);
    send_roster(call.pharmacist, 9);
    cr_assert_eq(stage_expect(call.patient, GALEN_FRAME_ROSTER).as.roster.roster.at[0], 9);
    stage_expect(call.pharmacist, GALEN_FRAME_ROSTER); /* the host takes its own, too */
    cr_assert_eq(caregiver->inbox_count, 0u, "who waits gets no keys");
    send_roster(call.patient, 8);
    struct galen_frame_refused no = stage_expect_refused(call.patient, GALEN_ERR_ROLE);
    cr_assert(galen_id_equal(&no.chart, &s.visit));
    cr_assert_eq(stage_count(call.pharmacist, GALEN_FRAME_ROSTER), 0u);
    cr_assert_not_null(call.patient->connection);
}

Test(visit, when_the_host_goes_the_longest_present_staff_is_asked)
{
    stage_add(&s, &CAST.other_pharmacist, false, true);
    stage_add(&s, &CAST.administrator, false, true);
    struct stage_call call = stage_begin_call(&s);
    struct line *second = stage_live(&s, &CAST.other_pharmacist);
    struct line *third = stage_live(&s, &CAST.administrator);
    cr_assert_eq(stage_knock(&s, second).number, 3u);
    cr_assert_eq(stage_knock(&s, third).number, 4u);
    uint8_t old[32];
    memcpy(old, s.nonce, sizeof old);
    memset(s.nonce, 0x22, sizeof s.nonce);
    stage_send_visit_open(&s, second);
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
    stage_send_media(&s, call.patient, 2, 1); /* the call goes on meanwhile */
    cr_assert_eq(stage_count(second, GALEN_FRAME_MEDIA), 1u);
    /* It goes too, before it answered: the next is asked. */
    stage_disconnect(&s, second);
    stage_expect(third, GALEN_FRAME_VISIT);
    stage_forget(call.patient);
    stage_open_visit(&s, third);
    struct galen_frame now = stage_expect(call.patient, GALEN_FRAME_VISIT);
    cr_assert(galen_id_equal(&now.as.visit.host, &CAST.administrator.id));
    cr_assert_arr_eq(now.as.visit.nonce, s.nonce, sizeof s.nonce);
    cr_assert_eq(stage_knock(&s, third).number, 5u);
    cr_assert(stage_knock(&s, call.patient).admitted, "no second knock at the door");
    send_roster(third, 3);
    stage_expect(call.patient, GALEN_FRAME_ROSTER);
}

Test(visit, a_host_who_comes_back_presides_again)
{
    struct stage_call call = stage_begin_call(&s);
    stage_disconnect(&s, call.pharmacist);
    stage_expect(call.patient, GALEN_FRAME_LEFT);
    stage_pass(&s, 30000);
    struct galen_frame ping = {.type = GALEN_FRAME_PING};
    stage_send(&s, call.patient, &ping);
    struct line *back = stage_sign_in(&s, &CAST.pharmacist, GALEN_CONNECTION_LIVE);
    stage_expect(back, GALEN_FRAME_VISIT); /* so that it knows which visit that was */
    memset(s.nonce, 0x33, sizeof s.nonce);
    stage_open_visit(&s, back);
    stage_pass(&s, 40000);
    stage_send(&s, call.patient, &ping);
    cr_assert_eq(stage_counter(&s, "galen_visits"), 1u);
    cr_assert(stage_knock(&s, call.patient).admitted);
}

Test(visit, a_visit_without_staff_ends)
{
    struct stage_call call = stage_begin_call(&s);
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
    stage_send_media(&s, call.patient, 2, 1);
    stage_expect_refused(call.patient, GALEN_ERR_NO_VISIT);
}

Test(visit, ending_a_visit)
{
    struct stage_call call = stage_begin_call(&s);
    stage_send_visit_id(&s, call.pharmacist, GALEN_FRAME_VISIT_END);
    stage_expect(call.pharmacist, GALEN_FRAME_DONE);
    stage_expect(call.pharmacist, GALEN_FRAME_VISIT_ENDED);
    stage_expect(call.patient, GALEN_FRAME_VISIT_ENDED);
    stage_send_visit_id(&s, call.pharmacist, GALEN_FRAME_VISIT_END);
    stage_expect_refused(call.pharmacist, GALEN_ERR_NO_VISIT);
    struct line *later = stage_log(&s, &CAST.patient);
    cr_assert_eq(stage_count(later, GALEN_FRAME_VISIT), 0u);
    s.visit.bytes[3] = 1; /* and the next one can be opened */
    stage_open_visit(&s, call.pharmacist);
}

/* -- bounds ------------------------------------------------------------------------------------- */

Test(visit, the_waiting_room_and_the_visits_are_bounded)
{
    s.config.limits.waiting = 1;
    s.config.limits.visits = 1;
    stage_restart_hub(&s);
    stage_add(&s, &CAST.caregiver, true, false);
    struct line *pharmacist = stage_live(&s, &CAST.pharmacist);
    struct line *patient = stage_live(&s, &CAST.patient);
    struct line *caregiver = stage_live(&s, &CAST.caregiver);
    stage_open_visit(&s, pharmacist);
    cr_assert_not(stage_knock(&s, patient).admitted);
    struct galen_call_hello hello = stage_make_hello(&s, &CAST.caregiver);
    stage_send_hello(&s, caregiver, &hello);
    stage_expect_refused(caregiver, GALEN_ERR_LIMIT);
    cr_assert_not(stage_knock(&s, patient).admitted, "again at the same place");
    stage_send_admit(&s, pharmacist, &CAST.patient, true);
    cr_assert_eq(stage_knock(&s, caregiver).number, 3u);
    s.visit.bytes[0]++;
    stage_send_visit_open(&s, pharmacist);
    stage_expect_refused(pharmacist, GALEN_ERR_LIMIT);
}

Test(visit, the_words_of_a_visit_are_bounded)
{
    s.config.limits.sign_ins_per_minute = 100000;
    s.config.limits.frames_per_second = 100000;
    stage_restart_hub(&s);
    struct stage_call call = stage_begin_call(&s); /* with one about the patient */
    for (unsigned i = 1; i <= GALEN_ADMISSIONS_MAX; i++) {
        struct party guest;
        struct galen_frame frame;
        stage_make_guest(&s, &guest, 1000 + i);
        struct line *line = stage_connect(&s, "elsewhere");
        stage_sign_in_frame(line, &guest, GALEN_CONNECTION_LIVE, true, &frame);
        stage_send(&s, line, &frame);
        line->party = &guest;
        cr_assert_not(stage_knock(&s, line).admitted);
        stage_forget(call.pharmacist);
        stage_send_admit(&s, call.pharmacist, &guest, false);
        if (i < GALEN_ADMISSIONS_MAX)
            stage_expect(call.pharmacist, GALEN_FRAME_DONE);
        else
            stage_expect_refused(call.pharmacist, GALEN_ERR_LIMIT);
        stage_give_back(&s, line);
        stage_forget(call.pharmacist);
    }
    stage_send_admit(&s, call.pharmacist, &CAST.patient, false); /* another about somebody known */
    cr_assert_eq(stage_expect(call.patient, GALEN_FRAME_ADMITTED).as.admitted.number, 0u);
    /* The next visit begins without any. */
    stage_send_visit_id(&s, call.pharmacist, GALEN_FRAME_VISIT_END);
    s.visit.bytes[0]++;
    stage_forget(call.pharmacist);
    stage_open_visit(&s, call.pharmacist);
    stage_forget(call.patient);
    cr_assert_not(stage_knock(&s, call.patient).admitted);
    stage_send_admit(&s, call.pharmacist, &CAST.patient, true);
    cr_assert(stage_expect(call.patient, GALEN_FRAME_ADMITTED).as.admitted.admitted);
}
