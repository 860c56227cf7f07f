/*
 * Reading what a sign-off is about (PROTOCOL.md, "Sign-off"), from bytes that somebody else gives beside it:
 * evidence is checked by those who have no log. Everything is borrowed from the bytes.
 */
#ifndef GALEN_SIGNED_H
#define GALEN_SIGNED_H

#include "galen/doc.h"

struct galen_signed {
    uint16_t schema;
    uint8_t doc; /* of the present record */
    struct galen_reader documents, records;
    bool failed;
};

struct galen_signed_record {
    uint8_t doc;
    uint8_t id[GALEN_RECORD_ID_BYTES];
    uint8_t state; /* enum galen_record_state */
    struct galen_reader fields, proposals;
};

/** One current value of one field. */
struct galen_signed_value {
    uint16_t field;
    uint64_t index; /* the entry that said it */
    struct galen_id account;
    uint8_t role;
    uint64_t received_ms;
    struct galen_bytes value;
};

struct galen_signed_proposal {
    uint64_t index;             /* its entry */
    uint64_t base;              /* what its author had seen of the log */
    uint8_t state;              /* enum galen_proposal_state */
    struct galen_reader fields; /* of a text the splices */
};

/** FORMAT: not such bytes. Reads through all of them once. */
GALEN_MUST_USE enum galen_err galen_signed_read(struct galen_bytes in, struct galen_signed *out);
/** Step through; false at the end, or where the bytes are not as they should be. */
bool galen_signed_next(struct galen_signed *from, struct galen_signed_record *record);
bool galen_signed_next_value(struct galen_signed_record *record, struct galen_reader *said,
                             struct galen_signed_value *value);
bool galen_signed_next_proposal(struct galen_signed_record *record,
                                struct galen_signed_proposal *proposal);
bool galen_signed_next_field(struct galen_signed_proposal *proposal,
                             struct galen_write_field *field);

#endif
