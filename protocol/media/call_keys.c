#include "galen/call_keys.h"

#include <stdlib.h>
#include <string.h>

#include "galen/crypto.h"
#include "galen/hpke.h"
#include "galen/keys.h"
#include "galen/mutation.h"

_Static_assert(GALEN_CALL_SEAL_BYTES == GALEN_SEALED_KEY_BYTES, "a place holds one sealed key");

#define FRAME_LABEL "call frame" /* HKDF; galen_expand puts "galen " before it */

/** One roster that we are in, and what its call secret gives. */
struct generation {
    bool in_use;
    struct galen_call_roster roster;
    uint8_t secret[GALEN_KEY_BYTES];
    /* By place in the roster; derived when the first frame comes. */
    bool known[GALEN_PARTICIPANTS_MAX][GALEN_STREAMS];
    struct galen_sframe_receiver receivers[GALEN_PARTICIPANTS_MAX][GALEN_STREAMS];
};

struct galen_call {
    struct galen_call_config config;
    uint8_t key[GALEN_SEAL_KEY_BYTES]; /* of the ephemeral secret */
    struct galen_id hello;             /* the newest made; none before the first */
    bool ended;                        /* two rosters of one generation were seen */
    uint16_t generation;               /* of the newest roster taken */
    uint8_t roster_hash[GALEN_HASH_BYTES];
    struct generation now, last;
    uint64_t since_ms; /* when `now` came */
    uint16_t number;   /* ours in `now` */
    struct galen_sframe_sender senders[GALEN_STREAMS];
    uint64_t next[GALEN_STREAMS]; /* counters go on over generations */
};

struct galen_call *galen_call_new(const struct galen_call_config *config)
{
    struct galen_call *call = calloc(1, sizeof *call);
    if (!call)
        return NULL;
    call->config = *config;
    galen_seal_public(config->ephemeral_secret, call->key);
    return call;
}

void galen_call_free(struct galen_call *call)
{
    if (call)
        galen_wipe(call, sizeof *call);
    free(call);
}

enum galen_err galen_call_make_hello(struct galen_call *call,
                                     const uint8_t nonce[GALEN_CALL_NONCE_BYTES],
                                     uint64_t head_size, const uint8_t *head_root,
                                     struct galen_writer *out)
{
    struct galen_call_hello hello = {
        .chart = call->config.chart,
        .visit = call->config.visit,
        .device = call->config.device,
        .has_head = head_root != NULL,
        .head_size = head_root ? head_size : 0,
    };
    memcpy(hello.key, call->key, sizeof hello.key);
    memcpy(hello.nonce, nonce, sizeof hello.nonce);
    if (head_root)
        memcpy(hello.head_root, head_root, sizeof hello.head_root);
    struct galen_writer whole;
    galen_writer_init(&whole);
    galen_call_hello_write_unsigned(&whole, &hello);
    galen_sign_seed(call->config.sign_seed, GALEN_SIGN_CALL_HELLO, galen_written(&whole),
                    hello.signature);
    galen_write(&whole, hello.signature, sizeof hello.signature);
    struct galen_bytes bytes = galen_written(&whole);
    galen_write(out, bytes.at, bytes.size);
    bool failed = whole.failed || out->failed;
    if (!failed)
        call->hello = galen_call_hello_id(galen_sodium_primitives(), bytes);
    galen_writer_wipe(&whole);
    return failed ? GALEN_ERR_MEMORY : GALEN_OK;
}

static void stop(struct galen_call *call)
{
    galen_wipe(&call->now, sizeof call->now);
    galen_wipe(&call->last, sizeof call->last);
    galen_wipe(call->senders, sizeof call->senders);
    call->number = 0;
}

void galen_call_stop(struct galen_call *call)
{
    stop(call);
}

static uint64_t key_id_of(const struct generation *g, uint16_t number, enum galen_stream stream)
{
    return galen_call_key_id_pack(
        (struct galen_call_key_id){g->roster.generation, number, (uint8_t)stream});
}

/** SFrame base key = Expand(call secret, visit ‖ key id): generation, participant and stream. */
static void base_key(const struct generation *g, uint64_t key_id, uint8_t out[GALEN_KEY_BYTES])
{
    uint8_t context[GALEN_ID_BYTES + 8];
    memcpy(context, g->roster.visit.bytes, GALEN_ID_BYTES);
    for (int i = 0; i < 8; i++)
        context[GALEN_ID_BYTES + i] = (uint8_t)(key_id >> (56 - 8 * i));
    galen_expand(g->secret, FRAME_LABEL, (struct galen_bytes){context, sizeof context}, out,
                 GALEN_KEY_BYTES);
}

/** Whether every place's seal holds the very secret that ours does (K4). */
static enum galen_err check_seals(const struct generation *g)
{
    enum galen_err err = GALEN_OK;
    for (size_t i = 0; i < g->roster.count && !err; i++) {
        const struct galen_call_place *place = &g->roster.places[i];
        struct galen_sealed_key sealed;
        memcpy(sealed.bytes, place->seal, sizeof sealed.bytes);
        struct galen_writer info;
        galen_writer_init(&info);
        galen_call_seal_info(&info, &g->roster, &place->hello);
        if (info.failed)
            err = GALEN_ERR_MEMORY;
        else if (!galen_sealed_key_matches(&sealed, g->secret, place->key, &place->hello,
                                           galen_written(&info)))
            err = GALEN_ERR_SEAL;
        galen_writer_wipe(&info);
    }
    return err;
}

static enum galen_err open_secret(const struct galen_call *call, struct generation *g,
                                  const struct galen_call_place *place)
{
    enum galen_err err = GALEN_ERR_MEMORY;
    struct galen_sealed_key sealed;
    memcpy(sealed.bytes, place->seal, sizeof sealed.bytes);
    struct galen_writer info;
    galen_writer_init(&info);
    galen_call_seal_info(&info, &g->roster, &place->hello);
    if (!info.failed)
        err = galen_open_key(&sealed, call->config.ephemeral_secret, call->key,
                             galen_written(&info), g->secret);
    galen_writer_wipe(&info);
    if (err == GALEN_ERR_KEY)
        err = GALEN_ERR_SEAL;
    if (err)
        return err;
    return GALEN_CHECKED(CALL_SEALS) ? check_seals(g) : GALEN_OK;
}

/** The checks that come before anything is changed. */
static enum galen_err judge_roster(const struct galen_call *call,
                                   const struct galen_call_roster *roster,
                                   const struct galen_id *host,
                                   const uint8_t host_key[GALEN_SIGN_KEY_BYTES])
{
    if (!galen_id_equal(&roster->chart, &call->config.chart) ||
        !galen_id_equal(&roster->visit, &call->config.visit))
        return GALEN_ERR_CHART;
    if (!galen_id_equal(&roster->host, host))
        return GALEN_ERR_SENDER;
    enum galen_err err = galen_call_roster_verify(galen_sodium_primitives(), roster, host_key);
    if (err)
        return err;
    return roster->generation < call->generation ? GALEN_ERR_REPLAY : GALEN_OK;
}

/** The roster's place for our newest hello; NULL when we are not in. */
static const struct galen_call_place *our_place(const struct galen_call *call,
                                                const struct galen_call_roster *roster)
{
    const struct galen_call_place *place = galen_call_place_of(roster, &call->config.device);
    bool ours = place && galen_id_equal(&place->hello, &call->hello) &&
                memcmp(place->key, call->key, sizeof call->key) == 0;
    return ours ? place : NULL;
}

static void begin(struct galen_call *call, uint64_t now_ms, const struct generation *g,
                  uint16_t number)
{
    call->last = call->now;
    call->now = *g;
    call->now.in_use = true;
    call->since_ms = now_ms;
    call->number = number;
    for (int s = 0; s < GALEN_STREAMS; s++) {
        uint8_t base[GALEN_KEY_BYTES];
        uint64_t id = key_id_of(&call->now, number, (enum galen_stream)s);
        base_key(&call->now, id, base);
        galen_sframe_sender_init(&call->senders[s], base, id, call->next[s]);
        galen_wipe(base, sizeof base);
    }
}

static enum galen_err take(struct galen_call *call, uint64_t now_ms, struct generation *g,
                           struct galen_bytes roster, const struct galen_id *host,
                           const uint8_t host_key[GALEN_SIGN_KEY_BYTES])
{
    uint8_t hash[GALEN_HASH_BYTES];
    enum galen_err err = galen_call_roster_read(roster, &g->roster);
    if (!err)
        err = judge_roster(call, &g->roster, host, host_key);
    if (err)
        return err;
    galen_sha256(&roster, 1, hash);
    bool same = memcmp(hash, call->roster_hash, sizeof hash) == 0;
    if (g->roster.generation == call->generation && same)
        return GALEN_ERR_DUPLICATE;
    if (GALEN_CHECKED(ROSTER_FORK) && g->roster.generation == call->generation) {
        call->ended = true;
        stop(call);
        return GALEN_ERR_FORK;
    }
    const struct galen_call_place *place = our_place(call, &g->roster);
    err = place ? open_secret(call, g, place) : GALEN_ERR_WAITING;
    if (err == GALEN_ERR_MEMORY)
        return err;
    call->generation = g->roster.generation;
    memcpy(call->roster_hash, hash, sizeof hash);
    if (err)
        stop(call);
    else
        begin(call, now_ms, g, place->number);
    return err;
}

enum galen_err galen_call_take_roster(struct galen_call *call, uint64_t now_ms,
                                      struct galen_bytes roster, const struct galen_id *host,
                                      const uint8_t host_key[GALEN_SIGN_KEY_BYTES])
{
    if (call->ended)
        return GALEN_ERR_FORK;
    struct generation *g = calloc(1, sizeof *g);
    if (!g)
        return GALEN_ERR_MEMORY;
    enum galen_err err = take(call, now_ms, g, roster, host, host_key);
    galen_wipe(g, sizeof *g);
    free(g);
    return err;
}

const struct galen_call_roster *galen_call_roster(const struct galen_call *call)
{
    return call->now.in_use ? &call->now.roster : NULL;
}

uint16_t galen_call_number(const struct galen_call *call)
{
    return call->number;
}

static enum galen_err usable(const struct galen_call *call)
{
    if (call->ended)
        return GALEN_ERR_FORK;
    return call->now.in_use ? GALEN_OK : GALEN_ERR_WAITING;
}

enum galen_err galen_call_seal(struct galen_call *call, enum galen_stream stream,
                               struct galen_bytes plain, uint8_t *out, size_t room, size_t *size)
{
    if ((unsigned)stream >= GALEN_STREAMS)
        return GALEN_ERR_FORMAT;
    enum galen_err err = usable(call);
    if (!err)
        err = galen_sframe_seal(&call->senders[stream], (struct galen_bytes){0}, plain, out, room,
                                size);
    if (!err)
        call->next[stream] = call->senders[stream].next;
    return err;
}

void galen_call_skip(struct galen_call *call, enum galen_stream stream)
{
    if ((unsigned)stream >= GALEN_STREAMS)
        return;
    if (call->now.in_use) {
        galen_sframe_skip(&call->senders[stream]);
        call->next[stream] = call->senders[stream].next;
    } else {
        call->next[stream]++;
    }
}

/** The generation a frame belongs to, if it may still be heard; NULL: it may not. */
static struct generation *generation_of(struct galen_call *call, uint64_t now_ms, uint16_t number)
{
    if (call->now.roster.generation == number)
        return &call->now;
    bool over = now_ms > call->since_ms && now_ms - call->since_ms > GALEN_CALL_OVERLAP_MS;
    if (call->last.in_use && !over && call->last.roster.generation == number)
        return &call->last;
    return NULL;
}

/**
 * The place of a frame's sender in its generation. NULL: nobody's number, our own, or somebody who is
 * not in the newest roster any more (R3).
 */
static const struct galen_call_place *sender_of(const struct galen_call *call,
                                                const struct generation *g, uint16_t participant)
{
    const struct galen_call_place *place = galen_call_place_numbered(&g->roster, participant);
    if (!place || galen_id_equal(&place->device, &call->config.device))
        return NULL;
    if (GALEN_CHECKED(CALL_REMOVED) && !galen_call_place_numbered(&call->now.roster, participant))
        return NULL;
    return place;
}

static struct galen_sframe_receiver *
receiver_of(struct generation *g, const struct galen_call_place *place, enum galen_stream stream)
{
    size_t at = (size_t)(place - g->roster.places);
    struct galen_sframe_receiver *receiver = &g->receivers[at][stream];
    if (!g->known[at][stream]) {
        uint8_t base[GALEN_KEY_BYTES];
        uint64_t id = key_id_of(g, place->number, stream);
        base_key(g, id, base);
        galen_sframe_receiver_init(receiver, base, id);
        galen_wipe(base, sizeof base);
        g->known[at][stream] = true;
    }
    return receiver;
}

enum galen_err galen_call_open(struct galen_call *call, uint64_t now_ms, struct galen_bytes frame,
                               uint8_t *out, size_t room, struct galen_call_opened *opened)
{
    struct galen_sframe_header header;
    struct galen_call_key_id id;
    size_t header_size;
    enum galen_err err = usable(call);
    if (!err)
        err = galen_sframe_header_read(frame, &header, &header_size);
    if (!err)
        err = galen_call_key_id_unpack(header.key_id, &id);
    if (err)
        return err;
    if (id.stream >= GALEN_STREAMS)
        return GALEN_ERR_FORMAT;
    struct generation *g = generation_of(call, now_ms, id.generation);
    if (!g)
        return GALEN_ERR_EPOCH;
    const struct galen_call_place *place = sender_of(call, g, id.participant);
    if (!place)
        return GALEN_ERR_SENDER;
    opened->participant = id.participant;
    opened->device = place->device;
    opened->stream = (enum galen_stream)id.stream;
    return galen_sframe_open(receiver_of(g, place, opened->stream), (struct galen_bytes){0}, frame,
                             out, room, &opened->size, &opened->counter);
}
