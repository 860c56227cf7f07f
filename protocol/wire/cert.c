#include "galen/cert.h"

#include "galen/keys.h"
#include "galen/mutation.h"

#include <string.h>

struct galen_id galen_device_id(const struct galen_primitives *p,
                                const struct galen_public_keys *keys)
{
    const struct galen_bytes parts[] = {{keys->sign, sizeof keys->sign},
                                        {keys->seal, sizeof keys->seal}};
    struct galen_id id;
    galen_hash_labelled(p, GALEN_ID_OF_DEVICE, parts, 2, id.bytes);
    return id;
}

bool galen_role_is_staff(enum galen_role role)
{
    return role == GALEN_ROLE_ADMINISTRATOR || role == GALEN_ROLE_PHARMACIST ||
           role == GALEN_ROLE_TECHNICIAN;
}

static const char *const role_names[] = {
    [GALEN_ROLE_PRACTICE] = "practice",           [GALEN_ROLE_CUSTODIAN] = "custodian",
    [GALEN_ROLE_ADMINISTRATOR] = "administrator", [GALEN_ROLE_PHARMACIST] = "pharmacist",
    [GALEN_ROLE_TECHNICIAN] = "technician",       [GALEN_ROLE_PATIENT] = "patient",
    [GALEN_ROLE_CAREGIVER] = "caregiver",         [GALEN_ROLE_PRESCRIBER] = "prescriber",
    [GALEN_ROLE_INTERPRETER] = "interpreter",
};
enum { ROLE_COUNT = sizeof role_names / sizeof role_names[0] };

const char *galen_role_name(enum galen_role role)
{
    unsigned number = (unsigned)role;
    return number < ROLE_COUNT && role_names[number] ? role_names[number] : "unknown";
}

enum galen_role galen_role_named(const char *name)
{
    for (unsigned role = 1; role < ROLE_COUNT; role++)
        if (strcmp(role_names[role], name) == 0)
            return (enum galen_role)role;
    return (enum galen_role)0;
}

/* ------------------------------------------------------------------------------- certificates */

void galen_cert_write_unsigned(struct galen_writer *w, const struct galen_cert *cert)
{
    galen_write_u8(w, GALEN_VERSION);
    galen_write_u8(w, cert->role);
    galen_write_u8(w, cert->purpose);
    galen_write_u8(w, cert->scope_kind);
    galen_write_id(w, &cert->scope);
    galen_write_u64(w, cert->not_before_ms);
    galen_write_u64(w, cert->not_after_ms);
    galen_write_u64(w, cert->issues_until_ms);
    galen_write_id(w, &cert->account);
    galen_write(w, cert->keys.sign, sizeof cert->keys.sign);
    galen_write(w, cert->keys.seal, sizeof cert->keys.seal);
    galen_write_id(w, &cert->issuer);
}

void galen_cert_write(struct galen_writer *w, const struct galen_cert *cert)
{
    galen_cert_write_unsigned(w, cert);
    galen_write(w, cert->signature, sizeof cert->signature);
}

static bool cert_has_shape(const struct galen_cert *cert)
{
    bool known = cert->role >= GALEN_ROLE_PRACTICE && cert->role <= GALEN_ROLE_INTERPRETER &&
                 cert->purpose >= GALEN_PURPOSE_DEVICE && cert->purpose <= GALEN_PURPOSE_SHEET &&
                 cert->scope_kind <= GALEN_SCOPE_VISIT;
    bool scoped = galen_id_is_none(&cert->scope) == (cert->scope_kind == GALEN_SCOPE_ANY);
    bool ordered =
        cert->not_before_ms <= cert->issues_until_ms && cert->issues_until_ms <= cert->not_after_ms;
    return known && scoped && ordered;
}

enum galen_err galen_cert_read(struct galen_reader *r, struct galen_cert *cert)
{
    uint8_t version = galen_read_u8(r);
    cert->role = galen_read_u8(r);
    cert->purpose = galen_read_u8(r);
    cert->scope_kind = galen_read_u8(r);
    cert->scope = galen_read_id(r);
    cert->not_before_ms = galen_read_u64(r);
    cert->not_after_ms = galen_read_u64(r);
    cert->issues_until_ms = galen_read_u64(r);
    cert->account = galen_read_id(r);
    galen_read_into(r, cert->keys.sign, sizeof cert->keys.sign);
    galen_read_into(r, cert->keys.seal, sizeof cert->keys.seal);
    cert->issuer = galen_read_id(r);
    galen_read_into(r, cert->signature, sizeof cert->signature);
    enum galen_err err = GALEN_OK;
    if (r->failed || version != GALEN_VERSION || !cert_has_shape(cert))
        err = GALEN_ERR_FORMAT;
    else if (!galen_sign_key_ok(cert->keys.sign) || !galen_seal_key_ok(cert->keys.seal))
        err = GALEN_ERR_KEY;
    r->failed = err != GALEN_OK;
    return err;
}

void galen_chain_write(struct galen_writer *w, const struct galen_chain *chain)
{
    size_t mark = galen_write_begin(w);
    for (size_t i = 0; i < chain->count; i++)
        galen_cert_write(w, &chain->certs[i]);
    galen_write_end(w, mark);
}

enum galen_err galen_chain_read(struct galen_reader *r, struct galen_chain *chain)
{
    struct galen_reader certs;
    enum galen_err err = GALEN_OK;
    galen_read_nested(r, GALEN_CHAIN_MAX * GALEN_CERT_BYTES, &certs);
    chain->count = 0;
    while (err == GALEN_OK && certs.left > 0)
        err = galen_cert_read(&certs, &chain->certs[chain->count++]);
    if (certs.failed) {
        chain->count = 0;
        r->failed = true;
    }
    return r->failed && err == GALEN_OK ? GALEN_ERR_FORMAT : err;
}

/* ---------------------------------------------------------------------------- who may certify */

struct galen_issuer galen_issuer_practice(const struct galen_primitives *p,
                                          const struct galen_public_keys *keys)
{
    struct galen_issuer issuer = {
        .device = galen_device_id(p, keys),
        .role = GALEN_ROLE_PRACTICE,
        .purpose = GALEN_PURPOSE_DEVICE,
        .scope_kind = GALEN_SCOPE_ANY,
        .not_after_ms = UINT64_MAX,
        .issues_until_ms = UINT64_MAX,
    };
    issuer.account = issuer.device;
    memcpy(issuer.sign_key, keys->sign, sizeof issuer.sign_key);
    return issuer;
}

struct galen_issuer galen_issuer_from_cert(const struct galen_primitives *p,
                                           const struct galen_cert *cert)
{
    struct galen_issuer issuer = {
        .device = galen_device_id(p, &cert->keys),
        .role = cert->role,
        .purpose = cert->purpose,
        .scope_kind = cert->scope_kind,
        .scope = cert->scope,
        .account = cert->account,
        .not_after_ms = cert->not_after_ms,
        .issues_until_ms = cert->issues_until_ms,
    };
    memcpy(issuer.sign_key, cert->keys.sign, sizeof issuer.sign_key);
    return issuer;
}

#define ROLE(name) (1u << GALEN_ROLE_##name)
#define STAFF      (ROLE(ADMINISTRATOR) | ROLE(PHARMACIST) | ROLE(TECHNICIAN))
#define PERSONS    (ROLE(PATIENT) | ROLE(CAREGIVER) | ROLE(PRESCRIBER))

/* Spans are agreed upon by two clocks, which may differ by what an honest clock may be off. */
#define STAFF_SPAN_MS (GALEN_STAFF_SPAN_MS + GALEN_CLOCK_SKEW_MS)
#define GUEST_SPAN_MS (GALEN_DAY_MS + GALEN_CLOCK_SKEW_MS)

/* PROTOCOL.md, "Who may certify whom": all rows but the last. */
static const struct new_account_row {
    unsigned issuers, subjects; /* sets of roles */
    uint8_t scope_kind;
    uint64_t span_max_ms; /* 0: no limit */
    bool within_issuers;  /* never beyond the issuer's not after */
    bool renews;          /* also a device of an older account, certified anew */
} new_account_rows[] = {
    {ROLE(PRACTICE), ROLE(ADMINISTRATOR), GALEN_SCOPE_ANY, STAFF_SPAN_MS, false, true},
    {ROLE(PRACTICE), ROLE(CUSTODIAN), GALEN_SCOPE_ANY, 0, false, false},
    {ROLE(ADMINISTRATOR), ROLE(PHARMACIST) | ROLE(TECHNICIAN), GALEN_SCOPE_ANY, STAFF_SPAN_MS, true,
     true},
    {STAFF, PERSONS, GALEN_SCOPE_CHART, 0, false, false},
    {STAFF, ROLE(INTERPRETER), GALEN_SCOPE_VISIT, GUEST_SPAN_MS, false, false},
};

/* And the last two: further devices of the issuer's own account; a guest has one, by its link. */
static const struct own_account_row {
    unsigned roles;
    bool by_invitation; /* the issuer is one */
} own_account_rows[] = {
    {ROLE(CUSTODIAN) | STAFF | PERSONS, false},
    {ROLE(INTERPRETER), true},
};

static bool may_certify_own(const struct galen_issuer *issuer)
{
    bool may = false;
    for (size_t i = 0; i < sizeof own_account_rows / sizeof own_account_rows[0]; i++)
        may = may ||
              ((own_account_rows[i].roles >> issuer->role & 1) &&
               (!own_account_rows[i].by_invitation || issuer->purpose == GALEN_PURPOSE_INVITATION));
    return may;
}

static enum galen_err check_new_account(const struct galen_issuer *issuer,
                                        const struct galen_cert *cert, bool own_id)
{
    const struct new_account_row *row = NULL;
    for (size_t i = 0; i < sizeof new_account_rows / sizeof new_account_rows[0]; i++)
        if ((new_account_rows[i].issuers >> issuer->role & 1) &&
            (new_account_rows[i].subjects >> cert->role & 1))
            row = &new_account_rows[i];
    if (!row || issuer->purpose != GALEN_PURPOSE_DEVICE)
        return GALEN_ERR_ROLE;
    if (cert->scope_kind != row->scope_kind)
        return GALEN_ERR_CERTIFICATE;
    bool invitation = own_id && cert->purpose == GALEN_PURPOSE_INVITATION;
    if (!(own_id || row->renews) || !(cert->purpose == GALEN_PURPOSE_DEVICE || invitation))
        return GALEN_ERR_CERTIFICATE;
    if (row->span_max_ms > 0 && cert->not_after_ms - cert->not_before_ms > row->span_max_ms)
        return GALEN_ERR_CERTIFICATE;
    if (row->within_issuers && cert->not_after_ms > issuer->not_after_ms)
        return GALEN_ERR_CERTIFICATE;
    return GALEN_OK;
}

static enum galen_err check_own_account(const struct galen_issuer *issuer,
                                        const struct galen_cert *cert)
{
    bool bounded = galen_role_is_staff(cert->role) || cert->role == GALEN_ROLE_INTERPRETER;
    if (!may_certify_own(issuer) || cert->role != issuer->role)
        return GALEN_ERR_ROLE;
    /* An invitation, a code or a sheet puts one device in its place; it hands out nothing else. */
    if (issuer->purpose != GALEN_PURPOSE_DEVICE && cert->purpose != GALEN_PURPOSE_DEVICE)
        return GALEN_ERR_ROLE;
    if (cert->scope_kind != issuer->scope_kind || !galen_id_equal(&cert->scope, &issuer->scope))
        return GALEN_ERR_CERTIFICATE;
    if (cert->purpose == GALEN_PURPOSE_INVITATION)
        return GALEN_ERR_CERTIFICATE;
    if (bounded && cert->not_after_ms > issuer->not_after_ms)
        return GALEN_ERR_CERTIFICATE;
    return GALEN_OK;
}

static enum galen_err check_row(const struct galen_primitives *p, const struct galen_issuer *issuer,
                                const struct galen_cert *cert)
{
    struct galen_id subject = galen_device_id(p, &cert->keys);
    bool own_id = galen_id_equal(&cert->account, &subject);
    if (galen_id_is_none(&cert->account) || galen_id_equal(&subject, &issuer->device))
        return GALEN_ERR_CERTIFICATE;
    if (galen_id_equal(&cert->account, &issuer->account))
        return check_own_account(issuer, cert);
    return check_new_account(issuer, cert, own_id);
}

static enum galen_err check_times(const struct galen_issuer *issuer, const struct galen_cert *cert,
                                  uint64_t at_ms)
{
    if (cert->not_before_ms > issuer->issues_until_ms)
        return GALEN_ERR_EXPIRED;
    if (cert->not_before_ms > at_ms && cert->not_before_ms - at_ms > GALEN_CLOCK_SKEW_MS)
        return GALEN_ERR_CERTIFICATE;
    return at_ms > cert->not_after_ms ? GALEN_ERR_EXPIRED : GALEN_OK;
}

enum galen_err galen_cert_check(const struct galen_primitives *p, const struct galen_issuer *issuer,
                                const struct galen_cert *cert, uint64_t at_ms)
{
    if (!galen_id_equal(&cert->issuer, &issuer->device))
        return GALEN_ERR_CERTIFICATE;
    enum galen_err err = check_row(p, issuer, cert);
    if (GALEN_CHECKED(CERTIFIER) && err != GALEN_OK)
        return err;
    err = check_times(issuer, cert, at_ms);
    if (GALEN_CHECKED(EXPIRY) && err != GALEN_OK)
        return err;
    struct galen_writer w;
    galen_writer_init(&w);
    galen_cert_write_unsigned(&w, cert);
    bool made = !w.failed;
    bool holds = made && galen_verify(p, GALEN_SIGN_CERTIFICATE, issuer->sign_key,
                                      galen_written(&w), cert->signature);
    galen_writer_wipe(&w);
    if (!made)
        return GALEN_ERR_MEMORY;
    return GALEN_CHECKED(CHAIN) && !holds ? GALEN_ERR_SIGNATURE : GALEN_OK;
}

enum galen_err galen_chain_check(const struct galen_primitives *p, const struct galen_issuer *root,
                                 const struct galen_chain *chain, uint64_t at_ms)
{
    struct galen_issuer issuer = *root;
    if (chain->count == 0)
        return GALEN_ERR_CERTIFICATE;
    for (size_t i = 0; i < chain->count; i++) {
        enum galen_err err = galen_cert_check(p, &issuer, &chain->certs[i], at_ms);
        if (err != GALEN_OK)
            return err;
        issuer = galen_issuer_from_cert(p, &chain->certs[i]);
    }
    return GALEN_OK;
}

/* --------------------------------------------------------------------------------- statements */

void galen_statement_write_unsigned(struct galen_writer *w, const struct galen_statement *statement)
{
    galen_write_u8(w, GALEN_VERSION);
    galen_write_u8(w, statement->kind);
    galen_write_u64(w, statement->at_ms);
    galen_write_id(w, &statement->subject);
    galen_write_id(w, &statement->successor);
    galen_write_id(w, &statement->signer);
}

void galen_statement_write(struct galen_writer *w, const struct galen_statement *statement)
{
    galen_statement_write_unsigned(w, statement);
    galen_write(w, statement->signature, sizeof statement->signature);
}

static bool statement_has_shape(const struct galen_statement *statement)
{
    bool names_one = !galen_id_is_none(&statement->successor);
    switch (statement->kind) {
    case GALEN_STATEMENT_REVOKED:
        return !names_one;
    case GALEN_STATEMENT_REPLACED:
        return names_one && galen_id_equal(&statement->signer, &statement->subject) &&
               !galen_id_equal(&statement->successor, &statement->subject);
    default:
        return false;
    }
}

enum galen_err galen_statement_read(struct galen_reader *r, struct galen_statement *statement)
{
    uint8_t version = galen_read_u8(r);
    statement->kind = galen_read_u8(r);
    statement->at_ms = galen_read_u64(r);
    statement->subject = galen_read_id(r);
    statement->successor = galen_read_id(r);
    statement->signer = galen_read_id(r);
    galen_read_into(r, statement->signature, sizeof statement->signature);
    if (version != GALEN_VERSION || !statement_has_shape(statement))
        r->failed = true;
    return r->failed ? GALEN_ERR_FORMAT : GALEN_OK;
}

enum galen_err galen_statement_check(const struct galen_primitives *p,
                                     const struct galen_statement *statement,
                                     const uint8_t sign_key[GALEN_SIGN_KEY_BYTES])
{
    struct galen_writer w;
    galen_writer_init(&w);
    galen_statement_write_unsigned(&w, statement);
    bool made = !w.failed;
    bool holds = made && galen_verify(p, GALEN_SIGN_STATEMENT, sign_key, galen_written(&w),
                                      statement->signature);
    galen_writer_wipe(&w);
    if (!made)
        return GALEN_ERR_MEMORY;
    return holds ? GALEN_OK : GALEN_ERR_SIGNATURE;
}
