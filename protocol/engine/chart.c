#include "state.h"

#include "galen/mutation.h"

#include <stdlib.h>
#include <string.h>

const struct galen_device_secrets *reading_as(const struct galen_engine *engine)
{
    if (engine->me.state == GALEN_HOME_JOINING && !engine->joining.as_fresh)
        return &engine->joining.secrets;
    return &engine->me.secrets;
}

const struct galen_member *chart_me(const struct galen_engine *engine, const struct chart *chart)
{
    struct galen_id self = device_of(engine, reading_as(engine));
    const struct galen_member *me = galen_rules_member(galen_log_rules(chart->log), &self);
    bool ours = me && (engine->me.state != GALEN_HOME_MEMBER ||
                       galen_id_equal(&me->account, &engine->me.account));
    return ours ? me : NULL;
}

bool chart_is_strangers(const struct galen_engine *engine, const struct chart *chart)
{
    struct galen_id self = device_of(engine, reading_as(engine));
    return galen_rules_member(galen_log_rules(chart->log), &self) && !chart_me(engine, chart);
}

/* -- connection ------------------------------------------------------------------------------------- */

void chart_open(struct galen_engine *engine, struct chart *chart)
{
    if (chart->opened || chart->stopped != GALEN_OK)
        return;
    chart->opened = true;
    chart->open_request = next_request(engine);
    struct galen_frame frame = {
        .type = GALEN_FRAME_OPEN,
        .as.open = {chart->open_request, chart->id, galen_log_size(chart->log)}};
    send_frame(engine, GALEN_CONNECTION_LOG, &frame);
}

void chart_line_lost(struct chart *chart)
{
    chart->opened = chart->current = chart->stuck = false;
    chart->open_request = chart->bodies_request = 0;
    chart->bodies_to = 0;
    chart->await_epoch = 0;
    chart->head_size = 0; /* sent again to whatever server comes next */
    for (size_t i = 0; i < chart->item_count; i++)
        chart->items[i].request = 0;
}

void chart_stop(struct galen_engine *engine, struct chart *chart, enum galen_err why,
                const struct galen_id *device)
{
    if (chart->stopped != GALEN_OK)
        return;
    chart->stopped = (uint16_t)why;
    save_stopped(engine, chart);
    commit(engine);
    event(engine, (struct galen_event){.kind = why == GALEN_ERR_CLONED ? GALEN_EVENT_CLONED
                                                                       : GALEN_EVENT_FORK,
                                       .chart = chart->id,
                                       .device = *device,
                                       .err = (uint16_t)why,
                                       .index = galen_log_size(chart->log)});
}

/* -- entries ---------------------------------------------------------------------------------------- */

_Static_assert(2 * GALEN_TREE_SIZE_MAX + 16 <= SIZE_MAX / sizeof(struct stored),
               "the entries of the largest log are addressable");

static bool make_room(struct chart *chart)
{
    if (galen_log_size(chart->log) < chart->entry_room)
        return true;
    size_t room = chart->entry_room * 2 + 16;
    struct stored *entries = realloc(chart->entries, room * sizeof *entries);
    if (!entries)
        return false;
    memset(entries + chart->entry_room, 0, (room - chart->entry_room) * sizeof *entries);
    chart->entries = entries;
    chart->entry_room = room;
    return true;
}

/* What an opened entry says goes into the documents, in log order. */
static enum galen_err take_operation(struct chart *chart, const struct galen_read *read,
                                     struct galen_bytes plain)
{
    struct galen_op op;
    enum galen_err err = galen_op_read(plain, read->class, &op);
    if (err != GALEN_OK && err != GALEN_ERR_UNKNOWN_KIND)
        return GALEN_OK; /* void for everybody who can open it; the log shows it as it is */
    struct galen_docs_entry place = {.index = read->index,
                                     .device = read->author,
                                     .account = read->account,
                                     .role = read->role,
                                     .purpose = read->purpose,
                                     .received_ms = read->received_ms,
                                     .head_size = read->head_size};
    /* No document is shown past a body that is held back (L9). */
    if (read->index > chart->withheld)
        return GALEN_OK;
    struct galen_verdict verdict;
    return galen_docs_apply(chart->docs, &place, &op, &verdict);
}

void piece_wipe(struct piece *piece)
{
    if (piece->owned) {
        galen_wipe((uint8_t *)piece->bytes.at, piece->bytes.size);
        free((uint8_t *)piece->bytes.at);
    }
    *piece = (struct piece){0};
}

/* What was written, which is the piece's from now on. */
static struct piece piece_of(struct galen_writer *w)
{
    if (w->failed || w->size == 0) {
        galen_writer_wipe(w);
        return (struct piece){0};
    }
    return (struct piece){galen_written(w), true};
}

/* Its place is kept free; the log has it. */
static enum galen_err keep_entry(struct chart *chart, const struct galen_read *read,
                                 const struct stored *stored)
{
    chart->entries[read->index] = *stored;
    if (read->state == GALEN_READ_WITHHELD)
        chart->withheld = earlier(chart->withheld, read->index);
    return read->state == GALEN_READ_OPEN ? take_operation(chart, read, stored->plain.bytes)
                                          : GALEN_OK;
}

/* Colleagues are added elsewhere by what the practice's own chart says of them: in a patient's, anybody may
 * have certified their keys (PROTOCOL.md, "Who may certify whom"). */
static void learn_from(struct galen_engine *engine, const struct chart *chart,
                       const struct galen_entry *entry, const struct galen_read *read)
{
    if (entry->header.class == GALEN_CLASS_EPOCH && read->state == GALEN_READ_CLEAR &&
        galen_id_equal(&chart->id, &engine->me.practice_chart))
        members_learn(engine, entry);
}

/* `judged`: where another of our logs has judged it before; NULL: to be judged now. */
static enum galen_err take_entry(struct galen_engine *engine, struct chart *chart,
                                 const struct galen_entry *entry, const uint16_t *judged,
                                 struct galen_read *read)
{
    if (!make_room(chart))
        return GALEN_ERR_MEMORY;
    struct galen_writer record, plain;
    galen_writer_init(&record);
    galen_writer_init(&plain);
    galen_entry_write(&record, entry);
    enum galen_err err = GALEN_ERR_MEMORY;
    if (!record.failed)
        err = judged ? galen_log_restore(chart->log, entry, *judged, false, read, &plain)
                     : galen_log_add(chart->log, entry, read, &plain);
    if (err != GALEN_OK) {
        galen_writer_wipe(&record);
        galen_writer_wipe(&plain);
        return err;
    }
    learn_from(engine, chart, entry, read);
    struct stored stored = {piece_of(&record), piece_of(&plain)};
    return keep_entry(chart, read, &stored);
}

enum galen_err chart_load_entry(struct galen_engine *engine, struct chart *chart, uint16_t judged,
                                const struct galen_entry *entry, struct galen_bytes record,
                                const struct galen_bytes *plain)
{
    struct galen_read read;
    struct galen_writer opened;
    if (!make_room(chart))
        return GALEN_ERR_MEMORY;
    galen_writer_init(&opened);
    enum galen_err err =
        galen_log_restore(chart->log, entry, judged, plain != NULL, &read, &opened);
    if (err != GALEN_OK) {
        galen_writer_wipe(&opened);
        return err;
    }
    learn_from(engine, chart, entry, &read);
    struct stored stored = {{record, false}, piece_of(&opened)};
    if (plain)
        stored.plain.bytes = *plain;
    else if (read.state == GALEN_READ_OPEN) /* its key came, and then a crash */
        save_entry(engine, chart, read.index);
    return keep_entry(chart, &read, &stored);
}

enum galen_err chart_load_opened(struct chart *chart, const struct galen_read *was,
                                 const uint8_t leaf[GALEN_HASH_BYTES], struct galen_bytes plain)
{
    struct galen_read read;
    if (!make_room(chart))
        return GALEN_ERR_MEMORY;
    enum galen_err err = galen_log_restore_opened(chart->log, was, leaf, &read);
    struct stored stored = {.plain = {plain, false}};
    return err == GALEN_OK ? keep_entry(chart, &read, &stored) : err;
}

/* From here on, changes of these are news. */
static void note_state(struct chart *chart)
{
    chart->was_holder = galen_log_is_holder(chart->log);
    chart->seen_epoch = galen_rules_epoch(galen_log_rules(chart->log));
}

/* A holder reads everything: what the other log has opened need not be opened again. */
static enum galen_err take_opened(struct chart *chart, struct chart *from, uint64_t index)
{
    const uint8_t *leaf = galen_tree_leaf(galen_rules_tree(galen_log_rules(from->log)), index);
    struct galen_read read;
    if (!make_room(chart))
        return GALEN_ERR_MEMORY;
    enum galen_err err =
        galen_log_restore_opened(chart->log, galen_log_read(from->log, index), leaf, &read);
    if (err != GALEN_OK)
        return err;
    struct stored stored = from->entries[index];
    from->entries[index] = (struct stored){0};
    return keep_entry(chart, &read, &stored);
}

static enum galen_err take_judged(struct galen_engine *engine, struct chart *chart,
                                  const struct chart *from, uint64_t index)
{
    struct galen_reader r;
    struct galen_entry entry;
    struct galen_read read;
    uint16_t judged = galen_log_read(from->log, index)->judged;
    galen_reader_init(&r, from->entries[index].record.bytes);
    enum galen_err err = galen_entry_read(&r, &entry);
    return err == GALEN_OK ? take_entry(engine, chart, &entry, &judged, &read) : err;
}

enum galen_err chart_take_over(struct galen_engine *engine, struct chart *chart, struct chart *from)
{
    const struct galen_member *me =
        galen_rules_member(galen_log_rules(from->log), galen_log_self(chart->log));
    for (uint64_t i = 0; i < galen_log_size(from->log); i++) {
        bool open = me && me->holder && galen_log_read(from->log, i)->state == GALEN_READ_OPEN;
        enum galen_err err =
            open ? take_opened(chart, from, i) : take_judged(engine, chart, from, i);
        if (err != GALEN_OK)
            return err;
        save_entry(engine, chart, i);
    }
    note_state(chart);
    return GALEN_OK;
}

static bool joining_as_link(const struct galen_engine *engine)
{
    return engine->me.state == GALEN_HOME_JOINING && !engine->joining.as_fresh;
}

/* A chart's id names its first entry (K5): whatever else comes first is another chart. */
static bool is_first_of(const struct galen_engine *engine, const struct chart *chart,
                        const struct galen_entry *entry)
{
    struct galen_id id = galen_chart_id(engine->primitives, entry->signed_header);
    return galen_id_equal(&id, &chart->id);
}

/* One entry at the end of what is known. */
static bool take_next(struct galen_engine *engine, struct chart *chart,
                      const struct galen_entry *entry)
{
    struct galen_read read;
    struct galen_id self = device_of(engine, reading_as(engine));
    if (galen_log_size(chart->log) == 0 && !is_first_of(engine, chart, entry)) {
        chart_stop(engine, chart, GALEN_ERR_FORK, &(struct galen_id){0});
        return false;
    }
    enum galen_err err = take_entry(engine, chart, entry, NULL, &read);
    if (err == GALEN_ERR_WITHHELD) { /* who belongs here cannot be known without it */
        event(engine, (struct galen_event){.kind = GALEN_EVENT_WITHHELD,
                                           .chart = chart->id,
                                           .err = (uint16_t)err,
                                           .index = galen_log_size(chart->log)});
        return false;
    }
    if (err != GALEN_OK) {
        engine->outputs.failed = true;
        return false;
    }
    if (read.state == GALEN_READ_WITHHELD)
        event(engine, (struct galen_event){.kind = GALEN_EVENT_WITHHELD,
                                           .chart = chart->id,
                                           .err = GALEN_ERR_WITHHELD,
                                           .index = read.index});
    if (!joining_as_link(engine))
        save_entry(engine, chart, read.index);
    if (read.class == GALEN_CLASS_EPOCH && read.state == GALEN_READ_CLEAR &&
        engine->me.state == GALEN_HOME_MEMBER)
        words_in_log(engine, chart, entry);
    if (galen_id_equal(&entry->header.author, &self))
        outbox_seen(engine, chart, entry, &read);
    event(engine, (struct galen_event){.kind = GALEN_EVENT_ENTRY,
                                       .chart = chart->id,
                                       .device = read.author,
                                       .account = read.account,
                                       .index = read.index,
                                       .err = read.why});
    return chart->stopped == GALEN_OK;
}

/* The documents follow from the operations in log order: what opened later is taken in its place. */
static enum galen_err replay(struct chart *chart)
{
    struct galen_docs *docs = galen_docs_new();
    if (!docs)
        return GALEN_ERR_MEMORY;
    galen_docs_free(chart->docs);
    chart->docs = docs;
    chart->withheld = GALEN_NO_ENTRY;
    for (uint64_t i = galen_log_size(chart->log); i-- > 0;)
        if (galen_log_read(chart->log, i)->state == GALEN_READ_WITHHELD)
            chart->withheld = i;
    enum galen_err err = GALEN_OK;
    for (uint64_t i = 0; err == GALEN_OK && i < galen_log_size(chart->log); i++) {
        const struct galen_read *read = galen_log_read(chart->log, i);
        if (read->state == GALEN_READ_OPEN)
            err = take_operation(chart, read, chart->entries[i].plain.bytes);
    }
    return err;
}

/* An entry whose body came after the record opened. */
static bool take_again(struct galen_engine *engine, struct chart *chart, uint64_t index,
                       const struct galen_entry *entry)
{
    const struct galen_read *known = galen_log_read(chart->log, index);
    if (!known || (known->state != GALEN_READ_LOCKED && known->state != GALEN_READ_WITHHELD))
        return true;
    struct galen_writer record, plain;
    struct galen_read read;
    galen_writer_init(&record);
    galen_writer_init(&plain);
    galen_entry_write(&record, entry);
    enum galen_err err = record.failed
                             ? GALEN_ERR_MEMORY
                             : galen_log_open_again(chart->log, index, entry, &read, &plain);
    if (err != GALEN_OK) {
        galen_writer_wipe(&record);
        galen_writer_wipe(&plain);
        if (err == GALEN_ERR_MEMORY)
            engine->outputs.failed = true;
        return false;
    }
    piece_wipe(&chart->entries[index].record);
    piece_wipe(&chart->entries[index].plain);
    chart->entries[index] = (struct stored){piece_of(&record), piece_of(&plain)};
    if (!joining_as_link(engine))
        save_entry(engine, chart, index);
    return true;
}

/* Earlier bodies that this home has kept already open when their keys are known. */
static enum galen_err open_kept(struct galen_engine *engine, struct chart *chart, bool *opened)
{
    *opened = false;
    for (uint64_t i = 0; i < galen_log_size(chart->log); i++) {
        struct galen_reader r;
        struct galen_entry entry;
        struct galen_read read;
        uint8_t state = galen_log_read(chart->log, i)->state;
        if (state != GALEN_READ_LOCKED && state != GALEN_READ_WITHHELD)
            continue;
        struct galen_writer plain;
        galen_reader_init(&r, chart->entries[i].record.bytes);
        if (galen_entry_read(&r, &entry) != GALEN_OK || entry.body_state != GALEN_BODY_PRESENT)
            continue;
        galen_writer_init(&plain);
        enum galen_err err = galen_log_open_again(chart->log, i, &entry, &read, &plain);
        if (err != GALEN_OK) {
            galen_writer_wipe(&plain);
            return err;
        }
        chart->entries[i].plain = piece_of(&plain);
        if (read.state != GALEN_READ_OPEN)
            continue;
        *opened = true;
        save_entry(engine, chart, i);
    }
    return GALEN_OK;
}

enum galen_err chart_loaded(struct galen_engine *engine, struct chart *chart)
{
    bool opened;
    if (!galen_log_restored_keys(chart->log))
        return GALEN_ERR_FORMAT;
    note_state(chart);
    enum galen_err err = open_kept(engine, chart, &opened);
    return err == GALEN_OK && opened ? replay(chart) : err;
}

/* Once the history secret is here, what is kept opens. */
static void open_now(struct galen_engine *engine, struct chart *chart)
{
    bool opened = false;
    enum galen_err err = open_kept(engine, chart, &opened);
    if (err == GALEN_OK && opened)
        err = replay(chart);
    if (err != GALEN_OK)
        engine->outputs.failed = true;
    else if (opened)
        event(engine, (struct galen_event){.kind = GALEN_EVENT_REOPENED, .chart = chart->id});
}

/* Earlier bodies that are not here are asked for then; and what was held back, on every new line. */
static void ask_bodies(struct galen_engine *engine, struct chart *chart)
{
    uint64_t from = UINT64_MAX, to = 0;
    for (uint64_t i = 0; i < galen_log_size(chart->log); i++) {
        uint8_t state = galen_log_read(chart->log, i)->state;
        if (state != GALEN_READ_LOCKED && state != GALEN_READ_WITHHELD)
            continue;
        from = earlier(from, i);
        to = i + 1;
    }
    if (to == 0)
        return;
    chart->bodies_to = to;
    chart->bodies_request = next_request(engine);
    struct galen_frame frame = {.type = GALEN_FRAME_BODIES,
                                .as.bodies = {chart->bodies_request, chart->id, from, to}};
    send_frame(engine, GALEN_CONNECTION_LOG, &frame);
}

static void look_at_members(struct galen_engine *engine, uint64_t now_ms, struct chart *chart)
{
    uint32_t epoch = galen_rules_epoch(galen_log_rules(chart->log));
    if (epoch != chart->seen_epoch) {
        chart->seen_epoch = epoch;
        event(engine,
              (struct galen_event){.kind = GALEN_EVENT_CHART, .chart = chart->id, .number = epoch});
        live_members(engine, now_ms, chart);
    }
    bool holder = galen_log_is_holder(chart->log);
    bool missing = holder || chart->withheld != GALEN_NO_ENTRY;
    if (missing && chart->bodies_request == 0 && chart->current &&
        (holder != chart->was_holder || chart->bodies_to == 0)) {
        chart->was_holder = holder;
        if (!joining_as_link(engine)) {
            if (holder)
                open_now(engine, chart);
            ask_bodies(engine, chart);
        }
        if (chart->bodies_to == 0)
            chart->bodies_to = UINT64_MAX; /* nothing was locked */
    }
}

static void tell_ahead(struct galen_engine *engine, struct chart *chart);

static void became_current(struct galen_engine *engine, uint64_t now_ms, struct chart *chart)
{
    bool before = chart->current;
    chart->current = galen_log_size(chart->log) >= chart->server_size;
    if (chart->current && !before)
        event(engine, (struct galen_event){.kind = GALEN_EVENT_CURRENT,
                                           .chart = chart->id,
                                           .number = galen_log_size(chart->log)});
    if (chart->current) {
        tell_ahead(engine, chart);
        words_judge(engine, now_ms, chart);
    }
    look_at_members(engine, now_ms, chart);
    if (engine->me.state == GALEN_HOME_JOINING)
        join_step(engine, now_ms);
    else
        outbox_pump(engine, now_ms, chart);
}

static void took_again(struct galen_engine *engine, struct chart *chart, uint64_t end)
{
    if (end < chart->bodies_to)
        return;
    chart->bodies_request = 0;
    chart->bodies_to = UINT64_MAX;
    if (replay(chart) != GALEN_OK)
        engine->outputs.failed = true;
    event(engine, (struct galen_event){.kind = GALEN_EVENT_REOPENED, .chart = chart->id});
}

void chart_entries(struct galen_engine *engine, uint64_t now_ms,
                   const struct galen_frame_entries *frame)
{
    struct chart *chart = chart_find(engine, &frame->chart);
    /* A link that was redeemed here belongs to the chart no longer: its last entry is no clone's. */
    if (!chart || chart->stopped != GALEN_OK || chart->redeemed)
        return;
    struct galen_reader records;
    struct galen_entry entry;
    uint64_t index = frame->first;
    bool going = true;
    galen_reader_init(&records, frame->records);
    /* A server that has less than we have verified was put back, or shows us another history (H2). */
    if (!frame->again && frame->size < galen_log_size(chart->log)) {
        struct galen_id none = {0};
        chart_stop(engine, chart, GALEN_ERR_FORK, &none);
        return;
    }
    while (going && galen_entries_next(&records, &entry) == GALEN_OK) {
        if (frame->again)
            going = take_again(engine, chart, index, &entry);
        else if (index == galen_log_size(chart->log))
            going = take_next(engine, chart, &entry);
        else
            going = index < galen_log_size(chart->log);
        index++;
    }
    commit(engine);
    if (frame->again) {
        took_again(engine, chart, index);
        return;
    }
    /* A clear body was held back, or something is missing in between: asked for again (L9). */
    chart->stuck = galen_log_size(chart->log) < index;
    chart->server_size = frame->size;
    if (galen_log_fork(chart->log))
        chart_stop(engine, chart, GALEN_ERR_FORK, &galen_log_fork(chart->log)->device);
    became_current(engine, now_ms, chart);
}

/* -- heads ------------------------------------------------------------------------------------------ */

static void tell_verified(struct galen_engine *engine, const struct chart *chart,
                          const struct galen_id *device)
{
    const struct galen_head *head = galen_log_head_of(chart->log, device);
    if (head)
        event(engine, (struct galen_event){.kind = GALEN_EVENT_VERIFIED,
                                           .chart = chart->id,
                                           .device = *device,
                                           .number = head->size});
}

/* Heads that were larger than our log say something once we have got there (H1). */
static void tell_ahead(struct galen_engine *engine, struct chart *chart)
{
    size_t left = 0;
    for (size_t i = 0; i < chart->ahead_count; i++)
        if (galen_log_head_waits(chart->log, &chart->ahead[i]))
            chart->ahead[left++] = chart->ahead[i];
        else
            tell_verified(engine, chart, &chart->ahead[i]);
    chart->ahead_count = left;
}

static void wait_for(struct chart *chart, const struct galen_id *device)
{
    bool known = false;
    for (size_t i = 0; i < chart->ahead_count && !known; i++)
        known = galen_id_equal(&chart->ahead[i], device);
    if (!known && chart->ahead_count < GALEN_MEMBERS_MAX)
        chart->ahead[chart->ahead_count++] = *device;
}

void chart_refused(struct galen_engine *engine, const struct galen_frame_refused *frame)
{
    struct chart *chart = chart_find(engine, &frame->chart);
    bool passes = frame->err == GALEN_ERR_LIMIT || frame->err == GALEN_ERR_STATE ||
                  frame->err == GALEN_ERR_MEMORY;
    if (chart && passes && GALEN_CHECKED(HEAD_AGAIN))
        chart->head_size = 0;
}

void chart_heads(struct galen_engine *engine, const struct galen_frame_heads *frame)
{
    struct chart *chart = chart_find(engine, &frame->chart);
    if (!chart)
        return;
    struct galen_reader r;
    galen_reader_init(&r, frame->heads);
    struct galen_head head;
    while (r.left > 0 && galen_head_read(&r, &head) == GALEN_OK) {
        if (!galen_id_equal(&head.chart, &chart->id))
            continue;
        enum galen_err err = galen_log_take_head(chart->log, &head);
        if (err == GALEN_ERR_HEAD)
            chart_stop(engine, chart, GALEN_ERR_FORK, &head.device);
        else if (err == GALEN_OK)
            tell_verified(engine, chart, &head.device);
        else if (err == GALEN_ERR_STATE)
            wait_for(chart, &head.device);
    }
}

static bool owes_head(const struct galen_engine *engine, const struct chart *chart)
{
    return engine->me.state == GALEN_HOME_MEMBER && chart->current && chart->stopped == GALEN_OK &&
           galen_log_size(chart->log) > chart->head_size && chart_me(engine, chart) != NULL;
}

void chart_tick(struct galen_engine *engine, uint64_t now_ms, struct chart *chart)
{
    chart->head_at_ms = earlier(chart->head_at_ms, now_ms);
    chart->care_at_ms = earlier(chart->care_at_ms, now_ms + CARE_EVERY_MS);
    if (!line_ready(engine, GALEN_CONNECTION_LOG))
        return;
    if (owes_head(engine, chart) && now_ms - chart->head_at_ms >= GALEN_HEAD_EVERY_MS) {
        struct galen_frame frame = {.type = GALEN_FRAME_HEAD};
        galen_log_sign_head(chart->log, now_ms, &frame.as.head.head);
        chart->head_size = frame.as.head.head.size;
        chart->head_at_ms = now_ms;
        send_frame(engine, GALEN_CONNECTION_LOG, &frame);
    }
    if (now_ms >= chart->care_at_ms) {
        chart->care_at_ms = now_ms + CARE_EVERY_MS;
        if (chart->stuck) {
            chart->stuck = chart->opened = false;
            chart_open(engine, chart);
        }
        members_care(engine, now_ms, chart);
    }
    outbox_pump(engine, now_ms, chart);
}

uint64_t chart_deadline(const struct galen_engine *engine, const struct chart *chart)
{
    if (!line_ready(engine, GALEN_CONNECTION_LOG))
        return UINT64_MAX;
    uint64_t at = outbox_deadline(chart);
    if (owes_head(engine, chart))
        at = earlier(at, chart->head_at_ms + GALEN_HEAD_EVERY_MS);
    if ((chart->current || chart->stuck) && chart->stopped == GALEN_OK)
        at = earlier(at, chart->care_at_ms);
    return at;
}
