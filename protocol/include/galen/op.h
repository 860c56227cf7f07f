/*
 * Operations: the plaintext of a sealed body (PROTOCOL.md, "Sealed bodies"). Bytes in and out; what an
 * operation does to the documents is in galen/doc.h.
 */
#ifndef GALEN_OP_H
#define GALEN_OP_H

#include "galen/codec.h"
#include "galen/limits.h"

#define GALEN_OP_VERSION      1
#define GALEN_RECORD_ID_BYTES 16

enum galen_kind {
    GALEN_KIND_MESSAGE = 1,
    GALEN_KIND_WRITE = 2,
    GALEN_KIND_PROPOSE = 3,
    GALEN_KIND_ANSWER = 4,
    GALEN_KIND_IDENTITY = 5,
    GALEN_KIND_VISIT = 6,
    GALEN_KIND_SIGN = 7,
};

enum galen_sign_meaning {
    GALEN_SIGN_WITH_PATIENT = 1, /* reviewed together with the patient */
    GALEN_SIGN_ALONE = 2,        /* reviewed without the patient */
    GALEN_SIGN_DISCHARGE = 3,    /* reconciled after a hospital stay */
};

enum galen_visit_event {
    GALEN_VISIT_OPENED = 1,
    GALEN_VISIT_ENDED = 2,
};

/** One field of a write: an encoded value (galen/schema.h); empty clears the field. Of a text: splices
 *  (galen/text.h); what people give to write is the whole text. Borrowed. */
struct galen_write_field {
    uint16_t field;
    struct galen_bytes value;
};

/** Some fields of one record. At least one, ascending by number, none twice. */
struct galen_write {
    uint8_t doc; /* enum galen_doc_id, or one that this version does not know */
    uint8_t
        record[GALEN_RECORD_ID_BYTES]; /* random for a new record; PEOPLE: start of the account */
    size_t count;
    struct galen_write_field fields[GALEN_WRITE_FIELDS_MAX];
};

/** One operation. All bytes are borrowed: from the caller, or from what galen_op_read read. */
struct galen_op {
    uint16_t kind;                 /* enum galen_kind, or one that this version does not know */
    uint8_t id[GALEN_OP_ID_BYTES]; /* random; counts once within its author's account (L2) */
    uint64_t base;                 /* the log size its author had in front of them (L3) */
    uint64_t clock_ms;             /* the author's own clock, Unix time */
    union {
        struct galen_bytes message; /* UTF-8, 1 to GALEN_MESSAGE_MAX bytes */
        struct galen_write write;   /* WRITE and PROPOSE */
        struct {
            uint64_t proposal; /* index of the entry that proposed */
            bool accepted;
        } answer;
        struct {
            struct galen_id account; /* whose identity was checked */
            struct galen_id visit;
            struct galen_bytes
                check; /* which two identifiers, in words; 1 to GALEN_NOTE_MAX bytes */
        } identity;
        struct {
            struct galen_id visit;
            uint8_t event;           /* enum galen_visit_event */
            struct galen_bytes text; /* 0 to GALEN_NOTE_MAX bytes */
        } visit;
        struct {
            uint8_t visit[GALEN_RECORD_ID_BYTES]; /* record of document VISIT; zeros: none */
            uint8_t meaning; /* enum galen_sign_meaning, or one this version does not know */
            uint16_t schema; /* GALEN_SCHEMA_VERSION of its author */
            uint8_t hash[GALEN_HASH_BYTES]; /* of the documents at `base` (galen_docs_hash) */
            struct galen_bytes
                assertion; /* a passkey's, 0 to GALEN_ASSERTION_MAX bytes; empty: asserted */
        } sign;
        struct galen_bytes
            unknown; /* the content of a kind this version does not know, as it came */
    } content;
};

/** The class a kind belongs to (L8, enum galen_class), or 0 for a kind this version does not know. */
uint8_t galen_kind_class(uint16_t kind);
/** `message`, `write`, `propose`, `answer`, `identity`, `visit`, `sign`; NULL for others. */
const char *galen_kind_name(uint16_t kind);

/**
 * Is it one that may be written? OK (also for a kind this version does not know); FORMAT: shape, UTF-8,
 * order of fields, kind 0; TOO_LARGE: a text or the whole is above its limit. Values are not looked
 * into (galen_value_check).
 */
GALEN_MUST_USE enum galen_err galen_op_check(const struct galen_op *op);
/** Appends the plaintext, unpadded. An operation that galen_op_check refuses fails the writer. */
void galen_op_write(struct galen_writer *w, const struct galen_op *op);
/**
 * Reads exactly one plaintext (without its padding) that stood in an entry of this class. `op`
 * borrows from `in`. OK; FORMAT; TOO_LARGE; CLASS: the kind belongs to another class (L8);
 * UNKNOWN_KIND: a kind that this program does not know, and `op` holds its content as it came; or a
 * version it does not know, and `op` is zeros (kind 0). After UNKNOWN_KIND `op` is to be given to
 * galen_docs_apply all the same, which counts it. After every other error `op` is zeros.
 */
GALEN_MUST_USE enum galen_err galen_op_read(struct galen_bytes in, uint8_t class,
                                            struct galen_op *op);

/** A Write alone, as it stands in operations, drafts and the outbox. */
void galen_write_encode(struct galen_writer *w, const struct galen_write *write);
/** Reads exactly one; borrows from `in`. OK, FORMAT. */
GALEN_MUST_USE enum galen_err galen_write_decode(struct galen_bytes in, struct galen_write *write);

/**
 * UTF-8 without encodings longer than needed, surrogates, or anything above U+10FFFF (RFC 3629), and
 * without control characters (U+0000 to U+001F, U+007F to U+009F) other than tab and line feed, nor what embeds,
 * overrides or isolates a direction of writing (U+202A to U+202E, U+2066 to U+2069).
 */
bool galen_text_ok(struct galen_bytes text);
/** The same without line feeds and tabs, and with no space at either end; 1 to GALEN_LINE_POINTS_MAX. */
bool galen_line_ok(struct galen_bytes text);
/** Code points in well-formed text. */
size_t galen_text_points(struct galen_bytes text);

#endif
