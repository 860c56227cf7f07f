/*
 * The tables of the safety aids, and what they are made of. Private to protocol/safety.
 *
 * Written by us from public facts. No list is copied, and none is here as a whole: each row names the list
 * by which it can be checked (SOURCES.md).
 */
#ifndef GALEN_SAFETY_DATA_H
#define GALEN_SAFETY_DATA_H

#include "galen/safety.h"

/* Of all tables together. */
#define SAFETY_DATA_VERSION "5"
#define SAFETY_DATA_DATE    "2026-11-26"

/* Classes of ingredients: a bit each. */
enum {
    CLASS_NSAID,
    CLASS_SALICYLATE,
    CLASS_ACE_INHIBITOR,
    CLASS_ARB,
    CLASS_STATIN,
    CLASS_STATIN_3A4, /* statins that CYP3A4 breaks down */
    CLASS_PPI,
    CLASS_H2_BLOCKER,
    CLASS_SSRI,
    CLASS_SNRI,
    CLASS_REUPTAKE_OTHER, /* others that block the reuptake of serotonin */
    CLASS_BENZODIAZEPINE,
    CLASS_Z_DRUG,
    CLASS_OPIOID,
    CLASS_VITAMIN_K_ANTAGONIST,
    CLASS_ANTICOAGULANT,   /* the others: direct ones, heparins */
    CLASS_ANTIHISTAMINE_1, /* first generation */
    CLASS_ANTIHISTAMINE_2, /* later ones */
    CLASS_BETA_BLOCKER,
    CLASS_SULFONYLUREA,
    CLASS_SULFONYLUREA_LONG, /* those that act long */
    CLASS_MUSCLE_RELAXANT,
    CLASS_STIMULANT, /* amphetamines and what the same pair names beside them */
    CLASS_MAOI,
    CLASS_THIOPURINE,
    CLASS_SEROTONERGIC, /* beside SSRI, SNRI, tricyclics, triptans and opioids, which have their own */
    CLASS_CYP3A4_STRONG,
    CLASS_CYP3A4_MODERATE,
    CLASS_CYP3A4_INDUCER,
    CLASS_CYP1A2_STRONG,
    CLASS_CYP1A2_OTHER,
    CLASS_TRICYCLIC,
    CLASS_QT,
    CLASS_PROTEASE_INHIBITOR,
    CLASS_ERGOT,
    CLASS_TRIPTAN,
    CLASS_PENICILLIN,
    CLASS_CEPHALOSPORIN,
    CLASS_SULFONAMIDE,
    CLASS_SULFONAMIDE_LABEL, /* others that labels forbid after an allergy to sulfonamides */
    CLASS_MACROLIDE,
    CLASS_QUINOLONE,
    CLASS_TETRACYCLINE,
    CLASS_ANTI_INFECTIVE, /* taken for days or weeks */
    CLASS_DECONGESTANT,
    CLASS_NITRATE,
    CLASS_PDE5,
    CLASS_THIAZIDE, /* and what acts like one */
    CLASS_POTASSIUM_SPARING,
    CLASS_PLATELET_P2Y12,
    CLASS_ANTICHOLINERGIC, /* strongly; antihistamines have their own */
    CLASS_CALCIUM_BLOCKER, /* dihydropyridines */
    CLASS_GLIFLOZIN,
    CLASS_INCRETIN, /* GLP-1 agonists and DPP-4 inhibitors */
    CLASS_LABA,     /* beta agonists that act long, inhaled */
    CLASS_COUNT
};
#define CLASS_BIT(name) (UINT64_C(1) << CLASS_##name)
_Static_assert(CLASS_COUNT <= 64, "classes fit one word");

enum safety_source_id {
    SOURCE_NONE,
    SOURCE_NAMES,
    SOURCE_LABELS,
    SOURCE_ODS,
    SOURCE_NCCIH,
    SOURCE_ATC,
    SOURCE_PHANSALKAR,
    SOURCE_FDA_CYP,
    SOURCE_OTC,
    SOURCE_BEERS,
    SOURCE_ISMP,
    SOURCE_JOINT_COMMISSION,
    SOURCE_OWN,
    SOURCE_COUNT
};

/** By enum safety_source_id. */
extern const struct galen_safety_source safety_sources[SOURCE_COUNT];

/** By class: the list by which its members can be checked. */
extern const uint8_t safety_class_sources[CLASS_COUNT];

/** Sorted by name, as safety_normalise writes it. */
struct safety_ingredient {
    const char *name;
    uint64_t classes; /* CLASS_BIT */
    bool nutrient;    /* a vitamin, mineral or food constituent */
    uint8_t source;
};
extern const struct safety_ingredient safety_ingredients[];
extern const size_t safety_ingredient_count;

enum safety_name_kind {
    NAME_SYNONYM, /* or a usual combination, without a brand */
    NAME_BRAND,
    NAME_LOCAL, /* a brand that acts where it is put: skin, eye, nose, ear */
};

/** Another name; sorted likewise. `parts`: ingredients, "+" between. */
struct safety_name {
    const char *name;
    const char *parts;
    uint8_t kind;
    uint8_t source;
};
extern const struct safety_name safety_names[];
extern const size_t safety_name_count;

/** One side of a rule: members of the classes, or one of the ingredients (NULL: none; else ended by NULL). */
struct safety_side {
    uint64_t classes;
    const char *const *ingredients;
};

/** Medicines of the same kind: more than one of them is a finding. */
struct safety_duplicate {
    const char *key;
    uint64_t classes;
    uint8_t severity;
    bool local_counts; /* also when it is used in the eye or on the skin */
    uint8_t source;
};
extern const struct safety_duplicate safety_duplicates[];
extern const size_t safety_duplicate_count;

struct safety_pair {
    const char *key;
    struct safety_side one, other;
    uint8_t severity;
    uint8_t source;
};
extern const struct safety_pair safety_pairs[];
extern const size_t safety_pair_count;

/** What to look at from 65 years on. */
struct safety_age {
    const char *key;
    struct safety_side side;
    bool when_new; /* only when it was begun lately */
    uint8_t severity;
    uint8_t source;
};
extern const struct safety_age safety_ages[];
extern const size_t safety_age_count;

/** A word that people write for an allergy to a whole class; sorted. */
struct safety_allergy_word {
    const char *word;
    uint64_t classes;
    uint8_t source;
};
extern const struct safety_allergy_word safety_allergy_words[];
extern const size_t safety_allergy_word_count;
/** Classes whose members are related as allergies go. */
extern const uint64_t safety_allergy_classes;

/* What is said of a finding. `%s` stands for the names concerned; there is no other `%`. Where a row "kind:rule"
 * has NULL, the row "kind" says it. A second language is a second file with these tables. */
struct safety_words {
    const char *key; /* sorted */
    const char *title, *why, *advice;
    const char *plain_title, *plain_why, *plain_advice;
};
extern const struct safety_words safety_words_en[];
extern const size_t safety_words_en_count;

/** What a check is called (by kind), and what is never checked. */
struct safety_note {
    const char *what, *plain;
};
extern const struct safety_note safety_checks_en[GALEN_FINDING_KINDS];

/* What was not checked; `%s` as above. */
enum safety_gap {
    GAP_UNKNOWN,      /* medicines that were not recognised */
    GAP_LOCAL,        /* medicines used in the eye, nose, ear or on the skin */
    GAP_NO_BIRTH,     /* age is not known */
    GAP_START,        /* since when an anticoagulant is taken is not known */
    GAP_ALLERGY,      /* allergies that were not recognised */
    GAP_MANY,         /* more medicines than are compared */
    GAP_FINDINGS,     /* more findings than are given */
    GAP_CONFLICT,     /* a regimen of which there are several */
    GAP_ALWAYS_FIRST, /* from here on: said each time */
    GAP_OTHER_LISTS = GAP_ALWAYS_FIRST,
    GAP_DOSE,
    GAP_ORGANS,
    GAP_FOOD,
    GAP_COUNT
};
extern const struct safety_note safety_gaps_en[GAP_COUNT];

/* A way of writing that is easily misread; the rules that look for it are in writing.c. */
struct safety_writing {
    const char *rule;
    uint8_t severity;
    uint8_t source;
};
extern const struct safety_writing safety_writings[];
extern const size_t safety_writing_count;
struct safety_writing_words {
    const char *rule, *title, *why;
};
/** One for each rule. */
extern const struct safety_writing_words safety_writing_words_en[];

/** An abbreviated name of a medicine, in lower case, and what it is short for; sorted. */
struct safety_abbreviation {
    const char *word, *meant;
    uint8_t source;
};
extern const struct safety_abbreviation safety_abbreviations[];
extern const size_t safety_abbreviation_count;

/* -- names (match.c) -------------------------------------------------------------------------------- */

#define SAFETY_NAME_MAX  96 /* bytes of a row's name, with its end */
#define SAFETY_WORDS_MAX 40 /* words of a name that is looked up; with more it is not recognised */

/** Row of safety_ingredients, or -1. */
int safety_ingredient_row(const char *name, size_t size);
/** All classes of a match. */
uint64_t safety_match_classes(const struct galen_safety_match *match);
/** Whether a single word (lower case) is a row of either table. */
bool safety_is_name(const char *word, size_t size);

#endif
