#include "stage.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#define PATIENCE_NS 20000000000u

void bench_random(void *out, size_t size)
{
    if (getrandom(out, size, 0) != (ssize_t)size)
        bench_fail("this machine gives no random bytes");
}

uint64_t bench_wall_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000u + (uint64_t)now.tv_nsec / 1000000u;
}

/* -- people ------------------------------------------------------------------------------------- */

static void draw_keys(const struct stage *stage, struct person *person)
{
    uint8_t material[GALEN_KEY_BYTES];
    bench_random(material, sizeof material);
    memset(person, 0, sizeof *person);
    galen_device_secrets_derive(material, &person->secrets);
    memcpy(person->keys.sign, person->secrets.sign_public, sizeof person->keys.sign);
    memcpy(person->keys.seal, person->secrets.seal_public, sizeof person->keys.seal);
    person->id = galen_device_id(stage->primitives, &person->keys);
}

void stage_person(struct stage *stage, struct person *person, enum galen_role role,
                  const struct person *issuer, const struct galen_id *scope)
{
    draw_keys(stage, person);
    if (issuer)
        person->chain = issuer->chain;
    else
        issuer = &stage->practice;
    uint64_t now_ms = bench_wall_ms() - 1000;
    struct galen_cert *cert = &person->chain.certs[person->chain.count++];
    *cert = (struct galen_cert){
        .role = (uint8_t)role,
        .purpose = GALEN_PURPOSE_DEVICE,
        .scope_kind = scope ? GALEN_SCOPE_CHART : GALEN_SCOPE_ANY,
        .not_before_ms = now_ms,
        .not_after_ms = now_ms + GALEN_DAY_MS,
        .issues_until_ms = now_ms + GALEN_DAY_MS,
        .account = person->id,
        .keys = person->keys,
        .issuer = issuer->id,
    };
    if (scope)
        cert->scope = *scope;
    struct galen_writer text;
    galen_writer_init(&text);
    galen_cert_write_unsigned(&text, cert);
    galen_sign(&issuer->secrets, GALEN_SIGN_CERTIFICATE, galen_written(&text), cert->signature);
    galen_writer_wipe(&text);
}

/* -- sessions ----------------------------------------------------------------------------------- */

static void frame_came(struct link *link, struct galen_bytes frame)
{
    struct session *session = link_user(link);
    if (frame.size == 0)
        return;
    bool refused = session->awaited && frame.at[0] == GALEN_FRAME_REFUSED;
    if (session->arrived || (frame.at[0] != session->awaited && !refused)) {
        if (session->on_frame)
            session->on_frame(session, frame);
        return;
    }
    galen_writer_clear(&session->last);
    galen_write(&session->last, frame.at, frame.size);
    if (galen_frame_read(galen_written(&session->last), &session->frame) != GALEN_OK)
        bench_fail("the server sent a frame that cannot be read (%s)",
                   galen_frame_name(frame.at[0]));
    session->arrived = true;
}

static void closed(struct link *link)
{
    struct session *session = link_user(link);
    session->link = NULL;
    if (session->on_close)
        session->on_close(session);
    else if (!session->arrived)
        bench_fail("the server closed a connection");
}

static const struct link_events session_events = {NULL, frame_came, closed};

bool session_dial(struct session *session, struct stage *stage, struct person *person)
{
    session->stage = stage;
    session->person = person;
    session->link =
        link_dial(stage->loop, stage->options->port, "/galen", &session_events, session);
    return session->link != NULL;
}

static void dial_anew(struct session *session, struct stage *stage, struct person *person)
{
    memset(session, 0, sizeof *session);
    galen_writer_init(&session->last);
    if (!session_dial(session, stage, person))
        bench_fail("no more sockets; see ulimit -n");
}

void session_send(struct session *session, const struct galen_frame *frame)
{
    struct galen_writer text;
    galen_writer_init(&text);
    galen_frame_write(&text, frame);
    if (text.failed || !session->link || !link_send(session->link, galen_written(&text)))
        bench_fail("%s cannot be sent", galen_frame_name(frame->type));
    galen_writer_wipe(&text);
}

const struct galen_frame *session_await(struct session *session, enum galen_frame_type type)
{
    uint64_t end_ns = bench_now_ns() + PATIENCE_NS;
    session->awaited = (uint8_t)type;
    session->arrived = false;
    while (!session->arrived) {
        link_loop_turn(session->stage->loop, 20000);
        if (bench_now_ns() > end_ns)
            bench_fail("no %s came", galen_frame_name((uint8_t)type));
    }
    session->awaited = 0;
    session->arrived = false;
    if (session->frame.type != type)
        bench_fail("instead of %s the server said: %s", galen_frame_name((uint8_t)type),
                   galen_err_name((enum galen_err)session->frame.as.refused.err));
    return &session->frame;
}

void session_sign_in(struct session *session, const struct galen_frame_challenge *challenge,
                     enum galen_connection_purpose purpose)
{
    static const char host[] = "localhost";
    const struct person *person = session->person;
    struct galen_frame frame = {.type = GALEN_FRAME_SIGN_IN};
    struct galen_frame_sign_in *sign_in = &frame.as.sign_in;
    sign_in->version = GALEN_VERSION;
    sign_in->purpose = (uint8_t)purpose;
    bench_random(sign_in->nonce, sizeof sign_in->nonce);
    sign_in->keys = person->keys;
    sign_in->host = (struct galen_bytes){(const uint8_t *)host, sizeof host - 1};
    sign_in->chain = person->chain;
    struct galen_writer text;
    galen_writer_init(&text);
    galen_sign_in_message(&text, sign_in->host, challenge->nonce, sign_in->nonce, &person->id,
                          sign_in->purpose);
    galen_sign(&person->secrets, GALEN_SIGN_SIGN_IN, galen_written(&text), sign_in->signature);
    galen_writer_wipe(&text);
    session_send(session, &frame);
}

void session_open(struct session *session, struct stage *stage, struct person *person,
                  enum galen_connection_purpose purpose)
{
    dial_anew(session, stage, person);
    session_sign_in(session, &session_await(session, GALEN_FRAME_CHALLENGE)->as.challenge, purpose);
    session_await(session, GALEN_FRAME_WELCOME);
}

void session_close(struct session *session)
{
    if (session->link)
        link_close(session->link);
    session->link = NULL;
    galen_writer_wipe(&session->last);
}

/* -- the practice ------------------------------------------------------------------------------- */

static void read_token(const char *path, char token[GALEN_TOKEN_MAX + 1])
{
    FILE *file = fopen(path, "re");
    if (!file || fscanf(file, "%64s", token) != 1)
        bench_fail("%s holds no set-up token", path);
    fclose(file);
}

void stage_init(struct stage *stage, struct link_loop *loop, const struct load_options *options)
{
    char token[GALEN_TOKEN_MAX + 1];
    struct galen_frame frame = {.type = GALEN_FRAME_SETUP};
    struct session session;
    if (!galen_crypto_start())
        bench_fail("libsodium does not start");
    stage->loop = loop;
    stage->options = options;
    stage->primitives = galen_sodium_primitives();
    draw_keys(stage, &stage->practice);
    stage_person(stage, &stage->custodian, GALEN_ROLE_CUSTODIAN, NULL, NULL);
    read_token(options->token, token);
    dial_anew(&session, stage, &stage->practice);
    const struct galen_frame *challenge = session_await(&session, GALEN_FRAME_CHALLENGE);
    struct galen_frame_setup *setup = &frame.as.setup;
    setup->token = (struct galen_bytes){(const uint8_t *)token, strlen(token)};
    setup->practice = stage->practice.keys;
    struct galen_writer text;
    galen_writer_init(&text);
    galen_setup_message(&text, challenge->as.challenge.nonce, setup->token, &setup->practice);
    galen_sign(&stage->practice.secrets, GALEN_SIGN_SETUP, galen_written(&text), setup->signature);
    galen_writer_wipe(&text);
    session_send(&session, &frame);
    session_await(&session, GALEN_FRAME_DONE);
    session_close(&session);
}

/* -- charts ------------------------------------------------------------------------------------- */

void stage_sign_entry(const struct stage *stage, const struct person *author,
                      struct galen_header *header, struct galen_bytes body,
                      struct galen_writer *out)
{
    struct galen_entry entry = {.body_state = GALEN_BODY_PRESENT, .body = body};
    header->body_size = (uint32_t)body.size;
    stage->primitives->sha256(&body, 1, header->body_hash);
    struct galen_writer text;
    galen_writer_init(&text);
    galen_header_write(&text, header);
    galen_sign(&author->secrets, GALEN_SIGN_ENTRY, galen_written(&text), entry.signature);
    galen_write(&text, entry.signature, sizeof entry.signature);
    entry.header = *header;
    entry.signed_header = galen_written(&text);
    galen_entry_write_new(out, &entry);
    if (out->failed)
        bench_fail("out of memory");
    galen_writer_wipe(&text);
}

static int by_id(const void *a, const void *b)
{
    const struct galen_epoch_member *x = a, *y = b;
    return galen_id_compare(&x->device, &y->device);
}

static void list_member(struct galen_epoch_body *body, const struct person *person, bool holder,
                        bool is_new)
{
    struct galen_epoch_member *member = &body->members[body->member_count++];
    member->device = person->id;
    member->holder = holder;
    member->has_history = holder && is_new;
    bench_random(&member->epoch_key, sizeof member->epoch_key);
    bench_random(&member->history, sizeof member->history);
}

/* Chains stand in the order of the members, who ascend by id. */
static void sort_members(struct galen_epoch_body *body, const struct person *const *added,
                         size_t added_count)
{
    qsort(body->members, body->member_count, sizeof body->members[0], by_id);
    for (size_t i = 0; i < body->member_count; i++) {
        for (size_t k = 0; k < added_count; k++) {
            if (galen_id_equal(&body->members[i].device, &added[k]->id))
                body->chains[body->chain_count++] = added[k]->chain;
        }
    }
}

/* After the first entry: what the chart is called, and the head that later entries name. */
static void note_first(const struct stage *stage, struct chart *chart, struct galen_bytes bytes,
                       uint64_t received_ms)
{
    struct galen_reader reader;
    struct galen_entry entry;
    galen_reader_init(&reader, bytes);
    if (galen_entry_read_new(&reader, &entry) != GALEN_OK)
        bench_fail("an entry of our own cannot be read");
    entry.received_ms = received_ms;
    galen_entry_leaf(stage->primitives, &entry, chart->head_root);
    chart->head_size = 1;
    chart->id = galen_chart_id(stage->primitives, entry.signed_header);
}

static void append_epoch(struct stage *stage, struct session *session, struct chart *chart,
                         const struct galen_epoch_body *body)
{
    struct galen_writer text, entry;
    struct galen_header header = {
        .class = GALEN_CLASS_EPOCH,
        .chart = chart->id,
        .epoch = chart->epoch,
        .author = session->person->id,
        .number = ++chart->number,
        .head_size = chart->head_size,
    };
    memcpy(header.head_root, chart->head_root, sizeof header.head_root);
    bench_random(header.salt, sizeof header.salt);
    galen_writer_init(&text);
    galen_writer_init(&entry);
    galen_epoch_body_write(&text, body);
    stage_sign_entry(stage, session->person, &header, galen_written(&text), &entry);
    session_send(session, &(struct galen_frame){.type = GALEN_FRAME_APPEND,
                                                .as.append = {1, galen_written(&entry)}});
    const struct galen_frame *answer = session_await(session, GALEN_FRAME_APPENDED);
    if (chart->head_size == 0)
        note_first(stage, chart, galen_written(&entry), answer->as.appended.received_ms);
    chart->epoch = body->epoch;
    galen_writer_wipe(&entry);
    galen_writer_wipe(&text);
}

static struct galen_epoch_body *new_body(const struct chart *chart)
{
    struct galen_epoch_body *body = calloc(1, sizeof *body);
    if (!body)
        bench_fail("out of memory");
    body->suite = GALEN_SUITE_X25519_SHA256_CHACHA20POLY1305;
    body->epoch = chart->epoch + 1;
    bench_random(body->commitment, sizeof body->commitment);
    bench_random(&body->history_seal, sizeof body->history_seal);
    memcpy(body->history_key, chart->history_key, sizeof body->history_key);
    return body;
}

void stage_chart(struct stage *stage, struct session *session, struct chart *chart,
                 struct person *const *staff, size_t staff_count)
{
    const struct person *added[GALEN_MEMBERS_MAX] = {&stage->custodian};
    uint8_t secret[32];
    memset(chart, 0, sizeof *chart);
    stage->primitives->sha256(NULL, 0, chart->head_root);
    bench_random(secret, sizeof secret);
    galen_seal_public(secret, chart->history_key);
    struct galen_epoch_body *body = new_body(chart);
    list_member(body, &stage->custodian, true, true);
    for (size_t i = 0; i < staff_count; i++) {
        list_member(body, staff[i], true, true);
        added[i + 1] = staff[i];
    }
    sort_members(body, added, staff_count + 1);
    append_epoch(stage, session, chart, body);
    free(body);
}

void stage_add(struct stage *stage, struct session *session, struct chart *chart,
               struct person *const *staff, size_t staff_count, const struct person *person)
{
    struct galen_epoch_body *body = new_body(chart);
    list_member(body, &stage->custodian, true, false);
    for (size_t i = 0; i < staff_count; i++)
        list_member(body, staff[i], true, false);
    list_member(body, person, false, true);
    sort_members(body, &person, 1);
    append_epoch(stage, session, chart, body);
    free(body);
}
