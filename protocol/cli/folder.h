/* The home's folder: who may enter it, who uses it now, small files in it. */
#ifndef GALEN_CLI_FOLDER_H
#define GALEN_CLI_FOLDER_H

#include "home_store.h"

#define FOLDER_PATH_MAX 4096

void failure_set(struct store_failure *failure, enum galen_err err, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/** HOME/name into `out`. False: too long. */
bool folder_path(const char *home, const char *name, char out[FOLDER_PATH_MAX]);
/** The folder is there and closed to others (0700). `make`: with its parents. */
GALEN_MUST_USE bool folder_ready(const char *home, bool make, struct store_failure *failure);
/** An exclusive lock, held until the descriptor is closed; -1: see `failure`. */
int folder_lock(const char *home, unsigned wait_ms, struct store_failure *failure);

/** Reads at most `max` bytes; -1: not there or not readable (errno); -2: longer. */
long file_read(const char *path, uint8_t *out, size_t max);
/** Makes a file that only its owner may read, durably, without ever replacing one. False: errno. */
bool file_make(const char *path, const void *bytes, size_t size);

#endif
