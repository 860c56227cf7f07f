/* One clock for entries and time limits: Unix time that never goes back. */
#ifndef GALEN_SERVER_TRANSPORT_CLOCK_H
#define GALEN_SERVER_TRANSPORT_CLOCK_H

#include <stdint.h>

struct transport_clock {
    uint64_t now_us;       /* what was said last */
    uint64_t monotonic_us; /* when it was said */
};

/**
 * Follows the machine's clock. When that is set back, ours goes on at half its pace until the two meet,
 * so that time limits still pass and no entry is older than the one before it.
 */
uint64_t transport_clock_read(struct transport_clock *clock, uint64_t real_us,
                              uint64_t monotonic_us);

#endif
