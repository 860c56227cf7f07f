/* PROTOCOL.md, "Entries", "Epochs" and "Heads": their encoding. The rules are in test_rules*.c. */
#include "galen/entry.h"
#include "galen/tree.h"
#include "support/allocator.h"
#include "support/primitives.h"
#include "support/scene.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static void expect(enum galen_err got, enum galen_err wanted, const char *what)
{
    cr_assert_eq(got, wanted, "%s: %s, not %s", what, galen_err_name(got), galen_err_name(wanted));
}

/* ---------------------------------------------------------------------------------------- header */

static struct galen_header example(uint8_t class)
{
    struct galen_header header = {.class = class,
                                  .epoch = 0x01020304,
                                  .number = 0x05060708,
                                  .head_size = 0x090a0b0c0d0e0f10,
                                  .body_size = 300};
    memset(header.chart.bytes, 0xc1, 32);
    memset(header.author.bytes, 0xc2, 32);
    memset(header.head_root, 0xc3, 32);
    memset(header.salt, 0xc4, 32);
    if (!galen_class_is_clear(class))
        memset(header.commitment, 0xc5, 32);
    memset(header.body_hash, 0xc6, 32);
    return header;
}

/* The whole layout, byte for byte, written by hand from PROTOCOL.md. */
Test(header, has_its_fields_where_the_protocol_says)
{
    struct galen_header header = example(GALEN_CLASS_MESSAGE);
    struct galen_writer w;
    galen_writer_init(&w);
    galen_header_write(&w, &header);
    uint8_t wanted[GALEN_HEADER_BYTES] = {1, 3};
    memset(wanted + 2, 0xc1, 32);
    memcpy(wanted + 34, "\1\2\3\4", 4);
    memset(wanted + 38, 0xc2, 32);
    memcpy(wanted + 70, "\5\6\7\10", 4);
    memcpy(wanted + 74, "\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10", 8);
    memset(wanted + 82, 0xc3, 32);
    memset(wanted + 114, 0xc4, 32);
    memset(wanted + 146, 0xc5, 32);
    memcpy(wanted + 178, "\0\0\1\x2c", 4);
    memset(wanted + 182, 0xc6, 32);
    cr_assert_eq(w.size, sizeof wanted);
    cr_assert_arr_eq(w.at, wanted, sizeof wanted);
    struct galen_header again;
    struct galen_reader r;
    galen_reader_init(&r, galen_written(&w));
    expect(galen_header_read(&r, &again), GALEN_OK, "read");
    cr_assert(galen_reader_done(&r));
    struct galen_writer second;
    galen_writer_init(&second);
    galen_header_write(&second, &again);
    cr_assert(galen_bytes_equal(galen_written(&w), galen_written(&second)));
    galen_writer_wipe(&second);
    for (size_t cut = 0; cut < w.size; cut++) {
        galen_reader_init(&r, (struct galen_bytes){w.at, cut});
        expect(galen_header_read(&r, &again), GALEN_ERR_FORMAT, "cut");
        cr_assert(r.failed);
    }
    galen_writer_wipe(&w);
}

Test(header, errors_are_named_and_leave_the_reader_whole)
{
    static const struct {
        const char *name;
        size_t place;
        uint8_t value;
        uint8_t class;
        enum galen_err wanted;
    } cases[] = {
        {"version 0", 0, 0, GALEN_CLASS_MESSAGE, GALEN_ERR_UNKNOWN_KIND},
        {"version 2", 0, 2, GALEN_CLASS_MESSAGE, GALEN_ERR_UNKNOWN_KIND},
        {"class 0", 1, 0, GALEN_CLASS_MESSAGE, GALEN_ERR_UNKNOWN_KIND},
        {"class 6, kept for redactions", 1, 6, GALEN_CLASS_MESSAGE, GALEN_ERR_UNKNOWN_KIND},
        {"class 7, kept for legal holds", 1, 7, GALEN_CLASS_MESSAGE, GALEN_ERR_UNKNOWN_KIND},
        {"class 255", 1, 255, GALEN_CLASS_MESSAGE, GALEN_ERR_UNKNOWN_KIND},
        {"a body of 16 MiB", 178, 1, GALEN_CLASS_MESSAGE, GALEN_ERR_TOO_LARGE},
        {"a commitment in an epoch entry", 177, 1, GALEN_CLASS_EPOCH, GALEN_ERR_FORMAT},
        {"one in a certificate entry", 146, 1, GALEN_CLASS_CERTIFICATE, GALEN_ERR_FORMAT},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct galen_header header = example(cases[i].class), again;
        struct galen_writer w;
        struct galen_reader r;
        galen_writer_init(&w);
        galen_header_write(&w, &header);
        w.at[cases[i].place] = cases[i].value;
        galen_reader_init(&r, galen_written(&w));
        expect(galen_header_read(&r, &again), cases[i].wanted, cases[i].name);
        cr_assert(galen_reader_done(&r), "%s", cases[i].name);
        cr_assert_eq(again.number, header.number, "%s: the fields are there", cases[i].name);
        galen_writer_wipe(&w);
    }
}

Test(header, a_body_may_have_the_largest_size)
{
    struct galen_header header = example(GALEN_CLASS_RECORD), again;
    struct galen_writer w;
    struct galen_reader r;
    for (uint32_t more = 0; more < 2; more++) {
        galen_writer_init(&w);
        header.body_size = GALEN_BODY_MAX + more;
        galen_header_write(&w, &header);
        galen_reader_init(&r, galen_written(&w));
        expect(galen_header_read(&r, &again), more ? GALEN_ERR_TOO_LARGE : GALEN_OK, "largest");
        galen_writer_wipe(&w);
    }
}

/* ---------------------------------------------------------------------------------------- records */

struct record {
    uint8_t bytes[GALEN_SIGNED_HEADER_BYTES];
    uint8_t body[300];
    struct galen_entry entry;
};

static void make_record(struct record *record, uint8_t state)
{
    struct galen_header header = example(GALEN_CLASS_MESSAGE);
    struct galen_writer w;
    memset(record->body, 0xb0, sizeof record->body);
    test_primitives.sha256(&(struct galen_bytes){record->body, sizeof record->body}, 1,
                           header.body_hash);
    galen_writer_init(&w);
    galen_header_write(&w, &header);
    memcpy(record->bytes, w.at, GALEN_HEADER_BYTES);
    memset(record->bytes + GALEN_HEADER_BYTES, 0x51, GALEN_SIGNATURE_BYTES);
    galen_writer_wipe(&w);
    record->entry = (struct galen_entry){
        .received_ms = 0x1122334455667788,
        .header = header,
        .signed_header = {record->bytes, sizeof record->bytes},
        .body_state = state,
    };
    memset(record->entry.signature, 0x51, GALEN_SIGNATURE_BYTES);
    if (state == GALEN_BODY_PRESENT)
        record->entry.body = (struct galen_bytes){record->body, sizeof record->body};
}

Test(entry, is_read_as_it_was_written)
{
    for (uint8_t state = GALEN_BODY_WITHHELD; state <= GALEN_BODY_NOT_YOURS; state++) {
        struct record record;
        struct galen_entry again;
        struct galen_writer w, second;
        struct galen_reader r;
        make_record(&record, state);
        galen_writer_init(&w);
        galen_writer_init(&second);
        galen_entry_write(&w, &record.entry);
        size_t body = state == GALEN_BODY_PRESENT ? 2 + 300 : 1;
        cr_assert_eq(w.size, 8 + GALEN_SIGNED_HEADER_BYTES + 1 + body);
        galen_reader_init(&r, galen_written(&w));
        expect(galen_entry_read(&r, &again), GALEN_OK, "read");
        cr_assert(galen_reader_done(&r));
        cr_assert_eq(again.received_ms, record.entry.received_ms);
        cr_assert_eq(again.body_state, state);
        cr_assert_eq(again.header.number, record.entry.header.number);
        cr_assert_arr_eq(again.signature, record.entry.signature, GALEN_SIGNATURE_BYTES);
        cr_assert(galen_bytes_equal(again.signed_header, record.entry.signed_header));
        cr_assert(galen_bytes_equal(again.body, record.entry.body));
        galen_entry_write(&second, &again);
        cr_assert(galen_bytes_equal(galen_written(&w), galen_written(&second)));
        for (size_t cut = 0; cut < w.size; cut++) {
            galen_reader_init(&r, (struct galen_bytes){w.at, cut});
            expect(galen_entry_read(&r, &again), GALEN_ERR_FORMAT, "cut");
            cr_assert(r.failed);
        }
        galen_writer_wipe(&w);
        galen_writer_wipe(&second);
    }
}

Test(entry, new_ones_come_without_time_and_state)
{
    struct record record;
    struct galen_entry again;
    struct galen_writer w;
    struct galen_reader r;
    make_record(&record, GALEN_BODY_PRESENT);
    galen_writer_init(&w);
    galen_entry_write_new(&w, &record.entry);
    cr_assert_eq(w.size, GALEN_SIGNED_HEADER_BYTES + 2 + 300);
    galen_reader_init(&r, galen_written(&w));
    expect(galen_entry_read_new(&r, &again), GALEN_OK, "read");
    cr_assert(galen_reader_done(&r));
    cr_assert_eq(again.received_ms, 0);
    cr_assert_eq(again.body_state, GALEN_BODY_PRESENT);
    cr_assert(galen_bytes_equal(again.body, record.entry.body));
    for (size_t cut = 0; cut < w.size; cut++) {
        galen_reader_init(&r, (struct galen_bytes){w.at, cut});
        expect(galen_entry_read_new(&r, &again), GALEN_ERR_FORMAT, "cut");
    }
    galen_writer_wipe(&w);
}

Test(entry, states_and_bodies_belong_together)
{
    struct record record;
    struct galen_entry again;
    struct galen_writer w;
    struct galen_reader r;
    make_record(&record, GALEN_BODY_PRESENT);
    galen_writer_init(&w);
    galen_entry_write(&w, &record.entry);
    for (unsigned state = 0; state < 256; state++) {
        w.at[8 + GALEN_SIGNED_HEADER_BYTES] = (uint8_t)state;
        galen_reader_init(&r, galen_written(&w));
        expect(galen_entry_read(&r, &again),
               state == GALEN_BODY_PRESENT ? GALEN_OK : GALEN_ERR_FORMAT, "state with a body");
    }
    galen_writer_wipe(&w);
}

Test(entry, a_body_beyond_the_limit_is_refused)
{
    struct galen_writer w;
    struct galen_reader r;
    struct galen_entry again;
    struct record record;
    uint8_t *body = calloc(1, GALEN_BODY_MAX + 1);
    make_record(&record, GALEN_BODY_PRESENT);
    for (size_t more = 0; more < 2; more++) {
        galen_writer_init(&w);
        record.entry.body = (struct galen_bytes){body, GALEN_BODY_MAX + more};
        galen_entry_write(&w, &record.entry);
        galen_reader_init(&r, galen_written(&w));
        expect(galen_entry_read(&r, &again), more ? GALEN_ERR_FORMAT : GALEN_OK, "stored");
        galen_writer_clear(&w);
        galen_entry_write_new(&w, &record.entry);
        galen_reader_init(&r, galen_written(&w));
        expect(galen_entry_read_new(&r, &again), more ? GALEN_ERR_FORMAT : GALEN_OK, "new");
        galen_writer_wipe(&w);
    }
    free(body);
}

/* L5: the log behind an entry against the rules stays readable. */
Test(entry, L5_is_read_even_if_its_header_is_not_one)
{
    struct record record;
    struct galen_entry again;
    struct galen_writer w;
    struct galen_reader r;
    make_record(&record, GALEN_BODY_WITHHELD);
    memset(record.bytes, 0xff, sizeof record.bytes);
    galen_writer_init(&w);
    galen_entry_write(&w, &record.entry);
    galen_entry_write(&w, &record.entry);
    galen_reader_init(&r, galen_written(&w));
    expect(galen_entry_read(&r, &again), GALEN_OK, "the first");
    expect(galen_entry_read(&r, &again), GALEN_OK, "the second");
    cr_assert(galen_reader_done(&r));
    galen_writer_wipe(&w);
}

Test(entry, a_body_is_settled_by_its_header)
{
    struct record record;
    make_record(&record, GALEN_BODY_PRESENT);
    cr_assert(galen_entry_has_its_body(&test_primitives, &record.entry));
    galen_entry_settle_body(&test_primitives, &record.entry);
    cr_assert_eq(record.entry.body_state, GALEN_BODY_PRESENT);
    record.body[299] ^= 1;
    cr_assert_not(galen_entry_has_its_body(&test_primitives, &record.entry));
    record.body[299] ^= 1;
    record.entry.body.size--;
    cr_assert_not(galen_entry_has_its_body(&test_primitives, &record.entry));
    galen_entry_settle_body(&test_primitives, &record.entry);
    cr_assert_eq(record.entry.body_state, GALEN_BODY_WITHHELD);
    cr_assert_eq(record.entry.body.size, 0);
    make_record(&record, GALEN_BODY_NOT_YOURS);
    cr_assert_not(galen_entry_has_its_body(&test_primitives, &record.entry));
    galen_entry_settle_body(&test_primitives, &record.entry);
    cr_assert_eq(record.entry.body_state, GALEN_BODY_NOT_YOURS);
}

Test(entry, leaf_and_chart_id_are_the_hashes_of_the_protocol)
{
    struct record record;
    uint8_t leaf[32], wanted[32], message[1 + 8 + GALEN_SIGNED_HEADER_BYTES] = {0};
    make_record(&record, GALEN_BODY_PRESENT);
    memcpy(message + 1, "\x11\x22\x33\x44\x55\x66\x77\x88", 8);
    memcpy(message + 9, record.bytes, sizeof record.bytes);
    galen_entry_leaf(&test_primitives, &record.entry, leaf);
    test_primitives.sha256(&(struct galen_bytes){message, sizeof message}, 1, wanted);
    cr_assert_arr_eq(leaf, wanted, 32);

    uint8_t labelled[1 + 14 + 2 + GALEN_SIGNED_HEADER_BYTES] = {14};
    memcpy(labelled + 1, "galen chart id", 14);
    labelled[15] = 0x40 | GALEN_SIGNED_HEADER_BYTES >> 8;
    labelled[16] = GALEN_SIGNED_HEADER_BYTES & 0xff;
    memcpy(labelled + 17, record.bytes, sizeof record.bytes);
    test_primitives.sha256(&(struct galen_bytes){labelled, sizeof labelled}, 1, wanted);
    struct galen_id chart = galen_chart_id(&test_primitives, record.entry.signed_header);
    cr_assert_arr_eq(chart.bytes, wanted, 32);
}

/* ---------------------------------------------------------------------------------- epoch bodies */

/* Everything an epoch body can hold, `count` times. */
static struct galen_epoch_body *full_body(size_t members, size_t chains, size_t statements,
                                          size_t links)
{
    struct galen_epoch_body *body = calloc(1, sizeof *body);
    struct party practice, device, other;
    cr_assert_not_null(body);
    party_make(&practice, 1);
    party_make(&device, 2);
    party_make(&other, 3);
    party_certify(&device, &practice, GALEN_ROLE_ADMINISTRATOR, GALEN_PURPOSE_DEVICE, NULL);
    body->suite = 1;
    body->epoch = 7;
    memset(body->commitment, 0xd1, 32);
    memset(body->history_key, 0xd2, 32);
    memset(&body->history_seal, 0xd3, GALEN_SEAL_BYTES);
    body->member_count = members;
    for (size_t i = 0; i < members; i++) {
        struct galen_epoch_member *member = &body->members[i];
        member->device.bytes[0] = (uint8_t)(i + 1);
        member->holder = i % 2;
        member->has_history = i % 3 == 0;
        memset(&member->epoch_key, (int)(0x10 + i), GALEN_SEAL_BYTES);
        if (member->has_history)
            memset(&member->history, (int)(0x80 + i), GALEN_SEAL_BYTES);
    }
    body->chain_count = chains;
    for (size_t i = 0; i < chains; i++) {
        body->chains[i].count = 1 + i % GALEN_CHAIN_MAX;
        for (size_t k = 0; k < body->chains[i].count; k++)
            body->chains[i].certs[k] = device.cert;
    }
    body->statement_count = statements;
    for (size_t i = 0; i < statements; i++)
        party_state(&device, GALEN_STATEMENT_REPLACED, &device, &other, &body->statements[i]);
    body->link_count = links;
    for (size_t i = 0; i < links; i++)
        memset(&body->links[i], (int)(0xe0 + i), sizeof body->links[i]);
    return body;
}

Test(epoch_body, is_read_as_it_was_written)
{
    static const size_t sizes[][4] = {
        {1, 0, 0, 0},
        {2, 1, 1, 1},
        {GALEN_MEMBERS_MAX, GALEN_CHAINS_MAX, GALEN_STATEMENTS_MAX, GALEN_LINKS_MAX},
    };
    struct galen_epoch_body *again = malloc(sizeof *again);
    for (size_t i = 0; i < 3; i++) {
        struct galen_epoch_body *body =
            full_body(sizes[i][0], sizes[i][1], sizes[i][2], sizes[i][3]);
        struct galen_writer w, second;
        galen_writer_init(&w);
        galen_writer_init(&second);
        galen_epoch_body_write(&w, body);
        cr_assert_not(w.failed);
        cr_assert_leq(w.size, GALEN_BODY_MAX, "the largest body fits an entry");
        expect(galen_epoch_body_read(galen_written(&w), again), GALEN_OK, "read");
        cr_assert_eq(again->member_count, sizes[i][0]);
        cr_assert_eq(again->chain_count, sizes[i][1]);
        cr_assert_eq(again->statement_count, sizes[i][2]);
        cr_assert_eq(again->link_count, sizes[i][3]);
        galen_epoch_body_write(&second, again);
        cr_assert(galen_bytes_equal(galen_written(&w), galen_written(&second)));
        galen_writer_wipe(&w);
        galen_writer_wipe(&second);
        free(body);
    }
    free(again);
}

Test(epoch_body, cut_anywhere_or_longer_is_refused)
{
    struct galen_epoch_body *body = full_body(3, 2, 2, 2), *again = malloc(sizeof *again);
    struct galen_writer w;
    galen_writer_init(&w);
    galen_epoch_body_write(&w, body);
    size_t size = w.size;
    for (size_t cut = 0; cut < size; cut++)
        expect(galen_epoch_body_read((struct galen_bytes){w.at, cut}, again), GALEN_ERR_FORMAT,
               "cut");
    galen_write_u8(&w, 0);
    expect(galen_epoch_body_read(galen_written(&w), again), GALEN_ERR_FORMAT, "longer");
    galen_writer_wipe(&w);
    free(body);
    free(again);
}

Test(epoch_body, has_its_shape)
{
    static const char *const cases[] = {
        "an unknown suite",   "no members",        "an empty chain",
        "members descending", "the same twice",    "a bad key",
        "a flag of 2",        "a bad certificate", "a bad statement"};
    struct galen_epoch_body *again = malloc(sizeof *again);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct galen_epoch_body *body = full_body(2, 1, 1, 0);
        struct galen_writer w;
        galen_writer_init(&w);
        switch (i) {
        case 0:
            body->suite = 0;
            break;
        case 1:
            body->member_count = 0;
            break;
        case 2:
            body->chains[0].count = 0;
            break;
        case 3:
            body->members[0].device.bytes[0] = 9;
            break;
        case 4:
            body->members[0].device = body->members[1].device;
            break;
        case 5:
            memset(body->chains[0].certs[0].keys.seal, 0, 32);
            break;
        case 7:
            body->chains[0].certs[0].role = 0;
            break;
        case 8:
            body->statements[0].kind = 9;
            break;
        default:
            break;
        }
        galen_epoch_body_write(&w, body);
        if (i == 6)
            w.at[2 + 4 + 32 + 32 + 80 + 2 + 32] = 2;
        expect(galen_epoch_body_read(galen_written(&w), again),
               i == 5 ? GALEN_ERR_KEY : GALEN_ERR_FORMAT, cases[i]);
        galen_writer_wipe(&w);
        free(body);
    }
    free(again);
}

/* One more of each than there may be, spliced into otherwise good bytes. */
Test(epoch_body, has_its_limits)
{
    static const struct {
        const char *name;
        size_t members, chains, statements, links;
        enum galen_err wanted;
    } cases[] = {
        {"65 members", GALEN_MEMBERS_MAX + 1, 0, 0, 0, GALEN_ERR_MEMBERS},
        {"81 chains", 1, GALEN_CHAINS_MAX + 1, 0, 0, GALEN_ERR_FORMAT},
        {"17 statements", 1, 0, GALEN_STATEMENTS_MAX + 1, 0, GALEN_ERR_FORMAT},
        {"9 links", 1, 0, 0, GALEN_LINKS_MAX + 1, GALEN_ERR_FORMAT},
    };
    struct galen_epoch_body *one = full_body(1, 1, 1, 1), *again = malloc(sizeof *again);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct galen_writer w;
        galen_writer_init(&w);
        galen_epoch_body_write(&w, one);
        w.size = 2 + 4 + 32 + 32 + 80; /* what stands before the members */
        size_t mark = galen_write_begin(&w);
        for (size_t k = 0; k < cases[i].members; k++) {
            one->members[0].device.bytes[0] = (uint8_t)(k + 1);
            galen_write_id(&w, &one->members[0].device);
            for (int b = 0; b < 82; b++)
                galen_write_u8(&w, 0);
        }
        galen_write_end(&w, mark);
        mark = galen_write_begin(&w);
        for (size_t k = 0; k < cases[i].chains; k++)
            galen_chain_write(&w, &one->chains[0]);
        galen_write_end(&w, mark);
        mark = galen_write_begin(&w);
        for (size_t k = 0; k < cases[i].statements; k++)
            galen_statement_write(&w, &one->statements[0]);
        galen_write_end(&w, mark);
        mark = galen_write_begin(&w);
        for (size_t k = 0; k < cases[i].links * (32 + 80); k++)
            galen_write_u8(&w, 0);
        galen_write_end(&w, mark);
        expect(galen_epoch_body_read(galen_written(&w), again), cases[i].wanted, cases[i].name);
        galen_writer_wipe(&w);
    }
    free(one);
    free(again);
}

/* ------------------------------------------------------------------------------------------ heads */

Test(head, is_read_as_it_was_written)
{
    struct galen_head head = {.size = 0x0102030405060708, .clock_ms = 0x1112131415161718}, again;
    struct galen_writer w;
    struct galen_reader r;
    memset(head.chart.bytes, 1, 32);
    memset(head.device.bytes, 2, 32);
    memset(head.root, 3, 32);
    memset(head.signature, 4, 64);
    galen_writer_init(&w);
    galen_head_write(&w, &head);
    cr_assert_eq(w.size, GALEN_HEAD_BYTES);
    cr_assert_eq(w.at[64], 1);
    cr_assert_eq(w.at[71], 8);
    cr_assert_eq(w.at[72], 3);
    cr_assert_eq(w.at[104], 0x11);
    cr_assert_eq(w.at[112], 4);
    galen_reader_init(&r, galen_written(&w));
    expect(galen_head_read(&r, &again), GALEN_OK, "read");
    cr_assert(galen_reader_done(&r));
    cr_assert_eq(again.size, head.size);
    cr_assert_eq(again.clock_ms, head.clock_ms);
    cr_assert_arr_eq(again.signature, head.signature, 64);
    for (size_t cut = 0; cut < w.size; cut++) {
        galen_reader_init(&r, (struct galen_bytes){w.at, cut});
        expect(galen_head_read(&r, &again), GALEN_ERR_FORMAT, "cut");
    }
    galen_writer_wipe(&w);
}
