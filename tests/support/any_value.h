/* Values that a field takes, for tests that go over the whole schema. */
#ifndef TESTS_ANY_VALUE_H
#define TESTS_ANY_VALUE_H

#include "galen/schema.h"

#define ANY_VALUE_MAX 128

/** The `pick`-th value of a field in its plain text form, never empty; two picks that follow each other
 *  differ where the field takes more than one. */
void any_value(const struct galen_field *field, uint32_t pick, char out[ANY_VALUE_MAX]);

#endif
