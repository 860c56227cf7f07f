#include "rooms.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "galen/call.h"
#include "galen/sframe_header.h"
#include "stage.h"

static void (*hear)(struct galen_bytes frame);

static uint64_t key_id(uint16_t participant)
{
    return galen_call_key_id_pack((struct galen_call_key_id){1, participant, GALEN_STREAM_VOICE});
}

/* -- bare-relay --------------------------------------------------------------------------------- */

static void bare_frame(struct link *link, struct galen_bytes frame)
{
    (void)link;
    hear(frame);
}

static void bare_closed(struct link *link)
{
    (void)link;
    bench_fail("the relay closed a connection");
}

static void open_bare(struct link_loop *loop, const struct load_options *options,
                      struct room_side *sides)
{
    static const struct link_events events = {NULL, bare_frame, bare_closed};
    for (size_t i = 0; i < options->rooms * 2; i++) {
        char path[32];
        snprintf(path, sizeof path, "/%zu", i / 2);
        sides[i] = (struct room_side){.link = link_dial(loop, options->port, path, &events, NULL),
                                      .key_id = key_id((uint16_t)(1 + i % 2))};
        if (!sides[i].link)
            bench_fail("no more sockets; see ulimit -n");
        while (loop->open < i + 1)
            link_loop_turn(loop, 1000);
    }
}

/* -- galend ------------------------------------------------------------------------------------- */

struct room {
    struct person pharmacist, patient;
    struct session pharmacist_live, patient_live;
    struct chart chart;
    struct galen_id visit;
};

static void live_frame(struct session *session, struct galen_bytes frame)
{
    (void)session;
    if (frame.at[0] == GALEN_FRAME_MEDIA)
        hear(frame);
}

static void make_chart(struct stage *stage, struct room *room)
{
    struct session log;
    struct person *staff = &room->pharmacist;
    stage_person(stage, staff, GALEN_ROLE_ADMINISTRATOR, NULL, NULL);
    session_open(&log, stage, staff, GALEN_CONNECTION_LOG);
    stage_chart(stage, &log, &room->chart, &staff, 1);
    stage_person(stage, &room->patient, GALEN_ROLE_PATIENT, staff, &room->chart.id);
    stage_add(stage, &log, &room->chart, &staff, 1, &room->patient);
    session_close(&log);
}

/* Knocks and returns the participant's number. */
static uint16_t knock(struct session *session, const struct room *room, const uint8_t nonce[32],
                      bool admitted)
{
    struct galen_call_hello hello = {
        .chart = room->chart.id, .visit = room->visit, .device = session->person->id};
    uint8_t secret[32];
    bench_random(secret, sizeof secret);
    galen_seal_public(secret, hello.key);
    memcpy(hello.nonce, nonce, sizeof hello.nonce);
    struct galen_writer text;
    galen_writer_init(&text);
    galen_call_hello_write_unsigned(&text, &hello);
    galen_sign(&session->person->secrets, GALEN_SIGN_CALL_HELLO, galen_written(&text),
               hello.signature);
    galen_writer_clear(&text);
    galen_call_hello_write(&text, &hello);
    session_send(session,
                 &(struct galen_frame){.type = GALEN_FRAME_KNOCK,
                                       .as.knock = {2, room->visit, galen_written(&text)}});
    galen_writer_wipe(&text);
    const struct galen_frame *answer = session_await(session, GALEN_FRAME_ADMITTED);
    if (answer->as.admitted.admitted != admitted)
        bench_fail("a participant was %s",
                   admitted ? "not let in" : "let in without being admitted");
    return answer->as.admitted.number;
}

static void admit(struct session *host, const struct room *room)
{
    struct galen_call_admission word = {.chart = room->chart.id,
                                        .visit = room->visit,
                                        .device = room->patient.id,
                                        .staff = room->pharmacist.id,
                                        .count = 1,
                                        .admitted = true};
    struct galen_writer text;
    galen_writer_init(&text);
    galen_call_admission_write_unsigned(&text, &word);
    galen_sign(&host->person->secrets, GALEN_SIGN_ADMIT, galen_written(&text), word.signature);
    galen_writer_clear(&text);
    galen_call_admission_write(&text, &word);
    session_send(host, &(struct galen_frame){.type = GALEN_FRAME_ADMIT,
                                             .as.admit = {3, room->visit, galen_written(&text)}});
    galen_writer_wipe(&text);
}

static void open_visit(struct stage *stage, struct room *room, struct room_side *sides)
{
    uint8_t nonce[32];
    bench_random(nonce, sizeof nonce);
    bench_random(&room->visit, sizeof room->visit);
    struct session *host = &room->pharmacist_live, *guest = &room->patient_live;
    session_open(host, stage, &room->pharmacist, GALEN_CONNECTION_LIVE);
    session_open(guest, stage, &room->patient, GALEN_CONNECTION_LIVE);
    host->on_frame = guest->on_frame = live_frame;
    struct galen_frame visit_open = {.type = GALEN_FRAME_VISIT_OPEN};
    visit_open.as.visit_open = (struct galen_frame_visit_open){
        .request = 1, .chart = room->chart.id, .visit = room->visit};
    memcpy(visit_open.as.visit_open.nonce, nonce, sizeof nonce);
    session_send(host, &visit_open);
    session_await(host, GALEN_FRAME_DONE);
    sides[0] = (struct room_side){host->link, key_id(knock(host, room, nonce, true)), 0};
    sides[1] = (struct room_side){guest->link, key_id(knock(guest, room, nonce, false)), 0};
    admit(host, room);
    if (!session_await(guest, GALEN_FRAME_ADMITTED)->as.admitted.admitted)
        bench_fail("the patient was not admitted");
}

struct room_side *rooms_open(struct link_loop *loop, const struct load_options *options,
                             void (*heard)(struct galen_bytes frame))
{
    hear = heard;
    struct room_side *sides = calloc(options->rooms * 2, sizeof *sides);
    struct room *rooms = calloc(options->rooms, sizeof *rooms);
    if (!sides || !rooms)
        bench_fail("out of memory");
    if (options->bare) {
        open_bare(loop, options, sides);
        return sides;
    }
    static struct stage stage;
    stage_init(&stage, loop, options);
    for (size_t i = 0; i < options->rooms; i++) {
        make_chart(&stage, &rooms[i]);
        open_visit(&stage, &rooms[i], &sides[2 * i]);
    }
    return sides;
}
