/* What the files of the transport share, and nobody else. */
#ifndef GALEN_SERVER_TRANSPORT_PARTS_H
#define GALEN_SERVER_TRANSPORT_PARTS_H

#include <ev.h>
#include <libwebsockets.h>

#include "http_reload.h"
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

/* The web client's answers. */
#define HTTP_HEADERS_MAX 3072
#define HTTP_HEADER_MAX  512 /* of one header of a request; longer ones count as not there */
#define HTTP_PIECE       (16u * 1024) /* of a body, sent at a time and kept for one reader */
#define HTTP_PIECE_S     20           /* for a line to take something of a piece */
_Static_assert(HTTP_PIECE <= GALEN_FRAME_MAX, "a piece fits where frames are sent from");

enum http_kind {
    HTTP_KIND_PAGE,
    HTTP_KIND_HASHED,
    HTTP_KIND_OTHER,
    HTTP_KIND_UNCHANGED, /* of any file: the peer has it */
    HTTP_KINDS
};

/** The web client that is served; all NULL and zero without --web. */
struct http_client {
    struct http_files *files;
    struct http_files *before; /* those it had before the last SIGHUP; NULL: none */
    struct http_reload *reload;
    size_t sending; /* bodies on their way */
    uint64_t requests[HTTP_KINDS];
    uint64_t bytes; /* of bodies, given to lines */
    uint64_t cut;   /* bodies that were not taken to their end */
};

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
    struct http_client client;
    struct transport_counters counters;
    uint8_t *out; /* LWS_PRE bytes, then room for one frame */
};

uint64_t transport_now_ms(struct transport *transport);

/* http.c: everything that is not a WebSocket. */
int http_callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                  size_t size);
extern const struct lws_protocol_vhost_options *const http_headers; /* of all pages */

/* http_send.c: bodies that are sent as the line takes them. */
struct http_sending; /* one of them; a connection's protocol data is its place */
/** Begins once the headers are written. -1: the connection is to be closed. */
int http_send(struct transport *transport, struct lws *wsi, struct http_sending **place,
              struct http_files *files, const struct http_body *body);
/** The connection can be written to: ends a request whose body is sent. -1: it is to be closed. */
int http_send_done(struct lws *wsi, struct http_sending **place);
void http_send_drop(struct http_sending **place); /* the connection ends; may be called twice */

/* http_client.c: the web client. */
/** Reads the files that --web names. False: `why` says which is wrong. */
bool http_client_open(struct transport *transport, char why[CONFIG_WHY_MAX]);
void http_client_close(struct transport *transport); /* connections must have ended */
void http_client_reload(struct transport *transport);
/** Takes what was read anew, if something was. */
void http_client_take(struct transport *transport);
enum http_client_found {
    HTTP_CLIENT_NOTHING, /* it has no such file, or there is no client */
    HTTP_CLIENT_NOT_ACCEPTABLE,
    HTTP_CLIENT_ANSWERED, /* `*result` is what the callback gives back */
};
enum http_client_found http_client_answer(struct transport *transport, struct lws *wsi,
                                          struct http_sending **place, const char *path,
                                          int *result);

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
