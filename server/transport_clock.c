#include "transport_clock.h"

uint64_t transport_clock_read(struct transport_clock *clock, uint64_t real_us,
                              uint64_t monotonic_us)
{
    uint64_t passed = monotonic_us > clock->monotonic_us ? monotonic_us - clock->monotonic_us : 0;
    if (clock->now_us == 0 || real_us >= clock->now_us) {
        clock->now_us = real_us;
    } else {
        /* An odd microsecond is kept for the next reading. */
        clock->now_us += passed / 2;
        monotonic_us -= passed % 2;
    }
    clock->monotonic_us = monotonic_us;
    return clock->now_us / 1000;
}
