/*
 * D2 as a whole: everything that any role might try with any field, by clients that do not obey. What
 * holds is what protocol/doc/SCHEMA.md says, which is read here as it stands; and all who read the same
 * log refuse the same.
 */
#include "galen/doc.h"
#include "galen/text.h"

#include "support/any_value.h"
#include "support/chart_story.h"
#include "support/home.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- What SCHEMA.md says ------------------------------------------------------------------------- */

enum { FIELDS_MAX = GALEN_WRITE_FIELDS_MAX, DOCUMENTS_MAX = 32 };

/* Roles as bits. */
#define ROLE(role) (1u << (role))
#define STAFF                                                                                      \
    (ROLE(GALEN_ROLE_ADMINISTRATOR) | ROLE(GALEN_ROLE_PHARMACIST) | ROLE(GALEN_ROLE_TECHNICIAN))
#define THEIRS     (ROLE(GALEN_ROLE_PATIENT) | ROLE(GALEN_ROLE_CAREGIVER))
#define PRESCRIBER ROLE(GALEN_ROLE_PRESCRIBER)

struct said_document {
    uint8_t id;
    char name[40];
    bool single;
    unsigned adders;
    size_t field_count;
    struct {
        char name[40];
        unsigned writers, proposers;
    } fields[FIELDS_MAX]; /* number n stands at n - 1 */
};

struct said_schema {
    size_t count;
    struct said_document documents[DOCUMENTS_MAX];
};

static void say_who(const char *who, unsigned *writers, unsigned *proposers)
{
    *writers = STAFF;
    *proposers = STAFF | THEIRS | PRESCRIBER;
    if (strcmp(who, "theirs ") == 0)
        *writers |= THEIRS;
    else if (strcmp(who, "prescriber ") == 0)
        *writers |= PRESCRIBER;
    else if (strcmp(who, "staff alone ") == 0)
        *proposers = STAFF;
    else
        cr_assert_str_eq(who, "staff ");
}

static void say_line(struct said_schema *schema, const char *line)
{
    unsigned number;
    char name[40], who[40];
    if (sscanf(line, "## %39s %u", name, &number) == 2) {
        struct said_document *next = &schema->documents[schema->count++];
        next->id = (uint8_t)number;
        strcpy(next->name, name);
    }
    if (schema->count == 0)
        return;
    struct said_document *document = &schema->documents[schema->count - 1];
    if (strstr(line, "One record, and no other") != NULL)
        document->single = true;
    if (strstr(line, "Records are added by: staff.") != NULL)
        document->adders = STAFF;
    if (strstr(line, "Records are added by: staff, patient, caregiver.") != NULL)
        document->adders = STAFF | THEIRS;
    if (sscanf(line, "| %u | `%39[^`]` | %*[^|] | %39[^|] |", &number, name, who) != 3)
        return;
    cr_assert_eq(number, document->field_count + 1, "%s", line);
    size_t i = document->field_count++;
    strcpy(document->fields[i].name, name);
    say_who(who, &document->fields[i].writers, &document->fields[i].proposers);
}

static const struct said_schema *said_schema(void)
{
    static struct said_schema schema;
    char line[1000];
    memset(&schema, 0, sizeof schema);
    FILE *file = fopen(GALEN_SOURCE_DIR "/protocol/doc/SCHEMA.md", "r");
    cr_assert_not_null(file);
    while (fgets(line, sizeof line, file) != NULL)
        say_line(&schema, line);
    fclose(file);
    cr_assert_eq(schema.count, galen_document_count);
    for (size_t d = 0; d < schema.count; d++) {
        const struct said_document *said = &schema.documents[d];
        cr_assert_eq(said->field_count, galen_document(said->id)->field_count, "%s", said->name);
        cr_assert_neq(said->adders, 0, "%s", said->name);
    }
    return &schema;
}

/* ---- What a client tries ------------------------------------------------------------------------- */

enum action { WRITE, ADD, PROPOSE, PROPOSE_NEW, ACCEPT, DECLINE, ACTIONS };

static const char *const action_names[] = {
    "writes to", "adds", "proposes", "proposes a record with", "accepts", "declines"};

static const enum galen_role roles[] = {
    GALEN_ROLE_PRACTICE,    GALEN_ROLE_CUSTODIAN, GALEN_ROLE_ADMINISTRATOR, GALEN_ROLE_PHARMACIST,
    GALEN_ROLE_TECHNICIAN,  GALEN_ROLE_PATIENT,   GALEN_ROLE_CAREGIVER,     GALEN_ROLE_PRESCRIBER,
    GALEN_ROLE_INTERPRETER, (enum galen_role)0,   (enum galen_role)10,      (enum galen_role)31,
};
enum { ROLES = sizeof roles / sizeof roles[0] };

/* The rule, by what SCHEMA.md says. */
static bool holds(const struct said_document *document, size_t field, enum action action,
                  enum galen_role role)
{
    unsigned one = ROLE(role);
    switch (action) {
    case WRITE:
        return document->fields[field].writers & one;
    case ADD:
        return document->fields[field].writers & document->adders & one;
    case PROPOSE:
    case PROPOSE_NEW:
        return document->fields[field].proposers & one;
    default:
        return STAFF & one;
    }
}

/* ---- A log, and those who read it ---------------------------------------------------------------- */

struct line {
    struct galen_docs_entry entry;
    struct galen_writer plain;
};

struct trial {
    struct line lines[16];
    size_t size;
    struct galen_docs *docs;      /* of the first reader */
    struct galen_verdict verdict; /* the first reader's, of the last entry */
};

static struct galen_verdict take(struct galen_docs *docs, const struct line *line)
{
    struct galen_op op;
    struct galen_verdict verdict;
    uint16_t kind = (uint16_t)(line->plain.at[1] << 8 | line->plain.at[2]);
    cr_assert_eq(galen_op_read(galen_written(&line->plain), galen_kind_class(kind), &op), GALEN_OK);
    cr_assert_eq(galen_docs_apply(docs, &line->entry, &op, &verdict), GALEN_OK);
    return verdict;
}

static uint64_t append(struct trial *t, const struct person *who, struct galen_op *op)
{
    cr_assert_lt(t->size, sizeof t->lines / sizeof t->lines[0]);
    struct line *line = &t->lines[t->size];
    struct story place = {.size = t->size};
    line->entry = story_entry(&place, who);
    op->id[0] = (uint8_t)(t->size + 1);
    op->base = t->size;
    galen_writer_init(&line->plain);
    galen_op_write(&line->plain, op);
    cr_assert_not(line->plain.failed);
    t->verdict = take(t->docs, line);
    return t->size++;
}

static void trial_begin(struct trial *t)
{
    memset(t, 0, sizeof *t);
    t->docs = galen_docs_new();
}

static void assert_same(const struct galen_docs *a, const struct galen_docs *b, size_t size)
{
    struct galen_writer one, other;
    galen_writer_init(&one);
    galen_writer_init(&other);
    story_canonical(a, &one);
    story_canonical(b, &other);
    cr_assert(galen_bytes_equal(galen_written(&one), galen_written(&other)));
    for (uint64_t i = 0; i < size; i++) {
        struct galen_docs_item here, there;
        cr_assert(galen_docs_item(a, i, &here));
        cr_assert(galen_docs_item(b, i, &there));
        cr_assert_eq(here.verdict.err, there.verdict.err);
        cr_assert_eq(here.verdict.counts, there.verdict.counts);
        cr_assert_eq(here.verdict.void_fields, there.verdict.void_fields);
    }
    galen_writer_wipe(&one);
    galen_writer_wipe(&other);
}

/* Somebody else reads the log from its beginning. */
static void trial_end(struct trial *t)
{
    struct galen_docs *other = galen_docs_new();
    for (size_t i = 0; i < t->size; i++)
        take(other, &t->lines[i]);
    assert_same(t->docs, other, t->size);
    galen_docs_free(other);
    galen_docs_free(t->docs);
    for (size_t i = 0; i < t->size; i++)
        galen_writer_wipe(&t->lines[i].plain);
}

static void record_id(const struct said_document *document, char record, uint8_t id[16])
{
    story_record_id(record, id);
    if (document->single)
        memcpy(id, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1", 16);
}

/* What a write of some fields of a record says; the values' bytes stand in `values`. */
static struct galen_op write_op(const struct said_document *document, char record, uint64_t fields,
                                uint32_t pick, bool proposed, struct galen_writer *values)
{
    struct galen_op op = {.kind = proposed ? GALEN_KIND_PROPOSE : GALEN_KIND_WRITE};
    struct galen_write *write = &op.content.write;
    size_t from[FIELDS_MAX + 1];
    write->doc = document->id;
    record_id(document, record, write->record);
    galen_writer_clear(values);
    for (uint16_t n = 1; n <= document->field_count; n++) {
        const struct galen_field *field = galen_field(galen_document(document->id), n);
        char text[ANY_VALUE_MAX];
        if ((fields >> (n - 1) & 1) == 0)
            continue;
        from[write->count] = values->size;
        any_value(field, pick + n, text);
        struct galen_bytes bytes = {(const uint8_t *)text, strlen(text)};
        struct galen_splice said = {.inserted = bytes}; /* in front of what the text says */
        if (field->kind == GALEN_VALUE_TEXT)
            galen_splices_write(values, &said, 1);
        else
            cr_assert_eq(galen_value_parse(values, field, bytes), GALEN_OK, "%s: %s", field->name,
                         text);
        write->fields[write->count++].field = n;
    }
    from[write->count] = values->size;
    for (size_t i = 0; i < write->count; i++)
        write->fields[i].value = (struct galen_bytes){values->at + from[i], from[i + 1] - from[i]};
    return op;
}

/* ---- Each role, each field, each action ---------------------------------------------------------- */

/* Another field of the same document, for a record that is there before. */
static uint64_t other_field(size_t field)
{
    return field == 0 ? 2 : 1;
}

static uint64_t try_action(struct trial *t, const struct said_document *document, size_t field,
                           enum action action, const struct person *who)
{
    struct galen_writer values;
    galen_writer_init(&values);
    uint64_t one = UINT64_C(1) << field, index;
    bool fresh = action == ADD || action == PROPOSE_NEW;
    struct galen_op op;
    if (!fresh) {
        op = write_op(document, 'r', other_field(field), 0, false, &values);
        append(t, &ana, &op);
        cr_assert(t->verdict.counts);
    }
    if (action == ACCEPT || action == DECLINE) {
        op = write_op(document, 'r', one, 0, true, &values);
        uint64_t proposal = append(t, &tom, &op);
        cr_assert(t->verdict.counts);
        op = (struct galen_op){.kind = GALEN_KIND_ANSWER};
        op.content.answer.proposal = proposal;
        op.content.answer.accepted = action == ACCEPT;
    } else {
        op = write_op(document, 'r', one, 0, action == PROPOSE || action == PROPOSE_NEW, &values);
    }
    index = append(t, who, &op);
    galen_writer_wipe(&values);
    return index;
}

/* What it did, or that it did nothing. */
static void assert_done(const struct trial *t, const struct said_document *document, size_t field,
                        enum action action, bool done)
{
    uint16_t number = (uint16_t)(field + 1), order = galen_document(document->id)->order;
    uint8_t id[16];
    record_id(document, 'r', id);
    const struct galen_record *record = galen_docs_record(t->docs, document->id, id);
    bool fresh = action == ADD || action == PROPOSE_NEW;
    cr_assert_eq(record != NULL, done || !fresh);
    size_t values = record == NULL ? 0 : galen_record_value_count(record, number);
    size_t proposals = record == NULL ? 0 : galen_record_proposal_count(record);
    size_t waiting = galen_docs_pending_count(t->docs);
    switch (action) {
    case WRITE:
    case ADD:
        cr_assert_eq(values, done);
        cr_assert_eq(proposals, 0);
        cr_assert(
            record == NULL || /* its place in a list says nothing about the patient */
            galen_record_state(record) ==
                (action == ADD && number == order ? GALEN_RECORD_EMPTY : GALEN_RECORD_PRESENT));
        break;
    case PROPOSE:
    case PROPOSE_NEW:
        cr_assert_eq(values, 0);
        cr_assert_eq(proposals, done);
        cr_assert_eq(waiting, done);
        break;
    default:
        cr_assert_eq(values, action == ACCEPT && done);
        cr_assert_eq(proposals, 1);
        cr_assert_eq(waiting, !done);
    }
}

Test(doc_access, D2_every_role_field_and_action_is_as_SCHEMA_md_says, .timeout = 300)
{
    const struct said_schema *schema = said_schema();
    size_t tried = 0, refused = 0;
    for (size_t r = 0; r < ROLES; r++)
        for (size_t d = 0; d < schema->count; d++)
            for (size_t f = 0; f < schema->documents[d].field_count; f++)
                for (enum action action = 0; action < ACTIONS; action++) {
                    const struct said_document *document = &schema->documents[d];
                    struct person who = {99, 99, roles[r]};
                    struct trial t;
                    trial_begin(&t);
                    try_action(&t, document, f, action, &who);
                    bool done = holds(document, f, action, roles[r]);
                    cr_assert_eq(t.verdict.err, done ? GALEN_OK : GALEN_ERR_ROLE,
                                 "role %d %s %s.%s: %s", roles[r], action_names[action],
                                 document->name, document->fields[f].name,
                                 galen_err_name(t.verdict.err));
                    cr_assert_eq(t.verdict.counts, done);
                    assert_done(&t, document, f, action, done);
                    trial_end(&t);
                    tried++;
                    refused += !done;
                }
    cr_assert_gt(refused, tried / 3);
    cr_assert_gt(tried - refused, tried / 4);
}

/* What screens are told is what readers hold to. */
Test(doc_access, D2_what_a_client_is_told_is_what_readers_hold_to)
{
    const struct said_schema *schema = said_schema();
    for (size_t r = 0; r < ROLES; r++)
        for (size_t d = 0; d < schema->count; d++) {
            const struct said_document *said = &schema->documents[d];
            const struct galen_document *document = galen_document(said->id);
            enum galen_access adds = galen_document_access(document, roles[r]);
            bool direct = said->adders & ROLE(roles[r]);
            bool part = (STAFF | THEIRS | PRESCRIBER) & ROLE(roles[r]);
            cr_assert_eq(adds, direct ? GALEN_ACCESS_DIRECT
                               : part ? GALEN_ACCESS_PROPOSE
                                      : GALEN_ACCESS_NONE);
            for (size_t f = 0; f < said->field_count; f++) {
                enum galen_access access =
                    galen_field_access(galen_field(document, (uint16_t)(f + 1)), roles[r]);
                cr_assert_eq(access == GALEN_ACCESS_DIRECT, holds(said, f, WRITE, roles[r]));
                cr_assert_eq(access >= GALEN_ACCESS_PROPOSE, holds(said, f, PROPOSE, roles[r]));
            }
        }
}

/* ---- Whole records, as signed entries, read by engines of several people ------------------------- */

enum { MEMBERS = 7, HOMES = 3 };

struct practice {
    struct chart *chart;
    struct chart_device *members[MEMBERS]; /* who write, by hand */
    enum galen_role roles[MEMBERS];
    struct chart_device *readers[HOMES]; /* honest devices, and their engines */
    struct home *homes[HOMES];
};

static struct home *open_home(struct chart *chart, const struct chart_device *device)
{
    struct home *home = home_new(chart, NULL);
    home_is(home, GALEN_HOME_MEMBER, device);
    home_start(home);
    return home;
}

static struct practice practice_open(void)
{
    struct practice p = {.chart = chart_new(401)};
    struct chart *chart = p.chart;
    const enum galen_role mine[MEMBERS] = {
        GALEN_ROLE_PHARMACIST, GALEN_ROLE_TECHNICIAN,    GALEN_ROLE_PATIENT,  GALEN_ROLE_CAREGIVER,
        GALEN_ROLE_PRESCRIBER, GALEN_ROLE_ADMINISTRATOR, GALEN_ROLE_CUSTODIAN};
    memcpy(p.roles, mine, sizeof mine);
    p.members[0] = chart_person(chart, "pharmacist", mine[0], chart->admin);
    chart_start(chart, p.members[0], NULL, 0);
    p.members[1] = chart_person(chart, "technician", mine[1], chart->admin);
    p.members[2] = chart_person(chart, "patient", mine[2], p.members[0]);
    p.members[3] = chart_person(chart, "caregiver", mine[3], p.members[0]);
    p.members[4] = chart_person(chart, "prescriber", mine[4], p.members[0]);
    for (size_t i = 1; i < 5; i++)
        chart_add(chart, p.members[0], p.members[i], true);
    p.members[5] = chart->admin;
    p.members[6] = chart->custodian;
    if (galen_rules_member(chart->rules, &chart->admin->id) == NULL)
        chart_add(chart, p.members[0], chart->admin, true);
    p.readers[0] = chart_person(chart, "colleague", GALEN_ROLE_PHARMACIST, chart->admin);
    p.readers[1] = chart_next_device(chart, "patient's phone", GALEN_PURPOSE_DEVICE, p.members[2]);
    p.readers[2] =
        chart_next_device(chart, "prescriber's phone", GALEN_PURPOSE_DEVICE, p.members[4]);
    for (size_t i = 0; i < HOMES; i++)
        chart_add(chart, p.members[0], p.readers[i], true);
    p.homes[0] = open_home(chart, p.readers[0]);
    p.homes[1] = open_home(chart, p.readers[1]);
    return p;
}

static void practice_close(struct practice *p)
{
    for (size_t i = 0; i < HOMES; i++)
        home_free(p->homes[i]);
    chart_free(p->chart);
}

static const struct galen_docs *docs_of(const struct practice *p, const struct home *home)
{
    return galen_engine_docs(home->engine, galen_rules_chart(p->chart->rules));
}

/* All who read say of this entry what SCHEMA.md says of each of its fields. */
static void assert_fields(const struct practice *p, uint64_t index,
                          const struct said_document *document, enum action action,
                          enum galen_role role)
{
    uint64_t refused = 0, all = UINT64_MAX >> (64 - document->field_count);
    for (size_t f = 0; f < document->field_count; f++)
        if (!holds(document, f, action, role))
            refused |= UINT64_C(1) << f;
    for (size_t i = 0; i < HOMES; i++) {
        struct galen_docs_item item;
        cr_assert(galen_docs_item(docs_of(p, p->homes[i]), index, &item));
        cr_assert_eq(item.verdict.void_fields, refused, "role %d %s %s, home %zu: %llx not %llx",
                     role, action_names[action], document->name, i,
                     (unsigned long long)item.verdict.void_fields, (unsigned long long)refused);
        cr_assert_eq(item.verdict.counts, refused != all);
        cr_assert_eq(item.verdict.err, refused == 0 ? GALEN_OK : GALEN_ERR_ROLE);
    }
}

/* What is tried besides: answers to one's own proposal, and the kinds that name no field. */
enum { ACCEPT_OWN = ACTIONS, WITHDRAW, IDENTIFY, OPEN_VISIT, SIGN, DEEDS };

struct deed {
    uint64_t index;
    uint8_t document, action, role; /* places */
};

/* Whether a deed without fields holds, by what PROTOCOL.md says under "Verdicts". */
static bool deed_holds(unsigned action, enum galen_role role)
{
    if (action == SIGN)
        return role == GALEN_ROLE_PHARMACIST;
    return (action == WITHDRAW ? STAFF | THEIRS | PRESCRIBER : STAFF) & ROLE(role);
}

static struct galen_op deed_op(unsigned action, uint64_t proposal)
{
    struct galen_op op = {.kind = GALEN_KIND_ANSWER};
    op.content.answer.proposal = proposal;
    op.content.answer.accepted = action == ACCEPT || action == ACCEPT_OWN;
    if (action == IDENTIFY) {
        op = (struct galen_op){.kind = GALEN_KIND_IDENTITY};
        op.content.identity.account.bytes[0] = 4;
        op.content.identity.check = (struct galen_bytes){(const uint8_t *)"x", 1};
    } else if (action == OPEN_VISIT) {
        op = (struct galen_op){.kind = GALEN_KIND_VISIT};
        op.content.visit.visit.bytes[0] = 4;
        op.content.visit.event = GALEN_VISIT_OPENED;
    } else if (action == SIGN) {
        op = (struct galen_op){.kind = GALEN_KIND_SIGN};
        op.content.sign.meaning = GALEN_SIGN_ALONE;
        op.content.sign.schema = GALEN_SCHEMA_VERSION;
    }
    return op;
}

static struct deed do_deed(struct practice *p, const struct said_schema *schema, size_t d,
                           unsigned action, size_t m, uint64_t proposal)
{
    const struct said_document *document = &schema->documents[d];
    bool fresh = action == ADD || action == PROPOSE_NEW;
    struct galen_writer values;
    galen_writer_init(&values);
    char record = fresh ? (char)(16 * (m + 1) + action) : 'r';
    struct galen_op op = action >= ACCEPT
                             ? deed_op(action, proposal)
                             : write_op(document, record, UINT64_MAX, 0,
                                        action == PROPOSE || action == PROPOSE_NEW, &values);
    uint64_t index = chart_operate(p->chart, p->members[m], op);
    galen_writer_wipe(&values);
    return (struct deed){index, (uint8_t)d, (uint8_t)action, (uint8_t)m};
}

/* All that a member does about a document. */
static size_t do_deeds(struct practice *p, const struct said_schema *schema, size_t d, size_t m,
                       uint64_t proposal, struct deed *deeds)
{
    size_t count = 0;
    uint64_t own = 0;
    for (unsigned action = 0; action < (d == 0 ? DEEDS : IDENTIFY); action++) {
        if (schema->documents[d].single && action == ADD)
            continue; /* it is there already */
        uint64_t answered = action == ACCEPT_OWN || action == WITHDRAW ? own : proposal;
        deeds[count++] = do_deed(p, schema, d, action, m, answered);
        if (action == PROPOSE)
            own = deeds[count - 1].index;
    }
    return count;
}

static void show_homes(struct practice *p)
{
    home_show(p->homes[0]);
    home_crash(p->homes[1]); /* and starts from what it has kept */
    home_start(p->homes[1]);
    home_show(p->homes[1]);
}

Test(doc_access, D2_all_who_read_a_signed_log_refuse_the_same, .timeout = 300)
{
    static struct deed deeds[DOCUMENTS_MAX * MEMBERS * DEEDS];
    const struct said_schema *schema = said_schema();
    struct practice p = practice_open();
    size_t count = 0;
    for (size_t d = 0; d < schema->count; d++) {
        struct galen_writer values;
        galen_writer_init(&values);
        struct galen_op op = write_op(&schema->documents[d], 'r', 1, 0, false, &values);
        chart_operate(p.chart, p.members[0], op);
        op = write_op(&schema->documents[d], 'r', UINT64_MAX, 0, true, &values);
        uint64_t proposal = chart_operate(p.chart, p.members[0], op);
        galen_writer_wipe(&values);
        for (size_t m = 0; m < MEMBERS; m++)
            count += do_deeds(&p, schema, d, m, proposal, deeds + count);
        show_homes(&p);
    }
    p.homes[2] = open_home(p.chart, p.readers[2]); /* reads all of it at once */
    for (size_t i = 0; i < count; i++) {
        const struct said_document *document = &schema->documents[deeds[i].document];
        enum galen_role role = p.roles[deeds[i].role];
        if (deeds[i].action < ACCEPT) {
            assert_fields(&p, deeds[i].index, document, (enum action)deeds[i].action, role);
            continue;
        }
        for (size_t h = 0; h < HOMES; h++) {
            struct galen_docs_item item;
            cr_assert(galen_docs_item(docs_of(&p, p.homes[h]), deeds[i].index, &item));
            if (deeds[i].action != SIGN) /* which more is asked of */
                cr_assert_eq(item.verdict.counts, deed_holds(deeds[i].action, role),
                             "role %d, deed %d", role, deeds[i].action);
            cr_assert_eq(item.verdict.err == GALEN_ERR_ROLE, !deed_holds(deeds[i].action, role),
                         "role %d, deed %d", role, deeds[i].action);
        }
    }
    for (size_t h = 1; h < HOMES; h++) {
        struct galen_writer one, other;
        galen_writer_init(&one);
        galen_writer_init(&other);
        story_canonical(docs_of(&p, p.homes[0]), &one);
        story_canonical(docs_of(&p, p.homes[h]), &other);
        cr_assert(galen_bytes_equal(galen_written(&one), galen_written(&other)));
        galen_writer_wipe(&one);
        galen_writer_wipe(&other);
    }
    practice_close(&p);
}

/* ---- Whose words they are ------------------------------------------------------------------------ */

static const struct galen_record *record_of(const struct trial *t,
                                            const struct said_document *document)
{
    uint8_t id[GALEN_RECORD_ID_BYTES];
    record_id(document, 'r', id);
    return galen_docs_record(t->docs, document->id, id);
}

/* The patient says something where it is theirs to say, and a caregiver after having read it. */
static void assert_said_by_each(const struct said_document *document, size_t f)
{
    struct galen_writer values;
    struct trial t;
    uint16_t number = (uint16_t)(f + 1);
    trial_begin(&t);
    galen_writer_init(&values);
    struct galen_op op = write_op(document, 'r', other_field(f), 0, false, &values);
    append(&t, &ana, &op);
    op = write_op(document, 'r', UINT64_C(1) << f, 1, false, &values);
    append(&t, &pat, &op);
    op = write_op(document, 'r', UINT64_C(1) << f, 2, false, &values);
    append(&t, &cara, &op);
    const struct galen_record *record = record_of(&t, document);
    cr_assert_eq(galen_record_history_count(record, number), 2);
    cr_assert_eq(galen_record_history(record, number, 0).entry->account.bytes[0], pat.account);
    cr_assert_eq(galen_record_history(record, number, 1).entry->account.bytes[0], cara.account);
    cr_assert_eq(galen_record_value_count(record, number), 1);
    cr_assert_eq(galen_record_value(record, number, 0).entry->role, GALEN_ROLE_CAREGIVER);
    galen_writer_wipe(&values);
    trial_end(&t);
}

/* Both propose instead; neither takes the place of the other's, but one's own newer one does. */
static void assert_proposed_by_each(const struct said_document *document, size_t f)
{
    struct galen_writer values;
    struct trial t;
    trial_begin(&t);
    galen_writer_init(&values);
    for (uint32_t i = 0; i < 3; i++) {
        struct galen_op op = write_op(document, 'r', UINT64_C(1) << f, i, true, &values);
        append(&t, i == 1 ? &cara : &pat, &op);
    }
    const struct galen_record *record = record_of(&t, document);
    static const enum galen_proposal_state states[] = {
        GALEN_PROPOSAL_REPLACED, GALEN_PROPOSAL_PENDING, GALEN_PROPOSAL_PENDING};
    for (size_t i = 0; i < 3; i++)
        cr_assert_eq(galen_proposal_state(galen_record_proposal(record, i)), states[i]);
    cr_assert_eq(galen_record_value_count(record, (uint16_t)(f + 1)), 0);
    galen_writer_wipe(&values);
    trial_end(&t);
}

/* Who checked or explained something is whoever said so: no field takes the name of another as who did it. */
Test(doc_access, D2_who_checked_a_medicine_is_the_author_of_that)
{
    const struct galen_document *pmr = galen_document(GALEN_DOC_PMR);
    const struct person *all[] = {&ana, &tom, &pat, &cara, &drew};
    cr_assert_null(galen_field_named(pmr, "verified_by"));
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        struct story s;
        story_begin(&s);
        story_write(&s, &ana, 0, GALEN_DOC_PMR, 'm', "regimen", "drug=Ginkgo");
        story_write(&s, all[i], 1, GALEN_DOC_PMR, 'm', "verified_at", "2026-03-14T09:26Z");
        const struct galen_record *record = story_record(&s, GALEN_DOC_PMR, 'm');
        bool staff = i < 2;
        cr_assert_eq(s.verdict.err, staff ? GALEN_OK : GALEN_ERR_ROLE);
        cr_assert_eq(galen_record_value_count(record, GALEN_PMR_VERIFIED_AT), staff);
        if (staff)
            cr_assert_eq(
                galen_record_value(record, GALEN_PMR_VERIFIED_AT, 0).entry->account.bytes[0],
                all[i]->account);
        story_end(&s);
    }
}

Test(doc_access, D2_words_stay_those_of_the_account_that_said_them)
{
    const struct said_schema *schema = said_schema();
    for (size_t d = 0; d < schema->count; d++)
        for (size_t f = 0; f < schema->documents[d].field_count; f++) {
            const struct said_document *document = &schema->documents[d];
            if (document->fields[f].writers & THEIRS)
                assert_said_by_each(document, f);
            else if (document->fields[f].proposers & THEIRS)
                assert_proposed_by_each(document, f);
        }
}
