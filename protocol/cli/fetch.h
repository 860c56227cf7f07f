/* Gets files over HTTPS, one after the other, for checks that need no home. */
#ifndef GALEN_CLI_FETCH_H
#define GALEN_CLI_FETCH_H

#include "galen/codec.h"

#define FETCH_MAX (16u * 1024 * 1024) /* of one file */
#define FETCH_WHY 320

struct fetch;

/** `ca_file`: an authority to trust besides those of this machine, or NULL. NULL: memory is out. */
struct fetch *fetch_new(const char *ca_file, uint64_t timeout_ms);
void fetch_free(struct fetch *fetch); /* takes NULL */

enum fetch_end {
    FETCH_DONE,
    FETCH_REFUSED, /* the answer is no file: `why` says its status, or what is wrong with its body */
    FETCH_OFFLINE,
    FETCH_NOT_TRUSTED,
};

/**
 * Gets `url` as it is (`coding` NULL) or in a content coding, which is undone. Redirections are not
 * followed: they are answers that are no file. `out` is cleared first.
 */
enum fetch_end fetch_get(struct fetch *fetch, const char *url, const char *coding,
                         struct galen_writer *out, char why[FETCH_WHY]);
/**
 * A header of the last answer by which browsers load or go to something that does not stand in its body;
 * NULL: it has none.
 */
const char *fetch_strange_header(const struct fetch *fetch);
/** Whether the last answer is said to be HTML, in UTF-8 or without a word about it. */
bool fetch_is_page(const struct fetch *fetch);

#endif
