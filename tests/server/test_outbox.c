/* Outboxes, and the two small things beside them that the hub's bounds stand on: buckets and maps. */
#include "outbox.h"

#include "bucket.h"
#include "idmap.h"
#include "support/allocator.h"

#include <criterion/criterion.h>
#include <string.h>

static struct buffer_pool pool;
static struct outbox outbox;

static void end(void)
{
    hub_outbox_wipe(&outbox, &pool);
    buffer_pool_wipe(&pool);
}

TestSuite(outbox, .fini = end);

static struct buffer *numbered(uint8_t n)
{
    struct buffer *buffer =
        buffer_make(&pool, (struct galen_bytes){&n, 1}, (struct galen_bytes){0});
    cr_assert_not_null(buffer);
    return buffer;
}

static void answer(uint8_t n)
{
    struct buffer *buffer = numbered(n);
    cr_assert_eq(hub_outbox_answer(&outbox, buffer, 1000), GALEN_OK);
    buffer_release(&pool, buffer);
}

static size_t media(uint8_t n, size_t max)
{
    struct buffer *buffer = numbered(n);
    size_t lost = hub_outbox_media(&outbox, &pool, buffer, max);
    buffer_release(&pool, buffer);
    return lost;
}

/* The next frame's number; 0: nothing waits. */
static uint8_t take(void)
{
    struct buffer *buffer = hub_outbox_take(&outbox);
    uint8_t n = buffer ? buffer->at[0] : 0;
    buffer_release(&pool, buffer);
    return n;
}

Test(outbox, answers_keep_their_order)
{
    for (uint8_t n = 1; n <= 100; n++)
        answer(n);
    for (uint8_t n = 1; n <= 100; n++)
        cr_assert_eq(take(), n);
    cr_assert_eq(take(), 0);
    cr_assert(hub_outbox_is_empty(&outbox));
}

Test(outbox, answers_are_bounded_by_their_bytes)
{
    struct buffer *buffer = numbered(7);
    for (int i = 0; i < 20; i++)
        cr_assert_eq(hub_outbox_answer(&outbox, buffer, 20), GALEN_OK);
    cr_assert_eq(hub_outbox_answer(&outbox, buffer, 20), GALEN_ERR_LIMIT);
    cr_assert_eq(take(), 7);
    cr_assert_eq(hub_outbox_answer(&outbox, buffer, 20), GALEN_OK);
    buffer_release(&pool, buffer);
}

Test(outbox, of_media_the_oldest_goes)
{
    size_t lost = 0;
    for (uint8_t n = 1; n <= 30; n++)
        lost += media(n, 10);
    cr_assert_eq(lost, 20u);
    for (uint8_t n = 21; n <= 30; n++)
        cr_assert_eq(take(), n);
    cr_assert_eq(take(), 0);
}

Test(outbox, voice_pushes_no_draft_out)
{
    struct buffer *draft = numbered(99);
    cr_assert_eq(hub_outbox_relay(&outbox, &pool, draft, 4), 0u);
    buffer_release(&pool, draft);
    for (uint8_t n = 1; n <= 30; n++)
        (void)media(n, 2);
    cr_assert_eq(take(), 29);
    cr_assert_eq(take(), 30);
    cr_assert_eq(take(), 99);
}

Test(outbox, live_frames_go_first_but_an_answer_waits_for_a_few_only)
{
    answer(200);
    answer(201);
    for (uint8_t n = 1; n <= 40; n++)
        (void)media(n, 100);
    uint8_t first = 0, second = 0;
    for (uint8_t place = 1; place <= 42; place++) {
        uint8_t n = take();
        first = n == 200 ? place : first;
        second = n == 201 ? place : second;
    }
    cr_assert_eq(first, OUTBOX_LIVE_IN_A_ROW + 1);
    cr_assert_eq(second, 2 * (OUTBOX_LIVE_IN_A_ROW + 1));
}

Test(outbox, a_buffer_lives_as_long_as_its_last_receiver)
{
    static struct outbox others[3];
    struct buffer *buffer = numbered(5);
    for (size_t i = 0; i < 3; i++)
        cr_assert_eq(hub_outbox_media(&others[i], &pool, buffer, 4), 0u);
    cr_assert_eq(buffer->references, 4u);
    buffer_release(&pool, buffer);
    for (size_t i = 0; i < 3; i++)
        hub_outbox_wipe(&others[i], &pool);
    cr_assert_eq(pool.small_count, 1u, "it is kept for the next frame");
    allocator_fail(1); /* and the next frame takes no memory */
    buffer = numbered(6);
    allocator_fail(0);
    buffer_release(&pool, buffer);
}

Test(outbox, a_buffer_of_any_size_is_whole)
{
    static uint8_t bytes[70000];
    static const size_t sizes[] = {
        0, 1, BUFFER_SMALL, BUFFER_SMALL + 1, BUFFER_LARGE, BUFFER_LARGE + 1, sizeof bytes - 1};
    memset(bytes, 0x5a, sizeof bytes);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct buffer *buffer = buffer_make(&pool, (struct galen_bytes){bytes, sizes[i]},
                                            (struct galen_bytes){(const uint8_t *)"x", 1});
        cr_assert_not_null(buffer);
        cr_assert_eq(buffer->size, sizes[i] + 1);
        cr_assert_arr_eq(buffer->at, bytes, sizes[i]);
        cr_assert_eq(buffer->at[sizes[i]], 'x');
        buffer_release(&pool, buffer);
    }
}

Test(outbox, without_memory_nothing_is_half_queued)
{
    struct buffer *buffer = numbered(1);
    allocator_fail(1);
    cr_assert_eq(hub_outbox_answer(&outbox, buffer, 100), GALEN_ERR_MEMORY);
    cr_assert(hub_outbox_is_empty(&outbox));
    allocator_fail(1);
    cr_assert_eq(hub_outbox_media(&outbox, &pool, buffer, 4), 1u, "it counts as lost");
    allocator_fail(0);
    cr_assert_eq(buffer->references, 1u);
    buffer_release(&pool, buffer);
}

/* -- buckets ------------------------------------------------------------------------------------ */

static size_t taken(struct bucket *bucket, struct bucket_rate rate, uint64_t now_ms, size_t tries)
{
    size_t count = 0;
    for (size_t i = 0; i < tries; i++)
        count += bucket_take(bucket, rate, now_ms);
    return count;
}

Test(bucket, a_burst_and_then_the_rate)
{
    static const struct bucket_rate rate = {50, 1000, 100};
    struct bucket bucket = {0};
    cr_assert_eq(taken(&bucket, rate, 1000, 500), 100u);
    cr_assert_eq(taken(&bucket, rate, 1019, 5), 0u);
    cr_assert_eq(taken(&bucket, rate, 1020, 5), 1u);
    cr_assert_eq(taken(&bucket, rate, 2020, 500), 50u);
    cr_assert_eq(taken(&bucket, rate, 100000, 500), 100u);
    cr_assert_not(bucket_is_full(&bucket, rate, 100000));
    cr_assert(bucket_is_full(&bucket, rate, 102000));
}

Test(bucket, a_clock_set_back_neither_gives_nor_locks)
{
    static const struct bucket_rate rate = {10, 1000, 10};
    struct bucket bucket = {0};
    cr_assert_eq(taken(&bucket, rate, 50000, 20), 10u);
    cr_assert_eq(taken(&bucket, rate, 10000, 20), 0u);
    cr_assert_eq(taken(&bucket, rate, 11000, 20), 10u);
}

Test(bucket, what_is_owed_is_counted)
{
    static const struct bucket_rate rate = {10, 1000, 5};
    struct bucket bucket = {0};
    for (uint64_t i = 1; i <= 12; i++)
        cr_assert_eq(bucket_owe(&bucket, rate, 1000), i > 5 ? i - 5 : 0);
}

/* -- maps --------------------------------------------------------------------------------------- */

Test(idmap, finds_what_was_added_and_nothing_else)
{
    static struct idmap_node nodes[1000];
    struct idmap map = {0};
    for (size_t i = 0; i < 1000; i++) {
        nodes[i].id.bytes[i % 32] = (uint8_t)(i >> 2);
        nodes[i].id.bytes[(i + 7) % 32] = (uint8_t)(i & 0xff);
        nodes[i].id.bytes[31] = (uint8_t)(i >> 8);
        nodes[i].id.bytes[30] = (uint8_t)i;
        cr_assert(idmap_add(&map, &nodes[i]));
    }
    for (size_t i = 0; i < 1000; i += 2)
        idmap_remove(&map, &nodes[i]);
    for (size_t i = 0; i < 1000; i++)
        cr_assert_eq(idmap_find(&map, &nodes[i].id), i % 2 ? &nodes[i] : NULL);
    size_t count = 0;
    for (struct idmap_node *node = idmap_next(&map, NULL); node; node = idmap_next(&map, node))
        count++;
    cr_assert_eq(count, 500u);
    cr_assert_eq(map.count, 500u);
    idmap_wipe(&map);
}

Test(idmap, without_memory_it_only_becomes_slower)
{
    static struct idmap_node nodes[40];
    struct idmap map = {0};
    allocator_fail(1);
    cr_assert_not(idmap_add(&map, &nodes[0]));
    allocator_fail(0);
    for (size_t i = 0; i < 40; i++) {
        nodes[i].id.bytes[0] = (uint8_t)(i + 1);
        allocator_fail(i > 0 ? 1 : 0);
        cr_assert(idmap_add(&map, &nodes[i]));
    }
    allocator_fail(0);
    for (size_t i = 0; i < 40; i++)
        cr_assert_eq(idmap_find(&map, &nodes[i].id), &nodes[i]);
    idmap_wipe(&map);
}
