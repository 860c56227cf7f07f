/* Visits: opening, knocking, becoming the host, and what the server tells of them (rules R1 to R4). */
#include "live.h"

#include "galen/mutation.h"

#include <stdlib.h>
#include <string.h>

struct visit *visit_current(const struct galen_engine *engine)
{
    return engine->live && (engine->live->visit.wanted || engine->live->visit.opening)
               ? &engine->live->visit
               : NULL;
}

void visit_event(struct galen_engine *engine, uint8_t kind, const struct galen_id *device,
                 uint64_t number, enum galen_err err)
{
    const struct visit *v = &engine->live->visit;
    event(engine, (struct galen_event){.kind = kind,
                                       .chart = v->chart,
                                       .visit = v->visit,
                                       .device = device ? *device : engine->me.device,
                                       .number = number,
                                       .err = (uint16_t)err});
}

/* The call's keys belong to one connection; who takes part and speaks outlives it. */
static void call_wipe(struct visit *v)
{
    galen_call_free(v->call);
    galen_call_host_free(v->host);
    v->call = NULL;
    v->host = NULL;
    v->hosting = v->admitted = v->knocked = false;
    v->knocker_count = 0;
}

void visit_wipe(struct visit *v)
{
    call_wipe(v);
    galen_wipe(v, sizeof *v);
}

/* We take part no longer: nobody is heard any more, and the others are told. */
static void go_out(struct galen_engine *engine)
{
    struct visit *v = &engine->live->visit;
    struct galen_id chart = v->chart;
    call_keep(engine, NULL);
    visit_wipe(v);
    live_say_here(engine, &chart);
}

static struct known_visit *known_of_chart(const struct galen_engine *engine,
                                          const struct galen_id *chart)
{
    struct live *live = engine->live;
    for (size_t i = 0; live && i < live->visit_count; i++)
        if (galen_id_equal(&live->visits[i].chart, chart))
            return &live->visits[i];
    return NULL;
}

struct galen_id galen_engine_visit(const struct galen_engine *engine, const struct galen_id *chart)
{
    const struct known_visit *known = known_of_chart(engine, chart);
    return known ? known->visit : (struct galen_id){0};
}

struct galen_id galen_engine_visit_host(const struct galen_engine *engine,
                                        const struct galen_id *chart)
{
    const struct known_visit *known = known_of_chart(engine, chart);
    return known ? known->host : (struct galen_id){0};
}

static bool is_me(const struct galen_engine *engine, const struct galen_id *device)
{
    return galen_id_equal(device, &engine->me.device);
}

/* -- the door --------------------------------------------------------------------------------------- */

static struct galen_call_config call_config(struct galen_engine *engine, const struct visit *v)
{
    struct galen_call_config config = {
        .chart = v->chart, .visit = v->visit, .device = engine->me.device};
    memcpy(config.sign_seed, engine->me.secrets.sign_seed, sizeof config.sign_seed);
    draw(engine, config.ephemeral_secret, sizeof config.ephemeral_secret);
    return config;
}

static bool begin_call(struct galen_engine *engine, struct visit *v)
{
    if (v->call)
        return true;
    struct galen_call_config config = call_config(engine, v);
    v->call = galen_call_new(&config);
    galen_wipe(&config, sizeof config);
    if (!v->call)
        engine->outputs.failed = true;
    return v->call != NULL;
}

static void send_knock(struct galen_engine *engine, const struct known_visit *known)
{
    struct visit *v = &engine->live->visit;
    bool guest = engine->me.state == GALEN_HOME_GUEST; /* who knows no head */
    const struct chart *chart = chart_find(engine, &v->chart);
    if ((!chart && !guest) || !line_ready(engine, GALEN_CONNECTION_LIVE) || !begin_call(engine, v))
        return;
    uint64_t size = guest ? 0 : galen_log_size(chart->log);
    uint8_t root[GALEN_HASH_BYTES];
    struct galen_writer hello;
    galen_writer_init(&hello);
    enum galen_err err = GALEN_ERR_STATE;
    if (guest || galen_tree_root_at(galen_rules_tree(galen_log_rules(chart->log)), size, root))
        err = galen_call_make_hello(v->call, known->nonce, size, guest ? NULL : root, &hello);
    if (err == GALEN_OK) {
        struct galen_frame frame = {
            .type = GALEN_FRAME_KNOCK,
            .as.knock = {next_request(engine), v->visit, galen_written(&hello)}};
        v->knocked = true;
        send_frame(engine, GALEN_CONNECTION_LIVE, &frame);
    } else {
        engine->outputs.failed = true;
    }
    galen_writer_wipe(&hello);
}

static void send_open(struct galen_engine *engine)
{
    struct visit *v = &engine->live->visit;
    struct galen_frame frame = {
        .type = GALEN_FRAME_VISIT_OPEN,
        .as.visit_open = {.request = next_request(engine), .chart = v->chart, .visit = v->visit}};
    draw(engine, v->nonce, sizeof v->nonce);
    memcpy(frame.as.visit_open.nonce, v->nonce, sizeof v->nonce);
    if (members_chain(engine, &engine->me.device, &frame.as.visit_open.chain) != GALEN_OK)
        frame.as.visit_open.chain.count = 0; /* then no guest can know us */
    send_frame(engine, GALEN_CONNECTION_LIVE, &frame);
}

static void begin(struct galen_engine *engine, const struct galen_id *chart,
                  const struct galen_id *visit)
{
    struct visit *v = &engine->live->visit;
    bool same = galen_id_equal(&v->visit, visit), inside = same && v->wanted;
    if (!same && visit_current(engine))
        go_out(engine);
    v->chart = *chart;
    v->visit = *visit;
    v->wanted = true;
    door_begin(engine->live, visit);
    if (!inside)
        live_say_here(engine, chart);
}

enum galen_err galen_engine_visit_open(struct galen_engine *engine, uint64_t now_ms,
                                       const struct galen_id *id, struct galen_id *visit)
{
    const struct chart *chart = chart_find(engine, id);
    if (!chart)
        return GALEN_ERR_CHART;
    if (!galen_role_is_staff(engine->me.role))
        return GALEN_ERR_ROLE;
    if (!live_get(engine))
        return GALEN_ERR_MEMORY;
    const struct known_visit *known = known_of_chart(engine, id);
    if (known) { /* one visit a chart: this one is joined */
        *visit = known->visit;
        return galen_engine_knock(engine, now_ms, id);
    }
    draw(engine, visit->bytes, sizeof visit->bytes);
    begin(engine, id, visit);
    engine->live->visit.opening = true;
    galen_engine_go_live(engine, now_ms, true);
    if (line_ready(engine, GALEN_CONNECTION_LIVE))
        send_open(engine);
    return GALEN_OK;
}

enum galen_err galen_engine_knock(struct galen_engine *engine, uint64_t now_ms,
                                  const struct galen_id *chart)
{
    const struct known_visit *known = known_of_chart(engine, chart);
    if (!known)
        return chart_find(engine, chart) ? GALEN_ERR_NO_VISIT : GALEN_ERR_CHART;
    struct known_visit copy = *known;
    begin(engine, chart, &copy.visit);
    galen_engine_go_live(engine, now_ms, true);
    struct visit *v = &engine->live->visit;
    if (line_ready(engine, GALEN_CONNECTION_LIVE) && !v->knocked)
        send_knock(engine, &copy);
    return GALEN_OK;
}

static void send_visit_id(struct galen_engine *engine, uint8_t type, const struct galen_id *visit)
{
    struct galen_frame frame = {.type = type, .as.visit_id = {next_request(engine), *visit}};
    if (line_ready(engine, GALEN_CONNECTION_LIVE))
        send_frame(engine, GALEN_CONNECTION_LIVE, &frame);
}

void galen_engine_leave(struct galen_engine *engine, uint64_t now_ms)
{
    (void)now_ms;
    struct visit *v = visit_current(engine);
    if (!v)
        return;
    send_visit_id(engine, GALEN_FRAME_LEAVE, &v->visit);
    go_out(engine);
}

enum galen_err galen_engine_visit_end(struct galen_engine *engine, uint64_t now_ms,
                                      const struct galen_id *chart)
{
    (void)now_ms;
    const struct known_visit *known = known_of_chart(engine, chart);
    if (!known)
        return GALEN_ERR_NO_VISIT;
    if (!galen_role_is_staff(engine->me.role))
        return GALEN_ERR_ROLE;
    if (!line_ready(engine, GALEN_CONNECTION_LIVE))
        return GALEN_ERR_OFFLINE;
    send_visit_id(engine, GALEN_FRAME_VISIT_END, &known->visit);
    return GALEN_OK;
}

void visit_number(struct visit *v, uint16_t number)
{
    if (number > v->last_number)
        v->last_number = number;
}

/*
 * No host before has drawn more rosters than this: each number is seated once and leaves its seat once. A
 * host that remembers none of them, because its page was loaded again, must not draw one of theirs anew.
 */
static uint16_t generation_before(const struct visit *v)
{
    uint32_t most = 2u * v->last_number;
    if (!GALEN_CHECKED(HOST_GENERATION) || most < v->last_generation || most > UINT16_MAX / 2)
        return v->last_generation;
    return (uint16_t)most;
}

static void become_host(struct galen_engine *engine)
{
    struct visit *v = &engine->live->visit;
    struct galen_call_config config = call_config(engine, v);
    galen_call_host_free(v->host);
    v->host = galen_call_host_new(&config, v->nonce, generation_before(v), v->last_number);
    galen_wipe(&config, sizeof config);
    v->hosting = v->host != NULL;
    if (!v->host)
        engine->outputs.failed = true;
}

/* -- what the server tells -------------------------------------------------------------------------- */

static void on_visit(struct galen_engine *engine, uint64_t now_ms,
                     const struct galen_frame_visit *frame)
{
    static const uint8_t no_nonce[GALEN_CALL_NONCE_BYTES];
    struct live *live = engine->live;
    struct visit *v = &live->visit;
    if (engine->me.state == GALEN_HOME_GUEST && !guest_visit(engine, now_ms, frame))
        return;
    bool ours = visit_current(engine) && galen_id_equal(&v->visit, &frame->visit);
    if (memcmp(frame->nonce, no_nonce, sizeof no_nonce) == 0) {
        if (ours && is_me(engine, &frame->host) && galen_role_is_staff(engine->me.role))
            send_open(engine); /* the host went; we are next (R2) */
        return;
    }
    struct known_visit *known = known_of_chart(engine, &frame->chart);
    bool same = known && galen_id_equal(&known->visit, &frame->visit) &&
                galen_id_equal(&known->host, &frame->host) &&
                memcmp(known->nonce, frame->nonce, sizeof known->nonce) == 0;
    if (!known) {
        if (live->visit_count == VISITS_MAX)
            return;
        known = &live->visits[live->visit_count++];
    }
    known->chart = frame->chart;
    known->visit = frame->visit;
    known->host = frame->host;
    memcpy(known->nonce, frame->nonce, sizeof known->nonce);
    if (!same)
        event(engine, (struct galen_event){.kind = GALEN_EVENT_VISIT,
                                           .chart = known->chart,
                                           .visit = known->visit,
                                           .device = known->host});
    if (!ours)
        return;
    v->opening = false;
    bool host = is_me(engine, &known->host) && memcmp(v->nonce, known->nonce, sizeof v->nonce) == 0;
    if (host && !v->hosting)
        become_host(engine);
    else if (!host)
        v->hosting = false;
    if (!same || !v->knocked) {
        v->knocker_count = 0; /* every hello is for one host's nonce */
        send_knock(engine, known);
    }
}

static void forget_visit(struct live *live, const struct galen_id *visit)
{
    for (size_t i = 0; i < live->visit_count; i++)
        if (galen_id_equal(&live->visits[i].visit, visit))
            live->visits[i--] = live->visits[--live->visit_count];
}

static void on_ended(struct galen_engine *engine, const struct galen_id *visit)
{
    struct live *live = engine->live;
    struct galen_event ended = {.kind = GALEN_EVENT_VISIT_ENDED, .visit = *visit};
    for (size_t i = 0; i < live->visit_count; i++)
        if (galen_id_equal(&live->visits[i].visit, visit))
            ended.chart = live->visits[i].chart;
    bool known = !galen_id_is_none(&ended.chart);
    live->guests_end = live->guests_end || known;
    forget_visit(live, visit);
    if (galen_id_equal(&live->visit.visit, visit))
        go_out(engine);
    if (known) /* it is told on both connections */
        event(engine, ended);
}

static void on_admitted(struct galen_engine *engine, const struct galen_frame_admitted *frame)
{
    struct visit *v = visit_current(engine);
    if (!v || !galen_id_equal(&frame->visit, &v->visit))
        return;
    bool before = v->admitted;
    v->admitted = frame->admitted;
    visit_number(v, frame->number);
    if (frame->admitted && !before)
        visit_event(engine, GALEN_EVENT_ADMITTED, NULL, 1, GALEN_OK);
    else if (!frame->admitted && frame->number != 0)
        visit_event(engine, GALEN_EVENT_WAITING, NULL, frame->number, GALEN_OK);
    if (!frame->admitted && frame->number == 0) {
        visit_event(engine, GALEN_EVENT_ADMITTED, NULL, 0, GALEN_OK);
        go_out(engine);
    }
}

enum galen_err visit_take_roster(struct galen_engine *engine, uint64_t now_ms,
                                 struct galen_bytes bytes, const struct galen_member *host)
{
    struct visit *v = &engine->live->visit;
    if (!v->call || !host || !galen_role_is_staff(host->role) ||
        host->purpose != GALEN_PURPOSE_DEVICE)
        return GALEN_ERR_SENDER;
    enum galen_err err =
        galen_call_take_roster(v->call, now_ms, bytes, &host->device, host->keys.sign);
    if (err == GALEN_ERR_FORK || err == GALEN_ERR_SEAL)
        visit_event(engine, GALEN_EVENT_CALL_FAILED, &host->device, 0, err);
    const struct galen_call_roster *roster = galen_call_roster(v->call);
    if (err != GALEN_OK || !roster)
        return err;
    v->last_generation = roster->generation;
    for (size_t i = 0; i < roster->count; i++)
        visit_number(v, roster->places[i].number);
    call_keep(engine, roster);
    call_say_self(engine);
    call_told(engine, NULL);
    return GALEN_OK;
}

static void on_roster(struct galen_engine *engine, uint64_t now_ms,
                      const struct galen_frame_roster *frame)
{
    const struct visit *v = visit_current(engine);
    const struct known_visit *known = v ? known_of_chart(engine, &v->chart) : NULL;
    if (!known || !galen_id_equal(&frame->visit, &v->visit))
        return;
    const struct galen_member *host = engine->me.state == GALEN_HOME_GUEST
                                          ? &engine->live->guests_host
                                          : live_member(engine, &v->chart, &known->host);
    (void)!visit_take_roster(engine, now_ms, frame->roster, host);
}

/* -- the connection --------------------------------------------------------------------------------- */

void visit_ready(struct galen_engine *engine, uint64_t now_ms)
{
    (void)now_ms;
    struct visit *v = visit_current(engine);
    if (v && v->opening)
        send_open(engine);
    /* Otherwise the server tells which visits are open, and we knock then. */
}

void visit_lost(struct galen_engine *engine)
{
    struct live *live = engine->live;
    live->visit_count = 0;
    call_wipe(&live->visit);
}

bool visit_received(struct galen_engine *engine, uint64_t now_ms, const struct galen_frame *frame)
{
    switch (frame->type) {
    case GALEN_FRAME_VISIT:
        on_visit(engine, now_ms, &frame->as.visit);
        return true;
    case GALEN_FRAME_VISIT_ENDED:
        on_ended(engine, &frame->as.visit_id.visit);
        return true;
    case GALEN_FRAME_KNOCKED:
        door_knocked(engine, now_ms, &frame->as.knocked);
        return true;
    case GALEN_FRAME_ADMITTED:
        on_admitted(engine, &frame->as.admitted);
        return true;
    case GALEN_FRAME_ROSTER:
        on_roster(engine, now_ms, &frame->as.roster);
        return true;
    case GALEN_FRAME_LEFT:
        door_left(engine, now_ms, &frame->as.left);
        return true;
    case GALEN_FRAME_MEDIA:
        call_media(engine, now_ms, frame->as.media.sframe);
        return true;
    default:
        return false;
    }
}
