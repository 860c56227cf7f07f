/* protocol/safety over a chart: which medicines and allergies count, and what became of a finding. */
#include "galen/safety.h"

#include "support/allocator.h"
#include "support/chart_story.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static const struct galen_date today = {2026, 3, 14};
static struct story story;

static void begin(void)
{
    story_begin(&story);
}

static void end(void)
{
    story_end(&story);
}

TestSuite(safety_chart, .init = begin, .fini = end);

static void staff(uint8_t doc, char record, const char *field, const char *value)
{
    story_write(&story, &ana, story.size, doc, record, field, value);
    cr_assert(story.verdict.counts && story.verdict.err == GALEN_OK, "%s=%s", field, value);
}

static void medicine(char record, const char *drug)
{
    char regimen[200];
    snprintf(regimen, sizeof regimen, "drug=%s; dose=1", drug);
    staff(GALEN_DOC_PMR, record, "regimen", regimen);
}

/* kind:rule:status of each finding, in order; the keys up to the records. */
static const char *found(void)
{
    static char out[2000];
    struct galen_safety_findings *f = galen_safety_check(story.docs, today);
    cr_assert_not_null(f);
    out[0] = 0;
    for (size_t i = 0; i < f->count; i++) {
        size_t used = strlen(out);
        const char *rule = strchr(f->at[i].key, ':') + 1;
        snprintf(out + used, sizeof out - used, "%s%.*s=%s", i > 0 ? " " : "",
                 (int)(rule - f->at[i].key + (long)strcspn(rule, ":")), f->at[i].key,
                 galen_safety_finding_status_name(f->at[i].status));
    }
    galen_safety_findings_free(f);
    return out;
}

Test(safety_chart, an_empty_chart)
{
    cr_assert_str_eq(found(), "");
}

Test(safety_chart, what_is_stopped_does_not_count_and_everything_else_does)
{
    medicine('a', "Advil");
    medicine('b', "Aleve");
    cr_assert_str_eq(found(), "class:nsaid=open", "no status is taken");
    staff(GALEN_DOC_PMR, 'a', "status", "active");
    staff(GALEN_DOC_PMR, 'b', "status", "on-hold");
    cr_assert_str_eq(found(), "class:nsaid=open");
    staff(GALEN_DOC_PMR, 'b', "status", "proposed");
    cr_assert_str_eq(found(), "class:nsaid=open");
    staff(GALEN_DOC_PMR, 'b', "status", "stopped");
    cr_assert_str_eq(found(), "");
}

Test(safety_chart, stopped_by_one_and_not_by_another_is_not_stopped)
{
    medicine('a', "Advil");
    medicine('b', "Aleve");
    uint64_t base = story.size;
    story_write(&story, &ana, base, GALEN_DOC_PMR, 'b', "status", "stopped");
    story_write(&story, &ben, base, GALEN_DOC_PMR, 'b', "status", "active");
    cr_assert_str_eq(found(), "class:nsaid=open");
}

Test(safety_chart, what_is_stopped_and_said_to_be_taken_all_the_same_counts)
{
    medicine('a', "Advil");
    medicine('b', "Aleve");
    staff(GALEN_DOC_PMR, 'b', "status", "stopped");
    cr_assert_str_eq(found(), "");
    uint64_t proposal =
        story_propose(&story, &pat, story.size, GALEN_DOC_PMR, 'b', "status", "active");
    cr_assert_str_eq(found(), "class:nsaid=open");
    story_answer(&story, &ana, story.size, proposal, false);
    cr_assert_str_eq(found(), "");
}

Test(safety_chart, what_a_patient_proposes_counts_until_it_is_declined)
{
    medicine('a', "Advil");
    uint64_t proposal =
        story_propose(&story, &pat, story.size, GALEN_DOC_PMR, 'b', "regimen", "drug=Aleve");
    cr_assert(story.verdict.counts);
    cr_assert_str_eq(found(), "class:nsaid=open");
    story_answer(&story, &ana, story.size, proposal, false);
    cr_assert_str_eq(found(), "");
}

/* Nobody hides a medicine or an allergy from the checks by proposing something else for it. */
Test(safety_chart, what_is_only_proposed_takes_nothing_out_of_the_checks)
{
    medicine('a', "Advil");
    story_propose(&story, &pat, story.size, GALEN_DOC_PMR, 'b', "regimen", "drug=Aleve");
    story_propose(&story, &cara, story.size, GALEN_DOC_PMR, 'b', "status", "stopped");
    cr_assert_str_eq(found(), "class:nsaid=open");
    story_propose(&story, &cara, story.size, GALEN_DOC_PMR, 'b', "regimen", "drug=Vitamin C");
    cr_assert_str_eq(found(), "class:nsaid=open");
    staff(GALEN_DOC_PMR, 'a', "status", "stopped");
    cr_assert_str_eq(found(), "");
    story_propose(&story, &pat, story.size, GALEN_DOC_ALLERGIES, 'x', "substance", "naproxen");
    story_propose(&story, &cara, story.size, GALEN_DOC_ALLERGIES, 'x', "status", "resolved");
    cr_assert_str_eq(found(), "allergy:same=open");
    story_propose(&story, &cara, story.size, GALEN_DOC_ALLERGIES, 'x', "substance", "latex");
    cr_assert_str_eq(found(), "allergy:same=open");
}

Test(safety_chart, both_substances_of_a_conflict_are_checked)
{
    medicine('a', "Bactrim");
    uint64_t base = story.size;
    story_write(&story, &ana, base, GALEN_DOC_ALLERGIES, 'x', "substance", "penicillin");
    story_write(&story, &ben, base, GALEN_DOC_ALLERGIES, 'x', "substance", "sulfa");
    cr_assert_str_eq(found(), "allergy:class=open");
}

Test(safety_chart, both_regimens_of_a_conflict_are_checked)
{
    medicine('a', "Advil");
    staff(GALEN_DOC_PMR, 'b', "regimen", "drug=Tylenol");
    uint64_t base = story.size;
    story_write(&story, &ana, base, GALEN_DOC_PMR, 'b', "regimen", "drug=Aleve");
    story_write(&story, &ben, base, GALEN_DOC_PMR, 'b', "regimen", "drug=Celebrex");
    cr_assert_str_eq(found(), "class:nsaid=open");
}

Test(safety_chart, the_date_of_birth_is_that_of_the_profile)
{
    struct galen_write write = {.doc = GALEN_DOC_PROFILE, .count = 1};
    struct galen_writer value;
    medicine('a', "lorazepam");
    cr_assert_str_eq(found(), "");
    galen_writer_init(&value);
    const struct galen_document *profile = galen_document(GALEN_DOC_PROFILE);
    memcpy(write.record, galen_document_single(profile), sizeof write.record);
    cr_assert_eq(galen_value_parse(&value, galen_field_named(profile, "birth_date"),
                                   (struct galen_bytes){(const uint8_t *)"1950-02-03", 10}),
                 GALEN_OK);
    write.fields[0] = (struct galen_write_field){GALEN_PROFILE_BIRTH_DATE, galen_written(&value)};
    struct galen_op op = {.kind = GALEN_KIND_WRITE, .base = story.size, .content.write = write};
    story_apply(&story, &ana, &op);
    cr_assert(story.verdict.counts);
    galen_writer_wipe(&value);
    cr_assert_str_eq(found(), "age:benzodiazepine=open");
}

Test(safety_chart, of_two_dates_of_birth_the_earlier_counts)
{
    static const char *const dates[][2] = {
        {"1990", "1950"}, {"1961-03-15", "1961-03-14"}, {"1961-04", "1961-03"}};
    medicine('a', "lorazepam");
    for (size_t i = 0; i < 6; i++) {
        uint64_t base = story.size;
        story_write(&story, &ana, base, GALEN_DOC_PROFILE, 0, "birth_date", dates[i / 2][i % 2]);
        cr_assert_str_eq(found(), i % 2 == 0 ? "" : "age:benzodiazepine=open");
        story_write(&story, &ben, base, GALEN_DOC_PROFILE, 0, "birth_date",
                    dates[i / 2][1 - i % 2]);
        cr_assert_str_eq(found(), "age:benzodiazepine=open");
    }
}

/* Years after the hospital stay it is not; the story is told in November 2023. */
Test(safety_chart, new_since_a_hospital_stay_is_new_for_a_while)
{
    medicine('a', "warfarin");
    medicine('b', "nitrofurantoin");
    staff(GALEN_DOC_PMR, 'b', "start", "2023-06-01");
    staff(GALEN_DOC_PMR, 'b', "discharge", "new");
    cr_assert_str_eq(found(), "");
    struct galen_safety_findings *f =
        galen_safety_check(story.docs, (struct galen_date){2023, 12, 24});
    cr_assert(f && f->count == 1 && f->at[0].kind == GALEN_FINDING_SHORT_TERM);
    galen_safety_findings_free(f);
}

Test(safety_chart, an_allergy_counts_while_it_holds)
{
    medicine('a', "Augmentin");
    staff(GALEN_DOC_ALLERGIES, 'x', "substance", "Penicillin");
    cr_assert_str_eq(found(), "allergy:class=open");
    staff(GALEN_DOC_ALLERGIES, 'x', "status", "active");
    cr_assert_str_eq(found(), "allergy:class=open");
    staff(GALEN_DOC_ALLERGIES, 'x', "status", "entered-in-error");
    cr_assert_str_eq(found(), "");
    staff(GALEN_DOC_ALLERGIES, 'x', "status", "resolved");
    cr_assert_str_eq(found(), "");
}

Test(safety_chart, writing_is_looked_at_in_regimens_directions_and_actions)
{
    staff(GALEN_DOC_PMR, 'a', "regimen", "drug=Lantus; dose=10; unit=U; frequency=QD");
    staff(GALEN_DOC_PMR, 'a', "instructions", "1.0 mg");
    staff(GALEN_DOC_MAP, 'm', "action", "take .5 mg");
    cr_assert_str_eq(found(),
                     "writing:naked-decimal=open writing:qd=open writing:trailing-zero=open "
                     "writing:u=open");
}

Test(safety_chart, methotrexate_as_something_to_take_each_day_is_found)
{
    static const struct {
        const char *frequency;
        bool found;
    } cases[] = {
        {"once a day", true},
        {"Every morning", true},
        {"daily with food", true},
        {"once a week", false},
        {"Mondays", false},
        {"every Monday morning", false},
        {"every 7 days", false},
        {"one day a week", false},
        {"b.i.d.", true},
        {"qAM", true},
        {"q12h", true},
        {"every Fri AM", false},
        {"Wed", false},
        {"Mon, Wed, Fri", true},
        {"Mondays and Thursdays", true},
        {"Mon-Fri", true},
        {"each weekday", true},
        {"every day for 1 week", true},
        {"daily x 2 weeks", true},
        {"twice a week", true},
        {"3 times weekly", true},
        {"2x/week", true},
        {"1x a week", false},
        {"once weekly, 2 tablets", false},
        {"weekly, in the evening, the same day each week", false},
        {"Once a week. NOT daily!", false},
        {"for a month: every Saturday", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char regimen[200];
        snprintf(regimen, sizeof regimen, "drug=Trexall; dose=1; frequency=%s", cases[i].frequency);
        staff(GALEN_DOC_PMR, 'a', "regimen", regimen);
        staff(GALEN_DOC_PMR, 'b', "regimen", "drug=folic acid; dose=1; frequency=once a day");
        cr_assert_str_eq(found(), cases[i].found ? "writing:weekly=open" : "", "%s",
                         cases[i].frequency);
    }
}

/* Pharmacies write it into the dose, or leave it to the directions. */
Test(safety_chart, methotrexate_is_looked_at_wherever_it_says_how_often)
{
    staff(GALEN_DOC_PMR, 'a', "regimen", "drug=Trexall; dose=4 tablets daily");
    cr_assert_str_eq(found(), "writing:weekly=open");
    staff(GALEN_DOC_PMR, 'a', "regimen", "drug=Trexall; dose=4");
    cr_assert_str_eq(found(), "");
    staff(GALEN_DOC_PMR, 'a', "instructions", "Take 4 tablets every morning.");
    cr_assert_str_eq(found(), "writing:weekly=open");
    staff(GALEN_DOC_PMR, 'a', "instructions", "Take them on Friday. Folic acid on the other days.");
    cr_assert_str_eq(found(), "");
}

/* One of two answers, or what is only proposed, may be what is taken. */
Test(safety_chart, writing_is_looked_at_in_each_regimen_that_somebody_gave)
{
    staff(GALEN_DOC_PMR, 'a', "regimen", "drug=Trexall; dose=4; frequency=once a week");
    story_propose(&story, &pat, story.size, GALEN_DOC_PMR, 'a', "regimen",
                  "drug=Trexall; dose=4; frequency=every day");
    cr_assert_str_eq(found(), "writing:weekly=open");
    staff(GALEN_DOC_PMR, 'b', "regimen", "drug=Zinc; dose=1");
    uint64_t base = story.size;
    story_write(&story, &ana, base, GALEN_DOC_PMR, 'b', "regimen", "drug=Zinc; dose=1.0 mg");
    story_write(&story, &ben, base, GALEN_DOC_PMR, 'b', "regimen", "drug=Zinc; dose=2.0 mg");
    cr_assert_str_eq(found(), "writing:weekly=open writing:trailing-zero=open", "and once");
}

/* What the bottle says is right, and taken every day all the same. */
Test(safety_chart, methotrexate_that_is_really_taken_each_day_is_found_once)
{
    staff(GALEN_DOC_PMR, 'a', "regimen", "drug=Trexall; dose=1; frequency=once a week");
    story_write(&story, &pat, story.size, GALEN_DOC_PMR, 'a', "taken_as", "one each morning");
    cr_assert(story.verdict.counts);
    cr_assert_str_eq(found(), "writing:weekly=open");
    staff(GALEN_DOC_PMR, 'a', "regimen", "drug=Trexall; dose=1; frequency=once a day");
    cr_assert_str_eq(found(), "writing:weekly=open");
    staff(GALEN_DOC_PMR, 'b', "regimen", "drug=folic acid; dose=1; frequency=once a week");
    story_write(&story, &pat, story.size, GALEN_DOC_PMR, 'b', "taken_as", "one each morning");
    staff(GALEN_DOC_PMR, 'a', "status", "stopped");
    cr_assert_str_eq(found(), "");
}

/* In a conflict, or proposed beside what stands: whichever comes first in the log. */
Test(safety_chart, methotrexate_each_day_is_found_whoever_of_several_says_so)
{
    static const char weekly[] = "drug=Trexall; dose=1; frequency=once a week",
                      daily[] = "drug=Trexall; dose=1; frequency=once a day";
    for (int turned = 0; turned < 2; turned++) {
        uint64_t base = story.size;
        story_write(&story, &ana, base, GALEN_DOC_PMR, 'a', "regimen", turned ? daily : weekly);
        story_write(&story, &ben, base, GALEN_DOC_PMR, 'a', "regimen", turned ? weekly : daily);
        cr_assert_str_eq(found(), "writing:weekly=open");
        staff(GALEN_DOC_PMR, 'a', "regimen", weekly);
        cr_assert_str_eq(found(), "");
    }
    uint64_t proposal =
        story_propose(&story, &pat, story.size, GALEN_DOC_PMR, 'a', "regimen", daily);
    cr_assert_str_eq(found(), "writing:weekly=open");
    story_answer(&story, &ana, story.size, proposal, false);
    cr_assert_str_eq(found(), "");
    uint64_t base = story.size;
    story_write(&story, &pat, base, GALEN_DOC_PMR, 'a', "taken_as", "on Mondays");
    story_write(&story, &cara, base, GALEN_DOC_PMR, 'a', "taken_as", "every morning");
    cr_assert_str_eq(found(), "writing:weekly=open");
}

Test(safety_chart, writing_of_all_who_disagree_is_looked_at_and_said_once)
{
    medicine('a', "Zinc");
    uint64_t base = story.size;
    story_write(&story, &ana, base, GALEN_DOC_PMR, 'a', "instructions", "5.0 mg");
    story_write(&story, &ben, base, GALEN_DOC_PMR, 'a', "instructions", "6.0 mg QD");
    cr_assert_str_eq(found(), "writing:qd=open writing:trailing-zero=open");
    staff(GALEN_DOC_PMR, 'a', "instructions", "5 mg");
    cr_assert_str_eq(found(), "");
}

Test(safety_chart, what_was_said_of_a_declined_medicine_is_not_looked_at)
{
    uint64_t proposal =
        story_propose(&story, &pat, story.size, GALEN_DOC_PMR, 'b', "regimen", "drug=Zinc");
    story_write(&story, &pat, story.size, GALEN_DOC_PMR, 'b', "taken_as", "5.0 mg");
    cr_assert_str_eq(found(), "writing:trailing-zero=open");
    story_answer(&story, &ana, story.size, proposal, false);
    cr_assert_str_eq(found(), "");
}

/* Beside an anticoagulant: what was begun long ago is no short course, but for what says that it is new. */
Test(safety_chart, what_is_new_is_a_short_course_whatever_day_it_has)
{
    medicine('a', "warfarin");
    medicine('b', "nitrofurantoin");
    staff(GALEN_DOC_PMR, 'b', "start", "2024");
    cr_assert_str_eq(found(), "");
    staff(GALEN_DOC_PMR, 'b', "status", "proposed");
    cr_assert_str_eq(found(), "short-term:warfarin=open");
    staff(GALEN_DOC_PMR, 'b', "status", "active");
    cr_assert_str_eq(found(), "");
    story_propose(&story, &pat, story.size, GALEN_DOC_PMR, 'c', "regimen", "drug=nitrofurantoin");
    story_propose(&story, &pat, story.size, GALEN_DOC_PMR, 'c', "start", "2024");
    staff(GALEN_DOC_PMR, 'b', "status", "stopped");
    cr_assert_str_eq(found(), "short-term:warfarin=open", "nobody has reviewed when");
}

/* A patient says that it is another medicine by now: before anybody has accepted that, it may be taken. */
Test(safety_chart, another_medicine_that_is_proposed_for_an_entry_is_checked_beside_it)
{
    medicine('a', "Coumadin");
    medicine('b', "Tylenol");
    uint64_t proposal =
        story_propose(&story, &pat, story.size, GALEN_DOC_PMR, 'b', "regimen", "drug=Aleve");
    cr_assert_str_eq(found(), "interaction:anticoagulant-nsaid=open");
    story_answer(&story, &ana, story.size, proposal, false);
    cr_assert_str_eq(found(), "");
    story_propose(&story, &pat, story.size, GALEN_DOC_PMR, 'a', "regimen",
                  "drug=Vitamin C; dose=2");
    medicine('c', "Advil");
    cr_assert_str_eq(found(), "interaction:anticoagulant-nsaid=open", "and what stands, too");
    staff(GALEN_DOC_PMR, 'a', "status", "stopped");
    staff(GALEN_DOC_ALLERGIES, 'x', "substance", "latex");
    story_propose(&story, &pat, story.size, GALEN_DOC_ALLERGIES, 'x', "substance", "ibuprofen");
    cr_assert_str_eq(found(), "allergy:same=open");
    staff(GALEN_DOC_ALLERGIES, 'x', "substance", "Motrin");
    cr_assert_str_eq(found(), "allergy:same=open", "once, by whichever name");
}

Test(safety_chart, writing_of_what_is_only_proposed_is_looked_at_until_it_is_declined)
{
    static const struct {
        uint8_t doc;
        const char *field, *value, *found;
    } cases[] = {
        {GALEN_DOC_PMR, "reason", "1.0 mg for sleep", "writing:trailing-zero=open"}, /* a text */
        {GALEN_DOC_PMR, "instructions", "QD", "writing:qd=open"},                    /* a wording */
        {GALEN_DOC_PMR, "regimen", "drug=Zinc; unit=U", "writing:u=open"},
        {GALEN_DOC_MAP, "topic", "take .5 mg", "writing:naked-decimal=open"},
        {GALEN_DOC_MAP, "action", "take .5 mg", "writing:naked-decimal=open"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint64_t proposal = story_propose(&story, &pat, story.size, cases[i].doc, (char)('a' + i),
                                          cases[i].field, cases[i].value);
        cr_assert(story.verdict.counts);
        cr_assert_str_eq(found(), cases[i].found);
        story_answer(&story, &ana, story.size, proposal, false);
        cr_assert_str_eq(found(), "");
    }
}

static void first_key(char key[GALEN_SAFETY_KEY_MAX])
{
    struct galen_safety_findings *f = galen_safety_check(story.docs, today);
    cr_assert(f && f->count > 0);
    strcpy(key, f->at[0].key);
    galen_safety_findings_free(f);
}

Test(safety_chart, a_finding_becomes_a_problem_or_is_set_aside_by_its_key)
{
    char key[GALEN_SAFETY_KEY_MAX];
    medicine('a', "Advil");
    medicine('b', "Aleve");
    first_key(key);
    staff(GALEN_DOC_DTP, 'p', "finding", key);
    cr_assert_str_eq(found(), "class:nsaid=problem");
    staff(GALEN_DOC_DTP, 'p', "status", "set-aside");
    cr_assert_str_eq(found(), "class:nsaid=set-aside");
    struct galen_safety_findings *f = galen_safety_check(story.docs, today);
    uint8_t id[GALEN_RECORD_ID_BYTES];
    story_record_id('p', id);
    cr_assert_arr_eq(f->at[0].dtp, id, sizeof id);
    galen_safety_findings_free(f);
    /* A third medicine is another matter: what was set aside was about two. */
    medicine('c', "Mobic");
    cr_assert_str_eq(found(), "class:nsaid=open");
    staff(GALEN_DOC_PMR, 'c', "status", "stopped");
    cr_assert_str_eq(found(), "class:nsaid=set-aside");
    /* Set aside by one and a problem to another is a problem. */
    staff(GALEN_DOC_DTP, 'q', "finding", key);
    cr_assert_str_eq(found(), "class:nsaid=problem");
}

Test(safety_chart, another_key_settles_nothing)
{
    medicine('a', "Advil");
    medicine('b', "Aleve");
    staff(GALEN_DOC_DTP, 'p', "finding", "class:nsaid:");
    cr_assert_str_eq(found(), "class:nsaid=open");
}

Test(safety_chart, each_allocation_may_fail)
{
    medicine('a', "Advil");
    medicine('b', "Aleve");
    staff(GALEN_DOC_ALLERGIES, 'x', "substance", "aspirin");
    for (size_t nth = 1;; nth++) {
        allocator_fail(nth);
        struct galen_safety_findings *f = galen_safety_check(story.docs, today);
        bool failed = allocator_failed();
        allocator_fail(0);
        cr_assert_eq(f == NULL, failed, "%zu", nth);
        galen_safety_findings_free(f);
        if (!failed)
            break;
    }
}
