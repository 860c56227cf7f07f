/*
 * A text with its history as bytes.
 *
 *     struct {
 *         uint8 version = 1;
 *         uint32 edits;
 *         uint32 size, inserted, spans;    bytes of the text, and of all that was ever inserted; bytes of spans
 *         the text, packed to be read quickly;
 *         all that was ever inserted, packed as what follows the text;
 *         spans, packed;
 *     } Saved;
 *
 * A text is loaded when what it says is there. Its history stays packed until somebody edits it or takes back.
 *
 * Spans are numbers (text_pack.h), each told by what it differs in from what could be expected.
 */
#include "galen/op.h"
#include "galen/text.h"

#include "text_pack.h"
#include "text_state.h"

#include <stdlib.h>
#include <string.h>

enum {
    SAVED_VERSION = 1,
    SHAPE = 3,
    FLAGS_AT = 2,
    SAME_DEVICE = 16,
    PLAIN = 32,
};

/* What is expected of the next span, and where things stand. */
struct course {
    uint32_t device, cursor, edits;
    uint32_t length;  /* before the edit */
    uint32_t running; /* behind it; in the middle, of what is done of it */
    bool plain;
    size_t as_of;
};

static uint32_t fold(uint32_t difference)
{
    return difference << 1 ^ (0u - (difference >> 31));
}

static uint32_t unfold(uint32_t n)
{
    return n >> 1 ^ (0u - (n & 1));
}

/* Where typing would go on behind this span. */
static uint32_t cursor_after(const struct span *span)
{
    return span->shape == SPAN_RUBBED ? span->at - span->deleted + 1 : span->at + span->inserted;
}

/* What an edit that had not seen everything came to cannot be told from its splices: `after` does. */
static void write_span(struct galen_writer *w, const struct history *h, const struct span *span,
                       uint32_t after, struct course *c)
{
    bool goes_on = span->flags & SPAN_GOES_ON, plain = span->seen == span->first;
    uint8_t head = (uint8_t)(span->shape | span->flags << FLAGS_AT |
                             (span->device == c->device ? SAME_DEVICE : 0) | (plain ? PLAIN : 0));
    galen_write_u8(w, head);
    if (span->device != c->device)
        pack_number(w, span->device);
    if (!plain && !goes_on) {
        pack_number(w, span->first - span->seen);
        pack_number(w, after);
    }
    if ((span->flags & SPAN_AS_OF) && !goes_on) {
        const struct as_of *as_of = &h->as_of[c->as_of++];
        pack_number(w, as_of->author);
        pack_number(w, as_of->own);
        pack_number(w, as_of->seen);
    }
    pack_number(w, fold(span->at - c->cursor));
    if (span->shape != SPAN_TYPED)
        pack_number(w, span->deleted);
    if (span->shape == SPAN_ONE || span->shape == SPAN_TYPED)
        pack_number(w, span->inserted);
    c->device = span->device;
    c->cursor = cursor_after(span);
}

static void write_spans(struct galen_writer *w, const struct history *h, uint32_t length)
{
    struct course c = {.device = 0};
    for (size_t i = 0; i < h->count; i++) {
        size_t next = i + 1;
        while (next < h->count && (h->spans[next].flags & SPAN_GOES_ON))
            next++;
        write_span(w, h, &h->spans[i], next == h->count ? length : h->spans[next].length, &c);
    }
}

void galen_text_save(struct galen_text *text, struct galen_writer *w)
{
    const struct history *h = &text->history;
    struct galen_writer whole, spans;
    galen_writer_init(&whole);
    galen_writer_init(&spans);
    if (text_unpack(text) != GALEN_OK)
        w->failed = true;
    store_write(&text->store, &whole);
    galen_write(&whole, h->bytes, h->size);
    write_spans(&spans, h, text->store.points);
    galen_write_u8(w, SAVED_VERSION);
    galen_write_u32(w, h->edits);
    galen_write_u32(w, (uint32_t)text->store.size);
    galen_write_u32(w, (uint32_t)h->size);
    galen_write_u32(w, (uint32_t)spans.size);
    if (whole.failed || spans.failed) {
        w->failed = true;
    } else {
        pack_write(w, (struct galen_bytes){whole.at, text->store.size}, 0, true);
        pack_write(w, (struct galen_bytes){whole.at, whole.size}, text->store.size, false);
        pack_write(w, (struct galen_bytes){spans.at, spans.size}, 0, false);
    }
    galen_writer_wipe(&whole);
    galen_writer_wipe(&spans);
}

/* ---- Reading ------------------------------------------------------------------------------------- */

static bool add_as_of(struct history *h, struct as_of as_of)
{
    if (h->as_of_count == h->as_of_room) {
        size_t room = h->as_of_room * 2 + 4;
        struct as_of *at = realloc(h->as_of, room * sizeof *at);
        if (at == NULL)
            return false;
        h->as_of = at;
        h->as_of_room = room;
    }
    h->as_of[h->as_of_count++] = as_of;
    return true;
}

static bool add_span(struct history *h, const struct span *span)
{
    if (h->count == h->room) {
        size_t room = h->room * 2 + 256;
        struct span *at = realloc(h->spans, room * sizeof *at);
        if (at == NULL)
            return false;
        h->spans = at;
        h->room = room;
    }
    h->spans[h->count++] = *span;
    return true;
}

/* Reads who and when. FORMAT: not what edits can have made. */
static enum galen_err read_author(struct galen_reader *r, struct history *h, struct course *c,
                                  uint8_t head, struct span *span)
{
    bool goes_on = span->flags & SPAN_GOES_ON;
    if (!(head & SAME_DEVICE))
        span->device = unpack_number(r);
    if (goes_on) {
        const struct span *last = h->count == 0 ? NULL : &h->spans[h->count - 1];
        if (last == NULL || last->shape != SPAN_ONE || span->shape != SPAN_ONE ||
            span->device != last->device || ((last->flags ^ span->flags) & SPAN_AS_OF) ||
            c->plain != ((head & PLAIN) != 0))
            return GALEN_ERR_FORMAT;
        span->first = last->first;
        span->seen = last->seen;
        return GALEN_OK;
    }
    uint32_t behind = head & PLAIN ? 0 : unpack_number(r);
    c->plain = behind == 0;
    c->length = c->running;
    if (!c->plain)
        c->running = unpack_number(r);
    if (behind > span->first || c->plain != ((head & PLAIN) != 0) ||
        c->running > GALEN_TEXT_LENGTH_MAX)
        return GALEN_ERR_FORMAT;
    span->seen = span->first - behind;
    if (!(span->flags & SPAN_AS_OF))
        return GALEN_OK;
    struct as_of as_of = {.edit = span->first};
    as_of.author = unpack_number(r);
    as_of.own = unpack_number(r);
    as_of.seen = unpack_number(r);
    if (span->shape != SPAN_ONE || as_of.seen > span->first || as_of.own > span->first ||
        span->seen > as_of.seen || (as_of.own > as_of.seen && as_of.author != span->device))
        return GALEN_ERR_FORMAT;
    return add_as_of(h, as_of) ? GALEN_OK : GALEN_ERR_MEMORY;
}

/* Are its splices in the text, as far as that can be told? Then where things stand behind it. */
static bool go_on(struct course *c, const struct span *span)
{
    uint32_t edits = span_edits(span);
    if (edits > GALEN_TEXT_EDITS_MAX - c->edits || span->deleted > GALEN_TEXT_LENGTH_MAX ||
        span->inserted > GALEN_TEXT_LENGTH_MAX || span->at > GALEN_TEXT_LENGTH_MAX ||
        (span->shape != SPAN_ONE && edits == 0) ||
        (span->shape == SPAN_RUBBED && span->deleted > span->at + 1))
        return false;
    if (c->plain) {
        uint32_t from = span->shape == SPAN_RUBBED ? span->at + 1 - span->deleted : span->at;
        if (from > c->running || span->deleted > c->running - from)
            return false;
        c->running = c->running - span->deleted + span->inserted;
    }
    c->edits += edits;
    c->device = span->device;
    c->cursor = cursor_after(span);
    return true;
}

static enum galen_err read_span(struct galen_reader *r, struct history *h, struct course *c)
{
    uint8_t head = galen_read_u8(r);
    struct span span = {.first = c->edits,
                        .device = c->device,
                        .shape = head & SHAPE,
                        .flags = head >> FLAGS_AT & (SPAN_GOES_ON | SPAN_AS_OF)};
    enum galen_err err = head >= 64 ? GALEN_ERR_FORMAT : read_author(r, h, c, head, &span);
    if (err != GALEN_OK)
        return err;
    span.at = c->cursor + unfold(unpack_number(r));
    if (span.shape != SPAN_TYPED)
        span.deleted = unpack_number(r);
    if (span.shape == SPAN_ONE || span.shape == SPAN_TYPED)
        span.inserted = unpack_number(r);
    span.length = c->length;
    if (r->failed || !go_on(c, &span))
        return GALEN_ERR_FORMAT;
    return add_span(h, &span) ? GALEN_OK : GALEN_ERR_MEMORY;
}

static enum galen_err read_spans(struct galen_bytes in, struct history *h, uint32_t *length)
{
    struct galen_reader r;
    struct course c = {.device = 0};
    enum galen_err err = GALEN_OK;
    galen_reader_init(&r, in);
    while (r.left > 0 && err == GALEN_OK)
        err = read_span(&r, h, &c);
    h->edits = c.edits;
    *length = c.running;
    return err;
}

/* Where each span's insertions begin, and who wrote last. FORMAT: they are not all there is. */
static enum galen_err settle_history(struct history *h)
{
    size_t at = 0, points = utf8_points(h->bytes, h->size);
    bool narrow = points == h->size; /* a byte each */
    for (size_t i = 0; i < h->count; i++) {
        struct span *span = &h->spans[i];
        if (span->inserted > points)
            return GALEN_ERR_FORMAT;
        points -= span->inserted;
        span->bytes = (uint32_t)at;
        at += narrow ? span->inserted : utf8_skip(h->bytes + at, span->inserted);
        if (i == 0 || span->device != h->last_device) {
            h->last_device = span->device;
            h->last_start = span->first;
        }
    }
    return points == 0 ? GALEN_OK : GALEN_ERR_FORMAT;
}

/* Puts a history together from its packed parts: what was inserted, which follows the text, and spans. */
static enum galen_err unpack_parts(const struct packed *packed, uint8_t *whole, size_t size,
                                   struct history *h, uint32_t *length)
{
    struct galen_reader r;
    galen_reader_init(&r, (struct galen_bytes){packed->at, packed->size});
    uint8_t *spans = malloc(packed->spans + 1);
    h->bytes = malloc(packed->inserted + 1);
    h->size = h->size_room = packed->inserted;
    enum galen_err err = spans == NULL || h->bytes == NULL ? GALEN_ERR_MEMORY : GALEN_OK;
    if (err == GALEN_OK)
        err = pack_read(&r, false, whole, size, size + packed->inserted);
    if (err == GALEN_OK)
        err = pack_read(&r, false, spans, 0, packed->spans);
    if (err == GALEN_OK && !galen_reader_done(&r))
        err = GALEN_ERR_FORMAT;
    if (err == GALEN_OK && packed->inserted > 0)
        memcpy(h->bytes, whole + size, packed->inserted);
    if (err == GALEN_OK && !galen_text_ok((struct galen_bytes){h->bytes, h->size}))
        err = GALEN_ERR_FORMAT;
    if (err == GALEN_OK)
        err = read_spans((struct galen_bytes){spans, packed->spans}, h, length);
    if (err == GALEN_OK)
        err = settle_history(h);
    free(spans);
    return err;
}

enum galen_err text_unpack(struct galen_text *text)
{
    struct packed *packed = &text->packed;
    struct history history = {0};
    uint32_t length = 0;
    if (packed->at == NULL)
        return GALEN_OK;
    /* what is inserted is packed as what follows the text */
    size_t size = text->store.size, room = size + packed->inserted + 1;
    struct galen_writer whole = {.at = malloc(room), .room = room, .max = room};
    enum galen_err err = GALEN_ERR_MEMORY;
    if (whole.at != NULL) {
        store_write(&text->store, &whole);
        err = unpack_parts(packed, whole.at, size, &history, &length);
    }
    free(whole.at);
    if (err == GALEN_OK && (length != text->store.points || history.edits != text->history.edits))
        err = GALEN_ERR_FORMAT;
    if (err != GALEN_OK) {
        history_wipe(&history);
        return err;
    }
    text->history = history;
    free(packed->at);
    *packed = (struct packed){NULL, 0, 0, 0};
    return GALEN_OK;
}

static enum galen_err load(struct galen_text *text, struct galen_reader *r)
{
    struct packed *packed = &text->packed;
    uint8_t version = galen_read_u8(r);
    text->history.edits = galen_read_u32(r);
    size_t size = galen_read_u32(r);
    packed->inserted = galen_read_u32(r);
    packed->spans = galen_read_u32(r);
    if (r->failed || version != SAVED_VERSION || text->history.edits > GALEN_TEXT_EDITS_MAX ||
        size > GALEN_TEXT_LENGTH_MAX || packed->inserted > GALEN_TEXT_HISTORY_MAX ||
        packed->spans > GALEN_TEXT_LENGTH_MAX)
        return GALEN_ERR_FORMAT;
    uint8_t *says = malloc(size + 1);
    enum galen_err err = says == NULL ? GALEN_ERR_MEMORY : pack_read(r, true, says, 0, size);
    if (err == GALEN_OK && !galen_text_ok((struct galen_bytes){says, size}))
        err = GALEN_ERR_FORMAT;
    if (err == GALEN_OK && !store_reserve(&text->store, 0, 2, size))
        err = GALEN_ERR_MEMORY;
    if (err == GALEN_OK)
        store_splice(&text->store, 0, 0, (struct galen_bytes){says, size});
    store_settle(&text->store);
    free(says);
    packed->at = malloc(r->left + 1);
    packed->size = r->left;
    if (packed->at == NULL)
        return GALEN_ERR_MEMORY;
    memcpy(packed->at, r->at, r->left);
    return err;
}

enum galen_err galen_text_load(struct galen_bytes in, struct galen_text **out)
{
    struct galen_reader r;
    galen_reader_init(&r, in);
    *out = galen_text_new();
    enum galen_err err = *out == NULL ? GALEN_ERR_MEMORY : load(*out, &r);
    if (err != GALEN_OK) {
        galen_text_free(*out);
        *out = NULL;
    }
    return err;
}
