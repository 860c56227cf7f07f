/* What galend reads from its command line, and the clock that its times come from. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "../../server/config.c"
#include "../../server/transport_clock.c"

static char why[CONFIG_WHY_MAX];
static struct config config;

static enum config_wish read_words(int count, const char *const *words)
{
    char *argv[16] = {(char *)"galend"};
    for (int i = 0; i < count; i++)
        argv[i + 1] = (char *)words[i];
    return config_read(&config, count + 1, argv, why);
}
#define READ(...)                                                                                  \
    read_words((int)(sizeof((const char *[]){__VA_ARGS__}) / sizeof(char *)),                      \
               (const char *[]){__VA_ARGS__})

Test(config, everything_else_stands_in_the_data_folder)
{
    cr_assert_eq(READ("--data", "/var/lib/galen"), CONFIG_RUN);
    cr_assert_str_eq(config.store, "/var/lib/galen/store.db");
    cr_assert_str_eq(config.cert, "/var/lib/galen/server.pem");
    cr_assert_str_eq(config.key, "/var/lib/galen/server.key");
    cr_assert_str_eq(config.host, "localhost");
    cr_assert_str_eq(config.port, "8443");
    cr_assert_eq(config.name_count, 0);
    cr_assert_not(config.open_metrics);
}

Test(config, values_follow_a_space_or_an_equals_sign)
{
    cr_assert_eq(READ("--data=d", "--cert", "c", "--key=k", "--store-file", "s", "--name",
                      "a.example", "--name=b.example", "--user", "galen", "--open-metrics"),
                 CONFIG_RUN);
    cr_assert_str_eq(config.data, "d");
    cr_assert_str_eq(config.cert, "c");
    cr_assert_str_eq(config.key, "k");
    cr_assert_str_eq(config.store, "s");
    cr_assert_eq(config.name_count, 2);
    cr_assert_str_eq(config.names[0], "a.example");
    cr_assert_str_eq(config.names[1], "b.example");
    cr_assert_str_eq(config.user, "galen");
    cr_assert(config.open_metrics);
}

Test(config, listens_where_it_is_told)
{
    static const struct {
        const char *value, *host, *port;
    } good[] = {
        {"127.0.0.1:0", "127.0.0.1", "0"},
        {"[::1]:8443", "::1", "8443"},
        {":443", "", "443"},
        {"chart.example:65535", "chart.example", "65535"},
        {"[::]:08", "::", "8"},
    };
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        cr_assert_eq(READ("--data", "d", "--listen", good[i].value), CONFIG_RUN, "%s",
                     good[i].value);
        cr_assert_str_eq(config.host, good[i].host);
        cr_assert_str_eq(config.port, good[i].port);
    }
    static const char *const bad[] = {"8443",  "localhost", "localhost:", "h:65536",
                                      "h:-1",  "h: 8",      "h:8443x",    "::1:8443",
                                      "[::1]", "h:+8",      "h:999999",   "h:18446744073709551617"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        cr_assert_eq(READ("--data", "d", "--listen", bad[i]), CONFIG_WRONG, "%s", bad[i]);
        cr_assert_gt(strlen(why), 10);
    }
}

Test(config, changes_limits_by_name)
{
    struct hub_limits before = hub_limits_default();
    cr_assert_eq(READ("--data", "d", "--limit", "connections=12", "--limit=silence_ms=500"),
                 CONFIG_RUN);
    cr_assert_eq(config.limits.connections, 12);
    cr_assert_eq(config.limits.silence_ms, 500);
    cr_assert_eq(config.limits.outbox_bytes, before.outbox_bytes);
    static const char *const bad[] = {
        "connections",    "connections=",           "connections=0", "connections=x",
        "connections=5k", "connections=4294967296", "connection=5",  "=5",
        "connections=-1"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        cr_assert_eq(READ("--data", "d", "--limit", bad[i]), CONFIG_WRONG, "%s", bad[i]);
}

Test(config, every_limit_can_be_set)
{
    struct hub_limits all = {0};
    for (size_t i = 0; i < LIMIT_COUNT; i++) {
        char word[64];
        snprintf(word, sizeof word, "%s=7", limits[i].name);
        cr_assert_eq(READ("--data", "d", "--limit", word), CONFIG_RUN, "%s", word);
        memset((char *)&all + limits[i].offset, 1,
               limits[i].type == LIMIT_SIZE ? sizeof(size_t) : sizeof(uint32_t));
    }
    /* Every byte but padding belongs to a row of the table. */
    size_t untouched = 0;
    for (size_t i = 0; i < sizeof all; i++)
        untouched += ((const char *)&all)[i] == 0;
    cr_assert_lt(untouched, sizeof(size_t) * 4);
}

Test(config, refuses_what_it_does_not_know)
{
    cr_assert_eq(READ("--colour", "blue"), CONFIG_WRONG);
    cr_assert_eq(READ("data"), CONFIG_WRONG);
    cr_assert_eq(READ("--data"), CONFIG_WRONG);
    cr_assert_eq(READ("--dat", "d"), CONFIG_WRONG);
    cr_assert_eq(READ("--data="), CONFIG_WRONG);
    cr_assert_eq(READ("--open-metrics=yes", "--data", "d"), CONFIG_WRONG);
    cr_assert_eq(READ("--name", "", "--data", "d"), CONFIG_WRONG);
    cr_assert_eq(READ("--name", "a/b", "--data", "d"), CONFIG_WRONG);
    cr_assert_eq(READ("--listen", ":0"), CONFIG_WRONG, "without --data");
    char longer[CONFIG_PATH_MAX + 8];
    memset(longer, 'x', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    cr_assert_eq(READ("--data", longer), CONFIG_WRONG);
    cr_assert_eq(READ("--data", "d", "--cert", longer), CONFIG_WRONG);
    cr_assert_eq(READ("--data", "d", "--name", longer), CONFIG_WRONG);
    char *many[3 + 2 * CONFIG_NAMES_MAX + 2] = {(char *)"galend", (char *)"--data=d"};
    for (size_t i = 2; i < sizeof many / sizeof many[0]; i++)
        many[i] = (char *)"--name=a";
    cr_assert_eq(config_read(&config, CONFIG_NAMES_MAX + 2, many, why), CONFIG_RUN);
    cr_assert_eq(config_read(&config, CONFIG_NAMES_MAX + 3, many, why), CONFIG_WRONG);
}

Test(config, asks_for_help_win_at_once)
{
    cr_assert_eq(READ("--help"), CONFIG_HELP);
    cr_assert_eq(READ("--data", "d", "--version"), CONFIG_VERSION);
}

Test(config, help_names_every_option_and_limit)
{
    static char text[16384];
    FILE *file = fmemopen(text, sizeof text, "w");
    config_help(file);
    fclose(file);
    for (size_t i = 0; i < OPTION_COUNT; i++)
        cr_assert(strstr(text, options[i].name), "%s", options[i].name);
    for (size_t i = 0; i < LIMIT_COUNT; i++)
        cr_assert(strstr(text, limits[i].name), "%s", limits[i].name);
}

Test(clock, follows_the_machines_and_never_goes_back)
{
    struct transport_clock clock = {0};
    cr_assert_eq(transport_clock_read(&clock, 5000000, 100), 5000);
    cr_assert_eq(transport_clock_read(&clock, 5010000, 10100), 5010);
    /* Set forward by an hour: at once. */
    cr_assert_eq(transport_clock_read(&clock, 3605010000, 20100), 3605010);
    /* Set back by an hour: on at half the pace, until the machine's has caught up. */
    cr_assert_eq(transport_clock_read(&clock, 5020000, 20100 + 2000000), 3606010);
    cr_assert_eq(transport_clock_read(&clock, 5021000, 20100 + 3000000), 3606510);
    cr_assert_eq(transport_clock_read(&clock, 3606510001, 20100 + 3000001), 3606510);
    cr_assert_eq(transport_clock_read(&clock, 3606600000, 20100 + 4000000), 3606600);
}

Test(clock, loses_nothing_to_frequent_reading_while_it_waits)
{
    struct transport_clock clock = {0};
    uint64_t first = transport_clock_read(&clock, 9000000, 0), last = first;
    for (uint64_t us = 1; us <= 1000000; us++) {
        uint64_t now = transport_clock_read(&clock, 1000000, us);
        cr_assert_geq(now, last);
        last = now;
    }
    cr_assert_eq(last - first, 500);
}
