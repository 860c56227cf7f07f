/* Reading a page so that no browser sees something else in it. */
#include "cli/page.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct galen_bytes bytes(const char *text)
{
    return (struct galen_bytes){(const uint8_t *)text, strlen(text)};
}

/* The tags as "+name[attribute=value]" and "-name", "!" at the end for a page that was refused. */
static const char *tags(const char *text)
{
    static char out[1024];
    struct page page;
    struct page_tag tag;
    size_t used = 0;
    out[0] = '\0';
    page_init(&page, bytes(text));
    while (page_next(&page, &tag)) {
        used +=
            (size_t)snprintf(out + used, sizeof out - used, "%s%s%.*s", tag.has_text ? "~" : "",
                             tag.is_end ? "-" : "+", (int)tag.name.size, (const char *)tag.name.at);
        for (size_t i = 0; i < tag.count; i++)
            used += (size_t)snprintf(
                out + used, sizeof out - used, "[%.*s=%.*s]", (int)tag.attributes[i].name.size,
                (const char *)tag.attributes[i].name.at, (int)tag.attributes[i].value.size,
                (const char *)tag.attributes[i].value.at);
    }
    if (page.failed)
        snprintf(out + used, sizeof out - used, "!");
    return out;
}

Test(cli_page, plain_tags_are_read)
{
    static const struct {
        const char *text, *tags;
    } cases[] = {
        {"", ""},
        {"just text", ""},
        {"<!doctype html>\n<title>Galen</title>", "+title~-title"},
        {"<!DOCTYPE HTML><p>a<p>b", "+p~+p"},
        {"<script type=module src=\"/main-1.js\" integrity=\"sha384-a+b/c=\"></script>",
         "+script[type=module][src=/main-1.js][integrity=sha384-a+b/c=]-script"},
        {"<br/><hr />", "+br+hr"},
        {"<input disabled>", "+input[disabled=]"},
        {"<p title=\"\">", "+p[title=]"},
        {"<p\n\ttitle=\"a b\"\r\n>", "+p[title=a b]"},
        {"</p >", "-p"},
        {"<!-- a - b -- c -->x<p>", "~+p"},
        {"<P Title=\"it's\">", "+P[Title=it's]"},
        {"<svg:a x:y=z>", "+svg:a[x:y=z]"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        cr_expect_str_eq(tags(cases[i].text), cases[i].tags, "%s gives %s", cases[i].text,
                         tags(cases[i].text));
}

Test(cli_page, whatever_a_browser_might_read_otherwise_is_refused)
{
    static const char *const cases[] = {
        "<",
        "a < b",
        "a > b",
        "<>",
        "</>",
        "</ p>",
        "< p>",
        "<1>",
        "<p",
        "<p ",
        "<p title",
        "<p title=",
        "<p title=>",
        "<p title=\"",
        "<p title=\"a",
        "<p title=\"a\"",
        "<p title=\"a\"b=\"c\">",
        "<p title='a'>",
        "<p title=a`b>",
        "<p title = a>",
        "<p =a>",
        "<p \"a\">",
        "<p/title=a>",
        "<p title=\"<\">",
        "<p title=\"</title><script>\">",
        "<p a=1 A=2>",
        "</p a=b>",
        "<!---->>",
        "<!-->",
        "<!--->",
        "<!-- > -->",
        "<!-- --!> <script> -->",
        "<!-- <p> -->",
        "<!-- ",
        "<!--",
        "<!doctype html public>",
        "<!DOCTYPE svg>",
        "<![CDATA[ x ]]>",
        "<?xml?>",
        "<p a1 a2 a3 a4 a5 a6 a7 a8 a9 b1 b2 b3 b4 b5 b6 b7 b8>",
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *got = tags(cases[i]);
        cr_expect(strlen(got) > 0 && got[strlen(got) - 1] == '!', "%s gives %s", cases[i], got);
    }
    struct page page;
    struct page_tag tag;
    page_init(&page, (struct galen_bytes){(const uint8_t *)"<p>\0<b>", 7});
    cr_expect(!page_next(&page, &tag) && page.failed, "a zero byte");
}

Test(cli_page, a_page_may_end_anywhere)
{
    static const char whole[] =
        "<!doctype html><link rel=\"stylesheet\" href=/s.css><!-- a --><p>x</p>";
    for (size_t size = 0; size < sizeof whole; size++) {
        char *exact = malloc(size + 1); /* so that a byte too far is noticed */
        memcpy(exact, whole, size);
        struct page page;
        struct page_tag tag;
        page_init(&page, (struct galen_bytes){(uint8_t *)exact, size});
        for (size_t n = 0; page_next(&page, &tag); n++)
            cr_assert_lt(n, 3);
        free(exact);
    }
}

Test(cli_page, attributes_are_found_by_name)
{
    struct page page;
    struct page_tag tag;
    page_init(&page, bytes("<link REL=icon href=\"/x\">"));
    cr_assert(page_next(&page, &tag));
    cr_assert(page_name_is(tag.name, "link"));
    cr_assert(page_attribute(&tag, "rel"));
    cr_assert(page_name_is(*page_attribute(&tag, "rel"), "icon"));
    cr_assert(galen_bytes_equal(*page_attribute(&tag, "href"), bytes("/x")));
    cr_assert_null(page_attribute(&tag, "hre"));
    cr_assert_null(page_attribute(&tag, "href2"));
}
