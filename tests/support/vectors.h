/* The published test data beside the project, where it is there. */
#ifndef TESTS_VECTORS_H
#define TESTS_VECTORS_H

#include "galen/base.h"

#include <cjson/cJSON.h>

/**
 * The text of a file under $GALEN_VECTORS, or else ../shared/vectors beside the project; the
 * caller frees it. Without the file the calling test is skipped, naming it.
 */
char *vectors_text(const char *path);
/** The same for what is no text. */
struct galen_bytes vectors_bytes(const char *path);
/** The same, parsed; the caller deletes it. Beware that cJSON rounds numbers above 2^53. */
cJSON *vectors_json(const char *path);

/** A field's hex as bytes; they live as long as the JSON does. Fails the test if it is not hex. */
struct galen_bytes vectors_hex(const cJSON *object, const char *field);
/** A field's number, be it written as one or as text. Fails the test when there is none. */
double vectors_number(const cJSON *object, const char *field);

#endif
