/* WAV files (RIFF, PCM): 48 kHz, mono, 16 bit, which is what a call speaks. */
#ifndef GALEN_CLI_WAV_H
#define GALEN_CLI_WAV_H

#include "galen/base.h"

#define WAV_WHY_MAX 640

struct wav_reader;
/** NULL: `why` says what the file is and what to type to change it. */
struct wav_reader *wav_read_open(const char *path, char why[WAV_WHY_MAX]);
/** Up to `samples`; fewer at the end, 0 behind it. */
size_t wav_read(struct wav_reader *reader, int16_t *pcm, size_t samples);
void wav_read_close(struct wav_reader *reader);

struct wav_writer;
/** Makes or empties the file (0600: it holds what was said). NULL: errno. */
struct wav_writer *wav_write_open(const char *path);
/** False: the disk takes no more (errno). The file is whole, as far as it goes, at least each second. */
GALEN_MUST_USE bool wav_write(struct wav_writer *writer, const int16_t *pcm, size_t samples);
/** False: not all of it is on the disk. */
bool wav_write_close(struct wav_writer *writer);

#endif
