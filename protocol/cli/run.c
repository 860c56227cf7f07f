/* One command's home and session: opening, waiting, requests until they are done. */
#include "cli.h"

#include "folder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TIMEOUT_SECONDS     20
#define TIMEOUT_SECONDS_MAX 86400
#define HEADS_MS            250
#define SENDING_MS          5000 /* for the server to take what was kept */

/* -- what the options say --------------------------------------------------------------------------- */

static bool copy_text(char *out, size_t room, const char *text)
{
    int n = snprintf(out, room, "%s", text);
    return n >= 0 && (size_t)n < room;
}

static int find_home(struct cli *cli)
{
    const char *home = cli->args.value[OPTION_HOME];
    if (!home)
        home = getenv("GALEN_HOME");
    bool ok;
    if (home && home[0]) {
        ok = copy_text(cli->home, sizeof cli->home, home);
    } else {
        const char *user = getenv("HOME");
        if (!user || !user[0])
            return cli_fail(cli, GALEN_ERR_USAGE, "Where is the home? Give --home DIR.");
        int n = snprintf(cli->home, sizeof cli->home, "%s/.galen", user);
        ok = n > 0 && (size_t)n < sizeof cli->home;
    }
    size_t size = strlen(cli->home);
    while (size > 1 && cli->home[size - 1] == '/')
        cli->home[--size] = 0;
    return ok ? CLI_OK : cli_fail(cli, GALEN_ERR_USAGE, "The path of the home is too long.");
}

int cli_settings(struct cli *cli)
{
    uint64_t seconds = TIMEOUT_SECONDS;
    const struct arguments *args = &cli->args;
    if (args->given[OPTION_TIMEOUT] &&
        (!number_read(args->value[OPTION_TIMEOUT], TIMEOUT_SECONDS_MAX, &seconds) || seconds == 0))
        return cli_fail(cli, GALEN_ERR_USAGE, "--timeout takes seconds, from 1 to %d.",
                        TIMEOUT_SECONDS_MAX);
    cli->timeout_ms = seconds * 1000;
    cli->deadline_ms = monotonic_ms() + cli->timeout_ms;
    const char *ca = args->given[OPTION_CA] ? args->value[OPTION_CA] : getenv("GALEN_CA");
    if (ca && ca[0]) {
        if (!copy_text(cli->ca, sizeof cli->ca, ca) || access(ca, R_OK) != 0)
            return cli_fail_as(cli, CLI_USAGE, GALEN_ERR_IO,
                               "The authority's file %s cannot be read. Check --ca and GALEN_CA.",
                               ca);
    }
    if (args->given[OPTION_SERVER] &&
        !read_url(args->value[OPTION_SERVER], cli->server, sizeof cli->server))
        return cli_fail(cli, GALEN_ERR_USAGE, "--server takes an address like https://HOST:PORT.");
    const char *held = args->value[OPTION_HELD];
    if (held && strcmp(held, "send") != 0 && strcmp(held, "drop") != 0 && strcmp(held, "keep") != 0)
        return cli_fail(cli, GALEN_ERR_USAGE, "--held takes send, drop or keep.");
    return CLI_OK;
}

/* -- opening ---------------------------------------------------------------------------------------- */

static void whose_device(struct cli *cli, const struct galen_event *event, char out[NAME_TEXT_MAX])
{
    const struct galen_log *log = galen_engine_log(cli->engine, &event->chart);
    const struct galen_member *m =
        log ? galen_rules_ever_member(galen_log_rules(log), &event->device) : NULL;
    shown_name(cli, &event->chart, m ? &m->account : &event->device, out);
}

static void on_event(void *context, const struct galen_event *event)
{
    struct cli *cli = context;
    char time[TIME_TEXT], id[HEX_ID], name[NAME_TEXT_MAX];
    if (cli->watch)
        cli->watch(cli->watch_context, event);
    if (cli->stays)
        return;
    switch (event->kind) {
    case GALEN_EVENT_FAILED:
        if (session_request(cli->session, event->token))
            break;
        cli_warn(cli, "Something that was asked for earlier could not be done: %s",
                 galen_err_help(event->err));
        cli_failed(cli, stderr, event);
        break;
    case GALEN_EVENT_LINK_AGAIN:
        local_time_text(event->number, time);
        whose_device(cli, event, name);
        cli_warn(cli,
                 "The used link of %s was opened again on %s. Ask that person whether it was "
                 "them.",
                 name, time);
        break;
    case GALEN_EVENT_SHUT_OUT:
        if (galen_id_is_none(&event->chart)) /* our own; who asked for it says so */
            break;
        shown_name(cli, &event->chart, &event->account, name);
        cli_warn(
            cli,
            "A device of %s was copied; it was shut out. Call them, and invite them anew if they "
            "have no other device.",
            name);
        break;
    case GALEN_EVENT_FORK:
    case GALEN_EVENT_CLONED:
        id_short(cli, &event->chart, id);
        cli_warn(cli, "Chart %s: %s", id, galen_err_help(event->err));
        break;
    case GALEN_EVENT_CLOCK:
        cli_warn(cli,
                 "The clocks of this machine and the server differ by %llu seconds. Set this one.",
                 (unsigned long long)(event->number / 1000));
        break;
    default:
        break;
    }
}

static int check_member(struct cli *cli, bool guests)
{
    switch (galen_engine_state(cli->engine)) {
    case GALEN_HOME_MEMBER:
        return CLI_OK;
    case GALEN_HOME_GUEST:
        return guests ? CLI_OK
                      : cli_fail_as(cli, CLI_HOME, GALEN_ERR_ROLE,
                                    "The home %s is an interpreter's: a guest of one call, who "
                                    "sees nothing of any record. It takes part by `galen call`.",
                                    cli->home);
    case GALEN_HOME_JOINING:
        return cli_fail_as(cli, CLI_HOME, GALEN_ERR_STATE,
                           "Joining is not finished in %s. Run `galen join` again; it goes on from "
                           "there.",
                           cli->home);
    case GALEN_HOME_FOUNDING:
        return cli_fail_as(
            cli, CLI_HOME, GALEN_ERR_STATE,
            "The practice in %s is not founded yet. Run `galen practice init` again; it "
            "goes on from there.",
            cli->home);
    case GALEN_HOME_EMPTY:
        break;
    }
    return cli_fail_as(
        cli, CLI_HOME, GALEN_ERR_STATE,
        "The home %s belongs to nobody yet. Begin with `galen join` (an invitation's link "
        "on standard input) or `galen practice init`.",
        cli->home);
}

int cli_open(struct cli *cli, enum open_mode mode)
{
    struct store_failure failure;
    int status = cli_settings(cli);
    if (status == CLI_OK)
        status = find_home(cli);
    if (status != CLI_OK)
        return status;
    struct store_keys keys = {cli->args.value[OPTION_KEY_FILE],
                              cli->args.value[OPTION_PASSPHRASE_FILE]};
    if (!keys.key_file && !keys.passphrase_file)
        keys.key_file = getenv("GALEN_KEY_FILE");
    if (keys.key_file && keys.passphrase_file)
        return cli_fail(cli, GALEN_ERR_USAGE, "Give --key-file or --passphrase-file, not both.");
    cli->store = home_store_open(cli->home, &keys, mode == OPEN_MAKE, LOCK_WAIT_MS, &failure);
    if (!cli->store)
        return cli_fail_as(cli, CLI_HOME, failure.err, "%s", failure.text);
    struct session_config config = {.store = cli->store,
                                    .ca_file = cli->ca[0] ? cli->ca : NULL,
                                    .server = cli->server[0] ? cli->server : NULL,
                                    .offline = cli->args.given[OPTION_OFFLINE]};
    cli->session = session_new(&config, &failure);
    if (!cli->session)
        return cli_fail_as(cli, CLI_HOME, failure.err, "%s", failure.text);
    cli->engine = session_engine(cli->session);
    session_on_event(cli->session, cli, on_event);
    bool somebodys = mode == OPEN_MEMBER || mode == OPEN_GUEST;
    return somebodys ? check_member(cli, mode == OPEN_GUEST) : CLI_OK;
}

void cli_close(struct cli *cli)
{
    session_free(cli->session, GOODBYE_MS);
    home_store_close(cli->store);
    cli->session = NULL;
    cli->engine = NULL;
    cli->store = NULL;
}

/* -- waiting ---------------------------------------------------------------------------------------- */

static int refused(struct cli *cli)
{
    uint64_t at;
    char time[TIME_TEXT];
    enum galen_err err = session_refusal(cli->session, &at);
    if (err == GALEN_ERR_REPLACED && at > 0) {
        local_time_text(at, time);
        return cli_fail(cli, err,
                        "This link or code was used before, on %s. If it was not you, call the "
                        "practice now.",
                        time);
    }
    if (err == GALEN_ERR_CERTIFICATE && galen_engine_state(cli->engine) == GALEN_HOME_JOINING)
        return cli_fail_as(
            cli, CLI_DANGER, err,
            "The server is not the one of the practice that the link is from. Nothing was sent. "
            "Copy the link again, all of it; if that does not help, ask the practice.");
    if (err == GALEN_ERR_CERTIFICATE)
        return cli_fail_as(
            cli, CLI_DANGER, err,
            "The server is not the one of this home's practice. Nothing was sent. Check the "
            "address, then ask the practice.");
    return cli_fail(cli, err, NULL);
}

int cli_wait_failed(struct cli *cli, enum wait_end end)
{
    bool kept = galen_engine_waiting(cli->engine, NULL) > 0;
    const char *waits = kept ? " What you asked for is kept; the next command sends it." : "";
    struct galen_bytes host = galen_engine_host(cli->engine);
    switch (end) {
    case WAIT_DONE:
        return CLI_OK;
    case WAIT_TIMEOUT:
        return cli_fail(cli, GALEN_ERR_TIMEOUT,
                        "There was no answer in time.%s Check the line, or give a "
                        "longer --timeout.",
                        waits);
    case WAIT_OFFLINE:
        if (cli->args.given[OPTION_OFFLINE])
            return cli_fail(cli, GALEN_ERR_OFFLINE, "No connection was made (--offline).%s", waits);
        return cli_fail(cli, GALEN_ERR_OFFLINE, "There is no connection to %.*s (%s).%s",
                        cli->server[0] ? (int)strlen(cli->server) : (int)host.size,
                        cli->server[0] ? cli->server : (const char *)host.at,
                        session_line_text(cli->session), waits);
    case WAIT_REFUSED:
        return refused(cli);
    case WAIT_NOT_TRUSTED:
        return cli_fail_as(
            cli, CLI_DANGER, GALEN_ERR_CERTIFICATE,
            "The server's TLS certificate does not hold (%s). Nothing was sent.%s Check the "
            "address; a server of your own needs --ca FILE or GALEN_CA.",
            session_line_text(cli->session), waits);
    case WAIT_INTERRUPTED:
        return cli_fail_as(cli, 130, GALEN_ERR_TIMEOUT, "Interrupted.%s", waits);
    case WAIT_BROKEN:
        return cli_fail_as(
            cli, CLI_HOME, session_broken(cli->session),
            "The home %s cannot take what has to be kept in it. Make room on the disk and "
            "try again; nothing is lost.",
            cli->home);
    }
    return CLI_FAILED;
}

struct syncing {
    struct cli *cli;
    const struct galen_id *chart;
};

/* A chart that this device belongs to no longer has nothing new for it. */
static bool is_read(struct cli *cli, const struct galen_id *chart)
{
    const struct galen_log *log = galen_engine_log(cli->engine, chart);
    const struct galen_rules *rules = galen_log_rules(log);
    /* Whoever was dropped is shown nothing more; a newcomer still reads what was before. */
    bool dropped = galen_rules_ever_member(rules, galen_log_self(log)) &&
                   !galen_rules_member(rules, galen_log_self(log));
    return galen_engine_current(cli->engine, chart) || dropped ||
           session_shut_out(cli->session, chart) ||
           galen_engine_stopped(cli->engine, chart) != GALEN_OK;
}

static bool is_synced(void *context)
{
    struct syncing *s = context;
    if (!galen_engine_online(s->cli->engine, GALEN_CONNECTION_LOG))
        return false;
    for (size_t i = 0; i < galen_engine_chart_count(s->cli->engine); i++) {
        const struct galen_id *id = galen_engine_chart_at(s->cli->engine, i);
        if ((!s->chart || galen_id_equal(s->chart, id)) && !is_read(s->cli, id))
            return false;
    }
    return true;
}

/* What was kept goes in its order: behind something held, nothing goes until that is decided (L4). */
static bool is_sent(void *context)
{
    const struct syncing *s = context;
    struct galen_waiting first;
    for (size_t i = 0; i < galen_engine_chart_count(s->cli->engine); i++) {
        const struct galen_id *id = galen_engine_chart_at(s->cli->engine, i);
        if ((!s->chart || galen_id_equal(s->chart, id)) &&
            galen_engine_stopped(s->cli->engine, id) == GALEN_OK &&
            galen_engine_waiting_at(s->cli->engine, id, 0, &first) && !first.held)
            return false;
    }
    return true;
}

enum wait_end cli_sync(struct cli *cli, const struct galen_id *chart)
{
    struct syncing s = {cli, chart};
    enum wait_end end = session_wait(cli->session, cli->deadline_ms, is_synced, &s);
    uint64_t until = monotonic_ms() + SENDING_MS;
    if (end == WAIT_DONE)
        (void)session_wait(cli->session, until < cli->deadline_ms ? until : cli->deadline_ms,
                           is_sent, &s);
    return end;
}

static bool heads_came(void *context)
{
    const struct syncing *s = context;
    return session_heads_came(s->cli->session, s->chart);
}

/* The server tells who has verified how much right behind the entries, if anybody has. */
static void wait_for_heads(struct cli *cli, const struct galen_id *chart)
{
    struct syncing s = {cli, chart};
    uint64_t until = monotonic_ms() + HEADS_MS;
    if (chart)
        (void)session_wait(cli->session, until, heads_came, &s);
}

int cli_sync_to_show(struct cli *cli, const struct galen_id *chart)
{
    enum wait_end end = cli_sync(cli, chart);
    if (end == WAIT_DONE)
        wait_for_heads(cli, chart);
    if (end == WAIT_DONE || (end == WAIT_OFFLINE && cli->args.given[OPTION_OFFLINE]))
        return CLI_OK;
    int status = cli_wait_failed(cli, end);
    if (end != WAIT_BROKEN && galen_engine_chart_count(cli->engine) > 0)
        cli_warn(cli, "What follows is what was known here before.");
    return status;
}

/* -- requests --------------------------------------------------------------------------------------- */

struct finishing {
    struct cli *cli;
    const struct galen_id *chart;
    const uint8_t *token;
};

static bool is_held(const struct finishing *f)
{
    struct galen_id chart;
    galen_token token;
    return session_held(f->cli->session, &chart, token) &&
           (!f->chart || galen_id_equal(f->chart, &chart));
}

/* Why nothing is written any more where this belongs: what waits there never goes. OK: it is. */
static enum galen_err stopped(const struct cli *cli, const struct galen_id *chart)
{
    enum galen_err err = chart ? galen_engine_stopped(cli->engine, chart) : GALEN_OK;
    return err == GALEN_ERR_FORK || err == GALEN_ERR_CLONED ? err : GALEN_OK;
}

static bool nothing_waits(const struct finishing *f)
{
    const struct galen_engine *engine = f->cli->engine;
    if (f->chart)
        return galen_engine_waiting(engine, f->chart) == 0;
    bool none = true;
    for (size_t i = 0; i < galen_engine_chart_count(engine); i++) {
        const struct galen_id *chart = galen_engine_chart_at(engine, i);
        none = none &&
               (stopped(f->cli, chart) != GALEN_OK || galen_engine_waiting(engine, chart) == 0);
    }
    return none;
}

static bool is_finished(void *context)
{
    const struct finishing *f = context;
    const struct request *r = session_request(f->cli->session, f->token);
    if (is_held(f) || !r || r->state == REQUEST_FAILED || stopped(f->cli, f->chart) != GALEN_OK)
        return true;
    return r->state == REQUEST_DONE && nothing_waits(f);
}

/* Somebody joined since something was written: the person decides (L4). */
static int decide_held(struct cli *cli)
{
    struct galen_id chart;
    galen_token token;
    const char *what = cli->args.value[OPTION_HELD];
    if (!what || strcmp(what, "keep") == 0)
        return cli_fail(
            cli, GALEN_ERR_PERSON_JOINED,
            "Somebody joined the chart since something here was written, and would read it. "
            "See `galen chart members`, then run this again with --held send or --held drop.");
    while (session_held(cli->session, &chart, token)) {
        session_unhold(cli->session, token);
        enum galen_err err =
            galen_engine_release(cli->engine, clock_ms(), token, strcmp(what, "send") == 0);
        session_turn(cli->session);
        if (err != GALEN_OK)
            return cli_fail(cli, err, NULL);
    }
    return CLI_OK;
}

int cli_finish(struct cli *cli, const struct galen_id *chart, const galen_token token,
               uint64_t *index)
{
    struct finishing f = {cli, chart, token};
    if (!session_track(cli->session, token))
        return cli_fail(cli, GALEN_ERR_LIMIT, NULL);
    enum wait_end end;
    for (;;) {
        end = session_wait(cli->session, cli->deadline_ms, is_finished, &f);
        if (end != WAIT_DONE || !is_held(&f))
            break;
        int status = decide_held(cli);
        if (status != CLI_OK)
            return status;
    }
    struct request r = *session_request(cli->session, token);
    session_untrack(cli->session, token);
    if (r.state == REQUEST_FAILED)
        return cli_fail(cli, r.err, NULL);
    if (r.state != REQUEST_DONE && stopped(cli, chart) != GALEN_OK)
        return cli_fail(cli, stopped(cli, chart), NULL);
    if (end != WAIT_DONE)
        return cli_wait_failed(cli, end);
    if (index)
        *index = r.index;
    return CLI_OK;
}

bool cli_is_kept(struct cli *cli, const galen_token token)
{
    struct galen_waiting one;
    for (size_t c = 0; c < galen_engine_chart_count(cli->engine); c++) {
        const struct galen_id *id = galen_engine_chart_at(cli->engine, c);
        for (size_t i = 0; galen_engine_waiting_at(cli->engine, id, i, &one); i++)
            if (memcmp(one.token, token, sizeof(galen_token)) == 0)
                return true;
    }
    return false;
}

/* What may be different once the rest of the chart was read. */
static bool may_be_stale(enum galen_err err)
{
    return err == GALEN_ERR_CHART || err == GALEN_ERR_NOT_HOLDER || err == GALEN_ERR_NOT_MEMBER ||
           err == GALEN_ERR_VALUE || err == GALEN_ERR_CUSTODIAN || err == GALEN_ERR_ROLE ||
           err == GALEN_ERR_CERTIFICATE;
}

enum galen_err cli_request(struct cli *cli, void *context,
                           enum galen_err (*make)(struct cli *cli, void *context))
{
    enum galen_err err = make(cli, context);
    if (may_be_stale(err) && cli_sync(cli, NULL) == WAIT_DONE)
        err = make(cli, context);
    return err;
}
