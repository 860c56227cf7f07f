/* protocol/engine: a home that is killed with something on its way, and one that reads what was written
 * in its link's name before (rules L6, E3, I2, I6). The server is played by hand. */
#include "galen/engine.h"
#include "galen/frames.h"
#include "support/visit.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PAIRS_MAX 400
#define HOST      "galen.example:443"

struct pair {
    char key[160];
    struct galen_writer value;
};

/* An engine with its disk, and what it put out last. */
struct home {
    struct visit visit;
    struct galen_engine *engine;
    struct pair disk[PAIRS_MAX];
    size_t pair_count;
    struct galen_writer append; /* the last APPEND frame's entry */
    uint32_t request;           /* and its number */
    uint64_t open_from;
    size_t connects, events[64];
};

static void draw_bytes(void *context, uint8_t *out, size_t n)
{
    struct home *home = context;
    chart_random(home->visit.chart, out, n);
}

/* -- the disk --------------------------------------------------------------------------------------- */

static void keep(struct home *home, const char *key, struct galen_bytes value)
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
        cr_assert_lt(home->pair_count, PAIRS_MAX);
        memmove(&home->disk[i + 1], &home->disk[i],
                (home->pair_count++ - i) * sizeof home->disk[0]);
        strcpy(home->disk[i].key, key);
        galen_writer_init(&home->disk[i].value);
    }
    galen_writer_clear(&home->disk[i].value);
    galen_write(&home->disk[i].value, value.at, value.size);
}

static void keep_home(struct home *home, enum galen_home_state state,
                      const struct chart_device *device)
{
    const struct chart *chart = home->visit.chart;
    struct galen_id practice = galen_device_id(galen_sodium_primitives(), &chart->practice);
    const struct galen_cert *cert = &device->chain.certs[device->chain.count - 1];
    struct galen_writer w;
    galen_writer_init(&w);
    galen_write_u8(&w, 1);
    galen_write_u8(&w, (uint8_t)state);
    galen_write(&w, device->material, sizeof device->material);
    galen_write_id(&w, &cert->account);
    galen_write_id(&w, &practice);
    galen_write(&w, &chart->practice, sizeof chart->practice);
    galen_write_u8(&w, cert->role);
    galen_write_vector(&w, (struct galen_bytes){(const uint8_t *)HOST, sizeof HOST - 1});
    galen_write_id(&w, &(struct galen_id){{0}});
    galen_chain_write(&w, &(struct galen_chain){0});
    keep(home, "home", galen_written(&w));
    galen_writer_wipe(&w);
}

/* What the log has so far was read by this home before. */
static void keep_entries(struct home *home)
{
    const struct chart *chart = home->visit.chart;
    const struct galen_id *id = galen_rules_chart(chart->rules);
    char key[160] = "log/";
    for (size_t i = 0; i < sizeof id->bytes; i++)
        snprintf(key + 4 + 2 * i, 3, "%02x", id->bytes[i]);
    for (size_t i = 0; i < chart->size; i++) {
        snprintf(key + 68, sizeof key - 68, "/entry/%016zx", i);
        keep(home, key, galen_written(&chart->entries[i].record));
    }
}

/* -- the line --------------------------------------------------------------------------------------- */

static void look_at_sent(struct home *home, struct galen_bytes bytes)
{
    static struct galen_frame frame;
    cr_assert_eq(galen_frame_read(bytes, &frame), GALEN_OK);
    if (frame.type == GALEN_FRAME_OPEN)
        home->open_from = frame.as.open.from;
    if (frame.type != GALEN_FRAME_APPEND)
        return;
    galen_writer_clear(&home->append);
    galen_write(&home->append, frame.as.append.entry.at, frame.as.append.entry.size);
    home->request = frame.as.append.request;
}

static void pump(struct home *home)
{
    struct galen_output out;
    while (galen_engine_next(home->engine, &out)) {
        char key[160] = {0};
        switch (out.kind) {
        case GALEN_OUT_SAVE:
            memcpy(key, out.key.at, out.key.size);
            keep(home, key, out.value);
            break;
        case GALEN_OUT_SEND:
            look_at_sent(home, out.value);
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

static void hear(struct home *home, const struct galen_frame *frame)
{
    struct galen_writer w;
    galen_writer_init(&w);
    galen_frame_write(&w, frame);
    galen_engine_received(home->engine, home->visit.chart->now_ms, GALEN_CONNECTION_LOG,
                          galen_written(&w));
    galen_writer_wipe(&w);
    pump(home);
}

/* The server shows what this home has not read. */
static void show(struct home *home)
{
    const struct chart *chart = home->visit.chart;
    struct galen_writer records;
    galen_writer_init(&records);
    uint64_t from = home->open_from;
    for (uint64_t i = from; i < chart->size; i++)
        galen_write(&records, chart->entries[i].record.at, chart->entries[i].record.size);
    home->open_from = chart->size;
    hear(home, &(struct galen_frame){.type = GALEN_FRAME_ENTRIES,
                                     .as.entries = {*galen_rules_chart(chart->rules), from,
                                                    chart->size, false, galen_written(&records)}});
    galen_writer_wipe(&records);
}

/* Signs in and reads. */
static void connect(struct home *home)
{
    const struct chart *chart = home->visit.chart;
    const struct galen_id *id = galen_rules_chart(chart->rules);
    galen_engine_connected(home->engine, chart->now_ms, GALEN_CONNECTION_LOG);
    struct galen_frame challenge = {.type = GALEN_FRAME_CHALLENGE};
    challenge.as.challenge.version = GALEN_VERSION;
    challenge.as.challenge.practice = chart->practice;
    challenge.as.challenge.clock_ms = chart->now_ms;
    hear(home, &challenge);
    hear(home, &(struct galen_frame){.type = GALEN_FRAME_WELCOME,
                                     .as.welcome = {chart->now_ms, {id->bytes, sizeof id->bytes}}});
    show(home);
}

static void start(struct home *home)
{
    struct galen_engine_config config = {draw_bytes, home};
    home->engine = galen_engine_new(&config);
    for (size_t i = 0; i < home->pair_count; i++)
        cr_assert_eq(galen_engine_load(home->engine,
                                       (struct galen_bytes){(const uint8_t *)home->disk[i].key,
                                                            strlen(home->disk[i].key)},
                                       galen_written(&home->disk[i].value)),
                     GALEN_OK, "%s", home->disk[i].key);
    cr_assert_eq(galen_engine_start(home->engine, home->visit.chart->now_ms), GALEN_OK);
    pump(home);
    connect(home);
}

static void crash(struct home *home)
{
    galen_engine_free(home->engine);
    home->engine = NULL;
}

static struct home *home_new(uint64_t seed)
{
    struct home *home = calloc(1, sizeof *home);
    home->visit = visit_new(seed);
    galen_writer_init(&home->append);
    return home;
}

static void home_free(struct home *home)
{
    galen_engine_free(home->engine);
    for (size_t i = 0; i < home->pair_count; i++)
        galen_writer_wipe(&home->disk[i].value);
    galen_writer_wipe(&home->append);
    chart_free(home->visit.chart);
    free(home);
}

/* What was sent last reaches the log; who sent it does not hear of it. */
static void accept_sent(struct home *home)
{
    cr_assert_gt(home->append.size, 0);
    cr_assert_eq(chart_append(home->visit.chart, galen_written(&home->append)), GALEN_OK);
    galen_writer_clear(&home->append);
}

static void make_epoch_unusable(struct visit *v)
{
    struct galen_epoch_random random = chart_epoch_random(v->chart);
    struct galen_header header;
    struct galen_epoch_body *body = malloc(sizeof *body);
    chart_draft(v->chart, v->patient, &(struct galen_epoch_change){0}, &random, &header, body);
    body->commitment[0] ^= 1;
    cr_assert_eq(chart_append_epoch(v->chart, v->patient, &header, body), GALEN_OK);
    free(body);
}

/* -- what happens ----------------------------------------------------------------------------------- */

Test(engine_crash, E3_a_renewal_on_its_way_is_known_again_after_a_crash)
{
    struct home *home = home_new(70);
    galen_token token;
    keep_home(home, GALEN_HOME_MEMBER, home->visit.pharmacist);
    keep_entries(home);
    make_epoch_unusable(&home->visit);
    start(home);
    const struct galen_id *id = galen_rules_chart(home->visit.chart->rules);
    cr_assert_eq(galen_engine_message(home->engine, home->visit.chart->now_ms, id,
                                      (struct galen_bytes){(const uint8_t *)"take two", 8}, token),
                 GALEN_OK);
    pump(home);
    accept_sent(home); /* the renewal that has to come before the message */
    crash(home);
    start(home);
    cr_assert_eq(home->events[GALEN_EVENT_CLONED], 0, "its own renewal is taken for a clone's");
    cr_assert_eq(galen_engine_stopped(home->engine, id), GALEN_OK);
    accept_sent(home);
    show(home);
    cr_assert_eq(home->events[GALEN_EVENT_DONE], 1, "the message");
    cr_assert_eq(galen_engine_waiting(home->engine, NULL), 0);
    home_free(home);
}

Test(engine_crash, E3_a_renewal_that_did_not_arrive_is_made_anew)
{
    struct home *home = home_new(71);
    galen_token token;
    keep_home(home, GALEN_HOME_MEMBER, home->visit.pharmacist);
    keep_entries(home);
    make_epoch_unusable(&home->visit);
    start(home);
    const struct galen_id *id = galen_rules_chart(home->visit.chart->rules);
    cr_assert_eq(galen_engine_message(home->engine, home->visit.chart->now_ms, id,
                                      (struct galen_bytes){(const uint8_t *)"take two", 8}, token),
                 GALEN_OK);
    pump(home);
    crash(home);
    start(home);
    for (int i = 0; i < 2; i++) { /* a renewal, the message; nothing else is left */
        accept_sent(home);
        show(home);
    }
    cr_assert_eq(home->events[GALEN_EVENT_CLONED], 0);
    cr_assert_eq(home->events[GALEN_EVENT_DONE], 1, "the message");
    cr_assert_eq(galen_engine_waiting(home->engine, NULL), 0);
    home_free(home);
}

/* The patient's sheet, which restores `restored`, and whose secret the home is given later. */
static struct chart_device *use_sheet_once(struct visit *v, const uint8_t secret[16])
{
    struct galen_id practice = galen_device_id(galen_sodium_primitives(), &v->chart->practice);
    struct chart_device *sheet =
        chart_next_device(v->chart, "sheet", GALEN_PURPOSE_SHEET, v->patient);
    struct galen_cert *cert = &sheet->chain.certs[0];
    galen_device_secrets_invitation(secret, &practice, &sheet->secrets);
    memcpy(sheet->keys.sign, sheet->secrets.sign_public, sizeof sheet->keys.sign);
    memcpy(sheet->keys.seal, sheet->secrets.seal_public, sizeof sheet->keys.seal);
    sheet->id = galen_device_id(galen_sodium_primitives(), &sheet->keys);
    cert->keys = sheet->keys;
    struct galen_writer w;
    galen_writer_init(&w);
    galen_cert_write_unsigned(&w, cert);
    galen_sign(&v->patient->secrets, GALEN_SIGN_CERTIFICATE, galen_written(&w), cert->signature);
    galen_writer_wipe(&w);
    chart_forget(v->chart, sheet);
    chart_add(v->chart, v->patient, sheet, false);
    chart_add(v->chart, sheet, chart_next_device(v->chart, "restored", GALEN_PURPOSE_DEVICE, sheet),
              false);
    return sheet;
}

Test(engine_crash, I6_a_sheet_that_was_used_before_is_used_again)
{
    static const uint8_t secret[16] = "a sheet of paper";
    struct home *home = home_new(72);
    use_sheet_once(&home->visit, secret);
    struct chart_device *fresh =
        chart_next_device(home->visit.chart, "fresh", GALEN_PURPOSE_DEVICE, home->visit.patient);
    keep_home(home, GALEN_HOME_JOINING, fresh);
    uint8_t joining[1 + 16 + 5] = {1};
    memcpy(joining + 1, secret, sizeof secret);
    keep(home, "joining", (struct galen_bytes){joining, sizeof joining});
    start(home);
    const struct galen_id *id = galen_rules_chart(home->visit.chart->rules);
    cr_assert_eq(home->events[GALEN_EVENT_CLONED], 0, "its first use is taken for a clone's");
    cr_assert_eq(galen_engine_stopped(home->engine, id), GALEN_OK);
    cr_assert_eq(home->events[GALEN_EVENT_LOST_ASKED], 1);
    cr_assert_eq(galen_engine_join_lost(home->engine, home->visit.chart->now_ms, NULL, 0),
                 GALEN_OK);
    pump(home);
    accept_sent(home);
    cr_assert_not_null(galen_rules_member(home->visit.chart->rules, &fresh->id));
    home_free(home);
}
