/* Questions and frames that are wrong, some of them where a machine of 32 bits may count otherwise. */
#include "scripts.h"

#include <string.h>

#define CHART "\"chart\":\"%s\""

static const char *const questions[] = {
    "",
    "null",
    "{",
    "[]",
    "{}",
    "{\"do\":1}",
    "{\"do\":\"nothing\"}",
    "{\"do\":\"home\",\"do\":\"home\"}",
    "{\"do\":\"home\",\"more\":1}",
    "{\"do\":\"home\"} x",
    "{\"do\":\"members\"}",
    "{\"do\":\"members\",\"chart\":\"00\"}",
    "{\"do\":\"members\",\"chart\":"
    "\"0123456789012345678901234567890123456789012345678901234567890123\"}",
    "{\"do\":\"mute\",\"muted\":1}",
    "{\"do\":\"look\",\"link\":\"https://scripts/#x\"}",
    "{\"do\":\"join\",\"link\":\"https://scripts:1/\"}",
    "{\"do\":\"lost\",\"devices\":[1]}",
    "{\"do\":\"write\",\"chart\":\"" /* ends here */,
    "{\"do\":\"message\",\"chart\":\"\xff\xfe\"}",
    "[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]",
    "{\"do\":\"release\",\"token\":\"00112233445566778899aabbccddeeff\",\"send\":true}",
    "{\"do\":\"invite\",\"role\":\"king\",\"name\":\"x\"}",
    "{\"do\":\"chart_new\",\"name\":\"a\\u0000b\"}",
};

/* With a chart that is there. */
static const char *const numbers[] = {
    "-1",
    "-0",
    "0.5",
    "1e0",
    "255",
    "256",
    "257",
    "1e3",
    "65536",
    "2147483647",
    "2147483648",
    "4294967295",
    "4294967296",
    "4294967297",
    "9007199254740991",
    "9007199254740992",
    "18446744073709551615",
    "18446744073709551616",
    "1e308",
    "1e999",
    "\"1\"",
    "true",
    "00",
    "1e-400",
    "3.0000000000000001",
};

/* A chart of this home's, or none. */
static void a_chart(struct home *home, char out[65])
{
    cJSON *charts = home_asks(home, "{\"do\":\"charts\"}");
    int count = cJSON_GetArraySize(charts);
    strcpy(out, "00");
    if (count > 0)
        strcpy(out, text_of(cJSON_GetArrayItem(
                                charts, (int)chance_below(&home->script->chance, (uint64_t)count)),
                            "chart"));
    cJSON_Delete(charts);
}

static void ask_numbers(struct script *script, struct home *home)
{
    char chart[65];
    const char *a = numbers[chance_below(&script->chance, sizeof numbers / sizeof *numbers)];
    const char *b = numbers[chance_below(&script->chance, sizeof numbers / sizeof *numbers)];
    a_chart(home, chart);
    switch (chance_below(&script->chance, 4)) {
    case 0:
        cJSON_Delete(
            home_asks(home, "{\"do\":\"entries\"," CHART ",\"from\":%s,\"count\":7}", chart, a));
        break;
    case 1:
        cJSON_Delete(home_asks(home, "{\"do\":\"entries\"," CHART ",\"before\":%s,\"count\":%s}",
                               chart, a, b));
        break;
    case 2:
        cJSON_Delete(home_asks(
            home, "{\"do\":\"answer\"," CHART ",\"proposal\":%s,\"accepted\":true}", chart, a));
        break;
    default:
        cJSON_Delete(home_asks(home,
                               "{\"do\":\"write\"," CHART ",\"doc\":\"pmr\",\"fields\":"
                               "{\"order\":\"%s\",\"start\":\"%s\"}}",
                               chart, a[0] == '"' ? "1" : a, b[0] == '"' ? "2" : b));
    }
}

/* A good question with one byte changed, or broken off. */
static void ask_changed(struct script *script, struct home *home)
{
    char question[200], chart[65];
    a_chart(home, chart);
    size_t size =
        (size_t)snprintf(question, sizeof question,
                         "{\"do\":\"message\"," CHART ",\"text\":\"\\u00e9 \xe2\x82\xac\"}", chart);
    size_t at = chance_below(&script->chance, size);
    if (chance_in(&script->chance, 500))
        size = at;
    else
        question[at] = (char)chance_next(&script->chance);
    cJSON_Delete(home_ask(home, (struct galen_bytes){(const uint8_t *)question, size}));
}

static void ask_at_length(struct script *script, struct home *home)
{
    static const size_t sizes[] = {2000, 70000, GALEN_WASM_ASK_MAX - 1, GALEN_WASM_ASK_MAX + 1};
    size_t size = sizes[chance_below(&script->chance, 4)];
    uint8_t *question = malloc(size);
    demand(question);
    memset(question, ' ', size);
    memcpy(question, "{\"do\":\"home\",\"x\":\"", 18);
    memcpy(question + size - 2, "\"}", 2);
    cJSON_Delete(home_ask(home, (struct galen_bytes){question, size}));
    free(question);
}

void script_ask_wrongly(struct script *script, struct home *home)
{
    const char *question =
        questions[chance_below(&script->chance, sizeof questions / sizeof *questions)];
    uint64_t bits;
    script->counts.misasked++;
    switch (chance_below(&script->chance, 16)) {
    case 0:
        ask_at_length(script, home);
        break;
    case 1:
        bits = chance_below(&script->chance, 64);
        home_failure(home, (uint32_t)(chance_next(&script->chance) >> bits));
        break;
    case 2:
        home_speak(home, (struct galen_bytes){(const uint8_t *)question, strlen(question)});
        break;
    case 3:
    case 4:
    case 5:
        ask_changed(script, home);
        break;
    case 6:
    case 7:
    case 8:
    case 9:
    case 10:
        ask_numbers(script, home);
        break;
    default:
        cJSON_Delete(
            home_ask(home, (struct galen_bytes){(const uint8_t *)question, strlen(question)}));
    }
}

/* A frame that begins as one of the protocol's, or as none. */
void script_send_garbage(struct script *script, struct home *home)
{
    uint8_t frame[300];
    size_t size = chance_below(&script->chance, sizeof frame);
    uint32_t purpose = (uint32_t)chance_below(&script->chance, 4);
    chance_fill(&script->chance, frame, sizeof frame);
    frame[0] = (uint8_t)chance_below(&script->chance, 48);
    script->counts.garbage++;
    home_received(home, purpose, (struct galen_bytes){frame, size}, TAKE_ALL);
}
