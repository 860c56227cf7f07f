/* What is live and never stored: drafts and presence in a chart, voice and video in a visit. */
#include "hub_state.h"

#include "galen/mutation.h"
#include "galen/sframe_header.h"

/* -- drafts and presence ------------------------------------------------------------------------ */

void hub_on_live_open(struct hub *hub, struct hub_connection *connection,
                      const struct galen_frame *frame)
{
    const struct galen_frame_live_open *open = &frame->as.live_open;
    struct hub_chart *chart;
    struct hub_tie *tie;
    enum galen_err err = hub_chart_find(hub, &open->chart, &chart);
    if (err == GALEN_OK && !hub_chart_member(chart, connection))
        err = GALEN_ERR_NOT_MEMBER;
    if (err == GALEN_OK)
        err = hub_chart_tie(hub, chart, connection, &tie);
    if (err != GALEN_OK) {
        hub_refuse(hub, connection, open->request, err, &open->chart, 0);
        return;
    }
    hub_done(hub, connection, open->request);
    if (chart->visit)
        hub_visit_announce(hub, chart->visit, connection);
}

static enum galen_err check_relay(const struct hub *hub, const struct hub_connection *connection,
                                  const struct galen_frame_relay *relay, struct hub_chart **chart)
{
    *chart = (struct hub_chart *)idmap_find(&hub->charts, &relay->chart);
    if (!*chart || !hub_chart_member(*chart, connection) || !hub_chart_tie_of(*chart, connection))
        return GALEN_ERR_NOT_MEMBER;
    return galen_id_equal(&relay->device, &connection->id) ? GALEN_OK : GALEN_ERR_SENDER;
}

void hub_on_relay(struct hub *hub, struct hub_connection *connection,
                  const struct galen_frame *frame)
{
    const struct galen_frame_relay *relay = &frame->as.relay;
    struct hub_chart *chart;
    enum galen_err err = check_relay(hub, connection, relay, &chart);
    struct buffer *buffer = err == GALEN_OK ? hub_encode(hub, frame) : NULL;
    if (err == GALEN_OK && !buffer)
        err = GALEN_ERR_MEMORY;
    if (err != GALEN_OK) {
        hub_refuse(hub, connection, 0, err, &relay->chart, 0);
        return;
    }
    hub->counters.relayed++;
    for (struct hub_tie *tie = chart->ties; tie; tie = tie->next_of_chart) {
        struct hub_connection *to = tie->connection;
        if (to == connection || to->state != HUB_LIVE || !hub_chart_member(chart, to))
            continue;
        hub->counters.relay_lost +=
            hub_outbox_relay(&to->outbox, &hub->pool, buffer, hub->config.limits.relay_ring);
        hub_ready(hub, to);
    }
    buffer_release(&hub->pool, buffer);
}

/* -- media -------------------------------------------------------------------------------------- */

/* Fifty refusals a second would be a flood of their own: all are counted, one a second is said. */
static void complain(struct hub *hub, struct hub_connection *connection, enum galen_err err)
{
    const struct hub_participant *from = connection->participant;
    const struct galen_id *chart = from ? &from->visit->chart->node.id : &connection->was_in;
    uint64_t since = hub->now_ms - connection->complained_ms;
    if (connection->complained_ms > 0 && hub->now_ms >= connection->complained_ms &&
        since < HUB_COMPLAINT_MS) {
        hub->counters.refused[err]++;
        return;
    }
    connection->complained_ms = hub->now_ms > 0 ? hub->now_ms : 1;
    hub_refuse(hub, connection, 0, err, chart, 0);
}

/* May this frame go on? The key id inside says whose it is; it must be the connection's number. */
static enum galen_err check_media(struct hub *hub, struct hub_connection *connection,
                                  struct galen_bytes sframe)
{
    struct hub_participant *from = connection->participant;
    uint32_t rate = hub->config.limits.media_per_second;
    struct galen_sframe_header header;
    struct galen_call_key_id key;
    size_t size;
    if (!bucket_take(&connection->media, (struct bucket_rate){rate, 1000, 2 * rate}, hub->now_ms))
        return GALEN_ERR_LIMIT;
    if (galen_sframe_header_read(sframe, &header, &size) != GALEN_OK ||
        galen_call_key_id_unpack(header.key_id, &key) != GALEN_OK)
        return GALEN_ERR_FORMAT;
    if (!from)
        return GALEN_ERR_NO_VISIT;
    if (GALEN_CHECKED(WAITING_ROOM) && !from->admitted)
        return GALEN_ERR_WAITING;
    bool is_last = from->last_number != 0 && key.participant == from->last_number &&
                   hub->now_ms - from->knocked_ms < HUB_LAST_NUMBER_MS;
    if (GALEN_CHECKED(SENDER_NUMBER) && key.participant != from->number && !is_last)
        return GALEN_ERR_SENDER;
    return GALEN_OK;
}

void hub_live_media(struct hub *hub, struct hub_connection *connection, struct galen_bytes frame)
{
    struct galen_bytes sframe = {frame.at + 1, frame.size - 1};
    enum galen_err err = frame.size > GALEN_LIVE_FRAME_MAX ? GALEN_ERR_TOO_LARGE
                                                           : check_media(hub, connection, sframe);
    bool never_in = !connection->participant && galen_id_is_none(&connection->was_in);
    if (err == GALEN_ERR_TOO_LARGE || err == GALEN_ERR_FORMAT || (err != GALEN_OK && never_in)) {
        hub_close(hub, connection, err, 0);
        return;
    }
    struct buffer *buffer =
        err == GALEN_OK ? buffer_make(&hub->pool, frame, (struct galen_bytes){0}) : NULL;
    if (err == GALEN_OK && !buffer)
        err = GALEN_ERR_MEMORY;
    if (err != GALEN_OK) {
        complain(hub, connection, err);
        return;
    }
    hub->counters.media++;
    const struct hub_visit *visit = connection->participant->visit;
    size_t ring =
        hub->config.limits.live_ring * (visit->admitted_now > 1 ? visit->admitted_now - 1 : 1);
    for (struct hub_participant *to = visit->participants; to; to = to->next) {
        if (to->connection == connection || !(to->connection->state & HUB_IN_CALLS) ||
            (GALEN_CHECKED(WAITING_ROOM) && !to->admitted))
            continue;
        hub->counters.media_sent++;
        hub->counters.media_lost +=
            hub_outbox_media(&to->connection->outbox, &hub->pool, buffer, ring);
        hub_ready(hub, to->connection);
    }
    buffer_release(&hub->pool, buffer);
}
