/* What waits for the disk, in batches; and what follows when a batch is durable, or is not. */
#include "hub_state.h"

#include <stdlib.h>
#include <string.h>

struct hub_pending *hub_batch_pending(uint8_t kind, struct hub_chart *chart, size_t byte_count)
{
    struct hub_pending *pending = malloc(sizeof *pending + byte_count);
    if (!pending)
        return NULL;
    memset(pending, 0, sizeof *pending);
    pending->change.kind = kind;
    pending->chart = chart;
    pending->byte_count = byte_count;
    return pending;
}

void hub_batch_pending_free(struct hub_pending *pending)
{
    while (pending->waiters) {
        struct hub_waiter *next = pending->waiters->next;
        free(pending->waiters);
        pending->waiters = next;
    }
    free(pending);
}

static struct hub_pending *next_of(const struct hub_pending *pending)
{
    return (struct hub_pending *)pending->change.next;
}

static void push(struct hub_queue *queue, struct hub_pending *pending)
{
    pending->change.next = NULL;
    if (queue->last)
        queue->last->change.next = &pending->change;
    else
        queue->first = pending;
    queue->last = pending;
    queue->count++;
}

static struct hub_pending *pop(struct hub_queue *queue)
{
    struct hub_pending *pending = queue->first;
    if (!pending)
        return NULL;
    queue->first = next_of(pending);
    if (!queue->first)
        queue->last = NULL;
    queue->count--;
    pending->change.next = NULL;
    return pending;
}

void hub_batch_queue(struct hub *hub, struct hub_pending *pending)
{
    if (pending->chart)
        pending->chart->pending++;
    hub->pending_bytes += pending->byte_count;
    push(&hub->waiting, pending);
}

/* Done with, whatever came of it. */
static void discard(struct hub *hub, struct hub_pending *pending)
{
    if (pending->chart)
        pending->chart->pending--;
    hub->pending_bytes -= pending->byte_count;
    hub_batch_pending_free(pending);
}

bool hub_batch_wait(struct hub_pending *pending, struct hub_connection *connection,
                    uint32_t request)
{
    struct hub_waiter *waiter = malloc(sizeof *waiter);
    if (!waiter)
        return false;
    *waiter = (struct hub_waiter){pending->waiters, connection, request};
    pending->waiters = waiter;
    connection->in_flight++;
    return true;
}

static void forget_waiter_in(struct hub_queue *queue, const struct hub_connection *connection)
{
    for (struct hub_pending *at = queue->first; at; at = next_of(at)) {
        for (struct hub_waiter *waiter = at->waiters; waiter; waiter = waiter->next) {
            if (waiter->connection == connection)
                waiter->connection = NULL;
        }
    }
}

void hub_batch_forget_waiter(struct hub *hub, struct hub_connection *connection)
{
    forget_waiter_in(&hub->out, connection);
    forget_waiter_in(&hub->waiting, connection);
    connection->in_flight = 0;
}

void hub_batch_wipe(struct hub *hub)
{
    struct hub_pending *pending;
    while ((pending = pop(&hub->out)) || (pending = pop(&hub->waiting)))
        discard(hub, pending);
}

struct store_batch *hub_take_batch(struct hub *hub)
{
    if (hub->batch_out)
        return NULL;
    if (hub->unsaved_heads > 0 && (hub->waiting.first || hub->now_ms >= hub->heads_due_ms))
        hub_heads_queue_unsaved(hub);
    if (!hub->waiting.first)
        return NULL;
    while (hub->waiting.first && (hub->out.count < hub->config.limits.batch_entries ||
                                  hub->out.count == 0 || hub->waiting.first->joined))
        push(&hub->out, pop(&hub->waiting));
    hub->batch = (struct store_batch){&hub->out.first->change, hub->out.count};
    hub->batch_out = true;
    return &hub->batch;
}

/* -- it is durable ------------------------------------------------------------------------------ */

static void answer_appended(struct hub *hub, const struct hub_pending *pending)
{
    const struct store_append *append = &pending->change.as.append;
    struct galen_frame frame = {.type = GALEN_FRAME_APPENDED};
    frame.as.appended.chart = append->chart;
    frame.as.appended.index = append->index;
    frame.as.appended.received_ms = append->entry.received_ms;
    for (struct hub_waiter *at = pending->waiters; at; at = at->next) {
        if (!at->connection)
            continue;
        at->connection->in_flight--;
        frame.as.appended.request = at->request;
        hub_send(hub, at->connection, &frame);
    }
}

static void answer_done(struct hub *hub, const struct hub_pending *pending)
{
    for (struct hub_waiter *at = pending->waiters; at; at = at->next) {
        if (!at->connection)
            continue;
        at->connection->in_flight--;
        hub_done(hub, at->connection, at->request);
    }
}

/* Who opened a used link waits for the notices; this is the last they hear. */
static void close_waiting(struct hub *hub, const struct hub_pending *pending, enum galen_err err)
{
    for (struct hub_waiter *at = pending->waiters; at; at = at->next) {
        if (!at->connection)
            continue;
        at->connection->in_flight--;
        hub_close(hub, at->connection, err, err == GALEN_ERR_REPLACED ? pending->used_ms : 0);
    }
}

static void answer_refused(struct hub *hub, const struct hub_pending *pending, enum galen_err err)
{
    const struct galen_id *chart = pending->chart ? &pending->chart->node.id : NULL;
    for (struct hub_waiter *at = pending->waiters; at; at = at->next) {
        if (!at->connection)
            continue;
        at->connection->in_flight--;
        hub_refuse(hub, at->connection, at->request, err, chart, 0);
    }
}

/* It may still read the entry that dropped it, so that it knows; then it is told that this is all. */
static void member_left(struct hub *hub, struct hub_chart *chart, const struct galen_id *device)
{
    for (struct hub_tie *tie = chart->ties, *next; tie; tie = next) {
        next = tie->next_of_chart;
        if (!galen_id_equal(&tie->connection->id, device))
            continue;
        if (tie->connection->state == HUB_LOG) {
            tie->until = chart->durable;
            hub_ready(hub, tie->connection);
        } else {
            hub_refuse(hub, tie->connection, 0, GALEN_ERR_NOT_MEMBER, &chart->node.id, 0);
            hub_chart_untie(tie);
        }
    }
    if (chart->visit)
        hub_visit_drop_device(hub, chart->visit, device);
}

static void member_came(struct hub *hub, struct hub_chart *chart, const struct galen_id *device,
                        const struct galen_id *author)
{
    struct hub_connection *log = hub_connection_of(hub, device, HUB_LOG);
    struct hub_connection *live = hub_connection_of(hub, device, HUB_LIVE);
    struct galen_frame frame = {.type = GALEN_FRAME_CHART_ADDED};
    frame.as.chart_added.chart = chart->node.id;
    if (log && !galen_id_equal(device, author))
        hub_send(hub, log, &frame);
    if (chart->visit && log)
        hub_visit_announce_to(hub, log);
    if (chart->visit && live)
        hub_visit_announce_to(hub, live);
}

static void set_up(struct hub *hub, const struct galen_public_keys *practice)
{
    hub->practice = *practice;
    hub->practice_id = galen_device_id(hub->config.primitives, practice);
    hub->has_practice = true;
    hub->practice_pending = false;
    hub_event(hub, "practice_set_up", "\"practice\":\"%s\"", hub_hex(&hub->practice_id).text);
}

static void durable(struct hub *hub, struct hub_pending *pending, struct galen_id *author)
{
    const struct store_change *change = &pending->change;
    switch (change->kind) {
    case STORE_APPEND:
        *author = change->as.append.entry.header.author;
        pending->chart->durable = change->as.append.index + 1;
        hub->counters.entries++;
        answer_appended(hub, pending);
        hub_reading_wake(hub, pending->chart);
        break;
    case STORE_MEMBER:
        if (change->as.member.present)
            member_came(hub, pending->chart, &change->as.member.device, author);
        else
            member_left(hub, pending->chart, &change->as.member.device);
        break;
    case STORE_STATEMENT:
        hub->counters.statements++;
        answer_done(hub, pending);
        hub_statements_durable(hub, pending);
        break;
    case STORE_PRACTICE:
        set_up(hub, &change->as.practice);
        answer_done(hub, pending);
        break;
    case STORE_NOTICE:
        hub_notice_durable(hub, &change->as.notice);
        close_waiting(hub, pending, GALEN_ERR_REPLACED);
        break;
    default: /* heads: nobody waits for them */
        break;
    }
}

/* -- it is not ---------------------------------------------------------------------------------- */

static void head_unsaved(struct hub *hub, const struct hub_pending *pending)
{
    const struct galen_head *head = &pending->change.as.head;
    for (size_t i = 0; i < pending->chart->head_count; i++) {
        struct hub_kept_head *kept = &pending->chart->heads[i];
        if (!galen_id_equal(&kept->head.device, &head->device) || kept->unsaved)
            continue;
        kept->unsaved = true;
        hub->unsaved_heads++;
    }
}

static void refuse(struct hub *hub, struct hub_pending *pending, enum galen_err err)
{
    if (pending->change.kind == STORE_HEAD)
        head_unsaved(hub, pending);
    else if (pending->change.kind == STORE_PRACTICE)
        hub->practice_pending = false;
    if (pending->change.kind == STORE_NOTICE || pending->change.kind == STORE_PRACTICE)
        close_waiting(hub, pending, err);
    else
        answer_refused(hub, pending, err);
    discard(hub, pending);
}

/* Reading a chart anew costs more than refusing: a disk that goes on failing is asked less often. */
static void pause(struct hub *hub, enum galen_err err)
{
    uint64_t span = 0;
    hub->failure = err;
    if (hub->failures++ > 0)
        span = hub->failures < 8 ? (uint64_t)HUB_PAUSE_MS << (hub->failures - 2) : HUB_PAUSE_MAX_MS;
    hub->paused_till_ms = hub->now_ms + (span < HUB_PAUSE_MAX_MS ? span : HUB_PAUSE_MAX_MS);
}

/*
 * What was judged in memory on top of what is now lost is lost too: those charts are read anew. What
 * waits for other charts stays; heads are stored with a later batch.
 */
static void fail(struct hub *hub, enum galen_err err)
{
    struct hub_queue waiting = hub->waiting, kept = {0};
    struct hub_pending *pending;
    for (pending = hub->out.first; pending; pending = next_of(pending)) {
        if (pending->chart && pending->change.kind != STORE_HEAD &&
            pending->change.kind != STORE_NOTICE)
            pending->chart->failed = true;
    }
    while ((pending = pop(&hub->out)))
        refuse(hub, pending, err);
    hub->waiting = (struct hub_queue){0};
    while ((pending = pop(&waiting))) {
        if (pending->chart && pending->chart->failed)
            refuse(hub, pending, err);
        else
            push(&kept, pending);
    }
    hub->waiting = kept;
    struct idmap_node *node = idmap_next(&hub->charts, NULL);
    while (node) {
        struct idmap_node *next = idmap_next(&hub->charts, node);
        if (((struct hub_chart *)node)->failed)
            hub_chart_reload(hub, (struct hub_chart *)node, err);
        node = next;
    }
    hub->heads_due_ms = hub->now_ms + HUB_RETRY_MS;
    pause(hub, err);
    hub->counters.batches_failed++;
    hub_event(hub, "commit_failed", "\"reason\":\"%s\"", galen_err_name(err));
}

void hub_committed(struct hub *hub, uint64_t now_ms, enum galen_err result)
{
    hub->now_ms = now_ms;
    hub->batch_out = false;
    if (result != GALEN_OK) {
        fail(hub, result);
    } else {
        struct galen_id author = {{0}};
        struct hub_pending *pending;
        while ((pending = pop(&hub->out))) {
            durable(hub, pending, &author);
            discard(hub, pending);
        }
        hub->counters.batches++;
        hub->failures = 0;
    }
    hub_settle(hub);
}
