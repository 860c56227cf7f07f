/* Visits: opened by staff, known to the chart's members, gone from memory when they end. */
#include "hub_state.h"

#include <stdlib.h>
#include <string.h>

struct hub_visit *hub_visit_find(const struct hub *hub, const struct galen_id *id)
{
    return (struct hub_visit *)idmap_find(&hub->visits, id);
}

bool hub_visit_is_staff(const struct hub_visit *visit, const struct hub_connection *connection)
{
    const struct galen_member *member = hub_chart_member(visit->chart, connection);
    return member && galen_role_is_staff(member->role) && member->purpose == GALEN_PURPOSE_DEVICE;
}

/* -- telling ------------------------------------------------------------------------------------ */

static struct galen_frame announcement(const struct hub_visit *visit)
{
    struct galen_frame frame = {.type = GALEN_FRAME_VISIT};
    frame.as.visit.chart = visit->chart->node.id;
    frame.as.visit.visit = visit->node.id;
    frame.as.visit.host = visit->host;
    memcpy(frame.as.visit.nonce, visit->nonce, sizeof visit->nonce);
    return frame;
}

static bool is_guest_of(const struct hub_connection *connection, const struct hub_visit *visit)
{
    return connection->guest && galen_id_equal(&connection->guest->visit, &visit->node.id);
}

static void send_guests(struct hub *hub, const struct hub_visit *visit,
                        const struct galen_frame *frame)
{
    for (struct hub_connection *at = hub->connections; at; at = at->next) {
        if (is_guest_of(at, visit) && at->state != HUB_LINK)
            hub_send(hub, at, frame);
    }
}

static void ask(struct hub *hub, struct hub_visit *visit, struct hub_connection *connection)
{
    struct galen_frame frame = announcement(visit);
    frame.as.visit.host = connection->id;
    memset(frame.as.visit.nonce, 0, sizeof frame.as.visit.nonce);
    visit->asked = connection->id;
    hub_send(hub, connection, &frame);
}

void hub_visit_announce(struct hub *hub, const struct hub_visit *visit,
                        struct hub_connection *connection)
{
    struct galen_frame frame = announcement(visit);
    if (connection->guest)
        frame.as.visit.chain = visit->host_chain;
    hub_send(hub, connection, &frame);
}

void hub_visit_announce_to(struct hub *hub, struct hub_connection *connection)
{
    struct idmap_node *node = NULL;
    while ((node = idmap_next(&hub->visits, node))) {
        struct hub_visit *visit = (struct hub_visit *)node;
        if (!hub_chart_member(visit->chart, connection) && !is_guest_of(connection, visit))
            continue;
        hub_visit_announce(hub, visit, connection);
    }
}

/* -- who presides (R2) -------------------------------------------------------------------------- */

static bool has_staff(const struct hub_visit *visit)
{
    if (visit->host_connection)
        return true;
    for (const struct hub_participant *at = visit->participants; at; at = at->next) {
        if (at->staff && at->connection->state == HUB_LIVE)
            return true;
    }
    return false;
}

void hub_visit_settle_host(struct hub *hub, struct hub_visit *visit)
{
    if (has_staff(visit))
        visit->empty_since_ms = 0;
    else if (visit->empty_since_ms == 0)
        visit->empty_since_ms = hub->now_ms > 0 ? hub->now_ms : 1;
    if (visit->host_connection)
        return;
    /* Participants stand in the order of their numbers: the first has been there longest. */
    for (struct hub_participant *at = visit->participants; at; at = at->next) {
        if (!at->staff || at->connection->state != HUB_LIVE)
            continue;
        if (!galen_id_equal(&visit->asked, &at->connection->id))
            ask(hub, visit, at->connection);
        return;
    }
    visit->asked = (struct galen_id){{0}};
}

void hub_visit_give_up_hosting(struct hub *hub, struct hub_connection *connection)
{
    struct idmap_node *node = NULL;
    while (connection->hosting > 0 && (node = idmap_next(&hub->visits, node))) {
        struct hub_visit *visit = (struct hub_visit *)node;
        if (visit->host_connection != connection)
            continue;
        visit->host_connection = NULL;
        connection->hosting--;
        hub_visit_settle_host(hub, visit);
    }
}

static void preside(struct hub_visit *visit, struct hub_connection *connection,
                    const uint8_t nonce[32])
{
    if (visit->host_connection)
        visit->host_connection->hosting--;
    visit->host_connection = connection;
    connection->hosting++;
    visit->host = connection->id;
    visit->asked = (struct galen_id){{0}};
    visit->empty_since_ms = 0;
    memcpy(visit->nonce, nonce, sizeof visit->nonce);
}

/* -- opening and ending ------------------------------------------------------------------------- */

static enum galen_err new_visit(struct hub *hub, const struct galen_frame_visit_open *open,
                                struct hub_chart *chart, struct hub_visit **out)
{
    if (hub_visit_find(hub, &open->visit))
        return GALEN_ERR_DUPLICATE; /* of another chart */
    if (chart->visit || hub->visits.count >= hub->config.limits.visits)
        return GALEN_ERR_LIMIT;
    struct hub_visit *visit = calloc(1, sizeof *visit);
    if (!visit)
        return GALEN_ERR_MEMORY;
    visit->node.id = open->visit;
    visit->chart = chart;
    if (!idmap_add(&hub->visits, &visit->node)) {
        free(visit);
        return GALEN_ERR_MEMORY;
    }
    chart->visit = visit;
    *out = visit;
    hub_event(hub, "visit_open", "\"chart\":\"%s\",\"visit\":\"%s\"", hub_hex(&chart->node.id).text,
              hub_hex(&open->visit).text);
    return GALEN_OK;
}

/* A chain that guests are to know the sender by. None is allowed: then no guest can be let in. */
static bool ends_with(const struct hub *hub, const struct galen_chain *chain,
                      const struct hub_connection *connection)
{
    if (chain->count == 0)
        return true;
    struct galen_id last =
        galen_device_id(hub->config.primitives, &chain->certs[chain->count - 1].keys);
    return galen_id_equal(&last, &connection->id);
}

static enum galen_err open_visit(struct hub *hub, struct hub_connection *connection,
                                 const struct galen_frame_visit_open *open,
                                 struct hub_visit **visit)
{
    static const uint8_t zeros[32];
    struct hub_chart *chart;
    enum galen_err err = hub_chart_find(hub, &open->chart, &chart);
    if (err != GALEN_OK)
        return err;
    const struct galen_member *member = hub_chart_member(chart, connection);
    if (!member)
        return GALEN_ERR_NOT_MEMBER;
    if (!galen_role_is_staff(member->role) || member->purpose != GALEN_PURPOSE_DEVICE)
        return GALEN_ERR_ROLE;
    if (galen_id_is_none(&open->visit) || memcmp(open->nonce, zeros, sizeof zeros) == 0)
        return GALEN_ERR_FORMAT;
    if (!ends_with(hub, &open->chain, connection))
        return GALEN_ERR_CERTIFICATE;
    if (!chart->visit || !galen_id_equal(&chart->visit->node.id, &open->visit))
        return new_visit(hub, open, chart, visit);
    *visit = chart->visit;
    /* Whoever presides is not pushed aside; the same device may come back on a newer line. */
    bool presided = chart->visit->host_connection && chart->visit->host_connection != connection;
    return presided && !galen_id_equal(&chart->visit->host, &connection->id) ? GALEN_ERR_STATE
                                                                             : GALEN_OK;
}

void hub_on_visit_open(struct hub *hub, struct hub_connection *connection,
                       const struct galen_frame *frame)
{
    const struct galen_frame_visit_open *open = &frame->as.visit_open;
    struct hub_visit *visit = NULL;
    enum galen_err err = open_visit(hub, connection, open, &visit);
    if (err != GALEN_OK) {
        hub_refuse(hub, connection, open->request, err, &open->chart, 0);
        return;
    }
    preside(visit, connection, open->nonce);
    hub_done(hub, connection, open->request);
    visit->host_chain = open->chain;
    struct galen_frame said = announcement(visit);
    hub_send_members(hub, visit->chart, &said);
    said.as.visit.chain = open->chain;
    send_guests(hub, visit, &said);
}

void hub_visit_end(struct hub *hub, struct hub_visit *visit)
{
    struct galen_frame frame = {.type = GALEN_FRAME_VISIT_ENDED};
    frame.as.visit_id.visit = visit->node.id;
    hub_send_members(hub, visit->chart, &frame);
    send_guests(hub, visit, &frame);
    for (struct hub_connection *at = hub->connections; at; at = at->next) {
        if (is_guest_of(at, visit))
            hub_close(hub, at, GALEN_ERR_NO_VISIT, 0);
    }
    hub_visit_forget_people(visit);
    hub_admissions_wipe(visit);
    if (visit->host_connection)
        visit->host_connection->hosting--;
    visit->chart->visit = NULL;
    idmap_remove(&hub->visits, &visit->node);
    hub_event(hub, "visit_ended", "\"visit\":\"%s\"", hub_hex(&visit->node.id).text);
    free(visit);
}

void hub_on_visit_end(struct hub *hub, struct hub_connection *connection,
                      const struct galen_frame *frame)
{
    const struct galen_frame_visit_id *end = &frame->as.visit_id;
    struct hub_visit *visit = hub_visit_find(hub, &end->visit);
    enum galen_err err = GALEN_OK;
    if (!visit || (!hub_chart_member(visit->chart, connection) && !is_guest_of(connection, visit)))
        err = GALEN_ERR_NO_VISIT;
    else if (!hub_visit_is_staff(visit, connection))
        err = GALEN_ERR_ROLE;
    if (err != GALEN_OK) {
        hub_refuse(hub, connection, end->request, err, NULL, 0);
        return;
    }
    hub_done(hub, connection, end->request);
    hub_visit_end(hub, visit);
}

uint64_t hub_visit_sweep(struct hub *hub)
{
    uint64_t next = UINT64_MAX, allowed = hub->config.limits.visit_empty_ms;
    struct idmap_node *node = idmap_next(&hub->visits, NULL);
    while (node) {
        struct hub_visit *visit = (struct hub_visit *)node;
        node = idmap_next(&hub->visits, node);
        uint64_t due = visit->empty_since_ms + allowed;
        if (visit->empty_since_ms == 0)
            continue;
        if (hub->now_ms >= due)
            hub_visit_end(hub, visit);
        else if (due < next)
            next = due;
    }
    return next;
}

void hub_on_roster(struct hub *hub, struct hub_connection *connection,
                   const struct galen_frame *frame)
{
    const struct galen_frame_roster *roster = &frame->as.roster;
    struct hub_visit *visit = hub_visit_find(hub, &roster->visit);
    enum galen_err err = GALEN_OK;
    if (!visit || (!hub_chart_member(visit->chart, connection) && !is_guest_of(connection, visit)))
        err = GALEN_ERR_NO_VISIT;
    else if (visit->host_connection != connection)
        err = GALEN_ERR_ROLE;
    if (err != GALEN_OK) {
        hub_refuse(hub, connection, 0, err, &roster->visit, 0);
        return;
    }
    struct buffer *buffer = hub_encode(hub, frame);
    for (struct hub_participant *at = visit->participants; at; at = at->next) {
        if (at->admitted)
            hub_send_buffer(hub, at->connection, buffer);
    }
    buffer_release(&hub->pool, buffer);
}
