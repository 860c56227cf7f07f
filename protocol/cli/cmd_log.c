/* galen chart log */
#include "cli.h"

#include <stdio.h>

struct following {
    struct cli *cli;
    struct galen_id chart;
};

static void show(struct cli *cli, const struct galen_id *chart, uint64_t index)
{
    if (!cli->json) {
        entry_print(cli, chart, index);
        return;
    }
    cJSON *entry = entry_json(cli->engine, chart, index);
    if (entry)
        print_json(entry);
}

/* What became readable only now is told once more, and so is each tick. */
static void on_event(void *context, const struct galen_event *event)
{
    struct following *f = context;
    if (!galen_id_equal(&event->chart, &f->chart))
        return;
    if (event->kind == GALEN_EVENT_ENTRY)
        show(f->cli, &f->chart, event->index);
    if (event->kind != GALEN_EVENT_VERIFIED && event->kind != GALEN_EVENT_REOPENED)
        return;
    if (f->cli->json) {
        cJSON *object =
            json_new("event", event->kind == GALEN_EVENT_VERIFIED ? "verified" : "reopened");
        json_id(object, "chart", &event->chart);
        json_id(object, "device", &event->device);
        if (event->kind == GALEN_EVENT_VERIFIED)
            json_number(object, "size", event->number);
        print_json(object);
    } else if (event->kind == GALEN_EVENT_REOPENED) {
        printf("      The record opened: earlier entries can be read now (galen chart log).\n");
    }
}

/* Nobody reads any more. */
static bool is_unheard(void *context)
{
    (void)context;
    return ferror(stdout);
}

static int follow(struct cli *cli, struct following *f)
{
    cli->watch = on_event;
    cli->watch_context = f;
    enum wait_end end = session_wait(cli->session, UINT64_MAX, is_unheard, NULL);
    return end == WAIT_INTERRUPTED || end == WAIT_DONE ? CLI_OK : cli_wait_failed(cli, end);
}

int command_chart_log(struct cli *cli)
{
    struct following f = {.cli = cli};
    uint64_t from = 0;
    if (cli->args.given[OPTION_FROM] &&
        !number_read(cli->args.value[OPTION_FROM], UINT32_MAX, &from))
        return cli_fail(cli, GALEN_ERR_USAGE, "--from takes the number of an entry.");
    int status = cli_open(cli, OPEN_MEMBER);
    if (status == CLI_OK)
        status = chart_argument(cli, 0, &f.chart);
    if (status != CLI_OK)
        return status;
    status = cli_sync_to_show(cli, &f.chart);
    uint64_t size = galen_log_size(galen_engine_log(cli->engine, &f.chart));
    for (uint64_t i = from; i < size; i++)
        show(cli, &f.chart, i);
    return cli->args.given[OPTION_FOLLOW] ? follow(cli, &f) : status;
}
