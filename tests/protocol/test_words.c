#include "galen/words.h"

#include <criterion/criterion.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- A language is whole ------------------------------------------------------------------------- */

/* Every language that can be picked; a new one is named here. */
static const char *const codes[] = {"en"};

Test(words, every_language_has_words_for_the_whole_schema)
{
    char name[GALEN_WORDS_NAME_MAX];
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        const struct galen_language *language = galen_language(codes[i]);
        cr_assert_not_null(language, "%s", codes[i]);
        cr_assert_str_eq(language->code, codes[i]);
        cr_assert_not(galen_language_lacks(language, name), "%s lacks `%s`", codes[i], name);
        cr_assert_str_eq(name, "");
    }
    cr_assert_null(galen_language("xx"));
    cr_assert_null(galen_language(""));
    cr_assert_null(galen_language("EN"));
}

/* A second language as somebody might leave it: the English rows, with one thing wrong. */
static struct galen_words *copy_rows(struct galen_language *language)
{
    struct galen_words *rows = malloc((galen_words_en.count + 1) * sizeof *rows);
    memcpy(rows, galen_words_en.rows, galen_words_en.count * sizeof *rows);
    *language = (struct galen_language){"xx", rows, galen_words_en.count};
    return rows;
}

static void assert_lacks(const struct galen_language *language, const char *expected)
{
    char name[GALEN_WORDS_NAME_MAX];
    cr_assert(galen_language_lacks(language, name), "%s", expected);
    cr_assert_str_eq(name, expected);
}

Test(words, what_a_language_lacks_is_named_wherever_it_is)
{
    for (size_t i = 0; i < galen_words_en.count; i++) {
        const char *name = galen_words_en.rows[i].name;
        struct galen_language language;
        struct galen_words *rows = copy_rows(&language); /* a row is missing */
        memmove(rows + i, rows + i + 1, (language.count - i - 1) * sizeof *rows);
        language.count--;
        assert_lacks(&language, name);
        free(rows);

        rows = copy_rows(&language); /* a word is missing */
        rows[i].plain = "";
        assert_lacks(&language, name);
        rows[i].plain = NULL;
        assert_lacks(&language, name);
        rows[i] = galen_words_en.rows[i];
        rows[i].clinical = "";
        assert_lacks(&language, name);
        rows[i] = galen_words_en.rows[i];
        rows[i].help = rows[i].help == NULL ? "an option has none" : "";
        assert_lacks(&language, name);
        free(rows);
    }
}

Test(words, rows_that_the_schema_does_not_have_or_elsewhere_are_named)
{
    struct galen_language language;
    struct galen_words *rows = copy_rows(&language);
    rows[language.count++] = (struct galen_words){"pmr.colour", "Color", "Color", "What color."};
    assert_lacks(&language, "pmr.colour");
    free(rows);

    rows = copy_rows(&language);
    struct galen_words first = rows[1];
    rows[1] = rows[2];
    rows[2] = first;
    assert_lacks(&language, galen_words_en.rows[1].name);
    free(rows);

    language.count = 0;
    assert_lacks(&language, "pmr");
}

Test(words, everything_has_the_row_of_its_own_name)
{
    const struct galen_language *english = galen_language("en");
    char name[GALEN_WORDS_NAME_MAX];
    size_t rows = 0;
    for (size_t d = 0; d < galen_document_count; d++) {
        const struct galen_document *document = &galen_documents[d];
        cr_assert_str_eq(galen_document_words(english, document)->name, document->name);
        rows++;
        for (uint16_t n = 1; n <= document->field_count; n++) {
            const struct galen_field *field = galen_field(document, n);
            snprintf(name, sizeof name, "%s.%s", document->name, field->name);
            cr_assert_str_eq(galen_field_words(english, document, field)->name, name);
            rows++;
            for (uint8_t option = 1; option <= field->option_count; option++) {
                snprintf(name, sizeof name, "%s.%s.%s", document->name, field->name,
                         field->options[option - 1]);
                cr_assert_str_eq(galen_option_words(english, document, field, option)->name, name);
                rows++;
            }
        }
    }
    cr_assert_eq(rows, english->count);
}

/* ---- English as patients read it ----------------------------------------------------------------- */

/* Syllables as readability formulas count them: groups of vowels, without a silent e at the end. */
static size_t syllables_of(const char *word, size_t n)
{
    size_t count = 0;
    bool in_group = false;
    for (size_t i = 0; i < n; i++) {
        bool vowel = strchr("aeiouyAEIOUY", word[i]) != NULL;
        count += vowel && !in_group;
        in_group = vowel;
    }
    bool silent = n > 2 && word[n - 1] == 'e' && strchr("aeiouyl", word[n - 2]) == NULL;
    count -= silent && count > 1;
    return count > 0 ? count : 1;
}

struct reading {
    size_t words, sentences, syllables;
};

static void read_aloud(const char *text, struct reading *reading)
{
    size_t n = 0;
    for (const char *at = text;; at++) {
        if (isalpha((unsigned char)*at) || (*at == '\'' && n > 0)) {
            n++;
            continue;
        }
        if (n > 0) {
            reading->words++;
            reading->syllables += syllables_of(at - n, n);
        }
        n = 0;
        if (*at == '\0')
            break;
    }
    reading->sentences++;
}

/* Flesch-Kincaid grade level (Kincaid et al. 1975), over all plain labels and help sentences. */
Test(words, plain_english_is_read_in_the_sixth_grade)
{
    struct reading help = {0}, labels = {0};
    for (size_t i = 0; i < galen_words_en.count; i++) {
        const struct galen_words *row = &galen_words_en.rows[i];
        read_aloud(row->plain, &labels);
        if (row->help != NULL)
            read_aloud(row->help, &help);
    }
    double grade = 0.39 * (double)help.words / (double)help.sentences +
                   11.8 * (double)help.syllables / (double)help.words - 15.59;
    cr_assert_lt(grade, 6.0, "help reads as grade %.1f", grade);
    double syllables = (double)labels.syllables / (double)labels.words;
    cr_assert_lt(syllables, 1.5, "%.2f syllables a word in labels", syllables);
}

Test(words, labels_and_help_are_short_and_help_is_one_sentence)
{
    for (size_t i = 0; i < galen_words_en.count; i++) {
        const struct galen_words *row = &galen_words_en.rows[i];
        cr_assert_leq(strlen(row->plain), 40, "%s", row->name);
        cr_assert_leq(strlen(row->clinical), 40, "%s", row->name);
        if (row->help == NULL)
            continue;
        size_t n = strlen(row->help);
        cr_assert_leq(n, 90, "%s: %zu", row->name, n);
        cr_assert(row->help[n - 1] == '.' || row->help[n - 1] == '?', "%s", row->name);
        cr_assert_eq(strcspn(row->help, ".?!"), n - 1, "%s: one sentence", row->name);
        cr_assert(!islower((unsigned char)row->help[0]), "%s", row->name);
    }
}
