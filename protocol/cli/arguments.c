#include "arguments.h"

#include <stdio.h>
#include <string.h>

const struct option_info option_infos[OPTION_COUNT] = {
#define X(id, name, value, help) {name, value, help},
    OPTIONS(X)
#undef X
};

static enum option find_option(const char *name, size_t size)
{
    for (size_t i = 0; i < OPTION_COUNT; i++)
        if (strlen(option_infos[i].name) == size && memcmp(option_infos[i].name, name, size) == 0)
            return (enum option)i;
    return OPTION_COUNT;
}

/* One "--name", "--name=value" or "--name value"; *at moves on when the value stands by itself. */
static bool read_option(int argc, char *const argv[], int *at, struct arguments *out,
                        char why[ARGUMENTS_WHY_MAX])
{
    const char *name = argv[*at] + 2, *equals = strchr(name, '=');
    size_t size = equals ? (size_t)(equals - name) : strlen(name);
    enum option option = find_option(name, size);
    if (option == OPTION_COUNT) {
        snprintf(why, ARGUMENTS_WHY_MAX, "There is no option --%.*s.", (int)size, name);
        return false;
    }
    const char *value = equals ? equals + 1 : NULL;
    if (!option_infos[option].value && value) {
        snprintf(why, ARGUMENTS_WHY_MAX, "--%s takes no value.", option_infos[option].name);
        return false;
    }
    if (option_infos[option].value && !value) {
        if (*at + 1 >= argc) {
            snprintf(why, ARGUMENTS_WHY_MAX, "--%s needs a value: --%s %s.",
                     option_infos[option].name, option_infos[option].name,
                     option_infos[option].value);
            return false;
        }
        value = argv[++*at];
    }
    out->given[option] = true;
    out->value[option] = value;
    return true;
}

bool arguments_read(int argc, char *const argv[], struct arguments *out,
                    char why[ARGUMENTS_WHY_MAX])
{
    bool options = true;
    *out = (struct arguments){0};
    for (int i = 1; i < argc; i++)
        if (strstr(argv[i], "/join#")) {
            snprintf(
                why, ARGUMENTS_WHY_MAX,
                "A link is a key, and arguments can be read by others on this machine. Give it on "
                "standard input: galen join < FILE.");
            return false;
        }
    for (int i = 1; i < argc; i++) {
        if (options && strcmp(argv[i], "--") == 0) {
            options = false;
        } else if (options && strcmp(argv[i], "-h") == 0) {
            out->given[OPTION_HELP] = true;
        } else if (options && strncmp(argv[i], "--", 2) == 0) {
            if (!read_option(argc, argv, &i, out, why))
                return false;
        } else if (out->word_count == WORDS_MAX) {
            snprintf(why, ARGUMENTS_WHY_MAX,
                     "These are too many words. Texts and names come from standard input.");
            return false;
        } else {
            out->words[out->word_count++] = argv[i];
        }
    }
    return true;
}

bool number_read(const char *text, uint64_t max, uint64_t *out)
{
    uint64_t v = 0;
    if (*text == 0)
        return false;
    for (; *text; text++) {
        if (*text < '0' || *text > '9')
            return false;
        uint64_t digit = (uint64_t)(*text - '0');
        if (v > (max - digit) / 10)
            return false;
        v = v * 10 + digit;
    }
    *out = v;
    return true;
}
