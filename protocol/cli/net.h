/*
 * WebSocket connections to a Galen server: TLS 1.3, subprotocol `galen.1`, path `/galen`, one whole
 * binary message at a time. At most one connection for each purpose (the log, live). Runs on a libev
 * loop; names are looked up beside it, so nothing here ever blocks.
 */
#ifndef GALEN_CLI_NET_H
#define GALEN_CLI_NET_H

#include "galen/frames.h"

#include <ev.h>

#define NET_QUEUE_BYTES_MAX (8u * 1024 * 1024) /* unsent; above it the connection is given up */
#define NET_MEDIA_UNSENT_MAX                                                                       \
    5 /* voice frames: 100 ms; more are left out, late voice helps nobody */
#define NET_ADDRESSES_MAX 8

enum net_end {
    NET_ENDED = 1,       /* closed, or could not be reached; `text` says how */
    NET_NOT_TRUSTED = 2, /* the server's certificate does not hold for this name */
};

/** Called from the loop, or from within net_open, net_send and net_close. Bytes are borrowed. */
struct net_events {
    void *context;
    void (*opened)(void *context, uint8_t purpose);
    void (*received)(void *context, uint8_t purpose, struct galen_bytes frame);
    void (*closed)(void *context, uint8_t purpose, enum net_end end, const char *text);
};

struct net;

/** `ca_file` (or NULL) is trusted besides the system's. NULL: see `why` (an unreadable file, memory). */
struct net *net_new(struct ev_loop *loop, const char *ca_file, const struct net_events *events,
                    const char **why);
/** Closes what is open. The loop must not be in ev_run. */
void net_free(struct net *net);

/** Opens a connection to "host:port"; ends with opened or closed. One that was there is closed. */
void net_open(struct net *net, uint8_t purpose, struct galen_bytes host);
/** Queues one frame (copied). */
void net_send(struct net *net, uint8_t purpose, struct galen_bytes frame);
/** Gives the connection up without calling `closed`. `gently`: sends what is queued and says goodbye. */
void net_close(struct net *net, uint8_t purpose, bool gently);
/** Bytes that wait to be sent on all connections, also those closed gently. */
size_t net_unsent(const struct net *net);
/** Connections that are not finished, those closed gently included. */
size_t net_open_count(const struct net *net);
/** Voice frames left out because the line could not take them. */
uint64_t net_left_out(const struct net *net);

#endif
