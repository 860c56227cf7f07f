#include "support/slow_docs.h"

#include "support/slow_text.h"

#include <criterion/criterion.h>
#include <string.h>

static bool in_past(const struct slow_fact *a, const struct slow_fact *b)
{
    return a->entry.index < b->op.base ||
           (galen_id_equal(&a->entry.device, &b->entry.device) && a->entry.index < b->entry.index);
}

static bool is_write(const struct slow_fact *f)
{
    return f->op.kind == GALEN_KIND_WRITE || f->op.kind == GALEN_KIND_PROPOSE;
}

static bool same_record(const struct galen_write *a, const struct galen_write *b)
{
    return a->doc == b->doc && memcmp(a->record, b->record, 16) == 0;
}

/* The field's place in a write where it takes effect; -1: it does not. */
static int effective(const struct slow_fact *f, uint16_t field)
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

const struct slow_fact *slow_fact_at(const struct slow_docs *m, uint64_t index)
{
    for (size_t i = 0; i < m->count; i++)
        if (m->facts[i].entry.index == index)
            return &m->facts[i];
    return NULL;
}

static bool answers(const struct slow_fact *f, uint64_t proposal)
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
    uint64_t places[SLOW_FACTS_MAX];
    const struct slow_fact *proposals[SLOW_FACTS_MAX]; /* NULL: written directly */
    bool takes_back[SLOW_FACTS_MAX];
};

static int edits_before(const struct told *told, uint64_t place)
{
    int count = 0;
    for (int i = 0; i < told->text.edits; i++)
        count += told->places[i] < place;
    return count;
}

/* Did anybody whose answer nothing replaced accept it, among the first facts? */
static bool was_accepted(const struct slow_docs *m, size_t facts, const struct slow_fact *p)
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

static void tell_edit(struct told *told, const struct slow_fact *f, const struct slow_fact *source,
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

static void tell_taking_back(struct told *told, const struct slow_fact *f,
                             const struct slow_fact *p)
{
    bool chosen[SLOW_FACTS_MAX] = {false};
    for (int i = told->text.edits; i-- > 0 && !(told->takes_back[i] && told->proposals[i] == p);)
        chosen[i] = told->proposals[i] == p;
    told->places[told->text.edits] = f->entry.index;
    told->proposals[told->text.edits] = p;
    told->takes_back[told->text.edits] = true;
    slow_take_back(&told->text, chosen);
}

static const struct told *model_text(const struct slow_docs *m, const struct galen_write *record,
                                     uint16_t field)
{
    static struct told told;
    told.text.node_count = told.text.edits = 0;
    for (size_t i = 0; i < m->count; i++) {
        const struct slow_fact *f = &m->facts[i], *source = f;
        if (f->op.kind == GALEN_KIND_ANSWER && f->verdict.counts)
            source = slow_fact_at(m, f->op.content.answer.proposal);
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

_Static_assert((int)SLOW_TEXT_MAX >= (int)SLOW_SIZE_MAX, "a text fits");

size_t slow_text_before(const struct slow_docs *m, const struct slow_fact *f, uint16_t field,
                        char out[SLOW_TEXT_MAX])
{
    const struct told *told = model_text(m, &f->op.content.write, field);
    struct slow_past past = {f->entry.device.bytes[0], edits_before(told, f->op.base),
                             told->text.edits, -1};
    return slow_say(&told->text, &past, out);
}

/* Splices are void unless all of them are in what their author had in front of them. */
static enum galen_err model_splices(const struct slow_docs *m, const struct slow_fact *f,
                                    const struct galen_write_field *field)
{
    static char scratch[SLOW_SIZE_MAX];
    struct galen_splices splices;
    size_t size = slow_text_before(m, f, field->field, scratch);
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

static enum galen_err model_field(const struct slow_docs *m, const struct slow_fact *f,
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

static struct galen_verdict model_write(const struct slow_docs *m, const struct slow_fact *f)
{
    const struct galen_write *write = &f->op.content.write;
    struct galen_verdict verdict = {0};
    if (galen_document(write->doc) == NULL)
        return whole(GALEN_ERR_UNKNOWN_KIND, true);
    static const uint8_t one[GALEN_RECORD_ID_BYTES] = {[GALEN_RECORD_ID_BYTES - 1] = 1};
    bool there = false;
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

struct galen_verdict slow_judge(const struct slow_docs *m, struct slow_fact *f)
{
    f->based = false;
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
        if (m->facts[i].based && galen_id_equal(&m->facts[i].entry.device, &f->entry.device) &&
            m->facts[i].op.base > f->op.base)
            return whole(GALEN_ERR_BASE, false);
    if (f->op.base > f->entry.head_size)
        return whole(GALEN_ERR_BASE, false);
    f->based = true;
    if (is_write(f))
        return model_write(m, f);
    if (f->op.kind != GALEN_KIND_ANSWER)
        return whole(f->op.kind == GALEN_KIND_MESSAGE ? GALEN_OK : GALEN_ERR_UNKNOWN_KIND, true);
    const struct slow_fact *p = slow_fact_at(m, f->op.content.answer.proposal);
    if (p == NULL || p->op.kind != GALEN_KIND_PROPOSE || !p->verdict.counts)
        return whole(GALEN_ERR_VALUE, false);
    if (!staff && !galen_id_equal(&p->entry.account, &f->entry.account))
        return whole(GALEN_ERR_ROLE, false); /* they withdraw their own */
    if (!in_past(p, f))
        return whole(GALEN_ERR_BASE, false);
    bool known = galen_document(p->op.content.write.doc) != NULL;
    for (size_t i = 0; i < m->count && !staff && known; i++)
        if (answers(&m->facts[i], p->entry.index) && galen_role_is_staff(m->facts[i].entry.role) &&
            in_past(&m->facts[i], f))
            return whole(GALEN_ERR_ROLE, false); /* what is answered is not theirs to withdraw */
    if (!known)
        return whole(GALEN_ERR_UNKNOWN_KIND, true);
    return whole(GALEN_OK, true);
}

static bool answer_is_current(const struct slow_docs *m, const struct slow_fact *answer)
{
    for (size_t i = 0; i < m->count; i++)
        if (&m->facts[i] != answer && answers(&m->facts[i], answer->op.content.answer.proposal) &&
            in_past(answer, &m->facts[i]))
            return false;
    return true;
}

/* Does this fact say something for the field now, and what? */
static bool says(const struct slow_docs *m, const struct slow_fact *f,
                 const struct galen_write *record, uint16_t field, struct galen_bytes *value)
{
    const struct slow_fact *source = f;
    if (f->op.kind == GALEN_KIND_ANSWER) {
        if (!f->verdict.counts || !f->op.content.answer.accepted || !answer_is_current(m, f))
            return false;
        source = slow_fact_at(m, f->op.content.answer.proposal);
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
static size_t model_values(const struct slow_docs *m, const struct galen_write *record,
                           uint16_t field, struct galen_bytes values[SLOW_FACTS_MAX],
                           uint64_t entries[SLOW_FACTS_MAX])
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

static bool holds_all_fields_of(const struct slow_fact *a, const struct slow_fact *b)
{
    for (uint16_t field = 1; field <= 64; field++)
        if (effective(b, field) >= 0 && effective(a, field) < 0)
            return false;
    return true;
}

static enum galen_proposal_state model_proposal(const struct slow_docs *m,
                                                const struct slow_fact *p)
{
    bool accepted = false, declined = false, replaced = false;
    for (size_t i = 0; i < m->count; i++) {
        const struct slow_fact *f = &m->facts[i];
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

static void compare_text(const struct slow_docs *m, const struct galen_record *record,
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
    cr_assert(slow_runs_are_whole(&told->text));
    cr_assert_eq(said.index, told->places[last]);
    cr_assert_eq(said.proposal, told->proposals[last] == NULL ? GALEN_NO_ENTRY
                                                              : told->proposals[last]->entry.index);
}

/* What each edit changed, one after the other, makes what the text says. */
struct retold {
    char text[SLOW_SIZE_MAX];
    size_t size, edits;
};

static void retell(void *user, size_t i, const struct galen_text_part *parts, size_t count)
{
    struct retold *r = user;
    cr_assert_eq(i, r->edits++);
    for (size_t k = 0; k < count; k++) {
        char *at = r->text + parts[k].at;
        size_t gone = parts[k].gone.size, came = parts[k].came.size;
        cr_assert_leq(parts[k].at + gone, r->size);
        cr_assert(gone == 0 || memcmp(at, parts[k].gone.at, gone) == 0);
        memmove(at + came, at + gone, r->size - parts[k].at - gone);
        if (came > 0)
            memcpy(at, parts[k].came.at, came);
        r->size = r->size - gone + came;
    }
}

static void compare_history(const struct galen_record *record, uint16_t field)
{
    static struct retold r;
    r.size = r.edits = 0;
    cr_assert_eq(galen_record_text_history(record, field, retell, &r), GALEN_OK);
    cr_assert_eq(r.edits, galen_record_history_count(record, field));
    if (galen_record_value_count(record, field) == 0)
        return;
    struct galen_bytes whole = galen_record_value(record, field, 0).value;
    cr_assert(galen_bytes_equal(whole, (struct galen_bytes){(const uint8_t *)r.text, r.size}));
}

/* Each field would say what the model says when the proposal is accepted next. */
static void compare_preview(const struct slow_docs *m, const struct slow_fact *p,
                            const struct galen_proposal *shown)
{
    static struct told told;
    static char want[SLOW_SIZE_MAX];
    const struct slow_fact answer = {.entry = {.index = UINT64_MAX}, .op = {.base = UINT64_MAX}};
    struct galen_writer w;
    galen_writer_init(&w);
    for (size_t i = 0; i < galen_proposal_field_count(shown); i++) {
        struct galen_write_field given = galen_proposal_field(shown, i);
        struct galen_bytes is = given.value;
        galen_writer_clear(&w);
        cr_assert(galen_bytes_equal(
            given.value,
            p->op.content.write.fields[effective(p, given.field)].value)); /* as it was written */
        cr_assert_eq(galen_proposal_preview(shown, i, &w), GALEN_OK);
        if (is_text(p->op.content.write.doc, given.field)) {
            told = *model_text(m, &p->op.content.write, given.field);
            if (!was_accepted(m, m->count, p))
                tell_edit(&told, &answer, p, given.field);
            is = (struct galen_bytes){(const uint8_t *)want,
                                      slow_say(&told.text, &slow_everything, want)};
        }
        cr_assert(galen_bytes_equal(galen_written(&w), is), "entry %zu: %.*s, not %.*s",
                  (size_t)p->entry.index, (int)w.size, (const char *)w.at, (int)is.size,
                  (const char *)is.at);
    }
    galen_writer_wipe(&w);
}

static void compare_field(const struct slow_docs *m, const struct galen_record *record,
                          const struct galen_write *write, uint16_t field, size_t *conflicts)
{
    struct galen_bytes values[SLOW_FACTS_MAX];
    uint64_t entries[SLOW_FACTS_MAX];
    if (is_text(write->doc, field)) {
        compare_text(m, record, write, field);
        compare_history(record, field);
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
        bool accepted = slow_fact_at(m, said.index)->op.kind == GALEN_KIND_ANSWER;
        cr_assert_eq(said.proposal != GALEN_NO_ENTRY, accepted);
        if (accepted)
            cr_assert_eq(said.proposal, slow_fact_at(m, said.index)->op.content.answer.proposal);
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

static void compare_record(const struct slow_docs *m, const struct galen_docs *docs,
                           const struct galen_write *write, size_t *conflicts, size_t *pending)
{
    const struct galen_record *record = galen_docs_record(docs, write->doc, write->record);
    bool there = false, added = false;
    size_t proposals = 0, waiting = 0, contested = 0, before = *conflicts;
    for (size_t i = 0; i < m->count; i++) {
        const struct slow_fact *f = &m->facts[i];
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
        cr_assert_eq(galen_proposal_base(shown), f->op.base);
        compare_preview(m, f, shown);
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
    if (!galen_record_stands(record))
        *conflicts = before;
}

/* Did no fact before this one name its record? */
static bool is_new(const struct slow_docs *m, size_t fact)
{
    for (size_t i = 0; i < fact; i++)
        if (is_write(&m->facts[i]) &&
            same_record(&m->facts[i].op.content.write, &m->facts[fact].op.content.write))
            return false;
    return true;
}

void slow_compare(const struct slow_docs *m, const struct galen_docs *docs)
{
    size_t conflicts = 0, pending = 0, records = 0;
    for (size_t i = 0; i < m->count; i++) {
        const struct galen_write *write = &m->facts[i].op.content.write;
        if (!is_write(&m->facts[i]) || galen_document(write->doc) == NULL || !is_new(m, i))
            continue;
        compare_record(m, docs, write, &conflicts, &pending);
        records += galen_docs_record(docs, write->doc, write->record) != NULL;
    }
    for (uint8_t doc = 1; doc <= galen_document_count; doc++) {
        uint64_t last = 0;
        records -= galen_docs_record_count(docs, doc);
        for (size_t i = 0; i < galen_docs_record_count(docs, doc); i++) {
            uint64_t position = galen_record_position(galen_docs_record_at(docs, doc, i));
            cr_assert_leq(last, position);
            last = position;
        }
    }
    cr_assert_eq(records, 0);
    cr_assert_eq(galen_docs_conflict_count(docs), conflicts);
    cr_assert_eq(galen_docs_pending_count(docs), pending);
}
