/* The exports of the sound part (galen_talk_wasm.h). */
#include "galen_talk_wasm.h"

#include "galen/talk.h"

#include <string.h>

_Static_assert(GALEN_TALK_SAMPLES == GALEN_VOICE_SAMPLES, "one packet");
_Static_assert(GALEN_TALK_PACKET_BYTES == GALEN_VOICE_BYTES, "one packet");
_Static_assert(GALEN_TALK_DEVICE_BYTES == GALEN_ID_BYTES, "a device id");
_Static_assert(GALEN_TALK_SPEAKERS_MAX == GALEN_PARTICIPANTS_MAX, "everybody in a call");

#define FULL     32767.0F           /* a sample of 1 */
#define TIME_MAX 253402300799999.0  /* the end of the year 9999, as elsewhere in the module */
#define LAST     9007199254740991.0 /* the largest number that a double counts up to */

static struct galen_talk *talk; /* one a module instance */
static struct galen_talk_io io;

/* As far as a u64 goes; NaN and what is below 0 count as 0. */
static uint64_t whole(double v, double most)
{
    if (!(v > 0))
        return 0;
    return (uint64_t)(v < most ? v : most);
}

static int16_t sample(float v)
{
    if (!(v > -1.0F))
        return v <= -1.0F ? -INT16_MAX : 0;
    return (int16_t)(v < 1.0F ? v * FULL : FULL);
}

static struct galen_id device(void)
{
    struct galen_id id;
    memcpy(id.bytes, io.device, sizeof id.bytes);
    return id;
}

uint32_t galen_talk_wasm_open(void)
{
    galen_talk_wasm_close();
    talk = galen_talk_new();
    return talk ? GALEN_OK : GALEN_ERR_MEMORY;
}

void galen_talk_wasm_close(void)
{
    galen_talk_free(talk);
    talk = NULL;
    memset(&io, 0, sizeof io);
}

struct galen_talk_io *galen_talk_wasm_io(void)
{
    return &io;
}

uint32_t galen_talk_wasm_mute(uint32_t muted)
{
    if (!talk)
        return GALEN_ERR_STATE;
    galen_talk_mute(talk, muted != 0);
    return GALEN_OK;
}

uint32_t galen_talk_wasm_encode(void)
{
    int16_t pcm[GALEN_VOICE_SAMPLES];
    if (!talk)
        return GALEN_ERR_STATE;
    for (size_t i = 0; i < GALEN_VOICE_SAMPLES; i++)
        pcm[i] = sample(io.samples[i]);
    return galen_talk_encode(talk, pcm, io.packet);
}

uint32_t galen_talk_wasm_put(double now_ms, double number)
{
    struct galen_id from = device();
    if (!talk)
        return GALEN_ERR_STATE;
    return galen_talk_put(talk, whole(now_ms, TIME_MAX), &from, whole(number, LAST),
                          (struct galen_bytes){io.packet, sizeof io.packet});
}

uint32_t galen_talk_wasm_gone(void)
{
    struct galen_id from = device();
    if (!talk)
        return GALEN_ERR_STATE;
    galen_talk_gone(talk, &from);
    return GALEN_OK;
}

uint32_t galen_talk_wasm_take(double now_ms, uint32_t count)
{
    int16_t pcm[GALEN_VOICE_SAMPLES];
    if (!talk)
        return GALEN_ERR_STATE;
    if (count == 0 || count > GALEN_VOICE_SAMPLES)
        return GALEN_ERR_VALUE;
    galen_talk_take(talk, whole(now_ms, TIME_MAX), pcm, count);
    for (size_t i = 0; i < count; i++)
        io.samples[i] = (float)pcm[i] / FULL;
    return GALEN_OK;
}

uint32_t galen_talk_wasm_look(void)
{
    struct galen_talk_levels levels;
    if (!talk)
        return GALEN_ERR_STATE;
    struct galen_talk_stats stats = galen_talk_stats(talk);
    galen_talk_levels(talk, &levels);
    io.speakers = (uint32_t)stats.speakers;
    io.delay_ms = stats.delay_ms;
    io.target_ms = stats.target_ms;
    io.received = (uint32_t)stats.received;
    io.concealed_ms = (uint32_t)stats.concealed_ms;
    io.discarded = (uint32_t)stats.discarded;
    io.late = (uint32_t)stats.late;
    io.own_level = levels.own;
    for (size_t i = 0; i < levels.count; i++) {
        io.levels[i] = levels.speakers[i].level;
        memcpy(io.devices[i], levels.speakers[i].device.bytes, sizeof io.devices[i]);
    }
    return GALEN_OK;
}
