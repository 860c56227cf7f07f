/*
 * What Galen's relay is held beside: the least a relay over TLS and WebSocket can be. One thread, epoll and
 * OpenSSL, no library between, no rules: whoever dials /N is joined with the other who did, and
 * binary messages go across as they came.
 *
 *     bare-relay CERT KEY      prints its port, then relays until it is killed
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/sha.h>
#include <openssl/ssl.h>

#define ROOMS_MAX    65536
#define MESSAGE_MAX  4096
#define EVENTS_MAX   256
#define WEBSOCKET_ID "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

struct peer {
    int fd;
    SSL *ssl;
    bool open; /* the upgrade was answered */
    long room;
    size_t size; /* of what came and is not a whole message yet */
    uint8_t in[MESSAGE_MAX];
};

static int loop;
static struct peer *rooms[ROOMS_MAX][2];

static void end(struct peer *peer)
{
    for (int side = 0; peer->room >= 0 && side < 2; side++) {
        if (rooms[peer->room][side] == peer)
            rooms[peer->room][side] = NULL;
    }
    SSL_free(peer->ssl);
    close(peer->fd);
    free(peer);
}

static void put(struct peer *peer, const void *bytes, size_t size)
{
    /* A full line loses the message, as voice would. */
    if (SSL_write(peer->ssl, bytes, (int)size) <= 0)
        errno = 0;
}

/* The upgrade (RFC 6455 section 4.2.2). False: this is not one. */
static bool answer_upgrade(struct peer *peer)
{
    char accept[64], reply[256];
    uint8_t digest[SHA_DIGEST_LENGTH];
    peer->in[peer->size < MESSAGE_MAX ? peer->size : MESSAGE_MAX - 1] = '\0';
    char *key = strcasestr((char *)peer->in, "sec-websocket-key: ");
    if (strncmp((char *)peer->in, "GET /", 5) != 0 || !key)
        return false;
    peer->room = strtol((char *)peer->in + 5, NULL, 10);
    if (peer->room < 0 || peer->room >= ROOMS_MAX)
        return false;
    key += strlen("sec-websocket-key: ");
    int size = snprintf(accept, sizeof accept, "%.24s" WEBSOCKET_ID, key);
    SHA1((const uint8_t *)accept, (size_t)size, digest);
    EVP_EncodeBlock((uint8_t *)accept, digest, sizeof digest);
    size =
        snprintf(reply, sizeof reply,
                 "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                 "Sec-WebSocket-Accept: %s\r\nSec-WebSocket-Protocol: galen.1\r\n\r\n",
                 accept);
    put(peer, reply, (size_t)size);
    rooms[peer->room][rooms[peer->room][0] != NULL] = peer;
    peer->open = true;
    peer->size = 0;
    return true;
}

/* Takes the mask off and passes the message on. */
static void pass_on(struct peer *peer, uint8_t *message, size_t size)
{
    uint8_t out[MESSAGE_MAX + 4];
    size_t head = size < 126 ? 2 : 4;
    struct peer **room = rooms[peer->room], *other = room[room[0] == peer];
    if (!other)
        return;
    out[0] = 0x82;
    out[1] = size < 126 ? (uint8_t)size : 126;
    out[2] = (uint8_t)(size >> 8);
    out[3] = (uint8_t)size;
    for (size_t i = 0; i < size; i++)
        out[head + i] = message[4 + i] ^ message[i & 3];
    put(other, out, head + size);
}

/* False: a peer that breaks the framing. */
static bool take_messages(struct peer *peer)
{
    uint8_t *at = peer->in;
    size_t left = peer->size;
    while (left >= 6) {
        size_t size = at[1] & 0x7f, head = 2;
        if (size == 126) {
            size = (size_t)at[2] << 8 | at[3];
            head = 4;
        }
        if (!(at[1] & 0x80) || size > MESSAGE_MAX - 8)
            return false;
        if (left < head + 4 + size)
            break;
        if ((at[0] & 0x0f) == 8)
            return false;
        if (at[0] == 0x82)
            pass_on(peer, at + head, size);
        at += head + 4 + size;
        left -= head + 4 + size;
    }
    memmove(peer->in, at, left);
    peer->size = left;
    return true;
}

static void readable(struct peer *peer)
{
    do {
        int n = SSL_read(peer->ssl, peer->in + peer->size, (int)(MESSAGE_MAX - 1 - peer->size));
        if (n <= 0) {
            int error = SSL_get_error(peer->ssl, n);
            if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE)
                end(peer);
            return;
        }
        peer->size += (size_t)n;
        bool whole = peer->open || memmem(peer->in, peer->size, "\r\n\r\n", 4);
        if (whole && !(peer->open ? take_messages(peer) : answer_upgrade(peer))) {
            end(peer);
            return;
        }
    } while (SSL_has_pending(peer->ssl));
}

static void take_peer(int listener, SSL_CTX *tls)
{
    int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
    struct peer *peer = fd < 0 ? NULL : calloc(1, sizeof *peer);
    if (!peer)
        return;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    peer->fd = fd;
    peer->room = -1;
    peer->ssl = SSL_new(tls);
    SSL_set_fd(peer->ssl, fd);
    SSL_set_accept_state(peer->ssl);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = peer};
    epoll_ctl(loop, EPOLL_CTL_ADD, fd, &event);
}

static int open_listener(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, size) != 0 || listen(fd, 1024) != 0 ||
        getsockname(fd, (struct sockaddr *)&address, &size) != 0)
        exit(EXIT_FAILURE);
    printf("%d\n", ntohs(address.sin_port));
    fflush(stdout);
    return fd;
}

static SSL_CTX *open_tls(const char *cert, const char *key)
{
    SSL_CTX *tls = SSL_CTX_new(TLS_server_method());
    if (!tls || SSL_CTX_use_certificate_chain_file(tls, cert) != 1 ||
        SSL_CTX_use_PrivateKey_file(tls, key, SSL_FILETYPE_PEM) != 1) {
        fprintf(stderr, "bare-relay: %s and %s cannot be used\n", cert, key);
        exit(EXIT_FAILURE);
    }
    SSL_CTX_set_min_proto_version(tls, TLS1_3_VERSION);
    SSL_CTX_set_num_tickets(tls, 0);
    SSL_CTX_set_read_ahead(tls, 1);
    SSL_CTX_set_mode(tls, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    return tls;
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fputs("usage: bare-relay CERT KEY\n", stderr);
        return 2;
    }
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    SSL_CTX *tls = open_tls(argv[1], argv[2]);
    int listener = open_listener();
    loop = epoll_create1(0);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL}, events[EVENTS_MAX];
    epoll_ctl(loop, EPOLL_CTL_ADD, listener, &event);
    for (;;) {
        int count = epoll_wait(loop, events, EVENTS_MAX, -1);
        for (int i = 0; i < count; i++) {
            if (events[i].data.ptr)
                readable(events[i].data.ptr);
            else
                take_peer(listener, tls);
        }
    }
}
