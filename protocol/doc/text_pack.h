/*
 * Bytes made smaller: what repeats is named by where it stood (LZ77), and what is left is written in as few
 * bits as its frequency allows (Huffman, canonical, at most 12 bits). Private to protocol/doc.
 */
#ifndef GALEN_DOC_TEXT_PACK_H
#define GALEN_DOC_TEXT_PACK_H

#include "galen/codec.h"

/** Appends the bytes behind the first `known`, which who unpacks has already, packed. `quick`: larger, but read
 *  at several times the speed: only what repeats is left out. */
void pack_write(struct galen_writer *w, struct galen_bytes bytes, size_t known, bool quick);
/**
 * Reads what pack_write wrote into `out`, whose first `known` bytes are those known. OK; FORMAT: not such
 * bytes, or not `size` of them in all; MEMORY.
 */
GALEN_MUST_USE enum galen_err pack_read(struct galen_reader *r, bool quick, uint8_t *out,
                                        size_t known, size_t size);

/** A number in as few bytes as it needs: seven bits a byte, the lowest first. */
void pack_number(struct galen_writer *w, uint32_t n);
uint32_t unpack_number(struct galen_reader *r);

#endif
