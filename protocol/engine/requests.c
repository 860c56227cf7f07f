/* What a person asks for: each becomes one or more requests in the outbox. */
#include "state.h"

#include "galen/mutation.h"

#include <string.h>

struct chart *chart_to_write(const struct galen_engine *engine, const struct galen_id *id,
                             enum galen_err *err)
{
    struct chart *chart = chart_find(engine, id);
    *err = GALEN_ERR_CHART;
    if (chart)
        *err = chart_is_strangers(engine, chart) ? GALEN_ERR_NOT_MEMBER : may_write(chart);
    return *err == GALEN_OK ? chart : NULL;
}

static bool is_staff(const struct galen_engine *engine)
{
    return galen_role_is_staff(engine->me.role);
}

/* A request is one change on the disk, however many items it has; then it goes out. */
static enum galen_err settle(struct galen_engine *engine, uint64_t now_ms, struct chart *chart,
                             enum galen_err err)
{
    if (err == GALEN_OK) {
        commit(engine);
        outbox_pump(engine, now_ms, chart);
        drafts_review(engine, now_ms);
    }
    return err;
}

enum galen_err write_name(struct galen_engine *engine, uint64_t now_ms, struct chart *chart,
                          const struct galen_id *whose, struct galen_bytes name)
{
    const struct galen_field *field =
        galen_field(galen_document(GALEN_DOC_PEOPLE), GALEN_PEOPLE_NAME);
    struct galen_value value = {.kind = GALEN_VALUE_LINE, .as.text = name};
    struct galen_writer encoded;
    galen_writer_init(&encoded);
    enum galen_err err = galen_value_write(&encoded, field, &value);
    if (err == GALEN_OK) {
        struct galen_op op = {.kind = GALEN_KIND_WRITE};
        op.content.write.doc = GALEN_DOC_PEOPLE;
        memcpy(op.content.write.record, whose->bytes, sizeof op.content.write.record);
        op.content.write.count = 1;
        op.content.write.fields[0] =
            (struct galen_write_field){GALEN_PEOPLE_NAME, galen_written(&encoded)};
        err = outbox_operation(engine, now_ms, chart, &op, true, NULL);
    }
    galen_writer_wipe(&encoded);
    return err;
}

/* What the practice's chart says of a colleague, which patients do not see, is written into theirs as
 * well, field by field, unless something stands there already. */
static enum galen_err write_colleague(struct galen_engine *engine, uint64_t now_ms,
                                      struct chart *chart, const struct galen_id *account)
{
    static const uint16_t fields[] = {GALEN_PEOPLE_NAME, GALEN_PEOPLE_PHONE, GALEN_PEOPLE_HOURS};
    const struct chart *practice = chart_find(engine, &engine->me.practice_chart);
    if (!practice || practice == chart)
        return GALEN_OK;
    const struct galen_record *known =
        galen_docs_record(practice->docs, GALEN_DOC_PEOPLE, account->bytes);
    const struct galen_record *here =
        galen_docs_record(chart->docs, GALEN_DOC_PEOPLE, account->bytes);
    struct galen_op op = {.kind = GALEN_KIND_WRITE};
    struct galen_write *write = &op.content.write;
    write->doc = GALEN_DOC_PEOPLE;
    memcpy(write->record, account->bytes, sizeof write->record);
    for (size_t i = 0; known && i < sizeof fields / sizeof *fields; i++) {
        struct galen_bytes value = {0};
        if (galen_record_value_count(known, fields[i]) > 0)
            value = galen_record_value(known, fields[i], 0).value;
        if (value.size > 0 && (!here || galen_record_value_count(here, fields[i]) == 0))
            write->fields[write->count++] = (struct galen_write_field){fields[i], value};
    }
    return write->count == 0 ? GALEN_OK : outbox_operation(engine, now_ms, chart, &op, true, NULL);
}

/* -- charts and members ----------------------------------------------------------------------------- */

/* Whom a new chart begins with: all devices of our own account, and the custodian. */
static enum galen_err first_members(const struct galen_engine *engine, struct galen_chain *chains,
                                    struct galen_newcomer *add, size_t *count)
{
    const struct chart *practice = chart_find(engine, &engine->me.practice_chart);
    if (!practice || galen_log_size(practice->log) == 0)
        return GALEN_ERR_OFFLINE; /* not read yet */
    const struct galen_rules *rules = galen_log_rules(practice->log);
    for (size_t i = 0; i < galen_rules_member_count(rules); i++) {
        const struct galen_member *m = galen_rules_member_at(rules, i);
        bool own = galen_id_equal(&m->account, &engine->me.account) &&
                   (m->purpose == GALEN_PURPOSE_DEVICE || m->purpose == GALEN_PURPOSE_SHEET);
        if ((!own && m->role != GALEN_ROLE_CUSTODIAN) || *count > GALEN_ACCOUNT_DEVICES_MAX)
            continue;
        enum galen_err err = members_chain(engine, &m->device, &chains[*count]);
        if (err != GALEN_OK)
            return err;
        add[*count] = (struct galen_newcomer){&chains[*count], true};
        (*count)++;
    }
    return *count >= 2 ? GALEN_OK : GALEN_ERR_CUSTODIAN;
}

enum galen_err galen_engine_chart_new(struct galen_engine *engine, uint64_t now_ms,
                                      struct galen_bytes name, struct galen_id *id,
                                      galen_token token)
{
    struct galen_chain chains[GALEN_ACCOUNT_DEVICES_MAX + 1];
    struct galen_newcomer add[GALEN_ACCOUNT_DEVICES_MAX + 1];
    size_t count = 0;
    if (!is_staff(engine))
        return GALEN_ERR_ROLE;
    if (name.size > 0 && !galen_line_ok(name))
        return GALEN_ERR_VALUE;
    enum galen_err err = first_members(engine, chains, add, &count);
    if (err != GALEN_OK)
        return err;
    struct item item = item_new(engine, NULL, ITEM_FIRST);
    err = members_draft_first(engine, now_ms, add, count, &item, id);
    if (err == GALEN_OK && !charts_make_room(engine, id))
        err = GALEN_ERR_LIMIT;
    struct chart *chart = err == GALEN_OK ? chart_get(engine, id) : NULL;
    if (!chart) {
        item_wipe(&item);
        return err == GALEN_OK ? GALEN_ERR_MEMORY : err;
    }
    memcpy(token, item.token, sizeof item.token);
    err = outbox_add(engine, chart, &item);
    if (err == GALEN_OK && name.size > 0)
        err = write_name(engine, now_ms, chart, id, name);
    if (err == GALEN_OK)
        err = write_colleague(engine, now_ms, chart, &engine->me.account);
    return settle(engine, now_ms, chart, err);
}

/* A certificate by this device for the device that comes from `secret`. */
static void certify_link(struct galen_engine *engine, uint64_t now_ms, uint64_t not_after_ms,
                         uint64_t issues_ms, const uint8_t secret[GALEN_INVITATION_SECRET_BYTES],
                         struct galen_cert *cert)
{
    struct galen_device_secrets link;
    galen_device_secrets_invitation(secret, &engine->me.practice, &link);
    cert->not_before_ms = server_time(engine, now_ms);
    cert->not_after_ms = not_after_ms;
    cert->issues_until_ms =
        issues_ms == 0 ? not_after_ms : earlier(cert->not_before_ms + issues_ms, not_after_ms);
    public_keys(&link, &cert->keys);
    cert->issuer = engine->me.device;
    if (cert->purpose == GALEN_PURPOSE_INVITATION)
        cert->account = device_of(engine, &link);
    certify(engine, &engine->me.secrets, cert);
    galen_device_secrets_wipe(&link);
}

/* How long what we certify may be valid: staff never longer than we are. */
static uint64_t span_end(const struct galen_engine *engine, uint64_t now_ms,
                         const struct galen_member *me, enum galen_role role)
{
    uint64_t now = server_time(engine, now_ms);
    if (galen_role_is_staff(role))
        return earlier(me->not_after_ms, now + GALEN_STAFF_SPAN_MS);
    return now + GALEN_PERSON_SPAN_MS;
}

static enum galen_err invited_where(const struct galen_engine *engine, enum galen_role role,
                                    const struct galen_id **chart)
{
    bool colleague = role == GALEN_ROLE_PHARMACIST || role == GALEN_ROLE_TECHNICIAN;
    bool person =
        role == GALEN_ROLE_PATIENT || role == GALEN_ROLE_CAREGIVER || role == GALEN_ROLE_PRESCRIBER;
    if (colleague && engine->me.role == GALEN_ROLE_ADMINISTRATOR) {
        *chart = &engine->me.practice_chart;
        return GALEN_OK;
    }
    if (!person || !is_staff(engine))
        return GALEN_ERR_ROLE;
    if (!*chart || galen_id_equal(*chart, &engine->me.practice_chart))
        return GALEN_ERR_CHART;
    return GALEN_OK;
}

enum galen_err galen_engine_invite(struct galen_engine *engine, uint64_t now_ms,
                                   enum galen_role role, const struct galen_id *id,
                                   struct galen_bytes name, struct galen_writer *link,
                                   galen_token token)
{
    enum galen_err err = invited_where(engine, role, &id);
    struct chart *chart = err == GALEN_OK ? chart_to_write(engine, id, &err) : NULL;
    if (!chart)
        return err;
    const struct galen_member *me = chart_me(engine, chart);
    if (!me)
        return GALEN_ERR_NOT_MEMBER;
    bool colleague = galen_role_is_staff(role);
    uint8_t secret[GALEN_INVITATION_SECRET_BYTES];
    draw(engine, secret, sizeof secret);
    struct item item = item_new(engine, chart, ITEM_ADD);
    item.cert = (struct galen_cert){.role = (uint8_t)role,
                                    .purpose = GALEN_PURPOSE_INVITATION,
                                    .scope_kind = colleague ? GALEN_SCOPE_ANY : GALEN_SCOPE_CHART};
    if (!colleague)
        item.cert.scope = chart->id;
    certify_link(engine, now_ms, span_end(engine, now_ms, me, role), GALEN_INVITATION_SPAN_MS,
                 secret, &item.cert);
    write_link(engine, secret, NULL, link);
    galen_wipe(secret, sizeof secret);
    if (link->failed) /* what nobody can be given is not to be let in */
        err = GALEN_ERR_MEMORY;
    memcpy(token, item.token, sizeof item.token);
    /* The name comes before the invitation, so that whoever has the link and the server's disk does
     * not read it (I3). */
    if (err == GALEN_OK && name.size > 0)
        err = write_name(engine, now_ms, chart, &item.cert.account, name);
    if (err != GALEN_OK) {
        item_wipe(&item);
        return err;
    }
    item.place = ++engine->last_place;
    return settle(engine, now_ms, chart, outbox_add(engine, chart, &item));
}

enum galen_err galen_engine_invite_guest(struct galen_engine *engine, uint64_t now_ms,
                                         const struct galen_id *id, struct galen_writer *link)
{
    enum galen_err err;
    const struct chart *chart = chart_to_write(engine, id, &err);
    struct galen_id visit = galen_engine_visit(engine, id);
    if (!chart)
        return err;
    if (!is_staff(engine))
        return GALEN_ERR_ROLE;
    if (!chart_me(engine, chart))
        return GALEN_ERR_NOT_MEMBER;
    if (galen_id_is_none(&visit))
        return GALEN_ERR_NO_VISIT;
    uint8_t secret[GALEN_INVITATION_SECRET_BYTES];
    draw(engine, secret, sizeof secret);
    struct galen_cert cert = {.role = GALEN_ROLE_INTERPRETER,
                              .purpose = GALEN_PURPOSE_INVITATION,
                              .scope_kind = GALEN_SCOPE_VISIT,
                              .scope = visit};
    certify_link(engine, now_ms, server_time(engine, now_ms) + GALEN_DAY_MS, 0, secret, &cert);
    write_link(engine, secret, &cert, link);
    galen_wipe(secret, sizeof secret);
    return link->failed ? GALEN_ERR_MEMORY : GALEN_OK;
}

/* Queues the same request, with one token, for every chart this device belongs to. */
static enum galen_err queue_everywhere(struct galen_engine *engine, uint64_t now_ms,
                                       const struct item *model, galen_token token)
{
    enum galen_err err = GALEN_ERR_CHART;
    for (size_t i = 0; i < engine->chart_count; i++) {
        struct chart *chart = engine->charts[i];
        if (!chart_me(engine, chart) || may_write(chart) != GALEN_OK)
            continue;
        struct item item = *model;
        item.place = ++engine->last_place;
        item.composed_epoch = galen_rules_epoch(galen_log_rules(chart->log));
        err = outbox_add(engine, chart, &item);
        if (err != GALEN_OK)
            return err;
    }
    commit(engine);
    memcpy(token, model->token, sizeof model->token);
    for (size_t i = 0; i < engine->chart_count; i++)
        outbox_pump(engine, now_ms, engine->charts[i]);
    return err;
}

enum galen_err galen_engine_further_device(struct galen_engine *engine, uint64_t now_ms,
                                           enum galen_purpose purpose, struct galen_writer *link,
                                           galen_token token)
{
    if (purpose != GALEN_PURPOSE_CODE && purpose != GALEN_PURPOSE_SHEET)
        return GALEN_ERR_VALUE;
    const struct galen_member *me = NULL;
    for (size_t i = 0; i < engine->chart_count && !me; i++)
        me = chart_me(engine, engine->charts[i]);
    if (!me)
        return GALEN_ERR_NOT_MEMBER;
    uint8_t secret[GALEN_INVITATION_SECRET_BYTES];
    draw(engine, secret, sizeof secret);
    struct item item = item_new(engine, NULL, ITEM_ADD);
    item.cert = (struct galen_cert){.role = me->role,
                                    .purpose = (uint8_t)purpose,
                                    .scope_kind = me->scope_kind,
                                    .scope = me->scope,
                                    .account = me->account};
    certify_link(engine, now_ms, span_end(engine, now_ms, me, me->role),
                 purpose == GALEN_PURPOSE_CODE ? GALEN_CODE_SPAN_MS : 0, secret, &item.cert);
    write_link(engine, secret, NULL, link);
    galen_wipe(secret, sizeof secret);
    if (link->failed)
        return GALEN_ERR_MEMORY;
    return queue_everywhere(engine, now_ms, &item, token);
}

enum galen_err galen_engine_remove_device(struct galen_engine *engine, uint64_t now_ms,
                                          const struct galen_id *device, galen_token token)
{
    bool own = false;
    for (size_t i = 0; i < engine->chart_count && !own; i++) {
        const struct galen_member *m =
            galen_rules_member(galen_log_rules(engine->charts[i]->log), device);
        own = m && galen_id_equal(&m->account, &engine->me.account);
    }
    if (!own)
        return GALEN_ERR_NOT_MEMBER;
    struct item item = item_new(engine, NULL, ITEM_DROP_DEVICE);
    item.subject = *device;
    return queue_everywhere(engine, now_ms, &item, token);
}

/* One request about members of one chart. */
static enum galen_err request(struct galen_engine *engine, uint64_t now_ms,
                              const struct galen_id *id, uint8_t kind,
                              const struct galen_id *subject, galen_token token)
{
    enum galen_err err;
    struct chart *chart = chart_to_write(engine, id, &err);
    if (!chart)
        return err;
    struct item item = item_new(engine, chart, kind);
    if (subject)
        item.subject = *subject;
    memcpy(token, item.token, sizeof item.token);
    return settle(engine, now_ms, chart, outbox_add(engine, chart, &item));
}

enum galen_err galen_engine_add_member(struct galen_engine *engine, uint64_t now_ms,
                                       const struct galen_id *chart, const struct galen_id *account,
                                       galen_token token)
{
    enum galen_err err;
    if (!is_staff(engine))
        return GALEN_ERR_ROLE;
    struct chart *to = chart_to_write(engine, chart, &err);
    if (to)
        err = write_colleague(engine, now_ms, to, account);
    return err == GALEN_OK ? request(engine, now_ms, chart, ITEM_ADD_ACCOUNT, account, token) : err;
}

/* Whether an earlier request that still waits makes this account a member. */
static bool is_coming(const struct chart *chart, const struct galen_id *account)
{
    bool coming = false;
    for (size_t i = 0; i < chart->item_count; i++) {
        const struct item *item = &chart->items[i];
        coming = coming ||
                 (item->kind == ITEM_ADD && galen_id_equal(&item->cert.account, account)) ||
                 (item->kind == ITEM_ADD_ACCOUNT && galen_id_equal(&item->subject, account));
    }
    return coming;
}

/* Of somebody whom this home has not read of yet nothing could be dropped, and that would be said to be
 * done. */
enum galen_err galen_engine_remove_member(struct galen_engine *engine, uint64_t now_ms,
                                          const struct galen_id *chart,
                                          const struct galen_id *account, galen_token token)
{
    if (!is_staff(engine) && !galen_id_equal(account, &engine->me.account))
        return GALEN_ERR_ROLE;
    const struct chart *from = chart_find(engine, chart);
    if (from && !members_has(from, account, true) && !is_coming(from, account))
        return GALEN_ERR_NOT_MEMBER;
    return request(engine, now_ms, chart, ITEM_DROP_ACCOUNT, account, token);
}

enum galen_err galen_engine_renew(struct galen_engine *engine, uint64_t now_ms,
                                  const struct galen_id *chart, galen_token token)
{
    return request(engine, now_ms, chart, ITEM_RENEW, NULL, token);
}

/* -- what stands in the record ---------------------------------------------------------------------- */

/* Blanks are no word about anything. */
static bool is_blank(struct galen_bytes text)
{
    size_t i = 0;
    while (i < text.size && (text.at[i] == ' ' || text.at[i] == '\n' || text.at[i] == '\t'))
        i++;
    return i == text.size;
}

enum galen_err galen_engine_identify(struct galen_engine *engine, uint64_t now_ms,
                                     const struct galen_id *id, const struct galen_id *account,
                                     struct galen_bytes check, galen_token token)
{
    enum galen_err err;
    struct chart *chart = chart_to_write(engine, id, &err);
    if (!chart)
        return err;
    if (!is_staff(engine))
        return GALEN_ERR_ROLE;
    if (!members_has(chart, account, false))
        return GALEN_ERR_NOT_MEMBER;
    if (is_blank(check))
        return GALEN_ERR_FORMAT;
    struct galen_op op = {.kind = GALEN_KIND_IDENTITY};
    op.content.identity.account = *account;
    op.content.identity.visit = galen_engine_visit(engine, id);
    op.content.identity.check = check;
    err = outbox_operation(engine, now_ms, chart, &op, true, NULL);
    if (err != GALEN_OK)
        return err;
    return request(engine, now_ms, id, ITEM_HOLDER, account, token);
}

enum galen_err galen_engine_message(struct galen_engine *engine, uint64_t now_ms,
                                    const struct galen_id *id, struct galen_bytes text,
                                    galen_token token)
{
    enum galen_err err;
    struct chart *chart = chart_to_write(engine, id, &err);
    if (!chart)
        return err;
    struct galen_op op = {.kind = GALEN_KIND_MESSAGE, .content.message = text};
    err = outbox_operation(engine, now_ms, chart, &op, false, token);
    return settle(engine, now_ms, chart, err);
}

/* A record that this device has not read yet must not be written over unseen. */
static enum galen_err may_edit(const struct chart *chart)
{
    return galen_log_is_holder(chart->log) ? GALEN_OK : GALEN_ERR_NOT_HOLDER;
}

/* Is this record's acceptance on its way? What is written behind it comes after it. */
static bool is_being_accepted(const struct chart *chart, const struct galen_write *write)
{
    const struct galen_record *record = galen_docs_record(chart->docs, write->doc, write->record);
    for (size_t i = 0; i < chart->item_count; i++) {
        const struct item *item = &chart->items[i];
        struct galen_op op;
        if (item->kind != ITEM_CONTENT ||
            galen_op_read(galen_written(&item->plain), item->class, &op) != GALEN_OK ||
            op.kind != GALEN_KIND_ANSWER || !op.content.answer.accepted)
            continue;
        const struct galen_proposal *proposal =
            galen_docs_proposal(chart->docs, op.content.answer.proposal);
        if (proposal && galen_proposal_record(proposal) == record)
            return true;
    }
    return false;
}

/* All members are told of a visit, by the id of its record: whoever spoke of it first does not keep staff from it. */
static bool is_for_staff_alone(const struct galen_write *write)
{
    const struct galen_document *document = galen_document(write->doc);
    bool alone = false;
    for (size_t i = 0; i < write->count && GALEN_CHECKED(VISIT_BEGUN); i++) {
        const struct galen_field *field = galen_field(document, write->fields[i].field);
        alone = alone || (field && field->writers == GALEN_STAFF_ALONE);
    }
    return alone;
}

bool is_unanswered(const struct galen_engine *engine, const struct chart *chart,
                   const struct galen_write *write)
{
    const struct galen_record *record = galen_docs_record(chart->docs, write->doc, write->record);
    if (!record || !galen_docs_may_answer(engine->me.role) || write->doc == GALEN_DOC_PEOPLE ||
        galen_document_single(galen_document(write->doc)) || is_for_staff_alone(write))
        return false;
    enum galen_record_state state = galen_record_state(record);
    return state == GALEN_RECORD_PROPOSED || state == GALEN_RECORD_DECLINED;
}

static bool is_one_text(const struct galen_write *write)
{
    const struct galen_field *field =
        write->count == 1 ? galen_field(galen_document(write->doc), write->fields[0].field) : NULL;
    return field && field->kind == GALEN_VALUE_TEXT;
}

enum galen_err galen_engine_write(struct galen_engine *engine, uint64_t now_ms,
                                  const struct galen_id *id, struct galen_bytes encoded,
                                  const struct galen_bytes *was, bool *proposed, galen_token token)
{
    enum galen_err err;
    struct galen_write write;
    struct galen_op direct = {.kind = GALEN_KIND_WRITE}, propose = {.kind = GALEN_KIND_PROPOSE};
    struct chart *chart = chart_to_write(engine, id, &err);
    if (!chart)
        return err;
    err = may_edit(chart);
    if (err == GALEN_OK)
        err = galen_write_decode(encoded, &write);
    if (err == GALEN_OK && was && !(is_one_text(&write) && galen_text_ok(*was)))
        err = GALEN_ERR_VALUE;
    if (err == GALEN_OK)
        err = galen_docs_split(chart->docs, engine->me.role, &write, &direct.content.write,
                               &propose.content.write);
    if (err == GALEN_OK && GALEN_CHECKED(WRITE_PROPOSED) && is_unanswered(engine, chart, &write) &&
        !is_being_accepted(chart, &write))
        err = GALEN_ERR_PROPOSED;
    if (err != GALEN_OK)
        return err;
    *proposed = propose.content.write.count > 0;
    bool both = *proposed && direct.content.write.count > 0;
    struct galen_writer written, suggested;
    galen_writer_init(&written);
    galen_writer_init(&suggested);
    err = texts_to_splices(engine, chart, &direct.content.write, was, &written);
    if (err == GALEN_OK)
        err = texts_to_splices(engine, chart, &propose.content.write, was, &suggested);
    size_t waited = chart->item_count;
    if (err == GALEN_OK && direct.content.write.count > 0)
        err = outbox_operation(engine, now_ms, chart, &direct, both, token);
    if (err == GALEN_OK && *proposed)
        err = outbox_operation(engine, now_ms, chart, &propose, false, token);
    if (err != GALEN_OK && chart->item_count > waited)
        outbox_drop_last(engine, chart); /* what is refused is not half written */
    galen_writer_wipe(&written);
    galen_writer_wipe(&suggested);
    return settle(engine, now_ms, chart, err);
}

/* Who is no staff takes back what they proposed, until it is answered. */
static bool may_withdraw(const struct galen_engine *engine, const struct galen_proposal *proposal)
{
    return galen_role_edits(engine->me.role) &&
           galen_id_equal(&galen_proposal_entry(proposal)->account, &engine->me.account) &&
           galen_proposal_answer_count(proposal) == 0;
}

enum galen_err galen_engine_answer(struct galen_engine *engine, uint64_t now_ms,
                                   const struct galen_id *id, uint64_t proposal, bool accepted,
                                   galen_token token)
{
    enum galen_err err;
    struct chart *chart = chart_to_write(engine, id, &err);
    if (!chart)
        return err;
    const struct galen_proposal *answered = galen_docs_proposal(chart->docs, proposal);
    if (!answered)
        return GALEN_ERR_VALUE;
    if (!galen_docs_may_answer(engine->me.role) && (accepted || !may_withdraw(engine, answered)))
        return GALEN_ERR_ROLE;
    struct galen_op op = {.kind = GALEN_KIND_ANSWER};
    op.content.answer.proposal = proposal;
    op.content.answer.accepted = accepted;
    err = outbox_operation(engine, now_ms, chart, &op, false, token);
    return settle(engine, now_ms, chart, err);
}

/* Only what is durable and seen by all, and only what this person had in front of them, is signed. */
static enum galen_err sign_bar(const struct galen_engine *engine, const struct chart *chart)
{
    if (!galen_docs_may_sign(engine->me.role))
        return GALEN_ERR_ROLE;
    enum galen_err err = may_edit(chart);
    if (err == GALEN_OK && !line_ready(engine, GALEN_CONNECTION_LOG))
        err = GALEN_ERR_OFFLINE;
    else if (err == GALEN_OK && chart->item_count > 0)
        err = GALEN_ERR_UNSENT;
    else if (err == GALEN_OK && !chart->current)
        err = GALEN_ERR_BEHIND;
    else if (err == GALEN_OK && chart->withheld != GALEN_NO_ENTRY)
        err = GALEN_ERR_WITHHELD;
    return err == GALEN_OK ? galen_docs_sign_bar(chart->docs) : err;
}

enum galen_err galen_engine_sign_bar(const struct galen_engine *engine, const struct galen_id *id)
{
    enum galen_err err;
    const struct chart *chart = chart_to_write(engine, id, &err);
    return chart ? sign_bar(engine, chart) : err;
}

enum galen_err galen_engine_sign(struct galen_engine *engine, uint64_t now_ms,
                                 const struct galen_id *id, uint64_t seen, const uint8_t *visit,
                                 uint8_t meaning, galen_token token)
{
    enum galen_err err;
    struct chart *chart = chart_to_write(engine, id, &err);
    if (!chart)
        return err;
    err = sign_bar(engine, chart);
    if (err != GALEN_OK)
        return err;
    if (seen > galen_log_size(chart->log) || meaning < GALEN_SIGN_WITH_PATIENT ||
        meaning > GALEN_SIGN_DISCHARGE ||
        (visit && !galen_docs_record(chart->docs, GALEN_DOC_VISIT, visit)))
        return GALEN_ERR_VALUE;
    if (GALEN_CHECKED(SIGN_SEEN) &&
        galen_docs_changed_since(chart->docs, seen, galen_log_self(chart->log)) != GALEN_NO_ENTRY)
        return GALEN_ERR_CHANGED;
    if (GALEN_CHECKED(SIGN_LINES) &&
        galen_docs_undecided(chart->docs, galen_docs_reconciled_in(chart->docs, visit, meaning)) >
            0)
        return GALEN_ERR_UNDECIDED;
    struct galen_op op = {.kind = GALEN_KIND_SIGN};
    op.content.sign.meaning = meaning;
    op.content.sign.schema = GALEN_SCHEMA_VERSION;
    if (visit)
        memcpy(op.content.sign.visit, visit, sizeof op.content.sign.visit);
    if (!galen_docs_hash(chart->docs, op.content.sign.hash))
        return GALEN_ERR_MEMORY;
    err = outbox_operation(engine, now_ms, chart, &op, false, token);
    return settle(engine, now_ms, chart, err);
}

enum galen_err galen_engine_release(struct galen_engine *engine, uint64_t now_ms,
                                    const galen_token token, bool send)
{
    for (size_t c = 0; c < engine->chart_count; c++) {
        struct chart *chart = engine->charts[c];
        for (size_t i = 0; i < chart->item_count; i++) {
            struct item *item = &chart->items[i];
            if (!item->held || memcmp(item->token, token, sizeof item->token) != 0)
                continue;
            item->held = false;
            item->released = true;
            if (send) {
                save_item(engine, chart, item);
                commit(engine);
            } else {
                outbox_finish(engine, chart, item, GALEN_ERR_PERSON_JOINED, GALEN_NO_ENTRY);
            }
            outbox_pump(engine, now_ms, chart);
            return GALEN_OK;
        }
    }
    return GALEN_ERR_VALUE;
}

size_t galen_engine_waiting(const struct galen_engine *engine, const struct galen_id *chart)
{
    size_t count = 0;
    for (size_t c = 0; c < engine->chart_count; c++)
        if (!chart || galen_id_equal(chart, &engine->charts[c]->id))
            count += engine->charts[c]->item_count;
    return count;
}

bool galen_engine_waiting_at(const struct galen_engine *engine, const struct galen_id *id, size_t i,
                             struct galen_waiting *waiting)
{
    const struct chart *chart = chart_find(engine, id);
    if (!chart || i >= chart->item_count)
        return false;
    const struct item *item = &chart->items[i];
    bool content = item->kind == ITEM_CONTENT;
    struct galen_op op;
    *waiting = (struct galen_waiting){.chart = chart->id,
                                      .token = item->token,
                                      .held = item->held,
                                      .class = content ? item->class : GALEN_CLASS_EPOCH,
                                      .plain = galen_written(&item->plain)};
    if (content && galen_op_read(waiting->plain, item->class, &op) == GALEN_OK)
        waiting->composed_ms = op.clock_ms;
    return true;
}
