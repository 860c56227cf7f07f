#include "media/timescale.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#define COARSE    4     /* the first search looks at every fourth sample and lag */
#define QUIET_RMS 100.0 /* of 32768: -50 dBFS */

bool timescale_quiet(const int16_t *pcm, size_t samples)
{
    double energy = 0;
    for (size_t i = 0; i < samples; i++)
        energy += (double)pcm[i] * pcm[i];
    return energy < QUIET_RMS * QUIET_RMS * (double)samples;
}

/** Normalised correlation of the beginning with what comes `lag` samples later, -1 to 1. */
static double likeness_at(const int16_t *pcm, size_t lag, size_t step)
{
    double both = 0, here = 1, there = 1;
    for (size_t i = 0; i < TIMESCALE_FADE; i += step) {
        double a = pcm[i], b = pcm[i + lag];
        both += a * b;
        here += a * a;
        there += b * b;
    }
    return both / sqrt(here * there);
}

/** The lag up to `most` at which the sound repeats best; `*likeness` says how well. */
static size_t best_lag(const int16_t *pcm, size_t most, double *likeness)
{
    size_t coarse = TIMESCALE_LEAST;
    double best = -1;
    for (size_t lag = TIMESCALE_LEAST; lag <= most; lag += COARSE) {
        double like = likeness_at(pcm, lag, COARSE);
        if (like > best) {
            best = like;
            coarse = lag;
        }
    }
    size_t from = coarse - TIMESCALE_LEAST < COARSE ? TIMESCALE_LEAST : coarse - COARSE;
    size_t to = most - coarse < COARSE ? most : coarse + COARSE;
    size_t found = coarse;
    *likeness = -1;
    for (size_t lag = from; lag <= to; lag++) {
        double like = likeness_at(pcm, lag, 1);
        if (like > *likeness) {
            *likeness = like;
            found = lag;
        }
    }
    return found;
}

/** Which lag to use, or 0. */
static size_t choose(const int16_t *pcm, size_t samples, size_t most, double likeness)
{
    assert(samples >= TIMESCALE_MOST + TIMESCALE_FADE);
    if (most > TIMESCALE_MOST)
        most = TIMESCALE_MOST;
    if (most < TIMESCALE_LEAST)
        return 0;
    if (timescale_quiet(pcm, samples))
        return most;
    double like;
    size_t lag = best_lag(pcm, most, &like);
    return like >= likeness ? lag : 0;
}

/** Fades from `from` to `to`; `out` may be either. */
static void cross_fade(const int16_t *from, const int16_t *to, int16_t *out)
{
    for (int i = 0; i < TIMESCALE_FADE; i++)
        out[i] = (int16_t)((from[i] * (TIMESCALE_FADE - i) + to[i] * i) / TIMESCALE_FADE);
}

size_t timescale_shorten(int16_t *pcm, size_t samples, size_t most, double likeness)
{
    size_t lag = choose(pcm, samples, most, likeness);
    if (lag == 0)
        return 0;
    cross_fade(pcm, pcm + lag, pcm);
    memmove(pcm + TIMESCALE_FADE, pcm + lag + TIMESCALE_FADE,
            (samples - lag - TIMESCALE_FADE) * sizeof *pcm);
    return lag;
}

size_t timescale_lengthen(int16_t *pcm, size_t samples, size_t most, double likeness)
{
    size_t lag = choose(pcm, samples, most, likeness);
    if (lag == 0)
        return 0;
    int16_t join[TIMESCALE_FADE];
    cross_fade(pcm + lag, pcm, join);
    memmove(pcm + lag + TIMESCALE_FADE, pcm + TIMESCALE_FADE,
            (samples - TIMESCALE_FADE) * sizeof *pcm);
    memcpy(pcm + lag, join, sizeof join);
    return lag;
}
