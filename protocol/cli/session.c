#include "session_state.h"

#include "folder.h"
#include "galen/crypto.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define CLOCK_STEP_MS 2000

static uint64_t read_ms(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* Runs evenly between steps of the system's clock, so that small corrections do not make it go back. */
uint64_t clock_ms(void)
{
    static uint64_t begun; /* Unix time when this machine started */
    uint64_t now = read_ms(CLOCK_REALTIME), up = read_ms(CLOCK_BOOTTIME);
    uint64_t even = begun + up, off = now > even ? now - even : even - now;
    if (off > CLOCK_STEP_MS)
        begun = now - up;
    return begun + up;
}

uint64_t monotonic_ms(void)
{
    return read_ms(CLOCK_MONOTONIC);
}

static void random_bytes(void *context, uint8_t *out, size_t n)
{
    (void)context;
    randombytes_buf(out, n);
}

/* -- what comes in ---------------------------------------------------------------------------------- */

static void push_incoming(struct session *s, uint8_t kind, uint8_t purpose,
                          struct galen_bytes bytes)
{
    struct incoming *in = malloc(sizeof *in + bytes.size);
    if (!in) {
        s->broken = GALEN_ERR_MEMORY;
        return;
    }
    *in = (struct incoming){.kind = kind, .purpose = purpose, .size = bytes.size};
    if (bytes.size > 0)
        memcpy(in->bytes, bytes.at, bytes.size);
    if (s->last)
        s->last->next = in;
    else
        s->first = in;
    s->last = in;
    session_turn(s);
}

static void on_opened(void *context, uint8_t purpose)
{
    push_incoming(context, IN_OPENED, purpose, (struct galen_bytes){0});
}

static void on_received(void *context, uint8_t purpose, struct galen_bytes frame)
{
    push_incoming(context, IN_FRAME, purpose, frame);
}

static void on_closed(void *context, uint8_t purpose, enum net_end end, const char *text)
{
    struct session *s = context;
    if (purpose == galen_engine_line(s->engine)) {
        s->failed_tries++;
        s->not_trusted = end == NET_NOT_TRUSTED;
        snprintf(s->line_text, sizeof s->line_text, "%s", text);
    }
    push_incoming(s, IN_CLOSED, purpose, (struct galen_bytes){0});
}

static void give(struct session *s, const struct incoming *in)
{
    uint64_t now = clock_ms();
    if (in->kind == IN_OPENED)
        galen_engine_connected(s->engine, now, in->purpose);
    else if (in->kind == IN_FRAME)
        galen_engine_received(s->engine, now, in->purpose,
                              (struct galen_bytes){in->bytes, in->size});
    else
        galen_engine_disconnected(s->engine, now, in->purpose);
}

/* -- what goes out ---------------------------------------------------------------------------------- */

/* The event's text is borrowed from the engine, which whoever is told may call. */
static void tell(struct session *s, const struct galen_event *event)
{
    struct galen_event copy = *event;
    uint8_t *text = NULL;
    note_event(s, event);
    if (!s->event)
        return;
    if (event->text.size > 0) {
        text = malloc(event->text.size);
        if (!text) {
            s->broken = GALEN_ERR_MEMORY;
            return;
        }
        memcpy(text, event->text.at, event->text.size);
        copy.text.at = text;
    }
    s->event(s->event_context, &copy);
    free(text);
}

static void dial(struct session *s, uint8_t purpose)
{
    struct galen_bytes host = galen_engine_host(s->engine);
    if (s->config.server)
        host = (struct galen_bytes){(const uint8_t *)s->config.server, strlen(s->config.server)};
    if (s->net)
        net_open(s->net, purpose, host);
    else
        on_closed(s, purpose, NET_ENDED, "--offline");
}

static enum galen_err load_later(struct session *s, struct galen_bytes key)
{
    struct galen_writer value;
    galen_writer_init(&value);
    enum galen_err err = home_store_load(s->config.store, key, &value);
    if (err == GALEN_OK)
        err = galen_engine_load(s->engine, key, galen_written(&value));
    galen_writer_wipe(&value);
    return err;
}

static void carry_out(struct session *s, const struct galen_output *output)
{
    enum galen_err err = GALEN_OK;
    switch ((enum galen_output_kind)output->kind) {
    case GALEN_OUT_SAVE:
        err = home_store_save(s->config.store, output->key, output->value);
        break;
    case GALEN_OUT_COMMIT:
        err = home_store_commit(s->config.store);
        break;
    case GALEN_OUT_CONNECT:
        dial(s, output->purpose);
        break;
    case GALEN_OUT_DISCONNECT:
        if (s->net)
            net_close(s->net, output->purpose, true);
        push_incoming(s, IN_CLOSED, output->purpose, (struct galen_bytes){0});
        break;
    case GALEN_OUT_SEND:
        if (s->net)
            net_send(s->net, output->purpose, output->value);
        break;
    case GALEN_OUT_EVENT:
        tell(s, &output->event);
        break;
    case GALEN_OUT_VOICE:
        if (s->voice)
            s->voice(s->voice_context, &output->device, output->number, output->value);
        break;
    case GALEN_OUT_LOAD:
        err = load_later(s, output->key);
        break;
    }
    if (err != GALEN_OK)
        s->broken = err;
}

/* Nothing after a change that could not be made durable is carried out. */
static void drain(struct session *s)
{
    struct galen_output output;
    while (s->broken == GALEN_OK && galen_engine_next(s->engine, &output))
        carry_out(s, &output);
}

void session_turn(struct session *s)
{
    if (s->turning)
        return;
    s->turning = true;
    drain(s);
    while (s->first && s->broken == GALEN_OK) {
        struct incoming *in = s->first;
        s->first = in->next;
        if (!s->first)
            s->last = NULL;
        give(s, in);
        galen_wipe(in->bytes, in->size);
        free(in);
        drain(s);
    }
    s->turning = false;
    /* The engine's next deadline may be another now. */
    if (!ev_is_pending(&s->tick))
        ev_feed_event(s->loop, &s->tick, EV_TIMER);
}

/* -- time and signals ------------------------------------------------------------------------------- */

static void on_tick(struct ev_loop *loop, ev_timer *timer, int events)
{
    struct session *s = timer->data;
    (void)events;
    uint64_t now = clock_ms(), next = galen_engine_tick(s->engine, now);
    bool turning = s->turning;
    s->turning = true; /* the tick is being set here */
    drain(s);
    s->turning = turning;
    while (s->first && s->broken == GALEN_OK) {
        session_turn(s);
        next = now;
    }
    ev_timer_stop(loop, timer);
    now = clock_ms();
    double wait = next <= now ? 0.001 : next - now > 60000 ? 60.0 : (double)(next - now) / 1000.0;
    ev_now_update(loop);
    ev_timer_set(timer, wait, 0.);
    ev_timer_start(loop, timer);
}

static void on_deadline(struct ev_loop *loop, ev_timer *timer, int events)
{
    (void)loop;
    (void)events;
    ((struct session *)timer->data)->timed_out = true;
}

static void on_signal(struct ev_loop *loop, ev_signal *signal, int events)
{
    (void)loop;
    (void)events;
    ((struct session *)signal->data)->interrupted = true;
}

static bool is_given_up(const struct session *s, enum wait_end *end)
{
    *end = WAIT_DONE;
    if (s->broken != GALEN_OK)
        *end = WAIT_BROKEN;
    else if (s->interrupted)
        *end = WAIT_INTERRUPTED;
    else if (s->not_trusted)
        *end = WAIT_NOT_TRUSTED;
    else if (s->refusal != GALEN_OK &&
             !galen_engine_online(s->engine, galen_engine_line(s->engine)))
        *end = WAIT_REFUSED;
    else if (!s->net || s->failed_tries >= SESSION_TRIES_MAX)
        *end = WAIT_OFFLINE;
    return *end != WAIT_DONE;
}

enum wait_end session_wait(struct session *s, uint64_t deadline_ms, bool (*until)(void *context),
                           void *context)
{
    enum wait_end end = WAIT_TIMEOUT;
    s->timed_out = false;
    ev_timer_stop(s->loop, &s->deadline);
    if (deadline_ms != UINT64_MAX) {
        uint64_t now = monotonic_ms();
        ev_now_update(s->loop);
        ev_timer_set(&s->deadline, deadline_ms > now ? (double)(deadline_ms - now) / 1000.0 : 0.,
                     0.);
        ev_timer_start(s->loop, &s->deadline);
    }
    session_turn(s);
    for (;;) {
        if (s->broken == GALEN_OK && until(context)) {
            end = WAIT_DONE;
            break;
        }
        /* Programs that run on wait for a line that comes back. */
        if (is_given_up(s, &end) && (deadline_ms != UINT64_MAX || end != WAIT_OFFLINE || !s->net))
            break;
        end = WAIT_TIMEOUT;
        if (s->timed_out)
            break;
        ev_run(s->loop, EVRUN_ONCE);
    }
    ev_timer_stop(s->loop, &s->deadline);
    return end;
}

/* -- beginning and end ------------------------------------------------------------------------------ */

static void start_watchers(struct session *s)
{
    ev_timer_init(&s->tick, on_tick, 0., 0.);
    ev_timer_init(&s->deadline, on_deadline, 0., 0.);
    ev_signal_init(&s->interrupt, on_signal, SIGINT);
    ev_signal_init(&s->terminate, on_signal, SIGTERM);
    s->tick.data = s->deadline.data = s->interrupt.data = s->terminate.data = s;
    ev_timer_start(s->loop, &s->tick);
    ev_signal_start(s->loop, &s->interrupt);
    ev_signal_start(s->loop, &s->terminate);
}

static enum galen_err load_pair(void *context, struct galen_bytes key, struct galen_bytes value)
{
    return galen_engine_load(context, key, value);
}

static bool start_engine(struct session *s, struct store_failure *failure)
{
    static const struct galen_engine_config engine_config = {random_bytes, NULL};
    s->engine = galen_engine_new(&engine_config);
    enum galen_err err =
        s->engine ? home_store_each(s->config.store, GALEN_LOADED_LATER, s->engine, load_pair)
                  : GALEN_ERR_MEMORY;
    if (err == GALEN_OK)
        err = galen_engine_start(s->engine, clock_ms());
    if (err != GALEN_OK)
        failure_set(
            failure, err,
            "What is kept in this home is damaged (%s). Join again with another --home, with "
            "your recovery sheet or a new invitation; the chart itself is with the server.",
            galen_err_name(err));
    return err == GALEN_OK;
}

struct session *session_new(const struct session_config *config, struct store_failure *failure)
{
    struct session *s = calloc(1, sizeof *s);
    if (!s) {
        failure_set(failure, GALEN_ERR_MEMORY, "%s", galen_err_help(GALEN_ERR_MEMORY));
        return NULL;
    }
    s->config = *config;
    s->loop = ev_loop_new(EVFLAG_AUTO);
    if (!s->loop) {
        failure_set(failure, GALEN_ERR_MEMORY, "%s", galen_err_help(GALEN_ERR_MEMORY));
        free(s);
        return NULL;
    }
    start_watchers(s);
    bool ok = start_engine(s, failure);
    if (ok && !config->offline) {
        const struct net_events events = {s, on_opened, on_received, on_closed};
        const char *why;
        s->net = net_new(s->loop, config->ca_file, &events, &why);
        ok = s->net != NULL;
        if (!ok)
            failure_set(failure, GALEN_ERR_IO, "No connection can be made: %s.", why);
    }
    if (!ok) {
        session_free(s, 0);
        return NULL;
    }
    return s;
}

static bool is_closed(void *context)
{
    return net_open_count(((struct session *)context)->net) == 0;
}

/* What the engine has sent reaches the server, unless the line is gone. */
static void say_goodbye(struct session *s, unsigned ms)
{
    net_close(s->net, GALEN_CONNECTION_LOG, true);
    net_close(s->net, GALEN_CONNECTION_LIVE, true);
    uint64_t until = monotonic_ms() + ms;
    s->broken = GALEN_ERR_STATE; /* nothing more comes from the engine */
    ev_timer_stop(s->loop, &s->tick);
    while (!is_closed(s) && monotonic_ms() < until) {
        ev_now_update(s->loop);
        ev_timer_stop(s->loop, &s->deadline);
        ev_timer_set(&s->deadline, 0.05, 0.);
        ev_timer_start(s->loop, &s->deadline);
        ev_run(s->loop, EVRUN_ONCE);
    }
}

void session_free(struct session *s, unsigned ms)
{
    if (!s)
        return;
    s->event = NULL;
    if (s->net && ms > 0)
        say_goodbye(s, ms);
    ev_timer_stop(s->loop, &s->tick);
    ev_timer_stop(s->loop, &s->deadline);
    ev_signal_stop(s->loop, &s->interrupt);
    ev_signal_stop(s->loop, &s->terminate);
    net_free(s->net);
    galen_engine_free(s->engine);
    while (s->first) {
        struct incoming *next = s->first->next;
        free(s->first);
        s->first = next;
    }
    while (s->heard) {
        struct heard *next = s->heard->next;
        free(s->heard);
        s->heard = next;
    }
    ev_loop_destroy(s->loop);
    free(s);
}

/* -- asking ----------------------------------------------------------------------------------------- */

struct galen_engine *session_engine(struct session *s)
{
    return s->engine;
}

struct ev_loop *session_loop(struct session *s)
{
    return s->loop;
}

void session_on_event(struct session *s, void *context,
                      void (*event)(void *context, const struct galen_event *event))
{
    s->event_context = context;
    s->event = event;
}

void session_on_voice(struct session *s, void *context,
                      void (*voice)(void *context, const struct galen_id *device, uint64_t number,
                                    struct galen_bytes packet))
{
    s->voice_context = context;
    s->voice = voice;
}

enum galen_err session_refusal(const struct session *s, uint64_t *at)
{
    *at = s->refused_at;
    return s->refusal;
}

const char *session_line_text(const struct session *s)
{
    return s->line_text[0] ? s->line_text : "no connection was made";
}

enum galen_err session_broken(const struct session *s)
{
    return s->broken;
}

bool session_interrupted(const struct session *s)
{
    return s->interrupted;
}

void session_interrupt_clear(struct session *s)
{
    s->interrupted = false;
}

uint64_t session_left_out(const struct session *s)
{
    return s->net ? net_left_out(s->net) : 0;
}
