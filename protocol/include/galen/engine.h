/*
 * The client as a state machine: one home, that is one person's device at one practice. The host (the
 * command line, a browser worker, the simulator) feeds it what was saved, what came over its two
 * connections, and the time; and carries out what it puts out, in order.
 *
 * The host's duty: outputs are carried out in the order they come. SAVE outputs up to the next COMMIT
 * are one change that is made durable as a whole; nothing after a COMMIT is carried out before that.
 * So a crash at any point loses nothing that another device has seen.
 *
 * What a start needs is handed in before it. The rest, which grows with every chart and is seldom asked
 * for, stays where it is saved until a LOAD asks for it.
 */
#ifndef GALEN_ENGINE_H
#define GALEN_ENGINE_H

#include "galen/doc.h"
#include "galen/draft.h"
#include "galen/evidence.h"
#include "galen/frames.h"
#include "galen/log.h"
#include "galen/op.h"
#include "galen/undo.h"
#include "galen/voice.h"

struct galen_engine;

/** `random` fills n bytes that nobody can foresee; the only source of randomness. */
struct galen_engine_config {
    void (*random)(void *context, uint8_t *out, size_t n);
    void *context;
};

/** NULL: out of memory. */
struct galen_engine *galen_engine_new(const struct galen_engine_config *config);
void galen_engine_free(struct galen_engine *engine);

/** Pairs whose keys begin so stand last, and are loaded when a LOAD asks for them; before is no error. */
#define GALEN_LOADED_LATER "record/"

/**
 * Before galen_engine_start: one saved pair, in ascending order of keys. After it: one that a LOAD asked
 * for, empty if there is none. The host vouches that it is what was saved: values lie sealed under a key of
 * the home's, the pair's key with them. So what this device has judged is not judged again. FORMAT:
 * damaged. STATE: not asked for. MEMORY.
 */
GALEN_MUST_USE enum galen_err galen_engine_load(struct galen_engine *engine, struct galen_bytes key,
                                                struct galen_bytes value);
/** After the last pair. Begins to connect if this home belongs to somebody. */
GALEN_MUST_USE enum galen_err galen_engine_start(struct galen_engine *engine, uint64_t now_ms);

/* -- what goes out ------------------------------------------------------------------------------ */

enum galen_output_kind {
    GALEN_OUT_SAVE = 1,       /* key, value; an empty value removes the pair */
    GALEN_OUT_COMMIT = 2,     /* everything saved since the last COMMIT, as a whole, durably */
    GALEN_OUT_CONNECT = 3,    /* open the connection for `purpose` to galen_engine_host */
    GALEN_OUT_DISCONNECT = 4, /* close it; answered by galen_engine_disconnected */
    GALEN_OUT_SEND = 5,       /* value is one frame for `purpose` */
    GALEN_OUT_EVENT = 6,
    GALEN_OUT_VOICE =
        7, /* value is a packet of `device`, its `number`th 20 ms; empty: it speaks no more */
    GALEN_OUT_LOAD = 8, /* hand the saved pair `key` to galen_engine_load; it is durable by now */
};

enum galen_event_kind {
    GALEN_EVENT_ONLINE = 1,  /* signed in; `purpose` */
    GALEN_EVENT_OFFLINE = 2, /* the line is gone; it is tried again by itself; `purpose`, `err` */
    GALEN_EVENT_REFUSED =
        3, /* the server does not let this device in: `err`, `number` (time of use) */
    GALEN_EVENT_JOINED = 4,     /* joining is done: this home is `device` of `account` */
    GALEN_EVENT_LOST_ASKED = 5, /* a sheet: which devices are lost? see galen_engine_join_lost */
    GALEN_EVENT_CHART = 6,      /* `chart` is known now, or its members or epoch changed */
    GALEN_EVENT_CURRENT = 7,    /* `chart` has been read up to its end */
    GALEN_EVENT_ENTRY = 8,      /* `index` was read; see galen_engine_read and galen_engine_op */
    GALEN_EVENT_REOPENED = 9,   /* the record opened: earlier entries became readable */
    GALEN_EVENT_DONE = 10,      /* the request `token` is done; `index` if it is an entry */
    GALEN_EVENT_FAILED = 11,    /* `token`, or a part of it, cannot be done: `err`; see `text` */
    GALEN_EVENT_HELD = 12, /* `token` waits: a person joined since (L4); see galen_engine_release */
    GALEN_EVENT_VERIFIED = 13,    /* `device` has verified `chart` up to `number` entries */
    GALEN_EVENT_FORK = 14,        /* `chart`: histories differ; writing stopped there (H2) */
    GALEN_EVENT_CLONED = 15,      /* `chart`: somebody writes with our keys; writing stopped (L6) */
    GALEN_EVENT_LINK_AGAIN = 16,  /* staff: the used link of `device` was opened again */
    GALEN_EVENT_WITHHELD = 18,    /* `chart`: the server holds back the body of `index` (L9) */
    GALEN_EVENT_CHARTS_FULL = 19, /* `chart` is not followed: there are GALEN_CHARTS_MAX; `err` */
    GALEN_EVENT_CLOCK = 17, /* our clock and the server's differ by `number` ms, over the skew */
    GALEN_EVENT_SHUT_OUT =
        20, /* the person of `device` said that its keys were copied (L6), `number`: since
                                  when: staff invite them anew. Our own device: the server knows now */
    /* live */
    GALEN_EVENT_PRESENCE =
        32, /* `device` of `account` is here (number 1) or gone (0), in `chart` */
    GALEN_EVENT_DRAFT =
        33, /* `device` is in doc, record, field (number 1), or no longer (0), and types
                               `text`; in a text see galen_engine_drafted */
    GALEN_EVENT_VISIT = 34,    /* `visit` is open in `chart`, hosted by `device` */
    GALEN_EVENT_KNOCK = 35,    /* staff: `device` waits to be let in; repeats while it waits */
    GALEN_EVENT_WAITING = 36,  /* we wait to be let in */
    GALEN_EVENT_ADMITTED = 37, /* we were let in (number 1) or sent away (0) */
    GALEN_EVENT_CALL = 38, /* who is in the call changed, or `device` of them was muted or unmuted;
                                  `number` participants */
    GALEN_EVENT_VISIT_ENDED = 39,
    GALEN_EVENT_CALL_FAILED = 40, /* `err`: two rosters of one generation (R2), or the like */
};

struct galen_event {
    uint8_t kind; /* enum galen_event_kind */
    uint8_t purpose;
    uint16_t err; /* enum galen_err */
    struct galen_id chart, device, account, visit;
    uint64_t index, number;
    uint8_t token[GALEN_OP_ID_BYTES];
    uint8_t doc;
    uint8_t record[16];
    uint16_t field;
    /* what is typed; FAILED: the operation that somebody wrote, of class `number` (galen_op_read), or empty */
    struct galen_bytes text;
};

struct galen_output {
    uint8_t kind;    /* enum galen_output_kind */
    uint8_t purpose; /* enum galen_connection_purpose */
    struct galen_bytes key, value;
    struct galen_id device; /* VOICE: who speaks */
    uint64_t number;        /* VOICE: see galen/playout.h */
    struct galen_event event;
};

/** The next thing to do; false when there is none. Borrowed until the next call with this engine. */
bool galen_engine_next(struct galen_engine *engine, struct galen_output *output);
/** OK; MEMORY: nothing goes out any more. What was durable is whole: load it into a new engine. */
enum galen_err galen_engine_broken(const struct galen_engine *engine);

/* -- what comes in ------------------------------------------------------------------------------ */

/** The connection asked for by CONNECT is open. */
void galen_engine_connected(struct galen_engine *engine, uint64_t now_ms, uint8_t purpose);
void galen_engine_received(struct galen_engine *engine, uint64_t now_ms, uint8_t purpose,
                           struct galen_bytes frame);
/** It closed, could not be opened, or DISCONNECT was carried out. */
void galen_engine_disconnected(struct galen_engine *engine, uint64_t now_ms, uint8_t purpose);
/** Gives the time at which to call again, at the latest. */
uint64_t galen_engine_tick(struct galen_engine *engine, uint64_t now_ms);
/**
 * The network is back, or somebody looks again: a connection that waits for its next try is tried at the
 * next galen_engine_tick. The host must have a reason, and not make one by itself.
 */
void galen_engine_awake(struct galen_engine *engine);

/* -- who this is -------------------------------------------------------------------------------- */

enum galen_home_state {
    GALEN_HOME_EMPTY = 0,
    GALEN_HOME_FOUNDING = 1, /* practice init is under way */
    GALEN_HOME_JOINING = 2,
    GALEN_HOME_MEMBER = 3,
    GALEN_HOME_GUEST = 4, /* an interpreter's: one visit's call, and nothing of any chart */
};
enum galen_home_state galen_engine_state(const struct galen_engine *engine);
/** "host:port" to connect to; borrowed; empty for an empty home. */
struct galen_bytes galen_engine_host(const struct galen_engine *engine);
const struct galen_id *galen_engine_device(const struct galen_engine *engine);
const struct galen_id *galen_engine_account(const struct galen_engine *engine);
enum galen_role galen_engine_role(const struct galen_engine *engine);
/** The practice's fingerprint, once known. */
const struct galen_id *galen_engine_practice(const struct galen_engine *engine);
/** Its two public keys, once known; zeros before. */
const struct galen_public_keys *galen_engine_practice_keys(const struct galen_engine *engine);
/** Staff: the practice's own chart; none for others. */
const struct galen_id *galen_engine_practice_chart(const struct galen_engine *engine);
bool galen_engine_online(const struct galen_engine *engine, uint8_t purpose);
/** The purpose of the connection that this home lives by: LOG; a guest's, LIVE. */
uint8_t galen_engine_line(const struct galen_engine *engine);

/* -- beginning ---------------------------------------------------------------------------------- */

/**
 * Founds a practice on a new server: hands over the practice key with the set-up token, makes this
 * home its first administrator's device, and its practice chart. The two secrets (32 random bytes
 * each, from which the practice's and the custodian's keys come) stay with the caller, who keeps them
 * offline; nothing of them is saved here. STATE: the home is not empty. Ends with JOINED or REFUSED.
 */
GALEN_MUST_USE enum galen_err galen_engine_found(struct galen_engine *engine, uint64_t now_ms,
                                                 struct galen_bytes host, struct galen_bytes token,
                                                 const uint8_t practice_secret[32],
                                                 const uint8_t custodian_secret[32],
                                                 struct galen_bytes name);
/** What a link, code or sheet says, to whoever has it. Whether it is still good the server knows. */
struct galen_link {
    struct galen_bytes host;  /* "host" or "host:port"; borrowed from the link */
    struct galen_id practice; /* fingerprint */
    struct galen_id device;   /* that the link is; of an invitation also the new person's account */
    bool guest;               /* an interpreter's, for one visit … */
    uint64_t until_ms;        /* … and until then; 0: for a member */
};
/** FORMAT: not a link. */
GALEN_MUST_USE enum galen_err galen_link_look(struct galen_bytes text, struct galen_link *link);
/** Becomes the device that a link, code or sheet makes room for. FORMAT: not a link; STATE: in use, and not
 * shut out. A guest's home takes any link: nothing of the visit before is kept. */
GALEN_MUST_USE enum galen_err galen_engine_join(struct galen_engine *engine, uint64_t now_ms,
                                                struct galen_bytes link);
/** After LOST_ASKED: the account's other devices; then which of them to remove (may be none). */
size_t galen_engine_own_devices(const struct galen_engine *engine, struct galen_id *out,
                                size_t room);
GALEN_MUST_USE enum galen_err galen_engine_join_lost(struct galen_engine *engine, uint64_t now_ms,
                                                     const struct galen_id *lost, size_t count);

/* -- requests: each gives a token, and later DONE or FAILED with it ------------------------------ */
/*
 * All are kept through crashes and offline times, and are made anew when the members change under
 * them. OFFLINE is no error: they wait. Errors at once: CHART (unknown), ROLE, VALUE, TOO_LARGE,
 * NOT_HOLDER, FORK, CLONED (writing stopped), MEMORY.
 */
typedef uint8_t galen_token[GALEN_OP_ID_BYTES];

/** A new chart for a patient with this name; `chart` is its id at once. Staff. */
GALEN_MUST_USE enum galen_err galen_engine_chart_new(struct galen_engine *engine, uint64_t now_ms,
                                                     struct galen_bytes name,
                                                     struct galen_id *chart, galen_token token);
/**
 * Invites a person: writes the name, adds the invitation to the chart (none: the practice's own, for
 * staff), and appends the link to `link`; it works once DONE came.
 */
GALEN_MUST_USE enum galen_err galen_engine_invite(struct galen_engine *engine, uint64_t now_ms,
                                                  enum galen_role role,
                                                  const struct galen_id *chart,
                                                  struct galen_bytes name,
                                                  struct galen_writer *link, galen_token token);
/**
 * Staff: appends a link by which an interpreter can knock at the chart's open visit, once, within a day. Nothing
 * is written anywhere: it works at once. CHART; ROLE; NOT_MEMBER; NO_VISIT; FORK, CLONED; MEMORY.
 */
GALEN_MUST_USE enum galen_err galen_engine_invite_guest(struct galen_engine *engine,
                                                        uint64_t now_ms,
                                                        const struct galen_id *chart,
                                                        struct galen_writer *link);
/** A code (ten minutes) or a recovery sheet for this account, in all its charts; as a link. */
GALEN_MUST_USE enum galen_err galen_engine_further_device(struct galen_engine *engine,
                                                          uint64_t now_ms,
                                                          enum galen_purpose purpose,
                                                          struct galen_writer *link,
                                                          galen_token token);
/** Removes a device of this account from all charts. */
GALEN_MUST_USE enum galen_err galen_engine_remove_device(struct galen_engine *engine,
                                                         uint64_t now_ms,
                                                         const struct galen_id *device,
                                                         galen_token token);
/**
 * The person's word that this device's keys were copied (L6): signs that it is revoked, and sends that
 * until the server has it; then SHUT_OUT comes. From now on nothing is written here, and others take the
 * device out of each chart, with what was let in by it since a copy was first seen. For good. STATE: not
 * a member. MEMORY.
 */
GALEN_MUST_USE enum galen_err galen_engine_shut_out(struct galen_engine *engine, uint64_t now_ms);
/** Whether it was said; `known` (or NULL): the server has it, so that a link may be joined here anew, in
 * the place of all that was kept. */
bool galen_engine_is_shut_out(const struct galen_engine *engine, bool *known);
/** A device of this chart that was copied, by its person's word. */
struct galen_copied {
    struct galen_id device, account;
    uint8_t role;
    uint64_t since_ms;
    bool out;  /* the chart lists it no more */
    bool back; /* another device of the account is in the chart now */
};
/** The i-th. False: there is none. */
bool galen_engine_copied_at(const struct galen_engine *engine, const struct galen_id *chart,
                            size_t i, struct galen_copied *copied);
/** Staff: adds a colleague of the practice, with all devices, to a chart. */
GALEN_MUST_USE enum galen_err galen_engine_add_member(struct galen_engine *engine, uint64_t now_ms,
                                                      const struct galen_id *chart,
                                                      const struct galen_id *account,
                                                      galen_token token);
/** Staff: removes a person; anybody: oneself. NOT_MEMBER: not here, as far as was read. */
GALEN_MUST_USE enum galen_err galen_engine_remove_member(struct galen_engine *engine,
                                                         uint64_t now_ms,
                                                         const struct galen_id *chart,
                                                         const struct galen_id *account,
                                                         galen_token token);
/** A fresh epoch key with unchanged members. */
GALEN_MUST_USE enum galen_err galen_engine_renew(struct galen_engine *engine, uint64_t now_ms,
                                                 const struct galen_id *chart, galen_token token);
/** Staff: two identifiers were checked (`check` says which); the person becomes a holder (I5).
 * NOT_MEMBER: no device of theirs is here, as far as was read. */
GALEN_MUST_USE enum galen_err galen_engine_identify(struct galen_engine *engine, uint64_t now_ms,
                                                    const struct galen_id *chart,
                                                    const struct galen_id *account,
                                                    struct galen_bytes check, galen_token token);
GALEN_MUST_USE enum galen_err galen_engine_message(struct galen_engine *engine, uint64_t now_ms,
                                                   const struct galen_id *chart,
                                                   struct galen_bytes text, galen_token token);
/**
 * Sets fields of a record (encoded Write, galen/op.h): directly where the role may, else as a
 * proposal; both kinds of field at once become two entries, and `*proposed` says whether any was. Of a text
 * it has what the whole is to say. `was`, only with one text and nothing else (or VALUE): what that said when
 * the person began to change it, so that what came meanwhile stays; NULL: what it says here now. PROPOSED: of staff,
 * to a record that stands in proposals only: they answer first.
 */
GALEN_MUST_USE enum galen_err galen_engine_write(struct galen_engine *engine, uint64_t now_ms,
                                                 const struct galen_id *chart,
                                                 struct galen_bytes write,
                                                 const struct galen_bytes *was, bool *proposed,
                                                 galen_token token);
/** Staff: accepts or declines the proposal written at `proposal`. Others: decline their own, until it is answered. */
GALEN_MUST_USE enum galen_err galen_engine_answer(struct galen_engine *engine, uint64_t now_ms,
                                                  const struct galen_id *chart, uint64_t proposal,
                                                  bool accepted, galen_token token);
/**
 * Pharmacists: signs the documents as they are here (D4), which makes the next version. `seen`: how many entries
 * the chart had that this person was shown. `visit`: the record (16 bytes) of the visit it belongs to, or NULL. It
 * is not made anew when something comes in between: FAILED with BEHIND then says so. Errors at once: those of
 * galen_engine_sign_bar; CHANGED: others changed the record since; UNDECIDED:
 * lines of a discharge (galen_docs_reconciled_in) that nobody decided, or left open with a reason; VALUE: no such size, meaning or visit.
 */
GALEN_MUST_USE enum galen_err galen_engine_sign(struct galen_engine *engine, uint64_t now_ms,
                                                const struct galen_id *chart, uint64_t seen,
                                                const uint8_t *visit, uint8_t meaning,
                                                galen_token token);
/**
 * Why this person could not sign now: OK; ROLE; NOT_HOLDER; UNSENT (requests wait); OFFLINE or BEHIND (not all
 * that the server has is here); WITHHELD; UNKNOWN_KIND; CONFLICT; or what stops all writing.
 */
enum galen_err galen_engine_sign_bar(const struct galen_engine *engine,
                                     const struct galen_id *chart);
/** HELD: send it after all (true), or drop it (false). */
GALEN_MUST_USE enum galen_err galen_engine_release(struct galen_engine *engine, uint64_t now_ms,
                                                   const galen_token token, bool send);
/** How many requests of a chart (NULL: of all) are not in the log yet. */
size_t galen_engine_waiting(const struct galen_engine *engine, const struct galen_id *chart);
/** One of them. Borrowed until the next call that takes a frame or a request. */
struct galen_waiting {
    struct galen_id chart;
    const uint8_t *token;
    bool held;                /* waits for galen_engine_release (L4) */
    uint64_t composed_ms;     /* its author's clock; 0: a change of members, which has no time */
    uint8_t class;            /* of `plain`; GALEN_CLASS_EPOCH: a change of members */
    struct galen_bytes plain; /* galen_op_read; empty for a change of members */
};
/** The i-th of a chart, oldest first. False: there are not so many. */
bool galen_engine_waiting_at(const struct galen_engine *engine, const struct galen_id *chart,
                             size_t i, struct galen_waiting *waiting);

/**
 * Appends what a text says on this device, the i-th field of a write that waits here; with what is
 * `suggested`, if that is a proposal. OK; MEMORY; CHART; VALUE: the suggestion does not fit any more.
 */
GALEN_MUST_USE enum galen_err galen_engine_text(const struct galen_engine *engine,
                                                const struct galen_id *chart,
                                                const struct galen_write *write, size_t i,
                                                bool suggested, struct galen_writer *w);

/* -- taking back -------------------------------------------------------------------------------- */

/** What this person could take back now, and what they could make stand again. */
struct galen_undo_look {
    enum galen_err undo_err; /* OK; NOTHING; UNSENT: it is on its way, ask again when it is there */
    enum galen_err redo_err; /* OK; NOTHING */
    struct galen_undo undo, redo;
    struct galen_undo
        passed; /* the newest change that stands and cannot be taken back; galen_docs_undo */
    bool waits; /* the change to undo was never sent: it is dropped */
    struct galen_docs
        *docs; /* what they borrow from when changes wait; an index from the log's size on is
                               * that of one that waits */
};
/**
 * Looks at all of this person's changes, with what waits here. The token of each is its op.id. OK, to be wiped;
 * CHART; NOT_HOLDER; MEMORY. Borrows from the engine until its next call.
 */
GALEN_MUST_USE enum galen_err galen_engine_undo_look(const struct galen_engine *engine,
                                                     const struct galen_id *chart,
                                                     struct galen_undo_look *look);
void galen_undo_look_wipe(struct galen_undo_look *look);
/**
 * Takes back, or makes stand again, what a look showed with this token, which then comes with DONE or FAILED; what
 * waits here and was never sent is dropped, and DONE comes for its own token. BEHIND: it is not what it would be
 * now; NOTHING: there is nothing any more; UNSENT.
 */
GALEN_MUST_USE enum galen_err galen_engine_undo(struct galen_engine *engine, uint64_t now_ms,
                                                const struct galen_id *chart,
                                                const galen_token token);

/* -- looking ------------------------------------------------------------------------------------ */

size_t galen_engine_chart_count(const struct galen_engine *engine);
const struct galen_id *galen_engine_chart_at(const struct galen_engine *engine, size_t i);
/** NULL: not known. Borrowed until the next call that takes a frame or a request. */
const struct galen_log *galen_engine_log(const struct galen_engine *engine,
                                         const struct galen_id *chart);
const struct galen_docs *galen_engine_docs(const struct galen_engine *engine,
                                           const struct galen_id *chart);
/** Entries that the server has, as last heard; not below what was read. */
uint64_t galen_engine_server_size(const struct galen_engine *engine, const struct galen_id *chart);
/** Whether everything the server had has been read. */
bool galen_engine_current(const struct galen_engine *engine, const struct galen_id *chart);
/** When somebody last opened the used link of `account`, a former or present member; 0: never heard of.
 *  `account` NULL: of anybody who ever belonged to the chart. Staff are told (EVENT_LINK_AGAIN). */
uint64_t galen_engine_link_again(const struct galen_engine *engine, const struct galen_id *chart,
                                 const struct galen_id *account);
/** The stored record of an entry (galen_entry_read; empty: see galen_engine_fetch) and its plaintext
 *  (galen_op_read; empty unless OPEN). False past the end. */
bool galen_engine_entry(const struct galen_engine *engine, const struct galen_id *chart,
                        uint64_t index, struct galen_bytes *record, struct galen_bytes *plain);
/**
 * For the records of OPEN entries, which a start does not read: OK, those from `from` on, before `to`, are
 * here. NOT_LOADED: they are once the LOADs that go out now are carried out. CHART: not known.
 */
GALEN_MUST_USE enum galen_err galen_engine_fetch(struct galen_engine *engine,
                                                 const struct galen_id *chart, uint64_t from,
                                                 uint64_t to);
/** Appends evidence of a chart (galen_evidence_write, with its errors). CHART: not known. NOT_LOADED: as
 *  galen_engine_fetch; then ask again. */
GALEN_MUST_USE enum galen_err galen_engine_evidence(struct galen_engine *engine,
                                                    const struct galen_id *chart,
                                                    const struct galen_evidence_options *options,
                                                    struct galen_writer *out);
/** The first entry whose body the server holds back: documents end before it. GALEN_NO_ENTRY: none. */
uint64_t galen_engine_withheld(const struct galen_engine *engine, const struct galen_id *chart);
/** Stopped for good in this chart: OK, FORK or CLONED. */
enum galen_err galen_engine_stopped(const struct galen_engine *engine,
                                    const struct galen_id *chart);

/* -- live --------------------------------------------------------------------------------------- */

/** Asks for the live connection (or lets it go), for presence, drafts and visits of all charts. */
void galen_engine_go_live(struct galen_engine *engine, uint64_t now_ms, bool live);
/**
 * What this person is typing in a field, as a whole; empty when they stopped, or are no longer in it. Of a text
 * that several people write it is what they make of what it says here. TOO_LARGE; VALUE; CHART; OFFLINE.
 */
GALEN_MUST_USE enum galen_err galen_engine_draft(struct galen_engine *engine,
                                                 const struct galen_id *chart, uint8_t doc,
                                                 const uint8_t record[16], uint16_t field,
                                                 struct galen_bytes text);
/**
 * What this person is typing in a text, and where they are in it. One whose splices are over GALEN_DRAFT_MAX is
 * not said, only that they are typing. VALUE; CHART; OFFLINE.
 */
GALEN_MUST_USE enum galen_err galen_engine_typing(struct galen_engine *engine,
                                                  const struct galen_id *chart,
                                                  const struct galen_draft *draft);
/** The same, of what they `made` of what the text `was`; gives the tag for the next ones. The draft's own tag and
 *  splices are not looked at. Also MEMORY. */
GALEN_MUST_USE enum galen_err galen_engine_typed(struct galen_engine *engine,
                                                 const struct galen_id *chart,
                                                 const struct galen_draft *draft,
                                                 struct galen_bytes was, struct galen_bytes made,
                                                 uint8_t tag[GALEN_DRAFT_TAG_BYTES]);
/**
 * After a DRAFT of a text: appends what the text says here, and gives what is typed in it, as of now. VALUE: what
 * the writer began from is not known here (yet): nothing but that they type.
 */
GALEN_MUST_USE enum galen_err galen_engine_drafted(const struct galen_engine *engine,
                                                   const struct galen_event *event,
                                                   struct galen_writer *text,
                                                   struct galen_placed *placed);

GALEN_MUST_USE enum galen_err galen_engine_visit_open(struct galen_engine *engine, uint64_t now_ms,
                                                      const struct galen_id *chart,
                                                      struct galen_id *visit);
/** What a guest's home is for. */
struct galen_guest {
    struct galen_id visit;
    struct galen_id
        chart;         /* to name the visit by, once the server says that it is open; none before */
    uint64_t until_ms; /* access ends with the visit, or then */
};
/** False: this home is no guest's, or not yet. */
bool galen_engine_guest(const struct galen_engine *engine, struct galen_guest *guest);
/** The open visit of a chart; none if there is none. */
struct galen_id galen_engine_visit(const struct galen_engine *engine, const struct galen_id *chart);
/** Who hosts it; none if there is none. */
struct galen_id galen_engine_visit_host(const struct galen_engine *engine,
                                        const struct galen_id *chart);
/** Knocks at the chart's open visit; again after a reconnect by itself, until galen_engine_leave. */
GALEN_MUST_USE enum galen_err galen_engine_knock(struct galen_engine *engine, uint64_t now_ms,
                                                 const struct galen_id *chart);
GALEN_MUST_USE enum galen_err galen_engine_admit(struct galen_engine *engine, uint64_t now_ms,
                                                 const struct galen_id *device, bool admitted);
void galen_engine_leave(struct galen_engine *engine, uint64_t now_ms);
GALEN_MUST_USE enum galen_err galen_engine_visit_end(struct galen_engine *engine, uint64_t now_ms,
                                                     const struct galen_id *chart);

/**
 * Sends one packet of this person's voice (galen/talk.h makes them), to be called every 20 ms also where
 * nothing is sent: each call counts 20 ms. WAITING until admitted; NO_VISIT.
 */
GALEN_MUST_USE enum galen_err galen_engine_speak(struct galen_engine *engine, uint64_t now_ms,
                                                 const uint8_t packet[GALEN_VOICE_BYTES]);
/**
 * Tells everybody in the call; kept for calls to come. What is sent to be silent is made by the host
 * (galen_talk_mute), who is to mute before this and to unmute after it.
 */
void galen_engine_mute(struct galen_engine *engine, bool muted);
/** Whether this device said so in the call that we are in; or we ourselves, in any. */
bool galen_engine_participant_muted(const struct galen_engine *engine,
                                    const struct galen_id *device);

enum galen_call_state {
    GALEN_CALL_NONE = 0,
    GALEN_CALL_WAITING = 1, /* in the waiting room, or on the way there */
    GALEN_CALL_ADMITTED = 2,
};
struct galen_call_person {
    struct galen_id device, account;
    uint8_t role;      /* enum galen_role; interpreter: a guest; 0: no member that we know of */
    bool muted;        /* participants */
    uint64_t since_ms; /* at the door: first seen there */
};
/** The visit that this home takes part in. */
struct galen_call_view {
    uint8_t state;                      /* enum galen_call_state */
    struct galen_id chart, visit, host; /* none without one */
    bool muted;                         /* ourselves */
    size_t participant_count;           /* in the last roster, ourselves included */
    struct galen_call_person participants[GALEN_PARTICIPANTS_MAX];
    size_t knocking_count; /* staff: who waits to be let in */
    struct galen_call_person knocking[GALEN_KNOCKING_MAX];
};
void galen_engine_call(const struct galen_engine *engine, struct galen_call_view *view);
/** Whether this device is a guest in that visit, or at its door. */
bool galen_engine_is_guest(const struct galen_engine *engine, const struct galen_id *device);

struct galen_call_stats {
    size_t participants;              /* in the last roster, ourselves included */
    uint64_t sent, received, refused; /* packets */
};
struct galen_call_stats galen_engine_call_stats(const struct galen_engine *engine);

#endif
