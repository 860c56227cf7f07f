/* galen practice init */
#include "cli.h"

#include "folder.h"
#include "galen/crypto.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define SECRET_BYTES 32
#define SECRET_TEXT  (2 * SECRET_BYTES + 1) /* digits and a line feed */

struct founding {
    uint8_t practice[SECRET_BYTES], custodian[SECRET_BYTES];
    char practice_path[FOLDER_PATH_MAX], custodian_path[FOLDER_PATH_MAX];
    uint8_t token[GALEN_TOKEN_MAX + 2];
    size_t token_size;
};

/* Reads the secret that stands there from an earlier try, or makes one and keeps it first. */
static int offline_secret(struct cli *cli, const char *name, bool make,
                          uint8_t secret[SECRET_BYTES], char path[FOLDER_PATH_MAX])
{
    char text[SECRET_TEXT + 1];
    if (!folder_path(cli->home, name, path))
        return cli_fail(cli, GALEN_ERR_IO, NULL);
    long n = file_read(path, (uint8_t *)text, SECRET_TEXT);
    if (n < 0 && errno == ENOENT && make) {
        randombytes_buf(secret, SECRET_BYTES);
        hex_text(secret, SECRET_BYTES, text);
        text[SECRET_TEXT - 1] = '\n';
        bool made = file_make(path, text, SECRET_TEXT);
        sodium_memzero(text, sizeof text);
        return made ? CLI_OK
                    : cli_fail(cli, GALEN_ERR_IO, "%s cannot be made: %s.", path, strerror(errno));
    }
    if (n < SECRET_TEXT - 1)
        return cli_fail_as(
            cli, CLI_HOME, GALEN_ERR_IO,
            "%s is not there or not whole. Put it back to go on founding the practice.", path);
    text[SECRET_TEXT - 1] = 0;
    bool whole = hex_read(text, secret, SECRET_BYTES) == 2 * SECRET_BYTES;
    sodium_memzero(text, sizeof text);
    return whole ? CLI_OK
                 : cli_fail_as(cli, CLI_HOME, GALEN_ERR_IO,
                               "%s does not hold 64 hexadecimal digits. Put the right one back.",
                               path);
}

static int find_secrets(struct cli *cli, struct founding *f)
{
    char folder[FOLDER_PATH_MAX];
    bool make = galen_engine_state(cli->engine) == GALEN_HOME_EMPTY;
    if (!folder_path(cli->home, "offline", folder) || (mkdir(folder, 0700) != 0 && errno != EEXIST))
        return cli_fail(cli, GALEN_ERR_IO, "%s cannot be made: %s.", folder, strerror(errno));
    int status =
        offline_secret(cli, "offline/practice.secret", make, f->practice, f->practice_path);
    if (status == CLI_OK)
        status =
            offline_secret(cli, "offline/custodian.secret", make, f->custodian, f->custodian_path);
    return status;
}

static int read_token(struct cli *cli, struct founding *f)
{
    const char *path = cli->args.value[OPTION_TOKEN_FILE];
    long n = path ? file_read(path, f->token, sizeof f->token) : -1;
    if (n < 0) {
        /* The server takes the file away once it was used; then the token is needed no more. */
        if (galen_engine_state(cli->engine) == GALEN_HOME_FOUNDING)
            return CLI_OK;
        return cli_fail(
            cli, path ? GALEN_ERR_TOKEN : GALEN_ERR_USAGE,
            "--token-file should name the file with the set-up token that galend wrote into its "
            "data folder%s%s.",
            path ? ": " : "",
            !path     ? ""
            : n == -2 ? "this one is too long"
                      : strerror(errno));
    }
    while (n > 0 && (f->token[n - 1] == '\n' || f->token[n - 1] == ' '))
        n--;
    f->token_size = (size_t)n;
    return CLI_OK;
}

static bool is_founded(void *context)
{
    struct cli *cli = context;
    return galen_engine_state(cli->engine) == GALEN_HOME_MEMBER &&
           galen_engine_waiting(cli->engine, NULL) == 0;
}

static void show(struct cli *cli, const struct founding *f)
{
    char practice[HEX_ID];
    id_text(galen_engine_practice(cli->engine), practice);
    if (cli->json) {
        cJSON *object = json_new("practice", practice);
        json_id(object, "device", galen_engine_device(cli->engine));
        json_id(object, "account", galen_engine_account(cli->engine));
        json_id(object, "chart", galen_engine_practice_chart(cli->engine));
        cJSON_AddStringToObject(object, "role", galen_role_name(galen_engine_role(cli->engine)));
        cJSON_AddStringToObject(object, "practice_secret", f->practice_path);
        cJSON_AddStringToObject(object, "custodian_secret", f->custodian_path);
        print_json(object);
        return;
    }
    printf(
        "The practice is founded, and this home is its first administrator.\n\n"
        "Its fingerprint, which `galen verify` asks for:\n  %s\n\n"
        "Two secrets are in this home now. Move each to a safe place of its own that is not "
        "connected to\n"
        "anything (a USB stick in a safe; on paper), and remove them here:\n  %s\n  %s\n"
        "The first certifies administrators; the second opens every chart when nobody else can.\n\n"
        "Next: galen invite --role pharmacist    (type the name)\n"
        "      galen chart new                   (type the patient's name)\n",
        practice, f->practice_path, f->custodian_path);
}

static int found(struct cli *cli, struct founding *f, struct galen_bytes name)
{
    int status = find_secrets(cli, f);
    if (status == CLI_OK)
        status = read_token(cli, f);
    if (status != CLI_OK)
        return status;
    struct galen_bytes host = {(const uint8_t *)cli->server, strlen(cli->server)};
    enum galen_err err = galen_engine_found(cli->engine, clock_ms(), host,
                                            (struct galen_bytes){f->token, f->token_size},
                                            f->practice, f->custodian, name);
    if (err != GALEN_OK)
        return cli_fail(cli, err, NULL);
    enum wait_end end = session_wait(cli->session, cli->deadline_ms, is_founded, cli);
    uint64_t at;
    if (end == WAIT_REFUSED && session_refusal(cli->session, &at) == GALEN_ERR_CERTIFICATE)
        return cli_fail(
            cli, GALEN_ERR_CERTIFICATE,
            "This server belongs to another practice already. Each practice has a server of its "
            "own.");
    if (end != WAIT_DONE)
        return cli_wait_failed(cli, end);
    show(cli, f);
    return CLI_OK;
}

int command_practice_init(struct cli *cli)
{
    struct galen_writer name;
    struct founding f = {0};
    if (!cli->args.given[OPTION_SERVER])
        return cli_fail(cli, GALEN_ERR_USAGE, "--server URL should name the new server.");
    galen_writer_init(&name);
    int status = read_line(cli, "the name of the first administrator", &name);
    if (status == CLI_OK)
        status = cli_open(cli, OPEN_MAKE);
    if (status == CLI_OK && galen_engine_state(cli->engine) != GALEN_HOME_EMPTY &&
        galen_engine_state(cli->engine) != GALEN_HOME_FOUNDING)
        status = cli_fail_as(cli, CLI_HOME, GALEN_ERR_STATE,
                             "The home %s belongs to somebody already. Choose another --home.",
                             cli->home);
    if (status == CLI_OK)
        status = found(cli, &f, galen_written(&name));
    sodium_memzero(&f, sizeof f);
    galen_writer_wipe(&name);
    return status;
}
