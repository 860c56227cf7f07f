/*
 * Two homes of one practice that meet in a visit. Their live lines are played by hand, by a server that may
 * keep back what one of them tells the other, and show it later.
 */
#ifndef TESTS_MEETING_H
#define TESTS_MEETING_H

#include "support/home.h"

#define MEETING_QUEUE_MAX 256
#define MEETING_VOICE_MAX 64

enum { ANN, BEN, MEETING_HOMES }; /* pharmacists; Ann opens the visit and is its host */

/* What a home was given to play. */
struct heard_voice {
    struct galen_id device;
    uint64_t number;
    size_t size;
    uint8_t packet[GALEN_VOICE_BYTES];
};

/* What a home was told last of what somebody types, and what of it could be shown then. */
struct heard_draft {
    size_t count;              /* DRAFT events so far */
    struct galen_event event;  /* the last, without its text: */
    struct galen_writer value; /* … of a text, what it would say */
    bool placed;
    uint32_t caret, end;
};

struct meeting {
    struct chart *chart;
    struct chart_device *devices[MEETING_HOMES];
    struct home *homes[MEETING_HOMES];
    struct galen_id visit;
    uint8_t nonce[32];
    uint16_t numbers[MEETING_HOMES], last_number;
    bool live[MEETING_HOMES];
    bool host_away;              /* and was not asked yet to take over again */
    bool keeps_door;             /* Ben waits until Ann lets him in */
    struct galen_writer at_door; /* his hello */
    bool keeps_back;             /* relayed frames wait for meeting_show */
    struct {
        size_t to;
        struct galen_writer frame;
    } queue[MEETING_QUEUE_MAX], kept[MEETING_QUEUE_MAX];
    size_t queued, kept_count;
    struct heard_voice heard[MEETING_HOMES][MEETING_VOICE_MAX];
    size_t heard_count[MEETING_HOMES];
    struct heard_draft drafts[MEETING_HOMES];
    size_t call_events[MEETING_HOMES];   /* EVENT_CALL */
    struct galen_id told[MEETING_HOMES]; /* the device that the last one named */
};

/** Both are there and live, and not in a visit. */
struct meeting *meeting_new(uint64_t seed);
void meeting_free(struct meeting *meeting);
/** Ann opens a visit; then Ben comes in. */
void meeting_open(struct meeting *meeting);
void meeting_enter(struct meeting *meeting, size_t who);
/** The line of one is gone, and comes back. */
void meeting_cut(struct meeting *meeting, size_t who);
void meeting_dial(struct meeting *meeting, size_t who);
/** One of them starts anew with what is on the disk, and is live again. */
void meeting_restart(struct meeting *meeting, size_t who);
/** Everybody carries out and hears what there is. */
void meeting_run(struct meeting *meeting);
/** Shows what was kept back: the nth of it, and nothing else. */
void meeting_show(struct meeting *meeting, size_t n);

struct galen_engine *meeting_engine(const struct meeting *meeting, size_t who);
const struct galen_id *meeting_device(const struct meeting *meeting, size_t who);

#endif
