/*
 * Which operations count (PROTOCOL.md, "Documents", the table of verdicts), decided before anything is
 * changed, so that what is void changes nothing.
 */
#include "state.h"
#include "writing.h"

#include "galen/mutation.h"

#include <string.h>

bool galen_docs_may_answer(enum galen_role role)
{
    return galen_role_is_staff(role);
}

bool galen_docs_may_sign(enum galen_role role)
{
    return role == GALEN_ROLE_PHARMACIST;
}

/* May this role write such an operation at all? Fields are judged one by one, and whose proposal it is by
 * judge_answer: others than staff withdraw what they proposed, until it is answered. */
static bool role_may(enum galen_role role, const struct galen_op *op)
{
    switch (op->kind) {
    case GALEN_KIND_IDENTITY:
    case GALEN_KIND_VISIT:
        return galen_role_is_staff(role);
    case GALEN_KIND_ANSWER:
        return galen_docs_may_answer(role) ||
               (galen_role_edits(role) && !op->content.answer.accepted);
    case GALEN_KIND_SIGN:
        return galen_docs_may_sign(role);
    default:
        return true;
    }
}

static enum galen_err judge_author(const struct galen_docs *docs,
                                   const struct galen_docs_entry *entry, const struct galen_op *op)
{
    uint8_t key[KEYSET_KEY_BYTES];
    enum galen_err err = galen_op_check(op);
    if (err != GALEN_OK)
        return err;
    if (entry->purpose != GALEN_PURPOSE_DEVICE ||
        (GALEN_CHECKED(ROLE_KIND) && !role_may(entry->role, op)))
        return GALEN_ERR_ROLE;
    operation_key(&entry->account, op->id, key);
    if (GALEN_CHECKED(OPERATION_ID) && keyset_find(&docs->operations, key) != NULL)
        return GALEN_ERR_DUPLICATE;
    if (GALEN_CHECKED(BASE) && (op->base > entry->head_size || op->base > entry->index ||
                                op->base < galen_docs_last_base(docs, &entry->device)))
        return GALEN_ERR_BASE;
    return GALEN_OK;
}

/* Are these splices of a text that their author can have had in front of them? */
static enum galen_err judge_splices(const struct galen_docs *docs, const struct plan *plan,
                                    const struct galen_docs_entry *entry, uint64_t base,
                                    const struct galen_write_field *write)
{
    const struct reg *reg = plan->record == NULL ? NULL : &plan->record->fields[write->field - 1];
    return writing_check(reg, docs_device(docs, &entry->device), base, write->value);
}

/* One field of a write: OK, ROLE (D2), VALUE, or UNKNOWN_KIND for what is newer than this version. Of a
 * text nothing but who may write it: its splices, or what it is to say, are judged by who knows which. */
static enum galen_err judge_field(const struct galen_document *document, enum galen_role role,
                                  uint16_t kind, const struct galen_write_field *write)
{
    const struct galen_field *field = galen_field(document, write->field);
    if (field == NULL)
        return GALEN_ERR_UNKNOWN_KIND;
    enum galen_access needed =
        kind == GALEN_KIND_WRITE ? GALEN_ACCESS_DIRECT : GALEN_ACCESS_PROPOSE;
    if (GALEN_CHECKED(ROLE_FIELD) && galen_field_access(field, role) < needed)
        return GALEN_ERR_ROLE;
    return field->kind == GALEN_VALUE_TEXT ? GALEN_OK : galen_value_check(field, write->value);
}

static bool is_text(const struct galen_document *document, uint16_t number)
{
    const struct galen_field *field = galen_field(document, number);
    return field != NULL && field->kind == GALEN_VALUE_TEXT;
}

/* The record of a write: VALUE where its document has another one only; ROLE for those who have no
 * part in documents, or would have to propose a record that is not there yet. */
static enum galen_err judge_record(const struct plan *plan, enum galen_role role,
                                   const struct galen_op *op)
{
    const uint8_t *single = galen_document_single(plan->document);
    if (GALEN_CHECKED(SINGLE_RECORD) && single != NULL &&
        memcmp(op->content.write.record, single, sizeof op->content.write.record) != 0)
        return GALEN_ERR_VALUE;
    if (!galen_role_edits(role))
        return GALEN_ERR_ROLE;
    bool adds = op->kind == GALEN_KIND_WRITE && plan->record == NULL;
    if (GALEN_CHECKED(RECORD_ADDER) && adds &&
        galen_document_access(plan->document, role) < GALEN_ACCESS_DIRECT)
        return GALEN_ERR_ROLE;
    return GALEN_OK;
}

/* OK; MEMORY. */
static enum galen_err judge_write(const struct galen_docs *docs,
                                  const struct galen_docs_entry *entry, const struct galen_op *op,
                                  struct plan *plan)
{
    const struct galen_write *write = &op->content.write;
    uint64_t all = UINT64_MAX >> (64 - write->count);
    plan->document = galen_document(write->doc);
    if (plan->document == NULL) {
        plan->newer = true;
        plan->verdict.err = GALEN_ERR_UNKNOWN_KIND;
        plan->verdict.counts = true;
        return GALEN_OK;
    }
    plan->record = docs_record(docs, write->doc, write->record);
    plan->verdict.err = judge_record(plan, entry->role, op);
    if (plan->verdict.err != GALEN_OK) {
        plan->verdict.void_fields = all;
        return GALEN_OK;
    }
    for (size_t i = 0; i < write->count; i++) {
        const struct galen_write_field *field = &write->fields[i];
        enum galen_err err = judge_field(plan->document, entry->role, op->kind, field);
        if (err == GALEN_OK && is_text(plan->document, field->field))
            err = judge_splices(docs, plan, entry, op->base, field);
        if (err == GALEN_ERR_MEMORY)
            return err;
        if (err == GALEN_OK)
            plan->effective |= UINT64_C(1) << i;
        else if (err == GALEN_ERR_UNKNOWN_KIND)
            plan->newer = true;
        else
            plan->verdict.void_fields |= UINT64_C(1) << i;
        if (plan->verdict.err == GALEN_OK)
            plan->verdict.err = err;
    }
    plan->verdict.counts = plan->verdict.void_fields != all;
    return GALEN_OK;
}

/* Did staff answer it in the past of this answer? If anybody of them, then the first. */
static bool answered_by_staff(const struct galen_proposal *proposal,
                              const struct galen_docs_entry *entry, uint64_t base)
{
    const struct item *first = proposal->answered;
    return first != NULL &&
           (first->entry.index < base || galen_id_equal(&first->entry.device, &entry->device));
}

/* Does the history of each text that the answer changes hold that? */
static bool texts_have_room(const struct galen_docs *docs, const struct galen_docs_entry *entry,
                            const struct galen_op *op, const struct galen_proposal *proposal)
{
    const struct item answer = {
        .entry = *entry, .base = op->base, .device = docs_device(docs, &entry->device)};
    if (proposal_answer_text(proposal, &answer, op->content.answer.accepted) == TEXT_STAYS)
        return true;
    bool room = true;
    for (size_t i = 0; i < proposal->item->field_count; i++) {
        const struct galen_write_field *field = &proposal->item->fields[i];
        if (field_is_text(proposal->record, field->field))
            room &= writing_has_room(&proposal->record->fields[field->field - 1], field->value);
    }
    return room;
}

static void judge_answer(const struct galen_docs *docs, const struct galen_docs_entry *entry,
                         const struct galen_op *op, struct plan *plan)
{
    const struct item *item = docs_item(docs, op->content.answer.proposal);
    if (item == NULL || item->kind != GALEN_KIND_PROPOSE || !item->verdict.counts) {
        plan->verdict.err = GALEN_ERR_VALUE;
        return;
    }
    if (GALEN_CHECKED(WITHDRAW_OWN) && !galen_docs_may_answer(entry->role) &&
        !galen_id_equal(&item->entry.account, &entry->account)) {
        plan->verdict.err = GALEN_ERR_ROLE;
        return;
    }
    if (item->entry.index >= op->base && !galen_id_equal(&item->entry.device, &entry->device)) {
        plan->verdict.err = GALEN_ERR_BASE;
        return;
    }
    if (GALEN_CHECKED(WITHDRAW_OPEN) && !galen_docs_may_answer(entry->role) &&
        item->proposal != NULL && answered_by_staff(item->proposal, entry, op->base)) {
        plan->verdict.err = GALEN_ERR_ROLE;
        return;
    }
    if (GALEN_CHECKED(TEXT_ROOM) && item->proposal != NULL &&
        !texts_have_room(docs, entry, op, item->proposal)) {
        plan->verdict.err = GALEN_ERR_FULL;
        return;
    }
    plan->proposal = item->proposal;
    plan->verdict.counts = true;
    if (item->proposal == NULL) { /* for a document of a newer version */
        plan->newer = true;
        plan->verdict.err = GALEN_ERR_UNKNOWN_KIND;
    }
}

enum galen_err judge(const struct galen_docs *docs, const struct galen_docs_entry *entry,
                     const struct galen_op *op, struct plan *plan)
{
    memset(plan, 0, sizeof *plan);
    if (op->kind == 0) { /* galen_op_read could read nothing but a newer version's number */
        plan->newer = true;
        plan->verdict.err = GALEN_ERR_UNKNOWN_KIND;
        return GALEN_OK;
    }
    plan->verdict.err = judge_author(docs, entry, op);
    if (plan->verdict.err != GALEN_OK)
        return GALEN_OK;
    plan->based = true;
    switch (op->kind) {
    case GALEN_KIND_MESSAGE:
    case GALEN_KIND_IDENTITY:
    case GALEN_KIND_VISIT:
        plan->verdict.counts = true;
        break;
    case GALEN_KIND_WRITE:
    case GALEN_KIND_PROPOSE:
        return judge_write(docs, entry, op, plan);
    case GALEN_KIND_ANSWER:
        judge_answer(docs, entry, op, plan);
        break;
    case GALEN_KIND_SIGN:
        return judge_sign(docs, entry, op, plan);
    default:
        plan->newer = true;
        plan->verdict.err = GALEN_ERR_UNKNOWN_KIND;
        plan->verdict.counts = true;
    }
    return GALEN_OK;
}

enum galen_err galen_docs_split(const struct galen_docs *docs, enum galen_role role,
                                const struct galen_write *write, struct galen_write *direct,
                                struct galen_write *propose)
{
    memset(direct, 0, sizeof *direct);
    memset(propose, 0, sizeof *propose);
    direct->doc = propose->doc = write->doc;
    memcpy(direct->record, write->record, sizeof direct->record);
    memcpy(propose->record, write->record, sizeof propose->record);
    struct galen_op op = {.kind = GALEN_KIND_WRITE, .content.write = *write};
    if (galen_op_check(&op) != GALEN_OK)
        return GALEN_ERR_FORMAT;
    const struct galen_document *document = galen_document(write->doc);
    if (document == NULL)
        return GALEN_ERR_UNKNOWN_KIND;
    struct plan plan = {.document = document,
                        .record = docs_record(docs, write->doc, write->record)};
    op.kind = GALEN_KIND_PROPOSE;
    enum galen_err err = judge_record(&plan, role, &op);
    if (err != GALEN_OK)
        return err;
    bool may_add =
        plan.record != NULL || galen_document_access(document, role) == GALEN_ACCESS_DIRECT;
    for (size_t i = 0; i < write->count; i++) {
        err = judge_field(document, role, GALEN_KIND_PROPOSE, &write->fields[i]);
        if (err == GALEN_OK && is_text(document, write->fields[i].field))
            err = galen_text_points(write->fields[i].value) > GALEN_TEXT_POINTS_MAX
                      ? GALEN_ERR_VALUE
                      : galen_value_check(galen_field(document, write->fields[i].field),
                                          write->fields[i].value);
        if (err != GALEN_OK) {
            direct->count = propose->count = 0;
            return err;
        }
        const struct galen_field *field = galen_field(document, write->fields[i].field);
        bool writes = may_add && galen_field_access(field, role) == GALEN_ACCESS_DIRECT;
        struct galen_write *part = writes ? direct : propose;
        part->fields[part->count++] = write->fields[i];
    }
    return GALEN_OK;
}
