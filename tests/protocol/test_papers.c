/* The papers as HTML: what people wrote is text in them, and they say what they are of. */
#include "galen/papers.h"

#include "support/allocator.h"
#include "support/chart_story.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PMR = GALEN_DOC_PMR, MAP = GALEN_DOC_MAP };

static const struct galen_id chart = {{7}};

static struct galen_paper_source source_of(const struct story *s)
{
    return (struct galen_paper_source){
        .docs = s->docs,
        .chart = &chart,
        .now_ms = 1773446400000, /* 2026-03-14, midnight in UTC */
        .language = &galen_words_en,
    };
}

/* The paper as text; freed by the caller. */
static char *paper(const struct galen_paper_source *source, enum galen_paper which)
{
    struct galen_writer w;
    galen_writer_init(&w);
    cr_assert(galen_paper_write(&w, which, source));
    char *text = calloc(1, w.size + 1);
    memcpy(text, w.at, w.size);
    cr_assert_eq(strlen(text), w.size, "no zeros");
    galen_writer_wipe(&w);
    return text;
}

static bool has(const struct galen_paper_source *source, enum galen_paper which, const char *what)
{
    char *text = paper(source, which);
    bool found = strstr(text, what) != NULL;
    free(text);
    return found;
}

#define assert_has(source, which, what)                                                            \
    cr_assert(has(source, which, what), "%s is not in %s", what, galen_paper_name(which))
#define assert_lacks(source, which, what)                                                          \
    cr_assert_not(has(source, which, what), "%s is in %s", what, galen_paper_name(which))

static void set(struct story *s, uint8_t doc, char record, const char *field, const char *value)
{
    story_write(s, &ana, s->size, doc, record, field, value);
    cr_assert_eq(s->verdict.err, GALEN_OK);
}

/* ---- Hostile text -------------------------------------------------------------------------------- */

/* In every field of every record that takes a text. */
static void fill(struct story *s)
{
    static const uint8_t docs[] = {GALEN_DOC_PMR, GALEN_DOC_MAP, GALEN_DOC_PROFILE,
                                   GALEN_DOC_ALLERGIES, GALEN_DOC_VISIT};
    for (size_t d = 0; d < sizeof docs; d++) {
        const struct galen_document *document = galen_document(docs[d]);
        for (size_t i = 0; i < document->field_count; i++) {
            const struct galen_field *field = &document->fields[i];
            char value[256];
            if (field->kind == GALEN_VALUE_TEXT || field->kind == GALEN_VALUE_LINE ||
                field->kind == GALEN_VALUE_WORDING)
                snprintf(value, sizeof value, "</bdi><script>%s.%s</script>&\"'", document->name,
                         field->name);
            else if (field->kind == GALEN_VALUE_REGIMEN)
                snprintf(value, sizeof value,
                         "drug=<script>drug; strength=<script>strength; form=<script>form; "
                         "dose=<script>dose; unit=<script>unit; route=<script>route; "
                         "frequency=<script>frequency");
            else
                continue;
            set(s, docs[d], 'r', field->name, value);
        }
    }
}

static const char *const shown[][24] = {
    [GALEN_PAPER_COVER] = {"profile.name", "visit.next_none"},
    [GALEN_PAPER_TO_DO] = {"profile.name", "profile.goals", "map.topic", "map.action", "map.goal"},
    [GALEN_PAPER_MEDICINES] = {"profile.name", "pmr.reason", "pmr.instructions", "pmr.prescriber",
                               "pmr.taken_as", "pmr.effects", "pmr.watch_for",
                               "allergies.substance", "allergies.reaction", "profile.conditions",
                               "profile.kidney_function", "profile.weight", "profile.vaccinations",
                               "profile.primary_care", "profile.pharmacies",
                               "profile.emergency_contact", "profile.language", "visit.questions"},
    [GALEN_PAPER_LIST] = {"profile.name", "pmr.reason", "pmr.instructions", "pmr.prescriber",
                          "pmr.pharmacy", "pmr.taken_as", "pmr.effects", "allergies.substance",
                          "allergies.reaction", "profile.phone", "profile.labs",
                          "profile.conditions"},
};

Test(papers, hostile_text_in_every_field_shows_as_text)
{
    struct story s;
    story_begin(&s);
    fill(&s);
    struct galen_paper_source source = source_of(&s);
    source.signer = (struct galen_bytes){(const uint8_t *)"<script>signer", 14};
    for (enum galen_paper which = GALEN_PAPER_COVER; which <= GALEN_PAPER_COUNT; which++) {
        char *text = paper(&source, which);
        cr_assert_null(strstr(text, "<script"), "%s", galen_paper_name(which));
        for (size_t i = 0; i < 24 && shown[which][i]; i++) {
            char expected[256];
            snprintf(expected, sizeof expected,
                     "<bdi>&lt;/bdi&gt;&lt;script&gt;%s&lt;/script&gt;&amp;&quot;&#39;</bdi>",
                     shown[which][i]);
            cr_assert(strstr(text, expected), "%s is not in %s", shown[which][i],
                      galen_paper_name(which));
        }
        free(text);
    }
    static const char *const parts[] = {"drug", "strength", "form",     "dose",
                                        "unit", "route",    "frequency"};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        char expected[64];
        snprintf(expected, sizeof expected, "<bdi>&lt;script&gt;%s</bdi>", parts[i]);
        assert_has(&source, GALEN_PAPER_MEDICINES, expected);
        assert_has(&source, GALEN_PAPER_LIST, expected);
    }
    assert_has(&source, GALEN_PAPER_COVER, "<bdi>&lt;script&gt;signer</bdi>");
    story_end(&s);
}

Test(papers, they_need_nothing_else_and_their_title_names_nobody)
{
    static const char *const never[] = {
        "http:", "https:", "url(", " src=", " href=", "@import", "<img", "<link", "onform"};
    struct story s;
    story_begin(&s);
    set(&s, GALEN_DOC_PROFILE, 0, "name", "Mina Patel");
    struct galen_paper_source source = source_of(&s);
    for (enum galen_paper which = GALEN_PAPER_COVER; which <= GALEN_PAPER_COUNT; which++) {
        for (size_t i = 0; i < sizeof never / sizeof *never; i++)
            assert_lacks(&source, which, never[i]);
        char title[128];
        snprintf(title, sizeof title, "<title>%s</title>",
                 galen_paper_title(&galen_words_en, which));
        assert_has(&source, which, title);
        cr_assert_null(strstr(galen_paper_name(which), "Mina"));
        assert_has(&source, which, "Content-Security-Policy\" content=\"default-src 'none'");
        assert_has(&source, which, "size:letter");
        assert_has(&source, which, "counter(page) \" of \" counter(pages)");
        source.a4 = true;
        assert_has(&source, which, "size:A4");
        source.a4 = false;
    }
    story_end(&s);
}

/* ---- What they are of ---------------------------------------------------------------------------- */

Test(papers, a_version_says_who_signed_when_and_what_supersedes_it)
{
    struct story s;
    story_begin(&s);
    story_write(&s, &ana, 0, PMR, 'm', "regimen", "drug=Metformin");
    story_sign(&s, &ana, 1);
    struct galen_version version = galen_docs_version_at(s.docs, 0);
    struct galen_paper_source source = source_of(&s);
    for (enum galen_paper which = GALEN_PAPER_COVER; which <= GALEN_PAPER_COUNT; which++) {
        assert_has(&source, which, "NOT SIGNED");
        assert_has(&source, which, "March 14, 2026");
    }
    source.zone_minutes = -300;
    assert_has(&source, GALEN_PAPER_TO_DO, "March 13, 2026");
    source.version = &version;
    source.newest = 1;
    source.signer = (struct galen_bytes){(const uint8_t *)"Paula Pharm", 11};
    for (enum galen_paper which = GALEN_PAPER_COVER; which <= GALEN_PAPER_COUNT; which++) {
        assert_lacks(&source, which, "NOT SIGNED");
        assert_lacks(&source, which, "SUPERSEDED");
        assert_has(&source, which, "Version <bdi>1</bdi>");
        assert_has(&source, which, "signed by <bdi>Paula Pharm</bdi>, pharmacist");
        assert_has(&source, which, "November 14, 2023"); /* by the story's clock */
    }
    set(&s, PMR, 'm', "reason", "sugar");
    version = galen_docs_version_at(s.docs, 0);
    source.docs = s.docs;
    assert_has(&source, GALEN_PAPER_MEDICINES, "SUPERSEDED");
    assert_has(&source, GALEN_PAPER_MEDICINES, "The record has changed since.");
    source.newest = 3;
    assert_has(&source, GALEN_PAPER_MEDICINES, "superseded by version <bdi>3</bdi>");
    story_end(&s);
}

/* A server that gives the change no time makes nothing of an old paper a new one. */
Test(papers, a_version_is_superseded_whatever_time_the_change_has)
{
    struct story s;
    story_begin(&s);
    story_write(&s, &ana, 0, PMR, 'm', "regimen", "drug=Metformin");
    story_sign(&s, &ana, 1);
    struct galen_version version = galen_docs_version_at(s.docs, 0);
    struct galen_paper_source source = source_of(&s);
    source.version = &version;
    source.newest = 1;
    assert_lacks(&source, GALEN_PAPER_MEDICINES, "SUPERSEDED");
    version.superseded = 2; /* an entry, of whatever time */
    for (enum galen_paper which = GALEN_PAPER_COVER; which <= GALEN_PAPER_COUNT; which++) {
        assert_has(&source, which, "SUPERSEDED");
        assert_has(&source, which, "This paper is out of date.");
    }
    story_end(&s);
}

static void signed_by(struct story *s, struct galen_version *version,
                      struct galen_paper_source *source)
{
    story_sign(s, &ana, s->size);
    *version = galen_docs_version_at(s->docs, galen_docs_version_count(s->docs) - 1);
    source->version = version;
}

Test(papers, whom_to_call_is_what_the_record_of_the_signer_says)
{
    struct story s;
    struct galen_version version;
    story_begin(&s);
    set(&s, PMR, 'm', "regimen", "drug=Metformin");
    set(&s, GALEN_DOC_PEOPLE, (char)ben.account, "phone", "555-0199");
    struct galen_paper_source source = source_of(&s);
    assert_has(&source, GALEN_PAPER_COVER, "Phone: <span class=\"blank\">");
    signed_by(&s, &version, &source);
    assert_has(&source, GALEN_PAPER_COVER, "Phone: <span class=\"blank\">");
    assert_lacks(&source, GALEN_PAPER_LIST, "Phone: ");
    set(&s, GALEN_DOC_PEOPLE, (char)ana.account, "phone", "555-0100 <ask for Ana>");
    set(&s, GALEN_DOC_PEOPLE, (char)ana.account, "hours", "Monday to Friday, 9 to 5");
    signed_by(&s, &version, &source);
    assert_has(&source, GALEN_PAPER_COVER, "Phone: <bdi>555-0100 &lt;ask for Ana&gt;</bdi>");
    assert_has(&source, GALEN_PAPER_COVER, "<bdi>Monday to Friday, 9 to 5</bdi>");
    assert_lacks(&source, GALEN_PAPER_COVER, "555-0199");
    static const enum galen_paper alone[] = {GALEN_PAPER_TO_DO, GALEN_PAPER_MEDICINES,
                                             GALEN_PAPER_LIST};
    source.signer = (struct galen_bytes){(const uint8_t *)"Ana", 3};
    for (size_t i = 0; i < sizeof alone / sizeof *alone; i++)
        assert_has(&source, alone[i],
                   "Phone: <bdi>555-0100 &lt;ask for Ana&gt;</bdi><br>Ask for: <bdi>Ana</bdi><br>"
                   "When we answer: <bdi>Monday to Friday, 9 to 5</bdi>");
    source.version = NULL;
    assert_lacks(&source, GALEN_PAPER_COVER, "555-0100");
    for (size_t i = 0; i < sizeof alone / sizeof *alone; i++)
        assert_lacks(&source, alone[i], "Questions about");
    story_end(&s);
}

/* ---- Which medicines ----------------------------------------------------------------------------- */

Test(papers, only_what_is_taken_is_listed_and_what_is_only_proposed_says_so)
{
    struct story s;
    story_begin(&s);
    set(&s, PMR, 'a', "regimen", "drug=Activol; dose=1; unit=tablet; frequency=each day");
    set(&s, PMR, 'a', "status", "active");
    set(&s, PMR, 'b', "regimen", "drug=Stoppedol");
    set(&s, PMR, 'b', "status", "stopped");
    set(&s, PMR, 'c', "regimen", "drug=Pausol");
    set(&s, PMR, 'c', "status", "on-hold");
    story_propose(&s, &pat, s.size, PMR, 'd', "regimen", "drug=Wantedol; frequency=at night");
    uint64_t declined = story_propose(&s, &pat, s.size, PMR, 'e', "regimen", "drug=Declinol");
    story_answer(&s, &ana, s.size, declined, false);
    story_propose(&s, &pat, s.size, PMR, 'a', "regimen", "drug=Activol; dose=2; unit=tablet");
    struct galen_paper_source source = source_of(&s);
    static const enum galen_paper lists[] = {GALEN_PAPER_MEDICINES, GALEN_PAPER_LIST};
    for (size_t i = 0; i < 2; i++) {
        assert_has(&source, lists[i], "Activol");
        assert_has(&source, lists[i], "<bdi>1</bdi> <bdi>tablet</bdi>, <bdi>each day</bdi>");
        assert_has(&source, lists[i],
                   "Not reviewed yet: </span><bdi>Activol</bdi>: <bdi>2</bdi> <bdi>tablet</bdi>");
        assert_lacks(&source, lists[i], "Stoppedol");
        assert_lacks(&source, lists[i], "Declinol");
        assert_has(&source, lists[i], "PAUSED: do not take it now");
        assert_has(&source, lists[i], "Wantedol");
        assert_has(&source, lists[i], "Not reviewed by a pharmacist yet");
    }
    story_end(&s);
}

/* As it would be with all that was written since, which its author had not seen. */
Test(papers, of_a_text_that_is_proposed_stands_what_it_would_say)
{
    struct story s;
    story_begin(&s);
    set(&s, MAP, 'a', "topic", "walking");
    story_propose(&s, &pat, 1, MAP, 'a', "topic", "walking more");
    uint64_t declined = story_propose(&s, &cara, 1, MAP, 'a', "topic", "walking less");
    story_write(&s, &ana, 1, MAP, 'a', "topic", "Now: walking");
    story_answer(&s, &ana, s.size, declined, false);
    story_propose(&s, &pat, s.size, MAP, 'b', "topic", "sleeping");
    struct galen_paper_source source = source_of(&s);
    assert_has(&source, GALEN_PAPER_TO_DO,
               "<bdi>Now: walking</bdi><br><span class=\"mark\">Not reviewed yet: "
               "</span><bdi>Now: walking more</bdi>");
    assert_has(&source, GALEN_PAPER_TO_DO, "</span><bdi>sleeping</bdi>");
    assert_lacks(&source, GALEN_PAPER_TO_DO, "less");
    story_end(&s);
}

Test(papers, actions_with_one_topic_stand_in_one_block_in_order)
{
    static const struct {
        char record;
        const char *topic, *action;
    } said[] = {{'a', "sleep", "first"},  {'b', "pain", "second"}, {'c', NULL, "third"},
                {'d', "sleep", "fourth"}, {'e', NULL, "fifth"},    {'f', "pain", "sixth"}};
    static const char *const order[] = {"sleep",  "first", "fourth", "pain",
                                        "second", "sixth", "third",  "fifth"};
    struct story s;
    story_begin(&s);
    for (size_t i = 0; i < sizeof said / sizeof *said; i++) {
        if (said[i].topic)
            set(&s, MAP, said[i].record, "topic", said[i].topic);
        set(&s, MAP, said[i].record, "action", said[i].action);
    }
    struct galen_paper_source source = source_of(&s);
    char *text = paper(&source, GALEN_PAPER_TO_DO), *at = text;
    for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
        at = strstr(at, order[i]);
        cr_assert_not_null(at, "%s", order[i]);
    }
    size_t blocks = 0;
    for (at = text; (at = strstr(at, "class=\"block\"")) != NULL; at++)
        blocks++;
    cr_assert_eq(blocks, 4);
    free(text);
    story_end(&s);
}

Test(papers, no_regimen_is_shown_that_nobody_wrote)
{
    struct story s;
    story_begin(&s);
    story_write(&s, &ana, 0, PMR, 'm', "regimen", "drug=Metformin; dose=1; frequency=once a day");
    story_write(&s, &ana, 1, PMR, 'm', "regimen", "drug=Metformin; dose=2; frequency=once a day");
    story_write(&s, &ben, 1, PMR, 'm', "regimen", "drug=Metformin; dose=1; frequency=twice a day");
    struct galen_paper_source source = source_of(&s);
    assert_has(&source, GALEN_PAPER_MEDICINES, "Not settled yet.");
    assert_has(&source, GALEN_PAPER_MEDICINES,
               "<bdi>Metformin</bdi>: <bdi>2</bdi>, <bdi>once a day</bdi>");
    assert_has(&source, GALEN_PAPER_MEDICINES,
               "<bdi>Metformin</bdi>: <bdi>1</bdi>, <bdi>twice a day</bdi>");
    assert_lacks(&source, GALEN_PAPER_MEDICINES, "<bdi>2</bdi>, <bdi>twice a day</bdi>");
    assert_lacks(&source, GALEN_PAPER_MEDICINES, "<bdi>Metformin</bdi> / "); /* one medicine */
    story_end(&s);
}

/* There may be a box at home. */
Test(papers, what_was_stopped_lately_is_said_to_be_stopped)
{
    struct story s;
    story_begin(&s);
    struct galen_paper_source source = source_of(&s);
    assert_lacks(&source, GALEN_PAPER_MEDICINES, "Do not take these any more");
    set(&s, PMR, 'a', "regimen", "drug=Lately; strength=5 mg");
    set(&s, PMR, 'a', "status", "stopped");
    set(&s, PMR, 'a', "stop", "2025-09-30");
    set(&s, PMR, 'a', "stop_reason", "slow pulse");
    set(&s, PMR, 'b', "regimen", "drug=Longago");
    set(&s, PMR, 'b', "status", "stopped");
    set(&s, PMR, 'b', "stop", "2025-08-31");
    set(&s, PMR, 'c', "regimen", "drug=Goeson");
    set(&s, PMR, 'c', "stop", "2026-03-01");
    static const enum galen_paper lists[] = {GALEN_PAPER_MEDICINES, GALEN_PAPER_LIST};
    for (size_t i = 0; i < 2; i++) {
        char *text = paper(&source, lists[i]);
        char *stopped = strstr(text, "Do not take these any more");
        cr_assert_not_null(stopped);
        cr_assert_not_null(strstr(stopped, "Lately"));
        cr_assert_not_null(strstr(stopped, "slow pulse"));
        *stopped = 0;
        cr_assert_null(strstr(text, "Lately"));
        cr_assert_not_null(strstr(text, "Goeson"));
        *stopped = 'D';
        cr_assert_null(strstr(text, "Longago"));
        free(text);
    }
    story_end(&s);
}

/* At the end of a visit the next one is planned; the letter is about the one that was. */
Test(papers, a_visit_that_is_only_planned_is_not_thanked_for)
{
    struct story s;
    story_begin(&s);
    struct galen_paper_source source = source_of(&s);
    set(&s, GALEN_DOC_VISIT, 'n', "scheduled", "2026-06-01T12:00:00Z");
    assert_has(&source, GALEN_PAPER_COVER, "Thank you for talking with me about your medicines.");
    source.now_ms += UINT64_C(90) * 24 * 3600 * 1000;
    assert_has(&source, GALEN_PAPER_COVER, "about your medicines on June 1, 2026");
    source.now_ms -= UINT64_C(90) * 24 * 3600 * 1000;
    set(&s, GALEN_DOC_VISIT, 'v', "started", "2026-03-10T12:00:00Z");
    set(&s, GALEN_DOC_VISIT, 'w', "scheduled", "2026-07-01T12:00:00Z");
    assert_has(&source, GALEN_PAPER_COVER, "about your medicines on March 10, 2026");
    story_end(&s);
}

/* What was gone through without the patient was no talk. */
Test(papers, a_review_alone_thanks_for_no_talk)
{
    struct story s;
    story_begin(&s);
    set(&s, PMR, 'm', "regimen", "drug=Metformin");
    story_sign(&s, &ana, s.size);
    struct galen_version version = galen_docs_version_at(s.docs, 0);
    struct galen_paper_source source = source_of(&s);
    source.version = &version;
    source.newest = 1;
    assert_has(&source, GALEN_PAPER_COVER, "Thank you for talking with me");
    version.meaning = GALEN_SIGN_ALONE;
    assert_lacks(&source, GALEN_PAPER_COVER, "Thank you for talking with me");
    assert_has(&source, GALEN_PAPER_COVER, "I have gone through your medicines.");
    story_end(&s);
}

/* Nobody has to look up since when; it is not taken, and there may be a box at home. */
Test(papers, what_was_stopped_on_no_day_is_stopped_since_it_was_written)
{
    struct story s;
    story_begin(&s);
    struct galen_paper_source source = source_of(&s);
    set(&s, PMR, 'a', "regimen", "drug=Dayless");
    set(&s, PMR, 'a', "status", "stopped");
    const struct galen_record *record = story_record(&s, PMR, 'a');
    source.now_ms = galen_record_value(record, GALEN_PMR_STATUS, 0).entry->received_ms;
    assert_has(&source, GALEN_PAPER_MEDICINES, "Do not take these any more");
    assert_has(&source, GALEN_PAPER_LIST, "Dayless");
    source.now_ms += UINT64_C(230) * 24 * 3600 * 1000;
    assert_lacks(&source, GALEN_PAPER_MEDICINES, "Dayless");
    story_end(&s);
}

/* "Take it" and "do not take it" never stand on one paper of one medicine. */
Test(papers, what_is_taken_by_another_entry_is_not_said_to_be_stopped)
{
    struct story s;
    story_begin(&s);
    struct galen_paper_source source = source_of(&s);
    set(&s, PMR, 'a', "regimen", "drug=Lisinopril; strength=10 mg; dose=1");
    set(&s, PMR, 'a', "status", "active");
    set(&s, PMR, 'b', "regimen", "drug=lisinopril; strength=10 mg; dose=2");
    set(&s, PMR, 'b', "status", "stopped");
    set(&s, PMR, 'b', "stop", "2026-03-01");
    set(&s, PMR, 'b', "stop_reason", "entered in error");
    assert_lacks(&source, GALEN_PAPER_MEDICINES, "Do not take these any more");
    assert_lacks(&source, GALEN_PAPER_LIST, "Do not take these any more");
    set(&s, PMR, 'b', "regimen", "drug=lisinopril; strength=20 mg; dose=1");
    assert_has(&source, GALEN_PAPER_MEDICINES, "Do not take these any more");
    story_end(&s);
}

/* One wrote less of it than the other, or wrote it elsewhere. */
Test(papers, however_it_is_written_the_same_is_not_taken_and_stopped)
{
    static const struct {
        const char *taken, *stopped;
        bool same;
    } cases[] = {
        {"drug=Lisinopril; strength=20 mg; form=tablet", "drug=Lisinopril", true},
        {"drug=Lisinopril", "drug=Lisinopril; strength=20 mg; form=tablet", true},
        {"drug=Lisinopril; strength=20 mg", "drug=lisinopril; strength=20mg; form=Tablet", true},
        {"drug=Lisinopril; strength=20 mg", "drug=Lisinopril 20 MG", true},
        {"drug=Lisinopril 20 mg tablet", "drug=Lisinopril; strength=20 mg; form=tablet", true},
        {"drug=Lisinopril; strength=20 mg", "drug=Lisinopril 10 mg", false},
        {"drug=Lisinopril; strength=2.5 mg", "drug=Lisinopril; strength=25 mg", false},
        {"drug=Lisinopril-HCTZ; strength=20 mg", "drug=Lisinopril; strength=20 mg", false},
        {"drug=Timolol; form=eye drops", "drug=Timolol; form=tablet", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct story s;
        story_begin(&s);
        struct galen_paper_source source = source_of(&s);
        set(&s, PMR, 'a', "regimen", cases[i].taken);
        set(&s, PMR, 'b', "regimen", cases[i].stopped);
        set(&s, PMR, 'b', "status", "stopped");
        set(&s, PMR, 'b', "stop", "2026-03-01");
        if (cases[i].same)
            assert_lacks(&source, GALEN_PAPER_MEDICINES, "Do not take these any more");
        else
            assert_has(&source, GALEN_PAPER_MEDICINES, "Do not take these any more");
        story_end(&s);
    }
}

/* An antibiotic, or a taper, that is on the list with its end. */
Test(papers, what_is_taken_up_to_a_day_says_up_to_which)
{
    struct story s;
    story_begin(&s);
    struct galen_paper_source source = source_of(&s);
    set(&s, PMR, 'a', "regimen", "drug=Cephalexin; strength=500 mg");
    set(&s, PMR, 'a', "status", "active");
    assert_lacks(&source, GALEN_PAPER_MEDICINES, "Last day I take it");
    set(&s, PMR, 'a', "stop", "2026-03-21");
    assert_has(&source, GALEN_PAPER_MEDICINES, "Last day I take it</dt><dd>March 21, 2026");
    assert_has(&source, GALEN_PAPER_LIST, "Stop date</dt><dd>March 21, 2026");
    story_end(&s);
}

/* Whether it is taken at all may be what people do not agree on. */
Test(papers, a_status_in_conflict_or_proposed_is_said)
{
    struct story s;
    story_begin(&s);
    struct galen_paper_source source = source_of(&s);
    set(&s, PMR, 'a', "regimen", "drug=Disputol; dose=1");
    uint64_t base = s.size;
    story_write(&s, &ana, base, PMR, 'a', "status", "active");
    story_write(&s, &ben, base, PMR, 'a', "status", "on-hold");
    static const enum galen_paper lists[] = {GALEN_PAPER_MEDICINES, GALEN_PAPER_LIST};
    assert_has(&source, lists[0],
               "Do I take it now: <span class=\"mark\">Not settled yet. Ask before you follow one "
               "of these:</span><br>I take it<br>paused");
    assert_has(&source, lists[1], "<br>Active<br>On hold");
    set(&s, PMR, 'a', "status", "active");
    for (size_t i = 0; i < 2; i++)
        assert_lacks(&source, lists[i], "Not settled yet.");
    story_propose(&s, &pat, s.size, PMR, 'a', "status", "stopped");
    assert_has(&source, lists[0], "Not reviewed yet: </span>stopped");
    assert_has(&source, lists[1], "Not reviewed yet: </span>Stopped");
    assert_lacks(&source, lists[0], "Do not take these any more");
    set(&s, PMR, 'b', "regimen", "drug=Stoppol");
    set(&s, PMR, 'b', "status", "stopped");
    set(&s, PMR, 'b', "stop", "2026-03-01");
    story_propose(&s, &pat, s.size, PMR, 'b', "status", "active");
    assert_has(&source, lists[0], "Do not take these any more");
    assert_has(&source, lists[0],
               "stopped<br><span class=\"mark\">Not reviewed yet: </span>I take it");
    assert_has(&source, lists[1],
               "Stopped<br><span class=\"mark\">Not reviewed yet: </span>Active");
    story_end(&s);
}

/* Who reads it would take it for the last stay. */
Test(papers, what_became_of_it_at_a_discharge_is_said_for_half_a_year)
{
    struct story s;
    story_begin(&s);
    struct galen_paper_source source = source_of(&s);
    set(&s, PMR, 'a', "regimen", "drug=Eliquis; dose=1");
    set(&s, PMR, 'a', "discharge", "new");
    const struct galen_record *record = story_record(&s, PMR, 'a');
    source.now_ms = galen_record_value(record, GALEN_PMR_DISCHARGE, 0).entry->received_ms;
    assert_has(&source, GALEN_PAPER_LIST, "At discharge</dt><dd>New");
    source.now_ms += UINT64_C(230) * 24 * 3600 * 1000;
    assert_lacks(&source, GALEN_PAPER_LIST, "At discharge");
    story_end(&s);
}

/* An allergy stays on the papers, and an action, however somebody else would have it. */
Test(papers, what_is_only_proposed_takes_nothing_away)
{
    struct story s;
    story_begin(&s);
    set(&s, GALEN_DOC_ALLERGIES, 'a', "substance", "Penicillin");
    set(&s, MAP, 'm', "topic", "Potassium");
    set(&s, MAP, 'm', "action", "Have my blood tested");
    set(&s, PMR, 'b', "regimen", "drug=Activol; dose=1");
    story_propose(&s, &pat, s.size, GALEN_DOC_ALLERGIES, 'b', "substance", "Latex");
    story_propose(&s, &cara, s.size, GALEN_DOC_ALLERGIES, 'a', "status", "entered-in-error");
    story_propose(&s, &cara, s.size, GALEN_DOC_ALLERGIES, 'b', "status", "resolved");
    story_propose(&s, &drew, s.size, MAP, 'm', "status", "dropped");
    story_propose(&s, &cara, s.size, PMR, 'b', "status", "on-hold");
    struct galen_paper_source source = source_of(&s);
    assert_has(&source, GALEN_PAPER_TO_DO, "Have my blood tested");
    static const enum galen_paper lists[] = {GALEN_PAPER_MEDICINES, GALEN_PAPER_LIST};
    for (size_t i = 0; i < 2; i++) {
        assert_has(&source, lists[i], "Penicillin");
        assert_has(&source, lists[i], "Latex");
        assert_lacks(&source, lists[i], "PAUSED");
    }
    story_end(&s);
}

Test(papers, allergies_none_known_is_said_and_not_asked_is_not_none)
{
    struct story s;
    story_begin(&s);
    struct galen_paper_source source = source_of(&s);
    assert_has(&source, GALEN_PAPER_MEDICINES, "Not asked yet.");
    set(&s, GALEN_DOC_PROFILE, 0, "allergies_known", "none-known");
    assert_has(&source, GALEN_PAPER_MEDICINES, "None known.");
    assert_lacks(&source, GALEN_PAPER_MEDICINES, "Not asked yet.");
    set(&s, GALEN_DOC_ALLERGIES, 'a', "substance", "Penicillin");
    assert_has(&source, GALEN_PAPER_MEDICINES, "Penicillin");
    assert_lacks(&source, GALEN_PAPER_MEDICINES, "None known.");
    set(&s, GALEN_DOC_ALLERGIES, 'a', "status", "entered-in-error");
    assert_lacks(&source, GALEN_PAPER_MEDICINES, "Penicillin");
    story_end(&s);
}

Test(papers, each_allocation_may_fail_and_that_is_said)
{
    struct story s;
    story_begin(&s);
    fill(&s);
    struct galen_paper_source source = source_of(&s);
    for (enum galen_paper which = GALEN_PAPER_COVER; which <= GALEN_PAPER_COUNT; which++)
        for (size_t nth = 1;; nth++) {
            struct galen_writer w;
            galen_writer_init(&w);
            allocator_fail(nth);
            bool written = galen_paper_write(&w, which, &source);
            bool hit = allocator_failed();
            allocator_fail(0);
            cr_assert_eq(written, !hit);
            galen_writer_wipe(&w);
            if (!hit)
                break;
        }
    story_end(&s);
}

/* ---- After a hospital stay ----------------------------------------------------------------------- */

Test(papers, what_is_not_decided_after_a_hospital_stay_stands_on_the_list_with_why)
{
    struct story s;
    story_begin(&s);
    set(&s, PMR, 'm', "regimen", "drug=Metformin");
    struct galen_paper_source source = source_of(&s);
    assert_lacks(&source, GALEN_PAPER_MEDICINES, "Not decided yet");
    set(&s, GALEN_DOC_VISIT, 'v', "type", "discharge");
    assert_has(&source, GALEN_PAPER_MEDICINES, "Not decided yet after the hospital stay. Ask");
    assert_has(&source, GALEN_PAPER_LIST, "Not decided yet after the hospital stay. Ask");
    set(&s, PMR, 'm', "discharge", "not-decided");
    set(&s, PMR, 'm', "discharge_why", "The <hospital> is asked.");
    assert_has(
        &source, GALEN_PAPER_MEDICINES,
        "Not decided yet after the hospital stay: <bdi>The &lt;hospital&gt; is asked.</bdi>");
    set(&s, PMR, 'm', "discharge", "continue");
    assert_lacks(&source, GALEN_PAPER_MEDICINES, "Not decided yet");
    story_end(&s);
}

/* ---- What has no place on a paper, and what may not be missing on one ---------------------------- */

Test(papers, what_was_declined_stands_on_none_of_them)
{
    static const char *const never[] = {"Declinol", "each Sunday", "itching",  "swim",
                                        "Latex",    "(no name)",   "my hands", "no time"};
    struct story s;
    story_begin(&s);
    set(&s, GALEN_DOC_PROFILE, 0, "name", "Mina Patel");
    set(&s, PMR, 'a', "regimen", "drug=Activol");
    uint64_t declined[3] = {
        story_propose(&s, &pat, s.size, PMR, 'd', "regimen", "drug=Declinol"),
        story_propose(&s, &pat, s.size, MAP, 'd', "action", "swim"),
        story_propose(&s, &pat, s.size, GALEN_DOC_ALLERGIES, 'd', "substance", "Latex"),
    };
    story_write(&s, &pat, s.size, PMR, 'd', "taken_as", "each Sunday");
    story_write(&s, &pat, s.size, PMR, 'd', "effects", "itching");
    story_write(&s, &pat, s.size, MAP, 'd', "goal", "my hands");
    story_write(&s, &pat, s.size, MAP, 'd', "progress", "no time");
    cr_assert_eq(s.verdict.err, GALEN_OK);
    struct galen_paper_source source = source_of(&s);
    assert_has(&source, GALEN_PAPER_MEDICINES, "itching");
    for (size_t i = 0; i < 3; i++)
        story_answer(&s, &ana, s.size, declined[i], false);
    for (enum galen_paper which = GALEN_PAPER_COVER; which <= GALEN_PAPER_COUNT; which++)
        for (size_t i = 0; i < sizeof never / sizeof *never; i++)
            assert_lacks(&source, which, never[i]);
    story_end(&s);
}

Test(papers, what_is_only_proposed_says_so_wherever_it_stands)
{
    static const char mark[] = "Not reviewed by a pharmacist yet";
    struct story s;
    story_begin(&s);
    struct galen_paper_source source = source_of(&s);
    set(&s, GALEN_DOC_ALLERGIES, 'a', "substance", "Penicillin");
    set(&s, MAP, 'a', "action", "walk");
    assert_lacks(&source, GALEN_PAPER_TO_DO, mark);
    assert_lacks(&source, GALEN_PAPER_MEDICINES, mark);
    assert_lacks(&source, GALEN_PAPER_LIST, mark);
    story_propose(&s, &pat, s.size, GALEN_DOC_ALLERGIES, 'b', "substance", "Latex");
    assert_has(&source, GALEN_PAPER_MEDICINES, mark);
    assert_has(&source, GALEN_PAPER_LIST, mark);
    assert_lacks(&source, GALEN_PAPER_TO_DO, mark);
    story_propose(&s, &pat, s.size, MAP, 'b', "action", "swim");
    assert_has(&source, GALEN_PAPER_TO_DO, mark);
    story_end(&s);
}

Test(papers, how_and_whether_a_medicine_is_taken_is_never_left_out)
{
    static const enum galen_paper lists[] = {GALEN_PAPER_MEDICINES, GALEN_PAPER_LIST};
    struct story s;
    story_begin(&s);
    set(&s, PMR, 'a', "regimen", "drug=Painol; dose=1; unit=tablet; as_needed=yes");
    set(&s, PMR, 'b', "regimen", "drug=Soonol");
    set(&s, PMR, 'b', "status", "proposed");
    struct galen_paper_source source = source_of(&s);
    for (size_t i = 0; i < 2; i++) {
        assert_has(&source, lists[i], "<bdi>1</bdi> <bdi>tablet</bdi>, only when needed");
        assert_has(&source, lists[i], "Not started yet");
    }
    set(&s, PMR, 'a', "regimen", "drug=Painol; dose=1; unit=tablet; as_needed=no");
    set(&s, PMR, 'b', "status", "active");
    for (size_t i = 0; i < 2; i++) {
        assert_lacks(&source, lists[i], "only when needed");
        assert_lacks(&source, lists[i], "Not started yet");
    }
    story_end(&s);
}

Test(papers, the_to_do_list_ticks_what_is_done_and_leaves_out_what_was_dropped)
{
    struct story s;
    story_begin(&s);
    set(&s, MAP, 'a', "action", "walk");
    set(&s, MAP, 'b', "action", "swim");
    struct galen_paper_source source = source_of(&s);
    assert_lacks(&source, GALEN_PAPER_TO_DO, "✓");
    set(&s, MAP, 'a', "status", "done");
    set(&s, MAP, 'b', "status", "dropped");
    assert_has(&source, GALEN_PAPER_TO_DO, "✓");
    assert_has(&source, GALEN_PAPER_TO_DO, "walk");
    assert_lacks(&source, GALEN_PAPER_TO_DO, "swim");
    story_end(&s);
}

Test(papers, allergies_are_listed_while_they_are_active)
{
    struct story s;
    story_begin(&s);
    struct galen_paper_source source = source_of(&s);
    set(&s, GALEN_DOC_PROFILE, 0, "allergies_known", "not-asked");
    assert_has(&source, GALEN_PAPER_LIST, "Not asked yet.");
    set(&s, GALEN_DOC_PROFILE, 0, "allergies_known", "listed");
    assert_has(&source, GALEN_PAPER_LIST, "None is written down.");
    set(&s, GALEN_DOC_ALLERGIES, 'a', "substance", "Penicillin");
    set(&s, GALEN_DOC_ALLERGIES, 'a', "status", "active");
    assert_has(&source, GALEN_PAPER_LIST, "Penicillin");
    set(&s, GALEN_DOC_ALLERGIES, 'a', "status", "resolved");
    assert_lacks(&source, GALEN_PAPER_LIST, "Penicillin");
    /* One says that it is none any more, another that it is: then it is one. */
    story_write(&s, &ben, s.size - 1, GALEN_DOC_ALLERGIES, 'a', "status", "active");
    assert_has(&source, GALEN_PAPER_LIST, "Penicillin");
    story_end(&s);
}

Test(papers, each_says_whose_it_is_and_is_out_of_date_only_when_it_is)
{
    struct story s;
    story_begin(&s);
    set(&s, GALEN_DOC_PROFILE, 0, "name", "Mina Patel");
    set(&s, GALEN_DOC_PROFILE, 0, "birth_date", "1948-05");
    set(&s, PMR, 'a', "regimen", "drug=Activol");
    struct galen_paper_source source = source_of(&s);
    struct galen_version version;
    for (enum galen_paper which = GALEN_PAPER_COVER; which <= GALEN_PAPER_COUNT; which++) {
        assert_has(&source, which, "Mina Patel");
        assert_has(&source, which, "Date of birth: May 1948");
        assert_has(&source, which, "A pharmacist has not signed this. It may still change.");
    }
    signed_by(&s, &version, &source);
    for (enum galen_paper which = GALEN_PAPER_COVER; which <= GALEN_PAPER_COUNT; which++) {
        assert_lacks(&source, which, "A pharmacist has not signed this.");
        assert_lacks(&source, which, "This paper is out of date.");
    }
    story_end(&s);
}

Test(papers, what_one_cleared_and_another_wrote_is_not_settled)
{
    struct story s;
    story_begin(&s);
    set(&s, PMR, 'a', "regimen", "drug=Activol");
    set(&s, PMR, 'a', "instructions", "with food");
    uint64_t base = s.size;
    story_write(&s, &ana, base, PMR, 'a', "instructions", "");
    struct galen_paper_source source = source_of(&s);
    assert_lacks(&source, GALEN_PAPER_MEDICINES, "Not settled yet.");
    story_write(&s, &ben, base, PMR, 'a', "instructions", "with milk");
    assert_has(&source, GALEN_PAPER_MEDICINES,
               "Ask before you follow one of these:</span><br>–<br><bdi>with milk</bdi>");
    story_end(&s);
}

Test(papers, they_are_of_the_visit_that_was_signed_or_else_of_the_last_that_staff_wrote)
{
    struct story s;
    story_begin(&s);
    set(&s, PMR, 'a', "regimen", "drug=Activol");
    set(&s, GALEN_DOC_VISIT, 'v', "type", "cmr");
    set(&s, GALEN_DOC_VISIT, 'v', "next_at", "2026-05-05T12:00:00Z");
    set(&s, GALEN_DOC_VISIT, 'w', "next_at", "2026-06-06T12:00:00Z");
    story_propose(&s, &pat, s.size, GALEN_DOC_VISIT, 'x', "next_at", "2026-07-07T12:00:00Z");
    cr_assert_eq(s.verdict.err, GALEN_OK);
    struct galen_paper_source source = source_of(&s);
    struct galen_version version;
    uint8_t visit[GALEN_RECORD_ID_BYTES];
    assert_has(&source, GALEN_PAPER_COVER, "We talk again on June 6, 2026.");
    assert_lacks(&source, GALEN_PAPER_COVER, "July");
    signed_by(&s, &version, &source);
    story_record_id('v', visit);
    version.visit = visit;
    assert_has(&source, GALEN_PAPER_COVER, "We talk again on May 5, 2026.");
    assert_lacks(&source, GALEN_PAPER_MEDICINES, "after the hospital stay");
    story_end(&s);
}
