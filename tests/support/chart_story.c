#include "support/chart_story.h"

#include "galen/text.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct person ana = {1, 1, GALEN_ROLE_PHARMACIST};
const struct person ben = {2, 2, GALEN_ROLE_PHARMACIST};
const struct person tom = {3, 3, GALEN_ROLE_TECHNICIAN};
const struct person pat = {4, 4, GALEN_ROLE_PATIENT};
const struct person pat_2 = {5, 4, GALEN_ROLE_PATIENT};
const struct person cara = {6, 6, GALEN_ROLE_CAREGIVER};
const struct person drew = {7, 7, GALEN_ROLE_PRESCRIBER};
const struct person ina = {8, 8, GALEN_ROLE_INTERPRETER};

/* An edit of a text that was written. */
struct story_edit {
    uint64_t index, base;
    uint8_t device, doc, record[GALEN_RECORD_ID_BYTES];
    uint16_t field;
    struct galen_bytes value;
};

void story_begin(struct story *story)
{
    memset(story, 0, sizeof *story);
    story->docs = galen_docs_new();
    cr_assert_not_null(story->docs);
}

void story_end(struct story *story)
{
    for (size_t i = 0; i < story->edit_count; i++)
        free((uint8_t *)story->edits[i].value.at);
    free(story->edits);
    galen_docs_free(story->docs);
}

struct galen_docs_entry story_entry(const struct story *story, const struct person *who)
{
    struct galen_docs_entry entry = {
        .index = story->size,
        .role = (uint8_t)who->role,
        .purpose = GALEN_PURPOSE_DEVICE,
        .received_ms = 1700000000000 + story->size * 1000,
        .head_size = story->size,
    };
    memset(entry.device.bytes, who->device, sizeof entry.device.bytes);
    memset(entry.account.bytes, who->account, sizeof entry.account.bytes);
    return entry;
}

uint64_t story_apply(struct story *story, const struct person *who, struct galen_op *op)
{
    return story_apply_at(story, who, op, story->size);
}

uint64_t story_apply_at(struct story *story, const struct person *who, struct galen_op *op,
                        uint64_t head)
{
    static const uint8_t none[GALEN_OP_ID_BYTES];
    struct galen_docs_entry entry = story_entry(story, who);
    entry.head_size = head;
    if (memcmp(op->id, none, sizeof none) == 0) {
        story->next_op++; /* ids that tests choose themselves end with zeros */
        memset(op->id, 0xee, sizeof op->id);
        memcpy(op->id, &story->next_op, sizeof story->next_op);
    }
    op->clock_ms = entry.received_ms - 7;
    cr_assert_eq(galen_docs_apply(story->docs, &entry, op, &story->verdict), GALEN_OK);
    return story->size++;
}

void story_record_id(char record, uint8_t id[GALEN_RECORD_ID_BYTES])
{
    memset(id, record, GALEN_RECORD_ID_BYTES);
}

uint16_t story_field(uint8_t doc, const char *field)
{
    const struct galen_field *found = galen_field_named(galen_document(doc), field);
    cr_assert_not_null(found, "no field %s", field);
    return found->number;
}

/* The record that a story calls so: of a document that has only one, that one. */
static void record_of(uint8_t doc, char record, uint8_t id[GALEN_RECORD_ID_BYTES])
{
    const struct galen_document *document = galen_document(doc);
    const uint8_t *single = document == NULL ? NULL : galen_document_single(document);
    if (single != NULL)
        memcpy(id, single, GALEN_RECORD_ID_BYTES);
    else
        story_record_id(record, id);
}

/* What a text said for somebody who had seen the log up to `base`, and what they wrote themselves. */
static void say_for(const struct story *story, const struct person *who, uint64_t base,
                    const struct story_edit *of, struct galen_writer *w)
{
    struct galen_unsent own[256];
    size_t count = 0;
    for (size_t i = 0; i < story->edit_count; i++) {
        const struct story_edit *edit = &story->edits[i];
        if (edit->index >= base && edit->device == who->device && edit->doc == of->doc &&
            edit->field == of->field && memcmp(edit->record, of->record, sizeof of->record) == 0) {
            cr_assert_lt(count, sizeof own / sizeof own[0]);
            own[count++] = (struct galen_unsent){edit->base, edit->value};
        }
    }
    struct galen_docs *then = galen_docs_as_of(story->docs, base);
    cr_assert_not_null(then);
    struct galen_id device = story_entry(story, who).device;
    cr_assert_eq(galen_docs_text(then, of->doc, of->record, of->field, &device, own, count, w),
                 GALEN_OK);
    galen_docs_free(then);
}

/* Makes what a text is to say into splices. */
static void make_splices(const struct story *story, const struct person *who, uint64_t base,
                         const struct story_edit *of, struct galen_writer *w)
{
    struct galen_writer now;
    struct galen_splices splices;
    galen_writer_init(&now);
    say_for(story, who, base, of, &now);
    cr_assert_eq(galen_text_difference(galen_written(&now), galen_written(w), &splices), GALEN_OK);
    galen_writer_clear(w);
    galen_splices_write(w, splices.at, splices.count);
    cr_assert_not(w->failed);
    galen_splices_free(&splices);
    galen_writer_wipe(&now);
}

static void keep_edit(struct story *story, struct story_edit edit, struct galen_writer *w)
{
    uint8_t *bytes = malloc(w->size + 1);
    story->edits = realloc(story->edits, (story->edit_count + 1) * sizeof edit);
    cr_assert(bytes != NULL && story->edits != NULL);
    if (w->size > 0)
        memcpy(bytes, w->at, w->size);
    edit.value = (struct galen_bytes){bytes, w->size};
    story->edits[story->edit_count++] = edit;
}

static uint64_t write_field(struct story *story, const struct person *who, uint16_t kind,
                            uint64_t base, uint8_t doc, char record, const char *field,
                            const char *value)
{
    struct galen_op op = {.kind = kind, .base = base};
    struct galen_write *write = &op.content.write;
    struct galen_writer w;
    galen_writer_init(&w);
    uint16_t number = story_field(doc, field);
    struct galen_bytes text = {(const uint8_t *)value, strlen(value)};
    cr_assert_eq(galen_value_parse(&w, galen_field(galen_document(doc), number), text), GALEN_OK,
                 "%s does not take %s", field, value);
    write->doc = doc;
    record_of(doc, record, write->record);
    write->count = 1;
    bool is_text = galen_field(galen_document(doc), number)->kind == GALEN_VALUE_TEXT;
    struct story_edit edit = {.base = base, .device = who->device, .doc = doc, .field = number};
    memcpy(edit.record, write->record, sizeof edit.record);
    if (is_text)
        make_splices(story, who, base, &edit, &w);
    write->fields[0] = (struct galen_write_field){number, galen_written(&w)};
    uint64_t index = edit.index = story_apply(story, who, &op);
    if (is_text && kind == GALEN_KIND_WRITE && story->verdict.counts)
        keep_edit(story, edit, &w);
    galen_writer_wipe(&w);
    return index;
}

uint64_t story_write(struct story *story, const struct person *who, uint64_t base, uint8_t doc,
                     char record, const char *field, const char *value)
{
    return write_field(story, who, GALEN_KIND_WRITE, base, doc, record, field, value);
}

uint64_t story_propose(struct story *story, const struct person *who, uint64_t base, uint8_t doc,
                       char record, const char *field, const char *value)
{
    return write_field(story, who, GALEN_KIND_PROPOSE, base, doc, record, field, value);
}

uint64_t story_answer(struct story *story, const struct person *who, uint64_t base,
                      uint64_t proposal, bool accepted)
{
    struct galen_op op = {.kind = GALEN_KIND_ANSWER, .base = base};
    op.content.answer.proposal = proposal;
    op.content.answer.accepted = accepted;
    return story_apply(story, who, &op);
}

uint64_t story_message(struct story *story, const struct person *who, uint64_t base)
{
    struct galen_op op = {.kind = GALEN_KIND_MESSAGE, .base = base};
    op.content.message = (struct galen_bytes){(const uint8_t *)"hello", 5};
    return story_apply(story, who, &op);
}

struct galen_op story_sign_op(const struct story *story, uint64_t base)
{
    struct galen_op op = {.kind = GALEN_KIND_SIGN, .base = base};
    struct galen_docs *then = galen_docs_as_of(story->docs, base);
    cr_assert_not_null(then);
    op.content.sign.meaning = GALEN_SIGN_WITH_PATIENT;
    op.content.sign.schema = GALEN_SCHEMA_VERSION;
    cr_assert(galen_docs_hash(then, op.content.sign.hash));
    galen_docs_free(then);
    return op;
}

uint64_t story_sign(struct story *story, const struct person *who, uint64_t base)
{
    struct galen_op op = story_sign_op(story, base);
    return story_apply_at(story, who, &op, base);
}

const struct galen_record *story_record(const struct story *story, uint8_t doc, char record)
{
    uint8_t id[GALEN_RECORD_ID_BYTES];
    record_of(doc, record, id);
    return galen_docs_record(story->docs, doc, id);
}

const char *story_values(const struct story *story, uint8_t doc, char record, const char *field)
{
    static char out[4096];
    const struct galen_record *found = story_record(story, doc, record);
    uint16_t number = story_field(doc, field);
    if (found == NULL || galen_record_value_count(found, number) == 0)
        return "-";
    struct galen_writer w;
    galen_writer_init(&w);
    for (size_t i = 0; i < galen_record_value_count(found, number); i++) {
        struct galen_said said = galen_record_value(found, number, i);
        if (i > 0)
            galen_write(&w, " | ", 3);
        if (said.value.size == 0)
            galen_write(&w, "(cleared)", 9);
        cr_assert_eq(galen_value_print(&w, galen_field(galen_document(doc), number), said.value),
                     GALEN_OK);
    }
    cr_assert_lt(w.size, sizeof out);
    memcpy(out, w.at, w.size);
    out[w.size] = '\0';
    galen_writer_wipe(&w);
    return out;
}

void story_canonical(const struct galen_docs *docs, struct galen_writer *w)
{
    galen_writer_clear(w);
    for (size_t i = 0; i < galen_document_count; i++)
        cr_assert(galen_docs_write_canonical(docs, galen_documents[i].id, w));
}
