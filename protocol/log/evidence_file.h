/* The evidence file's format (PROTOCOL.md, "Evidence"), for those who write, check and compare it. */
#ifndef LOG_EVIDENCE_FILE_H
#define LOG_EVIDENCE_FILE_H

#include "galen/evidence.h"

#define EVIDENCE_MAGIC      "galen evidence"
#define EVIDENCE_PROOF_MAX  (GALEN_PROOF_HASHES_MAX * GALEN_HASH_BYTES)
#define EVIDENCE_RECORD_MAX (GALEN_BODY_MAX + 1024u)

/** What stands before the lists, and readers at their beginnings. Borrows from the file. */
struct evidence_file {
    bool whole;
    uint64_t
        index; /* of the entry in question: the only sealed one, or else the last; 0 if whole */
    struct galen_public_keys practice;
    struct galen_id chart;
    uint64_t size;
    uint8_t root[GALEN_HASH_BYTES];
    struct galen_reader items, heads, disclosures, documents;
};

struct evidence_item {
    uint64_t index;
    struct galen_bytes proof; /* of inclusion; empty in a whole file */
    struct galen_entry entry;
};

struct evidence_head {
    struct galen_head head;
    struct galen_bytes proof; /* of consistency, from the head to the file's history */
};

struct evidence_disclosure {
    uint64_t index;
    uint8_t secret[GALEN_KEY_BYTES];
};

struct evidence_documents {
    uint64_t index; /* of the sign-off */
    struct galen_bytes documents;
};

/** OK, FORMAT, VERSION. Reads all of it once, so that the lists can then be stepped through. */
GALEN_MUST_USE enum galen_err evidence_read(struct galen_bytes in, struct evidence_file *file);
/** Step through the lists; false at the end. */
bool evidence_next_item(struct galen_reader *items, struct evidence_item *item);
bool evidence_next_head(struct galen_reader *heads, struct evidence_head *head);
bool evidence_next_disclosure(struct galen_reader *disclosures, struct evidence_disclosure *out);
bool evidence_next_documents(struct galen_reader *documents, struct evidence_documents *out);

#endif
