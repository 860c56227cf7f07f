/* Charts: appending, being durable, reading, and what of it survives what. */
#include "support/allocator.h"
#include "support/primitives.h"
#include "support/stage.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static struct stage s;
#define CAST s.scene

static void begin(void)
{
    stage_begin(&s);
}

static void end(void)
{
    stage_end(&s);
}

TestSuite(chart, .init = begin, .fini = end);

/* Encodes what is drafted, sends it, and expects it to be refused so. */
static struct galen_frame_refused refused(struct line *line, enum galen_err err)
{
    scene_encode(&CAST);
    uint32_t request = stage_send_entry(&s, line);
    struct galen_frame_refused answer = stage_expect_refused(line, err);
    cr_assert_eq(answer.request, request);
    cr_assert_not_null(line->connection, "a refused entry closes nothing");
    return answer;
}

static struct galen_frame_appended appended(struct line *line)
{
    return stage_expect(line, GALEN_FRAME_APPENDED).as.appended;
}

static void send_open(struct line *line, const struct galen_id *chart, uint64_t from)
{
    struct galen_frame frame = {.type = GALEN_FRAME_OPEN};
    frame.as.open.request = ++s.request;
    frame.as.open.chart = *chart;
    frame.as.open.from = from;
    stage_send(&s, line, &frame);
}

/* The first entry of another chart of the pharmacist's. */
static void draft_other_chart(void)
{
    uint8_t secret[32] = {9};
    scene_draft_epoch(&CAST, &CAST.pharmacist);
    scene_add(&CAST, &CAST.pharmacist, false, true);
    scene_add(&CAST, &CAST.custodian, false, true);
    test_seal_key(secret, CAST.body->history_key);
    CAST.header.salt[5] = 77; /* or it would be the first chart's first entry again */
}

/* -- appending ---------------------------------------------------------------------------------- */

Test(chart, each_rule_broken_has_its_name)
{
    struct line *patient = stage_log(&s, &CAST.patient);
    struct line *pharmacist = stage_log(&s, &CAST.pharmacist);
    struct line *other = stage_log(&s, &CAST.other_pharmacist);
    scene_draft(&CAST, &CAST.patient, GALEN_CLASS_MESSAGE);
    CAST.header.number++;
    refused(patient, GALEN_ERR_NUMBER);
    scene_draft(&CAST, &CAST.patient, GALEN_CLASS_MESSAGE);
    CAST.header.epoch--;
    cr_assert_eq(refused(patient, GALEN_ERR_EPOCH).detail, 2u, "the current epoch comes with it");
    scene_draft(&CAST, &CAST.patient, GALEN_CLASS_MESSAGE);
    CAST.header.head_root[3] ^= 1;
    refused(patient, GALEN_ERR_HEAD);
    scene_draft(&CAST, &CAST.other_pharmacist, GALEN_CLASS_MESSAGE);
    CAST.header.number = 1;
    refused(other, GALEN_ERR_NOT_MEMBER);
    scene_draft(&CAST, &CAST.patient, GALEN_CLASS_CERTIFICATE);
    refused(patient, GALEN_ERR_ROLE);
    scene_draft_epoch(&CAST, &CAST.patient);
    scene_drop(&CAST, &CAST.pharmacist);
    refused(patient, GALEN_ERR_ROLE);
    scene_draft(&CAST, &CAST.patient, GALEN_CLASS_MESSAGE);
    memset(CAST.header.chart.bytes, 7, sizeof CAST.header.chart.bytes);
    refused(patient, GALEN_ERR_CHART);
    scene_draft(&CAST, &CAST.patient, GALEN_CLASS_MESSAGE);
    scene_encode(&CAST);
    CAST.bytes.at[GALEN_HEADER_BYTES + 5] ^= 1;
    stage_send_entry(&s, patient);
    stage_expect_refused(patient, GALEN_ERR_SIGNATURE);
    /* And none of it stands in the way of the next good entry. */
    cr_assert_eq(stage_say(&s, patient), 2u);
    cr_assert_eq(stage_say(&s, pharmacist), 3u);
}

Test(chart, an_entry_comes_over_its_authors_connection)
{
    struct line *pharmacist = stage_log(&s, &CAST.pharmacist);
    scene_draft(&CAST, &CAST.patient, GALEN_CLASS_MESSAGE);
    refused(pharmacist, GALEN_ERR_SENDER);
}

Test(chart, the_same_bytes_again_are_the_same_entry)
{
    struct line *patient = stage_log(&s, &CAST.patient);
    uint64_t index = stage_say(&s, patient);
    stage_pass(&s, 5000);
    uint32_t request = stage_send_entry(&s, patient);
    struct galen_frame_appended again = appended(patient);
    cr_assert_eq(again.request, request);
    cr_assert_eq(again.index, index);
    cr_assert_eq(again.received_ms, SCENE_NOW_MS);
    stage_restart(&s);
    patient = stage_log(&s, &CAST.patient);
    stage_send_entry(&s, patient);
    cr_assert_eq(appended(patient).index, index);
    cr_assert_eq(stage_open(&s, patient, 0, NULL), 3u, "it stands there once");
    /* Other bytes under the same number are another entry, and too late. */
    CAST.header.salt[9] ^= 1;
    refused(patient, GALEN_ERR_NUMBER);
}

Test(chart, the_same_bytes_while_they_wait_for_the_disk)
{
    struct line *patient = stage_log(&s, &CAST.patient);
    s.holds_batches = true;
    scene_draft(&CAST, &CAST.patient, GALEN_CLASS_MESSAGE);
    scene_encode(&CAST);
    stage_send_entry(&s, patient);
    stage_disconnect(&s, patient); /* the answer is lost with the line */
    patient = stage_log(&s, &CAST.patient);
    uint32_t first = stage_send_entry(&s, patient), second = stage_send_entry(&s, patient);
    cr_assert_eq(stage_count(patient, GALEN_FRAME_APPENDED), 0u);
    stage_commit(&s);
    struct galen_frame_appended a = appended(patient), b = appended(patient);
    cr_assert_eq(a.index, 2u);
    cr_assert_eq(b.index, 2u);
    cr_assert((a.request == first && b.request == second) ||
              (a.request == second && b.request == first));
    cr_assert_eq(stage_open(&s, patient, 0, NULL), 3u);
}

/* The entry by which a link leaves is asked for again by the link, which is no member any more. */
Test(chart, the_same_bytes_come_before_membership)
{
    struct line *patient = stage_log(&s, &CAST.patient);
    struct line *pharmacist = stage_log(&s, &CAST.pharmacist);
    stage_say(&s, patient);
    struct galen_writer w;
    galen_writer_init(&w);
    struct galen_frame again = {.type = GALEN_FRAME_APPEND};
    galen_entry_write_new(&w, &CAST.entry);
    again.as.append.request = 4711;
    again.as.append.entry = galen_written(&w);
    scene_draft_epoch(&CAST, &CAST.pharmacist);
    scene_drop(&CAST, &CAST.patient);
    stage_append(&s, pharmacist);
    stage_send(&s, patient, &again);
    cr_assert_eq(appended(patient).index, 2u);
    galen_writer_wipe(&w);
    scene_draft(&CAST, &CAST.patient, GALEN_CLASS_MESSAGE);
    refused(patient, GALEN_ERR_NOT_MEMBER);
}

/* -- durable ------------------------------------------------------------------------------------ */

Test(chart, nothing_is_answered_or_shown_before_it_is_durable)
{
    struct line *patient = stage_log(&s, &CAST.patient);
    struct line *pharmacist = stage_log(&s, &CAST.pharmacist);
    stage_open(&s, pharmacist, 0, NULL);
    stage_open(&s, patient, 0, NULL);
    s.holds_batches = true;
    scene_draft(&CAST, &CAST.patient, GALEN_CLASS_MESSAGE);
    scene_encode(&CAST);
    stage_send_entry(&s, patient);
    cr_assert_eq(stage_count(patient, GALEN_FRAME_APPENDED), 0u);
    cr_assert_eq(stage_count(pharmacist, GALEN_FRAME_ENTRIES), 0u);
    cr_assert_eq(stage_count(patient, GALEN_FRAME_ENTRIES), 0u);
    stage_commit(&s);
    cr_assert_eq(appended(patient).index, 2u);
    cr_assert_eq(stage_expect(pharmacist, GALEN_FRAME_ENTRIES).as.entries.first, 2u);
}

static void fail_with(enum galen_err err)
{
    struct line *patient = stage_log(&s, &CAST.patient);
    struct line *pharmacist = stage_log(&s, &CAST.pharmacist);
    stage_open(&s, pharmacist, 0, NULL);
    s.holds_batches = true;
    scene_draft(&CAST, &CAST.patient, GALEN_CLASS_MESSAGE);
    scene_encode(&CAST);
    uint32_t first = stage_send_entry(&s, patient);
    cr_assert_not_null(hub_take_batch(s.hub));
    /* While the batch is out, another entry is judged on top of it. */
    CAST.header.number++;
    CAST.header.salt[1]++;
    scene_encode(&CAST);
    uint32_t second = stage_send_entry(&s, patient);
    cr_assert_null(hub_take_batch(s.hub), "one batch at a time");
    hub_committed(s.hub, CAST.now_ms, err);
    stage_settle(&s);
    struct galen_frame_refused a = stage_expect_refused(patient, err);
    struct galen_frame_refused b = stage_expect_refused(patient, err);
    cr_assert_eq(a.request, first);
    cr_assert_eq(b.request, second);
    cr_assert(galen_id_equal(&a.chart, stage_chart(&s)));
    cr_assert_eq(stage_count(pharmacist, GALEN_FRAME_REFUSED), 0u, "reading goes on");
    cr_assert_eq(stage_counter(&s, "galen_batches_failed_total"), 1u);
    cr_assert_str_eq(s.last_event, "commit_failed");
    s.holds_batches = false;
    cr_assert_eq(stage_say(&s, patient), 2u, "the number is free again");
    cr_assert_eq(stage_expect(pharmacist, GALEN_FRAME_ENTRIES).as.entries.first, 2u);
}

Test(chart, a_full_disk_takes_back_what_was_judged)
{
    fail_with(GALEN_ERR_DISK_FULL);
}

Test(chart, a_broken_disk_takes_back_what_was_judged)
{
    fail_with(GALEN_ERR_STORE);
}

/* Each try reads the chart anew: a disk that stays full is asked less and less, but asked. */
Test(chart, a_disk_that_stays_full_is_asked_less_often)
{
    struct line *patient = stage_log(&s, &CAST.patient);
    size_t before = s.batches;
    scene_draft(&CAST, &CAST.patient, GALEN_CLASS_MESSAGE);
    for (int i = 0; i < 1000; i++) { /* ten seconds */
        s.next_commit = GALEN_ERR_DISK_FULL;
        refused(patient, GALEN_ERR_DISK_FULL);
        stage_pass(&s, 10);
    }
    cr_assert_leq(s.batches - before, 20u);
    cr_assert_geq(s.batches - before, 12u);
    s.next_commit = GALEN_OK;
    stage_pass(&s, 1000);
    cr_assert_eq(stage_say(&s, patient), 2u);
    cr_assert_eq(stage_say(&s, patient), 3u);
}

Test(chart, a_chart_whose_first_entry_fails_never_was)
{
    struct line *pharmacist = stage_log(&s, &CAST.pharmacist);
    struct galen_id old = *stage_chart(&s);
    galen_rules_free(CAST.rules);
    CAST.rules = galen_rules_new(&test_primitives, &CAST.practice.keys);
    draft_other_chart();
    scene_encode(&CAST);
    s.next_commit = GALEN_ERR_DISK_FULL;
    stage_send_entry(&s, pharmacist);
    struct galen_frame_refused no = stage_expect_refused(pharmacist, GALEN_ERR_DISK_FULL);
    send_open(pharmacist, &no.chart, 0);
    stage_expect_refused(pharmacist, GALEN_ERR_CHART);
    stage_send_entry(&s, pharmacist);
    cr_assert_eq(appended(pharmacist).index, 0u);
    cr_assert_not(galen_id_equal(&no.chart, &old));
    struct galen_frame welcome;
    struct line *again = stage_connect(&s, "office");
    stage_sign_in_frame(again, &CAST.pharmacist, GALEN_CONNECTION_LOG, true, &welcome);
    stage_send(&s, again, &welcome);
    welcome = stage_expect(again, GALEN_FRAME_WELCOME);
    cr_assert_eq(welcome.as.welcome.charts.size, 2u * GALEN_ID_BYTES);
}

Test(chart, a_restart_changes_nothing)
{
    struct line *patient = stage_log(&s, &CAST.patient);
    stage_say(&s, patient);
    stage_say(&s, patient);
    stage_restart(&s);
    patient = stage_log(&s, &CAST.patient);
    struct line *pharmacist = stage_log(&s, &CAST.pharmacist);
    cr_assert_eq(stage_open(&s, pharmacist, 0, NULL), 4u);
    cr_assert_eq(stage_say(&s, patient), 4u);
    cr_assert_eq(stage_say(&s, pharmacist), 5u);
}

Test(chart, a_chart_nobody_needs_is_forgotten_and_found_again)
{
    struct line *patient = stage_log(&s, &CAST.patient);
    stage_open(&s, patient, 0, NULL);
    cr_assert_eq(stage_counter(&s, "galen_charts_loaded"), 1u);
    stage_disconnect(&s, patient);
    stage_pass(&s, s.config.limits.chart_idle_ms - 1000);
    cr_assert_eq(stage_counter(&s, "galen_charts_loaded"), 1u);
    stage_pass(&s, 2000);
    cr_assert_eq(stage_counter(&s, "galen_charts_loaded"), 0u);
    patient = stage_log(&s, &CAST.patient);
    cr_assert_eq(stage_say(&s, patient), 2u);
    stage_pass(&s, 2000);
    cr_assert_eq(stage_counter(&s, "galen_charts_loaded"), 1u);
}

/* -- reading ------------------------------------------------------------------------------------ */

Test(chart, who_does_not_belong_reads_nothing)
{
    struct line *other = stage_log(&s, &CAST.other_pharmacist);
    struct galen_id chart = *stage_chart(&s), none = {{5}};
    send_open(other, &chart, 0);
    stage_expect_refused(other, GALEN_ERR_NOT_MEMBER);
    send_open(other, &none, 0);
    stage_expect_refused(other, GALEN_ERR_CHART);
    struct galen_frame bodies = {.type = GALEN_FRAME_BODIES, .as.bodies = {9, chart, 0, 2}};
    stage_send(&s, other, &bodies);
    stage_expect_refused(other, GALEN_ERR_NOT_MEMBER);
    struct line *patient = stage_log(&s, &CAST.patient);
    stage_say(&s, patient);
    cr_assert_eq(stage_count(other, GALEN_FRAME_ENTRIES), 0u);
}

/* The patient belongs to one chart and knows the id of another. */
Test(chart, a_member_of_another_chart_gets_nothing_by_its_id)
{
    struct line *pharmacist = stage_log(&s, &CAST.pharmacist);
    struct line *patient = stage_log(&s, &CAST.patient);
    struct line *live = stage_live(&s, &CAST.patient);
    struct galen_rules *first = CAST.rules;
    CAST.rules = galen_rules_new(&test_primitives, &CAST.practice.keys);
    draft_other_chart();
    stage_append(&s, pharmacist);
    struct galen_id other = *stage_chart(&s);
    const struct galen_frame asked[] = {
        {.type = GALEN_FRAME_OPEN, .as.open = {1, other, 0}},
        {.type = GALEN_FRAME_BODIES, .as.bodies = {2, other, 0, 1}},
        {.type = GALEN_FRAME_HEAD, .as.head.head = {.chart = other, .device = CAST.patient.id}},
    };
    const struct galen_frame asked_live[] = {
        {.type = GALEN_FRAME_LIVE_OPEN, .as.live_open = {4, other}},
        {.type = GALEN_FRAME_RELAY, .as.relay = {other, CAST.patient.id, {NULL, 0}}},
        {.type = GALEN_FRAME_VISIT_OPEN, .as.visit_open = {5, other, {{1}}, {1}}},
    };
    stage_forget(patient);
    for (size_t i = 0; i < 3; i++) {
        stage_send(&s, patient, &asked[i]);
        stage_expect_refused(patient, GALEN_ERR_NOT_MEMBER);
        stage_send(&s, live, &asked_live[i]);
        stage_expect_refused(live, GALEN_ERR_NOT_MEMBER);
    }
    scene_draft(&CAST, &CAST.patient, GALEN_CLASS_MESSAGE);
    refused(patient, GALEN_ERR_NOT_MEMBER);
    stage_say(&s, pharmacist);
    cr_assert_eq(stage_count(patient, GALEN_FRAME_ENTRIES), 0u);
    galen_rules_free(CAST.rules);
    CAST.rules = first;
    cr_assert_eq(stage_say(&s, patient), 2u, "their own goes on");
}

Test(chart, opening_a_chart_that_has_nothing_new_says_so)
{
    struct line *patient = stage_log(&s, &CAST.patient);
    cr_assert_eq(stage_open(&s, patient, 2, NULL), 0u); /* an empty frame, with the size */
    /* More than there is: the reader finds by the size that somebody lost something. */
    struct line *ahead = stage_log(&s, &CAST.pharmacist);
    send_open(ahead, stage_chart(&s), 5);
    struct galen_frame less = stage_expect(ahead, GALEN_FRAME_ENTRIES);
    cr_assert_eq(less.as.entries.first, 5u);
    cr_assert_eq(less.as.entries.size, 2u);
    cr_assert_eq(less.as.entries.records.size, 0u);
    stage_say(&s, patient);
    cr_assert_eq(stage_count(ahead, GALEN_FRAME_ENTRIES), 0u);
}

Test(chart, bodies_are_for_those_who_were_there_until_the_record_opens)
{
    uint8_t states[8];
    struct line *pharmacist = stage_log(&s, &CAST.pharmacist);
    stage_say(&s, pharmacist); /* 2: before the caregiver */
    scene_draft_epoch(&CAST, &CAST.pharmacist);
    scene_add(&CAST, &CAST.caregiver, true, false);
    stage_append(&s, pharmacist); /* 3 */
    stage_say(&s, pharmacist);    /* 4: since */
    struct line *caregiver = stage_log(&s, &CAST.caregiver);
    struct line *patient = stage_log(&s, &CAST.patient);
    static const uint8_t for_caregiver[] = {GALEN_BODY_PRESENT, GALEN_BODY_PRESENT,
                                            GALEN_BODY_NOT_YOURS, GALEN_BODY_PRESENT,
                                            GALEN_BODY_PRESENT};
    cr_assert_eq(stage_open(&s, caregiver, 0, states), 5u);
    cr_assert_arr_eq(states, for_caregiver, 5);
    cr_assert_eq(stage_open(&s, patient, 0, states), 5u);
    for (size_t i = 0; i < 5; i++)
        cr_assert_eq(states[i], GALEN_BODY_PRESENT, "the patient was there for entry %zu", i);
    /* The identity check makes the caregiver a holder, who then asks again. */
    scene_draft_epoch(&CAST, &CAST.pharmacist);
    scene_set_holder(&CAST, &CAST.caregiver, true);
    stage_append(&s, pharmacist);
    stage_forget(caregiver);
    struct galen_frame bodies = {.type = GALEN_FRAME_BODIES,
                                 .as.bodies = {++s.request, *stage_chart(&s), 0, 5}};
    stage_send(&s, caregiver, &bodies);
    struct galen_frame again = stage_expect(caregiver, GALEN_FRAME_ENTRIES);
    cr_assert(again.as.entries.again);
    cr_assert_eq(again.as.entries.first, 0u);
    struct galen_reader records;
    struct galen_entry entry;
    size_t count = 0;
    galen_reader_init(&records, again.as.entries.records);
    for (; galen_entries_next(&records, &entry) == GALEN_OK; count++)
        cr_assert_eq(entry.body_state, GALEN_BODY_PRESENT);
    cr_assert_eq(count, 5u);
}

Test(chart, bodies_without_end_or_without_reading_are_refused)
{
    struct line *patient = stage_log(&s, &CAST.patient);
    struct galen_frame bodies = {.type = GALEN_FRAME_BODIES,
                                 .as.bodies = {++s.request, *stage_chart(&s), 0, 5}};
    stage_send(&s, patient, &bodies);
    stage_expect_refused(patient, GALEN_ERR_FORMAT); /* nothing was sent that could come again */
    stage_open(&s, patient, 0, NULL);
    bodies.as.bodies.from = 6;
    stage_send(&s, patient, &bodies);
    stage_expect_refused(patient, GALEN_ERR_FORMAT);
    bodies.as.bodies.from = 0;
    bodies.as.bodies.to = UINT64_MAX;
    stage_send(&s, patient, &bodies);
    cr_assert(stage_expect(patient, GALEN_FRAME_ENTRIES).as.entries.again);
    bodies.as.bodies.from = UINT64_MAX;
    stage_send(&s, patient, &bodies); /* nothing is an answer too */
    cr_assert_eq(stage_expect(patient, GALEN_FRAME_ENTRIES).as.entries.records.size, 0u);
}

Test(chart, who_is_dropped_reads_so_and_nothing_after)
{
    struct line *patient = stage_log(&s, &CAST.patient);
    struct line *pharmacist = stage_log(&s, &CAST.pharmacist);
    stage_open(&s, patient, 0, NULL);
    scene_draft_epoch(&CAST, &CAST.pharmacist);
    scene_drop(&CAST, &CAST.patient);
    uint64_t dropped = stage_append(&s, pharmacist);
    struct galen_frame entries = stage_expect(patient, GALEN_FRAME_ENTRIES);
    cr_assert_eq(entries.as.entries.first, dropped);
    struct galen_frame_refused end = stage_expect_refused(patient, GALEN_ERR_NOT_MEMBER);
    cr_assert_eq(end.request, 0u);
    cr_assert(galen_id_equal(&end.chart, stage_chart(&s)));
    cr_assert_not_null(patient->connection, "its other charts go on");
    stage_say(&s, pharmacist);
    cr_assert_eq(stage_count(patient, GALEN_FRAME_ENTRIES), 0u);
    send_open(patient, stage_chart(&s), 0);
    stage_expect_refused(patient, GALEN_ERR_NOT_MEMBER);
}

Test(chart, a_slow_reader_who_is_dropped_gets_nothing_after_either)
{
    struct line *patient = stage_log(&s, &CAST.patient);
    struct line *pharmacist = stage_log(&s, &CAST.pharmacist);
    stage_open(&s, patient, 0, NULL);
    patient->is_slow = true;
    stage_say(&s, pharmacist);
    scene_draft_epoch(&CAST, &CAST.pharmacist);
    scene_drop(&CAST, &CAST.patient);
    uint64_t dropped = stage_append(&s, pharmacist);
    stage_say(&s, pharmacist);
    patient->is_slow = false;
    stage_settle(&s);
    struct galen_reader records;
    struct galen_entry entry;
    uint64_t last = 0;
    while (stage_count(patient, GALEN_FRAME_ENTRIES) > 0) {
        struct galen_frame frame = stage_expect(patient, GALEN_FRAME_ENTRIES);
        galen_reader_init(&records, frame.as.entries.records);
        last = frame.as.entries.first;
        while (galen_entries_next(&records, &entry) == GALEN_OK)
            last++;
    }
    cr_assert_eq(last, dropped + 1);
    stage_expect_refused(patient, GALEN_ERR_NOT_MEMBER);
}

Test(chart, who_is_added_is_told)
{
    struct line *pharmacist = stage_log(&s, &CAST.pharmacist);
    struct line *other = stage_log(&s, &CAST.other_pharmacist);
    struct line *patient = stage_log(&s, &CAST.patient);
    scene_draft_epoch(&CAST, &CAST.pharmacist);
    scene_add(&CAST, &CAST.other_pharmacist, false, true);
    stage_append(&s, pharmacist);
    struct galen_frame added = stage_expect(other, GALEN_FRAME_CHART_ADDED);
    cr_assert(galen_id_equal(&added.as.chart_added.chart, stage_chart(&s)));
    cr_assert_eq(stage_count(patient, GALEN_FRAME_CHART_ADDED), 0u);
    cr_assert_eq(stage_count(pharmacist, GALEN_FRAME_CHART_ADDED), 0u);
    cr_assert_eq(stage_open(&s, other, 0, NULL), 3u);
}

Test(chart, a_long_chart_comes_in_slices)
{
    struct line *pharmacist = stage_log(&s, &CAST.pharmacist);
    for (int i = 0; i < 300; i++) {
        stage_say(&s, pharmacist);
        stage_forget(pharmacist);
        stage_pass(&s, 10);
    }
    struct line *patient = stage_log(&s, &CAST.patient);
    uint8_t states[302];
    stage_forget(patient);
    cr_assert_eq(stage_open(&s, patient, 0, states), 302u);
    cr_assert_geq(patient->inbox_count, 2u, "more than one frame");
    for (size_t i = 0; i < patient->inbox_count; i++)
        cr_assert_leq(patient->inbox[i].size, 128u * 1024);
    cr_assert_eq(stage_open(&s, patient, 100, states), 202u);
}

Test(chart, a_slow_reader_costs_nobody_anything)
{
    struct line *slow = stage_log(&s, &CAST.patient);
    struct line *pharmacist = stage_log(&s, &CAST.pharmacist);
    stage_open(&s, slow, 0, NULL);
    slow->is_slow = true;
    for (int i = 0; i < 100; i++) {
        stage_say(&s, pharmacist);
        stage_pass(&s, 10);
    }
    cr_assert_not_null(slow->connection, "being slow is no crime where nothing queues");
    slow->is_slow = false;
    stage_settle(&s);
    size_t count = 0;
    while (stage_count(slow, GALEN_FRAME_ENTRIES) > 0) {
        struct galen_frame frame = stage_expect(slow, GALEN_FRAME_ENTRIES);
        struct galen_reader records;
        struct galen_entry entry;
        galen_reader_init(&records, frame.as.entries.records);
        while (galen_entries_next(&records, &entry) == GALEN_OK)
            count++;
    }
    cr_assert_eq(count, 100u);
    cr_assert_leq(slow->inbox_count, 4u, "they came in few frames, read as the line took them");
}

/* -- heads -------------------------------------------------------------------------------------- */

static void send_head(struct line *line, const struct party *signer, uint64_t size, bool wrong)
{
    struct galen_frame frame = {.type = GALEN_FRAME_HEAD};
    struct galen_head *head = &frame.as.head.head;
    *head = (struct galen_head){
        .chart = *stage_chart(&s), .device = signer->id, .size = size, .clock_ms = CAST.now_ms};
    if (!galen_tree_root_at(galen_rules_tree(CAST.rules), size, head->root))
        memset(head->root, 1, sizeof head->root);
    head->root[0] ^= wrong;
    party_sign_head(signer, head);
    stage_send(&s, line, &frame);
}

Test(chart, heads_are_checked_kept_and_passed_on)
{
    struct line *patient = stage_log(&s, &CAST.patient);
    struct line *pharmacist = stage_log(&s, &CAST.pharmacist);
    stage_open(&s, patient, 0, NULL);
    stage_open(&s, pharmacist, 0, NULL);
    send_head(patient, &CAST.patient, 2, false);
    struct galen_frame heads = stage_expect(pharmacist, GALEN_FRAME_HEADS);
    struct galen_reader r;
    struct galen_head head;
    galen_reader_init(&r, heads.as.heads.heads);
    cr_assert_eq(galen_head_read(&r, &head), GALEN_OK);
    cr_assert(galen_id_equal(&head.device, &CAST.patient.id));
    cr_assert_eq(head.size, 2u);
    cr_assert_eq(stage_count(patient, GALEN_FRAME_HEADS), 0u);
    stage_pass(&s, 1500); /* heads are stored a little later */
    stage_restart(&s);
    pharmacist = stage_log(&s, &CAST.pharmacist);
    stage_open(&s, pharmacist, 0, NULL);
    heads = stage_expect(pharmacist, GALEN_FRAME_HEADS);
    cr_assert_eq(heads.as.heads.heads.size, (size_t)GALEN_HEAD_BYTES);
}

Test(chart, wrong_heads_have_their_names)
{
    struct line *patient = stage_log(&s, &CAST.patient);
    struct line *pharmacist = stage_log(&s, &CAST.pharmacist);
    struct line *other = stage_log(&s, &CAST.other_pharmacist);
    stage_open(&s, pharmacist, 0, NULL);
    send_head(patient, &CAST.pharmacist, 2, false);
    stage_expect_refused(patient, GALEN_ERR_SENDER);
    send_head(other, &CAST.other_pharmacist, 2, false);
    stage_expect_refused(other, GALEN_ERR_NOT_MEMBER);
    send_head(patient, &CAST.patient, 2, true);
    stage_expect_refused(patient, GALEN_ERR_HEAD);
    send_head(patient, &CAST.patient, 3, false);
    stage_expect_refused(patient, GALEN_ERR_STATE);
    send_head(patient, &CAST.patient, 2, false);
    stage_expect(pharmacist, GALEN_FRAME_HEADS);
    send_head(patient, &CAST.patient, 2, false);
    struct galen_frame_refused soon = stage_expect_refused(patient, GALEN_ERR_LIMIT);
    cr_assert(galen_id_equal(&soon.chart, stage_chart(&s)), "the connection goes on");
    stage_pass(&s, 2000);
    send_head(patient, &CAST.patient, 1, false);
    stage_expect_refused(patient, GALEN_ERR_HEAD); /* what was verified is not forgotten */
    cr_assert_eq(stage_count(pharmacist, GALEN_FRAME_HEADS), 0u);
    cr_assert_not_null(patient->connection);
}

Test(chart, a_head_waits_for_a_disk_that_failed)
{
    struct line *patient = stage_log(&s, &CAST.patient);
    send_head(patient, &CAST.patient, 2, false);
    s.next_commit = GALEN_ERR_DISK_FULL;
    size_t before = s.batches;
    stage_pass(&s, 1000);
    cr_assert_eq(s.batches, before + 1);
    stage_pass(&s, 500);
    cr_assert_eq(s.batches, before + 1, "not again at once");
    stage_pass(&s, 1000);
    cr_assert_eq(s.batches, before + 2);
    stage_restart(&s);
    struct line *pharmacist = stage_log(&s, &CAST.pharmacist);
    stage_open(&s, pharmacist, 0, NULL);
    stage_expect(pharmacist, GALEN_FRAME_HEADS);
}

/* -- limits ------------------------------------------------------------------------------------- */

Test(chart, epochs_are_bounded_for_an_account_across_restarts)
{
    s.config.limits.epochs_per_hour = 4;
    stage_restart_hub(&s);
    struct line *pharmacist = stage_log(&s, &CAST.pharmacist);
    struct line *patient = stage_log(&s, &CAST.patient);
    for (int i = 0; i < 3; i++) { /* the pharmacist wrote one that counts before */
        scene_draft_epoch(&CAST, &CAST.pharmacist);
        if (i < 2)
            stage_append(&s, pharmacist);
        else
            refused(pharmacist, GALEN_ERR_LIMIT);
    }
    stage_restart(&s);
    pharmacist = stage_log(&s, &CAST.pharmacist);
    patient = stage_log(&s, &CAST.patient);
    scene_draft_epoch(&CAST, &CAST.pharmacist);
    refused(pharmacist, GALEN_ERR_LIMIT);
    scene_draft_epoch(&CAST, &CAST.patient);
    stage_append(&s, patient); /* another account is not concerned */
    stage_say(&s, pharmacist); /* nor is anything but epochs */
    stage_pass(&s, 20u * 60 * 1000);
    pharmacist = stage_log(&s, &CAST.pharmacist);
    scene_draft_epoch(&CAST, &CAST.pharmacist);
    stage_append(&s, pharmacist);
}

Test(chart, what_waits_for_the_disk_is_bounded)
{
    s.config.limits.appends_in_flight = 2;
    stage_restart_hub(&s);
    struct line *patient = stage_log(&s, &CAST.patient);
    struct line *pharmacist = stage_log(&s, &CAST.pharmacist);
    s.holds_batches = true;
    scene_draft(&CAST, &CAST.patient, GALEN_CLASS_MESSAGE);
    for (uint32_t i = 0; i < 3; i++) {
        CAST.header.number = 1 + i;
        scene_encode(&CAST);
        stage_send_entry(&s, patient);
    }
    stage_expect_refused(patient, GALEN_ERR_LIMIT);
    uint64_t size = stage_counter(&s, "galen_pending_bytes");
    cr_assert_gt(size, 0u);
    stage_commit(&s);
    cr_assert_eq(appended(patient).index, 2u);
    cr_assert_eq(appended(patient).index, 3u);
    cr_assert_eq(stage_counter(&s, "galen_pending_bytes"), 0u);

    s.config.limits = hub_limits_default();
    s.config.limits.pending_bytes = (size_t)size;
    stage_restart_hub(&s);
    patient = stage_log(&s, &CAST.patient);
    pharmacist = stage_log(&s, &CAST.pharmacist);
    for (uint32_t i = 0; i < 2; i++) {
        CAST.header.number = 3 + i;
        scene_encode(&CAST);
        stage_send_entry(&s, patient);
    }
    scene_draft(&CAST, &CAST.pharmacist, GALEN_CLASS_MESSAGE);
    CAST.header.number = 3;
    refused(pharmacist, GALEN_ERR_LIMIT);
}

Test(chart, charts_open_at_a_time_are_bounded)
{
    s.config.limits.charts_open = 0;
    stage_restart_hub(&s);
    struct line *patient = stage_log(&s, &CAST.patient);
    send_open(patient, stage_chart(&s), 0);
    stage_expect_refused(patient, GALEN_ERR_LIMIT);
}

Test(chart, a_large_batch_goes_in_parts_but_an_epoch_as_a_whole)
{
    s.config.limits.batch_entries = 1;
    stage_restart_hub(&s);
    struct line *pharmacist = stage_log(&s, &CAST.pharmacist);
    s.holds_batches = true;
    scene_draft_epoch(&CAST, &CAST.pharmacist);
    scene_add(&CAST, &CAST.caregiver, true, false);
    scene_drop(&CAST, &CAST.patient);
    scene_encode(&CAST);
    stage_send_entry(&s, pharmacist);
    scene_accept(&CAST);
    scene_draft(&CAST, &CAST.pharmacist, GALEN_CLASS_MESSAGE);
    scene_encode(&CAST);
    stage_send_entry(&s, pharmacist);
    const struct store_batch *batch = hub_take_batch(s.hub);
    cr_assert_eq(batch->count, 3u, "the entry, who came, who went");
    cr_assert_eq(store_commit(s.store, batch), GALEN_OK);
    hub_committed(s.hub, CAST.now_ms, GALEN_OK);
    batch = hub_take_batch(s.hub);
    cr_assert_eq(batch->count, 1u);
    cr_assert_eq(store_commit(s.store, batch), GALEN_OK);
    hub_committed(s.hub, CAST.now_ms, GALEN_OK);
    stage_settle(&s);
    cr_assert_eq(appended(pharmacist).index, 2u);
    cr_assert_eq(appended(pharmacist).index, 3u);
}

/* -- memory ------------------------------------------------------------------------------------- */

/* Each allocation of an epoch entry's way fails in turn: it is refused, and the next try succeeds. */
Test(chart, without_memory_an_entry_is_refused_and_nothing_is_half_done)
{
    struct line *pharmacist = stage_log(&s, &CAST.pharmacist);
    for (size_t nth = 1;; nth++) {
        cr_assert_lt(nth, 200u);
        scene_draft_epoch(&CAST, &CAST.pharmacist);
        if (nth % 2)
            scene_drop(&CAST, &CAST.patient);
        scene_encode(&CAST);
        struct galen_writer w;
        struct galen_frame frame = {.type = GALEN_FRAME_APPEND};
        galen_writer_init(&w);
        galen_entry_write_new(&w, &CAST.entry);
        frame.as.append.request = ++s.request;
        frame.as.append.entry = galen_written(&w);
        struct galen_writer bytes;
        galen_writer_init(&bytes);
        galen_frame_write(&bytes, &frame);
        allocator_fail(nth);
        hub_receive(s.hub, pharmacist->connection, CAST.now_ms, galen_written(&bytes));
        bool failed = allocator_failed();
        allocator_fail(0);
        galen_writer_wipe(&w);
        galen_writer_wipe(&bytes);
        stage_settle(&s);
        if (!pharmacist->connection) { /* not even the refusal found room */
            pharmacist = stage_log(&s, &CAST.pharmacist);
            continue;
        }
        struct galen_frame answer;
        cr_assert(stage_next(pharmacist, &answer));
        if (answer.type == GALEN_FRAME_APPENDED) {
            cr_assert_not(failed && nth < 3);
            break;
        }
        cr_assert(failed);
        cr_assert_eq(answer.as.refused.err, GALEN_ERR_MEMORY);
    }
    scene_accept(&CAST);
    stage_say(&s, pharmacist);
}
