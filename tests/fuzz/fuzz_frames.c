/* The input is one frame. What is read must be written again as it was. */
#include "galen/frames.h"

#include <stdlib.h>

static void demand(bool holds)
{
    if (!holds)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct galen_frame frame;
    struct galen_bytes in = {data, size};
    if (galen_frame_read(in, &frame) != GALEN_OK)
        return 0;
    demand(galen_frame_name(frame.type) != NULL);
    struct galen_writer w;
    galen_writer_init(&w);
    galen_frame_write(&w, &frame);
    demand(galen_bytes_equal(galen_written(&w), in));
    if (frame.type == GALEN_FRAME_ENTRIES) {
        struct galen_reader records;
        struct galen_entry entry;
        enum galen_err err;
        galen_reader_init(&records, frame.as.entries.records);
        while ((err = galen_entries_next(&records, &entry)) == GALEN_OK)
            ;
        demand(err == GALEN_ERR_STATE);
    }
    galen_writer_wipe(&w);
    return 0;
}
