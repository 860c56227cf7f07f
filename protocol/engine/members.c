#include "state.h"

#include <stdlib.h>
#include <string.h>

void public_keys(const struct galen_device_secrets *secrets, struct galen_public_keys *keys)
{
    memcpy(keys->sign, secrets->sign_public, sizeof keys->sign);
    memcpy(keys->seal, secrets->seal_public, sizeof keys->seal);
}

struct galen_id device_of(const struct galen_engine *engine,
                          const struct galen_device_secrets *secrets)
{
    struct galen_public_keys keys;
    public_keys(secrets, &keys);
    return galen_device_id(engine->primitives, &keys);
}

void certify(struct galen_engine *engine, const struct galen_device_secrets *secrets,
             struct galen_cert *cert)
{
    struct galen_writer w;
    galen_writer_init(&w);
    galen_cert_write_unsigned(&w, cert);
    galen_sign(secrets, GALEN_SIGN_CERTIFICATE, galen_written(&w), cert->signature);
    if (w.failed)
        engine->outputs.failed = true;
    galen_writer_wipe(&w);
}

void sign_statement(struct galen_engine *engine, const struct galen_device_secrets *secrets,
                    struct galen_statement *statement)
{
    struct galen_writer w;
    galen_writer_init(&w);
    galen_statement_write_unsigned(&w, statement);
    galen_sign(secrets, GALEN_SIGN_STATEMENT, galen_written(&w), statement->signature);
    if (w.failed)
        engine->outputs.failed = true;
    galen_writer_wipe(&w);
}

void draw_epoch_random(struct galen_engine *engine, struct galen_epoch_random *random)
{
    draw(engine, random->epoch_key, sizeof random->epoch_key);
    draw(engine, random->history_secret, sizeof random->history_secret);
    draw(engine, random->salt, sizeof random->salt);
}

/* -- chains ----------------------------------------------------------------------------------------- */

static const struct galen_cert *cert_of(const struct galen_engine *engine,
                                        const struct galen_id *device)
{
    for (size_t i = engine->cert_count; i-- > 0;)
        if (galen_id_equal(&engine->certs[i].device, device))
            return &engine->certs[i].cert;
    return NULL;
}

static void remember(struct galen_engine *engine, const struct galen_cert *cert)
{
    struct galen_id device = galen_device_id(engine->primitives, &cert->keys);
    if (cert_of(engine, &device))
        return;
    if (engine->cert_count == engine->cert_room) {
        size_t room = engine->cert_room * 2 + 16;
        struct known_cert *certs = NULL;
        if (room <= SIZE_MAX / sizeof *certs)
            certs = realloc(engine->certs, room * sizeof *certs);
        if (!certs) {
            engine->outputs.failed = true;
            return;
        }
        engine->certs = certs;
        engine->cert_room = room;
    }
    engine->certs[engine->cert_count++] = (struct known_cert){device, *cert};
}

void members_learn(struct galen_engine *engine, const struct galen_entry *entry)
{
    struct galen_epoch_body *body = malloc(sizeof *body);
    if (!body) {
        engine->outputs.failed = true;
        return;
    }
    if (galen_epoch_body_read(entry->body, body) == GALEN_OK)
        for (size_t i = 0; i < body->chain_count; i++)
            for (size_t k = 0; k < body->chains[i].count; k++)
                remember(engine, &body->chains[i].certs[k]);
    free(body);
}

enum galen_err members_chain(const struct galen_engine *engine, const struct galen_id *device,
                             struct galen_chain *chain)
{
    struct galen_id at = *device;
    chain->count = 0;
    while (!galen_id_equal(&at, &engine->me.practice)) {
        const struct galen_cert *cert = cert_of(engine, &at);
        if (!cert || chain->count == GALEN_CHAIN_MAX)
            return GALEN_ERR_CERTIFICATE;
        memmove(chain->certs + 1, chain->certs, chain->count * sizeof *cert);
        chain->certs[0] = *cert;
        chain->count++;
        at = cert->issuer;
    }
    return chain->count > 0 ? GALEN_OK : GALEN_ERR_CERTIFICATE;
}

/* -- changes ---------------------------------------------------------------------------------------- */

/* A change while it is put together; its arrays are what galen_epoch_change borrows. */
struct change {
    struct galen_chain chains[GALEN_MEMBERS_MAX];
    struct galen_newcomer add[GALEN_MEMBERS_MAX];
    struct galen_id drop[GALEN_MEMBERS_MAX];
    struct galen_id holders[GALEN_MEMBERS_MAX];
    struct galen_statement statement;
    struct galen_chain signer_chain;
    struct galen_epoch_change epoch;
};

static struct galen_chain *add_newcomer(struct change *change, bool holder)
{
    if (change->epoch.add_count == GALEN_MEMBERS_MAX)
        return NULL;
    size_t i = change->epoch.add_count++;
    change->add[i] = (struct galen_newcomer){&change->chains[i], holder};
    return &change->chains[i];
}

static bool is_listed(const struct chart *chart, const struct galen_id *device)
{
    return galen_rules_member(galen_log_rules(chart->log), device) != NULL;
}

/* The colleague's devices in the practice chart that are not yet in this one. */
static enum galen_err add_account(const struct galen_engine *engine, const struct chart *chart,
                                  const struct galen_id *account, struct change *change)
{
    const struct chart *practice = chart_find(engine, &engine->me.practice_chart);
    if (!practice)
        return GALEN_ERR_CHART;
    const struct galen_rules *rules = galen_log_rules(practice->log);
    bool found = false;
    for (size_t i = 0; i < galen_rules_member_count(rules); i++) {
        const struct galen_member *m = galen_rules_member_at(rules, i);
        if (!galen_id_equal(&m->account, account) || m->purpose == GALEN_PURPOSE_INVITATION ||
            m->purpose == GALEN_PURPOSE_CODE)
            continue;
        found = true;
        if (is_listed(chart, &m->device))
            continue;
        struct galen_chain *chain = add_newcomer(change, true);
        enum galen_err err = chain ? members_chain(engine, &m->device, chain) : GALEN_ERR_MEMBERS;
        if (err != GALEN_OK)
            return err;
    }
    return found ? GALEN_OK : GALEN_ERR_NOT_MEMBER;
}

bool members_has(const struct chart *chart, const struct galen_id *account, bool as_invited)
{
    const struct galen_rules *rules = galen_log_rules(chart->log);
    for (size_t i = 0; i < galen_rules_member_count(rules); i++) {
        const struct galen_member *m = galen_rules_member_at(rules, i);
        if (galen_id_equal(&m->account, account) &&
            (as_invited || m->purpose != GALEN_PURPOSE_INVITATION))
            return true;
    }
    return false;
}

static void drop_where(const struct chart *chart, const struct galen_id *account,
                       const struct galen_id *device, struct change *change)
{
    const struct galen_rules *rules = galen_log_rules(chart->log);
    for (size_t i = 0; i < galen_rules_member_count(rules); i++) {
        const struct galen_member *m = galen_rules_member_at(rules, i);
        if ((account && galen_id_equal(&m->account, account)) ||
            (device && galen_id_equal(&m->device, device)))
            change->drop[change->epoch.drop_count++] = m->device;
    }
}

/* The proof by which anybody may drop the device (C4). */
static void enclose(const struct word *word, struct change *change)
{
    change->statement = word->statement;
    change->signer_chain = word->chain;
    change->epoch.statements = &change->statement;
    change->epoch.statement_count = 1;
    change->epoch.signer_chains = &change->signer_chain;
    change->epoch.signer_chain_count = word->chain.count > 0 ? 1 : 0;
}

/* A device of our own account that is removed is also revoked: the server lets it sign in no more. One
 * that leaves by itself is dropped and no more: its own word would say that it was copied (L6). */
static void revoke_own(struct galen_engine *engine, uint64_t now_ms, struct change *change)
{
    struct galen_statement *s = &change->statement;
    s->kind = GALEN_STATEMENT_REVOKED;
    s->at_ms = server_time(engine, now_ms);
    s->subject = change->drop[0];
    s->signer = engine->me.device;
    sign_statement(engine, &engine->me.secrets, s);
    change->epoch.statements = s;
    change->epoch.statement_count = 1;
}

static enum galen_err add_certified(struct galen_engine *engine, struct chart *chart,
                                    const struct item *item, struct change *change)
{
    struct galen_id device = galen_device_id(engine->primitives, &item->cert.keys);
    if (is_listed(chart, &device))
        return GALEN_ERR_DUPLICATE;
    /* A new sheet takes the place of the old one (I6). */
    const struct galen_rules *rules = galen_log_rules(chart->log);
    for (size_t i = 0; i < galen_rules_member_count(rules); i++) {
        const struct galen_member *m = galen_rules_member_at(rules, i);
        if (item->cert.purpose == GALEN_PURPOSE_SHEET && m->purpose == GALEN_PURPOSE_SHEET &&
            galen_id_equal(&m->account, &item->cert.account))
            change->drop[change->epoch.drop_count++] = m->device;
    }
    const struct galen_member *me = chart_me(engine, chart);
    bool own = galen_id_equal(&item->cert.account, &engine->me.account);
    bool holder = own ? me && me->holder : galen_role_is_staff(item->cert.role);
    struct galen_chain *chain = add_newcomer(change, holder);
    if (!chain)
        return GALEN_ERR_MEMBERS;
    chain->count = 1;
    chain->certs[0] = item->cert;
    return GALEN_OK;
}

static void make_holders(const struct chart *chart, const struct galen_id *account,
                         struct change *change)
{
    const struct galen_rules *rules = galen_log_rules(chart->log);
    for (size_t i = 0; i < galen_rules_member_count(rules); i++) {
        const struct galen_member *m = galen_rules_member_at(rules, i);
        if (galen_id_equal(&m->account, account) && !m->holder &&
            m->purpose != GALEN_PURPOSE_INVITATION)
            change->holders[change->epoch.make_holder_count++] = m->device;
    }
}

/* What the request comes to against the members there are now (E5). */
static enum galen_err plan(struct galen_engine *engine, uint64_t now_ms, struct chart *chart,
                           const struct item *item, struct change *change)
{
    enum galen_err err = GALEN_OK;
    bool renews = item->kind == ITEM_RENEW;
    const struct word *word;
    switch ((enum item_kind)item->kind) {
    case ITEM_ADD:
        err = add_certified(engine, chart, item, change);
        break;
    case ITEM_ADD_ACCOUNT:
        err = add_account(engine, chart, &item->subject, change);
        break;
    case ITEM_DROP_ACCOUNT:
        drop_where(chart, &item->subject, NULL, change);
        break;
    case ITEM_DROP_DEVICE:
        drop_where(chart, NULL, &item->subject, change);
        if (item->quiet && (word = words_against(engine, now_ms, chart, &item->subject)))
            enclose(word, change);
        else if (change->epoch.drop_count > 0 && !item->quiet &&
                 !galen_id_equal(&item->subject, &engine->me.device))
            revoke_own(engine, now_ms, change);
        break;
    case ITEM_HOLDER:
        err = members_has(chart, &item->subject, false) ? GALEN_OK : GALEN_ERR_NOT_MEMBER;
        make_holders(chart, &item->subject, change);
        break;
    case ITEM_RENEW:
        /* Our own care is not needed any more when somebody else was faster. */
        if (item->quiet && galen_log_epoch_state(chart->log) == GALEN_OK &&
            !galen_log_history_needs_care(chart->log))
            return GALEN_ERR_DUPLICATE;
        break;
    case ITEM_CONTENT:
    case ITEM_FIRST:
    case ITEM_REDEEM:
        err = GALEN_ERR_STATE;
        break;
    }
    change->epoch.add = change->add;
    change->epoch.drop = change->drop;
    change->epoch.make_holder = change->holders;
    if (err == GALEN_OK && !renews && change->epoch.add_count == 0 &&
        change->epoch.drop_count == 0 && change->epoch.make_holder_count == 0)
        err = GALEN_ERR_DUPLICATE;
    return err;
}

enum galen_err members_draft(struct galen_engine *engine, uint64_t now_ms, struct chart *chart,
                             struct item *item, uint32_t number)
{
    struct change *change = calloc(1, sizeof *change);
    if (!change)
        return GALEN_ERR_MEMORY;
    enum galen_err err = plan(engine, now_ms, chart, item, change);
    if (err == GALEN_OK) {
        struct galen_epoch_random random;
        draw_epoch_random(engine, &random);
        err = galen_log_draft_epoch(chart->log, server_time(engine, now_ms), number, &change->epoch,
                                    &random, &item->bytes);
        galen_wipe(&random, sizeof random);
    }
    free(change);
    return err;
}

enum galen_err members_draft_first(struct galen_engine *engine, uint64_t now_ms,
                                   const struct galen_newcomer *add, size_t count,
                                   struct item *item, struct galen_id *chart)
{
    struct galen_epoch_random random;
    draw_epoch_random(engine, &random);
    enum galen_err err =
        galen_log_draft_first(&engine->me.practice_keys, &engine->me.secrets,
                              server_time(engine, now_ms), add, count, &random, &item->bytes);
    galen_wipe(&random, sizeof random);
    if (err != GALEN_OK)
        return err;
    item->number = 1;
    *chart = galen_chart_id(engine->primitives,
                            (struct galen_bytes){item->bytes.at, GALEN_SIGNED_HEADER_BYTES});
    return GALEN_OK;
}

/* -- care ------------------------------------------------------------------------------------------- */

static bool is_queued(const struct chart *chart, uint8_t kind, const struct galen_id *subject)
{
    for (size_t i = 0; i < chart->item_count; i++)
        if (chart->items[i].kind == kind &&
            (!subject || galen_id_equal(&chart->items[i].subject, subject)))
            return true;
    return false;
}

static void queue_care(struct galen_engine *engine, struct chart *chart, uint8_t kind,
                       const struct galen_id *subject)
{
    if (is_queued(chart, kind, subject))
        return;
    struct item item = item_new(engine, chart, kind);
    item.quiet = true;
    if (subject)
        item.subject = *subject;
    if (outbox_add(engine, chart, &item) == GALEN_OK)
        commit(engine);
}

static bool is_late(const struct galen_member *m, uint64_t at_ms)
{
    return (m->purpose == GALEN_PURPOSE_INVITATION || m->purpose == GALEN_PURPOSE_CODE) &&
           at_ms > m->issues_until_ms;
}

/* A device that was revoked, or that somebody let in with a copy of another's keys. */
static bool is_copied(const struct galen_engine *engine, uint64_t now_ms, const struct chart *chart,
                      const struct galen_member *m)
{
    return words_against(engine, now_ms, chart, &m->device) ||
           (!galen_id_equal(&m->device, &engine->me.device) && words_let_in(engine, chart, m));
}

void members_care(struct galen_engine *engine, uint64_t now_ms, struct chart *chart)
{
    const struct galen_member *me = chart_me(engine, chart);
    if (engine->me.state != GALEN_HOME_MEMBER || !chart->current || chart->stopped != GALEN_OK ||
        !me || me->purpose != GALEN_PURPOSE_DEVICE)
        return;
    /* Who sees bad keys renews them; only holders can mend the history. */
    if (galen_log_epoch_state(chart->log) == GALEN_ERR_UNUSABLE ||
        (me->holder && galen_log_history_needs_care(chart->log)))
        queue_care(engine, chart, ITEM_RENEW, NULL);
    const struct galen_rules *rules = galen_log_rules(chart->log);
    bool staff = galen_role_is_staff(me->role);
    for (size_t i = 0; i < galen_rules_member_count(rules); i++) {
        const struct galen_member *m = galen_rules_member_at(rules, i);
        bool own = galen_id_equal(&m->account, &me->account);
        if ((staff && is_late(m, server_time(engine, now_ms))) ||
            ((staff || own) && is_copied(engine, now_ms, chart, m)))
            queue_care(engine, chart, ITEM_DROP_DEVICE, &m->device);
    }
}
