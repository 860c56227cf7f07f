/* Charts: appending, being durable, what of it survives what, and the bounds of it. */
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

/* -- appending ---------------------------------------------------------------------------------- */

Test(chart, each_rule_broken_has_its_name)
{
    struct line *patient = stage_log(&s, &CAST.patient);
    struct line *pharmacist = stage_log(&s, &CAST.pharmacist);
    struct line *other = stage_log(&s, &CAST.other_pharmacist);
    scene_draft(&CAST, &CAST.patient, GALEN_CLASS_MESSAGE);
    CAST.header.number++;
    stage_refuse_entry(&s, patient, GALEN_ERR_NUMBER);
    scene_draft(&CAST, &CAST.patient, GALEN_CLASS_MESSAGE);
    CAST.header.epoch--;
    cr_assert_eq(stage_refuse_entry(&s, patient, GALEN_ERR_EPOCH).detail, 2u,
                 "the current epoch comes with it");
    scene_draft(&CAST, &CAST.patient, GALEN_CLASS_MESSAGE);
    CAST.header.head_root[3] ^= 1;
    stage_refuse_entry(&s, patient, GALEN_ERR_HEAD);
    scene_draft(&CAST, &CAST.other_pharmacist, GALEN_CLASS_MESSAGE);
    CAST.header.number = 1;
    stage_refuse_entry(&s, other, GALEN_ERR_NOT_MEMBER);
    scene_draft(&CAST, &CAST.patient, GALEN_CLASS_CERTIFICATE);
    stage_refuse_entry(&s, patient, GALEN_ERR_ROLE);
    scene_draft_epoch(&CAST, &CAST.patient);
    scene_drop(&CAST, &CAST.pharmacist);
    stage_refuse_entry(&s, patient, GALEN_ERR_ROLE);
    scene_draft(&CAST, &CAST.patient, GALEN_CLASS_MESSAGE);
    memset(CAST.header.chart.bytes, 7, sizeof CAST.header.chart.bytes);
    stage_refuse_entry(&s, patient, GALEN_ERR_CHART);
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
    stage_refuse_entry(&s, pharmacist, GALEN_ERR_SENDER);
}

Test(chart, the_same_bytes_again_are_the_same_entry)
{
    struct line *patient = stage_log(&s, &CAST.patient);
    uint64_t index = stage_say(&s, patient);
    stage_pass(&s, 5000);
    uint32_t request = stage_send_entry(&s, patient);
    struct galen_frame_appended again = stage_appended(patient);
    cr_assert_eq(again.request, request);
    cr_assert_eq(again.index, index);
    cr_assert_eq(again.received_ms, SCENE_NOW_MS);
    stage_restart(&s);
    patient = stage_log(&s, &CAST.patient);
    stage_send_entry(&s, patient);
    cr_assert_eq(stage_appended(patient).index, index);
    cr_assert_eq(stage_open(&s, patient, 0, NULL), 3u, "it stands there once");
    /* Other bytes under the same number are another entry, and too late. */
    CAST.header.salt[9] ^= 1;
    stage_refuse_entry(&s, patient, GALEN_ERR_NUMBER);
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
    struct galen_frame_appended a = stage_appended(patient), b = stage_appended(patient);
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
    cr_assert_eq(stage_appended(patient).index, 2u);
    galen_writer_wipe(&w);
    scene_draft(&CAST, &CAST.patient, GALEN_CLASS_MESSAGE);
    stage_refuse_entry(&s, patient, GALEN_ERR_NOT_MEMBER);
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
    cr_assert_eq(stage_appended(patient).index, 2u);
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
        stage_refuse_entry(&s, patient, GALEN_ERR_DISK_FULL);
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
    stage_draft_chart(&s);
    scene_encode(&CAST);
    s.next_commit = GALEN_ERR_DISK_FULL;
    stage_send_entry(&s, pharmacist);
    struct galen_frame_refused no = stage_expect_refused(pharmacist, GALEN_ERR_DISK_FULL);
    stage_send_open(&s, pharmacist, &no.chart, 0);
    stage_expect_refused(pharmacist, GALEN_ERR_CHART);
    stage_send_entry(&s, pharmacist);
    cr_assert_eq(stage_appended(pharmacist).index, 0u);
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
            stage_refuse_entry(&s, pharmacist, GALEN_ERR_LIMIT);
    }
    stage_restart(&s);
    pharmacist = stage_log(&s, &CAST.pharmacist);
    patient = stage_log(&s, &CAST.patient);
    scene_draft_epoch(&CAST, &CAST.pharmacist);
    stage_refuse_entry(&s, pharmacist, GALEN_ERR_LIMIT);
    scene_draft_epoch(&CAST, &CAST.patient);
    stage_append(&s, patient); /* another account is not concerned */
    stage_say(&s, pharmacist); /* nor is anything but epochs */
    stage_pass(&s, 20u * 60 * 1000);
    pharmacist = stage_log(&s, &CAST.pharmacist);
    scene_draft_epoch(&CAST, &CAST.pharmacist);
    stage_append(&s, pharmacist);
}

Test(chart, what_an_account_writes_is_bounded_across_restarts)
{
    s.config.limits.kib_per_hour = 3; /* a small message counts one, and rounding is upwards */
    stage_restart_hub(&s);
    struct line *patient = stage_log(&s, &CAST.patient);
    for (int i = 0; i < 3; i++)
        stage_say(&s, patient);
    scene_draft(&CAST, &CAST.patient, GALEN_CLASS_MESSAGE);
    stage_refuse_entry(&s, patient, GALEN_ERR_LIMIT);
    stage_restart(&s);
    patient = stage_log(&s, &CAST.patient);
    struct line *pharmacist = stage_log(&s, &CAST.pharmacist);
    scene_draft(&CAST, &CAST.patient, GALEN_CLASS_MESSAGE);
    stage_refuse_entry(&s, patient, GALEN_ERR_LIMIT);
    s.config.limits.kib_per_hour = 64;
    stage_restart_hub(&s);
    pharmacist = stage_log(&s, &CAST.pharmacist);
    stage_say(&s, pharmacist); /* another account is not concerned */
    stage_pass(&s, 60u * 60 * 1000);
    patient = stage_log(&s, &CAST.patient);
    stage_say(&s, patient); /* it comes back with time */
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
    cr_assert_eq(stage_appended(patient).index, 2u);
    cr_assert_eq(stage_appended(patient).index, 3u);
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
    stage_refuse_entry(&s, pharmacist, GALEN_ERR_LIMIT);
}

Test(chart, charts_open_at_a_time_are_bounded)
{
    s.config.limits.charts_open = 0;
    stage_restart_hub(&s);
    struct line *patient = stage_log(&s, &CAST.patient);
    stage_send_open(&s, patient, stage_chart(&s), 0);
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
    cr_assert_eq(stage_appended(pharmacist).index, 2u);
    cr_assert_eq(stage_appended(pharmacist).index, 3u);
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
