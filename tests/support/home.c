#include "support/home.h"

#include "galen/frames.h"
#include "support/disk.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

struct home *home_new(struct chart *chart, struct chart *practice)
{
    struct home *home = calloc(1, sizeof *home);
    home->charts[home->chart_count++] = chart;
    if (practice)
        home->charts[home->chart_count++] = practice;
    galen_writer_init(&home->append);
    for (size_t i = 0; i < HOME_FRAME_MAX; i++)
        galen_writer_init(&home->live[i]);
    return home;
}

void home_free(struct home *home)
{
    galen_engine_free(home->engine);
    for (size_t i = 0; i < home->pair_count; i++)
        galen_writer_wipe(&home->disk[i].value);
    galen_writer_wipe(&home->append);
    for (size_t i = 0; i < HOME_FRAME_MAX; i++)
        galen_writer_wipe(&home->live[i]);
    free(home);
}

uint64_t home_now(const struct home *home)
{
    return home->charts[0]->now_ms + home->clock_off_ms;
}

/* -- the disk --------------------------------------------------------------------------------------- */

void home_keep(struct home *home, const char *key, struct galen_bytes value)
{
    size_t i = 0;
    while (i < home->pair_count && strcmp(home->disk[i].key, key) < 0)
        i++;
    bool there = i < home->pair_count && strcmp(home->disk[i].key, key) == 0;
    if (there && value.size == 0) {
        galen_writer_wipe(&home->disk[i].value);
        memmove(&home->disk[i], &home->disk[i + 1],
                (--home->pair_count - i) * sizeof home->disk[0]);
        return;
    }
    if (value.size == 0)
        return;
    if (!there) {
        cr_assert_lt(home->pair_count, HOME_PAIRS_MAX);
        memmove(&home->disk[i + 1], &home->disk[i],
                (home->pair_count++ - i) * sizeof home->disk[0]);
        strcpy(home->disk[i].key, key);
        galen_writer_init(&home->disk[i].value);
    }
    galen_writer_clear(&home->disk[i].value);
    galen_write(&home->disk[i].value, value.at, value.size);
}

void home_is(struct home *home, enum galen_home_state state, const struct chart_device *device)
{
    struct galen_writer w;
    galen_writer_init(&w);
    disk_identity(&w, state, device, home->charts[0],
                  home->chart_count > 1 ? home->charts[1] : NULL);
    home_keep(home, "home", galen_written(&w));
    galen_writer_wipe(&w);
}

void home_has_read(struct home *home)
{
    char key[DISK_KEY_MAX];
    struct galen_writer value;
    galen_writer_init(&value);
    for (size_t c = 0; c < home->chart_count; c++)
        for (size_t i = 0; i < home->charts[c]->size; i++) {
            disk_entry(key, &value, home->charts[c], i);
            home_keep(home, key, galen_written(&value));
        }
    galen_writer_wipe(&value);
}

/* -- the line --------------------------------------------------------------------------------------- */

static void look_at_sent(struct home *home, uint8_t purpose, struct galen_bytes bytes)
{
    static struct galen_frame frame;
    cr_assert_eq(galen_frame_read(bytes, &frame), GALEN_OK);
    home->sent[frame.type]++;
    if (purpose == GALEN_CONNECTION_LIVE) {
        galen_writer_clear(&home->live[frame.type]);
        galen_write(&home->live[frame.type], bytes.at, bytes.size);
    }
    for (size_t c = 0; frame.type == GALEN_FRAME_OPEN && c < home->chart_count; c++)
        if (galen_id_equal(&frame.as.open.chart, galen_rules_chart(home->charts[c]->rules)))
            home->shown[c] = frame.as.open.from;
    if (frame.type != GALEN_FRAME_APPEND)
        return;
    home->append_request = frame.as.append.request;
    galen_writer_clear(&home->append);
    galen_write(&home->append, frame.as.append.entry.at, frame.as.append.entry.size);
}

static bool is_key(const struct home_pair *pair, struct galen_bytes key)
{
    return strlen(pair->key) == key.size && memcmp(pair->key, key.at, key.size) == 0;
}

static void hand_in(struct home *home, struct galen_bytes key)
{
    struct galen_bytes value = {0};
    for (size_t i = 0; i < home->pair_count; i++)
        if (is_key(&home->disk[i], key))
            value = galen_written(&home->disk[i].value);
    home->loads++;
    home->loaded = galen_engine_load(home->engine, key, value);
}

void home_pump(struct home *home)
{
    struct galen_output out;
    while (galen_engine_next(home->engine, &out)) {
        char key[160] = {0};
        if (home->watch)
            home->watch(home->context, home, &out);
        switch (out.kind) {
        case GALEN_OUT_SAVE:
            memcpy(key, out.key.at, out.key.size);
            home_keep(home, key, out.value);
            break;
        case GALEN_OUT_LOAD:
            hand_in(home, out.key);
            break;
        case GALEN_OUT_SEND:
            look_at_sent(home, out.purpose, out.value);
            break;
        case GALEN_OUT_CONNECT:
            home->connects++;
            break;
        case GALEN_OUT_EVENT:
            home->events[out.event.kind % 64]++;
            break;
        default:
            break;
        }
    }
}

void home_hear(struct home *home, uint8_t purpose, const struct galen_frame *frame)
{
    struct galen_writer w;
    galen_writer_init(&w);
    galen_frame_write(&w, frame);
    galen_engine_received(home->engine, home_now(home), purpose, galen_written(&w));
    galen_writer_wipe(&w);
    home_pump(home);
}

struct galen_frame home_sent(const struct home *home, uint8_t type)
{
    struct galen_frame frame;
    cr_assert_eq(galen_frame_read(galen_written(&home->live[type]), &frame), GALEN_OK,
                 "no %s was sent", galen_frame_name(type));
    return frame;
}

/* As many as fit a frame well. */
static void show_some(struct home *home, size_t c)
{
    const struct chart *chart = home->charts[c];
    struct galen_frame frame = {.type = GALEN_FRAME_ENTRIES};
    struct galen_writer records;
    galen_writer_init(&records);
    frame.as.entries.chart = *galen_rules_chart(chart->rules);
    frame.as.entries.first = home->shown[c];
    frame.as.entries.size = chart->size;
    while (home->shown[c] < chart->size && records.size < GALEN_FRAME_MAX / 4) {
        const struct galen_writer *record = &chart->entries[home->shown[c]++].record;
        galen_write(&records, record->at, record->size);
    }
    frame.as.entries.records = galen_written(&records);
    home_hear(home, GALEN_CONNECTION_LOG, &frame);
    galen_writer_wipe(&records);
}

void home_show(struct home *home)
{
    for (size_t c = 0; c < home->chart_count; c++) {
        do
            show_some(home, c);
        while (home->shown[c] < home->charts[c]->size);
    }
}

static uint64_t server_clock(const struct home *home)
{
    return home->server_clock_ms ? home->server_clock_ms : home_now(home);
}

void home_challenge(struct home *home, uint8_t purpose)
{
    struct galen_frame frame = {.type = GALEN_FRAME_CHALLENGE};
    frame.as.challenge.version = GALEN_VERSION;
    frame.as.challenge.practice = home->charts[0]->practice;
    frame.as.challenge.clock_ms = server_clock(home);
    galen_engine_connected(home->engine, home_now(home), purpose);
    home_hear(home, purpose, &frame);
}

void home_welcome(struct home *home, uint8_t purpose)
{
    struct galen_frame frame = {.type = GALEN_FRAME_WELCOME};
    struct galen_writer ids;
    galen_writer_init(&ids);
    for (size_t c = 0; c < home->chart_count; c++)
        galen_write_id(&ids, galen_rules_chart(home->charts[c]->rules));
    frame.as.welcome.clock_ms = server_clock(home);
    frame.as.welcome.charts = galen_written(&ids);
    home_hear(home, purpose, &frame);
    galen_writer_wipe(&ids);
}

static void draw_bytes(void *context, uint8_t *out, size_t n)
{
    const struct home *home = context;
    chart_random(home->charts[0], out, n);
}

void home_wake(struct home *home)
{
    struct galen_engine_config config = {draw_bytes, home};
    home->engine = galen_engine_new(&config);
    for (size_t i = 0; i < home->pair_count; i++) {
        struct galen_bytes key = {(const uint8_t *)home->disk[i].key, strlen(home->disk[i].key)};
        if (strcmp(home->disk[i].key, GALEN_LOADED_LATER) >= 0)
            break; /* as hosts do */
        cr_assert_eq(galen_engine_load(home->engine, key, galen_written(&home->disk[i].value)),
                     GALEN_OK, "%s", home->disk[i].key);
    }
    cr_assert_eq(galen_engine_start(home->engine, home_now(home)), GALEN_OK);
    home_pump(home);
}

void home_start(struct home *home)
{
    home_wake(home);
    home_challenge(home, GALEN_CONNECTION_LOG);
    home_welcome(home, GALEN_CONNECTION_LOG);
    home_show(home);
}

void home_go_live(struct home *home)
{
    galen_engine_go_live(home->engine, home_now(home), true);
    galen_engine_tick(home->engine, home_now(home));
    home_pump(home);
    home_challenge(home, GALEN_CONNECTION_LIVE);
    home_welcome(home, GALEN_CONNECTION_LIVE);
}

void home_crash(struct home *home)
{
    galen_engine_free(home->engine);
    home->engine = NULL;
}

enum galen_err home_accept(struct home *home, struct chart *chart)
{
    cr_assert_gt(home->append.size, 0, "nothing was sent");
    enum galen_err err = chart_append(chart, galen_written(&home->append));
    galen_writer_clear(&home->append);
    return err;
}
