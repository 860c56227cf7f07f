/*
 * Statements: a device was revoked, or has been replaced. The server keeps them, lets nobody sign in
 * against them, and passes them on to those who share a chart with the device.
 */
#include "hub_state.h"

#include <string.h>

#define TOLD_AT_OPEN 64 /* statements and notices each that one who opens a chart is told */
#define COLLECTED    16 /* revocations by different devices of an account that are looked at */

/* -- what they say about a device ---------------------------------------------------------------- */

struct collected {
    struct hub_standing standing;
    struct galen_id accounts[COLLECTED];
    size_t count;
};

static void collect(void *context, const struct store_statement *said)
{
    struct collected *all = context;
    if (said->statement.kind == GALEN_STATEMENT_REPLACED) {
        all->standing = (struct hub_standing){GALEN_ERR_REPLACED, said->statement.at_ms,
                                              said->statement.successor};
    } else if (galen_id_is_none(&said->account)) {
        if (all->standing.err == GALEN_OK)
            all->standing.err = GALEN_ERR_REVOKED;
    } else if (all->count < COLLECTED) {
        all->accounts[all->count++] = said->account;
    }
}

struct charts {
    struct galen_id ids[HUB_CHARTS_LOOKED_AT];
    size_t count;
};

static void add_chart(void *context, const struct galen_id *chart)
{
    struct charts *charts = context;
    charts->ids[charts->count++] = *chart;
}

static enum galen_err charts_of(struct hub *hub, const struct galen_id *device, bool ever,
                                struct charts *charts)
{
    charts->count = 0;
    return store_charts_of(hub->config.store, device, ever, HUB_CHARTS_LOOKED_AT, add_chart,
                           charts);
}

/* Whether the device has this account wherever it belongs. */
static bool is_of_account(struct hub *hub, const struct galen_id *device,
                          const struct galen_id *account)
{
    struct charts charts;
    if (charts_of(hub, device, false, &charts) != GALEN_OK)
        return false;
    for (size_t i = 0; i < charts.count; i++) {
        struct hub_chart *chart;
        if (hub_chart_find(hub, &charts.ids[i], &chart) != GALEN_OK)
            return false;
        const struct galen_member *member = galen_rules_member(chart->rules, device);
        if (member && !galen_id_equal(&member->account, account))
            return false;
    }
    return true;
}

struct hub_standing hub_standing_of(struct hub *hub, const struct galen_id *device,
                                    const struct galen_id *account)
{
    struct collected all = {.standing = {.err = GALEN_OK}};
    enum galen_err err = store_statements_about(hub->config.store, device, collect, &all);
    if (err != GALEN_OK)
        return (struct hub_standing){.err = GALEN_ERR_STORE};
    for (size_t i = 0; all.standing.err == GALEN_OK && i < all.count; i++) {
        bool same = galen_id_is_none(account) || galen_id_equal(account, &all.accounts[i]);
        if (same && is_of_account(hub, device, &all.accounts[i]))
            all.standing.err = GALEN_ERR_REVOKED;
    }
    return all.standing;
}

/* -- taking one --------------------------------------------------------------------------------- */

struct taking {
    const struct galen_statement *statement;
    const struct galen_chain *chain;
    const struct hub_connection *connection;
    struct galen_id account; /* for whom it speaks */
};

static const struct galen_cert *leaf(const struct galen_chain *chain)
{
    return chain->count > 0 ? &chain->certs[chain->count - 1] : NULL;
}

/* A device's id is the hash of its keys, so keys that hash to it are its own, whoever shows them. */
static const uint8_t *key_of_signer(const struct hub *hub, const struct taking *t)
{
    const struct galen_cert *last = leaf(t->chain);
    if (galen_id_equal(&t->connection->id, &t->statement->signer))
        return t->connection->keys.sign;
    if (!last)
        return NULL;
    struct galen_id id = galen_device_id(hub->config.primitives, &last->keys);
    return galen_id_equal(&id, &t->statement->signer) ? last->keys.sign : NULL;
}

static enum galen_err check_replaced(struct hub *hub, const struct taking *t)
{
    const uint8_t *key = key_of_signer(hub, t);
    struct charts charts;
    if (!galen_id_equal(&t->statement->signer, &t->statement->subject))
        return GALEN_ERR_ROLE;
    if (!key)
        return GALEN_ERR_CERTIFICATE;
    enum galen_err err = galen_statement_check(hub->config.primitives, t->statement, key);
    if (err != GALEN_OK || galen_id_equal(&t->connection->id, &t->statement->subject))
        return err;
    err = charts_of(hub, &t->statement->subject, true, &charts);
    return err == GALEN_OK && charts.count == 0 ? GALEN_ERR_NOT_MEMBER : err;
}

/* Is the signer an administrator by the chain that came with it? */
static bool is_administrator(struct hub *hub, const struct taking *t)
{
    static const struct galen_id none;
    const struct galen_primitives *p = hub->config.primitives;
    const struct galen_cert *last = leaf(t->chain);
    struct galen_issuer root = galen_issuer_practice(p, &hub->practice);
    if (!last || last->role != GALEN_ROLE_ADMINISTRATOR || last->purpose != GALEN_PURPOSE_DEVICE)
        return false;
    struct galen_id id = galen_device_id(p, &last->keys);
    return galen_id_equal(&id, &t->statement->signer) &&
           galen_chain_check(p, &root, t->chain, hub->now_ms) == GALEN_OK &&
           hub_standing_of(hub, &id, &none).err == GALEN_OK;
}

/* Speaks as a member of a chart of the subject: an administrator, or of the same account. */
static enum galen_err check_member(struct hub *hub, struct taking *t, const struct charts *charts)
{
    for (size_t i = 0; i < charts->count; i++) {
        struct hub_chart *chart;
        enum galen_err err = hub_chart_find(hub, &charts->ids[i], &chart);
        if (err != GALEN_OK)
            return err;
        const struct galen_member *signer = galen_rules_member(chart->rules, &t->statement->signer);
        const struct galen_member *subject =
            galen_rules_member(chart->rules, &t->statement->subject);
        if (!signer || !subject || signer->purpose != GALEN_PURPOSE_DEVICE)
            continue;
        if (subject->role == GALEN_ROLE_CUSTODIAN)
            return GALEN_ERR_CUSTODIAN;
        if (signer->role == GALEN_ROLE_ADMINISTRATOR ||
            galen_id_equal(&signer->account, &subject->account)) {
            t->account = galen_rules_statement_account(chart->rules, t->statement);
            return galen_statement_check(hub->config.primitives, t->statement, signer->keys.sign);
        }
    }
    return GALEN_ERR_ROLE;
}

static bool is_custodian(struct hub *hub, const struct taking *t, const struct charts *charts)
{
    struct hub_chart *chart;
    if (charts->count == 0 || hub_chart_find(hub, &charts->ids[0], &chart) != GALEN_OK)
        return false;
    const struct galen_member *subject = galen_rules_member(chart->rules, &t->statement->subject);
    return subject && subject->role == GALEN_ROLE_CUSTODIAN;
}

static enum galen_err check_revoked(struct hub *hub, struct taking *t)
{
    struct charts charts;
    enum galen_err err = charts_of(hub, &t->statement->subject, false, &charts);
    if (err != GALEN_OK)
        return err;
    if (galen_id_equal(&t->statement->subject, &hub->practice_id))
        return GALEN_ERR_ROLE;
    if (galen_id_equal(&t->statement->signer, &hub->practice_id))
        return galen_statement_check(hub->config.primitives, t->statement, hub->practice.sign);
    if (is_custodian(hub, t, &charts))
        return GALEN_ERR_CUSTODIAN;
    if (is_administrator(hub, t))
        return galen_statement_check(hub->config.primitives, t->statement,
                                     leaf(t->chain)->keys.sign);
    return check_member(hub, t, &charts);
}

struct hub_pending *hub_statements_pending(struct hub_chart *chart,
                                           const struct galen_statement *statement,
                                           const struct galen_id *account,
                                           const struct galen_chain *chain)
{
    struct galen_writer w;
    galen_writer_init(&w);
    if (chain->count > 0)
        galen_chain_write(&w, chain);
    struct galen_bytes encoded = galen_written(&w);
    struct hub_pending *pending =
        w.failed ? NULL : hub_batch_pending(STORE_STATEMENT, chart, encoded.size);
    if (pending) {
        if (encoded.size > 0)
            memcpy(pending->bytes, encoded.at, encoded.size);
        pending->change.as.statement =
            (struct store_statement){*statement, *account, {pending->bytes, encoded.size}};
    }
    galen_writer_wipe(&w);
    return pending;
}

struct known {
    const struct galen_statement *statement;
    bool found;
};

static void compare(void *context, const struct store_statement *said)
{
    struct known *known = context;
    known->found =
        known->found || (said->statement.kind == known->statement->kind &&
                         galen_id_equal(&said->statement.signer, &known->statement->signer));
}

/* The first word of a signer about a device stays, so a second is not told to everybody again. */
static bool is_known(struct hub *hub, const struct galen_statement *statement)
{
    struct known known = {statement, false};
    return store_statements_about(hub->config.store, &statement->subject, compare, &known) ==
               GALEN_OK &&
           known.found;
}

void hub_on_statement(struct hub *hub, struct hub_connection *connection,
                      const struct galen_frame *frame)
{
    const struct galen_frame_statement *said = &frame->as.statement;
    struct taking t = {
        .statement = &said->statement, .chain = &said->chain, .connection = connection};
    enum galen_err err = GALEN_ERR_LIMIT;
    if (connection->state == HUB_LINK &&
        (said->statement.kind != GALEN_STATEMENT_REPLACED ||
         !galen_id_equal(&said->statement.subject, &connection->id)))
        err = GALEN_ERR_ROLE; /* a guest's link speaks of itself alone */
    else if (connection->in_flight < hub->config.limits.appends_in_flight)
        err = said->statement.kind == GALEN_STATEMENT_REPLACED ? check_replaced(hub, &t)
                                                               : check_revoked(hub, &t);
    struct hub_pending *pending = NULL;
    if (err == GALEN_OK && is_known(hub, &said->statement)) {
        hub_done(hub, connection, said->request);
        return;
    }
    if (err == GALEN_OK) {
        pending = hub_statements_pending(NULL, &said->statement, &t.account, &said->chain);
        if (!pending || !hub_batch_wait(pending, connection, said->request))
            err = GALEN_ERR_MEMORY;
    }
    if (err == GALEN_OK) {
        hub_batch_queue(hub, pending);
        return;
    }
    if (pending)
        hub_batch_pending_free(pending);
    hub_refuse(hub, connection, said->request, err, NULL, 0);
}

/* -- passing it on ------------------------------------------------------------------------------ */

static struct galen_frame as_frame(const struct store_statement *said)
{
    struct galen_frame frame = {.type = GALEN_FRAME_STATEMENT};
    struct galen_reader r;
    frame.as.statement.statement = said->statement;
    galen_reader_init(&r, said->chain);
    if (said->chain.size == 0 || galen_chain_read(&r, &frame.as.statement.chain) != GALEN_OK)
        frame.as.statement.chain.count = 0;
    return frame;
}

static void close_revoked(struct hub *hub, const struct galen_id *device)
{
    static const struct galen_id none;
    if (hub_standing_of(hub, device, &none).err != GALEN_ERR_REVOKED)
        return;
    struct hub_connection *log = hub_connection_of(hub, device, HUB_LOG);
    struct hub_connection *live = hub_connection_of(hub, device, HUB_LIVE);
    if (log)
        hub_close(hub, log, GALEN_ERR_REVOKED, 0);
    if (live)
        hub_close(hub, live, GALEN_ERR_REVOKED, 0);
}

struct telling {
    struct hub *hub;
    const struct hub_chart *but; /* whose readers find it in their log */
    struct buffer *buffer;
};

static void tell_chart(void *context, const struct galen_id *id)
{
    struct telling *telling = context;
    struct hub *hub = telling->hub;
    const struct hub_chart *chart = (const struct hub_chart *)idmap_find(&hub->charts, id);
    if (!chart || chart == telling->but)
        return;
    for (struct hub_tie *tie = chart->ties; tie; tie = tie->next_of_chart) {
        struct hub_connection *connection = tie->connection;
        if (connection->state != HUB_LOG || connection->told_round == hub->told_round ||
            !hub_chart_member(chart, connection))
            continue;
        connection->told_round = hub->told_round;
        hub_send_buffer(hub, connection, telling->buffer);
    }
}

void hub_statements_durable(struct hub *hub, const struct hub_pending *pending)
{
    const struct store_statement *said = &pending->change.as.statement;
    struct galen_frame frame = as_frame(said);
    struct telling telling = {hub, pending->chart, hub_encode(hub, &frame)};
    hub->told_round++;
    hub_event(hub, "statement", "\"device\":\"%s\",\"kind\":%u",
              hub_hex(&said->statement.subject).text, said->statement.kind);
    if (said->statement.kind == GALEN_STATEMENT_REVOKED)
        close_revoked(hub, &said->statement.subject);
    if (store_charts_of(hub->config.store, &said->statement.subject, false, GALEN_CHARTS_MAX,
                        tell_chart, &telling) != GALEN_OK)
        hub_event(hub, "statement_not_told", "\"device\":\"%s\"",
                  hub_hex(&said->statement.subject).text);
    buffer_release(&hub->pool, telling.buffer);
}

struct opener {
    struct hub *hub;
    struct hub_connection *connection;
    size_t count;
};

static void send_statement(void *context, const struct store_statement *said)
{
    struct opener *opener = context;
    if (opener->count++ >= TOLD_AT_OPEN)
        return;
    struct galen_frame frame = as_frame(said);
    hub_send(opener->hub, opener->connection, &frame);
}

static void send_notice(void *context, const struct store_notice *notice)
{
    struct opener *opener = context;
    if (opener->count++ >= TOLD_AT_OPEN)
        return;
    struct galen_frame frame = {.type = GALEN_FRAME_NOTICE};
    frame.as.notice.kind = GALEN_NOTICE_LINK_OPENED_AGAIN;
    frame.as.notice.chart = notice->chart;
    frame.as.notice.device = notice->device;
    frame.as.notice.at_ms = notice->at_ms;
    hub_send(opener->hub, opener->connection, &frame);
}

void hub_statements_send_all(struct hub *hub, struct hub_chart *chart,
                             struct hub_connection *connection)
{
    struct opener opener = {hub, connection, 0};
    const struct galen_member *member = hub_chart_member(chart, connection);
    enum galen_err err =
        store_statements_in(hub->config.store, &chart->node.id, send_statement, &opener);
    opener.count = 0;
    if (err == GALEN_OK && member && galen_role_is_staff(member->role))
        err = store_notices(hub->config.store, &chart->node.id, send_notice, &opener);
    if (err != GALEN_OK)
        hub_refuse(hub, connection, 0, err, &chart->node.id, 0);
}
