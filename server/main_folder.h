/* The data folder: who may see it, who uses it, and the set-up token in it. */
#ifndef GALEN_SERVER_MAIN_FOLDER_H
#define GALEN_SERVER_MAIN_FOLDER_H

#include "config.h"

#define FOLDER_TOKEN_DIGITS 32

/**
 * Makes the folder if there is none, closes it to others, and keeps it to this process until that
 * ends. `owner`: whose it shall be, or NULL. False: `why`.
 */
bool folder_open(const struct config *config, const char *owner, char why[CONFIG_WHY_MAX]);

/** The token of an earlier start, or a new one, which is then in the file setup-token (0600). */
bool folder_token(const struct config *config, char token[FOLDER_TOKEN_DIGITS + 1],
                  char why[CONFIG_WHY_MAX]);
/** Removes the file of the token, if there is one. */
void folder_forget_token(const struct config *config);

/** Whether the disk of the store takes a few pages more and keeps them. */
bool folder_has_room(const struct config *config);

/** Becomes the account of this name for good, where started as root. */
bool folder_become(const char *user, char why[CONFIG_WHY_MAX]);

#endif
