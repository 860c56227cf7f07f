#include "voice_tool.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TAPS 24 /* on each side of a resampled place */
#define TURN 6.283185307179586

static void stop(const char *path, const char *why)
{
    fprintf(stderr, "voice-tool: %s: %s\n", path, why);
    exit(1);
}

static uint32_t le(const uint8_t *at, int bytes)
{
    uint32_t v = 0;
    for (int i = bytes - 1; i >= 0; i--)
        v = v << 8 | at[i];
    return v;
}

static uint8_t *read_file(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");
    if (!file || fseek(file, 0, SEEK_END) != 0)
        stop(path, "cannot be read");
    long length = ftell(file);
    rewind(file);
    uint8_t *bytes = malloc(length > 0 ? (size_t)length : 1);
    if (length < 0 || !bytes || fread(bytes, 1, (size_t)length, file) != (size_t)length)
        stop(path, "cannot be read");
    fclose(file);
    *size = (size_t)length;
    return bytes;
}

/** A chunk's contents; NULL when there is none. A size of 0xffffffff (still written) means: all the rest. */
static const uint8_t *chunk(const uint8_t *bytes, size_t size, const char *name, size_t *length)
{
    for (size_t at = 12; size >= 8 && at <= size - 8;) {
        size_t n = le(bytes + at + 4, 4), left = size - at - 8;
        *length = n < left ? n : left;
        if (memcmp(bytes + at, name, 4) == 0)
            return bytes + at + 8;
        if (n >= left)
            return NULL;
        at += 8 + n + n % 2;
    }
    return NULL;
}

struct wave wave_read(const char *path)
{
    size_t size, format_size, data_size;
    uint8_t *bytes = read_file(path, &size);
    if (size < 12 || memcmp(bytes, "RIFF", 4) != 0 || memcmp(bytes + 8, "WAVE", 4) != 0)
        stop(path, "is not a WAV file");
    const uint8_t *format = chunk(bytes, size, "fmt ", &format_size);
    const uint8_t *data = chunk(bytes, size, "data", &data_size);
    if (!format || format_size < 16 || !data || le(format + 14, 2) != 16 || le(format + 2, 2) == 0)
        stop(path, "is not 16-bit PCM");
    size_t channels = le(format + 2, 2);
    struct wave wave = {NULL, data_size / 2 / channels, le(format + 4, 4)};
    wave.pcm = malloc((wave.samples + 1) * sizeof *wave.pcm);
    if (!wave.pcm || wave.rate == 0)
        stop(path, "cannot be held");
    for (size_t i = 0; i < wave.samples; i++)
        wave.pcm[i] = (int16_t)le(data + 2 * i * channels, 2);
    free(bytes);
    return wave;
}

void wave_write(const char *path, const struct wave *wave)
{
    uint8_t header[44] = "RIFF....WAVEfmt \x10\0\0\0\1\0\1\0........\2\0\x10\0data....";
    uint32_t data = (uint32_t)wave->samples * 2;
    uint32_t fields[][2] = {{4, data + 36}, {24, wave->rate}, {28, wave->rate * 2}, {40, data}};
    for (size_t f = 0; f < 4; f++)
        for (uint32_t i = 0; i < 4; i++)
            header[fields[f][0] + i] = (uint8_t)(fields[f][1] >> 8 * i);
    FILE *file = fopen(path, "wb");
    if (!file || fwrite(header, 1, sizeof header, file) != sizeof header)
        stop(path, "cannot be written");
    for (size_t i = 0; i < wave->samples; i++) {
        uint16_t v = (uint16_t)wave->pcm[i];
        uint8_t two[] = {(uint8_t)v, (uint8_t)(v >> 8)};
        if (fwrite(two, 1, 2, file) != 2)
            stop(path, "cannot be written");
    }
    if (fclose(file) != 0)
        stop(path, "cannot be written");
}

/** Windowed sine over its argument. */
static double kernel(double x)
{
    if (fabs(x) >= TAPS)
        return 0;
    double window = 0.5 + 0.5 * cos(TURN / 2 * x / TAPS);
    return x == 0 ? 1 : window * sin(TURN / 2 * x) / (TURN / 2 * x);
}

struct wave wave_resample(const struct wave *wave)
{
    struct wave out = {NULL, (size_t)((double)wave->samples * RATE / wave->rate), RATE};
    out.pcm = malloc((out.samples + 1) * sizeof *out.pcm);
    if (!out.pcm)
        stop("resampling", "out of memory");
    for (size_t i = 0; i < out.samples; i++) {
        double at = (double)i * wave->rate / RATE, sum = 0;
        long middle = (long)at;
        for (long k = middle - TAPS + 1; k <= middle + TAPS; k++)
            if (k >= 0 && (size_t)k < wave->samples)
                sum += wave->pcm[k] * kernel(at - (double)k);
        out.pcm[i] = (int16_t)fmax(-32768, fmin(32767, round(sum)));
    }
    return out;
}

void wave_free(struct wave *wave)
{
    free(wave->pcm);
    wave->pcm = NULL;
}
