/* Finds things by their 32-byte id. The things carry the node; the map owns only its table. */
#ifndef GALEN_SERVER_IDMAP_H
#define GALEN_SERVER_IDMAP_H

#include "galen/base.h"

struct idmap_node {
    struct idmap_node *next;
    struct galen_id id;
};

struct idmap {
    struct idmap_node **slots;
    size_t slot_count; /* a power of two, or 0 */
    size_t count;
};

void idmap_wipe(struct idmap *map); /* the nodes stay as they are */
struct idmap_node *idmap_find(const struct idmap *map, const struct galen_id *id); /* NULL: none */
/** `node->id` must not be in the map yet. False: out of memory, nothing changed. */
GALEN_MUST_USE bool idmap_add(struct idmap *map, struct idmap_node *node);
void idmap_remove(struct idmap *map, struct idmap_node *node); /* must be in the map */
/** Steps through all nodes: NULL begins, NULL is the end. `node` itself may be removed meanwhile if
 *  the next was asked for before. */
struct idmap_node *idmap_next(const struct idmap *map, const struct idmap_node *node);

#endif
