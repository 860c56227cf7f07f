/*
 * Verifies signatures of sign-ins and appended entries on other processors before the hub sees the
 * frames: one takes 0.1 ms, more than all the rest of an entry, and voice must not wait for it. The
 * hub does not know: it asks its primitives as ever, and they have the answer in mind.
 */
#ifndef GALEN_SERVER_TRANSPORT_AHEAD_H
#define GALEN_SERVER_TRANSPORT_AHEAD_H

#include "galen/frames.h"
#include "galen/keys.h"
#include "galen/primitives.h"

#define AHEAD_FRAMES_MAX  64            /* that wait of one connection; then it is not read */
#define AHEAD_BYTES_MAX   (1024 * 1024) /* likewise; one frame may come on top */
#define AHEAD_THREADS_MAX 8

struct ahead;
struct ahead_job;

/** The frames of one connection that wait, in their order. Zeroed at first, but for owner and nonce. */
struct ahead_queue {
    struct ahead_job *first, *last;
    size_t count, bytes;
    void *owner;
    bool signed_in; /* `key` is the one its sign-in named */
    uint8_t key[GALEN_SIGN_KEY_BYTES];
    uint8_t nonce[32]; /* the server's, which the sign-in signs */
};

/** `done` is called from other threads when something is done. NULL: it cannot be started. */
struct ahead *ahead_new(const struct galen_primitives *primitives, size_t threads,
                        void (*done)(void *context), void *context);
void ahead_free(struct ahead *ahead); /* takes NULL; all queues must have been dropped */

enum ahead_way {
    AHEAD_NOW,     /* it need not wait: give it to the hub */
    AHEAD_WAITS,   /* a copy was taken, as its signatures or frames before it come first */
    AHEAD_NO_ROOM, /* memory is out: the connection cannot go on in order */
};
enum ahead_way ahead_take(struct ahead *ahead, struct ahead_queue *queue, struct galen_bytes frame);
/** True when the connection should not be read until its queue is shorter. */
bool ahead_is_full(const struct ahead_queue *queue);
/** True while threads have frames of any connection: ahead_next_done will give more soon. */
bool ahead_is_busy(const struct ahead *ahead);
/** Forgets all that waits of a connection that is gone. */
void ahead_drop(struct ahead_queue *queue);

/** The owner of a queue of which a frame was done with; NULL: no more. */
void *ahead_next_done(struct ahead *ahead);
/** The queue's next frame if it need not wait longer; borrowed, and in mind, until ahead_drop_first. */
bool ahead_first(const struct ahead_queue *queue, struct galen_bytes *frame);
void ahead_drop_first(struct ahead_queue *queue);

/** What the hub asks: plain verification, but for signatures of the frame in mind. */
bool ahead_verify(const uint8_t key[GALEN_SIGN_KEY_BYTES], struct galen_bytes message,
                  const uint8_t signature[GALEN_SIGNATURE_BYTES]);
/** How many signatures the hub asked for, and how many of those had been verified ahead. */
void ahead_count(uint64_t *asked, uint64_t *known);

#endif
