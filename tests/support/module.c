#include "support/module.h"

#include "view/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define demand(condition)                                                                          \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);                        \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

#define MEDICINE "aa010000000000000000000000000000"

const uint8_t module_store_key[GALEN_WASM_STORE_KEY_BYTES] = {4, 5, 6};

/* -- its disk --------------------------------------------------------------------------------------- */

/* A value that is empty removes the pair. */
static void keep(struct module_host *host, const char *key, struct galen_bytes sealed)
{
    size_t i = 0;
    while (i < host->pair_count && strcmp(host->disk[i].key, key) < 0)
        i++;
    struct module_pair *pair = &host->disk[i];
    bool there = i < host->pair_count && strcmp(pair->key, key) == 0;
    if (there)
        galen_writer_wipe(&pair->sealed);
    if (there && sealed.size == 0)
        memmove(pair, pair + 1, (--host->pair_count - i) * sizeof *pair);
    if (sealed.size == 0)
        return;
    if (!there) {
        demand(host->pair_count < MODULE_PAIRS_MAX);
        memmove(pair + 1, pair, (host->pair_count++ - i) * sizeof *pair);
        strcpy(pair->key, key);
    }
    galen_writer_init(&pair->sealed);
    galen_write(&pair->sealed, sealed.at, sealed.size);
}

static void keep_plain(struct module_host *host, const char *key, struct galen_bytes value)
{
    struct galen_writer sealed;
    uint8_t nonce[GALEN_PAIR_NONCE_BYTES] = {(uint8_t)host->pair_count};
    galen_writer_init(&sealed);
    galen_pair_seal(module_store_key, nonce,
                    (struct galen_bytes){(const uint8_t *)key, strlen(key)}, value, &sealed);
    keep(host, key, galen_written(&sealed));
    galen_writer_wipe(&sealed);
}

static void keep_chart(struct module_host *host, const struct chart *chart)
{
    char key[DISK_KEY_MAX];
    struct galen_writer value;
    galen_writer_init(&value);
    for (size_t i = 0; i < chart->size; i++) {
        disk_entry(key, &value, chart, i);
        keep_plain(host, key, galen_written(&value));
    }
    galen_writer_wipe(&value);
}

/* -- its charts ------------------------------------------------------------------------------------- */

static struct chart *begin_chart(struct module_host *host, size_t i)
{
    struct chart *chart = chart_new(400); /* one seed makes the same people in both */
    host->ann[i] = chart_person(chart, "ann", GALEN_ROLE_PHARMACIST, chart->admin);
    host->bob[i] = chart_person(chart, "bob", GALEN_ROLE_PHARMACIST, chart->admin);
    return chart;
}

struct module_host *module_new(void)
{
    static const uint8_t medicine[GALEN_RECORD_ID_BYTES] = {0xaa, 1};
    struct module_host *host = calloc(1, sizeof *host);
    struct galen_op hello = {.kind = GALEN_KIND_MESSAGE,
                             .content.message = {(const uint8_t *)"hello", 5}};
    demand(galen_crypto_start());
    host->own = begin_chart(host, 0);
    chart_start(host->own, host->ann[0], &host->bob[0], 1);
    host->patients = begin_chart(host, 1);
    chart_start(host->patients, host->ann[1], NULL, 0);
    host->patient = chart_person(host->patients, "patient", GALEN_ROLE_PATIENT, host->ann[1]);
    chart_add(host->patients, host->ann[1], host->patient, true);
    chart_write(host->patients, host->ann[1], GALEN_KIND_WRITE, "pmr", medicine, "status",
                "active");
    host->proposal = chart_write(host->patients, host->patient, GALEN_KIND_PROPOSE, "pmr", medicine,
                                 "status", "stopped");
    chart_operate(host->patients, host->patient, hello);
    module_forget(host);
    return host;
}

static void clear_disk(struct module_host *host)
{
    for (size_t i = 0; i < host->pair_count; i++)
        galen_writer_wipe(&host->disk[i].sealed);
    host->pair_count = 0;
}

void module_forget(struct module_host *host)
{
    struct galen_writer identity;
    clear_disk(host);
    galen_writer_init(&identity);
    disk_identity(&identity, GALEN_HOME_MEMBER, host->ann[1], host->patients, host->own);
    keep_plain(host, "home", galen_written(&identity));
    galen_writer_wipe(&identity);
    keep_chart(host, host->own);
    keep_chart(host, host->patients);
    host->commits = host->unsaved = host->sent = host->event_count = 0;
}

void module_free(struct module_host *host)
{
    galen_close();
    clear_disk(host);
    chart_free(host->own);
    chart_free(host->patients);
    free(host);
}

/* -- running ---------------------------------------------------------------------------------------- */

enum galen_err module_load(const struct module_host *host)
{
    uint32_t err = GALEN_OK;
    for (size_t i = 0; i < host->pair_count && err == GALEN_OK; i++) {
        const struct module_pair *pair = &host->disk[i];
        err = galen_load((const uint8_t *)pair->key, strlen(pair->key), pair->sealed.at,
                         pair->sealed.size);
    }
    return err;
}

void module_open(struct module_host *host)
{
    demand(galen_open(module_store_key) == GALEN_OK);
    demand(module_load(host) == GALEN_OK);
    demand(galen_start(MODULE_NOW) == GALEN_OK);
    module_drain(host);
}

void module_open_empty(struct module_host *host)
{
    demand(galen_open(module_store_key) == GALEN_OK);
    demand(galen_start(MODULE_NOW) == GALEN_OK);
    module_drain(host);
}

static cJSON *parsed(const uint8_t *at, size_t size)
{
    demand(galen_text_ok((struct galen_bytes){at, size}));
    cJSON *json = cJSON_ParseWithLength((const char *)at, size);
    demand(json);
    return json;
}

void module_note(struct module_host *host, const struct galen_out *out)
{
    cJSON *event = parsed(out->value, out->value_size);
    const char *name = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(event, "event"));
    demand(name);
    if (host->event_count < MODULE_EVENTS_MAX)
        snprintf(host->events[host->event_count++], sizeof host->events[0], "%s", name);
    cJSON_Delete(event);
}

bool module_told(const struct module_host *host, const char *event)
{
    for (size_t i = 0; i < host->event_count; i++)
        if (strcmp(host->events[i], event) == 0)
            return true;
    return false;
}

static void save(struct module_host *host, const struct galen_out *out)
{
    char key[DISK_KEY_MAX] = {0};
    struct galen_writer value;
    demand(out->key_size < sizeof key);
    memcpy(key, out->key, out->key_size);
    galen_writer_init(&value);
    demand(out->value_size == 0 ||
           galen_pair_open(module_store_key, (struct galen_bytes){out->key, out->key_size},
                           (struct galen_bytes){out->value, out->value_size}, &value) == GALEN_OK);
    galen_writer_wipe(&value);
    keep(host, key, (struct galen_bytes){out->value, out->value_size});
    host->unsaved++;
}

void module_drain(struct module_host *host)
{
    const struct galen_out *out;
    while ((out = galen_next())) {
        switch (out->kind) {
        case GALEN_OUT_SAVE:
            save(host, out);
            break;
        case GALEN_OUT_COMMIT:
            host->unsaved = 0;
            host->commits++;
            break;
        case GALEN_OUT_SEND:
            demand(host->unsaved == 0);
            host->sent++;
            break;
        case GALEN_OUT_EVENT:
            module_note(host, out);
            break;
        default: /* nobody speaks to it here */
            demand(out->kind == GALEN_OUT_CONNECT || out->kind == GALEN_OUT_DISCONNECT);
        }
    }
}

/* -- asking ----------------------------------------------------------------------------------------- */

const struct galen_reply *module_ask(const void *json, size_t size)
{
    uint8_t *copy = galen_alloc(size);
    demand(copy);
    if (size > 0)
        memcpy(copy, json, size);
    const struct galen_reply *reply = galen_ask(MODULE_NOW, copy, size);
    galen_release(copy);
    return reply;
}

const char *module_said(const struct galen_reply *reply)
{
    static char text[1 << 20];
    demand(reply->size < sizeof text);
    memcpy(text, reply->at, reply->size);
    text[reply->size] = 0;
    cJSON *json = parsed(reply->at, reply->size);
    if (reply->err != GALEN_OK) {
        const char *name = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, "error"));
        const char *help = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, "help"));
        demand(name && strcmp(name, galen_err_name(reply->err)) == 0);
        demand(help && help[0]);
    }
    cJSON_Delete(json);
    return text;
}

/* A code of this person's, made by a request. */
static const char *a_link(void)
{
    static const char question[] = "{\"do\":\"further_device\",\"purpose\":\"code\"}";
    static char link[256];
    if (link[0])
        return link;
    cJSON *answer = cJSON_Parse(module_said(module_ask(question, sizeof question - 1)));
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(answer, "link"));
    demand(text);
    snprintf(link, sizeof link, "%s", text);
    cJSON_Delete(answer);
    return link;
}

static const struct galen_id *account_of(const struct chart_device *device)
{
    return &device->chain.certs[device->chain.count - 1].account;
}

/* What stands for the word at `at`, and its length; NULL: it is none. */
static const char *word_at(const struct module_host *host, const char *at, size_t *size)
{
    static char text[HEX_ID];
    const struct {
        const char *word;
        const struct galen_id *id;
    } ids[] = {{"$chart", galen_rules_chart(host->patients->rules)},
               {"$own", galen_rules_chart(host->own->rules)},
               {"$patient", account_of(host->patient)},
               {"$bob", account_of(host->bob[1])},
               {"$self", &host->ann[1]->id},
               {"$proposal", NULL},
               {"$medicine", NULL},
               {"$link", NULL}};
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
        *size = strlen(ids[i].word);
        if (strncmp(at, ids[i].word, *size) != 0)
            continue;
        if (ids[i].id)
            id_text(ids[i].id, text);
        else if (ids[i].word[1] == 'p')
            snprintf(text, sizeof text, "%llu", (unsigned long long)host->proposal);
        else
            return ids[i].word[1] == 'l' ? a_link() : MEDICINE;
        return text;
    }
    return NULL;
}

char *module_fill(const struct module_host *host, const char *pattern)
{
    struct galen_writer out;
    galen_writer_init(&out);
    while (*pattern) {
        size_t size = 1;
        const char *word = *pattern == '$' ? word_at(host, pattern, &size) : NULL;
        if (word)
            galen_write(&out, word, strlen(word));
        else
            galen_write(&out, pattern, size = 1);
        pattern += size;
    }
    galen_write(&out, "", 1);
    char *filled = malloc(out.size);
    demand(filled && !out.failed);
    memcpy(filled, out.at, out.size);
    galen_writer_wipe(&out);
    return filled;
}
