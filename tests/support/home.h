/*
 * A home whose server is played by hand: an engine, its disk, and what it sent last. It reads the
 * charts of charts.h.
 */
#ifndef TESTS_HOME_H
#define TESTS_HOME_H

#include "galen/engine.h"
#include "galen/frames.h"
#include "support/charts.h"
#include "support/disk.h"

#define HOME_PAIRS_MAX  (GALEN_CHARTS_MAX + 400)
#define HOME_CHARTS_MAX 2
#define HOME_FRAME_MAX  64 /* types of frames */

struct home_pair {
    char key[160];
    struct galen_writer value;
};

struct home {
    struct chart *charts[HOME_CHARTS_MAX]; /* borrowed; the first gives the clock and chance */
    uint64_t shown[HOME_CHARTS_MAX];       /* what the engine has asked for */
    size_t chart_count;
    uint64_t server_clock_ms;    /* 0: the home's own */
    uint64_t clock_off_ms;       /* its own, ahead of the chart's */
    struct galen_engine *engine; /* NULL: it was killed */
    struct home_pair disk[HOME_PAIRS_MAX];
    size_t pair_count;
    struct galen_writer append; /* the last entry it sent; empty: none since */
    uint32_t append_request;
    size_t events[64];                        /* how often each kind was said */
    size_t connects;                          /* how often it asked for a line */
    size_t loads;                             /* how often it asked for a pair … */
    enum galen_err loaded;                    /* … and what it said to the last */
    size_t sent[HOME_FRAME_MAX];              /* how many frames of each type it sent … */
    struct galen_writer live[HOME_FRAME_MAX]; /* … and the last one of each, of the live line */
    void *context;
    void (*watch)(void *context, struct home *home,
                  const struct galen_output *output); /* or NULL */
};

/** Nothing is on its disk yet. `practice` may be NULL. */
struct home *home_new(struct chart *chart, struct chart *practice);
void home_free(struct home *home);
/** Puts on the disk who it is. */
void home_is(struct home *home, enum galen_home_state state, const struct chart_device *device);
/** Puts on the disk all entries that there are, as if they had been read. */
void home_has_read(struct home *home);
void home_keep(struct home *home, const char *key, struct galen_bytes value);
/** Starts from the disk, signs in and reads what is new. */
void home_start(struct home *home);
/** Starts from the disk and waits for its line. */
void home_wake(struct home *home);
/** Its line of this purpose stands, and the server has said its challenge. */
void home_challenge(struct home *home, uint8_t purpose);
void home_crash(struct home *home);
/** Its live line comes up and signs in. */
void home_go_live(struct home *home);
/** A frame comes on the line of this purpose, whoever sent it. */
void home_hear(struct home *home, uint8_t purpose, const struct galen_frame *frame);
/** The last frame of this type that it sent on the live line. Borrowed until the next. */
struct galen_frame home_sent(const struct home *home, uint8_t type);
/** Carries out everything the engine puts out. */
void home_pump(struct home *home);
/** The server lets it in, and names all charts. */
void home_welcome(struct home *home, uint8_t purpose);
/** The server shows what this home has not read. */
void home_show(struct home *home);
/** What was sent last reaches the log of this chart; the home does not hear of it. */
enum galen_err home_accept(struct home *home, struct chart *chart);
uint64_t home_now(const struct home *home);

#endif
