#include "text_store.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* Nearer to a chunk's end than this there is no cut, so that a full chunk gives two with room. */
enum { CHUNK_CUT = CHUNK_BYTES / 3 };

size_t utf8_points(const uint8_t *at, size_t size)
{
    size_t points = 0;
    for (size_t i = 0; i < size; i++)
        points += (at[i] & 0xc0) != 0x80;
    return points;
}

static size_t lead_length(uint8_t lead)
{
    return lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
}

size_t utf8_skip(const uint8_t *at, size_t points)
{
    size_t size = 0;
    while (points-- > 0)
        size += lead_length(at[size]);
    return size;
}

/* Bytes of the last `points` code points before `end`. */
static size_t skip_back(const uint8_t *end, size_t points)
{
    const uint8_t *at = end;
    while (points > 0) {
        at--;
        points -= (*at & 0xc0) != 0x80;
    }
    return (size_t)(end - at);
}

void store_wipe(struct store *store)
{
    for (size_t i = 0; i < store->count; i++)
        free(store->chunks[i]);
    for (size_t i = 0; i < store->spare_count; i++)
        free(store->spare[i]);
    free(store->chunks);
    free(store->spare);
    memset(store, 0, sizeof *store);
}

/* ---- One chunk ----------------------------------------------------------------------------------- */

static uint32_t chunk_points(const struct chunk *chunk)
{
    return (uint32_t)chunk->before_points + chunk->after_points;
}

static size_t chunk_size(const struct chunk *chunk)
{
    return (size_t)chunk->before + chunk->after;
}

/* Moves `size` bytes with `points` code points over the gap. */
static void gap_back(struct chunk *chunk, size_t size, size_t points)
{
    memmove(chunk->bytes + CHUNK_BYTES - chunk->after - size, chunk->bytes + chunk->before - size,
            size);
    chunk->before = (uint16_t)(chunk->before - size);
    chunk->after = (uint16_t)(chunk->after + size);
    chunk->before_points = (uint16_t)(chunk->before_points - points);
    chunk->after_points = (uint16_t)(chunk->after_points + points);
}

static void gap_on(struct chunk *chunk, size_t size, size_t points)
{
    memmove(chunk->bytes + chunk->before, chunk->bytes + CHUNK_BYTES - chunk->after, size);
    chunk->before = (uint16_t)(chunk->before + size);
    chunk->after = (uint16_t)(chunk->after - size);
    chunk->before_points = (uint16_t)(chunk->before_points + points);
    chunk->after_points = (uint16_t)(chunk->after_points - points);
}

static size_t size_before_gap(const struct chunk *chunk, size_t points)
{
    return chunk->before == chunk->before_points ? points
                                                 : skip_back(chunk->bytes + chunk->before, points);
}

static size_t size_behind_gap(const struct chunk *chunk, size_t points)
{
    return chunk->after == chunk->after_points
               ? points
               : utf8_skip(chunk->bytes + CHUNK_BYTES - chunk->after, points);
}

static void gap_to(struct chunk *chunk, uint32_t point)
{
    if (point < chunk->before_points) {
        size_t points = chunk->before_points - point;
        gap_back(chunk, size_before_gap(chunk, points), points);
    } else if (point > chunk->before_points) {
        size_t points = point - chunk->before_points;
        gap_on(chunk, size_behind_gap(chunk, points), points);
    }
}

/* ---- The list of chunks -------------------------------------------------------------------------- */

static struct chunk *add_chunk(struct store *store, size_t place)
{
    assert(store->spare_count > 0 && store->count < store->room);
    struct chunk *chunk = store->spare[--store->spare_count];
    chunk->before = chunk->after = chunk->before_points = chunk->after_points = 0;
    memmove(store->chunks + place + 1, store->chunks + place,
            (store->count - place) * sizeof *store->chunks);
    store->chunks[place] = chunk;
    store->count++;
    return chunk;
}

static void remove_chunk(struct store *store, size_t place)
{
    struct chunk *chunk = store->chunks[place];
    store->count--;
    memmove(store->chunks + place, store->chunks + place + 1,
            (store->count - place) * sizeof *store->chunks);
    free(chunk);
}

static bool grow(struct chunk ***array, size_t *room, size_t wanted)
{
    if (wanted <= *room)
        return true;
    size_t more = *room < 4 ? 4 : *room * 2;
    if (more < wanted)
        more = wanted;
    struct chunk **at = realloc(*array, more * sizeof *at);
    if (at == NULL)
        return false;
    *array = at;
    *room = more;
    return true;
}

/* Goes to the chunk in which a change at this code point is made; at an end, to the one before. */
static void seek(struct store *store, uint32_t point)
{
    while (store->at > 0 && point <= store->start) {
        store->at--;
        store->start -= chunk_points(store->chunks[store->at]);
    }
    while (store->at + 1 < store->count &&
           point > store->start + chunk_points(store->chunks[store->at])) {
        store->start += chunk_points(store->chunks[store->at]);
        store->at++;
    }
}

bool store_reserve(struct store *store, uint32_t at, size_t splices, size_t bytes)
{
    if (bytes == 0)
        return true;
    if (splices == 1 && store->count > 0) { /* the usual case: there is room where it goes */
        seek(store, at);
        if (bytes <= CHUNK_BYTES - chunk_size(store->chunks[store->at]))
            return true;
    }
    /* A chunk made by a cut, or added, is full again after a third of its size at the earliest. */
    size_t full = splices < store->count + 1 ? splices : store->count + 1;
    size_t chunks = 2 * full + bytes / (CHUNK_CUT - 4) + 2;
    if (!grow(&store->chunks, &store->room, store->count + chunks) ||
        !grow(&store->spare, &store->spare_room, chunks))
        return false;
    while (store->spare_count < chunks) {
        struct chunk *chunk = malloc(sizeof *chunk);
        if (chunk == NULL)
            return false;
        store->spare[store->spare_count++] = chunk;
    }
    return true;
}

void store_settle(struct store *store)
{
    while (store->spare_count > 0)
        free(store->spare[--store->spare_count]);
}

/* ---- Changes ------------------------------------------------------------------------------------- */

/* Cuts a full chunk in two, near the gap but not near an end. */
static void cut(struct store *store)
{
    struct chunk *chunk = store->chunks[store->at];
    size_t size = chunk->before;
    if (size < CHUNK_CUT)
        size = CHUNK_CUT;
    if (size > CHUNK_BYTES - CHUNK_CUT)
        size = CHUNK_BYTES - CHUNK_CUT;
    gap_to(chunk, chunk_points(chunk)); /* the whole stands in front now */
    while (size < chunk->before && (chunk->bytes[size] & 0xc0) == 0x80)
        size++;
    struct chunk *other = add_chunk(store, store->at + 1);
    other->before = (uint16_t)(chunk->before - size);
    memcpy(other->bytes, chunk->bytes + size, other->before);
    other->before_points = (uint16_t)utf8_points(other->bytes, other->before);
    chunk->before = (uint16_t)size;
    chunk->before_points = (uint16_t)(chunk->before_points - other->before_points);
}

/* Goes to where there is room for one code point of `need` bytes at `point`. */
static struct chunk *make_room(struct store *store, uint32_t point, size_t need)
{
    if (store->count == 0)
        add_chunk(store, 0);
    seek(store, point);
    struct chunk *chunk = store->chunks[store->at];
    if (CHUNK_BYTES - chunk_size(chunk) < need) {
        if (point == store->start + chunk_points(chunk)) { /* at its end: behind it */
            store->start += chunk_points(chunk);
            store->at++;
            if (store->at == store->count ||
                CHUNK_BYTES - chunk_size(store->chunks[store->at]) < need)
                add_chunk(store, store->at);
        } else {
            cut(store);
            seek(store, point);
        }
        chunk = store->chunks[store->at];
    }
    gap_to(chunk, point - store->start);
    return chunk;
}

static void insert(struct store *store, uint32_t point, struct galen_bytes text)
{
    while (text.size > 0) {
        struct chunk *chunk = make_room(store, point, lead_length(text.at[0]));
        size_t size = CHUNK_BYTES - chunk_size(chunk);
        if (size >= text.size)
            size = text.size;
        else
            while ((text.at[size] & 0xc0) == 0x80)
                size--;
        memcpy(chunk->bytes + chunk->before, text.at, size);
        size_t points = size == 1 ? 1 : utf8_points(text.at, size);
        chunk->before = (uint16_t)(chunk->before + size);
        chunk->before_points = (uint16_t)(chunk->before_points + points);
        point += (uint32_t)points;
        store->points += (uint32_t)points;
        store->size += size;
        text.at += size;
        text.size -= size;
    }
}

static void take_out(struct store *store, uint32_t point, uint32_t count)
{
    while (count > 0) {
        seek(store, point + 1); /* the chunk that holds the first one to go */
        struct chunk *chunk = store->chunks[store->at];
        uint32_t from = point - store->start, n = chunk_points(chunk) - from;
        if (n > count)
            n = count;
        size_t size = chunk_size(chunk);
        if (from + n == chunk->before_points) { /* right in front of the gap: rubbed out */
            chunk->before = (uint16_t)(chunk->before - size_before_gap(chunk, n));
            chunk->before_points = (uint16_t)(chunk->before_points - n);
        } else {
            gap_to(chunk, from);
            chunk->after = (uint16_t)(chunk->after - size_behind_gap(chunk, n));
            chunk->after_points = (uint16_t)(chunk->after_points - n);
        }
        store->size -= size - chunk_size(chunk);
        store->points -= n;
        count -= n;
        if (chunk_size(chunk) == 0) {
            remove_chunk(store, store->at);
            if (store->at == store->count && store->at > 0) {
                store->at--;
                store->start -= chunk_points(store->chunks[store->at]);
            }
        }
    }
}

void store_splice(struct store *store, uint32_t at, uint32_t deleted, struct galen_bytes inserted)
{
    assert(at <= store->points && deleted <= store->points - at);
    take_out(store, at, deleted);
    insert(store, at, inserted);
}

void store_read(struct store *store, uint32_t at, uint32_t count, struct galen_writer *w)
{
    assert(at <= store->points && count <= store->points - at);
    while (count > 0) {
        seek(store, at + 1); /* the chunk that holds the first one */
        struct chunk *chunk = store->chunks[store->at];
        uint32_t from = at - store->start, n = chunk_points(chunk) - from;
        if (n > count)
            n = count;
        gap_to(chunk, from);
        galen_write(w, chunk->bytes + CHUNK_BYTES - chunk->after, size_behind_gap(chunk, n));
        at += n;
        count -= n;
    }
}

void store_write(const struct store *store, struct galen_writer *w)
{
    for (size_t i = 0; i < store->count; i++) {
        const struct chunk *chunk = store->chunks[i];
        galen_write(w, chunk->bytes, chunk->before);
        galen_write(w, chunk->bytes + CHUNK_BYTES - chunk->after, chunk->after);
    }
}
