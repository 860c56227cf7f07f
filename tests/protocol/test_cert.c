/* PROTOCOL.md, "Devices" and "Who may certify whom". */
#include "galen/cert.h"
#include "support/allocator.h"
#include "support/primitives.h"
#include "support/scene.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#define AT SCENE_NOW_MS

static const struct galen_id chart = {{0xc4}};
static const struct galen_id visit = {{0x71}};

static void expect(enum galen_err got, enum galen_err wanted, const char *what)
{
    cr_assert_eq(got, wanted, "%s: %s, not %s", what, galen_err_name(got), galen_err_name(wanted));
}

/* ---------------------------------------------------------------------------------------- format */

static struct galen_cert example(void)
{
    struct party practice, administrator;
    party_make(&practice, 1);
    party_make(&administrator, 2);
    party_certify(&administrator, &practice, GALEN_ROLE_ADMINISTRATOR, GALEN_PURPOSE_DEVICE, NULL);
    return administrator.cert;
}

static enum galen_err read_cert(struct galen_bytes in, struct galen_cert *cert)
{
    struct galen_reader r;
    galen_reader_init(&r, in);
    enum galen_err err = galen_cert_read(&r, cert);
    cr_assert_eq(r.failed, err != GALEN_OK);
    return err == GALEN_OK && !galen_reader_done(&r) ? GALEN_ERR_FORMAT : err;
}

Test(cert, is_read_as_it_was_written)
{
    struct galen_cert cert = example(), again;
    struct galen_writer w, second;
    galen_writer_init(&w);
    galen_writer_init(&second);
    galen_cert_write(&w, &cert);
    cr_assert_eq(w.size, GALEN_CERT_BYTES);
    expect(read_cert(galen_written(&w), &again), GALEN_OK, "read");
    galen_cert_write(&second, &again);
    cr_assert(galen_bytes_equal(galen_written(&w), galen_written(&second)));
    galen_writer_clear(&second);
    galen_cert_write_unsigned(&second, &cert);
    cr_assert_eq(second.size, GALEN_CERT_BYTES - GALEN_SIGNATURE_BYTES);
    cr_assert_arr_eq(second.at, w.at, second.size);
    galen_writer_wipe(&w);
    galen_writer_wipe(&second);
}

/* The places of PROTOCOL.md's layout, so that a change of order would be noticed. */
Test(cert, has_its_fields_where_the_protocol_says)
{
    struct galen_cert cert = example();
    struct galen_writer w;
    galen_writer_init(&w);
    galen_cert_write(&w, &cert);
    cr_assert_eq(w.at[0], 1, "version");
    cr_assert_eq(w.at[1], GALEN_ROLE_ADMINISTRATOR, "role");
    cr_assert_eq(w.at[2], GALEN_PURPOSE_DEVICE, "purpose");
    cr_assert_eq(w.at[3], GALEN_SCOPE_ANY, "scope kind");
    cr_assert_arr_eq(w.at + 4, cert.scope.bytes, 32);
    uint64_t times[3] = {cert.not_before_ms, cert.not_after_ms, cert.issues_until_ms};
    for (size_t i = 0; i < 3; i++)
        for (size_t b = 0; b < 8; b++)
            cr_assert_eq(w.at[36 + 8 * i + b], (uint8_t)(times[i] >> (56 - 8 * b)));
    cr_assert_arr_eq(w.at + 60, cert.account.bytes, 32);
    cr_assert_arr_eq(w.at + 92, cert.keys.sign, 32);
    cr_assert_arr_eq(w.at + 124, cert.keys.seal, 32);
    cr_assert_arr_eq(w.at + 156, cert.issuer.bytes, 32);
    cr_assert_arr_eq(w.at + 188, cert.signature, 64);
    galen_writer_wipe(&w);
}

Test(cert, cut_anywhere_is_refused)
{
    struct galen_cert cert = example(), again;
    struct galen_writer w;
    galen_writer_init(&w);
    galen_cert_write(&w, &cert);
    for (size_t cut = 0; cut < w.size; cut++)
        expect(read_cert((struct galen_bytes){w.at, cut}, &again), GALEN_ERR_FORMAT, "cut");
    galen_writer_wipe(&w);
}

struct shape_case {
    const char *name;
    enum galen_err wanted;
    void (*bend)(struct galen_cert *cert);
};

static void role_none(struct galen_cert *c)
{
    c->role = 0;
}
static void role_beyond(struct galen_cert *c)
{
    c->role = 10;
}
static void purpose_none(struct galen_cert *c)
{
    c->purpose = 0;
}
static void purpose_beyond(struct galen_cert *c)
{
    c->purpose = 5;
}
static void scope_beyond(struct galen_cert *c)
{
    c->scope_kind = 3;
}
static void scope_any_with_id(struct galen_cert *c)
{
    c->scope = chart;
}
static void scope_chart_without_id(struct galen_cert *c)
{
    c->scope_kind = GALEN_SCOPE_CHART;
}
static void issues_before_it_is_valid(struct galen_cert *c)
{
    c->issues_until_ms = c->not_before_ms - 1;
}
static void issues_after_its_end(struct galen_cert *c)
{
    c->issues_until_ms = c->not_after_ms + 1;
}
static void issues_never(struct galen_cert *c)
{
    c->issues_until_ms = c->not_before_ms;
}
static void sign_key_small_order(struct galen_cert *c)
{
    memset(c->keys.sign, 0, 32);
    c->keys.sign[0] = 1;
}
static void seal_key_small_order(struct galen_cert *c)
{
    memset(c->keys.seal, 0, 32);
}
static void sign_key_not_canonical(struct galen_cert *c)
{
    memset(c->keys.sign, 0xff, 32);
}
static void seal_key_with_high_bit(struct galen_cert *c)
{
    c->keys.seal[31] |= 0x80;
}

static const struct shape_case shapes[] = {
    {"role 0", GALEN_ERR_FORMAT, role_none},
    {"role 10", GALEN_ERR_FORMAT, role_beyond},
    {"purpose 0", GALEN_ERR_FORMAT, purpose_none},
    {"purpose 5", GALEN_ERR_FORMAT, purpose_beyond},
    {"scope kind 3", GALEN_ERR_FORMAT, scope_beyond},
    {"scope any with an id", GALEN_ERR_FORMAT, scope_any_with_id},
    {"scope chart without one", GALEN_ERR_FORMAT, scope_chart_without_id},
    {"issues until before not before", GALEN_ERR_FORMAT, issues_before_it_is_valid},
    {"issues until after not after", GALEN_ERR_FORMAT, issues_after_its_end},
    {"issues nothing", GALEN_OK, issues_never},
    {"K1: small-order signing key", GALEN_ERR_KEY, sign_key_small_order},
    {"K1: small-order sealing key", GALEN_ERR_KEY, seal_key_small_order},
    {"K1: non-canonical signing key", GALEN_ERR_KEY, sign_key_not_canonical},
    {"K1: non-canonical sealing key", GALEN_ERR_KEY, seal_key_with_high_bit},
};

Test(cert, has_its_shape)
{
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
        struct galen_cert cert = example(), again;
        struct galen_writer w;
        galen_writer_init(&w);
        shapes[i].bend(&cert);
        galen_cert_write(&w, &cert);
        expect(read_cert(galen_written(&w), &again), shapes[i].wanted, shapes[i].name);
        galen_writer_wipe(&w);
    }
    struct galen_cert cert = example(), again;
    struct galen_writer w;
    galen_writer_init(&w);
    galen_cert_write(&w, &cert);
    for (unsigned version = 0; version < 256; version++) {
        w.at[0] = (uint8_t)version;
        expect(read_cert(galen_written(&w), &again), version == 1 ? GALEN_OK : GALEN_ERR_FORMAT,
               "version");
    }
    galen_writer_wipe(&w);
}

Test(chain, holds_none_to_six)
{
    struct galen_chain chain, again;
    struct galen_writer w;
    galen_writer_init(&w);
    for (size_t i = 0; i < GALEN_CHAIN_MAX; i++)
        chain.certs[i] = example();
    for (chain.count = 0; chain.count <= GALEN_CHAIN_MAX; chain.count++) {
        struct galen_reader r;
        galen_writer_clear(&w);
        galen_chain_write(&w, &chain);
        galen_reader_init(&r, galen_written(&w));
        expect(galen_chain_read(&r, &again), GALEN_OK, "read");
        cr_assert(galen_reader_done(&r));
        cr_assert_eq(again.count, chain.count);
        for (size_t cut = 0; cut < w.size; cut += 7) {
            galen_reader_init(&r, (struct galen_bytes){w.at, cut});
            expect(galen_chain_read(&r, &again), GALEN_ERR_FORMAT, "cut");
            cr_assert(r.failed);
        }
    }
    galen_writer_clear(&w); /* seven */
    size_t mark = galen_write_begin(&w);
    for (size_t i = 0; i <= GALEN_CHAIN_MAX; i++)
        galen_cert_write(&w, &chain.certs[0]);
    galen_write_end(&w, mark);
    struct galen_reader r;
    galen_reader_init(&r, galen_written(&w));
    expect(galen_chain_read(&r, &again), GALEN_ERR_FORMAT, "C1: seven");
    galen_writer_clear(&w); /* one and a half */
    mark = galen_write_begin(&w);
    galen_cert_write(&w, &chain.certs[0]);
    galen_write(&w, w.at, 100);
    galen_write_end(&w, mark);
    galen_reader_init(&r, galen_written(&w));
    expect(galen_chain_read(&r, &again), GALEN_ERR_FORMAT, "not whole");
    cr_assert(r.failed);
    galen_writer_wipe(&w);
}

/* --------------------------------------------------------------------------------------- the table */

/* Independent of wire/cert.c: PROTOCOL.md's rows for issuers of purpose device, new accounts. */
static bool table_says(uint8_t issuer, uint8_t subject)
{
    switch (subject) {
    case GALEN_ROLE_CUSTODIAN:
    case GALEN_ROLE_ADMINISTRATOR:
        return issuer == GALEN_ROLE_PRACTICE;
    case GALEN_ROLE_PHARMACIST:
    case GALEN_ROLE_TECHNICIAN:
        return issuer == GALEN_ROLE_ADMINISTRATOR;
    case GALEN_ROLE_PATIENT:
    case GALEN_ROLE_CAREGIVER:
    case GALEN_ROLE_PRESCRIBER:
    case GALEN_ROLE_INTERPRETER:
        return issuer == GALEN_ROLE_ADMINISTRATOR || issuer == GALEN_ROLE_PHARMACIST ||
               issuer == GALEN_ROLE_TECHNICIAN;
    default:
        return false;
    }
}

/* An issuer of any role and purpose, itself never looked at by galen_cert_check. */
static struct galen_issuer issuer_of(struct party *party, uint8_t role, uint8_t purpose)
{
    party->cert = (struct galen_cert){
        .role = role,
        .purpose = purpose,
        .account = {{0xac}},
        .keys = party->keys,
        .not_after_ms = AT + 80 * GALEN_DAY_MS,
        .issues_until_ms = AT + 80 * GALEN_DAY_MS,
    };
    if (role >= GALEN_ROLE_PATIENT) {
        party->cert.scope_kind =
            role == GALEN_ROLE_INTERPRETER ? GALEN_SCOPE_VISIT : GALEN_SCOPE_CHART;
        party->cert.scope = role == GALEN_ROLE_INTERPRETER ? visit : chart;
    }
    return galen_issuer_from_cert(&test_primitives, &party->cert);
}

/* A certificate as the table wants it for this role. */
static void certify_new(struct party *subject, const struct party *issuer, uint8_t role)
{
    party_certify(subject, issuer, role, GALEN_PURPOSE_DEVICE, &chart);
    subject->cert.account = subject->id;
    if (role == GALEN_ROLE_INTERPRETER) {
        subject->cert.scope_kind = GALEN_SCOPE_VISIT;
        subject->cert.scope = visit;
        subject->cert.not_after_ms = subject->cert.not_before_ms + GALEN_DAY_MS;
        subject->cert.issues_until_ms = subject->cert.not_before_ms;
    }
    if (role == GALEN_ROLE_PRACTICE) {
        subject->cert.scope_kind = GALEN_SCOPE_ANY;
        subject->cert.scope = (struct galen_id){{0}};
    }
    party_certify_again(subject);
}

static void certify_own(struct party *subject, const struct party *issuer, uint8_t purpose)
{
    certify_new(subject, issuer, issuer->cert.role);
    subject->cert.account = issuer->cert.account;
    subject->cert.purpose = purpose;
    party_certify_again(subject);
}

static enum galen_err check(const struct galen_issuer *issuer, const struct party *subject)
{
    return galen_cert_check(&test_primitives, issuer, &subject->cert, AT);
}

Test(certify, new_accounts_follow_the_table)
{
    struct party by, subject;
    party_make(&by, 1);
    party_make(&subject, 2);
    for (uint8_t role = GALEN_ROLE_PRACTICE; role <= GALEN_ROLE_INTERPRETER; role++)
        for (uint8_t purpose = GALEN_PURPOSE_DEVICE; purpose <= GALEN_PURPOSE_SHEET; purpose++) {
            struct galen_issuer issuer = issuer_of(&by, role, purpose);
            for (uint8_t of = GALEN_ROLE_PRACTICE; of <= GALEN_ROLE_INTERPRETER; of++) {
                certify_new(&subject, &by, of);
                bool may = purpose == GALEN_PURPOSE_DEVICE && table_says(role, of);
                cr_assert_eq(check(&issuer, &subject), may ? GALEN_OK : GALEN_ERR_ROLE,
                             "%s (purpose %d) certifies %s: %s",
                             galen_role_name((enum galen_role)role), purpose,
                             galen_role_name((enum galen_role)of),
                             galen_err_name(check(&issuer, &subject)));
            }
        }
}

Test(certify, own_accounts_follow_the_table)
{
    struct party by, subject;
    party_make(&by, 1);
    party_make(&subject, 2);
    for (uint8_t role = GALEN_ROLE_PRACTICE; role <= GALEN_ROLE_INTERPRETER; role++)
        for (uint8_t purpose = GALEN_PURPOSE_DEVICE; purpose <= GALEN_PURPOSE_SHEET; purpose++)
            for (uint8_t of = GALEN_PURPOSE_DEVICE; of <= GALEN_PURPOSE_SHEET; of++) {
                struct galen_issuer issuer = issuer_of(&by, role, purpose);
                certify_own(&subject, &by, of);
                bool role_may = role != GALEN_ROLE_PRACTICE && role != GALEN_ROLE_INTERPRETER;
                bool purpose_may = purpose == GALEN_PURPOSE_DEVICE || of == GALEN_PURPOSE_DEVICE;
                enum galen_err wanted = !role_may || !purpose_may        ? GALEN_ERR_ROLE
                                        : of == GALEN_PURPOSE_INVITATION ? GALEN_ERR_CERTIFICATE
                                                                         : GALEN_OK;
                cr_assert_eq(check(&issuer, &subject), wanted, "%s purpose %d certifies %d: %s",
                             galen_role_name((enum galen_role)role), purpose, of,
                             galen_err_name(check(&issuer, &subject)));
            }
}

Test(certify, own_accounts_keep_role_and_scope)
{
    struct party by, subject;
    party_make(&by, 1);
    party_make(&subject, 2);
    struct galen_issuer issuer = issuer_of(&by, GALEN_ROLE_PATIENT, GALEN_PURPOSE_DEVICE);
    certify_own(&subject, &by, GALEN_PURPOSE_DEVICE);
    expect(check(&issuer, &subject), GALEN_OK, "as it should be");
    subject.cert.role = GALEN_ROLE_CAREGIVER;
    party_certify_again(&subject);
    expect(check(&issuer, &subject), GALEN_ERR_ROLE, "C1: another role");
    certify_own(&subject, &by, GALEN_PURPOSE_DEVICE);
    subject.cert.scope.bytes[31] ^= 1;
    party_certify_again(&subject);
    expect(check(&issuer, &subject), GALEN_ERR_CERTIFICATE, "C1: another chart");
    certify_own(&subject, &by, GALEN_PURPOSE_DEVICE);
    subject.cert.scope_kind = GALEN_SCOPE_ANY;
    subject.cert.scope = (struct galen_id){{0}};
    party_certify_again(&subject);
    expect(check(&issuer, &subject), GALEN_ERR_CERTIFICATE, "C1: a wider scope");
    certify_own(&subject, &by, GALEN_PURPOSE_DEVICE);
    subject.cert.not_after_ms = UINT64_MAX;
    party_certify_again(&subject);
    expect(check(&issuer, &subject), GALEN_OK, "a patient's may outlive its issuer's");
}

Test(certify, scopes_follow_the_table)
{
    struct party by, subject;
    party_make(&by, 1);
    party_make(&subject, 2);
    struct galen_issuer issuer = issuer_of(&by, GALEN_ROLE_ADMINISTRATOR, GALEN_PURPOSE_DEVICE);
    for (uint8_t of = GALEN_ROLE_PHARMACIST; of <= GALEN_ROLE_INTERPRETER; of++)
        for (uint8_t kind = GALEN_SCOPE_ANY; kind <= GALEN_SCOPE_VISIT; kind++) {
            certify_new(&subject, &by, of);
            uint8_t right = subject.cert.scope_kind;
            subject.cert.scope_kind = kind;
            subject.cert.scope = kind == GALEN_SCOPE_ANY ? (struct galen_id){{0}} : chart;
            party_certify_again(&subject);
            expect(check(&issuer, &subject), kind == right ? GALEN_OK : GALEN_ERR_CERTIFICATE,
                   galen_role_name((enum galen_role)of));
        }
}

Test(certify, accounts_are_new_own_or_renewed)
{
    struct party practice, by, subject;
    party_make(&practice, 3);
    party_make(&by, 1);
    party_make(&subject, 2);
    struct galen_issuer issuer = issuer_of(&by, GALEN_ROLE_ADMINISTRATOR, GALEN_PURPOSE_DEVICE);
    struct galen_issuer root = galen_issuer_practice(&test_primitives, &practice.keys);
    struct galen_id older = {{0x77}};

    certify_new(&subject, &by, GALEN_ROLE_PHARMACIST);
    subject.cert.account = older;
    party_certify_again(&subject);
    expect(check(&issuer, &subject), GALEN_OK, "a pharmacist who joined by invitation is renewed");
    subject.cert.purpose = GALEN_PURPOSE_INVITATION;
    party_certify_again(&subject);
    expect(check(&issuer, &subject), GALEN_ERR_CERTIFICATE, "but not invited into an account");
    subject.cert.purpose = GALEN_PURPOSE_CODE;
    party_certify_again(&subject);
    expect(check(&issuer, &subject), GALEN_ERR_CERTIFICATE, "nor given a code for it");

    certify_new(&subject, &practice, GALEN_ROLE_ADMINISTRATOR);
    subject.cert.account = older;
    party_certify_again(&subject);
    expect(check(&root, &subject), GALEN_OK, "an administrator is renewed");
    certify_new(&subject, &practice, GALEN_ROLE_CUSTODIAN);
    subject.cert.account = older;
    party_certify_again(&subject);
    expect(check(&root, &subject), GALEN_ERR_CERTIFICATE, "a custodian is not");

    certify_new(&subject, &by, GALEN_ROLE_PATIENT);
    subject.cert.account = older;
    party_certify_again(&subject);
    expect(check(&issuer, &subject), GALEN_ERR_CERTIFICATE, "a patient has their own account");
    subject.cert.account = (struct galen_id){{0}};
    party_certify_again(&subject);
    expect(check(&issuer, &subject), GALEN_ERR_CERTIFICATE, "or none");
    certify_new(&subject, &by, GALEN_ROLE_PATIENT);
    subject.cert.purpose = GALEN_PURPOSE_INVITATION;
    party_certify_again(&subject);
    expect(check(&issuer, &subject), GALEN_OK, "a patient is invited");
    subject.cert.purpose = GALEN_PURPOSE_SHEET;
    party_certify_again(&subject);
    expect(check(&issuer, &subject), GALEN_ERR_CERTIFICATE, "not with a sheet");
}

Test(certify, nobody_certifies_themselves)
{
    struct party by, self;
    party_make(&by, 1);
    struct galen_issuer issuer = issuer_of(&by, GALEN_ROLE_PATIENT, GALEN_PURPOSE_DEVICE);
    self = by;
    certify_own(&self, &by, GALEN_PURPOSE_DEVICE);
    expect(check(&issuer, &self), GALEN_ERR_CERTIFICATE, "oneself");
}

Test(certify, spans_are_bounded)
{
    struct party practice, by, subject;
    party_make(&practice, 3);
    party_make(&by, 1);
    party_make(&subject, 2);
    struct galen_issuer root = galen_issuer_practice(&test_primitives, &practice.keys);
    struct galen_issuer issuer = issuer_of(&by, GALEN_ROLE_ADMINISTRATOR, GALEN_PURPOSE_DEVICE);

    certify_new(&subject, &practice, GALEN_ROLE_ADMINISTRATOR);
    uint64_t most = subject.cert.not_before_ms + GALEN_STAFF_SPAN_MS + GALEN_CLOCK_SKEW_MS;
    subject.cert.not_after_ms = most;
    party_certify_again(&subject);
    expect(check(&root, &subject), GALEN_OK, "90 days and a little");
    subject.cert.not_after_ms = most + 1;
    party_certify_again(&subject);
    expect(check(&root, &subject), GALEN_ERR_CERTIFICATE, "more");

    certify_new(&subject, &practice, GALEN_ROLE_CUSTODIAN);
    subject.cert.not_after_ms = UINT64_MAX;
    party_certify_again(&subject);
    expect(check(&root, &subject), GALEN_OK, "a custodian's has no end");

    certify_new(&subject, &by, GALEN_ROLE_TECHNICIAN);
    subject.cert.not_after_ms = issuer.not_after_ms;
    party_certify_again(&subject);
    expect(check(&issuer, &subject), GALEN_OK, "C1: as long as the issuer's");
    subject.cert.not_after_ms++;
    party_certify_again(&subject);
    expect(check(&issuer, &subject), GALEN_ERR_CERTIFICATE, "C1: beyond the issuer's");

    certify_own(&subject, &by, GALEN_PURPOSE_DEVICE);
    subject.cert.not_after_ms = issuer.not_after_ms + 1;
    party_certify_again(&subject);
    expect(check(&issuer, &subject), GALEN_ERR_CERTIFICATE, "C1: own device beyond the issuer's");

    certify_new(&subject, &by, GALEN_ROLE_INTERPRETER);
    subject.cert.not_after_ms += GALEN_CLOCK_SKEW_MS;
    party_certify_again(&subject);
    expect(check(&issuer, &subject), GALEN_OK, "an interpreter for a day");
    subject.cert.not_after_ms++;
    party_certify_again(&subject);
    expect(check(&issuer, &subject), GALEN_ERR_CERTIFICATE, "for more");
}

Test(certify, times_are_held)
{
    struct party by, subject;
    party_make(&by, 1);
    party_make(&subject, 2);
    struct galen_issuer issuer = issuer_of(&by, GALEN_ROLE_PHARMACIST, GALEN_PURPOSE_DEVICE);
    certify_new(&subject, &by, GALEN_ROLE_PATIENT);
    const struct galen_cert *cert = &subject.cert;
    const struct galen_primitives *p = &test_primitives;
    expect(galen_cert_check(p, &issuer, cert, cert->not_after_ms), GALEN_OK, "the last moment");
    expect(galen_cert_check(p, &issuer, cert, cert->not_after_ms + 1), GALEN_ERR_EXPIRED, "after");
    expect(galen_cert_check(p, &issuer, cert, UINT64_MAX), GALEN_ERR_EXPIRED, "long after");
    uint64_t early = cert->not_before_ms - GALEN_CLOCK_SKEW_MS;
    expect(galen_cert_check(p, &issuer, cert, early), GALEN_OK, "ten minutes early");
    expect(galen_cert_check(p, &issuer, cert, early - 1), GALEN_ERR_CERTIFICATE, "earlier");
    expect(galen_cert_check(p, &issuer, cert, 0), GALEN_ERR_CERTIFICATE, "at the beginning");
    issuer.issues_until_ms = cert->not_before_ms;
    expect(galen_cert_check(p, &issuer, cert, AT), GALEN_OK, "made in the last moment");
    issuer.issues_until_ms--;
    expect(galen_cert_check(p, &issuer, cert, AT), GALEN_ERR_EXPIRED, "made too late");
}

Test(certify, issuer_and_signature_are_checked)
{
    struct party by, other, subject;
    party_make(&by, 1);
    party_make(&other, 3);
    party_make(&subject, 2);
    struct galen_issuer issuer = issuer_of(&by, GALEN_ROLE_PHARMACIST, GALEN_PURPOSE_DEVICE);
    struct galen_issuer wrong = issuer_of(&other, GALEN_ROLE_PHARMACIST, GALEN_PURPOSE_DEVICE);
    certify_new(&subject, &by, GALEN_ROLE_PATIENT);
    expect(check(&issuer, &subject), GALEN_OK, "as it should be");
    expect(check(&wrong, &subject), GALEN_ERR_CERTIFICATE, "another issuer");
    wrong.device = issuer.device;
    expect(check(&wrong, &subject), GALEN_ERR_SIGNATURE, "another issuer's key");
    for (size_t bit = 0; bit < 8 * sizeof subject.cert.signature; bit += 13) {
        subject.cert.signature[bit / 8] ^= (uint8_t)(1u << bit % 8);
        expect(check(&issuer, &subject), GALEN_ERR_SIGNATURE, "one bit of the signature");
        subject.cert.signature[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    subject.cert.issues_until_ms--;
    expect(check(&issuer, &subject), GALEN_ERR_SIGNATURE, "a field changed afterwards");
}

Test(certify, without_memory_nothing_is_judged)
{
    struct party by, subject;
    party_make(&by, 1);
    party_make(&subject, 2);
    struct galen_issuer issuer = issuer_of(&by, GALEN_ROLE_PHARMACIST, GALEN_PURPOSE_DEVICE);
    certify_new(&subject, &by, GALEN_ROLE_PATIENT);
    for (size_t nth = 1;; nth++) {
        allocator_fail(nth);
        enum galen_err err = check(&issuer, &subject);
        bool hit = allocator_failed();
        allocator_fail(0);
        expect(err, hit ? GALEN_ERR_MEMORY : GALEN_OK, "out of memory");
        if (!hit)
            break;
    }
}

/* ----------------------------------------------------------------------------------------- chains */

Test(chain, every_step_is_checked)
{
    struct party practice, administrator, pharmacist, patient, phone;
    struct galen_chain chain;
    party_make(&practice, 1);
    party_make(&administrator, 2);
    party_make(&pharmacist, 3);
    party_make(&patient, 4);
    party_make(&phone, 5);
    party_certify(&administrator, &practice, GALEN_ROLE_ADMINISTRATOR, GALEN_PURPOSE_DEVICE, NULL);
    party_certify(&pharmacist, &administrator, GALEN_ROLE_PHARMACIST, GALEN_PURPOSE_DEVICE, NULL);
    party_certify(&patient, &pharmacist, GALEN_ROLE_PATIENT, GALEN_PURPOSE_INVITATION, &chart);
    party_certify(&phone, &patient, GALEN_ROLE_PATIENT, GALEN_PURPOSE_DEVICE, &chart);
    party_chain(&phone, false, &chain);
    cr_assert_eq(chain.count, 4);
    struct galen_issuer root = galen_issuer_practice(&test_primitives, &practice.keys);
    expect(galen_chain_check(&test_primitives, &root, &chain, AT), GALEN_OK, "whole");
    for (size_t i = 0; i < chain.count; i++) {
        struct galen_chain bent = chain;
        bent.certs[i].signature[0] ^= 1;
        expect(galen_chain_check(&test_primitives, &root, &bent, AT), GALEN_ERR_SIGNATURE, "bent");
        bent = chain;
        memmove(&bent.certs[i], &bent.certs[i + 1], (chain.count - i - 1) * sizeof bent.certs[0]);
        bent.count--;
        expect(galen_chain_check(&test_primitives, &root, &bent, AT),
               i + 1 == chain.count ? GALEN_OK : GALEN_ERR_CERTIFICATE, "one left out");
    }
    chain.count = 0;
    expect(galen_chain_check(&test_primitives, &root, &chain, AT), GALEN_ERR_CERTIFICATE, "empty");
    struct galen_issuer member = galen_issuer_from_cert(&test_primitives, &patient.cert);
    party_chain(&phone, true, &chain);
    expect(galen_chain_check(&test_primitives, &member, &chain, AT), GALEN_OK, "from a member");
    struct party elsewhere;
    party_make(&elsewhere, 6);
    root = galen_issuer_practice(&test_primitives, &elsewhere.keys);
    party_chain(&phone, false, &chain);
    expect(galen_chain_check(&test_primitives, &root, &chain, AT), GALEN_ERR_CERTIFICATE,
           "another practice");
}

/* ------------------------------------------------------------------------------------- statements */

static enum galen_err read_statement(struct galen_bytes in, struct galen_statement *statement)
{
    struct galen_reader r;
    galen_reader_init(&r, in);
    enum galen_err err = galen_statement_read(&r, statement);
    return err == GALEN_OK && !galen_reader_done(&r) ? GALEN_ERR_FORMAT : err;
}

Test(statement, is_read_as_it_was_written_and_checked)
{
    struct party subject, successor, other;
    struct galen_statement statement, again;
    struct galen_writer w;
    party_make(&subject, 1);
    party_make(&successor, 2);
    party_make(&other, 3);
    galen_writer_init(&w);
    for (uint8_t kind = GALEN_STATEMENT_REVOKED; kind <= GALEN_STATEMENT_REPLACED; kind++) {
        bool replaced = kind == GALEN_STATEMENT_REPLACED;
        party_state(&subject, kind, &subject, replaced ? &successor : NULL, &statement);
        galen_writer_clear(&w);
        galen_statement_write(&w, &statement);
        cr_assert_eq(w.size, GALEN_STATEMENT_BYTES);
        expect(read_statement(galen_written(&w), &again), GALEN_OK, "read");
        expect(galen_statement_check(&test_primitives, &again, subject.keys.sign), GALEN_OK, "its");
        expect(galen_statement_check(&test_primitives, &again, other.keys.sign),
               GALEN_ERR_SIGNATURE, "another's key");
        again.at_ms++;
        expect(galen_statement_check(&test_primitives, &again, subject.keys.sign),
               GALEN_ERR_SIGNATURE, "changed");
        for (size_t cut = 0; cut < w.size; cut++)
            expect(read_statement((struct galen_bytes){w.at, cut}, &again), GALEN_ERR_FORMAT,
                   "cut");
        allocator_fail(1);
        enum galen_err err = galen_statement_check(&test_primitives, &statement, subject.keys.sign);
        allocator_fail(0);
        expect(err, GALEN_ERR_MEMORY, "no memory");
    }
    galen_writer_wipe(&w);
}

Test(statement, has_its_shape)
{
    static const char *const cases[] = {"kind 0",
                                        "kind 3",
                                        "revoked with a successor",
                                        "replaced without one",
                                        "replaced by itself",
                                        "replaced, said by another",
                                        "a later version"};
    struct party subject, successor;
    party_make(&subject, 1);
    party_make(&successor, 2);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct galen_statement statement, again;
        struct galen_writer w;
        galen_writer_init(&w);
        bool revoked = i == 2;
        party_state(&subject, revoked ? GALEN_STATEMENT_REVOKED : GALEN_STATEMENT_REPLACED,
                    &subject, &successor, &statement);
        if (i < 2)
            statement.kind = (uint8_t)(i * 3);
        if (i == 3)
            statement.successor = (struct galen_id){{0}};
        if (i == 4)
            statement.successor = subject.id;
        if (i == 5)
            statement.signer = successor.id;
        galen_statement_write(&w, &statement);
        if (i == 6)
            w.at[0] = 2;
        expect(read_statement(galen_written(&w), &again), GALEN_ERR_FORMAT, cases[i]);
        galen_writer_wipe(&w);
    }
}

/* ------------------------------------------------------------------------------------------ names */

Test(role, has_one_name_both_ways)
{
    for (uint8_t role = GALEN_ROLE_PRACTICE; role <= GALEN_ROLE_INTERPRETER; role++)
        cr_assert_eq(galen_role_named(galen_role_name((enum galen_role)role)), role);
    cr_assert_eq(galen_role_named("king"), 0);
    cr_assert_eq(galen_role_named(""), 0);
    cr_assert_str_eq(galen_role_name((enum galen_role)0), "unknown");
    cr_assert_str_eq(galen_role_name((enum galen_role)10), "unknown");
    cr_assert_str_eq(galen_role_name(GALEN_ROLE_PHARMACIST), "pharmacist");
}

Test(device, id_is_the_hash_of_both_keys)
{
    struct party party;
    party_make(&party, 1);
    struct galen_public_keys keys = party.keys;
    struct galen_id id = galen_device_id(&test_primitives, &keys);
    uint8_t message[1 + 15 + 1 + 32 + 1 + 32], hash[32];
    message[0] = 15;
    memcpy(message + 1, "galen device id", 15);
    message[16] = 32;
    memcpy(message + 17, keys.sign, 32);
    message[49] = 32;
    memcpy(message + 50, keys.seal, 32);
    test_primitives.sha256(&(struct galen_bytes){message, sizeof message}, 1, hash);
    cr_assert_arr_eq(id.bytes, hash, 32);
    keys.seal[0] ^= 1;
    struct galen_id other = galen_device_id(&test_primitives, &keys);
    cr_assert_not(galen_id_equal(&id, &other));
}
