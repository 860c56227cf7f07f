/* The loads that benches put on a server; each prints one JSON object. */
#ifndef GALEN_BENCH_LOAD_H
#define GALEN_BENCH_LOAD_H

#include "link.h"

struct load_options {
    const char *ca;
    int port;
    int pid;           /* of the server, for its processor time and memory */
    bool bare;         /* it is bare-relay: no sign-in, no rooms but by path */
    const char *token; /* file with the set-up token */
    size_t rooms, links, in_flight, entries;
    double seconds;
};

void load_relay(const struct load_options *options);
void load_append(const struct load_options *options);
void load_idle(const struct load_options *options);

/** Processor time a process has used, and the memory it holds. */
double process_cpu_us(int pid);
double process_own_cpu_us(void);
double process_resident_kb(int pid);

/** Samples of a duration, of which percentiles are wanted. */
struct samples {
    uint32_t *at; /* microseconds */
    size_t count, room;
};
void samples_add(struct samples *samples, uint64_t ns);
/** Sorts them; `share` from 0 to 1; milliseconds, 0 if there are none. */
double samples_ms(struct samples *samples, double share);

#endif
