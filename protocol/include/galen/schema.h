/*
 * The schema: which documents a chart has, their fields, what each takes, and who writes it
 * (PROTOCOL.md, "Documents"; meanings in the domain's own words). Values have one encoding each; an
 * empty value means "cleared".
 */
#ifndef GALEN_SCHEMA_H
#define GALEN_SCHEMA_H

#include "galen/cert.h"
#include "galen/op.h"

/* Grows with each document, field or option that is added. A sign-off names it. */
#define GALEN_SCHEMA_VERSION 1

enum galen_doc_id {
    GALEN_DOC_PMR = 1,       /* personal medication record: one record a medicine */
    GALEN_DOC_MAP = 2,       /* medication-related action plan: one record an action */
    GALEN_DOC_PEOPLE = 3,    /* who is who: one record an account, named by its first 16 bytes */
    GALEN_DOC_PROFILE = 4,   /* about the patient: one record */
    GALEN_DOC_DTP = 5,       /* drug therapy problems, and what was recommended to prescribers */
    GALEN_DOC_JOURNAL = 6,   /* the patient's own notes and readings */
    GALEN_DOC_ALLERGIES = 7, /* allergies and intolerances */
    GALEN_DOC_VISIT = 8,     /* visits, with consent and what comes next */
    GALEN_DOC_CHECKIN = 9,   /* short forms that patients fill in */
};

enum galen_pmr_field {
    GALEN_PMR_KIND = 1,
    GALEN_PMR_REGIMEN = 2,
    GALEN_PMR_REASON = 3,
    GALEN_PMR_INSTRUCTIONS = 4,
    GALEN_PMR_PRESCRIBER = 5,
    GALEN_PMR_PHARMACY = 6,
    GALEN_PMR_START = 7,
    GALEN_PMR_STOP = 8,
    GALEN_PMR_STOP_REASON = 9,
    GALEN_PMR_STATUS = 10,
    GALEN_PMR_TAKEN_AS = 11,
    GALEN_PMR_ADHERENCE = 12,
    GALEN_PMR_BARRIERS = 13,
    GALEN_PMR_EFFECTS = 14,
    GALEN_PMR_SOURCE = 15,
    GALEN_PMR_DISCHARGE = 16,
    GALEN_PMR_VERIFIED_AT = 17,
    GALEN_PMR_WATCH_FOR = 18,
    GALEN_PMR_EXPLAINED_AT = 19,
    GALEN_PMR_TEACH_BACK = 20,
    GALEN_PMR_TECHNIQUE = 21,
    GALEN_PMR_SATISFACTION = 22,
    GALEN_PMR_ORDER = 23,
    GALEN_PMR_DISCHARGE_WHY = 24,
};

enum galen_map_field {
    GALEN_MAP_TOPIC = 1,
    GALEN_MAP_ACTION = 2,
    GALEN_MAP_OWNER = 3,
    GALEN_MAP_DUE = 4,
    GALEN_MAP_GOAL = 5,
    GALEN_MAP_STATUS = 6,
    GALEN_MAP_DONE_AT = 7,
    GALEN_MAP_PROGRESS = 8,
    GALEN_MAP_DTP = 9,
    GALEN_MAP_ORDER = 10,
};

enum galen_people_field {
    GALEN_PEOPLE_NAME = 1,
    GALEN_PEOPLE_RELATION = 2,
    GALEN_PEOPLE_PHONE = 3,
    GALEN_PEOPLE_HOURS = 4,
};

enum galen_profile_field {
    GALEN_PROFILE_NAME = 1,
    GALEN_PROFILE_BIRTH_DATE = 2,
    GALEN_PROFILE_PHONE = 3,
    GALEN_PROFILE_EMERGENCY_CONTACT = 4,
    GALEN_PROFILE_PRIMARY_CARE = 5,
    GALEN_PROFILE_PHARMACIES = 6,
    GALEN_PROFILE_LANGUAGE = 7,
    GALEN_PROFILE_ALLERGIES_KNOWN = 8,
    GALEN_PROFILE_CONDITIONS = 9,
    GALEN_PROFILE_PREGNANCY = 10,
    GALEN_PROFILE_KIDNEY_FUNCTION = 11,
    GALEN_PROFILE_WEIGHT = 12,
    GALEN_PROFILE_LABS = 13,
    GALEN_PROFILE_VACCINATIONS = 14,
    GALEN_PROFILE_GOALS = 15,
    GALEN_PROFILE_REFERRED_BY = 16,
    GALEN_PROFILE_WHY_NOW = 17,
    GALEN_PROFILE_PROGRAMME = 18,
};

enum galen_dtp_field {
    GALEN_DTP_CONDITION = 1,
    GALEN_DTP_MEDICINES = 2,
    GALEN_DTP_MEDICINE = 3,
    GALEN_DTP_AXIS = 4,
    GALEN_DTP_CATEGORY = 5,
    GALEN_DTP_SEVERITY = 6,
    GALEN_DTP_STATUS = 7,
    GALEN_DTP_INTERVENTION = 8,
    GALEN_DTP_NOTE = 9,
    GALEN_DTP_FINDING = 10,
    GALEN_DTP_SET_ASIDE_REASON = 11,
    GALEN_DTP_RECOMMENDATION = 12,
    GALEN_DTP_TO = 13,
    GALEN_DTP_ANSWER = 14,
    GALEN_DTP_ANSWER_NOTE = 15,
    GALEN_DTP_ORDER = 16,
};

enum galen_journal_field {
    GALEN_JOURNAL_KIND = 1,
    GALEN_JOURNAL_AT = 2,
    GALEN_JOURNAL_SYMPTOM = 3,
    GALEN_JOURNAL_SYSTOLIC = 4,
    GALEN_JOURNAL_DIASTOLIC = 5,
    GALEN_JOURNAL_VALUE = 6,
    GALEN_JOURNAL_NOTE = 7,
};

enum galen_allergies_field {
    GALEN_ALLERGIES_SUBSTANCE = 1,
    GALEN_ALLERGIES_KIND = 2,
    GALEN_ALLERGIES_REACTION = 3,
    GALEN_ALLERGIES_SEVERITY = 4,
    GALEN_ALLERGIES_STATUS = 5,
    GALEN_ALLERGIES_ORDER = 6,
};

enum galen_visit_field {
    GALEN_VISIT_FIELD_TYPE = 1,
    GALEN_VISIT_FIELD_DELIVERY = 2,
    GALEN_VISIT_FIELD_SCHEDULED = 3,
    GALEN_VISIT_FIELD_STARTED = 4,
    GALEN_VISIT_FIELD_ENDED = 5,
    GALEN_VISIT_FIELD_MINUTES = 6,
    GALEN_VISIT_FIELD_PLACE = 7,
    GALEN_VISIT_FIELD_IDENTITY = 8,
    GALEN_VISIT_FIELD_CONSENT = 9,
    GALEN_VISIT_FIELD_CONSENT_TEXT = 10,
    GALEN_VISIT_FIELD_CONSENT_MODE = 11,
    GALEN_VISIT_FIELD_CONSENT_BY = 12,
    GALEN_VISIT_FIELD_CONSENT_RELATION = 13,
    GALEN_VISIT_FIELD_CONSENT_AT = 14,
    GALEN_VISIT_FIELD_REVOKED_AT = 15,
    GALEN_VISIT_FIELD_INTERPRETER = 16,
    GALEN_VISIT_FIELD_STEP = 17,
    GALEN_VISIT_FIELD_BROWN_BAG = 18,
    GALEN_VISIT_FIELD_AGENDA = 19,
    GALEN_VISIT_FIELD_NOTES = 20,
    GALEN_VISIT_FIELD_ASSESSMENT = 21,
    GALEN_VISIT_FIELD_READ_BACK = 22,
    GALEN_VISIT_FIELD_QUESTIONS = 23,
    GALEN_VISIT_FIELD_SUMMARY_SENT_AT = 24,
    GALEN_VISIT_FIELD_SUMMARY_HOW = 25,
    GALEN_VISIT_FIELD_NEXT_AT = 26,
    GALEN_VISIT_FIELD_NEXT_NONE = 27,
    GALEN_VISIT_FIELD_RECURRENCE = 28,
    GALEN_VISIT_FIELD_ORDER = 29,
    GALEN_VISIT_FIELD_ASKED = 30,
};

enum galen_checkin_field {
    GALEN_CHECKIN_VISIT = 1,
    GALEN_CHECKIN_DUE = 2,
    GALEN_CHECKIN_GOT_NEW = 3,
    GALEN_CHECKIN_TAKING = 4,
    GALEN_CHECKIN_TROUBLE = 5,
    GALEN_CHECKIN_QUESTIONS = 6,
    GALEN_CHECKIN_ANSWERED_AT = 7,
};

/*
 * kind      encoding                                           as plain text
 * TEXT      UTF-8, written at most GALEN_TEXT_POINTS_MAX long   itself
 *           (in operations: how it changes, galen/text.h)
 * LINE      UTF-8, at most GALEN_LINE_POINTS_MAX, one line      itself
 * CHOICE    u8, an option's number                              the option's name
 * SET       u8 each, strictly ascending                         names with ", " between
 * DATE      u16 year, u8 month, u8 day; 0: not known            2026-03-14, or 2026-03, or 2026
 * TIME      u64 Unix time in ms, up to the year 9999            2026-03-14T09:26:53.589Z
 * YES_NO    u8, 0 or 1                                          yes, no
 * REGIMEN   7 lines, each <V>, may be empty; u8 as needed       drug=…; strength=…; …; as_needed=no
 * RECORD    u8 document that the row names; record 16, not 0s   5/ and 32 hexadecimal digits
 * POSITION  u64, not 0                                          a decimal number
 * NUMBER    u32, within the row's bounds                        a decimal number
 * WORDING   as TEXT, never longer, and as a whole               itself
 *
 * A wording is what somebody is told to do, or says that they do. Two people's at once are never merged into
 * one that neither of them wrote: both stand, in conflict. A text is what several write together.
 */
enum galen_value_kind {
    GALEN_VALUE_TEXT = 1,
    GALEN_VALUE_LINE = 2,
    GALEN_VALUE_CHOICE = 3,
    GALEN_VALUE_SET = 4,
    GALEN_VALUE_DATE = 5,
    GALEN_VALUE_TIME = 6,
    GALEN_VALUE_YES_NO = 7,
    GALEN_VALUE_REGIMEN = 8,
    GALEN_VALUE_RECORD = 9,
    GALEN_VALUE_POSITION = 10,
    GALEN_VALUE_NUMBER = 11,
    GALEN_VALUE_WORDING = 12,
};

/** What a role may do with a field (D2). DIRECT includes PROPOSE. */
enum galen_access {
    GALEN_ACCESS_NONE = 0,
    GALEN_ACCESS_PROPOSE,
    GALEN_ACCESS_DIRECT,
};

/** Who writes besides staff: bits. 0: nobody, others propose. */
enum galen_writer_bit {
    GALEN_WRITER_PATIENT = 1,
    GALEN_WRITER_CAREGIVER = 2,
    GALEN_WRITER_PRESCRIBER = 4,
    GALEN_STAFF_ALONE = 8, /* stands alone: nobody proposes it either */
};

/** Labels and help are in galen/words.h. */
struct galen_field {
    uint16_t number;
    const char *name; /* for the command line: `regimen`, `taken_as` … */
    uint8_t kind;     /* enum galen_value_kind */
    uint8_t writers;  /* enum galen_writer_bit */
    /* CHOICE and SET: the vocabulary, lower case, words joined by "-". An option's number is its
     * place, from 1, and is kept for good. */
    const char *const *options;
    size_t option_count;
    uint32_t least, most; /* NUMBER: kept for good */
    uint8_t refers;       /* RECORD: the document in which the record is, enum galen_doc_id */
};

struct galen_document {
    uint8_t id;       /* enum galen_doc_id */
    const char *name; /* `pmr`, `map`, `people` … */
    uint16_t order;   /* the field of kind POSITION that orders its records; 0: none */
    bool single;      /* it has one record, galen_document_single */
    uint8_t adders;   /* enum galen_writer_bit: who adds a record by writing to it, besides staff */
    const struct galen_field *fields; /* number n stands at n - 1 */
    size_t field_count;
};

extern const struct galen_document galen_documents[];
extern const size_t galen_document_count;

/** NULL: this version does not know it. */
const struct galen_document *galen_document(uint8_t id);
const struct galen_document *galen_document_named(const char *name);
const struct galen_field *galen_field(const struct galen_document *document, uint16_t number);
const struct galen_field *galen_field_named(const struct galen_document *document,
                                            const char *name);
/** The id of the one record of a document that has only one: zeros and a 1. NULL: it has many. */
const uint8_t *galen_document_single(const struct galen_document *document);

/** Has this role any part in documents? Interpreters, custodian and practice key have none. */
bool galen_role_edits(enum galen_role role);
/** The one place where roles meet fields: staff write everything; patients, caregivers and prescribers
 *  what the row says, and propose the rest, unless it is for staff alone; nobody else does anything. */
enum galen_access galen_field_access(const struct galen_field *field, enum galen_role role);
/** How this role adds a record: by writing to it, or by proposing it. */
enum galen_access galen_document_access(const struct galen_document *document,
                                        enum galen_role role);

enum galen_regimen_part {
    GALEN_REGIMEN_DRUG,
    GALEN_REGIMEN_STRENGTH,
    GALEN_REGIMEN_FORM,
    GALEN_REGIMEN_DOSE,
    GALEN_REGIMEN_UNIT,
    GALEN_REGIMEN_ROUTE,
    GALEN_REGIMEN_FREQUENCY,
    GALEN_REGIMEN_PARTS
};

/** How a medicine is meant to be taken. One value: it is never merged from two. */
struct galen_regimen {
    struct galen_bytes
        parts[GALEN_REGIMEN_PARTS]; /* lines; empty: not said. The drug is required. */
    bool as_needed;
};

/** `drug`, `strength`, `form`, `dose`, `unit`, `route`, `frequency`. */
extern const char *const galen_regimen_part_names[GALEN_REGIMEN_PARTS];

struct galen_date {
    uint16_t year; /* 1 to 9999 */
    uint8_t month; /* 0: only the year is known */
    uint8_t day;   /* 0: only the month is known */
};

/** A decoded value. Bytes are borrowed. */
struct galen_value {
    uint8_t kind; /* enum galen_value_kind; 0: cleared */
    union {
        struct galen_bytes text; /* TEXT and LINE */
        uint8_t choice;          /* number of an option, from 1 */
        uint64_t set;            /* bit n - 1: option n; at least one */
        struct galen_date date;
        uint64_t time_ms;
        bool yes;
        struct galen_regimen regimen;
        struct {
            uint8_t doc;
            uint8_t id[GALEN_RECORD_ID_BYTES];
        } record;
        uint64_t position;
        uint32_t number;
    } as;
};

/**
 * Reads an encoded value of this field; `value` borrows from `in`. OK (also for an empty one);
 * VALUE: the field does not take it; UNKNOWN_KIND: an option that this version does not know.
 */
GALEN_MUST_USE enum galen_err galen_value_read(const struct galen_field *field,
                                               struct galen_bytes in, struct galen_value *value);
/** The verdict of galen_value_read alone. */
GALEN_MUST_USE enum galen_err galen_value_check(const struct galen_field *field,
                                                struct galen_bytes in);
/** Appends the encoding. VALUE: the field does not take it, and nothing was appended; MEMORY. */
GALEN_MUST_USE enum galen_err galen_value_write(struct galen_writer *w,
                                                const struct galen_field *field,
                                                const struct galen_value *value);
/**
 * Appends the plain text form of an encoded value (nothing for a cleared one), as the table above
 * says. In a regimen `\` stands before a `;` or `\` that belongs to the text. VALUE, UNKNOWN_KIND as
 * galen_value_read; MEMORY.
 */
GALEN_MUST_USE enum galen_err
galen_value_print(struct galen_writer *w, const struct galen_field *field, struct galen_bytes in);
/**
 * Appends the encoding of a plain text form; empty text clears. Spaces at both ends, and around `=`,
 * `;` and `,` do not matter; parts of a regimen come in any order, each once at most, and as_needed
 * may be left out for "no". VALUE: not such a form, and nothing was appended; MEMORY.
 */
GALEN_MUST_USE enum galen_err
galen_value_parse(struct galen_writer *w, const struct galen_field *field, struct galen_bytes text);

#endif
