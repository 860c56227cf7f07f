#include "fetch.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct fetch {
    CURL *curl;
    const char *strange; /* of strange_headers, in the last answer */
    char text[CURL_ERROR_SIZE];
};

static size_t on_piece(char *at, size_t one, size_t size, void *context)
{
    struct galen_writer *out = context;
    galen_write(out, at, one * size);
    return out->failed ? 0 : size;
}

static size_t on_header(char *at, size_t one, size_t size, void *context)
{
    static const char *const strange_headers[] = {"Refresh", "Link"};
    struct fetch *fetch = context;
    size *= one;
    for (size_t i = 0; i < sizeof strange_headers / sizeof strange_headers[0]; i++) {
        size_t name = strlen(strange_headers[i]);
        if (size > name && strncasecmp(at, strange_headers[i], name) == 0 &&
            strchr(": \t", at[name]))
            fetch->strange = strange_headers[i];
    }
    return size;
}

struct fetch *fetch_new(const char *ca_file, uint64_t timeout_ms)
{
    struct fetch *fetch = calloc(1, sizeof *fetch);
    if (!fetch || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        free(fetch);
        return NULL;
    }
    fetch->curl = curl_easy_init();
    CURL *curl = fetch->curl;
    if (!curl || curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "https") != CURLE_OK ||
        curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) != CURLE_OK ||
        curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)timeout_ms) != CURLE_OK ||
        curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L) != CURLE_OK ||
        curl_easy_setopt(curl, CURLOPT_MAXFILESIZE, (long)FETCH_MAX) != CURLE_OK ||
        curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, fetch->text) != CURLE_OK ||
        curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_piece) != CURLE_OK ||
        curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header) != CURLE_OK ||
        curl_easy_setopt(curl, CURLOPT_HEADERDATA, fetch) != CURLE_OK ||
        (ca_file && curl_easy_setopt(curl, CURLOPT_CAINFO, ca_file) != CURLE_OK)) {
        fetch_free(fetch);
        return NULL;
    }
    return fetch;
}

void fetch_free(struct fetch *fetch)
{
    if (!fetch)
        return;
    curl_easy_cleanup(fetch->curl);
    curl_global_cleanup();
    free(fetch);
}

static enum fetch_end end_of(CURLcode code)
{
    switch (code) {
    case CURLE_OK:
        return FETCH_DONE;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_CACERT_BADFILE:
        return FETCH_NOT_TRUSTED;
    case CURLE_WRITE_ERROR:
    case CURLE_FILESIZE_EXCEEDED:
    case CURLE_BAD_CONTENT_ENCODING:
    case CURLE_PARTIAL_FILE:
        return FETCH_REFUSED;
    default:
        return FETCH_OFFLINE;
    }
}

enum fetch_end fetch_get(struct fetch *fetch, const char *url, const char *coding,
                         struct galen_writer *out, char why[FETCH_WHY])
{
    long status = 0;
    galen_writer_clear(out);
    out->max = FETCH_MAX;
    fetch->text[0] = '\0';
    fetch->strange = NULL;
    CURLcode code = curl_easy_setopt(fetch->curl, CURLOPT_URL, url);
    if (code == CURLE_OK)
        code = curl_easy_setopt(fetch->curl, CURLOPT_ACCEPT_ENCODING, coding);
    if (code == CURLE_OK)
        code = curl_easy_setopt(fetch->curl, CURLOPT_WRITEDATA, out);
    if (code == CURLE_OK)
        code = curl_easy_perform(fetch->curl);
    enum fetch_end end = end_of(code);
    if (out->failed || code == CURLE_FILESIZE_EXCEEDED)
        snprintf(why, FETCH_WHY, "it is larger than 16 MiB");
    else if (end != FETCH_DONE)
        snprintf(why, FETCH_WHY, "%s", fetch->text[0] ? fetch->text : curl_easy_strerror(code));
    if (end == FETCH_DONE &&
        curl_easy_getinfo(fetch->curl, CURLINFO_RESPONSE_CODE, &status) == CURLE_OK &&
        status != 200) {
        snprintf(why, FETCH_WHY, "the answer is %ld", status);
        end = FETCH_REFUSED;
    }
    return end;
}

const char *fetch_strange_header(const struct fetch *fetch)
{
    return fetch->strange;
}

bool fetch_is_page(const struct fetch *fetch)
{
    static const char type[] = "text/html", utf8[] = "charset=utf-8";
    const char *said = NULL;
    if (curl_easy_getinfo(fetch->curl, CURLINFO_CONTENT_TYPE, &said) != CURLE_OK || !said ||
        strncasecmp(said, type, sizeof type - 1) != 0)
        return false;
    said += sizeof type - 1;
    said += strspn(said, "; ");
    return !*said || strcasecmp(said, utf8) == 0;
}
