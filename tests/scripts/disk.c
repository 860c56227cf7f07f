/* A home's disk: pairs in ascending order, and what was saved since the last COMMIT. */
#include "scripts.h"

#include <string.h>

static struct galen_bytes copy_of(struct galen_bytes bytes)
{
    uint8_t *copy = malloc(bytes.size + 1);
    demand(copy);
    if (bytes.size > 0)
        memcpy(copy, bytes.at, bytes.size);
    return (struct galen_bytes){copy, bytes.size};
}

static void wipe(struct pair *pair)
{
    free((void *)(uintptr_t)pair->key.at);
    free((void *)(uintptr_t)pair->sealed.at);
}

static void *with_room(void *at, size_t count, size_t *room)
{
    if (count < *room)
        return at;
    *room = 2 * *room + 64;
    at = realloc(at, *room * sizeof(struct pair));
    demand(at);
    return at;
}

void disk_save(struct disk *disk, struct galen_bytes key, struct galen_bytes sealed)
{
    disk->pending = with_room(disk->pending, disk->pending_count, &disk->pending_room);
    disk->pending[disk->pending_count++] = (struct pair){copy_of(key), copy_of(sealed)};
}

static int order(struct galen_bytes a, struct galen_bytes b)
{
    int n = memcmp(a.at, b.at, a.size < b.size ? a.size : b.size);
    return n != 0 ? n : (a.size > b.size) - (a.size < b.size);
}

/* The first pair whose key is not below this one. */
static size_t place_of(const struct disk *disk, struct galen_bytes key)
{
    size_t low = 0, high = disk->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (order(disk->pairs[middle].key, key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void keep(struct disk *disk, struct pair *pair)
{
    size_t at = place_of(disk, pair->key);
    bool there = at < disk->count && order(disk->pairs[at].key, pair->key) == 0;
    if (there)
        wipe(&disk->pairs[at]);
    if (pair->sealed.size == 0) {
        wipe(pair);
        if (there)
            memmove(disk->pairs + at, disk->pairs + at + 1,
                    (--disk->count - at) * sizeof *disk->pairs);
        return;
    }
    if (!there) {
        disk->pairs = with_room(disk->pairs, disk->count, &disk->room);
        memmove(disk->pairs + at + 1, disk->pairs + at, (disk->count++ - at) * sizeof *disk->pairs);
    }
    disk->pairs[at] = *pair;
}

void disk_commit(struct disk *disk)
{
    for (size_t i = 0; i < disk->pending_count; i++)
        keep(disk, &disk->pending[i]);
    disk->pending_count = 0;
}

size_t disk_find(const struct disk *disk, struct galen_bytes key)
{
    size_t at = place_of(disk, key);
    return at < disk->count && order(disk->pairs[at].key, key) == 0 ? at : disk->count;
}

void disk_lose_pending(struct disk *disk)
{
    for (size_t i = 0; i < disk->pending_count; i++)
        wipe(&disk->pending[i]);
    disk->pending_count = 0;
}

void disk_wipe(struct disk *disk)
{
    disk_lose_pending(disk);
    for (size_t i = 0; i < disk->count; i++)
        wipe(&disk->pairs[i]);
    free(disk->pairs);
    free(disk->pending);
    *disk = (struct disk){0};
}
