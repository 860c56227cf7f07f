/* Which papers there are. */
#include "paper.h"

static const struct {
    const char *name;
    enum phrase title;
    void (*write)(struct page *p);
    bool clinical;
} papers[] = {
    [GALEN_PAPER_COVER] = {"cover-letter", PHRASE_COVER_TITLE, write_cover, false},
    [GALEN_PAPER_TO_DO] = {"to-do-list", PHRASE_TO_DO_TITLE, write_to_do, false},
    [GALEN_PAPER_MEDICINES] = {"medication-list", PHRASE_MEDICINES_TITLE, write_medicines, false},
    [GALEN_PAPER_LIST] = {"current-list", PHRASE_LIST_TITLE, write_list, true},
};

const char *galen_paper_name(enum galen_paper paper)
{
    return papers[paper].name;
}

const char *galen_paper_title(const struct galen_language *language, enum galen_paper paper)
{
    return paper_language(language)->phrases[papers[paper].title];
}

bool galen_paper_write(struct galen_writer *w, enum galen_paper paper,
                       const struct galen_paper_source *source)
{
    struct page p = {
        .w = w,
        .source = source,
        .words = paper_language(source->language),
        .clinical = papers[paper].clinical,
    };
    open_page(&p, paper);
    papers[paper].write(&p);
    close_page(&p);
    return !w->failed;
}
