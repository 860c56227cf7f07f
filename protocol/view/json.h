/*
 * JSON as Galen writes it, for programs: ids are hexadecimal text, times are Unix milliseconds under
 * name_ms with the same as text (RFC 3339, UTC) under name.
 *
 * cJSON leaves out what it has no memory for. Who must not give half an object calls json_watch once, and
 * json_whole before it is used.
 */
#ifndef GALEN_VIEW_JSON_H
#define GALEN_VIEW_JSON_H

#include "galen/codec.h"

#include <cjson/cJSON.h>

#define HEX_ID           (2 * GALEN_ID_BYTES + 1)
#define TIME_TEXT        32
#define TIME_TEXT_END_MS 253402300800000u /* the year 10000 */
#define JSON_DEPTH_MAX   8                /* of objects and lists within each other */

void hex_text(const uint8_t *bytes, size_t n, char *out); /* 2n + 1 characters */
void id_text(const struct galen_id *id, char out[HEX_ID]);
/** Hexadecimal digits into bytes; -1: something else, or more than `room` bytes. Else the digits. */
int hex_read(const char *text, uint8_t *out, size_t room);
/** 2026-03-14T09:26:53.589Z (RFC 3339); empty from the year 10000 on. */
void time_text(uint64_t ms, char out[TIME_TEXT]);

cJSON *json_new(const char *name, const char *value); /* with one text; name may be NULL */
void json_id(cJSON *object, const char *name, const struct galen_id *id); /* none: left out */
void json_id_or_empty(cJSON *object, const char *name, const struct galen_id *id); /* none: "" */
void json_hex(cJSON *object, const char *name, const uint8_t *bytes, size_t n);
void json_text(cJSON *object, const char *name, struct galen_bytes text);
/** The same of what was written; what there was no memory for is lost (json_lost), and not empty. */
void json_written(cJSON *object, const char *name, const struct galen_writer *text);
void json_number(cJSON *object, const char *name, uint64_t v);
/** A time that somebody gave, whatever number it is: one that nothing can show is the last of the year 9999. */
void json_ms(cJSON *object, const char *name, uint64_t ms);
/** The same as `name`_ms, and as text, where there is one. */
void json_time(cJSON *object, const char *name, uint64_t ms);

/**
 * The object that somebody gave, to be freed. NULL: that is no object, or something stands before or behind it, or it
 * would not be read whole: bytes that are no text, a 0 in a text, too much within each other; or no memory.
 */
cJSON *json_object(struct galen_bytes text);
/** The name of which the object has two; NULL: of none. */
const char *json_twice(const cJSON *object);

/** Take over `item`, and free it where there is no room. */
void json_put(cJSON *object, const char *name, cJSON *item);
void json_append(cJSON *array, cJSON *item);

/** From now on it is noticed when cJSON is out of memory. Before anything is made by it. */
void json_watch(void);
/** There was no memory for something else that belongs in it. */
void json_lost(void);
/** Whether everything since the last call had memory. Only after json_watch. */
bool json_whole(void);

#endif
