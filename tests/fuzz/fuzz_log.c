/*
 * Input: how u8, rest. A chart of a pharmacist, a custodian and a patient gets one more entry, made from
 * the input, which two of them read. Nothing may crash them, and they must always agree (E3).
 *
 *   0  rest is a record, as a hostile server may send it
 *   1  rest is the body of an epoch entry, which the pharmacist signs
 *   2  rest is a plaintext with its padding, which the pharmacist seals and signs
 *   3  rest is changes (offset u16, xor u8) to the true next record, a message
 *   4  rest is changes to an epoch body that the pharmacist drafted and signs
 */
#include "support/charts.h"
#include "support/primitives.h"

#include <stdlib.h>
#include <string.h>

static void demand(bool holds)
{
    if (!holds)
        abort();
}

static struct chart *chart;
static struct chart_device *pharmacist, *patient;
static struct galen_writer message;    /* the true next record */
static struct galen_writer epoch_body; /* a good one */

static void set_up(void)
{
    if (chart)
        return;
    chart = chart_new(1);
    pharmacist = chart_person(chart, "pharmacist", GALEN_ROLE_PHARMACIST, chart->admin);
    chart_start(chart, pharmacist, NULL, 0);
    patient = chart_person(chart, "patient", GALEN_ROLE_PATIENT, pharmacist);
    chart_add(chart, pharmacist, patient, false);

    struct galen_epoch_random random = chart_epoch_random(chart);
    struct galen_header header;
    struct galen_epoch_body *body = malloc(sizeof *body);
    demand(body);
    chart_draft(chart, pharmacist, &(struct galen_epoch_change){.new_history = true}, &random,
                &header, body);
    galen_writer_init(&epoch_body);
    galen_epoch_body_write(&epoch_body, body);
    free(body);

    uint64_t index = chart_say(chart, pharmacist, "take two a day");
    galen_writer_init(&message);
    galen_write(&message, chart->entries[index].record.at, chart->entries[index].record.size);
}

/* header ‖ signature ‖ body<V> by the pharmacist, as the third entry. */
static void sign_record(uint8_t class, struct galen_bytes body, const uint8_t *commitment,
                        struct galen_writer *record)
{
    struct galen_entry true_one = chart_entry_at(chart, 2);
    struct galen_header header = true_one.header;
    struct galen_writer signed_header;
    uint8_t signature[GALEN_SIGNATURE_BYTES];
    header.class = class;
    memset(header.commitment, 0, sizeof header.commitment);
    if (commitment)
        memcpy(header.commitment, commitment, sizeof header.commitment);
    header.body_size = (uint32_t)body.size;
    test_primitives.sha256(&body, 1, header.body_hash);
    galen_writer_init(&signed_header);
    galen_header_write(&signed_header, &header);
    galen_sign(&pharmacist->secrets, GALEN_SIGN_ENTRY, galen_written(&signed_header), signature);
    galen_write_u64(record, true_one.received_ms);
    galen_write(record, signed_header.at, signed_header.size);
    galen_write(record, signature, sizeof signature);
    galen_write_u8(record, GALEN_BODY_PRESENT);
    galen_write_vector(record, body);
    galen_writer_wipe(&signed_header);
}

/* Sealed by the table of PROTOCOL.md, with whatever stands where the padding should. */
static void seal_record(struct galen_bytes padded, struct galen_writer *record)
{
    static const uint8_t nonce[GALEN_NONCE_BYTES];
    struct galen_entry true_one = chart_entry_at(chart, 2);
    uint8_t secret[GALEN_KEY_BYTES], key[GALEN_KEY_BYTES], commitment[GALEN_HASH_BYTES];
    demand(galen_log_entry_secret(pharmacist->log, &true_one.header, secret));
    galen_expand(secret, "entry commitment", (struct galen_bytes){0}, commitment, 32);
    galen_expand(secret, "entry key", (struct galen_bytes){0}, key, 32);
    uint8_t *body = malloc(padded.size + GALEN_TAG_BYTES);
    demand(body);
    galen_aead_seal(key, nonce, (struct galen_bytes){true_one.signed_header.at, 178}, padded, body);
    sign_record(GALEN_CLASS_MESSAGE, (struct galen_bytes){body, padded.size + GALEN_TAG_BYTES},
                commitment, record);
    free(body);
}

static void change(struct galen_bytes changes, struct galen_writer *w)
{
    for (size_t i = 0; i + 3 <= changes.size; i += 3) {
        size_t offset = (size_t)(changes.at[i] << 8 | changes.at[i + 1]) % w->size;
        w->at[offset] ^= changes.at[i + 2];
    }
}

static void make_record(uint8_t how, struct galen_bytes rest, struct galen_writer *record)
{
    struct galen_writer body;
    switch (how) {
    case 0:
        galen_write(record, rest.at, rest.size);
        break;
    case 1:
        sign_record(GALEN_CLASS_EPOCH, rest, NULL, record);
        break;
    case 2:
        seal_record(rest, record);
        break;
    case 3:
        galen_write(record, message.at, message.size);
        change(rest, record);
        break;
    default:
        galen_writer_init(&body);
        galen_write(&body, epoch_body.at, epoch_body.size);
        change(rest, &body);
        sign_record(GALEN_CLASS_EPOCH, galen_written(&body), NULL, record);
        galen_writer_wipe(&body);
    }
}

struct reading {
    enum galen_err err;
    struct galen_read read;
    struct galen_writer plain;
    struct galen_log *log;
};

static void read_as(const struct chart_device *device, const struct galen_entry *entry,
                    struct reading *r)
{
    galen_writer_init(&r->plain);
    r->log = galen_log_new(&chart->practice, &device->secrets);
    demand(r->log);
    for (uint64_t i = 0; i < 2; i++) {
        struct galen_entry known = chart_entry_at(chart, i);
        demand(galen_log_add(r->log, &known, &r->read, &r->plain) == GALEN_OK);
    }
    r->err = galen_log_add(r->log, entry, &r->read, &r->plain);
    demand(r->err == GALEN_OK || r->err == GALEN_ERR_WITHHELD);
    demand(galen_log_size(r->log) == (r->err == GALEN_OK ? 3 : 2));
}

static void check(uint8_t how, const struct galen_writer *record, const struct reading *one,
                  const struct reading *other)
{
    demand(one->err == other->err);
    demand((galen_log_epoch_state(one->log) == GALEN_ERR_UNUSABLE) ==
               (galen_log_epoch_state(other->log) == GALEN_ERR_UNUSABLE) ||
           galen_log_epoch_state(one->log) == GALEN_ERR_NOT_MEMBER ||
           galen_log_epoch_state(other->log) == GALEN_ERR_NOT_MEMBER);
    if (one->err != GALEN_OK)
        return;
    demand(one->read.state == other->read.state && one->read.why == other->read.why);
    demand(galen_bytes_equal(galen_written(&one->plain), galen_written(&other->plain)));
    demand(one->plain.size == 0 || one->read.state == GALEN_READ_OPEN);
    /* Nobody but its author makes an entry that opens; the time before it is the server's. */
    if (one->read.state == GALEN_READ_OPEN && how != 2)
        demand(record->size == message.size &&
               memcmp(record->at + 8, message.at + 8, message.size - 8) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    set_up();
    if (size < 1 || size > 20000)
        return 0;
    struct galen_writer record;
    struct galen_reader r;
    struct galen_entry entry;
    uint8_t how = data[0] % 5;
    galen_writer_init(&record);
    make_record(how, (struct galen_bytes){data + 1, size - 1}, &record);
    galen_reader_init(&r, galen_written(&record));
    if (galen_entry_read(&r, &entry) == GALEN_OK && galen_reader_done(&r)) {
        struct reading one, other;
        read_as(chart->custodian, &entry, &one);
        read_as(patient, &entry, &other);
        check(how, &record, &one, &other);
        galen_log_free(one.log);
        galen_log_free(other.log);
        galen_writer_wipe(&one.plain);
        galen_writer_wipe(&other.plain);
    }
    galen_writer_wipe(&record);
    return 0;
}
