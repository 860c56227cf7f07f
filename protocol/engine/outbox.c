#include "state.h"

#include "galen/mutation.h"

#include <stdlib.h>
#include <string.h>

void item_wipe(struct item *item)
{
    galen_writer_wipe(&item->plain);
    galen_writer_wipe(&item->bytes);
    galen_wipe(item, sizeof *item);
}

struct item item_new(struct galen_engine *engine, const struct chart *chart, uint8_t kind)
{
    struct item item = {.kind = kind, .place = ++engine->last_place};
    if (chart)
        item.composed_epoch = galen_rules_epoch(galen_log_rules(chart->log));
    draw(engine, item.token, sizeof item.token);
    return item;
}

enum galen_err may_write(const struct chart *chart)
{
    return chart->stopped;
}

bool outbox_make_room(struct chart *chart)
{
    if (chart->item_count < chart->item_room)
        return true;
    size_t room = chart->item_room * 2 + 4;
    if (room > SIZE_MAX / sizeof *chart->items)
        return false;
    struct item *items = realloc(chart->items, room * sizeof *items);
    if (!items)
        return false;
    chart->items = items;
    chart->item_room = room;
    return true;
}

enum galen_err outbox_add(struct galen_engine *engine, struct chart *chart, struct item *item)
{
    enum galen_err err = item->plain.failed || item->bytes.failed ? GALEN_ERR_MEMORY : GALEN_OK;
    if (err == GALEN_OK && chart->item_count >= OUTBOX_MAX)
        err = GALEN_ERR_LIMIT;
    if (err == GALEN_OK && !outbox_make_room(chart))
        err = GALEN_ERR_MEMORY;
    if (err != GALEN_OK) {
        item_wipe(item);
        return err;
    }
    save_item(engine, chart, item);
    chart->items[chart->item_count++] = *item;
    return GALEN_OK;
}

/* One that takes another back says so by its id. */
static bool has_id(const struct galen_op *op)
{
    static const uint8_t none[GALEN_OP_ID_BYTES];
    return memcmp(op->id, none, sizeof none) != 0;
}

enum galen_err outbox_operation(struct galen_engine *engine, uint64_t now_ms, struct chart *chart,
                                struct galen_op *op, bool quiet, galen_token token)
{
    enum galen_err err = may_write(chart);
    if (err != GALEN_OK)
        return err;
    struct item item = item_new(engine, chart, ITEM_CONTENT);
    item.class = galen_kind_class(op->kind);
    item.quiet = quiet;
    op->base = galen_log_size(chart->log);
    op->clock_ms = now_ms;
    if (has_id(op))
        memcpy(item.token, op->id, sizeof item.token);
    else
        memcpy(op->id, item.token, sizeof op->id);
    err = galen_op_check(op);
    if (err != GALEN_OK) {
        item_wipe(&item);
        return err;
    }
    galen_op_write(&item.plain, op);
    if (token)
        memcpy(token, item.token, sizeof item.token);
    return outbox_add(engine, chart, &item);
}

static void remove_item(struct chart *chart, struct item *item)
{
    size_t i = (size_t)(item - chart->items);
    item_wipe(item);
    chart->item_count--;
    memmove(item, item + 1, (chart->item_count - i) * sizeof *item);
}

void outbox_drop_last(struct galen_engine *engine, struct chart *chart)
{
    struct item *last = &chart->items[chart->item_count - 1];
    forget_item(engine, chart, last);
    remove_item(chart, last);
}

/* A request that concerns several charts is done when the last of its items is. */
static bool is_last_of(const struct galen_engine *engine, const struct item *item)
{
    for (size_t c = 0; c < engine->chart_count; c++)
        for (size_t i = 0; i < engine->charts[c]->item_count; i++) {
            const struct item *other = &engine->charts[c]->items[i];
            if (other != item && !other->quiet &&
                memcmp(other->token, item->token, sizeof item->token) == 0)
                return false;
        }
    return true;
}

/* What somebody wrote, even if only a part of it. Nothing else has it any more. */
static bool is_lost(const struct item *item, enum galen_err err)
{
    return err != GALEN_OK && item->kind == ITEM_CONTENT;
}

static void tell_finished(struct galen_engine *engine, const struct chart *chart,
                          const struct item *item, enum galen_err err, uint64_t index)
{
    struct galen_event e = {.kind = err == GALEN_OK ? GALEN_EVENT_DONE : GALEN_EVENT_FAILED,
                            .chart = chart->id,
                            .index = index,
                            .err = (uint16_t)err};
    if (is_lost(item, err)) {
        e.number = item->class;
        e.text = galen_written(&item->plain);
    }
    memcpy(e.token, item->token, sizeof e.token);
    event(engine, e);
}

void outbox_finish(struct galen_engine *engine, struct chart *chart, struct item *item,
                   enum galen_err err, uint64_t index)
{
    uint8_t kind = item->kind;
    /* While it is on the disk still: who is stopped before that was told is told again. */
    if (is_lost(item, err))
        tell_finished(engine, chart, item, err, index);
    if (kind == ITEM_DROP_DEVICE && item->quiet && err != GALEN_OK)
        chart->undroppable_epoch = galen_rules_epoch(galen_log_rules(chart->log));
    forget_item(engine, chart, item);
    /* Of somebody who is no member any more, nothing else will get there either. */
    if (err != GALEN_OK && err != GALEN_ERR_NOT_MEMBER && index == GALEN_NO_ENTRY &&
        GALEN_CHECKED(TEXT_CARRIED))
        texts_carry(engine, chart, item, UINT64_MAX);
    if (kind == ITEM_FIRST && err == GALEN_OK && engine->me.state == GALEN_HOME_FOUNDING)
        found_finished(engine);
    commit(engine);
    if (kind == ITEM_REDEEM) {
        chart->redeemed = err == GALEN_OK;
        if (err != GALEN_OK)
            join_failed(engine, err);
    }
    if (!is_lost(item, err) && !item->quiet && (err != GALEN_OK || is_last_of(engine, item)))
        tell_finished(engine, chart, item, err, index);
    remove_item(chart, item);
}

/* -- sending ---------------------------------------------------------------------------------------- */

/* Somebody whose first device came after this was written would read what was not meant for them
 * (L4). What our own account did to the members we know of. */
static bool person_joined_since(const struct galen_engine *engine, const struct chart *chart,
                                uint32_t epoch)
{
    const struct galen_rules *rules = galen_log_rules(chart->log);
    size_t count = galen_rules_member_count(rules);
    if (epoch == 0)
        epoch = 1; /* what was written for a chart of our own making is for those it begins with */
    for (size_t i = 0; i < count; i++) {
        const struct galen_member *m = galen_rules_member_at(rules, i);
        if (m->since_epoch <= epoch || galen_id_equal(&m->account, &engine->me.account))
            continue;
        const struct galen_member *issuer = galen_rules_ever_member(rules, &m->issuer);
        if (issuer && galen_id_equal(&issuer->account, &engine->me.account))
            continue; /* we invited them */
        bool known = false;
        for (size_t k = 0; k < count && !known; k++) {
            const struct galen_member *other = galen_rules_member_at(rules, k);
            known = galen_id_equal(&other->account, &m->account) && other->since_epoch <= epoch;
        }
        /* A device that took another's place: its account was here before. */
        if (!known && issuer && galen_id_equal(&issuer->account, &m->account))
            known = issuer->since_epoch <= epoch;
        if (!known)
            return true;
    }
    return false;
}

static void tell_held(struct galen_engine *engine, const struct chart *chart,
                      const struct item *item)
{
    struct galen_event e = {
        .kind = GALEN_EVENT_HELD, .chart = chart->id, .err = GALEN_ERR_PERSON_JOINED};
    memcpy(e.token, item->token, sizeof e.token);
    event(engine, e);
}

static void hold(struct galen_engine *engine, struct chart *chart, struct item *item)
{
    item->held = true;
    save_item(engine, chart, item);
    commit(engine);
    tell_held(engine, chart, item);
}

void outbox_loaded(struct galen_engine *engine, const struct chart *chart)
{
    for (size_t i = 0; i < chart->item_count; i++)
        if (chart->items[i].held)
            tell_held(engine, chart, &chart->items[i]);
}

/* Whoever signs has seen everything up to there: what came since they have not (D4). */
static bool is_overtaken(const struct chart *chart, const struct galen_op *op)
{
    return op->kind == GALEN_KIND_SIGN && op->base != galen_log_size(chart->log);
}

/* It was written behind an accept, of which nothing came (D2). */
static bool is_not_accepted(const struct galen_engine *engine, const struct chart *chart,
                            const struct galen_op *op)
{
    return op->kind == GALEN_KIND_WRITE && is_unanswered(engine, chart, &op->content.write);
}

static enum galen_err draft_content(struct galen_engine *engine, const struct chart *chart,
                                    struct item *item, uint32_t number)
{
    uint8_t salt[GALEN_KEY_BYTES];
    struct galen_op op;
    enum galen_err err = galen_op_read(galen_written(&item->plain), item->class, &op);
    if (err != GALEN_OK)
        return err;
    if (is_overtaken(chart, &op))
        return GALEN_ERR_BEHIND;
    if (GALEN_CHECKED(NOT_ACCEPTED) && is_not_accepted(engine, chart, &op))
        return GALEN_ERR_PROPOSED;
    draw(engine, salt, sizeof salt);
    return galen_log_seal(chart->log, item->class, number, galen_written(&item->plain), salt,
                          &item->bytes);
}

static uint32_t next_number(const struct galen_engine *engine, const struct chart *chart)
{
    struct galen_id self = device_of(engine, reading_as(engine));
    const struct galen_author *author = galen_rules_author(galen_log_rules(chart->log), &self);
    return author ? author->last_number + 1 : 1;
}

/* Makes the entry's bytes. DUPLICATE: nothing needs to be written any more. */
static enum galen_err draft(struct galen_engine *engine, uint64_t now_ms, struct chart *chart,
                            struct item *item)
{
    uint32_t number = next_number(engine, chart);
    enum galen_err err = GALEN_ERR_STATE;
    if (item->kind == ITEM_CONTENT)
        err = draft_content(engine, chart, item, number);
    else if (item->kind == ITEM_REDEEM)
        err = join_draft(engine, now_ms, chart, item, number);
    else if (item->kind != ITEM_FIRST)
        err = members_draft(engine, now_ms, chart, item, number);
    if (err == GALEN_OK && item->bytes.failed)
        err = GALEN_ERR_MEMORY;
    if (err != GALEN_OK) {
        galen_writer_wipe(&item->bytes);
        return err;
    }
    item->number = number;
    item->epoch = galen_rules_epoch(galen_log_rules(chart->log));
    return GALEN_OK;
}

static void send_item(struct galen_engine *engine, struct chart *chart, struct item *item)
{
    item->request = next_request(engine);
    item->retry_at_ms = 0;
    struct galen_frame frame = {.type = GALEN_FRAME_APPEND,
                                .as.append = {item->request, galen_written(&item->bytes)}};
    (void)chart;
    send_frame(engine, GALEN_CONNECTION_LOG, &frame);
}

/* The current epoch cannot be written in: a renewal goes first, or dropping who was revoked (E3, C4). */
static bool goes_first(struct galen_engine *engine, struct chart *chart, uint8_t kind,
                       const struct galen_id *subject)
{
    if (chart->items[0].kind != ITEM_CONTENT)
        return true;
    struct item item = item_new(engine, chart, kind);
    if (subject)
        item.subject = *subject;
    item.quiet = true; /* saved when it is sent, so that it is known again after a crash (L6) */
    if (!outbox_make_room(chart))
        return false;
    memmove(chart->items + 1, chart->items, chart->item_count * sizeof item);
    chart->items[0] = item;
    chart->item_count++;
    return true;
}

/* The first request's next step. True: the outbox changed and is to be looked at again. */
static bool step(struct galen_engine *engine, uint64_t now_ms, struct chart *chart)
{
    struct item *item = &chart->items[0];
    if (item->request != 0 || item->held || now_ms < item->retry_at_ms)
        return false;
    if (item->kind == ITEM_FIRST && galen_log_size(chart->log) == 0) {
        send_item(engine, chart, item);
        return false;
    }
    if (!chart->current)
        return false;
    uint32_t epoch = galen_rules_epoch(galen_log_rules(chart->log));
    if (item->bytes.size > 0 && item->epoch == epoch) {
        send_item(engine, chart, item); /* the same bytes: the same entry */
        return false;
    }
    if (epoch < chart->await_epoch)
        return false;
    galen_writer_wipe(&item->bytes); /* everything was read, and it is not there (L4) */
    if (item->kind == ITEM_CONTENT && !item->released &&
        person_joined_since(engine, chart, item->composed_epoch)) {
        hold(engine, chart, item);
        return false;
    }
    const struct galen_member *out = item->kind == ITEM_CONTENT && epoch != chart->undroppable_epoch
                                         ? words_listed(engine, now_ms, chart)
                                         : NULL;
    if (out && goes_first(engine, chart, ITEM_DROP_DEVICE, &out->device))
        return true;
    enum galen_err err = draft(engine, now_ms, chart, item);
    if (err == GALEN_ERR_UNUSABLE && goes_first(engine, chart, ITEM_RENEW, NULL))
        return true;
    if (err == GALEN_ERR_MEMORY) {
        engine->outputs.failed = true;
        return false;
    }
    if (err != GALEN_OK) {
        outbox_finish(engine, chart, item, err == GALEN_ERR_DUPLICATE ? GALEN_OK : err,
                      GALEN_NO_ENTRY);
        return true;
    }
    save_item(engine, chart, item);
    send_item(engine, chart, item);
    return false;
}

void outbox_pump(struct galen_engine *engine, uint64_t now_ms, struct chart *chart)
{
    if (!line_ready(engine, GALEN_CONNECTION_LOG) || chart->stopped != GALEN_OK)
        return;
    while (chart->item_count > 0 && step(engine, now_ms, chart))
        ;
}

uint64_t outbox_deadline(const struct chart *chart)
{
    if (chart->item_count == 0 || chart->items[0].request != 0 || chart->items[0].held ||
        chart->items[0].retry_at_ms == 0)
        return UINT64_MAX;
    return chart->items[0].retry_at_ms;
}

/* -- answers ---------------------------------------------------------------------------------------- */

void outbox_appended(struct galen_engine *engine, uint64_t now_ms,
                     const struct galen_frame_appended *frame)
{
    struct chart *chart = chart_find(engine, &frame->chart);
    if (!chart)
        return;
    for (size_t i = 0; i < chart->item_count; i++) {
        if (chart->items[i].request != frame->request)
            continue;
        /* What it became is known when it is read, in its place. A link that was redeemed belongs to
         * the chart no longer, so it reads no further. */
        if (chart->items[i].kind == ITEM_REDEEM) {
            outbox_finish(engine, chart, &chart->items[i], GALEN_OK, frame->index);
            join_step(engine, now_ms);
        } else if (chart->items[i].kind == ITEM_FIRST) {
            chart_open(engine, chart);
        }
        return;
    }
}

/* Does the entry carry these bytes? */
static bool is_same(const struct item *item, const struct galen_entry *entry)
{
    return item->bytes.size >= GALEN_SIGNED_HEADER_BYTES &&
           memcmp(item->bytes.at, entry->signed_header.at, GALEN_SIGNED_HEADER_BYTES) == 0;
}

/* What became of it for all who read it: OK, or why it, or a part of it, is void. */
static enum galen_err verdict_of(const struct chart *chart, const struct galen_read *read,
                                 uint64_t *void_fields)
{
    struct galen_docs_item item;
    *void_fields = UINT64_MAX;
    if (read->state == GALEN_READ_VOID)
        return read->why;
    if (!chart->docs || !galen_docs_item(chart->docs, read->index, &item) ||
        item.verdict.err == GALEN_ERR_UNKNOWN_KIND)
        return GALEN_OK;
    if (item.verdict.counts)
        *void_fields = item.verdict.void_fields;
    return item.verdict.err;
}

void outbox_seen(struct galen_engine *engine, struct chart *chart, const struct galen_entry *entry,
                 const struct galen_read *read)
{
    struct item *item = NULL;
    for (size_t i = 0; i < chart->item_count && !item; i++)
        if (is_same(&chart->items[i], entry))
            item = &chart->items[i];
    if (!item) {
        /* A link is used by whoever has it, a sheet more than once: this home is no more than its
         * latest reader. */
        if (engine->me.state == GALEN_HOME_JOINING)
            return;
        /* A signature of ours on something we did not write. One that does not hold is no news. */
        bool ours = read->state != GALEN_READ_VOID || read->why != GALEN_ERR_SIGNATURE;
        struct galen_id self = device_of(engine, reading_as(engine));
        if (ours && read->why != GALEN_ERR_NUMBER && read->why != GALEN_ERR_NOT_MEMBER)
            chart_stop(engine, chart, GALEN_ERR_CLONED, &self);
        return;
    }
    if (read->state == GALEN_READ_VOID && item->kind == ITEM_CONTENT &&
        (read->why == GALEN_ERR_UNUSABLE || read->why == GALEN_ERR_EPOCH)) {
        galen_writer_wipe(&item->bytes); /* its number is used; what it says is written anew */
        item->request = 0;
        save_item(engine, chart, item);
        return;
    }
    uint64_t void_fields;
    enum galen_err err = verdict_of(chart, read, &void_fields);
    if (err != GALEN_OK && GALEN_CHECKED(TEXT_LOST))
        texts_carry(engine, chart, item, void_fields);
    if (err == GALEN_ERR_DUPLICATE) /* another device of this person took the same back (L2) */
        err = GALEN_OK;
    outbox_finish(engine, chart, item, GALEN_CHECKED(VOID_DONE) ? err : GALEN_OK, read->index);
}

static bool is_passing(enum galen_err err)
{
    return err == GALEN_ERR_STORE || err == GALEN_ERR_DISK_FULL || err == GALEN_ERR_LIMIT ||
           err == GALEN_ERR_SHUTDOWN || err == GALEN_ERR_MEMORY;
}

static void refused(struct galen_engine *engine, uint64_t now_ms, struct chart *chart,
                    struct item *item, const struct galen_frame_refused *frame)
{
    enum galen_err err = frame->err;
    item->request = 0;
    if (is_passing(err)) {
        item->retry_at_ms = now_ms + RETRY_APPEND_MS;
        return;
    }
    if (err == GALEN_ERR_EPOCH || err == GALEN_ERR_NUMBER || err == GALEN_ERR_NOT_MEMBER) {
        /* Something came in between. It is made anew when everything up to there was read. A number
         * that is used without us shows itself as the entry of a clone. */
        if (err == GALEN_ERR_EPOCH)
            chart->await_epoch = (uint32_t)frame->detail;
        bool moved = galen_rules_epoch(galen_log_rules(chart->log)) > item->epoch;
        if (err == GALEN_ERR_NOT_MEMBER && !moved) {
            outbox_finish(engine, chart, item, err, GALEN_NO_ENTRY);
            return;
        }
        item->epoch = 0; /* never sent with these bytes again */
        item->retry_at_ms = now_ms + (moved ? 0 : BACKOFF_FIRST_MS);
        return;
    }
    if (err == GALEN_ERR_HEAD) {
        struct galen_id none = {0};
        chart_stop(engine, chart, GALEN_ERR_FORK, &none);
        return;
    }
    outbox_finish(engine, chart, item, err, GALEN_NO_ENTRY);
}

void outbox_refused(struct galen_engine *engine, uint64_t now_ms,
                    const struct galen_frame_refused *frame)
{
    for (size_t c = 0; c < engine->chart_count; c++) {
        struct chart *chart = engine->charts[c];
        if (frame->request == chart->open_request || frame->request == chart->bodies_request) {
            if (frame->request == chart->bodies_request)
                chart->bodies_request = 0;
            if (frame->err == GALEN_ERR_HEAD) {
                struct galen_id none = {0};
                chart_stop(engine, chart, GALEN_ERR_FORK, &none);
            }
            return;
        }
        for (size_t i = 0; i < chart->item_count; i++) {
            if (chart->items[i].request != frame->request)
                continue;
            refused(engine, now_ms, chart, &chart->items[i], frame);
            outbox_pump(engine, now_ms, chart);
            return;
        }
    }
}
