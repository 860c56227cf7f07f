/* protocol/wasm: the module's exports and its questions, compiled for this machine. */
#include "support/allocator.h"
#include "support/home.h"
#include "view/json.h"
#include "wasm/ask.h"

#include "galen/evidence.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * A pharmacist's home: the practice's chart, in which a colleague is, and a patient's chart with a medicine
 * and a proposal. Its disk has sealed pairs, as the host of the module would.
 */
static struct {
    struct chart *own, *patients;
    struct chart_device *ann[2], *bob[2], *patient; /* as either chart has them */
    uint64_t proposal;
    struct home *disk;
    bool empty; /* a home that is nobody's yet */
    size_t commits, unsaved, sent;
    char events[64][24]; /* by name */
    size_t event_count;
} world;

static const uint8_t store_key[GALEN_WASM_STORE_KEY_BYTES] = {4, 5, 6};
static const uint8_t medicine[GALEN_RECORD_ID_BYTES] = {0xaa, 1};
#define NOW 1767225700000.0

static struct galen_bytes text(const char *s)
{
    return (struct galen_bytes){(const uint8_t *)s, strlen(s)};
}

/* -- the world -------------------------------------------------------------------------------------- */

static struct chart *begin_chart(size_t i)
{
    struct chart *chart = chart_new(400); /* one seed makes the same people in both */
    world.ann[i] = chart_person(chart, "ann", GALEN_ROLE_PHARMACIST, chart->admin);
    world.bob[i] = chart_person(chart, "bob", GALEN_ROLE_PHARMACIST, chart->admin);
    return chart;
}

static void seal_disk(void)
{
    for (size_t i = 0; i < world.disk->pair_count; i++) {
        struct home_pair *pair = &world.disk->disk[i];
        struct galen_writer sealed;
        uint8_t nonce[GALEN_PAIR_NONCE_BYTES] = {(uint8_t)i};
        galen_writer_init(&sealed);
        galen_pair_seal(store_key, nonce, text(pair->key), galen_written(&pair->value), &sealed);
        galen_writer_wipe(&pair->value);
        pair->value = sealed;
    }
}

static void world_begin(void)
{
    cr_assert(galen_crypto_start());
    world.own = begin_chart(0);
    chart_start(world.own, world.ann[0], &world.bob[0], 1);
    world.patients = begin_chart(1);
    chart_start(world.patients, world.ann[1], NULL, 0);
    world.patient = chart_person(world.patients, "patient", GALEN_ROLE_PATIENT, world.ann[1]);
    chart_add(world.patients, world.ann[1], world.patient, true);
    chart_write(world.patients, world.ann[1], GALEN_KIND_WRITE, "pmr", medicine, "status",
                "active");
    world.proposal = chart_write(world.patients, world.patient, GALEN_KIND_PROPOSE, "pmr", medicine,
                                 "status", "stopped");
    chart_operate(world.patients, world.patient,
                  (struct galen_op){.kind = GALEN_KIND_MESSAGE, .content.message = text("hello")});
    world.disk = home_new(world.patients, world.own);
    home_is(world.disk, GALEN_HOME_MEMBER, world.ann[1]);
    home_has_read(world.disk);
    seal_disk();
}

static void world_end(void)
{
    galen_close();
    home_free(world.disk);
    chart_free(world.own);
    chart_free(world.patients);
}

/* -- the module's host ------------------------------------------------------------------------------ */

static cJSON *parsed(const uint8_t *at, size_t size)
{
    cr_assert(galen_text_ok((struct galen_bytes){at, size}));
    cJSON *json = cJSON_ParseWithLength((const char *)at, size);
    cr_assert_not_null(json, "%.*s", (int)size, (const char *)at);
    return json;
}

static void note_event(const struct galen_out *out)
{
    cJSON *event = parsed(out->value, out->value_size);
    const char *name = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(event, "event"));
    cr_assert_not_null(name);
    if (world.event_count < 64)
        snprintf(world.events[world.event_count++], sizeof world.events[0], "%s", name);
    cJSON_Delete(event);
}

static void drain(void)
{
    const struct galen_out *out;
    while ((out = galen_next())) {
        char key[160] = {0};
        switch (out->kind) {
        case GALEN_OUT_SAVE:
            cr_assert_lt(out->key_size, sizeof key);
            memcpy(key, out->key, out->key_size);
            home_keep(world.disk, key, (struct galen_bytes){out->value, out->value_size});
            world.unsaved++;
            break;
        case GALEN_OUT_COMMIT:
            world.unsaved = 0;
            world.commits++;
            break;
        case GALEN_OUT_SEND:
            cr_assert_eq(world.unsaved, 0);
            world.sent++;
            break;
        case GALEN_OUT_EVENT:
            note_event(out);
            break;
        default:
            cr_assert(out->kind == GALEN_OUT_CONNECT || out->kind == GALEN_OUT_DISCONNECT);
        }
    }
}

static bool told(const char *name)
{
    for (size_t i = 0; i < world.event_count; i++)
        if (strcmp(world.events[i], name) == 0)
            return true;
    return false;
}

static uint32_t load_all(void)
{
    uint32_t err = GALEN_OK;
    for (size_t i = 0; i < world.disk->pair_count && err == GALEN_OK && !world.empty; i++) {
        const struct home_pair *pair = &world.disk->disk[i];
        err = galen_load((const uint8_t *)pair->key, strlen(pair->key), pair->value.at,
                         pair->value.size);
    }
    return err;
}

static void open_module(void)
{
    cr_assert_eq(galen_open(store_key), GALEN_OK);
    cr_assert_eq(load_all(), GALEN_OK);
    cr_assert_eq(galen_start(NOW), GALEN_OK);
    drain();
}

/* Asks with bytes that end where they end, so that reading on is found. */
static const struct galen_reply *ask_bytes(const void *json, size_t size)
{
    uint8_t *copy = galen_alloc(size);
    memcpy(copy, json, size);
    const struct galen_reply *reply = galen_ask(NOW, copy, size);
    galen_release(copy);
    return reply;
}

static const struct galen_reply *ask(const char *json)
{
    return ask_bytes(json, strlen(json));
}

static char reply_text[1 << 20];

/* The reply as characters, which is JSON. */
static const char *said(const struct galen_reply *reply)
{
    cr_assert_lt(reply->size, sizeof reply_text);
    memcpy(reply_text, reply->at, reply->size);
    reply_text[reply->size] = 0;
    cJSON *json = parsed(reply->at, reply->size);
    if (reply->err != GALEN_OK) {
        const char *name = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, "error"));
        const char *help = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, "help"));
        cr_assert_str_eq(name, galen_err_name(reply->err));
        cr_assert_gt(strlen(help), 0);
    }
    cJSON_Delete(json);
    return reply_text;
}

/* `$chart`, `$own`, `$patient`, `$bob`, `$self`, `$proposal`, `$medicine`, `$link` in it are filled in. */
static char *filled(const char *pattern)
{
    char *out = calloc(1, 8192), id[HEX_ID], proposal[24];
    static char link[256];
    if (strstr(pattern, "$link") && !link[0]) {
        cJSON *reply = cJSON_Parse(said(ask("{\"do\":\"further_device\",\"purpose\":\"code\"}")));
        snprintf(link, sizeof link, "%s",
                 cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(reply, "link")));
        cJSON_Delete(reply);
    }
    snprintf(proposal, sizeof proposal, "%llu", (unsigned long long)world.proposal);
    for (const char *p = pattern; *p;) {
        const struct galen_id *of = NULL;
        const char *word = NULL;
        size_t skip = 0;
#define WORD(name) (strncmp(p, name, skip = strlen(name)) == 0)
        if (WORD("$chart"))
            of = galen_rules_chart(world.patients->rules);
        else if (WORD("$own"))
            of = galen_rules_chart(world.own->rules);
        else if (WORD("$patient"))
            of = &world.patient->chain.certs[world.patient->chain.count - 1].account;
        else if (WORD("$bob"))
            of = &world.bob[1]->chain.certs[world.bob[1]->chain.count - 1].account;
        else if (WORD("$self"))
            of = &world.ann[1]->id;
        else if (WORD("$proposal"))
            word = proposal;
        else if (WORD("$medicine"))
            word = "aa010000000000000000000000000000";
        else if (WORD("$link"))
            word = link;
#undef WORD
        if (of) {
            id_text(of, id);
            word = id;
        }
        if (word) {
            strcat(out, word);
            p += skip;
        } else {
            strncat(out, p++, 1);
        }
    }
    return out;
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
    {"{\"do\":\"waiting\",\"chart\":\"$chart\"}", GALEN_OK, "["},
    {"{\"do\":\"call\"}", GALEN_OK, "\"state\":\"none\""},
    {"{\"do\":\"look\",\"link\":\"$link\"}", GALEN_OK, "\"host\":\"galen.example:443\""},
    {"{\"do\":\"check\",\"chart\":\"$chart\"}", GALEN_OK, "\"holds\":true"},
    {"{\"do\":\"evidence\",\"chart\":\"$chart\"}", GALEN_OK, NULL},
    {"{\"do\":\"join\",\"link\":\"$link\"}", GALEN_ERR_STATE, NULL},
    {"{\"do\":\"lost\",\"devices\":[\"" ID64 "\"]}", GALEN_ERR_STATE, NULL},
    {"{\"do\":\"chart_new\",\"name\":\"Maria\"}", GALEN_OK, "\"chart\":\""},
    {"{\"do\":\"invite\",\"role\":\"caregiver\",\"chart\":\"$chart\",\"name\":\"Cara\"}", GALEN_OK,
     "\"link\":\"https://galen.example:443/join#"},
    {"{\"do\":\"further_device\",\"purpose\":\"sheet\"}", GALEN_OK, "\"device\":\""},
    {"{\"do\":\"remove_device\",\"device\":\"$self\"}", GALEN_OK, "\"token\":\""},
    {"{\"do\":\"add_member\",\"chart\":\"$chart\",\"account\":\"$bob\"}", GALEN_OK, "\"token\":\""},
    {"{\"do\":\"remove_member\",\"chart\":\"$chart\",\"account\":\"$patient\"}", GALEN_OK,
     "\"token\":\""},
    {"{\"do\":\"renew\",\"chart\":\"$chart\"}", GALEN_OK, "\"token\":\""},
    {"{\"do\":\"identify\",\"chart\":\"$chart\",\"account\":\"$patient\",\"check\":\"birthday\"}",
     GALEN_OK, "\"token\":\""},
    {"{\"do\":\"message\",\"chart\":\"$chart\",\"text\":\"two a day\"}", GALEN_OK, "\"token\":\""},
    {"{\"do\":\"write\",\"chart\":\"$chart\",\"doc\":\"pmr\",\"record\":\"$medicine\","
     "\"fields\":{\"status\":\"stopped\"}}",
     GALEN_OK, "\"record\":\"$medicine\",\"proposed\":false"},
    {"{\"do\":\"answer\",\"chart\":\"$chart\",\"proposal\":$proposal,\"accepted\":true}", GALEN_OK,
     "\"token\":\""},
    {"{\"do\":\"release\",\"token\":\"$medicine\",\"send\":false}", GALEN_ERR_VALUE, NULL},
    {"{\"do\":\"live\",\"on\":true}", GALEN_OK, "{}"},
    {"{\"do\":\"draft\",\"chart\":\"$chart\",\"doc\":\"pmr\",\"record\":\"$medicine\","
     "\"field\":\"reason\",\"text\":\"\"}",
     GALEN_ERR_OFFLINE, NULL},
    {"{\"do\":\"visit_open\",\"chart\":\"$chart\"}", GALEN_OK, "\"visit\":\""},
    {"{\"do\":\"visit_end\",\"chart\":\"$chart\"}", GALEN_ERR_NO_VISIT, NULL},
    {"{\"do\":\"knock\",\"chart\":\"$chart\"}", GALEN_ERR_NO_VISIT, NULL},
    {"{\"do\":\"leave\"}", GALEN_OK, "{}"},
    {"{\"do\":\"admit\",\"device\":\"$self\",\"admitted\":true}", GALEN_ERR_NO_VISIT, NULL},
    {"{\"do\":\"mute\",\"muted\":true}", GALEN_OK, "{}"},
};
#define GOOD (sizeof good / sizeof *good)

TestSuite(ask, .init = world_begin, .fini = world_end);

Test(ask, each_question_is_answered)
{
    open_module();
    for (size_t i = 0; i < GOOD; i++) {
        char *json = filled(good[i].json), *has = good[i].has ? filled(good[i].has) : NULL;
        const struct galen_reply *reply = ask(json);
        if (strstr(json, "evidence") && reply->err == GALEN_OK) {
            struct galen_evidence_report report;
            struct galen_id practice =
                galen_device_id(galen_sodium_primitives(), &world.patients->practice);
            cr_assert_eq(galen_evidence_check((struct galen_bytes){reply->at, reply->size},
                                              &practice, NULL, &report),
                         GALEN_OK);
            cr_assert(galen_evidence_holds(&report));
            cr_assert_eq(report.size, world.patients->size);
        } else {
            const char *answer = said(reply);
            cr_assert_eq(reply->err, good[i].err, "%s: %s", json, answer);
            cr_assert(!has || strstr(answer, has), "%s: %s", json, answer);
        }
        free(json);
        free(has);
        drain();
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
    const char *answer = said(reply);
    cr_assert_eq(reply->err, GALEN_ERR_USAGE, "%s: %s: %s", why, json, answer);
    cr_assert(strstr(answer, quoted), "%s: %s: %s", why, json, answer);
    cJSON_free(json);
}

/* Those that a question may be asked without: `from` and `before` stand for each other. */
static bool is_optional(const char *question, const char *field)
{
    return (strcmp(question, "entries") == 0 && strcmp(field, "class") == 0) ||
           (strcmp(question, "invite") == 0 && strcmp(field, "chart") == 0) ||
           (strcmp(question, "write") == 0 && strcmp(field, "record") == 0);
}

Test(ask, what_is_missing_of_another_type_or_unknown_is_named)
{
    static const char *const wrong[] = {"null", "7.5",   "-1",  "\"\\u0001 no such thing\"",
                                        "[[]]", "1e300", "[1]", "{\"a\":[]}"};
    open_module();
    free(filled("$link")); /* which is made by a request */
    drain();
    size_t commits = world.commits;
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
                    strcmp(field, "field") == 0)
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
        cJSON_AddNullToObject(more, strcmp(name, "release") == 0 ? "muted" : "token");
        refused_naming(more, strcmp(name, "release") == 0 ? "muted" : "token", "another's field");
        cJSON_Delete(more);
        cJSON_Delete(question);
        free(json);
    }
    cr_assert_eq(world.sent, 0);
    drain();
    cr_assert_eq(world.commits, commits, "what is refused changes nothing");
}

Test(ask, a_question_that_is_cut_off_is_none)
{
    open_module();
    for (size_t i = 0; i < GOOD; i++) {
        char *json = filled(good[i].json);
        for (size_t n = 0; n < strlen(json); n++)
            cr_assert_eq(ask_bytes(json, n)->err, GALEN_ERR_USAGE, "%.*s", (int)n, json);
        free(json);
    }
}

static void is_refused(const char *json, size_t size)
{
    const struct galen_reply *reply = ask_bytes(json, size);
    cr_assert_eq(reply->err, GALEN_ERR_USAGE, "%.*s: %s", (int)(size < 80 ? size : 80), json,
                 said(reply));
    said(reply);
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
    open_module();
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        is_refused(none[i], strlen(none[i]));
    is_refused("{\"do\":\"home\"}\0", 14);
    /* Eight within each other are read, and then named; nine are not even read. */
    cr_assert(strstr(said(ask("{\"do\":\"home\",\"x\":[[[[[[[]]]]]]]}")), "no question has"));
    cr_assert_null(
        strstr(said(ask("{\"do\":\"home\",\"x\":[[[[[[[[]]]]]]]]}")), "no question has"));
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
    cr_assert_eq(ask_bytes(large, 13)->err, GALEN_OK);
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
    open_module();
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
    open_module();
    for (size_t i = 0; i < GOOD; i++) {
        if (!strstr(good[i].json, "\"chart\":\"$chart\""))
            continue;
        char *json = filled(good[i].json);
        memset(strstr(json, "\"chart\":\"") + 9, '7', 64);
        cr_assert_eq(ask(json)->err, GALEN_ERR_CHART, "%s", json);
        said(ask(json));
        free(json);
    }
}

/* -- entries ---------------------------------------------------------------------------------------- */

static void entries_are(const char *pattern, const char *expected)
{
    char *json = filled(pattern), found[256] = "";
    const struct galen_reply *reply = ask(json);
    cJSON *list = parsed(reply->at, reply->size), *entry;
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
    open_module();
    cr_assert_eq(world.patients->size, 5); /* epoch, epoch, record, record, message */
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

Test(ask, what_is_written_is_saved_sealed_and_is_there_again)
{
    open_module();
    char *json = filled("{\"do\":\"message\",\"chart\":\"$chart\",\"text\":\"take two\"}");
    char *waiting = filled("{\"do\":\"waiting\",\"chart\":\"$chart\"}");
    cr_assert_eq(ask(json)->err, GALEN_OK);
    drain();
    cr_assert_eq(world.commits, 1);
    for (size_t i = 0; i < world.disk->pair_count; i++)
        cr_assert_null(
            memmem(world.disk->disk[i].value.at, world.disk->disk[i].value.size, "take two", 8));
    galen_close();
    open_module();
    cr_assert(strstr(said(ask(waiting)), "\"text\":\"take two\""));
    free(json);
    free(waiting);
}

Test(ask, a_new_record_gets_an_id_of_its_own)
{
    open_module();
    char *json = filled("{\"do\":\"write\",\"chart\":\"$chart\",\"doc\":\"map\","
                        "\"fields\":{\"action\":\"bring the pills\"}}");
    char first[256];
    snprintf(first, sizeof first, "%s", said(ask(json)));
    cr_assert(strstr(first, "\"record\":\""));
    cr_assert(memcmp(strstr(first, "\"record\":\""), strstr(said(ask(json)), "\"record\":\""), 42));
    free(json);
    json =
        filled("{\"do\":\"write\",\"chart\":\"$chart\",\"doc\":\"map\",\"fields\":{\"no\":\"\"}}");
    cr_assert_eq(ask(json)->err, GALEN_ERR_VALUE);
    cr_assert(strstr(said(ask(json)), "`map` has no field `no`. It has: topic, action"));
    free(json);
}

Test(ask, an_empty_home_joins)
{
    open_module();
    char *json = filled("{\"do\":\"join\",\"link\":\"$link\"}");
    galen_close();
    world.empty = true;
    open_module();
    cr_assert(strstr(said(ask("{\"do\":\"home\"}")), "\"state\":\"empty\""));
    cr_assert_eq(ask(json)->err, GALEN_OK);
    cr_assert(strstr(said(ask("{\"do\":\"home\"}")), "\"state\":\"joining\""));
    drain();
    free(json);
}

/* -- pairs, times, order ---------------------------------------------------------------------------- */

Test(ask, a_pair_is_opened_only_as_it_was_sealed)
{
    const struct home_pair *pair = &world.disk->disk[0];
    uint8_t other[GALEN_WASM_STORE_KEY_BYTES] = {1}, changed[8192];
    const uint8_t *key = (const uint8_t *)pair->key;
    size_t size = strlen(pair->key);
    cr_assert_eq(galen_open(other), GALEN_OK);
    cr_assert_eq(load_all(), GALEN_ERR_SEAL, "another store key");
    galen_close();
    cr_assert_eq(galen_open(store_key), GALEN_OK);
    cr_assert_eq(galen_load(key, size - 1, pair->value.at, pair->value.size), GALEN_ERR_SEAL);
    cr_assert_leq(pair->value.size, sizeof changed);
    for (size_t n = 0; n < pair->value.size; n++) {
        memcpy(changed, pair->value.at, pair->value.size);
        changed[n] ^= 1;
        cr_assert_eq(galen_load(key, size, changed, pair->value.size), GALEN_ERR_SEAL);
        cr_assert_eq(galen_load(key, size, pair->value.at, n), GALEN_ERR_SEAL);
    }
    cr_assert_eq(load_all(), GALEN_OK);
}

Test(ask, nothing_happens_before_it_is_open_and_after_it_is_closed)
{
    static const uint8_t frame[1];
    for (int round = 0; round < 2; round++) {
        cr_assert_eq(galen_load(frame, 1, frame, 1), GALEN_ERR_STATE);
        cr_assert_eq(galen_start(NOW), GALEN_ERR_STATE);
        cr_assert_null(galen_next());
        galen_connected(NOW, 1);
        galen_received(NOW, 1, frame, 1);
        galen_disconnected(NOW, 1);
        cr_assert(isinf(galen_tick(NOW)));
        cr_assert_eq(ask("{\"do\":\"home\"}")->err, GALEN_ERR_STATE);
        said(ask("{\"do\":\"home\"}"));
        cr_assert(strstr(said(galen_failure(GALEN_ERR_SEAL)), "bad-seal"));
        said(galen_failure(999999));
        if (round == 1)
            break;
        open_module();
        cr_assert_eq(galen_open(store_key), GALEN_ERR_STATE);
        cr_assert_eq(galen_start(NOW), GALEN_ERR_STATE);
        cr_assert_eq(galen_load(frame, 1, frame, 1), GALEN_ERR_STATE);
        cr_assert_eq(ask("{\"do\":\"home\"}")->err, GALEN_OK);
        galen_connected(NOW, 0);
        galen_received(NOW, 257, frame, 1);
        galen_disconnected(NOW, 3);
        galen_close();
    }
    galen_close();
    galen_release(NULL);
}

Test(ask, any_number_is_a_time)
{
    static const double times[] = {NAN, -1, -INFINITY, 0, 0.5, 1e300, INFINITY};
    open_module();
    char *json = filled("{\"do\":\"message\",\"chart\":\"$chart\",\"text\":\"when?\"}");
    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        cr_assert_eq(galen_ask(times[i], (const uint8_t *)json, strlen(json))->err, GALEN_OK);
        cr_assert_not(isnan(galen_tick(times[i])));
        galen_connected(times[i], 1);
        galen_disconnected(times[i], 1);
        drain();
    }
    free(json);
}

/* -- the line --------------------------------------------------------------------------------------- */

static void hear(const struct galen_frame *frame)
{
    struct galen_writer w;
    galen_writer_init(&w);
    galen_frame_write(&w, frame);
    uint8_t *at = galen_alloc(w.size);
    memcpy(at, w.at, w.size);
    galen_received(NOW, GALEN_CONNECTION_LOG, at, w.size);
    galen_release(at);
    galen_writer_wipe(&w);
    drain();
}

Test(ask, events_are_told_and_say_what_the_questions_say)
{
    open_module();
    galen_connected(NOW, GALEN_CONNECTION_LOG);
    struct galen_frame frame = {.type = GALEN_FRAME_CHALLENGE};
    frame.as.challenge.version = GALEN_VERSION;
    frame.as.challenge.practice = world.own->practice;
    frame.as.challenge.clock_ms = (uint64_t)NOW;
    hear(&frame);
    cr_assert_eq(world.sent, 1, "signs in");
    struct galen_writer ids;
    galen_writer_init(&ids);
    galen_write_id(&ids, galen_rules_chart(world.patients->rules));
    galen_write_id(&ids, galen_rules_chart(world.own->rules));
    frame = (struct galen_frame){.type = GALEN_FRAME_WELCOME};
    frame.as.welcome.clock_ms = (uint64_t)NOW;
    frame.as.welcome.charts = galen_written(&ids);
    hear(&frame);
    galen_writer_wipe(&ids);
    cr_assert(told("online"));
    cr_assert(strstr(said(ask("{\"do\":\"home\"}")), "\"online\":{\"log\":true,\"live\":false}"));
    double next = galen_tick(NOW);
    cr_assert_gt(next, NOW);
    cr_assert_lt(next, NOW + 60000);
    galen_disconnected(NOW, GALEN_CONNECTION_LOG);
    drain();
    cr_assert(told("offline"));
}

/* -- out of memory ---------------------------------------------------------------------------------- */

Test(ask, each_allocation_may_fail_and_the_answer_is_whole_or_says_so)
{
    open_module();
    for (size_t i = 0; i < GOOD; i++) {
        char *json = filled(good[i].json);
        bool failed = true;
        if (strstr(json, "evidence") || strstr(json, "\"do\":\"check\""))
            failed = false; /* thousands of them, made to fail where evidence is tested */
        for (size_t nth = 1; failed; nth++) {
            allocator_fail(nth);
            const struct galen_reply *reply = galen_ask(NOW, (const uint8_t *)json, strlen(json));
            failed = allocator_failed();
            allocator_fail(0);
            cr_assert(reply->err == good[i].err || reply->err == GALEN_ERR_MEMORY ||
                          reply->err == GALEN_ERR_LIMIT,
                      "%s, %zu: %s", json, nth, said(reply));
            said(reply);
            if (galen_next() && strstr(json, "do")) {
                galen_close(); /* what was half done is not carried out: load again */
                open_module();
            }
        }
        free(json);
    }
}

Test(ask, without_memory_for_what_goes_out_it_says_so_once_and_ends)
{
    char *json = filled("{\"do\":\"message\",\"chart\":\"$chart\",\"text\":\"two\"}");
    size_t broken = 0;
    for (size_t nth = 1;; nth++) {
        open_module();
        cr_assert_eq(ask(json)->err, GALEN_OK);
        size_t commits = world.commits;
        world.event_count = 0;
        allocator_fail(nth);
        const struct galen_out *out = galen_next();
        bool failed = allocator_failed();
        allocator_fail(0);
        if (!failed)
            break;
        cr_assert_eq(out->kind, GALEN_OUT_EVENT);
        note_event(out);
        cr_assert(told("broken"));
        cr_assert_null(galen_next(), "a commit without its pair must not follow");
        cr_assert_eq(ask(json)->err, GALEN_ERR_STATE);
        cr_assert(isinf(galen_tick(NOW)));
        cr_assert_eq(world.commits, commits);
        broken++;
        galen_close();
    }
    cr_assert_gt(broken, 0);
    free(json);
}
