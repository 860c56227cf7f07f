/* What any store must keep to (server/store.h), and what SQLite is trusted with: order, atomicity,
 * durability, room. */
#include "store.h"

#include "galen/rules.h"
#include "support/lossy_vfs.h"
#include "support/primitives.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FOLDER_MAX 96

static char folder[FOLDER_MAX];
static struct store *store;

static void path_in(const char *name, char *out, size_t room)
{
    (void)snprintf(out, room, "%s/%s", folder, name);
}

static struct store *open_named(const char *name, const char *vfs)
{
    struct store *opened = NULL;
    char path[2 * FOLDER_MAX];
    path_in(name, path, sizeof path);
    enum galen_err err = store_open(path, vfs, &opened);
    cr_assert_eq(err, GALEN_OK, "open: %s", galen_err_name(err));
    return opened;
}

static void begin(void)
{
    (void)snprintf(folder, sizeof folder, "/tmp/galen-store-XXXXXX");
    cr_assert_not_null(mkdtemp(folder));
    store = open_named("db", NULL);
}

static void end(void)
{
    char command[2 * FOLDER_MAX];
    store_close(store);
    (void)snprintf(command, sizeof command, "rm -r '%s'", folder);
    cr_assert_eq(system(command), 0);
}

static void reopen(void)
{
    store_close(store);
    store = open_named("db", NULL);
}

TestSuite(store, .init = begin, .fini = end);

/* -- what is stored ----------------------------------------------------------------------------- */

static struct galen_id id_of(unsigned n)
{
    struct galen_id id = {{0xee}};
    id.bytes[30] = (uint8_t)(n >> 8);
    id.bytes[31] = (uint8_t)n;
    return id;
}

/* An entry that only has to be readable: the store verifies nothing. */
struct drafted {
    struct store_change change;
    uint8_t signed_header[GALEN_SIGNED_HEADER_BYTES];
    uint8_t body[64];
};

static void draft(struct drafted *d, unsigned chart, uint64_t index, uint8_t class)
{
    struct galen_header header = {.class = class,
                                  .chart = id_of(chart),
                                  .epoch = 1,
                                  .author = id_of(1000),
                                  .number = (uint32_t)index + 1,
                                  .body_size = sizeof d->body};
    struct galen_writer w;
    memset(d, 0, sizeof *d);
    memset(d->body, (int)(index + chart), sizeof d->body);
    if (!galen_class_is_clear(class))
        header.commitment[0] = 1;
    galen_writer_init(&w);
    galen_header_write(&w, &header);
    cr_assert_eq(w.size, (size_t)GALEN_HEADER_BYTES);
    memcpy(d->signed_header, w.at, w.size);
    memset(d->signed_header + w.size, (int)index + 3, GALEN_SIGNATURE_BYTES);
    galen_writer_wipe(&w);
    d->change.kind = STORE_APPEND;
    d->change.as.append.chart = id_of(chart);
    d->change.as.append.index = index;
    d->change.as.append.entry = (struct galen_entry){
        .received_ms = 5000 + index,
        .header = header,
        .signed_header = {d->signed_header, sizeof d->signed_header},
        .body_state = GALEN_BODY_PRESENT,
        .body = {d->body, sizeof d->body},
    };
}

static enum galen_err commit_one(struct store *to, struct store_change *change)
{
    change->next = NULL;
    return store_commit(to, &(struct store_batch){change, 1});
}

static enum galen_err append(struct store *to, unsigned chart, uint64_t index, uint8_t class)
{
    struct drafted d;
    draft(&d, chart, index, class);
    return commit_one(to, &d.change);
}

static uint64_t size_of(struct store *from, unsigned chart)
{
    struct galen_id id = id_of(chart);
    uint64_t size = 99;
    cr_assert_eq(store_chart_size(from, &id, &size), GALEN_OK);
    return size;
}

struct seen {
    unsigned chart;
    uint64_t next, count;
    size_t bodies;
    uint64_t stop_after;
};

static bool see(void *context, uint64_t index, const struct galen_entry *entry)
{
    struct seen *seen = context;
    struct drafted d;
    draft(&d, seen->chart, index, entry->header.class);
    cr_assert_eq(index, seen->next);
    cr_assert_eq(entry->received_ms, 5000 + index);
    cr_assert_eq(entry->header.number, (uint32_t)index + 1);
    cr_assert(galen_bytes_equal(entry->signed_header, d.change.as.append.entry.signed_header));
    cr_assert_arr_eq(entry->signature, d.signed_header + GALEN_HEADER_BYTES, GALEN_SIGNATURE_BYTES);
    if (entry->body_state == GALEN_BODY_PRESENT) {
        cr_assert(galen_bytes_equal(entry->body, d.change.as.append.entry.body));
        seen->bodies++;
    } else {
        cr_assert_eq(entry->body.size, 0u);
    }
    seen->next++;
    seen->count++;
    return seen->stop_after == 0 || seen->count < seen->stop_after;
}

Test(store, an_empty_store_has_nothing)
{
    struct galen_public_keys keys;
    struct galen_id none = id_of(1);
    struct store_place place;
    struct seen seen = {0};
    cr_assert_eq(store_practice(store, &keys), GALEN_ERR_STATE);
    cr_assert_eq(size_of(store, 1), 0u);
    cr_assert_eq(store_read_clear(store, &none, see, &seen), GALEN_OK);
    cr_assert_eq(store_read_entries(store, &none, 0, 10, see, &seen), GALEN_OK);
    cr_assert_eq(seen.count, 0u);
    cr_assert_eq(store_find_entry(store, &none, &none, 1, &place), GALEN_ERR_STATE);
}

Test(store, entries_come_back_as_they_were_in_their_order)
{
    static const uint8_t classes[] = {GALEN_CLASS_EPOCH, GALEN_CLASS_MESSAGE, GALEN_CLASS_RECORD,
                                      GALEN_CLASS_CERTIFICATE, GALEN_CLASS_VISIT};
    for (int round = 0; round < 2; round++) {
        for (uint64_t i = 0; round == 0 && i < 5; i++) {
            cr_assert_eq(append(store, 1, i, classes[i]), GALEN_OK);
            cr_assert_eq(append(store, 2, i, classes[4 - i]), GALEN_OK);
        }
        for (unsigned chart = 1; chart <= 2; chart++) {
            struct galen_id id = id_of(chart);
            struct seen all = {.chart = chart}, some = {.chart = chart, .next = 1};
            struct seen few = {.chart = chart, .next = 2, .stop_after = 1};
            struct seen clear = {.chart = chart};
            cr_assert_eq(size_of(store, chart), 5u);
            cr_assert_eq(store_read_entries(store, &id, 0, UINT64_MAX, see, &all), GALEN_OK);
            cr_assert_eq(all.bodies, 5u);
            cr_assert_eq(store_read_entries(store, &id, 1, 3, see, &some), GALEN_OK);
            cr_assert_eq(some.count, 2u);
            cr_assert_eq(store_read_entries(store, &id, 2, 5, see, &few), GALEN_OK);
            cr_assert_eq(few.count, 1u);
            cr_assert_eq(store_read_clear(store, &id, see, &clear), GALEN_OK);
            cr_assert_eq(clear.count, 5u);
            cr_assert_eq(clear.bodies, 2u, "only clear bodies are read");
        }
        reopen(); /* and the same again from the disk */
    }
}

Test(store, an_entry_is_found_by_author_and_number)
{
    struct galen_id chart = id_of(1), other = id_of(2), author = id_of(1000);
    struct store_place place;
    struct drafted d;
    cr_assert_eq(append(store, 1, 0, GALEN_CLASS_EPOCH), GALEN_OK);
    cr_assert_eq(append(store, 1, 1, GALEN_CLASS_MESSAGE), GALEN_OK);
    cr_assert_eq(store_find_entry(store, &chart, &author, 2, &place), GALEN_OK);
    draft(&d, 1, 1, GALEN_CLASS_MESSAGE);
    cr_assert_eq(place.index, 1u);
    cr_assert_eq(place.received_ms, 5001u);
    cr_assert_arr_eq(place.signed_header, d.signed_header, sizeof d.signed_header);
    cr_assert_eq(store_find_entry(store, &chart, &author, 3, &place), GALEN_ERR_STATE);
    cr_assert_eq(store_find_entry(store, &chart, &other, 2, &place), GALEN_ERR_STATE);
    cr_assert_eq(store_find_entry(store, &other, &author, 2, &place), GALEN_ERR_STATE);
}

/* -- order and atomicity ------------------------------------------------------------------------ */

Test(store, an_index_is_the_next_or_nothing_is_stored)
{
    static const uint64_t wrong[] = {1, 2, 7, UINT64_MAX};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        cr_assert_eq(append(store, 1, wrong[i], GALEN_CLASS_EPOCH), GALEN_ERR_STORE);
    cr_assert_eq(append(store, 1, 0, GALEN_CLASS_EPOCH), GALEN_OK);
    cr_assert_eq(append(store, 1, 0, GALEN_CLASS_EPOCH), GALEN_ERR_STORE);
    cr_assert_eq(append(store, 1, 2, GALEN_CLASS_MESSAGE), GALEN_ERR_STORE);
    cr_assert_eq(size_of(store, 1), 1u);
}

Test(store, a_batch_is_stored_as_a_whole_or_not_at_all)
{
    struct drafted first, second, wrong;
    struct store_change member = {.kind = STORE_MEMBER, .as.member = {id_of(1), id_of(9), true}};
    for (int place = 0; place < 4; place++) {
        struct store_change *order[4];
        size_t count = 0;
        draft(&first, 1, 0, GALEN_CLASS_EPOCH);
        draft(&second, 1, 1, GALEN_CLASS_MESSAGE);
        draft(&wrong, 2, 5, GALEN_CLASS_EPOCH);
        struct store_change *good[] = {&first.change, &member, &second.change};
        for (int i = 0; i < 4; i++)
            order[count++] = i == place ? &wrong.change : good[i < place ? i : i - 1];
        for (size_t i = 0; i < count; i++)
            order[i]->next = i + 1 < count ? order[i + 1] : NULL;
        cr_assert_eq(store_commit(store, &(struct store_batch){order[0], count}), GALEN_ERR_STORE);
        cr_assert_eq(size_of(store, 1), 0u, "wrong at %d", place);
        cr_assert_eq(size_of(store, 2), 0u);
    }
    draft(&first, 1, 0, GALEN_CLASS_EPOCH);
    draft(&second, 1, 1, GALEN_CLASS_MESSAGE);
    first.change.next = &member;
    member.next = &second.change;
    cr_assert_eq(store_commit(store, &(struct store_batch){&first.change, 3}), GALEN_OK);
    cr_assert_eq(size_of(store, 1), 2u);
}

Test(store, one_author_has_one_entry_for_each_number)
{
    struct drafted d;
    cr_assert_eq(append(store, 1, 0, GALEN_CLASS_EPOCH), GALEN_OK);
    draft(&d, 1, 1, GALEN_CLASS_MESSAGE);
    d.change.as.append.entry.header.number = 1;
    cr_assert_eq(commit_one(store, &d.change), GALEN_ERR_STORE);
    cr_assert_eq(size_of(store, 1), 1u);
}

/* -- the rest ----------------------------------------------------------------------------------- */

static void count_head(void *context, const struct galen_head *head)
{
    struct galen_head *last = context;
    cr_assert(galen_id_is_none(&last->device) ||
              galen_id_compare(&last->device, &head->device) < 0);
    *last = *head;
}

Test(store, a_head_never_shrinks)
{
    static const struct {
        uint64_t size, kept;
        uint8_t root;
    } cases[] = {{5, 5, 1}, {4, 5, 2}, {5, 5, 3}, {9, 9, 4}, {0, 9, 5}};
    struct galen_id chart = id_of(1);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct store_change change = {.kind = STORE_HEAD,
                                      .as.head = {.chart = chart,
                                                  .device = id_of(2),
                                                  .size = cases[i].size,
                                                  .root = {cases[i].root}}};
        struct galen_head last = {.size = 0};
        cr_assert_eq(commit_one(store, &change), GALEN_OK);
        cr_assert_eq(store_heads(store, &chart, count_head, &last), GALEN_OK);
        cr_assert_eq(last.size, cases[i].kept, "case %zu", i);
        bool replaced = cases[i].size == cases[i].kept;
        cr_assert_eq(last.root[0] == cases[i].root, replaced, "case %zu", i);
    }
}

struct charts {
    struct galen_id ids[8];
    size_t count;
};

static void add_chart(void *context, const struct galen_id *chart)
{
    struct charts *charts = context;
    cr_assert_lt(charts->count, 8u);
    charts->ids[charts->count++] = *chart;
}

static size_t charts_of(unsigned device, bool ever, size_t max)
{
    struct charts charts = {.count = 0};
    struct galen_id id = id_of(device);
    cr_assert_eq(store_charts_of(store, &id, ever, max, add_chart, &charts), GALEN_OK);
    for (size_t i = 1; i < charts.count; i++)
        cr_assert_lt(galen_id_compare(&charts.ids[i - 1], &charts.ids[i]), 0);
    return charts.count;
}

static void set_member(unsigned chart, unsigned device, bool present)
{
    struct store_change change = {.kind = STORE_MEMBER,
                                  .as.member = {id_of(chart), id_of(device), present}};
    cr_assert_eq(commit_one(store, &change), GALEN_OK);
}

Test(store, who_belongs_where_and_who_once_did)
{
    for (unsigned chart = 5; chart > 0; chart--)
        set_member(chart, 20, true);
    set_member(1, 21, true);
    set_member(2, 20, false);
    cr_assert_eq(charts_of(20, false, 8), 4u);
    cr_assert_eq(charts_of(20, true, 8), 5u);
    cr_assert_eq(charts_of(20, true, 3), 3u);
    cr_assert_eq(charts_of(21, false, 8), 1u);
    cr_assert_eq(charts_of(22, true, 8), 0u);
    set_member(2, 20, true);
    cr_assert_eq(charts_of(20, false, 8), 5u);
}

struct said {
    size_t count;
    uint64_t at_ms;
    struct galen_id account;
    size_t chain_size;
};

static void hear(void *context, const struct store_statement *statement)
{
    struct said *said = context;
    said->count++;
    said->at_ms = statement->statement.at_ms;
    said->account = statement->account;
    said->chain_size = statement->chain.size;
}

static void state(unsigned subject, unsigned signer, uint64_t at_ms)
{
    static const uint8_t chain[] = "any bytes";
    struct store_change change = {.kind = STORE_STATEMENT};
    change.as.statement = (struct store_statement){.statement = {.kind = GALEN_STATEMENT_REVOKED,
                                                                 .at_ms = at_ms,
                                                                 .subject = id_of(subject),
                                                                 .signer = id_of(signer)},
                                                   .account = id_of(77),
                                                   .chain = {chain, sizeof chain}};
    cr_assert_eq(commit_one(store, &change), GALEN_OK);
}

Test(store, the_first_statement_of_a_signer_stays)
{
    struct galen_id subject = id_of(30), chart = id_of(1), account = id_of(77);
    struct said about = {0}, in = {0};
    state(30, 40, 100);
    state(30, 40, 200);
    cr_assert_eq(store_statements_about(store, &subject, hear, &about), GALEN_OK);
    cr_assert_eq(about.count, 1u);
    cr_assert_eq(about.at_ms, 100u);
    cr_assert(galen_id_equal(&about.account, &account));
    cr_assert_eq(about.chain_size, 10u);
    state(30, 41, 300);
    state(31, 40, 300);
    set_member(1, 30, true);
    set_member(1, 31, false);
    cr_assert_eq(store_statements_in(store, &chart, hear, &in), GALEN_OK);
    cr_assert_eq(in.count, 2u, "both about the member, none about the one who left");
}

static void take_notice(void *context, const struct store_notice *notice)
{
    struct store_notice *last = context;
    *last = *notice;
}

Test(store, a_notice_has_the_latest_time)
{
    struct galen_id chart = id_of(1), device = id_of(2);
    struct store_notice last = {.at_ms = 0};
    static const uint64_t times[] = {500, 900, 700};
    for (size_t i = 0; i < 3; i++) {
        struct store_change change = {.kind = STORE_NOTICE, .as.notice = {chart, device, times[i]}};
        cr_assert_eq(commit_one(store, &change), GALEN_OK);
    }
    cr_assert_eq(store_notices(store, &chart, take_notice, &last), GALEN_OK);
    cr_assert_eq(last.at_ms, 900u);
    cr_assert(galen_id_equal(&last.device, &device));
}

Test(store, a_practice_is_set_up_once)
{
    struct store_change change = {.kind = STORE_PRACTICE, .as.practice = {{1, 2}, {3, 4}}};
    struct galen_public_keys keys;
    cr_assert_eq(commit_one(store, &change), GALEN_OK);
    change.as.practice.sign[0] = 9;
    cr_assert_eq(commit_one(store, &change), GALEN_ERR_STORE);
    reopen();
    cr_assert_eq(store_practice(store, &keys), GALEN_OK);
    cr_assert_eq(keys.sign[0], 1);
    cr_assert_eq(keys.seal[1], 4);
}

/* -- opening ------------------------------------------------------------------------------------ */

Test(store, what_is_not_ours_is_not_opened)
{
    char path[2 * FOLDER_MAX];
    struct store *other = store;
    path_in("later", path, sizeof path);
    sqlite3 *db = NULL;
    cr_assert_eq(sqlite3_open(path, &db), SQLITE_OK);
    cr_assert_eq(sqlite3_exec(db, "PRAGMA user_version = 99", NULL, NULL, NULL), SQLITE_OK);
    cr_assert_eq(sqlite3_close(db), SQLITE_OK);
    cr_assert_eq(store_open(path, NULL, &other), GALEN_ERR_VERSION);
    cr_assert_null(other);

    path_in("noise", path, sizeof path);
    FILE *file = fopen(path, "w");
    cr_assert_not_null(file);
    for (int i = 0; i < 3000; i++)
        (void)fprintf(file, "no database %d ", i);
    cr_assert_eq(fclose(file), 0);
    cr_assert_eq(store_open(path, NULL, &other), GALEN_ERR_STORE);

    path_in("missing/db", path, sizeof path);
    cr_assert_eq(store_open(path, NULL, &other), GALEN_ERR_IO);
    cr_assert_eq(store_open(path, "no such file system", &other), GALEN_ERR_IO);
}

/* -- two threads -------------------------------------------------------------------------------- */

#define THREAD_ENTRIES 300

static void *write_many(void *unused)
{
    (void)unused;
    for (uint64_t i = 0; i < THREAD_ENTRIES; i++) {
        if (append(store, 1, i, GALEN_CLASS_MESSAGE) != GALEN_OK)
            return "failed";
    }
    return NULL;
}

Test(store, one_thread_reads_while_the_other_commits)
{
    pthread_t thread;
    struct galen_id id = id_of(1);
    cr_assert_eq(pthread_create(&thread, NULL, write_many, NULL), 0);
    uint64_t before = 0;
    while (before < THREAD_ENTRIES) {
        struct seen seen = {.chart = 1};
        uint64_t size = size_of(store, 1);
        cr_assert_geq(size, before, "what was seen is seen again");
        cr_assert_eq(store_read_entries(store, &id, 0, size, see, &seen), GALEN_OK);
        cr_assert_eq(seen.count, size);
        before = size;
    }
    void *result;
    cr_assert_eq(pthread_join(thread, &result), 0);
    cr_assert_null(result);
}

/* -- the disk ----------------------------------------------------------------------------------- */

/* What is on the disk when the power goes, opened after the machine started again. */
static struct store *after_power_cut(void)
{
    char command[8 * FOLDER_MAX];
    (void)snprintf(
        command, sizeof command,
        "mkdir -p '%s/cut' && rm -f '%s'/cut/* && cp '%s'/lossy* '%s/cut' && rm -f '%s'/cut/*-shm",
        folder, folder, folder, folder, folder);
    cr_assert_eq(system(command), 0);
    return open_named("cut/lossy", NULL);
}

Test(store, what_was_committed_survives_a_power_cut)
{
    cr_assert(lossy_vfs_register(false));
    struct store *lossy = open_named("lossy", LOSSY_VFS);
    for (uint64_t i = 0; i < 40; i++) {
        cr_assert_eq(append(lossy, 1, i, GALEN_CLASS_MESSAGE), GALEN_OK);
        if (i % 8 != 0)
            continue;
        struct store *cut = after_power_cut();
        struct galen_id id = id_of(1);
        struct seen seen = {.chart = 1};
        cr_assert_eq(size_of(cut, 1), i + 1, "an entry that was committed is lost");
        cr_assert_eq(store_read_entries(cut, &id, 0, i + 1, see, &seen), GALEN_OK);
        store_close(cut);
    }
    cr_assert_geq(lossy_vfs_syncs(), 40u);
    store_close(lossy);
}

Test(store, a_full_disk_refuses_by_name_and_recovers)
{
    cr_assert(lossy_vfs_register(false));
    struct store *lossy = open_named("lossy", LOSSY_VFS);
    struct galen_id id = id_of(1);
    cr_assert_eq(append(lossy, 1, 0, GALEN_CLASS_EPOCH), GALEN_OK);
    lossy_vfs_set_full(true);
    for (int i = 0; i < 3; i++) {
        struct seen seen = {.chart = 1};
        cr_assert_eq(append(lossy, 1, 1, GALEN_CLASS_MESSAGE), GALEN_ERR_DISK_FULL);
        cr_assert_eq(store_read_entries(lossy, &id, 0, 9, see, &seen), GALEN_OK);
        cr_assert_eq(seen.count, 1u, "reading goes on");
    }
    lossy_vfs_set_full(false);
    cr_assert_eq(append(lossy, 1, 1, GALEN_CLASS_MESSAGE), GALEN_OK);
    cr_assert_eq(size_of(lossy, 1), 2u);
    store_close(lossy);
}

Test(store, a_disk_that_does_not_sync_keeps_nothing_back)
{
    cr_assert(lossy_vfs_register(false));
    struct store *lossy = open_named("lossy", LOSSY_VFS);
    cr_assert_eq(append(lossy, 1, 0, GALEN_CLASS_EPOCH), GALEN_OK);
    lossy_vfs_set_broken(true);
    cr_assert_eq(append(lossy, 1, 1, GALEN_CLASS_MESSAGE), GALEN_ERR_STORE);
    cr_assert_eq(size_of(lossy, 1), 1u);
    lossy_vfs_set_broken(false);
    cr_assert_eq(append(lossy, 1, 1, GALEN_CLASS_MESSAGE), GALEN_OK);
    cr_assert_eq(size_of(lossy, 1), 2u);
    store_close(lossy);
}
