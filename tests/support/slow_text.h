/*
 * A model of merged texts that is slow and obviously right: a tree of single code points as the Fugue paper
 * describes it, which looks at every one of them for each step and never forgets any.
 */
#ifndef TESTS_SLOW_TEXT_H
#define TESTS_SLOW_TEXT_H

#include "galen/text.h"

enum { SLOW_EDITS_MAX = 160, SLOW_SIZE_MAX = 6000 };

/** What an edit is made in front of: see struct galen_edit. */
struct slow_past {
    int device, seen, own, self;
};
extern const struct slow_past slow_everything;

struct slow_text {
    struct slow_node {
        char what;
        int edit;
        int parent; /* -1: the start */
        bool right; /* it hangs to the right of its parent */
        bool deleted_by[SLOW_EDITS_MAX];
    } nodes[SLOW_SIZE_MAX];
    int node_count;
    struct slow_past pasts[SLOW_EDITS_MAX];
    int devices[SLOW_EDITS_MAX]; /* whose each edit is, and what they had seen */
    int seen[SLOW_EDITS_MAX];
    int edits;
    int order[SLOW_SIZE_MAX];
};

/** The next edit; what it inserts is ASCII. All zeros is an empty text. */
void slow_edit(struct slow_text *slow, const struct galen_edit *edit);
/** An edit that takes others back, by nobody, who had seen everything. */
void slow_take_back(struct slow_text *slow, const bool *chosen);
/** What somebody sees; gives its size. */
size_t slow_say(const struct slow_text *slow, const struct slow_past *past, char *out);
/** What everybody would see if these edits had not been made. */
size_t slow_without(const struct slow_text *slow, const bool *chosen, char *out);
/** Whether the order is that of the tree, walked anew. */
bool slow_is_in_order(struct slow_text *slow);
/** Whether every run stands whole: see PROTOCOL.md, "Text". */
bool slow_runs_are_whole(const struct slow_text *slow);

#endif
