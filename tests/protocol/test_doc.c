/* Stories about documents, named by the rule they hold to. */
#include "galen/doc.h"

#include "support/allocator.h"
#include "support/chart_story.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PMR = GALEN_DOC_PMR, MAP = GALEN_DOC_MAP, PEOPLE = GALEN_DOC_PEOPLE };

#define assert_values(story, doc, record, field, expected)                                         \
    cr_assert_str_eq(story_values(story, doc, record, field), expected)

static void assert_verdict(const struct story *story, enum galen_err err, bool counts)
{
    cr_assert_eq(story->verdict.err, err, "%s", galen_err_name(story->verdict.err));
    cr_assert_eq(story->verdict.counts, counts);
}

/* ---- D1 ------------------------------------------------------------------------------------------ */

Test(doc, D1_a_write_replaces_what_its_author_had_in_front_of_them)
{
    struct story s;
    story_begin(&s);
    story_write(&s, &ana, 0, PMR, 'm', "prescriber", "pain");
    story_write(&s, &ben, 1, PMR, 'm', "prescriber", "headache");
    assert_values(&s, PMR, 'm', "prescriber", "headache");
    cr_assert_eq(galen_docs_conflict_count(s.docs), 0);
    const struct galen_record *record = story_record(&s, PMR, 'm');
    cr_assert_eq(galen_record_history_count(record, GALEN_PMR_PRESCRIBER), 2);
    cr_assert_not(galen_record_history(record, GALEN_PMR_PRESCRIBER, 0).current);
    cr_assert(galen_record_history(record, GALEN_PMR_PRESCRIBER, 1).current);
    story_end(&s);
}

Test(doc, D1_two_people_change_dose_and_frequency_at_once_and_both_regimens_stay_whole)
{
    struct story s;
    story_begin(&s);
    story_write(&s, &ana, 0, PMR, 'm', "regimen", "drug=Metformin; dose=1; frequency=once a day");
    story_write(&s, &ana, 1, PMR, 'm', "regimen", "drug=Metformin; dose=2; frequency=once a day");
    story_write(&s, &ben, 1, PMR, 'm', "regimen", "drug=Metformin; dose=1; frequency=twice a day");
    assert_values(&s, PMR, 'm', "regimen",
                  "drug=Metformin; dose=2; frequency=once a day; as_needed=no | "
                  "drug=Metformin; dose=1; frequency=twice a day; as_needed=no");
    cr_assert_eq(galen_docs_conflict_count(s.docs), 1);
    cr_assert_eq(galen_record_conflict_count(story_record(&s, PMR, 'm')), 1);

    story_write(&s, &ana, 3, PMR, 'm', "regimen", "drug=Metformin; dose=1; frequency=twice a day");
    assert_values(&s, PMR, 'm', "regimen",
                  "drug=Metformin; dose=1; frequency=twice a day; as_needed=no");
    cr_assert_eq(galen_docs_conflict_count(s.docs), 0);
    cr_assert_eq(galen_record_conflict_count(story_record(&s, PMR, 'm')), 0);
    story_end(&s);
}

Test(doc, D1_concurrent_writes_keep_author_time_and_entry)
{
    struct story s;
    story_begin(&s);
    story_write(&s, &ana, 0, PMR, 'm', "prescriber", "pain");
    story_write(&s, &pat, 1, PMR, 'm', "adherence", "mostly");
    story_write(&s, &cara, 1, PMR, 'm', "adherence", "sometimes");
    const struct galen_record *record = story_record(&s, PMR, 'm');
    cr_assert_eq(galen_record_value_count(record, GALEN_PMR_ADHERENCE), 2);
    const struct person *who[] = {&pat, &cara};
    for (size_t i = 0; i < 2; i++) {
        struct galen_said said = galen_record_value(record, GALEN_PMR_ADHERENCE, i);
        cr_assert_eq(said.index, 1 + i);
        cr_assert_eq(said.entry->index, 1 + i);
        cr_assert_eq(said.entry->role, who[i]->role);
        cr_assert_eq(said.entry->device.bytes[5], who[i]->device);
        cr_assert_eq(said.entry->account.bytes[5], who[i]->account);
        cr_assert_eq(said.entry->received_ms, 1700000000000 + (1 + i) * 1000);
        cr_assert_eq(said.clock_ms, said.entry->received_ms - 7);
        cr_assert_eq(said.proposal, GALEN_NO_ENTRY);
        cr_assert_null(said.proposer);
        cr_assert(said.current);
    }
    story_end(&s);
}

Test(doc, D1_equal_values_are_one)
{
    struct story s;
    story_begin(&s);
    story_write(&s, &ana, 0, PMR, 'm', "status", "active");
    story_write(&s, &ana, 1, PMR, 'm', "status", "stopped");
    story_write(&s, &ben, 1, PMR, 'm', "status", "stopped");
    assert_values(&s, PMR, 'm', "status", "stopped");
    cr_assert_eq(galen_docs_conflict_count(s.docs), 0);
    cr_assert_eq(galen_record_value(story_record(&s, PMR, 'm'), GALEN_PMR_STATUS, 0).index, 1);

    /* A third value that saw only one of the two leaves the other standing. */
    story_write(&s, &tom, 2, PMR, 'm', "status", "on-hold");
    assert_values(&s, PMR, 'm', "status", "stopped | on-hold");
    cr_assert_eq(galen_record_value(story_record(&s, PMR, 'm'), GALEN_PMR_STATUS, 0).index, 2);
    cr_assert_eq(galen_docs_conflict_count(s.docs), 1);
    story_end(&s);
}

Test(doc, D1_a_choice_is_a_write_and_a_concurrent_write_conflicts_with_it_again)
{
    struct story s;
    story_begin(&s);
    story_write(&s, &ana, 0, PMR, 'm', "prescriber", "a");
    story_write(&s, &ben, 0, PMR, 'm', "prescriber", "b");
    assert_values(&s, PMR, 'm', "prescriber", "a | b");
    story_write(&s, &ana, 2, PMR, 'm', "prescriber", "a"); /* chooses */
    assert_values(&s, PMR, 'm', "prescriber", "a");
    story_write(&s, &tom, 2, PMR, 'm', "prescriber", "c"); /* had not seen the choice */
    assert_values(&s, PMR, 'm', "prescriber", "a | c");
    story_write(&s, &ben, 4, PMR, 'm', "prescriber", "c");
    assert_values(&s, PMR, 'm', "prescriber", "c");
    story_end(&s);
}

Test(doc, D1_ones_own_two_devices_conflict_like_anybodys)
{
    struct story s;
    story_begin(&s);
    story_write(&s, &ana, 0, PMR, 'm', "prescriber", "pain");
    story_write(&s, &pat, 1, PMR, 'm', "adherence", "mostly");
    story_write(&s, &pat_2, 1, PMR, 'm', "adherence", "sometimes");
    assert_values(&s, PMR, 'm', "adherence", "mostly | sometimes");
    story_end(&s);
}

Test(doc, D1_a_devices_own_earlier_entries_are_in_the_past_whatever_the_base)
{
    struct story s;
    story_begin(&s);
    story_write(&s, &ana, 0, PMR, 'm', "prescriber",
                "one"); /* offline: the base stays where it was */
    story_write(&s, &ben, 0, PMR, 'm', "prescriber", "other");
    story_write(&s, &ana, 0, PMR, 'm', "prescriber", "two");
    assert_values(&s, PMR, 'm', "prescriber", "other | two");
    story_end(&s);
}

Test(doc, D1_the_base_itself_is_not_in_the_past)
{
    struct story s;
    story_begin(&s);
    story_message(&s, &tom, 0);
    story_write(&s, &ana, 0, PMR, 'm', "prescriber", "at 1");
    story_write(&s, &ben, 1, PMR, 'm', "prescriber", "base 1");
    assert_values(&s, PMR, 'm', "prescriber", "at 1 | base 1");
    story_write(&s, &tom, 2, PMR, 'm', "prescriber", "base 2");
    assert_values(&s, PMR, 'm', "prescriber", "base 1 | base 2");
    story_end(&s);
}

Test(doc, D1_clearing_is_a_value_like_others)
{
    struct story s;
    story_begin(&s);
    story_write(&s, &ana, 0, PMR, 'm', "stop", "2026-03");
    story_write(&s, &ana, 1, PMR, 'm', "stop", "");
    story_write(&s, &ben, 1, PMR, 'm', "stop", "2026-04");
    assert_values(&s, PMR, 'm', "stop", "(cleared) | 2026-04");
    cr_assert_eq(galen_docs_conflict_count(s.docs), 1);
    story_write(&s, &ben, 3, PMR, 'm', "stop", "");
    assert_values(&s, PMR, 'm', "stop", "(cleared)");
    cr_assert_eq(galen_docs_conflict_count(s.docs), 0);
    story_end(&s);
}

Test(doc, D1_other_fields_records_and_documents_are_left_alone)
{
    struct story s;
    story_begin(&s);
    story_write(&s, &ana, 0, PMR, 'm', "prescriber", "pain");
    story_write(&s, &ana, 1, PMR, 'n', "prescriber", "sleep");
    story_write(&s, &ana, 2, MAP, 'm', "topic", "sleep");
    story_write(&s, &ana, 3, PEOPLE, 'm', "name", "Maria");
    story_write(&s, &ben, 4, PMR, 'm', "status", "active");
    assert_values(&s, PMR, 'm', "prescriber", "pain");
    assert_values(&s, PMR, 'm', "status", "active");
    assert_values(&s, PMR, 'n', "prescriber", "sleep");
    assert_values(&s, PMR, 'n', "status", "-");
    assert_values(&s, MAP, 'm', "topic", "sleep");
    assert_values(&s, PEOPLE, 'm', "name", "Maria");
    cr_assert_eq(galen_docs_record_count(s.docs, PMR), 2);
    cr_assert_eq(galen_docs_record_count(s.docs, MAP), 1);
    cr_assert_eq(galen_docs_record_count(s.docs, PEOPLE), 1);
    cr_assert_eq(galen_docs_record_count(s.docs, 77), 0);
    cr_assert_eq(galen_record_doc(story_record(&s, MAP, 'm')), MAP);
    story_end(&s);
}

/* ---- L2, L3, L8 ---------------------------------------------------------------------------------- */

static struct galen_op reason_op(uint8_t id, uint64_t base, const char *reason)
{
    struct galen_op op = {.kind = GALEN_KIND_WRITE, .id = {id}, .base = base};
    op.content.write.doc = PMR;
    story_record_id('m', op.content.write.record);
    op.content.write.count = 1;
    op.content.write.fields[0] =
        (struct galen_write_field){GALEN_PMR_PRESCRIBER, {(const uint8_t *)reason, strlen(reason)}};
    return op;
}

Test(doc, L2_an_operation_id_counts_once_within_its_authors_account)
{
    struct story s;
    story_begin(&s);
    struct person ana_2 = {20, ana.account, GALEN_ROLE_PHARMACIST};
    struct galen_op op = reason_op(1, 0, "one");
    story_apply(&s, &ana, &op);
    struct galen_docs_entry entry = story_entry(&s, &ana);
    cr_assert_eq(galen_docs_find_op(s.docs, &entry.account, op.id), 0);
    op = reason_op(1, 1, "two");
    story_apply(&s, &ana, &op);
    assert_verdict(&s, GALEN_ERR_DUPLICATE, false);
    story_apply(&s, &ana_2, &op); /* another device of the same person */
    assert_verdict(&s, GALEN_ERR_DUPLICATE, false);
    assert_values(&s, PMR, 'm', "prescriber", "one");
    story_apply(&s, &ben, &op); /* another person's ids are their own */
    assert_verdict(&s, GALEN_OK, true);
    assert_values(&s, PMR, 'm', "prescriber", "two");
    op.kind = GALEN_KIND_MESSAGE; /* whatever the kind */
    op.content.message = (struct galen_bytes){(const uint8_t *)"x", 1};
    op.base = 2;
    story_apply(&s, &ben, &op);
    assert_verdict(&s, GALEN_ERR_DUPLICATE, false);
    memset(op.id, 9, sizeof op.id);
    cr_assert_eq(galen_docs_find_op(s.docs, &entry.account, op.id), GALEN_NO_ENTRY);
    story_end(&s);
}

Test(doc, L2_a_void_operation_does_not_use_its_id)
{
    struct story s;
    story_begin(&s);
    struct galen_op op = reason_op(1, 5, "one"); /* beyond the head */
    story_apply(&s, &ana, &op);
    assert_verdict(&s, GALEN_ERR_BASE, false);
    op.base = 1;
    story_apply(&s, &ana, &op);
    assert_verdict(&s, GALEN_OK, true);
    assert_values(&s, PMR, 'm', "prescriber", "one");
    story_end(&s);
}

Test(doc, L3_a_base_never_sinks_and_never_exceeds_the_authors_head)
{
    struct story s;
    story_begin(&s);
    for (int i = 0; i < 5; i++)
        story_message(&s, &tom, 0);
    struct galen_op op = reason_op(1, 3, "at 3");
    story_apply(&s, &ana, &op);
    struct galen_docs_entry entry = story_entry(&s, &ana);
    cr_assert_eq(galen_docs_last_base(s.docs, &entry.device), 3);
    op = reason_op(2, 2, "sinks");
    story_apply(&s, &ana, &op);
    assert_verdict(&s, GALEN_ERR_BASE, false);
    cr_assert_eq(galen_docs_last_base(s.docs, &entry.device), 3);
    op = reason_op(3, 3, "stays");
    story_apply(&s, &ana, &op);
    assert_verdict(&s, GALEN_OK, true);

    op = reason_op(4, 5, "beyond the head");
    entry = story_entry(&s, &ana);
    entry.head_size = 4;
    cr_assert_eq(galen_docs_apply(s.docs, &entry, &op, &s.verdict), GALEN_OK);
    assert_verdict(&s, GALEN_ERR_BASE, false);
    s.size++;
    entry = story_entry(&s, &ana);
    entry.head_size = UINT64_MAX;
    op.base = entry.index + 1;
    cr_assert_eq(galen_docs_apply(s.docs, &entry, &op, &s.verdict), GALEN_OK);
    assert_verdict(&s, GALEN_ERR_BASE, false);
    s.size++;
    op.base = s.size;
    story_apply(&s, &ana, &op);
    assert_verdict(&s, GALEN_OK, true);
    assert_values(&s, PMR, 'm', "prescriber", "beyond the head");
    story_end(&s);
}

/* Else somebody could have what lies before them looked at anew for each of any number of void operations. */
Test(doc, L3_the_base_of_an_operation_that_is_void_for_another_reason_does_not_sink_again)
{
    struct story s;
    struct galen_docs_entry entry;
    story_begin(&s);
    story_write(&s, &ana, 0, PMR, 'm', "prescriber", "Dr. Made-Up");
    story_write(&s, &ana, 1, PMR, 'm', "prescriber", "Dr. Nobody");
    struct galen_op op = reason_op(1, 2, "not theirs to write");
    story_apply(&s, &pat, &op);
    assert_verdict(&s, GALEN_ERR_ROLE, false);
    entry = story_entry(&s, &pat);
    cr_assert_eq(galen_docs_last_base(s.docs, &entry.device), 2);
    op = reason_op(2, 1, "sinks");
    op.kind = GALEN_KIND_PROPOSE;
    story_apply(&s, &pat, &op);
    assert_verdict(&s, GALEN_ERR_BASE, false);
    op = reason_op(3, 2, "stays");
    op.kind = GALEN_KIND_PROPOSE;
    struct galen_docs *then = galen_docs_as_of(s.docs, s.size);
    cr_assert_not_null(then);
    cr_assert_eq(galen_docs_last_base(then, &entry.device), 2);
    galen_docs_free(then);
    story_apply(&s, &pat, &op);
    assert_verdict(&s, GALEN_OK, true);

    op = reason_op(4, 4, "a role that may not at all");
    op.kind = GALEN_KIND_SIGN;
    memset(&op.content, 0, sizeof op.content);
    op.content.sign.meaning = GALEN_SIGN_WITH_PATIENT;
    op.content.sign.schema = GALEN_SCHEMA_VERSION;
    story_apply(&s, &pat, &op);
    assert_verdict(&s, GALEN_ERR_ROLE, false);
    cr_assert_eq(galen_docs_last_base(s.docs, &entry.device), 2);
    story_end(&s);
}

Test(doc, L3_each_device_has_a_base_of_its_own)
{
    struct story s;
    story_begin(&s);
    story_message(&s, &tom, 0);
    story_message(&s, &pat, 1);
    story_message(&s, &pat_2, 0);
    assert_verdict(&s, GALEN_OK, true);
    story_end(&s);
}

Test(doc, L5_what_is_void_changes_nothing)
{
    struct story s;
    struct galen_writer before, after;
    galen_writer_init(&before);
    galen_writer_init(&after);
    story_begin(&s);
    story_write(&s, &ana, 0, PMR, 'm', "prescriber", "pain");
    uint64_t proposal = story_propose(&s, &pat, 1, PMR, 'm', "prescriber", "sleep");
    story_canonical(s.docs, &before);

    story_write(&s, &pat, 2, PMR, 'm', "prescriber", "x");
    story_write(&s, &pat, 2, PMR, 'n', "effects", "x");
    story_propose(&s, &ina, 2, PMR, 'q', "prescriber", "x");
    story_answer(&s, &pat, 2, proposal, true);
    story_answer(&s, &ana, 1, proposal, true);
    story_write(&s, &ben, 999, PMR, 'm', "prescriber", "x");
    struct galen_op op = reason_op(1, 2, "\a"); /* no text */
    story_apply(&s, &ben, &op);
    assert_verdict(&s, GALEN_ERR_VALUE, false);
    op = reason_op(2, 2, "x");
    op.content.write.count = 0; /* no Write */
    story_apply(&s, &ben, &op);
    assert_verdict(&s, GALEN_ERR_FORMAT, false);
    story_canonical(s.docs, &after);
    cr_assert(galen_bytes_equal(galen_written(&before), galen_written(&after)));
    cr_assert_eq(galen_docs_pending_count(s.docs), 1);
    cr_assert_eq(galen_docs_conflict_count(s.docs), 0);
    cr_assert_eq(galen_docs_newer_count(s.docs), 0);
    for (uint64_t i = 2; i < s.size; i++) {
        struct galen_docs_item item;
        cr_assert(galen_docs_item(s.docs, i, &item));
        cr_assert_not(item.verdict.counts);
        cr_assert_neq(item.verdict.err, GALEN_OK);
        cr_assert_null(item.record);
    }
    struct galen_docs_item item;
    cr_assert_not(galen_docs_item(s.docs, s.size, &item));
    galen_writer_wipe(&before);
    galen_writer_wipe(&after);
    story_end(&s);
}

Test(doc, L8_what_is_newer_is_counted_and_changes_nothing_else)
{
    struct story s;
    story_begin(&s);
    struct galen_op op = {.kind = 999, .id = {1}};
    op.content.unknown = (struct galen_bytes){(const uint8_t *)"x", 1};
    story_apply(&s, &ana, &op);
    assert_verdict(&s, GALEN_ERR_UNKNOWN_KIND, true);
    story_apply(&s, &ana, &op);
    assert_verdict(&s, GALEN_ERR_DUPLICATE, false);
    cr_assert_eq(galen_docs_newer_count(s.docs), 1);

    struct galen_op newer_version = {0}; /* what galen_op_read gives for one */
    struct galen_docs_entry entry = story_entry(&s, &ana);
    cr_assert_eq(galen_docs_apply(s.docs, &entry, &newer_version, &s.verdict), GALEN_OK);
    assert_verdict(&s, GALEN_ERR_UNKNOWN_KIND, false);
    s.size++;
    cr_assert_eq(galen_docs_newer_count(s.docs), 2);

    op = reason_op(2, s.size, "pain"); /* a field of a newer version beside one that is known */
    op.content.write.count = 2;
    op.content.write.fields[1] = (struct galen_write_field){60, {(const uint8_t *)"?", 1}};
    story_apply(&s, &ana, &op);
    assert_verdict(&s, GALEN_ERR_UNKNOWN_KIND, true);
    cr_assert_eq(s.verdict.void_fields, 0);
    assert_values(&s, PMR, 'm', "prescriber", "pain");
    cr_assert_eq(galen_record_value_count(story_record(&s, PMR, 'm'), 60), 0);
    cr_assert_eq(galen_record_history_count(story_record(&s, PMR, 'm'), 60), 0);
    cr_assert_eq(galen_docs_newer_count(s.docs), 3);

    op = reason_op(3, s.size, "x"); /* a document of a newer version: a proposal and its answer */
    op.kind = GALEN_KIND_PROPOSE;
    op.content.write.doc = 200;
    uint64_t proposal = story_apply(&s, &pat, &op);
    assert_verdict(&s, GALEN_ERR_UNKNOWN_KIND, true);
    cr_assert_null(galen_docs_proposal(s.docs, proposal));
    story_answer(&s, &ana, s.size, proposal, true);
    assert_verdict(&s, GALEN_ERR_UNKNOWN_KIND, true);
    cr_assert_eq(galen_docs_newer_count(s.docs), 5);
    cr_assert_eq(galen_docs_conflict_count(s.docs), 0);

    op = reason_op(4, s.size, "x"); /* an option of a newer version */
    op.content.write.fields[0] =
        (struct galen_write_field){GALEN_PMR_STATUS, {(const uint8_t *)"\x09", 1}};
    story_apply(&s, &ana, &op);
    assert_verdict(&s, GALEN_ERR_UNKNOWN_KIND, true);
    assert_values(&s, PMR, 'm', "status", "-");
    story_end(&s);
}

/* ---- Records ------------------------------------------------------------------------------------- */

static void assert_order(const struct story *story, uint8_t doc, const char *expected)
{
    size_t n = galen_docs_record_count(story->docs, doc);
    cr_assert_eq(n, strlen(expected));
    for (size_t i = 0; i < n; i++)
        cr_assert_eq(galen_record_id(galen_docs_record_at(story->docs, doc, i))[0], expected[i],
                     "place %zu", i);
}

Test(doc, records_stand_in_the_order_of_their_first_entries_or_as_placed)
{
    struct story s;
    story_begin(&s);
    story_write(&s, &ana, 0, PMR, 'z', "prescriber", "x");
    story_propose(&s, &pat, 1, PMR, 'y', "prescriber", "x");
    story_write(&s, &ana, 2, PMR, 'x', "prescriber", "x");
    story_write(&s, &ana, 3, PMR, 'z', "prescriber", "again");
    assert_order(&s, PMR, "zyx");
    char between[32];
    snprintf(between, sizeof between, "%llu",
             (unsigned long long)(galen_record_position(story_record(&s, PMR, 'z')) +
                                  galen_record_position(story_record(&s, PMR, 'y'))) /
                 2);
    story_write(&s, &ana, 4, PMR, 'x', "order", between);
    assert_order(&s, PMR, "zxy");
    story_write(&s, &ana, 5, PMR, 'w', "order", "1");
    assert_order(&s, PMR, "wzxy");
    story_write(&s, &ana, 6, PMR, 'x', "order", "1"); /* equal: the first entry decides */
    assert_order(&s, PMR, "xwzy");
    story_write(&s, &ana, 7, PMR, 'x', "order", "");
    assert_order(&s, PMR, "wzyx");
    story_end(&s);
}

Test(doc, a_place_in_the_list_never_conflicts)
{
    struct story s;
    story_begin(&s);
    story_write(&s, &ana, 0, PMR, 'a', "order", "10");
    story_write(&s, &ana, 1, PMR, 'b', "order", "20");
    story_write(&s, &ana, 2, PMR, 'a', "order", "30");
    story_write(&s, &ben, 2, PMR, 'a', "order", "5");
    cr_assert_eq(galen_docs_conflict_count(s.docs), 0);
    assert_values(&s, PMR, 'a', "order", "5");
    assert_order(&s, PMR, "ab");
    story_end(&s);
}

Test(doc, an_accepted_place_that_is_taken_back_moves_the_record_back)
{
    struct story s;
    story_begin(&s);
    story_write(&s, &ana, 0, PMR, 'a', "prescriber", "x");
    story_write(&s, &ana, 1, PMR, 'b', "prescriber", "x");
    uint64_t proposal = story_propose(&s, &pat, 2, PMR, 'b', "order", "1");
    story_answer(&s, &ana, 3, proposal, true);
    assert_order(&s, PMR, "ba");
    story_answer(&s, &ana, 4, proposal, false);
    assert_order(&s, PMR, "ab");
    story_end(&s);
}

Test(doc, entries_come_in_ascending_order)
{
    struct story s;
    story_begin(&s);
    s.size = 10;
    story_message(&s, &ana, 0);
    for (uint64_t index = 0; index <= 10; index++) {
        struct galen_docs_entry entry = story_entry(&s, &ana);
        struct galen_op op = reason_op(1, 0, "x");
        entry.index = index;
        cr_assert_eq(galen_docs_apply(s.docs, &entry, &op, &s.verdict), GALEN_ERR_STATE);
    }
    cr_assert_null(story_record(&s, PMR, 'm'));
    story_end(&s);
}

/* ---- Memory -------------------------------------------------------------------------------------- */

/* Applies one operation with each of its allocations failing in turn: then nothing has changed. */
static void apply_in_want_of_memory(struct story *s, const struct person *who, struct galen_op *op)
{
    struct galen_docs_entry entry = story_entry(s, who);
    struct galen_writer before, after;
    galen_writer_init(&before);
    galen_writer_init(&after);
    story_canonical(s->docs, &before);
    size_t pending = galen_docs_pending_count(s->docs), newer = galen_docs_newer_count(s->docs),
           conflicts = galen_docs_conflict_count(s->docs);
    for (size_t nth = 1;; nth++) {
        allocator_fail(nth);
        enum galen_err err = galen_docs_apply(s->docs, &entry, op, &s->verdict);
        bool hit = allocator_failed();
        allocator_fail(0);
        cr_assert_eq(err, hit ? GALEN_ERR_MEMORY : GALEN_OK);
        if (!hit)
            break;
        story_canonical(s->docs, &after);
        struct galen_docs_item item;
        cr_assert(galen_bytes_equal(galen_written(&before), galen_written(&after)));
        cr_assert_eq(galen_docs_pending_count(s->docs), pending);
        cr_assert_eq(galen_docs_newer_count(s->docs), newer);
        cr_assert_eq(galen_docs_conflict_count(s->docs), conflicts);
        cr_assert_not(galen_docs_item(s->docs, entry.index, &item));
        cr_assert_eq(galen_docs_find_op(s->docs, &entry.account, op->id), GALEN_NO_ENTRY);
    }
    assert_verdict(s, GALEN_OK, true);
    s->size++;
    galen_writer_wipe(&before);
    galen_writer_wipe(&after);
}

Test(doc, each_allocation_may_fail_and_nothing_has_changed)
{
    struct story s;
    allocator_fail(1);
    cr_assert_null(galen_docs_new());
    allocator_fail(0);
    story_begin(&s);
    for (uint8_t i = 0; i < 40; i++) { /* enough for every list and set to grow several times */
        struct galen_op op = reason_op((uint8_t)(4 * i + 1), s.size, "pain");
        op.content.write.count = 2;
        op.content.write.fields[1] =
            (struct galen_write_field){GALEN_PMR_ORDER, {(const uint8_t *)"\0\0\0\0\0\0\0\1", 8}};
        if (i % 2 == 0)
            story_record_id((char)(i + 1), op.content.write.record);
        struct person author = {(uint8_t)(100 + i), (uint8_t)(100 + i), GALEN_ROLE_PHARMACIST};
        apply_in_want_of_memory(&s, &author, &op);
        op.id[0]++;
        op.kind = GALEN_KIND_PROPOSE;
        uint64_t proposal = s.size;
        apply_in_want_of_memory(&s, &pat, &op);
        struct galen_op answer = {.kind = GALEN_KIND_ANSWER, .id = {(uint8_t)(4 * i + 3)}};
        answer.base = s.size;
        answer.content.answer.proposal = proposal;
        answer.content.answer.accepted = i % 3 != 0;
        apply_in_want_of_memory(&s, &author, &answer);
        answer.id[0]++;
        answer.content.answer.accepted = !answer.content.answer.accepted;
        apply_in_want_of_memory(&s, &author, &answer);
    }
    struct galen_docs *then = NULL;
    for (size_t nth = 1; then == NULL; nth++) {
        allocator_fail(nth);
        then = galen_docs_as_of(s.docs, s.size - 2);
        cr_assert_eq(then == NULL, allocator_failed());
        allocator_fail(0);
    }
    galen_docs_free(then);
    galen_docs_free(NULL);
    story_end(&s);
}

/* Two who each write as much as one may make a text that is longer; it is read, and made shorter by who likes. */
Test(doc, a_text_that_two_made_longer_than_one_may_is_read_and_can_be_shortened)
{
    struct story s;
    char *long_text = malloc(GALEN_TEXT_POINTS_MAX + 1);
    memset(long_text, 'a', GALEN_TEXT_POINTS_MAX);
    long_text[GALEN_TEXT_POINTS_MAX] = '\0';
    story_begin(&s);
    story_write(&s, &ana, 0, PMR, 'm', "prescriber", "Dr. Made-Up");
    story_write(&s, &ana, 1, PMR, 'm', "reason", long_text);
    story_write(&s, &ben, 1, PMR, 'm', "reason", long_text);
    cr_assert(s.verdict.counts);
    const struct galen_record *record = story_record(&s, PMR, 'm');
    struct galen_said said = galen_record_value(record, GALEN_PMR_REASON, 0);
    cr_assert_eq(said.value.size, 2 * GALEN_TEXT_POINTS_MAX);
    cr_assert_eq(galen_value_check(galen_field(galen_document(PMR), GALEN_PMR_REASON), said.value),
                 GALEN_OK);
    struct galen_write write = {.doc = PMR, .count = 1}, direct, propose;
    memcpy(write.record, galen_record_id(record), sizeof write.record);
    write.fields[0] = (struct galen_write_field){GALEN_PMR_REASON, {said.value.at, 65537}};
    cr_assert_eq(galen_docs_split(s.docs, GALEN_ROLE_PHARMACIST, &write, &direct, &propose),
                 GALEN_ERR_VALUE);
    story_write(&s, &ben, 3, PMR, 'm', "reason", "short");
    cr_assert(s.verdict.counts);
    assert_values(&s, PMR, 'm', "reason", "short");
    story_end(&s);
    free(long_text);
}
