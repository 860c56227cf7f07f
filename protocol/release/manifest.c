#include "galen/manifest.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char base64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
#define NAME_CHARACTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-"

/* A name is a path on the host and a file in a folder: neither may mean anything else. */
static bool is_name(const char *name)
{
    size_t size = strlen(name);
    return size > 0 && size <= GALEN_MANIFEST_FILE_NAME && name[0] != '.' &&
           strspn(name, NAME_CHARACTERS) == size && strcmp(name, GALEN_MANIFEST_NAME) != 0;
}

static bool is_hash(const char *text)
{
    return strlen(text) == GALEN_MANIFEST_HASH_DIGITS &&
           strspn(text, base64) == GALEN_MANIFEST_HASH_DIGITS - 1 &&
           text[GALEN_MANIFEST_HASH_DIGITS - 1] == '=';
}

/* A name that is none, as it can be shown. */
static void show(const char *name, char out[GALEN_MANIFEST_FILE_NAME + 1])
{
    size_t i = 0;
    for (; name[i] && i < GALEN_MANIFEST_FILE_NAME; i++)
        out[i] = name[i] < ' ' || name[i] > '~' ? '?' : name[i];
    out[i] = '\0';
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct galen_manifest_file *)a)->name,
                  ((const struct galen_manifest_file *)b)->name);
}

static bool take_files(struct galen_manifest *out, const cJSON *object, char *why)
{
    for (const cJSON *item = object->child; item; item = item->next) {
        if (out->count == GALEN_MANIFEST_FILES_MAX) {
            snprintf(why, GALEN_MANIFEST_WHY, "lists more than %d files", GALEN_MANIFEST_FILES_MAX);
            return false;
        }
        if (!is_name(item->string)) {
            char shown[GALEN_MANIFEST_FILE_NAME + 1];
            show(item->string, shown);
            snprintf(why, GALEN_MANIFEST_WHY, "lists “%.128s”, which is not a file's name", shown);
            return false;
        }
        if (!cJSON_IsString(item) || !is_hash(item->valuestring)) {
            snprintf(why, GALEN_MANIFEST_WHY, "has no SHA-256 in base64 for %s", item->string);
            return false;
        }
        struct galen_manifest_file *file = &out->files[out->count++];
        strcpy(file->name, item->string);
        strcpy(file->hash, item->valuestring);
    }
    qsort(out->files, out->count, sizeof out->files[0], by_name);
    for (size_t i = 1; i < out->count; i++) {
        if (strcmp(out->files[i - 1].name, out->files[i].name) == 0) {
            snprintf(why, GALEN_MANIFEST_WHY, "lists %s twice", out->files[i].name);
            return false;
        }
    }
    return true;
}

bool galen_manifest_read(struct galen_manifest *out, struct galen_bytes text,
                         char why[GALEN_MANIFEST_WHY])
{
    memset(out, 0, sizeof *out);
    if (text.size > GALEN_MANIFEST_MAX) {
        snprintf(why, GALEN_MANIFEST_WHY, "is longer than %u bytes", GALEN_MANIFEST_MAX);
        return false;
    }
    bool good = false;
    const char *end = NULL;
    cJSON *object = text.size > 0
                        ? cJSON_ParseWithLengthOpts((const char *)text.at, text.size, &end, false)
                        : NULL;
    const char *last = (const char *)text.at + text.size;
    while (object && end < last && (*end == '\n' || *end == '\r' || *end == ' ' || *end == '\t'))
        end++;
    if (!cJSON_IsObject(object) || end != last) {
        snprintf(why, GALEN_MANIFEST_WHY, "is not a JSON object of files and their SHA-256");
        goto out;
    }
    out->files = calloc(GALEN_MANIFEST_FILES_MAX, sizeof out->files[0]);
    if (!out->files) {
        snprintf(why, GALEN_MANIFEST_WHY, "cannot be kept: memory is out");
        goto out;
    }
    good = take_files(out, object, why);
out:
    cJSON_Delete(object);
    if (!good)
        galen_manifest_wipe(out);
    return good;
}

void galen_manifest_wipe(struct galen_manifest *manifest)
{
    free(manifest->files);
    *manifest = (struct galen_manifest){0};
}

const struct galen_manifest_file *galen_manifest_find(const struct galen_manifest *manifest,
                                                      const char *name)
{
    struct galen_manifest_file key;
    if (strlen(name) > GALEN_MANIFEST_FILE_NAME || manifest->count == 0)
        return NULL;
    strcpy(key.name, name);
    return bsearch(&key, manifest->files, manifest->count, sizeof key, by_name);
}

void galen_manifest_hash_text(const uint8_t hash[GALEN_HASH_BYTES],
                              char out[GALEN_MANIFEST_HASH_DIGITS + 1])
{
    for (size_t i = 0; i < GALEN_HASH_BYTES; i += 3) {
        uint32_t three = (uint32_t)hash[i] << 16 | (uint32_t)hash[i + 1] << 8;
        if (i + 2 < GALEN_HASH_BYTES)
            three |= hash[i + 2];
        for (int digit = 0; digit < 4; digit++)
            *out++ = base64[three >> (18 - 6 * digit) & 63];
    }
    out[-1] = '=';
    *out = '\0';
}
