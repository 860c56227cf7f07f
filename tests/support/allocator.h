/*
 * Makes one allocation fail. Every test program is linked so that malloc, calloc, realloc and
 * strdup of our own code come through here (tests/CMakeLists.txt); libraries keep the real ones.
 *
 *     for (size_t nth = 1; ; nth++) {
 *         allocator_fail(nth);
 *         ... run what is tested ...
 *         if (!allocator_failed())
 *             break;      // there were fewer than nth allocations: every one has failed once
 *         ... expect the named error and untouched state ...
 *     }
 *     allocator_fail(0);
 */
#ifndef TESTS_ALLOCATOR_H
#define TESTS_ALLOCATOR_H

#include <stdbool.h>
#include <stddef.h>

/** Lets the nth allocation from now fail, once; 0 lets all of them succeed. */
void allocator_fail(size_t nth);
/** Whether an allocation has failed since the last allocator_fail. */
bool allocator_failed(void);
/** How many allocations were asked for since the last allocator_fail, and how many bytes in all. */
size_t allocator_count(void);
size_t allocator_bytes(void);

#endif
