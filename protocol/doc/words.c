#include "galen/words.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

static const struct galen_language *const languages[] = {&galen_words_en};

const struct galen_language *galen_language(const char *code)
{
    for (size_t i = 0; i < sizeof languages / sizeof languages[0]; i++)
        if (strcmp(languages[i]->code, code) == 0)
            return languages[i];
    return NULL;
}

/* -- where the row of something stands -------------------------------------------------------------- */

static size_t rows_of_fields(const struct galen_document *document, size_t count)
{
    size_t rows = count;
    for (size_t i = 0; i < count; i++)
        rows += document->fields[i].option_count;
    return rows;
}

static size_t document_row(const struct galen_document *document)
{
    size_t row = 0;
    for (const struct galen_document *d = galen_documents; d < document; d++)
        row += 1 + rows_of_fields(d, d->field_count);
    return row;
}

static size_t field_row(const struct galen_document *document, const struct galen_field *field)
{
    return document_row(document) + 1 + rows_of_fields(document, field->number - 1u);
}

static const struct galen_words *row_at(const struct galen_language *language, size_t row)
{
    assert(row < language->count);
    return &language->rows[row];
}

const struct galen_words *galen_document_words(const struct galen_language *language,
                                               const struct galen_document *document)
{
    return row_at(language, document_row(document));
}

const struct galen_words *galen_field_words(const struct galen_language *language,
                                            const struct galen_document *document,
                                            const struct galen_field *field)
{
    return row_at(language, field_row(document, field));
}

const struct galen_words *galen_option_words(const struct galen_language *language,
                                             const struct galen_document *document,
                                             const struct galen_field *field, uint8_t option)
{
    assert(option >= 1 && option <= field->option_count);
    return row_at(language, field_row(document, field) + option);
}

/* -- whether a language is whole -------------------------------------------------------------------- */

static bool said(const char *text)
{
    return text != NULL && text[0] != 0;
}

/* Is the row at this place the one of `name`, with all its words? */
static bool row_holds(const struct galen_language *language, size_t row, const char *name,
                      bool has_help)
{
    if (row >= language->count)
        return false;
    const struct galen_words *words = &language->rows[row];
    return strcmp(words->name, name) == 0 && said(words->plain) && said(words->clinical) &&
           said(words->help) == has_help;
}

static bool field_lacks(const struct galen_language *language,
                        const struct galen_document *document, const struct galen_field *field,
                        size_t *row, char name[GALEN_WORDS_NAME_MAX])
{
    snprintf(name, GALEN_WORDS_NAME_MAX, "%s.%s", document->name, field->name);
    if (!row_holds(language, (*row)++, name, true))
        return true;
    for (size_t i = 0; i < field->option_count; i++) {
        snprintf(name, GALEN_WORDS_NAME_MAX, "%s.%s.%s", document->name, field->name,
                 field->options[i]);
        if (!row_holds(language, (*row)++, name, false))
            return true;
    }
    return false;
}

bool galen_language_lacks(const struct galen_language *language, char name[GALEN_WORDS_NAME_MAX])
{
    size_t row = 0;
    for (size_t d = 0; d < galen_document_count; d++) {
        const struct galen_document *document = &galen_documents[d];
        snprintf(name, GALEN_WORDS_NAME_MAX, "%s", document->name);
        if (!row_holds(language, row++, name, true))
            return true;
        for (size_t i = 0; i < document->field_count; i++)
            if (field_lacks(language, document, &document->fields[i], &row, name))
                return true;
    }
    if (row < language->count) { /* words for what the schema does not have */
        snprintf(name, GALEN_WORDS_NAME_MAX, "%s", language->rows[row].name);
        return true;
    }
    name[0] = 0;
    return false;
}
