/* PROTOCOL.md, "Devices": certificates, chains and statements. */
#include "galen/cert.h"
#include "support/allocator.h"
#include "support/primitives.h"
#include "support/scene.h"

#include <criterion/criterion.h>
#include <string.h>

static const struct galen_id chart = {{0xc4}};

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
static void role_first(struct galen_cert *c)
{
    c->role = GALEN_ROLE_PRACTICE;
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
    {"role practice has its shape, though nobody may certify it", GALEN_OK, role_first},
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
