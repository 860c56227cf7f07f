/* Events and lines, for homes.c and world.c. */
#ifndef GALEN_SIM_LINES_H
#define GALEN_SIM_LINES_H

#include "world.h"

/** Takes the event's bytes over. */
void world_push(struct world *world, struct event event);
/** Adds a number to the trace's hash. */
void world_mix(struct world *world, uint64_t n);
uint64_t line_delay(struct world *world);
/** A frame sets out (EVENT_TO_NODE, EVENT_TO_SERVER), if the line and the plots let it. */
void line_deliver(struct world *world, size_t index, uint8_t kind, struct galen_bytes bytes);
/** One side is gone: the other learns it, but the server not of a line that swallows everything. */
void line_close(struct world *world, size_t index, bool tell_node);
void line_open(struct node *node, uint8_t purpose);

#endif
