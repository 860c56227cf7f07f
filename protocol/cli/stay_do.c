/* The commands that are given to a running galen on standard input. */
#include "tasks.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    int (*run)(struct task *t);
    const char *word; /* what a second word means, where a person types words */
} tasks[] = {
    {"send", do_send, "text"},
    {"doc set", do_doc_set, NULL},
    {"doc propose", do_doc_set, NULL},
    {"doc accept", do_accept, NULL},
    {"doc decline", do_decline, NULL},
    {"doc choose", do_choose, NULL},
    {"doc sign", do_sign, NULL},
    {"doc undoable", do_undoable, NULL},
    {"doc undo", do_undo, NULL},
    {"doc get", do_doc_get, NULL},
    {"log", do_log, NULL},
    {"draft", do_draft, NULL},
    {"identify", do_identify, NULL},
    {"chart new", do_chart_new, NULL},
    {"chart add", do_add, NULL},
    {"chart remove", do_remove, NULL},
    {"invite", do_invite, NULL},
    {"release", do_release, NULL},
    {"visit open", do_visit_open, NULL},
    {"visit end", do_visit_end, NULL},
    {"end", do_visit_end, NULL},
    {"knock", do_knock, NULL},
    {"admit", do_admit, "device"},
    {"refuse", do_refuse, "device"},
    {"leave", do_leave, NULL},
    {"call", do_call, NULL},
    {"mute", do_mute, NULL},
    {"unmute", do_unmute, NULL},
    {"hang up", do_hang_up, NULL},
};
#define TASK_COUNT (sizeof tasks / sizeof *tasks)

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
        status = tasks[i].run(&t);
    s->cli->captured = NULL;
    answer(&t, status, &failure);
    cJSON_Delete(in);
}
