/*
 * Playout: one talker's voice packets in, as they arrive; an unbroken stream of samples out. An
 * adaptive jitter buffer with its decoder. It reads no clock: both sides say what time it is, on one
 * clock. Where that is set back by two seconds or more, time stands still and then goes on; set forward, it
 * looks like a stall.
 *
 * Frames are numbered by their SFrame counter, which counts 20 ms of captured sound, sent or not.
 */
#ifndef GALEN_PLAYOUT_H
#define GALEN_PLAYOUT_H

#include "galen/voice.h"

struct galen_playout;
struct galen_playout *galen_playout_new(void); /* NULL: out of memory */
void galen_playout_free(struct galen_playout *playout);

/**
 * Takes a packet that arrived at `now_ms`. Copies it. FORMAT: not of GALEN_VOICE_BYTES; DUPLICATE: it
 * came before; TIMEOUT: too late, its place was played already. The caller may ignore all three.
 */
enum galen_err galen_playout_put(struct galen_playout *playout, uint64_t now_ms, uint64_t number,
                                 struct galen_bytes packet);

/**
 * Fills `samples` samples that are heard from `now_ms` on: any number, at 48 kHz. Who was held up
 * says when they should have been heard, for each take that is made up for. Silence until the first
 * packets are due. Costs one Opus decoding for each 20 ms.
 */
void galen_playout_take(struct galen_playout *playout, uint64_t now_ms, int16_t *pcm,
                        size_t samples);

struct galen_playout_stats {
    uint64_t received;  /* packets accepted by galen_playout_put */
    uint64_t played;    /* packets decoded and heard */
    uint64_t discarded; /* packets left out to catch up */
    uint64_t late;      /* packets that came after their place was played */
    uint64_t duplicate;
    uint64_t concealed_ms;  /* made up where nothing was there in time */
    uint64_t shortened_ms;  /* taken out by merging pitch periods or silence */
    uint64_t lengthened_ms; /* put in, likewise */
    uint64_t position;  /* of the next sample to be heard: samples captured since number 0 began */
    uint32_t delay_ms;  /* now: from the fastest recent packet's arrival to being heard */
    uint32_t target_ms; /* what delay_ms is steered to */
};
struct galen_playout_stats galen_playout_stats(const struct galen_playout *playout);

#endif
