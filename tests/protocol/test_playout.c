/* protocol/include/galen/playout.h: what is heard, on good lines and bad ones. */
#include "galen/playout.h"
#include "support/allocator.h"
#include "support/playout_lines.h"
#include "support/speech.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SHORTLY = 500 }; /* packets that come again and again in tests of single steps */
enum { SECONDS = 40, SPOKEN = SECONDS * GALEN_VOICE_RATE };

static int16_t spoken[SPOKEN], heard[SPOKEN];
static uint8_t packets[SPOKEN / GALEN_VOICE_SAMPLES][GALEN_VOICE_BYTES];
static struct galen_playout *playout;
static size_t codec_delay, spoken_packets;

static void speak(size_t count)
{
    struct galen_voice_encoder *encoder = galen_voice_encoder_new();
    playout = galen_playout_new();
    cr_assert(encoder && playout);
    speech_make(spoken, count * GALEN_VOICE_SAMPLES, 11);
    for (size_t n = 0; n < count; n++)
        cr_assert_eq(galen_voice_encode(encoder, spoken + n * GALEN_VOICE_SAMPLES, packets[n]),
                     GALEN_OK);
    codec_delay = galen_voice_delay(encoder);
    spoken_packets = count;
    galen_voice_encoder_free(encoder);
}

static void speak_long(void)
{
    speak(SPOKEN / GALEN_VOICE_SAMPLES);
}

static void speak_shortly(void)
{
    speak(SHORTLY);
}

static void tear_down(void)
{
    galen_playout_free(playout);
}

TestSuite(playout, .init = speak_long, .fini = tear_down);
TestSuite(playout_steps, .init = speak_shortly, .fini = tear_down);

static enum galen_err put(uint64_t now_ms, uint64_t number)
{
    struct galen_bytes packet = {packets[number % spoken_packets], GALEN_VOICE_BYTES};
    return galen_playout_put(playout, now_ms, number, packet);
}

/** Pulls `pull` samples at a time into `heard`, whose first sample is time 0. */
static void listen(const struct line *line, size_t seconds, size_t pull)
{
    size_t next = 0;
    for (size_t at = 0; at + pull <= seconds * GALEN_VOICE_RATE; at += pull) {
        double now_ms = (double)at * 1000 / GALEN_VOICE_RATE;
        for (; next < line->count && line->arrivals[next].at_ms <= now_ms; next++)
            (void)put((uint64_t)line->arrivals[next].at_ms, line->arrivals[next].number);
        galen_playout_take(playout, (uint64_t)now_ms, heard + at, pull);
    }
}

static size_t line_named(const char *name)
{
    for (size_t n = 0; n < LINES; n++)
        if (strcmp(line_make(n, 1)->name, name) == 0)
            return n;
    cr_assert_fail("no line %s", name);
    return 0;
}

/** How well the second that was spoken from `at` on is heard, and with what delay: searched for. */
static double find_second(size_t at, size_t from, size_t to, size_t *delay)
{
    double best = -1;
    size_t coarse = from;
    for (size_t lag = from; lag <= to && at + lag + GALEN_VOICE_RATE <= SPOKEN; lag += 5) {
        double like = speech_likeness(spoken + at, heard + at + lag, GALEN_VOICE_RATE, 10);
        if (like > best) {
            best = like;
            coarse = lag;
        }
    }
    best = -1;
    for (size_t lag = coarse > 5 ? coarse - 5 : 0; lag <= coarse + 5; lag++) {
        double like = speech_likeness(spoken + at, heard + at + lag, GALEN_VOICE_RATE, 1);
        if (like > best) {
            best = like;
            *delay = lag;
        }
    }
    return best;
}

static int by_value(const void *a, const void *b)
{
    const double *x = a, *y = b;
    return *x < *y ? -1 : *x > *y;
}

static void expect_clear(const char *name, size_t seconds, size_t pull, double median, double least)
{
    double like[SECONDS];
    size_t delay, n = 0;
    listen(line_make(line_named(name), 1), seconds, pull);
    for (size_t s = 2; s + 2 <= seconds; s++)
        like[n++] = find_second(s * GALEN_VOICE_RATE, 0, 10000, &delay);
    qsort(like, n, sizeof like[0], by_value);
    cr_assert_gt(like[0], least, "%s: worst second %.3f", name, like[0]);
    cr_assert_gt(like[n / 2], median, "%s: median %.3f", name, like[n / 2]);
}

Test(playout, a_good_line_is_clear)
{
    expect_clear("steady", 15, GALEN_VOICE_SAMPLES, 0.95, 0.9);
}

Test(playout, a_good_line_is_clear_in_small_steps)
{
    expect_clear("steady", 15, 128, 0.95, 0.9);
}

Test(playout, jitter_is_not_heard)
{
    expect_clear("jitter-60", 15, GALEN_VOICE_SAMPLES, 0.95, 0.6);
}

Test(playout, drifting_clocks_are_hardly_heard)
{
    expect_clear("drift-fast", 35, 128, 0.95, 0.4);
    galen_playout_free(playout);
    playout = galen_playout_new();
    expect_clear("drift-slow", 35, 128, 0.95, 0.4);
}

/* The delay that playout says it has is the one that the sound itself shows. */
Test(playout, the_delay_it_tells_is_the_delay_it_has)
{
    enum { UNTIL = 10 };
    const struct line *line = line_make(line_named("jitter-60"), 3);
    listen(line, UNTIL, GALEN_VOICE_SAMPLES);
    struct galen_playout_stats stats = galen_playout_stats(playout);
    size_t delay;
    double like = find_second((UNTIL - 2) * GALEN_VOICE_RATE, 0, 20000, &delay);
    double network_ms = 50, told_ms = stats.delay_ms + network_ms;
    double measured_ms = (double)(delay - codec_delay) * 1000 / GALEN_VOICE_RATE;
    double position_ms = (double)stats.position * 1000 / GALEN_VOICE_RATE;
    cr_assert_gt(like, 0.8);
    cr_assert_lt(fabs(told_ms - measured_ms), 12, "told %.0f ms, measured %.0f ms", told_ms,
                 measured_ms);
    cr_assert_lt(fabs(UNTIL * 1000 - position_ms - measured_ms), 12);
}

/* V.b: 5 % lost, 60 ms jitter, a stall of 2 s. Below 400 ms again within five seconds, as measured in
   the sound. */
static void expect_back(const char *name)
{
    const struct line *line = line_make(line_named(name), 2);
    listen(line, SECONDS, GALEN_VOICE_SAMPLES);
    size_t from = (size_t)(line->stall_ends_ms + 5000) * (GALEN_VOICE_RATE / 1000);
    for (size_t s = 0; s < 10; s++) {
        size_t delay;
        double like = find_second(from + s * GALEN_VOICE_RATE, 0, 30000, &delay);
        cr_assert_gt(like, 0.3, "%s, second %zu: %.2f", name, s, like);
        cr_assert_lt(delay, 400 * (GALEN_VOICE_RATE / 1000), "%s, second %zu: %zu ms", name, s,
                     delay * 1000 / GALEN_VOICE_RATE);
    }
}

Test(playout, a_stall_is_made_up_for)
{
    expect_back("bad-line");
}

Test(playout, a_stall_that_swallows_packets_is_made_up_for)
{
    expect_back("bad-line-dropped");
}

/* --- one thing at a time ----------------------------------------------------------------------- */

static int16_t pcm[GALEN_VOICE_SAMPLES];

static double level(const int16_t *at, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += (double)at[i] * at[i];
    return sqrt(sum / (double)n);
}

/** Puts and takes one packet every 20 ms. */
static void run(uint64_t first, uint64_t from, uint64_t to)
{
    for (uint64_t i = from; i < to; i++) {
        cr_assert_eq(put(i * GALEN_VOICE_MS, first + i), GALEN_OK, "packet %u", (unsigned)i);
        galen_playout_take(playout, i * GALEN_VOICE_MS, pcm, GALEN_VOICE_SAMPLES);
    }
}

static struct galen_playout_stats stats(void)
{
    return galen_playout_stats(playout);
}

Test(playout_steps, nothing_came_yet)
{
    pcm[0] = 1;
    galen_playout_take(playout, 5, pcm, GALEN_VOICE_SAMPLES);
    cr_assert_eq(level(pcm, GALEN_VOICE_SAMPLES), 0);
    cr_assert_eq(stats().concealed_ms, 0, "silence before the call is not concealment");
    cr_assert_eq(stats().delay_ms, 0);
}

Test(playout_steps, numbers_may_begin_anywhere_and_wrap)
{
    static const uint64_t firsts[] = {0, 7, 1u << 31, (uint64_t)1 << 63, UINT64_MAX - 100};
    for (size_t i = 0; i < sizeof firsts / sizeof firsts[0]; i++) {
        galen_playout_free(playout);
        playout = galen_playout_new();
        run(firsts[i], 0, 400);
        cr_assert_geq(stats().played, 395);
        cr_assert_eq(stats().concealed_ms, 0);
        cr_assert_eq(stats().discarded, 0);
    }
}

Test(playout_steps, duplicates_and_late_packets_are_named)
{
    run(0, 0, 100);
    cr_assert_eq(put(2000, 99), GALEN_ERR_DUPLICATE);
    cr_assert_eq(put(2000, 20), GALEN_ERR_TIMEOUT);
    cr_assert_eq(galen_playout_put(playout, 2000, 101, (struct galen_bytes){packets[0], 79}),
                 GALEN_ERR_FORMAT);
    cr_assert_eq(stats().duplicate, 1);
    cr_assert_eq(stats().late, 1);
    cr_assert_eq(stats().received, 100);
}

Test(playout_steps, a_lost_packet_costs_its_own_time_only)
{
    for (uint64_t i = 0; i < 500; i++) {
        if (i < 100 || i % 10 != 3)
            cr_assert_eq(put(i * GALEN_VOICE_MS, i), GALEN_OK);
        galen_playout_take(playout, i * GALEN_VOICE_MS, pcm, GALEN_VOICE_SAMPLES);
    }
    cr_assert_eq(stats().concealed_ms, 40 * GALEN_VOICE_MS);
    cr_assert_eq(stats().discarded, 0);
    cr_assert_lt(stats().delay_ms, 60);
}

Test(playout_steps, what_comes_late_is_still_played)
{
    run(0, 0, 200);
    uint64_t now_ms = 200 * GALEN_VOICE_MS;
    for (int i = 0; i < 5; i++, now_ms += GALEN_VOICE_MS)
        galen_playout_take(playout, now_ms, pcm, GALEN_VOICE_SAMPLES);
    for (uint64_t n = 200; n < 205; n++)
        cr_assert_eq(put(now_ms, n), GALEN_OK, "packet %u", (unsigned)n);
    uint64_t played = stats().played;
    for (uint64_t n = 205; n < 300; n++, now_ms += GALEN_VOICE_MS) {
        cr_assert_eq(put(now_ms, n), GALEN_OK);
        galen_playout_take(playout, now_ms, pcm, GALEN_VOICE_SAMPLES);
    }
    cr_assert_geq(stats().played - played, 99, "all of them, and the delay is gone again");
    cr_assert_eq(stats().discarded, 0);
    cr_assert_gt(stats().shortened_ms, 60);
    cr_assert_lt(stats().delay_ms, 50);
}

Test(playout_steps, a_long_pause_fades_to_silence_and_the_voice_comes_back)
{
    run(0, 0, 200);
    for (uint64_t i = 200; i < 300; i++)
        galen_playout_take(playout, i * GALEN_VOICE_MS, pcm, GALEN_VOICE_SAMPLES);
    cr_assert_eq(level(pcm, GALEN_VOICE_SAMPLES), 0, "nothing is made up after so long");
    cr_assert_geq(stats().concealed_ms, 1900);
    double loudest = 0;
    for (uint64_t i = 300; i < 350; i++) {
        cr_assert_eq(put(i * GALEN_VOICE_MS, i), GALEN_OK);
        galen_playout_take(playout, i * GALEN_VOICE_MS, pcm, GALEN_VOICE_SAMPLES);
        loudest = fmax(loudest, level(pcm, GALEN_VOICE_SAMPLES));
    }
    cr_assert_gt(loudest, 500);
    cr_assert_lt(stats().delay_ms, 60);
}

/* Clocks that go 200 ppm apart, by 80 ms in the end, which must not become delay or gaps. */
Test(playout_steps, drift_does_not_add_up)
{
    for (int way = -1; way <= 1; way += 2) {
        galen_playout_free(playout);
        playout = galen_playout_new();
        uint64_t number = 0;
        for (uint64_t tick = 0; tick < 20000; tick++) {
            double captured = (double)(tick * GALEN_VOICE_MS) * (1 + way * 200e-6);
            for (; (double)(number * GALEN_VOICE_MS) <= captured; number++)
                cr_assert_eq(put(tick * GALEN_VOICE_MS, number), GALEN_OK);
            galen_playout_take(playout, tick * GALEN_VOICE_MS, pcm, GALEN_VOICE_SAMPLES);
        }
        cr_assert_lt(stats().delay_ms, 60, "%d: %u ms", way, stats().delay_ms);
        cr_assert_leq(stats().concealed_ms, 100, "%d", way);
        cr_assert_leq(stats().discarded, 0, "%d", way);
        cr_assert_gt(way > 0 ? stats().shortened_ms : stats().lengthened_ms + stats().concealed_ms,
                     30, "%d", way);
    }
}

/* The receiver slept for ten minutes: its clock did not go on, the sender's numbers did. */
Test(playout_steps, a_clock_that_stood_still_does_not_silence_anybody)
{
    run(0, 0, 100);
    for (uint64_t i = 100; i < 300; i++) {
        cr_assert_eq(put(i * GALEN_VOICE_MS, i + 30000), GALEN_OK);
        galen_playout_take(playout, i * GALEN_VOICE_MS, pcm, GALEN_VOICE_SAMPLES);
    }
    cr_assert_geq(stats().played, 290);
    cr_assert_lt(stats().delay_ms, 60);
}

Test(playout_steps, a_clock_that_is_set_is_not_heard)
{
    static const int64_t steps_ms[] = {-3600000, -5000, 5000, 3600000};
    for (size_t s = 0; s < sizeof steps_ms / sizeof steps_ms[0]; s++) {
        galen_playout_free(playout);
        playout = galen_playout_new();
        uint64_t now_ms = 10000000;
        for (uint64_t i = 0; i < 400; i++, now_ms += GALEN_VOICE_MS) {
            now_ms += i == 200 ? (uint64_t)steps_ms[s] : 0;
            cr_assert_eq(put(now_ms, i), GALEN_OK);
            galen_playout_take(playout, now_ms, pcm, GALEN_VOICE_SAMPLES);
        }
        cr_assert_geq(stats().played, 390, "%d ms", (int)steps_ms[s]);
        cr_assert_lt(stats().lengthened_ms + stats().shortened_ms + stats().concealed_ms, 100,
                     "%d ms", (int)steps_ms[s]);
    }
}

/* The taker is held up now and then, and takes with the times at which it should have. */
Test(playout_steps, who_takes_late_hears_the_same)
{
    uint64_t taken = 0;
    for (uint64_t tick = 0; tick < 1000; tick++) {
        cr_assert_eq(put(tick * GALEN_VOICE_MS, tick), GALEN_OK);
        bool held_up = tick % 50 < 15 && tick > 100;
        for (; !held_up && taken <= tick; taken++)
            galen_playout_take(playout, taken * GALEN_VOICE_MS, pcm, GALEN_VOICE_SAMPLES);
    }
    cr_assert_leq(stats().concealed_ms, 20);
    cr_assert_lt(stats().lengthened_ms, 20);
    cr_assert_lt(stats().shortened_ms, 60);
    cr_assert_lt(stats().delay_ms, 60);
}

/* The sender connected again and counts from 0. */
Test(playout_steps, a_sender_may_count_anew)
{
    run(5000, 0, 100);
    for (uint64_t i = 100; i < 200; i++) {
        enum galen_err err = put(i * GALEN_VOICE_MS, i - 100);
        cr_assert_eq(err, i < 109 ? GALEN_ERR_TIMEOUT : GALEN_OK, "packet %u", (unsigned)i);
        galen_playout_take(playout, i * GALEN_VOICE_MS, pcm, GALEN_VOICE_SAMPLES);
    }
    cr_assert_geq(stats().played, 185);
    cr_assert_lt(stats().delay_ms, 60);
}

/* The sender slept: its numbers stood still, and so everything comes ten minutes late. */
Test(playout_steps, a_sender_that_stood_still_is_heard_at_once)
{
    run(0, 0, 100);
    uint64_t away_ms = 600000;
    for (uint64_t i = 100; i < 400; i++) {
        uint64_t now_ms = i * GALEN_VOICE_MS + away_ms;
        cr_assert_eq(put(now_ms, i), GALEN_OK);
        galen_playout_take(playout, now_ms, pcm, GALEN_VOICE_SAMPLES);
    }
    cr_assert_geq(stats().played, 390);
    cr_assert_eq(stats().discarded, 0);
}

/* A queue is emptied when somebody joins: 200 ms of old packets at once, then one every 20 ms. */
Test(playout_steps, a_queue_at_the_start_does_not_stay_as_delay)
{
    for (uint64_t n = 0; n < 10; n++)
        cr_assert_eq(put(1000, n), GALEN_OK);
    for (uint64_t i = 0; i < 150; i++) {
        cr_assert_eq(put(1000 + i * GALEN_VOICE_MS, 10 + i), GALEN_OK);
        galen_playout_take(playout, 1000 + i * GALEN_VOICE_MS, pcm, GALEN_VOICE_SAMPLES);
    }
    cr_assert_lt(stats().delay_ms, 60, "%u ms", stats().delay_ms);
}

Test(playout_steps, nobody_takes_for_a_while)
{
    run(0, 0, 50);
    for (uint64_t i = 50; i < 1000; i++)
        cr_assert_eq(put(i * GALEN_VOICE_MS, i), GALEN_OK);
    for (uint64_t i = 1000; i < 1100; i++) {
        cr_assert_eq(put(i * GALEN_VOICE_MS, i), GALEN_OK);
        galen_playout_take(playout, i * GALEN_VOICE_MS, pcm, GALEN_VOICE_SAMPLES);
    }
    cr_assert_lt(stats().delay_ms, 60);
    cr_assert_geq(stats().discarded, 930);
}

Test(playout_steps, rubbish_is_concealed)
{
    run(0, 0, 100);
    uint8_t rubbish[GALEN_VOICE_BYTES];
    memset(rubbish, 0xff, sizeof rubbish);
    for (uint64_t i = 100; i < 200; i++) {
        struct galen_bytes packet = {rubbish, sizeof rubbish};
        cr_assert_eq(galen_playout_put(playout, i * GALEN_VOICE_MS, i, packet), GALEN_OK);
        galen_playout_take(playout, i * GALEN_VOICE_MS, pcm, GALEN_VOICE_SAMPLES);
    }
    cr_assert_geq(stats().concealed_ms, 1900);
    run(0, 200, 300);
    cr_assert_geq(stats().played, 190);
}

/* Anything at any time, for as long as the budget lasts: the sanitizers watch, every number adds up. */
Test(playout_steps, wild_arrivals_do_no_harm)
{
    uint32_t random = 99;
    uint64_t now_ms = 0, number = 1000, taken = 0;
    for (int i = 0; i < 20000; i++) {
        random = random * 1664525u + 1013904223u;
        uint32_t draw = random >> 8;
        now_ms += draw % 5 == 0 ? draw % 97 : 0;
        number += draw % 3;
        uint64_t jump = draw % 1009 == 0 ? (uint64_t)draw << (draw % 40) : draw % 11;
        (void)put(draw % 503 == 0 ? now_ms / 2 : now_ms, draw % 2 ? number + jump : number - jump);
        size_t n = draw % 7 == 0 ? draw % (GALEN_VOICE_SAMPLES + 1) : 0;
        galen_playout_take(playout, now_ms, pcm, n);
        taken += n;
    }
    struct galen_playout_stats s = stats();
    cr_assert_leq(s.played + s.discarded, s.received);
    cr_assert_leq(s.played * GALEN_VOICE_MS, taken / 48 + s.shortened_ms + 40);
}

Test(playout_steps, memory_may_run_out)
{
    for (size_t nth = 1; nth <= 2; nth++) {
        allocator_fail(nth);
        cr_assert_null(galen_playout_new());
    }
    allocator_fail(0);
    galen_playout_free(NULL);
}
