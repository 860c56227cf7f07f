/* The real hub, on a store in memory, whose batches become durable when the script says so. */
#include "scripts.h"
#include "verify.h"

static const char *const names[] = {HOST_NAME, NULL};

static void forget(void *context, const char *event, const char *members)
{
    (void)context;
    (void)event;
    (void)members;
}

static void begin(struct script *script)
{
    struct hub_config config = {.primitives = verify_openssl(),
                                .store = script->store,
                                .names = names,
                                .limits = hub_limits_default(),
                                .token = SETUP_TOKEN,
                                .log = forget};
    config.limits.sign_ins_per_minute = 100000; /* all homes share one address here */
    config.limits.epochs_per_hour = 10000;
    script->hub = hub_new(&config);
    demand(script->hub);
}

void server_start(struct script *script)
{
    demand(store_open("", NULL, &script->store) == GALEN_OK);
    begin(script);
}

void server_free(struct script *script)
{
    hub_free(script->hub);
    store_close(script->store);
}

static uint64_t now(const struct script *script)
{
    return (uint64_t)script->now_ms;
}

/* Puts what the hub has for each line into it. */
static void deliver(struct script *script)
{
    struct hub_connection *connection;
    while ((connection = hub_next_ready(script->hub))) {
        struct line *line = hub_connection_user(connection);
        struct galen_bytes frame;
        while ((frame = hub_next_frame(script->hub, connection, now(script))).size > 0)
            queue_put(&line->to_home, frame);
        if (hub_is_closing(connection)) {
            server_disconnect(script, line);
            line->state = LINE_CLOSED;
        }
    }
    if (!script->batch)
        script->batch = hub_take_batch(script->hub);
}

bool server_connect(struct script *script, struct home *home, uint32_t purpose)
{
    struct line *line = &home->lines[purpose - 1];
    uint8_t nonce[32];
    enum galen_err err;
    chance_fill(&script->chance, nonce, sizeof nonce);
    line->connection = hub_connect(script->hub, now(script),
                                   (struct galen_bytes){(const uint8_t *)"here", 4}, nonce, &err);
    if (!line->connection)
        return false;
    hub_connection_set_user(line->connection, line);
    line->state = LINE_OPEN;
    deliver(script);
    return true;
}

void server_receive(struct script *script, struct line *line, struct galen_bytes frame)
{
    if (!line->connection)
        return;
    if (frame.size > hub_frame_max(line->connection))
        hub_oversized(script->hub, line->connection, now(script));
    else
        hub_receive(script->hub, line->connection, now(script), frame);
    deliver(script);
}

void server_disconnect(struct script *script, struct line *line)
{
    if (!line->connection)
        return;
    hub_disconnect(script->hub, line->connection, now(script));
    line->connection = NULL;
    queue_clear(&line->to_server);
}

bool server_commit(struct script *script)
{
    struct store_batch *batch = script->batch;
    if (!batch)
        return false;
    script->batch = NULL;
    hub_committed(script->hub, now(script), store_commit(script->store, batch));
    deliver(script);
    return true;
}

void server_tick(struct script *script)
{
    (void)hub_tick(script->hub, now(script));
    deliver(script);
}

void server_crash(struct script *script)
{
    for (size_t i = 0; i < script->home_count; i++)
        for (size_t k = 0; k < 2; k++) {
            struct line *line = &script->homes[i]->lines[k];
            queue_clear(&line->to_server);
            if (line->connection)
                line->state = LINE_CLOSED;
            line->connection = NULL;
        }
    hub_free(script->hub);
    script->batch = NULL; /* was the hub's */
    begin(script);
}
