/*
 * Devices, certificates, chains and statements (PROTOCOL.md, "Devices" and "Who may certify whom").
 */
#ifndef GALEN_CERT_H
#define GALEN_CERT_H

#include "galen/codec.h"
#include "galen/limits.h"
#include "galen/primitives.h"

enum galen_role {
    GALEN_ROLE_PRACTICE = 1,
    GALEN_ROLE_CUSTODIAN = 2,
    GALEN_ROLE_ADMINISTRATOR = 3,
    GALEN_ROLE_PHARMACIST = 4,
    GALEN_ROLE_TECHNICIAN = 5,
    GALEN_ROLE_PATIENT = 6,
    GALEN_ROLE_CAREGIVER = 7,
    GALEN_ROLE_PRESCRIBER = 8,
    GALEN_ROLE_INTERPRETER = 9,
};

/** What a device is for. All but DEVICE write nothing but the epoch entry that puts another in. */
enum galen_purpose {
    GALEN_PURPOSE_DEVICE = 1, /* a phone, a browser, a computer, the practice key, the custodian */
    GALEN_PURPOSE_INVITATION = 2, /* a link: the first device of a new person's account */
    GALEN_PURPOSE_CODE = 3,       /* a code shown on one device for the next of the same account */
    GALEN_PURPOSE_SHEET = 4,      /* a recovery sheet: stays until replaced */
};

enum galen_scope_kind {
    GALEN_SCOPE_ANY = 0,
    GALEN_SCOPE_CHART = 1,
    GALEN_SCOPE_VISIT = 2,
};

/** A device's public keys. Its id is their hash. */
struct galen_public_keys {
    uint8_t sign[GALEN_SIGN_KEY_BYTES];
    uint8_t seal[GALEN_SEAL_KEY_BYTES];
};

/** galen_hash_labelled with GALEN_ID_OF_DEVICE over the parts sign, seal. */
struct galen_id galen_device_id(const struct galen_primitives *p,
                                const struct galen_public_keys *keys);

bool galen_role_is_staff(enum galen_role role); /* administrator, pharmacist, technician */
const char *galen_role_name(enum galen_role role);
/** The role with this name, or 0. */
enum galen_role galen_role_named(const char *name);

#define GALEN_CERT_BYTES 252

struct galen_cert {
    uint8_t role;             /* enum galen_role */
    uint8_t purpose;          /* enum galen_purpose */
    uint8_t scope_kind;       /* enum galen_scope_kind */
    struct galen_id scope;    /* chart or visit; none for ANY */
    uint64_t not_before_ms;   /* Unix time; the issuer's clock when it signed */
    uint64_t not_after_ms;    /* last moment of validity */
    uint64_t issues_until_ms; /* last moment at which this device may certify others */
    struct galen_id account;  /* the issuer's, or the subject's own device id for a new person */
    struct galen_public_keys keys;
    struct galen_id issuer;                   /* device id */
    uint8_t signature[GALEN_SIGNATURE_BYTES]; /* by the issuer, label GALEN_SIGN_CERTIFICATE */
};

void galen_cert_write(struct galen_writer *w, const struct galen_cert *cert);
/** All but the signature: what is signed. */
void galen_cert_write_unsigned(struct galen_writer *w, const struct galen_cert *cert);
/**
 * Reads and checks shape: enums known, times in order, scope fits its kind (else FORMAT), and keys
 * acceptable by K1 (else KEY). After any error the reader has failed.
 */
enum galen_err galen_cert_read(struct galen_reader *r, struct galen_cert *cert);

/** From the one nearest to the practice (or to a member) to the device itself. */
struct galen_chain {
    size_t count;
    struct galen_cert certs[GALEN_CHAIN_MAX];
};

void galen_chain_write(struct galen_writer *w,
                       const struct galen_chain *chain); /* certificates<V> */
/** At most GALEN_CHAIN_MAX certificates; none is allowed here. Errors as for one certificate. */
enum galen_err galen_chain_read(struct galen_reader *r, struct galen_chain *chain);

/** Who stands before a chain's first certificate: the practice key, or a member of the chart. */
struct galen_issuer {
    struct galen_id device;
    uint8_t sign_key[GALEN_SIGN_KEY_BYTES];
    uint8_t role, purpose, scope_kind;
    struct galen_id scope;
    struct galen_id account;
    uint64_t not_after_ms;
    uint64_t issues_until_ms;
};

/** The practice key as an issuer. `keys` are the practice's two public keys. */
struct galen_issuer galen_issuer_practice(const struct galen_primitives *p,
                                          const struct galen_public_keys *keys);
struct galen_issuer galen_issuer_from_cert(const struct galen_primitives *p,
                                           const struct galen_cert *cert);

/**
 * One step: may `issuer` have certified `cert`, by the table of PROTOCOL.md, and does the signature
 * hold? `at_ms` is the time it is judged at (the entry's place): the certificate must be valid then.
 * Errors: CERTIFICATE (issuer, account, scope, spans, not valid yet), ROLE (no row of the table),
 * EXPIRED (also an issuer past its issues-until), SIGNATURE, MEMORY.
 */
GALEN_MUST_USE enum galen_err galen_cert_check(const struct galen_primitives *p,
                                               const struct galen_issuer *issuer,
                                               const struct galen_cert *cert, uint64_t at_ms);
/** Every step of a chain from `root`; an empty chain is CERTIFICATE. Errors as above. */
GALEN_MUST_USE enum galen_err galen_chain_check(const struct galen_primitives *p,
                                                const struct galen_issuer *root,
                                                const struct galen_chain *chain, uint64_t at_ms);

enum galen_statement_kind {
    GALEN_STATEMENT_REVOKED = 1, /* signed by an administrator, the practice, or the same account */
    GALEN_STATEMENT_REPLACED = 2, /* signed by the device itself; names its successor */
};

/** A signed word about a device, kept by the server and enclosed in epoch entries. */
struct galen_statement {
    uint8_t kind;
    uint64_t at_ms;
    struct galen_id subject;
    struct galen_id successor;                /* none for REVOKED */
    struct galen_id signer;                   /* device id */
    uint8_t signature[GALEN_SIGNATURE_BYTES]; /* label GALEN_SIGN_STATEMENT */
};

#define GALEN_STATEMENT_BYTES (1 + 1 + 8 + 32 + 32 + 32 + 64)
void galen_statement_write(struct galen_writer *w, const struct galen_statement *statement);
void galen_statement_write_unsigned(struct galen_writer *w,
                                    const struct galen_statement *statement);
/**
 * FORMAT unless the shape is right: REVOKED names no successor; REPLACED names another device and is
 * signed by its subject.
 */
enum galen_err galen_statement_read(struct galen_reader *r, struct galen_statement *statement);
/** Does the signature hold under `sign_key` (the signer's)? OK, SIGNATURE, or MEMORY. */
GALEN_MUST_USE enum galen_err galen_statement_check(const struct galen_primitives *p,
                                                    const struct galen_statement *statement,
                                                    const uint8_t sign_key[GALEN_SIGN_KEY_BYTES]);

#endif
