#include "support/vectors.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct galen_bytes vectors_bytes(const char *path)
{
    const char *folder = getenv("GALEN_VECTORS");
    char name[4096];
    snprintf(name, sizeof name, "%s/%s", folder ? folder : GALEN_SOURCE_DIR "/../shared/vectors",
             path);
    FILE *file = fopen(name, "rb");
    if (!file)
        cr_skip_test("no test vectors: %s", path);
    cr_assert_eq(fseek(file, 0, SEEK_END), 0);
    long size = ftell(file);
    cr_assert_geq(size, 0);
    rewind(file);
    uint8_t *bytes = malloc((size_t)size + 1);
    cr_assert_not_null(bytes);
    cr_assert_eq(fread(bytes, 1, (size_t)size, file), (size_t)size, "cannot read %s", name);
    bytes[size] = 0;
    fclose(file);
    return (struct galen_bytes){bytes, (size_t)size};
}

char *vectors_text(const char *path)
{
    return (char *)vectors_bytes(path).at;
}

cJSON *vectors_json(const char *path)
{
    char *text = vectors_text(path);
    cJSON *json = cJSON_Parse(text);
    free(text);
    cr_assert_not_null(json, "%s is not JSON", path);
    return json;
}

static int digit(char c)
{
    static const char digits[] = "0123456789abcdef";
    const char *at = c ? strchr(digits, c) : NULL;
    cr_assert(at, "not a hex digit");
    return (int)(at - digits);
}

/*
 * The bytes replace the text in place, so the JSON owns them. `valueint`, which a string does not
 * use, then holds their count + 1.
 */
struct galen_bytes vectors_hex(const cJSON *object, const char *field)
{
    cJSON *item = cJSON_GetObjectItemCaseSensitive(object, field);
    cr_assert(cJSON_IsString(item), "no field %s", field);
    uint8_t *bytes = (uint8_t *)item->valuestring;
    if (item->valueint == 0) {
        size_t n = strlen(item->valuestring);
        cr_assert(n % 2 == 0, "%s has an odd number of digits", field);
        for (size_t i = 0; i < n / 2; i++)
            bytes[i] = (uint8_t)(digit(item->valuestring[2 * i]) << 4 |
                                 digit(item->valuestring[2 * i + 1]));
        item->valueint = (int)(n / 2) + 1;
    }
    return (struct galen_bytes){bytes, (size_t)item->valueint - 1};
}

double vectors_number(const cJSON *object, const char *field)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, field);
    if (cJSON_IsNumber(item))
        return item->valuedouble;
    char *end = NULL;
    double number = cJSON_IsString(item) ? strtod(item->valuestring, &end) : 0;
    cr_assert(end && end != item->valuestring && *end == 0, "no number %s", field);
    return number;
}
