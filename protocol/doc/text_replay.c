#include "text_replay.h"

#include "galen/mutation.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define NONE UINT32_MAX

enum { FAN = 16, NODES_A_STEP = 32, VIEW_NOW = 0, VIEW_AS_OF = 1, VIEW_DEVICES = 2 };

/* Edits are counted from 1 in here; 0 is what there was before. */
struct run {
    uint32_t edit, device;
    uint32_t inserted; /* number of its first code point among all that were inserted */
    uint32_t length;
    uint32_t depth; /* of its first code point; each hangs to the right of the one before */
    uint32_t label; /* the least depth of the subtrees that begin with it */
    uint32_t leaf;
    uint32_t rest;      /* the piece that was cut off its end */
    uint32_t deletions; /* list of those who deleted it */
    bool has_left;      /* something hangs to the left of its first code point */
};

/* Lists of deletions share their ends: both pieces of a run that is cut go on with the same list. */
struct deletion {
    uint32_t edit, device, next;
};

/* One run as it was inserted, or deleted, by an edit: `run` and the pieces cut off it. */
struct op {
    uint32_t edit, device, run, length;
    bool deletes;
};

struct node {
    uint32_t parent;
    uint32_t least; /* label below it */
    uint16_t count;
    bool is_leaf;
    uint32_t kids[FAN]; /* nodes; in a leaf, runs */
};

struct sum {
    uint32_t there, shown; /* code points */
};

/* In it are edits up to `seen`, those of `device` up to `own`, and `extra`. */
struct view {
    uint32_t device, seen, own, extra;
    size_t next; /* the first op that is not looked at */
    struct sum *sums;
};

struct replay {
    struct run *runs;
    size_t run_count, run_room;
    struct node *nodes;
    size_t node_count, node_room;
    struct op *ops;
    size_t op_count, op_room;
    struct deletion *deletions;
    size_t deletion_count, deletion_room;
    struct view *views;
    size_t view_count, view_room;
    uint32_t root, inserted;
};

/* ---- Memory -------------------------------------------------------------------------------------- */

static bool grow(void **array, size_t *room, size_t wanted, size_t size)
{
    if (wanted <= *room)
        return true;
    size_t more = *room * 2 < 16 ? 16 : *room * 2;
    if (more < wanted)
        more = wanted;
    if (more > SIZE_MAX / 2 / size || more > NONE)
        return false;
    void *at = realloc(*array, more * size);
    if (at == NULL)
        return false;
    *array = at;
    *room = more;
    return true;
}

static bool grow_nodes(struct replay *r)
{
    size_t room = r->node_room;
    if (!grow((void **)&r->nodes, &room, r->node_count + NODES_A_STEP, sizeof *r->nodes))
        return false;
    for (size_t i = 0; i < r->view_count && room != r->node_room; i++) {
        struct sum *sums = realloc(r->views[i].sums, room * sizeof *sums);
        if (sums == NULL)
            return false; /* the nodes have more room than is said: no harm */
        r->views[i].sums = sums;
    }
    r->node_room = room;
    return true;
}

/* Room for one step: an insertion, or one more deleted run. */
static bool reserve(struct replay *r)
{
    return grow((void **)&r->runs, &r->run_room, r->run_count + 3, sizeof *r->runs) &&
           grow((void **)&r->ops, &r->op_room, r->op_count + 1, sizeof *r->ops) &&
           grow((void **)&r->deletions, &r->deletion_room, r->deletion_count + 1,
                sizeof *r->deletions) &&
           (r->node_count + NODES_A_STEP <= r->node_room || grow_nodes(r));
}

bool changes_add(struct changes *changes, uint32_t at, uint32_t deleted, uint32_t inserted)
{
    struct galen_text_change *last = changes->count == 0 ? NULL : &changes->at[changes->count - 1];
    if (last != NULL && at == last->at + last->inserted && (inserted == 0 || last->inserted == 0)) {
        last->deleted += deleted;
        last->inserted += inserted;
        return true;
    }
    if (!grow((void **)&changes->at, &changes->room, changes->count + 1, sizeof *changes->at))
        return false;
    changes->at[changes->count++] = (struct galen_text_change){at, deleted, inserted};
    return true;
}

/* ---- What a view sees ---------------------------------------------------------------------------- */

static bool in_view(const struct view *view, uint32_t edit, uint32_t device)
{
    return edit <= view->seen || (device == view->device && edit <= view->own) ||
           edit == view->extra;
}

static bool is_there(const struct view *view, const struct run *run)
{
    return in_view(view, run->edit, run->device);
}

/* Is a deletion of it in the view, other than by `but`? */
static bool is_deleted(const struct replay *r, const struct view *view, const struct run *run,
                       uint32_t but)
{
    for (uint32_t i = run->deletions; i != NONE; i = r->deletions[i].next)
        if (r->deletions[i].edit != but &&
            in_view(view, r->deletions[i].edit, r->deletions[i].device))
            return true;
    return false;
}

static bool is_shown(const struct replay *r, const struct view *view, const struct run *run)
{
    return is_there(view, run) && !is_deleted(r, view, run, 0);
}

static void add_kid(const struct replay *r, const struct view *view, const struct node *node,
                    uint32_t kid, struct sum *sum)
{
    if (!node->is_leaf) {
        sum->there += view->sums[kid].there;
        sum->shown += view->sums[kid].shown;
        return;
    }
    const struct run *run = &r->runs[kid];
    if (!is_there(view, run))
        return;
    sum->there += run->length;
    if (!is_deleted(r, view, run, 0))
        sum->shown += run->length;
}

static void sum_up(const struct replay *r, struct view *view, uint32_t at)
{
    const struct node *node = &r->nodes[at];
    struct sum sum = {0, 0};
    for (size_t i = 0; i < node->count; i++)
        add_kid(r, view, node, node->kids[i], &sum);
    view->sums[at] = sum;
}

static void sum_up_below(const struct replay *r, struct view *view, uint32_t at)
{
    const struct node *node = &r->nodes[at];
    for (size_t i = 0; !node->is_leaf && i < node->count; i++)
        sum_up_below(r, view, node->kids[i]);
    sum_up(r, view, at);
}

/* Adds to the sums of all nodes above a run. */
static void change_sums(const struct replay *r, struct view *view, const struct run *run,
                        uint32_t there, uint32_t shown)
{
    for (uint32_t at = run->leaf; at != NONE; at = r->nodes[at].parent) {
        view->sums[at].there += there;
        view->sums[at].shown += shown;
    }
}

/* ---- The list of runs ---------------------------------------------------------------------------- */

static uint32_t label_below(const struct replay *r, const struct node *node, uint32_t kid)
{
    return node->is_leaf ? r->runs[kid].label : r->nodes[kid].least;
}

static void find_least(struct replay *r, struct node *node)
{
    node->least = NONE;
    for (size_t i = 0; i < node->count; i++) {
        uint32_t label = label_below(r, node, node->kids[i]);
        if (label < node->least)
            node->least = label;
    }
}

static void update_least(struct replay *r, uint32_t at)
{
    for (; at != NONE; at = r->nodes[at].parent) {
        uint32_t before = r->nodes[at].least;
        find_least(r, &r->nodes[at]);
        if (r->nodes[at].least == before)
            break;
    }
}

static size_t place_of(const struct node *node, uint32_t kid)
{
    size_t i = 0;
    while (node->kids[i] != kid)
        i++;
    return i;
}

static void put_kid(struct node *node, size_t place, uint32_t kid)
{
    memmove(node->kids + place + 1, node->kids + place,
            (node->count - place) * sizeof node->kids[0]);
    node->kids[place] = kid;
    node->count++;
}

static uint32_t new_node(struct replay *r, bool is_leaf)
{
    uint32_t at = (uint32_t)r->node_count++;
    r->nodes[at] = (struct node){.parent = NONE, .least = NONE, .is_leaf = is_leaf};
    for (size_t i = 0; i < r->view_count; i++)
        r->views[i].sums[at] = (struct sum){0, 0};
    return at;
}

/* Cuts a full node in two; its second half becomes the next node. */
static void cut_node(struct replay *r, uint32_t at)
{
    if (r->nodes[at].parent == NONE) {
        uint32_t root = new_node(r, false);
        r->nodes[at].parent = r->root = root;
        put_kid(&r->nodes[root], 0, at);
        for (size_t i = 0; i < r->view_count; i++)
            r->views[i].sums[root] = r->views[i].sums[at];
        r->nodes[root].least = r->nodes[at].least;
    } else if (r->nodes[r->nodes[at].parent].count == FAN) {
        cut_node(r, r->nodes[at].parent);
    }
    uint32_t other = new_node(r, r->nodes[at].is_leaf);
    struct node *node = &r->nodes[at], *next = &r->nodes[other];
    struct node *parent = &r->nodes[node->parent];
    next->parent = node->parent;
    next->count = FAN / 2;
    node->count = FAN - FAN / 2;
    memcpy(next->kids, node->kids + node->count, next->count * sizeof next->kids[0]);
    for (size_t i = 0; i < next->count; i++)
        *(next->is_leaf ? &r->runs[next->kids[i]].leaf : &r->nodes[next->kids[i]].parent) = other;
    put_kid(parent, place_of(parent, at) + 1, other);
    find_least(r, node);
    find_least(r, next);
    for (size_t i = 0; i < r->view_count; i++) {
        sum_up(r, &r->views[i], at);
        sum_up(r, &r->views[i], other);
    }
}

/* Puts a run in front of another (NONE: at the end). Its sums are not added. */
static void put_run(struct replay *r, uint32_t run, uint32_t before)
{
    uint32_t leaf = r->root;
    if (before != NONE)
        leaf = r->runs[before].leaf;
    else
        while (!r->nodes[leaf].is_leaf)
            leaf = r->nodes[leaf].kids[r->nodes[leaf].count - 1];
    if (r->nodes[leaf].count == FAN) {
        cut_node(r, leaf);
        put_run(r, run, before);
        return;
    }
    struct node *node = &r->nodes[leaf];
    put_kid(node, before == NONE ? node->count : place_of(node, before), run);
    r->runs[run].leaf = leaf;
    for (uint32_t at = leaf; at != NONE && r->nodes[at].least > r->runs[run].label;
         at = r->nodes[at].parent)
        r->nodes[at].least = r->runs[run].label;
}

/* Cuts a run; gives the second piece, which stands behind it. */
static uint32_t cut_run(struct replay *r, uint32_t at, uint32_t length)
{
    /* Room first: a leaf is only cut while its sums are right. */
    if (r->nodes[r->runs[at].leaf].count == FAN)
        cut_node(r, r->runs[at].leaf);
    uint32_t rest = (uint32_t)r->run_count++;
    struct run *run = &r->runs[at], *piece = &r->runs[rest];
    *piece = *run;
    piece->inserted += length;
    piece->length -= length;
    piece->depth += length;
    piece->label = piece->depth;
    piece->has_left = false;
    run->length = length;
    run->rest = rest;
    struct node *leaf = &r->nodes[run->leaf];
    put_kid(leaf, place_of(leaf, at) + 1, rest);
    return rest;
}

/* The run that holds the index-th shown code point of a view; `index` becomes the place in it. */
static uint32_t find_shown(const struct replay *r, const struct view *view, uint32_t *index)
{
    const struct node *node = &r->nodes[r->root];
    while (!node->is_leaf) {
        size_t i = 0;
        while (*index >= view->sums[node->kids[i]].shown)
            *index -= view->sums[node->kids[i++]].shown;
        node = &r->nodes[node->kids[i]];
    }
    for (size_t i = 0;; i++) {
        const struct run *run = &r->runs[node->kids[i]];
        if (!is_shown(r, view, run))
            continue;
        if (*index < run->length)
            return node->kids[i];
        *index -= run->length;
    }
}

/* Is there something below this that is there in the view, or hangs no deeper than `depth`? */
static bool is_stop(const struct replay *r, const struct view *view, const struct node *node,
                    uint32_t kid, uint32_t depth)
{
    if (!GALEN_CHECKED(WHOLE_RUNS) || label_below(r, node, kid) <= depth)
        return true;
    return node->is_leaf ? is_there(view, &r->runs[kid]) : view->sums[kid].there > 0;
}

/* The first such run in this node from a place on, or NONE. */
static uint32_t find_stop_in(const struct replay *r, const struct view *view, uint32_t at,
                             size_t from, uint32_t depth)
{
    const struct node *node = &r->nodes[at];
    size_t i = from;
    for (;;) {
        while (i < node->count && !is_stop(r, view, node, node->kids[i], depth))
            i++;
        if (i == node->count)
            return NONE;
        if (node->is_leaf)
            return node->kids[i];
        node = &r->nodes[node->kids[i]];
        i = 0;
    }
}

/* The first such run behind `after` (NONE: from the start). */
static uint32_t find_stop(const struct replay *r, const struct view *view, uint32_t after,
                          uint32_t depth)
{
    if (after == NONE)
        return find_stop_in(r, view, r->root, 0, depth);
    uint32_t kid = after, at = r->runs[after].leaf, found = NONE;
    for (; at != NONE && found == NONE; kid = at, at = r->nodes[at].parent)
        found = find_stop_in(r, view, at, place_of(&r->nodes[at], kid) + 1, depth);
    return found;
}

/* How much of the text as everybody sees it stands in front of a run. */
static uint32_t shown_before(const struct replay *r, uint32_t run)
{
    const struct view *now = &r->views[VIEW_NOW];
    struct sum sum = {0, 0};
    uint32_t kid = run, at = r->runs[run].leaf;
    for (; at != NONE; kid = at, at = r->nodes[at].parent) {
        const struct node *node = &r->nodes[at];
        for (size_t i = 0; node->kids[i] != kid; i++)
            add_kid(r, now, node, node->kids[i], &sum);
    }
    return sum.shown;
}

/* ---- Views --------------------------------------------------------------------------------------- */

static bool new_view(struct replay *r)
{
    if (!grow((void **)&r->views, &r->view_room, r->view_count + 1, sizeof *r->views))
        return false;
    struct sum *sums = malloc(r->node_room * sizeof *sums);
    if (sums == NULL)
        return false;
    r->views[r->view_count++] = (struct view){.sums = sums};
    return true;
}

/* Looks at all runs anew. */
static void set_view(struct replay *r, struct view *view, uint32_t device, uint32_t seen,
                     uint32_t own)
{
    view->device = device;
    view->seen = seen;
    view->own = own;
    view->extra = 0;
    sum_up_below(r, view, r->root);
    size_t low = 0, high = r->op_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (r->ops[middle].edit <= seen)
            low = middle + 1;
        else
            high = middle;
    }
    view->next = low;
}

/* Takes one op of others into a view. */
static void take_in(struct replay *r, struct view *view, const struct op *op)
{
    uint32_t left = op->length;
    for (uint32_t at = op->run; left > 0; at = r->runs[at].rest) {
        const struct run *run = &r->runs[at];
        left -= run->length;
        if (!op->deletes)
            change_sums(r, view, run, run->length, run->length);
        else if (!is_deleted(r, view, run, op->edit))
            change_sums(r, view, run, 0, 0 - run->length);
    }
}

static void move_on(struct replay *r, struct view *view, uint32_t seen)
{
    for (; view->next < r->op_count && r->ops[view->next].edit <= seen; view->next++) {
        const struct op *op = &r->ops[view->next];
        view->seen = op->edit - 1;
        if (op->device != view->device)
            take_in(r, view, op);
    }
    view->seen = seen;
}

/* The view of the edit's device. NULL: out of memory. */
static struct view *device_view(struct replay *r, const struct galen_edit *edit)
{
    size_t i = VIEW_DEVICES;
    while (i < r->view_count && r->views[i].device != edit->device)
        i++;
    if (i == r->view_count && !new_view(r))
        return NULL;
    struct view *view = &r->views[i];
    if (i + 1 == r->view_count && view->own == 0)
        set_view(r, view, edit->device, edit->seen, NONE);
    else if (edit->seen < view->seen) /* what moved it on was refused */
        set_view(r, view, edit->device, edit->seen, NONE);
    else
        move_on(r, view, edit->seen);
    return view;
}

/* The view of those who made the edit's splices. NULL: out of memory. */
static struct view *author_view(struct replay *r, const struct galen_edit *edit)
{
    if (!edit->as_of)
        return device_view(r, edit);
    set_view(r, &r->views[VIEW_AS_OF], edit->author, edit->author_seen, edit->own);
    return &r->views[VIEW_AS_OF];
}

/* ---- Edits --------------------------------------------------------------------------------------- */

/* An edit that is being replayed. */
struct current {
    uint32_t edit, device;
    struct view *view;
    struct view *own; /* that of its device, where it is another; may be NULL */
};

static void insert(struct replay *r, const struct current *c, uint32_t at, uint32_t length)
{
    uint32_t neighbour = NONE, depth = 0, before;
    bool in_run = false;
    if (at > 0) {
        uint32_t place = at - 1;
        neighbour = find_shown(r, c->view, &place);
        depth = r->runs[neighbour].depth + place;
        in_run = place + 1 < r->runs[neighbour].length;
        if (in_run)
            cut_run(r, neighbour, place + 1);
    }
    before = find_stop(r, c->view, neighbour, depth);
    bool is_below = before != NONE && r->runs[before].label > depth;
    if (!GALEN_CHECKED(TIE_BREAK) && !is_below)
        before = find_stop(r, c->view, neighbour, NONE);
    uint32_t new = (uint32_t)r->run_count++;
    r->runs[new] = (struct run){.edit = c->edit,
                                .device = c->device,
                                .inserted = r->inserted,
                                .length = length,
                                .depth = depth + 1,
                                .label = depth + 1,
                                .rest = NONE,
                                .deletions = NONE};
    r->inserted += length;
    if (is_below) { /* it hangs to its left */
        struct run *right = &r->runs[before];
        r->runs[new].depth = r->runs[new].label = right->depth + 1;
        if (!right->has_left) {
            r->runs[new].label = right->label;
            right->label = right->depth;
            right->has_left = true;
        }
    }
    put_run(r, new, before);
    if (before != NONE)
        update_least(r, r->runs[before].leaf);
    change_sums(r, &r->views[VIEW_NOW], &r->runs[new], length, length);
    change_sums(r, c->view, &r->runs[new], length, length);
    if (c->own != NULL)
        change_sums(r, c->own, &r->runs[new], length, length);
    r->ops[r->op_count++] = (struct op){c->edit, c->device, new, length, false};
}

/* Deletes what is shown at `at` of one run. Gives its length, and whether everybody saw it till now. */
static uint32_t delete (struct replay *r, const struct current *c, uint32_t at, uint32_t most,
                        uint32_t *run, bool *seen)
{
    uint32_t place = at;
    *run = find_shown(r, c->view, &place);
    if (place > 0)
        *run = cut_run(r, *run, place);
    if (r->runs[*run].length > most)
        cut_run(r, *run, most);
    struct run *gone = &r->runs[*run];
    *seen = gone->deletions == NONE;
    if (*seen)
        change_sums(r, &r->views[VIEW_NOW], gone, 0, 0 - gone->length);
    change_sums(r, c->view, gone, 0, 0 - gone->length);
    if (c->own != NULL && !is_deleted(r, c->own, gone, c->edit))
        change_sums(r, c->own, gone, 0, 0 - gone->length);
    r->deletions[r->deletion_count] = (struct deletion){c->edit, c->device, gone->deletions};
    gone->deletions = (uint32_t)r->deletion_count++;
    r->ops[r->op_count++] = (struct op){c->edit, c->device, *run, gone->length, true};
    return gone->length;
}

/* What comes stands in front of what goes: so the changes are in the order of the text. */
static enum galen_err replay_step(struct replay *r, const struct current *c, struct step step,
                                  struct changes *out)
{
    uint32_t length = c->view->sums[r->root].shown;
    if (step.at > length || step.deleted > length - step.at)
        return GALEN_ERR_FORMAT; /* only of a history that was not made by edits */
    if (step.inserted > 0) {
        if (!reserve(r))
            return GALEN_ERR_MEMORY;
        insert(r, c, step.at, step.inserted);
        if (out != NULL &&
            !changes_add(out, shown_before(r, (uint32_t)r->run_count - 1), 0, step.inserted))
            return GALEN_ERR_MEMORY;
    }
    while (step.deleted > 0) {
        uint32_t run;
        bool seen;
        if (!reserve(r))
            return GALEN_ERR_MEMORY;
        uint32_t gone = delete (r, c, step.at + step.inserted, step.deleted, &run, &seen);
        step.deleted -= gone;
        if (out != NULL && seen && !changes_add(out, shown_before(r, run), gone, 0))
            return GALEN_ERR_MEMORY;
    }
    return GALEN_OK;
}

enum galen_err replay_edit(struct replay *r, uint32_t number, const struct galen_edit *edit,
                           const struct step *steps, struct changes *out)
{
    struct current c = {.edit = number + 1, .device = edit->device};
    enum galen_err err = GALEN_OK;
    c.view = author_view(r, edit);
    if (c.view == NULL)
        return GALEN_ERR_MEMORY;
    c.view->extra = c.edit;
    for (size_t i = VIEW_DEVICES; edit->as_of && i < r->view_count; i++)
        if (r->views[i].device == edit->device)
            c.own = device_view(r, edit); /* it is there: nothing can fail */
    for (size_t i = 0; i < edit->count && err == GALEN_OK; i++)
        err = replay_step(r, &c, steps[i], out);
    return err;
}

enum galen_err replay_length(struct replay *r, const struct galen_edit *edit, uint32_t *length)
{
    const struct view *view = author_view(r, edit);
    if (view == NULL)
        return GALEN_ERR_MEMORY;
    *length = view->sums[r->root].shown;
    return GALEN_OK;
}

uint32_t replay_work(const struct replay *r)
{
    return (uint32_t)r->op_count;
}

/* ---- Lifecycle, and looking ---------------------------------------------------------------------- */

void replay_free(struct replay *r)
{
    if (r == NULL)
        return;
    for (size_t i = 0; i < r->view_count; i++)
        free(r->views[i].sums);
    free(r->views);
    free(r->runs);
    free(r->nodes);
    free(r->ops);
    free(r->deletions);
    free(r);
}

struct replay *replay_new(uint32_t length)
{
    struct replay *r = calloc(1, sizeof *r);
    if (r == NULL || !reserve(r) || !new_view(r) || !new_view(r)) {
        replay_free(r);
        return NULL;
    }
    r->root = new_node(r, true);
    r->views[VIEW_NOW].seen = NONE;
    if (length > 0) {
        r->runs[r->run_count++] =
            (struct run){.length = length, .depth = 1, .label = 1, .rest = NONE, .deletions = NONE};
        put_run(r, 0, NONE);
        change_sums(r, &r->views[VIEW_NOW], &r->runs[0], length, length);
    }
    return r;
}

/* A copy of an array with the room that it has. */
static bool copy_array(void *copy, const void *at, size_t count, size_t room, size_t size)
{
    void *made = malloc(room * size);
    if (made == NULL)
        return false;
    memcpy(made, at, count * size);
    memcpy(copy, &made, sizeof made);
    return true;
}

struct replay *replay_copy(const struct replay *r)
{
    struct replay *copy = calloc(1, sizeof *copy);
    if (copy == NULL)
        return NULL;
    copy->root = r->root;
    copy->inserted = r->inserted;
    copy->run_count = r->run_count;
    copy->run_room = r->run_room;
    copy->node_count = r->node_count;
    copy->node_room = r->node_room;
    copy->op_count = r->op_count;
    copy->op_room = r->op_room;
    copy->deletion_count = r->deletion_count;
    copy->deletion_room = r->deletion_room;
    bool ok = copy_array(&copy->runs, r->runs, r->run_count, r->run_room, sizeof *r->runs) &&
              copy_array(&copy->nodes, r->nodes, r->node_count, r->node_room, sizeof *r->nodes) &&
              copy_array(&copy->ops, r->ops, r->op_count, r->op_room, sizeof *r->ops) &&
              copy_array(&copy->deletions, r->deletions, r->deletion_count, r->deletion_room,
                         sizeof *r->deletions);
    for (size_t i = 0; ok && i < VIEW_DEVICES; i++) { /* those of devices are not looked at */
        const struct view *view = &r->views[i];
        ok = new_view(copy);
        if (ok) {
            struct sum *sums = copy->views[i].sums;
            memcpy(sums, view->sums, r->node_count * sizeof *sums);
            copy->views[i] = *view;
            copy->views[i].sums = sums;
        }
    }
    if (!ok) {
        replay_free(copy);
        return NULL;
    }
    return copy;
}

static bool visit_below(const struct replay *r, uint32_t at, replay_visit visit, void *user)
{
    const struct node *node = &r->nodes[at];
    for (size_t i = 0; i < node->count; i++) {
        if (!node->is_leaf) {
            if (!visit_below(r, node->kids[i], visit, user))
                return false;
            continue;
        }
        const struct run *run = &r->runs[node->kids[i]];
        struct run_seen seen = {run->edit == 0, run->edit - 1, run->inserted, run->length,
                                run->deletions};
        if (!visit(user, r, &seen))
            return false;
    }
    return true;
}

bool replay_each(const struct replay *r, replay_visit visit, void *user)
{
    return visit_below(r, r->root, visit, user);
}

bool replay_deletion(const struct replay *r, uint32_t *deletions, uint32_t *edit)
{
    if (*deletions == NONE)
        return false;
    *edit = r->deletions[*deletions].edit - 1;
    *deletions = r->deletions[*deletions].next;
    return true;
}
