/*
 * The store of fuzz_hub and of tests/scripts, in memory: what server/store.h promises and no more, so that
 * a run costs microseconds. The hub's other tests use the real one.
 */
#include "store.h"

#include <stdlib.h>
#include <string.h>

struct kept {
    struct kept *next;
    struct store_change change;
    uint8_t bytes[];
};

struct store {
    struct kept *first, **last;
};

enum galen_err store_open(const char *path, const char *vfs, struct store **out)
{
    (void)path;
    (void)vfs;
    *out = calloc(1, sizeof **out);
    if (!*out)
        return GALEN_ERR_MEMORY;
    (*out)->last = &(*out)->first;
    return GALEN_OK;
}

void store_close(struct store *store)
{
    while (store && store->first) {
        struct kept *next = store->first->next;
        free(store->first);
        store->first = next;
    }
    free(store);
}

/* -- writing ------------------------------------------------------------------------------------ */

static const struct store_append *append_of(const struct kept *kept, const struct galen_id *chart)
{
    const struct store_append *append = &kept->change.as.append;
    return kept->change.kind == STORE_APPEND && galen_id_equal(&append->chart, chart) ? append
                                                                                      : NULL;
}

enum galen_err store_chart_size(struct store *store, const struct galen_id *chart, uint64_t *size)
{
    *size = 0;
    for (const struct kept *at = store->first; at; at = at->next)
        *size += append_of(at, chart) != NULL;
    return GALEN_OK;
}

/* A later change of the same thing takes the place of the earlier, as a primary key would have it. */
static struct store_change *same_thing(struct store *store, const struct store_change *change)
{
    for (struct kept *at = store->first; at; at = at->next) {
        struct store_change *old = &at->change;
        if (old->kind != change->kind)
            continue;
        if (change->kind == STORE_MEMBER &&
            galen_id_equal(&old->as.member.chart, &change->as.member.chart) &&
            galen_id_equal(&old->as.member.device, &change->as.member.device))
            return old;
        if (change->kind == STORE_HEAD &&
            galen_id_equal(&old->as.head.chart, &change->as.head.chart) &&
            galen_id_equal(&old->as.head.device, &change->as.head.device))
            return old;
        if (change->kind == STORE_NOTICE &&
            galen_id_equal(&old->as.notice.chart, &change->as.notice.chart) &&
            galen_id_equal(&old->as.notice.device, &change->as.notice.device))
            return old;
        if (change->kind == STORE_STATEMENT &&
            old->as.statement.statement.kind == change->as.statement.statement.kind &&
            galen_id_equal(&old->as.statement.statement.subject,
                           &change->as.statement.statement.subject) &&
            galen_id_equal(&old->as.statement.statement.signer,
                           &change->as.statement.statement.signer))
            return old;
    }
    return NULL;
}

static void keep(struct store *store, const struct store_change *change)
{
    struct galen_bytes header = {0}, rest = {0};
    if (change->kind == STORE_APPEND) {
        header = change->as.append.entry.signed_header;
        rest = change->as.append.entry.body;
    } else if (change->kind == STORE_STATEMENT) {
        rest = change->as.statement.chain;
    }
    struct kept *kept = malloc(sizeof *kept + header.size + rest.size);
    if (!kept)
        abort();
    kept->next = NULL;
    kept->change = *change;
    if (header.size > 0)
        memcpy(kept->bytes, header.at, header.size);
    if (rest.size > 0)
        memcpy(kept->bytes + header.size, rest.at, rest.size);
    if (change->kind == STORE_APPEND) {
        kept->change.as.append.entry.signed_header.at = kept->bytes;
        kept->change.as.append.entry.body.at = kept->bytes + header.size;
    } else if (change->kind == STORE_STATEMENT) {
        kept->change.as.statement.chain.at = kept->bytes;
    }
    *store->last = kept;
    store->last = &kept->next;
}

/* The hub gives the changes in an order that fits, always: the harness holds it to that. */
enum galen_err store_commit(struct store *store, const struct store_batch *batch)
{
    size_t count = 0;
    for (const struct store_change *at = batch->first; at; at = at->next, count++) {
        struct store_change *old = same_thing(store, at);
        uint64_t size;
        if (at->kind == STORE_APPEND &&
            (store_chart_size(store, &at->as.append.chart, &size) != GALEN_OK ||
             at->as.append.index != size))
            abort();
        if (old && at->kind == STORE_HEAD && at->as.head.size < old->as.head.size)
            abort();
        if (!old)
            keep(store, at);
        else if (at->kind != STORE_STATEMENT)
            old->as = at->as;
    }
    if (count != batch->count)
        abort();
    return GALEN_OK;
}

/* -- reading ------------------------------------------------------------------------------------ */

enum galen_err store_practice(struct store *store, struct galen_public_keys *keys)
{
    for (const struct kept *at = store->first; at; at = at->next) {
        if (at->change.kind == STORE_PRACTICE) {
            *keys = at->change.as.practice;
            return GALEN_OK;
        }
    }
    return GALEN_ERR_STATE;
}

enum galen_err store_read_entries(struct store *store, const struct galen_id *chart, uint64_t from,
                                  uint64_t to, store_entry_fn each, void *context)
{
    for (const struct kept *at = store->first; at; at = at->next) {
        const struct store_append *append = append_of(at, chart);
        if (append && append->index >= from && append->index < to &&
            !each(context, append->index, &append->entry))
            break;
    }
    return GALEN_OK;
}

enum galen_err store_read_clear(struct store *store, const struct galen_id *chart,
                                store_entry_fn each, void *context)
{
    for (const struct kept *at = store->first; at; at = at->next) {
        const struct store_append *append = append_of(at, chart);
        if (!append)
            continue;
        struct galen_entry entry = append->entry;
        if (!galen_class_is_clear(entry.header.class)) {
            entry.body_state = GALEN_BODY_WITHHELD;
            entry.body = (struct galen_bytes){0};
        }
        if (!each(context, append->index, &entry))
            break;
    }
    return GALEN_OK;
}

enum galen_err store_find_entry(struct store *store, const struct galen_id *chart,
                                const struct galen_id *author, uint32_t number,
                                struct store_place *place)
{
    for (const struct kept *at = store->first; at; at = at->next) {
        const struct store_append *append = append_of(at, chart);
        if (!append || append->entry.header.number != number ||
            !galen_id_equal(&append->entry.header.author, author))
            continue;
        place->index = append->index;
        place->received_ms = append->entry.received_ms;
        memcpy(place->signed_header, append->entry.signed_header.at, sizeof place->signed_header);
        return GALEN_OK;
    }
    return GALEN_ERR_STATE;
}

enum galen_err store_heads(struct store *store, const struct galen_id *chart, store_head_fn each,
                           void *context)
{
    for (const struct kept *at = store->first; at; at = at->next) {
        if (at->change.kind == STORE_HEAD && galen_id_equal(&at->change.as.head.chart, chart))
            each(context, &at->change.as.head);
    }
    return GALEN_OK;
}

enum galen_err store_charts_of(struct store *store, const struct galen_id *device, bool ever,
                               size_t max, store_chart_fn each, void *context)
{
    for (const struct kept *at = store->first; at && max > 0; at = at->next) {
        const struct store_member *member = &at->change.as.member;
        if (at->change.kind != STORE_MEMBER || !galen_id_equal(&member->device, device) ||
            !(ever || member->present))
            continue;
        each(context, &member->chart);
        max--;
    }
    return GALEN_OK;
}

enum galen_err store_statements_about(struct store *store, const struct galen_id *subject,
                                      store_statement_fn each, void *context)
{
    for (const struct kept *at = store->first; at; at = at->next) {
        if (at->change.kind == STORE_STATEMENT &&
            galen_id_equal(&at->change.as.statement.statement.subject, subject))
            each(context, &at->change.as.statement);
    }
    return GALEN_OK;
}

enum galen_err store_statements_in(struct store *store, const struct galen_id *chart,
                                   store_statement_fn each, void *context)
{
    for (const struct kept *at = store->first; at; at = at->next) {
        const struct store_member *member = &at->change.as.member;
        if (at->change.kind != STORE_MEMBER || !member->present ||
            !galen_id_equal(&member->chart, chart))
            continue;
        enum galen_err err = store_statements_about(store, &member->device, each, context);
        if (err != GALEN_OK)
            return err;
    }
    return GALEN_OK;
}

enum galen_err store_notices(struct store *store, const struct galen_id *chart,
                             store_notice_fn each, void *context)
{
    for (const struct kept *at = store->first; at; at = at->next) {
        if (at->change.kind == STORE_NOTICE && galen_id_equal(&at->change.as.notice.chart, chart))
            each(context, &at->change.as.notice);
    }
    return GALEN_OK;
}
