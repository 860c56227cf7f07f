#include "support/stage.h"

#include "fuzz/hub_steps.h"
#include "galen/keys.h"
#include "support/primitives.h"
#include "verify.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const names[] = {"other.example", STAGE_HOST, NULL};

/* -- recording ---------------------------------------------------------------------------------- */

/*
 * With GALEN_RECORD set to a file's name, everything the hub goes through is written there as the
 * steps of fuzz_hub: this is how its seeds are made.
 */
static FILE *record;

static void record_step(enum hub_step step, const struct stage *s, const struct line *line,
                        struct galen_bytes bytes)
{
    struct galen_writer w;
    if (!record || bytes.size > UINT16_MAX)
        return;
    galen_writer_init(&w);
    galen_write_u8(&w, (uint8_t)step);
    galen_write_u8(&w, line ? (uint8_t)(line - s->lines) : 0);
    galen_write_u16(&w, (uint16_t)bytes.size);
    galen_write(&w, bytes.at, bytes.size);
    (void)fwrite(w.at, 1, w.size, record);
    galen_writer_wipe(&w);
}

static void record_begin(void)
{
    const char *path = getenv("GALEN_RECORD");
    record = path ? fopen(path, "wb") : NULL;
}

static void record_end(void)
{
    if (record)
        (void)fclose(record);
    record = NULL;
}

/* -- the server --------------------------------------------------------------------------------- */

static void note_event(void *context, const char *event, const char *members)
{
    struct stage *s = context;
    (void)members;
    (void)snprintf(s->last_event, sizeof s->last_event, "%s", event);
}

static void open_store(struct stage *s)
{
    enum galen_err err = store_open(s->path, NULL, &s->store);
    cr_assert_eq(err, GALEN_OK, "store: %s", galen_err_name(err));
    s->config.store = s->store;
}

static void drop_lines(struct stage *s)
{
    for (size_t i = 0; i < s->line_count; i++) {
        stage_forget(&s->lines[i]);
        free(s->lines[i].inbox);
    }
    memset(s->lines, 0, sizeof s->lines);
    s->line_count = 0;
}

void stage_restart_hub(struct stage *s)
{
    record_step(HUB_STEP_RESTART, s, NULL, (struct galen_bytes){0});
    hub_free(s->hub);
    drop_lines(s);
    s->hub = hub_new(&s->config);
    cr_assert_not_null(s->hub);
}

void stage_restart(struct stage *s)
{
    hub_free(s->hub);
    s->hub = NULL;
    store_close(s->store);
    open_store(s);
    stage_restart_hub(s);
}

void stage_begin_bare(struct stage *s)
{
    memset(s, 0, sizeof *s);
    record_begin();
    scene_begin_empty(&s->scene);
    (void)snprintf(s->folder, sizeof s->folder, "/tmp/galen-stage-XXXXXX");
    cr_assert_not_null(mkdtemp(s->folder));
    (void)snprintf(s->path, sizeof s->path, "%s/galen.db", s->folder);
    s->config = (struct hub_config){.primitives = verify_openssl(),
                                    .names = names,
                                    .limits = hub_limits_default(),
                                    .token = STAGE_TOKEN,
                                    .log = note_event,
                                    .context = s};
    open_store(s);
    stage_restart_hub(s);
}

static void set_up(struct stage *s)
{
    struct line *line = stage_connect(s, "office");
    struct galen_frame frame = {.type = GALEN_FRAME_SETUP};
    struct galen_writer w;
    uint8_t signed_bytes[GALEN_SIGNED_MAX];
    frame.as.setup.token = (struct galen_bytes){(const uint8_t *)STAGE_TOKEN, strlen(STAGE_TOKEN)};
    frame.as.setup.practice = s->scene.practice.keys;
    galen_writer_init(&w);
    galen_setup_message(&w, line->nonce, frame.as.setup.token, &frame.as.setup.practice);
    size_t size =
        galen_signed_bytes(&test_primitives, GALEN_SIGN_SETUP, galen_written(&w), signed_bytes);
    test_sign(s->scene.practice.seed, (struct galen_bytes){signed_bytes, size},
              frame.as.setup.signature);
    galen_writer_wipe(&w);
    stage_send(s, line, &frame);
    stage_expect(line, GALEN_FRAME_DONE);
    stage_disconnect(s, line);
}

static void certify_all(struct scene *c)
{
    const struct galen_id *chart = galen_rules_chart(c->rules);
    party_certify(&c->patient, &c->pharmacist, GALEN_ROLE_PATIENT, GALEN_PURPOSE_DEVICE, chart);
    party_certify(&c->caregiver, &c->pharmacist, GALEN_ROLE_CAREGIVER, GALEN_PURPOSE_DEVICE, chart);
    party_certify(&c->invitation, &c->pharmacist, GALEN_ROLE_CAREGIVER, GALEN_PURPOSE_INVITATION,
                  chart);
    party_certify(&c->patient_second, &c->patient, GALEN_ROLE_PATIENT, GALEN_PURPOSE_DEVICE, chart);
    party_certify(&c->sheet, &c->patient, GALEN_ROLE_PATIENT, GALEN_PURPOSE_SHEET, chart);
}

void stage_begin(struct stage *s)
{
    stage_begin_bare(s);
    set_up(s);
    struct line *line = stage_log(s, &s->scene.pharmacist);
    stage_append(s, line);
    certify_all(&s->scene);
    scene_draft_epoch(&s->scene, &s->scene.pharmacist);
    scene_add(&s->scene, &s->scene.patient, true, false);
    stage_append(s, line);
    stage_disconnect(s, line);
}

void stage_end(struct stage *s)
{
    static const char *const files[] = {"", "-wal", "-shm"};
    record_end();
    hub_free(s->hub);
    store_close(s->store);
    drop_lines(s);
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        char path[128];
        (void)snprintf(path, sizeof path, "%s%s", s->path, files[i]);
        (void)unlink(path);
    }
    (void)rmdir(s->folder);
    scene_end(&s->scene);
}

const struct galen_id *stage_chart(const struct stage *s)
{
    return galen_rules_chart(s->scene.rules);
}

/* -- lines -------------------------------------------------------------------------------------- */

static void receive(struct line *line, struct galen_bytes bytes)
{
    if (line->inbox_count == line->inbox_room) {
        line->inbox_room = line->inbox_room ? 2 * line->inbox_room : 16;
        line->inbox = realloc(line->inbox, line->inbox_room * sizeof *line->inbox);
        cr_assert_not_null(line->inbox);
    }
    uint8_t *copy = malloc(bytes.size);
    cr_assert_not_null(copy);
    memcpy(copy, bytes.at, bytes.size);
    line->inbox[line->inbox_count].bytes = copy;
    line->inbox[line->inbox_count++].size = bytes.size;
}

/* Takes what the hub has for a line, as a socket that is always writable would. */
static bool drain(struct stage *s, struct line *line)
{
    struct galen_bytes bytes;
    bool any = false;
    if (line->is_slow)
        return false;
    while (line->connection &&
           (bytes = hub_next_frame(s->hub, line->connection, s->scene.now_ms)).size > 0) {
        receive(line, bytes);
        any = true;
    }
    if (any)
        record_step(HUB_STEP_DRAIN, s, line, (struct galen_bytes){0});
    if (line->connection && hub_is_closing(line->connection)) {
        hub_disconnect(s->hub, line->connection, s->scene.now_ms);
        line->connection = NULL;
        line->closed_by_hub = true;
        any = true;
    }
    return any;
}

static bool commit(struct stage *s)
{
    struct store_batch *batch = hub_take_batch(s->hub);
    if (!batch)
        return false;
    enum galen_err err = s->next_commit;
    s->next_commit = GALEN_OK;
    if (err == GALEN_OK)
        err = store_commit(s->store, batch);
    s->batches++;
    record_step(HUB_STEP_COMMIT, s, NULL,
                (struct galen_bytes){(const uint8_t *)"x", err == GALEN_OK ? 0 : 1});
    hub_committed(s->hub, s->scene.now_ms, err);
    return true;
}

void stage_commit(struct stage *s)
{
    cr_assert(commit(s));
    bool held = s->holds_batches;
    s->holds_batches = true;
    stage_settle(s);
    s->holds_batches = held;
}

void stage_settle(struct stage *s)
{
    bool any = true;
    while (any) {
        any = !s->holds_batches && commit(s);
        while (hub_next_ready(s->hub))
            any = true;
        for (size_t i = 0; i < s->line_count; i++)
            any = drain(s, &s->lines[i]) || any;
    }
}

void stage_pass(struct stage *s, uint64_t ms)
{
    uint8_t span[4] = {(uint8_t)(ms >> 24), (uint8_t)(ms >> 16), (uint8_t)(ms >> 8), (uint8_t)ms};
    record_step(HUB_STEP_PASS, s, NULL, (struct galen_bytes){span, sizeof span});
    s->scene.now_ms += ms;
    (void)hub_tick(s->hub, s->scene.now_ms);
    stage_settle(s);
}

struct line *stage_try_connect(struct stage *s, const char *address, enum galen_err *err)
{
    cr_assert_lt(s->line_count, STAGE_LINES);
    struct line *line = &s->lines[s->line_count];
    struct galen_bytes from = {(const uint8_t *)address, strlen(address)};
    uint8_t nonce[32] = {0xcc, (uint8_t)s->line_count, (uint8_t)s->request};
    struct hub_connection *connection = hub_connect(s->hub, s->scene.now_ms, from, nonce, err);
    if (!connection)
        return NULL;
    record_step(HUB_STEP_CONNECT, s, line, (struct galen_bytes){0});
    hub_connection_set_user(connection, line);
    line->connection = connection;
    s->line_count++;
    stage_settle(s);
    struct galen_frame challenge = stage_expect(line, GALEN_FRAME_CHALLENGE);
    memcpy(line->nonce, challenge.as.challenge.nonce, sizeof line->nonce);
    line->practice = challenge.as.challenge.practice;
    return line;
}

struct line *stage_connect(struct stage *s, const char *address)
{
    enum galen_err err = GALEN_OK;
    struct line *line = stage_try_connect(s, address, &err);
    cr_assert_not_null(line, "not connected: %s", galen_err_name(err));
    return line;
}

void stage_disconnect(struct stage *s, struct line *line)
{
    if (line->connection) {
        record_step(HUB_STEP_LEAVE, s, line, (struct galen_bytes){0});
        hub_disconnect(s->hub, line->connection, s->scene.now_ms);
    }
    line->connection = NULL;
    stage_settle(s);
}

void stage_give_back(struct stage *s, struct line *line)
{
    cr_assert(line == &s->lines[s->line_count - 1]);
    stage_disconnect(s, line);
    stage_forget(line);
    free(line->inbox);
    *line = (struct line){0};
    s->line_count--;
}

void stage_sign_sign_in(const struct line *line, const struct party *party,
                        struct galen_frame *frame)
{
    struct galen_frame_sign_in *f = &frame->as.sign_in;
    struct galen_id id = galen_device_id(&test_primitives, &f->keys);
    uint8_t signed_bytes[GALEN_SIGNED_MAX];
    struct galen_writer w;
    galen_writer_init(&w);
    galen_sign_in_message(&w, f->host, line->nonce, f->nonce, &id, f->purpose);
    size_t size =
        galen_signed_bytes(&test_primitives, GALEN_SIGN_SIGN_IN, galen_written(&w), signed_bytes);
    test_sign(party->seed, (struct galen_bytes){signed_bytes, size}, f->signature);
    galen_writer_wipe(&w);
}

void stage_sign_in_frame(const struct line *line, const struct party *party, uint8_t purpose,
                         bool with_chain, struct galen_frame *frame)
{
    memset(frame, 0, sizeof *frame);
    frame->type = GALEN_FRAME_SIGN_IN;
    struct galen_frame_sign_in *f = &frame->as.sign_in;
    f->version = GALEN_VERSION;
    f->purpose = purpose;
    memset(f->nonce, 0x77, sizeof f->nonce);
    f->keys = party->keys;
    f->host = (struct galen_bytes){(const uint8_t *)STAGE_HOST, strlen(STAGE_HOST)};
    if (with_chain)
        party_chain(party, false, &f->chain);
    stage_sign_sign_in(line, party, frame);
}

struct line *stage_sign_in(struct stage *s, const struct party *party, uint8_t purpose)
{
    struct line *line = stage_connect(s, "anywhere");
    struct galen_frame frame;
    bool staff = party->issuer && galen_role_is_staff((enum galen_role)party->cert.role);
    stage_sign_in_frame(line, party, purpose, staff, &frame);
    stage_send(s, line, &frame);
    stage_expect(line, GALEN_FRAME_WELCOME);
    line->party = party;
    return line;
}

struct line *stage_log(struct stage *s, const struct party *party)
{
    return stage_sign_in(s, party, GALEN_CONNECTION_LOG);
}

struct line *stage_live(struct stage *s, const struct party *party)
{
    struct line *line = stage_sign_in(s, party, GALEN_CONNECTION_LIVE);
    struct galen_frame frame = {.type = GALEN_FRAME_LIVE_OPEN};
    frame.as.live_open.request = ++s->request;
    frame.as.live_open.chart = *stage_chart(s);
    stage_send(s, line, &frame);
    stage_expect(line, GALEN_FRAME_DONE);
    return line;
}

/* -- frames ------------------------------------------------------------------------------------- */

void stage_send_bytes(struct stage *s, struct line *line, struct galen_bytes bytes)
{
    cr_assert_not_null(line->connection, "the line is closed");
    record_step(HUB_STEP_SEND, s, line, bytes);
    hub_receive(s->hub, line->connection, s->scene.now_ms, bytes);
    stage_settle(s);
}

void stage_send(struct stage *s, struct line *line, const struct galen_frame *frame)
{
    struct galen_writer w;
    galen_writer_init(&w);
    galen_frame_write(&w, frame);
    stage_send_bytes(s, line, galen_written(&w));
    galen_writer_wipe(&w);
}

bool stage_next(struct line *line, struct galen_frame *frame)
{
    if (line->inbox_next == line->inbox_count)
        return false;
    struct galen_bytes bytes = {line->inbox[line->inbox_next].bytes,
                                line->inbox[line->inbox_next].size};
    line->inbox_next++;
    enum galen_err err = galen_frame_read(bytes, frame);
    cr_assert_eq(err, GALEN_OK, "the hub sent a frame of type %u that nobody can read",
                 bytes.at[0]);
    return true;
}

struct galen_frame stage_expect(struct line *line, uint8_t type)
{
    struct galen_frame frame = {0};
    while (stage_next(line, &frame)) {
        if (frame.type == type)
            return frame;
    }
    cr_assert_fail("no %s frame came; the last was %s", galen_frame_name(type),
                   frame.type ? galen_frame_name(frame.type) : "none");
    return frame;
}

size_t stage_count(const struct line *line, uint8_t type)
{
    size_t count = 0;
    for (size_t i = line->inbox_next; i < line->inbox_count; i++)
        count += line->inbox[i].bytes[0] == type;
    return count;
}

void stage_forget(struct line *line)
{
    for (size_t i = 0; i < line->inbox_count; i++)
        free(line->inbox[i].bytes);
    line->inbox_count = line->inbox_next = 0;
}

struct galen_frame_refused stage_expect_refused(struct line *line, enum galen_err err)
{
    struct galen_frame frame = stage_expect(line, GALEN_FRAME_REFUSED);
    cr_assert_eq(frame.as.refused.err, (uint16_t)err, "refused with %s, not %s",
                 galen_err_name((enum galen_err)frame.as.refused.err), galen_err_name(err));
    return frame.as.refused;
}

void stage_expect_closed(struct line *line, enum galen_err err)
{
    struct galen_frame_refused refused = stage_expect_refused(line, err);
    cr_assert_eq(refused.request, 0u);
    cr_assert(galen_id_is_none(&refused.chart));
    cr_assert(line->closed_by_hub);
}

uint64_t stage_counter(const struct stage *s, const char *name)
{
    struct galen_writer w;
    galen_writer_init(&w);
    hub_metrics(s->hub, &w);
    galen_write_u8(&w, 0);
    const char *at = (const char *)w.at;
    size_t size = strlen(name);
    uint64_t value = UINT64_MAX;
    while (at && value == UINT64_MAX) {
        if (strncmp(at, name, size) == 0 && at[size] == ' ')
            value = strtoull(at + size, NULL, 10);
        at = strchr(at, '\n');
        at = at ? at + 1 : NULL;
    }
    galen_writer_wipe(&w);
    cr_assert_neq(value, UINT64_MAX, "no counter %s", name);
    return value;
}

uint64_t stage_refused(const struct stage *s, enum galen_err err)
{
    char name[96];
    (void)snprintf(name, sizeof name, "galen_refused_total{reason=\"%s\"}", galen_err_name(err));
    return stage_counter(s, name);
}

/* -- entries ------------------------------------------------------------------------------------ */

uint32_t stage_send_entry(struct stage *s, struct line *line)
{
    struct galen_frame frame = {.type = GALEN_FRAME_APPEND};
    struct galen_writer w;
    galen_writer_init(&w);
    galen_entry_write_new(&w, &s->scene.entry);
    frame.as.append.request = ++s->request;
    frame.as.append.entry = galen_written(&w);
    stage_send(s, line, &frame);
    galen_writer_wipe(&w);
    return s->request;
}

uint64_t stage_append(struct stage *s, struct line *line)
{
    scene_encode(&s->scene);
    uint32_t request = stage_send_entry(s, line);
    struct galen_frame frame = {0};
    while (frame.type != GALEN_FRAME_APPENDED) {
        cr_assert(stage_next(line, &frame), "not appended");
        if (frame.type == GALEN_FRAME_REFUSED)
            cr_assert_fail("refused: %s", galen_err_name((enum galen_err)frame.as.refused.err));
    }
    cr_assert_eq(frame.as.appended.request, request);
    cr_assert_eq(frame.as.appended.received_ms, s->scene.now_ms);
    scene_accept(&s->scene);
    cr_assert(galen_id_equal(&frame.as.appended.chart, stage_chart(s)));
    return frame.as.appended.index;
}

uint64_t stage_say(struct stage *s, struct line *line)
{
    scene_draft(&s->scene, line->party, GALEN_CLASS_MESSAGE);
    return stage_append(s, line);
}

size_t stage_open(struct stage *s, struct line *line, uint64_t from, uint8_t *states)
{
    struct galen_frame frame = {.type = GALEN_FRAME_OPEN};
    frame.as.open.request = ++s->request;
    frame.as.open.chart = *stage_chart(s);
    frame.as.open.from = from;
    stage_forget(line);
    stage_send(s, line, &frame);
    size_t count = 0;
    uint64_t size = 0;
    do {
        struct galen_frame entries = stage_expect(line, GALEN_FRAME_ENTRIES);
        struct galen_reader records;
        struct galen_entry entry;
        size = entries.as.entries.size;
        cr_assert_eq(entries.as.entries.first, from + count);
        galen_reader_init(&records, entries.as.entries.records);
        while (galen_entries_next(&records, &entry) == GALEN_OK) {
            if (states)
                states[count] = entry.body_state;
            count++;
        }
    } while (from + count < size);
    return count;
}

struct galen_frame_refused stage_refuse_entry(struct stage *s, struct line *line,
                                              enum galen_err err)
{
    scene_encode(&s->scene);
    uint32_t request = stage_send_entry(s, line);
    struct galen_frame_refused answer = stage_expect_refused(line, err);
    cr_assert_eq(answer.request, request);
    cr_assert_not_null(line->connection, "a refused entry closes nothing");
    return answer;
}

struct galen_frame_appended stage_appended(struct line *line)
{
    return stage_expect(line, GALEN_FRAME_APPENDED).as.appended;
}

void stage_draft_chart(struct stage *s)
{
    uint8_t secret[32] = {9};
    scene_draft_epoch(&s->scene, &s->scene.pharmacist);
    scene_add(&s->scene, &s->scene.pharmacist, false, true);
    scene_add(&s->scene, &s->scene.custodian, false, true);
    test_seal_key(secret, s->scene.body->history_key);
    s->scene.header.salt[5] = 77; /* or it would be the first chart's first entry again */
}

void stage_send_open(struct stage *s, struct line *line, const struct galen_id *chart,
                     uint64_t from)
{
    struct galen_frame frame = {.type = GALEN_FRAME_OPEN};
    frame.as.open.request = ++s->request;
    frame.as.open.chart = *chart;
    frame.as.open.from = from;
    stage_send(s, line, &frame);
}

uint64_t stage_refuse_sign_in(struct stage *s, struct line *line, const struct galen_frame *frame,
                              enum galen_err err)
{
    uint64_t before = stage_refused(s, err);
    stage_send(s, line, frame);
    struct galen_frame_refused answer = stage_expect_refused(line, err);
    cr_assert(line->closed_by_hub);
    cr_assert_eq(stage_refused(s, err), before + 1);
    cr_assert_eq(stage_count(line, GALEN_FRAME_WELCOME), 0u);
    return answer.detail;
}
