/* What the parts of the hub share. Nobody outside the hub includes this. */
#ifndef GALEN_SERVER_HUB_STATE_H
#define GALEN_SERVER_HUB_STATE_H

#include "bucket.h"
#include "galen/call.h"
#include "galen/rules.h"
#include "hub.h"
#include "idmap.h"
#include "outbox.h"

/* Bounds that nobody needs to tune. */
#define HUB_UNSIGNED_FRAME_MAX 4096 /* bytes of a frame before sign-in; the longest takes 2,300 */
#define HUB_ENTRIES_BYTES      (64u * 1024) /* a frame of entries ends with the one that crosses it */
#define HUB_TAIL_BYTES         (16u * 1024) /* the newest entries, shared by those who are current */
#define HUB_SWEEP_MS           1000         /* how often what is overdue is looked for */
#define HUB_HEADS_MS           1000         /* heads are stored this late, if nothing else is */
#define HUB_RETRY_MS           1000         /* the next commit of heads after one that failed */
#define HUB_PAUSE_MS           50 /* of appends after a second failure; doubles with each more … */
#define HUB_PAUSE_MAX_MS       1000 /* … up to this */
#define HUB_CHARTS_LOOKED_AT   16   /* charts of one device that a question about it may load */
#define HUB_LAST_NUMBER_MS     5000 /* media still passes under the number of the hello before */
#define HUB_KNOCKS_A_MINUTE    60   /* of one connection, with a burst of … */
#define HUB_KNOCKS_BURST       10   /* … so that nobody uses a visit's numbers up */
#define HUB_COMPLAINT_MS       1000 /* refusals of media are said at most this often */

/* -- connections -------------------------------------------------------------------------------- */

enum hub_state {
    HUB_CHALLENGED = 1, /* may sign in, or set the practice up */
    HUB_LOG = 2,
    HUB_LIVE = 4,
    HUB_CLOSING = 8, /* what was said last is sent, nothing more is heard */
    HUB_GUEST = 16,  /* live, for one visit: knocks, leaves, hears and speaks */
    HUB_LINK = 32,   /* live, a guest's link: may say who takes its place */
};
#define HUB_IN_CALLS (HUB_LIVE | HUB_GUEST) /* who may be in a visit */

/** A peer, known by a hash of what names it. */
struct hub_address {
    struct idmap_node node;
    size_t connections;
    struct bucket sign_ins;
};

/** A device with a connection; at most one for each purpose. */
struct hub_device {
    struct idmap_node node;
    struct hub_connection *log, *live;
};

/** A connection follows a chart: its entries (LOG), or what is live in it (LIVE). */
struct hub_tie {
    struct hub_tie *next_of_connection;
    struct hub_tie *next_of_chart;
    struct hub_connection *connection;
    struct hub_chart *chart;
    /* LOG */
    uint64_t next;  /* index of the next entry to send */
    uint64_t until; /* behind the entry that dropped the device; 0: it belongs here */
    uint32_t since; /* of which epoch on it may read sealed bodies */
    uint64_t again_from, again_to; /* entries to send again (BODIES) */
    bool greeted;                  /* the first ENTRIES frame was sent */
    bool told;                     /* so were heads, statements and notices, once it was current */
    bool again;                    /* BODIES was asked and is not answered to its end */
    uint32_t again_request;
};

/** A guest of one visit (role interpreter): no member of the chart. */
struct hub_guest {
    struct galen_id visit;
    struct galen_chain chain;
    uint64_t not_after_ms; /* of the chain, as far as it is about guests */
};

struct hub_connection {
    struct hub_connection *prev, *next; /* of all */
    struct hub_connection *next_ready;
    struct hub_connection *next_leaving; /* of those that hub_settle looks after */
    void *user;
    struct hub_address *address;
    struct hub_device *device; /* NULL before sign-in and once displaced */
    struct galen_id id;        /* the device's */
    struct galen_public_keys keys;
    uint8_t nonce[32];
    uint8_t state; /* enum hub_state */
    bool ready;    /* in the list of hub_next_ready */
    bool leaving;  /* in the list of hub_settle */
    uint64_t connected_ms, heard_ms, complained_ms;
    struct bucket frames, media, knocks;
    struct outbox outbox;
    struct hub_tie *ties;
    uint32_t tie_count;
    uint32_t told_round; /* of hub->told_round: what goes to many goes to each once */
    uint32_t in_flight;  /* appends, statements, set-ups, notices that wait for the disk */
    struct hub_participant *participant;
    uint32_t hosting;       /* visits whose host it is */
    struct galen_id was_in; /* the chart in whose visit it was last; none */
    struct hub_guest *guest;
};

/* -- charts ------------------------------------------------------------------------------------- */

struct hub_kept_head {
    struct galen_head head;
    uint64_t taken_ms;
    bool unsaved;
};

/** How often an account has changed a chart's epoch (C6), and how much it wrote. */
struct hub_account {
    struct galen_id id;
    struct bucket epochs, kib;
};

struct hub_chart {
    struct idmap_node node; /* first: found by the chart's id */
    struct galen_primitives primitives;
    struct galen_rules *rules; /* with the entries that still wait for the disk */
    uint64_t durable;          /* entries on the disk: only these are shown */
    size_t pending;            /* changes that wait for the disk */
    struct hub_tie *ties;
    struct hub_kept_head *heads;
    size_t head_count;
    struct hub_account *accounts; /* that wrote since the chart was loaded, or shortly before */
    size_t account_count;
    struct hub_visit *visit;
    /* The last ENTRIES frame that went to somebody who was current, for the others who are. */
    struct buffer *tail;
    uint64_t tail_first, tail_next;
    uint32_t tail_since;
    bool failed; /* a batch with something of it failed */
    uint64_t used_ms;
};

/* -- what waits for the disk -------------------------------------------------------------------- */

/** Somebody who waits for a change to be durable. */
struct hub_waiter {
    struct hub_waiter *next;
    struct hub_connection *connection; /* NULL: gone */
    uint32_t request;
};

/** One change and who waits for it. The bytes it borrows stand behind it. */
struct hub_pending {
    struct store_change change; /* first: a batch is a list of these */
    struct hub_chart *chart;    /* NULL for what belongs to none */
    struct hub_waiter *waiters;
    bool joined;      /* goes into the same batch as the one before */
    uint64_t used_ms; /* a notice: when the link was used, for who opened it again */
    size_t byte_count;
    uint8_t bytes[];
};

struct hub_queue {
    struct hub_pending *first, *last;
    size_t count;
};

/* -- visits ------------------------------------------------------------------------------------- */

/** One hello of one connection. */
struct hub_participant {
    struct hub_participant *next;
    struct hub_visit *visit;
    struct hub_connection *connection;
    uint16_t number;
    uint16_t last_number; /* its number before it knocked again; 0: none */
    uint64_t knocked_ms;
    bool admitted;
    bool staff; /* a staff member of the chart */
    size_t hello_size;
    uint8_t hello[];
};

/** The newest word of staff about one device, for as long as the visit lasts. */
struct hub_admission {
    struct hub_admission *next;
    struct galen_call_admission word;
    bool lapsed; /* the device was dropped from the chart since: it counts no longer */
    uint8_t bytes[GALEN_CALL_ADMISSION_BYTES]; /* of the word, for those who check it themselves */
};

struct hub_visit {
    struct idmap_node node; /* first: found by the visit's id */
    struct hub_chart *chart;
    struct galen_id host;
    struct galen_chain host_chain; /* for guests, who cannot read the log */
    uint8_t nonce[32];
    struct hub_connection *host_connection; /* NULL: gone */
    struct galen_id asked;                  /* who was asked to become the host; none */
    struct hub_participant *participants;   /* ascending by number */
    uint16_t last_number;                   /* given to somebody; never again in this visit */
    size_t participant_count, admitted_now; /* connections in it; those of them who are admitted */
    struct hub_admission *admissions;       /* one a device … */
    size_t admission_count;                 /* … and at most GALEN_ADMISSIONS_MAX */
    uint64_t empty_since_ms;                /* no staff in it since; 0: there is some */
};

/* -- the hub ------------------------------------------------------------------------------------ */

struct hub_counters {
    uint64_t refused[GALEN_ERR_COUNT];
    uint64_t frames[256];
    uint64_t connections, sign_ins, displaced;
    uint64_t entries, statements, heads;
    uint64_t batches, batches_failed;
    uint64_t media, media_sent, media_lost, relayed, relay_lost;
    uint64_t admissions;
    uint64_t links_opened_again;
};

struct hub {
    struct hub_config config;
    uint64_t now_ms; /* the latest time that came in */
    bool stopping;
    bool has_practice, practice_pending;
    struct galen_public_keys practice;
    struct galen_id practice_id;
    struct hub_connection *connections;
    size_t connection_count;
    struct hub_connection *ready_first, *ready_last;
    struct hub_connection *leaving;
    struct idmap addresses, devices, charts, visits;
    struct hub_queue waiting, out;
    struct store_batch batch;
    bool batch_out;
    uint32_t failures;       /* batches that failed one after the other */
    enum galen_err failure;  /* why the last one did */
    uint64_t paused_till_ms; /* until then appends are refused so, without asking the disk */
    size_t pending_bytes;
    uint32_t told_round;
    size_t unsaved_heads;
    uint64_t heads_due_ms;
    uint64_t swept_ms;
    struct buffer_pool pool;
    struct galen_writer frame;   /* the frame being made */
    struct galen_writer records; /* entries and heads that go into it */
    struct buffer *lent;         /* what hub_next_frame gave last */
    struct hub_counters counters;
};

/* hub.c, hub_send.c */
void hub_ready(struct hub *hub, struct hub_connection *connection);
/** Queues an answer. A reader for whom too much waits is refused with SLOW and closed. */
void hub_send(struct hub *hub, struct hub_connection *connection, const struct galen_frame *frame);
/** The frame as a buffer to be queued for several; the reference is the caller's. NULL: no memory. */
struct buffer *hub_encode(struct hub *hub, const struct galen_frame *frame);
void hub_send_buffer(struct hub *hub, struct hub_connection *connection, struct buffer *buffer);
void hub_done(struct hub *hub, struct hub_connection *connection, uint32_t request);
/** Refuses a request by name. `chart` may be NULL. */
void hub_refuse(struct hub *hub, struct hub_connection *connection, uint32_t request,
                enum galen_err err, const struct galen_id *chart, uint64_t detail);
/**
 * Refuses the connection itself: `err` is the last it hears. It leaves charts and visits when the
 * event at hand is over (hub_settle), so that whoever walks through a list may call this.
 */
void hub_close(struct hub *hub, struct hub_connection *connection, enum galen_err err,
               uint64_t detail);
/** Ends every event that came in: those who were closed leave what they were part of. */
void hub_settle(struct hub *hub);
/** The connection of a device for a purpose (HUB_LOG, HUB_LIVE); NULL: none. */
struct hub_connection *hub_connection_of(const struct hub *hub, const struct galen_id *device,
                                         enum hub_state purpose);
/** Answers every connection of every present member, whatever it is for. */
void hub_send_members(struct hub *hub, const struct hub_chart *chart,
                      const struct galen_frame *frame);

/* hub_log.c */
void hub_event(const struct hub *hub, const char *event, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/** The first 8 bytes of an id in hexadecimal, for the event log. */
struct hub_hex {
    char text[17];
};
struct hub_hex hub_hex(const struct galen_id *id);

/* sign_in.c */
void hub_on_sign_in(struct hub *hub, struct hub_connection *connection,
                    const struct galen_frame *frame);
void hub_on_setup(struct hub *hub, struct hub_connection *connection,
                  const struct galen_frame *frame);
/** It is kept for staff who are not here now; those who are are told. */
void hub_notice_durable(struct hub *hub, const struct store_notice *notice);
/** What statements say about a device. */
struct hub_standing {
    enum galen_err err; /* OK, REPLACED, REVOKED; or STORE */
    uint64_t at_ms;
    struct galen_id successor; /* of one that was replaced */
};
/**
 * `account` is the one that its chain names, or none. A word of another device of the same account
 * counts only if the device has that account wherever it belongs: else anybody could certify a
 * stranger's keys into an account of theirs and then revoke them everywhere.
 */
struct hub_standing hub_standing_of(struct hub *hub, const struct galen_id *device,
                                    const struct galen_id *account);

/* chart.c */
/** Finds a chart, or loads it. CHART: there is none; STORE, MEMORY. Borrowed until the next tick. */
GALEN_MUST_USE enum galen_err hub_chart_find(struct hub *hub, const struct galen_id *id,
                                             struct hub_chart **chart);
/** A chart that has no entry yet. NULL: no memory. Forgotten by chart_forget_if_new. */
struct hub_chart *hub_chart_new(struct hub *hub, const struct galen_id *id);
void hub_chart_free(struct hub *hub, struct hub_chart *chart);
/**
 * Reads it anew after a failed batch. Readers go on: they were shown nothing that was not durable. If
 * it cannot be read, or the batch was its first, those who follow it are closed, with `err`.
 */
void hub_chart_reload(struct hub *hub, struct hub_chart *chart, enum galen_err err);
/** Forgets charts nobody needs. */
void hub_chart_sweep(struct hub *hub);
const struct galen_member *hub_chart_member(const struct hub_chart *chart,
                                            const struct hub_connection *connection);
/** Finds or makes the tie. LIMIT, MEMORY. */
GALEN_MUST_USE enum galen_err hub_chart_tie(struct hub *hub, struct hub_chart *chart,
                                            struct hub_connection *connection,
                                            struct hub_tie **tie);
struct hub_tie *hub_chart_tie_of(const struct hub_chart *chart,
                                 const struct hub_connection *connection);
void hub_chart_untie(struct hub_tie *tie);
/** Charges the account for an entry with this header at `at_ms`. False: too many or too much. */
bool hub_chart_charge(struct hub *hub, struct hub_chart *chart, const struct galen_id *account,
                      const struct galen_header *header, uint64_t at_ms);

/* append.c */
void hub_on_append(struct hub *hub, struct hub_connection *connection,
                   const struct galen_frame *frame);

/* batch.c */
/** A change with room for `byte_count` bytes behind it. NULL: no memory. */
struct hub_pending *hub_batch_pending(uint8_t kind, struct hub_chart *chart, size_t byte_count);
void hub_batch_pending_free(struct hub_pending *pending);
/** Takes it over. */
void hub_batch_queue(struct hub *hub, struct hub_pending *pending);
/** False: no memory. */
GALEN_MUST_USE bool hub_batch_wait(struct hub_pending *pending, struct hub_connection *connection,
                                   uint32_t request);
/** Nobody is to be answered on this connection any more. */
void hub_batch_forget_waiter(struct hub *hub, struct hub_connection *connection);
void hub_batch_wipe(struct hub *hub);

/* reading.c */
void hub_on_open(struct hub *hub, struct hub_connection *connection,
                 const struct galen_frame *frame);
void hub_on_bodies(struct hub *hub, struct hub_connection *connection,
                   const struct galen_frame *frame);
/** The next frame of entries for this connection into hub->frame, or a shared one; empty: none. */
struct galen_bytes hub_reading_next(struct hub *hub, struct hub_connection *connection);
/** New entries are on the disk: those who follow the chart are ready. */
void hub_reading_wake(struct hub *hub, struct hub_chart *chart);

/* heads.c */
void hub_on_head(struct hub *hub, struct hub_connection *connection,
                 const struct galen_frame *frame);
void hub_heads_send_all(struct hub *hub, struct hub_chart *chart,
                        struct hub_connection *connection);
/** Queues all heads that are not stored yet. */
void hub_heads_queue_unsaved(struct hub *hub);
/** Takes one that the store has, at loading. */
GALEN_MUST_USE bool hub_heads_keep(struct hub_chart *chart, const struct galen_head *head,
                                   struct hub_kept_head **kept);

/* statements.c */
void hub_on_statement(struct hub *hub, struct hub_connection *connection,
                      const struct galen_frame *frame);
/** A change that stores it. NULL: no memory. */
struct hub_pending *hub_statements_pending(struct hub_chart *chart,
                                           const struct galen_statement *statement,
                                           const struct galen_id *account,
                                           const struct galen_chain *chain);
/** It is durable: closes whom it revokes, tells those who share a chart with them. */
void hub_statements_durable(struct hub *hub, const struct hub_pending *pending);
/** What is known about the members of a chart, for one who opened it. */
void hub_statements_send_all(struct hub *hub, struct hub_chart *chart,
                             struct hub_connection *connection);

/* live.c */
void hub_on_live_open(struct hub *hub, struct hub_connection *connection,
                      const struct galen_frame *frame);
void hub_on_relay(struct hub *hub, struct hub_connection *connection,
                  const struct galen_frame *frame);
/** The fast path: `frame` is the whole frame, with its type. */
void hub_live_media(struct hub *hub, struct hub_connection *connection, struct galen_bytes frame);

/* visit.c: that there is a visit, and who presides */
void hub_on_visit_open(struct hub *hub, struct hub_connection *connection,
                       const struct galen_frame *frame);
void hub_on_visit_end(struct hub *hub, struct hub_connection *connection,
                      const struct galen_frame *frame);
void hub_on_roster(struct hub *hub, struct hub_connection *connection,
                   const struct galen_frame *frame);
struct hub_visit *hub_visit_find(const struct hub *hub, const struct galen_id *id);
void hub_visit_announce(struct hub *hub, const struct hub_visit *visit,
                        struct hub_connection *connection);
/** Tells a connection that signed in which visits are open for it. */
void hub_visit_announce_to(struct hub *hub, struct hub_connection *connection);
void hub_visit_end(struct hub *hub, struct hub_visit *visit);
/** Asks the next to preside if the host is gone, and notes whether the visit is without staff. */
void hub_visit_settle_host(struct hub *hub, struct hub_visit *visit);
/** The connection presides over no visit any more. */
void hub_visit_give_up_hosting(struct hub *hub, struct hub_connection *connection);
/** Ends visits that were without staff for too long; gives the next time one may be. */
uint64_t hub_visit_sweep(struct hub *hub);
bool hub_visit_is_staff(const struct hub_visit *visit, const struct hub_connection *connection);

/* visit_people.c: who waits, who is in, who left */
void hub_on_knock(struct hub *hub, struct hub_connection *connection,
                  const struct galen_frame *frame);
void hub_on_admit(struct hub *hub, struct hub_connection *connection,
                  const struct galen_frame *frame);
void hub_on_leave(struct hub *hub, struct hub_connection *connection,
                  const struct galen_frame *frame);
/** The connection is in no visit any more. */
void hub_visit_leave(struct hub *hub, struct hub_connection *connection);
/** The device was dropped from the visit's chart: it is sent away. */
void hub_visit_drop_device(struct hub *hub, struct hub_visit *visit, const struct galen_id *device);
/** Forgets all participants without a word; for the end of a visit. */
void hub_visit_forget_people(struct hub_visit *visit);

/* admissions.c: the words of staff on who may be in a visit */
/** The newest about this device; NULL: there is none. */
struct hub_admission *hub_admission_about(const struct hub_visit *visit,
                                          const struct galen_id *device);
/** Whether staff, who still are that, have let this device in. */
bool hub_admission_holds(const struct hub_visit *visit, const struct galen_id *device);
/**
 * Reads a word that came from `connection` and judges it. FORMAT; CHART: of another chart or visit;
 * SENDER: of another device than this; REPLAY: a newer one is known; LIMIT: of too many devices;
 * SIGNATURE.
 */
GALEN_MUST_USE enum galen_err hub_admission_check(const struct hub *hub,
                                                  const struct hub_visit *visit,
                                                  const struct hub_connection *connection,
                                                  struct galen_bytes bytes,
                                                  struct galen_call_admission *word);
/** Keeps a word that was checked. MEMORY. */
GALEN_MUST_USE enum galen_err hub_admission_keep(struct hub_visit *visit,
                                                 const struct galen_call_admission *word,
                                                 struct galen_bytes bytes);
void hub_admissions_wipe(struct hub_visit *visit);

#endif
