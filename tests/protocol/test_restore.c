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
        cr_assert_eq(galen_log_restore(log, &entry, judged, false, &read, &plain), GALEN_OK);
    }
    galen_writer_wipe(&plain);
    return log;
}

/* By what a device keeps of it: the keys, and of what it opened no more than the leaf. */
static struct galen_log *restored_by_leaves(struct chart *chart, const struct chart_device *device,
                                            struct galen_bytes keys)
{
    struct galen_log *log = galen_log_new(&chart->practice, &device->secrets);
    const struct galen_tree *tree = galen_rules_tree(galen_log_rules(device->log));
    struct galen_writer plain;
    uint32_t epochs;
    galen_writer_init(&plain);
    cr_assert_eq(galen_log_restore_keys(log, keys, &epochs), GALEN_OK);
    cr_assert_eq(epochs, galen_rules_epoch(galen_log_rules(device->log)));
    for (uint64_t i = 0; i < galen_log_size(device->log); i++) {
        struct galen_entry entry = chart_entry_at(chart, i);
        const struct galen_read *was = galen_log_read(device->log, i);
        struct galen_read read;
        cr_assert_eq(galen_log_restored_keys(log),
                     galen_rules_epoch(galen_log_rules(log)) == epochs);
        cr_assert_eq(was->state == GALEN_READ_OPEN
                         ? galen_log_restore_opened(log, was, galen_tree_leaf(tree, i), &read)
                         : galen_log_restore(log, &entry, was->judged, false, &read, &plain),
                     GALEN_OK);
        cr_assert_eq(read.index, i);
        cr_assert_eq(read.received_ms, was->received_ms);
        cr_assert_eq(read.head_size, was->head_size);
    }
    cr_assert(galen_log_restored_keys(log));
    galen_writer_wipe(&plain);
    return log;
}

static struct galen_writer keys_of(const struct chart_device *device)
{
    struct galen_writer keys;
    galen_writer_init(&keys);
    galen_log_write_keys(device->log, &keys);
    return keys;
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
    cr_assert_eq(galen_log_history_needs_care(a), galen_log_history_needs_care(b));
    for (size_t i = 0; i < galen_rules_member_count(r[0]); i++) {
        const struct galen_id *device = &galen_rules_member_at(r[0], i)->device;
        const struct galen_author *x = galen_rules_author(r[0], device),
                                  *y = galen_rules_author(r[1], device);
        cr_assert_eq(x == NULL, y == NULL);
        cr_assert(!x || x->last_number == y->last_number);
        cr_assert(!x || x->last_head_size == y->last_head_size);
    }
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
        cr_assert_eq(galen_log_restore(once, &entry, judged, false, &read, &plain), GALEN_OK);
        bool open = read.state == GALEN_READ_OPEN;
        if (open) { /* it could not be opened from this */
            entry.body_state = GALEN_BODY_WITHHELD;
            entry.body = (struct galen_bytes){0};
            opened++;
        }
        cr_assert_eq(galen_log_restore(again, &entry, judged, open, &read, &kept), GALEN_OK);
        cr_assert_eq(kept.size, 0);
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
        cr_assert_eq(galen_log_restore(log, &entry, none[i], false, &read, &plain),
                     GALEN_ERR_STATE);
    /* A first entry is clear: there is nothing in it to be opened. */
    cr_assert_eq(galen_log_restore(log, &entry, GALEN_OK, true, &read, &plain), GALEN_ERR_STATE);
    cr_assert_eq(galen_log_size(log), 0);
    galen_log_free(log);
    galen_writer_wipe(&plain);
    chart_free(p.chart);
}

Test(restore, a_log_from_leaves_and_keys_is_the_log_that_was_read)
{
    struct pair p = pair_new(35);
    tell(&p);
    chart_make_holder(p.chart, p.pharmacist, p.patient);
    struct chart_device *second =
        chart_next_device(p.chart, "second", GALEN_PURPOSE_DEVICE, p.pharmacist);
    chart_add(p.chart, p.pharmacist, second, true);
    chart_drop(p.chart, p.pharmacist,
               p.patient); /* so that there is a new pair, and a link to the old */
    chart_say(p.chart, second, "from the other desk");
    chart_read_all(p.chart);
    chart_read_again(p.chart, second); /* what was locked before its key came */
    struct chart_device *devices[] = {p.pharmacist, p.patient, second};
    for (size_t i = 0; i < 3; i++) {
        struct galen_writer keys = keys_of(devices[i]), again;
        struct galen_log *log = restored_by_leaves(p.chart, devices[i], galen_written(&keys));
        assert_equal(devices[i]->log, log);
        galen_writer_init(&again);
        galen_log_write_keys(log, &again);
        cr_assert(galen_bytes_equal(galen_written(&keys), galen_written(&again)));
        /* And it goes on as the one that has read everything. */
        chart_renew(p.chart, p.pharmacist);
        struct galen_entry entry = chart_entry_at(p.chart, p.chart->size - 1);
        struct galen_read read[2];
        struct galen_writer plain;
        galen_writer_init(&plain);
        chart_read(p.chart, devices[i]);
        for (uint64_t k = galen_log_size(log); k < p.chart->size; k++) {
            entry = chart_entry_at(p.chart, k);
            cr_assert_eq(galen_log_add(log, &entry, &read[0], &plain), GALEN_OK);
        }
        assert_equal(devices[i]->log, log);
        galen_writer_wipe(&plain);
        galen_writer_wipe(&again);
        galen_writer_wipe(&keys);
        galen_log_free(log);
        chart_read_all(p.chart);
    }
    chart_free(p.chart);
}

Test(restore, what_was_found_out_about_keys_is_not_found_out_again)
{
    struct pair p = pair_new(36);
    tell(&p);
    struct galen_writer keys = keys_of(p.pharmacist);
    uint32_t epoch = galen_rules_epoch(galen_log_rules(p.pharmacist->log));
    size_t last = keys.size - (1 + 1 + GALEN_KEY_BYTES + 1); /* no links in it */
    cr_assert_not_null(galen_log_epoch_key(p.pharmacist->log, epoch));
    keys.at[last + 2] ^= 1;
    struct galen_log *log = restored_by_leaves(p.chart, p.pharmacist, galen_written(&keys));
    const uint8_t *was = galen_log_epoch_key(p.pharmacist->log, epoch);
    const uint8_t *now = galen_log_epoch_key(log, epoch);
    cr_assert_not_null(now);
    cr_assert_eq(was[0] ^ 1, now[0], "it is taken as it was kept");
    galen_log_free(log);
    galen_writer_wipe(&keys);
    chart_free(p.chart);
}

Test(restore, keys_that_nobody_kept_are_refused)
{
    struct pair p = pair_new(37);
    tell(&p);
    struct galen_writer keys = keys_of(p.pharmacist);
    uint32_t epochs;
    for (size_t size = 0; size < keys.size; size++) {
        struct galen_log *log = galen_log_new(&p.chart->practice, &p.pharmacist->secrets);
        cr_assert_eq(galen_log_restore_keys(log, (struct galen_bytes){keys.at, size}, &epochs),
                     GALEN_ERR_FORMAT, "cut at %zu", size);
        galen_log_free(log);
    }
    cr_assert_eq(galen_log_restore_keys(p.pharmacist->log, galen_written(&keys), &epochs),
                 GALEN_ERR_STATE);
    /* Of another chart's epochs: the entry says how many links there are. */
    struct galen_log *log = galen_log_new(&p.chart->practice, &p.pharmacist->secrets);
    struct galen_writer other;
    galen_writer_init(&other);
    galen_write_u32(&other, 0);
    galen_write_u32(&other, 1);
    galen_write_u8(&other, 2);
    galen_write_bool(&other, true);
    galen_write(&other, keys.at, GALEN_KEY_BYTES);
    galen_write_u8(&other, 1);
    galen_write_u32(&other, 0);
    cr_assert_eq(galen_log_restore_keys(log, galen_written(&other), &epochs), GALEN_OK);
    struct galen_entry entry = chart_entry_at(p.chart, 0);
    struct galen_read read;
    cr_assert_eq(galen_log_restore(log, &entry, GALEN_OK, false, &read, &other), GALEN_ERR_FORMAT);
    cr_assert_eq(galen_log_size(log), 0);
    cr_assert_not(galen_log_restored_keys(log));
    galen_log_free(log);
    galen_writer_wipe(&other);
    galen_writer_wipe(&keys);
    chart_free(p.chart);
}

Test(restore, a_leaf_alone_begins_no_chart_and_stands_for_no_clear_entry)
{
    struct pair p = pair_new(38);
    struct galen_log *log = galen_log_new(&p.chart->practice, &p.patient->secrets);
    struct galen_read was = {.class = GALEN_CLASS_MESSAGE, .author = p.patient->id, .number = 1};
    struct galen_read read;
    static const uint8_t leaf[GALEN_HASH_BYTES];
    cr_assert_eq(galen_log_restore_opened(log, &was, leaf, &read), GALEN_ERR_STATE);
    was.class = GALEN_CLASS_EPOCH;
    cr_assert_eq(galen_log_restore_opened(p.patient->log, &was, leaf, &read), GALEN_ERR_STATE);
    cr_assert_eq(galen_log_size(log), 0);
    galen_log_free(log);
    chart_free(p.chart);
}

Test(restore, a_certificate_entry_that_certifies_nobody_was_not_accepted)
{
    struct pair p = pair_new(39);
    struct galen_writer none;
    galen_writer_init(&none);
    galen_chain_write(&none, &(struct galen_chain){0});
    struct galen_header header = chart_header(p.chart, p.pharmacist, GALEN_CLASS_CERTIFICATE);
    cr_assert_neq(chart_append_signed(p.chart, p.pharmacist, &header, galen_written(&none)),
                  GALEN_OK);
    struct galen_entry entry = chart_entry_at(p.chart, p.chart->size - 1);
    struct galen_read read;
    uint64_t size = galen_log_size(p.patient->log);
    cr_assert_eq(galen_log_restore(p.patient->log, &entry, GALEN_OK, false, &read, &none),
                 GALEN_ERR_FORMAT);
    cr_assert_eq(galen_log_size(p.patient->log), size);
    galen_writer_wipe(&none);
    chart_free(p.chart);
}
