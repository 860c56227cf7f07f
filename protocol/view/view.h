/*
 * What there is to see of a home, as JSON: what `galen --json` prints and what the web client asks the
 * core for are the same objects (web-client/src/core/protocol.ts names their fields). And the other way:
 * fields of a record as people and programs write them.
 *
 * An object is the caller's, who frees it with cJSON_Delete. See json.h for what happens without memory.
 */
#ifndef GALEN_VIEW_VIEW_H
#define GALEN_VIEW_VIEW_H

#include "galen/engine.h"
#include "galen/evidence.h"
#include "galen/papers.h"
#include "galen/safety.h"
#include "galen/words.h"
#include "json.h"

#define NAME_TEXT_MAX (4 * GALEN_LINE_POINTS_MAX + 1)

/* -- names ------------------------------------------------------------------------------------------ */

/** The name that stands for an account (or a chart) there, else in the practice's chart; "" if none. */
void name_of(const struct galen_engine *engine, const struct galen_id *chart,
             const struct galen_id *whose, char out[NAME_TEXT_MAX]);
/** The same for any line of a person's record: their phone, say. */
void person_says(const struct galen_engine *engine, const struct galen_id *chart,
                 const struct galen_id *whose, uint16_t field, char out[NAME_TEXT_MAX]);
const char *class_name(uint8_t class);
/** 0: unknown. */
uint8_t class_named(const char *name);
const char *read_state_name(uint8_t state);
const char *purpose_name(uint8_t purpose);
const char *claim_state_name(uint8_t state);
/** NULL for one that there is not. */
const char *event_name(uint8_t kind);

/* -- the home --------------------------------------------------------------------------------------- */

cJSON *home_json(const struct galen_engine *engine);
/** All documents with their fields in these words, and what this role may do with each. */
cJSON *schema_json(const struct galen_language *language, enum galen_role role);
/** The call in hand: who is in it, who waits to be let in. */
cJSON *call_json(const struct galen_engine *engine);
cJSON *event_json(const struct galen_engine *engine, const struct galen_event *event);
/** Adds what a DRAFT says. */
void draft_json(const struct galen_engine *engine, const struct galen_event *event, cJSON *object);

/* -- charts ----------------------------------------------------------------------------------------- */

/** One line of the list of charts, known to the engine. */
cJSON *chart_json(const struct galen_engine *engine, const struct galen_id *chart);
cJSON *member_json(const struct galen_engine *engine, const struct galen_id *chart,
                   const struct galen_member *member);
size_t people_count(const struct galen_rules *rules);
/** Everything that is known of an entry; NULL past the end. */
cJSON *entry_json(const struct galen_engine *engine, const struct galen_id *chart, uint64_t index);
/** A request that is not in the log yet. */
cJSON *waiting_json(const struct galen_engine *engine, const struct galen_waiting *waiting);
/** What an operation says, as fields of the object. */
/* Where an operation waits to be sent: its texts say what they will say. */
struct waiting_in {
    const struct galen_engine *engine;
    const struct galen_id *chart;
    bool suggested;
};
/** What somebody wrote that could not be done (GALEN_EVENT_FAILED), in their words, appended; of a text what they added. */
void failed_words(const struct galen_event *e, struct galen_writer *out);
/** `in` NULL: it stands in the log. */
void operation_json(cJSON *object, const struct galen_op *op, const struct waiting_in *in);

/* -- documents -------------------------------------------------------------------------------------- */

/**
 * Its proposals but for those that were replaced, which stand in the log: whoever types a suggestion leaves many.
 * What a field of a proposal would say is worked out for the newest of a record's proposals that wait, or are in
 * conflict. Those before them are marked `later`: they are shown when these have an answer. Of a text they, and those that
 * do not wait, show how they change it (splices_text).
 */
#define PROPOSALS_SHOWN_MAX 32
cJSON *record_json(const struct galen_engine *engine, const struct galen_id *chart,
                   const struct galen_record *record);
/** Everything that was ever said for a field, in log order. Of a text not what it said then, but what each edit changed in
 *  it: `changes` [{at, gone, came}]. */
cJSON *history_json(const struct galen_engine *engine, const struct galen_id *chart,
                    const struct galen_record *record, uint16_t field);
/** What a person calls a record: a medicine by its drug, an action by its topic … False: by nothing of its own. */
bool record_title(const struct galen_record *record, char out[NAME_TEXT_MAX]);
/** The same, if the value of this field of its document says it. */
bool value_title(const struct galen_document *document, uint16_t field, struct galen_bytes value,
                 char out[NAME_TEXT_MAX]);
/** The name of a field, or its number in digits. */
const char *field_name(const struct galen_document *document, uint16_t number, char room[8]);
/** An encoded value as text, appended. */
void value_text(const struct galen_document *document, uint16_t number, struct galen_bytes value,
                struct galen_writer *out);

/** What an edit of a text does, appended: "@at -deleted +inserted" a line; of the first one what it says. */
void splices_text(struct galen_bytes splices, struct galen_writer *out);

/**
 * What this person could take back: {undo, redo, passed: a change or null; error, help if there is no undo}. A change:
 * {token, index (if it is in the log), time_ms, kind, again, adds, accepted, doc, record, title, what, why, by, fields [{field,
 * label, goes, why, by, now, then}]}; `what` says it in the words of this person's role. NULL: `err`.
 */
cJSON *undo_json(const struct galen_engine *engine, const struct galen_id *chart,
                 const struct galen_language *language, enum galen_err *err);

/** How many entries the log had at a time of the server's clock. */
uint64_t size_at(const struct galen_log *log, uint64_t time_ms);
/**
 * The documents as they were when the log had `size` entries: {size, time_ms, records {pmr: [as record_json], …}}.
 * NULL: `err`: CHART; NOT_HOLDER; VALUE: the log never was of that size; MEMORY.
 */
cJSON *then_json(const struct galen_engine *engine, const struct galen_id *chart, uint64_t size,
                 enum galen_err *err);

/* -- safety aids ------------------------------------------------------------------------------------ */

/** Findings, what was checked and what was not, in the words of `role`. NULL: `err`, which is MEMORY. */
cJSON *findings_json(const struct galen_docs *docs, uint64_t now_ms, enum galen_role role,
                     enum galen_err *err);
/** What is easily misread in a value of this field ("regimen", or "regimen.dose" for a part). False: there is no
 *  such field. */
bool writing_json(const struct galen_document *document, const char *field, struct galen_bytes text,
                  cJSON **out);

/* -- signed versions -------------------------------------------------------------------------------- */

const char *meaning_name(uint8_t meaning);
/** 0: unknown. */
uint8_t meaning_named(const char *name);
cJSON *version_json(const struct galen_engine *engine, const struct galen_id *chart,
                    const struct galen_version *version);
/** All of a chart, and whether this person could sign now, or else why not. */
cJSON *versions_json(const struct galen_engine *engine, const struct galen_id *chart);
#define SIGN_HELP_MAX 720
/** What to do next when galen_engine_sign gave `err` for this visit, or NULL: names what is in conflict or not decided. */
void sign_help(const struct galen_engine *engine, const struct galen_id *chart,
               const uint8_t *visit, uint8_t meaning, enum galen_err err, char out[SIGN_HELP_MAX]);

/* -- papers ------------------------------------------------------------------------------------------ */

#define PAPERS_NEWEST UINT64_MAX
struct papers_asked {
    /* PAPERS_NEWEST: the newest, of the list only while it is not superseded; else, and for 0, the documents
     * as they are, which are not signed */
    uint64_t version;
    bool list; /* the current list for another pharmacy; else the three papers to take home */
    bool a4;
    int32_t zone_minutes; /* east of UTC */
};
/** "+02:00" and the like. */
bool zone_read(const char *text, int32_t *minutes);
/** {signed, version, superseded, papers: [{name, title, html}]}. NULL: NOT_HOLDER; VALUE: no such version; MEMORY. */
cJSON *papers_json(const struct galen_engine *engine, const struct galen_id *chart,
                   const struct papers_asked *asked, uint64_t now_ms, enum galen_err *err);

/* -- evidence --------------------------------------------------------------------------------------- */

/**
 * Checks evidence as galen_evidence_check does, and says what it found: each claim, "findings",
 * "heads", "contents". NULL: it could not be checked, and `err` says why.
 */
cJSON *evidence_json(struct galen_bytes file, const struct galen_id *practice,
                     struct galen_evidence_report *report, enum galen_err *err);

/** What a sign-off is about: {schema, records: [{doc, record, state, fields: {name: [values]}, proposals}]}.
 *  NULL: these bytes are no such thing. */
cJSON *signed_json(struct galen_bytes documents);
/** The name that stands there for an account. False: none. */
bool signed_name(struct galen_bytes documents, const struct galen_id *account,
                 char out[NAME_TEXT_MAX]);

/* -- fields as they are written --------------------------------------------------------------------- */

/** What a field takes, in words. */
void field_takes(const struct galen_field *field, char *out, size_t room);
#define DOC_NAMES_MAX 128
/** The names of all documents, with commas between. */
void document_names(char out[DOC_NAMES_MAX]);
#define DOC_WHY_MAX 720
/**
 * Reads fields from `name=value` lines or a JSON object into an encoded Write. VALUE: `why` says which
 * field and what it takes; MEMORY.
 */
GALEN_MUST_USE enum galen_err fields_from_text(const struct galen_document *document,
                                               const uint8_t record[16], struct galen_bytes text,
                                               struct galen_writer *write, char why[DOC_WHY_MAX]);
GALEN_MUST_USE enum galen_err fields_from_json(const struct galen_document *document,
                                               const uint8_t record[16], const cJSON *object,
                                               struct galen_writer *write, char why[DOC_WHY_MAX]);

#endif
