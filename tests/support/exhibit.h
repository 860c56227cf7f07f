/* A chart with ten entries, evidence of it, and files made by hand beside it. */
#ifndef TESTS_EXHIBIT_H
#define TESTS_EXHIBIT_H

#include "galen/evidence.h"
#include "support/charts.h"

/*
 *  0 epoch        the chart begins          5 message   "three" by the patient
 *  1 epoch        the patient is added      6 epoch     the key is renewed
 *  2 message      "one" by the pharmacist   7 message   "four" by the pharmacist
 *  3 message      "two" by the patient      8 message   "five" by the patient
 *  4 epoch        a caregiver is added      9 message   "six" by the caregiver
 */
enum { ENTRIES = 10, LISTS_AT = 14 + 1 + 1 + 64 + 32 + 8 + 32 };

/** Freed with chart_free. The patient has not read the last entry; heads were exchanged. */
struct exhibit {
    struct chart *chart;
    struct chart_device *pharmacist, *patient, *caregiver;
    struct galen_id practice;
};

struct exhibit exhibit_new(uint64_t seed);
/** The chart's entries as a galen_evidence_source gives them; `context` is the chart. */
enum galen_err exhibit_entry(void *context, uint64_t index, struct galen_entry *entry);
struct galen_writer exhibit_export(const struct exhibit *s, const struct chart_device *by,
                                   const struct galen_evidence_options *options);

/* -- what is told while checking ----------------------------------------------------------------- */

enum { FINDINGS_MAX = 40 };

struct told {
    size_t findings, entries, heads, opened;
    struct galen_finding finding[FINDINGS_MAX];
    struct chart *chart;
};

/** As galen_evidence_events: counts and keeps; `context` is a struct told. */
void told_finding(void *context, const struct galen_finding *finding);
/** Checks, and compares what is told with the chart. */
struct galen_evidence_report exhibit_check(const struct exhibit *s, struct galen_bytes file,
                                           struct told *told);
bool told_found(const struct told *told, uint8_t claim, enum galen_err err, uint64_t index);
void claim_is(const struct galen_evidence_report *report, enum galen_claim claim,
              enum galen_claim_state state, const char *name);

/* -- whole files made by hand, by the table of PROTOCOL.md ----------------------------------------- */

struct item {
    uint64_t index;
    struct galen_entry entry;
};

struct made {
    struct galen_public_keys practice;
    struct galen_id chart;
    uint64_t size;
    uint8_t root[GALEN_HASH_BYTES];
    size_t count;
    struct item items[ENTRIES + 1];
    size_t head_count;
    struct galen_head heads[4];
};

/** The chart's entries, without heads. Borrows them. */
struct made made_of(const struct exhibit *s);
struct galen_writer made_encode(const struct made *m);
/** What a careful forger does after changing entries: new places, size and root. */
void made_consistent(struct made *m);
void made_take_out(struct made *m, size_t at);
void made_swap(struct made *m, size_t at); /* with the next */

#endif
