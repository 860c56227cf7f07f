/* galen invite, device, sheet */
#include "cli.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

/* -- links ------------------------------------------------------------------------------------------ */

static cJSON *link_json(const struct galen_writer *link, uint64_t span_ms)
{
    struct galen_link look;
    cJSON *object = cJSON_CreateObject();
    json_text(object, "link", galen_written(link));
    if (galen_link_look(galen_written(link), &look) == GALEN_OK)
        json_id(object, "device", &look.device);
    if (span_ms > 0)
        json_time(object, "expires", clock_ms() + span_ms);
    return object;
}

/* A link whose device is still to be added is shown nevertheless: nobody could ask for it once more, and a sheet
 * takes the place of the one before. */
static bool is_made(struct cli *cli, int status, const galen_token token)
{
    if (status == CLI_OK || !cli_is_kept(cli, token))
        return status == CLI_OK;
    cli_warn(cli, "This link opens nothing before the next command with a connection has sent "
                  "what is kept. It is shown this once.");
    return true;
}

/* -- invite ----------------------------------------------------------------------------------------- */

struct invite {
    struct cli *cli;
    enum galen_role role;
    struct galen_id chart;
    struct galen_writer name, link;
    galen_token token;
};

static enum galen_err make_invitation(struct cli *cli, void *context)
{
    struct invite *i = context;
    const struct galen_id *chart = galen_id_is_none(&i->chart) ? NULL : &i->chart;
    galen_writer_clear(&i->link);
    return galen_engine_invite(cli->engine, clock_ms(), i->role, chart, galen_written(&i->name),
                               &i->link, i->token);
}

static int read_role(struct cli *cli, struct invite *i)
{
    const char *role = cli->args.value[OPTION_ROLE];
    i->role = role ? galen_role_named(role) : (enum galen_role)0;
    bool colleague = i->role == GALEN_ROLE_PHARMACIST || i->role == GALEN_ROLE_TECHNICIAN;
    bool person = i->role == GALEN_ROLE_PATIENT || i->role == GALEN_ROLE_CAREGIVER ||
                  i->role == GALEN_ROLE_PRESCRIBER;
    bool guest = i->role == GALEN_ROLE_INTERPRETER;
    if (!colleague && !person && !guest)
        return cli_fail(cli, GALEN_ERR_USAGE,
                        "--role takes pharmacist or technician (colleagues), patient, caregiver or "
                        "prescriber (of one chart), interpreter (of the visit that is open).");
    if (guest && !cli->args.given[OPTION_CHART])
        return cli_fail(cli, GALEN_ERR_USAGE,
                        "An interpreter is invited to the visit that is open in a chart: add "
                        "--chart CHART.");
    if (person && !cli->args.given[OPTION_CHART])
        return cli_fail(
            cli, GALEN_ERR_USAGE,
            "A %s is invited to one chart: add --chart CHART. `galen chart list` shows them, "
            "`galen chart new` makes one.",
            role);
    if (colleague && cli->args.given[OPTION_CHART])
        return cli_fail(
            cli, GALEN_ERR_USAGE,
            "Colleagues are invited to the practice; afterwards `galen chart add` puts them "
            "into a chart. Leave out --chart.");
    return CLI_OK;
}

static int invite_chart(struct cli *cli, struct invite *i)
{
    if (!cli->args.given[OPTION_CHART])
        return CLI_OK;
    cli->args.words[0] = cli->args.value[OPTION_CHART];
    return chart_argument(cli, 0, &i->chart);
}

static void show_invitation(struct cli *cli, const struct invite *i)
{
    struct galen_bytes link = galen_written(&i->link);
    if (!cli->json) {
        printf("%.*s\n", (int)link.size, (const char *)link.at);
        fprintf(
            stderr,
            "Give this link to %.*s, and to nobody else: whoever opens it first is the %s. It is "
            "good for seven days, once.\n",
            (int)i->name.size, (const char *)i->name.at, galen_role_name(i->role));
        return;
    }
    struct galen_link look;
    cJSON *object = link_json(&i->link, GALEN_INVITATION_SPAN_MS);
    if (galen_link_look(link, &look) == GALEN_OK)
        json_id(object, "account",
                &look.device); /* a new person's account has the invitation's id */
    cJSON_AddStringToObject(object, "role", galen_role_name(i->role));
    json_text(object, "name", galen_written(&i->name));
    json_id(object, "chart",
            galen_id_is_none(&i->chart) ? galen_engine_practice_chart(cli->engine) : &i->chart);
    print_json(object);
}

/* -- an interpreter --------------------------------------------------------------------------------- */

#define GUEST_MS 2000 /* for the server's word which visits are open */

static bool has_visit(void *context)
{
    const struct invite *i = context;
    struct galen_id visit = galen_engine_visit(i->cli->engine, &i->chart);
    return !galen_id_is_none(&visit);
}

static void show_guest(struct cli *cli, const struct invite *i)
{
    struct galen_link look = {0};
    struct galen_bytes link = galen_written(&i->link);
    if (!cli->json) {
        printf("%.*s\n", (int)link.size, (const char *)link.at);
        fprintf(stderr,
                "Give this link to the interpreter, and to nobody else. It opens the call of "
                "this visit and nothing of the record, once, for a day at most; you let "
                "them in.\n");
        return;
    }
    cJSON *object = cJSON_CreateObject();
    json_text(object, "link", link);
    if (galen_link_look(link, &look) == GALEN_OK)
        json_time(object, "expires", look.until_ms);
    cJSON_AddStringToObject(object, "role", galen_role_name(GALEN_ROLE_INTERPRETER));
    json_id(object, "chart", &i->chart);
    print_json(object);
}

/* Nothing goes into the chart, so there is no name to give and nothing to wait for. */
static int invite_guest(struct cli *cli, struct invite *i)
{
    i->cli = cli;
    int status = cli_open(cli, OPEN_MEMBER);
    if (status == CLI_OK)
        status = invite_chart(cli, i);
    if (status != CLI_OK)
        return status;
    (void)cli_sync(cli, &i->chart);
    (void)session_wait(cli->session, monotonic_ms() + GUEST_MS, has_visit, i);
    enum galen_err err = galen_engine_invite_guest(cli->engine, clock_ms(), &i->chart, &i->link);
    if (err != GALEN_OK)
        return cli_fail(cli, err, NULL);
    show_guest(cli, i);
    return CLI_OK;
}

int command_invite(struct cli *cli)
{
    struct invite i = {0};
    galen_writer_init(&i.name);
    galen_writer_init(&i.link);
    int status = read_role(cli, &i);
    if (status == CLI_OK && i.role == GALEN_ROLE_INTERPRETER) {
        status = invite_guest(cli, &i);
        galen_writer_wipe(&i.link);
        return status;
    }
    if (status == CLI_OK)
        status = read_line(cli, "the person's name", &i.name);
    if (status == CLI_OK)
        status = cli_open(cli, OPEN_MEMBER);
    if (status == CLI_OK)
        status = invite_chart(cli, &i);
    /* Otherwise the name is held back, as written before somebody joined whom this home has not met. */
    if (status == CLI_OK)
        (void)cli_sync(cli, NULL);
    if (status == CLI_OK) {
        enum galen_err err = cli_request(cli, &i, make_invitation);
        status = err != GALEN_OK ? cli_fail(cli, err, NULL) : cli_finish(cli, NULL, i.token, NULL);
        if (err == GALEN_OK && is_made(cli, status, i.token))
            show_invitation(cli, &i);
    }
    galen_writer_wipe(&i.name);
    galen_writer_wipe(&i.link);
    return status;
}

/* -- this person's further devices ------------------------------------------------------------------ */

struct further {
    enum galen_purpose purpose;
    struct galen_writer link;
    galen_token token;
};

static enum galen_err make_further(struct cli *cli, void *context)
{
    struct further *f = context;
    galen_writer_clear(&f->link);
    return galen_engine_further_device(cli->engine, clock_ms(), f->purpose, &f->link, f->token);
}

static void show_code(const struct galen_writer *link)
{
    printf("%.*s\n", (int)link->size, (const char *)link->at);
    fprintf(stderr, "On the other device, within ten minutes: galen join (and this link). It "
                    "becomes a device of "
                    "yours; show it to nobody.\n");
}

static void show_sheet(const struct galen_writer *link)
{
    printf("RECOVERY SHEET\n\n"
           "Print this, keep it where you keep papers that matter, and show it to nobody. If you "
           "lose your\n"
           "device, it brings your charts back on a new one:\n\n"
           "    galen join --lost all       (and type the link below)\n\n"
           "%.*s\n\n"
           "A new sheet replaces this one. If somebody may have seen it, make a new one at once.\n",
           (int)link->size, (const char *)link->at);
}

static void show_further(struct cli *cli, const struct further *f)
{
    bool code = f->purpose == GALEN_PURPOSE_CODE;
    if (cli->json) {
        cJSON *object = link_json(&f->link, code ? GALEN_CODE_SPAN_MS : 0);
        cJSON_AddStringToObject(object, "purpose", purpose_name((uint8_t)f->purpose));
        print_json(object);
    } else if (code) {
        show_code(&f->link);
    } else {
        show_sheet(&f->link);
    }
}

static int further_device(struct cli *cli, enum galen_purpose purpose)
{
    struct further f = {.purpose = purpose};
    galen_writer_init(&f.link);
    int status = cli_open(cli, OPEN_MEMBER);
    /* A chart that this device was added to meanwhile needs the new device as well. */
    if (status == CLI_OK)
        (void)cli_sync(cli, NULL);
    if (status == CLI_OK) {
        enum galen_err err = cli_request(cli, &f, make_further);
        status = err != GALEN_OK ? cli_fail(cli, err, NULL) : cli_finish(cli, NULL, f.token, NULL);
        if (err == GALEN_OK && is_made(cli, status, f.token))
            show_further(cli, &f);
    }
    galen_writer_wipe(&f.link);
    return status;
}

int command_device_add(struct cli *cli)
{
    return further_device(cli, GALEN_PURPOSE_CODE);
}

int command_sheet(struct cli *cli)
{
    return further_device(cli, GALEN_PURPOSE_SHEET);
}

struct removal {
    struct galen_id device;
    galen_token token;
};

static enum galen_err make_removal(struct cli *cli, void *context)
{
    struct removal *r = context;
    return galen_engine_remove_device(cli->engine, clock_ms(), &r->device, r->token);
}

int command_device_remove(struct cli *cli)
{
    struct removal r;
    int status = cli_open(cli, OPEN_MEMBER);
    if (status == CLI_OK)
        (void)cli_sync(cli, NULL);
    if (status == CLI_OK)
        status = find_id(cli, cli->args.words[0], ID_DEVICE, NULL, &r.device);
    if (status != CLI_OK)
        return status;
    if (galen_id_equal(&r.device, galen_engine_device(cli->engine)))
        return cli_fail(
            cli, GALEN_ERR_USAGE,
            "This is the device in hand. Remove it from another one of yours, or ask staff.");
    enum galen_err err = cli_request(cli, &r, make_removal);
    if (err == GALEN_ERR_NOT_MEMBER)
        return cli_fail(cli, err, "That device is not one of yours. See `galen device list`.");
    status = err != GALEN_OK ? cli_fail(cli, err, NULL) : cli_finish(cli, NULL, r.token, NULL);
    if (status != CLI_OK)
        return status;
    if (cli->json) {
        cJSON *object = cJSON_CreateObject();
        json_id(object, "removed", &r.device);
        print_json(object);
    } else {
        printf("Removed. It reads nothing new from now on.\n");
    }
    return CLI_OK;
}

static bool is_known_there(void *context)
{
    bool known;
    const struct cli *cli = context;
    return galen_engine_is_shut_out(cli->engine, &known) && known;
}

int command_device_shut_out(struct cli *cli)
{
    int status = cli_open(cli, OPEN_MEMBER);
    if (status != CLI_OK)
        return status;
    (void)cli_sync(cli, NULL); /* since when there is a copy stands in the charts */
    enum galen_err err = galen_engine_shut_out(cli->engine, clock_ms());
    if (err != GALEN_OK)
        return cli_fail(cli, err, NULL);
    enum wait_end end = session_wait(cli->session, cli->deadline_ms, is_known_there, cli);
    if (end != WAIT_DONE)
        return cli_wait_failed(cli, end);
    if (cli->json) {
        cJSON *object = cJSON_CreateObject();
        json_id(object, "shut_out", galen_engine_device(cli->engine));
        print_json(object);
    } else {
        printf(
            "Done. Nobody gets in with this device's keys any more, also no copy of them, and the "
            "practice is told.\n"
            "To get back in: `galen join` in this home, with a new link from the practice, a code "
            "of another\n"
            "device of yours, or your recovery sheet.\n");
    }
    return CLI_OK;
}

/* -- device list ------------------------------------------------------------------------------------ */

/* In how many charts, and what is said of it there. */
static size_t charts_of(struct cli *cli, const struct galen_id *device, struct galen_member *out)
{
    size_t charts = 0;
    for (size_t c = 0; c < galen_engine_chart_count(cli->engine); c++) {
        const struct galen_id *id = galen_engine_chart_at(cli->engine, c);
        const struct galen_member *m =
            galen_rules_member(galen_log_rules(galen_engine_log(cli->engine, id)), device);
        if (!m)
            continue;
        *out = *m;
        charts++;
    }
    return charts;
}

static void show_device(struct cli *cli, const struct galen_member *m, size_t charts)
{
    bool self = galen_id_equal(&m->device, galen_engine_device(cli->engine));
    if (cli->json) {
        cJSON *object = cJSON_CreateObject();
        json_id(object, "device", &m->device);
        cJSON_AddStringToObject(object, "purpose", purpose_name(m->purpose));
        cJSON_AddBoolToObject(object, "self", self);
        json_number(object, "charts", charts);
        json_time(object, "expires",
                  m->purpose == GALEN_PURPOSE_CODE ? m->issues_until_ms : m->not_after_ms);
        print_json(object);
        return;
    }
    char id[HEX_ID];
    id_short(cli, &m->device, id);
    printf("%s  %-6s in %zu chart%s%s\n", id, purpose_name(m->purpose), charts,
           charts == 1 ? "" : "s", self ? "  (this one)" : "");
}

int command_device_list(struct cli *cli)
{
    struct galen_id seen[GALEN_MEMBERS_MAX];
    size_t seen_count = 0;
    int status = cli_open(cli, OPEN_MEMBER);
    if (status != CLI_OK)
        return status;
    status = cli_sync_to_show(cli, NULL);
    for (size_t c = 0; c < galen_engine_chart_count(cli->engine); c++) {
        const struct galen_rules *rules =
            galen_log_rules(galen_engine_log(cli->engine, galen_engine_chart_at(cli->engine, c)));
        for (size_t i = 0; i < galen_rules_member_count(rules); i++) {
            struct galen_member m = *galen_rules_member_at(rules, i);
            bool again = !galen_id_equal(&m.account, galen_engine_account(cli->engine));
            for (size_t k = 0; k < seen_count && !again; k++)
                again = galen_id_equal(&seen[k], &m.device);
            if (again || seen_count == GALEN_MEMBERS_MAX)
                continue;
            seen[seen_count++] = m.device;
            size_t charts = charts_of(cli, &m.device, &m);
            show_device(cli, &m, charts);
        }
    }
    return status;
}
