/*
 * Input: which u8, rest. A home starts from what it has saved, one pair of which is another. Nothing may crash
 * it; what it cannot take it says, and what it has taken it can prove.
 *
 *   which & 127  the pair, counted from the first, around
 *   which & 128  rest is changes to its value (offset u16, xor u8); otherwise its value
 */
#include "galen/engine.h"
#include "support/charts.h"
#include "support/disk.h"

#include <stdlib.h>
#include <string.h>

#define PAIRS_MAX 64

static void demand(bool holds)
{
    if (!holds)
        abort();
}

struct pair {
    char key[DISK_KEY_MAX];
    struct galen_writer value;
};

static struct pair pairs[PAIRS_MAX];
static size_t pair_count;
static struct chart *chart;

static void draw(void *context, uint8_t *out, size_t n)
{
    (void)context;
    memset(out, 7, n);
}

static struct galen_engine *engine_new(void)
{
    struct galen_engine_config config = {draw, NULL};
    struct galen_engine *engine = galen_engine_new(&config);
    demand(engine);
    return engine;
}

static void keep(const char *key, size_t size, struct galen_bytes value)
{
    size_t i = 0;
    while (i < pair_count &&
           !(strlen(pairs[i].key) == size && memcmp(pairs[i].key, key, size) == 0))
        i++;
    if (i == pair_count) {
        if (value.size == 0)
            return;
        demand(pair_count < PAIRS_MAX && size < DISK_KEY_MAX);
        memcpy(pairs[pair_count].key, key, size);
        galen_writer_init(&pairs[pair_count++].value);
    }
    galen_writer_clear(&pairs[i].value);
    galen_write(&pairs[i].value, value.at, value.size);
}

static int by_key(const void *a, const void *b)
{
    return strcmp(((const struct pair *)a)->key, ((const struct pair *)b)->key);
}

static bool is_later(const struct pair *pair)
{
    return strncmp(pair->key, GALEN_LOADED_LATER, strlen(GALEN_LOADED_LATER)) == 0;
}

static struct galen_bytes key_of(const struct pair *pair)
{
    return (struct galen_bytes){(const uint8_t *)pair->key, strlen(pair->key)};
}

/* What the home saves, of a chart with something of everything: each entry on a page that is full. */
static void set_up(void)
{
    static const uint8_t record[GALEN_RECORD_ID_BYTES] = "a record, 16 by";
    char key[DISK_KEY_MAX];
    struct galen_writer value;
    if (chart)
        return;
    chart = chart_new(1);
    struct chart_device *pharmacist =
        chart_person(chart, "pharmacist", GALEN_ROLE_PHARMACIST, chart->admin);
    chart_start(chart, pharmacist, NULL, 0);
    struct chart_device *patient = chart_person(chart, "patient", GALEN_ROLE_PATIENT, pharmacist);
    chart_add(chart, pharmacist, patient, true);
    chart_say(chart, pharmacist, "take two a day");
    chart_write(chart, pharmacist, GALEN_KIND_WRITE, "map", record, "topic", "walking");
    chart_write(chart, patient, GALEN_KIND_PROPOSE, "map", record, "topic", "swimming");
    chart_drop(chart, pharmacist, patient);
    chart_renew(chart, pharmacist);
    chart_say(chart, pharmacist, "on its last page");
    galen_writer_init(&value);
    disk_identity(&value, GALEN_HOME_MEMBER, pharmacist, chart, NULL);
    keep("home", 4, galen_written(&value));
    struct galen_engine *engine = engine_new();
    struct galen_output out;
    demand(galen_engine_load(engine, key_of(&pairs[0]), galen_written(&value)) == GALEN_OK);
    for (size_t i = 0; i < chart->size; i++) {
        galen_writer_clear(&value);
        disk_entry(key, &value, chart, i);
        demand(galen_engine_load(engine, (struct galen_bytes){(const uint8_t *)key, strlen(key)},
                                 galen_written(&value)) == GALEN_OK);
        keep(key, strlen(key), galen_written(&value));
    }
    demand(galen_engine_start(engine, chart->now_ms) == GALEN_OK);
    galen_token token;
    demand(galen_engine_message(engine, chart->now_ms, galen_rules_chart(chart->rules),
                                (struct galen_bytes){(const uint8_t *)"it waits", 8},
                                token) == GALEN_OK);
    while (galen_engine_next(engine, &out))
        if (out.kind == GALEN_OUT_SAVE)
            keep((const char *)out.key.at, out.key.size, out.value);
    galen_engine_free(engine);
    galen_writer_wipe(&value);
    qsort(pairs, pair_count, sizeof pairs[0], by_key);
    demand(is_later(&pairs[pair_count - 1]));
}

static struct galen_bytes value_of(size_t i, size_t changed, const struct galen_writer *other)
{
    return galen_written(i == changed ? other : &pairs[i].value);
}

static bool load_all(struct galen_engine *engine, size_t changed, const struct galen_writer *other)
{
    for (size_t i = 0; i < pair_count && !is_later(&pairs[i]); i++)
        if (galen_engine_load(engine, key_of(&pairs[i]), value_of(i, changed, other)) != GALEN_OK)
            return false;
    return galen_engine_start(engine, chart->now_ms) == GALEN_OK;
}

/* Hands in what it asks for. False: it could not take that. */
static bool drain(struct galen_engine *engine, size_t changed, const struct galen_writer *other)
{
    struct galen_output out;
    bool taken = true;
    while (galen_engine_next(engine, &out)) {
        if (out.kind != GALEN_OUT_LOAD)
            continue;
        size_t i = 0;
        while (i < pair_count && !galen_bytes_equal(key_of(&pairs[i]), out.key))
            i++;
        struct galen_bytes value = {0};
        if (i < pair_count)
            value = value_of(i, changed, other);
        taken &= galen_engine_load(engine, out.key, value) == GALEN_OK;
    }
    return taken;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    set_up();
    if (size == 0)
        return 0;
    size_t changed = (size_t)(data[0] & 127) % pair_count;
    struct galen_writer other, proof;
    galen_writer_init(&other);
    galen_writer_init(&proof);
    if (data[0] & 128) {
        galen_write(&other, pairs[changed].value.at, pairs[changed].value.size);
        for (size_t i = 1; i + 3 <= size; i += 3)
            other.at[(size_t)(data[i] << 8 | data[i + 1]) % other.size] ^= data[i + 2];
    } else {
        galen_write(&other, data + 1, size - 1);
    }
    struct galen_engine *engine = engine_new();
    struct galen_evidence_options all = {.clock_ms = chart->now_ms};
    if (load_all(engine, changed, &other)) {
        bool whole = drain(engine, changed, &other);
        for (size_t i = 0; whole && i < galen_engine_chart_count(engine); i++) {
            const struct galen_id *id = galen_engine_chart_at(engine, i);
            enum galen_err err = galen_engine_evidence(engine, id, &all, &proof);
            if (err == GALEN_ERR_NOT_LOADED && drain(engine, changed, &other))
                demand(galen_engine_evidence(engine, id, &all, &proof) != GALEN_ERR_NOT_LOADED);
        }
    }
    galen_engine_free(engine);
    galen_writer_wipe(&other);
    galen_writer_wipe(&proof);
    return 0;
}
