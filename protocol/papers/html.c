/* How a paper is written down: text that stays text, dates, and what stands on every page. */
#include "paper.h"

#include <stdio.h>
#include <string.h>

const struct paper_language *paper_language(const struct galen_language *language)
{
    static const struct paper_language *const all[] = {&paper_language_en};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (strcmp(all[i]->code, language->code) == 0)
            return all[i];
    return &paper_language_en;
}

/* -- text ------------------------------------------------------------------------------------------- */

void put_html(struct page *p, const char *html)
{
    galen_write(p->w, html, strlen(html));
}

static const char *entity(uint8_t c)
{
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    default:
        return NULL;
    }
}

static void put_escaped(struct page *p, struct galen_bytes text)
{
    size_t from = 0;
    for (size_t i = 0; i < text.size; i++) {
        const char *instead = entity(text.at[i]);
        if (!instead)
            continue;
        galen_write(p->w, text.at + from, i - from);
        put_html(p, instead);
        from = i + 1;
    }
    galen_write(p->w, text.at + from, text.size - from);
}

/* What people write may turn the direction of the text around it; in an element of its own it cannot. */
void put_text(struct page *p, struct galen_bytes text)
{
    if (text.size == 0)
        return;
    put_html(p, "<bdi>");
    put_escaped(p, text);
    put_html(p, "</bdi>");
}

void put_words(struct page *p, const char *text)
{
    put_escaped(p, (struct galen_bytes){(const uint8_t *)text, strlen(text)});
}

void put_phrase(struct page *p, enum phrase phrase)
{
    put_words(p, p->words->phrases[phrase]);
}

void put_filled(struct page *p, enum phrase phrase, struct galen_bytes n)
{
    const char *words = p->words->phrases[phrase], *hole = strstr(words, "{n}");
    if (!hole) {
        put_words(p, words);
        return;
    }
    put_escaped(p, (struct galen_bytes){(const uint8_t *)words, (size_t)(hole - words)});
    put_text(p, n);
    put_words(p, hole + 3);
}

/* -- days ------------------------------------------------------------------------------------------- */

void put_date(struct page *p, const struct galen_date *date)
{
    char number[8];
    const char *pattern = date->day != 0 ? p->words->day : p->words->month;
    if (date->month == 0 || date->month > 12) {
        snprintf(number, sizeof number, "%u", date->year);
        put_html(p, number);
        return;
    }
    for (const char *c = pattern; *c; c++) {
        if (*c != '{') {
            galen_write(p->w, c, 1);
            continue;
        }
        snprintf(number, sizeof number, "%u", c[1] == 'd' ? date->day : date->year);
        put_words(p, c[1] == 'm' ? p->words->months[date->month - 1] : number);
        c += 2;
    }
}

/* Days since 1970 as a date (Howard Hinnant, "chrono-compatible low-level date algorithms", civil_from_days). */
static struct galen_date date_of_day(int64_t days)
{
    int64_t z = days + 719468, era = (z >= 0 ? z : z - 146096) / 146097;
    int64_t doe = z - era * 146097;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100), mp = (5 * doy + 2) / 153;
    int64_t month = mp < 10 ? mp + 3 : mp - 9;
    return (struct galen_date){.year = (uint16_t)(yoe + era * 400 + (month <= 2)),
                               .month = (uint8_t)month,
                               .day = (uint8_t)(doy - (153 * mp + 2) / 5 + 1)};
}

struct galen_date day_of(const struct page *p, uint64_t ms)
{
    int64_t seconds = (int64_t)(ms / 1000) + (int64_t)p->source->zone_minutes * 60;
    return date_of_day(seconds < 0 ? 0 : seconds / 86400);
}

void put_day(struct page *p, uint64_t ms)
{
    struct galen_date date = day_of(p, ms);
    put_date(p, &date);
}

struct galen_date paper_day(const struct page *p)
{
    const struct galen_paper_source *s = p->source;
    return day_of(p, s->version ? s->version->entry->received_ms : s->now_ms);
}

void put_lines(struct page *p, size_t count)
{
    while (count-- > 0)
        put_html(p, "<div class=\"write\"></div>\n");
}

/* -- what stands on every page ---------------------------------------------------------------------- */

/* Black on white, nothing under 14 points, a block whole on its page. The number of a page stands in its
 * margin; who it is about and which version stands above each page, as the head of a table does. */
static const char style[] =
    "html{font:14pt/1.45 'Helvetica Neue',Arial,'Liberation "
    "Sans',sans-serif;color:#000;background:#fff}\n"
    "body{margin:0 auto;max-width:190mm}\n"
    "h1{font-size:24pt;line-height:1.2;margin:0 0 4mm}\n"
    "h2{font-size:18pt;line-height:1.25;margin:7mm 0 2mm;break-after:avoid}\n"
    "h3,.name{font-size:16pt;line-height:1.3;margin:0 0 1.5mm;break-after:avoid}\n"
    "p{margin:0 0 2.5mm;orphans:3;widows:3}\n"
    "ul{margin:0 0 3mm;padding-left:7mm}\n"
    "bdi{white-space:pre-wrap;overflow-wrap:anywhere}\n"
    "table.paper{width:100%;border-collapse:collapse;table-layout:fixed}\n"
    "table.paper>thead{display:table-header-group}\n"
    "table.paper>thead>tr>td,table.paper>tbody>tr>td{padding:0;vertical-align:top}\n"
    ".head{border-bottom:1.5pt solid #000;margin-bottom:5mm;padding-bottom:2mm}\n"
    ".head p{margin:0}\n"
    ".state{font-weight:bold}\n"
    ".banner{border:2.5pt solid #000;padding:2mm 3mm;margin:0 0 "
    "5mm;font-weight:bold;break-inside:avoid}\n"
    ".block{break-inside:avoid;border:1pt solid #000;border-radius:2mm;padding:3mm 4mm;margin:0 0 "
    "4mm}\n"
    ".plain{break-inside:avoid}\n"
    ".block>:first-child{margin-top:0}\n"
    "dl{margin:0;display:grid;grid-template-columns:50mm 1fr;column-gap:3mm;row-gap:1.5mm}\n"
    "dt{font-weight:bold}\n"
    "dd{margin:0;min-width:0}\n"
    "dd .write{height:6mm}\n"
    ".mark{font-weight:bold}\n"
    ".do{break-inside:avoid;display:grid;grid-template-columns:9mm 1fr;margin:2mm 0}\n"
    ".box{box-sizing:border-box;width:6mm;height:6mm;border:1.5pt solid #000;font-weight:bold;"
    "line-height:5mm;text-align:center}\n"
    ".write{border-bottom:1pt solid #000;height:10mm}\n"
    ".address .write{height:8mm}\n"
    ".blank{display:inline-block;border-bottom:1pt solid #000;width:90mm}\n"
    "@media screen{body{padding:8mm}}\n";

/* In the margin of each page. The sentences are ours, and hold nothing that ends a string. */
static void put_margins(struct page *p)
{
    static const char font[] = "{font:14pt 'Helvetica Neue',Arial,'Liberation Sans',sans-serif;"
                               "content:\"";
    put_html(p, "@bottom-left");
    put_html(p, font);
    put_html(p, p->words->phrases[PHRASE_LAYOUT]);
    put_html(p, "\"}@bottom-right");
    put_html(p, font);
    put_html(p, p->words->phrases[PHRASE_PAGE]);
    put_html(p, "\" counter(page) \"");
    put_html(p, p->words->phrases[PHRASE_OF]);
    put_html(p, "\" counter(pages)}");
}

static void put_style(struct page *p)
{
    put_html(p, "<style>\n");
    put_html(p, style);
    put_html(p, "@page{size:");
    put_html(p, p->source->a4 ? "A4" : "letter");
    put_html(p, ";margin:16mm 17mm 20mm;");
    put_margins(p);
    put_html(p, "}\n</style>\n");
}

/* By what stands in the chart, not by a time: times are the server's. */
static bool is_superseded(const struct galen_paper_source *s)
{
    return s->version && s->version->superseded != GALEN_NO_ENTRY;
}

static void put_version(struct page *p)
{
    const struct galen_paper_source *s = p->source;
    char number[16];
    put_html(p, "<p class=\"state\">");
    if (!s->version) {
        put_phrase(p, PHRASE_NOT_SIGNED);
        put_html(p, " · ");
        put_day(p, s->now_ms);
    } else {
        snprintf(number, sizeof number, "%u", s->version->number);
        put_filled(p, PHRASE_VERSION,
                   (struct galen_bytes){(const uint8_t *)number, strlen(number)});
        if (is_superseded(s)) {
            put_html(p, " · ");
            put_phrase(p, PHRASE_SUPERSEDED);
        }
        put_html(p, " · ");
        put_day(p, s->version->entry->received_ms);
        put_html(p, ", ");
        put_phrase(p, PHRASE_SIGNED_BY);
        if (s->signer.size > 0)
            put_text(p, s->signer);
        else
            put_phrase(p, PHRASE_UNNAMED);
        put_html(p, ", ");
        put_phrase(p, PHRASE_PHARMACIST);
    }
    put_html(p, "</p>\n");
}

static void put_banner(struct page *p)
{
    const struct galen_paper_source *s = p->source;
    char number[16];
    if (s->version && !is_superseded(s))
        return;
    put_html(p, "<p class=\"banner\">");
    if (!s->version) {
        put_phrase(p, PHRASE_NOT_SIGNED);
        put_html(p, ". ");
        put_phrase(p, PHRASE_NOT_SIGNED_WHY);
    } else if (s->newest > s->version->number) {
        snprintf(number, sizeof number, "%u", s->newest);
        put_filled(p, PHRASE_SUPERSEDED_BY,
                   (struct galen_bytes){(const uint8_t *)number, strlen(number)});
    } else {
        put_phrase(p, PHRASE_SUPERSEDED_SINCE);
    }
    put_html(p, "</p>\n");
}

void open_page(struct page *p, enum galen_paper paper)
{
    const char *title = galen_paper_title(p->source->language, paper);
    struct fact born = fact_of(profile_of(p), GALEN_DOC_PROFILE, GALEN_PROFILE_BIRTH_DATE);
    put_html(p, "<!DOCTYPE html>\n<html lang=\"");
    put_words(p, p->words->code);
    put_html(p,
             "\">\n<head>\n<meta charset=\"utf-8\">\n<meta http-equiv=\"Content-Security-Policy\" "
             "content=\"default-src 'none'; style-src 'unsafe-inline'\">\n<meta name=\"viewport\" "
             "content=\"width=device-width\">\n<title>");
    put_words(p, title); /* browsers make the file's name of it: nothing of the patient */
    put_html(p, "</title>\n");
    put_style(p);
    put_html(p,
             "</head>\n<body>\n<table class=\"paper\" role=\"presentation\">\n<thead><tr><td><div "
             "class=\"head\">\n<p>");
    put_phrase(p, PHRASE_PATIENT);
    if (patient_of(p).size > 0)
        put_text(p, patient_of(p));
    else
        put_phrase(p, PHRASE_UNNAMED);
    if (fact_says(&born)) {
        put_html(p, " · ");
        put_phrase(p, PHRASE_BORN);
        put_fact(p, &born);
    }
    put_html(p, "</p>\n");
    put_version(p);
    put_html(p, "</div></td></tr></thead>\n<tbody><tr><td>\n<main>\n<h1>");
    put_words(p, title);
    put_html(p, "</h1>\n");
    put_banner(p);
}

void close_page(struct page *p)
{
    put_html(p, "</main>\n</td></tr></tbody>\n</table>\n</body>\n</html>\n");
}
