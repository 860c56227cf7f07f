/* protocol/log: what we write wrongly is refused, and memory may run out at any point. */
#include "support/allocator.h"
#include "support/pair.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

Test(draft, drafting_says_what_is_wrong_and_appends_nothing)
{
    struct pair p = pair_new(30);
    struct chart_device *other = chart_person(p.chart, "other", GALEN_ROLE_CAREGIVER, p.pharmacist);
    struct galen_epoch_random random = chart_epoch_random(p.chart);
    const struct galen_newcomer present = {&p.patient->chain, false};
    const struct galen_newcomer newcomer = {&other->chain, false};
    const struct {
        const char *name;
        struct chart_device *author;
        struct galen_epoch_change change;
        enum galen_err err;
    } cases[] = {
        {"drop nobody", p.pharmacist, {.drop = &other->id, .drop_count = 1}, GALEN_ERR_NOT_MEMBER},
        {"make nobody a holder",
         p.pharmacist,
         {.make_holder = &other->id, .make_holder_count = 1},
         GALEN_ERR_NOT_MEMBER},
        {"add who is here", p.pharmacist, {.add = &present, .add_count = 1}, GALEN_ERR_DUPLICATE},
        {"not a member", other, {0}, GALEN_ERR_NOT_MEMBER},
        {"drop the custodian",
         p.pharmacist,
         {.drop = &p.chart->custodian->id, .drop_count = 1},
         GALEN_ERR_CUSTODIAN},
        {"a patient adds a caregiver",
         p.patient,
         {.add = &newcomer, .add_count = 1},
         GALEN_ERR_ROLE},
        {"a patient makes itself a holder",
         p.patient,
         {.make_holder = &p.patient->id, .make_holder_count = 1},
         GALEN_ERR_NOT_HOLDER},
    };
    chart_read(p.chart, other);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct galen_writer entry;
        galen_writer_init(&entry);
        galen_write(&entry, "kept", 4);
        enum galen_err err = galen_log_draft_epoch(cases[i].author->log, p.chart->now_ms,
                                                   chart_number(p.chart, cases[i].author),
                                                   &cases[i].change, &random, &entry);
        cr_assert_eq(err, cases[i].err, "%s: %s", cases[i].name, galen_err_name(err));
        cr_assert_eq(entry.size, 4, "%s", cases[i].name);
        galen_writer_wipe(&entry);
    }
    struct galen_log *empty = galen_log_new(&p.chart->practice, &p.pharmacist->secrets);
    struct galen_writer entry;
    galen_writer_init(&entry);
    cr_assert_eq(galen_log_draft_epoch(empty, p.chart->now_ms, 1, &(struct galen_epoch_change){0},
                                       &random, &entry),
                 GALEN_ERR_STATE);
    cr_assert_eq(galen_log_size(empty), 0);
    cr_assert(galen_id_equal(galen_log_self(empty), &p.pharmacist->id));
    cr_assert_null(galen_log_read(empty, 0));
    galen_log_free(empty);
    galen_log_free(NULL);
    chart_free(p.chart);
}

/* Everything that another reader could tell apart. */
static void state_of(const struct chart_device *device, struct galen_writer *out)
{
    uint8_t root[GALEN_HASH_BYTES] = {0};
    uint64_t size = galen_log_size(device->log);
    (void)!galen_tree_root_at(galen_rules_tree(galen_log_rules(device->log)), size, root);
    galen_write_u64(out, size);
    galen_write(out, root, sizeof root);
    galen_write_u32(out, galen_rules_epoch(galen_log_rules(device->log)));
    galen_write_u8(out, (uint8_t)galen_log_epoch_state(device->log));
    galen_write_bool(out, galen_log_is_holder(device->log));
    galen_write_bool(out, galen_log_history_needs_care(device->log));
    for (uint32_t i = 0; i < 12; i++)
        galen_write_bool(out, galen_log_epoch_key(device->log, i) != NULL);
}

Test(draft, each_allocation_may_fail_and_nothing_has_changed)
{
    struct pair p = pair_new(31);
    chart_make_holder(p.chart, p.pharmacist, p.patient);
    struct chart_device *gone =
        chart_person(p.chart, "gone", GALEN_ROLE_PHARMACIST, p.chart->admin);
    chart_add(p.chart, p.pharmacist, gone, true);
    chart_drop(p.chart, p.pharmacist, gone);
    chart_say(p.chart, p.patient, "message");
    chart_forget(p.chart, p.patient);
    size_t failures = 0;
    for (uint64_t i = 0; i < p.chart->size; i++) {
        struct galen_entry entry = chart_entry_at(p.chart, i);
        for (size_t nth = 1;; nth++) {
            struct galen_writer before, after, plain;
            struct galen_read read;
            galen_writer_init(&before);
            galen_writer_init(&after);
            galen_writer_init(&plain);
            state_of(p.patient, &before);
            allocator_fail(nth);
            enum galen_err err = galen_log_add(p.patient->log, &entry, &read, &plain);
            bool failed = allocator_failed();
            allocator_fail(0);
            state_of(p.patient, &after);
            if (failed) {
                failures++;
                cr_assert_eq(err, GALEN_ERR_MEMORY);
                cr_assert(galen_bytes_equal(galen_written(&before), galen_written(&after)));
            }
            galen_writer_wipe(&before);
            galen_writer_wipe(&after);
            galen_writer_wipe(&plain);
            if (!failed) {
                cr_assert_eq(err, GALEN_OK);
                break;
            }
        }
    }
    cr_assert_gt(failures, 10);
    cr_assert_eq(chart_state(p.patient, p.chart->size - 1), GALEN_READ_OPEN);
    chart_free(p.chart);
}

Test(draft, each_allocation_of_a_draft_may_fail)
{
    struct pair p = pair_new(32);
    struct galen_epoch_random random = chart_epoch_random(p.chart);
    const struct galen_epoch_change change = {.new_history = true};
    for (int what = 0; what < 3; what++) {
        for (size_t nth = 1;; nth++) {
            struct galen_writer entry;
            galen_writer_init(&entry);
            allocator_fail(nth);
            uint32_t number = chart_number(p.chart, p.pharmacist);
            enum galen_err err =
                what == 0   ? galen_log_draft_epoch(p.pharmacist->log, p.chart->now_ms, number,
                                                    &change, &random, &entry)
                : what == 1 ? galen_log_seal(p.pharmacist->log, GALEN_CLASS_MESSAGE, number,
                                             pair_text("x"), random.salt, &entry)
                            : galen_log_draft_first(
                                  &p.chart->practice, &p.pharmacist->secrets, p.chart->now_ms,
                                  (struct galen_newcomer[]){{&p.pharmacist->chain, true},
                                                            {&p.chart->custodian->chain, true}},
                                  2, &random, &entry);
            bool failed = allocator_failed();
            allocator_fail(0);
            cr_assert_eq(err, failed ? GALEN_ERR_MEMORY : GALEN_OK, "%d: %s", what,
                         galen_err_name(err));
            if (failed)
                cr_assert_eq(entry.size, 0);
            galen_writer_wipe(&entry);
            if (!failed)
                break;
        }
    }
    chart_free(p.chart);
}
