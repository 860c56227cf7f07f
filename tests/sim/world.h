/*
 * One practice in one process: real engines and a real hub on a virtual clock, joined by lines that
 * delay, break and swallow. Everything that happens follows from one seed.
 */
#ifndef GALEN_SIM_WORLD_H
#define GALEN_SIM_WORLD_H

#include "galen/engine.h"
#include "galen/talk.h"
#include "hub.h"
#include "support/chance.h"

#define NODES_MAX    24
#define SERVERS_MAX  2
#define LINKS_MAX    64
#define EVENTS_MAX   65536
#define REQUESTS_MAX 4096
#define TEXT_MAX     64
#define DRAFTS_MAX   256              /* drafts in one story */
#define START_MS     1800000000000ull /* where the virtual clock begins, Unix time */

struct world;

/* -- a home: an engine and its disk ---------------------------------------------------------------- */

struct pair {
    uint8_t *key, *value;
    size_t key_size, value_size;
};

struct disk {
    struct pair *pairs; /* ascending by key */
    size_t count, room;
    struct pair *pending; /* saved, not committed */
    size_t pending_count, pending_room;
};
void disk_save(struct disk *disk, struct galen_bytes key, struct galen_bytes value);
void disk_commit(struct disk *disk);
/** What was committed; empty: nothing. Borrowed. */
struct galen_bytes disk_get(const struct disk *disk, struct galen_bytes key);
/** Whether something that was saved and not yet committed contains these bytes. */
bool disk_will_hold(const struct disk *disk, const void *bytes, size_t n);
void disk_lose_pending(struct disk *disk);
void disk_wipe(struct disk *disk);

/* A history a home has sworn to: it must be the beginning of whatever it has later. */
struct verified {
    uint64_t size;
    uint8_t root[GALEN_HASH_BYTES];
};

struct node {
    struct world *world;
    size_t number;
    char name[16];
    struct galen_engine *engine; /* NULL: crashed */
    struct galen_talk *talk;     /* likewise */
    struct disk disk;
    struct chance chance; /* of the engine's random bytes */
    int64_t skew_ms;
    uint64_t restart_ms; /* when it comes back */
    size_t link[2];      /* index + 1 of its link for log and live; 0: none */
    uint64_t next_tick_ms;
    uint8_t server;      /* which server its line leads to */
    bool offline;        /* nothing gets through */
    bool hostile;        /* nothing is asked of it in the end */
    bool removed;        /* was taken out of the chart on purpose */
    size_t asked_before; /* removed: what was asked after this many is not for it; 0: unsure */
    bool told_stop;      /* FORK or CLONED was said */
    bool live;           /* it keeps a live connection */
    size_t lives;        /* how often it was started */
    size_t loads;        /* how often it asked for a pair after that */
    struct galen_id knockers[NODES_MAX]; /* KNOCK events that nobody has answered */
    size_t knocker_count;
    bool let_in;                      /* in the present visit */
    size_t links_again;               /* LINK_AGAIN events */
    size_t shut_outs;                 /* SHUT_OUT events */
    size_t drafts_seen;               /* DRAFT events */
    uint64_t draft_marks[DRAFTS_MAX]; /* which drafts came: each at most once */
    struct verified verified;         /* the last head it signed for the patient's chart */
    struct galen_id device, account;  /* once it is a member */
    uint16_t refused;                 /* the last REFUSED event's error */
};

/* -- lines ------------------------------------------------------------------------------------------ */

struct link {
    bool used;
    uint32_t life; /* counts uses, so that late events miss */
    size_t node;
    uint8_t purpose, server;
    struct hub_connection *connection;
    bool silent;                       /* swallows both ways, and nobody is told */
    bool closed;                       /* by one side; the node is still to learn it */
    uint64_t to_node_ms, to_server_ms; /* nothing arrives before what was sent earlier */
};

/* -- the server ------------------------------------------------------------------------------------- */

struct server {
    struct world *world;
    char path[256];
    struct store *store;
    struct hub *hub; /* NULL: crashed */
    uint64_t restart_ms, next_tick_ms;
    struct store_batch *batch; /* being committed */
    bool used;
};

/* -- what was asked for ----------------------------------------------------------------------------- */

enum asked_kind { ASKED_MESSAGE, ASKED_WRITE, ASKED_OTHER };
enum outcome { OUTCOME_WAITING, OUTCOME_DONE, OUTCOME_FAILED, OUTCOME_NEVER_MADE };

struct asked {
    uint8_t kind, outcome;
    bool durable; /* the home has it on its disk; before that a crash may take it back */
    size_t node;
    galen_token token;
    struct galen_id chart;
    char text[TEXT_MAX];
    uint8_t doc, record[GALEN_RECORD_ID_BYTES]; /* WRITE: where */
    uint16_t err;
};

/* -- all of it -------------------------------------------------------------------------------------- */

/* How bad things are, in thousandths. */
struct weather {
    uint32_t cut, silence, crash, server_crash, delay_ms, offline, clock_jump;
    bool clock_far; /* clocks jump by up to an hour, not by two minutes */
};

enum event_kind {
    EVENT_TO_NODE,
    EVENT_TO_SERVER,
    EVENT_CONNECTED,
    EVENT_CLOSED_NODE, /* the node learns that its link is gone */
    EVENT_COMMITTED,
};

struct event {
    uint64_t at_ms, order;
    uint8_t kind;
    size_t link; /* or server */
    uint32_t life;
    uint8_t *bytes;
    size_t size;
};

struct world {
    uint64_t seed, now_ms, order, next_weather_ms;
    bool trace;
    struct chance chance;
    struct weather weather;
    struct node nodes[NODES_MAX];
    size_t node_count;
    struct server servers[SERVERS_MAX];
    struct link links[LINKS_MAX];
    struct event *events; /* a heap */
    size_t event_count;
    struct asked asked[REQUESTS_MAX];
    size_t asked_count;
    char directory[200], token[40];
    struct galen_id chart; /* the patient's */
    uint64_t trace_hash;   /* over everything that was delivered and said: one seed, one hash */
    uint64_t edges;        /* SAVE, COMMIT and SEND outputs so far, of all homes */
    uint64_t crash_edge;   /* at which of them a home is killed whatever the weather; 0: never */
    struct server_plot *server_plot; /* NULL: the server is honest */
    struct member_plot *member_plot; /* NULL: all members are */
    struct door_plot *door_plot;     /* NULL: the server tells truly whom staff let in */
    struct node *eavesdropper;       /* gets all media of the call, by whatever way */
    uint64_t drafts;                 /* said so far */
    struct regimens *regimens;       /* that were written so far */
    char failure[400];
};

struct world *world_new(uint64_t seed, const char *directory, bool trace);
void world_free(struct world *world);
/** Says what is wrong, once; the run ends. */
void world_fail(struct world *world, const char *format, ...) __attribute__((format(printf, 2, 3)));
void world_say(struct world *world, const char *format, ...) __attribute__((format(printf, 2, 3)));

/** A new empty home. */
struct node *world_node(struct world *world, const char *name);
uint64_t node_now(const struct node *node);
/** Carries out everything the engine puts out. */
void node_pump(struct node *node);
void node_crash(struct node *node);
void node_restart(struct node *node);
/** All records of a chart are here then. False: it is down, or crashed over that. */
bool node_fetch(struct node *node, const struct galen_id *chart);
void node_cut(struct node *node); /* its lines close, both sides learn it */

void server_start(struct server *server);
void server_pump(struct server *server);
void server_crash(struct server *server);
/** The batch that is out is durable now, or a crash or a failing disk has taken it. */
void server_committed(struct server *server);

/** Runs for this long, or until `done` says so. */
void world_run(struct world *world, uint64_t ms, bool (*done)(struct world *world));
/** Sends one frame as this node, past its engine; false: it has no line. */
bool node_send(struct node *node, uint8_t purpose, struct galen_bytes frame);
/** Puts a frame into a line as if the server had sent it. */
void world_tell(struct world *world, struct link *link, struct galen_bytes frame);
/** The node's line for this purpose; NULL: none. */
struct link *node_line(struct node *node, uint8_t purpose);
/** Whether it has stopped writing in this chart, for FORK or CLONED. */
bool node_stopped(const struct node *node, const struct galen_id *chart);
/** Ends all bad weather and all hostility of the server, brings everybody back. */
void world_heal(struct world *world);

struct asked *world_ask(struct world *world, struct node *node, enum asked_kind kind,
                        const struct galen_id *chart, const galen_token token, const char *text);

/* story.c */
void story_run(struct world *world);
void copies_report(void); /* copied.c */
/** Everybody does something now and then, `acts` times. */
void story_live_on(struct world *world, size_t acts);
/** A message by this node. */
void story_say(struct world *world, struct node *node);

/* edits.c: what people write */
void story_edit(struct world *world, struct node *node);
/** Signs, answers, or takes back what this person wrote last. */
void edits_decide(struct world *world, struct node *node);
/** All regimens that this home shows are such as somebody wrote, whole, in one operation; `history`: and all that were
 *  there before. */
void edits_watch(struct world *world, const struct node *node, bool history);
void edits_free(struct world *world);
struct galen_bytes story_text(const char *s);

/* visit.c: a visit with a waiting room, voice, drafts; who was not let in, or was sent away, hears
 * nothing, though the server sends them everything. */
void visit_run(struct world *world, struct node *host);
void visits_report(void);

/* hostile_door.c: in a visit */
void door_plot_begin(struct world *world);
void door_plot_end(struct world *world);
/** Sees, and may change, what the server sends; false: it is swallowed. */
bool door_plot_meddle(struct world *world, const struct link *link, uint8_t **bytes, size_t *size);
void door_plots_report(void);

/* hostile_server.c */
/** Draws a plot for this server. */
void server_plot_begin(struct world *world);
/** One more step of it, between two acts of the members. */
void server_plot_step(struct world *world);
/** The server is honest from now on; everybody is led back to it. */
void server_plot_end(struct world *world);
void server_plot_free(struct world *world);
/** Sees, and may change, what the server sends; false: it is swallowed. */
bool server_plot_meddle(struct world *world, struct link *link, uint8_t **bytes, size_t *size);
/** The same for what a home sends. */
bool server_plot_intercept(struct world *world, struct link *link, uint8_t **bytes, size_t *size);
/** May this home have stopped in this chart, because of what the server did? */
bool server_plot_may_stop(const struct world *world, const struct node *node,
                          const struct galen_id *chart);
/** What the plot itself must have led to. */
void server_plot_check(struct world *world);
const char *server_plot_name(const struct world *world);
void server_plots_report(void);

/* hostile_member.c */
void member_plot_begin(struct world *world);
void member_plot_step(struct world *world);
void member_plot_free(struct world *world);
/** Sees the answers to the hostile member's own frames; false: they are for nobody else. */
bool member_plot_answer(struct world *world, struct link *link, struct galen_bytes frame);
void member_plot_check(struct world *world);
/** A new entry by a member, against the rules, as it would stand in the log; for a complicit server.
 *  `why`: what every reader must say of it. False: nothing could be made now. */
bool member_plot_forge(struct world *world, struct node *member, struct galen_writer *record,
                       enum galen_err *why);
/** How often each kind of hostility was tried, over all seeds so far. */
void plots_report(void);

/* check.c */
/** Before and after a frame of the log is handed to a home: what must hold at every moment. */
void watch_before(struct world *world, struct node *node, struct galen_bytes frame);
void watch_after(struct world *world, struct node *node, struct galen_bytes frame);
void watch_sent(struct world *world, struct node *node, struct galen_bytes frame);
/** Everything that must hold after healing. */
void check_all(struct world *world);

#endif
