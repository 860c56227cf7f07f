/* protocol/media/talk.c: one person's ear and mouth. */
#include "galen/talk.h"
#include "support/allocator.h"
#include "support/speech.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { FRAMES = 100, SETTLE = 25, SAMPLES = FRAMES * GALEN_VOICE_SAMPLES };

static struct galen_talk *ear;

static void set_up(void)
{
    ear = galen_talk_new();
    cr_assert(ear);
}

static void tear_down(void)
{
    galen_talk_free(ear);
}

TestSuite(talk, .init = set_up, .fini = tear_down);

static struct galen_id device(uint8_t n)
{
    struct galen_id id = {{0}};
    id.bytes[0] = n;
    return id;
}

static double rms(const int16_t *pcm, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += (double)pcm[i] * pcm[i];
    return sqrt(sum / (double)n);
}

static void tone(int16_t *pcm, size_t samples, double hz)
{
    for (size_t i = 0; i < samples; i++)
        pcm[i] = (int16_t)(8000 * sin(2 * 3.14159265358979 * hz * (double)i / GALEN_VOICE_RATE));
}

/* How much of this frequency is in it; 1: as loud as `tone` makes it. */
static double share_of(const int16_t *pcm, size_t samples, double hz)
{
    double re = 0, im = 0;
    for (size_t i = 0; i < samples; i++) {
        double angle = 2 * 3.14159265358979 * hz * (double)i / GALEN_VOICE_RATE;
        re += pcm[i] * cos(angle);
        im += pcm[i] * sin(angle);
    }
    return 2 * sqrt(re * re + im * im) / (double)samples / 8000;
}

/* Says `said` to the ear, 20 ms every 20 ms, and hears in steps of `pull` samples. */
static void converse(struct galen_talk *const *mouths, int16_t *const *said, size_t count,
                     size_t pull, int16_t *heard)
{
    uint8_t packet[GALEN_VOICE_BYTES];
    size_t done = 0;
    for (size_t f = 0; f < FRAMES; f++) {
        for (size_t i = 0; i < count; i++) {
            struct galen_id id = device((uint8_t)(i + 1));
            cr_assert_eq(galen_talk_encode(mouths[i], said[i] + f * GALEN_VOICE_SAMPLES, packet),
                         GALEN_OK);
            cr_assert_eq(galen_talk_put(ear, 1000 + f * 20, &id, f,
                                        (struct galen_bytes){packet, sizeof packet}),
                         GALEN_OK);
        }
        while (done + pull <= (f + 1) * GALEN_VOICE_SAMPLES) {
            galen_talk_take(ear, 1000 + done / 48, heard + done, pull);
            done += pull;
        }
    }
}

Test(talk, two_who_speak_at_once_are_heard_together_and_none_when_gone)
{
    static int16_t low[SAMPLES], high[SAMPLES], heard[SAMPLES];
    struct galen_talk *mouths[] = {galen_talk_new(), galen_talk_new()};
    struct galen_id first = device(1), second = device(2);
    tone(low, SAMPLES, 300);
    tone(high, SAMPLES, 1100);
    converse(mouths, (int16_t *[]){low, high}, 2, GALEN_VOICE_SAMPLES, heard);
    const int16_t *settled = heard + SETTLE * GALEN_VOICE_SAMPLES;
    size_t rest = SAMPLES - SETTLE * GALEN_VOICE_SAMPLES;
    cr_assert_gt(share_of(settled, rest, 300), 0.7);
    cr_assert_gt(share_of(settled, rest, 1100), 0.7);
    cr_assert_lt(share_of(settled, rest, 700), 0.1);
    struct galen_talk_stats stats = galen_talk_stats(ear);
    cr_assert(stats.speakers == 2 && stats.received == 2 * FRAMES && stats.delay_ms > 0);

    galen_talk_gone(ear, &first);
    galen_talk_gone(ear, &first);
    cr_assert_eq(galen_talk_stats(ear).speakers, 1);
    cr_assert_eq(galen_talk_stats(ear).received, 2 * FRAMES, "what was is still counted");
    galen_talk_gone(ear, &second);
    galen_talk_take(ear, 1000 + FRAMES * 20, heard, GALEN_VOICE_SAMPLES);
    cr_assert_eq(rms(heard, GALEN_VOICE_SAMPLES), 0.0);
    cr_assert_eq(galen_talk_stats(ear).delay_ms, 0);
    galen_talk_free(mouths[0]);
    galen_talk_free(mouths[1]);
}

/* An AudioWorklet asks for 128 samples at a time, others for more than a packet. */
Test(talk, any_number_of_samples_may_be_taken)
{
    static int16_t said[SAMPLES], heard[SAMPLES];
    const size_t pulls[] = {1, 128, 441, 960, 2400, 4800};
    tone(said, SAMPLES, 440);
    for (size_t i = 0; i < sizeof pulls / sizeof *pulls; i++) {
        struct galen_talk *mouth = galen_talk_new();
        galen_talk_free(ear);
        ear = galen_talk_new();
        memset(heard, 0, sizeof heard);
        converse(&mouth, (int16_t *[]){said}, 1, pulls[i], heard);
        const int16_t *settled = heard + 2 * SETTLE * GALEN_VOICE_SAMPLES;
        size_t rest = SAMPLES - 2 * SETTLE * GALEN_VOICE_SAMPLES - 4800;
        cr_assert_gt(share_of(settled, rest, 440), 0.7, "%zu at a time", pulls[i]);
        cr_assert_leq(galen_talk_stats(ear).concealed_ms, 120, "%zu at a time", pulls[i]);
        galen_talk_free(mouth);
    }
}

Test(talk, a_loud_mix_is_clipped_and_does_not_wrap)
{
    static int16_t loud[SAMPLES], heard[SAMPLES];
    struct galen_talk *mouths[] = {galen_talk_new(), galen_talk_new(), galen_talk_new()};
    for (size_t i = 0; i < SAMPLES; i++)
        loud[i] = (int16_t)(30000 * sin(2 * 3.14159265358979 * 200 * (double)i / GALEN_VOICE_RATE));
    converse(mouths, (int16_t *[]){loud, loud, loud}, 3, GALEN_VOICE_SAMPLES, heard);
    int most = 0;
    for (size_t i = SETTLE * GALEN_VOICE_SAMPLES; i + 1 < SAMPLES; i++) {
        int step = abs(heard[i + 1] - heard[i]);
        most = step > most ? step : most;
    }
    cr_assert_lt(most, 20000, "a wrapped sample is a step of nearly 65536");
    for (size_t i = 0; i < 3; i++)
        galen_talk_free(mouths[i]);
}

Test(talk, muted_is_silence_of_the_same_size_from_the_next_packet_on)
{
    static int16_t said[SAMPLES], heard[SAMPLES];
    struct galen_talk *mouth = galen_talk_new();
    speech_make(said, SAMPLES, 3);
    cr_assert_not(galen_talk_muted(mouth));
    galen_talk_mute(mouth, true);
    cr_assert(galen_talk_muted(mouth));
    converse(&mouth, (int16_t *[]){said}, 1, GALEN_VOICE_SAMPLES, heard);
    cr_assert_lt(rms(heard, SAMPLES), 5.0);
    galen_talk_mute(mouth, false);
    galen_talk_free(ear);
    ear = galen_talk_new();
    converse(&mouth, (int16_t *[]){said}, 1, GALEN_VOICE_SAMPLES, heard);
    cr_assert_gt(rms(heard, SAMPLES), 300.0);
    galen_talk_free(mouth);
}

Test(talk, levels_are_of_each_speaker_and_of_the_microphone_also_while_muted)
{
    static int16_t said[SAMPLES], silence[SAMPLES], heard[SAMPLES];
    struct galen_talk *mouths[] = {galen_talk_new(), galen_talk_new()};
    struct galen_talk_levels levels;
    struct galen_id first = device(1);
    tone(said, SAMPLES, 400); /* of 8000: a level of 5657 */
    converse(mouths, (int16_t *[]){said, silence}, 2, GALEN_VOICE_SAMPLES, heard);
    galen_talk_levels(ear, &levels);
    cr_assert_eq(levels.count, 2);
    for (size_t i = 0; i < 2; i++) {
        bool loud = galen_id_equal(&levels.speakers[i].device, &first);
        cr_assert(loud ? levels.speakers[i].level > 4500 && levels.speakers[i].level < 6500
                       : levels.speakers[i].level < 20);
    }
    cr_assert_eq(levels.own, 0, "this one said nothing");
    galen_talk_levels(ear, &levels);
    cr_assert_eq(levels.speakers[0].level + levels.speakers[1].level, 0, "nothing since");
    galen_talk_levels(mouths[0], &levels);
    cr_assert(levels.own > 5600 && levels.own < 5700);
    uint8_t packet[GALEN_VOICE_BYTES];
    galen_talk_mute(mouths[0], true);
    cr_assert_eq(galen_talk_encode(mouths[0], said, packet), GALEN_OK);
    galen_talk_levels(mouths[0], &levels);
    cr_assert_gt(levels.own, 5500);
    galen_talk_free(mouths[0]);
    galen_talk_free(mouths[1]);
}

Test(talk, what_is_refused_takes_no_place)
{
    uint8_t packet[GALEN_VOICE_BYTES + 1] = {0};
    struct galen_id id = device(1);
    const size_t sizes[] = {0, 1, GALEN_VOICE_BYTES - 1, GALEN_VOICE_BYTES + 1};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        cr_assert_eq(galen_talk_put(ear, 1, &id, 0, (struct galen_bytes){packet, sizes[i]}),
                     GALEN_ERR_FORMAT);
    cr_assert_eq(galen_talk_stats(ear).speakers, 0);
    struct galen_bytes whole = {packet, GALEN_VOICE_BYTES};
    for (uint8_t n = 1; n <= GALEN_PARTICIPANTS_MAX; n++) {
        id = device(n);
        cr_assert_eq(galen_talk_put(ear, 1, &id, 0, whole), GALEN_OK);
    }
    id = device(GALEN_PARTICIPANTS_MAX + 1);
    cr_assert_eq(galen_talk_put(ear, 1, &id, 0, whole), GALEN_ERR_LIMIT);
    struct galen_id gone = device(3);
    galen_talk_gone(ear, &gone);
    cr_assert_eq(galen_talk_put(ear, 1, &id, 0, whole), GALEN_OK, "there is room again");
}

Test(talk, every_allocation_may_fail)
{
    uint8_t packet[GALEN_VOICE_BYTES] = {0};
    struct galen_id id = device(1);
    for (size_t nth = 1;; nth++) {
        allocator_fail(nth);
        struct galen_talk *talk = galen_talk_new();
        enum galen_err err =
            talk ? galen_talk_put(talk, 1, &id, 0, (struct galen_bytes){packet, sizeof packet})
                 : GALEN_ERR_MEMORY;
        bool failed = allocator_failed();
        allocator_fail(0);
        cr_assert_eq(err, failed ? GALEN_ERR_MEMORY : GALEN_OK);
        if (talk && failed) {
            cr_assert_eq(galen_talk_stats(talk).speakers, 0);
            cr_assert_eq(
                galen_talk_put(talk, 1, &id, 0, (struct galen_bytes){packet, sizeof packet}),
                GALEN_OK);
        }
        galen_talk_free(talk);
        if (!failed)
            break;
    }
}
