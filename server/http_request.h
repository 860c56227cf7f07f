/* What a request's headers ask for: parsers of text that came from anybody. They keep nothing. */
#ifndef GALEN_SERVER_HTTP_REQUEST_H
#define GALEN_SERVER_HTTP_REQUEST_H

#include <stdbool.h>

/* The forms a body may be sent in (RFC 9110 section 8.4.1). Of equals, the last is preferred. */
enum http_coding { HTTP_IDENTITY, HTTP_GZIP, HTTP_BROTLI, HTTP_CODINGS };

/**
 * The best coding by an Accept-Encoding header (RFC 9110 section 12.5.3; NULL: there is none) among those
 * of the set `have`, of which HTTP_IDENTITY always is one. What cannot be read counts as not said.
 * HTTP_CODINGS: none of them is acceptable.
 */
enum http_coding http_request_coding(const char *accept, unsigned have);
#define HTTP_HAS(coding) (1u << (coding))

/** True when an If-None-Match header names `tag` (with its quotation marks), or any (section 13.1.2). */
bool http_request_has(const char *if_none_match, const char *tag);

/** True when a Host header is NAME or NAME:PORT; an IPv6 address stands in brackets there. */
bool http_request_is_to(const char *host, const char *name);

#endif
