#include "galen/tree.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* Growing by doubling never asks for more than twice the nodes of the largest tree. */
enum { ROOM_FIRST = 32 };

static void hash_pair(const struct galen_primitives *primitives,
                      const uint8_t left[GALEN_HASH_BYTES], const uint8_t right[GALEN_HASH_BYTES],
                      uint8_t out[GALEN_HASH_BYTES])
{
    static const uint8_t node_prefix = 0x01;
    const struct galen_bytes parts[] = {
        {&node_prefix, 1}, {left, GALEN_HASH_BYTES}, {right, GALEN_HASH_BYTES}};
    uint8_t hash[GALEN_HASH_BYTES]; /* `out` may be one of the inputs */
    primitives->sha256(parts, 3, hash);
    memcpy(out, hash, GALEN_HASH_BYTES);
}

void galen_tree_hash_leaf(const struct galen_primitives *primitives,
                          const struct galen_bytes *parts, size_t count,
                          uint8_t leaf[GALEN_HASH_BYTES])
{
    static const uint8_t leaf_prefix = 0x00;
    struct galen_bytes all[GALEN_TREE_PARTS_MAX + 1] = {{&leaf_prefix, 1}};
    assert(count <= GALEN_TREE_PARTS_MAX);
    for (size_t i = 0; i < count; i++)
        all[i + 1] = parts[i];
    primitives->sha256(all, count + 1, leaf);
}

void galen_tree_init(struct galen_tree *tree, const struct galen_primitives *primitives)
{
    *tree = (struct galen_tree){.primitives = primitives};
}

void galen_tree_wipe(struct galen_tree *tree)
{
    free(tree->nodes);
    galen_tree_init(tree, tree->primitives);
}

uint64_t galen_tree_size(const struct galen_tree *tree)
{
    return tree->size;
}

/* How many subtrees are complete after `size` leaves: 2 * size minus one for each set bit. */
static size_t node_count(uint64_t size)
{
    size_t count = 2 * (size_t)size;
    for (; size > 0; size &= size - 1)
        count--;
    return count;
}

static bool make_room(struct galen_tree *tree, size_t count)
{
    if (count <= tree->room)
        return true;
    size_t room = tree->room < ROOM_FIRST ? ROOM_FIRST : tree->room * 2;
    while (room < count)
        room *= 2;
    void *nodes = realloc(tree->nodes, room * sizeof tree->nodes[0]);
    if (!nodes)
        return false;
    tree->nodes = nodes;
    tree->room = room;
    return true;
}

enum galen_err galen_tree_append(struct galen_tree *tree, const uint8_t leaf[GALEN_HASH_BYTES])
{
    if (tree->size >= GALEN_TREE_SIZE_MAX)
        return GALEN_ERR_LIMIT;
    if (!make_room(tree, node_count(tree->size + 1)))
        return GALEN_ERR_MEMORY;
    size_t at = node_count(tree->size);
    memcpy(tree->nodes[at], leaf, GALEN_HASH_BYTES);
    /* Each set bit at the low end is a subtree that this leaf completes. Its left half ends right
       before its right half begins, which is the width of the right half further back. */
    size_t width = 1;
    for (uint64_t bits = tree->size; bits & 1; bits >>= 1) {
        hash_pair(tree->primitives, tree->nodes[at - width], tree->nodes[at], tree->nodes[at + 1]);
        at++;
        width = 2 * width + 1;
    }
    tree->size++;
    return GALEN_OK;
}

void galen_tree_truncate(struct galen_tree *tree, uint64_t size)
{
    if (size < tree->size)
        tree->size = size;
}

/* The hash of the complete subtree over `count` leaves from `start`: count is a power of two, and
   start a multiple of it. */
static const uint8_t *complete(const struct galen_tree *tree, uint64_t start, uint64_t count)
{
    return tree->nodes[node_count(start) + 2 * (size_t)count - 2];
}

/* MTH(D[start:end]) for 0 <= start < end <= size, where start is a multiple of the largest power of
   two below or at end - start, as it is for every subtree that RFC 6962 speaks of. */
static void hash_range(const struct galen_tree *tree, uint64_t start, uint64_t end,
                       uint8_t out[GALEN_HASH_BYTES])
{
    uint64_t rest = end - start;
    uint64_t width = rest & (~rest + 1);
    memcpy(out, complete(tree, end - width, width), GALEN_HASH_BYTES);
    end -= width;
    for (rest -= width; rest > 0; rest -= width) {
        width = rest & (~rest + 1);
        end -= width;
        hash_pair(tree->primitives, complete(tree, end, width), out, out);
    }
}

bool galen_tree_root_at(const struct galen_tree *tree, uint64_t size,
                        uint8_t root[GALEN_HASH_BYTES])
{
    memset(root, 0, GALEN_HASH_BYTES);
    if (size > tree->size)
        return false;
    if (size == 0)
        tree->primitives->sha256(NULL, 0, root);
    else
        hash_range(tree, 0, size, root);
    return true;
}

const uint8_t *galen_tree_leaf(const struct galen_tree *tree, uint64_t index)
{
    return index < tree->size ? complete(tree, index, 1) : NULL;
}

/* The largest power of two below n, for n > 1: where RFC 6962 splits. */
static uint64_t split(uint64_t n)
{
    uint64_t k = 1;
    while (k < n - k)
        k *= 2;
    return k;
}

/* The hashes of a proof, found from the root downwards and written from the leaf upwards. */
struct path {
    uint8_t hashes[GALEN_PROOF_HASHES_MAX][GALEN_HASH_BYTES];
    size_t count;
};

static void add_range(struct path *path, const struct galen_tree *tree, uint64_t start,
                      uint64_t end)
{
    hash_range(tree, start, end, path->hashes[path->count++]);
}

static enum galen_err write_path(const struct path *path, struct galen_writer *out)
{
    for (size_t i = path->count; i > 0; i--)
        galen_write(out, path->hashes[i - 1], GALEN_HASH_BYTES);
    return out->failed ? GALEN_ERR_MEMORY : GALEN_OK;
}

enum galen_err galen_tree_prove_inclusion(const struct galen_tree *tree, uint64_t index,
                                          uint64_t size, struct galen_writer *out)
{
    if (index >= size || size > tree->size)
        return GALEN_ERR_HEAD;
    struct path path = {.count = 0};
    uint64_t start = 0, end = size;
    while (end - start > 1) { /* PATH(index, D[start:end]) */
        uint64_t middle = start + split(end - start);
        if (index < middle) {
            add_range(&path, tree, middle, end);
            end = middle;
        } else {
            add_range(&path, tree, start, middle);
            start = middle;
        }
    }
    return write_path(&path, out);
}

enum galen_err galen_tree_prove_consistency(const struct galen_tree *tree, uint64_t old_size,
                                            uint64_t new_size, struct galen_writer *out)
{
    if (old_size == 0 || old_size > new_size || new_size > tree->size)
        return GALEN_ERR_HEAD;
    struct path path = {.count = 0};
    uint64_t start = 0, end = new_size;
    while (old_size != end) { /* SUBPROOF(old_size - start, D[start:end], start == 0) */
        uint64_t middle = start + split(end - start);
        if (old_size <= middle) {
            add_range(&path, tree, middle, end);
            end = middle;
        } else {
            add_range(&path, tree, start, middle);
            start = middle;
        }
    }
    /* The old tree itself is what the reader has; any other subtree that ends with it is not. */
    if (start > 0)
        add_range(&path, tree, start, end);
    return write_path(&path, out);
}

static enum galen_err check_shape(struct galen_bytes proof)
{
    bool whole = proof.size % GALEN_HASH_BYTES == 0;
    return whole && proof.size / GALEN_HASH_BYTES <= GALEN_PROOF_HASHES_MAX ? GALEN_OK
                                                                            : GALEN_ERR_FORMAT;
}

static bool equal(const uint8_t a[GALEN_HASH_BYTES], const uint8_t b[GALEN_HASH_BYTES])
{
    return memcmp(a, b, GALEN_HASH_BYTES) == 0;
}

/* Where a proof stands: the place among its level's nodes, and the level's last place
   (`fn` and `sn` in RFC 9162). */
struct climb {
    uint64_t place;
    uint64_t last;
};

/* Whether the next hash of the proof stands to the left. If so, levels at which the node is the
   last and has no sibling are climbed. */
static bool joins_left(struct climb *climb)
{
    if (!(climb->place & 1) && climb->place != climb->last)
        return false;
    while (!(climb->place & 1) && climb->place != 0) {
        climb->place >>= 1;
        climb->last >>= 1;
    }
    return true;
}

static void rise(struct climb *climb)
{
    climb->place >>= 1;
    climb->last >>= 1;
}

enum galen_err galen_tree_check_inclusion(const struct galen_primitives *primitives, uint64_t index,
                                          uint64_t size, const uint8_t leaf[GALEN_HASH_BYTES],
                                          const uint8_t root[GALEN_HASH_BYTES],
                                          struct galen_bytes proof)
{
    enum galen_err err = check_shape(proof);
    if (err != GALEN_OK)
        return err;
    if (index >= size)
        return GALEN_ERR_HEAD;
    struct climb climb = {index, size - 1};
    uint8_t hash[GALEN_HASH_BYTES];
    memcpy(hash, leaf, GALEN_HASH_BYTES);
    for (size_t done = 0; done < proof.size; done += GALEN_HASH_BYTES) {
        const uint8_t *next = proof.at + done;
        if (climb.last == 0)
            return GALEN_ERR_HEAD;
        if (joins_left(&climb))
            hash_pair(primitives, next, hash, hash);
        else
            hash_pair(primitives, hash, next, hash);
        rise(&climb);
    }
    return climb.last == 0 && equal(hash, root) ? GALEN_OK : GALEN_ERR_HEAD;
}

enum galen_err
galen_tree_check_consistency(const struct galen_primitives *primitives, uint64_t old_size,
                             const uint8_t old_root[GALEN_HASH_BYTES], uint64_t new_size,
                             const uint8_t new_root[GALEN_HASH_BYTES], struct galen_bytes proof)
{
    enum galen_err err = check_shape(proof);
    if (err != GALEN_OK)
        return err;
    if (old_size == 0 || old_size > new_size)
        return GALEN_ERR_HEAD;
    if (old_size == new_size)
        return proof.size == 0 && equal(old_root, new_root) ? GALEN_OK : GALEN_ERR_HEAD;
    /* The proof starts with the last subtree of the old tree; if that is all of it, it is the old
       root, which the proof leaves out. */
    size_t done = 0;
    const uint8_t *first = old_root;
    if ((old_size & (old_size - 1)) != 0) {
        if (proof.size == 0)
            return GALEN_ERR_HEAD;
        first = proof.at;
        done = GALEN_HASH_BYTES;
    }
    struct climb climb = {old_size - 1, new_size - 1};
    while (climb.place & 1)
        rise(&climb);
    uint8_t old_hash[GALEN_HASH_BYTES], new_hash[GALEN_HASH_BYTES];
    memcpy(old_hash, first, GALEN_HASH_BYTES);
    memcpy(new_hash, first, GALEN_HASH_BYTES);
    for (; done < proof.size; done += GALEN_HASH_BYTES) {
        const uint8_t *next = proof.at + done;
        if (climb.last == 0)
            return GALEN_ERR_HEAD;
        if (joins_left(&climb)) {
            hash_pair(primitives, next, old_hash, old_hash);
            hash_pair(primitives, next, new_hash, new_hash);
        } else {
            hash_pair(primitives, new_hash, next, new_hash);
        }
        rise(&climb);
    }
    return climb.last == 0 && equal(old_hash, old_root) && equal(new_hash, new_root)
               ? GALEN_OK
               : GALEN_ERR_HEAD;
}
