/* galen, the native client: finds the command and runs it. */
#include "cli.h"

#include "galen/crypto.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

/* How many words of the arguments name the command; 0: none. */
static size_t names(const struct command *command, const struct arguments *args)
{
    const char *at = command->words;
    size_t i = 0;
    for (; i < args->word_count && *at; i++) {
        size_t size = strcspn(at, " ");
        if (strlen(args->words[i]) != size || memcmp(args->words[i], at, size) != 0)
            return 0;
        at += size + (at[size] == ' ' ? 1 : 0);
    }
    return *at ? 0 : i;
}

static bool find_command(struct cli *cli)
{
    for (size_t c = 0; c < command_count; c++) {
        size_t used = names(&commands[c], &cli->args);
        if (used == 0)
            continue;
        cli->command = &commands[c];
        cli->args.word_count -= used;
        memmove(cli->args.words, cli->args.words + used,
                cli->args.word_count * sizeof *cli->args.words);
        return true;
    }
    return false;
}

/* The commands that begin with the word that was typed, for `galen chart`. */
static int unknown_command(struct cli *cli)
{
    char list[512] = "";
    size_t used = 0, size = strlen(cli->args.words[0]);
    for (size_t c = 0; c < command_count; c++) {
        if (strncmp(commands[c].words, cli->args.words[0], size) != 0 ||
            commands[c].words[size] != ' ')
            continue;
        int n = snprintf(list + used, sizeof list - used, "\n  galen %s %s", commands[c].words,
                         commands[c].args);
        used += n > 0 && (size_t)n < sizeof list - used ? (size_t)n : 0;
    }
    if (list[0])
        return cli_fail(cli, GALEN_ERR_USAGE, "`galen %s` needs one word more:%s",
                        cli->args.words[0], list);
    return cli_fail(cli, GALEN_ERR_USAGE, "There is no command `%s`. `galen --help` lists them.",
                    cli->args.words[0]);
}

static int check_arguments(struct cli *cli)
{
    const struct command *command = cli->command;
    const struct arguments *args = &cli->args;
    if (args->word_count < command->least)
        return cli_fail(cli, GALEN_ERR_USAGE,
                        "Something is missing: galen %s %s. See galen %s --help.", command->words,
                        command->args, command->words);
    if (args->word_count > command->most)
        return cli_fail(
            cli, GALEN_ERR_USAGE,
            "These are too many words: galen %s%s%s. Texts, names and links come from standard "
            "input. See galen %s --help.",
            command->words, command->args[0] ? " " : "", command->args, command->words);
    for (size_t i = 0; i < OPTION_COUNT; i++)
        if (args->given[i] && !((OPTIONS_COMMON | command->options) >> i & 1))
            return cli_fail(cli, GALEN_ERR_USAGE,
                            "galen %s has no option --%s. See galen %s --help.", command->words,
                            option_infos[i].name, command->words);
    return CLI_OK;
}

static int run(struct cli *cli)
{
    bool help = cli->args.given[OPTION_HELP];
    if (cli->args.word_count > 0 && strcmp(cli->args.words[0], "help") == 0) {
        help = true;
        cli->args.word_count--;
        memmove(cli->args.words, cli->args.words + 1,
                cli->args.word_count * sizeof *cli->args.words);
    }
    if (cli->args.word_count == 0 && help) {
        help_all();
        return CLI_OK;
    }
    if (cli->args.word_count == 0)
        return cli_fail(cli, GALEN_ERR_USAGE,
                        "What should be done? `galen --help` lists the commands.");
    if (!find_command(cli))
        return unknown_command(cli);
    if (help) {
        help_command(cli->command);
        return CLI_OK;
    }
    int status = check_arguments(cli);
    if (status != CLI_OK)
        return status;
    if (!galen_crypto_start())
        return cli_fail(cli, GALEN_ERR_STATE,
                        "This machine gives no random bytes; nothing is safe on it.");
    status = cli->command->run(cli);
    cli_close(cli);
    return status;
}

int main(int argc, char **argv)
{
    static struct cli cli;
    char why[ARGUMENTS_WHY_MAX];
    const struct rlimit none = {0, 0};
    signal(SIGPIPE, SIG_IGN);
    umask(077);
    setrlimit(RLIMIT_CORE, &none); /* a core file would hold keys */
    if (!arguments_read(argc, argv, &cli.args, why)) {
        for (int i = 1; i < argc; i++)
            cli.json = cli.json || strcmp(argv[i], "--json") == 0;
        return cli_fail(&cli, GALEN_ERR_USAGE, "%s", why);
    }
    cli.json = cli.args.given[OPTION_JSON];
    int status = run(&cli);
    if (fflush(stdout) != 0 && status == CLI_OK)
        status = CLI_FAILED;
    return status;
}
