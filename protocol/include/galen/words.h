/*
 * What people read of the schema, in their language. A language is one table (protocol/doc/words_en.c):
 * to add one, write its file and name it in protocol/doc/words.c.
 */
#ifndef GALEN_WORDS_H
#define GALEN_WORDS_H

#include "galen/schema.h"

struct galen_words {
    const char *name;     /* what it is about: `pmr`, `pmr.kind`, `pmr.kind.herbal` */
    const char *plain;    /* for patients */
    const char *clinical; /* for staff */
    const char *help;     /* one short sentence for patients; options have none */
};

struct galen_language {
    const char *code; /* as in BCP 47, lower case: `en` */
    /* In the order of the schema: each document, its fields, and behind a field its options. */
    const struct galen_words *rows;
    size_t count;
};

extern const struct galen_language galen_words_en;

/** NULL: there are no words in this language. */
const struct galen_language *galen_language(const char *code);

/** The words of a language that galen_language_lacks finds nothing wrong with (asserted). */
const struct galen_words *galen_document_words(const struct galen_language *language,
                                               const struct galen_document *document);
const struct galen_words *galen_field_words(const struct galen_language *language,
                                            const struct galen_document *document,
                                            const struct galen_field *field);
/** Option: its number, from 1. */
const struct galen_words *galen_option_words(const struct galen_language *language,
                                             const struct galen_document *document,
                                             const struct galen_field *field, uint8_t option);

enum { GALEN_WORDS_NAME_MAX = 96 };
/** Is anything of the schema without words, or any row out of its place? Its name goes to `name`. */
bool galen_language_lacks(const struct galen_language *language, char name[GALEN_WORDS_NAME_MAX]);

#endif
