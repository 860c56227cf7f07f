#include "wav.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RATE           48000u
#define HEADER_BYTES   44
#define CHUNKS_MAX     64 /* before the sound begins */
#define FORMAT_PCM     1
#define FORMAT_MORE    0xfffe /* WAVE_FORMAT_EXTENSIBLE: the real one follows */
#define DATA_BYTES_MAX (UINT32_MAX - HEADER_BYTES)

struct wav_reader {
    FILE *file;
    uint64_t left; /* bytes of sound */
};

struct wav_writer {
    int file;
    uint64_t bytes, told; /* of sound; as the header says */
};

static uint32_t little(const uint8_t *at, size_t n)
{
    uint32_t v = 0;
    while (n-- > 0)
        v = v << 8 | at[n];
    return v;
}

static void put_little(uint8_t *at, uint32_t v, size_t n)
{
    for (size_t i = 0; i < n; i++)
        at[i] = (uint8_t)(v >> (8 * i));
}

/* -- reading ---------------------------------------------------------------------------------------- */

static bool check_format(const uint8_t *at, size_t size, const char *path, char why[WAV_WHY_MAX])
{
    uint32_t format = little(at, 2), channels = little(at + 2, 2), rate = little(at + 4, 4),
             bits = little(at + 14, 2);
    if (format == FORMAT_MORE && size >= 26)
        format = little(at + 24, 2);
    if (format == FORMAT_PCM && channels == 1 && rate == RATE && bits == 16)
        return true;
    snprintf(
        why, WAV_WHY_MAX,
        "%.100s has %u Hz, %u channel(s), %u bit%s. A call takes 48000 Hz, mono, 16 bit. Type:\n"
        "  sox '%.100s' -r 48000 -c 1 -b 16 ready.wav",
        path, rate, channels, bits, format == FORMAT_PCM ? "" : " in another coding", path);
    return false;
}

/* Steps over chunks until the sound begins. */
static bool find_sound(struct wav_reader *reader, const char *path, char why[WAV_WHY_MAX])
{
    bool known = false;
    for (size_t i = 0; i < CHUNKS_MAX; i++) {
        uint8_t head[8], format[40];
        if (fread(head, 1, sizeof head, reader->file) != sizeof head)
            break;
        uint32_t size = little(head + 4, 4);
        if (memcmp(head, "data", 4) == 0 && known) {
            reader->left = size;
            return true;
        }
        size_t take = 0;
        if (memcmp(head, "fmt ", 4) == 0 && size >= 16) {
            take = size < sizeof format ? size : sizeof format;
            if (fread(format, 1, take, reader->file) != take)
                break;
            if (!check_format(format, take, path, why))
                return false;
            known = true;
        }
        if (fseek(reader->file, (long)(size - take + (size & 1)), SEEK_CUR) != 0)
            break;
    }
    snprintf(why, WAV_WHY_MAX, "%.200s is not a WAV file with sound in it.", path);
    return false;
}

struct wav_reader *wav_read_open(const char *path, char why[WAV_WHY_MAX])
{
    uint8_t head[12];
    struct wav_reader *reader = calloc(1, sizeof *reader);
    snprintf(why, WAV_WHY_MAX, "out of memory");
    if (!reader)
        return NULL;
    reader->file = fopen(path, "rb");
    if (!reader->file)
        snprintf(why, WAV_WHY_MAX, "%.200s cannot be read: %s.", path, strerror(errno));
    else if (fread(head, 1, sizeof head, reader->file) != sizeof head ||
             memcmp(head, "RIFF", 4) != 0 || memcmp(head + 8, "WAVE", 4) != 0)
        snprintf(why, WAV_WHY_MAX, "%.200s is not a WAV file.", path);
    else if (find_sound(reader, path, why))
        return reader;
    wav_read_close(reader);
    return NULL;
}

size_t wav_read(struct wav_reader *reader, int16_t *pcm, size_t samples)
{
    size_t done = 0;
    uint8_t two[2];
    while (done < samples && reader->left >= 2 && fread(two, 1, 2, reader->file) == 2) {
        pcm[done++] = (int16_t)little(two, 2);
        reader->left -= 2;
    }
    if (done < samples)
        reader->left = 0;
    return done;
}

void wav_read_close(struct wav_reader *reader)
{
    if (!reader)
        return;
    if (reader->file)
        fclose(reader->file);
    free(reader);
}

/* -- writing ---------------------------------------------------------------------------------------- */

static bool write_all(int file, const uint8_t *at, size_t n, off_t where)
{
    while (n > 0) {
        ssize_t put = pwrite(file, at, n, where);
        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0)
            return false;
        at += put;
        n -= (size_t)put;
        where += put;
    }
    return true;
}

static bool write_header(struct wav_writer *writer)
{
    uint8_t head[HEADER_BYTES];
    memcpy(head, "RIFF....WAVEfmt ", 16);
    put_little(head + 4, (uint32_t)(writer->bytes + HEADER_BYTES - 8), 4);
    put_little(head + 16, 16, 4);
    put_little(head + 20, FORMAT_PCM, 2);
    put_little(head + 22, 1, 2);
    put_little(head + 24, RATE, 4);
    put_little(head + 28, RATE * 2, 4);
    put_little(head + 32, 2, 2);
    put_little(head + 34, 16, 2);
    memcpy(head + 36, "data", 4);
    put_little(head + 40, (uint32_t)writer->bytes, 4);
    writer->told = writer->bytes;
    return write_all(writer->file, head, sizeof head, 0);
}

struct wav_writer *wav_write_open(const char *path)
{
    struct wav_writer *writer = calloc(1, sizeof *writer);
    if (!writer)
        return NULL;
    writer->file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (writer->file >= 0 && write_header(writer))
        return writer;
    int saved = errno;
    if (writer->file >= 0)
        close(writer->file);
    free(writer);
    errno = saved;
    return NULL;
}

bool wav_write(struct wav_writer *writer, const int16_t *pcm, size_t samples)
{
    uint8_t bytes[2048];
    while (samples > 0) {
        size_t n = samples < sizeof bytes / 2 ? samples : sizeof bytes / 2;
        if (writer->bytes + 2 * n > DATA_BYTES_MAX) {
            errno = EFBIG;
            return false;
        }
        for (size_t i = 0; i < n; i++)
            put_little(bytes + 2 * i, (uint16_t)pcm[i], 2);
        if (!write_all(writer->file, bytes, 2 * n, (off_t)(HEADER_BYTES + writer->bytes)))
            return false;
        writer->bytes += 2 * n;
        pcm += n;
        samples -= n;
    }
    return writer->bytes - writer->told < RATE * 2 || write_header(writer);
}

bool wav_write_close(struct wav_writer *writer)
{
    if (!writer)
        return true;
    bool ok = write_header(writer) && fsync(writer->file) == 0;
    ok = close(writer->file) == 0 && ok;
    free(writer);
    return ok;
}
