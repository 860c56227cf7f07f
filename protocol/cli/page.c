#include "page.h"

#include <string.h>
#include <strings.h>

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define PLAIN   LETTERS "0123456789-_.:/+#%"
#define NAME    LETTERS "0123456789-:"
#define BLANK   " \t\r\n"

void page_init(struct page *page, struct galen_bytes text)
{
    *page = (struct page){(const char *)text.at, text.size, false};
    /* Text ends where browsers and we agree that it does. */
    page->failed = text.size > 0 && memchr(text.at, '\0', text.size) != NULL;
}

static bool fail(struct page *page)
{
    page->failed = true;
    return false;
}

static void skip(struct page *page, size_t n)
{
    page->at += n;
    page->left -= n;
}

/* How many of the next characters are of this set. */
static size_t span(const struct page *page, const char *set)
{
    size_t n = 0;
    while (n < page->left && strchr(set, page->at[n]))
        n++;
    return n;
}

static struct galen_bytes take(struct page *page, size_t n)
{
    struct galen_bytes taken = {(const uint8_t *)page->at, n};
    skip(page, n);
    return taken;
}

static bool begins_with(const struct page *page, const char *word)
{
    size_t size = strlen(word);
    return page->left >= size && strncasecmp(page->at, word, size) == 0;
}

static bool read_quoted(struct page *page, struct galen_bytes *value)
{
    skip(page, 1);
    const char *end = page->left > 0 ? memchr(page->at, '"', page->left) : NULL;
    if (!end)
        return fail(page);
    *value = take(page, (size_t)(end - page->at));
    skip(page, 1);
    return (value->size == 0 ||
            (!memchr(value->at, '<', value->size) && !memchr(value->at, '>', value->size))) ||
           fail(page);
}

static bool read_attribute(struct page *page, struct page_tag *tag)
{
    struct page_attribute attribute = {.name = take(page, span(page, NAME))};
    if (attribute.name.size == 0 || tag->count == PAGE_ATTRIBUTES_MAX)
        return fail(page);
    if (page->left > 0 && *page->at == '=') {
        skip(page, 1);
        if (page->left > 0 && *page->at == '"') {
            if (!read_quoted(page, &attribute.value))
                return false;
        } else {
            attribute.value = take(page, span(page, PLAIN));
            if (attribute.value.size == 0)
                return fail(page);
        }
    }
    for (size_t i = 0; i < tag->count; i++) {
        struct galen_bytes name = tag->attributes[i].name;
        if (name.size == attribute.name.size &&
            strncasecmp((const char *)name.at, (const char *)attribute.name.at, name.size) == 0)
            return fail(page); /* Which of two counts is not for us to guess. */
    }
    tag->attributes[tag->count++] = attribute;
    return true;
}

/* From "<" on. */
static bool read_tag(struct page *page, struct page_tag *tag)
{
    skip(page, 1);
    tag->is_end = page->left > 0 && *page->at == '/';
    skip(page, tag->is_end);
    tag->name = take(page, page->left > 0 && strchr(LETTERS, *page->at) ? span(page, NAME) : 0);
    if (tag->name.size == 0)
        return fail(page);
    for (;;) {
        size_t blanks = span(page, BLANK);
        skip(page, blanks);
        if (page->left > 0 && *page->at == '>')
            break;
        if (page->left > 1 && page->at[0] == '/' && page->at[1] == '>') {
            skip(page, 1);
            break;
        }
        if (blanks == 0 || tag->is_end || !read_attribute(page, tag))
            return fail(page);
    }
    skip(page, 1);
    return true;
}

/* A comment with no angle bracket in it ends in one place only. */
static bool skip_comment(struct page *page)
{
    skip(page, strlen("<!--"));
    while (page->left > 0 && !begins_with(page, "-->")) {
        if (*page->at == '<' || *page->at == '>')
            return fail(page);
        skip(page, 1);
    }
    if (page->left == 0)
        return fail(page);
    skip(page, strlen("-->"));
    return true;
}

bool page_next(struct page *page, struct page_tag *tag)
{
    memset(tag, 0, sizeof *tag);
    while (!page->failed && page->left > 0) {
        if (begins_with(page, "<!doctype html>")) {
            skip(page, strlen("<!doctype html>"));
        } else if (begins_with(page, "<!--")) {
            if (!skip_comment(page))
                return false;
        } else if (*page->at == '<') {
            return read_tag(page, tag);
        } else if (*page->at == '>') {
            return fail(page);
        } else {
            tag->has_text = tag->has_text || !strchr(BLANK, *page->at);
            skip(page, 1);
        }
    }
    return false;
}

bool page_name_is(struct galen_bytes name, const char *word)
{
    return name.size == strlen(word) && strncasecmp((const char *)name.at, word, name.size) == 0;
}

const struct galen_bytes *page_attribute(const struct page_tag *tag, const char *name)
{
    for (size_t i = 0; i < tag->count; i++) {
        if (page_name_is(tag->attributes[i].name, name))
            return &tag->attributes[i].value;
    }
    return NULL;
}
