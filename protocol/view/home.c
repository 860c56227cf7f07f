/* Who this is, what there is to write, and the call in hand. */
#include "view.h"

/* -- home ------------------------------------------------------------------------------------------- */

static const char *home_state_name(enum galen_home_state state)
{
    switch (state) {
    case GALEN_HOME_EMPTY:
        return "empty";
    case GALEN_HOME_FOUNDING:
        return "founding";
    case GALEN_HOME_JOINING:
        return "joining";
    case GALEN_HOME_MEMBER:
        return "member";
    case GALEN_HOME_GUEST:
        return "guest";
    }
    return "unknown";
}

/* The name stands in every chart of this account's: the first that has one gives it. */
static void own_name(const struct galen_engine *engine, char out[NAME_TEXT_MAX])
{
    const struct galen_id *account = galen_engine_account(engine);
    out[0] = 0;
    if (galen_id_is_none(account))
        return;
    name_of(engine, galen_engine_practice_chart(engine), account, out);
    for (size_t i = 0; out[0] == 0 && i < galen_engine_chart_count(engine); i++)
        name_of(engine, galen_engine_chart_at(engine, i), account, out);
}

cJSON *home_json(const struct galen_engine *engine)
{
    char name[NAME_TEXT_MAX];
    bool known;
    struct galen_guest guest;
    enum galen_role role = galen_engine_role(engine);
    cJSON *object = cJSON_CreateObject(), *online = cJSON_CreateObject();
    cJSON_AddStringToObject(object, "state", home_state_name(galen_engine_state(engine)));
    json_text(object, "host", galen_engine_host(engine));
    json_id_or_empty(object, "device", galen_engine_device(engine));
    json_id_or_empty(object, "account", galen_engine_account(engine));
    cJSON_AddStringToObject(object, "role", role ? galen_role_name(role) : "");
    own_name(engine, name);
    cJSON_AddStringToObject(object, "name", name);
    json_id_or_empty(object, "practice", galen_engine_practice(engine));
    json_id_or_empty(object, "practice_chart", galen_engine_practice_chart(engine));
    cJSON_AddBoolToObject(online, "log", galen_engine_online(engine, GALEN_CONNECTION_LOG));
    cJSON_AddBoolToObject(online, "live", galen_engine_online(engine, GALEN_CONNECTION_LIVE));
    json_put(object, "online", online);
    if (galen_engine_is_shut_out(engine, &known))
        cJSON_AddStringToObject(object, "shut_out", known ? "known" : "said");
    if (galen_engine_guest(engine, &guest)) {
        cJSON *of = cJSON_CreateObject();
        json_id(of, "visit", &guest.visit);
        cJSON_AddBoolToObject(of, "open", !galen_id_is_none(&guest.chart));
        json_ms(of, "until_ms", guest.until_ms);
        json_put(object, "guest", of);
    }
    return object;
}

/* -- schema ----------------------------------------------------------------------------------------- */

static const char *kind_name(uint8_t kind)
{
    static const char *const names[] = {
        [GALEN_VALUE_TEXT] = "text",     [GALEN_VALUE_LINE] = "line",
        [GALEN_VALUE_CHOICE] = "choice", [GALEN_VALUE_SET] = "set",
        [GALEN_VALUE_DATE] = "date",     [GALEN_VALUE_TIME] = "time",
        [GALEN_VALUE_YES_NO] = "yes-no", [GALEN_VALUE_REGIMEN] = "regimen",
        [GALEN_VALUE_RECORD] = "record", [GALEN_VALUE_POSITION] = "position",
        [GALEN_VALUE_NUMBER] = "number", [GALEN_VALUE_WORDING] = "wording"};
    return kind < sizeof names / sizeof *names && names[kind] ? names[kind] : "unknown";
}

static const char *access_name(enum galen_access access)
{
    return access == GALEN_ACCESS_DIRECT    ? "direct"
           : access == GALEN_ACCESS_PROPOSE ? "propose"
                                            : "none";
}

static void add_words(cJSON *object, const struct galen_words *words)
{
    cJSON_AddStringToObject(object, "plain", words->plain);
    cJSON_AddStringToObject(object, "clinical", words->clinical);
    if (words->help != NULL)
        cJSON_AddStringToObject(object, "help", words->help);
}

static cJSON *schema_field_json(const struct galen_language *language,
                                const struct galen_document *document,
                                const struct galen_field *field, enum galen_role role)
{
    cJSON *object = cJSON_CreateObject(), *options = cJSON_CreateArray();
    char takes[512];
    json_number(object, "number", field->number);
    cJSON_AddStringToObject(object, "name", field->name);
    cJSON_AddStringToObject(object, "kind", kind_name(field->kind));
    cJSON_AddStringToObject(object, "access", access_name(galen_field_access(field, role)));
    cJSON_AddBoolToObject(object, "theirs",
                          galen_field_access(field, GALEN_ROLE_PATIENT) == GALEN_ACCESS_DIRECT);
    add_words(object, galen_field_words(language, document, field));
    field_takes(field, takes, sizeof takes);
    cJSON_AddStringToObject(object, "takes", takes);
    if (field->kind == GALEN_VALUE_NUMBER) {
        json_number(object, "min", field->least);
        json_number(object, "max", field->most);
    }
    if (field->kind == GALEN_VALUE_RECORD)
        cJSON_AddStringToObject(object, "refers", galen_document(field->refers)->name);
    for (size_t i = 0; i < field->option_count; i++) {
        cJSON *option = json_new("name", field->options[i]);
        add_words(option, galen_option_words(language, document, field, (uint8_t)(i + 1)));
        json_append(options, option);
    }
    json_put(object, "options", options);
    return object;
}

cJSON *schema_json(const struct galen_language *language, enum galen_role role)
{
    cJSON *documents = cJSON_CreateArray();
    for (size_t d = 0; d < galen_document_count; d++) {
        const struct galen_document *document = &galen_documents[d];
        const uint8_t *single = galen_document_single(document);
        cJSON *object = cJSON_CreateObject(), *fields = cJSON_CreateArray();
        json_number(object, "id", document->id);
        cJSON_AddStringToObject(object, "name", document->name);
        add_words(object, galen_document_words(language, document));
        cJSON_AddStringToObject(object, "adds", access_name(galen_document_access(document, role)));
        if (single != NULL)
            json_hex(object, "record", single, GALEN_RECORD_ID_BYTES);
        for (size_t i = 0; i < document->field_count; i++)
            json_append(fields, schema_field_json(language, document, &document->fields[i], role));
        json_put(object, "fields", fields);
        json_append(documents, object);
    }
    return documents;
}

/* -- the call in hand -------------------------------------------------------------------------------- */

static cJSON *person_json(const struct galen_engine *engine, const struct galen_call_view *view,
                          const struct galen_call_person *person)
{
    char name[NAME_TEXT_MAX];
    cJSON *object = cJSON_CreateObject();
    json_id(object, "device", &person->device);
    json_id_or_empty(object, "account", &person->account);
    name_of(engine, &view->chart, &person->account, name);
    cJSON_AddStringToObject(object, "name", name);
    cJSON_AddStringToObject(object, "role", person->role ? galen_role_name(person->role) : "");
    return object;
}

cJSON *call_json(const struct galen_engine *engine)
{
    static const char *const states[] = {[GALEN_CALL_NONE] = "none",
                                         [GALEN_CALL_WAITING] = "waiting",
                                         [GALEN_CALL_ADMITTED] = "admitted"};
    struct galen_call_view view;
    galen_engine_call(engine, &view);
    cJSON *object = json_new("state", states[view.state]);
    cJSON *participants = cJSON_CreateArray(), *knocking = cJSON_CreateArray();
    json_id_or_empty(object, "chart", &view.chart);
    json_id_or_empty(object, "visit", &view.visit);
    json_id_or_empty(object, "host", &view.host);
    for (size_t i = 0; i < view.participant_count; i++) {
        const struct galen_call_person *p = &view.participants[i];
        cJSON *one = person_json(engine, &view, p);
        cJSON_AddBoolToObject(one, "muted", p->muted);
        cJSON_AddBoolToObject(one, "self", galen_id_equal(&p->device, galen_engine_device(engine)));
        json_append(participants, one);
    }
    for (size_t i = 0; i < view.knocking_count; i++) {
        cJSON *one = person_json(engine, &view, &view.knocking[i]);
        json_ms(one, "since_ms", view.knocking[i].since_ms);
        json_append(knocking, one);
    }
    json_put(object, "participants", participants);
    json_put(object, "knocking", knocking);
    cJSON_AddBoolToObject(object, "muted", view.muted);
    return object;
}
