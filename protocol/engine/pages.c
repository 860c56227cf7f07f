/*
 * Entries on the disk. A log is saved in pages: what was found out about each of its entries, and what it
 * says. A page of its own, beside it, has the records as the server sent them; they make most of the bytes,
 * and are asked for by evidence only. The last page, which grows, has them in it.
 *
 * Of each entry of a page, by its first byte:
 *
 *   0  u16 what we found of it by the clear rules; its record
 *   1  it was opened: what it says; its record
 *   2  it was opened, and its record is on the page beside: u64 received_ms; author; u32 number; u32 epoch; u64
 *      head_size; u8 class; its leaf; what it says
 *
 * And of the page beside: u64 index; the record.
 */
#include "state.h"

#include "galen/mutation.h"

#include <stdlib.h>
#include <string.h>

/* A page that has as much takes no more: so much is written again, at most, for one new entry. */
#define PAGE_BYTES 32768

enum { KEPT_CLOSED = 0, KEPT_WHOLE = 1, KEPT_BESIDE = 2 };

/* -- saving ------------------------------------------------------------------------------------------- */

void save_entry(struct galen_engine *engine, struct chart *chart, uint64_t index)
{
    bool none = chart->unsaved_from == chart->unsaved_to;
    if (none || index < chart->unsaved_from)
        chart->unsaved_from = index;
    if (none || index >= chart->unsaved_to)
        chart->unsaved_to = index + 1;
    engine->unsaved = true;
}

static bool begin_page(struct chart *chart)
{
    if (chart->page_count == chart->page_room) {
        size_t room = chart->page_room * 2 + 4;
        uint64_t *pages = realloc(chart->pages, room * sizeof *pages);
        if (!pages)
            return false;
        chart->pages = pages;
        chart->page_room = room;
    }
    chart->pages[chart->page_count++] = chart->paged;
    return true;
}

/* Entries that came since get their pages. One that is full now is written for the last time. */
static bool divide(struct chart *chart)
{
    uint64_t last = chart->page_count > 0 ? chart->pages[chart->page_count - 1] : 0;
    size_t bytes = 0;
    for (uint64_t i = last; i < galen_log_size(chart->log); i++) {
        if (i == chart->paged) {
            if ((bytes >= PAGE_BYTES || chart->page_count == 0) && !begin_page(chart))
                return false;
            if (bytes >= PAGE_BYTES)
                chart->unsaved_from = earlier(chart->unsaved_from, last);
            bytes = bytes >= PAGE_BYTES ? 0 : bytes;
            chart->paged++;
        }
        bytes += chart->entries[i].record.bytes.size + chart->entries[i].plain.bytes.size;
    }
    return true;
}

static bool is_open(const struct chart *chart, uint64_t index)
{
    return galen_log_read(chart->log, index)->state == GALEN_READ_OPEN;
}

/* On the disk, and not here. */
static bool is_away(const struct chart *chart, uint64_t index)
{
    return is_open(chart, index) && chart->entries[index].record.bytes.size == 0;
}

static void write_beside(struct galen_writer *w, const struct chart *chart, uint64_t index)
{
    const struct galen_read *read = galen_log_read(chart->log, index);
    const uint8_t *leaf = galen_tree_leaf(galen_rules_tree(galen_log_rules(chart->log)), index);
    galen_write_u8(w, KEPT_BESIDE);
    galen_write_u64(w, read->received_ms);
    galen_write_id(w, &read->author);
    galen_write_u32(w, read->number);
    galen_write_u32(w, read->epoch);
    galen_write_u64(w, read->head_size);
    galen_write_u8(w, read->class);
    galen_write(w, leaf, GALEN_HASH_BYTES);
    galen_write_vector(w, chart->entries[index].plain.bytes);
}

static void write_kept(struct galen_writer *w, const struct chart *chart, uint64_t index)
{
    const struct stored *stored = &chart->entries[index];
    bool open = is_open(chart, index);
    galen_write_u8(w, open ? KEPT_WHOLE : KEPT_CLOSED);
    if (open)
        galen_write_vector(w, stored->plain.bytes);
    else
        galen_write_u16(w, galen_log_read(chart->log, index)->judged);
    galen_write(w, stored->record.bytes.at, stored->record.bytes.size);
}

static void save_records(struct galen_engine *engine, const struct chart *chart, uint64_t from,
                         uint64_t to)
{
    char key[KEY_MAX];
    struct galen_writer w;
    galen_writer_init(&w);
    for (uint64_t i = from; i < to; i++)
        if (is_open(chart, i)) {
            const struct galen_bytes record = chart->entries[i].record.bytes;
            galen_write_u64(&w, i);
            galen_write(&w, record.at, record.size);
        }
    chart_key_at(key, GALEN_LOADED_LATER, chart, "/", from);
    save_written(engine, key, &w);
}

/* The page beside is written when all its records are here; what opens later stays on its page. */
static void save_page(struct galen_engine *engine, const struct chart *chart, uint64_t from,
                      uint64_t to, bool full)
{
    char key[KEY_MAX];
    struct galen_writer w;
    for (uint64_t i = from; i < to && full; i++)
        full = !is_away(chart, i);
    galen_writer_init(&w);
    for (uint64_t i = from; i < to; i++)
        if (is_away(chart, i) || (full && is_open(chart, i)))
            write_beside(&w, chart, i);
        else
            write_kept(&w, chart, i);
    chart_key_at(key, "log/", chart, "/page/", from);
    save_written(engine, key, &w);
    if (full)
        save_records(engine, chart, from, to);
}

static void save_keys(struct galen_engine *engine, struct chart *chart)
{
    uint32_t epoch = galen_rules_epoch(galen_log_rules(chart->log));
    char key[KEY_MAX];
    struct galen_writer w;
    if (epoch == chart->keys_saved)
        return;
    chart->keys_saved = epoch;
    galen_writer_init(&w);
    galen_log_write_keys(chart->log, &w);
    chart_key(key, "log/", chart, "/keys");
    save_written(engine, key, &w);
}

void save_pages(struct galen_engine *engine)
{
    if (!engine->unsaved)
        return;
    engine->unsaved = false;
    for (size_t c = 0; c < engine->chart_count; c++) {
        struct chart *chart = engine->charts[c];
        if (chart->unsaved_from == chart->unsaved_to)
            continue;
        if (!divide(chart))
            engine->outputs.failed = true;
        save_keys(engine, chart);
        uint64_t end = chart->paged;
        for (size_t p = chart->page_count; p-- > 0 && end > chart->unsaved_from;) {
            if (chart->pages[p] < chart->unsaved_to)
                save_page(engine, chart, chart->pages[p], end, p + 1 < chart->page_count);
            end = chart->pages[p];
        }
        chart->unsaved_from = chart->unsaved_to = 0;
    }
}

/* A full page's records lie beside it; of the last there may be none to remove. */
void forget_pages(struct galen_engine *engine, const struct chart *chart)
{
    char key[KEY_MAX];
    for (size_t p = 0; p < chart->page_count; p++) {
        chart_key_at(key, "log/", chart, "/page/", chart->pages[p]);
        save(engine, key, (struct galen_bytes){0});
        chart_key_at(key, GALEN_LOADED_LATER, chart, "/", chart->pages[p]);
        save(engine, key, (struct galen_bytes){0});
    }
    chart_key(key, "log/", chart, "/keys");
    save(engine, key, (struct galen_bytes){0});
}

/* -- loading ------------------------------------------------------------------------------------------ */

/* A copy that stays as long as the chart. False: no memory. */
static bool keep_loaded(struct chart *chart, struct galen_bytes value, struct galen_bytes *kept)
{
    if (chart->loaded_count == chart->loaded_room) {
        size_t room = chart->loaded_room * 2 + 4;
        struct galen_writer *loaded = realloc(chart->loaded, room * sizeof *loaded);
        if (!loaded)
            return false;
        chart->loaded = loaded;
        chart->loaded_room = room;
    }
    struct galen_writer *w = &chart->loaded[chart->loaded_count++];
    galen_writer_init(w);
    galen_write(w, value.at, value.size);
    *kept = galen_written(w);
    return !w->failed;
}

/* What the reader goes over, as it stands there. */
static struct galen_bytes read_record(struct galen_reader *r, struct galen_entry *entry)
{
    const uint8_t *from = r->at;
    if (galen_entry_read(r, entry) != GALEN_OK)
        return (struct galen_bytes){0};
    return (struct galen_bytes){from, (size_t)(r->at - from)};
}

static enum galen_err load_kept(struct galen_engine *engine, struct chart *chart,
                                struct galen_reader *r, bool opened)
{
    struct galen_entry entry;
    struct galen_bytes plain = {0};
    uint16_t judged = GALEN_OK;
    if (opened)
        plain = galen_read_vector(r, GALEN_PLAIN_MAX);
    else
        judged = galen_read_u16(r);
    struct galen_bytes record = read_record(r, &entry);
    if (r->failed)
        return GALEN_ERR_FORMAT;
    return chart_load_entry(engine, chart, judged, &entry, record, opened ? &plain : NULL);
}

static enum galen_err load_beside(struct chart *chart, struct galen_reader *r)
{
    struct galen_read was = {.received_ms = galen_read_u64(r)};
    was.author = galen_read_id(r);
    was.number = galen_read_u32(r);
    was.epoch = galen_read_u32(r);
    was.head_size = galen_read_u64(r);
    was.class = galen_read_u8(r);
    struct galen_bytes leaf = galen_take(r, GALEN_HASH_BYTES);
    struct galen_bytes plain = galen_read_vector(r, GALEN_PLAIN_MAX);
    return r->failed ? GALEN_ERR_FORMAT : chart_load_opened(chart, &was, leaf.at, plain);
}

enum galen_err load_page(struct galen_engine *engine, struct chart *chart, uint64_t from,
                         struct galen_bytes value)
{
    struct galen_bytes kept;
    struct galen_reader r;
    if (from != galen_log_size(chart->log) || value.size == 0)
        return GALEN_ERR_FORMAT;
    if (!begin_page(chart) || !keep_loaded(chart, value, &kept))
        return GALEN_ERR_MEMORY;
    galen_reader_init(&r, kept);
    enum galen_err err = GALEN_OK;
    while (err == GALEN_OK && r.left > 0) {
        uint8_t how = galen_read_u8(&r);
        if (how > KEPT_BESIDE)
            err = GALEN_ERR_FORMAT;
        else if (how == KEPT_BESIDE)
            err = load_beside(chart, &r);
        else
            err = load_kept(engine, chart, &r, how == KEPT_WHOLE);
    }
    chart->paged = galen_log_size(chart->log);
    return err;
}

enum galen_err load_keys(struct chart *chart, struct galen_bytes value)
{
    return galen_log_restore_keys(chart->log, value, &chart->keys_saved);
}

/* -- what is loaded later ----------------------------------------------------------------------------- */

/* The page that begins at or before the entry. */
static size_t page_of(const struct chart *chart, uint64_t index)
{
    size_t from = 0, to = chart->page_count;
    while (to - from > 1) {
        size_t middle = from + (to - from) / 2;
        if (chart->pages[middle] <= index)
            from = middle;
        else
            to = middle;
    }
    return from;
}

static uint64_t page_end(const struct chart *chart, size_t page)
{
    return page + 1 < chart->page_count ? chart->pages[page + 1] : chart->paged;
}

enum galen_err fetch_records(struct galen_engine *engine, const struct chart *chart, uint64_t from,
                             uint64_t to)
{
    enum galen_err err = GALEN_OK;
    for (uint64_t i = from; i < earlier(to, galen_log_size(chart->log)); i++) {
        if (!is_away(chart, i))
            continue;
        char key[KEY_MAX];
        size_t page = page_of(chart, i);
        chart_key_at(key, GALEN_LOADED_LATER, chart, "/", chart->pages[page]);
        load(engine, key);
        err = GALEN_ERR_NOT_LOADED;
        i = page_end(chart, page) - 1;
    }
    return err;
}

/* The one that the log has at this index? */
static bool is_the_one(const struct chart *chart, uint64_t index, const struct galen_entry *entry)
{
    uint8_t leaf[GALEN_HASH_BYTES];
    galen_entry_leaf(galen_sodium_primitives(), entry, leaf);
    return !GALEN_CHECKED(RECORD_LEAF) ||
           memcmp(leaf, galen_tree_leaf(galen_rules_tree(galen_log_rules(chart->log)), index),
                  sizeof leaf) == 0;
}

enum galen_err load_records(struct chart *chart, uint64_t from, struct galen_bytes value)
{
    struct galen_bytes kept;
    struct galen_reader r;
    if (chart->page_count == 0 || chart->pages[page_of(chart, from)] != from)
        return GALEN_ERR_FORMAT;
    uint64_t end = page_end(chart, page_of(chart, from));
    if (!keep_loaded(chart, value, &kept))
        return GALEN_ERR_MEMORY;
    galen_reader_init(&r, kept);
    while (r.left > 0) {
        struct galen_entry entry;
        uint64_t index = galen_read_u64(&r);
        struct galen_bytes record = read_record(&r, &entry);
        if (r.failed || index < from || index >= end || !is_the_one(chart, index, &entry))
            return GALEN_ERR_FORMAT;
        if (is_away(chart, index))
            chart->entries[index].record.bytes = record;
    }
    for (uint64_t i = from; i < end; i++)
        if (is_away(chart, i))
            return GALEN_ERR_FORMAT;
    return GALEN_OK;
}
