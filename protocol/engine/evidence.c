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

enum galen_err galen_engine_evidence(const struct galen_engine *engine,
                                     const struct galen_id *chart,
                                     const struct galen_evidence_options *options,
                                     struct galen_writer *out)
{
    struct source context = {engine, chart};
    const struct galen_evidence_source source = {&context, give_entry};
    const struct galen_log *log = galen_engine_log(engine, chart);
    if (!log)
        return GALEN_ERR_CHART;
    return galen_evidence_write(log, &engine->me.practice_keys, &source, options, out);
}
