/* What a person writes into a text is what it is to say; what goes into the log is how it changes. */
#include "state.h"

#include "galen/mutation.h"
#include "galen/text.h"

#include <stdlib.h>
#include <string.h>

/* This device's edits of a text that are not in the log yet, oldest first. */
struct unsent {
    struct galen_unsent *edits;
    size_t count;
};

static bool find_unsent(const struct chart *chart, const struct galen_write *write, uint16_t field,
                        struct unsent *unsent)
{
    *unsent = (struct unsent){calloc(chart->item_count + 1, sizeof *unsent->edits), 0};
    for (size_t i = 0; unsent->edits != NULL && i < chart->item_count; i++) {
        const struct item *item = &chart->items[i];
        struct galen_op op;
        if (item->kind != ITEM_CONTENT ||
            galen_op_read(galen_written(&item->plain), item->class, &op) != GALEN_OK ||
            op.kind != GALEN_KIND_WRITE || op.content.write.doc != write->doc ||
            memcmp(op.content.write.record, write->record, sizeof write->record) != 0)
            continue;
        for (size_t k = 0; k < op.content.write.count; k++)
            if (op.content.write.fields[k].field == field)
                unsent->edits[unsent->count++] =
                    (struct galen_unsent){op.base, op.content.write.fields[k].value};
    }
    return unsent->edits != NULL;
}

static enum galen_err text_shown(const struct galen_engine *engine, const struct chart *chart,
                                 const struct galen_write *write, uint16_t field,
                                 struct galen_writer *w)
{
    struct unsent unsent;
    if (!find_unsent(chart, write, field, &unsent))
        return GALEN_ERR_MEMORY;
    enum galen_err err = galen_docs_text(chart->docs, write->doc, write->record, field,
                                         &engine->me.device, unsent.edits, unsent.count, w);
    free(unsent.edits);
    return err;
}

enum galen_err texts_shown(const struct galen_engine *engine, const struct chart *chart,
                           uint8_t doc, const uint8_t record[16], uint16_t field,
                           struct galen_writer *w)
{
    struct galen_write write = {.doc = doc};
    memcpy(write.record, record, sizeof write.record);
    return text_shown(engine, chart, &write, field, w);
}

bool texts_stamp(const struct chart *chart, uint8_t doc, const uint8_t record[16], uint16_t field,
                 struct text_stamp *stamp)
{
    struct galen_write write = {.doc = doc};
    struct unsent unsent;
    memcpy(write.record, record, sizeof write.record);
    if (!find_unsent(chart, &write, field, &unsent))
        return false;
    const struct galen_record *found = galen_docs_record(chart->docs, doc, record);
    stamp->edits = found ? galen_record_history_count(found, field) : 0;
    stamp->unsent = unsent.count;
    free(unsent.edits);
    return true;
}

/* Changes a text that is not kept, as far as it can be. */
static enum galen_err change(struct galen_writer *w, struct galen_bytes value)
{
    struct galen_splices splices;
    struct galen_writer changed;
    galen_writer_init(&changed);
    enum galen_err err = galen_splices_read(value, &splices);
    if (err != GALEN_OK)
        return err;
    err = galen_text_spliced(galen_written(w), &splices, &changed);
    galen_splices_free(&splices);
    if (err == GALEN_OK) {
        galen_writer_wipe(w);
        *w = changed;
    } else {
        galen_writer_wipe(&changed);
    }
    return err;
}

enum galen_err galen_engine_text(const struct galen_engine *engine, const struct galen_id *id,
                                 const struct galen_write *write, size_t i, bool suggested,
                                 struct galen_writer *w)
{
    const struct chart *chart = chart_find(engine, id);
    if (chart == NULL || chart->docs == NULL)
        return GALEN_ERR_CHART;
    enum galen_err err = text_shown(engine, chart, write, write->fields[i].field, w);
    return err == GALEN_OK && suggested ? change(w, write->fields[i].value) : err;
}

/* With what came meanwhile it may be longer than a text is that somebody writes: readers would take it for void. */
static enum galen_err check_length(struct galen_bytes now, const struct galen_splices *splices)
{
    size_t points = galen_text_points(now);
    for (size_t i = 0; i < splices->count; i++)
        points = points - splices->at[i].deleted + galen_text_points(splices->at[i].inserted);
    return points > GALEN_TEXT_POINTS_MAX ? GALEN_ERR_TOO_LARGE : GALEN_OK;
}

/* Appends the splices that make the text say `whole`, or what it made of `was` where the text is another by now. */
static enum galen_err write_splices(const struct galen_engine *engine, const struct chart *chart,
                                    const struct galen_write *write, size_t i,
                                    const struct galen_bytes *was, struct galen_writer *out)
{
    struct galen_writer now;
    struct galen_splices splices = {0};
    struct galen_bytes whole = write->fields[i].value;
    galen_writer_init(&now);
    enum galen_err err = text_shown(engine, chart, write, write->fields[i].field, &now);
    if (err == GALEN_OK)
        err = was && GALEN_CHECKED(TEXT_WAS)
                  ? galen_text_merge(*was, whole, galen_written(&now), &splices)
                  : galen_text_difference(galen_written(&now), whole, &splices);
    if (err == GALEN_OK)
        err = check_length(galen_written(&now), &splices);
    if (err == GALEN_OK) {
        galen_splices_write(out, splices.at, splices.count);
        err = out->failed ? GALEN_ERR_MEMORY : GALEN_OK;
    }
    galen_splices_free(&splices);
    galen_writer_wipe(&now);
    return err;
}

enum galen_err texts_to_splices(const struct galen_engine *engine, const struct chart *chart,
                                struct galen_write *write, const struct galen_bytes *was,
                                struct galen_writer *out)
{
    const struct galen_document *document = galen_document(write->doc);
    size_t starts[GALEN_WRITE_FIELDS_MAX + 1] = {0};
    for (size_t i = 0; i < write->count; i++) {
        starts[i] = out->size;
        if (galen_field(document, write->fields[i].field)->kind != GALEN_VALUE_TEXT)
            continue;
        enum galen_err err = write_splices(engine, chart, write, i, was, out);
        if (err != GALEN_OK)
            return err;
    }
    starts[write->count] = out->size;
    for (size_t i = 0; i < write->count; i++)
        if (galen_field(document, write->fields[i].field)->kind == GALEN_VALUE_TEXT)
            write->fields[i].value =
                starts[i] == starts[i + 1]
                    ? (struct galen_bytes){NULL, 0}
                    : (struct galen_bytes){out->at + starts[i], starts[i + 1] - starts[i]};
    return GALEN_OK;
}

/* -- what was made of an edit that does not count ------------------------------------------------- */

static bool writes(const struct item *item, struct galen_op *op)
{
    return item->kind == ITEM_CONTENT &&
           galen_op_read(galen_written(&item->plain), item->class, op) == GALEN_OK &&
           op->kind == GALEN_KIND_WRITE;
}

static struct galen_write_field *field_of(struct galen_op *op, const struct galen_write *write,
                                          uint16_t field)
{
    struct galen_write *other = &op->content.write;
    if (other->doc != write->doc || memcmp(other->record, write->record, sizeof write->record) != 0)
        return NULL;
    for (size_t i = 0; i < other->count; i++)
        if (other->fields[i].field == field)
            return &other->fields[i];
    return NULL;
}

/* One text's edits that wait: as they were made, and as they will be. */
struct carrying {
    struct galen_unsent with[OUTBOX_MAX + 1], without[OUTBOX_MAX + 1];
    struct galen_writer made[OUTBOX_MAX + 1]; /* what `without` has of its own */
    struct galen_writer was[OUTBOX_MAX + 1];  /* … and `with` */
    size_t count, without_count;
};

static enum galen_err copy(struct galen_writer *w, struct galen_bytes bytes)
{
    galen_write(w, bytes.at, bytes.size);
    return w->failed ? GALEN_ERR_MEMORY : GALEN_OK;
}

static enum galen_err rewrite(struct galen_engine *engine, const struct chart *chart,
                              struct item *item, const struct galen_op *op)
{
    struct galen_writer plain;
    galen_writer_init(&plain);
    galen_op_write(&plain, op);
    if (plain.failed) {
        galen_writer_wipe(&plain);
        return GALEN_ERR_MEMORY;
    }
    galen_writer_wipe(&item->plain);
    item->plain = plain;
    save_item(engine, chart, item);
    return GALEN_OK;
}

static enum galen_err carry(struct galen_engine *engine, struct chart *chart,
                            const struct item *gone, const struct galen_write *write,
                            uint16_t field, struct carrying *c)
{
    enum galen_err err = GALEN_OK;
    bool behind = false; /* the one that goes */
    for (size_t i = 0; i < chart->item_count && err == GALEN_OK; i++) {
        struct item *item = &chart->items[i];
        struct galen_op op;
        struct galen_write_field *mine = writes(item, &op) ? field_of(&op, write, field) : NULL;
        if (mine == NULL)
            continue;
        size_t n = c->count++;
        err = copy(&c->was[n], mine->value);
        c->with[n] = (struct galen_unsent){op.base, galen_written(&c->was[n])};
        if (item == gone)
            behind = true;
        if (item == gone || err != GALEN_OK)
            continue;
        if (!behind || item->bytes.size > 0) { /* it may be in the log as it is */
            c->without[c->without_count++] = c->with[n];
            continue;
        }
        err = galen_docs_text_without(chart->docs, write->doc, write->record, field,
                                      &engine->me.device, c->with, c->count, c->without,
                                      c->without_count, &c->made[n]);
        mine->value = galen_written(&c->made[n]);
        if (err == GALEN_OK)
            err = rewrite(engine, chart, item, &op);
        c->without[c->without_count++] = (struct galen_unsent){op.base, mine->value};
    }
    return err;
}

void texts_carry(struct galen_engine *engine, struct chart *chart, const struct item *gone,
                 uint64_t fields)
{
    struct galen_op op;
    if (chart->docs == NULL || !writes(gone, &op))
        return;
    const struct galen_write *write = &op.content.write;
    const struct galen_document *document = galen_document(write->doc);
    for (size_t i = 0; document != NULL && i < write->count; i++) {
        const struct galen_field *field = galen_field(document, write->fields[i].field);
        if ((fields >> i & 1) == 0 || field == NULL || field->kind != GALEN_VALUE_TEXT)
            continue;
        struct carrying *c = calloc(1, sizeof *c);
        enum galen_err err = GALEN_ERR_MEMORY;
        if (c != NULL)
            err = carry(engine, chart, gone, write, write->fields[i].field, c);
        if (err == GALEN_ERR_MEMORY)
            engine->outputs.failed = true;
        for (size_t k = 0; c != NULL && k < c->count; k++) {
            galen_writer_wipe(&c->was[k]);
            galen_writer_wipe(&c->made[k]);
        }
        free(c);
    }
}
