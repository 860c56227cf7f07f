/* What a home's saved pairs are, for homes that begin with them. */
#ifndef TESTS_DISK_H
#define TESTS_DISK_H

#include "galen/engine.h"
#include "support/charts.h"

#define DISK_HOST    "galen.example:443"
#define DISK_KEY_MAX 160
#define DISK_VERSION 3 /* of "home" and "joining" */

/** The value of "home": who it is. `practice` is the practice's own chart, or NULL. */
void disk_identity(struct galen_writer *w, enum galen_home_state state,
                   const struct chart_device *device, const struct chart *chart,
                   const struct chart *practice);
/** The key and the value of an entry that was read and found good, a page of its own: its verdict, that it was not
 * opened, its record. */
void disk_entry(char key[DISK_KEY_MAX], struct galen_writer *value, const struct chart *chart,
                size_t index);

#endif
