/* What is typed after `galen`: options, words, numbers, addresses. */
#include "cli/arguments.h"
#include "cli/cli.h"

#include <criterion/criterion.h>
#include <string.h>

static bool reads(struct arguments *out, char why[ARGUMENTS_WHY_MAX], const char *const *words)
{
    char *argv[24] = {(char *)"galen"};
    int argc = 1;
    for (; words[argc - 1]; argc++)
        argv[argc] = (char *)words[argc - 1];
    return arguments_read(argc, argv, out, why);
}
#define READS(...) reads(&args, why, (const char *const[]){__VA_ARGS__, NULL})

Test(cli_arguments, options_stand_anywhere_and_in_both_forms)
{
    struct arguments args;
    char why[ARGUMENTS_WHY_MAX];
    cr_assert(READS("--home", "here", "chart", "--json", "log", "--from=7", "ab12"));
    cr_expect_eq(args.word_count, 3);
    cr_expect_str_eq(args.words[0], "chart");
    cr_expect_str_eq(args.words[2], "ab12");
    cr_expect(args.given[OPTION_JSON] && args.given[OPTION_HOME] && args.given[OPTION_FROM]);
    cr_expect_str_eq(args.value[OPTION_HOME], "here");
    cr_expect_str_eq(args.value[OPTION_FROM], "7");
    cr_expect(!args.given[OPTION_HELP]);
}

Test(cli_arguments, two_hyphens_end_the_options)
{
    struct arguments args;
    char why[ARGUMENTS_WHY_MAX];
    cr_assert(READS("verify", "--", "--json"));
    cr_expect_eq(args.word_count, 2);
    cr_expect_str_eq(args.words[1], "--json");
    cr_expect(!args.given[OPTION_JSON]);
}

Test(cli_arguments, the_value_of_an_option_may_be_empty_or_look_like_an_option)
{
    struct arguments args;
    char why[ARGUMENTS_WHY_MAX];
    cr_assert(READS("--home=", "--to", "--json"));
    cr_expect_str_eq(args.value[OPTION_HOME], "");
    cr_expect_str_eq(args.value[OPTION_TO], "--json");
    cr_expect(!args.given[OPTION_JSON]);
}

Test(cli_arguments, what_is_wrong_is_named)
{
    struct arguments args;
    char why[ARGUMENTS_WHY_MAX];
    cr_expect(!READS("--jsonx"));
    cr_expect(strstr(why, "--jsonx"));
    cr_expect(!READS("--jso"), "an option is not guessed from its beginning");
    cr_expect(!READS("--json=1"));
    cr_expect(strstr(why, "takes no value"));
    cr_expect(!READS("chart", "--home"));
    cr_expect(strstr(why, "needs a value: --home DIR"));
    cr_expect(!READS("1", "2", "3", "4", "5", "6", "7", "8", "9"));
    cr_expect(strstr(why, "standard input"));
}

Test(cli_arguments, a_link_among_the_arguments_is_refused_and_not_repeated)
{
    struct arguments args;
    char why[ARGUMENTS_WHY_MAX];
    cr_expect(!READS("join", "https://galen.example/join#ASecret"));
    cr_expect(strstr(why, "standard input") && !strstr(why, "ASecret"));
    cr_expect(!READS("join", "--home=https://galen.example/join#ASecret"));
    cr_expect(!strstr(why, "ASecret"));
    cr_expect(!READS("--", "https://galen.example/join#ASecret"));
}

Test(cli_arguments, numbers_are_whole_and_bounded)
{
    static const struct {
        const char *text;
        uint64_t max;
        bool ok;
        uint64_t value;
    } cases[] = {
        {"0", 0, true, 0},
        {"7", 9, true, 7},
        {"007", 9, true, 7},
        {"18446744073709551615", UINT64_MAX, true, UINT64_MAX},
        {"18446744073709551616", UINT64_MAX, false, 0},
        {"99999999999999999999999", UINT64_MAX, false, 0},
        {"10", 9, false, 0},
        {"", 9, false, 0},
        {"-1", 9, false, 0},
        {"+1", 9, false, 0},
        {"1 ", 9, false, 0},
        {"0x1", 9, false, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint64_t value = 0;
        cr_expect_eq(number_read(cases[i].text, cases[i].max, &value), cases[i].ok, "“%s”",
                     cases[i].text);
        cr_expect(!cases[i].ok || value == cases[i].value, "“%s”", cases[i].text);
    }
}

Test(cli_arguments, addresses_give_host_and_port)
{
    static const struct {
        const char *url, *host;
    } cases[] = {
        {"https://galen.example", "galen.example:443"},
        {"https://galen.example/", "galen.example:443"},
        {"https://localhost:8443", "localhost:8443"},
        {"https://10.0.0.1:1/", "10.0.0.1:1"},
        {"http://galen.example", NULL},
        {"galen.example", NULL},
        {"https://", NULL},
        {"https://:443", NULL},
        {"https://galen.example:", NULL},
        {"https://galen.example:44x", NULL},
        {"https://galen.example:1234567", NULL},
        {"https://galen.example/join", NULL},
        {"https://user@galen.example", NULL},
        {"https://galen example", NULL},
        {"https://galen.example?x", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char host[64] = "";
        bool ok = read_url(cases[i].url, host, sizeof host);
        cr_expect_eq(ok, cases[i].host != NULL, "%s", cases[i].url);
        if (ok && cases[i].host)
            cr_expect_str_eq(host, cases[i].host);
    }
    char small[16];
    cr_expect(!read_url("https://galen.example", small, sizeof small), "no room for the port");
}

Test(cli_arguments, digits_become_bytes)
{
    uint8_t bytes[4];
    cr_expect_eq(hex_read("0aF", bytes, sizeof bytes), 3);
    cr_expect(memcmp(bytes, "\x0a\xf0\x00\x00", 4) == 0);
    cr_expect_eq(hex_read("01020304", bytes, sizeof bytes), 8);
    cr_expect_eq(hex_read("010203040", bytes, sizeof bytes), -1, "more than there is room for");
    cr_expect_eq(hex_read("", bytes, sizeof bytes), -1);
    cr_expect_eq(hex_read("0g", bytes, sizeof bytes), -1);
}

Test(cli_arguments, every_command_can_be_typed_and_is_explained)
{
    for (size_t i = 0; i < command_count; i++) {
        const struct command *c = &commands[i];
        size_t words = 1;
        for (const char *at = c->words; *at; at++)
            words += *at == ' ' ? 1 : 0;
        cr_expect(words + c->most <= WORDS_MAX, "%s", c->words);
        cr_expect(c->least <= c->most && c->run && c->summary[0], "%s", c->words);
        cr_expect((c->options & OPTIONS_COMMON) == 0, "%s lists an option of every command",
                  c->words);
        for (size_t k = 0; k < i; k++)
            cr_expect(strncmp(commands[k].words, c->words, strlen(commands[k].words)) != 0 ||
                          c->words[strlen(commands[k].words)] != ' ',
                      "`%s` would hide `%s`", commands[k].words, c->words);
    }
}
