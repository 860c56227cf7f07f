/* protocol/engine: a long chart is read once, kept in pages, and there again after a start. */
#include "support/home.h"
#include "support/visit.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#define MANY       200
#define PAGE_BYTES 32768 /* what a page takes before it is full */
#define ENTRY_MAX  2048  /* a short message, with what it says */

static void say_many(struct visit *v, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char text[32];
        snprintf(text, sizeof text, "message %zu", i);
        chart_say(v->chart, v->pharmacist, text);
    }
}

static bool is_page(const char *key)
{
    return strstr(key, "/page/") != NULL;
}

static bool is_records(const char *key)
{
    return strncmp(key, GALEN_LOADED_LATER, strlen(GALEN_LOADED_LATER)) == 0;
}

static size_t pairs_of(const struct home *home, bool (*is)(const char *key))
{
    size_t count = 0;
    for (size_t i = 0; i < home->pair_count; i++)
        count += is(home->disk[i].key) && home->disk[i].value.size > 0;
    return count;
}

static size_t bytes_of(const struct home *home, bool (*is)(const char *key))
{
    size_t bytes = 0;
    for (size_t i = 0; i < home->pair_count; i++)
        bytes += is(home->disk[i].key) ? home->disk[i].value.size : 0;
    return bytes;
}

static size_t pages_of(const struct home *home)
{
    return pairs_of(home, is_page);
}

struct saved {
    size_t pages, records, bytes;
};

static void count_saved(void *context, struct home *home, const struct galen_output *output)
{
    struct saved *saved = context;
    char key[160] = {0};
    (void)home;
    if (output->kind != GALEN_OUT_SAVE)
        return;
    memcpy(key, output->key.at, output->key.size);
    saved->pages += is_page(key);
    saved->records += is_records(key);
    saved->bytes += is_page(key) || is_records(key) ? output->value.size : 0;
}

static const struct galen_log *log_of(const struct home *home)
{
    return galen_engine_log(home->engine, galen_rules_chart(home->charts[0]->rules));
}

static size_t open_in(const struct home *home)
{
    size_t count = 0;
    for (uint64_t i = 0; i < galen_log_size(log_of(home)); i++)
        count += galen_log_read(log_of(home), i)->state == GALEN_READ_OPEN;
    return count;
}

/* -- what happens ----------------------------------------------------------------------------------- */

Test(engine_reading, a_long_chart_is_kept_in_few_pages_and_is_there_after_a_start)
{
    struct visit v = visit_new(80);
    struct home *home = home_new(v.chart, NULL);
    home_is(home, GALEN_HOME_MEMBER, v.patient);
    say_many(&v, MANY);
    home_start(home);
    cr_assert_eq(galen_log_size(log_of(home)), v.chart->size);
    cr_assert_gt(pages_of(home), 1);
    cr_assert_lt(pages_of(home), MANY / 10);
    size_t open = open_in(home);
    cr_assert_geq(open, MANY);
    for (int i = 0; i < 2; i++) { /* and what is written then goes on where the last page ends */
        home_crash(home);
        home_start(home);
        cr_assert_eq(galen_log_size(log_of(home)), v.chart->size);
        cr_assert_eq(open_in(home), open);
        say_many(&v, MANY / 2);
        home_show(home);
        open += MANY / 2;
        cr_assert_eq(open_in(home), open);
    }
    home_free(home);
    chart_free(v.chart);
}

Test(engine_reading, a_new_entry_writes_one_page_and_no_more_than_a_page_may_have)
{
    struct visit v = visit_new(81);
    struct home *home = home_new(v.chart, NULL);
    struct saved saved = {0};
    size_t full = 0;
    home_is(home, GALEN_HOME_MEMBER, v.patient);
    say_many(&v, MANY);
    home_start(home);
    home->watch = count_saved;
    home->context = &saved;
    for (size_t i = 0; i < MANY / 2; i++) {
        saved = (struct saved){0};
        say_many(&v, 1);
        home_show(home);
        cr_assert_leq(saved.records, 1);
        cr_assert_eq(saved.pages, 1 + saved.records, "one that is full is written a last time");
        cr_assert_lt(saved.bytes, (PAGE_BYTES + ENTRY_MAX) * (1 + saved.records));
        full += saved.records;
    }
    cr_assert_gt(full, 0);
    home_free(home);
    chart_free(v.chart);
}

/* -- what is loaded later ----------------------------------------------------------------------------- */

static const struct galen_id *id_of(const struct home *home)
{
    return galen_rules_chart(home->charts[0]->rules);
}

static size_t records_here(const struct home *home)
{
    size_t count = 0;
    for (uint64_t i = 0; i < galen_log_size(log_of(home)); i++) {
        struct galen_bytes record, plain;
        cr_assert(galen_engine_entry(home->engine, id_of(home), i, &record, &plain));
        count += record.size > 0;
    }
    return count;
}

static enum galen_err prove(struct home *home, const struct galen_evidence_options *options,
                            struct galen_writer *out)
{
    galen_writer_clear(out);
    return galen_engine_evidence(home->engine, id_of(home), options, out);
}

Test(engine_reading, a_start_reads_no_records_and_evidence_asks_for_them)
{
    struct visit v = visit_new(84);
    struct home *home = home_new(v.chart, NULL);
    struct galen_evidence_options all = {.clock_ms = 1};
    struct galen_evidence_options one = {.clock_ms = 1, .only = true};
    struct galen_writer before, after;
    galen_writer_init(&before);
    galen_writer_init(&after);
    say_many(&v, MANY);
    home_is(home, GALEN_HOME_MEMBER, v.patient);
    home_start(home);
    cr_assert_eq(prove(home, &all, &before), GALEN_OK);
    size_t pages = pages_of(home), full = pairs_of(home, is_records);
    cr_assert_eq(full, pages - 1);
    cr_assert_gt(full, 1);
    cr_assert_lt(bytes_of(home, is_page), bytes_of(home, is_records), "most lies beside");
    home_crash(home);
    home_start(home);
    cr_assert_eq(home->loads, 0);
    cr_assert_lt(records_here(home), v.chart->size / 2);
    while (galen_log_read(log_of(home), one.index)->state != GALEN_READ_OPEN)
        one.index++;
    cr_assert_eq(prove(home, &one, &after), GALEN_ERR_NOT_LOADED);
    cr_assert_eq(after.size, 0);
    home_pump(home);
    cr_assert_eq(home->loads, 1, "one entry lies on one page");
    cr_assert_eq(prove(home, &one, &after), GALEN_OK);
    cr_assert_eq(prove(home, &all, &after), GALEN_ERR_NOT_LOADED);
    home_pump(home);
    cr_assert_eq(home->loads, full);
    cr_assert_eq(home->loaded, GALEN_OK);
    cr_assert_eq(records_here(home), v.chart->size);
    cr_assert_eq(prove(home, &all, &after), GALEN_OK);
    cr_assert(galen_bytes_equal(galen_written(&before), galen_written(&after)));
    galen_writer_wipe(&before);
    galen_writer_wipe(&after);
    home_free(home);
    chart_free(v.chart);
}

/* The i-th pair of records. */
static struct home_pair *records_pair(struct home *home, size_t i)
{
    for (size_t k = 0; k < home->pair_count; k++)
        if (is_records(home->disk[k].key) && i-- == 0)
            return &home->disk[k];
    return NULL;
}

Test(engine_reading, records_that_are_not_those_of_their_page_are_damaged)
{
    struct visit v = visit_new(85);
    struct home *home = home_new(v.chart, NULL);
    say_many(&v, MANY);
    home_is(home, GALEN_HOME_MEMBER, v.patient);
    home_start(home);
    home_crash(home);
    home_start(home);
    struct home_pair *first = records_pair(home, 0), *second = records_pair(home, 1);
    struct galen_bytes key = {(const uint8_t *)first->key, strlen(first->key)};
    struct galen_bytes value = galen_written(&first->value), none = {0};
    size_t here = records_here(home);
    cr_assert_eq(galen_engine_load(home->engine, key, none), GALEN_ERR_FORMAT, "it is gone");
    cr_assert_eq(galen_engine_load(home->engine, key, galen_written(&second->value)),
                 GALEN_ERR_FORMAT, "another page's");
    for (size_t size = 1; size < value.size; size += 97)
        cr_assert_eq(
            galen_engine_load(home->engine, key, (struct galen_bytes){value.at, value.size - size}),
            GALEN_ERR_FORMAT);
    first->value.at[8 + 20] ^= 1; /* in the first record's header */
    cr_assert_eq(galen_engine_load(home->engine, key, value), GALEN_ERR_FORMAT, "another entry");
    first->value.at[8 + 20] ^= 1;
    struct galen_bytes middle = key; /* where no page begins */
    char between[160];
    memcpy(between, first->key, sizeof between);
    between[key.size - 1] = '1';
    middle.at = (const uint8_t *)between;
    cr_assert_eq(galen_engine_load(home->engine, middle, value), GALEN_ERR_FORMAT);
    middle.size--;
    cr_assert_eq(galen_engine_load(home->engine, middle, value), GALEN_ERR_FORMAT);
    cr_assert_eq(galen_engine_load(home->engine, key, value), GALEN_OK);
    cr_assert_gt(records_here(home), here);
    static const char page[] = "log/";
    cr_assert_eq(
        galen_engine_load(home->engine, (struct galen_bytes){(const uint8_t *)page, 4}, none),
        GALEN_ERR_STATE, "the rest is loaded before the start");
    home_free(home);
    chart_free(v.chart);
}

/* What opened later stays on its page, whose records are not here any more. */
Test(engine_reading, an_entry_that_opens_on_a_full_page_after_a_start_is_kept)
{
    struct visit v = visit_new(86);
    struct home *home = home_new(v.chart, NULL);
    struct galen_evidence_options all = {.clock_ms = 1};
    struct galen_writer out;
    galen_writer_init(&out);
    chart_write(v.chart, v.pharmacist, GALEN_KIND_WRITE, "map", (const uint8_t *)"a record, 16 b.",
                "topic", "before the identity check");
    say_many(&v, MANY);
    home_is(home, GALEN_HOME_MEMBER, v.patient);
    home_start(home);
    size_t open = open_in(home);
    home_crash(home);
    home_start(home);
    chart_make_holder(v.chart, v.pharmacist, v.patient);
    home_show(home);
    open++;
    for (int i = 0; i < 2; i++) {
        cr_assert_eq(open_in(home), open);
        home_crash(home);
        home_start(home);
        cr_assert_eq(open_in(home), open);
        home->loads = 0;
        cr_assert_eq(prove(home, &all, &out), GALEN_ERR_NOT_LOADED);
        home_pump(home);
        cr_assert_eq(home->loaded, GALEN_OK);
        cr_assert_eq(prove(home, &all, &out), GALEN_OK);
        say_many(&v, 1);
        home_show(home);
        open++;
    }
    galen_writer_wipe(&out);
    home_free(home);
    chart_free(v.chart);
}

/* -- crashes ------------------------------------------------------------------------------------------ */

/* At every COMMIT the machine stops, and a home starts from what is on the disk then. */
static void start_beside(void *context, struct home *home, const struct galen_output *output)
{
    size_t *starts = context;
    if (output->kind != GALEN_OUT_COMMIT)
        return;
    struct home *beside = home_new(home->charts[0], NULL);
    for (size_t i = 0; i < home->pair_count; i++)
        home_keep(beside, home->disk[i].key, galen_written(&home->disk[i].value));
    home_wake(beside);
    const struct galen_log *log = log_of(beside), *whole = log_of(home);
    cr_assert_eq(galen_log_size(log), galen_log_size(whole));
    cr_assert_eq(open_in(beside), open_in(home));
    cr_assert_eq(galen_log_is_holder(log), galen_log_is_holder(whole));
    if (galen_engine_fetch(beside->engine, id_of(beside), 0, UINT64_MAX) == GALEN_ERR_NOT_LOADED) {
        home_pump(beside);
        cr_assert_eq(beside->loaded, GALEN_OK);
        ++*starts;
    }
    cr_assert_eq(records_here(beside), galen_log_size(log));
    home_challenge(beside, GALEN_CONNECTION_LOG);
    home_welcome(beside, GALEN_CONNECTION_LOG);
    home_show(beside);
    cr_assert_eq(galen_log_size(log_of(beside)), home->charts[0]->size);
    home_free(beside);
}

Test(engine_reading, a_crash_after_any_commit_leaves_a_home_that_is_whole_and_goes_on)
{
    struct visit v = visit_new(87);
    struct home *home = home_new(v.chart, NULL);
    size_t loading = 0;
    home_is(home, GALEN_HOME_MEMBER, v.patient);
    home_start(home);
    home->watch = start_beside;
    home->context = &loading;
    for (size_t i = 0; i < MANY / 2; i++) {
        if (i % 20 == 10)
            chart_renew(v.chart, v.pharmacist);
        say_many(&v, 1);
        home_show(home);
    }
    cr_assert_gt(loading, MANY / 8, "pages were full at some of them");
    home->watch = NULL;
    home_free(home);
    chart_free(v.chart);
}

Test(engine_reading, who_becomes_a_holder_opens_what_is_here_without_asking_for_it_again)
{
    struct visit v = visit_new(82);
    say_many(&v, MANY);
    struct chart_device *second =
        chart_next_device(v.chart, "second", GALEN_PURPOSE_DEVICE, v.pharmacist);
    chart_add(v.chart, v.pharmacist, second, true);
    struct home *home = home_new(v.chart, NULL);
    home_is(home, GALEN_HOME_MEMBER, second);
    home_start(home);
    cr_assert_eq(home->sent[GALEN_FRAME_BODIES], 0);
    cr_assert_eq(home->events[GALEN_EVENT_REOPENED], 1);
    size_t open = open_in(home);
    cr_assert_geq(open, MANY);
    home_crash(home);
    home_wake(home);
    cr_assert_eq(open_in(home), open);
    home_free(home);
    chart_free(v.chart);
}

/* A second device of the pharmacist's, by a recovery sheet. */
static void join_by_sheet(struct visit *v, struct home *home, struct chart_device **fresh)
{
    static const uint8_t secret[16] = "a sheet of paper";
    struct chart_device *sheet =
        chart_next_device(v->chart, "sheet", GALEN_PURPOSE_SHEET, v->pharmacist);
    chart_use_secret(v->chart, sheet, v->pharmacist, secret);
    chart_add(v->chart, v->pharmacist, sheet, true);
    *fresh = chart_next_device(v->chart, "fresh", GALEN_PURPOSE_DEVICE, v->pharmacist);
    uint8_t joining[1 + 16 + 5] = {DISK_VERSION};
    memcpy(joining + 1, secret, sizeof secret);
    home_is(home, GALEN_HOME_JOINING, *fresh);
    home_keep(home, "joining", (struct galen_bytes){joining, sizeof joining});
    home_start(home);
    cr_assert_eq(galen_engine_join_lost(home->engine, home_now(home), NULL, 0), GALEN_OK);
    home_pump(home);
}

Test(engine_reading, I2_a_new_device_asks_only_for_what_its_link_has_not_read)
{
    struct visit v = visit_new(83);
    struct home *home = home_new(v.chart, NULL);
    struct chart_device *fresh;
    say_many(&v, MANY);
    join_by_sheet(&v, home, &fresh);
    uint64_t read = v.chart->size;
    cr_assert_eq(pages_of(home), 0, "a link keeps nothing");
    cr_assert_eq(home_accept(home, v.chart), GALEN_OK);
    cr_assert_not_null(galen_rules_member(v.chart->rules, &fresh->id));
    struct galen_frame appended = {.type = GALEN_FRAME_APPENDED,
                                   .as.appended = {.request = home->append_request,
                                                   .chart = *galen_rules_chart(v.chart->rules),
                                                   .index = read}};
    home_hear(home, GALEN_CONNECTION_LOG, &appended);
    galen_engine_disconnected(home->engine, home_now(home), GALEN_CONNECTION_LOG);
    galen_engine_tick(home->engine, home_now(home));
    home_pump(home);
    home_challenge(home, GALEN_CONNECTION_LOG);
    home_welcome(home, GALEN_CONNECTION_LOG);
    cr_assert_eq(home->events[GALEN_EVENT_JOINED], 1);
    cr_assert_eq(home->shown[0], read, "asked from %d on", (int)home->shown[0]);
    home_show(home);
    cr_assert_eq(galen_log_size(log_of(home)), v.chart->size);
    cr_assert_eq(home->sent[GALEN_FRAME_BODIES], 0);
    size_t open = open_in(home);
    cr_assert_geq(open, MANY);
    home_crash(home);
    home_wake(home);
    cr_assert_eq(galen_log_size(log_of(home)), v.chart->size);
    cr_assert_eq(open_in(home), open);
    home_free(home);
    chart_free(v.chart);
}
