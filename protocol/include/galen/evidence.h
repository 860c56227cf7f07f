/*
 * Evidence: a chart's log, or one entry of it, as a file that anybody can check with nothing but the
 * practice's fingerprint, got from elsewhere (PROTOCOL.md, "Evidence"; rules V1 and V2). No keys are
 * needed to check it, and none are in it but the secrets of single entries that somebody chose to open.
 */
#ifndef GALEN_EVIDENCE_H
#define GALEN_EVIDENCE_H

#include "galen/log.h"

#define GALEN_EVIDENCE_VERSION 2

/* -- writing ------------------------------------------------------------------------------------ */

/** Where the entries come from: a log keeps none. */
struct galen_evidence_source {
    void *context;
    /** The entry at `index`; borrowed until the next call. Any error ends the writing. */
    enum galen_err (*entry)(void *context, uint64_t index, struct galen_entry *entry);
    /** Appends what the sign-off at `index` is about (galen_docs_write_signed), for an entry that is
     *  disclosed; nothing for any other. NULL: never anything. Any error ends the writing. */
    enum galen_err (*documents)(void *context, uint64_t index, struct galen_writer *out);
};

struct galen_evidence_options {
    bool
        only; /* just the entry at `index`, with what shows who wrote it and where it stands (V2) */
    uint64_t index;
    const uint64_t *open; /* entries whose content is disclosed, ascending */
    size_t open_count;
    uint64_t clock_ms; /* goes into this device's own signed head */
};

/**
 * Appends evidence of what `log` has verified. Others' heads that it took are in it, and one that
 * contradicts it, if there is one. CHART: the log is empty. STATE: an index is beyond it, or an entry
 * to open is not among those shown. HEAD: the source gives another entry than the log has. WITHHELD:
 * a clear body is missing. SEAL: there is no key for an entry to open. FORMAT: `open` does not ascend.
 * MEMORY; what the source says. After an error `out` is as before.
 */
GALEN_MUST_USE enum galen_err galen_evidence_write(const struct galen_log *log,
                                                   const struct galen_public_keys *practice,
                                                   const struct galen_evidence_source *source,
                                                   const struct galen_evidence_options *options,
                                                   struct galen_writer *out);

/* -- checking ----------------------------------------------------------------------------------- */

/** What evidence can say. Each is judged for itself. */
enum galen_claim {
    GALEN_CLAIM_PRACTICE = 0,   /* it is this practice's: every chain of certificates ends there */
    GALEN_CLAIM_ORDER = 1,      /* each entry stands where the file says, in one history */
    GALEN_CLAIM_AUTHORSHIP = 2, /* each was signed by the device that it names */
    GALEN_CLAIM_MEMBERSHIP = 3, /* each author belonged to the chart there and might do that */
    GALEN_CLAIM_COMPLETENESS = 4, /* nothing is left out, up to a head that a member signed */
    GALEN_CLAIM_HEADS = 5,        /* members signed that they had verified this history */
    GALEN_CLAIM_BODIES = 6,   /* the body that the author signed is there, for each entry shown */
    GALEN_CLAIM_CONTENTS = 7, /* what is disclosed is what the author sealed */
    GALEN_CLAIM_COUNT = 8,
};
/** "practice", "order" …; NULL for others. */
const char *galen_claim_name(uint8_t claim);

enum galen_claim_state {
    GALEN_CLAIM_NOT_SHOWN = 0, /* the file says nothing about it, or nothing that can be judged */
    GALEN_CLAIM_HOLDS = 1,
    GALEN_CLAIM_FAILS = 2,
};

#define GALEN_NO_INDEX UINT64_MAX

/**
 * One thing that is wrong. Of the claim *order* only the first is told: everything behind it hangs on
 * it. Errors that need more words than their own: in *order*, WITHHELD (the entry was left out), NUMBER
 * (it is out of its place, or its author's number is not the next) and HEAD (the history that the entry,
 * a proof or the file names is another); in *completeness*, STATE (`device` signed a longer history: the
 * end was left out); in *heads*, FORK (`device` signed another history); in *bodies*, WITHHELD (missing)
 * and FORMAT (not the one that was signed); in *contents*, STATE (disclosed, but not shown; or documents
 * without their sign-off) and SIGNED (documents that are not those that were signed).
 */
struct galen_finding {
    uint8_t claim;          /* enum galen_claim */
    uint16_t err;           /* enum galen_err */
    uint64_t index;         /* of an entry; of a head, its size; GALEN_NO_INDEX: of the file */
    struct galen_id device; /* its author or signer; or none */
};

/** Told while checking, in the file's order. Each may be NULL. Everything is borrowed for the call. */
struct galen_evidence_events {
    void *context;
    void (*finding)(void *context, const struct galen_finding *finding);
    /** Each entry shown. `author` is NULL if it was no member there. */
    void (*entry)(void *context, uint64_t index, const struct galen_entry *entry,
                  enum galen_err verdict, const struct galen_member *author);
    /** Each head that holds. */
    void (*head)(void *context, const struct galen_head *head, const struct galen_member *signer);
    /** Each entry that its disclosed secret opens. */
    void (*opened)(void *context, uint64_t index, const struct galen_entry *entry,
                   struct galen_bytes plain);
    /** The documents that the opened sign-off at `index` names the hash of (galen/signed.h); after `opened`. */
    void (*documents)(void *context, uint64_t index, struct galen_bytes documents);
};

struct galen_evidence_report {
    uint8_t claims[GALEN_CLAIM_COUNT]; /* enum galen_claim_state */
    bool whole;                        /* every entry up to `size`; else one and what it needs */
    struct galen_id practice, chart;
    uint64_t size; /* the history that it is evidence of */
    uint8_t root[GALEN_HASH_BYTES];
    uint64_t shown; /* entries in the file */
    uint64_t index; /* without `whole`: of the entry in question; the others show its author */
    uint64_t
        complete_to;   /* the largest size that a member's head confirms; 0: none, or not `whole` */
    uint64_t heads;    /* that hold */
    uint64_t withheld; /* bodies that are missing or are not the ones signed */
    uint64_t opened;   /* entries whose disclosed content is what was sealed */
};

/** True if something is shown and nothing fails. */
bool galen_evidence_holds(const struct galen_evidence_report *report);

/**
 * Checks evidence against the practice's fingerprint. OK: it could be read, and `report` says what of
 * it holds. FORMAT: this is no evidence file; VERSION: of a version we do not know; MEMORY. `events` may
 * be NULL. Whether readers counted an opened entry can hang on what only members see (E3); that is not
 * claimed.
 */
GALEN_MUST_USE enum galen_err galen_evidence_check(struct galen_bytes file,
                                                   const struct galen_id *practice,
                                                   const struct galen_evidence_events *events,
                                                   struct galen_evidence_report *report);

/* -- comparing ---------------------------------------------------------------------------------- */

enum galen_relation {
    GALEN_VIEWS_UNRELATED = 1, /* of different charts */
    GALEN_VIEWS_SAME = 2,
    GALEN_VIEWS_PREFIX = 3,    /* the shorter is the beginning of the longer */
    GALEN_VIEWS_FORKED = 4,    /* two histories of one chart */
    GALEN_VIEWS_NOT_SHOWN = 5, /* they show too little to tell, or fail in order or authorship */
};

struct galen_comparison {
    uint8_t relation; /* enum galen_relation */
    /* FORKED: the first entry that differs, or GALEN_NO_INDEX where the files do not show which.
       PREFIX: the size of the shorter. */
    uint64_t index;
    uint64_t size[2];  /* of both histories */
    bool has_proof[2]; /* FORKED: a member's signed head that covers what differs, from each */
    struct galen_head proof[2];
    struct galen_evidence_report report[2];
};

/** Checks both and compares what they show. Errors as galen_evidence_check, of either. */
GALEN_MUST_USE enum galen_err galen_evidence_compare(struct galen_bytes a, struct galen_bytes b,
                                                     const struct galen_id *practice,
                                                     struct galen_comparison *comparison);

#endif
