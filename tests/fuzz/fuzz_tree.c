/*
 * Input: index u16, size u16, altered u16, proof. A proof from anywhere must not crash the checks;
 * one that differs from the proof the tree makes must be refused.
 */
#include "galen/tree.h"

#include "support/primitives.h"

#include <stdlib.h>
#include <string.h>

enum { MOST = 300 };

static void demand(bool holds)
{
    if (!holds)
        abort();
}

static struct galen_tree *tree_once(void)
{
    static struct galen_tree tree;
    if (!tree.primitives)
        galen_tree_init(&tree, &test_primitives);
    while (galen_tree_size(&tree) < MOST) {
        uint8_t leaf[GALEN_HASH_BYTES] = {(uint8_t)galen_tree_size(&tree),
                                          (uint8_t)(galen_tree_size(&tree) >> 8)};
        demand(galen_tree_append(&tree, leaf) == GALEN_OK);
    }
    return &tree;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct galen_tree *tree = tree_once();
    struct galen_reader r;
    galen_reader_init(&r, (struct galen_bytes){data, size});
    uint64_t index = galen_read_u16(&r), count = galen_read_u16(&r), altered = galen_read_u16(&r);
    if (r.failed)
        return 0;
    struct galen_bytes proof = galen_take(&r, r.left);

    /* Any numbers at all. */
    uint8_t some[GALEN_HASH_BYTES] = {1};
    demand(galen_tree_check_inclusion(&test_primitives, index << 48 | count, count << 48 | index,
                                      some, some, proof) != GALEN_OK ||
           proof.size == 0);
    demand(galen_tree_check_consistency(&test_primitives, index << 48 | 1, some,
                                        count << 48 | altered, some, proof) != GALEN_OK ||
           proof.size == 0);

    /* Numbers that fit the tree. */
    count = 1 + count % MOST;
    index %= count;
    uint8_t root[GALEN_HASH_BYTES], old_root[GALEN_HASH_BYTES];
    demand(galen_tree_root_at(tree, count, root));
    demand(galen_tree_root_at(tree, index + 1, old_root));
    struct galen_writer good;
    galen_writer_init(&good);
    demand(galen_tree_prove_inclusion(tree, index, count, &good) == GALEN_OK);
    bool holds = galen_tree_check_inclusion(&test_primitives, index, count,
                                            galen_tree_leaf(tree, index), root, proof) == GALEN_OK;
    demand(holds == galen_bytes_equal(proof, galen_written(&good)));
    galen_writer_clear(&good);
    demand(galen_tree_prove_consistency(tree, index + 1, count, &good) == GALEN_OK);
    holds = galen_tree_check_consistency(&test_primitives, index + 1, old_root, count, root,
                                         proof) == GALEN_OK;
    demand(holds == galen_bytes_equal(proof, galen_written(&good)));
    if (good.size > 0) {
        good.at[altered % good.size] ^= 1;
        demand(galen_tree_check_consistency(&test_primitives, index + 1, old_root, count, root,
                                            galen_written(&good)) != GALEN_OK);
    }
    galen_writer_wipe(&good);
    return 0;
}
