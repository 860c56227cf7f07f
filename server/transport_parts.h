/* What the files of the transport share, and nobody else. */
#ifndef GALEN_SERVER_TRANSPORT_PARTS_H
#define GALEN_SERVER_TRANSPORT_PARTS_H

#include <ev.h>
#include <libwebsockets.h>

#include "transport.h"
#include "transport_ahead.h"
#include "transport_clock.h"
#include "transport_input.h"
#include "transport_listen.h"
#include "transport_writer.h"

#define TRANSPORT_HANDSHAKE_S 10 /* for TLS and the HTTP request, from the first byte to the last */
#define TRANSPORT_STOP_MS     3000 /* for answering what was accepted before everything is closed */
#define TRANSPORT_BURST       32 /* frames sent to one connection before the others get their turn */
/* Sent before a line is asked whether it is full, as the asking is a system call. */
#define TRANSPORT_UNASKED_BYTES 512

struct transport_counters {
    uint64_t http[6]; /* answers by hundreds of their status */
    uint64_t not_binary;
    uint64_t library_errors;
    uint64_t commits, commit_failures, commit_us;
};

/**
 * One WebSocket. Its memory is ours and not libwebsockets', so that jobs may outlive it. What a voice
 * frame touches stands first.
 */
struct socket {
    struct hub_connection *connection; /* NULL: refused, `frame` holds the answer */
    struct lws *wsi;
    struct transport *transport;
    size_t frame_size; /* of a message that came in pieces so far */
    size_t unasked;    /* bytes sent since the line was asked whether it is full */
    bool too_large;
    bool last_words; /* the hub is closing it */
    bool closing;    /* nothing is sent any more */
    bool stopped;    /* no reading, as too much waits for verification */
    struct ahead_queue ahead;
    struct input *input;
    uint8_t *frame;
    size_t frame_room;
};

struct transport {
    struct transport_config given;
    struct store *store;
    struct hub *hub;
    struct ev_loop *loop;
    struct lws_context *lws;
    struct lws_vhost *vhost;
    struct ssl_ctx_st *tls;
    struct transport_clock clock;
    uint64_t now_ms; /* read once a turn of the loop; 0: not yet */
    struct listener listen;
    struct input_list inputs;
    struct ahead *ahead;
    struct writer *writer;
    ev_prepare before_wait;
    ev_idle not_done; /* keeps the loop from waiting while there is input it has read ahead */
    ev_timer tick;
    ev_async woken;
    ev_signal on_term, on_int, on_hup;
    enum { TRANSPORT_SERVING, TRANSPORT_STOPPING } state;
    bool practice_known;
    uint64_t stop_at_ms;
    uint64_t fed_us;  /* when the first verified frame since the last batch went to the hub; 0 */
    uint64_t took_us; /* the last batch */
    enum galen_err store_state; /* of the last commit */
    uint64_t look_at_ms;        /* when to look for room again after one failed */
    size_t waiting;             /* sockets that are no WebSocket yet */
    size_t sockets, closing; /* WebSockets, and those of them to which nothing is sent any more */
    size_t sockets_high;
    struct transport_counters counters;
    uint8_t *out; /* LWS_PRE bytes, then room for one frame */
};

uint64_t transport_now_ms(struct transport *transport);

/* http.c: everything that is not a WebSocket. */
int http_callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                  size_t size);
extern const struct lws_protocol_vhost_options *const http_headers;

/* transport_socket.c: the WebSockets. */
int socket_callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                    size_t size);
/** Hands the hub what was verified meanwhile. True: there was something. */
bool socket_take_verified(struct transport *transport);
/** Sends what the hub has for the connections it names. */
void socket_flush(struct transport *transport);

/* transport_tls.c */
/** What holds for every connection: TLS 1.3 only, no tickets, good groups first. */
bool tls_set_up(struct ssl_ctx_st *tls);
/** Loads and checks a certificate and its key; on failure `tls` stays as it was. */
bool tls_load(struct ssl_ctx_st *tls, const char *cert, const char *key, char why[CONFIG_WHY_MAX]);
/** Seconds until the certificate expires; negative afterwards. */
int64_t tls_expires_in_s(struct ssl_ctx_st *tls, uint64_t now_ms);

#endif
