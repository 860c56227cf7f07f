#include "galen/signed.h"

#include <string.h>

bool galen_signed_next(struct galen_signed *from, struct galen_signed_record *record)
{
    while (!from->failed && from->records.left == 0) {
        if (from->documents.left == 0)
            return false;
        galen_read_nested(&from->documents, GALEN_VECTOR_MAX, &from->records);
        from->doc = galen_read_u8(&from->records);
        from->failed = from->documents.failed || from->records.failed || from->records.left == 0;
    }
    if (from->failed)
        return false;
    struct galen_reader *r = &from->records;
    record->doc = from->doc;
    galen_read_into(r, record->id, sizeof record->id);
    record->state = galen_read_u8(r);
    (void)galen_read_u64(r); /* first entry, and place */
    (void)galen_read_u64(r);
    galen_read_nested(r, GALEN_VECTOR_MAX, &record->fields);
    galen_read_nested(r, GALEN_VECTOR_MAX, &record->proposals);
    from->failed = r->failed;
    return !r->failed;
}

static void read_said(struct galen_reader *r, struct galen_signed_value *value)
{
    value->index = galen_read_u64(r);
    value->account = galen_read_id(r);
    (void)galen_read_id(r); /* device */
    value->role = galen_read_u8(r);
    value->received_ms = galen_read_u64(r);
    (void)galen_read_u64(r); /* proposal */
    value->value = galen_read_vector(r, GALEN_PLAIN_MAX);
}

/* `said` is empty before the first, and holds what is left of the present field. */
bool galen_signed_next_value(struct galen_signed_record *record, struct galen_reader *said,
                             struct galen_signed_value *value)
{
    struct galen_reader *r = &record->fields;
    while (said->left == 0) {
        if (r->failed || said->failed || r->left == 0)
            return false;
        value->field = galen_read_u16(r);
        galen_read_nested(r, GALEN_VECTOR_MAX, said);
    }
    read_said(said, value);
    return !said->failed;
}

bool galen_signed_next_proposal(struct galen_signed_record *record,
                                struct galen_signed_proposal *proposal)
{
    struct galen_reader *r = &record->proposals, answers;
    if (r->failed || r->left == 0)
        return false;
    proposal->index = galen_read_u64(r);
    proposal->base = galen_read_u64(r);
    proposal->state = galen_read_u8(r);
    galen_read_nested(r, GALEN_VECTOR_MAX, &proposal->fields);
    galen_read_nested(r, GALEN_VECTOR_MAX, &answers);
    return !r->failed;
}

bool galen_signed_next_field(struct galen_signed_proposal *proposal,
                             struct galen_write_field *field)
{
    struct galen_reader *r = &proposal->fields;
    if (r->failed || r->left == 0)
        return false;
    field->field = galen_read_u16(r);
    field->value = galen_read_vector(r, GALEN_PLAIN_MAX);
    return !r->failed;
}

static bool walk_record(struct galen_signed_record record)
{
    struct galen_reader said = {0};
    struct galen_signed_value value;
    struct galen_signed_proposal proposal;
    struct galen_write_field field;
    while (galen_signed_next_value(&record, &said, &value))
        ;
    if (!galen_reader_done(&record.fields) || said.failed)
        return false;
    while (galen_signed_next_proposal(&record, &proposal)) {
        while (galen_signed_next_field(&proposal, &field))
            ;
        if (!galen_reader_done(&proposal.fields))
            return false;
    }
    return galen_reader_done(&record.proposals);
}

enum galen_err galen_signed_read(struct galen_bytes in, struct galen_signed *out)
{
    struct galen_reader r;
    galen_reader_init(&r, in);
    struct galen_bytes magic = galen_take(&r, strlen(GALEN_SIGNED_MAGIC));
    *out = (struct galen_signed){.schema = galen_read_u16(&r)};
    if (r.failed || memcmp(magic.at, GALEN_SIGNED_MAGIC, magic.size) != 0)
        return GALEN_ERR_FORMAT;
    out->documents = r;
    struct galen_signed walk = *out;
    struct galen_signed_record record;
    while (galen_signed_next(&walk, &record))
        if (!walk_record(record))
            return GALEN_ERR_FORMAT;
    return walk.failed ? GALEN_ERR_FORMAT : GALEN_OK;
}
