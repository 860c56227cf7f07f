/* Sign-off, named by the rule it holds to (PROTOCOL.md, "Sign-off"). */
#include "galen/doc.h"

#include "galen/crypto.h"
#include "support/allocator.h"
#include "support/chart_story.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

enum { PMR = GALEN_DOC_PMR, MAP = GALEN_DOC_MAP, PEOPLE = GALEN_DOC_PEOPLE };

static void assert_verdict(const struct story *s, enum galen_err err, bool counts)
{
    cr_assert_eq(s->verdict.err, err, "%s", galen_err_name(s->verdict.err));
    cr_assert_eq(s->verdict.counts, counts);
}

static void assert_void(const struct story *s, enum galen_err err)
{
    assert_verdict(s, err, false);
    cr_assert_eq(galen_docs_version_count(s->docs), 0);
}

static struct galen_version version(const struct story *s, uint32_t number)
{
    cr_assert_leq(number, galen_docs_version_count(s->docs));
    struct galen_version v = galen_docs_version_at(s->docs, number - 1);
    cr_assert_eq(v.number, number);
    return v;
}

static void begin_with_a_medicine(struct story *s)
{
    story_begin(s);
    story_write(s, &ana, 0, PMR, 'm', "regimen", "drug=Metformin; dose=1");
}

Test(doc_sign, D4_a_sign_off_makes_a_version)
{
    struct story s;
    begin_with_a_medicine(&s);
    uint64_t index = story_sign(&s, &ana, 1);
    assert_verdict(&s, GALEN_OK, true);
    cr_assert_eq(galen_docs_version_count(s.docs), 1);
    struct galen_version v = version(&s, 1);
    cr_assert_eq(v.index, index);
    cr_assert_eq(v.base, 1);
    cr_assert_eq(v.entry->index, index);
    cr_assert_eq(v.entry->role, GALEN_ROLE_PHARMACIST);
    cr_assert_eq(v.entry->account.bytes[0], ana.account);
    cr_assert_eq(v.clock_ms, v.entry->received_ms - 7);
    cr_assert_eq(v.meaning, GALEN_SIGN_WITH_PATIENT);
    cr_assert_eq(v.schema, GALEN_SCHEMA_VERSION);
    cr_assert_null(v.visit);
    cr_assert_eq(v.assertion.size, 0);
    cr_assert_eq(v.superseded, GALEN_NO_ENTRY);
    uint8_t hash[GALEN_HASH_BYTES];
    cr_assert(galen_docs_hash(s.docs, hash));
    cr_assert_arr_eq(v.hash, hash, sizeof hash);
    story_end(&s);
}

Test(doc_sign, D4_what_is_signed_is_the_documents_in_order_of_number_and_their_hash)
{
    struct story s;
    struct galen_writer w, documents;
    uint8_t hash[GALEN_HASH_BYTES], expected[GALEN_HASH_BYTES];
    begin_with_a_medicine(&s);
    story_write(&s, &ana, 1, MAP, 'a', "action", "walk");
    galen_writer_init(&w);
    galen_writer_init(&documents);
    galen_write(&documents, "galen documents", 15);
    galen_write_u16(&documents, GALEN_SCHEMA_VERSION);
    static const uint8_t in_order[] = {PMR, MAP};
    for (size_t i = 0; i < 2; i++) {
        galen_writer_clear(&w);
        cr_assert(galen_docs_write_canonical(s.docs, in_order[i], &w));
        galen_write_vector(&documents, galen_written(&w));
    }
    galen_writer_clear(&w);
    cr_assert(galen_docs_write_signed(s.docs, &w));
    cr_assert(galen_bytes_equal(galen_written(&w), galen_written(&documents)));
    struct galen_bytes bytes = galen_written(&documents);
    galen_sha256(&bytes, 1, expected);
    cr_assert(galen_docs_hash(s.docs, hash));
    cr_assert_arr_eq(hash, expected, sizeof hash);
    galen_writer_wipe(&w);
    galen_writer_wipe(&documents);
    story_end(&s);
}

static void put_said(struct galen_writer *w, const struct story *s, uint64_t index,
                     const char *value, size_t size)
{
    struct galen_docs_item item;
    cr_assert(galen_docs_item(s->docs, index, &item));
    galen_write_u64(w, index);
    galen_write_id(w, &item.entry->account);
    galen_write_id(w, &item.entry->device);
    galen_write_u8(w, item.entry->role);
    galen_write_u64(w, item.entry->received_ms);
    galen_write_u64(w, UINT64_MAX); /* of no proposal */
    galen_write_vector(w, (struct galen_bytes){(const uint8_t *)value, size});
}

static void put_record(struct galen_writer *w, char record, uint8_t state, uint64_t first)
{
    uint8_t id[GALEN_RECORD_ID_BYTES];
    story_record_id(record, id);
    galen_write(w, id, sizeof id);
    galen_write_u8(w, state);
    galen_write_u64(w, first);
    galen_write_u64(w, (first + 1) << 20);
}

static void put_proposal(struct galen_writer *w, uint64_t index, uint64_t base, uint8_t state,
                         uint16_t field, const char *value, size_t size)
{
    galen_write_u64(w, index);
    galen_write_u64(w, base);
    galen_write_u8(w, state);
    size_t fields = galen_write_begin(w);
    galen_write_u16(w, field);
    galen_write_vector(w, (struct galen_bytes){(const uint8_t *)value, size});
    galen_write_end(w, fields);
}

/* By hand from PROTOCOL.md: who gets one of these wrong finds every sign-off void. */
static void put_all(struct galen_writer *w, const struct story *s)
{
    galen_write(w, "galen documents", 15);
    galen_write_u16(w, 1);
    size_t document = galen_write_begin(w);
    galen_write_u8(w, 1); /* pmr */
    put_record(w, 'm', 1, 0);
    size_t fields = galen_write_begin(w);
    galen_write_u16(w, 1); /* kind: cleared */
    size_t field = galen_write_begin(w);
    put_said(w, s, 6, NULL, 0);
    galen_write_end(w, field);
    galen_write_u16(w, 3); /* reason: a text, by the last edit that stands */
    field = galen_write_begin(w);
    put_said(w, s, 5, "pain at night", 13);
    galen_write_end(w, field);
    galen_write_u16(w, 10); /* status: in conflict, one value twice */
    field = galen_write_begin(w);
    put_said(w, s, 0, "\2", 1);
    put_said(w, s, 1, "\3", 1);
    put_said(w, s, 2, "\3", 1);
    galen_write_end(w, field);
    galen_write_end(w, fields);
    size_t proposals = galen_write_begin(w);
    put_proposal(w, 7, 7, 4, 10, "\4", 1); /* declined */
    size_t answers = galen_write_begin(w);
    put_said(w, s, 8, "\0", 1);
    galen_write_end(w, answers);
    galen_write_end(w, proposals);
    galen_write_end(w, document);
    document = galen_write_begin(w);
    galen_write_u8(w, 2); /* map */
    put_record(w, 'a', 2, 9);
    galen_write_vector(w, (struct galen_bytes){NULL, 0});
    proposals = galen_write_begin(w);
    put_proposal(w, 9, 9, 1, 2, "walk", 4); /* pending */
    galen_write_vector(w, (struct galen_bytes){NULL, 0});
    galen_write_end(w, proposals);
    galen_write_end(w, document);
}

Test(doc_sign, D4_what_is_signed_is_byte_by_byte_as_said)
{
    struct story s;
    struct galen_writer w, by_hand;
    story_begin(&s);
    story_write(&s, &ana, 0, PMR, 'm', "status", "active");
    story_write(&s, &ben, 0, PMR, 'm', "status", "on-hold");
    story_write(&s, &tom, 0, PMR, 'm', "status", "on-hold");
    story_write(&s, &ana, 3, PMR, 'm', "kind", "herbal");
    story_write(&s, &ana, 4, PMR, 'm', "reason", "pain");
    story_write(&s, &ben, 5, PMR, 'm', "reason", "pain at night");
    story_write(&s, &ana, 6, PMR, 'm', "kind", "");
    uint64_t stops = story_propose(&s, &pat, 7, PMR, 'm', "status", "stopped");
    story_answer(&s, &ana, 8, stops, false);
    story_propose(&s, &pat, 9, MAP, 'a', "action", "walk");
    galen_writer_init(&w);
    galen_writer_init(&by_hand);
    cr_assert(galen_docs_write_signed(s.docs, &w));
    put_all(&by_hand, &s);
    cr_assert_eq(w.size, by_hand.size);
    cr_assert_arr_eq(w.at, by_hand.at, w.size);
    galen_writer_wipe(&w);
    galen_writer_wipe(&by_hand);
    story_end(&s);
}

/* Of a proposal what its author wrote, and against what: the same bytes, whatever the text has come to. */
Test(doc_sign, D4_a_proposal_of_a_text_is_signed_as_it_was_written)
{
    struct story s;
    struct galen_writer w, proposed;
    begin_with_a_medicine(&s);
    story_write(&s, &ana, 1, PMR, 'm', "reason", "pain");
    uint64_t proposal = story_propose(&s, &pat, 2, PMR, 'm', "reason", "pain at night");
    galen_writer_init(&w);
    galen_writer_init(&proposed);
    galen_write_u64(&proposed, proposal);
    galen_write_u64(&proposed, 2); /* base */
    galen_write_u8(&proposed, GALEN_PROPOSAL_PENDING);
    size_t fields = galen_write_begin(&proposed);
    galen_write_u16(&proposed, GALEN_PMR_REASON);
    size_t value = galen_write_begin(&proposed);
    galen_write_u32(&proposed, 4); /* kept */
    galen_write_u32(&proposed, 0); /* deleted */
    galen_write_vector(&proposed, (struct galen_bytes){(const uint8_t *)" at night", 9});
    galen_write_end(&proposed, value);
    galen_write_end(&proposed, fields);
    galen_write_vector(&proposed, (struct galen_bytes){NULL, 0}); /* answers */
    for (int later = 0; later < 2; later++) {
        galen_writer_clear(&w);
        cr_assert(galen_docs_write_signed(s.docs, &w));
        cr_assert_geq(w.size, proposed.size);
        cr_assert_arr_eq(w.at + w.size - proposed.size, proposed.at,
                         proposed.size); /* the last in it */
        cr_assert_null(memmem(w.at, w.size, "pain at night", 13));
        story_write(&s, &ben, s.size, PMR, 'm', "reason", "headache");
    }
    galen_writer_wipe(&w);
    galen_writer_wipe(&proposed);
    story_end(&s);
}

/* Also what stands only in a proposal is part of what was signed. */
Test(doc_sign, D4_every_value_is_in_the_hash)
{
    static const char *const values[] = {"pain", "rain"};
    uint8_t hashes[2][GALEN_HASH_BYTES];
    for (int kind = 0; kind < 2; kind++) {
        for (int i = 0; i < 2; i++) {
            struct story s;
            begin_with_a_medicine(&s);
            if (kind == 0)
                story_write(&s, &ana, 1, PMR, 'm', "reason", values[i]);
            else
                story_propose(&s, &pat, 1, PMR, 'm', "reason", values[i]);
            cr_assert(galen_docs_hash(s.docs, hashes[i]));
            story_end(&s);
        }
        cr_assert_arr_neq(hashes[0], hashes[1], GALEN_HASH_BYTES);
    }
}

Test(doc_sign, D4_pharmacists_sign_and_nobody_else)
{
    static const struct {
        enum galen_role role;
        bool may;
    } roles[] = {
        {GALEN_ROLE_PHARMACIST, true},   {GALEN_ROLE_ADMINISTRATOR, false},
        {GALEN_ROLE_TECHNICIAN, false},  {GALEN_ROLE_PATIENT, false},
        {GALEN_ROLE_CAREGIVER, false},   {GALEN_ROLE_PRESCRIBER, false},
        {GALEN_ROLE_INTERPRETER, false}, {GALEN_ROLE_CUSTODIAN, false},
        {GALEN_ROLE_PRACTICE, false},
    };
    for (size_t i = 0; i < sizeof roles / sizeof roles[0]; i++) {
        struct story s;
        struct person who = {50, 50, roles[i].role};
        begin_with_a_medicine(&s);
        story_sign(&s, &who, 1);
        cr_assert_eq(galen_docs_may_sign(roles[i].role), roles[i].may);
        if (roles[i].may)
            assert_verdict(&s, GALEN_OK, true);
        else
            assert_void(&s, GALEN_ERR_ROLE);
        story_end(&s);
    }
}

Test(doc_sign, D4_a_conflict_in_its_past_voids_it)
{
    struct story s;
    begin_with_a_medicine(&s);
    story_write(&s, &ana, 1, PMR, 'm', "regimen", "drug=Metformin; dose=2");
    story_write(&s, &ben, 1, PMR, 'm', "regimen", "drug=Metformin; dose=3");
    cr_assert_eq(galen_docs_sign_bar(s.docs), GALEN_ERR_CONFLICT);
    story_sign(&s, &ana, 3);
    assert_void(&s, GALEN_ERR_CONFLICT);

    story_write(&s, &ana, 3, PMR, 'm', "regimen", "drug=Metformin; dose=2"); /* chooses */
    cr_assert_eq(galen_docs_sign_bar(s.docs), GALEN_OK);
    story_sign(&s, &ana, 5);
    assert_verdict(&s, GALEN_OK, true);
    cr_assert_eq(version(&s, 1).index, 5);
    story_end(&s);
}

/* Who says two things of a medicine that staff declined keeps nobody from signing; and to decide between the two
 * would be to write it, which would put it on the list. */
Test(doc_sign, D4_a_conflict_in_what_was_declined_bars_nothing)
{
    struct story s;
    begin_with_a_medicine(&s);
    uint64_t proposal = story_propose(&s, &pat, 1, PMR, 'n', "regimen", "drug=Ginkgo");
    uint64_t base = s.size;
    story_write(&s, &pat, base, PMR, 'n', "taken_as", "at night");
    story_write(&s, &pat_2, base, PMR, 'n', "taken_as", "never");
    cr_assert_eq(galen_docs_sign_bar(s.docs), GALEN_ERR_CONFLICT);
    story_answer(&s, &ana, s.size, proposal, false);
    cr_assert_eq(galen_record_state(story_record(&s, PMR, 'n')), GALEN_RECORD_DECLINED);
    cr_assert_eq(galen_docs_sign_bar(s.docs), GALEN_OK);
    story_sign(&s, &ana, s.size);
    assert_verdict(&s, GALEN_OK, true);

    story_answer(&s, &ana, s.size, proposal, true); /* after all */
    cr_assert_eq(galen_docs_sign_bar(s.docs), GALEN_ERR_CONFLICT);
    story_end(&s);
}

Test(doc_sign, D4_contradicting_answers_in_its_past_void_it)
{
    struct story s;
    begin_with_a_medicine(&s);
    uint64_t proposal = story_propose(&s, &pat, 1, PMR, 'm', "reason", "pain");
    story_answer(&s, &ana, 2, proposal, true);
    story_answer(&s, &ben, 2, proposal, false);
    story_sign(&s, &ana, 4);
    assert_void(&s, GALEN_ERR_CONFLICT);
    story_end(&s);
}

/* The conflict came between base and sign-off: what was signed had none. It is superseded at once. */
Test(doc_sign, D4_a_conflict_that_came_meanwhile_does_not_void_it)
{
    struct story s;
    begin_with_a_medicine(&s);
    story_write(&s, &ben, 1, PMR, 'm', "regimen", "drug=Metformin; dose=2");
    story_write(&s, &tom, 1, PMR, 'm', "regimen", "drug=Metformin; dose=3");
    story_sign(&s, &ana, 1);
    assert_verdict(&s, GALEN_OK, true);
    cr_assert_eq(version(&s, 1).superseded, 1);
    story_end(&s);
}

Test(doc_sign, D4_its_base_is_its_authors_head)
{
    struct story s;
    begin_with_a_medicine(&s);
    story_message(&s, &pat, 1);
    struct galen_op op = story_sign_op(&s, 1);
    story_apply(&s, &ana, &op); /* knew of the message and did not say so */
    assert_void(&s, GALEN_ERR_BEHIND);
    story_end(&s);
}

Test(doc_sign, D4_another_entry_of_its_author_between_base_and_it_voids_it)
{
    for (int kind = 0; kind < 3; kind++) {
        struct story s;
        begin_with_a_medicine(&s);
        if (kind == 0)
            story_message(&s, &ana, 1);
        else if (kind == 1)
            story_write(&s, &ana, 1, PMR, 'm', "reason", "pain");
        else
            story_write(&s, &ana, 9, PMR, 'm', "reason",
                        "pain"); /* void, and written all the same */
        story_sign(&s, &ana, 1);
        assert_void(&s, GALEN_ERR_BEHIND);
        story_end(&s);
    }
}

Test(doc_sign, D4_entries_of_others_between_base_and_it_do_not_void_it)
{
    struct story s;
    begin_with_a_medicine(&s);
    story_message(&s, &pat, 1);
    story_write(&s, &ben, 1, PMR, 'm', "reason", "pain");
    story_write(&s, &ben, 1, PMR, 'n', "reason", "sugar");
    story_sign(&s, &ana, 1);
    assert_verdict(&s, GALEN_OK, true);
    cr_assert_eq(version(&s, 1).superseded, 2); /* not by the message */
    story_end(&s);
}

Test(doc_sign, L8_newer_content_in_its_past_bars_it)
{
    struct story s;
    begin_with_a_medicine(&s);
    struct galen_op op = {.kind = 999, .base = 1};
    story_apply(&s, &ben, &op);
    cr_assert_eq(galen_docs_sign_bar(s.docs), GALEN_ERR_UNKNOWN_KIND);
    story_sign(&s, &ana, 2);
    assert_verdict(&s, GALEN_ERR_UNKNOWN_KIND, true);
    cr_assert_eq(galen_docs_version_count(s.docs), 0);
    story_end(&s);
}

Test(doc_sign, L8_newer_content_that_came_meanwhile_does_not_bar_it_and_supersedes)
{
    struct story s;
    begin_with_a_medicine(&s);
    struct galen_op op = {.kind = 999, .base = 1};
    story_apply(&s, &ben, &op);
    story_sign(&s, &ana, 1);
    assert_verdict(&s, GALEN_OK, true);
    cr_assert_eq(version(&s, 1).superseded, 1);
    story_end(&s);
}

Test(doc_sign, L8_a_sign_off_of_a_newer_schema_or_meaning_is_no_version)
{
    for (int newer = 0; newer < 2; newer++) {
        struct story s;
        begin_with_a_medicine(&s);
        struct galen_op op = story_sign_op(&s, 1);
        if (newer == 0)
            op.content.sign.schema = GALEN_SCHEMA_VERSION + 1;
        else
            op.content.sign.meaning = GALEN_SIGN_DISCHARGE + 1;
        story_apply(&s, &ana, &op);
        assert_verdict(&s, GALEN_ERR_UNKNOWN_KIND, true);
        cr_assert_eq(galen_docs_version_count(s.docs), 0);
        cr_assert_eq(galen_docs_newer_count(s.docs), 1);
        story_end(&s);
    }
}

Test(doc_sign, D4_a_hash_of_something_else_voids_it)
{
    struct story s;
    begin_with_a_medicine(&s);
    for (int i = 0; i < GALEN_HASH_BYTES; i++) {
        struct galen_op op = story_sign_op(&s, s.size);
        op.content.sign.hash[i] ^= 1;
        story_apply(&s, &ana, &op);
        assert_void(&s, GALEN_ERR_SIGNED);
    }
    story_end(&s);
}

/* What the signer had in front of them counts, not what stood there when the sign-off came. */
Test(doc_sign, D4_the_hash_is_that_of_the_documents_at_its_base)
{
    struct story s;
    begin_with_a_medicine(&s);
    struct galen_op early = story_sign_op(&s, 1);
    story_write(&s, &ben, 1, PMR, 'm', "reason", "pain");
    struct galen_op late = story_sign_op(&s, 2);
    memcpy(late.content.sign.hash, early.content.sign.hash, sizeof late.content.sign.hash);
    story_apply(&s, &ana, &late);
    assert_void(&s, GALEN_ERR_SIGNED);
    story_end(&s);
}

Test(doc_sign, D4_a_visit_that_it_names_is_there)
{
    struct story s;
    begin_with_a_medicine(&s);
    struct galen_op op = story_sign_op(&s, 1);
    memset(op.content.sign.visit, 'v', sizeof op.content.sign.visit);
    story_apply(&s, &ana, &op);
    assert_void(&s, GALEN_ERR_VALUE);
    story_write(&s, &ana, 2, GALEN_DOC_VISIT, 'v', "type", "cmr");
    op = story_sign_op(&s, 3);
    memset(op.content.sign.visit, 'v', sizeof op.content.sign.visit);
    story_apply(&s, &ana, &op);
    assert_verdict(&s, GALEN_OK, true);
    cr_assert_arr_eq(version(&s, 1).visit, op.content.sign.visit, GALEN_RECORD_ID_BYTES);
    story_end(&s);
}

Test(doc_sign, D4_versions_are_numbered_in_log_order_and_void_ones_take_no_number)
{
    struct story s;
    begin_with_a_medicine(&s);
    story_sign(&s, &ana, 1);
    story_sign(&s, &tom, 2); /* a technician */
    story_sign(&s, &ben, 3);
    cr_assert_eq(galen_docs_version_count(s.docs), 2);
    cr_assert_eq(version(&s, 1).index, 1);
    cr_assert_eq(version(&s, 2).index, 3);
    cr_assert_eq(version(&s, 1).superseded, GALEN_NO_ENTRY);
    story_end(&s);
}

/* A change of the record, also by a proposal or an answer; not what is no part of what papers say. */
Test(doc_sign, D4_any_change_of_the_record_supersedes_it)
{
    static const char *const what[] = {"action",       "proposal", "answer",      "allergy",
                                       "a newer kind", "message",  "name",        "visit",
                                       "journal",      "version",  "a void write"};
    enum { SUPERSEDE = 5 };
    for (int i = 0; i < 11; i++) {
        struct story s;
        begin_with_a_medicine(&s);
        uint64_t proposal = story_propose(&s, &pat, 1, PMR, 'm', "reason", "pain");
        story_sign(&s, &ana, 2);
        cr_assert_eq(version(&s, 1).superseded, GALEN_NO_ENTRY);
        struct galen_op newer = {.kind = 999, .base = 3};
        uint64_t at = s.size;
        if (i == 0)
            story_write(&s, &ana, 3, MAP, 'a', "action", "walk");
        else if (i == 1)
            story_propose(&s, &pat, 3, PMR, 'm', "prescriber", "Dr Heart");
        else if (i == 2)
            story_answer(&s, &ana, 3, proposal, false);
        else if (i == 3)
            story_write(&s, &ana, 3, GALEN_DOC_ALLERGIES, 'g', "substance", "penicillin");
        else if (i == 4)
            story_apply(&s, &ben, &newer);
        else if (i == 5)
            story_message(&s, &ana, 3);
        else if (i == 6)
            story_write(&s, &ana, 3, PEOPLE, 'p', "name", "Mina Patel");
        else if (i == 7)
            story_write(&s, &ana, 3, GALEN_DOC_VISIT, 'v', "step", "sign");
        else if (i == 8)
            story_write(&s, &pat, 3, GALEN_DOC_JOURNAL, 'j', "note", "slept well");
        else if (i == 9)
            story_sign(&s, &ben, 3);
        else
            story_write(&s, &pat, 3, PMR, 'n', "reason", "not theirs to add");
        cr_assert_eq(version(&s, 1).superseded, i < SUPERSEDE ? at : GALEN_NO_ENTRY, "%s", what[i]);
        story_write(&s, &ben, s.size, PMR, 'm', "reason", "again");
        cr_assert_eq(version(&s, 1).superseded, i < SUPERSEDE ? at : at + 1,
                     "the first one counts");
        story_end(&s);
    }
}

Test(doc_sign, L2_L3_hold_for_sign_offs_too)
{
    struct story s;
    begin_with_a_medicine(&s);
    struct galen_op op = story_sign_op(&s, 1);
    memset(op.id, 0x77, sizeof op.id);
    story_apply(&s, &ana, &op);
    assert_verdict(&s, GALEN_OK, true);
    op.base = 2;
    story_apply(&s, &ana, &op);
    assert_verdict(&s, GALEN_ERR_DUPLICATE, false);
    cr_assert_eq(galen_docs_version_count(s.docs), 1);
    story_end(&s);
}

Test(doc_sign, versions_are_there_as_of_then)
{
    struct story s;
    begin_with_a_medicine(&s);
    struct galen_op op = story_sign_op(&s, 1);
    op.content.sign.assertion = (struct galen_bytes){(const uint8_t *)"a passkey's word", 16};
    story_apply(&s, &ana, &op);
    story_write(&s, &ana, 2, PMR, 'm', "reason", "sugar");
    story_sign(&s, &ben, 3);
    static const size_t versions[] = {0, 0, 1, 1, 2};
    for (uint64_t size = 0; size <= 4; size++) {
        struct galen_docs *then = galen_docs_as_of(s.docs, size);
        cr_assert_eq(galen_docs_version_count(then), versions[size]);
        if (versions[size] > 0) {
            struct galen_version v = galen_docs_version_at(then, 0);
            cr_assert_eq(v.superseded, size < 3 ? GALEN_NO_ENTRY : 2);
            cr_assert_eq(v.assertion.size, 16);
            cr_assert_arr_eq(v.assertion.at, "a passkey's word", 16);
            cr_assert_arr_eq(v.hash, op.content.sign.hash, GALEN_HASH_BYTES);
        }
        galen_docs_free(then);
    }
    story_end(&s);
}

/* The one below the documents at its base has to be made anew for it. */
Test(doc_sign, each_allocation_may_fail_and_nothing_has_changed)
{
    struct story s;
    begin_with_a_medicine(&s);
    story_write(&s, &ben, 1, PMR, 'm', "reason", "pain");
    struct galen_op op = story_sign_op(&s, 1);
    struct galen_docs_entry entry = story_entry(&s, &ana);
    entry.head_size = 1;
    for (size_t nth = 1;; nth++) {
        allocator_fail(nth);
        enum galen_err err = galen_docs_apply(s.docs, &entry, &op, &s.verdict);
        bool hit = allocator_failed();
        allocator_fail(0);
        cr_assert_eq(err, hit ? GALEN_ERR_MEMORY : GALEN_OK);
        if (!hit)
            break;
        cr_assert_eq(galen_docs_version_count(s.docs), 0);
        cr_assert_eq(galen_docs_find_op(s.docs, &entry.account, op.id), GALEN_NO_ENTRY);
    }
    assert_verdict(&s, GALEN_OK, true);
    cr_assert_eq(galen_docs_version_count(s.docs), 1);
    story_end(&s);
}

/* ---- After a hospital stay (SCHEMA.md) ----------------------------------------------------------- */

static uint64_t staff_says(struct story *s, uint8_t doc, char record, const char *field,
                           const char *value)
{
    uint64_t index = story_write(s, &ana, s->size, doc, record, field, value);
    assert_verdict(s, GALEN_OK, true);
    return index;
}

/* An entry at index i is received i seconds after 22:13:20. */
static void begin_visit(struct story *s, char record, const char *type, int second)
{
    char started[40];
    snprintf(started, sizeof started, "2023-11-14T22:13:%02dZ", 20 + second);
    staff_says(s, GALEN_DOC_VISIT, record, "type", type);
    staff_says(s, GALEN_DOC_VISIT, record, "started", started);
}

static enum galen_line line(const struct story *s, char medicine)
{
    return galen_docs_line(story_record(s, GALEN_DOC_VISIT, 'v'), story_record(s, PMR, medicine));
}

Test(doc_sign, each_line_of_a_discharge_is_decided_since_the_visit_began)
{
    struct story s;
    story_begin(&s);
    staff_says(&s, PMR, 'a', "regimen", "drug=Metformin");
    staff_says(&s, PMR, 'b', "regimen", "drug=Zinc");
    staff_says(&s, PMR, 'b', "discharge", "continue"); /* of the stay before */
    staff_says(&s, PMR, 'b', "discharge_why", "of the stay before");
    staff_says(&s, PMR, 'c', "regimen", "drug=Aspirin");
    staff_says(&s, PMR, 'c', "status", "stopped");
    staff_says(&s, PMR, 'd', "regimen", "drug=Calcium");
    begin_visit(&s, 'v', "discharge", (int)s.size);
    const struct galen_record *visit = story_record(&s, GALEN_DOC_VISIT, 'v');
    cr_assert_eq(line(&s, 'a'), GALEN_LINE_UNDECIDED);
    cr_assert_eq(line(&s, 'b'), GALEN_LINE_UNDECIDED, "what was said before is of another stay");
    cr_assert_eq(line(&s, 'c'), GALEN_LINE_NONE, "nobody takes it any more");
    staff_says(&s, PMR, 'd', "status", "stopped");
    cr_assert_eq(line(&s, 'd'), GALEN_LINE_UNDECIDED, "it was taken when the visit began");
    cr_assert_eq(galen_docs_undecided(s.docs, visit), 3);
    staff_says(&s, PMR, 'a', "discharge", "continue");
    cr_assert_eq(line(&s, 'a'), GALEN_LINE_DECIDED);
    staff_says(&s, PMR, 'b', "discharge", "not-decided");
    cr_assert_eq(line(&s, 'b'), GALEN_LINE_UNDECIDED, "why was said of the stay before");
    staff_says(&s, PMR, 'b', "discharge_why", "The hospital is asked.");
    cr_assert_eq(line(&s, 'b'), GALEN_LINE_LEFT_OPEN);
    staff_says(&s, PMR, 'd', "discharge", "stopped");
    staff_says(&s, PMR, 'c', "discharge", "stopped");
    cr_assert_eq(line(&s, 'd'), GALEN_LINE_DECIDED);
    cr_assert_eq(line(&s, 'c'), GALEN_LINE_DECIDED);
    cr_assert_eq(galen_docs_undecided(s.docs, visit), 0);
    staff_says(&s, PMR, 'a', "discharge", "");
    cr_assert_eq(line(&s, 'a'), GALEN_LINE_UNDECIDED, "it was taken back");
    uint64_t proposal = story_propose(&s, &pat, s.size, PMR, 'e', "regimen", "drug=Iron");
    cr_assert_eq(line(&s, 'e'), GALEN_LINE_UNDECIDED);
    story_answer(&s, &ana, s.size, proposal, false);
    cr_assert_eq(line(&s, 'e'), GALEN_LINE_NONE);
    story_end(&s);
}

static char reconciled_in(const struct story *s, char named, uint8_t meaning)
{
    uint8_t id[GALEN_RECORD_ID_BYTES];
    story_record_id(named, id);
    const struct galen_record *in =
        galen_docs_reconciled_in(s->docs, named == 0 ? NULL : id, meaning);
    return in == NULL ? '-' : (char)galen_record_id(in)[0];
}

Test(doc_sign, a_signature_has_to_do_with_the_lines_of_the_visit_it_is_about)
{
    enum { TOLD = GALEN_SIGN_WITH_PATIENT, STAY = GALEN_SIGN_DISCHARGE };
    struct story s;
    begin_with_a_medicine(&s);
    staff_says(&s, GALEN_DOC_VISIT, 'u', "type", "discharge");
    cr_assert_eq(reconciled_in(&s, 0, TOLD), '-', "it has not begun");
    staff_says(&s, GALEN_DOC_VISIT, 'u', "started", "2023-11-14T22:13:23Z");
    cr_assert_eq(reconciled_in(&s, 0, TOLD), 'u');
    begin_visit(&s, 'v', "discharge", (int)s.size);
    begin_visit(&s, 't', "discharge", 0);
    begin_visit(&s, 'w', "cmr", (int)s.size);
    cr_assert_eq(reconciled_in(&s, 0, TOLD), 'v', "the last of those after a stay");
    cr_assert_eq(reconciled_in(&s, 'u', TOLD), 'u');
    cr_assert_eq(reconciled_in(&s, 'w', TOLD), '-');
    cr_assert_eq(reconciled_in(&s, 'w', STAY), 'w', "the meaning says so");
    cr_assert_eq(reconciled_in(&s, 'x', STAY), '-', "there is no such visit");
    struct galen_op op = story_sign_op(&s, s.size);
    story_record_id('v', op.content.sign.visit);
    story_apply(&s, &ana, &op);
    assert_verdict(&s, GALEN_OK, true);
    cr_assert_eq(reconciled_in(&s, 0, TOLD), 'u', "v was signed");
    staff_says(&s, GALEN_DOC_VISIT, 'u', "type", "");
    staff_says(&s, GALEN_DOC_VISIT, 't', "type", "");
    cr_assert_eq(reconciled_in(&s, 0, TOLD), '-');
    story_end(&s);
}
