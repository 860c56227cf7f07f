#include "support/playout_lines.h"
#include "support/speech.h"

#include <math.h>
#include <speex/speex_jitter.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FRAME_MS    20.0
#define NETWORK_MS  50.0 /* what the fastest packet takes */
#define PULL_PHASE  7.0
#define TICKS       (LINE_PACKETS + 150)
#define STALL_AT_MS 20000.0
#define STALL_MS    2000.0

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
    for (double at = 2000; at < LINE_PACKETS * FRAME_MS; at += 1500 + 3000 * draw())
        stall(line, at, 100 + 100 * draw(), false);
    line->stall_ends_ms = 0;
    keep_order(line);
}

static void stall_late(struct line *line)
{
    jitter(line, 20, 0);
    stall(line, STALL_AT_MS, STALL_MS, false);
    keep_order(line);
}

static void stall_dropped(struct line *line)
{
    jitter(line, 20, 0);
    stall(line, STALL_AT_MS, STALL_MS, true);
    keep_order(line);
}

/** 5 % lost, 60 ms jitter, a stall of 2 s after which everything comes at once. */
static void bad_line(struct line *line)
{
    jitter(line, 60, 0.05);
    stall(line, STALL_AT_MS, STALL_MS, false);
    keep_order(line);
}

/** The same, where relay and sender keep only the newest. */
static void bad_line_dropped(struct line *line)
{
    jitter(line, 60, 0.05);
    stall(line, STALL_AT_MS, STALL_MS, true);
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
    line->sent_every_ms = FRAME_MS * (1 - 200e-6);
    jitter(line, 10, 0);
    keep_order(line);
}

static void drift_slow(struct line *line)
{
    line->sent_every_ms = FRAME_MS * (1 + 200e-6);
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
    line.sent_every_ms = FRAME_MS;
    random_state = seed * 2654435761u + 17;
    made[n].make(&line);
    qsort(line.arrivals, line.count, sizeof line.arrivals[0], by_arrival);
    return &line;
}

/* --- hearing ----------------------------------------------------------------------------------- */

struct ears {
    double delay_ms[TICKS]; /* negative: made up, or nothing yet */
    size_t ticks, begun, made_up;
};

static int by_value(const void *a, const void *b)
{
    const double *x = a, *y = b;
    return *x < *y ? -1 : *x > *y;
}

/** Quantile of the delays heard in ticks [from, to). */
static double quantile(const struct ears *ears, size_t from, size_t to, double q)
{
    static double sorted[TICKS];
    size_t n = 0;
    for (size_t i = from; i < to && i < ears->ticks; i++)
        if (ears->delay_ms[i] >= 0)
            sorted[n++] = ears->delay_ms[i];
    if (n == 0)
        return 0;
    qsort(sorted, n, sizeof sorted[0], by_value);
    return sorted[(size_t)fmin((double)n - 1, floor(q * (double)n))];
}

static double tick_ms(size_t tick)
{
    return (double)tick * FRAME_MS + PULL_PHASE;
}

/** From the stall's end until the delay is below `limit` and stays there for half a second. */
static double time_below(const struct ears *ears, const struct line *line, double limit)
{
    size_t good = 0;
    for (size_t i = 0; i < ears->ticks; i++) {
        double delay = ears->delay_ms[i];
        if (tick_ms(i) < line->stall_ends_ms)
            continue;
        if (delay >= limit)
            good = 0;
        else if (delay >= 0)
            good++;
        if (good == 25)
            return fmax(0, tick_ms(i - 24) - line->stall_ends_ms);
    }
    return LINE_PACKETS * FRAME_MS;
}

static struct heard sum_up(const struct ears *ears, const struct line *line, size_t played)
{
    struct heard heard = {0};
    size_t heard_ticks = ears->ticks - ears->begun;
    heard.concealed = (double)ears->made_up / (double)heard_ticks;
    heard.missed = 1 - (double)played / (double)(line->arrivals[line->count - 1].number + 1);
    heard.delay_p95_ms = quantile(ears, ears->begun, ears->ticks, 0.95);
    heard.delay_end_ms = quantile(ears, ears->ticks - 250, ears->ticks, 0.5);
    if (line->stall_ends_ms > 0) {
        size_t stall = (size_t)((line->stall_ends_ms - STALL_MS) / FRAME_MS);
        double before = quantile(ears, stall - 250, stall, 0.5);
        heard.back_ms = time_below(ears, line, before + 40);
        heard.under_400_ms = time_below(ears, line, 400);
    }
    return heard;
}

/** The tick after the last packet came, so that the end of a line is not heard as a loss. */
static size_t ticks_of(const struct line *line)
{
    size_t ticks = (size_t)(line->arrivals[line->count - 1].at_ms / FRAME_MS);
    return ticks < TICKS ? ticks : TICKS;
}

struct heard heard_by_ours(const struct line *line)
{
    static struct ears ears;
    static int16_t pcm[GALEN_VOICE_SAMPLES];
    static uint8_t packets[LINE_PACKETS][GALEN_VOICE_BYTES];
    static bool spoken;
    if (!spoken) {
        struct galen_voice_encoder *encoder = galen_voice_encoder_new();
        int16_t *speech = malloc(LINE_PACKETS * sizeof pcm);
        if (!encoder || !speech)
            abort();
        speech_make(speech, LINE_PACKETS * GALEN_VOICE_SAMPLES, 5);
        for (size_t n = 0; n < LINE_PACKETS; n++)
            if (galen_voice_encode(encoder, speech + n * GALEN_VOICE_SAMPLES, packets[n]))
                abort();
        free(speech);
        galen_voice_encoder_free(encoder);
        spoken = true;
    }
    struct galen_playout *playout = galen_playout_new();
    size_t next = 0;
    struct galen_playout_stats before = {0}, now = {0};
    ears = (struct ears){.ticks = ticks_of(line)};
    bool begun = false;
    double concealed_ms = 0;
    for (size_t tick = 0; tick < ears.ticks; tick++, before = now) {
        for (; next < line->count && line->arrivals[next].at_ms <= tick_ms(tick); next++) {
            const struct arrival *a = &line->arrivals[next];
            (void)galen_playout_put(playout, (uint64_t)a->at_ms, a->number,
                                    (struct galen_bytes){packets[a->number], GALEN_VOICE_BYTES});
        }
        galen_playout_take(playout, (uint64_t)tick_ms(tick), pcm, GALEN_VOICE_SAMPLES);
        now = galen_playout_stats(playout);
        ears.delay_ms[tick] = -1;
        if (now.played > before.played) {
            ears.begun = begun ? ears.begun : tick;
            begun = true;
            double position = (double)now.position / GALEN_VOICE_SAMPLES * line->sent_every_ms;
            ears.delay_ms[tick] = tick_ms(tick) + FRAME_MS - position;
        }
    }
    concealed_ms = (double)now.concealed_ms;
    ears.made_up = (size_t)(concealed_ms / FRAME_MS + 0.5);
    galen_playout_free(playout);
    return sum_up(&ears, line, now.played);
}

struct heard heard_by_speex(const struct line *line)
{
    static struct ears ears;
    JitterBuffer *buffer = jitter_buffer_init((int)FRAME_MS);
    size_t next = 0, played = 0;
    ears = (struct ears){.ticks = ticks_of(line)};
    bool begun = false;
    for (size_t tick = 0; tick < ears.ticks; tick++) {
        char data[4] = {0};
        for (; next < line->count && line->arrivals[next].at_ms <= tick_ms(tick); next++) {
            JitterBufferPacket in = {
                .data = data, .len = sizeof data, .span = (spx_uint32_t)FRAME_MS};
            in.timestamp = line->arrivals[next].number * (spx_uint32_t)FRAME_MS;
            jitter_buffer_put(buffer, &in);
        }
        JitterBufferPacket out = {.data = data, .len = sizeof data};
        int found = jitter_buffer_get(buffer, &out, (spx_int32_t)FRAME_MS, NULL);
        ears.delay_ms[tick] = -1;
        if (found == JITTER_BUFFER_OK) {
            ears.begun = begun ? ears.begun : tick;
            begun = true;
            played++;
            double number = (double)out.timestamp / FRAME_MS;
            ears.delay_ms[tick] = tick_ms(tick) - number * line->sent_every_ms;
        } else if (begun) {
            ears.made_up++;
        }
        jitter_buffer_tick(buffer);
    }
    jitter_buffer_destroy(buffer);
    return sum_up(&ears, line, played);
}

void heard_add(struct heard *average, struct heard one, int count)
{
    average->concealed += one.concealed / count;
    average->missed += one.missed / count;
    average->delay_p95_ms += one.delay_p95_ms / count;
    average->delay_end_ms += one.delay_end_ms / count;
    average->back_ms += one.back_ms / count;
    average->under_400_ms += one.under_400_ms / count;
}
