#include "cli.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* -- texts of strangers ----------------------------------------------------------------------------- */

void plain_text(char *text)
{
    bool is_text = galen_text_ok((struct galen_bytes){(const uint8_t *)text, strlen(text)});
    for (char *at = text; *at && !is_text; at++)
        if ((unsigned char)*at >= 0x7f || (unsigned char)*at < ' ')
            *at = '?';
}

static void said_to(FILE *to, const char *text)
{
    for (; *text; text++) {
        putc(*text, to);
        if (*text == '\n')
            fputs("        | ", to);
    }
}

void print_said(const char *text)
{
    said_to(stdout, text);
}

/* -- failures --------------------------------------------------------------------------------------- */

static int status_of(enum galen_err err)
{
    switch (err) {
    case GALEN_OK:
        return CLI_OK;
    case GALEN_ERR_USAGE:
        return CLI_USAGE;
    case GALEN_ERR_OFFLINE:
    case GALEN_ERR_TIMEOUT:
        return CLI_OFFLINE;
    case GALEN_ERR_FORK:
    case GALEN_ERR_CLONED:
    case GALEN_ERR_HEAD:
        return CLI_DANGER;
    default:
        return CLI_FAILED;
    }
}

static int fail(const struct cli *cli, int status, enum galen_err err, const char *text)
{
    const char *help = galen_err_help(err);
    if (cli->captured) {
        cli->captured->err = err;
        snprintf(cli->captured->text, sizeof cli->captured->text, "%s", text[0] ? text : help);
        return status;
    }
    fflush(stdout);
    if (cli->json) {
        cJSON *object = json_new("error", galen_err_name(err));
        cJSON_AddStringToObject(object, "message", text[0] ? text : help);
        cJSON_AddStringToObject(object, "help", help);
        cJSON_AddNumberToObject(object, "status", status);
        char *line = cJSON_PrintUnformatted(object);
        fprintf(stderr, "%s\n", line ? line : "{\"error\":\"out-of-memory\"}");
        cJSON_free(line);
        cJSON_Delete(object);
    } else {
        fprintf(stderr, "galen: %s\n", text[0] ? text : help);
    }
    return status;
}

int cli_fail(const struct cli *cli, enum galen_err err, const char *format, ...)
{
    char text[2048] = "";
    va_list list;
    va_start(list, format);
    if (format)
        vsnprintf(text, sizeof text, format, list);
    va_end(list);
    plain_text(text);
    return fail(cli, status_of(err), err, text);
}

int cli_fail_as(const struct cli *cli, int status, enum galen_err err, const char *format, ...)
{
    char text[2048] = "";
    va_list list;
    va_start(list, format);
    if (format)
        vsnprintf(text, sizeof text, format, list);
    va_end(list);
    plain_text(text);
    return fail(cli, status, err, text);
}

void cli_warn(const struct cli *cli, const char *format, ...)
{
    char text[2048];
    va_list list;
    va_start(list, format);
    vsnprintf(text, sizeof text, format, list);
    va_end(list);
    plain_text(text);
    fflush(stdout);
    if (!cli->json) {
        fprintf(stderr, "galen: %s\n", text);
        return;
    }
    cJSON *object = json_new("warning", text);
    char *line = cJSON_PrintUnformatted(object);
    fprintf(stderr, "%s\n", line ? line : "");
    cJSON_free(line);
    cJSON_Delete(object);
}

void cli_failed(const struct cli *cli, FILE *to, const struct galen_event *e)
{
    struct galen_writer words;
    galen_writer_init(&words);
    failed_words(e, &words);
    galen_write_u8(&words, 0);
    const char *text = words.failed ? "" : (const char *)words.at;
    if (*text && cli->json) {
        cJSON *object = json_new("said", text);
        char *line = cJSON_PrintUnformatted(object);
        fprintf(to, "%s\n", line ? line : "");
        cJSON_free(line);
        cJSON_Delete(object);
    } else if (*text) {
        fputs("  It said: ", to);
        said_to(to, text);
        putc('\n', to);
    }
    galen_writer_wipe(&words);
}

/* -- JSON ------------------------------------------------------------------------------------------- */

void print_json(cJSON *object)
{
    char *line = cJSON_PrintUnformatted(object);
    if (line)
        puts(line);
    fflush(stdout);
    cJSON_free(line);
    cJSON_Delete(object);
}

/* -- time ------------------------------------------------------------------------------------------- */

void local_time_text(uint64_t ms, char out[TIME_TEXT])
{
    time_t seconds = (time_t)(ms / 1000);
    struct tm tm;
    if (!localtime_r(&seconds, &tm) || strftime(out, TIME_TEXT, "%Y-%m-%d %H:%M:%S", &tm) == 0)
        out[0] = 0;
}
