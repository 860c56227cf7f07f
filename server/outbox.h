/*
 * What waits to be sent to one connection: answers, which must not be lost, in a queue bounded by
 * bytes; media and relayed frames, which are worth nothing late, in rings that drop the oldest. The
 * bytes of a frame stand in a buffer that all of its receivers share.
 */
#ifndef GALEN_SERVER_OUTBOX_H
#define GALEN_SERVER_OUTBOX_H

#include "galen/base.h"

/** One frame, ready to send. Counted references; freed, or kept for reuse, with the last. */
struct buffer {
    struct buffer *next_kept;
    uint32_t references;
    uint32_t size, room;
    uint8_t at[];
};

#define BUFFER_SMALL      512  /* a voice frame of any codec setting fits */
#define BUFFER_LARGE      2304 /* the largest live frame fits */
#define BUFFERS_KEPT_EACH 1024

/** Buffers kept for reuse, so that a media frame costs no allocation. */
struct buffer_pool {
    struct buffer *small, *large;
    size_t small_count, large_count;
};

void buffer_pool_wipe(struct buffer_pool *pool);
/** A buffer with these parts one after the other and one reference. NULL: out of memory. */
struct buffer *buffer_make(struct buffer_pool *pool, struct galen_bytes first,
                           struct galen_bytes second);
struct buffer *buffer_share(struct buffer *buffer); /* takes a further reference */
void buffer_release(struct buffer_pool *pool, struct buffer *buffer); /* takes NULL */

/** First in, first out; grows as needed. */
struct buffer_queue {
    struct buffer **at;
    size_t room, first, count;
};

struct outbox {
    struct buffer_queue answers;
    struct buffer_queue media;
    struct buffer_queue relayed;
    size_t answer_bytes;
    uint8_t in_a_row; /* live frames given while an answer waited */
};

#define OUTBOX_LIVE_IN_A_ROW 8

void hub_outbox_wipe(struct outbox *outbox, struct buffer_pool *pool);
bool hub_outbox_is_empty(const struct outbox *outbox);
/** Takes a reference. LIMIT: more than `max_bytes` would wait; MEMORY. Nothing is queued then. */
GALEN_MUST_USE enum galen_err hub_outbox_answer(struct outbox *outbox, struct buffer *buffer,
                                                size_t max_bytes);
/** Takes a reference; drops the oldest beyond `max`. Gives how many frames were lost. */
size_t hub_outbox_media(struct outbox *outbox, struct buffer_pool *pool, struct buffer *buffer,
                        size_t max);
size_t hub_outbox_relay(struct outbox *outbox, struct buffer_pool *pool, struct buffer *buffer,
                        size_t max);
/** Drops all that waits, answers too. */
void hub_outbox_clear(struct outbox *outbox, struct buffer_pool *pool);
/** The next frame: live ones first, but an answer is not kept waiting by more than a few. NULL: none.
 *  The reference is the caller's. */
struct buffer *hub_outbox_take(struct outbox *outbox);

#endif
