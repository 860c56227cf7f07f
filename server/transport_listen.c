#include "transport_listen.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

static size_t address_bytes(const struct sockaddr_storage *from, uint8_t out[16])
{
    if (from->ss_family == AF_INET) {
        memcpy(out, &((const struct sockaddr_in *)from)->sin_addr, 4);
        return 4;
    }
    if (from->ss_family != AF_INET6)
        return 0;
    const struct in6_addr *six = &((const struct sockaddr_in6 *)from)->sin6_addr;
    if (IN6_IS_ADDR_V4MAPPED(six)) {
        memcpy(out, six->s6_addr + 12, 4);
        return 4;
    }
    memcpy(out, six->s6_addr, 8);
    return 8;
}

size_t listen_peer(int fd, uint8_t out[16])
{
    struct sockaddr_storage from = {0};
    socklen_t size = sizeof from;
    if (getpeername(fd, (struct sockaddr *)&from, &size) != 0)
        return 0;
    return address_bytes(&from, out);
}

bool listen_is_this_machine(int fd)
{
    struct sockaddr_storage from = {0};
    socklen_t size = sizeof from;
    if (getpeername(fd, (struct sockaddr *)&from, &size) != 0)
        return false;
    if (from.ss_family == AF_INET6 &&
        IN6_IS_ADDR_LOOPBACK(&((struct sockaddr_in6 *)&from)->sin6_addr))
        return true;
    uint8_t bytes[16];
    return address_bytes(&from, bytes) == 4 && bytes[0] == 127;
}

/* A keyed hash, so that nobody can aim at another's counter. */
static uint16_t bucket_of(const struct listener *listener, const struct sockaddr_storage *from)
{
    uint8_t bytes[16] = {0};
    size_t size = address_bytes(from, bytes);
    uint64_t hash = listener->seed;
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ bytes[i]) * 0x9e3779b97f4a7c15u + (hash >> 29);
    return (uint16_t)((hash >> 32) % LISTEN_BUCKETS);
}

/* True when there may be another. */
static bool take_one(struct listener *listener, struct ev_loop *loop, ev_io *watcher)
{
    struct sockaddr_storage from = {0};
    socklen_t size = sizeof from;
    int fd = accept4(watcher->fd, (struct sockaddr *)&from, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) {
        if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
            listener->refused++;
            for (size_t i = 0; i < listener->count; i++)
                ev_io_stop(loop, &listener->watchers[i]);
            ev_timer_again(loop, &listener->pause);
        }
        return errno == EINTR || errno == ECONNABORTED;
    }
    uint16_t bucket = bucket_of(listener, &from);
    if (listener->waiting[bucket] >= listener->per_address ||
        !listener->has_room(listener->context)) {
        listener->refused++;
        close(fd);
        return true;
    }
    listener->waiting[bucket]++;
    listener->take(listener->context, fd, bucket);
    return true;
}

static void on_readable(struct ev_loop *loop, ev_io *watcher, int events)
{
    (void)events;
    struct listener *listener = watcher->data;
    for (size_t i = 0; i < LISTEN_BURST && take_one(listener, loop, watcher); i++)
        continue;
}

static void on_pause_over(struct ev_loop *loop, ev_timer *timer, int events)
{
    (void)events;
    struct listener *listener = timer->data;
    ev_timer_stop(loop, timer);
    for (size_t i = 0; i < listener->count; i++)
        ev_io_start(loop, &listener->watchers[i]);
}

/* Accepted sockets inherit these. */
static void set_options(int fd, int family)
{
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &(int){LISTEN_UNSENT_BYTES}, sizeof(int));
    if (family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &(int){1}, sizeof(int));
}

static uint16_t *port_in(struct sockaddr_storage *address)
{
    return address->ss_family == AF_INET6 ? &((struct sockaddr_in6 *)address)->sin6_port
                                          : &((struct sockaddr_in *)address)->sin_port;
}

/* Binds one address; `*port` is 0 until the first one has got its port. */
static bool open_one(struct listener *listener, const struct addrinfo *info, uint16_t *port)
{
    struct sockaddr_storage address = {0};
    socklen_t size = info->ai_addrlen;
    memcpy(&address, info->ai_addr, size);
    if (*port)
        *port_in(&address) = *port;
    int fd = socket(info->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return false;
    set_options(fd, info->ai_family);
    if (bind(fd, (struct sockaddr *)&address, size) != 0 || listen(fd, LISTEN_BACKLOG) != 0 ||
        getsockname(fd, (struct sockaddr *)&address, &size) != 0) {
        int error = errno;
        close(fd);
        errno = error;
        return false;
    }
    *port = *port_in(&address);
    if (listener->count == 0) {
        char host[64] = "", number[8] = "";
        getnameinfo((struct sockaddr *)&address, size, host, sizeof host, number, sizeof number,
                    NI_NUMERICHOST | NI_NUMERICSERV);
        snprintf(listener->address, sizeof listener->address,
                 strchr(host, ':') ? "[%s]:%s" : "%s:%s", host, number);
    }
    ev_io_init(&listener->watchers[listener->count], on_readable, fd, EV_READ);
    ev_set_priority(&listener->watchers[listener->count], EV_MINPRI);
    listener->watchers[listener->count++].data = listener;
    return true;
}

bool listen_open(struct listener *listener, const char *host, const char *port,
                 char why[CONFIG_WHY_MAX])
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
    struct addrinfo *found = NULL;
    ev_timer_init(&listener->pause, on_pause_over, 0.0, LISTEN_PAUSE_S);
    listener->pause.data = listener;
    if (getrandom(&listener->seed, sizeof listener->seed, 0) != sizeof listener->seed) {
        snprintf(why, CONFIG_WHY_MAX, "This machine gives no random bytes.");
        return false;
    }
    int error = getaddrinfo(*host ? host : NULL, port, &hints, &found);
    if (error) {
        snprintf(why, CONFIG_WHY_MAX, "--listen: %.200s is not a host of this machine (%s).", host,
                 gai_strerror(error));
        return false;
    }
    uint16_t taken = 0;
    int first_error = 0;
    /* IPv4 first, as its address is the one that everybody's tools can dial. */
    for (int family = 0; family < 2; family++) {
        for (struct addrinfo *at = found; at && listener->count < LISTEN_MAX; at = at->ai_next) {
            if (at->ai_family == (family == 0 ? AF_INET : AF_INET6) &&
                !open_one(listener, at, &taken) && !first_error)
                first_error = errno;
        }
    }
    freeaddrinfo(found);
    /* A machine without IPv6 still has a localhost; a port in use is an error in any family. */
    if (listener->count == 0 || first_error == EADDRINUSE || first_error == EACCES) {
        snprintf(why, CONFIG_WHY_MAX, "Cannot listen on %.200s port %.8s: %s.%s", host, port,
                 strerror(first_error),
                 first_error == EADDRINUSE ? " Choose another with --listen HOST:PORT." : "");
        return false;
    }
    return true;
}

void listen_start(struct listener *listener, struct ev_loop *loop)
{
    for (size_t i = 0; i < listener->count; i++)
        ev_io_start(loop, &listener->watchers[i]);
}

void listen_stop(struct listener *listener, struct ev_loop *loop)
{
    if (loop)
        ev_timer_stop(loop, &listener->pause);
    for (size_t i = 0; i < listener->count; i++) {
        if (loop)
            ev_io_stop(loop, &listener->watchers[i]);
        close(listener->watchers[i].fd);
    }
    listener->count = 0;
}

void listen_settled(struct listener *listener, uint16_t bucket)
{
    if (listener->waiting[bucket] > 0)
        listener->waiting[bucket]--;
}
