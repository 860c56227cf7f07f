#include "state.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct output_node {
    struct output_node *next;
    struct galen_output output;
    size_t size; /* of bytes */
    uint8_t bytes[];
};

static void node_free(struct output_node *node)
{
    if (!node)
        return;
    galen_wipe(node->bytes, node->size);
    free(node);
}

void outputs_wipe(struct outputs *outputs)
{
    node_free(outputs->out);
    while (outputs->first) {
        struct output_node *next = outputs->first->next;
        node_free(outputs->first);
        outputs->first = next;
    }
    *outputs = (struct outputs){0};
}

bool outputs_next(struct outputs *outputs, struct galen_output *output)
{
    node_free(outputs->out);
    outputs->out = outputs->first;
    if (!outputs->first)
        return false;
    outputs->first = outputs->first->next;
    if (!outputs->first)
        outputs->last = NULL;
    *output = outputs->out->output;
    return true;
}

/* Room for `n` bytes with the node; NULL after a failure, which stops everything that would follow:
 * a later output must never be carried out without an earlier one. */
static struct output_node *push(struct galen_engine *engine, uint8_t kind, size_t n)
{
    struct outputs *outputs = &engine->outputs;
    if (outputs->failed)
        return NULL;
    struct output_node *node = calloc(1, sizeof *node + n);
    if (!node) {
        outputs->failed = true;
        return NULL;
    }
    node->size = n;
    node->output.kind = kind;
    if (outputs->last)
        outputs->last->next = node;
    else
        outputs->first = node;
    outputs->last = node;
    return node;
}

void save(struct galen_engine *engine, const char *key, struct galen_bytes value)
{
    size_t key_size = strlen(key);
    /* A start reads up to there. */
    assert(strcmp(key, GALEN_LOADED_LATER) < 0 ||
           home_loads_later((struct galen_bytes){(const uint8_t *)key, key_size}));
    struct output_node *node = push(engine, GALEN_OUT_SAVE, key_size + value.size);
    if (!node)
        return;
    memcpy(node->bytes, key, key_size);
    if (value.size > 0)
        memcpy(node->bytes + key_size, value.at, value.size);
    node->output.key = (struct galen_bytes){node->bytes, key_size};
    node->output.value = (struct galen_bytes){node->bytes + key_size, value.size};
    engine->outputs.uncommitted = true;
}

void load(struct galen_engine *engine, const char *key)
{
    commit(engine);
    size_t size = strlen(key);
    struct output_node *node = push(engine, GALEN_OUT_LOAD, size);
    if (!node)
        return;
    memcpy(node->bytes, key, size);
    node->output.key = (struct galen_bytes){node->bytes, size};
}

void commit(struct galen_engine *engine)
{
    save_pages(engine);
    if (!engine->outputs.uncommitted)
        return;
    engine->outputs.uncommitted = false;
    push(engine, GALEN_OUT_COMMIT, 0);
}

void send_bytes(struct galen_engine *engine, uint8_t purpose, struct galen_bytes frame)
{
    commit(engine);
    struct output_node *node = push(engine, GALEN_OUT_SEND, frame.size);
    if (!node)
        return;
    memcpy(node->bytes, frame.at, frame.size);
    node->output.purpose = purpose;
    node->output.value = (struct galen_bytes){node->bytes, frame.size};
}

void send_frame(struct galen_engine *engine, uint8_t purpose, const struct galen_frame *frame)
{
    struct galen_writer w;
    galen_writer_init(&w);
    galen_frame_write(&w, frame);
    if (w.failed)
        engine->outputs.failed = true;
    else
        send_bytes(engine, purpose, galen_written(&w));
    galen_writer_wipe(&w);
}

void send_signal(struct galen_engine *engine, uint8_t kind, uint8_t purpose)
{
    commit(engine);
    struct output_node *node = push(engine, kind, 0);
    if (node)
        node->output.purpose = purpose;
}

void event(struct galen_engine *engine, struct galen_event event)
{
    struct output_node *node = push(engine, GALEN_OUT_EVENT, event.text.size);
    if (!node)
        return;
    if (event.text.size > 0)
        memcpy(node->bytes, event.text.at, event.text.size);
    event.text.at = node->bytes;
    node->output.event = event;
}

void voice(struct galen_engine *engine, const struct galen_id *device, uint64_t number,
           struct galen_bytes packet)
{
    struct output_node *node = push(engine, GALEN_OUT_VOICE, packet.size);
    if (!node)
        return;
    if (packet.size > 0)
        memcpy(node->bytes, packet.at, packet.size);
    node->output.device = *device;
    node->output.number = number;
    node->output.value = (struct galen_bytes){node->bytes, packet.size};
}

void draw(struct galen_engine *engine, void *out, size_t n)
{
    engine->config.random(engine->config.context, out, n);
}

uint64_t earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}
