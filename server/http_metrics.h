/* The counters and gauges that the edge itself has to tell. */
#ifndef GALEN_SERVER_HTTP_METRICS_H
#define GALEN_SERVER_HTTP_METRICS_H

#include "galen/codec.h"

struct transport;

/** Appends them in the text format that Prometheus reads. */
void http_metrics(struct transport *transport, struct galen_writer *out);

#endif
