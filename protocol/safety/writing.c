/* Writing that is easily misread: what DOMAIN's two lists stop at and warn of. Suggests, never rewrites. */
#include "data.h"

#include "galen/mutation.h"

#include <stdio.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* -- characters --------------------------------------------------------------------------------------- */

static bool is_digit(int c)
{
    return c >= '0' && c <= '9';
}

static bool is_upper(int c)
{
    return c >= 'A' && c <= 'Z';
}

static bool is_letter(int c)
{
    return is_upper(c) || (c >= 'a' && c <= 'z') || c >= 0x80;
}

static char lower(int c)
{
    return (char)(is_upper(c) ? c - 'A' + 'a' : c);
}

/* The character there; 0 before the beginning and past the end. */
static int char_at(struct galen_bytes text, size_t i)
{
    return i < text.size ? text.at[i] : 0;
}

static int char_before(struct galen_bytes text, size_t i)
{
    return i == 0 ? 0 : text.at[i - 1];
}

static size_t skip_spaces(struct galen_bytes text, size_t i)
{
    while (char_at(text, i) == ' ')
        i++;
    return i;
}

/* Lower-case copy of a word, as far as there is room. */
static void copy_lower(struct galen_bytes text, size_t at, size_t size, char out[32])
{
    size_t n = size < 31 ? size : 31;
    for (size_t i = 0; i < n; i++)
        out[i] = lower(text.at[at + i]);
    out[n] = 0;
}

/* Letters from here on. */
static size_t letters(struct galen_bytes text, size_t i)
{
    size_t from = i;
    while (is_letter(char_at(text, i)))
        i++;
    return i - from;
}

/* A number that begins here: digits with commas and at most one point, as 1,000.5 */
static size_t number(struct galen_bytes text, size_t i)
{
    size_t from = i;
    bool point = false;
    for (;; i++) {
        int c = char_at(text, i);
        if (is_digit(c))
            continue;
        if ((c == ',' || (c == '.' && !point)) && is_digit(char_at(text, i + 1))) {
            point = c == '.';
            continue;
        }
        return i - from;
    }
}

/* -- what is found ------------------------------------------------------------------------------------- */

struct search {
    struct galen_bytes text;
    uint8_t place;
    struct galen_writing *out;
    size_t room, count;
};

static const struct safety_writing *rule_named(const char *rule)
{
    for (size_t i = 0; i < safety_writing_count; i++)
        if (strcmp(safety_writings[i].rule, rule) == 0)
            return &safety_writings[i];
    return NULL;
}

static struct galen_writing *found(struct search *s, const char *name, size_t at, size_t size)
{
    static struct galen_writing nowhere;
    const struct safety_writing *rule = rule_named(name);
    const struct safety_writing_words *words = safety_writing_words_en;
    while (strcmp(words->rule, name) != 0)
        words++;
    struct galen_writing *w = s->count < s->room ? &s->out[s->count] : &nowhere;
    s->count++;
    *w = (struct galen_writing){.at = at,
                                .size = size,
                                .rule = rule->rule,
                                .severity = rule->severity,
                                .title = words->title,
                                .why = words->why,
                                .source = &safety_sources[rule->source]};
    return w;
}

static void suggest(struct galen_writing *w, const char *text)
{
    snprintf(w->suggestion, sizeof w->suggestion, "%s", text);
}

/* -- numbers ------------------------------------------------------------------------------------------- */

/* What makes a number before it a dose, longest first. */
static const char *const dose_units[] = {
    "micrograms", "milligrams", "microgram", "milligram", "capsules", "units", "capsule",
    "tablets",    "tablet",     "drops",     "puffs",     "grams",    "unit",  "drop",
    "puff",       "gram",       "tabs",      "caps",      "meq",      "mcg",   "tab",
    "cap",        "\xc2\xb5g",  "\xce\xbcg", "mg",        "ml",       "cc",    "iu",
    "kg",         "g",          "u",         "l",
};
/* Those that a number should not touch. */
static const char *const metric_units[] = {"mg", "mcg", "ml", "g", "meq", "units", "unit", "mmol"};

static bool is_in(const char *word, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(word, list[i]) == 0)
            return true;
    return false;
}

/* Per liter or deciliter, as laboratories count (U/L, mg/dL). */
static bool is_per_liter(struct galen_bytes text, size_t i)
{
    char word[32];
    if (char_at(text, i) != '/')
        return false;
    copy_lower(text, i + 1, letters(text, i + 1), word);
    return strcmp(word, "dl") == 0 || strcmp(word, "l") == 0;
}

/* A unit stands from here on, spaces before it allowed. */
static bool dose_unit_at(struct galen_bytes text, size_t i)
{
    char word[32];
    i = skip_spaces(text, i);
    size_t size = letters(text, i);
    copy_lower(text, i, size, word);
    return is_in(word, dose_units, COUNT(dose_units)) && !is_per_liter(text, i + size);
}

static bool is_dose(const struct search *s, size_t end)
{
    size_t next = skip_spaces(s->text, end);
    return dose_unit_at(s->text, end) || (s->place == GALEN_WRITING_DOSE && next == s->text.size);
}

static void look_at_zeros(struct search *s, size_t at, size_t size)
{
    char digits[40];
    const uint8_t *from = s->text.at + at, *point = memchr(from, '.', size);
    if (!point || from[size - 1] != '0' || !is_dose(s, at + size))
        return;
    size_t keep = size;
    while (from[keep - 1] == '0')
        keep--;
    if (from[keep - 1] == '.')
        keep--;
    snprintf(digits, sizeof digits, "%.*s", (int)(keep < 38 ? keep : 38), (const char *)from);
    if (GALEN_CHECKED(SAFETY_TRAILING_ZERO))
        suggest(found(s, "trailing-zero", at, size), digits);
}

static void look_at_commas(struct search *s, size_t at, size_t size)
{
    char grouped[40];
    size_t digits = 0, n = 0;
    while (digits < size && is_digit(s->text.at[at + digits]))
        digits++;
    if (digits < 5 || digits > 9 || memchr(s->text.at + at, ',', size) || !is_dose(s, at + size))
        return;
    for (size_t i = 0; i < digits; i++) {
        if (i > 0 && (digits - i) % 3 == 0)
            grouped[n++] = ',';
        grouped[n++] = (char)s->text.at[at + i];
    }
    grouped[n] = 0;
    suggest(found(s, "comma", at, digits), grouped);
}

/* The word that a number runs into, or that it stands before. */
static void look_at_unit(struct search *s, size_t at, size_t size)
{
    char word[32], better[64];
    size_t end = at + size, from = skip_spaces(s->text, end), n = letters(s->text, from);
    bool touches = from == end;
    copy_lower(s->text, from, n, word);
    if (is_per_liter(s->text, from + n))
        return;
    if (strcmp(word, "u") == 0)
        suggest(found(s, "u", from, n), touches ? " units" : "units");
    else if (strcmp(word, "iu") == 0)
        suggest(found(s, "iu", from, n), touches ? " international units" : "international units");
    else if (strcmp(word, "cc") == 0)
        suggest(found(s, "cc", from, n), touches ? " mL" : "mL");
    else if (touches && is_in(word, metric_units, COUNT(metric_units))) {
        snprintf(better, sizeof better, "%.*s %.*s", (int)(size < 24 ? size : 24),
                 (const char *)s->text.at + at, (int)n, (const char *)s->text.at + from);
        suggest(found(s, "unit-space", at, size + n), better);
    }
}

static bool is_price(const struct search *s, size_t at)
{
    return char_before(s->text, at) == '$';
}

static size_t look_at_number(struct search *s, size_t at)
{
    size_t size = number(s->text, at);
    if (!is_price(s, at)) {
        look_at_zeros(s, at, size);
        look_at_commas(s, at, size);
        look_at_unit(s, at, size);
    }
    return size;
}

/* ".5": a point with nothing before it. */
static bool look_at_point(struct search *s, size_t at, size_t *size)
{
    char better[40];
    int before = char_before(s->text, at);
    if (char_at(s->text, at) != '.' || !is_digit(char_at(s->text, at + 1)) || is_digit(before) ||
        is_letter(before) || before == '.')
        return false;
    size_t n = number(s->text, at + 1);
    snprintf(better, sizeof better, "0.%.*s", (int)(n < 36 ? n : 36),
             (const char *)s->text.at + at + 1);
    if (GALEN_CHECKED(SAFETY_NAKED_DECIMAL))
        suggest(found(s, "naked-decimal", at, n + 1), better);
    *size = n + 1;
    return true;
}

/* -- words --------------------------------------------------------------------------------------------- */

/* A word with points between its letters ("q.d.") is the word without; `size` takes them in. */
static size_t dotted(struct galen_bytes text, size_t at, char out[32])
{
    size_t i = at, n = 0;
    while (n < 31 && is_letter(char_at(text, i)) && char_at(text, i + 1) == '.') {
        out[n++] = lower(text.at[i]);
        i += 2;
    }
    if (n < 2 || is_letter(char_at(text, i)))
        return 0;
    out[n] = 0;
    return i - at;
}

static const struct safety_abbreviation *abbreviation(const char *word)
{
    for (size_t i = 0; i < safety_abbreviation_count; i++)
        if (strcmp(safety_abbreviations[i].word, word) == 0)
            return &safety_abbreviations[i];
    return NULL;
}

static bool is_all_upper(struct galen_bytes text, size_t at, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (!is_upper(text.at[at + i]) && !is_digit(text.at[at + i]))
            return false;
    return true;
}

static bool word_follows(struct galen_bytes text, size_t at, const char *word)
{
    char next[32];
    at = skip_spaces(text, at);
    copy_lower(text, at, letters(text, at), next);
    return strcmp(next, word) == 0;
}

/* Letters and digits together, from a letter on: MSO4, Inderal40. */
static size_t word_size(struct galen_bytes text, size_t at)
{
    size_t i = at;
    while (is_letter(char_at(text, i)) || is_digit(char_at(text, i)))
        i++;
    return i - at;
}

/* In a regimen's part, Latin that is read in two ways; elsewhere these letters may be anything. */
static bool look_at_latin(struct search *s, const char *word, size_t at, size_t size)
{
    static const char *const latin[][2] = {
        {"au", "both ears"},   {"biw", "twice a week"},
        {"hs", "at bedtime"},  {"od", "right eye, or once a day"},
        {"os", "left eye"},    {"ou", "both eyes"},
        {"qhs", "at bedtime"}, {"tiw", "three times a week"},
    };
    if (s->place != GALEN_WRITING_DOSE || char_at(s->text, at + size) == '-' ||
        word_follows(s->text, at + size, "cal")) /* Os-Cal */
        return false;
    for (size_t i = 0; i < COUNT(latin); i++)
        if (strcmp(word, latin[i][0]) == 0) {
            suggest(found(s, "latin", at, size), latin[i][1]);
            return true;
        }
    return false;
}

static bool look_at_schedule(struct search *s, const char *word, size_t at, size_t size)
{
    if (strcmp(word, "qd") == 0)
        suggest(found(s, "qd", at, size), "daily");
    else if (strcmp(word, "qod") == 0)
        suggest(found(s, "qod", at, size), "every other day");
    else
        return look_at_latin(s, word, at, size);
    return true;
}

enum { STRENGTH_MAX = 24 }; /* bytes; what is longer is none: a suggestion holds all of it */

/* "Inderal40": a name that runs into its strength. */
static void look_at_name(struct search *s, size_t at, size_t size)
{
    char word[32], better[64];
    size_t n = letters(s->text, at);
    copy_lower(s->text, at, n, word);
    if (n < 4 || n >= size || n > 30 || size - n > STRENGTH_MAX || !safety_is_name(word, n))
        return;
    for (size_t i = n; i < size && is_digit(s->text.at[at + i]); i++)
        if (i - n > 4)
            return;
    snprintf(better, sizeof better, "%.*s %.*s", (int)n, (const char *)s->text.at + at,
             (int)(size - n), (const char *)s->text.at + at + n);
    suggest(found(s, "name-space", at, size), better);
}

static size_t look_at_word(struct search *s, size_t at)
{
    char word[32];
    size_t size = dotted(s->text, at, word);
    if (size > 0 && look_at_schedule(s, word, at, size))
        return size;
    size = word_size(s->text, at);
    copy_lower(s->text, at, size, word);
    bool upper = is_all_upper(s->text, at, size);
    const struct safety_abbreviation *known = abbreviation(word);
    if (look_at_schedule(s, word, at, size))
        return size;
    if (upper && strcmp(word, "u") == 0)
        suggest(found(s, "u", at, size), "units");
    else if (upper && strcmp(word, "iu") == 0)
        suggest(found(s, "iu", at, size), "international units");
    else if (upper && strcmp(word, "ms") == 0 && !word_follows(s->text, at + size, "contin"))
        suggest(found(s, "ms", at, size), "morphine sulfate");
    else if (strcmp(word, "mso4") == 0)
        suggest(found(s, "mso4", at, size), "morphine sulfate");
    else if (strcmp(word, "mgso4") == 0)
        suggest(found(s, "mgso4", at, size), "magnesium sulfate");
    else if (strcmp(word, "d") == 0 && char_at(s->text, at + 1) == '/' &&
             lower(char_at(s->text, at + 2)) == 'c' && !is_letter(char_at(s->text, at + 3))) {
        suggest(found(s, "dc", at, 3), "stop, or discharge");
        return 3;
    } else if (known && (upper || strlen(word) > 3))
        suggest(found(s, "abbreviation", at, size), known->meant);
    else
        look_at_name(s, at, size);
    return size;
}

/* -- signs --------------------------------------------------------------------------------------------- */

static size_t micro_sign(struct galen_bytes text, size_t at)
{
    static const char *const signs[] = {"\xc2\xb5g", "\xce\xbcg"};
    for (size_t i = 0; i < COUNT(signs); i++)
        if (text.size - at >= 3 && memcmp(text.at + at, signs[i], 3) == 0 &&
            !is_letter(char_at(text, at + 3)))
            return 3;
    return 0;
}

static void look_at_sign(struct search *s, size_t at)
{
    int c = s->text.at[at], before = char_before(s->text, at), after = char_at(s->text, at + 1);
    bool arrow = before == '-' || before == '=' || after == '-' || before == '<' || after == '>';
    if (c == '>' && !arrow)
        suggest(found(s, "greater", at, 1), after == '=' ? "at least" : "more than");
    else if (c == '<' && !arrow)
        suggest(found(s, "less", at, 1), after == '=' ? "at most" : "less than");
    else if (c == '@' && !(is_letter(before) && is_letter(after)))
        suggest(found(s, "at", at, 1), "at");
}

/* ------------------------------------------------------------------------------------------------------ */

/* Text fields that are about taking medicines, and those that hold readings. */
static const struct {
    uint8_t doc;
    uint16_t field;
    uint8_t place;
} looked_at[] = {
    {GALEN_DOC_PMR, GALEN_PMR_REGIMEN, GALEN_WRITING_DOSE},
    {GALEN_DOC_PMR, GALEN_PMR_REASON, GALEN_WRITING_TEXT},
    {GALEN_DOC_PMR, GALEN_PMR_INSTRUCTIONS, GALEN_WRITING_TEXT},
    {GALEN_DOC_PMR, GALEN_PMR_TAKEN_AS, GALEN_WRITING_TEXT},
    {GALEN_DOC_PMR, GALEN_PMR_WATCH_FOR, GALEN_WRITING_TEXT},
    {GALEN_DOC_MAP, GALEN_MAP_TOPIC, GALEN_WRITING_TEXT},
    {GALEN_DOC_MAP, GALEN_MAP_ACTION, GALEN_WRITING_TEXT},
    {GALEN_DOC_DTP, GALEN_DTP_RECOMMENDATION, GALEN_WRITING_TEXT},
    {GALEN_DOC_PROFILE, GALEN_PROFILE_KIDNEY_FUNCTION, GALEN_WRITING_LAB},
    {GALEN_DOC_PROFILE, GALEN_PROFILE_WEIGHT, GALEN_WRITING_LAB},
    {GALEN_DOC_PROFILE, GALEN_PROFILE_LABS, GALEN_WRITING_LAB},
    {GALEN_DOC_JOURNAL, GALEN_JOURNAL_VALUE, GALEN_WRITING_LAB},
};

uint8_t galen_writing_place(const struct galen_document *document, const struct galen_field *field)
{
    for (size_t i = 0; i < COUNT(looked_at); i++)
        if (looked_at[i].doc == document->id && looked_at[i].field == field->number)
            return looked_at[i].place;
    return 0;
}

size_t galen_safety_writing(struct galen_bytes text, uint8_t place, struct galen_writing *out,
                            size_t room)
{
    struct search s = {.text = text, .place = place, .out = out, .room = room};
    if (place == 0 || (GALEN_CHECKED(SAFETY_LAB) && place == GALEN_WRITING_LAB))
        return 0;
    for (size_t i = 0; i < text.size;) {
        size_t size = 1, micro = micro_sign(text, i);
        if (micro > 0) {
            suggest(found(&s, "microgram", i, micro), "mcg");
            size = micro;
        } else if (is_digit(text.at[i])) {
            size = look_at_number(&s, i);
            /* a unit that was looked at is not a word of its own */
            size_t unit = skip_spaces(text, i + size);
            char word[32];
            copy_lower(text, unit, letters(text, unit), word);
            if (strcmp(word, "u") == 0 || strcmp(word, "iu") == 0 || strcmp(word, "cc") == 0)
                size = unit + letters(text, unit) - i;
        } else if (is_letter(text.at[i])) {
            size = look_at_word(&s, i);
        } else if (!look_at_point(&s, i, &size)) {
            look_at_sign(&s, i);
        }
        i += size;
    }
    return s.count;
}
