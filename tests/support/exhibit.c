#include "support/exhibit.h"

#include "support/primitives.h"

#include <criterion/criterion.h>
#include <string.h>

static void exchange_heads(struct exhibit *s)
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

struct exhibit exhibit_new(uint64_t seed)
{
    struct exhibit s = {.chart = chart_new(seed)};
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

enum galen_err exhibit_entry(void *context, uint64_t index, struct galen_entry *entry)
{
    *entry = chart_entry_at(context, index);
    return GALEN_OK;
}

struct galen_writer exhibit_export(const struct exhibit *s, const struct chart_device *by,
                                   const struct galen_evidence_options *options)
{
    const struct galen_evidence_source source = {s->chart, exhibit_entry, NULL};
    struct galen_writer file;
    galen_writer_init(&file);
    enum galen_err err =
        galen_evidence_write(by->log, &s->chart->practice, &source, options, &file);
    cr_assert_eq(err, GALEN_OK, "%s", galen_err_name(err));
    return file;
}

/* -- what is told while checking ----------------------------------------------------------------- */

void told_finding(void *context, const struct galen_finding *finding)
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

struct galen_evidence_report exhibit_check(const struct exhibit *s, struct galen_bytes file,
                                           struct told *told)
{
    const struct galen_evidence_events events = {told,    told_finding, on_entry,
                                                 on_head, on_opened,    NULL};
    struct galen_evidence_report report;
    *told = (struct told){.chart = s->chart};
    cr_assert_eq(galen_evidence_check(file, &s->practice, &events, &report), GALEN_OK);
    return report;
}

bool told_found(const struct told *told, uint8_t claim, enum galen_err err, uint64_t index)
{
    for (size_t i = 0; i < told->findings; i++) {
        const struct galen_finding *finding = &told->finding[i];
        if (finding->claim == claim && finding->err == err && finding->index == index)
            return true;
    }
    return false;
}

void claim_is(const struct galen_evidence_report *report, enum galen_claim claim,
              enum galen_claim_state state, const char *name)
{
    cr_assert_eq(report->claims[claim], state, "%s: %s is %d", name,
                 galen_claim_name((uint8_t)claim), report->claims[claim]);
}

/* -- files made by hand, by the table of PROTOCOL.md ---------------------------------------------- */

struct made made_of(const struct exhibit *s)
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

struct galen_writer made_encode(const struct made *m)
{
    struct galen_writer w;
    galen_writer_init(&w);
    galen_write(&w, "galen evidence", 14);
    galen_write_u8(&w, GALEN_EVIDENCE_VERSION);
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
    galen_write_u8(&w, 0); /* no documents */
    cr_assert_not(w.failed);
    return w;
}

void made_consistent(struct made *m)
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

void made_take_out(struct made *m, size_t at)
{
    memmove(&m->items[at], &m->items[at + 1], (m->count - at - 1) * sizeof m->items[0]);
    m->count--;
}

void made_swap(struct made *m, size_t at)
{
    struct item kept = m->items[at];
    m->items[at] = m->items[at + 1];
    m->items[at + 1] = kept;
}
