/* A search for findings in progress. Private to protocol/safety. */
#ifndef GALEN_SAFETY_FIND_H
#define GALEN_SAFETY_FIND_H

#include "data.h"

/* A medicine as its name was understood. */
struct known {
    const struct galen_safety_medicine *medicine;
    struct galen_safety_match match;
    uint64_t classes;
    bool understood; /* all of its names were */
};

#define NEW_DAYS 90 /* a medicine counts as new for so long */

struct block;

/* What is given, with the memory that it stands in. */
struct result {
    struct galen_safety_findings given; /* first: galen_safety_findings_free gets this */
    struct block *blocks;
    size_t finding_room;
    bool failed; /* out of memory */
    bool more;   /* more findings than are given */
};

struct find {
    const struct galen_safety_input *input;
    struct known *known;
    size_t count;
    struct result *result;
    bool gaps[GAP_COUNT];
    struct galen_writer gap_names[GAP_COUNT], gap_records[GAP_COUNT];
    size_t *chosen; /* room for `count` places of medicines */
    int *rows;      /* beside: the ingredient that counts, or -1 */
};

/** Is one of these in it? They are in lower case, the text in any. */
bool find_has_word(struct galen_bytes text, const char *const *words, size_t count);

/* The medicines of a finding: places in `known`, and for each the ingredient that counts. */
struct concern {
    uint8_t kind;
    const char *rule;
    uint8_t severity, source;
    const size_t *chosen;
    const int *rows;
    size_t count;
    const struct galen_safety_allergy *allergy; /* or NULL */
    const char *key;                            /* instead of the records; or NULL */
};
void find_add(struct find *f, const struct concern *concern);
void find_add_writing(struct find *f, const struct galen_safety_text *text,
                      const struct galen_writing *writing);
void find_gap(struct find *f, enum safety_gap gap, const size_t *chosen, size_t count,
              struct galen_bytes names);

/* The checks (checks.c). */
void check_interactions(struct find *f);
void check_allergies(struct find *f);
void check_short_term(struct find *f);
void check_ingredients(struct find *f);
void check_classes(struct find *f);
void check_age(struct find *f);
void check_pharmacies(struct find *f);
void check_writing(struct find *f);

/** What an allergy's substance stands for: ingredients of the match, or whole classes. False: neither. */
bool safety_allergy_match(struct galen_bytes substance, struct galen_safety_match *match,
                          uint64_t *classes);

/** Whole days from `from` to `to`; where a part of `from` is not known, from the latest day that it can be. */
int64_t safety_days(struct galen_date from, struct galen_date to);
/** Years of age; where a part of the birthday is not known, the most it can be. -1: not known. */
int safety_age(struct galen_date birth, struct galen_date today);

#endif
