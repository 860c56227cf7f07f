/* protocol/engine/line.c: what a server says of itself, and what a home makes of it. */
#include "support/home.h"
#include "support/visit.h"

#include <criterion/criterion.h>

/* Certificates are dated by the server's clock. One whose dates run over could be saved, but not read
 * back: the home would never open again. */
Test(engine_line, a_clock_that_no_clock_shows_is_refused)
{
    const uint64_t clocks[] = {UINT64_MAX, UINT64_MAX - 5, 1ull << 63, 253402300800000u};
    for (size_t i = 0; i < sizeof clocks / sizeof *clocks; i++) {
        struct visit v = visit_new(90 + i);
        struct home *home = home_new(v.chart, NULL);
        struct galen_writer link;
        galen_token token;
        galen_writer_init(&link);
        home->server_clock_ms = clocks[i];
        home_is(home, GALEN_HOME_MEMBER, v.pharmacist);
        home_has_read(home);
        home_start(home);
        galen_engine_disconnected(home->engine, home_now(home), GALEN_CONNECTION_LOG);
        cr_assert_eq(galen_engine_further_device(home->engine, home_now(home), GALEN_PURPOSE_SHEET,
                                                 &link, token),
                     GALEN_OK);
        home_pump(home);
        home_crash(home);
        home->server_clock_ms = 0;
        home_start(home); /* opens, and goes on */
        cr_assert_eq(home->events[GALEN_EVENT_REFUSED], 1);
        cr_assert_eq(home_accept(home, v.chart), GALEN_OK);
        galen_writer_wipe(&link);
        home_free(home);
        chart_free(v.chart);
    }
}

/* What a home that joins makes of a refusal: some end by themselves, the others wait for the person. */
Test(engine_line, I2_a_home_that_joins_comes_back_after_its_own_newer_connection)
{
    static const struct {
        enum galen_err err;
        bool comes_back;
    } cases[] = {{GALEN_ERR_DISPLACED, true},  {GALEN_ERR_DISK_FULL, true},
                 {GALEN_ERR_STORE, true},      {GALEN_ERR_TIMEOUT, true},
                 {GALEN_ERR_REPLACED, false},  {GALEN_ERR_EXPIRED, false},
                 {GALEN_ERR_NOT_MEMBER, false}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct visit v = visit_new(100 + i);
        struct home *home = home_new(v.chart, NULL);
        uint8_t joining[1 + 16 + 5] = {DISK_VERSION, 's', 'e', 'c', 'r', 'e', 't'};
        home_is(home, GALEN_HOME_JOINING,
                chart_next_device(v.chart, "fresh", GALEN_PURPOSE_DEVICE, v.patient));
        home_keep(home, "joining", (struct galen_bytes){joining, sizeof joining});
        home_wake(home);
        home_challenge(home, GALEN_CONNECTION_LOG);
        cr_assert_eq(home->connects, 1);
        struct galen_frame refused = {.type = GALEN_FRAME_REFUSED,
                                      .as.refused.err = (uint16_t)cases[i].err};
        home_hear(home, GALEN_CONNECTION_LOG, &refused);
        cr_assert_eq(home->events[GALEN_EVENT_REFUSED], 1, "%s", galen_err_name(cases[i].err));
        galen_engine_disconnected(home->engine, home_now(home), GALEN_CONNECTION_LOG);
        v.chart->now_ms += 60000;
        galen_engine_tick(home->engine, home_now(home));
        home_pump(home);
        cr_assert_eq(home->connects, cases[i].comes_back ? 2 : 1, "%s",
                     galen_err_name(cases[i].err));
        home_free(home);
        chart_free(v.chart);
    }
}

/* A line that failed often waits long; a phone that comes out of the tunnel does not. */
Test(engine_line, a_host_that_is_awake_has_its_line_tried_at_once)
{
    struct visit v = visit_new(95);
    struct home *home = home_new(v.chart, NULL);
    home_is(home, GALEN_HOME_MEMBER, v.pharmacist);
    home_has_read(home);
    home_start(home);
    size_t connects = home->connects;
    uint64_t now = home_now(home);
    galen_engine_awake(home->engine); /* the line is there: nothing is due */
    galen_engine_tick(home->engine, now);
    home_pump(home);
    cr_assert_eq(home->connects, connects);
    for (int i = 0; i < 12; i++) {
        galen_engine_disconnected(home->engine, now, GALEN_CONNECTION_LOG);
        now = galen_engine_tick(home->engine, now);
        galen_engine_tick(home->engine, now);
    }
    home_pump(home);
    cr_assert_eq(home->connects, connects + 12);
    galen_engine_disconnected(home->engine, now, GALEN_CONNECTION_LOG);
    cr_assert_gt(galen_engine_tick(home->engine, now), now + 1000);
    home_pump(home);
    cr_assert_eq(home->connects, connects + 12);
    galen_engine_awake(home->engine);
    galen_engine_tick(home->engine, now);
    home_pump(home);
    cr_assert_eq(home->connects, connects + 13);
    home_free(home);
    chart_free(v.chart);
}
