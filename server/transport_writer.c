#include "transport_writer.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

struct writer {
    struct store *store;
    void (*done)(void *context);
    void *context;
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    bool busy;    /* the loop's alone: started and not taken */
    bool stopped; /* likewise */
    /* under the mutex: */
    const struct store_batch *batch; /* to be written */
    bool finished;
    bool ending;
    enum galen_err result;
    uint64_t took_us;
};

static uint64_t monotonic_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000u + (uint64_t)now.tv_nsec / 1000u;
}

static void *write_batches(void *argument)
{
    struct writer *writer = argument;
    pthread_mutex_lock(&writer->mutex);
    for (;;) {
        while (!writer->batch && !writer->ending)
            pthread_cond_wait(&writer->changed, &writer->mutex);
        if (!writer->batch)
            break;
        const struct store_batch *batch = writer->batch;
        pthread_mutex_unlock(&writer->mutex);
        uint64_t began_us = monotonic_us();
        enum galen_err result = store_commit(writer->store, batch);
        uint64_t took_us = monotonic_us() - began_us;
        pthread_mutex_lock(&writer->mutex);
        writer->batch = NULL;
        writer->finished = true;
        writer->result = result;
        writer->took_us = took_us;
        writer->done(writer->context);
    }
    pthread_mutex_unlock(&writer->mutex);
    return NULL;
}

struct writer *writer_new(struct store *store, void (*done)(void *context), void *context)
{
    struct writer *writer = calloc(1, sizeof *writer);
    if (!writer)
        return NULL;
    writer->store = store;
    writer->done = done;
    writer->context = context;
    pthread_mutex_init(&writer->mutex, NULL);
    pthread_cond_init(&writer->changed, NULL);
    /* Signals are for the loop's thread. */
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int error = pthread_create(&writer->thread, NULL, write_batches, writer);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (error) {
        free(writer);
        return NULL;
    }
    return writer;
}

void writer_stop(struct writer *writer)
{
    if (writer->stopped)
        return;
    pthread_mutex_lock(&writer->mutex);
    writer->ending = true;
    pthread_cond_signal(&writer->changed);
    pthread_mutex_unlock(&writer->mutex);
    pthread_join(writer->thread, NULL);
    writer->stopped = true;
}

void writer_free(struct writer *writer)
{
    if (!writer)
        return;
    writer_stop(writer);
    pthread_cond_destroy(&writer->changed);
    pthread_mutex_destroy(&writer->mutex);
    free(writer);
}

void writer_start(struct writer *writer, const struct store_batch *batch)
{
    pthread_mutex_lock(&writer->mutex);
    writer->batch = batch;
    writer->finished = false;
    writer->busy = true;
    pthread_cond_signal(&writer->changed);
    pthread_mutex_unlock(&writer->mutex);
}

bool writer_is_busy(const struct writer *writer)
{
    return writer->busy;
}

bool writer_take(struct writer *writer, enum galen_err *result, uint64_t *took_us)
{
    if (!writer->busy)
        return false;
    pthread_mutex_lock(&writer->mutex);
    bool finished = writer->finished;
    if (finished) {
        *result = writer->result;
        *took_us = writer->took_us;
        writer->finished = false;
        writer->busy = false;
    }
    pthread_mutex_unlock(&writer->mutex);
    return finished;
}
