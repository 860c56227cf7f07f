/*
 * The manifest of a web client's release: a JSON object {file: SHA-256 of its bytes in base64}, by which
 * a server checks what it serves, and anybody what a server serves them. Where a file lies is its name:
 * releases have no folders.
 */
#ifndef GALEN_MANIFEST_H
#define GALEN_MANIFEST_H

#include "galen/base.h"

#define GALEN_MANIFEST_NAME        "manifest.json"
#define GALEN_MANIFEST_FILES_MAX   256
#define GALEN_MANIFEST_FILE_NAME   120 /* the longest */
#define GALEN_MANIFEST_HASH_DIGITS 44  /* 32 bytes in base64 (RFC 4648 section 4) */
#define GALEN_MANIFEST_MAX         (64u * 1024)
#define GALEN_MANIFEST_WHY         320
_Static_assert(GALEN_MANIFEST_FILES_MAX *(GALEN_MANIFEST_FILE_NAME + GALEN_MANIFEST_HASH_DIGITS +
                                          16) <= GALEN_MANIFEST_MAX,
               "a manifest of as many files as may be is not too long");

struct galen_manifest_file {
    char name[GALEN_MANIFEST_FILE_NAME + 1];
    char hash[GALEN_MANIFEST_HASH_DIGITS + 1];
};

struct galen_manifest {
    size_t count;
    struct galen_manifest_file *files; /* by name, each once */
};

/**
 * Reads a manifest. False: it is none, or memory is out; `why` is the end of a sentence that begins with
 * the manifest's name. `*out` is to be wiped in any case.
 */
GALEN_MUST_USE bool galen_manifest_read(struct galen_manifest *out, struct galen_bytes text,
                                        char why[GALEN_MANIFEST_WHY]);
void galen_manifest_wipe(struct galen_manifest *manifest); /* may be called twice */
/** NULL: there is none of that name. */
const struct galen_manifest_file *galen_manifest_find(const struct galen_manifest *manifest,
                                                      const char *name);
/** Writes a hash as manifests have it. */
void galen_manifest_hash_text(const uint8_t hash[GALEN_HASH_BYTES],
                              char out[GALEN_MANIFEST_HASH_DIGITS + 1]);

#endif
