/*
 * The first byte says what the rest is: a stored record, a new entry, a header, an epoch body or a
 * head. What is read must be written again as it was.
 */
#include "galen/entry.h"
#include "support/primitives.h"

#include <stdlib.h>
#include <string.h>

static void demand(bool holds)
{
    if (!holds)
        abort();
}

static enum galen_err copy_record(struct galen_reader *r, struct galen_writer *w, bool stored)
{
    struct galen_entry entry;
    enum galen_err err = stored ? galen_entry_read(r, &entry) : galen_entry_read_new(r, &entry);
    if (err != GALEN_OK)
        return err;
    if (stored)
        galen_entry_write(w, &entry);
    else
        galen_entry_write_new(w, &entry);
    uint8_t leaf[GALEN_HASH_BYTES];
    galen_entry_leaf(&test_primitives, &entry, leaf);
    (void)galen_chart_id(&test_primitives, entry.signed_header);
    bool its = galen_entry_has_its_body(&test_primitives, &entry);
    galen_entry_settle_body(&test_primitives, &entry);
    demand(its == (entry.body_state == GALEN_BODY_PRESENT));
    return GALEN_OK;
}

static enum galen_err copy_epoch_body(struct galen_reader *r, struct galen_writer *w)
{
    struct galen_epoch_body *body = malloc(sizeof *body);
    demand(body != NULL);
    enum galen_err err = galen_epoch_body_read(galen_take(r, r->left), body);
    if (err == GALEN_OK) {
        demand(body->member_count > 0 && body->member_count <= GALEN_MEMBERS_MAX);
        galen_epoch_body_write(w, body);
    }
    free(body);
    return err;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct galen_reader r;
    struct galen_writer w;
    struct galen_header header;
    struct galen_head head;
    enum galen_err err;
    galen_reader_init(&r, (struct galen_bytes){data, size});
    galen_writer_init(&w);
    uint8_t what = galen_read_u8(&r);
    const uint8_t *start = r.at;
    switch (what % 5) {
    case 0:
        err = copy_record(&r, &w, true);
        break;
    case 1:
        err = copy_record(&r, &w, false);
        break;
    case 2:
        err = galen_header_read(&r, &header);
        galen_header_write(&w, &header);
        break;
    case 3:
        err = copy_epoch_body(&r, &w);
        break;
    default:
        err = galen_head_read(&r, &head);
        galen_head_write(&w, &head);
    }
    if (err == GALEN_OK)
        demand(galen_bytes_equal(galen_written(&w),
                                 (struct galen_bytes){start, (size_t)(r.at - start)}));
    galen_writer_wipe(&w);
    return 0;
}
