/* The documents as they were. */
#include "state.h"

#include <string.h>

/* The operation once more, as far as it took effect: what is void in it changed nothing. */
static void operation_of(const struct item *item, struct galen_op *op)
{
    memset(op, 0, sizeof *op);
    op->kind = item->kind;
    memcpy(op->id, item->id, sizeof op->id);
    op->base = item->base;
    op->clock_ms = item->clock_ms;
    if (item->kind == GALEN_KIND_WRITE || item->kind == GALEN_KIND_PROPOSE) {
        struct galen_write *write = &op->content.write;
        if (item->record != NULL) {
            write->doc = item->record->document->id;
            memcpy(write->record, item->record->id, sizeof write->record);
        }
        write->count = item->field_count;
        memcpy(write->fields, item->fields, item->field_count * sizeof item->fields[0]);
    } else if (item->kind == GALEN_KIND_ANSWER && item->proposal != NULL) {
        op->content.answer.proposal = item->proposal->item->entry.index;
        op->content.answer.accepted = item->accepted;
    } else if (item->sign != NULL) {
        memcpy(op->content.sign.visit, item->sign->visit, sizeof op->content.sign.visit);
        op->content.sign.meaning = item->sign->meaning;
        op->content.sign.schema = item->sign->schema;
        memcpy(op->content.sign.hash, item->sign->hash, sizeof op->content.sign.hash);
        op->content.sign.assertion = item->sign->assertion;
    }
}

/* It was judged at its place, and what it was judged by has not changed. */
static void plan_of(const struct galen_docs *docs, const struct item *item,
                    const struct galen_op *op, struct plan *plan)
{
    memset(plan, 0, sizeof *plan);
    plan->verdict = item->verdict;
    plan->newer = item->newer;
    plan->based = item->based;
    plan->signs = item->sign != NULL;
    if (!item->verdict.counts || item->record == NULL)
        return;
    if (item->kind == GALEN_KIND_ANSWER) {
        plan->proposal = docs_item(docs, op->content.answer.proposal)->proposal;
        return;
    }
    plan->document = item->record->document;
    plan->record = docs_record(docs, plan->document->id, item->record->id);
    plan->effective = item->field_count == 0 ? 0 : UINT64_MAX >> (64 - item->field_count);
}

struct galen_docs *galen_docs_as_of(const struct galen_docs *docs, uint64_t size)
{
    struct galen_docs *then = galen_docs_new();
    for (size_t i = 0; then != NULL && i < docs->items.count; i++) {
        const struct item *item = docs->items.at[i];
        struct galen_op op;
        struct plan plan;
        if (item->entry.index >= size)
            break;
        operation_of(item, &op);
        plan_of(then, item, &op, &plan);
        if (!docs_take(then, &item->entry, &op, &plan)) {
            galen_docs_free(then);
            then = NULL;
        }
    }
    return then;
}
