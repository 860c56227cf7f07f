/* Reading a chart: who may read what, how it comes, and the heads that readers sign. */
#include "support/primitives.h"
#include "support/stage.h"

#include <criterion/criterion.h>
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

TestSuite(reading, .init = begin, .fini = end);

/* -- reading ------------------------------------------------------------------------------------ */

Test(reading, who_does_not_belong_reads_nothing)
{
    struct line *other = stage_log(&s, &CAST.other_pharmacist);
    struct galen_id chart = *stage_chart(&s), none = {{5}};
    stage_send_open(&s, other, &chart, 0);
    stage_expect_refused(other, GALEN_ERR_NOT_MEMBER);
    stage_send_open(&s, other, &none, 0);
    stage_expect_refused(other, GALEN_ERR_CHART);
    struct galen_frame bodies = {.type = GALEN_FRAME_BODIES, .as.bodies = {9, chart, 0, 2}};
    stage_send(&s, other, &bodies);
    stage_expect_refused(other, GALEN_ERR_NOT_MEMBER);
    struct line *patient = stage_log(&s, &CAST.patient);
    stage_say(&s, patient);
    cr_assert_eq(stage_count(other, GALEN_FRAME_ENTRIES), 0u);
}

/* The patient belongs to one chart and knows the id of another. */
Test(reading, a_member_of_another_chart_gets_nothing_by_its_id)
{
    struct line *pharmacist = stage_log(&s, &CAST.pharmacist);
    struct line *patient = stage_log(&s, &CAST.patient);
    struct line *live = stage_live(&s, &CAST.patient);
    struct galen_rules *first = CAST.rules;
    CAST.rules = galen_rules_new(&test_primitives, &CAST.practice.keys);
    stage_draft_chart(&s);
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
    stage_refuse_entry(&s, patient, GALEN_ERR_NOT_MEMBER);
    stage_say(&s, pharmacist);
    cr_assert_eq(stage_count(patient, GALEN_FRAME_ENTRIES), 0u);
    galen_rules_free(CAST.rules);
    CAST.rules = first;
    cr_assert_eq(stage_say(&s, patient), 2u, "their own goes on");
}

Test(reading, opening_a_chart_that_has_nothing_new_says_so)
{
    struct line *patient = stage_log(&s, &CAST.patient);
    cr_assert_eq(stage_open(&s, patient, 2, NULL), 0u); /* an empty frame, with the size */
    /* More than there is: the reader finds by the size that somebody lost something. */
    struct line *ahead = stage_log(&s, &CAST.pharmacist);
    stage_send_open(&s, ahead, stage_chart(&s), 5);
    struct galen_frame less = stage_expect(ahead, GALEN_FRAME_ENTRIES);
    cr_assert_eq(less.as.entries.first, 5u);
    cr_assert_eq(less.as.entries.size, 2u);
    cr_assert_eq(less.as.entries.records.size, 0u);
    stage_say(&s, patient);
    cr_assert_eq(stage_count(ahead, GALEN_FRAME_ENTRIES), 0u);
}

Test(reading, bodies_are_for_those_who_were_there_until_the_record_opens)
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

Test(reading, bodies_without_end_or_without_reading_are_refused)
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

Test(reading, who_is_dropped_reads_so_and_nothing_after)
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
    stage_send_open(&s, patient, stage_chart(&s), 0);
    stage_expect_refused(patient, GALEN_ERR_NOT_MEMBER);
}

Test(reading, a_slow_reader_who_is_dropped_gets_nothing_after_either)
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

Test(reading, who_is_added_is_told)
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

Test(reading, a_long_chart_comes_in_slices)
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

Test(reading, a_slow_reader_costs_nobody_anything)
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

Test(reading, heads_are_checked_kept_and_passed_on)
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

Test(reading, wrong_heads_have_their_names)
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

Test(reading, a_head_waits_for_a_disk_that_failed)
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
