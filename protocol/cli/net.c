#include "net.h"

#include "resolve.h"

#include <libwebsockets.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define PROTOCOL_NAME "galen.1"
#define PATH          "/galen"
#define HOST_MAX      (GALEN_HOST_NAME_MAX + 8)
#define NOTSENT_LOWAT                                                                              \
    4096 /* bytes the kernel keeps of a live connection beyond what is under way */
#define CONNECT_SECONDS 15
#define GOODBYE_SECONDS 3 /* then a connection that takes no goodbye is cut */

struct queued {
    struct queued *next;
    size_t size;
    bool media;
    uint8_t bytes[]; /* LWS_PRE, then the frame */
};

/** One attempt at a connection. Freed when libwebsockets is done with it. */
struct link {
    struct link *next;
    struct net *net;
    struct lws *wsi; /* NULL while the name is looked up */
    struct resolving *resolving;
    uint8_t purpose;
    bool open;
    bool given_up;        /* nobody is told of it any more */
    const char *distrust; /* what is wrong with the server's certificate; static */
    bool goodbye;         /* close it once everything is sent */
    char host[HOST_MAX + 1], port[6];
    struct resolved addresses;
    size_t tried;
    struct galen_writer message; /* the pieces of one that is coming in */
    struct queued *first, *last;
    size_t unsent, media;
};

struct net {
    struct ev_loop *loop;
    struct lws_context *lws;
    struct net_events events;
    const char *ca_file;
    bool ca_failed;
    struct link *links; /* all that libwebsockets knows of */
    uint64_t left_out;
};

/* -- links ------------------------------------------------------------------------------------------ */

static struct link *current(const struct net *net, uint8_t purpose)
{
    for (struct link *link = net->links; link; link = link->next)
        if (link->purpose == purpose && !link->given_up)
            return link;
    return NULL;
}

static void drop_queue(struct link *link)
{
    while (link->first) {
        struct queued *next = link->first->next;
        free(link->first);
        link->first = next;
    }
    link->last = NULL;
    link->unsent = link->media = 0;
}

static void free_link(struct link *link)
{
    struct link **at = &link->net->links;
    while (*at && *at != link)
        at = &(*at)->next;
    if (*at)
        *at = link->next;
    if (link->resolving)
        resolve_cancel(link->resolving);
    drop_queue(link);
    galen_writer_wipe(&link->message);
    free(link);
}

/* Tells the host once that it is over. */
static void ended(struct link *link, enum net_end end, const char *text)
{
    if (link->given_up)
        return;
    link->given_up = true;
    link->open = false;
    drop_queue(link);
    link->net->events.closed(link->net->events.context, link->purpose, end, text);
}

static bool connect_next(struct link *link)
{
    if (link->tried >= link->addresses.count)
        return false;
    struct lws_client_connect_info info = {
        .context = link->net->lws,
        .address = link->addresses.at[link->tried++],
        .port = atoi(link->port),
        .path = PATH,
        .host = link->host, /* what the certificate must be for (SNI, RFC 6066) */
        .origin = link->host,
        .protocol = PROTOCOL_NAME,
        .local_protocol_name = PROTOCOL_NAME,
        .ssl_connection = LCCSCF_USE_SSL,
        .userdata = link,
        .pwsi = &link->wsi,
    };
    /* When this fails at once, the callback was called with the error already. */
    lws_client_connect_via_info(&info);
    return true;
}

static void on_resolved(void *context, const struct resolved *found, const char *why)
{
    struct link *link = context;
    link->resolving = NULL;
    link->addresses = *found;
    if (link->given_up) {
        free_link(link);
        return;
    }
    if (!connect_next(link)) {
        ended(link, NET_ENDED, why);
        free_link(link);
    }
}

/* -- what libwebsockets calls ----------------------------------------------------------------------- */

static void on_established(struct link *link, struct lws *wsi)
{
    int fd = lws_get_socket_fd(wsi), on = 1, low = NOTSENT_LOWAT;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (link->purpose == GALEN_CONNECTION_LIVE)
        setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &low, sizeof low);
    link->open = true;
    if (link->goodbye || link->first)
        lws_callback_on_writable(wsi);
    if (!link->given_up)
        link->net->events.opened(link->net->events.context, link->purpose);
}

/* A message comes in pieces. -1: close. */
static int on_piece(struct link *link, struct lws *wsi, const void *in, size_t size)
{
    if (link->given_up)
        return link->goodbye ? 0 : -1;
    if (!lws_frame_is_binary(wsi) || size > GALEN_FRAME_MAX - link->message.size) {
        ended(link, NET_ENDED, "the server sent something that is not a Galen frame");
        return -1;
    }
    galen_write(&link->message, in, size);
    if (lws_remaining_packet_payload(wsi) > 0 || !lws_is_final_fragment(wsi))
        return 0;
    if (link->message.failed) {
        ended(link, NET_ENDED, "out of memory");
        return -1;
    }
    link->net->events.received(link->net->events.context, link->purpose,
                               galen_written(&link->message));
    galen_writer_clear(&link->message);
    return 0;
}

static int on_writable(struct link *link, struct lws *wsi)
{
    struct queued *q = link->first;
    if (q) {
        link->first = q->next;
        if (!link->first)
            link->last = NULL;
        link->unsent -= q->size;
        link->media -= q->media ? 1 : 0;
        int sent = lws_write(wsi, q->bytes + LWS_PRE, q->size, LWS_WRITE_BINARY);
        bool ok = sent >= 0 && (size_t)sent >= q->size;
        free(q);
        if (!ok)
            return -1;
        if (link->first || link->goodbye)
            lws_callback_on_writable(wsi);
        return 0;
    }
    if (link->goodbye) {
        lws_close_reason(wsi, LWS_CLOSE_STATUS_NORMAL, NULL, 0);
        return -1;
    }
    return link->given_up ? -1 : 0;
}

/* Why a certificate does not hold is told here only; what is returned changes nothing. */
static void on_certificate(struct lws *wsi, X509_STORE_CTX *checked, bool holds)
{
    struct link *link = lws_wsi_user(wsi);
    if (link && !holds)
        link->distrust = X509_verify_cert_error_string(X509_STORE_CTX_get_error(checked));
}

static void on_connect_failed(struct link *link, const char *text)
{
    link->wsi = NULL;
    if (link->distrust)
        ended(link, NET_NOT_TRUSTED, link->distrust);
    else if (link->given_up || !connect_next(link))
        ended(link, NET_ENDED, text);
    else
        return;
    free_link(link);
}

static void trust_also(struct net *net, SSL_CTX *tls)
{
    SSL_CTX_set_min_proto_version(tls, TLS1_3_VERSION);
    if (net->ca_file && SSL_CTX_load_verify_locations(tls, net->ca_file, NULL) != 1)
        net->ca_failed = true;
}

static int on_lws(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                  size_t size)
{
    struct link *link = user;
    switch (reason) {
    case LWS_CALLBACK_OPENSSL_LOAD_EXTRA_CLIENT_VERIFY_CERTS:
        trust_also(lws_context_user(lws_get_context(wsi)), user);
        break;
    case LWS_CALLBACK_OPENSSL_PERFORM_SERVER_CERT_VERIFICATION:
        on_certificate(wsi, user, size != 0);
        break;
    case LWS_CALLBACK_CLIENT_CONNECTION_ERROR:
        if (link) {
            char text[160];
            snprintf(text, sizeof text, "%.*s", (int)(in ? size : 0), in ? (const char *)in : "");
            on_connect_failed(link, in && size > 0 ? text : "the server cannot be reached");
        }
        break;
    case LWS_CALLBACK_CLIENT_ESTABLISHED:
        on_established(link, wsi);
        break;
    case LWS_CALLBACK_CLIENT_RECEIVE:
        return on_piece(link, wsi, in, size);
    case LWS_CALLBACK_CLIENT_WRITEABLE:
        return on_writable(link, wsi);
    case LWS_CALLBACK_CLIENT_CLOSED:
        link->wsi = NULL;
        ended(link, NET_ENDED, "the connection was closed");
        free_link(link);
        break;
    default:
        break;
    }
    return 0;
}

/* -- the host's side -------------------------------------------------------------------------------- */

static struct lws_context *make_context(struct net *net)
{
    static const struct lws_protocols protocols[] = {
        {PROTOCOL_NAME, on_lws, 0, 16384, 0, NULL, 0},
        {NULL, NULL, 0, 0, 0, NULL, 0},
    };
    void *loops[1] = {net->loop};
    struct lws_context_creation_info info = {
        .port = CONTEXT_PORT_NO_LISTEN,
        .protocols = protocols,
        .foreign_loops = loops,
        .gid = -1,
        .uid = -1,
        .user = net,
        .timeout_secs = CONNECT_SECONDS,
        .options = LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT | LWS_SERVER_OPTION_LIBEV,
    };
    lws_set_log_level(0, NULL);
    return lws_create_context(&info);
}

struct net *net_new(struct ev_loop *loop, const char *ca_file, const struct net_events *events,
                    const char **why)
{
    struct net *net = calloc(1, sizeof *net);
    *why = "out of memory";
    if (!net)
        return NULL;
    net->loop = loop;
    net->events = *events;
    net->ca_file = ca_file;
    net->lws = make_context(net);
    if (net->lws && !net->ca_failed)
        return net;
    *why = net->ca_failed ? "the file of --ca (or GALEN_CA) holds no certificate that can be read"
                          : "libwebsockets does not start (is libwebsockets-evlib-ev installed?)";
    net_free(net);
    return NULL;
}

void net_free(struct net *net)
{
    if (!net)
        return;
    for (struct link *link = net->links; link; link = link->next)
        link->given_up = true;
    if (net->lws)
        lws_context_destroy(net->lws);
    while (net->links)
        free_link(net->links);
    free(net);
}

static bool split_host(struct galen_bytes host, struct link *link)
{
    size_t colon = host.size;
    while (colon > 0 && host.at[colon - 1] != ':')
        colon--;
    if (colon == 0 || host.size - colon > 5 || host.size == colon || colon - 1 > HOST_MAX)
        return false;
    memcpy(link->host, host.at, colon - 1);
    memcpy(link->port, host.at + colon, host.size - colon);
    return true;
}

void net_open(struct net *net, uint8_t purpose, struct galen_bytes host)
{
    net_close(net, purpose, false);
    struct link *link = calloc(1, sizeof *link);
    if (!link) {
        net->events.closed(net->events.context, purpose, NET_ENDED, "out of memory");
        return;
    }
    link->net = net;
    link->purpose = purpose;
    galen_writer_init(&link->message);
    link->next = net->links;
    net->links = link;
    if (split_host(host, link))
        link->resolving = resolve_start(net->loop, link->host, link->port, link, on_resolved);
    if (!link->resolving) {
        ended(link, NET_ENDED, "the server's address is not one");
        free_link(link);
    }
}

void net_send(struct net *net, uint8_t purpose, struct galen_bytes frame)
{
    struct link *link = current(net, purpose);
    if (!link || !link->open)
        return;
    bool media = frame.size > 0 && frame.at[0] == GALEN_FRAME_MEDIA;
    if (media && link->media >= NET_MEDIA_UNSENT_MAX) {
        net->left_out++;
        return;
    }
    struct queued *q = frame.size > NET_QUEUE_BYTES_MAX - link->unsent
                           ? NULL
                           : malloc(sizeof *q + LWS_PRE + frame.size);
    if (!q) {
        struct lws *wsi = link->wsi;
        ended(link, NET_ENDED, "the line takes nothing any more");
        lws_set_timeout(wsi, PENDING_TIMEOUT_USER_OK, LWS_TO_KILL_ASYNC);
        return;
    }
    *q = (struct queued){.size = frame.size, .media = media};
    memcpy(q->bytes + LWS_PRE, frame.at, frame.size);
    if (link->last)
        link->last->next = q;
    else
        link->first = q;
    link->last = q;
    link->unsent += frame.size;
    link->media += media ? 1 : 0;
    lws_callback_on_writable(link->wsi);
}

void net_close(struct net *net, uint8_t purpose, bool gently)
{
    struct link *link = current(net, purpose);
    if (!link)
        return;
    link->given_up = true;
    if (link->resolving) {
        free_link(link); /* libwebsockets does not know of it yet */
        return;
    }
    if (gently && link->open) {
        link->goodbye = true;
        lws_set_timeout(link->wsi, PENDING_TIMEOUT_USER_OK, GOODBYE_SECONDS);
        lws_callback_on_writable(link->wsi);
        return;
    }
    drop_queue(link);
    if (link->wsi)
        lws_set_timeout(link->wsi, PENDING_TIMEOUT_USER_OK, LWS_TO_KILL_ASYNC);
}

size_t net_unsent(const struct net *net)
{
    size_t unsent = 0;
    for (const struct link *link = net->links; link; link = link->next)
        unsent += link->unsent;
    return unsent;
}

size_t net_open_count(const struct net *net)
{
    size_t count = 0;
    for (const struct link *link = net->links; link; link = link->next)
        count++;
    return count;
}

uint64_t net_left_out(const struct net *net)
{
    return net->left_out;
}
