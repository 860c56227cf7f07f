/*
 * The input is a log: for each entry who wrote it (u8), its class (u8) and its plaintext (a vector).
 * All of it is read, written again, applied, and looked at in every way that readers have.
 */
#include "galen/doc.h"
#include "galen/undo.h"

#include <stdlib.h>
#include <string.h>

static void check(bool ok)
{
    if (!ok)
        abort();
}

/* What a field takes, it gives back: as a value, and as plain text. */
static void check_value(const struct galen_field *field, struct galen_bytes in)
{
    struct galen_value value;
    struct galen_writer text, encoded;
    galen_writer_init(&text);
    galen_writer_init(&encoded);
    if (galen_value_read(field, in, &value) == GALEN_OK) {
        check(galen_value_write(&encoded, field, &value) == GALEN_OK);
        check(galen_bytes_equal(galen_written(&encoded), in));
        galen_writer_clear(&encoded);
        check(galen_value_print(&text, field, in) == GALEN_OK);
        check(galen_value_parse(&encoded, field, galen_written(&text)) == GALEN_OK);
        check(galen_bytes_equal(galen_written(&encoded), in));
    }
    galen_writer_clear(&encoded);
    if (galen_value_parse(&encoded, field, in) == GALEN_OK)
        check(galen_value_check(field, galen_written(&encoded)) == GALEN_OK);
    else
        check(encoded.size == 0);
    galen_writer_wipe(&text);
    galen_writer_wipe(&encoded);
}

static void check_write(const struct galen_write *write)
{
    const struct galen_document *document = galen_document(write->doc);
    for (size_t i = 0; document != NULL && i < write->count; i++) {
        const struct galen_field *field = galen_field(document, write->fields[i].field);
        if (field != NULL)
            check_value(field, write->fields[i].value);
    }
}

static void check_op(const struct galen_op *op, struct galen_bytes plain)
{
    struct galen_writer w;
    galen_writer_init(&w);
    galen_op_write(&w, op);
    check(galen_bytes_equal(galen_written(&w), plain));
    galen_writer_wipe(&w);
    if (op->kind == GALEN_KIND_WRITE || op->kind == GALEN_KIND_PROPOSE)
        check_write(&op->content.write);
}

/* What a field would say is a value of it. */
static void look_at_preview(const struct galen_proposal *proposal)
{
    const struct galen_document *document =
        galen_document(galen_record_doc(galen_proposal_record(proposal)));
    struct galen_writer w;
    galen_writer_init(&w);
    for (size_t i = 0; i < galen_proposal_field_count(proposal); i++) {
        galen_writer_clear(&w);
        check(galen_proposal_preview(proposal, i, &w) == GALEN_OK);
        check(galen_value_check(galen_field(document, galen_proposal_field(proposal, i).field),
                                galen_written(&w)) == GALEN_OK);
    }
    galen_writer_wipe(&w);
}

static void count_edit(void *user, size_t i, const struct galen_text_part *parts, size_t count)
{
    size_t *edits = user;
    check(i == (*edits)++ && (count == 0 || parts != NULL));
}

static size_t look_at_record(const struct galen_docs *docs, const struct galen_record *record)
{
    size_t conflicts = 0;
    const struct galen_document *document = galen_document(galen_record_doc(record));
    check(galen_docs_record(docs, document->id, galen_record_id(record)) == record);
    for (uint16_t field = 1; field <= document->field_count; field++) {
        size_t current = 0, values = galen_record_value_count(record, field);
        for (size_t i = 0; i < galen_record_history_count(record, field); i++)
            current += galen_record_history(record, field, i).current;
        if (galen_field(document, field)->kind == GALEN_VALUE_TEXT) {
            size_t edits = 0;
            check(galen_record_text_history(record, field, count_edit, &edits) == GALEN_OK);
            check(edits == galen_record_history_count(record, field));
        }
        for (size_t i = 0; i < values; i++) {
            struct galen_said said = galen_record_value(record, field, i);
            check(galen_value_check(galen_field(document, field), said.value) == GALEN_OK);
            check(said.current);
        }
        check(values <= current && (values > 0) == (current > 0));
        conflicts += values > 1;
    }
    for (size_t i = 0; i < galen_record_proposal_count(record); i++) {
        const struct galen_proposal *proposal = galen_record_proposal(record, i);
        check(galen_docs_proposal(docs, galen_proposal_index(proposal)) == proposal);
        conflicts += galen_proposal_state(proposal) == GALEN_PROPOSAL_CONTESTED;
        look_at_preview(proposal);
    }
    check(galen_record_conflict_count(record) == conflicts);
    return conflicts;
}

static void look(const struct galen_docs *docs)
{
    size_t conflicts = 0, pending = 0;
    struct galen_writer w;
    galen_writer_init(&w);
    for (size_t d = 0; d < galen_document_count; d++) {
        uint8_t doc = galen_documents[d].id;
        for (size_t i = 0; i < galen_docs_record_count(docs, doc); i++) {
            const struct galen_record *record = galen_docs_record_at(docs, doc, i);
            size_t of_record = look_at_record(docs, record);
            conflicts += galen_record_stands(record) ? of_record : 0;
            for (size_t k = 0; k < galen_record_proposal_count(record); k++)
                pending += galen_proposal_state(galen_record_proposal(record, k)) ==
                           GALEN_PROPOSAL_PENDING;
        }
        check(galen_docs_write_canonical(docs, doc, &w));
    }
    check(galen_docs_conflict_count(docs) == conflicts);
    check(galen_docs_pending_count(docs) == pending);
    galen_writer_wipe(&w);
}

/* What was signed can be made again, whatever came since. */
static void look_at_versions(const struct galen_docs *docs)
{
    for (size_t i = 0; i < galen_docs_version_count(docs); i++) {
        struct galen_version v = galen_docs_version_at(docs, i);
        uint8_t hash[GALEN_HASH_BYTES];
        check(v.number == i + 1 && v.base <= v.index && v.superseded >= v.base);
        check(galen_docs_may_sign(v.entry->role));
        struct galen_docs *then = galen_docs_as_of(docs, v.base);
        check(then != NULL && galen_docs_sign_bar(then) == GALEN_OK);
        check(galen_docs_hash(then, hash) && memcmp(hash, v.hash, sizeof hash) == 0);
        galen_docs_free(then);
    }
}

/* No input could find the hash: one that begins with a zero stands for what is there. */
static void sign(const struct galen_docs *docs, struct galen_op *op)
{
    if (op->kind != GALEN_KIND_SIGN || op->content.sign.hash[0] != 0)
        return;
    struct galen_docs *then = galen_docs_as_of(docs, op->base);
    check(then != NULL && galen_docs_hash(then, op->content.sign.hash));
    galen_docs_free(then);
}

/* What anybody would take back, or make stand again, is an operation that counts. */
static void take_back(struct galen_docs *docs, uint8_t account, enum galen_role role, bool again,
                      uint64_t size)
{
    struct galen_undo undo, passed;
    struct galen_undo_author author = {.role = role};
    author.account.bytes[0] = account;
    if (galen_docs_undo(docs, &author, again, &undo, &passed) == GALEN_OK) {
        struct galen_docs_entry entry = {.index = size,
                                         .account = author.account,
                                         .role = (uint8_t)role,
                                         .purpose = GALEN_PURPOSE_DEVICE,
                                         .head_size = size};
        struct galen_verdict verdict;
        entry.device.bytes[0] = 99;
        undo.op.base = size;
        check(galen_docs_apply(docs, &entry, &undo.op, &verdict) == GALEN_OK && verdict.counts);
    }
    galen_undo_wipe(&undo);
    galen_undo_wipe(&passed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t roles[8] = {GALEN_ROLE_PHARMACIST,  GALEN_ROLE_TECHNICIAN,
                                     GALEN_ROLE_PATIENT,     GALEN_ROLE_PATIENT,
                                     GALEN_ROLE_CAREGIVER,   GALEN_ROLE_PRESCRIBER,
                                     GALEN_ROLE_INTERPRETER, GALEN_ROLE_PHARMACIST};
    struct galen_docs *docs = galen_docs_new();
    struct galen_reader r;
    galen_reader_init(&r, (struct galen_bytes){data, size});
    uint64_t index = 0;
    for (; docs != NULL && r.left > 0; index++) {
        struct galen_docs_entry entry = {.index = index, .purpose = GALEN_PURPOSE_DEVICE};
        uint8_t who = galen_read_u8(&r) & 7, class = galen_read_u8(&r);
        struct galen_bytes plain = galen_read_vector(&r, size);
        if (r.failed)
            break;
        entry.role = roles[who];
        entry.head_size = index;
        entry.device.bytes[0] = (uint8_t)(who + 1);
        entry.account.bytes[0] = (uint8_t)(who == 3 ? 3 : who + 1); /* 2 and 3 are one person */
        struct galen_op op;
        struct galen_verdict verdict;
        enum galen_err err = galen_op_read(plain, class, &op);
        if (err != GALEN_OK && err != GALEN_ERR_UNKNOWN_KIND)
            continue;
        if (op.kind != 0)
            check_op(&op, plain);
        sign(docs, &op);
        check(galen_docs_apply(docs, &entry, &op, &verdict) == GALEN_OK);
        check(verdict.counts || verdict.err != GALEN_OK);
    }
    look(docs);
    look_at_versions(docs);
    for (uint8_t who = 0; docs != NULL && who < 8; who++) {
        take_back(docs, who == 3 ? 3 : (uint8_t)(who + 1), roles[who], false, index++);
        take_back(docs, who == 3 ? 3 : (uint8_t)(who + 1), roles[who], true, index++);
    }
    look(docs);
    galen_docs_free(docs);
    return 0;
}
