/* The papers of a chart. */
#include "view.h"

#include <string.h>

bool zone_read(const char *text, int32_t *minutes)
{
    bool shape = strlen(text) == 6 && (text[0] == '+' || text[0] == '-') && text[3] == ':';
    for (int i = 1; shape && i < 6; i++)
        shape = i == 3 || (text[i] >= '0' && text[i] <= '9');
    if (!shape)
        return false;
    int hours = (text[1] - '0') * 10 + text[2] - '0', rest = (text[4] - '0') * 10 + text[5] - '0';
    *minutes = (text[0] == '-' ? -1 : 1) * (hours * 60 + rest);
    return hours <= 18 && rest < 60;
}

/* Which version is asked for: by its number; or the newest; or for a list the newest if it still stands.
 * False: there is none with this number. */
static bool choose(const struct galen_docs *docs, const struct papers_asked *asked,
                   struct galen_version *version, bool *signed_one)
{
    size_t count = galen_docs_version_count(docs);
    *signed_one = false;
    if (asked->version > count && asked->version != PAPERS_NEWEST)
        return false;
    if (asked->version == 0 || count == 0)
        return true;
    size_t at = (asked->version == PAPERS_NEWEST ? count : (size_t)asked->version) - 1;
    *version = galen_docs_version_at(docs, at);
    *signed_one =
        asked->version != PAPERS_NEWEST || !asked->list || version->superseded == GALEN_NO_ENTRY;
    return true;
}

static bool add_paper(cJSON *papers, enum galen_paper paper,
                      const struct galen_paper_source *source)
{
    struct galen_writer html;
    galen_writer_init(&html);
    bool written = galen_paper_write(&html, paper, source);
    if (written) {
        cJSON *one = json_new("name", galen_paper_name(paper));
        cJSON_AddStringToObject(one, "title", galen_paper_title(source->language, paper));
        json_text(one, "html", galen_written(&html));
        json_append(papers, one);
    }
    galen_writer_wipe(&html);
    return written;
}

static enum galen_err write_papers(const struct papers_asked *asked,
                                   const struct galen_paper_source *source, cJSON *papers)
{
    static const enum galen_paper home[] = {GALEN_PAPER_COVER, GALEN_PAPER_TO_DO,
                                            GALEN_PAPER_MEDICINES};
    bool written = true;
    if (asked->list)
        return add_paper(papers, GALEN_PAPER_LIST, source) ? GALEN_OK : GALEN_ERR_MEMORY;
    for (size_t i = 0; written && i < sizeof home / sizeof *home; i++)
        written = add_paper(papers, home[i], source);
    return written ? GALEN_OK : GALEN_ERR_MEMORY;
}

cJSON *papers_json(const struct galen_engine *engine, const struct galen_id *chart,
                   const struct papers_asked *asked, uint64_t now_ms, enum galen_err *err)
{
    char signer[NAME_TEXT_MAX] = "";
    struct galen_version version;
    bool signed_one;
    const struct galen_docs *docs = galen_engine_docs(engine, chart);
    *err = galen_log_is_holder(galen_engine_log(engine, chart)) ? GALEN_OK : GALEN_ERR_NOT_HOLDER;
    if (*err == GALEN_OK && !choose(docs, asked, &version, &signed_one))
        *err = GALEN_ERR_VALUE;
    if (*err != GALEN_OK)
        return NULL;
    struct galen_docs *then = signed_one ? galen_docs_as_of(docs, version.base) : NULL;
    struct galen_paper_source source = {
        .docs = then ? then : docs,
        .version = signed_one ? &version : NULL,
        .newest = (uint32_t)galen_docs_version_count(docs),
        .chart = chart,
        .now_ms = now_ms,
        .zone_minutes = asked->zone_minutes,
        .a4 = asked->a4,
        .language = &galen_words_en,
    };
    cJSON *object = cJSON_CreateObject(), *papers = cJSON_CreateArray();
    *err = signed_one && !then ? GALEN_ERR_MEMORY : GALEN_OK;
    if (*err == GALEN_OK && signed_one) {
        name_of(engine, chart, &version.entry->account, signer);
        source.signer = (struct galen_bytes){(const uint8_t *)signer, strlen(signer)};
        json_number(object, "version", version.number);
        cJSON_AddBoolToObject(object, "superseded", version.superseded != GALEN_NO_ENTRY);
    }
    cJSON_AddBoolToObject(object, "signed", signed_one);
    if (*err == GALEN_OK)
        *err = write_papers(asked, &source, papers);
    json_put(object, "papers", papers);
    galen_docs_free(then);
    if (*err == GALEN_OK)
        return object;
    cJSON_Delete(object);
    return NULL;
}
