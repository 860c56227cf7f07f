/* galen client verify: holds what a host serves against its manifest, and that against a release's. */
#include "cli.h"

#include "fetch.h"
#include "page.h"

#include "galen/manifest.h"

#include <openssl/evp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define INDEX    "index.html"
#define URL_MAX  (GALEN_HOST_NAME_MAX + GALEN_MANIFEST_FILE_NAME + 32)
#define SRI_MAX  128
#define SRI_WORD 8 /* "sha384-" */

/* One host, while it is looked at. */
struct checked {
    struct cli *cli;
    struct fetch *fetch;
    char host[GALEN_HOST_NAME_MAX + 8];
    struct galen_manifest manifest; /* the host's own */
    uint8_t digest[GALEN_HASH_BYTES];
    struct galen_manifest release; /* what the person has; empty: nothing */
    struct galen_writer index;     /* the page */
    struct galen_writer file;
    cJSON *problems;
    bool contradicts; /* a problem is one with the release */
    size_t bytes;
};

static void problem(struct checked *c, const char *file, const char *coding, const char *format,
                    ...) __attribute__((format(printf, 4, 5)));
static void problem(struct checked *c, const char *file, const char *coding, const char *format,
                    ...)
{
    char text[512];
    va_list list;
    va_start(list, format);
    vsnprintf(text, sizeof text, format, list);
    va_end(list);
    plain_text(text); /* the host's words may stand in it … */
    for (char *at = text; *at; at++)
        *at = *at == '\n' || *at == '\t' ? ' ' : *at; /* … and make no lines of their own */
    cJSON *one = json_new("file", file);
    cJSON_AddStringToObject(one, "problem", text);
    if (coding)
        cJSON_AddStringToObject(one, "coding", coding);
    cJSON_AddItemToArray(c->problems, one);
}

/* -- getting ---------------------------------------------------------------------------------------- */

/*
 * CLI_OK also when the answer is no file: then `why` says what it is. Otherwise `why` is empty.
 */
static int get(struct checked *c, const char *name, const char *coding, struct galen_writer *out,
               char why[FETCH_WHY])
{
    char url[URL_MAX];
    snprintf(url, sizeof url, "https://%s/%s", c->host, name);
    why[0] = '\0';
    switch (fetch_get(c->fetch, url, coding, out, why)) {
    case FETCH_DONE:
        c->bytes += out->size;
        return CLI_OK;
    case FETCH_REFUSED:
        return CLI_OK;
    case FETCH_OFFLINE:
        return cli_fail(c->cli, GALEN_ERR_OFFLINE, "%s cannot be read: %s.", url, why);
    case FETCH_NOT_TRUSTED:
        break;
    }
    return cli_fail_as(c->cli, CLI_DANGER, GALEN_ERR_CERTIFICATE,
                       "The TLS certificate of %s does not hold (%s). Check the address; a server "
                       "of your own needs --ca FILE or GALEN_CA.",
                       c->host, why);
}

static void digest_of(struct galen_bytes bytes, const EVP_MD *kind, uint8_t out[EVP_MAX_MD_SIZE])
{
    unsigned size;
    if (EVP_Digest(bytes.at, bytes.size, out, &size, kind, NULL) != 1)
        memset(out, 0, EVP_MAX_MD_SIZE);
}

/* True when the bytes are those that a manifest lists. */
static bool is_listed(const struct galen_manifest_file *file, struct galen_bytes bytes)
{
    uint8_t digest[EVP_MAX_MD_SIZE];
    char text[GALEN_MANIFEST_HASH_DIGITS + 1];
    digest_of(bytes, EVP_sha256(), digest);
    galen_manifest_hash_text(digest, text);
    return strcmp(text, file->hash) == 0;
}

/* -- the files -------------------------------------------------------------------------------------- */

/* In each form that browsers ask for: a host may have altered one only. */
static int check_file(struct checked *c, const struct galen_manifest_file *file, const char *path)
{
    static const char *const codings[] = {NULL, "gzip", "br"};
    const char *shown = *path ? path : "/";
    char why[FETCH_WHY];
    int status = CLI_OK;
    for (size_t i = 0; i < sizeof codings / sizeof codings[0] && status == CLI_OK; i++) {
        status = get(c, path, codings[i], &c->file, why);
        if (status != CLI_OK)
            break;
        const char *header = fetch_strange_header(c->fetch);
        if (header)
            problem(c, shown, codings[i], "comes with a header %s, which could bring in anything",
                    header);
        if (why[0])
            problem(c, shown, codings[i], "is not served: %s", why);
        else if (strcmp(file->name, INDEX) == 0 && !fetch_is_page(c->fetch))
            problem(c, shown, codings[i], "is not served as text/html in UTF-8");
        else if (!is_listed(file, galen_written(&c->file)))
            problem(c, shown, codings[i], "is not %s as the host's manifest lists it", file->name);
    }
    return status;
}

static int check_files(struct checked *c)
{
    int status = CLI_OK;
    for (size_t i = 0; i < c->manifest.count && status == CLI_OK; i++)
        status = check_file(c, &c->manifest.files[i], c->manifest.files[i].name);
    const struct galen_manifest_file *index = galen_manifest_find(&c->manifest, INDEX);
    if (!index)
        problem(c, INDEX, NULL, "is not listed by the host's manifest");
    /* What people open is this: */
    if (index && status == CLI_OK)
        status = check_file(c, index, "");
    if (index && status == CLI_OK)
        status = check_file(c, index, "join");
    return status;
}

/* -- the page --------------------------------------------------------------------------------------- */

/* "/NAME" as the listed file; else it is a problem. */
static const struct galen_manifest_file *referred(struct checked *c, struct galen_bytes value)
{
    char name[GALEN_MANIFEST_FILE_NAME + 1];
    const struct galen_manifest_file *file = NULL;
    if (value.size > 1 && value.size <= sizeof name && value.at[0] == '/') {
        memcpy(name, value.at + 1, value.size - 1);
        name[value.size - 1] = '\0';
        if (strlen(name) == value.size - 1)
            file = galen_manifest_find(&c->manifest, name);
    }
    if (!file)
        problem(c, INDEX, NULL, "refers to “%.*s”, which is not listed", (int)value.size,
                (const char *)value.at);
    return file;
}

/* "sha384-…". Of several, browsers would choose one; the client's page has no use for that. */
static bool integrity_holds(struct galen_bytes integrity, struct galen_bytes file)
{
    static const struct {
        const char *word;
        const EVP_MD *(*kind)(void);
    } kinds[] = {{"sha256-", EVP_sha256}, {"sha384-", EVP_sha384}, {"sha512-", EVP_sha512}};
    char text[SRI_MAX];
    uint8_t digest[EVP_MAX_MD_SIZE];
    if (integrity.size < SRI_WORD || integrity.size >= sizeof text)
        return false;
    memcpy(text, integrity.at, integrity.size);
    text[integrity.size] = '\0';
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        size_t size = strlen(kinds[i].word);
        if (strncmp(text, kinds[i].word, size) != 0)
            continue;
        uint8_t good[SRI_MAX];
        digest_of(file, kinds[i].kind(), digest);
        EVP_EncodeBlock(good, digest, EVP_MD_get_size(kinds[i].kind()));
        return strcmp(text + size, (const char *)good) == 0;
    }
    return false;
}

static int check_reference(struct checked *c, const struct page_tag *tag, struct galen_bytes value)
{
    const struct galen_manifest_file *file = referred(c, value);
    const struct galen_bytes *integrity = page_attribute(tag, "integrity");
    bool loads_code = page_name_is(tag->name, "script") || page_name_is(tag->name, "link");
    if (!file)
        return CLI_OK;
    const struct galen_bytes *rel = page_attribute(tag, "rel");
    if (page_name_is(tag->name, "link") && rel &&
        (page_name_is(*rel, "icon") || page_name_is(*rel, "manifest")))
        loads_code = false;
    if (loads_code && !integrity) {
        problem(c, INDEX, NULL, "loads %s without an integrity attribute", file->name);
        return CLI_OK;
    }
    if (!integrity)
        return CLI_OK;
    char why[FETCH_WHY];
    int status = get(c, file->name, NULL, &c->file, why);
    if (status == CLI_OK && !why[0] && !integrity_holds(*integrity, galen_written(&c->file)))
        problem(c, INDEX, NULL, "has an integrity attribute for %s that does not hold", file->name);
    return status;
}

/* Elements and attributes that the client's page has no use for, and that could bring in anything. */
static bool may_not_be(const struct page_tag *tag, char what[64])
{
    static const char *const elements[] = {"base",   "iframe", "frame",  "object", "embed",
                                           "applet", "style",  "form",   "svg",    "math",
                                           "audio",  "video",  "source", "portal"};
    static const char *const attributes[] = {"srcset", "imagesrcset", "srcdoc",   "action",
                                             "data",   "formaction",  "poster",   "background",
                                             "ping",   "style",       "manifest", "http-equiv"};
    for (size_t i = 0; i < sizeof elements / sizeof elements[0]; i++) {
        if (page_name_is(tag->name, elements[i])) {
            snprintf(what, 64, "an element <%s>", elements[i]);
            return true;
        }
    }
    for (size_t i = 0; i < tag->count; i++) {
        struct galen_bytes name = tag->attributes[i].name;
        bool bad = (name.size > 2 && strncasecmp((const char *)name.at, "on", 2) == 0) ||
                   memchr(name.at, ':', name.size) != NULL;
        for (size_t j = 0; j < sizeof attributes / sizeof attributes[0]; j++)
            bad = bad || page_name_is(name, attributes[j]);
        if (bad) {
            snprintf(what, 64, "an attribute %.*s", (int)(name.size < 32 ? name.size : 32),
                     (const char *)name.at);
            return true;
        }
    }
    return false;
}

static int check_page(struct checked *c)
{
    struct page page;
    struct page_tag tag;
    char why[FETCH_WHY];
    bool in_script = false;
    int status = get(c, INDEX, NULL, &c->index, why);
    if (why[0])
        return status; /* said with the other files */
    page_init(&page, galen_written(&c->index));
    while (status == CLI_OK && page_next(&page, &tag)) {
        char what[64];
        if (in_script && tag.has_text)
            problem(c, INDEX, NULL, "has a script of its own");
        in_script = page_name_is(tag.name, "script") && !tag.is_end;
        if (may_not_be(&tag, what))
            problem(c, INDEX, NULL, "has %s", what);
        const struct galen_bytes *src = page_attribute(&tag, "src");
        const struct galen_bytes *href = page_attribute(&tag, "href");
        if (src)
            status = check_reference(c, &tag, *src);
        if (href && status == CLI_OK && !page_name_is(tag.name, "a"))
            status = check_reference(c, &tag, *href);
    }
    if (page.failed)
        problem(c, INDEX, NULL, "is not written so plainly that it can be judged");
    return status;
}

/* -- the release ------------------------------------------------------------------------------------ */

static void compare(struct checked *c)
{
    size_t before = (size_t)cJSON_GetArraySize(c->problems);
    for (size_t i = 0; i < c->release.count; i++) {
        const struct galen_manifest_file *good = &c->release.files[i];
        const struct galen_manifest_file *here = galen_manifest_find(&c->manifest, good->name);
        if (!here)
            problem(c, good->name, NULL, "belongs to the release, and the host does not list it");
        else if (strcmp(here->hash, good->hash) != 0)
            problem(c, good->name, NULL, "is another than the release's");
    }
    for (size_t i = 0; i < c->manifest.count; i++) {
        if (!galen_manifest_find(&c->release, c->manifest.files[i].name))
            problem(c, c->manifest.files[i].name, NULL, "does not belong to the release");
    }
    c->contradicts = (size_t)cJSON_GetArraySize(c->problems) > before;
}

static int read_manifest(struct checked *c, const char *what, struct galen_bytes text,
                         struct galen_manifest *out)
{
    char why[GALEN_MANIFEST_WHY];
    if (galen_manifest_read(out, text, why))
        return CLI_OK;
    return cli_fail_as(c->cli, CLI_FAILED, GALEN_ERR_FORMAT, "%s %s.", what, why);
}

static int read_release(struct checked *c)
{
    const char *path = c->cli->args.value[OPTION_MANIFEST];
    struct galen_writer text;
    if (!path)
        return CLI_OK;
    galen_writer_init(&text);
    int status = read_file(c->cli, path, GALEN_MANIFEST_MAX, &text);
    if (status == CLI_OK)
        status = read_manifest(c, path, galen_written(&text), &c->release);
    galen_writer_wipe(&text);
    if (status == CLI_OK && c->release.count == 0)
        status = cli_fail_as(c->cli, CLI_FAILED, GALEN_ERR_FORMAT, "%s lists nothing.", path);
    return status;
}

/* -- the command ------------------------------------------------------------------------------------ */

static void print_problems(const struct checked *c)
{
    const cJSON *one;
    cJSON_ArrayForEach(one, c->problems)
    {
        const cJSON *coding = cJSON_GetObjectItemCaseSensitive(one, "coding");
        printf("  ! %s %s", cJSON_GetObjectItemCaseSensitive(one, "file")->valuestring,
               cJSON_GetObjectItemCaseSensitive(one, "problem")->valuestring);
        if (coding)
            printf(" (as %s)", coding->valuestring);
        printf("\n");
    }
}

static int report(struct checked *c)
{
    char digest[HEX_ID];
    bool holds = cJSON_GetArraySize(c->problems) == 0, compared = c->release.count > 0;
    hex_text(c->digest, sizeof c->digest, digest);
    if (c->cli->json) {
        cJSON *object = json_new("host", c->host);
        cJSON_AddBoolToObject(object, "holds", holds);
        cJSON_AddStringToObject(object, "manifest", digest);
        cJSON_AddBoolToObject(object, "compared", compared);
        json_number(object, "files", c->manifest.count);
        json_number(object, "bytes", c->bytes);
        cJSON_AddItemToObject(object, "problems", c->problems);
        c->problems = NULL;
        print_json(object);
    } else {
        printf("https://%s: %s\n", c->host, holds ? "HOLDS" : "DOES NOT HOLD");
        printf("  %zu files; SHA-256 of the host's manifest: %s\n", c->manifest.count, digest);
        print_problems(c);
        if (holds && compared)
            printf("  It serves this release, and nothing else.\n");
        else if (holds)
            printf("  It serves what it lists. Whether that is a release, only a manifest tells "
                   "that came\n  by another way: --manifest FILE.\n");
    }
    return holds ? CLI_OK : c->contradicts ? CLI_DANGER : CLI_FAILED;
}

static int check(struct checked *c)
{
    char why[FETCH_WHY];
    int status = get(c, GALEN_MANIFEST_NAME, NULL, &c->file, why);
    if (status != CLI_OK)
        return status;
    if (why[0])
        return cli_fail_as(c->cli, CLI_FAILED, GALEN_ERR_FORMAT,
                           "https://%s serves no web client: of " GALEN_MANIFEST_NAME
                           " it says that %s.",
                           c->host, why);
    uint8_t digest[EVP_MAX_MD_SIZE];
    digest_of(galen_written(&c->file), EVP_sha256(), digest);
    memcpy(c->digest, digest, sizeof c->digest);
    status =
        read_manifest(c, "The host's " GALEN_MANIFEST_NAME, galen_written(&c->file), &c->manifest);
    if (status == CLI_OK)
        status = check_files(c);
    if (status == CLI_OK && galen_manifest_find(&c->manifest, INDEX))
        status = check_page(c);
    if (status == CLI_OK && c->release.count > 0)
        compare(c);
    return status == CLI_OK ? report(c) : status;
}

int command_client_verify(struct cli *cli)
{
    struct checked c = {.cli = cli, .problems = cJSON_CreateArray()};
    galen_writer_init(&c.index);
    galen_writer_init(&c.file);
    int status = cli_settings(cli);
    if (status == CLI_OK && !read_url(cli->args.words[0], c.host, sizeof c.host))
        status = cli_fail(cli, GALEN_ERR_USAGE,
                          "The address is like https://HOST or "
                          "https://HOST:PORT.");
    if (status == CLI_OK)
        status = read_release(&c);
    if (status == CLI_OK) {
        c.fetch = fetch_new(cli->ca[0] ? cli->ca : NULL, cli->timeout_ms);
        status = c.fetch ? check(&c) : cli_fail(cli, GALEN_ERR_MEMORY, NULL);
    }
    fetch_free(c.fetch);
    galen_manifest_wipe(&c.manifest);
    galen_manifest_wipe(&c.release);
    galen_writer_wipe(&c.index);
    galen_writer_wipe(&c.file);
    cJSON_Delete(c.problems);
    return status;
}
