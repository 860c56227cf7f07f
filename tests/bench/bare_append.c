/*
 * What Galen's appending is held beside: SQLite alone, in WAL mode with full sync, committing rows in
 * groups. No network, no signatures, no rules.
 *
 *     bare-append FILE GROUP SECONDS
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sqlite3.h>

#include "load.h"

#define ROW_BYTES 550 /* an entry of the smallest size */

static void run(sqlite3 *db, const char *sql)
{
    if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
        bench_fail("%s: %s", sql, sqlite3_errmsg(db));
}

static void insert(sqlite3_stmt *row, uint64_t index)
{
    uint8_t entry[ROW_BYTES];
    memset(entry, (int)(index & 0xff), sizeof entry);
    sqlite3_bind_int64(row, 1, (sqlite3_int64)index);
    sqlite3_bind_blob(row, 2, entry, sizeof entry, SQLITE_STATIC);
    if (sqlite3_step(row) != SQLITE_DONE)
        bench_fail("a row was not inserted");
    sqlite3_reset(row);
}

int main(int argc, char **argv)
{
    sqlite3 *db;
    sqlite3_stmt *row;
    struct samples delays = {0};
    if (argc != 4) {
        fputs("usage: bare-append FILE GROUP SECONDS\n", stderr);
        return 2;
    }
    size_t group = strtoul(argv[2], NULL, 10);
    if (sqlite3_open(argv[1], &db) != SQLITE_OK)
        bench_fail("%s cannot be opened", argv[1]);
    run(db, "PRAGMA journal_mode=WAL");
    run(db, "PRAGMA synchronous=FULL");
    run(db, "CREATE TABLE entry (id INTEGER PRIMARY KEY, bytes BLOB NOT NULL)");
    if (sqlite3_prepare_v2(db, "INSERT INTO entry VALUES (?, ?)", -1, &row, NULL) != SQLITE_OK)
        bench_fail("%s", sqlite3_errmsg(db));
    uint64_t index = 0, began_ns = bench_now_ns(), now_ns = began_ns;
    uint64_t end_ns = began_ns + (uint64_t)(strtod(argv[3], NULL) * 1e9);
    while (now_ns < end_ns) {
        uint64_t start_ns = now_ns;
        run(db, "BEGIN");
        for (size_t i = 0; i < group; i++)
            insert(row, ++index);
        run(db, "COMMIT");
        now_ns = bench_now_ns();
        samples_add(&delays, now_ns - start_ns);
    }
    printf("{\"in_flight\": %zu, \"rows_per_s\": %.0f, \"p50_ms\": %.2f, \"p99_ms\": %.2f}\n",
           group, (double)index * 1e9 / (double)(now_ns - began_ns), samples_ms(&delays, 0.5),
           samples_ms(&delays, 0.99));
    sqlite3_finalize(row);
    sqlite3_close(db);
    return EXIT_SUCCESS;
}
