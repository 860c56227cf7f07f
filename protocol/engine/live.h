/* What live.c (presence, drafts), visit.c (visits), door.c (who is let in) and call.c (voice) share. */
#ifndef GALEN_ENGINE_LIVE_H
#define GALEN_ENGINE_LIVE_H

#include "galen/call_keys.h"
#include "galen/voice.h"
#include "state.h"

#define CONNECTION_BYTES 16
#define PRESENCE_MS      15000
#define PRESENCE_GONE_MS 40000
#define ANSWER_MS        250 /* hellos are answered at most this often in a chart */
#define PEERS_MAX        (GALEN_CHARTS_MAX * 4) /* of all charts; see live_place */
#define KNOCK_REPEAT_MS  5000
#define VISITS_MAX       64 /* open visits this device is told of */

_Static_assert(PEERS_MAX % GALEN_MEMBERS_MAX == 0 && (PEERS_MAX & (PEERS_MAX - 1)) == 0,
               "room that doubles gets there");

/* Another device's live connection, introduced by its hello. */
struct peer {
    struct galen_id chart, device, account;
    uint8_t connection[CONNECTION_BYTES];
    uint64_t clock_ms;      /* of its hello */
    uint64_t heard_ms;      /* 0: gone */
    uint64_t highest, seen; /* replay window: bit i is counter highest - i */
    uint64_t drafted_at;    /* counter of its last draft … */
    uint64_t showed_ms;     /* … when one of a text was last shown, … */
    uint64_t searched_ms;   /* … and when the text of one was last looked for in the past */
    uint64_t said_at;       /* counter of its last word on what follows */
    struct galen_id visit;  /* that it takes part in; none */
    bool muted;
};

/* A visit that the server told of. */
struct known_visit {
    struct galen_id chart, visit, host;
    uint8_t nonce[GALEN_CALL_NONCE_BYTES];
};

/* Staff: a hello at the door or inside. */
struct knocker {
    uint16_t number;
    bool guest;    /* no member of the chart, by the chain that came with the hello */
    bool has_head; /* its hello */
    bool passed;   /* the server lets its media through */
    bool away;     /* sent away since it knocked */
    bool admitted; /* passed, and by role or by the word of staff in our own eyes, too */
    struct galen_id device;
    struct galen_id account; /* a guest's: the link's */
    uint8_t sign_key[GALEN_SIGN_KEY_BYTES];
    uint64_t not_after_ms;
    uint8_t hello[GALEN_CALL_HELLO_MAX];
    size_t hello_size;
    uint8_t admission[GALEN_CALL_ADMISSION_BYTES]; /* as it came with the hello */
    size_t admission_size;
    uint64_t since_ms, told_ms;
};

/* The newest word of staff about each device of one visit, every one checked before it is kept. It
 * outlives lines, leaving and other visits, so that no older word can be shown again. */
struct admissions {
    struct galen_id visit;
    struct galen_call_admission words[GALEN_ADMISSIONS_MAX];
    size_t count;
};

/* The one visit that this engine takes part in. */
struct visit {
    bool wanted; /* knock, and knock again after a reconnect */
    struct galen_id chart, visit;
    bool opening;                          /* ours to open, not yet told by the server */
    uint8_t nonce[GALEN_CALL_NONCE_BYTES]; /* the one we gave as host */
    bool hosting;
    bool admitted, knocked;
    struct galen_call *call;
    struct galen_call_host *host;
    uint16_t last_generation; /* of the last roster by anybody */
    uint16_t last_number;     /* the highest that the server has given, as far as we were told */
    struct knocker knockers[GALEN_KNOCKING_MAX];
    size_t knocker_count;
    struct galen_id speakers[GALEN_PARTICIPANTS_MAX]; /* whose voice was put out */
    size_t speaker_count;
    struct galen_id muted[GALEN_PARTICIPANTS_MAX]; /* guests who said so */
    size_t muted_count;
    uint64_t sent, received, refused;
};

struct drafts; /* drafts.c */

struct live {
    bool wanted;
    uint8_t connection[CONNECTION_BYTES]; /* ours, drawn for each connection */
    uint64_t counter;
    uint64_t said_ms; /* last presence */
    struct peer *peers;
    size_t peer_count, peer_room;
    struct drafts *drafts; /* NULL: none was heard yet */
    struct known_visit visits[VISITS_MAX];
    size_t visit_count;
    struct visit visit;
    struct galen_member guests_host; /* as a guest: who hosts our visit, by the chain that came */
    bool guests_end;                 /* and that it is over */
    struct admissions admissions[GALEN_VISITS_KEPT]; /* the present visit's first */
    bool muted;
};

/** live.c: this engine's live part, made when first needed. NULL: out of memory. */
struct live *live_get(struct galen_engine *engine);
/** A device's signing key, if it is a member of the chart now; else NULL. */
const struct galen_member *live_member(const struct galen_engine *engine,
                                       const struct galen_id *chart, const struct galen_id *device);

/** What is known of a device's live connection; NULL: it has none that we heard of. */
struct peer *live_peer(struct live *live, const struct galen_id *chart,
                       const struct galen_id *device);
/**
 * A place for one that is new, all zeros, good until the next is asked for. Colleagues are in each chart that is shared
 * with them. At PEERS_MAX of those who are gone the one that came longest ago gives way; NULL: all are here, and the
 * newest is not shown; or, with `*memory` false, out of memory.
 */
struct peer *live_place(struct live *live, bool *memory);
/** Tells the chart's members that we are here, in which visit, and whether muted. */
void live_say_here(struct galen_engine *engine, const struct galen_id *chart);

/** Pads and seals `message`, in place, and sends it to everybody in the chart. */
void live_say(struct galen_engine *engine, const struct chart *chart, struct galen_writer *message);

enum message_kind {
    MESSAGE_HERE = 1,
    MESSAGE_GONE = 2,
    MESSAGE_VALUE = 3,  /* what is typed in a field, as a whole */
    MESSAGE_TYPING = 4, /* … in a text */
    MESSAGE_STOPPED = 5,
};

/* drafts.c */
/** One of the last three kinds. */
void drafts_heard(struct galen_engine *engine, uint64_t now_ms, struct peer *peer, uint64_t counter,
                  uint8_t kind, struct galen_reader *r);
/** The device is gone, or came anew: what it typed is shown no more. */
void drafts_gone(struct galen_engine *engine, const struct peer *peer);
uint64_t drafts_deadline(const struct galen_engine *engine);
void drafts_free(struct live *live);

/* visit.c */
void visit_ready(struct galen_engine *engine, uint64_t now_ms);
void visit_lost(struct galen_engine *engine);
void visit_wipe(struct visit *visit);
/** True when the frame was about a visit. */
bool visit_received(struct galen_engine *engine, uint64_t now_ms, const struct galen_frame *frame);
void visit_event(struct galen_engine *engine, uint8_t kind, const struct galen_id *device,
                 uint64_t number, enum galen_err err);

/** The server speaks of this participant number. */
void visit_number(struct visit *visit, uint16_t number);
/** galen_call_take_roster, and what follows from it. SENDER also: `host` is NULL or no staff's device. */
GALEN_MUST_USE enum galen_err visit_take_roster(struct galen_engine *engine, uint64_t now_ms,
                                                struct galen_bytes bytes,
                                                const struct galen_member *host);
/** The visit that this engine takes part in; NULL: none. */
struct visit *visit_current(const struct galen_engine *engine);

/* door.c */
/** A visit begins, or goes on: its words are the ones that count. */
void door_begin(struct live *live, const struct galen_id *visit);
void door_knocked(struct galen_engine *engine, uint64_t now_ms,
                  const struct galen_frame_knocked *frame);
void door_left(struct galen_engine *engine, uint64_t now_ms, const struct galen_frame_left *frame);
/** The chart's members have changed, or are known further. */
void door_members(struct galen_engine *engine, uint64_t now_ms, struct chart *chart);
/** At the door, and nobody has said a word about it yet. */
bool door_waits(const struct knocker *k);
void door_tick(struct galen_engine *engine, uint64_t now_ms);
uint64_t door_deadline(const struct galen_engine *engine);

/* call.c */
/** Says of all who spoke and are not in this roster that they speak no more; NULL: of everybody. */
void call_keep(struct galen_engine *engine, const struct galen_call_roster *roster);
/** EVENT_CALL: who is in the call changed, or `device` of them was muted or unmuted. */
void call_told(struct galen_engine *engine, const struct galen_id *device);
void call_media(struct galen_engine *engine, uint64_t now_ms, struct galen_bytes sframe);
/** A guest tells the others in the call whether it is muted: it has no key under which members do (`here`). */
void call_say_self(struct galen_engine *engine);

#endif
