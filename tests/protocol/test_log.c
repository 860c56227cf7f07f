/* protocol/log: entries and their bodies (rules K3, L4, L5, L9). */
#include "support/allocator.h"
#include "support/pair.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

/* Seals and appends an entry of the record. */
static uint64_t record(struct pair *p, struct chart_device *author, const char *plain)
{
    struct galen_writer entry = pair_seal(p, author, GALEN_CLASS_RECORD, plain);
    uint64_t index = p->chart->size;
    cr_assert_eq(chart_append(p->chart, galen_written(&entry)), GALEN_OK);
    galen_write(&p->chart->entries[index].plain, plain, strlen(plain));
    galen_writer_wipe(&entry);
    return index;
}

/* -- bodies ------------------------------------------------------------------------------------- */

Test(log, I5_the_record_opens_as_a_whole_with_the_identity_check)
{
    struct pair p = pair_new(3);
    uint64_t said = chart_say(p.chart, p.pharmacist, "a message");
    uint64_t written =
        record(&p, p.pharmacist, "a medicine, written while the patient belongs here");
    chart_read_all(p.chart);
    cr_assert_eq(chart_state(p.patient, said), GALEN_READ_OPEN);
    cr_assert_eq(chart_state(p.pharmacist, written), GALEN_READ_OPEN);
    cr_assert_eq(chart_state(p.patient, written), GALEN_READ_LOCKED);
    chart_make_holder(p.chart, p.pharmacist, p.patient);
    chart_read_all(p.chart);
    chart_read_again(p.chart, p.patient);
    cr_assert_eq(chart_state(p.patient, written), GALEN_READ_OPEN);
    chart_forget(p.chart, p.patient);
    chart_read(p.chart, p.patient);
    chart_read_again(p.chart, p.patient);
    cr_assert_eq(chart_state(p.patient, written), GALEN_READ_OPEN);
    chart_free(p.chart);
}

Test(log, K3_each_class_and_size_opens_as_it_was_written)
{
    struct pair p = pair_new(1);
    static const size_t sizes[] = {0, 1, 255, 256, 257, 5000, GALEN_PLAIN_MAX};
    char *long_text = calloc(1, GALEN_PLAIN_MAX + 2);
    memset(long_text, 'x', GALEN_PLAIN_MAX + 1);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        long_text[sizes[i]] = 0;
        uint64_t said = chart_say(p.chart, p.patient, long_text);
        chart_read(p.chart, p.pharmacist);
        cr_assert_eq(chart_state(p.pharmacist, said), GALEN_READ_OPEN, "%zu", sizes[i]);
        struct galen_entry entry = chart_entry_at(p.chart, said);
        cr_assert_eq(entry.body.size, galen_padded_size(sizes[i]) + GALEN_TAG_BYTES);
        long_text[sizes[i]] = 'x';
    }
    struct galen_writer entry;
    galen_writer_init(&entry);
    cr_assert_eq(galen_log_seal(p.patient->log, GALEN_CLASS_RECORD, 99,
                                (struct galen_bytes){(uint8_t *)long_text, GALEN_PLAIN_MAX + 1},
                                p.patient->secrets.sign_seed, &entry),
                 GALEN_ERR_TOO_LARGE);
    cr_assert_eq(galen_log_seal(p.patient->log, GALEN_CLASS_EPOCH, 99, pair_text("x"),
                                p.patient->secrets.sign_seed, &entry),
                 GALEN_ERR_CLASS);
    cr_assert_eq(entry.size, 0);
    free(long_text);
    chart_free(p.chart);
}

Test(log, K3_disclosing_one_entry_discloses_no_other)
{
    struct pair p = pair_new(2);
    uint64_t one = chart_say(p.chart, p.patient, "the one disclosed");
    uint64_t other = chart_say(p.chart, p.patient, "another by the same author");
    chart_read_all(p.chart);
    struct galen_entry a = chart_entry_at(p.chart, one), b = chart_entry_at(p.chart, other);
    struct galen_entry clear = chart_entry_at(p.chart, 0);
    uint8_t secret[GALEN_KEY_BYTES], other_secret[GALEN_KEY_BYTES];
    cr_assert(galen_log_entry_secret(p.pharmacist->log, &a.header, secret));
    cr_assert(galen_log_entry_secret(p.patient->log, &b.header, other_secret));
    cr_assert_not(galen_log_entry_secret(p.patient->log, &clear.header, other_secret));
    struct galen_writer plain;
    galen_writer_init(&plain);
    cr_assert_eq(galen_entry_open(&a, secret, &plain), GALEN_OK);
    cr_assert(galen_bytes_equal(galen_written(&plain), pair_text("the one disclosed")));
    cr_assert_eq(galen_entry_open(&b, secret, &plain), GALEN_ERR_COMMITMENT);
    a.body_state = GALEN_BODY_WITHHELD;
    cr_assert_eq(galen_entry_open(&a, secret, &plain), GALEN_ERR_WITHHELD);
    cr_assert(galen_bytes_equal(galen_written(&plain), pair_text("the one disclosed")));
    galen_writer_wipe(&plain);
    chart_free(p.chart);
}

/* Each is sealed well in everything but one thing. */
enum body_fault {
    WRONG_COMMITMENT,
    WRONG_BODY,
    WRONG_HEADER,
    WRONG_PADDING,
    WRONG_SALT,
    SHORT,
    TOO_LONG,
};

static const struct {
    const char *name;
    enum body_fault fault;
    enum galen_err why;
} body_faults[] = {
    {"a commitment to something else", WRONG_COMMITMENT, GALEN_ERR_COMMITMENT},
    {"a body that was not sealed so", WRONG_BODY, GALEN_ERR_SEAL},
    {"a header that was not sealed with it", WRONG_HEADER, GALEN_ERR_SEAL},
    {"padding that says more than it should", WRONG_PADDING, GALEN_ERR_FORMAT},
    {"another entry's salt", WRONG_SALT, GALEN_ERR_COMMITMENT},
    {"a body shorter than its tag", SHORT, GALEN_ERR_SEAL},
    {"a plaintext above its limit", TOO_LONG, GALEN_ERR_TOO_LARGE},
};

/* Seals what is in `body`, padded or not, as it stands. */
static void seal_by_hand(struct pair *p, struct galen_header *header, struct galen_writer *body)
{
    static const uint8_t nonce[GALEN_NONCE_BYTES], tag[GALEN_TAG_BYTES];
    uint8_t secret[GALEN_KEY_BYTES];
    size_t size = body->size;
    cr_assert(galen_log_entry_secret(p->patient->log, header, secret));
    galen_expand(secret, "entry commitment", pair_text(""), header->commitment, 32);
    galen_expand(secret, "entry key", pair_text(""), secret, 32);
    struct galen_writer aad;
    galen_writer_init(&aad);
    galen_header_write(&aad, header);
    galen_write(body, tag, sizeof tag);
    galen_aead_seal(secret, nonce, (struct galen_bytes){aad.at, 178},
                    (struct galen_bytes){body->at, size}, body->at);
    galen_writer_wipe(&aad);
}

static void write_filler(struct galen_writer *body, size_t size)
{
    galen_writer_clear(body);
    for (size_t i = 0; i < size; i++)
        galen_write_u8(body, 'x');
}

static void spoil_body(struct pair *p, enum body_fault fault, struct galen_header *header,
                       struct galen_writer *body)
{
    switch (fault) {
    case WRONG_COMMITMENT:
        header->commitment[31] ^= 1;
        break;
    case WRONG_BODY:
        body->at[0] ^= 1;
        break;
    case WRONG_HEADER: /* class is associated data, but does not go into the secret */
        header->class = GALEN_CLASS_RECORD;
        break;
    case WRONG_PADDING: /* to 512 bytes, where 256 would do */
        write_filler(body, 2);
        galen_write_u8(body, 0x80);
        while (body->size < 512)
            galen_write_u8(body, 0);
        seal_by_hand(p, header, body);
        break;
    case TOO_LONG:
        write_filler(body, GALEN_PLAIN_MAX + 1);
        galen_pad(body, 0);
        seal_by_hand(p, header, body);
        break;
    case WRONG_SALT:
        header->salt[0] ^= 1;
        break;
    case SHORT:
        body->size = GALEN_TAG_BYTES - 1;
        break;
    }
}

Test(log, L5_a_body_against_the_rules_is_void_and_uses_its_number)
{
    for (size_t i = 0; i < sizeof body_faults / sizeof body_faults[0]; i++) {
        struct pair p = pair_new(10 + i);
        struct galen_writer sealed = pair_seal(&p, p.patient, GALEN_CLASS_MESSAGE, "hi");
        struct galen_entry entry = pair_parsed(&sealed, 0);
        struct galen_header header = entry.header;
        struct galen_writer body;
        galen_writer_init(&body);
        galen_write(&body, entry.body.at, entry.body.size);
        spoil_body(&p, body_faults[i].fault, &header, &body);
        cr_assert_eq(chart_append_signed(p.chart, p.patient, &header, galen_written(&body)),
                     GALEN_OK);
        chart_read_all(p.chart);
        const struct galen_read *read = galen_log_read(p.pharmacist->log, p.chart->size - 1);
        cr_assert_eq(read->state, GALEN_READ_VOID, "%s", body_faults[i].name);
        cr_assert_eq(read->why, body_faults[i].why, "%s: %s", body_faults[i].name,
                     galen_err_name((enum galen_err)read->why));
        cr_assert_eq(read->role, GALEN_ROLE_PATIENT);
        /* Nothing else suffers, and the next number is the next number. */
        uint64_t next = chart_say(p.chart, p.patient, "next");
        chart_read_all(p.chart);
        cr_assert_eq(chart_state(p.pharmacist, next), GALEN_READ_OPEN);
        galen_writer_wipe(&body);
        galen_writer_wipe(&sealed);
        chart_free(p.chart);
    }
}

/* -- entries against the clear rules -------------------------------------------------------------- */

Test(log, L5_entries_against_the_rules_are_leaves_and_nothing_else)
{
    struct pair p = pair_new(20);
    struct chart_device *stranger =
        chart_person(p.chart, "stranger", GALEN_ROLE_PHARMACIST, p.chart->admin);
    const struct {
        const char *name;
        const struct chart_device *author, *signer;
        uint32_t epoch_off, number_off;
        uint64_t head_off;
        enum galen_err why;
    } cases[] = {
        {"no member", stranger, stranger, 0, 0, 0, GALEN_ERR_NOT_MEMBER},
        {"another device's signature", p.patient, p.pharmacist, 0, 0, 0, GALEN_ERR_SIGNATURE},
        {"an older epoch", p.patient, p.patient, UINT32_MAX, 0, 0, GALEN_ERR_EPOCH},
        {"a number left out", p.patient, p.patient, 0, 1, 0, GALEN_ERR_NUMBER},
        {"a head beyond the log", p.patient, p.patient, 0, 0, 1, GALEN_ERR_HEAD},
        {"a root that is not ours", p.patient, p.patient, 0, 0, UINT64_MAX, GALEN_ERR_HEAD},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct galen_header header = chart_header(p.chart, cases[i].author, GALEN_CLASS_MESSAGE);
        header.epoch += cases[i].epoch_off;
        header.number += cases[i].number_off;
        header.head_size += cases[i].head_off;
        cr_assert_eq(
            chart_append_signed(p.chart, cases[i].signer, &header, pair_text("not sealed")),
            cases[i].why, "%s", cases[i].name);
        chart_read_all(p.chart);
        const struct galen_read *read = galen_log_read(p.pharmacist->log, p.chart->size - 1);
        cr_assert_eq(read->state, GALEN_READ_VOID, "%s", cases[i].name);
        cr_assert_eq(read->why, cases[i].why, "%s", cases[i].name);
    }
    uint64_t after = chart_say(p.chart, p.patient, "undisturbed");
    chart_read_all(p.chart);
    cr_assert_eq(chart_state(p.pharmacist, after), GALEN_READ_OPEN);
    chart_free(p.chart);
}

Test(log, L4_an_entry_of_an_older_epoch_is_sealed_again_with_the_same_number)
{
    struct pair p = pair_new(21);
    struct galen_writer stale = pair_seal(&p, p.patient, GALEN_CLASS_MESSAGE, "meanwhile");
    chart_renew(p.chart, p.pharmacist);
    struct galen_entry refused = pair_parsed(&stale, p.chart->now_ms);
    cr_assert_eq(galen_rules_judge(p.chart->rules, &refused), GALEN_ERR_EPOCH);
    uint32_t number = refused.header.number;
    galen_writer_wipe(&stale);
    uint64_t again = chart_say(p.chart, p.patient, "meanwhile");
    cr_assert_eq(chart_entry_at(p.chart, again).header.number, number);
    chart_read_all(p.chart);
    cr_assert_eq(chart_state(p.pharmacist, again), GALEN_READ_OPEN);
    chart_free(p.chart);
}

Test(log, C2_a_certificate_entry_renews_the_author_s_time)
{
    struct pair p = pair_new(22);
    const struct galen_cert *own = &p.pharmacist->chain.certs[p.pharmacist->chain.count - 1];
    uint64_t until = own->not_after_ms;
    /* The practice certifies the administrator anew, and that one the pharmacist. */
    p.chart->now_ms += GALEN_DAY_MS;
    struct galen_chain renewed = p.pharmacist->chain;
    for (size_t i = 0; i < renewed.count; i++) {
        struct galen_cert *cert = &renewed.certs[i];
        cert->not_before_ms = p.chart->now_ms;
        cert->not_after_ms = cert->issues_until_ms = until + GALEN_DAY_MS;
        struct galen_writer w;
        galen_writer_init(&w);
        galen_cert_write_unsigned(&w, cert);
        galen_sign(i == 0 ? &p.chart->practice_secrets : &p.chart->admin->secrets,
                   GALEN_SIGN_CERTIFICATE, galen_written(&w), cert->signature);
        galen_writer_wipe(&w);
    }
    struct galen_writer entry;
    uint8_t salt[GALEN_KEY_BYTES] = {1};
    galen_writer_init(&entry);
    cr_assert_eq(galen_log_draft_certificate(p.pharmacist->log, p.chart->now_ms,
                                             chart_number(p.chart, p.pharmacist), &renewed, salt,
                                             &entry),
                 GALEN_OK);
    cr_assert_eq(chart_append(p.chart, galen_written(&entry)), GALEN_OK);
    chart_read_all(p.chart);
    cr_assert_eq(chart_state(p.patient, p.chart->size - 1), GALEN_READ_CLEAR);
    cr_assert_eq(
        galen_rules_member(galen_log_rules(p.patient->log), &p.pharmacist->id)->not_after_ms,
        until + GALEN_DAY_MS);
    /* A patient has none to write, and nothing is left in the writer. */
    galen_writer_clear(&entry);
    cr_assert_neq(galen_log_draft_certificate(p.patient->log, p.chart->now_ms,
                                              chart_number(p.chart, p.patient), &p.patient->chain,
                                              salt, &entry),
                  GALEN_OK);
    cr_assert_eq(entry.size, 0);
    galen_writer_wipe(&entry);
    chart_free(p.chart);
}

/* -- withheld ----------------------------------------------------------------------------------- */

Test(log, L9_a_body_that_is_missing_or_exchanged_is_withheld_and_can_come_later)
{
    struct pair p = pair_new(23);
    uint64_t said = chart_say(p.chart, p.pharmacist, "to be withheld");
    chart_say(p.chart, p.pharmacist, "something else of the same size");
    struct galen_entry true_entry = chart_entry_at(p.chart, said);
    struct galen_entry other = chart_entry_at(p.chart, said + 1);
    struct galen_read read;
    struct galen_writer plain;
    galen_writer_init(&plain);

    struct galen_entry missing = true_entry;
    missing.body_state = GALEN_BODY_WITHHELD;
    missing.body = pair_text("");
    cr_assert_eq(pair_add(p.patient, &missing, &read), GALEN_OK);
    cr_assert_eq(read.state, GALEN_READ_WITHHELD);
    /* Another body, as large: its author signed another, so it is not the author's fault. */
    struct galen_entry exchanged = true_entry;
    exchanged.body = other.body;
    cr_assert_eq(galen_log_open_again(p.patient->log, said, &exchanged, &read, &plain), GALEN_OK);
    cr_assert_eq(read.state, GALEN_READ_WITHHELD);
    cr_assert_eq(galen_log_open_again(p.patient->log, said, &true_entry, &read, &plain), GALEN_OK);
    cr_assert_eq(read.state, GALEN_READ_OPEN);
    cr_assert(galen_bytes_equal(galen_written(&plain), pair_text("to be withheld")));
    for (size_t nth = 1;; nth++) { /* a copy of the plaintext is all it needs */
        struct galen_writer again;
        galen_writer_init(&again);
        allocator_fail(nth);
        enum galen_err err = galen_log_open_again(p.patient->log, said, &true_entry, &read, &again);
        bool failed = allocator_failed();
        allocator_fail(0);
        cr_assert_eq(err, failed ? GALEN_ERR_MEMORY : GALEN_OK);
        cr_assert_eq(chart_state(p.patient, said), GALEN_READ_OPEN);
        galen_writer_wipe(&again);
        if (!failed)
            break;
    }
    /* What was opened once stays so; another entry is not taken for it. */
    cr_assert_eq(galen_log_open_again(p.patient->log, said, &missing, &read, &plain), GALEN_OK);
    cr_assert_eq(read.state, GALEN_READ_OPEN);
    cr_assert_eq(galen_log_open_again(p.patient->log, said, &other, &read, &plain), GALEN_ERR_HEAD);
    cr_assert_eq(galen_log_open_again(p.patient->log, 99, &other, &read, &plain), GALEN_ERR_STATE);
    galen_writer_wipe(&plain);
    chart_free(p.chart);
}

Test(log, L9_without_a_clear_body_the_reader_stops)
{
    struct pair p = pair_new(24);
    chart_drop(p.chart, p.pharmacist, p.patient);
    struct galen_entry entry = chart_entry_at(p.chart, p.chart->size - 1);
    uint64_t size = galen_log_size(p.patient->log);
    struct galen_read read;
    uint8_t *altered = malloc(entry.body.size);
    memcpy(altered, entry.body.at, entry.body.size);
    altered[entry.body.size - 1] ^= 1;
    struct galen_entry exchanged = entry;
    exchanged.body.at = altered;
    cr_assert_eq(pair_add(p.patient, &exchanged, &read), GALEN_ERR_WITHHELD);
    exchanged.body_state = GALEN_BODY_NOT_YOURS;
    exchanged.body = pair_text("");
    cr_assert_eq(pair_add(p.patient, &exchanged, &read), GALEN_ERR_WITHHELD);
    cr_assert_eq(galen_log_size(p.patient->log), size);
    cr_assert_eq(galen_log_epoch_state(p.patient->log), GALEN_OK);
    cr_assert_eq(pair_add(p.patient, &entry, &read), GALEN_OK);
    cr_assert_eq(read.state, GALEN_READ_CLEAR);
    free(altered);
    chart_free(p.chart);
}
