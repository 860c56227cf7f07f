/*
 * A map from keys of one size to pointers or numbers: a crit-bit tree (Bernstein, "Crit-bit trees",
 * 2004). A look-up takes at most as many steps as a key has bits, whatever keys others choose: record
 * and operation ids come from members, one of whom may be hostile, so that a plain hash table could be
 * made slow. Walks in ascending order of keys.
 */
#ifndef GALEN_DOC_KEYSET_H
#define GALEN_DOC_KEYSET_H

#include "galen/base.h"

#define KEYSET_KEY_BYTES (GALEN_ID_BYTES + GALEN_OP_ID_BYTES)

struct keyset_item {
    uint8_t key[KEYSET_KEY_BYTES];
    union {
        uint64_t number;
        void *pointer;
    } value;
};

struct keyset_node {
    uint32_t child[2]; /* KEYSET_LEAF and the place of an item, or the place of a node */
    uint32_t bit; /* the first bit in which the two sides differ, from the first byte's highest */
};

/** All zeros is an empty one. */
struct keyset {
    struct keyset_item *items;
    struct keyset_node *nodes; /* one less than items */
    size_t count, room;
    uint32_t root;
};

void keyset_wipe(struct keyset *set);
/** Makes room for one more item, so that the next keyset_add cannot fail. False: out of memory. */
GALEN_MUST_USE bool keyset_reserve(struct keyset *set);
/** NULL: there is none. Borrowed until the next keyset_reserve. */
struct keyset_item *keyset_find(const struct keyset *set, const uint8_t key[KEYSET_KEY_BYTES]);
/** Adds a key that is not there, with a value of zero. Room was made before (asserted). */
struct keyset_item *keyset_add(struct keyset *set, const uint8_t key[KEYSET_KEY_BYTES]);

/** The first item whose key is not below `key`; NULL: none. */
const struct keyset_item *keyset_from(const struct keyset *set,
                                      const uint8_t key[KEYSET_KEY_BYTES]);

#endif
