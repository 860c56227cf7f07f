#include "state.h"

#include <stdlib.h>
#include <string.h>

struct galen_engine *galen_engine_new(const struct galen_engine_config *config)
{
    struct galen_engine *engine = calloc(1, sizeof *engine);
    if (!engine)
        return NULL;
    engine->config = *config;
    engine->primitives = galen_sodium_primitives();
    engine->lines[0].purpose = GALEN_CONNECTION_LOG;
    engine->lines[1].purpose = GALEN_CONNECTION_LIVE;
    return engine;
}

void galen_engine_free(struct galen_engine *engine)
{
    if (!engine)
        return;
    live_free(engine);
    charts_clear(engine);
    join_wipe(&engine->joining);
    outputs_wipe(&engine->outputs);
    free(engine->certs);
    free(engine->words);
    galen_wipe(engine, sizeof *engine);
    free(engine);
}

enum galen_err galen_engine_load(struct galen_engine *engine, struct galen_bytes key,
                                 struct galen_bytes value)
{
    bool later = home_loads_later(key);
    return engine->started && !later ? GALEN_ERR_STATE : home_load(engine, key, value);
}

enum galen_err galen_engine_start(struct galen_engine *engine, uint64_t now_ms)
{
    if (engine->started)
        return GALEN_ERR_STATE;
    engine->started = true;
    for (size_t i = 0; i < engine->chart_count; i++) {
        enum galen_err err = chart_loaded(engine, engine->charts[i]);
        if (err != GALEN_OK)
            return err;
        outbox_loaded(engine, engine->charts[i]);
    }
    if (engine->me.state == GALEN_HOME_JOINING)
        join_resume(engine);
    if (engine->me.state == GALEN_HOME_MEMBER || engine->me.state == GALEN_HOME_JOINING)
        line_want(engine, now_ms, galen_engine_line(engine),
                  true); /* a guest's waits for go_live */
    return engine->outputs.failed ? GALEN_ERR_MEMORY : GALEN_OK;
}

bool galen_engine_next(struct galen_engine *engine, struct galen_output *output)
{
    commit(engine);
    return outputs_next(&engine->outputs, output);
}

enum galen_err galen_engine_broken(const struct galen_engine *engine)
{
    return engine->outputs.failed ? GALEN_ERR_MEMORY : GALEN_OK;
}

/* -- what comes in ---------------------------------------------------------------------------------- */

void galen_engine_connected(struct galen_engine *engine, uint64_t now_ms, uint8_t purpose)
{
    line_connected(engine, now_ms, line_of(engine, purpose));
}

void galen_engine_disconnected(struct galen_engine *engine, uint64_t now_ms, uint8_t purpose)
{
    line_closed(engine, now_ms, line_of(engine, purpose));
}

static void chart_added(struct galen_engine *engine, const struct galen_id *id)
{
    if (!charts_make_room(engine, id))
        return;
    struct chart *chart = chart_get(engine, id);
    if (!chart) {
        engine->outputs.failed = true;
        return;
    }
    event(engine, (struct galen_event){.kind = GALEN_EVENT_CHART, .chart = *id});
    chart_open(engine, chart);
}

static void on_log_frame(struct galen_engine *engine, uint64_t now_ms,
                         const struct galen_frame *frame)
{
    switch (frame->type) {
    case GALEN_FRAME_ENTRIES:
        chart_entries(engine, now_ms, &frame->as.entries);
        break;
    case GALEN_FRAME_HEADS:
        chart_heads(engine, &frame->as.heads);
        break;
    case GALEN_FRAME_APPENDED:
        outbox_appended(engine, now_ms, &frame->as.appended);
        break;
    case GALEN_FRAME_REFUSED:
        if (!words_answered(engine, frame->as.refused.request, frame->as.refused.err))
            outbox_refused(engine, now_ms, &frame->as.refused);
        break;
    case GALEN_FRAME_DONE:
        (void)words_answered(engine, frame->as.done.request, GALEN_OK);
        break;
    case GALEN_FRAME_STATEMENT:
        words_heard(engine, now_ms, &frame->as.statement);
        break;
    case GALEN_FRAME_CHART_ADDED:
        if (engine->me.state == GALEN_HOME_MEMBER)
            chart_added(engine, &frame->as.chart_added.chart);
        break;
    case GALEN_FRAME_NOTICE:
        if (note_notice(engine, &frame->as.notice.device, frame->as.notice.at_ms))
            event(engine, (struct galen_event){.kind = GALEN_EVENT_LINK_AGAIN,
                                               .chart = frame->as.notice.chart,
                                               .device = frame->as.notice.device,
                                               .number = frame->as.notice.at_ms});
        break;
    case GALEN_FRAME_VISIT:
    case GALEN_FRAME_VISIT_ENDED:
        live_received(engine, now_ms, GALEN_CONNECTION_LOG, frame);
        break;
    default:
        break;
    }
}

void galen_engine_received(struct galen_engine *engine, uint64_t now_ms, uint8_t purpose,
                           struct galen_bytes bytes)
{
    struct line *line = line_of(engine, purpose);
    struct galen_frame *frame = malloc(sizeof *frame);
    if (!frame) {
        engine->outputs.failed = true;
        return;
    }
    if (line->state == LINE_OFF || line->state == LINE_CLOSING) {
        free(frame);
        return;
    }
    if (galen_frame_read(bytes, frame) != GALEN_OK)
        line_drop(engine, now_ms, line); /* not a server that speaks with us */
    else if (line_received(engine, now_ms, line, frame))
        ;
    else if (purpose == GALEN_CONNECTION_LOG)
        on_log_frame(engine, now_ms, frame);
    else
        live_received(engine, now_ms, purpose, frame);
    drafts_review(engine, now_ms);
    free(frame);
}

uint64_t galen_engine_tick(struct galen_engine *engine, uint64_t now_ms)
{
    uint64_t next = UINT64_MAX;
    for (size_t i = 0; i < 2; i++)
        line_tick(engine, now_ms, &engine->lines[i]);
    for (size_t i = 0; i < engine->chart_count; i++) {
        chart_tick(engine, now_ms, engine->charts[i]);
        next = earlier(next, chart_deadline(engine, engine->charts[i]));
    }
    live_tick(engine, now_ms);
    for (size_t i = 0; i < 2; i++)
        next = earlier(next, line_deadline(&engine->lines[i]));
    return earlier(next, live_deadline(engine));
}

void galen_engine_awake(struct galen_engine *engine)
{
    for (size_t i = 0; i < 2; i++)
        line_awake(&engine->lines[i]);
}

/* -- looking ---------------------------------------------------------------------------------------- */

enum galen_home_state galen_engine_state(const struct galen_engine *engine)
{
    return engine->me.state;
}

struct galen_bytes galen_engine_host(const struct galen_engine *engine)
{
    return (struct galen_bytes){(const uint8_t *)engine->me.host, strlen(engine->me.host)};
}

const struct galen_id *galen_engine_device(const struct galen_engine *engine)
{
    return &engine->me.device;
}

const struct galen_id *galen_engine_account(const struct galen_engine *engine)
{
    return &engine->me.account;
}

enum galen_role galen_engine_role(const struct galen_engine *engine)
{
    return engine->me.role;
}

const struct galen_id *galen_engine_practice(const struct galen_engine *engine)
{
    return &engine->me.practice;
}

const struct galen_public_keys *galen_engine_practice_keys(const struct galen_engine *engine)
{
    return &engine->me.practice_keys;
}

const struct galen_id *galen_engine_practice_chart(const struct galen_engine *engine)
{
    return &engine->me.practice_chart;
}

bool galen_engine_online(const struct galen_engine *engine, uint8_t purpose)
{
    return line_ready(engine, purpose);
}

size_t galen_engine_chart_count(const struct galen_engine *engine)
{
    return engine->chart_count;
}

const struct galen_id *galen_engine_chart_at(const struct galen_engine *engine, size_t i)
{
    return i < engine->chart_count ? &engine->charts[i]->id : NULL;
}

const struct galen_log *galen_engine_log(const struct galen_engine *engine,
                                         const struct galen_id *id)
{
    const struct chart *chart = chart_find(engine, id);
    return chart ? chart->log : NULL;
}

const struct galen_docs *galen_engine_docs(const struct galen_engine *engine,
                                           const struct galen_id *id)
{
    const struct chart *chart = chart_find(engine, id);
    return chart ? chart->docs : NULL;
}

uint64_t galen_engine_server_size(const struct galen_engine *engine, const struct galen_id *id)
{
    const struct chart *chart = chart_find(engine, id);
    uint64_t read = chart ? galen_log_size(chart->log) : 0;
    return chart && chart->server_size > read ? chart->server_size : read;
}

bool galen_engine_current(const struct galen_engine *engine, const struct galen_id *id)
{
    const struct chart *chart = chart_find(engine, id);
    return chart && chart->current && chart->bodies_request == 0;
}

uint64_t galen_engine_link_again(const struct galen_engine *engine, const struct galen_id *id,
                                 const struct galen_id *account)
{
    const struct chart *chart = chart_find(engine, id);
    uint64_t latest = 0;
    for (size_t i = 0; chart && i < engine->notice_count; i++) {
        const struct told_notice *notice = &engine->notices[i];
        const struct galen_member *link =
            galen_rules_ever_member(galen_log_rules(chart->log), &notice->device);
        if (link && (!account || galen_id_equal(&link->account, account)) && notice->at_ms > latest)
            latest = notice->at_ms;
    }
    return latest;
}

bool galen_engine_entry(const struct galen_engine *engine, const struct galen_id *id,
                        uint64_t index, struct galen_bytes *record, struct galen_bytes *plain)
{
    const struct chart *chart = chart_find(engine, id);
    if (!chart || index >= galen_log_size(chart->log))
        return false;
    *record = chart->entries[index].record.bytes;
    *plain = chart->entries[index].plain.bytes;
    return true;
}

uint64_t galen_engine_withheld(const struct galen_engine *engine, const struct galen_id *id)
{
    const struct chart *chart = chart_find(engine, id);
    return chart ? chart->withheld : GALEN_NO_ENTRY;
}

enum galen_err galen_engine_stopped(const struct galen_engine *engine, const struct galen_id *id)
{
    const struct chart *chart = chart_find(engine, id);
    return chart ? (enum galen_err)chart->stopped : GALEN_ERR_CHART;
}
