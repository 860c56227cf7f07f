/* Presence and drafts: sealed under keys of the epoch, signed by hellos, stored nowhere (D5). */
#include "live.h"
#include "galen/mutation.h"

#include <stdlib.h>
#include <string.h>

enum relayed_kind { RELAYED_HELLO = 1, RELAYED_SEALED = 2 };

struct live *live_get(struct galen_engine *engine)
{
    if (!engine->live)
        engine->live = calloc(1, sizeof *engine->live);
    if (!engine->live)
        engine->outputs.failed = true;
    return engine->live;
}

void live_free(struct galen_engine *engine)
{
    if (!engine->live)
        return;
    visit_wipe(&engine->live->visit);
    drafts_free(engine->live);
    free(engine->live->peers);
    galen_wipe(engine->live, sizeof *engine->live);
    free(engine->live);
    engine->live = NULL;
}

const struct galen_member *live_member(const struct galen_engine *engine,
                                       const struct galen_id *chart, const struct galen_id *device)
{
    const struct chart *c = chart_find(engine, chart);
    return c ? galen_rules_member(galen_log_rules(c->log), device) : NULL;
}

void galen_engine_go_live(struct galen_engine *engine, uint64_t now_ms, bool live)
{
    struct live *l = live_get(engine);
    bool may = engine->me.state == GALEN_HOME_MEMBER || engine->me.state == GALEN_HOME_GUEST;
    if (!l || l->wanted == live || !may)
        return;
    l->wanted = live;
    line_want(engine, now_ms, GALEN_CONNECTION_LIVE, live);
}

/* -- sending ---------------------------------------------------------------------------------------- */

static void relay(struct galen_engine *engine, const struct galen_id *chart,
                  struct galen_writer *payload)
{
    if (payload->failed || payload->size > GALEN_RELAYED_MAX) {
        engine->outputs.failed = engine->outputs.failed || payload->failed;
        return;
    }
    struct galen_frame frame = {.type = GALEN_FRAME_RELAY,
                                .as.relay = {*chart, engine->me.device, galen_written(payload)}};
    send_frame(engine, GALEN_CONNECTION_LIVE, &frame);
}

/* What a hello says, before its signature. */
struct hello {
    struct galen_id device;
    uint8_t connection[CONNECTION_BYTES];
    uint64_t clock_ms;
    bool asks; /* who hears it answers, also if they know the connection */
};

static void write_hello(struct galen_writer *w, const struct hello *hello)
{
    galen_write_u8(w, RELAYED_HELLO);
    galen_write_id(w, &hello->device);
    galen_write(w, hello->connection, CONNECTION_BYTES);
    galen_write_u64(w, hello->clock_ms);
    galen_write_bool(w, hello->asks);
}

static void say_hello(struct galen_engine *engine, uint64_t now_ms, const struct chart *chart,
                      bool asks)
{
    const struct live *live = engine->live;
    uint8_t signature[GALEN_SIGNATURE_BYTES];
    struct hello hello = {
        .device = engine->me.device, .clock_ms = server_time(engine, now_ms), .asks = asks};
    struct galen_writer message, payload;
    memcpy(hello.connection, live->connection, sizeof hello.connection);
    galen_writer_init(&message);
    galen_writer_init(&payload);
    galen_write_id(&message, &chart->id);
    write_hello(&message, &hello);
    galen_sign(&engine->me.secrets, GALEN_SIGN_LIVE_HELLO, galen_written(&message), signature);
    write_hello(&payload, &hello);
    galen_write(&payload, signature, sizeof signature);
    payload.failed = payload.failed || message.failed;
    relay(engine, &chart->id, &payload);
    galen_writer_wipe(&message);
    galen_writer_wipe(&payload);
}

static bool live_key(const struct chart *chart, uint32_t epoch, const struct galen_id *device,
                     const uint8_t connection[CONNECTION_BYTES], uint8_t key[GALEN_KEY_BYTES])
{
    const uint8_t *epoch_key = galen_log_epoch_key(chart->log, epoch);
    if (!epoch_key)
        return false;
    struct galen_writer context;
    galen_writer_init(&context);
    galen_write_id(&context, &chart->id);
    galen_write_u32(&context, epoch);
    galen_write_id(&context, device);
    galen_write(&context, connection, CONNECTION_BYTES);
    bool ok = !context.failed;
    if (ok)
        galen_expand(epoch_key, "live", galen_written(&context), key, GALEN_KEY_BYTES);
    galen_writer_wipe(&context);
    return ok;
}

static void counter_nonce(uint64_t counter, uint8_t nonce[GALEN_NONCE_BYTES])
{
    memset(nonce, 0, GALEN_NONCE_BYTES);
    for (size_t i = 0; i < 8; i++)
        nonce[GALEN_NONCE_BYTES - 1 - i] = (uint8_t)(counter >> (8 * i));
}

static void write_sealed_head(struct galen_writer *w, const uint8_t connection[CONNECTION_BYTES],
                              uint32_t epoch, uint64_t counter)
{
    galen_write_u8(w, RELAYED_SEALED);
    galen_write(w, connection, CONNECTION_BYTES);
    galen_write_u32(w, epoch);
    galen_write_u64(w, counter);
}

void live_say(struct galen_engine *engine, const struct chart *chart, struct galen_writer *message)
{
    struct live *live = engine->live;
    uint32_t epoch = galen_rules_epoch(galen_log_rules(chart->log));
    uint8_t key[GALEN_KEY_BYTES], nonce[GALEN_NONCE_BYTES], tag_room[GALEN_TAG_BYTES] = {0};
    if (!line_ready(engine, GALEN_CONNECTION_LIVE) ||
        galen_log_epoch_state(chart->log) != GALEN_OK ||
        !live_key(chart, epoch, &engine->me.device, live->connection, key))
        return;
    galen_pad(message, 0);
    size_t padded = message->size;
    galen_write(message, tag_room, sizeof tag_room);
    struct galen_writer payload;
    galen_writer_init(&payload);
    write_sealed_head(&payload, live->connection, epoch, ++live->counter);
    if (!message->failed && !payload.failed) {
        counter_nonce(live->counter, nonce);
        galen_aead_seal(key, nonce, galen_written(&payload),
                        (struct galen_bytes){message->at, padded}, message->at);
        galen_write_vector(&payload, galen_written(message));
    }
    galen_wipe(key, sizeof key);
    relay(engine, &chart->id, &payload);
    galen_writer_wipe(&payload);
}

static void say_here(struct galen_engine *engine, const struct chart *chart)
{
    const struct live *live = engine->live;
    const struct visit *v = visit_current(engine);
    static const struct galen_id none;
    bool in_visit = v && galen_id_equal(&v->chart, &chart->id);
    struct galen_writer message;
    galen_writer_init(&message);
    galen_write_u8(&message, MESSAGE_HERE);
    galen_write_id(&message, in_visit ? &v->visit : &none);
    galen_write_bool(&message, in_visit && live->muted);
    live_say(engine, chart, &message);
    galen_writer_wipe(&message);
}

void live_say_here(struct galen_engine *engine, const struct galen_id *id)
{
    const struct chart *chart = chart_find(engine, id);
    if (chart && chart_me(engine, chart))
        say_here(engine, chart);
}

/* -- hearing ---------------------------------------------------------------------------------------- */

struct peer *live_peer(struct live *live, const struct galen_id *chart,
                       const struct galen_id *device)
{
    for (size_t i = 0; i < live->peer_count; i++)
        if (galen_id_equal(&live->peers[i].chart, chart) &&
            galen_id_equal(&live->peers[i].device, device))
            return &live->peers[i];
    return NULL;
}

static struct peer *longest_gone(struct live *live)
{
    struct peer *found = NULL;
    for (size_t i = 0; i < live->peer_count; i++)
        if (live->peers[i].heard_ms == 0 && (!found || live->peers[i].clock_ms < found->clock_ms))
            found = &live->peers[i];
    return found;
}

struct peer *live_place(struct live *live, bool *memory)
{
    *memory = true;
    struct peer *peer = live->peer_count == PEERS_MAX ? longest_gone(live) : NULL;
    if (!peer && live->peer_count == live->peer_room && live->peer_room < PEERS_MAX) {
        size_t room = live->peer_room == 0 ? GALEN_MEMBERS_MAX : live->peer_room * 2;
        struct peer *peers = realloc(live->peers, room * sizeof *peers);
        *memory = peers != NULL;
        if (!peers)
            return NULL;
        live->peers = peers;
        live->peer_room = room;
    }
    if (!peer && live->peer_count < live->peer_room)
        peer = &live->peers[live->peer_count++];
    if (peer)
        *peer = (struct peer){0};
    return peer;
}

static void presence_event(struct galen_engine *engine, const struct peer *peer, bool here)
{
    if (!here)
        drafts_gone(engine, peer);
    event(engine, (struct galen_event){.kind = GALEN_EVENT_PRESENCE,
                                       .chart = peer->chart,
                                       .device = peer->device,
                                       .account = peer->account,
                                       .number = here ? 1 : 0});
}

/* Who asks may not know us, or could not open what we said. All who ask in a moment get one answer: else one of
 * them could have everybody say more than the server lets through. */
static void answer(struct galen_engine *engine, uint64_t now_ms, struct chart *chart)
{
    chart->answered_ms = earlier(chart->answered_ms, now_ms);
    chart->asked = now_ms - chart->answered_ms < ANSWER_MS;
    if (chart->asked)
        return;
    chart->answered_ms = now_ms;
    say_hello(engine, now_ms, chart, false);
    say_here(engine, chart);
}

static bool hello_holds(const struct galen_engine *engine, const struct chart *chart,
                        const struct galen_member *member, const struct hello *hello,
                        const uint8_t signature[GALEN_SIGNATURE_BYTES])
{
    struct galen_writer message;
    galen_writer_init(&message);
    galen_write_id(&message, &chart->id);
    write_hello(&message, hello);
    bool ok =
        !message.failed && galen_verify(engine->primitives, GALEN_SIGN_LIVE_HELLO,
                                        member->keys.sign, galen_written(&message), signature);
    galen_writer_wipe(&message);
    return ok;
}

static void on_hello(struct galen_engine *engine, uint64_t now_ms, struct chart *chart,
                     struct galen_reader *r)
{
    struct live *live = engine->live;
    struct hello hello = {.device = galen_read_id(r)};
    uint8_t signature[GALEN_SIGNATURE_BYTES];
    galen_read_into(r, hello.connection, sizeof hello.connection);
    hello.clock_ms = galen_read_u64(r);
    hello.asks = galen_read_bool(r);
    galen_read_into(r, signature, sizeof signature);
    const struct galen_member *member =
        galen_rules_member(galen_log_rules(chart->log), &hello.device);
    uint64_t now = server_time(engine, now_ms);
    uint64_t off = now > hello.clock_ms ? now - hello.clock_ms : hello.clock_ms - now;
    struct peer *peer = live_peer(live, &chart->id, &hello.device);
    bool known = peer && memcmp(peer->connection, hello.connection, sizeof hello.connection) == 0;
    if (!galen_reader_done(r) || !member || member->purpose != GALEN_PURPOSE_DEVICE ||
        galen_id_equal(&hello.device, &engine->me.device) || off > GALEN_CLOCK_SKEW_MS ||
        (known ? !hello.asks : peer && hello.clock_ms <= peer->clock_ms) ||
        !hello_holds(engine, chart, member, &hello, signature))
        return;
    if (!peer) {
        bool memory;
        peer = live_place(live, &memory);
        engine->outputs.failed = engine->outputs.failed || !memory;
        if (!peer)
            return;
    }
    /* What it last said of a visit stands until it says more, on its new connection. */
    if (!known) {
        drafts_gone(engine, peer);
        *peer = (struct peer){.chart = chart->id,
                              .device = hello.device,
                              .account = member->account,
                              .clock_ms = hello.clock_ms,
                              .showed_ms = peer->showed_ms,
                              .searched_ms = peer->searched_ms,
                              .visit = peer->visit,
                              .muted = peer->muted};
        memcpy(peer->connection, hello.connection, sizeof hello.connection);
    }
    answer(engine, now_ms, chart);
}

/* False: it came before, or is too old to tell. */
static bool is_new(struct peer *peer, uint64_t counter)
{
    if (counter == 0 || (counter <= peer->highest && peer->highest - counter >= 64))
        return false;
    return counter > peer->highest || !(peer->seen >> (peer->highest - counter) & 1);
}

static void note_counter(struct peer *peer, uint64_t counter)
{
    if (counter > peer->highest) {
        uint64_t by = counter - peer->highest;
        peer->seen = by < 64 ? peer->seen << by : 0;
        peer->highest = counter;
    }
    peer->seen |= 1ull << (peer->highest - counter);
}

/* Where somebody is. What was said earlier and comes late does not count. */
static void on_here(struct galen_engine *engine, struct peer *peer, uint64_t counter,
                    const struct galen_id *visit, bool muted)
{
    if (GALEN_CHECKED(HERE_ORDER) && counter < peer->said_at)
        return;
    bool before = galen_engine_participant_muted(engine, &peer->device);
    peer->said_at = counter;
    peer->visit = *visit;
    peer->muted = muted;
    if (before != galen_engine_participant_muted(engine, &peer->device))
        call_told(engine, &peer->device);
}

static void on_message(struct galen_engine *engine, uint64_t now_ms, struct peer *peer,
                       uint64_t counter, struct galen_bytes plain)
{
    static const struct galen_id none;
    struct galen_reader r;
    galen_reader_init(&r, plain);
    uint8_t kind = galen_read_u8(&r);
    bool was_here = peer->heard_ms != 0;
    if (kind == MESSAGE_GONE && galen_reader_done(&r)) {
        peer->heard_ms = 0;
        on_here(engine, peer, counter, &none, false);
        if (was_here)
            presence_event(engine, peer, false);
        return;
    }
    peer->heard_ms = now_ms > 0 ? now_ms : 1;
    if (!was_here)
        presence_event(engine, peer, true);
    if (kind == MESSAGE_HERE) {
        struct galen_id visit = galen_read_id(&r);
        bool muted = galen_read_bool(&r);
        if (galen_reader_done(&r))
            on_here(engine, peer, counter, &visit, muted);
    } else {
        drafts_heard(engine, now_ms, peer, counter, kind, &r);
    }
}

static void on_sealed(struct galen_engine *engine, uint64_t now_ms, const struct chart *chart,
                      const struct galen_id *device, struct galen_bytes payload,
                      struct galen_reader *r)
{
    uint8_t connection[CONNECTION_BYTES], key[GALEN_KEY_BYTES], nonce[GALEN_NONCE_BYTES];
    uint8_t plain[GALEN_RELAYED_MAX];
    struct peer *peer = live_peer(engine->live, &chart->id, device);
    galen_read_into(r, connection, sizeof connection);
    uint32_t epoch = galen_read_u32(r);
    uint64_t counter = galen_read_u64(r);
    size_t head = payload.size - r->left;
    struct galen_bytes sealed = galen_read_vector(r, GALEN_RELAYED_MAX);
    /* Only the current epoch: who was dropped speaks no more. */
    if (!galen_reader_done(r) || !peer ||
        memcmp(peer->connection, connection, sizeof connection) != 0 ||
        epoch != galen_rules_epoch(galen_log_rules(chart->log)) || !is_new(peer, counter) ||
        sealed.size < GALEN_TAG_BYTES || !galen_rules_member(galen_log_rules(chart->log), device) ||
        !live_key(chart, epoch, device, connection, key))
        return;
    counter_nonce(counter, nonce);
    struct galen_bytes opened;
    if (galen_aead_open(key, nonce, (struct galen_bytes){payload.at, head}, sealed, plain) &&
        galen_unpad((struct galen_bytes){plain, sealed.size - GALEN_TAG_BYTES}, &opened)) {
        note_counter(peer, counter);
        on_message(engine, now_ms, peer, counter, opened);
    }
    galen_wipe(key, sizeof key);
    galen_wipe(plain, sizeof plain);
}

static void on_relay(struct galen_engine *engine, uint64_t now_ms,
                     const struct galen_frame_relay *frame)
{
    struct chart *chart = chart_find(engine, &frame->chart);
    if (!chart)
        return;
    struct galen_reader r;
    galen_reader_init(&r, frame->sealed);
    switch (galen_read_u8(&r)) {
    case RELAYED_HELLO:
        on_hello(engine, now_ms, chart, &r);
        break;
    case RELAYED_SEALED:
        on_sealed(engine, now_ms, chart, &frame->device, frame->sealed, &r);
        break;
    default:
        break;
    }
}

/* -- the connection --------------------------------------------------------------------------------- */

static void open_chart(struct galen_engine *engine, uint64_t now_ms, struct chart *chart)
{
    struct galen_frame frame = {.type = GALEN_FRAME_LIVE_OPEN,
                                .as.live_open = {next_request(engine), chart->id}};
    send_frame(engine, GALEN_CONNECTION_LIVE, &frame);
    say_hello(engine, now_ms, chart, true);
    say_here(engine, chart);
}

void live_ready(struct galen_engine *engine, uint64_t now_ms)
{
    struct live *live = live_get(engine);
    if (!live)
        return;
    draw(engine, live->connection, sizeof live->connection);
    live->counter = 0;
    live->said_ms = now_ms;
    for (size_t i = 0; i < engine->chart_count; i++)
        if (chart_me(engine, engine->charts[i]))
            open_chart(engine, now_ms, engine->charts[i]);
    visit_ready(engine, now_ms);
}

void live_lost(struct galen_engine *engine, uint64_t now_ms)
{
    (void)now_ms;
    struct live *live = engine->live;
    if (!live)
        return;
    for (size_t i = 0; i < live->peer_count; i++)
        if (live->peers[i].heard_ms != 0)
            presence_event(engine, &live->peers[i], false);
    live->peer_count = 0;
    visit_lost(engine);
}

void live_received(struct galen_engine *engine, uint64_t now_ms, uint8_t purpose,
                   const struct galen_frame *frame)
{
    if (engine->me.state == GALEN_HOME_JOINING)
        guest_answered(engine, now_ms, frame);
    bool guest = engine->me.state == GALEN_HOME_GUEST;
    if (!live_get(engine) || (engine->me.state != GALEN_HOME_MEMBER && !guest))
        return;
    if (guest) /* whatever else a server hands over */
        visit_received(engine, now_ms, frame);
    else if (frame->type == GALEN_FRAME_RELAY && purpose == GALEN_CONNECTION_LIVE)
        on_relay(engine, now_ms, &frame->as.relay);
    else
        visit_received(engine, now_ms, frame);
}

void live_members(struct galen_engine *engine, uint64_t now_ms, struct chart *chart)
{
    struct live *live = engine->live;
    if (!live)
        return;
    for (size_t i = 0; i < live->peer_count; i++) {
        struct peer *peer = &live->peers[i];
        if (!galen_id_equal(&peer->chart, &chart->id) || peer->heard_ms == 0 ||
            live_member(engine, &peer->chart, &peer->device))
            continue;
        peer->heard_ms = 0;
        presence_event(engine, peer, false);
    }
    if (line_ready(engine, GALEN_CONNECTION_LIVE) && chart_me(engine, chart))
        open_chart(engine, now_ms, chart);
    door_members(engine, now_ms, chart);
}

void live_tick(struct galen_engine *engine, uint64_t now_ms)
{
    struct live *live = engine->live;
    if (!live || !line_ready(engine, GALEN_CONNECTION_LIVE))
        return;
    live->said_ms = earlier(live->said_ms, now_ms);
    if (now_ms - live->said_ms >= PRESENCE_MS) {
        live->said_ms = now_ms;
        call_say_self(engine);
        for (size_t i = 0; i < engine->chart_count; i++)
            if (chart_me(engine, engine->charts[i])) {
                /* Who had not yet read that we belong here did not take the first hello. */
                say_hello(engine, now_ms, engine->charts[i], false);
                say_here(engine, engine->charts[i]);
            }
    }
    for (size_t i = 0; i < engine->chart_count; i++)
        if (engine->charts[i]->asked && chart_me(engine, engine->charts[i]))
            answer(engine, now_ms, engine->charts[i]);
    for (size_t i = 0; i < live->peer_count; i++) {
        struct peer *peer = &live->peers[i];
        peer->heard_ms = earlier(peer->heard_ms, now_ms);
        if (peer->heard_ms != 0 && now_ms - peer->heard_ms >= PRESENCE_GONE_MS) {
            peer->heard_ms = 0;
            presence_event(engine, peer, false);
        }
    }
    drafts_review(engine, now_ms);
    door_tick(engine, now_ms);
}

uint64_t live_deadline(const struct galen_engine *engine)
{
    const struct live *live = engine->live;
    if (!live || !line_ready(engine, GALEN_CONNECTION_LIVE))
        return UINT64_MAX;
    uint64_t at = live->said_ms + PRESENCE_MS;
    for (size_t i = 0; i < engine->chart_count; i++)
        if (engine->charts[i]->asked && chart_me(engine, engine->charts[i]))
            at = earlier(at, engine->charts[i]->answered_ms + ANSWER_MS);
    for (size_t i = 0; i < live->peer_count; i++)
        if (live->peers[i].heard_ms != 0)
            at = earlier(at, live->peers[i].heard_ms + PRESENCE_GONE_MS);
    return earlier(earlier(at, drafts_deadline(engine)), door_deadline(engine));
}
