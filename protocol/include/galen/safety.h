/*
 * Safety aids: what a second look at the medicines finds. Computed on the device, from tables that have
 * a source a row (protocol/safety/SOURCES.md). A finding is a reason to look, never an order; it stops nobody.
 * What was not checked is said as clearly as what was.
 *
 * No clock, no random source, no file; libc and the documents alone.
 */
#ifndef GALEN_SAFETY_H
#define GALEN_SAFETY_H

#include "galen/doc.h"

#define GALEN_SAFETY_MEDICINES_MAX   400  /* compared with each other; those past it are said */
#define GALEN_SAFETY_FINDINGS_MAX    1000 /* given; that there were more is said */
#define GALEN_SAFETY_INGREDIENTS_MAX 16   /* of one medicine; with more it is not recognised */
#define GALEN_SAFETY_WRITINGS_MAX    64   /* given for one text */
#define GALEN_SAFETY_KEY_MAX         400  /* bytes of a key, with its end; fits dtp.finding */

enum galen_safety_finding_kind {
    GALEN_FINDING_INTERACTION = 1,
    GALEN_FINDING_ALLERGY,
    GALEN_FINDING_SHORT_TERM, /* a short-term medicine beside a long-term anticoagulant */
    GALEN_FINDING_INGREDIENT, /* the same ingredient more than once */
    GALEN_FINDING_CLASS,      /* more than one medicine of a kind */
    GALEN_FINDING_AGE,        /* 65 years and over */
    GALEN_FINDING_PHARMACIES, /* medicines from several pharmacies */
    GALEN_FINDING_WRITING,    /* writing that is easily misread */
    GALEN_FINDING_KINDS
};
/** `interaction`, `allergy`, `short-term`, `ingredient`, `class`, `age`, `pharmacies`, `writing`. */
const char *galen_safety_finding_kind_name(uint8_t kind);

/** As the problem list has them. */
enum galen_severity { GALEN_SEVERITY_LOW = 1, GALEN_SEVERITY_MODERATE, GALEN_SEVERITY_HIGH };
const char *galen_severity_name(uint8_t severity); /* `low`, `moderate`, `high` */

/** A list by which a row can be checked. */
struct galen_safety_source {
    const char *key;     /* `phansalkar-2012` */
    const char *name;    /* its title and publisher */
    const char *version; /* of the list, as far as it is known */
    const char *date;    /* of it: a year, or more exactly; "" if it changes all the time */
};
extern const char *const galen_safety_data_version;
extern const char
    *const galen_safety_data_date; /* year-month-day: when the tables were last read over */

/* -- names of medicines ---------------------------------------------------------------------------- */

/** What a name stands for. */
struct galen_safety_match {
    uint16_t ingredients[GALEN_SAFETY_INGREDIENTS_MAX]; /* rows of the table, ascending */
    size_t count;                                       /* 0: not recognised */
    bool local; /* the name says that it acts where it is put: skin, eye, nose, ear */
};
/**
 * Recognises a medicine by its whole name: an ingredient, another name of it, a brand, or several of them, with
 * salts, release, form and strength allowed. No guessing: with one word that it does not know it
 * recognises nothing.
 */
struct galen_safety_match galen_safety_match(struct galen_bytes name);
/** The name of an ingredient; NULL past the last. */
const char *galen_safety_ingredient(size_t row);

/* -- writing that is easily misread ------------------------------------------------------------------ */

/** Where a value stands: what is right in one place is wrong in another. */
enum galen_writing_place {
    GALEN_WRITING_TEXT = 1, /* free words about medicines */
    GALEN_WRITING_DOSE,     /* a regimen's part: numbers in it are doses */
    GALEN_WRITING_LAB,      /* laboratory values, readings: exempt */
};
/** Whether a value of this field is looked at, and as what. 0: it is not. */
uint8_t galen_writing_place(const struct galen_document *document, const struct galen_field *field);

struct galen_writing {
    size_t at, size;     /* bytes of the text */
    const char *rule;    /* `u`, `trailing-zero`, … */
    uint8_t severity;    /* HIGH: do not write it; LOW: better not */
    const char *title;   /* one sentence */
    const char *why;     /* how it is misread */
    char suggestion[64]; /* what could stand there instead */
    const struct galen_safety_source *source;
};
/** Finds at most `room` places, in order. Gives how many there are. */
size_t galen_safety_writing(struct galen_bytes text, uint8_t place, struct galen_writing *out,
                            size_t room);

/* -- what is checked --------------------------------------------------------------------------------- */

/** A medicine that is taken, paused or about to be taken. Everything is borrowed. */
struct galen_safety_medicine {
    const uint8_t *record; /* 16 bytes */
    const struct galen_bytes
        *drugs; /* its name; several, where people disagree about the regimen */
    size_t drug_count;
    struct galen_bytes route, form, pharmacy; /* empty: not said */
    struct galen_date start;                  /* year 0: not known */
    bool is_new;                              /* proposed, or new since a hospital stay */
};
struct galen_safety_allergy {
    const uint8_t *record; /* 16 bytes */
    struct galen_bytes substance;
    bool intolerance; /* not an allergy */
};
/** A text to be looked at for its writing. */
struct galen_safety_text {
    const uint8_t *record;        /* 16 bytes */
    const char *document, *field; /* their names; "regimen.dose" for a part */
    struct galen_bytes text;
    uint8_t place; /* enum galen_writing_place */
};
struct galen_safety_input {
    const struct galen_safety_medicine *medicines;
    size_t medicine_count;
    const struct galen_safety_allergy *allergies;
    size_t allergy_count;
    const struct galen_safety_text *texts;
    size_t text_count;
    struct galen_date birth, today; /* year 0: not known */
};

enum galen_safety_finding_status {
    GALEN_FINDING_OPEN = 1,
    GALEN_FINDING_PROBLEM,   /* it became a problem of the list */
    GALEN_FINDING_SET_ASIDE, /* with a reason */
};
const char *galen_safety_finding_status_name(uint8_t status); /* `open`, `problem`, `set-aside` */

struct galen_safety_finding {
    char key[GALEN_SAFETY_KEY_MAX]; /* the same as long as the same medicines are concerned */
    uint8_t kind, severity;
    const uint8_t (*records)[GALEN_RECORD_ID_BYTES]; /* concerned, ascending: of the PMR first … */
    size_t record_count;
    size_t medicine_count;            /* … and after so many of them, allergies */
    const char *title, *why, *advice; /* for staff */
    const char *plain_title, *plain_why, *plain_advice; /* for patients: calm, short words */
    const struct galen_safety_source *source;
    uint8_t status;
    uint8_t dtp[GALEN_RECORD_ID_BYTES]; /* zeros: none */
};

/** A check that was made, with its list. */
struct galen_safety_checked {
    uint8_t kind; /* enum galen_safety_finding_kind */
    const char *what, *plain;
    const struct galen_safety_source *source;
};
/** What was not. Records: the medicines concerned, if any. */
struct galen_safety_gap {
    const char *what, *plain;
    const uint8_t (*records)[GALEN_RECORD_ID_BYTES];
    size_t record_count;
};

struct galen_safety_findings {
    struct galen_safety_finding *at; /* the gravest first */
    size_t count;
    struct galen_safety_checked *checked;
    size_t checked_count;
    struct galen_safety_gap *gaps;
    size_t gap_count;
};

/** NULL: out of memory. Borrows nothing of the input afterwards. */
struct galen_safety_findings *galen_safety_find(const struct galen_safety_input *input);
/**
 * The same over a chart: its medicines that are not stopped and allergies that hold, each also by what is
 * proposed for it; the date of birth; and what the problem list says of findings. NULL: out of memory.
 */
struct galen_safety_findings *galen_safety_check(const struct galen_docs *docs,
                                                 struct galen_date today);
/** The day of a time, in UTC. */
struct galen_date galen_safety_day(uint64_t time_ms);
void galen_safety_findings_free(struct galen_safety_findings *findings);

#endif
