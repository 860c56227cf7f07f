/* Evidence of what this device has read. */
#include "state.h"

#include "galen/evidence.h"

struct source {
    const struct galen_engine *engine;
    const struct galen_id *chart;
};

static enum galen_err give_entry(void *context, uint64_t index, struct galen_entry *entry)
{
    const struct source *s = context;
    struct galen_bytes record, plain;
    struct galen_reader r;
    if (!galen_engine_entry(s->engine, s->chart, index, &record, &plain))
        return GALEN_ERR_STATE;
    galen_reader_init(&r, record);
    return galen_entry_read(&r, entry);
}

/* Of a sign-off that counts: the documents as they were signed. */
static enum galen_err give_documents(void *context, uint64_t index, struct galen_writer *out)
{
    const struct source *s = context;
    const struct galen_docs *docs = galen_engine_docs(s->engine, s->chart);
    for (size_t i = 0; i < galen_docs_version_count(docs); i++) {
        struct galen_version version = galen_docs_version_at(docs, i);
        if (version.index != index)
            continue;
        struct galen_docs *then = galen_docs_as_of(docs, version.base);
        bool written = then && galen_docs_write_signed(then, out);
        galen_docs_free(then);
        return written ? GALEN_OK : GALEN_ERR_MEMORY;
    }
    return GALEN_OK;
}

enum galen_err galen_engine_fetch(struct galen_engine *engine, const struct galen_id *chart,
                                  uint64_t from, uint64_t to)
{
    const struct chart *found = chart_find(engine, chart);
    return found ? fetch_records(engine, found, from, to) : GALEN_ERR_CHART;
}

enum galen_err galen_engine_evidence(struct galen_engine *engine, const struct galen_id *chart,
                                     const struct galen_evidence_options *options,
                                     struct galen_writer *out)
{
    struct source context = {engine, chart};
    const struct galen_evidence_source source = {&context, give_entry, give_documents};
    const struct galen_log *log = galen_engine_log(engine, chart);
    if (!log)
        return GALEN_ERR_CHART;
    /* Beside a single entry only clear ones are shown, which are here. */
    uint64_t from = options->only ? options->index : 0;
    uint64_t to = options->only ? options->index + 1 : galen_log_size(log);
    enum galen_err err = galen_engine_fetch(engine, chart, from, to);
    if (err != GALEN_OK)
        return err;
    return galen_evidence_write(log, &engine->me.practice_keys, &source, options, out);
}
