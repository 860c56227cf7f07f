#include "support/playout_lines.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NETWORK_MS  50.0 /* what the fastest packet takes */
#define STALL_AT_MS 20000.0

/* --- made lines -------------------------------------------------------------------------------- */

static uint32_t random_state;

static double draw(void)
{
    random_state = random_state * 1664525u + 1013904223u;
    return (double)(random_state >> 8) / (1 << 24);
}

static int by_arrival(const void *a, const void *b)
{
    const struct arrival *x = a, *y = b;
    if (x->at_ms != y->at_ms)
        return x->at_ms < y->at_ms ? -1 : 1;
    return x->number < y->number ? -1 : x->number > y->number;
}

/** Brings packet `number` after `delay_ms`. */
static void bring(struct line *line, uint32_t number, double delay_ms)
{
    double at = number * line->sent_every_ms + NETWORK_MS + delay_ms;
    line->arrivals[line->count++] = (struct arrival){at, number};
}

/** As TCP does: nothing overtakes. */
static void keep_order(struct line *line)
{
    for (size_t i = 1; i < line->count; i++)
        line->arrivals[i].at_ms = fmax(line->arrivals[i].at_ms, line->arrivals[i - 1].at_ms);
}

static void jitter(struct line *line, double jitter_ms, double loss)
{
    for (uint32_t n = 0; n < LINE_PACKETS; n++) {
        double delay = jitter_ms * draw();
        if (draw() >= loss)
            bring(line, n, delay);
    }
}

/** All that would come between the times comes at the end, or not at all. */
static void stall(struct line *line, double from_ms, double ms, bool dropped)
{
    size_t kept = 0;
    for (size_t i = 0; i < line->count; i++) {
        struct arrival a = line->arrivals[i];
        bool in = a.at_ms >= from_ms && a.at_ms < from_ms + ms;
        if (in)
            a.at_ms = from_ms + ms;
        if (!in || !dropped || a.number * line->sent_every_ms > from_ms + ms - 150)
            line->arrivals[kept++] = a;
    }
    line->count = kept;
    line->stall_ends_ms = from_ms + ms;
}

static void steady(struct line *line)
{
    jitter(line, 3, 0);
}

static void jitter_20(struct line *line)
{
    jitter(line, 20, 0);
    keep_order(line);
}

static void jitter_60(struct line *line)
{
    jitter(line, 60, 0);
    keep_order(line);
}

static void jitter_120(struct line *line)
{
    jitter(line, 120, 0);
    keep_order(line);
}

static void reordered_60(struct line *line)
{
    jitter(line, 60, 0);
}

/** Mostly quick, now and then a long tail, as queues make it. */
static void heavy_tail(struct line *line)
{
    for (uint32_t n = 0; n < LINE_PACKETS; n++)
        bring(line, n, fmin(300, -12 * log(1 - draw()) * (draw() < 0.03 ? 8 : 1)));
    keep_order(line);
}

/** A radio that sends what has gathered every 100 ms. */
static void bursts_100(struct line *line)
{
    for (uint32_t n = 0; n < LINE_PACKETS; n++) {
        double sent = n * line->sent_every_ms;
        bring(line, n, ceil(sent / 100) * 100 - sent + 4 * draw());
    }
    keep_order(line);
}

/** Every few seconds nothing for 100 to 200 ms. */
static void short_stalls(struct line *line)
{
    jitter(line, 15, 0);
    for (double at = 2000; at < LINE_PACKETS * LINE_FRAME_MS; at += 1500 + 3000 * draw())
        stall(line, at, 100 + 100 * draw(), false);
    line->stall_ends_ms = 0;
    keep_order(line);
}

static void stall_late(struct line *line)
{
    jitter(line, 20, 0);
    stall(line, STALL_AT_MS, LINE_STALL_MS, false);
    keep_order(line);
}

static void stall_dropped(struct line *line)
{
    jitter(line, 20, 0);
    stall(line, STALL_AT_MS, LINE_STALL_MS, true);
    keep_order(line);
}

/** 5 % lost, 60 ms jitter, a stall of 2 s after which everything comes at once. */
static void bad_line(struct line *line)
{
    jitter(line, 60, 0.05);
    stall(line, STALL_AT_MS, LINE_STALL_MS, false);
    keep_order(line);
}

/** The same, where relay and sender keep only the newest. */
static void bad_line_dropped(struct line *line)
{
    jitter(line, 60, 0.05);
    stall(line, STALL_AT_MS, LINE_STALL_MS, true);
    keep_order(line);
}

static void route(struct line *line, double before_ms, double after_ms)
{
    for (uint32_t n = 0; n < LINE_PACKETS; n++)
        bring(line, n, 20 * draw() + (n < LINE_PACKETS / 3 ? before_ms : after_ms));
    keep_order(line);
}

static void route_up(struct line *line)
{
    route(line, 0, 120);
}

static void route_down(struct line *line)
{
    route(line, 120, 0);
}

static void loss_5(struct line *line)
{
    jitter(line, 10, 0.05);
    keep_order(line);
}

static void loss_20(struct line *line)
{
    jitter(line, 10, 0.20);
    keep_order(line);
}

static void drift_fast(struct line *line)
{
    line->sent_every_ms = LINE_FRAME_MS * (1 - 200e-6);
    jitter(line, 10, 0);
    keep_order(line);
}

static void drift_slow(struct line *line)
{
    line->sent_every_ms = LINE_FRAME_MS * (1 + 200e-6);
    jitter(line, 10, 0);
    keep_order(line);
}

static void quiet_then_bad(struct line *line)
{
    for (uint32_t n = 0; n < LINE_PACKETS; n++)
        bring(line, n, (n < LINE_PACKETS / 2 ? 3 : 90) * draw());
    keep_order(line);
}

/** Arrivals that were noted on a real connection (tests/support/arrivals). */
static void recorded(struct line *line, const char *path)
{
    FILE *file = fopen(path, "r");
    unsigned number, tenths;
    char text[160];
    while (file && fgets(text, sizeof text, file)) {
        if (sscanf(text, "%u %u", &number, &tenths) == 2 && line->count < LINE_PACKETS)
            bring(line, number, tenths / 10.0 - number * line->sent_every_ms);
    }
    if (!file || line->count < LINE_PACKETS) {
        fprintf(stderr, "%s: not %d arrivals\n", path, LINE_PACKETS);
        abort();
    }
    fclose(file);
}

static void recorded_loopback(struct line *line)
{
    recorded(line, GALEN_SOURCE_DIR "/tests/support/arrivals/loopback.txt");
}

static void recorded_beside_bulk(struct line *line)
{
    recorded(line, GALEN_SOURCE_DIR "/tests/support/arrivals/beside-bulk.txt");
}

static const struct {
    const char *name;
    void (*make)(struct line *line);
} made[] = {
    {"steady", steady},
    {"jitter-20", jitter_20},
    {"jitter-60", jitter_60},
    {"jitter-120", jitter_120},
    {"reordered-60", reordered_60},
    {"heavy-tail", heavy_tail},
    {"bursts-100", bursts_100},
    {"short-stalls", short_stalls},
    {"stall-late", stall_late},
    {"stall-dropped", stall_dropped},
    {"bad-line", bad_line},
    {"bad-line-dropped", bad_line_dropped},
    {"route-up", route_up},
    {"route-down", route_down},
    {"loss-5", loss_5},
    {"loss-20", loss_20},
    {"drift-fast", drift_fast},
    {"drift-slow", drift_slow},
    {"quiet-then-bad", quiet_then_bad},
    {"recorded-loopback", recorded_loopback},
    {"recorded-beside-bulk", recorded_beside_bulk},
};
_Static_assert(sizeof made / sizeof made[0] == LINES, "every line has a row");

struct line *line_make(size_t n, uint32_t seed)
{
    static struct line line;
    memset(&line, 0, sizeof line);
    line.name = made[n].name;
    line.sent_every_ms = LINE_FRAME_MS;
    random_state = seed * 2654435761u + 17;
    made[n].make(&line);
    qsort(line.arrivals, line.count, sizeof line.arrivals[0], by_arrival);
    return &line;
}
