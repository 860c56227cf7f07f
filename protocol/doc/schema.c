#include "galen/schema.h"

#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* The vocabularies and tables of SCHEMA.md, row by row. What people read of it stands in words_en.c. An
 * option's number is its place: new ones go to the end, and none is ever taken out. */

static const char *const pmr_kind[] = {"prescription", "over-the-counter", "vitamin", "supplement",
                                       "herbal"};
static const char *const pmr_status[] = {"proposed", "active", "on-hold", "stopped"};
static const char *const pmr_adherence[] = {"as-meant", "mostly", "sometimes", "not-at-all"};
static const char *const pmr_barriers[] = {"cost",
                                           "forgets",
                                           "side-effects",
                                           "does-not-believe",
                                           "cannot-use-device",
                                           "confusing-directions",
                                           "access"};
static const char *const pmr_source[] = {"patient",  "caregiver",        "bottle",
                                         "pharmacy", "discharge-letter", "prescriber"};
static const char *const pmr_discharge[] = {"continue", "new", "changed", "stopped", "not-decided"};
static const char *const pmr_technique[] = {"inhaler", "pen"};
static const char *const map_owner[] = {"patient", "pharmacist", "caregiver", "prescriber"};
static const char *const map_status[] = {"open", "doing", "done", "dropped"};
static const char *const profile_allergies_known[] = {"none-known", "listed", "not-asked"};
static const char *const profile_pregnancy[] = {"no", "yes", "trying", "breast-feeding",
                                                "not-applicable"};
static const char *const profile_why_now[] = {"discharge", "several-medicines", "side-effects",
                                              "asked-myself", "other"};
static const char *const dtp_axis[] = {"indication", "effectiveness", "safety", "adherence"};
static const char *const dtp_category[] = {"unnecessary-therapy",
                                           "needs-additional-therapy",
                                           "ineffective-drug",
                                           "dose-too-low",
                                           "needs-monitoring-effectiveness",
                                           "adverse-reaction",
                                           "dose-too-high",
                                           "needs-monitoring-safety",
                                           "not-as-meant",
                                           "cost"};
static const char *const dtp_severity[] = {"low", "moderate", "high"};
static const char *const dtp_status[] = {"open", "resolved", "partly", "unresolved", "set-aside"};
static const char *const dtp_intervention[] = {
    "start", "stop", "raise", "lower", "switch", "monitor", "educate", "refer", "remove-barrier"};
static const char *const dtp_answer[] = {"none-yet", "accepted", "declined", "changed"};
static const char *const journal_kind[] = {"note", "symptom", "blood-pressure", "glucose",
                                           "weight"};
static const char *const allergies_kind[] = {"allergy", "intolerance"};
static const char *const allergies_severity[] = {"mild", "moderate", "severe", "unknown"};
static const char *const allergies_status[] = {"active", "entered-in-error", "resolved"};
static const char *const visit_type[] = {"cmr", "tmr", "follow-up", "discharge"};
static const char *const visit_delivery[] = {"video", "audio", "messages"};
static const char *const visit_consent[] = {"given", "refused", "revoked"};
static const char *const visit_consent_mode[] = {"video", "audio", "recording"};
static const char *const visit_step[] = {"start", "collect", "assess", "plan", "agree", "sign"};
static const char *const visit_recurrence[] = {"none", "yearly", "monthly", "after-change"};
static const char *const checkin_got_new[] = {"yes", "some", "no", "none-new"};
static const char *const checkin_taking[] = {"all", "some", "none"};

#define STAFF          0
#define STAFF_ALONE    GALEN_STAFF_ALONE
#define THEIRS         (GALEN_WRITER_PATIENT | GALEN_WRITER_CAREGIVER)
#define PRESCRIBERS    GALEN_WRITER_PRESCRIBER
#define OPTIONS(array) .options = array, .option_count = COUNT(array)
#define BOUNDS(a, b)   .least = a, .most = b
#define REFERS(id)     .refers = id
#define ANY            .refers = 0
#define FIELDS(array)  array, COUNT(array)

/* clang-format off */
static const struct galen_field pmr_fields[] = {
    /* number                name            kind                  who     what it takes */
    {GALEN_PMR_KIND,         "kind",         GALEN_VALUE_CHOICE,   STAFF,  OPTIONS(pmr_kind)},
    {GALEN_PMR_REGIMEN,      "regimen",      GALEN_VALUE_REGIMEN,  STAFF,  ANY},
    {GALEN_PMR_REASON,       "reason",       GALEN_VALUE_TEXT,     STAFF,  ANY},
    {GALEN_PMR_INSTRUCTIONS, "instructions", GALEN_VALUE_WORDING,  STAFF,  ANY},
    {GALEN_PMR_PRESCRIBER,   "prescriber",   GALEN_VALUE_LINE,     STAFF,  ANY},
    {GALEN_PMR_PHARMACY,     "pharmacy",     GALEN_VALUE_LINE,     STAFF,  ANY},
    {GALEN_PMR_START,        "start",        GALEN_VALUE_DATE,     STAFF,  ANY},
    {GALEN_PMR_STOP,         "stop",         GALEN_VALUE_DATE,     STAFF,  ANY},
    {GALEN_PMR_STOP_REASON,  "stop_reason",  GALEN_VALUE_TEXT,     STAFF,  ANY},
    {GALEN_PMR_STATUS,       "status",       GALEN_VALUE_CHOICE,   STAFF,  OPTIONS(pmr_status)},
    {GALEN_PMR_TAKEN_AS,     "taken_as",     GALEN_VALUE_WORDING,  THEIRS, ANY},
    {GALEN_PMR_ADHERENCE,    "adherence",    GALEN_VALUE_CHOICE,   THEIRS, OPTIONS(pmr_adherence)},
    {GALEN_PMR_BARRIERS,     "barriers",     GALEN_VALUE_SET,      THEIRS, OPTIONS(pmr_barriers)},
    {GALEN_PMR_EFFECTS,      "effects",      GALEN_VALUE_TEXT,     THEIRS, ANY},
    {GALEN_PMR_SOURCE,       "source",       GALEN_VALUE_SET,      STAFF,  OPTIONS(pmr_source)},
    {GALEN_PMR_DISCHARGE,    "discharge",    GALEN_VALUE_CHOICE,   STAFF,  OPTIONS(pmr_discharge)},
    {GALEN_PMR_VERIFIED_AT,  "verified_at",  GALEN_VALUE_TIME,     STAFF,  ANY},
    {GALEN_PMR_WATCH_FOR,    "watch_for",    GALEN_VALUE_WORDING,  STAFF,  ANY},
    {GALEN_PMR_EXPLAINED_AT, "explained_at", GALEN_VALUE_TIME,     STAFF,  ANY},
    {GALEN_PMR_TEACH_BACK,   "teach_back",   GALEN_VALUE_YES_NO,   STAFF,  ANY},
    {GALEN_PMR_TECHNIQUE,    "technique",    GALEN_VALUE_SET,      STAFF,  OPTIONS(pmr_technique)},
    {GALEN_PMR_SATISFACTION, "satisfaction", GALEN_VALUE_TEXT,     THEIRS, ANY},
    {GALEN_PMR_ORDER,        "order",        GALEN_VALUE_POSITION, STAFF,  ANY},
    {GALEN_PMR_DISCHARGE_WHY, "discharge_why", GALEN_VALUE_LINE,   STAFF,  ANY},
};

static const struct galen_field map_fields[] = {
    {GALEN_MAP_TOPIC,    "topic",    GALEN_VALUE_TEXT,     STAFF,  ANY},
    {GALEN_MAP_ACTION,   "action",   GALEN_VALUE_WORDING,  STAFF,  ANY},
    {GALEN_MAP_OWNER,    "owner",    GALEN_VALUE_CHOICE,   STAFF,  OPTIONS(map_owner)},
    {GALEN_MAP_DUE,      "due",      GALEN_VALUE_DATE,     STAFF,  ANY},
    {GALEN_MAP_GOAL,     "goal",     GALEN_VALUE_TEXT,     THEIRS, ANY},
    {GALEN_MAP_STATUS,   "status",   GALEN_VALUE_CHOICE,   THEIRS, OPTIONS(map_status)},
    {GALEN_MAP_DONE_AT,  "done_at",  GALEN_VALUE_TIME,     THEIRS, ANY},
    {GALEN_MAP_PROGRESS, "progress", GALEN_VALUE_TEXT,     THEIRS, ANY},
    {GALEN_MAP_DTP,      "dtp",      GALEN_VALUE_RECORD,   STAFF,  REFERS(GALEN_DOC_DTP)},
    {GALEN_MAP_ORDER,    "order",    GALEN_VALUE_POSITION, STAFF,  ANY},
};

static const struct galen_field people_fields[] = {
    {GALEN_PEOPLE_NAME,     "name",     GALEN_VALUE_LINE, STAFF, ANY},
    {GALEN_PEOPLE_RELATION, "relation", GALEN_VALUE_LINE, STAFF, ANY},
    {GALEN_PEOPLE_PHONE,    "phone",    GALEN_VALUE_LINE, STAFF, ANY},
    {GALEN_PEOPLE_HOURS,    "hours",    GALEN_VALUE_LINE, STAFF, ANY},
};

static const struct galen_field profile_fields[] = {
    {GALEN_PROFILE_NAME,              "name",              GALEN_VALUE_LINE,   STAFF,  ANY},
    {GALEN_PROFILE_BIRTH_DATE,        "birth_date",        GALEN_VALUE_DATE,   STAFF,  ANY},
    {GALEN_PROFILE_PHONE,             "phone",             GALEN_VALUE_LINE,   STAFF,  ANY},
    {GALEN_PROFILE_EMERGENCY_CONTACT, "emergency_contact", GALEN_VALUE_LINE,   STAFF,  ANY},
    {GALEN_PROFILE_PRIMARY_CARE,      "primary_care",      GALEN_VALUE_LINE,   STAFF,  ANY},
    {GALEN_PROFILE_PHARMACIES,        "pharmacies",        GALEN_VALUE_TEXT,   STAFF,  ANY},
    {GALEN_PROFILE_LANGUAGE,          "language",          GALEN_VALUE_LINE,   STAFF,  ANY},
    {GALEN_PROFILE_ALLERGIES_KNOWN,   "allergies_known",   GALEN_VALUE_CHOICE, STAFF,  OPTIONS(profile_allergies_known)},
    {GALEN_PROFILE_CONDITIONS,        "conditions",        GALEN_VALUE_TEXT,   STAFF,  ANY},
    {GALEN_PROFILE_PREGNANCY,         "pregnancy",         GALEN_VALUE_CHOICE, STAFF,  OPTIONS(profile_pregnancy)},
    {GALEN_PROFILE_KIDNEY_FUNCTION,   "kidney_function",   GALEN_VALUE_LINE,   STAFF,  ANY},
    {GALEN_PROFILE_WEIGHT,            "weight",            GALEN_VALUE_LINE,   STAFF,  ANY},
    {GALEN_PROFILE_LABS,              "labs",              GALEN_VALUE_TEXT,   STAFF,  ANY},
    {GALEN_PROFILE_VACCINATIONS,      "vaccinations",      GALEN_VALUE_TEXT,   STAFF,  ANY},
    {GALEN_PROFILE_GOALS,             "goals",             GALEN_VALUE_TEXT,   THEIRS, ANY},
    {GALEN_PROFILE_REFERRED_BY,       "referred_by",       GALEN_VALUE_LINE,   STAFF,  ANY},
    {GALEN_PROFILE_WHY_NOW,           "why_now",           GALEN_VALUE_CHOICE, STAFF,  OPTIONS(profile_why_now)},
    {GALEN_PROFILE_PROGRAMME,         "programme",         GALEN_VALUE_LINE,   STAFF,  ANY},
};

static const struct galen_field dtp_fields[] = {
    {GALEN_DTP_CONDITION,        "condition",        GALEN_VALUE_TEXT,     STAFF,       ANY},
    {GALEN_DTP_MEDICINES,        "medicines",        GALEN_VALUE_LINE,     STAFF,       ANY},
    {GALEN_DTP_MEDICINE,         "medicine",         GALEN_VALUE_RECORD,   STAFF,       REFERS(GALEN_DOC_PMR)},
    {GALEN_DTP_AXIS,             "axis",             GALEN_VALUE_CHOICE,   STAFF,       OPTIONS(dtp_axis)},
    {GALEN_DTP_CATEGORY,         "category",         GALEN_VALUE_CHOICE,   STAFF,       OPTIONS(dtp_category)},
    {GALEN_DTP_SEVERITY,         "severity",         GALEN_VALUE_CHOICE,   STAFF,       OPTIONS(dtp_severity)},
    {GALEN_DTP_STATUS,           "status",           GALEN_VALUE_CHOICE,   STAFF,       OPTIONS(dtp_status)},
    {GALEN_DTP_INTERVENTION,     "intervention",     GALEN_VALUE_SET,      STAFF,       OPTIONS(dtp_intervention)},
    {GALEN_DTP_NOTE,             "note",             GALEN_VALUE_TEXT,     STAFF,       ANY},
    {GALEN_DTP_FINDING,          "finding",          GALEN_VALUE_LINE,     STAFF_ALONE, ANY},
    {GALEN_DTP_SET_ASIDE_REASON, "set_aside_reason", GALEN_VALUE_TEXT,     STAFF,       ANY},
    {GALEN_DTP_RECOMMENDATION,   "recommendation",   GALEN_VALUE_WORDING,  STAFF,       ANY},
    {GALEN_DTP_TO,               "to",               GALEN_VALUE_LINE,     STAFF,       ANY},
    {GALEN_DTP_ANSWER,           "answer",           GALEN_VALUE_CHOICE,   PRESCRIBERS, OPTIONS(dtp_answer)},
    {GALEN_DTP_ANSWER_NOTE,      "answer_note",      GALEN_VALUE_TEXT,     PRESCRIBERS, ANY},
    {GALEN_DTP_ORDER,            "order",            GALEN_VALUE_POSITION, STAFF,       ANY},
};

static const struct galen_field journal_fields[] = {
    {GALEN_JOURNAL_KIND,      "kind",      GALEN_VALUE_CHOICE, THEIRS, OPTIONS(journal_kind)},
    {GALEN_JOURNAL_AT,        "at",        GALEN_VALUE_TIME,   THEIRS, ANY},
    {GALEN_JOURNAL_SYMPTOM,   "symptom",   GALEN_VALUE_NUMBER, THEIRS, BOUNDS(0, 10)},
    {GALEN_JOURNAL_SYSTOLIC,  "systolic",  GALEN_VALUE_NUMBER, THEIRS, BOUNDS(0, 400)},
    {GALEN_JOURNAL_DIASTOLIC, "diastolic", GALEN_VALUE_NUMBER, THEIRS, BOUNDS(0, 300)},
    {GALEN_JOURNAL_VALUE,     "value",     GALEN_VALUE_LINE,   THEIRS, ANY},
    {GALEN_JOURNAL_NOTE,      "note",      GALEN_VALUE_TEXT,   THEIRS, ANY},
};

static const struct galen_field allergies_fields[] = {
    {GALEN_ALLERGIES_SUBSTANCE, "substance", GALEN_VALUE_LINE,     STAFF, ANY},
    {GALEN_ALLERGIES_KIND,      "kind",      GALEN_VALUE_CHOICE,   STAFF, OPTIONS(allergies_kind)},
    {GALEN_ALLERGIES_REACTION,  "reaction",  GALEN_VALUE_WORDING,  STAFF, ANY},
    {GALEN_ALLERGIES_SEVERITY,  "severity",  GALEN_VALUE_CHOICE,   STAFF, OPTIONS(allergies_severity)},
    {GALEN_ALLERGIES_STATUS,    "status",    GALEN_VALUE_CHOICE,   STAFF, OPTIONS(allergies_status)},
    {GALEN_ALLERGIES_ORDER,     "order",     GALEN_VALUE_POSITION, STAFF, ANY},
};

static const struct galen_field visit_fields[] = {
    {GALEN_VISIT_FIELD_TYPE,             "type",             GALEN_VALUE_CHOICE,   STAFF,       OPTIONS(visit_type)},
    {GALEN_VISIT_FIELD_DELIVERY,         "delivery",         GALEN_VALUE_CHOICE,   STAFF,       OPTIONS(visit_delivery)},
    {GALEN_VISIT_FIELD_SCHEDULED,        "scheduled",        GALEN_VALUE_TIME,     STAFF,       ANY},
    {GALEN_VISIT_FIELD_STARTED,          "started",          GALEN_VALUE_TIME,     STAFF_ALONE, ANY},
    {GALEN_VISIT_FIELD_ENDED,            "ended",            GALEN_VALUE_TIME,     STAFF_ALONE, ANY},
    {GALEN_VISIT_FIELD_MINUTES,          "minutes",          GALEN_VALUE_NUMBER,   STAFF_ALONE, BOUNDS(0, 1440)},
    {GALEN_VISIT_FIELD_PLACE,            "place",            GALEN_VALUE_LINE,     THEIRS,      ANY},
    {GALEN_VISIT_FIELD_IDENTITY,         "identity",         GALEN_VALUE_TEXT,     STAFF,       ANY},
    {GALEN_VISIT_FIELD_CONSENT,          "consent",          GALEN_VALUE_CHOICE,   STAFF,       OPTIONS(visit_consent)},
    {GALEN_VISIT_FIELD_CONSENT_TEXT,     "consent_text",     GALEN_VALUE_LINE,     STAFF,       ANY},
    {GALEN_VISIT_FIELD_CONSENT_MODE,     "consent_mode",     GALEN_VALUE_SET,      STAFF,       OPTIONS(visit_consent_mode)},
    {GALEN_VISIT_FIELD_CONSENT_BY,       "consent_by",       GALEN_VALUE_LINE,     STAFF,       ANY},
    {GALEN_VISIT_FIELD_CONSENT_RELATION, "consent_relation", GALEN_VALUE_LINE,     STAFF,       ANY},
    {GALEN_VISIT_FIELD_CONSENT_AT,       "consent_at",       GALEN_VALUE_TIME,     STAFF,       ANY},
    {GALEN_VISIT_FIELD_REVOKED_AT,       "revoked_at",       GALEN_VALUE_TIME,     STAFF,       ANY},
    {GALEN_VISIT_FIELD_INTERPRETER,      "interpreter",      GALEN_VALUE_LINE,     STAFF,       ANY},
    {GALEN_VISIT_FIELD_STEP,             "step",             GALEN_VALUE_CHOICE,   STAFF_ALONE, OPTIONS(visit_step)},
    {GALEN_VISIT_FIELD_BROWN_BAG,        "brown_bag",        GALEN_VALUE_YES_NO,   STAFF,       ANY},
    {GALEN_VISIT_FIELD_AGENDA,           "agenda",           GALEN_VALUE_TEXT,     THEIRS,      ANY},
    {GALEN_VISIT_FIELD_NOTES,            "notes",            GALEN_VALUE_TEXT,     THEIRS,      ANY},
    {GALEN_VISIT_FIELD_ASSESSMENT,       "assessment",       GALEN_VALUE_TEXT,     STAFF,       ANY},
    {GALEN_VISIT_FIELD_READ_BACK,        "read_back",        GALEN_VALUE_YES_NO,   STAFF,       ANY},
    {GALEN_VISIT_FIELD_QUESTIONS,        "questions",        GALEN_VALUE_TEXT,     THEIRS,      ANY},
    {GALEN_VISIT_FIELD_SUMMARY_SENT_AT,  "summary_sent_at",  GALEN_VALUE_TIME,     STAFF_ALONE, ANY},
    {GALEN_VISIT_FIELD_SUMMARY_HOW,      "summary_how",      GALEN_VALUE_LINE,     STAFF_ALONE, ANY},
    {GALEN_VISIT_FIELD_NEXT_AT,          "next_at",          GALEN_VALUE_TIME,     STAFF,       ANY},
    {GALEN_VISIT_FIELD_NEXT_NONE,        "next_none",        GALEN_VALUE_TEXT,     STAFF,       ANY},
    {GALEN_VISIT_FIELD_RECURRENCE,       "recurrence",       GALEN_VALUE_CHOICE,   STAFF,       OPTIONS(visit_recurrence)},
    {GALEN_VISIT_FIELD_ORDER,            "order",            GALEN_VALUE_POSITION, STAFF,       ANY},
    {GALEN_VISIT_FIELD_ASKED,            "asked",            GALEN_VALUE_SET,      STAFF,       OPTIONS(pmr_kind)},
};

static const struct galen_field checkin_fields[] = {
    {GALEN_CHECKIN_VISIT,       "visit",       GALEN_VALUE_RECORD, STAFF,  REFERS(GALEN_DOC_VISIT)},
    {GALEN_CHECKIN_DUE,         "due",         GALEN_VALUE_DATE,   STAFF,  ANY},
    {GALEN_CHECKIN_GOT_NEW,     "got_new",     GALEN_VALUE_CHOICE, THEIRS, OPTIONS(checkin_got_new)},
    {GALEN_CHECKIN_TAKING,      "taking",      GALEN_VALUE_CHOICE, THEIRS, OPTIONS(checkin_taking)},
    {GALEN_CHECKIN_TROUBLE,     "trouble",     GALEN_VALUE_TEXT,   THEIRS, ANY},
    {GALEN_CHECKIN_QUESTIONS,   "questions",   GALEN_VALUE_TEXT,   THEIRS, ANY},
    {GALEN_CHECKIN_ANSWERED_AT, "answered_at", GALEN_VALUE_TIME,   THEIRS, ANY},
};

const struct galen_document galen_documents[] = {
    /* id                 name         order                  single who adds fields */
    {GALEN_DOC_PMR,       "pmr",       GALEN_PMR_ORDER,       false, STAFF,  FIELDS(pmr_fields)},
    {GALEN_DOC_MAP,       "map",       GALEN_MAP_ORDER,       false, STAFF,  FIELDS(map_fields)},
    {GALEN_DOC_PEOPLE,    "people",    0,                     false, STAFF,  FIELDS(people_fields)},
    {GALEN_DOC_PROFILE,   "profile",   0,                     true,  THEIRS, FIELDS(profile_fields)},
    {GALEN_DOC_DTP,       "dtp",       GALEN_DTP_ORDER,       false, STAFF,  FIELDS(dtp_fields)},
    {GALEN_DOC_JOURNAL,   "journal",   0,                     false, THEIRS, FIELDS(journal_fields)},
    {GALEN_DOC_ALLERGIES, "allergies", GALEN_ALLERGIES_ORDER, false, STAFF,  FIELDS(allergies_fields)},
    {GALEN_DOC_VISIT,     "visit",     GALEN_VISIT_FIELD_ORDER,     false, STAFF,  FIELDS(visit_fields)},
    {GALEN_DOC_CHECKIN,   "checkin",   0,                     false, THEIRS, FIELDS(checkin_fields)},
};
/* clang-format on */

const size_t galen_document_count = COUNT(galen_documents);

/* A write holds each field at most once, so all fields of a document must fit in one. */
_Static_assert(COUNT(pmr_fields) <= GALEN_WRITE_FIELDS_MAX,
               "a whole record of `pmr` fits one write");
_Static_assert(COUNT(map_fields) <= GALEN_WRITE_FIELDS_MAX,
               "a whole record of `map` fits one write");
_Static_assert(COUNT(people_fields) <= GALEN_WRITE_FIELDS_MAX,
               "a whole record of `people` fits one write");
_Static_assert(COUNT(profile_fields) <= GALEN_WRITE_FIELDS_MAX,
               "a whole record of `profile` fits one write");
_Static_assert(COUNT(dtp_fields) <= GALEN_WRITE_FIELDS_MAX,
               "a whole record of `dtp` fits one write");
_Static_assert(COUNT(journal_fields) <= GALEN_WRITE_FIELDS_MAX,
               "a whole record of `journal` fits one write");
_Static_assert(COUNT(allergies_fields) <= GALEN_WRITE_FIELDS_MAX,
               "a whole record of `allergies` fits one write");
_Static_assert(COUNT(visit_fields) <= GALEN_WRITE_FIELDS_MAX,
               "a whole record of `visit` fits one write");
_Static_assert(COUNT(checkin_fields) <= GALEN_WRITE_FIELDS_MAX,
               "a whole record of `checkin` fits one write");

const char *const galen_regimen_part_names[GALEN_REGIMEN_PARTS] = {
    "drug", "strength", "form", "dose", "unit", "route", "frequency",
};

const struct galen_document *galen_document(uint8_t id)
{
    for (size_t i = 0; i < galen_document_count; i++)
        if (galen_documents[i].id == id)
            return &galen_documents[i];
    return NULL;
}

const struct galen_document *galen_document_named(const char *name)
{
    for (size_t i = 0; i < galen_document_count; i++)
        if (strcmp(galen_documents[i].name, name) == 0)
            return &galen_documents[i];
    return NULL;
}

const struct galen_field *galen_field(const struct galen_document *document, uint16_t number)
{
    if (number == 0 || number > document->field_count)
        return NULL;
    return &document->fields[number - 1];
}

const struct galen_field *galen_field_named(const struct galen_document *document, const char *name)
{
    for (size_t i = 0; i < document->field_count; i++)
        if (strcmp(document->fields[i].name, name) == 0)
            return &document->fields[i];
    return NULL;
}

const uint8_t *galen_document_single(const struct galen_document *document)
{
    static const uint8_t id[GALEN_RECORD_ID_BYTES] = {[GALEN_RECORD_ID_BYTES - 1] = 1};
    return document->single ? id : NULL;
}

/* The bit of those who are no staff; 0: who only proposes, or does nothing. */
static uint8_t writer_bit(enum galen_role role)
{
    switch (role) {
    case GALEN_ROLE_PATIENT:
        return GALEN_WRITER_PATIENT;
    case GALEN_ROLE_CAREGIVER:
        return GALEN_WRITER_CAREGIVER;
    case GALEN_ROLE_PRESCRIBER:
        return GALEN_WRITER_PRESCRIBER;
    default:
        return 0;
    }
}

bool galen_role_edits(enum galen_role role)
{
    return galen_role_is_staff(role) || writer_bit(role) != 0;
}

enum galen_access galen_field_access(const struct galen_field *field, enum galen_role role)
{
    uint8_t bit = writer_bit(role);
    if (galen_role_is_staff(role) || (field->writers & bit) != 0)
        return GALEN_ACCESS_DIRECT;
    return bit != 0 && field->writers != GALEN_STAFF_ALONE ? GALEN_ACCESS_PROPOSE
                                                           : GALEN_ACCESS_NONE;
}

enum galen_access galen_document_access(const struct galen_document *document, enum galen_role role)
{
    uint8_t bit = writer_bit(role);
    if (galen_role_is_staff(role) || (document->adders & bit) != 0)
        return GALEN_ACCESS_DIRECT;
    return bit != 0 ? GALEN_ACCESS_PROPOSE : GALEN_ACCESS_NONE;
}
