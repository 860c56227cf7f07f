#include "galen/op.h"

#include "galen/entry.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct galen_bytes text(const char *s)
{
    return (struct galen_bytes){(const uint8_t *)s, strlen(s)};
}

static struct galen_op op_of(uint16_t kind)
{
    struct galen_op op = {.kind = kind, .base = 0x0102030405060708, .clock_ms = 1700000000000};
    for (unsigned i = 0; i < sizeof op.id; i++)
        op.id[i] = (uint8_t)(0xa0 + i);
    return op;
}

/* One operation of every kind, as people write them. */
static size_t examples(struct galen_op out[9])
{
    static struct galen_id person = {{1}}, visit = {{2}};
    size_t n = 0;
    out[n] = op_of(GALEN_KIND_MESSAGE);
    out[n++].content.message = text("Did you sleep better?\n\tÄ 薬 💊");
    for (uint16_t kind = GALEN_KIND_WRITE; kind <= GALEN_KIND_PROPOSE; kind++) {
        out[n] = op_of(kind);
        struct galen_write *write = &out[n++].content.write;
        write->doc = 1;
        memset(write->record, 7, sizeof write->record);
        write->count = 3;
        write->fields[0] = (struct galen_write_field){3, text("blood pressure")};
        write->fields[1] = (struct galen_write_field){4, {0}};
        write->fields[2] = (struct galen_write_field){600, text("of a newer version")};
    }
    out[n] = op_of(GALEN_KIND_ANSWER);
    out[n].content.answer.proposal = 77;
    out[n++].content.answer.accepted = true;
    out[n] = op_of(GALEN_KIND_IDENTITY);
    out[n].content.identity.account = person;
    out[n].content.identity.visit = visit;
    out[n++].content.identity.check = text("date of birth, house number");
    out[n] = op_of(GALEN_KIND_VISIT);
    out[n].content.visit.visit = visit;
    out[n].content.visit.event = GALEN_VISIT_ENDED;
    out[n++].content.visit.text = text("22 minutes");
    out[n] = op_of(GALEN_KIND_SIGN);
    memset(out[n].content.sign.visit, 9, sizeof out[n].content.sign.visit);
    out[n].content.sign.meaning = GALEN_SIGN_DISCHARGE;
    out[n].content.sign.schema = 0x0102;
    memset(out[n].content.sign.hash, 0xab, sizeof out[n].content.sign.hash);
    out[n++].content.sign.assertion = text("passkey");
    out[n] = op_of(999);
    out[n++].content.unknown = text("whatever comes");
    return n;
}

static uint8_t class_for(uint16_t kind)
{
    uint8_t class = galen_kind_class(kind);
    return class != 0 ? class : GALEN_CLASS_RECORD;
}

static struct galen_writer written(const struct galen_op *op)
{
    struct galen_writer w;
    galen_writer_init(&w);
    galen_op_write(&w, op);
    cr_assert_not(w.failed, "kind %u", op->kind);
    return w;
}

Test(op, every_kind_comes_back_as_it_was_written)
{
    struct galen_op all[9], read;
    size_t n = examples(all);
    for (size_t i = 0; i < n; i++) {
        struct galen_writer w = written(&all[i]), again;
        enum galen_err expected = all[i].kind == 999 ? GALEN_ERR_UNKNOWN_KIND : GALEN_OK;
        cr_assert_eq(galen_op_read(galen_written(&w), class_for(all[i].kind), &read), expected);
        cr_assert_eq(read.kind, all[i].kind);
        cr_assert_eq(read.base, 0x0102030405060708);
        cr_assert_eq(read.clock_ms, 1700000000000);
        cr_assert_arr_eq(read.id, all[i].id, sizeof read.id);
        again = written(&read);
        cr_assert(galen_bytes_equal(galen_written(&w), galen_written(&again)));
        galen_writer_wipe(&w);
        galen_writer_wipe(&again);
    }
}

/* Bytes by hand from PROTOCOL.md, so that writer and reader cannot be wrong together. */
Test(op, a_write_has_the_bytes_that_the_protocol_says)
{
    static const uint8_t expected[] = {1, 0, 2, 0xa0, 0xa1, 0xa2, 0xa3, 0xa4, 0xa5, 0xa6, 0xa7,
                                       0xa8, 0xa9, 0xaa, 0xab, 0xac, 0xad, 0xae, 0xaf, 1, 2, 3, 4,
                                       5, 6, 7, 8, 0, 0, 0x01, 0x8b, 0xcf, 0xe5, 0x68, 0x00,
                                       /* document, record */
                                       1, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9,
                                       /* fields: 3 = "hi", 10 = 2 */
                                       9, 0, 3, 2, 'h', 'i', 0, 10, 1, 2};
    struct galen_op op = op_of(GALEN_KIND_WRITE);
    op.content.write.doc = 1;
    memset(op.content.write.record, 9, 16);
    op.content.write.count = 2;
    op.content.write.fields[0] = (struct galen_write_field){3, text("hi")};
    op.content.write.fields[1] = (struct galen_write_field){10, text("\2")};
    struct galen_writer w = written(&op);
    cr_assert_eq(w.size, sizeof expected);
    cr_assert_arr_eq(w.at, expected, sizeof expected);
    galen_writer_wipe(&w);

    galen_writer_init(&w);
    galen_write_encode(&w, &op.content.write);
    cr_assert_eq(w.size, sizeof expected - 35);
    cr_assert_arr_eq(w.at, expected + 35, w.size);
    struct galen_write write;
    cr_assert_eq(galen_write_decode(galen_written(&w), &write), GALEN_OK);
    cr_assert_eq(write.count, 2);
    cr_assert_eq(write.fields[1].field, 10);
    for (size_t cut = 0; cut < w.size; cut++)
        cr_assert_eq(galen_write_decode((struct galen_bytes){w.at, cut}, &write), GALEN_ERR_FORMAT);
    cr_assert_eq(write.count, 0);
    galen_writer_wipe(&w);
}

Test(op, cut_at_every_byte_or_longer_by_one_it_is_refused)
{
    struct galen_op all[9], read;
    size_t n = examples(all);
    for (size_t i = 0; i < n; i++) {
        if (all[i].kind == 999)
            continue; /* its content has no end of its own */
        struct galen_writer w = written(&all[i]);
        for (size_t cut = 0; cut < w.size; cut++) {
            uint8_t *exact = malloc(cut + 1); /* so that a read past the end is seen */
            memcpy(exact, w.at, cut);
            enum galen_err err =
                galen_op_read((struct galen_bytes){exact, cut}, class_for(all[i].kind), &read);
            free(exact);
            cr_assert_eq(err, GALEN_ERR_FORMAT, "kind %u cut to %zu", all[i].kind, cut);
            cr_assert_eq(read.kind, 0);
        }
        galen_write_u8(&w, 0);
        cr_assert_eq(galen_op_read(galen_written(&w), class_for(all[i].kind), &read),
                     GALEN_ERR_FORMAT, "kind %u with a byte more", all[i].kind);
        galen_writer_wipe(&w);
    }
}

Test(op, an_unknown_kind_cut_in_its_head_is_refused)
{
    struct galen_op all[9], read;
    size_t n = examples(all);
    struct galen_writer w = written(&all[n - 1]);
    for (size_t cut = 0; cut <= w.size; cut++)
        cr_assert_eq(galen_op_read((struct galen_bytes){w.at, cut}, GALEN_CLASS_VISIT, &read),
                     cut < 35 ? GALEN_ERR_FORMAT : GALEN_ERR_UNKNOWN_KIND, "%zu", cut);
    galen_writer_wipe(&w);
}

Test(op, L8_a_kind_counts_in_its_own_class_only)
{
    static const uint8_t bound[] = {0,
                                    GALEN_CLASS_MESSAGE,
                                    GALEN_CLASS_RECORD,
                                    GALEN_CLASS_RECORD,
                                    GALEN_CLASS_RECORD,
                                    GALEN_CLASS_VISIT,
                                    GALEN_CLASS_VISIT,
                                    GALEN_CLASS_RECORD};
    struct galen_op all[9], read;
    size_t n = examples(all);
    for (size_t i = 0; i < n; i++) {
        struct galen_writer w = written(&all[i]);
        for (unsigned class = 0; class < 9; class ++) {
            bool sealed = class >= GALEN_CLASS_MESSAGE && class <= GALEN_CLASS_VISIT;
            bool known = all[i].kind != 999;
            enum galen_err expected = !sealed                       ? GALEN_ERR_CLASS
                                      : !known                      ? GALEN_ERR_UNKNOWN_KIND
                                      : class == bound[all[i].kind] ? GALEN_OK
                                                                    : GALEN_ERR_CLASS;
            cr_assert_eq(galen_op_read(galen_written(&w), (uint8_t) class, &read), expected,
                         "kind %u in class %u", all[i].kind, class);
        }
        galen_writer_wipe(&w);
    }
}

Test(op, L8_another_version_is_named_and_nothing_is_read)
{
    struct galen_op all[9], read;
    examples(all);
    struct galen_writer w = written(&all[0]);
    for (unsigned version = 0; version < 256; version++) {
        w.at[0] = (uint8_t)version;
        cr_assert_eq(galen_op_read(galen_written(&w), GALEN_CLASS_MESSAGE, &read),
                     version == 0   ? GALEN_ERR_FORMAT
                     : version == 1 ? GALEN_OK
                                    : GALEN_ERR_UNKNOWN_KIND);
        cr_assert_eq(read.kind, version == 1 ? GALEN_KIND_MESSAGE : 0);
    }
    galen_writer_wipe(&w);
}

struct check_case {
    const char *name;
    void (*spoil)(struct galen_op *op);
    uint16_t kind;
    enum galen_err err;
};

static char large[GALEN_PLAIN_MAX + 2];

static void message_empty(struct galen_op *op)
{
    op->content.message.size = 0;
}
static void message_largest(struct galen_op *op)
{
    memset(large, 'a', sizeof large);
    op->content.message = (struct galen_bytes){(uint8_t *)large, GALEN_MESSAGE_MAX};
}
static void message_too_large(struct galen_op *op)
{
    message_largest(op);
    op->content.message.size++;
}
static void message_not_utf8(struct galen_op *op)
{
    op->content.message = text("a\xff");
}
static void message_with_bell(struct galen_op *op)
{
    op->content.message = text("a\a");
}
static void write_no_fields(struct galen_op *op)
{
    op->content.write.count = 0;
}
static void write_most_fields(struct galen_op *op)
{
    op->content.write.count = GALEN_WRITE_FIELDS_MAX;
    for (uint16_t i = 0; i < GALEN_WRITE_FIELDS_MAX; i++)
        op->content.write.fields[i] = (struct galen_write_field){(uint16_t)(i + 1), text("x")};
}
static void write_too_many_fields(struct galen_op *op)
{
    write_most_fields(op);
    op->content.write.count++;
}
static void write_field_twice(struct galen_op *op)
{
    op->content.write.fields[1].field = op->content.write.fields[0].field;
}
static void write_fields_descend(struct galen_op *op)
{
    op->content.write.fields[2].field = 1;
}
static void write_field_zero(struct galen_op *op)
{
    op->content.write.fields[0].field = 0;
}
static void write_no_document(struct galen_op *op)
{
    op->content.write.doc = 0;
}
static void write_no_record(struct galen_op *op)
{
    memset(op->content.write.record, 0, 16);
}
static void write_value_too_large(struct galen_op *op)
{
    op->content.write.fields[0].value = (struct galen_bytes){(uint8_t *)large, sizeof large};
}
/* Head 35, document and record 17, the fields' length 4, field 2 and its length 4. */
static void write_largest(struct galen_op *op)
{
    op->content.write.count = 1;
    op->content.write.fields[0].value =
        (struct galen_bytes){(uint8_t *)large, GALEN_PLAIN_MAX - 35 - 17 - 4 - 2 - 4};
}
static void write_too_large(struct galen_op *op)
{
    write_largest(op);
    op->content.write.fields[0].value.size++;
}
static void write_too_large_together(struct galen_op *op)
{
    for (size_t i = 0; i < 3; i++)
        op->content.write.fields[i].value = (struct galen_bytes){(uint8_t *)large, 70000};
}
static void identity_of_nobody(struct galen_op *op)
{
    memset(&op->content.identity.account, 0, sizeof op->content.identity.account);
}
static void identity_without_visit(struct galen_op *op)
{
    memset(&op->content.identity.visit, 0, sizeof op->content.identity.visit);
}
static void identity_without_check(struct galen_op *op)
{
    op->content.identity.check.size = 0;
}
static void identity_check_too_large(struct galen_op *op)
{
    memset(large, 'a', sizeof large);
    op->content.identity.check = (struct galen_bytes){(uint8_t *)large, GALEN_NOTE_MAX + 1};
}
static void visit_without_id(struct galen_op *op)
{
    memset(&op->content.visit.visit, 0, sizeof op->content.visit.visit);
}
static void visit_event_zero(struct galen_op *op)
{
    op->content.visit.event = 0;
}
static void visit_event_unknown(struct galen_op *op)
{
    op->content.visit.event = 3;
}
static void visit_without_text(struct galen_op *op)
{
    op->content.visit.text.size = 0;
}
static void sign_means_nothing(struct galen_op *op)
{
    op->content.sign.meaning = 0;
}
static void sign_of_a_later_meaning(struct galen_op *op)
{
    op->content.sign.meaning = 200;
}
static void sign_of_no_schema(struct galen_op *op)
{
    op->content.sign.schema = 0;
}
static void sign_outside_a_visit(struct galen_op *op)
{
    memset(op->content.sign.visit, 0, sizeof op->content.sign.visit);
    op->content.sign.assertion.size = 0;
}
static void sign_most_asserted(struct galen_op *op)
{
    op->content.sign.assertion = (struct galen_bytes){(uint8_t *)large, GALEN_ASSERTION_MAX};
}
static void sign_asserted_too_much(struct galen_op *op)
{
    sign_most_asserted(op);
    op->content.sign.assertion.size++;
}
static void kind_zero(struct galen_op *op)
{
    op->kind = 0;
}
static void unknown_largest(struct galen_op *op)
{
    op->content.unknown = (struct galen_bytes){(uint8_t *)large, GALEN_PLAIN_MAX - 35};
}
static void unknown_too_large(struct galen_op *op)
{
    unknown_largest(op);
    op->content.unknown.size++;
}

static const struct check_case checks[] = {
    {"an empty message", message_empty, GALEN_KIND_MESSAGE, GALEN_ERR_FORMAT},
    {"the largest message", message_largest, GALEN_KIND_MESSAGE, GALEN_OK},
    {"a message too large", message_too_large, GALEN_KIND_MESSAGE, GALEN_ERR_TOO_LARGE},
    {"a message not UTF-8", message_not_utf8, GALEN_KIND_MESSAGE, GALEN_ERR_FORMAT},
    {"a message with a control", message_with_bell, GALEN_KIND_MESSAGE, GALEN_ERR_FORMAT},
    {"a write without fields", write_no_fields, GALEN_KIND_WRITE, GALEN_ERR_FORMAT},
    {"a write with most fields", write_most_fields, GALEN_KIND_WRITE, GALEN_OK},
    {"a write with too many fields", write_too_many_fields, GALEN_KIND_WRITE, GALEN_ERR_FORMAT},
    {"a field twice", write_field_twice, GALEN_KIND_WRITE, GALEN_ERR_FORMAT},
    {"fields that descend", write_fields_descend, GALEN_KIND_PROPOSE, GALEN_ERR_FORMAT},
    {"field zero", write_field_zero, GALEN_KIND_WRITE, GALEN_ERR_FORMAT},
    {"no document", write_no_document, GALEN_KIND_WRITE, GALEN_ERR_FORMAT},
    {"no record", write_no_record, GALEN_KIND_PROPOSE, GALEN_ERR_FORMAT},
    {"a value too large", write_value_too_large, GALEN_KIND_WRITE, GALEN_ERR_TOO_LARGE},
    {"the largest write", write_largest, GALEN_KIND_WRITE, GALEN_OK},
    {"a write too large by one", write_too_large, GALEN_KIND_WRITE, GALEN_ERR_TOO_LARGE},
    {"values too large together", write_too_large_together, GALEN_KIND_WRITE, GALEN_ERR_TOO_LARGE},
    {"an identity of nobody", identity_of_nobody, GALEN_KIND_IDENTITY, GALEN_ERR_FORMAT},
    {"an identity outside a visit", identity_without_visit, GALEN_KIND_IDENTITY, GALEN_OK},
    {"an identity without check", identity_without_check, GALEN_KIND_IDENTITY, GALEN_ERR_FORMAT},
    {"a check too large", identity_check_too_large, GALEN_KIND_IDENTITY, GALEN_ERR_TOO_LARGE},
    {"a visit without id", visit_without_id, GALEN_KIND_VISIT, GALEN_ERR_FORMAT},
    {"event zero", visit_event_zero, GALEN_KIND_VISIT, GALEN_ERR_FORMAT},
    {"an unknown event", visit_event_unknown, GALEN_KIND_VISIT, GALEN_ERR_FORMAT},
    {"a visit without text", visit_without_text, GALEN_KIND_VISIT, GALEN_OK},
    {"a sign-off that means nothing", sign_means_nothing, GALEN_KIND_SIGN, GALEN_ERR_FORMAT},
    {"a sign-off of a later meaning", sign_of_a_later_meaning, GALEN_KIND_SIGN, GALEN_OK},
    {"a sign-off of no schema", sign_of_no_schema, GALEN_KIND_SIGN, GALEN_ERR_FORMAT},
    {"a sign-off outside a visit", sign_outside_a_visit, GALEN_KIND_SIGN, GALEN_OK},
    {"the largest assertion", sign_most_asserted, GALEN_KIND_SIGN, GALEN_OK},
    {"an assertion too large", sign_asserted_too_much, GALEN_KIND_SIGN, GALEN_ERR_TOO_LARGE},
    {"kind zero", kind_zero, GALEN_KIND_ANSWER, GALEN_ERR_FORMAT},
    {"the largest unknown", unknown_largest, 999, GALEN_OK},
    {"an unknown too large", unknown_too_large, 999, GALEN_ERR_TOO_LARGE},
};

Test(op, only_what_the_protocol_allows_is_written)
{
    for (size_t i = 0; i < sizeof checks / sizeof checks[0]; i++) {
        struct galen_op all[9];
        size_t at = 0, n = examples(all);
        while (at < n && all[at].kind != checks[i].kind)
            at++;
        checks[i].spoil(&all[at]);
        cr_assert_eq(galen_op_check(&all[at]), checks[i].err, "%s", checks[i].name);
        struct galen_writer w;
        galen_writer_init(&w);
        galen_op_write(&w, &all[at]);
        cr_assert_eq(w.failed, checks[i].err != GALEN_OK, "%s", checks[i].name);
        if (!w.failed) {
            struct galen_op read;
            cr_assert_leq(w.size, GALEN_PLAIN_MAX);
            cr_assert_eq(galen_op_read(galen_written(&w), class_for(all[at].kind), &read),
                         all[at].kind == 999 ? GALEN_ERR_UNKNOWN_KIND : GALEN_OK, "%s",
                         checks[i].name);
        }
        galen_writer_wipe(&w);
    }
}

/* What a careful writer would not write, a reader refuses for the same reason. */
Test(op, a_message_that_is_too_large_is_named_when_read)
{
    struct galen_writer w;
    struct galen_op op = op_of(GALEN_KIND_MESSAGE), read;
    op.content.message = text("x");
    w = written(&op);
    w.size -= 2;
    message_too_large(&op);
    galen_write_vector(&w, op.content.message);
    cr_assert_eq(galen_op_read(galen_written(&w), GALEN_CLASS_MESSAGE, &read), GALEN_ERR_TOO_LARGE);
    cr_assert_eq(read.kind, 0);
    galen_writer_wipe(&w);
    cr_assert_eq(galen_op_read((struct galen_bytes){(uint8_t *)large, GALEN_PLAIN_MAX + 1},
                               GALEN_CLASS_MESSAGE, &read),
                 GALEN_ERR_TOO_LARGE);
}

Test(op, a_bool_that_is_neither_and_a_65th_field_are_refused)
{
    struct galen_op all[9], read;
    examples(all);
    struct galen_writer w = written(&all[3]);
    w.at[w.size - 1] = 2;
    cr_assert_eq(galen_op_read(galen_written(&w), GALEN_CLASS_RECORD, &read), GALEN_ERR_FORMAT);
    galen_writer_wipe(&w);

    write_most_fields(&all[1]);
    w = written(&all[1]);
    w.size -= 2 + GALEN_WRITE_FIELDS_MAX * 4; /* its fields and their length */
    struct galen_writer fields;
    galen_writer_init(&fields);
    for (uint16_t i = 1; i <= GALEN_WRITE_FIELDS_MAX + 1; i++) {
        galen_write_u16(&fields, i);
        galen_write_vector(&fields, text("x"));
    }
    galen_write_vector(&w, galen_written(&fields));
    cr_assert_eq(galen_op_read(galen_written(&w), GALEN_CLASS_RECORD, &read), GALEN_ERR_FORMAT);
    galen_writer_wipe(&fields);
    galen_writer_wipe(&w);
}

struct text_case {
    const char *name;
    const char *bytes;
    bool text, line;
};

/* The bounds of RFC 3629 sections 3 and 4, and the controls that text may not hold. */
static const struct text_case texts[] = {
    {"nothing", "", true, false},
    {"one letter", "a", true, true},
    {"a space inside", "a b", true, true},
    {"a space before", " a", true, false},
    {"a space behind", "a ", true, false},
    {"a line feed", "a\nb", true, false},
    {"a tab", "a\tb", true, false},
    {"a carriage return", "a\r\nb", false, false},
    {"an escape", "a\x1b[0m", false, false},
    {"U+007F", "\x7f", false, false},
    {"U+0080", "\xc2\x80", false, false},
    {"U+009F", "\xc2\x9f", false, false},
    {"U+00A0", "\xc2\xa0", true, true},
    {"U+07FF", "\xdf\xbf", true, true},
    {"U+0800", "\xe0\xa0\x80", true, true},
    {"U+D7FF", "\xed\x9f\xbf", true, true},
    {"U+D800, a surrogate", "\xed\xa0\x80", false, false},
    {"U+DFFF, a surrogate", "\xed\xbf\xbf", false, false},
    {"U+E000", "\xee\x80\x80", true, true},
    {"U+FFFF", "\xef\xbf\xbf", true, true},
    {"U+10000", "\xf0\x90\x80\x80", true, true},
    {"U+10FFFF", "\xf4\x8f\xbf\xbf", true, true},
    {"U+110000", "\xf4\x90\x80\x80", false, false},
    {"U+2F in two bytes", "\xc0\xaf", false, false},
    {"U+7F in two bytes", "\xc1\xbf", false, false},
    {"U+7FF in three bytes", "\xe0\x9f\xbf", false, false},
    {"U+FFFF in four bytes", "\xf0\x8f\xbf\xbf", false, false},
    {"a lead byte above F4", "\xf5\x80\x80\x80", false, false},
    {"a lead byte of five", "\xf8\x88\x80\x80\x80", false, false},
    {"FE", "\xfe", false, false},
    {"FF", "\xff", false, false},
    {"a continuation alone", "\x80", false, false},
    {"two bytes cut", "\xc3", false, false},
    {"three bytes cut to one", "\xe2", false, false},
    {"three bytes cut to two", "\xe2\x82", false, false},
    {"four bytes cut to three", "\xf0\x9f\x92", false, false},
    {"a right-to-left override",
     "5\xe2\x80\xae"
     "05",
     false, false},
    {"a left-to-right embedding",
     "\xe2\x80\xaa"
     "5 mg",
     false, false},
    {"the end of an embedding", "5 mg\xe2\x80\xac", false, false},
    {"a first strong isolate",
     "\xe2\x81\xa8"
     "5 mg\xe2\x81\xa9",
     false, false},
    {"Hebrew with a right-to-left mark", "\xd7\x90\xe2\x80\x8f 5", true, true},
    {"Arabic with its letter mark", "\xd8\xa8\xd8\x9c 5", true, true},
    {"a left-to-right mark", "5\xe2\x80\x8e mg", true, true},
    {"a letter for a continuation", "\xe2\x82z", false, false},
    {"a lead for a continuation", "\xc3\xc3", false, false},
};

Test(op, text_is_well_formed_UTF8_without_controls)
{
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        const struct text_case *c = &texts[i];
        size_t n = strlen(c->bytes);
        uint8_t *exact = malloc(n + 1);
        memcpy(exact, c->bytes, n);
        cr_assert_eq(galen_text_ok((struct galen_bytes){exact, n}), c->text, "%s", c->name);
        cr_assert_eq(galen_line_ok((struct galen_bytes){exact, n}), c->line, "%s", c->name);
        free(exact);
    }
    cr_assert_not(galen_text_ok((struct galen_bytes){(const uint8_t *)"a\0b", 3}), "U+0000");
    cr_assert(galen_text_ok((struct galen_bytes){0}));
}

/* Every code point, encoded here by arithmetic of its own. */
Test(op, every_code_point_is_judged)
{
    for (uint32_t point = 0; point <= 0x11ffff; point++) {
        uint8_t b[4];
        size_t n;
        if (point < 0x80) {
            b[0] = (uint8_t)point;
            n = 1;
        } else if (point < 0x800) {
            b[0] = (uint8_t)(192 + point / 64);
            b[1] = (uint8_t)(128 + point % 64);
            n = 2;
        } else if (point < 0x10000) {
            b[0] = (uint8_t)(224 + point / 4096);
            b[1] = (uint8_t)(128 + point / 64 % 64);
            b[2] = (uint8_t)(128 + point % 64);
            n = 3;
        } else {
            b[0] = (uint8_t)(240 + point / 262144);
            b[1] = (uint8_t)(128 + point / 4096 % 64);
            b[2] = (uint8_t)(128 + point / 64 % 64);
            b[3] = (uint8_t)(128 + point % 64);
            n = 4;
        }
        bool control = point < 32 || (point >= 127 && point < 160) ||
                       (point >= 8234 && point <= 8238) || (point >= 8294 && point <= 8297);
        bool scalar = point <= 0x10ffff && (point < 0xd800 || point > 0xdfff);
        struct galen_bytes bytes = {b, n};
        bool expected = scalar && (!control || point == 9 || point == 10);
        if (galen_text_ok(bytes) != expected)
            cr_assert_fail("U+%04X", point);
        if (galen_line_ok(bytes) != (scalar && !control && point != 32))
            cr_assert_fail("a line of U+%04X", point);
        if (scalar && galen_text_points(bytes) != 1)
            cr_assert_fail("U+%04X is one code point", point);
    }
}

Test(op, a_line_is_counted_in_code_points)
{
    char line[4 * (GALEN_LINE_POINTS_MAX + 1) + 1] = "";
    for (size_t i = 0; i < GALEN_LINE_POINTS_MAX; i++)
        strcat(line, "💊");
    cr_assert(galen_line_ok(text(line)));
    cr_assert_eq(galen_text_points(text(line)), GALEN_LINE_POINTS_MAX);
    strcat(line, "x");
    cr_assert_not(galen_line_ok(text(line)));
    cr_assert(galen_text_ok(text(line)));
}

Test(op, kinds_have_names)
{
    static const char *const names[] = {"message",  "write", "propose", "answer",
                                        "identity", "visit", "sign"};
    for (uint16_t kind = 1; kind <= 7; kind++)
        cr_assert_str_eq(galen_kind_name(kind), names[kind - 1]);
    cr_assert_null(galen_kind_name(0));
    cr_assert_null(galen_kind_name(8));
    cr_assert_eq(galen_kind_class(8), 0);
}
