/* Taking back what this person wrote last, whether it is in the log or still waits here. */
#include "state.h"

#include <stdlib.h>
#include <string.h>

static bool is_change(const struct item *item, struct galen_op *op)
{
    return item->kind == ITEM_CONTENT &&
           galen_op_read(galen_written(&item->plain), item->class, op) == GALEN_OK &&
           (op->kind == GALEN_KIND_WRITE || op->kind == GALEN_KIND_PROPOSE ||
            op->kind == GALEN_KIND_ANSWER);
}

/* The place in the outbox of the last change that waits there; item_count: there is none. */
static size_t last_waiting(const struct chart *chart)
{
    struct galen_op op;
    for (size_t i = chart->item_count; i > 0; i--)
        if (is_change(&chart->items[i - 1], &op))
            return i - 1;
    return chart->item_count;
}

/* The documents as they will be: what waits stands behind the log, in its order. NULL: out of memory. */
static struct galen_docs *with_waiting(const struct galen_engine *engine, const struct chart *chart)
{
    uint64_t size = galen_log_size(chart->log);
    struct galen_docs *docs = galen_docs_as_of(chart->docs, size);
    for (size_t i = 0; docs && i < chart->item_count; i++) {
        struct galen_op op;
        struct galen_verdict verdict;
        if (!is_change(&chart->items[i], &op))
            continue;
        struct galen_docs_entry entry = {.index = size + i,
                                         .device = engine->me.device,
                                         .account = engine->me.account,
                                         .role = engine->me.role,
                                         .purpose = GALEN_PURPOSE_DEVICE,
                                         .received_ms = op.clock_ms,
                                         .head_size = size};
        if (galen_docs_apply(docs, &entry, &op, &verdict) == GALEN_OK)
            continue;
        galen_docs_free(docs);
        docs = NULL;
    }
    return docs;
}

enum galen_err galen_engine_undo_look(const struct galen_engine *engine, const struct galen_id *id,
                                      struct galen_undo_look *look)
{
    const struct chart *chart = chart_find(engine, id);
    const struct galen_undo_author author = {engine->me.account, engine->me.role};
    memset(look, 0, sizeof *look);
    look->undo.index = look->redo.index = look->passed.index = GALEN_NO_ENTRY;
    if (!chart || !chart->docs)
        return GALEN_ERR_CHART;
    if (!galen_log_is_holder(chart->log))
        return GALEN_ERR_NOT_HOLDER;
    const struct galen_docs *docs = chart->docs;
    if (last_waiting(chart) < chart->item_count)
        docs = look->docs = with_waiting(engine, chart);
    if (!docs)
        return GALEN_ERR_MEMORY;
    look->undo_err = galen_docs_undo(docs, &author, false, &look->undo, &look->passed);
    look->redo_err = galen_docs_undo(docs, &author, true, &look->redo, NULL);
    uint64_t size = galen_log_size(chart->log);
    if (look->undo_err == GALEN_OK && look->undo.index >= size) {
        size_t place = (size_t)(look->undo.index - size);
        const struct item *item = &chart->items[place];
        look->waits = true;
        /* What may be with the server cannot be kept from it, and what was made of it would be lost. */
        if (item->bytes.size > 0 || item->request != 0 || place != last_waiting(chart))
            look->undo_err = GALEN_ERR_UNSENT;
    }
    if (look->undo_err == GALEN_ERR_MEMORY || look->redo_err == GALEN_ERR_MEMORY) {
        galen_undo_look_wipe(look);
        return GALEN_ERR_MEMORY;
    }
    return GALEN_OK;
}

void galen_undo_look_wipe(struct galen_undo_look *look)
{
    galen_undo_wipe(&look->undo);
    galen_undo_wipe(&look->redo);
    galen_undo_wipe(&look->passed);
    galen_docs_free(look->docs);
    look->docs = NULL;
}

static enum galen_err carry_out(struct galen_engine *engine, uint64_t now_ms, struct chart *chart,
                                struct galen_undo_look *look, const galen_token token)
{
    bool undoes = look->undo_err != GALEN_ERR_NOTHING &&
                  memcmp(look->undo.op.id, token, sizeof look->undo.op.id) == 0;
    bool redoes =
        look->redo_err == GALEN_OK && memcmp(look->redo.op.id, token, sizeof look->redo.op.id) == 0;
    if (!undoes && !redoes)
        return look->undo_err == GALEN_ERR_NOTHING && look->redo_err == GALEN_ERR_NOTHING
                   ? GALEN_ERR_NOTHING
                   : GALEN_ERR_BEHIND;
    if (undoes && look->undo_err != GALEN_OK)
        return look->undo_err;
    if (undoes && look->waits) {
        size_t place = (size_t)(look->undo.index - galen_log_size(chart->log));
        outbox_finish(engine, chart, &chart->items[place], GALEN_OK, GALEN_NO_ENTRY);
        return GALEN_OK;
    }
    return outbox_operation(engine, now_ms, chart, undoes ? &look->undo.op : &look->redo.op, false,
                            NULL);
}

enum galen_err galen_engine_undo(struct galen_engine *engine, uint64_t now_ms,
                                 const struct galen_id *id, const galen_token token)
{
    struct galen_undo_look look;
    enum galen_err err;
    struct chart *chart = chart_to_write(engine, id, &err);
    if (!chart)
        return err;
    err = galen_engine_undo_look(engine, id, &look);
    if (err == GALEN_OK)
        err = carry_out(engine, now_ms, chart, &look, token);
    galen_undo_look_wipe(&look);
    if (err == GALEN_OK) {
        commit(engine);
        outbox_pump(engine, now_ms, chart);
    }
    return err;
}
