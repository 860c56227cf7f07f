/* What the two halves of the SQLite store share (store_sqlite.c, store_sqlite_read.c). */
#ifndef GALEN_SERVER_STORE_SQLITE_H
#define GALEN_SERVER_STORE_SQLITE_H

#include "store.h"

#include <sqlite3.h>

enum store_write {
    WRITE_BEGIN,
    WRITE_COMMIT,
    WRITE_ROLLBACK,
    WRITE_CHART,
    WRITE_CHART_NUMBER,
    WRITE_LAST_INDEX,
    WRITE_ENTRY,
    WRITE_MEMBER,
    WRITE_HEAD,
    WRITE_STATEMENT,
    WRITE_NOTICE,
    WRITE_PRACTICE,
    WRITE_COUNT
};

enum store_read {
    READ_PRACTICE,
    READ_SIZE,
    READ_CLEAR,
    READ_ENTRIES,
    READ_FIND,
    READ_HEADS,
    READ_CHARTS,
    READ_STATEMENTS_ABOUT,
    READ_STATEMENTS_IN,
    READ_NOTICES,
    READ_COUNT
};

struct store {
    /* of the thread that commits */
    sqlite3 *writer;
    sqlite3_stmt *writes[WRITE_COUNT];
    enum galen_err write_err; /* what made the last step fail */
    /* The chart of the entry written last in this batch: most entries of a batch follow another. */
    struct galen_id last_chart;
    int64_t last_number;
    uint64_t last_size;
    bool last_known;
    /* of the other thread */
    sqlite3 *reader;
    sqlite3_stmt *reads[READ_COUNT];
};

extern const char *const store_read_sql[READ_COUNT];

/* The error that SQLite's last call on this connection stands for. */
enum galen_err store_failure(sqlite3 *db);
bool store_bind_id(sqlite3_stmt *q, int at, const struct galen_id *id);
bool store_bind_bytes(sqlite3_stmt *q, int at, struct galen_bytes bytes);
bool store_bind_number(sqlite3_stmt *q, int at, uint64_t number); /* false above INT64_MAX */
/* Ends a statement's use and lets go of what was bound, so that it keeps no borrowed pointer. */
void store_release(sqlite3_stmt *q);

#endif
