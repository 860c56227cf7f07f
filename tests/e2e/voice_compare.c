#include "voice_tool.h"

#include <math.h>
#include <stdlib.h>

#define COARSE 8 /* samples averaged to one for the first search */

double level_dbfs(const int16_t *pcm, size_t samples)
{
    double energy = 0;
    for (size_t i = 0; i < samples; i++)
        energy += (double)pcm[i] * pcm[i];
    double rms = samples > 0 ? sqrt(energy / (double)samples) : 0;
    return rms > 0 ? fmax(-120, 20 * log10(rms / 32768)) : -120;
}

static double likeness(const int16_t *a, const int16_t *b, size_t samples)
{
    double both = 0, first = 1, second = 1;
    for (size_t i = 0; i < samples; i++) {
        both += (double)a[i] * b[i];
        first += (double)a[i] * a[i];
        second += (double)b[i] * b[i];
    }
    return both / sqrt(first * second);
}

/** Every COARSE samples averaged to one. */
static int16_t *averaged(const int16_t *pcm, size_t samples)
{
    int16_t *out = malloc((samples / COARSE + 1) * sizeof *out);
    for (size_t i = 0; out && i < samples / COARSE; i++) {
        long sum = 0;
        for (size_t k = 0; k < COARSE; k++)
            sum += pcm[i * COARSE + k];
        out[i] = (int16_t)(sum / COARSE);
    }
    return out;
}

struct second find_second(const struct wave *source, size_t at, const struct wave *heard,
                          double from_ms, double to_ms)
{
    struct second found = {-1, 0};
    long from = lround(from_ms * RATE / 1000), to = lround(to_ms * RATE / 1000);
    long least = -(long)at, most = (long)heard->samples - (long)at - RATE - COARSE;
    from = from > least ? from : least;
    to = to < most ? to : most;
    if (from > to)
        return found;
    int16_t *here = averaged(source->pcm + at, RATE);
    int16_t *there = averaged(heard->pcm + ((long)at + from), (size_t)(to - from + RATE));
    if (!here || !there)
        abort();
    double best = -2;
    long coarse = 0;
    for (long lag = 0; lag <= (to - from) / COARSE; lag++) {
        double like = likeness(here, there + lag, RATE / COARSE);
        if (like > best) {
            best = like;
            coarse = from + lag * COARSE;
        }
    }
    free(here);
    free(there);
    for (long lag = coarse - COARSE; lag <= coarse + COARSE; lag++) {
        if (lag < from || lag > to)
            continue;
        double like = likeness(source->pcm + at, heard->pcm + ((long)at + lag), RATE);
        if (like > found.likeness)
            found = (struct second){like, (double)lag * 1000 / RATE};
    }
    return found;
}
