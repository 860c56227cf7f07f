/*
 * galen.wasm with a mistake of the kind that only shows where size_t has 32 bits: the time of the next call is
 * kept in one. Compiled for this machine it would be right. tests/wasm/scripts must tell the two apart.
 */
#include "wasm/ask.h"

static uint64_t narrow_tick(struct galen_engine *engine, uint64_t now_ms)
{
    size_t next = (size_t)galen_engine_tick(engine, now_ms);
    return next;
}

#define galen_engine_tick narrow_tick
#include "wasm/abi.c"
