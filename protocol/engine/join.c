/* How a home becomes somebody's device: by a link, a code or a sheet. */
#include "state.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define LINK_VERSION 1
#define LINK_GUEST   2 /* with a certificate */
#define LINK_BYTES   (1 + GALEN_INVITATION_SECRET_BYTES + GALEN_ID_BYTES)
#define LINK_BEGIN   "https://"
#define LINK_MIDDLE  "/join#"
#define PORT         ":443" /* where a host names none */

void identity_set(struct galen_engine *engine, const uint8_t material[32])
{
    struct identity *me = &engine->me;
    memcpy(me->material, material, sizeof me->material);
    galen_device_secrets_derive(me->material, &me->secrets);
    me->device = device_of(engine, &me->secrets);
}

void join_wipe(struct joining *joining)
{
    free(joining->charts);
    galen_wipe(joining, sizeof *joining);
}

/* A name or an address, and a port: nothing by which an address would mean another host than it shows. */
static bool host_ok(struct galen_bytes host)
{
    static const char letters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_:[]";
    size_t port = host.size > 0 && memchr(host.at, ':', host.size) ? 0 : sizeof PORT - 1;
    for (size_t i = 0; i < host.size; i++)
        if (!memchr(letters, host.at[i], sizeof letters - 1))
            return false;
    return host.size > 0 && host.size <= HOST_MAX - port;
}

enum galen_err set_host(struct galen_engine *engine, struct galen_bytes host)
{
    if (!host_ok(host))
        return GALEN_ERR_FORMAT;
    memset(engine->me.host, 0, sizeof engine->me.host);
    memcpy(engine->me.host, host.at, host.size);
    if (!memchr(host.at, ':', host.size))
        memcpy(engine->me.host + host.size, PORT, sizeof PORT - 1);
    return GALEN_OK;
}

/* -- links ------------------------------------------------------------------------------------------ */

struct link {
    struct galen_bytes host;
    uint8_t secret[GALEN_INVITATION_SECRET_BYTES];
    struct galen_id practice;
    bool guest;
    struct galen_cert cert; /* a guest's */
};

static enum galen_err read_link_bytes(struct galen_bytes bytes, struct link *link)
{
    struct galen_reader r;
    galen_reader_init(&r, bytes);
    uint8_t version = galen_read_u8(&r);
    galen_read_into(&r, link->secret, sizeof link->secret);
    link->practice = galen_read_id(&r);
    link->guest = version == LINK_GUEST;
    if (r.failed || (version != LINK_VERSION && !link->guest))
        return GALEN_ERR_FORMAT;
    enum galen_err err = GALEN_OK;
    if (link->guest) {
        struct galen_device_secrets secrets;
        galen_device_secrets_invitation(link->secret, &link->practice, &secrets);
        err = guest_read_link(&r, &secrets, &link->cert);
        galen_device_secrets_wipe(&secrets);
    }
    return err == GALEN_OK && galen_reader_done(&r) ? GALEN_OK : GALEN_ERR_FORMAT;
}

static enum galen_err read_link(struct galen_bytes text, struct link *link)
{
    const size_t begin = sizeof LINK_BEGIN - 1, middle = sizeof LINK_MIDDLE - 1;
    while (text.size > 0 && (text.at[text.size - 1] == '\n' || text.at[text.size - 1] == ' '))
        text.size--;
    const uint8_t *hash = text.size > 0 ? memchr(text.at, '#', text.size) : NULL;
    if (!hash || text.size < begin + middle || memcmp(text.at, LINK_BEGIN, begin) != 0)
        return GALEN_ERR_FORMAT;
    size_t head = (size_t)(hash + 1 - text.at);
    if (head < begin + middle || memcmp(hash + 1 - middle, LINK_MIDDLE, middle) != 0)
        return GALEN_ERR_FORMAT;
    link->host = (struct galen_bytes){text.at + begin, head - begin - middle};
    uint8_t bytes[GUEST_LINK_BYTES];
    size_t size = 0;
    if (sodium_base642bin(bytes, sizeof bytes, (const char *)hash + 1, text.size - head, NULL,
                          &size, NULL, sodium_base64_VARIANT_URLSAFE_NO_PADDING) != 0)
        return GALEN_ERR_FORMAT;
    enum galen_err err = read_link_bytes((struct galen_bytes){bytes, size}, link);
    galen_wipe(bytes, sizeof bytes);
    return err;
}

void write_link(const struct galen_engine *engine,
                const uint8_t secret[GALEN_INVITATION_SECRET_BYTES], const struct galen_cert *guest,
                struct galen_writer *out)
{
    char
        text[sodium_base64_ENCODED_LEN(GUEST_LINK_BYTES, sodium_base64_VARIANT_URLSAFE_NO_PADDING)];
    struct galen_writer w;
    galen_writer_init(&w);
    galen_write_u8(&w, guest ? LINK_GUEST : LINK_VERSION);
    galen_write(&w, secret, GALEN_INVITATION_SECRET_BYTES);
    galen_write_id(&w, &engine->me.practice);
    if (guest)
        guest_write_link(guest, &w);
    if (w.failed)
        out->failed = true;
    else
        sodium_bin2base64(text, sizeof text, w.at, w.size,
                          sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    galen_write(out, LINK_BEGIN, sizeof LINK_BEGIN - 1);
    galen_write(out, engine->me.host, strlen(engine->me.host));
    galen_write(out, LINK_MIDDLE, sizeof LINK_MIDDLE - 1);
    if (!w.failed)
        galen_write(out, text, strlen(text));
    galen_writer_wipe(&w);
    galen_wipe(text, sizeof text);
}

enum galen_err galen_link_look(struct galen_bytes text, struct galen_link *out)
{
    struct link link;
    enum galen_err err = read_link(text, &link);
    if (err != GALEN_OK)
        return err;
    struct galen_device_secrets secrets;
    struct galen_public_keys keys;
    galen_device_secrets_invitation(link.secret, &link.practice, &secrets);
    public_keys(&secrets, &keys);
    out->host = link.host;
    out->practice = link.practice;
    out->device = galen_device_id(galen_sodium_primitives(), &keys);
    out->guest = link.guest;
    out->until_ms = link.guest ? link.cert.not_after_ms : 0;
    galen_device_secrets_wipe(&secrets);
    galen_wipe(&link, sizeof link);
    return host_ok(out->host) ? GALEN_OK : GALEN_ERR_FORMAT;
}

/* -- joining ---------------------------------------------------------------------------------------- */

static void become_link(struct galen_engine *engine)
{
    struct joining *j = &engine->joining;
    galen_device_secrets_invitation(j->secret, &engine->me.practice, &j->secrets);
    j->device = device_of(engine, &j->secrets);
}

enum galen_err galen_engine_join(struct galen_engine *engine, uint64_t now_ms,
                                 struct galen_bytes text)
{
    struct link link;
    bool told, out = galen_engine_is_shut_out(engine, &told) && told;
    if ((engine->me.state == GALEN_HOME_MEMBER && !out) || engine->me.state == GALEN_HOME_FOUNDING)
        return GALEN_ERR_STATE;
    enum galen_err err = read_link(text, &link);
    if (err == GALEN_OK && !host_ok(link.host))
        err = GALEN_ERR_FORMAT;
    if (err != GALEN_OK)
        return err;
    if (engine->me.state == GALEN_HOME_GUEST)
        guest_forget(engine, now_ms);
    if (out)
        forget_all(engine);
    err = set_host(engine, link.host);
    if (err != GALEN_OK)
        return err;
    bool same = engine->me.state == GALEN_HOME_JOINING &&
                memcmp(engine->joining.secret, link.secret, sizeof link.secret) == 0;
    if (!same) {
        uint8_t material[32];
        draw(engine, material, sizeof material);
        identity_set(engine, material);
        galen_wipe(material, sizeof material);
        join_wipe(&engine->joining);
        memcpy(engine->joining.secret, link.secret, sizeof link.secret);
        engine->me.practice = link.practice;
        engine->me.state = GALEN_HOME_JOINING;
        become_link(engine);
        engine->joining.guest = link.guest;
        if (link.guest)
            guest_begin(engine, &link.cert);
        save_me(engine);
        save_joining(engine);
        commit(engine);
    }
    galen_wipe(&link, sizeof link);
    charts_clear(engine);
    line_want(engine, now_ms, GALEN_CONNECTION_LOG, !engine->joining.guest);
    line_want(engine, now_ms, GALEN_CONNECTION_LIVE, engine->joining.guest);
    return GALEN_OK;
}

/* After a load: what follows from what was saved. */
void join_resume(struct galen_engine *engine)
{
    become_link(engine);
}

static struct line *joining_line(struct galen_engine *engine)
{
    return line_of(engine, galen_engine_line(engine));
}

void join_as(struct galen_engine *engine, uint64_t now_ms, bool as_fresh)
{
    engine->joining.as_fresh = as_fresh;
    if (!as_fresh)
        charts_clear(engine);
    line_again(engine, now_ms, joining_line(engine));
}

void join_line_lost(struct galen_engine *engine)
{
    bool under_way = false;
    if (engine->me.state != GALEN_HOME_JOINING || engine->joining.as_fresh)
        return;
    for (size_t i = 0; i < engine->chart_count; i++) {
        const struct chart *chart = engine->charts[i];
        under_way =
            under_way || chart->redeemed || (chart->item_count > 0 && chart->items[0].request != 0);
    }
    if (!under_way)
        return;
    engine->joining.as_fresh = true;
    charts_clear(engine);
}

static void finish(struct galen_engine *engine)
{
    engine->me.state = GALEN_HOME_MEMBER;
    charts_take_over(engine);
    save_me(engine);
    save_joining(engine);
    commit(engine);
    join_wipe(&engine->joining);
    event(engine, (struct galen_event){.kind = GALEN_EVENT_JOINED,
                                       .device = engine->me.device,
                                       .account = engine->me.account});
}

static bool is_in(const struct galen_id *ids, size_t count, const struct galen_id *id)
{
    for (size_t i = 0; i < count; i++)
        if (galen_id_equal(&ids[i], id))
            return true;
    return false;
}

bool join_welcome(struct galen_engine *engine, uint64_t now_ms,
                  const struct galen_frame_welcome *frame)
{
    struct joining *j = &engine->joining;
    size_t count = frame->charts.size / GALEN_ID_BYTES;
    struct galen_id *named = calloc(count + 1, sizeof *named);
    if (!named) {
        engine->outputs.failed = true;
        return false;
    }
    for (size_t i = 0; i < count; i++)
        memcpy(named[i].bytes, frame->charts.at + i * GALEN_ID_BYTES, GALEN_ID_BYTES);
    if (j->as_fresh) {
        bool everywhere = true;
        for (size_t i = 0; i < j->chart_count; i++)
            everywhere = everywhere && is_in(named, count, &j->charts[i]);
        free(named);
        if (everywhere)
            finish(engine);
        else
            join_as(engine, now_ms, false);
        return everywhere;
    }
    if (j->chart_count == 0) {
        free(j->charts);
        j->charts = named;
        j->chart_count = count;
        save_joining(engine);
        commit(engine);
    } else {
        free(named);
    }
    for (size_t i = 0; i < count; i++) {
        struct galen_id id;
        memcpy(id.bytes, frame->charts.at + i * GALEN_ID_BYTES, GALEN_ID_BYTES);
        if (!charts_make_room(engine, &id))
            continue;
        struct chart *chart = chart_get(engine, &id);
        if (chart)
            chart_open(engine, chart);
        else
            engine->outputs.failed = true;
    }
    return false;
}

void join_failed(struct galen_engine *engine, enum galen_err err)
{
    struct line *line = joining_line(engine);
    line->barred = true;
    event(engine, (struct galen_event){
                      .kind = GALEN_EVENT_REFUSED, .purpose = line->purpose, .err = (uint16_t)err});
}

void join_refused(struct galen_engine *engine, uint64_t now_ms,
                  const struct galen_frame_refused *frame)
{
    struct joining *j = &engine->joining;
    if (j->as_fresh && (frame->err == GALEN_ERR_NOT_MEMBER || frame->err == GALEN_ERR_SIGN_IN)) {
        join_as(engine, now_ms, false); /* nothing had reached the server */
        return;
    }
    bool passing = frame->err == GALEN_ERR_LIMIT || frame->err == GALEN_ERR_SHUTDOWN ||
                   frame->err == GALEN_ERR_STORE || frame->err == GALEN_ERR_DISK_FULL ||
                   frame->err == GALEN_ERR_TIMEOUT || frame->err == GALEN_ERR_DISPLACED;
    struct line *line = joining_line(engine);
    line->barred = !passing;
    event(engine, (struct galen_event){.kind = GALEN_EVENT_REFUSED,
                                       .purpose = line->purpose,
                                       .err = frame->err,
                                       .number = frame->detail});
    line_drop(engine, now_ms, line);
}

/* The practice's own chart is its oldest: it began before anybody could make another. */
static void find_practice_chart(struct galen_engine *engine)
{
    uint64_t oldest = UINT64_MAX;
    for (size_t i = 0; i < engine->chart_count; i++) {
        const struct galen_read *first = galen_log_read(engine->charts[i]->log, 0);
        if (first && first->received_ms < oldest) {
            oldest = first->received_ms;
            engine->me.practice_chart = engine->charts[i]->id;
        }
    }
}

/* The fresh device's certificate: as the invitation's, for a device, by the invitation. */
static void certify_fresh(struct galen_engine *engine, uint64_t now_ms,
                          const struct galen_member *link)
{
    struct joining *j = &engine->joining;
    uint64_t now = server_time(engine, now_ms);
    bool staff = galen_role_is_staff(link->role);
    j->cert =
        (struct galen_cert){.role = link->role,
                            .purpose = GALEN_PURPOSE_DEVICE,
                            .scope_kind = link->scope_kind,
                            .scope = link->scope,
                            .not_before_ms = now,
                            .not_after_ms = staff ? link->not_after_ms : now + GALEN_PERSON_SPAN_MS,
                            .account = link->account,
                            .issuer = link->device};
    j->cert.issues_until_ms = j->cert.not_after_ms;
    public_keys(&engine->me.secrets, &j->cert.keys);
    certify(engine, &j->secrets, &j->cert);
    j->certified = true;
    engine->me.role = link->role;
    engine->me.account = link->account;
    if (staff)
        find_practice_chart(engine);
    save_me(engine);
    save_joining(engine);
    commit(engine);
}

size_t galen_engine_own_devices(const struct galen_engine *engine, struct galen_id *out,
                                size_t room)
{
    size_t count = 0;
    struct galen_id self = device_of(engine, reading_as(engine));
    for (size_t c = 0; c < engine->chart_count; c++) {
        const struct galen_rules *rules = galen_log_rules(engine->charts[c]->log);
        const struct galen_member *me = galen_rules_member(rules, &self);
        for (size_t i = 0; me && i < galen_rules_member_count(rules); i++) {
            const struct galen_member *m = galen_rules_member_at(rules, i);
            if (galen_id_equal(&m->account, &me->account) && m->purpose == GALEN_PURPOSE_DEVICE &&
                !galen_id_equal(&m->device, &self) && count < room &&
                !is_in(out, count, &m->device))
                out[count++] = m->device;
        }
    }
    return count;
}

/* A sheet replaces lost devices: which ones, only the person knows (I6). True: wait for the answer. */
static bool ask_lost(struct galen_engine *engine, const struct galen_member *link)
{
    struct joining *j = &engine->joining;
    struct galen_id others[GALEN_ACCOUNT_DEVICES_MAX];
    if (link->purpose != GALEN_PURPOSE_SHEET || j->answered ||
        galen_engine_own_devices(engine, others, GALEN_ACCOUNT_DEVICES_MAX) == 0)
        return false;
    if (!j->asked) {
        j->asked = true;
        event(engine, (struct galen_event){.kind = GALEN_EVENT_LOST_ASKED});
    }
    return true;
}

enum galen_err galen_engine_join_lost(struct galen_engine *engine, uint64_t now_ms,
                                      const struct galen_id *lost, size_t count)
{
    struct joining *j = &engine->joining;
    if (engine->me.state != GALEN_HOME_JOINING)
        return GALEN_ERR_STATE;
    if (count > GALEN_ACCOUNT_DEVICES_MAX)
        return GALEN_ERR_LIMIT;
    for (size_t i = 0; i < count; i++)
        j->lost[i] = lost[i];
    j->lost_count = count;
    j->asked = j->answered = true;
    save_joining(engine);
    commit(engine);
    join_step(engine, now_ms);
    return GALEN_OK;
}

static void queue_redemption(struct galen_engine *engine, uint64_t now_ms, struct chart *chart)
{
    if (chart->item_count == 0 && !chart->redeemed) {
        struct item item = item_new(engine, chart, ITEM_REDEEM);
        item.quiet = true;
        item.place = 0; /* after a crash the fresh device asks first whether it is in */
        if (outbox_add(engine, chart, &item) != GALEN_OK) {
            engine->outputs.failed = true;
            return;
        }
    }
    outbox_pump(engine, now_ms, chart);
}

void join_step(struct galen_engine *engine, uint64_t now_ms)
{
    struct joining *j = &engine->joining;
    const struct galen_member *link = NULL;
    if (engine->me.state != GALEN_HOME_JOINING || j->as_fresh || engine->chart_count == 0)
        return;
    size_t redeemed = 0;
    for (size_t i = 0; i < engine->chart_count; i++) {
        if (!engine->charts[i]->current)
            return;
        if (!link)
            link = galen_rules_member(galen_log_rules(engine->charts[i]->log), &j->device);
        redeemed += engine->charts[i]->redeemed ? 1 : 0;
    }
    if (redeemed == engine->chart_count) {
        join_as(engine, now_ms, true);
        return;
    }
    if (!link) {
        join_failed(engine, GALEN_ERR_REPLACED);
        return;
    }
    if (ask_lost(engine, link))
        return;
    if (!j->certified)
        certify_fresh(engine, now_ms, link);
    redeemed = 0;
    for (size_t i = 0; i < engine->chart_count; i++) {
        queue_redemption(engine, now_ms, engine->charts[i]);
        redeemed += engine->charts[i]->redeemed ? 1 : 0;
    }
    if (redeemed == engine->chart_count)
        join_as(engine, now_ms, true);
}

void join_state_replaced(struct galen_engine *engine, uint64_t now_ms,
                         struct galen_statement *statement)
{
    *statement = (struct galen_statement){.kind = GALEN_STATEMENT_REPLACED,
                                          .at_ms = server_time(engine, now_ms),
                                          .subject = engine->joining.device,
                                          .successor = engine->me.device,
                                          .signer = engine->joining.device};
    sign_statement(engine, &engine->joining.secrets, statement);
}

enum galen_err join_draft(struct galen_engine *engine, uint64_t now_ms, struct chart *chart,
                          struct item *item, uint32_t number)
{
    struct joining *j = &engine->joining;
    const struct galen_rules *rules = galen_log_rules(chart->log);
    const struct galen_member *link = galen_rules_member(rules, &j->device);
    if (galen_rules_member(rules, &engine->me.device))
        return GALEN_ERR_DUPLICATE;
    if (!link)
        return GALEN_ERR_NOT_MEMBER;
    struct galen_chain chain = {.count = 1, .certs = {j->cert}};
    struct galen_newcomer fresh = {&chain, link->holder};
    struct galen_id drop[GALEN_ACCOUNT_DEVICES_MAX + 1];
    struct galen_statement statement;
    struct galen_epoch_change change = {.add = &fresh, .add_count = 1, .drop = drop};
    if (link->purpose != GALEN_PURPOSE_SHEET) {
        join_state_replaced(engine, now_ms, &statement);
        change.statements = &statement;
        change.statement_count = 1;
        drop[change.drop_count++] = j->device;
    }
    for (size_t i = 0; i < j->lost_count; i++)
        if (galen_rules_member(rules, &j->lost[i]))
            drop[change.drop_count++] = j->lost[i];
    struct galen_epoch_random random;
    draw_epoch_random(engine, &random);
    enum galen_err err = galen_log_draft_epoch(chart->log, server_time(engine, now_ms), number,
                                               &change, &random, &item->bytes);
    galen_wipe(&random, sizeof random);
    if (err == GALEN_OK && !j->sent) {
        j->sent = true;
        save_joining(engine);
    }
    return err;
}
