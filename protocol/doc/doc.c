#include "galen/doc.h"

#include "state.h"
#include "writing.h"

#include "galen/mutation.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct galen_docs *galen_docs_new(void)
{
    assert(galen_document_count <= DOCUMENTS_MAX);
    return calloc(1, sizeof(struct galen_docs));
}

static void proposal_free(struct galen_proposal *proposal)
{
    if (proposal == NULL)
        return;
    reg_wipe(&proposal->answers);
    free(proposal);
}

static void record_free(struct galen_record *record)
{
    if (record == NULL)
        return;
    for (size_t i = 0; i < record->document->field_count; i++)
        reg_wipe(&record->fields[i]);
    for (size_t i = 0; i < record->proposals.count; i++)
        proposal_free(record->proposals.at[i]);
    free(record->proposals.at);
    free(record->live.at);
    free(record);
}

void galen_docs_free(struct galen_docs *docs)
{
    if (docs == NULL)
        return;
    for (size_t i = 0; i < DOCUMENTS_MAX; i++) {
        for (size_t k = 0; k < docs->order[i].count; k++)
            record_free(docs->order[i].at[k]);
        free(docs->order[i].at);
    }
    for (size_t i = 0; i < docs->signs.count; i++)
        free(docs->signs.at[i]);
    free(docs->signs.at);
    for (size_t i = 0; i < docs->items.count; i++)
        free(docs->items.at[i]);
    free(docs->items.at);
    keyset_wipe(&docs->operations);
    keyset_wipe(&docs->devices);
    keyset_wipe(&docs->records);
    free(docs);
}

void record_key(uint8_t doc, const uint8_t id[GALEN_RECORD_ID_BYTES], uint8_t key[KEYSET_KEY_BYTES])
{
    memset(key, 0, KEYSET_KEY_BYTES);
    key[0] = doc;
    memcpy(key + 1, id, GALEN_RECORD_ID_BYTES);
}

void operation_key(const struct galen_id *account, const uint8_t id[GALEN_OP_ID_BYTES],
                   uint8_t key[KEYSET_KEY_BYTES])
{
    memcpy(key, account->bytes, GALEN_ID_BYTES);
    memcpy(key + GALEN_ID_BYTES, id, GALEN_OP_ID_BYTES);
}

void device_key(const struct galen_id *device, uint8_t key[KEYSET_KEY_BYTES])
{
    memset(key, 0, KEYSET_KEY_BYTES);
    memcpy(key, device->bytes, GALEN_ID_BYTES);
}

uint32_t docs_device(const struct galen_docs *docs, const struct galen_id *device)
{
    uint8_t key[KEYSET_KEY_BYTES];
    device_key(device, key);
    const struct keyset_item *found = keyset_find(&docs->devices, key);
    return (uint32_t)(found == NULL ? docs->devices.count : (size_t)(found - docs->devices.items));
}

struct list *docs_order(const struct galen_docs *docs, const struct galen_document *document)
{
    return (struct list *)&docs->order[document - galen_documents];
}

struct galen_record *docs_record(const struct galen_docs *docs, uint8_t doc,
                                 const uint8_t id[GALEN_RECORD_ID_BYTES])
{
    uint8_t key[KEYSET_KEY_BYTES];
    record_key(doc, id, key);
    struct keyset_item *found = keyset_find(&docs->records, key);
    return found == NULL ? NULL : found->value.pointer;
}

struct item *docs_item(const struct galen_docs *docs, uint64_t index)
{
    size_t from = 0, to = docs->items.count;
    while (from < to) {
        size_t middle = from + (to - from) / 2;
        struct item *item = docs->items.at[middle];
        if (item->entry.index == index)
            return item;
        if (item->entry.index < index)
            from = middle + 1;
        else
            to = middle;
    }
    return NULL;
}

uint64_t galen_docs_last_base(const struct galen_docs *docs, const struct galen_id *device)
{
    uint8_t key[KEYSET_KEY_BYTES];
    device_key(device, key);
    const struct keyset_item *found = keyset_find(&docs->devices, key);
    return found == NULL ? 0 : found->value.number;
}

uint64_t galen_docs_find_op(const struct galen_docs *docs, const struct galen_id *account,
                            const uint8_t id[GALEN_OP_ID_BYTES])
{
    uint8_t key[KEYSET_KEY_BYTES];
    operation_key(account, id, key);
    const struct keyset_item *found = keyset_find(&docs->operations, key);
    return found == NULL ? GALEN_NO_ENTRY : found->value.number;
}

bool field_conflicts(const struct galen_field *field, const struct reg *reg)
{
    return field->kind != GALEN_VALUE_POSITION && reg->different > 1;
}

/* ---- What can fail: all memory, taken before anything is changed --------------------------------- */

/* Copies the fields that take effect, and their values behind them. */
static struct item *item_new(const struct galen_docs_entry *entry, const struct galen_op *op,
                             const struct plan *plan)
{
    const struct galen_write *write = &op->content.write;
    size_t total = plan->document == NULL ? 0 : write->count, count = 0, bytes = 0;
    for (size_t i = 0; i < total; i++)
        if (plan->effective >> i & 1) {
            count++;
            bytes += write->fields[i].value.size;
        }
    struct item *item = calloc(1, sizeof *item + count * sizeof item->fields[0] + bytes);
    if (item == NULL)
        return NULL;
    item->entry = *entry;
    memcpy(item->id, op->id, sizeof item->id);
    item->kind = op->kind;
    item->newer = plan->newer;
    item->based = plan->based;
    item->accepted = op->kind == GALEN_KIND_ANSWER && op->content.answer.accepted;
    item->base = op->base;
    item->clock_ms = op->clock_ms;
    item->verdict = plan->verdict;
    item->proposal = plan->proposal;
    item->record = plan->proposal != NULL ? plan->proposal->record : NULL;
    uint8_t *at = (uint8_t *)(item->fields + count);
    for (size_t i = 0; i < total; i++) {
        struct galen_bytes value = write->fields[i].value;
        if ((plan->effective >> i & 1) == 0)
            continue;
        struct galen_write_field *field = &item->fields[item->field_count++];
        field->field = write->fields[i].field;
        field->value = (struct galen_bytes){at, value.size};
        if (value.size > 0)
            memcpy(at, value.at, value.size);
        at += value.size;
    }
    return item;
}

static struct galen_record *record_new(const struct galen_document *document,
                                       const uint8_t id[GALEN_RECORD_ID_BYTES])
{
    struct galen_record *record =
        calloc(1, sizeof *record + document->field_count * sizeof record->fields[0]);
    if (record == NULL)
        return NULL;
    record->document = document;
    memcpy(record->id, id, sizeof record->id);
    return record;
}

static bool reserve_fields(struct galen_record *record, const struct item *item)
{
    for (size_t i = 0; i < item->field_count; i++) {
        const struct galen_write_field *field = &item->fields[i];
        struct reg *reg = &record->fields[field->field - 1];
        struct saying saying = {.item = item, .value = field->value};
        if (field_is_text(record, field->field) ? !writing_stage(reg, &saying)
                                                : !reg_reserve(reg, 1))
            return false;
    }
    return true;
}

static bool reserve_proposal(struct galen_record *record, struct item *item)
{
    struct galen_proposal *proposal = item->proposal = calloc(1, sizeof *item->proposal);
    if (proposal == NULL)
        return false;
    proposal->item = item;
    return list_reserve(&record->proposals) && list_reserve(&record->live);
}

/* Makes item->record and, for a proposal, item->proposal; both are not yet part of the state. */
static bool reserve_write(struct galen_docs *docs, const struct galen_op *op,
                          const struct plan *plan, struct item *item)
{
    item->record = plan->record;
    if (item->record == NULL) {
        item->record = record_new(plan->document, op->content.write.record);
        if (item->record == NULL || !keyset_reserve(&docs->records) ||
            !list_reserve(docs_order(docs, plan->document)))
            return false;
    }
    return op->kind == GALEN_KIND_WRITE ? reserve_fields(item->record, item)
                                        : reserve_proposal(item->record, item);
}

bool proposal_is_accepted(const struct galen_proposal *proposal, const struct item *answer)
{
    const struct reg *answers = &proposal->answers;
    for (size_t i = 0; i < answers->current_count; i++) {
        const struct saying *one = &answers->said[answers->current[i]];
        if (one->value.at[0] == 1 && (answer == NULL || !item_in_past(one->item, answer)))
            return true;
    }
    return false;
}

/* A text takes a proposal in once, however many accept it, and takes it back when nobody does any more. */
enum text_answer proposal_answer_text(const struct galen_proposal *proposal,
                                      const struct item *answer, bool accepted)
{
    bool was = proposal_is_accepted(proposal, NULL);
    bool is = accepted || proposal_is_accepted(proposal, answer);
    return was == is ? TEXT_STAYS : is ? TEXT_TAKES_IN : TEXT_TAKES_BACK;
}

static bool reserve_answer(struct galen_proposal *proposal, const struct item *answer,
                           bool accepted)
{
    enum text_answer text = proposal_answer_text(proposal, answer, accepted);
    if (!reg_reserve(&proposal->answers, 1))
        return false;
    for (size_t i = 0; i < proposal->item->field_count; i++) {
        const struct galen_write_field *field = &proposal->item->fields[i];
        struct reg *reg = &proposal->record->fields[field->field - 1];
        struct saying saying = {.item = answer, .source = proposal->item, .value = field->value};
        bool ok = true;
        if (!field_is_text(proposal->record, field->field))
            ok = !accepted || reg_reserve(reg, 1);
        else if (text == TEXT_TAKES_IN)
            ok = writing_stage(reg, &saying);
        else if (text == TEXT_TAKES_BACK)
            ok = writing_stage_taking_back(reg, answer, proposal->item);
        if (!ok)
            return false;
    }
    return true;
}

static bool reserve(struct galen_docs *docs, const struct galen_docs_entry *entry,
                    const struct galen_op *op, const struct plan *plan, struct item *item)
{
    if (!list_reserve(&docs->items))
        return false;
    if (plan->based && !keyset_reserve(&docs->devices))
        return false;
    item->device = docs_device(docs, &entry->device);
    if (!plan->verdict.counts)
        return true;
    if (!keyset_reserve(&docs->operations))
        return false;
    if (plan->document != NULL)
        return reserve_write(docs, op, plan, item);
    if (plan->proposal != NULL)
        return reserve_answer(plan->proposal, item, op->content.answer.accepted);
    if (plan->signs) {
        item->sign = sign_new(item, op);
        return item->sign != NULL && list_reserve(&docs->signs);
    }
    return true;
}

static void abort_texts(struct galen_record *record, const struct item *item)
{
    for (size_t i = 0; i < item->field_count; i++)
        writing_abort(&record->fields[item->fields[i].field - 1]);
}

static void forget(struct item *item, const struct plan *plan)
{
    if (plan->proposal != NULL)
        abort_texts(plan->proposal->record, plan->proposal->item);
    if (plan->document != NULL) {
        if (plan->record != NULL)
            abort_texts(plan->record, item);
        proposal_free(item->proposal);
        if (plan->record == NULL)
            record_free(item->record);
    }
    free(item->sign);
    free(item);
}

/* ---- What cannot fail ---------------------------------------------------------------------------- */

static uint64_t position_of(const struct galen_record *record)
{
    if (record->document->order != 0) {
        const struct reg *reg = &record->fields[record->document->order - 1];
        struct galen_value value;
        if (reg->current_count > 0) {
            const struct saying *last = &reg->said[reg->current[reg->current_count - 1]];
            const struct galen_field *field =
                galen_field(record->document, record->document->order);
            if (galen_value_read(field, last->value, &value) == GALEN_OK && value.kind != 0)
                return value.as.position;
        }
    }
    return (record->first->entry.index + 1) << 20;
}

static bool stands_before(const struct galen_record *a, const struct galen_record *b)
{
    if (a->position != b->position)
        return a->position < b->position;
    return a->first->entry.index < b->first->entry.index;
}

/* The place at which `record` stands, or is to stand, in the list. */
static size_t find_place(const struct list *order, const struct galen_record *record)
{
    size_t from = 0, to = order->count;
    while (from < to) {
        size_t middle = from + (to - from) / 2;
        if (stands_before(order->at[middle], record))
            from = middle + 1;
        else
            to = middle;
    }
    return from;
}

static void update_position(struct galen_docs *docs, struct galen_record *record)
{
    struct list *order = docs_order(docs, record->document);
    list_remove(order, find_place(order, record));
    record->position = position_of(record);
    list_insert(order, find_place(order, record), record);
}

static void count_conflict(struct galen_record *record, bool before, bool after)
{
    record->conflicts = record->conflicts - before + after;
}

/* A field said something, or took it back (saying NULL: what `item` said). To a text happens what was
 * prepared for it. */
static void change_field(struct galen_docs *docs, struct galen_record *record, uint16_t number,
                         const struct saying *saying, const struct item *item)
{
    const struct galen_field *field = galen_field(record->document, number);
    struct reg *reg = &record->fields[number - 1];
    if (field->kind == GALEN_VALUE_TEXT) {
        writing_commit(reg);
        return;
    }
    bool before = field_conflicts(field, reg);
    if (saying != NULL)
        reg_say(reg, saying);
    else
        reg_take_back(reg, item);
    count_conflict(record, before, field_conflicts(field, reg));
    if (number == record->document->order)
        update_position(docs, record);
}

/* Says the values of `source` (a proposal, or the write itself) at the place of `item`. */
static void say_fields(struct galen_docs *docs, struct galen_record *record,
                       const struct item *item, const struct item *source)
{
    for (size_t i = 0; i < source->field_count; i++) {
        struct saying saying = {
            .item = item,
            .source = source == item ? NULL : source,
            .value = source->fields[i].value,
        };
        change_field(docs, record, source->fields[i].field, &saying, item);
    }
}

static void add_record(struct galen_docs *docs, struct item *item)
{
    struct galen_record *record = item->record;
    uint8_t key[KEYSET_KEY_BYTES];
    record->first = item;
    record->position = position_of(record);
    record_key(record->document->id, record->id, key);
    keyset_add(&docs->records, key)->value.pointer = record;
    struct list *order = docs_order(docs, record->document);
    list_insert(order, find_place(order, record), record);
}

static void end_pending(struct galen_docs *docs, struct galen_record *record, size_t place)
{
    list_remove(&record->live, place);
    record->pending--;
    docs->pending--;
}

/* A proposal replaces those of its own account in its past that hold no field which it does not. */
static void add_proposal(struct galen_docs *docs, struct item *item)
{
    struct galen_proposal *proposal = item->proposal;
    struct galen_record *record = item->record;
    proposal->record = record;
    for (size_t i = 0; i < item->field_count; i++)
        proposal->fields |= UINT64_C(1) << (item->fields[i].field - 1);
    for (size_t i = record->live.count; i > 0; i--) {
        struct galen_proposal *other = record->live.at[i - 1];
        if ((other->fields & ~proposal->fields) == 0 && item_in_past(other->item, item) &&
            galen_id_equal(&other->item->entry.account, &item->entry.account)) {
            other->replaced = true;
            end_pending(docs, record, i - 1);
        }
    }
    list_add(&record->proposals, proposal);
    list_add(&record->live, proposal);
    record->pending++;
    docs->pending++;
}

/* An accept writes the proposal's values at its own place, and counts while it is not replaced by
 * another answer: what a replaced one wrote is taken back. */
static void add_answer(struct galen_docs *docs, const struct item *item, bool accepted)
{
    static const uint8_t answers[2] = {0, 1};
    struct galen_proposal *proposal = item->proposal;
    struct galen_record *record = proposal->record;
    struct reg *reg = &proposal->answers;
    bool was_accepted = proposal_is_accepted(proposal, NULL), was_conflict = reg->different > 1;
    for (size_t i = 0; reg->current_count == 0 && i < record->live.count; i++)
        if (record->live.at[i] == proposal) {
            end_pending(docs, record, i);
            break;
        }
    for (size_t i = 0; i < reg->current_count; i++) {
        const struct saying *answer = &reg->said[reg->current[i]];
        if (answer->value.at[0] == 1 && item_in_past(answer->item, item))
            for (size_t k = 0; k < proposal->item->field_count; k++)
                change_field(docs, record, proposal->item->fields[k].field, NULL, answer->item);
    }
    if (proposal->answered == NULL && galen_docs_may_answer(item->entry.role))
        proposal->answered = item;
    struct saying saying = {.item = item, .value = {&answers[accepted], 1}};
    reg_say(reg, &saying);
    if (accepted)
        say_fields(docs, record, item, proposal->item);
    record->accepted = record->accepted - was_accepted + proposal_is_accepted(proposal, NULL);
    count_conflict(record, was_conflict, reg->different > 1);
}

static void count_operation(struct galen_docs *docs, struct item *item, const struct galen_op *op)
{
    uint8_t key[KEYSET_KEY_BYTES];
    operation_key(&item->entry.account, op->id, key);
    /* Only with the check left out (a mutation) is there one already. */
    if (keyset_find(&docs->operations, key) == NULL)
        keyset_add(&docs->operations, key)->value.number = item->entry.index;
    item_link(docs, item);
}

static void note_base(struct galen_docs *docs, const struct item *item)
{
    uint8_t key[KEYSET_KEY_BYTES];
    device_key(&item->entry.device, key);
    struct keyset_item *device = keyset_find(&docs->devices, key);
    if (device == NULL)
        device = keyset_add(&docs->devices, key);
    device->value.number = item->base;
}

static void commit(struct galen_docs *docs, struct item *item, const struct galen_op *op,
                   const struct plan *plan)
{
    list_add(&docs->items, item);
    docs->newer += plan->newer;
    signs_supersede(docs, item);
    if (plan->based && (GALEN_CHECKED(VOID_BASE) || plan->verdict.counts))
        note_base(docs, item);
    if (!plan->verdict.counts)
        return;
    count_operation(docs, item, op);
    if (plan->document != NULL && plan->record == NULL)
        add_record(docs, item);
    if (plan->document != NULL && op->kind == GALEN_KIND_WRITE) {
        item->record->added |=
            galen_document_access(plan->document, item->entry.role) == GALEN_ACCESS_DIRECT;
        say_fields(docs, item->record, item, item);
    } else if (plan->document != NULL) {
        add_proposal(docs, item);
    } else if (plan->proposal != NULL) {
        add_answer(docs, item, op->content.answer.accepted);
    } else if (item->sign != NULL) {
        sign_add(docs, item->sign);
    }
}

bool docs_take(struct galen_docs *docs, const struct galen_docs_entry *entry,
               const struct galen_op *op, const struct plan *plan)
{
    struct item *item = item_new(entry, op, plan);
    if (item == NULL)
        return false;
    if (!reserve(docs, entry, op, plan, item)) {
        forget(item, plan);
        return false;
    }
    commit(docs, item, op, plan);
    return true;
}

enum galen_err galen_docs_apply(struct galen_docs *docs, const struct galen_docs_entry *entry,
                                const struct galen_op *op, struct galen_verdict *verdict)
{
    if (docs->items.count > 0) {
        const struct item *last = docs->items.at[docs->items.count - 1];
        if (entry->index <= last->entry.index)
            return GALEN_ERR_STATE;
    }
    struct plan plan;
    enum galen_err err = judge(docs, entry, op, &plan);
    if (err != GALEN_OK)
        return err;
    if (!plan.verdict.counts)
        plan.document = NULL;
    if (!docs_take(docs, entry, op, &plan))
        return GALEN_ERR_MEMORY;
    *verdict = plan.verdict;
    return GALEN_OK;
}
