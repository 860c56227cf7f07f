/* How late the recent packets of one sender came: a sliding window, always sorted. */
#ifndef GALEN_MEDIA_ARRIVALS_H
#define GALEN_MEDIA_ARRIVALS_H

#include <stddef.h>
#include <stdint.h>

#define ARRIVALS_MAX 512 /* about 10 s of voice */

/** All zeros is an empty window. */
struct arrivals {
    int32_t by_age[ARRIVALS_MAX]; /* ms; a ring, `oldest` first */
    int32_t sorted[ARRIVALS_MAX]; /* the same, ascending */
    size_t count;
    size_t oldest;
};

/** Adds one, and forgets the oldest when the window is full. */
void arrivals_add(struct arrivals *arrivals, int32_t late_ms);
/** The value that `per_mille` of a thousand do not exceed. 0 when the window is empty. */
int32_t arrivals_quantile(const struct arrivals *arrivals, unsigned per_mille);

#endif
