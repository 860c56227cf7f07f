/* The voice of a call: packets go out sealed, and what comes is opened for the host to play. */
#include "live.h"

#include <string.h>

/* -- who speaks ------------------------------------------------------------------------------------- */

/* Told once more when somebody goes, so no more may be let through than can be remembered. */
static bool is_speaker(struct visit *v, const struct galen_id *device)
{
    for (size_t i = 0; i < v->speaker_count; i++)
        if (galen_id_equal(&v->speakers[i], device))
            return true;
    if (v->speaker_count == GALEN_PARTICIPANTS_MAX)
        return false;
    v->speakers[v->speaker_count++] = *device;
    return true;
}

void call_keep(struct galen_engine *engine, const struct galen_call_roster *roster)
{
    struct visit *v = &engine->live->visit;
    for (size_t i = 0; i < v->speaker_count; i++) {
        if (roster && galen_call_place_of(roster, &v->speakers[i]))
            continue;
        voice(engine, &v->speakers[i], 0, (struct galen_bytes){0});
        v->speakers[i--] = v->speakers[--v->speaker_count];
    }
    for (size_t i = 0; i < v->muted_count; i++)
        if (!roster || !galen_call_place_of(roster, &v->muted[i]))
            v->muted[i--] = v->muted[--v->muted_count];
}

/* -- what guests say of themselves ------------------------------------------------------------------- */

static bool is_muted_guest(const struct visit *v, const struct galen_id *device)
{
    for (size_t i = 0; i < v->muted_count; i++)
        if (galen_id_equal(&v->muted[i], device))
            return true;
    return false;
}

/* Members say it where no guest hears them; of theirs nothing is taken here. */
static void on_self(struct galen_engine *engine, struct visit *v, const struct galen_id *device,
                    uint8_t muted)
{
    const struct galen_call_place *place = galen_call_place_of(galen_call_roster(v->call), device);
    if (!place || !place->guest || muted > 1 || is_muted_guest(v, device) == (muted == 1))
        return;
    if (muted == 1 && v->muted_count < GALEN_PARTICIPANTS_MAX)
        v->muted[v->muted_count++] = *device;
    for (size_t i = 0; muted == 0 && i < v->muted_count; i++)
        if (galen_id_equal(&v->muted[i], device))
            v->muted[i--] = v->muted[--v->muted_count];
    call_told(engine, device);
}

void call_say_self(struct galen_engine *engine)
{
    const struct visit *v = visit_current(engine);
    uint8_t frame[1 + 1 + GALEN_SFRAME_OVERHEAD] = {GALEN_FRAME_MEDIA};
    uint8_t muted = engine->live && engine->live->muted;
    size_t size = 0;
    if (engine->me.state != GALEN_HOME_GUEST || !v || !v->call || !v->admitted ||
        !line_ready(engine, GALEN_CONNECTION_LIVE) ||
        galen_call_seal(v->call, GALEN_STREAM_SELF, (struct galen_bytes){&muted, 1}, frame + 1,
                        sizeof frame - 1, &size) != GALEN_OK)
        return;
    send_bytes(engine, GALEN_CONNECTION_LIVE, (struct galen_bytes){frame, size + 1});
}

/* -- packets ---------------------------------------------------------------------------------------- */

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
    if (opened.stream == GALEN_STREAM_VOICE && opened.size == GALEN_VOICE_BYTES &&
        is_speaker(v, &opened.device)) {
        v->received++;
        voice(engine, &opened.device, opened.counter, (struct galen_bytes){plain, opened.size});
    } else if (opened.stream == GALEN_STREAM_SELF && opened.size == 1) {
        on_self(engine, v, &opened.device, plain[0]);
    }
    galen_wipe(plain, sizeof plain);
}

enum galen_err galen_engine_speak(struct galen_engine *engine, uint64_t now_ms,
                                  const uint8_t packet[GALEN_VOICE_BYTES])
{
    (void)now_ms;
    struct visit *v = visit_current(engine);
    uint8_t frame[1 + GALEN_VOICE_BYTES + GALEN_SFRAME_OVERHEAD] = {GALEN_FRAME_MEDIA};
    size_t size = 0;
    if (!v || !v->call)
        return GALEN_ERR_NO_VISIT;
    if (!v->admitted || !line_ready(engine, GALEN_CONNECTION_LIVE)) {
        galen_call_skip(v->call, GALEN_STREAM_VOICE);
        return GALEN_ERR_WAITING;
    }
    enum galen_err err = galen_call_seal(v->call, GALEN_STREAM_VOICE,
                                         (struct galen_bytes){packet, GALEN_VOICE_BYTES}, frame + 1,
                                         sizeof frame - 1, &size);
    if (err != GALEN_OK)
        return err;
    v->sent++;
    send_bytes(engine, GALEN_CONNECTION_LIVE, (struct galen_bytes){frame, size + 1});
    return GALEN_OK;
}

/* -- mute ------------------------------------------------------------------------------------------- */

static const struct galen_call_roster *roster_of(const struct galen_engine *engine)
{
    const struct visit *v = visit_current(engine);
    return v && v->call ? galen_call_roster(v->call) : NULL;
}

void call_told(struct galen_engine *engine, const struct galen_id *device)
{
    static const struct galen_id nobody;
    const struct visit *v = &engine->live->visit;
    const struct galen_call_roster *roster = roster_of(engine);
    event(engine, (struct galen_event){.kind = GALEN_EVENT_CALL,
                                       .chart = v->chart,
                                       .visit = v->visit,
                                       .device = device ? *device : nobody,
                                       .number = roster ? roster->count : 0});
}

void galen_engine_mute(struct galen_engine *engine, bool muted)
{
    struct live *live = live_get(engine);
    if (!live || live->muted == muted)
        return;
    live->muted = muted;
    if (!visit_current(engine))
        return;
    live_say_here(engine, &live->visit.chart);
    call_say_self(engine);
    call_told(engine, &engine->me.device);
}

bool galen_engine_participant_muted(const struct galen_engine *engine,
                                    const struct galen_id *device)
{
    if (galen_id_equal(device, &engine->me.device))
        return engine->live && engine->live->muted;
    const struct galen_call_roster *roster = roster_of(engine);
    const struct galen_call_place *place = roster ? galen_call_place_of(roster, device) : NULL;
    if (place && place->guest)
        return is_muted_guest(&engine->live->visit, device);
    const struct peer *peer = place ? live_peer(engine->live, &roster->chart, device) : NULL;
    return peer && peer->muted && galen_id_equal(&peer->visit, &roster->visit);
}

struct galen_call_stats galen_engine_call_stats(const struct galen_engine *engine)
{
    const struct visit *v = visit_current(engine);
    if (!v)
        return (struct galen_call_stats){0};
    const struct galen_call_roster *roster = roster_of(engine);
    return (struct galen_call_stats){.participants = roster ? roster->count : 0,
                                     .sent = v->sent,
                                     .received = v->received,
                                     .refused = v->refused};
}
