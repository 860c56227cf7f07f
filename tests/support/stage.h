/*
 * A server in one process for tests of the hub: the cast of scene.h, a hub on a store in a folder of
 * its own, and lines that stand for the sockets, all on a clock that the test sets. What the hub
 * sends is collected line by line; batches are committed at once unless the test holds them.
 */
#ifndef TESTS_STAGE_H
#define TESTS_STAGE_H

#include "hub.h"
#include "support/scene.h"

#define STAGE_LINES 24
#define STAGE_TOKEN "0123456789abcdef0123456789abcdef"
#define STAGE_HOST  "galen.example"

/** One socket. */
struct line {
    struct hub_connection *connection; /* NULL: not connected, or closed */
    const struct party *party;
    struct galen_public_keys practice; /* from the challenge */
    uint8_t nonce[32];                 /* likewise */
    bool is_slow;                      /* takes nothing until it is told to */
    bool closed_by_hub;
    struct {
        uint8_t *bytes;
        size_t size;
    } * inbox;
    size_t inbox_count, inbox_next, inbox_room;
};

struct stage {
    struct scene scene;
    char folder[64];
    char path[96];
    struct store *store;
    struct hub_config config;
    struct hub *hub;
    struct line lines[STAGE_LINES];
    size_t line_count;
    bool holds_batches;         /* batches wait for stage_commit */
    enum galen_err next_commit; /* unless OK: the next batch fails so, and nothing is stored */
    uint32_t request;           /* the last one used */
    size_t batches;
    char last_event[64];
    struct galen_id visit; /* the one that stage_call.h speaks of, and its host's nonce */
    uint8_t nonce[32];
    uint32_t admissions; /* words of staff made so far */
};

/** A server with its practice set up, and a chart of custodian, pharmacist and patient (epoch 2). */
void stage_begin(struct stage *s);
/** The same without a practice and without a chart. */
void stage_begin_bare(struct stage *s);
void stage_end(struct stage *s);
/** The process dies and starts again with what the disk has. All lines are gone. */
void stage_restart(struct stage *s);
/** A new hub on the same store, with the limits in `s->config`. */
void stage_restart_hub(struct stage *s);

/** Connects a line and reads its challenge. */
struct line *stage_connect(struct stage *s, const char *address);
/** NULL when the hub refuses the connection; `*err` says why. */
struct line *stage_try_connect(struct stage *s, const char *address, enum galen_err *err);
void stage_disconnect(struct stage *s, struct line *line);
/** Disconnects the line that was connected last, whose place the next one takes. */
void stage_give_back(struct stage *s, struct line *line);
/** A correct SIGN_IN; tests may change it and sign it again. */
void stage_sign_in_frame(const struct line *line, const struct party *party, uint8_t purpose,
                         bool with_chain, struct galen_frame *frame);
void stage_sign_sign_in(const struct line *line, const struct party *party,
                        struct galen_frame *frame);
/** Connects and signs in, which must succeed. */
struct line *stage_sign_in(struct stage *s, const struct party *party, uint8_t purpose);
struct line *stage_log(struct stage *s, const struct party *party);
/** A live line that has opened the chart. */
struct line *stage_live(struct stage *s, const struct party *party);

/** Sends, and lets the hub do all that follows. */
void stage_send(struct stage *s, struct line *line, const struct galen_frame *frame);
void stage_send_bytes(struct stage *s, struct line *line, struct galen_bytes bytes);
/** Commits and delivers until nothing is left to do. */
void stage_settle(struct stage *s);
/** Commits one held batch. */
void stage_commit(struct stage *s);
/** Moves the clock and lets the hub see to what is due. */
void stage_pass(struct stage *s, uint64_t ms);

/** The next frame of the inbox; false: none. Its views last until the line is used again. */
bool stage_next(struct line *line, struct galen_frame *frame);
/** The next frame of this type; those before it are passed over. The test fails if there is none. */
struct galen_frame stage_expect(struct line *line, uint8_t type);
/** How many frames of this type wait in the inbox. */
size_t stage_count(const struct line *line, uint8_t type);
void stage_forget(struct line *line); /* empties the inbox */
/** A refusal with this error comes next among refusals. */
struct galen_frame_refused stage_expect_refused(struct line *line, enum galen_err err);
/** The line was refused with this error and closed. */
void stage_expect_closed(struct line *line, enum galen_err err);
uint64_t stage_counter(const struct stage *s, const char *name); /* of /metrics, with its labels */
uint64_t stage_refused(const struct stage *s, enum galen_err err);

/** The entry drafted in s->scene, as an APPEND frame by `line`; returns its request. */
uint32_t stage_send_entry(struct stage *s, struct line *line);
/** Appends what is drafted, which must be accepted; returns its index. */
uint64_t stage_append(struct stage *s, struct line *line);
/** Drafts and appends a sealed message. */
uint64_t stage_say(struct stage *s, struct line *line);
/** The drafted entry is refused so, which closes nothing. */
struct galen_frame_refused stage_refuse_entry(struct stage *s, struct line *line,
                                              enum galen_err err);
struct galen_frame_appended stage_appended(struct line *line);
/** Drafts the first entry of a further chart of the pharmacist's, into empty rules. */
void stage_draft_chart(struct stage *s);
void stage_send_open(struct stage *s, struct line *line, const struct galen_id *chart,
                     uint64_t from);
/** A sign-in (or set-up) is refused so, counted, and closed; gives the detail. */
uint64_t stage_refuse_sign_in(struct stage *s, struct line *line, const struct galen_frame *frame,
                              enum galen_err err);
/** Sends OPEN and gives how many entries came; the last ones' body states go to `states`. */
size_t stage_open(struct stage *s, struct line *line, uint64_t from, uint8_t *states);
const struct galen_id *stage_chart(const struct stage *s);

#endif
