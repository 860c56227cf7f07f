#include "support/any_value.h"

#include <stdio.h>

static void any_set(const struct galen_field *field, uint32_t pick, char out[ANY_VALUE_MAX])
{
    const char *one = field->options[pick % field->option_count];
    const char *other = field->options[pick / 2 % field->option_count];
    if (pick % 3 != 0 || one == other)
        snprintf(out, ANY_VALUE_MAX, "%s", one);
    else
        snprintf(out, ANY_VALUE_MAX, "%s, %s", one, other);
}

void any_value(const struct galen_field *field, uint32_t pick, char out[ANY_VALUE_MAX])
{
    uint64_t span = (uint64_t)field->most - field->least + 1;
    switch ((enum galen_value_kind)field->kind) {
    case GALEN_VALUE_TEXT:
    case GALEN_VALUE_WORDING:
        snprintf(out, ANY_VALUE_MAX, pick % 2 ? "text %u\nand a line" : "text %u", pick);
        return;
    case GALEN_VALUE_LINE:
        snprintf(out, ANY_VALUE_MAX, "line %u", pick);
        return;
    case GALEN_VALUE_CHOICE:
        snprintf(out, ANY_VALUE_MAX, "%s", field->options[pick % field->option_count]);
        return;
    case GALEN_VALUE_SET:
        any_set(field, pick, out);
        return;
    case GALEN_VALUE_DATE:
        snprintf(out, ANY_VALUE_MAX, pick % 4 ? "%u-%02u-%02u" : "%u", 2000 + pick % 40,
                 1 + pick / 2 % 12, 1 + pick / 3 % 28);
        return;
    case GALEN_VALUE_TIME:
        snprintf(out, ANY_VALUE_MAX, "%u-03-14T%02u:%02uZ", 2000 + pick / 1440 % 40, pick / 60 % 24,
                 pick % 60);
        return;
    case GALEN_VALUE_YES_NO:
        snprintf(out, ANY_VALUE_MAX, "%s", pick % 2 ? "yes" : "no");
        return;
    case GALEN_VALUE_REGIMEN:
        snprintf(out, ANY_VALUE_MAX, "drug=Madeupol; dose=%u; as_needed=%s", 1 + pick,
                 pick % 3 ? "no" : "yes");
        return;
    case GALEN_VALUE_RECORD:
        snprintf(out, ANY_VALUE_MAX, "%u/%032x", field->refers, 1 + pick);
        return;
    case GALEN_VALUE_POSITION:
        snprintf(out, ANY_VALUE_MAX, "%u", 1 + pick);
        return;
    case GALEN_VALUE_NUMBER:
        snprintf(out, ANY_VALUE_MAX, "%u", (unsigned)(field->least + pick % span));
        return;
    }
    out[0] = '\0';
}
