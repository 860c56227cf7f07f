/* The thread that makes batches durable while the loop goes on. */
#ifndef GALEN_SERVER_TRANSPORT_WRITER_H
#define GALEN_SERVER_TRANSPORT_WRITER_H

#include "store.h"

struct writer;

/** `done` is called from the writer's thread each time a batch is done. NULL: it cannot be started. */
struct writer *writer_new(struct store *store, void (*done)(void *context), void *context);
/** Waits for the batch that is being written, if any, which writer_take then gives. No more after it. */
void writer_stop(struct writer *writer);
void writer_free(struct writer *writer); /* stops it first; takes NULL */
/** Starts a batch; the writer must be idle. The batch stays the caller's. */
void writer_start(struct writer *writer, const struct store_batch *batch);
/** True between writer_start and writer_take. */
bool writer_is_busy(const struct writer *writer);
/** True when the batch is done: then `*result` is store_commit's and the writer is idle again. */
bool writer_take(struct writer *writer, enum galen_err *result, uint64_t *took_us);

#endif
