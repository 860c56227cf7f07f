/*
 * Taking back what one wrote. An operation that takes another one back has that one's id, counted up by one, so
 * that all devices of an account know what is taken back, and two of them cannot do it twice (L2). Such
 * operations make chains: the change, its undo, its redo … With an even number behind it, a change stands.
 */
#include "galen/undo.h"

#include "galen/mutation.h"
#include "state.h"
#include "writing.h"

#include <stdlib.h>
#include <string.h>

enum { MAXIMAL_MAX = 16 }; /* sayings that do not know each other, of one field */

/* ---- Chains -------------------------------------------------------------------------------------- */

void galen_undo_id(const uint8_t id[GALEN_OP_ID_BYTES], uint8_t out[GALEN_OP_ID_BYTES])
{
    memcpy(out, id, GALEN_OP_ID_BYTES);
    for (size_t i = GALEN_OP_ID_BYTES; i > 0 && ++out[i - 1] == 0; i--)
        ;
}

/* The other way round. */
static void undone_id(const uint8_t id[GALEN_OP_ID_BYTES], uint8_t out[GALEN_OP_ID_BYTES])
{
    memcpy(out, id, GALEN_OP_ID_BYTES);
    for (size_t i = GALEN_OP_ID_BYTES; i > 0 && out[i - 1]-- == 0; i--)
        ;
}

void item_link(struct galen_docs *docs, struct item *item)
{
    uint8_t id[GALEN_OP_ID_BYTES], key[KEYSET_KEY_BYTES];
    undone_id(item->id, id);
    operation_key(&item->entry.account, id, key);
    const struct keyset_item *found = keyset_find(&docs->operations, key);
    struct item *undone = found == NULL ? NULL : docs_item(docs, found->value.number);
    /* Who gives their own operations such ids without taking anything back is not followed. */
    if (undone == NULL || undone == item || item->record == NULL || item->record != undone->record)
        return;
    item->undoes = undone;
    item->root = undone->root == NULL ? undone : undone->root;
    item->root->top = item;
    item->depth = undone->depth + 1;
}

static const struct item *chain_root(const struct item *item)
{
    return item->root == NULL ? item : item->root;
}

static const struct item *chain_top(const struct item *item)
{
    const struct item *root = chain_root(item);
    return root->top == NULL ? root : root->top;
}

/* Does a change stand, with this at the top of its chain? */
static bool stands(const struct item *top)
{
    return top->depth % 2 == 0;
}

uint64_t galen_docs_undone(const struct galen_docs *docs, uint64_t index, bool *again)
{
    const struct item *item = docs_item(docs, index);
    if (item == NULL || item->undoes == NULL)
        return GALEN_NO_ENTRY;
    *again = stands(item);
    return chain_root(item)->entry.index;
}

/*
 * Is what `item` said out of account when `target`, the top of a chain, is taken back? The target itself, and of the
 * same author what came later and was taken back since, with what took it back: they come to nothing.
 */
static bool is_out(const struct item *item, const struct item *target)
{
    if (item == target)
        return true;
    if (!GALEN_CHECKED(UNDO_PAIRS) || item->entry.index < target->entry.index ||
        !galen_id_equal(&item->entry.account, &target->entry.account))
        return false;
    const struct item *at = chain_top(item);
    size_t later = 1;
    for (; at->undoes != NULL && at->undoes->entry.index > target->entry.index; at = at->undoes)
        later++;
    return later % 2 == 0 || item != at; /* else the first of them stands */
}

/* ---- Fields -------------------------------------------------------------------------------------- */

/* What would stand in a register without the target. */
struct without {
    const struct saying *maximal[MAXIMAL_MAX]; /* sayings that nothing replaced, the newest first */
    size_t count;
    bool several; /* they say different things */
    uint8_t why;
    const struct galen_docs_entry *by;
};

static void look_without(const struct reg *reg, const struct item *target, struct without *out)
{
    memset(out, 0, sizeof *out);
    for (size_t i = reg->count; i > 0 && out->why == GALEN_UNDO_GOES; i--) {
        const struct saying *saying = &reg->said[i - 1];
        if (saying->taken_back || is_out(saying->item, target))
            continue;
        bool replaced = false;
        for (size_t k = 0; k < out->count && !replaced; k++)
            replaced = item_in_past(saying->item, out->maximal[k]->item);
        if (replaced)
            continue;
        if (GALEN_CHECKED(UNDO_SINCE) && item_in_past(target, saying->item)) {
            out->why = GALEN_UNDO_WRITTEN_SINCE;
            out->by = &saying->item->entry;
        } else if (out->count == MAXIMAL_MAX) {
            out->why = GALEN_UNDO_CHOICE;
        } else {
            out->several |=
                out->count > 0 && !galen_bytes_equal(out->maximal[0]->value, saying->value);
            out->maximal[out->count++] = saying;
        }
    }
}

/* Who says when it was checked or explained says that they did it (SCHEMA.md): what stood before is written once
 * more in nobody else's name. */
static bool is_anothers_word(const struct galen_record *record, const struct galen_field *field,
                             const struct item *target, const struct without *without)
{
    bool own = record->document->id != GALEN_DOC_PMR ||
               (field->number != GALEN_PMR_VERIFIED_AT && field->number != GALEN_PMR_EXPLAINED_AT);
    for (size_t i = 0; i < without->count && !own; i++)
        own = galen_id_equal(&without->maximal[i]->item->entry.account, &target->entry.account);
    return !own;
}

/* A register that is a field: what it says then. */
static void undo_register(const struct galen_record *record, const struct galen_field *field,
                          const struct item *target, struct galen_undo_field *out)
{
    const struct reg *reg = &record->fields[field->number - 1];
    struct without without;
    look_without(reg, target, &without);
    out->why = without.why;
    out->by = without.by;
    if (reg->different == 1)
        out->now = reg_value(reg, 0)->value;
    if (out->why != GALEN_UNDO_GOES)
        return;
    if (GALEN_CHECKED(UNDO_CHOICE) && without.several && field->kind != GALEN_VALUE_POSITION)
        out->why = GALEN_UNDO_CHOICE;
    else if (without.count > 0 && !is_anothers_word(record, field, target, &without))
        out->then = without.maximal[0]->value;
    if (out->why == GALEN_UNDO_GOES && reg->different == 1 &&
        galen_bytes_equal(out->now, out->then))
        out->why = GALEN_UNDO_SAME;
}

static bool own(struct galen_undo *undo, struct galen_writer *w, struct galen_bytes *out)
{
    if (w->failed)
        return false;
    *out = (struct galen_bytes){w->at, w->size};
    if (w->at != NULL)
        undo->owned[undo->owned_count++] = w->at;
    memset(w, 0, sizeof *w);
    return true;
}

/* The splices that take back all edits that are out of account, and what the text says then. */
static enum galen_err undo_splices(const struct reg *reg, const struct item *target,
                                   struct galen_splices *splices, struct galen_writer *then)
{
    bool *chosen = calloc(reg->count + 1, sizeof *chosen);
    size_t edits = 0;
    if (chosen == NULL)
        return GALEN_ERR_MEMORY;
    for (size_t i = 0; i < reg->count; i++) {
        chosen[i] = reg->said[i].source == NULL && is_out(reg->said[i].item, target);
        edits += chosen[i];
    }
    enum galen_err err = galen_text_undo(reg->writing->text,
                                         (struct galen_text_choice){chosen, reg->count}, splices);
    free(chosen);
    if (err == GALEN_OK)
        err = galen_text_spliced(writing_whole(reg->writing), splices, then);
    if (err != GALEN_OK || edits == 1)
        return err;
    /* Of words that go and come again at once, the same stay. */
    galen_splices_free(splices);
    memset(splices, 0, sizeof *splices);
    return galen_text_difference(writing_whole(reg->writing), galen_written(then), splices);
}

static enum galen_err undo_text(const struct reg *reg, const struct item *target,
                                struct galen_undo *undo, struct galen_undo_field *out,
                                struct galen_bytes *value)
{
    struct galen_splices splices = {0};
    struct galen_writer then, w;
    galen_writer_init(&then);
    galen_writer_init(&w);
    out->now = writing_whole(reg->writing);
    enum galen_err err = undo_splices(reg, target, &splices, &then);
    if (err == GALEN_OK && splices.count == 0)
        out->why = GALEN_UNDO_SAME;
    else if (err == GALEN_OK && galen_text_points(galen_written(&then)) > GALEN_TEXT_POINTS_MAX)
        out->why = GALEN_UNDO_TOO_LONG;
    else if (err == GALEN_OK) {
        galen_splices_write(&w, splices.at, splices.count);
        if (!own(undo, &then, &out->then) || !own(undo, &w, value))
            err = GALEN_ERR_MEMORY;
    }
    galen_splices_free(&splices);
    galen_writer_wipe(&then);
    galen_writer_wipe(&w);
    return err;
}

/* ---- Changes ------------------------------------------------------------------------------------- */

/* Does what this item said stand beside the target's change? */
static bool stands_beside(const struct item *item, const struct item *target)
{
    return !galen_id_equal(&item->entry.account, &target->entry.account) ||
           (chain_root(item) != chain_root(target) && stands(chain_top(item)));
}

/* What else stands in this record that would be left of it, or lost with it; NULL: nothing. */
static const struct item *other_part(const struct galen_record *record, const struct item *target)
{
    if (record->live.count > 0)
        return ((const struct galen_proposal *)record->live.at[0])->item;
    for (size_t f = 0; f < record->document->field_count; f++) {
        const struct reg *reg = &record->fields[f];
        for (size_t i = 0; i < reg->count; i++)
            if (!reg->said[i].taken_back && stands_beside(reg->said[i].item, target))
                return reg->said[i].item;
    }
    return NULL;
}

/* Who names this record in another one; NULL: nobody. */
static const struct item *naming(const struct galen_docs *docs, const struct galen_record *record,
                                 const struct item *target)
{
    for (size_t d = 0; d < galen_document_count; d++)
        for (size_t f = 0; f < galen_documents[d].field_count; f++) {
            const struct galen_field *field = &galen_documents[d].fields[f];
            for (size_t k = 0; field->refers == record->document->id && k < docs->order[d].count;
                 k++) {
                const struct reg *reg = &((struct galen_record *)docs->order[d].at[k])->fields[f];
                for (size_t i = 0; i < reg->current_count; i++) {
                    const struct saying *saying = &reg->said[reg->current[i]];
                    struct galen_value value;
                    if (galen_value_read(field, saying->value, &value) == GALEN_OK &&
                        value.kind != 0 &&
                        memcmp(value.as.record.id, record->id, sizeof record->id) == 0 &&
                        stands_beside(saying->item, target))
                        return saying->item;
                }
            }
        }
    return NULL;
}

/* Was a version signed by somebody who had this entry in front of them? */
static bool is_signed(const struct galen_docs *docs, uint64_t index)
{
    for (size_t i = 0; i < docs->signs.count; i++)
        if (((const struct sign *)docs->signs.at[i])->item->base > index)
            return true;
    return false;
}

/* When the proposal was accepted first; GALEN_NO_ENTRY: never. */
static uint64_t first_accept(const struct galen_proposal *proposal)
{
    const struct reg *answers = &proposal->answers;
    for (size_t i = 0; i < answers->count; i++)
        if (answers->said[i].value.at[0] == 1)
            return answers->said[i].item->entry.index;
    return GALEN_NO_ENTRY;
}

/* May the record that the change added be taken away again? */
static void judge_adding(const struct galen_docs *docs, const struct item *target,
                         struct galen_undo *undo)
{
    const struct item *other = other_part(undo->record, target);
    if (other == NULL)
        other = naming(docs, undo->record, target);
    if (other != NULL) {
        undo->why = GALEN_UNDO_USED;
        undo->by = &other->entry;
    } else if (is_signed(docs, undo->record->first->entry.index)) {
        undo->why = GALEN_UNDO_SIGNED;
    }
}

static enum galen_err undo_write(const struct galen_docs *docs,
                                 const struct galen_undo_author *author, const struct item *target,
                                 struct galen_undo *undo)
{
    struct galen_record *record = target->record;
    struct galen_write *write = &undo->op.content.write;
    write->doc = record->document->id;
    memcpy(write->record, record->id, sizeof write->record);
    undo->op.kind = GALEN_KIND_WRITE;
    if (undo->adds && !undo->again)
        judge_adding(docs, target, undo);
    for (size_t i = 0; i < target->field_count; i++) {
        uint16_t number = target->fields[i].field;
        const struct galen_field *field = galen_field(record->document, number);
        const struct reg *reg = &record->fields[number - 1];
        struct galen_undo_field *out = &undo->fields[undo->count++];
        struct galen_bytes value = {NULL, 0};
        *out = (struct galen_undo_field){.field = number, .why = undo->why, .by = undo->by};
        enum galen_err err = GALEN_OK;
        if (out->why == GALEN_UNDO_GOES &&
            galen_field_access(field, author->role) != GALEN_ACCESS_DIRECT)
            out->why = GALEN_UNDO_ROLE;
        if (out->why == GALEN_UNDO_GOES && field->kind == GALEN_VALUE_TEXT)
            err = undo_text(reg, target, undo, out, &value);
        else if (out->why == GALEN_UNDO_GOES) {
            undo_register(record, field, target, out);
            value = out->then;
        }
        if (err != GALEN_OK)
            return err;
        if (out->why == GALEN_UNDO_GOES)
            write->fields[write->count++] = (struct galen_write_field){number, value};
    }
    if (write->count == 0 && undo->why == GALEN_UNDO_GOES) {
        undo->why = undo->count > 0 ? undo->fields[0].why : GALEN_UNDO_SAME;
        undo->by = undo->count > 0 ? undo->fields[0].by : NULL;
    }
    return GALEN_OK;
}

/* The fields of what was proposed, so that it can be named. */
static void name_fields(const struct galen_proposal *proposal, struct galen_undo *undo)
{
    for (size_t i = 0; i < proposal->item->field_count; i++)
        undo->fields[undo->count++] =
            (struct galen_undo_field){.field = proposal->item->fields[i].field};
}

static void answer(const struct galen_proposal *proposal, bool accepted, struct galen_undo *undo)
{
    undo->op.kind = GALEN_KIND_ANSWER;
    undo->op.content.answer.proposal = proposal->item->entry.index;
    undo->op.content.answer.accepted = accepted;
}

/* What else was said in this record that stands, and would be no part of the patient's any more if the proposal were
 * declined; NULL: nothing. `leaves`: the record would not be present any more. */
static const struct item *lost_part(const struct galen_proposal *proposal,
                                    const struct item *target, bool *leaves)
{
    const struct galen_record *record = proposal->record;
    bool accepted = proposal_is_accepted(proposal, NULL), waits = false;
    *leaves = !record->added && record->accepted == (accepted ? 1u : 0u);
    for (size_t i = 0; i < record->live.count; i++)
        waits |= record->live.at[i] != proposal;
    for (size_t f = 0; *leaves && !waits && f < record->document->field_count; f++) {
        const struct reg *reg = &record->fields[f];
        for (size_t i = 0; i < reg->count; i++)
            if (!reg->said[i].taken_back && reg->said[i].source != proposal->item &&
                stands_beside(reg->said[i].item, target))
                return reg->said[i].item;
    }
    return NULL;
}

/* May the proposal be declined, when nobody decides that it should be? */
static void judge_declining(const struct galen_docs *docs, const struct item *target,
                            struct galen_undo *undo)
{
    bool leaves;
    const struct galen_proposal *proposal = target->proposal;
    const struct item *other = lost_part(proposal, target, &leaves);
    if (other == NULL && leaves)
        other = naming(docs, undo->record, target);
    if (other != NULL) {
        undo->why = GALEN_UNDO_USED;
        undo->by = &other->entry;
    } else if (leaves && is_signed(docs, first_accept(proposal))) {
        undo->why = GALEN_UNDO_SIGNED;
    }
}

/* The answer before it, if there was one; else an accept becomes a decline, which takes it back. */
static void undo_answer(const struct galen_docs *docs, const struct galen_undo_author *author,
                        const struct item *target, struct galen_undo *undo)
{
    const struct galen_proposal *proposal = target->proposal;
    struct without without;
    bool accepted = false;
    name_fields(proposal, undo);
    look_without(&proposal->answers, target, &without);
    undo->why = without.why;
    undo->by = without.by;
    if (undo->why != GALEN_UNDO_GOES)
        return;
    if (without.several)
        undo->why = GALEN_UNDO_CHOICE;
    else if (without.count > 0)
        accepted = without.maximal[0]->value.at[0] == 1;
    else if (!target->accepted)
        undo->why = GALEN_UNDO_OPEN;
    if (undo->why == GALEN_UNDO_GOES && proposal->answers.different == 1 &&
        accepted == target->accepted)
        undo->why = GALEN_UNDO_SAME;
    if (undo->why == GALEN_UNDO_GOES && !galen_docs_may_answer(author->role))
        undo->why = GALEN_UNDO_ROLE;
    if (undo->why == GALEN_UNDO_GOES && !accepted)
        judge_declining(docs, target, undo);
    answer(proposal, accepted, undo);
}

/* It is withdrawn while nobody answered. */
static void undo_proposal(const struct galen_docs *docs, const struct item *target,
                          struct galen_undo *undo)
{
    const struct galen_proposal *proposal = target->proposal;
    name_fields(proposal, undo);
    if (proposal->answers.count > 0) {
        undo->why = GALEN_UNDO_ANSWERED;
        undo->by = &proposal->answers.said[proposal->answers.count - 1].item->entry;
    } else if (proposal->replaced) {
        undo->why = GALEN_UNDO_WRITTEN_SINCE;
    } else {
        judge_declining(docs, target, undo);
    }
    answer(proposal, false, undo);
}

/* What takes back the target, the top of a chain. */
static enum galen_err make(const struct galen_docs *docs, const struct galen_undo_author *author,
                           const struct item *target, struct galen_undo *undo)
{
    const struct item *root = chain_root(target);
    *undo = (struct galen_undo){.index = root->entry.index,
                                .entry = &root->entry,
                                .clock_ms = root->clock_ms,
                                .kind = root->kind,
                                .again = !stands(target),
                                .adds = root->record->first == root,
                                .accepted = root->accepted,
                                .record = root->record};
    galen_undo_id(target->id, undo->op.id);
    if (target->kind == GALEN_KIND_WRITE)
        return undo_write(docs, author, target, undo);
    if (target->kind == GALEN_KIND_ANSWER)
        undo_answer(docs, author, target, undo);
    else
        undo_proposal(docs, target, undo);
    return GALEN_OK;
}

/* ---- Finding one --------------------------------------------------------------------------------- */

/* Who is who, and what happened at a visit, is written along by programs. */
static bool is_of_program(const struct item *item)
{
    if (item->record->document->id == GALEN_DOC_PEOPLE)
        return true;
    bool of_program = false;
    for (size_t i = 0; item->record->document->id == GALEN_DOC_VISIT && i < item->field_count; i++)
        of_program |= galen_field(item->record->document, item->fields[i].field)->writers ==
                      GALEN_STAFF_ALONE;
    return of_program;
}

static bool is_change(const struct item *item, const struct galen_undo_author *author)
{
    return item->verdict.counts && item->record != NULL &&
           galen_id_equal(&item->entry.account, &author->account) && !is_of_program(item);
}

/* Is this where the next one could be? `end`: nor is there one further back. */
static bool is_next(const struct item *item, bool again, bool *end)
{
    const struct item *top = chain_top(item);
    if (!again)
        return item->undoes == NULL && stands(top);
    *end = item->undoes == NULL;
    return !*end && item == top && !stands(top);
}

/* Does an operation that does not take it back have the id of the one that would? */
static bool is_id_taken(const struct galen_docs *docs, const struct item *target)
{
    uint8_t id[GALEN_OP_ID_BYTES];
    galen_undo_id(target->id, id);
    return galen_docs_find_op(docs, &target->entry.account, id) != GALEN_NO_ENTRY;
}

enum galen_err galen_docs_undo(const struct galen_docs *docs,
                               const struct galen_undo_author *author, bool again,
                               struct galen_undo *undo, struct galen_undo *passed)
{
    size_t tried = 0;
    bool end = false;
    memset(undo, 0, sizeof *undo);
    undo->index = GALEN_NO_ENTRY;
    if (passed != NULL)
        *passed = *undo;
    for (size_t i = docs->items.count; i > 0 && !end && tried <= GALEN_UNDO_PASSED_MAX; i--) {
        const struct item *item = docs->items.at[i - 1];
        if (!is_change(item, author) || !is_next(item, again, &end) ||
            is_id_taken(docs, chain_top(item)))
            continue;
        enum galen_err err = make(docs, author, chain_top(item), undo);
        if (err == GALEN_OK && undo->why == GALEN_UNDO_GOES)
            return GALEN_OK;
        if (err == GALEN_OK && tried++ == 0 && passed != NULL) {
            *passed = *undo;
            undo->owned_count = 0;
        }
        galen_undo_wipe(undo);
        if (err != GALEN_OK)
            return err;
    }
    return GALEN_ERR_NOTHING;
}

void galen_undo_wipe(struct galen_undo *undo)
{
    for (size_t i = 0; i < undo->owned_count; i++)
        free(undo->owned[i]);
    memset(undo, 0, sizeof *undo);
    undo->index = GALEN_NO_ENTRY;
}
