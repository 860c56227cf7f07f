/*
 * Makes a stretch of sound shorter or longer without changing its pitch: one whole period (or any
 * length of near silence) is taken out or put in, with a cross-fade over 6.7 ms.
 */
#ifndef GALEN_MEDIA_TIMESCALE_H
#define GALEN_MEDIA_TIMESCALE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TIMESCALE_LEAST 120 /* samples: 2.5 ms, a voice of 400 Hz */
#define TIMESCALE_MOST  640 /* samples: 13.3 ms, a voice of 75 Hz */
#define TIMESCALE_FADE  320 /* samples compared and cross-faded */

/** True below about -50 dBFS, where nobody hears a cut. */
bool timescale_quiet(const int16_t *pcm, size_t samples);

/**
 * Takes out up to `most` samples in place and returns how many. 0: no period in it repeats well
 * enough (normalised correlation below `likeness`), or `most` is below TIMESCALE_LEAST. Quiet sound is
 * always good enough. `samples` is at least TIMESCALE_MOST + TIMESCALE_FADE (asserted).
 */
size_t timescale_shorten(int16_t *pcm, size_t samples, size_t most, double likeness);

/** Puts in up to `most` samples; `pcm` has room for them. Otherwise as timescale_shorten. */
size_t timescale_lengthen(int16_t *pcm, size_t samples, size_t most, double likeness);

#endif
