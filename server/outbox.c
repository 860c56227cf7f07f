#include "outbox.h"

#include "galen/mutation.h"

#include <stdlib.h>
#include <string.h>

#define QUEUE_ROOM_FIRST 8

/* -- buffers ------------------------------------------------------------------------------------ */

static void free_kept(struct buffer *buffer)
{
    while (buffer) {
        struct buffer *next = buffer->next_kept;
        free(buffer);
        buffer = next;
    }
}

void buffer_pool_wipe(struct buffer_pool *pool)
{
    free_kept(pool->small);
    free_kept(pool->large);
    *pool = (struct buffer_pool){0};
}

static struct buffer *take_kept(struct buffer **list, size_t *count)
{
    struct buffer *buffer = *list;
    if (buffer) {
        *list = buffer->next_kept;
        --*count;
    }
    return buffer;
}

static struct buffer *find_room(struct buffer_pool *pool, size_t size)
{
    struct buffer *buffer = NULL;
    size_t room = size;
    if (size <= BUFFER_SMALL) {
        buffer = take_kept(&pool->small, &pool->small_count);
        room = BUFFER_SMALL;
    } else if (size <= BUFFER_LARGE) {
        buffer = take_kept(&pool->large, &pool->large_count);
        room = BUFFER_LARGE;
    }
    if (!buffer && room <= UINT32_MAX - sizeof *buffer) {
        buffer = malloc(sizeof *buffer + room);
        if (buffer)
            buffer->room = (uint32_t)room;
    }
    return buffer;
}

struct buffer *buffer_make(struct buffer_pool *pool, struct galen_bytes first,
                           struct galen_bytes second)
{
    if (second.size > UINT32_MAX - first.size)
        return NULL;
    struct buffer *buffer = find_room(pool, first.size + second.size);
    if (!buffer)
        return NULL;
    buffer->next_kept = NULL;
    buffer->references = 1;
    buffer->size = (uint32_t)(first.size + second.size);
    if (first.size > 0)
        memcpy(buffer->at, first.at, first.size);
    if (second.size > 0)
        memcpy(buffer->at + first.size, second.at, second.size);
    return buffer;
}

struct buffer *buffer_share(struct buffer *buffer)
{
    buffer->references++;
    return buffer;
}

void buffer_release(struct buffer_pool *pool, struct buffer *buffer)
{
    if (!buffer || --buffer->references > 0)
        return;
    if (buffer->room == BUFFER_SMALL && pool->small_count < BUFFERS_KEPT_EACH) {
        buffer->next_kept = pool->small;
        pool->small = buffer;
        pool->small_count++;
    } else if (buffer->room == BUFFER_LARGE && pool->large_count < BUFFERS_KEPT_EACH) {
        buffer->next_kept = pool->large;
        pool->large = buffer;
        pool->large_count++;
    } else {
        free(buffer);
    }
}

/* -- queues ------------------------------------------------------------------------------------- */

static bool grow(struct buffer_queue *queue)
{
    size_t room = queue->room > 0 ? queue->room * 2 : QUEUE_ROOM_FIRST;
    struct buffer **at = malloc(room * sizeof *at);
    if (!at)
        return false;
    for (size_t i = 0; i < queue->count; i++)
        at[i] = queue->at[(queue->first + i) % queue->room];
    free(queue->at);
    *queue = (struct buffer_queue){.at = at, .room = room, .count = queue->count};
    return true;
}

static bool push(struct buffer_queue *queue, struct buffer *buffer)
{
    if (queue->count == queue->room && !grow(queue))
        return false;
    queue->at[(queue->first + queue->count) % queue->room] = buffer;
    queue->count++;
    return true;
}

static struct buffer *pop(struct buffer_queue *queue)
{
    if (queue->count == 0)
        return NULL;
    struct buffer *buffer = queue->at[queue->first];
    queue->first = (queue->first + 1) % queue->room;
    queue->count--;
    return buffer;
}

/* Empties the queue and gives its memory back. */
static void clear(struct buffer_queue *queue, struct buffer_pool *pool)
{
    for (struct buffer *buffer = pop(queue); buffer; buffer = pop(queue))
        buffer_release(pool, buffer);
    free(queue->at);
    *queue = (struct buffer_queue){0};
}

static size_t push_newest(struct buffer_queue *queue, struct buffer_pool *pool,
                          struct buffer *buffer, size_t max)
{
    size_t lost = 0;
    while (GALEN_CHECKED(OUTBOX_BOUND) && queue->count > 0 && queue->count >= max) {
        buffer_release(pool, pop(queue));
        lost++;
    }
    if (!push(queue, buffer))
        return lost + 1;
    (void)buffer_share(buffer);
    return lost;
}

/* -- the outbox --------------------------------------------------------------------------------- */

void hub_outbox_clear(struct outbox *outbox, struct buffer_pool *pool)
{
    clear(&outbox->answers, pool);
    clear(&outbox->media, pool);
    clear(&outbox->relayed, pool);
    outbox->answer_bytes = 0;
}

void hub_outbox_wipe(struct outbox *outbox, struct buffer_pool *pool)
{
    hub_outbox_clear(outbox, pool);
    *outbox = (struct outbox){0};
}

bool hub_outbox_is_empty(const struct outbox *outbox)
{
    return outbox->answers.count + outbox->media.count + outbox->relayed.count == 0;
}

enum galen_err hub_outbox_answer(struct outbox *outbox, struct buffer *buffer, size_t max_bytes)
{
    if (GALEN_CHECKED(OUTBOX_BOUND) &&
        (outbox->answer_bytes > max_bytes || buffer->size > max_bytes - outbox->answer_bytes))
        return GALEN_ERR_LIMIT;
    if (!push(&outbox->answers, buffer))
        return GALEN_ERR_MEMORY;
    (void)buffer_share(buffer);
    outbox->answer_bytes += buffer->size;
    return GALEN_OK;
}

size_t hub_outbox_media(struct outbox *outbox, struct buffer_pool *pool, struct buffer *buffer,
                        size_t max)
{
    return push_newest(&outbox->media, pool, buffer, max);
}

size_t hub_outbox_relay(struct outbox *outbox, struct buffer_pool *pool, struct buffer *buffer,
                        size_t max)
{
    return push_newest(&outbox->relayed, pool, buffer, max);
}

struct buffer *hub_outbox_take(struct outbox *outbox)
{
    struct buffer *buffer = NULL;
    bool answers_turn = outbox->answers.count > 0 && outbox->in_a_row >= OUTBOX_LIVE_IN_A_ROW;
    if (!answers_turn)
        buffer = pop(outbox->media.count > 0 ? &outbox->media : &outbox->relayed);
    if (buffer) {
        outbox->in_a_row = outbox->answers.count > 0 ? (uint8_t)(outbox->in_a_row + 1) : 0;
        return buffer;
    }
    outbox->in_a_row = 0;
    buffer = pop(&outbox->answers);
    if (buffer)
        outbox->answer_bytes -= buffer->size;
    return buffer;
}
