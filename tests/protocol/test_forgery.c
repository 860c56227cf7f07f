/* protocol/log/evidence_check.c: what is wrong, by its name and place (rule V1). */
#include "support/exhibit.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

Test(forgery, V1_any_flipped_byte_is_noticed)
{
    struct exhibit s = exhibit_new(5);
    struct told told;
    const uint64_t open[] = {3};
    for (int only = 0; only < 2; only++) {
        const struct galen_evidence_options options = {
            .only = only, .index = 3, .open = open, .open_count = 1};
        struct galen_writer file = exhibit_export(&s, s.patient, &options);
        size_t step =
            file.size / 600 + 1; /* each byte would take a minute; the fuzz target goes on */
        for (size_t i = 0; i < file.size; i += 1 + chart_below(s.chart, 2 * step - 1)) {
            file.at[i] ^= (uint8_t)(1u << chart_below(s.chart, 8));
            const struct galen_evidence_events events = {&told, told_finding, NULL,
                                                         NULL,  NULL,         NULL};
            struct galen_evidence_report report;
            told = (struct told){0};
            uint8_t flipped = file.at[i];
            enum galen_err err =
                galen_evidence_check(galen_written(&file), &s.practice, &events, &report);
            cr_assert(err != GALEN_OK || !galen_evidence_holds(&report), "byte %zu of %zu", i,
                      file.size);
            cr_assert(err != GALEN_OK || told.findings > 0, "byte %zu", i);
            /* Flipped back. */
            struct galen_writer again = exhibit_export(&s, s.patient, &options);
            file.at[i] = again.at[i];
            cr_assert_neq(flipped, again.at[i]);
            galen_writer_wipe(&again);
        }
        galen_writer_wipe(&file);
    }
    chart_free(s.chart);
}

static void forge_signature(const struct exhibit *s, struct made *m, size_t at, uint8_t *record)
{
    struct galen_entry *entry = &m->items[at].entry;
    memcpy(record, entry->signed_header.at, GALEN_SIGNED_HEADER_BYTES);
    galen_sign(&s->pharmacist->secrets, GALEN_SIGN_ENTRY,
               (struct galen_bytes){record, GALEN_HEADER_BYTES}, record + GALEN_HEADER_BYTES);
    entry->signed_header.at = record;
    memcpy(entry->signature, record + GALEN_HEADER_BYTES, GALEN_SIGNATURE_BYTES);
}

static const struct {
    const char *name;
    enum galen_claim claim;
    enum galen_err err;
    uint64_t index;
} forgeries[] = {
    {"an entry left out", GALEN_CLAIM_ORDER, GALEN_ERR_WITHHELD, 5},
    {"an epoch left out with care", GALEN_CLAIM_ORDER, GALEN_ERR_EPOCH, 4},
    {"a message left out with care", GALEN_CLAIM_ORDER, GALEN_ERR_HEAD, 2},
    {"the last entry left out", GALEN_CLAIM_COMPLETENESS, GALEN_ERR_STATE, ENTRIES},
    {"two swapped", GALEN_CLAIM_ORDER, GALEN_ERR_NUMBER, 2},
    {"two swapped with care", GALEN_CLAIM_ORDER, GALEN_ERR_HEAD, 2},
    {"another device's signature", GALEN_CLAIM_AUTHORSHIP, GALEN_ERR_SIGNATURE, 3},
    {"a body withheld", GALEN_CLAIM_BODIES, GALEN_ERR_WITHHELD, 5},
    {"a body exchanged", GALEN_CLAIM_BODIES, GALEN_ERR_FORMAT, 5},
    {"a clear body withheld", GALEN_CLAIM_BODIES, GALEN_ERR_WITHHELD, 4},
    {"another chart's id", GALEN_CLAIM_ORDER, GALEN_ERR_CHART, GALEN_NO_INDEX},
    {"another root", GALEN_CLAIM_ORDER, GALEN_ERR_HEAD, GALEN_NO_INDEX},
    {"the time of an entry", GALEN_CLAIM_ORDER, GALEN_ERR_HEAD, 4},
    {"a forged head", GALEN_CLAIM_HEADS, GALEN_ERR_SIGNATURE, ENTRIES},
    {"the practice's key", GALEN_CLAIM_PRACTICE, GALEN_ERR_CERTIFICATE, GALEN_NO_INDEX},
};

static void forge(const struct exhibit *s, size_t which, struct made *m, uint8_t *record)
{
    switch (which) {
    case 0:
        made_take_out(m, 5);
        break;
    case 1:
        made_take_out(m, 4);
        made_consistent(m); /* but the next names the epoch that is gone */
        break;
    case 2:
        made_take_out(m, 2);
        made_consistent(m);
        break;
    case 3:
        made_take_out(m, ENTRIES - 1);
        made_consistent(m);
        break;
    case 4:
        made_swap(m, 2);
        break;
    case 5:
        made_swap(m, 2);
        made_consistent(m);
        break;
    case 6:
        forge_signature(s, m, 3, record);
        made_consistent(m);
        break;
    case 7:
    case 9:
        m->items[which == 7 ? 5 : 4].entry.body_state = GALEN_BODY_WITHHELD;
        break;
    case 8:
        m->items[5].entry.body = m->items[8].entry.body;
        break;
    case 10:
        m->chart.bytes[0] ^= 1;
        break;
    case 11:
        m->root[0] ^= 1;
        break;
    case 12:
        m->items[3].entry.received_ms += 60000;
        made_consistent(m);
        break;
    case 13:
        m->heads[0].clock_ms++;
        break;
    default:
        m->practice.seal[0] ^= 1;
    }
}

Test(forgery, V1_each_forgery_is_named_with_its_place)
{
    struct exhibit s = exhibit_new(6);
    for (size_t i = 0; i < sizeof forgeries / sizeof forgeries[0]; i++) {
        struct made m = made_of(&s);
        struct told told;
        uint8_t record[GALEN_SIGNED_HEADER_BYTES];
        galen_log_sign_head(s.pharmacist->log, 77, &m.heads[0]);
        m.head_count = 1;
        forge(&s, i, &m, record);
        struct galen_writer file = made_encode(&m);
        struct galen_evidence_report report = exhibit_check(&s, galen_written(&file), &told);
        cr_assert(
            told_found(&told, (uint8_t)forgeries[i].claim, forgeries[i].err, forgeries[i].index),
            "%s: %zu findings, first %s %s at %d", forgeries[i].name, told.findings,
            galen_claim_name(told.finding[0].claim),
            galen_err_name((enum galen_err)told.finding[0].err), (int)told.finding[0].index);
        claim_is(&report, forgeries[i].claim, GALEN_CLAIM_FAILS, forgeries[i].name);
        cr_assert_not(galen_evidence_holds(&report), "%s", forgeries[i].name);
        galen_writer_wipe(&file);
    }
    chart_free(s.chart);
}

Test(forgery, V1_a_chain_that_ends_elsewhere_is_named_where_it_stands)
{
    struct exhibit s = exhibit_new(7);
    struct chart *elsewhere = chart_new(1007);
    struct chart_device *impostor =
        chart_person(elsewhere, "impostor", GALEN_ROLE_PHARMACIST, elsewhere->admin);
    struct galen_epoch_random random = chart_epoch_random(s.chart);
    struct galen_header header;
    struct galen_epoch_body *body = malloc(sizeof *body);
    /* The pharmacist adds somebody, and the server puts the impostor's chain in the place. */
    struct chart_device *colleague =
        chart_person(s.chart, "colleague", GALEN_ROLE_PHARMACIST, s.chart->admin);
    struct galen_newcomer add = {&colleague->chain, true};
    chart_draft(s.chart, s.pharmacist, &(struct galen_epoch_change){.add = &add, .add_count = 1},
                &random, &header, body);
    body->chains[0] = impostor->chain;
    for (size_t i = 0; i < body->member_count; i++) {
        if (galen_id_equal(&body->members[i].device, &colleague->id))
            body->members[i].device = impostor->id;
    }
    /* Ascending again. */
    for (size_t i = 1; i < body->member_count; i++) {
        for (size_t j = i;
             j > 0 && galen_id_compare(&body->members[j - 1].device, &body->members[j].device) > 0;
             j--) {
            struct galen_epoch_member kept = body->members[j];
            body->members[j] = body->members[j - 1];
            body->members[j - 1] = kept;
        }
    }
    cr_assert_eq(chart_append_epoch(s.chart, s.pharmacist, &header, body), GALEN_ERR_CERTIFICATE);
    chart_read(s.chart, s.pharmacist);
    struct told told;
    struct galen_writer file =
        exhibit_export(&s, s.pharmacist, &(struct galen_evidence_options){0});
    struct galen_evidence_report report = exhibit_check(&s, galen_written(&file), &told);
    cr_assert(told_found(&told, GALEN_CLAIM_PRACTICE, GALEN_ERR_CERTIFICATE, ENTRIES));
    claim_is(&report, GALEN_CLAIM_ORDER, GALEN_CLAIM_HOLDS, "order");
    cr_assert_not(galen_evidence_holds(&report));
    galen_writer_wipe(&file);
    free(body);
    chart_free(elsewhere);
    chart_free(s.chart);
}

Test(forgery, V2_an_epoch_left_out_before_the_one_entry_is_noticed)
{
    struct exhibit s = exhibit_new(8);
    struct told told;
    struct galen_writer file = exhibit_export(
        &s, s.pharmacist, &(struct galen_evidence_options){.only = true, .index = 5});
    struct galen_entry epoch = chart_entry_at(s.chart, 4);
    /* The item of entry 4: from its index to its record's end. */
    uint8_t *header = memmem(file.at, file.size, epoch.signed_header.at, 32);
    cr_assert_not_null(header);
    struct galen_reader r;
    galen_reader_init(&r, (struct galen_bytes){file.at + LISTS_AT, file.size - (LISTS_AT)});
    struct galen_reader items;
    galen_read_nested(&r, GALEN_VECTOR_MAX, &items);
    struct galen_bytes all = {items.at, items.left};
    struct galen_writer shorter;
    galen_writer_init(&shorter);
    galen_write(&shorter, file.at, LISTS_AT);
    size_t mark = galen_write_begin(&shorter);
    while (items.left > 0) {
        const uint8_t *start = items.at;
        uint64_t index = galen_read_u64(&items);
        galen_read_vector(&items, 4096);
        galen_read_vector(&items, 1u << 20);
        if (index != 4)
            galen_write(&shorter, start, (size_t)(items.at - start));
    }
    galen_write_end(&shorter, mark);
    galen_write(&shorter, r.at, r.left);
    cr_assert_gt(all.size, 0);
    struct galen_evidence_report report = exhibit_check(&s, galen_written(&shorter), &told);
    cr_assert(told_found(&told, GALEN_CLAIM_ORDER, GALEN_ERR_EPOCH, 5));
    cr_assert_neq(report.claims[GALEN_CLAIM_MEMBERSHIP], GALEN_CLAIM_HOLDS);
    cr_assert_not(galen_evidence_holds(&report));
    galen_writer_wipe(&file);
    galen_writer_wipe(&shorter);
    chart_free(s.chart);
}

/* Each is out of its place, and none is looked for in all that follows. */
Test(forgery, a_file_in_disorder_takes_no_longer_than_one_in_order, .timeout = 60)
{
    enum { MANY = 60000 };
    struct exhibit s = exhibit_new(16);
    struct made m = made_of(&s);
    struct galen_evidence_report report;
    m.count = 0;
    struct galen_writer file = made_encode(&m), record;
    struct galen_entry entry = m.items[2].entry;
    entry.body_state = GALEN_BODY_WITHHELD;
    entry.body = (struct galen_bytes){0};
    galen_writer_init(&record);
    galen_entry_write(&record, &entry);
    file.size = LISTS_AT;
    size_t list = galen_write_begin(&file);
    for (uint64_t i = 0; i < MANY; i++) {
        galen_write_u64(&file, i + 1);
        galen_write_u8(&file, 0);
        galen_write_vector(&file, galen_written(&record));
    }
    galen_write_end(&file, list);
    for (int i = 0; i < 3; i++)
        galen_write_u8(&file, 0);
    cr_assert_eq(galen_evidence_check(galen_written(&file), &s.practice, NULL, &report), GALEN_OK);
    cr_assert_eq(report.shown, MANY);
    claim_is(&report, GALEN_CLAIM_ORDER, GALEN_CLAIM_FAILS, "in disorder");
    galen_writer_wipe(&record);
    galen_writer_wipe(&file);
    chart_free(s.chart);
}
