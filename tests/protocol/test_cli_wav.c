/* WAV files as calls read and write them. */
#include "cli/wav.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char path[64];

static void make_path(void)
{
    strcpy(path, "/tmp/galen-wav-XXXXXX");
    int fd = mkstemp(path);
    cr_assert(fd >= 0);
    close(fd);
}

static void remove_path(void)
{
    unlink(path);
}

TestSuite(cli_wav, .init = make_path, .fini = remove_path);

static void put_file(const void *bytes, size_t size)
{
    FILE *file = fopen(path, "wb");
    cr_assert(file && fwrite(bytes, 1, size, file) == size && fclose(file) == 0);
}

static size_t get_file(uint8_t *out, size_t room)
{
    FILE *file = fopen(path, "rb");
    cr_assert(file);
    size_t n = fread(out, 1, room, file);
    fclose(file);
    return n;
}

/* The header as the RIFF specification has it, written down by hand: 4 samples. */
static const uint8_t four[] = {
    'R', 'I', 'F', 'F', 44, 0, 0,    0,    'W',  'A',  'V',  'E',  'f',  'm',  't',  ' ', 16, 0,
    0,   0,   1,   0,   1,  0, 0x80, 0xbb, 0,    0,    0x00, 0x77, 1,    0,    2,    0,   16, 0,
    'd', 'a', 't', 'a', 8,  0, 0,    0,    0x01, 0x00, 0xff, 0xff, 0xff, 0x7f, 0x00, 0x80};
static const int16_t four_samples[] = {1, -1, 32767, -32768};

Test(cli_wav, reads_what_others_write)
{
    char why[WAV_WHY_MAX];
    int16_t pcm[8];
    put_file(four, sizeof four);
    struct wav_reader *reader = wav_read_open(path, why);
    cr_assert(reader, "%s", why);
    cr_expect_eq(wav_read(reader, pcm, 3), 3);
    cr_expect_eq(wav_read(reader, pcm + 3, 5), 1);
    cr_expect_eq(wav_read(reader, pcm + 4, 4), 0);
    cr_expect(memcmp(pcm, four_samples, sizeof four_samples) == 0);
    wav_read_close(reader);
}

Test(cli_wav, writes_what_others_read)
{
    uint8_t back[128];
    struct wav_writer *writer = wav_write_open(path);
    cr_assert(writer);
    cr_expect_eq(get_file(back, sizeof back), 44);
    cr_assert(wav_write(writer, four_samples, 4));
    cr_expect(wav_write_close(writer));
    cr_expect_eq(get_file(back, sizeof back), sizeof four);
    cr_expect(memcmp(back, four, sizeof four) == 0);
}

/* What is on the disk is a file that can be played, also when the writer is never closed. */
Test(cli_wav, is_whole_after_each_second)
{
    static int16_t second[48000];
    static uint8_t back[3 * 96000 + 44];
    struct wav_writer *writer = wav_write_open(path);
    cr_assert(writer);
    for (size_t k = 1; k <= 3; k++) {
        cr_assert(wav_write(writer, second, 48000));
        size_t n = get_file(back, sizeof back), data = k * 96000;
        cr_expect_eq(n, 44 + data);
        cr_expect_eq(back[40] | back[41] << 8 | back[42] << 16, (int)data);
        cr_expect_eq(back[4] | back[5] << 8 | back[6] << 16, (int)(data + 36));
    }
    cr_expect(wav_write_close(writer));
    struct stat st;
    cr_assert_eq(stat(path, &st), 0);
}

Test(cli_wav, chunks_that_are_not_known_are_stepped_over)
{
    uint8_t file[sizeof four + 12];
    char why[WAV_WHY_MAX];
    int16_t pcm[8];
    memcpy(file, four, 36);
    memcpy(file + 36, "LIST\x03\0\0\0abc", 11); /* an odd size is padded */
    file[47] = 0;
    memcpy(file + 48, four + 36, sizeof four - 36);
    put_file(file, sizeof file);
    struct wav_reader *reader = wav_read_open(path, why);
    cr_assert(reader, "%s", why);
    cr_expect_eq(wav_read(reader, pcm, 8), 4);
    cr_expect(memcmp(pcm, four_samples, sizeof four_samples) == 0);
    wav_read_close(reader);
}

Test(cli_wav, other_formats_are_refused_with_the_command_that_helps)
{
    static const struct {
        const char *what;
        size_t at;
        uint8_t value;
    } cases[] = {
        {"two channels", 22, 2}, {"another rate", 24, 0x44}, {"8 bit", 34, 8}, {"floats", 20, 3}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint8_t file[sizeof four];
        char why[WAV_WHY_MAX];
        memcpy(file, four, sizeof four);
        file[cases[i].at] = cases[i].value;
        put_file(file, sizeof file);
        cr_expect_null(wav_read_open(path, why), "%s", cases[i].what);
        cr_expect(strstr(why, "sox"), "%s: %s", cases[i].what, why);
        cr_expect(strstr(why, "-r 48000 -c 1 -b 16"), "%s", why);
    }
}

Test(cli_wav, the_extensible_header_names_its_format_further_on)
{
    uint8_t file[sizeof four + 24];
    char why[WAV_WHY_MAX];
    memcpy(file, four, 36);
    file[16] = 40;
    file[20] = 0xfe;
    file[21] = 0xff;
    memset(file + 36, 0, 24);
    file[44] = 1; /* PCM */
    memcpy(file + 60, four + 36, sizeof four - 36);
    put_file(file, sizeof file);
    struct wav_reader *reader = wav_read_open(path, why);
    cr_expect(reader, "%s", why);
    wav_read_close(reader);
    file[44] = 3; /* floats */
    put_file(file, sizeof file);
    cr_expect_null(wav_read_open(path, why));
}

Test(cli_wav, a_file_that_is_cut_gives_what_is_there_or_says_what_it_is)
{
    char why[WAV_WHY_MAX];
    for (size_t n = 0; n < sizeof four; n++) {
        int16_t pcm[8];
        put_file(four, n);
        struct wav_reader *reader = wav_read_open(path, why);
        cr_expect_eq(reader != NULL, n >= 44, "cut at %zu", n);
        if (reader)
            cr_expect_eq(wav_read(reader, pcm, 8), (n - 44) / 2);
        else
            cr_expect(why[0]);
        wav_read_close(reader);
    }
}

Test(cli_wav, a_size_that_is_too_large_ends_with_the_file)
{
    uint8_t file[sizeof four];
    char why[WAV_WHY_MAX];
    int16_t pcm[8];
    memcpy(file, four, sizeof four);
    memset(file + 40, 0xff, 4); /* as recorders leave it that were cut off */
    put_file(file, sizeof file);
    struct wav_reader *reader = wav_read_open(path, why);
    cr_assert(reader, "%s", why);
    cr_expect_eq(wav_read(reader, pcm, 8), 4);
    cr_expect_eq(wav_read(reader, pcm, 8), 0);
    wav_read_close(reader);
}
