#include "link.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <openssl/ssl.h>

#define EVENTS_MAX 256
#define ROOM_MIN   4096

enum link_state { LINK_CONNECTING, LINK_UPGRADING, LINK_OPEN, LINK_CLOSED };

struct link {
    struct link_loop *loop;
    const struct link_events *events;
    void *user;
    enum link_state state;
    struct link *next; /* among the dead */
    int fd;
    SSL *ssl;
    char path[64];
    uint8_t *in;
    size_t in_size, in_room;
    uint8_t *out; /* what a full line has not taken yet, to be given again as it is */
    size_t out_size;
    uint32_t mask;
};

uint64_t bench_now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

void bench_fail(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fputs("bench-load: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    exit(EXIT_FAILURE);
}

void link_loop_init(struct link_loop *loop, const char *ca)
{
    signal(SIGPIPE, SIG_IGN); /* The other side may go at any time. */
    loop->epoll = epoll_create1(EPOLL_CLOEXEC);
    loop->tls = SSL_CTX_new(TLS_client_method());
    loop->open = 0;
    loop->dead = NULL;
    if (loop->epoll < 0 || !loop->tls || SSL_CTX_load_verify_locations(loop->tls, ca, NULL) != 1)
        bench_fail("%s cannot be read", ca);
    SSL_CTX_set_verify(loop->tls, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_min_proto_version(loop->tls, TLS1_3_VERSION);
    SSL_CTX_set_read_ahead(loop->tls, 1);
    SSL_CTX_set_mode(loop->tls, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
}

static void release(struct link *link)
{
    if (link->state == LINK_CLOSED)
        return;
    if (link->state == LINK_OPEN)
        link->loop->open--;
    link->state = LINK_CLOSED;
    SSL_free(link->ssl);
    close(link->fd);
    link->next = link->loop->dead;
    link->loop->dead = link;
}

static void bury_the_dead(struct link_loop *loop)
{
    while (loop->dead) {
        struct link *link = loop->dead;
        loop->dead = link->next;
        free(link->in);
        free(link->out);
        free(link);
    }
}

static void want(struct link *link, bool write)
{
    struct epoll_event event = {.events = write ? EPOLLIN | EPOLLOUT : EPOLLIN, .data.ptr = link};
    epoll_ctl(link->loop->epoll, EPOLL_CTL_MOD, link->fd, &event);
}

struct link *link_dial(struct link_loop *loop, int port, const char *path,
                       const struct link_events *events, void *user)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    struct link *link = fd < 0 ? NULL : calloc(1, sizeof *link);
    if (!link) {
        close(fd);
        return NULL;
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    if (connect(fd, (struct sockaddr *)&address, sizeof address) != 0 && errno != EINPROGRESS) {
        close(fd);
        free(link);
        return NULL;
    }
    *link =
        (struct link){.loop = loop, .events = events, .user = user, .fd = fd, .mask = 0x5bd1e995};
    snprintf(link->path, sizeof link->path, "%s", path);
    link->ssl = SSL_new(loop->tls);
    SSL_set_fd(link->ssl, fd);
    SSL_set_tlsext_host_name(link->ssl, "localhost");
    SSL_set1_host(link->ssl, "localhost");
    SSL_set_connect_state(link->ssl);
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT, .data.ptr = link};
    epoll_ctl(loop->epoll, EPOLL_CTL_ADD, fd, &event);
    return link;
}

void *link_user(const struct link *link)
{
    return link->user;
}

void link_close(struct link *link)
{
    release(link);
}

/* Gives TLS what it did not take before. False: the line is still full, or broken. */
static bool flush(struct link *link)
{
    if (link->out_size == 0)
        return true;
    if (SSL_write(link->ssl, link->out, (int)link->out_size) <= 0)
        return false;
    link->out_size = 0;
    want(link, false);
    return true;
}

static bool put(struct link *link, const uint8_t *bytes, size_t size)
{
    if (!flush(link))
        return false;
    int n = SSL_write(link->ssl, bytes, (int)size);
    if (n > 0)
        return true;
    if (SSL_get_error(link->ssl, n) != SSL_ERROR_WANT_WRITE)
        return false;
    uint8_t *out = realloc(link->out, size);
    if (!out)
        bench_fail("out of memory");
    memcpy(out, bytes, size);
    link->out = out;
    link->out_size = size;
    want(link, true);
    return true;
}

bool link_send(struct link *link, struct galen_bytes frame)
{
    static uint8_t out[1024 * 1024];
    size_t head = frame.size < 126 ? 2 : frame.size < 65536 ? 4 : 10;
    if (link->state != LINK_OPEN || frame.size > sizeof out - 16)
        return false;
    out[0] = 0x82;
    out[1] = 0x80 | (uint8_t)(head == 2 ? frame.size : head == 4 ? 126 : 127);
    for (size_t i = 2; i < head; i++)
        out[i] = (uint8_t)((uint64_t)frame.size >> 8 * (head - 1 - i));
    uint8_t mask[4];
    link->mask = link->mask * 1664525 + 1013904223;
    memcpy(mask, &link->mask, 4);
    memcpy(out + head, mask, 4);
    for (size_t i = 0; i < frame.size; i++)
        out[head + 4 + i] = frame.at[i] ^ mask[i & 3];
    return put(link, out, head + 4 + frame.size);
}

static void upgrade(struct link *link)
{
    char request[256];
    int size = snprintf(request, sizeof request,
                        "GET %s HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
                        "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                        "Sec-WebSocket-Protocol: galen.1\r\n\r\n",
                        link->path);
    link->state = LINK_UPGRADING;
    want(link, false);
    put(link, (const uint8_t *)request, (size_t)size);
}

/* What stands behind the answer's empty line belongs to the first message already. */
static bool take_answer(struct link *link)
{
    uint8_t *end = memmem(link->in, link->in_size, "\r\n\r\n", 4);
    if (!end)
        return true;
    if (strncmp((const char *)link->in, "HTTP/1.1 101 ", 13) != 0)
        return false;
    size_t used = (size_t)(end + 4 - link->in);
    memmove(link->in, end + 4, link->in_size - used);
    link->in_size -= used;
    link->state = LINK_OPEN;
    link->loop->open++;
    if (link->events->on_open)
        link->events->on_open(link);
    return true;
}

/* Servers send whole messages, unmasked. */
static bool take_frames(struct link *link)
{
    size_t at = 0;
    while (link->state == LINK_OPEN && link->in_size - at >= 2) {
        const uint8_t *from = link->in + at;
        size_t size = from[1] & 0x7f, head = size == 126 ? 4 : size == 127 ? 10 : 2;
        if (link->in_size - at < head)
            break;
        if (head > 2) {
            size = 0;
            for (size_t i = 2; i < head; i++)
                size = size << 8 | from[i];
        }
        if (link->in_size - at - head < size)
            break;
        at += head + size;
        if ((from[0] & 0x0f) == 8)
            return false;
        if (from[0] == 0x82)
            link->events->on_frame(link, (struct galen_bytes){from + head, size});
    }
    if (link->state == LINK_OPEN) {
        memmove(link->in, link->in + at, link->in_size - at);
        link->in_size -= at;
    }
    return true;
}

/* False: the other side ended it. */
static bool readable(struct link *link)
{
    do {
        if (link->in_room - link->in_size < ROOM_MIN / 2) {
            link->in_room = link->in_room ? link->in_room * 2 : ROOM_MIN;
            link->in = realloc(link->in, link->in_room);
            if (!link->in)
                bench_fail("out of memory");
        }
        int n = SSL_read(link->ssl, link->in + link->in_size, (int)(link->in_room - link->in_size));
        if (n <= 0) {
            int error = SSL_get_error(link->ssl, n);
            return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE;
        }
        link->in_size += (size_t)n;
        if (link->state == LINK_UPGRADING && !take_answer(link))
            return false;
        if (link->state == LINK_OPEN && !take_frames(link))
            return false;
    } while (link->state != LINK_CLOSED && SSL_has_pending(link->ssl));
    return true;
}

static bool handle(struct link *link, uint32_t events)
{
    if (link->state == LINK_CONNECTING) {
        int n = SSL_do_handshake(link->ssl);
        if (n == 1) {
            upgrade(link);
            return true;
        }
        int error = SSL_get_error(link->ssl, n);
        if (error == SSL_ERROR_WANT_READ)
            want(link, false);
        return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE;
    }
    if (events & EPOLLOUT)
        flush(link);
    return !(events & (EPOLLIN | EPOLLHUP | EPOLLERR)) || readable(link);
}

void link_loop_turn(struct link_loop *loop, int64_t wait_us)
{
    struct epoll_event events[EVENTS_MAX];
    struct timespec wait = {wait_us / 1000000, wait_us % 1000000 * 1000};
    int count = epoll_pwait2(loop->epoll, events, EVENTS_MAX, wait_us < 0 ? NULL : &wait, NULL);
    for (int i = 0; i < count; i++) {
        struct link *link = events[i].data.ptr;
        if (link->state == LINK_CLOSED || handle(link, events[i].events))
            continue;
        if (link->state != LINK_CLOSED && link->events->on_close)
            link->events->on_close(link);
        release(link);
    }
    bury_the_dead(loop);
}
