/* protocol/include/galen/tree.h: RFC 6962 section 2.1, RFC 9162 sections 2.1.3 and 2.1.4. */
#include "galen/tree.h"
#include "support/allocator.h"
#include "support/primitives.h"
#include "support/vectors.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef uint8_t hash[GALEN_HASH_BYTES];

/* The definitions of RFC 6962 section 2.1, as they stand there: recursive, slow and plain. */

static void model_leaf(uint64_t i, hash out)
{
    uint8_t data[9] = {0};
    for (int b = 0; b < 8; b++)
        data[1 + b] = (uint8_t)(i >> (8 * b));
    test_primitives.sha256(&(struct galen_bytes){data, 9}, 1, out);
}

static void model_node(const hash left, const hash right, hash out)
{
    uint8_t data[65] = {1};
    memcpy(data + 1, left, 32);
    memcpy(data + 33, right, 32);
    test_primitives.sha256(&(struct galen_bytes){data, 65}, 1, out);
}

static uint64_t model_split(uint64_t n)
{
    uint64_t k = 1;
    while (k * 2 < n)
        k *= 2;
    return k;
}

static void model_root(uint64_t start, uint64_t n, hash out)
{
    if (n == 0) {
        test_primitives.sha256(NULL, 0, out);
    } else if (n == 1) {
        model_leaf(start, out);
    } else {
        uint64_t k = model_split(n);
        hash left, right;
        model_root(start, k, left);
        model_root(start + k, n - k, right);
        model_node(left, right, out);
    }
}

static void model_path(uint64_t m, uint64_t start, uint64_t n, struct galen_writer *w)
{
    if (n == 1)
        return;
    uint64_t k = model_split(n);
    hash other;
    if (m < k) {
        model_path(m, start, k, w);
        model_root(start + k, n - k, other);
    } else {
        model_path(m - k, start + k, n - k, w);
        model_root(start, k, other);
    }
    galen_write(w, other, 32);
}

static void model_subproof(uint64_t m, uint64_t start, uint64_t n, bool known,
                           struct galen_writer *w)
{
    hash other;
    if (m == n) {
        if (!known) {
            model_root(start, n, other);
            galen_write(w, other, 32);
        }
        return;
    }
    uint64_t k = model_split(n);
    if (m <= k) {
        model_subproof(m, start, k, known, w);
        model_root(start + k, n - k, other);
    } else {
        model_subproof(m - k, start + k, n - k, false, w);
        model_root(start, k, other);
    }
    galen_write(w, other, 32);
}

static void grow_to(struct galen_tree *tree, uint64_t size)
{
    hash leaf;
    while (galen_tree_size(tree) < size) {
        model_leaf(galen_tree_size(tree), leaf);
        cr_assert_eq(galen_tree_append(tree, leaf), GALEN_OK);
    }
}

static uint64_t next_random(uint64_t *state) /* splitmix64 */
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

Test(tree, the_empty_tree_has_the_hash_of_nothing)
{
    static const uint8_t empty[32] = {0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14,
                                      0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9, 0x24,
                                      0x27, 0xae, 0x41, 0xe4, 0x64, 0x9b, 0x93, 0x4c,
                                      0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55};
    struct galen_tree tree;
    hash root;
    galen_tree_init(&tree, &test_primitives);
    cr_assert_eq(galen_tree_size(&tree), 0);
    cr_assert(galen_tree_root_at(&tree, 0, root));
    cr_assert_arr_eq(root, empty, 32);
    cr_assert_not(galen_tree_root_at(&tree, 1, root));
    cr_assert_null(galen_tree_leaf(&tree, 0));
    galen_tree_wipe(&tree);
    galen_tree_wipe(&tree);
}

Test(tree, a_leaf_is_hashed_from_its_parts_in_order)
{
    hash whole, parts;
    galen_tree_hash_leaf(&test_primitives, &(struct galen_bytes){(const uint8_t *)"abcdef", 6}, 1,
                         whole);
    const struct galen_bytes split[] = {{(const uint8_t *)"ab", 2},
                                        {NULL, 0},
                                        {(const uint8_t *)"c", 1},
                                        {(const uint8_t *)"def", 3}};
    galen_tree_hash_leaf(&test_primitives, split, 4, parts);
    cr_assert_arr_eq(whole, parts, 32);
    hash unprefixed;
    test_primitives.sha256(&(struct galen_bytes){(const uint8_t *)"\0abcdef", 7}, 1, unprefixed);
    cr_assert_arr_eq(whole, unprefixed, 32);
}

Test(tree, roots_of_all_sizes_are_those_of_the_recursive_model)
{
    enum { MOST = 130 };
    struct galen_tree tree;
    hash root, expected;
    galen_tree_init(&tree, &test_primitives);
    for (uint64_t size = 0; size <= MOST; size++) {
        grow_to(&tree, size);
        cr_assert(galen_tree_root_at(&tree, size, root));
        model_root(0, size, expected);
        cr_assert_arr_eq(root, expected, 32, "size %lu", (unsigned long)size);
    }
    for (uint64_t size = 0; size <= MOST; size++) { /* earlier roots stay, H1 */
        cr_assert(galen_tree_root_at(&tree, size, root));
        model_root(0, size, expected);
        cr_assert_arr_eq(root, expected, 32, "size %lu of %d", (unsigned long)size, MOST);
    }
    cr_assert_not(galen_tree_root_at(&tree, MOST + 1, root));
    cr_assert_not(galen_tree_root_at(&tree, UINT64_MAX, root));
    for (uint64_t i = 0; i < MOST; i++) {
        model_leaf(i, expected);
        cr_assert_arr_eq(galen_tree_leaf(&tree, i), expected, 32);
    }
    cr_assert_null(galen_tree_leaf(&tree, MOST));
    galen_tree_wipe(&tree);
}

Test(tree, proofs_are_those_of_the_recursive_model_and_hold)
{
    enum { MOST = 36 };
    struct galen_tree tree;
    struct galen_writer ours, model;
    galen_tree_init(&tree, &test_primitives);
    galen_writer_init(&ours);
    galen_writer_init(&model);
    grow_to(&tree, MOST);
    for (uint64_t size = 1; size <= MOST; size++) {
        hash root, other;
        cr_assert(galen_tree_root_at(&tree, size, root));
        for (uint64_t i = 0; i < size; i++) {
            galen_writer_clear(&ours);
            galen_writer_clear(&model);
            cr_assert_eq(galen_tree_prove_inclusion(&tree, i, size, &ours), GALEN_OK);
            model_path(i, 0, size, &model);
            cr_assert(galen_bytes_equal(galen_written(&ours), galen_written(&model)),
                      "leaf %lu of %lu", (unsigned long)i, (unsigned long)size);
            model_leaf(i, other);
            cr_assert_eq(galen_tree_check_inclusion(&test_primitives, i, size, other, root,
                                                    galen_written(&ours)),
                         GALEN_OK);
        }
        for (uint64_t old = 1; old <= size; old++) {
            galen_writer_clear(&ours);
            galen_writer_clear(&model);
            cr_assert_eq(galen_tree_prove_consistency(&tree, old, size, &ours), GALEN_OK);
            model_subproof(old, 0, size, true, &model);
            cr_assert(galen_bytes_equal(galen_written(&ours), galen_written(&model)), "%lu to %lu",
                      (unsigned long)old, (unsigned long)size);
            model_root(0, old, other);
            cr_assert_eq(galen_tree_check_consistency(&test_primitives, old, other, size, root,
                                                      galen_written(&ours)),
                         GALEN_OK);
        }
    }
    galen_writer_wipe(&ours);
    galen_writer_wipe(&model);
    galen_tree_wipe(&tree);
}

Test(tree, by_seed_larger_trees_prove_what_holds_and_nothing_else)
{
    enum { MOST = 3000, SEEDS = 150 };
    struct galen_tree tree;
    struct galen_writer proof;
    galen_tree_init(&tree, &test_primitives);
    galen_writer_init(&proof);
    grow_to(&tree, MOST);
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        uint64_t random = seed;
        uint64_t size = 1 + next_random(&random) % MOST;
        uint64_t index = next_random(&random) % size;
        uint64_t old = 1 + next_random(&random) % size;
        hash root, old_root, leaf;
        cr_assert(galen_tree_root_at(&tree, size, root));
        cr_assert(galen_tree_root_at(&tree, old, old_root));
        model_leaf(index, leaf);

        galen_writer_clear(&proof);
        cr_assert_eq(galen_tree_prove_inclusion(&tree, index, size, &proof), GALEN_OK);
        struct galen_bytes good = galen_written(&proof);
        cr_assert_eq(galen_tree_check_inclusion(&test_primitives, index, size, leaf, root, good),
                     GALEN_OK, "seed %lu", (unsigned long)seed);
        uint64_t elsewhere = (index + 1 + next_random(&random) % MOST) % (size + 5);
        if (elsewhere != index)
            cr_assert_eq(
                galen_tree_check_inclusion(&test_primitives, elsewhere, size, leaf, root, good),
                GALEN_ERR_HEAD, "seed %lu", (unsigned long)seed);
        if (good.size > 0) {
            proof.at[next_random(&random) % proof.size] ^= 0x20;
            cr_assert_eq(
                galen_tree_check_inclusion(&test_primitives, index, size, leaf, root, good),
                GALEN_ERR_HEAD, "seed %lu", (unsigned long)seed);
        }

        galen_writer_clear(&proof);
        cr_assert_eq(galen_tree_prove_consistency(&tree, old, size, &proof), GALEN_OK);
        good = galen_written(&proof);
        cr_assert_eq(
            galen_tree_check_consistency(&test_primitives, old, old_root, size, root, good),
            GALEN_OK, "seed %lu", (unsigned long)seed);
        old_root[next_random(&random) % 32] ^= 1;
        cr_assert_eq(
            galen_tree_check_consistency(&test_primitives, old, old_root, size, root, good),
            GALEN_ERR_HEAD, "seed %lu", (unsigned long)seed);
    }
    galen_writer_wipe(&proof);
    galen_tree_wipe(&tree);
}

Test(tree, every_proof_with_a_hash_left_out_or_added_is_refused)
{
    enum { SIZE = 21 };
    struct galen_tree tree;
    struct galen_writer proof;
    hash root, old_root, leaf;
    galen_tree_init(&tree, &test_primitives);
    galen_writer_init(&proof);
    grow_to(&tree, SIZE);
    cr_assert(galen_tree_root_at(&tree, SIZE, root));
    for (uint64_t i = 0; i < SIZE; i++) {
        galen_writer_clear(&proof);
        cr_assert_eq(galen_tree_prove_inclusion(&tree, i, SIZE, &proof), GALEN_OK);
        size_t size = proof.size;
        galen_write(&proof, root, 32);
        model_leaf(i, leaf);
        for (size_t cut = 0; cut <= proof.size; cut++) {
            enum galen_err expected = cut == size     ? GALEN_OK
                                      : cut % 32 == 0 ? GALEN_ERR_HEAD
                                                      : GALEN_ERR_FORMAT;
            cr_assert_eq(galen_tree_check_inclusion(&test_primitives, i, SIZE, leaf, root,
                                                    (struct galen_bytes){proof.at, cut}),
                         expected, "leaf %lu cut to %zu", (unsigned long)i, cut);
        }
        galen_writer_clear(&proof);
        cr_assert_eq(galen_tree_prove_consistency(&tree, i + 1, SIZE, &proof), GALEN_OK);
        size = proof.size;
        galen_write(&proof, root, 32);
        cr_assert(galen_tree_root_at(&tree, i + 1, old_root));
        for (size_t cut = 0; cut <= proof.size; cut++) {
            enum galen_err expected = cut == size     ? GALEN_OK
                                      : cut % 32 == 0 ? GALEN_ERR_HEAD
                                                      : GALEN_ERR_FORMAT;
            cr_assert_eq(galen_tree_check_consistency(&test_primitives, i + 1, old_root, SIZE, root,
                                                      (struct galen_bytes){proof.at, cut}),
                         expected, "from %lu cut to %zu", (unsigned long)i + 1, cut);
        }
    }
    galen_writer_wipe(&proof);
    galen_tree_wipe(&tree);
}

Test(tree, proofs_beyond_any_size_are_refused_without_work)
{
    static const hash root;
    static const uint8_t long_proof[65 * 32];
    static const uint64_t sizes[] = {1, 2, UINT64_MAX - 1, UINT64_MAX};
    for (size_t i = 0; i < 4; i++) {
        struct galen_bytes proof = {long_proof, sizeof long_proof};
        cr_assert_eq(galen_tree_check_inclusion(&test_primitives, 0, sizes[i], root, root, proof),
                     GALEN_ERR_FORMAT);
        proof.size -= 32;
        cr_assert_eq(galen_tree_check_inclusion(&test_primitives, 0, sizes[i], root, root, proof),
                     GALEN_ERR_HEAD);
        cr_assert_eq(
            galen_tree_check_inclusion(&test_primitives, sizes[i] - 1, sizes[i], root, root, proof),
            GALEN_ERR_HEAD);
        cr_assert_eq(
            galen_tree_check_inclusion(&test_primitives, sizes[i], sizes[i], root, root, proof),
            GALEN_ERR_HEAD);
        cr_assert_eq(galen_tree_check_consistency(&test_primitives, 1, root, sizes[i], root, proof),
                     GALEN_ERR_HEAD);
        cr_assert_eq(
            galen_tree_check_consistency(&test_primitives, UINT64_MAX, root, sizes[i], root, proof),
            GALEN_ERR_HEAD);
    }
}

Test(tree, a_proof_can_be_as_deep_as_a_64_bit_size)
{
    /* Leaf 0 of a tree of 2^64 - 1 leaves: 64 hashes on the right, one for each set bit. */
    uint8_t proof[64 * 32];
    hash leaf, root;
    memset(proof, 0x11, sizeof proof);
    model_leaf(0, leaf);
    memcpy(root, leaf, 32);
    for (int i = 0; i < 64; i++)
        model_node(root, proof + 32 * i, root);
    cr_assert_eq(galen_tree_check_inclusion(&test_primitives, 0, UINT64_MAX, leaf, root,
                                            (struct galen_bytes){proof, sizeof proof}),
                 GALEN_OK);
}

Test(tree, nothing_is_proven_about_what_is_not_there)
{
    struct galen_tree tree;
    struct galen_writer proof;
    galen_tree_init(&tree, &test_primitives);
    galen_writer_init(&proof);
    cr_assert_eq(galen_tree_prove_inclusion(&tree, 0, 0, &proof), GALEN_ERR_HEAD);
    cr_assert_eq(galen_tree_prove_inclusion(&tree, 0, 1, &proof), GALEN_ERR_HEAD);
    cr_assert_eq(galen_tree_prove_consistency(&tree, 0, 0, &proof), GALEN_ERR_HEAD);
    grow_to(&tree, 5);
    cr_assert_eq(galen_tree_prove_inclusion(&tree, 5, 5, &proof), GALEN_ERR_HEAD);
    cr_assert_eq(galen_tree_prove_inclusion(&tree, 0, 6, &proof), GALEN_ERR_HEAD);
    cr_assert_eq(galen_tree_prove_inclusion(&tree, UINT64_MAX, UINT64_MAX, &proof), GALEN_ERR_HEAD);
    cr_assert_eq(galen_tree_prove_consistency(&tree, 0, 5, &proof), GALEN_ERR_HEAD);
    cr_assert_eq(galen_tree_prove_consistency(&tree, 4, 3, &proof), GALEN_ERR_HEAD);
    cr_assert_eq(galen_tree_prove_consistency(&tree, 5, 6, &proof), GALEN_ERR_HEAD);
    cr_assert_eq(proof.size, 0);
    galen_writer_wipe(&proof);
    galen_tree_wipe(&tree);
}

Test(tree, leaves_taken_back_leave_no_trace)
{
    struct galen_tree tree;
    hash root, expected, other;
    memset(other, 0xee, sizeof other);
    for (uint64_t kept = 0; kept <= 40; kept++) {
        galen_tree_init(&tree, &test_primitives);
        grow_to(&tree, kept);
        for (int i = 0; i < 9; i++)
            cr_assert_eq(galen_tree_append(&tree, other), GALEN_OK);
        galen_tree_truncate(&tree, kept + 100); /* more than there is: nothing happens */
        cr_assert_eq(galen_tree_size(&tree), kept + 9);
        galen_tree_truncate(&tree, kept);
        cr_assert_eq(galen_tree_size(&tree), kept);
        cr_assert_not(galen_tree_root_at(&tree, kept + 1, root));
        grow_to(&tree, kept + 13);
        for (uint64_t size = 0; size <= kept + 13; size++) {
            cr_assert(galen_tree_root_at(&tree, size, root));
            model_root(0, size, expected);
            cr_assert_arr_eq(root, expected, 32);
        }
        galen_tree_wipe(&tree);
    }
}

Test(tree, each_allocation_may_fail_and_the_tree_stays_as_it_was)
{
    struct galen_tree tree;
    hash leaf, root, expected;
    galen_tree_init(&tree, &test_primitives);
    size_t failures = 0;
    while (galen_tree_size(&tree) < 200) {
        uint64_t size = galen_tree_size(&tree);
        model_leaf(size, leaf);
        allocator_fail(1);
        enum galen_err err = galen_tree_append(&tree, leaf);
        bool hit = allocator_failed();
        allocator_fail(0);
        cr_assert_eq(err, hit ? GALEN_ERR_MEMORY : GALEN_OK);
        cr_assert_eq(galen_tree_size(&tree), hit ? size : size + 1);
        cr_assert(galen_tree_root_at(&tree, galen_tree_size(&tree), root));
        model_root(0, galen_tree_size(&tree), expected);
        cr_assert_arr_eq(root, expected, 32);
        if (hit) {
            failures++;
            cr_assert_eq(galen_tree_append(&tree, leaf), GALEN_OK);
        }
    }
    cr_assert_geq(failures, 4, "the nodes were expected to grow several times");
    galen_tree_wipe(&tree);
}

Test(tree, a_full_tree_takes_no_leaf)
{
    struct galen_tree tree;
    hash leaf = {0};
    galen_tree_init(&tree, &test_primitives);
    tree.size = GALEN_TREE_SIZE_MAX; /* as if they had been appended */
    cr_assert_eq(galen_tree_append(&tree, leaf), GALEN_ERR_LIMIT);
    cr_assert_eq(galen_tree_size(&tree), GALEN_TREE_SIZE_MAX);
    galen_tree_wipe(&tree);
}

Test(tree, a_proof_without_memory_is_an_error)
{
    struct galen_tree tree;
    galen_tree_init(&tree, &test_primitives);
    grow_to(&tree, 7);
    struct galen_writer proof;
    galen_writer_init(&proof);
    allocator_fail(1);
    cr_assert_eq(galen_tree_prove_inclusion(&tree, 3, 7, &proof), GALEN_ERR_MEMORY);
    allocator_fail(1);
    galen_writer_clear(&proof);
    cr_assert_eq(galen_tree_prove_consistency(&tree, 3, 7, &proof), GALEN_ERR_MEMORY);
    allocator_fail(0);
    galen_writer_wipe(&proof);
    galen_tree_wipe(&tree);
}

/* ------------------------------------------------ transparency-dev/merkle's published cases */

/* cJSON keeps numbers as doubles, and some cases use 2^64 - 1: these numbers become strings. */
static cJSON *proofs(void)
{
    static const char *const names[] = {
        "\"leafIdx\": ", "\"treeSize\": ", "\"size1\": ", "\"size2\": "};
    char *text = vectors_text("rfc6962/proofs.json");
    struct galen_writer w;
    galen_writer_init(&w);
    for (const char *at = text; *at;) {
        size_t skip = 0;
        for (size_t i = 0; i < 4; i++)
            if (strncmp(at, names[i], strlen(names[i])) == 0)
                skip = strlen(names[i]);
        if (skip == 0) {
            galen_write_u8(&w, (uint8_t)*at++);
            continue;
        }
        galen_write(&w, at, skip);
        at += skip;
        size_t digits = strspn(at, "0123456789");
        galen_write_u8(&w, '"');
        galen_write(&w, at, digits);
        galen_write_u8(&w, '"');
        at += digits;
    }
    struct galen_bytes quoted = galen_written(&w);
    cJSON *json = cJSON_ParseWithLength((const char *)quoted.at, quoted.size);
    cr_assert_not_null(json);
    galen_writer_wipe(&w);
    free(text);
    return json;
}

static const char *string_of(const cJSON *object, const char *name)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
    cr_assert_not_null(text, "%s", name);
    return text;
}

static uint64_t number_of(const cJSON *object, const char *name)
{
    return strtoull(string_of(object, name), NULL, 10);
}

/* Hashes that are not 32 bytes cannot be said in our format: they are filled up with zeros, so
   that equal stays equal, different stays different, and none is any real hash. */
static size_t base64(const char *text, hash out)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    uint32_t bits = 0;
    size_t have = 0, size = 0;
    memset(out, 0, 32);
    for (; *text && *text != '='; text++) {
        const char *digit = strchr(digits, *text);
        cr_assert_not_null(digit);
        bits = bits << 6 | (uint32_t)(digit - digits);
        have += 6;
        if (have >= 8) {
            have -= 8;
            cr_assert_lt(size, 32);
            out[size++] = (uint8_t)(bits >> have);
        }
    }
    return size;
}

static void read_proof(const cJSON *item, struct galen_writer *w)
{
    const cJSON *step;
    galen_writer_clear(w);
    cJSON_ArrayForEach(step, cJSON_GetObjectItemCaseSensitive(item, "proof"))
    {
        hash value;
        base64(cJSON_GetStringValue(step), value);
        galen_write(w, value, 32);
    }
}

Test(tree, V_h_rfc6962_roots)
{
    cJSON *json = proofs();
    struct galen_tree tree;
    hash root, leaf;
    galen_tree_init(&tree, &test_primitives);
    const cJSON *leaves = cJSON_GetObjectItemCaseSensitive(json, "leaves");
    const cJSON *roots = cJSON_GetObjectItemCaseSensitive(json, "roots");
    cr_assert_eq(cJSON_GetArraySize(leaves), 8);
    cr_assert_eq(cJSON_GetArraySize(roots), 9);
    for (int i = 0; i <= 8; i++) {
        char text[65];
        cr_assert(galen_tree_root_at(&tree, (uint64_t)i, root));
        for (int b = 0; b < 32; b++)
            snprintf(text + 2 * b, 3, "%02x", root[b]);
        cr_assert_str_eq(text, cJSON_GetStringValue(cJSON_GetArrayItem(roots, i)));
        if (i == 8)
            break;
        const char *hex = cJSON_GetStringValue(cJSON_GetArrayItem(leaves, i));
        uint8_t data[16];
        size_t size = strlen(hex) / 2;
        for (size_t b = 0; b < size; b++) {
            unsigned byte;
            cr_assert_eq(sscanf(hex + 2 * b, "%2x", &byte), 1);
            data[b] = (uint8_t)byte;
        }
        galen_tree_hash_leaf(&test_primitives, &(struct galen_bytes){data, size}, 1, leaf);
        cr_assert_eq(galen_tree_append(&tree, leaf), GALEN_OK);
    }
    galen_tree_wipe(&tree);
    cJSON_Delete(json);
}

Test(tree, V_h_rfc6962_inclusion)
{
    cJSON *json = proofs();
    struct galen_writer proof;
    galen_writer_init(&proof);
    const cJSON *item;
    int count = 0;
    cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(json, "inclusion"))
    {
        hash root, leaf;
        base64(string_of(item, "root"), root);
        bool leaf_is_a_hash = base64(string_of(item, "leafHash"), leaf) == 32;
        read_proof(item, &proof);
        bool refused = !leaf_is_a_hash ||
                       galen_tree_check_inclusion(&test_primitives, number_of(item, "leafIdx"),
                                                  number_of(item, "treeSize"), leaf, root,
                                                  galen_written(&proof)) != GALEN_OK;
        bool expected = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(item, "wantErr"));
        cr_assert_eq(refused, expected, "%s", string_of(item, "case"));
        count++;
    }
    cr_assert_eq(count, 98);
    galen_writer_wipe(&proof);
    cJSON_Delete(json);
}

Test(tree, V_h_rfc6962_consistency)
{
    cJSON *json = proofs();
    struct galen_writer proof;
    galen_writer_init(&proof);
    const cJSON *item;
    int count = 0;
    cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(json, "consistency"))
    {
        hash old_root, new_root;
        base64(string_of(item, "root1"), old_root);
        base64(string_of(item, "root2"), new_root);
        read_proof(item, &proof);
        bool refused = galen_tree_check_consistency(&test_primitives, number_of(item, "size1"),
                                                    old_root, number_of(item, "size2"), new_root,
                                                    galen_written(&proof)) != GALEN_OK;
        bool expected = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(item, "wantErr"));
        cr_assert_eq(refused, expected, "%s", string_of(item, "case"));
        count++;
    }
    cr_assert_eq(count, 98);
    galen_writer_wipe(&proof);
    cJSON_Delete(json);
}
