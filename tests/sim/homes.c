/* Homes and servers: what an engine and a hub put out is carried out, or lost in a crash. */
#include "lines.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "verify.h"

/* -- homes ------------------------------------------------------------------------------------------ */

uint64_t node_now(const struct node *node)
{
    return node->world->now_ms + (uint64_t)node->skew_ms;
}

static void node_random(void *context, uint8_t *out, size_t n)
{
    chance_fill(&((struct node *)context)->chance, out, n);
}

struct node *world_node(struct world *world, const char *name)
{
    struct node *node = &world->nodes[world->node_count];
    node->number = world->node_count++;
    node->world = world;
    snprintf(node->name, sizeof node->name, "%s", name);
    node->chance.state = world->seed * 1000 + node->number;
    node_restart(node);
    return node;
}

/* As hosts do: what stands there, and behind. */
static bool is_loaded_later(const struct pair *pair)
{
    size_t n = strlen(GALEN_LOADED_LATER), least = pair->key_size < n ? pair->key_size : n;
    int order = memcmp(pair->key, GALEN_LOADED_LATER, least);
    return order > 0 || (order == 0 && pair->key_size >= n);
}

static void hand_in(struct node *node, struct galen_bytes key)
{
    struct galen_bytes value = disk_get(&node->disk, key);
    if (value.size == 0 || galen_engine_load(node->engine, key, value) != GALEN_OK)
        world_fail(node->world, "%s cannot load %.*s later", node->name, (int)key.size,
                   (const char *)key.at);
    node->loads++;
}

bool node_fetch(struct node *node, const struct galen_id *chart)
{
    if (node->engine &&
        galen_engine_fetch(node->engine, chart, 0, UINT64_MAX) == GALEN_ERR_NOT_LOADED)
        node_pump(node);
    return node->engine != NULL;
}

void node_restart(struct node *node)
{
    struct galen_engine_config config = {node_random, node};
    node->engine = galen_engine_new(&config);
    node->talk = galen_talk_new();
    if (!node->engine || !node->talk)
        abort();
    for (size_t i = 0; i < node->disk.count; i++) {
        struct pair *pair = &node->disk.pairs[i];
        if (is_loaded_later(pair))
            continue;
        enum galen_err err =
            galen_engine_load(node->engine, (struct galen_bytes){pair->key, pair->key_size},
                              (struct galen_bytes){pair->value, pair->value_size});
        if (err != GALEN_OK)
            world_fail(node->world, "%s cannot load %.*s: %s", node->name, (int)pair->key_size,
                       (const char *)pair->key, galen_err_name(err));
    }
    if (galen_engine_start(node->engine, node_now(node)) != GALEN_OK)
        world_fail(node->world, "%s cannot start", node->name);
    if (galen_engine_state(node->engine) == GALEN_HOME_MEMBER) {
        node->device = *galen_engine_device(node->engine);
        node->account = *galen_engine_account(node->engine);
    }
    world_say(node->world, "%s starts", node->name);
    node->lives++;
    if (node->live)
        galen_engine_go_live(node->engine, node_now(node), true);
    node_pump(node);
}

void node_crash(struct node *node)
{
    if (!node->engine)
        return;
    world_say(node->world, "%s crashes", node->name);
    galen_engine_free(node->engine);
    galen_talk_free(node->talk);
    node->engine = NULL;
    node->talk = NULL;
    disk_lose_pending(&node->disk);
    for (size_t i = 0; i < node->world->asked_count; i++) {
        struct asked *asked = &node->world->asked[i];
        if (asked->node == node->number && !asked->durable)
            asked->outcome = OUTCOME_NEVER_MADE;
    }
    for (size_t i = 0; i < 2; i++)
        if (node->link[i])
            line_close(node->world, node->link[i] - 1, false);
    node->restart_ms = node->world->now_ms + 200 + chance_below(&node->world->chance, 20000);
}

static void on_live_event(struct node *node, const struct galen_event *event)
{
    if (event->kind == GALEN_EVENT_KNOCK && node->knocker_count < NODES_MAX)
        node->knockers[node->knocker_count++] = event->device;
    if (event->kind == GALEN_EVENT_ADMITTED)
        node->let_in = event->number == 1;
    if (event->kind != GALEN_EVENT_DRAFT || event->number == 0)
        return;
    struct galen_writer text, said;
    struct galen_placed placed;
    galen_writer_init(&text);
    galen_writer_init(&said);
    galen_write(&said, event->text.at, event->text.size);
    if (galen_engine_drafted(node->engine, event, &text, &placed) == GALEN_OK)
        (void)!galen_text_spliced(galen_written(&text), &placed.splices, &said);
    uint64_t mark = 0xcbf29ce484222325ull;
    for (size_t i = 0; i < said.size; i++)
        mark = (mark ^ said.at[i]) * 0x100000001b3ull;
    bool none = said.size == 0; /* of a text that is not known here */
    galen_splices_free(&placed.splices);
    galen_writer_wipe(&text);
    galen_writer_wipe(&said);
    if (none)
        return;
    size_t count = node->drafts_seen < DRAFTS_MAX ? node->drafts_seen : DRAFTS_MAX;
    for (size_t i = 0; i < count; i++)
        if (node->draft_marks[i] == mark)
            world_fail(node->world, "%s was shown a draft a second time", node->name);
    node->draft_marks[node->drafts_seen++ % DRAFTS_MAX] = mark;
}

static void on_event(struct node *node, const struct galen_event *event)
{
    struct world *world = node->world;
    world_mix(world, node->number);
    world_mix(world, (uint64_t)event->kind << 16 | event->err);
    if (event->kind == GALEN_EVENT_DONE || event->kind == GALEN_EVENT_FAILED) {
        for (size_t i = 0; i < world->asked_count; i++) {
            struct asked *asked = &world->asked[i];
            if (memcmp(asked->token, event->token, sizeof asked->token) != 0)
                continue;
            asked->outcome = event->kind == GALEN_EVENT_DONE ? OUTCOME_DONE : OUTCOME_FAILED;
            asked->err = event->err;
        }
    }
    if (event->kind == GALEN_EVENT_REFUSED)
        node->refused = event->err;
    if (event->kind == GALEN_EVENT_FORK || event->kind == GALEN_EVENT_CLONED)
        node->told_stop = true;
    if (event->kind == GALEN_EVENT_LINK_AGAIN)
        node->links_again++;
    if (event->kind == GALEN_EVENT_SHUT_OUT)
        node->shut_outs++;
    on_live_event(node, event);
    if (event->kind == GALEN_EVENT_JOINED) {
        node->device = event->device;
        node->account = event->account;
    }
    if (event->kind == GALEN_EVENT_LOST_ASKED) {
        struct galen_id lost[GALEN_ACCOUNT_DEVICES_MAX];
        size_t count = 0;
        for (size_t i = 0; i < world->node_count; i++)
            if (world->nodes[i].removed && count < GALEN_ACCOUNT_DEVICES_MAX)
                lost[count++] = world->nodes[i].device;
        if (galen_engine_join_lost(node->engine, node_now(node), lost, count) != GALEN_OK)
            world_fail(world, "%s cannot say what was lost", node->name);
    }
    if (event->kind == GALEN_EVENT_HELD && /* everybody in these stories means what they wrote */
        galen_engine_release(node->engine, node_now(node), event->token, true) != GALEN_OK)
        world_fail(world, "%s cannot release what was held", node->name);
    world_say(world, "%s event %u %s", node->name, event->kind, galen_err_name(event->err));
}

void node_pump(struct node *node)
{
    struct world *world = node->world;
    struct galen_output output;
    while (node->engine && galen_engine_next(node->engine, &output)) {
        uint8_t kind = output.kind;
        switch ((enum galen_output_kind)kind) {
        case GALEN_OUT_SAVE:
            disk_save(&node->disk, output.key, output.value);
            break;
        case GALEN_OUT_COMMIT:
            for (size_t i = 0; i < world->asked_count; i++)
                if (world->asked[i].node == node->number && !world->asked[i].durable)
                    world->asked[i].durable = disk_will_hold(&node->disk, world->asked[i].token,
                                                             sizeof world->asked[i].token);
            disk_commit(&node->disk);
            break;
        case GALEN_OUT_CONNECT:
            line_open(node, output.purpose);
            break;
        case GALEN_OUT_DISCONNECT:
            if (node->link[output.purpose - 1])
                line_close(world, node->link[output.purpose - 1] - 1, true);
            else
                galen_engine_disconnected(node->engine, node_now(node), output.purpose);
            break;
        case GALEN_OUT_SEND:
            watch_sent(world, node, output.value);
            if (node->link[output.purpose - 1])
                line_deliver(world, node->link[output.purpose - 1] - 1, EVENT_TO_SERVER,
                             output.value);
            break;
        case GALEN_OUT_EVENT:
            on_event(node, &output.event);
            break;
        case GALEN_OUT_VOICE:
            if (output.value.size > 0)
                (void)galen_talk_put(node->talk, node_now(node), &output.device, output.number,
                                     output.value);
            else
                galen_talk_gone(node->talk, &output.device);
            break;
        case GALEN_OUT_LOAD:
            hand_in(node, output.key);
            break;
        }
        bool edge = kind == GALEN_OUT_COMMIT || kind == GALEN_OUT_SEND || kind == GALEN_OUT_SAVE;
        world->edges += edge ? 1 : 0;
        if (edge && world->edges == world->crash_edge)
            node_crash(node);
        else if (edge && chance_in(&world->chance, world->weather.crash) &&
                 chance_in(&world->chance, 200))
            node_crash(node);
    }
}

/* -- the server ------------------------------------------------------------------------------------- */

static void server_log(void *context, const char *name, const char *members)
{
    world_say(((struct server *)context)->world, "server: %s %s", name, members);
}

void server_start(struct server *server)
{
    static const char *const names[] = {"sim", NULL};
    if (store_open(server->path, NULL, &server->store) != GALEN_OK)
        abort();
    struct hub_config config = {.primitives = verify_openssl(),
                                .store = server->store,
                                .names = names,
                                .limits = hub_limits_default(),
                                .token = server->world->token,
                                .log = server_log,
                                .context = server};
    config.limits.sign_ins_per_minute = 100000; /* all homes share one address here */
    config.limits.connections_per_address = 1000;
    config.limits.epochs_per_hour = 10000;
    server->hub = hub_new(&config);
    if (!server->hub)
        abort();
    server->batch = NULL;
    server->next_tick_ms = server->world->now_ms;
    server->used = true;
}

void server_crash(struct server *server)
{
    struct world *world = server->world;
    if (!server->hub)
        return;
    world_say(world, "the server crashes");
    for (size_t i = 0; i < LINKS_MAX; i++)
        if (world->links[i].used && &world->servers[world->links[i].server] == server) {
            world->links[i].connection = NULL;
            line_close(world, i, true);
        }
    hub_free(server->hub);
    store_close(server->store);
    server->hub = NULL;
    server->store = NULL;
    server->batch = NULL;
    server->restart_ms = world->now_ms + 100 + chance_below(&world->chance, 5000);
}

static size_t link_of(struct world *world, const struct hub_connection *connection)
{
    return (size_t)((struct link *)hub_connection_user(connection) - world->links);
}

/* Nobody is at the other end of this line, and the server does not know. */
static void send_into_nothing(struct server *server, struct hub_connection *connection)
{
    while (hub_next_frame(server->hub, connection, server->world->now_ms).size > 0)
        ;
    if (hub_is_closing(connection))
        hub_disconnect(server->hub, connection, server->world->now_ms);
}

void server_pump(struct server *server)
{
    struct world *world = server->world;
    struct hub_connection *connection;
    while (server->hub && (connection = hub_next_ready(server->hub))) {
        struct galen_bytes frame;
        if (!hub_connection_user(connection)) {
            send_into_nothing(server, connection);
            continue;
        }
        size_t index = link_of(world, connection);
        while ((frame = hub_next_frame(server->hub, connection, world->now_ms)).size > 0)
            line_deliver(world, index, EVENT_TO_NODE, frame);
        if (hub_is_closing(connection))
            line_close(world, index, true);
    }
    if (server->hub && !server->batch && (server->batch = hub_take_batch(server->hub)))
        world_push(world,
                   (struct event){.at_ms = world->now_ms + 1 + chance_below(&world->chance, 8),
                                  .kind = EVENT_COMMITTED,
                                  .link = (size_t)(server - world->servers)});
}

void server_committed(struct server *server)
{
    struct world *world = server->world;
    if (!server->batch || !server->hub)
        return;
    bool crash_before = chance_in(&world->chance, world->weather.server_crash);
    if (crash_before) {
        server_crash(server);
        return;
    }
    enum galen_err err = chance_in(&world->chance, world->weather.server_crash)
                             ? GALEN_ERR_STORE
                             : store_commit(server->store, server->batch);
    if (err == GALEN_OK && chance_in(&world->chance, world->weather.server_crash)) {
        server_crash(server); /* durable, and nobody was told */
        return;
    }
    server->batch = NULL;
    hub_committed(server->hub, world->now_ms, err);
    server_pump(server);
}
