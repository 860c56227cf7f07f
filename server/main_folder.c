#include "main_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_ROOM   (CONFIG_PATH_MAX + 32)
#define PROBE_BYTES (256 * 1024)

static bool fail(char *why, const char *what, const char *path)
{
    snprintf(why, CONFIG_WHY_MAX, "%s %.300s: %s", what, path, strerror(errno));
    return false;
}

static bool give_to(const char *path, const char *owner, char *why)
{
    const struct passwd *account = getpwnam(owner);
    if (!account) {
        snprintf(why, CONFIG_WHY_MAX, "There is no account %.100s on this machine.", owner);
        return false;
    }
    return chown(path, account->pw_uid, account->pw_gid) == 0 ||
           fail(why, "Cannot give away", path);
}

/* A second server on the same charts would number entries twice. */
static bool lock(const struct config *config, const char *owner, char *why)
{
    char path[PATH_ROOM];
    snprintf(path, sizeof path, "%s/lock", config->data);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        return fail(why, "Cannot write to", path);
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        snprintf(why, CONFIG_WHY_MAX,
                 "Another galend uses %.300s. Stop it, or choose another --data.", config->data);
        close(fd);
        return false;
    }
    /* The descriptor stays open, and the lock with it, until the process ends. */
    return !owner || give_to(path, owner, why);
}

bool folder_open(const struct config *config, const char *owner, char why[CONFIG_WHY_MAX])
{
    struct stat found;
    bool made = mkdir(config->data, 0700) == 0;
    if (!made && errno != EEXIST)
        return fail(why, "Cannot make the folder", config->data);
    if (made && owner && !give_to(config->data, owner, why))
        return false;
    if (stat(config->data, &found) != 0 || !S_ISDIR(found.st_mode)) {
        snprintf(why, CONFIG_WHY_MAX, "%.300s is not a folder.", config->data);
        return false;
    }
    if ((found.st_mode & 077) && chmod(config->data, 0700) != 0)
        return fail(
            why, "Others can look into the folder, and it cannot be closed to them:", config->data);
    return lock(config, owner, why);
}

static bool is_token(const char *token)
{
    return strspn(token, "0123456789abcdef") == FOLDER_TOKEN_DIGITS;
}

static bool read_token(const char *path, char token[FOLDER_TOKEN_DIGITS + 1])
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return false;
    ssize_t size = read(fd, token, FOLDER_TOKEN_DIGITS);
    close(fd);
    token[FOLDER_TOKEN_DIGITS] = '\0';
    return size == FOLDER_TOKEN_DIGITS && is_token(token);
}

static bool write_token(const char *path, const char *token)
{
    unlink(path);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return false;
    char line[FOLDER_TOKEN_DIGITS + 2];
    int size = snprintf(line, sizeof line, "%s\n", token);
    bool good = write(fd, line, (size_t)size) == size && fsync(fd) == 0;
    return close(fd) == 0 && good;
}

bool folder_token(const struct config *config, char token[FOLDER_TOKEN_DIGITS + 1],
                  char why[CONFIG_WHY_MAX])
{
    char path[PATH_ROOM];
    uint8_t drawn[FOLDER_TOKEN_DIGITS / 2];
    snprintf(path, sizeof path, "%s/setup-token", config->data);
    if (read_token(path, token))
        return true;
    if (getrandom(drawn, sizeof drawn, 0) != sizeof drawn) {
        snprintf(why, CONFIG_WHY_MAX, "This machine gives no random bytes.");
        return false;
    }
    for (size_t i = 0; i < sizeof drawn; i++)
        snprintf(token + 2 * i, 3, "%02x", drawn[i]);
    return write_token(path, token) || fail(why, "Cannot write", path);
}

void folder_forget_token(const struct config *config)
{
    char path[PATH_ROOM];
    snprintf(path, sizeof path, "%s/setup-token", config->data);
    unlink(path);
}

bool folder_has_room(const struct config *config)
{
    char path[PATH_ROOM];
    snprintf(path, sizeof path, "%s.probe", config->store);
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return false;
    bool room = posix_fallocate(fd, 0, PROBE_BYTES) == 0 && fsync(fd) == 0;
    close(fd);
    unlink(path);
    return room;
}

bool folder_become(const char *user, char why[CONFIG_WHY_MAX])
{
    const struct passwd *account = getpwnam(user);
    if (geteuid() != 0) {
        snprintf(why, CONFIG_WHY_MAX, "--user is for a galend that was started as root.");
        return false;
    }
    if (!account || account->pw_uid == 0) {
        snprintf(why, CONFIG_WHY_MAX, "--user: %.100s is not an account without privileges.", user);
        return false;
    }
    if (initgroups(user, account->pw_gid) != 0 || setgid(account->pw_gid) != 0 ||
        setuid(account->pw_uid) != 0)
        return fail(why, "Cannot become", user);
    return true;
}
