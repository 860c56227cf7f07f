#include "transport_input.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <libwebsockets.h>
#include <openssl/bio.h>
#include <openssl/ssl.h>

#define INPUT_ROOM 16384

struct input {
    struct input_link link; /* first, so that a link is its input */
    struct input_list *list;
    bool stopped, broken;
    int fd;
    const uint8_t *at; /* within `shared` or `own` */
    size_t left;
    size_t served; /* what was left when it was last served */
    uint8_t *own;  /* what was in `shared` when another needed that */
};

/* All connections read into the same memory, as hardly ever more than one has something left. */
static uint8_t shared[INPUT_ROOM];
static struct input *shared_by;

static void link_init(struct input_link *link)
{
    link->before = link->after = link;
}

void input_list_init(struct input_list *list)
{
    link_init(&list->all);
}

static void unlist(struct input *input)
{
    input->link.before->after = input->link.after;
    input->link.after->before = input->link.before;
    link_init(&input->link);
}

static void enlist(struct input *input)
{
    struct input_link *all = &input->list->all;
    if (input->stopped || input->link.after != &input->link)
        return;
    input->link.before = all->before;
    input->link.after = all;
    all->before->after = &input->link;
    all->before = &input->link;
}

/* Moves what its reader left in the shared memory to memory of the reader's own. */
static void clear_shared(void)
{
    struct input *input = shared_by;
    shared_by = NULL;
    if (!input || input->left == 0)
        return;
    input->own = malloc(input->left);
    if (!input->own) {
        input->broken = true;
        input->left = 0;
        return;
    }
    memcpy(input->own, input->at, input->left);
    input->at = input->own;
}

static int fill(BIO *bio, struct input *input)
{
    if (shared_by != input)
        clear_shared();
    shared_by = input;
    ssize_t n = recv(input->fd, shared, sizeof shared, 0);
    if (n > 0) {
        input->at = shared;
        input->left = (size_t)n;
        input->served = 0;
        enlist(input);
        return 1;
    }
    if (n == 0) {
        BIO_set_flags(bio, BIO_FLAGS_IN_EOF);
        return 0;
    }
    if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)
        BIO_set_retry_read(bio);
    return -1;
}

static int read_ahead(BIO *bio, char *out, int size)
{
    struct input *input = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    if (size <= 0 || input->broken)
        return -1;
    if (input->left == 0) {
        int filled = fill(bio, input);
        if (filled <= 0)
            return filled;
    }
    size_t n = input->left < (size_t)size ? input->left : (size_t)size;
    memcpy(out, input->at, n);
    input->at += n;
    input->left -= n;
    if (input->left == 0) {
        free(input->own);
        input->own = NULL;
    }
    return (int)n;
}

static long control(BIO *bio, int command, long number, void *pointer)
{
    (void)number;
    const struct input *input = BIO_get_data(bio);
    switch (command) {
    case BIO_C_GET_FD:
        if (pointer)
            *(int *)pointer = input->fd;
        return input->fd;
    case BIO_CTRL_EOF:
        return BIO_test_flags(bio, BIO_FLAGS_IN_EOF) != 0;
    case BIO_CTRL_PENDING:
        return (long)input->left;
    case BIO_CTRL_FLUSH:
        return 1;
    default:
        return 0;
    }
}

static int destroy(BIO *bio)
{
    struct input *input = BIO_get_data(bio);
    if (input) {
        unlist(input);
        if (shared_by == input)
            shared_by = NULL;
        free(input->own);
        free(input);
        BIO_set_data(bio, NULL);
    }
    return 1;
}

static const BIO_METHOD *input_method(void)
{
    static BIO_METHOD *method;
    if (!method) {
        /* A descriptor, so that SSL_get_fd finds the socket. */
        int type = BIO_get_new_index() | BIO_TYPE_SOURCE_SINK | BIO_TYPE_DESCRIPTOR;
        method = BIO_meth_new(type, "galen input");
        if (method) {
            BIO_meth_set_read(method, read_ahead);
            BIO_meth_set_ctrl(method, control);
            BIO_meth_set_destroy(method, destroy);
        }
    }
    return method;
}

struct input *input_new(struct input_list *list, struct ssl_st *ssl)
{
    const BIO_METHOD *method = input_method();
    BIO *bio = method ? BIO_new(method) : NULL;
    struct input *input = bio ? calloc(1, sizeof *input) : NULL;
    if (!input) {
        BIO_free(bio);
        return NULL;
    }
    link_init(&input->link);
    input->list = list;
    input->fd = SSL_get_fd(ssl);
    BIO_set_data(bio, input);
    BIO_set_init(bio, 1);
    SSL_set0_rbio(ssl, bio);
    return input;
}

void input_stop(struct input *input)
{
    input->stopped = true;
    unlist(input);
}

void input_let(struct input *input)
{
    input->stopped = false;
    if (input->left > 0)
        enlist(input);
}

/*
 * Each is served once a turn, so that nobody keeps the others waiting. libwebsockets may close and
 * free any of them meanwhile; those then leave the ring they are in by themselves.
 */
bool input_serve(struct input_list *list, struct lws_context *lws)
{
    struct input_link turn = list->all;
    if (turn.after == &list->all)
        return false;
    turn.before->after = turn.after->before = &turn;
    link_init(&list->all);
    while (turn.after != &turn) {
        struct input *input = (struct input *)turn.after;
        unlist(input);
        /* Without progress (it is being closed) the next news come from the socket itself. */
        if (input->left == 0 || input->left == input->served)
            continue;
        input->served = input->left;
        enlist(input);
        struct lws_pollfd event = {.fd = input->fd, .events = POLLIN, .revents = POLLIN};
        lws_service_fd(lws, &event);
    }
    return list->all.after != &list->all;
}
