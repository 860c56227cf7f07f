/* The reading half of the SQLite store: all of it on its own connection, from the loop's thread. */
#include "store_sqlite.h"

#include <string.h>

#define OF_CHART "chart = (SELECT no FROM chart WHERE id = ?1)"
const char *const store_read_sql[READ_COUNT] = {
    [READ_PRACTICE] = "SELECT sign, seal FROM practice",
    [READ_SIZE] = "SELECT max(idx) FROM entry WHERE " OF_CHART,
    /* 1 and 2 are the clear classes; an IN list lets SQLite leave the other bodies unread. */
    [READ_CLEAR] = "SELECT idx, received, header, CASE WHEN class IN (1, 2) THEN body END"
                   " FROM entry WHERE " OF_CHART " ORDER BY idx",
    [READ_ENTRIES] = "SELECT idx, received, header, body FROM entry WHERE " OF_CHART
                     " AND idx >= ?2 AND idx < ?3 ORDER BY idx",
    [READ_FIND] = "SELECT idx, received, header FROM entry WHERE " OF_CHART
                  " AND author = ?2 AND number = ?3",
    [READ_HEADS] = "SELECT signed FROM head WHERE chart = ?1 ORDER BY device",
    [READ_CHARTS] = "SELECT chart FROM member WHERE device = ?1 AND present >= ?2"
                    " ORDER BY chart LIMIT ?3",
    [READ_STATEMENTS_ABOUT] = "SELECT signed, account, chain FROM statement WHERE subject = ?1",
    [READ_STATEMENTS_IN] = "SELECT s.signed, s.account, s.chain FROM member AS m"
                           " JOIN statement AS s ON s.subject = m.device"
                           " WHERE m.chart = ?1 AND m.present = 1 ORDER BY s.subject",
    [READ_NOTICES] = "SELECT device, at FROM notice WHERE chart = ?1 ORDER BY device",
};

static struct galen_bytes column_bytes(sqlite3_stmt *q, int column)
{
    const void *at = sqlite3_column_blob(q, column);
    return (struct galen_bytes){at, at ? (size_t)sqlite3_column_bytes(q, column) : 0};
}

static bool column_into(sqlite3_stmt *q, int column, uint8_t *out, size_t size)
{
    struct galen_bytes bytes = column_bytes(q, column);
    if (bytes.size != size)
        return false;
    memcpy(out, bytes.at, size);
    return true;
}

/* -- reading ------------------------------------------------------------------------------------ */

/* After the last step of a loop: DONE is success, ROW that the caller had enough. */
static enum galen_err finish(struct store *store, sqlite3_stmt *q, int code, bool good)
{
    enum galen_err err = GALEN_OK;
    if (code != SQLITE_DONE && code != SQLITE_ROW)
        err = store_failure(store->reader);
    else if (!good)
        err = GALEN_ERR_STORE;
    store_release(q);
    return err;
}

enum galen_err store_practice(struct store *store, struct galen_public_keys *keys)
{
    sqlite3_stmt *q = store->reads[READ_PRACTICE];
    int code = sqlite3_step(q);
    bool good = code != SQLITE_ROW || (column_into(q, 0, keys->sign, sizeof keys->sign) &&
                                       column_into(q, 1, keys->seal, sizeof keys->seal));
    enum galen_err err = finish(store, q, code, good);
    return err == GALEN_OK && code == SQLITE_DONE ? GALEN_ERR_STATE : err;
}

enum galen_err store_chart_size(struct store *store, const struct galen_id *chart, uint64_t *size)
{
    sqlite3_stmt *q = store->reads[READ_SIZE];
    int code = store_bind_id(q, 1, chart) ? sqlite3_step(q) : SQLITE_MISUSE;
    *size = 0;
    if (code == SQLITE_ROW && sqlite3_column_type(q, 0) != SQLITE_NULL)
        *size = (uint64_t)sqlite3_column_int64(q, 0) + 1;
    return finish(store, q, code, true);
}

/* A row of idx, received, header, body. A body that is NULL was not asked for. */
static bool read_row(sqlite3_stmt *q, struct galen_entry *entry)
{
    *entry = (struct galen_entry){.received_ms = (uint64_t)sqlite3_column_int64(q, 1)};
    entry->signed_header = column_bytes(q, 2);
    if (entry->signed_header.size != GALEN_SIGNED_HEADER_BYTES)
        return false;
    struct galen_reader r;
    galen_reader_init(&r, (struct galen_bytes){entry->signed_header.at, GALEN_HEADER_BYTES});
    if (galen_header_read(&r, &entry->header) != GALEN_OK)
        return false;
    memcpy(entry->signature, entry->signed_header.at + GALEN_HEADER_BYTES, GALEN_SIGNATURE_BYTES);
    if (sqlite3_column_type(q, 3) != SQLITE_NULL) {
        entry->body_state = GALEN_BODY_PRESENT;
        entry->body = column_bytes(q, 3);
    }
    return true;
}

static enum galen_err read_rows(struct store *store, sqlite3_stmt *q, store_entry_fn each,
                                void *context)
{
    bool good = true, more = true;
    int code = SQLITE_ROW;
    while (good && more && (code = sqlite3_step(q)) == SQLITE_ROW) {
        struct galen_entry entry;
        good = read_row(q, &entry);
        if (good)
            more = each(context, (uint64_t)sqlite3_column_int64(q, 0), &entry);
    }
    return finish(store, q, code, good);
}

enum galen_err store_read_clear(struct store *store, const struct galen_id *chart,
                                store_entry_fn each, void *context)
{
    sqlite3_stmt *q = store->reads[READ_CLEAR];
    if (!store_bind_id(q, 1, chart))
        return finish(store, q, SQLITE_MISUSE, false);
    return read_rows(store, q, each, context);
}

enum galen_err store_read_entries(struct store *store, const struct galen_id *chart, uint64_t from,
                                  uint64_t to, store_entry_fn each, void *context)
{
    sqlite3_stmt *q = store->reads[READ_ENTRIES];
    if (from >= to || from > INT64_MAX)
        return GALEN_OK;
    if (!store_bind_id(q, 1, chart) || !store_bind_number(q, 2, from) ||
        !store_bind_number(q, 3, to > INT64_MAX ? INT64_MAX : to))
        return finish(store, q, SQLITE_MISUSE, false);
    return read_rows(store, q, each, context);
}

enum galen_err store_find_entry(struct store *store, const struct galen_id *chart,
                                const struct galen_id *author, uint32_t number,
                                struct store_place *place)
{
    sqlite3_stmt *q = store->reads[READ_FIND];
    int code = SQLITE_MISUSE;
    if (store_bind_id(q, 1, chart) && store_bind_id(q, 2, author) &&
        store_bind_number(q, 3, number))
        code = sqlite3_step(q);
    bool good = true;
    if (code == SQLITE_ROW) {
        place->index = (uint64_t)sqlite3_column_int64(q, 0);
        place->received_ms = (uint64_t)sqlite3_column_int64(q, 1);
        good = column_into(q, 2, place->signed_header, sizeof place->signed_header);
    }
    enum galen_err err = finish(store, q, code, good);
    return err == GALEN_OK && code == SQLITE_DONE ? GALEN_ERR_STATE : err;
}

enum galen_err store_heads(struct store *store, const struct galen_id *chart, store_head_fn each,
                           void *context)
{
    sqlite3_stmt *q = store->reads[READ_HEADS];
    int code = store_bind_id(q, 1, chart) ? SQLITE_ROW : SQLITE_MISUSE;
    bool good = true;
    while (good && code == SQLITE_ROW && (code = sqlite3_step(q)) == SQLITE_ROW) {
        struct galen_reader r;
        struct galen_head head;
        galen_reader_init(&r, column_bytes(q, 0));
        good = galen_head_read(&r, &head) == GALEN_OK && galen_reader_done(&r);
        if (good)
            each(context, &head);
    }
    return finish(store, q, code, good);
}

enum galen_err store_charts_of(struct store *store, const struct galen_id *device, bool ever,
                               size_t max, store_chart_fn each, void *context)
{
    sqlite3_stmt *q = store->reads[READ_CHARTS];
    int code = SQLITE_MISUSE;
    if (store_bind_id(q, 1, device) && store_bind_number(q, 2, ever ? 0 : 1) &&
        store_bind_number(q, 3, max))
        code = SQLITE_ROW;
    bool good = true;
    while (good && code == SQLITE_ROW && (code = sqlite3_step(q)) == SQLITE_ROW) {
        struct galen_id chart;
        good = column_into(q, 0, chart.bytes, sizeof chart.bytes);
        if (good)
            each(context, &chart);
    }
    return finish(store, q, code, good);
}

static enum galen_err read_statements(struct store *store, enum store_read which,
                                      const struct galen_id *about, store_statement_fn each,
                                      void *context)
{
    sqlite3_stmt *q = store->reads[which];
    int code = store_bind_id(q, 1, about) ? SQLITE_ROW : SQLITE_MISUSE;
    bool good = true;
    while (good && code == SQLITE_ROW && (code = sqlite3_step(q)) == SQLITE_ROW) {
        struct store_statement said = {.chain = column_bytes(q, 2)};
        struct galen_reader r;
        galen_reader_init(&r, column_bytes(q, 0));
        good = galen_statement_read(&r, &said.statement) == GALEN_OK && galen_reader_done(&r) &&
               column_into(q, 1, said.account.bytes, sizeof said.account.bytes);
        if (good)
            each(context, &said);
    }
    return finish(store, q, code, good);
}

enum galen_err store_statements_about(struct store *store, const struct galen_id *subject,
                                      store_statement_fn each, void *context)
{
    return read_statements(store, READ_STATEMENTS_ABOUT, subject, each, context);
}

enum galen_err store_statements_in(struct store *store, const struct galen_id *chart,
                                   store_statement_fn each, void *context)
{
    return read_statements(store, READ_STATEMENTS_IN, chart, each, context);
}

enum galen_err store_notices(struct store *store, const struct galen_id *chart,
                             store_notice_fn each, void *context)
{
    sqlite3_stmt *q = store->reads[READ_NOTICES];
    int code = store_bind_id(q, 1, chart) ? SQLITE_ROW : SQLITE_MISUSE;
    bool good = true;
    while (good && code == SQLITE_ROW && (code = sqlite3_step(q)) == SQLITE_ROW) {
        struct store_notice notice = {.chart = *chart};
        good = column_into(q, 0, notice.device.bytes, sizeof notice.device.bytes);
        notice.at_ms = (uint64_t)sqlite3_column_int64(q, 1);
        if (good)
            each(context, &notice);
    }
    return finish(store, q, code, good);
}
