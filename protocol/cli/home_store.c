#include "home_store.h"

#include "folder.h"
#include "home_key.h"

#include <errno.h>
#include <sodium.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define STORE_FILE "home.db"

struct home_store {
    char home[FOLDER_PATH_MAX];
    sqlite3 *db;
    sqlite3_stmt *put, *remove, *all, *one, *note, *noted;
    int lock; /* descriptor */
    bool changing;
    uint8_t *data_key; /* sodium_malloc */
};

static const char schema[] =
    "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;"
    "CREATE TABLE IF NOT EXISTS home (only INTEGER PRIMARY KEY CHECK (only = 1), lock BLOB NOT "
    "NULL);"
    "CREATE TABLE IF NOT EXISTS pair (key BLOB PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS note (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT "
    "ROWID;";

static bool database_failed(struct home_store *store, struct store_failure *failure)
{
    failure_set(failure, GALEN_ERR_IO, "The file %s/%s cannot be used: %s. Check the disk.",
                store->home, STORE_FILE, store->db ? sqlite3_errmsg(store->db) : "out of memory");
    return false;
}

/* -- opening ---------------------------------------------------------------------------------------- */

static bool open_database(struct home_store *store, struct store_failure *failure)
{
    char path[FOLDER_PATH_MAX];
    if (!folder_path(store->home, STORE_FILE, path)) {
        failure_set(failure, GALEN_ERR_IO, "The path of the home is too long.");
        return false;
    }
    mode_t before = umask(077);
    int opened =
        sqlite3_open_v2(path, &store->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL);
    umask(before);
    if (opened != SQLITE_OK || sqlite3_exec(store->db, schema, NULL, NULL, NULL) != SQLITE_OK)
        return database_failed(store, failure);
    static const char *const texts[] = {
        "INSERT INTO pair VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = ?2",
        "DELETE FROM pair WHERE key = ?1",
        "SELECT key, value FROM pair WHERE key < ?1 ORDER BY key",
        "SELECT value FROM pair WHERE key = ?1",
        "INSERT INTO note VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET value = ?2",
        "SELECT value FROM note WHERE name = ?1"};
    sqlite3_stmt **const made[] = {&store->put, &store->remove, &store->all,
                                   &store->one, &store->note,   &store->noted};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (sqlite3_prepare_v2(store->db, texts[i], -1, made[i], NULL) != SQLITE_OK)
            return database_failed(store, failure);
    return true;
}

/* A home that is new gets its data key now, before anything is kept in it. */
static bool make_data_key(struct home_store *store, const struct store_keys *keys,
                          struct store_failure *failure)
{
    uint8_t record[HOME_LOCK_BYTES];
    if (!home_key_make(store->home, keys, store->data_key, record, failure))
        return false;
    sqlite3_stmt *insert = NULL;
    bool ok = sqlite3_prepare_v2(store->db, "INSERT INTO home VALUES (1, ?1)", -1, &insert, NULL) ==
                  SQLITE_OK &&
              sqlite3_bind_blob(insert, 1, record, sizeof record, SQLITE_STATIC) == SQLITE_OK &&
              sqlite3_step(insert) == SQLITE_DONE;
    sqlite3_finalize(insert);
    return ok || database_failed(store, failure);
}

static bool find_data_key(struct home_store *store, const struct store_keys *keys,
                          struct store_failure *failure)
{
    sqlite3_stmt *select = NULL;
    if (sqlite3_prepare_v2(store->db, "SELECT lock FROM home", -1, &select, NULL) != SQLITE_OK)
        return database_failed(store, failure);
    int step = sqlite3_step(select);
    bool ok;
    if (step == SQLITE_ROW) {
        struct galen_bytes record = {sqlite3_column_blob(select, 0),
                                     (size_t)sqlite3_column_bytes(select, 0)};
        ok = home_key_open(store->home, keys, record, store->data_key, failure);
    } else if (step == SQLITE_DONE) {
        ok = make_data_key(store, keys, failure);
    } else {
        ok = database_failed(store, failure);
    }
    sqlite3_finalize(select);
    return ok;
}

struct home_store *home_store_open(const char *home, const struct store_keys *keys, bool make,
                                   unsigned wait_ms, struct store_failure *failure)
{
    if (strlen(home) >= FOLDER_PATH_MAX || !folder_ready(home, make, failure)) {
        if (strlen(home) >= FOLDER_PATH_MAX)
            failure_set(failure, GALEN_ERR_IO, "The path of the home is too long.");
        return NULL;
    }
    struct home_store *store = calloc(1, sizeof *store);
    if (store)
        store->data_key = sodium_malloc(HOME_KEY_BYTES);
    if (!store || !store->data_key) {
        free(store);
        failure_set(failure, GALEN_ERR_MEMORY, "%s", galen_err_help(GALEN_ERR_MEMORY));
        return NULL;
    }
    memcpy(store->home, home, strlen(home) + 1);
    store->lock = folder_lock(home, wait_ms, failure);
    if (store->lock < 0 || !open_database(store, failure) || !find_data_key(store, keys, failure)) {
        home_store_close(store);
        return NULL;
    }
    return store;
}

void home_store_close(struct home_store *store)
{
    if (!store)
        return;
    sqlite3_finalize(store->put);
    sqlite3_finalize(store->remove);
    sqlite3_finalize(store->all);
    sqlite3_finalize(store->one);
    sqlite3_finalize(store->note);
    sqlite3_finalize(store->noted);
    sqlite3_close(store->db); /* what was not committed is rolled back */
    if (store->lock >= 0)
        close(store->lock);
    sodium_free(store->data_key);
    free(store);
}

const char *home_store_home(const struct home_store *store)
{
    return store->home;
}

/* -- pairs ------------------------------------------------------------------------------------------ */

enum galen_err home_store_each(struct home_store *store, const char *before, void *context,
                               enum galen_err (*take)(void *context, struct galen_bytes key,
                                                      struct galen_bytes value))
{
    struct galen_writer value;
    enum galen_err err = GALEN_OK;
    int step = SQLITE_DONE;
    if (sqlite3_bind_blob(store->all, 1, before, (int)strlen(before), SQLITE_STATIC) != SQLITE_OK)
        return GALEN_ERR_MEMORY;
    galen_writer_init(&value);
    while (err == GALEN_OK && (step = sqlite3_step(store->all)) == SQLITE_ROW) {
        struct galen_bytes key = {sqlite3_column_blob(store->all, 0),
                                  (size_t)sqlite3_column_bytes(store->all, 0)};
        struct galen_bytes sealed = {sqlite3_column_blob(store->all, 1),
                                     (size_t)sqlite3_column_bytes(store->all, 1)};
        galen_writer_clear(&value);
        err = galen_pair_open(store->data_key, key, sealed, &value);
        if (err == GALEN_OK)
            err = take(context, key, galen_written(&value));
    }
    if (err == GALEN_OK && step != SQLITE_DONE)
        err = GALEN_ERR_IO;
    sqlite3_reset(store->all);
    galen_writer_wipe(&value);
    return err;
}

enum galen_err home_store_load(struct home_store *store, struct galen_bytes key,
                               struct galen_writer *value)
{
    enum galen_err err = GALEN_ERR_IO;
    if (sqlite3_bind_blob(store->one, 1, key.at, (int)key.size, SQLITE_TRANSIENT) != SQLITE_OK)
        return GALEN_ERR_MEMORY;
    int step = sqlite3_step(store->one);
    if (step == SQLITE_ROW)
        err = galen_pair_open(store->data_key, key,
                              (struct galen_bytes){sqlite3_column_blob(store->one, 0),
                                                   (size_t)sqlite3_column_bytes(store->one, 0)},
                              value);
    else if (step == SQLITE_DONE)
        err = GALEN_OK;
    sqlite3_reset(store->one);
    return err;
}

static enum galen_err database_err(struct home_store *store)
{
    return sqlite3_errcode(store->db) == SQLITE_FULL ? GALEN_ERR_DISK_FULL : GALEN_ERR_IO;
}

static enum galen_err run(struct home_store *store, sqlite3_stmt *statement)
{
    enum galen_err err = sqlite3_step(statement) == SQLITE_DONE ? GALEN_OK : database_err(store);
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
    return err;
}

enum galen_err home_store_save(struct home_store *store, struct galen_bytes key,
                               struct galen_bytes value)
{
    if (key.size == 0 || key.size > STORE_KEY_MAX || value.size > STORE_VALUE_MAX)
        return GALEN_ERR_TOO_LARGE;
    if (!store->changing) {
        if (sqlite3_exec(store->db, "BEGIN IMMEDIATE", NULL, NULL, NULL) != SQLITE_OK)
            return database_err(store);
        store->changing = true;
    }
    sqlite3_stmt *statement = value.size > 0 ? store->put : store->remove;
    if (sqlite3_bind_blob(statement, 1, key.at, (int)key.size, SQLITE_TRANSIENT) != SQLITE_OK)
        return GALEN_ERR_MEMORY;
    if (value.size == 0)
        return run(store, statement);
    struct galen_writer sealed;
    galen_writer_init(&sealed);
    home_seal(store->data_key, key, value, &sealed);
    enum galen_err err = GALEN_ERR_MEMORY;
    if (!sealed.failed &&
        sqlite3_bind_blob(statement, 2, sealed.at, (int)sealed.size, SQLITE_STATIC) == SQLITE_OK)
        err = run(store, statement);
    galen_writer_wipe(&sealed);
    return err;
}

enum galen_err home_store_commit(struct home_store *store)
{
    if (!store->changing)
        return GALEN_OK;
    if (sqlite3_exec(store->db, "COMMIT", NULL, NULL, NULL) != SQLITE_OK)
        return database_err(store);
    store->changing = false;
    return GALEN_OK;
}

/* -- notes ------------------------------------------------------------------------------------------ */

enum galen_err home_store_note(struct home_store *store, const char *name, uint64_t value)
{
    if (sqlite3_bind_text(store->note, 1, name, -1, SQLITE_TRANSIENT) != SQLITE_OK ||
        sqlite3_bind_int64(store->note, 2, (sqlite3_int64)value) != SQLITE_OK)
        return GALEN_ERR_MEMORY;
    return run(store, store->note);
}

uint64_t home_store_noted(struct home_store *store, const char *name)
{
    uint64_t value = 0;
    if (sqlite3_bind_text(store->noted, 1, name, -1, SQLITE_TRANSIENT) == SQLITE_OK &&
        sqlite3_step(store->noted) == SQLITE_ROW)
        value = (uint64_t)sqlite3_column_int64(store->noted, 0);
    sqlite3_reset(store->noted);
    return value;
}
