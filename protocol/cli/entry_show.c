/* One entry of a chart's log, for people. */
#include "cli.h"

#include <stdio.h>
#include <string.h>

static const char *text_of(const cJSON *object, const char *name)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
    return text ? text : "";
}

static void print_fields(const cJSON *entry)
{
    const cJSON *fields = cJSON_GetObjectItemCaseSensitive(entry, "fields"), *field;
    printf("%s %.8s", text_of(entry, "doc"), text_of(entry, "record"));
    cJSON_ArrayForEach(field, fields)
    {
        printf("\n      %s = ", field->string);
        print_said(field->valuestring[0] ? field->valuestring : "(cleared)");
    }
}

static void print_added(const cJSON *entry)
{
    const cJSON *added = cJSON_GetObjectItemCaseSensitive(entry, "added"), *one;
    const cJSON *members = cJSON_GetObjectItemCaseSensitive(entry, "members");
    if (!members)
        return;
    printf("%d devices", members->valueint);
    cJSON_ArrayForEach(one, added)
        printf(", + %s's %s", text_of(one, "role"), text_of(one, "purpose"));
}

static void print_content(const cJSON *entry)
{
    const char *kind = text_of(entry, "kind"), *state = text_of(entry, "state");
    const cJSON *proposal = cJSON_GetObjectItemCaseSensitive(entry, "proposal");
    if (strcmp(state, "locked") == 0)
        printf("(not open to this device%s)",
               strcmp(text_of(entry, "class"), "message") == 0 ? "" : " yet");
    else if (strcmp(state, "withheld") == 0)
        printf("(held back by the server)");
    else if (proposal)
        printf("%s the proposal of entry %d",
               cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(entry, "accepted")) ? "accepts"
                                                                                 : "declines",
               proposal->valueint);
    else if (cJSON_GetObjectItemCaseSensitive(entry, "fields"))
        print_fields(entry);
    else if (strcmp(kind, "visit") == 0)
        printf("visit %s", text_of(entry, "visit_event"));
    else if (strcmp(kind, "unknown") == 0)
        printf("(needs a newer version of galen)");
    else if (cJSON_GetObjectItemCaseSensitive(entry, "added"))
        print_added(entry);
    else
        print_said(text_of(entry, "text"));
}

void entry_print(struct cli *cli, const struct galen_id *chart, uint64_t index)
{
    char time[TIME_TEXT];
    cJSON *entry = entry_json(cli->engine, chart, index);
    if (!entry)
        return;
    const cJSON *at = cJSON_GetObjectItemCaseSensitive(entry, "time_ms");
    const char *kind = text_of(entry, "kind"), *why = text_of(entry, "why");
    int verified = cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(entry, "verified_by"));
    local_time_text((uint64_t)at->valuedouble, time);
    printf("%4llu  %s  %s (%s)  %s%s%s", (unsigned long long)index, time,
           text_of(entry, "name")[0] ? text_of(entry, "name") : "?", text_of(entry, "role"),
           kind[0] ? kind : text_of(entry, "class"), why[0] ? "  VOID: " : "", why);
    printf("  [with the server%s", verified > 0 ? "; verified by " : "");
    if (verified > 0)
        printf("%d other%s", verified, verified == 1 ? "" : "s");
    printf("]\n      ");
    print_content(entry);
    printf("\n");
    cJSON_Delete(entry);
    fflush(stdout);
}
