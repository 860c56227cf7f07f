#include "idmap.h"

#include <stdlib.h>
#include <string.h>

#define SLOTS_FIRST 16

/* Ids are hashes already; the multiplication spreads those that somebody chose to begin alike. */
static size_t slot_of(const struct idmap *map, const struct galen_id *id)
{
    static const uint64_t odd[4] = {0x9e3779b97f4a7c15u, 0xc2b2ae3d27d4eb4fu, 0x165667b19e3779f9u,
                                    0xd6e8feb86659fd93u};
    uint64_t sum = 0;
    for (size_t i = 0; i < 4; i++) {
        uint64_t word;
        memcpy(&word, id->bytes + 8 * i, sizeof word);
        sum += word * odd[i];
        sum ^= sum >> 29;
    }
    return (size_t)(sum >> 20) & (map->slot_count - 1);
}

void idmap_wipe(struct idmap *map)
{
    free(map->slots);
    *map = (struct idmap){0};
}

struct idmap_node *idmap_find(const struct idmap *map, const struct galen_id *id)
{
    if (map->slot_count == 0)
        return NULL;
    struct idmap_node *node = map->slots[slot_of(map, id)];
    while (node && !galen_id_equal(&node->id, id))
        node = node->next;
    return node;
}

static bool grow(struct idmap *map)
{
    struct idmap grown = {.slot_count = map->slot_count > 0 ? map->slot_count * 2 : SLOTS_FIRST,
                          .count = map->count};
    grown.slots = calloc(grown.slot_count, sizeof(struct idmap_node *));
    if (!grown.slots)
        return false;
    for (size_t i = 0; i < map->slot_count; i++) {
        struct idmap_node *node = map->slots[i];
        while (node) {
            struct idmap_node *next = node->next;
            size_t slot = slot_of(&grown, &node->id);
            node->next = grown.slots[slot];
            grown.slots[slot] = node;
            node = next;
        }
    }
    free(map->slots);
    *map = grown;
    return true;
}

bool idmap_add(struct idmap *map, struct idmap_node *node)
{
    /* A table that cannot grow still works, only slower; without any table it cannot. */
    if (map->count >= map->slot_count && !grow(map) && map->slot_count == 0)
        return false;
    size_t slot = slot_of(map, &node->id);
    node->next = map->slots[slot];
    map->slots[slot] = node;
    map->count++;
    return true;
}

void idmap_remove(struct idmap *map, struct idmap_node *node)
{
    struct idmap_node **at = &map->slots[slot_of(map, &node->id)];
    while (*at != node)
        at = &(*at)->next;
    *at = node->next;
    node->next = NULL;
    map->count--;
}

struct idmap_node *idmap_next(const struct idmap *map, const struct idmap_node *node)
{
    if (node && node->next)
        return node->next;
    for (size_t i = node ? slot_of(map, &node->id) + 1 : 0; i < map->slot_count; i++) {
        if (map->slots[i])
            return map->slots[i];
    }
    return NULL;
}
