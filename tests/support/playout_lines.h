/* Lines that bring voice packets well or badly. */
#ifndef TESTS_PLAYOUT_LINES_H
#define TESTS_PLAYOUT_LINES_H

#include "galen/playout.h"

#define LINE_PACKETS  3000 /* a minute */
#define LINE_FRAME_MS 20.0
#define LINE_STALL_MS 2000.0

struct arrival {
    double at_ms;
    uint32_t number; /* sent at 20 ms times this, on the receiver's clock unless the line drifts */
};

struct line {
    const char *name;
    double stall_ends_ms; /* 0: no stall to come back from */
    double sent_every_ms; /* on the receiver's clock */
    size_t count;
    struct arrival arrivals[LINE_PACKETS]; /* in order of arrival */
};

#define LINES 21
/** The nth line, made from the seed; static, until the next call. */
struct line *line_make(size_t n, uint32_t seed); /* recorded lines do not depend on the seed */

#endif
