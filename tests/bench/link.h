/* A client's line in a bench: TLS 1.3 and WebSocket over epoll, thousands of them in one thread. */
#ifndef GALEN_BENCH_LINK_H
#define GALEN_BENCH_LINK_H

#include "galen/base.h"

struct ssl_st;
struct ssl_ctx_st;
struct link;

struct link_loop {
    int epoll;
    struct ssl_ctx_st *tls;
    size_t open;       /* links whose WebSocket is open */
    struct link *dead; /* freed after the turn, as events of theirs may still be to come */
};
/** Exits with a message if it cannot. `ca`: the certificate to trust. */
void link_loop_init(struct link_loop *loop, const char *ca);
/** Handles what came within `wait_us`, or at once if something is there. */
void link_loop_turn(struct link_loop *loop, int64_t wait_us);

struct link_events {
    void (*on_open)(struct link *link);
    void (*on_frame)(struct link *link, struct galen_bytes frame);
    void (*on_close)(struct link *link); /* by the other side; the link is gone afterwards */
};

/** Dials 127.0.0.1:`port` as localhost. Events come from link_loop_turn. NULL: no more sockets. */
struct link *link_dial(struct link_loop *loop, int port, const char *path,
                       const struct link_events *events, void *user);
void *link_user(const struct link *link);
/** Sends one binary message. False: the line is full, and nothing was sent. */
bool link_send(struct link *link, struct galen_bytes frame);
void link_close(struct link *link);

uint64_t bench_now_ns(void);
/** Says what went wrong and ends the program. */
void bench_fail(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

#endif
