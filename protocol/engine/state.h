/*
 * What the parts of the engine share. Each part is one file: outputs.c (what goes out), home.c (what
 * is saved), line.c (connections and signing in), charts.c (the list of charts), chart.c (reading one),
 * outbox.c (requests until they are in the log), members.c (changes of members), join.c (becoming a
 * device), found.c (beginning a practice), words.c (who was revoked), requests.c (what a person asks for),
 * guest.c (an interpreter's home), live.c, visit.c, door.c, call.c and attendance.c (the live connection).
 */
#ifndef GALEN_ENGINE_STATE_H
#define GALEN_ENGINE_STATE_H

#include "galen/engine.h"

#define HOST_MAX         (GALEN_HOST_NAME_MAX + 6) /* with ":65535" */
#define OUTBOX_MAX       256                       /* requests of one chart that wait */
#define SILENCE_PING_MS  10000                     /* nothing heard: ask */
#define SILENCE_DEAD_MS  20000                     /* nothing heard: the line is dead */
#define CONNECT_MS       15000                     /* from CONNECT to being signed in */
#define BACKOFF_FIRST_MS 250
#define BACKOFF_MAX_MS   30000
#define BACKOFFS_IN_CALL 3    /* doubled no more than this, 2 s: somebody waits to be heard again */
#define RETRY_APPEND_MS  1000 /* after the server could not store */
#define CLOCK_MAX_MS     253402300800000ull /* the year 10000: no clock shows it */
#define WORDS_MAX        64   /* devices of which it is known that they were revoked */
#define CARE_EVERY_MS    5000 /* how often members are looked after, at most */

/* -- outputs.c ---------------------------------------------------------------------------------- */

struct output_node;

struct outputs {
    struct output_node *first, *last,
        *out;         /* `out`: handed to the host, freed with the next call */
    bool uncommitted; /* a SAVE without its COMMIT */
    bool failed;      /* out of memory: nothing more goes out */
};

void outputs_wipe(struct outputs *outputs);
bool outputs_next(struct outputs *outputs, struct galen_output *output);
/** Queues a pair to be saved; copied. An empty value removes it. */
void save(struct galen_engine *engine, const char *key, struct galen_bytes value);
/** Queues a question for a saved pair; what was saved before is durable then. */
void load(struct galen_engine *engine, const char *key);
/** Ends a change, if one was begun. */
void commit(struct galen_engine *engine);
/** Commits, then queues a frame; copied. */
void send_bytes(struct galen_engine *engine, uint8_t purpose, struct galen_bytes frame);
void send_frame(struct galen_engine *engine, uint8_t purpose, const struct galen_frame *frame);
void send_signal(struct galen_engine *engine, uint8_t kind, uint8_t purpose); /* (DIS)CONNECT */
void event(struct galen_engine *engine, struct galen_event event);
/** A packet of somebody's voice, copied; an empty one: no more comes of this device. */
void voice(struct galen_engine *engine, const struct galen_id *device, uint64_t number,
           struct galen_bytes packet);
void draw(struct galen_engine *engine, void *out, size_t n);
uint64_t earlier(uint64_t a, uint64_t b);

/* -- who this is (home.c, join.c) ---------------------------------------------------------------- */

struct identity {
    uint8_t state; /* enum galen_home_state */
    uint8_t material[32];
    struct galen_device_secrets secrets; /* derived from `material` */
    struct galen_id device, account, practice;
    struct galen_public_keys practice_keys;
    uint8_t role;
    char host[HOST_MAX + 1];
    struct galen_id practice_chart;
    struct galen_chain
        chain; /* an administrator's own, before the practice chart is there; a guest's */
};

/* What a home that joins remembers until it has (I2). */
struct joining {
    uint8_t secret[GALEN_INVITATION_SECRET_BYTES];
    struct galen_device_secrets secrets; /* the invitation's */
    struct galen_id device;              /* the invitation's */
    struct galen_cert cert;              /* the fresh device's, by the invitation */
    bool certified;
    bool sent;            /* a redemption may have reached the server */
    bool as_fresh;        /* signing in as the fresh device now */
    bool asked, answered; /* which devices are lost */
    size_t lost_count;
    struct galen_id lost[GALEN_ACCOUNT_DEVICES_MAX];
    size_t chart_count; /* where the fresh device has to be a member; 0: not known yet */
    struct galen_id *charts;
    bool guest;       /* by a guest's link, which only says who takes its place */
    uint32_t request; /* its word, on the present connection */
};

struct founding {
    bool active;
    struct galen_device_secrets practice; /* wiped when the server has the key */
    uint8_t token[GALEN_TOKEN_MAX];
    size_t token_size;
};

/* -- line.c --------------------------------------------------------------------------------------- */

enum line_state {
    LINE_OFF = 0,    /* not connected; see retry_at_ms */
    LINE_CONNECTING, /* CONNECT was put out */
    LINE_OPEN,       /* waits for the challenge */
    LINE_SETTING_UP, /* the practice key is on its way to a new server */
    LINE_SIGNING_IN,
    LINE_READY,
    LINE_CLOSING, /* DISCONNECT was put out */
};

struct line {
    uint8_t purpose;
    uint8_t state; /* enum line_state */
    bool wanted;
    bool pinged;
    bool barred; /* refused for good: not tried again by itself */
    bool again;  /* closed by ourselves: signs in again at once */
    uint32_t failures;
    uint64_t since_ms, heard_ms, retry_at_ms;
    struct galen_frame_challenge challenge;
};

struct line *line_of(struct galen_engine *engine, uint8_t purpose);
bool line_ready(const struct galen_engine *engine, uint8_t purpose);
void line_want(struct galen_engine *engine, uint64_t now_ms, uint8_t purpose, bool wanted);
void line_drop(struct galen_engine *engine, uint64_t now_ms, struct line *line);
/** Drops it and signs in again at once, perhaps as somebody else. */
void line_again(struct galen_engine *engine, uint64_t now_ms, struct line *line);
void line_connected(struct galen_engine *engine, uint64_t now_ms, struct line *line);
void line_closed(struct galen_engine *engine, uint64_t now_ms, struct line *line);
/** True when the frame was about the connection and is dealt with. */
bool line_received(struct galen_engine *engine, uint64_t now_ms, struct line *line,
                   const struct galen_frame *frame);
void line_tick(struct galen_engine *engine, uint64_t now_ms, struct line *line);
void line_awake(struct line *line);
uint64_t line_deadline(const struct line *line);
uint32_t next_request(struct galen_engine *engine);
/** The server's clock as far as it is known: what entries and certificates are judged by. */
uint64_t server_time(const struct galen_engine *engine, uint64_t now_ms);

/* -- requests that wait (outbox.c) ------------------------------------------------------------------ */

enum item_kind {
    ITEM_CONTENT = 1,     /* class, plain */
    ITEM_FIRST = 2,       /* the chart's first entry: its bytes are ready */
    ITEM_ADD = 3,         /* cert: an invitation, code or sheet, certified by us */
    ITEM_ADD_ACCOUNT = 4, /* subject: a colleague's account */
    ITEM_DROP_ACCOUNT = 5,
    ITEM_DROP_DEVICE = 6,
    ITEM_HOLDER = 7, /* subject: an account */
    ITEM_RENEW = 8,
    ITEM_REDEEM = 9, /* joining: the fresh device takes the invitation's place */
};

/** One request that is not in the log yet. */
struct item {
    uint64_t place; /* ascending within the home; part of its saved key; 0: not saved */
    galen_token token;
    uint8_t kind; /* enum item_kind */
    uint8_t class;
    bool quiet; /* part of a larger request, or our own care: no DONE of its own */
    bool held, released;
    uint32_t composed_epoch;
    struct galen_id subject; /* account or device */
    struct galen_cert cert;
    struct galen_writer plain; /* content: the encoded operation */
    /* in flight: the exact bytes, until they are found in the log or refused */
    struct galen_writer bytes; /* header ‖ signature ‖ body<V>; empty: not in flight */
    uint32_t number, epoch;
    uint32_t request; /* on the present connection; 0: not sent on it */
    uint64_t retry_at_ms;
};

/* -- reading (chart.c) -------------------------------------------------------------------------------- */

/** Bytes that have memory of their own, or lie in a page that was loaded. */
struct piece {
    struct galen_bytes bytes;
    bool owned;
};

/** An entry as it came, and what it says. */
struct stored {
    struct piece
        record; /* empty: on the disk; of an entry that was opened, on a page that is full */
    struct piece plain; /* empty unless opened */
};

struct chart {
    struct galen_id id;
    struct galen_log *log;
    struct galen_docs *docs;
    struct stored *entries; /* galen_log_size of them */
    size_t entry_room;
    uint64_t
        *pages; /* the first entry of each that is saved, ascending; all but the last are full */
    size_t page_count, page_room;
    uint64_t paged;                    /* entries that are in one */
    uint64_t unsaved_from, unsaved_to; /* saved with the next commit */
    uint32_t keys_saved;               /* epochs whose keys are */
    struct galen_writer *loaded;       /* pages that pieces lie in */
    size_t loaded_count, loaded_room;
    uint64_t server_size; /* as last heard on this connection */
    uint32_t open_request;
    bool opened, current;
    bool stuck;              /* what came cannot be read on from where this log ends */
    uint32_t bodies_request; /* asked again for earlier bodies; 0: not */
    uint64_t bodies_to;
    uint64_t withheld; /* the first entry whose body is held back; GALEN_NO_ENTRY: none */
    bool was_holder;
    bool redeemed;        /* joining: the fresh device has taken the invitation's place here */
    uint16_t stopped;     /* enum galen_err: OK, FORK, CLONED */
    uint32_t await_epoch; /* the server is in this epoch: read that far before writing */
    size_t ahead_count;   /* devices whose heads are larger than our log yet */
    struct galen_id ahead[GALEN_MEMBERS_MAX];
    uint64_t head_size, head_at_ms; /* last signed by us */
    uint64_t care_at_ms;
    uint64_t answered_ms;       /* live: when whoever asked was told last that we are here, … */
    bool asked;                 /* … and somebody asked since */
    uint32_t undroppable_epoch; /* in which whom the words name could not be dropped; 0: none */
    uint32_t seen_epoch;        /* of the last CHART event */
    struct item *items;         /* oldest first */
    size_t item_count, item_room;
};

struct known_cert {
    struct galen_id device;
    struct galen_cert cert;
};

/* A used link that was opened again, so that it is told once. */
struct told_notice {
    struct galen_id device;
    uint64_t at_ms;
};
#define NOTICES_MAX 64 /* the oldest is forgotten */

/* A device was revoked. */
struct word {
    struct galen_statement statement;
    struct galen_chain chain; /* the signer's, if it came with it */
    bool judged; /* it holds in some chart, and was said; else it waits, and is not saved */
    bool told;   /* our own: the server has it */
};

struct live; /* live.c */

struct galen_engine {
    struct galen_engine_config config;
    const struct galen_primitives *primitives;
    struct outputs outputs;
    bool unsaved; /* entries of some chart */
    struct identity me;
    struct joining joining;
    struct founding founding;
    struct line lines[2];    /* LOG, LIVE */
    int64_t clock_offset_ms; /* server's minus ours, as last heard on either line */
    uint32_t last_request;
    uint64_t last_place;
    struct chart **charts;
    size_t chart_count, chart_room;
    struct known_cert *certs; /* from every epoch entry read */
    size_t cert_count, cert_room;
    struct told_notice notices[NOTICES_MAX];
    size_t notice_count;
    struct word *words;
    size_t word_count;
    uint32_t word_request; /* our own, on the present connection */
    struct live *live;
    bool started;
};

/* charts.c */
/** Frees all charts with what they hold. */
void charts_clear(struct galen_engine *engine);
/** What a link has read is this device's from now on: nothing is fetched or judged again. */
void charts_take_over(struct galen_engine *engine);
struct chart *chart_find(const struct galen_engine *engine, const struct galen_id *id);
/**
 * At GALEN_CHARTS_MAX the one named longest ago of which nothing was read gives way to `id`. False:
 * something was read of all of them; it is said, and `id` is not followed.
 */
GALEN_MUST_USE bool charts_make_room(struct galen_engine *engine, const struct galen_id *id);
/** Finds or begins one, for which there is room. NULL: out of memory. */
struct chart *chart_get(struct galen_engine *engine, const struct galen_id *id);
/** The line is ready: asks for what is missing. */
void chart_open(struct galen_engine *engine, struct chart *chart);
void chart_line_lost(struct chart *chart);
void chart_entries(struct galen_engine *engine, uint64_t now_ms,
                   const struct galen_frame_entries *frame);
void chart_heads(struct galen_engine *engine, const struct galen_frame_heads *frame);
/** A head of ours that came too soon behind another, since the line held them up, or of what was not durable there yet: it
 *  is signed again (H1). */
void chart_refused(struct galen_engine *engine, const struct galen_frame_refused *frame);
/**
 * The next entry of a page: `record` is what `entry` was read from, `plain` what it says, or NULL if it was
 * not opened. The bytes stay where they are as long as the chart.
 */
GALEN_MUST_USE enum galen_err chart_load_entry(struct galen_engine *engine, struct chart *chart,
                                               uint16_t judged, const struct galen_entry *entry,
                                               struct galen_bytes record,
                                               const struct galen_bytes *plain);
/** One that was opened and whose record is not here (galen_log_restore_opened). */
GALEN_MUST_USE enum galen_err chart_load_opened(struct chart *chart, const struct galen_read *was,
                                                const uint8_t leaf[GALEN_HASH_BYTES],
                                                struct galen_bytes plain);
void piece_wipe(struct piece *piece);
/** Takes, and saves, what `from` has judged and opened with other keys; it is to be freed then. MEMORY, or what
 *  else is wrong with us. */
GALEN_MUST_USE enum galen_err chart_take_over(struct galen_engine *engine, struct chart *chart,
                                              struct chart *from);
/** After the last saved pair: opens what the keys of later entries open. FORMAT: something is missing. */
GALEN_MUST_USE enum galen_err chart_loaded(struct galen_engine *engine, struct chart *chart);
void chart_stop(struct galen_engine *engine, struct chart *chart, enum galen_err why,
                const struct galen_id *device);
void chart_tick(struct galen_engine *engine, uint64_t now_ms, struct chart *chart);
uint64_t chart_deadline(const struct galen_engine *engine, const struct chart *chart);
/** Our device in this chart now; NULL: not a member, or only as a device of somebody else's account. */
const struct galen_member *chart_me(const struct galen_engine *engine, const struct chart *chart);
/** Somebody else certified our keys and listed us: what we wrote would stand there as theirs. */
bool chart_is_strangers(const struct galen_engine *engine, const struct chart *chart);
/** The secrets that charts are read with: our own, or while joining the invitation's. */
const struct galen_device_secrets *reading_as(const struct galen_engine *engine);

/* -- pages.c ---------------------------------------------------------------------------------------- */

/** With the next commit, as it is then. */
void save_entry(struct galen_engine *engine, struct chart *chart, uint64_t index);
/** Writes the pages whose entries changed; part of `commit`. */
void save_pages(struct galen_engine *engine);
/** Removes all that was saved of the chart's entries and keys. */
void forget_pages(struct galen_engine *engine, const struct chart *chart);
GALEN_MUST_USE enum galen_err load_page(struct galen_engine *engine, struct chart *chart,
                                        uint64_t from, struct galen_bytes value);
GALEN_MUST_USE enum galen_err load_keys(struct chart *chart, struct galen_bytes value);
/** The records of the page that begins at `from`. */
GALEN_MUST_USE enum galen_err load_records(struct chart *chart, uint64_t from,
                                           struct galen_bytes value);
/** Puts out a LOAD for every page with a record of these entries that is not here: NOT_LOADED, else OK. */
GALEN_MUST_USE enum galen_err fetch_records(struct galen_engine *engine, const struct chart *chart,
                                            uint64_t from, uint64_t to);

/* -- home.c ---------------------------------------------------------------------------------------- */

#define KEY_MAX 160

/** FIRST, the chart's id, WHAT; and a number behind. */
void chart_key(char key[KEY_MAX], const char *first, const struct chart *chart, const char *what);
void chart_key_at(char key[KEY_MAX], const char *first, const struct chart *chart, const char *what,
                  uint64_t number);
/** Saves what was written, and wipes it. */
void save_written(struct galen_engine *engine, const char *key, struct galen_writer *w);
void save_me(struct galen_engine *engine);
void save_joining(struct galen_engine *engine); /* removes it once the home is a member */
void save_item(struct galen_engine *engine, const struct chart *chart, const struct item *item);
void forget_item(struct galen_engine *engine, const struct chart *chart, const struct item *item);
void save_stopped(struct galen_engine *engine, const struct chart *chart);
void forget_stopped(struct galen_engine *engine, const struct chart *chart);
void save_words(struct galen_engine *engine);
/** Removes all that this home has saved but who it is, and forgets it. */
void forget_all(struct galen_engine *engine);
/** True if it is news; then it is remembered. */
bool note_notice(struct galen_engine *engine, const struct galen_id *device, uint64_t at_ms);
GALEN_MUST_USE enum galen_err home_load(struct galen_engine *engine, struct galen_bytes key,
                                        struct galen_bytes value);
/** Such as a LOAD asks for. */
bool home_loads_later(struct galen_bytes key);
void public_keys(const struct galen_device_secrets *secrets, struct galen_public_keys *keys);
struct galen_id device_of(const struct galen_engine *engine,
                          const struct galen_device_secrets *secrets);

/* -- outbox.c ---------------------------------------------------------------------------------------- */

void item_wipe(struct item *item);
/** A request with a fresh token, composed now. */
struct item item_new(struct galen_engine *engine, const struct chart *chart, uint8_t kind);
/** Room for one more request. False: out of memory. */
bool outbox_make_room(struct chart *chart);
/** Adds a request to a chart and saves it; takes over what it holds, also after LIMIT and MEMORY. */
GALEN_MUST_USE enum galen_err outbox_add(struct galen_engine *engine, struct chart *chart,
                                         struct item *item);
/** After a load: says again which requests wait for their person's word (L4). */
/** Takes out what was added last, and nobody was told of. */
void outbox_drop_last(struct galen_engine *engine, struct chart *chart);
void outbox_loaded(struct galen_engine *engine, const struct chart *chart);
/** Sends what can be sent. Call whenever something changed. */
void outbox_pump(struct galen_engine *engine, uint64_t now_ms, struct chart *chart);
/** An entry of our own device was read. */
void outbox_seen(struct galen_engine *engine, struct chart *chart, const struct galen_entry *entry,
                 const struct galen_read *read);
void outbox_appended(struct galen_engine *engine, uint64_t now_ms,
                     const struct galen_frame_appended *frame);
void outbox_refused(struct galen_engine *engine, uint64_t now_ms,
                    const struct galen_frame_refused *frame);
/** Says DONE or FAILED and forgets the request. */
void outbox_finish(struct galen_engine *engine, struct chart *chart, struct item *item,
                   enum galen_err err, uint64_t index);
uint64_t outbox_deadline(const struct chart *chart);
/** Whether this engine may make requests of this chart: OK, FORK, CLONED. */
GALEN_MUST_USE enum galen_err may_write(const struct chart *chart);
/** Appends what a text says here: in the log, and with what waits to be sent. The record need not be there. */
GALEN_MUST_USE enum galen_err texts_shown(const struct galen_engine *engine,
                                          const struct chart *chart, uint8_t doc,
                                          const uint8_t record[16], uint16_t field,
                                          struct galen_writer *w);
/** How many edits it is made of. The same: it says the same. */
struct text_stamp {
    size_t edits, unsent;
};
/** False: out of memory. */
GALEN_MUST_USE bool texts_stamp(const struct chart *chart, uint8_t doc, const uint8_t record[16],
                                uint16_t field, struct text_stamp *stamp);
/** Makes what texts are to say into splices, which stand in `out`. `was` as for galen_engine_write. OK; MEMORY. (texts.c) */
GALEN_MUST_USE enum galen_err texts_to_splices(const struct galen_engine *engine,
                                               const struct chart *chart, struct galen_write *write,
                                               const struct galen_bytes *was,
                                               struct galen_writer *out);
/**
 * `gone` will not get into the log, or is void there; of its fields those whose bits are set. Later edits of the same
 * texts that wait are made anew, as if it had never been: what they inserted stays. Saved, not committed. (texts.c)
 */
void texts_carry(struct galen_engine *engine, struct chart *chart, const struct item *gone,
                 uint64_t fields);
/** Adds one operation (not yet committed nor sent: a request is one change), with base and clock filled in, and an id unless it
 * has one; `token` (may be NULL) becomes its id. */
GALEN_MUST_USE enum galen_err outbox_operation(struct galen_engine *engine, uint64_t now_ms,
                                               struct chart *chart, struct galen_op *op, bool quiet,
                                               galen_token token);

/* -- members.c ---------------------------------------------------------------------------------------- */

/** Whether this account is a member as far as was read; `as_invited`: also one that did not come yet. */
bool members_has(const struct chart *chart, const struct galen_id *account, bool as_invited);
/** Remembers the certificates of an epoch entry's newcomers. */
void members_learn(struct galen_engine *engine, const struct galen_entry *entry);
/** A device's chain from the practice. CERTIFICATE: not all of it is known. */
GALEN_MUST_USE enum galen_err members_chain(const struct galen_engine *engine,
                                            const struct galen_id *device,
                                            struct galen_chain *chain);
/**
 * Drafts the epoch entry of a member item against the chart's present state into item->bytes.
 * DUPLICATE: nothing is left to change.
 */
GALEN_MUST_USE enum galen_err members_draft(struct galen_engine *engine, uint64_t now_ms,
                                            struct chart *chart, struct item *item,
                                            uint32_t number);
/** What a device awake does unasked: renews unusable epochs, drops who was revoked and expired
 * invitations (C4, E3, I4). */
void members_care(struct galen_engine *engine, uint64_t now_ms, struct chart *chart);
/** Signs a statement with these secrets. */
void sign_statement(struct galen_engine *engine, const struct galen_device_secrets *secrets,
                    struct galen_statement *statement);
/** Signs a certificate with these secrets. */
void certify(struct galen_engine *engine, const struct galen_device_secrets *secrets,
             struct galen_cert *cert);
void draw_epoch_random(struct galen_engine *engine, struct galen_epoch_random *random);
/** Drafts a chart's first entry into `item` and gives the chart's id. */
GALEN_MUST_USE enum galen_err members_draft_first(struct galen_engine *engine, uint64_t now_ms,
                                                  const struct galen_newcomer *add, size_t count,
                                                  struct item *item, struct galen_id *chart);

/* -- words.c ------------------------------------------------------------------------------------------ */

/** The server passes a statement on. */
void words_heard(struct galen_engine *engine, uint64_t now_ms,
                 const struct galen_frame_statement *frame);
/** A chart was read further: what could not be judged before may be now. */
void words_judge(struct galen_engine *engine, uint64_t now_ms, const struct chart *chart);
/** An accepted epoch entry may enclose some. */
void words_in_log(struct galen_engine *engine, const struct chart *chart,
                  const struct galen_entry *entry);
/** The word by which this member is to be dropped from this chart; NULL: none. */
const struct word *words_against(const struct galen_engine *engine, uint64_t now_ms,
                                 const struct chart *chart, const struct galen_id *device);
/** A member whom one is against; NULL: none. */
const struct galen_member *words_listed(const struct galen_engine *engine, uint64_t now_ms,
                                        const struct chart *chart);
/** Whether a copied device, by its own word, let this member in when it was copied already. */
bool words_let_in(const struct galen_engine *engine, const struct chart *chart,
                  const struct galen_member *member);
/** Says our own, if there is one and the line is there. */
void words_say(struct galen_engine *engine);
/** True when the answer was about our own word. */
bool words_answered(struct galen_engine *engine, uint32_t request, enum galen_err err);
/** The server does not let us in. */
void words_refused(struct galen_engine *engine, enum galen_err err);

/* -- join.c ------------------------------------------------------------------------------------------- */

/** Takes "host" or "host:port" for where to connect. FORMAT. */
GALEN_MUST_USE enum galen_err set_host(struct galen_engine *engine, struct galen_bytes host);
/** Appends the link of a device that comes from `secret`; `guest` its certificate, or NULL. */
void write_link(const struct galen_engine *engine,
                const uint8_t secret[GALEN_INVITATION_SECRET_BYTES], const struct galen_cert *guest,
                struct galen_writer *out);
/** What follows from a loaded `joining`. */
void join_resume(struct galen_engine *engine);
void identity_set(struct galen_engine *engine, const uint8_t material[32]);
/** Signed in while joining: `charts` are what the identity in use belongs to. True: joining is done. */
bool join_welcome(struct galen_engine *engine, uint64_t now_ms,
                  const struct galen_frame_welcome *frame);
void join_refused(struct galen_engine *engine, uint64_t now_ms,
                  const struct galen_frame_refused *frame);
/** A chart was read further while joining. */
void join_step(struct galen_engine *engine, uint64_t now_ms);
/** The line is gone: if a redemption was under way, the fresh device signs in first (I2). */
void join_line_lost(struct galen_engine *engine);
/** The redemption was refused for good. */
void join_failed(struct galen_engine *engine, enum galen_err err);
void join_wipe(struct joining *joining);
/** Drafts the redemption of one chart. */
GALEN_MUST_USE enum galen_err join_draft(struct galen_engine *engine, uint64_t now_ms,
                                         struct chart *chart, struct item *item, uint32_t number);
/** The word of the link that its place is taken; only its successor goes on in its name (I3). */
void join_state_replaced(struct galen_engine *engine, uint64_t now_ms,
                         struct galen_statement *statement);
/** Signs in anew, as the fresh device or as the link. */
void join_as(struct galen_engine *engine, uint64_t now_ms, bool as_fresh);

/* -- guest.c ---------------------------------------------------------------------------------------- */

#define GUEST_LINK_BYTES (1 + GALEN_INVITATION_SECRET_BYTES + 3 * GALEN_ID_BYTES + 16 + 64)

/** Reads what stands behind secret and fingerprint: the certificate of the device that the secret makes. */
GALEN_MUST_USE enum galen_err guest_read_link(struct galen_reader *r,
                                              const struct galen_device_secrets *link,
                                              struct galen_cert *cert);
void guest_write_link(const struct galen_cert *cert, struct galen_writer *out);
/** Certifies the fresh device by the link; both are this home's chain. */
void guest_begin(struct galen_engine *engine, const struct galen_cert *link);
/** The chain to sign in with: the link's, or the device's. */
void guest_chain(const struct galen_engine *engine, struct galen_chain *chain);
/** Signed in while joining as a guest. True: joining is done. */
bool guest_welcome(struct galen_engine *engine, uint64_t now_ms);
/** The link's word was answered. */
void guest_answered(struct galen_engine *engine, uint64_t now_ms, const struct galen_frame *frame);
void guest_line_lost(struct galen_engine *engine);
/** The visit may be open again, or not open yet: its host may be on the way back to the server. */
bool guest_waits(const struct galen_engine *engine);
/** A guest's home becomes an empty one. */
void guest_forget(struct galen_engine *engine, uint64_t now_ms);
/** Whether VISIT is of our visit, and from now on who hosts it, as the chain says. */
bool guest_visit(struct galen_engine *engine, uint64_t now_ms,
                 const struct galen_frame_visit *frame);

/* -- found.c ---------------------------------------------------------------------------------------- */

/** The challenge of a server we are founding a practice on: true when set-up was sent instead. */
bool found_challenge(struct galen_engine *engine, const struct galen_frame_challenge *challenge);
/** The practice chart's first entry is in the log. */
void found_finished(struct galen_engine *engine);

/* -- requests.c --------------------------------------------------------------------------------------- */

/** NULL: `err` says why nothing may be written there. */
struct chart *chart_to_write(const struct galen_engine *engine, const struct galen_id *id,
                             enum galen_err *err);

/**
 * Whatever staff write in a record makes it part of the patient's. One that stands in proposals only they answer first,
 * having looked at what is proposed (D2). Records that belong to a chart or a person, and what a program writes for staff
 * alone, are there in any case.
 */
bool is_unanswered(const struct galen_engine *engine, const struct chart *chart,
                   const struct galen_write *write);

/** Queues the name of an account (or of the chart itself: its id), without an event of its own. */
GALEN_MUST_USE enum galen_err write_name(struct galen_engine *engine, uint64_t now_ms,
                                         struct chart *chart, const struct galen_id *whose,
                                         struct galen_bytes name);

/* -- live.c, visit.c ------------------------------------------------------------------------------------ */

void live_free(struct galen_engine *engine);
void live_ready(struct galen_engine *engine, uint64_t now_ms); /* signed in for live */
void live_lost(struct galen_engine *engine, uint64_t now_ms);
/** A frame of the live connection, or VISIT and VISIT_ENDED on the log connection. */
void live_received(struct galen_engine *engine, uint64_t now_ms, uint8_t purpose,
                   const struct galen_frame *frame);
/** A chart's epoch or members changed. */
void live_members(struct galen_engine *engine, uint64_t now_ms, struct chart *chart);
void live_tick(struct galen_engine *engine, uint64_t now_ms);
/** Says anew what others type in texts that are others by now, and looks for what was not found. */
void drafts_review(struct galen_engine *engine, uint64_t now_ms);
uint64_t live_deadline(const struct galen_engine *engine);

#endif
