/*
 * A person's voice in a call: 20 ms of the input file each 20 ms of the monotonic clock, 20 ms of
 * everybody else into the output file. What is late is made up for at once, so it never drifts.
 */
#ifndef GALEN_CLI_VOICE_H
#define GALEN_CLI_VOICE_H

#include "cli.h"
#include "wav.h"

struct voice;

struct voice_config {
    const char *in, *out; /* WAV files; NULL: silence; not kept */
    uint64_t seconds;     /* hang up then; 0: when `in` is over, or never if there is none */
    bool mute;
};

/** Opens the files. NULL: said already, through cli_fail. */
struct voice *voice_new(struct cli *cli, const struct voice_config *config);
/** Let in: from now on it is spoken and heard. `over` is called once when its time is up. */
void voice_begin(struct voice *voice, void *context, void (*over)(void *context));
bool voice_begun(const struct voice *voice);
void voice_mute(struct voice *voice, bool mute);
/** {"event": `event`, …}: figures of the call so far. */
cJSON *voice_json(const struct voice *voice, const char *event);
/** Whether the files took everything; else said, through cli_fail. Frees. */
int voice_free(struct voice *voice);

#endif
