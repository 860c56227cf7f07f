/*
 * The edge: libwebsockets over libev, one loop for all connections, between sockets and the hub. A
 * thread of its own commits the hub's batches, others verify signatures ahead of the hub; the loop
 * waits for neither.
 */
#ifndef GALEN_SERVER_TRANSPORT_H
#define GALEN_SERVER_TRANSPORT_H

#include "config.h"
#include "hub.h"
#include "store.h"

struct transport;

struct transport_config {
    const struct config *config; /* borrowed for the transport's life */
    /** Called once the practice has been set up, so that its token can go. */
    void (*on_practice)(void *context);
    /** Asked now and then after a commit failed: may the next one succeed? */
    bool (*has_room)(void *context);
    void *context;
};

/**
 * Opens the listening sockets and reads certificate and key: what may need privileges. NULL: `why`
 * says what failed and what to do.
 */
struct transport *transport_new(const struct transport_config *config, char why[CONFIG_WHY_MAX]);
/** What batches are written to, by a thread of the transport alone. Borrowed; before transport_run. */
void transport_use_store(struct transport *transport, struct store *store);
/**
 * The primitives to give to the hub: those of verify.h, but a signature that was verified ahead is not
 * verified again. For the thread of transport_run only.
 */
const struct galen_primitives *transport_primitives(void);
/**
 * Serves until SIGTERM or SIGINT, then refuses everybody, waits until what was accepted is durable and
 * answered (three seconds at most), and returns. False: it could not start; `why` says it. The hub
 * stays the caller's.
 */
bool transport_run(struct transport *transport, struct hub *hub, char why[CONFIG_WHY_MAX]);
void transport_free(struct transport *transport); /* takes NULL */

#endif
