/* The commands that are given to a running galen on standard input. */
#include "tasks.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    int (*run)(struct task *t);
    const char *fields; /* what it takes besides do and id; "!": and needs */
    const char *word;   /* what a second word means, where a person types words */
} tasks[] = {
    {"send", do_send, "chart text!", "text"},
    {"doc set", do_doc_set, "chart doc! record! fields!", NULL},
    {"doc propose", do_doc_set, "chart doc! record! fields!", NULL},
    {"doc accept", do_accept, "chart index!", NULL},
    {"doc decline", do_decline, "chart index!", NULL},
    {"doc choose", do_choose, "chart doc! record! field! index!", NULL},
    {"doc sign", do_sign, "chart seen! meaning! visit", NULL},
    {"doc undoable", do_undoable, "chart", NULL},
    {"doc undo", do_undo, "chart token!", NULL},
    {"doc get", do_doc_get, "chart doc!", NULL},
    {"log", do_log, "chart from", NULL},
    {"draft", do_draft, "chart doc! record! field! text!", NULL},
    {"identify", do_identify, "chart account! text!", NULL},
    {"chart new", do_chart_new, "name!", NULL},
    {"chart add", do_add, "chart account!", NULL},
    {"chart remove", do_remove, "chart account!", NULL},
    {"invite", do_invite, "chart role! name", NULL},
    {"release", do_release, "token! send!", NULL},
    {"visit open", do_visit_open, "chart", NULL},
    {"visit end", do_visit_end, "chart", NULL},
    {"end", do_visit_end, "chart", NULL},
    {"knock", do_knock, "chart", NULL},
    {"admit", do_admit, "device!", "device"},
    {"refuse", do_refuse, "device!", "device"},
    {"leave", do_leave, "", NULL},
    {"call", do_call, "chart in out seconds muted", NULL},
    {"mute", do_mute, "", NULL},
    {"unmute", do_unmute, "", NULL},
    {"hang up", do_hang_up, "", NULL},
};
#define TASK_COUNT (sizeof tasks / sizeof *tasks)

/* A field is of one kind wherever it stands; those that are not here are texts. */
enum field_kind { TEXT, NUMBER, YES_NO, OBJECT };
static const struct {
    const char *name;
    enum field_kind kind;
} kinds[] = {
    {"fields", OBJECT},  {"index", NUMBER}, {"seen", NUMBER},  {"from", NUMBER},
    {"seconds", NUMBER}, {"send", YES_NO},  {"muted", YES_NO},
};

/* Names are alike with spaces, hyphens and underscores. */
static bool is_named(const char *name, const char *typed)
{
    for (; *name && *typed; name++, typed++)
        if (*name != *typed && !(*name == ' ' && (*typed == '-' || *typed == '_')))
            return false;
    return *name == 0 && *typed == 0;
}

static size_t find_task(const char *typed)
{
    for (size_t i = 0; i < TASK_COUNT; i++)
        if (typed && is_named(tasks[i].name, typed))
            return i;
    return TASK_COUNT;
}

/* "admit 1a2b" as {"do":"admit","device":"1a2b"}. */
static cJSON *from_words(const char *line, size_t size)
{
    char words[512];
    if (size == 0 || size >= sizeof words)
        return NULL;
    memcpy(words, line, size);
    words[size] = 0;
    while (size > 0 && isspace((unsigned char)words[size - 1]))
        words[--size] = 0;
    if (find_task(words) < TASK_COUNT)
        return json_new("do", words);
    char *space = strchr(words, ' ');
    if (!space)
        return json_new("do", words);
    *space = 0;
    size_t i = find_task(words);
    cJSON *object = json_new("do", words);
    if (i < TASK_COUNT && tasks[i].word)
        cJSON_AddStringToObject(object, tasks[i].word, space + 1);
    return object;
}

/* Is `name` in the list of a row? `needed`: is it so with a "!"? */
static bool is_listed(const char *fields, const char *name, bool *needed)
{
    size_t size = strlen(name);
    for (const char *at = fields; *at;) {
        size_t n = strcspn(at, " !");
        *needed = at[n] == '!';
        if (n == size && memcmp(at, name, n) == 0)
            return true;
        at += strcspn(at, " ");
        at += *at == ' ' ? 1 : 0;
    }
    return false;
}

static int check_kind(struct cli *cli, const cJSON *field)
{
    enum field_kind kind = TEXT;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strcmp(kinds[i].name, field->string) == 0)
            kind = kinds[i].kind;
    bool ok = kind == TEXT     ? cJSON_IsString(field)
              : kind == NUMBER ? cJSON_IsNumber(field)
              : kind == YES_NO ? cJSON_IsBool(field)
                               : cJSON_IsObject(field);
    static const char *const words[] = {"a text", "a whole number", "true or false", "an object"};
    return ok ? CLI_OK
              : cli_fail(cli, GALEN_ERR_USAGE, "\"%s\" should be %s.", field->string, words[kind]);
}

/* What is foreign or of another kind is refused by name, and nothing is done: a word that was mistyped would
 * else be as if it had not been said. */
static int check_fields(struct cli *cli, size_t i, const cJSON *in)
{
    const cJSON *field;
    bool needed;
    cJSON_ArrayForEach(field, in)
    {
        if (strcmp(field->string, "do") == 0 || strcmp(field->string, "id") == 0)
            continue;
        if (!is_listed(tasks[i].fields, field->string, &needed))
            return cli_fail(cli, GALEN_ERR_USAGE,
                            "`%s` has no \"%.40s\"; `galen agent --help` shows what it takes.",
                            tasks[i].name, field->string);
        int status = check_kind(cli, field);
        if (status != CLI_OK)
            return status;
    }
    for (const char *at = tasks[i].fields; *at;) {
        char name[16];
        snprintf(name, sizeof name, "%.*s", (int)strcspn(at, " !"), at);
        if (is_listed(tasks[i].fields, name, &needed) && needed &&
            !cJSON_GetObjectItemCaseSensitive(in, name))
            return cli_fail(cli, GALEN_ERR_USAGE, "`%s` needs \"%s\".", tasks[i].name, name);
        at += strcspn(at, " ");
        at += *at == ' ' ? 1 : 0;
    }
    return CLI_OK;
}

static void answer(struct task *t, int status, const struct captured *failure)
{
    cJSON_AddBoolToObject(t->answer, "ok", status == CLI_OK);
    if (status != CLI_OK) {
        cJSON_AddStringToObject(t->answer, "error", galen_err_name(failure->err));
        cJSON_AddStringToObject(t->answer, "message", failure->text);
    }
    if (t->has_token)
        json_hex(t->answer, "token", t->token, sizeof t->token);
    if (t->cli->json) {
        print_json(t->answer);
        return;
    }
    if (status != CLI_OK)
        fprintf(stderr, "galen: %s\n", failure->text);
    cJSON_Delete(t->answer);
}

void stay_do(struct stay *s, const char *line, size_t size)
{
    struct task t = {.stay = s, .cli = s->cli};
    struct captured failure = {0};
    while (size > 0 && isspace((unsigned char)*line)) {
        line++;
        size--;
    }
    if (size == 0)
        return;
    cJSON *in = *line == '{' ? json_object((struct galen_bytes){(const uint8_t *)line, size})
                             : from_words(line, size);
    t.in = in;
    t.answer = json_new("event", "answer");
    const char *what = in ? text_in(&t, "do") : NULL;
    size_t i = find_task(what);
    if (what)
        cJSON_AddStringToObject(t.answer, "do", what);
    if (in && cJSON_GetObjectItemCaseSensitive(in, "id"))
        json_put(t.answer, "id", cJSON_Duplicate(cJSON_GetObjectItemCaseSensitive(in, "id"), true));
    s->cli->captured = &failure;
    int status;
    const char *twice = json_twice(in);
    if (!in)
        status = cli_fail(s->cli, GALEN_ERR_USAGE,
                          "This line is not one JSON object of UTF-8 text without \\u0000.");
    else if (twice)
        status = cli_fail(s->cli, GALEN_ERR_USAGE, "\"%.40s\" is given twice.", twice);
    else if (i == TASK_COUNT)
        status = cli_fail(s->cli, GALEN_ERR_USAGE,
                          "\"do\" should name a command; `galen agent --help` lists them.");
    else
        status = check_fields(s->cli, i, in);
    if (status == CLI_OK)
        status = tasks[i].run(&t);
    s->cli->captured = NULL;
    answer(&t, status, &failure);
    cJSON_Delete(in);
}
