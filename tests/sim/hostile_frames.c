/* What a hostile server changes in the frames that pass through it. */
#include "hostile_server.h"

#include <stdlib.h>
#include <string.h>

/* -- changing what it sends --------------------------------------------------------------------- */

#define RECORDS_MAX (GALEN_ENTRIES_PER_FRAME + 2)

/* An ENTRIES frame taken apart. Entries borrow the frame's bytes. */
struct shown {
    struct galen_frame_entries frame;
    struct galen_entry entries[RECORDS_MAX];
    size_t count;
};

static bool take_apart(struct galen_bytes bytes, struct shown *shown)
{
    struct galen_frame frame;
    if (galen_frame_read(bytes, &frame) != GALEN_OK)
        return false;
    shown->frame = frame.as.entries;
    shown->count = 0;
    struct galen_reader r;
    galen_reader_init(&r, shown->frame.records);
    while (shown->count < GALEN_ENTRIES_PER_FRAME &&
           galen_entries_next(&r, &shown->entries[shown->count]) == GALEN_OK)
        shown->count++;
    return true;
}

static void put_together(const struct shown *shown, uint8_t **bytes, size_t *size)
{
    struct galen_frame frame = {.type = GALEN_FRAME_ENTRIES, .as.entries = shown->frame};
    struct galen_writer records, w;
    galen_writer_init(&records);
    galen_writer_init(&w);
    for (size_t i = 0; i < shown->count; i++)
        galen_entry_write(&records, &shown->entries[i]);
    frame.as.entries.records = galen_written(&records);
    galen_frame_write(&w, &frame);
    if (w.failed)
        abort();
    galen_writer_wipe(&records);
    free(*bytes);
    *bytes = w.at; /* taken over: freed with free() like any frame */
    *size = w.size;
}

static void insert_at(struct shown *shown, size_t i, const struct galen_entry *entry)
{
    struct galen_entry copy = *entry;
    memmove(shown->entries + i + 1, shown->entries + i,
            (shown->count - i) * sizeof shown->entries[0]);
    shown->entries[i] = copy;
    shown->count++;
}

bool plot_read_record(const struct galen_writer *record, struct galen_entry *entry)
{
    struct galen_reader r;
    galen_reader_init(&r, galen_written(record));
    return record->size > 0 && galen_entry_read(&r, entry) == GALEN_OK;
}

/* Two records change places: the first is kept back until another comes. */
static bool swap(struct server_plot *plot, struct shown *shown, size_t i)
{
    struct galen_entry held;
    uint64_t index = shown->frame.first + i;
    if (plot_read_record(&plot->held, &held)) {
        shown->frame.first--;
        insert_at(shown, 1, &held);
        plot->bit = plot->ever = true;
        plot->at = index + 1;
        return true;
    }
    if (i + 1 < shown->count) {
        struct galen_entry first = shown->entries[i];
        shown->entries[i] = shown->entries[i + 1];
        shown->entries[i + 1] = first;
        plot->bit = plot->ever = true;
        plot->at = index + 1;
        return true;
    }
    if (i > 0)
        return true; /* only a record that comes alone is kept back */
    galen_entry_write(&plot->held, &shown->entries[i]);
    plot->at = index + 1;
    return false;
}

static bool bite(struct world *world, struct shown *shown, size_t i)
{
    struct server_plot *plot = world->server_plot;
    switch ((enum plot_kind)plot->kind) {
    case PLOT_DROP:
        shown->count--;
        memmove(shown->entries + i, shown->entries + i + 1,
                (shown->count - i) * sizeof shown->entries[0]);
        plot->shift = -1;
        shown->frame.size--;
        break;
    case PLOT_REPLAY:
        insert_at(shown, i, &shown->entries[i]);
        plot->shift = 1;
        shown->frame.size++;
        break;
    case PLOT_TIME:
        shown->entries[i].received_ms +=
            chance_in(&world->chance, 500) ? 1 : 1 + chance_below(&world->chance, 86400000);
        break;
    case PLOT_SWAP:
        return swap(plot, shown, i);
    default:
        return true;
    }
    plot->at = shown->frame.first + i;
    plot->bit = plot->ever = true;
    return shown->count > 0;
}

/* Bodies are taken away, or exchanged for others. */
static void withhold(struct world *world, struct shown *shown)
{
    static uint8_t other[GALEN_BODY_MAX];
    for (size_t i = 0; i < shown->count; i++) {
        struct galen_entry *entry = &shown->entries[i];
        if (shown->frame.first + i < world->server_plot->at ||
            entry->body_state != GALEN_BODY_PRESENT || !chance_in(&world->chance, 400))
            continue;
        bool clear = galen_class_is_clear(entry->header.class);
        if (chance_in(&world->chance, 300)) {
            memcpy(other, entry->body.at, entry->body.size);
            other[chance_below(&world->chance, entry->body.size)] ^= 1;
            entry->body.at = other;
            world->server_plot->bit = true;
            return; /* one buffer, one exchanged body a frame */
        }
        entry->body_state =
            clear || chance_in(&world->chance, 700) ? GALEN_BODY_WITHHELD : GALEN_BODY_NOT_YOURS;
        entry->body = (struct galen_bytes){0};
        world->server_plot->bit = true;
    }
}

static bool change_entries(struct world *world, uint8_t **bytes, size_t *size)
{
    struct server_plot *plot = world->server_plot;
    static struct shown shown;
    if (!take_apart((struct galen_bytes){*bytes, *size}, &shown) ||
        !galen_id_equal(&shown.frame.chart, &world->chart) || shown.frame.again)
        return true;
    bool passes = true;
    if (plot->kind == PLOT_WITHHOLD) {
        withhold(world, &shown);
    } else if (plot->bit) {
        if (shown.frame.first >= plot->at && plot->shift != 0) {
            shown.frame.first = (uint64_t)((int64_t)shown.frame.first + plot->shift);
            shown.frame.size = (uint64_t)((int64_t)shown.frame.size + plot->shift);
        }
    } else if (shown.frame.first + shown.count > plot->at && shown.count > 0) {
        uint64_t i = plot->at > shown.frame.first ? plot->at - shown.frame.first : 0;
        passes = bite(world, &shown, (size_t)i);
    }
    if (passes)
        put_together(&shown, bytes, size);
    return passes;
}

static bool is_for_victim(const struct world *world, const struct link *link)
{
    const struct server_plot *plot = world->server_plot;
    return plot && plot->on && !plot->over && link->node == plot->victim &&
           link->purpose == GALEN_CONNECTION_LOG && plot->kind != PLOT_FORK &&
           plot->kind != PLOT_RESTORE;
}

bool server_plot_meddle(struct world *world, struct link *link, uint8_t **bytes, size_t *size)
{
    if (!is_for_victim(world, link) || *size == 0)
        return true;
    if ((*bytes)[0] == GALEN_FRAME_HEADS)
        return !world->server_plot->hush;
    return (*bytes)[0] != GALEN_FRAME_ENTRIES || change_entries(world, bytes, size);
}

/* -- answering for the hub ---------------------------------------------------------------------- */

static bool copy_record(void *context, uint64_t index, const struct galen_entry *entry)
{
    (void)index;
    galen_entry_write(context, entry);
    return true;
}

/* The foreign chart's "log" is the beginning of the true one. */
static void show_foreign(struct world *world, struct link *link)
{
    struct galen_writer records, w;
    galen_writer_init(&records);
    galen_writer_init(&w);
    if (world->servers[0].store && store_read_entries(world->servers[0].store, &world->chart, 0, 3,
                                                      copy_record, &records) == GALEN_OK) {
        struct galen_frame frame = {.type = GALEN_FRAME_ENTRIES};
        frame.as.entries.chart = world->server_plot->foreign;
        frame.as.entries.size = 3;
        frame.as.entries.records = galen_written(&records);
        galen_frame_write(&w, &frame);
        world_tell(world, link, galen_written(&w));
        world->server_plot->bit = world->server_plot->ever = true;
    }
    galen_writer_wipe(&records);
    galen_writer_wipe(&w);
}

static bool change_open(struct world *world, struct link *link, struct galen_frame *frame,
                        uint8_t **bytes, size_t *size)
{
    struct server_plot *plot = world->server_plot;
    struct galen_frame_open *open = &frame->as.open;
    if (plot->kind == PLOT_FOREIGN && galen_id_equal(&open->chart, &plot->foreign)) {
        show_foreign(world, link);
        return false;
    }
    if (!galen_id_equal(&open->chart, &world->chart))
        return true;
    if (plot->kind == PLOT_SWAP && !plot->bit) { /* what was kept back will come again */
        galen_writer_clear(&plot->held);
        return true;
    }
    if (plot->bit && open->from <= plot->at) { /* a crash has taken it back */
        plot->bit = false;
        plot->shift = 0;
    }
    if (!plot->bit || plot->shift == 0)
        return true;
    open->from = (uint64_t)((int64_t)open->from - plot->shift);
    struct galen_writer w;
    galen_writer_init(&w);
    galen_frame_write(&w, frame);
    free(*bytes);
    *bytes = w.at;
    *size = w.size;
    return true;
}

bool server_plot_intercept(struct world *world, struct link *link, uint8_t **bytes, size_t *size)
{
    struct galen_frame frame;
    if (!is_for_victim(world, link) || *size == 0)
        return true;
    if ((*bytes)[0] == GALEN_FRAME_HEAD)
        return !(world->server_plot->hush && world->server_plot->bit);
    if ((*bytes)[0] != GALEN_FRAME_OPEN ||
        galen_frame_read((struct galen_bytes){*bytes, *size}, &frame) != GALEN_OK)
        return true;
    return change_open(world, link, &frame, bytes, size);
}
