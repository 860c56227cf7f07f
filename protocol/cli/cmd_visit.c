/* galen visit open, admit, identify, end; galen call; galen agent */
#include "stay.h"

#include <stdio.h>
#include <string.h>

#define LEARN_MS 400 /* for the server's word which visits are open, once the live line is there */

struct looking {
    struct cli *cli;
    struct galen_id chart, device;
};

static bool is_live(void *context)
{
    struct looking *l = context;
    return galen_engine_online(l->cli->engine, GALEN_CONNECTION_LIVE);
}

static bool is_open(void *context)
{
    struct looking *l = context;
    struct galen_id visit = galen_engine_visit(l->cli->engine, &l->chart);
    return !galen_id_is_none(&visit);
}

static bool is_over(void *context)
{
    return !is_open(context);
}

static bool is_told(void *context)
{
    struct looking *l = context;
    struct galen_guest guest;
    bool told = galen_engine_guest(l->cli->engine, &guest) && !galen_id_is_none(&guest.chart);
    l->chart = guest.chart;
    return told;
}

/* A guest has one visit, which the server names when it is open. */
static int go_live_as_guest(struct looking *l)
{
    galen_engine_go_live(l->cli->engine, clock_ms(), true);
    enum wait_end end = session_wait(l->cli->session, l->cli->deadline_ms, is_told, l);
    if (end == WAIT_TIMEOUT && galen_engine_online(l->cli->engine, GALEN_CONNECTION_LIVE))
        return cli_fail(l->cli, GALEN_ERR_NO_VISIT, NULL);
    return cli_wait_failed(l->cli, end);
}

/* Opens the home, reads the chart, and is live. */
static int go_live(struct cli *cli, struct looking *l, bool guests)
{
    *l = (struct looking){.cli = cli};
    int status = cli_open(cli, guests ? OPEN_GUEST : OPEN_MEMBER);
    if (status == CLI_OK && galen_engine_state(cli->engine) == GALEN_HOME_GUEST)
        return go_live_as_guest(l);
    if (status == CLI_OK && cli->args.word_count == 0)
        status = cli_fail(cli, GALEN_ERR_USAGE, "Say of which CHART. See `galen chart list`.");
    if (status == CLI_OK)
        status = chart_argument(cli, 0, &l->chart);
    if (status != CLI_OK)
        return status;
    galen_engine_go_live(cli->engine, clock_ms(), true);
    enum wait_end end = cli_sync(cli, &l->chart);
    if (end == WAIT_DONE)
        end = session_wait(cli->session, cli->deadline_ms, is_live, l);
    return cli_wait_failed(cli, end);
}

/* Whether a visit is open, as far as the server says so at once. */
static bool learn(struct looking *l)
{
    return session_wait(l->cli->session, monotonic_ms() + LEARN_MS, is_open, l) == WAIT_DONE;
}

static int require_visit(struct cli *cli, struct looking *l)
{
    return learn(l) ? CLI_OK : cli_fail(cli, GALEN_ERR_NO_VISIT, NULL);
}

/* -- open, call, agent ------------------------------------------------------------------------------ */

static bool is_staff(const struct cli *cli)
{
    return galen_role_is_staff(galen_engine_role(cli->engine));
}

int command_visit_open(struct cli *cli)
{
    struct looking l;
    int status = go_live(cli, &l, false);
    if (status != CLI_OK)
        return status;
    if (!is_staff(cli))
        return cli_fail(cli, GALEN_ERR_ROLE, NULL);
    struct stay stay = {.cli = cli,
                        .chart = l.chart,
                        .opens = true,
                        .calls = true,
                        .admit = cli->args.value[OPTION_ADMIT]};
    (void)learn(&l);
    return stay_run(&stay);
}

static int voice_options(struct cli *cli, struct voice_config *config)
{
    *config = (struct voice_config){.in = cli->args.value[OPTION_IN],
                                    .out = cli->args.value[OPTION_OUT],
                                    .mute = cli->args.given[OPTION_MUTE]};
    if (cli->args.given[OPTION_SECONDS] &&
        (!number_read(cli->args.value[OPTION_SECONDS], 86400, &config->seconds) ||
         config->seconds == 0))
        return cli_fail(cli, GALEN_ERR_USAGE, "--seconds takes a number from 1 to 86400.");
    return CLI_OK;
}

/* Staff open a visit if there is none; others wait for it as long as for any answer. */
static int enter_call(struct cli *cli, struct looking *l, struct stay *stay)
{
    bool open = learn(l);
    stay->opens = is_staff(cli);
    if (open || stay->opens)
        return CLI_OK;
    if (!cli->json)
        cli_warn(cli, "No visit is open yet; waiting for it.");
    enum wait_end end = session_wait(cli->session, cli->deadline_ms, is_open, l);
    if (end == WAIT_TIMEOUT)
        return cli_fail(cli, GALEN_ERR_NO_VISIT, NULL);
    return cli_wait_failed(cli, end);
}

int command_call(struct cli *cli)
{
    struct looking l;
    struct voice_config config;
    int status = voice_options(cli, &config);
    if (status == CLI_OK)
        status = go_live(cli, &l, true);
    if (status != CLI_OK)
        return status;
    struct stay stay = {
        .cli = cli, .chart = l.chart, .calls = true, .admit = cli->args.value[OPTION_ADMIT]};
    stay.voice = voice_new(cli, &config);
    if (!stay.voice)
        return CLI_USAGE;
    status = enter_call(cli, &l, &stay);
    if (status == CLI_OK)
        return stay_run(&stay);
    (void)voice_free(stay.voice);
    return status;
}

int command_agent(struct cli *cli)
{
    cli->json = true;
    int status = cli_open(cli, OPEN_MEMBER);
    if (status != CLI_OK)
        return status;
    if (!cli->args.given[OPTION_NO_LIVE])
        galen_engine_go_live(cli->engine, clock_ms(), true);
    struct stay stay = {.cli = cli, .ends_at_eof = true, .admit = cli->args.value[OPTION_ADMIT]};
    return stay_run(&stay);
}

/* -- admit ------------------------------------------------------------------------------------------ */

struct admission {
    struct looking look;
    bool knocks;           /* the device waits; told again while it does */
    uint64_t participants; /* of the call, as its host last said; 0: not known */
    uint64_t before;
};

static void on_admission(void *context, const struct galen_event *e)
{
    struct admission *a = context;
    if (e->kind == GALEN_EVENT_KNOCK && galen_id_equal(&e->device, &a->look.device))
        a->knocks = true;
    if (e->kind == GALEN_EVENT_CALL)
        a->participants = e->number;
}

static bool is_knocking(void *context)
{
    const struct admission *a = context;
    return a->knocks && a->participants > 0;
}

/* The host has put the device on its list; or it still waits, and is let in once more. */
static bool is_answered(void *context)
{
    const struct admission *a = context;
    return a->knocks || a->participants > a->before;
}

static int admit(struct cli *cli, struct admission *a)
{
    enum galen_err err = galen_engine_knock(cli->engine, clock_ms(), &a->look.chart);
    if (err != GALEN_OK)
        return cli_fail(cli, err, NULL);
    enum wait_end end = session_wait(cli->session, cli->deadline_ms, is_knocking, a);
    if (end == WAIT_TIMEOUT)
        return cli_fail(cli, GALEN_ERR_TIMEOUT, "That device does not knock at this visit.");
    a->before = a->participants;
    while (end == WAIT_DONE && a->knocks) {
        a->knocks = false;
        err = galen_engine_admit(cli->engine, clock_ms(), &a->look.device, true);
        if (err != GALEN_OK)
            return cli_fail(cli, err, NULL);
        end = session_wait(cli->session, cli->deadline_ms, is_answered, a);
    }
    return cli_wait_failed(cli, end);
}

int command_visit_admit(struct cli *cli)
{
    struct admission a = {0};
    int status = go_live(cli, &a.look, false);
    if (status == CLI_OK)
        status = find_id(cli, cli->args.words[1], ID_DEVICE, &a.look.chart, &a.look.device);
    if (status == CLI_OK)
        status = require_visit(cli, &a.look);
    if (status != CLI_OK)
        return status;
    cli->watch = on_admission;
    cli->watch_context = &a;
    status = admit(cli, &a);
    cli->watch = NULL;
    galen_engine_leave(cli->engine, clock_ms());
    session_turn(cli->session);
    if (status != CLI_OK)
        return status;
    if (cli->json) {
        cJSON *object = cJSON_CreateObject();
        json_id(object, "chart", &a.look.chart);
        json_id(object, "admitted", &a.look.device);
        print_json(object);
    } else {
        printf("Let in.\n");
    }
    return CLI_OK;
}

/* -- identify --------------------------------------------------------------------------------------- */

struct identity {
    struct galen_id chart, account;
    struct galen_writer check;
    galen_token token;
};

static enum galen_err make_identity(struct cli *cli, void *context)
{
    struct identity *i = context;
    return galen_engine_identify(cli->engine, clock_ms(), &i->chart, &i->account,
                                 galen_written(&i->check), i->token);
}

static int identify(struct cli *cli, struct identity *i)
{
    int status = cli_open(cli, OPEN_MEMBER);
    if (status == CLI_OK)
        status = chart_argument(cli, 0, &i->chart);
    if (status == CLI_OK)
        (void)cli_sync(cli, &i->chart);
    if (status == CLI_OK)
        status = find_id(cli, cli->args.words[1], ID_ACCOUNT, &i->chart, &i->account);
    if (status != CLI_OK)
        return status;
    enum galen_err err = cli_request(cli, i, make_identity);
    if (err == GALEN_ERR_FORMAT || err == GALEN_ERR_TOO_LARGE)
        return cli_fail(cli, err, IDENTIFIERS_HELP);
    status =
        err != GALEN_OK ? cli_fail(cli, err, NULL) : cli_finish(cli, &i->chart, i->token, NULL);
    if (status != CLI_OK)
        return status;
    if (cli->json) {
        cJSON *object = cJSON_CreateObject();
        json_id(object, "chart", &i->chart);
        json_id(object, "account", &i->account);
        cJSON_AddBoolToObject(object, "holder", true);
        print_json(object);
    } else {
        printf("Recorded. The record is open to this person now.\n");
    }
    return CLI_OK;
}

int command_visit_identify(struct cli *cli)
{
    struct identity i = {0};
    galen_writer_init(&i.check);
    int status = read_input(cli, "which two identifiers were checked", &i.check);
    if (status == CLI_OK)
        status = identify(cli, &i);
    galen_writer_wipe(&i.check);
    return status;
}

/* -- end -------------------------------------------------------------------------------------------- */

int command_visit_end(struct cli *cli)
{
    struct looking l;
    int status = go_live(cli, &l, false);
    if (status == CLI_OK)
        status = require_visit(cli, &l);
    if (status != CLI_OK)
        return status;
    struct galen_id visit = galen_engine_visit(cli->engine, &l.chart);
    enum galen_err err = galen_engine_visit_end(cli->engine, clock_ms(), &l.chart);
    if (err != GALEN_OK)
        return cli_fail(cli, err, NULL);
    enum wait_end end = session_wait(cli->session, cli->deadline_ms, is_over, &l);
    if (end != WAIT_DONE)
        return cli_wait_failed(cli, end);
    if (cli->json) {
        cJSON *object = cJSON_CreateObject();
        json_id(object, "chart", &l.chart);
        json_id(object, "ended", &visit);
        print_json(object);
    } else {
        printf("The visit has ended.\n");
    }
    return CLI_OK;
}
