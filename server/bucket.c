#include "bucket.h"

/* One token is span_ms units; count units come back each millisecond. */
static uint64_t spent_now(const struct bucket *bucket, struct bucket_rate rate, uint64_t now_ms)
{
    if (now_ms <= bucket->at_ms || rate.count == 0)
        return bucket->spent; /* a clock that was set back gives nothing back */
    uint64_t passed = now_ms - bucket->at_ms;
    if (passed >= bucket->spent / rate.count + 1)
        return 0;
    return bucket->spent - passed * rate.count;
}

bool bucket_take_many(struct bucket *bucket, struct bucket_rate rate, uint32_t count,
                      uint64_t now_ms)
{
    uint64_t spent = spent_now(bucket, rate, now_ms);
    uint64_t all = (uint64_t)rate.burst * rate.span_ms, cost = (uint64_t)count * rate.span_ms;
    bool left = cost <= all && spent <= all - cost;
    *bucket = (struct bucket){now_ms, left ? spent + cost : spent};
    return left;
}

bool bucket_take(struct bucket *bucket, struct bucket_rate rate, uint64_t now_ms)
{
    return bucket_take_many(bucket, rate, 1, now_ms);
}

uint64_t bucket_owe(struct bucket *bucket, struct bucket_rate rate, uint64_t now_ms)
{
    uint64_t spent = spent_now(bucket, rate, now_ms);
    uint64_t all = (uint64_t)rate.burst * rate.span_ms;
    if (spent <= UINT64_MAX - rate.span_ms)
        spent += rate.span_ms;
    *bucket = (struct bucket){now_ms, spent};
    return spent <= all || rate.span_ms == 0 ? 0 : (spent - all + rate.span_ms - 1) / rate.span_ms;
}

bool bucket_is_full(const struct bucket *bucket, struct bucket_rate rate, uint64_t now_ms)
{
    return spent_now(bucket, rate, now_ms) == 0;
}
