/* The web client: which of its files a request gets, in which form, and under which policy. */
#include <string.h>

#include "main_log.h"
#include "transport_parts.h"

#define POLICY_MAX (HTTP_HEADER_MAX + 512)

/* -- the files, and their successors ------------------------------------------------------------ */

static void something_was_read(void *context)
{
    struct transport *transport = context;
    ev_async_send(transport->loop, &transport->woken);
}

bool http_client_open(struct transport *transport, char why[CONFIG_WHY_MAX])
{
    struct http_client *client = &transport->client;
    const char *folder = transport->given.config->web;
    if (!*folder)
        return true;
    client->files = http_files_read(folder, why);
    client->reload = client->files ? http_reload_new(folder, something_was_read, transport) : NULL;
    if (client->files && !client->reload)
        snprintf(why, CONFIG_WHY_MAX, "Out of memory.");
    return client->reload != NULL;
}

void http_client_close(struct transport *transport)
{
    struct http_client *client = &transport->client;
    http_reload_free(client->reload);
    http_files_release(client->files);
    http_files_release(client->before);
}

void http_client_reload(struct transport *transport)
{
    if (transport->client.reload && !http_reload_start(transport->client.reload))
        log_event("client-kept", "");
}

void http_client_take(struct transport *transport)
{
    struct http_client *client = &transport->client;
    struct http_files *files;
    char why[CONFIG_WHY_MAX];
    if (!client->reload || !http_reload_take(client->reload, &files, why))
        return;
    if (!files) {
        log_event("client-kept", "");
        log_say(why);
        return;
    }
    http_files_release(client->before);
    client->before = client->files;
    client->files = files;
    log_numbers("client-reloaded", "\"files\":%zu,\"bytes\":%zu", files->count, files->bytes);
}

/* A page that was opened before the client was exchanged still finds what it loads late. */
static const struct http_file *find(struct http_client *client, const char *path,
                                    struct http_files **from)
{
    *from = client->files;
    const struct http_file *file = http_files_find(client->files, path);
    if (file || !client->before)
        return file;
    *from = client->before;
    file = http_files_find(client->before, path);
    return file && file->hashed ? file : NULL;
}

/* -- headers ------------------------------------------------------------------------------------ */

struct header_room {
    struct lws *wsi;
    uint8_t *at, *end;
    bool full;
};

static void put(struct header_room *room, const char *name, const char *value)
{
    room->full =
        room->full || lws_add_http_header_by_name(room->wsi, (const unsigned char *)name,
                                                  (const unsigned char *)value, (int)strlen(value),
                                                  &room->at, room->end) != 0;
}

/* A header of the request; NULL: there is none, or none that anybody sends. */
static const char *header(struct lws *wsi, enum lws_token_indexes which, char room[HTTP_HEADER_MAX])
{
    int size = lws_hdr_total_length(wsi, which);
    return size > 0 && lws_hdr_copy(wsi, room, HTTP_HEADER_MAX, which) >= 0 ? room : NULL;
}

/*
 * Not every browser takes 'self' for WebSockets too, so the address is written out. It is the one that
 * the browser dialled, if that is one of ours.
 */
static void write_policy(const struct config *config, const char *host, char policy[POLICY_MAX])
{
    bool ours = false;
    for (size_t i = 0; host && i < config->name_count && !ours; i++)
        ours = http_request_is_to(host, config->names[i]);
    snprintf(policy, POLICY_MAX,
             "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; "
             "font-src 'self'; img-src 'self'; connect-src 'self'%s%s; worker-src 'self'; "
             "manifest-src 'self'; media-src 'none'; require-trusted-types-for 'script'; "
             "trusted-types galen-worker; base-uri 'none'; form-action 'none'; "
             "frame-ancestors 'none'",
             ours ? " wss://" : "", ours ? host : "");
}

/* What the client needs and other pages do not; of everything else it has what all pages have. */
static const char *client_value(const struct lws_protocol_vhost_options *option, const char *policy,
                                bool hashed)
{
    if (strcmp(option->name, "content-security-policy:") == 0)
        return policy;
    if (strcmp(option->name, "permissions-policy:") == 0)
        return "microphone=(self), camera=(), accelerometer=(), display-capture=(), "
               "geolocation=(), gyroscope=(), hid=(), idle-detection=(), magnetometer=(), "
               "midi=(), payment=(), serial=(), usb=(), xr-spatial-tracking=()";
    if (strcmp(option->name, "cache-control:") == 0)
        return hashed ? "public, max-age=31536000, immutable" : "no-cache";
    return option->value;
}

/* Status and headers; libwebsockets would put those of all pages behind a status of its own. */
static bool send_headers(struct transport *transport, struct lws *wsi, const struct http_file *file,
                         enum http_coding coding, bool unchanged)
{
    static const char *const names[HTTP_CODINGS] = {
        [HTTP_GZIP] = "gzip",
        [HTTP_BROTLI] = "br",
    };
    uint8_t text[LWS_PRE + HTTP_HEADERS_MAX];
    char host[HTTP_HEADER_MAX], policy[POLICY_MAX], tag[HTTP_TAG_MAX];
    struct header_room room = {wsi, text + LWS_PRE, text + sizeof text, false};
    write_policy(transport->given.config, header(wsi, WSI_TOKEN_HOST, host), policy);
    http_file_tag(file, coding, tag);
    put(&room, NULL, unchanged ? "HTTP/1.1 304 Not Modified" : "HTTP/1.1 200 OK");
    for (const struct lws_protocol_vhost_options *option = http_headers; option;
         option = option->next)
        put(&room, option->name, client_value(option, policy, file->hashed));
    put(&room, "etag:", tag);
    put(&room, "vary:", "accept-encoding");
    if (!unchanged) {
        put(&room, "content-type:", file->type);
        if (names[coding])
            put(&room, "content-encoding:", names[coding]);
        room.full = room.full || lws_add_http_header_content_length(wsi, file->bodies[coding].size,
                                                                    &room.at, room.end) != 0;
    }
    return !room.full &&
           lws_finalize_write_http_header(wsi, text + LWS_PRE, &room.at, room.end) == 0;
}

/* -- requests ----------------------------------------------------------------------------------- */

static enum http_kind kind_of(const struct http_file *file, bool unchanged)
{
    if (unchanged)
        return HTTP_KIND_UNCHANGED;
    if (file->hashed)
        return HTTP_KIND_HASHED;
    return strcmp(file->name, HTTP_FILES_INDEX) == 0 ? HTTP_KIND_PAGE : HTTP_KIND_OTHER;
}

enum http_client_found http_client_answer(struct transport *transport, struct lws *wsi,
                                          struct http_sending **place, const char *path,
                                          int *result)
{
    struct http_client *client = &transport->client;
    struct http_files *from;
    char text[HTTP_HEADER_MAX], tag[HTTP_TAG_MAX];
    if (!client->files)
        return HTTP_CLIENT_NOTHING;
    bool is_page = strcmp(path, "/") == 0 || strcmp(path, "/join") == 0;
    const struct http_file *file = find(client, is_page ? "/" HTTP_FILES_INDEX : path, &from);
    if (!file)
        return HTTP_CLIENT_NOTHING;
    enum http_coding coding = http_request_coding(header(wsi, WSI_TOKEN_HTTP_ACCEPT_ENCODING, text),
                                                  http_file_codings(file));
    if (coding == HTTP_CODINGS)
        return HTTP_CLIENT_NOT_ACCEPTABLE;
    http_file_tag(file, coding, tag);
    const char *has = header(wsi, WSI_TOKEN_HTTP_IF_NONE_MATCH, text);
    bool unchanged = has && http_request_has(has, tag);
    bool head = lws_hdr_total_length(wsi, WSI_TOKEN_HEAD_URI) > 0;
    const struct http_body *body = &file->bodies[coding];
    client->requests[kind_of(file, unchanged)]++;
    transport->counters.http[unchanged ? 3 : 2]++;
    if (!send_headers(transport, wsi, file, coding, unchanged))
        *result = -1;
    else if (unchanged || head || body->size == 0)
        *result = lws_http_transaction_completed(wsi) ? -1 : 0;
    else
        *result = http_send(transport, wsi, place, from, body);
    return HTTP_CLIENT_ANSWERED;
}
