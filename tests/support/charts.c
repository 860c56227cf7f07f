#include "support/charts.h"

#include "galen/schema.h"
#include "galen/text.h"
#include "support/primitives.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define START_MS 1767225600000u /* 2026-01-01 */

#define demand(condition)                                                                          \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);                        \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

void chart_random(struct chart *chart, void *out, size_t n)
{
    uint8_t *at = out;
    for (uint64_t block = 0; n > 0; block++) {
        uint64_t parts[2] = {chart->seed++, block};
        uint8_t hash[GALEN_HASH_BYTES];
        galen_sha256(&(struct galen_bytes){(const uint8_t *)parts, sizeof parts}, 1, hash);
        size_t step = n < sizeof hash ? n : sizeof hash;
        memcpy(at, hash, step);
        at += step;
        n -= step;
    }
}

uint64_t chart_below(struct chart *chart, uint64_t n)
{
    uint64_t v;
    chart_random(chart, &v, sizeof v);
    return v % n;
}

struct galen_epoch_random chart_epoch_random(struct chart *chart)
{
    struct galen_epoch_random random;
    chart_random(chart, &random, sizeof random);
    return random;
}

/* -- devices ------------------------------------------------------------------------------------ */

static struct galen_public_keys public_of(const struct galen_device_secrets *secrets)
{
    struct galen_public_keys keys;
    memcpy(keys.sign, secrets->sign_public, sizeof keys.sign);
    memcpy(keys.seal, secrets->seal_public, sizeof keys.seal);
    return keys;
}

static struct chart_device *device_new(struct chart *chart, const char *name)
{
    demand(chart->device_count < CHART_DEVICES_MAX);
    struct chart_device *device = &chart->devices[chart->device_count++];
    chart_random(chart, device->material, sizeof device->material);
    device->name = name;
    galen_device_secrets_derive(device->material, &device->secrets);
    device->keys = public_of(&device->secrets);
    device->id = galen_device_id(&test_primitives, &device->keys);
    device->log = galen_log_new(&chart->practice, &device->secrets);
    demand(device->log);
    return device;
}

static void sign_cert(const struct galen_device_secrets *issuer, struct galen_cert *cert)
{
    struct galen_writer w;
    galen_writer_init(&w);
    galen_cert_write_unsigned(&w, cert);
    galen_sign(issuer, GALEN_SIGN_CERTIFICATE, galen_written(&w), cert->signature);
    galen_writer_wipe(&w);
}

static uint64_t span_of(enum galen_role role, enum galen_purpose purpose)
{
    if (purpose == GALEN_PURPOSE_INVITATION)
        return GALEN_INVITATION_SPAN_MS;
    if (purpose == GALEN_PURPOSE_CODE)
        return GALEN_CODE_SPAN_MS;
    return galen_role_is_staff(role) ? GALEN_STAFF_SPAN_MS / 2 : GALEN_PERSON_SPAN_MS / 2;
}

/* The chain is the issuer's and one certificate more for staff, else that certificate alone. */
static void certify(struct chart *chart, struct chart_device *issuer, struct chart_device *device,
                    enum galen_role role, enum galen_purpose purpose, bool same_account)
{
    struct galen_cert cert = {.role = (uint8_t)role,
                              .purpose = (uint8_t)purpose,
                              .not_before_ms = chart->now_ms,
                              .not_after_ms = chart->now_ms + span_of(role, purpose),
                              .account = device->id,
                              .keys = device->keys};
    const struct galen_device_secrets *key = issuer ? &issuer->secrets : &chart->practice_secrets;
    struct galen_public_keys issuer_keys = public_of(key);
    cert.issuer = galen_device_id(&test_primitives, &issuer_keys);
    if (role == GALEN_ROLE_PATIENT || role == GALEN_ROLE_CAREGIVER ||
        role == GALEN_ROLE_PRESCRIBER) {
        cert.scope_kind = GALEN_SCOPE_CHART;
        cert.scope = *galen_rules_chart(chart->rules);
    }
    if (issuer) {
        const struct galen_cert *own = &issuer->chain.certs[issuer->chain.count - 1];
        if (same_account)
            cert.account = own->account;
        if (galen_role_is_staff(role) && cert.not_after_ms > own->not_after_ms)
            cert.not_after_ms = own->not_after_ms;
        if (galen_role_is_staff(role))
            device->chain = issuer->chain;
    }
    cert.issues_until_ms = cert.not_after_ms;
    sign_cert(key, &cert);
    demand(device->chain.count < GALEN_CHAIN_MAX);
    device->chain.certs[device->chain.count++] = cert;
}

struct chart_device *chart_person(struct chart *chart, const char *name, enum galen_role role,
                                  struct chart_device *issuer)
{
    struct chart_device *device = device_new(chart, name);
    certify(chart, issuer, device, role, GALEN_PURPOSE_DEVICE, false);
    return device;
}

struct chart_device *chart_invitation(struct chart *chart, const char *name, enum galen_role role,
                                      struct chart_device *issuer)
{
    struct chart_device *device = device_new(chart, name);
    certify(chart, issuer, device, role, GALEN_PURPOSE_INVITATION, false);
    return device;
}

struct chart_device *chart_next_device(struct chart *chart, const char *name,
                                       enum galen_purpose purpose, struct chart_device *issuer)
{
    struct chart_device *device = device_new(chart, name);
    uint8_t role = issuer->chain.certs[issuer->chain.count - 1].role;
    certify(chart, issuer, device, (enum galen_role)role, purpose, true);
    return device;
}

void chart_sign_cert(const struct galen_device_secrets *issuer, struct galen_cert *cert)
{
    sign_cert(issuer, cert);
}

struct chart_device *chart_guest(struct chart *chart, const char *name, struct chart_device *issuer,
                                 const struct galen_id *visit)
{
    struct chart_device *link = chart_invitation(chart, name, GALEN_ROLE_INTERPRETER, issuer);
    struct galen_cert *cert = &link->chain.certs[0];
    cert->scope_kind = GALEN_SCOPE_VISIT;
    cert->scope = *visit;
    cert->not_after_ms = cert->issues_until_ms = chart->now_ms + GALEN_DAY_MS;
    sign_cert(&issuer->secrets, cert);
    struct chart_device *device = device_new(chart, name);
    struct galen_cert own = *cert;
    own.purpose = GALEN_PURPOSE_DEVICE;
    own.issues_until_ms = own.not_before_ms;
    own.keys = device->keys;
    own.issuer = link->id;
    sign_cert(&link->secrets, &own);
    device->chain = (struct galen_chain){.count = 2, .certs = {*cert, own}};
    return device;
}

struct galen_statement chart_statement(struct chart *chart, enum galen_statement_kind kind,
                                       const struct chart_device *signer,
                                       const struct chart_device *subject,
                                       const struct chart_device *successor)
{
    const struct galen_device_secrets *key = signer ? &signer->secrets : &chart->practice_secrets;
    struct galen_public_keys keys = public_of(key);
    struct galen_statement statement = {.kind = (uint8_t)kind,
                                        .at_ms = chart->now_ms,
                                        .subject = subject->id,
                                        .signer = galen_device_id(&test_primitives, &keys)};
    if (successor)
        statement.successor = successor->id;
    struct galen_writer w;
    galen_writer_init(&w);
    galen_statement_write_unsigned(&w, &statement);
    galen_sign(key, GALEN_SIGN_STATEMENT, galen_written(&w), statement.signature);
    galen_writer_wipe(&w);
    return statement;
}

/* -- the chart ---------------------------------------------------------------------------------- */

struct chart *chart_new(uint64_t seed)
{
    demand(galen_crypto_start());
    struct chart *chart = calloc(1, sizeof *chart);
    demand(chart);
    chart->seed = seed << 32;
    chart->now_ms = START_MS;
    uint8_t material[GALEN_KEY_BYTES];
    chart_random(chart, material, sizeof material);
    galen_device_secrets_derive(material, &chart->practice_secrets);
    chart->practice = public_of(&chart->practice_secrets);
    chart->rules = galen_rules_new(&test_primitives, &chart->practice);
    demand(chart->rules);
    chart->admin = chart_person(chart, "admin", GALEN_ROLE_ADMINISTRATOR, NULL);
    chart->custodian = chart_person(chart, "custodian", GALEN_ROLE_CUSTODIAN, NULL);
    return chart;
}

void chart_free(struct chart *chart)
{
    for (size_t i = 0; i < chart->device_count; i++)
        galen_log_free(chart->devices[i].log);
    for (size_t i = 0; i < chart->size; i++) {
        galen_writer_wipe(&chart->entries[i].record);
        galen_writer_wipe(&chart->entries[i].plain);
    }
    free(chart->entries);
    galen_rules_free(chart->rules);
    free(chart);
}

uint32_t chart_number(const struct chart *chart, const struct chart_device *author)
{
    const struct galen_author *known = galen_rules_author(chart->rules, &author->id);
    return known ? known->last_number + 1 : 1;
}

enum galen_err chart_append(struct chart *chart, struct galen_bytes entry)
{
    struct galen_reader r;
    struct galen_entry read;
    galen_reader_init(&r, entry);
    demand(galen_entry_read_new(&r, &read) == GALEN_OK && galen_reader_done(&r));
    chart->now_ms += 1000;
    read.received_ms = chart->now_ms;
    if (chart->size == chart->room) {
        chart->room = chart->room * 2 + 16;
        chart->entries = realloc(chart->entries, chart->room * sizeof *chart->entries);
        demand(chart->entries);
    }
    struct chart_entry *kept = &chart->entries[chart->size++];
    memset(kept, 0, sizeof *kept);
    galen_writer_init(&kept->record);
    galen_writer_init(&kept->plain);
    galen_entry_write(&kept->record, &read);
    demand(!kept->record.failed);
    kept->verdict = galen_rules_judge(chart->rules, &read);
    demand(galen_rules_apply(chart->rules, &read, kept->verdict) == GALEN_OK);
    return kept->verdict;
}

void chart_start(struct chart *chart, struct chart_device *author, struct chart_device **others,
                 size_t other_count)
{
    struct galen_newcomer add[CHART_DEVICES_MAX] = {{&author->chain, true},
                                                    {&chart->custodian->chain, true}};
    for (size_t i = 0; i < other_count; i++)
        add[2 + i] = (struct galen_newcomer){&others[i]->chain, false};
    struct galen_epoch_random random = chart_epoch_random(chart);
    struct galen_writer entry;
    galen_writer_init(&entry);
    demand(galen_log_draft_first(&chart->practice, &author->secrets, chart->now_ms, add,
                                 2 + other_count, &random, &entry) == GALEN_OK);
    demand(chart_append(chart, galen_written(&entry)) == GALEN_OK);
    galen_writer_wipe(&entry);
    chart_read(chart, author);
}

struct galen_entry chart_entry_at(const struct chart *chart, uint64_t index)
{
    struct galen_reader r;
    struct galen_entry entry;
    demand(index < chart->size);
    galen_reader_init(&r, galen_written(&chart->entries[index].record));
    demand(galen_entry_read(&r, &entry) == GALEN_OK);
    return entry;
}

/* -- reading ------------------------------------------------------------------------------------ */

static bool sealed(const struct galen_entry *entry)
{
    return entry->header.class > GALEN_CLASS_CERTIFICATE;
}

/* What a server sends: no sealed bodies from before a device belonged here, unless it is a holder. */
static struct galen_entry sent_to(const struct chart *chart, const struct chart_device *device,
                                  uint64_t index)
{
    struct galen_entry entry = chart_entry_at(chart, index);
    const struct galen_member *member = galen_rules_member(chart->rules, &device->id);
    if (sealed(&entry) &&
        (!member || (!member->holder && entry.header.epoch < member->since_epoch))) {
        entry.body_state = GALEN_BODY_NOT_YOURS;
        entry.body = (struct galen_bytes){0};
    }
    return entry;
}

static void check_plain(struct chart *chart, struct chart_device *device,
                        const struct galen_read *read, const struct galen_writer *plain)
{
    if (read->state != GALEN_READ_OPEN) {
        demand(plain->size == 0);
        return;
    }
    const struct chart_entry *kept = &chart->entries[read->index];
    bool is_known = kept->plain.size > 0; /* not of what a home (home.h) wrote */
    demand(!is_known || galen_bytes_equal(galen_written(&kept->plain), galen_written(plain)));
    device->opened++;
}

void chart_read(struct chart *chart, struct chart_device *device)
{
    struct galen_writer plain;
    galen_writer_init(&plain);
    while (galen_log_size(device->log) < chart->size) {
        struct galen_entry entry = sent_to(chart, device, galen_log_size(device->log));
        struct galen_read read;
        galen_writer_clear(&plain);
        demand(galen_log_add(device->log, &entry, &read, &plain) == GALEN_OK);
        check_plain(chart, device, &read, &plain);
    }
    galen_writer_wipe(&plain);
}

void chart_read_again(struct chart *chart, struct chart_device *device)
{
    struct galen_writer plain;
    galen_writer_init(&plain);
    chart_read(chart, device);
    for (uint64_t i = 0; i < chart->size; i++) {
        if (chart_state(device, i) != GALEN_READ_LOCKED)
            continue;
        struct galen_entry entry = sent_to(chart, device, i);
        struct galen_read read;
        galen_writer_clear(&plain);
        demand(galen_log_open_again(device->log, i, &entry, &read, &plain) == GALEN_OK);
        check_plain(chart, device, &read, &plain);
    }
    galen_writer_wipe(&plain);
}

void chart_read_all(struct chart *chart)
{
    for (size_t i = 0; i < chart->device_count; i++) {
        if (galen_rules_member(chart->rules, &chart->devices[i].id))
            chart_read(chart, &chart->devices[i]);
    }
}

void chart_use_secret(struct chart *chart, struct chart_device *link,
                      const struct chart_device *issuer, const uint8_t secret[16])
{
    const struct galen_primitives *primitives = galen_sodium_primitives();
    struct galen_id practice = galen_device_id(primitives, &chart->practice);
    struct galen_cert *cert = &link->chain.certs[link->chain.count - 1];
    galen_device_secrets_invitation(secret, &practice, &link->secrets);
    memcpy(link->keys.sign, link->secrets.sign_public, sizeof link->keys.sign);
    memcpy(link->keys.seal, link->secrets.seal_public, sizeof link->keys.seal);
    link->id = galen_device_id(primitives, &link->keys);
    cert->keys = link->keys;
    struct galen_writer w;
    galen_writer_init(&w);
    galen_cert_write_unsigned(&w, cert);
    galen_sign(&issuer->secrets, GALEN_SIGN_CERTIFICATE, galen_written(&w), cert->signature);
    galen_writer_wipe(&w);
    chart_forget(chart, link);
}

void chart_forget(struct chart *chart, struct chart_device *device)
{
    galen_log_free(device->log);
    device->log = galen_log_new(&chart->practice, &device->secrets);
    device->opened = 0;
    demand(device->log);
}

enum galen_read_state chart_state(const struct chart_device *device, uint64_t index)
{
    const struct galen_read *read = galen_log_read(device->log, index);
    demand(read);
    return (enum galen_read_state)read->state;
}

/* -- writing ------------------------------------------------------------------------------------ */

static uint64_t seal(struct chart *chart, struct chart_device *author, uint8_t class,
                     struct galen_bytes plain)
{
    struct galen_writer entry;
    uint8_t salt[GALEN_KEY_BYTES];
    chart_read(chart, author);
    chart_random(chart, salt, sizeof salt);
    galen_writer_init(&entry);
    demand(galen_log_seal(author->log, class, chart_number(chart, author), plain, salt, &entry) ==
           GALEN_OK);
    demand(chart_append(chart, galen_written(&entry)) == GALEN_OK);
    galen_writer_wipe(&entry);
    galen_write(&chart->entries[chart->size - 1].plain, plain.at, plain.size);
    return chart->size - 1;
}

uint64_t chart_say(struct chart *chart, struct chart_device *author, const char *text)
{
    struct galen_bytes plain = {(const uint8_t *)text, strlen(text)};
    return seal(chart, author, GALEN_CLASS_MESSAGE, plain);
}

uint64_t chart_operate(struct chart *chart, struct chart_device *author, struct galen_op op)
{
    struct galen_writer plain;
    galen_writer_init(&plain);
    static const uint8_t none[GALEN_OP_ID_BYTES];
    if (memcmp(op.id, none, sizeof none) == 0)
        chart_random(chart, op.id, sizeof op.id);
    if (op.base == 0)
        op.base = chart->size;
    op.clock_ms = chart->now_ms;
    demand(galen_op_check(&op) == GALEN_OK);
    galen_op_write(&plain, &op);
    uint8_t class = galen_kind_class(op.kind);
    uint64_t index =
        seal(chart, author, class != 0 ? class : GALEN_CLASS_RECORD, galen_written(&plain));
    galen_writer_wipe(&plain);
    return index;
}

uint64_t chart_write(struct chart *chart, struct chart_device *author, enum galen_kind kind,
                     const char *document, const uint8_t record[GALEN_RECORD_ID_BYTES],
                     const char *field, const char *value)
{
    const struct galen_document *in = galen_document_named(document);
    const struct galen_field *of = galen_field_named(in, field);
    struct galen_op op = {.kind = (uint16_t)kind};
    struct galen_writer encoded;
    galen_writer_init(&encoded);
    demand(galen_value_parse(&encoded, of,
                             (struct galen_bytes){(const uint8_t *)value, strlen(value)}) ==
           GALEN_OK);
    if (of->kind == GALEN_VALUE_TEXT) { /* in front of what it says */
        struct galen_splice splice = {.inserted = galen_written(&encoded)};
        struct galen_writer splices;
        galen_writer_init(&splices);
        galen_splices_write(&splices, &splice, splice.inserted.size > 0);
        galen_writer_wipe(&encoded);
        encoded = splices;
    }
    op.content.write.doc = in->id;
    memcpy(op.content.write.record, record, GALEN_RECORD_ID_BYTES);
    op.content.write.count = 1;
    op.content.write.fields[0] = (struct galen_write_field){of->number, galen_written(&encoded)};
    uint64_t index = chart_operate(chart, author, op);
    galen_writer_wipe(&encoded);
    return index;
}

void chart_change(struct chart *chart, struct chart_device *author,
                  const struct galen_epoch_change *change)
{
    struct galen_epoch_random random = chart_epoch_random(chart);
    struct galen_writer entry;
    chart_read(chart, author);
    galen_writer_init(&entry);
    demand(galen_log_draft_epoch(author->log, chart->now_ms, chart_number(chart, author), change,
                                 &random, &entry) == GALEN_OK);
    demand(chart_append(chart, galen_written(&entry)) == GALEN_OK);
    galen_writer_wipe(&entry);
    chart_read(chart, author);
}

void chart_add(struct chart *chart, struct chart_device *author, struct chart_device *newcomer,
               bool holder)
{
    struct galen_newcomer add = {&newcomer->chain, holder};
    chart_change(chart, author, &(struct galen_epoch_change){.add = &add, .add_count = 1});
}

void chart_drop(struct chart *chart, struct chart_device *author, const struct chart_device *gone)
{
    chart_change(chart, author, &(struct galen_epoch_change){.drop = &gone->id, .drop_count = 1});
}

void chart_make_holder(struct chart *chart, struct chart_device *author,
                       const struct chart_device *device)
{
    chart_change(chart, author,
                 &(struct galen_epoch_change){.make_holder = &device->id, .make_holder_count = 1});
}

void chart_renew(struct chart *chart, struct chart_device *author)
{
    chart_change(chart, author, &(struct galen_epoch_change){0});
}

void chart_redeem(struct chart *chart, struct chart_device *invitation, struct chart_device *fresh)
{
    struct galen_newcomer add = {&fresh->chain, false};
    struct galen_statement replaced =
        chart_statement(chart, GALEN_STATEMENT_REPLACED, invitation, invitation, fresh);
    chart_change(chart, invitation,
                 &(struct galen_epoch_change){.add = &add,
                                              .add_count = 1,
                                              .drop = &invitation->id,
                                              .drop_count = 1,
                                              .statements = &replaced,
                                              .statement_count = 1});
}

/* -- by hand ------------------------------------------------------------------------------------ */

struct galen_header chart_header(struct chart *chart, const struct chart_device *author,
                                 uint8_t class)
{
    const struct galen_tree *tree = galen_rules_tree(chart->rules);
    struct galen_header header = {.class = class,
                                  .chart = *galen_rules_chart(chart->rules),
                                  .epoch = galen_rules_epoch(chart->rules),
                                  .author = author->id,
                                  .number = chart_number(chart, author),
                                  .head_size = galen_tree_size(tree)};
    demand(galen_tree_root_at(tree, header.head_size, header.head_root));
    chart_random(chart, header.salt, sizeof header.salt);
    return header;
}

enum galen_err chart_append_signed(struct chart *chart, const struct chart_device *author,
                                   struct galen_header *header, struct galen_bytes body)
{
    struct galen_writer entry;
    uint8_t signature[GALEN_SIGNATURE_BYTES];
    galen_writer_init(&entry);
    header->body_size = (uint32_t)body.size;
    test_primitives.sha256(&body, 1, header->body_hash);
    galen_header_write(&entry, header);
    galen_sign(&author->secrets, GALEN_SIGN_ENTRY, galen_written(&entry), signature);
    galen_write(&entry, signature, sizeof signature);
    galen_write_vector(&entry, body);
    enum galen_err verdict = chart_append(chart, galen_written(&entry));
    galen_writer_wipe(&entry);
    return verdict;
}

void chart_draft(struct chart *chart, struct chart_device *author,
                 const struct galen_epoch_change *change, const struct galen_epoch_random *random,
                 struct galen_header *header, struct galen_epoch_body *body)
{
    struct galen_writer written;
    struct galen_reader r;
    struct galen_entry entry;
    chart_read(chart, author);
    galen_writer_init(&written);
    demand(galen_log_draft_epoch(author->log, chart->now_ms, chart_number(chart, author), change,
                                 random, &written) == GALEN_OK);
    galen_reader_init(&r, galen_written(&written));
    demand(galen_entry_read_new(&r, &entry) == GALEN_OK);
    *header = entry.header;
    demand(galen_epoch_body_read(entry.body, body) == GALEN_OK);
    galen_writer_wipe(&written);
}

enum galen_err chart_append_epoch(struct chart *chart, const struct chart_device *author,
                                  struct galen_header *header, const struct galen_epoch_body *body)
{
    struct galen_writer encoded;
    galen_writer_init(&encoded);
    galen_epoch_body_write(&encoded, body);
    enum galen_err verdict = chart_append_signed(chart, author, header, galen_written(&encoded));
    galen_writer_wipe(&encoded);
    return verdict;
}
