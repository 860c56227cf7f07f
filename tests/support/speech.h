/* Made speech for tests of sound: voiced stretches with a moving pitch, noise, pauses; from a seed. */
#ifndef TESTS_SPEECH_H
#define TESTS_SPEECH_H

#include <stddef.h>
#include <stdint.h>

/** 48 kHz; syllables of 100 to 300 ms with pauses, peaks near half of full scale. */
void speech_make(int16_t *pcm, size_t samples, uint32_t seed);
/** A sine of `hertz` at 48 kHz. */
void speech_tone(int16_t *pcm, size_t samples, double hertz, double peak);
/** Normalised correlation over every `step`th sample, -1 to 1; 1 when both are silent. */
double speech_likeness(const int16_t *a, const int16_t *b, size_t samples, size_t step);

#endif
