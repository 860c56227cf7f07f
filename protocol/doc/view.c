/* What readers see of the state. Changes nothing. */
#include "galen/doc.h"

#include "state.h"
#include "writing.h"

#include "galen/mutation.h"

#include <assert.h>
#include <string.h>

size_t galen_docs_record_count(const struct galen_docs *docs, uint8_t doc)
{
    const struct galen_document *document = galen_document(doc);
    return document == NULL ? 0 : docs_order(docs, document)->count;
}

const struct galen_record *galen_docs_record_at(const struct galen_docs *docs, uint8_t doc,
                                                size_t i)
{
    assert(i < galen_docs_record_count(docs, doc));
    return docs_order(docs, galen_document(doc))->at[i];
}

const struct galen_record *galen_docs_record(const struct galen_docs *docs, uint8_t doc,
                                             const uint8_t id[GALEN_RECORD_ID_BYTES])
{
    return docs_record(docs, doc, id);
}

const uint8_t *galen_record_id(const struct galen_record *record)
{
    return record->id;
}

uint8_t galen_record_doc(const struct galen_record *record)
{
    return record->document->id;
}

/* Does any field say anything? Its place in the list is no statement. */
static bool says_anything(const struct galen_record *record)
{
    bool says = false;
    for (size_t i = 0; i < record->document->field_count && !says; i++) {
        const struct reg *reg = &record->fields[i];
        says = reg->writing != NULL && writing_says(reg->writing);
        for (size_t k = 0; k < reg->current_count && i + 1 != record->document->order; k++)
            says |= reg->said[reg->current[k]].value.size > 0;
    }
    return says;
}

enum galen_record_state galen_record_state(const struct galen_record *record)
{
    if (record->added || record->accepted > 0)
        return record->pending > 0 || says_anything(record) ? GALEN_RECORD_PRESENT
                                                            : GALEN_RECORD_EMPTY;
    return record->pending > 0 ? GALEN_RECORD_PROPOSED : GALEN_RECORD_DECLINED;
}

bool galen_record_stands(const struct galen_record *record)
{
    enum galen_record_state state = galen_record_state(record);
    return state == GALEN_RECORD_PRESENT || state == GALEN_RECORD_PROPOSED;
}

uint64_t galen_record_first_entry(const struct galen_record *record)
{
    return record->first->entry.index;
}

uint64_t galen_record_position(const struct galen_record *record)
{
    return record->position;
}

static struct galen_said show(const struct saying *saying)
{
    return (struct galen_said){
        .value = saying->value,
        .index = saying->item->entry.index,
        .entry = &saying->item->entry,
        .clock_ms = saying->item->clock_ms,
        .proposal = saying->source == NULL ? GALEN_NO_ENTRY : saying->source->entry.index,
        .proposer = saying->source == NULL ? NULL : &saying->source->entry,
        .current = saying->current && !saying->taken_back,
    };
}

/* NULL: this version's schema has no such field. */
static const struct reg *field_reg(const struct galen_record *record, uint16_t field)
{
    return galen_field(record->document, field) == NULL ? NULL : &record->fields[field - 1];
}

/* The edit of a text that was the last to count; NULL: there is none. */
static const struct saying *last_edit(const struct reg *reg)
{
    size_t i = reg->count;
    while (i > 0 && (reg->said[i - 1].taken_back || reg->said[i - 1].takes_back))
        i--;
    return i == 0 ? NULL : &reg->said[i - 1];
}

static struct galen_said show_text(const struct reg *reg, const struct saying *saying)
{
    struct galen_said said = show(saying);
    said.value = (struct galen_bytes){NULL, 0};
    said.current = saying == last_edit(reg);
    if (said.current)
        said.value = writing_whole(reg->writing);
    return said;
}

size_t galen_record_value_count(const struct galen_record *record, uint16_t field)
{
    const struct reg *reg = field_reg(record, field);
    if (reg == NULL)
        return 0;
    if (reg->writing != NULL)
        return last_edit(reg) != NULL;
    if (field == record->document->order)
        return reg->different > 0;
    return reg->different;
}

struct galen_said galen_record_value(const struct galen_record *record, uint16_t field, size_t i)
{
    const struct reg *reg = field_reg(record, field);
    assert(i < galen_record_value_count(record, field));
    if (reg->writing != NULL)
        return show_text(reg, last_edit(reg));
    if (field == record->document->order)
        return show(&reg->said[reg->current[reg->current_count - 1]]);
    return show(reg_value(reg, i));
}

size_t galen_record_history_count(const struct galen_record *record, uint16_t field)
{
    const struct reg *reg = field_reg(record, field);
    return reg == NULL ? 0 : reg->count;
}

struct galen_said galen_record_history(const struct galen_record *record, uint16_t field, size_t i)
{
    assert(i < galen_record_history_count(record, field));
    const struct reg *reg = &record->fields[field - 1];
    return reg->writing != NULL ? show_text(reg, &reg->said[i]) : show(&reg->said[i]);
}

uint64_t galen_record_changed(const struct galen_record *record, uint16_t field)
{
    const struct reg *reg = field_reg(record, field);
    const struct item *last = NULL;
    if (reg != NULL && reg->count > 0)
        last = reg->said[reg->count - 1].item;
    for (size_t i = 0; reg != NULL && i < record->proposals.count; i++) {
        const struct galen_proposal *proposal = record->proposals.at[i];
        const struct reg *answers = &proposal->answers;
        if (answers->count == 0 || (proposal->fields >> (field - 1) & 1) == 0)
            continue;
        const struct item *item = answers->said[answers->count - 1].item;
        if (last == NULL || item->entry.index > last->entry.index)
            last = item;
    }
    return last == NULL ? GALEN_NO_ENTRY : last->entry.index;
}

/* What the field said for whoever said this; empty: nothing. */
static struct galen_bytes said_before(const struct reg *reg, const struct item *item)
{
    for (size_t i = reg->count; i > 0; i--)
        if (!reg->said[i - 1].taken_back &&
            (reg->said[i - 1].item == item || item_in_past(reg->said[i - 1].item, item)))
            return reg->said[i - 1].value;
    return (struct galen_bytes){NULL, 0};
}

bool galen_record_answer_outdated(const struct galen_record *record)
{
    enum { NONE_YET = 1 }; /* the first option */
    if (record->document->id != GALEN_DOC_DTP)
        return false;
    const struct reg *asked = &record->fields[GALEN_DTP_RECOMMENDATION - 1];
    const struct reg *answers = &record->fields[GALEN_DTP_ANSWER - 1];
    const struct galen_field *field = galen_field(record->document, GALEN_DTP_ANSWER);
    for (size_t i = 0; i < answers->current_count; i++) {
        const struct saying *answer = &answers->said[answers->current[i]];
        struct galen_value value;
        if (galen_value_read(field, answer->value, &value) != GALEN_OK || value.kind == 0 ||
            value.as.choice == NONE_YET)
            continue;
        for (size_t k = 0; k < asked->current_count; k++)
            if (!galen_bytes_equal(asked->said[asked->current[k]].value,
                                   said_before(asked, answer->item)))
                return true;
    }
    return false;
}

size_t galen_record_conflict_count(const struct galen_record *record)
{
    return record->conflicts;
}

size_t galen_docs_conflict_count(const struct galen_docs *docs)
{
    size_t conflicts = 0;
    for (size_t i = 0; i < galen_document_count; i++)
        for (size_t k = 0; k < docs->order[i].count; k++) {
            const struct galen_record *record = docs->order[i].at[k];
            if (!GALEN_CHECKED(SIGN_STANDING) || galen_record_stands(record))
                conflicts += record->conflicts;
        }
    return conflicts;
}

size_t galen_docs_newer_count(const struct galen_docs *docs)
{
    return docs->newer;
}

size_t galen_docs_pending_count(const struct galen_docs *docs)
{
    return docs->pending;
}

size_t galen_record_proposal_count(const struct galen_record *record)
{
    return record->proposals.count;
}

const struct galen_proposal *galen_record_proposal(const struct galen_record *record, size_t i)
{
    assert(i < record->proposals.count);
    return record->proposals.at[i];
}

const struct galen_proposal *galen_docs_proposal(const struct galen_docs *docs, uint64_t index)
{
    const struct item *item = docs_item(docs, index);
    return item != NULL && item->kind == GALEN_KIND_PROPOSE ? item->proposal : NULL;
}

enum galen_proposal_state galen_proposal_state(const struct galen_proposal *proposal)
{
    const struct reg *answers = &proposal->answers;
    if (answers->different > 1)
        return GALEN_PROPOSAL_CONTESTED;
    if (answers->different == 1)
        return reg_value(answers, 0)->value.at[0] == 1 ? GALEN_PROPOSAL_ACCEPTED
                                                       : GALEN_PROPOSAL_DECLINED;
    return proposal->replaced ? GALEN_PROPOSAL_REPLACED : GALEN_PROPOSAL_PENDING;
}

uint64_t galen_proposal_index(const struct galen_proposal *proposal)
{
    return proposal->item->entry.index;
}

const struct galen_docs_entry *galen_proposal_entry(const struct galen_proposal *proposal)
{
    return &proposal->item->entry;
}

uint64_t galen_proposal_base(const struct galen_proposal *proposal)
{
    return proposal->item->base;
}

uint64_t galen_proposal_clock_ms(const struct galen_proposal *proposal)
{
    return proposal->item->clock_ms;
}

const struct galen_record *galen_proposal_record(const struct galen_proposal *proposal)
{
    return proposal->record;
}

size_t galen_proposal_field_count(const struct galen_proposal *proposal)
{
    return proposal->item->field_count;
}

struct galen_write_field galen_proposal_field(const struct galen_proposal *proposal, size_t i)
{
    assert(i < proposal->item->field_count);
    return proposal->item->fields[i];
}

enum galen_err galen_proposal_preview(const struct galen_proposal *proposal, size_t i,
                                      struct galen_writer *w)
{
    struct galen_write_field field = galen_proposal_field(proposal, i);
    const struct reg *reg = &proposal->record->fields[field.field - 1];
    struct saying saying = {.source = proposal->item, .value = field.value};
    if (field_is_text(proposal->record, field.field)) {
        if (!proposal_is_accepted(proposal, NULL))
            return writing_preview(reg, &saying, w);
        field.value = writing_whole(reg->writing);
    }
    galen_write(w, field.value.at, field.value.size);
    return w->failed ? GALEN_ERR_MEMORY : GALEN_OK;
}

size_t galen_proposal_answer_count(const struct galen_proposal *proposal)
{
    return proposal->answers.count;
}

struct galen_answer galen_proposal_answer(const struct galen_proposal *proposal, size_t i)
{
    assert(i < proposal->answers.count);
    const struct saying *saying = &proposal->answers.said[i];
    return (struct galen_answer){
        .index = saying->item->entry.index,
        .entry = &saying->item->entry,
        .clock_ms = saying->item->clock_ms,
        .accepted = saying->value.at[0] == 1,
        .current = saying->current,
    };
}

bool galen_docs_item(const struct galen_docs *docs, uint64_t index, struct galen_docs_item *item)
{
    const struct item *found = docs_item(docs, index);
    memset(item, 0, sizeof *item);
    if (found == NULL)
        return false;
    *item = (struct galen_docs_item){
        .entry = &found->entry,
        .kind = found->kind,
        .base = found->base,
        .clock_ms = found->clock_ms,
        .verdict = found->verdict,
        .record = found->record,
    };
    return true;
}

/* ---- The canonical form -------------------------------------------------------------------------- */

static void write_said(struct galen_writer *w, const struct galen_said *said)
{
    galen_write_u64(w, said->index);
    galen_write_id(w, &said->entry->account);
    galen_write_id(w, &said->entry->device);
    galen_write_u8(w, said->entry->role);
    galen_write_u64(w, said->entry->received_ms);
    galen_write_u64(w, said->proposal);
    galen_write_vector(w, said->value);
}

static void write_field(struct galen_writer *w, const struct galen_record *record, uint16_t field)
{
    const struct reg *reg = field_reg(record, field);
    const struct saying *edit = reg->writing == NULL ? NULL : last_edit(reg);
    if (reg->current_count == 0 && edit == NULL)
        return;
    galen_write_u16(w, field);
    size_t mark = galen_write_begin(w);
    if (edit != NULL) {
        struct galen_said said = show_text(reg, edit);
        write_said(w, &said);
    }
    for (size_t i = 0; i < reg->current_count; i++) {
        struct galen_said said = show(&reg->said[reg->current[i]]);
        write_said(w, &said);
    }
    galen_write_end(w, mark);
}

static void write_proposal(struct galen_writer *w, const struct galen_proposal *proposal)
{
    galen_write_u64(w, galen_proposal_index(proposal));
    galen_write_u64(w, galen_proposal_base(proposal));
    galen_write_u8(w, (uint8_t)galen_proposal_state(proposal));
    size_t mark = galen_write_begin(w);
    for (size_t i = 0; i < galen_proposal_field_count(proposal); i++) {
        struct galen_write_field field = galen_proposal_field(proposal, i);
        galen_write_u16(w, field.field);
        galen_write_vector(w, field.value);
    }
    galen_write_end(w, mark);
    mark = galen_write_begin(w);
    for (size_t i = 0; i < proposal->answers.current_count; i++) {
        struct galen_said said = show(&proposal->answers.said[proposal->answers.current[i]]);
        write_said(w, &said);
    }
    galen_write_end(w, mark);
}

static void write_record(struct galen_writer *w, const struct galen_record *record)
{
    galen_write(w, record->id, sizeof record->id);
    galen_write_u8(w, (uint8_t)galen_record_state(record));
    galen_write_u64(w, galen_record_first_entry(record));
    galen_write_u64(w, record->position);
    size_t mark = galen_write_begin(w);
    for (size_t i = 0; i < record->document->field_count; i++)
        write_field(w, record, record->document->fields[i].number);
    galen_write_end(w, mark);
    mark = galen_write_begin(w);
    for (size_t i = 0; i < record->proposals.count; i++)
        write_proposal(w, record->proposals.at[i]);
    galen_write_end(w, mark);
}

/* Counts up by one, as a big-endian number. False: there is no greater key. */
static bool next_key(uint8_t key[KEYSET_KEY_BYTES])
{
    for (size_t i = KEYSET_KEY_BYTES; i > 0; i--)
        if (++key[i - 1] != 0)
            return true;
    return false;
}

bool galen_docs_write_canonical(const struct galen_docs *docs, uint8_t doc, struct galen_writer *w)
{
    static const uint8_t lowest[GALEN_RECORD_ID_BYTES];
    uint8_t key[KEYSET_KEY_BYTES];
    galen_write_u8(w, doc);
    record_key(doc, lowest, key);
    for (;;) {
        const struct keyset_item *item = keyset_from(&docs->records, key);
        if (item == NULL || item->key[0] != doc)
            break;
        write_record(w, item->value.pointer);
        memcpy(key, item->key, sizeof key);
        if (!next_key(key))
            break;
    }
    return !w->failed;
}
