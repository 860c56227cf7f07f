/* The characters of a text, in chunks with a gap where the last edit in each was. Private to protocol/doc. */
#ifndef GALEN_DOC_TEXT_STORE_H
#define GALEN_DOC_TEXT_STORE_H

#include "galen/codec.h"

enum { CHUNK_BYTES = 1000 };

struct chunk {
    uint16_t before, after;               /* bytes in front of the gap, and behind it */
    uint16_t before_points, after_points; /* the same in code points */
    uint8_t bytes[CHUNK_BYTES];
};

/* All zeros is an empty text. */
struct store {
    struct chunk **chunks;
    size_t count, room;
    struct chunk **spare; /* made ahead, so that changes cannot fail */
    size_t spare_count, spare_room;
    size_t at;      /* the chunk that was changed last */
    uint32_t start; /* code points before it */
    uint32_t points;
    size_t size;
};

void store_wipe(struct store *store);
/** Makes room for `splices` changes that insert `bytes` in all, the first at `at`; they cannot fail then. */
GALEN_MUST_USE bool store_reserve(struct store *store, uint32_t at, size_t splices, size_t bytes);
/** Gives back what was reserved and not needed. */
void store_settle(struct store *store);
/** at <= points, deleted <= points - at. Room was made. */
void store_splice(struct store *store, uint32_t at, uint32_t deleted, struct galen_bytes inserted);
/** Appends `count` code points from `at` on, all of which are in it. */
void store_read(struct store *store, uint32_t at, uint32_t count, struct galen_writer *w);
/** Appends all of it. */
void store_write(const struct store *store, struct galen_writer *w);

/** Code points in well-formed UTF-8. */
size_t utf8_points(const uint8_t *at, size_t size);
/** Bytes of the first `points` code points. */
size_t utf8_skip(const uint8_t *at, size_t points);

#endif
