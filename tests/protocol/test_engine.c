/* protocol/engine: days of one home, whose server is played by hand and is not always honest. */
#include "support/home.h"
#include "support/visit.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static struct galen_bytes text(const char *s)
{
    return (struct galen_bytes){(const uint8_t *)s, strlen(s)};
}

/* Entries from `first` on, as the log of `id`; the body of `withheld` is left out. */
static void show_as(struct home *home, const struct galen_id *id, uint64_t first, uint64_t withheld,
                    bool again)
{
    const struct chart *chart = home->charts[0];
    struct galen_frame frame = {.type = GALEN_FRAME_ENTRIES};
    struct galen_writer records;
    galen_writer_init(&records);
    for (uint64_t i = first; i < chart->size; i++) {
        struct galen_entry entry = chart_entry_at(chart, i);
        if (i == withheld) {
            entry.body_state = GALEN_BODY_WITHHELD;
            entry.body = (struct galen_bytes){0};
        }
        galen_entry_write(&records, &entry);
    }
    frame.as.entries.chart = *id;
    frame.as.entries.first = first;
    frame.as.entries.size = chart->size;
    frame.as.entries.again = again;
    frame.as.entries.records = galen_written(&records);
    home_hear(home, GALEN_CONNECTION_LOG, &frame);
    galen_writer_wipe(&records);
}

/* The pharmacist's or the patient's home, which has read everything so far and is signed in. */
static struct home *home_of(struct visit *v, const struct chart_device *device)
{
    struct home *home = home_new(v->chart, NULL);
    home_is(home, GALEN_HOME_MEMBER, device);
    home_has_read(home);
    home_start(home);
    return home;
}

/* -- an honest server ------------------------------------------------------------------------------- */

Test(engine, patient_writes_while_the_line_is_down)
{
    struct visit v = visit_new(80);
    struct home *home = home_of(&v, v.patient);
    const struct galen_id *id = galen_rules_chart(v.chart->rules);
    galen_token token;
    galen_engine_disconnected(home->engine, home_now(home), GALEN_CONNECTION_LOG);
    home_pump(home);
    cr_assert_eq(galen_engine_message(home->engine, home_now(home), id, text("two a day"), token),
                 GALEN_OK);
    home_pump(home);
    cr_assert_eq(home->append.size, 0, "sent into nothing");
    cr_assert_eq(galen_engine_waiting(home->engine, id), 1);
    size_t before = v.chart->size;
    home_crash(home);
    home_start(home);
    cr_assert_eq(home_accept(home, v.chart), GALEN_OK);
    home_show(home);
    cr_assert_eq(home->events[GALEN_EVENT_DONE], 1);
    cr_assert_eq(galen_engine_waiting(home->engine, id), 0);
    cr_assert_eq(v.chart->size, before + 1, "it is in the log once");
    home_free(home);
    chart_free(v.chart);
}

Test(engine, nobody_is_let_in_while_the_line_is_down)
{
    struct visit v = visit_new(81);
    struct home *home = home_of(&v, v.pharmacist);
    struct galen_id visit;
    cr_assert_eq(galen_engine_visit_open(home->engine, home_now(home),
                                         galen_rules_chart(v.chart->rules), &visit),
                 GALEN_OK);
    home_pump(home); /* the live line has not come up */
    cr_assert_eq(galen_engine_admit(home->engine, home_now(home), &v.patient->id, true),
                 GALEN_ERR_OFFLINE);
    cr_assert_eq(galen_engine_admit(home->engine, home_now(home), &v.patient->id, false),
                 GALEN_ERR_OFFLINE);
    home_free(home);
    chart_free(v.chart);
}

/* A line that died unnoticed: the home believes that it has read everything. */
Test(engine, nobody_is_said_to_be_removed_whom_this_home_has_not_read_of)
{
    struct visit v = visit_new(85);
    struct chart_device *colleague =
        chart_person(v.chart, "colleague", GALEN_ROLE_PHARMACIST, v.chart->admin);
    chart_add(v.chart, v.pharmacist, colleague, true);
    struct home *home = home_of(&v, v.pharmacist);
    const struct galen_id *id = galen_rules_chart(v.chart->rules);
    galen_token token;
    struct chart_device *cara = chart_person(v.chart, "cara", GALEN_ROLE_CAREGIVER, colleague);
    chart_add(v.chart, colleague, cara, false);
    cr_assert(galen_engine_current(home->engine, id));
    cr_assert_eq(galen_engine_remove_member(home->engine, home_now(home), id, &cara->id, token),
                 GALEN_ERR_NOT_MEMBER);
    home_pump(home);
    cr_assert_eq(home->events[GALEN_EVENT_DONE], 0, "she is in the chart and reads on");
    home_show(home);
    cr_assert_eq(galen_engine_remove_member(home->engine, home_now(home), id, &cara->id, token),
                 GALEN_OK);
    home_pump(home);
    cr_assert_eq(home_accept(home, v.chart), GALEN_OK);
    cr_assert_null(galen_rules_member(v.chart->rules, &cara->id));
    home_free(home);
    chart_free(v.chart);
}

Test(engine, I5_nobody_is_identified_whose_device_this_home_has_not_read_of)
{
    struct visit v = visit_new(86);
    const struct galen_id *id = galen_rules_chart(v.chart->rules);
    galen_token token;
    struct chart_device *link =
        chart_invitation(v.chart, "link", GALEN_ROLE_CAREGIVER, v.pharmacist);
    chart_add(v.chart, v.pharmacist, link, false);
    struct home *home = home_of(&v, v.pharmacist);
    struct chart_device *cara = chart_next_device(v.chart, "cara", GALEN_PURPOSE_DEVICE, link);
    chart_redeem(v.chart, link, cara);
    cr_assert_eq(galen_engine_identify(home->engine, home_now(home), id, &link->id,
                                       text("name and birthday"), token),
                 GALEN_ERR_NOT_MEMBER, "a link is nobody yet");
    home_pump(home);
    cr_assert_eq(home->events[GALEN_EVENT_DONE], 0, "she is no holder");
    home_show(home);
    cr_assert_eq(galen_engine_identify(home->engine, home_now(home), id, &link->id,
                                       text("name and birthday"), token),
                 GALEN_OK);
    for (int i = 0; i < 2; i++) { /* what was checked, and the change of members */
        home_pump(home);
        cr_assert_eq(home_accept(home, v.chart), GALEN_OK);
        home_show(home);
    }
    cr_assert(galen_rules_member(v.chart->rules, &cara->id)->holder);
    cr_assert_eq(home->events[GALEN_EVENT_DONE], 1);
    home_free(home);
    chart_free(v.chart);
}

Test(engine, I5_who_was_dropped_meanwhile_is_not_said_to_hold_the_record)
{
    struct visit v = visit_new(87);
    const struct galen_id *id = galen_rules_chart(v.chart->rules);
    galen_token token;
    struct chart_device *colleague =
        chart_person(v.chart, "colleague", GALEN_ROLE_PHARMACIST, v.chart->admin);
    chart_add(v.chart, v.pharmacist, colleague, true);
    struct home *home = home_of(&v, v.pharmacist);
    const struct galen_id account = visit_member(&v, v.patient)->account;
    galen_engine_disconnected(home->engine, home_now(home), GALEN_CONNECTION_LOG);
    cr_assert_eq(galen_engine_identify(home->engine, home_now(home), id, &account,
                                       text("name and birthday"), token),
                 GALEN_OK);
    home_pump(home);
    chart_drop(v.chart, colleague, v.patient);
    home_crash(home);
    home_start(home);
    cr_assert_eq(home_accept(home, v.chart),
                 GALEN_OK); /* that it was checked stands all the same */
    home_show(home);
    cr_assert_eq(home->events[GALEN_EVENT_DONE], 0);
    cr_assert_eq(home->events[GALEN_EVENT_FAILED], 1);
    home_free(home);
    chart_free(v.chart);
}

Test(engine, a_colleague_who_is_still_to_be_added_can_be_removed_again)
{
    struct visit v = visit_new(88);
    const struct galen_id *id = galen_rules_chart(v.chart->rules);
    galen_token token;
    struct chart_device *colleague =
        chart_person(v.chart, "colleague", GALEN_ROLE_PHARMACIST, v.chart->admin);
    struct home *home = home_of(&v, v.pharmacist);
    galen_engine_disconnected(home->engine, home_now(home), GALEN_CONNECTION_LOG);
    cr_assert_eq(
        galen_engine_remove_member(home->engine, home_now(home), id, &colleague->id, token),
        GALEN_ERR_NOT_MEMBER);
    cr_assert_eq(galen_engine_add_member(home->engine, home_now(home), id, &colleague->id, token),
                 GALEN_OK);
    cr_assert_eq(
        galen_engine_remove_member(home->engine, home_now(home), id, &colleague->id, token),
        GALEN_OK);
    home_pump(home);
    cr_assert_eq(galen_engine_waiting(home->engine, id), 2);
    home_free(home);
    chart_free(v.chart);
}

static void pass(struct home *home, uint64_t ms)
{
    home->charts[0]->now_ms += ms;
    (void)galen_engine_tick(home->engine, home_now(home));
    home_pump(home);
}

/* From these heads come "verified on theirs", and the discovery of a server that shows two histories. */
Test(engine, H1_it_signs_the_head_that_it_has_verified_at_most_every_two_seconds)
{
    struct visit v = visit_new(99);
    struct home *home = home_of(&v, v.patient);
    pass(home, GALEN_HEAD_EVERY_MS);
    size_t before = home->sent[GALEN_FRAME_HEAD];
    pass(home, GALEN_HEAD_EVERY_MS);
    cr_assert_eq(home->sent[GALEN_FRAME_HEAD], before, "it has verified nothing since");
    chart_say(v.chart, v.pharmacist, "one");
    home_show(home);
    pass(home, 0);
    cr_assert_eq(home->sent[GALEN_FRAME_HEAD], before + 1);
    uint64_t next_ms = home_now(home) + GALEN_HEAD_EVERY_MS;
    chart_say(v.chart, v.pharmacist, "two");
    home_show(home);
    pass(home, next_ms - 1 - home_now(home));
    cr_assert_eq(home->sent[GALEN_FRAME_HEAD], before + 1, "not yet");
    pass(home, 1);
    cr_assert_eq(home->sent[GALEN_FRAME_HEAD], before + 2);
    home_free(home);
    chart_free(v.chart);
}

/* Two that a bad line held up arrive together, and the server takes one a second: nobody would be told of the other. */
Test(engine, H1_a_head_that_came_too_soon_is_signed_again)
{
    struct visit v = visit_new(107);
    struct home *home = home_of(&v, v.patient);
    chart_say(v.chart, v.pharmacist, "one");
    home_show(home);
    pass(home, GALEN_HEAD_EVERY_MS);
    size_t before = home->sent[GALEN_FRAME_HEAD];
    struct galen_frame no = {.type = GALEN_FRAME_REFUSED};
    no.as.refused.chart = *galen_rules_chart(v.chart->rules);
    no.as.refused.err = GALEN_ERR_LIMIT;
    home_hear(home, GALEN_CONNECTION_LOG, &no);
    pass(home, GALEN_HEAD_EVERY_MS - 1);
    cr_assert_eq(home->sent[GALEN_FRAME_HEAD], before, "not at once");
    pass(home, 1);
    cr_assert_eq(home->sent[GALEN_FRAME_HEAD], before + 1);
    pass(home, GALEN_HEAD_EVERY_MS);
    cr_assert_eq(home->sent[GALEN_FRAME_HEAD], before + 1, "once");
    no.as.refused.err = GALEN_ERR_HEAD;
    home_hear(home, GALEN_CONNECTION_LOG, &no);
    pass(home, GALEN_HEAD_EVERY_MS);
    cr_assert_eq(home->sent[GALEN_FRAME_HEAD], before + 1, "what can never be taken is not");
    home_free(home);
    chart_free(v.chart);
}

Test(engine, H1_a_head_that_is_ahead_is_told_of_when_we_have_got_there)
{
    struct visit v = visit_new(108);
    struct home *home = home_of(&v, v.patient);
    chart_say(v.chart, v.pharmacist, "one");
    chart_say(v.chart, v.pharmacist, "two");
    chart_read_all(v.chart);
    struct galen_head head;
    struct galen_writer heads;
    struct galen_frame frame = {.type = GALEN_FRAME_HEADS};
    galen_log_sign_head(v.pharmacist->log, home_now(home), &head);
    galen_writer_init(&heads);
    galen_head_write(&heads, &head);
    frame.as.heads.chart = *galen_rules_chart(v.chart->rules);
    frame.as.heads.heads = galen_written(&heads);
    home_hear(home, GALEN_CONNECTION_LOG, &frame);
    home_hear(home, GALEN_CONNECTION_LOG, &frame);
    v.chart->size--; /* it comes one by one */
    home_show(home);
    size_t before = home->events[GALEN_EVENT_VERIFIED];
    v.chart->size++;
    home_show(home);
    cr_assert_eq(home->events[GALEN_EVENT_VERIFIED], before + 1);
    galen_writer_wipe(&heads);
    home_free(home);
    chart_free(v.chart);
}

Test(engine, who_looks_after_a_chart_that_is_well_writes_nothing)
{
    struct visit v = visit_new(100);
    struct home *home = home_of(&v, v.pharmacist);
    for (int i = 0; i < 60; i++)
        pass(home, 5000);
    cr_assert_eq(home->sent[GALEN_FRAME_APPEND], 0);
    cr_assert_eq(galen_engine_waiting(home->engine, NULL), 0);
    home_free(home);
    chart_free(v.chart);
}

/* -- another server ----------------------------------------------------------------------------------- */

Test(engine, K5_a_server_shows_one_chart_under_the_name_of_another)
{
    struct visit v = visit_new(82);
    struct home *home = home_of(&v, v.patient);
    struct galen_id foreign = *galen_rules_chart(v.chart->rules);
    foreign.bytes[0] ^= 1;
    struct galen_frame added = {.type = GALEN_FRAME_CHART_ADDED, .as.chart_added.chart = foreign};
    home_hear(home, GALEN_CONNECTION_LOG, &added);
    show_as(home, &foreign, 0, GALEN_NO_ENTRY, false);
    cr_assert_eq(galen_log_size(galen_engine_log(home->engine, &foreign)), 0,
                 "entries of another chart were taken");
    cr_assert_eq(galen_engine_stopped(home->engine, &foreign), GALEN_ERR_FORK);
    cr_assert_eq(home->events[GALEN_EVENT_FORK], 1);
    cr_assert_eq(galen_engine_stopped(home->engine, galen_rules_chart(v.chart->rules)), GALEN_OK,
                 "the true chart goes on");
    home_free(home);
    chart_free(v.chart);
}

Test(engine, L9_a_message_held_back_is_named_and_asked_for_on_the_next_line)
{
    struct visit v = visit_new(83);
    struct home *home = home_of(&v, v.pharmacist);
    const struct galen_id *id = galen_rules_chart(v.chart->rules);
    uint64_t index = chart_say(v.chart, v.patient, "my tablets make me dizzy");
    show_as(home, id, index, index, false);
    cr_assert_eq(home->events[GALEN_EVENT_WITHHELD], 1);
    cr_assert_eq(galen_engine_withheld(home->engine, id), index);
    home_crash(home);
    home_start(home);
    cr_assert_not(galen_engine_current(home->engine, id), "it was not asked for");
    show_as(home, id, index, GALEN_NO_ENTRY, true);
    cr_assert_eq(galen_engine_withheld(home->engine, id), GALEN_NO_ENTRY);
    cr_assert_eq(galen_log_read(galen_engine_log(home->engine, id), index)->state, GALEN_READ_OPEN);
    cr_assert(galen_engine_current(home->engine, id));
    home_free(home);
    chart_free(v.chart);
}

Test(engine, L9_behind_an_epoch_held_back_nothing_is_read_until_it_is_there)
{
    struct visit v = visit_new(84);
    struct home *home = home_of(&v, v.patient);
    const struct galen_id *id = galen_rules_chart(v.chart->rules);
    uint64_t epoch = v.chart->size;
    chart_renew(v.chart, v.pharmacist);
    chart_say(v.chart, v.pharmacist, "how are you today?");
    show_as(home, id, epoch, epoch, false);
    const struct galen_log *log = galen_engine_log(home->engine, id);
    cr_assert_eq(home->events[GALEN_EVENT_WITHHELD], 1);
    cr_assert_eq(galen_log_size(log), epoch);
    cr_assert_not(galen_engine_current(home->engine, id));
    home->shown[0] = 0; /* an OPEN says from where it wants to read */
    galen_engine_tick(home->engine, home_now(home) + 6000);
    home_pump(home);
    cr_assert_eq(home->shown[0], epoch, "it was not asked for again");
    home_show(home);
    cr_assert_eq(galen_log_size(log), v.chart->size);
    cr_assert(galen_engine_current(home->engine, id));
    cr_assert_eq(galen_engine_stopped(home->engine, id), GALEN_OK);
    home_free(home);
    chart_free(v.chart);
}

/* -- bounds ----------------------------------------------------------------------------------------- */

static struct galen_id made_up(uint32_t n)
{
    struct galen_id id = {{0xfa, (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n}};
    return id;
}

static void add_made_up(struct home *home, uint32_t from, uint32_t to)
{
    for (uint32_t n = from; n < to; n++) {
        struct galen_frame frame = {.type = GALEN_FRAME_CHART_ADDED,
                                    .as.chart_added.chart = made_up(n)};
        home_hear(home, GALEN_CONNECTION_LOG, &frame);
    }
}

static bool is_followed(const struct home *home, const struct galen_id *id)
{
    return galen_engine_log(home->engine, id) != NULL;
}

Test(engine, a_flood_of_charts_that_are_not_pushes_no_true_one_out)
{
    struct visit v = visit_new(88);
    struct home *home = home_of(&v, v.patient);
    const struct galen_id *id = galen_rules_chart(v.chart->rules);
    size_t pairs = home->pair_count;
    struct galen_id first = made_up(0), second = made_up(1), last = made_up(GALEN_CHARTS_MAX + 9);
    add_made_up(home, 0, 1);
    show_as(home, &first, 0, GALEN_NO_ENTRY,
            false); /* another's entries: it is stopped, and kept */
    cr_assert_eq(home->pair_count, pairs + 1);
    add_made_up(home, 1, GALEN_CHARTS_MAX - 1);
    cr_assert_eq(galen_engine_chart_count(home->engine), GALEN_CHARTS_MAX);
    cr_assert(is_followed(home, &first));
    add_made_up(home, GALEN_CHARTS_MAX - 1, GALEN_CHARTS_MAX + 10);
    cr_assert_eq(galen_engine_chart_count(home->engine), GALEN_CHARTS_MAX);
    cr_assert_not(is_followed(home, &first) || is_followed(home, &second), "the oldest give way");
    cr_assert_eq(home->pair_count, pairs, "nor do they fill the disk");
    cr_assert(is_followed(home, &last), "the newest may be true");
    cr_assert(is_followed(home, id));
    cr_assert_eq(home->events[GALEN_EVENT_CHARTS_FULL], 0);
    /* It goes on as ever; nothing of the flood outlives it. */
    home_crash(home);
    home_start(home);
    cr_assert_eq(galen_engine_chart_count(home->engine), 1);
    galen_token token;
    cr_assert_eq(galen_engine_message(home->engine, home_now(home), id, text("still here"), token),
                 GALEN_OK);
    home_pump(home);
    cr_assert_eq(home_accept(home, v.chart), GALEN_OK);
    home_show(home);
    cr_assert_eq(home->events[GALEN_EVENT_DONE], 1);
    home_free(home);
    chart_free(v.chart);
}

/* Charts in which this device's keys were cloned: that is remembered, whatever else comes. */
static void keep_cloned(struct home *home, uint32_t count)
{
    static const uint8_t cloned[] = {0, GALEN_ERR_CLONED, 0};
    for (uint32_t n = 0; n < count; n++) {
        char key[4 + 64 + 9];
        struct galen_id id = made_up(n);
        memcpy(key, "log/", 4);
        for (size_t i = 0; i < sizeof id.bytes; i++)
            (void)snprintf(key + 4 + 2 * i, 3, "%02x", id.bytes[i]);
        memcpy(key + 68, "/stopped", 9);
        home_keep(home, key, (struct galen_bytes){cloned, sizeof cloned});
    }
}

Test(engine, a_chart_of_which_something_is_known_gives_way_to_none)
{
    struct visit v = visit_new(89);
    struct home *home = home_new(v.chart, NULL);
    home_is(home, GALEN_HOME_MEMBER, v.patient);
    home_has_read(home);
    keep_cloned(home, GALEN_CHARTS_MAX - 1);
    home_start(home);
    cr_assert_eq(galen_engine_chart_count(home->engine), GALEN_CHARTS_MAX);
    struct galen_id more = made_up(GALEN_CHARTS_MAX);
    add_made_up(home, GALEN_CHARTS_MAX, GALEN_CHARTS_MAX + 1);
    cr_assert_eq(home->events[GALEN_EVENT_CHARTS_FULL], 1, "and it is said");
    cr_assert_not(is_followed(home, &more));
    cr_assert_eq(galen_engine_chart_count(home->engine), GALEN_CHARTS_MAX);
    add_made_up(home, 0, 1); /* one that is there */
    cr_assert_eq(home->events[GALEN_EVENT_CHARTS_FULL], 1);
    home_free(home);
    chart_free(v.chart);
}

/* -- sign-off --------------------------------------------------------------------------------------- */

static const uint8_t medicine[GALEN_RECORD_ID_BYTES] = {'m', 'e', 'd'};

static void write_regimen(struct chart *chart, struct chart_device *author, const char *value)
{
    chart_write(chart, author, GALEN_KIND_WRITE, "pmr", medicine, "regimen", value);
}

static size_t versions(const struct home *home)
{
    return galen_docs_version_count(
        galen_engine_docs(home->engine, galen_rules_chart(home->charts[0]->rules)));
}

static enum galen_err sign_now(struct home *home, galen_token token)
{
    const struct galen_id *id = galen_rules_chart(home->charts[0]->rules);
    return galen_engine_sign(home->engine, home_now(home), id,
                             galen_log_size(galen_engine_log(home->engine, id)), NULL,
                             GALEN_SIGN_WITH_PATIENT, token);
}

Test(engine, D4_a_pharmacist_signs_what_is_there)
{
    struct visit v = visit_new(90);
    write_regimen(v.chart, v.pharmacist, "drug=Metformin; dose=1");
    struct home *home = home_of(&v, v.pharmacist);
    const struct galen_id *id = galen_rules_chart(v.chart->rules);
    galen_token token;
    cr_assert_eq(galen_engine_sign_bar(home->engine, id), GALEN_OK);
    cr_assert_eq(galen_engine_sign(home->engine, home_now(home), id, 0, NULL, 0, token),
                 GALEN_ERR_VALUE);
    cr_assert_eq(galen_engine_sign(home->engine, home_now(home), id, 0, NULL, 4, token),
                 GALEN_ERR_VALUE);
    cr_assert_eq(galen_engine_sign(home->engine, home_now(home), id, 0, medicine, 1, token),
                 GALEN_ERR_VALUE, "no such visit");
    uint64_t base = v.chart->size;
    cr_assert_eq(sign_now(home, token), GALEN_OK);
    home_pump(home);
    cr_assert_eq(home_accept(home, v.chart), GALEN_OK);
    home_show(home);
    cr_assert_eq(home->events[GALEN_EVENT_DONE], 1);
    cr_assert_eq(versions(home), 1);
    struct galen_version version = galen_docs_version_at(galen_engine_docs(home->engine, id), 0);
    cr_assert_eq(version.base, base);
    cr_assert_eq(version.index, base);
    cr_assert(galen_id_equal(&version.entry->device, &v.pharmacist->id));
    home_crash(home);
    home_start(home);
    cr_assert_eq(versions(home), 1, "it is there after a start");
    home_free(home);
    chart_free(v.chart);
}

Test(engine, D4_nobody_but_a_pharmacist_is_let_sign)
{
    struct visit v = visit_new(91);
    struct home *home = home_of(&v, v.patient);
    galen_token token;
    cr_assert_eq(sign_now(home, token), GALEN_ERR_ROLE);
    cr_assert_eq(galen_engine_waiting(home->engine, NULL), 0);
    home_free(home);
    chart_free(v.chart);
}

Test(engine, D4_nothing_is_signed_while_something_waits_or_is_missing)
{
    struct visit v = visit_new(92);
    const struct galen_id *id = galen_rules_chart(v.chart->rules);
    struct home *home = home_of(&v, v.pharmacist);
    galen_token token;
    cr_assert_eq(galen_engine_message(home->engine, home_now(home), id, text("wait"), token),
                 GALEN_OK);
    cr_assert_eq(sign_now(home, token), GALEN_ERR_UNSENT);
    home_pump(home);
    cr_assert_eq(home_accept(home, v.chart), GALEN_OK);
    cr_assert_eq(sign_now(home, token), GALEN_ERR_UNSENT, "not seen in the log yet");
    home_show(home);
    cr_assert_eq(galen_engine_sign_bar(home->engine, id), GALEN_OK);

    galen_engine_disconnected(home->engine, home_now(home), GALEN_CONNECTION_LOG);
    cr_assert_eq(sign_now(home, token), GALEN_ERR_OFFLINE);
    home_free(home);
    chart_free(v.chart);
}

Test(engine, L9_nothing_is_signed_past_a_body_that_is_held_back)
{
    struct visit v = visit_new(93);
    const struct galen_id *id = galen_rules_chart(v.chart->rules);
    struct home *home = home_of(&v, v.pharmacist);
    galen_token token;
    uint64_t held = chart_say(v.chart, v.patient, "held back");
    show_as(home, id, held, held, false);
    cr_assert_eq(galen_engine_withheld(home->engine, id), held);
    cr_assert_eq(sign_now(home, token), GALEN_ERR_WITHHELD);
    home_free(home);
    chart_free(v.chart);
}

Test(engine, D4_nothing_is_signed_in_conflict_and_L8_over_what_is_newer)
{
    struct visit v = visit_new(94);
    chart_make_holder(v.chart, v.pharmacist, v.patient);
    const struct galen_id *id = galen_rules_chart(v.chart->rules);
    struct chart_device *colleague =
        chart_person(v.chart, "colleague", GALEN_ROLE_PHARMACIST, v.chart->admin);
    chart_add(v.chart, v.pharmacist, colleague, true);
    galen_token token;
    write_regimen(v.chart, v.pharmacist, "drug=Metformin; dose=1");
    struct galen_op other = {.kind = GALEN_KIND_WRITE, .base = v.chart->size - 1};
    other.content.write.doc = GALEN_DOC_PMR;
    memcpy(other.content.write.record, medicine, sizeof medicine);
    other.content.write.count = 1;
    other.content.write.fields[0] =
        (struct galen_write_field){GALEN_PMR_REGIMEN, text("\11Metformin\0\0\0\0\0\0")};
    other.content.write.fields[0].value.size = 17; /* with the six parts that are not said */
    chart_operate(v.chart, colleague, other);
    struct home *home = home_of(&v, v.pharmacist);
    cr_assert_eq(galen_docs_conflict_count(galen_engine_docs(home->engine, id)), 1);
    cr_assert_eq(sign_now(home, token), GALEN_ERR_CONFLICT);
    write_regimen(v.chart, colleague, "drug=Metformin; dose=1");
    home_show(home);
    cr_assert_eq(galen_engine_sign_bar(home->engine, id), GALEN_OK);
    struct galen_op newer = {.kind = 99, .content.unknown = text("of tomorrow")};
    chart_operate(v.chart, colleague, newer);
    home_show(home);
    cr_assert_eq(sign_now(home, token), GALEN_ERR_UNKNOWN_KIND);
    cr_assert_eq(galen_engine_waiting(home->engine, id), 0);
    home_free(home);
    chart_free(v.chart);
}

static enum galen_err write_field(struct home *home, const char *document, const uint8_t record[16],
                                  const char *field, const char *value)
{
    const struct galen_document *in = galen_document_named(document);
    const struct galen_field *of = galen_field_named(in, field);
    struct galen_write write = {.doc = in->id, .count = 1};
    struct galen_writer encoded, whole;
    galen_token token;
    bool proposed;
    galen_writer_init(&encoded);
    galen_writer_init(&whole);
    memcpy(write.record, record, sizeof write.record);
    cr_assert_eq(galen_value_parse(&encoded, of, text(value)), GALEN_OK);
    write.fields[0] = (struct galen_write_field){of->number, galen_written(&encoded)};
    galen_write_encode(&whole, &write);
    enum galen_err err =
        galen_engine_write(home->engine, home_now(home), galen_rules_chart(home->charts[0]->rules),
                           galen_written(&whole), NULL, &proposed, token);
    galen_writer_wipe(&encoded);
    galen_writer_wipe(&whole);
    return err;
}

static void reaches_the_log(struct home *home, struct chart *chart)
{
    home_pump(home);
    cr_assert_eq(home_accept(home, chart), GALEN_OK);
    home_show(home);
}

Test(engine, D2_staff_answer_what_is_only_proposed_before_they_change_it)
{
    static const uint8_t other[GALEN_RECORD_ID_BYTES] = {'n', 'e', 'w'};
    static const uint8_t elsewhere[GALEN_RECORD_ID_BYTES] = {'e', 'l', 's', 'e'};
    struct visit v = visit_new(97);
    const struct galen_id *id = galen_rules_chart(v.chart->rules);
    uint64_t proposal =
        chart_write(v.chart, v.patient, GALEN_KIND_PROPOSE, "pmr", other, "kind", "herbal");
    chart_write(v.chart, v.patient, GALEN_KIND_PROPOSE, "pmr", elsewhere, "kind", "vitamin");
    const uint8_t *hers = v.patient->id.bytes,
                  *one = galen_document_single(galen_document(GALEN_DOC_PROFILE));
    chart_write(v.chart, v.patient, GALEN_KIND_PROPOSE, "people", hers, "phone", "555 0134");
    chart_write(v.chart, v.patient, GALEN_KIND_PROPOSE, "profile", one, "phone", "555 0134");
    struct home *home = home_of(&v, v.pharmacist);
    galen_token token;
    cr_assert_eq(write_field(home, "pmr", other, "status", "active"), GALEN_ERR_PROPOSED);
    cr_assert_eq(galen_engine_waiting(home->engine, id), 0);
    cr_assert_eq(write_field(home, "people", hers, "hours", "at noon"), GALEN_OK,
                 "she is there in any case");
    reaches_the_log(home, v.chart);
    cr_assert_eq(write_field(home, "profile", one, "weight", "70 kg"), GALEN_OK);
    reaches_the_log(home, v.chart);
    const struct galen_record *record =
        galen_docs_record(galen_engine_docs(home->engine, id), GALEN_DOC_PMR, other);
    cr_assert_eq(galen_record_state(record), GALEN_RECORD_PROPOSED);

    cr_assert_eq(galen_engine_answer(home->engine, home_now(home), id, proposal, false, token),
                 GALEN_OK);
    cr_assert_eq(write_field(home, "pmr", other, "status", "active"), GALEN_ERR_PROPOSED,
                 "a decline is on its way");
    reaches_the_log(home, v.chart);
    cr_assert_eq(galen_record_state(record), GALEN_RECORD_DECLINED);
    cr_assert_eq(write_field(home, "pmr", other, "status", "active"), GALEN_ERR_PROPOSED);

    cr_assert_eq(galen_engine_answer(home->engine, home_now(home), id, proposal, true, token),
                 GALEN_OK);
    cr_assert_eq(write_field(home, "pmr", elsewhere, "status", "active"), GALEN_ERR_PROPOSED,
                 "the accept on its way is of another one");
    cr_assert_eq(write_field(home, "pmr", other, "status", "active"), GALEN_OK,
                 "behind the accept on its way");
    reaches_the_log(home, v.chart);
    reaches_the_log(home, v.chart);
    cr_assert_eq(galen_record_state(record), GALEN_RECORD_PRESENT);
    cr_assert_eq(write_field(home, "pmr", other, "status", "stopped"), GALEN_OK);
    home_free(home);
    chart_free(v.chart);
}

/* All members are told of a visit, by the id that its record has, before staff have written a word of it. */
Test(engine, D2_staff_begin_a_visit_whoever_spoke_of_it_first)
{
    static const uint8_t live[GALEN_RECORD_ID_BYTES] = {'v', 'i', 's', 'i', 't'};
    struct visit v = visit_new(99);
    const struct galen_id *id = galen_rules_chart(v.chart->rules);
    struct home *home = home_of(&v, v.pharmacist);
    galen_token token;
    uint64_t proposal =
        chart_write(v.chart, v.patient, GALEN_KIND_PROPOSE, "visit", live, "place", "at home");
    galen_engine_disconnected(home->engine, home_now(home), GALEN_CONNECTION_LOG);
    cr_assert_eq(write_field(home, "visit", live, "started", "2026-03-14T09:26:53Z"), GALEN_OK);
    home_pump(home);
    home_crash(home);
    home_start(home);
    cr_assert_eq(home->events[GALEN_EVENT_FAILED], 0);
    reaches_the_log(home, v.chart);
    const struct galen_record *record =
        galen_docs_record(galen_engine_docs(home->engine, id), GALEN_DOC_VISIT, live);
    cr_assert_eq(galen_record_state(record), GALEN_RECORD_PRESENT);
    cr_assert_eq(galen_engine_answer(home->engine, home_now(home), id, proposal, false, token),
                 GALEN_OK);
    reaches_the_log(home, v.chart);
    cr_assert_eq(write_field(home, "visit", live, "read_back", "yes"), GALEN_OK);

    static const uint8_t wished[GALEN_RECORD_ID_BYTES] = {'w', 'i', 's', 'h'};
    chart_write(v.chart, v.patient, GALEN_KIND_PROPOSE, "visit", wished, "place", "at home");
    home_show(home);
    cr_assert_eq(write_field(home, "visit", wished, "read_back", "yes"), GALEN_ERR_PROPOSED);
    cr_assert_eq(write_field(home, "visit", wished, "started", "2026-03-14T09:26:53Z"), GALEN_OK);
    home_free(home);
    chart_free(v.chart);
}

Test(engine, D2_who_proposed_a_record_writes_in_it_what_is_theirs_to_say)
{
    static const uint8_t other[GALEN_RECORD_ID_BYTES] = {'n', 'e', 'w'};
    struct visit v = visit_new(101);
    chart_make_holder(v.chart, v.pharmacist, v.patient);
    struct home *home = home_of(&v, v.patient);
    cr_assert_eq(write_field(home, "pmr", other, "kind", "herbal"), GALEN_OK);
    reaches_the_log(home, v.chart);
    cr_assert_eq(write_field(home, "pmr", other, "taken_as", "one at night"), GALEN_OK);
    reaches_the_log(home, v.chart);
    const struct galen_record *record = galen_docs_record(
        galen_engine_docs(home->engine, galen_rules_chart(v.chart->rules)), GALEN_DOC_PMR, other);
    cr_assert_eq(galen_record_state(record), GALEN_RECORD_PROPOSED);
    cr_assert_eq(galen_record_value_count(record, GALEN_PMR_TAKEN_AS), 1);
    home_free(home);
    chart_free(v.chart);
}

Test(engine, D2_what_was_written_behind_an_accept_does_not_go_without_it)
{
    static const uint8_t other[GALEN_RECORD_ID_BYTES] = {'n', 'e', 'w'};
    struct visit v = visit_new(98);
    const struct galen_id *id = galen_rules_chart(v.chart->rules);
    uint64_t proposal =
        chart_write(v.chart, v.patient, GALEN_KIND_PROPOSE, "pmr", other, "kind", "herbal");
    struct home *home = home_of(&v, v.pharmacist);
    galen_token token;
    cr_assert_eq(galen_engine_answer(home->engine, home_now(home), id, proposal, true, token),
                 GALEN_OK);
    cr_assert_eq(write_field(home, "pmr", other, "status", "active"), GALEN_OK);
    home_pump(home);
    struct galen_frame no = {
        .type = GALEN_FRAME_REFUSED,
        .as.refused = {.request = home->append_request, .err = GALEN_ERR_TOO_LARGE}};
    home_hear(home, GALEN_CONNECTION_LOG, &no);
    home_pump(home);
    cr_assert_eq(galen_engine_waiting(home->engine, id), 0);
    cr_assert_eq(home->events[GALEN_EVENT_FAILED], 2, "and it is said");
    const struct galen_record *record =
        galen_docs_record(galen_engine_docs(home->engine, id), GALEN_DOC_PMR, other);
    cr_assert_eq(galen_record_state(record), GALEN_RECORD_PROPOSED);
    home_free(home);
    chart_free(v.chart);
}

Test(engine, D2_others_than_staff_withdraw_what_they_proposed_and_answer_nothing_else)
{
    static const uint8_t other[GALEN_RECORD_ID_BYTES] = {'n', 'e', 'w'};
    struct visit v = visit_new(95);
    chart_make_holder(v.chart, v.pharmacist, v.patient);
    const struct galen_id *id = galen_rules_chart(v.chart->rules);
    uint64_t theirs =
        chart_write(v.chart, v.pharmacist, GALEN_KIND_PROPOSE, "pmr", other, "pharmacy", "Elm");
    uint64_t mine =
        chart_write(v.chart, v.patient, GALEN_KIND_PROPOSE, "pmr", other, "kind", "herbal");
    struct home *home = home_of(&v, v.patient);
    galen_token token;
    cr_assert_eq(galen_engine_answer(home->engine, home_now(home), id, theirs, false, token),
                 GALEN_ERR_ROLE);
    cr_assert_eq(galen_engine_answer(home->engine, home_now(home), id, mine, true, token),
                 GALEN_ERR_ROLE);
    cr_assert_eq(galen_engine_answer(home->engine, home_now(home), id, mine, false, token),
                 GALEN_OK);
    reaches_the_log(home, v.chart);
    const struct galen_proposal *proposal =
        galen_docs_proposal(galen_engine_docs(home->engine, id), mine);
    cr_assert_eq(galen_proposal_state(proposal), GALEN_PROPOSAL_DECLINED);
    cr_assert_eq(galen_engine_answer(home->engine, home_now(home), id, mine, false, token),
                 GALEN_ERR_ROLE);
    home_free(home);
    chart_free(v.chart);
}

/* What is the patient's own to say, and what they propose. */
static enum galen_err write_both(struct home *home)
{
    struct galen_write write = {.doc = GALEN_DOC_PMR, .count = 2};
    struct galen_writer whole;
    bool proposed;
    galen_token token;
    memcpy(write.record, medicine, sizeof write.record);
    write.fields[0] = (struct galen_write_field){GALEN_PMR_PHARMACY, text("Elm Street")};
    write.fields[1] = (struct galen_write_field){GALEN_PMR_TAKEN_AS, text("at night")};
    galen_writer_init(&whole);
    galen_write_encode(&whole, &write);
    enum galen_err err =
        galen_engine_write(home->engine, home_now(home), galen_rules_chart(home->charts[0]->rules),
                           galen_written(&whole), NULL, &proposed, token);
    galen_writer_wipe(&whole);
    return err;
}

static size_t fill(struct home *home, const struct galen_id *id, size_t most)
{
    galen_token token;
    size_t n = 0;
    galen_engine_disconnected(home->engine, home_now(home), GALEN_CONNECTION_LOG);
    while (n < most &&
           galen_engine_message(home->engine, home_now(home), id, text("Hello"), token) == GALEN_OK)
        n++;
    cr_assert_eq(galen_engine_waiting(home->engine, id), n);
    return n;
}

/* Of a write that is in part a proposal, one part was once kept and sent when there was no room for the other. */
Test(engine, what_is_refused_is_not_half_written)
{
    struct visit v = visit_new(94);
    chart_make_holder(v.chart, v.pharmacist, v.patient);
    write_regimen(v.chart, v.pharmacist, "drug=Metformin; dose=1");
    const struct galen_id *id = galen_rules_chart(v.chart->rules);
    struct home *home = home_of(&v, v.patient);
    size_t room = fill(home, id, SIZE_MAX);
    home_free(home);
    home = home_of(&v, v.patient);
    fill(home, id, room - 1);
    cr_assert_eq(write_both(home), GALEN_ERR_LIMIT);
    cr_assert_eq(galen_engine_waiting(home->engine, id), room - 1);
    home_free(home);
    home = home_of(&v, v.patient);
    fill(home, id, room - 2);
    cr_assert_eq(write_both(home), GALEN_OK);
    cr_assert_eq(galen_engine_waiting(home->engine, id), room);
    home_free(home);
    chart_free(v.chart);
}

static enum galen_err sign_seen(struct home *home, uint64_t seen)
{
    galen_token token;
    return galen_engine_sign(home->engine, home_now(home),
                             galen_rules_chart(home->charts[0]->rules), seen, NULL,
                             GALEN_SIGN_WITH_PATIENT, token);
}

/* What is signed is what the signer was shown: what others said of the record since is looked at first. What says
 * nothing of the record, and what this device wrote itself, is no news. */
Test(engine, D4_what_others_changed_since_it_was_shown_is_not_signed)
{
    static const uint8_t note[GALEN_RECORD_ID_BYTES] = {'n', 'o', 't', 'e'};
    static const uint8_t other[GALEN_RECORD_ID_BYTES] = {'n', 'e', 'w'};
    struct visit v = visit_new(96);
    write_regimen(v.chart, v.pharmacist, "drug=Metformin; dose=1");
    const struct galen_id *id = galen_rules_chart(v.chart->rules);
    struct home *home = home_of(&v, v.pharmacist);
    uint64_t shown = v.chart->size;
    chart_write(v.chart, v.patient, GALEN_KIND_WRITE, "journal", note, "symptom", "3");
    home_show(home);
    cr_assert_eq(sign_seen(home, v.chart->size + 1), GALEN_ERR_VALUE, "nobody was shown that");
    cr_assert_eq(
        galen_docs_changed_since(galen_engine_docs(home->engine, id), shown, &v.pharmacist->id),
        GALEN_NO_ENTRY);

    uint64_t changed =
        chart_write(v.chart, v.patient, GALEN_KIND_PROPOSE, "pmr", other, "kind", "herbal");
    home_show(home);
    cr_assert_eq(
        galen_docs_changed_since(galen_engine_docs(home->engine, id), shown, &v.pharmacist->id),
        changed);
    cr_assert_eq(sign_seen(home, shown), GALEN_ERR_CHANGED);
    cr_assert_eq(sign_seen(home, changed), GALEN_ERR_CHANGED, "it is the one after");
    cr_assert_eq(galen_engine_waiting(home->engine, id), 0, "nothing was asked for");
    cr_assert_eq(versions(home), 0);

    shown = v.chart->size;
    galen_token token;
    cr_assert_eq(galen_engine_answer(home->engine, home_now(home), id, changed, true, token),
                 GALEN_OK);
    home_pump(home);
    cr_assert_eq(home_accept(home, v.chart), GALEN_OK);
    home_show(home);
    cr_assert_eq(sign_seen(home, shown), GALEN_OK, "what it wrote itself its person knows");
    home_pump(home);
    cr_assert_eq(home_accept(home, v.chart), GALEN_OK);
    home_show(home);
    cr_assert_eq(versions(home), 1);
    home_free(home);
    chart_free(v.chart);
}

/* Whatever the signature says it means, and whether it names the visit or not. */
Test(engine, no_line_of_a_discharge_is_forgotten_by_who_signs)
{
    static const uint8_t stay[GALEN_RECORD_ID_BYTES] = {'s', 't', 'a', 'y'};
    static const uint8_t plain[GALEN_RECORD_ID_BYTES] = {'p'};
    static const uint8_t old[GALEN_RECORD_ID_BYTES] = {'o', 'l', 'd'};
    static const char began[] = "2020-01-01T00:00Z"; /* before all that is said in this chart */
    struct visit v = visit_new(98);
    const struct galen_id *id = galen_rules_chart(v.chart->rules);
    galen_token token;
    const struct {
        const char *document;
        const uint8_t *record;
        const char *field, *value;
    } said[] = {
        {"visit", stay, "started", began},
        {"pmr", medicine, "regimen", "drug=Metformin; dose=1"},
        {"pmr", old, "regimen", "drug=Ibuprofen; dose=1"},
        {"pmr", old, "status", "stopped"},
        {"pmr", old, "discharge", "stopped"},
        {"visit", plain, "type", "cmr"},
        {"visit", stay, "type", "discharge"},
    };
    for (size_t i = 0; i < sizeof said / sizeof *said; i++)
        chart_write(v.chart, v.pharmacist, GALEN_KIND_WRITE, said[i].document, said[i].record,
                    said[i].field, said[i].value);
    struct home *home = home_of(&v, v.pharmacist);
    uint64_t seen = v.chart->size;
    for (uint8_t meaning = GALEN_SIGN_WITH_PATIENT; meaning <= GALEN_SIGN_DISCHARGE; meaning++) {
        enum galen_err err =
            galen_engine_sign(home->engine, home_now(home), id, seen, stay, meaning, token);
        cr_assert_eq(err, GALEN_ERR_UNDECIDED, "%s", galen_err_name(err));
        cr_assert_eq(
            galen_engine_sign(home->engine, home_now(home), id, seen, NULL, meaning, token),
            GALEN_ERR_UNDECIDED, "the last that nobody signed");
    }
    cr_assert_eq(galen_engine_sign(home->engine, home_now(home), id, seen, plain,
                                   GALEN_SIGN_DISCHARGE, token),
                 GALEN_ERR_UNDECIDED, "it says so itself");
    const struct galen_docs *docs = galen_engine_docs(home->engine, id);
    const struct galen_record *line = galen_docs_record(docs, GALEN_DOC_PMR, medicine),
                              *in = galen_docs_record(docs, GALEN_DOC_VISIT, stay);
    cr_assert_eq(galen_docs_undecided(docs, in), 1, "the other is");
    cr_assert_eq(galen_docs_line(in, line), GALEN_LINE_UNDECIDED);

    cr_assert_eq(write_field(home, "pmr", medicine, "discharge", "not-decided"), GALEN_OK);
    reaches_the_log(home, v.chart);
    cr_assert_eq(galen_docs_line(in, line), GALEN_LINE_UNDECIDED, "it does not say why");
    cr_assert_eq(sign_now(home, token), GALEN_ERR_UNDECIDED);
    cr_assert_eq(write_field(home, "pmr", medicine, "discharge_why", "The hospital is asked."),
                 GALEN_OK);
    reaches_the_log(home, v.chart);
    cr_assert_eq(galen_docs_line(in, line), GALEN_LINE_LEFT_OPEN);
    cr_assert_eq(write_field(home, "pmr", medicine, "discharge", "stopped"), GALEN_OK);
    reaches_the_log(home, v.chart);
    cr_assert_eq(galen_docs_line(in, line), GALEN_LINE_UNDECIDED, "the list says to take it");
    cr_assert_eq(sign_now(home, token), GALEN_ERR_UNDECIDED);
    cr_assert_eq(write_field(home, "pmr", medicine, "status", "stopped"), GALEN_OK);
    reaches_the_log(home, v.chart);
    cr_assert_eq(galen_docs_line(in, line), GALEN_LINE_DECIDED);
    cr_assert_eq(write_field(home, "pmr", medicine, "discharge", "continue"), GALEN_OK);
    reaches_the_log(home, v.chart);
    cr_assert_eq(galen_docs_line(in, line), GALEN_LINE_UNDECIDED, "the list says not to");
    cr_assert_eq(write_field(home, "pmr", medicine, "status", "active"), GALEN_OK);
    reaches_the_log(home, v.chart);
    cr_assert_eq(galen_docs_line(in, line), GALEN_LINE_DECIDED);
    cr_assert_eq(write_field(home, "pmr", medicine, "status", "stopped"), GALEN_OK);
    reaches_the_log(home, v.chart);
    cr_assert_eq(galen_docs_line(in, line), GALEN_LINE_DECIDED, "stopped later is another matter");
    cr_assert_eq(galen_engine_sign(home->engine, home_now(home), id, v.chart->size, stay,
                                   GALEN_SIGN_WITH_PATIENT, token),
                 GALEN_OK);
    reaches_the_log(home, v.chart);
    cr_assert_eq(versions(home), 1);
    home_free(home);
    chart_free(v.chart);
}

/* The epoch changed on the way, so it would have to be made anew, over what its signer did not see. */
Test(engine, D4_a_sign_off_that_was_overtaken_is_given_back)
{
    struct visit v = visit_new(95);
    chart_make_holder(v.chart, v.pharmacist, v.patient);
    write_regimen(v.chart, v.pharmacist, "drug=Metformin; dose=1");
    const struct galen_id *id = galen_rules_chart(v.chart->rules);
    struct home *home = home_of(&v, v.pharmacist);
    galen_token token;
    cr_assert_eq(sign_now(home, token), GALEN_OK);
    home_pump(home);
    cr_assert_gt(home->append.size, 0);
    chart_renew(v.chart, v.patient);
    cr_assert_eq(home_accept(home, v.chart), GALEN_ERR_EPOCH);
    struct galen_frame refused = {.type = GALEN_FRAME_REFUSED};
    refused.as.refused.request = home->append_request;
    refused.as.refused.err = GALEN_ERR_EPOCH;
    refused.as.refused.detail = galen_rules_epoch(v.chart->rules);
    home_hear(home, GALEN_CONNECTION_LOG, &refused);
    home_show(home);
    galen_engine_tick(home->engine, home_now(home) + 5000);
    home_pump(home);
    cr_assert_eq(home->events[GALEN_EVENT_FAILED], 1);
    cr_assert_eq(galen_engine_waiting(home->engine, id), 0);
    cr_assert_eq(versions(home), 0);
    cr_assert_eq(sign_now(home, token), GALEN_OK, "having seen it");
    home_free(home);
    chart_free(v.chart);
}
