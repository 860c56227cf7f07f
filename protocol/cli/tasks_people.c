/* Tasks: people, charts, visits and calls. */
#include "tasks.h"

#include <string.h>

/* -- people ----------------------------------------------------------------------------------------- */

int do_identify(struct task *t)
{
    struct galen_id chart, account;
    int status = chart_in(t, &chart);
    if (status == CLI_OK)
        status = member_in(t, "account", ID_ACCOUNT, &chart, &account);
    if (status != CLI_OK)
        return status;
    enum galen_err err = galen_engine_identify(t->cli->engine, clock_ms(), &chart, &account,
                                               bytes_in(t, "text"), t->token);
    return err == GALEN_ERR_FORMAT ? cli_fail(t->cli, err, IDENTIFIERS_HELP) : requested(t, err);
}

int do_add(struct task *t)
{
    struct galen_id chart, account;
    int status = chart_in(t, &chart);
    if (status == CLI_OK)
        status = member_in(t, "account", ID_ACCOUNT, galen_engine_practice_chart(t->cli->engine),
                           &account);
    return status != CLI_OK ? status
                            : requested(t, galen_engine_add_member(t->cli->engine, clock_ms(),
                                                                   &chart, &account, t->token));
}

int do_remove(struct task *t)
{
    struct galen_id chart, account;
    int status = chart_in(t, &chart);
    if (status == CLI_OK)
        status = member_in(t, "account", ID_ACCOUNT, &chart, &account);
    return status != CLI_OK ? status
                            : requested(t, galen_engine_remove_member(t->cli->engine, clock_ms(),
                                                                      &chart, &account, t->token));
}

/* CLI_OK: it may name somebody. */
static int name_in(struct task *t)
{
    return galen_line_ok(bytes_in(t, "name"))
               ? CLI_OK
               : cli_fail(t->cli, GALEN_ERR_USAGE,
                          "\"name\" should be one line of text, at most %d characters.",
                          GALEN_LINE_POINTS_MAX);
}

int do_chart_new(struct task *t)
{
    struct galen_id chart;
    int status = name_in(t);
    if (status != CLI_OK)
        return status;
    enum galen_err err =
        galen_engine_chart_new(t->cli->engine, clock_ms(), bytes_in(t, "name"), &chart, t->token);
    if (err == GALEN_OK)
        json_id(t->answer, "chart", &chart);
    return requested(t, err);
}

/* Of the visit that is open in a chart; nothing has to be waited for. */
static int invite_guest(struct task *t, struct galen_writer *link)
{
    struct galen_id chart;
    int status = chart_in(t, &chart);
    enum galen_err err = status == CLI_OK
                             ? galen_engine_invite_guest(t->cli->engine, clock_ms(), &chart, link)
                             : GALEN_OK;
    if (status == CLI_OK && err == GALEN_OK)
        json_text(t->answer, "link", galen_written(link));
    galen_writer_wipe(link);
    return status != CLI_OK ? status : outcome(t, err);
}

int do_invite(struct task *t)
{
    struct galen_id chart;
    enum galen_role role = galen_role_named(text_in(t, "role"));
    if (role == 0)
        return cli_fail(t->cli, GALEN_ERR_USAGE, "\"role\" is none that there is.");
    /* Colleagues are invited to the practice. */
    bool named = text_in(t, "chart") != NULL || !galen_role_is_staff(role);
    int status = named ? chart_in(t, &chart) : CLI_OK;
    if (status == CLI_OK && role != GALEN_ROLE_INTERPRETER)
        status = name_in(t);
    if (status != CLI_OK)
        return status;
    struct galen_writer link;
    galen_writer_init(&link);
    if (role == GALEN_ROLE_INTERPRETER)
        return invite_guest(t, &link);
    enum galen_err err =
        galen_engine_invite(t->cli->engine, clock_ms(), role, named ? &chart : NULL,
                            bytes_in(t, "name"), &link, t->token);
    if (err == GALEN_OK)
        json_text(t->answer, "link", galen_written(&link));
    galen_writer_wipe(&link);
    return requested(t, err);
}

int do_release(struct task *t)
{
    galen_token token;
    const char *text = text_in(t, "token");
    if (!text || hex_read(text, token, sizeof token) != 2 * (int)sizeof token)
        return cli_fail(t->cli, GALEN_ERR_USAGE, "\"token\" should be the one of the held event.");
    return outcome(
        t, galen_engine_release(t->cli->engine, clock_ms(), token,
                                cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(t->in, "send"))));
}

/* -- visits ----------------------------------------------------------------------------------------- */

int do_visit_open(struct task *t)
{
    struct galen_id chart, visit;
    int status = chart_in(t, &chart);
    if (status != CLI_OK)
        return status;
    enum galen_err err = galen_engine_visit_open(t->cli->engine, clock_ms(), &chart, &visit);
    if (err == GALEN_OK)
        json_id(t->answer, "visit", &visit);
    return outcome(t, err);
}

int do_knock(struct task *t)
{
    struct galen_id chart;
    int status = chart_in(t, &chart);
    return status != CLI_OK ? status
                            : outcome(t, galen_engine_knock(t->cli->engine, clock_ms(), &chart));
}

static int admit(struct task *t, bool admitted)
{
    struct galen_id device;
    int status = member_in(t, "device", ID_DEVICE, NULL, &device);
    return status != CLI_OK
               ? status
               : outcome(t, galen_engine_admit(t->cli->engine, clock_ms(), &device, admitted));
}

int do_admit(struct task *t)
{
    return admit(t, true);
}

int do_refuse(struct task *t)
{
    return admit(t, false);
}

int do_leave(struct task *t)
{
    galen_engine_leave(t->cli->engine, clock_ms());
    t->stay->over = !galen_id_is_none(&t->stay->chart);
    return CLI_OK;
}

int do_visit_end(struct task *t)
{
    struct galen_id chart;
    int status = chart_in(t, &chart);
    return status != CLI_OK
               ? status
               : outcome(t, galen_engine_visit_end(t->cli->engine, clock_ms(), &chart));
}

int do_call(struct task *t)
{
    struct galen_id chart;
    struct stay *s = t->stay;
    int status = chart_in(t, &chart);
    if (status != CLI_OK)
        return status;
    if (s->voice)
        return cli_fail(t->cli, GALEN_ERR_STATE, "There is a call already. Hang up first.");
    struct voice_config config = {
        .in = text_in(t, "in"),
        .out = text_in(t, "out"),
        .mute = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(t->in, "muted"))};
    if (cJSON_GetObjectItemCaseSensitive(t->in, "seconds"))
        status = number_in(t, "seconds", &config.seconds);
    if (status != CLI_OK)
        return status;
    s->voice = voice_new(t->cli, &config);
    s->voice_told = false;
    if (!s->voice)
        return CLI_FAILED; /* said already */
    enum galen_err err = galen_engine_knock(t->cli->engine, clock_ms(), &chart);
    if (err != GALEN_OK) {
        (void)voice_free(s->voice);
        s->voice = NULL;
    }
    return outcome(t, err);
}

int do_mute(struct task *t)
{
    if (!t->stay->voice)
        return cli_fail(t->cli, GALEN_ERR_STATE, "There is no call.");
    voice_mute(t->stay->voice, true);
    return CLI_OK;
}

int do_unmute(struct task *t)
{
    if (!t->stay->voice)
        return cli_fail(t->cli, GALEN_ERR_STATE, "There is no call.");
    voice_mute(t->stay->voice, false);
    return CLI_OK;
}

int do_hang_up(struct task *t)
{
    struct stay *s = t->stay;
    if (!s->voice)
        return cli_fail(t->cli, GALEN_ERR_STATE, "There is no call.");
    if (!galen_id_is_none(&s->chart)) {
        s->over = true;
        return CLI_OK;
    }
    stay_tell_voice(s);
    galen_engine_leave(t->cli->engine, clock_ms());
    int status = voice_free(s->voice);
    s->voice = NULL;
    return status;
}
