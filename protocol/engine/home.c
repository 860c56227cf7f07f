/*
 * What a home keeps, as pairs of a text key and bytes:
 *
 *   home                           who this is
 *   joining                        while a link is being redeemed
 *   log/ID/keys                    what was found out about the keys of its epochs
 *   log/ID/page/INDEX              what was found out about entries, from this one on (pages.c)
 *   log/ID/request/PLACE           requests that are not in the log yet
 *   log/ID/stopped                 why nothing more is written there
 *   notice                         links whose second opening was told
 *   out                            devices that were revoked
 *   record/ID/INDEX                the records of a page that is full, as the server sent them: loaded later
 *
 * INDEX and PLACE are 16 hexadecimal digits. In ascending order of keys, who this is comes before what it
 * reads, and entries before the requests that were made on top of them.
 */
#include "state.h"

#include <stdlib.h>
#include <string.h>

#define HOME_VERSION 3

static const char hex_digits[] = "0123456789abcdef";

static char *put_hex(char *at, const uint8_t *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        *at++ = hex_digits[bytes[i] >> 4];
        *at++ = hex_digits[bytes[i] & 15];
    }
    *at = 0;
    return at;
}

static char *put_text(char *at, const char *text)
{
    while (*text)
        *at++ = *text++;
    *at = 0;
    return at;
}

static char *put_number(char *at, uint64_t v)
{
    uint8_t bytes[8];
    for (size_t i = 0; i < 8; i++)
        bytes[i] = (uint8_t)(v >> (8 * (7 - i)));
    return put_hex(at, bytes, sizeof bytes);
}

void chart_key(char key[KEY_MAX], const char *first, const struct chart *chart, const char *what)
{
    char *at = put_text(key, first);
    at = put_hex(at, chart->id.bytes, sizeof chart->id.bytes);
    put_text(at, what);
}

void chart_key_at(char key[KEY_MAX], const char *first, const struct chart *chart, const char *what,
                  uint64_t number)
{
    chart_key(key, first, chart, what);
    put_number(key + strlen(key), number);
}

void save_written(struct galen_engine *engine, const char *key, struct galen_writer *w)
{
    if (w->failed)
        engine->outputs.failed = true;
    else
        save(engine, key, galen_written(w));
    galen_writer_wipe(w);
}

/* -- me --------------------------------------------------------------------------------------------- */

void save_me(struct galen_engine *engine)
{
    const struct identity *me = &engine->me;
    struct galen_writer w;
    galen_writer_init(&w);
    galen_write_u8(&w, HOME_VERSION);
    galen_write_u8(&w, me->state);
    galen_write(&w, me->material, sizeof me->material);
    galen_write_id(&w, &me->account);
    galen_write_id(&w, &me->practice);
    galen_write(&w, me->practice_keys.sign, sizeof me->practice_keys.sign);
    galen_write(&w, me->practice_keys.seal, sizeof me->practice_keys.seal);
    galen_write_u8(&w, me->role);
    galen_write_vector(&w, (struct galen_bytes){(const uint8_t *)me->host, strlen(me->host)});
    galen_write_id(&w, &me->practice_chart);
    galen_chain_write(&w, &me->chain);
    save_written(engine, "home", &w);
}

static enum galen_err load_me(struct galen_engine *engine, struct galen_bytes value)
{
    struct identity *me = &engine->me;
    struct galen_reader r;
    galen_reader_init(&r, value);
    if (galen_read_u8(&r) != HOME_VERSION)
        return GALEN_ERR_VERSION;
    uint8_t state = galen_read_u8(&r);
    uint8_t material[32];
    galen_read_into(&r, material, sizeof material);
    identity_set(engine, material);
    galen_wipe(material, sizeof material);
    me->state = state;
    me->account = galen_read_id(&r);
    me->practice = galen_read_id(&r);
    galen_read_into(&r, me->practice_keys.sign, sizeof me->practice_keys.sign);
    galen_read_into(&r, me->practice_keys.seal, sizeof me->practice_keys.seal);
    me->role = galen_read_u8(&r);
    struct galen_bytes host = galen_read_vector(&r, HOST_MAX);
    me->practice_chart = galen_read_id(&r);
    enum galen_err err = galen_chain_read(&r, &me->chain);
    if (err != GALEN_OK || !galen_reader_done(&r) || state > GALEN_HOME_GUEST)
        return GALEN_ERR_FORMAT;
    memset(me->host, 0, sizeof me->host);
    if (host.size > 0)
        memcpy(me->host, host.at, host.size);
    return GALEN_OK;
}

/* -- joining ---------------------------------------------------------------------------------------- */

void save_joining(struct galen_engine *engine)
{
    const struct joining *j = &engine->joining;
    if (engine->me.state != GALEN_HOME_JOINING) {
        save(engine, "joining", (struct galen_bytes){0});
        return;
    }
    struct galen_writer w;
    galen_writer_init(&w);
    galen_write_u8(&w, HOME_VERSION);
    galen_write(&w, j->secret, sizeof j->secret);
    galen_write_bool(&w, j->certified);
    if (j->certified)
        galen_cert_write(&w, &j->cert);
    galen_write_bool(&w, j->sent);
    galen_write_bool(&w, j->answered);
    size_t mark = galen_write_begin(&w);
    for (size_t i = 0; i < j->lost_count; i++)
        galen_write_id(&w, &j->lost[i]);
    galen_write_end(&w, mark);
    mark = galen_write_begin(&w);
    for (size_t i = 0; i < j->chart_count; i++)
        galen_write_id(&w, &j->charts[i]);
    galen_write_end(&w, mark);
    if (j->guest) /* nothing stands here otherwise: homes of before can be read */
        galen_write_bool(&w, true);
    save_written(engine, "joining", &w);
}

static enum galen_err load_joining(struct galen_engine *engine, struct galen_bytes value)
{
    struct joining *j = &engine->joining;
    struct galen_reader r, ids;
    galen_reader_init(&r, value);
    if (galen_read_u8(&r) != HOME_VERSION)
        return GALEN_ERR_VERSION;
    galen_read_into(&r, j->secret, sizeof j->secret);
    j->certified = galen_read_bool(&r);
    if (j->certified && galen_cert_read(&r, &j->cert) != GALEN_OK)
        return GALEN_ERR_FORMAT;
    j->sent = galen_read_bool(&r);
    j->asked = j->answered = galen_read_bool(&r);
    galen_read_nested(&r, sizeof j->lost, &ids);
    while (ids.left > 0 && !ids.failed)
        j->lost[j->lost_count++] = galen_read_id(&ids);
    r.failed = r.failed || ids.failed;
    galen_read_nested(&r, GALEN_CHARTS_MAX * (size_t)GALEN_ID_BYTES, &ids);
    if (r.failed)
        return GALEN_ERR_FORMAT;
    if (ids.left > 0 && !(j->charts = calloc(ids.left / GALEN_ID_BYTES + 1, sizeof *j->charts)))
        return GALEN_ERR_MEMORY;
    while (ids.left > 0 && !ids.failed)
        j->charts[j->chart_count++] = galen_read_id(&ids);
    j->guest = r.left > 0 && galen_read_bool(&r);
    if (ids.failed || !galen_reader_done(&r))
        return GALEN_ERR_FORMAT;
    if (j->guest && engine->me.chain.count != 2)
        return GALEN_ERR_FORMAT;
    j->as_fresh = j->sent;
    return GALEN_OK;
}

/* -- requests --------------------------------------------------------------------------------------- */

static void item_key(char key[KEY_MAX], const struct chart *chart, const struct item *item)
{
    chart_key_at(key, "log/", chart, "/request/", item->place);
}

void save_item(struct galen_engine *engine, const struct chart *chart, const struct item *item)
{
    if (item->place == 0)
        return;
    struct galen_writer w;
    galen_writer_init(&w);
    galen_write_u8(&w, HOME_VERSION);
    galen_write_u64(&w, item->place);
    galen_write(&w, item->token, sizeof item->token);
    galen_write_u8(&w, item->kind);
    galen_write_u8(&w, item->class);
    galen_write_bool(&w, item->quiet);
    galen_write_bool(&w, item->held);
    galen_write_bool(&w, item->released);
    galen_write_u32(&w, item->composed_epoch);
    galen_write_id(&w, &item->subject);
    galen_write_bool(&w, item->kind == ITEM_ADD);
    if (item->kind == ITEM_ADD)
        galen_cert_write(&w, &item->cert);
    galen_write_vector(&w, galen_written(&item->plain));
    galen_write_vector(&w, galen_written(&item->bytes));
    galen_write_u32(&w, item->number);
    galen_write_u32(&w, item->epoch);
    char key[KEY_MAX];
    item_key(key, chart, item);
    save_written(engine, key, &w);
}

void forget_item(struct galen_engine *engine, const struct chart *chart, const struct item *item)
{
    if (item->place == 0)
        return;
    char key[KEY_MAX];
    item_key(key, chart, item);
    save(engine, key, (struct galen_bytes){0});
}

static enum galen_err read_item(struct galen_bytes value, struct item *item)
{
    struct galen_reader r;
    galen_reader_init(&r, value);
    if (galen_read_u8(&r) != HOME_VERSION)
        return GALEN_ERR_VERSION;
    item->place = galen_read_u64(&r);
    galen_read_into(&r, item->token, sizeof item->token);
    item->kind = galen_read_u8(&r);
    item->class = galen_read_u8(&r);
    item->quiet = galen_read_bool(&r);
    item->held = galen_read_bool(&r);
    item->released = galen_read_bool(&r);
    item->composed_epoch = galen_read_u32(&r);
    item->subject = galen_read_id(&r);
    if (galen_read_bool(&r) && galen_cert_read(&r, &item->cert) != GALEN_OK)
        return GALEN_ERR_FORMAT;
    struct galen_bytes plain = galen_read_vector(&r, GALEN_PLAIN_MAX);
    struct galen_bytes bytes = galen_read_vector(&r, GALEN_FRAME_MAX);
    item->number = galen_read_u32(&r);
    item->epoch = galen_read_u32(&r);
    if (!galen_reader_done(&r) || item->kind < ITEM_CONTENT || item->kind > ITEM_REDEEM)
        return GALEN_ERR_FORMAT;
    galen_write(&item->plain, plain.at, plain.size);
    galen_write(&item->bytes, bytes.at, bytes.size);
    return item->plain.failed || item->bytes.failed ? GALEN_ERR_MEMORY : GALEN_OK;
}

static enum galen_err load_item(struct galen_engine *engine, struct chart *chart,
                                struct galen_bytes value)
{
    struct item item = {0};
    enum galen_err err = read_item(value, &item);
    if (err == GALEN_OK && !outbox_make_room(chart))
        err = GALEN_ERR_MEMORY;
    if (err != GALEN_OK) {
        item_wipe(&item);
        return err;
    }
    if (item.place > engine->last_place)
        engine->last_place = item.place;
    chart->items[chart->item_count++] = item;
    return GALEN_OK;
}

/* -- why nothing more is written ---------------------------------------------------------------------- */

/* With the head that contradicts us, where one does: the two histories are the evidence (H2). */
void save_stopped(struct galen_engine *engine, const struct chart *chart)
{
    char key[KEY_MAX];
    chart_key(key, "log/", chart, "/stopped");
    const struct galen_head *head = galen_log_fork(chart->log);
    struct galen_writer w;
    galen_writer_init(&w);
    galen_write_u16(&w, chart->stopped);
    galen_write_bool(&w, head != NULL);
    if (head)
        galen_head_write(&w, head);
    save_written(engine, key, &w);
}

void forget_stopped(struct galen_engine *engine, const struct chart *chart)
{
    char key[KEY_MAX];
    chart_key(key, "log/", chart, "/stopped");
    save(engine, key, (struct galen_bytes){0});
}

static enum galen_err load_stopped(struct chart *chart, struct galen_bytes value)
{
    struct galen_reader r;
    struct galen_head head;
    galen_reader_init(&r, value);
    chart->stopped = galen_read_u16(&r);
    bool has_head = galen_read_bool(&r);
    if (has_head && galen_head_read(&r, &head) != GALEN_OK)
        return GALEN_ERR_FORMAT;
    /* It contradicts the log now as it did then. */
    if (has_head && galen_log_take_head(chart->log, &head) == GALEN_ERR_MEMORY)
        return GALEN_ERR_MEMORY;
    return galen_reader_done(&r) ? GALEN_OK : GALEN_ERR_FORMAT;
}

/* -- notices ---------------------------------------------------------------------------------------- */

bool note_notice(struct galen_engine *engine, const struct galen_id *device, uint64_t at_ms)
{
    struct told_notice *notice = NULL;
    for (size_t i = 0; i < engine->notice_count && !notice; i++)
        if (galen_id_equal(&engine->notices[i].device, device))
            notice = &engine->notices[i];
    if (notice && notice->at_ms >= at_ms)
        return false;
    if (!notice && engine->notice_count == NOTICES_MAX)
        memmove(engine->notices, engine->notices + 1,
                --engine->notice_count * sizeof engine->notices[0]);
    if (!notice)
        notice = &engine->notices[engine->notice_count++];
    *notice = (struct told_notice){*device, at_ms};
    struct galen_writer w;
    galen_writer_init(&w);
    for (size_t i = 0; i < engine->notice_count; i++) {
        galen_write_id(&w, &engine->notices[i].device);
        galen_write_u64(&w, engine->notices[i].at_ms);
    }
    save_written(engine, "notice", &w);
    return true;
}

static enum galen_err load_notices(struct galen_engine *engine, struct galen_bytes value)
{
    struct galen_reader r;
    galen_reader_init(&r, value);
    while (r.left > 0 && !r.failed && engine->notice_count < NOTICES_MAX) {
        struct told_notice *notice = &engine->notices[engine->notice_count++];
        notice->device = galen_read_id(&r);
        notice->at_ms = galen_read_u64(&r);
    }
    return galen_reader_done(&r) ? GALEN_OK : GALEN_ERR_FORMAT;
}

/* -- words ------------------------------------------------------------------------------------------ */

void save_words(struct galen_engine *engine)
{
    struct galen_writer w;
    galen_writer_init(&w);
    for (size_t i = 0; i < engine->word_count; i++) {
        const struct word *word = &engine->words[i];
        if (!word->judged)
            continue;
        galen_statement_write(&w, &word->statement);
        galen_chain_write(&w, &word->chain);
        galen_write_bool(&w, word->told);
    }
    save_written(engine, "out", &w);
}

static enum galen_err load_words(struct galen_engine *engine, struct galen_bytes value)
{
    struct galen_reader r;
    galen_reader_init(&r, value);
    engine->words = calloc(WORDS_MAX, sizeof *engine->words);
    if (!engine->words)
        return GALEN_ERR_MEMORY;
    while (r.left > 0 && engine->word_count < WORDS_MAX) {
        struct word *word = &engine->words[engine->word_count++];
        if (galen_statement_read(&r, &word->statement) != GALEN_OK ||
            galen_chain_read(&r, &word->chain) != GALEN_OK)
            return GALEN_ERR_FORMAT;
        word->judged = true;
        word->told = galen_read_bool(&r);
    }
    return galen_reader_done(&r) ? GALEN_OK : GALEN_ERR_FORMAT;
}

void forget_all(struct galen_engine *engine)
{
    static const char *const lists[] = {"notice", "out"};
    for (size_t c = 0; c < engine->chart_count; c++) {
        struct chart *chart = engine->charts[c];
        for (size_t i = 0; i < chart->item_count; i++)
            forget_item(engine, chart, &chart->items[i]);
        forget_pages(engine, chart);
        if (chart->stopped != GALEN_OK)
            forget_stopped(engine, chart);
    }
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
        save(engine, lists[i], (struct galen_bytes){0});
    charts_clear(engine);
    engine->unsaved = false;
    engine->word_count = engine->notice_count = engine->cert_count = 0;
    struct identity *me = &engine->me;
    me->state = GALEN_HOME_EMPTY;
    me->role = 0;
    me->account = me->practice_chart = (struct galen_id){0};
    me->practice_keys = (struct galen_public_keys){0};
    me->chain.count = 0;
}

/* -- reading it back -------------------------------------------------------------------------------- */

static bool read_hex(struct galen_bytes text, uint8_t *out, size_t n)
{
    if (text.size != 2 * n)
        return false;
    for (size_t i = 0; i < text.size; i++) {
        const char *digit = memchr(hex_digits, text.at[i], 16);
        if (!digit)
            return false;
        uint8_t v = (uint8_t)(digit - hex_digits);
        out[i / 2] = (uint8_t)(i % 2 ? out[i / 2] | v : v << 4);
    }
    return true;
}

static bool starts(struct galen_bytes key, const char *with)
{
    size_t n = strlen(with);
    return key.size >= n && memcmp(key.at, with, n) == 0;
}

static bool read_number(struct galen_bytes text, uint64_t *number)
{
    uint8_t bytes[8];
    if (!read_hex(text, bytes, sizeof bytes))
        return false;
    *number = 0;
    for (size_t i = 0; i < sizeof bytes; i++)
        *number = *number << 8 | bytes[i];
    return true;
}

/* Takes `first` and a chart's id off the key. */
static bool read_chart(struct galen_bytes *key, const char *first, struct galen_id *id)
{
    const size_t from = strlen(first), end = from + 2 * GALEN_ID_BYTES;
    if (!starts(*key, first) || key->size < end ||
        !read_hex((struct galen_bytes){key->at + from, 2 * GALEN_ID_BYTES}, id->bytes,
                  sizeof id->bytes))
        return false;
    *key = (struct galen_bytes){key->at + end, key->size - end};
    return true;
}

static bool took_off(struct galen_bytes *key, const char *what)
{
    size_t n = strlen(what);
    if (!starts(*key, what))
        return false;
    *key = (struct galen_bytes){key->at + n, key->size - n};
    return true;
}

static enum galen_err load_chart(struct galen_engine *engine, struct galen_bytes key,
                                 struct galen_bytes value)
{
    struct galen_id id;
    uint64_t index;
    if (!read_chart(&key, "log/", &id))
        return GALEN_ERR_FORMAT;
    struct chart *chart = chart_get(engine, &id);
    if (!chart)
        return GALEN_ERR_MEMORY;
    if (took_off(&key, "/page/"))
        return read_number(key, &index) ? load_page(engine, chart, index, value) : GALEN_ERR_FORMAT;
    if (took_off(&key, "/request/"))
        return load_item(engine, chart, value);
    if (took_off(&key, "/keys"))
        return load_keys(chart, value);
    if (took_off(&key, "/stopped"))
        return load_stopped(chart, value);
    return GALEN_ERR_FORMAT;
}

bool home_loads_later(struct galen_bytes key)
{
    return starts(key, GALEN_LOADED_LATER);
}

static enum galen_err load_later(struct galen_engine *engine, struct galen_bytes key,
                                 struct galen_bytes value)
{
    struct galen_id id;
    uint64_t index;
    if (!read_chart(&key, GALEN_LOADED_LATER, &id) || !took_off(&key, "/") ||
        !read_number(key, &index))
        return GALEN_ERR_FORMAT;
    struct chart *chart = chart_find(engine, &id);
    return chart ? load_records(chart, index, value) : GALEN_ERR_FORMAT;
}

enum galen_err home_load(struct galen_engine *engine, struct galen_bytes key,
                         struct galen_bytes value)
{
    if (starts(key, "log/"))
        return load_chart(engine, key, value);
    if (home_loads_later(key))
        return load_later(engine, key, value);
    if (key.size == 6 && starts(key, "notice"))
        return load_notices(engine, value);
    if (key.size == 3 && starts(key, "out"))
        return load_words(engine, value);
    if (key.size == 4 && starts(key, "home"))
        return load_me(engine, value);
    if (key.size == 7 && starts(key, "joining"))
        return load_joining(engine, value);
    return GALEN_ERR_FORMAT;
}
