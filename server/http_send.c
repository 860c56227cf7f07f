/*
 * Bodies that are sent in pieces, as the line takes them, from memory that all who read them share.
 *
 * libwebsockets looks for input while an answer is on its way, but does not read it: a peer that says
 * something meanwhile would keep the loop turning. So it does not look then (flow control); as it does
 * not look for room in the line either after that, a watcher of our own does.
 */
#include <stdlib.h>
#include <string.h>

#include "transport_parts.h"

struct http_sending {
    ev_io room;
    struct transport *transport;
    struct lws *wsi;
    struct http_files *files; /* held, so that the body stays */
    struct galen_bytes rest;
    bool taken; /* the line has taken everything */
};

void http_send_drop(struct http_sending **place)
{
    struct http_sending *sending = *place;
    if (!sending)
        return;
    *place = NULL;
    ev_io_stop(sending->transport->loop, &sending->room);
    sending->transport->client.sending--;
    sending->transport->client.cut += !sending->taken;
    http_files_release(sending->files);
    free(sending);
}

/* The next piece, or what libwebsockets still has of the one before. -1: the line is broken. */
static int send_piece(struct http_sending *sending)
{
    struct transport *transport = sending->transport;
    if (lws_partial_buffered(sending->wsi))
        return lws_write(sending->wsi, NULL, 0, LWS_WRITE_HTTP);
    size_t size = sending->rest.size < HTTP_PIECE ? sending->rest.size : HTTP_PIECE;
    uint8_t *out = transport->out + LWS_PRE;
    memcpy(out, sending->rest.at, size);
    sending->rest.at += size;
    sending->rest.size -= size;
    transport->client.bytes += size;
    return lws_write(sending->wsi, out, size,
                     sending->rest.size > 0 ? LWS_WRITE_HTTP : LWS_WRITE_HTTP_FINAL);
}

static void on_room(struct ev_loop *loop, ev_io *watcher, int events)
{
    (void)events;
    struct http_sending *sending = watcher->data;
    int sent = send_piece(sending);
    if (sent < 0) {
        ev_io_stop(loop, watcher);
        lws_set_timeout(sending->wsi, PENDING_TIMEOUT_USER_OK, LWS_TO_KILL_ASYNC);
        return;
    }
    if (sent > 0)
        lws_set_timeout(sending->wsi, PENDING_TIMEOUT_HTTP_CONTENT, HTTP_PIECE_S);
    if (sending->rest.size > 0 || lws_partial_buffered(sending->wsi))
        return;
    /* libwebsockets ends the request, and goes on with what came meanwhile. */
    sending->taken = true;
    ev_io_stop(loop, watcher);
    lws_rx_flow_control(sending->wsi, 1);
    lws_callback_on_writable(sending->wsi);
}

int http_send(struct transport *transport, struct lws *wsi, struct http_sending **place,
              struct http_files *files, const struct http_body *body)
{
    struct http_sending *sending = *place ? NULL : calloc(1, sizeof *sending);
    if (!sending)
        return -1;
    sending->transport = transport;
    sending->wsi = wsi;
    sending->files = http_files_hold(files);
    sending->rest = (struct galen_bytes){body->at, body->size};
    transport->client.sending++;
    *place = sending;
    lws_set_timeout(wsi, PENDING_TIMEOUT_HTTP_CONTENT, HTTP_PIECE_S);
    lws_rx_flow_control(wsi, 0);
    ev_io_init(&sending->room, on_room, lws_get_socket_fd(wsi), EV_WRITE);
    sending->room.data = sending;
    ev_set_priority(&sending->room, EV_MINPRI);
    ev_io_start(transport->loop, &sending->room);
    return 0;
}

int http_send_done(struct lws *wsi, struct http_sending **place)
{
    if (!*place || !(*place)->taken)
        return 0;
    http_send_drop(place);
    return lws_http_transaction_completed(wsi) ? -1 : 0;
}
