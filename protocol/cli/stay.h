/*
 * Commands that stay connected (agent, call, visit open): every event is told as one JSON line, and one
 * command a line is taken from standard input: a JSON object with "do", or words like `admit 1a2b`.
 */
#ifndef GALEN_CLI_STAY_H
#define GALEN_CLI_STAY_H

#include "cli.h"
#include "voice.h"

#define STAY_LINE_MAX (512u * 1024)

struct stay {
    struct cli *cli;
    bool ends_at_eof;
    const char *admit;     /* --admit: NULL, "all", or devices */
    struct galen_id chart; /* of the visit or call; none: an agent */
    bool calls;            /* takes part in the visit as soon as it is open */
    bool opens;            /* staff: opens it if it is not */
    bool opened;           /* by us: it ends with us */
    bool over;             /* the visit or call has ended, or was asked to end */
    bool sent_away;
    bool input_over;
    struct voice *voice;
    bool voice_told; /* its last figures */
    ev_io input;
    char *line;
    size_t line_size;
};

/** Tells events and takes commands until it is over. Gives the exit status. */
int stay_run(struct stay *stay);
/** Carries out one line of standard input; answers with one JSON line. */
void stay_do(struct stay *stay, const char *line, size_t size);
/** Tells the figures of a call that ends, once. */
void stay_tell_voice(struct stay *stay);
/** Opens the visit, or knocks at it, as far as it can be done now. */
void stay_enter(struct stay *stay);

/** In words, for people; says nothing of events that are for programs. */
void event_print(struct cli *cli, const struct galen_event *event);

#endif
