/* What is written down, on standard output, and queues of frames. All numbers are little-endian. */
#include "scripts.h"

#include <string.h>

static uint8_t *put_u32(uint8_t *at, uint32_t v)
{
    for (size_t i = 0; i < 4; i++)
        *at++ = (uint8_t)(v >> 8 * i);
    return at;
}

static void print(const void *bytes, size_t n)
{
    if (n > 0 && fwrite(bytes, 1, n, stdout) != n) {
        perror("scripts: cannot write");
        exit(1);
    }
}

static void print_u32(size_t v)
{
    uint8_t bytes[4];
    demand(v <= UINT32_MAX);
    put_u32(bytes, (uint32_t)v);
    print(bytes, sizeof bytes);
}

static void print_bytes(struct galen_bytes bytes)
{
    print_u32(bytes.size);
    print(bytes.at, bytes.size);
}

/* size, {call u8, home u8, take, number, now f64, first<>, second<>, drawn<>}, size, what it gave */
void record_write(const struct given *given, struct galen_bytes gave)
{
    uint8_t head[18] = {given->call, given->home};
    uint64_t clock;
    memcpy(&clock, &given->now_ms, sizeof clock);
    uint8_t *at = put_u32(head + 2, given->take);
    at = put_u32(at, given->number);
    at = put_u32(at, (uint32_t)clock);
    put_u32(at, (uint32_t)(clock >> 32));
    print_u32(sizeof head + 12 + given->first.size + given->second.size + given->drawn.size);
    print(head, sizeof head);
    print_bytes(given->first);
    print_bytes(given->second);
    print_bytes(given->drawn);
    print_bytes(gave);
}

void queue_put(struct queue *queue, struct galen_bytes bytes)
{
    struct letter *letter = malloc(sizeof *letter + bytes.size);
    demand(letter);
    letter->next = NULL;
    letter->size = bytes.size;
    memcpy(letter->bytes, bytes.at, bytes.size);
    if (queue->last)
        queue->last->next = letter;
    else
        queue->first = letter;
    queue->last = letter;
}

struct letter *queue_take(struct queue *queue)
{
    struct letter *letter = queue->first;
    if (!letter)
        return NULL;
    queue->first = letter->next;
    if (!queue->first)
        queue->last = NULL;
    return letter;
}

void queue_clear(struct queue *queue)
{
    struct letter *letter;
    while ((letter = queue_take(queue)))
        free(letter);
}
