/* galen chart new, list, members, add, remove, renew; galen send */
#include "cli.h"

#include <stdio.h>
#include <string.h>

/* -- new -------------------------------------------------------------------------------------------- */

struct new_chart {
    struct galen_writer name;
    struct galen_id chart;
    galen_token token;
};

static enum galen_err make_chart(struct cli *cli, void *context)
{
    struct new_chart *n = context;
    return galen_engine_chart_new(cli->engine, clock_ms(), galen_written(&n->name), &n->chart,
                                  n->token);
}

static void show_new(struct cli *cli, const struct galen_id *chart)
{
    char id[HEX_ID];
    if (cli->json) {
        cJSON *object = cJSON_CreateObject();
        json_id(object, "chart", chart);
        print_json(object);
        return;
    }
    id_short(cli, chart, id);
    printf("%s\n", id);
    fprintf(stderr, "Next: galen invite --role patient --chart %s    (type the name)\n", id);
}

int command_chart_new(struct cli *cli)
{
    struct new_chart n = {0};
    galen_writer_init(&n.name);
    int status = read_line(cli, "the patient's name", &n.name);
    if (status == CLI_OK)
        status = cli_open(cli, OPEN_MEMBER);
    if (status == CLI_OK) {
        enum galen_err err = cli_request(cli, &n, make_chart);
        status =
            err != GALEN_OK ? cli_fail(cli, err, NULL) : cli_finish(cli, &n.chart, n.token, NULL);
    }
    if (status == CLI_OK)
        show_new(cli, &n.chart);
    galen_writer_wipe(&n.name);
    return status;
}

/* -- list ------------------------------------------------------------------------------------------- */

static void show_chart(struct cli *cli, const struct galen_id *chart)
{
    char name[NAME_TEXT_MAX], id[HEX_ID];
    if (cli->json) {
        print_json(chart_json(cli->engine, chart));
        return;
    }
    const struct galen_log *log = galen_engine_log(cli->engine, chart);
    const struct galen_docs *docs = galen_engine_docs(cli->engine, chart);
    const struct galen_rules *rules = galen_log_rules(log);
    bool practice = galen_id_equal(chart, galen_engine_practice_chart(cli->engine));
    bool member = galen_rules_member(rules, galen_log_self(log)) != NULL;
    enum galen_err stopped = galen_engine_stopped(cli->engine, chart);
    size_t waiting = galen_engine_waiting(cli->engine, chart);
    name_of(cli->engine, chart, chart, name);
    id_short(cli, chart, id);
    printf("%s  %-24s %4llu entries  %2zu people", id,
           name[0]    ? name
           : practice ? "(the practice)"
                      : "(name not open yet)",
           (unsigned long long)galen_log_size(log), people_count(rules));
    if (galen_docs_pending_count(docs) > 0)
        printf("  %zu proposal(s) to answer", galen_docs_pending_count(docs));
    if (galen_docs_conflict_count(docs) > 0)
        printf("  %zu conflict(s)", galen_docs_conflict_count(docs));
    if (waiting > 0)
        printf("  %zu not sent yet", waiting);
    if (!member)
        printf("  (you no longer belong to it)");
    else if (!galen_log_is_holder(log))
        printf("  (the record opens with the identity check)");
    if (stopped != GALEN_OK)
        printf("  STOPPED: %s", galen_err_name(stopped));
    printf("\n");
}

int command_chart_list(struct cli *cli)
{
    int status = cli_open(cli, OPEN_MEMBER);
    if (status != CLI_OK)
        return status;
    status = cli_sync_to_show(cli, NULL);
    for (size_t i = 0; i < galen_engine_chart_count(cli->engine); i++)
        show_chart(cli, galen_engine_chart_at(cli->engine, i));
    return status;
}

/* -- members ---------------------------------------------------------------------------------------- */

static void show_member(struct cli *cli, const struct galen_id *chart, const struct galen_member *m)
{
    char name[NAME_TEXT_MAX], device[HEX_ID], account[HEX_ID], heard[TIME_TEXT];
    if (cli->json) {
        print_json(member_json(cli->engine, chart, m));
        return;
    }
    const struct galen_log *log = galen_engine_log(cli->engine, chart);
    const struct galen_head *head = galen_log_head_of(log, &m->device);
    bool self = galen_id_equal(&m->device, galen_engine_device(cli->engine));
    name_of(cli->engine, chart, &m->account, name);
    id_short(cli, &m->device, device);
    id_short(cli, &m->account, account);
    printf("%s  %-24s %-13s %-10s person %s%s%s", device, name[0] ? name : "(no name)",
           galen_role_name(m->role), purpose_name(m->purpose), account,
           m->holder ? "" : "  (record not open)", self ? "  (this device)" : "");
    if (head && !self) {
        local_time_text(head->clock_ms, heard);
        printf("  last heard %s", heard);
    }
    printf("\n");
}

int command_chart_members(struct cli *cli)
{
    struct galen_id chart;
    int status = cli_open(cli, OPEN_MEMBER);
    if (status == CLI_OK)
        status = chart_argument(cli, 0, &chart);
    if (status != CLI_OK)
        return status;
    status = cli_sync_to_show(cli, &chart);
    const struct galen_rules *rules = galen_log_rules(galen_engine_log(cli->engine, &chart));
    for (size_t i = 0; i < galen_rules_member_count(rules); i++)
        show_member(cli, &chart, galen_rules_member_at(rules, i));
    return status;
}

/* -- add, remove, renew ----------------------------------------------------------------------------- */

struct change {
    struct galen_id chart, account;
    galen_token token;
};

static enum galen_err make_addition(struct cli *cli, void *context)
{
    struct change *c = context;
    return galen_engine_add_member(cli->engine, clock_ms(), &c->chart, &c->account, c->token);
}

static enum galen_err make_removal(struct cli *cli, void *context)
{
    struct change *c = context;
    return galen_engine_remove_member(cli->engine, clock_ms(), &c->chart, &c->account, c->token);
}

static enum galen_err make_renewal(struct cli *cli, void *context)
{
    struct change *c = context;
    return galen_engine_renew(cli->engine, clock_ms(), &c->chart, c->token);
}

static int carry_out(struct cli *cli, struct change *c,
                     enum galen_err (*make)(struct cli *cli, void *context), const char *done)
{
    uint64_t index = GALEN_NO_ENTRY;
    enum galen_err err = cli_request(cli, c, make);
    int status =
        err != GALEN_OK ? cli_fail(cli, err, NULL) : cli_finish(cli, &c->chart, c->token, &index);
    if (status != CLI_OK)
        return status;
    if (cli->json) {
        cJSON *object = cJSON_CreateObject();
        json_id(object, "chart", &c->chart);
        json_id(object, "account", &c->account);
        if (index != GALEN_NO_ENTRY)
            json_number(object, "index", index);
        json_number(object, "epoch",
                    galen_rules_epoch(galen_log_rules(galen_engine_log(cli->engine, &c->chart))));
        print_json(object);
    } else {
        printf("%s\n", done);
    }
    return CLI_OK;
}

int command_chart_add(struct cli *cli)
{
    struct change c = {0};
    int status = cli_open(cli, OPEN_MEMBER);
    if (status == CLI_OK)
        status = chart_argument(cli, 0, &c.chart);
    if (status == CLI_OK) /* a colleague who joined since is found in the practice's chart */
        (void)cli_sync(cli, NULL);
    if (status == CLI_OK && galen_id_is_none(galen_engine_practice_chart(cli->engine)))
        status = cli_fail(cli, GALEN_ERR_ROLE, NULL);
    if (status == CLI_OK)
        status = find_id(cli, cli->args.words[1], ID_ACCOUNT,
                         galen_engine_practice_chart(cli->engine), &c.account);
    return status != CLI_OK ? status
                            : carry_out(cli, &c, make_addition, "Added, with all devices.");
}

int command_chart_remove(struct cli *cli)
{
    struct change c = {0};
    int status = cli_open(cli, OPEN_MEMBER);
    if (status == CLI_OK)
        status = chart_argument(cli, 0, &c.chart);
    if (status == CLI_OK)
        (void)cli_sync(cli, &c.chart);
    if (status == CLI_OK)
        status = find_id(cli, cli->args.words[1], ID_ACCOUNT, &c.chart, &c.account);
    return status != CLI_OK
               ? status
               : carry_out(cli, &c, make_removal, "Removed. They read nothing new from now on.");
}

int command_chart_renew(struct cli *cli)
{
    struct change c = {0};
    int status = cli_open(cli, OPEN_MEMBER);
    if (status == CLI_OK)
        status = chart_argument(cli, 0, &c.chart);
    return status != CLI_OK ? status : carry_out(cli, &c, make_renewal, "A fresh key is in use.");
}

/* -- send ------------------------------------------------------------------------------------------- */

struct message {
    struct galen_id chart;
    struct galen_writer text;
    galen_token token;
};

static enum galen_err make_message(struct cli *cli, void *context)
{
    struct message *m = context;
    return galen_engine_message(cli->engine, clock_ms(), &m->chart, galen_written(&m->text),
                                m->token);
}

static int send_message(struct cli *cli, struct message *m)
{
    uint64_t index = GALEN_NO_ENTRY;
    enum galen_err err = cli_request(cli, m, make_message);
    if (err == GALEN_ERR_FORMAT || err == GALEN_ERR_TOO_LARGE)
        return cli_fail(cli, err, MESSAGE_HELP, GALEN_MESSAGE_MAX);
    int status =
        err != GALEN_OK ? cli_fail(cli, err, NULL) : cli_finish(cli, &m->chart, m->token, &index);
    if (status != CLI_OK)
        return status;
    if (cli->json) {
        cJSON *object = cJSON_CreateObject();
        json_id(object, "chart", &m->chart);
        json_number(object, "index", index);
        json_hex(object, "token", m->token, sizeof m->token);
        print_json(object);
    } else {
        printf("Sent: entry %llu, with the server.\n", (unsigned long long)index);
    }
    return CLI_OK;
}

int command_send(struct cli *cli)
{
    struct message m = {0};
    galen_writer_init(&m.text);
    int status = read_input(cli, "the message", &m.text);
    if (status == CLI_OK)
        status = cli_open(cli, OPEN_MEMBER);
    if (status == CLI_OK)
        status = chart_argument(cli, 0, &m.chart);
    if (status == CLI_OK)
        status = send_message(cli, &m);
    galen_writer_wipe(&m.text);
    return status;
}
