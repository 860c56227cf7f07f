/* The web client's files: what is read, what is refused, what a path and a request's headers get. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../server/http_files.h"
#include "../../server/http_reload.h"
#include "support/allocator.h"

static char why[CONFIG_WHY_MAX];
static char folder[64];

/* SHA-256 of the files below, in base64, as openssl dgst -sha256 -binary | base64 gave them. */
#define INDEX_HASH  "eOF0holAWvrvMMjPog8L2Qy/LdMki2Ic4xY4fdnpGAo="
#define SCRIPT_HASH "+ESjkQmxkyaPhtk6WP6rFWnP8sPoTyr8tWvBcXcvP/s="
#define SCRIPT      "main-0123456789abcdef.js"
#define MANIFEST    "{\"index.html\":\"" INDEX_HASH "\",\n \"" SCRIPT "\":\"" SCRIPT_HASH "\"}\n"

/* And of index.html with one other letter in it. */
#define GALEM_MANIFEST                                                                             \
    "{\"index.html\":\"YwnTztZuYN0R10Co2ADPHdUWpw/j22iKDFlDufSOWHE=\",\n \"" SCRIPT                \
    "\":\"" SCRIPT_HASH "\"}\n"

/* index.html as gzip -9n and node's brotliCompressSync made it. */
static const char index_gz[] =
    "\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xb3\x29\xc9\x2c\xc9\x49\xb5\x73"
    "\x4f\xcc\x49\xcd\xb3\xd1\x87\x70\xb8\x00\x86\xb0\xf7\xa1\x15\x00\x00\x00";
static const char index_br[] =
    "\x1b\x14\x00\xf8\x8d\x54\xb5\xbf\x3e\x0a\x63\x73\x13\x65\x55\xc8\x2b\xb5"
    "\x81\x24\xc4\x1e";
#define GZ_SIZE (sizeof index_gz - 1)
#define BR_SIZE (sizeof index_br - 1)

static void write_file(const char *name, const char *text, size_t size)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    cr_assert(file, "%s", path);
    cr_assert_eq(fwrite(text, 1, size, file), size);
    fclose(file);
}

static void remove_file(const char *name)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    if (unlink(path) != 0 && errno != ENOENT)
        cr_assert_eq(rmdir(path), 0);
}

static void make_folder(void)
{
    strcpy(folder, "/tmp/galen-files-XXXXXX");
    cr_assert(mkdtemp(folder));
    write_file("index.html", "<title>Galen</title>\n", 21);
    write_file("index.html.br", index_br, BR_SIZE);
    write_file("index.html.gz", index_gz, GZ_SIZE);
    write_file(SCRIPT, "start();\n", 9);
    write_file("manifest.json", MANIFEST, strlen(MANIFEST));
    write_file("not-listed.txt", "secret", 6);
}

static void remove_folder(void)
{
    static const char *const names[] = {"index.html", "index.html.br", "index.html.gz",
                                        SCRIPT,       "manifest.json", "not-listed.txt"};
    allocator_fail(0);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        remove_file(names[i]);
    rmdir(folder);
}

static void expect_refused(const char *words)
{
    *why = '\0';
    cr_assert_null(http_files_read(folder, why), "%s", words);
    cr_assert(strstr(why, words), "“%s” does not say “%s”", why, words);
    cr_assert(strstr(why, folder), "it does not say where");
}

TestSuite(http_files, .init = make_folder, .fini = remove_folder);

Test(http_files, are_those_of_the_manifest_in_the_codings_that_lie_beside)
{
    struct http_files *files = http_files_read(folder, why);
    cr_assert(files, "%s", why);
    cr_assert_eq(files->count, 3);
    cr_assert_eq(files->bytes, 21 + BR_SIZE + GZ_SIZE + 9 + strlen(MANIFEST));
    const struct http_file *index = http_files_find(files, "/index.html");
    cr_assert(index);
    cr_assert_str_eq(index->type, "text/html; charset=utf-8");
    cr_assert_not(index->hashed);
    cr_assert_eq(http_file_codings(index), 7);
    cr_assert_eq(index->bodies[HTTP_BROTLI].size, BR_SIZE);
    cr_assert_arr_eq(index->bodies[HTTP_BROTLI].at, index_br, BR_SIZE);
    cr_assert_arr_eq(index->bodies[HTTP_IDENTITY].at, "<title>Galen</title>\n", 21);
    const struct http_file *script = http_files_find(files, "/" SCRIPT);
    cr_assert(script && script->hashed);
    cr_assert_eq(http_file_codings(script), HTTP_HAS(HTTP_IDENTITY));
    cr_assert_str_eq(script->type, "text/javascript; charset=utf-8");
    cr_assert(http_files_find(files, "/manifest.json"));
    http_files_release(files);
}

Test(http_files, a_tag_is_of_one_content_in_one_coding)
{
    struct http_files *files = http_files_read(folder, why);
    char tags[3][HTTP_TAG_MAX];
    cr_assert(files, "%s", why);
    for (int coding = HTTP_IDENTITY; coding < HTTP_CODINGS; coding++)
        http_file_tag(http_files_find(files, "/index.html"), (enum http_coding)coding,
                      tags[coding]);
    cr_assert_str_eq(tags[HTTP_IDENTITY], "\"78e1748689405afaef30c8cfa20f0bd9\"");
    cr_assert_str_eq(tags[HTTP_GZIP], "\"78e1748689405afaef30c8cfa20f0bd9-gz\"");
    cr_assert_str_eq(tags[HTTP_BROTLI], "\"78e1748689405afaef30c8cfa20f0bd9-br\"");
    http_files_release(files);
}

Test(http_files, other_paths_name_nothing)
{
    struct http_files *files = http_files_read(folder, why);
    cr_assert(files, "%s", why);
    static const char *const paths[] = {"",
                                        "/",
                                        "index.html",
                                        "//index.html",
                                        "/./index.html",
                                        "/../index.html",
                                        "/x/../index.html",
                                        "/%2e/index.html",
                                        "/index%2ehtml",
                                        "/index.html/",
                                        "/index.html ",
                                        "/index.html.br",
                                        "/index.htm",
                                        "/index.htmlx",
                                        "/INDEX.html",
                                        "/not-listed.txt",
                                        "/../../etc/passwd",
                                        "\\index.html",
                                        "/index.html\n"};
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++)
        cr_assert_null(http_files_find(files, paths[i]), "%s", paths[i]);
    static char endless[100000];
    memset(endless, 'a', sizeof endless - 1);
    endless[0] = '/';
    cr_assert_null(http_files_find(files, endless));
    for (size_t size = 115; size < 130; size++) {
        endless[size] = '\0';
        cr_assert_null(http_files_find(files, endless));
        endless[size] = 'a';
    }
    http_files_release(files);
}

Test(http_files, a_missing_or_changed_file_is_named)
{
    write_file("index.html", "<title>Galem</title>\n", 21);
    expect_refused("/index.html is not the file that manifest.json lists");
    remove_file("index.html");
    expect_refused("/index.html is not there");
    char path[256];
    snprintf(path, sizeof path, "%s/index.html", folder);
    cr_assert_eq(mkdir(path, 0700), 0);
    expect_refused("/index.html is not a file");
    remove_file("index.html");
    cr_assert_eq(mkfifo(path, 0600), 0);
    expect_refused("/index.html is not a file");
    remove_file("index.html");
    write_file("index.html", "<title>Galen</title>\n", 21);
    remove_file("index.html.br");
    snprintf(path, sizeof path, "%s/index.html.br", folder);
    cr_assert_eq(mkdir(path, 0700), 0);
    expect_refused("/index.html.br is not a file");
    remove_file("index.html.br");
    cr_assert_eq(symlink("index.html.br", path), 0); /* to itself */
    expect_refused("/index.html.br");
}

/* A form that is changed, cut off, longer, or that of another file; browsers get it instead of the file. */
Test(http_files, a_form_of_another_file_is_named)
{
    static const struct {
        const char *name, *form;
        size_t size;
    } forms[] = {{"index.html.gz", index_gz, GZ_SIZE}, {"index.html.br", index_br, BR_SIZE}};
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        char changed[128], words[80];
        size_t size = forms[i].size;
        snprintf(words, sizeof words, "/%s is not that file compressed", forms[i].name);
        for (size_t cut = 0; cut < size; cut++) {
            write_file(forms[i].name, forms[i].form, cut);
            expect_refused(words);
        }
        memcpy(changed, forms[i].form, size);
        changed[size] = 0;
        write_file(forms[i].name, changed, size + 1);
        expect_refused(words);
        memcpy(changed + size, forms[i].form, size); /* twice, which some readers of gzip take */
        write_file(forms[i].name, changed, 2 * size);
        expect_refused(words);
        write_file(forms[i].name, forms[i].form, size);
        struct http_files *files = http_files_read(folder, why);
        cr_assert(files, "%s", why);
        http_files_release(files);
    }
    write_file("index.html", "<title>Galem</title>\n", 21);
    write_file("manifest.json", GALEM_MANIFEST, strlen(GALEM_MANIFEST));
    expect_refused("/index.html.gz is not that file compressed");
    remove_file("index.html.gz");
    expect_refused("/index.html.br is not that file compressed");
    remove_file("index.html.br");
    http_files_release(http_files_read(folder, why));
    write_file(SCRIPT ".gz", index_gz, GZ_SIZE); /* longer than its file */
    expect_refused(SCRIPT ".gz is not that file compressed");
    remove_file(SCRIPT ".gz");
    write_file("manifest.json.br", index_br, BR_SIZE);
    expect_refused("/manifest.json.br is not that file compressed");
    remove_file("manifest.json.br");
}

Test(http_files, a_manifest_that_is_none_is_named)
{
#define LIST(name, hash) "{\"index.html\":\"" INDEX_HASH "\",\"" name "\":\"" hash "\"}"
    static const struct {
        const char *text, *words;
    } cases[] = {
        {"", "is not a JSON object"},
        {"{", "is not a JSON object"},
        {"[]", "is not a JSON object"},
        {"null", "is not a JSON object"},
        {"{} {}", "is not a JSON object"},
        {"{}", "does not list index.html"},
        {"{\"" SCRIPT "\":\"" SCRIPT_HASH "\"}", "does not list index.html"},
        {"{\"index.html\":1}", "has no SHA-256 in base64 for index.html"},
        {"{\"index.html\":{}}", "has no SHA-256 in base64 for index.html"},
        {"{\"index.html\":\"\"}", "has no SHA-256 in base64 for index.html"},
        {LIST("a.js", "+ESjkQmxkyaPhtk6WP6rFWnP8sPoTyr8tWvBcXcvP/sA"), "for a.js"},
        {LIST("a.js", "+ESjkQmxkyaPhtk6WP6rFWnP8sPoTyr8tWvBcXcvP/="), "for a.js"},
        {LIST("a.js", "+ESjkQmxkyaPhtk6WP6rFWnP8sPoTyr8tWvBcXcvP-s="), "for a.js"},
        {LIST("index.html", SCRIPT_HASH), "lists index.html twice"},
        {LIST("../main.js", SCRIPT_HASH), "“../main.js”, which is not a file's name"},
        {LIST("/etc/passwd", SCRIPT_HASH), "“/etc/passwd”, which is not a file's name"},
        {LIST("a/b.js", SCRIPT_HASH), "not a file's name"},
        {LIST(".hidden", SCRIPT_HASH), "not a file's name"},
        {LIST("", SCRIPT_HASH), "not a file's name"},
        {LIST("a b.js", SCRIPT_HASH), "not a file's name"},
        {LIST("\xc3\xa4.js", SCRIPT_HASH), "not a file's name"},
        {LIST("%2e.js", SCRIPT_HASH), "not a file's name"},
        {LIST("manifest.json", SCRIPT_HASH), "not a file's name"},
        {LIST("main.exe", SCRIPT_HASH), "main.exe is not there"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        write_file("manifest.json", cases[i].text, strlen(cases[i].text));
        expect_refused(cases[i].words);
    }
    remove_file("manifest.json");
    expect_refused("manifest.json is not there");
    write_file("main.exe", "start();\n", 9);
    write_file("manifest.json", LIST("main.exe", SCRIPT_HASH),
               strlen(LIST("main.exe", SCRIPT_HASH)));
    expect_refused("main.exe has an ending that galend does not know");
    remove_file("main.exe");
    for (size_t size = 0; size < strlen(MANIFEST) - 1; size++) {
        write_file("manifest.json", MANIFEST, size);
        expect_refused("manifest.json");
    }
}

Test(http_files, limits_are_named)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, SCRIPT);
    cr_assert_eq(truncate(path, HTTP_FILE_MAX + 1), 0);
    expect_refused(SCRIPT " is larger than 16 MiB");
    static char text[GALEN_MANIFEST_MAX + 2];
    memset(text, ' ', sizeof text - 1);
    memcpy(text, MANIFEST, strlen(MANIFEST));
    write_file("manifest.json", text, GALEN_MANIFEST_MAX + 1);
    expect_refused("manifest.json is longer than 65536 bytes");
    size_t size = (size_t)sprintf(text, "{");
    for (int i = 0; i <= GALEN_MANIFEST_FILES_MAX; i++)
        size += (size_t)sprintf(text + size, "%s\"f%d.js\":\"%s\"", i ? "," : "", i, SCRIPT_HASH);
    size += (size_t)sprintf(text + size, "}");
    write_file("manifest.json", text, size);
    expect_refused("lists more than 256 files");
}

Test(http_files, all_together_are_bounded)
{
    /* Sixteen MiB of zeros, by the same program. */
    static const char zeros[] = "CArPNaUHrJhJz8ukfcKtg+AbdWY6UWJ5yLnSQ7cZZD4=";
    char name[16], path[256];
    static char text[4096];
    size_t size = (size_t)sprintf(text, "{\"index.html\":\"%s\"", INDEX_HASH);
    for (int i = 0; i < 4; i++) {
        snprintf(name, sizeof name, "a%d.js", i);
        write_file(name, "", 0);
        snprintf(path, sizeof path, "%s/%s", folder, name);
        cr_assert_eq(truncate(path, HTTP_FILE_MAX), 0);
        size += (size_t)sprintf(text + size, ",\"%s\":\"%s\"", name, zeros);
    }
    size += (size_t)sprintf(text + size, "}");
    write_file("manifest.json", text, size);
    expect_refused("a3.js and the files before it are larger than 64 MiB together");
    for (int i = 0; i < 4; i++) {
        snprintf(name, sizeof name, "a%d.js", i);
        remove_file(name);
    }
}

Test(http_files, names_with_a_hash_are_kept_for_ever)
{
    static const struct {
        const char *name;
        bool hashed;
    } cases[] = {
        {"main-0123456789abcdef.js", true},
        {"main.0123456789abcdef.js", true},
        {"regular-7ZQXK2AB.js", true},
        {"a-b-c-deadbeef.js", true},
        {"main.js", false},
        {"index.html", false},
        {"main-012345.js", false},
        {"-0123456789abcdef.js", true},
        {"0123456789abcdef.js", false},
        {"form-complete.js", false},
        {"galen.practice.js", false},
        {"main-0123456789abcdef", false},
        {"main-0123456789abcdeF.js", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[512];
        const char *name = cases[i].name;
        bool is_index = strcmp(name, "index.html") == 0;
        if (!is_index)
            write_file(name, "start();\n", 9);
        snprintf(text, sizeof text, "{\"index.html\":\"%s\"%s%s%s%s%s}", INDEX_HASH,
                 is_index ? "" : ",\"", is_index ? "" : name, is_index ? "" : "\":\"",
                 is_index ? "" : SCRIPT_HASH, is_index ? "" : "\"");
        write_file("manifest.json", text, strlen(text));
        struct http_files *files = http_files_read(folder, why);
        if (!strchr(name, '.')) {
            cr_assert_null(files, "%s", name);
        } else {
            char path[64];
            snprintf(path, sizeof path, "/%s", name);
            cr_assert(files, "%s", why);
            cr_assert_eq(http_files_find(files, path)->hashed, cases[i].hashed, "%s", name);
        }
        http_files_release(files);
        if (!is_index)
            remove_file(name);
    }
    write_file("index.html", "<title>Galen</title>\n", 21);
}

Test(http_files, every_allocation_may_fail)
{
    size_t nth = 0;
    for (;;) {
        allocator_fail(++nth);
        struct http_files *files = http_files_read(folder, why);
        if (!allocator_failed()) {
            cr_assert(files, "%s", why);
            http_files_release(files);
            break;
        }
        cr_assert_null(files, "allocation %zu", nth);
        cr_assert(strstr(why, "emory"), "%s", why);
    }
    cr_assert_gt(nth, 6);
    allocator_fail(0);
}

static void nothing_to_do(void *context)
{
    (void)context;
}

static struct http_files *take(struct http_reload *reload)
{
    struct http_files *files = NULL;
    while (!http_reload_take(reload, &files, why))
        usleep(1000);
    return files;
}

Test(http_files, are_read_anew_while_the_old_ones_are_in_use)
{
    struct http_files *old = http_files_read(folder, why);
    struct http_reload *reload = http_reload_new(folder, nothing_to_do, NULL);
    struct http_files *files;
    cr_assert(old && reload);
    cr_assert_not(http_reload_take(reload, &files, why), "nothing was started");
    http_files_hold(old); /* an answer that is on its way */
    write_file("index.html", "<title>Other</title>\n", 21);
    cr_assert(http_reload_start(reload));
    cr_assert_null(take(reload));
    cr_assert(strstr(why, "index.html is not the file"), "%s", why);
    write_file("index.html", "<title>Galen</title>\n", 21);
    cr_assert(http_reload_start(reload));
    cr_assert(http_reload_start(reload)); /* once more, as it reads already */
    files = take(reload);
    cr_assert(files);
    http_files_release(files);
    files = take(reload);
    cr_assert(files);
    http_files_release(files);
    cr_assert_not(http_reload_take(reload, &files, why), "it was asked twice");
    http_files_release(old);
    cr_assert_arr_eq(http_files_find(old, "/index.html")->bodies[HTTP_GZIP].at, index_gz, GZ_SIZE);
    http_files_release(old);
    cr_assert(http_reload_start(reload)); /* ends with it */
    http_reload_free(reload);
}

/* -- what requests ask for ------------------------------------------------------------------------ */

#define ALL (HTTP_HAS(HTTP_IDENTITY) | HTTP_HAS(HTTP_GZIP) | HTTP_HAS(HTTP_BROTLI))

Test(http_request, gets_the_coding_it_likes_best)
{
    static const struct {
        const char *accept;
        unsigned have;
        enum http_coding coding;
    } cases[] = {
        {NULL, ALL, HTTP_IDENTITY},
        {"", ALL, HTTP_IDENTITY},
        {" , ,\t,", ALL, HTTP_IDENTITY},
        {"gzip, deflate, br, zstd", ALL, HTTP_BROTLI},
        {"gzip, deflate, br, zstd", ALL & ~HTTP_HAS(HTTP_BROTLI), HTTP_GZIP},
        {"gzip, deflate, br, zstd", HTTP_HAS(HTTP_IDENTITY), HTTP_IDENTITY},
        {"GZIP", ALL, HTTP_GZIP},
        {"x-gzip", ALL, HTTP_GZIP},
        {"Br;Q=0.5 , gzip ; q=0.501", ALL, HTTP_GZIP},
        {"br;q=0, gzip", ALL, HTTP_GZIP},
        {"br;q=0.000, gzip;q=0", ALL, HTTP_IDENTITY},
        {"*", ALL, HTTP_BROTLI},
        {"*;q=0.5, gzip", ALL, HTTP_GZIP},
        {"*;q=0, gzip", ALL, HTTP_GZIP},
        {"*;q=0", ALL, HTTP_CODINGS},
        {"identity;q=0", ALL, HTTP_CODINGS},
        {"identity;q=0, br", HTTP_HAS(HTTP_IDENTITY), HTTP_CODINGS},
        {"identity;q=0, *", ALL, HTTP_BROTLI},
        {"*;q=0, identity", ALL, HTTP_IDENTITY},
        {"identity, gzip;q=0.9", ALL, HTTP_IDENTITY},
        {"identity;q=0.9, gzip", ALL, HTTP_GZIP},
        {"gzip;q=0.001", ALL, HTTP_GZIP},
        {"gzip;q=1.000", ALL, HTTP_GZIP},
        {"br;level=4;q=0, gzip;level=9", ALL, HTTP_GZIP},
        /* What cannot be read is not said. */
        {"br;q=1.001, gzip", ALL, HTTP_GZIP},
        {"br;q=2, gzip;q=0.1", ALL, HTTP_GZIP},
        {"br;q=-1, gzip;q=0.1", ALL, HTTP_GZIP},
        {"br;q=, gzip;q=0.1", ALL, HTTP_GZIP},
        {"br;q, gzip;q=0.1", ALL, HTTP_GZIP},
        {"br;q=0.1234, gzip;q=0.1", ALL, HTTP_GZIP},
        {"br;q=0,5, gzip;q=0.1", ALL, HTTP_GZIP},
        {"br;q=1x, gzip;q=0.1", ALL, HTTP_GZIP},
        {"brotli, bro, b", ALL, HTTP_IDENTITY},
        {"gzip br", ALL, HTTP_IDENTITY},
        {";q=1", ALL, HTTP_IDENTITY},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        cr_assert_eq(http_request_coding(cases[i].accept, cases[i].have), cases[i].coding,
                     "“%s” of %u", cases[i].accept, cases[i].have);
}

Test(http_request, a_header_may_end_anywhere)
{
    static const char whole[] = "br;q=0.25, gzip ; q=0.5 , identity;q=0, *;q=0.001";
    char text[sizeof whole];
    for (size_t size = 0; size < sizeof whole; size++) {
        char *exact = strndup(whole, size); /* so that a byte too far is noticed */
        enum http_coding coding = http_request_coding(exact, ALL);
        cr_assert_leq(coding, HTTP_CODINGS);
        free(exact);
    }
    memcpy(text, whole, sizeof whole);
    cr_assert_eq(http_request_coding(text, ALL), HTTP_GZIP);
}

Test(http_request, names_the_tags_it_has)
{
    static const struct {
        const char *header;
        bool has;
    } cases[] = {
        {"\"a1-br\"", true},
        {"W/\"a1-br\"", true},
        {"*", true},
        {" * ", true},
        {"\"x\", \"a1-br\"", true},
        {"\"x\",W/\"y\" ,\t\"a1-br\"", true},
        {"\"a1-br\", \"x\"", true},
        {"\"a,b\", \"a1-br\"", true},
        {"", false},
        {"\"a1\"", false},
        {"a1-br", false},
        {"\"a1-br", false},
        {"\"a1-brx\"", false},
        {"\"x\" *", false},
        {"w/\"a1-br\"", false},
        {"\"x\", a1-br\"", false},
        {"*, \"x\"", false},
        {"\"\"", false},
        {"\"x, \"a1-br\"", false},
        {"W/", false},
        {"\"A1-BR\"", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        cr_assert_eq(http_request_has(cases[i].header, "\"a1-br\""), cases[i].has, "%s",
                     cases[i].header);
}

Test(http_request, is_to_a_name_with_or_without_a_port)
{
    static const struct {
        const char *host, *name;
        bool is;
    } cases[] = {
        {"chart.example", "chart.example", true},
        {"Chart.Example:8443", "chart.example", true},
        {"127.0.0.1:1", "127.0.0.1", true},
        {"[::1]", "::1", true},
        {"[::1]:65535", "::1", true},
        {"::1", "::1", false},
        {"[::1", "::1", false},
        {"[::1]x", "::1", false},
        {"[localhost]", "localhost", false},
        {"", "chart.example", false},
        {"chart.exampl", "chart.example", false},
        {"chart.example.", "chart.example", false},
        {"chart.example.evil", "chart.example", false},
        {"chart.example:", "chart.example", false},
        {"chart.example:x", "chart.example", false},
        {"chart.example:8443;", "chart.example", false},
        {"chart.example:1 script-src", "chart.example", false},
        {"chart.example:123456", "chart.example", false},
        {"evil:8443", "chart.example", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        cr_assert_eq(http_request_is_to(cases[i].host, cases[i].name), cases[i].is, "%s is %s",
                     cases[i].host, cases[i].name);
}
