/* PROTOCOL.md, "Judging an entry": what follows from an entry, accepted or void; and heads. */
#include "galen/rules.h"
#include "support/allocator.h"
#include "support/primitives.h"
#include "support/scene.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static void expect(enum galen_err got, enum galen_err wanted, const char *what)
{
    cr_assert_eq(got, wanted, "%s: %s, not %s", what, galen_err_name(got), galen_err_name(wanted));
}

static uint64_t size_of(const struct scene *s)
{
    return galen_tree_size(galen_rules_tree(s->rules));
}

static uint32_t last_number(const struct scene *s, const struct party *party)
{
    const struct galen_author *author = galen_rules_author(s->rules, &party->id);
    return author ? author->last_number : 0;
}

/* Drafts the patient's next message. */
static void message(struct scene *s)
{
    scene_draft(s, &s->patient, GALEN_CLASS_MESSAGE);
}

/* Drafts a certificate entry of the pharmacist. */
static void renewal(struct scene *s, const struct party *renewed, bool from_member)
{
    struct galen_chain chain;
    scene_draft(s, &s->pharmacist, GALEN_CLASS_CERTIFICATE);
    party_chain(renewed, from_member, &chain);
    galen_chain_write(&s->clear, &chain);
}

/* ---------------------------------------------------------------------------------------- void */

Test(rules_apply, L5_a_void_entry_is_a_leaf_and_uses_its_number)
{
    struct scene s;
    scene_begin(&s);
    message(&s);
    s.header.epoch++;
    enum galen_err verdict = scene_judge(&s);
    expect(verdict, GALEN_ERR_EPOCH, "stale");
    expect(galen_rules_apply(s.rules, &s.entry, verdict), GALEN_OK, "a leaf");
    cr_assert_eq(size_of(&s), 3);
    cr_assert_eq(last_number(&s, &s.patient), 1, "its number is used");
    cr_assert_eq(galen_rules_author(s.rules, &s.patient.id)->last_head_size, 0);
    cr_assert_eq(galen_rules_epoch(s.rules), 2);
    message(&s);
    scene_accept(&s);
    cr_assert_eq(last_number(&s, &s.patient), 2);
    scene_end(&s);
}

Test(rules_apply, L5_what_does_not_hold_changes_nothing_but_the_tree)
{
    static const char *const cases[] = {"forged", "another chart's", "not the next number",
                                        "a stranger's", "a later version"};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct scene s;
        scene_begin(&s);
        scene_draft_epoch(&s, i == 3 ? &s.other_pharmacist : &s.pharmacist);
        if (i == 1)
            s.header.chart.bytes[0] ^= 1;
        if (i == 2)
            s.header.number++;
        scene_encode(&s);
        if (i == 0 || i == 4) {
            s.bytes.at[i == 0 ? GALEN_HEADER_BYTES : 0] ^= 2;
            s.entry.signature[0] = s.bytes.at[GALEN_HEADER_BYTES];
        }
        enum galen_err verdict = galen_rules_judge(s.rules, &s.entry);
        cr_assert_neq(verdict, GALEN_OK, "%s", cases[i]);
        expect(galen_rules_apply(s.rules, &s.entry, verdict), GALEN_OK, cases[i]);
        cr_assert_eq(size_of(&s), 3, "%s", cases[i]);
        cr_assert_eq(last_number(&s, &s.pharmacist), 2, "%s", cases[i]);
        cr_assert_eq(galen_rules_epoch(s.rules), 2, "%s", cases[i]);
        scene_end(&s);
    }
}

Test(rules_apply, E3_a_void_epoch_entry_begins_an_unusable_epoch_and_the_next_heals_it)
{
    struct scene s;
    scene_begin(&s);
    scene_draft_epoch(&s, &s.patient);
    scene_add(&s, &s.caregiver, true, false);
    enum galen_err verdict = scene_judge(&s);
    expect(verdict, GALEN_ERR_ROLE, "a patient may not");
    expect(galen_rules_apply(s.rules, &s.entry, verdict), GALEN_OK, "a leaf");
    cr_assert_eq(galen_rules_epoch(s.rules), 3);
    cr_assert(galen_rules_epoch_void(s.rules));
    cr_assert_eq(galen_rules_member_count(s.rules), 3);
    scene_draft_epoch(&s, &s.patient);
    scene_accept(&s);
    cr_assert_eq(galen_rules_epoch(s.rules), 4);
    cr_assert_not(galen_rules_epoch_void(s.rules));
    scene_end(&s);
}

Test(rules_apply, E3_a_void_epoch_entry_for_another_epoch_begins_none)
{
    struct scene s;
    scene_begin(&s);
    scene_draft_epoch(&s, &s.pharmacist);
    s.header.epoch--;
    enum galen_err verdict = scene_judge(&s);
    expect(verdict, GALEN_ERR_EPOCH, "stale");
    expect(galen_rules_apply(s.rules, &s.entry, verdict), GALEN_OK, "a leaf");
    cr_assert_eq(galen_rules_epoch(s.rules), 2);
    cr_assert_not(galen_rules_epoch_void(s.rules));
    cr_assert_eq(last_number(&s, &s.pharmacist), 3);
    scene_end(&s);
}

/* --------------------------------------------------------------------------------------- memory */

static void apply_fails_in_turn(struct scene *s, const char *what)
{
    scene_encode(s);
    uint64_t size = size_of(s);
    uint32_t epoch = galen_rules_epoch(s->rules);
    for (size_t nth = 1;; nth++) {
        allocator_fail(nth);
        enum galen_err verdict = galen_rules_judge(s->rules, &s->entry);
        bool hit = allocator_failed();
        allocator_fail(0);
        if (!hit) {
            expect(verdict, GALEN_OK, what);
            break;
        }
        /* Verifying without memory is out of memory, never a judgement. */
        expect(verdict, GALEN_ERR_MEMORY, what);
    }
    for (size_t nth = 1;; nth++) {
        allocator_fail(nth);
        enum galen_err err = galen_rules_apply(s->rules, &s->entry, GALEN_OK);
        bool hit = allocator_failed();
        allocator_fail(0);
        if (!hit) {
            expect(err, GALEN_OK, what);
            break;
        }
        expect(err, GALEN_ERR_MEMORY, what);
        cr_assert_eq(size_of(s), size, "%s", what);
        cr_assert_eq(galen_rules_epoch(s->rules), epoch, "%s", what);
        cr_assert_eq(galen_rules_apply(s->rules, &s->entry, GALEN_ERR_MEMORY), GALEN_ERR_MEMORY);
        cr_assert_eq(size_of(s), size, "%s", what);
    }
    cr_assert_eq(size_of(s), size + 1, "%s", what);
}

Test(rules_apply, each_allocation_may_fail_and_nothing_changes)
{
    struct scene s;
    scene_begin_empty(&s);
    apply_fails_in_turn(&s, "the first entry");
    scene_end(&s);
    scene_begin(&s);
    message(&s);
    apply_fails_in_turn(&s, "a message");
    scene_draft_epoch(&s, &s.pharmacist);
    scene_add(&s, &s.caregiver, true, false);
    apply_fails_in_turn(&s, "an epoch entry");
    scene_draft_epoch(&s,
                      &s.caregiver); /* who may drop the patient only by the statement's weight */
    scene_drop(&s, &s.patient);
    scene_state(&s, &s.administrator, GALEN_STATEMENT_REVOKED, &s.patient, NULL, true);
    apply_fails_in_turn(&s, "an epoch entry with a statement");
    renewal(&s, &s.pharmacist, false);
    apply_fails_in_turn(&s, "a certificate");
    for (int i = 0; i < 40; i++) {
        scene_draft(&s, &s.pharmacist, GALEN_CLASS_MESSAGE);
        apply_fails_in_turn(&s, "one of many");
    }
    scene_end(&s);
    allocator_fail(1);
    cr_assert_null(galen_rules_new(&test_primitives, &s.practice.keys));
    allocator_fail(0);
}

Test(rules_apply, a_void_entry_without_memory_changes_nothing)
{
    struct scene s;
    scene_begin(&s);
    message(&s);
    s.header.epoch++;
    expect(scene_judge(&s), GALEN_ERR_EPOCH, "stale");
    bool hit = true;
    for (size_t nth = 1; hit; nth++) {
        allocator_fail(nth);
        enum galen_err err = galen_rules_apply(s.rules, &s.entry, GALEN_ERR_EPOCH);
        hit = allocator_failed();
        allocator_fail(0);
        expect(err, hit ? GALEN_ERR_MEMORY : GALEN_OK, "void");
        cr_assert_eq(size_of(&s), hit ? 2 : 3);
        cr_assert_eq(last_number(&s, &s.patient), hit ? 0 : 1);
    }
    scene_end(&s);
}

/* ---------------------------------------------------------------------------------------- gaps */

Test(rules_apply, with_gaps_numbers_rise_and_roots_are_shown_otherwise)
{
    struct scene s;
    scene_begin(&s);
    galen_rules_allow_gaps(s.rules);
    message(&s);
    s.header.number = 7;
    s.header.head_size = 90;
    s.header.head_root[0] ^= 1;
    scene_accept(&s);
    message(&s);
    s.header.number = 7;
    expect(scene_judge(&s), GALEN_ERR_NUMBER, "the same number again");
    s.header.number = 9;
    s.header.head_size = 89;
    expect(scene_judge(&s), GALEN_ERR_HEAD, "a head that sinks");
    s.header.head_size = 90;
    expect(scene_judge(&s), GALEN_OK, "further on");
    s.header.epoch--;
    expect(scene_judge(&s), GALEN_ERR_EPOCH, "but the epoch is known");
    scene_end(&s);
}

/* ---------------------------------------------------------------------------------------- heads */

static struct galen_head head_of(const struct scene *s, const struct party *party, uint64_t size)
{
    struct galen_head head = {.chart = *galen_rules_chart(s->rules),
                              .device = party->id,
                              .size = size,
                              .clock_ms = SCENE_NOW_MS};
    if (size <= size_of(s))
        cr_assert(galen_tree_root_at(galen_rules_tree(s->rules), size, head.root));
    party_sign_head(party, &head);
    return head;
}

Test(rules_apply, H1_a_head_is_a_members_and_equal_to_ours)
{
    struct scene s;
    scene_begin(&s);
    for (uint64_t size = 0; size <= 2; size++) {
        struct galen_head head = head_of(&s, &s.patient, size);
        expect(galen_rules_check_head(s.rules, &head), GALEN_OK, "ours");
    }
    struct galen_head head = head_of(&s, &s.patient, 3);
    expect(galen_rules_check_head(s.rules, &head), GALEN_ERR_STATE, "larger: wait");
    head = head_of(&s, &s.caregiver, 2);
    expect(galen_rules_check_head(s.rules, &head), GALEN_ERR_NOT_MEMBER, "never a member");
    head = head_of(&s, &s.patient, 2);
    head.signature[1] ^= 1;
    expect(galen_rules_check_head(s.rules, &head), GALEN_ERR_SIGNATURE, "forged");
    head = head_of(&s, &s.patient, 2);
    head.clock_ms++;
    expect(galen_rules_check_head(s.rules, &head), GALEN_ERR_SIGNATURE, "the clock is signed too");
    head = head_of(&s, &s.patient, 2);
    head.chart.bytes[0] ^= 1;
    expect(galen_rules_check_head(s.rules, &head), GALEN_ERR_CHART, "another chart's");
    scene_drop_member(&s, &s.pharmacist, &s.patient);
    head = head_of(&s, &s.patient, 2);
    expect(galen_rules_check_head(s.rules, &head), GALEN_OK, "a former member's");
    scene_end(&s);
}

Test(rules_apply, H2_a_head_that_contradicts_is_named)
{
    struct scene s;
    scene_begin(&s);
    struct galen_head head = head_of(&s, &s.patient, 2);
    head.root[5] ^= 1;
    party_sign_head(&s.patient, &head);
    expect(galen_rules_check_head(s.rules, &head), GALEN_ERR_HEAD, "another history");
    scene_end(&s);
}

Test(rules_apply, H1_a_head_without_a_chart_or_without_memory_is_not_judged)
{
    struct scene s;
    scene_begin_empty(&s);
    struct galen_head head = head_of(&s, &s.pharmacist, 0);
    expect(galen_rules_check_head(s.rules, &head), GALEN_ERR_CHART, "before the first entry");
    scene_end(&s);
    scene_begin(&s);
    head = head_of(&s, &s.patient, 2);
    allocator_fail(1);
    enum galen_err err = galen_rules_check_head(s.rules, &head);
    allocator_fail(0);
    expect(err, GALEN_ERR_MEMORY, "no memory");
    scene_end(&s);
}
