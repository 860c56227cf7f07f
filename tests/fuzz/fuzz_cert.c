/*
 * The first byte says what the rest is: a certificate, a chain or a statement. What is read must be
 * written again as it was, and whoever is asked about it must answer.
 */
#include "galen/cert.h"
#include "support/primitives.h"

#include <stdlib.h>
#include <string.h>

static void demand(bool holds)
{
    if (!holds)
        abort();
}

static void try_issuers(const struct galen_cert *cert, uint8_t how)
{
    struct galen_issuer issuer = galen_issuer_from_cert(&test_primitives, cert);
    (void)galen_cert_check(&test_primitives, &issuer, cert, cert->not_before_ms);
    issuer = galen_issuer_practice(&test_primitives, &cert->keys);
    issuer.device = cert->issuer;
    issuer.role = how % 10;
    issuer.purpose = how / 10 % 5;
    issuer.account = how & 0x80 ? cert->account : issuer.device;
    enum galen_err err =
        galen_cert_check(&test_primitives, &issuer, cert, (uint64_t)how << 56 | how);
    demand(err != GALEN_OK ||
           ((issuer.role != GALEN_ROLE_INTERPRETER || issuer.purpose == GALEN_PURPOSE_INVITATION) &&
            cert->role != 1));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct galen_reader r;
    struct galen_writer w;
    struct galen_cert cert;
    struct galen_chain chain;
    struct galen_statement statement;
    enum galen_err err;
    galen_reader_init(&r, (struct galen_bytes){data, size});
    galen_writer_init(&w);
    uint8_t what = galen_read_u8(&r);
    const uint8_t *start = r.at;
    switch (what % 3) {
    case 0:
        err = galen_cert_read(&r, &cert);
        galen_cert_write(&w, &cert);
        if (err == GALEN_OK)
            try_issuers(&cert, what);
        break;
    case 1:
        err = galen_chain_read(&r, &chain);
        galen_chain_write(&w, &chain);
        for (size_t i = 0; err == GALEN_OK && i < chain.count; i++)
            try_issuers(&chain.certs[i], what);
        break;
    default:
        err = galen_statement_read(&r, &statement);
        galen_statement_write(&w, &statement);
        if (err == GALEN_OK)
            (void)galen_statement_check(&test_primitives, &statement, statement.signer.bytes);
    }
    demand(r.failed == (err != GALEN_OK));
    if (err == GALEN_OK)
        demand(galen_bytes_equal(galen_written(&w),
                                 (struct galen_bytes){start, (size_t)(r.at - start)}));
    galen_writer_wipe(&w);
    return 0;
}
