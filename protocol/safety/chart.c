/* The checks over a chart: what of its documents goes in, and what the problem list says of a finding. */
#include "find.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VALUES_MAX 8 /* of one field that are looked at, where people disagree */

/* -- fields ----------------------------------------------------------------------------------------------- */

static bool pending(const struct galen_proposal *proposal)
{
    enum galen_proposal_state state = galen_proposal_state(proposal);
    return state == GALEN_PROPOSAL_PENDING || state == GALEN_PROPOSAL_CONTESTED;
}

/* Behind `n` others, what proposals that wait say of a field, the newest first. Gives how many there are then. */
static size_t add_proposed(const struct galen_record *record, const struct galen_field *field,
                           struct galen_value values[VALUES_MAX], size_t n)
{
    for (size_t i = galen_record_proposal_count(record); i-- > 0;) {
        const struct galen_proposal *proposal = galen_record_proposal(record, i);
        for (size_t k = 0; pending(proposal) && k < galen_proposal_field_count(proposal); k++) {
            struct galen_write_field one = galen_proposal_field(proposal, k);
            if (one.field == field->number && n < VALUES_MAX &&
                galen_value_read(field, one.value, &values[n]) == GALEN_OK && values[n].kind != 0)
                n++;
        }
    }
    return n;
}

/* What a field has now; of a record that is only proposed, all that is proposed. Values borrow from the docs. */
static size_t read_values(const struct galen_record *record, const char *name,
                          struct galen_value values[VALUES_MAX])
{
    const struct galen_field *field =
        galen_field_named(galen_document(galen_record_doc(record)), name);
    size_t n = 0;
    if (!field)
        return 0;
    for (size_t i = 0; i < galen_record_value_count(record, field->number) && n < VALUES_MAX; i++) {
        struct galen_said said = galen_record_value(record, field->number, i);
        if (galen_value_read(field, said.value, &values[n]) == GALEN_OK && values[n].kind != 0)
            n++;
    }
    if (galen_record_state(record) != GALEN_RECORD_PROPOSED || n > 0 ||
        field->kind == GALEN_VALUE_TEXT) /* see add_proposed_text */
        return n;
    return add_proposed(record, field, values, n);
}

/* The same with all that is proposed beside: what somebody says is taken may be taken before it is accepted. */
static size_t read_all_said(const struct galen_record *record, const char *name,
                            struct galen_value values[VALUES_MAX])
{
    size_t n = read_values(record, name, values);
    if (galen_record_state(record) == GALEN_RECORD_PROPOSED)
        return n;
    return add_proposed(record, galen_field_named(galen_document(galen_record_doc(record)), name),
                        values, n);
}

static bool first_value(const struct galen_record *record, const char *name,
                        struct galen_value *value)
{
    struct galen_value values[VALUES_MAX];
    if (read_values(record, name, values) == 0)
        return false;
    *value = values[0];
    return true;
}

static struct galen_bytes line_of(const struct galen_record *record, const char *name)
{
    struct galen_value value;
    return first_value(record, name, &value) ? value.as.text : (struct galen_bytes){0};
}

/* Whether any value of a choice is `option`; `all`: whether all are, and there is one. */
static bool is_chosen(const struct galen_record *record, const char *name, const char *option,
                      bool all)
{
    struct galen_value values[VALUES_MAX];
    const struct galen_field *field =
        galen_field_named(galen_document(galen_record_doc(record)), name);
    size_t n = read_values(record, name, values), chosen = 0;
    for (size_t i = 0; i < n; i++)
        chosen += strcmp(field->options[values[i].as.choice - 1], option) == 0;
    return all ? n > 0 && chosen == n : chosen > 0;
}

/* -- what goes in ------------------------------------------------------------------------------------------ */

struct gathered {
    struct galen_safety_medicine *medicines;
    struct galen_bytes (*drugs)[VALUES_MAX];
    struct galen_safety_allergy *allergies;
    struct galen_safety_text *texts;
    struct galen_writer *owned; /* texts that are worked out here */
    size_t medicine_count, allergy_count, text_count, text_room, owned_count;
    struct galen_date today;
    bool failed; /* no memory for one */
};

/* What takes a record out of the checks is settled: whoever says so against somebody who does not, or only
 * proposes it, has not taken it out. */
static bool is_settled(const struct galen_record *record, const char *name, const char *option)
{
    const struct galen_field *field =
        galen_field_named(galen_document(galen_record_doc(record)), name);
    return galen_record_value_count(record, field->number) > 0 &&
           is_chosen(record, name, option, true);
}

/* Somebody says that it is taken, and nobody has answered yet. */
static bool is_said_to_be_taken(const struct galen_record *record)
{
    const struct galen_field *field =
        galen_field_named(galen_document(galen_record_doc(record)), "status");
    struct galen_value values[VALUES_MAX];
    size_t n = add_proposed(record, field, values, 0);
    for (size_t i = 0; i < n; i++)
        if (strcmp(field->options[values[i].as.choice - 1], "stopped") != 0)
            return true;
    return false;
}

static bool is_taken(const struct galen_record *record)
{
    return galen_record_stands(record) &&
           (!is_settled(record, "status", "stopped") || is_said_to_be_taken(record));
}

static void add_text(struct gathered *g, const struct galen_record *record, const char *field,
                     struct galen_bytes text, uint8_t place)
{
    if (text.size == 0 || g->text_count == g->text_room)
        return;
    g->texts[g->text_count++] =
        (struct galen_safety_text){.record = galen_record_id(record),
                                   .document = galen_document(galen_record_doc(record))->name,
                                   .field = field,
                                   .text = text,
                                   .place = place};
}

static void add_regimen_texts(struct gathered *g, const struct galen_record *record,
                              const struct galen_regimen *regimen)
{
    static const char *const names[GALEN_REGIMEN_PARTS] = {
        "regimen.drug", "regimen.strength", "regimen.form",     "regimen.dose",
        "regimen.unit", "regimen.route",    "regimen.frequency"};
    for (size_t i = 0; i < GALEN_REGIMEN_PARTS; i++)
        add_text(g, record, names[i], regimen->parts[i], GALEN_WRITING_DOSE);
}

/* Of a text that is only proposed: what the newest proposal that says anything comes to. */
static void add_proposed_text(struct gathered *g, const struct galen_record *record,
                              const struct galen_field *field, uint8_t place)
{
    struct galen_writer *text = &g->owned[g->owned_count];
    size_t tried = 0;
    for (size_t i = galen_record_proposal_count(record); i-- > 0 && tried < VALUES_MAX;) {
        const struct galen_proposal *proposal = galen_record_proposal(record, i);
        for (size_t k = 0; pending(proposal) && k < galen_proposal_field_count(proposal); k++) {
            if (galen_proposal_field(proposal, k).field != field->number)
                continue;
            tried++;
            galen_writer_clear(text);
            g->failed |= galen_proposal_preview(proposal, k, text) == GALEN_ERR_MEMORY;
            if (text->size > 0 && !text->failed) {
                g->owned_count++;
                add_text(g, record, field->name, galen_written(text), place);
                return;
            }
        }
    }
}

/* All values of a field where people disagree: the one that is not looked at may be the wrong one. */
static void add_texts(struct gathered *g, const struct galen_record *record)
{
    const struct galen_document *document = galen_document(galen_record_doc(record));
    for (size_t i = 0; i < document->field_count; i++) {
        const struct galen_field *field = &document->fields[i];
        struct galen_value values[VALUES_MAX];
        uint8_t place = galen_writing_place(document, field);
        if (place == 0 || place == GALEN_WRITING_LAB)
            continue;
        size_t n = field->kind == GALEN_VALUE_REGIMEN ? read_all_said(record, field->name, values)
                                                      : read_values(record, field->name, values);
        if (n == 0 && field->kind == GALEN_VALUE_TEXT &&
            galen_record_state(record) == GALEN_RECORD_PROPOSED)
            add_proposed_text(g, record, field, place);
        for (size_t k = 0; k < n; k++) {
            if (values[k].kind == GALEN_VALUE_REGIMEN)
                add_regimen_texts(g, record, &values[k].as.regimen);
            else
                add_text(g, record, field->name, values[k].as.text, place);
        }
    }
}

/* New since a hospital stay that was not long ago. */
static bool is_new_since_discharge(const struct gathered *g, const struct galen_record *record)
{
    if (!is_chosen(record, "discharge", "new", false))
        return false;
    for (size_t i = 0; i < galen_record_value_count(record, GALEN_PMR_DISCHARGE); i++) {
        struct galen_said said = galen_record_value(record, GALEN_PMR_DISCHARGE, i);
        if (safety_days(galen_safety_day(said.entry->received_ms), g->today) > NEW_DAYS)
            return false;
    }
    return true;
}

static void add_medicine(struct gathered *g, const struct galen_record *record)
{
    struct galen_value values[VALUES_MAX];
    struct galen_safety_medicine *m = &g->medicines[g->medicine_count];
    size_t n = read_all_said(record, "regimen", values);
    struct galen_bytes *drugs = g->drugs[g->medicine_count++];
    *m = (struct galen_safety_medicine){.record = galen_record_id(record), .drugs = drugs};
    for (size_t i = 0; i < n; i++) {
        struct galen_bytes drug = values[i].as.regimen.parts[GALEN_REGIMEN_DRUG];
        bool said = false;
        for (size_t k = 0; k < m->drug_count && !said; k++)
            said = galen_bytes_equal(drugs[k], drug);
        if (!said)
            drugs[m->drug_count++] = drug;
    }
    if (n > 0) {
        m->route = values[0].as.regimen.parts[GALEN_REGIMEN_ROUTE];
        m->form = values[0].as.regimen.parts[GALEN_REGIMEN_FORM];
    }
    for (size_t i = 1; i < n; i++) /* a different route: on the safe side, none is known */
        if (!galen_bytes_equal(m->route, values[i].as.regimen.parts[GALEN_REGIMEN_ROUTE]) ||
            !galen_bytes_equal(m->form, values[i].as.regimen.parts[GALEN_REGIMEN_FORM]))
            m->route = m->form = (struct galen_bytes){0};
    m->pharmacy = line_of(record, "pharmacy");
    if (first_value(record, "start", &values[0]))
        m->start = values[0].as.date;
    m->is_new = galen_record_state(record) == GALEN_RECORD_PROPOSED ||
                is_chosen(record, "status", "proposed", false) || is_new_since_discharge(g, record);
    add_texts(g, record);
}

/* No more texts than these come from the medicines: of each regimen that is said its parts, and of five fields besides
 * what people disagree about. */
static size_t text_room(const struct galen_docs *docs)
{
    size_t room = 0;
    for (size_t i = 0; i < galen_docs_record_count(docs, GALEN_DOC_PMR); i++) {
        const struct galen_record *record = galen_docs_record_at(docs, GALEN_DOC_PMR, i);
        size_t said = galen_record_value_count(record, GALEN_PMR_REGIMEN) +
                      galen_record_proposal_count(record);
        room += GALEN_REGIMEN_PARTS * (said < VALUES_MAX ? said : VALUES_MAX) + 5 * VALUES_MAX;
    }
    return room;
}

static void gather_medicines(struct gathered *g, const struct galen_docs *docs)
{
    for (size_t i = 0; i < galen_docs_record_count(docs, GALEN_DOC_PMR); i++) {
        const struct galen_record *record = galen_docs_record_at(docs, GALEN_DOC_PMR, i);
        if (is_taken(record))
            add_medicine(g, record);
    }
    for (size_t i = 0; i < galen_docs_record_count(docs, GALEN_DOC_MAP); i++) {
        const struct galen_record *record = galen_docs_record_at(docs, GALEN_DOC_MAP, i);
        if (galen_record_stands(record))
            add_texts(g, record);
    }
}

static void gather_allergies(struct gathered *g, const struct galen_docs *docs)
{
    for (size_t i = 0; i < galen_docs_record_count(docs, GALEN_DOC_ALLERGIES); i++) {
        const struct galen_record *record = galen_docs_record_at(docs, GALEN_DOC_ALLERGIES, i);
        struct galen_value substances[VALUES_MAX];
        size_t n = 0;
        if (!galen_record_stands(record) || is_settled(record, "status", "entered-in-error") ||
            is_settled(record, "status", "resolved") ||
            (n = read_all_said(record, "substance", substances)) == 0)
            continue;
        for (size_t k = 0; k < n; k++)
            g->allergies[g->allergy_count++] = (struct galen_safety_allergy){
                .record = galen_record_id(record),
                .substance = substances[k].as.text,
                .intolerance = is_chosen(record, "kind", "intolerance", true)};
    }
}

static bool is_before(struct galen_date one, struct galen_date other)
{
    if (one.year != other.year)
        return one.year < other.year;
    return one.month != other.month ? one.month < other.month : one.day < other.day;
}

/* Where people disagree the earliest: then age is looked at. */
static struct galen_date birth_date(const struct galen_docs *docs)
{
    const struct galen_record *profile = galen_docs_record(
        docs, GALEN_DOC_PROFILE, galen_document_single(galen_document(GALEN_DOC_PROFILE)));
    struct galen_value values[VALUES_MAX];
    struct galen_date born = {0};
    size_t n =
        profile && galen_record_stands(profile) ? read_values(profile, "birth_date", values) : 0;
    for (size_t i = 0; i < n; i++)
        if (i == 0 || is_before(values[i].as.date, born))
            born = values[i].as.date;
    return born;
}

/* -- what became of a finding --------------------------------------------------------------------------------- */

static void settle_one(struct galen_safety_finding *finding, const struct galen_record *record)
{
    struct galen_bytes key = line_of(record, "finding");
    bool aside = is_chosen(record, "status", "set-aside", true);
    if (key.size != strlen(finding->key) || memcmp(key.at, finding->key, key.size) != 0)
        return;
    if (finding->status == GALEN_FINDING_PROBLEM && aside)
        return; /* it is a problem to somebody */
    finding->status = aside ? GALEN_FINDING_SET_ASIDE : GALEN_FINDING_PROBLEM;
    memcpy(finding->dtp, galen_record_id(record), sizeof finding->dtp);
}

static void settle(struct galen_safety_findings *findings, const struct galen_docs *docs)
{
    for (size_t i = 0; i < galen_docs_record_count(docs, GALEN_DOC_DTP); i++) {
        const struct galen_record *record = galen_docs_record_at(docs, GALEN_DOC_DTP, i);
        for (size_t k = 0;
             galen_record_state(record) == GALEN_RECORD_PRESENT && k < findings->count; k++)
            settle_one(&findings->at[k], record);
    }
}

/* --------------------------------------------------------------------------------------------------------------- */

struct galen_safety_findings *galen_safety_check(const struct galen_docs *docs,
                                                 struct galen_date today)
{
    struct gathered g = {0};
    struct galen_safety_findings *findings = NULL;
    size_t allergies = galen_docs_record_count(docs, GALEN_DOC_ALLERGIES);
    size_t medicines = galen_docs_record_count(docs, GALEN_DOC_PMR);
    size_t actions = galen_docs_record_count(docs, GALEN_DOC_MAP);
    g.text_room = text_room(docs) + actions * 5 * VALUES_MAX;
    g.medicines = calloc(medicines + 1, sizeof *g.medicines);
    g.drugs = calloc(medicines + 1, sizeof *g.drugs);
    g.allergies = calloc(allergies * VALUES_MAX + 1, sizeof *g.allergies);
    g.texts = calloc(g.text_room + 1, sizeof *g.texts);
    g.owned = calloc(5 * (medicines + actions) + 1, sizeof *g.owned);
    if (g.medicines && g.drugs && g.allergies && g.texts && g.owned) {
        g.today = today;
        gather_medicines(&g, docs);
        gather_allergies(&g, docs);
        struct galen_safety_input input = {.medicines = g.medicines,
                                           .medicine_count = g.medicine_count,
                                           .allergies = g.allergies,
                                           .allergy_count = g.allergy_count,
                                           .texts = g.texts,
                                           .text_count = g.text_count,
                                           .birth = birth_date(docs),
                                           .today = today};
        findings = g.failed ? NULL : galen_safety_find(&input);
    }
    if (findings)
        settle(findings, docs);
    free(g.medicines);
    free(g.drugs);
    free(g.allergies);
    free(g.texts);
    for (size_t i = 0; g.owned && i <= g.owned_count; i++)
        galen_writer_wipe(&g.owned[i]);
    free(g.owned);
    return findings;
}
