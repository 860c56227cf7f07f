/* protocol/wasm: every question, well asked and otherwise. */
#include "wasm/ask.h"

#include "support/allocator.h"
#include "support/module.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct module_host *host;

static void begin(void)
{
    host = module_new();
}

static void end(void)
{
    module_free(host);
}

static char *filled(const char *pattern)
{
    return module_fill(host, pattern);
}

static const struct galen_reply *ask(const char *json)
{
    return module_ask(json, strlen(json));
}

/* -- every question --------------------------------------------------------------------------------- */

#define ID64 "0000000000000000000000000000000000000000000000000000000000000001"

/* Each question as it may be asked, what it gives, and a piece of its answer. */
static const struct {
    const char *json;
    enum galen_err err;
    const char *has;
} good[] = {
    {"{\"do\":\"home\"}", GALEN_OK, "\"state\":\"member\""},
    {"{\"do\":\"schema\"}", GALEN_OK, "\"access\":\"direct\""},
    {"{\"do\":\"charts\"}", GALEN_OK, "\"chart\":\"$own\""},
    {"{\"do\":\"members\",\"chart\":\"$chart\"}", GALEN_OK, "\"role\":\"patient\""},
    {"{\"do\":\"entries\",\"chart\":\"$chart\",\"from\":1,\"count\":1}", GALEN_OK, "\"index\":1"},
    {"{\"do\":\"entries\",\"chart\":\"$chart\",\"before\":9,\"count\":256,\"class\":\"message\"}",
     GALEN_OK, "\"text\":\"hello\""},
    {"{\"do\":\"records\",\"chart\":\"$chart\",\"doc\":\"pmr\"}", GALEN_OK, "\"$medicine\""},
    {"{\"do\":\"history\",\"chart\":\"$chart\",\"doc\":\"pmr\",\"record\":\"$medicine\","
     "\"field\":\"status\"}",
     GALEN_OK, "\"current\":true"},
    {"{\"do\":\"then\",\"chart\":\"$chart\",\"before\":1}", GALEN_OK, "\"records\":{\"pmr\":[]"},
    {"{\"do\":\"then\",\"chart\":\"$chart\",\"before\":0}", GALEN_ERR_VALUE, "successor"},
    {"{\"do\":\"undoable\",\"chart\":\"$chart\"}", GALEN_OK, "\"passed\":"},
    {"{\"do\":\"findings\",\"chart\":\"$chart\"}", GALEN_OK, "\"not_checked\":[{\"what\":"},
    {"{\"do\":\"writing\",\"doc\":\"pmr\",\"field\":\"regimen.dose\",\"text\":\"1.0\"}", GALEN_OK,
     "\"suggestion\":\"1\""},
    {"{\"do\":\"merge\",\"was\":\"dizzy\",\"made\":\"dizzy now\",\"shown\":\"very dizzy\"}",
     GALEN_OK,
     "{\"text\":\"very dizzy now\",\"changes\":[{\"at\":0,\"deleted\":0,\"inserted\":5}]}"},
    {"{\"do\":\"waiting\",\"chart\":\"$chart\"}", GALEN_OK, "["},
    {"{\"do\":\"versions\",\"chart\":\"$chart\"}", GALEN_OK, "\"versions\":[]"},
    {"{\"do\":\"papers\",\"chart\":\"$chart\"}", GALEN_OK, "NOT SIGNED"},
    {"{\"do\":\"papers\",\"chart\":\"$chart\",\"version\":0,\"list\":true,\"paper\":\"a4\","
     "\"zone\":\"-05:00\"}",
     GALEN_OK, "\"name\":\"current-list\""},
    {"{\"do\":\"papers\",\"chart\":\"$chart\",\"version\":1}", GALEN_ERR_VALUE, NULL},
    {"{\"do\":\"call\"}", GALEN_OK, "\"state\":\"none\""},
    {"{\"do\":\"look\",\"link\":\"$link\"}", GALEN_OK, "\"host\":\"galen.example:443\""},
    {"{\"do\":\"check\",\"chart\":\"$chart\"}", GALEN_OK, "\"holds\":true"},
    {"{\"do\":\"evidence\",\"chart\":\"$chart\"}", GALEN_OK, NULL},
    {"{\"do\":\"join\",\"link\":\"$link\"}", GALEN_ERR_STATE, NULL},
    {"{\"do\":\"lost\",\"devices\":[\"" ID64 "\"]}", GALEN_ERR_STATE, NULL},
    {"{\"do\":\"chart_new\",\"name\":\"Maria\"}", GALEN_OK, "\"chart\":\""},
    {"{\"do\":\"invite\",\"role\":\"caregiver\",\"chart\":\"$chart\",\"name\":\"Cara\"}", GALEN_OK,
     "\"link\":\"https://galen.example:443/join#"},
    {"{\"do\":\"invite_guest\",\"chart\":\"$chart\"}", GALEN_ERR_NO_VISIT, NULL},
    {"{\"do\":\"further_device\",\"purpose\":\"sheet\"}", GALEN_OK, "\"device\":\""},
    {"{\"do\":\"remove_device\",\"device\":\"$self\"}", GALEN_OK, "\"token\":\""},
    {"{\"do\":\"add_member\",\"chart\":\"$chart\",\"account\":\"$bob\"}", GALEN_OK, "\"token\":\""},
    {"{\"do\":\"remove_member\",\"chart\":\"$chart\",\"account\":\"$patient\"}", GALEN_OK,
     "\"token\":\""},
    {"{\"do\":\"renew\",\"chart\":\"$chart\"}", GALEN_OK, "\"token\":\""},
    {"{\"do\":\"identify\",\"chart\":\"$chart\",\"account\":\"$patient\",\"check\":\"birthday\"}",
     GALEN_OK, "\"token\":\""},
    {"{\"do\":\"message\",\"chart\":\"$chart\",\"text\":\"two a day\"}", GALEN_OK, "\"token\":\""},
    {"{\"do\":\"undo\",\"chart\":\"$chart\",\"token\":\"$medicine\"}", GALEN_ERR_NOTHING, NULL},
    {"{\"do\":\"write\",\"chart\":\"$chart\",\"doc\":\"pmr\",\"record\":\"$medicine\","
     "\"fields\":{\"status\":\"stopped\"}}",
     GALEN_OK, "\"record\":\"$medicine\",\"proposed\":false"},
    {"{\"do\":\"write\",\"chart\":\"$chart\",\"doc\":\"pmr\",\"record\":\"$medicine\","
     "\"fields\":{\"effects\":\"dizzy\"},\"was\":\"\"}",
     GALEN_OK, "\"proposed\":false"},
    {"{\"do\":\"write\",\"chart\":\"$chart\",\"doc\":\"pmr\",\"record\":\"$medicine\","
     "\"fields\":{\"status\":\"active\"},\"was\":\"\"}",
     GALEN_ERR_VALUE, NULL},
    {"{\"do\":\"answer\",\"chart\":\"$chart\",\"proposal\":$proposal,\"accepted\":true}", GALEN_OK,
     "\"token\":\""},
    {"{\"do\":\"sign\",\"chart\":\"$chart\",\"seen\":1,\"meaning\":\"reviewed-alone\"}",
     GALEN_ERR_OFFLINE, "Sign when everything is here."},
    {"{\"do\":\"release\",\"token\":\"$medicine\",\"send\":false}", GALEN_ERR_VALUE, NULL},
    {"{\"do\":\"live\",\"on\":true}", GALEN_OK, "{}"},
    {"{\"do\":\"draft\",\"chart\":\"$chart\",\"doc\":\"pmr\",\"record\":\"$medicine\","
     "\"field\":\"reason\",\"text\":\"\"}",
     GALEN_ERR_OFFLINE, NULL},
    {"{\"do\":\"draft\",\"chart\":\"$chart\",\"doc\":\"pmr\",\"record\":\"$medicine\","
     "\"field\":\"reason\",\"was\":\"\",\"made\":\"a\",\"caret\":1,\"end\":1}",
     GALEN_ERR_OFFLINE, NULL},
    {"{\"do\":\"draft\",\"chart\":\"$chart\",\"doc\":\"pmr\",\"record\":\"$medicine\","
     "\"field\":\"reason\",\"tag\":\"0123456789abcdef\",\"at\":0,\"deleted\":0,"
     "\"inserted\":\"a\",\"caret\":1,\"end\":1}",
     GALEN_ERR_OFFLINE, NULL},
    {"{\"do\":\"visit_open\",\"chart\":\"$chart\"}", GALEN_OK, "\"visit\":\""},
    {"{\"do\":\"visit_end\",\"chart\":\"$chart\"}", GALEN_ERR_NO_VISIT, NULL},
    {"{\"do\":\"knock\",\"chart\":\"$chart\"}", GALEN_ERR_NO_VISIT, NULL},
    {"{\"do\":\"leave\"}", GALEN_OK, "{}"},
    {"{\"do\":\"admit\",\"device\":\"$self\",\"admitted\":true}", GALEN_ERR_NO_VISIT, NULL},
    {"{\"do\":\"mute\",\"muted\":true}", GALEN_OK, "{}"},
    {"{\"do\":\"shut_out\"}", GALEN_OK, "{}"},
};
#define GOOD (sizeof good / sizeof *good)

TestSuite(ask, .init = begin, .fini = end);

Test(ask, each_question_is_answered)
{
    module_open(host);
    for (size_t i = 0; i < GOOD; i++) {
        char *json = filled(good[i].json), *has = good[i].has ? filled(good[i].has) : NULL;
        const struct galen_reply *reply = ask(json);
        if (strstr(json, "evidence") && reply->err == GALEN_OK) {
            struct galen_evidence_report report;
            struct galen_id practice =
                galen_device_id(galen_sodium_primitives(), &host->patients->practice);
            cr_assert_eq(galen_evidence_check((struct galen_bytes){reply->at, reply->size},
                                              &practice, NULL, &report),
                         GALEN_OK);
            cr_assert(galen_evidence_holds(&report));
            cr_assert_eq(report.size, host->patients->size);
        } else {
            const char *answer = module_said(reply);
            cr_assert_eq(reply->err, good[i].err, "%s: %s", json, answer);
            cr_assert(!has || strstr(answer, has), "%s: %s", json, answer);
        }
        free(json);
        free(has);
        module_drain(host);
    }
}

/* The contract's names, between "export interface Questions {" and its end. */
static size_t contract(char names[64][32])
{
    FILE *file = fopen(GALEN_SOURCE_DIR "/web-client/src/core/protocol.ts", "r");
    char line[512], name[32];
    size_t count = 0;
    bool inside = false;
    cr_assert_not_null(file);
    while (fgets(line, sizeof line, file)) {
        if (strncmp(line, "export interface Questions {", 28) == 0)
            inside = true;
        else if (line[0] == '}')
            inside = false;
        else if (inside && sscanf(line, "    %31[a-z_]: {", name) == 1 && line[4] != ' ')
            strcpy(names[count++], name);
        cr_assert_lt(count, 64);
    }
    fclose(file);
    return count;
}

Test(ask, every_question_of_the_contract_has_a_row_and_each_row_a_test)
{
    char names[64][32];
    size_t count = contract(names), rows = 0;
    for (const char *row; (row = ask_name(rows)); rows++) {
        bool named = false, tested = false;
        for (size_t i = 0; i < count; i++)
            named = named || strcmp(names[i], row) == 0;
        cr_assert(named, "the contract has no `%s`", row);
        for (size_t i = 0; i < GOOD; i++) {
            char begin[64];
            snprintf(begin, sizeof begin, "{\"do\":\"%s\"", row);
            tested = tested || strncmp(good[i].json, begin, strlen(begin)) == 0;
        }
        cr_assert(tested, "`%s` is not tested", row);
    }
    cr_assert_eq(count, rows + 2, "all but `seen` and `voice`, which the worker answers");
}

/* -- what is refused -------------------------------------------------------------------------------- */

static void refused_naming(const cJSON *question, const char *name, const char *why)
{
    char *json = cJSON_PrintUnformatted(question), quoted[64];
    const struct galen_reply *reply = ask(json);
    snprintf(quoted, sizeof quoted, "`%s`", name);
    const char *answer = module_said(reply);
    cr_assert_eq(reply->err, GALEN_ERR_USAGE, "%s: %s: %s", why, json, answer);
    cr_assert(strstr(answer, quoted), "%s: %s: %s", why, json, answer);
    cJSON_free(json);
}

/* Those that a question may be asked without: `from` and `before` stand for each other. */
static bool is_optional(const char *question, const char *field)
{
    return (strcmp(question, "entries") == 0 && strcmp(field, "class") == 0) ||
           (strcmp(question, "papers") == 0 && strcmp(field, "chart") != 0) ||
           (strcmp(question, "undoable") == 0 && strcmp(field, "language") == 0) ||
           (strcmp(question, "sign") == 0 && strcmp(field, "visit") == 0) ||
           (strcmp(question, "invite") == 0 && strcmp(field, "chart") == 0) ||
           (strcmp(question, "write") == 0 &&
            (strcmp(field, "record") == 0 || strcmp(field, "was") == 0));
}

Test(ask, what_is_missing_of_another_type_or_unknown_is_named)
{
    static const char *const wrong[] = {"null", "7.5",   "-1",  "\"\\u0001 no such thing\"",
                                        "[[]]", "1e300", "[1]", "{\"a\":[]}"};
    module_open(host);
    free(filled("$link")); /* which is made by a request */
    module_drain(host);
    size_t commits = host->commits;
    for (size_t i = 0; i < GOOD; i++) {
        char *json = filled(good[i].json);
        cJSON *question = cJSON_Parse(json);
        char name[32];
        strcpy(name, cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(question, "do")));
        for (int f = 0; f < cJSON_GetArraySize(question); f++) {
            char field[32];
            strcpy(field, cJSON_GetArrayItem(question, f)->string);
            cJSON *without = cJSON_Duplicate(question, true);
            cJSON_DeleteItemFromObjectCaseSensitive(without, field);
            if (!is_optional(name, field))
                refused_naming(without, field, "missing");
            for (size_t w = 0; w < sizeof wrong / sizeof *wrong; w++) {
                if (strcmp(field, "text") == 0 || strcmp(field, "name") == 0 ||
                    strcmp(field, "check") == 0 || strcmp(field, "link") == 0 ||
                    strcmp(field, "field") == 0 || strcmp(field, "was") == 0 ||
                    strcmp(field, "made") == 0 || strcmp(field, "shown") == 0 ||
                    strcmp(field, "inserted") == 0)
                    if (wrong[w][0] == '"') /* it is text, and judged by whoever takes it */
                        continue;
                if (strcmp(field, "fields") == 0 && wrong[w][0] == '{')
                    continue;
                cJSON *other = cJSON_Duplicate(without, true);
                cJSON_AddItemToObject(other, field, cJSON_Parse(wrong[w]));
                refused_naming(other, field, wrong[w]);
                cJSON_Delete(other);
            }
            cJSON *twice = cJSON_Duplicate(question, true);
            cJSON_AddItemToObject(
                twice, field,
                cJSON_Duplicate(cJSON_GetObjectItemCaseSensitive(question, field), true));
            refused_naming(twice, field, "twice");
            cJSON_Delete(twice);
            cJSON_Delete(without);
        }
        cJSON *more = cJSON_Duplicate(question, true);
        cJSON_AddNullToObject(more, "nothing");
        refused_naming(more, name, "a field that there is not");
        cJSON_Delete(more);
        more = cJSON_Duplicate(question, true);
        const char *foreign = strcmp(name, "mute") == 0 ? "send" : "muted";
        cJSON_AddBoolToObject(more, foreign, true);
        refused_naming(more, foreign, "another's field");
        cJSON_Delete(more);
        cJSON_Delete(question);
        free(json);
    }
    cr_assert_eq(host->sent, 0);
    module_drain(host);
    cr_assert_eq(host->commits, commits, "what is refused changes nothing");
}

Test(ask, a_question_that_is_cut_off_is_none)
{
    module_open(host);
    for (size_t i = 0; i < GOOD; i++) {
        char *json = filled(good[i].json);
        for (size_t n = 0; n < strlen(json); n++)
            cr_assert_eq(module_ask(json, n)->err, GALEN_ERR_USAGE, "%.*s", (int)n, json);
        free(json);
    }
}

static void is_refused(const char *json, size_t size)
{
    const struct galen_reply *reply = module_ask(json, size);
    cr_assert_eq(reply->err, GALEN_ERR_USAGE, "%.*s: %s", (int)(size < 80 ? size : 80), json,
                 module_said(reply));
    module_said(reply);
}

Test(ask, hostile_json_is_refused)
{
    static const char *const none[] = {"",
                                       " ",
                                       "{",
                                       "[]",
                                       "null",
                                       "\"home\"",
                                       "{}",
                                       "{\"do\":7}",
                                       "{\"do\":\"\"}",
                                       "{\"do\":\"Home\"}",
                                       "{\"do\":\"home\\u0000x\"}",
                                       "{\"do\":\"home\"}x",
                                       "{\"do\":\"home\"}{}",
                                       "{\"do\":\"home\",}",
                                       "{'do':'home'}",
                                       "{\"do\":\"home\",\"do\":\"home\"}",
                                       "{\"do\":\"home\"\x01}",
                                       "{\"do\":\"home\xff\"}",
                                       "{\"do\":\"home\xed\xa0\x80\"}",
                                       "{\"do\":\"\\ud800\"}",
                                       "{\"DO\":\"home\"}",
                                       "\xef\xbb\xbf{\"do\":\"home\"}"};
    module_open(host);
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        is_refused(none[i], strlen(none[i]));
    is_refused("{\"do\":\"home\"}\0", 14);
    /* Eight within each other are read, and then named; nine are not even read. */
    cr_assert(
        strstr(module_said(ask("{\"do\":\"home\",\"x\":[[[[[[[]]]]]]]}")), "no question has"));
    cr_assert_null(
        strstr(module_said(ask("{\"do\":\"home\",\"x\":[[[[[[[[]]]]]]]]}")), "no question has"));
    /* Brackets in a text are text. */
    char *json = filled("{\"do\":\"message\",\"chart\":\"$chart\",\"text\":\"[[[[[[[[[[\\\"{{\"}");
    cr_assert_eq(ask(json)->err, GALEN_OK);
    free(json);
    /* A 0 in a text would end it; what looks like one and is not may pass. */
    json = filled("{\"do\":\"message\",\"chart\":\"$chart\",\"text\":\"a\\u0000b\"}");
    is_refused(json, strlen(json));
    free(json);
    json = filled("{\"do\":\"message\",\"chart\":\"$chart\",\"text\":\"a\\\\u0000b\"}");
    cr_assert_eq(ask(json)->err, GALEN_OK);
    free(json);
    size_t size = GALEN_WASM_ASK_MAX + 1;
    char *large = malloc(size + 1);
    memset(large, ' ', size);
    memcpy(large, "{\"do\":\"home\"}", 13);
    cr_assert_eq(module_ask(large, 13)->err, GALEN_OK);
    is_refused(large, size);
    memset(large, '[', size);
    is_refused(large, size - 1);
    free(large);
}

/* A text of `n` times `piece`. */
static enum galen_err long_text(const char *before, const char *piece, size_t n, const char *after)
{
    char *begin = filled(before), *json = malloc(strlen(begin) + n * strlen(piece) + 64);
    strcpy(json, begin);
    size_t used = strlen(begin);
    for (size_t i = 0; i < n; i++, used += strlen(piece))
        strcpy(json + used, piece);
    strcpy(json + used, after);
    enum galen_err err = ask(json)->err;
    free(begin);
    free(json);
    return err;
}

Test(ask, texts_numbers_and_lists_have_bounds)
{
    module_open(host);
    const char *message = "{\"do\":\"message\",\"chart\":\"$chart\",\"text\":\"";
    cr_assert_eq(long_text(message, "ä", GALEN_MESSAGE_MAX / 2, "\"}"), GALEN_OK);
    cr_assert_eq(long_text(message, "ä", GALEN_MESSAGE_MAX / 2 + 1, "\"}"), GALEN_ERR_USAGE);
    cr_assert_eq(long_text("{\"do\":\"chart_new\",\"name\":\"", "x", GALEN_LINE_POINTS_MAX, "\"}"),
                 GALEN_OK);
    cr_assert_eq(long_text("{\"do\":\"chart_new\",\"name\":\"", "x", NAME_TEXT_MAX, "\"}"),
                 GALEN_ERR_USAGE);
    cr_assert_eq(long_text("{\"do\":\"look\",\"link\":\"", "x", ASK_LINK_MAX, "\"}"),
                 GALEN_ERR_FORMAT);
    cr_assert_eq(long_text("{\"do\":\"look\",\"link\":\"", "x", ASK_LINK_MAX + 1, "\"}"),
                 GALEN_ERR_USAGE);
    cr_assert_eq(long_text("{\"do\":\"lost\",\"devices\":[\"" ID64 "\"", ",\"" ID64 "\"", 7, "]}"),
                 GALEN_ERR_STATE);
    cr_assert_eq(long_text("{\"do\":\"lost\",\"devices\":[\"" ID64 "\"", ",\"" ID64 "\"", 8, "]}"),
                 GALEN_ERR_USAGE);
    cr_assert_eq(long_text("{\"do\":\"lost\",\"devices\":[", "", 0, "]}"), GALEN_ERR_STATE);
    static const struct {
        const char *from;
        enum galen_err err;
    } numbers[] = {{"0", GALEN_OK},
                   {"9007199254740991", GALEN_OK},
                   {"9007199254740992", GALEN_ERR_USAGE},
                   {"0.5", GALEN_ERR_USAGE},
                   {"-0.5", GALEN_ERR_USAGE},
                   {"-1", GALEN_ERR_USAGE},
                   {"1e400", GALEN_ERR_USAGE},
                   {"\"1\"", GALEN_ERR_USAGE},
                   {"true", GALEN_ERR_USAGE}};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        cr_assert_eq(long_text("{\"do\":\"entries\",\"chart\":\"$chart\",\"count\":1,\"from\":",
                               numbers[i].from, 1, "}"),
                     numbers[i].err, "%s", numbers[i].from);
    cr_assert_eq(
        long_text("{\"do\":\"entries\",\"chart\":\"$chart\",\"from\":0,\"count\":", "257", 1, "}"),
        GALEN_ERR_USAGE);
    static const char *const ids[] = {"", "00", (ID64 "0"), ("x0" ID64), "$"};
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++)
        cr_assert_eq(long_text("{\"do\":\"members\",\"chart\":\"", ids[i], 1, "\"}"),
                     GALEN_ERR_USAGE, "%s", ids[i]);
}

Test(ask, a_chart_that_is_not_known_is_unknown)
{
    module_open(host);
    for (size_t i = 0; i < GOOD; i++) {
        if (!strstr(good[i].json, "\"chart\":\"$chart\""))
            continue;
        char *json = filled(good[i].json);
        memset(strstr(json, "\"chart\":\"") + 9, '7', 64);
        cr_assert_eq(ask(json)->err, GALEN_ERR_CHART, "%s", json);
        module_said(ask(json));
        free(json);
    }
}

/* -- entries ---------------------------------------------------------------------------------------- */

static void entries_are(const char *pattern, const char *expected)
{
    char *json = filled(pattern), found[256] = "";
    const struct galen_reply *reply = ask(json);
    cJSON *list = cJSON_Parse(module_said(reply)), *entry;
    cJSON_ArrayForEach(entry, list)
    {
        size_t used = strlen(found);
        snprintf(found + used, sizeof found - used, "%s%d", used ? " " : "",
                 cJSON_GetObjectItemCaseSensitive(entry, "index")->valueint);
    }
    cr_assert_str_eq(found, expected, "%s", json);
    cJSON_Delete(list);
    free(json);
}

#define ENTRIES "{\"do\":\"entries\",\"chart\":\"$chart\","

Test(ask, entries_are_had_forwards_and_backwards)
{
    module_open(host);
    cr_assert_eq(host->patients->size, 5); /* epoch, epoch, record, record, message */
    entries_are(ENTRIES "\"from\":0,\"count\":256}", "0 1 2 3 4");
    entries_are(ENTRIES "\"from\":1,\"count\":2}", "1 2");
    entries_are(ENTRIES "\"from\":5,\"count\":2}", "");
    entries_are(ENTRIES "\"from\":0,\"count\":0}", "");
    entries_are(ENTRIES "\"before\":5,\"count\":2}", "3 4");
    entries_are(ENTRIES "\"before\":3,\"count\":2}", "1 2");
    entries_are(ENTRIES "\"before\":9007199254740991,\"count\":3}", "2 3 4");
    entries_are(ENTRIES "\"before\":0,\"count\":3}", "");
    entries_are(ENTRIES "\"before\":5,\"count\":0}", "");
    entries_are(ENTRIES "\"from\":0,\"count\":2,\"class\":\"record\"}", "2 3");
    entries_are(ENTRIES "\"before\":4,\"count\":1,\"class\":\"epoch\"}", "1");
    entries_are(ENTRIES "\"before\":4,\"count\":9,\"class\":\"message\"}", "");
    char *json = filled(ENTRIES "\"from\":0,\"before\":5,\"count\":1}");
    cr_assert_eq(ask(json)->err, GALEN_ERR_USAGE);
    free(json);
}

/* -- what is written -------------------------------------------------------------------------------- */

Test(ask, the_profile_is_written_without_naming_its_record)
{
    module_open(host);
    char *json = filled("{\"do\":\"write\",\"chart\":\"$chart\",\"doc\":\"profile\","
                        "\"fields\":{\"phone\":\"555 0100\"}}");
    for (int i = 0; i < 2; i++)
        cr_assert(
            strstr(module_said(ask(json)), "\"record\":\"00000000000000000000000000000001\""));
    free(json);
    json = filled("{\"do\":\"write\",\"chart\":\"$chart\",\"doc\":\"profile\","
                  "\"record\":\"$medicine\",\"fields\":{\"phone\":\"555 0100\"}}");
    cr_assert_eq(ask(json)->err, GALEN_ERR_VALUE);
    free(json);
}

Test(ask, the_schema_is_said_in_a_language_that_is_there)
{
    module_open(host);
    cr_assert(strstr(module_said(ask("{\"do\":\"schema\",\"language\":\"en\"}")),
                     "\"help\":\"What it is for, such as high blood pressure.\""));
    cr_assert_eq(ask("{\"do\":\"schema\",\"language\":\"xx\"}")->err, GALEN_ERR_VALUE);
    cr_assert(strstr(module_said(ask("{\"do\":\"schema\",\"language\":\"xx\"}")),
                     "There are no words in the language `xx`."));
    cr_assert_eq(ask("{\"do\":\"schema\",\"language\":1}")->err, GALEN_ERR_USAGE);
}

Test(ask, a_new_record_gets_an_id_of_its_own)
{
    module_open(host);
    char *json = filled("{\"do\":\"write\",\"chart\":\"$chart\",\"doc\":\"map\","
                        "\"fields\":{\"action\":\"bring the pills\"}}");
    char first[256];
    snprintf(first, sizeof first, "%s", module_said(ask(json)));
    cr_assert(strstr(first, "\"record\":\""));
    cr_assert(memcmp(strstr(first, "\"record\":\""),
                     strstr(module_said(ask(json)), "\"record\":\""), 42));
    free(json);
    json =
        filled("{\"do\":\"write\",\"chart\":\"$chart\",\"doc\":\"map\",\"fields\":{\"no\":\"\"}}");
    cr_assert_eq(ask(json)->err, GALEN_ERR_VALUE);
    cr_assert(strstr(module_said(ask(json)), "`map` has no field `no`. It has: topic, action"));
    free(json);
}

Test(ask, an_empty_home_joins)
{
    module_open(host);
    char *json = filled("{\"do\":\"join\",\"link\":\"$link\"}");
    galen_close();
    module_open_empty(host);
    cr_assert(strstr(module_said(ask("{\"do\":\"home\"}")), "\"state\":\"empty\""));
    cr_assert_eq(ask(json)->err, GALEN_OK);
    cr_assert(strstr(module_said(ask("{\"do\":\"home\"}")), "\"state\":\"joining\""));
    module_drain(host);
    free(json);
}

/* -- out of memory ---------------------------------------------------------------------------------- */

Test(ask, each_allocation_may_fail_and_the_answer_is_whole_or_says_so)
{
    module_open(host);
    for (size_t i = 0; i < GOOD; i++) {
        char *json = filled(good[i].json);
        bool failed = true;
        if (strstr(json, "evidence") || strstr(json, "\"do\":\"check\""))
            failed = false; /* thousands of them, made to fail where evidence is tested */
        for (size_t nth = 1; failed; nth++) {
            allocator_fail(nth);
            const struct galen_reply *reply =
                galen_ask(MODULE_NOW, (const uint8_t *)json, strlen(json));
            failed = allocator_failed();
            allocator_fail(0);
            cr_assert(reply->err == good[i].err || reply->err == GALEN_ERR_MEMORY ||
                          reply->err == GALEN_ERR_LIMIT,
                      "%s, %zu: %s", json, nth, module_said(reply));
            module_said(reply);
            if (galen_next() && strstr(json, "do")) {
                galen_close(); /* what was half done is not carried out: load again */
                module_open(host);
            }
        }
        free(json);
    }
}
