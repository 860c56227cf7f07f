/* The exports of the module (galen_wasm.h): memory, one engine, its outputs, questions. */
#include "ask.h"

#include <math.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CLOCK_MAX_MS 253402300799999.0 /* the end of the year 9999 */
#define FAILURE_MAX  2048

enum module_state {
    MODULE_CLOSED = 0,
    MODULE_LOADING, /* takes pairs */
    MODULE_STARTED,
    MODULE_BROKEN, /* to be told */
    MODULE_ENDED,  /* told: nothing goes out any more */
};

/* One engine a module instance. */
static struct {
    uint8_t state; /* enum module_state */
    uint8_t store_key[GALEN_KEY_BYTES];
    struct galen_engine *engine;
    /* what was given out last */
    struct galen_out out;
    struct galen_id speaker;
    struct galen_writer sealed;
    char *event;
    struct galen_reply reply;
    char *answer;
    struct galen_writer file;
    char failure[FAILURE_MAX];
} module;

static uint64_t clock_of(double now_ms)
{
    if (!(now_ms > 0))
        return 0;
    return (uint64_t)(now_ms < CLOCK_MAX_MS ? now_ms : CLOCK_MAX_MS);
}

/* -- memory ------------------------------------------------------------------------------------------- */

/* What the host gets has its size before it, to be zeroed by. */
union block {
    size_t size;
    max_align_t aligned;
};

void *galen_alloc(size_t n)
{
    if (n > SIZE_MAX - sizeof(union block))
        return NULL;
    union block *block = malloc(sizeof *block + n);
    if (!block)
        return NULL;
    block->size = n;
    return block + 1;
}

void galen_release(void *at)
{
    if (!at)
        return;
    union block *block = (union block *)at - 1;
    galen_wipe(at, block->size);
    free(block);
}

/* -- the engine --------------------------------------------------------------------------------------- */

#ifdef __wasm__
#define ENTROPY_MAX 256 /* bytes of one getentropy */

static void host_fill(void *const out, const size_t n)
{
    uint8_t *at = out;
    for (size_t left = n; left > 0;) {
        size_t some = left < ENTROPY_MAX ? left : ENTROPY_MAX;
        if (getentropy(at, some) != 0)
            abort();
        at += some;
        left -= some;
    }
}

static uint32_t host_number(void)
{
    uint32_t v;
    host_fill(&v, sizeof v);
    return v;
}

static const char *host_name(void)
{
    return "random_get";
}

/* By itself libsodium would take 32 bytes of the host's, once, and let the C library make all of them. */
static void draw_from_host(void)
{
    static struct randombytes_implementation host = {
        .implementation_name = host_name, .random = host_number, .buf = host_fill};
    randombytes_set_implementation(&host);
}
#else
static void draw_from_host(void)
{
}
#endif

static void draw(void *context, uint8_t *out, size_t n)
{
    (void)context;
    randombytes_buf(out, n);
}

uint32_t galen_open(const uint8_t *store_key)
{
    const struct galen_engine_config config = {.random = draw};
    if (module.state != MODULE_CLOSED)
        return GALEN_ERR_STATE;
    json_watch();
    draw_from_host();
    if (!galen_crypto_start())
        return GALEN_ERR_STATE;
    module.engine = galen_engine_new(&config);
    if (!module.engine)
        return GALEN_ERR_MEMORY;
    memcpy(module.store_key, store_key, sizeof module.store_key);
    galen_writer_init(&module.sealed);
    galen_writer_init(&module.file);
    module.state = MODULE_LOADING;
    return GALEN_OK;
}

void galen_close(void)
{
    galen_engine_free(module.engine);
    galen_writer_wipe(&module.sealed);
    galen_writer_wipe(&module.file);
    cJSON_free(module.event);
    cJSON_free(module.answer);
    galen_wipe(&module, sizeof module);
}

uint32_t galen_load(const uint8_t *key, size_t key_size, const uint8_t *sealed, size_t sealed_size)
{
    const struct galen_bytes name = {key, key_size};
    struct galen_writer value;
    bool later = module.state == MODULE_STARTED && key_size >= strlen(GALEN_LOADED_LATER) &&
                 memcmp(key, GALEN_LOADED_LATER, strlen(GALEN_LOADED_LATER)) == 0;
    if (module.state != MODULE_LOADING && !later)
        return GALEN_ERR_STATE;
    galen_writer_init(&value);
    enum galen_err err = GALEN_OK;
    if (sealed_size > 0 || !later)
        err = galen_pair_open(module.store_key, name, (struct galen_bytes){sealed, sealed_size},
                              &value);
    if (err == GALEN_OK)
        err = galen_engine_load(module.engine, name, galen_written(&value));
    galen_writer_wipe(&value);
    return err;
}

uint32_t galen_start(double now_ms)
{
    if (module.state != MODULE_LOADING)
        return GALEN_ERR_STATE;
    module.state = MODULE_STARTED;
    return galen_engine_start(module.engine, clock_of(now_ms));
}

/* -- what goes out ------------------------------------------------------------------------------------ */

static bool seal_pair(const struct galen_output *output)
{
    uint8_t nonce[GALEN_PAIR_NONCE_BYTES];
    galen_writer_clear(&module.sealed);
    module.out.key = output->key.at;
    module.out.key_size = output->key.size;
    if (output->value.size == 0)
        return true;
    randombytes_buf(nonce, sizeof nonce);
    galen_pair_seal(module.store_key, nonce, output->key, output->value, &module.sealed);
    module.out.value = module.sealed.at;
    module.out.value_size = module.sealed.size;
    return !module.sealed.failed;
}

static bool print_event(const struct galen_event *event)
{
    cJSON_free(module.event);
    cJSON *object = event_json(module.engine, event);
    module.event = object ? cJSON_PrintUnformatted(object) : NULL;
    cJSON_Delete(object);
    if (!json_whole() || !module.event)
        return false;
    module.out.value = (const uint8_t *)module.event;
    module.out.value_size = strlen(module.event);
    return true;
}

static void name_voice(const struct galen_output *output)
{
    module.speaker = output->device;
    module.out.key = module.speaker.bytes;
    module.out.key_size = sizeof module.speaker.bytes;
    module.out.number_low = (uint32_t)output->number;
    module.out.number_high = (uint32_t)(output->number >> 32);
}

/* Needs no memory. */
static const struct galen_out *tell_broken(void)
{
    int size = snprintf(module.failure, sizeof module.failure,
                        "{\"event\":\"broken\",\"failure\":{\"error\":\"%s\",\"help\":\"%s\"}}",
                        galen_err_name(GALEN_ERR_MEMORY), galen_err_help(GALEN_ERR_MEMORY));
    module.state = MODULE_ENDED;
    module.out = (struct galen_out){.kind = GALEN_OUT_EVENT,
                                    .value = (const uint8_t *)module.failure,
                                    .value_size = (size_t)size};
    return &module.out;
}

const struct galen_out *galen_next(void)
{
    struct galen_output output;
    if (module.state == MODULE_BROKEN)
        return tell_broken();
    if (module.state != MODULE_STARTED)
        return NULL;
    if (!galen_engine_next(module.engine, &output))
        return galen_engine_broken(module.engine) == GALEN_OK ? NULL : tell_broken();
    module.out = (struct galen_out){.kind = output.kind, .purpose = output.purpose};
    bool made = true;
    if (output.kind == GALEN_OUT_SAVE) {
        made = seal_pair(&output);
    } else if (output.kind == GALEN_OUT_EVENT) {
        made = print_event(&output.event);
    } else {
        module.out.key = output.key.at;
        module.out.key_size = output.key.size;
        module.out.value = output.value.at;
        module.out.value_size = output.value.size;
    }
    if (output.kind == GALEN_OUT_VOICE)
        name_voice(&output);
    return made ? &module.out : tell_broken();
}

/* -- what comes in ------------------------------------------------------------------------------------ */

static bool is_purpose(uint32_t purpose)
{
    return purpose == GALEN_CONNECTION_LOG || purpose == GALEN_CONNECTION_LIVE;
}

void galen_connected(double now_ms, uint32_t purpose)
{
    if (module.state == MODULE_STARTED && is_purpose(purpose))
        galen_engine_connected(module.engine, clock_of(now_ms), (uint8_t)purpose);
}

void galen_received(double now_ms, uint32_t purpose, const uint8_t *frame, size_t size)
{
    if (module.state == MODULE_STARTED && is_purpose(purpose))
        galen_engine_received(module.engine, clock_of(now_ms), (uint8_t)purpose,
                              (struct galen_bytes){frame, size});
}

void galen_disconnected(double now_ms, uint32_t purpose)
{
    if (module.state == MODULE_STARTED && is_purpose(purpose))
        galen_engine_disconnected(module.engine, clock_of(now_ms), (uint8_t)purpose);
}

double galen_tick(double now_ms)
{
    if (module.state != MODULE_STARTED)
        return INFINITY;
    uint64_t next = galen_engine_tick(module.engine, clock_of(now_ms));
    return next == UINT64_MAX ? INFINITY : (double)next;
}

void galen_awake(void)
{
    if (module.state == MODULE_STARTED)
        galen_engine_awake(module.engine);
}

uint32_t galen_speak(double now_ms, const uint8_t *packet, size_t size)
{
    if (module.state != MODULE_STARTED)
        return GALEN_ERR_STATE;
    if (size != GALEN_VOICE_BYTES)
        return GALEN_ERR_FORMAT;
    return galen_engine_speak(module.engine, clock_of(now_ms), packet);
}

/* -- questions ---------------------------------------------------------------------------------------- */

static void reply_clear(void)
{
    cJSON_free(module.answer);
    module.answer = NULL;
    galen_writer_wipe(&module.file);
    galen_writer_init(&module.file);
    galen_wipe(module.failure, sizeof module.failure);
    module.reply = (struct galen_reply){0};
}

/* `help` as a JSON text's inside; what does not fit is left out. */
static size_t escape(const char *help, char *out, size_t room)
{
    size_t used = 0;
    for (; *help && used + 2 < room; help++) {
        if (*help == '"' || *help == '\\')
            out[used++] = '\\';
        out[used++] = (unsigned char)*help < 0x20 ? ' ' : *help;
    }
    out[used] = 0;
    return used;
}

/* Needs no memory. */
static const struct galen_reply *reply_failure(enum galen_err err, const char *help)
{
    char inside[FAILURE_MAX - 256];
    reply_clear();
    /* Words of the question may stand in it, cut where there was no more room. */
    if (!help || !help[0] ||
        !galen_text_ok((struct galen_bytes){(const uint8_t *)help, strlen(help)}))
        help = galen_err_help(err);
    escape(help, inside, sizeof inside);
    int size = snprintf(module.failure, sizeof module.failure, "{\"error\":\"%s\",\"help\":\"%s\"}",
                        galen_err_name(err), inside);
    module.reply = (struct galen_reply){err, (const uint8_t *)module.failure, (size_t)size};
    return &module.reply;
}

static const struct galen_reply *reply_with(struct asked *a)
{
    if (a->file.size > 0) {
        module.file = a->file;
        galen_writer_init(&a->file);
        module.reply = (struct galen_reply){GALEN_OK, module.file.at, module.file.size};
        return &module.reply;
    }
    if (!a->answer)
        a->answer = cJSON_CreateObject();
    module.answer = a->answer ? cJSON_PrintUnformatted(a->answer) : NULL;
    if (!json_whole() || !module.answer)
        return reply_failure(GALEN_ERR_MEMORY, NULL);
    module.reply =
        (struct galen_reply){GALEN_OK, (const uint8_t *)module.answer, strlen(module.answer)};
    return &module.reply;
}

const struct galen_reply *galen_ask(double now_ms, const uint8_t *json, size_t size)
{
    reply_clear();
    if (module.state != MODULE_STARTED)
        return reply_failure(GALEN_ERR_STATE, NULL);
    struct asked a = {.engine = module.engine, .now_ms = clock_of(now_ms)};
    cJSON *question;
    (void)json_whole();
    enum galen_err err = ask_answer(&a, (struct galen_bytes){json, size}, &question);
    if (!question && !json_whole())
        err = GALEN_ERR_MEMORY;
    const struct galen_reply *reply = err == GALEN_OK ? reply_with(&a) : reply_failure(err, a.help);
    ask_wipe(&a, question);
    return reply;
}

const struct galen_reply *galen_failure(uint32_t err)
{
    return reply_failure(err < GALEN_ERR_COUNT ? err : GALEN_ERR_FORMAT, NULL);
}
