/* What a session knows; shared by session.c (the loop) and session_notes.c (what was heard on this run). */
#ifndef GALEN_CLI_SESSION_STATE_H
#define GALEN_CLI_SESSION_STATE_H

#include "net.h"
#include "session.h"

/* What came in while the engine's outputs were being carried out. */
struct incoming {
    struct incoming *next;
    uint8_t kind; /* enum incoming_kind */
    uint8_t purpose;
    size_t size;
    uint8_t bytes[];
};

enum incoming_kind { IN_OPENED = 1, IN_FRAME, IN_CLOSED };

/* What was heard of a chart on this run. */
struct heard {
    struct heard *next;
    struct galen_id chart;
    bool shut_out, heads;
};

struct session {
    struct session_config config;
    struct galen_engine *engine;
    struct net *net; /* NULL: offline by request */
    struct ev_loop *loop;
    ev_timer tick, deadline;
    ev_signal interrupt, terminate;
    struct incoming *first, *last;
    bool turning, interrupted, timed_out;
    enum galen_err broken, refusal;
    uint64_t refused_at;
    bool not_trusted;
    unsigned failed_tries; /* since the log connection was last signed in */
    char line_text[200];
    void *event_context;
    void (*event)(void *context, const struct galen_event *event);
    void *voice_context;
    void (*voice)(void *context, const struct galen_id *device, uint64_t number,
                  struct galen_bytes packet);
    struct request requests[SESSION_REQUESTS_MAX];
    size_t request_count;
    struct heard *heard;
    struct request held[SESSION_HELD_MAX];
    size_t held_count;
};

/* Takes notes of an event before anybody is told of it. */
void note_event(struct session *session, const struct galen_event *event);

#endif
