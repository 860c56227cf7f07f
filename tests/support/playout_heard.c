#include "support/playout_heard.h"
#include "support/speech.h"

#include <math.h>
#include <speex/speex_jitter.h>
#include <stdlib.h>

#define PULL_PHASE 7.0
#define TICKS      (LINE_PACKETS + 150)

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
    return (double)tick * LINE_FRAME_MS + PULL_PHASE;
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
    return LINE_PACKETS * LINE_FRAME_MS;
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
        size_t stall = (size_t)((line->stall_ends_ms - LINE_STALL_MS) / LINE_FRAME_MS);
        double before = quantile(ears, stall - 250, stall, 0.5);
        heard.back_ms = time_below(ears, line, before + 40);
        heard.under_400_ms = time_below(ears, line, 400);
    }
    return heard;
}

/** The tick after the last packet came, so that the end of a line is not heard as a loss. */
static size_t ticks_of(const struct line *line)
{
    size_t ticks = (size_t)(line->arrivals[line->count - 1].at_ms / LINE_FRAME_MS);
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
            ears.delay_ms[tick] = tick_ms(tick) + LINE_FRAME_MS - position;
        }
    }
    concealed_ms = (double)now.concealed_ms;
    ears.made_up = (size_t)(concealed_ms / LINE_FRAME_MS + 0.5);
    galen_playout_free(playout);
    return sum_up(&ears, line, now.played);
}

struct heard heard_by_speex(const struct line *line)
{
    static struct ears ears;
    JitterBuffer *buffer = jitter_buffer_init((int)LINE_FRAME_MS);
    size_t next = 0, played = 0;
    ears = (struct ears){.ticks = ticks_of(line)};
    bool begun = false;
    for (size_t tick = 0; tick < ears.ticks; tick++) {
        char data[4] = {0};
        for (; next < line->count && line->arrivals[next].at_ms <= tick_ms(tick); next++) {
            JitterBufferPacket in = {
                .data = data, .len = sizeof data, .span = (spx_uint32_t)LINE_FRAME_MS};
            in.timestamp = line->arrivals[next].number * (spx_uint32_t)LINE_FRAME_MS;
            jitter_buffer_put(buffer, &in);
        }
        JitterBufferPacket out = {.data = data, .len = sizeof data};
        int found = jitter_buffer_get(buffer, &out, (spx_int32_t)LINE_FRAME_MS, NULL);
        ears.delay_ms[tick] = -1;
        if (found == JITTER_BUFFER_OK) {
            ears.begun = begun ? ears.begun : tick;
            begun = true;
            played++;
            double number = (double)out.timestamp / LINE_FRAME_MS;
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
