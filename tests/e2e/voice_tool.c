/*
 * voice-tool resample IN.wav OUT.wav
 *     The same sound at 48 kHz, mono, 16 bit.
 * voice-tool compare SOURCE.wav HEARD.wav FROM_MS TO_MS
 *     One JSON object: each second of the source in which somebody speaks, how like it is to what was
 *     heard (normalised correlation at the best delay) and with what delay, from FROM_MS to TO_MS.
 * voice-tool level FILE.wav FROM_S TO_S
 *     One JSON object: the loudest tenth of a second, in dB below full scale.
 */
#include "voice_tool.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SPOKEN_DBFS (-45.0) /* a second below this is a pause, which is like anything */

static struct wave at_rate(const char *path)
{
    struct wave wave = wave_read(path);
    if (wave.rate == RATE)
        return wave;
    struct wave resampled = wave_resample(&wave);
    wave_free(&wave);
    return resampled;
}

static int resample(char **words)
{
    struct wave wave = at_rate(words[0]);
    wave_write(words[1], &wave);
    wave_free(&wave);
    return 0;
}

static int compare(char **words)
{
    struct wave source = at_rate(words[0]), heard = at_rate(words[1]);
    const char *comma = "";
    printf("{\"heard_seconds\": %.3f, \"seconds\": [", (double)heard.samples / RATE);
    for (size_t at = 0; at + RATE <= source.samples; at += RATE) {
        if (level_dbfs(source.pcm + at, RATE) < SPOKEN_DBFS)
            continue;
        struct second s = find_second(&source, at, &heard, atof(words[2]), atof(words[3]));
        printf("%s{\"at\": %zu, \"likeness\": %.4f, \"delay_ms\": %.2f}", comma, at / RATE,
               s.likeness, s.delay_ms);
        comma = ", ";
    }
    printf("]}\n");
    wave_free(&source);
    wave_free(&heard);
    return 0;
}

static int level(char **words)
{
    struct wave wave = at_rate(words[0]);
    double from = atof(words[1]) * RATE, to = fmin(atof(words[2]) * RATE, (double)wave.samples);
    double loudest = -120;
    size_t windows = 0;
    for (double at = fmax(0, from); at + RATE / 10 <= to; at += RATE / 10, windows++)
        loudest = fmax(loudest, level_dbfs(wave.pcm + (size_t)at, RATE / 10));
    printf("{\"dbfs\": %.2f, \"windows\": %zu}\n", loudest, windows);
    wave_free(&wave);
    return 0;
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        int words;
        int (*run)(char **words);
    } commands[] = {{"resample", 2, resample}, {"compare", 4, compare}, {"level", 3, level}};
    for (size_t i = 0; argc > 1 && i < sizeof commands / sizeof commands[0]; i++)
        if (strcmp(argv[1], commands[i].name) == 0 && argc == 2 + commands[i].words)
            return commands[i].run(argv + 2);
    fprintf(stderr, "usage: voice-tool resample IN OUT | compare SOURCE HEARD FROM_MS TO_MS | "
                    "level FILE FROM_S TO_S\n");
    return 2;
}
