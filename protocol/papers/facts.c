/* What the documents say, as the papers need it: also what is in conflict, and what waits for review. */
#include "paper.h"

#include <string.h>

/* Notes what a proposal that waits says for the field. */
static void add_proposed(struct fact *fact, const struct galen_proposal *proposal)
{
    if (galen_proposal_state(proposal) != GALEN_PROPOSAL_PENDING)
        return;
    for (size_t i = 0; i < galen_proposal_field_count(proposal); i++) {
        struct galen_write_field said = galen_proposal_field(proposal, i);
        if (said.field != fact->field->number || said.value.size == 0)
            continue;
        fact->from[fact->proposed_count] = proposal;
        fact->place[fact->proposed_count] = i;
        fact->proposed[fact->proposed_count++] = said.value;
    }
}

struct fact fact_of(const struct galen_record *record, uint8_t doc, uint16_t field)
{
    struct fact fact = {.document = galen_document(doc)};
    struct galen_bytes value;
    fact.field = galen_field(fact.document, field);
    if (!record)
        return fact;
    for (size_t i = 0; i < galen_record_value_count(record, field); i++) {
        value = galen_record_value(record, field, i).value;
        /* Cleared against a value is a conflict, too; cleared alone says nothing. */
        if ((value.size > 0 || galen_record_value_count(record, field) > 1) &&
            fact.count < FACT_VALUES_MAX)
            fact.values[fact.count++] = value;
    }
    for (size_t i = 0;
         i < galen_record_proposal_count(record) && fact.proposed_count < FACT_VALUES_MAX; i++)
        add_proposed(&fact, galen_record_proposal(record, i));
    return fact;
}

bool fact_says(const struct fact *fact)
{
    return fact->count > 0 || fact->proposed_count > 0;
}

bool fact_value(const struct fact *fact, struct galen_value *value)
{
    if (!fact_says(fact) || (fact->count == 0 && fact->field->kind == GALEN_VALUE_TEXT))
        return false;
    struct galen_bytes in = fact->count > 0 ? fact->values[0] : fact->proposed[0];
    return galen_value_read(fact->field, in, value) == GALEN_OK && value->kind != 0;
}

uint8_t fact_choice(const struct fact *fact)
{
    struct galen_value value;
    bool settled = fact->count == 1;
    return settled && fact_value(fact, &value) && value.kind == GALEN_VALUE_CHOICE ? value.as.choice
                                                                                   : 0;
}

const char *label_of(const struct page *p, const struct fact *fact)
{
    const struct galen_words *words =
        galen_field_words(p->source->language, fact->document, fact->field);
    return p->clinical ? words->clinical : words->plain;
}

/* -- values ----------------------------------------------------------------------------------------- */

static void put_option(struct page *p, const struct fact *fact, uint8_t option)
{
    const struct galen_words *words =
        galen_option_words(p->source->language, fact->document, fact->field, option);
    put_words(p, p->clinical ? words->clinical : words->plain);
}

static void put_set(struct page *p, const struct fact *fact, uint64_t set)
{
    bool first = true;
    for (uint8_t option = 1; option <= fact->field->option_count; option++) {
        if ((set >> (option - 1) & 1) == 0)
            continue;
        put_html(p, first ? "" : ", ");
        put_option(p, fact, option);
        first = false;
    }
}

/* How it is taken: "1 tablet by mouth, twice a day, only when needed". The medicine's name, strength and
 * form stand above. */
static void put_regimen(struct page *p, const struct galen_regimen *regimen)
{
    static const struct {
        enum galen_regimen_part part;
        const char *before;
    } order[] = {
        {GALEN_REGIMEN_DOSE, " "},
        {GALEN_REGIMEN_UNIT, " "},
        {GALEN_REGIMEN_ROUTE, " "},
        {GALEN_REGIMEN_FREQUENCY, ", "},
    };
    bool any = false;
    for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
        struct galen_bytes part = regimen->parts[order[i].part];
        if (part.size == 0)
            continue;
        put_html(p, any ? order[i].before : "");
        put_text(p, part);
        any = true;
    }
    if (regimen->as_needed) {
        put_html(p, any ? ", " : "");
        put_phrase(p, PHRASE_AS_NEEDED);
    }
}

void put_value(struct page *p, const struct fact *fact, struct galen_bytes in)
{
    struct galen_value value;
    struct galen_writer text;
    if (galen_value_read(fact->field, in, &value) != GALEN_OK) {
        put_phrase(p, PHRASE_NEWER);
        return;
    }
    switch (value.kind) {
    case 0:
        put_html(p, "–");
        break;
    case GALEN_VALUE_CHOICE:
        put_option(p, fact, value.as.choice);
        break;
    case GALEN_VALUE_SET:
        put_set(p, fact, value.as.set);
        break;
    case GALEN_VALUE_DATE:
        put_date(p, &value.as.date);
        break;
    case GALEN_VALUE_TIME:
        put_day(p, value.as.time_ms);
        break;
    case GALEN_VALUE_REGIMEN:
        put_regimen(p, &value.as.regimen);
        break;
    default:
        galen_writer_init(&text);
        if (galen_value_print(&text, fact->field, in) == GALEN_OK)
            put_text(p, galen_written(&text));
        else
            p->w->failed = true;
        galen_writer_wipe(&text);
    }
}

/* What a text would say, or anything else that is proposed. */
static void put_proposed(struct page *p, const struct fact *fact, size_t i)
{
    struct galen_writer text;
    if (fact->field->kind != GALEN_VALUE_TEXT) {
        put_value(p, fact, fact->proposed[i]);
        return;
    }
    galen_writer_init(&text);
    enum galen_err err = galen_proposal_preview(fact->from[i], fact->place[i], &text);
    if (err == GALEN_ERR_MEMORY)
        p->w->failed = true;
    else
        put_value(p, fact, galen_written(&text)); /* nothing, where nobody could accept it */
    galen_writer_wipe(&text);
}

void put_fact(struct page *p, const struct fact *fact)
{
    if (fact->count > 1) {
        put_html(p, "<span class=\"mark\">");
        put_phrase(p, PHRASE_UNSETTLED);
        put_html(p, "</span>");
    }
    for (size_t i = 0; i < fact->count; i++) {
        put_html(p, fact->count > 1 ? "<br>" : "");
        put_value(p, fact, fact->values[i]);
    }
    for (size_t i = 0; i < fact->proposed_count; i++) {
        put_html(p, fact->count > 0 || i > 0 ? "<br>" : "");
        put_html(p, "<span class=\"mark\">");
        put_phrase(p, PHRASE_NOT_REVIEWED_VALUE);
        put_html(p, "</span>");
        put_proposed(p, fact, i);
    }
}

void put_row(struct page *p, const struct galen_record *record, uint8_t doc, uint16_t field)
{
    struct fact fact = fact_of(record, doc, field);
    if (!fact_says(&fact))
        return;
    put_html(p, "<dt>");
    put_words(p, label_of(p, &fact));
    put_html(p, "</dt><dd>");
    put_fact(p, &fact);
    put_html(p, "</dd>\n");
}

/* -- who and when ----------------------------------------------------------------------------------- */

const struct galen_record *profile_of(const struct page *p)
{
    return galen_docs_record(p->source->docs, GALEN_DOC_PROFILE,
                             galen_document_single(galen_document(GALEN_DOC_PROFILE)));
}

/* Whether one visit is nearer to what the papers are about: one that has begun before any that is planned. */
static bool is_nearer(const struct galen_record *visit, const struct galen_record *than)
{
    struct fact began = fact_of(visit, GALEN_DOC_VISIT, GALEN_VISIT_FIELD_STARTED),
                other = fact_of(than, GALEN_DOC_VISIT, GALEN_VISIT_FIELD_STARTED);
    if (!than || (began.count > 0) != (other.count > 0))
        return !than || began.count > 0;
    return galen_record_first_entry(visit) > galen_record_first_entry(than);
}

const struct galen_record *visit_of(const struct page *p)
{
    const struct galen_docs *docs = p->source->docs;
    const struct galen_record *nearest = NULL;
    if (p->source->version && p->source->version->visit)
        return galen_docs_record(docs, GALEN_DOC_VISIT, p->source->version->visit);
    for (size_t i = 0; i < galen_docs_record_count(docs, GALEN_DOC_VISIT); i++) {
        const struct galen_record *visit = galen_docs_record_at(docs, GALEN_DOC_VISIT, i);
        if (galen_record_state(visit) == GALEN_RECORD_PRESENT && is_nearer(visit, nearest))
            nearest = visit;
    }
    return nearest;
}

struct galen_bytes patient_of(const struct page *p)
{
    struct fact name = fact_of(profile_of(p), GALEN_DOC_PROFILE, GALEN_PROFILE_NAME);
    if (name.count > 0)
        return name.values[0];
    name = fact_of(galen_docs_record(p->source->docs, GALEN_DOC_PEOPLE, p->source->chart->bytes),
                   GALEN_DOC_PEOPLE, GALEN_PEOPLE_NAME);
    return name.count > 0 ? name.values[0] : (struct galen_bytes){0};
}
