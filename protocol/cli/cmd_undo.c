/* galen doc undo */
#include "cli.h"

#include <stdio.h>
#include <string.h>

#define WHY_TEXT (NAME_TEXT_MAX + 128)

struct undoing {
    struct galen_id chart;
    const cJSON *change; /* of what was looked at */
    galen_token token;
};

static const char *text_of(const cJSON *object, const char *name)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
    return text ? text : "";
}

static const cJSON *part(const cJSON *object, const char *name)
{
    const cJSON *found = cJSON_GetObjectItemCaseSensitive(object, name);
    return cJSON_IsNull(found) ? NULL : found;
}

static void why_text(const cJSON *of, char out[WHY_TEXT])
{
    static const struct {
        const char *why, *words;
    } table[] = {
        {"written-since", "was written since"},
        {"choice", "several values stood there before: choose one in the record"},
        {"same", "would say the same as now"},
        {"role", "your role may not write it any more"},
        {"used", "somebody wrote in the record, or of it in another: stop it instead"},
        {"signed", "it stands in a signed version: stop it instead"},
        {"answered", "was answered"},
        {"open-before", "was open before: answer the proposal again"},
        {"too-long", "the text would be too long"},
    };
    const cJSON *by = part(of, "by");
    const char *words = "";
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (strcmp(table[i].why, text_of(of, "why")) == 0)
            words = table[i].words;
    if (by)
        snprintf(out, WHY_TEXT, "%s (%s, %s)", words,
                 text_of(by, "name")[0] ? text_of(by, "name") : "?", text_of(by, "role"));
    else
        snprintf(out, WHY_TEXT, "%s", words);
}

static void print_field(const cJSON *field)
{
    const char *now = text_of(field, "now"), *then = text_of(field, "then");
    char why[WHY_TEXT];
    if (!cJSON_IsTrue(part(field, "goes"))) {
        why_text(field, why);
        printf("  %s stays: %s\n", text_of(field, "field"), why);
    } else if (part(field, "now")) {
        printf("  %s: ", text_of(field, "field"));
        print_said(now[0] ? now : "(cleared)");
        printf(" -> ");
        print_said(then[0] ? then : "(cleared)");
        printf("\n");
    }
}

/* "Instructions – Metformin (written 2026-03-14 09:26:53)", and what becomes of its fields. */
static void print_change(const char *before, const cJSON *change)
{
    char time[TIME_TEXT];
    const char *kind = text_of(change, "kind");
    const cJSON *field;
    local_time_text((uint64_t)part(change, "time_ms")->valuedouble, time);
    printf("%s%s (%s %s)\n", before, text_of(change, "what"),
           strcmp(kind, "propose") == 0             ? "proposed"
           : strcmp(kind, "write") == 0             ? "written"
           : cJSON_IsTrue(part(change, "accepted")) ? "accepted"
                                                    : "declined",
           time);
    cJSON_ArrayForEach(field, part(change, "fields")) print_field(field);
}

static void print_passed(const cJSON *passed)
{
    char why[WHY_TEXT];
    if (!passed)
        return;
    why_text(passed, why);
    printf("Left as it is: %s: %s\n", text_of(passed, "what"), why);
}

/* What was meant cannot be taken back, and what was before it nobody may have meant. */
static int stop_at(struct cli *cli, const cJSON *look)
{
    char why[WHY_TEXT];
    const cJSON *passed = part(look, "passed"), *undo = part(look, "undo");
    why_text(passed, why);
    return cli_fail(cli, GALEN_ERR_NOTHING, "Your last change stays as it is: %s: %s.%s%s%s",
                    text_of(passed, "what"), why, undo ? " Before it was: " : "",
                    text_of(undo, "what"),
                    undo ? ". `galen doc undo --before` takes that back; `--look` says what it "
                           "would say then."
                         : "");
}

static int show_look(struct cli *cli, cJSON *look)
{
    if (cli->json) {
        print_json(look);
        return CLI_OK;
    }
    print_passed(part(look, "passed"));
    if (part(look, "undo"))
        print_change(part(look, "passed") ? "`galen doc undo --before` would take back: "
                                          : "`galen doc undo` would take back: ",
                     part(look, "undo"));
    else
        printf("There is nothing of yours to take back.\n");
    if (part(look, "redo"))
        print_change("`galen doc undo --again` would make stand again: ", part(look, "redo"));
    cJSON_Delete(look);
    return CLI_OK;
}

static enum galen_err make_undo(struct cli *cli, void *context)
{
    struct undoing *undoing = context;
    return galen_engine_undo(cli->engine, clock_ms(), &undoing->chart, undoing->token);
}

/* What waited here has no entry. */
static int carry_out(struct cli *cli, struct undoing *undoing)
{
    uint64_t index = GALEN_NO_ENTRY;
    bool again = cli->args.given[OPTION_AGAIN];
    hex_read(text_of(undoing->change, "token"), undoing->token, sizeof undoing->token);
    enum galen_err err = cli_request(cli, undoing, make_undo);
    session_turn(cli->session);
    if (err != GALEN_OK)
        return cli_fail(cli, err, NULL);
    int status = part(undoing->change, "index")
                     ? cli_finish(cli, &undoing->chart, undoing->token, &index)
                     : CLI_OK;
    if (status != CLI_OK)
        return status;
    if (cli->json) {
        cJSON *object = cJSON_CreateObject();
        json_id(object, "chart", &undoing->chart);
        json_put(object, again ? "redo" : "undo", cJSON_Duplicate(undoing->change, true));
        if (index != GALEN_NO_ENTRY)
            json_number(object, "index", index);
        print_json(object);
        return CLI_OK;
    }
    print_change(again ? "Stands again: " : "Taken back: ", undoing->change);
    if (index != GALEN_NO_ENTRY)
        printf("  entry %llu\n", (unsigned long long)index);
    return CLI_OK;
}

int command_doc_undo(struct cli *cli)
{
    struct undoing undoing = {0};
    enum galen_err err;
    bool again = cli->args.given[OPTION_AGAIN];
    int status = cli_open(cli, OPEN_MEMBER);
    if (status == CLI_OK)
        status = chart_argument(cli, 0, &undoing.chart);
    if (status != CLI_OK)
        return status;
    status = cli_sync_to_show(cli, &undoing.chart);
    if (status != CLI_OK)
        return status;
    cJSON *look = undo_json(cli->engine, &undoing.chart, &galen_words_en, &err);
    if (!look)
        return cli_fail(cli, err, NULL);
    if (cli->args.given[OPTION_LOOK])
        return show_look(cli, look);
    if (!cli->json && !again)
        print_passed(part(look, "passed"));
    undoing.change = part(look, again ? "redo" : "undo");
    if (!again && part(look, "passed") && !cli->args.given[OPTION_BEFORE])
        status = stop_at(cli, look);
    else if (undoing.change)
        status = carry_out(cli, &undoing);
    else
        status = cli_fail(
            cli, GALEN_ERR_NOTHING,
            again ? "There is nothing to make stand again: you took nothing back, or changed "
                    "something since."
                  : NULL);
    cJSON_Delete(look);
    return status;
}
