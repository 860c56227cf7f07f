/* The engine's events, for people. */
#include "stay.h"

#include <stdio.h>
#include <string.h>

/* Who it is about: a name, and the device to type. */
static void who(struct cli *cli, const struct galen_event *e, char out[NAME_TEXT_MAX],
                char device[HEX_ID])
{
    const struct galen_log *log = galen_engine_log(cli->engine, &e->chart);
    const struct galen_member *m =
        log ? galen_rules_ever_member(galen_log_rules(log), &e->device) : NULL;
    if (galen_engine_is_guest(cli->engine, &e->device))
        snprintf(out, NAME_TEXT_MAX, "The interpreter");
    else
        shown_name(cli, &e->chart, m ? &m->account : &e->device, out);
    id_short(cli, &e->device, device);
}

/* Who was muted or unmuted; or who came or went, and who of them is muted. */
static void print_call(struct cli *cli, const struct galen_event *e)
{
    struct galen_call_view view;
    struct galen_event of = *e;
    char name[NAME_TEXT_MAX], device[HEX_ID];
    bool one = !galen_id_is_none(&e->device);
    galen_engine_call(cli->engine, &view);
    if (!one)
        printf("%llu in the call.\n", (unsigned long long)e->number);
    for (size_t i = 0; i < view.participant_count; i++) {
        const struct galen_call_person *p = &view.participants[i];
        bool self = galen_id_equal(&p->device, galen_engine_device(cli->engine));
        if (one ? !galen_id_equal(&p->device, &e->device) : !p->muted)
            continue;
        of.device = p->device;
        who(cli, &of, name, device);
        printf("%s %s %s.\n", self ? "You" : name, self ? "are" : "is",
               p->muted ? "muted" : "not muted any more");
    }
}

/* Once for each place where somebody types. */
static void print_draft(struct cli *cli, const struct galen_event *e)
{
    char name[NAME_TEXT_MAX], device[HEX_ID], room[8];
    const struct galen_document *document = galen_document(e->doc);
    struct galen_event *last = &cli->drafted;
    bool same = last->kind == e->kind && galen_id_equal(&last->device, &e->device) &&
                galen_id_equal(&last->chart, &e->chart) && last->doc == e->doc &&
                last->field == e->field && memcmp(last->record, e->record, sizeof e->record) == 0;
    if (e->number == 0 && same)
        *last = (struct galen_event){0};
    if (e->number == 0 || same || !document)
        return;
    *last = *e;
    last->text = (struct galen_bytes){0};
    who(cli, e, name, device);
    printf("%s is in %s, %s.\n", name, document->name, field_name(document, e->field, room));
}

void event_print(struct cli *cli, const struct galen_event *e)
{
    char name[NAME_TEXT_MAX], device[HEX_ID];
    switch ((enum galen_event_kind)e->kind) {
    case GALEN_EVENT_ENTRY:
        entry_print(cli, &e->chart, e->index);
        return;
    case GALEN_EVENT_OFFLINE:
        if (e->purpose == galen_engine_line(cli->engine))
            printf("The line is gone. It is made again by itself.\n");
        break;
    case GALEN_EVENT_REFUSED:
    case GALEN_EVENT_FAILED:
    case GALEN_EVENT_HELD:
    case GALEN_EVENT_FORK:
    case GALEN_EVENT_CLONED:
    case GALEN_EVENT_CHARTS_FULL:
    case GALEN_EVENT_CALL_FAILED:
        printf("%s: %s\n", event_name(e->kind), galen_err_help(e->err));
        if (e->kind == GALEN_EVENT_FAILED)
            cli_failed(cli, stdout, e);
        break;
    case GALEN_EVENT_DRAFT:
        print_draft(cli, e);
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
