/* What galend is told on its command line, and what it reads from its certificate. */
#ifndef GALEN_SERVER_CONFIG_H
#define GALEN_SERVER_CONFIG_H

#include <stdio.h>

#include "hub.h"

#define CONFIG_NAMES_MAX 64
#define CONFIG_PATH_MAX  1024
#define CONFIG_WHY_MAX   768

struct config {
    char data[CONFIG_PATH_MAX];  /* the data folder */
    char store[CONFIG_PATH_MAX]; /* default: store.db in it */
    char cert[CONFIG_PATH_MAX];  /* default: server.pem in it */
    char key[CONFIG_PATH_MAX];   /* default: server.key in it */
    char web[CONFIG_PATH_MAX];   /* the web client's folder; empty: none is served */
    char host[GALEN_HOST_NAME_MAX + 1];
    char port[8];
    const char *user;  /* borrowed from the arguments; NULL: stay who we are */
    bool open_metrics; /* /metrics answers other machines too */
    size_t name_count;
    char names[CONFIG_NAMES_MAX][GALEN_HOST_NAME_MAX + 1];
    struct hub_limits limits;
};

enum config_wish {
    CONFIG_RUN,
    CONFIG_HELP,
    CONFIG_VERSION,
    CONFIG_WRONG, /* `why` says what and what to do */
};

/** Reads the arguments. Touches no file. `why` is one line without a line's end. */
enum config_wish config_read(struct config *config, int argc, char *const *argv,
                             char why[CONFIG_WHY_MAX]);
/** Writes the text of --help. */
void config_help(FILE *out);

/**
 * Adds the DNS names and addresses of a certificate to `names` (when --name gave none). False: the
 * certificate cannot be read, or names nothing; `why` says which.
 */
bool config_names_from_cert(struct config *config, char why[CONFIG_WHY_MAX]);

#endif
