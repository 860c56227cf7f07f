#include "voice.h"

#include "galen/talk.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define FRAME_US    20000ull
#define BEHIND_MAX  5 /* 20 ms frames that are still spoken after a stall; older ones are left out */
#define TAIL_FRAMES 50 /* heard on after the input is over */
#define STATS_EVERY 50 /* frames */

struct voice {
    struct cli *cli;
    struct voice_config config;
    struct galen_talk *talk;
    struct wav_reader *in;
    struct wav_writer *out;
    ev_timer timer;
    bool begun, in_over, is_over, out_failed;
    int out_errno;
    uint64_t started_us;    /* monotonic */
    double started_at_ms;   /* Unix time of the first sample, captured and played */
    uint64_t heard, spoken; /* frames */
    uint64_t over_at;       /* frame at which the call is over; UINT64_MAX: not known */
    uint64_t unsent;        /* frames captured without a line or a key */
    uint64_t left_out;      /* frames not spoken after a stall */
    uint32_t delay_max_ms;
    struct galen_call_stats call; /* as last seen: they end with the visit */
    struct galen_talk_stats talked;
    void *context;
    void (*over)(void *context);
};

static uint64_t monotonic_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static double unix_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (double)t.tv_sec * 1000.0 + (double)t.tv_nsec / 1e6;
}

struct voice *voice_new(struct cli *cli, const struct voice_config *config)
{
    char why[WAV_WHY_MAX];
    struct voice *v = calloc(1, sizeof *v);
    if (!v || !(v->talk = galen_talk_new())) {
        (void)cli_fail(cli, GALEN_ERR_MEMORY, NULL);
        free(v);
        return NULL;
    }
    v->cli = cli;
    v->config = *config;
    galen_talk_mute(v->talk, config->mute);
    v->over_at = config->seconds > 0 ? config->seconds * 1000000 / FRAME_US : UINT64_MAX;
    if (config->in && !(v->in = wav_read_open(config->in, why))) {
        (void)cli_fail_as(cli, CLI_USAGE, GALEN_ERR_IO, "%s", why);
        galen_talk_free(v->talk);
        free(v);
        return NULL;
    }
    if (config->out && !(v->out = wav_write_open(config->out))) {
        (void)cli_fail_as(cli, CLI_USAGE, GALEN_ERR_IO, "%s cannot be written: %s.", config->out,
                          strerror(errno));
        wav_read_close(v->in);
        galen_talk_free(v->talk);
        free(v);
        return NULL;
    }
    return v;
}

/* -- one frame -------------------------------------------------------------------------------------- */

static void on_voice(void *context, const struct galen_id *device, uint64_t number,
                     struct galen_bytes packet)
{
    struct voice *v = context;
    if (packet.size > 0)
        (void)galen_talk_put(v->talk, clock_ms(), device, number, packet);
    else
        galen_talk_gone(v->talk, device);
}

static void hear(struct voice *v, uint64_t now_ms)
{
    int16_t pcm[GALEN_VOICE_SAMPLES];
    galen_talk_take(v->talk, now_ms, pcm, GALEN_VOICE_SAMPLES);
    v->heard++;
    if (v->out && !v->out_failed && !wav_write(v->out, pcm, GALEN_VOICE_SAMPLES)) {
        v->out_failed = true;
        v->out_errno = errno;
        cli_warn(v->cli, "What is heard is not kept any more: %s cannot be written (%s).",
                 v->config.out, strerror(errno));
    }
}

/* The input moves with the clock, also where a frame is not spoken. */
static void speak(struct voice *v, uint64_t now_ms, bool late)
{
    int16_t pcm[GALEN_VOICE_SAMPLES] = {0};
    uint8_t packet[GALEN_VOICE_BYTES];
    size_t n = v->in ? wav_read(v->in, pcm, GALEN_VOICE_SAMPLES) : 0;
    v->spoken++;
    if (n < GALEN_VOICE_SAMPLES && v->in && !v->in_over) {
        v->in_over = true;
        if (v->over_at == UINT64_MAX)
            v->over_at = v->spoken + TAIL_FRAMES;
    }
    if (late) {
        v->left_out++;
        return;
    }
    /* WAITING and NO_VISIT: the line is being made again; the engine counts the frame. */
    if (galen_talk_encode(v->talk, pcm, packet) != GALEN_OK ||
        galen_engine_speak(v->cli->engine, now_ms, packet) != GALEN_OK)
        v->unsent++;
    galen_wipe(packet, sizeof packet);
}

static void look(struct voice *v)
{
    struct galen_call_stats now = galen_engine_call_stats(v->cli->engine);
    if (now.participants == 0 && now.sent < v->call.sent)
        return; /* the visit is over: what was seen last stands */
    v->call = now;
    v->talked = galen_talk_stats(v->talk);
    if (v->talked.delay_ms > v->delay_max_ms)
        v->delay_max_ms = v->talked.delay_ms;
}

/* Frame k is heard from started + k × 20 ms on; what was captured until then is spoken with it. */
static void catch_up(struct voice *v)
{
    uint64_t now_ms = clock_ms(), since_us = monotonic_us() - v->started_us;
    uint64_t due = since_us / FRAME_US;
    while (v->heard <= due && v->heard < v->over_at) {
        uint64_t at_ms = now_ms - (since_us - v->heard * FRAME_US) / 1000;
        if (v->heard > 0)
            speak(v, at_ms, due - v->heard > BEHIND_MAX);
        hear(v, at_ms);
        session_turn(v->cli->session);
        if (v->cli->json && v->heard % STATS_EVERY == 0)
            print_json(voice_json(v, "call-stats"));
        look(v);
    }
}

static void on_timer(struct ev_loop *loop, ev_timer *timer, int events)
{
    struct voice *v = timer->data;
    (void)events;
    catch_up(v);
    if (v->heard >= v->over_at && !v->is_over) {
        v->is_over = true;
        ev_timer_stop(loop, timer);
        v->over(v->context);
        return;
    }
    uint64_t next = v->started_us + v->heard * FRAME_US, now = monotonic_us();
    ev_timer_stop(loop, timer);
    ev_now_update(loop);
    ev_timer_set(timer, next > now ? (double)(next - now) / 1e6 : 0., 0.);
    ev_timer_start(loop, timer);
}

void voice_begin(struct voice *v, void *context, void (*over)(void *context))
{
    struct ev_loop *loop = session_loop(v->cli->session);
    if (v->begun)
        return;
    v->begun = true;
    v->context = context;
    v->over = over;
    session_on_voice(v->cli->session, v, on_voice);
    galen_engine_mute(v->cli->engine, galen_talk_muted(v->talk));
    v->started_us = monotonic_us();
    v->started_at_ms = unix_ms();
    ev_timer_init(&v->timer, on_timer, 0., 0.);
    /* After what has come: a frame that lies in the socket must not be missing from what is heard. */
    ev_set_priority(&v->timer, EV_MINPRI);
    v->timer.data = v;
    ev_timer_start(loop, &v->timer);
    cJSON *object = json_new("event", "voice");
    cJSON_AddNumberToObject(object, "first_captured_ms", v->started_at_ms);
    cJSON_AddNumberToObject(object, "first_played_ms", v->started_at_ms);
    if (v->cli->json)
        print_json(object);
    else
        cJSON_Delete(object);
}

bool voice_begun(const struct voice *v)
{
    return v->begun;
}

void voice_mute(struct voice *v, bool mute)
{
    /* Nothing is said aloud that others believe muted. */
    if (mute)
        galen_talk_mute(v->talk, true);
    if (v->begun)
        galen_engine_mute(v->cli->engine, mute);
    galen_talk_mute(v->talk, mute);
}

cJSON *voice_json(const struct voice *v, const char *event)
{
    cJSON *object = json_new("event", event);
    const struct galen_talk_stats *s = &v->talked;
    uint64_t concealed = s->concealed_ms / GALEN_VOICE_MS, parts = s->received + concealed;
    cJSON_AddNumberToObject(object, "seconds", (double)(v->heard * FRAME_US) / 1e6);
    json_number(object, "participants", v->call.participants);
    json_number(object, "sent", v->call.sent);
    json_number(object, "received", s->received);
    json_number(object, "concealed", concealed);
    cJSON_AddNumberToObject(object, "concealed_share",
                            parts > 0 ? (double)concealed / (double)parts : 0.0);
    json_number(object, "discarded", s->discarded);
    json_number(object, "late", s->late);
    json_number(object, "refused", v->call.refused);
    json_number(object, "unsent", v->unsent);
    json_number(object, "left_out", v->left_out + session_left_out(v->cli->session));
    json_number(object, "delay_ms", s->delay_ms);
    json_number(object, "delay_max_ms", v->delay_max_ms);
    cJSON_AddBoolToObject(object, "muted", galen_talk_muted(v->talk));
    return object;
}

int voice_free(struct voice *v)
{
    int status = CLI_OK;
    if (!v)
        return CLI_OK;
    if (v->begun) {
        ev_timer_stop(session_loop(v->cli->session), &v->timer);
        session_on_voice(v->cli->session, NULL, NULL);
    }
    galen_talk_free(v->talk);
    wav_read_close(v->in);
    if (!wav_write_close(v->out) && !v->out_failed) {
        v->out_failed = true;
        v->out_errno = errno;
    }
    if (v->out_failed)
        status = cli_fail(v->cli, GALEN_ERR_IO, "%s is not whole: %s.", v->config.out,
                          strerror(v->out_errno));
    free(v);
    return status;
}
