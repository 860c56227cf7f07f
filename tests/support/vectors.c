#include "support/vectors.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

char *vectors_text(const char *path)
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
    char *text = malloc((size_t)size + 1);
    cr_assert_not_null(text);
    cr_assert_eq(fread(text, 1, (size_t)size, file), (size_t)size, "cannot read %s", name);
    text[size] = '\0';
    fclose(file);
    return text;
}

cJSON *vectors_json(const char *path)
{
    char *text = vectors_text(path);
    cJSON *json = cJSON_Parse(text);
    free(text);
    cr_assert_not_null(json, "%s is not JSON", path);
    return json;
}
