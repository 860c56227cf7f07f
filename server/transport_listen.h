/* Listening sockets, and who may come through them before the hub knows them. */
#ifndef GALEN_SERVER_TRANSPORT_LISTEN_H
#define GALEN_SERVER_TRANSPORT_LISTEN_H

#include <ev.h>

#include "config.h"

#define LISTEN_MAX     8    /* addresses a host name may stand for */
#define LISTEN_BUCKETS 4096 /* addresses share counters where their hashes meet */
#define LISTEN_BACKLOG 1024
#define LISTEN_BURST   8 /* taken at a time, as each costs 0.1 ms; then the others get their turn */
#define LISTEN_PAUSE_S 0.1
/*
 * Bytes that may wait unsent in a socket before it counts as full: about seven voice frames. What
 * would wait behind them is better left to the hub, which drops the oldest.
 */
#define LISTEN_UNSENT_BYTES 1024

struct listener {
    size_t count;
    ev_io watchers[LISTEN_MAX];
    ev_timer pause;   /* while the machine gives no more descriptors */
    char address[80]; /* of the first, as HOST:PORT */
    uint64_t seed;
    uint16_t waiting[LISTEN_BUCKETS]; /* sockets that are no WebSocket yet, by address */
    size_t per_address;               /* most of them */
    uint64_t refused;
    /** Takes an accepted socket of this bucket and owns it from then on. */
    void (*take)(void *context, int fd, uint16_t bucket);
    /** True when there is room for one more socket. */
    bool (*has_room)(void *context);
    void *context;
};

/** Opens and binds; `host` may be a name, an address, or empty for all. False: `why` says why. */
bool listen_open(struct listener *listener, const char *host, const char *port,
                 char why[CONFIG_WHY_MAX]);
void listen_start(struct listener *listener, struct ev_loop *loop);
/** Stops and closes. May be called twice, and after a failed listen_open. */
void listen_stop(struct listener *listener, struct ev_loop *loop);
/** A socket of this bucket became a WebSocket or went away. */
void listen_settled(struct listener *listener, uint16_t bucket);

/**
 * The peer as the hub's limits see it: 4 bytes, or the 8 of an IPv6 network, as one household has all
 * addresses of one. Returns their number; 0 when the peer is gone.
 */
size_t listen_peer(int fd, uint8_t out[16]);
bool listen_is_this_machine(int fd);

#endif
