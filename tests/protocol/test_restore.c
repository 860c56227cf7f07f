/* A log that is put together again from one's own saved state: what was judged stays judged. */
#include "support/pair.h"

#include <criterion/criterion.h>
#include <string.h>

static struct galen_log *restored(struct chart *chart, const struct chart_device *device)
{
    struct galen_log *log = galen_log_new(&chart->practice, &device->secrets);
    struct galen_writer plain;
    galen_writer_init(&plain);
    for (uint64_t i = 0; i < galen_log_size(device->log); i++) {
        struct galen_entry entry = chart_entry_at(chart, i);
        struct galen_read read;
        uint16_t judged = galen_log_read(device->log, i)->judged;
        cr_assert_eq(galen_log_restore(log, &entry, judged, NULL, &read, &plain), GALEN_OK);
    }
    galen_writer_wipe(&plain);
    return log;
}

static void assert_equal(const struct galen_log *a, const struct galen_log *b)
{
    uint64_t size = galen_log_size(a);
    uint8_t root[2][GALEN_HASH_BYTES];
    cr_assert_eq(galen_log_size(b), size);
    cr_assert(galen_tree_root_at(galen_rules_tree(galen_log_rules(a)), size, root[0]));
    cr_assert(galen_tree_root_at(galen_rules_tree(galen_log_rules(b)), size, root[1]));
    cr_assert_arr_eq(root[0], root[1], sizeof root[0]);
    for (uint64_t i = 0; i < size; i++) {
        const struct galen_read *x = galen_log_read(a, i), *y = galen_log_read(b, i);
        cr_assert_eq(x->state, y->state, "entry %d", (int)i);
        cr_assert_eq(x->why, y->why, "entry %d", (int)i);
        cr_assert_eq(x->judged, y->judged, "entry %d", (int)i);
        cr_assert_eq(x->role, y->role);
        cr_assert(galen_id_equal(&x->account, &y->account));
    }
    const struct galen_rules *r[2] = {galen_log_rules(a), galen_log_rules(b)};
    cr_assert_eq(galen_rules_epoch(r[0]), galen_rules_epoch(r[1]));
    cr_assert_eq(galen_rules_member_count(r[0]), galen_rules_member_count(r[1]));
    cr_assert_eq(galen_log_is_holder(a), galen_log_is_holder(b));
    cr_assert_eq(galen_log_epoch_state(a), galen_log_epoch_state(b));
    for (uint32_t e = 1; e <= galen_rules_epoch(r[0]); e++) {
        const uint8_t *x = galen_log_epoch_key(a, e), *y = galen_log_epoch_key(b, e);
        cr_assert_eq(x == NULL, y == NULL);
        cr_assert(!x || memcmp(x, y, GALEN_KEY_BYTES) == 0);
    }
}

/* One of everything that can stand in a log: good, of a wrong number, under a wrong signature, a void epoch. */
static void tell(struct pair *p)
{
    chart_say(p->chart, p->pharmacist, "good morning");
    struct galen_header header = chart_header(p->chart, p->patient, GALEN_CLASS_MESSAGE);
    header.number += 5;
    cr_assert_eq(chart_append_signed(p->chart, p->patient, &header, pair_text("wrong number")),
                 GALEN_ERR_NUMBER);
    header = chart_header(p->chart, p->patient, GALEN_CLASS_MESSAGE);
    cr_assert_eq(
        chart_append_signed(p->chart, p->pharmacist, &header, pair_text("signed by another")),
        GALEN_ERR_SIGNATURE);
    chart_renew(p->chart, p->patient);
    chart_say(p->chart, p->patient, "after the renewal");
    header = chart_header(p->chart, p->patient, GALEN_CLASS_MESSAGE);
    cr_assert_eq(chart_append_signed(p->chart, p->patient, &header,
                                     pair_text("a body that nobody sealed, as long as a tag")),
                 GALEN_OK);
    chart_read_all(p->chart);
}

Test(restore, a_log_from_saved_state_is_the_log_that_was_read)
{
    struct pair p = pair_new(31);
    tell(&p);
    cr_assert_eq(galen_log_read(p.patient->log, p.chart->size - 1)->state, GALEN_READ_VOID);
    struct chart_device *devices[] = {p.pharmacist, p.patient};
    for (size_t i = 0; i < 2; i++) {
        struct galen_log *log = restored(p.chart, devices[i]);
        assert_equal(devices[i]->log, log);
        galen_log_free(log);
    }
    chart_free(p.chart);
}

Test(restore, what_was_opened_is_not_opened_again)
{
    struct pair p = pair_new(34);
    tell(&p);
    struct galen_log *once = galen_log_new(&p.chart->practice, &p.patient->secrets);
    struct galen_log *again = galen_log_new(&p.chart->practice, &p.patient->secrets);
    size_t opened = 0;
    for (uint64_t i = 0; i < p.chart->size; i++) {
        struct galen_entry entry = chart_entry_at(p.chart, i);
        struct galen_writer plain, kept;
        struct galen_read read;
        galen_writer_init(&plain);
        galen_writer_init(&kept);
        uint16_t judged = galen_log_read(p.patient->log, i)->judged;
        cr_assert_eq(galen_log_restore(once, &entry, judged, NULL, &read, &plain), GALEN_OK);
        bool open = read.state == GALEN_READ_OPEN;
        struct galen_bytes said = galen_written(&plain);
        if (open) { /* it could not be opened from this */
            entry.body_state = GALEN_BODY_WITHHELD;
            entry.body = (struct galen_bytes){0};
            opened++;
        }
        cr_assert_eq(galen_log_restore(again, &entry, judged, open ? &said : NULL, &read, &kept),
                     GALEN_OK);
        cr_assert_eq(kept.size, plain.size);
        cr_assert(kept.size == 0 || memcmp(kept.at, plain.at, kept.size) == 0);
        galen_writer_wipe(&plain);
        galen_writer_wipe(&kept);
    }
    cr_assert_eq(opened, 2);
    assert_equal(once, again);
    galen_log_free(once);
    galen_log_free(again);
    chart_free(p.chart);
}

Test(restore, a_void_entry_stays_void_though_nobody_checks_its_signature_again)
{
    struct pair p = pair_new(32);
    struct galen_header header = chart_header(p.chart, p.patient, GALEN_CLASS_MESSAGE);
    cr_assert_eq(chart_append_signed(p.chart, p.pharmacist, &header, pair_text("forged")),
                 GALEN_ERR_SIGNATURE);
    uint64_t forged = p.chart->size - 1;
    chart_read_all(p.chart);
    struct galen_log *log = restored(p.chart, p.pharmacist);
    cr_assert_eq(galen_log_read(log, forged)->state, GALEN_READ_VOID);
    cr_assert_eq(galen_log_read(log, forged)->why, GALEN_ERR_SIGNATURE);
    galen_log_free(log);
    chart_free(p.chart);
}

Test(restore, what_is_no_verdict_of_a_reader_is_refused)
{
    struct pair p = pair_new(33);
    struct galen_entry entry = chart_entry_at(p.chart, 0);
    struct galen_log *log = galen_log_new(&p.chart->practice, &p.patient->secrets);
    struct galen_writer plain;
    struct galen_read read;
    galen_writer_init(&plain);
    static const uint16_t none[] = {GALEN_ERR_MEMORY, GALEN_ERR_WITHHELD, GALEN_ERR_COUNT, 65535};
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++)
        cr_assert_eq(galen_log_restore(log, &entry, none[i], NULL, &read, &plain), GALEN_ERR_STATE);
    /* A first entry is clear: there is nothing in it to be opened. */
    struct galen_bytes text = pair_text("what it never said");
    cr_assert_eq(galen_log_restore(log, &entry, GALEN_OK, &text, &read, &plain), GALEN_ERR_STATE);
    cr_assert_eq(galen_log_size(log), 0);
    galen_log_free(log);
    galen_writer_wipe(&plain);
    chart_free(p.chart);
}
