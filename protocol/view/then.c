/* The documents as they were. */
#include "view.h"

#include <string.h>

uint64_t size_at(const struct galen_log *log, uint64_t time_ms)
{
    uint64_t size = 0;
    for (uint64_t i = 0; i < galen_log_size(log); i++) {
        const struct galen_read *read = galen_log_read(log, i);
        if (!read || read->received_ms > time_ms)
            break;
        size = i + 1;
    }
    return size;
}

cJSON *then_json(const struct galen_engine *engine, const struct galen_id *chart, uint64_t size,
                 enum galen_err *err)
{
    const struct galen_log *log = galen_engine_log(engine, chart);
    const struct galen_docs *docs = galen_engine_docs(engine, chart);
    *err = !log || !docs                             ? GALEN_ERR_CHART
           : !galen_log_is_holder(log)               ? GALEN_ERR_NOT_HOLDER
           : size == 0 || size > galen_log_size(log) ? GALEN_ERR_VALUE
                                                     : GALEN_OK;
    if (*err != GALEN_OK)
        return NULL;
    struct galen_docs *then = galen_docs_as_of(docs, size);
    if (!then) {
        *err = GALEN_ERR_MEMORY;
        return NULL;
    }
    cJSON *object = cJSON_CreateObject(), *records = cJSON_CreateObject();
    json_number(object, "size", size);
    json_time(object, "time", galen_log_read(log, size - 1)->received_ms);
    for (size_t d = 0; d < galen_document_count; d++) {
        cJSON *list = cJSON_CreateArray();
        for (size_t i = 0; i < galen_docs_record_count(then, galen_documents[d].id); i++)
            json_append(list, record_json(engine, chart,
                                          galen_docs_record_at(then, galen_documents[d].id, i)));
        json_put(records, galen_documents[d].name, list);
    }
    json_put(object, "records", records);
    galen_docs_free(then);
    return object;
}
