/* protocol/media/timescale.h, arrivals.h: shorter and longer sound of the same pitch; percentiles. */
#include "media/arrivals.h"
#include "media/timescale.h"
#include "support/speech.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { FRAME = 960, ROOM = FRAME + TIMESCALE_MOST };

static int16_t sound[4 * FRAME];

/** The largest step from one sample to the next: a click shows in it. */
static int steepest(const int16_t *pcm, size_t n)
{
    int most = 0;
    for (size_t i = 1; i < n; i++)
        most = abs(pcm[i] - pcm[i - 1]) > most ? abs(pcm[i] - pcm[i - 1]) : most;
    return most;
}

Test(timescale, a_tone_keeps_its_pitch_and_does_not_click)
{
    static const double pitches[] = {85, 110, 147, 200, 290, 370};
    for (size_t p = 0; p < sizeof pitches / sizeof pitches[0]; p++) {
        for (int longer = 0; longer < 2; longer++) {
            int16_t pcm[ROOM];
            speech_tone(sound, 4 * FRAME, pitches[p], 9000);
            memcpy(pcm, sound, FRAME * sizeof pcm[0]);
            size_t change = longer ? timescale_lengthen(pcm, FRAME, TIMESCALE_MOST, 0.9)
                                   : timescale_shorten(pcm, FRAME, TIMESCALE_MOST, 0.9);
            size_t n = longer ? FRAME + change : FRAME - change;
            double periods = (double)change * pitches[p] / 48000;
            cr_assert_gt(change, 0, "%.0f Hz", pitches[p]);
            cr_assert_lt(fabs(periods - round(periods)), 0.02, "%.0f Hz: %.2f periods", pitches[p],
                         periods);
            cr_assert_gt(speech_likeness(pcm, sound, n, 1), 0.99, "%.0f Hz", pitches[p]);
            cr_assert_leq(steepest(pcm, n), steepest(sound, FRAME) * 11 / 10 + 2);
        }
    }
}

Test(timescale, noise_is_left_as_it_is)
{
    int16_t pcm[ROOM], before[ROOM] = {0};
    uint32_t random = 5;
    for (size_t i = 0; i < FRAME; i++)
        pcm[i] = (int16_t)((random = random * 1664525u + 1013904223u) >> 16);
    memcpy(before, pcm, FRAME * sizeof pcm[0]);
    cr_assert_eq(timescale_shorten(pcm, FRAME, TIMESCALE_MOST, 0.85), 0);
    cr_assert_eq(timescale_lengthen(pcm, FRAME, TIMESCALE_MOST, 0.85), 0);
    cr_assert_arr_eq(pcm, before, FRAME * sizeof pcm[0]);
}

Test(timescale, quiet_changes_by_just_what_is_asked)
{
    int16_t pcm[ROOM] = {0};
    for (size_t i = 0; i < FRAME; i++)
        pcm[i] = (int16_t)(i % 9);
    cr_assert(timescale_quiet(pcm, FRAME));
    cr_assert_eq(timescale_shorten(pcm, FRAME, 333, 0.85), 333);
    cr_assert_eq(timescale_lengthen(pcm, FRAME, 222, 0.85), 222);
    cr_assert_eq(timescale_shorten(pcm, FRAME, 5000, 0.85), TIMESCALE_MOST);
    cr_assert_eq(timescale_shorten(pcm, FRAME, TIMESCALE_LEAST - 1, 0.85), 0);
    cr_assert_eq(timescale_shorten(pcm, FRAME, 0, 0.85), 0);
}

Test(timescale, a_constant_survives)
{
    int16_t pcm[ROOM];
    for (size_t i = 0; i < FRAME; i++)
        pcm[i] = 1000;
    size_t out = timescale_shorten(pcm, FRAME, 480, 0.85);
    for (size_t i = 0; i < FRAME - out; i++)
        cr_assert_eq(pcm[i], 1000);
}

Test(arrivals, quantiles_are_those_of_the_newest)
{
    static struct arrivals arrivals;
    cr_assert_eq(arrivals_quantile(&arrivals, 950), 0, "nothing came yet");
    int32_t all[3 * ARRIVALS_MAX];
    uint32_t random = 3;
    for (size_t i = 0; i < 3 * ARRIVALS_MAX; i++) {
        random = random * 1664525u + 1013904223u;
        all[i] = (int32_t)(random >> 8) % 50 - 25;
        arrivals_add(&arrivals, all[i]);
        size_t n = i + 1 < ARRIVALS_MAX ? i + 1 : ARRIVALS_MAX;
        for (unsigned per_mille = 0; per_mille <= 1000; per_mille += 125) {
            int32_t found = arrivals_quantile(&arrivals, per_mille);
            size_t below = 0, up_to = 0;
            for (size_t k = i + 1 - n; k <= i; k++) {
                below += all[k] < found;
                up_to += all[k] <= found;
            }
            cr_assert(up_to * 1000 >= n * per_mille && below * 1000 <= n * per_mille,
                      "after %zu, %u per mille", i + 1, per_mille);
        }
    }
}
