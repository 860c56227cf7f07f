/* protocol/engine: a person takes back what they wrote, with a server, without one, and on the way to it. */
#include "galen/text.h"

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

static struct desk desk_at(struct visit visit, bool patient)
{
    struct desk d = {.visit = visit};
    d.home = home_new(d.visit.chart, NULL);
    home_is(d.home, GALEN_HOME_MEMBER, patient ? d.visit.patient : d.visit.pharmacist);
    home_has_read(d.home);
    home_start(d.home);
    d.id = galen_rules_chart(d.visit.chart->rules);
    return d;
}

static struct desk desk_new(uint64_t seed, bool patient)
{
    return desk_at(visit_new(seed), patient);
}

static void desk_end(struct desk *d)
{
    home_free(d->home);
    chart_free(d->visit.chart);
}

static struct galen_write_field says_field(uint16_t field, const char *value)
{
    return (struct galen_write_field){field, {(const uint8_t *)value, strlen(value)}};
}

static enum galen_err give(struct desk *d, struct galen_write write)
{
    struct galen_writer encoded;
    bool proposed;
    galen_token token;
    write.doc = GALEN_DOC_PMR;
    memcpy(write.record, medicine, sizeof medicine);
    galen_writer_init(&encoded);
    galen_write_encode(&encoded, &write);
    enum galen_err err = galen_engine_write(d->home->engine, home_now(d->home), d->id,
                                            galen_written(&encoded), NULL, &proposed, token);
    galen_writer_wipe(&encoded);
    return err;
}

static enum galen_err set(struct desk *d, uint16_t field, const char *value)
{
    return give(d, (struct galen_write){.count = 1, .fields = {says_field(field, value)}});
}

/* The lower field first. */
static enum galen_err set_two(struct desk *d, uint16_t one, const char *value, uint16_t other,
                              const char *its)
{
    return give(d, (struct galen_write){
                       .count = 2, .fields = {says_field(one, value), says_field(other, its)}});
}

/* All that waits gets to the server, and is read. */
static void arrive(struct desk *d)
{
    home_pump(d->home);
    while (galen_engine_waiting(d->home->engine, d->id) > 0) {
        cr_assert_eq(home_accept(d->home, d->visit.chart), GALEN_OK);
        home_show(d->home);
        home_pump(d->home);
    }
}

static void cut(struct desk *d)
{
    galen_engine_disconnected(d->home->engine, home_now(d->home), GALEN_CONNECTION_LOG);
    home_pump(d->home);
}

/* What the look says: the field, or 0. */
static uint16_t look(struct desk *d, bool again, enum galen_err err, galen_token token)
{
    struct galen_undo_look l;
    cr_assert_eq(galen_engine_undo_look(d->home->engine, d->id, &l), GALEN_OK);
    const struct galen_undo *undo = again ? &l.redo : &l.undo;
    cr_assert_eq(again ? l.redo_err : l.undo_err, err, "%s",
                 galen_err_name(again ? l.redo_err : l.undo_err));
    uint16_t field = undo->index == GALEN_NO_ENTRY ? 0 : undo->fields[0].field;
    memcpy(token, undo->op.id, sizeof undo->op.id);
    galen_undo_look_wipe(&l);
    return field;
}

static void turn(struct desk *d, bool again, uint16_t field)
{
    galen_token token;
    cr_assert_eq(look(d, again, GALEN_OK, token), field);
    cr_assert_eq(galen_engine_undo(d->home->engine, home_now(d->home), d->id, token), GALEN_OK);
}

static bool says(struct desk *d, uint16_t field, const char *value)
{
    const struct galen_record *record =
        galen_docs_record(galen_engine_docs(d->home->engine, d->id), GALEN_DOC_PMR, medicine);
    if (!record || galen_record_value_count(record, field) == 0)
        return *value == 0;
    struct galen_bytes said = galen_record_value(record, field, 0).value;
    return said.size == strlen(value) && (said.size == 0 || memcmp(said.at, value, said.size) == 0);
}

Test(engine_undo, what_is_in_the_log_is_taken_back_by_an_entry)
{
    struct desk d = desk_new(301, false);
    galen_token token;
    cr_assert_eq(look(&d, false, GALEN_ERR_NOTHING, token), 0);
    cr_assert_eq(set(&d, GALEN_PMR_PRESCRIBER, "Lee"), GALEN_OK);
    arrive(&d);
    cr_assert_eq(set(&d, GALEN_PMR_PRESCRIBER, "Kim"), GALEN_OK);
    arrive(&d);
    uint64_t size = d.visit.chart->size;
    turn(&d, false, GALEN_PMR_PRESCRIBER);
    arrive(&d);
    cr_assert_eq(d.visit.chart->size, size + 1);
    cr_assert(says(&d, GALEN_PMR_PRESCRIBER, "Lee"));
    turn(&d, true, GALEN_PMR_PRESCRIBER);
    arrive(&d);
    cr_assert(says(&d, GALEN_PMR_PRESCRIBER, "Kim"));
    desk_end(&d);
}

Test(engine_undo, what_was_never_sent_is_dropped)
{
    struct desk d = desk_new(302, false);
    cut(&d);
    cr_assert_eq(set(&d, GALEN_PMR_PRESCRIBER, "Lee"), GALEN_OK);
    cr_assert_eq(set(&d, GALEN_PMR_PHARMACY, "Elm"), GALEN_OK);
    home_pump(d.home);
    turn(&d, false, GALEN_PMR_PHARMACY);
    home_pump(d.home);
    cr_assert_eq(galen_engine_waiting(d.home->engine, d.id), 1);
    turn(&d, false, GALEN_PMR_PRESCRIBER);
    home_pump(d.home);
    cr_assert_eq(galen_engine_waiting(d.home->engine, d.id), 0);
    galen_token token;
    cr_assert_eq(look(&d, false, GALEN_ERR_NOTHING, token), 0);
    home_crash(d.home); /* it is gone from the disk, too */
    home_start(d.home);
    cr_assert_eq(galen_engine_waiting(d.home->engine, d.id), 0);
    desk_end(&d);
}

Test(engine_undo, what_is_on_its_way_is_waited_for)
{
    struct desk d = desk_new(303, false);
    galen_token token;
    cr_assert_eq(set(&d, GALEN_PMR_PRESCRIBER, "Lee"), GALEN_OK);
    home_pump(d.home);
    cr_assert_eq(look(&d, false, GALEN_ERR_UNSENT, token), GALEN_PMR_PRESCRIBER);
    cr_assert_eq(galen_engine_undo(d.home->engine, home_now(d.home), d.id, token),
                 GALEN_ERR_UNSENT);
    arrive(&d);
    turn(&d, false, GALEN_PMR_PRESCRIBER);
    arrive(&d);
    cr_assert(says(&d, GALEN_PMR_PRESCRIBER, ""));
    desk_end(&d);
}

/* Each press goes one further back, though nothing gets to the server meanwhile. */
Test(engine_undo, without_a_server_it_goes_back_and_forth_all_the_same)
{
    struct desk d = desk_new(304, false);
    galen_token token;
    cr_assert_eq(set(&d, GALEN_PMR_PRESCRIBER, "Lee"), GALEN_OK);
    arrive(&d);
    cr_assert_eq(set(&d, GALEN_PMR_PHARMACY, "Elm"), GALEN_OK);
    arrive(&d);
    cr_assert_eq(set(&d, GALEN_PMR_PRESCRIBER, "Kim"), GALEN_OK);
    arrive(&d);
    cut(&d);
    turn(&d, false, GALEN_PMR_PRESCRIBER);
    turn(&d, false, GALEN_PMR_PHARMACY);
    turn(&d, false, GALEN_PMR_PRESCRIBER);
    cr_assert_eq(look(&d, false, GALEN_ERR_NOTHING, token), 0);
    turn(&d, true, GALEN_PMR_PRESCRIBER);
    home_pump(d.home);
    home_crash(d.home);
    home_start(d.home);
    arrive(&d);
    cr_assert(says(&d, GALEN_PMR_PRESCRIBER, "Lee"));
    cr_assert(says(&d, GALEN_PMR_PHARMACY, ""));
    desk_end(&d);
}

/* What was typed behind it meanwhile stands where it was typed, in the words that are there. */
Test(engine_undo, what_another_device_took_back_too_is_not_missed_by_what_was_typed_since)
{
    struct visit visit = visit_new(306);
    struct chart *chart = visit.chart;
    struct chart_device *other =
        chart_next_device(chart, "other", GALEN_PURPOSE_DEVICE, visit.pharmacist);
    galen_token token;
    chart_add(chart, visit.pharmacist, other, true);
    struct desk d = desk_at(visit, false);
    cr_assert_eq(set(&d, GALEN_PMR_REASON, "for pain"), GALEN_OK);
    arrive(&d);
    cr_assert_eq(set(&d, GALEN_PMR_REASON, "for the pain in the left knee"), GALEN_OK);
    arrive(&d);
    uint64_t base = chart->size;
    cut(&d);
    cr_assert_eq(look(&d, false, GALEN_OK, token), GALEN_PMR_REASON);
    turn(&d, false, GALEN_PMR_REASON);
    cr_assert_eq(set(&d, GALEN_PMR_REASON, "for pain, and fever"), GALEN_OK);
    cr_assert_eq(set(&d, GALEN_PMR_REASON, "for pain, and high fever"), GALEN_OK);
    home_pump(d.home);
    /* Meanwhile, on the other device of hers: */
    const struct galen_splice splices[] = {{.at = 4, .deleted = 4}, {.at = 8, .deleted = 17}};
    struct galen_op op = {.kind = GALEN_KIND_WRITE, .base = base};
    struct galen_writer value;
    galen_writer_init(&value);
    galen_splices_write(&value, splices, 2);
    memcpy(op.id, token, sizeof op.id);
    op.content.write = (struct galen_write){.doc = GALEN_DOC_PMR, .count = 1};
    memcpy(op.content.write.record, medicine, sizeof medicine);
    op.content.write.fields[0] =
        (struct galen_write_field){GALEN_PMR_REASON, galen_written(&value)};
    chart_operate(chart, other, op);
    galen_writer_wipe(&value);
    home_crash(d.home);
    home_start(d.home);
    cr_assert(says(&d, GALEN_PMR_REASON, "for pain"));
    arrive(&d);
    cr_assert(says(&d, GALEN_PMR_REASON, "for pain, and high fever"));
    desk_end(&d);
}

Test(engine_undo, nothing_else_is_taken_back_than_what_was_shown)
{
    struct desk d = desk_new(305, false);
    galen_token first, second;
    cr_assert_eq(set(&d, GALEN_PMR_PRESCRIBER, "Lee"), GALEN_OK);
    arrive(&d);
    cr_assert_eq(look(&d, false, GALEN_OK, first), GALEN_PMR_PRESCRIBER);
    cr_assert_eq(set(&d, GALEN_PMR_PHARMACY, "Elm"), GALEN_OK);
    arrive(&d);
    cr_assert_eq(galen_engine_undo(d.home->engine, home_now(d.home), d.id, first),
                 GALEN_ERR_BEHIND);
    cr_assert_eq(look(&d, false, GALEN_OK, second), GALEN_PMR_PHARMACY);
    cr_assert_eq(galen_engine_undo(d.home->engine, home_now(d.home), d.id, second), GALEN_OK);
    cr_assert_eq(galen_engine_undo(d.home->engine, home_now(d.home), d.id, second),
                 GALEN_ERR_BEHIND, "pressed twice");
    arrive(&d);
    cr_assert(says(&d, GALEN_PMR_PRESCRIBER, "Lee"));
    desk_end(&d);
}

/* -- what a person does not want to be sent any more (L4) --------------------------------------------- */

/* The patient's, who may write of their medicine. */
static struct desk patients_desk(uint64_t seed)
{
    struct desk d = {.visit = visit_new(seed)};
    chart_make_holder(d.visit.chart, d.visit.pharmacist, d.visit.patient);
    chart_write(d.visit.chart, d.visit.pharmacist, GALEN_KIND_WRITE, "pmr", medicine, "effects",
                "tired");
    d.home = home_new(d.visit.chart, NULL);
    home_is(d.home, GALEN_HOME_MEMBER, d.visit.patient);
    home_has_read(d.home);
    home_start(d.home);
    d.id = galen_rules_chart(d.visit.chart->rules);
    return d;
}

static void somebody_joins(struct desk *d)
{
    struct chart_device *third =
        chart_person(d->visit.chart, "third", GALEN_ROLE_PRESCRIBER, d->visit.pharmacist);
    chart_add(d->visit.chart, d->visit.pharmacist, third, true);
}

/* The first that waits is held; it is sent, or never. */
static void release(struct desk *d, bool send)
{
    struct galen_waiting waiting;
    cr_assert(galen_engine_waiting_at(d->home->engine, d->id, 0, &waiting));
    cr_assert(waiting.held);
    galen_token foreign;
    memset(foreign, 0x11, sizeof foreign);
    cr_assert_eq(galen_engine_release(d->home->engine, home_now(d->home), foreign, send),
                 GALEN_ERR_VALUE, "nothing of that token waits");
    cr_assert(galen_engine_waiting_at(d->home->engine, d->id, 0, &waiting) && waiting.held);
    cr_assert_eq(galen_engine_release(d->home->engine, home_now(d->home), waiting.token, send),
                 GALEN_OK);
    home_pump(d->home);
}

Test(engine_undo, what_is_not_sent_takes_no_later_words_with_it)
{
    struct desk d = patients_desk(306);
    cut(&d);
    cr_assert_eq(set(&d, GALEN_PMR_EFFECTS, "tired in the morning"), GALEN_OK);
    cr_assert_eq(set(&d, GALEN_PMR_EFFECTS, "tired in the morning, dizzy"), GALEN_OK);
    cr_assert_eq(set(&d, GALEN_PMR_EFFECTS, "worn out in the morning, dizzy"), GALEN_OK);
    home_pump(d.home);
    chart_write(d.visit.chart, d.visit.pharmacist, GALEN_KIND_WRITE, "pmr", medicine, "effects",
                "Since May: ");
    somebody_joins(&d);
    home_crash(d.home);
    home_start(d.home);
    release(&d, false);
    home_crash(d.home); /* what became of the others is on the disk */
    home_start(d.home);
    release(&d, true);
    cr_assert_eq(home_accept(d.home, d.visit.chart), GALEN_OK);
    home_show(d.home);
    home_pump(d.home);
    cr_assert(says(&d, GALEN_PMR_EFFECTS, "Since May: tired, dizzy"));
    release(&d, true);
    arrive(&d);
    cr_assert(says(&d, GALEN_PMR_EFFECTS, "Since May: worn out, dizzy"));
    desk_end(&d);
}

/* An edit before it got there meanwhile, behind somebody else's. */
Test(engine_undo, what_is_refused_may_have_followed_what_was_not)
{
    struct desk d = patients_desk(307);
    cut(&d);
    cr_assert_eq(set(&d, GALEN_PMR_EFFECTS, "tired, dizzy"), GALEN_OK);
    cr_assert_eq(set(&d, GALEN_PMR_EFFECTS, "tired, dizzy and cross"), GALEN_OK);
    cr_assert_eq(set(&d, GALEN_PMR_EFFECTS, "tired, dizzy and cross. Better now."), GALEN_OK);
    chart_write(d.visit.chart, d.visit.pharmacist, GALEN_KIND_WRITE, "pmr", medicine, "effects",
                "Since May: ");
    home_pump(d.home);
    home_crash(d.home);
    home_start(d.home);
    cr_assert_eq(home_accept(d.home, d.visit.chart), GALEN_OK);
    home_show(d.home);
    home_pump(d.home);
    struct galen_frame no = {
        .type = GALEN_FRAME_REFUSED,
        .as.refused = {.request = d.home->append_request, .err = GALEN_ERR_TOO_LARGE}};
    home_hear(d.home, GALEN_CONNECTION_LOG, &no);
    cr_assert_eq(d.home->events[GALEN_EVENT_FAILED], 1);
    arrive(&d);
    cr_assert(says(&d, GALEN_PMR_EFFECTS, "Since May: tired, dizzy. Better now."));
    desk_end(&d);
}

/* Without the edit that was not sent, what followed makes the text longer than one may be; its other half, which is
 * for staff to decide, is not. */
Test(engine_undo, what_turns_out_to_be_void_is_not_said_to_be_done)
{
    static char much[GALEN_TEXT_POINTS_MAX * 2 / 3 + 1], more[sizeof much];
    struct desk d = patients_desk(308);
    memset(much, 'x', sizeof much - 1);
    memset(more, 'y', sizeof more - 1);
    cr_assert_eq(set(&d, GALEN_PMR_EFFECTS, much), GALEN_OK);
    arrive(&d);
    cut(&d);
    cr_assert_eq(set(&d, GALEN_PMR_EFFECTS, ""), GALEN_OK);
    cr_assert_eq(set_two(&d, GALEN_PMR_PRESCRIBER, "Lee", GALEN_PMR_EFFECTS, more), GALEN_OK);
    home_pump(d.home);
    somebody_joins(&d);
    home_crash(d.home);
    home_start(d.home);
    release(&d, false);
    release(&d, true);
    size_t done = d.home->events[GALEN_EVENT_DONE], failed = d.home->events[GALEN_EVENT_FAILED];
    cr_assert_eq(home_accept(d.home, d.visit.chart), GALEN_OK);
    home_show(d.home);
    home_pump(d.home);
    cr_assert(says(&d, GALEN_PMR_EFFECTS, much));
    cr_assert_eq(d.home->events[GALEN_EVENT_DONE], done);
    cr_assert_eq(d.home->events[GALEN_EVENT_FAILED], failed + 1);
    release(&d, true);
    arrive(&d);
    cr_assert_eq(d.home->events[GALEN_EVENT_DONE], done + 1);
    cr_assert_eq(d.home->events[GALEN_EVENT_FAILED], failed + 1);
    desk_end(&d);
}
