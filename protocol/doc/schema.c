#include "galen/schema.h"

#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* The vocabularies and tables of SCHEMA.md, row by row. An option's number is its place: new ones go
 * to the end, and none is ever taken out. */

static const struct galen_option pmr_kinds[] = {
    {"prescription", "prescribed by a doctor", "Prescription"},
    {"over-the-counter", "bought without a prescription", "Over-the-counter"},
    {"vitamin", "vitamin or mineral", "Vitamin/mineral"},
    {"supplement", "food supplement", "Supplement"},
    {"herbal", "herbal remedy", "Herbal"},
};

static const struct galen_option pmr_statuses[] = {
    {"proposed", "not started yet", "Proposed"},
    {"active", "I take it", "Active"},
    {"on-hold", "paused", "On hold"},
    {"stopped", "stopped", "Stopped"},
};

static const struct galen_option adherences[] = {
    {"as-meant", "just as I was told", "As meant"},
    {"mostly", "most of the time", "Mostly"},
    {"sometimes", "now and then", "Sometimes"},
    {"not-at-all", "I do not take it", "Not at all"},
};

static const struct galen_option barriers[] = {
    {"cost", "it costs too much", "Cost"},
    {"forgets", "I forget", "Forgets"},
    {"side-effects", "it makes me feel bad", "Side effects"},
    {"does-not-believe", "I do not think it helps", "Does not believe it helps"},
    {"cannot-use-device", "I cannot use the device", "Cannot use the device"},
    {"confusing-directions", "I find the directions confusing", "Confusing directions"},
    {"access", "I cannot get it", "Access"},
};

static const struct galen_option sources[] = {
    {"patient", "the patient", "Patient"},
    {"caregiver", "a caregiver", "Caregiver"},
    {"bottle", "the label on the bottle", "Bottle"},
    {"pharmacy", "the pharmacy", "Pharmacy"},
    {"discharge-letter", "the hospital's letter", "Discharge letter"},
    {"prescriber", "the doctor", "Prescriber"},
};

static const struct galen_option discharges[] = {
    {"continue", "go on as before", "Continue"},
    {"new", "new since the hospital", "New"},
    {"changed", "changed in the hospital", "Changed"},
    {"stopped", "stopped in the hospital", "Stopped"},
};

static const struct galen_option techniques[] = {
    {"inhaler", "inhaler", "Inhaler"},
    {"pen", "pen", "Pen"},
};

static const struct galen_option owners[] = {
    {"patient", "me", "Patient"},
    {"pharmacist", "my pharmacist", "Pharmacist"},
    {"caregiver", "my caregiver", "Caregiver"},
    {"prescriber", "my doctor", "Prescriber"},
};

static const struct galen_option map_statuses[] = {
    {"open", "not started", "Open"},
    {"doing", "working on it", "In progress"},
    {"done", "done", "Done"},
    {"dropped", "given up", "Dropped"},
};

#define OPTIONS(array) array, COUNT(array)
#define NO_OPTIONS     NULL, 0
#define THEIRS         true
#define STAFF          false

/* clang-format off */
static const struct galen_field pmr_fields[] = {
    /* number              name            kind                  writes   options              plain label                             clinical label */
    {GALEN_PMR_KIND,         "kind",         GALEN_VALUE_CHOICE,   STAFF,  OPTIONS(pmr_kinds),    "What kind of medicine it is",          "Kind"},
    {GALEN_PMR_REGIMEN,      "regimen",      GALEN_VALUE_REGIMEN,  STAFF,  NO_OPTIONS,            "How I take it",                        "Regimen"},
    {GALEN_PMR_REASON,       "reason",       GALEN_VALUE_TEXT,     STAFF,  NO_OPTIONS,            "Why I use it",                         "Indication"},
    {GALEN_PMR_INSTRUCTIONS, "instructions", GALEN_VALUE_TEXT,     STAFF,  NO_OPTIONS,            "Special directions",                   "Instructions"},
    {GALEN_PMR_PRESCRIBER,   "prescriber",   GALEN_VALUE_LINE,     STAFF,  NO_OPTIONS,            "Who prescribed it",                    "Prescriber"},
    {GALEN_PMR_PHARMACY,     "pharmacy",     GALEN_VALUE_LINE,     STAFF,  NO_OPTIONS,            "Where I get it",                       "Pharmacy"},
    {GALEN_PMR_START,        "start",        GALEN_VALUE_DATE,     STAFF,  NO_OPTIONS,            "When I started",                       "Start date"},
    {GALEN_PMR_STOP,         "stop",         GALEN_VALUE_DATE,     STAFF,  NO_OPTIONS,            "When I stopped",                       "Stop date"},
    {GALEN_PMR_STOP_REASON,  "stop_reason",  GALEN_VALUE_TEXT,     STAFF,  NO_OPTIONS,            "Why I stopped",                        "Reason for stopping"},
    {GALEN_PMR_STATUS,       "status",       GALEN_VALUE_CHOICE,   STAFF,  OPTIONS(pmr_statuses), "Do I take it now",                     "Status"},
    {GALEN_PMR_TAKEN_AS,     "taken_as",     GALEN_VALUE_TEXT,     THEIRS, NO_OPTIONS,            "How I really take it",                 "As really taken"},
    {GALEN_PMR_ADHERENCE,    "adherence",    GALEN_VALUE_CHOICE,   THEIRS, OPTIONS(adherences),   "How often I take it as I was told",    "Adherence"},
    {GALEN_PMR_BARRIERS,     "barriers",     GALEN_VALUE_SET,      THEIRS, OPTIONS(barriers),     "What makes it hard to take",           "Barriers to adherence"},
    {GALEN_PMR_EFFECTS,      "effects",      GALEN_VALUE_TEXT,     THEIRS, NO_OPTIONS,            "Side effects I noticed",               "Side effects noticed"},
    {GALEN_PMR_SOURCE,       "source",       GALEN_VALUE_SET,      STAFF,  OPTIONS(sources),      "Where this comes from",                "Source"},
    {GALEN_PMR_DISCHARGE,    "discharge",    GALEN_VALUE_CHOICE,   STAFF,  OPTIONS(discharges),   "After my hospital stay",               "At discharge"},
    {GALEN_PMR_VERIFIED_BY,  "verified_by",  GALEN_VALUE_ACCOUNT,  STAFF,  NO_OPTIONS,            "Who checked it",                       "Verified by"},
    {GALEN_PMR_VERIFIED_AT,  "verified_at",  GALEN_VALUE_TIME,     STAFF,  NO_OPTIONS,            "When it was checked",                  "Verified at"},
    {GALEN_PMR_WATCH_FOR,    "watch_for",    GALEN_VALUE_TEXT,     STAFF,  NO_OPTIONS,            "What to look out for",                 "Watch for"},
    {GALEN_PMR_EXPLAINED_AT, "explained_at", GALEN_VALUE_TIME,     STAFF,  NO_OPTIONS,            "When it was explained to me",          "Explained at"},
    {GALEN_PMR_TEACH_BACK,   "teach_back",   GALEN_VALUE_YES_NO,   STAFF,  NO_OPTIONS,            "I said in my own words how I take it", "Teach-back done"},
    {GALEN_PMR_TECHNIQUE,    "technique",    GALEN_VALUE_SET,      STAFF,  OPTIONS(techniques),   "I showed how I use the device",        "Device technique shown"},
    {GALEN_PMR_SATISFACTION, "satisfaction", GALEN_VALUE_TEXT,     THEIRS, NO_OPTIONS,            "How I feel about it",                  "Patient satisfaction"},
    {GALEN_PMR_ORDER,        "order",        GALEN_VALUE_POSITION, STAFF,  NO_OPTIONS,            "Place in the list",                    "Order"},
};

static const struct galen_field map_fields[] = {
    {GALEN_MAP_TOPIC,        "topic",        GALEN_VALUE_TEXT,     STAFF,  NO_OPTIONS,            "What we talked about",                 "Topic"},
    {GALEN_MAP_ACTION,       "action",       GALEN_VALUE_TEXT,     STAFF,  NO_OPTIONS,            "What I should do",                     "Action"},
    {GALEN_MAP_OWNER,        "owner",        GALEN_VALUE_CHOICE,   STAFF,  OPTIONS(owners),       "Who does it",                          "Owner"},
    {GALEN_MAP_DUE,          "due",          GALEN_VALUE_DATE,     STAFF,  NO_OPTIONS,            "Until when",                           "Due"},
    {GALEN_MAP_GOAL,         "goal",         GALEN_VALUE_TEXT,     THEIRS, NO_OPTIONS,            "My goal",                              "Goal"},
    {GALEN_MAP_STATUS,       "status",       GALEN_VALUE_CHOICE,   THEIRS, OPTIONS(map_statuses), "How far it is",                        "Status"},
    {GALEN_MAP_DONE_AT,      "done_at",      GALEN_VALUE_TIME,     THEIRS, NO_OPTIONS,            "When it was done",                     "Done at"},
    {GALEN_MAP_PROGRESS,     "progress",     GALEN_VALUE_TEXT,     THEIRS, NO_OPTIONS,            "What I did and when",                  "Progress"},
    {GALEN_MAP_DTP,          "dtp",          GALEN_VALUE_RECORD,   STAFF,  NO_OPTIONS,            "The problem it answers",               "Drug therapy problem"},
    {GALEN_MAP_ORDER,        "order",        GALEN_VALUE_POSITION, STAFF,  NO_OPTIONS,            "Place in the list",                    "Order"},
};

static const struct galen_field people_fields[] = {
    {GALEN_PEOPLE_NAME,      "name",         GALEN_VALUE_LINE,     STAFF,  NO_OPTIONS,            "Name",                                 "Name"},
    {GALEN_PEOPLE_RELATION,  "relation",     GALEN_VALUE_LINE,     STAFF,  NO_OPTIONS,            "Who this is to me",                    "Relation to the patient"},
};

const struct galen_document galen_documents[] = {
    {GALEN_DOC_PMR,    "pmr",    GALEN_PMR_ORDER, pmr_fields,    COUNT(pmr_fields),    "My medicines",   "Personal medication record"},
    {GALEN_DOC_MAP,    "map",    GALEN_MAP_ORDER, map_fields,    COUNT(map_fields),    "My action plan", "Medication-related action plan"},
    {GALEN_DOC_PEOPLE, "people", 0,               people_fields, COUNT(people_fields), "Who is who",     "People"},
};
/* clang-format on */

const size_t galen_document_count = COUNT(galen_documents);

/* A write holds each field at most once, so all fields of a document must fit in one. */
_Static_assert(COUNT(pmr_fields) <= GALEN_WRITE_FIELDS_MAX, "a whole medicine fits one write");
_Static_assert(COUNT(map_fields) <= GALEN_WRITE_FIELDS_MAX, "a whole action fits one write");

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

enum galen_access galen_field_access(const struct galen_field *field, enum galen_role role)
{
    switch (role) {
    case GALEN_ROLE_ADMINISTRATOR:
    case GALEN_ROLE_PHARMACIST:
    case GALEN_ROLE_TECHNICIAN:
        return GALEN_ACCESS_DIRECT;
    case GALEN_ROLE_PATIENT:
    case GALEN_ROLE_CAREGIVER:
        return field->theirs ? GALEN_ACCESS_DIRECT : GALEN_ACCESS_PROPOSE;
    case GALEN_ROLE_PRESCRIBER:
        return GALEN_ACCESS_PROPOSE;
    default:
        return GALEN_ACCESS_NONE;
    }
}
