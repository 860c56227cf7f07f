/*
 * Reading a chart: a cursor for each that a connection follows. Entries go from the store to the line
 * as it takes them, so a slow reader costs a number, not a queue.
 */
#include "hub_state.h"

#include "galen/mutation.h"

struct slice {
    struct hub *hub;
    uint32_t since; /* the member's first epoch, who is no holder; 0: a holder, who may read all */
    size_t count;
};

static uint32_t reads_since(const struct galen_member *member)
{
    return member->holder ? 0 : member->since_epoch;
}

/* Holders may read all of it, others the messages and visits since they came (I5): the record opens as
 * a whole, since a part of it, shown before the identity check, would be wrong as well as early. */
static bool may_read(const struct slice *slice, const struct galen_header *header)
{
    return slice->since == 0 || galen_class_is_clear(header->class) ||
           (header->epoch >= slice->since && header->class != GALEN_CLASS_RECORD);
}

static bool add_record(void *context, uint64_t index, const struct galen_entry *entry)
{
    struct slice *slice = context;
    struct galen_writer *records = &slice->hub->records;
    struct galen_entry shown = *entry;
    (void)index;
    if (GALEN_CHECKED(BODY_RIGHTS) && !may_read(slice, &entry->header)) {
        shown.body_state = GALEN_BODY_NOT_YOURS;
        shown.body = (struct galen_bytes){0};
    }
    galen_entry_write(records, &shown);
    slice->count++;
    return slice->count < GALEN_ENTRIES_PER_FRAME && records->size < HUB_ENTRIES_BYTES;
}

static void give_up(struct hub *hub, struct hub_tie *tie, enum galen_err err)
{
    hub_refuse(hub, tie->connection, 0, err, &tie->chart->node.id, 0);
    hub_chart_untie(tie);
}

/* Makes the frame with entries [from, to), as far as one frame goes. False: the tie was given up. */
static bool make_frame(struct hub *hub, struct hub_tie *tie, uint64_t from, uint64_t to, bool again,
                       uint64_t *next)
{
    struct slice slice = {hub, tie->since, 0};
    galen_writer_clear(&hub->records);
    enum galen_err err =
        store_read_entries(hub->config.store, &tie->chart->node.id, from, to, add_record, &slice);
    if (err == GALEN_OK && hub->records.failed)
        err = GALEN_ERR_MEMORY;
    if (err == GALEN_OK && slice.count == 0 && from < to)
        err = GALEN_ERR_STORE; /* the store has fewer entries than it said */
    if (err != GALEN_OK) {
        give_up(hub, tie, err);
        return false;
    }
    struct galen_frame frame = {.type = GALEN_FRAME_ENTRIES};
    frame.as.entries.chart = tie->chart->node.id;
    frame.as.entries.first = from;
    frame.as.entries.size = tie->chart->durable;
    frame.as.entries.again = again;
    frame.as.entries.records = galen_written(&hub->records);
    galen_writer_clear(&hub->frame);
    galen_frame_write(&hub->frame, &frame);
    *next = from + slice.count;
    return true;
}

/* -- the newest entries, for all who are current ------------------------------------------------- */

static bool tail_fits(const struct hub_tie *tie)
{
    const struct hub_chart *chart = tie->chart;
    return chart->tail && tie->until == 0 && tie->next < chart->durable &&
           chart->tail_first == tie->next && chart->tail_next == chart->durable &&
           chart->tail_since == tie->since;
}

static void keep_tail(struct hub *hub, const struct hub_tie *tie, uint64_t next)
{
    struct hub_chart *chart = tie->chart;
    struct galen_bytes frame = galen_written(&hub->frame);
    if (tie->until > 0 || tie->next == next || next != chart->durable ||
        frame.size > HUB_TAIL_BYTES)
        return;
    buffer_release(&hub->pool, chart->tail);
    chart->tail = buffer_make(&hub->pool, frame, (struct galen_bytes){0});
    chart->tail_first = tie->next;
    chart->tail_next = next;
    chart->tail_since = tie->since;
}

static struct galen_bytes next_entries(struct hub *hub, struct hub_tie *tie)
{
    uint64_t next, to = tie->until > 0 ? tie->until : tie->chart->durable;
    tie->greeted = true;
    if (tail_fits(tie)) {
        tie->next = tie->chart->tail_next;
        return (struct galen_bytes){tie->chart->tail->at, tie->chart->tail->size};
    }
    if (!make_frame(hub, tie, tie->next, to, false, &next))
        return (struct galen_bytes){0};
    keep_tail(hub, tie, next);
    tie->next = next;
    return galen_written(&hub->frame);
}

static struct galen_bytes next_again(struct hub *hub, struct hub_tie *tie)
{
    uint64_t next;
    if (!make_frame(hub, tie, tie->again_from, tie->again_to, true, &next))
        return (struct galen_bytes){0};
    tie->again_from = next;
    tie->again = next < tie->again_to;
    return galen_written(&hub->frame);
}

/* -- whose turn it is --------------------------------------------------------------------------- */

/* Behind the last entry that this tie may read. */
static uint64_t end_of(const struct hub_tie *tie)
{
    return tie->until > 0 ? tie->until : tie->chart->durable;
}

static bool has_entries(const struct hub_tie *tie)
{
    return !tie->greeted || tie->next < end_of(tie) || tie->again;
}

/* Heads and notices speak of the chart as it is, so they wait until the reader has read that far. */
static void tell(struct hub *hub, struct hub_tie *tie)
{
    tie->told = true;
    hub_heads_send_all(hub, tie->chart, tie->connection);
    hub_statements_send_all(hub, tie->chart, tie->connection);
}

/* Puts a tie that was served behind the others of its connection. */
static void rotate(struct hub_tie *tie)
{
    struct hub_tie **at = &tie->connection->ties;
    while (*at != tie)
        at = &(*at)->next_of_connection;
    if (!tie->next_of_connection)
        return;
    *at = tie->next_of_connection;
    while (*at)
        at = &(*at)->next_of_connection;
    *at = tie;
    tie->next_of_connection = NULL;
}

static struct galen_bytes serve(struct hub *hub, struct hub_tie *tie)
{
    const struct galen_member *member = hub_chart_member(tie->chart, tie->connection);
    if (member && tie->until == 0)
        tie->since = reads_since(member);
    return !tie->greeted || tie->next < end_of(tie) ? next_entries(hub, tie) : next_again(hub, tie);
}

struct galen_bytes hub_reading_next(struct hub *hub, struct hub_connection *connection)
{
    struct galen_bytes frame = {0};
    for (struct hub_tie *tie = connection->ties, *next; tie && frame.size == 0; tie = next) {
        next = tie->next_of_connection;
        if (has_entries(tie)) {
            rotate(tie);
            frame = serve(hub, tie);
        } else if (tie->until > 0) {
            give_up(hub, tie, GALEN_ERR_NOT_MEMBER);
        } else if (!tie->told) {
            tell(hub, tie);
        }
    }
    return frame;
}

void hub_reading_wake(struct hub *hub, struct hub_chart *chart)
{
    for (struct hub_tie *tie = chart->ties; tie; tie = tie->next_of_chart) {
        if (tie->connection->state == HUB_LOG)
            hub_ready(hub, tie->connection);
    }
}

/* -- asking ------------------------------------------------------------------------------------- */

static enum galen_err find_readable(struct hub *hub, struct hub_connection *connection,
                                    const struct galen_id *id, struct hub_chart **chart)
{
    enum galen_err err = hub_chart_find(hub, id, chart);
    if (err == GALEN_OK && GALEN_CHECKED(READER) && !hub_chart_member(*chart, connection))
        err = GALEN_ERR_NOT_MEMBER;
    return err;
}

void hub_on_open(struct hub *hub, struct hub_connection *connection,
                 const struct galen_frame *frame)
{
    const struct galen_frame_open *open = &frame->as.open;
    struct hub_chart *chart;
    struct hub_tie *tie;
    enum galen_err err = find_readable(hub, connection, &open->chart, &chart);
    if (err == GALEN_OK)
        err = hub_chart_tie(hub, chart, connection, &tie);
    if (err != GALEN_OK) {
        hub_refuse(hub, connection, open->request, err, &open->chart, 0);
        return;
    }
    tie->next = open->from;
    tie->until = 0;
    tie->greeted = tie->told = tie->again = false;
    hub_ready(hub, connection);
}

void hub_on_bodies(struct hub *hub, struct hub_connection *connection,
                   const struct galen_frame *frame)
{
    const struct galen_frame_bodies *bodies = &frame->as.bodies;
    struct hub_chart *chart;
    struct hub_tie *tie = NULL;
    enum galen_err err = find_readable(hub, connection, &bodies->chart, &chart);
    if (err == GALEN_OK) {
        tie = hub_chart_tie_of(chart, connection);
        if (!tie || bodies->from > bodies->to)
            err = GALEN_ERR_FORMAT; /* the chart has to be open: what is sent again was sent once */
        else if (tie->again)
            err = GALEN_ERR_LIMIT;
    }
    if (err != GALEN_OK) {
        hub_refuse(hub, connection, bodies->request, err, &bodies->chart, 0);
        return;
    }
    tie->again = true;
    tie->again_from = bodies->from < chart->durable ? bodies->from : chart->durable;
    tie->again_to = bodies->to < chart->durable ? bodies->to : chart->durable;
    hub_ready(hub, connection);
}
