/* A draft of a text: as bytes, and carried over to what the text says by now. */
#include "galen/draft.h"

#include "galen/crypto.h"
#include "galen/mutation.h"
#include "galen/op.h"
#include "galen/schema.h"

#include <string.h>

void galen_draft_tag(struct galen_bytes text, uint8_t tag[GALEN_DRAFT_TAG_BYTES])
{
    uint8_t hash[GALEN_HASH_BYTES];
    galen_sha256(&text, 1, hash);
    memcpy(tag, hash, GALEN_DRAFT_TAG_BYTES);
}

void galen_draft_write(struct galen_writer *w, const struct galen_draft *draft)
{
    galen_write_u8(w, draft->doc);
    galen_write(w, draft->record, sizeof draft->record);
    galen_write_u16(w, draft->field);
    galen_write(w, draft->tag, sizeof draft->tag);
    galen_write_u32(w, draft->caret);
    galen_write_u32(w, draft->end);
    galen_write_vector(w, draft->splices);
}

enum galen_err galen_draft_read(struct galen_reader *r, struct galen_draft *draft)
{
    draft->doc = galen_read_u8(r);
    galen_read_into(r, draft->record, sizeof draft->record);
    draft->field = galen_read_u16(r);
    galen_read_into(r, draft->tag, sizeof draft->tag);
    draft->caret = galen_read_u32(r);
    draft->end = galen_read_u32(r);
    draft->splices = galen_read_vector(r, GALEN_DRAFT_MAX);
    const struct galen_document *document = galen_document(draft->doc);
    const struct galen_field *field = document ? galen_field(document, draft->field) : NULL;
    if (!galen_reader_done(r) || !field || field->kind != GALEN_VALUE_TEXT)
        return GALEN_ERR_VALUE;
    return galen_splices_check(draft->splices);
}

/* A place in what the splices make, in the text without them; within what they insert, where that begins. */
static uint32_t before_splices(const struct galen_splices *splices, uint32_t place)
{
    for (size_t i = splices->count; i-- > 0;) {
        const struct galen_splice *splice = &splices->at[i];
        uint32_t inserted = (uint32_t)galen_text_points(splice->inserted);
        if (place <= splice->at)
            continue;
        if (place - splice->at >= inserted)
            place = place - inserted + splice->deleted;
        else
            place = splice->at;
    }
    return place;
}

/* The other way; what is inserted just there stands before it. */
static uint32_t behind_splices(const struct galen_splices *splices, uint32_t place)
{
    for (size_t i = 0; i < splices->count && splices->at[i].at <= place; i++) {
        const struct galen_splice *splice = &splices->at[i];
        uint32_t inserted = (uint32_t)galen_text_points(splice->inserted);
        uint32_t deleted =
            place - splice->at < splice->deleted ? place - splice->at : splice->deleted;
        place = place - deleted + inserted;
    }
    return place;
}

enum galen_err galen_draft_place(const struct galen_draft *draft, struct galen_bytes was,
                                 struct galen_bytes now, struct galen_placed *placed)
{
    struct galen_splices mine = {0}, theirs = {0};
    struct galen_writer made;
    galen_writer_init(&made);
    memset(placed, 0, sizeof *placed);
    enum galen_err err = galen_splices_read(draft->splices, &mine);
    if (err == GALEN_OK)
        err = galen_text_spliced(was, &mine, &made);
    size_t points = err == GALEN_OK ? galen_text_points(galen_written(&made)) : 0;
    if (err == GALEN_OK &&
        (points > GALEN_TEXT_POINTS_MAX || draft->caret > points || draft->end > points))
        err = GALEN_ERR_VALUE;
    if (err == GALEN_OK)
        err = galen_text_difference(was, now, &theirs);
    if (err == GALEN_OK)
        err = galen_text_merge(was, galen_written(&made), now, &placed->splices);
    if (err == GALEN_OK) {
        placed->caret = behind_splices(&theirs, before_splices(&mine, draft->caret));
        placed->end = behind_splices(&theirs, before_splices(&mine, draft->end));
    }
    galen_splices_free(&mine);
    galen_splices_free(&theirs);
    galen_writer_wipe(&made);
    return err;
}
