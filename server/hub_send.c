/* What a connection is sent: answers, refusals, its last word, and whose turn it is. */
#include "hub_state.h"

void hub_ready(struct hub *hub, struct hub_connection *connection)
{
    if (connection->ready)
        return;
    connection->ready = true;
    connection->next_ready = NULL;
    if (hub->ready_last)
        hub->ready_last->next_ready = connection;
    else
        hub->ready_first = connection;
    hub->ready_last = connection;
}

struct hub_connection *hub_next_ready(struct hub *hub)
{
    struct hub_connection *connection = hub->ready_first;
    if (!connection)
        return NULL;
    hub->ready_first = connection->next_ready;
    if (!hub->ready_first)
        hub->ready_last = NULL;
    connection->ready = false;
    return connection;
}

struct buffer *hub_encode(struct hub *hub, const struct galen_frame *frame)
{
    galen_writer_clear(&hub->frame);
    galen_frame_write(&hub->frame, frame);
    if (hub->frame.failed)
        return NULL;
    return buffer_make(&hub->pool, galen_written(&hub->frame), (struct galen_bytes){0});
}

/* The last word: queued whatever waits already. Without memory for it the line just closes. */
static void say_last(struct hub *hub, struct hub_connection *connection, enum galen_err err,
                     uint64_t detail)
{
    struct galen_frame frame = {.type = GALEN_FRAME_REFUSED};
    frame.as.refused.err = (uint16_t)err;
    frame.as.refused.detail = detail;
    struct buffer *buffer = hub_encode(hub, &frame);
    if (buffer && hub_outbox_answer(&connection->outbox, buffer, SIZE_MAX) != GALEN_OK)
        hub_outbox_clear(&connection->outbox, &hub->pool);
    buffer_release(&hub->pool, buffer);
}

void hub_close(struct hub *hub, struct hub_connection *connection, enum galen_err err,
               uint64_t detail)
{
    if (connection->state == HUB_CLOSING)
        return;
    connection->state = HUB_CLOSING;
    hub->counters.refused[err]++;
    if (err == GALEN_ERR_SLOW)
        hub_outbox_clear(&connection->outbox, &hub->pool);
    say_last(hub, connection, err, detail);
    connection->leaving = true;
    connection->next_leaving = hub->leaving;
    hub->leaving = connection;
    hub_ready(hub, connection);
    hub_event(hub, "closed", "\"device\":\"%s\",\"reason\":\"%s\"", hub_hex(&connection->id).text,
              galen_err_name(err));
}

void hub_send_buffer(struct hub *hub, struct hub_connection *connection, struct buffer *buffer)
{
    if (connection->state == HUB_CLOSING)
        return;
    enum galen_err err = GALEN_ERR_MEMORY;
    if (buffer)
        err = hub_outbox_answer(&connection->outbox, buffer, hub->config.limits.outbox_bytes);
    if (err != GALEN_OK)
        hub_close(hub, connection, err == GALEN_ERR_LIMIT ? GALEN_ERR_SLOW : err, 0);
    hub_ready(hub, connection);
}

void hub_send(struct hub *hub, struct hub_connection *connection, const struct galen_frame *frame)
{
    if (connection->state == HUB_CLOSING)
        return;
    struct buffer *buffer = hub_encode(hub, frame);
    hub_send_buffer(hub, connection, buffer);
    buffer_release(&hub->pool, buffer);
}

void hub_send_members(struct hub *hub, const struct hub_chart *chart,
                      const struct galen_frame *frame)
{
    struct buffer *buffer = hub_encode(hub, frame);
    for (size_t i = 0; i < galen_rules_member_count(chart->rules); i++) {
        const struct galen_id *id = &galen_rules_member_at(chart->rules, i)->device;
        struct hub_device *device = (struct hub_device *)idmap_find(&hub->devices, id);
        if (device && device->log)
            hub_send_buffer(hub, device->log, buffer);
        if (device && device->live)
            hub_send_buffer(hub, device->live, buffer);
    }
    buffer_release(&hub->pool, buffer);
}

void hub_done(struct hub *hub, struct hub_connection *connection, uint32_t request)
{
    struct galen_frame frame = {.type = GALEN_FRAME_DONE};
    frame.as.done.request = request;
    hub_send(hub, connection, &frame);
}

void hub_refuse(struct hub *hub, struct hub_connection *connection, uint32_t request,
                enum galen_err err, const struct galen_id *chart, uint64_t detail)
{
    struct galen_frame frame = {.type = GALEN_FRAME_REFUSED};
    frame.as.refused.request = request;
    frame.as.refused.err = (uint16_t)err;
    if (chart)
        frame.as.refused.chart = *chart;
    frame.as.refused.detail = detail;
    hub->counters.refused[err]++;
    hub_send(hub, connection, &frame);
}

struct galen_bytes hub_next_frame(struct hub *hub, struct hub_connection *connection,
                                  uint64_t now_ms)
{
    hub->now_ms = now_ms;
    buffer_release(&hub->pool, hub->lent);
    hub->lent = hub_outbox_take(&connection->outbox);
    struct galen_bytes frame = {0};
    if (!hub->lent && connection->state == HUB_LOG)
        frame = hub_reading_next(hub, connection);
    if (!hub->lent && frame.size == 0) /* reading may have ended in a refusal */
        hub->lent = hub_outbox_take(&connection->outbox);
    if (hub->lent)
        frame = (struct galen_bytes){hub->lent->at, hub->lent->size};
    hub_settle(hub);
    return frame;
}

bool hub_is_closing(const struct hub_connection *connection)
{
    return connection->state == HUB_CLOSING;
}
