/* protocol/engine: a home that is killed with something on its way, and one that reads what was written
 * in its link's name before (rules L6, E3, I2, I6). */
#include "support/home.h"
#include "support/visit.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static void accept_sent(struct home *home)
{
    cr_assert_eq(home_accept(home, home->charts[0]), GALEN_OK);
}

static void make_epoch_unusable(struct visit *v)
{
    struct galen_epoch_random random = chart_epoch_random(v->chart);
    struct galen_header header;
    struct galen_epoch_body *body = malloc(sizeof *body);
    chart_draft(v->chart, v->patient, &(struct galen_epoch_change){0}, &random, &header, body);
    body->commitment[0] ^= 1;
    cr_assert_eq(chart_append_epoch(v->chart, v->patient, &header, body), GALEN_OK);
    free(body);
}

/* -- what happens ----------------------------------------------------------------------------------- */

Test(engine_crash, E3_a_renewal_on_its_way_is_known_again_after_a_crash)
{
    struct visit v = visit_new(70);
    struct home *home = home_new(v.chart, NULL);
    galen_token token;
    home_is(home, GALEN_HOME_MEMBER, v.pharmacist);
    home_has_read(home);
    make_epoch_unusable(&v);
    home_start(home);
    const struct galen_id *id = galen_rules_chart(v.chart->rules);
    cr_assert_eq(galen_engine_message(home->engine, home_now(home), id,
                                      (struct galen_bytes){(const uint8_t *)"take two", 8}, token),
                 GALEN_OK);
    home_pump(home);
    accept_sent(home); /* the renewal that has to come before the message */
    home_crash(home);
    home_start(home);
    cr_assert_eq(home->events[GALEN_EVENT_CLONED], 0, "its own renewal is taken for a clone's");
    cr_assert_eq(galen_engine_stopped(home->engine, id), GALEN_OK);
    accept_sent(home);
    home_show(home);
    cr_assert_eq(home->events[GALEN_EVENT_DONE], 1, "the message");
    cr_assert_eq(galen_engine_waiting(home->engine, NULL), 0);
    home_free(home);
    chart_free(v.chart);
}

Test(engine_crash, E3_a_renewal_that_did_not_arrive_is_made_anew)
{
    struct visit v = visit_new(71);
    struct home *home = home_new(v.chart, NULL);
    galen_token token;
    home_is(home, GALEN_HOME_MEMBER, v.pharmacist);
    home_has_read(home);
    make_epoch_unusable(&v);
    home_start(home);
    const struct galen_id *id = galen_rules_chart(v.chart->rules);
    cr_assert_eq(galen_engine_message(home->engine, home_now(home), id,
                                      (struct galen_bytes){(const uint8_t *)"take two", 8}, token),
                 GALEN_OK);
    home_pump(home);
    home_crash(home);
    home_start(home);
    for (int i = 0; i < 2; i++) { /* a renewal, the message; nothing else is left */
        accept_sent(home);
        home_show(home);
    }
    cr_assert_eq(home->events[GALEN_EVENT_CLONED], 0);
    cr_assert_eq(home->events[GALEN_EVENT_DONE], 1, "the message");
    cr_assert_eq(galen_engine_waiting(home->engine, NULL), 0);
    home_free(home);
    chart_free(v.chart);
}

/* The patient's sheet, which restores `restored`, and whose secret the home is given later. */
static struct chart_device *use_sheet_once(struct visit *v, const uint8_t secret[16])
{
    struct chart_device *sheet =
        chart_next_device(v->chart, "sheet", GALEN_PURPOSE_SHEET, v->patient);
    chart_use_secret(v->chart, sheet, v->patient, secret);
    chart_add(v->chart, v->patient, sheet, false);
    chart_add(v->chart, sheet, chart_next_device(v->chart, "restored", GALEN_PURPOSE_DEVICE, sheet),
              false);
    return sheet;
}

Test(engine_crash, I6_a_sheet_that_was_used_before_is_used_again)
{
    static const uint8_t secret[16] = "a sheet of paper";
    struct visit v = visit_new(72);
    struct home *home = home_new(v.chart, NULL);
    use_sheet_once(&v, secret);
    struct chart_device *fresh =
        chart_next_device(v.chart, "fresh", GALEN_PURPOSE_DEVICE, v.patient);
    home_is(home, GALEN_HOME_JOINING, fresh);
    uint8_t joining[1 + 16 + 5] = {DISK_VERSION};
    memcpy(joining + 1, secret, sizeof secret);
    home_keep(home, "joining", (struct galen_bytes){joining, sizeof joining});
    home_start(home);
    const struct galen_id *id = galen_rules_chart(v.chart->rules);
    cr_assert_eq(home->events[GALEN_EVENT_CLONED], 0, "its first use is taken for a clone's");
    cr_assert_eq(galen_engine_stopped(home->engine, id), GALEN_OK);
    cr_assert_eq(home->events[GALEN_EVENT_LOST_ASKED], 1);
    const struct galen_member *patient = galen_rules_member(v.chart->rules, &v.patient->id);
    struct galen_id asked[GALEN_ACCOUNT_DEVICES_MAX];
    cr_assert_eq(galen_engine_own_devices(home->engine, asked, GALEN_ACCOUNT_DEVICES_MAX), 2);
    for (size_t i = 0; i < 2; i++) {
        const struct galen_member *m = galen_rules_member(v.chart->rules, &asked[i]);
        cr_assert(m && galen_id_equal(&m->account, &patient->account), "somebody else's");
        cr_assert_eq(m->purpose, GALEN_PURPOSE_DEVICE, "not the sheet itself");
    }
    cr_assert_eq(galen_engine_join_lost(home->engine, home_now(home), NULL, 0), GALEN_OK);
    home_pump(home);
    accept_sent(home);
    cr_assert_not_null(galen_rules_member(v.chart->rules, &fresh->id));
    home_free(home);
    chart_free(v.chart);
}
