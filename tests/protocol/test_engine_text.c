/* protocol/engine: a text is written as a whole by people; what goes into the log is what they changed. */
#include "support/home.h"
#include "support/visit.h"

#include <criterion/criterion.h>
#include <string.h>

static const uint8_t medicine[GALEN_RECORD_ID_BYTES] = {'m', 'e', 'd'};

struct desk {
    struct visit visit;
    struct home *home;
    const struct galen_id *id;
};

static void theirs(struct desk *d, const char *in_front)
{
    chart_write(d->visit.chart, d->visit.patient, GALEN_KIND_WRITE, "pmr", medicine, "effects",
                in_front);
    chart_read_all(d->visit.chart);
}

/* A pharmacist's home that has read "dizzy" in a text of the patient's. */
static struct desk desk_new(uint64_t seed)
{
    struct desk d = {.visit = visit_new(seed)};
    d.id = galen_rules_chart(d.visit.chart->rules);
    chart_write(d.visit.chart, d.visit.pharmacist, GALEN_KIND_WRITE, "pmr", medicine, "status",
                "active");
    chart_read_all(d.visit.chart);
    theirs(&d, "dizzy");
    d.home = home_new(d.visit.chart, NULL);
    home_is(d.home, GALEN_HOME_MEMBER, d.visit.pharmacist);
    home_has_read(d.home);
    home_start(d.home);
    return d;
}

static void desk_end(struct desk *d)
{
    home_free(d->home);
    chart_free(d->visit.chart);
}

static enum galen_err set(struct desk *d, uint16_t field, const char *value, const char *was)
{
    struct galen_write write = {.doc = GALEN_DOC_PMR, .count = 1};
    struct galen_writer encoded;
    bool proposed;
    galen_token token;
    struct galen_bytes began = {(const uint8_t *)was, was ? strlen(was) : 0};
    memcpy(write.record, medicine, sizeof medicine);
    write.fields[0] = (struct galen_write_field){field, {(const uint8_t *)value, strlen(value)}};
    galen_writer_init(&encoded);
    galen_write_encode(&encoded, &write);
    enum galen_err err =
        galen_engine_write(d->home->engine, home_now(d->home), d->id, galen_written(&encoded),
                           was ? &began : NULL, &proposed, token);
    galen_writer_wipe(&encoded);
    home_pump(d->home);
    return err;
}

static void says(struct desk *d, const char *text)
{
    while (galen_engine_waiting(d->home->engine, d->id) > 0) {
        cr_assert_eq(home_accept(d->home, d->visit.chart), GALEN_OK);
        home_show(d->home);
        home_pump(d->home);
    }
    const struct galen_record *record =
        galen_docs_record(galen_engine_docs(d->home->engine, d->id), GALEN_DOC_PMR, medicine);
    struct galen_bytes value = galen_record_value(record, GALEN_PMR_EFFECTS, 0).value;
    cr_assert(value.size == strlen(text) && memcmp(value.at, text, value.size) == 0, "%.*s",
              (int)value.size, (const char *)value.at);
}

Test(engine_text, what_came_while_somebody_wrote_stays)
{
    struct desk d = desk_new(501);
    theirs(&d, "very ");
    home_show(d.home);
    home_pump(d.home);
    says(&d, "very dizzy");
    cr_assert_eq(set(&d, GALEN_PMR_EFFECTS, "dizzy in the morning", "dizzy"), GALEN_OK);
    says(&d, "very dizzy in the morning");
    desk_end(&d);
}

Test(engine_text, what_was_typed_on_after_a_write_is_added_to_it)
{
    struct desk d = desk_new(502);
    cr_assert_eq(set(&d, GALEN_PMR_EFFECTS, "dizzy in", "dizzy"), GALEN_OK);
    theirs(&d, "very ");
    cr_assert_eq(set(&d, GALEN_PMR_EFFECTS, "dizzy in the morning", "dizzy in"), GALEN_OK);
    home_show(d.home);
    home_pump(d.home);
    says(&d, "very dizzy in the morning");
    desk_end(&d);
}

Test(engine_text, who_says_the_whole_of_it_means_the_whole_of_it)
{
    struct desk d = desk_new(503);
    theirs(&d, "very ");
    home_show(d.home);
    home_pump(d.home);
    cr_assert_eq(set(&d, GALEN_PMR_EFFECTS, "dizzy in the morning", NULL), GALEN_OK);
    says(&d, "dizzy in the morning");
    desk_end(&d);
}

Test(engine_text, only_a_text_has_something_it_was)
{
    struct desk d = desk_new(504);
    cr_assert_eq(set(&d, GALEN_PMR_PRESCRIBER, "Dr. Example", ""), GALEN_ERR_VALUE);
    cr_assert_eq(set(&d, GALEN_PMR_EFFECTS, "dizzy", "\xff"), GALEN_ERR_VALUE);
    cr_assert_eq(galen_engine_waiting(d.home->engine, d.id), 0);
    desk_end(&d);
}

/* Readers would judge it void, and it would be gone. */
Test(engine_text, what_is_too_long_with_what_came_meanwhile_is_given_back)
{
    static char long_text[GALEN_TEXT_POINTS_MAX * 2 / 3 + 1];
    struct desk d = desk_new(505);
    memset(long_text, 'x', sizeof long_text - 1);
    theirs(&d, long_text);
    home_show(d.home);
    home_pump(d.home);
    memcpy(long_text, "dizzy ", 6);
    cr_assert_eq(set(&d, GALEN_PMR_EFFECTS, long_text, "dizzy"), GALEN_ERR_TOO_LARGE);
    cr_assert_eq(galen_engine_waiting(d.home->engine, d.id), 0);
    desk_end(&d);
}
