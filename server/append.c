/* Appending: an entry is judged in memory at once, and answered and shown when it is durable. */
#include "hub_state.h"

#include <stdlib.h>
#include <string.h>

struct append {
    struct hub_connection *connection;
    uint32_t request;
    struct galen_entry entry;
    struct galen_id chart_id;
    struct hub_chart *chart;
    bool first; /* the chart begins with it */
};

/* A list of changes that are queued together, or not at all. */
struct group {
    struct hub_pending *first, *last;
};

static void group_add(struct group *group, struct hub_pending *pending)
{
    pending->joined = group->first != NULL;
    if (group->last)
        group->last->change.next = &pending->change;
    else
        group->first = pending;
    group->last = pending;
}

static struct hub_pending *group_take(struct group *group)
{
    struct hub_pending *pending = group->first;
    if (pending)
        group->first = (struct hub_pending *)pending->change.next;
    return pending;
}

static void group_free(struct group *group)
{
    for (struct hub_pending *pending; (pending = group_take(group));)
        hub_batch_pending_free(pending);
}

/* -- the same bytes again ----------------------------------------------------------------------- */

static struct hub_pending *waiting_in(const struct hub_queue *queue, const struct hub_chart *chart,
                                      const struct galen_header *header)
{
    struct store_change *at = queue->first ? &queue->first->change : NULL;
    for (; at; at = at->next) {
        if (at->kind != STORE_APPEND || ((struct hub_pending *)at)->chart != chart)
            continue;
        const struct galen_header *waits = &at->as.append.entry.header;
        if (waits->number == header->number && galen_id_equal(&waits->author, &header->author))
            return (struct hub_pending *)at;
    }
    return NULL;
}

static bool is_same(const struct append *a, const uint8_t *signed_header)
{
    return memcmp(a->entry.signed_header.at, signed_header, GALEN_SIGNED_HEADER_BYTES) == 0;
}

/*
 * True when this very entry was accepted before: it is answered as it was then, or when it is durable.
 * Asked before membership, since the entry may be the one by which its author left (I2).
 */
static bool answer_again(struct hub *hub, const struct append *a)
{
    const struct galen_author *author =
        galen_rules_author(a->chart->rules, &a->entry.header.author);
    if (!author || author->last_number < a->entry.header.number)
        return false;
    struct hub_pending *waits = waiting_in(&hub->out, a->chart, &a->entry.header);
    if (!waits)
        waits = waiting_in(&hub->waiting, a->chart, &a->entry.header);
    if (waits) {
        if (!is_same(a, waits->change.as.append.entry.signed_header.at))
            return false;
        if (!hub_batch_wait(waits, a->connection, a->request))
            hub_refuse(hub, a->connection, a->request, GALEN_ERR_MEMORY, &a->chart_id, 0);
        return true;
    }
    struct store_place place;
    if (store_find_entry(hub->config.store, &a->chart_id, &a->entry.header.author,
                         a->entry.header.number, &place) != GALEN_OK ||
        !is_same(a, place.signed_header))
        return false;
    struct galen_frame frame = {.type = GALEN_FRAME_APPENDED};
    frame.as.appended.request = a->request;
    frame.as.appended.chart = a->chart_id;
    frame.as.appended.index = place.index;
    frame.as.appended.received_ms = place.received_ms;
    hub_send(hub, a->connection, &frame);
    return true;
}

/* -- what an entry changes ---------------------------------------------------------------------- */

static bool add_entry(struct append *a, struct group *group)
{
    const struct galen_entry *entry = &a->entry;
    struct hub_pending *pending =
        hub_batch_pending(STORE_APPEND, a->chart, entry->signed_header.size + entry->body.size);
    if (!pending)
        return false;
    group_add(group, pending);
    struct store_append *append = &pending->change.as.append;
    append->chart = a->chart_id;
    append->index = galen_tree_size(galen_rules_tree(a->chart->rules));
    append->entry = *entry;
    memcpy(pending->bytes, entry->signed_header.at, entry->signed_header.size);
    append->entry.signed_header.at = pending->bytes;
    append->entry.body.at = pending->bytes + entry->signed_header.size;
    if (entry->body.size > 0)
        memcpy(pending->bytes + entry->signed_header.size, entry->body.at, entry->body.size);
    return hub_batch_wait(pending, a->connection, a->request);
}

static bool add_member(const struct append *a, struct group *group, const struct galen_id *device,
                       bool present)
{
    struct hub_pending *pending = hub_batch_pending(STORE_MEMBER, a->chart, 0);
    if (!pending)
        return false;
    pending->change.as.member = (struct store_member){a->chart_id, *device, present};
    group_add(group, pending);
    return true;
}

static bool lists(const struct galen_epoch_body *body, const struct galen_id *device)
{
    for (size_t i = 0; i < body->member_count; i++) {
        if (galen_id_equal(&body->members[i].device, device))
            return true;
    }
    return false;
}

static bool add_members(const struct append *a, struct group *group,
                        const struct galen_epoch_body *body)
{
    const struct galen_rules *rules = a->chart->rules;
    bool good = true;
    for (size_t i = 0; good && i < galen_rules_member_count(rules); i++) {
        const struct galen_id *device = &galen_rules_member_at(rules, i)->device;
        if (!lists(body, device))
            good = add_member(a, group, device, false);
    }
    for (size_t i = 0; good && i < body->member_count; i++) {
        const struct galen_id *device = &body->members[i].device;
        if (!galen_rules_member(rules, device))
            good = add_member(a, group, device, true);
    }
    return good;
}

static bool add_statements(const struct append *a, struct group *group,
                           const struct galen_epoch_body *body)
{
    static const struct galen_chain none;
    for (size_t i = 0; i < body->statement_count; i++) {
        const struct galen_statement *statement = &body->statements[i];
        struct galen_id account = galen_rules_statement_account(a->chart->rules, statement);
        struct hub_pending *pending = hub_statements_pending(a->chart, statement, &account, &none);
        if (!pending)
            return false;
        group_add(group, pending);
    }
    return true;
}

/* Everything that is stored with the entry, made before anything is changed. */
static enum galen_err make_group(struct append *a, struct group *group)
{
    if (!add_entry(a, group))
        return GALEN_ERR_MEMORY;
    if (a->entry.header.class != GALEN_CLASS_EPOCH)
        return GALEN_OK;
    struct galen_epoch_body *body = malloc(sizeof *body);
    if (!body)
        return GALEN_ERR_MEMORY;
    enum galen_err err = galen_epoch_body_read(a->entry.body, body);
    if (err == GALEN_OK && (!add_members(a, group, body) || !add_statements(a, group, body)))
        err = GALEN_ERR_MEMORY;
    free(body);
    return err;
}

/* -- taking an entry ---------------------------------------------------------------------------- */

static enum galen_err find_or_begin(struct hub *hub, struct append *a)
{
    enum galen_err err = hub_chart_find(hub, &a->chart_id, &a->chart);
    if (err != GALEN_ERR_CHART || !a->first)
        return err;
    a->chart = hub_chart_new(hub, &a->chart_id);
    return a->chart ? GALEN_OK : GALEN_ERR_MEMORY;
}

static enum galen_err check_bounds(const struct hub *hub, const struct append *a)
{
    const struct hub_limits *limits = &hub->config.limits;
    size_t size = a->entry.signed_header.size + a->entry.body.size;
    if (hub->failures > 0 && hub->now_ms < hub->paused_till_ms &&
        hub->paused_till_ms - hub->now_ms <= HUB_PAUSE_MAX_MS)
        return hub->failure;
    if (a->connection->in_flight >= limits->appends_in_flight)
        return GALEN_ERR_LIMIT;
    if (hub->pending_bytes > limits->pending_bytes ||
        size > limits->pending_bytes - hub->pending_bytes)
        return GALEN_ERR_LIMIT;
    return GALEN_OK;
}

/* True when the epoch entry lists this device. */
static bool admits(const struct append *a, const struct galen_id *device)
{
    struct galen_epoch_body *body = malloc(sizeof *body);
    bool listed =
        body && galen_epoch_body_read(a->entry.body, body) == GALEN_OK && lists(body, device);
    free(body);
    return listed;
}

/*
 * How often an account changes the epoch is bounded (C6), and how much it writes: whoever belongs to one
 * chart could otherwise fill everybody's disk. A code that stands in several charts of its
 * account and was used in one of them admits the same successor in the others, and nobody else.
 */
static enum galen_err check_account(struct hub *hub, const struct append *a)
{
    static const struct galen_id none;
    const struct galen_member *author =
        galen_rules_member(a->chart->rules, &a->entry.header.author);
    if (!author)
        return GALEN_OK;
    if (a->entry.header.class == GALEN_CLASS_EPOCH && author->purpose != GALEN_PURPOSE_DEVICE) {
        struct hub_standing standing = hub_standing_of(hub, &author->device, &none);
        if (standing.err == GALEN_ERR_STORE)
            return standing.err;
        if (standing.err == GALEN_ERR_REPLACED && !admits(a, &standing.successor))
            return GALEN_ERR_REPLACED;
    }
    return hub_chart_charge(hub, a->chart, &author->account, &a->entry.header, hub->now_ms)
               ? GALEN_OK
               : GALEN_ERR_LIMIT;
}

static enum galen_err apply(struct hub *hub, struct append *a)
{
    struct group group = {0};
    enum galen_err err = make_group(a, &group);
    bool begins = galen_tree_size(galen_rules_tree(a->chart->rules)) == 0;
    if (err == GALEN_OK && begins && !idmap_add(&hub->charts, &a->chart->node))
        err = GALEN_ERR_MEMORY;
    else if (err == GALEN_OK) {
        err = galen_rules_apply(a->chart->rules, &a->entry, GALEN_OK);
        if (err != GALEN_OK && begins)
            idmap_remove(&hub->charts, &a->chart->node);
    }
    if (err != GALEN_OK) {
        if (group.first && group.first->waiters)
            a->connection->in_flight--;
        group_free(&group);
        return err;
    }
    for (struct hub_pending *pending; (pending = group_take(&group));)
        hub_batch_queue(hub, pending);
    return GALEN_OK;
}

static enum galen_err take(struct hub *hub, struct append *a)
{
    enum galen_err err = check_bounds(hub, a);
    if (err == GALEN_OK)
        err = galen_rules_judge(a->chart->rules, &a->entry);
    if (err == GALEN_OK)
        err = check_account(hub, a);
    return err != GALEN_OK ? err : apply(hub, a);
}

static enum galen_err read_entry(struct hub *hub, const struct galen_frame *frame, struct append *a)
{
    struct galen_reader r;
    galen_reader_init(&r, frame->as.append.entry);
    if (galen_entry_read_new(&r, &a->entry) != GALEN_OK || !galen_reader_done(&r))
        return GALEN_ERR_FORMAT;
    a->entry.received_ms = hub->now_ms;
    a->entry.body_state = GALEN_BODY_PRESENT;
    a->first = galen_id_is_none(&a->entry.header.chart);
    a->chart_id = a->first ? galen_chart_id(hub->config.primitives, a->entry.signed_header)
                           : a->entry.header.chart;
    return galen_id_equal(&a->entry.header.author, &a->connection->id) ? GALEN_OK
                                                                       : GALEN_ERR_SENDER;
}

void hub_on_append(struct hub *hub, struct hub_connection *connection,
                   const struct galen_frame *frame)
{
    struct append a = {.connection = connection, .request = frame->as.append.request};
    enum galen_err err = read_entry(hub, frame, &a);
    if (err == GALEN_OK)
        err = find_or_begin(hub, &a);
    if (err != GALEN_OK) {
        hub_refuse(hub, connection, a.request, err, &a.chart_id, 0);
        return;
    }
    if (answer_again(hub, &a))
        return;
    bool begins = galen_tree_size(galen_rules_tree(a.chart->rules)) == 0;
    err = take(hub, &a);
    if (err == GALEN_OK)
        return;
    uint64_t detail = err == GALEN_ERR_EPOCH ? galen_rules_epoch(a.chart->rules) : 0;
    hub_refuse(hub, connection, a.request, err, &a.chart_id, detail);
    if (begins)
        hub_chart_free(hub, a.chart);
}
