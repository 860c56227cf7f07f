/* protocol/log/evidence_compare.c: what two members saw (rule H2). */
#include "support/exhibit.h"

#include <criterion/criterion.h>
#include <string.h>

Test(views, H2_two_views_are_the_same_or_one_begins_the_other)
{
    struct exhibit s = exhibit_new(10);
    struct galen_comparison c;
    struct galen_writer ours =
        exhibit_export(&s, s.pharmacist, &(struct galen_evidence_options){0});
    struct galen_writer theirs = exhibit_export(&s, s.patient, &(struct galen_evidence_options){0});
    struct galen_writer one = exhibit_export(
        &s, s.pharmacist, &(struct galen_evidence_options){.only = true, .index = 3});
    cr_assert_lt(galen_log_size(s.patient->log), ENTRIES);
    cr_assert_eq(
        galen_evidence_compare(galen_written(&ours), galen_written(&ours), &s.practice, &c),
        GALEN_OK);
    cr_assert_eq(c.relation, GALEN_VIEWS_SAME);
    cr_assert_eq(
        galen_evidence_compare(galen_written(&ours), galen_written(&theirs), &s.practice, &c),
        GALEN_OK);
    cr_assert_eq(c.relation, GALEN_VIEWS_PREFIX);
    cr_assert_eq(c.index, galen_log_size(s.patient->log));
    cr_assert_eq(
        galen_evidence_compare(galen_written(&theirs), galen_written(&ours), &s.practice, &c),
        GALEN_OK);
    cr_assert_eq(c.relation, GALEN_VIEWS_PREFIX);
    cr_assert_eq(galen_evidence_compare(galen_written(&one), galen_written(&ours), &s.practice, &c),
                 GALEN_OK);
    cr_assert_eq(c.relation, GALEN_VIEWS_SAME);
    cr_assert_eq(
        galen_evidence_compare(galen_written(&one), galen_written(&theirs), &s.practice, &c),
        GALEN_OK);
    cr_assert_eq(c.relation, GALEN_VIEWS_NOT_SHOWN);
    /* A forged copy is no second view. */
    struct galen_entry entry = chart_entry_at(s.chart, 3);
    uint8_t *header = memmem(theirs.at, theirs.size, entry.signed_header.at, 32);
    cr_assert_not_null(header);
    header[100] ^= 1;
    cr_assert_eq(
        galen_evidence_compare(galen_written(&ours), galen_written(&theirs), &s.practice, &c),
        GALEN_OK);
    cr_assert_eq(c.relation, GALEN_VIEWS_NOT_SHOWN);
    galen_writer_wipe(&theirs);
    /* Nor is one whose signatures could not all be judged (found by fuzz_evidence). */
    struct made m = made_of(&s);
    m.items[4].entry.body_state = GALEN_BODY_WITHHELD;
    m.items[5].entry.received_ms++;
    theirs = made_encode(&m);
    cr_assert_eq(
        galen_evidence_compare(galen_written(&ours), galen_written(&theirs), &s.practice, &c),
        GALEN_OK);
    cr_assert_eq(c.relation, GALEN_VIEWS_NOT_SHOWN);
    struct exhibit other = exhibit_new(11);
    struct galen_writer strange =
        exhibit_export(&other, other.pharmacist, &(struct galen_evidence_options){0});
    cr_assert_eq(
        galen_evidence_compare(galen_written(&ours), galen_written(&strange), &s.practice, &c),
        GALEN_OK);
    cr_assert_eq(c.relation, GALEN_VIEWS_UNRELATED);
    /* All of it is good, and of another practice. */
    claim_is(&c.report[1], GALEN_CLAIM_PRACTICE, GALEN_CLAIM_FAILS, "another practice's");
    cr_assert_not(galen_evidence_holds(&c.report[1]));
    galen_writer_wipe(&ours);
    galen_writer_wipe(&theirs);
    galen_writer_wipe(&one);
    galen_writer_wipe(&strange);
    chart_free(other.chart);
    chart_free(s.chart);
}

/* Two servers' worth of one chart: the same seed, and one entry that differs. */
struct fork {
    struct exhibit left, right;
};

static struct fork fork_new(uint64_t seed)
{
    struct fork f = {exhibit_new(seed), exhibit_new(seed)};
    chart_say(f.left.chart, f.left.pharmacist, "take two a day");
    chart_say(f.right.chart, f.right.pharmacist, "take four a day");
    chart_say(f.left.chart, f.left.patient, "thank you");
    chart_say(f.right.chart, f.right.patient, "thank you");
    chart_read(f.left.chart, f.left.patient);
    chart_read(f.right.chart, f.right.caregiver);
    return f;
}

Test(views, H2_a_forked_pair_of_views_is_proven_by_two_heads)
{
    struct fork f = fork_new(12);
    struct galen_comparison c;
    for (int only = 0; only < 2; only++) {
        const struct galen_evidence_options options = {.only = only, .index = ENTRIES};
        struct galen_writer a = exhibit_export(&f.left, f.left.patient, &options);
        struct galen_writer b = exhibit_export(&f.right, f.right.caregiver, &options);
        cr_assert_eq(
            galen_evidence_compare(galen_written(&a), galen_written(&b), &f.left.practice, &c),
            GALEN_OK);
        cr_assert_eq(c.relation, GALEN_VIEWS_FORKED);
        cr_assert_eq(c.index, ENTRIES);
        cr_assert(c.has_proof[0] && c.has_proof[1]);
        cr_assert(galen_id_equal(&c.proof[0].device, &f.left.patient->id));
        cr_assert(galen_id_equal(&c.proof[1].device, &f.right.caregiver->id));
        cr_assert_neq(memcmp(c.proof[0].root, c.proof[1].root, 32), 0);
        /* Each view holds by itself: that is what makes a fork dangerous. */
        cr_assert(galen_evidence_holds(&c.report[0]) && galen_evidence_holds(&c.report[1]));
        galen_writer_wipe(&a);
        galen_writer_wipe(&b);
    }
    chart_free(f.left.chart);
    chart_free(f.right.chart);
}

Test(views, H2_a_fork_that_a_log_has_seen_is_in_its_evidence)
{
    struct fork f = fork_new(13);
    struct galen_head theirs;
    struct told told;
    galen_log_sign_head(f.right.caregiver->log, 99, &theirs);
    cr_assert_eq(galen_log_take_head(f.left.patient->log, &theirs), GALEN_ERR_HEAD);
    struct galen_writer file =
        exhibit_export(&f.left, f.left.patient, &(struct galen_evidence_options){0});
    struct galen_evidence_report report = exhibit_check(&f.left, galen_written(&file), &told);
    cr_assert(told_found(&told, GALEN_CLAIM_HEADS, GALEN_ERR_FORK, ENTRIES + 2));
    cr_assert(galen_id_equal(&told.finding[0].device, &f.right.caregiver->id));
    cr_assert_not(galen_evidence_holds(&report));
    galen_writer_wipe(&file);
    chart_free(f.left.chart);
    chart_free(f.right.chart);
}
