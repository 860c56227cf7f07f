/*
 * A model of a chart's documents that is slow and obviously right: it keeps every operation and answers each
 * question from the definitions in PROTOCOL.md ("Documents"), looking at all of them each time.
 */
#ifndef TESTS_SLOW_DOCS_H
#define TESTS_SLOW_DOCS_H

#include "galen/doc.h"

enum { SLOW_FACTS_MAX = 120, SLOW_TEXT_MAX = 6000 };

/** One operation, where it stands, and what becomes of it. */
struct slow_fact {
    struct galen_docs_entry entry;
    struct galen_op op; /* borrows its values; what texts insert is ASCII */
    struct galen_verdict verdict;
    bool based; /* its base is one: set by slow_judge */
};

struct slow_docs {
    struct slow_fact facts[SLOW_FACTS_MAX];
    size_t count;
};

/** The fact of an entry; NULL: none. */
const struct slow_fact *slow_fact_at(const struct slow_docs *slow, uint64_t index);
/** What becomes of the next fact, which is not yet counted. */
struct galen_verdict slow_judge(const struct slow_docs *slow, struct slow_fact *next);
/** What a text says in front of the author of a fact, counted or not. Gives its size. */
size_t slow_text_before(const struct slow_docs *slow, const struct slow_fact *of, uint16_t field,
                        char out[SLOW_TEXT_MAX]);
/** Asserts that the documents say what the facts come to: every record, value, conflict and proposal, none
 *  that is not right, and in texts no run of anybody's that others' words fell into. */
void slow_compare(const struct slow_docs *slow, const struct galen_docs *docs);

#endif
