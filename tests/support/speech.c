#include "support/speech.h"

#include <math.h>
#include <string.h>

#define RATE 48000.0
#define TURN 6.283185307179586

#define TABLE 1024 /* samples of one period */

struct voice {
    uint32_t random;
    double phase; /* in periods */
    double noise; /* the last sample of filtered noise */
    double period[TABLE + 1];
};

static double draw(struct voice *v)
{
    v->random = v->random * 1664525u + 1013904223u;
    return (double)(v->random >> 8) / (1 << 24);
}

/** One period of harmonics under two formants, as a vowel has them. */
static void form_vowel(struct voice *v, double pitch)
{
    double first = 300 + 500 * draw(v), second = 900 + 1500 * draw(v);
    memset(v->period, 0, sizeof v->period);
    for (int k = 1; k * pitch < 4000; k++) {
        double low = (k * pitch - first) / 120, high = (k * pitch - second) / 200;
        double gain = 0.02 + 1 / (1 + low * low) + 0.5 / (1 + high * high);
        for (int i = 0; i <= TABLE; i++)
            v->period[i] += gain * sin(TURN * k * i / TABLE);
    }
}

static double vowel(struct voice *v, double pitch)
{
    v->phase += pitch / RATE;
    v->phase -= floor(v->phase);
    double at = v->phase * TABLE;
    int i = (int)at;
    return v->period[i] + (v->period[i + 1] - v->period[i]) * (at - i);
}

void speech_make(int16_t *pcm, size_t samples, uint32_t seed)
{
    struct voice v = {.random = seed * 2654435761u + 1};
    size_t at = 0;
    while (at < samples) {
        size_t length = (size_t)((0.1 + 0.2 * draw(&v)) * RATE);
        double kind = draw(&v), pitch = 90 + 120 * draw(&v), glide = 0.8 + 0.4 * draw(&v);
        double peak = 4000 + 8000 * draw(&v);
        form_vowel(&v, pitch);
        for (size_t i = 0; i < length && at < samples; i++, at++) {
            double along = (double)i / (double)length;
            v.noise += 0.4 * (2 * draw(&v) - 1 - v.noise);
            double sound = kind < 0.65  ? vowel(&v, pitch * (1 + (glide - 1) * along))
                           : kind < 0.8 ? 0.5 * v.noise
                                        : 0.0005 * v.noise;
            double sample = 4 * peak * along * (1 - along) * sound;
            pcm[at] = (int16_t)fmax(-32000, fmin(32000, sample));
        }
    }
}

void speech_tone(int16_t *pcm, size_t samples, double hertz, double peak)
{
    for (size_t i = 0; i < samples; i++)
        pcm[i] = (int16_t)(peak * sin(TURN * hertz * (double)i / RATE));
}

/* Without the sanitizers, which make this inner loop of every search many times slower. */
__attribute__((no_sanitize("address", "undefined"))) double
speech_likeness(const int16_t *a, const int16_t *b, size_t samples, size_t step)
{
    double both = 0, first = 0, second = 0;
    for (size_t i = 0; i < samples; i += step) {
        both += (double)a[i] * b[i];
        first += (double)a[i] * a[i];
        second += (double)b[i] * b[i];
    }
    if (first == 0 && second == 0)
        return 1;
    return both / (sqrt(first * second) + 1e-9);
}
