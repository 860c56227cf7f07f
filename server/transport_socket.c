/* The WebSockets: whole frames in to the hub, its frames out, nothing kept that it keeps itself. */
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "transport_parts.h"

#define SOCKET_PATH      "/galen"
#define SOCKET_ROOM_MIN  2048
#define SOCKET_LAST_S    5    /* for a line to take the last words of a connection that is closed */
#define SOCKET_CLOSE_LWS (-1) /* from a callback: libwebsockets closes the connection */

static bool make_room(struct socket *socket, size_t more)
{
    size_t need = socket->frame_size + more;
    size_t room = socket->frame_room ? socket->frame_room : SOCKET_ROOM_MIN;
    while (room < need)
        room *= 2;
    if (room == socket->frame_room)
        return true;
    uint8_t *frame = realloc(socket->frame, room);
    if (!frame)
        return false;
    socket->frame = frame;
    socket->frame_room = room;
    return true;
}

static void forget_frame(struct socket *socket)
{
    free(socket->frame);
    socket->frame = NULL;
    socket->frame_size = socket->frame_room = 0;
}

/* -- coming and going --------------------------------------------------------------------------- */

static bool is_for_us(struct lws *wsi)
{
    char path[16];
    int size = lws_hdr_copy(wsi, path, sizeof path, WSI_TOKEN_GET_URI);
    return size > 0 && strcmp(path, SOCKET_PATH) == 0 &&
           lws_hdr_total_length(wsi, WSI_TOKEN_PROTOCOL) > 0;
}

/* What the hub could not say itself, as there is no connection: why there is none. */
static void refuse(struct socket *socket, enum galen_err err)
{
    struct galen_writer text;
    struct galen_frame frame = {.type = GALEN_FRAME_REFUSED, .as.refused.err = (uint16_t)err};
    galen_writer_init(&text);
    galen_frame_write(&text, &frame);
    if (!text.failed && make_room(socket, text.size)) {
        memcpy(socket->frame, text.at, text.size);
        socket->frame_size = text.size;
    }
    galen_writer_wipe(&text);
    lws_callback_on_writable(socket->wsi);
}

static int open_socket(struct transport *transport, struct lws *wsi, struct socket **place)
{
    uint8_t address[16];
    enum galen_err err = GALEN_ERR_MEMORY;
    struct socket *socket = calloc(1, sizeof *socket);
    if (!socket)
        return SOCKET_CLOSE_LWS;
    *place = socket;
    socket->transport = transport;
    socket->wsi = wsi;
    socket->ahead.owner = socket;
    transport->sockets++;
    if (transport->sockets > transport->sockets_high)
        transport->sockets_high = transport->sockets;
    uint16_t bucket = (uint16_t)((uintptr_t)lws_get_opaque_user_data(wsi) - 1);
    listen_settled(&transport->listen, bucket);
    transport->waiting--;
    lws_set_opaque_user_data(wsi, NULL);
    if (getrandom(socket->ahead.nonce, sizeof socket->ahead.nonce, 0) != sizeof socket->ahead.nonce)
        return SOCKET_CLOSE_LWS;
    socket->input = input_new(&transport->inputs, lws_get_ssl(wsi));
    size_t size = listen_peer(lws_get_socket_fd(wsi), address);
    if (transport->state == TRANSPORT_STOPPING)
        err = GALEN_ERR_SHUTDOWN;
    else
        socket->connection =
            hub_connect(transport->hub, transport_now_ms(transport),
                        (struct galen_bytes){address, size}, socket->ahead.nonce, &err);
    if (socket->connection)
        hub_connection_set_user(socket->connection, socket);
    else
        refuse(socket, err);
    return 0;
}

static void close_socket(struct transport *transport, struct socket **place)
{
    struct socket *socket = *place;
    if (!socket)
        return;
    *place = NULL;
    ahead_drop(&socket->ahead);
    if (socket->connection)
        hub_disconnect(transport->hub, socket->connection, transport_now_ms(transport));
    forget_frame(socket);
    transport->sockets--;
    transport->closing -= socket->closing;
    free(socket);
}

static void send_no_more(struct socket *socket)
{
    if (!socket->closing)
        socket->transport->closing++;
    socket->closing = true;
}

/* -- in ----------------------------------------------------------------------------------------- */

static int frame_came(struct socket *socket, struct galen_bytes frame)
{
    struct transport *transport = socket->transport;
    switch (ahead_take(transport->ahead, &socket->ahead, frame)) {
    case AHEAD_NO_ROOM:
        return SOCKET_CLOSE_LWS;
    case AHEAD_NOW:
        hub_receive(transport->hub, socket->connection, transport_now_ms(transport), frame);
        return 0;
    case AHEAD_WAITS:
        break;
    }
    if (ahead_is_full(&socket->ahead) && !socket->stopped) {
        socket->stopped = true;
        lws_rx_flow_control(socket->wsi, 0);
        if (socket->input)
            input_stop(socket->input);
    }
    return 0;
}

/* A piece of a message came; messages have no size of their own in front, only an end. */
static int piece_came(struct socket *socket, struct lws *wsi, const uint8_t *at, size_t size)
{
    struct transport *transport = socket->transport;
    bool whole = lws_is_final_fragment(wsi) && lws_remaining_packet_payload(wsi) == 0;
    if (!socket->connection || hub_is_closing(socket->connection) || socket->too_large)
        return 0;
    if (!lws_frame_is_binary(wsi)) {
        transport->counters.not_binary++;
        lws_close_reason(wsi, LWS_CLOSE_STATUS_UNACCEPTABLE_OPCODE, NULL, 0);
        return SOCKET_CLOSE_LWS;
    }
    /* A sign-in that waits changes nothing yet: strangers get no memory for what comes behind it. */
    size_t most = hub_frame_max(socket->connection);
    if (size > most || socket->frame_size > most - size) {
        socket->too_large = true;
        forget_frame(socket);
        hub_oversized(transport->hub, socket->connection, transport_now_ms(transport));
        return 0;
    }
    if (whole && socket->frame_size == 0)
        return frame_came(socket, (struct galen_bytes){at, size});
    if (!make_room(socket, size))
        return SOCKET_CLOSE_LWS;
    if (size > 0)
        memcpy(socket->frame + socket->frame_size, at, size);
    socket->frame_size += size;
    if (!whole)
        return 0;
    int result = frame_came(socket, (struct galen_bytes){socket->frame, socket->frame_size});
    forget_frame(socket);
    return result;
}

bool socket_take_verified(struct transport *transport)
{
    struct socket *socket;
    bool any = false;
    while ((socket = ahead_next_done(transport->ahead))) {
        struct galen_bytes frame;
        while (ahead_first(&socket->ahead, &frame)) {
            any = true;
            if (!hub_is_closing(socket->connection))
                hub_receive(transport->hub, socket->connection, transport_now_ms(transport), frame);
            ahead_drop_first(&socket->ahead);
        }
        if (socket->stopped && !ahead_is_full(&socket->ahead)) {
            socket->stopped = false;
            lws_rx_flow_control(socket->wsi, 1);
            if (socket->input)
                input_let(socket->input);
        }
    }
    return any;
}

/* -- out ---------------------------------------------------------------------------------------- */

static int send_frame(struct socket *socket, struct galen_bytes frame)
{
    uint8_t *out = socket->transport->out + LWS_PRE;
    if (frame.size > GALEN_FRAME_MAX)
        return -1;
    memcpy(out, frame.at, frame.size);
    return lws_write(socket->wsi, out, frame.size, LWS_WRITE_BINARY) < (int)frame.size ? -1 : 0;
}

static int close_by_us(struct socket *socket)
{
    send_no_more(socket);
    bool stopping = socket->transport->state == TRANSPORT_STOPPING;
    lws_close_reason(socket->wsi,
                     stopping ? LWS_CLOSE_STATUS_GOINGAWAY : LWS_CLOSE_STATUS_POLICY_VIOLATION,
                     NULL, 0);
    return SOCKET_CLOSE_LWS;
}

/*
 * Sends until the line is full, the hub has nothing more, or it is the others' turn. Only for the
 * callback of libwebsockets (`may_close`) can the connection be closed; otherwise it asks for one.
 */
static int send_some(struct socket *socket, bool may_close)
{
    struct transport *transport = socket->transport;
    if (!socket->last_words && hub_is_closing(socket->connection)) {
        socket->last_words = true;
        lws_set_timeout(socket->wsi, PENDING_TIMEOUT_CLOSE_SEND, SOCKET_LAST_S);
    }
    for (int sent = 0; sent < TRANSPORT_BURST; sent++) {
        if (socket->unasked >= TRANSPORT_UNASKED_BYTES || lws_partial_buffered(socket->wsi)) {
            if (lws_send_pipe_choked(socket->wsi))
                break;
            socket->unasked = 0;
        }
        struct galen_bytes frame =
            hub_next_frame(transport->hub, socket->connection, transport_now_ms(transport));
        socket->unasked += frame.size;
        if (frame.size == 0) {
            if (!hub_is_closing(socket->connection))
                return 0;
            if (may_close)
                return close_by_us(socket);
            break;
        }
        if (send_frame(socket, frame) != 0) {
            if (may_close)
                return SOCKET_CLOSE_LWS;
            break;
        }
    }
    lws_callback_on_writable(socket->wsi);
    return 0;
}

static int writable(struct socket *socket)
{
    if (socket->closing)
        return 0;
    if (socket->connection)
        return send_some(socket, true);
    if (socket->frame_size == 0)
        return close_by_us(socket);
    struct galen_bytes frame = {socket->frame, socket->frame_size};
    int result = send_frame(socket, frame);
    socket->frame_size = 0;
    lws_callback_on_writable(socket->wsi);
    return result;
}

void socket_flush(struct transport *transport)
{
    struct hub_connection *connection;
    while ((connection = hub_next_ready(transport->hub))) {
        struct socket *socket = hub_connection_user(connection);
        if (socket && !socket->closing)
            send_some(socket, false);
    }
}

int socket_callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                    size_t size)
{
    struct socket **place = user;
    struct transport *transport = lws_context_user(lws_get_context(wsi));
    switch (reason) {
    case LWS_CALLBACK_FILTER_PROTOCOL_CONNECTION:
        return is_for_us(wsi) ? 0 : SOCKET_CLOSE_LWS;
    case LWS_CALLBACK_ESTABLISHED:
        return open_socket(transport, wsi, place);
    case LWS_CALLBACK_RECEIVE:
        return *place ? piece_came(*place, wsi, in, size) : SOCKET_CLOSE_LWS;
    case LWS_CALLBACK_SERVER_WRITEABLE:
        return *place ? writable(*place) : SOCKET_CLOSE_LWS;
    case LWS_CALLBACK_WS_PEER_INITIATED_CLOSE:
        if (*place)
            send_no_more(*place);
        return 0;
    case LWS_CALLBACK_CLOSED:
        if (place)
            close_socket(transport, place);
        return 0;
    default:
        return 0;
    }
}
