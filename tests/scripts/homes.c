/*
 * Homes. A module has one engine (protocol/wasm/abi.c), so its state is exchanged whenever another home is
 * to run; in WebAssembly each has an instance instead.
 */
#include "scripts.h"

#include "wasm/abi.c"

#include <stdarg.h>

#define QUESTION_MAX 4096

/* -- chance ------------------------------------------------------------------------------------------- */

static struct home *running;
static struct galen_writer drawn; /* by the call that is under way */

static const char *source_name(void)
{
    return "script";
}

static void source_fill(void *const out, const size_t n)
{
    demand(running);
    chance_fill(&running->chance, out, n);
    galen_write(&drawn, out, n);
}

static uint32_t source_number(void)
{
    uint32_t v;
    source_fill(&v, sizeof v);
    return v;
}

static struct randombytes_implementation source = {
    .implementation_name = source_name, .random = source_number, .buf = source_fill};

/* -- calls -------------------------------------------------------------------------------------------- */

static struct galen_writer gave;

static void exchange(struct home *home)
{
    if (running == home)
        return;
    if (running)
        memcpy(running->module, &module, sizeof module);
    memcpy(&module, home->module, sizeof module);
    running = home;
}

static void put_u32(uint32_t v)
{
    uint8_t bytes[4] = {(uint8_t)v, (uint8_t)(v >> 8), (uint8_t)(v >> 16), (uint8_t)(v >> 24)};
    galen_write(&gave, bytes, sizeof bytes);
}

static void put_bytes(const void *at, size_t n)
{
    put_u32((uint32_t)n);
    galen_write(&gave, at, n);
}

static void carry_out(struct home *home, const struct galen_out *out)
{
    struct galen_bytes value = {out->value, out->value_size};
    struct line *line = out->purpose > 0 ? &home->lines[out->purpose - 1] : NULL;
    switch (out->kind) {
    case GALEN_OUT_SAVE:
        disk_save(&home->disk, (struct galen_bytes){out->key, out->key_size}, value);
        break;
    case GALEN_OUT_COMMIT:
        disk_commit(&home->disk);
        break;
    case GALEN_OUT_CONNECT:
        demand(line && line->state == LINE_NONE);
        line->state = LINE_ASKED;
        break;
    case GALEN_OUT_DISCONNECT:
        server_disconnect(home->script, line);
        queue_clear(&line->to_home);
        line->state = LINE_CLOSED;
        break;
    case GALEN_OUT_SEND:
        demand(home->disk.pending_count == 0);
        if (line->state == LINE_OPEN)
            queue_put(&line->to_server, value);
        break;
    case GALEN_OUT_LOAD:
        demand(home->load_count < LOADS_MAX);
        home->loads[home->load_count++] =
            disk_find(&home->disk, (struct galen_bytes){out->key, out->key_size});
        break;
    case GALEN_OUT_VOICE:
        home->script->counts.voices += value.size > 0;
        break;
    default:
        demand(out->kind == GALEN_OUT_EVENT);
        cJSON *event = cJSON_ParseWithLength((const char *)out->value, out->value_size);
        demand(event);
        script_event(home, event);
        cJSON_Delete(event);
    }
}

/* What goes out after a call: each output as it was given, and how many there were. */
static void take(struct home *home, uint32_t most)
{
    const struct galen_out *out;
    uint32_t count = 0;
    while (count < most && (out = galen_next())) {
        put_u32(out->kind);
        put_u32(out->purpose);
        put_bytes(out->key, out->key_size);
        put_bytes(out->value, out->value_size);
        put_u32(out->number_low);
        put_u32(out->number_high);
        carry_out(home, out);
        count++;
    }
}

static void put_reply(const struct galen_reply *reply)
{
    put_u32(reply->err);
    put_bytes(reply->at, reply->size);
}

static void put_clock(double ms)
{
    uint64_t bits;
    memcpy(&bits, &ms, sizeof bits);
    put_u32((uint32_t)bits);
    put_u32((uint32_t)(bits >> 32));
}

/* In memory of the module's own, as a host would, and so that reading beyond it is found. */
static uint8_t *handed(struct galen_bytes bytes)
{
    uint8_t *copy = galen_alloc(bytes.size);
    demand(copy);
    if (bytes.size > 0)
        memcpy(copy, bytes.at, bytes.size);
    return copy;
}

static void carry(struct home *home, const struct given *g)
{
    uint8_t *first = handed(g->first), *second = handed(g->second);
    switch ((enum call)g->call) {
    case CALL_OPEN:
        put_u32(galen_open(first));
        break;
    case CALL_LOAD:
        put_u32(galen_load(first, g->first.size, second, g->second.size));
        break;
    case CALL_START:
        put_u32(galen_start(g->now_ms));
        break;
    case CALL_CONNECTED:
        galen_connected(g->now_ms, g->number);
        break;
    case CALL_RECEIVED:
        galen_received(g->now_ms, g->number, first, g->first.size);
        break;
    case CALL_DISCONNECTED:
        galen_disconnected(g->now_ms, g->number);
        break;
    case CALL_TICK:
        home->deadline_ms = galen_tick(g->now_ms);
        put_clock(home->deadline_ms);
        break;
    case CALL_AWAKE:
        galen_awake();
        break;
    case CALL_SPEAK:
        put_u32(galen_speak(g->now_ms, first, g->first.size));
        break;
    case CALL_ASK:
        put_reply(galen_ask(g->now_ms, first, g->first.size));
        break;
    case CALL_FAILURE:
        put_reply(galen_failure(g->number));
        break;
    default:
        demand(g->call == CALL_CLOSE);
        galen_close();
    }
    galen_release(first);
    galen_release(second);
}

static void make(struct home *home, struct given g)
{
    exchange(home);
    galen_writer_clear(&gave);
    galen_writer_clear(&drawn);
    g.home = home->number;
    g.now_ms = home_now(home);
    g.take = g.take == 0 ? TAKE_ALL : g.take;
    carry(home, &g);
    take(home, g.take);
    g.drawn = galen_written(&drawn);
    demand(!gave.failed && !drawn.failed);
    if (!home->unseen)
        record_write(&g, galen_written(&gave));
    if (!home->unseen && g.call != CALL_OPEN && g.call != CALL_LOAD && g.call != CALL_CLOSE)
        home->script->counts.steps++;
}

double home_now(const struct home *home)
{
    return home->script->now_ms + home->skew_ms;
}

void home_connected(struct home *home, uint32_t purpose)
{
    make(home, (struct given){.call = CALL_CONNECTED, .number = purpose});
}

void home_received(struct home *home, uint32_t purpose, struct galen_bytes frame, uint32_t most)
{
    make(home,
         (struct given){.call = CALL_RECEIVED, .number = purpose, .first = frame, .take = most});
}

void home_disconnected(struct home *home, uint32_t purpose)
{
    make(home, (struct given){.call = CALL_DISCONNECTED, .number = purpose});
}

void home_tick(struct home *home)
{
    make(home, (struct given){.call = CALL_TICK});
}

void home_awake(struct home *home)
{
    make(home, (struct given){.call = CALL_AWAKE});
}

void home_speak(struct home *home, struct galen_bytes packet)
{
    make(home, (struct given){.call = CALL_SPEAK, .first = packet});
}

void home_failure(struct home *home, uint32_t err)
{
    make(home, (struct given){.call = CALL_FAILURE, .number = err});
}

static void load_pair(struct home *home, size_t place)
{
    demand(place < home->disk.count);
    make(home, (struct given){.call = CALL_LOAD,
                              .first = home->disk.pairs[place].key,
                              .second = home->disk.pairs[place].sealed});
}

/* The reply stands in what was written down: its error, its size, its bytes. */
cJSON *home_ask(struct home *home, struct galen_bytes question)
{
    make(home, (struct given){.call = CALL_ASK, .first = question});
    struct galen_reader r;
    galen_reader_init(&r, galen_written(&gave));
    const uint8_t *head = galen_take(&r, 8).at;
    demand(head);
    if (head[0] == GALEN_ERR_NOT_LOADED) {
        demand(home->load_count > 0);
        while (home->load_count > 0) {
            load_pair(home, home->loads[--home->load_count]);
            home->script->counts.loads++;
        }
        return home_ask(home, question);
    }
    size_t size = (size_t)head[4] | (size_t)head[5] << 8 | (size_t)head[6] << 16;
    struct galen_bytes reply = galen_take(&r, size);
    if (head[0] != GALEN_OK || head[1] != 0) {
        home->script->counts.refused++;
        return NULL;
    }
    return cJSON_ParseWithLength((const char *)reply.at, reply.size);
}

cJSON *home_asks(struct home *home, const char *format, ...)
{
    char question[QUESTION_MAX];
    va_list values;
    va_start(values, format);
    int size = vsnprintf(question, sizeof question, format, values);
    va_end(values);
    demand(size > 0 && size < QUESTION_MAX);
    return home_ask(home, (struct galen_bytes){(const uint8_t *)question, (size_t)size});
}

/* -- beginning and end ------------------------------------------------------------------------------- */

/* As hosts do: what stands there, and behind. */
static bool is_loaded_later(struct galen_bytes key)
{
    size_t n = strlen(GALEN_LOADED_LATER), least = key.size < n ? key.size : n;
    int order = memcmp(key.at, GALEN_LOADED_LATER, least);
    return order > 0 || (order == 0 && key.size >= n);
}

void home_open(struct home *home, bool fresh)
{
    demand(!home->open);
    home->open = true;
    home->deadline_ms = 0;
    make(home, (struct given){
                   .call = CALL_OPEN, .number = fresh, .first = {home->key, sizeof home->key}});
    home->load_count = 0;
    for (size_t i = 0; i < home->disk.count; i++)
        if (!is_loaded_later(home->disk.pairs[i].key))
            load_pair(home, i);
    make(home, (struct given){.call = CALL_START});
    if (home->live)
        cJSON_Delete(home_asks(home, "{\"do\":\"live\",\"on\":true}"));
}

void home_close(struct home *home)
{
    demand(home->open);
    make(home, (struct given){.call = CALL_CLOSE});
    home->open = false;
    disk_lose_pending(&home->disk);
    for (size_t i = 0; i < 2; i++) {
        server_disconnect(home->script, &home->lines[i]);
        queue_clear(&home->lines[i].to_home);
        queue_clear(&home->lines[i].to_server);
        home->lines[i].state = LINE_NONE;
    }
}

static struct home *new_home(struct script *script)
{
    demand(script->home_count < HOMES_MAX);
    struct home *home = calloc(1, sizeof *home);
    demand(home);
    home->script = script;
    home->number = (uint8_t)script->home_count;
    home->module = calloc(1, sizeof module);
    demand(home->module);
    home->chance.state = chance_next(&script->chance);
    chance_fill(&script->chance, home->key, sizeof home->key);
    home->skew_ms = (double)chance_below(&script->chance, 4000) / 8 - 250; /* with fractions */
    script->homes[script->home_count++] = home;
    randombytes_set_implementation(&source);
    return home;
}

struct home *home_new(struct script *script)
{
    struct home *home = new_home(script);
    home_open(home, true);
    return home;
}

struct home *home_founding(struct script *script)
{
    static const uint8_t practice[32] = {1}, custodian[32] = {2};
    static const char host[] = HOST_NAME ":1", token[] = SETUP_TOKEN, name[] = "Ada Admin";
    struct home *home = new_home(script);
    home->unseen = true;
    home_open(home, true);
    exchange(home);
    demand(galen_engine_found(
               module.engine, (uint64_t)home_now(home),
               (struct galen_bytes){(const uint8_t *)host, sizeof host - 1},
               (struct galen_bytes){(const uint8_t *)token, sizeof token - 1}, practice, custodian,
               (struct galen_bytes){(const uint8_t *)name, sizeof name - 1}) == GALEN_OK);
    home_tick(home);
    return home;
}

void home_founded(struct home *home)
{
    home_close(home);
    home->unseen = false;
    home_open(home, true);
}

void home_free(struct home *home)
{
    if (!home)
        return;
    home->unseen = true;
    if (home->open)
        home_close(home);
    disk_wipe(&home->disk);
    if (running == home)
        running = NULL;
    free(home->module);
    free(home);
}

void homes_end(void)
{
    galen_writer_wipe(&gave);
    galen_writer_wipe(&drawn);
}
