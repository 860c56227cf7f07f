/* protocol/engine/call.c: voice packets through the engine, and who knows that somebody is muted. */
#include "support/meeting.h"

#include <criterion/criterion.h>
#include <string.h>

static struct meeting *meeting;

static void set_up(void)
{
    meeting = meeting_new(120);
}

static void tear_down(void)
{
    meeting_free(meeting);
}

TestSuite(engine_call, .init = set_up, .fini = tear_down);

static void both_are_in(void)
{
    meeting_open(meeting);
    meeting_enter(meeting, BEN);
    for (size_t i = 0; i < MEETING_HOMES; i++)
        cr_assert_eq(galen_engine_call_stats(meeting_engine(meeting, i)).participants, 2);
}

static enum galen_err speak(size_t who, uint8_t fill)
{
    uint8_t packet[GALEN_VOICE_BYTES];
    memset(packet, fill, sizeof packet);
    enum galen_err err =
        galen_engine_speak(meeting_engine(meeting, who), home_now(meeting->homes[who]), packet);
    meeting_run(meeting);
    return err;
}

static void mute(size_t who, bool muted)
{
    galen_engine_mute(meeting_engine(meeting, who), muted);
    meeting_run(meeting);
}

/* What one of them takes the other for. */
static bool takes_for_muted(size_t who, size_t whom)
{
    return galen_engine_participant_muted(meeting_engine(meeting, who),
                                          meeting_device(meeting, whom));
}

/* -- voice ------------------------------------------------------------------------------------------ */

Test(engine_call, a_packet_comes_out_as_it_went_in)
{
    cr_assert_eq(speak(BEN, 1), GALEN_ERR_NO_VISIT);
    both_are_in();
    cr_assert_eq(speak(BEN, 0x11), GALEN_OK);
    cr_assert_eq(speak(BEN, 0x22), GALEN_OK);
    cr_assert_eq(meeting->heard_count[ANN], 2);
    for (size_t i = 0; i < 2; i++) {
        const struct heard_voice *heard = &meeting->heard[ANN][i];
        cr_assert(galen_id_equal(&heard->device, meeting_device(meeting, BEN)));
        cr_assert_eq(heard->size, GALEN_VOICE_BYTES);
        cr_assert_eq(heard->packet[79], 0x11 * (i + 1));
    }
    cr_assert_eq(meeting->heard[ANN][1].number, meeting->heard[ANN][0].number + 1);
    struct galen_call_stats stats = galen_engine_call_stats(meeting_engine(meeting, ANN));
    cr_assert_eq(stats.received, 2);
    cr_assert_eq(galen_engine_call_stats(meeting_engine(meeting, BEN)).sent, 2);
}

Test(engine_call, time_without_a_line_is_counted)
{
    both_are_in();
    cr_assert_eq(speak(BEN, 1), GALEN_OK);
    meeting_cut(meeting, BEN);
    cr_assert_eq(speak(BEN, 2), GALEN_ERR_NO_VISIT, "the keys went with the line");
    meeting_dial(meeting, BEN);
    cr_assert_eq(speak(BEN, 3), GALEN_OK);
    cr_assert_eq(meeting->heard[ANN][meeting->heard_count[ANN] - 1].packet[0], 3);
}

static size_t times_gone(size_t who)
{
    size_t gone = 0;
    for (size_t i = 0; i < meeting->heard_count[who]; i++)
        gone += meeting->heard[who][i].size == 0 ? 1 : 0;
    return gone;
}

Test(engine_call, whoever_plays_the_sound_learns_once_that_a_speaker_went)
{
    both_are_in();
    cr_assert_eq(speak(BEN, 1), GALEN_OK);
    galen_engine_leave(meeting_engine(meeting, BEN), home_now(meeting->homes[BEN]));
    meeting_run(meeting);
    cr_assert_eq(times_gone(ANN), 1);
    const struct heard_voice *last = &meeting->heard[ANN][meeting->heard_count[ANN] - 1];
    cr_assert(last->size == 0 && galen_id_equal(&last->device, meeting_device(meeting, BEN)));
    meeting_enter(meeting, BEN);
    cr_assert_eq(times_gone(ANN), 1);
}

Test(engine_call, whoever_leaves_hears_nobody_any_more)
{
    both_are_in();
    cr_assert_eq(speak(ANN, 1), GALEN_OK);
    cr_assert_eq(times_gone(BEN), 0);
    galen_engine_leave(meeting_engine(meeting, BEN), home_now(meeting->homes[BEN]));
    meeting_run(meeting);
    cr_assert_eq(times_gone(BEN), 1);
}

/* A host that remembers no roster draws none that was there before: the others would take it for a replay. */
Test(engine_call, R2_a_host_that_started_anew_is_heard_again)
{
    both_are_in();
    for (size_t i = 0; i < 3; i++) { /* rosters that only Ben remembers */
        meeting_cut(meeting, BEN);
        meeting_dial(meeting, BEN);
    }
    meeting_restart(meeting, ANN);
    meeting_enter(meeting, ANN);
    for (size_t i = 0; i < MEETING_HOMES; i++) {
        size_t before = meeting->heard_count[MEETING_HOMES - 1 - i];
        cr_assert_eq(galen_engine_call_stats(meeting_engine(meeting, i)).participants, 2);
        cr_assert_eq(speak(i, 0x33), GALEN_OK);
        cr_assert_eq(meeting->heard_count[MEETING_HOMES - 1 - i], before + 1);
    }
}

/* How long Ben's live line waits until it is tried again. */
static uint64_t waits(void)
{
    struct home *home = meeting->homes[BEN];
    const struct galen_frame ping = {.type = GALEN_FRAME_PING};
    size_t before = home->connects;
    uint64_t since = home_now(home);
    galen_engine_disconnected(home->engine, home_now(home), GALEN_CONNECTION_LIVE);
    while (home->connects == before && home_now(home) - since < 60000) {
        meeting->chart->now_ms += 20;
        home_hear(home, GALEN_CONNECTION_LOG, &ping);
        galen_engine_tick(home->engine, home_now(home));
        home_pump(home);
    }
    return home_now(home) - since;
}

Test(engine_call, who_is_in_a_call_tries_the_line_every_two_seconds)
{
    uint64_t longest = 0;
    for (size_t i = 0; i < 12; i++)
        longest = waits();
    cr_assert_gt(longest, 14000, "nobody waits for who is in no call");
    meeting_dial(meeting, BEN);
    both_are_in();
    for (size_t i = 0; i < 12; i++) {
        longest = waits();
        cr_assert_leq(longest, 2020, "try %zu: %llu ms", i, (unsigned long long)longest);
    }
    cr_assert_gt(longest, 900, "and not all the time");
}

/* -- mute ------------------------------------------------------------------------------------------- */

Test(engine_call, everybody_is_told_who_is_muted)
{
    both_are_in();
    size_t before = meeting->call_events[ANN];
    mute(BEN, true);
    cr_assert(takes_for_muted(ANN, BEN));
    cr_assert(takes_for_muted(BEN, BEN));
    cr_assert_not(takes_for_muted(ANN, ANN));
    struct galen_call_view view;
    galen_engine_call(meeting_engine(meeting, ANN), &view);
    cr_assert_eq(view.participant_count, 2);
    for (size_t i = 0; i < 2; i++)
        cr_assert_eq(view.participants[i].muted,
                     galen_id_equal(&view.participants[i].device, meeting_device(meeting, BEN)));
    cr_assert_eq(meeting->call_events[ANN], before + 1);
    cr_assert(galen_id_equal(&meeting->told[ANN], meeting_device(meeting, BEN)));
    mute(BEN, true);
    cr_assert_eq(meeting->call_events[ANN], before + 1, "nothing has changed");
    mute(BEN, false);
    cr_assert_not(takes_for_muted(ANN, BEN));
    cr_assert_eq(meeting->call_events[ANN], before + 2);
}

Test(engine_call, a_newcomer_learns_who_is_muted)
{
    meeting_open(meeting);
    mute(ANN, true);
    meeting_cut(meeting, BEN); /* knows nothing of what was said meanwhile */
    meeting_dial(meeting, BEN);
    meeting_enter(meeting, BEN);
    cr_assert(takes_for_muted(BEN, ANN));
    cr_assert_not(takes_for_muted(ANN, BEN));
}

Test(engine_call, who_is_muted_before_the_call_is_muted_in_it)
{
    mute(BEN, true);
    cr_assert_not(takes_for_muted(ANN, BEN), "there is no call");
    both_are_in();
    cr_assert(takes_for_muted(ANN, BEN));
    cr_assert(galen_id_is_none(&meeting->told[ANN]), "the last event was of the roster");
}

Test(engine_call, mute_outlives_a_lost_line)
{
    both_are_in();
    mute(BEN, true);
    meeting_cut(meeting, BEN);
    cr_assert_eq(galen_engine_call_stats(meeting_engine(meeting, ANN)).participants, 1);
    meeting_dial(meeting, BEN);
    cr_assert_eq(galen_engine_call_stats(meeting_engine(meeting, ANN)).participants, 2);
    cr_assert(takes_for_muted(ANN, BEN));
    cr_assert(takes_for_muted(BEN, BEN));
}

Test(engine_call, mute_is_of_one_visit)
{
    both_are_in();
    mute(BEN, true);
    galen_engine_leave(meeting_engine(meeting, BEN), home_now(meeting->homes[BEN]));
    meeting_run(meeting);
    cr_assert_not(takes_for_muted(ANN, BEN), "who has left is not in the call");
    cr_assert(takes_for_muted(BEN, BEN), "and is still muted when the next one begins");
    meeting_enter(meeting, BEN);
    cr_assert(takes_for_muted(ANN, BEN));
}

/* A server that shows the older word last would have somebody believe that they are not heard. */
Test(engine_call, an_older_word_that_comes_late_does_not_count)
{
    both_are_in();
    meeting->keeps_back = true;
    mute(BEN, true);
    mute(BEN, false);
    cr_assert_eq(meeting->kept_count, 2);
    cr_assert_not(takes_for_muted(ANN, BEN), "nothing was shown yet");
    meeting_show(meeting, 1);
    meeting_show(meeting, 0);
    cr_assert_not(takes_for_muted(ANN, BEN));
}

/* What Ann says when Ben comes is sealed for an epoch that he reads of a moment later. */
Test(engine_call, who_catches_up_after_coming_learns_who_is_muted)
{
    struct home *ann = meeting->homes[ANN];
    galen_token token;
    both_are_in();
    meeting_cut(meeting, BEN);
    cr_assert_eq(galen_engine_renew(ann->engine, home_now(ann),
                                    galen_rules_chart(meeting->chart->rules), token),
                 GALEN_OK);
    home_pump(ann);
    cr_assert_eq(home_accept(ann, meeting->chart), GALEN_OK);
    home_show(ann);
    mute(ANN, true);
    meeting_dial(meeting, BEN);
    cr_assert_not(takes_for_muted(BEN, ANN), "he cannot open what she says");
    home_show(meeting->homes[BEN]);
    meeting_run(meeting);
    meeting->chart->now_ms += 250; /* she has just answered him */
    (void)galen_engine_tick(ann->engine, home_now(ann));
    meeting_run(meeting);
    cr_assert(takes_for_muted(BEN, ANN));
    mute(ANN, false);
    cr_assert_not(takes_for_muted(BEN, ANN));
}

/* The same words, shown again and again, ask again and again. */
Test(engine_call, who_asks_without_end_gets_an_answer_now_and_then)
{
    struct home *ann = meeting->homes[ANN];
    meeting->keeps_back = true;
    meeting_cut(meeting, BEN);
    meeting_dial(meeting, BEN);
    size_t said = meeting->kept_count;
    struct galen_writer hello = meeting->kept[0].frame, *shown = &meeting->kept[0].frame;
    for (size_t i = 0; i < 100; i++) {
        galen_writer_init(shown);
        galen_write(shown, hello.at, hello.size);
        meeting_show(meeting, 0);
    }
    galen_writer_wipe(&hello);
    cr_assert_eq(meeting->kept_count, said + 2, "a hello, and that she is here: not %zu",
                 meeting->kept_count - said);
    cr_assert_leq(galen_engine_tick(ann->engine, home_now(ann)), home_now(ann) + 250);
    meeting->chart->now_ms += 250;
    (void)galen_engine_tick(ann->engine, home_now(ann));
    meeting_run(meeting);
    cr_assert_eq(meeting->kept_count, said + 4, "and one that was owed");
}

/* Ben's clock is wrong, and his live line is there first. Ann takes no connection's hello that is older than
 * that of the last one, so he must not begin with a time that he corrects later. */
Test(engine_call, the_line_that_is_there_first_tells_the_time)
{
    struct home *ben = meeting->homes[BEN];
    meeting_open(meeting);
    meeting_cut(meeting, BEN);
    home_crash(ben);
    ben->clock_off_ms = 300000;
    home_wake(ben);
    galen_engine_go_live(ben->engine, home_now(ben), true);
    meeting_dial(meeting, BEN);
    ben->server_clock_ms = meeting->chart->now_ms;
    home_challenge(ben, GALEN_CONNECTION_LOG);
    home_welcome(ben, GALEN_CONNECTION_LOG);
    home_show(ben);
    meeting_cut(meeting, BEN);
    meeting_dial(meeting, BEN);
    meeting_enter(meeting, BEN);
    mute(BEN, true);
    cr_assert(takes_for_muted(ANN, BEN));
}
