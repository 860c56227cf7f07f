/* One entry of a chart's log, and what an operation says. */
#include "view.h"

#include "galen/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* -- ticks ------------------------------------------------------------------------------------------ */

/* Accounts other than the author's of which a device has verified a head that covers the entry (H3). */
static size_t verified_by(const struct galen_log *log, const struct galen_read *read,
                          struct galen_id *out, size_t room)
{
    size_t count = 0;
    const struct galen_rules *rules = galen_log_rules(log);
    for (size_t i = 0; i < galen_rules_member_count(rules); i++) {
        const struct galen_member *m = galen_rules_member_at(rules, i);
        const struct galen_head *head = galen_log_head_of(log, &m->device);
        bool counts =
            head && head->size > read->index && !galen_id_equal(&m->account, &read->account);
        for (size_t k = 0; k < count && counts; k++)
            counts = !galen_id_equal(&out[k], &m->account);
        if (counts && count < room)
            out[count++] = m->account;
    }
    return count;
}

/* -- what an entry says ----------------------------------------------------------------------------- */

void splices_text(struct galen_bytes value, struct galen_writer *out)
{
    struct galen_splices splices;
    char place[32];
    enum galen_err err = galen_splices_read(value, &splices);
    out->failed = out->failed || err == GALEN_ERR_MEMORY;
    if (err != GALEN_OK)
        return;
    bool plain = splices.count == 1 && splices.at[0].at == 0 && splices.at[0].deleted == 0;
    for (size_t i = 0; i < splices.count; i++) {
        const struct galen_splice *one = &splices.at[i];
        int size = snprintf(place, sizeof place, "%s@%u -%u +", i > 0 ? "\n" : "",
                            (unsigned)one->at, (unsigned)one->deleted);
        if (!plain)
            galen_write(out, place, (size_t)size);
        galen_write(out, one->inserted.at, one->inserted.size);
    }
    galen_splices_free(&splices);
}

/* What waits to be sent says what the text will say here; what is in the log, how it changed it. */
static void add_field_text(const struct waiting_in *in, const struct galen_write *write, size_t i,
                           struct galen_writer *out)
{
    const struct galen_document *document = galen_document(write->doc);
    const struct galen_write_field *given = &write->fields[i];
    const struct galen_field *field = document ? galen_field(document, given->field) : NULL;
    if (!field || field->kind != GALEN_VALUE_TEXT)
        value_text(document, given->field, given->value, out);
    else if (!in ||
             galen_engine_text(in->engine, in->chart, write, i, in->suggested, out) != GALEN_OK)
        splices_text(given->value, out);
}

static void add_fields(cJSON *object, const struct galen_write *write, const struct waiting_in *in)
{
    const struct galen_document *document = galen_document(write->doc);
    cJSON *fields = cJSON_CreateObject();
    if (document)
        cJSON_AddStringToObject(object, "doc", document->name);
    else
        json_number(object, "doc", write->doc);
    json_hex(object, "record", write->record, sizeof write->record);
    for (size_t i = 0; i < write->count; i++) {
        char room[8];
        struct galen_writer text;
        galen_writer_init(&text);
        add_field_text(in, write, i, &text);
        json_written(fields, field_name(document, write->fields[i].field, room), &text);
        galen_writer_wipe(&text);
    }
    json_put(object, "fields", fields);
}

void operation_json(cJSON *object, const struct galen_op *op, const struct waiting_in *in)
{
    const char *kind = galen_kind_name(op->kind);
    cJSON_AddStringToObject(object, "kind", kind ? kind : "unknown");
    json_hex(object, "token", op->id, sizeof op->id);
    json_number(object, "base", op->base);
    json_time(object, "clock", op->clock_ms);
    switch ((enum galen_kind)op->kind) {
    case GALEN_KIND_MESSAGE:
        json_text(object, "text", op->content.message);
        break;
    case GALEN_KIND_WRITE:
    case GALEN_KIND_PROPOSE:
        add_fields(object, &op->content.write, in);
        break;
    case GALEN_KIND_ANSWER:
        json_number(object, "proposal", op->content.answer.proposal);
        cJSON_AddBoolToObject(object, "accepted", op->content.answer.accepted);
        break;
    case GALEN_KIND_IDENTITY:
        json_id(object, "subject", &op->content.identity.account);
        json_id(object, "visit", &op->content.identity.visit);
        json_text(object, "text", op->content.identity.check);
        break;
    case GALEN_KIND_VISIT:
        json_id(object, "visit", &op->content.visit.visit);
        cJSON_AddStringToObject(object, "visit_event",
                                op->content.visit.event == GALEN_VISIT_OPENED ? "opened" : "ended");
        json_text(object, "text", op->content.visit.text);
        break;
    case GALEN_KIND_SIGN:
        cJSON_AddStringToObject(object, "meaning", meaning_name(op->content.sign.meaning));
        json_number(object, "schema", op->content.sign.schema);
        json_hex(object, "hash", op->content.sign.hash, sizeof op->content.sign.hash);
        json_hex(object, "visit_record", op->content.sign.visit, sizeof op->content.sign.visit);
        cJSON_AddBoolToObject(object, "asserted", op->content.sign.assertion.size == 0);
        break;
    }
}

static void add_words(const struct galen_document *document, const struct galen_write_field *given,
                      struct galen_writer *out)
{
    struct galen_splices splices;
    const struct galen_field *field = document ? galen_field(document, given->field) : NULL;
    if (!field || field->kind != GALEN_VALUE_TEXT) {
        value_text(document, given->field, given->value, out);
        return;
    }
    enum galen_err err = galen_splices_read(given->value, &splices);
    out->failed = out->failed || err == GALEN_ERR_MEMORY;
    for (size_t i = 0; err == GALEN_OK && i < splices.count; i++) {
        if (i > 0)
            galen_write(out, " … ", strlen(" … "));
        galen_write(out, splices.at[i].inserted.at, splices.at[i].inserted.size);
    }
    if (err == GALEN_OK)
        galen_splices_free(&splices);
}

void failed_words(const struct galen_event *e, struct galen_writer *out)
{
    struct galen_op op;
    if (e->text.size == 0 || galen_op_read(e->text, (uint8_t)e->number, &op) != GALEN_OK)
        return;
    if (op.kind == GALEN_KIND_MESSAGE)
        galen_write(out, op.content.message.at, op.content.message.size);
    if (op.kind != GALEN_KIND_WRITE && op.kind != GALEN_KIND_PROPOSE)
        return;
    const struct galen_document *document = galen_document(op.content.write.doc);
    for (size_t i = 0; i < op.content.write.count; i++) {
        char room[8];
        const char *name = field_name(document, op.content.write.fields[i].field, room);
        if (i > 0)
            galen_write(out, "\n", 1);
        galen_write(out, name, strlen(name));
        galen_write(out, ": ", 2);
        add_words(document, &op.content.write.fields[i], out);
    }
}

/* Who belongs to the chart from here on, and who is new. */
static void add_members(cJSON *object, const struct galen_entry *entry)
{
    struct galen_epoch_body *body = malloc(sizeof *body);
    if (body && galen_epoch_body_read(entry->body, body) == GALEN_OK) {
        cJSON *added = cJSON_CreateArray();
        json_number(object, "members", body->member_count);
        for (size_t i = 0; i < body->chain_count; i++) {
            const struct galen_chain *chain = &body->chains[i];
            if (chain->count == 0)
                continue;
            const struct galen_cert *cert = &chain->certs[chain->count - 1];
            cJSON *one = cJSON_CreateObject();
            json_id(one, "account", &cert->account);
            cJSON_AddStringToObject(one, "role", galen_role_name(cert->role));
            cJSON_AddStringToObject(one, "purpose", purpose_name(cert->purpose));
            json_append(added, one);
        }
        json_put(object, "added", added);
    }
    free(body);
}

/* A sign-off that counts is a version. */
static void add_version(cJSON *object, const struct galen_docs *docs, uint64_t index)
{
    for (size_t i = galen_docs_version_count(docs); i > 0; i--) {
        struct galen_version version = galen_docs_version_at(docs, i - 1);
        if (version.index < index)
            return;
        if (version.index == index)
            json_number(object, "version", version.number);
    }
}

/* The entry that this one takes back, or makes stand again. */
static void add_undone(cJSON *object, const struct galen_docs *docs, uint64_t index)
{
    bool again = false;
    uint64_t undone = galen_docs_undone(docs, index, &again);
    if (undone != GALEN_NO_ENTRY)
        json_number(object, again ? "redoes" : "undoes", undone);
}

static void add_content(const struct galen_engine *engine, cJSON *object,
                        const struct galen_id *chart, const struct galen_read *read)
{
    struct galen_bytes record, plain;
    struct galen_reader r;
    struct galen_entry entry;
    struct galen_op op;
    struct galen_docs_item item;
    if (!galen_engine_entry(engine, chart, read->index, &record, &plain))
        return;
    galen_reader_init(&r, record);
    if (read->class == GALEN_CLASS_EPOCH && galen_entry_read(&r, &entry) == GALEN_OK)
        add_members(object, &entry);
    if (read->state != GALEN_READ_OPEN)
        return;
    enum galen_err err = galen_op_read(plain, read->class, &op);
    if (err == GALEN_OK || err == GALEN_ERR_UNKNOWN_KIND)
        operation_json(object, &op, NULL);
    if (err == GALEN_OK && galen_docs_item(galen_engine_docs(engine, chart), read->index, &item)) {
        err = item.verdict.err;
        add_version(object, galen_engine_docs(engine, chart), read->index);
        add_undone(object, galen_engine_docs(engine, chart), read->index);
    }
    if (err == GALEN_OK)
        return;
    /* Signed and opened, but against the rules of the documents. */
    cJSON_AddStringToObject(object, "why", galen_err_name(err));
}

cJSON *entry_json(const struct galen_engine *engine, const struct galen_id *chart, uint64_t index)
{
    char name[NAME_TEXT_MAX];
    const struct galen_log *log = galen_engine_log(engine, chart);
    const struct galen_read *found = log ? galen_log_read(log, index) : NULL;
    if (!found)
        return NULL;
    struct galen_read read = *found;
    struct galen_id verified[GALEN_MEMBERS_MAX];
    cJSON *object = cJSON_CreateObject(), *accounts = cJSON_CreateArray();
    json_id(object, "chart", chart);
    json_number(object, "index", index);
    json_time(object, "time", read.received_ms);
    json_id(object, "device", &read.author);
    json_id(object, "account", &read.account);
    name_of(engine, chart, &read.account, name);
    cJSON_AddStringToObject(object, "name", name);
    if (read.role)
        cJSON_AddStringToObject(object, "role", galen_role_name(read.role));
    json_number(object, "number", read.number);
    json_number(object, "epoch", read.epoch);
    cJSON_AddStringToObject(object, "class", class_name(read.class));
    cJSON_AddStringToObject(object, "state", read_state_name(read.state));
    if (read.state == GALEN_READ_VOID)
        cJSON_AddStringToObject(object, "why", galen_err_name(read.why));
    add_content(engine, object, chart, &read);
    size_t count = verified_by(log, &read, verified, GALEN_MEMBERS_MAX);
    for (size_t i = 0; i < count; i++) {
        char id[HEX_ID];
        id_text(&verified[i], id);
        json_append(accounts, cJSON_CreateString(id));
    }
    json_put(object, "verified_by", accounts);
    return object;
}
