/* Signed heads: verified, the latest of each device kept, passed on to all who follow the chart. */
#include "hub_state.h"

#include "galen/mutation.h"

#include <stdlib.h>

/* A device signs at most every two seconds; the line may bring two closer together. */
#define TAKEN_EVERY_MS (GALEN_HEAD_EVERY_MS / 2)
#define HEADS_KEPT     (2 * GALEN_MEMBERS_MAX)

static struct hub_kept_head *find(struct hub_chart *chart, const struct galen_id *device)
{
    for (size_t i = 0; i < chart->head_count; i++) {
        if (galen_id_equal(&chart->heads[i].head.device, device))
            return &chart->heads[i];
    }
    return NULL;
}

/* Room for one more: heads of devices that were dropped go first, from memory only. */
static void drop_strangers(struct hub_chart *chart)
{
    size_t kept = 0;
    for (size_t i = 0; i < chart->head_count; i++) {
        const struct hub_kept_head *head = &chart->heads[i];
        if (head->unsaved || galen_rules_member(chart->rules, &head->head.device))
            chart->heads[kept++] = *head;
    }
    chart->head_count = kept;
}

bool hub_heads_keep(struct hub_chart *chart, const struct galen_head *head,
                    struct hub_kept_head **kept)
{
    *kept = find(chart, &head->device);
    if (!*kept) {
        if (chart->head_count >= HEADS_KEPT)
            drop_strangers(chart);
        struct hub_kept_head *grown =
            realloc(chart->heads, (chart->head_count + 1) * sizeof *chart->heads);
        if (!grown)
            return false;
        chart->heads = grown;
        *kept = &grown[chart->head_count++];
        **kept = (struct hub_kept_head){0};
    }
    (*kept)->head = *head;
    return true;
}

static enum galen_err check(struct hub *hub, struct hub_connection *connection,
                            const struct galen_head *head, struct hub_chart **chart)
{
    if (!galen_id_equal(&head->device, &connection->id))
        return GALEN_ERR_SENDER;
    enum galen_err err = hub_chart_find(hub, &head->chart, chart);
    if (err != GALEN_OK)
        return err;
    if (!hub_chart_member(*chart, connection))
        return GALEN_ERR_NOT_MEMBER;
    if (head->size > (*chart)->durable)
        return GALEN_ERR_STATE; /* what is not durable was shown to nobody */
    const struct hub_kept_head *before = find(*chart, &head->device);
    if (before && hub->now_ms >= before->taken_ms &&
        hub->now_ms - before->taken_ms < TAKEN_EVERY_MS)
        return GALEN_ERR_LIMIT;
    if (GALEN_CHECKED(HEAD_SHRINKS) && before && head->size < before->head.size)
        return GALEN_ERR_HEAD;
    return galen_rules_check_head((*chart)->rules, head);
}

static void pass_on(struct hub *hub, struct hub_chart *chart, const struct galen_head *head)
{
    struct galen_frame frame = {.type = GALEN_FRAME_HEADS};
    galen_writer_clear(&hub->records);
    galen_head_write(&hub->records, head);
    frame.as.heads.chart = chart->node.id;
    frame.as.heads.heads = galen_written(&hub->records);
    struct buffer *buffer = hub_encode(hub, &frame);
    for (struct hub_tie *tie = chart->ties; tie; tie = tie->next_of_chart) {
        if (tie->connection->state == HUB_LOG && tie->told &&
            !galen_id_equal(&tie->connection->id, &head->device) &&
            hub_chart_member(chart, tie->connection))
            hub_send_buffer(hub, tie->connection, buffer);
    }
    buffer_release(&hub->pool, buffer);
}

void hub_on_head(struct hub *hub, struct hub_connection *connection,
                 const struct galen_frame *frame)
{
    const struct galen_head *head = &frame->as.head.head;
    struct hub_chart *chart;
    struct hub_kept_head *kept;
    enum galen_err err = check(hub, connection, head, &chart);
    if (err == GALEN_OK && !hub_heads_keep(chart, head, &kept))
        err = GALEN_ERR_MEMORY;
    if (err != GALEN_OK) {
        hub_refuse(hub, connection, 0, err, &head->chart, 0);
        return;
    }
    kept->taken_ms = hub->now_ms;
    if (!kept->unsaved) {
        kept->unsaved = true;
        if (hub->unsaved_heads++ == 0 && hub->heads_due_ms < hub->now_ms + HUB_HEADS_MS)
            hub->heads_due_ms = hub->now_ms + HUB_HEADS_MS;
    }
    hub->counters.heads++;
    pass_on(hub, chart, head);
}

void hub_heads_send_all(struct hub *hub, struct hub_chart *chart, struct hub_connection *connection)
{
    struct galen_frame frame = {.type = GALEN_FRAME_HEADS};
    size_t count = 0;
    galen_writer_clear(&hub->records);
    for (size_t i = 0; i < chart->head_count && count < GALEN_HEADS_PER_FRAME; i++) {
        if (!galen_rules_member(chart->rules, &chart->heads[i].head.device))
            continue;
        galen_head_write(&hub->records, &chart->heads[i].head);
        count++;
    }
    if (count == 0 || hub->records.failed)
        return;
    frame.as.heads.chart = chart->node.id;
    frame.as.heads.heads = galen_written(&hub->records);
    hub_send(hub, connection, &frame);
}

void hub_heads_queue_unsaved(struct hub *hub)
{
    struct idmap_node *node = NULL;
    while (hub->unsaved_heads > 0 && (node = idmap_next(&hub->charts, node))) {
        struct hub_chart *chart = (struct hub_chart *)node;
        for (size_t i = 0; i < chart->head_count; i++) {
            struct hub_kept_head *kept = &chart->heads[i];
            struct hub_pending *pending =
                kept->unsaved ? hub_batch_pending(STORE_HEAD, chart, 0) : NULL;
            if (!pending)
                continue;
            pending->change.as.head = kept->head;
            hub_batch_queue(hub, pending);
            kept->unsaved = false;
            hub->unsaved_heads--;
        }
    }
}
