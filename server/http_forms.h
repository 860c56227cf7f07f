/* Compressed forms of files: whether they are those of the file that they stand for. */
#ifndef GALEN_SERVER_HTTP_FORMS_H
#define GALEN_SERVER_HTTP_FORMS_H

#include <stdbool.h>

#include "galen/base.h"
#include "http_request.h"

/**
 * True when `packed`, to its last byte, is one gzip file (RFC 1952) or brotli stream (RFC 7932) of `plain`
 * and of nothing else. It takes a few KiB, however much would come out. False also when memory is out.
 */
bool http_form_holds(enum http_coding coding, struct galen_bytes packed, struct galen_bytes plain);

#endif
