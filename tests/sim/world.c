#include "lines.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "verify.h"

/* -- events ----------------------------------------------------------------------------------------- */

static bool before(const struct event *a, const struct event *b)
{
    return a->at_ms != b->at_ms ? a->at_ms < b->at_ms : a->order < b->order;
}

void world_push(struct world *world, struct event event)
{
    if (world->event_count == EVENTS_MAX) {
        world_fail(world, "more than %d events wait", EVENTS_MAX);
        free(event.bytes);
        return;
    }
    event.order = ++world->order;
    size_t i = world->event_count++;
    while (i > 0 && before(&event, &world->events[(i - 1) / 2])) {
        world->events[i] = world->events[(i - 1) / 2];
        i = (i - 1) / 2;
    }
    world->events[i] = event;
}

static struct event pop(struct world *world)
{
    struct event first = world->events[0];
    struct event last = world->events[--world->event_count];
    size_t i = 0;
    for (;;) {
        size_t child = 2 * i + 1;
        if (child >= world->event_count)
            break;
        if (child + 1 < world->event_count &&
            before(&world->events[child + 1], &world->events[child]))
            child++;
        if (!before(&world->events[child], &last))
            break;
        world->events[i] = world->events[child];
        i = child;
    }
    world->events[i] = last;
    return first;
}

/* -- talking ---------------------------------------------------------------------------------------- */

void world_fail(struct world *world, const char *format, ...)
{
    if (world->failure[0])
        return;
    va_list args;
    va_start(args, format);
    vsnprintf(world->failure, sizeof world->failure, format, args);
    va_end(args);
}

void world_say(struct world *world, const char *format, ...)
{
    if (!world->trace)
        return;
    va_list args;
    va_start(args, format);
    printf("%9.3f ", (double)(world->now_ms - START_MS) / 1000);
    vprintf(format, args);
    putchar('\n');
    va_end(args);
}

static void mix(struct world *world, const void *bytes, size_t n)
{
    const uint8_t *at = bytes;
    for (size_t i = 0; i < n; i++)
        world->trace_hash = (world->trace_hash ^ at[i]) * 0x100000001b3ull;
}

void world_mix(struct world *world, uint64_t n)
{
    mix(world, &n, sizeof n);
}

/* -- lines ------------------------------------------------------------------------------------------ */

uint64_t line_delay(struct world *world)
{
    return 5 + chance_below(&world->chance, 30 + world->weather.delay_ms);
}

static uint64_t in_order(uint64_t *last, uint64_t at)
{
    if (at < *last)
        at = *last;
    return *last = at;
}

/* Takes `bytes` over. */
static void put_on_line(struct world *world, size_t index, uint8_t kind, uint8_t *bytes,
                        size_t size)
{
    struct link *link = &world->links[index];
    uint64_t at = in_order(kind == EVENT_TO_NODE ? &link->to_node_ms : &link->to_server_ms,
                           world->now_ms + line_delay(world));
    world_push(world, (struct event){.at_ms = at,
                                     .kind = kind,
                                     .link = index,
                                     .life = link->life,
                                     .bytes = bytes,
                                     .size = size});
}

static uint8_t *copy_of(struct galen_bytes bytes)
{
    uint8_t *copy = malloc(bytes.size + 1);
    if (!copy)
        abort();
    if (bytes.size > 0)
        memcpy(copy, bytes.at, bytes.size);
    return copy;
}

/* A line that swallowed one frame brings no later one: TCP keeps the order. */
static bool is_silent(struct world *world, struct link *link)
{
    link->silent = link->silent || world->nodes[link->node].offline;
    return link->silent;
}

/* All that is said in a call goes to the eavesdropper too, who is not told that it was sent away. */
static void overhear(struct world *world, const struct link *link, struct galen_bytes bytes)
{
    struct node *ear = world->eavesdropper;
    struct link *line = ear ? node_line(ear, GALEN_CONNECTION_LIVE) : NULL;
    if (line && line != link && link->purpose == GALEN_CONNECTION_LIVE && bytes.size > 0 &&
        (bytes.at[0] == GALEN_FRAME_MEDIA ||
         (bytes.at[0] == GALEN_FRAME_ROSTER && chance_in(&world->chance, 300))))
        world_tell(world, line, bytes);
}

static bool is_kept_from(const struct world *world, const struct link *link,
                         struct galen_bytes bytes)
{
    struct galen_frame frame;
    return world->eavesdropper && &world->nodes[link->node] == world->eavesdropper &&
           bytes.size > 0 && bytes.at[0] == GALEN_FRAME_ADMITTED &&
           galen_frame_read(bytes, &frame) == GALEN_OK && frame.as.admitted.number == 0;
}

void line_deliver(struct world *world, size_t index, uint8_t kind, struct galen_bytes bytes)
{
    struct link *link = &world->links[index];
    if (is_silent(world, link) || (kind == EVENT_TO_NODE && is_kept_from(world, link, bytes)))
        return;
    uint8_t *copy = copy_of(bytes);
    size_t size = bytes.size;
    if (kind == EVENT_TO_NODE)
        overhear(world, link, bytes);
    bool passes = kind == EVENT_TO_NODE
                      ? server_plot_meddle(world, link, &copy, &size) &&
                            door_plot_meddle(world, link, &copy, &size) &&
                            member_plot_answer(world, link, (struct galen_bytes){copy, size})
                      : server_plot_intercept(world, link, &copy, &size);
    /* Drafts and hellos come twice at times: nobody may be shown one a second time (D5). */
    bool again = passes && kind == EVENT_TO_NODE && size > 0 && copy[0] == GALEN_FRAME_RELAY &&
                 chance_in(&world->chance, 200);
    uint8_t *second = again ? copy_of((struct galen_bytes){copy, size}) : NULL;
    if (passes)
        put_on_line(world, index, kind, copy, size);
    else
        free(copy);
    if (second)
        put_on_line(world, index, kind, second, size);
}

struct link *node_line(struct node *node, uint8_t purpose)
{
    return node->link[purpose - 1] ? &node->world->links[node->link[purpose - 1] - 1] : NULL;
}

bool node_send(struct node *node, uint8_t purpose, struct galen_bytes frame)
{
    struct link *link = node_line(node, purpose);
    if (!link || !link->connection || is_silent(node->world, link))
        return false;
    put_on_line(node->world, (size_t)(link - node->world->links), EVENT_TO_SERVER, copy_of(frame),
                frame.size);
    return true;
}

void world_tell(struct world *world, struct link *link, struct galen_bytes frame)
{
    if (!is_silent(world, link))
        put_on_line(world, (size_t)(link - world->links), EVENT_TO_NODE, copy_of(frame),
                    frame.size);
}

bool node_stopped(const struct node *node, const struct galen_id *chart)
{
    enum galen_err err = node->engine ? galen_engine_stopped(node->engine, chart) : GALEN_ERR_CHART;
    return err == GALEN_ERR_FORK || err == GALEN_ERR_CLONED;
}

/* The server learns of it, unless the line swallows even that: then it keeps a connection that nobody
 * is at the other end of, until the same device comes again or nothing was heard for long enough. */
static void leave_server(struct world *world, struct link *link)
{
    struct hub *hub = world->servers[link->server].hub;
    if (link->connection && hub && link->silent && !hub_is_closing(link->connection))
        hub_connection_set_user(link->connection, NULL);
    else if (link->connection && hub)
        hub_disconnect(hub, link->connection, world->now_ms);
    link->connection = NULL;
}

/* One side is gone. */
void line_close(struct world *world, size_t index, bool tell_node)
{
    struct link *link = &world->links[index];
    if (!link->used)
        return;
    struct node *node = &world->nodes[link->node];
    leave_server(world, link);
    link->closed = true;
    if (tell_node)
        world_push(world, (struct event){.at_ms = world->now_ms + line_delay(world),
                                         .kind = EVENT_CLOSED_NODE,
                                         .link = index,
                                         .life = link->life});
    else
        node->link[link->purpose - 1] = 0;
    if (!tell_node) {
        link->used = false;
        link->life++;
    }
}

void line_open(struct node *node, uint8_t purpose)
{
    struct world *world = node->world;
    size_t index = 0;
    while (index < LINKS_MAX && world->links[index].used)
        index++;
    if (index == LINKS_MAX) {
        world_fail(world, "no link is free");
        return;
    }
    struct link *link = &world->links[index];
    *link = (struct link){.used = true,
                          .life = link->life + 1,
                          .node = node->number,
                          .purpose = purpose,
                          .server = node->server};
    node->link[purpose - 1] = index + 1;
    bool fails = node->offline || !world->servers[link->server].hub;
    world_push(world, (struct event){.at_ms = world->now_ms + line_delay(world) * 2,
                                     .kind = fails ? EVENT_CLOSED_NODE : EVENT_CONNECTED,
                                     .link = index,
                                     .life = link->life});
}

void node_cut(struct node *node)
{
    for (size_t i = 0; i < 2; i++)
        if (node->link[i])
            line_close(node->world, node->link[i] - 1, true);
}

/* -- time ------------------------------------------------------------------------------------------- */

static void on_connected(struct world *world, struct link *link)
{
    struct server *server = &world->servers[link->server];
    struct node *node = &world->nodes[link->node];
    uint8_t nonce[32];
    enum galen_err err;
    if (link->closed)
        return;
    chance_fill(&world->chance, nonce, sizeof nonce);
    if (server->hub)
        link->connection =
            hub_connect(server->hub, world->now_ms,
                        (struct galen_bytes){(const uint8_t *)"loopback", 8}, nonce, &err);
    if (!link->connection) {
        line_close(world, (size_t)(link - world->links), true);
        return;
    }
    hub_connection_set_user(link->connection, link);
    if (node->engine)
        galen_engine_connected(node->engine, node_now(node), link->purpose);
    node_pump(node);
    server_pump(server);
}

static void handle(struct world *world, struct event *event)
{
    world_mix(world, event->at_ms);
    world_mix(world, event->kind);
    mix(world, event->bytes, event->size);
    if (event->kind == EVENT_COMMITTED) {
        server_committed(&world->servers[event->link]);
        return;
    }
    struct link *link = &world->links[event->link];
    if (!link->used || link->life != event->life)
        return;
    struct node *node = &world->nodes[link->node];
    struct server *server = &world->servers[link->server];
    struct galen_bytes bytes = {event->bytes, event->size};
    uint8_t purpose = link->purpose;
    if (event->kind == EVENT_CONNECTED) {
        on_connected(world, link);
    } else if (event->kind == EVENT_CLOSED_NODE) {
        node->link[purpose - 1] = 0;
        link->used = false;
        link->life++;
        if (node->engine)
            galen_engine_disconnected(node->engine, node_now(node), purpose);
    } else if (event->kind == EVENT_TO_SERVER && link->connection && server->hub) {
        hub_receive(server->hub, link->connection, world->now_ms, bytes);
        server_pump(server);
    } else if (event->kind == EVENT_TO_NODE && node->engine) {
        watch_before(world, node, bytes);
        galen_engine_received(node->engine, node_now(node), purpose, bytes);
        watch_after(world, node, bytes);
    }
    node_pump(node);
}

static void bad_weather(struct world *world)
{
    struct weather *w = &world->weather;
    for (size_t i = 0; i < world->node_count; i++) {
        struct node *node = &world->nodes[i];
        if (chance_in(&world->chance, w->cut))
            node_cut(node);
        if (chance_in(&world->chance, w->silence))
            for (size_t k = 0; k < 2; k++)
                if (node->link[k])
                    world->links[node->link[k] - 1].silent = true;
        if (chance_in(&world->chance, node->offline ? 60 : w->offline)) {
            node->offline = !node->offline;
            if (node->offline && chance_in(&world->chance, 500))
                node_cut(node);
        }
        if (chance_in(&world->chance, w->clock_jump)) {
            /* Within what an honest clock may be off, or far beyond it (L7). */
            uint64_t most = w->clock_far ? 3600000 : 120000;
            node->skew_ms = (int64_t)chance_below(&world->chance, 2 * most) - (int64_t)most;
        }
        if (chance_in(&world->chance, w->crash))
            node_crash(node);
    }
    if (chance_in(&world->chance, w->server_crash))
        server_crash(&world->servers[0]);
}

static void tick(struct world *world)
{
    for (size_t i = 0; i < SERVERS_MAX; i++) {
        struct server *server = &world->servers[i];
        if (server->used && !server->hub && world->now_ms >= server->restart_ms)
            server_start(server);
        if (server->hub && world->now_ms >= server->next_tick_ms) {
            uint64_t next = hub_tick(server->hub, world->now_ms);
            server->next_tick_ms = next > world->now_ms ? next : world->now_ms + 1;
            server_pump(server);
        }
    }
    for (size_t i = 0; i < world->node_count; i++) {
        struct node *node = &world->nodes[i];
        if (!node->engine && world->now_ms >= node->restart_ms && node->restart_ms < UINT64_MAX)
            node_restart(node);
        if (node->engine) {
            (void)galen_engine_tick(node->engine, node_now(node));
            node_pump(node);
        }
    }
}

void world_run(struct world *world, uint64_t ms, bool (*done)(struct world *world))
{
    uint64_t end = world->now_ms + ms;
    uint64_t next_tick = world->now_ms;
    while (world->now_ms < end && !world->failure[0]) {
        while (world->event_count > 0 && world->events[0].at_ms <= world->now_ms &&
               !world->failure[0]) {
            struct event event = pop(world);
            handle(world, &event);
            free(event.bytes);
        }
        if (world->now_ms >= next_tick) {
            tick(world);
            if (done && done(world))
                return;
            next_tick = world->now_ms + 100;
        }
        if (world->now_ms >= world->next_weather_ms) {
            bad_weather(world);
            world->next_weather_ms = world->now_ms + 1000;
        }
        uint64_t to = next_tick < world->next_weather_ms ? next_tick : world->next_weather_ms;
        if (world->event_count > 0 && world->events[0].at_ms < to)
            to = world->events[0].at_ms;
        to = to < end ? to : end;
        world->now_ms = to > world->now_ms ? to : world->now_ms;
    }
}

void world_heal(struct world *world)
{
    world_say(world, "healing after %llu edges", (unsigned long long)world->edges);
    server_plot_end(world);
    world->weather = (struct weather){0};
    for (size_t i = 0; i < world->node_count; i++) {
        struct node *node = &world->nodes[i];
        node->offline = false;
        node->skew_ms = 0;
        if (node->restart_ms > world->now_ms && node->restart_ms < UINT64_MAX)
            node->restart_ms = world->now_ms;
    }
}

struct asked *world_ask(struct world *world, struct node *node, enum asked_kind kind,
                        const struct galen_id *chart, const galen_token token, const char *text)
{
    if (world->asked_count == REQUESTS_MAX)
        abort();
    struct asked *asked = &world->asked[world->asked_count++];
    *asked = (struct asked){.kind = (uint8_t)kind, .node = node->number, .chart = *chart};
    memcpy(asked->token, token, sizeof asked->token);
    snprintf(asked->text, sizeof asked->text, "%s", text);
    world_say(world, "%s asks: %s", node->name, text);
    return asked;
}

/* -- beginning and end ------------------------------------------------------------------------------ */

struct world *world_new(uint64_t seed, const char *directory, bool trace)
{
    struct world *world = calloc(1, sizeof *world);
    struct event *events = calloc(EVENTS_MAX, sizeof *events);
    if (!world || !events)
        abort();
    world->events = events;
    world->seed = seed;
    world->chance.state = seed;
    world->trace_hash = 0xcbf29ce484222325ull;
    world->now_ms = START_MS;
    world->trace = trace;
    snprintf(world->directory, sizeof world->directory, "%s", directory);
    snprintf(world->token, sizeof world->token, "0123456789abcdef0123456789abcdef");
    for (size_t i = 0; i < SERVERS_MAX; i++) {
        world->servers[i].world = world;
        snprintf(world->servers[i].path, sizeof world->servers[i].path, "%s/server%zu.db",
                 directory, i);
    }
    server_start(&world->servers[0]);
    return world;
}

void world_free(struct world *world)
{
    server_plot_free(world);
    member_plot_free(world);
    edits_free(world);
    for (size_t i = 0; i < world->node_count; i++) {
        galen_engine_free(world->nodes[i].engine);
        galen_talk_free(world->nodes[i].talk);
        disk_wipe(&world->nodes[i].disk);
    }
    for (size_t i = 0; i < SERVERS_MAX; i++) {
        hub_free(world->servers[i].hub);
        store_close(world->servers[i].store);
    }
    for (size_t i = 0; i < world->event_count; i++)
        free(world->events[i].bytes);
    free(world->events);
    free(world);
}
