/* Everything there is to see, by every home. */
#include "scripts.h"

#include "galen/schema.h"

/* All pages of a chart's log. */
static void look_at_log(struct home *home, const char *chart)
{
    int count = 256;
    for (size_t from = 0; count == 256; from += 256) {
        cJSON *page = home_asks(
            home, "{\"do\":\"entries\",\"chart\":\"%s\",\"from\":%zu,\"count\":256}", chart, from);
        count = cJSON_GetArraySize(page);
        cJSON_Delete(page);
    }
}

static void look_at_history(struct home *home, const char *chart, const char *doc,
                            const cJSON *record)
{
    const cJSON *field;
    cJSON_ArrayForEach(field, cJSON_GetObjectItemCaseSensitive(record, "fields"))
        cJSON_Delete(home_asks(home,
                               "{\"do\":\"history\",\"chart\":\"%s\",\"doc\":\"%s\","
                               "\"record\":\"%s\",\"field\":\"%s\"}",
                               chart, doc, text_of(record, "record"), field->string));
}

static void look_at_chart(struct home *home, const char *chart)
{
    static const char *const asks[] = {"members", "waiting", "check", "evidence"};
    const cJSON *record;
    for (size_t i = 0; i < sizeof asks / sizeof *asks; i++)
        cJSON_Delete(home_asks(home, "{\"do\":\"%s\",\"chart\":\"%s\"}", asks[i], chart));
    for (size_t i = 0; i < galen_document_count; i++) {
        const char *doc = galen_documents[i].name;
        cJSON *records =
            home_asks(home, "{\"do\":\"records\",\"chart\":\"%s\",\"doc\":\"%s\"}", chart, doc);
        cJSON_ArrayForEach(record, records) look_at_history(home, chart, doc, record);
        cJSON_Delete(records);
    }
    look_at_log(home, chart);
}

void script_look(struct script *script)
{
    for (size_t i = 0; i < script->home_count; i++) {
        struct home *home = script->homes[i];
        const cJSON *chart;
        cJSON_Delete(home_asks(home, "{\"do\":\"home\"}"));
        cJSON_Delete(home_asks(home, "{\"do\":\"call\"}"));
        cJSON_Delete(home_asks(home, "{\"do\":\"schema\"}"));
        cJSON *charts = home_asks(home, "{\"do\":\"charts\"}");
        cJSON_ArrayForEach(chart, charts) look_at_chart(home, text_of(chart, "chart"));
        cJSON_Delete(charts);
    }
}
