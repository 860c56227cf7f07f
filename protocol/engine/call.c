/* The voice of a call: what is spoken goes out sealed, what comes is opened, played out and mixed. */
#include "live.h"

#include <string.h>

static struct speaker *speaker_of(struct visit *v, const struct galen_id *device)
{
    for (size_t i = 0; i < v->speaker_count; i++)
        if (galen_id_equal(&v->speakers[i].device, device))
            return &v->speakers[i];
    if (v->speaker_count == GALEN_PARTICIPANTS_MAX)
        return NULL;
    struct speaker *s = &v->speakers[v->speaker_count];
    *s = (struct speaker){*device, galen_playout_new()};
    if (!s->playout)
        return NULL;
    v->speaker_count++;
    return s;
}

void call_media(struct galen_engine *engine, uint64_t now_ms, struct galen_bytes sframe)
{
    struct visit *v = visit_current(engine);
    uint8_t plain[GALEN_LIVE_FRAME_MAX];
    struct galen_call_opened opened;
    if (!v || !v->call)
        return;
    if (galen_call_open(v->call, now_ms, sframe, plain, sizeof plain, &opened) != GALEN_OK) {
        v->refused++;
        return;
    }
    struct speaker *s = opened.stream == GALEN_STREAM_VOICE ? speaker_of(v, &opened.device) : NULL;
    if (s)
        (void)galen_playout_put(s->playout, now_ms, opened.counter,
                                (struct galen_bytes){plain, opened.size});
    galen_wipe(plain, sizeof plain);
}

enum galen_err galen_engine_speak(struct galen_engine *engine, uint64_t now_ms, const int16_t *pcm)
{
    (void)now_ms;
    struct visit *v = visit_current(engine);
    if (!v || !v->call)
        return GALEN_ERR_NO_VISIT;
    if (!v->encoder)
        v->encoder = galen_voice_encoder_new();
    if (!v->encoder)
        return GALEN_ERR_MEMORY;
    uint8_t packet[GALEN_VOICE_BYTES];
    uint8_t frame[1 + GALEN_VOICE_BYTES + GALEN_SFRAME_OVERHEAD];
    size_t size = 0;
    enum galen_err err = v->muted ? galen_voice_encode_muted(v->encoder, packet)
                                  : galen_voice_encode(v->encoder, pcm, packet);
    if (err == GALEN_OK && (!v->admitted || !line_ready(engine, GALEN_CONNECTION_LIVE))) {
        galen_call_skip(v->call, GALEN_STREAM_VOICE);
        err = GALEN_ERR_WAITING;
    }
    if (err == GALEN_OK)
        err = galen_call_seal(v->call, GALEN_STREAM_VOICE,
                              (struct galen_bytes){packet, sizeof packet}, frame + 1,
                              sizeof frame - 1, &size);
    galen_wipe(packet, sizeof packet);
    if (err != GALEN_OK)
        return err;
    frame[0] = GALEN_FRAME_MEDIA;
    v->sent++;
    send_bytes(engine, GALEN_CONNECTION_LIVE, (struct galen_bytes){frame, size + 1});
    return GALEN_OK;
}

static int16_t clip(int32_t v)
{
    return (int16_t)(v > INT16_MAX ? INT16_MAX : v < INT16_MIN ? INT16_MIN : v);
}

void galen_engine_listen(struct galen_engine *engine, uint64_t now_ms, int16_t *pcm)
{
    int32_t mix[GALEN_VOICE_SAMPLES] = {0};
    int16_t one[GALEN_VOICE_SAMPLES];
    struct visit *v = visit_current(engine);
    for (size_t i = 0; v && i < v->speaker_count; i++) {
        galen_playout_take(v->speakers[i].playout, now_ms, one, GALEN_VOICE_SAMPLES);
        for (size_t k = 0; k < GALEN_VOICE_SAMPLES; k++)
            mix[k] += one[k];
    }
    for (size_t k = 0; k < GALEN_VOICE_SAMPLES; k++)
        pcm[k] = clip(mix[k]);
}

void galen_engine_mute(struct galen_engine *engine, bool muted)
{
    struct live *live = live_get(engine);
    if (live)
        live->visit.muted = muted;
}

struct galen_call_stats galen_engine_call_stats(const struct galen_engine *engine)
{
    struct galen_call_stats stats = {0};
    const struct visit *v = visit_current(engine);
    if (!v)
        return stats;
    const struct galen_call_roster *roster = v->call ? galen_call_roster(v->call) : NULL;
    stats.participants = roster ? roster->count : 0;
    stats.sent = v->sent;
    stats.refused = v->refused;
    for (size_t i = 0; i < v->speaker_count; i++) {
        struct galen_playout_stats s = galen_playout_stats(v->speakers[i].playout);
        stats.received += s.received;
        stats.concealed += s.concealed_ms / GALEN_VOICE_MS;
        stats.discarded += s.discarded;
        stats.late += s.late;
        if (s.delay_ms > stats.delay_ms)
            stats.delay_ms = s.delay_ms;
    }
    return stats;
}
