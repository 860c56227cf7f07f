#include "config.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* Where an option's value goes, and how it reads in --help. */
struct option {
    const char *name;
    const char *value; /* NULL: takes none */
    enum config_wish (*set)(struct config *config, const char *value, char *why);
    const char *help;
};

enum limit_type { LIMIT_SIZE, LIMIT_U32 };
struct limit {
    const char *name;
    enum limit_type type;
    size_t offset;
    const char *help;
};
#define SIZE(field, help)                                                                          \
    {                                                                                              \
#field, LIMIT_SIZE, offsetof(struct hub_limits, field), help                               \
    }
#define U32(field, help)                                                                           \
    {                                                                                              \
#field, LIMIT_U32, offsetof(struct hub_limits, field), help                                \
    }
static const struct limit limits[] = {
    SIZE(connections, "connections in all"),
    SIZE(connections_per_address, "connections from one address"),
    U32(sign_in_ms, "time to sign in"),
    U32(silence_ms, "silence after which a connection is closed"),
    U32(frames_per_second, "frames of one connection, media apart"),
    U32(media_per_second, "media frames of one connection"),
    U32(appends_in_flight, "appends of one connection that wait for the disk"),
    SIZE(batch_entries, "entries in one commit"),
    SIZE(pending_bytes, "bytes of all appends that wait for the disk"),
    U32(epochs_per_hour, "changes of members or keys, an account and chart"),
    U32(kib_per_hour, "KiB of entries, an account and chart"),
    SIZE(charts_open, "charts one connection reads at a time"),
    SIZE(outbox_bytes, "bytes that wait for one slow reader"),
    SIZE(live_ring, "media frames that wait for one receiver"),
    SIZE(relay_ring, "drafts and presence that wait for one receiver"),
    U32(sign_ins_per_minute, "sign-ins from one address"),
    SIZE(visits, "visits open at a time"),
    SIZE(waiting, "people in one waiting room"),
    U32(visit_empty_ms, "time a visit waits for staff to come back"),
    U32(chart_idle_ms, "time a chart nobody uses stays in memory"),
};
#define LIMIT_COUNT (sizeof limits / sizeof limits[0])

static enum config_wish wrong(char *why, const char *format, const char *what)
{
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    snprintf(why, CONFIG_WHY_MAX, format, what);
#pragma GCC diagnostic pop
    return CONFIG_WRONG;
}

static enum config_wish copy_path(char *to, const char *value, char *why)
{
    if (*value == '\0' || strlen(value) >= CONFIG_PATH_MAX)
        return wrong(why, "%s", "A path is empty or longer than 1023 bytes.");
    memcpy(to, value, strlen(value) + 1);
    return CONFIG_RUN;
}

static enum config_wish set_data(struct config *config, const char *value, char *why)
{
    /* Names of at most 16 bytes are put behind it. */
    if (strlen(value) > CONFIG_PATH_MAX - 32)
        return wrong(why, "%s", "The path of --data is too long.");
    return copy_path(config->data, value, why);
}

static enum config_wish set_cert(struct config *config, const char *value, char *why)
{
    return copy_path(config->cert, value, why);
}

static enum config_wish set_key(struct config *config, const char *value, char *why)
{
    return copy_path(config->key, value, why);
}

static enum config_wish set_store(struct config *config, const char *value, char *why)
{
    return copy_path(config->store, value, why);
}

static enum config_wish set_web(struct config *config, const char *value, char *why)
{
    return copy_path(config->web, value, why);
}

/* HOST:PORT, [V6]:PORT, or :PORT for every address of the machine. */
static enum config_wish set_listen(struct config *config, const char *value, char *why)
{
    const char *colon = strrchr(value, ':');
    const char *host = value;
    if (!colon)
        return wrong(why, "--listen takes HOST:PORT, not “%s”.", value);
    size_t size = (size_t)(colon - host);
    if (size >= 2 && host[0] == '[' && host[size - 1] == ']') {
        host++;
        size -= 2;
    } else if (memchr(host, ':', size)) {
        return wrong(why, "An IPv6 address goes into brackets, as in [::1]:8443, not “%s”.", value);
    }
    char *end = NULL;
    unsigned long port = strtoul(colon + 1, &end, 10);
    if (size > GALEN_HOST_NAME_MAX || colon[1] < '0' || colon[1] > '9' || *end || port > 65535)
        return wrong(why, "--listen takes HOST:PORT with a port from 0 to 65535, not “%s”.", value);
    memcpy(config->host, host, size);
    config->host[size] = '\0';
    snprintf(config->port, sizeof config->port, "%lu", port);
    return CONFIG_RUN;
}

static enum config_wish add_name(struct config *config, const char *value, char *why)
{
    if (*value == '\0' || strlen(value) > GALEN_HOST_NAME_MAX || strpbrk(value, " /\t"))
        return wrong(why, "--name takes a host name as clients dial it, not “%s”.", value);
    if (config->name_count == CONFIG_NAMES_MAX)
        return wrong(why, "%s", "--name is given more often than 64 times.");
    memcpy(config->names[config->name_count++], value, strlen(value) + 1);
    return CONFIG_RUN;
}

static enum config_wish set_user(struct config *config, const char *value, char *why)
{
    if (*value == '\0')
        return wrong(why, "%s", "--user takes the name of an account on this machine.");
    config->user = value;
    return CONFIG_RUN;
}

static enum config_wish set_open_metrics(struct config *config, const char *value, char *why)
{
    (void)value;
    (void)why;
    config->open_metrics = true;
    return CONFIG_RUN;
}

static enum config_wish set_limit(struct config *config, const char *value, char *why)
{
    const char *equals = strchr(value, '=');
    size_t size = equals ? (size_t)(equals - value) : 0;
    for (size_t i = 0; i < LIMIT_COUNT; i++) {
        if (strlen(limits[i].name) != size || memcmp(limits[i].name, value, size) != 0)
            continue;
        char *end = NULL;
        unsigned long long number = strtoull(equals + 1, &end, 10);
        if (equals[1] < '0' || equals[1] > '9' || *end || number == 0 || number > UINT32_MAX)
            return wrong(why, "--limit %s is not a number from 1 to 4294967295.", value);
        char *field = (char *)&config->limits + limits[i].offset;
        if (limits[i].type == LIMIT_SIZE)
            memcpy(field, &(size_t){(size_t)number}, sizeof(size_t));
        else
            memcpy(field, &(uint32_t){(uint32_t)number}, sizeof(uint32_t));
        return CONFIG_RUN;
    }
    return wrong(why, "There is no limit named in “%s”; --help lists them.", value);
}

static enum config_wish want_help(struct config *config, const char *value, char *why)
{
    (void)config;
    (void)value;
    (void)why;
    return CONFIG_HELP;
}

static enum config_wish want_version(struct config *config, const char *value, char *why)
{
    (void)config;
    (void)value;
    (void)why;
    return CONFIG_VERSION;
}

static const struct option options[] = {
    {"--data", "DIR", set_data,
     "everything galend keeps; made if missing, for its owner only (0700)"},
    {"--listen", "HOST:PORT", set_listen,
     "default localhost:8443; port 0 takes a free one; an empty HOST is every address"},
    {"--cert", "FILE", set_cert, "certificate with its chain, PEM; default DIR/server.pem"},
    {"--key", "FILE", set_key,
     "its private key, PEM, not readable by others; default DIR/server.key"},
    {"--name", "HOST", add_name,
     "a name clients dial; may be repeated; default: all names in the certificate"},
    {"--store-file", "FILE", set_store, "the SQLite file; default DIR/store.db"},
    {"--web", "DIR", set_web,
     "serve the web client in DIR, as web-client/build.mjs makes it; else only pages that say so"},
    {"--user", "NAME", set_user,
     "when started as root: become this account; for SIGHUP it must be able to read the key and "
     "the web client"},
    {"--limit", "NAME=N", set_limit, "change a limit; may be repeated; see below"},
    {"--open-metrics", NULL, set_open_metrics, "let other machines read /metrics too"},
    {"--help", NULL, want_help, "this text"},
    {"--version", NULL, want_version, "print the version"},
};
#define OPTION_COUNT (sizeof options / sizeof options[0])

static void fill_in(struct config *config)
{
    if (!*config->store)
        snprintf(config->store, sizeof config->store, "%.990s/store.db", config->data);
    if (!*config->cert)
        snprintf(config->cert, sizeof config->cert, "%.990s/server.pem", config->data);
    if (!*config->key)
        snprintf(config->key, sizeof config->key, "%.990s/server.key", config->data);
}

enum config_wish config_read(struct config *config, int argc, char *const *argv,
                             char why[CONFIG_WHY_MAX])
{
    memset(config, 0, sizeof *config);
    config->limits = hub_limits_default();
    strcpy(config->host, "localhost");
    strcpy(config->port, "8443");
    *why = '\0';
    for (int at = 1; at < argc; at++) {
        size_t name = strcspn(argv[at], "=");
        const struct option *option = NULL;
        for (size_t i = 0; i < OPTION_COUNT; i++) {
            if (strlen(options[i].name) == name && memcmp(options[i].name, argv[at], name) == 0)
                option = &options[i];
        }
        if (!option || (!option->value && argv[at][name]))
            return wrong(why, "There is no option “%s”. See galend --help.", argv[at]);
        const char *value = argv[at][name] ? argv[at] + name + 1 : NULL;
        if (option->value && !value && ++at < argc)
            value = argv[at];
        if (option->value && !value)
            return wrong(why, "%s needs a value. See galend --help.", option->name);
        enum config_wish wish = option->set(config, value, why);
        if (wish != CONFIG_RUN)
            return wish;
    }
    if (!*config->data)
        return wrong(why, "%s",
                     "Say where to keep everything: galend --data DIR. See galend --help.");
    fill_in(config);
    return CONFIG_RUN;
}

static const char help_before[] =
    "usage: galend --data DIR [--listen HOST:PORT] [--cert FILE --key FILE] [OPTION]…\n"
    "\n"
    "The Galen server: keeps, orders and relays the charts of one practice, and can read none of "
    "them.\n"
    "\n";
static const char help_after[] =
    "\n"
    "At the first start galend writes a token to DIR/setup-token, with which the practice's key is "
    "brought:\n"
    "\n"
    "  certs/make-certs DIR                  a development certificate for localhost\n"
    "  galend --data DIR                     prints {\"event\":\"listening\",…} once clients can "
    "come\n"
    "  galen practice init --server https://localhost:8443 --ca DIR/ca.pem --token-file "
    "DIR/setup-token\n"
    "\n"
    "The file goes when the token was used. Clients speak over WebSocket (TLS 1.3 only) on /galen; "
    "/health says\n"
    "200 or 503, and /metrics gives counters in the format of Prometheus, to this machine only.\n"
    "\n"
    "The log on standard error is one JSON object a line: times, events, ids and counts, nothing "
    "else.\n"
    "SIGTERM and SIGINT stop galend once what was accepted is on the disk; SIGHUP reads "
    "certificate,\n"
    "key and web client anew, and keeps what it has of those that are not good.\n"
    "\n"
    "limits (--limit NAME=N), each with a counter in /metrics when it is reached:\n";

void config_help(FILE *out)
{
    struct hub_limits defaults = hub_limits_default();
    fputs(help_before, out);
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        char left[40];
        snprintf(left, sizeof left, "%s %s", options[i].name,
                 options[i].value ? options[i].value : "");
        fprintf(out, "  %-20s %s\n", left, options[i].help);
    }
    fputs(help_after, out);
    for (size_t i = 0; i < LIMIT_COUNT; i++) {
        const char *field = (const char *)&defaults + limits[i].offset;
        size_t size = 0;
        uint32_t u32 = 0;
        if (limits[i].type == LIMIT_SIZE)
            memcpy(&size, field, sizeof size);
        else
            memcpy(&u32, field, sizeof u32);
        fprintf(out, "  %-24s %10zu  %s\n", limits[i].name,
                limits[i].type == LIMIT_SIZE ? size : (size_t)u32, limits[i].help);
    }
}
