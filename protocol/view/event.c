/* The engine's events. */
#include "view.h"

/* Among which are those that a sheet's owner has lost. */
static void add_own_devices(const struct galen_engine *engine, cJSON *object)
{
    struct galen_id own[GALEN_ACCOUNT_DEVICES_MAX];
    size_t count = galen_engine_own_devices(engine, own, GALEN_ACCOUNT_DEVICES_MAX);
    cJSON *devices = cJSON_CreateArray();
    for (size_t i = 0; i < count && i < GALEN_ACCOUNT_DEVICES_MAX; i++) {
        char id[HEX_ID];
        id_text(&own[i], id);
        json_append(devices, cJSON_CreateString(id));
    }
    json_put(object, "devices", devices);
}

/* Who of the call is muted now. */
static void add_muted(const struct galen_engine *engine, cJSON *object)
{
    struct galen_call_view view;
    cJSON *muted = cJSON_AddArrayToObject(object, "muted");
    galen_engine_call(engine, &view);
    for (size_t i = 0; i < view.participant_count; i++) {
        char id[HEX_ID];
        id_text(&view.participants[i].device, id);
        if (view.participants[i].muted)
            cJSON_AddItemToArray(muted, cJSON_CreateString(id));
    }
}

/* What somebody wrote: nothing else has it any more. */
static void add_failed(cJSON *object, const struct galen_event *e)
{
    struct galen_writer words;
    galen_writer_init(&words);
    failed_words(e, &words);
    if (words.failed || words.size > 0)
        json_written(object, "text", &words);
    galen_writer_wipe(&words);
}

/* What `number` and the rest mean for each kind. */
static void add_particulars(const struct galen_engine *engine, cJSON *object,
                            const struct galen_event *e)
{
    static const uint8_t no_token[GALEN_OP_ID_BYTES];
    char room[8];
    const struct galen_document *document = galen_document(e->doc);
    switch ((enum galen_event_kind)e->kind) {
    case GALEN_EVENT_ONLINE:
    case GALEN_EVENT_OFFLINE:
    case GALEN_EVENT_REFUSED:
        cJSON_AddStringToObject(object, "line",
                                e->purpose == GALEN_CONNECTION_LIVE ? "live" : "log");
        if (e->kind == GALEN_EVENT_REFUSED && e->number > 0)
            json_time(object, "used", e->number);
        break;
    case GALEN_EVENT_LOST_ASKED:
        add_own_devices(engine, object);
        break;
    case GALEN_EVENT_WITHHELD:
        json_number(object, "index", e->index);
        break;
    case GALEN_EVENT_CURRENT:
    case GALEN_EVENT_VERIFIED:
        json_number(object, "size", e->number);
        break;
    case GALEN_EVENT_CHART:
        json_number(object, "epoch", e->number);
        break;
    case GALEN_EVENT_FAILED:
        add_failed(object, e);
        break;
    case GALEN_EVENT_DONE:
        if (e->index != GALEN_NO_ENTRY)
            json_number(object, "index", e->index);
        break;
    case GALEN_EVENT_LINK_AGAIN:
    case GALEN_EVENT_SHUT_OUT:
        json_time(object, "at", e->number);
        break;
    case GALEN_EVENT_CLOCK:
        json_number(object, "off_ms", e->number);
        break;
    case GALEN_EVENT_PRESENCE:
        cJSON_AddBoolToObject(object, "here", e->number == 1);
        break;
    case GALEN_EVENT_ADMITTED:
        cJSON_AddBoolToObject(object, "admitted", e->number == 1);
        break;
    case GALEN_EVENT_CALL:
        json_number(object, "participants", e->number);
        add_muted(engine, object);
        break;
    case GALEN_EVENT_DRAFT:
        if (document)
            cJSON_AddStringToObject(object, "doc", document->name);
        json_hex(object, "record", e->record, sizeof e->record);
        cJSON_AddStringToObject(object, "field", field_name(document, e->field, room));
        draft_json(engine, e, object);
        break;
    default:
        break;
    }
    bool has_token = false;
    for (size_t i = 0; i < sizeof no_token; i++)
        has_token = has_token || e->token[i] != 0;
    if (has_token)
        json_hex(object, "token", e->token, sizeof e->token);
}

cJSON *event_json(const struct galen_engine *engine, const struct galen_event *e)
{
    const char *name = event_name(e->kind);
    char person[NAME_TEXT_MAX];
    if (e->kind == GALEN_EVENT_ENTRY) {
        cJSON *entry = entry_json(engine, &e->chart, e->index);
        if (entry)
            cJSON_AddStringToObject(entry, "event", name);
        return entry;
    }
    cJSON *object = json_new("event", name ? name : "unknown");
    json_id(object, "chart", &e->chart);
    json_id(object, "visit", &e->visit);
    json_id(object, "device", &e->device);
    struct galen_id account = e->account;
    const struct galen_log *log = galen_engine_log(engine, &e->chart);
    const struct galen_member *m =
        log ? galen_rules_ever_member(galen_log_rules(log), &e->device) : NULL;
    if (galen_id_is_none(&account) && m)
        account = m->account;
    json_id(object, "account", &account);
    if (!galen_id_is_none(&account) && !galen_id_is_none(&e->chart)) {
        name_of(engine, &e->chart, &account, person);
        cJSON_AddStringToObject(object, "name", person);
    }
    if (m)
        cJSON_AddStringToObject(object, "role", galen_role_name(m->role));
    else if (galen_engine_is_guest(engine, &e->device))
        cJSON_AddStringToObject(object, "role", galen_role_name(GALEN_ROLE_INTERPRETER));
    if (e->err != GALEN_OK) {
        cJSON_AddStringToObject(object, "error", galen_err_name(e->err));
        cJSON_AddStringToObject(object, "help", galen_err_help(e->err));
    }
    add_particulars(engine, object, e);
    return object;
}
