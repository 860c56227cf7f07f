#include "http_request.h"

#include <string.h>
#include <strings.h>

#define WEIGHT_UNSAID (-1)
#define WEIGHT_FULL   1000

/* A piece of a header: [at, end). */
struct piece {
    const char *at, *end;
};

static struct piece trimmed(struct piece piece)
{
    while (piece.at < piece.end && (*piece.at == ' ' || *piece.at == '\t'))
        piece.at++;
    while (piece.at < piece.end && (piece.end[-1] == ' ' || piece.end[-1] == '\t'))
        piece.end--;
    return piece;
}

/* Cuts off what stands before the first `separator`, or all. */
static struct piece cut(struct piece *rest, char separator)
{
    const char *at = memchr(rest->at, separator, (size_t)(rest->end - rest->at));
    struct piece before = {rest->at, at ? at : rest->end};
    rest->at = at ? at + 1 : rest->end;
    return trimmed(before);
}

static bool is_word(struct piece piece, const char *word)
{
    size_t size = strlen(word);
    return (size_t)(piece.end - piece.at) == size && strncasecmp(piece.at, word, size) == 0;
}

/* "0.25" in thousandths; WEIGHT_UNSAID: it is none. */
static int weight_of(struct piece text)
{
    size_t size = (size_t)(text.end - text.at);
    if (size == 0 || size > 5 || (text.at[0] != '0' && text.at[0] != '1') ||
        (size > 1 && text.at[1] != '.'))
        return WEIGHT_UNSAID;
    int weight = text.at[0] == '1' ? WEIGHT_FULL : 0;
    int unit = 100;
    for (size_t i = 2; i < size; i++, unit /= 10) {
        if (text.at[i] < '0' || text.at[i] > '9')
            return WEIGHT_UNSAID;
        weight += unit * (text.at[i] - '0');
    }
    return weight <= WEIGHT_FULL ? weight : WEIGHT_UNSAID;
}

/* Of one element behind its name: "q=0.5", or nothing. */
static int weight_in(struct piece parameters)
{
    int weight = WEIGHT_FULL;
    while (parameters.at < parameters.end) {
        struct piece value = cut(&parameters, ';');
        struct piece name = cut(&value, '=');
        if (is_word(name, "q"))
            weight = weight_of(trimmed(value));
    }
    return weight;
}

static enum http_coding coding_named(struct piece name)
{
    static const struct {
        const char *name;
        enum http_coding coding;
    } names[] = {
        {"br", HTTP_BROTLI},
        {"gzip", HTTP_GZIP},
        {"x-gzip", HTTP_GZIP},
        {"identity", HTTP_IDENTITY},
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (is_word(name, names[i].name))
            return names[i].coding;
    }
    return HTTP_CODINGS;
}

enum http_coding http_request_coding(const char *accept, unsigned have)
{
    /* One more than there are codings, for what is said of all others: "*". */
    int said[HTTP_CODINGS + 1] = {WEIGHT_UNSAID, WEIGHT_UNSAID, WEIGHT_UNSAID, WEIGHT_UNSAID};
    struct piece rest = {accept ? accept : "", accept ? accept + strlen(accept) : NULL};
    if (!accept)
        return HTTP_IDENTITY;
    while (rest.at < rest.end) {
        struct piece element = cut(&rest, ',');
        struct piece name = cut(&element, ';');
        enum http_coding coding = coding_named(name);
        int weight = weight_in(element);
        if ((coding != HTTP_CODINGS || is_word(name, "*")) && weight != WEIGHT_UNSAID)
            said[coding] = weight;
    }
    enum http_coding best = HTTP_CODINGS;
    int best_weight = 0;
    for (int coding = HTTP_IDENTITY; coding < HTTP_CODINGS; coding++) {
        int weight = said[coding] != WEIGHT_UNSAID ? said[coding] : said[HTTP_CODINGS];
        if ((have & HTTP_HAS(coding)) && weight > 0 && weight >= best_weight) {
            best = (enum http_coding)coding;
            best_weight = weight;
        }
    }
    /* Nobody needs to say that they take a body as it is; only that they do not. */
    int as_it_is = said[HTTP_IDENTITY] != WEIGHT_UNSAID ? said[HTTP_IDENTITY] : said[HTTP_CODINGS];
    return best == HTTP_CODINGS && as_it_is == WEIGHT_UNSAID ? HTTP_IDENTITY : best;
}

bool http_request_has(const char *header, const char *tag)
{
    size_t size = strlen(tag);
    struct piece whole = trimmed((struct piece){header, header + strlen(header)});
    if (is_word(whole, "*"))
        return true;
    while (*header) {
        header += strspn(header, " \t,");
        if (strncmp(header, "W/", 2) == 0)
            header += 2;
        if (*header != '"')
            return false;
        const char *end = strchr(header + 1, '"');
        if (!end)
            return false;
        if ((size_t)(end + 1 - header) == size && memcmp(header, tag, size) == 0)
            return true;
        header = end + 1;
    }
    return false;
}

bool http_request_is_to(const char *host, const char *name)
{
    size_t size = strlen(name);
    bool bracketed = host[0] == '[';
    if (bracketed != (strchr(name, ':') != NULL))
        return false;
    host += bracketed;
    if (strncasecmp(host, name, size) != 0)
        return false;
    host += size;
    if (bracketed && *host++ != ']')
        return false;
    if (*host == '\0')
        return true;
    size_t digits = strspn(host + 1, "0123456789");
    return *host == ':' && digits >= 1 && digits <= 5 && host[1 + digits] == '\0';
}
