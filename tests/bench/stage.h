/*
 * A practice for benches, set up on a galend through the protocol alone: devices with certificates,
 * sign-ins, charts with members. Seals hold random bytes, as no server can tell.
 */
#ifndef GALEN_BENCH_STAGE_H
#define GALEN_BENCH_STAGE_H

#include "galen/crypto.h"
#include "galen/frames.h"
#include "load.h"

struct person {
    struct galen_device_secrets secrets;
    struct galen_public_keys keys;
    struct galen_id id;
    struct galen_chain chain;
};

struct stage {
    struct link_loop *loop;
    const struct load_options *options;
    const struct galen_primitives *primitives;
    struct person practice, custodian;
};

/** One signed-in connection of a person. */
struct session {
    struct stage *stage;
    struct person *person;
    struct link *link;
    void (*on_frame)(struct session *session, struct galen_bytes frame); /* what nobody waits for */
    void (*on_close)(struct session *session); /* by the other side; NULL: that is an error */
    void *user;
    uint8_t awaited;          /* a frame type */
    bool arrived;             /* it came, and is in `last` */
    struct galen_writer last; /* its bytes */
    struct galen_frame frame; /* the same, read */
};

/** Makes a practice, and brings its key to the server if that has none. */
void stage_init(struct stage *stage, struct link_loop *loop, const struct load_options *options);
/** A new device, certified by `issuer`, or by the practice if that is NULL. `scope`: a chart, or NULL. */
void stage_person(struct stage *stage, struct person *person, enum galen_role role,
                  const struct person *issuer, const struct galen_id *scope);

/** Connects and signs in; returns when it is welcome. */
void session_open(struct session *session, struct stage *stage, struct person *person,
                  enum galen_connection_purpose purpose);
/** Dials only; what comes goes to session->on_frame. False: no more sockets. */
bool session_dial(struct session *session, struct stage *stage, struct person *person);
/** Answers a challenge with a sign-in. */
void session_sign_in(struct session *session, const struct galen_frame_challenge *challenge,
                     enum galen_connection_purpose purpose);
void session_close(struct session *session);
void session_send(struct session *session, const struct galen_frame *frame);
/** Turns the loop until a frame of this type came; fails on a refusal and after 20 s. */
const struct galen_frame *session_await(struct session *session, enum galen_frame_type type);

/** A chart, and the head of its first entry alone, which every later entry may name. */
struct chart {
    struct galen_id id;
    uint32_t epoch;
    uint32_t number; /* of its author's last entry */
    uint64_t head_size;
    uint8_t head_root[GALEN_HASH_BYTES];
    uint8_t history_key[GALEN_SEAL_KEY_BYTES];
};
/**
 * Writes a chart's first entry: its members are `staff` (administrators; the first is the author, who
 * has signed in as `session`) and the custodian.
 */
void stage_chart(struct stage *stage, struct session *session, struct chart *chart,
                 struct person *const *staff, size_t staff_count);
/** Writes a second entry, which adds one person to those of stage_chart. */
void stage_add(struct stage *stage, struct session *session, struct chart *chart,
               struct person *const *staff, size_t staff_count, const struct person *person);
/** Appends header, signature and body of a new entry; the header's body size and hash are set here. */
void stage_sign_entry(const struct stage *stage, const struct person *author,
                      struct galen_header *header, struct galen_bytes body,
                      struct galen_writer *out);

void bench_random(void *out, size_t size);
uint64_t bench_wall_ms(void);

#endif
