/* The medication list, and the current list for another pharmacy. */
#include "paper.h"

enum {
    PMR_PROPOSED = 1,
    PMR_ON_HOLD = 3,
    PMR_STOPPED = 4,
    PMR_NOT_DECIDED = 5
};                                                          /* the vocabularies' numbers, */
enum { ALLERGIES_NONE_KNOWN = 1, ALLERGIES_NOT_ASKED = 3 }; /* kept for good */
enum { ALLERGY_ACTIVE = 1 };
enum { STOPPED_MONTHS = 6 }; /* as PHRASE_STOPPED says */

/* -- medicines -------------------------------------------------------------------------------------- */

static uint8_t choice_of(const struct galen_record *record, uint8_t doc, uint16_t field)
{
    struct fact fact = fact_of(record, doc, field);
    return fact_choice(&fact);
}

/* Is it settled that this is stopped? */
static bool is_stopped(const struct galen_record *record)
{
    return choice_of(record, GALEN_DOC_PMR, GALEN_PMR_STATUS) == PMR_STOPPED;
}

/* What is stopped is not on the list; what only somebody proposed is, and says so. A status in conflict
 * stops nothing. */
static bool is_taken(const struct galen_record *record)
{
    return galen_record_stands(record) && !is_stopped(record);
}

static void put_drug(struct page *p, const struct galen_regimen *regimen)
{
    static const enum galen_regimen_part parts[] = {GALEN_REGIMEN_DRUG, GALEN_REGIMEN_STRENGTH,
                                                    GALEN_REGIMEN_FORM};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        struct galen_bytes part = regimen->parts[parts[i]];
        put_html(p, i > 0 && part.size > 0 ? " " : "");
        put_text(p, part);
    }
}

static bool is_named_before(const struct fact *fact, const struct galen_bytes *values, size_t n,
                            const struct galen_value *value)
{
    bool before = false;
    for (size_t i = 0; i < n && !before; i++) {
        struct galen_value other;
        before = galen_value_read(fact->field, values[i], &other) == GALEN_OK &&
                 other.kind == GALEN_VALUE_REGIMEN;
        for (size_t k = 0; before && k <= GALEN_REGIMEN_FORM; k++)
            before = galen_bytes_equal(other.as.regimen.parts[k], value->as.regimen.parts[k]);
    }
    return before;
}

/* Each different name among the regimens: of one in conflict, all of them. */
static void put_name(struct page *p, const struct galen_record *record)
{
    struct fact fact = fact_of(record, GALEN_DOC_PMR, GALEN_PMR_REGIMEN);
    const struct galen_bytes *values = fact.count > 0 ? fact.values : fact.proposed;
    size_t count = fact.count > 0 ? fact.count : fact.proposed_count, shown = 0;
    for (size_t i = 0; i < count; i++) {
        struct galen_value value;
        if (galen_value_read(fact.field, values[i], &value) != GALEN_OK ||
            value.kind != GALEN_VALUE_REGIMEN || is_named_before(&fact, values, i, &value))
            continue;
        put_html(p, shown++ > 0 ? " / " : "");
        put_drug(p, &value.as.regimen);
    }
    if (shown == 0)
        put_phrase(p, PHRASE_UNNAMED);
}

static void put_mark(struct page *p, enum phrase phrase)
{
    put_html(p, "<p class=\"mark\">");
    put_phrase(p, phrase);
    put_html(p, "</p>\n");
}

/* What is open after a hospital stay stands on the paper, with why. */
static void put_line(struct page *p, const struct galen_record *record)
{
    const struct galen_record *visit = visit_of(p);
    struct fact why = fact_of(record, GALEN_DOC_PMR, GALEN_PMR_DISCHARGE_WHY);
    bool open = choice_of(record, GALEN_DOC_PMR, GALEN_PMR_DISCHARGE) == PMR_NOT_DECIDED;
    if (open && why.count == 1) {
        struct galen_value value;
        if (fact_value(&why, &value)) {
            put_html(p, "<p class=\"mark\">");
            put_filled(p, PHRASE_NOT_DECIDED_WHY, value.as.text);
            put_html(p, "</p>\n");
            return;
        }
    }
    if (open || (visit && galen_docs_is_discharge(visit) &&
                 galen_docs_line(visit, record) == GALEN_LINE_UNDECIDED))
        put_mark(p, PHRASE_NOT_DECIDED);
}

/* Whether it is taken: in conflict, or otherwise in somebody's eyes, which a pharmacist has not reviewed. */
static void put_open_status(struct page *p, const struct fact *said)
{
    put_html(p, "<p class=\"mark\">");
    put_words(p, label_of(p, said));
    put_html(p, ": ");
    put_fact(p, said);
    put_html(p, "</p>\n");
}

static void put_marks(struct page *p, const struct galen_record *record)
{
    struct fact said = fact_of(record, GALEN_DOC_PMR, GALEN_PMR_STATUS);
    struct galen_value value;
    uint8_t status = fact_choice(&said);
    if (galen_record_state(record) == GALEN_RECORD_PROPOSED) {
        put_mark(p, PHRASE_NOT_REVIEWED);
        if (said.count == 0 && fact_value(&said, &value)) /* as all else of it */
            status = value.as.choice;
    } else if (said.count > 1 || said.proposed_count > 0) {
        put_open_status(p, &said);
    }
    if (status == PMR_ON_HOLD)
        put_mark(p, PHRASE_ON_HOLD);
    if (status == PMR_PROPOSED)
        put_mark(p, PHRASE_NOT_STARTED);
    put_line(p, record);
}

/* A regimen that is proposed, or in conflict, may be of another medicine or strength: it says which. */
static void put_how(struct page *p, const struct galen_record *record)
{
    struct fact fact = fact_of(record, GALEN_DOC_PMR, GALEN_PMR_REGIMEN);
    put_html(p, "<dt>");
    put_words(p, p->clinical ? label_of(p, &fact) : p->words->phrases[PHRASE_HOW]);
    put_html(p, "</dt><dd>");
    if (fact.count == 1 && fact.proposed_count == 0) {
        put_fact(p, &fact);
    } else {
        if (fact.count > 1) {
            put_html(p, "<span class=\"mark\">");
            put_phrase(p, PHRASE_UNSETTLED);
            put_html(p, "</span><br>");
        }
        for (size_t i = 0; i < fact.count + fact.proposed_count; i++) {
            bool proposed = i >= fact.count;
            struct galen_bytes in = proposed ? fact.proposed[i - fact.count] : fact.values[i];
            struct galen_value value;
            put_html(p, i > 0 ? "<br>" : "");
            if (proposed) {
                put_html(p, "<span class=\"mark\">");
                put_phrase(p, PHRASE_NOT_REVIEWED_VALUE);
                put_html(p, "</span>");
            }
            if (galen_value_read(fact.field, in, &value) == GALEN_OK &&
                value.kind == GALEN_VALUE_REGIMEN) {
                put_drug(p, &value.as.regimen);
                put_html(p, ": ");
            }
            put_value(p, &fact, in);
        }
    }
    if (!fact_says(&fact))
        put_lines(p, 1);
    put_html(p, "</dd>\n");
}

/* One of the four that are always there: what is not said can be written by hand. */
static void put_always(struct page *p, enum phrase phrase, const struct galen_record *record,
                       uint16_t field)
{
    struct fact fact = fact_of(record, GALEN_DOC_PMR, field);
    put_html(p, "<dt>");
    put_phrase(p, phrase);
    put_html(p, "</dt><dd>");
    put_fact(p, &fact);
    if (!fact_says(&fact))
        put_lines(p, 1);
    put_html(p, "</dd>\n");
}

static void put_rows(struct page *p, const struct galen_record *record, uint8_t doc,
                     const uint16_t *fields, size_t count)
{
    for (size_t i = 0; i < count; i++)
        put_row(p, record, doc, fields[i]);
}

#define ROWS(p, record, doc, ...)                                                                  \
    put_rows(p, record, doc, (const uint16_t[]){__VA_ARGS__},                                      \
             sizeof(const uint16_t[]){__VA_ARGS__} / sizeof(uint16_t))

static void put_medicine(struct page *p, const struct galen_record *record)
{
    struct fact last = fact_of(record, GALEN_DOC_PMR, GALEN_PMR_STOP);
    put_html(p, "<section class=\"block\">\n<h2 class=\"name\">");
    put_name(p, record);
    put_html(p, "</h2>\n");
    put_marks(p, record);
    put_html(p, "<dl>\n");
    put_how(p, record);
    ROWS(p, record, GALEN_DOC_PMR, GALEN_PMR_INSTRUCTIONS, GALEN_PMR_TAKEN_AS);
    put_always(p, PHRASE_WHY, record, GALEN_PMR_REASON);
    put_always(p, PHRASE_PRESCRIBER, record, GALEN_PMR_PRESCRIBER);
    if (fact_says(&last))
        put_always(p, PHRASE_LAST_DAY, record, GALEN_PMR_STOP);
    ROWS(p, record, GALEN_DOC_PMR, GALEN_PMR_WATCH_FOR);
    put_html(p, "</dl>\n</section>\n");
}

static void put_medicines(struct page *p, void (*one)(struct page *, const struct galen_record *))
{
    size_t shown = 0;
    for (size_t i = 0; i < galen_docs_record_count(p->source->docs, GALEN_DOC_PMR); i++) {
        const struct galen_record *record = galen_docs_record_at(p->source->docs, GALEN_DOC_PMR, i);
        if (!is_taken(record))
            continue;
        one(p, record);
        shown++;
    }
    if (shown == 0) {
        put_html(p, "<p>");
        put_phrase(p, PHRASE_NO_MEDICINES);
        put_html(p, "</p>\n");
    }
}

/* -- what is taken no more ------------------------------------------------------------------------- */

/* When it was stopped; where nobody said so, when somebody wrote that it is. */
static struct galen_date stop_day(const struct page *p, const struct galen_record *record)
{
    struct fact stop = fact_of(record, GALEN_DOC_PMR, GALEN_PMR_STOP);
    struct galen_value value;
    if (stop.count > 0 && fact_value(&stop, &value))
        return value.as.date;
    return day_of(p, galen_record_value(record, GALEN_PMR_STATUS, 0).entry->received_ms);
}

/* A day whose month is not said is as late as it may be. */
static bool is_lately(const struct page *p, struct galen_date then)
{
    struct galen_date day = paper_day(p);
    int months = (day.year - then.year) * 12 + day.month;
    months -= then.month == 0 ? 12 : then.month;
    return months <= STOPPED_MONTHS;
}

static bool is_stopped_lately(const struct page *p, const struct galen_record *record)
{
    return galen_record_stands(record) && is_stopped(record) && is_lately(p, stop_day(p, record));
}

/* What a hospital decided years ago says nothing of what is taken now. */
static bool is_discharged_lately(const struct page *p, const struct galen_record *record)
{
    size_t count = galen_record_value_count(record, GALEN_PMR_DISCHARGE);
    bool lately = count == 0; /* what is only proposed waits for an answer now */
    for (size_t i = 0; i < count; i++) {
        struct galen_said said = galen_record_value(record, GALEN_PMR_DISCHARGE, i);
        lately = lately || is_lately(p, day_of(p, said.entry->received_ms));
    }
    return lately;
}

/* The next letter, digit or point inside a number, in small letters: spaces and hyphens do not count. 0: no more. */
static uint8_t next_letter(struct galen_bytes text, size_t *i)
{
    while (*i < text.size) {
        uint8_t c = text.at[(*i)++];
        bool inside =
            (c == '.' || c == ',') && *i < text.size && text.at[*i] >= '0' && text.at[*i] <= '9';
        if (c >= 'A' && c <= 'Z')
            return (uint8_t)(c - 'A' + 'a');
        if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c >= 0x80 || c == '%' || inside)
            return c;
    }
    return 0;
}

/* `one` begins with all of `other`, and goes on at *i. */
static bool goes_on(struct galen_bytes one, struct galen_bytes other, size_t *i)
{
    for (size_t k = 0;;) {
        uint8_t c = next_letter(other, &k);
        if (c == 0)
            return true;
        if (next_letter(one, i) != c)
            return false;
    }
}

static bool same_letters(struct galen_bytes a, struct galen_bytes b)
{
    size_t i = 0;
    return goes_on(a, b, &i) && next_letter(a, &i) == 0;
}

/* Of a part, one may say nothing. */
static bool may_be_same(const struct galen_regimen *one, const struct galen_regimen *other,
                        enum galen_regimen_part part)
{
    return one->parts[part].size == 0 || other->parts[part].size == 0 ||
           same_letters(one->parts[part], other->parts[part]);
}

/* The name with strength, and perhaps form, in it, as some write it, and the same in parts. */
static bool is_all_in_name(const struct galen_regimen *one, const struct galen_regimen *parts)
{
    struct galen_bytes name = one->parts[GALEN_REGIMEN_DRUG];
    size_t i = 0, end;
    if (one->parts[GALEN_REGIMEN_STRENGTH].size > 0 ||
        !may_be_same(one, parts, GALEN_REGIMEN_FORM) ||
        !goes_on(name, parts->parts[GALEN_REGIMEN_DRUG], &i) ||
        !goes_on(name, parts->parts[GALEN_REGIMEN_STRENGTH], &i))
        return false;
    end = i;
    return next_letter(name, &end) == 0 ||
           (goes_on(name, parts->parts[GALEN_REGIMEN_FORM], &i) && next_letter(name, &i) == 0);
}

/* The same medicine, strength and form, however they are written. */
static bool is_same_drug(const struct galen_record *one, const struct galen_record *other)
{
    struct fact a = fact_of(one, GALEN_DOC_PMR, GALEN_PMR_REGIMEN),
                b = fact_of(other, GALEN_DOC_PMR, GALEN_PMR_REGIMEN);
    struct galen_value v, w;
    if (!fact_value(&a, &v) || !fact_value(&b, &w))
        return false;
    const struct galen_regimen *x = &v.as.regimen, *y = &w.as.regimen;
    return (same_letters(x->parts[GALEN_REGIMEN_DRUG], y->parts[GALEN_REGIMEN_DRUG]) &&
            may_be_same(x, y, GALEN_REGIMEN_STRENGTH) && may_be_same(x, y, GALEN_REGIMEN_FORM)) ||
           is_all_in_name(x, y) || is_all_in_name(y, x);
}

/* Is it on the list all the same, by another entry (this one was made in error, or the dose is new)? */
static bool is_taken_still(const struct page *p, const struct galen_record *record)
{
    bool still = false;
    for (size_t i = 0; !still && i < galen_docs_record_count(p->source->docs, GALEN_DOC_PMR); i++) {
        const struct galen_record *other = galen_docs_record_at(p->source->docs, GALEN_DOC_PMR, i);
        still = is_taken(other) && is_same_drug(record, other);
    }
    return still;
}

/* Of what was stopped, there may be a box at home, and another doctor may not know. */
static void put_stopped(struct page *p)
{
    size_t shown = 0;
    for (size_t i = 0; i < galen_docs_record_count(p->source->docs, GALEN_DOC_PMR); i++) {
        const struct galen_record *record = galen_docs_record_at(p->source->docs, GALEN_DOC_PMR, i);
        if (!is_stopped_lately(p, record) || is_taken_still(p, record))
            continue;
        if (shown++ == 0) {
            put_html(p, "<h2>");
            put_phrase(p, PHRASE_STOPPED);
            put_html(p, "</h2>\n<p class=\"mark\">");
            put_phrase(p, PHRASE_STOPPED_WHAT);
            put_html(p, "</p>\n");
        }
        put_html(p, "<section class=\"block\">\n<h3>");
        put_name(p, record);
        put_html(p, "</h3>\n");
        struct fact status = fact_of(record, GALEN_DOC_PMR, GALEN_PMR_STATUS);
        if (status.proposed_count > 0)
            put_open_status(p, &status);
        put_html(p, "<dl>\n");
        ROWS(p, record, GALEN_DOC_PMR, GALEN_PMR_STOP, GALEN_PMR_STOP_REASON);
        put_html(p, "</dl>\n</section>\n");
    }
}

/* -- allergies -------------------------------------------------------------------------------------- */

static bool is_active(const struct galen_record *allergy)
{
    uint8_t status = choice_of(allergy, GALEN_DOC_ALLERGIES, GALEN_ALLERGIES_STATUS);
    return galen_record_stands(allergy) && (status == 0 || status == ALLERGY_ACTIVE);
}

static void put_allergy(struct page *p, const struct galen_record *allergy)
{
    struct fact substance = fact_of(allergy, GALEN_DOC_ALLERGIES, GALEN_ALLERGIES_SUBSTANCE);
    put_html(p, "<div class=\"block\">\n<h3>");
    put_fact(p, &substance);
    put_html(p, "</h3>\n");
    if (galen_record_state(allergy) == GALEN_RECORD_PROPOSED)
        put_mark(p, PHRASE_NOT_REVIEWED);
    put_html(p, "<dl>\n");
    ROWS(p, allergy, GALEN_DOC_ALLERGIES, GALEN_ALLERGIES_KIND, GALEN_ALLERGIES_REACTION,
         GALEN_ALLERGIES_SEVERITY);
    put_html(p, "</dl>\n</div>\n");
}

/* "None known" is what somebody said, and stands only where no allergy does. */
static void put_allergies(struct page *p)
{
    size_t shown = 0;
    struct fact known = fact_of(profile_of(p), GALEN_DOC_PROFILE, GALEN_PROFILE_ALLERGIES_KNOWN);
    put_html(p, "<h2>");
    put_phrase(p, PHRASE_ALLERGIES);
    put_html(p, "</h2>\n");
    for (size_t i = 0; i < galen_docs_record_count(p->source->docs, GALEN_DOC_ALLERGIES); i++) {
        const struct galen_record *allergy =
            galen_docs_record_at(p->source->docs, GALEN_DOC_ALLERGIES, i);
        if (is_active(allergy)) {
            put_allergy(p, allergy);
            shown++;
        }
    }
    if (shown > 0)
        return;
    put_html(p, "<p>");
    if (known.count > 1 || known.proposed_count > 0)
        put_fact(p, &known);
    else if (fact_choice(&known) == ALLERGIES_NONE_KNOWN)
        put_phrase(p, PHRASE_NONE_KNOWN);
    else if (fact_choice(&known) == 0 || fact_choice(&known) == ALLERGIES_NOT_ASKED)
        put_phrase(p, PHRASE_NOT_ASKED);
    else
        put_phrase(p, PHRASE_NO_ALLERGY_LISTED);
    put_html(p, "</p>\n");
}

/* -- the rest --------------------------------------------------------------------------------------- */

static void put_effects(struct page *p)
{
    size_t shown = 0;
    put_html(p, "<h2>");
    put_phrase(p, PHRASE_EFFECTS);
    put_html(p, "</h2>\n");
    for (size_t i = 0; i < galen_docs_record_count(p->source->docs, GALEN_DOC_PMR); i++) {
        const struct galen_record *record = galen_docs_record_at(p->source->docs, GALEN_DOC_PMR, i);
        struct fact effects = fact_of(record, GALEN_DOC_PMR, GALEN_PMR_EFFECTS);
        if (!galen_record_stands(record) || !fact_says(&effects))
            continue;
        put_html(p, "<div class=\"plain\"><dl><dt>");
        put_name(p, record);
        put_html(p, "</dt><dd>");
        put_fact(p, &effects);
        put_html(p, "</dd></dl></div>\n");
        shown++;
    }
    if (shown == 0)
        put_lines(p, 2);
}

void write_medicines(struct page *p)
{
    struct fact questions = fact_of(visit_of(p), GALEN_DOC_VISIT, GALEN_VISIT_FIELD_QUESTIONS);
    put_html(p, "<p>");
    put_phrase(p, PHRASE_PREPARED);
    put_day(p, p->source->version ? p->source->version->entry->received_ms : p->source->now_ms);
    put_html(p, "</p>\n<p>");
    put_phrase(p, PHRASE_MEDICINES_INTRO);
    put_html(p, "</p>\n");
    put_questions(p);
    put_medicines(p, put_medicine);
    put_stopped(p);
    put_allergies(p);
    put_effects(p);
    put_html(p, "<h2>");
    put_phrase(p, PHRASE_OTHER);
    put_html(p, "</h2>\n<div class=\"plain\">\n<dl>\n");
    ROWS(p, profile_of(p), GALEN_DOC_PROFILE, GALEN_PROFILE_CONDITIONS, GALEN_PROFILE_PREGNANCY,
         GALEN_PROFILE_KIDNEY_FUNCTION, GALEN_PROFILE_WEIGHT, GALEN_PROFILE_VACCINATIONS,
         GALEN_PROFILE_PRIMARY_CARE, GALEN_PROFILE_PHARMACIES, GALEN_PROFILE_EMERGENCY_CONTACT,
         GALEN_PROFILE_LANGUAGE);
    put_html(p, "</dl>\n</div>\n<section class=\"plain\">\n<h2>");
    put_phrase(p, PHRASE_NOTES);
    put_html(p, "</h2>\n<p>");
    put_fact(p, &questions);
    put_html(p, "</p>\n");
    put_lines(p, 6);
    put_html(p, "</section>\n");
}

/* -- for another pharmacy --------------------------------------------------------------------------- */

static void put_clinical(struct page *p, const struct galen_record *record)
{
    put_html(p, "<section class=\"block\">\n<h3>");
    put_name(p, record);
    put_html(p, "</h3>\n");
    put_marks(p, record);
    put_html(p, "<dl>\n");
    put_how(p, record);
    ROWS(p, record, GALEN_DOC_PMR, GALEN_PMR_KIND, GALEN_PMR_REASON, GALEN_PMR_INSTRUCTIONS,
         GALEN_PMR_TAKEN_AS, GALEN_PMR_PRESCRIBER, GALEN_PMR_PHARMACY, GALEN_PMR_START,
         GALEN_PMR_STOP, GALEN_PMR_EFFECTS, GALEN_PMR_SOURCE);
    if (is_discharged_lately(p, record))
        ROWS(p, record, GALEN_DOC_PMR, GALEN_PMR_DISCHARGE);
    put_html(p, "</dl>\n</section>\n");
}

void write_list(struct page *p)
{
    put_html(p, "<p>");
    put_phrase(p, PHRASE_LIST_INTRO);
    put_html(p, "</p>\n");
    put_questions(p);
    put_allergies(p);
    put_html(p, "<h2>");
    put_phrase(p, PHRASE_MEDICINES_TITLE);
    put_html(p, "</h2>\n");
    put_medicines(p, put_clinical);
    put_stopped(p);
    put_html(p, "<h2>");
    put_phrase(p, PHRASE_OTHER);
    put_html(p, "</h2>\n<div class=\"plain\">\n<dl>\n");
    ROWS(p, profile_of(p), GALEN_DOC_PROFILE, GALEN_PROFILE_PHONE, GALEN_PROFILE_CONDITIONS,
         GALEN_PROFILE_PREGNANCY, GALEN_PROFILE_KIDNEY_FUNCTION, GALEN_PROFILE_WEIGHT,
         GALEN_PROFILE_LABS, GALEN_PROFILE_VACCINATIONS, GALEN_PROFILE_PRIMARY_CARE,
         GALEN_PROFILE_PHARMACIES, GALEN_PROFILE_EMERGENCY_CONTACT, GALEN_PROFILE_LANGUAGE);
    put_html(p, "</dl>\n</div>\n");
}
