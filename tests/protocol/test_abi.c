/* protocol/wasm: one engine in a module, its sealed pairs, what goes out and comes in. */
#include "galen/frames.h"
#include "support/allocator.h"
#include "support/module.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static struct module_host *host;

static void begin(void)
{
    host = module_new();
}

static void end(void)
{
    module_free(host);
}

TestSuite(abi, .init = begin, .fini = end);

static const struct galen_reply *ask(const char *json)
{
    return module_ask(json, strlen(json));
}

static char *message(const char *text)
{
    char *begins = module_fill(host, "{\"do\":\"message\",\"chart\":\"$chart\",\"text\":\"");
    char *json = malloc(strlen(begins) + strlen(text) + 3);
    strcpy(json, begins);
    strcat(json, text);
    strcat(json, "\"}");
    free(begins);
    return json;
}

/* -- pairs, times, order ---------------------------------------------------------------------------- */

Test(abi, a_pair_is_opened_only_as_it_was_sealed)
{
    const struct module_pair *pair = &host->disk[0];
    uint8_t other[GALEN_WASM_STORE_KEY_BYTES] = {1}, changed[8192];
    const uint8_t *key = (const uint8_t *)pair->key;
    size_t size = strlen(pair->key);
    cr_assert_eq(galen_open(other), GALEN_OK);
    cr_assert_eq(module_load(host), GALEN_ERR_SEAL, "another store key");
    galen_close();
    cr_assert_eq(galen_open(module_store_key), GALEN_OK);
    cr_assert_eq(galen_load(key, size - 1, pair->sealed.at, pair->sealed.size), GALEN_ERR_SEAL);
    cr_assert_leq(pair->sealed.size, sizeof changed);
    for (size_t n = 0; n < pair->sealed.size; n++) {
        memcpy(changed, pair->sealed.at, pair->sealed.size);
        changed[n] ^= 1;
        cr_assert_eq(galen_load(key, size, changed, pair->sealed.size), GALEN_ERR_SEAL);
        cr_assert_eq(galen_load(key, size, pair->sealed.at, n), GALEN_ERR_SEAL);
    }
    cr_assert_eq(module_load(host), GALEN_OK);
}

Test(abi, nothing_happens_before_it_is_open_and_after_it_is_closed)
{
    static const uint8_t frame[GALEN_VOICE_BYTES];
    for (int round = 0; round < 2; round++) {
        cr_assert_eq(galen_load(frame, 1, frame, 1), GALEN_ERR_STATE);
        cr_assert_eq(galen_start(MODULE_NOW), GALEN_ERR_STATE);
        cr_assert_null(galen_next());
        galen_connected(MODULE_NOW, 1);
        galen_received(MODULE_NOW, 1, frame, 1);
        galen_disconnected(MODULE_NOW, 1);
        cr_assert(isinf(galen_tick(MODULE_NOW)));
        cr_assert_eq(galen_speak(MODULE_NOW, frame, GALEN_VOICE_BYTES), GALEN_ERR_STATE);
        cr_assert_eq(ask("{\"do\":\"home\"}")->err, GALEN_ERR_STATE);
        module_said(ask("{\"do\":\"home\"}"));
        cr_assert(strstr(module_said(galen_failure(GALEN_ERR_SEAL)), "bad-seal"));
        module_said(galen_failure(999999));
        if (round == 1)
            break;
        module_open(host);
        cr_assert_eq(galen_open(module_store_key), GALEN_ERR_STATE);
        cr_assert_eq(galen_start(MODULE_NOW), GALEN_ERR_STATE);
        cr_assert_eq(galen_load(frame, 1, frame, 1), GALEN_ERR_STATE);
        cr_assert_eq(ask("{\"do\":\"home\"}")->err, GALEN_OK);
        cr_assert_eq(galen_speak(MODULE_NOW, frame, GALEN_VOICE_BYTES), GALEN_ERR_NO_VISIT);
        cr_assert_eq(galen_speak(MODULE_NOW, frame, GALEN_VOICE_BYTES - 1), GALEN_ERR_FORMAT);
        galen_connected(MODULE_NOW, 0);
        galen_received(MODULE_NOW, 257, frame, 1);
        galen_disconnected(MODULE_NOW, 3);
        galen_close();
    }
    galen_close();
    galen_release(NULL);
}

Test(abi, any_number_is_a_time)
{
    static const double times[] = {NAN, -1, -INFINITY, 0, 0.5, 1e300, INFINITY};
    module_open(host);
    char *json = message("when?");
    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        cr_assert_eq(galen_ask(times[i], (const uint8_t *)json, strlen(json))->err, GALEN_OK);
        cr_assert_not(isnan(galen_tick(times[i])));
        galen_connected(times[i], 1);
        galen_disconnected(times[i], 1);
        module_drain(host);
    }
    free(json);
}

/* -- the line --------------------------------------------------------------------------------------- */

static void hear(const struct galen_frame *frame)
{
    struct galen_writer w;
    galen_writer_init(&w);
    galen_frame_write(&w, frame);
    uint8_t *at = galen_alloc(w.size);
    memcpy(at, w.at, w.size);
    galen_received(MODULE_NOW, GALEN_CONNECTION_LOG, at, w.size);
    galen_release(at);
    galen_writer_wipe(&w);
    module_drain(host);
}

Test(abi, events_are_told_and_say_what_the_questions_say)
{
    module_open(host);
    galen_connected(MODULE_NOW, GALEN_CONNECTION_LOG);
    struct galen_frame frame = {.type = GALEN_FRAME_CHALLENGE};
    frame.as.challenge.version = GALEN_VERSION;
    frame.as.challenge.practice = host->own->practice;
    frame.as.challenge.clock_ms = (uint64_t)MODULE_NOW;
    hear(&frame);
    cr_assert_eq(host->sent, 1, "signs in");
    struct galen_writer ids;
    galen_writer_init(&ids);
    galen_write_id(&ids, galen_rules_chart(host->patients->rules));
    galen_write_id(&ids, galen_rules_chart(host->own->rules));
    frame = (struct galen_frame){.type = GALEN_FRAME_WELCOME};
    frame.as.welcome.clock_ms = (uint64_t)MODULE_NOW;
    frame.as.welcome.charts = galen_written(&ids);
    hear(&frame);
    galen_writer_wipe(&ids);
    cr_assert(module_told(host, "online"));
    cr_assert(
        strstr(module_said(ask("{\"do\":\"home\"}")), "\"online\":{\"log\":true,\"live\":false}"));
    double next = galen_tick(MODULE_NOW);
    cr_assert_gt(next, MODULE_NOW);
    cr_assert_lt(next, MODULE_NOW + 60000);
    galen_disconnected(MODULE_NOW, GALEN_CONNECTION_LOG);
    module_drain(host);
    cr_assert(module_told(host, "offline"));
}

Test(abi, what_is_written_is_saved_sealed_and_is_there_again)
{
    module_open(host);
    char *json = message("take two");
    char *waiting = module_fill(host, "{\"do\":\"waiting\",\"chart\":\"$chart\"}");
    size_t commits = host->commits;
    cr_assert_eq(ask(json)->err, GALEN_OK);
    module_drain(host);
    cr_assert_eq(host->commits, commits + 1);
    for (size_t i = 0; i < host->pair_count; i++)
        cr_assert_null(memmem(host->disk[i].sealed.at, host->disk[i].sealed.size, "take two", 8));
    galen_close();
    module_open(host);
    cr_assert(strstr(module_said(ask(waiting)), "\"text\":\"take two\""));
    free(json);
    free(waiting);
}

Test(abi, without_memory_for_what_goes_out_it_says_so_once_and_ends)
{
    char *json = message("two");
    size_t broken = 0;
    for (size_t nth = 1;; nth++) {
        module_open(host);
        cr_assert_eq(ask(json)->err, GALEN_OK);
        size_t commits = host->commits;
        host->event_count = 0;
        allocator_fail(nth);
        const struct galen_out *out = galen_next();
        bool failed = allocator_failed();
        allocator_fail(0);
        if (!failed)
            break;
        cr_assert_eq(out->kind, GALEN_OUT_EVENT);
        module_note(host, out);
        cr_assert(module_told(host, "broken"));
        cr_assert_null(galen_next(), "a commit without its pair must not follow");
        cr_assert_eq(ask(json)->err, GALEN_ERR_STATE);
        cr_assert(isinf(galen_tick(MODULE_NOW)));
        cr_assert_eq(host->commits, commits);
        broken++;
        galen_close();
    }
    cr_assert_gt(broken, 0);
    free(json);
}
