/* The cover letter and the to-do list. */
#include "paper.h"

#include <stdlib.h>
#include <string.h>

/* -- the cover letter ------------------------------------------------------------------------------- */

/* A time of the visit's. 0: not said. */
static uint64_t time_of(const struct galen_record *visit, uint16_t field)
{
    struct galen_value value;
    struct fact fact = fact_of(visit, GALEN_DOC_VISIT, field);
    bool said = fact.count == 1 && fact_value(&fact, &value) && value.kind == GALEN_VALUE_TIME;
    return said ? value.as.time_ms : 0;
}

/* What is not known is a line to write on. */
static void put_known(struct page *p, enum phrase phrase, struct galen_bytes text)
{
    put_html(p, "<p>");
    put_phrase(p, phrase);
    if (text.size > 0)
        put_text(p, text);
    else
        put_html(p, "<span class=\"blank\">&nbsp;</span>");
    put_html(p, "</p>\n");
}

/* What the record of whoever signed says. */
static struct galen_bytes signer_says(const struct page *p, uint16_t field)
{
    const struct galen_version *version = p->source->version;
    if (!version)
        return (struct galen_bytes){0};
    const uint8_t *account = version->entry->account.bytes;
    struct fact said = fact_of(galen_docs_record(p->source->docs, GALEN_DOC_PEOPLE, account),
                               GALEN_DOC_PEOPLE, field);
    return said.count > 0 ? said.values[0] : (struct galen_bytes){0};
}

static void put_said(struct page *p, const char *before, enum phrase phrase,
                     struct galen_bytes text)
{
    if (text.size == 0)
        return;
    put_html(p, before);
    put_phrase(p, phrase);
    put_text(p, text);
}

void put_questions(struct page *p)
{
    struct galen_bytes phone = signer_says(p, GALEN_PEOPLE_PHONE);
    if (phone.size == 0)
        return;
    put_html(p, "<p>");
    put_phrase(p, PHRASE_QUESTIONS);
    put_said(p, "", PHRASE_CALL_PHONE, phone);
    put_said(p, "<br>", PHRASE_CALL_WHO, p->source->signer);
    put_said(p, "<br>", PHRASE_CALL_WHEN, signer_says(p, GALEN_PEOPLE_HOURS));
    put_html(p, "</p>\n");
}

static void put_call(struct page *p)
{
    put_html(p, "<div class=\"block\">\n<p>");
    put_phrase(p, PHRASE_CALL);
    put_html(p, "</p>\n");
    put_known(p, PHRASE_CALL_WHO, p->source->signer);
    put_known(p, PHRASE_CALL_PHONE, signer_says(p, GALEN_PEOPLE_PHONE));
    put_known(p, PHRASE_CALL_WHEN, signer_says(p, GALEN_PEOPLE_HOURS));
    put_html(p, "<p class=\"mark\">");
    put_phrase(p, PHRASE_EMERGENCY);
    put_html(p, "</p>\n</div>\n");
}

static void put_next(struct page *p, const struct galen_record *visit)
{
    struct fact none = fact_of(visit, GALEN_DOC_VISIT, GALEN_VISIT_FIELD_NEXT_NONE);
    uint64_t at = time_of(visit, GALEN_VISIT_FIELD_NEXT_AT);
    if (at == 0 && !fact_says(&none))
        return;
    put_html(p, "<p>");
    put_phrase(p, at != 0 ? PHRASE_NEXT_VISIT : PHRASE_NO_NEXT_VISIT);
    if (at != 0) {
        put_day(p, at);
        put_html(p, ".");
    } else {
        put_fact(p, &none);
    }
    put_html(p, "</p>\n");
}

static bool is_later(struct galen_date one, struct galen_date other)
{
    return (one.year * 12 + one.month) * 31 + one.day >
           (other.year * 12 + other.month) * 31 + other.day;
}

void write_cover(struct page *p)
{
    const struct galen_record *visit = visit_of(p);
    const struct galen_paper_source *s = p->source;
    uint64_t at = time_of(visit, GALEN_VISIT_FIELD_STARTED),
             plan = time_of(visit, GALEN_VISIT_FIELD_SCHEDULED);
    bool alone = s->version && s->version->meaning == GALEN_SIGN_ALONE && !s->version->visit;
    if (at == 0 && !is_later(day_of(p, plan), paper_day(p))) /* one that is to come was no talk */
        at = plan;
    put_html(p, "<p>");
    put_phrase(p, PHRASE_DATE);
    put_day(p, s->version ? s->version->entry->received_ms : s->now_ms);
    put_html(p, "</p>\n<p>");
    put_phrase(p, PHRASE_TO);
    put_text(p, patient_of(p));
    put_html(p, "</p>\n<div class=\"address\">\n"); /* which Galen does not keep */
    put_lines(p, 2);
    put_html(p, "</div>\n<p><br>");
    put_filled(p, PHRASE_DEAR, patient_of(p));
    put_html(p, "</p>\n<p>");
    put_phrase(p, alone ? PHRASE_ALONE : at != 0 ? PHRASE_THANKS : PHRASE_THANKS_NO_DATE);
    if (at != 0 && !alone)
        put_day(p, at);
    put_html(p, ".</p>\n<p>");
    put_phrase(p, PHRASE_ENCLOSED);
    put_html(p, "</p>\n<ul>\n<li>");
    put_phrase(p, PHRASE_ENCLOSED_TO_DO);
    put_html(p, "</li>\n<li>");
    put_phrase(p, PHRASE_ENCLOSED_MEDICINES);
    put_html(p, "</li>\n</ul>\n<p>");
    put_phrase(p, PHRASE_KEEP);
    put_html(p, " ");
    put_phrase(p, PHRASE_SHOW);
    put_html(p, "</p>\n");
    put_next(p, visit);
    put_call(p);
    put_html(p, "<div class=\"plain\">\n<p>");
    put_phrase(p, PHRASE_YOURS);
    put_html(p, "</p>\n");
    if (s->version)
        put_text(p, s->signer);
    else
        put_lines(p, 1);
    put_html(p, "</div>\n");
}

/* -- the to-do list --------------------------------------------------------------------------------- */

enum { MAP_DONE = 3, MAP_DROPPED = 4 }; /* the vocabulary's numbers, kept for good */

static uint8_t status_of(const struct galen_record *action)
{
    struct fact status = fact_of(action, GALEN_DOC_MAP, GALEN_MAP_STATUS);
    return fact_choice(&status);
}

static bool is_shown(const struct galen_record *action)
{
    return galen_record_stands(action) && status_of(action) != MAP_DROPPED;
}

static void put_part(struct page *p, enum phrase phrase, const struct galen_record *action,
                     uint16_t field)
{
    struct fact fact = fact_of(action, GALEN_DOC_MAP, field);
    if (!fact_says(&fact))
        return;
    put_html(p, "<br>");
    put_phrase(p, phrase);
    put_fact(p, &fact);
}

static void put_action(struct page *p, const struct galen_record *action)
{
    struct fact what = fact_of(action, GALEN_DOC_MAP, GALEN_MAP_ACTION);
    bool done = status_of(action) == MAP_DONE;
    put_html(p, "<div class=\"do\"><div class=\"box\">");
    put_html(p, done ? "✓" : "");
    put_html(p, "</div><div>");
    if (galen_record_state(action) == GALEN_RECORD_PROPOSED) {
        put_html(p, "<span class=\"mark\">");
        put_phrase(p, PHRASE_NOT_REVIEWED);
        put_html(p, "</span><br>");
    }
    put_fact(p, &what);
    if (done) {
        put_html(p, " <span class=\"mark\">(");
        put_phrase(p, PHRASE_DONE);
        put_html(p, ")</span>");
    }
    put_part(p, PHRASE_WHO, action, GALEN_MAP_OWNER);
    put_part(p, PHRASE_UNTIL, action, GALEN_MAP_DUE);
    put_part(p, PHRASE_GOAL, action, GALEN_MAP_GOAL);
    put_html(p, "</div></div>\n");
}

/* An action that is shown; those with the same topic stand in one block, in order. */
struct action {
    const struct galen_record *record;
    struct galen_bytes topic;
    bool settled; /* its topic is: others stand alone */
    bool follows; /* it stands in the block of one before it */
    struct action *next;
};

static size_t find_actions(const struct page *p, struct action *actions)
{
    const struct galen_docs *docs = p->source->docs;
    size_t count = 0;
    for (size_t i = 0; i < galen_docs_record_count(docs, GALEN_DOC_MAP); i++) {
        const struct galen_record *record = galen_docs_record_at(docs, GALEN_DOC_MAP, i);
        if (!is_shown(record))
            continue;
        struct fact topic = fact_of(record, GALEN_DOC_MAP, GALEN_MAP_TOPIC);
        struct action *action = &actions[count++];
        *action = (struct action){.record = record, .settled = topic.count == 1};
        if (action->settled)
            action->topic = topic.values[0];
    }
    return count;
}

/* By topic, and those of one in the order in which they stand. */
static int compare_actions(const void *a, const void *b)
{
    const struct action *one = *(struct action *const *)a, *other = *(struct action *const *)b;
    if (one->topic.size != other->topic.size)
        return one->topic.size < other->topic.size ? -1 : 1;
    int order = one->topic.size > 0 ? memcmp(one->topic.at, other->topic.at, one->topic.size) : 0;
    return order != 0 ? order : one < other ? -1 : one > other;
}

/* Sorted, since anybody may propose any number of actions. */
static void find_blocks(struct action **sorted, struct action *actions, size_t count)
{
    for (size_t i = 0; i < count; i++)
        sorted[i] = &actions[i];
    qsort(sorted, count, sizeof(struct action *), compare_actions);
    for (size_t i = 1; i < count; i++) {
        struct action *before = sorted[i - 1], *action = sorted[i];
        if (before->settled && action->settled && galen_bytes_equal(before->topic, action->topic)) {
            before->next = action;
            action->follows = true;
        }
    }
}

static void put_block(struct page *p, const struct action *action)
{
    struct fact topic = fact_of(action->record, GALEN_DOC_MAP, GALEN_MAP_TOPIC);
    put_html(p, "<section class=\"block\">\n<h2>");
    put_phrase(p, PHRASE_TALKED_ABOUT);
    put_html(p, "</h2>\n<p>");
    put_fact(p, &topic);
    put_html(p, "</p>\n<h3>");
    put_phrase(p, PHRASE_SHOULD_DO);
    put_html(p, "</h3>\n");
    for (; action; action = action->next)
        put_action(p, action->record);
    put_html(p, "</section>\n");
}

static void put_blocks(struct page *p)
{
    size_t records = galen_docs_record_count(p->source->docs, GALEN_DOC_MAP), count = 0;
    struct action *actions = calloc(records + 1, sizeof *actions);
    struct action **sorted = calloc(records + 1, sizeof(struct action *));
    if (actions && sorted) {
        count = find_actions(p, actions);
        find_blocks(sorted, actions, count);
    } else {
        p->w->failed = true;
    }
    for (size_t i = 0; i < count; i++)
        if (!actions[i].follows)
            put_block(p, &actions[i]);
    if (count == 0) {
        put_html(p, "<p>");
        put_phrase(p, PHRASE_NO_ACTIONS);
        put_html(p, "</p>\n");
    }
    free(actions);
    free(sorted);
}

void write_to_do(struct page *p)
{
    struct fact goals = fact_of(profile_of(p), GALEN_DOC_PROFILE, GALEN_PROFILE_GOALS);
    put_html(p, "<p>");
    put_phrase(p, PHRASE_PREPARED);
    put_day(p, p->source->version ? p->source->version->entry->received_ms : p->source->now_ms);
    put_html(p, "</p>\n<p>");
    put_phrase(p, PHRASE_TO_DO_INTRO);
    put_html(p, "</p>\n");
    put_questions(p);
    if (fact_says(&goals)) {
        put_html(p, "<section class=\"plain\">\n<h2>");
        put_phrase(p, PHRASE_MY_GOALS);
        put_html(p, "</h2>\n<p>");
        put_fact(p, &goals);
        put_html(p, "</p>\n</section>\n");
    }
    put_blocks(p);
    put_html(p, "<section class=\"plain\">\n<h2>");
    put_phrase(p, PHRASE_NOTES);
    put_html(p, "</h2>\n");
    put_lines(p, 5);
    put_html(p, "</section>\n");
}
