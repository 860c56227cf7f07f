#include "transport_ahead.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "verify.h"

#define BEHIND_THE_LOOP 5               /* nicer by this than the loop */
#define FACTS_MAX       GALEN_CHAIN_MAX /* a sign-in and all but the first certificate of its chain */

/* "This is (or is not) a signature under this key." */
struct fact {
    uint8_t key[GALEN_SIGN_KEY_BYTES];
    uint8_t message[GALEN_SIGNED_MAX];
    size_t message_size;
    uint8_t signature[GALEN_SIGNATURE_BYTES];
    bool good;
};

struct ahead_job {
    struct ahead_job *after; /* in its connection's queue; the loop's */
    struct ahead_job *next;  /* among the jobs to do, or done; under the mutex */
    void *owner;             /* NULL: the connection is gone; the loop's */
    bool working;            /* it is with the threads; the loop's */
    uint8_t nonce[32];
    uint8_t key[GALEN_SIGN_KEY_BYTES];
    size_t fact_count;
    struct fact facts[FACTS_MAX];
    size_t size;
    uint8_t frame[];
};

struct job_list {
    struct ahead_job *first, *last;
};

struct ahead {
    const struct galen_primitives *primitives;
    void (*done)(void *context);
    void *context;
    size_t thread_count;
    pthread_t threads[AHEAD_THREADS_MAX];
    struct job_list taken; /* the loop's: done, not yet named */
    size_t working;        /* the loop's: given to the threads, not yet named */
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    struct job_list to_do, finished;
    bool ending;
};

/* The loop's: the job whose frame the hub has before it, and how often that helped. */
static const struct ahead_job *in_mind;
static uint64_t asked_count, known_count;

static void list_add(struct job_list *list, struct ahead_job *job)
{
    job->next = NULL;
    if (list->last)
        list->last->next = job;
    else
        list->first = job;
    list->last = job;
}

static struct ahead_job *list_take(struct job_list *list)
{
    struct ahead_job *job = list->first;
    if (job) {
        list->first = job->next;
        if (!list->first)
            list->last = NULL;
        job->next = NULL;
    }
    return job;
}

/* What the threads do ----------------------------------------------------------------------- */

static void find_out(struct ahead_job *job, const struct galen_primitives *p, const char *label,
                     const uint8_t key[GALEN_SIGN_KEY_BYTES], struct galen_bytes message,
                     const uint8_t signature[GALEN_SIGNATURE_BYTES])
{
    /* What galen_verify refuses by its bytes alone never reaches the primitives. */
    if (job->fact_count == FACTS_MAX || !galen_sign_key_ok(key) || !galen_signature_ok(signature))
        return;
    struct fact *fact = &job->facts[job->fact_count++];
    memcpy(fact->key, key, sizeof fact->key);
    memcpy(fact->signature, signature, sizeof fact->signature);
    fact->message_size = galen_signed_bytes(p, label, message, fact->message);
    fact->good =
        p->ed25519_verify(key, (struct galen_bytes){fact->message, fact->message_size}, signature);
}

static void find_out_sign_in(struct ahead_job *job, const struct galen_primitives *p,
                             const struct galen_frame_sign_in *sign_in)
{
    struct galen_id device = galen_device_id(p, &sign_in->keys);
    struct galen_writer text;
    galen_writer_init(&text);
    galen_sign_in_message(&text, sign_in->host, job->nonce, sign_in->nonce, &device,
                          sign_in->purpose);
    if (!text.failed)
        find_out(job, p, GALEN_SIGN_SIGN_IN, sign_in->keys.sign, galen_written(&text),
                 sign_in->signature);
    for (size_t i = 1; i < sign_in->chain.count; i++) {
        const struct galen_cert *cert = &sign_in->chain.certs[i];
        galen_writer_clear(&text);
        galen_cert_write_unsigned(&text, cert);
        if (!text.failed)
            find_out(job, p, GALEN_SIGN_CERTIFICATE, sign_in->chain.certs[i - 1].keys.sign,
                     galen_written(&text), cert->signature);
    }
    galen_writer_wipe(&text);
}

static void work(struct ahead_job *job, const struct galen_primitives *p)
{
    struct galen_frame frame;
    if (galen_frame_read((struct galen_bytes){job->frame, job->size}, &frame) != GALEN_OK)
        return; /* The hub will say so. */
    if (frame.type == GALEN_FRAME_SIGN_IN) {
        find_out_sign_in(job, p, &frame.as.sign_in);
    } else if (frame.type == GALEN_FRAME_APPEND) {
        struct galen_reader reader;
        struct galen_entry entry;
        galen_reader_init(&reader, frame.as.append.entry);
        if (galen_entry_read_new(&reader, &entry) != GALEN_OK)
            return;
        struct galen_bytes header = {entry.signed_header.at, GALEN_HEADER_BYTES};
        find_out(job, p, GALEN_SIGN_ENTRY, job->key, header, entry.signature);
    }
}

static void *run(void *argument)
{
    struct ahead *ahead = argument;
    /* The loop comes first where processors are few. */
    setpriority(PRIO_PROCESS, (id_t)gettid(), getpriority(PRIO_PROCESS, 0) + BEHIND_THE_LOOP);
    pthread_mutex_lock(&ahead->mutex);
    for (;;) {
        struct ahead_job *job = list_take(&ahead->to_do);
        if (!job && ahead->ending)
            break;
        if (!job) {
            pthread_cond_wait(&ahead->changed, &ahead->mutex);
            continue;
        }
        pthread_mutex_unlock(&ahead->mutex);
        work(job, ahead->primitives);
        pthread_mutex_lock(&ahead->mutex);
        list_add(&ahead->finished, job);
        ahead->done(ahead->context);
    }
    pthread_mutex_unlock(&ahead->mutex);
    return NULL;
}

/* What the loop does ------------------------------------------------------------------------ */

struct ahead *ahead_new(const struct galen_primitives *primitives, size_t threads,
                        void (*done)(void *context), void *context)
{
    struct ahead *ahead = calloc(1, sizeof *ahead);
    if (!ahead)
        return NULL;
    ahead->primitives = primitives;
    ahead->done = done;
    ahead->context = context;
    pthread_mutex_init(&ahead->mutex, NULL);
    pthread_cond_init(&ahead->changed, NULL);
    /* Signals are for the loop's thread. */
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    while (ahead->thread_count < threads && ahead->thread_count < AHEAD_THREADS_MAX &&
           pthread_create(&ahead->threads[ahead->thread_count], NULL, run, ahead) == 0)
        ahead->thread_count++;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (ahead->thread_count == 0) {
        ahead_free(ahead);
        return NULL;
    }
    return ahead;
}

void ahead_free(struct ahead *ahead)
{
    if (!ahead)
        return;
    pthread_mutex_lock(&ahead->mutex);
    ahead->ending = true;
    pthread_cond_broadcast(&ahead->changed);
    pthread_mutex_unlock(&ahead->mutex);
    for (size_t i = 0; i < ahead->thread_count; i++)
        pthread_join(ahead->threads[i], NULL);
    for (struct ahead_job *job; (job = list_take(&ahead->finished));)
        free(job);
    for (struct ahead_job *job; (job = list_take(&ahead->taken));)
        free(job);
    pthread_cond_destroy(&ahead->changed);
    pthread_mutex_destroy(&ahead->mutex);
    free(ahead);
}

/* Only the first sign-in of a connection is worth it: the hub closes at a second one. */
static bool is_worth_it(struct ahead_queue *queue, struct galen_bytes bytes)
{
    if (bytes.size == 0)
        return false;
    if (bytes.at[0] == GALEN_FRAME_APPEND)
        return queue->signed_in;
    if (bytes.at[0] != GALEN_FRAME_SIGN_IN || queue->signed_in)
        return false;
    struct galen_frame frame;
    if (galen_frame_read(bytes, &frame) != GALEN_OK)
        return false;
    memcpy(queue->key, frame.as.sign_in.keys.sign, sizeof queue->key);
    queue->signed_in = true;
    return true;
}

enum ahead_way ahead_take(struct ahead *ahead, struct ahead_queue *queue, struct galen_bytes frame)
{
    bool work_first = is_worth_it(queue, frame);
    if (!work_first && !queue->first)
        return AHEAD_NOW;
    struct ahead_job *job = malloc(sizeof *job + frame.size);
    if (!job)
        return AHEAD_NO_ROOM;
    job->after = job->next = NULL;
    job->owner = queue->owner;
    job->working = work_first;
    memcpy(job->nonce, queue->nonce, sizeof job->nonce);
    memcpy(job->key, queue->key, sizeof job->key);
    job->fact_count = 0;
    job->size = frame.size;
    memcpy(job->frame, frame.at, frame.size);
    if (queue->last)
        queue->last->after = job;
    else
        queue->first = job;
    queue->last = job;
    queue->count++;
    queue->bytes += frame.size;
    if (work_first) {
        ahead->working++;
        pthread_mutex_lock(&ahead->mutex);
        list_add(&ahead->to_do, job);
        pthread_cond_signal(&ahead->changed);
        pthread_mutex_unlock(&ahead->mutex);
    }
    return AHEAD_WAITS;
}

bool ahead_is_full(const struct ahead_queue *queue)
{
    return queue->count >= AHEAD_FRAMES_MAX || queue->bytes >= AHEAD_BYTES_MAX;
}

bool ahead_is_busy(const struct ahead *ahead)
{
    return ahead->working > 0;
}

void ahead_drop(struct ahead_queue *queue)
{
    for (struct ahead_job *job = queue->first, *after; job; job = after) {
        after = job->after;
        job->owner = NULL;
        if (!job->working)
            free(job);
    }
    queue->first = queue->last = NULL;
    queue->count = queue->bytes = 0;
}

void *ahead_next_done(struct ahead *ahead)
{
    if (!ahead->taken.first) {
        pthread_mutex_lock(&ahead->mutex);
        ahead->taken = ahead->finished;
        ahead->finished = (struct job_list){NULL, NULL};
        pthread_mutex_unlock(&ahead->mutex);
    }
    for (struct ahead_job *job; (job = list_take(&ahead->taken));) {
        job->working = false;
        ahead->working--;
        if (job->owner)
            return job->owner;
        free(job);
    }
    return NULL;
}

bool ahead_first(const struct ahead_queue *queue, struct galen_bytes *frame)
{
    struct ahead_job *job = queue->first;
    if (!job || job->working)
        return false;
    *frame = (struct galen_bytes){job->frame, job->size};
    in_mind = job;
    return true;
}

void ahead_drop_first(struct ahead_queue *queue)
{
    struct ahead_job *job = queue->first;
    in_mind = NULL;
    if (!job)
        return; /* The whole queue was dropped meanwhile. */
    queue->first = job->after;
    if (!queue->first)
        queue->last = NULL;
    queue->count--;
    queue->bytes -= job->size;
    free(job);
}

bool ahead_verify(const uint8_t key[GALEN_SIGN_KEY_BYTES], struct galen_bytes message,
                  const uint8_t signature[GALEN_SIGNATURE_BYTES])
{
    asked_count++;
    for (size_t i = 0; in_mind && i < in_mind->fact_count; i++) {
        const struct fact *fact = &in_mind->facts[i];
        if (fact->message_size == message.size &&
            memcmp(fact->message, message.at, message.size) == 0 &&
            memcmp(fact->key, key, sizeof fact->key) == 0 &&
            memcmp(fact->signature, signature, sizeof fact->signature) == 0) {
            known_count++;
            return fact->good;
        }
    }
    return verify_openssl()->ed25519_verify(key, message, signature);
}

void ahead_count(uint64_t *asked, uint64_t *known)
{
    *asked = asked_count;
    *known = known_count;
}
