/* What the papers share. Private to protocol/papers. */
#ifndef GALEN_PAPERS_PAPER_H
#define GALEN_PAPERS_PAPER_H

#include "galen/papers.h"

/* The sentences of the papers; one table a language (papers_en.c). A letter in braces stands for something. */
/* clang-format off */
#define PHRASES(X)                                                                                 \
    X(COVER_TITLE) X(TO_DO_TITLE) X(MEDICINES_TITLE) X(LIST_TITLE) X(BORN) X(PREPARED)             \
    X(VERSION) X(SIGNED_BY) X(NOT_SIGNED) X(NOT_SIGNED_WHY) X(SUPERSEDED) X(SUPERSEDED_BY)         \
    X(SUPERSEDED_SINCE) X(PAGE) X(OF) X(LAYOUT) X(DATE) X(TO) X(DEAR) X(THANKS)                    \
    X(THANKS_NO_DATE) X(ENCLOSED) X(ENCLOSED_TO_DO) X(ENCLOSED_MEDICINES) X(KEEP) X(SHOW)          \
    X(CALL) X(CALL_WHO) X(CALL_PHONE) X(CALL_WHEN) X(EMERGENCY) X(NEXT_VISIT) X(NO_NEXT_VISIT)     \
    X(YOURS) X(TO_DO_INTRO) X(TALKED_ABOUT) X(SHOULD_DO) X(WHO) X(UNTIL) X(GOAL) X(DONE)           \
    X(NO_ACTIONS) X(MY_GOALS) X(NOT_REVIEWED) X(NOT_REVIEWED_VALUE) X(UNSETTLED) X(NEWER)          \
    X(MEDICINES_INTRO) X(MEDICINE) X(HOW) X(WHY) X(PRESCRIBER) X(NO_MEDICINES) X(AS_NEEDED)        \
    X(ON_HOLD) X(NOT_STARTED) X(ALLERGIES) X(NONE_KNOWN) X(NOT_ASKED) X(NO_ALLERGY_LISTED)         \
    X(EFFECTS) X(OTHER) X(NOTES) X(LIST_INTRO) X(UNNAMED) X(PATIENT) X(PHARMACIST) X(STOPPED)      \
    X(STOPPED_WHAT) X(NOT_DECIDED) X(NOT_DECIDED_WHY) X(QUESTIONS) X(LAST_DAY) X(ALONE)
/* clang-format on */

enum phrase {
#define X(name) PHRASE_##name,
    PHRASES(X)
#undef X
        PHRASE_COUNT
};

struct paper_language {
    const char *code;
    const char *phrases[PHRASE_COUNT];
    const char *months[12];
    /* How a day is written: {m} month's name, {d} day, {y} year. */
    const char *day, *month;
};
extern const struct paper_language paper_language_en;
const struct paper_language *paper_language(const struct galen_language *language);

struct page {
    struct galen_writer *w;
    const struct galen_paper_source *source;
    const struct paper_language *words;
    bool clinical; /* for staff: clinical labels and options */
};

/* -- writing (html.c) ------------------------------------------------------------------------------ */

void put_html(struct page *p, const char *html);
/** As text, whatever it is. */
void put_text(struct page *p, struct galen_bytes text);
void put_words(struct page *p, const char *text);
void put_phrase(struct page *p, enum phrase phrase);
/** With {n} replaced by the text. */
void put_filled(struct page *p, enum phrase phrase, struct galen_bytes n);
void put_date(struct page *p, const struct galen_date *date);
void put_day(struct page *p, uint64_t ms);
/** The day of a time, where the paper is read. */
struct galen_date day_of(const struct page *p, uint64_t ms);
/** The day of the paper: when it was signed, else today. */
struct galen_date paper_day(const struct page *p);
void put_lines(struct page *p, size_t count); /* to write on */
void open_page(struct page *p, enum galen_paper paper);
void close_page(struct page *p);

/* -- reading (facts.c) ----------------------------------------------------------------------------- */

#define FACT_VALUES_MAX 8
/* What is said for one field: more than one value is a conflict; proposed ones wait for review. */
struct fact {
    const struct galen_document *document;
    const struct galen_field *field;
    size_t count, proposed_count;
    struct galen_bytes values[FACT_VALUES_MAX], proposed[FACT_VALUES_MAX];
    const struct galen_proposal
        *from[FACT_VALUES_MAX];    /* whose what is proposed is, and at which */
    size_t place[FACT_VALUES_MAX]; /* of its fields: of a text, splices */
};
/** `record` NULL: nothing is said. */
struct fact fact_of(const struct galen_record *record, uint8_t doc, uint16_t field);
bool fact_says(const struct fact *fact); /* anything */
/** The value of a choice that is settled, or else 0: what is only proposed decides nothing. */
uint8_t fact_choice(const struct fact *fact);
/** The first value, read; false: there is none, or it is proposed of a text. */
bool fact_value(const struct fact *fact, struct galen_value *value);
/** All values with what is to be known of them; nothing where nothing is said. */
void put_fact(struct page *p, const struct fact *fact);
void put_value(struct page *p, const struct fact *fact, struct galen_bytes value);
/** Its label and values as a line of its own, if anything is said. */
void put_row(struct page *p, const struct galen_record *record, uint8_t doc, uint16_t field);
const char *label_of(const struct page *p, const struct fact *fact);
const struct galen_record *profile_of(const struct page *p);
/** The visit that the version names; or else the newest that has begun; or else the newest. */
const struct galen_record *visit_of(const struct page *p);
/** The patient's name; empty: nobody wrote it. */
struct galen_bytes patient_of(const struct page *p);

/* -- the papers ------------------------------------------------------------------------------------ */

/** A paper may be all that somebody has in hand: whom to ask about it, if the phone is known. */
void put_questions(struct page *p);

void write_cover(struct page *p);
void write_to_do(struct page *p);
void write_medicines(struct page *p);
void write_list(struct page *p);

#endif
