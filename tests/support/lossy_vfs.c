#include "support/lossy_vfs.h"

#include <pthread.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

/* What the process sees of a file. The real file has what was synced. */
struct image {
    struct image *next;
    char *path;
    unsigned char *bytes;
    sqlite3_int64 size, room;
    sqlite3_int64 dirty_from, dirty_to; /* what the real file does not have yet */
};

struct lossy_file {
    sqlite3_file base;
    struct image *image; /* NULL: a temporary file, passed through */
    sqlite3_file *real;  /* behind this struct */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct image *images;
static sqlite3_vfs *system_vfs;
static bool full, broken;
static size_t syncs;

static struct lossy_file *as_lossy(sqlite3_file *file)
{
    return (struct lossy_file *)file;
}

static sqlite3_file *real_of(sqlite3_file *file)
{
    return as_lossy(file)->real;
}

/* The system's VFS takes no more at once than SQLite ever asks of it: a page. */
#define PIECE 65536

static int piece(sqlite3_int64 from, sqlite3_int64 to)
{
    return to - from < PIECE ? (int)(to - from) : PIECE;
}

/* -- images ------------------------------------------------------------------------------------- */

static bool make_room(struct image *image, sqlite3_int64 size)
{
    if (size <= image->room)
        return true;
    sqlite3_int64 room = image->room > 0 ? image->room : 65536;
    while (room < size)
        room *= 2;
    unsigned char *bytes = realloc(image->bytes, (size_t)room);
    if (!bytes)
        return false;
    memset(bytes + image->room, 0, (size_t)(room - image->room));
    image->bytes = bytes;
    image->room = room;
    return true;
}

static bool load(struct image *image, sqlite3_file *real)
{
    sqlite3_int64 size = 0;
    if (real->pMethods->xFileSize(real, &size) != SQLITE_OK || !make_room(image, size))
        return false;
    image->size = size;
    for (sqlite3_int64 at = 0; at < size; at += PIECE) {
        if (real->pMethods->xRead(real, image->bytes + at, piece(at, size), at) != SQLITE_OK)
            return false;
    }
    return true;
}

static void free_image(struct image *image)
{
    free(image->path);
    free(image->bytes);
    free(image);
}

static struct image *find_image(const char *path, sqlite3_file *real)
{
    struct image *image = images;
    while (image && strcmp(image->path, path) != 0)
        image = image->next;
    if (image)
        return image;
    image = calloc(1, sizeof *image);
    if (!image)
        return NULL;
    image->path = strdup(path);
    if (!image->path || !load(image, real)) {
        free_image(image);
        return NULL;
    }
    image->next = images;
    images = image;
    return image;
}

static void forget_image(const char *path)
{
    for (struct image **at = &images; *at; at = &(*at)->next) {
        if (strcmp((*at)->path, path) != 0)
            continue;
        struct image *gone = *at;
        *at = gone->next;
        free_image(gone);
        return;
    }
}

static void touch(struct image *image, sqlite3_int64 from, sqlite3_int64 to)
{
    if (image->dirty_from == image->dirty_to) {
        image->dirty_from = from;
        image->dirty_to = to;
        return;
    }
    if (from < image->dirty_from)
        image->dirty_from = from;
    if (to > image->dirty_to)
        image->dirty_to = to;
}

/* -- files -------------------------------------------------------------------------------------- */

static int file_close(sqlite3_file *file)
{
    struct lossy_file *f = as_lossy(file);
    return f->real->pMethods->xClose(f->real);
}

static int file_read(sqlite3_file *file, void *out, int count, sqlite3_int64 at)
{
    struct image *image = as_lossy(file)->image;
    pthread_mutex_lock(&lock);
    sqlite3_int64 left = at < image->size ? image->size - at : 0;
    int have = left < count ? (int)left : count;
    if (have > 0)
        memcpy(out, image->bytes + at, (size_t)have);
    memset((char *)out + have, 0, (size_t)(count - have));
    pthread_mutex_unlock(&lock);
    return have == count ? SQLITE_OK : SQLITE_IOERR_SHORT_READ;
}

static int file_write(sqlite3_file *file, const void *bytes, int count, sqlite3_int64 at)
{
    struct image *image = as_lossy(file)->image;
    int code = SQLITE_OK;
    pthread_mutex_lock(&lock);
    if (full && at + count > image->size) {
        code = SQLITE_FULL;
    } else if (!make_room(image, at + count)) {
        code = SQLITE_IOERR_WRITE;
    } else {
        memcpy(image->bytes + at, bytes, (size_t)count);
        touch(image, at, at + count);
        if (at + count > image->size)
            image->size = at + count;
    }
    pthread_mutex_unlock(&lock);
    return code;
}

static int file_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    struct image *image = as_lossy(file)->image;
    pthread_mutex_lock(&lock);
    if (size < image->size) {
        memset(image->bytes + size, 0, (size_t)(image->size - size));
        touch(image, size, image->size);
        image->size = size;
    }
    pthread_mutex_unlock(&lock);
    return SQLITE_OK;
}

/* What changed goes to the real file, which a dying process leaves behind. */
static int write_back(struct image *image, sqlite3_file *real)
{
    sqlite3_int64 to = image->dirty_to < image->size ? image->dirty_to : image->size;
    sqlite3_int64 real_size = 0;
    int code = SQLITE_OK;
    for (sqlite3_int64 at = image->dirty_from; at < to && code == SQLITE_OK; at += PIECE)
        code = real->pMethods->xWrite(real, image->bytes + at, piece(at, to), at);
    if (code == SQLITE_OK)
        code = real->pMethods->xFileSize(real, &real_size);
    if (code == SQLITE_OK && real_size > image->size)
        code = real->pMethods->xTruncate(real, image->size);
    if (code == SQLITE_OK)
        image->dirty_from = image->dirty_to = 0;
    return code;
}

static int file_sync(sqlite3_file *file, int flags)
{
    struct lossy_file *f = as_lossy(file);
    (void)flags;
    pthread_mutex_lock(&lock);
    int code = broken ? SQLITE_IOERR_FSYNC : write_back(f->image, f->real);
    syncs++;
    pthread_mutex_unlock(&lock);
    return code;
}

static int file_size(sqlite3_file *file, sqlite3_int64 *size)
{
    pthread_mutex_lock(&lock);
    *size = as_lossy(file)->image->size;
    pthread_mutex_unlock(&lock);
    return SQLITE_OK;
}

static int file_lock(sqlite3_file *file, int level)
{
    return real_of(file)->pMethods->xLock(real_of(file), level);
}

static int file_unlock(sqlite3_file *file, int level)
{
    return real_of(file)->pMethods->xUnlock(real_of(file), level);
}

static int file_check_lock(sqlite3_file *file, int *locked)
{
    return real_of(file)->pMethods->xCheckReservedLock(real_of(file), locked);
}

/* Hints about sizes and maps would reach the real file past the image. */
static int file_control(sqlite3_file *file, int op, void *argument)
{
    if (op == SQLITE_FCNTL_SIZE_HINT || op == SQLITE_FCNTL_CHUNK_SIZE ||
        op == SQLITE_FCNTL_MMAP_SIZE)
        return SQLITE_NOTFOUND;
    return real_of(file)->pMethods->xFileControl(real_of(file), op, argument);
}

static int file_sector_size(sqlite3_file *file)
{
    return real_of(file)->pMethods->xSectorSize(real_of(file));
}

/* No promise that a write is whole or in order: only what was synced counts. */
static int file_characteristics(sqlite3_file *file)
{
    (void)file;
    return 0;
}

static int file_shm_map(sqlite3_file *file, int page, int size, int extend, void volatile **out)
{
    return real_of(file)->pMethods->xShmMap(real_of(file), page, size, extend, out);
}

static int file_shm_lock(sqlite3_file *file, int from, int count, int flags)
{
    return real_of(file)->pMethods->xShmLock(real_of(file), from, count, flags);
}

static void file_shm_barrier(sqlite3_file *file)
{
    real_of(file)->pMethods->xShmBarrier(real_of(file));
}

static int file_shm_unmap(sqlite3_file *file, int remove)
{
    return real_of(file)->pMethods->xShmUnmap(real_of(file), remove);
}

static const sqlite3_io_methods methods = {
    .iVersion = 2,
    .xClose = file_close,
    .xRead = file_read,
    .xWrite = file_write,
    .xTruncate = file_truncate,
    .xSync = file_sync,
    .xFileSize = file_size,
    .xLock = file_lock,
    .xUnlock = file_unlock,
    .xCheckReservedLock = file_check_lock,
    .xFileControl = file_control,
    .xSectorSize = file_sector_size,
    .xDeviceCharacteristics = file_characteristics,
    .xShmMap = file_shm_map,
    .xShmLock = file_shm_lock,
    .xShmBarrier = file_shm_barrier,
    .xShmUnmap = file_shm_unmap,
};

/* -- the file system ---------------------------------------------------------------------------- */

static int vfs_open(sqlite3_vfs *vfs, const char *path, sqlite3_file *file, int flags,
                    int *out_flags)
{
    struct lossy_file *f = as_lossy(file);
    (void)vfs;
    memset(f, 0, sizeof *f);
    if (!path) /* a temporary file: nobody expects it back */
        return system_vfs->xOpen(system_vfs, path, file, flags, out_flags);
    f->real = (sqlite3_file *)(f + 1);
    int code = system_vfs->xOpen(system_vfs, path, f->real, flags, out_flags);
    if (code != SQLITE_OK)
        return code;
    pthread_mutex_lock(&lock);
    f->image = find_image(path, f->real);
    pthread_mutex_unlock(&lock);
    if (!f->image) {
        (void)f->real->pMethods->xClose(f->real);
        return SQLITE_CANTOPEN;
    }
    f->base.pMethods = &methods;
    return SQLITE_OK;
}

static int vfs_delete(sqlite3_vfs *vfs, const char *path, int sync)
{
    (void)vfs;
    pthread_mutex_lock(&lock);
    forget_image(path);
    pthread_mutex_unlock(&lock);
    return system_vfs->xDelete(system_vfs, path, sync);
}

bool lossy_vfs_register(bool as_default)
{
    static sqlite3_vfs vfs;
    if (system_vfs)
        return true;
    system_vfs = sqlite3_vfs_find(NULL);
    if (!system_vfs)
        return false;
    vfs = *system_vfs;
    vfs.pNext = NULL;
    vfs.zName = LOSSY_VFS;
    vfs.szOsFile = (int)sizeof(struct lossy_file) + system_vfs->szOsFile;
    vfs.xOpen = vfs_open;
    vfs.xDelete = vfs_delete;
    return sqlite3_vfs_register(&vfs, as_default) == SQLITE_OK;
}

void lossy_vfs_set_full(bool now_full)
{
    pthread_mutex_lock(&lock);
    full = now_full;
    pthread_mutex_unlock(&lock);
}

void lossy_vfs_set_broken(bool now_broken)
{
    pthread_mutex_lock(&lock);
    broken = now_broken;
    pthread_mutex_unlock(&lock);
}

size_t lossy_vfs_syncs(void)
{
    pthread_mutex_lock(&lock);
    size_t count = syncs;
    pthread_mutex_unlock(&lock);
    return count;
}
