/* Connections that signed in and then say nothing: what they cost in memory, and what coming cost. */
#include <stdio.h>
#include <stdlib.h>

#include "stage.h"

#define WARM_UP_LINKS 50 /* so that what is allocated once is there */
#define SETTLE_NS     1000000000u

static void nothing_came(struct link *link, struct galen_bytes frame)
{
    (void)link;
    (void)frame;
}

static void bare_closed(struct link *link)
{
    (void)link;
    bench_fail("the relay closed a connection");
}

static void settle(struct link_loop *loop)
{
    for (uint64_t end_ns = bench_now_ns() + SETTLE_NS; bench_now_ns() < end_ns;)
        link_loop_turn(loop, 20000);
}

static void open_bare(struct link_loop *loop, const struct load_options *options, size_t count)
{
    static const struct link_events events = {NULL, nothing_came, bare_closed};
    for (size_t i = 0; i < count; i++) {
        size_t open = loop->open;
        char path[32];
        snprintf(path, sizeof path, "/%zu", open / 2);
        if (!link_dial(loop, options->port, path, &events, NULL))
            bench_fail("no more sockets; see ulimit -n");
        while (loop->open == open)
            link_loop_turn(loop, 1000);
    }
}

struct guest {
    struct person person;
    struct session session;
};

static void open_guests(struct stage *stage, struct guest *guests, size_t count)
{
    for (size_t i = 0; i < count; i++)
        session_open(&guests[i].session, stage, &guests[i].person, GALEN_CONNECTION_LOG);
}

void load_idle(const struct load_options *options)
{
    static struct stage stage;
    struct link_loop loop;
    struct guest *guests = calloc(options->links + WARM_UP_LINKS, sizeof *guests);
    if (!guests)
        bench_fail("out of memory");
    link_loop_init(&loop, options->ca);
    if (options->bare) {
        open_bare(&loop, options, WARM_UP_LINKS);
    } else {
        stage_init(&stage, &loop, options);
        for (size_t i = 0; i < options->links + WARM_UP_LINKS; i++)
            stage_person(&stage, &guests[i].person, GALEN_ROLE_ADMINISTRATOR, NULL, NULL);
        open_guests(&stage, guests, WARM_UP_LINKS);
    }
    settle(&loop);
    double kb = process_resident_kb(options->pid), cpu_us = process_cpu_us(options->pid);
    if (options->bare)
        open_bare(&loop, options, options->links);
    else
        open_guests(&stage, guests + WARM_UP_LINKS, options->links);
    cpu_us = process_cpu_us(options->pid) - cpu_us;
    settle(&loop);
    kb = process_resident_kb(options->pid) - kb;
    double idle_us = process_cpu_us(options->pid);
    settle(&loop);
    idle_us = process_cpu_us(options->pid) - idle_us;
    printf("{\"connections\": %zu, \"kb_per_connection\": %.2f, \"cpu_ms_per_sign_in\": %.3f, "
           "\"idle_busy\": %.4f}\n",
           options->links, kb / (double)options->links, cpu_us / 1000.0 / (double)options->links,
           idle_us * 1000.0 / (double)SETTLE_NS);
}
