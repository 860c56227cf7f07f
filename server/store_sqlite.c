/*
 * The store in one SQLite file: write-ahead log, full sync, one transaction a batch. Two connections,
 * so that reads never wait for the disk: `writer` belongs to the thread that commits, `reader` to the
 * other. SQLite keeps nothing else between them, which is why neither needs a lock of its own.
 */
#include "store_sqlite.h"

#include "galen/mutation.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define SCHEMA_VERSION   1
#define CHECKPOINT_PAGES 4000 /* 16 MB of log before it is folded into the file */
#define BUSY_MS          5000

static const char schema[] =
    "CREATE TABLE practice (one INTEGER PRIMARY KEY CHECK (one = 1), sign BLOB NOT NULL,"
    " seal BLOB NOT NULL);"
    "CREATE TABLE chart (no INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE);"
    "CREATE TABLE entry (chart INTEGER NOT NULL REFERENCES chart(no), idx INTEGER NOT NULL,"
    " received INTEGER NOT NULL, class INTEGER NOT NULL, author BLOB NOT NULL,"
    " number INTEGER NOT NULL, header BLOB NOT NULL, body BLOB NOT NULL,"
    " PRIMARY KEY (chart, idx)) WITHOUT ROWID;"
    "CREATE UNIQUE INDEX entry_author ON entry (chart, author, number);"
    "CREATE TABLE member (device BLOB NOT NULL, chart BLOB NOT NULL, present INTEGER NOT NULL,"
    " PRIMARY KEY (device, chart)) WITHOUT ROWID;"
    "CREATE INDEX member_chart ON member (chart, present);"
    "CREATE TABLE head (chart BLOB NOT NULL, device BLOB NOT NULL, size INTEGER NOT NULL,"
    " signed BLOB NOT NULL, PRIMARY KEY (chart, device)) WITHOUT ROWID;"
    "CREATE TABLE statement (subject BLOB NOT NULL, kind INTEGER NOT NULL, signer BLOB NOT NULL,"
    " account BLOB NOT NULL, signed BLOB NOT NULL, chain BLOB NOT NULL,"
    " PRIMARY KEY (subject, kind, signer)) WITHOUT ROWID;"
    "CREATE TABLE notice (chart BLOB NOT NULL, device BLOB NOT NULL, at INTEGER NOT NULL,"
    " PRIMARY KEY (chart, device)) WITHOUT ROWID;";

static const char *const write_sql[WRITE_COUNT] = {
    [WRITE_BEGIN] = "BEGIN IMMEDIATE",
    [WRITE_COMMIT] = "COMMIT",
    [WRITE_ROLLBACK] = "ROLLBACK",
    [WRITE_CHART] = "INSERT INTO chart (id) VALUES (?1)",
    [WRITE_CHART_NUMBER] = "SELECT no FROM chart WHERE id = ?1",
    [WRITE_LAST_INDEX] = "SELECT max(idx) FROM entry WHERE chart = ?1",
    [WRITE_ENTRY] = "INSERT INTO entry (chart, idx, received, class, author, number, header, body)"
                    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    [WRITE_MEMBER] = "INSERT INTO member (device, chart, present) VALUES (?1, ?2, ?3)"
                     " ON CONFLICT (device, chart) DO UPDATE SET present = excluded.present",
    [WRITE_HEAD] = "INSERT INTO head (chart, device, size, signed) VALUES (?1, ?2, ?3, ?4)"
                   " ON CONFLICT (chart, device) DO UPDATE SET size = excluded.size,"
                   " signed = excluded.signed WHERE excluded.size >= head.size",
    [WRITE_STATEMENT] = "INSERT INTO statement (subject, kind, signer, account, signed, chain)"
                        " VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO NOTHING",
    [WRITE_NOTICE] = "INSERT INTO notice (chart, device, at) VALUES (?1, ?2, ?3)"
                     " ON CONFLICT (chart, device) DO UPDATE SET at = max(at, excluded.at)",
    [WRITE_PRACTICE] = "INSERT INTO practice (one, sign, seal) VALUES (1, ?1, ?2)",
};

/* -- what SQLite says --------------------------------------------------------------------------- */

enum galen_err store_failure(sqlite3 *db)
{
    int code = sqlite3_errcode(db);
    if (code == SQLITE_FULL || (code != SQLITE_OK && sqlite3_system_errno(db) == ENOSPC))
        return GALEN_ERR_DISK_FULL;
    return code == SQLITE_NOMEM ? GALEN_ERR_MEMORY : GALEN_ERR_STORE;
}

bool store_bind_id(sqlite3_stmt *q, int at, const struct galen_id *id)
{
    return sqlite3_bind_blob(q, at, id->bytes, sizeof id->bytes, SQLITE_STATIC) == SQLITE_OK;
}

bool store_bind_bytes(sqlite3_stmt *q, int at, struct galen_bytes bytes)
{
    return sqlite3_bind_blob64(q, at, bytes.size > 0 ? bytes.at : (const uint8_t *)"", bytes.size,
                               SQLITE_STATIC) == SQLITE_OK;
}

bool store_bind_number(sqlite3_stmt *q, int at, uint64_t number)
{
    return number <= INT64_MAX && sqlite3_bind_int64(q, at, (int64_t)number) == SQLITE_OK;
}

void store_release(sqlite3_stmt *q)
{
    (void)sqlite3_reset(q); /* repeats the error of the last step, which was seen there */
    (void)sqlite3_clear_bindings(q);
}

/* -- writing ------------------------------------------------------------------------------------ */

static int step(struct store *store, sqlite3_stmt *q)
{
    int code = sqlite3_step(q);
    if (code != SQLITE_DONE && code != SQLITE_ROW)
        store->write_err = store_failure(store->writer);
    return code;
}

static bool run(struct store *store, enum store_write which)
{
    sqlite3_stmt *q = store->writes[which];
    int code = step(store, q);
    store_release(q);
    return code == SQLITE_DONE;
}

/* The chart's number; 0 when it has none, or on an error, which then follows. */
static bool chart_number(struct store *store, const struct galen_id *chart, int64_t *number)
{
    sqlite3_stmt *q = store->writes[WRITE_CHART_NUMBER];
    int code = store_bind_id(q, 1, chart) ? step(store, q) : SQLITE_MISUSE;
    *number = code == SQLITE_ROW ? sqlite3_column_int64(q, 0) : 0;
    store_release(q);
    return code == SQLITE_ROW || code == SQLITE_DONE;
}

static bool number_size(struct store *store, int64_t number, uint64_t *size)
{
    sqlite3_stmt *q = store->writes[WRITE_LAST_INDEX];
    bool good = sqlite3_bind_int64(q, 1, number) == SQLITE_OK && step(store, q) == SQLITE_ROW;
    *size = 0;
    if (good && sqlite3_column_type(q, 0) != SQLITE_NULL)
        *size = (uint64_t)sqlite3_column_int64(q, 0) + 1;
    store_release(q);
    return good;
}

/* Finds or makes the chart that an entry belongs to, and its size. */
static bool find_chart(struct store *store, const struct galen_id *chart)
{
    if (store->last_known && galen_id_equal(chart, &store->last_chart))
        return true;
    store->last_known = false;
    if (!chart_number(store, chart, &store->last_number))
        return false;
    if (store->last_number == 0) {
        sqlite3_stmt *q = store->writes[WRITE_CHART];
        if (!store_bind_id(q, 1, chart) || !run(store, WRITE_CHART))
            return false;
        store->last_number = sqlite3_last_insert_rowid(store->writer);
    }
    if (!number_size(store, store->last_number, &store->last_size))
        return false;
    store->last_chart = *chart;
    store->last_known = true;
    return true;
}

static bool write_append(struct store *store, const struct store_append *append)
{
    const struct galen_entry *entry = &append->entry;
    if (!find_chart(store, &append->chart) || append->index != store->last_size)
        return false;
    sqlite3_stmt *q = store->writes[WRITE_ENTRY];
    if (sqlite3_bind_int64(q, 1, store->last_number) != SQLITE_OK ||
        !store_bind_number(q, 2, append->index) || !store_bind_number(q, 3, entry->received_ms) ||
        !store_bind_number(q, 4, entry->header.class) ||
        !store_bind_id(q, 5, &entry->header.author) ||
        !store_bind_number(q, 6, entry->header.number) ||
        !store_bind_bytes(q, 7, entry->signed_header) || !store_bind_bytes(q, 8, entry->body) ||
        !run(store, WRITE_ENTRY))
        return false;
    store->last_size++;
    return true;
}

static bool write_member(struct store *store, const struct store_member *member)
{
    sqlite3_stmt *q = store->writes[WRITE_MEMBER];
    return store_bind_id(q, 1, &member->device) && store_bind_id(q, 2, &member->chart) &&
           store_bind_number(q, 3, member->present) && run(store, WRITE_MEMBER);
}

static bool write_head(struct store *store, const struct galen_head *head)
{
    struct galen_writer w;
    galen_writer_init(&w);
    galen_head_write(&w, head);
    sqlite3_stmt *q = store->writes[WRITE_HEAD];
    bool good = !w.failed && store_bind_id(q, 1, &head->chart) &&
                store_bind_id(q, 2, &head->device) && store_bind_number(q, 3, head->size) &&
                store_bind_bytes(q, 4, galen_written(&w)) && run(store, WRITE_HEAD);
    galen_writer_wipe(&w);
    return good;
}

static bool write_statement(struct store *store, const struct store_statement *said)
{
    struct galen_writer w;
    galen_writer_init(&w);
    galen_statement_write(&w, &said->statement);
    sqlite3_stmt *q = store->writes[WRITE_STATEMENT];
    bool good = !w.failed && store_bind_id(q, 1, &said->statement.subject) &&
                store_bind_number(q, 2, said->statement.kind) &&
                store_bind_id(q, 3, &said->statement.signer) &&
                store_bind_id(q, 4, &said->account) && store_bind_bytes(q, 5, galen_written(&w)) &&
                store_bind_bytes(q, 6, said->chain) && run(store, WRITE_STATEMENT);
    galen_writer_wipe(&w);
    return good;
}

static bool write_notice(struct store *store, const struct store_notice *notice)
{
    sqlite3_stmt *q = store->writes[WRITE_NOTICE];
    return store_bind_id(q, 1, &notice->chart) && store_bind_id(q, 2, &notice->device) &&
           store_bind_number(q, 3, notice->at_ms) && run(store, WRITE_NOTICE);
}

static bool write_practice(struct store *store, const struct galen_public_keys *keys)
{
    sqlite3_stmt *q = store->writes[WRITE_PRACTICE];
    return store_bind_bytes(q, 1, (struct galen_bytes){keys->sign, sizeof keys->sign}) &&
           store_bind_bytes(q, 2, (struct galen_bytes){keys->seal, sizeof keys->seal}) &&
           run(store, WRITE_PRACTICE);
}

static bool write_change(struct store *store, const struct store_change *change)
{
    switch (change->kind) {
    case STORE_APPEND:
        return write_append(store, &change->as.append);
    case STORE_MEMBER:
        return write_member(store, &change->as.member);
    case STORE_HEAD:
        return write_head(store, &change->as.head);
    case STORE_STATEMENT:
        return write_statement(store, &change->as.statement);
    case STORE_NOTICE:
        return write_notice(store, &change->as.notice);
    case STORE_PRACTICE:
        return write_practice(store, &change->as.practice);
    default:
        return false;
    }
}

enum galen_err store_commit(struct store *store, const struct store_batch *batch)
{
    store->last_known = false;
    store->write_err = GALEN_ERR_STORE; /* a change out of order is no error of SQLite's */
    bool good = run(store, WRITE_BEGIN);
    for (const struct store_change *at = batch->first; good && at; at = at->next)
        good = write_change(store, at);
    if (good && run(store, WRITE_COMMIT))
        return GALEN_OK;
    enum galen_err err = store->write_err;
    if (!sqlite3_get_autocommit(store->writer))
        (void)run(store, WRITE_ROLLBACK);
    return err;
}

/* -- opening ------------------------------------------------------------------------------------ */

static bool pragma(sqlite3 *db, const char *sql)
{
    return sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK;
}

/* Full sync is what makes "delivered means durable" true when the power goes. */
static bool set_up_writer(sqlite3 *db)
{
    const char *sync =
        GALEN_CHECKED(SYNC) ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = OFF";
    char checkpoint[64];
    (void)snprintf(checkpoint, sizeof checkpoint, "PRAGMA wal_autocheckpoint = %d",
                   CHECKPOINT_PAGES);
    return pragma(db, "PRAGMA journal_mode = WAL") && pragma(db, sync) && pragma(db, checkpoint) &&
           pragma(db, "PRAGMA foreign_keys = OFF"); /* write_append keeps that itself, cheaper */
}

static enum galen_err read_version(sqlite3 *db, int *version)
{
    sqlite3_stmt *q = NULL;
    enum galen_err err = GALEN_ERR_STORE;
    if (sqlite3_prepare_v2(db, "PRAGMA user_version", -1, &q, NULL) != SQLITE_OK)
        return store_failure(db);
    if (sqlite3_step(q) == SQLITE_ROW) {
        *version = sqlite3_column_int(q, 0);
        err = GALEN_OK;
    }
    (void)sqlite3_finalize(q);
    return err;
}

static enum galen_err make_schema(sqlite3 *db)
{
    char version[64];
    (void)snprintf(version, sizeof version, "PRAGMA user_version = %d", SCHEMA_VERSION);
    if (pragma(db, "BEGIN IMMEDIATE") && pragma(db, schema) && pragma(db, version) &&
        pragma(db, "COMMIT"))
        return GALEN_OK;
    enum galen_err err = store_failure(db);
    (void)pragma(db, "ROLLBACK");
    return err;
}

static enum galen_err connect_to(const char *path, const char *vfs, int flags, sqlite3 **db)
{
    int code = sqlite3_open_v2(path, db, flags | SQLITE_OPEN_NOMUTEX, vfs);
    if (code == SQLITE_OK && sqlite3_busy_timeout(*db, BUSY_MS) == SQLITE_OK)
        return GALEN_OK;
    return code == SQLITE_NOMEM || !*db ? GALEN_ERR_MEMORY : GALEN_ERR_IO;
}

static enum galen_err prepare(sqlite3 *db, const char *const *sql, size_t count, sqlite3_stmt **out)
{
    for (size_t i = 0; i < count; i++) {
        if (sqlite3_prepare_v3(db, sql[i], -1, SQLITE_PREPARE_PERSISTENT, &out[i], NULL) !=
            SQLITE_OK)
            return store_failure(db);
    }
    return GALEN_OK;
}

static enum galen_err open_both(struct store *store, const char *path, const char *vfs)
{
    int version = 0;
    enum galen_err err =
        connect_to(path, vfs, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, &store->writer);
    if (err != GALEN_OK)
        return err;
    if (!set_up_writer(store->writer))
        return store_failure(store->writer);
    err = read_version(store->writer, &version);
    if (err == GALEN_OK && version == 0)
        err = make_schema(store->writer);
    else if (err == GALEN_OK && version != SCHEMA_VERSION)
        err = GALEN_ERR_VERSION;
    if (err == GALEN_OK)
        err = connect_to(path, vfs, SQLITE_OPEN_READWRITE, &store->reader);
    if (err == GALEN_OK && !pragma(store->reader, "PRAGMA query_only = ON"))
        err = store_failure(store->reader);
    if (err == GALEN_OK)
        err = prepare(store->writer, write_sql, WRITE_COUNT, store->writes);
    if (err == GALEN_OK)
        err = prepare(store->reader, store_read_sql, READ_COUNT, store->reads);
    return err;
}

enum galen_err store_open(const char *path, const char *vfs, struct store **out)
{
    struct store *store = calloc(1, sizeof *store);
    *out = NULL;
    if (!store)
        return GALEN_ERR_MEMORY;
    enum galen_err err = open_both(store, path, vfs);
    if (err != GALEN_OK) {
        store_close(store);
        return err;
    }
    *out = store;
    return GALEN_OK;
}

void store_close(struct store *store)
{
    if (!store)
        return;
    for (size_t i = 0; i < WRITE_COUNT; i++)
        (void)sqlite3_finalize(store->writes[i]);
    for (size_t i = 0; i < READ_COUNT; i++)
        (void)sqlite3_finalize(store->reads[i]);
    (void)sqlite3_close(store->reader);
    (void)sqlite3_close(store->writer);
    free(store);
}
