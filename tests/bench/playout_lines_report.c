/* What our playout and speexdsp's jitter buffer make of every line, averaged over seeds: JSON. */
#include "support/playout_heard.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void print(const char *name, const struct heard *heard, double us)
{
    printf("\"%s\": {\"concealed\": %.5f, \"missed\": %.5f, \"delay_p95_ms\": %.1f, "
           "\"back_ms\": %.1f, \"under_400_ms\": %.1f, \"cpu_us_per_20_ms\": %.2f}",
           name, heard->concealed, heard->missed, heard->delay_p95_ms, heard->back_ms,
           heard->under_400_ms, us);
}

int main(int argc, char **argv)
{
    int seeds = argc > 1 ? atoi(argv[1]) : 5;
    if (seeds < 1) {
        fprintf(stderr, "usage: playout-lines [seeds]\n");
        return 2;
    }
    (void)heard_by_ours(
        line_make(0, 1)); /* the packets are encoded once, before anything is timed */
    printf("{");
    for (size_t n = 0; n < LINES; n++) {
        struct heard ours = {0}, theirs = {0};
        double ours_s = 0, theirs_s = 0;
        const char *name = NULL;
        for (int seed = 1; seed <= seeds; seed++) {
            const struct line *line = line_make(n, (uint32_t)seed);
            double start = seconds();
            heard_add(&ours, heard_by_ours(line), seeds);
            double middle = seconds();
            heard_add(&theirs, heard_by_speex(line), seeds);
            ours_s += middle - start;
            theirs_s += seconds() - middle;
            name = line->name;
        }
        double packets = (double)seeds * LINE_PACKETS;
        printf("%s\"%s\": {", n > 0 ? ", " : "", name);
        print("ours", &ours, ours_s * 1e6 / packets);
        printf(", ");
        print("speexdsp", &theirs, theirs_s * 1e6 / packets);
        printf("}");
    }
    printf("}\n");
    return 0;
}
