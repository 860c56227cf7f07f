#include "folder.h"

#include "session.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define LOCK_TRY_MS 25

void failure_set(struct store_failure *failure, enum galen_err err, const char *format, ...)
{
    va_list list;
    failure->err = err;
    va_start(list, format);
    vsnprintf(failure->text, sizeof failure->text, format, list);
    va_end(list);
}

bool folder_path(const char *home, const char *name, char out[FOLDER_PATH_MAX])
{
    int n = snprintf(out, FOLDER_PATH_MAX, "%s/%s", home, name);
    return n > 0 && n < FOLDER_PATH_MAX;
}

/* Makes the folder and those above it. */
static bool make_folders(const char *home)
{
    char path[FOLDER_PATH_MAX];
    size_t size = strlen(home);
    if (size == 0 || size >= sizeof path)
        return false;
    memcpy(path, home, size + 1);
    for (char *at = path + 1; (at = strchr(at, '/')) != NULL; at++) {
        *at = 0;
        if (mkdir(path, 0755) != 0 && errno != EEXIST)
            return false;
        *at = '/';
    }
    return mkdir(path, 0700) == 0 || errno == EEXIST;
}

bool folder_ready(const char *home, bool make, struct store_failure *failure)
{
    struct stat stat_home;
    if (stat(home, &stat_home) != 0) {
        if (!make) {
            failure_set(failure, GALEN_ERR_CHART,
                        "There is no home in %s yet. Begin with `galen join` (an invitation's link "
                        "on standard input) or `galen practice init`.",
                        home);
            return false;
        }
        if (!make_folders(home) || stat(home, &stat_home) != 0) {
            failure_set(failure, GALEN_ERR_IO, "The home %s cannot be made: %s.", home,
                        strerror(errno));
            return false;
        }
    }
    if (!S_ISDIR(stat_home.st_mode)) {
        failure_set(failure, GALEN_ERR_IO, "%s is not a folder. Choose another --home.", home);
        return false;
    }
    if (stat_home.st_uid != geteuid()) {
        failure_set(failure, GALEN_ERR_IO,
                    "The home %s belongs to another user. Choose another --home.", home);
        return false;
    }
    if ((stat_home.st_mode & 077) != 0 && chmod(home, 0700) != 0) {
        failure_set(failure, GALEN_ERR_IO, "The home %s cannot be closed to others: %s.", home,
                    strerror(errno));
        return false;
    }
    return true;
}

/* Who holds the lock, as that process wrote it. */
static long lock_owner(int fd)
{
    char text[32] = {0};
    return pread(fd, text, sizeof text - 1, 0) > 0 ? strtol(text, NULL, 10) : 0;
}

int folder_lock(const char *home, unsigned wait_ms, struct store_failure *failure)
{
    char path[FOLDER_PATH_MAX];
    int fd = folder_path(home, "lock", path) ? open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600) : -1;
    if (fd < 0) {
        failure_set(failure, GALEN_ERR_IO, "%s cannot be opened: %s.", path, strerror(errno));
        return -1;
    }
    uint64_t until = monotonic_ms() + wait_ms;
    while (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK && errno != EINTR) {
            failure_set(failure, GALEN_ERR_IO, "%s cannot be locked: %s.", path, strerror(errno));
            close(fd);
            return -1;
        }
        if (monotonic_ms() >= until) {
            failure_set(failure, GALEN_ERR_LIMIT,
                        "Another galen (process %ld) uses the home %s. Give your command to it (an "
                        "agent, a call and an open visit take JSON commands on standard input), or "
                        "stop it first.",
                        lock_owner(fd), home);
            close(fd);
            return -1;
        }
        struct timespec pause = {0, LOCK_TRY_MS * 1000000L};
        nanosleep(&pause, NULL);
    }
    char text[32];
    int n = snprintf(text, sizeof text, "%ld\n", (long)getpid());
    if (ftruncate(fd, 0) != 0 || pwrite(fd, text, (size_t)n, 0) != n) {
        failure_set(failure, GALEN_ERR_IO, "%s cannot be written: %s.", path, strerror(errno));
        close(fd);
        return -1;
    }
    return fd;
}

long file_read(const char *path, uint8_t *out, size_t max)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    size_t size = 0;
    ssize_t n = 1;
    while (size < max && (n = read(fd, out + size, max - size)) > 0)
        size += (size_t)n;
    uint8_t more;
    bool longer = n > 0 && size == max && read(fd, &more, 1) == 1;
    int saved = errno;
    close(fd);
    errno = saved;
    if (n < 0)
        return -1;
    return longer ? -2 : (long)size;
}

/* The name of a new file lives in its folder, which has to reach the disk as well. */
static bool sync_folder_of(const char *path)
{
    char folder[FOLDER_PATH_MAX];
    const char *slash = strrchr(path, '/');
    size_t n = slash && slash != path ? (size_t)(slash - path) : 1;
    if (n >= sizeof folder)
        return false;
    memcpy(folder, slash ? path : ".", n);
    folder[n] = 0;
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool ok = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0)
        close(fd);
    return ok;
}

bool file_make(const char *path, const void *bytes, size_t size)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return false;
    bool ok = write(fd, bytes, size) == (ssize_t)size && fsync(fd) == 0;
    int saved = errno;
    close(fd);
    if (ok && sync_folder_of(path))
        return true;
    unlink(path);
    errno = saved;
    return false;
}
