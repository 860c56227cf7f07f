/* protocol/engine/live.c: whose presence and drafts a device keeps, of all its charts. */
#include "engine/live.h"
#include "support/allocator.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

enum { COLLEAGUES = 5, CHARTS = 300 };

static struct galen_id id_of(size_t n)
{
    struct galen_id id = {{1}};
    memcpy(id.bytes + 1, &n, sizeof n);
    return id;
}

static struct peer *comes(struct live *live, size_t chart, size_t device)
{
    bool memory;
    struct peer *peer = live_place(live, &memory);
    cr_assert(memory);
    if (peer) {
        peer->chart = id_of(chart);
        peer->device = id_of(device);
        peer->clock_ms = 1000 * chart + device;
        peer->heard_ms = 1;
    }
    return peer;
}

static struct peer *find(struct live *live, size_t chart, size_t device)
{
    struct galen_id in = id_of(chart), who = id_of(device);
    return live_peer(live, &in, &who);
}

/* Each colleague is in each chart: with a few hundred charts nobody else had a place. */
Test(engine_peers, who_comes_is_known_however_many_charts_a_colleague_is_in)
{
    struct live *live = calloc(1, sizeof *live);
    for (size_t chart = 0; chart < CHARTS; chart++)
        for (size_t device = 0; device < COLLEAGUES; device++)
            cr_assert_not_null(comes(live, chart, device));
    cr_assert_not_null(comes(live, 7, COLLEAGUES));
    for (size_t chart = 0; chart < CHARTS; chart++)
        for (size_t device = 0; device < COLLEAGUES; device++)
            cr_assert_not_null(find(live, chart, device));
    free(live->peers);
    free(live);
}

Test(engine_peers, who_is_gone_longest_gives_way_and_nobody_who_is_here)
{
    struct live *live = calloc(1, sizeof *live);
    for (size_t i = 0; i < PEERS_MAX; i++)
        cr_assert_not_null(comes(live, i, 0));
    cr_assert_null(comes(live, PEERS_MAX, 0));
    find(live, 9, 0)->heard_ms = find(live, 5, 0)->heard_ms = 0;
    cr_assert_not_null(comes(live, PEERS_MAX, 0));
    cr_assert_null(find(live, 5, 0));
    cr_assert_not_null(find(live, 9, 0));
    cr_assert_eq(live->peer_count, PEERS_MAX);
    free(live->peers);
    free(live);
}

Test(engine_peers, without_memory_nothing_changes)
{
    bool memory;
    struct live *live = calloc(1, sizeof *live);
    allocator_fail(1);
    cr_assert_null(live_place(live, &memory));
    allocator_fail(0);
    cr_assert_not(memory);
    cr_assert_eq(live->peer_count, 0);
    cr_assert_not_null(comes(live, 0, 0));
    free(live->peers);
    free(live);
}
