/*
 * Plain HTTP: what this server is, or its web client; whether it is well, and its counters. Everything
 * else is 404.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "http_metrics.h"
#include "transport_parts.h"

#define HEADER(after, name, value)                                                                 \
    {                                                                                              \
        after, NULL, name, value                                                                   \
    }
static const struct lws_protocol_vhost_options headers[] = {
    HEADER(&headers[1], "strict-transport-security:", "max-age=63072000"),
    HEADER(&headers[2], "content-security-policy:",
           "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"),
    HEADER(&headers[3], "x-content-type-options:", "nosniff"),
    HEADER(&headers[4], "referrer-policy:", "no-referrer"),
    HEADER(&headers[5], "cross-origin-opener-policy:", "same-origin"),
    HEADER(&headers[6], "cross-origin-embedder-policy:", "require-corp"),
    HEADER(&headers[7], "cross-origin-resource-policy:", "same-origin"),
    HEADER(&headers[8], "permissions-policy:", "camera=(), microphone=(), geolocation=()"),
    HEADER(NULL, "cache-control:", "no-store"),
};
const struct lws_protocol_vhost_options *const http_headers = headers;

static const char html_start[] = "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n"
                                 "<meta name=\"viewport\" content=\"width=device-width\">\n";

static const char page_about[] =
    "<title>Galen</title>\n"
    "<h1>This is a Galen server</h1>\n"
    "<p>A pharmacy practice and its patients talk, write and keep medication records through it. "
    "It stores and passes on what they write, but cannot read it.</p>\n"
    "<p>Were you invited? Open the link you got; it is all you need.</p>\n"
    "<p>To reach it from a shell: <code>galen --help</code>.</p>\n";

static const char page_join[] = "<title>Your invitation</title>\n"
                                "<h1>You opened an invitation</h1>\n"
                                "<p>The link is a key: keep it to yourself, and do not send it on. "
                                "The part after <code>#</code> "
                                "has not left your device.</p>\n"
                                "<p>To use it, start <code>galen join</code> on your computer and "
                                "paste the whole link when it asks. "
                                "It works once. If it says that the link was used before and that "
                                "was not you, call the practice "
                                "at once.</p>\n";

static const char page_not_found[] =
    "<title>Not found</title>\n<h1>There is nothing here</h1>\n"
    "<p>Check the address, or ask the practice for the link.</p>\n";

static const char page_not_acceptable[] =
    "<title>Not acceptable</title>\n<h1>Your program takes this page in no form</h1>\n"
    "<p>It says so in its header Accept-Encoding.</p>\n";

static const char page_bad_method[] =
    "<title>Not allowed</title>\n<h1>This address is only for reading</h1>\n";

/* Answers and ends the request. -1: the connection is to be closed. */
static int answer(struct lws *wsi, unsigned status, const char *type, struct galen_bytes body)
{
    struct transport *transport = lws_context_user(lws_get_context(wsi));
    uint8_t text[LWS_PRE + HTTP_HEADERS_MAX];
    uint8_t *start = text + LWS_PRE, *at = start, *end = text + sizeof text;
    bool body_wanted = lws_hdr_total_length(wsi, WSI_TOKEN_HEAD_URI) == 0;
    transport->counters.http[status / 100]++;
    if (lws_add_http_common_headers(wsi, status, type, body.size, &at, end) ||
        lws_finalize_write_http_header(wsi, start, &at, end))
        return -1;
    if (body_wanted && body.size > 0) {
        uint8_t *copy = malloc(LWS_PRE + body.size);
        if (!copy)
            return -1;
        memcpy(copy + LWS_PRE, body.at, body.size);
        int written = lws_write(wsi, copy + LWS_PRE, body.size, LWS_WRITE_HTTP_FINAL);
        free(copy);
        if (written < (int)body.size)
            return -1;
    }
    return lws_http_transaction_completed(wsi) ? -1 : 0;
}

static int answer_page(struct lws *wsi, unsigned status, const char *page)
{
    char text[2048];
    int size = snprintf(text, sizeof text, "%s%s", html_start, page);
    return answer(wsi, status, "text/html; charset=utf-8",
                  (struct galen_bytes){(const uint8_t *)text, (size_t)size});
}

static int answer_health(struct lws *wsi, struct transport *transport)
{
    char text[128];
    const char *state = transport->state == TRANSPORT_STOPPING
                            ? "stopping"
                            : galen_err_name(transport->store_state);
    bool well = transport->state == TRANSPORT_SERVING && transport->store_state == GALEN_OK;
    int size = snprintf(text, sizeof text, "{\"status\":\"%s\",\"set_up\":%s}\n", state,
                        transport->practice_known ? "true" : "false");
    return answer(wsi, well ? 200 : 503, "application/json",
                  (struct galen_bytes){(const uint8_t *)text, (size_t)size});
}

static int answer_metrics(struct lws *wsi, struct transport *transport)
{
    struct galen_writer text;
    galen_writer_init(&text);
    hub_metrics(transport->hub, &text);
    http_metrics(transport, &text);
    int result = text.failed ? answer_page(wsi, 503, page_not_found)
                             : answer(wsi, 200, "text/plain; version=0.0.4; charset=utf-8",
                                      galen_written(&text));
    galen_writer_wipe(&text);
    return result;
}

static int request_came(struct lws *wsi, struct http_sending **place, const char *path)
{
    struct transport *transport = lws_context_user(lws_get_context(wsi));
    bool open_metrics =
        transport->given.config->open_metrics || listen_is_this_machine(lws_get_socket_fd(wsi));
    if (lws_hdr_total_length(wsi, WSI_TOKEN_GET_URI) == 0 &&
        lws_hdr_total_length(wsi, WSI_TOKEN_HEAD_URI) == 0)
        return answer_page(wsi, 405, page_bad_method);
    int result = -1;
    switch (http_client_answer(transport, wsi, place, path, &result)) {
    case HTTP_CLIENT_ANSWERED:
        return result;
    case HTTP_CLIENT_NOT_ACCEPTABLE:
        return answer_page(wsi, 406, page_not_acceptable);
    case HTTP_CLIENT_NOTHING:
        break;
    }
    if (strcmp(path, "/") == 0)
        return answer_page(wsi, 200, page_about);
    if (strcmp(path, "/join") == 0)
        return answer_page(wsi, 200, page_join);
    if (strcmp(path, "/health") == 0)
        return answer_health(wsi, transport);
    if (strcmp(path, "/metrics") == 0 && open_metrics)
        return answer_metrics(wsi, transport);
    return answer_page(wsi, 404, page_not_found);
}

int http_callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                  size_t size)
{
    struct http_sending **place = user;
    (void)size;
    switch (reason) {
    case LWS_CALLBACK_HTTP:
        return request_came(wsi, place, in);
    case LWS_CALLBACK_HTTP_WRITEABLE:
        return place ? http_send_done(wsi, place) : 0;
    case LWS_CALLBACK_HTTP_DROP_PROTOCOL:
    case LWS_CALLBACK_CLOSED_HTTP:
        if (place)
            http_send_drop(place);
        return 0;
    case LWS_CALLBACK_FILTER_PROTOCOL_CONNECTION:
        return -1; /* A WebSocket without our subprotocol. */
    case LWS_CALLBACK_WSI_DESTROY: {
        struct transport *transport = lws_context_user(lws_get_context(wsi));
        uintptr_t bucket = (uintptr_t)lws_get_opaque_user_data(wsi);
        if (bucket > 0) {
            listen_settled(&transport->listen, (uint16_t)(bucket - 1));
            transport->waiting--;
        }
        return 0;
    }
    default:
        return 0;
    }
}
