/* A pharmacist and a patient who came by a link, and what all members make of an entry. */
#ifndef TESTS_VISIT_H
#define TESTS_VISIT_H

#include "support/charts.h"

/** The patient redeemed an invitation and is no holder yet. Freed with chart_free. */
struct visit {
    struct chart *chart;
    struct chart_device *pharmacist, *patient;
};

struct visit visit_new(uint64_t seed);
/** As the pharmacist knows it; NULL: no member. */
const struct galen_member *visit_member(const struct visit *v, const struct chart_device *device);
/** Everybody who belongs here reads everything so far and says what they make of entry `index`. */
void visit_all_say(struct visit *v, uint64_t index, enum galen_read_state state,
                   enum galen_err why);
/** Where a device stands in an epoch entry's list. */
size_t visit_place_of(const struct galen_epoch_body *body, const struct chart_device *device);

#endif
