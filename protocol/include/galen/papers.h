/*
 * The papers that a patient takes home, laid out after CMS-10396, and the current list for another pharmacy:
 * each one HTML file that needs nothing else (no script, no address), to be printed or kept. What people
 * wrote stands in it as text, whatever it is.
 */
#ifndef GALEN_PAPERS_H
#define GALEN_PAPERS_H

#include "galen/doc.h"
#include "galen/words.h"

enum galen_paper {
    GALEN_PAPER_COVER = 1,     /* cover letter */
    GALEN_PAPER_TO_DO = 2,     /* recommended to-do list */
    GALEN_PAPER_MEDICINES = 3, /* medication list */
    GALEN_PAPER_LIST = 4,      /* current list for another pharmacy or a hospital */
};
#define GALEN_PAPER_COUNT 4

/** What a paper is made of. All borrowed. */
struct galen_paper_source {
    const struct galen_docs *docs;       /* of the version: as of its base; else as they are now */
    const struct galen_version *version; /* NULL: not signed; says whether it is superseded */
    uint32_t newest;              /* the newest version's number; 0: nothing was ever signed */
    const struct galen_id *chart; /* its name is the patient's where the profile says none */
    struct galen_bytes signer;    /* name; may be empty */
    uint64_t now_ms;
    int32_t zone_minutes; /* east of UTC */
    bool a4;              /* else letter */
    const struct galen_language *language;
};

/** `cover-letter`, `to-do-list`, `medication-list`, `current-list`: also the file's name, without ending. */
const char *galen_paper_name(enum galen_paper paper);
/** What stands above it, in this language. */
const char *galen_paper_title(const struct galen_language *language, enum galen_paper paper);
/** Appends the paper. False: out of memory. */
GALEN_MUST_USE bool galen_paper_write(struct galen_writer *w, enum galen_paper paper,
                                      const struct galen_paper_source *source);

#endif
