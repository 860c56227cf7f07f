#include "galen/playout.h"

#include <stdlib.h>
#include <string.h>

#include "media/arrivals.h"
#include "media/timescale.h"

/*
 * The idea, in milliseconds on one clock. A frame's *lateness* at a moment is how long after the first
 * frame that moment is, less 20 ms for each frame between them: it grows while a frame waits. What
 * arrives says how late frames come; a high percentile of that over the last ten seconds, and a small
 * margin, is the *target*. Playout keeps the lateness of what it plays near the target:
 *
 *   a little above      leave it
 *   above               shorten the sound, first where it is quiet
 *   far above           leave frames out
 *   below               lengthen the sound
 *   nothing there       conceal, and wait: what comes late is still played
 *
 * A frame that is missing while later ones are there is lost, and costs 20 ms of concealment. When
 * that was spent before the later ones came, it is not spent again (`waited`).
 *
 * The 98th percentile with 5 ms was chosen on the lines of tests/support/playout_lines.c: at the 95th,
 * lines with long tails had more concealed than speexdsp's buffer has, from the 98.5th the delay was
 * longer than its delay.
 */
#define SLOTS          128 /* packets kept: 2.56 s */
#define PER_MILLE      980 /* of packets that should be there in time */
#define MARGIN_MS      5
#define FIRST_DELAY_MS 30    /* at least, until FIRST_ARRIVALS have told better */
#define FIRST_ARRIVALS 50    /* one second */
#define SLACK_MS       15    /* later than the target by this: leave it */
#define OFFSET_MS      3     /* decoded ahead of need by this: leave it */
#define EARLY_MS       10    /* earlier than the target by this: leave it */
#define VOICED_MS      25    /* beyond this, voiced sound is shortened too */
#define HURRY_MS       80    /* beyond this, even where it is heard a little */
#define JUMP_MS        160   /* beyond this, frames are left out */
#define PATIENCE       25    /* frames with something to spare before voiced sound is shortened */
#define STALL_MS       300   /* a pause in arrivals that says nothing about jitter */
#define STALL_OVER_MS  1000  /* who is late for longer after a stall is on another route */
#define SET_BACK_MS    2000  /* and more: the clock was set, nobody is that far behind */
#define RESTART_AFTER  10    /* packets in a row too late: the sender counts anew */
#define FORESEEN_MS    10000 /* nobody sends sound before it was spoken: a clock stood still */

#define LIKE       0.85 /* normalised correlation of pitch periods that may be merged */
#define LIKE_HURRY 0.5
#define CONCEAL    480  /* samples made up at a time: 10 ms */
#define FADE_AFTER 4800 /* samples of concealment before it fades, */
#define FADE       2880 /* and how long the fade takes */
#define JOIN       240  /* samples cross-faded where sound does not follow what was heard */
#define PER_MS     (GALEN_VOICE_RATE / 1000)
#define READY_MAX  (GALEN_VOICE_SAMPLES + TIMESCALE_MOST)

struct slot {
    bool full;
    uint64_t number;
    uint8_t packet[GALEN_VOICE_BYTES];
};

enum playout_state {
    NOTHING_YET, /* no packet ever came */
    FILLING,     /* the first ones wait for their time */
    PLAYING,
};

struct galen_playout {
    struct galen_voice_decoder *decoder;
    enum playout_state state;
    struct slot slots[SLOTS]; /* by number modulo SLOTS */
    uint64_t next;            /* number to decode next */
    uint64_t newest;          /* highest number that came */
    uint64_t origin_number;   /* lateness is counted from this frame */
    uint64_t origin_ms;       /* and its arrival */
    uint64_t time_ms;         /* the newest we were told, */
    uint64_t set_back_ms;     /* with what the clock was set back by until then */
    uint64_t last_arrival_ms;
    uint64_t stall_ended_ms; /* when packets came again */
    bool behind_stall;       /* packets still come that a stall held up */
    struct arrivals arrivals;
    int16_t ready[READY_MAX]; /* decoded, not yet taken */
    size_t ready_at, ready_end;
    size_t waited;           /* samples concealed while `next` was expected */
    size_t concealed_run;    /* samples concealed since the last real frame */
    unsigned late_run;       /* packets in a row that came too late */
    bool joins;              /* the next frame does not follow what was heard */
    unsigned beyond_slack;   /* frames in a row */
    uint64_t heard_until_ms; /* when the sample after the last one taken is heard */
    uint64_t concealed, shortened, lengthened; /* samples */
    struct galen_playout_stats stats;
};

struct galen_playout *galen_playout_new(void)
{
    struct galen_playout *playout = calloc(1, sizeof *playout);
    if (!playout)
        return NULL;
    playout->decoder = galen_voice_decoder_new();
    if (!playout->decoder) {
        galen_playout_free(playout);
        return NULL;
    }
    return playout;
}

void galen_playout_free(struct galen_playout *playout)
{
    if (playout)
        galen_voice_decoder_free(playout->decoder);
    free(playout);
}

/** How far `a` is ahead of `b`; numbers may wrap. */
static int64_t ahead(uint64_t a, uint64_t b)
{
    return (int64_t)(a - b);
}

/**
 * The caller's time, made to stand still where the clock was set back, and then to go on from there. A
 * little back is no such thing: who was held up takes what should have been heard meanwhile.
 */
static uint64_t steady(struct galen_playout *p, uint64_t now_ms)
{
    uint64_t time_ms = now_ms + p->set_back_ms;
    if (time_ms + SET_BACK_MS < p->time_ms) {
        p->set_back_ms += p->time_ms - time_ms;
        time_ms = p->time_ms;
    }
    if (time_ms > p->time_ms)
        p->time_ms = time_ms;
    return time_ms;
}

/** How late frame `number` is if it is played, or arrives, at `now_ms`. */
static int64_t lateness(const struct galen_playout *p, uint64_t now_ms, uint64_t number)
{
    uint64_t due = p->origin_ms + (number - p->origin_number) * GALEN_VOICE_MS;
    return (int64_t)(now_ms - due);
}

static int64_t target(const struct galen_playout *p)
{
    int64_t late = arrivals_quantile(&p->arrivals, PER_MILLE) + MARGIN_MS;
    int64_t first = arrivals_quantile(&p->arrivals, 0) + FIRST_DELAY_MS;
    return p->arrivals.count < FIRST_ARRIVALS && late < first ? first : late;
}

static struct slot *slot_of(struct galen_playout *p, uint64_t number)
{
    return &p->slots[number % SLOTS];
}

static bool is_there(struct galen_playout *p, uint64_t number)
{
    const struct slot *slot = slot_of(p, number);
    return slot->full && slot->number == number;
}

/** Leaves out every frame before `number`. */
static void skip_to(struct galen_playout *p, uint64_t number)
{
    if (ahead(number, p->next) >= SLOTS) {
        for (size_t i = 0; i < SLOTS; i++) {
            p->stats.discarded += p->slots[i].full;
            p->slots[i].full = false;
        }
        p->next = number;
    }
    for (; p->next != number; p->next++) {
        p->stats.discarded += is_there(p, p->next);
        slot_of(p, p->next)->full = false;
    }
    p->joins = true;
}

/** Learns from an arrival, unless it only says how long a stall was. */
static void learn(struct galen_playout *p, uint64_t now_ms, int64_t late)
{
    if (now_ms < p->last_arrival_ms)
        now_ms = p->last_arrival_ms;
    if (now_ms - p->last_arrival_ms >= STALL_MS && p->arrivals.count > 0) {
        p->behind_stall = true;
        p->stall_ended_ms = now_ms;
    }
    p->last_arrival_ms = now_ms;
    if (p->behind_stall && late > target(p) + SLACK_MS &&
        now_ms - p->stall_ended_ms < STALL_OVER_MS)
        return;
    p->behind_stall = false;
    /* The first packets may come from a queue, all at once: only the newest of them tells anything. */
    if (p->state == FILLING && late < arrivals_quantile(&p->arrivals, 0) - SLACK_MS)
        p->arrivals = (struct arrivals){0};
    int64_t most = INT32_MAX / 2;
    arrivals_add(&p->arrivals, (int32_t)(late > most ? most : late));
}

/** Begins anew with this frame. */
static void begin(struct galen_playout *p, uint64_t now_ms, uint64_t number)
{
    for (size_t i = 0; i < SLOTS; i++) {
        p->stats.discarded += p->slots[i].full;
        p->slots[i].full = false;
    }
    p->state = FILLING;
    p->next = p->newest = p->origin_number = number;
    p->origin_ms = p->last_arrival_ms = now_ms;
    p->behind_stall = false;
    p->arrivals = (struct arrivals){0};
    p->waited = 0;
    p->joins = true;
}

/** True when the frame would have been spoken long after now: one of the two clocks stood still. */
static bool foreseen(const struct galen_playout *p, uint64_t now_ms, uint64_t number)
{
    int64_t limit = INT64_MAX / (4 * GALEN_VOICE_MS);
    return ahead(number, p->newest) > limit ||
           lateness(p, now_ms, number) < arrivals_quantile(&p->arrivals, 0) - FORESEEN_MS;
}

enum galen_err galen_playout_put(struct galen_playout *p, uint64_t now_ms, uint64_t number,
                                 struct galen_bytes packet)
{
    if (packet.size != GALEN_VOICE_BYTES)
        return GALEN_ERR_FORMAT;
    now_ms = steady(p, now_ms);
    if (p->state == NOTHING_YET || (ahead(number, p->newest) > 0 && foreseen(p, now_ms, number)))
        begin(p, now_ms, number);
    if (is_there(p, number)) {
        p->stats.duplicate++;
        return GALEN_ERR_DUPLICATE;
    }
    bool far_back = ahead(number, p->newest) <= -SLOTS;
    if (!far_back)
        learn(p, now_ms, lateness(p, now_ms, number));
    if (!far_back && p->state == FILLING && ahead(number, p->next) < 0)
        p->next = number;
    if (far_back || ahead(number, p->next) < 0) {
        if (++p->late_run < RESTART_AFTER) {
            p->stats.late++;
            return GALEN_ERR_TIMEOUT;
        }
        begin(p, now_ms, number);
    }
    p->late_run = 0;
    if (ahead(number, p->next) >= SLOTS)
        skip_to(p, number - (SLOTS - 1));
    if (ahead(number, p->newest) > 0)
        p->newest = number;
    struct slot *slot = slot_of(p, number);
    slot->full = true;
    slot->number = number;
    memcpy(slot->packet, packet.at, GALEN_VOICE_BYTES);
    p->stats.received++;
    return GALEN_OK;
}

/** Makes up sound: as Opus does at first, then fading, then silence. At most CONCEAL samples. */
static void make_up(struct galen_playout *p, int16_t *pcm, size_t samples)
{
    if (p->concealed_run >= FADE_AFTER + FADE) {
        memset(pcm, 0, samples * sizeof *pcm);
        return;
    }
    galen_voice_conceal(p->decoder, pcm, samples);
    for (size_t i = 0; i < samples; i++) {
        size_t run = p->concealed_run + i;
        size_t into = run > FADE_AFTER ? run - FADE_AFTER : 0;
        int gain = into < FADE ? (int)(FADE - into) : 0;
        pcm[i] = (int16_t)(pcm[i] * gain / FADE);
    }
}

static void conceal(struct galen_playout *p)
{
    make_up(p, p->ready, CONCEAL);
    p->ready_at = 0;
    p->ready_end = CONCEAL;
    p->waited += CONCEAL;
    p->concealed_run += CONCEAL;
    p->concealed += CONCEAL;
    p->joins = p->concealed_run > FADE_AFTER;
}

/** Decodes frame `next` into `ready`; false when it is not there or is not Opus. */
static bool decode(struct galen_playout *p)
{
    int16_t before[JOIN];
    struct slot *slot = slot_of(p, p->next);
    if (!is_there(p, p->next))
        return false;
    slot->full = false;
    if (p->joins)
        make_up(p, before, JOIN);
    if (galen_voice_decode(p->decoder, (struct galen_bytes){slot->packet, GALEN_VOICE_BYTES},
                           p->ready))
        return false;
    p->next++;
    p->waited = 0;
    for (int i = 0; p->joins && i < JOIN; i++)
        p->ready[i] = (int16_t)((before[i] * (JOIN - i) + p->ready[i] * i) / JOIN);
    p->joins = false;
    p->concealed_run = 0;
    p->ready_at = 0;
    p->ready_end = GALEN_VOICE_SAMPLES;
    p->stats.played++;
    return true;
}

/**
 * Passes over frames that are lost: for nothing where their time was concealed already, or where
 * playout is late anyway. True when `next` is still to be concealed.
 */
static bool conceal_lost(struct galen_playout *p, uint64_t now_ms)
{
    while (!is_there(p, p->next)) {
        if (ahead(p->newest, p->next) <= 0)
            return true;
        if (p->waited >= GALEN_VOICE_SAMPLES)
            p->waited -= GALEN_VOICE_SAMPLES;
        else if (lateness(p, now_ms, p->next) - target(p) > VOICED_MS)
            p->joins = true;
        else
            return true;
        p->next++;
    }
    return false;
}

/** Leaves out frames when so many wait that speaking faster would take too long. */
static void catch_up(struct galen_playout *p, uint64_t now_ms)
{
    int64_t excess = lateness(p, now_ms, p->next) - target(p);
    int64_t waiting = ahead(p->newest, p->next) * GALEN_VOICE_MS;
    if (excess <= JUMP_MS || waiting <= JUMP_MS / 2)
        return;
    int64_t leave_out = (excess < waiting ? excess : waiting) / GALEN_VOICE_MS;
    skip_to(p, p->next + (uint64_t)leave_out);
}

/**
 * How many samples may be taken out of the decoded frame, so that no packet is needed sooner than the
 * target allows. A packet is needed when the take that it falls into begins, `offset` samples before
 * it is heard; takes of `pull` samples come at steps of that length.
 */
static size_t spare(int64_t excess_ms, size_t offset, size_t pull)
{
    int64_t whole = excess_ms > 0 ? excess_ms * PER_MS / (int64_t)pull * (int64_t)pull : 0;
    return excess_ms < 0 ? 0 : (size_t)whole + offset;
}

/** Shortens or lengthens the decoded frame towards the target. */
static void adjust(struct galen_playout *p, int64_t excess_ms, size_t offset, size_t pull)
{
    bool quiet = timescale_quiet(p->ready, p->ready_end);
    size_t most = spare(excess_ms, offset, pull);
    if (most > offset && !is_there(p, p->next))
        most = offset; /* more would need a packet that has not come */
    bool much = most >= SLACK_MS * PER_MS || (most == offset && offset >= OFFSET_MS * PER_MS);
    p->beyond_slack = much ? p->beyond_slack + 1 : 0;
    if (much) {
        if (!quiet && most <= VOICED_MS * PER_MS && p->beyond_slack < PATIENCE)
            return;
        double like = most > HURRY_MS * PER_MS ? LIKE_HURRY : LIKE;
        size_t out = timescale_shorten(p->ready, p->ready_end, most, like);
        p->ready_end -= out;
        p->shortened += out;
    } else if (excess_ms < -EARLY_MS && (quiet || excess_ms < -2 * EARLY_MS)) {
        size_t in = timescale_lengthen(p->ready, p->ready_end, (size_t)-excess_ms * PER_MS, LIKE);
        p->ready_end += in;
        p->lengthened += in;
    }
}

/** Fills `ready`. */
static void produce(struct galen_playout *p, uint64_t now_ms, size_t offset, size_t pull)
{
    bool lost = conceal_lost(p, now_ms);
    if (!lost)
        catch_up(p, now_ms);
    if (!lost)
        lost = conceal_lost(p, now_ms);
    int64_t excess = lateness(p, now_ms, p->next) - target(p);
    bool early = p->waited > 0 && excess < -GALEN_VOICE_MS;
    if (lost || early || !decode(p)) {
        conceal(p);
        return;
    }
    adjust(p, excess, offset, pull);
}

void galen_playout_take(struct galen_playout *p, uint64_t now_ms, int16_t *pcm, size_t samples)
{
    now_ms = steady(p, now_ms);
    if (p->state == FILLING && lateness(p, now_ms, p->next) >= target(p))
        p->state = PLAYING;
    p->heard_until_ms = now_ms + samples / PER_MS;
    if (p->state != PLAYING) {
        memset(pcm, 0, samples * sizeof *pcm);
        return;
    }
    for (size_t done = 0; done < samples;) {
        if (p->ready_at == p->ready_end)
            produce(p, now_ms, done, samples);
        size_t n = p->ready_end - p->ready_at;
        if (n > samples - done)
            n = samples - done;
        memcpy(pcm + done, p->ready + p->ready_at, n * sizeof *pcm);
        p->ready_at += n;
        done += n;
    }
}

struct galen_playout_stats galen_playout_stats(const struct galen_playout *p)
{
    struct galen_playout_stats stats = p->stats;
    size_t ready = p->ready_end - p->ready_at;
    int64_t fastest = arrivals_quantile(&p->arrivals, 0);
    stats.concealed_ms = p->concealed / PER_MS;
    stats.shortened_ms = p->shortened / PER_MS;
    stats.lengthened_ms = p->lengthened / PER_MS;
    if (p->state == PLAYING) {
        int64_t late = lateness(p, p->heard_until_ms, p->next) + (int64_t)(ready / PER_MS);
        stats.position = p->next * GALEN_VOICE_SAMPLES - ready;
        stats.delay_ms = late > fastest ? (uint32_t)(late - fastest) : 0;
    }
    if (p->state != NOTHING_YET && target(p) > fastest)
        stats.target_ms = (uint32_t)(target(p) - fastest);
    return stats;
}
