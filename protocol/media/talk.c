#include "galen/talk.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define PER_MS (GALEN_VOICE_RATE / 1000)

/* How loud it was. */
struct loudness {
    uint64_t squares, samples;
};

struct speaker {
    struct galen_id device;
    struct galen_playout *playout;
    struct loudness loudness;
};

struct galen_talk {
    struct galen_voice_encoder *encoder;
    bool muted;
    struct loudness own;
    struct speaker speakers[GALEN_PARTICIPANTS_MAX];
    size_t speaker_count;
    struct galen_talk_stats gone; /* sums of those who are not there any more */
};

struct galen_talk *galen_talk_new(void)
{
    struct galen_talk *talk = calloc(1, sizeof *talk);
    if (!talk)
        return NULL;
    talk->encoder = galen_voice_encoder_new();
    if (!talk->encoder) {
        free(talk);
        return NULL;
    }
    return talk;
}

void galen_talk_free(struct galen_talk *talk)
{
    if (!talk)
        return;
    for (size_t i = 0; i < talk->speaker_count; i++)
        galen_playout_free(talk->speakers[i].playout);
    galen_voice_encoder_free(talk->encoder);
    free(talk);
}

static void measure(struct loudness *l, const int16_t *pcm, size_t samples)
{
    for (size_t i = 0; i < samples; i++)
        l->squares += (uint64_t)((int32_t)pcm[i] * pcm[i]);
    l->samples += samples;
}

static uint32_t take_level(struct loudness *l)
{
    uint64_t mean = l->samples > 0 ? l->squares / l->samples : 0;
    *l = (struct loudness){0};
    return (uint32_t)sqrt((double)mean);
}

void galen_talk_levels(struct galen_talk *talk, struct galen_talk_levels *levels)
{
    *levels =
        (struct galen_talk_levels){.own = take_level(&talk->own), .count = talk->speaker_count};
    for (size_t i = 0; i < talk->speaker_count; i++) {
        levels->speakers[i].device = talk->speakers[i].device;
        levels->speakers[i].level = take_level(&talk->speakers[i].loudness);
    }
}

/* -- speaking --------------------------------------------------------------------------------------- */

void galen_talk_mute(struct galen_talk *talk, bool muted)
{
    talk->muted = muted;
}

bool galen_talk_muted(const struct galen_talk *talk)
{
    return talk->muted;
}

enum galen_err galen_talk_encode(struct galen_talk *talk, const int16_t pcm[GALEN_VOICE_SAMPLES],
                                 uint8_t packet[GALEN_VOICE_BYTES])
{
    measure(&talk->own, pcm, GALEN_VOICE_SAMPLES);
    return talk->muted ? galen_voice_encode_muted(talk->encoder, packet)
                       : galen_voice_encode(talk->encoder, pcm, packet);
}

/* -- hearing ---------------------------------------------------------------------------------------- */

static struct speaker *find(struct galen_talk *talk, const struct galen_id *device)
{
    for (size_t i = 0; i < talk->speaker_count; i++)
        if (galen_id_equal(&talk->speakers[i].device, device))
            return &talk->speakers[i];
    return NULL;
}

enum galen_err galen_talk_put(struct galen_talk *talk, uint64_t now_ms,
                              const struct galen_id *device, uint64_t number,
                              struct galen_bytes packet)
{
    struct speaker *s = find(talk, device);
    if (packet.size != GALEN_VOICE_BYTES)
        return GALEN_ERR_FORMAT;
    if (!s && talk->speaker_count == GALEN_PARTICIPANTS_MAX)
        return GALEN_ERR_LIMIT;
    if (!s) {
        s = &talk->speakers[talk->speaker_count];
        *s = (struct speaker){.device = *device, .playout = galen_playout_new()};
        if (!s->playout)
            return GALEN_ERR_MEMORY;
        talk->speaker_count++;
    }
    return galen_playout_put(s->playout, now_ms, number, packet);
}

static void add_sums(struct galen_talk_stats *sums, const struct galen_playout *playout)
{
    struct galen_playout_stats s = galen_playout_stats(playout);
    sums->received += s.received;
    sums->played += s.played;
    sums->discarded += s.discarded;
    sums->late += s.late;
    sums->concealed_ms += s.concealed_ms;
}

void galen_talk_gone(struct galen_talk *talk, const struct galen_id *device)
{
    struct speaker *s = find(talk, device);
    if (!s)
        return;
    add_sums(&talk->gone, s->playout);
    galen_playout_free(s->playout);
    *s = talk->speakers[--talk->speaker_count];
}

static int16_t clip(int32_t v)
{
    return (int16_t)(v > INT16_MAX ? INT16_MAX : v < INT16_MIN ? INT16_MIN : v);
}

/* At most one packet's samples, so that the sum has a fixed place. */
static void mix(struct galen_talk *talk, uint64_t now_ms, int16_t *pcm, size_t samples)
{
    int32_t sum[GALEN_VOICE_SAMPLES] = {0};
    int16_t one[GALEN_VOICE_SAMPLES];
    for (size_t i = 0; i < talk->speaker_count; i++) {
        galen_playout_take(talk->speakers[i].playout, now_ms, one, samples);
        measure(&talk->speakers[i].loudness, one, samples);
        for (size_t k = 0; k < samples; k++)
            sum[k] += one[k];
    }
    for (size_t k = 0; k < samples; k++)
        pcm[k] = clip(sum[k]);
}

void galen_talk_take(struct galen_talk *talk, uint64_t now_ms, int16_t *pcm, size_t samples)
{
    for (size_t done = 0; done < samples;) {
        size_t n = samples - done < GALEN_VOICE_SAMPLES ? samples - done : GALEN_VOICE_SAMPLES;
        mix(talk, now_ms + done / PER_MS, pcm + done, n);
        done += n;
    }
}

struct galen_talk_stats galen_talk_stats(const struct galen_talk *talk)
{
    struct galen_talk_stats stats = talk->gone;
    stats.speakers = talk->speaker_count;
    for (size_t i = 0; i < talk->speaker_count; i++) {
        struct galen_playout_stats s = galen_playout_stats(talk->speakers[i].playout);
        add_sums(&stats, talk->speakers[i].playout);
        if (s.delay_ms > stats.delay_ms)
            stats.delay_ms = s.delay_ms;
        if (s.target_ms > stats.target_ms)
            stats.target_ms = s.target_ms;
    }
    return stats;
}
