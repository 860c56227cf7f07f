/*
 * The input is a page that a host served. What is read from it must leave no angle bracket that is not
 * part of a tag, so that a browser can find no other tags.
 */
#include "../../protocol/cli/page.c"

#include <stdlib.h>

static void demand(bool holds)
{
    if (!holds)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct page page;
    struct page_tag tag;
    size_t tags = 0, opened = 0;
    uint8_t *exact = malloc(size + 1);
    demand(exact != NULL);
    if (size > 0)
        memcpy(exact, data, size);
    page_init(&page, (struct galen_bytes){exact, size});
    while (page_next(&page, &tag)) {
        tags++;
        demand(tag.name.size > 0 && tag.count <= PAGE_ATTRIBUTES_MAX);
        for (size_t i = 0; i < tag.count; i++) {
            struct galen_bytes value = tag.attributes[i].value;
            demand(value.size == 0 ||
                   (!memchr(value.at, '<', value.size) && !memchr(value.at, '>', value.size)));
        }
    }
    for (size_t i = 0; i < size; i++)
        opened += exact[i] == '<' && (i + 1 == size || exact[i + 1] != '!');
    demand(page.failed || tags == opened);
    free(exact);
    return 0;
}
