/* protocol/include/galen/playout.h beside speexdsp's jitter buffer. */
#include "support/playout_heard.h"

#include <criterion/criterion.h>
#include <string.h>

/* V7: on the same arrivals, at least as good as speexdsp's jitter buffer. Shares within a fifth of a per
   cent and delays within 5 ms, a quarter of the steps that speexdsp's delay moves in, are equal. One
   seed, but for tails, whose percentiles need more; tests/bench/playout averages over five. */
Test(beside_speexdsp, is_at_least_as_good)
{
    for (size_t n = 0; n < LINES; n++) {
        struct heard ours = {0}, theirs = {0};
        const char *name = line_make(n, 1)->name;
        int seeds = strcmp(name, "heavy-tail") == 0 ? 5 : 1;
        for (int seed = 1; seed <= seeds; seed++) {
            const struct line *line = line_make(n, (uint32_t)seed);
            heard_add(&ours, heard_by_ours(line), seeds);
            heard_add(&theirs, heard_by_speex(line), seeds);
        }
        cr_expect_leq(ours.concealed, theirs.concealed + 0.002, "%s: concealed %.4f beside %.4f",
                      name, ours.concealed, theirs.concealed);
        cr_expect_leq(ours.missed, theirs.missed + 0.002, "%s: missed %.4f beside %.4f", name,
                      ours.missed, theirs.missed);
        cr_expect_leq(ours.delay_p95_ms, theirs.delay_p95_ms + 5, "%s: p95 %.0f ms beside %.0f",
                      name, ours.delay_p95_ms, theirs.delay_p95_ms);
        cr_expect_leq(ours.back_ms, theirs.back_ms + 5, "%s: back after %.0f ms beside %.0f", name,
                      ours.back_ms, theirs.back_ms);
        cr_expect_leq(ours.under_400_ms, 5000, "%s: below 400 ms after %.0f ms", name,
                      ours.under_400_ms);
    }
}
