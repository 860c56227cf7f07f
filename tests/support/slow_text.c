#include "support/slow_text.h"

#include <assert.h>
#include <string.h>

static bool knows(const struct slow_text *m, const struct slow_past *past, int edit)
{
    return edit < past->seen || (edit < past->own && m->devices[edit] == past->device) ||
           edit == past->self;
}

static bool there(const struct slow_text *m, const struct slow_past *past, int node)
{
    return knows(m, past, m->nodes[node].edit);
}

static bool shown(const struct slow_text *m, const struct slow_past *past, int node)
{
    bool yes = there(m, past, node);
    for (int i = 0; yes && i <= m->edits && i < SLOW_EDITS_MAX; i++)
        yes = !(m->nodes[node].deleted_by[i] && knows(m, past, i));
    return yes;
}

/* Siblings stand in the order in which they came, which is the log's. */
static int walk(struct slow_text *m, int node, int count)
{
    for (int side = 0; side < 2; side++) {
        for (int i = node + 1; i < m->node_count; i++)
            if (m->nodes[i].parent == node && m->nodes[i].right == (side == 1))
                count = walk(m, i, count);
        if (side == 0 && node >= 0)
            m->order[count++] = node;
    }
    return count;
}

/* Quicker than walking anew: the new one was found to stand at `place`. */
static void put_in_order(struct slow_text *m, int node, int place)
{
    memmove(m->order + place + 1, m->order + place,
            (size_t)(m->node_count - 1 - place) * sizeof m->order[0]);
    m->order[place] = node;
}

static bool hangs_below(const struct slow_text *m, int node, int above)
{
    while (node >= 0 && node != above)
        node = m->nodes[node].parent;
    return node == above;
}

static void model_insert(struct slow_text *m, const struct slow_past *past, uint32_t at, char what)
{
    int left = -1, place = 0;
    for (uint32_t count = 0; count < at; place++)
        if (shown(m, past, m->order[place])) {
            left = m->order[place];
            count++;
        }
    bool has_right = false;
    for (int i = 0; i < m->node_count; i++)
        has_right |= m->nodes[i].parent == left && m->nodes[i].right && there(m, past, i);
    int parent = left;
    if (has_right) {
        while (!there(m, past, m->order[place]))
            place++;
        parent = m->order[place];
    } else {
        /* behind everything that hangs there already */
        while (place < m->node_count && hangs_below(m, m->order[place], left) && left >= 0)
            place++;
        if (left < 0)
            place = m->node_count;
    }
    assert(m->node_count < SLOW_SIZE_MAX);
    m->nodes[m->node_count] =
        (struct slow_node){.what = what, .edit = past->self, .parent = parent, .right = !has_right};
    m->node_count++;
    put_in_order(m, m->node_count - 1, place);
}

static void model_delete(struct slow_text *m, const struct slow_past *past, uint32_t at,
                         uint32_t count)
{
    uint32_t index = 0;
    for (int i = 0; i < m->node_count && count > 0; i++) {
        if (!shown(m, past, m->order[i]))
            continue;
        if (index < at) {
            index++;
            continue;
        }
        m->nodes[m->order[i]].deleted_by[past->self] = true;
        count--;
    }
}

const struct slow_past slow_everything = {.seen = SLOW_EDITS_MAX, .self = -1, .device = -1};

size_t slow_say(const struct slow_text *m, const struct slow_past *past, char *out)
{
    size_t count = 0;
    for (int i = 0; i < m->node_count; i++)
        if (shown(m, past, m->order[i]))
            out[count++] = m->nodes[m->order[i]].what;
    return count;
}

size_t slow_without(const struct slow_text *m, const bool *chosen, char *out)
{
    size_t count = 0;
    for (int i = 0; i < m->node_count; i++) {
        const struct slow_node *node = &m->nodes[m->order[i]];
        bool gone = chosen[node->edit];
        for (int k = 0; k < m->edits; k++)
            gone |= node->deleted_by[k] && !chosen[k];
        if (!gone)
            out[count++] = node->what;
    }
    return count;
}

void slow_edit(struct slow_text *m, const struct galen_edit *edit)
{
    struct slow_past past = {(int)edit->device, (int)edit->seen, m->edits, m->edits};
    if (edit->as_of)
        past =
            (struct slow_past){(int)edit->author, (int)edit->author_seen, (int)edit->own, m->edits};
    assert(m->edits < SLOW_EDITS_MAX);
    m->devices[m->edits] = (int)edit->device;
    m->seen[m->edits] = (int)edit->seen;
    m->pasts[m->edits] = past;
    for (size_t i = 0; i < edit->count; i++) {
        const struct galen_splice *splice = &edit->splices[i];
        model_delete(m, &past, splice->at, splice->deleted);
        for (size_t k = 0; k < splice->inserted.size; k++)
            model_insert(m, &past, splice->at + (uint32_t)k, (char)splice->inserted.at[k]);
    }
    m->edits++;
}

void slow_take_back(struct slow_text *m, const bool *chosen)
{
    struct slow_past past = {-1, m->edits, 0, m->edits};
    int before[SLOW_SIZE_MAX], count = m->node_count;
    uint32_t at = 0;
    memcpy(before, m->order, sizeof before);
    m->devices[m->edits] = -1;
    m->seen[m->edits] = m->edits;
    m->pasts[m->edits] = past;
    for (int i = 0; i < count; i++) {
        const struct slow_node *node = &m->nodes[before[i]];
        bool deleted = false, by_others = false, was = chosen[node->edit];
        for (int k = 0; k < m->edits; k++) {
            deleted |= node->deleted_by[k];
            by_others |= node->deleted_by[k] && !chosen[k];
        }
        if (was && !deleted)
            model_delete(m, &past, at, 1);
        else if (!was && deleted && !by_others)
            model_insert(m, &past, at++, node->what);
        else if (!deleted)
            at++;
    }
    m->edits++;
}

bool slow_is_in_order(struct slow_text *m)
{
    int before[SLOW_SIZE_MAX];
    memcpy(before, m->order, sizeof before);
    return walk(m, -1, 0) == m->node_count &&
           memcmp(before, m->order, (size_t)m->node_count * sizeof before[0]) == 0;
}

/* Between two letters that one device put behind each other stands nothing but what was put there by
 * somebody who had the first of them in front of them. */
bool slow_runs_are_whole(const struct slow_text *m)
{
    for (int first = 0; first < m->node_count; first++) {
        int node = m->order[first];
        const struct slow_node *of = &m->nodes[node], *next = of + 1;
        if (node + 1 == m->node_count || next->parent != node || !next->right ||
            m->devices[next->edit] != m->devices[of->edit])
            continue;
        for (int i = first + 1; m->order[i] != node + 1; i++)
            if (!knows(m, &m->pasts[m->nodes[m->order[i]].edit], of->edit))
                return false;
    }
    return true;
}
