#include "resolve.h"

#include <netdb.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct resolving {
    ev_async wake;
    struct ev_loop *loop;
    char host[GALEN_HOST_NAME_MAX + 1], port[6];
    void *context;
    void (*done)(void *context, const struct resolved *found, const char *why);
    struct resolved found;
    const char *why;
    pthread_mutex_t mutex; /* guards the two below */
    bool finished, cancelled;
};

static void free_resolving(struct resolving *r)
{
    pthread_mutex_destroy(&r->mutex);
    free(r);
}

static void look_up(struct resolving *r)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG};
    struct addrinfo *list = NULL;
    int failed = getaddrinfo(r->host, r->port, &hints, &list);
    if (failed) { /* without a network, addresses of this machine are still wanted */
        hints.ai_flags = 0;
        failed = getaddrinfo(r->host, r->port, &hints, &list);
    }
    r->why = failed ? gai_strerror(failed) : "the server cannot be reached";
    for (struct addrinfo *a = list; a && !failed && r->found.count < NET_ADDRESSES_MAX;
         a = a->ai_next)
        if (getnameinfo(a->ai_addr, a->ai_addrlen, r->found.at[r->found.count], RESOLVED_TEXT, NULL,
                        0, NI_NUMERICHOST) == 0)
            r->found.count++;
    if (list)
        freeaddrinfo(list);
}

static void *work(void *context)
{
    struct resolving *r = context;
    look_up(r);
    pthread_mutex_lock(&r->mutex);
    r->finished = true;
    bool cancelled = r->cancelled;
    if (!cancelled)
        ev_async_send(r->loop, &r->wake);
    pthread_mutex_unlock(&r->mutex);
    if (cancelled)
        free_resolving(r);
    return NULL;
}

static void on_wake(struct ev_loop *loop, ev_async *wake, int events)
{
    (void)events;
    struct resolving *r = wake->data;
    ev_async_stop(loop, wake);
    pthread_mutex_lock(&r->mutex); /* the thread has left it by then */
    pthread_mutex_unlock(&r->mutex);
    r->done(r->context, &r->found, r->why);
    free_resolving(r);
}

struct resolving *
resolve_start(struct ev_loop *loop, const char *host, const char *port, void *context,
              void (*done)(void *context, const struct resolved *found, const char *why))
{
    struct resolving *r = calloc(1, sizeof *r);
    if (!r)
        return NULL;
    r->loop = loop;
    r->context = context;
    r->done = done;
    strncpy(r->host, host, sizeof r->host - 1);
    strncpy(r->port, port, sizeof r->port - 1);
    pthread_mutex_init(&r->mutex, NULL);
    ev_async_init(&r->wake, on_wake);
    r->wake.data = r;
    ev_async_start(loop, &r->wake);
    pthread_t thread;
    if (pthread_create(&thread, NULL, work, r) != 0) {
        ev_async_stop(loop, &r->wake);
        free_resolving(r);
        return NULL;
    }
    pthread_detach(thread);
    return r;
}

void resolve_cancel(struct resolving *r)
{
    ev_async_stop(r->loop, &r->wake);
    pthread_mutex_lock(&r->mutex);
    r->cancelled = true;
    bool finished = r->finished;
    pthread_mutex_unlock(&r->mutex);
    if (finished)
        free_resolving(r);
}
