/*
 * A model that is slow and obviously right: it keeps every operation and answers each question from
 * the definitions in PROTOCOL.md ("Documents"), looking at all of them each time. Random operations by
 * two to five devices with random bases must look the same in both.
 */
#include "galen/doc.h"

#include "doc/keyset.h"
#include "support/chart_story.h"
#include "support/slow_text.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

enum { STEPS = 90, SEEDS = 250, DEVICES_MAX = 5, RECORDS = 3 };

/* ---- Chance, from a seed ------------------------------------------------------------------------- */

static uint64_t chance_state;

static uint32_t chance(uint64_t below) /* below 2^32 */
{
    chance_state ^= chance_state << 13; /* xorshift64, Marsaglia 2003 */
    chance_state ^= chance_state >> 7;
    chance_state ^= chance_state << 17;
    return (uint32_t)((chance_state >> 11) % below);
}

/* ---- The model ----------------------------------------------------------------------------------- */

struct fact {
    struct galen_docs_entry entry;
    struct galen_op op; /* values point to static bytes */
    struct galen_verdict verdict;
};

struct model {
    struct fact facts[STEPS];
    size_t count;
};

static bool in_past(const struct fact *a, const struct fact *b)
{
    return a->entry.index < b->op.base ||
           (galen_id_equal(&a->entry.device, &b->entry.device) && a->entry.index < b->entry.index);
}

static bool is_write(const struct fact *f)
{
    return f->op.kind == GALEN_KIND_WRITE || f->op.kind == GALEN_KIND_PROPOSE;
}

static bool same_record(const struct galen_write *a, const struct galen_write *b)
{
    return a->doc == b->doc && memcmp(a->record, b->record, 16) == 0;
}

/* The field's place in a write where it takes effect; -1: it does not. */
static int effective(const struct fact *f, uint16_t field)
{
    if (!is_write(f) || !f->verdict.counts || galen_document(f->op.content.write.doc) == NULL)
        return -1;
    const struct galen_write *write = &f->op.content.write;
    for (size_t i = 0; i < write->count; i++) {
        const struct galen_field *known = galen_field(galen_document(write->doc), field);
        if (write->fields[i].field == field && (f->verdict.void_fields >> i & 1) == 0 &&
            known != NULL &&
            (known->kind == GALEN_VALUE_TEXT ||
             galen_value_check(known, write->fields[i].value) == GALEN_OK))
            return (int)i;
    }
    return -1;
}

static const struct fact *fact_at(const struct model *m, uint64_t index)
{
    for (size_t i = 0; i < m->count; i++)
        if (m->facts[i].entry.index == index)
            return &m->facts[i];
    return NULL;
}

static bool answers(const struct fact *f, uint64_t proposal)
{
    return f->op.kind == GALEN_KIND_ANSWER && f->verdict.counts &&
           f->op.content.answer.proposal == proposal;
}

/* ---- Texts --------------------------------------------------------------------------------------- */

static bool is_text(uint8_t doc, uint16_t number)
{
    const struct galen_field *field = galen_field(galen_document(doc), number);
    return field != NULL && field->kind == GALEN_VALUE_TEXT;
}

/* The edits of one text, in the order of the log, and what they come to. */
struct told {
    struct slow_text text;
    uint64_t places[STEPS];
    const struct fact *proposals[STEPS]; /* NULL: written directly */
    bool takes_back[STEPS];
};

static int edits_before(const struct told *told, uint64_t place)
{
    int count = 0;
    for (int i = 0; i < told->text.edits; i++)
        count += told->places[i] < place;
    return count;
}

/* Did anybody whose answer nothing replaced accept it, among the first facts? */
static bool was_accepted(const struct model *m, size_t facts, const struct fact *p)
{
    bool accepted = false;
    for (size_t i = 0; i < facts; i++) {
        bool current = answers(&m->facts[i], p->entry.index);
        for (size_t k = i + 1; k < facts; k++)
            current &=
                !(answers(&m->facts[k], p->entry.index) && in_past(&m->facts[i], &m->facts[k]));
        accepted |= current && m->facts[i].op.content.answer.accepted;
    }
    return accepted;
}

static void tell_edit(struct told *told, const struct fact *f, const struct fact *source,
                      uint16_t field)
{
    struct galen_splices splices;
    int place = effective(source, field);
    cr_assert_eq(galen_splices_read(source->op.content.write.fields[place].value, &splices),
                 GALEN_OK);
    struct galen_edit edit = {.device = f->entry.device.bytes[0],
                              .seen = (uint32_t)edits_before(told, f->op.base),
                              .splices = splices.at,
                              .count = splices.count};
    if (source != f) {
        edit.as_of = true;
        edit.device = 1000; /* nobody's own */
        edit.author = source->entry.device.bytes[0];
        edit.author_seen = (uint32_t)edits_before(told, source->op.base);
        edit.own = (uint32_t)edits_before(told, source->entry.index);
    }
    told->places[told->text.edits] = f->entry.index;
    told->proposals[told->text.edits] = source == f ? NULL : source;
    told->takes_back[told->text.edits] = false;
    slow_edit(&told->text, &edit);
    galen_splices_free(&splices);
}

static void tell_taking_back(struct told *told, const struct fact *f, const struct fact *p)
{
    bool chosen[STEPS] = {false};
    for (int i = told->text.edits; i-- > 0 && !(told->takes_back[i] && told->proposals[i] == p);)
        chosen[i] = told->proposals[i] == p;
    told->places[told->text.edits] = f->entry.index;
    told->proposals[told->text.edits] = p;
    told->takes_back[told->text.edits] = true;
    slow_take_back(&told->text, chosen);
}

static const struct told *model_text(const struct model *m, const struct galen_write *record,
                                     uint16_t field)
{
    static struct told told;
    told.text.node_count = told.text.edits = 0;
    for (size_t i = 0; i < m->count; i++) {
        const struct fact *f = &m->facts[i], *source = f;
        if (f->op.kind == GALEN_KIND_ANSWER && f->verdict.counts)
            source = fact_at(m, f->op.content.answer.proposal);
        if (source == NULL || effective(source, field) < 0 ||
            !same_record(&source->op.content.write, record))
            continue;
        if (f->op.kind == GALEN_KIND_WRITE) {
            tell_edit(&told, f, f, field);
        } else if (f->op.kind == GALEN_KIND_ANSWER) {
            bool was = was_accepted(m, i, source), is = was_accepted(m, i + 1, source);
            if (is && !was)
                tell_edit(&told, f, source, field);
            else if (was && !is)
                tell_taking_back(&told, f, source);
        }
    }
    return &told;
}

/* Splices are void unless all of them are in what their author had in front of them. */
static enum galen_err model_splices(const struct model *m, const struct fact *f,
                                    const struct galen_write_field *field)
{
    static char scratch[SLOW_SIZE_MAX];
    struct galen_splices splices;
    const struct told *told = model_text(m, &f->op.content.write, field->field);
    struct slow_past past = {f->entry.device.bytes[0], edits_before(told, f->op.base),
                             told->text.edits, -1};
    size_t size = slow_say(&told->text, &past, scratch);
    if (galen_splices_read(field->value, &splices) != GALEN_OK)
        return GALEN_ERR_VALUE;
    bool in_text = true;
    for (size_t i = 0; i < splices.count; i++) {
        const struct galen_splice *splice = &splices.at[i];
        in_text &= splice->at + splice->deleted <= size;
        size = size - splice->deleted + splice->inserted.size;
    }
    galen_splices_free(&splices);
    return in_text ? GALEN_OK : GALEN_ERR_VALUE;
}

/* ---- What counts --------------------------------------------------------------------------------- */

static enum galen_err model_field(const struct model *m, const struct fact *f,
                                  const struct galen_write_field *field)
{
    const struct galen_field *known =
        galen_field(galen_document(f->op.content.write.doc), field->field);
    bool staff = galen_role_is_staff(f->entry.role);
    bool person = f->entry.role == GALEN_ROLE_PATIENT || f->entry.role == GALEN_ROLE_CAREGIVER;
    if (known == NULL)
        return GALEN_ERR_UNKNOWN_KIND;
    bool prescriber = f->entry.role == GALEN_ROLE_PRESCRIBER;
    bool direct = staff || (person && (known->writers & GALEN_WRITER_PATIENT)) ||
                  (prescriber && (known->writers & GALEN_WRITER_PRESCRIBER));
    if (f->op.kind == GALEN_KIND_WRITE && !direct)
        return GALEN_ERR_ROLE;
    if (!staff && known->writers == GALEN_STAFF_ALONE)
        return GALEN_ERR_ROLE;
    return known->kind == GALEN_VALUE_TEXT ? model_splices(m, f, field)
                                           : galen_value_check(known, field->value);
}

static struct galen_verdict whole(enum galen_err err, bool counts)
{
    return (struct galen_verdict){.err = err, .counts = counts};
}

/* Who adds a record by writing to it (SCHEMA.md). */
static bool may_add(uint8_t doc, enum galen_role role)
{
    bool person = role == GALEN_ROLE_PATIENT || role == GALEN_ROLE_CAREGIVER;
    return galen_role_is_staff(role) ||
           (person &&
            (doc == GALEN_DOC_PROFILE || doc == GALEN_DOC_JOURNAL || doc == GALEN_DOC_CHECKIN));
}

/* The i-th of RECORDS records; the first of the profile is the one it has. */
static void record_id(uint8_t doc, char i, uint8_t id[GALEN_RECORD_ID_BYTES])
{
    story_record_id(i, id);
    if (doc == GALEN_DOC_PROFILE && i == 1)
        memcpy(id, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1", GALEN_RECORD_ID_BYTES);
}

static struct galen_verdict model_write(const struct model *m, const struct fact *f)
{
    const struct galen_write *write = &f->op.content.write;
    struct galen_verdict verdict = {0};
    if (galen_document(write->doc) == NULL)
        return whole(GALEN_ERR_UNKNOWN_KIND, true);
    uint8_t one[GALEN_RECORD_ID_BYTES];
    bool there = false;
    record_id(GALEN_DOC_PROFILE, 1, one);
    bool another = write->doc == GALEN_DOC_PROFILE && memcmp(write->record, one, sizeof one) != 0;
    for (size_t i = 0; i < m->count; i++)
        there |= is_write(&m->facts[i]) && m->facts[i].verdict.counts &&
                 same_record(&m->facts[i].op.content.write, write);
    bool absent = f->op.kind == GALEN_KIND_WRITE && !there && !may_add(write->doc, f->entry.role);
    for (size_t i = 0; i < write->count; i++) {
        bool none = f->entry.role == GALEN_ROLE_INTERPRETER;
        enum galen_err err = another          ? GALEN_ERR_VALUE
                             : none || absent ? GALEN_ERR_ROLE
                                              : model_field(m, f, &write->fields[i]);
        if (verdict.err == GALEN_OK)
            verdict.err = err;
        if (err == GALEN_OK || err == GALEN_ERR_UNKNOWN_KIND)
            verdict.counts = true;
        else
            verdict.void_fields |= UINT64_C(1) << i;
    }
    return verdict;
}

static struct galen_verdict model_verdict(const struct model *m, const struct fact *f)
{
    bool staff = galen_role_is_staff(f->entry.role);
    if (f->op.kind == GALEN_KIND_ANSWER && !staff &&
        (f->op.content.answer.accepted || !galen_role_edits(f->entry.role)))
        return whole(GALEN_ERR_ROLE, false);
    for (size_t i = 0; i < m->count; i++)
        if (m->facts[i].verdict.counts &&
            galen_id_equal(&m->facts[i].entry.account, &f->entry.account) &&
            memcmp(m->facts[i].op.id, f->op.id, sizeof f->op.id) == 0)
            return whole(GALEN_ERR_DUPLICATE, false);
    for (size_t i = 0; i < m->count; i++)
        if (m->facts[i].verdict.counts &&
            galen_id_equal(&m->facts[i].entry.device, &f->entry.device) &&
            m->facts[i].op.base > f->op.base)
            return whole(GALEN_ERR_BASE, false);
    if (f->op.base > f->entry.head_size)
        return whole(GALEN_ERR_BASE, false);
    if (is_write(f))
        return model_write(m, f);
    if (f->op.kind != GALEN_KIND_ANSWER)
        return whole(f->op.kind == GALEN_KIND_MESSAGE ? GALEN_OK : GALEN_ERR_UNKNOWN_KIND, true);
    const struct fact *p = fact_at(m, f->op.content.answer.proposal);
    if (p == NULL || p->op.kind != GALEN_KIND_PROPOSE || !p->verdict.counts)
        return whole(GALEN_ERR_VALUE, false);
    if (!staff && !galen_id_equal(&p->entry.account, &f->entry.account))
        return whole(GALEN_ERR_ROLE, false); /* they withdraw their own */
    if (!in_past(p, f))
        return whole(GALEN_ERR_BASE, false);
    if (galen_document(p->op.content.write.doc) == NULL)
        return whole(GALEN_ERR_UNKNOWN_KIND, true);
    return whole(GALEN_OK, true);
}

static bool answer_is_current(const struct model *m, const struct fact *answer)
{
    for (size_t i = 0; i < m->count; i++)
        if (&m->facts[i] != answer && answers(&m->facts[i], answer->op.content.answer.proposal) &&
            in_past(answer, &m->facts[i]))
            return false;
    return true;
}

/* Does this fact say something for the field now, and what? */
static bool says(const struct model *m, const struct fact *f, const struct galen_write *record,
                 uint16_t field, struct galen_bytes *value)
{
    const struct fact *source = f;
    if (f->op.kind == GALEN_KIND_ANSWER) {
        if (!f->verdict.counts || !f->op.content.answer.accepted || !answer_is_current(m, f))
            return false;
        source = fact_at(m, f->op.content.answer.proposal);
    } else if (f->op.kind != GALEN_KIND_WRITE) {
        return false;
    }
    int place = effective(source, field);
    if (place < 0 || !same_record(&source->op.content.write, record))
        return false;
    *value = source->op.content.write.fields[place].value;
    return true;
}

/* The different current values, in log order. */
static size_t model_values(const struct model *m, const struct galen_write *record, uint16_t field,
                           struct galen_bytes values[STEPS], uint64_t entries[STEPS])
{
    size_t n = 0;
    struct galen_bytes value, other;
    for (size_t i = 0; i < m->count; i++) {
        if (!says(m, &m->facts[i], record, field, &value))
            continue;
        bool stands = true;
        for (size_t k = 0; k < m->count && stands; k++)
            stands = k == i || !says(m, &m->facts[k], record, field, &other) ||
                     !in_past(&m->facts[i], &m->facts[k]);
        for (size_t k = 0; k < n && stands; k++)
            stands = !galen_bytes_equal(values[k], value);
        if (!stands)
            continue;
        values[n] = value;
        entries[n++] = m->facts[i].entry.index;
    }
    return n;
}

static bool holds_all_fields_of(const struct fact *a, const struct fact *b)
{
    for (uint16_t field = 1; field <= 64; field++)
        if (effective(b, field) >= 0 && effective(a, field) < 0)
            return false;
    return true;
}

static enum galen_proposal_state model_proposal(const struct model *m, const struct fact *p)
{
    bool accepted = false, declined = false, replaced = false;
    for (size_t i = 0; i < m->count; i++) {
        const struct fact *f = &m->facts[i];
        if (answers(f, p->entry.index) && answer_is_current(m, f)) {
            accepted |= f->op.content.answer.accepted;
            declined |= !f->op.content.answer.accepted;
        }
        replaced |= f->op.kind == GALEN_KIND_PROPOSE && f->verdict.counts && f != p &&
                    same_record(&f->op.content.write, &p->op.content.write) &&
                    galen_id_equal(&f->entry.account, &p->entry.account) && in_past(p, f) &&
                    holds_all_fields_of(f, p);
    }
    if (accepted && declined)
        return GALEN_PROPOSAL_CONTESTED;
    if (accepted || declined)
        return accepted ? GALEN_PROPOSAL_ACCEPTED : GALEN_PROPOSAL_DECLINED;
    return replaced ? GALEN_PROPOSAL_REPLACED : GALEN_PROPOSAL_PENDING;
}

/* ---- Holding the two together -------------------------------------------------------------------- */

static void compare_text(const struct model *m, const struct galen_record *record,
                         const struct galen_write *write, uint16_t field)
{
    static char want[SLOW_SIZE_MAX];
    const struct told *told = model_text(m, write, field);
    int last = -1;
    for (int i = 0; i < told->text.edits; i++) {
        bool taken_back = told->takes_back[i];
        for (int k = i; k < told->text.edits; k++)
            taken_back |= told->takes_back[k] && told->proposals[k] == told->proposals[i];
        last = taken_back ? last : i;
    }
    cr_assert_eq(galen_record_history_count(record, field), (size_t)told->text.edits);
    cr_assert_eq(galen_record_value_count(record, field), last >= 0);
    if (last < 0)
        return;
    struct galen_said said = galen_record_value(record, field, 0);
    struct galen_bytes is = {(const uint8_t *)want, slow_say(&told->text, &slow_everything, want)};
    cr_assert(galen_bytes_equal(said.value, is), "%.*s, not %.*s", (int)said.value.size,
              (const char *)said.value.at, (int)is.size, want);
    cr_assert_eq(said.index, told->places[last]);
    cr_assert_eq(said.proposal, told->proposals[last] == NULL ? GALEN_NO_ENTRY
                                                              : told->proposals[last]->entry.index);
}

static void compare_field(const struct model *m, const struct galen_record *record,
                          const struct galen_write *write, uint16_t field, size_t *conflicts)
{
    struct galen_bytes values[STEPS];
    uint64_t entries[STEPS];
    if (is_text(write->doc, field)) {
        compare_text(m, record, write, field);
        return;
    }
    size_t n = model_values(m, write, field, values, entries);
    const struct galen_document *document = galen_document(write->doc);
    size_t shown = galen_record_value_count(record, field);
    if (field == document->order) {
        cr_assert_eq(shown, n > 0);
        return;
    }
    cr_assert_eq(shown, n, "field %u: %zu shown, %zu right", field, shown, n);
    *conflicts += n > 1;
    for (size_t i = 0; i < n; i++) {
        struct galen_said said = galen_record_value(record, field, i);
        cr_assert(galen_bytes_equal(said.value, values[i]));
        cr_assert_eq(said.index, entries[i]);
        cr_assert(said.current);
        bool accepted = fact_at(m, said.index)->op.kind == GALEN_KIND_ANSWER;
        cr_assert_eq(said.proposal != GALEN_NO_ENTRY, accepted);
        if (accepted)
            cr_assert_eq(said.proposal, fact_at(m, said.index)->op.content.answer.proposal);
    }
}

/* Of a record whose fields were compared. */
static bool says_anything(const struct galen_record *record)
{
    const struct galen_document *document = galen_document(galen_record_doc(record));
    bool says = false;
    for (uint16_t field = 1; field <= document->field_count; field++)
        for (size_t i = 0; i < galen_record_value_count(record, field); i++)
            says |= field != document->order && galen_record_value(record, field, i).value.size > 0;
    return says;
}

static void compare_record(const struct model *m, const struct galen_docs *docs,
                           const struct galen_write *write, size_t *conflicts, size_t *pending)
{
    const struct galen_record *record = galen_docs_record(docs, write->doc, write->record);
    bool there = false, added = false;
    size_t proposals = 0, waiting = 0, contested = 0, before = *conflicts;
    for (size_t i = 0; i < m->count; i++) {
        const struct fact *f = &m->facts[i];
        if (!is_write(f) || !f->verdict.counts || !same_record(&f->op.content.write, write))
            continue;
        if (!there) {
            cr_assert_not_null(record);
            cr_assert_eq(galen_record_first_entry(record), f->entry.index);
        }
        there = true;
        if (f->op.kind == GALEN_KIND_WRITE) {
            added |= may_add(write->doc, f->entry.role);
            continue;
        }
        enum galen_proposal_state state = model_proposal(m, f);
        const struct galen_proposal *shown = galen_record_proposal(record, proposals++);
        cr_assert_eq(galen_proposal_index(shown), f->entry.index);
        cr_assert_eq(galen_proposal_state(shown), state);
        waiting += state == GALEN_PROPOSAL_PENDING;
        contested += state == GALEN_PROPOSAL_CONTESTED;
        added |= state == GALEN_PROPOSAL_ACCEPTED || state == GALEN_PROPOSAL_CONTESTED;
    }
    cr_assert_eq(record != NULL, there);
    if (!there)
        return;
    cr_assert_eq(galen_record_proposal_count(record), proposals);
    *pending += waiting;
    *conflicts += contested;
    const struct galen_document *document = galen_document(write->doc);
    for (uint16_t field = 1; field <= document->field_count; field++)
        compare_field(m, record, write, field, conflicts);
    cr_assert_eq(galen_record_state(record),
                 !added ? waiting > 0 ? GALEN_RECORD_PROPOSED : GALEN_RECORD_DECLINED
                 : waiting > 0 || says_anything(record) ? GALEN_RECORD_PRESENT
                                                        : GALEN_RECORD_EMPTY);
    cr_assert_eq(galen_record_conflict_count(record), *conflicts - before);
}

static void compare(const struct model *m, const struct galen_docs *docs)
{
    size_t conflicts = 0, pending = 0;
    for (uint8_t doc = 1; doc <= galen_document_count; doc++) {
        uint64_t last = 0;
        for (char id = 1; id <= RECORDS; id++) {
            struct galen_write write = {.doc = doc};
            record_id(doc, id, write.record);
            compare_record(m, docs, &write, &conflicts, &pending);
        }
        for (size_t i = 0; i < galen_docs_record_count(docs, doc); i++) {
            uint64_t position = galen_record_position(galen_docs_record_at(docs, doc, i));
            cr_assert_leq(last, position);
            last = position;
        }
    }
    cr_assert_eq(galen_docs_conflict_count(docs), conflicts);
    cr_assert_eq(galen_docs_pending_count(docs), pending);
}

/* ---- Random stories ------------------------------------------------------------------------------ */

static const struct galen_write_field choices[] = {
    {GALEN_PMR_KIND, {(const uint8_t *)"\1", 1}},
    {GALEN_PMR_KIND, {(const uint8_t *)"\2", 1}},
    {GALEN_PMR_KIND, {NULL, 0}},
    {GALEN_PMR_KIND, {(const uint8_t *)"\0", 1}},
    {GALEN_PMR_KIND, {(const uint8_t *)"\x77", 1}},
    {GALEN_PMR_REASON, {(const uint8_t *)"\0\0\0\0\0\0\0\0\2ab", 11}}, /* in front: ab */
    {GALEN_PMR_REASON, {(const uint8_t *)"\0\0\0\1\0\0\0\1\1c", 10}},  /* the second: c */
    {GALEN_PMR_REASON, {(const uint8_t *)"\0\0\0\0\0\0\0\1\0", 9}},    /* without the first */
    {GALEN_PMR_PRESCRIBER, {(const uint8_t *)"a", 1}},
    {GALEN_PMR_PRESCRIBER, {(const uint8_t *)"b", 1}},
    {GALEN_PMR_PRESCRIBER, {(const uint8_t *)"c", 1}},
    {GALEN_MAP_PROGRESS, {(const uint8_t *)"\0\0\0\0\0\0\0\0\2de", 11}},
    {GALEN_MAP_PROGRESS, {NULL, 0}},
    {GALEN_PMR_TAKEN_AS, {(const uint8_t *)"\0\0\0\0\0\0\0\0\1f", 10}},
    {GALEN_PMR_TAKEN_AS, {(const uint8_t *)"\0\0\0\1\0\0\0\0\1g", 10}},
    {GALEN_PMR_TAKEN_AS, {(const uint8_t *)"\0\0\0\0\0\0\0\0\1h\0\0\0\1\0\0\0\1\0", 19}},
    {GALEN_PMR_ADHERENCE, {(const uint8_t *)"\1", 1}},
    {GALEN_PMR_ADHERENCE, {(const uint8_t *)"\2", 1}},
    {GALEN_PMR_BARRIERS, {(const uint8_t *)"\1\2", 2}},
    {GALEN_PMR_ORDER, {(const uint8_t *)"\0\0\0\0\0\0\0\1", 8}},
    {GALEN_PMR_ORDER, {(const uint8_t *)"\0\0\0\0\x01\x23\0\0", 8}},
    {60, {(const uint8_t *)"newer", 5}},
};

static void random_write(struct galen_write *write)
{
    write->doc = (uint8_t)(1 + chance(chance(4) == 0 ? 10 : 2));
    record_id(write->doc, (char)(1 + chance(RECORDS)), write->record);
    write->count = 0;
    for (size_t i = 0; i < sizeof choices / sizeof choices[0]; i++) {
        uint16_t last = write->count > 0 ? write->fields[write->count - 1].field : 0;
        if (choices[i].field > last && chance(5) == 0)
            write->fields[write->count++] = choices[i];
    }
    if (write->count == 0)
        write->fields[write->count++] = choices[5 + chance(3)];
}

static void random_op(const struct model *m, struct fact *f, uint64_t last_base)
{
    static const uint16_t kinds[] = {GALEN_KIND_WRITE,   GALEN_KIND_WRITE,   GALEN_KIND_WRITE,
                                     GALEN_KIND_PROPOSE, GALEN_KIND_PROPOSE, GALEN_KIND_ANSWER,
                                     GALEN_KIND_ANSWER,  GALEN_KIND_ANSWER,  GALEN_KIND_MESSAGE};
    uint64_t index = f->entry.index;
    f->op.kind = chance(50) == 0 ? 999 : kinds[chance(sizeof kinds / sizeof kinds[0])];
    f->op.id[0] = (uint8_t)(1 + (chance(12) == 0 ? chance(index + 1) : index));
    f->op.base = last_base + chance(index + 1 - last_base);
    if (chance(3) == 0)
        f->op.base = index;
    if (chance(25) == 0)
        f->op.base = chance(index + 3);
    if (f->op.kind == GALEN_KIND_MESSAGE) {
        f->op.content.message = (struct galen_bytes){(const uint8_t *)"x", 1};
    } else if (f->op.kind == GALEN_KIND_ANSWER) {
        f->op.content.answer.proposal = chance(index + 1);
        for (int tries = 0; tries < 20; tries++) { /* mostly a proposal */
            const struct fact *named = fact_at(m, f->op.content.answer.proposal);
            if (named != NULL && named->op.kind == GALEN_KIND_PROPOSE)
                break;
            f->op.content.answer.proposal = chance(index + 1);
        }
        f->op.content.answer.accepted = chance(2) == 0;
    } else if (f->op.kind != 999) {
        random_write(&f->op.content.write);
    }
}

/* ---- The documents as they were ------------------------------------------------------------------ */

struct then {
    uint64_t size; /* of the log */
    size_t steps;  /* facts before it */
    size_t conflicts, pending, newer;
    struct galen_writer canonical;
};

static void remember(struct then *then, const struct story *s, size_t steps)
{
    galen_writer_init(&then->canonical);
    story_canonical(s->docs, &then->canonical);
    then->size = s->size;
    then->steps = steps;
    then->conflicts = galen_docs_conflict_count(s->docs);
    then->pending = galen_docs_pending_count(s->docs);
    then->newer = galen_docs_newer_count(s->docs);
}

/* Whatever came later says the same of a state that was taken back to then as of one that never was
 * further: it knows the same operations, bases and proposals. */
static void go_on(const struct model *m, struct galen_docs *docs, size_t from)
{
    for (size_t i = from; i < m->count; i++) {
        struct galen_verdict shown;
        const struct fact *f = &m->facts[i];
        cr_assert_eq(galen_docs_apply(docs, &f->entry, &f->op, &shown), GALEN_OK);
        cr_assert_eq(shown.err, f->verdict.err);
        cr_assert_eq(shown.counts, f->verdict.counts);
        cr_assert_eq(shown.void_fields, f->verdict.void_fields);
    }
}

static void assert_as_of(const struct model *m, const struct story *s, struct then *then)
{
    struct galen_writer canonical, last;
    galen_writer_init(&canonical);
    galen_writer_init(&last);
    struct galen_docs *docs = galen_docs_as_of(s->docs, then->size);
    cr_assert_not_null(docs);
    story_canonical(docs, &canonical);
    cr_assert(galen_bytes_equal(galen_written(&canonical), galen_written(&then->canonical)));
    cr_assert_eq(galen_docs_conflict_count(docs), then->conflicts);
    cr_assert_eq(galen_docs_pending_count(docs), then->pending);
    cr_assert_eq(galen_docs_newer_count(docs), then->newer);
    go_on(m, docs, then->steps);
    story_canonical(docs, &canonical);
    story_canonical(s->docs, &last);
    cr_assert(galen_bytes_equal(galen_written(&canonical), galen_written(&last)));
    galen_docs_free(docs);
    galen_writer_wipe(&canonical);
    galen_writer_wipe(&last);
    galen_writer_wipe(&then->canonical);
}

static void tell(uint64_t seed)
{
    static const enum galen_role roles[] = {GALEN_ROLE_PHARMACIST, GALEN_ROLE_PATIENT,
                                            GALEN_ROLE_TECHNICIAN, GALEN_ROLE_CAREGIVER,
                                            GALEN_ROLE_PRESCRIBER, GALEN_ROLE_INTERPRETER};
    static struct model m;
    struct then thens[STEPS / 10 + 1];
    size_t then_count = 0;
    struct story s;
    story_begin(&s);
    remember(&thens[then_count++], &s, 0);
    memset(&m, 0, sizeof m);
    chance_state = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
    size_t devices = 2 + chance(DEVICES_MAX - 1);
    struct person people[DEVICES_MAX];
    for (size_t i = 0; i < devices; i++) { /* the third device may belong to the first's owner */
        people[i] = (struct person){(uint8_t)(i + 1), (uint8_t)(i + 1), roles[i]};
        if (i >= 2 && chance(2) == 0)
            people[i] = (struct person){(uint8_t)(i + 1), (uint8_t)(i - 1), roles[i - 2]};
        if (chance(8) == 0 && people[i].account == i + 1)
            people[i].role = roles[chance(6)];
    }
    for (size_t step = 0; step < STEPS; step++) {
        struct fact *f = &m.facts[m.count];
        struct galen_verdict shown;
        s.size += chance(4) == 0; /* entries of other classes stand between */
        f->entry = story_entry(&s, &people[chance(devices)]);
        random_op(&m, f, galen_docs_last_base(s.docs, &f->entry.device));
        f->verdict = model_verdict(&m, f);
        cr_assert_eq(galen_docs_apply(s.docs, &f->entry, &f->op, &shown), GALEN_OK);
        cr_assert_eq(shown.err, f->verdict.err, "seed %llu, step %zu, kind %u: %s, not %s",
                     (unsigned long long)seed, step, f->op.kind, galen_err_name(shown.err),
                     galen_err_name(f->verdict.err));
        cr_assert_eq(shown.counts, f->verdict.counts);
        cr_assert_eq(shown.void_fields, f->verdict.void_fields);
        m.count++;
        s.size++;
        if (step % 10 == 9) {
            compare(&m, s.docs);
            remember(&thens[then_count++], &s, m.count);
        }
    }
    for (size_t i = 0; i < then_count; i++)
        assert_as_of(&m, &s, &thens[i]);
    story_end(&s);
}

Test(doc_model, D1_D2_random_stories_are_as_the_definitions_say, .timeout = 300)
{
    for (uint64_t seed = 1; seed <= SEEDS; seed++)
        tell(seed);
}

/* ---- The map that all look-ups go through -------------------------------------------------------- */

static int by_bytes(const void *a, const void *b)
{
    return memcmp(a, b, KEYSET_KEY_BYTES);
}

Test(doc_model, a_keyset_is_a_sorted_array)
{
    enum { KEYS = 700 };
    static uint8_t keys[KEYS][KEYSET_KEY_BYTES];
    for (uint64_t seed = 1; seed <= 20; seed++) {
        struct keyset set = {0};
        size_t count = 0;
        uint8_t key[KEYSET_KEY_BYTES];
        chance_state = seed;
        for (size_t step = 0; step < 2 * KEYS && count < KEYS; step++) {
            /* few different bytes in few places: long shared beginnings, and some met again */
            memset(key, 0, sizeof key);
            for (int i = 0; i < 6; i++)
                key[chance(3) * 20 + chance(3)] = (uint8_t)(chance(4) * 85);
            bool there = false;
            for (size_t i = 0; i < count && !there; i++)
                there = memcmp(keys[i], key, sizeof key) == 0;
            struct keyset_item *found = keyset_find(&set, key);
            cr_assert_eq(found != NULL, there);
            if (there)
                continue;
            cr_assert(keyset_reserve(&set));
            keyset_add(&set, key)->value.number = count;
            memcpy(keys[count++], key, sizeof key);
        }
        for (size_t i = 0; i < count; i++)
            cr_assert_eq(keyset_find(&set, keys[i])->value.number, i);
        qsort(keys, count, sizeof keys[0], by_bytes);
        for (int step = 0; step < 2000; step++) {
            for (size_t i = 0; i < sizeof key; i++)
                key[i] = (uint8_t)(chance(2) == 0 ? 0 : chance(4) * 85 + chance(2));
            if (chance(2) == 0)
                memcpy(key, keys[chance(count)], 1 + chance(sizeof key));
            size_t expected = 0;
            while (expected < count && memcmp(keys[expected], key, sizeof key) < 0)
                expected++;
            const struct keyset_item *from = keyset_from(&set, key);
            cr_assert_eq(from == NULL, expected == count);
            if (from != NULL)
                cr_assert_arr_eq(from->key, keys[expected], sizeof key);
        }
        keyset_wipe(&set);
        cr_assert_null(keyset_from(&set, key));
    }
}
