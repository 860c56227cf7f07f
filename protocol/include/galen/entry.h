/* Entries: header, clear bodies, record as stored and sent (PROTOCOL.md, "Entries" and "Epochs"). */
#ifndef GALEN_ENTRY_H
#define GALEN_ENTRY_H

#include "galen/cert.h"

enum galen_class {
    GALEN_CLASS_EPOCH = 1,       /* clear */
    GALEN_CLASS_CERTIFICATE = 2, /* clear: the author's renewed certificate */
    GALEN_CLASS_MESSAGE = 3,     /* sealed */
    GALEN_CLASS_RECORD = 4,      /* sealed: documents */
    GALEN_CLASS_VISIT = 5,       /* sealed: visits, identity checks, consents */
    /* 6 redaction and 7 hold are kept free for what PROTOCOL.md says comes later. */
};

#define GALEN_HEADER_BYTES        214
#define GALEN_SIGNED_HEADER_BYTES (GALEN_HEADER_BYTES + GALEN_SIGNATURE_BYTES)

struct galen_header {
    uint8_t class;          /* enum galen_class */
    struct galen_id chart;  /* none in a chart's first entry */
    uint32_t epoch;         /* current epoch; 0 in the first entry */
    struct galen_id author; /* device */
    uint32_t number;        /* the author device's 1, 2, 3 … in this chart */
    uint64_t head_size;     /* the head that the author had verified */
    uint8_t head_root[GALEN_HASH_BYTES];
    uint8_t salt[GALEN_KEY_BYTES];
    uint8_t commitment[GALEN_HASH_BYTES]; /* zeros for clear classes */
    uint32_t body_size;
    uint8_t body_hash[GALEN_HASH_BYTES];
};

enum galen_body_state {
    GALEN_BODY_WITHHELD = 0, /* the server does not have it, or does not say why */
    GALEN_BODY_PRESENT = 1,
    GALEN_BODY_NOT_YOURS = 2, /* earlier than this device, or the record before it opens (I5) */
};

/** An entry as stored, sent and read. Borrowed views into the record's bytes. */
struct galen_entry {
    uint64_t received_ms; /* server's clock; part of the leaf */
    struct galen_header header;
    struct galen_bytes signed_header; /* GALEN_SIGNED_HEADER_BYTES */
    uint8_t signature[GALEN_SIGNATURE_BYTES];
    uint8_t body_state; /* enum galen_body_state */
    struct galen_bytes body;
};

void galen_header_write(struct galen_writer *w, const struct galen_header *header);
/**
 * Reads GALEN_HEADER_BYTES and checks their shape: version, class, sizes, zeros in clear classes.
 * UNKNOWN_KIND for a version or a class that this version does not know, TOO_LARGE for a body above
 * GALEN_BODY_MAX, else FORMAT. The fields are filled in whatever the error; only missing bytes fail
 * the reader.
 */
enum galen_err galen_header_read(struct galen_reader *r, struct galen_header *header);
bool galen_class_is_clear(uint8_t class);

/** received_ms ‖ header ‖ signature ‖ body state ‖ body<V>. */
void galen_entry_write(struct galen_writer *w, const struct galen_entry *entry);
/**
 * Reads one record. FORMAT only if it cannot be told where it ends: what the header says is left to
 * galen_rules_judge, so that an entry against the rules is void and the log behind it still readable.
 */
enum galen_err galen_entry_read(struct galen_reader *r, struct galen_entry *entry);
/** header ‖ signature ‖ body<V>, as it is in an APPEND frame. As above; `received_ms` becomes 0. */
enum galen_err galen_entry_read_new(struct galen_reader *r, struct galen_entry *entry);
/** Writes what galen_entry_read_new reads. */
void galen_entry_write_new(struct galen_writer *w, const struct galen_entry *entry);

/** Whether the body is present and the one that the header names, by size and hash. */
bool galen_entry_has_its_body(const struct galen_primitives *p, const struct galen_entry *entry);
/**
 * For readers, before judging: a body that is not the one its header names was exchanged on the way,
 * so it becomes WITHHELD and empty.
 */
void galen_entry_settle_body(const struct galen_primitives *p, struct galen_entry *entry);

/** SHA-256(0x00 ‖ received_ms ‖ header ‖ signature). */
void galen_entry_leaf(const struct galen_primitives *p, const struct galen_entry *entry,
                      uint8_t leaf[GALEN_HASH_BYTES]);
/** The chart id that a first entry makes: labelled hash of its signed header (K5). */
struct galen_id galen_chart_id(const struct galen_primitives *p, struct galen_bytes signed_header);

/* One key sealed to one recipient (K4). */
#define GALEN_SEAL_BYTES 80
struct galen_seal {
    uint8_t enc[32];
    uint8_t sealed[48];
};

struct galen_epoch_member {
    struct galen_id device;
    bool holder;
    struct galen_seal epoch_key;
    bool has_history; /* then the history secret is sealed to this device */
    struct galen_seal history;
};

/** An older history secret, sealed to the pair that this entry names (E1). */
struct galen_history_link {
    uint8_t old_key[GALEN_SEAL_KEY_BYTES];
    struct galen_seal seal;
};

/** The clear body of an epoch entry. About 130 kB: allocate it. */
struct galen_epoch_body {
    uint16_t suite;
    uint32_t epoch;                       /* the one that begins: header.epoch + 1 */
    uint8_t commitment[GALEN_HASH_BYTES]; /* to the epoch key */
    uint8_t history_key[GALEN_SEAL_KEY_BYTES];
    struct galen_seal history_seal; /* the epoch key, sealed to history_key */
    size_t member_count;
    struct galen_epoch_member members[GALEN_MEMBERS_MAX]; /* ascending by device id */
    size_t chain_count;
    /* One for each new member, in the same order; then those of statements' signers who are not
       members, in the order of the statements. */
    struct galen_chain chains[GALEN_CHAINS_MAX];
    size_t statement_count;
    struct galen_statement statements[GALEN_STATEMENTS_MAX];
    size_t link_count;
    struct galen_history_link links[GALEN_LINKS_MAX];
};

void galen_epoch_body_write(struct galen_writer *w, const struct galen_epoch_body *body);
/**
 * Reads exactly one body. MEMBERS: more than GALEN_MEMBERS_MAX of them. KEY: a certificate has a key
 * that K1 refuses. FORMAT: anything else that is wrong with the shape, such as members out of order.
 */
enum galen_err galen_epoch_body_read(struct galen_bytes in, struct galen_epoch_body *body);

/* What a device says it has verified (H1). */
#define GALEN_HEAD_BYTES (32 + 32 + 8 + 32 + 8 + 64)
struct galen_head {
    struct galen_id chart;
    struct galen_id device;
    uint64_t size;
    uint8_t root[GALEN_HASH_BYTES];
    uint64_t clock_ms;                        /* the device's */
    uint8_t signature[GALEN_SIGNATURE_BYTES]; /* label GALEN_SIGN_HEAD */
};

void galen_head_write(struct galen_writer *w, const struct galen_head *head);
void galen_head_write_unsigned(struct galen_writer *w, const struct galen_head *head);
enum galen_err galen_head_read(struct galen_reader *r, struct galen_head *head);

#endif
