/* galen export */
#include "cli.h"

#include "folder.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The entries that are disclosed: the one that is asked for, or all that this device can open. */
static uint64_t *choose_open(const struct galen_log *log,
                             const struct galen_evidence_options *options, size_t *count)
{
    uint64_t size = galen_log_size(log);
    uint64_t *open = calloc((size_t)size + 1, sizeof *open);
    *count = 0;
    for (uint64_t i = 0; open && i < size; i++)
        if (galen_log_read(log, i)->state == GALEN_READ_OPEN &&
            (!options->only || i == options->index))
            open[(*count)++] = i;
    return open;
}

/* Is one of them a sign-off? With it stands all that was signed. */
static bool opens_a_sign_off(const struct galen_docs *docs,
                             const struct galen_evidence_options *options)
{
    struct galen_docs_item item;
    for (size_t i = 0; i < options->open_count; i++)
        if (galen_docs_item(docs, options->open[i], &item) && item.kind == GALEN_KIND_SIGN &&
            item.verdict.counts)
            return true;
    return false;
}

static void warn_of_open(struct cli *cli, const struct galen_id *chart,
                         const struct galen_evidence_options *options)
{
    cli_warn(cli,
             "The content of %zu entr%s is in the file%s, for whoever has it. That cannot be taken "
             "back.",
             options->open_count, options->open_count == 1 ? "y" : "ies",
             opens_a_sign_off(galen_engine_docs(cli->engine, chart), options)
                 ? ", and the whole record as it was signed"
                 : "");
}

static int write_file(struct cli *cli, const char *path, const struct galen_writer *out)
{
    if (file_make(path, out->at, out->size))
        return CLI_OK;
    return cli_fail(cli, GALEN_ERR_IO, "%s cannot be made: %s.", path,
                    errno == EEXIST ? "there is such a file already; choose another name"
                                    : strerror(errno));
}

static void show_written(struct cli *cli, const struct galen_id *chart, uint64_t size,
                         size_t opened, size_t bytes)
{
    const char *path = cli->args.value[OPTION_TO];
    if (cli->json) {
        cJSON *object = cJSON_CreateObject();
        json_id(object, "chart", chart);
        cJSON_AddStringToObject(object, "file", path);
        json_number(object, "size", size);
        json_number(object, "opened", opened);
        json_number(object, "bytes", bytes);
        print_json(object);
        return;
    }
    char practice[HEX_ID];
    id_text(galen_engine_practice(cli->engine), practice);
    printf("Written: %s\nWhoever gets it checks it with\n  galen verify %s --practice %s\nGive "
           "them the "
           "fingerprint by another way than the file.\n",
           path, path, practice);
}

static int export_chart(struct cli *cli, const struct galen_id *chart,
                        struct galen_evidence_options *options)
{
    const struct galen_log *log = galen_engine_log(cli->engine, chart);
    struct galen_writer out;
    uint64_t *open = NULL;
    if (options->only && options->index >= galen_log_size(log))
        return cli_fail(cli, GALEN_ERR_USAGE, "The chart has no entry %llu.",
                        (unsigned long long)options->index);
    if (cli->args.given[OPTION_OPEN]) {
        open = choose_open(log, options, &options->open_count);
        if (!open)
            return cli_fail(cli, GALEN_ERR_MEMORY, NULL);
        options->open = open;
        warn_of_open(cli, chart, options);
    }
    galen_writer_init(&out);
    enum galen_err err = galen_engine_evidence(cli->engine, chart, options, &out);
    if (err == GALEN_ERR_NOT_LOADED) {
        session_turn(cli->session);
        err = session_broken(cli->session);
        if (err == GALEN_OK)
            err = galen_engine_evidence(cli->engine, chart, options, &out);
    }
    int status = err != GALEN_OK ? cli_fail(cli, err, NULL)
                                 : write_file(cli, cli->args.value[OPTION_TO], &out);
    if (status == CLI_OK)
        show_written(cli, chart, galen_log_size(log), options->open_count, out.size);
    galen_writer_wipe(&out);
    free(open);
    return status;
}

int command_export(struct cli *cli)
{
    struct galen_id chart;
    struct galen_evidence_options options = {.clock_ms = clock_ms()};
    options.only = cli->args.given[OPTION_ONLY];
    if (!cli->args.given[OPTION_TO])
        return cli_fail(cli, GALEN_ERR_USAGE, "--to FILE should say where to write it.");
    if (options.only && !number_read(cli->args.value[OPTION_ONLY], UINT32_MAX, &options.index))
        return cli_fail(cli, GALEN_ERR_USAGE, "--only takes the number of an entry.");
    int status = cli_open(cli, OPEN_MEMBER);
    if (status == CLI_OK)
        status = chart_argument(cli, 0, &chart);
    if (status != CLI_OK)
        return status;
    /* A chart that stopped because histories differ is what evidence is for: what is here is written. */
    int synced = cli_sync_to_show(cli, &chart);
    status = export_chart(cli, &chart, &options);
    return status != CLI_OK ? status : synced;
}
