/*
 * One person's ear and mouth in a call: an encoder with its mute, and a playout for each speaker, mixed.
 * Packets go to galen_engine_speak and come from GALEN_OUT_VOICE; the engine itself knows no sound.
 * Reads no clock, as galen/playout.h says.
 */
#ifndef GALEN_TALK_H
#define GALEN_TALK_H

#include "galen/codec.h"
#include "galen/limits.h"
#include "galen/playout.h"

struct galen_talk;
struct galen_talk *galen_talk_new(void); /* NULL: out of memory */
void galen_talk_free(struct galen_talk *talk);

/** From the next packet on: silence, at the same size; to be sent at the same pace. */
void galen_talk_mute(struct galen_talk *talk, bool muted);
bool galen_talk_muted(const struct galen_talk *talk);

/** Encodes 20 ms of the microphone, or silence while muted. VALUE: as galen_voice_encode. */
GALEN_MUST_USE enum galen_err galen_talk_encode(struct galen_talk *talk,
                                                const int16_t pcm[GALEN_VOICE_SAMPLES],
                                                uint8_t packet[GALEN_VOICE_BYTES]);

/**
 * Takes somebody's packet that arrived at `now_ms`. Copies it. FORMAT, DUPLICATE, TIMEOUT: as
 * galen_playout_put; LIMIT: GALEN_PARTICIPANTS_MAX others speak already; MEMORY. The caller may
 * ignore all of them.
 */
enum galen_err galen_talk_put(struct galen_talk *talk, uint64_t now_ms,
                              const struct galen_id *device, uint64_t number,
                              struct galen_bytes packet);
/** This device speaks no more: what it said and was not heard yet is dropped. */
void galen_talk_gone(struct galen_talk *talk, const struct galen_id *device);

/** Fills `samples` samples of everybody, mixed, that are heard from `now_ms` on: any number. */
void galen_talk_take(struct galen_talk *talk, uint64_t now_ms, int16_t *pcm, size_t samples);

/** How loud it was since this was asked last: root mean squares of samples, 0 to 32767. */
struct galen_talk_levels {
    uint32_t own; /* of the microphone, muted or not */
    size_t count;
    struct {
        struct galen_id device;
        uint32_t level;
    } speakers[GALEN_PARTICIPANTS_MAX];
};
void galen_talk_levels(struct galen_talk *talk, struct galen_talk_levels *levels);

/** Sums are over everybody who spoke since the beginning; delays over those who are there. */
struct galen_talk_stats {
    size_t speakers;
    uint64_t received, played, discarded, late, concealed_ms;
    uint32_t delay_ms;  /* the longest of all speakers */
    uint32_t target_ms; /* likewise: what the line asks for at present */
};
struct galen_talk_stats galen_talk_stats(const struct galen_talk *talk);

#endif
