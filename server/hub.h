/*
 * The hub: every rule of the server, without sockets, clock, threads or random source. The edge
 * (transport.c, or the simulator) feeds it connections, frames and time, sends what it has to send,
 * and commits its batches.
 */
#ifndef GALEN_SERVER_HUB_H
#define GALEN_SERVER_HUB_H

#include "galen/frames.h"
#include "store.h"

struct hub;
struct hub_connection;

/** Rates and bounds, each with an answer (an error) and a counter (its name in /metrics). */
struct hub_limits {
    size_t connections; /* in all */
    size_t connections_per_address;
    uint32_t sign_in_ms; /* time to sign in before the connection is closed */
    uint32_t silence_ms; /* nothing heard: closed */
    uint32_t
        frames_per_second; /* a connection, with a burst of twice as many and one for each chart
                                   it may open; not MEDIA */
    uint32_t media_per_second;
    uint32_t appends_in_flight;   /* a connection */
    size_t batch_entries;         /* one commit */
    size_t pending_bytes;         /* appends that wait for the disk, in all */
    uint32_t epochs_per_hour;     /* an account and chart (C6) */
    uint32_t kib_per_hour;        /* of entries, an account and chart, with a burst of as many */
    size_t charts_open;           /* charts one connection reads at a time */
    size_t outbox_bytes;          /* frames that wait for one slow reader: then it is closed */
    size_t live_ring;             /* media frames of each other participant that wait for one
                                       receiver: beyond, the oldest of all goes */
    size_t relay_ring;            /* drafts and presence that wait for one receiver: likewise */
    uint32_t sign_ins_per_minute; /* an address, with a burst of as many */
    size_t visits;                /* open at a time, in all */
    size_t waiting;               /* in one visit's waiting room */
    uint32_t visit_empty_ms;      /* a visit without staff in it ends after this */
    uint32_t chart_idle_ms;       /* a chart nobody used for this long is forgotten */
};
struct hub_limits hub_limits_default(void);

struct hub_config {
    const struct galen_primitives *primitives;
    struct store *store;      /* read synchronously; written only through batches */
    const char *const *names; /* host names this server answers to, ended by NULL */
    struct hub_limits limits;
    const char *token; /* set-up token in hexadecimal; NULL: none is accepted */
    /** One line of the event log: an event's name and a JSON object's members (ids and counts). */
    void (*log)(void *context, const char *event, const char *members);
    void *context;
};

/** Borrows everything in `config` for its life. NULL: out of memory, or the store cannot be read. */
struct hub *hub_new(const struct hub_config *config);
void hub_free(struct hub *hub);

/**
 * A new connection from `address` (any bytes that name the peer for limits; never logged).
 * `nonce`: 32 fresh random bytes. NULL: a limit was reached or memory is out; `*err` says which.
 */
struct hub_connection *hub_connect(struct hub *hub, uint64_t now_ms, struct galen_bytes address,
                                   const uint8_t nonce[32], enum galen_err *err);
/** The edge's own pointer, for finding the socket of a connection. */
void hub_connection_set_user(struct hub_connection *connection, void *user);
void *hub_connection_user(const struct hub_connection *connection);
/** One whole frame came. Borrows it. */
void hub_receive(struct hub *hub, struct hub_connection *connection, uint64_t now_ms,
                 struct galen_bytes frame);
/**
 * The largest frame this connection may send now: little before it signed in and when it is live, so
 * that a stranger cannot make the edge reassemble half a megabyte. Ask before every frame.
 */
size_t hub_frame_max(const struct hub_connection *connection);
/** The edge would have to reassemble more than hub_frame_max: refused by name, then closing. */
void hub_oversized(struct hub *hub, struct hub_connection *connection, uint64_t now_ms);
/** The socket is gone. Frees the connection. */
void hub_disconnect(struct hub *hub, struct hub_connection *connection, uint64_t now_ms);

/** A connection that has something to send (or is to be closed) since it was last named; or NULL. */
struct hub_connection *hub_next_ready(struct hub *hub);
/**
 * The next frame for this connection, ready to send: live frames first, then answers, then chart
 * entries read from the store as the line takes them. Empty: nothing now. Borrowed until the next
 * call of any hub function.
 */
struct galen_bytes hub_next_frame(struct hub *hub, struct hub_connection *connection,
                                  uint64_t now_ms);
/**
 * True when the connection is to be closed as soon as hub_next_frame gives nothing. A line that does
 * not take what is left within a few seconds is closed all the same: that is the edge's to time.
 */
bool hub_is_closing(const struct hub_connection *connection);

/** What is to be made durable next, or NULL. One batch is out at a time; the hub keeps owning it. */
struct store_batch *hub_take_batch(struct hub *hub);
/**
 * The batch of hub_take_batch is durable (OK), or nothing of it is (STORE, DISK_FULL). Then its
 * authors are answered and its entries are shown; after a failure the charts concerned are forgotten
 * and read anew, and their appends are refused by name. Reading goes on.
 */
void hub_committed(struct hub *hub, uint64_t now_ms, enum galen_err result);

/** Closes what is overdue. Gives the time at which to call again. */
uint64_t hub_tick(struct hub *hub, uint64_t now_ms);
/** Refuses everybody with SHUTDOWN; batches still go on. */
void hub_stop(struct hub *hub, uint64_t now_ms);
/** Appends the counters in the text format that Prometheus reads. No ids. */
void hub_metrics(const struct hub *hub, struct galen_writer *out);

#endif
