/* Reconciliation after a hospital stay: what becomes of each medicine, and what nobody has decided yet. */
#include "state.h"

enum {
    VISIT_DISCHARGE = 4,
    PMR_STOPPED = 4,
    LINE_STOPPED = 4,
    NOT_DECIDED = 5
}; /* the vocabularies' numbers, kept for good */

static bool is_choice(const struct galen_record *record, uint16_t field, uint8_t choice)
{
    struct galen_value value;
    return galen_record_value_count(record, field) == 1 &&
           galen_value_read(galen_field(record->document, field),
                            galen_record_value(record, field, 0).value, &value) == GALEN_OK &&
           value.kind == GALEN_VALUE_CHOICE && value.as.choice == choice;
}

static bool said_since(const struct galen_record *record, uint16_t field, uint64_t ms)
{
    for (size_t i = 0; i < galen_record_value_count(record, field); i++) {
        struct galen_said said = galen_record_value(record, field, i);
        if (said.value.size > 0 && said.entry->received_ms >= ms)
            return true;
    }
    return false;
}

/* The last entry that said anything. 0: nobody did. */
static uint64_t last_said(const struct galen_record *record, uint16_t field)
{
    uint64_t last = 0;
    for (size_t i = 0; i < galen_record_value_count(record, field); i++) {
        uint64_t index = galen_record_value(record, field, i).entry->index;
        last = index > last ? index : last;
    }
    return last;
}

/* What was decided is not what the list says: stopped, and on it, or the other way around. What its status became
 * afterwards is another matter. */
static bool is_against_status(const struct galen_record *medicine)
{
    if (last_said(medicine, GALEN_PMR_STATUS) > last_said(medicine, GALEN_PMR_DISCHARGE))
        return false;
    return is_choice(medicine, GALEN_PMR_DISCHARGE, LINE_STOPPED) !=
           is_choice(medicine, GALEN_PMR_STATUS, PMR_STOPPED);
}

/* The clock that began the visit may be ahead of the server's. 0: it has not begun. */
static uint64_t began_ms(const struct galen_record *visit)
{
    struct galen_value value;
    size_t count = galen_record_value_count(visit, GALEN_VISIT_FIELD_STARTED);
    if (count == 0)
        return 0;
    struct galen_said said = galen_record_value(visit, GALEN_VISIT_FIELD_STARTED, count - 1);
    if (galen_value_read(galen_field(visit->document, GALEN_VISIT_FIELD_STARTED), said.value,
                         &value) != GALEN_OK ||
        value.kind != GALEN_VALUE_TIME)
        return 0;
    uint64_t received = said.entry->received_ms;
    return value.as.time_ms < received ? value.as.time_ms : received;
}

bool galen_docs_is_discharge(const struct galen_record *visit)
{
    return is_choice(visit, GALEN_VISIT_FIELD_TYPE, VISIT_DISCHARGE);
}

enum galen_line galen_docs_line(const struct galen_record *visit,
                                const struct galen_record *medicine)
{
    uint64_t began = began_ms(visit);
    bool said = said_since(medicine, GALEN_PMR_DISCHARGE, began);
    if (!galen_record_stands(medicine) || (is_choice(medicine, GALEN_PMR_STATUS, PMR_STOPPED) &&
                                           !said && !said_since(medicine, GALEN_PMR_STATUS, began)))
        return GALEN_LINE_NONE;
    if (!said)
        return GALEN_LINE_UNDECIDED;
    if (!is_choice(medicine, GALEN_PMR_DISCHARGE, NOT_DECIDED))
        return is_against_status(medicine) ? GALEN_LINE_UNDECIDED : GALEN_LINE_DECIDED;
    return said_since(medicine, GALEN_PMR_DISCHARGE_WHY, began) ? GALEN_LINE_LEFT_OPEN
                                                                : GALEN_LINE_UNDECIDED;
}

static bool is_signed(const struct galen_docs *docs, const struct galen_record *visit)
{
    for (size_t i = 0; i < galen_docs_version_count(docs); i++) {
        const uint8_t *of = galen_docs_version_at(docs, i).visit;
        if (of != NULL && docs_record(docs, GALEN_DOC_VISIT, of) == visit)
            return true;
    }
    return false;
}

const struct galen_record *galen_docs_reconciled_in(const struct galen_docs *docs,
                                                    const uint8_t *visit, uint8_t meaning)
{
    const struct galen_record *last = NULL;
    if (visit != NULL) {
        const struct galen_record *named = docs_record(docs, GALEN_DOC_VISIT, visit);
        bool about =
            named != NULL && (meaning == GALEN_SIGN_DISCHARGE || galen_docs_is_discharge(named));
        return about ? named : NULL;
    }
    for (size_t i = 0; i < galen_docs_record_count(docs, GALEN_DOC_VISIT); i++) {
        const struct galen_record *one = galen_docs_record_at(docs, GALEN_DOC_VISIT, i);
        if (galen_record_stands(one) && galen_docs_is_discharge(one) && began_ms(one) > 0 &&
            !is_signed(docs, one) && (last == NULL || began_ms(one) > began_ms(last)))
            last = one;
    }
    return last;
}

size_t galen_docs_undecided(const struct galen_docs *docs, const struct galen_record *visit)
{
    size_t count = 0;
    for (size_t i = 0; visit != NULL && i < galen_docs_record_count(docs, GALEN_DOC_PMR); i++)
        count += galen_docs_line(visit, galen_docs_record_at(docs, GALEN_DOC_PMR, i)) ==
                 GALEN_LINE_UNDECIDED;
    return count;
}
