/* galend: puts the parts together and takes them apart again. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "config.h"
#include "main_folder.h"
#include "main_log.h"
#include "transport.h"

#ifndef GALEN_SERVER_VERSION
#define GALEN_SERVER_VERSION "0.1.0"
#endif

enum { EXIT_USAGE = 2 };

struct server {
    struct config config;
    char token[FOLDER_TOKEN_DIGITS + 1];
    const char *names[CONFIG_NAMES_MAX + 1];
    struct store *store;
    struct transport *transport;
    struct hub *hub;
};

/* What stands in memory must not get to a disk by itself. */
static void close_up(void)
{
    struct rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none);
    prctl(PR_SET_DUMPABLE, 0);
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

static void allow_many_files(void)
{
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < files.rlim_max) {
        files.rlim_cur = files.rlim_max;
        setrlimit(RLIMIT_NOFILE, &files);
    }
}

static void on_practice(void *context)
{
    const struct server *server = context;
    folder_forget_token(&server->config);
    log_event("set-up", "");
}

static bool has_room(void *context)
{
    const struct server *server = context;
    return folder_has_room(&server->config);
}

static void on_hub_event(void *context, const char *event, const char *members)
{
    (void)context;
    log_event(event, members);
}

static bool open_store(struct server *server, char *why)
{
    const char *path = server->config.store;
    enum galen_err err = store_open(path, NULL, &server->store);
    if (err != GALEN_OK)
        snprintf(why, CONFIG_WHY_MAX, "Cannot open the store %.256s: %s. %.128s", path,
                 galen_err_name(err), galen_err_help(err));
    return err == GALEN_OK;
}

static bool open_hub(struct server *server, char *why)
{
    struct galen_public_keys keys;
    bool new_practice = store_practice(server->store, &keys) == GALEN_ERR_STATE;
    if (new_practice && !folder_token(&server->config, server->token, why))
        return false;
    if (!new_practice)
        folder_forget_token(&server->config);
    for (size_t i = 0; i < server->config.name_count; i++)
        server->names[i] = server->config.names[i];
    struct hub_config given = {
        .primitives = transport_primitives(),
        .store = server->store,
        .names = server->names,
        .limits = server->config.limits,
        .token = new_practice ? server->token : NULL,
        .log = on_hub_event,
    };
    /* The hub borrows what `given` points to, not `given` itself. */
    server->hub = hub_new(&given);
    if (!server->hub)
        snprintf(why, CONFIG_WHY_MAX, "The charts in %.256s cannot be read.", server->config.store);
    return server->hub != NULL;
}

static bool open_all(struct server *server, char *why)
{
    struct transport_config given = {
        .config = &server->config,
        .on_practice = on_practice,
        .has_room = has_room,
        .context = server,
    };
    const char *user = server->config.user;
    if (!folder_open(&server->config, user, why) ||
        (server->config.name_count == 0 && !config_names_from_cert(&server->config, why)))
        return false;
    /* Ports and keys may need privileges, charts must not have them. */
    server->transport = transport_new(&given, why);
    if (!server->transport || (user && !folder_become(user, why)))
        return false;
    close_up();
    if (!open_store(server, why))
        return false;
    transport_use_store(server->transport, server->store);
    return open_hub(server, why);
}

int main(int argc, char **argv)
{
    static struct server server;
    char why[CONFIG_WHY_MAX];
    switch (config_read(&server.config, argc, argv, why)) {
    case CONFIG_HELP:
        config_help(stdout);
        return EXIT_SUCCESS;
    case CONFIG_VERSION:
        puts("galend " GALEN_SERVER_VERSION);
        return EXIT_SUCCESS;
    case CONFIG_WRONG:
        log_say(why);
        return EXIT_USAGE;
    case CONFIG_RUN:
        break;
    }
    umask(077);
    signal(SIGPIPE, SIG_IGN);
    allow_many_files();
    bool good = open_all(&server, why) && transport_run(server.transport, server.hub, why);
    if (!good)
        log_say(why);
    transport_free(server.transport);
    hub_free(server.hub);
    store_close(server.store);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
