/* PROTOCOL.md, "Who may certify whom". */
#include "galen/cert.h"
#include "support/allocator.h"
#include "support/primitives.h"
#include "support/scene.h"

#include <criterion/criterion.h>
#include <string.h>

#define AT SCENE_NOW_MS

static const struct galen_id chart = {{0xc4}};
static const struct galen_id visit = {{0x71}};

static void expect(enum galen_err got, enum galen_err wanted, const char *what)
{
    cr_assert_eq(got, wanted, "%s: %s, not %s", what, galen_err_name(got), galen_err_name(wanted));
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
                bool guest_may = purpose == GALEN_PURPOSE_INVITATION; /* by its link, a device */
                bool role_may =
                    role != GALEN_ROLE_PRACTICE && (role != GALEN_ROLE_INTERPRETER || guest_may);
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

Test(certify, a_guests_link_makes_one_device_for_no_longer)
{
    struct party by, subject;
    party_make(&by, 1);
    party_make(&subject, 2);
    struct galen_issuer link = issuer_of(&by, GALEN_ROLE_INTERPRETER, GALEN_PURPOSE_INVITATION);
    certify_own(&subject, &by, GALEN_PURPOSE_DEVICE);
    link.not_after_ms = subject.cert.not_after_ms;
    expect(check(&link, &subject), GALEN_OK, "as long as the link");
    link.not_after_ms--;
    expect(check(&link, &subject), GALEN_ERR_CERTIFICATE, "longer than the link");
    subject.cert.scope.bytes[0] ^= 1;
    party_certify_again(&subject);
    expect(check(&link, &subject), GALEN_ERR_CERTIFICATE, "C1: another visit");
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

Test(certify, every_step_of_a_chain_is_checked)
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
