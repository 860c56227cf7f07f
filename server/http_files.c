#include "http_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "galen/mutation.h"
#include "http_forms.h"
#include "verify.h"

static const char *const endings[HTTP_CODINGS] = {
    [HTTP_IDENTITY] = "",
    [HTTP_GZIP] = ".gz",
    [HTTP_BROTLI] = ".br",
};
static const char *const tag_endings[HTTP_CODINGS] = {
    [HTTP_IDENTITY] = "",
    [HTTP_GZIP] = "-gz",
    [HTTP_BROTLI] = "-br",
};

static const struct {
    const char *ending, *type;
} types[] = {
    {"html", "text/html; charset=utf-8"},
    {"js", "text/javascript; charset=utf-8"},
    {"css", "text/css; charset=utf-8"},
    {"wasm", "application/wasm"},
    {"json", "application/json"},
    {"webmanifest", "application/manifest+json"},
    {"txt", "text/plain; charset=utf-8"},
    {"svg", "image/svg+xml"},
    {"png", "image/png"},
    {"webp", "image/webp"},
    {"ico", "image/x-icon"},
    {"woff2", "font/woff2"},
};

static const char *type_of(const char *name)
{
    const char *dot = strrchr(name, '.');
    for (size_t i = 0; dot && i < sizeof types / sizeof types[0]; i++) {
        if (strcmp(dot + 1, types[i].ending) == 0)
            return types[i].type;
    }
    return NULL;
}

/* NAME-HASH.EXT or NAME.HASH.EXT, with digits as hash functions are written, so that no word is one. */
static bool has_hash(const char *name)
{
    const char *dot = strrchr(name, '.');
    const char *from = dot;
    while (from && from > name && from[-1] != '-' && from[-1] != '.')
        from--;
    if (!from || from == name || dot - from < HTTP_HASH_LEAST)
        return false;
    size_t size = (size_t)(dot - from);
    return strspn(from, "0123456789abcdef") >= size ||
           strspn(from, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") >= size;
}

#define FORM_NAME (GALEN_MANIFEST_FILE_NAME + 8) /* of a file's form, with its end */

/* -- reading ------------------------------------------------------------------------------------ */

struct reading {
    const char *path; /* of the folder, for sentences */
    int folder;
    struct http_files *files;
    char *why;
};

static bool wrong(const struct reading *reading, const char *name, const char *what)
{
    snprintf(reading->why, CONFIG_WHY_MAX, "The web client cannot be served: %.200s/%.128s %.320s.",
             reading->path, name, what);
    return false;
}

static bool read_whole(const struct reading *reading, const char *name, int fd, size_t size,
                       struct http_body *body)
{
    /* One byte more, which is not there unless the file grows while it is read. */
    uint8_t *at = malloc(size + 1);
    size_t got = 0;
    ssize_t n = 1;
    while (at && got <= size && (n = read(fd, at + got, size + 1 - got)) != 0) {
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            break;
        got += (size_t)n;
    }
    if (!at || n < 0 || got != size) {
        const char *what = !at     ? "cannot be kept: memory is out"
                           : n < 0 ? strerror(errno)
                                   : "changed while it was read; try again";
        free(at);
        return wrong(reading, name, what);
    }
    *body = (struct http_body){at, size};
    reading->files->bytes += size;
    return true;
}

/* A file that is not there is only wrong if it is needed. */
static bool read_body(const struct reading *reading, const char *name, bool needed,
                      struct http_body *body)
{
    struct stat found;
    int fd = openat(reading->folder, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        if (errno == ENOENT)
            return !needed || wrong(reading, name, "is not there");
        return wrong(reading, name, strerror(errno));
    }
    bool good = false;
    if (fstat(fd, &found) != 0 || !S_ISREG(found.st_mode))
        wrong(reading, name, "is not a file");
    else if (found.st_size < 0 || found.st_size > (off_t)HTTP_FILE_MAX)
        wrong(reading, name, "is larger than 16 MiB");
    else if ((size_t)found.st_size > HTTP_FILES_MAX - reading->files->bytes)
        wrong(reading, name, "and the files before it are larger than 64 MiB together");
    else
        good = read_whole(reading, name, fd, (size_t)found.st_size, body);
    close(fd);
    return good;
}

/* What needs no reading: everything that follows from the name and the bytes. */
static bool describe(const struct reading *reading, struct http_file *file, const char *name,
                     const char *hash)
{
    uint8_t digest[GALEN_HASH_BYTES];
    char text[GALEN_MANIFEST_HASH_DIGITS + 1];
    const struct http_body *body = &file->bodies[HTTP_IDENTITY];
    struct galen_bytes part = {body->at, body->size};
    verify_openssl()->sha256(&part, 1, digest);
    galen_manifest_hash_text(digest, text);
    if (GALEN_CHECKED(CLIENT_HASH) && hash && strcmp(hash, text) != 0)
        return wrong(reading, name, "is not the file that manifest.json lists: build it anew");
    for (size_t i = 0; i < sizeof file->digits / 2; i++)
        snprintf(file->digits + 2 * i, 3, "%02x", digest[i]);
    strcpy(file->name, name);
    file->type = type_of(name);
    file->hashed = has_hash(name);
    return file->type || wrong(reading, name, "has an ending that galend does not know");
}

/* The manifest names no forms, since another version of a compressor makes others of the same file. */
static bool check_forms(const struct reading *reading, const struct http_file *file)
{
    const struct http_body *plain = &file->bodies[HTTP_IDENTITY];
    for (int coding = HTTP_IDENTITY + 1; GALEN_CHECKED(CLIENT_FORM) && coding < HTTP_CODINGS;
         coding++) {
        const struct http_body *form = &file->bodies[coding];
        char name[FORM_NAME];
        if (!form->at ||
            http_form_holds((enum http_coding)coding, (struct galen_bytes){form->at, form->size},
                            (struct galen_bytes){plain->at, plain->size}))
            continue;
        snprintf(name, sizeof name, "%s%s", file->name, endings[coding]);
        return wrong(reading, name, "is not that file compressed: build it anew");
    }
    return true;
}

/* `first`: the body as it is, if it was read already. */
static bool read_file(const struct reading *reading, const char *name, const char *hash,
                      struct http_body first)
{
    struct http_file *file = &reading->files->files[reading->files->count++];
    file->bodies[HTTP_IDENTITY] = first;
    for (int coding = HTTP_IDENTITY; coding < HTTP_CODINGS; coding++) {
        char path[FORM_NAME];
        snprintf(path, sizeof path, "%s%s", name, endings[coding]);
        if (!file->bodies[coding].at &&
            !read_body(reading, path, coding == HTTP_IDENTITY, &file->bodies[coding]))
            return false;
    }
    return describe(reading, file, name, hash) && check_forms(reading, file);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct http_file *)a)->name, ((const struct http_file *)b)->name);
}

static bool read_listed(const struct reading *reading)
{
    struct galen_manifest manifest = {0};
    struct http_body text = {0};
    char why[GALEN_MANIFEST_WHY];
    bool good = false;
    if (!read_body(reading, GALEN_MANIFEST_NAME, true, &text))
        return false;
    if (!galen_manifest_read(&manifest, (struct galen_bytes){text.at, text.size}, why))
        wrong(reading, GALEN_MANIFEST_NAME, why);
    else if (!galen_manifest_find(&manifest, HTTP_FILES_INDEX))
        wrong(reading, GALEN_MANIFEST_NAME, "does not list " HTTP_FILES_INDEX);
    else if (!(reading->files->files = calloc(manifest.count + 1, sizeof reading->files->files[0])))
        wrong(reading, GALEN_MANIFEST_NAME, "cannot be kept: memory is out");
    else
        good = true;
    if (!good) {
        free(text.at);
        galen_manifest_wipe(&manifest);
        return false;
    }
    good = read_file(reading, GALEN_MANIFEST_NAME, NULL, text);
    for (size_t i = 0; good && i < manifest.count; i++)
        good = read_file(reading, manifest.files[i].name, manifest.files[i].hash,
                         (struct http_body){0});
    galen_manifest_wipe(&manifest);
    if (good)
        qsort(reading->files->files, reading->files->count, sizeof reading->files->files[0],
              by_name);
    return good;
}

struct http_files *http_files_read(const char *folder, char why[CONFIG_WHY_MAX])
{
    struct reading reading = {.path = folder, .why = why};
    reading.files = calloc(1, sizeof *reading.files);
    if (!reading.files) {
        snprintf(why, CONFIG_WHY_MAX, "Out of memory.");
        return NULL;
    }
    reading.files->holders = 1;
    reading.folder = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (reading.folder < 0) {
        snprintf(why, CONFIG_WHY_MAX, "The web client cannot be served: the folder %.300s: %s.",
                 folder, strerror(errno));
        http_files_release(reading.files);
        return NULL;
    }
    bool good = read_listed(&reading);
    close(reading.folder);
    if (good)
        return reading.files;
    http_files_release(reading.files);
    return NULL;
}

struct http_files *http_files_hold(struct http_files *files)
{
    files->holders++;
    return files;
}

void http_files_release(struct http_files *files)
{
    if (!files || --files->holders > 0)
        return;
    for (size_t i = 0; i < files->count; i++) {
        for (int coding = HTTP_IDENTITY; coding < HTTP_CODINGS; coding++)
            free(files->files[i].bodies[coding].at);
    }
    free(files->files);
    free(files);
}

/* -- asking ------------------------------------------------------------------------------------- */

const struct http_file *http_files_find(const struct http_files *files, const char *path)
{
    struct http_file key;
    if (path[0] != '/' || strlen(path) > sizeof key.name)
        return NULL;
    strcpy(key.name, path + 1);
    return bsearch(&key, files->files, files->count, sizeof key, by_name);
}

unsigned http_file_codings(const struct http_file *file)
{
    unsigned have = 0;
    for (int coding = HTTP_IDENTITY; coding < HTTP_CODINGS; coding++)
        have |= file->bodies[coding].at ? HTTP_HAS(coding) : 0;
    return have;
}

void http_file_tag(const struct http_file *file, enum http_coding coding, char out[HTTP_TAG_MAX])
{
    snprintf(out, HTTP_TAG_MAX, "\"%s%s\"", file->digits, tag_endings[coding]);
}
