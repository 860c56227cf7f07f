#include "galen/op.h"

#include "galen/entry.h"
#include "galen/mutation.h"

#include <string.h>

enum { OP_HEADER_BYTES = 1 + 2 + GALEN_OP_ID_BYTES + 8 + 8 };

/* PROTOCOL.md, "Sealed bodies": which class a kind stands in (L8). */
static const struct {
    uint16_t kind;
    uint8_t class;
    const char *name;
} kinds[] = {
    {GALEN_KIND_MESSAGE, GALEN_CLASS_MESSAGE, "message"},
    {GALEN_KIND_WRITE, GALEN_CLASS_RECORD, "write"},
    {GALEN_KIND_PROPOSE, GALEN_CLASS_RECORD, "propose"},
    {GALEN_KIND_ANSWER, GALEN_CLASS_RECORD, "answer"},
    {GALEN_KIND_IDENTITY, GALEN_CLASS_VISIT, "identity"},
    {GALEN_KIND_VISIT, GALEN_CLASS_VISIT, "visit"},
    {GALEN_KIND_SIGN, GALEN_CLASS_RECORD, "sign"},
};

uint8_t galen_kind_class(uint16_t kind)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (kinds[i].kind == kind)
            return kinds[i].class;
    return 0;
}

const char *galen_kind_name(uint16_t kind)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (kinds[i].kind == kind)
            return kinds[i].name;
    return NULL;
}

static size_t vector_size(size_t n)
{
    return n + (n < 64 ? 1 : n < 16384 ? 2 : 4);
}

static enum galen_err check_text(struct galen_bytes text, size_t least, size_t most)
{
    if (text.size > most)
        return GALEN_ERR_TOO_LARGE;
    return text.size >= least && galen_text_ok(text) ? GALEN_OK : GALEN_ERR_FORMAT;
}

static bool all_zeros(const uint8_t *at, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (at[i] != 0)
            return false;
    return true;
}

/* Also for a document of a newer version, whose Write has the same shape. */
static enum galen_err check_write(const struct galen_write *write)
{
    if (write->doc == 0 || all_zeros(write->record, sizeof write->record) || write->count == 0 ||
        write->count > GALEN_WRITE_FIELDS_MAX)
        return GALEN_ERR_FORMAT;
    size_t size = 0;
    for (size_t i = 0; i < write->count; i++) {
        const struct galen_write_field *field = &write->fields[i];
        if (field->field <= (i == 0 ? 0 : write->fields[i - 1].field))
            return GALEN_ERR_FORMAT;
        if (field->value.size > GALEN_PLAIN_MAX)
            return GALEN_ERR_TOO_LARGE;
        size += 2 + vector_size(field->value.size);
    }
    if (vector_size(size) > GALEN_PLAIN_MAX - OP_HEADER_BYTES - 1 - GALEN_RECORD_ID_BYTES)
        return GALEN_ERR_TOO_LARGE;
    return GALEN_OK;
}

enum galen_err galen_op_check(const struct galen_op *op)
{
    switch (op->kind) {
    case 0:
        return GALEN_ERR_FORMAT;
    case GALEN_KIND_MESSAGE:
        return check_text(op->content.message, 1, GALEN_MESSAGE_MAX);
    case GALEN_KIND_WRITE:
    case GALEN_KIND_PROPOSE:
        return check_write(&op->content.write);
    case GALEN_KIND_ANSWER:
        return GALEN_OK;
    case GALEN_KIND_IDENTITY:
        if (galen_id_is_none(&op->content.identity.account))
            return GALEN_ERR_FORMAT;
        return check_text(op->content.identity.check, 1, GALEN_NOTE_MAX);
    case GALEN_KIND_VISIT:
        if (galen_id_is_none(&op->content.visit.visit) ||
            op->content.visit.event < GALEN_VISIT_OPENED ||
            op->content.visit.event > GALEN_VISIT_ENDED)
            return GALEN_ERR_FORMAT;
        return check_text(op->content.visit.text, 0, GALEN_NOTE_MAX);
    case GALEN_KIND_SIGN:
        if (op->content.sign.meaning == 0 || op->content.sign.schema == 0)
            return GALEN_ERR_FORMAT;
        return op->content.sign.assertion.size > GALEN_ASSERTION_MAX ? GALEN_ERR_TOO_LARGE
                                                                     : GALEN_OK;
    default:
        return op->content.unknown.size > GALEN_PLAIN_MAX - OP_HEADER_BYTES ? GALEN_ERR_TOO_LARGE
                                                                            : GALEN_OK;
    }
}

void galen_write_encode(struct galen_writer *w, const struct galen_write *write)
{
    if (check_write(write) != GALEN_OK) {
        w->failed = true;
        return;
    }
    galen_write_u8(w, write->doc);
    galen_write(w, write->record, sizeof write->record);
    size_t mark = galen_write_begin(w);
    for (size_t i = 0; i < write->count; i++) {
        galen_write_u16(w, write->fields[i].field);
        galen_write_vector(w, write->fields[i].value);
    }
    galen_write_end(w, mark);
}

static void read_write(struct galen_reader *r, struct galen_write *write)
{
    struct galen_reader fields;
    write->doc = galen_read_u8(r);
    galen_read_into(r, write->record, sizeof write->record);
    galen_read_nested(r, GALEN_PLAIN_MAX, &fields);
    for (write->count = 0; fields.left > 0 && write->count < GALEN_WRITE_FIELDS_MAX;) {
        struct galen_write_field *field = &write->fields[write->count];
        field->field = galen_read_u16(&fields);
        field->value = galen_read_vector(&fields, GALEN_PLAIN_MAX);
        if (fields.failed)
            break;
        write->count++;
    }
    if (!galen_reader_done(&fields))
        r->failed = true;
}

enum galen_err galen_write_decode(struct galen_bytes in, struct galen_write *write)
{
    struct galen_reader r;
    memset(write, 0, sizeof *write);
    galen_reader_init(&r, in);
    read_write(&r, write);
    if (galen_reader_done(&r) && check_write(write) == GALEN_OK)
        return GALEN_OK;
    memset(write, 0, sizeof *write);
    return GALEN_ERR_FORMAT;
}

void galen_op_write(struct galen_writer *w, const struct galen_op *op)
{
    if (galen_op_check(op) != GALEN_OK) {
        w->failed = true;
        return;
    }
    galen_write_u8(w, GALEN_OP_VERSION);
    galen_write_u16(w, op->kind);
    galen_write(w, op->id, sizeof op->id);
    galen_write_u64(w, op->base);
    galen_write_u64(w, op->clock_ms);
    switch (op->kind) {
    case GALEN_KIND_MESSAGE:
        galen_write_vector(w, op->content.message);
        break;
    case GALEN_KIND_WRITE:
    case GALEN_KIND_PROPOSE:
        galen_write_encode(w, &op->content.write);
        break;
    case GALEN_KIND_ANSWER:
        galen_write_u64(w, op->content.answer.proposal);
        galen_write_bool(w, op->content.answer.accepted);
        break;
    case GALEN_KIND_IDENTITY:
        galen_write_id(w, &op->content.identity.account);
        galen_write_id(w, &op->content.identity.visit);
        galen_write_vector(w, op->content.identity.check);
        break;
    case GALEN_KIND_VISIT:
        galen_write_id(w, &op->content.visit.visit);
        galen_write_u8(w, op->content.visit.event);
        galen_write_vector(w, op->content.visit.text);
        break;
    case GALEN_KIND_SIGN:
        galen_write(w, op->content.sign.visit, sizeof op->content.sign.visit);
        galen_write_u8(w, op->content.sign.meaning);
        galen_write_u16(w, op->content.sign.schema);
        galen_write(w, op->content.sign.hash, sizeof op->content.sign.hash);
        galen_write_vector(w, op->content.sign.assertion);
        break;
    default:
        galen_write(w, op->content.unknown.at, op->content.unknown.size);
    }
}

static void read_content(struct galen_reader *r, struct galen_op *op)
{
    switch (op->kind) {
    case GALEN_KIND_MESSAGE:
        op->content.message = galen_read_vector(r, GALEN_PLAIN_MAX);
        break;
    case GALEN_KIND_WRITE:
    case GALEN_KIND_PROPOSE:
        read_write(r, &op->content.write);
        break;
    case GALEN_KIND_ANSWER:
        op->content.answer.proposal = galen_read_u64(r);
        op->content.answer.accepted = galen_read_bool(r);
        break;
    case GALEN_KIND_IDENTITY:
        op->content.identity.account = galen_read_id(r);
        op->content.identity.visit = galen_read_id(r);
        op->content.identity.check = galen_read_vector(r, GALEN_PLAIN_MAX);
        break;
    case GALEN_KIND_VISIT:
        op->content.visit.visit = galen_read_id(r);
        op->content.visit.event = galen_read_u8(r);
        op->content.visit.text = galen_read_vector(r, GALEN_PLAIN_MAX);
        break;
    case GALEN_KIND_SIGN:
        galen_read_into(r, op->content.sign.visit, sizeof op->content.sign.visit);
        op->content.sign.meaning = galen_read_u8(r);
        op->content.sign.schema = galen_read_u16(r);
        galen_read_into(r, op->content.sign.hash, sizeof op->content.sign.hash);
        op->content.sign.assertion = galen_read_vector(r, GALEN_PLAIN_MAX);
        break;
    default:
        op->content.unknown = galen_take(r, r->left);
    }
}

static bool class_is_sealed(uint8_t class)
{
    return class == GALEN_CLASS_MESSAGE || class == GALEN_CLASS_RECORD ||
           class == GALEN_CLASS_VISIT;
}

static enum galen_err read_op(struct galen_bytes in, uint8_t class, struct galen_op *op)
{
    struct galen_reader r;
    if (in.size > GALEN_PLAIN_MAX)
        return GALEN_ERR_TOO_LARGE;
    if (!class_is_sealed(class))
        return GALEN_ERR_CLASS;
    galen_reader_init(&r, in);
    uint8_t version = galen_read_u8(&r);
    if (r.failed || version == 0)
        return GALEN_ERR_FORMAT;
    if (version != GALEN_OP_VERSION)
        return GALEN_ERR_UNKNOWN_KIND; /* nothing behind the version can be relied on */
    op->kind = galen_read_u16(&r);
    galen_read_into(&r, op->id, sizeof op->id);
    op->base = galen_read_u64(&r);
    op->clock_ms = galen_read_u64(&r);
    if (r.failed || op->kind == 0)
        return GALEN_ERR_FORMAT;
    uint8_t bound = galen_kind_class(op->kind);
    if (GALEN_CHECKED(KIND_CLASS) && bound != 0 && bound != class)
        return GALEN_ERR_CLASS;
    read_content(&r, op);
    if (!galen_reader_done(&r))
        return GALEN_ERR_FORMAT;
    return bound == 0 ? GALEN_ERR_UNKNOWN_KIND : galen_op_check(op);
}

enum galen_err galen_op_read(struct galen_bytes in, uint8_t class, struct galen_op *op)
{
    memset(op, 0, sizeof *op);
    enum galen_err err = read_op(in, class, op);
    if (err != GALEN_OK && err != GALEN_ERR_UNKNOWN_KIND)
        memset(op, 0, sizeof *op);
    return err;
}
