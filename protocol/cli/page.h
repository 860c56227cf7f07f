/*
 * Reads a page so strictly that no browser can see something else in it: plain tags, attributes in
 * quotation marks or of plain characters, no angle brackets anywhere else. The web client's own page is
 * written like that; another that is not, is not to be trusted.
 */
#ifndef GALEN_CLI_PAGE_H
#define GALEN_CLI_PAGE_H

#include "galen/base.h"

#define PAGE_ATTRIBUTES_MAX 16

struct page {
    const char *at;
    size_t left;
    bool failed; /* it is not written like that */
};

struct page_attribute {
    struct galen_bytes name, value;
};

struct page_tag {
    struct galen_bytes name;
    bool is_end;   /* </name> */
    bool has_text; /* between the tag before and this one there is more than blanks */
    size_t count;
    struct page_attribute attributes[PAGE_ATTRIBUTES_MAX];
};

void page_init(struct page *page, struct galen_bytes text);
/** The next tag, borrowed from the text; comments and <!doctype html> are left out. False: no more. */
bool page_next(struct page *page, struct page_tag *tag);
/** Compares names, of which the case does not count. */
bool page_name_is(struct galen_bytes name, const char *word);
/** An attribute's value; NULL: there is none of that name. */
const struct galen_bytes *page_attribute(const struct page_tag *tag, const char *name);

#endif
