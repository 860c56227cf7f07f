/* Reads gzip (RFC 1951, 1952), for published test data: here, and in WebAssembly, where there is no zlib. */
#ifndef TESTS_GUNZIP_H
#define TESTS_GUNZIP_H

#include "galen/base.h"

/** What was packed, which the caller frees, with a zero behind it; size 0 and NULL: not such a file. Checksums
 *  are not looked at. */
struct galen_bytes gunzip(struct galen_bytes in);

#endif
