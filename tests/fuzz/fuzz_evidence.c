/*
 * Input: how u8, rest. Evidence from anywhere must not crash those who check it; evidence that was
 * changed must not hold.
 *
 *   0     rest is a file
 *   1, 2  rest is changes (offset u24, xor u8) to good evidence of a whole log, or of one entry
 *   3     the same changes to the first, compared with it
 */
#include "galen/evidence.h"
#include "support/charts.h"
#include "support/primitives.h"

#include <stdlib.h>
#include <string.h>

static void demand(bool holds)
{
    if (!holds)
        abort();
}

static struct chart *chart;
static struct galen_id practice;
static struct galen_writer whole, only;

static enum galen_err from_chart(void *context, uint64_t index, struct galen_entry *entry)
{
    *entry = chart_entry_at(context, index);
    return GALEN_OK;
}

static void set_up(void)
{
    if (chart)
        return;
    chart = chart_new(2);
    practice = galen_device_id(&test_primitives, &chart->practice);
    struct chart_device *pharmacist =
        chart_person(chart, "pharmacist", GALEN_ROLE_PHARMACIST, chart->admin);
    chart_start(chart, pharmacist, NULL, 0);
    uint64_t first = chart_say(chart, pharmacist, "one");
    chart_renew(chart, pharmacist);
    uint64_t second = chart_say(chart, pharmacist, "two");
    chart_read_all(chart);
    struct galen_head head;
    galen_log_sign_head(chart->custodian->log, 5, &head);
    demand(galen_log_take_head(pharmacist->log, &head) == GALEN_OK);
    const struct galen_evidence_source source = {chart, from_chart, NULL};
    const struct galen_evidence_options all = {.open = &first, .open_count = 1};
    const struct galen_evidence_options one = {
        .only = true, .index = second, .open = &second, .open_count = 1};
    galen_writer_init(&whole);
    galen_writer_init(&only);
    demand(galen_evidence_write(pharmacist->log, &chart->practice, &source, &all, &whole) ==
           GALEN_OK);
    demand(galen_evidence_write(pharmacist->log, &chart->practice, &source, &one, &only) ==
           GALEN_OK);
}

static bool holds(struct galen_bytes file)
{
    struct galen_evidence_report report;
    return galen_evidence_check(file, &practice, NULL, &report) == GALEN_OK &&
           galen_evidence_holds(&report);
}

static void copy_changed(const struct galen_writer *good, struct galen_bytes changes,
                         struct galen_writer *out)
{
    galen_write(out, good->at, good->size);
    for (size_t i = 0; i + 4 <= changes.size; i += 4) {
        size_t offset =
            (size_t)(changes.at[i] << 16 | changes.at[i + 1] << 8 | changes.at[i + 2]) % out->size;
        out->at[offset] ^= changes.at[i + 3];
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    set_up();
    if (size < 1)
        return 0;
    struct galen_bytes rest = {data + 1, size - 1};
    struct galen_writer file;
    galen_writer_init(&file);
    uint8_t how = data[0] % 4;
    const struct galen_writer *good = how == 2 ? &only : &whole;
    if (how == 0) {
        (void)holds(rest);
    } else {
        copy_changed(good, rest, &file);
        bool same = galen_bytes_equal(galen_written(&file), galen_written(good));
        if (how == 3) {
            struct galen_comparison comparison;
            enum galen_err err = galen_evidence_compare(galen_written(&file), galen_written(good),
                                                        &practice, &comparison);
            /* One good file and what was made of it are never two histories. */
            demand(err != GALEN_OK || comparison.relation != GALEN_VIEWS_FORKED);
            demand(!same || comparison.relation == GALEN_VIEWS_SAME);
        } else {
            demand(holds(galen_written(&file)) == same);
        }
    }
    galen_writer_wipe(&file);
    return 0;
}
