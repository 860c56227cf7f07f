#include "support/meeting.h"

#include "galen/call.h"
#include "galen/frames.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

struct galen_engine *meeting_engine(const struct meeting *m, size_t who)
{
    return m->homes[who]->engine;
}

const struct galen_id *meeting_device(const struct meeting *m, size_t who)
{
    return &m->devices[who]->id;
}

/* -- the server ------------------------------------------------------------------------------------- */

static void tell(struct meeting *m, size_t to, const struct galen_frame *frame)
{
    cr_assert_lt(m->queued, MEETING_QUEUE_MAX);
    if (!m->live[to])
        return;
    m->queue[m->queued].to = to;
    galen_writer_init(&m->queue[m->queued].frame);
    galen_frame_write(&m->queue[m->queued++].frame, frame);
}

static void tell_all(struct meeting *m, const struct galen_frame *frame)
{
    for (size_t i = 0; i < MEETING_HOMES; i++)
        tell(m, i, frame);
}

static void tell_visit(struct meeting *m, size_t to)
{
    struct galen_frame frame = {.type = GALEN_FRAME_VISIT};
    frame.as.visit.chart = *galen_rules_chart(m->chart->rules);
    frame.as.visit.visit = m->visit;
    frame.as.visit.host = *meeting_device(m, ANN);
    memcpy(frame.as.visit.nonce, m->nonce, sizeof m->nonce);
    if (!galen_id_is_none(&m->visit))
        tell(m, to, &frame);
}

/* Tells both sides of the door where `who` is. */
static void tell_door(struct meeting *m, size_t who, struct galen_bytes hello,
                      struct galen_bytes admission, bool in)
{
    struct galen_frame knocked = {.type = GALEN_FRAME_KNOCKED};
    struct galen_frame admitted = {.type = GALEN_FRAME_ADMITTED};
    knocked.as.knocked.visit = admitted.as.admitted.visit = m->visit;
    knocked.as.knocked.number = admitted.as.admitted.number = m->numbers[who];
    knocked.as.knocked.admitted = admitted.as.admitted.admitted = in;
    knocked.as.knocked.hello = hello;
    knocked.as.knocked.admission = admission;
    tell(m, who, &admitted);
    tell(m, ANN, &knocked);
}

static void on_knock(struct meeting *m, size_t from, const struct galen_frame_knock *knock)
{
    bool waits = m->keeps_door && from == BEN;
    m->numbers[from] = ++m->last_number;
    if (m->host_away && from == ANN) { /* asked to take over */
        struct galen_frame visit = {.type = GALEN_FRAME_VISIT};
        visit.as.visit.chart = *galen_rules_chart(m->chart->rules);
        visit.as.visit.visit = m->visit;
        visit.as.visit.host = *meeting_device(m, ANN);
        tell(m, ANN, &visit);
    }
    if (waits) {
        galen_writer_clear(&m->at_door);
        galen_write(&m->at_door, knock->hello.at, knock->hello.size);
    }
    tell_door(m, from, knock->hello, (struct galen_bytes){0}, !waits);
}

static void on_admit(struct meeting *m, const struct galen_frame_admit *admit)
{
    struct galen_call_admission word;
    cr_assert_eq(galen_call_admission_read(admit->admission, &word), GALEN_OK);
    tell_door(m, BEN, galen_written(&m->at_door), admit->admission, word.admitted);
}

static void leave(struct meeting *m, size_t who)
{
    struct galen_frame left = {.type = GALEN_FRAME_LEFT};
    left.as.left.visit = m->visit;
    left.as.left.number = m->numbers[who];
    left.as.left.device = *meeting_device(m, who);
    if (m->numbers[who] != 0)
        tell_all(m, &left);
    m->numbers[who] = 0;
}

static void serve(struct meeting *m, size_t from, struct galen_bytes bytes)
{
    static struct galen_frame frame;
    struct galen_frame welcome = {.type = GALEN_FRAME_WELCOME};
    size_t other = MEETING_HOMES - 1 - from;
    cr_assert_eq(galen_frame_read(bytes, &frame), GALEN_OK);
    switch (frame.type) {
    case GALEN_FRAME_SIGN_IN:
        welcome.as.welcome.clock_ms = m->chart->now_ms;
        tell(m, from, &welcome);
        tell_visit(m, from);
        break;
    case GALEN_FRAME_VISIT_OPEN:
        m->visit = frame.as.visit_open.visit;
        m->host_away = false;
        memcpy(m->nonce, frame.as.visit_open.nonce, sizeof m->nonce);
        for (size_t i = 0; i < MEETING_HOMES; i++)
            tell_visit(m, i);
        break;
    case GALEN_FRAME_KNOCK:
        on_knock(m, from, &frame.as.knock);
        break;
    case GALEN_FRAME_ADMIT:
        on_admit(m, &frame.as.admit);
        break;
    case GALEN_FRAME_ROSTER:
        tell_all(m, &frame);
        break;
    case GALEN_FRAME_LEAVE:
        leave(m, from);
        break;
    case GALEN_FRAME_RELAY:
        if (m->keeps_back) {
            cr_assert_lt(m->kept_count, MEETING_QUEUE_MAX);
            m->kept[m->kept_count].to = other;
            galen_writer_init(&m->kept[m->kept_count].frame);
            galen_frame_write(&m->kept[m->kept_count++].frame, &frame);
            break;
        }
        tell(m, other, &frame);
        break;
    case GALEN_FRAME_MEDIA:
        tell(m, other, &frame);
        break;
    default:
        break;
    }
}

static size_t who_is(const struct meeting *m, const struct home *home)
{
    return m->homes[ANN] == home ? ANN : BEN;
}

static void hear_draft(struct meeting *m, size_t who, const struct galen_event *event)
{
    struct heard_draft *heard = &m->drafts[who];
    struct galen_writer text;
    struct galen_placed placed;
    galen_writer_init(&text);
    galen_writer_clear(&heard->value);
    heard->count++;
    heard->event = *event;
    heard->event.text = (struct galen_bytes){NULL, 0};
    galen_write(&heard->value, event->text.at, event->text.size);
    heard->placed = galen_engine_drafted(meeting_engine(m, who), event, &text, &placed) == GALEN_OK;
    if (heard->placed) {
        heard->caret = placed.caret;
        heard->end = placed.end;
        cr_assert_eq(galen_text_spliced(galen_written(&text), &placed.splices, &heard->value),
                     GALEN_OK);
    }
    galen_splices_free(&placed.splices);
    galen_writer_wipe(&text);
}

static void on_output(void *context, struct home *home, const struct galen_output *output)
{
    struct meeting *m = context;
    size_t who = who_is(m, home);
    if (output->kind == GALEN_OUT_SEND && output->purpose == GALEN_CONNECTION_LIVE && m->live[who])
        serve(m, who, output->value);
    if (output->kind == GALEN_OUT_EVENT && output->event.kind == GALEN_EVENT_CALL) {
        m->call_events[who]++;
        m->told[who] = output->event.device;
    }
    if (output->kind == GALEN_OUT_EVENT && output->event.kind == GALEN_EVENT_DRAFT)
        hear_draft(m, who, &output->event);
    if (output->kind != GALEN_OUT_VOICE)
        return;
    cr_assert_lt(m->heard_count[who], MEETING_VOICE_MAX);
    struct heard_voice *heard = &m->heard[who][m->heard_count[who]++];
    *heard = (struct heard_voice){output->device, output->number, output->value.size, {0}};
    cr_assert_leq(heard->size, sizeof heard->packet);
    if (heard->size > 0)
        memcpy(heard->packet, output->value.at, heard->size);
}

static void hear(struct meeting *m, size_t who, struct galen_writer *frame)
{
    struct home *home = m->homes[who];
    if (m->live[who])
        galen_engine_received(home->engine, home_now(home), GALEN_CONNECTION_LIVE,
                              galen_written(frame));
    galen_writer_wipe(frame);
    home_pump(home);
}

void meeting_run(struct meeting *m)
{
    for (size_t i = 0; i < MEETING_HOMES; i++)
        home_pump(m->homes[i]);
    while (m->queued > 0) {
        struct galen_writer frame = m->queue[0].frame;
        size_t to = m->queue[0].to;
        memmove(m->queue, m->queue + 1, --m->queued * sizeof m->queue[0]);
        hear(m, to, &frame);
    }
}

void meeting_show(struct meeting *m, size_t n)
{
    cr_assert_lt(n, m->kept_count);
    hear(m, m->kept[n].to, &m->kept[n].frame);
    meeting_run(m);
}

/* -- the people ------------------------------------------------------------------------------------- */

void meeting_dial(struct meeting *m, size_t who)
{
    struct home *home = m->homes[who];
    struct galen_frame challenge = {.type = GALEN_FRAME_CHALLENGE};
    challenge.as.challenge.version = GALEN_VERSION;
    challenge.as.challenge.practice = m->chart->practice;
    challenge.as.challenge.clock_ms = m->chart->now_ms;
    m->live[who] = true;
    (void)galen_engine_tick(home->engine, home_now(home));
    galen_engine_connected(home->engine, home_now(home), GALEN_CONNECTION_LIVE);
    tell(m, who, &challenge);
    meeting_run(m);
    cr_assert(galen_engine_online(home->engine, GALEN_CONNECTION_LIVE));
}

void meeting_cut(struct meeting *m, size_t who)
{
    m->live[who] = false;
    galen_engine_disconnected(m->homes[who]->engine, home_now(m->homes[who]),
                              GALEN_CONNECTION_LIVE);
    m->host_away = m->host_away || who == ANN;
    leave(m, who);
    meeting_run(m);
    m->chart->now_ms += 5000; /* until it is tried again */
}

void meeting_restart(struct meeting *m, size_t who)
{
    meeting_cut(m, who);
    home_crash(m->homes[who]);
    home_start(m->homes[who]);
    galen_engine_go_live(meeting_engine(m, who), home_now(m->homes[who]), true);
    meeting_dial(m, who);
}

void meeting_open(struct meeting *m)
{
    struct galen_id visit;
    cr_assert_eq(galen_engine_visit_open(meeting_engine(m, ANN), home_now(m->homes[ANN]),
                                         galen_rules_chart(m->chart->rules), &visit),
                 GALEN_OK);
    meeting_run(m);
}

void meeting_enter(struct meeting *m, size_t who)
{
    cr_assert_eq(galen_engine_knock(meeting_engine(m, who), home_now(m->homes[who]),
                                    galen_rules_chart(m->chart->rules)),
                 GALEN_OK);
    meeting_run(m);
}

struct meeting *meeting_new(uint64_t seed)
{
    struct meeting *m = calloc(1, sizeof *m);
    m->chart = chart_new(seed);
    m->devices[ANN] = chart_person(m->chart, "ann", GALEN_ROLE_PHARMACIST, m->chart->admin);
    m->devices[BEN] = chart_person(m->chart, "ben", GALEN_ROLE_PHARMACIST, m->chart->admin);
    chart_start(m->chart, m->devices[ANN], &m->devices[BEN], 1);
    chart_read_all(m->chart);
    for (size_t i = 0; i < MEETING_HOMES; i++) {
        galen_writer_init(&m->drafts[i].value);
        m->homes[i] = home_new(m->chart, NULL);
        m->homes[i]->context = m;
        m->homes[i]->watch = on_output;
        home_is(m->homes[i], GALEN_HOME_MEMBER, m->devices[i]);
        home_has_read(m->homes[i]);
        home_start(m->homes[i]);
    }
    for (size_t i = 0; i < MEETING_HOMES; i++) {
        galen_engine_go_live(meeting_engine(m, i), home_now(m->homes[i]), true);
        meeting_dial(m, i);
    }
    return m;
}

void meeting_free(struct meeting *m)
{
    for (size_t i = 0; i < MEETING_HOMES; i++)
        home_free(m->homes[i]);
    for (size_t i = 0; i < MEETING_HOMES; i++)
        galen_writer_wipe(&m->drafts[i].value);
    for (size_t i = 0; i < m->kept_count; i++)
        galen_writer_wipe(&m->kept[i].frame);
    galen_writer_wipe(&m->at_door);
    chart_free(m->chart);
    free(m);
}
