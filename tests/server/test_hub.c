/* What no honest client does: every frame in every state, cut at every byte; floods; slow readers. A
 * bystander is in the middle of it and must notice nothing. */
#include "galen/sframe_header.h"
#include "support/stage.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct stage s;
#define CAST s.scene

static void begin(void)
{
    stage_begin(&s);
    s.config.limits.sign_ins_per_minute = 1000000;
    stage_restart_hub(&s);
}

static void end(void)
{
    stage_end(&s);
}

TestSuite(hub, .init = begin, .fini = end);

/* -- the bystander ------------------------------------------------------------------------------ */

struct bystander {
    struct line *log;
    uint64_t said;
};

static struct bystander stand_by(void)
{
    struct bystander b = {.log = stage_log(&s, &CAST.pharmacist)};
    stage_open(&s, b.log, 0, NULL);
    stage_forget(b.log);
    return b;
}

/* Reads and writes as if nothing were going on around it. */
static void go_on(struct bystander *b)
{
    struct galen_frame frame;
    cr_assert_eq(b->log->inbox_count, 0u, "the bystander was told of something");
    uint64_t index = stage_say(&s, b->log);
    cr_assert(stage_next(b->log, &frame));
    cr_assert_eq(frame.type, GALEN_FRAME_ENTRIES);
    cr_assert_eq(frame.as.entries.first, index);
    cr_assert_not(stage_next(b->log, &frame));
    stage_forget(b->log);
    b->said++;
}

/* -- every frame -------------------------------------------------------------------------------- */

static size_t sframe_header_size;

/* An SFrame whose header names participant 1 of generation 1. */
static struct galen_bytes sample_media(void)
{
    static uint8_t bytes[GALEN_SFRAME_HEADER_MAX + 30];
    struct galen_call_key_id id = {.generation = 1, .participant = 1};
    struct galen_sframe_header header = {galen_call_key_id_pack(id), 300};
    sframe_header_size = galen_sframe_header_write(&header, bytes);
    return (struct galen_bytes){bytes, sframe_header_size + 30};
}

/* Something readable of each type; what it says is not to come true. */
static struct galen_frame sample(uint8_t type, struct galen_writer *w)
{
    struct galen_frame frame = {.type = type};
    static const uint8_t bytes[40] = {1, 2, 3};
    struct galen_bytes some = {bytes, sizeof bytes};
    static struct line nobody;
    switch (type) {
    case GALEN_FRAME_CHALLENGE:
        frame.as.challenge.practice = CAST.practice.keys;
        break;
    case GALEN_FRAME_SIGN_IN:
        stage_sign_in_frame(&nobody, &CAST.pharmacist, GALEN_CONNECTION_LOG, true, &frame);
        break;
    case GALEN_FRAME_SETUP:
        frame.as.setup.token = some;
        frame.as.setup.practice = CAST.practice.keys;
        break;
    case GALEN_FRAME_WELCOME:
        frame.as.welcome.charts = (struct galen_bytes){bytes, 32};
        break;
    case GALEN_FRAME_APPEND:
        scene_draft(&CAST, &CAST.patient, GALEN_CLASS_MESSAGE);
        scene_encode(&CAST);
        CAST.bytes.at[GALEN_HEADER_BYTES] ^= 1;
        galen_entry_write_new(w, &CAST.entry);
        frame.as.append.request = 1;
        frame.as.append.entry = galen_written(w);
        break;
    case GALEN_FRAME_STATEMENT:
        frame.as.statement.request = 1;
        party_state(&CAST.patient, GALEN_STATEMENT_REVOKED, &CAST.custodian, NULL,
                    &frame.as.statement.statement);
        party_chain(&CAST.pharmacist, false, &frame.as.statement.chain);
        break;
    case GALEN_FRAME_RELAY:
        frame.as.relay.chart = *stage_chart(&s);
        frame.as.relay.sealed = some;
        break;
    case GALEN_FRAME_KNOCK:
        frame.as.knock.request = 1;
        frame.as.knock.hello = some;
        break;
    case GALEN_FRAME_KNOCKED:
        frame.as.knocked.hello = some;
        break;
    case GALEN_FRAME_ROSTER:
        frame.as.roster.roster = some;
        break;
    case GALEN_FRAME_MEDIA:
        frame.as.media.sframe = sample_media();
        break;
    default: /* a request number, ids and numbers of zeros */
        frame.as.done.request = type == GALEN_FRAME_PING || type == GALEN_FRAME_PONG ? 0 : 1;
        break;
    }
    return frame;
}

static struct line *line_in(uint8_t purpose)
{
    return purpose ? stage_sign_in(&s, &CAST.patient, purpose) : stage_connect(&s, "elsewhere");
}

/* The states in which each may be said: 1 before sign-in, 2 log, 4 live. Others end the line. */
static uint8_t states_of(uint8_t type)
{
    switch (type) {
    case GALEN_FRAME_SIGN_IN:
    case GALEN_FRAME_SETUP:
        return 1;
    case GALEN_FRAME_PING:
    case GALEN_FRAME_PONG:
        return 7;
    case GALEN_FRAME_OPEN:
    case GALEN_FRAME_APPEND:
    case GALEN_FRAME_HEAD:
    case GALEN_FRAME_BODIES:
    case GALEN_FRAME_STATEMENT:
        return 2;
    case GALEN_FRAME_LIVE_OPEN:
    case GALEN_FRAME_RELAY:
    case GALEN_FRAME_VISIT_OPEN:
    case GALEN_FRAME_KNOCK:
    case GALEN_FRAME_ADMIT:
    case GALEN_FRAME_ROSTER:
    case GALEN_FRAME_LEAVE:
    case GALEN_FRAME_VISIT_END:
    case GALEN_FRAME_MEDIA:
        return 4;
    default:
        return 0;
    }
}

/* Of all reasons together. */
static uint64_t all_refused(void)
{
    static const char name[] = "galen_refused_total{";
    struct galen_writer w;
    uint64_t sum = 0;
    galen_writer_init(&w);
    hub_metrics(s.hub, &w);
    galen_write_u8(&w, 0);
    for (const char *at = strstr((const char *)w.at, name); at; at = strstr(at + 1, name))
        sum += strtoull(strchr(at, ' '), NULL, 10);
    galen_writer_wipe(&w);
    return sum;
}

static void expect_ended(struct line *line, enum galen_err err, uint8_t type, size_t size)
{
    struct galen_frame frame;
    cr_assert(stage_next(line, &frame), "type %u cut to %zu got no answer", type, size);
    cr_assert_eq(frame.type, GALEN_FRAME_REFUSED, "type %u cut to %zu", type, size);
    cr_assert_eq(frame.as.refused.err, (uint16_t)err, "type %u cut to %zu: %s, not %s", type, size,
                 galen_err_name((enum galen_err)frame.as.refused.err), galen_err_name(err));
    cr_assert(line->closed_by_hub);
    cr_assert_not(stage_next(line, &frame));
}

static size_t line_number(const struct line *line)
{
    return (size_t)(line - s.lines);
}

/* Lets go of the lines after the bystander's, so that there are always enough. */
static void clean_up(struct line *line)
{
    if (line->connection)
        stage_disconnect(&s, line);
    stage_forget(line);
    free(line->inbox);
    memset(line, 0, sizeof *line);
    s.line_count = line_number(line);
}

static void cut_at_every_byte(uint8_t type, uint8_t purpose)
{
    struct galen_writer inner, w;
    galen_writer_init(&inner);
    galen_writer_init(&w);
    struct galen_frame frame = sample(type, &inner);
    galen_frame_write(&w, &frame);
    bool allowed = (states_of(type) & (purpose ? 2 * purpose : 1)) != 0;
    uint64_t before = all_refused();
    for (size_t size = 1; size < w.size; size++) {
        /* A shorter frame of media is another frame of media, and nobody is in a visit. */
        bool media = type == GALEN_FRAME_MEDIA && purpose == GALEN_CONNECTION_LIVE &&
                     size > sframe_header_size;
        enum galen_err err = !allowed ? GALEN_ERR_STATE
                             : media  ? GALEN_ERR_NO_VISIT
                                      : GALEN_ERR_FORMAT;
        struct line *line = line_in(purpose);
        stage_forget(line);
        stage_send_bytes(&s, line, (struct galen_bytes){w.at, size});
        expect_ended(line, err, type, size);
        clean_up(line);
    }
    cr_assert_eq(all_refused(), before + w.size - 1, "each is counted");
    galen_writer_wipe(&inner);
    galen_writer_wipe(&w);
}

static void every_frame_cut(uint8_t purpose)
{
    struct bystander b = stand_by();
    for (unsigned type = 1; type < 64; type++) {
        if (!galen_frame_name((uint8_t)type))
            continue;
        cut_at_every_byte((uint8_t)type, purpose);
        go_on(&b);
    }
}

Test(hub, every_frame_cut_at_every_byte_before_sign_in)
{
    every_frame_cut(0);
}

Test(hub, every_frame_cut_at_every_byte_on_a_log_line)
{
    every_frame_cut(GALEN_CONNECTION_LOG);
}

Test(hub, every_frame_cut_at_every_byte_on_a_live_line)
{
    every_frame_cut(GALEN_CONNECTION_LIVE);
}

/* Whole frames, in every state: named answers, and nothing comes of them. */
Test(hub, every_whole_frame_in_every_state)
{
    struct bystander b = stand_by();
    for (uint8_t purpose = 0; purpose <= 2; purpose++) {
        for (unsigned type = 0; type < 256; type++) {
            struct galen_writer inner, w;
            galen_writer_init(&inner);
            galen_writer_init(&w);
            if (galen_frame_name((uint8_t)type)) {
                struct galen_frame frame = sample((uint8_t)type, &inner);
                galen_frame_write(&w, &frame);
            } else {
                galen_write_u8(&w, (uint8_t)type);
                galen_write_u64(&w, 0);
            }
            struct line *line = line_in(purpose);
            struct galen_frame answer;
            stage_forget(line);
            stage_send_bytes(&s, line, galen_written(&w));
            bool allowed = (states_of((uint8_t)type) & (purpose ? 2 * purpose : 1)) != 0;
            if (!galen_frame_name((uint8_t)type))
                expect_ended(line, GALEN_ERR_FORMAT, (uint8_t)type, w.size);
            else if (!allowed)
                expect_ended(line, GALEN_ERR_STATE, (uint8_t)type, w.size);
            else if (type == GALEN_FRAME_PONG)
                cr_assert_not(stage_next(line, &answer));
            else if (type == GALEN_FRAME_PING)
                stage_expect(line, GALEN_FRAME_PONG);
            else
                stage_expect(line, GALEN_FRAME_REFUSED);
            cr_assert_eq(stage_count(line, GALEN_FRAME_ENTRIES), 0u);
            clean_up(line);
            galen_writer_wipe(&inner);
            galen_writer_wipe(&w);
        }
        go_on(&b);
    }
    struct line *line = stage_connect(&s, "elsewhere");
    stage_send_bytes(&s, line, (struct galen_bytes){(const uint8_t *)"", 0});
    stage_expect_closed(line, GALEN_ERR_FORMAT);
}

Test(hub, whole_frames_with_more_behind_them)
{
    struct bystander b = stand_by();
    for (unsigned type = 1; type < 64; type++) {
        uint8_t states = states_of((uint8_t)type);
        uint8_t purpose = states & 2   ? GALEN_CONNECTION_LOG
                          : states & 4 ? GALEN_CONNECTION_LIVE
                                       : 0;
        if (states == 0 || type == GALEN_FRAME_MEDIA)
            continue;
        struct galen_writer inner, w;
        galen_writer_init(&inner);
        galen_writer_init(&w);
        struct galen_frame frame = sample((uint8_t)type, &inner);
        galen_frame_write(&w, &frame);
        galen_write_u8(&w, 0);
        struct line *line = line_in(purpose);
        stage_forget(line);
        stage_send_bytes(&s, line, galen_written(&w));
        expect_ended(line, GALEN_ERR_FORMAT, (uint8_t)type, w.size);
        clean_up(line);
        galen_writer_wipe(&inner);
        galen_writer_wipe(&w);
    }
    go_on(&b);
}

/* -- too much ----------------------------------------------------------------------------------- */

Test(hub, an_oversized_frame_is_named)
{
    static uint8_t bytes[GALEN_FRAME_MAX + 1] = {GALEN_FRAME_APPEND};
    struct bystander b = stand_by();
    struct line *line = stage_log(&s, &CAST.patient);
    cr_assert_eq(hub_frame_max(line->connection), (size_t)GALEN_FRAME_MAX);
    stage_send_bytes(&s, line, (struct galen_bytes){bytes, sizeof bytes});
    stage_expect_closed(line, GALEN_ERR_TOO_LARGE);
    /* As the edge says it, that stopped reassembling. */
    line = stage_log(&s, &CAST.patient);
    hub_oversized(s.hub, line->connection, CAST.now_ms);
    stage_settle(&s);
    stage_expect_closed(line, GALEN_ERR_TOO_LARGE);
    /* Before sign-in and on a live line, much less is large. */
    line = stage_connect(&s, "elsewhere");
    cr_assert_lt(hub_frame_max(line->connection), 8192u);
    bytes[0] = GALEN_FRAME_SIGN_IN;
    stage_send_bytes(&s, line, (struct galen_bytes){bytes, hub_frame_max(line->connection) + 1});
    stage_expect_closed(line, GALEN_ERR_TOO_LARGE);
    line = stage_live(&s, &CAST.patient);
    bytes[0] = GALEN_FRAME_RELAY;
    stage_send_bytes(&s, line, (struct galen_bytes){bytes, hub_frame_max(line->connection) + 1});
    stage_expect_closed(line, GALEN_ERR_TOO_LARGE);
    go_on(&b);
}

Test(hub, the_largest_sign_in_there_is_fits)
{
    struct galen_frame frame;
    struct galen_writer w;
    static uint8_t host[GALEN_HOST_NAME_MAX];
    struct line *line = stage_connect(&s, "elsewhere");
    stage_sign_in_frame(line, &CAST.pharmacist, GALEN_CONNECTION_LOG, true, &frame);
    frame.as.sign_in.host = (struct galen_bytes){host, sizeof host};
    while (frame.as.sign_in.chain.count < GALEN_CHAIN_MAX)
        frame.as.sign_in.chain.certs[frame.as.sign_in.chain.count++] = CAST.pharmacist.cert;
    galen_writer_init(&w);
    galen_frame_write(&w, &frame);
    cr_assert_leq(w.size, hub_frame_max(line->connection));
    galen_writer_wipe(&w);
}

Test(hub, a_flood_is_refused_then_closed_and_nobody_else_notices)
{
    s.config.limits.frames_per_second = 10;
    s.config.limits.charts_open = 8;
    stage_restart_hub(&s);
    struct bystander b = stand_by();
    struct line *flood = stage_log(&s, &CAST.patient);
    struct galen_frame open = {.type = GALEN_FRAME_OPEN};
    size_t served = 0, refused = 0;
    for (int i = 0; i < 1000 && flood->connection; i++) {
        open.as.open.request = (uint32_t)i + 1;
        stage_send(&s, flood, &open);
        struct galen_frame_refused answer = stage_expect(flood, GALEN_FRAME_REFUSED).as.refused;
        served += answer.err == GALEN_ERR_CHART;
        refused += answer.err == GALEN_ERR_LIMIT;
        cr_assert(answer.request == open.as.open.request || !flood->connection);
    }
    cr_assert_eq(served, 27u, "twice the rate, and one for each chart, less the sign-in");
    cr_assert_eq(refused, 29u);
    cr_assert_null(flood->connection);
    cr_assert_eq(stage_refused(&s, GALEN_ERR_LIMIT), 29u);
    go_on(&b);
}

Test(hub, a_flood_of_pings_ends)
{
    s.config.limits.frames_per_second = 10;
    s.config.limits.charts_open = 0;
    stage_restart_hub(&s);
    struct line *flood = stage_connect(&s, "elsewhere");
    struct galen_frame ping = {.type = GALEN_FRAME_PING};
    for (int i = 0; i < 1000 && flood->connection; i++)
        stage_send(&s, flood, &ping);
    cr_assert_null(flood->connection);
    stage_expect_closed(flood, GALEN_ERR_LIMIT);
}

/* Answers pile up for one who asks and does not read: the line ends with its name. */
Test(hub, who_asks_and_does_not_read_is_closed)
{
    s.config.limits.outbox_bytes = 2000;
    s.config.limits.frames_per_second = 100000;
    stage_restart_hub(&s);
    struct bystander b = stand_by();
    struct line *slow = stage_log(&s, &CAST.patient);
    struct galen_frame ping = {.type = GALEN_FRAME_PING};
    slow->is_slow = true;
    int i = 0;
    for (; i < 1000 && !hub_is_closing(slow->connection); i++)
        stage_send(&s, slow, &ping);
    cr_assert_gt(i, 200);
    cr_assert_lt(i, 240);
    go_on(&b);
    slow->is_slow = false;
    stage_settle(&s);
    cr_assert_eq(stage_count(slow, GALEN_FRAME_PONG), 0u, "what waited is dropped");
    stage_expect_closed(slow, GALEN_ERR_SLOW);
}

/* -- what the hub says about itself ------------------------------------------------------------- */

Test(hub, metrics_are_whole_and_name_nobody)
{
    struct bystander b = stand_by();
    go_on(&b);
    struct galen_writer w;
    galen_writer_init(&w);
    hub_metrics(s.hub, &w);
    galen_write_u8(&w, 0);
    const char *text = (const char *)w.at;
    cr_assert_not_null(strstr(text, "# TYPE galen_refused_total counter\n"));
    cr_assert_not_null(strstr(text, "galen_refused_total{reason=\"too-slow\"} 0\n"));
    cr_assert_not_null(strstr(text, "galen_frames_total{type=\"append\"} "));
    cr_assert_null(strstr(text, "anywhere"), "an address");
    cr_assert_null(strstr(text, STAGE_HOST));
    for (int err = 1; err < GALEN_ERR_COUNT; err++)
        cr_assert_eq(stage_refused(&s, (enum galen_err)err), 0u);
    galen_writer_wipe(&w);
    cr_assert_eq(stage_counter(&s, "galen_entries_total"), 1u);
}

Test(hub, ready_lines_are_named_once)
{
    struct line *pharmacist = stage_log(&s, &CAST.pharmacist);
    struct line *patient = stage_log(&s, &CAST.patient);
    stage_open(&s, pharmacist, 0, NULL);
    stage_open(&s, patient, 0, NULL);
    cr_assert_null(hub_next_ready(s.hub));
    pharmacist->is_slow = patient->is_slow = true;
    s.holds_batches = true;
    scene_draft(&CAST, &CAST.patient, GALEN_CLASS_MESSAGE);
    scene_encode(&CAST);
    stage_send_entry(&s, patient);
    const struct store_batch *batch = hub_take_batch(s.hub);
    cr_assert_eq(store_commit(s.store, batch), GALEN_OK);
    hub_committed(s.hub, CAST.now_ms, GALEN_OK);
    struct hub_connection *first = hub_next_ready(s.hub), *second = hub_next_ready(s.hub);
    cr_assert_not_null(first);
    cr_assert_not_null(second);
    cr_assert_neq(first, second);
    cr_assert_null(hub_next_ready(s.hub));
    cr_assert_eq(hub_connection_user(first) == pharmacist, hub_connection_user(second) == patient);
}

/* Another client keeps below what PROTOCOL.md says. */
Test(hub, its_limits_are_those_that_the_protocol_names)
{
    const struct hub_limits is = hub_limits_default();
    const struct {
        const char *name;
        uint64_t number;
    } rows[] = {
        {"frames_per_second", is.frames_per_second},
        {"media_per_second", is.media_per_second},
        {"appends_in_flight", is.appends_in_flight},
        {"pending_bytes", is.pending_bytes},
        {"epochs_per_hour", is.epochs_per_hour},
        {"kib_per_hour", is.kib_per_hour},
        {"charts_open", is.charts_open},
        {"outbox_bytes", is.outbox_bytes},
        {"live_ring", is.live_ring},
        {"relay_ring", is.relay_ring},
        {"connections", is.connections},
        {"connections_per_address", is.connections_per_address},
        {"sign_ins_per_minute", is.sign_ins_per_minute},
        {"sign_in_ms", is.sign_in_ms},
        {"silence_ms", is.silence_ms},
        {"visits", is.visits},
        {"waiting", is.waiting},
        {"visit_empty_ms", is.visit_empty_ms},
    };
    size_t said = 0;
    char line[1000], name[64];
    unsigned long long number;
    FILE *file = fopen(GALEN_SOURCE_DIR "/protocol/PROTOCOL.md", "r");
    cr_assert_not_null(file);
    while (fgets(line, sizeof line, file)) {
        if (sscanf(line, "| `%63[a-z_]` | %llu |", name, &number) != 2)
            continue;
        cr_assert_lt(said, sizeof rows / sizeof *rows, "%s", name);
        cr_assert_str_eq(name, rows[said].name);
        cr_assert_eq(number, rows[said].number, "%s", name);
        said++;
    }
    fclose(file);
    cr_assert_eq(said, sizeof rows / sizeof *rows);
}
