/*
 * The files of a web client: read as a whole, held against their manifest, and served from memory. So
 * nothing that comes over a wire ever names a file on the disk.
 */
#ifndef GALEN_SERVER_HTTP_FILES_H
#define GALEN_SERVER_HTTP_FILES_H

#include "config.h"
#include "galen/manifest.h"
#include "http_request.h"

#define HTTP_FILES_INDEX "index.html"
#define HTTP_FILE_MAX    (16u * 1024 * 1024) /* of one body */
#define HTTP_FILES_MAX   (64u * 1024 * 1024) /* of all bodies together */
#define HTTP_HASH_LEAST  8                   /* characters of a hash in a name */
_Static_assert(HTTP_FILE_MAX <= HTTP_FILES_MAX, "one body is not more than all");
_Static_assert(GALEN_MANIFEST_MAX <= HTTP_FILE_MAX, "the manifest is served like a file");

struct http_body {
    uint8_t *at; /* NULL: there is none in this coding */
    size_t size;
};

struct http_file {
    char name[GALEN_MANIFEST_FILE_NAME + 1];
    const char *type;
    bool hashed;     /* the name changes with the content */
    char digits[33]; /* half of its SHA-256: what its ETags begin with */
    struct http_body bodies[HTTP_CODINGS];
};

/** Several may borrow them, each with its own http_files_hold. */
struct http_files {
    size_t holders;
    size_t bytes; /* of all bodies */
    size_t count;
    struct http_file *files; /* by name */
};

/**
 * Reads `folder`/manifest.json and each file that it lists, with its .br and .gz where they lie beside:
 * each must be the file that it stands for. Holds them once. NULL: `why` is a sentence that names the file
 * which is missing or wrong.
 */
struct http_files *http_files_read(const char *folder, char why[CONFIG_WHY_MAX]);
struct http_files *http_files_hold(struct http_files *files);
void http_files_release(struct http_files *files); /* frees them with the last; takes NULL */

/** The file that "/NAME" stands for; NULL: there is none. */
const struct http_file *http_files_find(const struct http_files *files, const char *path);
/** The codings that a file has, as a set of HTTP_HAS. */
unsigned http_file_codings(const struct http_file *file);
/** The ETag of one coding of a file, with its quotation marks. */
#define HTTP_TAG_MAX 40
void http_file_tag(const struct http_file *file, enum http_coding coding, char out[HTTP_TAG_MAX]);

#endif
