/*
 * Reads TLS records of one connection ahead with one system call for many. OpenSSL alone asks the
 * socket twice a record; its own read-ahead keeps records where libwebsockets does not look for
 * them. Here the one who reads ahead also knows what is still unread, and hands it in.
 */
#ifndef GALEN_SERVER_TRANSPORT_INPUT_H
#define GALEN_SERVER_TRANSPORT_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ssl_st;
struct lws_context;
struct input;

/** A place in a ring; alone, or not in any, it points to itself. */
struct input_link {
    struct input_link *before, *after;
};
/** Inputs that may hold bytes nobody has asked for yet: a ring around `all`. */
struct input_list {
    struct input_link all;
};
void input_list_init(struct input_list *list);

/**
 * Puts itself between `ssl` and its socket; OpenSSL frees it with `ssl`. NULL: out of memory, and the
 * connection goes on without.
 */
struct input *input_new(struct input_list *list, struct ssl_st *ssl);
/** Not served until it is let again. */
void input_stop(struct input *input);
void input_let(struct input *input);
/** Has libwebsockets read what was read ahead. True: there is more, call again before waiting. */
bool input_serve(struct input_list *list, struct lws_context *lws);

#endif
