/* A plot of the server, for those who carry it out (hostile_server.c, hostile_frames.c). */
#ifndef GALEN_SIM_HOSTILE_SERVER_H
#define GALEN_SIM_HOSTILE_SERVER_H

#include "world.h"

enum plot_kind {
    PLOT_FORK,     /* two hubs on two copies; homes are led to one or the other */
    PLOT_RESTORE,  /* an older copy takes the store's place */
    PLOT_DROP,     /* one victim does not get an entry */
    PLOT_REPLAY,   /* one victim gets an entry twice */
    PLOT_SWAP,     /* one victim gets two entries in the other order */
    PLOT_TIME,     /* one victim is told another time of receipt */
    PLOT_WITHHOLD, /* one victim does not get bodies, or others */
    PLOT_FOREIGN,  /* one victim is told of charts that are not */
    PLOT_FORGE,    /* one victim gets an entry that breaks the rules, made with a member's keys */
    PLOT_KINDS
};

struct server_plot {
    uint8_t kind;  /* enum plot_kind */
    bool on, over; /* hostile now; honest again */
    bool bit;      /* the victim was given it, and has not asked for what was there before */
    bool ever;     /* it was at some time */
    bool hush;     /* heads to and from the victim are swallowed meanwhile */
    bool confront; /* in the end each side is shown the other's heads */
    size_t victim, steps;
    uint64_t at;              /* the index where the victim's log departs from the hub's */
    int64_t shift;            /* how many entries more the victim has from there on */
    struct galen_writer held; /* a record that waits to be swapped */
    struct galen_id foreign;  /* a chart that does not exist */
    bool announced;
    struct galen_writer forged; /* a record to be slipped in */
    enum galen_err why;         /* what the victim must say of it */
};

/** Reads one stored record; borrows from it. False: there is none. */
bool plot_read_record(const struct galen_writer *record, struct galen_entry *entry);

#endif
