/* Stories about who writes what, and about proposals, named by the rule they hold to. */
#include "galen/doc.h"

#include "support/chart_story.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

enum { PMR = GALEN_DOC_PMR };

#define assert_values(story, doc, record, field, expected)                                         \
    cr_assert_str_eq(story_values(story, doc, record, field), expected)

static void assert_verdict(const struct story *story, enum galen_err err, bool counts)
{
    cr_assert_eq(story->verdict.err, err, "%s", galen_err_name(story->verdict.err));
    cr_assert_eq(story->verdict.counts, counts);
}

/* ---- D2: who writes ------------------------------------------------------------------------------ */

Test(doc_roles, D2_only_staff_check_identities_and_open_visits)
{
    const struct person *all[] = {&ana, &tom, &pat, &cara, &drew, &ina};
    struct story s;
    story_begin(&s);
    for (size_t i = 0; i < 6; i++) {
        struct galen_op op = {.kind = GALEN_KIND_IDENTITY};
        op.content.identity.account.bytes[0] = 4;
        op.content.identity.check = (struct galen_bytes){(const uint8_t *)"x", 1};
        story_apply(&s, all[i], &op);
        assert_verdict(&s, i < 2 ? GALEN_OK : GALEN_ERR_ROLE, i < 2);
        op = (struct galen_op){.kind = GALEN_KIND_VISIT};
        op.content.visit.visit.bytes[0] = 4;
        op.content.visit.event = GALEN_VISIT_OPENED;
        story_apply(&s, all[i], &op);
        assert_verdict(&s, i < 2 ? GALEN_OK : GALEN_ERR_ROLE, i < 2);
        story_message(&s, all[i], 0);
        assert_verdict(&s, GALEN_OK, true);
    }
    story_end(&s);
}

Test(doc_roles, D2_content_comes_from_devices_only)
{
    for (uint8_t purpose = 0; purpose <= GALEN_PURPOSE_SHEET + 1; purpose++) {
        struct story s;
        story_begin(&s);
        struct galen_docs_entry entry = story_entry(&s, &ana);
        struct galen_op op = {.kind = GALEN_KIND_MESSAGE, .id = {1}};
        op.content.message = (struct galen_bytes){(const uint8_t *)"x", 1};
        entry.purpose = purpose;
        cr_assert_eq(galen_docs_apply(s.docs, &entry, &op, &s.verdict), GALEN_OK);
        bool ok = purpose == GALEN_PURPOSE_DEVICE;
        assert_verdict(&s, ok ? GALEN_OK : GALEN_ERR_ROLE, ok);
        story_end(&s);
    }
}

Test(doc_roles, D2_only_staff_add_a_record_by_writing_to_it)
{
    struct story s;
    story_begin(&s);
    story_write(&s, &pat, 0, PMR, 'm', "taken_as", "daily"); /* theirs, but of which medicine? */
    assert_verdict(&s, GALEN_ERR_ROLE, false);
    cr_assert_null(story_record(&s, PMR, 'm'));
    cr_assert_eq(galen_docs_record_count(s.docs, PMR), 0);

    uint64_t proposal = story_propose(&s, &pat, 1, PMR, 'm', "regimen", "drug=Ginkgo");
    cr_assert_eq(galen_record_state(story_record(&s, PMR, 'm')), GALEN_RECORD_PROPOSED);
    story_write(&s, &pat, 1, PMR, 'm', "taken_as", "daily");
    assert_verdict(&s, GALEN_OK, true);
    assert_values(&s, PMR, 'm', "taken_as", "daily");
    cr_assert_eq(galen_record_state(story_record(&s, PMR, 'm')), GALEN_RECORD_PROPOSED);

    story_answer(&s, &ana, s.size, proposal, true);
    cr_assert_eq(galen_record_state(story_record(&s, PMR, 'm')), GALEN_RECORD_PRESENT);
    assert_values(&s, PMR, 'm', "regimen", "drug=Ginkgo; as_needed=no");
    assert_values(&s, PMR, 'm', "taken_as", "daily");
    cr_assert_eq(galen_record_first_entry(story_record(&s, PMR, 'm')), 1);
    story_end(&s);
}

Test(doc_roles, D2_patients_and_caregivers_begin_what_is_theirs_to_begin)
{
    enum { JOURNAL = GALEN_DOC_JOURNAL, CHECKIN = GALEN_DOC_CHECKIN };
    struct story s;
    story_begin(&s);
    story_write(&s, &pat, 0, JOURNAL, 'a', "systolic", "142");
    assert_verdict(&s, GALEN_OK, true);
    cr_assert_eq(galen_record_state(story_record(&s, JOURNAL, 'a')), GALEN_RECORD_PRESENT);
    story_write(&s, &cara, 1, CHECKIN, 'b', "got_new", "some");
    assert_verdict(&s, GALEN_OK, true);
    cr_assert_eq(galen_record_state(story_record(&s, CHECKIN, 'b')), GALEN_RECORD_PRESENT);
    assert_values(&s, JOURNAL, 'a', "systolic", "142");
    assert_values(&s, CHECKIN, 'b', "got_new", "some");

    story_write(&s, &pat, 2, CHECKIN, 'c', "due", "2026-10-01"); /* for staff to set */
    assert_verdict(&s, GALEN_ERR_ROLE, false);
    cr_assert_null(story_record(&s, CHECKIN, 'c'));
    story_write(&s, &drew, 3, JOURNAL, 'd', "note", "x");
    assert_verdict(&s, GALEN_ERR_ROLE, false);
    story_propose(&s, &drew, 4, JOURNAL, 'd', "note", "x");
    cr_assert_eq(galen_record_state(story_record(&s, JOURNAL, 'd')), GALEN_RECORD_PROPOSED);
    story_end(&s);
}

Test(doc_roles, D2_a_prescriber_answers_a_recommendation_and_nothing_else)
{
    enum { DTP = GALEN_DOC_DTP };
    struct story s;
    story_begin(&s);
    story_write(&s, &drew, 0, DTP, 'p', "answer", "accepted"); /* to what? */
    assert_verdict(&s, GALEN_ERR_ROLE, false);
    story_write(&s, &ana, 1, DTP, 'p', "recommendation", "halve the dose");
    story_write(&s, &drew, 2, DTP, 'p', "answer", "changed");
    assert_verdict(&s, GALEN_OK, true);
    assert_values(&s, DTP, 'p', "answer", "changed");
    story_write(&s, &drew, 3, DTP, 'p', "recommendation", "none");
    assert_verdict(&s, GALEN_ERR_ROLE, false);
    story_write(&s, &pat, 4, DTP, 'p', "answer", "declined");
    assert_verdict(&s, GALEN_ERR_ROLE, false);
    assert_values(&s, DTP, 'p', "answer", "changed");
    story_end(&s);
}

/* Nobody accepted a dose that they were never asked about. */
Test(doc_roles, D2_an_answer_is_to_what_its_prescriber_had_read)
{
    struct story s;
    story_begin(&s);
    story_write(&s, &ana, 0, GALEN_DOC_DTP, 'd', "recommendation", "lisinopril 20 mg");
    story_write(&s, &drew, 1, GALEN_DOC_DTP, 'd', "answer", "none-yet");
    uint64_t other =
        story_write(&s, &ana, 2, GALEN_DOC_DTP, 'd', "recommendation", "lisinopril 30 mg");
    const struct galen_record *record = story_record(&s, GALEN_DOC_DTP, 'd');
    cr_assert_not(galen_record_answer_outdated(record), "there is none yet");
    story_write(&s, &drew, other, GALEN_DOC_DTP, 'd', "answer", "accepted"); /* of 20 mg */
    cr_assert(galen_record_answer_outdated(record), "though it stands behind it in the log");
    story_write(&s, &drew, s.size, GALEN_DOC_DTP, 'd', "answer", "accepted");
    cr_assert_not(galen_record_answer_outdated(record));
    story_write(&s, &ana, s.size, GALEN_DOC_DTP, 'd', "note", "she will call");
    cr_assert_not(galen_record_answer_outdated(record));
    story_write(&s, &tom, s.size, GALEN_DOC_DTP, 'd', "recommendation", "lisinopril 40 mg");
    cr_assert(galen_record_answer_outdated(record));
    story_write(&s, &tom, s.size, GALEN_DOC_DTP, 'd', "recommendation", "lisinopril 30 mg");
    cr_assert_not(galen_record_answer_outdated(record), "it says again what was accepted");
    story_end(&s);
}

Test(doc_roles, D2_the_profile_is_one_record)
{
    enum { PROFILE = GALEN_DOC_PROFILE };
    const uint8_t one[16] = {[15] = 1};
    struct story s;
    story_begin(&s);
    cr_assert_arr_eq(galen_document_single(galen_document(PROFILE)), one, sizeof one);
    cr_assert_null(galen_document_single(galen_document(PMR)));
    story_write(&s, &pat, 0, PROFILE, 0, "goals", "to dance again"); /* nobody began it before */
    assert_verdict(&s, GALEN_OK, true);
    cr_assert_eq(galen_record_state(story_record(&s, PROFILE, 0)), GALEN_RECORD_PRESENT);

    struct galen_op op = {.kind = GALEN_KIND_WRITE, .id = {9}, .base = 1};
    op.content.write.doc = PROFILE;
    op.content.write.record[15] = 2;
    op.content.write.count = 1;
    op.content.write.fields[0] =
        (struct galen_write_field){GALEN_PROFILE_PHONE, {(const uint8_t *)"1", 1}};
    struct galen_write direct, propose;
    cr_assert_eq(galen_docs_split(s.docs, GALEN_ROLE_PATIENT, &op.content.write, &direct, &propose),
                 GALEN_ERR_VALUE);
    for (op.kind = GALEN_KIND_WRITE; op.kind <= GALEN_KIND_PROPOSE; op.kind++) {
        op.id[0]++;
        story_apply(&s, &ana, &op);
        assert_verdict(&s, GALEN_ERR_VALUE, false);
    }
    cr_assert_eq(galen_docs_record_count(s.docs, PROFILE), 1);
    story_end(&s);
}

Test(doc_roles, D2_a_write_is_void_only_in_the_fields_that_its_role_may_not_write)
{
    struct story s;
    story_begin(&s);
    story_write(&s, &ana, 0, PMR, 'm', "prescriber", "pain");
    struct galen_op op = {.kind = GALEN_KIND_WRITE, .base = 1};
    op.content.write.doc = PMR;
    story_record_id('m', op.content.write.record);
    op.content.write.count = 4;
    op.content.write.fields[0] =
        (struct galen_write_field){GALEN_PMR_PRESCRIBER, {(const uint8_t *)"fun", 3}};
    op.content.write.fields[1] =
        (struct galen_write_field){GALEN_PMR_TAKEN_AS, {(const uint8_t *)"at night", 8}};
    op.content.write.fields[2] =
        (struct galen_write_field){GALEN_PMR_ADHERENCE, {(const uint8_t *)"\0", 1}};
    op.content.write.fields[3] = (struct galen_write_field){
        GALEN_PMR_EFFECTS, {(const uint8_t *)"\0\0\0\0\0\0\0\0\5dizzy", 14}};
    uint64_t index = story_apply(&s, &pat, &op);
    assert_verdict(&s, GALEN_ERR_ROLE, true);
    cr_assert_eq(s.verdict.void_fields, 5);
    assert_values(&s, PMR, 'm', "prescriber", "pain");
    assert_values(&s, PMR, 'm', "taken_as", "at night");
    assert_values(&s, PMR, 'm', "adherence", "-");
    assert_values(&s, PMR, 'm', "effects", "dizzy");
    struct galen_docs_item item;
    cr_assert(galen_docs_item(s.docs, index, &item));
    cr_assert_eq(item.verdict.err, GALEN_ERR_ROLE);
    cr_assert_eq(item.verdict.void_fields, 5);
    cr_assert_eq(item.kind, GALEN_KIND_WRITE);
    cr_assert_eq(item.base, 1);
    cr_assert_eq(item.record, story_record(&s, PMR, 'm'));
    cr_assert_eq(item.entry->index, index);
    story_end(&s);
}

Test(doc_roles, D3_the_role_is_that_at_the_entrys_place)
{
    struct story s;
    struct person later = pat;
    story_begin(&s);
    story_write(&s, &ana, 0, PMR, 'm', "prescriber", "pain");
    story_write(&s, &pat, 1, PMR, 'm', "prescriber", "fun");
    assert_verdict(&s, GALEN_ERR_ROLE, false);
    later.role = GALEN_ROLE_PHARMACIST;
    story_write(&s, &later, 2, PMR, 'm', "prescriber", "ache");
    assert_verdict(&s, GALEN_OK, true);
    story_write(&s, &pat, 3, PMR, 'm', "prescriber", "fun");
    assert_verdict(&s, GALEN_ERR_ROLE, false);
    assert_values(&s, PMR, 'm', "prescriber", "ache");
    cr_assert_eq(
        galen_record_value(story_record(&s, PMR, 'm'), GALEN_PMR_PRESCRIBER, 0).entry->role,
        GALEN_ROLE_PHARMACIST);
    story_end(&s);
}

/* ---- D2: proposals ------------------------------------------------------------------------------- */

Test(doc_roles, D2_a_proposal_stands_beside_the_value_and_neither_conflicts_nor_blocks)
{
    struct story s;
    story_begin(&s);
    story_write(&s, &ana, 0, PMR, 'm', "prescriber", "pain");
    uint64_t proposal = story_propose(&s, &pat, 1, PMR, 'm', "prescriber", "sleep");
    const struct galen_record *record = story_record(&s, PMR, 'm');
    assert_values(&s, PMR, 'm', "prescriber", "pain");
    cr_assert_eq(galen_docs_conflict_count(s.docs), 0);
    cr_assert_eq(galen_docs_pending_count(s.docs), 1);
    cr_assert_eq(galen_record_proposal_count(record), 1);
    const struct galen_proposal *p = galen_record_proposal(record, 0);
    cr_assert_eq(p, galen_docs_proposal(s.docs, proposal));
    cr_assert_eq(galen_proposal_state(p), GALEN_PROPOSAL_PENDING);
    cr_assert_eq(galen_proposal_index(p), proposal);
    cr_assert_eq(galen_proposal_record(p), record);
    cr_assert_eq(galen_proposal_entry(p)->role, GALEN_ROLE_PATIENT);
    cr_assert_eq(galen_proposal_clock_ms(p), galen_proposal_entry(p)->received_ms - 7);
    cr_assert_eq(galen_proposal_field_count(p), 1);
    cr_assert_eq(galen_proposal_field(p, 0).field, GALEN_PMR_PRESCRIBER);
    cr_assert_eq(galen_proposal_field(p, 0).value.size, 5);
    cr_assert_eq(galen_proposal_answer_count(p), 0);

    story_write(&s, &ben, 1, PMR, 'm', "prescriber", "ache"); /* goes on as if there were none */
    assert_values(&s, PMR, 'm', "prescriber", "ache");
    cr_assert_eq(galen_docs_pending_count(s.docs), 1);
    cr_assert_null(galen_docs_proposal(s.docs, 0));
    cr_assert_null(galen_docs_proposal(s.docs, 99));
    story_end(&s);
}

Test(doc_roles, D2_an_accepted_proposal_is_written_at_the_answers_place_and_keeps_its_source)
{
    struct story s;
    story_begin(&s);
    story_write(&s, &ana, 0, PMR, 'm', "prescriber", "pain");
    uint64_t proposal = story_propose(&s, &pat, 1, PMR, 'm', "prescriber", "sleep");
    story_write(&s, &ben, 2, PMR, 'm', "prescriber", "ache");
    uint64_t answer = story_answer(&s, &tom, 3, proposal, true); /* had seen the write */
    assert_values(&s, PMR, 'm', "prescriber", "sleep");
    struct galen_said said =
        galen_record_value(story_record(&s, PMR, 'm'), GALEN_PMR_PRESCRIBER, 0);
    cr_assert_eq(said.index, answer);
    cr_assert_eq(said.entry->role, GALEN_ROLE_TECHNICIAN);
    cr_assert_eq(said.proposal, proposal);
    cr_assert_eq(said.proposer->role, GALEN_ROLE_PATIENT);
    cr_assert_eq(said.proposer->account.bytes[0], pat.account);
    cr_assert_eq(galen_docs_pending_count(s.docs), 0);
    const struct galen_proposal *p = galen_docs_proposal(s.docs, proposal);
    cr_assert_eq(galen_proposal_state(p), GALEN_PROPOSAL_ACCEPTED);
    cr_assert_eq(galen_proposal_answer_count(p), 1);
    cr_assert_eq(galen_proposal_answer(p, 0).index, answer);
    cr_assert(galen_proposal_answer(p, 0).accepted);
    cr_assert(galen_proposal_answer(p, 0).current);
    cr_assert_eq(galen_proposal_answer(p, 0).entry->account.bytes[0], tom.account);

    story_write(&s, &ben, 4, PMR, 'm', "prescriber", "both"); /* had seen the answer */
    assert_values(&s, PMR, 'm', "prescriber", "both");
    story_end(&s);
}

Test(doc_roles, D2_an_accept_conflicts_with_writes_that_it_had_not_seen)
{
    struct story s;
    story_begin(&s);
    story_write(&s, &ana, 0, PMR, 'm', "prescriber", "pain");
    uint64_t proposal = story_propose(&s, &pat, 1, PMR, 'm', "prescriber", "sleep");
    story_write(&s, &ben, 2, PMR, 'm', "prescriber", "ache");
    story_answer(&s, &tom, 2, proposal, true);
    assert_values(&s, PMR, 'm', "prescriber", "ache | sleep");
    cr_assert_eq(galen_docs_conflict_count(s.docs), 1);
    story_end(&s);
}

Test(doc_roles, D2_a_declined_proposal_changes_nothing)
{
    struct story s;
    story_begin(&s);
    uint64_t proposal = story_propose(&s, &pat, 0, PMR, 'm', "regimen", "drug=Ginkgo");
    story_answer(&s, &ana, 1, proposal, false);
    cr_assert_eq(galen_record_state(story_record(&s, PMR, 'm')), GALEN_RECORD_DECLINED);
    cr_assert_eq(galen_proposal_state(galen_docs_proposal(s.docs, proposal)),
                 GALEN_PROPOSAL_DECLINED);
    assert_values(&s, PMR, 'm', "regimen", "-");
    cr_assert_eq(galen_docs_record_count(s.docs, PMR), 1, "the history keeps it");
    story_propose(&s, &pat, 2, PMR, 'm', "regimen", "drug=Ginseng"); /* and another time */
    cr_assert_eq(galen_record_state(story_record(&s, PMR, 'm')), GALEN_RECORD_PROPOSED);
    story_end(&s);
}

Test(doc_roles, D2_accept_against_decline_at_the_same_time_is_a_conflict)
{
    struct story s;
    story_begin(&s);
    story_write(&s, &ana, 0, PMR, 'm', "prescriber", "pain");
    uint64_t proposal = story_propose(&s, &pat, 1, PMR, 'm', "prescriber", "sleep");
    story_answer(&s, &ana, 2, proposal, true);
    story_answer(&s, &ben, 2, proposal, false);
    const struct galen_proposal *p = galen_docs_proposal(s.docs, proposal);
    cr_assert_eq(galen_proposal_state(p), GALEN_PROPOSAL_CONTESTED);
    cr_assert_eq(galen_docs_conflict_count(s.docs), 1);
    cr_assert_eq(galen_record_conflict_count(story_record(&s, PMR, 'm')), 1);
    assert_values(&s, PMR, 'm', "prescriber", "sleep");

    /* Whoever saw both decides; a decline takes back what the accept wrote. */
    story_answer(&s, &tom, 4, proposal, false);
    cr_assert_eq(galen_proposal_state(p), GALEN_PROPOSAL_DECLINED);
    cr_assert_eq(galen_docs_conflict_count(s.docs), 0);
    assert_values(&s, PMR, 'm', "prescriber", "pain");
    const struct galen_record *record = story_record(&s, PMR, 'm');
    cr_assert_eq(galen_record_history_count(record, GALEN_PMR_PRESCRIBER), 2);
    cr_assert_not(galen_record_history(record, GALEN_PMR_PRESCRIBER, 1).current);
    cr_assert_eq(galen_proposal_answer_count(p), 3);
    cr_assert_not(galen_proposal_answer(p, 0).current);
    cr_assert_not(galen_proposal_answer(p, 1).current);

    story_answer(&s, &ana, 5, proposal, true);
    cr_assert_eq(galen_proposal_state(p), GALEN_PROPOSAL_ACCEPTED);
    assert_values(&s, PMR, 'm', "prescriber", "sleep");
    story_end(&s);
}

/* A medicine that a pharmacist took into the record does not go because whoever proposed it says so. */
Test(doc_roles, D2_what_staff_answered_is_not_withdrawn_any_more)
{
    struct story s;
    story_begin(&s);
    uint64_t added = story_propose(&s, &pat, 0, PMR, 'm', "regimen", "drug=Ibuprofen; dose=1");
    story_answer(&s, &ana, s.size, added, true);
    story_answer(&s, &pat, s.size, added, false);
    cr_assert_eq(s.verdict.err, GALEN_ERR_ROLE);
    cr_assert_eq(galen_record_state(story_record(&s, PMR, 'm')), GALEN_RECORD_PRESENT);
    assert_values(&s, PMR, 'm', "regimen", "drug=Ibuprofen; dose=1; as_needed=no");

    /* Who had not seen the answer may: then both stand, and staff decide. */
    uint64_t changed = story_propose(&s, &pat, s.size, PMR, 'm', "prescriber", "Kim");
    uint64_t seen = s.size;
    story_answer(&s, &ana, seen, changed, true);
    story_answer(&s, &pat_2, seen, changed, false);
    cr_assert_eq(s.verdict.err, GALEN_OK);
    cr_assert_eq(galen_docs_conflict_count(s.docs), 1);
    story_answer(&s, &pat_2, s.size, changed, false); /* not by saying it again */
    cr_assert_eq(s.verdict.err, GALEN_ERR_ROLE);
    cr_assert_eq(galen_docs_conflict_count(s.docs), 1);
    story_answer(&s, &tom, s.size, changed, true);
    cr_assert_eq(galen_docs_conflict_count(s.docs), 0);
    assert_values(&s, PMR, 'm', "prescriber", "Kim");
    story_end(&s);
}

Test(doc_roles, D2_what_was_written_after_an_accept_stays_when_it_is_taken_back)
{
    struct story s;
    story_begin(&s);
    story_write(&s, &ana, 0, PMR, 'm', "prescriber", "pain");
    uint64_t proposal = story_propose(&s, &pat, 1, PMR, 'm', "prescriber", "sleep");
    story_answer(&s, &ana, 2, proposal, true);
    story_write(&s, &ben, 3, PMR, 'm', "prescriber", "ache");
    story_answer(&s, &ana, 4, proposal, false);
    assert_values(&s, PMR, 'm', "prescriber", "ache");
    story_end(&s);
}

/* Whoever chooses by the number that was shown would choose another value than they saw. */
Test(doc_roles, D2_an_answer_that_takes_a_value_back_changes_the_field)
{
    struct story s;
    story_begin(&s);
    uint64_t first = story_write(&s, &ana, 0, PMR, 'm', "prescriber", "pain");
    uint64_t proposal = story_propose(&s, &pat, 1, PMR, 'm', "prescriber", "sleep");
    cr_assert_eq(galen_record_changed(story_record(&s, PMR, 'm'), GALEN_PMR_PRESCRIBER), first);
    story_answer(&s, &ana, 2, proposal, true);
    uint64_t beside = story_write(&s, &ben, 2, PMR, 'm', "prescriber", "ache");
    const struct galen_record *record = story_record(&s, PMR, 'm');
    assert_values(&s, PMR, 'm', "prescriber", "sleep | ache");
    cr_assert_eq(galen_record_changed(record, GALEN_PMR_PRESCRIBER), beside);
    uint64_t again = story_propose(&s, &pat, s.size, PMR, 'm', "regimen", "drug=Ginkgo");
    story_answer(&s, &ana, s.size, again, true); /* of another field */
    cr_assert_eq(galen_record_changed(record, GALEN_PMR_PRESCRIBER), beside);
    uint64_t decline = story_answer(&s, &tom, s.size, proposal, false);
    assert_values(&s, PMR, 'm', "prescriber", "ache");
    cr_assert_eq(galen_record_changed(record, GALEN_PMR_PRESCRIBER), decline);
    cr_assert_eq(galen_record_changed(record, GALEN_PMR_PHARMACY), GALEN_NO_ENTRY);
    story_end(&s);
}

Test(doc_roles, D2_two_accepts_at_the_same_time_agree)
{
    struct story s;
    story_begin(&s);
    uint64_t proposal = story_propose(&s, &pat, 0, PMR, 'm', "regimen", "drug=Ginkgo");
    story_answer(&s, &ana, 1, proposal, true);
    story_answer(&s, &ben, 1, proposal, true);
    cr_assert_eq(galen_docs_conflict_count(s.docs), 0);
    assert_values(&s, PMR, 'm', "regimen", "drug=Ginkgo; as_needed=no");
    cr_assert_eq(galen_docs_record_count(s.docs, PMR), 1);
    /* One of them thinks again; the other one's accept still stands: a conflict. */
    story_answer(&s, &ben, 1, proposal, false);
    cr_assert_eq(galen_docs_conflict_count(s.docs), 1);
    assert_values(&s, PMR, 'm', "regimen", "drug=Ginkgo; as_needed=no");
    cr_assert_eq(galen_record_state(story_record(&s, PMR, 'm')), GALEN_RECORD_PRESENT);
    story_end(&s);
}

Test(doc_roles, D2_an_answer_names_a_proposal_that_its_author_had_seen)
{
    struct story s;
    story_begin(&s);
    story_message(&s, &pat, 0);
    uint64_t proposal = story_propose(&s, &pat, 1, PMR, 'm', "prescriber", "sleep");
    story_answer(&s, &ana, 1, proposal, true);
    assert_verdict(&s, GALEN_ERR_BASE, false);
    story_answer(&s, &ana, 2, 0, true); /* a message */
    assert_verdict(&s, GALEN_ERR_VALUE, false);
    story_answer(&s, &ana, 2, 4, true); /* itself */
    assert_verdict(&s, GALEN_ERR_VALUE, false);
    story_answer(&s, &ana, 2, 99, true);
    assert_verdict(&s, GALEN_ERR_VALUE, false);
    story_answer(&s, &ana, 2, UINT64_MAX, true);
    assert_verdict(&s, GALEN_ERR_VALUE, false);
    uint64_t refused = story_propose(&s, &ina, 2, PMR, 'm', "prescriber", "sleep");
    story_answer(&s, &ana, s.size, refused, true);
    assert_verdict(&s, GALEN_ERR_VALUE, false);
    cr_assert_eq(galen_docs_pending_count(s.docs), 1);
    assert_values(&s, PMR, 'm', "prescriber", "-");
    /* one's own proposal is in one's past whatever the base */
    uint64_t own = story_propose(&s, &ben, 0, PMR, 'm', "prescriber", "rest");
    story_answer(&s, &ben, 0, own, true);
    assert_verdict(&s, GALEN_OK, true);
    assert_values(&s, PMR, 'm', "prescriber", "rest");
    story_end(&s);
}

Test(doc_roles, D2_a_persons_next_proposal_replaces_their_last)
{
    struct story s;
    story_begin(&s);
    story_write(&s, &ana, 0, PMR, 'm', "prescriber", "pain");
    uint64_t first = story_propose(&s, &pat, 1, PMR, 'm', "prescriber", "s");
    uint64_t second = story_propose(&s, &pat, 1, PMR, 'm', "prescriber", "sleep");
    uint64_t other = story_propose(&s, &pat, 1, PMR, 'm', "pharmacy", "Corner");
    uint64_t hers = story_propose(&s, &cara, s.size, PMR, 'm', "prescriber", "rest");
    uint64_t unseen = story_propose(&s, &pat_2, 2, PMR, 'm', "prescriber", "nap");
    cr_assert_eq(galen_proposal_state(galen_docs_proposal(s.docs, first)), GALEN_PROPOSAL_REPLACED);
    cr_assert_eq(galen_proposal_state(galen_docs_proposal(s.docs, second)), GALEN_PROPOSAL_PENDING,
                 "not seen by the patient's computer");
    cr_assert_eq(galen_proposal_state(galen_docs_proposal(s.docs, other)), GALEN_PROPOSAL_PENDING);
    cr_assert_eq(galen_proposal_state(galen_docs_proposal(s.docs, hers)), GALEN_PROPOSAL_PENDING);
    cr_assert_eq(galen_proposal_state(galen_docs_proposal(s.docs, unseen)), GALEN_PROPOSAL_PENDING);
    cr_assert_eq(galen_docs_pending_count(s.docs), 4);
    uint64_t last = story_propose(&s, &pat_2, s.size, PMR, 'm', "prescriber", "a nap");
    cr_assert_eq(galen_docs_pending_count(s.docs), 3);
    cr_assert_eq(galen_proposal_state(galen_docs_proposal(s.docs, last)), GALEN_PROPOSAL_PENDING);

    /* Staff who had not seen the newer one may accept the older. */
    story_answer(&s, &ana, first + 1, first, true);
    assert_values(&s, PMR, 'm', "prescriber", "s");
    cr_assert_eq(galen_docs_pending_count(s.docs), 3);
    story_end(&s);
}

Test(doc_roles, D2_split_tells_what_a_role_writes_itself)
{
    struct story s;
    story_begin(&s);
    story_write(&s, &ana, 0, PMR, 'm', "prescriber", "pain");
    struct galen_write write = {.doc = PMR, .count = 3}, direct, propose;
    story_record_id('m', write.record);
    write.fields[0] = (struct galen_write_field){GALEN_PMR_PRESCRIBER, {(const uint8_t *)"a", 1}};
    write.fields[1] = (struct galen_write_field){GALEN_PMR_TAKEN_AS, {(const uint8_t *)"b", 1}};
    write.fields[2] = (struct galen_write_field){GALEN_PMR_WATCH_FOR, {(const uint8_t *)"c", 1}};
    static const struct {
        enum galen_role role;
        size_t direct, propose;
        enum galen_err err;
    } cases[] = {
        {GALEN_ROLE_PHARMACIST, 3, 0, GALEN_OK},        {GALEN_ROLE_TECHNICIAN, 3, 0, GALEN_OK},
        {GALEN_ROLE_ADMINISTRATOR, 3, 0, GALEN_OK},     {GALEN_ROLE_PATIENT, 1, 2, GALEN_OK},
        {GALEN_ROLE_CAREGIVER, 1, 2, GALEN_OK},         {GALEN_ROLE_PRESCRIBER, 0, 3, GALEN_OK},
        {GALEN_ROLE_INTERPRETER, 0, 0, GALEN_ERR_ROLE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cr_assert_eq(galen_docs_split(s.docs, cases[i].role, &write, &direct, &propose),
                     cases[i].err);
        cr_assert_eq(direct.count, cases[i].direct);
        cr_assert_eq(propose.count, cases[i].propose);
        cr_assert_arr_eq(direct.record, write.record, 16);
        cr_assert_arr_eq(propose.record, write.record, 16);
        cr_assert_eq(propose.doc, PMR);
    }
    cr_assert_eq(galen_docs_split(s.docs, GALEN_ROLE_PATIENT, &write, &direct, &propose), GALEN_OK);
    cr_assert_eq(direct.fields[0].field, GALEN_PMR_TAKEN_AS);
    cr_assert_eq(propose.fields[0].field, GALEN_PMR_PRESCRIBER);
    cr_assert_eq(propose.fields[1].field, GALEN_PMR_WATCH_FOR);

    story_record_id('n', write.record); /* not there: proposed as a whole */
    cr_assert_eq(galen_docs_split(s.docs, GALEN_ROLE_PATIENT, &write, &direct, &propose), GALEN_OK);
    cr_assert_eq(direct.count, 0);
    cr_assert_eq(propose.count, 3);
    cr_assert_eq(galen_docs_split(s.docs, GALEN_ROLE_PHARMACIST, &write, &direct, &propose),
                 GALEN_OK);
    cr_assert_eq(direct.count, 3);

    write.fields[2].field = 60;
    cr_assert_eq(galen_docs_split(s.docs, GALEN_ROLE_PATIENT, &write, &direct, &propose),
                 GALEN_ERR_UNKNOWN_KIND);
    cr_assert_eq(propose.count, 0);
    write.fields[2].field = 1;
    cr_assert_eq(galen_docs_split(s.docs, GALEN_ROLE_PATIENT, &write, &direct, &propose),
                 GALEN_ERR_FORMAT);
    write.fields[2] = (struct galen_write_field){GALEN_PMR_TEACH_BACK, {(const uint8_t *)"c", 1}};
    cr_assert_eq(galen_docs_split(s.docs, GALEN_ROLE_PATIENT, &write, &direct, &propose),
                 GALEN_ERR_VALUE);
    write.doc = 200;
    cr_assert_eq(galen_docs_split(s.docs, GALEN_ROLE_PATIENT, &write, &direct, &propose),
                 GALEN_ERR_UNKNOWN_KIND);
    story_end(&s);
}
