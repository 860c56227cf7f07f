/* The loop: what wakes it, and what it does before it waits again. */
#include "transport.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <openssl/ssl.h>

#include "main_log.h"
#include "transport_parts.h"
#include "verify.h"

#define SERV_BUFFER      4096 /* libwebsockets' own, one for all */
#define RX_BUFFER        1024 /* one for each connection: what it reads at a time */
#define TICK_AT_LEAST_S  0.02
#define TICK_AT_MOST_S   1.0
#define STOP_GOODBYE_MS  300 /* for peers to answer the close frame, once all have it */
#define LOOK_FOR_ROOM_MS 5000
#define SOCKETS_SPARE    256 /* before and after they are connections of the hub */

static uint64_t clock_us(clockid_t id)
{
    struct timespec now;
    clock_gettime(id, &now);
    return (uint64_t)now.tv_sec * 1000000u + (uint64_t)now.tv_nsec / 1000u;
}

uint64_t transport_now_ms(struct transport *transport)
{
    if (!transport->now_ms)
        transport->now_ms = transport_clock_read(&transport->clock, clock_us(CLOCK_REALTIME),
                                                 clock_us(CLOCK_MONOTONIC));
    return transport->now_ms;
}

const struct galen_primitives *transport_primitives(void)
{
    static struct galen_primitives primitives;
    primitives.sha256 = verify_openssl()->sha256;
    primitives.ed25519_verify = ahead_verify;
    return &primitives;
}

/* -- the hub's batches -------------------------------------------------------------------------- */

static void wake(void *context)
{
    struct transport *transport = context;
    ev_async_send(transport->loop, &transport->woken);
}

static void note_store(struct transport *transport, enum galen_err result)
{
    if (result != transport->store_state)
        log_numbers("store", "\"state\":\"%s\"", galen_err_name(result));
    transport->store_state = result;
    struct galen_public_keys keys;
    if (!transport->practice_known && result == GALEN_OK &&
        store_practice(transport->store, &keys) == GALEN_OK) {
        transport->practice_known = true;
        transport->given.on_practice(transport->given.context);
    }
}

static void take_committed(struct transport *transport)
{
    enum galen_err result;
    uint64_t took_us;
    if (!writer_take(transport->writer, &result, &took_us))
        return;
    transport->counters.commits += result == GALEN_OK;
    transport->counters.commit_failures += result != GALEN_OK;
    transport->counters.commit_us += took_us;
    transport->took_us = took_us;
    note_store(transport, result);
    hub_committed(transport->hub, transport_now_ms(transport), result);
}

/* So that /health says it, also while nobody writes. */
static void look_for_room(struct transport *transport, uint64_t now_ms)
{
    if (transport->store_state == GALEN_OK || writer_is_busy(transport->writer) ||
        now_ms < transport->look_at_ms)
        return;
    transport->look_at_ms = now_ms + LOOK_FOR_ROOM_MS;
    if (transport->given.has_room(transport->given.context))
        note_store(transport, GALEN_OK);
}

/*
 * A batch waits for signatures that are being verified, so that they need no batch of their own; but
 * no longer than the disk took for the last one, so that nobody waits twice.
 */
static bool may_grow(const struct transport *transport)
{
    return transport->fed_us && ahead_is_busy(transport->ahead) &&
           clock_us(CLOCK_MONOTONIC) - transport->fed_us < transport->took_us;
}

static void start_batch(struct transport *transport)
{
    if (writer_is_busy(transport->writer) || may_grow(transport))
        return;
    transport->fed_us = 0;
    const struct store_batch *batch = hub_take_batch(transport->hub);
    if (batch)
        writer_start(transport->writer, batch);
}

static void on_woken(struct ev_loop *loop, ev_async *watcher, int events)
{
    (void)loop;
    (void)events;
    struct transport *transport = watcher->data;
    if (socket_take_verified(transport) && !transport->fed_us)
        transport->fed_us = clock_us(CLOCK_MONOTONIC);
    take_committed(transport);
    http_client_take(transport);
}

/* -- the loop ----------------------------------------------------------------------------------- */

static bool is_done(struct transport *transport, uint64_t now_ms)
{
    if (transport->state != TRANSPORT_STOPPING)
        return false;
    bool all_told = transport->sockets == transport->closing && !writer_is_busy(transport->writer);
    if (all_told && transport->stop_at_ms > now_ms + STOP_GOODBYE_MS)
        transport->stop_at_ms = now_ms + STOP_GOODBYE_MS;
    return (all_told && transport->sockets == 0) || now_ms >= transport->stop_at_ms;
}

/* One batch and one round of answers for everything that came since the loop last waited. */
static void before_wait(struct ev_loop *loop, ev_prepare *watcher, int events)
{
    (void)events;
    struct transport *transport = watcher->data;
    bool more = input_serve(&transport->inputs, transport->lws);
    start_batch(transport);
    socket_flush(transport);
    if (more)
        ev_idle_start(loop, &transport->not_done);
    else
        ev_idle_stop(loop, &transport->not_done);
    if (is_done(transport, transport_now_ms(transport)))
        ev_break(loop, EVBREAK_ALL);
    transport->now_ms = 0;
}

static void on_idle(struct ev_loop *loop, ev_idle *watcher, int events)
{
    (void)loop;
    (void)watcher;
    (void)events;
}

static void on_tick(struct ev_loop *loop, ev_timer *watcher, int events)
{
    (void)events;
    struct transport *transport = watcher->data;
    uint64_t now_ms = transport_now_ms(transport);
    look_for_room(transport, now_ms);
    uint64_t next_ms = hub_tick(transport->hub, now_ms);
    double wait_s = next_ms > now_ms ? (double)(next_ms - now_ms) / 1000.0 : 0.0;
    watcher->repeat = wait_s < TICK_AT_LEAST_S  ? TICK_AT_LEAST_S
                      : wait_s > TICK_AT_MOST_S ? TICK_AT_MOST_S
                                                : wait_s;
    ev_timer_again(loop, watcher);
}

static void on_stop(struct ev_loop *loop, ev_signal *watcher, int events)
{
    (void)events;
    struct transport *transport = watcher->data;
    if (transport->state == TRANSPORT_STOPPING)
        return;
    uint64_t now_ms = transport_now_ms(transport);
    log_numbers("stopping", "\"connections\":%zu", transport->sockets);
    transport->state = TRANSPORT_STOPPING;
    transport->stop_at_ms = now_ms + TRANSPORT_STOP_MS;
    listen_stop(&transport->listen, loop);
    hub_stop(transport->hub, now_ms);
    /* So that the end is noticed when nothing else happens. */
    transport->tick.repeat = TICK_AT_LEAST_S;
    ev_timer_again(loop, &transport->tick);
}

static void on_reload(struct ev_loop *loop, ev_signal *watcher, int events)
{
    (void)loop;
    (void)events;
    struct transport *transport = watcher->data;
    const struct config *config = transport->given.config;
    char why[CONFIG_WHY_MAX];
    if (tls_load(transport->tls, config->cert, config->key, why)) {
        log_numbers("certificate-reloaded", "\"expires_in_s\":%lld",
                    (long long)tls_expires_in_s(transport->tls, transport_now_ms(transport)));
    } else {
        log_event("certificate-kept", "");
        log_say(why);
    }
    http_client_reload(transport);
}

/* -- libwebsockets ------------------------------------------------------------------------------ */

static void take_socket(void *context, int fd, uint16_t bucket)
{
    struct transport *transport = context;
    lws_adopt_desc_t adopt = {
        .vh = transport->vhost,
        .type = LWS_ADOPT_SOCKET | LWS_ADOPT_HTTP | LWS_ADOPT_ALLOW_SSL,
        .fd.sockfd = fd,
        .opaque = (void *)((uintptr_t)bucket + 1),
    };
    transport->waiting++;
    /* It closes the socket if it fails; http_callback is told of the end of what it has begun. */
    lws_adopt_descriptor_vhost_via_info(&adopt);
}

static bool has_room(void *context)
{
    const struct transport *transport = context;
    return transport->sockets + transport->waiting <
           transport->given.config->limits.connections + SOCKETS_SPARE;
}

static int first_protocol(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                          size_t size)
{
    if (reason == LWS_CALLBACK_OPENSSL_LOAD_EXTRA_SERVER_VERIFY_CERTS) {
        struct transport *transport = lws_context_user(lws_get_context(wsi));
        transport->tls = user;
        return tls_set_up(user) ? 0 : -1;
    }
    return http_callback(wsi, reason, user, in, size);
}

static struct transport *counting; /* its library_errors; the library's log knows no context */

static void on_library_line(int level, const char *line)
{
    (void)level;
    (void)line; /* It may hold an address. */
    if (counting)
        counting->counters.library_errors++;
}

/* A frame is written at once; without this, in pieces of RX_BUFFER, each in a turn of the loop. */
#define TX_PACKET (GALEN_FRAME_MAX + 64)

static bool start_library(struct transport *transport)
{
    static const struct lws_protocols protocols[] = {
        {"http", first_protocol, sizeof(struct http_sending *), 0, 0, NULL, TX_PACKET},
        {"galen.1", socket_callback, sizeof(struct socket *), RX_BUFFER, 0, NULL, TX_PACKET},
        {NULL, NULL, 0, 0, 0, NULL, 0},
    };
    /* The hub knows who has fallen silent; libwebsockets need not ask as well. */
    static const lws_retry_bo_t no_pings = {.secs_since_valid_ping = 0};
    void *loops[] = {transport->loop};
    struct lws_context_creation_info info = {
        .port = CONTEXT_PORT_NO_LISTEN_SERVER,
        .protocols = protocols,
        .options = LWS_SERVER_OPTION_LIBEV | LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT |
                   LWS_SERVER_OPTION_DISABLE_OS_CA_CERTS,
        .foreign_loops = loops,
        .user = transport,
        .headers = http_headers,
        .alpn = "http/1.1",
        .retry_and_idle_policy = &no_pings,
        .ssl_cert_filepath = transport->given.config->cert,
        .ssl_private_key_filepath = transport->given.config->key,
        .timeout_secs = TRANSPORT_HANDSHAKE_S,
        .keepalive_timeout = TRANSPORT_HANDSHAKE_S,
        .pt_serv_buf_size = SERV_BUFFER,
        .gid = -1,
        .uid = -1,
    };
    counting = transport;
    lws_set_log_level(LLL_ERR, on_library_line);
    transport->lws = lws_create_context(&info);
    transport->vhost = transport->lws ? lws_get_vhost_by_name(transport->lws, "default") : NULL;
    return transport->vhost && transport->tls;
}

/* -- beginning and end -------------------------------------------------------------------------- */

struct transport *transport_new(const struct transport_config *given, char why[CONFIG_WHY_MAX])
{
    struct transport *transport = calloc(1, sizeof *transport);
    snprintf(why, CONFIG_WHY_MAX, "Out of memory.");
    if (!transport)
        return NULL;
    transport->given = *given;
    input_list_init(&transport->inputs);
    transport->listen.take = take_socket;
    transport->listen.has_room = has_room;
    transport->listen.context = transport;
    transport->listen.per_address = given->config->limits.connections_per_address;
    transport->out = malloc(LWS_PRE + GALEN_FRAME_MAX);
    transport->loop = ev_loop_new(EVFLAG_AUTO | EVFLAG_NOENV);
    if (!transport->out || !transport->loop || !http_client_open(transport, why) ||
        !listen_open(&transport->listen, given->config->host, given->config->port, why))
        goto failed;
    SSL_CTX *trial = SSL_CTX_new(TLS_server_method());
    bool loaded = trial && tls_load(trial, given->config->cert, given->config->key, why);
    SSL_CTX_free(trial);
    if (!loaded)
        goto failed;
    if (!start_library(transport)) {
        snprintf(
            why, CONFIG_WHY_MAX,
            "libwebsockets did not start. Is its libev part installed (libwebsockets-evlib-ev)?");
        goto failed;
    }
    return transport;
failed:
    transport_free(transport);
    return NULL;
}

void transport_use_store(struct transport *transport, struct store *store)
{
    transport->store = store;
}

static void start_watchers(struct transport *transport)
{
    struct ev_loop *loop = transport->loop;
    ev_prepare_init(&transport->before_wait, before_wait);
    ev_idle_init(&transport->not_done, on_idle);
    ev_async_init(&transport->woken, on_woken);
    ev_timer_init(&transport->tick, on_tick, 0.0, TICK_AT_MOST_S);
    ev_signal_init(&transport->on_term, on_stop, SIGTERM);
    ev_signal_init(&transport->on_int, on_stop, SIGINT);
    ev_signal_init(&transport->on_hup, on_reload, SIGHUP);
    transport->before_wait.data = transport->woken.data = transport->tick.data =
        transport->on_term.data = transport->on_int.data = transport->on_hup.data = transport;
    ev_async_start(loop, &transport->woken);
    ev_prepare_start(loop, &transport->before_wait);
    ev_timer_again(loop, &transport->tick);
    ev_signal_start(loop, &transport->on_term);
    ev_signal_start(loop, &transport->on_int);
    ev_signal_start(loop, &transport->on_hup);
    listen_start(&transport->listen, loop);
}

static void stop_watchers(struct transport *transport)
{
    struct ev_loop *loop = transport->loop;
    ev_async_stop(loop, &transport->woken);
    ev_prepare_stop(loop, &transport->before_wait);
    ev_idle_stop(loop, &transport->not_done);
    ev_timer_stop(loop, &transport->tick);
    ev_signal_stop(loop, &transport->on_term);
    ev_signal_stop(loop, &transport->on_int);
    ev_signal_stop(loop, &transport->on_hup);
}

/* What the hub has accepted and not handed out yet is still made durable, if nobody can be told. */
static void finish_batches(struct transport *transport)
{
    writer_stop(transport->writer);
    take_committed(transport);
    const struct store_batch *batch;
    while ((batch = hub_take_batch(transport->hub))) {
        enum galen_err result = store_commit(transport->store, batch);
        hub_committed(transport->hub, transport_now_ms(transport), result);
        if (result != GALEN_OK)
            break;
    }
}

bool transport_run(struct transport *transport, struct hub *hub, char why[CONFIG_WHY_MAX])
{
    struct galen_public_keys keys;
    transport->hub = hub;
    transport->practice_known = store_practice(transport->store, &keys) == GALEN_OK;
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    transport->writer = writer_new(transport->store, wake, transport);
    transport->ahead =
        ahead_new(verify_openssl(), processors > 0 ? (size_t)processors : 1, wake, transport);
    if (!transport->writer || !transport->ahead) {
        snprintf(why, CONFIG_WHY_MAX, "This machine gives no more threads.");
        return false;
    }
    start_watchers(transport);
    const char *port = strrchr(transport->listen.address, ':');
    log_numbers("listening", "\"address\":\"%s\",\"port\":%s,\"set_up\":%s",
                transport->listen.address, port ? port + 1 : "0",
                transport->practice_known ? "true" : "false");
    ev_run(transport->loop, 0);
    stop_watchers(transport);
    finish_batches(transport);
    log_numbers("stopped", "\"connections\":%zu", transport->sockets);
    return true;
}

void transport_free(struct transport *transport)
{
    if (!transport)
        return;
    listen_stop(&transport->listen, transport->loop);
    if (transport->lws)
        lws_context_destroy(transport->lws);
    counting = NULL;
    http_client_close(transport);
    writer_free(transport->writer);
    ahead_free(transport->ahead);
    if (transport->loop)
        ev_loop_destroy(transport->loop);
    free(transport->out);
    free(transport);
}
