/* Who a connection is: sign-in, and the one set-up of a new server. */
#include "hub_state.h"

#include "galen/keys.h"
#include "galen/mutation.h"

#include <stdlib.h>
#include <string.h>

#define CHARTS_FOR_EXPIRY 4 /* charts that may say that a link is still good */

struct sign_in {
    struct hub *hub;
    struct hub_connection *connection;
    const struct galen_frame_sign_in *frame;
    struct galen_id id;
    struct hub_guest *guest; /* to be kept, for a guest */
    uint64_t used_ms;        /* REPLACED: when */
};

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* A sign-in names the host that was dialled, so that another server cannot pass it on to this one. */
static bool is_our_name(const struct hub *hub, struct galen_bytes host)
{
    for (const char *const *name = hub->config.names; name && *name; name++) {
        size_t size = strlen(*name), same = 0;
        while (size == host.size && same < size &&
               lower((char)host.at[same]) == lower((*name)[same]))
            same++;
        if (size == host.size && same == size)
            return true;
    }
    return false;
}

static bool take_turn(struct hub *hub, struct hub_connection *connection)
{
    uint32_t count = hub->config.limits.sign_ins_per_minute;
    return bucket_take(&connection->address->sign_ins, (struct bucket_rate){count, 60000, count},
                       hub->now_ms);
}

static enum galen_err check_signature(const struct sign_in *s)
{
    const struct galen_frame_sign_in *f = s->frame;
    struct galen_writer w;
    galen_writer_init(&w);
    galen_sign_in_message(&w, f->host, s->connection->nonce, f->nonce, &s->id, f->purpose);
    bool good = !w.failed && galen_verify(s->hub->config.primitives, GALEN_SIGN_SIGN_IN,
                                          f->keys.sign, galen_written(&w), f->signature);
    galen_writer_wipe(&w);
    return good ? GALEN_OK : GALEN_ERR_SIGNATURE;
}

static enum galen_err check_frame(const struct sign_in *s)
{
    const struct galen_frame_sign_in *f = s->frame;
    if (s->connection->in_flight > 0) /* its answer waits for the disk */
        return GALEN_ERR_STATE;
    if (!take_turn(s->hub, s->connection))
        return GALEN_ERR_LIMIT;
    if (f->version != GALEN_VERSION)
        return GALEN_ERR_VERSION;
    if (f->purpose != GALEN_CONNECTION_LOG && f->purpose != GALEN_CONNECTION_LIVE)
        return GALEN_ERR_FORMAT;
    if (!s->hub->has_practice)
        return GALEN_ERR_STATE;
    if (GALEN_CHECKED(HOST_NAME) && !is_our_name(s->hub, f->host))
        return GALEN_ERR_SIGN_IN;
    return GALEN_CHECKED(SIGN_IN) ? check_signature(s) : GALEN_OK;
}

/* -- by a chain --------------------------------------------------------------------------------- */

/* A chain through a device that was replaced is good for its successor alone. */
static enum galen_err check_issuers(struct sign_in *s, const struct galen_chain *chain)
{
    for (size_t i = 0; i + 1 < chain->count; i++) {
        const struct galen_primitives *p = s->hub->config.primitives;
        struct galen_id issuer = galen_device_id(p, &chain->certs[i].keys);
        struct galen_id next = galen_device_id(p, &chain->certs[i + 1].keys);
        struct hub_standing standing = hub_standing_of(s->hub, &issuer, &chain->certs[i].account);
        if (standing.err == GALEN_ERR_REPLACED && galen_id_equal(&standing.successor, &next))
            continue;
        s->used_ms = standing.at_ms;
        if (standing.err != GALEN_OK)
            return standing.err;
    }
    return GALEN_OK;
}

static enum galen_err admit_staff(struct sign_in *s, const struct galen_cert *own)
{
    const struct galen_primitives *p = s->hub->config.primitives;
    struct galen_issuer root = galen_issuer_practice(p, &s->hub->practice);
    enum galen_err err = galen_chain_check(p, &root, &s->frame->chain, s->hub->now_ms);
    if (err != GALEN_OK)
        return err;
    if (!galen_role_is_staff(own->role))
        return GALEN_ERR_NOT_MEMBER;
    if (own->purpose != GALEN_PURPOSE_DEVICE && s->hub->now_ms > own->issues_until_ms)
        return GALEN_ERR_EXPIRED;
    return check_issuers(s, &s->frame->chain);
}

/* Whose link it was has said that its place is taken by this device: so a link is good once. */
static bool took_its_place(const struct sign_in *s, const struct galen_chain *chain)
{
    const struct galen_primitives *p = s->hub->config.primitives;
    for (size_t i = 0; i + 1 < chain->count; i++) {
        struct galen_id issuer = galen_device_id(p, &chain->certs[i].keys);
        if (chain->certs[i].role == GALEN_ROLE_INTERPRETER && GALEN_CHECKED(GUEST_ONCE) &&
            hub_standing_of(s->hub, &issuer, &chain->certs[i].account).err != GALEN_ERR_REPLACED)
            return false;
    }
    return true;
}

/* A guest is certified for one visit, by the practice's staff, and comes in while it is open, for what is live. */
static enum galen_err admit_guest(struct sign_in *s, const struct galen_cert *own)
{
    const struct galen_chain *chain = &s->frame->chain;
    struct hub_visit *visit = hub_visit_find(s->hub, &own->scope);
    if (s->frame->purpose != GALEN_CONNECTION_LIVE && GALEN_CHECKED(GUEST_LIVE))
        return GALEN_ERR_ROLE;
    if (!visit)
        return GALEN_ERR_NO_VISIT;
    enum galen_err err =
        galen_rules_judge_guest(visit->chart->rules, chain, &visit->node.id, s->hub->now_ms);
    if (err == GALEN_OK)
        err = check_issuers(s, chain);
    if (err == GALEN_OK && own->purpose == GALEN_PURPOSE_INVITATION &&
        s->hub->now_ms > own->issues_until_ms)
        err = GALEN_ERR_EXPIRED;
    if (err == GALEN_OK && !took_its_place(s, chain))
        err = GALEN_ERR_NOT_MEMBER;
    if (err != GALEN_OK)
        return err;
    s->guest = malloc(sizeof *s->guest);
    if (!s->guest)
        return GALEN_ERR_MEMORY;
    s->guest->visit = visit->node.id;
    s->guest->chain = *chain;
    s->guest->not_after_ms = UINT64_MAX;
    for (size_t i = 0; i < chain->count; i++)
        if (chain->certs[i].role == GALEN_ROLE_INTERPRETER &&
            chain->certs[i].not_after_ms < s->guest->not_after_ms)
            s->guest->not_after_ms = chain->certs[i].not_after_ms;
    return GALEN_OK;
}

static enum galen_err admit_by_chain(struct sign_in *s)
{
    const struct galen_chain *chain = &s->frame->chain;
    if (chain->count == 0)
        return GALEN_ERR_NOT_MEMBER;
    const struct galen_cert *own = &chain->certs[chain->count - 1];
    struct galen_id id = galen_device_id(s->hub->config.primitives, &own->keys);
    if (!galen_id_equal(&id, &s->id))
        return GALEN_ERR_CERTIFICATE;
    return own->scope_kind == GALEN_SCOPE_VISIT ? admit_guest(s, own) : admit_staff(s, own);
}

/* -- by membership ------------------------------------------------------------------------------ */

static void add_chart(void *context, const struct galen_id *chart)
{
    struct sign_in *s = context;
    galen_write_id(&s->hub->records, chart);
}

/* Links, codes and sheets end with the time in which they may be used; devices stay until dropped. */
static enum galen_err check_expiry(struct sign_in *s, size_t count)
{
    for (size_t i = 0; i < count && i < CHARTS_FOR_EXPIRY; i++) {
        struct galen_id id;
        struct hub_chart *chart;
        memcpy(id.bytes, galen_written(&s->hub->records).at + i * sizeof id.bytes, sizeof id.bytes);
        enum galen_err err = hub_chart_find(s->hub, &id, &chart);
        if (err != GALEN_OK)
            return err;
        const struct galen_member *member = galen_rules_member(chart->rules, &s->id);
        if (!member || member->purpose == GALEN_PURPOSE_DEVICE ||
            s->hub->now_ms <= member->issues_until_ms)
            return GALEN_OK;
    }
    return GALEN_ERR_EXPIRED;
}

/* Leaves the ids of the device's charts in hub->records. */
static enum galen_err admit(struct sign_in *s)
{
    const struct galen_chain *chain = &s->frame->chain;
    static const struct galen_id none;
    const struct galen_id *account =
        chain->count > 0 ? &chain->certs[chain->count - 1].account : &none;
    galen_writer_clear(&s->hub->records);
    enum galen_err err =
        store_charts_of(s->hub->config.store, &s->id, false, GALEN_CHARTS_MAX, add_chart, s);
    if (err == GALEN_OK && s->hub->records.failed)
        err = GALEN_ERR_MEMORY;
    if (err != GALEN_OK)
        return err;
    size_t count = s->hub->records.size / GALEN_ID_BYTES;
    struct hub_standing standing = hub_standing_of(s->hub, &s->id, account);
    s->used_ms = standing.at_ms;
    /* A code of somebody with several charts is used in one after the other. */
    if (standing.err != GALEN_OK && (standing.err != GALEN_ERR_REPLACED || count == 0))
        return standing.err;
    return count > 0 ? check_expiry(s, count) : admit_by_chain(s);
}

/* -- a used link -------------------------------------------------------------------------------- */

static struct hub_pending *notice_for(const struct sign_in *s, const struct galen_id *chart)
{
    struct hub_pending *pending = hub_batch_pending(STORE_NOTICE, NULL, 0);
    if (pending) {
        pending->change.as.notice = (struct store_notice){*chart, s->id, s->hub->now_ms};
        pending->used_ms = s->used_ms;
    }
    return pending;
}

/* The notices go to the disk together, so the answer waits for the last of them. */
static enum galen_err keep_notices(struct sign_in *s, size_t *count)
{
    struct hub *hub = s->hub;
    galen_writer_clear(&hub->records);
    enum galen_err err =
        store_charts_of(hub->config.store, &s->id, true, HUB_CHARTS_LOOKED_AT, add_chart, s);
    *count = hub->records.size / GALEN_ID_BYTES;
    if (err == GALEN_OK && hub->records.failed)
        err = GALEN_ERR_MEMORY;
    for (size_t i = 0; err == GALEN_OK && i < *count; i++) {
        struct galen_id chart;
        memcpy(chart.bytes, galen_written(&hub->records).at + i * sizeof chart.bytes,
               sizeof chart.bytes);
        struct hub_pending *pending = notice_for(s, &chart);
        if (!pending || (i + 1 == *count && !hub_batch_wait(pending, s->connection, 0))) {
            free(pending);
            return GALEN_ERR_MEMORY;
        }
        pending->joined = i > 0;
        hub_batch_queue(hub, pending);
    }
    return err;
}

/*
 * Staff hear of it even if this server dies at once: who opened the link is answered when the notices
 * are durable (I4). True: that is waited for.
 */
static bool warn(struct sign_in *s, enum galen_err *err)
{
    size_t count = 0;
    s->hub->counters.links_opened_again++;
    hub_event(s->hub, "link_opened_again", "\"device\":\"%s\"", hub_hex(&s->id).text);
    enum galen_err kept = keep_notices(s, &count);
    if (kept != GALEN_OK) {
        hub_event(s->hub, "notice_not_kept", "\"device\":\"%s\"", hub_hex(&s->id).text);
        *err = kept;
    }
    return kept == GALEN_OK && count > 0;
}

void hub_notice_durable(struct hub *hub, const struct store_notice *notice)
{
    struct galen_frame frame = {.type = GALEN_FRAME_NOTICE};
    frame.as.notice.kind = GALEN_NOTICE_LINK_OPENED_AGAIN;
    frame.as.notice.chart = notice->chart;
    frame.as.notice.device = notice->device;
    frame.as.notice.at_ms = notice->at_ms;
    struct hub_chart *chart = (struct hub_chart *)idmap_find(&hub->charts, &notice->chart);
    for (size_t i = 0; chart && i < galen_rules_member_count(chart->rules); i++) {
        const struct galen_member *member = galen_rules_member_at(chart->rules, i);
        struct hub_connection *log = hub_connection_of(hub, &member->device, HUB_LOG);
        if (log && galen_role_is_staff(member->role))
            hub_send(hub, log, &frame);
    }
}

/* -- in ----------------------------------------------------------------------------------------- */

static uint8_t signed_in_state(const struct sign_in *s)
{
    const struct galen_chain *chain = &s->frame->chain;
    if (s->guest && GALEN_CHECKED(GUEST_FRAMES))
        return chain->certs[chain->count - 1].purpose == GALEN_PURPOSE_DEVICE ? HUB_GUEST
                                                                              : HUB_LINK;
    return s->frame->purpose == GALEN_CONNECTION_LOG ? HUB_LOG : HUB_LIVE;
}

static enum galen_err take_place(struct sign_in *s)
{
    struct hub *hub = s->hub;
    struct hub_device *device = (struct hub_device *)idmap_find(&hub->devices, &s->id);
    if (!device) {
        device = calloc(1, sizeof *device);
        if (!device)
            return GALEN_ERR_MEMORY;
        device->node.id = s->id;
        if (!idmap_add(&hub->devices, &device->node)) {
            free(device);
            return GALEN_ERR_MEMORY;
        }
    }
    bool log = s->frame->purpose == GALEN_CONNECTION_LOG;
    struct hub_connection **place = log ? &device->log : &device->live;
    struct hub_connection *older = *place;
    *place = s->connection;
    s->connection->device = device;
    s->connection->id = s->id;
    s->connection->keys = s->frame->keys;
    s->connection->guest = s->guest;
    s->connection->state = signed_in_state(s);
    if (older) {
        hub->counters.displaced++;
        hub_close(hub, older, GALEN_ERR_DISPLACED, 0);
    }
    return GALEN_OK;
}

void hub_on_sign_in(struct hub *hub, struct hub_connection *connection,
                    const struct galen_frame *frame)
{
    struct sign_in s = {.hub = hub, .connection = connection, .frame = &frame->as.sign_in};
    s.id = galen_device_id(hub->config.primitives, &s.frame->keys);
    enum galen_err err = check_frame(&s);
    if (err == GALEN_OK)
        err = admit(&s);
    if (err == GALEN_ERR_REPLACED && warn(&s, &err))
        return;
    if (err == GALEN_OK)
        err = take_place(&s);
    if (err != GALEN_OK) {
        free(s.guest);
        hub_close(hub, connection, err, err == GALEN_ERR_REPLACED ? s.used_ms : 0);
        return;
    }
    struct galen_frame welcome = {.type = GALEN_FRAME_WELCOME};
    welcome.as.welcome.clock_ms = hub->now_ms;
    welcome.as.welcome.charts = galen_written(&hub->records);
    hub_send(hub, connection, &welcome);
    hub->counters.sign_ins++;
    hub_event(hub, "signed_in", "\"device\":\"%s\",\"purpose\":\"%s\"", hub_hex(&s.id).text,
              connection->state == HUB_LOG ? "log" : "live");
    if (connection->state != HUB_LINK)
        hub_visit_announce_to(hub, connection);
}

/* -- set-up ------------------------------------------------------------------------------------- */

/* Compares in a time that says nothing about where the first difference is. */
static bool is_token(const struct hub *hub, struct galen_bytes token)
{
    const char *ours = hub->config.token;
    if (!ours || strlen(ours) == 0 || token.size != strlen(ours))
        return false;
    uint8_t different = 0;
    for (size_t i = 0; i < token.size; i++)
        different |= (uint8_t)(token.at[i] ^ (uint8_t)ours[i]);
    return different == 0;
}

static enum galen_err check_setup(struct hub *hub, struct hub_connection *connection,
                                  const struct galen_frame_setup *setup)
{
    struct galen_writer w;
    if (!take_turn(hub, connection))
        return GALEN_ERR_LIMIT;
    if (hub->has_practice || hub->practice_pending ||
        (GALEN_CHECKED(TOKEN) && !is_token(hub, setup->token)))
        return GALEN_ERR_TOKEN;
    galen_writer_init(&w);
    galen_setup_message(&w, connection->nonce, setup->token, &setup->practice);
    bool good =
        !w.failed && galen_verify(hub->config.primitives, GALEN_SIGN_SETUP, setup->practice.sign,
                                  galen_written(&w), setup->signature);
    galen_writer_wipe(&w);
    return good ? GALEN_OK : GALEN_ERR_SIGNATURE;
}

void hub_on_setup(struct hub *hub, struct hub_connection *connection,
                  const struct galen_frame *frame)
{
    const struct galen_frame_setup *setup = &frame->as.setup;
    struct hub_pending *pending = NULL;
    enum galen_err err = check_setup(hub, connection, setup);
    if (err == GALEN_OK) {
        pending = hub_batch_pending(STORE_PRACTICE, NULL, 0);
        if (!pending || !hub_batch_wait(pending, connection, 0))
            err = GALEN_ERR_MEMORY;
    }
    if (err == GALEN_OK) {
        pending->change.as.practice = setup->practice;
        hub->practice_pending = true;
        hub_batch_queue(hub, pending);
        return;
    }
    if (pending)
        hub_batch_pending_free(pending);
    hub_close(hub, connection, err, 0);
}
