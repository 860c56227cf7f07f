/* A home's disk: what was saved before a COMMIT survives a crash, the rest is gone. */
#include "world.h"

#include <stdlib.h>
#include <string.h>

static uint8_t *copy(struct galen_bytes bytes)
{
    uint8_t *at = malloc(bytes.size + 1);
    if (!at)
        abort();
    if (bytes.size > 0)
        memcpy(at, bytes.at, bytes.size);
    return at;
}

void disk_save(struct disk *disk, struct galen_bytes key, struct galen_bytes value)
{
    if (disk->pending_count == disk->pending_room) {
        disk->pending_room = disk->pending_room * 2 + 16;
        disk->pending = realloc(disk->pending, disk->pending_room * sizeof *disk->pending);
        if (!disk->pending)
            abort();
    }
    disk->pending[disk->pending_count++] =
        (struct pair){copy(key), copy(value), key.size, value.size};
}

static int compare(const struct pair *a, const struct pair *b)
{
    size_t n = a->key_size < b->key_size ? a->key_size : b->key_size;
    int order = memcmp(a->key, b->key, n);
    if (order != 0)
        return order;
    return a->key_size < b->key_size ? -1 : a->key_size > b->key_size;
}

static void pair_wipe(struct pair *pair)
{
    free(pair->key);
    free(pair->value);
}

static void put(struct disk *disk, struct pair pair)
{
    size_t at = 0, end = disk->count;
    while (at < end) {
        size_t middle = (at + end) / 2;
        if (compare(&disk->pairs[middle], &pair) < 0)
            at = middle + 1;
        else
            end = middle;
    }
    bool there = at < disk->count && compare(&disk->pairs[at], &pair) == 0;
    if (there)
        pair_wipe(&disk->pairs[at]);
    if (pair.value_size == 0) {
        if (there) {
            disk->count--;
            memmove(&disk->pairs[at], &disk->pairs[at + 1], (disk->count - at) * sizeof pair);
        }
        pair_wipe(&pair);
        return;
    }
    if (!there) {
        if (disk->count == disk->room) {
            disk->room = disk->room * 2 + 64;
            disk->pairs = realloc(disk->pairs, disk->room * sizeof *disk->pairs);
            if (!disk->pairs)
                abort();
        }
        memmove(&disk->pairs[at + 1], &disk->pairs[at], (disk->count - at) * sizeof pair);
        disk->count++;
    }
    disk->pairs[at] = pair;
}

void disk_commit(struct disk *disk)
{
    for (size_t i = 0; i < disk->pending_count; i++)
        put(disk, disk->pending[i]);
    disk->pending_count = 0;
}

struct galen_bytes disk_get(const struct disk *disk, struct galen_bytes key)
{
    for (size_t i = 0; i < disk->count; i++) {
        const struct pair *pair = &disk->pairs[i];
        if (galen_bytes_equal((struct galen_bytes){pair->key, pair->key_size}, key))
            return (struct galen_bytes){pair->value, pair->value_size};
    }
    return (struct galen_bytes){0};
}

bool disk_will_hold(const struct disk *disk, const void *bytes, size_t n)
{
    for (size_t i = 0; i < disk->pending_count; i++)
        if (memmem(disk->pending[i].value, disk->pending[i].value_size, bytes, n))
            return true;
    return false;
}

void disk_lose_pending(struct disk *disk)
{
    for (size_t i = 0; i < disk->pending_count; i++)
        pair_wipe(&disk->pending[i]);
    disk->pending_count = 0;
}

void disk_wipe(struct disk *disk)
{
    disk_lose_pending(disk);
    for (size_t i = 0; i < disk->count; i++)
        pair_wipe(&disk->pairs[i]);
    free(disk->pairs);
    free(disk->pending);
    *disk = (struct disk){0};
}
