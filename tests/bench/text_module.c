/* galen/text.h for node: what tests/bench/_text.mjs measures. One text at a time. */
#include "galen/text.h"

#include <stdlib.h>

#define EXPORT(name) __attribute__((export_name(name), visibility("default")))

EXPORT("bench_alloc") void *bench_alloc(size_t n);
EXPORT("bench_new") uint32_t bench_new(void);
EXPORT("bench_apply")
uint32_t bench_apply(uint32_t device, uint32_t seen, uint32_t at, uint32_t deleted,
                     const uint8_t *inserted, size_t size);
EXPORT("bench_save") uint32_t bench_save(void);
EXPORT("bench_load") uint32_t bench_load(const uint8_t *saved, size_t size);
EXPORT("bench_say") uint32_t bench_say(void);
EXPORT("bench_out") const uint8_t *bench_out(void);
EXPORT("bench_out_size") size_t bench_out_size(void);

static struct galen_text *text;
static struct galen_writer out;

void *bench_alloc(size_t n)
{
    return malloc(n);
}

uint32_t bench_new(void)
{
    galen_text_free(text);
    text = galen_text_new();
    return text == NULL ? GALEN_ERR_MEMORY : GALEN_OK;
}

uint32_t bench_apply(uint32_t device, uint32_t seen, uint32_t at, uint32_t deleted,
                     const uint8_t *inserted, size_t size)
{
    struct galen_splice splice = {at, deleted, {inserted, size}};
    struct galen_edit edit = {.device = device, .seen = seen, .splices = &splice, .count = 1};
    return galen_text_apply(text, &edit, 0);
}

uint32_t bench_save(void)
{
    galen_writer_clear(&out);
    galen_text_save(text, &out);
    return out.failed ? GALEN_ERR_MEMORY : GALEN_OK;
}

uint32_t bench_load(const uint8_t *saved, size_t size)
{
    galen_text_free(text);
    return galen_text_load((struct galen_bytes){saved, size}, &text);
}

uint32_t bench_say(void)
{
    galen_writer_clear(&out);
    galen_text_say(text, &out);
    return out.failed ? GALEN_ERR_MEMORY : GALEN_OK;
}

const uint8_t *bench_out(void)
{
    return out.at;
}

size_t bench_out_size(void)
{
    return out.size;
}
