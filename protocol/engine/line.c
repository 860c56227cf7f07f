#include "live.h"

#include <string.h>

struct line *line_of(struct galen_engine *engine, uint8_t purpose)
{
    return &engine->lines[purpose == GALEN_CONNECTION_LIVE ? 1 : 0];
}

bool line_ready(const struct galen_engine *engine, uint8_t purpose)
{
    return engine->lines[purpose == GALEN_CONNECTION_LIVE ? 1 : 0].state == LINE_READY;
}

uint32_t next_request(struct galen_engine *engine)
{
    if (++engine->last_request == 0)
        engine->last_request = 1;
    return engine->last_request;
}

uint64_t server_time(const struct galen_engine *engine, uint64_t now_ms)
{
    return now_ms + (uint64_t)engine->clock_offset_ms;
}

static void connect_now(struct galen_engine *engine, uint64_t now_ms, struct line *line)
{
    line->state = LINE_CONNECTING;
    line->since_ms = line->heard_ms = now_ms;
    line->pinged = false;
    send_signal(engine, GALEN_OUT_CONNECT, line->purpose);
}

void line_want(struct galen_engine *engine, uint64_t now_ms, uint8_t purpose, bool wanted)
{
    struct line *line = line_of(engine, purpose);
    line->wanted = wanted;
    line->barred = false;
    line->failures = 0;
    if (wanted && line->state == LINE_OFF)
        connect_now(engine, now_ms, line);
    else if (!wanted && line->state != LINE_OFF)
        line_drop(engine, now_ms, line);
}

/* What depends on the connection forgets it. */
static void lost(struct galen_engine *engine, uint64_t now_ms, struct line *line, bool was_ready)
{
    if (line->purpose == GALEN_CONNECTION_LOG) {
        join_line_lost(engine);
        for (size_t i = 0; i < engine->chart_count; i++)
            chart_line_lost(engine->charts[i]);
    } else {
        guest_line_lost(engine);
        live_lost(engine, now_ms);
    }
    if (was_ready)
        event(engine, (struct galen_event){.kind = GALEN_EVENT_OFFLINE,
                                           .purpose = line->purpose,
                                           .err = GALEN_ERR_OFFLINE});
}

void line_drop(struct galen_engine *engine, uint64_t now_ms, struct line *line)
{
    if (line->state == LINE_OFF || line->state == LINE_CLOSING)
        return;
    bool was_ready = line->state == LINE_READY;
    line->state = LINE_CLOSING;
    send_signal(engine, GALEN_OUT_DISCONNECT, line->purpose);
    lost(engine, now_ms, line, was_ready);
}

void line_again(struct galen_engine *engine, uint64_t now_ms, struct line *line)
{
    line_drop(engine, now_ms, line);
    line->again = true;
    line->barred = false;
}

void line_connected(struct galen_engine *engine, uint64_t now_ms, struct line *line)
{
    (void)engine;
    if (line->state != LINE_CONNECTING)
        return;
    line->state = LINE_OPEN;
    line->heard_ms = now_ms;
}

/* Doubles up to a bound; half of it is drawn, so that many clients do not come back at once. */
static uint64_t backoff(struct galen_engine *engine, uint32_t failures)
{
    uint64_t wait = BACKOFF_FIRST_MS;
    for (uint32_t i = 0; i < failures && wait < BACKOFF_MAX_MS; i++)
        wait *= 2;
    if (wait > BACKOFF_MAX_MS)
        wait = BACKOFF_MAX_MS;
    uint8_t r[2];
    draw(engine, r, sizeof r);
    return wait / 2 + wait * (uint64_t)(r[0] << 8 | r[1]) / 131072;
}

void line_closed(struct galen_engine *engine, uint64_t now_ms, struct line *line)
{
    if (line->state == LINE_OFF)
        return;
    if (line->state != LINE_CLOSING)
        lost(engine, now_ms, line, line->state == LINE_READY);
    line->state = LINE_OFF;
    line->retry_at_ms = now_ms + (line->again ? 0 : backoff(engine, line->failures));
    line->again = false;
    if (line->failures < (visit_current(engine) ? BACKOFFS_IN_CALL : 32u))
        line->failures++;
}

static bool practice_fits(struct galen_engine *engine, const struct galen_public_keys *keys)
{
    struct galen_id id = galen_device_id(engine->primitives, keys);
    if (!galen_id_equal(&id, &engine->me.practice))
        return false;
    engine->me.practice_keys = *keys;
    return true;
}

static void refuse_server(struct galen_engine *engine, uint64_t now_ms, struct line *line,
                          enum galen_err err)
{
    line->barred = true;
    event(engine, (struct galen_event){
                      .kind = GALEN_EVENT_REFUSED, .purpose = line->purpose, .err = (uint16_t)err});
    line_drop(engine, now_ms, line);
}

static void sign_in(struct galen_engine *engine, uint64_t now_ms, struct line *line)
{
    const struct galen_frame_challenge *challenge = &line->challenge;
    const struct galen_device_secrets *secrets = reading_as(engine);
    struct galen_frame frame = {.type = GALEN_FRAME_SIGN_IN};
    struct galen_frame_sign_in *s = &frame.as.sign_in;
    s->version = GALEN_VERSION;
    s->purpose = line->purpose;
    draw(engine, s->nonce, sizeof s->nonce);
    public_keys(secrets, &s->keys);
    const char *colon = strrchr(engine->me.host, ':');
    size_t host_size = colon ? (size_t)(colon - engine->me.host) : strlen(engine->me.host);
    s->host = (struct galen_bytes){(const uint8_t *)engine->me.host, host_size};
    if (engine->me.state == GALEN_HOME_FOUNDING)
        s->chain = engine->me.chain;
    guest_chain(engine, &s->chain);
    struct galen_id device = device_of(engine, secrets);
    struct galen_writer message;
    galen_writer_init(&message);
    galen_sign_in_message(&message, s->host, challenge->nonce, s->nonce, &device, s->purpose);
    galen_sign(secrets, GALEN_SIGN_SIGN_IN, galen_written(&message), s->signature);
    if (message.failed)
        engine->outputs.failed = true;
    galen_writer_wipe(&message);
    line->state = LINE_SIGNING_IN;
    engine->clock_offset_ms = (int64_t)(challenge->clock_ms - now_ms);
    send_frame(engine, line->purpose, &frame);
}

static void on_challenge(struct galen_engine *engine, uint64_t now_ms, struct line *line,
                         const struct galen_frame_challenge *challenge)
{
    if (challenge->version != GALEN_VERSION) {
        refuse_server(engine, now_ms, line, GALEN_ERR_VERSION);
        return;
    }
    if (challenge->clock_ms >= CLOCK_MAX_MS) { /* certificates are dated by it */
        refuse_server(engine, now_ms, line, GALEN_ERR_FORMAT);
        return;
    }
    line->challenge = *challenge;
    if (engine->founding.active && found_challenge(engine, challenge)) {
        line->state = LINE_SETTING_UP;
        return;
    }
    if (!practice_fits(engine, &challenge->practice)) {
        refuse_server(engine, now_ms, line, GALEN_ERR_CERTIFICATE);
        return;
    }
    sign_in(engine, now_ms, line);
}

static bool is_named(const struct galen_frame_welcome *welcome, const struct galen_id *chart)
{
    for (size_t at = 0; at + GALEN_ID_BYTES <= welcome->charts.size; at += GALEN_ID_BYTES)
        if (memcmp(welcome->charts.at + at, chart->bytes, GALEN_ID_BYTES) == 0)
            return true;
    return false;
}

static void on_welcome(struct galen_engine *engine, uint64_t now_ms, struct line *line,
                       const struct galen_frame_welcome *welcome)
{
    if (welcome->clock_ms >= CLOCK_MAX_MS) {
        refuse_server(engine, now_ms, line, GALEN_ERR_FORMAT);
        return;
    }
    line->state = LINE_READY;
    line->failures = 0;
    engine->clock_offset_ms = (int64_t)(welcome->clock_ms - now_ms);
    event(engine, (struct galen_event){.kind = GALEN_EVENT_ONLINE, .purpose = line->purpose});
    int64_t off = engine->clock_offset_ms < 0 ? -engine->clock_offset_ms : engine->clock_offset_ms;
    if (off > (int64_t)GALEN_CLOCK_SKEW_MS)
        event(engine, (struct galen_event){.kind = GALEN_EVENT_CLOCK, .number = (uint64_t)off});
    if (line->purpose == GALEN_CONNECTION_LIVE) {
        if (engine->me.state != GALEN_HOME_JOINING || guest_welcome(engine, now_ms))
            live_ready(engine, now_ms);
        return;
    }
    words_say(engine);
    if (engine->me.state == GALEN_HOME_JOINING && !join_welcome(engine, now_ms, welcome))
        return;
    for (size_t at = 0; at + GALEN_ID_BYTES <= welcome->charts.size; at += GALEN_ID_BYTES) {
        struct galen_id id;
        memcpy(id.bytes, welcome->charts.at + at, sizeof id.bytes);
        if (charts_make_room(engine, &id) && !chart_get(engine, &id))
            engine->outputs.failed = true;
    }
    for (size_t i = 0; i < engine->chart_count; i++) {
        struct chart *chart = engine->charts[i];
        if (galen_log_size(chart->log) > 0 || is_named(welcome, &chart->id))
            chart_open(engine, chart);
        outbox_pump(engine, now_ms, chart);
    }
}

/* Refusals of the sign-in itself. Some end by themselves; the others wait for the person. */
static void on_refused(struct galen_engine *engine, uint64_t now_ms, struct line *line,
                       const struct galen_frame_refused *refused)
{
    enum galen_err err = refused->err;
    if (engine->me.state == GALEN_HOME_JOINING && line->state == LINE_SIGNING_IN) {
        join_refused(engine, now_ms, refused);
        return;
    }
    bool passing = err == GALEN_ERR_LIMIT || err == GALEN_ERR_SHUTDOWN || err == GALEN_ERR_STORE ||
                   err == GALEN_ERR_DISK_FULL || err == GALEN_ERR_TIMEOUT ||
                   err == GALEN_ERR_SLOW || err == GALEN_ERR_DISPLACED || err == GALEN_ERR_STATE ||
                   err == GALEN_ERR_FORMAT || (err == GALEN_ERR_NO_VISIT && guest_waits(engine));
    line->barred = !passing;
    words_refused(engine, err);
    if (err == GALEN_ERR_DISPLACED)
        line->failures = 8; /* the other one is not to be pushed out again at once */
    event(engine, (struct galen_event){.kind = GALEN_EVENT_REFUSED,
                                       .purpose = line->purpose,
                                       .err = refused->err,
                                       .number = refused->detail});
    line_drop(engine, now_ms, line);
}

bool line_received(struct galen_engine *engine, uint64_t now_ms, struct line *line,
                   const struct galen_frame *frame)
{
    line->heard_ms = now_ms;
    line->pinged = false;
    switch (frame->type) {
    case GALEN_FRAME_CHALLENGE:
        if (line->state == LINE_OPEN)
            on_challenge(engine, now_ms, line, &frame->as.challenge);
        return true;
    case GALEN_FRAME_DONE:
        if (line->state == LINE_SETTING_UP)
            sign_in(engine, now_ms, line);
        return line->state != LINE_READY;
    case GALEN_FRAME_WELCOME:
        if (line->state == LINE_SIGNING_IN)
            on_welcome(engine, now_ms, line, &frame->as.welcome);
        return true;
    case GALEN_FRAME_REFUSED:
        if (frame->as.refused.request != 0 && line->state == LINE_READY)
            return false;
        if (!galen_id_is_none(&frame->as.refused.chart) && line->state == LINE_READY) {
            if (line->purpose == GALEN_CONNECTION_LOG)
                chart_refused(engine, &frame->as.refused);
            return true; /* about one chart, whose log says the rest; the connection goes on */
        }
        on_refused(engine, now_ms, line, &frame->as.refused);
        return true;
    case GALEN_FRAME_PING: {
        struct galen_frame pong = *frame;
        pong.type = GALEN_FRAME_PONG;
        send_frame(engine, line->purpose, &pong);
        return true;
    }
    case GALEN_FRAME_PONG:
        return true;
    default:
        return line->state != LINE_READY;
    }
}

void line_tick(struct galen_engine *engine, uint64_t now_ms, struct line *line)
{
    /* A clock that was put back must not keep a dead line alive for as long. */
    line->since_ms = earlier(line->since_ms, now_ms);
    line->heard_ms = earlier(line->heard_ms, now_ms);
    line->retry_at_ms = earlier(line->retry_at_ms, now_ms + BACKOFF_MAX_MS);
    switch ((enum line_state)line->state) {
    case LINE_OFF:
        if (line->wanted && !line->barred && now_ms >= line->retry_at_ms)
            connect_now(engine, now_ms, line);
        break;
    case LINE_CONNECTING:
    case LINE_OPEN:
    case LINE_SETTING_UP:
    case LINE_SIGNING_IN:
        if (now_ms - line->since_ms >= CONNECT_MS)
            line_drop(engine, now_ms, line);
        break;
    case LINE_READY:
        if (now_ms - line->heard_ms >= SILENCE_DEAD_MS) {
            line_drop(engine, now_ms, line);
        } else if (now_ms - line->heard_ms >= SILENCE_PING_MS && !line->pinged) {
            line->pinged = true;
            struct galen_frame ping = {.type = GALEN_FRAME_PING, .as.ping.token = now_ms};
            send_frame(engine, line->purpose, &ping);
        }
        break;
    case LINE_CLOSING:
        break;
    }
}

void line_awake(struct line *line)
{
    if (line->state != LINE_OFF)
        return;
    line->retry_at_ms = 0;
    line->failures = 0;
}

uint64_t line_deadline(const struct line *line)
{
    switch ((enum line_state)line->state) {
    case LINE_OFF:
        return line->wanted && !line->barred ? line->retry_at_ms : UINT64_MAX;
    case LINE_CONNECTING:
    case LINE_OPEN:
    case LINE_SETTING_UP:
    case LINE_SIGNING_IN:
        return line->since_ms + CONNECT_MS;
    case LINE_READY:
        return line->heard_ms + (line->pinged ? SILENCE_DEAD_MS : SILENCE_PING_MS);
    case LINE_CLOSING:
        break;
    }
    return UINT64_MAX;
}
