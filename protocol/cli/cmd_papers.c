/* galen chart papers */
#include "cli.h"

#include "folder.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

static int read_asked(struct cli *cli, struct papers_asked *asked)
{
    const char *version = cli->args.value[OPTION_VERSION], *paper = cli->args.value[OPTION_PAPER];
    time_t now = time(NULL);
    struct tm local;
    *asked = (struct papers_asked){.version = PAPERS_NEWEST,
                                   .list = cli->args.given[OPTION_LIST],
                                   .a4 = paper && strcmp(paper, "a4") == 0};
    if (localtime_r(&now, &local))
        asked->zone_minutes = (int32_t)(local.tm_gmtoff / 60);
    if (version && !number_read(version, UINT32_MAX, &asked->version))
        return cli_fail(cli, GALEN_ERR_USAGE,
                        "--version takes a number: `galen doc versions` lists them.");
    if (paper && !asked->a4 && strcmp(paper, "letter") != 0)
        return cli_fail(cli, GALEN_ERR_USAGE, "--paper takes letter or a4.");
    if (!cli->args.value[OPTION_TO])
        return cli_fail(cli, GALEN_ERR_USAGE, "Say with --to in which folder to write.");
    return CLI_OK;
}

/* The file's name says which paper and version it is, and nothing of the patient. */
static int write_paper(struct cli *cli, const cJSON *paper, const cJSON *answer, cJSON *files)
{
    char path[4096];
    const char *name = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(paper, "name"));
    const char *html = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(paper, "html"));
    const cJSON *version = cJSON_GetObjectItemCaseSensitive(answer, "version");
    if (!name || !html)
        return cli_fail(cli, GALEN_ERR_MEMORY, NULL);
    int size = version ? snprintf(path, sizeof path, "%s/%s-version-%d.html",
                                  cli->args.value[OPTION_TO], name, version->valueint)
                       : snprintf(path, sizeof path, "%s/%s-not-signed.html",
                                  cli->args.value[OPTION_TO], name);
    if (size < 0 || (size_t)size >= sizeof path)
        return cli_fail(cli, GALEN_ERR_USAGE, "The folder's name is too long.");
    if (!file_make(path, (const uint8_t *)html, strlen(html)))
        return cli_fail(cli, GALEN_ERR_IO, "%s cannot be made: %s.", path,
                        errno == EEXIST ? "there is such a file already; choose another folder"
                                        : strerror(errno));
    json_append(files, cJSON_CreateString(path));
    if (!cli->json)
        printf("Written: %s\n", path);
    return CLI_OK;
}

static int write_papers(struct cli *cli, const struct galen_id *chart, const cJSON *answer)
{
    const cJSON *paper;
    cJSON *object = cJSON_CreateObject(), *files = cJSON_CreateArray();
    int status = CLI_OK;
    if (mkdir(cli->args.value[OPTION_TO], 0700) != 0 && errno != EEXIST)
        status = cli_fail(cli, GALEN_ERR_IO, "%s cannot be made: %s.", cli->args.value[OPTION_TO],
                          strerror(errno));
    cJSON_ArrayForEach(paper, cJSON_GetObjectItemCaseSensitive(answer, "papers"))
    {
        if (status == CLI_OK)
            status = write_paper(cli, paper, answer, files);
    }
    json_id(object, "chart", chart);
    static const char *const told[] = {"signed", "version", "superseded"};
    for (size_t i = 0; i < sizeof told / sizeof *told; i++) {
        const cJSON *item = cJSON_GetObjectItemCaseSensitive(answer, told[i]);
        if (item)
            json_put(object, told[i], cJSON_Duplicate(item, true));
    }
    json_put(object, "files", files);
    if (status == CLI_OK && cli->json)
        print_json(object);
    else
        cJSON_Delete(object);
    if (status == CLI_OK && !cli->json &&
        cJSON_IsFalse(cJSON_GetObjectItemCaseSensitive(answer, "signed")))
        printf("They are of the record as it is now, and marked as NOT SIGNED.\n");
    return status;
}

int command_chart_papers(struct cli *cli)
{
    struct galen_id chart;
    struct papers_asked asked;
    enum galen_err err;
    int status = read_asked(cli, &asked);
    if (status == CLI_OK)
        status = cli_open(cli, OPEN_MEMBER);
    if (status == CLI_OK)
        status = chart_argument(cli, 0, &chart);
    if (status != CLI_OK)
        return status;
    status = cli_sync_to_show(cli, &chart);
    cJSON *answer = papers_json(cli->engine, &chart, &asked, clock_ms(), &err);
    if (err == GALEN_ERR_VALUE)
        return cli_fail(cli, err, "There is no such version. `galen doc versions` lists them.");
    if (!answer)
        return cli_fail(cli, err, NULL);
    int written = write_papers(cli, &chart, answer);
    cJSON_Delete(answer);
    return written != CLI_OK ? written : status;
}
