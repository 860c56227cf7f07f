/* Stories about taking back what one wrote oneself (PROTOCOL.md, "Undo"). */
#include "galen/undo.h"

#include "support/allocator.h"
#include "support/chance.h"
#include "support/chart_story.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PMR = GALEN_DOC_PMR, VISIT = GALEN_DOC_VISIT, ALLERGIES = GALEN_DOC_ALLERGIES };

#define assert_values(story, doc, record, field, expected)                                         \
    cr_assert_str_eq(story_values(story, doc, record, field), expected)

static struct galen_undo_author author(const struct person *who)
{
    struct galen_undo_author a = {.role = who->role};
    memset(a.account.bytes, who->account, sizeof a.account.bytes);
    return a;
}

static enum galen_err look(const struct story *s, const struct person *who, bool again,
                           struct galen_undo *undo, struct galen_undo *passed)
{
    struct galen_undo_author a = author(who);
    return galen_docs_undo(s->docs, &a, again, undo, passed);
}

/* Takes back the last change, which must be the one at `index`; readers find nothing to void. */
static uint64_t turn(struct story *s, const struct person *who, bool again, uint64_t index)
{
    struct galen_undo undo;
    cr_assert_eq(look(s, who, again, &undo, NULL), GALEN_OK);
    cr_assert_eq(undo.index, index, "%llu", (unsigned long long)undo.index);
    cr_assert_eq(undo.again, again);
    undo.op.base = s->size;
    uint64_t at = story_apply(s, who, &undo.op);
    cr_assert_eq(s->verdict.err, GALEN_OK, "%s", galen_err_name(s->verdict.err));
    cr_assert(s->verdict.counts);
    galen_undo_wipe(&undo);
    return at;
}

static void assert_nothing(const struct story *s, const struct person *who, bool again)
{
    struct galen_undo undo;
    cr_assert_eq(look(s, who, again, &undo, NULL), GALEN_ERR_NOTHING);
    cr_assert_eq(undo.index, GALEN_NO_ENTRY);
}

/* Nothing goes back; the newest change that stands is this one, and stays for this reason. */
static void assert_stays(const struct story *s, const struct person *who, uint64_t index,
                         enum galen_undo_why why, const struct person *by)
{
    struct galen_undo undo, passed;
    cr_assert_eq(look(s, who, false, &undo, &passed), GALEN_ERR_NOTHING);
    cr_assert_eq(passed.index, index);
    cr_assert_eq(passed.why, why, "%d", passed.why);
    cr_assert_eq(passed.by != NULL, by != NULL);
    cr_assert(by == NULL || passed.by->account.bytes[0] == by->account);
    galen_undo_wipe(&passed);
}

Test(undo, goes_back_change_by_change_and_forth_again)
{
    struct story s;
    story_begin(&s);
    assert_nothing(&s, &ana, false);
    uint64_t first = story_write(&s, &ana, 0, PMR, 'm', "prescriber", "Lee");
    uint64_t second = story_write(&s, &ana, 1, PMR, 'm', "prescriber", "Kim");
    story_message(&s, &ana, 2); /* what was said was said */
    uint64_t third = story_write(&s, &ana, 3, PMR, 'm', "pharmacy", "Elm Street");
    assert_nothing(&s, &ana, true);
    uint64_t undo = turn(&s, &ana, false, third);
    assert_values(&s, PMR, 'm', "pharmacy", "(cleared)");
    turn(&s, &ana, false, second);
    assert_values(&s, PMR, 'm', "prescriber", "Lee");
    turn(&s, &ana, false, first);
    assert_values(&s, PMR, 'm', "prescriber", "(cleared)");
    assert_nothing(&s, &ana, false);
    turn(&s, &ana, true, first);
    turn(&s, &ana, true, second);
    assert_values(&s, PMR, 'm', "prescriber", "Kim");
    turn(&s, &ana, false, second);
    assert_values(&s, PMR, 'm', "prescriber", "Lee");
    turn(&s, &ana, true, second);
    uint64_t redo = turn(&s, &ana, true, third);
    assert_values(&s, PMR, 'm', "pharmacy", "Elm Street");
    assert_nothing(&s, &ana, true);
    bool again;
    cr_assert_eq(galen_docs_undone(s.docs, undo, &again), third);
    cr_assert_not(again);
    cr_assert_eq(galen_docs_undone(s.docs, redo, &again), third);
    cr_assert(again);
    cr_assert_eq(galen_docs_undone(s.docs, third, &again), GALEN_NO_ENTRY);
    turn(&s, &ana, false, third);
    story_write(&s, &ana, s.size, PMR, 'm', "pharmacy", "Oak Street");
    assert_nothing(&s, &ana, true); /* they went on from there */
    story_end(&s);
}

Test(undo, is_a_persons_by_any_of_their_devices_and_happens_once)
{
    struct story s;
    struct galen_undo a, b;
    story_begin(&s);
    story_write(&s, &ana, 0, PMR, 'm', "prescriber", "Lee");
    story_write(&s, &pat, 1, PMR, 'm', "adherence", "mostly");
    uint64_t last = story_write(&s, &pat, 2, PMR, 'm', "adherence", "sometimes");
    cr_assert_eq(look(&s, &pat, false, &a, NULL), GALEN_OK);
    cr_assert_eq(look(&s, &pat_2, false, &b, NULL), GALEN_OK);
    a.op.base = b.op.base = s.size;
    cr_assert_eq(a.index, last);
    story_apply(&s, &pat_2, &b.op);
    story_apply(&s, &pat, &a.op); /* both pressed at once */
    cr_assert_eq(s.verdict.err, GALEN_ERR_DUPLICATE);
    assert_values(&s, PMR, 'm', "adherence", "mostly");
    cr_assert_eq(galen_docs_conflict_count(s.docs), 0);
    galen_undo_wipe(&a);
    galen_undo_wipe(&b);
    turn(&s, &pat_2, false, 1);
    assert_values(&s, PMR, 'm', "adherence", "(cleared)");
    story_end(&s);
}

Test(undo, what_others_wrote_since_stays)
{
    struct story s;
    struct galen_undo undo, passed;
    story_begin(&s);
    story_write(&s, &ben, 0, PMR, 'm', "regimen", "drug=Metformin; strength=500 mg");
    uint64_t older = story_write(&s, &ana, 1, PMR, 'm', "pharmacy", "Elm Street");
    uint64_t mine =
        story_write(&s, &ana, 2, PMR, 'm', "regimen", "drug=Metformin; strength=850 mg");
    story_write(&s, &ben, 3, PMR, 'm', "regimen", "drug=Metformin; strength=1000 mg");
    cr_assert_eq(look(&s, &ana, false, &undo, &passed), GALEN_OK);
    cr_assert_eq(undo.index, older);
    cr_assert_eq(passed.index, mine);
    cr_assert_eq(passed.why, GALEN_UNDO_WRITTEN_SINCE);
    cr_assert_eq(passed.by->account.bytes[0], ben.account);
    galen_undo_wipe(&undo);
    galen_undo_wipe(&passed);
    turn(&s, &ana, false, older);
    assert_stays(&s, &ana, mine, GALEN_UNDO_WRITTEN_SINCE, &ben);
    assert_values(&s, PMR, 'm', "regimen", "drug=Metformin; strength=1000 mg; as_needed=no");
    story_end(&s);
}

Test(undo, of_several_fields_those_that_others_left_go_back)
{
    struct story s;
    struct galen_undo undo;
    story_begin(&s);
    story_write(&s, &ben, 0, PMR, 'm', "kind", "herbal");
    struct galen_op op = {.kind = GALEN_KIND_WRITE, .base = 1};
    op.content.write.doc = PMR;
    story_record_id('m', op.content.write.record);
    op.content.write.count = 2;
    op.content.write.fields[0] =
        (struct galen_write_field){GALEN_PMR_PRESCRIBER, {(const uint8_t *)"Kim", 3}};
    op.content.write.fields[1] =
        (struct galen_write_field){GALEN_PMR_PHARMACY, {(const uint8_t *)"Elm", 3}};
    uint64_t mine = story_apply(&s, &ana, &op);
    story_write(&s, &ben, 2, PMR, 'm', "pharmacy", "Oak");
    cr_assert_eq(look(&s, &ana, false, &undo, NULL), GALEN_OK);
    cr_assert_eq(undo.count, 2);
    cr_assert_eq(undo.fields[0].why, GALEN_UNDO_GOES);
    cr_assert_eq(undo.fields[0].now.size, 3);
    cr_assert_eq(undo.fields[0].then.size, 0);
    cr_assert_eq(undo.fields[1].why, GALEN_UNDO_WRITTEN_SINCE);
    cr_assert_eq(undo.op.content.write.count, 1);
    galen_undo_wipe(&undo);
    turn(&s, &ana, false, mine);
    assert_values(&s, PMR, 'm', "prescriber", "(cleared)");
    assert_values(&s, PMR, 'm', "pharmacy", "Oak");
    turn(&s, &ana, true, mine); /* and what stayed is not written anew */
    assert_values(&s, PMR, 'm', "prescriber", "Kim");
    assert_values(&s, PMR, 'm', "pharmacy", "Oak");
    story_end(&s);
}

Test(undo, of_one_side_of_a_conflict_leaves_the_other)
{
    struct story s;
    story_begin(&s);
    story_write(&s, &ana, 0, PMR, 'm', "regimen", "drug=Metformin; strength=500 mg");
    story_write(&s, &ben, 1, PMR, 'm', "regimen", "drug=Metformin; strength=1000 mg");
    uint64_t mine =
        story_write(&s, &ana, 1, PMR, 'm', "regimen", "drug=Metformin; strength=850 mg");
    cr_assert_eq(galen_docs_conflict_count(s.docs), 1);
    turn(&s, &ana, false, mine);
    assert_values(&s, PMR, 'm', "regimen", "drug=Metformin; strength=1000 mg; as_needed=no");
    cr_assert_eq(galen_docs_conflict_count(s.docs), 0);
    story_end(&s);
}

Test(undo, never_chooses_between_values_that_stood_in_conflict)
{
    struct story s;
    story_begin(&s);
    story_write(&s, &ben, 0, PMR, 'm', "regimen", "drug=Metformin; strength=500 mg");
    story_write(&s, &tom, 0, PMR, 'm', "regimen", "drug=Metformin; strength=850 mg");
    uint64_t mine =
        story_write(&s, &ana, 2, PMR, 'm', "regimen", "drug=Metformin; strength=850 mg");
    assert_stays(&s, &ana, mine, GALEN_UNDO_CHOICE, NULL);
    story_end(&s);
}

Test(undo, of_what_somebody_else_wrote_too_changes_nothing)
{
    struct story s;
    story_begin(&s);
    story_write(&s, &tom, 0, PMR, 'm', "prescriber", "Lee");
    story_write(&s, &ben, 1, PMR, 'm', "prescriber", "Kim");
    uint64_t mine = story_write(&s, &ana, 1, PMR, 'm', "prescriber", "Kim");
    assert_stays(&s, &ana, mine, GALEN_UNDO_SAME, NULL);
    story_end(&s);
}

Test(undo, of_a_text_takes_out_ones_own_words_alone)
{
    struct story s;
    story_begin(&s);
    story_write(&s, &ana, 0, VISIT, 'v', "type", "cmr");
    uint64_t first = story_write(&s, &pat, 1, VISIT, 'v', "notes", "I sleep badly.");
    story_write(&s, &ana, 2, VISIT, 'v', "notes", "I sleep badly. Since when?");
    uint64_t second =
        story_write(&s, &pat, 3, VISIT, 'v', "notes", "I sleep very badly. Since when? Since May.");
    story_write(&s, &ana, 4, VISIT, 'v', "notes",
                "I sleep very badly. Since when? Since May. I see.");
    turn(&s, &pat, false, second);
    assert_values(&s, VISIT, 'v', "notes", "I sleep badly. Since when? I see.");
    turn(&s, &pat, false, first);
    assert_values(&s, VISIT, 'v', "notes", " Since when? I see.");
    assert_nothing(&s, &pat, false);
    turn(&s, &pat, true, first);
    turn(&s, &pat, true, second);
    assert_values(&s, VISIT, 'v', "notes", "I sleep very badly. Since when? Since May. I see.");
    story_end(&s);
}

Test(undo, of_a_text_that_was_deleted_and_brought_back_takes_it_out)
{
    struct story s;
    story_begin(&s);
    story_write(&s, &ana, 0, VISIT, 'v', "type", "cmr");
    uint64_t first = story_write(&s, &pat, 1, VISIT, 'v', "notes", "hello");
    uint64_t second = story_write(&s, &pat, 2, VISIT, 'v', "notes", "");
    turn(&s, &pat, false, second);
    assert_values(&s, VISIT, 'v', "notes", "hello"); /* other letters, which say the same */
    turn(&s, &pat, false, first);
    assert_values(&s, VISIT, 'v', "notes", "(cleared)");
    turn(&s, &pat, true, first);
    assert_values(&s, VISIT, 'v', "notes", "hello");
    turn(&s, &pat, true, second);
    assert_values(&s, VISIT, 'v', "notes", "(cleared)");
    story_end(&s);
}

Test(undo, of_an_added_record_takes_it_away)
{
    struct story s;
    story_begin(&s);
    uint64_t added = story_write(&s, &ana, 0, ALLERGIES, 'a', "substance", "penicillin");
    turn(&s, &ana, false, added);
    cr_assert_eq(galen_record_state(story_record(&s, ALLERGIES, 'a')), GALEN_RECORD_EMPTY);
    cr_assert_not(galen_record_stands(story_record(&s, ALLERGIES, 'a')));
    turn(&s, &ana, true, added);
    cr_assert_eq(galen_record_state(story_record(&s, ALLERGIES, 'a')), GALEN_RECORD_PRESENT);
    assert_values(&s, ALLERGIES, 'a', "substance", "penicillin");
    story_write(&s, &ben, s.size, ALLERGIES, 'a', "severity", "mild");
    assert_stays(&s, &ana, added, GALEN_UNDO_USED, &ben);
    story_end(&s);
}

/* Nothing is left of it without its name, not of one's own either. */
Test(undo, of_an_added_record_is_of_all_of_it_or_of_none)
{
    struct story s;
    const struct person ana_2 = {.device = 21, .account = ana.account, .role = ana.role};
    story_begin(&s);
    story_write(&s, &ana, 0, PMR, 'm', "regimen", "drug=Metformin");
    story_write(&s, &ana, 1, PMR, 'm', "prescriber", "Lee");
    story_write(&s, &ana_2, 1, PMR, 'm', "prescriber", "Kim");
    uint64_t chosen = story_write(&s, &ana, 3, PMR, 'm', "prescriber", "Kim");
    struct galen_undo undo, passed;
    cr_assert_eq(look(&s, &ana, false, &undo, &passed), GALEN_ERR_NOTHING);
    cr_assert_eq(passed.index, chosen);
    cr_assert_eq(passed.why, GALEN_UNDO_CHOICE);
    galen_undo_wipe(&passed);
    story_write(&s, &ana, 4, ALLERGIES, 'a', "substance", "penicillin");
    uint64_t proposed = story_propose(&s, &pat, 5, ALLERGIES, 'a', "severity", "mild");
    assert_stays(&s, &ana, 4, GALEN_UNDO_USED, &pat);
    story_answer(&s, &pat, s.size, proposed, false);
    turn(&s, &ana, false, 4);
    cr_assert_not(galen_record_stands(story_record(&s, ALLERGIES, 'a')));
    cr_assert_eq(galen_record_state(story_record(&s, PMR, 'm')), GALEN_RECORD_PRESENT);
    story_end(&s);
}

Test(undo, of_a_record_that_was_signed_does_not_take_it_away)
{
    struct story s;
    story_begin(&s);
    uint64_t added = story_write(&s, &ana, 0, PMR, 'm', "regimen", "drug=Metformin");
    uint64_t changed = story_write(&s, &ana, 1, PMR, 'm', "status", "stopped");
    story_sign(&s, &ana, s.size);
    cr_assert_eq(galen_docs_version_at(s.docs, 0).superseded, GALEN_NO_ENTRY);
    uint64_t undo =
        turn(&s, &ana, false, changed); /* is brought back, as a change like any other */
    assert_values(&s, PMR, 'm', "status", "(cleared)");
    cr_assert_eq(galen_docs_version_at(s.docs, 0).superseded, undo);
    assert_stays(&s, &ana, added, GALEN_UNDO_SIGNED, NULL);
    story_end(&s);
}

Test(undo, withdraws_a_proposal_until_it_is_answered)
{
    struct story s;
    story_begin(&s);
    uint64_t mine = story_propose(&s, &pat, 0, PMR, 'm', "regimen", "drug=Ginkgo");
    uint64_t undo = turn(&s, &pat, false, mine);
    const struct galen_proposal *proposal = galen_docs_proposal(s.docs, mine);
    cr_assert_eq(galen_proposal_state(proposal), GALEN_PROPOSAL_DECLINED);
    cr_assert_eq(galen_docs_pending_count(s.docs), 0);
    cr_assert_eq(galen_record_state(story_record(&s, PMR, 'm')), GALEN_RECORD_DECLINED);
    bool again;
    cr_assert_eq(galen_docs_undone(s.docs, undo, &again), mine);
    assert_nothing(&s, &pat, false);
    assert_nothing(&s, &pat, true); /* they may propose it anew */

    uint64_t other = story_propose(&s, &pat, s.size, PMR, 'm', "regimen", "drug=Ginkgo");
    story_answer(&s, &ana, s.size, other, true);
    assert_stays(&s, &pat, other, GALEN_UNDO_ANSWERED, &ana);
    story_end(&s);
}

Test(undo, D2_others_than_staff_withdraw_their_own_proposals_alone)
{
    struct story s;
    story_begin(&s);
    story_write(&s, &ana, 0, PMR, 'm', "prescriber", "Lee");
    uint64_t proposal = story_propose(&s, &pat, 1, PMR, 'm', "prescriber", "Kim");
    story_answer(&s, &cara, 2, proposal, false);
    cr_assert_eq(s.verdict.err, GALEN_ERR_ROLE);
    story_answer(&s, &pat, 2, proposal, true);
    cr_assert_eq(s.verdict.err, GALEN_ERR_ROLE);
    cr_assert_eq(galen_docs_pending_count(s.docs), 1);
    story_answer(&s, &pat_2, s.size, proposal, false);
    cr_assert_eq(s.verdict.err, GALEN_OK);
    cr_assert_eq(galen_docs_pending_count(s.docs), 0);
    story_end(&s);
}

Test(undo, takes_an_accept_back_and_forth)
{
    struct story s;
    story_begin(&s);
    story_write(&s, &ana, 0, PMR, 'm', "prescriber", "Lee");
    uint64_t proposal = story_propose(&s, &pat, 1, PMR, 'm', "prescriber", "Kim");
    uint64_t accept = story_answer(&s, &ana, 2, proposal, true);
    assert_values(&s, PMR, 'm', "prescriber", "Kim");
    turn(&s, &ana, false, accept);
    assert_values(&s, PMR, 'm', "prescriber", "Lee");
    turn(&s, &ana, true, accept);
    assert_values(&s, PMR, 'm', "prescriber", "Kim");
    uint64_t decline = story_answer(&s, &ana, s.size, proposal, false);
    assert_values(&s, PMR, 'm', "prescriber", "Lee");
    turn(&s, &ana, false, decline); /* they had accepted before */
    assert_values(&s, PMR, 'm', "prescriber", "Kim");
    story_answer(&s, &ben, s.size, proposal, false);
    struct galen_undo undo, passed;
    cr_assert_eq(look(&s, &ana, false, &undo, &passed), GALEN_OK);
    cr_assert_eq(undo.index, 0);
    cr_assert_eq(passed.index, accept);
    cr_assert_eq(passed.why, GALEN_UNDO_WRITTEN_SINCE);
    galen_undo_wipe(&undo);
    galen_undo_wipe(&passed);
    story_end(&s);
}

Test(undo, a_first_decline_is_answered_anew_instead)
{
    struct story s;
    story_begin(&s);
    uint64_t proposal = story_propose(&s, &pat, 0, PMR, 'm', "regimen", "drug=Ginkgo");
    uint64_t decline = story_answer(&s, &ana, 1, proposal, false);
    assert_stays(&s, &ana, decline, GALEN_UNDO_OPEN, NULL);
    story_end(&s);
}

/* A problem that a colleague wrote down would be about a medicine that is not there. */
Test(undo, of_an_added_record_that_others_name_does_not_take_it_away)
{
    struct story s;
    char name[2 * GALEN_RECORD_ID_BYTES + 3] = "1/";
    for (size_t i = 0; i < GALEN_RECORD_ID_BYTES; i++)
        snprintf(name + 2 + 2 * i, 3, "%02x", 'm');
    story_begin(&s);
    uint64_t added = story_write(&s, &ana, 0, PMR, 'm', "regimen", "drug=Metformin");
    uint64_t named = story_write(&s, &ben, 1, GALEN_DOC_DTP, 'd', "medicine", name);
    assert_stays(&s, &ana, added, GALEN_UNDO_USED, &ben);
    uint64_t another = story_write(&s, &ana, s.size, PMR, 'x', "regimen", "drug=Zinc");
    turn(&s, &ana, false, another); /* that one is named by nobody */
    cr_assert_not(galen_record_stands(story_record(&s, PMR, 'x')));
    turn(&s, &ben, false, named);
    turn(&s, &ana, false, added);
    cr_assert_not(galen_record_stands(story_record(&s, PMR, 'm')));
    story_end(&s);

    story_begin(&s);
    uint64_t proposal = story_propose(&s, &pat, 0, PMR, 'm', "regimen", "drug=Metformin");
    uint64_t accept = story_answer(&s, &ana, 1, proposal, true);
    story_write(&s, &ben, 2, GALEN_DOC_DTP, 'd', "medicine", name);
    assert_stays(&s, &ana, accept, GALEN_UNDO_USED, &ben);
    story_end(&s);
}

/* Their words would go with the record: a medicine is stopped, and not taken away. */
Test(undo, of_an_accept_takes_no_record_away_in_which_others_wrote)
{
    struct story s;
    story_begin(&s);
    uint64_t proposal = story_propose(&s, &pat, 0, PMR, 'm', "regimen", "drug=Ginkgo");
    uint64_t accept = story_answer(&s, &ana, 1, proposal, true);
    turn(&s, &ana, false, accept); /* nobody said anything else in it */
    cr_assert_eq(galen_record_state(story_record(&s, PMR, 'm')), GALEN_RECORD_DECLINED);
    turn(&s, &ana, true, accept);
    story_write(&s, &cara, s.size, PMR, 'm', "effects", "a rash since Monday");
    assert_stays(&s, &ana, accept, GALEN_UNDO_USED, &cara);
    cr_assert_eq(galen_record_state(story_record(&s, PMR, 'm')), GALEN_RECORD_PRESENT);
    story_write(&s, &ben, s.size, PMR, 'm', "prescriber", "Lee"); /* it is there without it */
    turn(&s, &ana, false, accept);
    cr_assert_eq(galen_record_state(story_record(&s, PMR, 'm')), GALEN_RECORD_PRESENT);
    assert_values(&s, PMR, 'm', "effects", "a rash since Monday");

    uint64_t other = story_propose(&s, &pat, s.size, PMR, 'n', "regimen", "drug=Garlic");
    accept = story_answer(&s, &ana, s.size, other, true);
    uint64_t decline = story_answer(&s, &ana, s.size, other, false);
    turn(&s, &ana, false, decline);
    story_write(&s, &pat, s.size, PMR, 'n', "effects", "none");
    assert_nothing(&s, &ana, true); /* nor is it taken away by a decline that stands again */
    story_end(&s);
}

Test(undo, of_an_accept_does_not_take_away_a_record_that_was_signed)
{
    struct story s;
    story_begin(&s);
    uint64_t proposal = story_propose(&s, &pat, 0, PMR, 'm', "regimen", "drug=Ginkgo");
    uint64_t accept = story_answer(&s, &ana, 1, proposal, true);
    story_sign(&s, &ana, s.size);
    assert_stays(&s, &ana, accept, GALEN_UNDO_SIGNED, NULL);
    cr_assert_eq(galen_docs_version_at(s.docs, 0).superseded, GALEN_NO_ENTRY);
    story_end(&s);

    story_begin(&s); /* nor does it stay because it was signed while it was proposed */
    proposal = story_propose(&s, &pat, 0, PMR, 'm', "regimen", "drug=Ginkgo");
    story_sign(&s, &ana, s.size);
    accept = story_answer(&s, &ana, s.size, proposal, true);
    turn(&s, &ana, false, accept);
    story_end(&s);
}

Test(undo, of_a_proposal_takes_no_words_of_others_with_it)
{
    struct story s;
    story_begin(&s);
    uint64_t mine = story_propose(&s, &pat, 0, PMR, 'm', "regimen", "drug=Ginkgo");
    story_write(&s, &cara, 1, PMR, 'm', "effects", "a rash since Monday");
    assert_stays(&s, &pat, mine, GALEN_UNDO_USED, &cara);
    uint64_t theirs = story_propose(&s, &cara, s.size, PMR, 'm', "kind", "herbal");
    turn(&s, &pat, false, mine); /* it is still proposed */
    cr_assert_eq(galen_record_state(story_record(&s, PMR, 'm')), GALEN_RECORD_PROPOSED);
    cr_assert_eq(galen_docs_pending_count(s.docs), 1);
    cr_assert_gt(theirs, mine);
    story_end(&s);
}

/* The author of that value is who checked it: nobody says so for somebody else. */
Test(undo, of_a_time_of_checking_says_nothing_in_anothers_place)
{
    struct story s;
    story_begin(&s);
    story_write(&s, &ana, 0, PMR, 'm', "prescriber", "Lee");
    story_write(&s, &ben, 1, PMR, 'm', "verified_at", "2026-03-14T09:26:00Z");
    uint64_t slip = story_write(&s, &tom, 2, PMR, 'm', "verified_at", "2026-03-15T09:26:00Z");
    turn(&s, &tom, false, slip);
    assert_values(&s, PMR, 'm', "verified_at", "(cleared)");
    turn(&s, &tom, true, slip);
    assert_values(&s, PMR, 'm', "verified_at", "2026-03-15T09:26:00Z");
    uint64_t later = story_write(&s, &tom, s.size, PMR, 'm', "verified_at", "2026-03-16T09:26:00Z");
    turn(&s, &tom, false, later); /* one's own word is one's own */
    assert_values(&s, PMR, 'm', "verified_at", "2026-03-15T09:26:00Z");
    uint64_t explained =
        story_write(&s, &ben, s.size, PMR, 'm', "explained_at", "2026-03-14T09:26:00Z");
    slip = story_write(&s, &tom, s.size, PMR, 'm', "explained_at", "2026-03-15T09:26:00Z");
    turn(&s, &tom, false, slip);
    assert_values(&s, PMR, 'm', "explained_at", "(cleared)");
    cr_assert_lt(explained, slip);
    /* Of another document the fields of those numbers are values like any. */
    story_write(&s, &ben, s.size, GALEN_DOC_PROFILE, 0, "why_now", "discharge");
    slip = story_write(&s, &tom, s.size, GALEN_DOC_PROFILE, 0, "why_now", "other");
    turn(&s, &tom, false, slip);
    assert_values(&s, GALEN_DOC_PROFILE, 0, "why_now", "discharge");
    story_end(&s);
}

Test(undo, is_for_what_the_role_may_write_now)
{
    struct story s;
    struct person later = tom;
    story_begin(&s);
    uint64_t mine = story_write(&s, &tom, 0, PMR, 'm', "prescriber", "Lee");
    later.role = GALEN_ROLE_PATIENT;
    assert_stays(&s, &later, mine, GALEN_UNDO_ROLE, NULL);
    story_end(&s);
}

Test(undo, what_a_program_wrote_about_a_visit_is_no_change_of_a_persons)
{
    struct story s;
    story_begin(&s);
    story_write(&s, &ben, 0, VISIT, 'v', "type", "cmr");
    uint64_t mine = story_write(&s, &ana, 1, VISIT, 'v', "assessment", "well");
    story_write(&s, &ana, 2, VISIT, 'v', "step", "plan");
    story_write(&s, &ana, 3, GALEN_DOC_PEOPLE, 'p', "name", "Rosa Alvarez");
    turn(&s, &ana, false, mine);
    assert_values(&s, VISIT, 'v', "step", "plan");
    story_end(&s);
}

/* A device of the same account that gives its operations ids which are not random. */
Test(undo, ids_that_follow_one_another_by_no_undo_take_nothing_back_and_harm_nothing)
{
    struct story s;
    story_begin(&s);
    struct galen_op said = {.kind = GALEN_KIND_MESSAGE, .id = "a\0"};
    struct galen_op write = {.kind = GALEN_KIND_WRITE, .content.write = {.doc = PMR, .count = 1}};
    said.content.message = (struct galen_bytes){(const uint8_t *)"hello", 5};
    story_record_id('m', write.content.write.record);
    write.content.write.fields[0] =
        (struct galen_write_field){GALEN_PMR_PHARMACY, {(const uint8_t *)"Elm", 3}};
    story_apply(&s, &ana, &said);
    galen_undo_id(said.id, write.id); /* as if it took the message back */
    uint64_t mine = story_apply(&s, &ana, &write);
    cr_assert(s.verdict.counts);
    assert_nothing(&s, &ana, true);
    turn(&s, &ana, false, mine);
    assert_values(&s, PMR, 'm', "pharmacy", "(cleared)");
    uint8_t undo[GALEN_OP_ID_BYTES];
    galen_undo_id(write.id, undo);
    galen_undo_id(undo, said.id); /* a message, as if it made it stand again */
    said.base = s.size;
    story_apply(&s, &ana, &said);
    cr_assert(s.verdict.counts);
    assert_nothing(&s, &ana, true); /* the id of what would make it stand again is another's */
    story_end(&s);
}

Test(undo, what_cannot_go_back_is_passed_over_so_often)
{
    struct story s;
    story_begin(&s);
    story_write(&s, &ana, 0, PMR, 'm', "pharmacy", "Elm Street");
    for (size_t i = 0; i <= GALEN_UNDO_PASSED_MAX; i++) {
        story_write(&s, &ana, s.size, PMR, 'm', "prescriber", i % 2 ? "Lee" : "Kim");
        story_write(&s, &ben, s.size, PMR, 'm', "prescriber", "Roe");
    }
    assert_nothing(&s, &ana, false);
    story_end(&s);
}

/* ---- By chance ----------------------------------------------------------------------------------- */

enum { CHANGES = 24, SAID_MAX = 4096 };

static const struct {
    uint8_t doc;
    char record;
    const char *field;
    bool text;
} places[] = {
    {PMR, 'm', "regimen", false}, {PMR, 'm', "prescriber", false}, {PMR, 'n', "regimen", false},
    {PMR, 'm', "reason", true},   {VISIT, 'v', "notes", true},
};
enum { PLACES = sizeof places / sizeof places[0] };

/* What all fields say, of the records that stand. */
static void say_all(const struct story *s, char out[SAID_MAX])
{
    size_t size = 0;
    out[0] = 0;
    for (size_t i = 0; i < PLACES; i++) {
        const struct galen_record *record = story_record(s, places[i].doc, places[i].record);
        const char *said = record == NULL || !galen_record_stands(record)
                               ? "-"
                               : story_values(s, places[i].doc, places[i].record, places[i].field);
        if (strcmp(said, "(cleared)") == 0)
            said = "-";
        size += (size_t)snprintf(out + size, SAID_MAX - size, "%s\n", said);
        cr_assert_lt(size, SAID_MAX);
    }
}

/* A word more or less in a text; another value in a register. */
static void change_by_chance(struct story *s, struct chance *chance, const struct person *who)
{
    static const char *const words[] = {"one ", "two ", "three ", "four "};
    size_t place = (size_t)chance_below(chance, PLACES);
    char value[SAID_MAX] = "";
    if (places[place].text) {
        const struct galen_record *record =
            story_record(s, places[place].doc, places[place].record);
        const char *now = record == NULL ? "-"
                                         : story_values(s, places[place].doc, places[place].record,
                                                        places[place].field);
        if (strcmp(now, "-") != 0 && strcmp(now, "(cleared)") != 0)
            strcpy(value, now);
        char *space = strchr(value, ' ');
        if (space != NULL && chance_below(chance, 3) == 0)
            memmove(value, space + 1, strlen(space));
        else
            strcat(value, words[chance_below(chance, 4)]);
    } else {
        snprintf(value, sizeof value,
                 strcmp(places[place].field, "regimen") == 0 ? "drug=D%u" : "P%u",
                 (unsigned)s->size);
    }
    story_write(s, who, s->size, places[place].doc, places[place].record, places[place].field,
                value);
}

/* A person alone in a chart goes all the way back and forth, by both of their devices, and everything says what it
 * said then. */
Test(undo, every_state_comes_back_in_order, .timeout = 120)
{
    static char said[CHANGES + 1][SAID_MAX];
    const struct person ana_2 = {.device = 21, .account = ana.account, .role = ana.role};
    for (uint64_t seed = 0; seed < 40; seed++) {
        struct chance chance = {seed};
        struct story s;
        size_t done = 0;
        story_begin(&s);
        say_all(&s, said[0]);
        for (size_t step = 0; step < 120; step++) {
            const struct person *who = chance_below(&chance, 2) == 0 ? &ana : &ana_2;
            struct galen_undo undo;
            uint64_t act = chance_below(&chance, 5);
            if (act < 2 && done < CHANGES) {
                change_by_chance(&s, &chance, who);
                say_all(&s, said[++done]);
                continue;
            }
            bool again = act == 4;
            enum galen_err err = look(&s, who, again, &undo, NULL);
            if (!again)
                cr_assert_eq(err == GALEN_OK, done > 0);
            if (err != GALEN_OK)
                continue;
            undo.op.base = s.size;
            story_apply(&s, who, &undo.op);
            cr_assert_eq(s.verdict.err, GALEN_OK);
            galen_undo_wipe(&undo);
            done = again ? done + 1 : done - 1;
            char now[SAID_MAX];
            say_all(&s, now);
            cr_assert_str_eq(now, said[done], "seed %llu, step %zu", (unsigned long long)seed,
                             step);
        }
        story_end(&s);
    }
}

/* Whatever people do at once, what is taken back changes no field that others wrote last, makes no regimen that
 * nobody wrote, and no reader finds anything void in it. */
Test(undo, by_chance_touches_nothing_of_others, .timeout = 120)
{
    static const struct person *people[] = {&ana, &ben, &tom};
    size_t went = 0, stayed = 0;
    for (uint64_t seed = 100; seed < 160; seed++) {
        struct chance chance = {seed};
        struct story s;
        story_begin(&s);
        uint64_t bases[3] = {0};
        for (size_t step = 0; step < 60; step++) {
            size_t p = (size_t)chance_below(&chance, 3);
            const struct person *who = people[p];
            bases[p] += chance_below(&chance, s.size - bases[p] + 1);
            if (chance_below(&chance, 2) == 0) {
                char value[32];
                snprintf(value, sizeof value, "drug=D%u", (unsigned)s.size);
                story_write(&s, who, bases[p], PMR, chance_below(&chance, 2) ? 'm' : 'n',
                            chance_below(&chance, 3) ? "regimen" : "prescriber", value);
                continue;
            }
            struct galen_undo undo;
            bool again = chance_below(&chance, 3) == 0;
            enum galen_err err = look(&s, who, again, &undo, NULL);
            if (err != GALEN_OK) {
                stayed++;
                continue;
            }
            went++;
            char mine[SAID_MAX];
            for (size_t f = 0; f < undo.count; f++) {
                const struct galen_record *record = undo.record;
                uint16_t field = undo.fields[f].field;
                bool own = false;
                for (size_t v = 0; v < galen_record_value_count(record, field); v++)
                    own |= galen_record_value(record, field, v).entry->account.bytes[0] ==
                           who->account;
                cr_assert(undo.fields[f].why != GALEN_UNDO_GOES || own, "seed %llu",
                          (unsigned long long)seed);
            }
            undo.op.base = bases[p] = s.size;
            story_apply(&s, who, &undo.op);
            cr_assert_eq(s.verdict.err, GALEN_OK);
            galen_undo_wipe(&undo);
            say_all(&s, mine);
            for (const char *at = mine; (at = strstr(at, "drug=D")) != NULL; at++)
                cr_assert_lt((uint64_t)atoi(at + 6),
                             s.size); /* each was written by somebody, whole */
        }
        story_end(&s);
    }
    cr_assert_gt(went, 100);
    cr_assert_gt(stayed, 100);
}

Test(undo, without_memory_nothing_is_made_and_nothing_is_lost)
{
    struct story s;
    struct galen_undo undo, passed;
    story_begin(&s);
    story_write(&s, &ben, 0, VISIT, 'v', "type", "cmr");
    story_write(&s, &ana, 1, VISIT, 'v', "notes", "one two");
    story_write(&s, &ben, 2, VISIT, 'v', "notes", "one and two");
    story_write(&s, &ana, 3, PMR, 'm', "prescriber", "Lee");
    story_write(&s, &ben, 4, PMR, 'm', "prescriber", "Kim");
    for (size_t nth = 1;; nth++) {
        allocator_fail(nth);
        enum galen_err err = look(&s, &ana, false, &undo, &passed);
        bool failed = allocator_failed();
        allocator_fail(0);
        cr_assert_eq(err, failed ? GALEN_ERR_MEMORY : GALEN_OK, "%s", galen_err_name(err));
        cr_assert_eq(undo.index, failed ? GALEN_NO_ENTRY : 1);
        galen_undo_wipe(&undo);
        galen_undo_wipe(&passed);
        if (!failed)
            break;
    }
    story_end(&s);
}
