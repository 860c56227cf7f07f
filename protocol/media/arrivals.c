#include "media/arrivals.h"

#include <string.h>

/** Where `value` stands, or would stand: the first place that holds nothing smaller. */
static size_t place_of(const struct arrivals *arrivals, int32_t value)
{
    size_t low = 0, high = arrivals->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (arrivals->sorted[middle] < value)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void forget_oldest(struct arrivals *arrivals)
{
    size_t at = place_of(arrivals, arrivals->by_age[arrivals->oldest]);
    arrivals->count--;
    memmove(&arrivals->sorted[at], &arrivals->sorted[at + 1],
            (arrivals->count - at) * sizeof arrivals->sorted[0]);
    arrivals->oldest = (arrivals->oldest + 1) % ARRIVALS_MAX;
}

void arrivals_add(struct arrivals *arrivals, int32_t late_ms)
{
    if (arrivals->count == ARRIVALS_MAX)
        forget_oldest(arrivals);
    size_t at = place_of(arrivals, late_ms);
    memmove(&arrivals->sorted[at + 1], &arrivals->sorted[at],
            (arrivals->count - at) * sizeof arrivals->sorted[0]);
    arrivals->sorted[at] = late_ms;
    arrivals->by_age[(arrivals->oldest + arrivals->count) % ARRIVALS_MAX] = late_ms;
    arrivals->count++;
}

int32_t arrivals_quantile(const struct arrivals *arrivals, unsigned per_mille)
{
    if (arrivals->count == 0)
        return 0;
    size_t at = (arrivals->count * per_mille + 999) / 1000;
    return arrivals->sorted[at > 0 ? at - 1 : 0];
}
