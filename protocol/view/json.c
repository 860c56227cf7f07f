#include "json.h"

#include "galen/crypto.h"
#include "galen/mutation.h"
#include "galen/op.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* -- memory ----------------------------------------------------------------------------------------- */

/* What stands in JSON was sealed before: it is zeroed when it is freed, by the size before it. */
union block {
    size_t size;
    max_align_t aligned;
};

static bool failed;

static void *allocate(size_t n)
{
    union block *block = n > SIZE_MAX - sizeof *block ? NULL : malloc(sizeof *block + n);
    if (!block) {
        failed = true;
        return NULL;
    }
    block->size = n;
    return block + 1;
}

static void release(void *at)
{
    if (!at)
        return;
    union block *block = (union block *)at - 1;
    galen_wipe(at, block->size);
    free(block);
}

void json_watch(void)
{
    cJSON_Hooks hooks = {.malloc_fn = allocate, .free_fn = release};
    cJSON_InitHooks(&hooks);
    failed = false;
}

void json_lost(void)
{
    failed = true;
}

bool json_whole(void)
{
    bool whole = !failed;
    failed = false;
    return whole;
}

/* -- ids and times as text -------------------------------------------------------------------------- */

static const char digits[] = "0123456789abcdef";

void hex_text(const uint8_t *bytes, size_t n, char *out)
{
    for (size_t i = 0; i < n; i++) {
        *out++ = digits[bytes[i] >> 4];
        *out++ = digits[bytes[i] & 15];
    }
    *out = 0;
}

void id_text(const struct galen_id *id, char out[HEX_ID])
{
    hex_text(id->bytes, sizeof id->bytes, out);
}

int hex_read(const char *text, uint8_t *out, size_t room)
{
    size_t size = strlen(text);
    if (size == 0 || size > 2 * room)
        return -1;
    memset(out, 0, room);
    for (size_t i = 0; i < size; i++) {
        char lower = (char)(text[i] >= 'A' && text[i] <= 'F' ? text[i] + ('a' - 'A') : text[i]);
        const char *digit = memchr(digits, lower, 16);
        if (!digit)
            return -1;
        out[i / 2] = (uint8_t)(out[i / 2] | (digit - digits) << (i % 2 ? 0 : 4));
    }
    return (int)size;
}

void time_text(uint64_t ms, char out[TIME_TEXT])
{
    time_t seconds = (time_t)(ms / 1000);
    struct tm tm;
    char text[TIME_TEXT - 8];
    out[0] = 0; /* libraries differ in how they write years of five digits, and RFC 3339 has none */
    if (ms < TIME_TEXT_END_MS && gmtime_r(&seconds, &tm) &&
        strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &tm) > 0)
        snprintf(out, TIME_TEXT, "%s.%03uZ", text, (unsigned)(ms % 1000));
}

/* -- objects ---------------------------------------------------------------------------------------- */

cJSON *json_new(const char *name, const char *value)
{
    cJSON *object = cJSON_CreateObject();
    if (name)
        cJSON_AddStringToObject(object, name, value);
    return object;
}

void json_hex(cJSON *object, const char *name, const uint8_t *bytes, size_t n)
{
    char text[HEX_ID];
    hex_text(bytes, n, text);
    cJSON_AddStringToObject(object, name, text);
}

void json_id(cJSON *object, const char *name, const struct galen_id *id)
{
    if (!galen_id_is_none(id))
        json_hex(object, name, id->bytes, sizeof id->bytes);
}

void json_id_or_empty(cJSON *object, const char *name, const struct galen_id *id)
{
    if (galen_id_is_none(id))
        cJSON_AddStringToObject(object, name, "");
    else
        json_id(object, name, id);
}

void json_text(cJSON *object, const char *name, struct galen_bytes text)
{
    char *copy = allocate(text.size + 1);
    if (!copy)
        return;
    if (text.size > 0)
        memcpy(copy, text.at, text.size);
    copy[text.size] = 0;
    cJSON_AddStringToObject(object, name, copy);
    release(copy);
}

void json_written(cJSON *object, const char *name, const struct galen_writer *text)
{
    if (text->failed)
        json_lost();
    else
        json_text(object, name, galen_written(text));
}

void json_number(cJSON *object, const char *name, uint64_t v)
{
    cJSON_AddNumberToObject(object, name, (double)v);
}

void json_ms(cJSON *object, const char *name, uint64_t ms)
{
    bool shown = ms < TIME_TEXT_END_MS || !GALEN_CHECKED(TIME_SHOWN);
    json_number(object, name, shown ? ms : TIME_TEXT_END_MS - 1);
}

void json_time(cJSON *object, const char *name, uint64_t ms)
{
    char text[TIME_TEXT], name_ms[48];
    time_text(ms, text);
    if (text[0])
        cJSON_AddStringToObject(object, name, text);
    snprintf(name_ms, sizeof name_ms, "%s_ms", name);
    json_ms(object, name_ms, ms);
}

void json_put(cJSON *object, const char *name, cJSON *item)
{
    if (!cJSON_AddItemToObject(object, name, item))
        cJSON_Delete(item);
}

void json_append(cJSON *array, cJSON *item)
{
    if (!cJSON_AddItemToArray(array, item))
        cJSON_Delete(item);
}

/* -- reading ---------------------------------------------------------------------------------------- */

/* What cJSON would let pass: bytes that are no text, too much within each other, and a 0 in a text, which would end
 * it. Lines between values may end as on other systems. */
static bool is_plain(struct galen_bytes json)
{
    size_t depth = 0, from = 0;
    bool quoted = false;
    if (json.size == 0 || json.at[0] != '{')
        return false;
    for (size_t i = 0; i < json.size; i++) {
        uint8_t c = json.at[i];
        if (quoted && c == '\\') {
            if (GALEN_CHECKED(ASK_ZERO) && json.size - i > 5 &&
                memcmp(json.at + i + 1, "u0000", 5) == 0)
                return false;
            i++;
        } else if (c == '"') {
            quoted = !quoted;
        } else if (!quoted && (c == '{' || c == '[')) {
            if (++depth > JSON_DEPTH_MAX)
                return false;
        } else if (!quoted && (c == '}' || c == ']') && depth > 0) {
            depth--;
        } else if (!quoted && c == '\r') {
            if (!galen_text_ok((struct galen_bytes){json.at + from, i - from}))
                return false;
            from = i + 1;
        }
    }
    return galen_text_ok((struct galen_bytes){json.at + from, json.size - from});
}

static bool is_space(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

cJSON *json_object(struct galen_bytes text)
{
    const char *end = NULL;
    while (text.size > 0 && is_space(text.at[0])) {
        text.at++;
        text.size--;
    }
    while (text.size > 0 && is_space(text.at[text.size - 1]))
        text.size--;
    if (!is_plain(text))
        return NULL;
    cJSON *object = cJSON_ParseWithLengthOpts((const char *)text.at, text.size, &end, false);
    if (object && (!cJSON_IsObject(object) || end != (const char *)text.at + text.size)) {
        cJSON_Delete(object);
        return NULL;
    }
    return object;
}

const char *json_twice(const cJSON *object)
{
    const cJSON *one, *other;
    cJSON_ArrayForEach(one, object)
    {
        for (other = one->next; other; other = other->next)
            if (strcmp(one->string, other->string) == 0)
                return one->string;
    }
    return NULL;
}
