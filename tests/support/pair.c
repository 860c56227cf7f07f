#include "support/pair.h"

#include <stdlib.h>
#include <string.h>

static void demand(bool holds)
{
    if (!holds)
        abort();
}

struct pair pair_new(uint64_t seed)
{
    struct pair p = {.chart = chart_new(seed)};
    p.pharmacist = chart_person(p.chart, "pharmacist", GALEN_ROLE_PHARMACIST, p.chart->admin);
    chart_start(p.chart, p.pharmacist, NULL, 0);
    p.patient = chart_person(p.chart, "patient", GALEN_ROLE_PATIENT, p.pharmacist);
    chart_add(p.chart, p.pharmacist, p.patient, false);
    chart_read_all(p.chart);
    return p;
}

struct galen_bytes pair_text(const char *at)
{
    return (struct galen_bytes){(const uint8_t *)at, strlen(at)};
}

enum galen_err pair_add(struct chart_device *device, const struct galen_entry *entry,
                        struct galen_read *read)
{
    struct galen_writer plain;
    galen_writer_init(&plain);
    enum galen_err err = galen_log_add(device->log, entry, read, &plain);
    if (err == GALEN_OK && read->state != GALEN_READ_OPEN)
        demand(plain.size == 0);
    galen_writer_wipe(&plain);
    return err;
}

struct galen_writer pair_seal(struct pair *p, struct chart_device *author, uint8_t class,
                              const char *plain)
{
    struct galen_writer entry;
    uint8_t salt[GALEN_KEY_BYTES];
    galen_writer_init(&entry);
    chart_read(p->chart, author);
    chart_random(p->chart, salt, sizeof salt);
    demand(galen_log_seal(author->log, class, chart_number(p->chart, author), pair_text(plain),
                          salt, &entry) == GALEN_OK);
    return entry;
}

struct galen_entry pair_parsed(const struct galen_writer *entry, uint64_t received_ms)
{
    struct galen_reader r;
    struct galen_entry out;
    galen_reader_init(&r, galen_written(entry));
    demand(galen_entry_read_new(&r, &out) == GALEN_OK);
    out.received_ms = received_ms;
    return out;
}
