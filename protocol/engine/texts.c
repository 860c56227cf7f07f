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

/* -- what was made of an edit that turned out void ------------------------------------------------ */

/* The field of an item's write to the same record; NULL: it has none. `op` borrows from the item. */
static struct galen_write_field *find_field(const struct item *item,
                                            const struct galen_write *write, uint16_t field,
                                            struct galen_op *op)
{
    if (item->kind != ITEM_CONTENT ||
        galen_op_read(galen_written(&item->plain), item->class, op) != GALEN_OK ||
        op->kind != GALEN_KIND_WRITE || op->content.write.doc != write->doc ||
        memcmp(op->content.write.record, write->record, sizeof write->record) != 0)
        return NULL;
    for (size_t i = 0; i < op->content.write.count; i++)
        if (op->content.write.fields[i].field == field)
            return &op->content.write.fields[i];
    return NULL;
}

/* A text, and this device's edits of it that wait, with and without the one that is void. */
struct mending {
    const struct galen_write *write;
    uint16_t field;
    struct galen_unsent *with, *without;
    size_t count;                /* of `without`; `with` has one more */
    struct galen_writer *plains; /* what the items become */
};

/* The splices by which the last of `with` changes what its author has in front of them without the void one. */
static enum galen_err make_anew(const struct galen_engine *engine, const struct chart *chart,
                                uint64_t base, const struct mending *m,
                                struct galen_splices *splices)
{
    const struct galen_unsent *edits[3] = {m->with, m->with, m->without};
    const size_t counts[3] = {m->count + 1, m->count + 2, m->count};
    struct galen_writer texts[3]; /* before it, after it, and before what it becomes */
    struct galen_docs *then = galen_docs_as_of(chart->docs, base);
    enum galen_err err = then ? GALEN_OK : GALEN_ERR_MEMORY;
    for (size_t i = 0; i < 3; i++) {
        galen_writer_init(&texts[i]);
        if (err == GALEN_OK)
            err = galen_docs_text(then, m->write->doc, m->write->record, m->field,
                                  &engine->me.device, edits[i], counts[i], &texts[i]);
    }
    if (err == GALEN_OK)
        err = galen_text_merge(galen_written(&texts[0]), galen_written(&texts[1]),
                               galen_written(&texts[2]), splices);
    for (size_t i = 0; i < 3; i++)
        galen_writer_wipe(&texts[i]);
    galen_docs_free(then);
    return err;
}

/* What an item is to become: the same with other splices. Its id and its base stay. */
static enum galen_err mend_item(const struct galen_engine *engine, const struct chart *chart,
                                size_t place, struct mending *m)
{
    const struct item *item = &chart->items[place];
    struct galen_writer value, *plain = &m->plains[place];
    struct galen_splices splices = {0};
    struct galen_op op;
    struct galen_write_field *field = find_field(item, m->write, m->field, &op);
    if (!field)
        return GALEN_OK;
    m->with[m->count + 1] = (struct galen_unsent){op.base, field->value};
    galen_writer_init(&value);
    enum galen_err err = make_anew(engine, chart, op.base, m, &splices);
    if (err == GALEN_OK) {
        galen_splices_write(&value, splices.at, splices.count);
        field->value = galen_written(&value);
        galen_op_write(plain, &op);
        err = value.failed || plain->failed ? GALEN_ERR_MEMORY : GALEN_OK;
    }
    if (err == GALEN_OK)
        err = galen_op_read(galen_written(plain), item->class, &op);
    for (size_t i = 0; err == GALEN_OK && i < op.content.write.count; i++)
        if (op.content.write.fields[i].field == m->field)
            m->without[m->count] = (struct galen_unsent){op.base, op.content.write.fields[i].value};
    m->count += err == GALEN_OK;
    galen_splices_free(&splices);
    galen_writer_wipe(&value);
    return err;
}

static enum galen_err mend_text(struct galen_engine *engine, struct chart *chart, size_t lost,
                                const struct galen_op *op, const struct galen_write_field *field)
{
    struct mending m = {.write = &op->content.write, .field = field->field};
    size_t room = chart->item_count + 1;
    m.with = calloc(room, sizeof *m.with);
    m.without = calloc(room, sizeof *m.without);
    m.plains = calloc(room, sizeof *m.plains);
    enum galen_err err = m.with && m.without && m.plains ? GALEN_OK : GALEN_ERR_MEMORY;
    for (size_t i = 0; m.plains && i < room; i++)
        galen_writer_init(&m.plains[i]);
    if (err == GALEN_OK)
        m.with[0] = (struct galen_unsent){op->base, field->value};
    for (size_t i = lost + 1; i < chart->item_count && err == GALEN_OK; i++)
        err = mend_item(engine, chart, i, &m);
    for (size_t i = lost + 1; i < chart->item_count && err == GALEN_OK; i++) {
        if (m.plains[i].size == 0)
            continue;
        struct galen_writer old = chart->items[i].plain;
        chart->items[i].plain = m.plains[i];
        m.plains[i] = old;
        save_item(engine, chart, &chart->items[i]);
    }
    for (size_t i = 0; m.plains && i < room; i++)
        galen_writer_wipe(&m.plains[i]);
    free(m.with);
    free(m.without);
    free(m.plains);
    return err;
}

void texts_mend(struct galen_engine *engine, struct chart *chart, size_t lost, uint64_t index)
{
    struct galen_docs_item read;
    struct galen_op op;
    const struct item *item = &chart->items[lost];
    if (!chart->docs || !galen_docs_item(chart->docs, index, &read) || read.verdict.counts ||
        item->kind != ITEM_CONTENT ||
        galen_op_read(galen_written(&item->plain), item->class, &op) != GALEN_OK ||
        op.kind != GALEN_KIND_WRITE)
        return;
    const struct galen_document *document = galen_document(op.content.write.doc);
    for (size_t i = 0; document && i < op.content.write.count; i++) {
        const struct galen_write_field *field = &op.content.write.fields[i];
        const struct galen_field *known = galen_field(document, field->field);
        if (known && known->kind == GALEN_VALUE_TEXT &&
            mend_text(engine, chart, lost, &op, field) != GALEN_OK)
            engine->outputs.failed = true;
    }
}
