/* Reads the web client anew on a thread of its own: calls go on meanwhile. */
#ifndef GALEN_SERVER_HTTP_RELOAD_H
#define GALEN_SERVER_HTTP_RELOAD_H

#include "http_files.h"

struct http_reload;

/** `done` is called from another thread when something was read. NULL: out of memory. */
struct http_reload *http_reload_new(const char *folder, void (*done)(void *context), void *context);
void http_reload_free(struct http_reload *reload); /* waits for its thread; takes NULL */
/** Starts reading; once more afterwards, if it reads already. False: the machine gives no thread. */
bool http_reload_start(struct http_reload *reload);
/**
 * True when something was read: `*files` is the caller's, or NULL with `why` as http_files_read has it.
 */
bool http_reload_take(struct http_reload *reload, struct http_files **files,
                      char why[CONFIG_WHY_MAX]);

#endif
