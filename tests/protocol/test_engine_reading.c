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
    return strstr(key, "/entry/") != NULL;
}

static size_t pages_of(const struct home *home)
{
    size_t count = 0;
    for (size_t i = 0; i < home->pair_count; i++)
        count += is_page(home->disk[i].key) && home->disk[i].value.size > 0;
    return count;
}

struct saved {
    size_t pages, bytes;
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
    saved->bytes += is_page(key) ? output->value.size : 0;
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
    home_is(home, GALEN_HOME_MEMBER, v.patient);
    say_many(&v, MANY);
    home_start(home);
    home->watch = count_saved;
    home->context = &saved;
    for (size_t i = 0; i < MANY / 2; i++) {
        saved = (struct saved){0};
        say_many(&v, 1);
        home_show(home);
        cr_assert_eq(saved.pages, 1);
        cr_assert_lt(saved.bytes, PAGE_BYTES + ENTRY_MAX);
    }
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
