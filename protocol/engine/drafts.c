/* What people type right now (D5): said, heard, and of texts kept until it can be shown in them. */
#include "live.h"

#include "galen/draft.h"
#include "galen/mutation.h"

#include <stdlib.h>
#include <string.h>

/* What somebody types in a text. */
struct kept {
    struct galen_id chart, device, account;
    struct galen_draft draft; /* its splices lie in `splices` */
    struct galen_writer splices;
    bool found; /* … the text that it was made of: */
    struct galen_writer was;
    bool due;                /* it is still to be shown */
    bool late;               /* it is still to be looked for in the past */
    bool shown;              /* found when it was last told, … */
    uint64_t lost_ms;        /* … and not any more since then; 0: nothing else stands there */
    struct text_stamp stamp; /* the text then */
    uint64_t heard;          /* ascending: which was heard last */
};

struct drafts {
    struct kept *kept[GALEN_DRAFTS_MAX];
    size_t count;
    uint64_t heard;
};

static void free_kept(struct kept *kept)
{
    galen_writer_wipe(&kept->splices);
    galen_writer_wipe(&kept->was);
    galen_wipe(kept, sizeof *kept);
    free(kept);
}

void drafts_free(struct live *live)
{
    for (size_t i = 0; live->drafts && i < live->drafts->count; i++)
        free_kept(live->drafts->kept[i]);
    free(live->drafts);
    live->drafts = NULL;
}

/* -- saying ---------------------------------------------------------------------------------------- */

static enum galen_err may_say(struct galen_engine *engine, const struct galen_id *id, uint8_t doc,
                              uint16_t field, struct chart **chart, bool *is_text)
{
    const struct galen_document *document = galen_document(doc);
    const struct galen_field *of = document ? galen_field(document, field) : NULL;
    *chart = chart_find(engine, id);
    if (!*chart)
        return GALEN_ERR_CHART;
    if (!of)
        return GALEN_ERR_VALUE;
    *is_text = of->kind == GALEN_VALUE_TEXT;
    return GALEN_OK;
}

enum galen_err galen_engine_typing(struct galen_engine *engine, const struct galen_id *id,
                                   const struct galen_draft *draft)
{
    struct chart *chart;
    bool is_text;
    enum galen_err err = may_say(engine, id, draft->doc, draft->field, &chart, &is_text);
    if (err == GALEN_OK && (!is_text || galen_splices_check(draft->splices) != GALEN_OK))
        err = GALEN_ERR_VALUE;
    if (err == GALEN_OK && !line_ready(engine, GALEN_CONNECTION_LIVE))
        err = GALEN_ERR_OFFLINE;
    if (err != GALEN_OK)
        return err;
    struct galen_draft said = *draft;
    if (draft->splices.size > GALEN_DRAFT_MAX) {
        memset(said.tag, 0, sizeof said.tag);
        said.caret = said.end = 0;
        said.splices = (struct galen_bytes){NULL, 0};
    }
    struct galen_writer message;
    galen_writer_init(&message);
    galen_write_u8(&message, MESSAGE_TYPING);
    galen_draft_write(&message, &said);
    live_say(engine, chart, &message);
    galen_writer_wipe(&message);
    return GALEN_OK;
}

enum galen_err galen_engine_typed(struct galen_engine *engine, const struct galen_id *id,
                                  const struct galen_draft *draft, struct galen_bytes was,
                                  struct galen_bytes made, uint8_t tag[GALEN_DRAFT_TAG_BYTES])
{
    struct galen_draft said = *draft;
    struct galen_splices splices;
    struct galen_writer written;
    if (!galen_text_ok(was) || !galen_text_ok(made))
        return GALEN_ERR_VALUE;
    galen_draft_tag(was, tag);
    memcpy(said.tag, tag, sizeof said.tag);
    enum galen_err err = galen_text_difference(was, made, &splices);
    if (err != GALEN_OK)
        return err;
    galen_writer_init(&written);
    galen_splices_write(&written, splices.at, splices.count);
    said.splices = galen_written(&written);
    err = written.failed ? GALEN_ERR_MEMORY : galen_engine_typing(engine, id, &said);
    galen_splices_free(&splices);
    galen_writer_wipe(&written);
    return err;
}

/* A text as a whole, of somebody who has it as it is here. */
static enum galen_err say_text(struct galen_engine *engine, const struct chart *chart, uint8_t doc,
                               const uint8_t record[16], uint16_t field, struct galen_bytes text)
{
    uint8_t tag[GALEN_DRAFT_TAG_BYTES];
    struct galen_draft draft = {.doc = doc, .field = field};
    struct galen_writer was;
    memcpy(draft.record, record, sizeof draft.record);
    draft.caret = draft.end = (uint32_t)galen_text_points(text);
    galen_writer_init(&was);
    enum galen_err err = texts_shown(engine, chart, doc, record, field, &was);
    if (err == GALEN_OK)
        err = galen_engine_typed(engine, &chart->id, &draft, galen_written(&was), text, tag);
    galen_writer_wipe(&was);
    return err;
}

enum galen_err galen_engine_draft(struct galen_engine *engine, const struct galen_id *id,
                                  uint8_t doc, const uint8_t record[16], uint16_t field,
                                  struct galen_bytes text)
{
    struct chart *chart;
    bool is_text;
    enum galen_err err = may_say(engine, id, doc, field, &chart, &is_text);
    if (err == GALEN_OK && text.size > (is_text ? 4 * GALEN_TEXT_POINTS_MAX : GALEN_DRAFT_MAX))
        err = GALEN_ERR_TOO_LARGE;
    if (err == GALEN_OK && !galen_text_ok(text))
        err = GALEN_ERR_VALUE;
    if (err == GALEN_OK && !line_ready(engine, GALEN_CONNECTION_LIVE))
        err = GALEN_ERR_OFFLINE;
    if (err != GALEN_OK)
        return err;
    if (is_text && text.size > 0)
        return say_text(engine, chart, doc, record, field, text);
    struct galen_writer message;
    galen_writer_init(&message);
    galen_write_u8(&message, text.size > 0 ? MESSAGE_VALUE : MESSAGE_STOPPED);
    galen_write_u8(&message, doc);
    galen_write(&message, record, 16);
    galen_write_u16(&message, field);
    if (text.size > 0)
        galen_write_vector(&message, text);
    live_say(engine, chart, &message);
    galen_writer_wipe(&message);
    return GALEN_OK;
}

/* -- telling --------------------------------------------------------------------------------------- */

static void tell(struct galen_engine *engine, const struct kept *kept, bool typing)
{
    struct galen_event draft = {.kind = GALEN_EVENT_DRAFT,
                                .chart = kept->chart,
                                .device = kept->device,
                                .account = kept->account,
                                .doc = kept->draft.doc,
                                .field = kept->draft.field,
                                .number = typing ? 1 : 0};
    memcpy(draft.record, kept->draft.record, sizeof draft.record);
    event(engine, draft);
}

static void drop(struct galen_engine *engine, struct drafts *drafts, size_t i)
{
    struct kept *kept = drafts->kept[i];
    drafts->kept[i] = drafts->kept[--drafts->count];
    tell(engine, kept, false);
    free_kept(kept);
}

static bool is_of(const struct kept *kept, const struct galen_id *chart,
                  const struct galen_id *device)
{
    return galen_id_equal(&kept->chart, chart) && galen_id_equal(&kept->device, device);
}

static size_t find(const struct drafts *drafts, const struct galen_id *chart,
                   const struct galen_id *device, uint8_t doc, const uint8_t record[16],
                   uint16_t field)
{
    size_t i = 0;
    while (i < drafts->count &&
           !(is_of(drafts->kept[i], chart, device) && drafts->kept[i]->draft.doc == doc &&
             drafts->kept[i]->draft.field == field &&
             memcmp(drafts->kept[i]->draft.record, record, 16) == 0))
        i++;
    return i;
}

/* -- the text that it was made of -------------------------------------------------------------------- */

static bool is_was(void *user, struct galen_bytes text)
{
    struct kept *kept = user;
    uint8_t tag[GALEN_DRAFT_TAG_BYTES];
    galen_draft_tag(text, tag);
    kept->found = memcmp(tag, kept->draft.tag, sizeof tag) == 0;
    if (kept->found) {
        galen_writer_clear(&kept->was);
        galen_write(&kept->was, text.at, text.size);
    }
    return kept->found;
}

static enum galen_err try_now(const struct chart *chart, struct kept *kept)
{
    const struct galen_draft *draft = &kept->draft;
    struct galen_writer now;
    galen_writer_init(&now);
    enum galen_err err = galen_docs_text(chart->docs, draft->doc, draft->record, draft->field,
                                         &kept->device, NULL, 0, &now);
    if (err == GALEN_OK)
        (void)is_was(kept, galen_written(&now));
    galen_writer_wipe(&now);
    return err;
}

static bool may_search(struct galen_engine *engine, uint64_t now_ms, const struct kept *kept)
{
    struct peer *peer = live_peer(engine->live, &kept->chart, &kept->device);
    if (peer)
        peer->searched_ms = earlier(peer->searched_ms, now_ms);
    return peer && now_ms - peer->searched_ms >= GALEN_DRAFT_SEARCH_MS;
}

/* Looks for it in what the text says in the log, and before the last that others wrote. */
static void search(struct galen_engine *engine, uint64_t now_ms, const struct chart *chart,
                   struct kept *kept)
{
    static const uint8_t none[GALEN_DRAFT_TAG_BYTES];
    struct peer *peer = live_peer(engine->live, &kept->chart, &kept->device);
    kept->found = kept->late = false;
    if (memcmp(kept->draft.tag, none, sizeof none) == 0)
        return;
    const struct galen_draft *draft = &kept->draft;
    enum galen_err err = try_now(chart, kept);
    kept->late = err == GALEN_OK && !kept->found && peer;
    if (kept->late && may_search(engine, now_ms, kept)) {
        kept->late = false;
        peer->searched_ms = now_ms;
        if (GALEN_CHECKED(DRAFT_PAST))
            err = galen_docs_text_past(chart->docs, draft->doc, draft->record, draft->field,
                                       &kept->device, GALEN_DRAFT_PAST_MAX, is_was, kept);
    }
    if (err == GALEN_ERR_MEMORY || kept->was.failed)
        engine->outputs.failed = true;
}

/* Tells it. What stands there of one before may stay for a moment, where the text that this one was made of is
 * on its way: its writer has just written it, say. */
static void show(struct galen_engine *engine, uint64_t now_ms, struct kept *kept,
                 const struct text_stamp *stamp)
{
    bool same = kept->stamp.edits == stamp->edits && kept->stamp.unsent == stamp->unsent;
    kept->stamp = *stamp;
    kept->due = false;
    kept->lost_ms = earlier(kept->lost_ms, now_ms);
    if (!kept->found && kept->shown && same) {
        if (kept->lost_ms == 0)
            kept->lost_ms = now_ms;
        if (now_ms - kept->lost_ms < GALEN_DRAFT_LOST_MS)
            return;
    }
    kept->shown = kept->found;
    kept->lost_ms = 0;
    tell(engine, kept, true);
}

/* -- hearing --------------------------------------------------------------------------------------- */

/* Each is worked out anew: a device says as much as others can show. */
static bool is_due(struct galen_engine *engine, uint64_t now_ms, const struct kept *kept)
{
    struct peer *peer = live_peer(engine->live, &kept->chart, &kept->device);
    if (!kept->due || !peer)
        return kept->due;
    peer->showed_ms = earlier(peer->showed_ms, now_ms);
    if (now_ms - peer->showed_ms < GALEN_DRAFT_SHOW_MS)
        return false;
    peer->showed_ms = now_ms;
    return true;
}

/* Shows it when what it says or where it stands is another than was shown last. */
static void review(struct galen_engine *engine, uint64_t now_ms, const struct chart *chart,
                   struct kept *kept, const struct text_stamp *stamp)
{
    bool others = stamp->edits != kept->stamp.edits;
    bool mine = stamp->unsent != kept->stamp.unsent;
    bool lost = kept->lost_ms != 0 && now_ms - kept->lost_ms >= GALEN_DRAFT_LOST_MS;
    bool late = kept->late && may_search(engine, now_ms, kept);
    bool due = is_due(engine, now_ms, kept);
    if (others || late || (due && !kept->found))
        search(engine, now_ms, chart, kept);
    if (others || mine || lost || due || (late && kept->found))
        show(engine, now_ms, kept, stamp);
}

/* The one of this device in this field, or room for it. NULL: out of memory. */
static struct kept *keep(struct galen_engine *engine, const struct peer *peer,
                         const struct galen_draft *draft, const struct text_stamp *stamp)
{
    struct live *live = engine->live;
    if (!live->drafts)
        live->drafts = calloc(1, sizeof *live->drafts);
    struct drafts *drafts = live->drafts;
    if (!drafts)
        return NULL;
    size_t i = find(drafts, &peer->chart, &peer->device, draft->doc, draft->record, draft->field);
    if (i == drafts->count) {
        struct kept *kept = calloc(1, sizeof *kept);
        if (!kept)
            return NULL;
        if (drafts->count == GALEN_DRAFTS_MAX) {
            size_t oldest = 0;
            for (size_t k = 1; k < drafts->count; k++)
                if (drafts->kept[k]->heard < drafts->kept[oldest]->heard)
                    oldest = k;
            drop(engine, drafts, oldest);
        }
        i = drafts->count++;
        drafts->kept[i] = kept;
        kept->chart = peer->chart;
        kept->device = peer->device;
        kept->account = peer->account;
        kept->stamp = *stamp;
        galen_writer_init(&kept->splices);
        galen_writer_init(&kept->was);
    }
    drafts->kept[i]->heard = ++drafts->heard;
    return drafts->kept[i];
}

static void on_typing(struct galen_engine *engine, uint64_t now_ms, const struct peer *peer,
                      const struct galen_draft *draft)
{
    const struct chart *chart = chart_find(engine, &peer->chart);
    struct text_stamp stamp;
    if (!chart || !chart->docs)
        return;
    struct kept *kept = texts_stamp(chart, draft->doc, draft->record, draft->field, &stamp)
                            ? keep(engine, peer, draft, &stamp)
                            : NULL;
    if (!kept) {
        engine->outputs.failed = true;
        return;
    }
    kept->due = true;
    kept->found = kept->found && memcmp(kept->draft.tag, draft->tag, sizeof draft->tag) == 0;
    galen_writer_clear(&kept->splices);
    galen_write(&kept->splices, draft->splices.at, draft->splices.size);
    kept->draft = *draft;
    kept->draft.splices = galen_written(&kept->splices);
    engine->outputs.failed = engine->outputs.failed || kept->splices.failed;
    review(engine, now_ms, chart, kept, &stamp);
}

static void on_stopped(struct galen_engine *engine, const struct peer *peer, struct galen_reader *r)
{
    struct kept none = {.chart = peer->chart, .device = peer->device, .account = peer->account};
    none.draft.doc = galen_read_u8(r);
    galen_read_into(r, none.draft.record, sizeof none.draft.record);
    none.draft.field = galen_read_u16(r);
    if (!galen_reader_done(r))
        return;
    struct drafts *drafts = engine->live->drafts;
    size_t i = drafts ? find(drafts, &peer->chart, &peer->device, none.draft.doc, none.draft.record,
                             none.draft.field)
                      : 0;
    if (drafts && i < drafts->count)
        drop(engine, drafts, i);
    else
        tell(engine, &none, false);
}

static void on_value(struct galen_engine *engine, const struct peer *peer, struct galen_reader *r)
{
    struct galen_event draft = {.kind = GALEN_EVENT_DRAFT,
                                .chart = peer->chart,
                                .device = peer->device,
                                .account = peer->account,
                                .number = 1};
    draft.doc = galen_read_u8(r);
    galen_read_into(r, draft.record, sizeof draft.record);
    draft.field = galen_read_u16(r);
    draft.text = galen_read_vector(r, GALEN_DRAFT_MAX);
    const struct galen_document *document = galen_document(draft.doc);
    const struct galen_field *field = document ? galen_field(document, draft.field) : NULL;
    if (galen_reader_done(r) && galen_text_ok(draft.text) && field &&
        field->kind != GALEN_VALUE_TEXT)
        event(engine, draft);
}

void drafts_heard(struct galen_engine *engine, uint64_t now_ms, struct peer *peer, uint64_t counter,
                  uint8_t kind, struct galen_reader *r)
{
    struct galen_draft draft;
    if (GALEN_CHECKED(DRAFT_ORDER) && counter < peer->drafted_at)
        return;
    peer->drafted_at = counter;
    if (kind == MESSAGE_VALUE)
        on_value(engine, peer, r);
    else if (kind == MESSAGE_STOPPED)
        on_stopped(engine, peer, r);
    else if (kind == MESSAGE_TYPING && galen_draft_read(r, &draft) == GALEN_OK)
        on_typing(engine, now_ms, peer, &draft);
}

void drafts_gone(struct galen_engine *engine, const struct peer *peer)
{
    struct drafts *drafts = engine->live->drafts;
    for (size_t i = drafts ? drafts->count : 0; i-- > 0;)
        if (is_of(drafts->kept[i], &peer->chart, &peer->device))
            drop(engine, drafts, i);
}

void drafts_review(struct galen_engine *engine, uint64_t now_ms)
{
    struct drafts *drafts = engine->live ? engine->live->drafts : NULL;
    for (size_t i = 0; drafts && i < drafts->count; i++) {
        struct kept *kept = drafts->kept[i];
        const struct galen_draft *draft = &kept->draft;
        const struct chart *chart = chart_find(engine, &kept->chart);
        struct text_stamp stamp;
        if (!chart || !chart->docs)
            continue;
        if (!texts_stamp(chart, draft->doc, draft->record, draft->field, &stamp)) {
            engine->outputs.failed = true;
            return;
        }
        review(engine, now_ms, chart, kept, &stamp);
    }
}

uint64_t drafts_deadline(const struct galen_engine *engine)
{
    const struct drafts *drafts = engine->live ? engine->live->drafts : NULL;
    uint64_t at = UINT64_MAX;
    for (size_t i = 0; drafts && i < drafts->count; i++) {
        const struct kept *kept = drafts->kept[i];
        const struct peer *peer = live_peer(engine->live, &kept->chart, &kept->device);
        if (kept->due && peer)
            at = earlier(at, peer->showed_ms + GALEN_DRAFT_SHOW_MS);
        if (kept->late && peer)
            at = earlier(at, peer->searched_ms + GALEN_DRAFT_SEARCH_MS);
        if (kept->lost_ms != 0)
            at = earlier(at, kept->lost_ms + GALEN_DRAFT_LOST_MS);
    }
    return at;
}

/* -- looking ---------------------------------------------------------------------------------------- */

enum galen_err galen_engine_drafted(const struct galen_engine *engine, const struct galen_event *e,
                                    struct galen_writer *text, struct galen_placed *placed)
{
    const struct drafts *drafts = engine->live ? engine->live->drafts : NULL;
    const struct chart *chart = chart_find(engine, &e->chart);
    size_t i = drafts ? find(drafts, &e->chart, &e->device, e->doc, e->record, e->field) : 0;
    memset(placed, 0, sizeof *placed);
    if (!drafts || i == drafts->count || !chart || !drafts->kept[i]->found)
        return GALEN_ERR_VALUE;
    const struct kept *kept = drafts->kept[i];
    enum galen_err err = texts_shown(engine, chart, e->doc, e->record, e->field, text);
    return err == GALEN_OK ? galen_draft_place(&kept->draft, galen_written(&kept->was),
                                               galen_written(text), placed)
                           : err;
}
