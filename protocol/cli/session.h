/*
 * One run of the engine on this machine: the home's pairs, two connections, the clock, signals. Carries
 * out what the engine puts out strictly in order; a change is durable before anything after it is
 * carried out.
 */
#ifndef GALEN_CLI_SESSION_H
#define GALEN_CLI_SESSION_H

#include "galen/engine.h"
#include "home_store.h"

#include <ev.h>

#define SESSION_TRIES_MAX    5   /* failed connections before a command takes itself for offline */
#define SESSION_REQUESTS_MAX 256 /* requests of one process that are looked after at once */
#define SESSION_HELD_MAX     256 /* of them and others, held */

struct session_config {
    struct home_store *store;
    const char *ca_file; /* NULL: the system's authorities only */
    const char *server;  /* "host:port" to dial instead of the home's; NULL: the home's */
    bool offline;        /* makes no connection at all */
};

enum wait_end {
    WAIT_DONE = 0,
    WAIT_TIMEOUT,     /* the deadline is over */
    WAIT_OFFLINE,     /* the server cannot be reached */
    WAIT_REFUSED,     /* the server does not let this device in: session_refusal */
    WAIT_NOT_TRUSTED, /* the server's certificate does not hold: session_line_text */
    WAIT_INTERRUPTED, /* SIGINT or SIGTERM */
    WAIT_BROKEN,      /* the home can take nothing more: session_broken */
};

enum request_state {
    REQUEST_UNKNOWN = 0,
    REQUEST_WAITS,
    REQUEST_DONE,
    REQUEST_FAILED,
    REQUEST_HELD
};

struct request {
    galen_token token;
    uint8_t state; /* enum request_state */
    uint16_t err;  /* FAILED, HELD */
    uint64_t index;
    struct galen_id chart;
};

struct session;

/** Loads and starts the engine. NULL: see `failure`. */
struct session *session_new(const struct session_config *config, struct store_failure *failure);
/** Sends what is queued and closes gently, within `ms`; frees everything but the store. */
void session_free(struct session *session, unsigned ms);

struct galen_engine *session_engine(struct session *session);
struct ev_loop *session_loop(struct session *session);
/** Called for each event of the engine, which may then be asked and given requests. */
void session_on_event(struct session *session, void *context,
                      void (*event)(void *context, const struct galen_event *event));

/** Called for each packet of somebody's voice, borrowed; an empty one: they speak no more. */
void session_on_voice(struct session *session, void *context,
                      void (*voice)(void *context, const struct galen_id *device, uint64_t number,
                                    struct galen_bytes packet));

/** Carries out what the engine has put out. Call after giving it a request. */
void session_turn(struct session *session);
/** Runs until `until` says so, or something else ends it. `deadline_ms`: monotonic; UINT64_MAX: none. */
enum wait_end session_wait(struct session *session, uint64_t deadline_ms,
                           bool (*until)(void *context), void *context);

/** Looks after a request. False: too many. */
bool session_track(struct session *session, const galen_token token);
/** What is known of it; NULL: it is not looked after. */
const struct request *session_request(const struct session *session, const galen_token token);
void session_untrack(struct session *session, const galen_token token);

/** A request that waits because a person joined since it was made (L4). False: there is none. */
bool session_held(const struct session *session, struct galen_id *chart, galen_token token);
void session_unhold(struct session *session, const galen_token token);

/** Whether anybody's head of this chart came on this run. */
bool session_heads_came(const struct session *session, const struct galen_id *chart);

/** The charts in which this device was told that it does not belong. */
bool session_shut_out(const struct session *session, const struct galen_id *chart);
/** Why the server refused: OK if it did not; `at` is when a used link was used, else 0. */
enum galen_err session_refusal(const struct session *session, uint64_t *at);
/** How the last connection ended. */
const char *session_line_text(const struct session *session);
enum galen_err session_broken(const struct session *session);
bool session_interrupted(const struct session *session);
/** What a person interrupted is still to be ended well. */
void session_interrupt_clear(struct session *session);
uint64_t session_left_out(const struct session *session);

uint64_t clock_ms(void);     /* Unix time */
uint64_t monotonic_ms(void); /* never goes back */

#endif
