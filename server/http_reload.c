#include "http_reload.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

struct http_reload {
    const char *folder;
    void (*done)(void *context);
    void *context;
    pthread_t thread;
    bool reading; /* the loop's alone: started and not taken */
    bool again;   /* likewise: asked for meanwhile */
    pthread_mutex_t mutex;
    /* under the mutex: */
    bool finished;
    struct http_files *files;
    char why[CONFIG_WHY_MAX];
};

static void *read_files(void *argument)
{
    struct http_reload *reload = argument;
    char why[CONFIG_WHY_MAX] = "";
    struct http_files *files = http_files_read(reload->folder, why);
    pthread_mutex_lock(&reload->mutex);
    reload->files = files;
    memcpy(reload->why, why, sizeof why);
    reload->finished = true;
    pthread_mutex_unlock(&reload->mutex);
    reload->done(reload->context);
    return NULL;
}

struct http_reload *http_reload_new(const char *folder, void (*done)(void *context), void *context)
{
    struct http_reload *reload = calloc(1, sizeof *reload);
    if (!reload)
        return NULL;
    reload->folder = folder;
    reload->done = done;
    reload->context = context;
    pthread_mutex_init(&reload->mutex, NULL);
    return reload;
}

void http_reload_free(struct http_reload *reload)
{
    if (!reload)
        return;
    if (reload->reading) {
        pthread_join(reload->thread, NULL);
        http_files_release(reload->files);
    }
    pthread_mutex_destroy(&reload->mutex);
    free(reload);
}

bool http_reload_start(struct http_reload *reload)
{
    if (reload->reading) {
        reload->again = true;
        return true;
    }
    /* Signals are for the loop's thread. */
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    reload->reading = pthread_create(&reload->thread, NULL, read_files, reload) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return reload->reading;
}

bool http_reload_take(struct http_reload *reload, struct http_files **files,
                      char why[CONFIG_WHY_MAX])
{
    if (!reload->reading)
        return false;
    pthread_mutex_lock(&reload->mutex);
    bool finished = reload->finished;
    pthread_mutex_unlock(&reload->mutex);
    if (!finished)
        return false;
    pthread_join(reload->thread, NULL);
    *files = reload->files;
    memcpy(why, reload->why, CONFIG_WHY_MAX);
    reload->files = NULL;
    reload->finished = reload->reading = false;
    if (reload->again) {
        reload->again = false;
        http_reload_start(reload);
    }
    return true;
}
