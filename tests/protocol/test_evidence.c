/* protocol/log/evidence*: what evidence shows, and what cannot be written (rules V1, V2). */
#include "support/allocator.h"
#include "support/exhibit.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

Test(evidence, V1_a_whole_log_holds_and_says_what_for)
{
    struct exhibit s = exhibit_new(1);
    struct told told;
    struct galen_writer file =
        exhibit_export(&s, s.pharmacist, &(struct galen_evidence_options){.clock_ms = 77});
    struct galen_evidence_report report = exhibit_check(&s, galen_written(&file), &told);
    cr_assert(galen_evidence_holds(&report));
    for (int claim = 0; claim < GALEN_CLAIM_COUNT; claim++)
        claim_is(&report, (enum galen_claim)claim,
                 claim == GALEN_CLAIM_CONTENTS ? GALEN_CLAIM_NOT_SHOWN : GALEN_CLAIM_HOLDS,
                 "whole");
    cr_assert(report.whole);
    cr_assert_eq(report.size, ENTRIES);
    cr_assert_eq(report.shown, ENTRIES);
    cr_assert_eq(report.complete_to, ENTRIES);
    cr_assert_eq(report.heads, 3);
    cr_assert_eq(told.heads, 3);
    cr_assert_eq(told.entries, ENTRIES);
    cr_assert_eq(told.findings, 0);
    galen_writer_wipe(&file);
    chart_free(s.chart);
}

Test(evidence, the_file_is_what_the_protocol_s_table_says)
{
    struct exhibit s = exhibit_new(2);
    struct made m = made_of(&s);
    galen_log_sign_head(s.pharmacist->log, 77, &m.heads[0]);
    m.heads[1] = *galen_log_head_of(s.pharmacist->log, &s.caregiver->id);
    m.heads[2] = *galen_log_head_of(s.pharmacist->log, &s.patient->id);
    m.head_count = 3;
    struct galen_writer ours =
        exhibit_export(&s, s.pharmacist, &(struct galen_evidence_options){.clock_ms = 77});
    struct galen_writer one = made_encode(&m);
    struct galen_head kept = m.heads[1];
    m.heads[1] = m.heads[2];
    m.heads[2] = kept;
    struct galen_writer other = made_encode(&m);
    /* The order of others' heads is free. */
    cr_assert(galen_bytes_equal(galen_written(&ours), galen_written(&one)) ||
              galen_bytes_equal(galen_written(&ours), galen_written(&other)));
    galen_writer_wipe(&ours);
    galen_writer_wipe(&one);
    galen_writer_wipe(&other);
    chart_free(s.chart);
}

Test(evidence, K3_V1_disclosed_entries_open_and_no_others)
{
    struct exhibit s = exhibit_new(3);
    struct told told;
    const uint64_t open[] = {2, 8};
    struct galen_writer file = exhibit_export(
        &s, s.pharmacist, &(struct galen_evidence_options){.open = open, .open_count = 2});
    struct galen_evidence_report report = exhibit_check(&s, galen_written(&file), &told);
    claim_is(&report, GALEN_CLAIM_CONTENTS, GALEN_CLAIM_HOLDS, "opened");
    cr_assert(galen_evidence_holds(&report));
    cr_assert_eq(report.opened, 2);
    cr_assert_eq(told.opened, 2);
    /* The last byte but the one of an empty list belongs to the second secret. */
    file.at[file.size - 2] ^= 1;
    report = exhibit_check(&s, galen_written(&file), &told);
    cr_assert(told_found(&told, GALEN_CLAIM_CONTENTS, GALEN_ERR_COMMITMENT, 8));
    cr_assert_eq(report.opened, 1);
    cr_assert_not(galen_evidence_holds(&report));
    galen_writer_wipe(&file);
    chart_free(s.chart);
}

Test(evidence, V2_one_entry_comes_with_what_it_needs_and_claims_no_more)
{
    struct exhibit s = exhibit_new(4);
    struct told told;
    const uint64_t open[] = {5};
    const struct galen_evidence_options only = {
        .only = true, .index = 5, .open = open, .open_count = 1};
    struct galen_writer file = exhibit_export(&s, s.pharmacist, &only);
    struct galen_evidence_report report = exhibit_check(&s, galen_written(&file), &told);
    cr_assert(galen_evidence_holds(&report), "%s at %d",
              galen_err_name((enum galen_err)told.finding[0].err), (int)told.finding[0].index);
    claim_is(&report, GALEN_CLAIM_ORDER, GALEN_CLAIM_HOLDS, "only");
    claim_is(&report, GALEN_CLAIM_AUTHORSHIP, GALEN_CLAIM_HOLDS, "only");
    claim_is(&report, GALEN_CLAIM_MEMBERSHIP, GALEN_CLAIM_HOLDS, "only");
    claim_is(&report, GALEN_CLAIM_COMPLETENESS, GALEN_CLAIM_NOT_SHOWN, "only");
    claim_is(&report, GALEN_CLAIM_CONTENTS, GALEN_CLAIM_HOLDS, "only");
    cr_assert_eq(report.shown, 4); /* three epochs before it, and itself */
    cr_assert_eq(report.index, 5);
    cr_assert_eq(report.complete_to, 0);
    cr_assert_eq(report.heads, 3);
    /* What others said is not in it. */
    for (uint64_t i = 0; i < s.chart->size; i++) {
        struct galen_entry entry = chart_entry_at(s.chart, i);
        bool in_it =
            memmem(file.at, file.size, entry.signed_header.at, entry.signed_header.size) != NULL;
        cr_assert_eq(in_it, i == 0 || i == 1 || i == 4 || i == 5, "%d", (int)i);
    }
    galen_writer_wipe(&file);
    chart_free(s.chart);
}

Test(evidence, V2_any_entry_can_be_shown_alone)
{
    struct exhibit s = exhibit_new(16);
    struct told told;
    for (uint64_t i = 0; i < ENTRIES; i++) {
        struct galen_writer file = exhibit_export(
            &s, s.pharmacist, &(struct galen_evidence_options){.only = true, .index = i});
        struct galen_evidence_report report = exhibit_check(&s, galen_written(&file), &told);
        cr_assert(galen_evidence_holds(&report), "%d", (int)i);
        cr_assert_eq(report.index, i);
        claim_is(&report, GALEN_CLAIM_ORDER, GALEN_CLAIM_HOLDS, "alone");
        cr_assert_eq(report.heads, i == 0 ? 1 : i < 4 ? 2 : 3, "%d: %d", (int)i, (int)report.heads);
        galen_writer_wipe(&file);
        if (chart_entry_at(s.chart, i).header.class != GALEN_CLASS_MESSAGE)
            continue;
        /* By somebody who came later: what admitted them is there too, for their head. */
        file = exhibit_export(&s, s.caregiver,
                              &(struct galen_evidence_options){.only = true, .index = i});
        report = exhibit_check(&s, galen_written(&file), &told);
        cr_assert(galen_evidence_holds(&report), "%d", (int)i);
        cr_assert_eq(report.index, i);
        cr_assert_eq(report.heads, 3);
        galen_writer_wipe(&file);
    }
    chart_free(s.chart);
}

/* What a device without the right to earlier bodies has. */
static enum galen_err without_early_bodies(void *context, uint64_t index, struct galen_entry *entry)
{
    *entry = chart_entry_at(context, index);
    if (index == 2 || index == 3) {
        entry->body_state = GALEN_BODY_NOT_YOURS;
        entry->body = (struct galen_bytes){0};
    }
    return GALEN_OK;
}

Test(evidence, L9_withheld_bodies_are_named_and_the_rest_still_holds)
{
    struct exhibit s = exhibit_new(17);
    struct told told;
    struct galen_writer file;
    const struct galen_evidence_source source = {s.chart, without_early_bodies, NULL};
    galen_writer_init(&file);
    cr_assert_eq(galen_evidence_write(s.caregiver->log, &s.chart->practice, &source,
                                      &(struct galen_evidence_options){0}, &file),
                 GALEN_OK);
    struct galen_evidence_report report = exhibit_check(&s, galen_written(&file), &told);
    cr_assert_eq(told.findings, 2);
    cr_assert(told_found(&told, GALEN_CLAIM_BODIES, GALEN_ERR_WITHHELD, 2));
    cr_assert(told_found(&told, GALEN_CLAIM_BODIES, GALEN_ERR_WITHHELD, 3));
    cr_assert_eq(report.withheld, 2);
    for (int claim = 0; claim < GALEN_CLAIM_BODIES; claim++)
        claim_is(&report, (enum galen_claim)claim, GALEN_CLAIM_HOLDS, "without bodies");
    galen_writer_wipe(&file);
    chart_free(s.chart);
}

Test(evidence, not_an_evidence_file)
{
    struct exhibit s = exhibit_new(9);
    struct galen_evidence_report report;
    struct galen_writer file =
        exhibit_export(&s, s.pharmacist, &(struct galen_evidence_options){0});
    for (size_t size = 0; size < file.size; size += size < 300 ? 1 : 97)
        cr_assert_eq(
            galen_evidence_check((struct galen_bytes){file.at, size}, &s.practice, NULL, &report),
            GALEN_ERR_FORMAT, "cut at %zu", size);
    /* Shapes that no writer makes: a proof where none is needed, disclosures that do not ascend, more
       than one sealed entry beside the clear ones. */
    struct made m = made_of(&s);
    struct galen_writer made = made_encode(&m);
    made.at[15] = 0;
    cr_assert_eq(galen_evidence_check(galen_written(&made), &s.practice, NULL, &report),
                 GALEN_ERR_FORMAT);
    galen_writer_wipe(&made);
    const uint64_t open[] = {2, 7};
    made = exhibit_export(&s, s.pharmacist,
                          &(struct galen_evidence_options){.open = open, .open_count = 2});
    uint8_t *first_index = made.at + made.size - 1 - 2 * 40 + 7; /* its lowest byte */
    cr_assert_eq(*first_index, 2);
    *first_index = 7;
    cr_assert_eq(galen_evidence_check(galen_written(&made), &s.practice, NULL, &report),
                 GALEN_ERR_FORMAT);
    galen_writer_wipe(&made);
    made = exhibit_export(&s, s.pharmacist,
                          &(struct galen_evidence_options){.only = true, .index = 5});
    made.at[15] = 1;
    cr_assert_eq(galen_evidence_check(galen_written(&made), &s.practice, NULL, &report),
                 GALEN_ERR_FORMAT);
    galen_writer_wipe(&made);
    cr_assert_str_eq(galen_claim_name(GALEN_CLAIM_ORDER), "order");
    cr_assert_str_eq(galen_claim_name(GALEN_CLAIM_CONTENTS), "contents");
    cr_assert_null(galen_claim_name(GALEN_CLAIM_COUNT));
    file.at[14] = 1;
    cr_assert_eq(galen_evidence_check(galen_written(&file), &s.practice, NULL, &report),
                 GALEN_ERR_VERSION);
    file.at[14] = GALEN_EVIDENCE_VERSION + 1;
    cr_assert_eq(galen_evidence_check(galen_written(&file), &s.practice, NULL, &report),
                 GALEN_ERR_VERSION);
    galen_writer_wipe(&file);
    chart_free(s.chart);
}

/* -- writing that is refused ---------------------------------------------------------------------- */

static enum galen_err wrong_entry(void *context, uint64_t index, struct galen_entry *entry)
{
    *entry = chart_entry_at(context, index == 4 ? 5 : index);
    return GALEN_OK;
}

static enum galen_err no_entry(void *context, uint64_t index, struct galen_entry *entry)
{
    (void)context, (void)index, (void)entry;
    return GALEN_ERR_IO;
}

Test(evidence, writing_says_what_it_cannot_do)
{
    struct exhibit s = exhibit_new(14);
    const uint64_t early[] = {2}, clear[] = {4}, beyond[] = {ENTRIES}, falling[] = {5, 3};
    const struct {
        const char *name;
        const struct chart_device *by;
        struct galen_evidence_options options;
        enum galen_err (*entry)(void *, uint64_t, struct galen_entry *);
        enum galen_err err;
    } cases[] = {
        {"not ours to open",
         s.caregiver,
         {.open = early, .open_count = 1},
         exhibit_entry,
         GALEN_ERR_SEAL},
        {"clear", s.pharmacist, {.open = clear, .open_count = 1}, exhibit_entry, GALEN_ERR_SEAL},
        {"beyond", s.pharmacist, {.open = beyond, .open_count = 1}, exhibit_entry, GALEN_ERR_STATE},
        {"falling",
         s.pharmacist,
         {.open = falling, .open_count = 2},
         exhibit_entry,
         GALEN_ERR_FORMAT},
        {"not shown",
         s.pharmacist,
         {.only = true, .index = 5, .open = early, .open_count = 1},
         exhibit_entry,
         GALEN_ERR_STATE},
        {"only beyond",
         s.pharmacist,
         {.only = true, .index = ENTRIES},
         exhibit_entry,
         GALEN_ERR_STATE},
        {"another log's entry", s.pharmacist, {0}, wrong_entry, GALEN_ERR_HEAD},
        {"no file", s.pharmacist, {0}, no_entry, GALEN_ERR_IO},
        {"an empty log", s.chart->admin, {0}, exhibit_entry, GALEN_ERR_CHART},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct galen_evidence_source source = {s.chart, cases[i].entry, NULL};
        struct galen_writer file;
        galen_writer_init(&file);
        galen_write(&file, "kept", 4);
        cr_assert_eq(galen_evidence_write(cases[i].by->log, &s.chart->practice, &source,
                                          &cases[i].options, &file),
                     cases[i].err, "%s", cases[i].name);
        cr_assert_eq(file.size, 4, "%s", cases[i].name);
        galen_writer_wipe(&file);
    }
    chart_free(s.chart);
}

Test(evidence, each_allocation_may_fail)
{
    struct exhibit s = exhibit_new(15);
    struct galen_writer file =
        exhibit_export(&s, s.pharmacist, &(struct galen_evidence_options){0});
    for (size_t nth = 1;; nth++) {
        struct galen_evidence_report report;
        struct galen_comparison comparison;
        allocator_fail(nth);
        enum galen_err err = galen_evidence_check(galen_written(&file), &s.practice, NULL, &report);
        if (!allocator_failed())
            err = galen_evidence_compare(galen_written(&file), galen_written(&file), &s.practice,
                                         &comparison);
        bool failed = allocator_failed();
        allocator_fail(0);
        cr_assert_eq(err, failed ? GALEN_ERR_MEMORY : GALEN_OK);
        if (!failed)
            break;
    }
    for (size_t nth = 1;; nth++) {
        const struct galen_evidence_source source = {s.chart, exhibit_entry, NULL};
        struct galen_writer again;
        galen_writer_init(&again);
        allocator_fail(nth);
        enum galen_err err = galen_evidence_write(s.pharmacist->log, &s.chart->practice, &source,
                                                  &(struct galen_evidence_options){0}, &again);
        bool failed = allocator_failed();
        allocator_fail(0);
        cr_assert_eq(err, failed ? GALEN_ERR_MEMORY : GALEN_OK);
        galen_writer_wipe(&again);
        if (!failed)
            break;
    }
    galen_writer_wipe(&file);
    chart_free(s.chart);
}
