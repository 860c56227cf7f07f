#include "support/allocator.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

static atomic_size_t wanted; /* which allocation fails; 0 for none */
static atomic_size_t seen, bytes;
static atomic_bool failed;

void allocator_fail(size_t nth)
{
    atomic_store(&wanted, nth);
    atomic_store(&seen, 0);
    atomic_store(&bytes, 0);
    atomic_store(&failed, false);
}

bool allocator_failed(void)
{
    return atomic_load(&failed);
}

size_t allocator_count(void)
{
    return atomic_load(&seen);
}

size_t allocator_bytes(void)
{
    return atomic_load(&bytes);
}

static bool fails(size_t size)
{
    atomic_fetch_add(&bytes, size);
    size_t nth = atomic_fetch_add(&seen, 1) + 1;
    if (nth != atomic_load(&wanted))
        return false;
    atomic_store(&failed, true);
    return true;
}

/* The linker's --wrap gives these names: __wrap_ is what our code calls, __real_ is libc's. */
void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *at, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *at, size_t size);
char *__wrap_strdup(const char *text);

void *__wrap_malloc(size_t size)
{
    return fails(size) ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return fails(count * size) ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *at, size_t size)
{
    return fails(size) ? NULL : __real_realloc(at, size);
}

char *__wrap_strdup(const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = fails(size) ? NULL : __real_malloc(size);
    if (copy)
        memcpy(copy, text, size);
    return copy;
}
