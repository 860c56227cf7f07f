/* protocol/log/evidence*: what holds, and what is wrong, by name and place (rules V1, V2, H2). */
#include "galen/evidence.h"
#include "support/allocator.h"
#include "support/charts.h"
#include "support/primitives.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

/*
 *  0 epoch        the chart begins          5 message   "three" by the patient
 *  1 epoch        the patient is added      6 epoch     the key is renewed
 *  2 message      "one" by the pharmacist   7 message   "four" by the pharmacist
 *  3 message      "two" by the patient      8 message   "five" by the patient
 *  4 epoch        a caregiver is added      9 message   "six" by the caregiver
 */
enum { ENTRIES = 10, LISTS_AT = 14 + 1 + 1 + 64 + 32 + 8 + 32 };

struct story {
    struct chart *chart;
    struct chart_device *pharmacist, *patient, *caregiver;
    struct galen_id practice;
};

static void exchange_heads(struct story *s)
{
    struct chart_device *const all[] = {s->pharmacist, s->patient, s->caregiver};
    for (size_t i = 0; i < 3; i++) {
        struct galen_head head;
        galen_log_sign_head(all[i]->log, 1000 + i, &head);
        for (size_t j = 0; j < 3; j++) {
            if (galen_log_size(all[j]->log) >= head.size)
                cr_assert_eq(galen_log_take_head(all[j]->log, &head), GALEN_OK);
        }
    }
}

static struct story story_new(uint64_t seed)
{
    struct story s = {.chart = chart_new(seed)};
    s.practice = galen_device_id(&test_primitives, &s.chart->practice);
    s.pharmacist = chart_person(s.chart, "pharmacist", GALEN_ROLE_PHARMACIST, s.chart->admin);
    chart_start(s.chart, s.pharmacist, NULL, 0);
    s.patient = chart_person(s.chart, "patient", GALEN_ROLE_PATIENT, s.pharmacist);
    s.caregiver = chart_person(s.chart, "caregiver", GALEN_ROLE_CAREGIVER, s.pharmacist);
    chart_add(s.chart, s.pharmacist, s.patient, false);
    chart_say(s.chart, s.pharmacist, "one");
    chart_say(s.chart, s.patient, "two");
    chart_add(s.chart, s.pharmacist, s.caregiver, false);
    chart_say(s.chart, s.patient, "three");
    chart_renew(s.chart, s.pharmacist);
    chart_say(s.chart, s.pharmacist, "four");
    chart_say(s.chart, s.patient, "five");
    chart_say(s.chart, s.caregiver, "six");
    cr_assert_eq(s.chart->size, ENTRIES);
    chart_read(s.chart, s.caregiver);
    exchange_heads(&s);
    chart_read(s.chart, s.pharmacist);
    exchange_heads(&s);
    return s;
}

static enum galen_err from_chart(void *context, uint64_t index, struct galen_entry *entry)
{
    *entry = chart_entry_at(context, index);
    return GALEN_OK;
}

static struct galen_writer export(const struct story *s, const struct chart_device *by,
                                  const struct galen_evidence_options *options)
{
    const struct galen_evidence_source source = {s->chart, from_chart};
    struct galen_writer file;
    galen_writer_init(&file);
    enum galen_err err =
        galen_evidence_write(by->log, &s->chart->practice, &source, options, &file);
    cr_assert_eq(err, GALEN_OK, "%s", galen_err_name(err));
    return file;
}

/* -- what is told while checking ----------------------------------------------------------------- */

enum { FINDINGS_MAX = 40 };

struct told {
    size_t findings, entries, heads, opened;
    struct galen_finding finding[FINDINGS_MAX];
    struct chart *chart;
};

static void on_finding(void *context, const struct galen_finding *finding)
{
    struct told *told = context;
    if (told->findings < FINDINGS_MAX)
        told->finding[told->findings++] = *finding;
}

static void on_entry(void *context, uint64_t index, const struct galen_entry *entry,
                     enum galen_err verdict, const struct galen_member *author)
{
    struct told *told = context;
    (void)index;
    told->entries++;
    if (verdict == GALEN_OK)
        cr_assert(galen_id_equal(&author->device, &entry->header.author));
}

static void on_head(void *context, const struct galen_head *head, const struct galen_member *signer)
{
    ((struct told *)context)->heads++;
    cr_assert(galen_id_equal(&head->device, &signer->device));
}

static void on_opened(void *context, uint64_t index, const struct galen_entry *entry,
                      struct galen_bytes plain)
{
    struct told *told = context;
    (void)entry;
    told->opened++;
    if (told->chart)
        cr_assert(galen_bytes_equal(plain, galen_written(&told->chart->entries[index].plain)));
}

static struct galen_evidence_report check(const struct story *s, struct galen_bytes file,
                                          struct told *told)
{
    const struct galen_evidence_events events = {told, on_finding, on_entry, on_head, on_opened};
    struct galen_evidence_report report;
    *told = (struct told){.chart = s->chart};
    cr_assert_eq(galen_evidence_check(file, &s->practice, &events, &report), GALEN_OK);
    return report;
}

static bool found(const struct told *told, uint8_t claim, enum galen_err err, uint64_t index)
{
    for (size_t i = 0; i < told->findings; i++) {
        const struct galen_finding *finding = &told->finding[i];
        if (finding->claim == claim && finding->err == err && finding->index == index)
            return true;
    }
    return false;
}

static void expect(const struct galen_evidence_report *report, enum galen_claim claim,
                   enum galen_claim_state state, const char *name)
{
    cr_assert_eq(report->claims[claim], state, "%s: %s is %d", name,
                 galen_claim_name((uint8_t)claim), report->claims[claim]);
}

/* -- files made by hand, by the table of PROTOCOL.md ---------------------------------------------- */

struct item {
    uint64_t index;
    struct galen_entry entry;
};

struct made {
    struct galen_public_keys practice;
    struct galen_id chart;
    uint64_t size;
    uint8_t root[GALEN_HASH_BYTES];
    size_t count;
    struct item items[ENTRIES + 1];
    size_t head_count;
    struct galen_head heads[4];
};

static struct made made_of(const struct story *s)
{
    struct made m = {.practice = s->chart->practice,
                     .chart = *galen_rules_chart(s->chart->rules),
                     .size = s->chart->size,
                     .count = s->chart->size};
    const struct galen_tree *tree = galen_rules_tree(s->chart->rules);
    cr_assert(galen_tree_root_at(tree, m.size, m.root));
    for (uint64_t i = 0; i < m.size; i++)
        m.items[i] = (struct item){i, chart_entry_at(s->chart, i)};
    return m;
}

static struct galen_writer encode(const struct made *m)
{
    struct galen_writer w;
    galen_writer_init(&w);
    galen_write(&w, "galen evidence", 14);
    galen_write_u8(&w, 1);
    galen_write_u8(&w, 1);
    galen_write(&w, m->practice.sign, 32);
    galen_write(&w, m->practice.seal, 32);
    galen_write_id(&w, &m->chart);
    galen_write_u64(&w, m->size);
    galen_write(&w, m->root, 32);
    size_t list = galen_write_begin(&w);
    for (size_t i = 0; i < m->count; i++) {
        galen_write_u64(&w, m->items[i].index);
        galen_write_u8(&w, 0); /* no proof */
        size_t record = galen_write_begin(&w);
        galen_entry_write(&w, &m->items[i].entry);
        galen_write_end(&w, record);
    }
    galen_write_end(&w, list);
    list = galen_write_begin(&w);
    for (size_t i = 0; i < m->head_count; i++) {
        galen_head_write(&w, &m->heads[i]);
        galen_write_u8(&w, 0);
    }
    galen_write_end(&w, list);
    galen_write_u8(&w, 0); /* nothing disclosed */
    cr_assert_not(w.failed);
    return w;
}

/* What a careful forger does after changing entries: new places, size and root. */
static void make_consistent(struct made *m)
{
    struct galen_tree tree;
    galen_tree_init(&tree, &test_primitives);
    for (size_t i = 0; i < m->count; i++) {
        uint8_t leaf[GALEN_HASH_BYTES];
        m->items[i].index = i;
        galen_entry_leaf(&test_primitives, &m->items[i].entry, leaf);
        cr_assert_eq(galen_tree_append(&tree, leaf), GALEN_OK);
    }
    m->size = m->count;
    cr_assert(galen_tree_root_at(&tree, m->size, m->root));
    galen_tree_wipe(&tree);
}

static void take_out(struct made *m, size_t at)
{
    memmove(&m->items[at], &m->items[at + 1], (m->count - at - 1) * sizeof m->items[0]);
    m->count--;
}

static void swap(struct made *m, size_t at)
{
    struct item kept = m->items[at];
    m->items[at] = m->items[at + 1];
    m->items[at + 1] = kept;
}

/* -- evidence that holds ------------------------------------------------------------------------- */

Test(evidence, V1_a_whole_log_holds_and_says_what_for)
{
    struct story s = story_new(1);
    struct told told;
    struct galen_writer file =
        export(&s, s.pharmacist, &(struct galen_evidence_options){.clock_ms = 77});
    struct galen_evidence_report report = check(&s, galen_written(&file), &told);
    cr_assert(galen_evidence_holds(&report));
    for (int claim = 0; claim < GALEN_CLAIM_COUNT; claim++)
        expect(&report, (enum galen_claim)claim,
               claim == GALEN_CLAIM_CONTENTS ? GALEN_CLAIM_NOT_SHOWN : GALEN_CLAIM_HOLDS, "whole");
    cr_assert(report.whole);
    cr_assert_eq(report.size, ENTRIES);
    cr_assert_eq(report.shown, ENTRIES);
    cr_assert_eq(report.complete_to, ENTRIES);
    cr_assert_eq(report.heads, 3);
    cr_assert_eq(told.heads, 3);
    cr_assert_eq(told.entries, ENTRIES);
    cr_assert_eq(told.findings, 0);
    galen_writer_wipe(&file);
    chart_free(s.chart);
}

Test(evidence, the_file_is_what_the_protocol_s_table_says)
{
    struct story s = story_new(2);
    struct made m = made_of(&s);
    galen_log_sign_head(s.pharmacist->log, 77, &m.heads[0]);
    m.heads[1] = *galen_log_head_of(s.pharmacist->log, &s.caregiver->id);
    m.heads[2] = *galen_log_head_of(s.pharmacist->log, &s.patient->id);
    m.head_count = 3;
    struct galen_writer ours =
        export(&s, s.pharmacist, &(struct galen_evidence_options){.clock_ms = 77});
    struct galen_writer one = encode(&m);
    struct galen_head kept = m.heads[1];
    m.heads[1] = m.heads[2];
    m.heads[2] = kept;
    struct galen_writer other = encode(&m);
    /* The order of others' heads is free. */
    cr_assert(galen_bytes_equal(galen_written(&ours), galen_written(&one)) ||
              galen_bytes_equal(galen_written(&ours), galen_written(&other)));
    galen_writer_wipe(&ours);
    galen_writer_wipe(&one);
    galen_writer_wipe(&other);
    chart_free(s.chart);
}

Test(evidence, K3_V1_disclosed_entries_open_and_no_others)
{
    struct story s = story_new(3);
    struct told told;
    const uint64_t open[] = {2, 8};
    struct galen_writer file =
        export(&s, s.pharmacist, &(struct galen_evidence_options){.open = open, .open_count = 2});
    struct galen_evidence_report report = check(&s, galen_written(&file), &told);
    expect(&report, GALEN_CLAIM_CONTENTS, GALEN_CLAIM_HOLDS, "opened");
    cr_assert(galen_evidence_holds(&report));
    cr_assert_eq(report.opened, 2);
    cr_assert_eq(told.opened, 2);
    /* The last byte of the file belongs to the second secret. */
    file.at[file.size - 1] ^= 1;
    report = check(&s, galen_written(&file), &told);
    cr_assert(found(&told, GALEN_CLAIM_CONTENTS, GALEN_ERR_COMMITMENT, 8));
    cr_assert_eq(report.opened, 1);
    cr_assert_not(galen_evidence_holds(&report));
    galen_writer_wipe(&file);
    chart_free(s.chart);
}

Test(evidence, V2_one_entry_comes_with_what_it_needs_and_claims_no_more)
{
    struct story s = story_new(4);
    struct told told;
    const uint64_t open[] = {5};
    const struct galen_evidence_options only = {
        .only = true, .index = 5, .open = open, .open_count = 1};
    struct galen_writer file = export(&s, s.pharmacist, &only);
    struct galen_evidence_report report = check(&s, galen_written(&file), &told);
    cr_assert(galen_evidence_holds(&report), "%s at %d",
              galen_err_name((enum galen_err)told.finding[0].err), (int)told.finding[0].index);
    expect(&report, GALEN_CLAIM_ORDER, GALEN_CLAIM_HOLDS, "only");
    expect(&report, GALEN_CLAIM_AUTHORSHIP, GALEN_CLAIM_HOLDS, "only");
    expect(&report, GALEN_CLAIM_MEMBERSHIP, GALEN_CLAIM_HOLDS, "only");
    expect(&report, GALEN_CLAIM_COMPLETENESS, GALEN_CLAIM_NOT_SHOWN, "only");
    expect(&report, GALEN_CLAIM_CONTENTS, GALEN_CLAIM_HOLDS, "only");
    cr_assert_eq(report.shown, 4); /* three epochs before it, and itself */
    cr_assert_eq(report.index, 5);
    cr_assert_eq(report.complete_to, 0);
    cr_assert_eq(report.heads, 3);
    /* What others said is not in it. */
    for (uint64_t i = 0; i < s.chart->size; i++) {
        struct galen_entry entry = chart_entry_at(s.chart, i);
        bool in_it =
            memmem(file.at, file.size, entry.signed_header.at, entry.signed_header.size) != NULL;
        cr_assert_eq(in_it, i == 0 || i == 1 || i == 4 || i == 5, "%d", (int)i);
    }
    galen_writer_wipe(&file);
    chart_free(s.chart);
}

Test(evidence, V2_any_entry_can_be_shown_alone)
{
    struct story s = story_new(16);
    struct told told;
    for (uint64_t i = 0; i < ENTRIES; i++) {
        struct galen_writer file =
            export(&s, s.pharmacist, &(struct galen_evidence_options){.only = true, .index = i});
        struct galen_evidence_report report = check(&s, galen_written(&file), &told);
        cr_assert(galen_evidence_holds(&report), "%d", (int)i);
        cr_assert_eq(report.index, i);
        expect(&report, GALEN_CLAIM_ORDER, GALEN_CLAIM_HOLDS, "alone");
        cr_assert_eq(report.heads, i == 0 ? 1 : i < 4 ? 2 : 3, "%d: %d", (int)i, (int)report.heads);
        galen_writer_wipe(&file);
        if (chart_entry_at(s.chart, i).header.class != GALEN_CLASS_MESSAGE)
            continue;
        /* By somebody who came later: what admitted them is there too, for their head. */
        file = export(&s, s.caregiver, &(struct galen_evidence_options){.only = true, .index = i});
        report = check(&s, galen_written(&file), &told);
        cr_assert(galen_evidence_holds(&report), "%d", (int)i);
        cr_assert_eq(report.index, i);
        cr_assert_eq(report.heads, 3);
        galen_writer_wipe(&file);
    }
    chart_free(s.chart);
}

/* What a device without the right to earlier bodies has. */
static enum galen_err without_early_bodies(void *context, uint64_t index, struct galen_entry *entry)
{
    *entry = chart_entry_at(context, index);
    if (index == 2 || index == 3) {
        entry->body_state = GALEN_BODY_NOT_YOURS;
        entry->body = (struct galen_bytes){0};
    }
    return GALEN_OK;
}

Test(evidence, L9_withheld_bodies_are_named_and_the_rest_still_holds)
{
    struct story s = story_new(17);
    struct told told;
    struct galen_writer file;
    const struct galen_evidence_source source = {s.chart, without_early_bodies};
    galen_writer_init(&file);
    cr_assert_eq(galen_evidence_write(s.caregiver->log, &s.chart->practice, &source,
                                      &(struct galen_evidence_options){0}, &file),
                 GALEN_OK);
    struct galen_evidence_report report = check(&s, galen_written(&file), &told);
    cr_assert_eq(told.findings, 2);
    cr_assert(found(&told, GALEN_CLAIM_BODIES, GALEN_ERR_WITHHELD, 2));
    cr_assert(found(&told, GALEN_CLAIM_BODIES, GALEN_ERR_WITHHELD, 3));
    cr_assert_eq(report.withheld, 2);
    for (int claim = 0; claim < GALEN_CLAIM_BODIES; claim++)
        expect(&report, (enum galen_claim)claim, GALEN_CLAIM_HOLDS, "without bodies");
    galen_writer_wipe(&file);
    chart_free(s.chart);
}

/* -- evidence that does not ----------------------------------------------------------------------- */

Test(evidence, V1_any_flipped_byte_is_noticed)
{
    struct story s = story_new(5);
    struct told told;
    const uint64_t open[] = {3};
    for (int only = 0; only < 2; only++) {
        const struct galen_evidence_options options = {
            .only = only, .index = 3, .open = open, .open_count = 1};
        struct galen_writer file = export(&s, s.patient, &options);
        size_t step =
            file.size / 600 + 1; /* each byte would take a minute; the fuzz target goes on */
        for (size_t i = 0; i < file.size; i += 1 + chart_below(s.chart, 2 * step - 1)) {
            file.at[i] ^= (uint8_t)(1u << chart_below(s.chart, 8));
            const struct galen_evidence_events events = {&told, on_finding, NULL, NULL, NULL};
            struct galen_evidence_report report;
            told = (struct told){0};
            uint8_t flipped = file.at[i];
            enum galen_err err =
                galen_evidence_check(galen_written(&file), &s.practice, &events, &report);
            cr_assert(err != GALEN_OK || !galen_evidence_holds(&report), "byte %zu of %zu", i,
                      file.size);
            cr_assert(err != GALEN_OK || told.findings > 0, "byte %zu", i);
            /* Flipped back. */
            struct galen_writer again = export(&s, s.patient, &options);
            file.at[i] = again.at[i];
            cr_assert_neq(flipped, again.at[i]);
            galen_writer_wipe(&again);
        }
        galen_writer_wipe(&file);
    }
    chart_free(s.chart);
}

static void forge_signature(const struct story *s, struct made *m, size_t at, uint8_t *record)
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

static void forge(const struct story *s, size_t which, struct made *m, uint8_t *record)
{
    switch (which) {
    case 0:
        take_out(m, 5);
        break;
    case 1:
        take_out(m, 4);
        make_consistent(m); /* but the next names the epoch that is gone */
        break;
    case 2:
        take_out(m, 2);
        make_consistent(m);
        break;
    case 3:
        take_out(m, ENTRIES - 1);
        make_consistent(m);
        break;
    case 4:
        swap(m, 2);
        break;
    case 5:
        swap(m, 2);
        make_consistent(m);
        break;
    case 6:
        forge_signature(s, m, 3, record);
        make_consistent(m);
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
        make_consistent(m);
        break;
    case 13:
        m->heads[0].clock_ms++;
        break;
    default:
        m->practice.seal[0] ^= 1;
    }
}

Test(evidence, V1_each_forgery_is_named_with_its_place)
{
    struct story s = story_new(6);
    for (size_t i = 0; i < sizeof forgeries / sizeof forgeries[0]; i++) {
        struct made m = made_of(&s);
        struct told told;
        uint8_t record[GALEN_SIGNED_HEADER_BYTES];
        galen_log_sign_head(s.pharmacist->log, 77, &m.heads[0]);
        m.head_count = 1;
        forge(&s, i, &m, record);
        struct galen_writer file = encode(&m);
        struct galen_evidence_report report = check(&s, galen_written(&file), &told);
        cr_assert(found(&told, (uint8_t)forgeries[i].claim, forgeries[i].err, forgeries[i].index),
                  "%s: %zu findings, first %s %s at %d", forgeries[i].name, told.findings,
                  galen_claim_name(told.finding[0].claim),
                  galen_err_name((enum galen_err)told.finding[0].err), (int)told.finding[0].index);
        expect(&report, forgeries[i].claim, GALEN_CLAIM_FAILS, forgeries[i].name);
        cr_assert_not(galen_evidence_holds(&report), "%s", forgeries[i].name);
        galen_writer_wipe(&file);
    }
    chart_free(s.chart);
}

Test(evidence, V1_a_chain_that_ends_elsewhere_is_named_where_it_stands)
{
    struct story s = story_new(7);
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
    struct galen_writer file = export(&s, s.pharmacist, &(struct galen_evidence_options){0});
    struct galen_evidence_report report = check(&s, galen_written(&file), &told);
    cr_assert(found(&told, GALEN_CLAIM_PRACTICE, GALEN_ERR_CERTIFICATE, ENTRIES));
    expect(&report, GALEN_CLAIM_ORDER, GALEN_CLAIM_HOLDS, "order");
    cr_assert_not(galen_evidence_holds(&report));
    galen_writer_wipe(&file);
    free(body);
    chart_free(elsewhere);
    chart_free(s.chart);
}

Test(evidence, V2_an_epoch_left_out_before_the_one_entry_is_noticed)
{
    struct story s = story_new(8);
    struct told told;
    struct galen_writer file =
        export(&s, s.pharmacist, &(struct galen_evidence_options){.only = true, .index = 5});
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
    struct galen_evidence_report report = check(&s, galen_written(&shorter), &told);
    cr_assert(found(&told, GALEN_CLAIM_ORDER, GALEN_ERR_EPOCH, 5));
    cr_assert_neq(report.claims[GALEN_CLAIM_MEMBERSHIP], GALEN_CLAIM_HOLDS);
    cr_assert_not(galen_evidence_holds(&report));
    galen_writer_wipe(&file);
    galen_writer_wipe(&shorter);
    chart_free(s.chart);
}

Test(evidence, not_an_evidence_file)
{
    struct story s = story_new(9);
    struct galen_evidence_report report;
    struct galen_writer file = export(&s, s.pharmacist, &(struct galen_evidence_options){0});
    for (size_t size = 0; size < file.size; size += size < 300 ? 1 : 97)
        cr_assert_eq(
            galen_evidence_check((struct galen_bytes){file.at, size}, &s.practice, NULL, &report),
            GALEN_ERR_FORMAT, "cut at %zu", size);
    /* Shapes that no writer makes: a proof where none is needed, disclosures that do not ascend, more
       than one sealed entry beside the clear ones. */
    struct made m = made_of(&s);
    struct galen_writer made = encode(&m);
    made.at[15] = 0;
    cr_assert_eq(galen_evidence_check(galen_written(&made), &s.practice, NULL, &report),
                 GALEN_ERR_FORMAT);
    galen_writer_wipe(&made);
    const uint64_t open[] = {2, 7};
    made =
        export(&s, s.pharmacist, &(struct galen_evidence_options){.open = open, .open_count = 2});
    uint8_t *first_index = made.at + made.size - 2 * 40 + 7; /* its lowest byte */
    cr_assert_eq(*first_index, 2);
    *first_index = 7;
    cr_assert_eq(galen_evidence_check(galen_written(&made), &s.practice, NULL, &report),
                 GALEN_ERR_FORMAT);
    galen_writer_wipe(&made);
    made = export(&s, s.pharmacist, &(struct galen_evidence_options){.only = true, .index = 5});
    made.at[15] = 1;
    cr_assert_eq(galen_evidence_check(galen_written(&made), &s.practice, NULL, &report),
                 GALEN_ERR_FORMAT);
    galen_writer_wipe(&made);
    cr_assert_str_eq(galen_claim_name(GALEN_CLAIM_ORDER), "order");
    cr_assert_str_eq(galen_claim_name(GALEN_CLAIM_CONTENTS), "contents");
    cr_assert_null(galen_claim_name(GALEN_CLAIM_COUNT));
    file.at[14] = 2;
    cr_assert_eq(galen_evidence_check(galen_written(&file), &s.practice, NULL, &report),
                 GALEN_ERR_VERSION);
    galen_writer_wipe(&file);
    chart_free(s.chart);
}

/* -- two views ----------------------------------------------------------------------------------- */

Test(evidence, H2_two_views_are_the_same_or_one_begins_the_other)
{
    struct story s = story_new(10);
    struct galen_comparison c;
    struct galen_writer ours = export(&s, s.pharmacist, &(struct galen_evidence_options){0});
    struct galen_writer theirs = export(&s, s.patient, &(struct galen_evidence_options){0});
    struct galen_writer one =
        export(&s, s.pharmacist, &(struct galen_evidence_options){.only = true, .index = 3});
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
    theirs = encode(&m);
    cr_assert_eq(
        galen_evidence_compare(galen_written(&ours), galen_written(&theirs), &s.practice, &c),
        GALEN_OK);
    cr_assert_eq(c.relation, GALEN_VIEWS_NOT_SHOWN);
    struct story other = story_new(11);
    struct galen_writer strange =
        export(&other, other.pharmacist, &(struct galen_evidence_options){0});
    cr_assert_eq(
        galen_evidence_compare(galen_written(&ours), galen_written(&strange), &s.practice, &c),
        GALEN_OK);
    cr_assert_eq(c.relation, GALEN_VIEWS_UNRELATED);
    /* All of it is good, and of another practice. */
    expect(&c.report[1], GALEN_CLAIM_PRACTICE, GALEN_CLAIM_FAILS, "another practice's");
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
    struct story left, right;
};

static struct fork fork_new(uint64_t seed)
{
    struct fork f = {story_new(seed), story_new(seed)};
    chart_say(f.left.chart, f.left.pharmacist, "take two a day");
    chart_say(f.right.chart, f.right.pharmacist, "take four a day");
    chart_say(f.left.chart, f.left.patient, "thank you");
    chart_say(f.right.chart, f.right.patient, "thank you");
    chart_read(f.left.chart, f.left.patient);
    chart_read(f.right.chart, f.right.caregiver);
    return f;
}

Test(evidence, H2_a_forked_pair_of_views_is_proven_by_two_heads)
{
    struct fork f = fork_new(12);
    struct galen_comparison c;
    for (int only = 0; only < 2; only++) {
        const struct galen_evidence_options options = {.only = only, .index = ENTRIES};
        struct galen_writer a = export(&f.left, f.left.patient, &options);
        struct galen_writer b = export(&f.right, f.right.caregiver, &options);
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

Test(evidence, H2_a_fork_that_a_log_has_seen_is_in_its_evidence)
{
    struct fork f = fork_new(13);
    struct galen_head theirs;
    struct told told;
    galen_log_sign_head(f.right.caregiver->log, 99, &theirs);
    cr_assert_eq(galen_log_take_head(f.left.patient->log, &theirs), GALEN_ERR_HEAD);
    struct galen_writer file = export(&f.left, f.left.patient, &(struct galen_evidence_options){0});
    struct galen_evidence_report report = check(&f.left, galen_written(&file), &told);
    cr_assert(found(&told, GALEN_CLAIM_HEADS, GALEN_ERR_FORK, ENTRIES + 2));
    cr_assert(galen_id_equal(&told.finding[0].device, &f.right.caregiver->id));
    cr_assert_not(galen_evidence_holds(&report));
    galen_writer_wipe(&file);
    chart_free(f.left.chart);
    chart_free(f.right.chart);
}

/* -- writing that is refused ---------------------------------------------------------------------- */

static enum galen_err wrong_entry(void *context, uint64_t index, struct galen_entry *entry)
{
    *entry = chart_entry_at(context, index == 4 ? 5 : index);
    return GALEN_OK;
}

static enum galen_err no_entry(void *context, uint64_t index, struct galen_entry *entry)
{
    (void)context, (void)index, (void)entry;
    return GALEN_ERR_IO;
}

Test(evidence, writing_says_what_it_cannot_do)
{
    struct story s = story_new(14);
    const uint64_t early[] = {2}, clear[] = {4}, beyond[] = {ENTRIES}, falling[] = {5, 3};
    const struct {
        const char *name;
        const struct chart_device *by;
        struct galen_evidence_options options;
        enum galen_err (*entry)(void *, uint64_t, struct galen_entry *);
        enum galen_err err;
    } cases[] = {
        {"not ours to open",
         s.caregiver,
         {.open = early, .open_count = 1},
         from_chart,
         GALEN_ERR_SEAL},
        {"clear", s.pharmacist, {.open = clear, .open_count = 1}, from_chart, GALEN_ERR_SEAL},
        {"beyond", s.pharmacist, {.open = beyond, .open_count = 1}, from_chart, GALEN_ERR_STATE},
        {"falling", s.pharmacist, {.open = falling, .open_count = 2}, from_chart, GALEN_ERR_FORMAT},
        {"not shown",
         s.pharmacist,
         {.only = true, .index = 5, .open = early, .open_count = 1},
         from_chart,
         GALEN_ERR_STATE},
        {"only beyond",
         s.pharmacist,
         {.only = true, .index = ENTRIES},
         from_chart,
         GALEN_ERR_STATE},
        {"another log's entry", s.pharmacist, {0}, wrong_entry, GALEN_ERR_HEAD},
        {"no file", s.pharmacist, {0}, no_entry, GALEN_ERR_IO},
        {"an empty log", s.chart->admin, {0}, from_chart, GALEN_ERR_CHART},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct galen_evidence_source source = {s.chart, cases[i].entry};
        struct galen_writer file;
        galen_writer_init(&file);
        galen_write(&file, "kept", 4);
        cr_assert_eq(galen_evidence_write(cases[i].by->log, &s.chart->practice, &source,
                                          &cases[i].options, &file),
                     cases[i].err, "%s", cases[i].name);
        cr_assert_eq(file.size, 4, "%s", cases[i].name);
        galen_writer_wipe(&file);
    }
    chart_free(s.chart);
}

Test(evidence, each_allocation_may_fail)
{
    struct story s = story_new(15);
    struct galen_writer file = export(&s, s.pharmacist, &(struct galen_evidence_options){0});
    for (size_t nth = 1;; nth++) {
        struct galen_evidence_report report;
        struct galen_comparison comparison;
        allocator_fail(nth);
        enum galen_err err = galen_evidence_check(galen_written(&file), &s.practice, NULL, &report);
        if (!allocator_failed())
            err = galen_evidence_compare(galen_written(&file), galen_written(&file), &s.practice,
                                         &comparison);
        bool failed = allocator_failed();
        allocator_fail(0);
        cr_assert_eq(err, failed ? GALEN_ERR_MEMORY : GALEN_OK);
        if (!failed)
            break;
    }
    for (size_t nth = 1;; nth++) {
        const struct galen_evidence_source source = {s.chart, from_chart};
        struct galen_writer again;
        galen_writer_init(&again);
        allocator_fail(nth);
        enum galen_err err = galen_evidence_write(s.pharmacist->log, &s.chart->practice, &source,
                                                  &(struct galen_evidence_options){0}, &again);
        bool failed = allocator_failed();
        allocator_fail(0);
        cr_assert_eq(err, failed ? GALEN_ERR_MEMORY : GALEN_OK);
        galen_writer_wipe(&again);
        if (!failed)
            break;
    }
    galen_writer_wipe(&file);
    chart_free(s.chart);
}
