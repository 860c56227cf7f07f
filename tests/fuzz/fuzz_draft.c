/*
 * The input is what a text was, what it says now (a vector each), and what somebody says that they type in it. What
 * is read is written again as it was; what is shown of it is text, is in order, and the caret stands within it.
 */
#include "galen/draft.h"
#include "galen/op.h"

#include <stdlib.h>

static void check(bool ok)
{
    if (!ok)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct galen_reader r;
    struct galen_draft draft;
    struct galen_placed placed;
    struct galen_writer w;
    galen_reader_init(&r, (struct galen_bytes){data, size});
    struct galen_bytes was = galen_read_vector(&r, 4096), now = galen_read_vector(&r, 4096);
    struct galen_bytes said = {r.at, r.left};
    if (r.failed || !galen_text_ok(was) || !galen_text_ok(now) ||
        galen_draft_read(&r, &draft) != GALEN_OK)
        return 0;
    galen_writer_init(&w);
    galen_draft_write(&w, &draft);
    check(galen_bytes_equal(galen_written(&w), said));
    galen_writer_clear(&w);
    if (galen_draft_place(&draft, was, now, &placed) == GALEN_OK) {
        check(galen_text_spliced(now, &placed.splices, &w) == GALEN_OK);
        check(galen_text_ok(galen_written(&w)));
        galen_writer_clear(&w);
        galen_splices_write(&w, placed.splices.at, placed.splices.count);
        check(!w.failed);
        check(placed.caret <= galen_text_points(now) && placed.end <= galen_text_points(now));
    }
    galen_splices_free(&placed.splices);
    galen_writer_wipe(&w);
    return 0;
}
