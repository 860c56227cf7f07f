/*
 * The input is what a hub goes through: a list of steps, each a byte that says what, a byte that says
 * on which line, and what belongs to it. Every signature counts as good, so that the fuzzer gets
 * behind the doors that a real key opens. The seeds are recorded from the tests in tests/server
 * (GALEN_RECORD, tests/support/stage.c).
 */
#include "fuzz/hub_steps.h"
#include "hub.h"
#include "support/primitives.h"

#include <stdlib.h>
#include <string.h>

static bool believe(const uint8_t key[GALEN_SIGN_KEY_BYTES], struct galen_bytes message,
                    const uint8_t signature[GALEN_SIGNATURE_BYTES])
{
    (void)key;
    (void)message;
    (void)signature;
    return true;
}

static void demand(bool holds)
{
    if (!holds)
        abort();
}

struct play {
    struct store *store;
    struct hub *hub;
    struct hub_config config;
    struct hub_connection *lines[HUB_STEP_LINES];
    uint64_t now_ms;
};

static const char *const names[] = {"galen.example", NULL};

static void start_hub(struct play *p)
{
    p->hub = hub_new(&p->config);
    demand(p->hub != NULL);
    memset(p->lines, 0, sizeof p->lines);
}

static void commit(struct play *p, enum galen_err err)
{
    struct store_batch *batch = hub_take_batch(p->hub);
    if (!batch)
        return;
    if (err == GALEN_OK)
        err = store_commit(p->store, batch);
    hub_committed(p->hub, p->now_ms, err);
}

/* What comes out can be read by the code that reads frames. */
static void drain(struct play *p, size_t line)
{
    struct galen_bytes bytes;
    struct galen_frame frame;
    while (p->lines[line] && (bytes = hub_next_frame(p->hub, p->lines[line], p->now_ms)).size > 0) {
        enum galen_err err = galen_frame_read(bytes, &frame);
        demand(err == GALEN_OK);
    }
    if (p->lines[line] && hub_is_closing(p->lines[line])) {
        hub_disconnect(p->hub, p->lines[line], p->now_ms);
        p->lines[line] = NULL;
    }
}

static void connect_line(struct play *p, size_t line)
{
    enum galen_err err;
    uint8_t nonce[32] = {(uint8_t)line}, address = (uint8_t)(line % 3);
    if (!p->lines[line])
        p->lines[line] =
            hub_connect(p->hub, p->now_ms, (struct galen_bytes){&address, 1}, nonce, &err);
}

static void leave(struct play *p, size_t line)
{
    if (p->lines[line])
        hub_disconnect(p->hub, p->lines[line], p->now_ms);
    p->lines[line] = NULL;
}

static void restart(struct play *p)
{
    hub_free(p->hub);
    start_hub(p);
}

static void pass(struct play *p, struct galen_bytes bytes)
{
    struct galen_reader r;
    galen_reader_init(&r, bytes);
    p->now_ms += galen_read_u32(&r);
    demand(hub_tick(p->hub, p->now_ms) > p->now_ms);
}

static bool take_step(struct play *p, struct galen_reader *r)
{
    uint8_t step = galen_read_u8(r);
    size_t line = galen_read_u8(r) % HUB_STEP_LINES;
    struct galen_bytes bytes = galen_take(r, galen_read_u16(r));
    if (r->failed)
        return false;
    switch (step) {
    case HUB_STEP_CONNECT:
        connect_line(p, line);
        break;
    case HUB_STEP_SEND:
        if (p->lines[line])
            hub_receive(p->hub, p->lines[line], p->now_ms, bytes);
        break;
    case HUB_STEP_DRAIN:
        drain(p, line);
        break;
    case HUB_STEP_LEAVE:
        leave(p, line);
        break;
    case HUB_STEP_COMMIT:
        commit(p, bytes.size > 0 ? GALEN_ERR_DISK_FULL : GALEN_OK);
        break;
    case HUB_STEP_PASS:
        pass(p, bytes);
        break;
    case HUB_STEP_RESTART:
        restart(p);
        break;
    default:
        break;
    }
    while (hub_next_ready(p->hub))
        ;
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct galen_primitives primitives = {test_primitives.sha256, believe};
    struct play p = {.now_ms = HUB_STEP_NOW_MS};
    struct galen_reader r;
    demand(store_open("", NULL, &p.store) == GALEN_OK);
    p.config = (struct hub_config){.primitives = &primitives,
                                   .store = p.store,
                                   .names = names,
                                   .limits = hub_limits_default(),
                                   .token = "0123456789abcdef0123456789abcdef"};
    start_hub(&p);
    galen_reader_init(&r, (struct galen_bytes){data, size});
    while (r.left > 0 && take_step(&p, &r))
        ;
    hub_free(p.hub);
    store_close(p.store);
    return 0;
}
