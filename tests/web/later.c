/*
 * Preloaded into galend, the time of day is GALEN_TEST_LATER seconds later than it is. What waits for a
 * while (CLOCK_MONOTONIC) is left alone.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <time.h>

int clock_gettime(clockid_t id, struct timespec *at)
{
    static int (*real)(clockid_t, struct timespec *);
    if (!real)
        *(void **)&real = dlsym(RTLD_NEXT, "clock_gettime");
    int result = real(id, at);
    const char *later = getenv("GALEN_TEST_LATER");
    if (result == 0 && id == CLOCK_REALTIME && later)
        at->tv_sec += atol(later);
    return result;
}
