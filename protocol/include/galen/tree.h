/*
 * The Merkle tree over a chart's log: RFC 6962 section 2.1, with the proof verification of RFC 9162
 * sections 2.1.3.2 and 2.1.4.2. A head (size, root) names one exact history.
 */
#ifndef GALEN_TREE_H
#define GALEN_TREE_H

#include "galen/codec.h"
#include "galen/primitives.h"

#define GALEN_TREE_SIZE_MAX    (1u << 24) /* leaves one tree holds; 1 GiB of nodes */
#define GALEN_TREE_PARTS_MAX   8          /* pieces one leaf is hashed from */
#define GALEN_PROOF_HASHES_MAX 64         /* no proof for a 64-bit size is longer */

_Static_assert(GALEN_TREE_SIZE_MAX <= SIZE_MAX / (2 * GALEN_HASH_BYTES),
               "all nodes fit into memory where size_t has 32 bits");

/**
 * A growing tree. It keeps every complete subtree's hash, in the order in which they became
 * complete: 64 bytes a leaf. The last of each size are the frontier, so that a leaf is appended in
 * O(log n); and since nothing that was complete ever changes, the same array holds the root of
 * every earlier size (RULES H1) and every proof, each within O(log n) hashes. Caller-allocated;
 * treat the fields as private.
 */
struct galen_tree {
    const struct galen_primitives *primitives; /* borrowed for the tree's life */
    uint64_t size;
    uint8_t (*nodes)[GALEN_HASH_BYTES];
    size_t room;
};

/** An empty tree. Allocates nothing. */
void galen_tree_init(struct galen_tree *tree, const struct galen_primitives *primitives);
/** Frees the nodes; the tree is empty and usable again. May be called twice. */
void galen_tree_wipe(struct galen_tree *tree);

uint64_t galen_tree_size(const struct galen_tree *tree);
/**
 * Appends a leaf by its hash (galen_tree_hash_leaf). GALEN_ERR_MEMORY or, beyond
 * GALEN_TREE_SIZE_MAX, GALEN_ERR_LIMIT leave the tree as it was.
 */
enum galen_err galen_tree_append(struct galen_tree *tree,
                                 const uint8_t leaf[GALEN_HASH_BYTES]) GALEN_MUST_USE;
/** Takes back the leaves from `size` on, if there are more. Never fails. */
void galen_tree_truncate(struct galen_tree *tree, uint64_t size);
/** The root the tree had with its first `size` leaves. False, and zeros, if it is smaller. */
bool galen_tree_root_at(const struct galen_tree *tree, uint64_t size,
                        uint8_t root[GALEN_HASH_BYTES]) GALEN_MUST_USE;
/** The hash of leaf `index` (from 0), borrowed until the next change; NULL if there is none. */
const uint8_t *galen_tree_leaf(const struct galen_tree *tree, uint64_t index);

/** SHA-256(0x00 || parts), with at most GALEN_TREE_PARTS_MAX parts. */
void galen_tree_hash_leaf(const struct galen_primitives *primitives,
                          const struct galen_bytes *parts, size_t count,
                          uint8_t leaf[GALEN_HASH_BYTES]);

/**
 * Appends to `out` the proof that leaf `index` is in the tree of the first `size` leaves
 * (RFC 6962 section 2.1.1): hashes of 32 bytes one after another, nearest the leaf first.
 * GALEN_ERR_HEAD if index >= size or size is beyond the tree.
 */
enum galen_err galen_tree_prove_inclusion(const struct galen_tree *tree, uint64_t index,
                                          uint64_t size, struct galen_writer *out) GALEN_MUST_USE;
/**
 * Appends to `out` the proof that the tree of `new_size` leaves begins with that of `old_size`
 * (RFC 6962 section 2.1.2); empty if they are equal. GALEN_ERR_HEAD unless
 * 1 <= old_size <= new_size <= the tree's size: about the empty tree nothing can be proven.
 */
enum galen_err galen_tree_prove_consistency(const struct galen_tree *tree, uint64_t old_size,
                                            uint64_t new_size,
                                            struct galen_writer *out) GALEN_MUST_USE;

/**
 * Whether `proof`, from anywhere, shows that `leaf` is number `index` under `root` in a tree of
 * `size` leaves. GALEN_ERR_FORMAT if the proof is not made of whole hashes or is longer than any
 * can be, GALEN_ERR_HEAD if it does not show it.
 */
enum galen_err galen_tree_check_inclusion(const struct galen_primitives *primitives, uint64_t index,
                                          uint64_t size, const uint8_t leaf[GALEN_HASH_BYTES],
                                          const uint8_t root[GALEN_HASH_BYTES],
                                          struct galen_bytes proof) GALEN_MUST_USE;
/**
 * Whether `proof`, from anywhere, shows that the history (new_size, new_root) begins with
 * (old_size, old_root). Errors as above; an old_size of 0 is GALEN_ERR_HEAD.
 */
enum galen_err galen_tree_check_consistency(const struct galen_primitives *primitives,
                                            uint64_t old_size,
                                            const uint8_t old_root[GALEN_HASH_BYTES],
                                            uint64_t new_size,
                                            const uint8_t new_root[GALEN_HASH_BYTES],
                                            struct galen_bytes proof) GALEN_MUST_USE;

#endif
