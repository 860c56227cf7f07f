/* protocol/log: entries, bodies and heads (rules K3, L4 to L9, H1 to H3). */
#include "support/allocator.h"
#include "support/charts.h"
#include "support/primitives.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

struct pair {
    struct chart *chart;
    struct chart_device *pharmacist, *patient;
};

static struct pair pair_new(uint64_t seed)
{
    struct pair p = {.chart = chart_new(seed)};
    p.pharmacist = chart_person(p.chart, "pharmacist", GALEN_ROLE_PHARMACIST, p.chart->admin);
    chart_start(p.chart, p.pharmacist, NULL, 0);
    p.patient = chart_person(p.chart, "patient", GALEN_ROLE_PATIENT, p.pharmacist);
    chart_add(p.chart, p.pharmacist, p.patient, false);
    chart_read_all(p.chart);
    return p;
}

static struct galen_bytes text(const char *at)
{
    return (struct galen_bytes){(const uint8_t *)at, strlen(at)};
}

/* Takes an entry, as it may have been altered on the way, into a device's log. */
static enum galen_err add(struct chart_device *device, const struct galen_entry *entry,
                          struct galen_read *read)
{
    struct galen_writer plain;
    galen_writer_init(&plain);
    enum galen_err err = galen_log_add(device->log, entry, read, &plain);
    if (err == GALEN_OK && read->state != GALEN_READ_OPEN)
        cr_assert_eq(plain.size, 0);
    galen_writer_wipe(&plain);
    return err;
}

/* Seals without appending. */
static struct galen_writer seal(struct pair *p, struct chart_device *author, uint8_t class,
                                const char *plain)
{
    struct galen_writer entry;
    uint8_t salt[GALEN_KEY_BYTES];
    galen_writer_init(&entry);
    chart_read(p->chart, author);
    chart_random(p->chart, salt, sizeof salt);
    cr_assert_eq(galen_log_seal(author->log, class, chart_number(p->chart, author), text(plain),
                                salt, &entry),
                 GALEN_OK);
    return entry;
}

static struct galen_entry parsed(const struct galen_writer *entry, uint64_t received_ms)
{
    struct galen_reader r;
    struct galen_entry out;
    galen_reader_init(&r, galen_written(entry));
    cr_assert_eq(galen_entry_read_new(&r, &out), GALEN_OK);
    out.received_ms = received_ms;
    return out;
}

/* -- bodies ------------------------------------------------------------------------------------- */

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
    cr_assert_eq(galen_log_seal(p.patient->log, GALEN_CLASS_EPOCH, 99, text("x"),
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
    cr_assert(galen_bytes_equal(galen_written(&plain), text("the one disclosed")));
    cr_assert_eq(galen_entry_open(&b, secret, &plain), GALEN_ERR_COMMITMENT);
    a.body_state = GALEN_BODY_WITHHELD;
    cr_assert_eq(galen_entry_open(&a, secret, &plain), GALEN_ERR_WITHHELD);
    cr_assert(galen_bytes_equal(galen_written(&plain), text("the one disclosed")));
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
    galen_expand(secret, "entry commitment", text(""), header->commitment, 32);
    galen_expand(secret, "entry key", text(""), secret, 32);
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
        struct galen_writer sealed = seal(&p, p.patient, GALEN_CLASS_MESSAGE, "hi");
        struct galen_entry entry = parsed(&sealed, 0);
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
        cr_assert_eq(chart_append_signed(p.chart, cases[i].signer, &header, text("not sealed")),
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
    struct galen_writer stale = seal(&p, p.patient, GALEN_CLASS_MESSAGE, "meanwhile");
    chart_renew(p.chart, p.pharmacist);
    struct galen_entry refused = parsed(&stale, p.chart->now_ms);
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
    missing.body = text("");
    cr_assert_eq(add(p.patient, &missing, &read), GALEN_OK);
    cr_assert_eq(read.state, GALEN_READ_WITHHELD);
    /* Another body, as large: its author signed another, so it is not the author's fault. */
    struct galen_entry exchanged = true_entry;
    exchanged.body = other.body;
    cr_assert_eq(galen_log_open_again(p.patient->log, said, &exchanged, &read, &plain), GALEN_OK);
    cr_assert_eq(read.state, GALEN_READ_WITHHELD);
    cr_assert_eq(galen_log_open_again(p.patient->log, said, &true_entry, &read, &plain), GALEN_OK);
    cr_assert_eq(read.state, GALEN_READ_OPEN);
    cr_assert(galen_bytes_equal(galen_written(&plain), text("to be withheld")));
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
    cr_assert_eq(add(p.patient, &exchanged, &read), GALEN_ERR_WITHHELD);
    exchanged.body_state = GALEN_BODY_NOT_YOURS;
    exchanged.body = text("");
    cr_assert_eq(add(p.patient, &exchanged, &read), GALEN_ERR_WITHHELD);
    cr_assert_eq(galen_log_size(p.patient->log), size);
    cr_assert_eq(galen_log_epoch_state(p.patient->log), GALEN_OK);
    cr_assert_eq(add(p.patient, &entry, &read), GALEN_OK);
    cr_assert_eq(read.state, GALEN_READ_CLEAR);
    free(altered);
    chart_free(p.chart);
}

/* -- heads -------------------------------------------------------------------------------------- */

static struct galen_head signed_head(const struct chart_device *device)
{
    struct galen_head head;
    galen_log_sign_head(device->log, 12345, &head);
    return head;
}

Test(log, H1_H3_a_head_shows_what_another_device_has_verified)
{
    struct pair p = pair_new(25);
    uint64_t said = chart_say(p.chart, p.pharmacist, "seen?");
    cr_assert_null(galen_log_head_of(p.pharmacist->log, &p.patient->id));
    struct galen_head before = signed_head(p.patient);
    chart_read_all(p.chart);
    struct galen_head after = signed_head(p.patient);
    cr_assert_eq(galen_log_take_head(p.pharmacist->log, &before), GALEN_OK);
    cr_assert_leq(galen_log_head_of(p.pharmacist->log, &p.patient->id)->size, said);
    cr_assert_eq(galen_log_take_head(p.pharmacist->log, &after), GALEN_OK);
    cr_assert_gt(galen_log_head_of(p.pharmacist->log, &p.patient->id)->size, said);
    /* An older one that comes late changes nothing. */
    cr_assert_eq(galen_log_take_head(p.pharmacist->log, &before), GALEN_OK);
    cr_assert_gt(galen_log_head_of(p.pharmacist->log, &p.patient->id)->size, said);
    cr_assert_eq(galen_log_head_of(p.pharmacist->log, &p.patient->id)->clock_ms, 12345);
    chart_free(p.chart);
}

Test(log, H1_a_head_that_is_ahead_waits_until_we_get_there)
{
    struct pair p = pair_new(26);
    uint64_t said = chart_say(p.chart, p.pharmacist, "patient is behind");
    chart_read(p.chart, p.pharmacist);
    struct galen_head ahead = signed_head(p.pharmacist);
    cr_assert_eq(galen_log_take_head(p.patient->log, &ahead), GALEN_ERR_STATE);
    cr_assert_null(galen_log_head_of(p.patient->log, &p.pharmacist->id));
    chart_read(p.chart, p.patient);
    cr_assert_eq(galen_log_head_of(p.patient->log, &p.pharmacist->id)->size, said + 1);
    cr_assert_null(galen_log_fork(p.patient->log));
    chart_free(p.chart);
}

Test(log, H1_heads_of_strangers_and_forged_ones_are_refused)
{
    struct pair p = pair_new(27);
    struct chart_device *stranger =
        chart_person(p.chart, "stranger", GALEN_ROLE_PHARMACIST, p.chart->admin);
    chart_read(p.chart, stranger);
    struct galen_head head = signed_head(stranger);
    cr_assert_eq(galen_log_take_head(p.patient->log, &head), GALEN_ERR_NOT_MEMBER);
    head.device = p.pharmacist->id;
    cr_assert_eq(galen_log_take_head(p.patient->log, &head), GALEN_ERR_SIGNATURE);
    head = signed_head(p.pharmacist);
    head.size--;
    cr_assert_eq(galen_log_take_head(p.patient->log, &head), GALEN_ERR_SIGNATURE);
    head = signed_head(p.pharmacist);
    head.chart.bytes[0] ^= 1;
    cr_assert_eq(galen_log_take_head(p.patient->log, &head), GALEN_ERR_CHART);
    cr_assert_null(galen_log_fork(p.patient->log));
    chart_free(p.chart);
}

/* The server shows the patient one entry and everybody else another in its place. */
static void fork_at_the_end(struct pair *p)
{
    struct galen_writer one = seal(p, p->pharmacist, GALEN_CLASS_MESSAGE, "take two a day");
    struct galen_writer two = seal(p, p->pharmacist, GALEN_CLASS_MESSAGE, "take four a day");
    struct galen_entry to_patient = parsed(&one, p->chart->now_ms);
    struct galen_entry to_others = parsed(&two, p->chart->now_ms);
    struct galen_read read;
    cr_assert_eq(add(p->patient, &to_patient, &read), GALEN_OK);
    cr_assert_eq(read.state, GALEN_READ_OPEN);
    cr_assert_eq(add(p->pharmacist, &to_others, &read), GALEN_OK);
    cr_assert_eq(read.state, GALEN_READ_OPEN);
    galen_writer_wipe(&one);
    galen_writer_wipe(&two);
}

Test(log, H2_two_histories_are_found_by_a_head_and_writing_stops)
{
    struct pair p = pair_new(28);
    struct galen_head common = signed_head(p.patient);
    fork_at_the_end(&p);
    struct galen_head forked = signed_head(p.patient);
    cr_assert_eq(galen_log_take_head(p.pharmacist->log, &common), GALEN_OK);
    cr_assert_eq(galen_log_take_head(p.pharmacist->log, &forked), GALEN_ERR_HEAD);
    const struct galen_head *kept = galen_log_fork(p.pharmacist->log);
    cr_assert_not_null(kept);
    cr_assert(galen_id_equal(&kept->device, &p.patient->id));
    cr_assert_eq(memcmp(kept->signature, forked.signature, sizeof forked.signature), 0);
    /* What was verified before the fork stays verified. */
    cr_assert_eq(galen_log_head_of(p.pharmacist->log, &p.patient->id)->size, common.size);

    struct galen_writer entry;
    struct galen_epoch_random random = chart_epoch_random(p.chart);
    galen_writer_init(&entry);
    cr_assert_eq(
        galen_log_seal(p.pharmacist->log, GALEN_CLASS_MESSAGE, 4, text("x"), random.salt, &entry),
        GALEN_ERR_FORK);
    cr_assert_eq(galen_log_draft_epoch(p.pharmacist->log, p.chart->now_ms, 4,
                                       &(struct galen_epoch_change){0}, &random, &entry),
                 GALEN_ERR_FORK);
    cr_assert_eq(galen_log_draft_certificate(p.pharmacist->log, p.chart->now_ms, 4,
                                             &p.pharmacist->chain, random.salt, &entry),
                 GALEN_ERR_FORK);
    cr_assert_eq(entry.size, 0);
    chart_free(p.chart);
}

Test(log, H2_a_head_that_waited_can_turn_out_to_be_a_fork)
{
    struct pair p = pair_new(29);
    struct galen_read read;
    struct galen_writer one = seal(&p, p.pharmacist, GALEN_CLASS_MESSAGE, "to the patient");
    struct galen_entry to_patient = parsed(&one, p.chart->now_ms);
    cr_assert_eq(add(p.patient, &to_patient, &read), GALEN_OK);
    struct galen_head ahead = signed_head(p.patient);
    cr_assert_eq(galen_log_take_head(p.pharmacist->log, &ahead), GALEN_ERR_STATE);
    cr_assert_null(galen_log_fork(p.pharmacist->log));
    chart_say(p.chart, p.pharmacist, "to the others");
    chart_read(p.chart, p.pharmacist);
    cr_assert_not_null(galen_log_fork(p.pharmacist->log));
    galen_writer_wipe(&one);
    chart_free(p.chart);
}

Test(log, H1_a_head_waits_on_when_memory_runs_out)
{
    struct pair p = pair_new(33);
    uint64_t said = chart_say(p.chart, p.pharmacist, "patient is behind");
    chart_read(p.chart, p.pharmacist);
    struct galen_head ahead = signed_head(p.pharmacist);
    for (size_t nth = 1;; nth++) { /* the first place it is kept in */
        allocator_fail(nth);
        enum galen_err err = galen_log_take_head(p.patient->log, &ahead);
        bool failed = allocator_failed();
        allocator_fail(0);
        cr_assert_eq(err, failed ? GALEN_ERR_MEMORY : GALEN_ERR_STATE);
        if (!failed)
            break;
    }
    struct galen_entry entry = chart_entry_at(p.chart, said);
    struct galen_read read;
    struct galen_writer plain;
    galen_writer_init(&plain);
    size_t wanted = 0; /* the last allocation of all is made for the head */
    for (size_t nth = 1; nth < 40; nth++) {
        struct chart_device copy = *p.patient;
        galen_writer_clear(&plain);
        copy.log = galen_log_new(&p.chart->practice, &p.patient->secrets);
        for (uint64_t i = 0; i < said; i++) {
            struct galen_entry known = chart_entry_at(p.chart, i);
            cr_assert_eq(galen_log_add(copy.log, &known, &read, &plain), GALEN_OK);
        }
        cr_assert_eq(galen_log_take_head(copy.log, &ahead), GALEN_ERR_STATE);
        allocator_fail(nth);
        enum galen_err err = galen_log_add(copy.log, &entry, &read, &plain);
        bool failed = allocator_failed();
        allocator_fail(0);
        if (failed && err == GALEN_OK) {
            wanted++;
            cr_assert_null(galen_log_head_of(copy.log, &p.pharmacist->id));
            uint64_t next =
                p.chart->size == said + 1 ? chart_say(p.chart, p.pharmacist, "one more") : said + 1;
            struct galen_entry more = chart_entry_at(p.chart, next);
            cr_assert_eq(galen_log_add(copy.log, &more, &read, &plain), GALEN_OK);
            cr_assert_eq(galen_log_head_of(copy.log, &p.pharmacist->id)->size, said + 1);
        }
        galen_log_free(copy.log);
        if (!failed)
            break;
    }
    cr_assert_gt(wanted, 0);
    galen_writer_wipe(&plain);
    chart_free(p.chart);
}

/* -- errors of ours ------------------------------------------------------------------------------ */

Test(log, drafting_says_what_is_wrong_and_appends_nothing)
{
    struct pair p = pair_new(30);
    struct chart_device *other = chart_person(p.chart, "other", GALEN_ROLE_CAREGIVER, p.pharmacist);
    struct galen_epoch_random random = chart_epoch_random(p.chart);
    const struct galen_newcomer present = {&p.patient->chain, false};
    const struct galen_newcomer newcomer = {&other->chain, false};
    const struct {
        const char *name;
        struct chart_device *author;
        struct galen_epoch_change change;
        enum galen_err err;
    } cases[] = {
        {"drop nobody", p.pharmacist, {.drop = &other->id, .drop_count = 1}, GALEN_ERR_NOT_MEMBER},
        {"make nobody a holder",
         p.pharmacist,
         {.make_holder = &other->id, .make_holder_count = 1},
         GALEN_ERR_NOT_MEMBER},
        {"add who is here", p.pharmacist, {.add = &present, .add_count = 1}, GALEN_ERR_DUPLICATE},
        {"not a member", other, {0}, GALEN_ERR_NOT_MEMBER},
        {"drop the custodian",
         p.pharmacist,
         {.drop = &p.chart->custodian->id, .drop_count = 1},
         GALEN_ERR_CUSTODIAN},
        {"a patient adds a caregiver",
         p.patient,
         {.add = &newcomer, .add_count = 1},
         GALEN_ERR_ROLE},
        {"a patient makes itself a holder",
         p.patient,
         {.make_holder = &p.patient->id, .make_holder_count = 1},
         GALEN_ERR_NOT_HOLDER},
    };
    chart_read(p.chart, other);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct galen_writer entry;
        galen_writer_init(&entry);
        galen_write(&entry, "kept", 4);
        enum galen_err err = galen_log_draft_epoch(cases[i].author->log, p.chart->now_ms,
                                                   chart_number(p.chart, cases[i].author),
                                                   &cases[i].change, &random, &entry);
        cr_assert_eq(err, cases[i].err, "%s: %s", cases[i].name, galen_err_name(err));
        cr_assert_eq(entry.size, 4, "%s", cases[i].name);
        galen_writer_wipe(&entry);
    }
    struct galen_log *empty = galen_log_new(&p.chart->practice, &p.pharmacist->secrets);
    struct galen_writer entry;
    galen_writer_init(&entry);
    cr_assert_eq(galen_log_draft_epoch(empty, p.chart->now_ms, 1, &(struct galen_epoch_change){0},
                                       &random, &entry),
                 GALEN_ERR_STATE);
    cr_assert_eq(galen_log_size(empty), 0);
    cr_assert(galen_id_equal(galen_log_self(empty), &p.pharmacist->id));
    cr_assert_null(galen_log_read(empty, 0));
    galen_log_free(empty);
    galen_log_free(NULL);
    chart_free(p.chart);
}

/* Everything that another reader could tell apart. */
static void state_of(const struct chart_device *device, struct galen_writer *out)
{
    uint8_t root[GALEN_HASH_BYTES] = {0};
    uint64_t size = galen_log_size(device->log);
    (void)!galen_tree_root_at(galen_rules_tree(galen_log_rules(device->log)), size, root);
    galen_write_u64(out, size);
    galen_write(out, root, sizeof root);
    galen_write_u32(out, galen_rules_epoch(galen_log_rules(device->log)));
    galen_write_u8(out, (uint8_t)galen_log_epoch_state(device->log));
    galen_write_bool(out, galen_log_is_holder(device->log));
    galen_write_bool(out, galen_log_history_needs_care(device->log));
    for (uint32_t i = 0; i < 12; i++)
        galen_write_bool(out, galen_log_epoch_key(device->log, i) != NULL);
}

Test(log, each_allocation_may_fail_and_nothing_has_changed)
{
    struct pair p = pair_new(31);
    chart_make_holder(p.chart, p.pharmacist, p.patient);
    struct chart_device *gone =
        chart_person(p.chart, "gone", GALEN_ROLE_PHARMACIST, p.chart->admin);
    chart_add(p.chart, p.pharmacist, gone, true);
    chart_drop(p.chart, p.pharmacist, gone);
    chart_say(p.chart, p.patient, "message");
    chart_forget(p.chart, p.patient);
    size_t failures = 0;
    for (uint64_t i = 0; i < p.chart->size; i++) {
        struct galen_entry entry = chart_entry_at(p.chart, i);
        for (size_t nth = 1;; nth++) {
            struct galen_writer before, after, plain;
            struct galen_read read;
            galen_writer_init(&before);
            galen_writer_init(&after);
            galen_writer_init(&plain);
            state_of(p.patient, &before);
            allocator_fail(nth);
            enum galen_err err = galen_log_add(p.patient->log, &entry, &read, &plain);
            bool failed = allocator_failed();
            allocator_fail(0);
            state_of(p.patient, &after);
            if (failed) {
                failures++;
                cr_assert_eq(err, GALEN_ERR_MEMORY);
                cr_assert(galen_bytes_equal(galen_written(&before), galen_written(&after)));
            }
            galen_writer_wipe(&before);
            galen_writer_wipe(&after);
            galen_writer_wipe(&plain);
            if (!failed) {
                cr_assert_eq(err, GALEN_OK);
                break;
            }
        }
    }
    cr_assert_gt(failures, 10);
    cr_assert_eq(chart_state(p.patient, p.chart->size - 1), GALEN_READ_OPEN);
    chart_free(p.chart);
}

Test(log, each_allocation_of_a_draft_may_fail)
{
    struct pair p = pair_new(32);
    struct galen_epoch_random random = chart_epoch_random(p.chart);
    const struct galen_epoch_change change = {.new_history = true};
    for (int what = 0; what < 3; what++) {
        for (size_t nth = 1;; nth++) {
            struct galen_writer entry;
            galen_writer_init(&entry);
            allocator_fail(nth);
            uint32_t number = chart_number(p.chart, p.pharmacist);
            enum galen_err err =
                what == 0   ? galen_log_draft_epoch(p.pharmacist->log, p.chart->now_ms, number,
                                                    &change, &random, &entry)
                : what == 1 ? galen_log_seal(p.pharmacist->log, GALEN_CLASS_MESSAGE, number,
                                             text("x"), random.salt, &entry)
                            : galen_log_draft_first(
                                  &p.chart->practice, &p.pharmacist->secrets, p.chart->now_ms,
                                  (struct galen_newcomer[]){{&p.pharmacist->chain, true},
                                                            {&p.chart->custodian->chain, true}},
                                  2, &random, &entry);
            bool failed = allocator_failed();
            allocator_fail(0);
            cr_assert_eq(err, failed ? GALEN_ERR_MEMORY : GALEN_OK, "%d: %s", what,
                         galen_err_name(err));
            if (failed)
                cr_assert_eq(entry.size, 0);
            galen_writer_wipe(&entry);
            if (!failed)
                break;
        }
    }
    chart_free(p.chart);
}
