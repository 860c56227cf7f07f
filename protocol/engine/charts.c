/* The list of charts. Whatever a server names, it is bounded by GALEN_CHARTS_MAX. */
#include "state.h"

#include <stdlib.h>
#include <string.h>

static void chart_free(struct chart *chart)
{
    if (!chart)
        return;
    for (uint64_t i = 0; chart->entries && i < galen_log_size(chart->log); i++) {
        piece_wipe(&chart->entries[i].record);
        piece_wipe(&chart->entries[i].plain);
    }
    for (size_t i = 0; i < chart->loaded_count; i++)
        galen_writer_wipe(&chart->loaded[i]);
    free(chart->loaded);
    for (size_t i = 0; i < chart->item_count; i++)
        item_wipe(&chart->items[i]);
    free(chart->items);
    free(chart->entries);
    free(chart->pages);
    galen_log_free(chart->log);
    galen_docs_free(chart->docs);
    free(chart);
}

void charts_clear(struct galen_engine *engine)
{
    for (size_t i = 0; i < engine->chart_count; i++)
        chart_free(engine->charts[i]);
    free(engine->charts);
    engine->charts = NULL;
    engine->chart_count = engine->chart_room = 0;
}

/* So many bytes of entries are taken over from a link: they are all saved at once. The charts behind are read
 * from the server again. */
#define TAKE_OVER_MAX ((size_t)16 * 1024 * 1024)

static size_t bytes_of(const struct chart *chart)
{
    size_t bytes = 0;
    for (uint64_t i = 0; i < galen_log_size(chart->log); i++)
        bytes += chart->entries[i].record.bytes.size;
    return bytes;
}

void charts_take_over(struct galen_engine *engine)
{
    struct chart **read = engine->charts;
    size_t count = engine->chart_count, left = TAKE_OVER_MAX;
    engine->charts = NULL;
    engine->chart_count = engine->chart_room = 0;
    for (size_t i = 0; i < count; i++) {
        size_t bytes = bytes_of(read[i]);
        if (read[i]->redeemed && read[i]->stopped == GALEN_OK && bytes <= left) {
            struct chart *chart = chart_get(engine, &read[i]->id);
            if (!chart || chart_take_over(engine, chart, read[i]) != GALEN_OK)
                engine->outputs.failed = true;
            left -= bytes;
        }
        chart_free(read[i]);
    }
    free(read);
}

struct chart *chart_find(const struct galen_engine *engine, const struct galen_id *id)
{
    for (size_t i = 0; i < engine->chart_count; i++)
        if (galen_id_equal(&engine->charts[i]->id, id))
            return engine->charts[i];
    return NULL;
}

/* Of a chart like this we have a server's word and nothing else. */
static bool is_only_named(const struct chart *chart)
{
    return galen_log_size(chart->log) == 0 && chart->item_count == 0 &&
           chart->stopped != GALEN_ERR_CLONED;
}

static void forget(struct galen_engine *engine, size_t i)
{
    if (engine->charts[i]->stopped != GALEN_OK)
        forget_stopped(engine, engine->charts[i]);
    chart_free(engine->charts[i]);
    engine->chart_count--;
    memmove(&engine->charts[i], &engine->charts[i + 1],
            (engine->chart_count - i) * sizeof engine->charts[0]);
}

bool charts_make_room(struct galen_engine *engine, const struct galen_id *id)
{
    if (engine->chart_count < GALEN_CHARTS_MAX || chart_find(engine, id))
        return true;
    for (size_t i = 0; i < engine->chart_count; i++)
        if (is_only_named(engine->charts[i])) {
            forget(engine, i);
            return true;
        }
    event(engine, (struct galen_event){
                      .kind = GALEN_EVENT_CHARTS_FULL, .chart = *id, .err = GALEN_ERR_LIMIT});
    return false;
}

struct chart *chart_get(struct galen_engine *engine, const struct galen_id *id)
{
    struct chart *chart = chart_find(engine, id);
    if (chart)
        return chart;
    if (engine->chart_count == engine->chart_room) {
        size_t room = engine->chart_room * 2 + 4;
        struct chart **charts = realloc(engine->charts, room * sizeof(struct chart *));
        if (!charts)
            return NULL;
        engine->charts = charts;
        engine->chart_room = room;
    }
    chart = calloc(1, sizeof *chart);
    if (!chart)
        return NULL;
    chart->id = *id;
    chart->withheld = GALEN_NO_ENTRY;
    chart->log = galen_log_new(&engine->me.practice_keys, reading_as(engine));
    chart->docs = galen_docs_new();
    if (!chart->log || !chart->docs) {
        chart_free(chart);
        return NULL;
    }
    engine->charts[engine->chart_count++] = chart;
    return chart;
}
