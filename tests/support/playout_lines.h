/*
 * Lines that bring voice packets well or badly, and what a jitter buffer makes of them: ours and
 * speexdsp's, on the same arrivals, pulled for 20 ms every 20 ms.
 */
#ifndef TESTS_PLAYOUT_LINES_H
#define TESTS_PLAYOUT_LINES_H

#include "galen/playout.h"

#define LINE_PACKETS 3000 /* a minute */

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

struct heard {
    double concealed;    /* share of what was played that was made up */
    double missed;       /* share of what was sent that was never played */
    double delay_p95_ms; /* from sending to hearing */
    double delay_end_ms; /* median of the last five seconds */
    double back_ms;      /* from the stall's end until the delay is what it was before, and 40 ms */
    double under_400_ms; /* from the stall's end until the delay is below 400 ms and stays there */
};

/** Adds one of `count` to an average. */
void heard_add(struct heard *average, struct heard one, int count);
struct heard heard_by_ours(const struct line *line);
struct heard heard_by_speex(const struct line *line);

#endif
