/* Connections: how they come, what they may say when, what they are sent, how they go. */
#include "hub_state.h"

#include "galen/mutation.h"

#include <stdlib.h>
#include <string.h>

/* -- the hub itself ----------------------------------------------------------------------------- */

struct hub_limits hub_limits_default(void)
{
    return (struct hub_limits){
        .connections = 10000,
        .connections_per_address = 256,
        .sign_in_ms = 10000,
        .silence_ms = 45000,
        .frames_per_second = 200,
        .media_per_second = 200,
        .appends_in_flight = 64,
        .batch_entries = 512,
        .pending_bytes = 64u * 1024 * 1024,
        .epochs_per_hour = 120,
        .kib_per_hour = 64u * 1024,
        .charts_open = 1024,
        .outbox_bytes = 1024u * 1024,
        .live_ring = 10,
        .relay_ring = 64,
        .sign_ins_per_minute = 120,
        .visits = 1000,
        .waiting = 16,
        .visit_empty_ms = 60000,
        .chart_idle_ms = 300000,
    };
}

struct hub *hub_new(const struct hub_config *config)
{
    struct hub *hub = calloc(1, sizeof *hub);
    if (!hub)
        return NULL;
    hub->config = *config;
    galen_writer_init(&hub->frame);
    galen_writer_init(&hub->records);
    enum galen_err err = store_practice(config->store, &hub->practice);
    if (err != GALEN_OK && err != GALEN_ERR_STATE) {
        hub_free(hub);
        return NULL;
    }
    hub->has_practice = err == GALEN_OK;
    if (hub->has_practice)
        hub->practice_id = galen_device_id(config->primitives, &hub->practice);
    return hub;
}

static void free_connection(struct hub *hub, struct hub_connection *connection)
{
    hub_outbox_wipe(&connection->outbox, &hub->pool);
    free(connection->guest);
    free(connection);
}

static void free_maps(struct hub *hub)
{
    struct idmap_node *node = idmap_next(&hub->charts, NULL);
    while (node) {
        struct idmap_node *next = idmap_next(&hub->charts, node);
        hub_chart_free(hub, (struct hub_chart *)node);
        node = next;
    }
    idmap_wipe(&hub->charts);
    idmap_wipe(&hub->addresses);
    idmap_wipe(&hub->devices);
    idmap_wipe(&hub->visits);
}

void hub_free(struct hub *hub)
{
    if (!hub)
        return;
    while (hub->connections)
        hub_disconnect(hub, hub->connections, hub->now_ms);
    hub_batch_wipe(hub);
    for (struct idmap_node *node; (node = idmap_next(&hub->visits, NULL));)
        hub_visit_end(hub, (struct hub_visit *)node);
    for (struct idmap_node *node; (node = idmap_next(&hub->addresses, NULL));) {
        idmap_remove(&hub->addresses, node);
        free(node);
    }
    free_maps(hub);
    buffer_release(&hub->pool, hub->lent);
    buffer_pool_wipe(&hub->pool);
    galen_writer_wipe(&hub->frame);
    galen_writer_wipe(&hub->records);
    free(hub);
}

/* -- coming and going --------------------------------------------------------------------------- */

static struct hub_address *find_address(struct hub *hub, struct galen_bytes name)
{
    struct galen_id id;
    hub->config.primitives->sha256(&name, 1, id.bytes);
    struct hub_address *address = (struct hub_address *)idmap_find(&hub->addresses, &id);
    if (address)
        return address;
    address = calloc(1, sizeof *address);
    if (!address)
        return NULL;
    address->node.id = id;
    if (!idmap_add(&hub->addresses, &address->node)) {
        free(address);
        return NULL;
    }
    return address;
}

static void challenge(struct hub *hub, struct hub_connection *connection)
{
    struct galen_frame frame = {.type = GALEN_FRAME_CHALLENGE};
    frame.as.challenge.version = GALEN_VERSION;
    memcpy(frame.as.challenge.nonce, connection->nonce, sizeof connection->nonce);
    if (hub->has_practice)
        frame.as.challenge.practice = hub->practice;
    frame.as.challenge.clock_ms = hub->now_ms;
    hub_send(hub, connection, &frame);
}

static enum galen_err may_connect(struct hub *hub, const struct hub_address *address)
{
    if (hub->stopping)
        return GALEN_ERR_SHUTDOWN;
    if (!address)
        return GALEN_ERR_MEMORY;
    if (hub->connection_count >= hub->config.limits.connections ||
        address->connections >= hub->config.limits.connections_per_address)
        return GALEN_ERR_LIMIT;
    return GALEN_OK;
}

struct hub_connection *hub_connect(struct hub *hub, uint64_t now_ms, struct galen_bytes address,
                                   const uint8_t nonce[32], enum galen_err *err)
{
    hub->now_ms = now_ms;
    struct hub_address *from = find_address(hub, address);
    struct hub_connection *connection = NULL;
    *err = may_connect(hub, from);
    if (*err == GALEN_OK) {
        connection = calloc(1, sizeof *connection);
        if (!connection)
            *err = GALEN_ERR_MEMORY;
    }
    if (!connection) {
        hub->counters.refused[*err]++;
        return NULL;
    }
    connection->address = from;
    from->connections++;
    connection->state = HUB_CHALLENGED;
    connection->connected_ms = connection->heard_ms = now_ms;
    memcpy(connection->nonce, nonce, sizeof connection->nonce);
    connection->next = hub->connections;
    if (hub->connections)
        hub->connections->prev = connection;
    hub->connections = connection;
    hub->connection_count++;
    hub->counters.connections++;
    challenge(hub, connection);
    hub_settle(hub);
    return connection;
}

void hub_connection_set_user(struct hub_connection *connection, void *user)
{
    connection->user = user;
}

void *hub_connection_user(const struct hub_connection *connection)
{
    return connection->user;
}

size_t hub_frame_max(const struct hub_connection *connection)
{
    switch (connection->state) {
    case HUB_LOG:
        return GALEN_FRAME_MAX;
    case HUB_LIVE:
        return GALEN_RELAYED_MAX + 1024;
    default:
        return HUB_UNSIGNED_FRAME_MAX;
    }
}

struct hub_connection *hub_connection_of(const struct hub *hub, const struct galen_id *device,
                                         enum hub_state purpose)
{
    const struct hub_device *found = (const struct hub_device *)idmap_find(&hub->devices, device);
    if (!found)
        return NULL;
    return purpose == HUB_LOG ? found->log : found->live;
}

/* Gives its place as the device's connection up, unless a newer one took it. */
static void leave_device(struct hub *hub, struct hub_connection *connection)
{
    struct hub_device *device = connection->device;
    connection->device = NULL;
    if (!device)
        return;
    if (device->log == connection)
        device->log = NULL;
    if (device->live == connection)
        device->live = NULL;
    if (!device->log && !device->live) {
        idmap_remove(&hub->devices, &device->node);
        free(device);
    }
}

static void detach(struct hub *hub, struct hub_connection *connection)
{
    hub_visit_leave(hub, connection);
    while (connection->ties)
        hub_chart_untie(connection->ties);
    leave_device(hub, connection);
    if (connection->in_flight > 0)
        hub_batch_forget_waiter(hub, connection);
}

void hub_settle(struct hub *hub)
{
    while (hub->leaving) {
        struct hub_connection *connection = hub->leaving;
        hub->leaving = connection->next_leaving;
        connection->leaving = false;
        detach(hub, connection);
    }
}

static void leave_lists(struct hub *hub, struct hub_connection *connection)
{
    struct hub_connection *before = NULL;
    for (struct hub_connection *at = connection->ready ? hub->ready_first : NULL; at;
         before = at, at = at->next_ready) {
        if (at != connection)
            continue;
        if (before)
            before->next_ready = at->next_ready;
        else
            hub->ready_first = at->next_ready;
        if (hub->ready_last == at)
            hub->ready_last = before;
        break;
    }
    if (connection->prev)
        connection->prev->next = connection->next;
    else
        hub->connections = connection->next;
    if (connection->next)
        connection->next->prev = connection->prev;
    hub->connection_count--;
}

void hub_disconnect(struct hub *hub, struct hub_connection *connection, uint64_t now_ms)
{
    hub->now_ms = now_ms;
    connection->state = HUB_CLOSING; /* nothing more is sent to it */
    detach(hub, connection);
    hub_settle(hub);
    leave_lists(hub, connection);
    connection->address->connections--;
    free_connection(hub, connection);
}

/* -- hearing ------------------------------------------------------------------------------------ */

static void on_ping(struct hub *hub, struct hub_connection *connection,
                    const struct galen_frame *frame)
{
    struct galen_frame pong = {.type = GALEN_FRAME_PONG};
    pong.as.ping = frame->as.ping;
    hub_send(hub, connection, &pong);
}

static void on_pong(struct hub *hub, struct hub_connection *connection,
                    const struct galen_frame *frame)
{
    (void)hub; /* being heard is all there is to it */
    (void)connection;
    (void)frame;
}

#define BOTH  (HUB_LOG | HUB_LIVE)
#define ALIVE (HUB_CHALLENGED | BOTH | HUB_GUEST | HUB_LINK)

/* What a client may say (PROTOCOL.md, "Frames"), in which state, and whether it numbers it. */
static const struct rule {
    uint8_t type;
    uint8_t states;
    bool numbered;
    void (*handle)(struct hub *hub, struct hub_connection *connection,
                   const struct galen_frame *frame);
} rules[] = {
    {GALEN_FRAME_SIGN_IN, HUB_CHALLENGED, false, hub_on_sign_in},
    {GALEN_FRAME_SETUP, HUB_CHALLENGED, false, hub_on_setup},
    {GALEN_FRAME_PING, ALIVE, false, on_ping},
    {GALEN_FRAME_PONG, ALIVE, false, on_pong},
    {GALEN_FRAME_OPEN, HUB_LOG, true, hub_on_open},
    {GALEN_FRAME_APPEND, HUB_LOG, true, hub_on_append},
    {GALEN_FRAME_HEAD, HUB_LOG, false, hub_on_head},
    {GALEN_FRAME_BODIES, HUB_LOG, true, hub_on_bodies},
    {GALEN_FRAME_STATEMENT, HUB_LOG | HUB_LINK, true, hub_on_statement},
    {GALEN_FRAME_LIVE_OPEN, HUB_LIVE, true, hub_on_live_open},
    {GALEN_FRAME_RELAY, HUB_LIVE, false, hub_on_relay},
    {GALEN_FRAME_VISIT_OPEN, HUB_LIVE, true, hub_on_visit_open},
    {GALEN_FRAME_KNOCK, HUB_IN_CALLS, true, hub_on_knock},
    {GALEN_FRAME_ADMIT, HUB_LIVE, true, hub_on_admit},
    {GALEN_FRAME_ROSTER, HUB_LIVE, false, hub_on_roster},
    {GALEN_FRAME_LEAVE, HUB_IN_CALLS, true, hub_on_leave},
    {GALEN_FRAME_VISIT_END, HUB_LIVE, true, hub_on_visit_end},
};

static const struct rule *find_rule(uint8_t type)
{
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        if (rules[i].type == type)
            return &rules[i];
    }
    return NULL;
}

/* The chart that an unnumbered frame is about; NULL: none. */
static const struct galen_id *chart_of(const struct galen_frame *frame)
{
    if (frame->type == GALEN_FRAME_HEAD)
        return &frame->as.head.head.chart;
    return frame->type == GALEN_FRAME_RELAY ? &frame->as.relay.chart : NULL;
}

/*
 * A little too much is refused by name; one who goes on all the same is closed. Who just signed in may
 * open all charts at once.
 */
static bool too_many(struct hub *hub, struct hub_connection *connection, const struct rule *rule,
                     const struct galen_frame *frame)
{
    uint32_t rate = hub->config.limits.frames_per_second;
    uint32_t burst = 2 * rate + (uint32_t)hub->config.limits.charts_open;
    uint64_t owed =
        bucket_owe(&connection->frames, (struct bucket_rate){rate, 1000, burst}, hub->now_ms);
    const struct galen_id *chart = chart_of(frame);
    if (owed == 0)
        return false;
    if (owed > burst)
        hub_close(hub, connection, GALEN_ERR_LIMIT, 0);
    else if (rule->numbered || chart)
        hub_refuse(hub, connection, rule->numbered ? frame->as.done.request : 0, GALEN_ERR_LIMIT,
                   chart, 0);
    else
        hub->counters.refused[GALEN_ERR_LIMIT]++; /* an answer would end the connection */
    return true;
}

static void hear(struct hub *hub, struct hub_connection *connection, struct galen_bytes bytes)
{
    uint8_t type = bytes.size > 0 ? bytes.at[0] : 0;
    const struct rule *rule = find_rule(type);
    struct galen_frame frame;
    hub->counters.frames[type]++;
    if (type == GALEN_FRAME_MEDIA && (connection->state & HUB_IN_CALLS)) {
        hub_live_media(hub, connection, bytes);
        return;
    }
    if (!galen_frame_name(type)) {
        hub_close(hub, connection, GALEN_ERR_FORMAT, 0);
        return;
    }
    if (!rule || !(rule->states & connection->state)) {
        hub_close(hub, connection, GALEN_ERR_STATE, 0);
        return;
    }
    enum galen_err err = bytes.size > hub_frame_max(connection) ? GALEN_ERR_TOO_LARGE
                                                                : galen_frame_read(bytes, &frame);
    if (err != GALEN_OK)
        hub_close(hub, connection, err, 0);
    else if (!too_many(hub, connection, rule, &frame))
        rule->handle(hub, connection, &frame);
}

void hub_receive(struct hub *hub, struct hub_connection *connection, uint64_t now_ms,
                 struct galen_bytes frame)
{
    hub->now_ms = now_ms;
    connection->heard_ms = now_ms;
    if (connection->state != HUB_CLOSING)
        hear(hub, connection, frame);
    hub_settle(hub);
}

void hub_oversized(struct hub *hub, struct hub_connection *connection, uint64_t now_ms)
{
    hub->now_ms = now_ms;
    hub_close(hub, connection, GALEN_ERR_TOO_LARGE, 0);
    hub_settle(hub);
}

/* -- time --------------------------------------------------------------------------------------- */

static void sweep_connections(struct hub *hub)
{
    const struct hub_limits *limits = &hub->config.limits;
    for (struct hub_connection *at = hub->connections; at; at = at->next) {
        uint64_t since = at->state == HUB_CHALLENGED ? at->connected_ms : at->heard_ms;
        uint64_t allowed = at->state == HUB_CHALLENGED ? limits->sign_in_ms : limits->silence_ms;
        if (at->state != HUB_CLOSING && hub->now_ms > since && hub->now_ms - since >= allowed)
            hub_close(hub, at, GALEN_ERR_TIMEOUT, 0);
        else if (at->state != HUB_CLOSING && at->guest && GALEN_CHECKED(GUEST_EXPIRY) &&
                 hub->now_ms > at->guest->not_after_ms)
            hub_close(hub, at, GALEN_ERR_EXPIRED, 0);
    }
}

static void sweep_addresses(struct hub *hub)
{
    uint32_t count = hub->config.limits.sign_ins_per_minute;
    struct bucket_rate rate = {count, 60000, count};
    struct idmap_node *node = idmap_next(&hub->addresses, NULL);
    while (node) {
        struct idmap_node *next = idmap_next(&hub->addresses, node);
        struct hub_address *address = (struct hub_address *)node;
        if (address->connections == 0 && bucket_is_full(&address->sign_ins, rate, hub->now_ms)) {
            idmap_remove(&hub->addresses, node);
            free(address);
        }
        node = next;
    }
}

uint64_t hub_tick(struct hub *hub, uint64_t now_ms)
{
    bool set_back = now_ms < hub->swept_ms;
    hub->now_ms = now_ms;
    if (set_back || now_ms - hub->swept_ms >= HUB_SWEEP_MS) {
        hub->swept_ms = now_ms;
        sweep_connections(hub);
        sweep_addresses(hub);
        hub_chart_sweep(hub);
    }
    uint64_t next = hub_visit_sweep(hub);
    hub_settle(hub);
    uint64_t sweep = hub->swept_ms + HUB_SWEEP_MS;
    return next < sweep ? next : sweep;
}

void hub_stop(struct hub *hub, uint64_t now_ms)
{
    hub->now_ms = now_ms;
    hub->stopping = true;
    hub->heads_due_ms = 0;
    for (struct hub_connection *at = hub->connections; at; at = at->next)
        hub_close(hub, at, GALEN_ERR_SHUTDOWN, 0);
    hub_settle(hub);
}
