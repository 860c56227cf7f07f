#include "keyset.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define KEYSET_LEAF 0x80000000u

void keyset_wipe(struct keyset *set)
{
    free(set->items);
    free(set->nodes);
    memset(set, 0, sizeof *set);
}

bool keyset_reserve(struct keyset *set)
{
    if (set->count < set->room)
        return true;
    size_t room = set->room == 0 ? 8 : set->room * 2;
    if (room > KEYSET_LEAF / sizeof *set->items)
        return false;
    struct keyset_item *items = realloc(set->items, room * sizeof *items);
    if (items == NULL)
        return false;
    set->items = items;
    struct keyset_node *nodes = realloc(set->nodes, room * sizeof *nodes);
    if (nodes == NULL)
        return false;
    set->nodes = nodes;
    set->room = room;
    return true;
}

static unsigned bit_of(const uint8_t *key, uint32_t bit)
{
    return (unsigned)key[bit / 8] >> (7 - bit % 8) & 1u;
}

/* The item that shares the longest prefix with `key`, among those the tree's bits lead to. */
static struct keyset_item *nearest(const struct keyset *set, const uint8_t *key)
{
    uint32_t at = set->root;
    while ((at & KEYSET_LEAF) == 0)
        at = set->nodes[at].child[bit_of(key, set->nodes[at].bit)];
    return &set->items[at & ~KEYSET_LEAF];
}

static uint32_t first_difference(const uint8_t *a, const uint8_t *b)
{
    uint32_t bit = 0;
    while (bit < 8 * KEYSET_KEY_BYTES && a[bit / 8] == b[bit / 8])
        bit += 8;
    while (bit < 8 * KEYSET_KEY_BYTES && bit_of(a, bit) == bit_of(b, bit))
        bit++;
    return bit;
}

struct keyset_item *keyset_find(const struct keyset *set, const uint8_t key[KEYSET_KEY_BYTES])
{
    if (set->count == 0)
        return NULL;
    struct keyset_item *item = nearest(set, key);
    return memcmp(item->key, key, KEYSET_KEY_BYTES) == 0 ? item : NULL;
}

struct keyset_item *keyset_add(struct keyset *set, const uint8_t key[KEYSET_KEY_BYTES])
{
    assert(set->count < set->room);
    struct keyset_item *item = &set->items[set->count];
    memset(item, 0, sizeof *item);
    memcpy(item->key, key, KEYSET_KEY_BYTES);
    uint32_t leaf = (uint32_t)set->count | KEYSET_LEAF;
    if (set->count++ == 0) {
        set->root = leaf;
        return item;
    }
    uint32_t bit = first_difference(nearest(set, key)->key, key);
    assert(bit < 8 * KEYSET_KEY_BYTES);
    uint32_t *link = &set->root;
    while ((*link & KEYSET_LEAF) == 0 && set->nodes[*link].bit < bit)
        link = &set->nodes[*link].child[bit_of(key, set->nodes[*link].bit)];
    uint32_t place = (uint32_t)set->count - 2;
    struct keyset_node *node = &set->nodes[place];
    node->bit = bit;
    node->child[bit_of(key, bit)] = leaf;
    node->child[1 - bit_of(key, bit)] = *link;
    *link = place;
    return item;
}

const struct keyset_item *keyset_from(const struct keyset *set, const uint8_t key[KEYSET_KEY_BYTES])
{
    if (set->count == 0)
        return NULL;
    const struct keyset_item *near = nearest(set, key);
    uint32_t bit = first_difference(near->key, key);
    if (bit == 8 * KEYSET_KEY_BYTES)
        return near;
    /* All items below the place where `key` leaves the tree are on the same side of it. The last turn
     * to the left above that place leads to the next greater one. */
    uint32_t at = set->root, turn = KEYSET_LEAF;
    bool turned = false;
    while ((at & KEYSET_LEAF) == 0 && set->nodes[at].bit < bit) {
        unsigned side = bit_of(key, set->nodes[at].bit);
        if (side == 0) {
            turn = set->nodes[at].child[1];
            turned = true;
        }
        at = set->nodes[at].child[side];
    }
    if (bit_of(key, bit) == 1) {
        if (!turned)
            return NULL;
        at = turn;
    }
    while ((at & KEYSET_LEAF) == 0)
        at = set->nodes[at].child[0];
    return &set->items[at & ~KEYSET_LEAF];
}
