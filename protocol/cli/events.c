/* The engine's events, for programs and for people. */
#include "stay.h"

#include <stdio.h>

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

/* Who of the call is muted now. */
static void add_muted(struct cli *cli, cJSON *object)
{
    struct galen_id devices[GALEN_PARTICIPANTS_MAX];
    char id[HEX_ID];
    cJSON *muted = cJSON_AddArrayToObject(object, "muted");
    size_t count = galen_engine_participants(cli->engine, devices);
    for (size_t i = 0; i < count; i++) {
        id_text(&devices[i], id);
        if (galen_engine_participant_muted(cli->engine, &devices[i]))
            cJSON_AddItemToArray(muted, cJSON_CreateString(id));
    }
}

/* What `number` and the rest mean for each kind. */
static void add_particulars(struct cli *cli, cJSON *object, const struct galen_event *e)
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
    case GALEN_EVENT_CURRENT:
    case GALEN_EVENT_VERIFIED:
        json_number(object, "size", e->number);
        break;
    case GALEN_EVENT_CHART:
        json_number(object, "epoch", e->number);
        break;
    case GALEN_EVENT_DONE:
        if (e->index != GALEN_NO_ENTRY)
            json_number(object, "index", e->index);
        break;
    case GALEN_EVENT_LINK_AGAIN:
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
        add_muted(cli, object);
        break;
    case GALEN_EVENT_DRAFT:
        if (document)
            cJSON_AddStringToObject(object, "doc", document->name);
        json_hex(object, "record", e->record, sizeof e->record);
        cJSON_AddStringToObject(object, "field", field_name(document, e->field, room));
        json_text(object, "text", e->text);
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

cJSON *event_json(struct cli *cli, const struct galen_event *e)
{
    const char *name = event_name(e->kind);
    char person[NAME_TEXT_MAX];
    if (e->kind == GALEN_EVENT_ENTRY) {
        cJSON *entry = entry_json(cli, &e->chart, e->index);
        if (entry)
            cJSON_AddStringToObject(entry, "event", name);
        return entry;
    }
    cJSON *object = json_new("event", name ? name : "unknown");
    json_id(object, "chart", &e->chart);
    json_id(object, "visit", &e->visit);
    json_id(object, "device", &e->device);
    struct galen_id account = e->account;
    const struct galen_log *log = galen_engine_log(cli->engine, &e->chart);
    const struct galen_member *m =
        log ? galen_rules_ever_member(galen_log_rules(log), &e->device) : NULL;
    if (galen_id_is_none(&account) && m)
        account = m->account;
    json_id(object, "account", &account);
    if (!galen_id_is_none(&account) && !galen_id_is_none(&e->chart)) {
        name_of(cli, &e->chart, &account, person);
        cJSON_AddStringToObject(object, "name", person);
    }
    if (m)
        cJSON_AddStringToObject(object, "role", galen_role_name(m->role));
    if (e->err != GALEN_OK) {
        cJSON_AddStringToObject(object, "error", galen_err_name(e->err));
        cJSON_AddStringToObject(object, "help", galen_err_help(e->err));
    }
    add_particulars(cli, object, e);
    return object;
}

/* Who it is about: a name, and the device to type. */
static void who(struct cli *cli, const struct galen_event *e, char out[NAME_TEXT_MAX],
                char device[HEX_ID])
{
    const struct galen_log *log = galen_engine_log(cli->engine, &e->chart);
    const struct galen_member *m =
        log ? galen_rules_ever_member(galen_log_rules(log), &e->device) : NULL;
    shown_name(cli, &e->chart, m ? &m->account : &e->device, out);
    id_short(cli, &e->device, device);
}

/* Who was muted or unmuted; or who came or went, and who of them is muted. */
static void print_call(struct cli *cli, const struct galen_event *e)
{
    struct galen_id devices[GALEN_PARTICIPANTS_MAX];
    struct galen_event of = *e;
    char name[NAME_TEXT_MAX], device[HEX_ID];
    bool one = !galen_id_is_none(&e->device);
    size_t count = one ? 1 : galen_engine_participants(cli->engine, devices);
    if (one)
        devices[0] = e->device;
    else
        printf("%llu in the call.\n", (unsigned long long)e->number);
    for (size_t i = 0; i < count; i++) {
        bool muted = galen_engine_participant_muted(cli->engine, &devices[i]);
        bool self = galen_id_equal(&devices[i], galen_engine_device(cli->engine));
        if (!muted && !one)
            continue;
        of.device = devices[i];
        who(cli, &of, name, device);
        printf("%s %s %s.\n", self ? "You" : name, self ? "are" : "is",
               muted ? "muted" : "not muted any more");
    }
}

void event_print(struct cli *cli, const struct galen_event *e)
{
    char name[NAME_TEXT_MAX], device[HEX_ID];
    switch ((enum galen_event_kind)e->kind) {
    case GALEN_EVENT_ENTRY:
        entry_print(cli, &e->chart, e->index);
        return;
    case GALEN_EVENT_OFFLINE:
        if (e->purpose == GALEN_CONNECTION_LOG)
            printf("The line is gone. It is made again by itself.\n");
        break;
    case GALEN_EVENT_REFUSED:
    case GALEN_EVENT_FAILED:
    case GALEN_EVENT_HELD:
    case GALEN_EVENT_FORK:
    case GALEN_EVENT_CLONED:
    case GALEN_EVENT_CALL_FAILED:
        printf("%s: %s\n", event_name(e->kind), galen_err_help(e->err));
        break;
    case GALEN_EVENT_VISIT:
        printf("The visit is open.\n");
        break;
    case GALEN_EVENT_KNOCK:
        who(cli, e, name, device);
        printf("%s waits to be let in. Type: admit %s   (or: refuse %s)\n", name, device, device);
        break;
    case GALEN_EVENT_WAITING:
        printf("You are in the waiting room. The pharmacist will let you in.\n");
        break;
    case GALEN_EVENT_ADMITTED:
        printf(e->number == 1 ? "You are in the call.\n" : "You were not let in.\n");
        break;
    case GALEN_EVENT_CALL:
        print_call(cli, e);
        break;
    case GALEN_EVENT_VISIT_ENDED:
        printf("The visit has ended.\n");
        break;
    default:
        break;
    }
    fflush(stdout);
}
