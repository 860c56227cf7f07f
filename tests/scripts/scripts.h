/*
 * A script: several homes, each a module (protocol/wasm) of its own, at one real hub, and everything that
 * happens to them by chance, from one seed. Each call of a module is written down with what was given to it,
 * the random bytes that it drew, and all that came out. tests/wasm/scripts gives the same to galen.wasm.
 */
#ifndef TESTS_SCRIPTS_H
#define TESTS_SCRIPTS_H

#include "hub.h"
#include "support/chance.h"
#include "wasm/galen_wasm.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>

#define HOMES_MAX   11
#define LINKS_MAX   16
#define HOST_NAME   "scripts"
#define SETUP_TOKEN "0123456789abcdef0123456789abcdef"
#define START_MS    1800000000000.0 /* where the clock begins, Unix time */
#define TAKE_ALL    UINT32_MAX

#define demand(condition)                                                                          \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);                        \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

/* -- what is written down -------------------------------------------------------------------------- */

/* As scripts.mjs has them. */
enum call {
    CALL_OPEN = 1, /* first: the store key; number 1: in a new instance */
    CALL_LOAD = 2, /* first: key, second: sealed */
    CALL_START = 3,
    CALL_CONNECTED = 4,    /* number: purpose */
    CALL_RECEIVED = 5,     /* number: purpose, first: frame */
    CALL_DISCONNECTED = 6, /* number: purpose */
    CALL_TICK = 7,
    CALL_AWAKE = 8,
    CALL_SPEAK = 9,    /* first: packet */
    CALL_ASK = 10,     /* first: question */
    CALL_FAILURE = 11, /* number: the error */
    CALL_CLOSE = 12,
    CALL_END = 13, /* no call: first: what was counted, as JSON */
};

/* One call. After it outputs are taken until there is none, or until `take`. */
struct given {
    uint8_t call, home;
    uint32_t take, number;
    double now_ms;
    struct galen_bytes first, second, drawn;
};

/** The parts of one record; `gave` is in the form of scripts.mjs. */
void record_write(const struct given *given, struct galen_bytes gave);

/* -- queues ------------------------------------------------------------------------------------------ */

struct letter {
    struct letter *next;
    size_t size;
    uint8_t bytes[];
};
struct queue {
    struct letter *first, *last;
};
void queue_put(struct queue *queue, struct galen_bytes bytes);
struct letter *queue_take(struct queue *queue); /* to be freed; NULL: empty */
void queue_clear(struct queue *queue);

/* -- homes ------------------------------------------------------------------------------------------- */

enum line_state {
    LINE_NONE = 0,
    LINE_ASKED, /* by CONNECT */
    LINE_OPEN,
    LINE_CLOSED, /* the home is still to learn it, after what was sent before */
};
struct line {
    uint8_t state; /* enum line_state */
    struct hub_connection *connection;
    struct queue to_home, to_server;
};

struct pair {
    struct galen_bytes key, sealed; /* owned */
};
struct disk {
    struct pair *pairs; /* ascending by key */
    size_t count, room;
    struct pair *pending; /* saved, not committed */
    size_t pending_count, pending_room;
};
void disk_save(struct disk *disk, struct galen_bytes key, struct galen_bytes sealed);
void disk_commit(struct disk *disk);
/** Its place; `count` if it is not there. */
size_t disk_find(const struct disk *disk, struct galen_bytes key);
void disk_lose_pending(struct disk *disk);
void disk_wipe(struct disk *disk);

#define LOADS_MAX 64

struct home {
    struct script *script;
    uint8_t number;
    bool open;   /* its module runs */
    bool unseen; /* not written down: a practice is founded, which the module has no question for */
    bool member;
    uint8_t key[GALEN_WASM_STORE_KEY_BYTES];
    struct chance chance; /* of its random bytes */
    void *module;         /* the module's state while it does not run */
    struct disk disk;
    size_t loads[LOADS_MAX]; /* pairs that it has asked for */
    size_t load_count;
    double skew_ms, deadline_ms;
    struct line lines[2]; /* by purpose - 1 */
    bool live;            /* was asked to be */
    bool still;           /* nothing passes its lines */
    bool in_call, lost_asked;
    char role[24], device[65], account[65]; /* "" until they were asked for */
};

/** A new home with an empty disk, opened and started. */
struct home *home_new(struct script *script);
void home_free(struct home *home);
/** After the last one. */
void homes_end(void);
/** A new home that founds the practice, and is not written down. */
struct home *home_founding(struct script *script);
/** It has founded it: it is opened again from what it saved, and is as any other home. */
void home_founded(struct home *home);
void home_close(struct home *home);
/** From its disk. `fresh`: in a new instance. */
void home_open(struct home *home, bool fresh);

double home_now(const struct home *home);
void home_connected(struct home *home, uint32_t purpose);
/** After `take` outputs no more is taken; the home must be closed next. */
void home_received(struct home *home, uint32_t purpose, struct galen_bytes frame, uint32_t take);
void home_disconnected(struct home *home, uint32_t purpose);
void home_tick(struct home *home);
void home_awake(struct home *home);
void home_speak(struct home *home, struct galen_bytes packet);
void home_failure(struct home *home, uint32_t err);
/** The answer, to be deleted; NULL: an error, or not JSON. */
cJSON *home_ask(struct home *home, struct galen_bytes question);
/** The same with a question in printf's words. */
cJSON *home_asks(struct home *home, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* -- the server --------------------------------------------------------------------------------------- */

void server_start(struct script *script);
void server_free(struct script *script);
/** A home's line is open now. False: the hub refused it. */
bool server_connect(struct script *script, struct home *home, uint32_t purpose);
void server_receive(struct script *script, struct line *line, struct galen_bytes frame);
void server_disconnect(struct script *script, struct line *line);
/** One batch becomes durable. False: none waits. */
bool server_commit(struct script *script);
void server_tick(struct script *script);
/** It dies and starts again with what is durable; all lines are gone. */
void server_crash(struct script *script);

/* -- all of it ---------------------------------------------------------------------------------------- */

/* What came about, so that a script that does nothing is noticed. */
struct counts {
    uint64_t steps, entries, verified, proposals, answers, joined, drafts, admitted, calls, voices,
        held, released, reopened, restarts, crashes, cuts, server_crashes, garbage, refused,
        misasked, jumps, removed, links_again, texts_opened, loads;
};

struct link_made {
    char text[512], token[40];
    bool works; /* DONE came */
    size_t uses;
};

struct script {
    struct chance chance;
    uint64_t seed;
    double now_ms;
    struct home *homes[HOMES_MAX];
    size_t home_count;
    struct hub *hub;
    struct store *store;
    struct store_batch *batch;
    struct link_made links[LINKS_MAX];
    size_t link_count;
    bool hostile; /* frames are changed on the way, too */
    struct counts counts;
};

/** A text of an object, "" where there is none. */
const char *text_of(const cJSON *object, const char *name);
bool is_said(const cJSON *object, const char *name, const char *text);
bool is_true(const cJSON *object, const char *name);

/** Takes note of an event. */
void script_event(struct home *home, const cJSON *event);
void script_run(struct script *script, uint64_t steps);
/** A packet of everybody who was let in. */
void script_speak(struct script *script);
/** So many frames arrive; where there are none, time passes. */
void script_go(struct script *script, size_t moves);
/** The same until this is true. */
void script_wait(struct script *script, const bool *done);
/** People and a chart to begin with; in cast.c. */
void script_cast(struct script *script);
/** Something that a person does; in acts.c. */
void script_act(struct script *script);
/** Questions and frames that are wrong; in wrong.c. */
void script_ask_wrongly(struct script *script, struct home *home);
void script_send_garbage(struct script *script, struct home *home);
/** Everything there is to see, by every home; in look.c. */
void script_look(struct script *script);

#endif
