/*
 * What somebody types in a text right now (PROTOCOL.md, "Drafts and presence"; D5): splices against the text
 * that they began from, which the receiver finds again by its tag. Live only, never stored.
 */
#ifndef GALEN_DRAFT_H
#define GALEN_DRAFT_H

#include "galen/text.h"

/** Positions are code points of what the sender's text says with the splices in it. */
struct galen_draft {
    uint8_t doc;
    uint8_t record[16];
    uint16_t field;
    uint8_t tag[GALEN_DRAFT_TAG_BYTES]; /* zeros: the draft is too large to be said */
    uint32_t caret, end; /* `end`: the selection's other one; the same: nothing is selected */
    struct galen_bytes splices; /* encoded (galen/text.h); borrowed */
};

/** The tag of a text that somebody began from. */
void galen_draft_tag(struct galen_bytes text, uint8_t tag[GALEN_DRAFT_TAG_BYTES]);
void galen_draft_write(struct galen_writer *w, const struct galen_draft *draft);
/** OK; VALUE: not one, or of a field that is no text. */
GALEN_MUST_USE enum galen_err galen_draft_read(struct galen_reader *r, struct galen_draft *draft);

/** A draft in the text that its receiver has. */
struct galen_placed {
    struct galen_splices
        splices;         /* what writing it would do to the text; freed with galen_splices_free */
    uint32_t caret, end; /* in the text without them */
};
/**
 * Carries a draft that was made of `was` over to what the text says `now`, as galen_text_merge does. OK; VALUE:
 * the draft is not within `was`, or makes a text of more than GALEN_TEXT_POINTS_MAX; MEMORY.
 */
GALEN_MUST_USE enum galen_err galen_draft_place(const struct galen_draft *draft,
                                                struct galen_bytes was, struct galen_bytes now,
                                                struct galen_placed *placed);

#endif
