/* A pharmacist and a patient who write to each other, and a server that may alter what it passes on. */
#ifndef TESTS_PAIR_H
#define TESTS_PAIR_H

#include "support/charts.h"

/** The patient is a member and no holder. Freed with chart_free. */
struct pair {
    struct chart *chart;
    struct chart_device *pharmacist, *patient;
};

struct pair pair_new(uint64_t seed);
struct galen_bytes pair_text(const char *at);
/** Takes an entry, as it may have been altered on the way, into a device's log. */
enum galen_err pair_add(struct chart_device *device, const struct galen_entry *entry,
                        struct galen_read *read);
/** Seals with the author's next number, without appending. */
struct galen_writer pair_seal(struct pair *p, struct chart_device *author, uint8_t class,
                              const char *plain);
/** What galen_log_seal or a draft gave, as received at that time. Borrows `entry`. */
struct galen_entry pair_parsed(const struct galen_writer *entry, uint64_t received_ms);

#endif
