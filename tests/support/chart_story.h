/* People who write in a chart's documents, for tests that tell what they did in order. */
#ifndef TESTS_CHART_STORY_H
#define TESTS_CHART_STORY_H

#include "galen/doc.h"

/** A device in somebody's hands. Accounts and devices are named by one number each. */
struct person {
    uint8_t device, account;
    enum galen_role role;
};

extern const struct person ana;   /* a pharmacist */
extern const struct person ben;   /* another pharmacist */
extern const struct person tom;   /* a technician */
extern const struct person pat;   /* the patient, by phone */
extern const struct person pat_2; /* the patient, by computer */
extern const struct person cara;  /* a caregiver */
extern const struct person drew;  /* a prescriber */
extern const struct person ina;   /* an interpreter */

/** The log as far as it was written, and the documents it makes. */
struct story {
    struct galen_docs *docs;
    uint64_t size;                /* of the log */
    uint32_t next_op;             /* makes operation ids */
    struct galen_verdict verdict; /* of the last entry */
    struct story_edit *edits;     /* of texts, so far */
    size_t edit_count;
};

void story_begin(struct story *story);
void story_end(struct story *story);

/** A write of one field with the value in its plain text form (galen_value_parse), made by somebody
 *  who had seen the log up to `base`. Gives the index of its entry. */
uint64_t story_write(struct story *story, const struct person *who, uint64_t base, uint8_t doc,
                     char record, const char *field, const char *value);
uint64_t story_propose(struct story *story, const struct person *who, uint64_t base, uint8_t doc,
                       char record, const char *field, const char *value);
uint64_t story_answer(struct story *story, const struct person *who, uint64_t base,
                      uint64_t proposal, bool accepted);
uint64_t story_message(struct story *story, const struct person *who, uint64_t base);
/** A sign-off of the documents as of `base`, reviewed with the patient; to be given to story_apply. */
struct galen_op story_sign_op(const struct story *story, uint64_t base);
/** The same, by somebody whose head is `base`, applied. */
uint64_t story_sign(struct story *story, const struct person *who, uint64_t base);
/** As story_apply, by somebody whose head (in the entry's header) is `head`. */
uint64_t story_apply_at(struct story *story, const struct person *who, struct galen_op *op,
                        uint64_t head);
/** Any operation; it gets the next operation id unless it has one. */
uint64_t story_apply(struct story *story, const struct person *who, struct galen_op *op);

/** Where the entry of `who` would stand next. */
struct galen_docs_entry story_entry(const struct story *story, const struct person *who);
void story_record_id(char record, uint8_t id[GALEN_RECORD_ID_BYTES]);
const struct galen_record *story_record(const struct story *story, uint8_t doc, char record);
/** All current values of a field in their plain text form, " | " between them; in a buffer that the
 *  next call overwrites. "-" for none, "(cleared)" for an empty one. */
const char *story_values(const struct story *story, uint8_t doc, char record, const char *field);
uint16_t story_field(uint8_t doc, const char *field);

/** All documents in their canonical form. */
void story_canonical(const struct galen_docs *docs, struct galen_writer *w);

#endif
