/*
 * Frames: one WebSocket binary message each, a type byte and a body (PROTOCOL.md, "Frames"). Each
 * connection signs in for one purpose: the log, or live.
 */
#ifndef GALEN_FRAMES_H
#define GALEN_FRAMES_H

#include "galen/entry.h"

enum galen_connection_purpose {
    GALEN_CONNECTION_LOG = 1,
    GALEN_CONNECTION_LIVE = 2,
};

enum galen_frame_type {
    /* both purposes */
    GALEN_FRAME_CHALLENGE = 1, /* S→C */
    GALEN_FRAME_SIGN_IN = 2,   /* C→S */
    GALEN_FRAME_WELCOME = 3,   /* S→C */
    GALEN_FRAME_REFUSED = 4,   /* S→C */
    GALEN_FRAME_PING = 5,      /* both ways */
    GALEN_FRAME_PONG = 6,
    GALEN_FRAME_SETUP = 7, /* C→S: the practice key reaches a new server */
    GALEN_FRAME_DONE = 8,  /* S→C: a request without a more particular answer was done */
    /* log */
    GALEN_FRAME_OPEN = 16,        /* C→S */
    GALEN_FRAME_ENTRIES = 17,     /* S→C */
    GALEN_FRAME_APPEND = 18,      /* C→S */
    GALEN_FRAME_APPENDED = 19,    /* S→C */
    GALEN_FRAME_HEAD = 20,        /* C→S */
    GALEN_FRAME_HEADS = 21,       /* S→C */
    GALEN_FRAME_BODIES = 22,      /* C→S: entries again, after the record opened */
    GALEN_FRAME_STATEMENT = 23,   /* both ways */
    GALEN_FRAME_NOTICE = 24,      /* S→C */
    GALEN_FRAME_CHART_ADDED = 25, /* S→C: this device was put into a chart */
    /* live */
    GALEN_FRAME_LIVE_OPEN = 32,   /* C→S */
    GALEN_FRAME_RELAY = 33,       /* both ways: sealed drafts and presence */
    GALEN_FRAME_VISIT_OPEN = 34,  /* C→S, staff */
    GALEN_FRAME_VISIT = 35,       /* S→C: a visit is open, who is its host */
    GALEN_FRAME_KNOCK = 36,       /* C→S */
    GALEN_FRAME_KNOCKED = 37,     /* S→C, to staff in the visit */
    GALEN_FRAME_ADMIT = 38,       /* C→S, staff */
    GALEN_FRAME_ADMITTED = 39,    /* S→C, to the one concerned */
    GALEN_FRAME_ROSTER = 40,      /* C→S by the host, S→C to the admitted */
    GALEN_FRAME_LEAVE = 41,       /* C→S */
    GALEN_FRAME_LEFT = 42,        /* S→C */
    GALEN_FRAME_VISIT_END = 43,   /* C→S, staff */
    GALEN_FRAME_VISIT_ENDED = 44, /* S→C */
    GALEN_FRAME_MEDIA = 45,       /* both ways: one SFrame */
};

struct galen_frame_challenge {
    uint16_t version;
    uint8_t nonce[32];
    struct galen_public_keys practice; /* zeros: the server waits for SETUP */
    uint64_t clock_ms;
};

struct galen_frame_sign_in {
    uint16_t version;
    uint8_t purpose;
    uint8_t nonce[32]; /* the client's */
    struct galen_public_keys keys;
    struct galen_bytes host;  /* the name dialled, without port */
    struct galen_chain chain; /* empty when the device belongs to a chart */
    uint8_t
        signature[GALEN_SIGNATURE_BYTES]; /* label GALEN_SIGN_SIGN_IN, over galen_sign_in_message */
};

/** host<V> ‖ server nonce ‖ client nonce ‖ device id ‖ purpose: what a sign-in signs. */
void galen_sign_in_message(struct galen_writer *w, struct galen_bytes host,
                           const uint8_t server_nonce[32], const uint8_t client_nonce[32],
                           const struct galen_id *device, uint8_t purpose);

struct galen_frame_welcome {
    uint64_t clock_ms;
    struct galen_bytes charts; /* concatenated 32-byte chart ids this device belongs to */
};

struct galen_frame_refused {
    uint32_t request; /* 0: of none; if `chart` is none too, about the connection, which ends */
    uint16_t err;     /* enum galen_err */
    struct galen_id chart; /* the chart (or visit) it is about; none where it is about no chart */
    uint64_t detail;       /* EPOCH: current epoch; REPLACED: when it was used, ms; else 0 */
};

struct galen_frame_ping { /* PING and PONG */
    uint64_t token;
};

struct galen_frame_setup {
    struct galen_bytes token; /* hexadecimal, from the server's set-up file */
    struct galen_public_keys practice;
    uint8_t signature
        [GALEN_SIGNATURE_BYTES]; /* by the practice key, label GALEN_SIGN_SETUP, over galen_setup_message */
};

/** server nonce ‖ token<V> ‖ signing key ‖ sealing key: what a set-up signs. */
void galen_setup_message(struct galen_writer *w, const uint8_t server_nonce[32],
                         struct galen_bytes token, const struct galen_public_keys *practice);

struct galen_frame_done {
    uint32_t request;
};

struct galen_frame_open {
    uint32_t request;
    struct galen_id chart;
    uint64_t from; /* first index wanted; entries follow for as long as the connection lasts */
};

struct galen_frame_entries {
    struct galen_id chart;
    uint64_t first; /* index of the first record */
    uint64_t size;  /* of the chart now */
    bool again;     /* answers BODIES: these were sent before, without bodies */
    struct galen_bytes
        records; /* concatenated galen_entry records, at most GALEN_ENTRIES_PER_FRAME */
};

struct galen_frame_append {
    uint32_t request;
    struct galen_bytes entry; /* header ‖ signature ‖ body<V> */
};

struct galen_frame_appended {
    uint32_t request;
    struct galen_id chart;
    uint64_t index;
    uint64_t received_ms;
};

struct galen_frame_head { /* HEAD */
    struct galen_head head;
};

struct galen_frame_heads {
    struct galen_id chart;
    struct galen_bytes heads; /* concatenated, GALEN_HEAD_BYTES each */
};

struct galen_frame_bodies {
    uint32_t request;
    struct galen_id chart;
    uint64_t from, to; /* [from, to) */
};

struct galen_frame_statement {
    uint32_t request; /* 0 from the server */
    struct galen_statement statement;
    struct galen_chain chain; /* the signer's, where it may not be known */
};

enum galen_notice_kind {
    GALEN_NOTICE_LINK_OPENED_AGAIN = 1,
};

struct galen_frame_notice {
    uint8_t kind;
    struct galen_id chart;
    struct galen_id device;
    uint64_t at_ms;
};

struct galen_frame_chart_added {
    struct galen_id chart;
};

struct galen_frame_live_open {
    uint32_t request;
    struct galen_id chart;
};

struct galen_frame_relay {
    struct galen_id chart;
    struct galen_id device; /* the sender; the server checks it */
    struct galen_bytes sealed;
};

struct galen_frame_visit_open { /* also sent by the next host, with the same visit (R2) */
    uint32_t request;
    struct galen_id chart;
    struct galen_id visit;
    uint8_t nonce[32];        /* the host's, signed by every hello */
    struct galen_chain chain; /* the sender's, from the practice: guests cannot read the log */
};

struct galen_frame_visit {
    struct galen_id chart;
    struct galen_id visit;
    struct galen_id host;
    uint8_t nonce[32];        /* zeros: `host` is asked to become the host by VISIT_OPEN */
    struct galen_chain chain; /* to a guest: the host's; empty for members */
};

struct galen_frame_knock {
    uint32_t request;
    struct galen_id visit;
    struct galen_bytes hello; /* galen/call.h */
};

struct galen_frame_knocked {
    struct galen_id visit;
    uint16_t number; /* this hello's participant number */
    bool admitted;   /* media goes to it and from it: it is staff, or the admission says so */
    struct galen_bytes hello;
    struct galen_bytes admission; /* the newest about this device, galen/call.h; empty: none */
    struct galen_chain chain;     /* of a guest; empty for members */
};

struct galen_frame_admit {
    uint32_t request;
    struct galen_id visit;
    struct galen_bytes admission; /* the sender's, galen/call.h */
};

struct galen_frame_admitted {
    struct galen_id visit;
    uint16_t number;
    bool admitted; /* false with number: waiting; false with number 0: sent away */
};

struct galen_frame_roster {
    struct galen_id visit;
    struct galen_bytes roster; /* galen/call.h */
};

struct galen_frame_visit_id { /* LEAVE, VISIT_END, VISIT_ENDED */
    uint32_t request;         /* 0 from the server */
    struct galen_id visit;
};

struct galen_frame_left {
    struct galen_id visit;
    uint16_t number;
    struct galen_id device;
};

struct galen_frame_media {
    struct galen_bytes sframe; /* all the rest of the frame */
};

/** A read frame; `as` holds borrowed views into the frame's bytes. About 3 kB. */
struct galen_frame {
    uint8_t type; /* enum galen_frame_type */
    union {
        struct galen_frame_challenge challenge;
        struct galen_frame_sign_in sign_in;
        struct galen_frame_welcome welcome;
        struct galen_frame_refused refused;
        struct galen_frame_ping ping; /* and pong */
        struct galen_frame_setup setup;
        struct galen_frame_done done;
        struct galen_frame_open open;
        struct galen_frame_entries entries;
        struct galen_frame_append append;
        struct galen_frame_appended appended;
        struct galen_frame_head head;
        struct galen_frame_heads heads;
        struct galen_frame_bodies bodies;
        struct galen_frame_statement statement;
        struct galen_frame_notice notice;
        struct galen_frame_chart_added chart_added;
        struct galen_frame_live_open live_open;
        struct galen_frame_relay relay;
        struct galen_frame_visit_open visit_open;
        struct galen_frame_visit visit;
        struct galen_frame_knock knock;
        struct galen_frame_knocked knocked;
        struct galen_frame_admit admit;
        struct galen_frame_admitted admitted;
        struct galen_frame_roster roster;
        struct galen_frame_visit_id visit_id; /* leave, visit_end, visit_ended */
        struct galen_frame_left left;
        struct galen_frame_media media;
    } as;
};

/**
 * Reads one whole frame. FORMAT on anything but exactly one frame, TOO_LARGE where the frame or a part
 * of it is over its limit, KEY for a public key that K1 refuses. The records of ENTRIES are whole.
 */
GALEN_MUST_USE enum galen_err galen_frame_read(struct galen_bytes in, struct galen_frame *frame);
/** Appends one whole frame. */
void galen_frame_write(struct galen_writer *w, const struct galen_frame *frame);
const char *galen_frame_name(uint8_t type); /* "append"; NULL for a type there is not */

/** Steps through the records of an ENTRIES frame. OK with an entry, STATE at the end, or FORMAT. */
GALEN_MUST_USE enum galen_err galen_entries_next(struct galen_reader *records,
                                                 struct galen_entry *entry);

#endif
