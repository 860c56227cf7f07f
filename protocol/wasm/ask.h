/* A question that is being answered: what it says, read and bounded, and its answer. */
#ifndef GALEN_WASM_ASK_H
#define GALEN_WASM_ASK_H

#include "galen_wasm.h"
#include "view/view.h"

#define ASK_LINK_MAX    1024
#define ASK_ENTRIES_MAX 256                         /* given at a time */
#define ASK_WHOLE_MAX   (4 * GALEN_TEXT_POINTS_MAX) /* a text field as a whole */

/* Every field that a question may have; each has one meaning and type wherever it stands. */
enum ask_field {
    ASK_ACCEPTED,
    ASK_ACCOUNT,
    ASK_ADMITTED,
    ASK_AT,
    ASK_BEFORE,
    ASK_CARET,
    ASK_CHART,
    ASK_CHECK,
    ASK_CLASS,
    ASK_COUNT,
    ASK_DELETED,
    ASK_DEVICE,
    ASK_DEVICES,
    ASK_DOC,
    ASK_END,
    ASK_FIELD,
    ASK_FIELDS,
    ASK_FROM,
    ASK_INSERTED,
    ASK_LANGUAGE,
    ASK_LINK,
    ASK_LIST,
    ASK_MADE,
    ASK_MEANING,
    ASK_MUTED,
    ASK_NAME,
    ASK_ON,
    ASK_PAPER,
    ASK_PROPOSAL,
    ASK_PURPOSE,
    ASK_RECORD,
    ASK_ROLE,
    ASK_SEEN,
    ASK_SEND,
    ASK_SHOWN,
    ASK_TAG,
    ASK_TEXT,
    ASK_TOKEN,
    ASK_VERSION,
    ASK_VISIT,
    ASK_WAS,
    ASK_ZONE,
    ASK_FIELD_COUNT
};
#define ASK_BIT(field) (UINT64_C(1) << (field))
_Static_assert(ASK_FIELD_COUNT <= 64, "a bit each in `given`");

/* Texts are borrowed from the question. What was not given is zero. */
struct asked {
    struct galen_engine *engine;
    uint64_t now_ms;
    uint64_t given; /* bit ASK_… */
    struct galen_id chart, account, device;
    struct galen_id devices[GALEN_ACCOUNT_DEVICES_MAX];
    size_t device_count;
    uint8_t record[GALEN_RECORD_ID_BYTES], visit[GALEN_RECORD_ID_BYTES];
    galen_token token;
    const struct galen_document *document;
    struct galen_bytes text, inserted, was, made, shown, name, link, check;
    const char *field;
    const char *language;
    const cJSON *fields;
    uint8_t tag[GALEN_DRAFT_TAG_BYTES];
    uint64_t at, deleted, caret, end;
    uint64_t from, before, count, proposal, seen, version;
    int32_t zone_minutes;
    uint8_t role, purpose, class, meaning;
    bool accepted, admitted, list, muted, on, send, a4;

    /* the answer */
    cJSON *answer;            /* made by the handler; NULL: {} */
    struct galen_writer file; /* of "evidence" */
    char help[DOC_WHY_MAX];   /* of an error; empty: the error's own */
};

typedef enum galen_err ask_handler(struct asked *a);

ask_handler ask_home, ask_schema, ask_charts, ask_members, ask_entries, ask_records, ask_history,
    ask_waiting, ask_versions, ask_papers, ask_call, ask_look, ask_check, ask_evidence,
    ask_findings, ask_writing, ask_undoable, ask_then, ask_merge; /* look.c */
ask_handler change_join, change_lost, change_chart_new, change_invite, change_invite_guest,
    change_further_device, change_remove_device, change_shut_out, change_add_member,
    change_remove_member, change_renew, change_identify, change_message, change_write,
    change_answer, change_undo, change_sign, change_release, change_live, change_draft,
    change_visit_open, change_visit_end, change_knock, change_admit, change_leave,
    change_mute; /* change.c */

/** The i-th question's name; NULL past the last. */
const char *ask_name(size_t i);

/** The field of `document` that ASK_FIELD names. NULL: there is none, and `help` says so. */
const struct galen_field *ask_field_named(struct asked *a);

/** Reads a question, finds its row and answers it. `a` has engine and time; wiped with ask_wipe. */
enum galen_err ask_answer(struct asked *a, struct galen_bytes json, cJSON **question);
void ask_wipe(struct asked *a, cJSON *question);

#endif
