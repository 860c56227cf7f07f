/* Sound of the voice test: WAV files, and how like and how late one is to another. */
#ifndef TESTS_VOICE_TOOL_H
#define TESTS_VOICE_TOOL_H

#include <stddef.h>
#include <stdint.h>

#define RATE 48000 /* samples a second of everything that is compared */

struct wave {
    int16_t *pcm; /* mono */
    size_t samples;
    unsigned rate;
};

/** Reads 16-bit PCM; of several channels the first. Ends the program with a message if it cannot. */
struct wave wave_read(const char *path);
void wave_write(const char *path, const struct wave *wave);
/** The same sound at RATE, band-limited. */
struct wave wave_resample(const struct wave *wave);
void wave_free(struct wave *wave);

/** Root mean square, in dB below full scale; -120 for silence. */
double level_dbfs(const int16_t *pcm, size_t samples);

/** One second of the source, found again in what was heard. */
struct second {
    double likeness; /* normalised correlation at the best delay */
    double delay_ms; /* from its place in the source to its place in what was heard */
};

/**
 * Looks for `source` samples [at, at + RATE) in `heard`, with delays from `from_ms` to `to_ms`. Delays
 * that would lie outside of what was heard are not tried; likeness is -1 if there is none.
 */
struct second find_second(const struct wave *source, size_t at, const struct wave *heard,
                          double from_ms, double to_ms);

#endif
