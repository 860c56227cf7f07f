/*
 * The input is a script: each byte says what to read next from the bytes behind it. What was read
 * without failure is written again and must give the same bytes: one value has one encoding.
 */
#include "galen/codec.h"

#include <stdlib.h>
#include <string.h>

enum { DEPTH_MAX = 8 };

static void copy(struct galen_reader *r, struct galen_writer *w, int depth)
{
    while (!r->failed && r->left > 0) {
        uint8_t what = galen_read_u8(r);
        galen_write_u8(w, what);
        switch (what % 8) {
        case 0:
            galen_write_u8(w, galen_read_u8(r));
            break;
        case 1:
            galen_write_u16(w, galen_read_u16(r));
            break;
        case 2:
            galen_write_u32(w, galen_read_u32(r));
            break;
        case 3:
            galen_write_u64(w, galen_read_u64(r));
            break;
        case 4:
            galen_write_bool(w, galen_read_bool(r));
            break;
        case 5: {
            struct galen_id id = galen_read_id(r);
            galen_write_id(w, &id);
            break;
        }
        case 6:
            galen_write_vector(w, galen_read_vector(r, (size_t)what << 8));
            break;
        case 7: {
            struct galen_reader inner;
            galen_read_nested(r, SIZE_MAX, &inner);
            size_t mark = galen_write_begin(w);
            if (depth < DEPTH_MAX)
                copy(&inner, w, depth + 1);
            else
                galen_write(w, inner.at, inner.left);
            galen_write_end(w, mark);
            if (inner.failed)
                r->failed = true;
            break;
        }
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct galen_reader r;
    struct galen_writer w;
    galen_reader_init(&r, (struct galen_bytes){data, size});
    galen_writer_init(&w);
    copy(&r, &w, 0);
    if (!r.failed && !galen_bytes_equal(galen_written(&w), (struct galen_bytes){data, size}))
        abort();
    galen_writer_wipe(&w);
    return 0;
}
