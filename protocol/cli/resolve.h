/* Looks a name up beside the loop: the system's resolver blocks, so it gets a thread of its own. */
#ifndef GALEN_CLI_RESOLVE_H
#define GALEN_CLI_RESOLVE_H

#include "net.h"

#define RESOLVED_TEXT 64 /* an address in numbers */

struct resolved {
    size_t count; /* 0: nothing found */
    char at[NET_ADDRESSES_MAX][RESOLVED_TEXT];
};

struct resolving;

/** NULL: out of memory or threads. `done` is called from the loop, once, unless it is cancelled. */
struct resolving *
resolve_start(struct ev_loop *loop, const char *host, const char *port, void *context,
              void (*done)(void *context, const struct resolved *found, const char *why));
void resolve_cancel(struct resolving *resolving);

#endif
