/*
 * An interpreter's home: certified for one visit by a link that staff made, a guest of its call and of nothing
 * else (PROTOCOL.md, "Guests"). There is no chart here, no log line, and no key but the device's.
 */
#include "live.h"

#include <string.h>

#include "galen/mutation.h"

/* -- links ------------------------------------------------------------------------------------------ */

enum galen_err guest_read_link(struct galen_reader *r, const struct galen_device_secrets *link,
                               struct galen_cert *cert)
{
    *cert = (struct galen_cert){.role = GALEN_ROLE_INTERPRETER,
                                .purpose = GALEN_PURPOSE_INVITATION,
                                .scope_kind = GALEN_SCOPE_VISIT};
    cert->scope = galen_read_id(r);
    cert->not_before_ms = galen_read_u64(r);
    cert->not_after_ms = cert->issues_until_ms = galen_read_u64(r);
    cert->issuer = galen_read_id(r);
    galen_read_into(r, cert->signature, sizeof cert->signature);
    public_keys(link, &cert->keys);
    cert->account = galen_device_id(galen_sodium_primitives(), &cert->keys);
    bool ok =
        !r->failed && cert->not_before_ms <= cert->not_after_ms && !galen_id_is_none(&cert->scope);
    return ok ? GALEN_OK : GALEN_ERR_FORMAT;
}

void guest_write_link(const struct galen_cert *cert, struct galen_writer *out)
{
    galen_write_id(out, &cert->scope);
    galen_write_u64(out, cert->not_before_ms);
    galen_write_u64(out, cert->not_after_ms);
    galen_write_id(out, &cert->issuer);
    galen_write(out, cert->signature, sizeof cert->signature);
}

/* -- joining ---------------------------------------------------------------------------------------- */

void guest_begin(struct galen_engine *engine, const struct galen_cert *link)
{
    struct identity *me = &engine->me;
    struct galen_cert fresh = *link;
    fresh.purpose = GALEN_PURPOSE_DEVICE;
    fresh.issues_until_ms = fresh.not_before_ms; /* certifies nobody */
    fresh.issuer = engine->joining.device;
    public_keys(&me->secrets, &fresh.keys);
    certify(engine, &engine->joining.secrets, &fresh);
    me->chain = (struct galen_chain){.count = 2, .certs = {*link, fresh}};
    me->account = link->account;
    me->role = GALEN_ROLE_INTERPRETER;
}

void guest_chain(const struct galen_engine *engine, struct galen_chain *chain)
{
    bool joining = engine->me.state == GALEN_HOME_JOINING && engine->joining.guest;
    if (!joining && engine->me.state != GALEN_HOME_GUEST)
        return;
    *chain = engine->me.chain;
    if (joining && !engine->joining.as_fresh)
        chain->count = 1;
}

/* The link's one word. It is kept that it may have been said: after a crash the fresh device asks first (I2). */
static void say_replaced(struct galen_engine *engine, uint64_t now_ms)
{
    struct joining *j = &engine->joining;
    struct galen_frame frame = {.type = GALEN_FRAME_STATEMENT};
    j->sent = true;
    j->request = next_request(engine);
    save_joining(engine);
    frame.as.statement.request = j->request;
    join_state_replaced(engine, now_ms, &frame.as.statement.statement);
    send_frame(engine, GALEN_CONNECTION_LIVE, &frame);
}

bool guest_welcome(struct galen_engine *engine, uint64_t now_ms)
{
    struct live *live = live_get(engine);
    if (!live || !engine->joining.guest)
        return false;
    if (!engine->joining.as_fresh) {
        say_replaced(engine, now_ms);
        return false;
    }
    engine->me.state = GALEN_HOME_GUEST;
    live->wanted = true;
    save_me(engine);
    save_joining(engine);
    commit(engine);
    join_wipe(&engine->joining);
    event(engine, (struct galen_event){.kind = GALEN_EVENT_JOINED,
                                       .device = engine->me.device,
                                       .account = engine->me.account});
    return true;
}

void guest_answered(struct galen_engine *engine, uint64_t now_ms, const struct galen_frame *frame)
{
    struct joining *j = &engine->joining;
    if (!j->guest || j->as_fresh || j->request == 0)
        return;
    if (frame->type == GALEN_FRAME_DONE && frame->as.done.request == j->request)
        join_as(engine, now_ms, true);
    else if (frame->type == GALEN_FRAME_REFUSED && frame->as.refused.request == j->request)
        join_failed(engine, frame->as.refused.err);
}

void guest_line_lost(struct galen_engine *engine)
{
    struct joining *j = &engine->joining;
    if (engine->me.state != GALEN_HOME_JOINING || !j->guest)
        return;
    j->as_fresh = j->as_fresh || j->request != 0;
    j->request = 0;
}

bool guest_waits(const struct galen_engine *engine)
{
    return engine->me.state == GALEN_HOME_GUEST && engine->live && !engine->live->guests_end;
}

void guest_forget(struct galen_engine *engine, uint64_t now_ms)
{
    galen_engine_leave(engine, now_ms);
    line_want(engine, now_ms, GALEN_CONNECTION_LIVE, false);
    live_free(engine);
    forget_all(engine);
}

/* -- the visit -------------------------------------------------------------------------------------- */

static const struct galen_id *own_visit(const struct galen_engine *engine)
{
    return &engine->me.chain.certs[engine->me.chain.count - 1].scope;
}

/* The host is staff of the practice whose fingerprint stood in our link. */
static enum galen_err judge_host(const struct galen_engine *engine, uint64_t now_ms,
                                 const struct galen_frame_visit *frame)
{
    const struct galen_primitives *p = engine->primitives;
    struct galen_issuer root = galen_issuer_practice(p, &engine->me.practice_keys);
    enum galen_err err = galen_chain_check(p, &root, &frame->chain, server_time(engine, now_ms));
    if (err != GALEN_OK)
        return GALEN_CHECKED(GUEST_HOST) ? err : GALEN_OK;
    const struct galen_cert *last = &frame->chain.certs[frame->chain.count - 1];
    struct galen_id device = galen_device_id(p, &last->keys);
    if (!galen_id_equal(&device, &frame->host))
        return GALEN_ERR_SENDER;
    return galen_role_is_staff(last->role) && last->purpose == GALEN_PURPOSE_DEVICE
               ? GALEN_OK
               : GALEN_ERR_ROLE;
}

bool guest_visit(struct galen_engine *engine, uint64_t now_ms,
                 const struct galen_frame_visit *frame)
{
    if (!galen_id_equal(&frame->visit, own_visit(engine)) || frame->chain.count == 0)
        return false;
    enum galen_err err = judge_host(engine, now_ms, frame);
    if (err != GALEN_OK) {
        event(engine, (struct galen_event){.kind = GALEN_EVENT_CALL_FAILED,
                                           .visit = frame->visit,
                                           .device = frame->host,
                                           .err = (uint16_t)err});
        return false;
    }
    const struct galen_cert *last = &frame->chain.certs[frame->chain.count - 1];
    engine->live->guests_host = (struct galen_member){.device = frame->host,
                                                      .account = last->account,
                                                      .role = last->role,
                                                      .purpose = last->purpose,
                                                      .keys = last->keys};
    return true;
}

bool galen_engine_guest(const struct galen_engine *engine, struct galen_guest *guest)
{
    *guest = (struct galen_guest){0};
    if (engine->me.state != GALEN_HOME_GUEST)
        return false;
    const struct live *live = engine->live;
    guest->visit = *own_visit(engine);
    guest->until_ms = engine->me.chain.certs[engine->me.chain.count - 1].not_after_ms;
    for (size_t i = 0; live && i < live->visit_count; i++)
        if (galen_id_equal(&live->visits[i].visit, &guest->visit))
            guest->chart = live->visits[i].chart;
    return true;
}

uint8_t galen_engine_line(const struct galen_engine *engine)
{
    bool guest = engine->me.state == GALEN_HOME_GUEST ||
                 (engine->me.state == GALEN_HOME_JOINING && engine->joining.guest);
    return guest ? GALEN_CONNECTION_LIVE : GALEN_CONNECTION_LOG;
}
