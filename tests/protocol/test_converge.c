/*
 * Two to five replicas of one chart, from a seed: each edits every kind of field, proposes, answers, chooses, takes
 * back, goes offline, is taken out of the chart and brought back, and sends what it wrote with the base it had. All
 * end equal, and equal to a model that is slow and obviously right (support/slow_docs.h); what somebody typed is where
 * they typed it; and no reader ever sees a value that nobody wrote in one operation.
 */
#include "galen/doc.h"
#include "galen/entry.h"
#include "galen/text.h"
#include "galen/undo.h"

#include "support/any_value.h"
#include "support/chance.h"
#include "support/chart_story.h"
#include "support/slow_docs.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    OPS = SLOW_FACTS_MAX,
    REPLICAS_MAX = 5,
    SEEDS = 120,
    REGIMEN_SEEDS = 80,
    LONG_OPS = 2000000,
    WAITING_MAX = 8,
    FIELDS_MAX = 3,
    RECORDS = 2,
    TEXT_MAX = 120
};

/* An operation on its way, and what its author had in front of them. */
struct waiting {
    struct galen_writer plain;
    bool honest, undoes;
    struct galen_writer before[FIELDS_MAX]; /* of each field: what a text said */
};

struct replica {
    struct person who;
    struct galen_docs *docs;
    uint64_t read;    /* entries that it has taken in */
    uint64_t offline; /* for so many turns */
    bool removed;     /* nothing of it comes into the log, nor does it read */
    bool hostile;     /* does not split, and makes up bases, splices and answers */
    struct waiting waiting[WAITING_MAX];
    size_t waiting_count;
    uint32_t cursor;
};

/* A value of a register that somebody wrote in one operation. */
struct written {
    uint8_t kind;
    struct galen_bytes value;
};

struct chart {
    uint64_t seed;
    struct chance chance;
    const struct galen_document *only; /* everybody is at one record of it; NULL: at any */
    bool regimens;                     /* and at its regimen */
    struct slow_docs log;
    struct galen_writer plain[OPS];
    struct replica replicas[REPLICAS_MAX];
    size_t replica_count;
    uint32_t next_op;
    struct written *written;
    size_t written_count, written_room;
};

static struct chart chart;

/* How often what these stories are about happened, over all of them. */
static struct {
    size_t late_splices, conflicts, undone, redone, hostile;
} met;

static uint32_t below(uint64_t n)
{
    return (uint32_t)chance_below(&chart.chance, n);
}

static bool once_in(uint64_t n)
{
    return below(n) == 0;
}

/* ---- What somebody wrote ------------------------------------------------------------------------- */

static bool was_written(const struct galen_field *field, struct galen_bytes value)
{
    bool found = value.size == 0; /* cleared */
    for (size_t i = 0; i < chart.written_count && !found; i++)
        found = chart.written[i].kind == field->kind &&
                galen_bytes_equal(chart.written[i].value, value);
    return found;
}

static void note_written(const struct galen_field *field, struct galen_bytes value)
{
    if (was_written(field, value))
        return;
    uint8_t *bytes = malloc(value.size);
    cr_assert_not_null(bytes);
    memcpy(bytes, value.at, value.size);
    if (chart.written_count == chart.written_room) {
        chart.written_room = 2 * chart.written_room + 64;
        chart.written = realloc(chart.written, chart.written_room * sizeof *chart.written);
        cr_assert_not_null(chart.written);
    }
    chart.written[chart.written_count++] = (struct written){field->kind, {bytes, value.size}};
}

static void assert_written(const struct galen_document *document, uint16_t number,
                           struct galen_bytes value)
{
    const struct galen_field *field = galen_field(document, number);
    cr_assert(field->kind == GALEN_VALUE_TEXT || was_written(field, value),
              "seed %llu: a %s that nobody wrote", (unsigned long long)chart.seed, field->name);
}

/* All that a reader can see of a record's registers. */
static void watch(const struct galen_record *record, bool history)
{
    const struct galen_document *document = galen_document(galen_record_doc(record));
    for (uint16_t n = 1; n <= document->field_count; n++) {
        if (galen_field(document, n)->kind == GALEN_VALUE_TEXT)
            continue;
        for (size_t i = 0; i < galen_record_value_count(record, n); i++)
            assert_written(document, n, galen_record_value(record, n, i).value);
        for (size_t i = 0; history && i < galen_record_history_count(record, n); i++)
            assert_written(document, n, galen_record_history(record, n, i).value);
    }
    for (size_t i = 0; i < galen_record_proposal_count(record); i++) {
        const struct galen_proposal *proposal = galen_record_proposal(record, i);
        for (size_t k = 0; k < galen_proposal_field_count(proposal); k++) {
            struct galen_write_field field = galen_proposal_field(proposal, k);
            assert_written(document, field.field, field.value);
        }
    }
}

/* ---- The log ------------------------------------------------------------------------------------- */

static void read_on(struct replica *r)
{
    for (; r->read < chart.log.count; r->read++) {
        const struct slow_fact *f = &chart.log.facts[r->read];
        struct galen_verdict shown;
        struct galen_docs_item item;
        cr_assert_eq(galen_docs_apply(r->docs, &f->entry, &f->op, &shown), GALEN_OK);
        cr_assert_eq(shown.err, f->verdict.err, "seed %llu, entry %llu: %s, not %s",
                     (unsigned long long)chart.seed, (unsigned long long)r->read,
                     galen_err_name(shown.err), galen_err_name(f->verdict.err));
        cr_assert_eq(shown.counts, f->verdict.counts);
        cr_assert_eq(shown.void_fields, f->verdict.void_fields);
        if (galen_docs_item(r->docs, r->read, &item) && item.record != NULL)
            watch(item.record, false);
        met.conflicts += galen_docs_conflict_count(r->docs) > 0;
    }
}

/* What an honest author wrote counts; and its splices meet the text that was in front of them. */
static void assert_meant(const struct slow_fact *f, const struct waiting *w)
{
    static char is[SLOW_TEXT_MAX];
    const struct galen_write *write = &f->op.content.write;
    if (f->verdict.err == GALEN_ERR_DUPLICATE && w->undoes)
        return; /* another device of theirs took it back, too */
    cr_assert_eq(f->verdict.err, GALEN_OK, "seed %llu, entry %zu, kind %u: %s",
                 (unsigned long long)chart.seed, chart.log.count, f->op.kind,
                 galen_err_name(f->verdict.err));
    if (f->op.kind == GALEN_KIND_ANSWER)
        return;
    for (size_t i = 0; i < write->count; i++) {
        const struct galen_field *field =
            galen_field(galen_document(write->doc), write->fields[i].field);
        if (field->kind != GALEN_VALUE_TEXT)
            continue;
        met.late_splices += f->op.kind == GALEN_KIND_WRITE && f->op.base < chart.log.count;
        struct galen_bytes before = galen_written(&w->before[i]);
        struct galen_bytes in_front = {(const uint8_t *)is,
                                       slow_text_before(&chart.log, f, field->number, is)};
        cr_assert(galen_bytes_equal(in_front, before), "seed %llu, entry %zu: %.*s, not %.*s",
                  (unsigned long long)chart.seed, chart.log.count, (int)in_front.size, is,
                  (int)before.size, (const char *)before.at);
    }
}

static struct galen_docs_entry entry_of(const struct replica *r)
{
    const struct story place = {.size = chart.log.count};
    struct galen_docs_entry entry = story_entry(&place, &r->who);
    entry.head_size = r->read;
    return entry;
}

static void forget(struct waiting *w)
{
    galen_writer_wipe(&w->plain);
    for (size_t i = 0; i < FIELDS_MAX; i++)
        galen_writer_wipe(&w->before[i]);
}

static void send(struct replica *r)
{
    while (r->waiting_count > 0 && chart.log.count < OPS) {
        struct waiting *w = &r->waiting[0];
        struct slow_fact *f = &chart.log.facts[chart.log.count];
        struct galen_writer *plain = &chart.plain[chart.log.count];
        *plain = w->plain;
        galen_writer_init(&w->plain);
        f->entry = entry_of(r);
        cr_assert_eq(galen_op_read(galen_written(plain), GALEN_CLASS_RECORD, &f->op), GALEN_OK);
        f->verdict = slow_judge(&chart.log, f);
        if (w->honest)
            assert_meant(f, w);
        met.hostile += !w->honest && !f->verdict.counts;
        chart.log.count++;
        forget(w);
        memmove(w, w + 1, (--r->waiting_count) * sizeof *w);
    }
}

/* ---- What people do ------------------------------------------------------------------------------ */

/* An operation waits to be sent. `before`: what the texts among `source`'s fields said. */
static void queue(struct replica *r, struct galen_op *op, const struct galen_write *source,
                  const struct galen_writer *before, bool undoes)
{
    static const uint8_t none[GALEN_OP_ID_BYTES];
    struct waiting *w = &r->waiting[r->waiting_count];
    if (memcmp(op->id, none, sizeof none) == 0) {
        chart.next_op++;
        memset(op->id, 0xee, sizeof op->id);
        memcpy(op->id, &chart.next_op, sizeof chart.next_op);
    }
    *w = (struct waiting){.honest = !r->hostile, .undoes = undoes};
    galen_writer_init(&w->plain);
    for (size_t i = 0; i < FIELDS_MAX; i++)
        galen_writer_init(&w->before[i]);
    galen_op_write(&w->plain, op);
    if (w->plain.failed) { /* only of somebody hostile */
        cr_assert(r->hostile);
        galen_writer_wipe(&w->plain);
        return;
    }
    const struct galen_write *write = &op->content.write;
    for (size_t i = 0; source != NULL && i < write->count && i < FIELDS_MAX; i++)
        for (size_t k = 0; k < source->count; k++)
            if (source->fields[k].field == write->fields[i].field)
                galen_write(&w->before[i], before[k].at, before[k].size);
    r->waiting_count++;
}

/* What a text says for this replica, with what it has not sent yet. */
static void look_at_text(const struct replica *r, const struct galen_write *write, uint16_t field,
                         struct galen_writer *out)
{
    struct galen_unsent unsent[WAITING_MAX];
    static struct galen_op ops[WAITING_MAX];
    size_t count = 0;
    for (size_t i = 0; i < r->waiting_count; i++) {
        struct galen_op *op = &ops[count];
        cr_assert_eq(galen_op_read(galen_written(&r->waiting[i].plain), GALEN_CLASS_RECORD, op),
                     GALEN_OK);
        const struct galen_write *sent = &op->content.write;
        if (op->kind != GALEN_KIND_WRITE || sent->doc != write->doc ||
            memcmp(sent->record, write->record, sizeof sent->record) != 0)
            continue;
        for (size_t k = 0; k < sent->count; k++)
            if (sent->fields[k].field == field)
                unsent[count++] = (struct galen_unsent){op->base, sent->fields[k].value};
    }
    struct galen_id device = entry_of(r).device;
    enum galen_err err =
        galen_docs_text(r->docs, write->doc, write->record, field, &device, unsent, count, out);
    cr_assert(err == GALEN_OK || r->hostile);
}

/* Types a word, at the cursor or somewhere else, rubs some out, or both: `value` is what the text is to say. */
static void type(struct replica *r, const struct galen_writer *before, struct galen_writer *value)
{
    char word[8];
    size_t size = before->size, letters = 1 + below(6), gone = 0;
    if (r->cursor > size || once_in(4))
        r->cursor = below(size + 1);
    if (size > TEXT_MAX || once_in(4))
        gone = below(size - r->cursor + 1);
    if (once_in(6) && gone > 0)
        letters = 0;
    for (size_t i = 0; i < letters; i++)
        word[i] = i == 0 && once_in(2) ? ' ' : (char)('a' + below(26));
    if (size > 0)
        galen_write(value, before->at, r->cursor);
    galen_write(value, word, letters);
    if (size > 0)
        galen_write(value, before->at + r->cursor + gone, size - r->cursor - gone);
    r->cursor += (uint32_t)letters;
}

/* Changes one part of a regimen that stands there. */
static bool change_regimen(const struct galen_record *record, const struct galen_field *field,
                           struct galen_writer *value)
{
    static const char *const doses[] = {"1", "2", "3", "5"}, *const drugs[] = {"Ama", "Bebe"};
    struct galen_value regimen;
    size_t count = record == NULL ? 0 : galen_record_value_count(record, field->number);
    if (count == 0)
        return false;
    struct galen_said said = galen_record_value(record, field->number, below(count));
    if (said.value.size == 0 || galen_value_read(field, said.value, &regimen) != GALEN_OK)
        return false;
    struct galen_regimen *r = &regimen.as.regimen;
    const char *word = once_in(3) ? drugs[below(2)] : doses[below(4)];
    struct galen_bytes part = {(const uint8_t *)word, strlen(word)};
    if (once_in(4))
        r->as_needed = !r->as_needed;
    else
        r->parts[word[0] >= 'A' ? GALEN_REGIMEN_DRUG
                 : once_in(2)   ? GALEN_REGIMEN_DOSE
                                : GALEN_REGIMEN_STRENGTH] = part;
    return galen_value_write(value, field, &regimen) == GALEN_OK;
}

static void make_value(struct replica *r, const struct galen_write *write,
                       const struct galen_field *field, struct galen_writer *before,
                       struct galen_writer *value)
{
    char text[ANY_VALUE_MAX];
    const struct galen_record *record = galen_docs_record(r->docs, write->doc, write->record);
    if (field->kind == GALEN_VALUE_TEXT) {
        look_at_text(r, write, field->number, before);
        type(r, before, value);
        return;
    }
    if (once_in(12)) /* cleared */
        return;
    if (field->kind == GALEN_VALUE_REGIMEN && change_regimen(record, field, value))
        return;
    any_value(field, below(6), text);
    struct galen_bytes plain = {(const uint8_t *)text, strlen(text)};
    cr_assert_eq(galen_value_parse(value, field, plain), GALEN_OK);
}

/* A document, a record and some fields of it. */
static uint64_t pick(struct galen_write *write)
{
    const struct galen_document *document =
        chart.only != NULL ? chart.only : &galen_documents[below(galen_document_count)];
    uint64_t fields = 0;
    for (size_t i = 1 + below(FIELDS_MAX); i > 0; i--)
        fields |= UINT64_C(1) << below(document->field_count);
    if (chart.regimens)
        fields = UINT64_C(1) << (GALEN_PMR_REGIMEN - 1);
    *write = (struct galen_write){.doc = document->id};
    story_record_id((char)(1 + below(chart.only != NULL ? 1 : RECORDS)), write->record);
    if (galen_document_single(document) != NULL)
        memcpy(write->record, galen_document_single(document), sizeof write->record);
    return fields;
}

static void spoil(struct replica *r, struct galen_op *op)
{
    struct galen_bytes *value = &op->content.write.fields[0].value;
    op->base = once_in(3) ? below(chart.log.count + 2) : op->base;
    if (once_in(6) && chart.log.count > 0) { /* said again, or as if it took that back */
        const uint8_t *id = chart.log.facts[below(chart.log.count)].op.id;
        memcpy(op->id, id, sizeof op->id);
        if (once_in(2))
            galen_undo_id(id, op->id);
    }
    if (op->kind != GALEN_KIND_ANSWER && once_in(3) && value->size > 0)
        value->size -= 1 + below(value->size);
    if (op->kind == GALEN_KIND_ANSWER && once_in(2))
        op->content.answer.proposal = below(r->read + 2);
}

/* The splices that make the text of `source` into what it is to say. */
static void make_splices(const struct galen_write *source, const struct galen_writer *before,
                         struct galen_write_field *field, struct galen_writer *w)
{
    struct galen_splices splices;
    for (size_t k = 0; k < source->count; k++) {
        if (source->fields[k].field != field->field)
            continue;
        cr_assert_eq(galen_text_difference(galen_written(&before[k]), field->value, &splices),
                     GALEN_OK);
        galen_splices_write(w, splices.at, splices.count);
        galen_splices_free(&splices);
    }
    field->value = galen_written(w);
}

static void queue_write(struct replica *r, uint16_t kind, const struct galen_write *write,
                        const struct galen_write *source, const struct galen_writer *before)
{
    struct galen_op op = {.kind = kind, .base = r->read, .content.write = *write};
    struct galen_writer values[FIELDS_MAX];
    const struct galen_document *document = galen_document(write->doc);
    if (write->count == 0 || r->waiting_count == WAITING_MAX)
        return;
    for (size_t i = 0; i < write->count; i++) {
        struct galen_write_field *field = &op.content.write.fields[i];
        galen_writer_init(&values[i]);
        if (galen_field(document, field->field)->kind == GALEN_VALUE_TEXT)
            make_splices(source, before, field, &values[i]);
    }
    if (r->hostile)
        spoil(r, &op);
    for (size_t i = 0; i < write->count; i++) {
        const struct galen_field *field = galen_field(document, write->fields[i].field);
        if (field->kind != GALEN_VALUE_TEXT)
            note_written(field, op.content.write.fields[i].value);
    }
    queue(r, &op, source, before, false);
    for (size_t i = 0; i < write->count; i++)
        galen_writer_wipe(&values[i]);
}

static void write_something(struct replica *r)
{
    struct galen_write write, direct, propose;
    struct galen_writer before[FIELDS_MAX], values[FIELDS_MAX];
    uint64_t fields = pick(&write);
    const struct galen_document *document = galen_document(write.doc);
    for (uint16_t n = 1; n <= document->field_count; n++) {
        if ((fields >> (n - 1) & 1) == 0)
            continue;
        struct galen_writer *value = &values[write.count];
        galen_writer_init(value);
        galen_writer_init(&before[write.count]);
        make_value(r, &write, galen_field(document, n), &before[write.count], value);
        write.fields[write.count++] = (struct galen_write_field){n, galen_written(value)};
    }
    if (r->hostile && once_in(2)) {
        queue_write(r, once_in(2) ? GALEN_KIND_WRITE : GALEN_KIND_PROPOSE, &write, &write, before);
    } else if (galen_docs_split(r->docs, r->who.role, &write, &direct, &propose) == GALEN_OK) {
        queue_write(r, GALEN_KIND_WRITE, &direct, &write, before);
        queue_write(r, GALEN_KIND_PROPOSE, &propose, &write, before);
    }
    for (size_t i = 0; i < write.count; i++) {
        galen_writer_wipe(&before[i]);
        galen_writer_wipe(&values[i]);
    }
}

/* A record that this replica knows; NULL: none was found. */
static const struct galen_record *any_record(const struct replica *r)
{
    for (int tries = 0; tries < 8; tries++) {
        uint8_t doc = galen_documents[below(galen_document_count)].id;
        size_t count = galen_docs_record_count(r->docs, doc);
        if (count > 0)
            return galen_docs_record_at(r->docs, doc, below(count));
    }
    return NULL;
}

static bool staff_answered(const struct galen_proposal *proposal)
{
    for (size_t i = 0; i < galen_proposal_answer_count(proposal); i++)
        if (galen_docs_may_answer(galen_proposal_answer(proposal, i).entry->role))
            return true;
    return false;
}

/* Staff answer, and answer anew; others withdraw what nobody answered. */
static void answer(struct replica *r)
{
    const struct galen_record *record = any_record(r);
    size_t count = record == NULL ? 0 : galen_record_proposal_count(record);
    bool staff = galen_docs_may_answer(r->who.role);
    if (count == 0)
        return;
    const struct galen_proposal *proposal = galen_record_proposal(record, below(count));
    const struct galen_id own = entry_of(r).account;
    bool theirs = galen_id_equal(&galen_proposal_entry(proposal)->account, &own);
    if (!staff && (!theirs || staff_answered(proposal)) && !r->hostile)
        return;
    struct galen_op op = {.kind = GALEN_KIND_ANSWER, .base = r->read};
    op.content.answer.proposal = galen_proposal_index(proposal);
    op.content.answer.accepted = (staff || r->hostile) && !once_in(3);
    if (r->hostile)
        spoil(r, &op);
    queue(r, &op, NULL, NULL, false);
}

/* Writes one of the values that stand in conflict. */
static void choose(struct replica *r)
{
    const struct galen_record *record = any_record(r);
    if (record == NULL || galen_record_conflict_count(record) == 0)
        return;
    struct galen_write write = {.doc = galen_record_doc(record)}, direct, propose;
    memcpy(write.record, galen_record_id(record), sizeof write.record);
    for (uint16_t n = 1; n <= galen_document(write.doc)->field_count; n++) {
        size_t count = galen_record_value_count(record, n);
        if (count > 1 && write.count < FIELDS_MAX)
            write.fields[write.count++] =
                (struct galen_write_field){n, galen_record_value(record, n, below(count)).value};
    }
    if (write.count > 0 &&
        galen_docs_split(r->docs, r->who.role, &write, &direct, &propose) == GALEN_OK) {
        queue_write(r, GALEN_KIND_WRITE, &direct, NULL, NULL);
        queue_write(r, GALEN_KIND_PROPOSE, &propose, NULL, NULL);
    }
}

/* What was taken back with everything in front of its author says what it was said to say. */
static void assert_undone(const struct replica *r, const struct galen_undo *undo)
{
    for (size_t i = 0; undo->op.kind == GALEN_KIND_WRITE && i < undo->count; i++) {
        const struct galen_undo_field *field = &undo->fields[i];
        if (field->why != GALEN_UNDO_GOES)
            continue;
        cr_assert_eq(galen_record_value_count(undo->record, field->field), 1);
        cr_assert(
            galen_bytes_equal(galen_record_value(undo->record, field->field, 0).value, field->then),
            "seed %llu, entry %llu", (unsigned long long)chart.seed, (unsigned long long)r->read);
    }
}

static void take_back(struct replica *r, bool online)
{
    struct galen_undo undo;
    struct galen_writer before[FIELDS_MAX];
    const struct galen_undo_author author = {entry_of(r).account, r->who.role};
    if (r->waiting_count > 0 || r->hostile)
        return;
    if (galen_docs_undo(r->docs, &author, once_in(3), &undo, NULL) == GALEN_OK) {
        undo.op.base = r->read;
        const struct galen_write *write = &undo.op.content.write;
        size_t count = undo.op.kind == GALEN_KIND_WRITE ? write->count : 0;
        for (size_t i = 0; i < count; i++) {
            const struct galen_field *field =
                galen_field(galen_document(write->doc), write->fields[i].field);
            galen_writer_init(&before[i]);
            if (field->kind == GALEN_VALUE_TEXT)
                look_at_text(r, write, field->number, &before[i]);
            else /* of two regimens, or of any two values, undo makes no third */
                assert_written(galen_document(write->doc), field->number, write->fields[i].value);
        }
        queue(r, &undo.op, count > 0 ? write : NULL, before, true);
        met.undone += !undo.again;
        met.redone += undo.again;
        if (online && r->read == chart.log.count && r->read < OPS) {
            send(r);
            read_on(r);
            if (chart.log.facts[chart.log.count - 1].verdict.counts)
                assert_undone(r, &undo);
        }
        for (size_t i = 0; i < count; i++)
            galen_writer_wipe(&before[i]);
    }
    galen_undo_wipe(&undo);
}

/* While something waits that takes back, nothing is written on top of it here: another device of the same person may
 * have taken the same back, and this one's will be void. What an engine then does is in test_engine_undo.c. */
static bool waits_to_take_back(const struct replica *r)
{
    return r->waiting_count > 0 && r->waiting[r->waiting_count - 1].undoes;
}

static void act(struct replica *r, bool online)
{
    if (r->waiting_count == WAITING_MAX || waits_to_take_back(r))
        return;
    switch (below(10)) {
    case 0:
    case 1:
        take_back(r, online);
        break;
    case 2:
    case 3:
        answer(r);
        break;
    case 4:
        choose(r);
        break;
    default:
        write_something(r);
        break;
    }
}

static void turn(void)
{
    struct replica *r = &chart.replicas[below(chart.replica_count)];
    if (once_in(14))
        r->offline = 1 + below(12);
    if (once_in(60))
        r->removed = !r->removed;
    bool online = r->offline == 0 && !r->removed;
    if (r->offline > 0)
        r->offline--;
    if (online && once_in(2))
        read_on(r);
    if (online) {
        send(r);
        read_on(r);
    }
    act(r, online);
    if (once_in(40) && r->read == chart.log.count)
        slow_compare(&chart.log, r->docs);
}

/* ---- A story ------------------------------------------------------------------------------------- */

static void begin(uint64_t seed, bool regimens)
{
    static const enum galen_role roles[] = {GALEN_ROLE_PHARMACIST, GALEN_ROLE_PATIENT,
                                            GALEN_ROLE_TECHNICIAN, GALEN_ROLE_CAREGIVER,
                                            GALEN_ROLE_PRESCRIBER};
    memset(&chart, 0, sizeof chart);
    chart.seed = seed;
    chart.chance.state = seed;
    chart.regimens = regimens;
    if (regimens)
        chart.only = galen_document(GALEN_DOC_PMR);
    else if (once_in(2))
        chart.only = &galen_documents[below(galen_document_count)];
    chart.replica_count = 2 + below(REPLICAS_MAX - 1);
    for (size_t i = 0; i < chart.replica_count; i++) {
        struct replica *r = &chart.replicas[i];
        r->who = (struct person){(uint8_t)(i + 1), (uint8_t)(i + 1), roles[i]};
        if (i >= 2 && once_in(2)) /* another device of somebody who is there */
            r->who = (struct person){(uint8_t)(i + 1), (uint8_t)(i - 1), roles[i - 2]};
        r->hostile = i > 0 && once_in(8);
        r->docs = galen_docs_new();
        cr_assert_not_null(r->docs);
    }
}

static void assert_all_equal(void)
{
    struct galen_writer first, other;
    galen_writer_init(&first);
    galen_writer_init(&other);
    struct replica fresh = {.docs = galen_docs_new()};
    cr_assert_not_null(fresh.docs);
    read_on(&fresh);
    story_canonical(fresh.docs, &first);
    slow_compare(&chart.log, fresh.docs);
    for (uint8_t doc = 1; doc <= galen_document_count; doc++)
        for (size_t i = 0; i < galen_docs_record_count(fresh.docs, doc); i++)
            watch(galen_docs_record_at(fresh.docs, doc, i), true);
    for (size_t i = 0; i < chart.replica_count; i++) {
        struct replica *r = &chart.replicas[i];
        read_on(r);
        story_canonical(r->docs, &other);
        cr_assert(galen_bytes_equal(galen_written(&first), galen_written(&other)),
                  "seed %llu: replica %zu ends in other documents", (unsigned long long)chart.seed,
                  i);
        cr_assert_eq(galen_docs_conflict_count(r->docs), galen_docs_conflict_count(fresh.docs));
        cr_assert_eq(galen_docs_pending_count(r->docs), galen_docs_pending_count(fresh.docs));
    }
    galen_docs_free(fresh.docs);
    galen_writer_wipe(&first);
    galen_writer_wipe(&other);
}

static void end(void)
{
    for (size_t i = 0; i < chart.replica_count; i++) {
        struct replica *r = &chart.replicas[i];
        for (size_t k = 0; k < r->waiting_count; k++)
            forget(&r->waiting[k]);
        galen_docs_free(r->docs);
    }
    for (size_t i = 0; i < chart.log.count; i++)
        galen_writer_wipe(&chart.plain[i]);
    for (size_t i = 0; i < chart.written_count; i++)
        free((uint8_t *)chart.written[i].value.at);
    free(chart.written);
}

static void tell(uint64_t seed, bool regimens)
{
    begin(seed, regimens);
    while (chart.log.count < OPS)
        turn();
    assert_all_equal();
}

/* How many stories: of all of them, the long run tells LONG_OPS operations. */
static uint64_t stories(uint64_t seeds)
{
    const char *long_run = getenv("GALEN_LONG");
    return long_run == NULL || *long_run == '\0' ? seeds : (LONG_OPS + OPS - 1) / OPS;
}

Test(converge, replicas_that_edit_every_kind_of_field_end_equal)
{
    for (uint64_t seed = 1; seed <= stories(SEEDS); seed++) {
        tell(seed, false);
        end();
    }
    /* They were about something. */
    cr_assert_gt(met.late_splices, SEEDS);
    cr_assert_gt(met.conflicts, SEEDS);
    cr_assert_gt(met.undone, SEEDS);
    cr_assert_gt(met.redone, SEEDS / 4);
    cr_assert_gt(met.hostile, SEEDS);
}

/* Everybody changes single parts of one medicine's regimen at once. */
Test(converge, no_schedule_ever_shows_a_regimen_that_nobody_wrote)
{
    const struct galen_field *field = galen_field(galen_document(GALEN_DOC_PMR), GALEN_PMR_REGIMEN);
    size_t mixes = 0;
    for (uint64_t seed = 1; seed <= stories(REGIMEN_SEEDS); seed++) {
        tell(seed, true);
        /* Parts of two regimens make one that is none of them: that would have been seen. */
        for (size_t i = 0; i + 1 < chart.written_count; i++) {
            struct galen_value one, other;
            struct galen_writer mix;
            galen_writer_init(&mix);
            if (galen_value_read(field, chart.written[i].value, &one) == GALEN_OK &&
                galen_value_read(field, chart.written[i + 1].value, &other) == GALEN_OK) {
                one.as.regimen.parts[GALEN_REGIMEN_DOSE] =
                    other.as.regimen.parts[GALEN_REGIMEN_DOSE];
                cr_assert_eq(galen_value_write(&mix, field, &one), GALEN_OK);
                mixes += !was_written(field, galen_written(&mix));
            }
            galen_writer_wipe(&mix);
        }
        end();
    }
    cr_assert_gt(mixes, 0);
}
