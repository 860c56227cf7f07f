/* Questions: which there are, which fields each has, and what each field takes. */
#include "ask.h"

#include "galen/mutation.h"

#include <stdio.h>
#include <string.h>

/* -- what fields take -------------------------------------------------------------------------------- */

enum field_type {
    TYPE_ID,     /* 64 hexadecimal digits */
    TYPE_IDS,    /* a list of them */
    TYPE_16,     /* 32 hexadecimal digits: a record or a token */
    TYPE_8,      /* 16 hexadecimal digits: the tag of a text */
    TYPE_NUMBER, /* whole, 0 to `max` */
    TYPE_BOOL,
    TYPE_TEXT, /* UTF-8, at most `max` bytes */
    TYPE_WORD, /* the same, as characters that end with a 0 */
    TYPE_OBJECT,
    TYPE_DOC,
    TYPE_ROLE,
    TYPE_PURPOSE, /* of a further device */
    TYPE_CLASS,
    TYPE_MEANING,
    TYPE_PAPER, /* its size */
    TYPE_ZONE,
};

static const char *const type_words[] = {
    [TYPE_ID] = "64 hexadecimal digits",
    [TYPE_IDS] = "a list of at most 8 ids of 64 hexadecimal digits",
    [TYPE_16] = "32 hexadecimal digits",
    [TYPE_8] = "16 hexadecimal digits",
    [TYPE_NUMBER] = "a whole number within its bounds",
    [TYPE_BOOL] = "true or false",
    [TYPE_TEXT] = "text that is not too long",
    [TYPE_WORD] = "text that is not too long",
    [TYPE_OBJECT] = "an object",
    [TYPE_DOC] = "the name of a document, such as pmr",
    [TYPE_ROLE] = "the name of a role",
    [TYPE_PURPOSE] = "code or sheet",
    [TYPE_CLASS] = "the name of a class of entries",
    [TYPE_PAPER] = "letter or a4",
    [TYPE_ZONE] = "hours and minutes east of UTC, as +02:00 or -05:00",
    [TYPE_MEANING] = "reviewed-with-patient, reviewed-alone or discharge-reconciled",
};

_Static_assert(GALEN_ACCOUNT_DEVICES_MAX == 8, "as type_words says");
_Static_assert(GALEN_RECORD_ID_BYTES == GALEN_OP_ID_BYTES, "TYPE_16 is both");

#define NUMBER_MAX 9007199254740991u /* 2^53 - 1: what JavaScript counts exactly */
#define AT(member) offsetof(struct asked, member)

/* clang-format off */
static const struct {
    const char *name;
    uint8_t type;
    size_t at; /* in struct asked */
    uint64_t max;
} fields[ASK_FIELD_COUNT] = {
    /*                name        type          into          at most */
    [ASK_ACCEPTED] = {"accepted", TYPE_BOOL,    AT(accepted), 0},
    [ASK_ACCOUNT]  = {"account",  TYPE_ID,      AT(account),  0},
    [ASK_ADMITTED] = {"admitted", TYPE_BOOL,    AT(admitted), 0},
    [ASK_AT]       = {"at",       TYPE_NUMBER,  AT(at),       GALEN_TEXT_POINTS_MAX},
    [ASK_BEFORE]   = {"before",   TYPE_NUMBER,  AT(before),   NUMBER_MAX},
    [ASK_CARET]    = {"caret",    TYPE_NUMBER,  AT(caret),    GALEN_TEXT_POINTS_MAX},
    [ASK_CHART]    = {"chart",    TYPE_ID,      AT(chart),    0},
    [ASK_CHECK]    = {"check",    TYPE_TEXT,    AT(check),    GALEN_NOTE_MAX},
    [ASK_CLASS]    = {"class",    TYPE_CLASS,   AT(class),    0},
    [ASK_COUNT]    = {"count",    TYPE_NUMBER,  AT(count),    ASK_ENTRIES_MAX},
    [ASK_DELETED]  = {"deleted",  TYPE_NUMBER,  AT(deleted),  GALEN_TEXT_POINTS_MAX},
    [ASK_DEVICE]   = {"device",   TYPE_ID,      AT(device),   0},
    [ASK_DEVICES]  = {"devices",  TYPE_IDS,     AT(devices),  GALEN_ACCOUNT_DEVICES_MAX},
    [ASK_DOC]      = {"doc",      TYPE_DOC,     AT(document), 0},
    [ASK_END]      = {"end",      TYPE_NUMBER,  AT(end),      GALEN_TEXT_POINTS_MAX},
    [ASK_FIELD]    = {"field",    TYPE_WORD,    AT(field),    64},
    [ASK_FIELDS]   = {"fields",   TYPE_OBJECT,  AT(fields),   0},
    [ASK_FROM]     = {"from",     TYPE_NUMBER,  AT(from),     NUMBER_MAX},
    [ASK_INSERTED] = {"inserted", TYPE_TEXT,    AT(inserted), GALEN_DRAFT_MAX},
    [ASK_LANGUAGE] = {"language", TYPE_WORD,    AT(language), 35},
    [ASK_LINK]     = {"link",     TYPE_TEXT,    AT(link),     ASK_LINK_MAX},
    [ASK_LIST]     = {"list",     TYPE_BOOL,    AT(list),     0},
    [ASK_MADE]     = {"made",     TYPE_TEXT,    AT(made),     ASK_WHOLE_MAX},
    [ASK_MEANING]  = {"meaning",  TYPE_MEANING, AT(meaning),  0},
    [ASK_MUTED]    = {"muted",    TYPE_BOOL,    AT(muted),    0},
    [ASK_NAME]     = {"name",     TYPE_TEXT,    AT(name),     NAME_TEXT_MAX - 1},
    [ASK_ON]       = {"on",       TYPE_BOOL,    AT(on),       0},
    [ASK_PAPER]    = {"paper",    TYPE_PAPER,   AT(a4),       0},
    [ASK_PROPOSAL] = {"proposal", TYPE_NUMBER,  AT(proposal), NUMBER_MAX},
    [ASK_PURPOSE]  = {"purpose",  TYPE_PURPOSE, AT(purpose),  0},
    [ASK_RECORD]   = {"record",   TYPE_16,      AT(record),   0},
    [ASK_ROLE]     = {"role",     TYPE_ROLE,    AT(role),     0},
    [ASK_SEEN]     = {"seen",     TYPE_NUMBER,  AT(seen),     NUMBER_MAX},
    [ASK_SEND]     = {"send",     TYPE_BOOL,    AT(send),     0},
    [ASK_SHOWN]    = {"shown",    TYPE_TEXT,    AT(shown),    ASK_WHOLE_MAX},
    [ASK_TAG]      = {"tag",      TYPE_8,       AT(tag),      0},
    [ASK_TEXT]     = {"text",     TYPE_TEXT,    AT(text),     GALEN_MESSAGE_MAX},
    [ASK_TOKEN]    = {"token",    TYPE_16,      AT(token),    0},
    [ASK_VERSION]  = {"version",  TYPE_NUMBER,  AT(version),  NUMBER_MAX},
    [ASK_VISIT]    = {"visit",    TYPE_16,      AT(visit),    0},
    [ASK_WAS]      = {"was",      TYPE_TEXT,    AT(was),      ASK_WHOLE_MAX},
    [ASK_ZONE]     = {"zone",     TYPE_ZONE,    AT(zone_minutes), 0},
};
/* clang-format on */

_Static_assert(GALEN_DRAFT_MAX <= GALEN_MESSAGE_MAX, "a draft's text passes, too");

/* -- the questions ------------------------------------------------------------------------------------ */

#define B(field) ASK_BIT(ASK_##field)

/* As Questions in web-client/src/core/protocol.ts; those that are not here the worker answers itself. */
/* clang-format off */
static const struct question {
    const char *name;
    ask_handler *answer;
    uint64_t needs, may; /* bit ASK_… */
} questions[] = {
    /* name            answered by        needs                                               may have */
    {"home",           ask_home,          0,                                                  0},
    {"schema",         ask_schema,        0,                                                  B(LANGUAGE)},
    {"charts",         ask_charts,        0,                                                  0},
    {"members",        ask_members,       B(CHART),                                           0},
    {"entries",        ask_entries,       B(CHART) | B(COUNT),                                B(FROM) | B(BEFORE) | B(CLASS)},
    {"records",        ask_records,       B(CHART) | B(DOC),                                  0},
    {"history",        ask_history,       B(CHART) | B(DOC) | B(RECORD) | B(FIELD),           0},
    {"then",           ask_then,          B(CHART) | B(BEFORE),                               0},
    {"undoable",       ask_undoable,      B(CHART),                                           B(LANGUAGE)},
    {"findings",       ask_findings,      B(CHART),                                           0},
    {"writing",        ask_writing,       B(DOC) | B(FIELD) | B(TEXT),                        0},
    {"merge",          ask_merge,         B(WAS) | B(MADE) | B(SHOWN),                        0},
    {"waiting",        ask_waiting,       B(CHART),                                           0},
    {"versions",       ask_versions,      B(CHART),                                           0},
    {"papers",         ask_papers,        B(CHART),                                           B(VERSION) | B(LIST) | B(PAPER) | B(ZONE)},
    {"call",           ask_call,          0,                                                  0},
    {"look",           ask_look,          B(LINK),                                            0},
    {"check",          ask_check,         B(CHART),                                           0},
    {"evidence",       ask_evidence,      B(CHART),                                           0},
    {"join",           change_join,           B(LINK),                                            0},
    {"lost",           change_lost,           B(DEVICES),                                         0},
    {"chart_new",      change_chart_new,      B(NAME),                                            0},
    {"invite",         change_invite,         B(ROLE) | B(NAME),                                  B(CHART)},
    {"invite_guest",   change_invite_guest,   B(CHART),                                           0},
    {"further_device", change_further_device, B(PURPOSE),                                         0},
    {"remove_device",  change_remove_device,  B(DEVICE),                                          0},
    {"shut_out",       change_shut_out,       0,                                                  0},
    {"add_member",     change_add_member,     B(CHART) | B(ACCOUNT),                              0},
    {"remove_member",  change_remove_member,  B(CHART) | B(ACCOUNT),                              0},
    {"renew",          change_renew,          B(CHART),                                           0},
    {"identify",       change_identify,       B(CHART) | B(ACCOUNT) | B(CHECK),                   0},
    {"message",        change_message,        B(CHART) | B(TEXT),                                 0},
    {"write",          change_write,          B(CHART) | B(DOC) | B(FIELDS),                      B(RECORD) | B(WAS)},
    {"answer",         change_answer,         B(CHART) | B(PROPOSAL) | B(ACCEPTED),               0},
    {"undo",           change_undo,           B(CHART) | B(TOKEN),                                0},
    {"sign",           change_sign,           B(CHART) | B(SEEN) | B(MEANING),                    B(VISIT)},
    {"release",        change_release,        B(TOKEN) | B(SEND),                                 0},
    {"live",           change_live,           B(ON),                                              0},
    {"draft",          change_draft,          B(CHART) | B(DOC) | B(RECORD) | B(FIELD),           B(TEXT) | B(WAS) | B(MADE) | B(TAG) | B(AT) | B(DELETED) | B(INSERTED) | B(CARET) | B(END)},
    {"visit_open",     change_visit_open,     B(CHART),                                           0},
    {"visit_end",      change_visit_end,      B(CHART),                                           0},
    {"knock",          change_knock,          0,                                                  B(CHART)},
    {"admit",          change_admit,          B(DEVICE) | B(ADMITTED),                            0},
    {"leave",          change_leave,          0,                                                  0},
    {"mute",           change_mute,           B(MUTED),                                           0},
};
/* clang-format on */
#undef B
#define QUESTION_COUNT (sizeof questions / sizeof *questions)

/* -- reading one field -------------------------------------------------------------------------------- */

static bool read_hex(const cJSON *item, uint8_t *out, size_t n)
{
    return cJSON_IsString(item) && strlen(item->valuestring) == 2 * n &&
           hex_read(item->valuestring, out, n) == (int)(2 * n);
}

static bool read_ids(struct asked *a, const cJSON *list)
{
    const cJSON *one;
    a->device_count = 0;
    if (!cJSON_IsArray(list))
        return false;
    cJSON_ArrayForEach(one, list)
    {
        if (a->device_count == GALEN_ACCOUNT_DEVICES_MAX ||
            !read_hex(one, a->devices[a->device_count].bytes, GALEN_ID_BYTES))
            return false;
        a->device_count++;
    }
    return true;
}

static bool read_number(const cJSON *item, uint64_t max, uint64_t *out)
{
    if (!cJSON_IsNumber(item) || !(item->valuedouble >= 0) || item->valuedouble > (double)max)
        return false;
    *out = (uint64_t)item->valuedouble;
    return (double)*out == item->valuedouble;
}

static bool read_text(const cJSON *item, uint64_t max, struct galen_bytes *out)
{
    if (!cJSON_IsString(item) || strlen(item->valuestring) > max)
        return false;
    *out = (struct galen_bytes){(const uint8_t *)item->valuestring, strlen(item->valuestring)};
    return true;
}

static bool read_named(const cJSON *item, uint8_t type, void *out)
{
    const char *word = cJSON_GetStringValue(item);
    uint8_t number = 0;
    if (!word)
        return false;
    if (type == TYPE_DOC) {
        const struct galen_document *document = galen_document_named(word);
        memcpy(out, &document, sizeof document);
        return document != NULL;
    }
    if (type == TYPE_ROLE)
        number = (uint8_t)galen_role_named(word);
    else if (type == TYPE_CLASS)
        number = class_named(word);
    else if (type == TYPE_MEANING)
        number = meaning_named(word);
    else if (strcmp(word, purpose_name(GALEN_PURPOSE_CODE)) == 0)
        number = GALEN_PURPOSE_CODE;
    else if (strcmp(word, purpose_name(GALEN_PURPOSE_SHEET)) == 0)
        number = GALEN_PURPOSE_SHEET;
    *(uint8_t *)out = number;
    return number != 0;
}

static bool read_field(struct asked *a, enum ask_field field, const cJSON *item)
{
    void *out = (char *)a + fields[field].at;
    switch ((enum field_type)fields[field].type) {
    case TYPE_ID:
        return read_hex(item, out, GALEN_ID_BYTES);
    case TYPE_IDS:
        return read_ids(a, item);
    case TYPE_16:
        return read_hex(item, out, GALEN_OP_ID_BYTES);
    case TYPE_8:
        return read_hex(item, out, GALEN_DRAFT_TAG_BYTES);
    case TYPE_NUMBER:
        return read_number(item, fields[field].max, out);
    case TYPE_BOOL:
        *(bool *)out = cJSON_IsTrue(item);
        return cJSON_IsBool(item);
    case TYPE_TEXT:
        return read_text(item, fields[field].max, out);
    case TYPE_WORD:
        *(const char **)out = cJSON_GetStringValue(item);
        return cJSON_IsString(item) && strlen(item->valuestring) <= fields[field].max;
    case TYPE_OBJECT:
        *(const cJSON **)out = item;
        return cJSON_IsObject(item);
    case TYPE_PAPER:
        *(bool *)out = cJSON_IsString(item) && strcmp(item->valuestring, "a4") == 0;
        return *(bool *)out || (cJSON_IsString(item) && strcmp(item->valuestring, "letter") == 0);
    case TYPE_ZONE:
        return cJSON_IsString(item) && zone_read(item->valuestring, out);
    case TYPE_DOC:
    case TYPE_ROLE:
    case TYPE_PURPOSE:
    case TYPE_CLASS:
    case TYPE_MEANING:
        return read_named(item, fields[field].type, out);
    }
    return false;
}

/* -- reading a question ------------------------------------------------------------------------------- */

static cJSON *parse(struct galen_bytes json)
{
    return json.size <= GALEN_WASM_ASK_MAX ? json_object(json) : NULL;
}

static enum galen_err usage(struct asked *a, const char *format, const char *name, const char *more)
{
    snprintf(a->help, sizeof a->help, format, name, more);
    return GALEN_ERR_USAGE;
}

static enum galen_err read_fields(struct asked *a, const struct question *q, const cJSON *question)
{
    const cJSON *item;
    cJSON_ArrayForEach(item, question)
    {
        unsigned field = 0;
        if (strcmp(item->string, "do") == 0)
            continue;
        while (field < ASK_FIELD_COUNT && strcmp(fields[field].name, item->string) != 0)
            field++;
        if (field == ASK_FIELD_COUNT)
            return usage(a, "`%s` has a field that no question has.%s", q->name, "");
        if (GALEN_CHECKED(ASK_FOREIGN) && !((q->needs | q->may) & ASK_BIT(field)))
            return usage(a, "`%s` has no field `%s`.", q->name, fields[field].name);
        if (a->given & ASK_BIT(field))
            return usage(a, "`%s` has the field `%s` twice.", q->name, fields[field].name);
        if (!read_field(a, field, item))
            return usage(a, "`%s` should be %s.", fields[field].name,
                         type_words[fields[field].type]);
        a->given |= ASK_BIT(field);
    }
    for (unsigned field = 0; field < ASK_FIELD_COUNT; field++)
        if (q->needs & ~a->given & ASK_BIT(field))
            return usage(a, "`%s` needs the field `%s`.", q->name, fields[field].name);
    return GALEN_OK;
}

static const struct question *find(struct asked *a, const cJSON *question)
{
    const cJSON *item;
    const char *name = NULL;
    cJSON_ArrayForEach(item, question)
    {
        if (strcmp(item->string, "do") != 0)
            continue;
        if (name || !cJSON_IsString(item)) {
            (void)usage(a, "`%s` should be given once, and be text.%s", "do", "");
            return NULL;
        }
        name = item->valuestring;
    }
    for (size_t i = 0; name && i < QUESTION_COUNT; i++)
        if (strcmp(questions[i].name, name) == 0)
            return &questions[i];
    (void)usage(a, "`%s` should name a question.%s", "do", "");
    return NULL;
}

const char *ask_name(size_t i)
{
    return i < QUESTION_COUNT ? questions[i].name : NULL;
}

enum galen_err ask_answer(struct asked *a, struct galen_bytes json, cJSON **question)
{
    galen_writer_init(&a->file);
    *question = parse(json);
    if (!*question)
        return usage(a, "A question is a JSON object of at most %s.%s", "1 MiB", "");
    const struct question *q = find(a, *question);
    enum galen_err err = q ? read_fields(a, q, *question) : GALEN_ERR_USAGE;
    if (err == GALEN_OK && a->given & ASK_BIT(ASK_CHART) && !galen_engine_log(a->engine, &a->chart))
        err = GALEN_ERR_CHART;
    return err == GALEN_OK ? q->answer(a) : err;
}

void ask_wipe(struct asked *a, cJSON *question)
{
    cJSON_Delete(question);
    cJSON_Delete(a->answer);
    galen_writer_wipe(&a->file);
    galen_wipe(a, sizeof *a);
}

const struct galen_field *ask_field_named(struct asked *a)
{
    const struct galen_field *field = galen_field_named(a->document, a->field);
    if (!field)
        (void)usage(a, "`%s` has no such field.%s", a->document->name, "");
    return field;
}
