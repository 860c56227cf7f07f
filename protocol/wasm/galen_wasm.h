/*
 * Everything that JavaScript sees of Galen: one engine (galen/engine.h) in one module instance, asked in
 * JSON (web-client/src/core/protocol.ts has the questions and answers). The host keeps the duty that
 * galen/engine.h describes: it carries out what galen_next gives, in order, and is durable at a COMMIT.
 *
 * The same C is compiled natively as galen_wasm_abi, for tests. There pointers and sizes are the
 * machine's; in the module both are 32 bits, so that the structs here are made of u32 only.
 *
 * Memory. What the host passes in lies in memory from galen_alloc, stays the host's, and is read during
 * the call only. What comes back is the module's and is good until the call that its comment names; any
 * call may move the module's memory, so views of it are made anew after each.
 *
 * Time. `now_ms` is Unix time in milliseconds. NaN and what is below 0 count as 0, and what is beyond the
 * year 9999 as its end.
 *
 * Errors are numbers of `enum galen_err`, 0 is success; galen_failure says them in words. STATE: no engine
 * is open, or it is not at that point. Before galen_open and after galen_close every other call but
 * galen_alloc, galen_release and galen_failure does nothing and says so (STATE, 0 or infinity).
 */
#ifndef GALEN_WASM_H
#define GALEN_WASM_H

#include <stddef.h>
#include <stdint.h>

#ifdef __wasm__
#define GALEN_EXPORT(name) __attribute__((export_name(name), visibility("default")))
#else
#define GALEN_EXPORT(name)
#endif

#define GALEN_WASM_STORE_KEY_BYTES 32
#define GALEN_WASM_ASK_MAX         (1024u * 1024) /* bytes of one question */

/** n bytes that the host may write, for what it passes in. 0: out of memory. */
GALEN_EXPORT("galen_alloc") void *galen_alloc(size_t n);
/** Gives them back, zeroed: questions may hold links. 0 is let pass. */
GALEN_EXPORT("galen_release") void galen_release(void *at);

/* -- the engine --------------------------------------------------------------------------------- */

/**
 * Makes the engine. `store_key`: 32 bytes (copied) under which the values of SAVE are sealed. Every
 * random byte comes from the module's import `random_get`, when it is needed. STATE: one is open; MEMORY.
 */
GALEN_EXPORT("galen_open") uint32_t galen_open(const uint8_t *store_key);
/** Frees and wipes everything; galen_open may follow. */
GALEN_EXPORT("galen_close") void galen_close(void);
/**
 * After galen_open: one pair as SAVE gave it, in ascending order of keys' bytes; those whose keys begin with
 * GALEN_LOADED_LATER need not be. After galen_start: one that LOAD asked for; no bytes if there is none.
 * SEAL: the value was changed, belongs to another key or was sealed under another store key; FORMAT: damaged.
 */
GALEN_EXPORT("galen_load")
uint32_t galen_load(const uint8_t *key, size_t key_size, const uint8_t *sealed, size_t sealed_size);
/** After the last pair. Then galen_next says what to do. */
GALEN_EXPORT("galen_start") uint32_t galen_start(double now_ms);

/**
 * What the host is to do next. `kind` is one of enum galen_output_kind:
 *
 *     kind            purpose          key                 value
 *     1 SAVE                           of the pair         sealed; empty: remove the pair
 *     2 COMMIT
 *     3 CONNECT       1 log, 2 live
 *     4 DISCONNECT    1 log, 2 live
 *     5 SEND          1 log, 2 live                        a frame
 *     6 EVENT                                              JSON (Told in protocol.ts)
 *     7 VOICE                          who speaks: 32      a packet; empty: speaks no more
 *     8 LOAD                           to be given to galen_load with what SAVE last gave of it
 */
struct galen_out {
    uint32_t kind, purpose;
    const uint8_t *key;
    size_t key_size;
    const uint8_t *value;
    size_t value_size;
    uint32_t number_low, number_high; /* VOICE: which 20 ms of that device it is */
};
/**
 * The next thing to do, good until the next call of galen_next; 0: nothing now. To be called until 0
 * after every call that takes `now_ms`. When the engine cannot go on (out of memory), the last one is
 * the event "broken", and nothing comes after it: what was durable is whole, load it again.
 */
GALEN_EXPORT("galen_next") const struct galen_out *galen_next(void);

/** The connection that CONNECT asked for is open. `purpose`: 1 log, 2 live; others are let pass. */
GALEN_EXPORT("galen_connected") void galen_connected(double now_ms, uint32_t purpose);
/** One binary WebSocket message came. */
GALEN_EXPORT("galen_received")
void galen_received(double now_ms, uint32_t purpose, const uint8_t *frame, size_t size);
/** It closed, could not be opened, or DISCONNECT was carried out. */
GALEN_EXPORT("galen_disconnected") void galen_disconnected(double now_ms, uint32_t purpose);
/** Gives the time (Unix, ms) at which to call it again, at the latest; infinity: not needed. */
GALEN_EXPORT("galen_tick") double galen_tick(double now_ms);
/** The network is back, or somebody looks again: what waits for its next try is due. Then galen_tick. */
GALEN_EXPORT("galen_awake") void galen_awake(void);

/**
 * Sends 80 bytes of this person's voice, made by galen_talk_encode: to be called every 20 ms. Gives what
 * galen_engine_speak gives: WAITING until admitted, NO_VISIT; FORMAT: of another size.
 */
GALEN_EXPORT("galen_speak")
uint32_t galen_speak(double now_ms, const uint8_t *packet, size_t size);

/* -- questions ---------------------------------------------------------------------------------- */

struct galen_reply {
    uint32_t err; /* enum galen_err */
    const uint8_t *at;
    size_t size;
};
/**
 * Asks: {"do": NAME, …the fields of Questions[NAME].ask}, UTF-8, at most GALEN_WASM_ASK_MAX bytes. The
 * reply is Questions[NAME].answer in JSON; with an error {"error", "help"}; of "evidence" the file's
 * bytes. It is good until the next question or galen_failure, and wiped then. USAGE: there is no such
 * question; a field is missing, of another type, out of bounds, or not one of the question's: `help`
 * names it. MEMORY: there is no answer, but what was asked for may be under way. What the question changes
 * goes out by galen_next.
 */
GALEN_EXPORT("galen_ask")
const struct galen_reply *galen_ask(double now_ms, const uint8_t *json, size_t size);
/** {"error", "help"} of a number that another call gave. */
GALEN_EXPORT("galen_failure") const struct galen_reply *galen_failure(uint32_t err);

#ifdef __wasm__
_Static_assert(sizeof(struct galen_out) == 32, "eight u32");
_Static_assert(sizeof(struct galen_reply) == 12, "three u32");
#endif

#endif
