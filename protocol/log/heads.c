/* Signed heads: who has verified which history (PROTOCOL.md, "Heads"; rules H1 to H3). */
#include "state.h"

#include <stdlib.h>
#include <string.h>

/* Signs `head` over what galen_head_write_unsigned gives, without allocating. */
#define UNSIGNED_HEAD_BYTES (GALEN_HEAD_BYTES - GALEN_SIGNATURE_BYTES)

static void pack_unsigned(const struct galen_head *head, uint8_t out[UNSIGNED_HEAD_BYTES])
{
    uint8_t *at = out;
    memcpy(at, head->chart.bytes, GALEN_ID_BYTES);
    at += GALEN_ID_BYTES;
    memcpy(at, head->device.bytes, GALEN_ID_BYTES);
    at += GALEN_ID_BYTES;
    for (int i = 7; i >= 0; i--)
        *at++ = (uint8_t)(head->size >> (8 * i));
    memcpy(at, head->root, GALEN_HASH_BYTES);
    at += GALEN_HASH_BYTES;
    for (int i = 7; i >= 0; i--)
        *at++ = (uint8_t)(head->clock_ms >> (8 * i));
}

void galen_log_sign_head(const struct galen_log *log, uint64_t clock_ms, struct galen_head *head)
{
    const struct galen_tree *tree = galen_rules_tree(log->rules);
    uint8_t message[UNSIGNED_HEAD_BYTES];
    *head = (struct galen_head){.chart = *galen_rules_chart(log->rules),
                                .device = log->self_id,
                                .size = galen_tree_size(tree),
                                .clock_ms = clock_ms};
    (void)!galen_tree_root_at(tree, head->size, head->root);
    pack_unsigned(head, message);
    galen_sign(&log->self, GALEN_SIGN_HEAD, (struct galen_bytes){message, sizeof message},
               head->signature);
}

static struct device_head *find_head(const struct galen_log *log, const struct galen_id *device)
{
    for (size_t i = 0; i < log->head_count; i++) {
        if (galen_id_equal(&log->heads[i].device, device))
            return &log->heads[i];
    }
    return NULL;
}

/* The place for a device's heads; made if there is none. NULL: out of memory. */
static struct device_head *place_for(struct galen_log *log, const struct galen_id *device)
{
    struct device_head *found = find_head(log, device);
    if (found)
        return found;
    if (!log_grow((void **)&log->heads, &log->head_room, log->head_count, sizeof *log->heads))
        return NULL;
    found = &log->heads[log->head_count++];
    *found = (struct device_head){.device = *device};
    return found;
}

static void keep_fork(struct galen_log *log, const struct galen_head *head)
{
    if (log->forked)
        return;
    log->fork = *head;
    log->forked = true;
}

enum galen_err galen_log_take_head(struct galen_log *log, const struct galen_head *head)
{
    enum galen_err err = galen_rules_check_head(log->rules, head);
    if (err == GALEN_ERR_HEAD)
        keep_fork(log, head);
    if (err != GALEN_OK && err != GALEN_ERR_STATE)
        return err;
    struct device_head *place = place_for(log, &head->device);
    if (!place)
        return GALEN_ERR_MEMORY;
    struct galen_head *kept = err == GALEN_OK ? &place->checked : &place->waiting;
    if (head->size >= kept->size)
        *kept = *head;
    return err;
}

void heads_catch_up(struct galen_log *log)
{
    for (size_t i = 0; i < log->head_count; i++) {
        struct device_head *place = &log->heads[i];
        if (place->waiting.size == 0 || place->waiting.size > log->read_count)
            continue;
        struct galen_head head = place->waiting;
        /* Without memory it goes on waiting, and is looked at again with the next entry. */
        if (galen_log_take_head(log, &head) != GALEN_ERR_MEMORY)
            place->waiting = (struct galen_head){0};
    }
}

const struct galen_head *galen_log_head_of(const struct galen_log *log,
                                           const struct galen_id *device)
{
    const struct device_head *found = find_head(log, device);
    return found && !galen_id_is_none(&found->checked.chart) ? &found->checked : NULL;
}

bool galen_log_head_waits(const struct galen_log *log, const struct galen_id *device)
{
    const struct device_head *found = find_head(log, device);
    return found && found->waiting.size > 0;
}

const struct galen_head *galen_log_fork(const struct galen_log *log)
{
    return log->forked ? &log->fork : NULL;
}
