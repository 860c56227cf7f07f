/* The names that stand for accounts, charts, and the numbers of the protocol. */
#include "view.h"

#include <string.h>

static bool says(const struct galen_engine *engine, const struct galen_id *chart,
                 const struct galen_id *whose, uint16_t field, char out[NAME_TEXT_MAX])
{
    const struct galen_docs *docs = galen_engine_docs(engine, chart);
    const struct galen_record *record =
        docs ? galen_docs_record(docs, GALEN_DOC_PEOPLE, whose->bytes) : NULL;
    if (!record || galen_record_value_count(record, field) == 0)
        return false;
    struct galen_bytes value = galen_record_value(record, field, 0).value;
    if (value.size == 0 || value.size >= NAME_TEXT_MAX)
        return false;
    memcpy(out, value.at, value.size);
    out[value.size] = 0;
    return true;
}

void person_says(const struct galen_engine *engine, const struct galen_id *chart,
                 const struct galen_id *whose, uint16_t field, char out[NAME_TEXT_MAX])
{
    out[0] = 0;
    if (!says(engine, chart, whose, field, out))
        says(engine, galen_engine_practice_chart(engine), whose, field, out);
}

void name_of(const struct galen_engine *engine, const struct galen_id *chart,
             const struct galen_id *whose, char out[NAME_TEXT_MAX])
{
    person_says(engine, chart, whose, GALEN_PEOPLE_NAME, out);
}

/* -- of numbers ------------------------------------------------------------------------------------- */

static const char *const classes[] = {[GALEN_CLASS_EPOCH] = "epoch",
                                      [GALEN_CLASS_CERTIFICATE] = "certificate",
                                      [GALEN_CLASS_MESSAGE] = "message",
                                      [GALEN_CLASS_RECORD] = "record",
                                      [GALEN_CLASS_VISIT] = "visit"};
#define CLASS_COUNT (sizeof classes / sizeof *classes)

const char *class_name(uint8_t class)
{
    return class < CLASS_COUNT && classes[class] ? classes[class] : "unknown";
}

uint8_t class_named(const char *name)
{
    for (uint8_t i = 0; i < CLASS_COUNT; i++)
        if (classes[i] && strcmp(classes[i], name) == 0)
            return i;
    return 0;
}

const char *read_state_name(uint8_t state)
{
    static const char *const names[] = {[GALEN_READ_CLEAR] = "clear",
                                        [GALEN_READ_OPEN] = "open",
                                        [GALEN_READ_LOCKED] = "locked",
                                        [GALEN_READ_WITHHELD] = "withheld",
                                        [GALEN_READ_VOID] = "void"};
    return state < sizeof names / sizeof *names && names[state] ? names[state] : "unknown";
}

const char *purpose_name(uint8_t purpose)
{
    static const char *const names[] = {[GALEN_PURPOSE_DEVICE] = "device",
                                        [GALEN_PURPOSE_INVITATION] = "invitation",
                                        [GALEN_PURPOSE_CODE] = "code",
                                        [GALEN_PURPOSE_SHEET] = "sheet"};
    return purpose < sizeof names / sizeof *names && names[purpose] ? names[purpose] : "unknown";
}

const char *event_name(uint8_t kind)
{
    static const char *const names[] = {
        [GALEN_EVENT_ONLINE] = "online",
        [GALEN_EVENT_OFFLINE] = "offline",
        [GALEN_EVENT_REFUSED] = "refused",
        [GALEN_EVENT_JOINED] = "joined",
        [GALEN_EVENT_LOST_ASKED] = "lost-asked",
        [GALEN_EVENT_CHART] = "chart",
        [GALEN_EVENT_CURRENT] = "current",
        [GALEN_EVENT_ENTRY] = "entry",
        [GALEN_EVENT_REOPENED] = "reopened",
        [GALEN_EVENT_DONE] = "done",
        [GALEN_EVENT_FAILED] = "failed",
        [GALEN_EVENT_HELD] = "held",
        [GALEN_EVENT_VERIFIED] = "verified",
        [GALEN_EVENT_FORK] = "fork",
        [GALEN_EVENT_CLONED] = "cloned",
        [GALEN_EVENT_LINK_AGAIN] = "link-again",
        [GALEN_EVENT_CHARTS_FULL] = "charts-full",
        [GALEN_EVENT_WITHHELD] = "withheld",
        [GALEN_EVENT_SHUT_OUT] = "shut-out",
        [GALEN_EVENT_CLOCK] = "clock",
        [GALEN_EVENT_PRESENCE] = "presence",
        [GALEN_EVENT_DRAFT] = "draft",
        [GALEN_EVENT_VISIT] = "visit",
        [GALEN_EVENT_KNOCK] = "knock",
        [GALEN_EVENT_WAITING] = "waiting",
        [GALEN_EVENT_ADMITTED] = "admitted",
        [GALEN_EVENT_CALL] = "call",
        [GALEN_EVENT_VISIT_ENDED] = "visit-ended",
        [GALEN_EVENT_CALL_FAILED] = "call-failed",
    };
    return kind < sizeof names / sizeof *names ? names[kind] : NULL;
}
