/* What the parts of a story share. */
#ifndef GALEN_SIM_STORY_H
#define GALEN_SIM_STORY_H

#include "world.h"

#define PATIENCE_MS (10 * 60 * 1000)
#define TRIES       20 /* a person does something again that a crash took back */

/** Whom the conditions below are about. */
extern struct node *story_waited;
/** Everything this home was asked for is in the log, or was given back. */
bool story_all_done(struct world *world);
bool story_chart_is_current(struct world *world);
/** False, and the story has failed: it did not happen in ten minutes. */
bool story_wait_for(struct world *world, struct node *node, bool (*done)(struct world *),
                    const char *what);
/** Waits until the node is awake. */
bool story_up(struct world *world, struct node *node);
/** False: a crash took the request back before it was on the disk. */
bool story_was_made(const struct world *world, const galen_token token);
/** Waits until `by` has read that this home's device is a member: before, nobody is there to be chosen. */
bool story_sees(struct world *world, struct node *by, struct node *whom);
/** Asks `by` for something about `whom` until it was made: `ask` says whether it was. */
void story_insist(struct world *world, struct node *by, struct node *whom,
                  bool (*ask)(struct world *world, struct node *by, struct node *whom));
bool story_invited(struct world *world, struct node *by, enum galen_role role,
                   const struct galen_id *chart, const char *name, struct galen_writer *link);
bool story_made_chart(struct world *world, struct node *by, struct galen_id *chart);
/** A code or a sheet of `by` becomes a further home; `loses`: in the place of this one. */
void story_further(struct world *world, struct node *by, enum galen_purpose purpose,
                   const char *name, bool loses);

/* copied.c */
/** The device of `whose` is copied; its person shuts it out; `staff` take it out of the chart. */
void story_copied(struct world *world, struct node *whose, struct node *staff);

/* devices.c */
/** `by` has asked, with this token, for the removal of `whom`: it reads nothing from then on. False: a
 * crash took that back before it was on the disk. */
bool story_removes(struct world *world, struct node *by, struct node *whom,
                   const galen_token token);
/** Another chart, further devices of staff, a removed device, a link that nobody opened in time. */
void story_devices(struct world *world, struct node *admin, struct node *ann, struct node *bob,
                   struct node *pat);

#endif
