/* What people write for an allergy: a medicine, several, or a whole class of them. */
#include "find.h"

#include <string.h>

/* Words that say no more than the name before or after them. */
static const char *const said_beside[] = {
    "allergy",  "allergies", "allergic",   "antibiotic",  "antibiotics", "drug",        "drugs",
    "medicine", "medicines", "medication", "medications", "sensitivity", "intolerance", "to",
    "the",      "family",    "group",      "kind",        "type",        "all",         "any",
    "other",    "class",     "and",        "or"};

#define TEXT_MAX 96

static bool is_beside(const char *word)
{
    for (size_t i = 0; i < sizeof said_beside / sizeof *said_beside; i++)
        if (strcmp(said_beside[i], word) == 0)
            return true;
    return false;
}

static uint64_t class_named(const char *word)
{
    for (size_t i = 0; i < safety_allergy_word_count; i++)
        if (strcmp(safety_allergy_words[i].word, word) == 0)
            return safety_allergy_words[i].classes;
    return 0;
}

static bool is_word_char(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c >= 0x80;
}

/* Lower-case words with a space between, without those that are said beside. False: too long. */
static bool clean(struct galen_bytes in, char out[TEXT_MAX])
{
    size_t n = 0;
    for (size_t i = 0; i < in.size;) {
        char word[40];
        size_t size = 0;
        while (i < in.size && is_word_char(in.at[i]) && size + 1 < sizeof word) {
            uint8_t c = in.at[i++];
            word[size++] = (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
        }
        word[size] = 0;
        if (size == 0) {
            i++;
            continue;
        }
        if (is_beside(word))
            continue;
        if (n + size + 2 > TEXT_MAX)
            return false;
        if (n > 0)
            out[n++] = ' ';
        memcpy(out + n, word, size);
        n += size;
    }
    out[n] = 0;
    return n > 0;
}

/* What these words mean together: a class by its name, one or many, and medicines. False: nothing. */
static bool take_words(const char *text, size_t size, struct galen_safety_match *match,
                       uint64_t *classes)
{
    char name[TEXT_MAX];
    memcpy(name, text, size);
    name[size] = 0;
    uint64_t named = class_named(name);
    if (named == 0 && size > 1 && name[size - 1] == 's') {
        name[size - 1] = 0;
        named = class_named(name);
    }
    *classes |= named;
    struct galen_safety_match one =
        galen_safety_match((struct galen_bytes){(const uint8_t *)text, size});
    for (size_t i = 0; i < one.count && match->count < GALEN_SAFETY_INGREDIENTS_MAX; i++)
        match->ingredients[match->count++] = one.ingredients[i];
    return named != 0 || one.count > 0;
}

/* The longest words from here on that mean something; 0: none. */
static size_t take_longest(const char *text, struct galen_safety_match *match, uint64_t *classes)
{
    for (size_t size = strlen(text); size > 0;) {
        if (take_words(text, size, match, classes))
            return size;
        do
            size--;
        while (size > 0 && text[size] != ' ');
    }
    return 0;
}

/* One substance, or several with other words around them: "penicillin and sulfa", "codeine, hives". Of a medicine
 * the whole name must be understood; of an allergy each word that is counts. False: not all were. */
static bool match_one(struct galen_bytes in, struct galen_safety_match *match, uint64_t *classes)
{
    char text[TEXT_MAX];
    bool all = true;
    if (!clean(in, text))
        return false;
    for (const char *at = text; *at;) {
        size_t taken = take_longest(at, match, classes);
        all = all && taken > 0;
        at += taken > 0 ? taken : strcspn(at, " ");
        at += *at == ' ';
    }
    return all;
}

bool safety_allergy_match(struct galen_bytes substance, struct galen_safety_match *match,
                          uint64_t *classes)
{
    bool all = substance.size > 0;
    size_t from = 0;
    *match = (struct galen_safety_match){0};
    *classes = 0;
    for (size_t i = 0; i <= substance.size; i++) {
        bool ends = i == substance.size || strchr(",;/()", substance.at[i]) != NULL;
        if (!ends)
            continue;
        struct galen_bytes one = {substance.at ? substance.at + from : NULL, i - from};
        bool blank = true;
        for (size_t n = 0; n < one.size && blank; n++)
            blank = one.at[n] == ' ';
        if (!blank)
            all = match_one(one, match, classes) && all;
        from = i + 1;
    }
    return all;
}
