/*
 * The input is what a request says, a line each: path, Accept-Encoding, If-None-Match, Host; what is
 * left is a manifest. Nothing may be read past its end, and nothing chosen that is not there.
 */
#include "../../server/http_files.h"

#include <stdlib.h>
#include <string.h>

static void demand(bool holds)
{
    if (!holds)
        abort();
}

/* The next line as text of its own, up to a zero byte, as libwebsockets would give it. */
static char *next_line(const uint8_t **at, size_t *left)
{
    const uint8_t *end = *left > 0 ? memchr(*at, '\n', *left) : NULL;
    size_t size = end ? (size_t)(end - *at) : *left;
    char *line = strndup((const char *)*at, size);
    size_t used = end ? size + 1 : size;
    *at += used;
    *left -= used;
    demand(line != NULL);
    return line;
}

static void find(const char *path)
{
    static struct http_file listed[2] = {{.name = "index.html"}, {.name = "main-0123abcd.js"}};
    struct http_files files = {.count = 2, .files = listed};
    const struct http_file *file = http_files_find(&files, path);
    demand(!file || strcmp(file->name, path + 1) == 0);
}

static void choose(const char *accept)
{
    for (unsigned have = 1; have < 1u << HTTP_CODINGS; have += 2) {
        enum http_coding coding = http_request_coding(accept, have);
        demand(coding == HTTP_CODINGS || (have & HTTP_HAS(coding)));
        demand(coding != HTTP_CODINGS || strstr(accept, "0") != NULL);
    }
}

static void read_manifest(const uint8_t *at, size_t size)
{
    struct galen_manifest manifest;
    char why[GALEN_MANIFEST_WHY] = "";
    if (!galen_manifest_read(&manifest, (struct galen_bytes){at, size}, why)) {
        demand(*why && manifest.count == 0);
        return;
    }
    for (size_t i = 0; i < manifest.count; i++) {
        const char *name = manifest.files[i].name;
        demand(*name != '\0' && *name != '.' && !strchr(name, '/'));
        demand(galen_manifest_find(&manifest, name) == &manifest.files[i]);
    }
    galen_manifest_wipe(&manifest);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *path = next_line(&data, &size), *accept = next_line(&data, &size),
         *tags = next_line(&data, &size), *host = next_line(&data, &size);
    find(path);
    choose(accept);
    if (http_request_has(tags, "\"a1-br\""))
        demand(strchr(tags, '*') || strstr(tags, "\"a1-br\""));
    if (http_request_is_to(host, "a.example") || http_request_is_to(host, "::1"))
        demand(!strpbrk(host, " ;,\"'"));
    read_manifest(data, size);
    free(path);
    free(accept);
    free(tags);
    free(host);
    return 0;
}
