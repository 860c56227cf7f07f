#include "stay.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define END_MS 2000 /* for the server's word that a visit has ended */

/* -- the visit -------------------------------------------------------------------------------------- */

void stay_enter(struct stay *s)
{
    struct galen_id visit = galen_engine_visit(s->cli->engine, &s->chart);
    enum galen_err err = GALEN_OK;
    if (s->opens && galen_id_is_none(&visit) && !s->opened) {
        s->opened = true;
        err = galen_engine_visit_open(s->cli->engine, clock_ms(), &s->chart, &visit);
    } else if (s->calls && !s->opened && !galen_id_is_none(&visit)) {
        s->calls = false; /* from now on the engine knocks again by itself */
        err = galen_engine_knock(s->cli->engine, clock_ms(), &s->chart);
    }
    if (err != GALEN_OK) {
        (void)cli_fail(s->cli, err, NULL);
        s->over = true;
    }
}

/* --admit: who is let in without asking. */
static bool is_expected(const struct stay *s, const struct galen_id *device)
{
    char id[HEX_ID];
    if (!s->admit)
        return false;
    if (strcmp(s->admit, "all") == 0)
        return true;
    id_text(device, id);
    for (const char *at = s->admit; *at;) {
        size_t size = strcspn(at, ",");
        if (size >= PREFIX_MIN && strncmp(id, at, size) == 0)
            return true;
        at += size + (at[size] == ',' ? 1 : 0);
    }
    return false;
}

void stay_tell_voice(struct stay *s)
{
    if (s->cli->json && s->voice && voice_begun(s->voice) && !s->voice_told)
        print_json(voice_json(s->voice, "call-ended"));
    s->voice_told = true;
}

static void call_is_over(void *context)
{
    struct stay *s = context;
    stay_tell_voice(s);
    if (!galen_id_is_none(&s->chart)) {
        s->over = true;
        return;
    }
    galen_engine_leave(s->cli->engine, clock_ms());
    (void)voice_free(s->voice);
    s->voice = NULL;
    session_turn(s->cli->session);
}

static void on_visit_event(struct stay *s, const struct galen_event *e)
{
    bool ours = galen_id_equal(&e->chart, &s->chart);
    switch (e->kind) {
    case GALEN_EVENT_VISIT:
        if (ours)
            stay_enter(s);
        break;
    case GALEN_EVENT_KNOCK:
        if (is_expected(s, &e->device) &&
            galen_engine_admit(s->cli->engine, clock_ms(), &e->device, true) != GALEN_OK)
            cli_warn(s->cli, "Somebody who knocked could not be let in.");
        break;
    case GALEN_EVENT_ADMITTED:
        if (e->number == 1 && s->voice)
            voice_begin(s->voice, s, call_is_over);
        s->sent_away = e->number == 0;
        s->over = s->over || (s->sent_away && ours);
        break;
    case GALEN_EVENT_VISIT_ENDED:
        s->over = s->over || ours;
        break;
    default:
        break;
    }
}

static void on_event(void *context, const struct galen_event *e)
{
    struct stay *s = context;
    bool chatter = !galen_id_is_none(&s->chart) && e->kind == GALEN_EVENT_ENTRY;
    if (s->cli->json) {
        cJSON *object = event_json(s->cli->engine, e);
        if (object)
            print_json(object);
    } else if (!chatter) {
        event_print(s->cli, e);
    }
    on_visit_event(s, e);
}

/* -- standard input --------------------------------------------------------------------------------- */

static void take_lines(struct stay *s)
{
    char *end;
    while ((end = memchr(s->line, '\n', s->line_size)) != NULL) {
        size_t size = (size_t)(end - s->line);
        stay_do(s, s->line, size);
        s->line_size -= size + 1;
        memmove(s->line, end + 1, s->line_size);
    }
}

static void end_input(struct stay *s)
{
    ev_io_stop(session_loop(s->cli->session), &s->input);
    if (s->line_size > 0)
        stay_do(s, s->line, s->line_size);
    s->line_size = 0;
    s->input_over = true;
}

static void on_input(struct ev_loop *loop, ev_io *io, int events)
{
    struct stay *s = io->data;
    (void)loop;
    (void)events;
    if (s->line_size == STAY_LINE_MAX) {
        (void)cli_fail(s->cli, GALEN_ERR_TOO_LARGE, "A line of standard input is too long.");
        s->line_size = 0;
        end_input(s);
        return;
    }
    ssize_t n = read(STDIN_FILENO, s->line + s->line_size, STAY_LINE_MAX - s->line_size);
    if (n < 0 && (errno == EINTR || errno == EAGAIN))
        return;
    if (n <= 0) {
        end_input(s);
        return;
    }
    s->line_size += (size_t)n;
    take_lines(s);
    session_turn(s->cli->session);
}

/* -- running ---------------------------------------------------------------------------------------- */

static bool is_over(void *context)
{
    struct stay *s = context;
    return s->over || (s->input_over && s->ends_at_eof) || ferror(stdout);
}

static bool is_sent(void *context)
{
    struct stay *s = context;
    return galen_engine_waiting(s->cli->engine, NULL) == 0;
}

static bool is_ended(void *context)
{
    struct stay *s = context;
    struct galen_id visit = galen_engine_visit(s->cli->engine, &s->chart);
    return galen_id_is_none(&visit);
}

/* A visit that was opened here ends here; whoever only took part leaves. */
static void leave(struct stay *s)
{
    uint64_t until = monotonic_ms() + END_MS;
    s->calls = s->opens = false;
    if (s->opened && !is_ended(s) &&
        galen_engine_visit_end(s->cli->engine, clock_ms(), &s->chart) == GALEN_OK)
        (void)session_wait(s->cli->session, until, is_ended, s);
    else
        galen_engine_leave(s->cli->engine, clock_ms());
    session_turn(s->cli->session);
}

static int end(struct stay *s, enum wait_end how)
{
    int status = CLI_OK;
    if (how != WAIT_DONE && how != WAIT_INTERRUPTED)
        status = cli_wait_failed(s->cli, how);
    if (how == WAIT_DONE && s->input_over && s->ends_at_eof) {
        enum wait_end sent =
            session_wait(s->cli->session, monotonic_ms() + s->cli->timeout_ms, is_sent, s);
        if (sent != WAIT_DONE)
            status = cli_wait_failed(s->cli, sent);
    }
    stay_tell_voice(s);
    session_interrupt_clear(s->cli->session);
    leave(s);
    int kept = voice_free(s->voice);
    s->voice = NULL;
    if (status == CLI_OK && s->sent_away)
        status =
            cli_fail(s->cli, GALEN_ERR_WAITING, "The staff did not let you in. Call the practice.");
    return status != CLI_OK ? status : kept;
}

int stay_run(struct stay *s)
{
    s->line = malloc(STAY_LINE_MAX);
    if (!s->line)
        return cli_fail(s->cli, GALEN_ERR_MEMORY, NULL);
    s->cli->stays = true;
    s->cli->watch = on_event;
    s->cli->watch_context = s;
    ev_io_init(&s->input, on_input, STDIN_FILENO, EV_READ);
    s->input.data = s;
    ev_io_start(session_loop(s->cli->session), &s->input);
    if (!galen_id_is_none(&s->chart))
        stay_enter(s);
    enum wait_end how = session_wait(s->cli->session, UINT64_MAX, is_over, s);
    ev_io_stop(session_loop(s->cli->session), &s->input);
    int status = end(s, how);
    explicit_bzero(s->line, STAY_LINE_MAX);
    free(s->line);
    s->cli->watch = NULL;
    return status;
}
