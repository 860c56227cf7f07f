/* Opens rooms of two on a server: by the whole protocol on galend, by path on bare-relay. */
#ifndef GALEN_BENCH_ROOMS_H
#define GALEN_BENCH_ROOMS_H

#include "load.h"

/** One end of a room, ready for media. */
struct room_side {
    struct link *link;
    uint64_t key_id; /* with the participant's number */
    uint64_t counter;
};

/** options->rooms rooms, two sides each, one after the other. `heard` gets every media frame. */
struct room_side *rooms_open(struct link_loop *loop, const struct load_options *options,
                             void (*heard)(struct galen_bytes frame));

#endif
