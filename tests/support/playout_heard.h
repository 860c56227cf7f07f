/*
 * What a jitter buffer makes of a line: ours and speexdsp's, on the same arrivals, pulled for 20 ms
 * every 20 ms.
 */
#ifndef TESTS_PLAYOUT_HEARD_H
#define TESTS_PLAYOUT_HEARD_H

#include "support/playout_lines.h"

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
