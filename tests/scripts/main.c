/* Writes one script and what came of it to standard output; tests/wasm/scripts.mjs reads it. */
#include "scripts.h"

#include <string.h>

static void count(cJSON *object, const char *name, uint64_t v)
{
    cJSON_AddNumberToObject(object, name, (double)v);
}

static void write_end(const struct counts *c)
{
    cJSON *object = cJSON_CreateObject();
    count(object, "steps", c->steps);
    count(object, "entries", c->entries);
    count(object, "texts opened", c->texts_opened);
    count(object, "verified", c->verified);
    count(object, "proposals", c->proposals);
    count(object, "answers", c->answers);
    count(object, "joined", c->joined);
    count(object, "drafts", c->drafts);
    count(object, "admitted", c->admitted);
    count(object, "calls", c->calls);
    count(object, "voices", c->voices);
    count(object, "held", c->held);
    count(object, "released", c->released);
    count(object, "reopened", c->reopened);
    count(object, "removed", c->removed);
    count(object, "links again", c->links_again);
    count(object, "restarts", c->restarts);
    count(object, "crashes", c->crashes);
    count(object, "cuts", c->cuts);
    count(object, "loads", c->loads);
    count(object, "server crashes", c->server_crashes);
    count(object, "jumps", c->jumps);
    count(object, "garbage", c->garbage);
    count(object, "wrong questions", c->misasked);
    count(object, "refused", c->refused);
    char *text = cJSON_PrintUnformatted(object);
    demand(text);
    record_write(&(struct given){.call = CALL_END, .first = {(const uint8_t *)text, strlen(text)}},
                 (struct galen_bytes){0});
    cJSON_free(text);
    cJSON_Delete(object);
}

int main(int argc, char **argv)
{
    static struct script script;
    if (argc != 3) {
        fputs("usage: scripts SEED STEPS >FILE\n", stderr);
        return 2;
    }
    script.seed = strtoull(argv[1], NULL, 10);
    script.chance.state = script.seed;
    script_run(&script, strtoull(argv[2], NULL, 10));
    write_end(&script.counts);
    for (size_t i = 0; i < script.home_count; i++)
        home_free(script.homes[i]);
    homes_end();
    server_free(&script);
    return fflush(stdout) == 0 ? 0 : 1;
}
