/* Lists of splices: how they are made, as bytes, and in a text that is not kept. */
#include "galen/op.h"
#include "galen/text.h"

#include "text_state.h"

#include <stdlib.h>
#include <string.h>

void galen_splices_free(struct galen_splices *splices)
{
    free(splices->at);
    free(splices->bytes);
    memset(splices, 0, sizeof *splices);
}

bool making_add(struct making *making, uint32_t at, uint32_t deleted, struct galen_bytes inserted)
{
    if (making->count == 0 || making->behind != at) {
        if (making->count == making->room) {
            size_t room = making->room * 2 + 4;
            struct galen_splice *more = realloc(making->at, room * sizeof *more);
            if (more == NULL)
                return false;
            making->at = more;
            making->room = room;
        }
        making->at[making->count++] = (struct galen_splice){at, 0, {NULL, 0}};
    }
    struct galen_splice *last = &making->at[making->count - 1];
    last->deleted += deleted;
    last->inserted.size += inserted.size;
    galen_write(&making->inserted, inserted.at, inserted.size);
    making->behind = at + (uint32_t)utf8_points(inserted.at, inserted.size);
    return !making->inserted.failed;
}

enum galen_err making_end(struct making *making, enum galen_err err, struct galen_splices *out)
{
    *out = (struct galen_splices){making->at, making->count, making->inserted.at};
    const uint8_t *at = out->bytes;
    for (size_t i = 0; i < out->count; i++) {
        out->at[i].inserted.at = at;
        if (at != NULL)
            at += out->at[i].inserted.size;
    }
    if (err != GALEN_OK)
        galen_splices_free(out);
    return err;
}

/* ---- As bytes ------------------------------------------------------------------------------------ */

void galen_splices_write(struct galen_writer *w, const struct galen_splice *splices, size_t count)
{
    uint32_t behind = 0; /* where the splice before ends */
    for (size_t i = 0; i < count; i++) {
        const struct galen_splice *splice = &splices[i];
        if (splice->at < behind || (i > 0 && splice->at == behind) ||
            (splice->deleted == 0 && splice->inserted.size == 0)) {
            w->failed = true;
            return;
        }
        galen_write_u32(w, splice->at - behind);
        galen_write_u32(w, splice->deleted);
        galen_write_vector(w, splice->inserted);
        behind = splice->at + (uint32_t)galen_text_points(splice->inserted);
    }
}

/* Reads one; `behind` is where the one before ends, and then where this one does. */
static bool read_splice(struct galen_reader *r, bool is_first, uint32_t *behind,
                        struct galen_splice *splice)
{
    uint32_t kept = galen_read_u32(r);
    splice->deleted = galen_read_u32(r);
    splice->inserted = galen_read_vector(r, GALEN_PLAIN_MAX);
    if (r->failed || (kept == 0 && !is_first) || kept > GALEN_TEXT_LENGTH_MAX - *behind ||
        (splice->deleted == 0 && splice->inserted.size == 0) || !galen_text_ok(splice->inserted))
        return false;
    splice->at = *behind + kept;
    uint32_t points = (uint32_t)galen_text_points(splice->inserted);
    if (points > GALEN_TEXT_LENGTH_MAX - splice->at)
        return false;
    *behind = splice->at + points;
    return true;
}

/* Goes through all of them; `out` NULL: only counts. False: VALUE. */
static bool read_splices(struct galen_bytes in, struct galen_splice *out, size_t *count)
{
    struct galen_reader r;
    uint32_t behind = 0;
    galen_reader_init(&r, in);
    for (*count = 0; r.left > 0; ++*count) {
        struct galen_splice splice;
        if (!read_splice(&r, *count == 0, &behind, &splice))
            return false;
        if (out != NULL)
            out[*count] = splice;
    }
    return true;
}

enum galen_err galen_splices_check(struct galen_bytes in)
{
    size_t count;
    return read_splices(in, NULL, &count) ? GALEN_OK : GALEN_ERR_VALUE;
}

enum galen_err galen_splices_read(struct galen_bytes in, struct galen_splices *splices)
{
    memset(splices, 0, sizeof *splices);
    size_t count;
    if (!read_splices(in, NULL, &count))
        return GALEN_ERR_VALUE;
    splices->at = malloc((count + 1) * sizeof *splices->at);
    if (splices->at == NULL)
        return GALEN_ERR_MEMORY;
    (void)read_splices(in, splices->at, &splices->count);
    return GALEN_OK;
}

/* ---- In a text ----------------------------------------------------------------------------------- */

enum galen_err galen_text_spliced(struct galen_bytes text, const struct galen_splices *splices,
                                  struct galen_writer *w)
{
    struct galen_text *plain = galen_text_new();
    struct galen_splice whole = {.inserted = text};
    struct galen_edit first = {.splices = &whole, .count = text.size > 0};
    struct galen_edit edit = {.seen = 1, .splices = splices->at, .count = splices->count};
    enum galen_err err = plain == NULL ? GALEN_ERR_MEMORY : galen_text_apply(plain, &first, 0);
    if (err == GALEN_OK)
        err = galen_text_apply(plain, &edit, 0);
    if (err == GALEN_OK)
        galen_text_say(plain, w);
    galen_text_free(plain);
    return err == GALEN_OK && w->failed ? GALEN_ERR_MEMORY : err;
}
