/* A token bucket: so many a span of time, with a burst. Time is passed in. */
#ifndef GALEN_SERVER_BUCKET_H
#define GALEN_SERVER_BUCKET_H

#include "galen/base.h"

struct bucket {
    uint64_t at_ms;
    uint64_t spent; /* a token counts span_ms, so that nothing is rounded away */
};

/** How a bucket fills: `count` tokens in `span_ms`, and never more than `burst` at once. */
struct bucket_rate {
    uint32_t count;
    uint32_t span_ms;
    uint32_t burst;
};

/** Takes one token. False: none is left, and none was taken. A new bucket (zeros) is full. */
GALEN_MUST_USE bool bucket_take(struct bucket *bucket, struct bucket_rate rate, uint64_t now_ms);
/** The same for several, all or none. */
GALEN_MUST_USE bool bucket_take_many(struct bucket *bucket, struct bucket_rate rate, uint32_t count,
                                     uint64_t now_ms);
/** Takes one even if none is left, and gives how many are now owed. */
uint64_t bucket_owe(struct bucket *bucket, struct bucket_rate rate, uint64_t now_ms);
/** True when all of it has come back: the bucket may be forgotten. */
bool bucket_is_full(const struct bucket *bucket, struct bucket_rate rate, uint64_t now_ms);

#endif
