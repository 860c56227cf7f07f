/* Comparing what two members saw (PROTOCOL.md, "Evidence"; rule H2). */
#include "evidence_file.h"

#include <string.h>

struct view {
    struct evidence_file file;
    struct galen_tree tree; /* of the entries shown; of use where that is all */
    struct galen_evidence_report *report;
};

static enum galen_err view_init(struct view *view, struct galen_bytes bytes)
{
    struct evidence_item item;
    uint8_t leaf[GALEN_HASH_BYTES];
    galen_tree_init(&view->tree, galen_sodium_primitives());
    enum galen_err err = evidence_read(bytes, &view->file);
    if (err != GALEN_OK)
        return err;
    struct galen_reader items = view->file.items;
    while (err == GALEN_OK && evidence_next_item(&items, &item)) {
        galen_entry_leaf(view->tree.primitives, &item.entry, leaf);
        err = galen_tree_append(&view->tree, leaf);
    }
    return err;
}

static void leaf_of(const struct evidence_item *item, uint8_t leaf[GALEN_HASH_BYTES])
{
    galen_entry_leaf(galen_sodium_primitives(), &item->entry, leaf);
}

/* The lowest index that both show and where they differ; GALEN_NO_INDEX: none. */
static uint64_t first_difference(const struct view *a, const struct view *b)
{
    struct galen_reader left = a->file.items, right = b->file.items;
    struct evidence_item x, y;
    bool more = evidence_next_item(&left, &x) && evidence_next_item(&right, &y);
    while (more) {
        if (x.index < y.index) {
            more = evidence_next_item(&left, &x);
        } else if (y.index < x.index) {
            more = evidence_next_item(&right, &y);
        } else {
            uint8_t one[GALEN_HASH_BYTES], other[GALEN_HASH_BYTES];
            leaf_of(&x, one);
            leaf_of(&y, other);
            if (memcmp(one, other, sizeof one) != 0)
                return x.index;
            more = evidence_next_item(&left, &x) && evidence_next_item(&right, &y);
        }
    }
    return GALEN_NO_INDEX;
}

/* Authorship is shown only where every signature could be judged. */
static bool can_be_compared(const struct galen_evidence_report *report)
{
    return report->claims[GALEN_CLAIM_PRACTICE] != GALEN_CLAIM_FAILS &&
           report->claims[GALEN_CLAIM_ORDER] != GALEN_CLAIM_FAILS &&
           report->claims[GALEN_CLAIM_AUTHORSHIP] == GALEN_CLAIM_HOLDS;
}

static void relate(const struct view *views, struct galen_comparison *result)
{
    const struct view *small = &views[views[0].file.size > views[1].file.size];
    const struct view *large = &views[small == &views[0]];
    uint8_t root[GALEN_HASH_BYTES];
    result->index = GALEN_NO_INDEX;
    result->relation = GALEN_VIEWS_NOT_SHOWN;
    if (!galen_id_equal(&small->file.chart, &large->file.chart)) {
        result->relation = GALEN_VIEWS_UNRELATED;
        return;
    }
    if (!can_be_compared(views[0].report) || !can_be_compared(views[1].report))
        return;
    result->index = first_difference(&views[0], &views[1]);
    bool equal = small->file.size == large->file.size;
    if (equal)
        memcpy(root, large->file.root, sizeof root);
    else if (!large->file.whole || !galen_tree_root_at(&large->tree, small->file.size, root))
        /* What the larger history was at that size is not shown; a difference still is. */
        memcpy(root, small->file.root, sizeof root);
    if (result->index != GALEN_NO_INDEX || memcmp(root, small->file.root, sizeof root) != 0) {
        result->relation = GALEN_VIEWS_FORKED;
    } else if (equal) {
        result->relation = GALEN_VIEWS_SAME;
    } else if (large->file.whole) {
        result->relation = GALEN_VIEWS_PREFIX;
        result->index = small->file.size;
    }
}

/* Looks for a head that covers what differs, among those that hold. */
struct search {
    uint64_t above;
    bool found;
    struct galen_head *head;
};

static void consider(void *context, const struct galen_head *head,
                     const struct galen_member *signer)
{
    struct search *search = context;
    (void)signer;
    if (search->found || head->size <= search->above)
        return;
    *search->head = *head;
    search->found = true;
}

static enum galen_err prove(const struct galen_bytes *files, const struct galen_id *practice,
                            struct galen_comparison *result)
{
    enum galen_err err = GALEN_OK;
    uint64_t small = result->size[result->size[0] > result->size[1]];
    for (size_t i = 0; i < 2 && err == GALEN_OK; i++) {
        struct galen_evidence_report report;
        struct search search = {.above =
                                    result->index == GALEN_NO_INDEX ? small - 1 : result->index,
                                .head = &result->proof[i]};
        const struct galen_evidence_events events = {.context = &search, .head = consider};
        err = galen_evidence_check(files[i], practice, &events, &report);
        result->has_proof[i] = search.found;
    }
    return err;
}

enum galen_err galen_evidence_compare(struct galen_bytes a, struct galen_bytes b,
                                      const struct galen_id *practice,
                                      struct galen_comparison *comparison)
{
    const struct galen_bytes files[2] = {a, b};
    struct view views[2];
    memset(views, 0, sizeof views);
    *comparison = (struct galen_comparison){0};
    enum galen_err err = GALEN_OK;
    for (size_t i = 0; i < 2 && err == GALEN_OK; i++) {
        views[i].report = &comparison->report[i];
        err = galen_evidence_check(files[i], practice, NULL, &comparison->report[i]);
        if (err == GALEN_OK)
            err = view_init(&views[i], files[i]);
        comparison->size[i] = views[i].file.size;
    }
    if (err == GALEN_OK)
        relate(views, comparison);
    if (err == GALEN_OK && comparison->relation == GALEN_VIEWS_FORKED)
        err = prove(files, practice, comparison);
    galen_tree_wipe(&views[0].tree);
    galen_tree_wipe(&views[1].tree);
    return err;
}
