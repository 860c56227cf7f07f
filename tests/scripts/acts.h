/* What people do, for those who begin a script and for chance. */
#ifndef TESTS_SCRIPTS_ACTS_H
#define TESTS_SCRIPTS_ACTS_H

#include "scripts.h"

/* Someone who acts: a home, one of its charts, and what it is to it. */
struct actor {
    struct script *script;
    struct home *home;
    char chart[65];
    size_t charts; /* patients' */
    bool is_practice, has_visit;
};

/** Learns what it is, and goes live. Once it is a member. */
void act_know_oneself(struct home *home);
/** Invites by name; chart "": as staff of the practice. NULL: refused. */
struct link_made *act_invited(struct home *by, const char *role, const char *chart);
/** A new home, which is to join with this link. */
struct home *act_join_with(struct script *script, struct link_made *link);
void act_message(struct actor *a);
/** Lets go, or drops, what is held of the chart. */
void act_release(struct actor *a);
/** Opens a visit and lets those in who come, or takes part in the one that is open. */
void act_visit(struct actor *a);

#endif
