/* Visits on the stage: opening, knocking, letting in, and frames of media (PROTOCOL.md, "Calls"). */
#ifndef TESTS_STAGE_CALL_H
#define TESTS_STAGE_CALL_H

#include "galen/call.h"
#include "support/stage.h"

/** stage_begin, with a visit's id and nonce in the stage that nobody has opened yet. */
void stage_begin_visits(struct stage *s);
/** The pharmacist puts somebody into the chart, or out of it. */
void stage_add(struct stage *s, const struct party *party, bool from_member, bool holder);
void stage_drop(struct stage *s, const struct party *party);

uint32_t stage_send_visit_open(struct stage *s, struct line *line); /* gives the request */
void stage_open_visit(struct stage *s, struct line *line);          /* which must succeed */
/** A correct hello; a test may change it and sign it again. */
struct galen_call_hello stage_make_hello(const struct stage *s, const struct party *party);
void stage_sign_hello(const struct party *by, struct galen_call_hello *hello);
uint32_t stage_send_hello(struct stage *s, struct line *line, const struct galen_call_hello *hello);
/** Knocks, and gives what the server says of it. */
struct galen_frame_admitted stage_knock(struct stage *s, struct line *line);
/** A correct word about somebody, with a count of its own; a test may change it and sign it again. */
struct galen_call_admission stage_make_admission(struct stage *s, const struct party *staff,
                                                 const struct party *whom, bool admitted);
void stage_sign_admission(const struct party *by, struct galen_call_admission *word);
void stage_send_admission(struct stage *s, struct line *line,
                          const struct galen_call_admission *word);
/** Makes one in the name of the line's party and sends it. */
void stage_send_admit(struct stage *s, struct line *line, const struct party *whom, bool admitted);
void stage_send_visit_id(struct stage *s, struct line *line, uint8_t type);
/** An SFrame of participant `number` that ends with `n`. */
void stage_send_media(struct stage *s, struct line *line, uint16_t number, uint8_t n);

/** An interpreter whom the pharmacist certified for the stage's visit, for an hour. */
void stage_make_guest(struct stage *s, struct party *guest, unsigned number);

/** A visit with the pharmacist (1) presiding and the patient (2) let in. */
struct stage_call {
    struct line *pharmacist, *patient;
};
struct stage_call stage_begin_call(struct stage *s);

#endif
