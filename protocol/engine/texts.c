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
